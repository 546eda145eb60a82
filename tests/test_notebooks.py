"""The notebooks run, cell by cell, as in Jupyter but without it."""

from __future__ import annotations

import ast
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from affine import Affine
from PIL import Image
from surfaces import rough

from pointcloud.api.raster import Raster

FOLDER = Path(__file__).resolve().parents[1] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


def cells(notebook: Path, kind: str) -> list[dict[str, Any]]:
    content = json.loads(notebook.read_text(encoding="utf-8"))
    assert (content["nbformat"], content["nbformat_minor"]) == (4, 5)
    return [cell for cell in content["cells"] if cell["cell_type"] == kind]


def run(source: str, names: dict[str, Any]) -> Any:
    """Run a cell; return what Jupyter would show of its last line."""
    tree = ast.parse(source)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "<cell>", "exec"), names)
    return eval(compile(ast.Expression(last.value), "<cell>", "eval"), names) if last else None


@pytest.fixture
def figures(monkeypatch: pytest.MonkeyPatch) -> list[np.ndarray]:
    """What ``plt.show`` showed, as pixels; files too in the folder that HYOGO_PC_FIGURES names."""
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    shown: list[np.ndarray] = []

    def show() -> None:
        for number in plt.get_fignums():
            figure = plt.figure(number)
            figure.canvas.draw()
            shown.append(np.asarray(figure.canvas.buffer_rgba())[..., :3].copy())
            plt.close(figure)
            if folder := os.environ.get("HYOGO_PC_FIGURES"):
                Image.fromarray(shown[-1]).save(Path(folder, f"{id(shown)}_{len(shown)}.png"))

    monkeypatch.setattr(plt, "show", show)
    monkeypatch.chdir(FOLDER)
    return shown


def run_all(number: int) -> tuple[dict[str, Any], list[Any]]:
    """Run a notebook; return its names and what its cells show."""
    names: dict[str, Any] = {}
    return names, [run("".join(cell["source"]), names) for cell in cells(NOTEBOOKS[number - 1], "code")]


def test_numbered_from_one() -> None:
    assert [path.name[:2] for path in NOTEBOOKS] == [f"{k + 1:02d}" for k in range(5)]


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_committed_without_outputs(notebook: Path) -> None:
    for cell in cells(notebook, "code"):
        assert cell["outputs"] == []
        assert cell["execution_count"] is None


def test_from_laz_to_cs_relief(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(FOLDER)
    names, shown = run_all(1)

    pictures = [value for value in shown if isinstance(value, Raster)]
    assert [picture.name for picture in pictures] == ["dsm", "dem", "cs", "height", "error"]
    assert all(picture._repr_png_().startswith(b"\x89PNG") for picture in pictures)
    assert names["points"].crs == "EPSG:6673"
    assert names["dem"].array.shape == names["relief"].array.shape[:2] == (1200, 1200)

    error = names["error"][names["known"]]
    assert len(error) > 300_000
    assert abs(np.median(error)) < 0.02
    assert np.percentile(np.abs(error), 90) < 0.3
    assert "99 % of the cells are within" in capsys.readouterr().out


def test_a_mountain_castle(
    figures: list[np.ndarray],
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("pyvista")
    names, shown = run_all(2)
    assert [value.name for value in shown if isinstance(value, Raster)] == ["dem", "viewshed"]
    assert len(figures) == 3
    assert all(figure.std() > 20 for figure in figures)
    terraces = np.abs(np.diff(names["along"].heights["dem"]))
    assert (terraces < 0.05).mean() > 0.6
    assert terraces.max() > 0.5  # walls
    assert names["view"].std() > 20
    assert "seen: 62% of the ground" in capsys.readouterr().out

    monkeypatch.chdir(tmp_path)  # the user's own sheet
    profile = {"driver": "GTiff", "height": 60, "width": 80, "count": 1, "dtype": "float32", "nodata": -9999}
    with rasterio.open(
        "DEM_05MF513_1g.tif", "w", **profile, transform=Affine(1, 0, 44000, 0, -1, -76500)
    ) as file:
        file.write(rough(60, 80, holes=False).astype(np.float32), 1)
    takeda = run("".join(cells(NOTEBOOKS[1], "code")[-1]["source"]), names)
    assert (takeda.name, takeda.bounds) == ("cs", (44000, -76560, 44080, -76500))


def test_how_far_to_trust_a_dem(figures: list[np.ndarray], capsys: pytest.CaptureFixture[str]) -> None:
    names, _ = run_all(3)
    assert len(figures) == 2
    told = capsys.readouterr().out
    assert "327,663 of them ground: 0.9 per square metre" in told
    assert "50 % of the points left out are met within 0.03 m" in told
    assert told.count("cells of ") == 3
    error, steep, gap = names["error"], names["steep"], names["gap"]
    narrow, wide = (
        np.nanpercentile(error[steep & (gap > low) & (gap <= high)], 90) for low, high in ((0, 2), (6, 8))
    )
    assert wide > 1.5 * narrow  # what the text says of slopes


def test_a_forest(figures: list[np.ndarray], capsys: pytest.CaptureFixture[str]) -> None:
    names, _ = run_all(4)
    assert len(figures) == 2
    below, height, half = names["below"], names["height"], names["half"]
    assert 0.01 < below.mean() < 0.1
    assert np.mean(-height[below] <= half[below] + 0.1) > 0.98  # what the text says
    assert "above 2 m: 74%" in capsys.readouterr().out


def test_an_area_on_dask(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("distributed")
    monkeypatch.chdir(FOLDER)
    _, shown = run_all(5)
    assert "12 rasters; the same bytes" in capsys.readouterr().out
    assert shown[-1].size[0] > 500
