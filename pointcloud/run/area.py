"""The area that the user asks for: sheet codes, boxes, and polygons from files."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pointcloud.errors import ParameterError
from pointcloud.geo import crs as crs_room
from pointcloud.geo import places, sheets, sites
from pointcloud.geo.crs import SpatialReference
from pointcloud.geo.lattice import Box, quanta
from pointcloud.geo.sheets import Sheet
from pointcloud.io import geojson, shapefiles
from pointcloud.textfile import read_text

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

_POLYGONS = {".geojson", ".json", ".shp"}
_LISTS = {".txt", ".csv"}


@dataclass(frozen=True)
class Area:
    """What sheets may touch, in the coordinates of the run."""

    named: tuple[Sheet, ...]
    boxes: tuple[Box, ...]
    polygons: tuple[BaseGeometry, ...]

    def touches(self, box: Box) -> bool:
        """Whether a box shares area with it."""
        if any(sheet.box.touches(box) for sheet in self.named) or any(b.touches(box) for b in self.boxes):
            return True
        if not self.polygons:
            return False
        import shapely

        rectangle = shapely.box(*box.bounds)
        return any(
            polygon.intersects(rectangle) and not polygon.touches(rectangle) for polygon in self.polygons
        )

    def bounds(self) -> list[Box]:
        """Return boxes that hold all of it."""
        around = [Box.from_metres(*polygon.bounds) for polygon in self.polygons]
        return [*(sheet.box for sheet in self.named), *self.boxes, *around]

    def names(self, sheet: Sheet) -> bool:
        """Whether a sheet is asked for by its code, or by that of a sheet it is part of."""
        return any(named.box.contains(sheet.box) for named in self.named)


def read_area(texts: Sequence[str], crs: SpatialReference | None) -> Area:
    """Return the area that texts stand for: places, ``W,S,E,N`` in metres, polygon files, or lists of codes.

    A place is a sheet code, a site's name (the square of its radius), or a point (the sheet that holds it).

    Polygon files are GeoJSON (longitude and latitude, or the coordinates of the run) and Shapefile. A list is a text
    file with a code at the beginning of each line.

    Raises
    ------
    ParameterError
        If a text is none of these, or a file cannot be read.
    """
    named: list[Sheet] = []
    boxes: list[Box] = []
    polygons: list[BaseGeometry] = []
    for text in texts:
        if Path(text).suffix.lower() in _POLYGONS:
            polygons.extend(_read_polygons(Path(text), crs))
        elif Path(text).suffix.lower() in _LISTS:
            named.extend(_named(code, crs) for code in _read_list(Path(text)))
        elif text.count(",") == 3:
            boxes.append(_box(text))
        elif sheets.find_code(text):
            named.append(_named(text, crs))
        else:
            boxes.append(_around(text, crs))
    return Area(tuple(named), tuple(boxes), tuple(polygons))


def zone_named(texts: Sequence[str]) -> int | None:
    """Return the zone of the first sheet code or site among the texts of an area; ``None`` if there is none.

    Raises
    ------
    ParameterError
        If a list, there or of sites, cannot be read.
    """
    for text in texts:
        codes = _read_list(Path(text)) if Path(text).suffix.lower() in _LISTS else [text]
        found = sheets.find_code(codes[0])
        if found:
            return found[0].zone
        site = sites.find(codes[0])
        if site is not None:
            return site.zone
    return None


def _named(code: str, crs: SpatialReference | None) -> Sheet:
    sheet = sheets.parse(code)
    if crs is None or crs.zone != sheet.zone:
        raise ParameterError("run.area_zone", code=sheet.code, crs=crs.label if crs else "-")
    return sheet


def _around(text: str, crs: SpatialReference | None) -> Box:
    """Return the square around a site, or the quantum of a point, in the coordinates of the run."""
    place = places.parse(text, zone=(crs.zone if crs else None) or places.HYOGO_ZONE)
    if crs is None:
        raise ParameterError("run.area_zone", code=place.text, crs="-")
    x, y = (quanta(value) for value in place.xy(crs.horizontal))
    return Box(x, y - 1, x + 1, y).grow(quanta(place.radius or 0.0))  # a north edge is inside


def _read_list(path: Path) -> list[str]:
    """Return the first word of each line that has one, up to a comma, a semicolon or a number sign; no heading."""
    try:
        try:
            text = read_text(path)
        except UnicodeDecodeError:  # lists out of Excel are in Shift-JIS
            text = path.read_text(encoding="cp932")
    except (OSError, ValueError) as error:
        raise ParameterError("run.area_list", path=path, cause=error) from None
    lines = (unicodedata.normalize("NFKC", line).strip() for line in text.splitlines())
    codes = [word for line in lines if (word := re.split(r"[\s,;#]", line, maxsplit=1)[0].strip("\"'"))]
    if len(codes) > 1 and not sheets.find_code(codes[0]) and sheets.find_code(codes[1]):
        del codes[0]  # the heading of the column
    if not codes:
        raise ParameterError("run.area_list", path=path, cause="-")
    return codes


def _box(text: str) -> Box:
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError:
        raise ParameterError("run.area_box", text=text) from None
    box = Box.from_metres(west, south, east, north)
    if box.empty:
        raise ParameterError("run.area_box", text=text)
    return box


def _read_polygons(path: Path, crs: SpatialReference | None) -> list[BaseGeometry]:
    import numpy as np
    import shapely

    try:
        polygons, source = _shapefile(path) if path.suffix.lower() == ".shp" else _geojson(path)
    except (OSError, ValueError) as error:
        raise ParameterError("run.area_file", path=path, cause=error) from None
    areas = [area for polygon in polygons if (area := _sound(polygon)).area > 0]
    if not areas:
        raise ParameterError("run.area_no_polygon", path=path)
    if source is None and all(abs(value) <= 360 for polygon in areas for value in polygon.bounds):
        source = "EPSG:6668"
    if source is None or crs is None:
        return areas
    move = crs_room.transformer(source, crs.horizontal)
    return [shapely.transform(polygon, lambda at: np.column_stack(move(*at.T))) for polygon in areas]


def _sound(polygon: BaseGeometry) -> BaseGeometry:
    """Return the areas of a shape whose outline may cross itself, as drawn by hand."""
    import shapely

    if polygon.is_valid:
        return polygon
    parts = [part for part in shapely.get_parts(shapely.make_valid(polygon)) if part.area > 0]
    return shapely.union_all(parts)


def _geojson(path: Path) -> tuple[list[BaseGeometry], str | None]:
    """Return the shapes in a GeoJSON file, and its CRS if it states one; else its coordinates say it by their size."""
    features = geojson.read(path)
    return [shape for shape in geojson.shapes(features) if shape is not None], features.crs


def _shapefile(path: Path) -> tuple[list[BaseGeometry], str | None]:
    """Return the shapes in a Shapefile, and the CRS of the .prj beside it."""
    projection = path.with_suffix(".prj")
    source = projection.read_text(encoding="utf-8", errors="replace") if projection.exists() else None
    return shapefiles.read(path), source
