"""What there is to say against a statement, and how bad it is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from pointcloud.errors import CrsError, FileError, HyogoError
from pointcloud.messages import say


class Grade(IntEnum):
    """How bad it is.

    ``NOTED``: good to know. ``WARNED``: likely wrong, said once. ``REFUSED``: what were made of it would be wrong.
    """

    NOTED = 0
    WARNED = 1
    REFUSED = 2


@dataclass(frozen=True, slots=True)
class Verdict:
    """One thing that speaks against what a file states.

    Parameters
    ----------
    grade : Grade
    message : str
        Name of a message of the catalogue (``doubt.name``): what is wrong, where, and what to do next. Every one of
        them names the file as ``path``.
    items : tuple of (name, value)
        What the text names besides.
    system : bool
        Whether it is about the coordinate reference system: refused files then end the run, as wrong usage does,
        because each other file would be refused for the same reason.
    """

    grade: Grade
    message: str
    items: tuple[tuple[str, object], ...] = ()
    system: bool = False

    @classmethod
    def of(cls, grade: Grade, message: str, /, *, system: bool = False, **values: object) -> Verdict:
        """Return the verdict with these values."""
        return cls(grade, message, tuple(values.items()), system)

    @property
    def values(self) -> dict[str, object]:
        """What the text names, by name."""
        return dict(self.items)

    def text(self, path: object) -> str:
        """Return it in words, in the language in use."""
        return say(self.message, path=path, **self.values)

    def error(self, path: object) -> HyogoError:
        """Return the error that a refused file ends in."""
        kind = CrsError if self.system else FileError
        return kind(self.message, path=path, **self.values)


def require(verdicts: Iterable[Verdict], path: object) -> list[Verdict]:
    """Return verdicts that do not forbid to use a file.

    Raises
    ------
    FileError, CrsError
        For the first of those that do.
    """
    kept = []
    for verdict in verdicts:
        if verdict.grade is Grade.REFUSED:
            raise verdict.error(path)
        kept.append(verdict)
    return kept
