"""The few verbs of this project, on any system that has Python: demo, test, soak, check, bench, compare, drawing.

    python make.py demo     grid the sample tiles, and say where the pictures are
    python make.py test     lint, types, import contract and tests
    python make.py soak     the long tests: kills, large sizes
    python make.py check    lint, types and import contract alone
    python make.py bench    the benchmarks
    python make.py compare BASE [NAME ...] [--keep FOLDER]
                            what every command writes, with the revision BASE and with the working tree: pixels, tags,
                            texts and bytes; NAMEs choose commands (benchmarks/compare/commands.py has them), --keep
                            leaves what was written. Ends with 1 if anything differs but times.
    python make.py drawing  the rooms and their arrows as docs/architecture.md shows them

The first call makes a virtual environment in .venv and installs the versions of constraints.txt into it.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
DEMO = ROOT / "demo_out"


def prepare() -> None:
    """Make the environment, or renew it when what it is made from has changed."""
    files = (ROOT / "pyproject.toml", ROOT / "constraints.txt")
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
    stamp = VENV / "made-from"
    if stamp.exists() and stamp.read_text() == digest:
        return
    print("making the environment in .venv (once, a few minutes) ...", flush=True)
    if not PYTHON.exists():
        venv.create(VENV, with_pip=True)
    install = [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    run(*install, "-c", "constraints.txt", "-e", ".[dev]")
    stamp.write_text(digest)


def run(*command: str | Path) -> None:
    """Run a command in the project's folder; end with its exit code if it fails."""
    done = subprocess.run(list(map(str, command)), cwd=ROOT, check=False)
    if done.returncode:
        sys.exit(done.returncode)


def demo() -> None:
    """Grid the sample tiles."""
    run(
        *(PYTHON, "-m", "hyogo_pc", "grid", "sample_tiles", "--ground", "sample_tiles/ground"),
        *("-r", "1", "-r", "0.5", "--sheet", "500", "-o", DEMO),
    )


def check() -> None:
    """Lint, types, and the arrows between the rooms."""
    run(PYTHON, "-m", "ruff", "check", ".")
    run(PYTHON, "-m", "ruff", "format", "--check", ".")
    run(PYTHON, "-m", "mypy")
    run(BIN / "lint-imports")


def test() -> None:
    """Check everything that takes minutes."""
    check()
    run(PYTHON, "-m", "pytest", "-n", "auto")


def soak() -> None:
    """Check what takes longer."""
    run(PYTHON, "-m", "pytest", "-m", "soak")


def bench() -> None:
    """Measure."""
    run(PYTHON, "benchmarks/grid.py")
    run(PYTHON, "benchmarks/cs.py")
    run(PYTHON, "benchmarks/relief.py")
    run(PYTHON, "benchmarks/convert.py")
    run(PYTHON, "benchmarks/run.py")
    run(PYTHON, "benchmarks/viewshed.py")
    run(PYTHON, "benchmarks/view.py")


def compare(*arguments: str) -> None:
    """See what a reshaping has changed."""
    run(PYTHON, "benchmarks/compare/main.py", *arguments)


def drawing() -> None:
    """Draw the rooms as they are now."""
    run(PYTHON, "docs/architecture.py")


def main() -> None:
    """Run the verb that is asked for."""
    verbs = {verb.__name__: verb for verb in (demo, test, soak, check, bench, drawing)}
    verb, *arguments = sys.argv[1:] or [""]
    if verb == "compare" and arguments:
        verbs[verb] = lambda: compare(*arguments)
    elif arguments or verb not in verbs:
        sys.exit(__doc__)
    prepare()
    verbs[verb]()


if __name__ == "__main__":
    main()
