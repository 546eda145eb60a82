"""A state of the project, and what its program makes: each command a process, in a folder of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from commands import Command
from contents import CONSOLE

PATIENCE = 600
"""Seconds after which a command is taken to hang."""


@dataclass(frozen=True)
class Side:
    """One of the two states.

    Parameters
    ----------
    root : Path
        Its checkout.
    folder : Path
        Where its commands run, and its compiled kernels are kept.
    places : dict
        What the commands' words stand for (``sample``, ``shared``, ``made``).
    """

    root: Path
    folder: Path
    places: dict[str, str]

    @property
    def words(self) -> dict[str, str]:
        """What stands in texts for folders, of which each side has its own."""
        return {place: word for word, place in self.places.items()} | {
            str(self.folder): "folder",
            str(self.root): "root",
        }

    def environment(self) -> dict[str, str]:
        """Return the environment of a user without settings, whose Python finds this state first."""
        ours = ("LC_", "LANG", "HYOGO_PC_", "PYTHON", "COLUMNS")
        plain = {key: value for key, value in os.environ.items() if not key.startswith(ours)}
        paths = (str(self.root), str(self.root / "cli"))
        return plain | {
            "PYTHONPATH": os.pathsep.join(paths),
            "PYTHONUTF8": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "HYOGO_PC_LANG": "en",
            "HYOGO_PC_CACHE": str(self.folder / ".cache"),
        }

    def check(self) -> None:
        """See that Python finds this state and no other.

        Raises
        ------
        RuntimeError
            If it does not.
        """
        code = "import hyogo_pc, pointcloud; print(pointcloud.__file__); print(hyogo_pc.__file__)"
        done = self._python("-c", code)
        homes = (self.root / "pointcloud", self.root / "cli" / "hyogo_pc")
        found = [Path(line).parent for line in done.stdout.splitlines()]
        if found != [*homes]:
            raise RuntimeError(f"not the state in {self.root}: {found}\n{done.stderr}")

    def run(self, command: Command) -> int:
        """Run a command, keep what it printed beside what it wrote, and return its exit code."""
        own = self.folder / command.name
        if command.copy:
            shutil.copytree(self.folder / command.copy, own)
            for path in [*own.glob(f"*{CONSOLE}"), *(own.glob(command.without) if command.without else ())]:
                path.unlink()
        else:
            own.mkdir()
        done = self._python("-m", "hyogo_pc", *command.arguments(self.places))
        (own / f"stdout{CONSOLE}").write_text(done.stdout, encoding="utf-8")
        (own / f"stderr{CONSOLE}").write_text(done.stderr, encoding="utf-8")
        (own / f"exit{CONSOLE}").write_text(f"exit code {done.returncode}\n", encoding="utf-8")
        return done.returncode

    def _python(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env=self.environment(),
            capture_output=True,
            encoding="utf-8",
            errors="backslashreplace",
            stdin=subprocess.DEVNULL,
            timeout=PATIENCE,
            check=False,
        )


@contextmanager
def checkout(root: Path, base: str, folder: Path) -> Iterator[Path]:
    """Give a revision of a repository as files in a folder, until the context ends.

    Raises
    ------
    SystemExit
        If there is no such revision.
    """
    git = ("git", "-C", str(root))
    added = subprocess.run(
        [*git, "worktree", "add", "--quiet", "--detach", str(folder), base],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    if added.returncode:
        raise SystemExit(f"no state {base}: {added.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run([*git, "worktree", "remove", "--force", str(folder)], check=False)
