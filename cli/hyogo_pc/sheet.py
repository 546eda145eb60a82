"""``hyogo-pc sheet``: where a map sheet lies, and which sheets hold a place.

``--json`` writes a list with one object for each PLACE. All have ``query``. A code has ``sheets``, its
readings, each with ``code``, ``zone``, ``level``, ``bounds`` (west, south, east, north) and ``size`` (width,
height) in metres. A place has ``zone``, ``easting``, ``northing``, ``latitude``, ``longitude`` and ``codes``
by level; a site its key ``site`` and its names ``en`` and ``ja`` as well.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from hyogo_pc import options
from pointcloud.errors import ParameterError
from pointcloud.geo import places, sheets
from pointcloud.geo.lattice import quanta
from pointcloud.geo.places import Place
from pointcloud.geo.sheets import Sheet
from pointcloud.messages import say

_OLD = "1250"
_STEP = 1000
"""Longest straight stretch in metres of a sheet's edge: a straight line in longitude and latitude leaves the
plane's by 1.4 cm over this length, and would by 22 m over the 40 km of a whole sheet."""


@click.command("sheet", cls=options.PlaceCommand, help=say("sheet.help"), short_help=say("sheet.short_help"))
@click.argument("texts", metavar="PLACE…", nargs=-1, required=True)
@options.zone
@options.as_json
@click.option("--geojson", is_flag=True, help=say("sheet.geojson"))
@click.option("--level", type=click.Choice(sheets.LEVELS), help=say("sheet.level"))
@click.option("-o", "--out", type=click.Path(path_type=Path, dir_okay=False), help=say("sheet.out"))
def command(
    texts: tuple[str, ...], zone: int, as_json: bool, geojson: bool, level: str | None, out: Path | None
) -> None:
    """Write where sheets lie; the catalogue holds the help."""
    if geojson:
        if as_json:
            raise ParameterError("sheet.two_formats")
        _write(_feature_collection(_sheets_over(texts, zone, level or "2500")), out)
        return
    for option, value in (("--level", level), ("--out", out)):
        if value is not None:
            raise ParameterError("sheet.only_geojson", option=option)
    answers = [_Answer.to(text, zone) for text in texts]
    if as_json:
        click.echo(json.dumps([answer.as_json() for answer in answers], indent=1))
    else:
        click.echo("\n\n".join("\n".join(answer.as_text()) for answer in answers))


@dataclass(frozen=True)
class _Answer:
    """What there is to say of one argument."""

    place: Place

    @classmethod
    def to(cls, text: str, zone: int) -> _Answer:
        place = places.parse(text, zone=zone)
        if place.box is not None and not place.sheets:
            raise ParameterError("sheet.box_alone", text=place.text)
        return cls(place)

    def as_json(self) -> dict[str, Any]:
        place = self.place
        if place.sheets:
            return {"query": place.text, "sheets": [_properties(sheet) for sheet in place.sheets]}
        latitude, longitude = place.latlon
        return {
            "query": place.text,
            **({"site": place.site.key, "en": place.en, "ja": place.ja} if place.site else {}),
            "zone": place.zone,
            "easting": round(place.e, 4),
            "northing": round(place.n, 4),
            "latitude": round(latitude, 9),
            "longitude": round(longitude, 9),
            "codes": sheets.codes_at(place.e, place.n, place.zone),
        }

    def as_text(self) -> Iterator[str]:
        place = self.place
        if place.site is not None:
            yield place.name
        if not place.sheets:
            latitude, longitude = place.latlon
            yield say(
                "sheet.place",
                e=f"{place.e:.3f}",
                n=f"{place.n:.3f}",
                zone=place.zone,
                lat=f"{latitude:.6f}",
                lon=f"{longitude:.6f}",
            )
            for level, code in sheets.codes_at(place.e, place.n, place.zone).items():
                yield f"  {level:>5}  {code}" + (f"  {say('sheet.old')}" if level == _OLD else "")
        for sheet in place.sheets:
            west, south, east, north = sheet.bounds
            width, height = sheets.size(sheet.level)
            old = f" {say('sheet.old')}" if sheet.level == _OLD else ""
            yield say("sheet.sheet", code=sheet.code, level=sheet.level + old, zone=sheet.zone)
            yield say("sheet.extent", w=f"{west:.0f}", s=f"{south:.0f}", e=f"{east:.0f}", n=f"{north:.0f}")
            yield say("sheet.size", width=width, height=height)
        if len(place.sheets) > 1:
            yield say("sheet.ambiguous", code=place.sheets[0].code)


def _sheets_over(texts: Sequence[str], zone: int, level: str) -> dict[str, Sheet]:
    """Return the sheets of a level over places, by code: over a site's radius, at a point, over a sheet or box."""
    found: dict[str, Sheet] = {}
    for text in texts:
        place = places.parse(text, zone=zone)
        if place.box is None and place.radius is None:
            over = iter([sheets.sheet_at(quanta(place.e), quanta(place.n), place.zone, level)])
        else:
            over = sheets.sheets_touching(place.extent(0.0), place.zone, level)
        found |= {sheet.code: sheet for sheet in over}
    return found


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
    from pointcloud.geo.crs import to_latlon

    west, south, east, north = (round(edge) for edge in sheet.bounds)
    es, ns = _stations(west, east), _stations(south, north)
    outline = [(e, south) for e in es] + [(east, n) for n in ns]
    outline += [(e, north) for e in reversed(es)] + [(west, n) for n in reversed(ns)]
    ring = []
    for e, n in dict.fromkeys(outline):  # each corner once
        latitude, longitude = to_latlon(e, n, sheet.zone or places.HYOGO_ZONE)
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
