"""What is cut out of the land: contours, and a section."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pointcloud.errors import ParameterError
from pointcloud.view import libraries
from pointcloud.view.model import SIDE, Lines, Model, Surface

MOST = 500
"""Contours: more would be a grey surface."""
_THIN, _THICK = (120, 84, 52), (84, 52, 28)

Floats = NDArray[np.float64]
Line = tuple[tuple[float, float], tuple[float, float]]


def mesh(surface: Surface) -> Any:
    """Return a surface as PyVista's ``PolyData``; places in its picture as ``uv``, from its lower edge upwards."""
    pyvista = libraries.pyvista()
    made = pyvista.PolyData.from_regular_faces(surface.points, surface.triangles)
    if surface.uv is not None:
        made.point_data.active_texture_coordinates = np.column_stack(
            [surface.uv[:, 0], 1.0 - surface.uv[:, 1]]
        )
    return made


def contour_lines(surfaces: list[Surface], step: float, times: float) -> list[Lines]:
    """Return contours of the land, exactly where its triangles have these heights; every fifth is thick.

    Parameters
    ----------
    surfaces : list of Surface
        Those with a picture are land.
    step : float
        Metres between contours, in nature.
    times : float
        Exaggeration.

    Raises
    ------
    ParameterError
        If there would be more than `MOST`.
    """
    ground = [surface for surface in surfaces if surface.picture is not None]
    low = min(float(surface.points[:, 2].min()) for surface in ground) / times
    high = max(float(surface.points[:, 2].max()) for surface in ground) / times
    numbers = np.arange(math.ceil(low / step), math.floor(high / step) + 1)
    if len(numbers) > MOST:
        raise ParameterError("view.contours", count=len(numbers), most=MOST, step=step)
    found = []
    for wanted, colour, width in (
        (numbers[numbers % 5 != 0], _THIN, 0.8),
        (numbers[numbers % 5 == 0], _THICK, 1.8),
    ):
        parts = [_level_lines(surface, wanted * step * times) for surface in ground] if len(wanted) else []
        if parts:
            found.append(_joined(parts, colour, width))
    return found


def _level_lines(surface: Surface, levels: Floats) -> tuple[Floats, NDArray[np.int32]]:
    # A level that meets a height exactly would run along edges of level ground: it is cut a hair above.
    lines = mesh(surface).contour(list(levels + 1e-4), scalars=surface.points[:, 2])
    if lines.n_points == 0:
        return np.empty((0, 3)), np.empty((0, 2), np.int32)
    cells = np.asarray(lines.lines)
    if len(cells) == 3 * lines.n_lines:
        return np.asarray(lines.points, np.float64), cells.reshape(-1, 3)[:, 1:].astype(np.int32)
    raise AssertionError("a contour of triangles is made of single segments")


def _joined(parts: list[tuple[Floats, NDArray[np.int32]]], colour: Any, width: float) -> Lines:
    offsets = np.cumsum([0, *(len(points) for points, _ in parts)])
    pairs = [pairs + offset for (_, pairs), offset in zip(parts, offsets[:-1], strict=True)]
    return Lines(np.concatenate([points for points, _ in parts]), np.concatenate(pairs), colour, width)


def cut(
    model: Model, line: Line, height: Callable[[Floats, Floats], Floats], base: float, cell: float
) -> None:
    """Cut the land along a line, and take away what lies on its right; the cut face is closed down to the base.

    Parameters
    ----------
    model : Model
        It is changed.
    line : ((e, n), (e, n))
        Any two points of the line.
    height : callable
        Heights of the ground as drawn, at eastings and northings; NaN where there is none.
    base : float
        Lower edge of the cut face.
    cell : float
        Side of a cell in metres: the face has a corner every half cell.
    """
    (e0, n0), (e1, n1) = line
    length = math.hypot(e1 - e0, n1 - n0)
    left = (-(n1 - n0) / length, (e1 - e0) / length, 0.0)
    origin = (e0, n0, 0.0)

    def kept(points: Floats) -> NDArray[np.bool_]:
        return (points[:, 0] - e0) * left[0] + (points[:, 1] - n0) * left[1] >= 0.0

    model.surfaces = [part for surface in model.surfaces for part in _clipped(surface, left, origin, kept)]
    model.lines = [
        replace(lines, pairs=lines.pairs[kept(lines.points)[lines.pairs].all(1)]) for lines in model.lines
    ]
    model.clouds = [
        replace(cloud, points=cloud.points[inside], colours=cloud.colours[inside])
        for cloud in model.clouds
        for inside in [kept(cloud.points)]
    ]
    model.signs = [sign for sign in model.signs if kept(np.array([sign.foot]))[0]]
    face, edge = _face(model.bounds, line, height, base, cell / 2)
    if len(face.triangles):
        model.surfaces.append(face)
        model.lines.append(edge)


def _clipped(
    surface: Surface, left: Any, origin: Any, kept: Callable[[Floats], NDArray[np.bool_]]
) -> list[Surface]:
    inside = kept(surface.points)
    if inside.all():
        return [surface]
    if not inside.any():
        return []
    # Only triangles that the line crosses need VTK: the others are kept or dropped as they are.
    corners = inside[surface.triangles]
    whole = corners.all(1)
    crossed = corners.any(1) & ~whole
    parts = [_part(surface, surface.triangles[whole])] if whole.any() else []
    if crossed.any():
        part = mesh(_part(surface, surface.triangles[crossed])).clip(normal=left, origin=origin, invert=False)
        part = part.triangulate()
        uv = part.active_texture_coordinates
        if part.n_cells:
            places = None if uv is None else np.column_stack([uv[:, 0], 1.0 - uv[:, 1]]).astype(np.float32)
            faces = part.regular_faces.astype(np.int32)
            parts.append(
                replace(surface, points=np.asarray(part.points, np.float64), triangles=faces, uv=places)
            )
    return parts


def _part(surface: Surface, faces: NDArray[np.int32]) -> Surface:
    from pointcloud.view.level_of_detail import compact

    faces, used = compact(surface.points, faces)
    uv = None if surface.uv is None else surface.uv[used]
    return replace(surface, points=surface.points[used], triangles=faces, uv=uv)


def _face(
    bounds: Any, line: Line, height: Callable[[Floats, Floats], Floats], base: float, step: float
) -> tuple[Surface, Lines]:
    """Return the cut face and its upper edge."""
    (e0, n0), (e1, n1) = line
    length = math.hypot(e1 - e0, n1 - n0)
    east, north = (e1 - e0) / length, (n1 - n0) / length
    start, end = _crossing(bounds, (e0, n0), (east, north))
    count = min(max(int((end - start) / step), 1), 20_000)
    along = np.linspace(start, end, count + 1)
    es, ns = e0 + along * east, n0 + along * north
    tops = height(es, ns)
    known = np.flatnonzero(np.isfinite(tops[:-1]) & np.isfinite(tops[1:])).astype(np.int32)
    upper = np.column_stack([es, ns, np.nan_to_num(tops, nan=base)])
    lower = np.column_stack([es, ns, np.full(len(es), base)])
    below = known + len(es)
    faces = np.concatenate(
        [np.column_stack([known, below, below + 1]), np.column_stack([known, below + 1, known + 1])]
    )
    points = np.concatenate([upper, lower])
    surface = Surface(points, faces.astype(np.int32), SIDE)
    return surface, Lines(upper, np.column_stack([known, known + 1]).astype(np.int32), (60, 40, 24), 2.0)


def _crossing(bounds: Any, start: tuple[float, float], way: tuple[float, float]) -> tuple[float, float]:
    """Return where a line enters and leaves a box, in metres from its start."""
    west, south, east, north = bounds
    first, last = -math.inf, math.inf
    for place, speed, low, high in ((start[0], way[0], west, east), (start[1], way[1], south, north)):
        if abs(speed) < 1e-12:
            if not low <= place <= high:
                return 0.0, 0.0
            continue
        ends = sorted(((low - place) / speed, (high - place) / speed))
        first, last = max(first, ends[0]), min(last, ends[1])
    return (first, last) if first < last else (0.0, 0.0)
