"""What a file holds, in parts that can be compared one by one: pixels, tags, texts, values."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import laspy
import numpy as np
import numpy.typing as npt
import pikepdf
import rasterio
import texts
from PIL import Image

CONSOLE = ".console"
"""Ending of the files that hold what a command printed, and its exit code."""

Parts = dict[str, Any]
"""By name, arrays or anything that knows ``==``. A list is one of lines."""


@dataclass(frozen=True)
class Kind:
    """How files of a suffix are read.

    Parameters
    ----------
    word : str
        What is said to differ where parts that are no arrays do.
    read : callable
        (path, places) -> parts
    timed : bool
        Whether the bytes of two runs of one state may differ, for the times in them.
    """

    word: str
    read: Callable[[Path, texts.Places], Parts]
    timed: bool = False


def raster(path: Path, _: texts.Places) -> Parts:
    """Return profile, tags, bands and overviews of a raster."""
    with rasterio.open(path) as file:
        parts = {f"profile {key}": repr(value) for key, value in file.profile.items()}
        parts |= {"colours": file.colorinterp, "bands": file.descriptions, "units": file.units}
        parts |= {"scales": file.scales, "offsets": file.offsets, "mask": file.mask_flag_enums}
        for namespace in ("", *(name for name in file.tag_namespaces() if name != "DERIVED_SUBDATASETS")):
            parts |= {f"tag {namespace} {key}": text for key, text in file.tags(ns=namespace or None).items()}
        for band in range(1, file.count + 1):
            for namespace in ("", *file.tag_namespaces(band)):
                tags = file.tags(band, ns=namespace or None)
                parts |= {f"tag of band {band} {namespace} {key}": text for key, text in tags.items()}
        levels = file.overviews(1)
        parts["overviews"] = levels
        parts["pixels"] = file.read()
    for number, level in enumerate(levels):
        with rasterio.open(path, overview_level=number) as file:
            parts[f"pixels 1:{level}"] = file.read()
    return parts


def picture(path: Path, _: texts.Places) -> Parts:
    """Return what a PNG or JPEG states, and its pixels."""
    with Image.open(path) as image:
        parts = {f"info {key}": repr(value) for key, value in image.info.items()}
        return parts | {"mode": image.mode, "pixels": np.asarray(image)}


def cloud(path: Path, _: texts.Places) -> Parts:
    """Return header, records and points of a LAS or LAZ file."""
    with laspy.open(path) as file:
        header = file.header
        points = file.read_points(-1).array
    parts: Parts = {
        "version": str(header.version),
        "scales and offsets": (header.scales.tolist(), header.offsets.tolist()),
        "box": (header.mins.tolist(), header.maxs.tolist()),
        "returns": header.number_of_points_by_return.tolist(),
        "software": (header.system_identifier, header.generating_software, str(header.creation_date)),
        "encoding": header.global_encoding.value,
    }
    for number, record in enumerate(header.vlrs):
        parts[f"record {number}"] = (record.user_id, record.record_id, bytes(record.record_data_bytes()))
    return parts | {f"points {name}": points[name] for name in points.dtype.names}


def document(path: Path, _: texts.Places) -> Parts:
    """Return the objects of a PDF: streams decoded, pictures as they are."""
    parts: Parts = {}
    with pikepdf.open(path) as file:
        for number, thing in enumerate(file.objects):
            if isinstance(thing, pikepdf.Stream):
                coded = thing.get("/Filter") == pikepdf.Name.DCTDecode
                parts[f"stream {number}"] = thing.read_raw_bytes() if coded else thing.read_bytes()
            else:
                parts[f"object {number}"] = thing.unparse()
    return parts


def database(path: Path, places: texts.Places) -> Parts:
    """Return the statements that make a GeoPackage again, without times."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as base:
        return {"text": [line for sql in base.iterdump() for line in texts.lines(sql, places)]}


def plain(path: Path, places: texts.Places) -> Parts:
    """Return the lines of a text."""
    return {"text": texts.lines(path.read_text(encoding="utf-8"), places)}


def printed(path: Path, places: texts.Places) -> Parts:
    """Return what a command printed: values if it is JSON, else lines."""
    text = path.read_text(encoding="utf-8")
    try:
        return texts.flat(texts.values(text, places))
    except ValueError:
        return {"text": texts.console(text, places)}


def record(path: Path, places: texts.Places) -> Parts:
    """Return the values in a JSON file."""
    return texts.flat(texts.values(path.read_text(encoding="utf-8"), places))


def log(path: Path, places: texts.Places) -> Parts:
    """Return the events of a log."""
    return {"text": texts.events(path.read_text(encoding="utf-8"), places)}


_RASTER = Kind("tags", raster)
_PICTURE = Kind("tags", picture)
_CLOUD = Kind("tags", cloud)
_TEXT = Kind("text", plain)

KINDS: Mapping[str, Kind] = {
    ".tif": _RASTER,
    ".png": _PICTURE,
    ".jpg": _PICTURE,
    ".las": _CLOUD,
    ".laz": _CLOUD,
    ".pdf": Kind("objects", document),
    ".gpkg": Kind("text", database, timed=True),
    ".json": Kind("values", record, timed=True),
    ".geojson": Kind("values", record, timed=True),
    ".log": Kind("events", log, timed=True),
    ".html": Kind("text", plain, timed=True),
    CONSOLE: Kind("text", printed, timed=True),
} | dict.fromkeys((".csv", ".dxf", ".pgw", ".qml", ".svg", ".toml", ".txt", ".vrt"), _TEXT)
"""By suffix. Files of others are compared by their bytes alone."""


def first_difference(before: npt.NDArray[Any], now: npt.NDArray[Any]) -> str:
    """Return where two arrays differ first, in how many places, and by what; empty if they do not. NaN is NaN."""
    if before.shape != now.shape or before.dtype != now.dtype:
        return f"{before.shape} {before.dtype}, now {now.shape} {now.dtype}"
    floats = before.dtype.kind == "f"
    same = (before == now) | ((before != before) & (now != now)) if floats else before == now
    if same.all():
        return ""
    places = np.argwhere(~same)
    at = tuple(places[0].tolist())
    index = ", ".join(map(str, at))
    return f"{len(places):,} of {same.size:,}, first [{index}]: {before[at]}, now {now[at]}"
