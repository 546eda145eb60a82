"""The notebooks run, cell by cell, as in Jupyter but without it."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pointcloud.raster import Raster

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


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_committed_without_outputs(notebook: Path) -> None:
    for cell in cells(notebook, "code"):
        assert cell["outputs"] == []
        assert cell["execution_count"] is None


def test_from_laz_to_cs_relief(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(FOLDER)
    names: dict[str, Any] = {}
    shown = [run("".join(cell["source"]), names) for cell in cells(NOTEBOOKS[0], "code")]

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
