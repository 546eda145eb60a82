"""Where tasks run past one machine: on the workers of a Dask cluster.

Each task is sent to a worker by name, and to no other. Dask by itself would send the tasks of a dead worker to the
next one, three times over, so that one sheet too large for the memory could take several workers with it; here they
are reported lost, and the loop that all pools share tries them once more, one at a time. Only paths and figures travel.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import BrokenExecutor, Future
from pathlib import Path
from typing import Any

from pointcloud.errors import ClusterError
from pointcloud.machine.offline import close_network
from pointcloud.version import __version__

_LOOK = 0.5  # seconds between two looks at which workers live
_PATIENCE = 120.0  # seconds to wait for a first or a new worker
_CONNECT = 15


def probe(out: str, token: str) -> tuple[str, bool]:
    """Return, on a worker, the version of this package there and whether it sees and can write the output folder.

    From here on the worker makes no request.
    """
    close_network()
    try:
        seen = (Path(out) / token).read_text(encoding="utf-8") == token
        mine = Path(out) / f"{token}.{uuid.uuid4().hex}"
        mine.touch()
        mine.unlink()
    except OSError:
        return __version__, False
    return __version__, seen


class DaskPool:
    """Tasks run on the workers of a Dask cluster, as many at a time on each as it has threads.

    Parameters
    ----------
    address : str
        Of the scheduler: ``tcp://host:8786``.
    shared : Path
        A folder that every worker must see under the same path, and be able to write.
    warm : callable, optional
        Compiles the kernels of the run; called on a worker of each machine before any begins.
    patience : float
        Seconds to wait for a worker where there is none.

    Raises
    ------
    ClusterError
        If the scheduler does not answer, no worker comes, or one has another version or does not see the folder.
    """

    travels = True

    def __init__(
        self, address: str, shared: Path, warm: Callable[[], None] | None, *, patience: float = _PATIENCE
    ) -> None:
        try:
            from distributed import Client
        except ImportError:
            raise ClusterError("run.no_dask") from None
        self.address, self.shared, self.warm, self.patience = address, shared, warm, patience
        try:
            self.client = Client(address, timeout=_CONNECT, set_as_default=False)
        except (OSError, ValueError, TimeoutError) as error:
            raise ClusterError("run.no_scheduler", address=address, cause=error) from None
        self.threads: dict[str, int] = {}
        self.flying: dict[Future[Any], tuple[str, Any]] = {}
        self.guard = threading.RLock()
        self.closed = threading.Event()
        self.refused: dict[str, str] = {}
        self._wait_for_workers()
        self.watch = threading.Thread(target=self._watch, daemon=True)
        self.watch.start()

    @property
    def slots(self) -> int:
        """Threads of all workers, those that come later too, and one task more for each, so that none waits."""
        return max(1, sum(self.threads.values()) + len(self.threads))

    def submit(self, task: Callable[..., Any], /, *args: Any) -> Future[Any]:
        """Send a task to the worker with the most idle threads."""
        future: Future[Any] = Future()
        future.set_running_or_notify_cancel()
        with self.guard:
            worker = self._idlest()
            if worker is None:
                future.set_exception(BrokenExecutor("no worker"))
                return future
            try:
                remote = self.client.submit(
                    task,
                    *args,
                    workers=[worker],
                    allow_other_workers=False,
                    pure=False,
                    retries=0,
                    key=f"{getattr(task, '__name__', 'task')}-{uuid.uuid4().hex}",
                )
            except Exception as error:
                raise ClusterError("run.scheduler_lost", address=self.address, cause=error) from error
            self.flying[future] = worker, remote
        remote.add_done_callback(lambda done: self._take(future, done))
        return future

    def _idlest(self) -> str | None:
        load = dict.fromkeys(self.threads, 0)
        for worker, _ in self.flying.values():
            if worker in load:
                load[worker] += 1
        return max(load, key=lambda worker: self.threads[worker] - load[worker], default=None)

    def _take(self, future: Future[Any], remote: Any) -> None:
        """Hand on what came of a task.

        A result still lies with its worker, and if that dies before it is fetched Dask waits for ever for another
        one: until then the task counts as in flight, and :meth:`_look` takes it back, which ends the waiting.
        """
        status, result, error = remote.status, None, None
        try:
            if status == "finished":
                result = remote.result()
            elif status == "error":
                error = remote.exception()
        except Exception:  # whatever the fetching raises when it was taken back
            status = "lost"
        with self.guard:
            if self.flying.pop(future, None) is None:
                return  # its worker was given up before
        if status == "finished":
            future.set_result(result)
        elif error is not None and type(error).__name__ not in ("KilledWorker", "NoWorkerError"):
            future.set_exception(error)
        else:
            future.set_exception(BrokenExecutor(status))

    def _watch(self) -> None:
        """Look who lives, as long as the pool is in use; report what the dead had in hand as lost."""
        while not self.closed.wait(_LOOK):
            try:
                self._look()
            except ClusterError as error:
                self._fail_all(error)
                return

    def _look(self) -> None:
        if self.client.status != "running":
            raise ClusterError("run.scheduler_lost", address=self.address, cause=self.client.status)
        try:
            living: Mapping[str, Mapping[str, Any]] = self.client.scheduler_info(n_workers=-1)["workers"]
        except Exception as error:  # whatever its connections raise when the other side is gone
            raise ClusterError("run.scheduler_lost", address=self.address, cause=error) from error
        known = {*self.threads, *self.refused}
        self._welcome([worker for worker in living if worker not in known], living)
        with self.guard:
            for worker in [worker for worker in self.threads if worker not in living]:
                del self.threads[worker]
            lost = [(future, remote) for future, (w, remote) in self.flying.items() if w not in self.threads]
            for future, _ in lost:
                del self.flying[future]
        for future, remote in lost:
            remote.cancel()
            future.set_exception(BrokenExecutor("worker lost"))

    def _welcome(self, new: list[str], living: Mapping[str, Mapping[str, Any]]) -> None:
        """Take in workers that fit."""
        if not new:
            return
        token = f"probe-{uuid.uuid4().hex}"
        path = self.shared / token
        path.write_text(token, encoding="utf-8")
        try:
            answers = self.client.run(probe, str(self.shared), token, workers=new, on_error="return")
        finally:
            path.unlink(missing_ok=True)
        unfit = {worker: why for worker, answer in answers.items() if (why := self._unfit(answer))}
        self.refused |= {worker: f"{worker}: {why}" for worker, why in unfit.items()}
        fit = [worker for worker in answers if worker not in unfit]
        hosts = {str(living[worker]["host"]): worker for worker in fit}
        if hosts and self.warm:  # the workers of a machine share what one of them compiles
            self.client.run(self.warm, workers=list(hosts.values()), on_error="return")
        with self.guard:
            self.threads |= {worker: int(living[worker]["nthreads"]) for worker in fit}

    def _unfit(self, answer: object) -> str:
        """Return why a worker that gave this answer to :func:`probe` cannot be used; nothing if it can."""
        if not isinstance(answer, tuple):
            return str(answer)
        version, sees = answer
        if version != __version__:
            return f"hyogo-pc {version}"
        return "" if sees else str(self.shared)

    def _wait_for_workers(self) -> None:
        start = time.monotonic()
        while True:
            self._look()
            if self.threads:
                return
            if self.refused or time.monotonic() - start > self.patience:
                self.client.close()
                raise ClusterError(
                    "run.no_worker",
                    address=self.address,
                    why=next(reversed(self.refused.values()), "-"),
                    out=self.shared,
                    version=__version__,
                )
            time.sleep(_LOOK)

    def _fail_all(self, error: ClusterError) -> None:
        with self.guard:
            flying, self.flying = list(self.flying), {}
            self.threads = {}
        for future in flying:
            future.set_exception(error)

    def restart(self) -> None:
        """Wait until there is a worker again."""
        self._wait_for_workers()

    def close(self, *, now: bool = False) -> None:
        """Let go of the cluster; ``now`` takes back what is in flight."""
        self.closed.set()
        with self.guard:
            flying, self.flying = dict(self.flying), {}
        if now:
            for _, remote in flying.values():
                remote.cancel(force=True)
        self.client.close()
