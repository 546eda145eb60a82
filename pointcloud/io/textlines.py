"""Lines of numbers: what separates them, and which column is which."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_SHOWN = 60  # letters of a line


@dataclass(frozen=True, slots=True)
class Layout:
    """What stands where in a line.

    Parameters
    ----------
    columns : int
    e, n, z : int
        The column of each, from 0 on.
    separator : str
        One sign.
    decimals : int
        Of E and N that are kept; 4 make quanta.
    """

    columns: int
    e: int
    n: int
    z: int
    separator: str
    decimals: int = 4

    @classmethod
    def of(cls, line: bytes, columns: int, *, swap: bool = False) -> Layout:
        """Return the layout of a line of numbers: E, N and z stand side by side, behind an id if there are more."""
        first = 0 if columns == 3 else 1
        east, north = (first + 1, first) if swap else (first, first + 1)
        between = re.search(rb"[0-9.]([ \t,])", line)
        return cls(columns, east, north, first + 2, between[1].decode() if between else " ")

    def array(self) -> NDArray[np.int64]:
        """Return it as kernels want it."""
        numbers = self.columns, self.e, self.n, self.z, ord(self.separator), self.decimals
        return np.array(numbers, np.int64)


def split_line(head: bytes) -> tuple[bytes, int]:
    """Return the first line that is not empty, and how many numbers stand in it: 0 if anything else does."""
    line = next((line for line in head.splitlines() if line.strip()), b"")
    if not re.fullmatch(rb"[\s,+\-.0-9]+", line):
        return line, 0
    return line, len(re.split(rb"[ \t]*,[ \t]*|[ \t]+", line.strip()))


def shown(line: bytes) -> str:
    """Return a line as messages quote it: its beginning, and marks for what is no ASCII."""
    return line[:_SHOWN].decode("ascii", "backslashreplace").strip()
