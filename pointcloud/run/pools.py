"""Where tasks run: in this process, on threads of it, or in processes of their own on this machine."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from pointcloud.io.las import ahead
from pointcloud.machine.offline import close_network

if TYPE_CHECKING:
    from concurrent.futures import ProcessPoolExecutor


class Pool(Protocol):
    """What the loop needs of a place to run tasks."""

    @property
    def slots(self) -> int:
        """Tasks worth having in flight at one time."""

    travels: bool
    """Whether what tasks are given and return goes from one process to another."""

    def submit(self, task: Callable[..., Any], /, *args: Any) -> Future[Any]:
        """Run a task and return its future."""

    def restart(self) -> None:
        """Begin anew after workers were lost."""

    def close(self, *, now: bool = False) -> None:
        """End; ``now`` drops what is in flight."""


class InlinePool:
    """Tasks run here, one at a time; inside them work goes to ``threads`` threads."""

    slots = 1
    travels = False

    def __init__(self, threads: int) -> None:
        self.executor: Executor | None = ThreadPoolExecutor(threads) if threads > 1 else None
        self.threads = threads

    def submit(self, task: Callable[..., Any], /, *args: Any) -> Future[Any]:
        """Run a task now."""
        future: Future[Any] = Future()
        try:
            future.set_result(task(*args, pool=self.executor, threads=self.threads))
        except Exception as error:
            future.set_exception(error)
        return future

    def restart(self) -> None:
        """Nothing to begin anew: no worker can be lost."""

    def close(self, *, now: bool = False) -> None:
        """End the threads."""
        if self.executor:
            self.executor.shutdown(wait=True, cancel_futures=now)


class ThreadPool:
    """Tasks run on threads of this process, ``jobs`` at a time, each on one core."""

    travels = False

    def __init__(self, jobs: int) -> None:
        self.slots = jobs
        self.executor = ThreadPoolExecutor(jobs)

    def submit(self, task: Callable[..., Any], /, *args: Any) -> Future[Any]:
        """Hand a task to the next free thread."""
        return self.executor.submit(task, *args)

    def restart(self) -> None:
        """Nothing to begin anew: no worker can be lost."""

    def close(self, *, now: bool = False) -> None:
        """End the threads; what is at work on them is waited for."""
        self.executor.shutdown(wait=True, cancel_futures=now)


class ProcessPool:
    """Tasks run in ``jobs`` processes, started afresh (never forked) and ending with this one."""

    travels = True

    def __init__(self, jobs: int) -> None:
        self.jobs = jobs
        self.slots = jobs + 1  # one waits, so that no worker does
        self.executor = self._start()

    def _start(self) -> ProcessPoolExecutor:
        import multiprocessing  # 10 ms that most runs do not need
        from concurrent.futures import ProcessPoolExecutor

        return ProcessPoolExecutor(
            self.jobs, mp_context=multiprocessing.get_context("spawn"), initializer=_begin_worker
        )

    def submit(self, task: Callable[..., Any], /, *args: Any) -> Future[Any]:
        """Send a task to a worker; if the pool has just broken, the future says so."""
        try:
            with _uninterrupted():  # a worker may be started here, and is to leave Ctrl-C to this process
                return self.executor.submit(task, *args)
        except BrokenExecutor as error:
            future: Future[Any] = Future()
            future.set_exception(error)
            return future

    def restart(self) -> None:
        """Replace all workers."""
        self.close(now=True)
        self.executor = self._start()

    def close(self, *, now: bool = False) -> None:
        """End the workers, at once: idle ones hold nothing, and would take long to free what they have compiled."""
        workers = list((self.executor._processes or {}).values())
        self.executor.shutdown(wait=False, cancel_futures=now)
        for worker in workers:
            worker.terminate()
        for worker in workers:
            worker.join()


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Hold Ctrl-C back for a moment; a process started in it never hears of one.

    Both are needed: the mask is what the process inherits, but another thread of this one may still take the signal,
    and Python would then raise in the main thread, amid the start of a worker.
    """
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "pthread_sigmask"):
        yield
        return
    heard: list[int] = []
    handler = signal.signal(signal.SIGINT, lambda number, _: heard.append(number))
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        signal.signal(signal.SIGINT, handler)
        if heard:
            raise KeyboardInterrupt


def _begin_worker() -> None:
    """Leave Ctrl-C to the parent, and end with it however it ends; make no request."""
    close_network()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    import multiprocessing
    from multiprocessing.connection import wait

    parent = multiprocessing.parent_process()
    assert parent is not None

    def follow() -> None:
        wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=follow, daemon=True).start()


@contextmanager
def opened(
    jobs: int,
    count: int,
    scheduler: str,
    shared: Path,
    *,
    threads: bool = False,
    warm: Callable[[], None] | None = None,
) -> Iterator[Pool]:
    """Yield the place to make so many items; at the end wait for it, or end it at once if anything was raised.

    Parameters
    ----------
    jobs, count : int
        Processes, or threads, at most; and items.
    scheduler : str
        Address of a Dask cluster to use instead; empty for none.
    shared : Path
        A folder that its workers must see.
    threads : bool
        Make items beside each other on threads of this process, not in processes of their own.
    warm : callable, optional
        Compiles the kernels on a machine of the cluster.

    Raises
    ------
    ClusterError
        If the cluster cannot be used.
    """
    pool = _open(jobs, count, scheduler, shared, threads, warm)
    try:
        yield pool
    except BaseException:
        pool.close(now=True)
        raise
    pool.close()


def _open(
    jobs: int, count: int, scheduler: str, shared: Path, threads: bool, warm: Callable[[], None] | None
) -> Pool:
    """Return the place to make so many items.

    That is the Dask cluster of ``scheduler``, if one is named; or threads, where they are wanted; or processes, where
    there are items enough to keep ``jobs`` of them busy; or else threads within an item. Only there is gone on with a
    file whose decoding was begun.
    """
    alone = not scheduler and not threads and (jobs == 1 or count < 2 * jobs)
    if not alone:
        ahead.give_up()
    if scheduler:
        from pointcloud.run.cluster import DaskPool

        return DaskPool(scheduler, shared, warm)
    if threads:
        return ThreadPool(jobs)
    return InlinePool(jobs) if alone else ProcessPool(jobs)
