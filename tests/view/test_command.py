"""The command: files by their ending, lines for people."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import scenes
from PIL import Image

import pointcloud
from hyogo_pc.main import main
from pointcloud.view import libraries


def run(*arguments: object) -> int:
    return main(["--lang", "en", "view", *map(str, arguments)])


@pytest.mark.usefixtures("opengl")
def test_picture_with_its_camera(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    dem, out, camera = scenes.dem(tmp_path), tmp_path / "絵" / "hill.png", tmp_path / "camera.json"
    place = (scenes.PLACE, "--dem", dem, "--size", "320x240")
    aim = ("--from", "south-west", "--distance", 250, "--height", 120)
    assert run(*place, *aim, "-o", out, "--save-camera", camera, "--credit", "Survey") == 0
    captured = capfd.readouterr()
    assert captured.out.strip() == str(out)
    assert captured.err == ""
    with Image.open(out) as picture:
        assert picture.width == 320
        assert picture.height > 240
        assert picture.text["Source"] == "Source: Survey"
        first = np.asarray(picture).copy()
    assert set(json.loads(camera.read_text())) == {"position", "target", "field"}
    again = tmp_path / "again.png"
    assert run(*place, "--camera", camera, "-o", again, "--credit", "Survey") == 0
    with Image.open(again) as picture:
        assert (np.asarray(picture) == first).all()


@pytest.mark.usefixtures("opengl")
def test_film_turns_around_the_place(tmp_path: Path) -> None:
    import imageio_ffmpeg

    out = tmp_path / "hill.mp4"
    options = ("--size", "320x240", "--seconds", 1, "--rate", 8)
    assert run(scenes.PLACE, "--dem", scenes.dem(tmp_path), "-o", out, *options) == 0
    reader = imageio_ffmpeg.read_frames(str(out))
    about = next(reader)
    size = about["size"]
    frames = [np.frombuffer(frame, np.uint8).reshape(size[1], size[0], 3).astype(int) for frame in reader]
    assert size[0] == 320
    assert len(frames) == 8
    moved = [np.abs(frame[:180] - frames[0][:180]).mean() for frame in frames[1:]]
    assert min(moved) > 1.0
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


@pytest.mark.usefixtures("opengl")
def test_scene_is_a_plotter_to_go_on_with(tmp_path: Path) -> None:
    import pyvista

    plotter = pointcloud.scene(
        scenes.dem(tmp_path), scenes.PLACE, drape="slope", size=(320, 240), off_screen=True
    )
    assert isinstance(plotter, pyvista.Plotter)
    e, n = scenes.MIDDLE
    before = plotter.screenshot(return_img=True).astype(int)
    plotter.add_mesh(pyvista.Sphere(radius=8.0, center=(e, n, 150.0)), color="red", lighting=False)
    after = plotter.screenshot(return_img=True).astype(int)
    plotter.close()
    changed = np.abs(after - before).max(-1) > 60
    rows, cols = np.nonzero(changed)
    assert changed.sum() > 40
    assert abs(cols.mean() - 160) < 12  # in the middle, above the place
    assert rows.mean() < 125


WRONG = {
    ("-o", "a.jpg"): "ends in one of",
    (): "one of the two",
    ("-o", "a.png", "--size", "big"): "WIDTHxHEIGHT",
    ("-o", "a.png", "--size", "40000x40000"): "million pixels",
    ("-o", "a.png", "--towards", "1,2"): "give that too",
    ("-o", "a.png", "--eye", "1"): "2 numbers",
    ("-o", "a.png", "--label", "Keep"): "TEXT=E,N",
    ("-o", "a.png", "--view", "9"): "no viewpoint",
    ("-o", "a.png", "--from", "sideways"): "sideways",
    ("-o", "a.png", "--view", "1", "--distance", "3"): "both say where to look from",
    ("-o", "a.png", "--exaggeration", "0"): "exaggeration",
    ("-o", "a.png", "--distance", "0"): "cannot both be 0",
    ("-o", "a.png", "--sun", "10"): "2 numbers",
    ("-o", "a.png", "--section", "1,2,1,2"): "must differ",
}


@pytest.mark.parametrize("arguments", WRONG)
def test_wrong_use_is_told_in_a_line(
    tmp_path: Path,
    arguments: tuple[str, ...],
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(scenes.PLACE, "--dem", scenes.dem(tmp_path), *arguments) == 2
    error = capfd.readouterr().err
    assert WRONG[arguments] in error
    assert error.count("\n") == 1


def test_window_without_a_screen(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(libraries, "has_screen", lambda: False)
    assert run(scenes.PLACE, "--dem", scenes.dem(tmp_path), "--interactive") == 2
    assert "no screen" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("package", "ending", "extra"), [("pyvista", "png", "view"), ("imageio_ffmpeg", "mp4", "movie")]
)
def test_missing_package_is_named_with_the_command(
    tmp_path: Path, package: str, ending: str, extra: str
) -> None:
    program = (
        f"import sys; sys.modules[{package!r}] = None;"
        "from hyogo_pc.main import main; sys.exit(main(sys.argv[1:]))"
    )
    arguments = (
        "--lang",
        "en",
        "view",
        scenes.PLACE,
        "--dem",
        scenes.dem(tmp_path),
        "-o",
        tmp_path / f"a.{ending}",
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert f'pip install "hyogo-pc[{extra}]"' in done.stderr
    assert done.stderr.count("\n") == 1
