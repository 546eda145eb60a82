"""Which files of an output folder were classified there: those that may be replaced."""

from __future__ import annotations

from pointcloud.classification.worker import FOLDER
from pointcloud.run.record import Record
from pointcloud.textfile import read_json

OLD_LIST = "hyogo-pc-classified.json"
"""What 0.1.0 wrote instead of a record: by name, the sizes that a file may have."""


def is_foreign(name: str, record: Record) -> bool:
    """Return whether a file of this name stands in the output folder that was not classified there.

    After a run that was cut off a file may be its, though not recorded: that shows when it is made again.
    """
    target = record.out / name
    if not target.exists() or record.run.get("ended_as", "done") != "done":
        return False
    size, item = target.stat().st_size, record.items.get(name)
    raster = item.rasters.get(FOLDER) if item else None
    return not (raster and raster.size == size) and not is_listed(name, record)


def is_listed(name: str, record: Record) -> bool:
    """Return whether 0.1.0 made the file of this name that stands in the output folder."""
    try:
        found = read_json(record.out / OLD_LIST)
        return (record.out / name).stat().st_size in [int(size) for size in found[name]]
    except (OSError, ValueError, KeyError, TypeError, ArithmeticError):
        return False
