"""What relief maps add to the engine: DEM files, each with the terrain around it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, cast

from pointcloud.io import put
from pointcloud.io.dems.dem import DemFile, Terrain
from pointcloud.io.guard import open_input
from pointcloud.io.remark import Remark
from pointcloud.params.grid import ALGORITHM
from pointcloud.relief_maps.request import ReliefRequest
from pointcloud.relief_maps.worker import ReliefJob, halo, make_maps
from pointcloud.run.changes import Changes
from pointcloud.run.items import InputFile, Item, Work
from pointcloud.run.loop import Task
from pointcloud.run.publish import Publisher
from pointcloud.run.recipe import Recipe
from pointcloud.run.report import Report

_VOID = "dem.all_void"


class ReliefRecipe(Recipe):
    """DEM files; what lies around each within the reach of its styles decides its maps too.

    Parameters
    ----------
    request : ReliefRequest
    report : Report
    files : sequence of DemFile
        All of one lattice.
    targets : mapping
        The final name of each style of each file.
    terrain : Terrain
        All files.
    tell : callable
        Hears of a file at work and what more of all is done, where the work is done in this process.
    """

    uniform = False

    def __init__(
        self,
        request: ReliefRequest,
        report: Report,
        files: Sequence[DemFile],
        targets: Mapping[tuple[Path, str], Path],
        terrain: Terrain,
        tell: Callable[[str, float], None],
    ) -> None:
        super().__init__(request.out, report)
        self.request, self.facts, self.targets, self.tell = request, request.facts, targets, tell
        self.files = {str(file.path): file for file in files}
        self.near = {key: terrain.around(file, halo(request, file)) for key, file in self.files.items()}
        self.parts = {str(part): _file(part) for file in files for part in file.parts}
        self.told: dict[str, float] = {}
        self.said: set[tuple[str, object]] = set()
        self.void: list[str] = []

    def parameters(self) -> Mapping[str, Mapping[str, object]]:
        """Return what the maps of each style depend on besides the heights."""
        request = self.request
        common = {"numbers": request.numbers, "nodata": request.nodata, "crs": request.crs_wkt}
        return {
            style.upper(): {
                "algorithm": ALGORITHM[cast("Any", style)],
                **asdict(cast("Any", params)),
                **common,
            }
            for style, params in request.styles.items()
        }

    def items(self, changes: Changes, publisher: Publisher) -> Sequence[Item]:
        """Return the files."""
        return [
            Item(
                key=key,
                label=file.path.name,
                code=file.path.name,
                bounds=file.bounds,
                outputs={style.upper(): self.targets[file.path, style].name for style in self.request.styles},
            )
            for key, file in self.files.items()
        ]

    def inputs(self, item: Item, folder: str) -> Sequence[InputFile]:
        """Return the files that hold the heights of a DEM and of what is around it."""
        parts = dict.fromkeys(part for file in self.near[item.key] for part in file.parts)
        return [self.parts[str(part)] for part in parts]

    def needs(self, item: Item, folders: Collection[str]) -> tuple[str, ...]:
        """Return the files whose hash must be known."""
        return tuple(file.key for file in self.inputs(item, ""))

    def begin(self, works: Mapping[str, Work], scratch: Path, *, travels: bool) -> None:
        """Hear what there is to make."""
        self.scratch, self.travels = scratch, travels
        self.cells = sum(self._size(key) for key in works)

    def _size(self, key: str) -> int:
        return self.files[key].rows * self.files[key].cols

    def read(self, file: str) -> Task:
        """Return the task that takes the hash of a file."""
        return Task("reduce", file, hash_file, (Path(file),))

    def took(self, file: str, result: str) -> tuple[str, Sequence[Remark]]:
        """Take the hash of a file."""
        return result, ()

    def make(self, work: Work) -> Task:
        """Return the task that makes the maps of a file."""
        key = work.item.key
        file = self.files[key]
        targets = {
            style: self.targets[file.path, style]
            for style in self.request.styles
            if style.upper() in work.folders
        }
        tell = None if self.travels else partial(self._part, key)
        job = ReliefJob(self.request, file, tuple(self.near[key]), targets, self.scratch, tell)
        return Task("make", key, make_maps, (job,))

    def _part(self, key: str, share: float) -> None:
        """Pass on that some more of a file is done."""
        more = share - self.told.get(key, 0.0)
        self.told[key] = share
        self.tell(self.files[key].path.name, more * self._size(key) / self.cells)

    def weight(self, kind: str, key: str, count: int) -> float:
        """Return the share of a file in all cells, less what was told of it before."""
        if kind in ("reduce", "bad"):
            return 0.0
        return (1.0 - self.told.get(key, 0.0)) * self._size(key) / self.cells

    def news(self, remarks: Sequence[Remark]) -> Sequence[Remark]:
        """Return each mark of nodata once; files without heights are told of together, at the end."""
        found = []
        for remark in remarks:
            if remark.message == _VOID:
                self.void.append(str(remark.values["path"]))
                continue
            kind = remark.message, remark.values.get("mark")
            if kind not in self.said:
                self.said.add(kind)
                found.append(remark)
        return found

    def finish(self, publisher: Publisher, tell: Callable[[Remark], None]) -> None:
        """Tell of files that hold no height."""
        if self.void:
            more = f" (+{len(self.void) - 1})" if len(self.void) > 1 else ""
            tell(Remark.of(_VOID, path=f"{self.void[0]}{more}"))


def hash_file(path: Path, *, pool: Executor | None = None, threads: int = 1) -> str:
    """Return the SHA-256 of a file.

    Raises
    ------
    FileError
        If it cannot be read.
    """
    with open_input(path):
        return put.digest(path)


def _file(part: Path) -> InputFile:
    status = part.stat()
    return InputFile(str(part), part.name, status.st_size, status.st_mtime_ns, partial(hash_file, part))
