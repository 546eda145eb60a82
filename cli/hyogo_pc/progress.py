"""How a run goes, on stderr: a bar for a person at a terminal, plain lines in a batch file."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from pointcloud.messages import say

if TYPE_CHECKING:
    from click._termui_impl import ProgressBar

    from pointcloud.gridding.changes import Work
    from pointcloud.gridding.inventory import Inventory
    from pointcloud.gridding.plan import Plan
    from pointcloud.io.remark import Remark

_STEPS = 10_000


class Progress:
    """Tells a person what a run does and how long it will take."""

    def __init__(self, bar: ProgressBar[int] | None) -> None:
        self.bar = bar
        self.start = time.monotonic()
        self.share = 0.0
        self.shown = 0
        self.sheets = self.sheet = 0

    def planned(self, inventory: Inventory, plan: Plan) -> None:
        """Say what there is to do."""
        points = sum(source.header.count for source in inventory.sources)
        self._say(say("grid.planned", files=len(inventory.sources), points=points, sheets=len(plan.sheets)))

    def outstanding(self, works: Mapping[str, Work], kept: int) -> None:
        """Say how much of it is there already."""
        self.sheets = len(works)
        if kept:
            self._say(say("grid.kept", kept=kept, sheets=len(works)))

    def step(self, kind: str, key: str, weight: float, *, seconds: float = 0.0, why: str = "") -> None:
        """Move the bar, or print a line a sheet."""
        self.share += weight
        if self.bar:
            due = int(self.share * _STEPS)
            self.bar.update(due - self.shown)
            self.shown = due
            return
        if kind in ("make", "failed"):
            self.sheet += 1
            spent = time.monotonic() - self.start
            left = spent / max(self.share, 1e-9) * (1.0 - self.share)
            values = {"sheet": key, "done": self.sheet, "sheets": self.sheets, "left": clock(left)}
            done = kind == "make"
            self._say(say("grid.sheet_done", **values) if done else say("grid.sheet_failed", **values))

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
def open_progress() -> Iterator[Progress]:
    """Return the watcher of a run that suits where stderr goes."""
    if not sys.stderr.isatty():
        yield Progress(None)
        return
    with click.progressbar(length=_STEPS, label=say("grid.bar"), file=sys.stderr, show_eta=True) as bar:
        yield Progress(bar)


@contextmanager
def shares(label: str = "") -> Iterator[Callable[[str, float], None]]:
    """Show the share that is done: a bar for a person at a terminal, nothing in a batch file."""
    if not sys.stderr.isatty():
        yield lambda name, share: None
        return
    with click.progressbar(length=_STEPS, label=label or say("grid.bar"), file=sys.stderr) as bar:
        yield lambda name, share: bar.update(int(share * _STEPS) - bar.pos)
