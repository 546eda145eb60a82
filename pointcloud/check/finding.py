"""What a check has found: values, which terminal, page and JSON put into words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

from pointcloud.doubt.verdict import Grade, Verdict
from pointcloud.errors import HyogoError
from pointcloud.io.remark import Remark
from pointcloud.messages import say


class Severity(IntEnum):
    """How bad a finding is.

    ``NOTE``: as it may well be, but good to know; ``WARNING``: to be looked at before the data are used; ``ERROR``:
    the data cannot be used as they are.
    """

    NOTE = 0
    WARNING = 1
    ERROR = 2

    @property
    def label(self) -> str:
        """Its name in the language in use."""
        return say(f"check.severity_{self.name.lower()}")


_NOTES = frozenset({"file.trailing", "file.legacy_count", "textgrid.nodes", "crs.mixed", "textgrid.repeated"})
_ERRORS = frozenset(
    {"crs.swapped", "crs.swapped_sheet", "crs.degrees", "crs.feet", "crs.missing", "crs.unit"}
)
_ADVICE = {
    "file.box_large": "check.advise_header",
    "file.box_zero": "check.advise_header",
    "file.returns": "check.advise_header",
    "file.trailing": "check.advise_header",
    "file.legacy_count": "check.advise_header",
    "file.no_points": "check.advise_again",
    "file.crs_disagree": "check.advise_crs",
    "file.crs_long": "check.advise_crs",
    "file.crs_not_utf8": "check.advise_crs",
    "file.crs_unusable": "check.advise_crs",
    "file.crs_keys": "check.advise_crs",
    "file.crs_user_defined": "check.advise_crs",
    "file.crs_unit": "check.advise_crs",
    "file.crs_height": "check.advise_crs",
    "file.crs_height_unit": "check.advise_crs",
    "textgrid.repeated": "check.advise_rows",
    "textgrid.other_cell": "check.advise_name",
    "textgrid.nodes": "check.advise_nodes",
    "geotiff.world_differs": "check.advise_world",
}
"""What to do about remarks of the readers whose own text does not say it."""


@dataclass(frozen=True)
class Finding:
    """One thing found.

    Parameters
    ----------
    severity : Severity
    code : str
        Name of a message of the catalogue, which stays the same from version to version.
    subject : str
        File (as it was found), or sheet, or what else it is about; empty for the delivery as a whole.
    items : tuple of (name, value)
        The figures.
    """

    severity: Severity
    code: str
    subject: str
    items: tuple[tuple[str, object], ...] = ()

    @classmethod
    def of(cls, severity: Severity, code: str, subject: str | Path = "", /, **values: object) -> Finding:
        """Return the finding with these figures."""
        return cls(severity, code, str(subject), tuple(values.items()))

    @property
    def values(self) -> dict[str, object]:
        """The figures, by name."""
        return dict(self.items)

    def __str__(self) -> str:
        """What is the matter, and what to do next."""
        text = say(self.code, **{"subject": self.subject} | self.values)
        return f"{text} {say(_ADVICE[self.code])}" if self.code in _ADVICE else text


def of_remark(remark: Remark, subject: str | Path) -> Finding:
    """Return what a reader remarked about a file."""
    name = remark.message
    grade = Severity.ERROR if name in _ERRORS else Severity.NOTE if name in _NOTES else Severity.WARNING
    return Finding(grade, name, str(subject), remark.items)


def of_verdict(verdict: Verdict, subject: str | Path) -> Finding:
    """Return what speaks against what a file states."""
    grade = {Grade.NOTED: Severity.NOTE, Grade.WARNED: Severity.WARNING, Grade.REFUSED: Severity.ERROR}
    items = ("path", Path(subject).name), *verdict.items
    return Finding(grade[verdict.grade], verdict.message, str(subject), items)


def of_error(error: HyogoError, subject: str | Path) -> Finding:
    """Return why a file cannot be used."""
    return Finding(Severity.ERROR, error.message, str(subject), tuple(error.values.items()))


def worst(findings: Iterable[Finding]) -> Severity:
    """Return the highest severity, ``NOTE`` if there is nothing."""
    return max((finding.severity for finding in findings), default=Severity.NOTE)
