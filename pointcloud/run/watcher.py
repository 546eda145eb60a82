"""Who is told how a run goes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from pointcloud.io.remark import Remark
from pointcloud.run.items import Work

_MOST_REMARKS = 5
"""Remarks of one kind that are shown one by one."""


class Watcher(Protocol):
    """Who is told how a run goes."""

    def planned(self, *, files: int, points: int, items: int, bad_files: Mapping[str, str]) -> None:
        """Hear what was handed in: files, points in them, what there is to make of them, files of no use and why."""

    def outstanding(self, works: Mapping[str, Work], kept: int) -> None:
        """Hear what is to be made of each item, and how many are there already."""

    def step(
        self, kind: str, key: str, weight: float, *, seconds: float = 0.0, why: str = "", result: str = ""
    ) -> None:
        """Hear of a step: a file was read (``reduce``) or is ``bad``, an item was made (``make``) or has ``failed``.

        ``make`` may come in ``part``s before. All weights sum to 1. ``seconds`` is what it took, ``why`` the reason of
        a failure, ``result`` what came of it in words.
        """

    def remark(self, remark: Remark) -> None:
        """Hear of something the user should know."""


class Quiet:
    """A watcher that says nothing."""

    def planned(self, *, files: int, points: int, items: int, bad_files: Mapping[str, str]) -> None:
        """Say nothing of what was handed in."""

    def outstanding(self, works: Mapping[str, Work], kept: int) -> None:
        """Say nothing of what is to be made."""

    def step(
        self, kind: str, key: str, weight: float, *, seconds: float = 0.0, why: str = "", result: str = ""
    ) -> None:
        """Say nothing of a step."""

    def remark(self, remark: Remark) -> None:
        """Say nothing that the user should know."""


def few_of_a_kind(remarks: Sequence[Remark]) -> Iterator[Remark]:
    """Yield the first remarks of each kind, and how many more there are: a delivery has thousands of files."""
    seen: dict[str, int] = {}
    for remark in remarks:
        seen[remark.message] = seen.get(remark.message, 0) + 1
        if seen[remark.message] <= _MOST_REMARKS:
            yield remark
    for message, count in seen.items():
        if count > _MOST_REMARKS:
            last = next(remark for remark in reversed(remarks) if remark.message == message)
            yield Remark.of("run.more_remarks", count=count - _MOST_REMARKS, last=last)
