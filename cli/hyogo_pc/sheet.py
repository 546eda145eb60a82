"""``hyogo-pc sheet``: where a map sheet lies, and which sheets hold a place.

``--json`` writes a list with one object for each PLACE. All have ``query``. A code has ``sheets``, its
readings, each with ``code``, ``zone``, ``level``, ``bounds`` (west, south, east, north) and ``size`` (width,
height) in metres. A place has ``zone``, ``easting``, ``northing``, ``latitude``, ``longitude`` and ``codes``
by level.
"""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from hyogo_pc import options
from pointcloud import sheets
from pointcloud.errors import ParameterError
from pointcloud.lattice import Box, quanta
from pointcloud.messages import say
from pointcloud.sheets import Sheet

_OLD = "1250"
_HYOGO_ZONE = 5
_STEP = 1000
"""Longest straight stretch in metres of a sheet's edge: a straight line in longitude and latitude leaves the
plane's by 1.4 cm over this length, and would by 22 m over the 40 km of a whole sheet."""

_JAPAN = ((20.0, 46.0), (122.0, 154.0))
"""Latitudes and longitudes that no one means as metres."""


class _Command(click.Command):
    """A command whose arguments may be negative numbers."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the arguments; a space before a minus keeps ``-500,-78000`` from being taken for options."""
        return super().parse_args(ctx, [f" {arg}" if re.match(r"-[\d.]", arg) else arg for arg in args])


@dataclass(frozen=True)
class _Place:
    """A point of the plane, and where it is on the globe."""

    zone: int
    e: float
    n: float
    latitude: float
    longitude: float


@click.command("sheet", cls=_Command, help=say("sheet.help"), short_help=say("sheet.short_help"))
@click.argument("places", metavar="PLACE…", nargs=-1, required=True)
@click.option(
    "--zone",
    type=click.IntRange(1, 19),
    default=_HYOGO_ZONE,
    show_default=True,
    metavar="N",
    help=say("sheet.zone"),
)
@options.as_json
@click.option("--geojson", is_flag=True, help=say("sheet.geojson"))
@click.option("--level", type=click.Choice(sheets.LEVELS), help=say("sheet.level"))
@click.option("-o", "--out", type=click.Path(path_type=Path, dir_okay=False), help=say("sheet.out"))
def command(
    places: tuple[str, ...], zone: int, as_json: bool, geojson: bool, level: str | None, out: Path | None
) -> None:
    """Write where sheets lie; the catalogue holds the help."""
    if geojson:
        if as_json:
            raise ParameterError("sheet.two_formats")
        _write(_feature_collection(_sheets_over(places, zone, level or "2500")), out)
        return
    for option, value in (("--level", level), ("--out", out)):
        if value is not None:
            raise ParameterError("sheet.only_geojson", option=option)
    answers = [_Answer.to(text, zone) for text in places]
    if as_json:
        click.echo(json.dumps([answer.as_json() for answer in answers], indent=1))
    else:
        click.echo("\n\n".join("\n".join(answer.as_text()) for answer in answers))


@dataclass(frozen=True)
class _Answer:
    """What there is to say of one argument."""

    query: str
    sheets: tuple[Sheet, ...]
    place: _Place | None

    @classmethod
    def to(cls, text: str, zone: int) -> _Answer:
        numbers = _numbers(text)
        if not numbers:
            return cls(text.strip(), sheets.parse_all(text), None)
        if len(numbers) != 2:
            raise ParameterError("sheet.box_alone", text=text.strip())
        return cls(text.strip(), (), _place(numbers, zone))

    def as_json(self) -> dict[str, Any]:
        if self.place is None:
            return {"query": self.query, "sheets": [_properties(sheet) for sheet in self.sheets]}
        return {
            "query": self.query,
            "zone": self.place.zone,
            "easting": round(self.place.e, 4),
            "northing": round(self.place.n, 4),
            "latitude": round(self.place.latitude, 9),
            "longitude": round(self.place.longitude, 9),
            "codes": sheets.codes_at(self.place.e, self.place.n, self.place.zone),
        }

    def as_text(self) -> Iterator[str]:
        if self.place is not None:
            yield say(
                "sheet.place",
                e=f"{self.place.e:.3f}",
                n=f"{self.place.n:.3f}",
                zone=self.place.zone,
                lat=f"{self.place.latitude:.6f}",
                lon=f"{self.place.longitude:.6f}",
            )
            for level, code in sheets.codes_at(self.place.e, self.place.n, self.place.zone).items():
                yield f"  {level:>5}  {code}" + (f"  {say('sheet.old')}" if level == _OLD else "")
        for sheet in self.sheets:
            west, south, east, north = sheet.bounds
            width, height = sheets.size(sheet.level)
            old = f" {say('sheet.old')}" if sheet.level == _OLD else ""
            yield say("sheet.sheet", code=sheet.code, level=sheet.level + old, zone=sheet.zone)
            yield say("sheet.extent", w=f"{west:.0f}", s=f"{south:.0f}", e=f"{east:.0f}", n=f"{north:.0f}")
            yield say("sheet.size", width=width, height=height)
        if len(self.sheets) > 1:
            yield say("sheet.ambiguous", code=self.sheets[0].code)


def _numbers(text: str) -> list[float]:
    """Return the numbers that commas separate in a text; none if it is something else."""
    parts = unicodedata.normalize("NFKC", text).replace("、", ",").split(",")
    if len(parts) == 1:
        return []
    try:
        numbers = [float(part) for part in parts]
    except ValueError:
        numbers = [math.nan]
    if not all(map(math.isfinite, numbers)):
        raise ParameterError("sheet.numbers", text=text.strip())
    return numbers


def _place(numbers: Sequence[float], zone: int) -> _Place:
    """Return the place of E,N in metres, or of latitude and longitude, which in Japan cannot be mistaken."""
    from pointcloud.crs import from_latlon, to_latlon

    first, second = numbers
    for latitude, longitude in ((first, second), (second, first)):
        if all(
            low <= value <= high for value, (low, high) in zip((latitude, longitude), _JAPAN, strict=True)
        ):
            e, n = from_latlon(latitude, longitude, zone)
            if not _in_grid(e, n):
                raise ParameterError("sheet.other_zone", lat=latitude, lon=longitude, zone=zone)
            return _Place(zone, e, n, latitude, longitude)
    sheets.sheet_at(quanta(first), quanta(second), zone, sheets.LEVELS[0])  # refuses what has no sheet
    return _Place(zone, first, second, *to_latlon(first, second, zone))


def _in_grid(e: float, n: float) -> bool:
    west, south, east, north = sheets.GRID.bounds
    return west <= e < east and south < n <= north


def _sheets_over(places: Sequence[str], zone: int, level: str) -> dict[str, Sheet]:
    """Return the sheets of a level over areas, by code: each a code, a box W,S,E,N, or a place."""
    found: dict[str, Sheet] = {}
    for text in places:
        numbers = _numbers(text)
        if not numbers:
            area = sheets.parse(text)
            over = sheets.sheets_touching(area.box, area.zone or zone, level)
        elif len(numbers) == 4:
            over = sheets.sheets_touching(_box(text, numbers), zone, level)
        elif len(numbers) == 2:
            place = _place(numbers, zone)
            over = iter([sheets.sheet_at(quanta(place.e), quanta(place.n), zone, level)])
        else:
            raise ParameterError("sheet.numbers", text=text.strip())
        found |= {sheet.code: sheet for sheet in over}
    return found


def _box(text: str, numbers: Sequence[float]) -> Box:
    box = Box.from_metres(*numbers)
    if box.empty or not box.touches(sheets.GRID):
        raise ParameterError("sheet.box", text=text.strip())
    return box


def _properties(sheet: Sheet) -> dict[str, Any]:
    width, height = sheets.size(sheet.level)
    return {
        "code": sheet.code,
        "zone": sheet.zone,
        "level": sheet.level,
        "bounds": [round(edge) for edge in sheet.bounds],
        "size": [width, height],
    }


def _feature_collection(found: dict[str, Sheet]) -> str:
    """Return GeoJSON (RFC 7946): longitude and latitude, outer rings anticlockwise, one feature a line."""
    features = [
        json.dumps(
            {
                "type": "Feature",
                "properties": _flat_properties(sheet),
                "geometry": {"type": "Polygon", "coordinates": [_ring(sheet)]},
            }
        )
        for sheet in found.values()
    ]
    return '{"type": "FeatureCollection", "features": [\n' + ",\n".join(features) + "\n]}\n"


def _flat_properties(sheet: Sheet) -> dict[str, Any]:
    """Return a sheet's properties as columns of a table, which is what a GIS makes of them."""
    west, south, east, north = (round(edge) for edge in sheet.bounds)
    edges = {"west": west, "south": south, "east": east, "north": north}
    return {"code": sheet.code, "level": sheet.level, "zone": sheet.zone, **edges}


def _ring(sheet: Sheet) -> list[tuple[float, float]]:
    """Return a sheet's outline in longitude and latitude, from its south-west corner anticlockwise."""
    from pointcloud.crs import to_latlon

    west, south, east, north = (round(edge) for edge in sheet.bounds)
    es, ns = _stations(west, east), _stations(south, north)
    outline = [(e, south) for e in es] + [(east, n) for n in ns]
    outline += [(e, north) for e in reversed(es)] + [(west, n) for n in reversed(ns)]
    ring = []
    for e, n in dict.fromkeys(outline):  # each corner once
        latitude, longitude = to_latlon(e, n, sheet.zone or _HYOGO_ZONE)
        ring.append((round(longitude, 8), round(latitude, 8)))
    return [*ring, ring[0]]


def _stations(start: int, end: int) -> list[int]:
    """Return whole metres from one edge to the other, at most ``_STEP`` apart, the same for neighbours."""
    parts = -(-(end - start) // _STEP)
    return [start + (end - start) * part // parts for part in range(parts + 1)]


def _write(text: str, out: Path | None) -> None:
    if out is None:
        click.echo(text, nl=False)
        return
    from pointcloud.io.put import put

    put(out, text.encode())
    click.echo(say("sheet.written", path=out), err=True)
