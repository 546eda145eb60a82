"""Every raster against its record: whether the folder still holds what was made."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from pointcloud.errors import OutputError, ParameterError
from pointcloud.io import put
from pointcloud.io.archive import open_inputs
from pointcloud.run.record import FILE_NAME, Record

_READERS = 4


@dataclass
class Verdict:
    """What was found.

    Parameters
    ----------
    rasters : int
        Rasters that the record names.
    missing, altered : list of str
        Those that are not there, and those whose content is another, by their path in the folder.
    unknown : list of str
        Rasters in the product folders that the record does not name.
    inputs_missing, inputs_altered : list of str
        Inputs of which the same was found; only where inputs were given.
    inputs : int
        Inputs that the record names, if they were looked at.
    """

    rasters: int = 0
    missing: list[str] = field(default_factory=list)
    altered: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    inputs: int = 0
    inputs_missing: list[str] = field(default_factory=list)
    inputs_altered: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether everything is as it was recorded."""
        return not (
            self.missing or self.altered or self.unknown or self.inputs_missing or self.inputs_altered
        )


def verify(out: Path, inputs: Sequence[str] = (), *, step: Callable[[], None] = lambda: None) -> Verdict:
    """Compare every raster of an output folder, and inputs if they are given, with the record.

    Parameters
    ----------
    out : Path
    inputs : sequence of str
        Files, folders or patterns that hold what the rasters were made from.
    step : callable
        Called after each file that was read.

    Raises
    ------
    ParameterError
        If nothing was ever made in the folder, or an input is missing.
    OutputError
        If the record cannot be read.
    """
    if not (out / FILE_NAME).exists():
        raise ParameterError("status.none", path=out)
    record = Record.load(out)
    verdict = Verdict()
    expected = dict(_rasters(record))
    verdict.rasters = len(expected)

    def look(item: tuple[Path, tuple[int, str]]) -> tuple[str, str]:
        path, (size, sha256) = item
        try:
            if path.stat().st_size == size and put.digest(path) == sha256:
                return "", ""
        except FileNotFoundError:
            return "missing", path.relative_to(out).as_posix()
        except OSError as error:
            raise OutputError("run.record", path=path, cause=error.strerror) from None
        return "altered", path.relative_to(out).as_posix()

    with ThreadPoolExecutor(_READERS) as pool:
        for kind, name in pool.map(look, expected.items()):
            if kind:
                getattr(verdict, kind).append(name)
            step()
    folders = {path.parent for path in expected} | {out / folder for folder in record.parameters}
    for folder in sorted(folders - {out}):  # what else lies in the output folder itself is nobody's claim
        for path in sorted(folder.glob("*.tif")):
            if path not in expected:
                verdict.unknown.append(path.relative_to(out).as_posix())
    if inputs:
        _verify_inputs(record, inputs, verdict, step)
    return verdict


def _rasters(record: Record) -> Iterator[tuple[Path, tuple[int, str]]]:
    """Yield the path, size and hash of every raster in a record."""
    for code, sheet in record.items.items():
        for folder, raster in sheet.rasters.items():
            if raster.state == "written":
                yield record.path(folder, code), (raster.size, raster.sha256)


def _verify_inputs(record: Record, inputs: Sequence[str], verdict: Verdict, step: Callable[[], None]) -> None:
    """Look for every input that the record names among the files that are given."""
    named = {
        (each.name, each.sha256)
        for sheet in record.items.values()
        for raster in sheet.rasters.values()
        for each in raster.inputs
        if each.sha256
    }
    verdict.inputs = len(named)
    found: dict[str, set[str]] = {}
    wanted = {name for name, _ in named}
    with open_inputs(inputs) as given:
        for member in given.members:
            called = wanted & {member.name, member.label}
            if called:
                found.setdefault(called.pop(), set()).add(member.digest())
                step()
    for name, sha256 in sorted(named):
        if name not in found:
            verdict.inputs_missing.append(name)
        elif sha256 not in found[name]:
            verdict.inputs_altered.append(name)
