"""The ready queue: files are reduced just before a sheet needs them, and let go after the last that does.

The loop knows which sheet needs which file and nothing else of either. A task that raises costs its file or sheet.
A worker that dies costs what was in flight one retry each, one at a time, so that the culprit is found.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait
from dataclasses import dataclass, field
from typing import Any, Protocol

from pointcloud.errors import ClusterError
from pointcloud.run.pools import Pool


@dataclass(frozen=True)
class Task:
    """A call to make for a file or a sheet."""

    kind: str
    key: str
    call: Callable[..., Any]
    args: tuple[Any, ...]


class Steps(Protocol):
    """What the loop asks for, and tells."""

    def reduce(self, file: str) -> Task:
        """Return the task that reduces a file."""

    def make(self, sheet: str) -> Task:
        """Return the task that makes a sheet; every file that it needs has been reduced or has failed."""

    def reduced(self, file: str, result: Any) -> None:
        """Take what a file was reduced to."""

    def made(self, sheet: str, result: Any) -> None:
        """Take what was made of a sheet."""

    def failed(self, kind: str, key: str, error: BaseException | None) -> None:
        """Take note that a file or sheet failed; no error means that its worker died."""

    def release(self, file: str) -> None:
        """Let a file's reduction go: no sheet needs it any more."""


@dataclass
class _State:
    needs: dict[str, set[str]]
    """What each sheet still waits for."""
    waiting: deque[str]
    users: dict[str, list[str]]
    """The sheets that need a file."""
    left: dict[str, int]
    """How many of them are not made yet."""
    todo: set[str] = field(default_factory=set)
    suspects: deque[Task] = field(default_factory=deque)
    flying: dict[Future[Any], Task] = field(default_factory=dict)
    alone: bool = False
    """Whether what is in flight is a suspect."""


def run(sheets: Sequence[str], needs: Mapping[str, Sequence[str]], steps: Steps, pool: Pool) -> None:
    """Make every sheet, in order as far as the pool allows.

    Parameters
    ----------
    sheets : sequence of str
        Neighbours should stand close together, so that few reductions are kept at a time.
    needs : mapping of str to sequence of str
        The files that each sheet needs.
    steps : Steps
    pool : Pool
    """
    users: dict[str, list[str]] = {}
    for sheet in sheets:
        for file in needs[sheet]:
            users.setdefault(file, []).append(sheet)
    left = {file: len(by) for file, by in users.items()}
    state = _State({sheet: set(needs[sheet]) for sheet in sheets}, deque(sheets), users, left, set(users))
    while state.waiting or state.flying or state.suspects:
        _launch(state, steps, pool)
        done, _ = wait(state.flying, return_when=FIRST_COMPLETED)
        lost = [task for future in done if (task := _collect(future, state, needs, steps))]
        if lost:
            lost += [task for future in list(state.flying) if (task := _lose(future, state, needs, steps))]
            if state.alone:  # for the second time
                _settle(lost[0], state)
                steps.failed(lost[0].kind, lost[0].key, None)
                _release(lost[0], state, needs, steps)
            else:
                state.suspects.extend(lost)
            pool.restart()


def _launch(state: _State, steps: Steps, pool: Pool) -> None:
    """Put tasks in flight, one alone while there are suspects."""
    if state.suspects:
        if not state.flying:
            suspect, state.alone = state.suspects.popleft(), True
            state.flying[pool.submit(suspect.call, *suspect.args)] = suspect
        return
    state.alone = False
    while len(state.flying) < pool.slots and (task := _next(state, steps)):
        state.flying[pool.submit(task.call, *task.args)] = task


def _next(state: _State, steps: Steps) -> Task | None:
    """Return the first sheet that is ready, or else the first file that the first sheets wait for."""
    for sheet in state.waiting:
        if not state.needs[sheet]:
            state.waiting.remove(sheet)
            return steps.make(sheet)
        files = sorted(state.needs[sheet] & state.todo)
        if files:
            state.todo.discard(files[0])
            return steps.reduce(files[0])
    return None


def _collect(
    future: Future[Any], state: _State, needs: Mapping[str, Sequence[str]], steps: Steps
) -> Task | None:
    """Take the result of a future; return its task if its worker was lost."""
    task = state.flying.pop(future)
    error = future.exception()
    if isinstance(error, BrokenExecutor):
        return task
    if isinstance(error, ClusterError):
        raise error
    _settle(task, state)
    if error is not None:
        steps.failed(task.kind, task.key, error)
    elif task.kind == "reduce":
        steps.reduced(task.key, future.result())
    else:
        steps.made(task.key, future.result())
    _release(task, state, needs, steps)
    return None


def _lose(
    future: Future[Any], state: _State, needs: Mapping[str, Sequence[str]], steps: Steps
) -> Task | None:
    """Take what was still in flight when the pool broke: done in time, or lost with the rest."""
    wait([future])
    return _collect(future, state, needs, steps)


def _settle(task: Task, state: _State) -> None:
    """A file is no longer waited for, whether it was reduced or failed."""
    if task.kind == "reduce":
        for sheet in state.users[task.key]:
            state.needs[sheet].discard(task.key)


def _release(task: Task, state: _State, needs: Mapping[str, Sequence[str]], steps: Steps) -> None:
    """Let go of the files that only this sheet still needed."""
    if task.kind == "make":
        for file in needs[task.key]:
            state.left[file] -= 1
            if state.left[file] == 0:
                steps.release(file)
