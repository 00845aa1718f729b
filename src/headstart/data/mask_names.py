"""What the names of files and folders say about masks: which file is a mask, and which image it belongs to."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from headstart.data.part_names import part_named


def _words_of(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Words for masks and images, as public data sets and annotation tools use them in names of folders.
_MASK_WORDS = _words_of(
    "mask masks label labels labeled labelled labelid labelids annotation annotations annot annots ann anns anno "
    "annos gt gts gtfine gtcoarse truth truths groundtruth groundtruths seg segs segm segment segments segmap "
    "segmaps segmentation segmentations segmentationclass segmentationobject semantic semantics trimap trimaps "
    "target targets matte mattes manual manual1 manual2 silhouette silhouettes instance instances"
)
_IMAGE_WORDS = _words_of(
    "image images img imgs jpegimages pngimages jpg picture pictures pic pics photo photos input inputs rgb raw "
    "original originals orig source sources sat left img8bit leftimg8bit frame frames scan scans"
)
_WHOLE_MASK, _WHOLE_IMAGE = frozenset({"y"}), frozenset({"x"})
# Words that only say more of a folder of images or masks: they belong to neither name.
_FILLERS = _words_of(
    "dir folder png ground fine coarse class classes aug ids id train map maps object objects color colour "
    "colored colors binary 1st 2nd machine human full approved still stills"
)
_VARIANT_OF_WORD = dict.fromkeys(("object", "objects", "instance", "instances", "instanceids", "inst"), "objects") | (
    dict.fromkeys(("color", "colour", "colors", "colored", "overlay", "overlays", "vis"), "colours")
)
_PARTS_OF_NNUNET = {"tr": "train", "ts": "test"}
_ROLES = "|".join(sorted(_MASK_WORDS | _IMAGE_WORDS, key=len, reverse=True))
_GLUED = re.compile(rf"(train|training|val|valid|validation|test|testing)({_ROLES})|({_ROLES})(train|val|test)")

_ENDS_AS_MASK = re.compile(
    r"(?P<words>(?:[-_ .]+(?:gt|gt[-_]?fine|gt[-_]?coarse|ground[-_ ]?truth|masks?|segs?|segmentations?|segmap|labels?|"
    r"label[-_]?ids|label[-_]?train[-_]?ids|train[-_]?ids?|annotations?|annot|anno|semantic|matte|trimap|manual[12]?|"
    r"instance[-_]?ids|instances?))+)(?P<number>[-_ ]*\(?\d{1,3}\)?)?$",
    re.IGNORECASE,
)
_ENDS_AS_MASK_IN_FOLDER = re.compile(r"[-_ .]+(?:L|colou?r|class|binary|target|ann|roi|lesion|y)$", re.IGNORECASE)
_BEGINS_AS_MASK = re.compile(
    r"^(?:masks?|segs?|segmentation|labels?|gt|annotation|y)(?:[-_ .]+(?=.)|(?=\d))", re.IGNORECASE
)
_ENDS_AS_IMAGE = re.compile(
    r"[-_ .]+(?:left[-_]?img8bit|sat|rgb|image|img|im|input|original|orig|raw|training|test|photo|0000|x)$",
    re.IGNORECASE,
)
_BEGINS_AS_IMAGE = re.compile(r"^(?:images?|img|im|photo|picture|input|sat|x)(?:[-_ .]+(?=.)|(?=\d))", re.IGNORECASE)
_MENTIONS_MASKS = re.compile(
    r"mask|label|ann|gt|truth|seg|semantic|trimap|target|matte|manual|silhouette|instance|y/|(?:^|/)y", re.IGNORECASE
)
_IDS_FOR_TRAINING = re.compile(r"train[-_]?ids", re.IGNORECASE)


@dataclass(frozen=True)
class NamedFile:
    """The facts that the path of one file states.

    Attributes:
        path: POSIX, relative to the root.
        is_mask: whether a folder above it is named like masks.
        is_named_so: whether its own name is that of a mask, such as 1_mask.png or mask_1.png.
        folders: what the names of the folders say besides, in lower case.
        stems: names that its partner may have, in lower case, the likeliest first.
        variant: "objects" or "colours" for masks of objects or for looking at, "trainids" for Cityscapes' numbers to
            train with, otherwise "".
        source: words that name the set of masks it belongs to.
        part: "train", "validation", "test" or "".
    """

    path: str
    is_mask: bool
    is_named_so: bool
    folders: tuple[str, ...]
    stems: tuple[str, ...]
    variant: str
    source: tuple[str, ...]
    part: str


def named_files(paths: Iterable[str], *, weak_endings: bool = False) -> list[NamedFile]:
    """The facts that the paths of images and masks state; folders that contain all of them are ignored.

    Args:
        paths: POSIX, relative to the root.
        weak_endings: whether endings such as _L and _class, which may mean something else, stand for masks as well.
    """
    paths = list(paths)
    folders = {tuple(path.split("/")[:-1]) for path in paths}
    first = min(folders, default=())
    num_shared = next(
        (depth for depth, name in enumerate(first) if any(other[depth : depth + 1] != (name,) for other in folders)),
        len(first),
    )
    beside = {name for names in folders for name in names[num_shared:]}
    return [_named_file(path, num_shared, beside, weak_endings=weak_endings) for path in paths]


def mentions_masks(path: str) -> bool:
    """Whether any word for masks may stand in a path: a quick look before a close one."""
    return _MENTIONS_MASKS.search(path) is not None


def ends_weakly(path: str) -> bool:
    """Whether a file's name ends in a word that stands for masks in some data sets and for other things in others."""
    return _ENDS_AS_MASK_IN_FOLDER.search(path.rpartition(".")[0]) is not None


def names_masks(folder: str) -> bool:
    """Whether a folder's name holds a word for masks and, besides words for images and parts, only numbers."""
    said = _said(folder)
    return said.is_mask and all(map(str.isdecimal, said.rest))


def names_images(folder: str) -> bool:
    """Whether a folder's name holds a word for images and nothing but such words, parts and numbers."""
    said = _said(folder)
    return said.is_image and not said.is_mask and all(map(str.isdecimal, said.rest))


@dataclass(frozen=True)
class _Said:
    """The facts that the name of one folder states."""

    is_mask: bool
    is_image: bool
    rest: tuple[str, ...]
    part: str
    role_words: tuple[str, ...]


@cache
def _said(folder: str) -> _Said:
    words = [word for token in _words(folder) for word in _unglued(token)]
    # "y" alone, or beside nothing but a part (train_y), names masks.
    whole = {word for word in words if not part_named(word)}
    is_mask = bool(_MASK_WORDS & set(words)) or whole == _WHOLE_MASK
    is_image = bool(_IMAGE_WORDS & set(words)) or whole == _WHOLE_IMAGE
    if not (is_mask or is_image):
        part = part_named(folder)
        return _Said(False, False, () if part else (folder.lower(),), part, ())
    dropped = _MASK_WORDS | _IMAGE_WORDS | _FILLERS | _WHOLE_MASK | _WHOLE_IMAGE
    others = [word for word in words if word not in dropped or part_named(word)]
    parts = [part for word in others if (part := _PARTS_OF_NNUNET.get(word) or part_named(word))]
    rest = tuple(word for word in others if word not in _PARTS_OF_NNUNET and not part_named(word))
    role = tuple(word for word in words if word in dropped and not part_named(word))
    return _Said(is_mask, is_image, rest, parts[0] if parts else "", role)


def _named_file(path: str, num_shared: int, beside: Iterable[str], *, weak_endings: bool) -> NamedFile:
    *folders, name = path.split("/")
    said = [_said(folder) for folder in folders[num_shared:]]
    # The innermost folder that says one or the other decides: masks/images/1.png is an image.
    deciding = next((it for it in reversed(said) if it.is_mask or it.is_image), None)
    is_mask = deciding is not None and deciding.is_mask
    stem = name.rpartition(".")[0]
    ending = _ENDS_AS_MASK.search(stem) or _ENDS_AS_MASK.search(_ENDS_AS_MASK_IN_FOLDER.sub("", stem))
    named_so = bool(ending or _BEGINS_AS_MASK.search(stem) or (weak_endings and _ENDS_AS_MASK_IN_FOLDER.search(stem)))
    words = [word for it in said if it.is_mask for word in it.role_words] if is_mask else []
    words += _words(ending["words"]) if ending else []
    parts = [part_named(folder, beside) or it.part for folder, it in zip(folders[num_shared:], said, strict=True)]
    return NamedFile(
        path,
        is_mask,
        named_so,
        tuple(part or "_".join(it.rest) for it, part in zip(said, parts, strict=True) if part or it.rest),
        tuple(dict.fromkeys(map(str.lower, _mask_stems(stem) if is_mask or named_so else _image_stems(stem)))),
        "trainids" if ending and _IDS_FOR_TRAINING.search(stem) else _variant([*words, *_words(stem)[1:]]),
        tuple(words),
        next(filter(None, (*(part_named(folder) for folder in folders[:num_shared]), *parts)), ""),
    )


def _mask_stems(stem: str) -> Iterable[str]:
    yield stem
    shorter = _ENDS_AS_MASK_IN_FOLDER.sub("", stem)
    ending = _ENDS_AS_MASK.search(shorter)
    if ending:
        yield shorter[: ending.start()]
        yield shorter[: ending.start()] + (ending["number"] or "")
        shorter = shorter[: ending.start()]
    yield shorter
    yield _BEGINS_AS_MASK.sub("", shorter)
    yield _ENDS_AS_IMAGE.sub("", shorter)


def _image_stems(stem: str) -> Iterable[str]:
    yield stem
    yield _ENDS_AS_IMAGE.sub("", stem)
    yield _BEGINS_AS_IMAGE.sub("", stem)


def _variant(words: Iterable[str]) -> str:
    return next((_VARIANT_OF_WORD[word] for word in words if word in _VARIANT_OF_WORD), "")


def _words(name: str) -> list[str]:
    """Words of a name in lower case; gtFine and ground_truth are two each."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    return [word for word in re.split(r"[\W_]+", apart.lower()) if word]


def _unglued(word: str) -> tuple[str, ...]:
    match = None if part_named(word) else _GLUED.fullmatch(word)
    return tuple(filter(None, match.groups())) if match else (word,)
