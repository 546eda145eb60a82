"""What a text says apart from when, where and how fast it was said."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

NOT_SAID_TWICE = (
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?", "DATE"),
    (r"\b\d+:\d\d:\d\d\b", "H:MM:SS"),
    (r"[\d.,]+ ?(s\b|seconds\b|秒)", "SECONDS"),
    (r"[\d.,]+ (MiB|GiB)", "MEMORY"),
    (r"[\d.,]+ GB that are free|空き [\d.,]+ GB", "FREE"),
    (r"[\d.,]+ sheets an hour|毎時 [\d.,]+ 図郭", "PACE"),
    (r"[\d.,]+ hours of one processor|1プロセッサーで [\d.,]+ 時間分", "HOURS"),
)
"""Patterns of what differs between two runs of one state, and the word that stands for them."""

COMPILING = re.compile("first run of this version|この版の初回実行")
"""Said by whichever process comes first to a folder without compiled kernels."""

PROGRESS = re.compile(r"^\d+ (of|/) \d+:|\(\d+ (of|/) \d+\)")
"""How far a run is: tasks end in any order where several processes work."""

UNORDERED = re.compile("lack a neighbour, their terrain ends there: |地形がそこで終わる図郭 ")
"""Said before a list of sheets in the order in which they were made."""

DROPPED = frozenset(
    (
        "began",
        "begun",
        "cpu_seconds",
        "ended",
        "finished",
        "free",
        "host",
        "left",
        "memory",
        "modified_ns",
        "peak_mib",
        "pid",
        "process",
        "seconds",
        "started",
        "time",
    )
)
"""Keys of records, logs and plans whose values are of one run on one machine."""

Places = Mapping[str, str]
"""Folders of one side, and the word that stands for each on both sides."""


def placed(text: str, places: Places) -> str:
    """Return a text with a word in place of each folder that only one side has."""
    for folder in sorted(places, key=len, reverse=True):
        text = text.replace(folder, places[folder])
    return text


def lines(text: str, places: Places) -> list[str]:
    """Return the lines of a text without times and places."""
    return [_timeless(line) for line in placed(text, places).splitlines()]


def console(text: str, places: Places) -> list[str]:
    """Return what a command printed: as ``lines``, and lines of progress last, without their numbers, in order."""
    said, progress = [], []
    for line in lines(text, places):
        if COMPILING.search(line):
            continue
        if UNORDERED.search(line):
            line = " ".join(sorted(re.split(r"(?<=\)),? |: ", line)))
        without = PROGRESS.sub("N of M", line)
        (said if without == line else progress).append(without)
    return said + sorted(progress)


def values(text: str, places: Places) -> Any:
    """Return what a JSON text holds, without times and places.

    Raises
    ------
    ValueError
        If it is none.
    """
    return _stripped(json.loads(text), places)


def events(text: str, places: Places) -> list[str]:
    """Return the events of a log, a JSON object a line, in an order that does not depend on when they came."""
    read = (values(line, places) for line in text.splitlines())
    return sorted(json.dumps(event, sort_keys=True, ensure_ascii=False) for event in read)


def flat(value: Any, at: str = "") -> dict[str, Any]:
    """Return the single values in what a JSON text holds, by their path: ``run.sheets[2].code``."""
    children: Iterable[tuple[str, Any]]
    if isinstance(value, dict) and value:
        children = ((f"{at}.{key}" if at else str(key), each) for key, each in value.items())
    elif isinstance(value, list) and value:
        children = ((f"{at}[{number}]", each) for number, each in enumerate(value))
    else:
        return {at: value}
    return {path: single for name, each in children for path, single in flat(each, name).items()}


def _timeless(line: str) -> str:
    for pattern, word in NOT_SAID_TWICE:
        line = re.sub(pattern, word, line)
    return line


def _stripped(value: Any, places: Places) -> Any:
    if isinstance(value, dict):
        kept = {key: each for key, each in value.items() if key not in DROPPED}
        return {placed(key, places): _stripped(each, places) for key, each in kept.items()}
    if isinstance(value, list):
        return [_stripped(each, places) for each in value]
    return placed(value, places) if isinstance(value, str) else value
