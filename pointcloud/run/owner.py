"""The owner of a run: hands out tasks, and takes what comes of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pointcloud.errors import FileError, HyogoError, OutputError
from pointcloud.io import put
from pointcloud.io.remark import Remark
from pointcloud.run.entries import Input
from pointcloud.run.items import Made, Work
from pointcloud.run.loop import Task
from pointcloud.run.publish import Publisher, recorded
from pointcloud.run.recipe import Recipe
from pointcloud.run.watcher import Watcher


class Owner:
    """What the loop asks for and tells; see :class:`pointcloud.run.loop.Steps`.

    Parameters
    ----------
    recipe : Recipe
    works : mapping of str to Work
        What is to be made, by the keys of items.
    publisher : Publisher
    scratch : Path
        A folder of this run in the output folder.
    watcher : Watcher
    """

    def __init__(
        self, recipe: Recipe, works: Mapping[str, Work], publisher: Publisher, scratch: Path, watcher: Watcher
    ) -> None:
        self.recipe, self.works, self.publisher = recipe, works, publisher
        self.scratch, self.watcher, self.report = scratch, watcher, recipe.report
        self.hashes: dict[str, str] = {}
        self.bad: set[str] = set()

    def reduce(self, file: str) -> Task:
        """Return the task that reads a file."""
        return self.recipe.read(file)

    def make(self, item: str) -> Task:
        """Return the task that makes an item, or that says which bad file forbids it."""
        work = self.works[item]
        task = self.recipe.make(work)
        culprit = self.recipe.culprit(work, self.bad)
        return Task("make", item, _refuse, (culprit,)) if culprit else task

    def reduced(self, file: str, result: Any) -> None:
        """Take what a file was read to."""
        try:
            self.hashes[file], remarks = self.recipe.took(file, result)
        except OSError:
            self.require_folder()
            raise
        for remark in remarks:
            self.watcher.remark(remark)
        self._step("reduce", file, seconds=getattr(result, "seconds", 0.0))

    def made(self, item: str, result: Made) -> None:
        """Give an item's files their final names, and record them."""
        self.require_folder()
        work = self.works[item]
        try:
            self.report.written += self.publisher.publish(work, result, self._inputs(work))
        except HyogoError as error:
            self.failed("make", item, error)
            return
        for remark in self.recipe.news(result.remarks):
            self.watcher.remark(remark)
        words = self.recipe.made(work, result, self.bad)
        self.report.peak = max(self.report.peak, result.peak)
        self._step("make", item, seconds=result.seconds, result=words)

    def _inputs(self, work: Work) -> dict[str, tuple[Input, ...]]:
        """Return the files that could decide what an item's files hold, by folder, as the record names them."""
        found: dict[str, tuple[Input, ...]] = {}
        for folder in work.folders:
            near = self.recipe.inputs(work.item, folder)
            inputs = (recorded(file, self.hashes.get(file.key)) for file in near)
            found[folder] = tuple(sorted(inputs, key=lambda each: (each.name, each.ground, each.size)))
        return found

    def require_folder(self) -> None:
        """Stop the run if the output folder is no longer the one it began in, lest it end well without its files.

        Staging makes folders that are missing, so a drive that was unplugged would not be noticed.

        Raises
        ------
        OutputError
            If it is gone.
        """
        if not self.scratch.is_dir():
            raise OutputError("output.folder_gone", path=self.recipe.out)

    def failed(self, kind: str, key: str, error: BaseException | None) -> None:
        """Take note of a file or item that failed.

        Raises
        ------
        OutputError
            If every other would fail as well: the disk is full, say.
        """
        if error is not None and put.hopeless(error):
            raise error
        if kind == "reduce":
            text = why(error, key)
            self.bad.add(key)
            self.report.bad_files[key] = text
            self._step("bad", key, why=text)
            return
        work = self.works[key]
        text = why(error, work.item.label)
        self.report.failed[key] = text
        if work.item.code:
            self.publisher.fail(work, text)
        self._step("failed", key, why=text)

    def _step(self, kind: str, key: str, *, seconds: float = 0.0, why: str = "", result: str = "") -> None:
        file = kind in ("reduce", "bad")
        if kind in ("bad", "failed"):
            self.list_failures()
        label = self.recipe.label(key) if file else self.works[key].item.label
        weight = self.recipe.weight(kind, key, len(self.works))
        self.watcher.step(kind, label, weight, seconds=seconds, why=why, result=result)

    def list_failures(self) -> None:
        """Let ``status`` tell of what no item stands for."""
        listed = dict(self.report.bad_files) if self.recipe.lists_files else {}
        listed |= {
            key: text
            for key, text in self.report.failed.items()
            if key not in self.works or not self.works[key].item.code
        }
        if listed:
            self.publisher.record.run["failed"] = listed
            self.publisher.record.save()

    def release(self, file: str) -> None:
        """Let go of what a file was read to."""
        self.recipe.release(file)


def why(error: BaseException | None, what: str) -> str:
    """Return in one line why a task failed; no error means that its worker died."""
    if error is None:
        return str(Remark.of("run.worker_lost", what=Path(what).name))
    if isinstance(error, HyogoError):
        return str(error)
    return f"{type(error).__name__}: {error}".splitlines()[0]


def _refuse(culprit: str, **_: object) -> Made:
    """Stand for an item that must not be made because a file of it is bad."""
    raise FileError("run.sheet_lacks", file=culprit)
