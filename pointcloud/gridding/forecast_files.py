"""A forecast as JSON for programs, and as GeoJSON for QGIS."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from pointcloud import pipeline
from pointcloud.geo import crs as crs_room
from pointcloud.geo.lattice import metres
from pointcloud.gridding.forecast import Forecast
from pointcloud.gridding.request import Request
from pointcloud.plaintext import to_json

_LONLAT = "EPSG:6668"
"""JGD2011: within centimetres of WGS 84, which GeoJSON (RFC 7946) asks for."""


def as_json(forecast: Forecast, request: Request) -> str:
    """Return everything that is forecast; times in seconds, sizes in bytes, lengths in metres."""
    expected, params = forecast.estimate, request.params
    crs = forecast.inventory.crs
    values = {
        "files": len(forecast.inventory.sources),
        "crs": crs.label if crs else None,
        "products": list(params.products),
        "resolutions": list(params.resolutions),
        "halo": metres(pipeline.reach(params)),
        "jobs": request.jobs,
        "points": expected.points,
        "seconds": round(expected.wall, 1),
        "cpu_seconds": round(expected.cpu, 1),
        "memory": expected.memory,
        "scratch": expected.scratch,
        "space": expected.space,
        "free": expected.free,
        "flight_lines": expected.strips,
        "findings": asdict(forecast.findings),
        "bad_files": {str(bad.path): str(bad.error) for bad in forecast.inventory.bad},
        "sheets": {code: _sheet(forecast, code) for code in forecast.plan.sheets},
    }
    return to_json(values, indent=1)


def as_geojson(forecast: Forecast) -> str:
    """Return the sheets as polygons in longitude and latitude, with what is known of each."""
    crs = forecast.inventory.crs
    move = crs_room.transformer(crs.horizontal, _LONLAT) if crs else None
    features = []
    for code, sheet in forecast.plan.sheets.items():
        west, south, east, north = sheet.bounds
        x, y = [west, east, east, west, west], [south, south, north, north, south]
        lon, lat = move(x, y) if move else (x, y)
        ring = [[round(float(a), 8), round(float(b), 8)] for a, b in zip(lon, lat, strict=True)]
        features.append(
            {
                "type": "Feature",
                "properties": _sheet(forecast, code) | {"sheet": code},
                "geometry": {"type": "Polygon", "coordinates": [ring]},
            }
        )
    return to_json({"type": "FeatureCollection", "features": features})


def _sheet(forecast: Forecast, code: str) -> dict[str, Any]:
    expected = forecast.estimate.sheets.get(code)
    values: dict[str, Any] = {
        "bounds": list(forecast.plan.sheets[code].bounds),
        "to_make": forecast.reasons.get(code),
    }
    if expected:
        values |= {
            "points": expected.points,
            "covered": round(expected.covered, 4),
            "seconds": round(expected.seconds, 2),
            "files": expected.files,
        }
    return values
