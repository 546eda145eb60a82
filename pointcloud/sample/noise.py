"""Smooth random fields on a grid, and the little shaping functions that a landscape is made of."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_UNIT = 0.479
"""Standard deviation of a bicubic B-spline over white noise of standard deviation 1, averaged over a cell."""


def stream(seed: int, part: int) -> np.random.Generator:
    """Return the random numbers of one part of the sample: a change in one part leaves the others alone."""
    return np.random.default_rng([seed, part])


def octave(rng: np.random.Generator, shape: tuple[int, int], wavelengths: tuple[float, float]) -> Floats:
    """Return smooth noise of mean 0 and standard deviation about 1, shape ``shape``.

    A uniform cubic B-spline over white noise. ``wavelengths`` are the knot distances along rows' and columns'
    axes, in nodes. Written as sums of gathered rows: a matrix product would depend on the machine's BLAS.
    """
    knots = [int(np.ceil(n / length)) + 4 for n, length in zip(shape, wavelengths, strict=True)]
    field = rng.standard_normal(knots)
    for axis, (n, length) in enumerate(zip(shape, wavelengths, strict=True)):
        t = np.arange(n) / length
        first = np.floor(t).astype(np.intp)
        weights = _spline(t - first)
        parts = [
            np.take(field, first + k, axis=axis) * (w[:, None] if axis == 0 else w[None, :])
            for k, w in enumerate(weights)
        ]
        field = parts[0] + parts[1] + parts[2] + parts[3]
    return field / _UNIT


def _spline(t: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    s = 1.0 - t
    return (
        s**3 / 6,
        (4 - 6 * t**2 + 3 * t**3) / 6,
        (4 - 6 * s**2 + 3 * s**3) / 6,
        t**3 / 6,
    )


def fractal(
    rng: np.random.Generator, shape: tuple[int, int], octaves: Sequence[tuple[float, float]]
) -> Floats:
    """Return a sum of octaves given as (wavelength in nodes, amplitude)."""
    total = np.zeros(shape)
    for wavelength, amplitude in octaves:
        total += amplitude * octave(rng, shape, (wavelength, wavelength))
    return total


def step(low: float, high: float, values: Floats) -> Floats:
    """Rise smoothly from 0 at ``low`` to 1 at ``high`` (the other way round if ``low > high``)."""
    t = np.clip((values - low) / (high - low), 0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)


def soft_max(a: Floats, b: Floats, width: float) -> Floats:
    """Return the larger of two surfaces, the crease between them rounded over about ``width`` metres."""
    return np.maximum(a, b) + width * np.log1p(np.exp(-np.abs(a - b) / width))


def curve(knots: Sequence[tuple[float, float]], at: Floats, rounding: float = 25.0) -> Floats:
    """Return a curve near the knots ``(x, value)``, its corners rounded over ``rounding`` metres."""
    x, value = np.array(knots).T
    table_x = np.arange(x[0], x[-1] + 1.0)
    reach = int(3 * rounding)
    window = np.exp(-0.5 * (np.arange(-reach, reach + 1) / rounding) ** 2)
    padded = np.interp(np.arange(x[0] - reach, x[-1] + reach + 1.0), x, value)
    table = np.convolve(padded, window / window.sum(), mode="valid")
    return np.interp(at, table_x, table[: table_x.size])


def bilinear(nodes: Floats, rows: Floats, cols: Floats) -> Floats:
    """Return the node grid at fractional ``rows`` and ``cols``, clamped at its rim."""
    rows = np.clip(rows, 0, nodes.shape[0] - 1.001)
    cols = np.clip(cols, 0, nodes.shape[1] - 1.001)
    i, j = rows.astype(np.intp), cols.astype(np.intp)
    v, u = rows - i, cols - j
    flat, first = nodes.ravel(), i * nodes.shape[1] + j
    low = flat[first] * (1 - u) + flat[first + 1] * u
    high = flat[first + nodes.shape[1]] * (1 - u) + flat[first + nodes.shape[1] + 1] * u
    return np.asarray(low * (1 - v) + high * v)
