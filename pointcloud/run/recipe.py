"""What a command adds to the engine: its items, what each needs, and how each is made."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from pointcloud.io.remark import Remark
from pointcloud.run.changes import Changes
from pointcloud.run.items import InputFile, Item, Made, Work
from pointcloud.run.loop import Task
from pointcloud.run.publish import Publisher
from pointcloud.run.report import Report


class Recipe:
    """What a command adds to the engine; see :func:`pointcloud.run.engine.fill`.

    Parameters
    ----------
    out : Path
        The output folder.
    report : Report
        What comes of the run.
    """

    uniform = True
    """Whether all files of a folder are made with the same parameters, others being refused; or each with its own."""

    lists_files = False
    """Whether the record of the run lists files that could not be used, for ``status``."""

    guarded = False
    """Whether files that the record does not know are kept, being somebody's own."""

    where: Literal["processes", "threads"] = "processes"
    """Where items are made beside each other on this machine."""

    facts: Mapping[str, str] = {}
    """What the user states of the files."""

    def __init__(self, out: Path, report: Report) -> None:
        self.out, self.report = out, report

    def parameters(self) -> Mapping[str, Mapping[str, object]]:
        """Return by folder what all its files depend on besides their inputs; none if only their content tells."""
        return {}

    def items(self, changes: Changes, publisher: Publisher) -> Sequence[Item]:
        """Return all items, those that are there included, neighbours close together.

        Where only their content tells what items become, the record is asked what the same files became before.
        """
        raise NotImplementedError

    def inputs(self, item: Item, folder: str) -> Sequence[InputFile]:
        """Return the files that could decide what an item's file in a folder holds."""
        raise NotImplementedError

    def needs(self, item: Item, folders: Collection[str]) -> tuple[str, ...]:
        """Return the keys of the files to read before these files of an item are made."""
        return ()

    def begin(self, works: Mapping[str, Work], scratch: Path, *, travels: bool) -> None:
        """Hear what there is to make, of the scratch folder, and whether things travel between processes."""

    def remarks(self, works: Mapping[str, Work]) -> Sequence[Remark]:
        """Return what to say before anything is made."""
        return ()

    def warm(self, tell: Callable[[Remark], None]) -> None:
        """Compile the kernels, before several processes would each do it."""

    @property
    def warmer(self) -> Callable[[], None] | None:
        """What does the same on another machine."""
        return None

    def read(self, file: str) -> Task:
        """Return the task that reads a file."""
        raise NotImplementedError

    def took(self, file: str, result: Any) -> tuple[str, Sequence[Remark]]:
        """Take what a file was read to; return its SHA-256, and what the user should know."""
        raise NotImplementedError

    def release(self, file: str) -> None:
        """Let go of what a file was read to: no item needs it any more."""

    def culprit(self, work: Work, bad: Collection[str]) -> str | None:
        """Return the name of a bad file without which an item must not be made."""
        return next((Path(key).name for key in work.needs if key in bad), None)

    def make(self, work: Work) -> Task:
        """Return the task that makes an item; every file that it needs has been read or is bad."""
        raise NotImplementedError

    def made(self, work: Work, made: Made, bad: Collection[str]) -> str:
        """Take note of what was made and published; return it in words, if there is more to say than the label."""
        return ""

    def news(self, remarks: Sequence[Remark]) -> Sequence[Remark]:
        """Return what of a worker's remarks has not been said yet."""
        return remarks

    def label(self, file: str) -> str:
        """Return what people are told of a file."""
        return Path(file).name

    def weight(self, kind: str, key: str, count: int) -> float:
        """Return the share of a file or an item in the work on ``count`` items; all sum to 1."""
        return 0.0 if kind in ("reduce", "bad") else 1.0 / count

    def finish(self, publisher: Publisher, tell: Callable[[Remark], None]) -> None:
        """Write what stands for all: mosaics, pictures; ``tell`` hears of what the user should know."""
