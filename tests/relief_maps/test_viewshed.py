"""`hyogo-pc viewshed`: files in, files out."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from surfaces import rough

from hyogo_pc.main import main
from pointcloud import relief
from pointcloud.params.viewshed import SightParams
from pointcloud.relief_maps import viewshed as run

WEST, NORTH = 45000.0, -77500.0


def write(path: Path, dem: np.ndarray, col: int = 0, **tags: str) -> Path:
    profile = {
        "driver": "GTiff",
        "height": dem.shape[0],
        "width": dem.shape[1],
        "count": 1,
        "dtype": "float32",
    }
    place = Affine(1.0, 0.0, WEST + col, 0.0, -1.0, NORTH)
    with rasterio.open(path, "w", **profile, transform=place, crs="EPSG:6673", nodata=-9999.0) as file:
        file.write(np.where(np.isnan(dem), -9999.0, dem).astype(np.float32), 1)
        file.update_tags(**tags)
    return path


@pytest.fixture
def dems(tmp_path: Path) -> np.ndarray:
    """Two sheets side by side: the whole of their terrain."""
    dem = rough(300, 260).astype(np.float32)
    dem[150, 130] = 330.0
    write(tmp_path / "西.tif", dem[:, :120], CREDIT="Someone, CC BY 4.0", SYNTHETIC="YES")
    write(tmp_path / "東.tif", dem[:, 120:], 120)
    return dem


SPOT = f"{WEST + 130.5},{NORTH - 150.5}"


def test_what_is_seen_over_two_sheets(
    dems: np.ndarray, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "WINDOW", 512)
    monkeypatch.setattr(run, "_STRIP", 70)
    monkeypatch.setattr(run, "_IN_MEMORY", 1000)  # mapped from a file
    out = tmp_path / "見える.tif"
    options = ["--dem", str(tmp_path / "西.tif"), "--dem", str(tmp_path / "東.tif"), "--radius", "100"]
    assert main(["viewshed", SPOT, *options, "-o", str(out)]) == 0
    told = capsys.readouterr()
    assert told.out.split() == [str(out), str(out.with_suffix(".qml"))]
    assert "ground 330.0 m, eye 331.6 m" in told.err
    with rasterio.open(out) as file:
        got, tags = file.read(1, masked=True).filled(np.nan), file.tags()
        assert file.transform == Affine(1.0, 0.0, WEST + 30, 0.0, -1.0, NORTH - 50)
        assert file.crs.to_epsg() == 6673
    want = relief.viewshed(dems, 1.0, [(150, 130)], SightParams(radius=100.0))
    assert np.array_equal(got, want[50:251, 30:231], equal_nan=True)
    assert f"{100 * np.nansum(got) / np.isfinite(got).sum():.1f} %" in told.err
    assert (tags["PRODUCT"], tags["ALGORITHM"], tags["SYNTHETIC"]) == ("VIEWSHED", "1", "YES")
    assert tags["CREDIT"] == "Someone, CC BY 4.0"
    assert [item["name"] for item in json.loads(tags["INPUTS"])] == ["東.tif", "西.tif"]
    assert json.loads(tags["PARAMETERS"])["eyes"][0]["e"] == WEST + 130.5
    styled = ElementTree.parse(out.with_suffix(".qml"))
    assert [entry.get("value") for entry in styled.iter("paletteEntry")] == ["0", "1"]
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_needed_heights_and_a_picture(dems: np.ndarray, tmp_path: Path) -> None:
    for shown in ("needed", "picture"):
        out = tmp_path / f"{shown}.tif"
        command = ["viewshed", SPOT, "--dem", str(tmp_path / "*.tif"), "--radius", "60", "--flat"]
        if shown == "picture":
            command[3] = str(tmp_path / "東.tif")
        assert main([*command, "--show", shown, "-o", str(out)]) == 0
    params = SightParams(radius=60.0, curved=False)
    with rasterio.open(tmp_path / "needed.tif") as file:
        got = file.read(1, masked=True).filled(np.nan)
        assert file.units == ("m",)
    want = relief.viewshed(dems, 1.0, [(150, 130)], params, shown="needed")
    assert np.array_equal(got, want[90:211, 70:191], equal_nan=True)
    styled = ElementTree.parse(tmp_path / "needed.qml")
    assert [item.get("value") for item in styled.iter("item")] == ["0", "2", "5", "10", "20", "50", "inf"]
    with rasterio.open(tmp_path / "picture.tif") as file:
        assert file.count == 4
        drawn = np.moveaxis(file.read(), 0, 2)
    east = relief.viewshed(dems[:, 120:], 1.0, [(150, 10)], params, shown="picture")
    assert np.array_equal(drawn, east[90:211, :71])
    assert not (tmp_path / "picture.qml").exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["45000,-70000"], "no height there"),
        (["himeji"], "no height there"),
        (["castle"], "castle is not a place"),
        ([SPOT, "--radius", "0"], "radius"),
        ([SPOT, "-o", "a.png"], "ends in .tif"),
        ([SPOT, "-o", "東.tif"], "the DEM itself"),
        ([SPOT, "--dem", "none.tif"], "none.tif"),
    ],
)
def test_what_cannot_be(
    arguments: list[str],
    says: str,
    dems: np.ndarray,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    spot, *rest = arguments
    given = ["--dem", "東.tif"] if "--dem" not in rest else []
    out = ["-o", "seen.tif"] if "-o" not in rest else []
    assert main(["viewshed", spot, *given, *out, *rest]) == 2
    told = capsys.readouterr().err
    assert says in told
    assert told.count("\n") == 1
    assert not Path("seen.tif").exists()


def test_too_much_terrain_is_said_before_it_is_read(
    dems: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(run, "_MOST", 10_000)
    command = ["viewshed", SPOT, "--dem", str(tmp_path / "東.tif"), "-o", str(tmp_path / "a.tif")]
    assert main(command) == 2
    assert "300 x 140 cells; at most 100 x 100" in capsys.readouterr().err
