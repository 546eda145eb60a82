"""What happens in a run as JSON lines, for programs and for whoever looks for the reason afterwards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from pointcloud.errors import OutputError
from pointcloud.io.remark import Remark
from pointcloud.plaintext import to_json
from pointcloud.run.items import Work
from pointcloud.run.record import now
from pointcloud.run.watcher import Watcher


class Log:
    """A watcher that writes a line of each event, and passes it on to another.

    Every line is an object with ``time`` (UTC) and ``event``, and is written out at once, so that the file can be
    followed and holds everything up to a kill. An existing file is added to.

    Parameters
    ----------
    path : Path
    watcher : Watcher

    Raises
    ------
    OutputError
        If the file cannot be written.
    """

    def __init__(self, path: Path, watcher: Watcher) -> None:
        self.path, self.watcher = path, watcher
        try:
            # It may lie in the output folder, which a run makes later.
            path.parent.mkdir(parents=True, exist_ok=True)
            self.file = path.open("a", encoding="utf-8", newline="\n")
        except OSError as error:
            raise OutputError("run.log", path=path, cause=error.strerror) from error

    def __enter__(self) -> Log:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Write how the run ended."""
        self._write(
            "ended", how="done" if error is None else kind.__name__ if kind else "", why=str(error or "")
        )
        self.file.close()

    def _write(self, event: str, **values: object) -> None:
        line = to_json({"time": now(), "event": event, **values}, default=str)
        try:
            self.file.write(line + "\n")
            self.file.flush()
        except OSError as error:
            raise OutputError("run.log", path=self.path, cause=error.strerror) from error

    def planned(self, *, files: int, points: int, items: int, bad_files: Mapping[str, str]) -> None:
        """Write what was handed in."""
        self._write("planned", files=files, points=points, sheets=items, bad_files=bad_files)
        self.watcher.planned(files=files, points=points, items=items, bad_files=bad_files)

    def outstanding(self, works: Mapping[str, Work], kept: int) -> None:
        """Write how much of it is there already, and why the rest is not."""
        reasons = Counter(work.reason for work in works.values())
        self._write("outstanding", sheets=len(works), kept=kept, reasons=dict(reasons))
        self.watcher.outstanding(works, kept)

    def step(
        self, kind: str, key: str, weight: float, *, seconds: float = 0.0, why: str = "", result: str = ""
    ) -> None:
        """Write of a file or item that is done with."""
        more: dict[str, object] = {"seconds": round(seconds, 3)} if seconds else {}
        more |= {name: text for name, text in (("why", why), ("result", result)) if text}
        if kind != "part":
            self._write(kind, key=key, **more)
        self.watcher.step(kind, key, weight, seconds=seconds, why=why, result=result)

    def remark(self, remark: Remark) -> None:
        """Write of something the user should know."""
        self._write("remark", message=remark.message, text=str(remark))
        self.watcher.remark(remark)
