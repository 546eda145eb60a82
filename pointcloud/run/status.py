"""How a run goes or went, from the record alone: for a second terminal, or on Monday."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pointcloud.errors import ParameterError
from pointcloud.run.lock import is_locked
from pointcloud.run.record import FILE_NAME, Record


@dataclass(frozen=True)
class Status:
    """What is known of an output folder.

    Parameters
    ----------
    running : bool
        Whether a run is at work in it now.
    run : dict
        The last run; see :class:`pointcloud.run.record.Record`.
    rasters : dict of str to int
        Rasters by folder.
    states : dict of str to int
        Sheets by state: ``written`` if there is any raster of it, else ``empty``, ``sparse`` or ``beyond``.
    failures : dict of str to str
        Why sheets failed the last time, by code.
    bad_files : dict of str to str
        Why files of which sheets were to be made failed in the last run, by name.
    done : int
        Sheets that the last run has made, or that failed in it, and files that did.
    seconds : float
        That the last run has been at work, to its last sheet if it has ended.
    """

    running: bool
    run: dict[str, object]
    rasters: dict[str, int]
    states: dict[str, int]
    failures: dict[str, str]
    bad_files: dict[str, str]
    done: int
    seconds: float

    @property
    def planned(self) -> int:
        """Sheets that the last run had to make."""
        sheets = self.run.get("sheets", 0)
        return sheets if isinstance(sheets, int) else 0

    @property
    def left(self) -> float | None:
        """Seconds until the run will have ended, at the pace so far; ``None`` if it does not run or has just begun."""
        if not self.running or not self.done:
            return None
        return self.seconds / self.done * (self.planned - self.done)


def status(out: Path) -> Status:
    """Return how the last run in an output folder goes or went.

    Raises
    ------
    ParameterError
        If nothing was ever made in the folder.
    OutputError
        If its record cannot be read.
    """
    if not (out / FILE_NAME).exists():
        raise ParameterError("status.none", path=out)
    record = Record.load(out)
    if not record.run:
        raise ParameterError("status.none", path=out)
    running = is_locked(out)
    started = datetime.fromisoformat(record.run["started"])
    times = [
        finished
        for sheet in record.items.values()
        if sheet.made and (finished := datetime.fromisoformat(sheet.made["finished"])) >= started
    ]
    until = datetime.now(UTC) if running else max(times, default=started)
    states = Counter[str]()
    rasters = Counter[str]()
    for sheet in record.items.values():
        held = {raster.state for raster in sheet.rasters.values()}
        rasters.update(folder for folder, raster in sheet.rasters.items() if raster.state == "written")
        if held:
            states[next(state for state in ("written", "empty", "sparse", "beyond") if state in held)] += 1
    bad_files: dict[str, str] = record.run.get("failed", {})
    failures = {code: sheet.failure for code, sheet in sorted(record.items.items()) if sheet.failure}
    return Status(
        running,
        record.run,
        dict(sorted(rasters.items())),
        dict(states),
        failures,
        bad_files,
        len(times) + len(bad_files),
        (until - started).total_seconds(),
    )
