"""What looks wrong with a file and does not keep it from being read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pointcloud.doubt.verdict import Grade, Verdict
from pointcloud.messages import say


@dataclass(frozen=True, slots=True)
class Remark:
    """A message of the catalogue with its values, put into words only when shown: ``str(remark)``.

    Parameters
    ----------
    message : str
        Name of a catalogue message (``topic.name``).
    items : tuple of (name, value)
        What the text names.
    """

    message: str
    items: tuple[tuple[str, object], ...]

    @classmethod
    def of(cls, message: str, /, **values: object) -> Remark:
        """Return the remark with these values."""
        return cls(message, tuple(values.items()))

    @classmethod
    def of_verdicts(
        cls, verdicts: Iterable[Verdict], path: object, least: Grade = Grade.WARNED
    ) -> tuple[Remark, ...]:
        """Return what was found of a file, from a grade on: what is only noted is for those who look at it closely."""
        return tuple(cls.of(v.message, path=path, **v.values) for v in verdicts if v.grade >= least)

    @property
    def values(self) -> dict[str, object]:
        """What the text names, by name."""
        return dict(self.items)

    def __str__(self) -> str:
        return say(self.message, **self.values)
