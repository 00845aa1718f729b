"""How far predictions can be trusted: calibration, conformal thresholds, out-of-distribution scores, reliability.

Names are imported when first used: a server, which needs thresholds only, loads no SciPy.
"""

from typing import TYPE_CHECKING

from headstart.doors import lazy_door

if TYPE_CHECKING:
    from headstart.trust.calibration import Calibration, fit_calibration
    from headstart.trust.conformal import DEFAULT_COVERAGE, FAMILIAR_SHARE, Thresholds, upper_quantile
    from headstart.trust.measures import TrustMeasures
    from headstart.trust.reliability import Answers, calibration_table, expected_calibration_error

_MODULE_OF = {
    "Answers": "reliability",
    "Calibration": "calibration",
    "DEFAULT_COVERAGE": "conformal",
    "FAMILIAR_SHARE": "conformal",
    "TrustMeasures": "measures",
    "Thresholds": "conformal",
    "calibration_table": "reliability",
    "expected_calibration_error": "reliability",
    "fit_calibration": "calibration",
    "upper_quantile": "conformal",
}

__all__ = [
    "DEFAULT_COVERAGE",
    "FAMILIAR_SHARE",
    "Answers",
    "Calibration",
    "Thresholds",
    "TrustMeasures",
    "calibration_table",
    "expected_calibration_error",
    "fit_calibration",
    "upper_quantile",
]

__getattr__, __dir__ = lazy_door(__name__, _MODULE_OF)
