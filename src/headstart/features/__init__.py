"""The activations of a frozen trunk, kept on disk, and scores of how well a backbone suits the images.

Names are imported when first used, so that listing banks does not wait for Keras.
"""

from typing import TYPE_CHECKING

from headstart.doors import lazy_door

if TYPE_CHECKING:
    from headstart.features.bank import BankPart, FeatureBank
    from headstart.features.bank_dir import ENGINES_FOLDER, BankSummary, clear_banks, default_bank_dir, list_banks
    from headstart.features.build import fill_bank
    from headstart.features.chunks import row_bytes
    from headstart.features.engines import AUTO, ENGINES, Engine, build_engine, suitable_engine
    from headstart.features.memory import is_out_of_memory
    from headstart.features.places import UNDECIDED, box_places, choose_places, mask_places
    from headstart.features.probe import STRENGTHS, LinearProbe, ProbePoint, fit_probe
    from headstart.features.processor import BFLOAT16_MATRICES, instructions
    from headstart.features.quiet_openvino import convert_graph, import_quietly
    from headstart.features.rank_measures import ACCURACY, AVERAGE_PRECISION, BALANCED_ACCURACY, R2
    from headstart.features.rank_scores import (
        MIN_SEPARATE_EXAMPLES,
        FeatureScores,
        most_separate_examples,
        score_features,
    )
    from headstart.features.ridge import RIDGE_STRENGTHS, RidgeStart, ridge_start
    from headstart.features.trunk_key import trunk_hash
    from headstart.features.trunk_work import pays_int8
    from headstart.features.views import Pictures, Views, as_numbers

_MODULE_OF = {
    "ACCURACY": "rank_measures",
    "AUTO": "engines",
    "AVERAGE_PRECISION": "rank_measures",
    "BALANCED_ACCURACY": "rank_measures",
    "BFLOAT16_MATRICES": "processor",
    "ENGINES": "engines",
    "ENGINES_FOLDER": "bank_dir",
    "R2": "rank_measures",
    "RIDGE_STRENGTHS": "ridge",
    "STRENGTHS": "probe",
    "BankPart": "bank",
    "BankSummary": "bank_dir",
    "Engine": "engines",
    "FeatureBank": "bank",
    "FeatureScores": "rank_scores",
    "LinearProbe": "probe",
    "MIN_SEPARATE_EXAMPLES": "rank_scores",
    "Pictures": "views",
    "ProbePoint": "probe",
    "RidgeStart": "ridge",
    "UNDECIDED": "places",
    "Views": "views",
    "as_numbers": "views",
    "box_places": "places",
    "build_engine": "engines",
    "convert_graph": "quiet_openvino",
    "suitable_engine": "engines",
    "choose_places": "places",
    "clear_banks": "bank_dir",
    "default_bank_dir": "bank_dir",
    "fill_bank": "build",
    "fit_probe": "probe",
    "import_quietly": "quiet_openvino",
    "instructions": "processor",
    "is_out_of_memory": "memory",
    "list_banks": "bank_dir",
    "mask_places": "places",
    "most_separate_examples": "rank_scores",
    "pays_int8": "trunk_work",
    "ridge_start": "ridge",
    "row_bytes": "chunks",
    "score_features": "rank_scores",
    "trunk_hash": "trunk_key",
}

__all__ = [
    "ACCURACY",
    "AUTO",
    "AVERAGE_PRECISION",
    "BALANCED_ACCURACY",
    "BFLOAT16_MATRICES",
    "ENGINES",
    "ENGINES_FOLDER",
    "MIN_SEPARATE_EXAMPLES",
    "R2",
    "RIDGE_STRENGTHS",
    "STRENGTHS",
    "UNDECIDED",
    "BankPart",
    "BankSummary",
    "Engine",
    "FeatureBank",
    "FeatureScores",
    "LinearProbe",
    "Pictures",
    "ProbePoint",
    "RidgeStart",
    "Views",
    "as_numbers",
    "box_places",
    "build_engine",
    "choose_places",
    "clear_banks",
    "convert_graph",
    "default_bank_dir",
    "fill_bank",
    "fit_probe",
    "import_quietly",
    "instructions",
    "is_out_of_memory",
    "list_banks",
    "mask_places",
    "most_separate_examples",
    "pays_int8",
    "ridge_start",
    "row_bytes",
    "score_features",
    "suitable_engine",
    "trunk_hash",
]

__getattr__, __dir__ = lazy_door(__name__, _MODULE_OF)
