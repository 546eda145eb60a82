"""Errors for people: each carries a message of the catalogue, its values, and an exit code."""

from __future__ import annotations

from pointcloud.messages import say


class HyogoError(Exception):
    """The root of every error this package raises on purpose.

    Parameters
    ----------
    message : str
        Name of a catalogue message (``topic.name``).
    **values
        What the text names: file or sheet, the values at fault.
    """

    exit_code = 1

    def __init__(self, message: str, /, **values: object) -> None:
        super().__init__(message)
        self.message = message
        self.values = values

    def __str__(self) -> str:
        return say(self.message, **self.values)

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.message, self.values)


def _rebuild(kind: type[HyogoError], message: str, values: dict[str, object]) -> HyogoError:
    return kind(message, **values)


class ParameterError(HyogoError, ValueError):
    """An option or argument that cannot be used, alone or beside the others."""

    exit_code = 2


class CrsError(HyogoError):
    """A coordinate reference system that is missing, unusable, or at odds with the coordinates."""

    exit_code = 2


class GroundError(HyogoError):
    """No ground points where ground was asked for."""

    exit_code = 2


class FileError(HyogoError):
    """An input that is missing, unreadable, damaged, or not what its header says."""


class OutputError(HyogoError):
    """An output that could not be written."""


class DataWarning(UserWarning):
    """Data that are read all the same, but may not be what they seem; its text is of the catalogue."""


class ClusterError(HyogoError):
    """A Dask cluster that cannot be reached, has no workers that fit, or was lost."""
