"""Compare what every command writes with a state of the past and with the working tree, on one machine.

    python make.py compare BASE [NAME ...] [--keep FOLDER]

BASE is any revision of git. Each command runs as a process with each state, both in the same Python, over
``sample_tiles``, made-up files and, where they are, the real tiles of the shared folder (``HYOGO_PC_SHARED``, or
``../shared`` beside the checkout). Pixels, tags and texts must be equal, and bytes too, but for files that hold times:
records, logs and reports, of which the values must be. The exit code is 1 if something differs.

With NAMEs only those commands run, and those whose outputs they read. ``--keep`` leaves what was written in a folder.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from commands import OPENGL, PDAL, SHARED, Command, chosen
from contents import CONSOLE
from outputs import EQUAL, TIMES, Comparison, Verdict, compare_folders
from sides import Side, checkout

ROOT = Path(__file__).resolve().parents[2]
HEAD = ("command", "outputs", "equal", "but for times", "different", "on one side")
SHOWN = 12
"""Differences of one command that are printed."""

_OPENGL = """
import sys
from pointcloud.view import libraries
window = libraries.pyvista().Plotter(off_screen=True).render_window
sys.exit(not window.SupportsOpenGL())
"""


def shared_tiles(root: Path) -> Path:
    """Return the folder of real tiles, which may not exist."""
    return Path(os.environ.get("HYOGO_PC_SHARED", root.parent / "shared")).resolve() / "data"


def compare(before: Side, now: Side, commands: Sequence[Command], lacking: Sequence[str] = ()) -> bool:
    """Run commands on both sides, print a table of what they wrote, and return whether nothing differs.

    Parameters
    ----------
    before, now : Side
    commands : sequence of Command
    lacking : sequence of str
        What this machine has not: commands that need it are left out, and named.
    """
    for side in (before, now):
        side.folder.mkdir(parents=True, exist_ok=True)
        side.check()
    left_out = {command.name: need for command in commands for need in command.needs if need in lacking}
    runs = [command for command in commands if command.name not in left_out]
    print(row(HEAD), flush=True)
    good = True
    # A side's commands run one after another, the two sides beside each other.
    with ThreadPoolExecutor(1) as first, ThreadPoolExecutor(1) as second:
        codes = [(first.submit(before.run, command), second.submit(now.run, command)) for command in runs]
        try:
            for command, pair in zip(runs, codes, strict=True):
                comparison = judged(command, before, now, [code.result() for code in pair])
                report(comparison)
                good &= comparison.harmless
        finally:
            for pool in (first, second):
                pool.shutdown(wait=False, cancel_futures=True)
    for name, need in left_out.items():
        print(f"left out: {name} (no {need})")
    return good


def judged(command: Command, before: Side, now: Side, codes: Sequence[int]) -> Comparison:
    """Return the comparison of what both sides wrote. That both fail alike says nothing: it counts as a difference."""
    comparison = compare_folders(
        command.name, before.folder / command.name, now.folder / command.name, before.words, now.words
    )
    if codes[0] == codes[1] != command.code:
        said = (now.folder / command.name / f"stderr{CONSOLE}").read_text(encoding="utf-8").strip()
        first = f"exit code {codes[0]} on both sides, not {command.code}: {said[-300:]}"
        comparison.verdicts.append(Verdict("exit code", "not what was to be compared", first))
    return comparison


def report(comparison: Comparison) -> None:
    """Print the row of a command, and what differs in it."""
    print(row(comparison.row()), flush=True)
    differing = [verdict for verdict in comparison.verdicts if not verdict.harmless]
    differing.sort(key=lambda verdict: not verdict.name.endswith(CONSOLE))  # what was said explains the rest
    for verdict in differing[:SHOWN]:
        print(f"    {verdict.name}: {verdict.what}" + (f" · {verdict.first}" if verdict.first else ""))
    if len(differing) > SHOWN:
        print(f"    … and {len(differing) - SHOWN} more")


def row(cells: Sequence[object]) -> str:
    """Return a line of the table."""
    first, *rest = map(str, cells)
    return f"{first:<20}" + "".join(
        f"{cell:>{len(head) + 3}}" for cell, head in zip(rest, HEAD[1:], strict=True)
    )


@contextmanager
def work_folder(keep: Path | None) -> Iterator[Path]:
    """Give a new folder, which stays if it was asked for."""
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="hyogo-pc-compare-", ignore_cleanup_errors=True) as name:
            yield Path(name).resolve()
    else:
        keep.mkdir(parents=True)
        yield keep.resolve()


def lacking(side: Side) -> list[str]:
    """Return what this machine has not."""
    missing = [] if Path(side.places["shared"]).is_dir() else [SHARED]
    if importlib.util.find_spec("pdal") is None:
        missing.append(PDAL)
    drawn = subprocess.run(
        [sys.executable, "-c", _OPENGL], env=side.environment(), capture_output=True, check=False
    )
    return missing + [OPENGL] * (drawn.returncode != 0)


def main() -> int:
    """Compare, and return the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("base", metavar="BASE")
    parser.add_argument("names", metavar="NAME", nargs="*")
    parser.add_argument("--keep", type=Path, metavar="FOLDER")
    asked = parser.parse_args()
    try:
        commands = chosen(asked.names)
    except KeyError as error:
        parser.error(f"no command {error}")
    if asked.keep and asked.keep.exists():
        parser.error(f"{asked.keep} exists; --keep takes a folder that does not")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))  # so that the checkout does not stay
    start = time.monotonic()
    with work_folder(asked.keep) as folder, checkout(ROOT, asked.base, folder / "base") as base:
        import inputs

        inputs.make(folder / "made")
        places = {"sample": ROOT / "sample_tiles", "shared": shared_tiles(ROOT), "made": folder / "made"}
        words = {word: str(place) for word, place in places.items()}
        before, now = Side(base, folder / "before", words), Side(ROOT, folder / "now", words)
        good = compare(before, now, commands, lacking(now))
    minutes = (time.monotonic() - start) / 60
    verdict = f"nothing differs but times ({EQUAL} or {TIMES})" if good else "SOMETHING DIFFERS"
    print(f"{asked.base} and the working tree: {verdict}; {minutes:.1f} minutes")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
