"""Heights as they are published: rounded to the stated precision, once."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from pointcloud.geo.lattice import QUANTA_PER_METRE, quanta


def publish(heights: npt.NDArray[Any], precision: float, out: npt.NDArray[Any]) -> None:
    """Round heights in quanta half to even to ``precision`` metres, and write them to ``out`` in metres.

    Whole numbers of steps divided by steps a metre: the nearest value to the decimal one that ``out`` can hold.
    """
    step = quanta(precision)
    rounded = np.rint(heights / step)
    out[...] = rounded * step / QUANTA_PER_METRE
