"""Layer names that do not depend on what was built before."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from keras.src.backend.common import global_state

COUNTERS = "object_name_uids"


@contextmanager
def fresh_layer_names() -> Iterator[None]:
    """Inside, Keras numbers unnamed layers from the start; afterwards it continues where both counts allow.

    Xception, Inception, NASNet and MobileNetV3 leave layers unnamed, and Keras then counts through the process: the
    second Xception would have `add_12` where the first has `add`, and no table of stages could hold. Counting on
    afterwards keeps a later unnamed layer from taking a name that the backbone already has.

    Keras offers `clear_session` for this, which also forgets everything else it knows; hence the internal counter.
    """
    before = global_state.get_global_attribute(COUNTERS, default=defaultdict(int))
    inside: defaultdict[str, int] = defaultdict(int)
    global_state.set_global_attribute(COUNTERS, inside)
    try:
        yield
    finally:
        both = {name: max(before.get(name, 0), inside.get(name, 0)) for name in {*before, *inside}}
        global_state.set_global_attribute(COUNTERS, defaultdict(int, both))
