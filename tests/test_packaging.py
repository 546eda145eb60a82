"""What is installed: exact versions, and everything the program needs inside its wheel."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TILE = ROOT / "sample_tiles" / "05PE5534.laz"


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_constraints_are_exact_and_whole() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", pin) for pin in pins)
    pinned = {normal(pin.partition("==")[0]) for pin in pins}
    assert len(pinned) == len(pins)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = project["dependencies"] + project["optional-dependencies"]["dev"]
    assert {normal(re.match(r"[\w.-]+", line)[0]) for line in needed} - pinned == set()


def run(*command: str | Path, folder: Path) -> str:
    """Run a command in a folder, without what this process knows of the project."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "HYOGO_PC"))}
    done = subprocess.run(
        list(map(str, command)),
        cwd=folder,
        env=kept | {"PYTHONUTF8": "1", "HYOGO_PC_LANG": "en"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def environment(folder: Path) -> Path:
    """A new environment; returns the folder of its programs."""
    venv.create(folder, with_pip=True)
    return folder / ("Scripts" if os.name == "nt" else "bin")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the source distribution, and the wheel that was made from it."""
    folder = tmp_path_factory.mktemp("dist")
    programs = environment(folder / "builder")
    run(programs / "python", "-m", "pip", "install", "-q", "hatchling>=1.26", folder=folder)
    run(programs / "python", "-m", "hatchling", "build", "-t", "sdist", "-d", folder, folder=ROOT)
    (source,) = folder.glob("*.tar.gz")
    with tarfile.open(source) as archive:
        archive.extractall(folder, filter="data")
    unpacked = folder / source.name.removesuffix(".tar.gz")
    run(programs / "python", "-m", "hatchling", "build", "-t", "wheel", "-d", folder, folder=unpacked)
    return folder


@pytest.mark.soak
def test_wheel_holds_the_program_and_nothing_else(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    assert wheel.name.endswith("-py3-none-any.whl")
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
        metadata = {Path(name).name for name in archive.namelist() if ".dist-info/" in name}
    tracked = subprocess.run(
        ["git", "ls-files", "pointcloud", "cli"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    assert {name.removeprefix("cli/") for name in tracked} - held == set()
    assert {Path(name).suffix for name in held} == {".py", ".toml", ".md", ".typed", ".html"}
    assert {name.partition("/")[0] for name in held} == {"pointcloud", "hyogo_pc"}
    assert {"METADATA", "LICENSE", "entry_points.txt"} <= metadata


@pytest.mark.soak
def test_installed_wheel_works_elsewhere(built: Path, tmp_path: Path) -> None:
    (wheel,) = built.glob("*.whl")
    programs = environment(tmp_path / "env")
    constraints = ROOT / "constraints.txt"
    run(programs / "python", "-m", "pip", "install", "-q", "-c", constraints, wheel, folder=tmp_path)
    run(programs / "python", "-m", "pip", "check", folder=tmp_path)
    here = tmp_path / "別の場所"
    here.mkdir()
    command = programs / "hyogo-pc"
    assert "grid" in run(command, "--help", folder=here)
    assert "使い方" in run(command, "--lang", "ja", "grid", "--help", folder=here)
    assert "EPSG:6673" in run(command, "info", TILE, folder=here)
    assert "DEM_1g.png" in run(command, "grid", TILE, "-o", "成果", folder=here)
    made = {path.relative_to(here / "成果").as_posix() for path in here.rglob("*.tif")}
    assert made == {f"{name}_1g/{name}_05PE551_1g.tif" for name in ("DSM", "DEM", "CS")}
    where = run(programs / "python", "-c", "import pointcloud; print(pointcloud.__file__)", folder=here)
    assert Path(where.strip()).is_relative_to(tmp_path / "env")
    assert sys.prefix not in where
