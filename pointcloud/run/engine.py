"""The one way to fill an output folder: what is missing is made, published, recorded; what is there stays."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from pointcloud.errors import OutputError
from pointcloud.io import put
from pointcloud.run.changes import Changes
from pointcloud.run.items import Work
from pointcloud.run.lock import locked
from pointcloud.run.loop import run
from pointcloud.run.owner import Owner
from pointcloud.run.pools import opened
from pointcloud.run.publish import Publisher
from pointcloud.run.recipe import Recipe
from pointcloud.run.record import Record
from pointcloud.run.watcher import Watcher, few_of_a_kind

_SCRATCH = ".scratch"


@dataclass(frozen=True)
class Folder:
    """An output folder that this process alone is at work in: its record, and a place for files in the making."""

    out: Path
    record: Record
    scratch: Path


@contextmanager
def held(out: Path) -> Iterator[Folder]:
    """Hold an output folder, free of what dead runs left, and leave nothing private in it.

    A run that has begun in it is recorded as ended, however it ends.

    Raises
    ------
    OutputError
        If it cannot be written, its record not be read, or another run is at work in it.
    """
    with locked(out):
        record = Record.load(out)
        scratch = _clean(out)
        try:
            yield Folder(out, record, scratch)
        except BaseException as error:
            if record.at_work:
                with suppress(OutputError):  # the disk may be full
                    record.end("stopped" if isinstance(error, KeyboardInterrupt) else "failed")
            raise
        finally:
            _sweep(out)
            shutil.rmtree(out / _SCRATCH, ignore_errors=True)


def fill(
    recipe: Recipe, folder: Folder, watcher: Watcher, *, jobs: int, scheduler: str = "", redo: bool = False
) -> None:
    """Make every item that is not there yet as it would be made now, then what stands for all.

    Parameters
    ----------
    recipe : Recipe
    folder : Folder
    watcher : Watcher
    jobs : int
        Processes, or threads where there are few items.
    scheduler : str
        Address of a Dask scheduler whose workers do the work instead; empty for none.
    redo : bool
        Give up files that were made with other parameters.

    Raises
    ------
    ParameterError
        If the folder holds files made with other parameters, and they are not to be given up.
    OutputError
        If it cannot be written. What was finished stays.
    ClusterError
        If the cluster cannot be used.
    KeyboardInterrupt
        If the user ends it; items in flight are dropped, finished ones stay.
    """
    record = folder.record
    publisher = Publisher(record, recipe.facts, guarded=recipe.guarded)
    works = outstanding(recipe, record, publisher, redo=redo)
    record.start(len(works))
    watcher.outstanding(works, recipe.report.kept)
    for remark in few_of_a_kind(recipe.remarks(works)):
        watcher.remark(remark)
    if works:
        recipe.warm(watcher.remark)
    owner = Owner(recipe, works, publisher, folder.scratch, watcher)
    owner.list_failures()
    threads = recipe.where == "threads"
    with opened(jobs, len(works), scheduler, folder.scratch, threads=threads, warm=recipe.warmer) as pool:
        recipe.begin(works, folder.scratch, travels=pool.travels)
        run(list(works), {key: work.needs for key, work in works.items()}, owner, pool)
    owner.require_folder()
    record.settle(publisher.touched | set(recipe.parameters()), uniform=recipe.uniform)
    recipe.report.nothing = not record.holds_files
    recipe.finish(publisher, watcher.remark)
    record.end("done")


def outstanding(recipe: Recipe, record: Record, publisher: Publisher, *, redo: bool) -> dict[str, Work]:
    """Return what is to be made, by the keys of items; what is there stays, and keeps its name. Nothing is written.

    Raises
    ------
    ParameterError
        As `fill` does.
    """
    record.begin(recipe.parameters(), redo=redo or not recipe.uniform)
    changes = Changes(record, recipe.facts)
    items = recipe.items(changes, publisher)
    works = changes.outstanding(items, recipe)
    recipe.report.kept = len(items) - len(works)
    publisher.touched |= {folder for item in items if item.key not in works for folder in item.outputs}
    return works


def _clean(out: Path) -> Path:
    """Return a new folder for files in the making, after removing what dead runs left.

    It has a name of its own in each run: a worker of a dead run may still be writing to the last one.
    """
    scratch = out / _SCRATCH / secrets.token_hex(4)
    try:
        _sweep(out)
        shutil.rmtree(out / _SCRATCH, ignore_errors=True)
        scratch.mkdir(parents=True)
    except OSError as error:
        raise OutputError("run.out", path=out, cause=error.strerror) from error
    return scratch


def _sweep(out: Path) -> None:
    """Remove the private files of this run, when its workers are no more, and those of runs before."""
    with suppress(OSError):  # the folder may be gone
        for folder in (out, *(path for path in out.iterdir() if path.is_dir())):
            put.sweep(folder, own=True)
