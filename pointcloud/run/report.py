"""What came of a run."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from pointcloud.io.remark import Remark
from pointcloud.messages import say


@dataclass
class Report:
    """What came of a run.

    Parameters
    ----------
    out : Path
    written : list of Path
        Files under their final names.
    kept : int
        Items that were there already, as they would be made now.
    nothing : bool
        Whether no file is there in the end, made now or before: all that was given is void, say.
    failed : dict of str to str
        Items that could not be made, and why.
    bad_files : dict of str to str
        Files that could not be used, by path, and why.
    mosaics, pictures : list of Path
        Written for looking at everything at once.
    reference : Remark, optional
        How the heights compare with a reference, if there is one.
    seconds : float
    peak : int
        Most memory that any process held, in bytes.
    """

    out: Path
    written: list[Path] = field(default_factory=list)
    kept: int = 0
    nothing: bool = False
    failed: dict[str, str] = field(default_factory=dict)
    bad_files: dict[str, str] = field(default_factory=dict)
    mosaics: list[Path] = field(default_factory=list)
    pictures: list[Path] = field(default_factory=list)
    reference: Remark | None = None
    seconds: float = 0.0
    peak: int = 0

    @property
    def ok(self) -> bool:
        """Whether everything that was asked for is there."""
        return not self.failed and not self.bad_files

    @property
    def figures(self) -> dict[str, str]:
        """What there is to say in figures, by name, in words."""
        return {
            say("page.made"): f"{len(self.written):,}",
            say("page.kept"): f"{self.kept:,}",
            say("page.memory"): f"{self.peak / 2**20:,.0f} MiB",
        }
