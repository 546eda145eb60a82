"""The tuple list of a national GML: ``kind,height`` a line."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pointcloud.kernels.jit import Int, kernel

_LF, _COMMA, _PLUS, _MINUS, _POINT, _ZERO = 10, 44, 43, 45, 46, 48
_MOST_DIGITS = 17
_TENS = np.array([10**power for power in range(19)], np.int64)


@kernel
def parse_tuples(text: npt.NDArray[np.uint8], out: npt.NDArray[np.float64]) -> tuple[Int, Int]:
    """Read the number behind the last comma of each line that is not blank.

    Parameters
    ----------
    text : uint8 array
        It ends with a line feed.
    out : float64 array (cells,)
        Filled from its beginning.

    Returns
    -------
    count : int
        Tuples there are; more than ``out`` holds are counted and not kept.
    wrong : int
        Which is the first that holds no number; -1 if all do.
    """
    at, count = 0, 0
    while at < text.shape[0]:
        comma, blank, end = -1, True, at
        while text[end] != _LF:
            if text[end] == _COMMA:
                comma = end
            blank &= text[end] <= 32
            end += 1
        if not blank:
            at = comma + 1
            while comma >= 0 and (text[at] == 32 or text[at] == 9):
                at += 1
            negative = text[at] == _MINUS
            if negative or text[at] == _PLUS:
                at += 1
            value, digits, places, pointed = np.int64(0), 0, 0, False
            while comma >= 0:
                sign = np.int64(text[at])
                if _ZERO <= sign <= _ZERO + 9 and digits < _MOST_DIGITS:
                    value = value * 10 + sign - _ZERO
                    digits += 1
                    places += pointed
                elif sign == _POINT and not pointed:
                    pointed = True
                else:
                    break
                at += 1
            while 9 <= text[at] <= 32 and at < end:
                at += 1
            if digits == 0 or at != end:
                return count, count
            if count < out.shape[0]:
                metres = value / _TENS[places]
                out[count] = -metres if negative else metres
            count += 1
        at = end + 1
    return count, -1
