"""How a run goes, on stderr: a bar for a person at a terminal, plain lines in a batch file."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from pointcloud.messages import say

if TYPE_CHECKING:
    from click._termui_impl import ProgressBar

    from pointcloud.io.remark import Remark
    from pointcloud.run.items import Work

_STEPS = 10_000


@dataclass(frozen=True)
class Lines:
    """What a command says while it is at work, by names of the catalogue; empty for nothing.

    Parameters
    ----------
    made, failed : str
        Of an item, where there is no bar.
    kept : str
        What is there already.
    planned : str
        What was handed in.
    bar : str
        What stands before a bar at a terminal.
    always : bool
        Say what is there already even if it is nothing.
    needs_result : bool
        Say nothing of an item of which nothing came.
    """

    made: str
    failed: str
    kept: str
    planned: str = ""
    bar: str = ""
    always: bool = False
    needs_result: bool = False


GRID = Lines("grid.sheet_done", "grid.sheet_failed", "grid.kept", "grid.planned", "grid.bar")


class Progress:
    """Tells a person what a run does and how long it will take.

    Parameters
    ----------
    bar : ProgressBar, optional
        Shown instead of lines.
    lines : Lines
        What a command says.
    """

    def __init__(self, bar: ProgressBar[int] | None, lines: Lines) -> None:
        self.bar, self.lines = bar, lines
        self.start = time.monotonic()
        self.share = 0.0
        self.shown = 0
        self.count = self.ended = 0

    def planned(self, *, files: int, points: int, items: int, bad_files: Mapping[str, str]) -> None:
        """Say what was handed in."""
        if self.lines.planned:
            self._say(say(self.lines.planned, files=files, points=points, sheets=items))

    def outstanding(self, works: Mapping[str, Work], kept: int) -> None:
        """Say how much of it is there already."""
        self.count = len(works)
        if kept or self.lines.always:
            self._say(say(self.lines.kept, kept=kept, sheets=len(works)))

    def step(
        self, kind: str, key: str, weight: float, *, seconds: float = 0.0, why: str = "", result: str = ""
    ) -> None:
        """Move the bar, or print a line an item."""
        self.share += weight
        if self.bar:
            due = int(self.share * _STEPS)
            self.bar.update(due - self.shown)
            self.shown = due
            return
        if kind in ("make", "failed"):
            self.ended += 1
            spent = time.monotonic() - self.start
            left = spent / max(self.share, 1e-9) * (1.0 - self.share)
            line = self.lines.made if kind == "make" else self.lines.failed
            if line and (result or not self.lines.needs_result or kind == "failed"):
                values = {"sheet": key, "done": self.ended, "sheets": self.count, "left": clock(left)}
                self._say(say(line, **values, result=result))

    def remark(self, remark: Remark) -> None:
        """Say what the user should know."""
        self._say(say("grid.warning", text=remark))

    def _say(self, text: str) -> None:
        _beside_bar(text)


def warn(text: object) -> None:
    """Say what the user should know, at once and whether or not a bar is shown."""
    _beside_bar(say("grid.warning", text=text))


def _beside_bar(text: str) -> None:
    if sys.stderr.isatty():
        click.echo("\r\x1b[K", err=True, nl=False)
    click.echo(text, err=True)


def clock(seconds: float) -> str:
    """Return a duration as hours, minutes and seconds."""
    minutes, rest = divmod(round(max(seconds, 0.0)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}"


@contextmanager
def open_progress(lines: Lines) -> Iterator[Progress]:
    """Return the watcher of a run that suits where stderr goes."""
    if not (lines.bar and sys.stderr.isatty()):
        yield Progress(None, lines)
        return
    with click.progressbar(length=_STEPS, label=say(lines.bar), file=sys.stderr, show_eta=True) as bar:
        yield Progress(bar, lines)


@contextmanager
def shares(label: str = "") -> Iterator[Callable[[str, float], None]]:
    """Show the share that is done: a bar for a person at a terminal, nothing in a batch file."""
    if not sys.stderr.isatty():
        yield lambda name, share: None
        return
    with click.progressbar(length=_STEPS, label=label or say("grid.bar"), file=sys.stderr) as bar:
        yield lambda name, share: bar.update(int(share * _STEPS) - bar.pos)
