"""The user's own lines and areas (指定範囲, 縄張, trenches): vector files, brought to the map's CRS."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from pointcloud.errors import CrsError, FileError, ParameterError
from pointcloud.geo import projections
from pointcloud.print.vectors import files


@dataclass(frozen=True)
class Overlay:
    """Shapes to draw over a map.

    Parameters
    ----------
    name : str
        For the legend.
    shapes : tuple of shapely geometries
        In the map's CRS, metres.
    labels : tuple of str
        One for each shape, or nothing.
    stated : bool
        Whether the file says its CRS; else it is taken to be the map's.
    """

    name: str
    shapes: tuple[Any, ...]
    labels: tuple[str, ...] = ()
    stated: bool = True

    def touches(self, bounds: tuple[float, float, float, float]) -> bool:
        """Whether any shape lies within W, S, E, N."""
        window = shapely.box(*bounds)
        return any(shape.intersects(window) for shape in self.shapes)


def read_overlays(paths: Sequence[Path], horizontal: str | None, label: str | None = None) -> list[Overlay]:
    """Return the layers of vector files that hold shapes.

    Parameters
    ----------
    paths : sequence of Path
        GeoPackage, Shapefile, GeoJSON, KML, DXF …
    horizontal : str, optional
        The map's CRS, ``EPSG:code`` or WKT.
    label : str, optional
        The field whose texts stand beside the shapes; files that lack it are drawn without.

    Raises
    ------
    FileError
        If a file cannot be read, or holds no shapes.
    ParameterError
        If one is missing, or none has the field.
    CrsError
        If a CRS cannot be brought to the map's.
    """
    found: list[Overlay] = []
    fields: set[str] = set()
    for path in paths:
        layers, held = _read(path, horizontal, label)
        found += layers
        fields |= held
    if label is not None and paths and label not in fields:
        names = ", ".join(map(str, paths))
        raise ParameterError(
            "map.overlay_field", path=names, field=label, fields=", ".join(sorted(fields)) or "-"
        )
    return found


def _read(path: Path, horizontal: str | None, label: str | None) -> tuple[list[Overlay], set[str]]:
    """Return the layers of a file that hold shapes, and the fields of all."""
    found, fields = [], set[str]()
    for layer in files.read(path):
        fields |= set(layer.fields)
        column = layer.fields.get(label or "")
        made = _layer(path, layer, column, horizontal)
        if made.shapes:
            found.append(made)
    if not found:
        raise FileError("map.overlay_empty", path=path)
    return found, fields


def _layer(path: Path, layer: files.Layer, column: Sequence[Any] | None, horizontal: str | None) -> Overlay:
    kept = [k for k, shape in enumerate(layer.shapes) if shape is not None and not shape.is_empty]
    shapes = layer.shapes[kept]
    if layer.crs is not None and horizontal is not None and len(shapes):
        shapes = _moved(path, shapes, layer.crs, horizontal)
    labels = () if column is None else tuple("" if column[k] is None else str(column[k]) for k in kept)
    return Overlay(layer.name, tuple(shapes), labels, stated=layer.crs is not None)


def _moved(path: Path, shapes: Any, crs: str, horizontal: str) -> Any:
    try:
        own = projections.split(crs)[0]
        if own is None:
            raise CrsError("map.overlay_crs", path=path, crs=crs[:60])
        if projections.same_place(own, horizontal):
            return shapes
        move = projections.transformer(own, horizontal)
    except (projections.CodeConflict, ValueError, RuntimeError) as error:
        raise CrsError("map.overlay_crs", path=path, crs=crs[:60]) from error
    moved = shapely.transform(shapes, lambda points: np.column_stack(move(points[:, 0], points[:, 1])))
    if not np.isfinite(shapely.get_coordinates(moved)).all():
        raise CrsError("map.overlay_crs", path=path, crs=crs[:60])
    return moved


def polygons(shape: Any) -> list[list[Any]]:
    """Return the areas of a shape, each as rings of points: the outer one, then its holes."""
    return [
        [np.asarray(ring.coords)[:, :2] for ring in (part.exterior, *part.interiors)]
        for part in _parts(shape)
        if part.geom_type == "Polygon"
    ]


def lines(shape: Any) -> list[Any]:
    """Return the lines of a shape as points."""
    kinds = ("LineString", "LinearRing")
    return [np.asarray(part.coords)[:, :2] for part in _parts(shape) if part.geom_type in kinds]


def points(shape: Any) -> list[tuple[float, float]]:
    """Return the points of a shape."""
    return [(part.x, part.y) for part in _parts(shape) if part.geom_type == "Point"]


def _parts(shape: Any) -> Sequence[Any]:
    """Return the simple shapes that a shape is made of."""
    parts = getattr(shape, "geoms", None)
    return [shape] if parts is None else [inner for part in parts for inner in _parts(part)]
