"""Files of other kinds than LAS, made by PDAL from one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from runs import write_cloud


def points(rng: np.random.Generator, count: int = 3000) -> tuple[np.ndarray, ...]:
    """E, N, Z and classes of points on a sheet of zone V; whole eighths of a metre, which float32 holds."""
    e = np.round(rng.uniform(44_000, 44_060, count) * 8) / 8
    n = np.round(rng.uniform(-78_000, -77_950, count) * 8) / 8
    z = np.round((100 + 0.1 * (e - 44_000) + rng.normal(0, 0.05, count)) * 8) / 8
    return e, n, z, rng.choice(np.array([1, 2, 2, 2], np.uint8), count)


def las_file(path: Path, columns: tuple[np.ndarray, ...], **options: Any) -> Path:
    """Write the points as LAS."""
    return write_cloud(path, *columns, **options)


def translate(pdal: Any, source: Path, target: Path, **options: Any) -> Path:
    """Write a file again in the format of its new name."""
    writer = {"filename": str(target), **options}
    pdal.Pipeline(json.dumps([str(source), writer])).execute()
    return target


def stages(path: Path, *each: dict[str, Any]) -> Path:
    """Write a pipeline."""
    path.write_text(json.dumps(each), encoding="utf-8")
    return path
