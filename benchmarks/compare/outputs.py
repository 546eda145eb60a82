"""Two folders of outputs, file by file: the same bytes, the same content, or what differs."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from contents import KINDS, Parts, first_difference
from texts import Places

EQUAL, TIMES, BYTES, ONLY_BEFORE, ONLY_NOW = "equal", "times", "bytes", "only before", "only now"
"""Verdicts; others name the parts that differ. ``times``: the bytes differ for times alone, where times are written.
``bytes``: they differ though all that is read from them is the same."""

SHOWN = 110
"""Letters of a value that are shown."""


@dataclass(frozen=True)
class Verdict:
    """How one output differs.

    Parameters
    ----------
    name : str
    what : str
        One of the verdicts above, or the parts that differ: ``pixels, tags``.
    first : str
        The first difference.
    """

    name: str
    what: str
    first: str = ""

    @property
    def harmless(self) -> bool:
        """Whether a reshaping may leave this behind."""
        return self.what in (EQUAL, TIMES)


@dataclass
class Comparison:
    """All outputs of one command."""

    name: str
    verdicts: list[Verdict] = field(default_factory=list)

    @property
    def harmless(self) -> bool:
        """Whether nothing differs that may not."""
        return all(verdict.harmless for verdict in self.verdicts)

    def row(self) -> tuple[str, int, int, int, int, int]:
        """Return the name, and how many outputs there are, equal, with other times, different, only on one side."""
        count = Counter(verdict.what for verdict in self.verdicts)
        alone = count[ONLY_BEFORE] + count[ONLY_NOW]
        total = len(self.verdicts)
        different = total - count[EQUAL] - count[TIMES] - alone
        return self.name, total, count[EQUAL], count[TIMES], different, alone


def compare_folders(
    name: str, before: Path, now: Path, places_before: Places | None = None, places_now: Places | None = None
) -> Comparison:
    """Compare all files in two folders, hidden ones too."""
    files = [_files(before), _files(now)]
    comparison = Comparison(name)
    for relative in sorted(files[0] | files[1]):
        if relative not in files[1]:
            verdict = Verdict(relative, ONLY_BEFORE)
        elif relative not in files[0]:
            verdict = Verdict(relative, ONLY_NOW)
        else:
            what, first = compare_files(
                before / relative, now / relative, places_before or {}, places_now or {}
            )
            verdict = Verdict(relative, what, first)
        comparison.verdicts.append(verdict)
    return comparison


def compare_files(before: Path, now: Path, places_before: Places, places_now: Places) -> tuple[str, str]:
    """Return the verdict on two files, and their first difference."""
    bytes_before, bytes_now = before.read_bytes(), now.read_bytes()
    if bytes_before == bytes_now:
        return EQUAL, ""
    where = next(
        (at for at, (b, n) in enumerate(zip(bytes_before, bytes_now, strict=False)) if b != n),
        min(len(bytes_before), len(bytes_now)),
    )
    in_bytes = f"{len(bytes_before):,} bytes, now {len(bytes_now):,}; first at {where:,}"
    kind = KINDS.get(before.suffix.lower())
    if kind is None:
        return BYTES, in_bytes
    try:
        parts = kind.read(before, places_before), kind.read(now, places_now)
    except Exception as error:  # a damaged output is a difference too, whatever its library raises
        return BYTES, f"{in_bytes}; not read: {type(error).__name__}: {error}"
    differences = compare_parts(*parts)
    if differences:
        arrays = [name for name in differences if isinstance(parts[0].get(name), np.ndarray)]
        words = [] if not arrays else ["points" if arrays[0].startswith("points") else "pixels"]
        if len(arrays) < len(differences):
            words.append(kind.word)
        (name, first), *others = differences.items()
        more = [other for other, _ in others]
        also = f"; also {_short(', '.join(more))}" if more else ""
        return ", ".join(words), f"{name}: {first}{also}"
    return (TIMES, "") if kind.timed else (BYTES, in_bytes)


def compare_parts(before: Parts, now: Parts) -> dict[str, str]:
    """Return the parts that differ, and how."""
    found = {}
    for name in dict.fromkeys((*before, *now)):
        if name not in now:
            found[name] = f"{_short(before[name])}, now missing"
        elif name not in before:
            found[name] = f"missing, now {_short(now[name])}"
        elif difference := _difference(before[name], now[name]):
            found[name] = difference
    return found


def _difference(before: Any, now: Any) -> str:
    if isinstance(before, np.ndarray) and isinstance(now, np.ndarray):
        return first_difference(before, now)
    if type(before) is type(now) and before == now:
        return ""
    if isinstance(before, list) and isinstance(now, list):
        for number, (old, new) in enumerate(zip(before, now, strict=False)):
            if old != new:
                return f"[{number}] {_short(old)}, now {_short(new)}"
        number = min(len(before), len(now))
        longer = before if len(before) > number else now
        return f"{len(before)} lines, now {len(now)}; the first more: {_short(longer[number])}"
    return f"{_short(before)}, now {_short(now)}"


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]} …"


def _files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
