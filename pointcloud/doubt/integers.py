"""Integers at the end of what they can hold: a writer that clamps leaves them, and they are no places."""

from __future__ import annotations

from pointcloud.doubt.verdict import Grade, Verdict

LOWEST, HIGHEST = -(2**31), 2**31 - 1
"""Of the coordinates of LAS points, which are multiples of a scale from an offset on."""


def clamped(axis: str, count: int, value: float) -> Verdict:
    """Return the verdict about points of which a coordinate is at its limit.

    Offsets are chosen amid the points, so that no coordinate comes near it; a point that is exactly there was beyond,
    and nobody knows how far.

    Parameters
    ----------
    axis : {'X', 'Y', 'Z'}
    count : int
        Points of a part of the file that are there.
    value : float
        The limit in the unit of the file.
    """
    return Verdict.of(Grade.REFUSED, "doubt.clamped", axis=axis, count=count, value=f"{value:.4f}")
