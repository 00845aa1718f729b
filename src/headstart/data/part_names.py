"""Names of the parts train, validation and test: the one vocabulary for folders, files and columns of every format.

`part_named(name)` is the part that one name means; give it the names `beside`, because "evaluation" means validation
beside a test part and test beside a validation part. `parts_named(names)` decides on all names of one place at once.
`part_like(name)` is for names such as `my_train` and `test_2`, which mention a part without being its name: nothing may
be decided from them, but neither may they become classes in silence.
"""

import re
import unicodedata
from collections.abc import Iterable

_TRAIN = ("train", "training", "trainval", "trainvalid")
_VALIDATION = ("val", "valid", "validate", "validation", "validating", "dev", "development")
_TEST = ("test", "tests", "testing", "holdout", "heldout", "privatetest")
# Whichever part is missing: Food-11 has training, validation and evaluation; FER2013 has PublicTest and PrivateTest.
_EITHER = ("eval", "evaluate", "evaluation", "evaluating", "publictest")

_PART_OF_WORD = dict.fromkeys(_TRAIN, "train") | dict.fromkeys(_VALIDATION, "validation") | dict.fromkeys(_TEST, "test")
_WORDS = "|".join(sorted((*_PART_OF_WORD, *_EITHER), key=len, reverse=True))
_THINGS = "datasets?|data|images?|imgs?|pictures?|pics|photos?|files"
_FILLERS = rf"{_THINGS}|sets?|subset|splits?|part|partition|folder|dir|(?:19|20)\d\d"
_NAME = re.compile(rf"(?:the|{_THINGS})?(?P<word>{_WORDS})(?:{_FILLERS})*")
_SEPARATORS = re.compile(r"[\W_]+")
_TOKEN = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


def part_named(name: str, beside: Iterable[str] = ()) -> str:
    """Part that a name means: "train", "validation", "test", or "" where it means none.

    Upper and lower case, blanks, "-", "_", a word such as "set", "data" or "images", and a year do not matter.

    Args:
        name: of a folder, a file without its ending, or a cell of a table.
        beside: other names at the same place. They decide whether "evaluation" is validation (there is a test part) or
            test (there is none).

    Example:
        >>> [part_named(name) for name in ("Train", "training_set", "val2017", "TestImages", "station")]
        ['train', 'train', 'validation', 'test', '']
        >>> part_named("evaluation"), part_named("evaluation", beside=["training", "testing"])
        ('test', 'validation')
    """
    word = _word_in(name)
    if word not in _EITHER:
        return _PART_OF_WORD.get(word, "")
    others = {_PART_OF_WORD.get(_word_in(other)) for other in beside}
    return "validation" if "test" in others else "test"


def parts_named(names: Iterable[str]) -> dict[str, str]:
    """Part of every name that means one, read beside all the others.

    Example:
        >>> parts_named(["Training", "evaluation", "validation", "notes"])
        {'Training': 'train', 'evaluation': 'test', 'validation': 'validation'}
    """
    names = list(names)
    parts = {name: part_named(name, beside=names) for name in names}
    return {name: part for name, part in parts.items() if part}


def part_like(name: str) -> str:
    """Part that a name mentions as one of its words, "" where it mentions none or more than one.

    Example:
        >>> [part_like(name) for name in ("my_train", "test_2", "dogsVal", "trainer", "train_test")]
        ['train', 'test', 'validation', '', '']
    """
    mentioned = {part_named(token) for token in _TOKEN.findall(_plain(name))} - {""}
    return mentioned.pop() if len(mentioned) == 1 else part_named(name)


def _word_in(name: str) -> str:
    match = _NAME.fullmatch(_SEPARATORS.sub("", _plain(name).casefold()))
    return match["word"] if match else ""


def _plain(name: str) -> str:
    return unicodedata.normalize("NFKC", name)
