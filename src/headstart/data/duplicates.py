"""Exact and near copies among images.

A perceptual hash proposes pairs, a small thumbnail confirms them. The hash alone will not do: on plain backgrounds its
64 bits agree for many different images. Measured with distance 10 and likeness 0.99 (pairs proposed → confirmed):
2062 hand signs 3732 → 0, 1797 digits of scikit-learn at 32 pixels 3654 → 1, 1137 images of TrashNet 35 → 1, 800
flowers 2 → 1; the confirmed ones of the last two sets are indeed the same image taken or saved twice. Of copies saved
as JPEG (quality 40), scaled by 0.5, 0.9 or 1.5, or darkened or brightened by up to 20 grey levels at least 98 % are
found in each of the four sets. Mirrored, decoloured or noticeably cropped copies are not.

References:
    Zauner, "Implementation and benchmarking of perceptual image hash functions", 2010 (pHash).
"""

import numpy as np

from headstart.data.separation import connected_groups

MAX_HASH_DISTANCE = 10
MIN_LIKENESS = 0.99
# Copies whose brightness or contrast was changed further count as different images: brightness may be what tells
# classes apart.
_MAX_MEAN_DIFFERENCE = 64.0
_MAX_CONTRAST_RATIO = 1.6
# Grey levels; below it a thumbnail is a plain surface, and what is left after subtracting its mean is noise.
_MIN_CONTRAST = 2.0
_BLOCK = 512
# Pairs kept before they are replaced by one pair per member of a group.
_MAX_PAIRS = 2_000_000


def near_pairs(near_hashes: list[str], thumbnails: np.ndarray) -> np.ndarray:
    """Pairs of images that look like copies of one another.

    Each pair of images is compared, in blocks and by matrix products: Hamming distance of the hashes first, then, for
    the rows and columns that hold a candidate, the correlation of the thumbnails over all pixels and channels.

    Args:
        near_hashes: 64-bit perceptual hash of each image, hexadecimal.
        thumbnails: `(pictures, 16, 16, 3)` uint8.

    Returns:
        `(pairs, 2)` int64 with the smaller number first, sorted. Where there are millions of pairs, those that link the
        same groups.
    """
    signs = _signs(near_hashes)
    kept: list[np.ndarray] = [np.empty((0, 2), np.int64)]
    looks = _Looks(thumbnails)
    groups = np.arange(len(signs))
    for first in range(0, len(signs), _BLOCK):
        kept.append(_confirmed(signs, looks, groups, first))
        if sum(map(len, kept)) > _MAX_PAIRS:
            # Thousands of frames of a still film: from here on only what joins groups is worth looking at.
            groups = connected_groups(len(signs), np.concatenate(kept))
            kept = [_links(groups)]
    pairs = np.concatenate(kept)
    return pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]


class _Looks:
    """Thumbnails made comparable: mean, contrast and unit vector of each."""

    def __init__(self, thumbnails: np.ndarray) -> None:
        values = thumbnails.reshape(len(thumbnails), -1).astype(np.float32)
        # Contrast within the channels: a plain red surface has none, though its channels differ.
        self.contrast = np.sqrt(values.reshape(len(values), -1, 3).var(axis=1).mean(axis=1))
        self.mean = values.mean(axis=1)
        # One mean for all channels, so that the same shape in another colour is another image.
        values -= self.mean[:, None]
        self.unit = values / np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1e-6)

    def alike(self, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """Which of `rows` looks like which of `columns`: `(rows, columns)` bool."""
        contrast, other_contrast = self.contrast[rows, None], self.contrast[None, columns]
        is_alike: np.ndarray = (
            (self.unit[rows] @ self.unit[columns].T >= MIN_LIKENESS)
            & (np.minimum(contrast, other_contrast) >= _MIN_CONTRAST)
            & (np.maximum(contrast, other_contrast) <= _MAX_CONTRAST_RATIO * np.minimum(contrast, other_contrast))
            & (np.abs(self.mean[rows, None] - self.mean[None, columns]) <= _MAX_MEAN_DIFFERENCE)
        )
        return is_alike


def _signs(near_hashes: list[str]) -> np.ndarray:
    """Hash bits as -1 and 1, `(pictures, 64)` float32: their product is 64 less twice the Hamming distance."""
    content = bytes.fromhex("".join(near_hashes))
    bits = np.unpackbits(np.frombuffer(content, np.uint8).reshape(len(near_hashes), -1), axis=1)
    return bits.astype(np.float32) * 2 - 1


def _confirmed(signs: np.ndarray, looks: _Looks, groups: np.ndarray, first: int) -> np.ndarray:
    """Pairs between different groups whose smaller number lies in the block that begins at `first`."""
    block = slice(first, first + _BLOCK)
    near = signs[block] @ signs[first:].T >= signs.shape[1] - 2 * MAX_HASH_DISTANCE
    near = np.triu(near & (groups[block, None] != groups[None, first:]), k=1)
    rows, columns = np.flatnonzero(near.any(axis=1)), np.flatnonzero(near.any(axis=0))
    found = near[np.ix_(rows, columns)] & looks.alike(first + rows, first + columns)
    left, right = np.nonzero(found)
    return np.stack([first + rows[left], first + columns[right]], axis=1)


def _links(groups: np.ndarray) -> np.ndarray:
    """Each member but the first of each group with that first one."""
    first = np.unique(groups, return_index=True)[1][groups]
    members = np.flatnonzero(first != np.arange(len(groups)))
    return np.stack([first[members], members], axis=1)
