"""The ready queue, with tasks that do nothing and workers that die at will."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Future
from typing import Any

import pytest

from pointcloud.run.loop import Task, run

NEEDS = {"NW": ["a", "b"], "NE": ["b", "c"], "SW": ["a", "d"], "SE": ["d", "e"]}


class Log:
    """Steps that note what they are told."""

    def __init__(self, raises: str = "") -> None:
        self.raises = raises
        self.calls: Counter[str] = Counter()
        self.held: set[str] = set()
        self.most = 0
        self.made_sheets: list[str] = []
        self.failures: dict[str, BaseException | None] = {}

    def task(self, kind: str, key: str) -> Task:
        def call() -> str:
            if key == self.raises:
                raise ValueError(key)
            return key

        return Task(kind, key, call, ())

    def reduce(self, file: str) -> Task:
        self.calls[file] += 1
        return self.task("reduce", file)

    def make(self, sheet: str) -> Task:
        assert set(NEEDS[sheet]) <= self.held | set(self.failures)
        return self.task("make", sheet)

    def reduced(self, file: str, result: Any) -> None:
        self.held.add(file)
        self.most = max(self.most, len(self.held))

    def made(self, sheet: str, result: Any) -> None:
        self.made_sheets.append(sheet)

    def failed(self, kind: str, key: str, error: BaseException | None) -> None:
        self.failures[key] = error

    def release(self, file: str) -> None:
        self.held.discard(file)


class Workers:
    """A pool whose tasks end when they are waited for; ``deaths`` says how often the worker on a task dies."""

    def __init__(self, slots: int, deaths: dict[str, int]) -> None:
        self.slots, self.deaths, self.restarts, self.broken = slots, Counter(deaths), 0, False
        self.runs: Counter[str] = Counter()

    def submit(self, task: Callable[..., Any], /, *args: Any) -> Future[Any]:
        future: Future[Any] = Future()
        key = task.__closure__[0].cell_contents  # type: ignore[attr-defined]
        self.runs[key] += 1
        if self.deaths[key] > 0:
            self.deaths[key] -= 1
            self.broken = True
        if self.broken:
            future.set_exception(BrokenExecutor())
            return future
        try:
            future.set_result(task(*args))
        except ValueError as error:
            future.set_exception(error)
        return future

    def restart(self) -> None:
        self.restarts += 1
        self.broken = False

    def close(self, *, now: bool = False) -> None:
        """Nothing to end."""


@pytest.mark.parametrize("slots", [1, 3])
def test_every_file_once_and_none_kept_longer_than_needed(slots: int) -> None:
    log = Log()
    run(list(NEEDS), NEEDS, log, Workers(slots, {}))
    assert sorted(log.made_sheets) == sorted(NEEDS)
    assert set(log.calls.values()) == {1}
    assert log.held == set()
    assert log.most <= 2 + slots
    assert log.failures == {}


@pytest.mark.parametrize("slots", [1, 3])
@pytest.mark.parametrize("key", ["a", "NW", "SE", "e"])
def test_a_worker_that_dies_once_changes_nothing(key: str, slots: int) -> None:
    """Also on the last task, which was in flight alone: it must be given its second try."""
    log, workers = Log(), Workers(slots, {key: 1})
    run(list(NEEDS), NEEDS, log, workers)
    assert sorted(log.made_sheets) == sorted(NEEDS)
    assert log.failures == {}
    assert workers.restarts == 1
    assert workers.runs[key] == 2


@pytest.mark.parametrize("slots", [1, 3])
@pytest.mark.parametrize("key", ["NW", "SE"])
def test_a_sheet_that_kills_every_worker_is_found(key: str, slots: int) -> None:
    log, workers = Log(), Workers(slots, {key: 99})
    run(list(NEEDS), NEEDS, log, workers)
    assert sorted(log.made_sheets) == sorted(set(NEEDS) - {key})
    assert log.failures == {key: None}
    assert workers.runs[key] == 2
    assert log.held == set()


@pytest.mark.parametrize("slots", [1, 3])
def test_a_file_that_kills_every_worker_is_found(slots: int) -> None:
    """Its sheets are asked for all the same: they say what they lack."""
    log, workers = Log(), Workers(slots, {"a": 99})
    run(list(NEEDS), NEEDS, log, workers)
    assert sorted(log.made_sheets) == sorted(NEEDS)
    assert log.failures == {"a": None}
    assert workers.runs["a"] == 2


@pytest.mark.parametrize("key", ["b", "SW"])
def test_a_task_that_raises_costs_itself_alone(key: str) -> None:
    log, workers = Log(raises=key), Workers(3, {})
    run(list(NEEDS), NEEDS, log, workers)
    assert isinstance(log.failures.pop(key), ValueError)
    assert log.failures == {}
    assert sorted(log.made_sheets) == sorted(set(NEEDS) - {key})
    assert workers.restarts == 0
    assert log.held == set()
