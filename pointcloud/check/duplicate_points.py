"""Points that come twice in one file, counted exactly and in bounded memory."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.signedinteger]

_AT_ONCE = 1 << 24
"""Keys sorted at one time: 128 MB."""

_FACTORS = tuple(np.uint64(factor) for factor in (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9))
_MIX = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
_SHIFTS = (np.uint64(30), np.uint64(27), np.uint64(31))


def mixed(keys: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Return a hash of each key: the finaliser of SplitMix64 (Steele, Lea & Flood 2014), a bijection."""
    keys = (keys ^ (keys >> _SHIFTS[0])) * _MIX[0]
    keys = (keys ^ (keys >> _SHIFTS[1])) * _MIX[1]
    return keys ^ (keys >> _SHIFTS[2])


def point_keys(e: Array, n: Array, z: Array) -> npt.NDArray[np.uint64]:
    """Return a hash of each point's place (quanta).

    Two places of a file of 10⁸ points share one with a probability of 3 · 10⁻⁴.
    """
    keys = mixed(e.astype(np.uint64) * _FACTORS[0])
    keys = mixed(keys ^ (n.astype(np.uint64) * _FACTORS[1]))
    return mixed(keys ^ (z.astype(np.int64).astype(np.uint64) * _FACTORS[2]))


class Repeats:
    """Counts keys that were there before.

    Parameters
    ----------
    count : int
        Keys that will come; beyond what is sorted at once they wait on disk, parted by their value.
    scratch : Path
        Beginning of the names of the files for that.
    """

    def __init__(self, count: int, scratch: Path) -> None:
        self.parts = -(-count // _AT_ONCE)
        self.held = np.empty(count if self.parts <= 1 else 0, np.uint64)
        self.taken = 0
        self.files = [scratch.with_name(f"{scratch.name}.keys{k}") for k in range(self.parts)]

    def add(self, keys: npt.NDArray[np.uint64]) -> None:
        """Take keys, in any order."""
        if self.parts <= 1:
            self.held[self.taken : self.taken + len(keys)] = keys
            self.taken += len(keys)
            return
        part = keys % np.uint64(self.parts)
        for k, path in enumerate(self.files):
            with path.open("ab") as file:
                file.write(keys[part == k].tobytes())

    def count(self) -> int:
        """Return how many keys equal an earlier one."""
        if self.parts <= 1:
            return _repeated(self.held[: self.taken])
        return sum(_repeated(np.fromfile(path, np.uint64)) for path in self.files)

    def close(self) -> None:
        """Leave nothing on disk."""
        for path in self.files:
            path.unlink(missing_ok=True)


def _repeated(keys: npt.NDArray[np.uint64]) -> int:
    keys.sort()
    return int(np.count_nonzero(keys[1:] == keys[:-1]))
