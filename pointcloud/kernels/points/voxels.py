"""Points counted in cubes: which cubes have next to nothing in and around them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from pointcloud.kernels.jit import Int, kernel
from pointcloud.kernels.points.bins import floor_div

Ints = npt.NDArray[np.integer[Any]]

_FREE = -1
_LEVELS = 20  # bits of a key that hold the height, and the row
_LEVEL_ZERO = 1 << (_LEVELS - 1)  # int32 quanta give fewer than ±2^19 levels of 5 m
_SPREAD = 2654435761  # multiplicative hashing (Knuth 1998, section 6.4); no product exceeds 63 bits
_PRIME = 2**31 - 1


@kernel
def key(col: Int, row: Int, level: Int) -> Int:
    """Return the one number of a cube: columns and rows from 0, levels from -2^19."""
    return np.int64((((np.int64(col) << _LEVELS) | np.int64(row)) << _LEVELS) | (level + _LEVEL_ZERO))


@kernel
def keys(xy: Ints, z: Ints, west: Int, south: Int, side: Int, out: Ints) -> None:
    """Write the key of the cube that each point lies in; cubes begin at ``west`` and ``south``, below all points.

    ``xy`` (n, 2) and ``z`` (n,) are int32 quanta, ``out`` int64 (n,).
    """
    per_side = 1.0 / side
    for i in range(xy.shape[0]):
        col = floor_div(np.int64(xy[i, 0]) - west, side, per_side)
        row = floor_div(np.int64(xy[i, 1]) - south, side, per_side)
        out[i] = key(col, row, floor_div(np.int64(z[i]), side, per_side))


@kernel
def _slot(table: Ints, wanted: Int) -> Int:
    """Return where in the table a key is, or would be."""
    mask = table.shape[0] - 1
    at = (((np.int64(wanted) % _PRIME) * _SPREAD) >> 16) & mask
    while table[at] != _FREE and table[at] != wanted:
        at = (at + 1) & mask
    return np.int64(at)


@kernel
def count(points: Ints, table: Ints, counts: Ints) -> None:
    """Count the points of each key.

    Parameters
    ----------
    points : int64 array (n,)
    table : int64 array (a power of two, more than the keys that there can be,)
        All -1 to begin with; receives the keys.
    counts : int32 array, of the same length
    """
    last, at = np.int64(_FREE), np.int64(0)
    for i in range(points.shape[0]):
        if points[i] != last:
            last, at = np.int64(points[i]), np.int64(_slot(table, points[i]))
            table[at] = last
        counts[at] += 1


@kernel
def lonely(table: Ints, counts: Ints, most: Int, out: Ints) -> Int:
    """Write the keys of cubes that hold, with the 26 around them, at most so many points; return how many keys."""
    found = 0
    for at in range(table.shape[0]):
        if table[at] == _FREE or counts[at] > most:
            continue
        total = 0
        for dcol in range(-1, 2):
            for drow in range(-1, 2):
                for dlevel in range(-1, 2):
                    shift = (((dcol << _LEVELS) + drow) << _LEVELS) + dlevel
                    other = _slot(table, table[at] + shift)
                    total += counts[other] if table[other] != _FREE else 0
        if total <= most:
            out[found] = table[at]
            found += 1
    return np.int64(found)
