"""What looks wrong with a file and does not keep it from being read."""

from __future__ import annotations

from dataclasses import dataclass

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

    @property
    def values(self) -> dict[str, object]:
        """What the text names, by name."""
        return dict(self.items)

    def __str__(self) -> str:
        return say(self.message, **self.values)
