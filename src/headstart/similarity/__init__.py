"""Search of similar images: the embedding of each image is kept in an index on disk and compared with other images.

Names are imported when first used, so that looking up an image that is in the index does not wait for TensorFlow.
"""

from typing import TYPE_CHECKING

from headstart.doors import lazy_door

if TYPE_CHECKING:
    from headstart.similarity.build import INDEX_OPTIONS, build_index, known_engine, known_resize_mode
    from headstart.similarity.contact_sheet import draw_sheet, write_sheet
    from headstart.similarity.exact import nearest_exact
    from headstart.similarity.hnsw import METHODS
    from headstart.similarity.index import SimilarityIndex
    from headstart.similarity.model_source import find_source
    from headstart.similarity.pictures import list_pictures
    from headstart.similarity.results import Neighbour, QueryResult, SearchResults
    from headstart.similarity.retrieval import measure_retrieval
    from headstart.similarity.search import needs_model, search_index

_MODULE_OF = {
    "INDEX_OPTIONS": "build",
    "METHODS": "hnsw",
    "Neighbour": "results",
    "QueryResult": "results",
    "SearchResults": "results",
    "SimilarityIndex": "index",
    "build_index": "build",
    "draw_sheet": "contact_sheet",
    "find_source": "model_source",
    "known_engine": "build",
    "known_resize_mode": "build",
    "list_pictures": "pictures",
    "measure_retrieval": "retrieval",
    "nearest_exact": "exact",
    "needs_model": "search",
    "search_index": "search",
    "write_sheet": "contact_sheet",
}

__all__ = [
    "INDEX_OPTIONS",
    "METHODS",
    "Neighbour",
    "QueryResult",
    "SearchResults",
    "SimilarityIndex",
    "build_index",
    "draw_sheet",
    "find_source",
    "known_engine",
    "known_resize_mode",
    "list_pictures",
    "measure_retrieval",
    "nearest_exact",
    "needs_model",
    "search_index",
    "write_sheet",
]

__getattr__, __dir__ = lazy_door(__name__, _MODULE_OF)
