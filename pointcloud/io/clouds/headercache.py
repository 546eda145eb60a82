"""Headers that were read before, by path, size and time: a delivery of thousands of files on a network drive takes
minutes to look at, texts of points hours, and is looked at again by every run."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pointcloud.doubt.columns import Columns
from pointcloud.geo.crs import SpatialReference
from pointcloud.io.archive import container
from pointcloud.io.cloudheader import CloudHeader
from pointcloud.io.clouds import pdal
from pointcloud.io.clouds.text import TextHeader
from pointcloud.io.clouds.textform import TextForm
from pointcloud.io.las.header import LasHeader
from pointcloud.io.las.laszip import LaszipRecord
from pointcloud.io.remark import Remark
from pointcloud.io.textlines import Layout
from pointcloud.machine.cachedir import cache_root
from pointcloud.plaintext import in_utf8
from pointcloud.textfile import parsed
from pointcloud.version import __version__

_TABLE = (
    "CREATE TABLE IF NOT EXISTS headers (path TEXT, kind TEXT, size INTEGER, modified_ns INTEGER, header TEXT,"
    " PRIMARY KEY (path, kind))"
)


def _fields() -> str:
    """Return a mark of what headers hold: one that was kept with other fields is read anew."""
    kinds = (LasHeader, TextHeader, pdal.PdalHeader)
    names = " ".join(name for kind in kinds for name in kind.__dataclass_fields__)
    return hashlib.sha256(names.encode()).hexdigest()[:8]


class HeaderCache:
    """Headers in a database of the user's cache folder; where none can be written, nothing is kept.

    Parameters
    ----------
    kind : str
        Tells headers apart that were read in different ways.
    """

    def __init__(self, kind: str) -> None:
        self.kind = f"{__version__} {_fields()} {kind}"
        self.held: dict[str, tuple[int, int, str]] = {}
        with suppress(sqlite3.Error, OSError), self._open() as database:
            rows = database.execute(
                "SELECT path, size, modified_ns, header FROM headers WHERE kind = ?", (self.kind,)
            )
            self.held = {path: (size, modified, header) for path, size, modified, header in rows}

    @staticmethod
    def _open() -> sqlite3.Connection:
        root = cache_root()
        root.mkdir(parents=True, exist_ok=True)
        path = root / "headers.sqlite"
        database = sqlite3.connect(path, timeout=5.0)
        try:
            database.execute(_TABLE)
        except sqlite3.OperationalError:  # locked, or no room
            raise
        except sqlite3.DatabaseError:  # damaged: begun anew
            database.close()
            path.unlink()
            database = sqlite3.connect(path, timeout=5.0)
            database.execute(_TABLE)
        return database

    def find(self, path: Path) -> CloudHeader | None:
        """Return the header of a file, if it was read before and the file has not changed since."""
        held = self.held.get(_key(path))
        if held is None:
            return None
        try:
            status = container(path).stat()
        except OSError:
            return None
        size, modified_ns, text = held
        if (status.st_size, status.st_mtime_ns) != (size, modified_ns):
            return None
        try:
            return _header(path, parsed(json.loads, text))
        except (ValueError, KeyError, TypeError, AttributeError):  # somebody else's
            return None

    def keep(self, headers: Iterable[CloudHeader]) -> None:
        """Hold on to headers for another run."""
        rows = [(_key(header.path), self.kind, *header.stamp, _text(header)) for header in headers]
        with suppress(sqlite3.Error, OSError), self._open() as database:
            database.executemany("INSERT OR REPLACE INTO headers VALUES (?, ?, ?, ?, ?)", rows)


def _key(path: Path) -> str:
    """Return what stands for a path: itself, or its bytes where they are no text."""
    text = str(path.resolve())
    return text if in_utf8(text) == text else os.fsencode(text).hex()


def _text(header: CloudHeader) -> str:
    return json.dumps(
        asdict(header), default=lambda value: value.hex() if isinstance(value, bytes) else str(value)
    )


def _header(path: Path, values: dict[str, Any]) -> CloudHeader:
    if "layout" in values:
        tuples = {name: tuple(values[name]) for name in ("scales", "mins", "maxs")}
        tuples["warnings"] = _remarks(path, values["warnings"])
        form = values["form"]
        columns = Columns(tuple(form["columns"]["names"]), form["columns"]["how"])
        forms = {
            "layout": Layout(**values["layout"]),
            "form": TextForm(**{**form, "columns": columns, "words": tuple(form["words"])}),
        }
        return TextHeader(**{**values, **tuples, **forms, "path": path})
    crs = values["crs"]
    tuples = {name: tuple(values[name]) for name in ("scales", "mins", "maxs")}
    warnings = _remarks(path, values["warnings"])
    reference = SpatialReference(**crs) if crs else None
    common = {**values, **tuples, "path": path, "crs": reference, "warnings": warnings}
    if "stages" in values:
        return pdal.PdalHeader(**common)
    laszip = values["laszip"]
    packing = LaszipRecord(**{**laszip, "data": bytes.fromhex(laszip["data"])}) if laszip else None
    tuples = {name: tuple(values[name]) for name in ("version", "offsets")}
    return LasHeader(**{**common, **tuples, "laszip": packing})


def _remarks(path: Path, kept: Iterable[dict[str, Any]]) -> tuple[Remark, ...]:
    return tuple(
        Remark(
            each["message"], tuple((name, path if name == "path" else value) for name, value in each["items"])
        )
        for each in kept
    )
