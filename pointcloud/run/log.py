"""What happens in a run as JSON lines, for programs and for whoever looks for the reason afterwards."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from pointcloud.errors import OutputError
from pointcloud.gridding.changes import Work
from pointcloud.gridding.inventory import Inventory
from pointcloud.gridding.plan import Plan
from pointcloud.gridding.request import Watcher
from pointcloud.io.remark import Remark
from pointcloud.run.record import now


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
        line = json.dumps({"time": now(), "event": event, **values}, ensure_ascii=False, default=str)
        try:
            self.file.write(line + "\n")
            self.file.flush()
        except OSError as error:
            raise OutputError("run.log", path=self.path, cause=error.strerror) from error

    def planned(self, inventory: Inventory, plan: Plan) -> None:
        """Write what there is to do."""
        points = sum(source.header.count for source in inventory.sources)
        bad = {str(bad.path): str(bad.error) for bad in inventory.bad}
        self._write(
            "planned", files=len(inventory.sources), points=points, sheets=len(plan.sheets), bad_files=bad
        )
        self.watcher.planned(inventory, plan)

    def outstanding(self, works: Mapping[str, Work], kept: int) -> None:
        """Write how much of it is there already, and why the rest is not."""
        reasons = Counter(work.reason for work in works.values())
        self._write("outstanding", sheets=len(works), kept=kept, reasons=dict(reasons))
        self.watcher.outstanding(works, kept)

    def step(self, kind: str, key: str, weight: float, *, seconds: float = 0.0, why: str = "") -> None:
        """Write of a file or sheet that is done with."""
        more: dict[str, object] = {"seconds": round(seconds, 3)} if seconds else {}
        if why:
            more["why"] = why
        self._write(kind, key=key, **more)
        self.watcher.step(kind, key, weight, seconds=seconds, why=why)

    def remark(self, remark: Remark) -> None:
        """Write of something the user should know."""
        self._write("remark", message=remark.message, text=str(remark))
        self.watcher.remark(remark)
