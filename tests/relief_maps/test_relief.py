"""`hyogo-pc relief`: files to files, whatever the windows, with what lies beyond an edge."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from affine import Affine
from numpy.typing import NDArray
from runs import SAMPLE, gridded
from surfaces import rough

from hyogo_pc.main import main
from pointcloud import relief
from pointcloud.relief_maps import worker

WEST, NORTH = 44_000.0, -77_000.0


def from_origin(west: float, north: float, width: float, height: float) -> Affine:
    return Affine(width, 0.0, west, 0.0, -height, north)


def write(path: Path, dem: NDArray[Any], *, row: int = 0, col: int = 0, **profile: Any) -> Path:
    """Write heights as a GeoTIFF of 1 m cells, with its corner so many cells to the south and east."""
    path.parent.mkdir(parents=True, exist_ok=True)
    nodata = profile.pop("nodata", -9999.0)
    tags = profile.pop("tags", {})
    settings = {
        "driver": "GTiff",
        "width": dem.shape[1],
        "height": dem.shape[0],
        "count": 1,
        "dtype": dem.dtype,
        "crs": "EPSG:6673",
        "transform": from_origin(WEST + col, NORTH - row, 1.0, 1.0),
        "nodata": nodata,
    }
    with rasterio.open(path, "w", **settings | profile) as file:
        file.write(np.where(np.isnan(dem), nodata, dem).astype(dem.dtype) if nodata is not None else dem, 1)
        file.update_tags(**tags)
    return path


def read(path: Path) -> NDArray[Any]:
    with rasterio.open(path) as file:
        bands = file.read()
    return np.asarray(np.moveaxis(bands, 0, 2) if len(bands) == 4 else bands[0])


def run(*arguments: str | Path) -> int:
    return main(["relief", *map(str, arguments)])


@pytest.fixture(scope="module")
def terrain() -> NDArray[np.float32]:
    return rough(700, 640).astype(np.float32)


def quarters(folder: Path, dem: NDArray[Any]) -> list[Path]:
    return [
        write(folder / f"DEM_05MF51{k}_1g.tif", dem[row : row + 350, col : col + 320], row=row, col=col)
        for k, (row, col) in enumerate(((0, 0), (0, 320), (350, 0), (350, 320)), start=1)
    ]


@pytest.mark.parametrize("window", [512, 2048])
def test_sheets_fit_together_to_the_bit(
    terrain: NDArray[np.float32], tmp_path: Path, window: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "WINDOW", window)
    quarters(tmp_path / "地形", terrain)
    assert run(tmp_path / "地形", "-o", tmp_path / "出力", "--style", "cs", "--style", "sky-view") == 0
    for style in ("cs", "sky-view"):
        parts = [read(tmp_path / "出力" / f"{style.upper()}_05MF51{k}_1g.tif") for k in (1, 2, 3, 4)]
        whole = np.vstack([np.hstack(parts[:2]), np.hstack(parts[2:])])
        assert np.array_equal(whole, relief.picture(style, terrain, 1.0))
        assert np.array_equal(whole[..., 3] == 255, np.isfinite(terrain))
    assert not [path.name for path in (tmp_path / "出力").iterdir() if path.name.startswith(".")]


@pytest.mark.parametrize("window", [512, 1024])
def test_one_large_file_in_windows(
    terrain: NDArray[np.float32], tmp_path: Path, window: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "WINDOW", window)
    dem = write(tmp_path / "area.tif", terrain)
    assert run(dem, "-o", tmp_path / "out.tif", "--style", "local-relief", "--values") == 0
    found = read(tmp_path / "out.tif")
    wanted = relief.local_relief(terrain, 1.0).astype(np.float32)
    assert np.array_equal(found == -9999.0, np.isnan(terrain))
    assert np.array_equal(np.where(found == -9999.0, np.nan, found), wanted, equal_nan=True)
    with rasterio.open(tmp_path / "out.tif") as file, rasterio.open(dem) as source:
        assert (file.shape, file.transform, file.crs) == (source.shape, source.transform, source.crs)
        assert file.units == ("m",)
        assert file.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert file.overviews(1)
        assert float(file.tags(1)["STATISTICS_MAXIMUM"]) == pytest.approx(np.nanmax(wanted))


def test_a_mosaic_is_its_files(terrain: NDArray[np.float32], tmp_path: Path) -> None:
    quarters(tmp_path / "DEM_1g", terrain)
    sources = "".join(
        f'<SimpleSource><SourceFilename relativeToVRT="1">DEM_1g/DEM_05MF51{k}_1g.tif</SourceFilename>'
        f'<SourceBand>1</SourceBand><SrcRect xOff="0" yOff="0" xSize="320" ySize="350"/>'
        f'<DstRect xOff="{320 * ((k - 1) % 2)}" yOff="{350 * ((k - 1) // 2)}" xSize="320" ySize="350"/></SimpleSource>'
        for k in (1, 2, 3, 4)
    )
    vrt = tmp_path / "DEM_1g.vrt"
    vrt.write_text(
        f'<VRTDataset rasterXSize="640" rasterYSize="700"><GeoTransform>{WEST},1,0,{NORTH},0,-1</GeoTransform>'
        f'<VRTRasterBand dataType="Float32" band="1"><NoDataValue>-9999</NoDataValue>{sources}</VRTRasterBand>'
        "</VRTDataset>"
    )
    assert run(vrt, "-o", tmp_path / "slope.tif", "--style", "slope", "--crs", "6673") == 0
    assert np.array_equal(read(tmp_path / "slope.tif"), relief.picture("slope", terrain, 1.0))
    with rasterio.open(tmp_path / "slope.tif") as file:
        assert file.crs.to_epsg() == 6673


@pytest.mark.parametrize(
    "source", ["/vsicurl/https://example.org/a.tif", "https://example.org/a.tif", "gone.tif"]
)
def test_a_mosaic_of_what_is_not_here_is_refused(
    source: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    vrt = tmp_path / "a.vrt"
    vrt.write_text(
        '<VRTDataset rasterXSize="4" rasterYSize="4"><VRTRasterBand dataType="Float32" band="1"><SimpleSource>'
        f"<SourceFilename>{source}</SourceFilename></SimpleSource></VRTRasterBand></VRTDataset>"
    )
    assert run(vrt, "-o", tmp_path / "out") == 1
    assert "not a local file" in capsys.readouterr().err


def test_a_vrt_under_another_name_is_not_followed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.tif"
    path.write_text('<VRTDataset rasterXSize="4" rasterYSize="4"></VRTDataset>')
    assert run(path, "-o", tmp_path / "out") == 1
    assert "is no raster by what it holds" in capsys.readouterr().err


@pytest.mark.parametrize("dtype", ["int16", "int32", "float64"])
def test_heights_of_any_type(dtype: str, tmp_path: Path) -> None:
    dem = np.rint(rough(60, 70, holes=False)).astype(dtype)
    dem[10:20, 30:40] = -9999
    write(tmp_path / "a.tif", dem)
    assert run(tmp_path / "a.tif", "-o", tmp_path / "b.tif", "--style", "slope", "--values") == 0
    plain = np.where(dem == -9999, np.nan, dem.astype(np.float64))
    wanted = np.nan_to_num(relief.slope(plain, 1.0), nan=-9999.0).astype(np.float32)
    assert np.array_equal(read(tmp_path / "b.tif"), wanted)


def test_a_nodata_that_no_tag_names(tmp_path: Path) -> None:
    dem = rough(60, 70, holes=False).astype(np.float32)
    dem[10:20, 30:40] = -9999
    write(tmp_path / "a.tif", dem, nodata=None)
    assert run(tmp_path / "a.tif", "-o", tmp_path / "b.tif", "--nodata", "-9999") == 0
    assert np.array_equal(read(tmp_path / "b.tif")[..., 3] == 0, dem == -9999)


def test_scaled_heights(tmp_path: Path) -> None:
    dem = rough(60, 70, holes=False)
    path = write(tmp_path / "a.tif", np.rint(dem * 100).astype(np.int32))
    with rasterio.open(path, "r+") as file:
        file.scales, file.offsets = (0.01,), (5.0,)
    assert run(path, "-o", tmp_path / "b.tif", "--style", "slope", "--values") == 0
    wanted = relief.slope(np.rint(dem * 100) * 0.01 + 5.0, 1.0)
    assert read(tmp_path / "b.tif") == pytest.approx(wanted, abs=1e-4)


def test_a_mosaic_speaks_for_its_first_source(terrain: NDArray[np.float32], tmp_path: Path) -> None:
    write(tmp_path / "DEM_A_1g.tif", terrain[:80, :90], tags={"CREDIT": "兵庫県", "SYNTHETIC": "YES"})
    mosaic = tmp_path / "DEM_1g.vrt"
    mosaic.write_text(
        f'<VRTDataset rasterXSize="90" rasterYSize="80"><GeoTransform>{WEST},1,0,{NORTH},0,-1</GeoTransform>'
        '<VRTRasterBand dataType="Float32" band="1"><NoDataValue>-9999</NoDataValue><SimpleSource>'
        '<SourceFilename relativeToVRT="1">DEM_A_1g.tif</SourceFilename><SourceBand>1</SourceBand>'
        "</SimpleSource></VRTRasterBand></VRTDataset>"
    )
    assert run(mosaic, "-o", tmp_path / "slope.tif", "--style", "slope") == 0
    with rasterio.open(tmp_path / "slope.tif") as file:
        assert (file.tags()["CREDIT"], file.tags()["SYNTHETIC"]) == ("兵庫県", "YES")


def test_what_a_raster_says_of_itself(terrain: NDArray[np.float32], tmp_path: Path) -> None:
    write(tmp_path / "DEM_A_1g.tif", terrain[:300, :300], tags={"CREDIT": "兵庫県", "SYNTHETIC": "YES"})
    write(tmp_path / "DEM_B_1g.tif", terrain[:300, 300:600], col=300)
    write(tmp_path / "DEM_C_1g.tif", terrain[500:, :300], row=500)
    assert run(tmp_path / "*.tif", "-o", tmp_path / "out", "--style", "openness", "--set", "radius=25") == 0
    with rasterio.open(tmp_path / "out" / "OPENNESS_A_1g.tif") as file:
        tags = file.tags()
    assert (tags["PRODUCT"], tags["CREDIT"], tags["SYNTHETIC"]) == ("OPENNESS", "兵庫県", "YES")
    assert json.loads(tags["PARAMETERS"])["openness"]["radius"] == 25.0
    assert [item["name"] for item in json.loads(tags["INPUTS"])] == ["DEM_A_1g.tif", "DEM_B_1g.tif"]


def test_horizons_of_the_nearest_cells_are_asked_for_by_name(
    terrain: NDArray[np.float32], tmp_path: Path
) -> None:
    """Each way has its own pixels, and the raster says which it is; VAT has the nearest cells by itself."""
    source, found = write(tmp_path / "dem.tif", terrain[:80, :90]), []
    for style, settings, said in (
        ("openness", (), "linear"),
        ("openness", ("--set", "sampling=nearest"), "nearest"),
        ("vat", (), "nearest"),
        ("vat", ("--set", "sampling=linear"), "linear"),
    ):
        out = tmp_path / f"{style}{len(found)}.tif"
        assert run(source, "-o", out, "--style", style, "--values", *settings) == 0
        with rasterio.open(out) as file:
            tags = file.tags()
        assert json.loads(tags["PARAMETERS"])[style]["sampling"] == said
        assert tags["ALGORITHM"] == {"openness": "2", "vat": "1"}[style]
        found.append(read(out))
    assert not np.array_equal(found[0], found[1])
    assert not np.array_equal(found[2], found[3])


def test_a_damaged_file_does_not_stop_the_others(
    terrain: NDArray[np.float32], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = quarters(tmp_path / "in", terrain)
    data = paths[3].read_bytes()
    paths[3].write_bytes(data[: len(data) // 2])
    assert run(tmp_path / "in", "-o", tmp_path / "out") == 1
    said = capsys.readouterr()
    assert "DEM_05MF514_1g.tif" in said.err
    names = sorted(path.name for path in (tmp_path / "out").glob("*.tif"))
    assert "CS_05MF514_1g.tif" not in names
    assert [name for name in names if not name.startswith("CS_05MF51")] == []


@pytest.mark.parametrize(
    ("profile", "text"),
    [
        ({"crs": "EPSG:4326", "transform": from_origin(134.8, 35.3, 1e-5, 1e-5)}, "in degrees"),
        ({"transform": from_origin(0.0, 0.0, 1.0, 2.0)}, "not square"),
        ({"transform": Affine(1.0, 0.0, 5.0, 0.0, 1.0, 5.0)}, "south to north"),
        ({"crs": "EPSG:2226"}, "not in metres"),
    ],
)
def test_what_is_no_dem_in_metres(
    profile: dict[str, Any], text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "a.tif", np.zeros((9, 9), np.float32), **profile)
    assert run(tmp_path / "a.tif", "-o", tmp_path / "out") == (2 if "crs" in profile else 1)
    assert text in capsys.readouterr().err


@pytest.mark.parametrize(
    ("transform", "text"),
    [
        (from_origin(WEST, NORTH, 0.5, 0.5), "cells of"),
        (from_origin(WEST + 0.5, NORTH, 1.0, 1.0), "lie between"),
    ],
)
def test_files_that_do_not_go_together(
    transform: Affine, text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "a.tif", np.zeros((9, 9), np.float32))
    write(tmp_path / "b.tif", np.zeros((9, 9), np.float32), transform=transform)
    assert run(tmp_path / "a.tif", tmp_path / "b.tif", "-o", tmp_path / "out") == 2
    assert text in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (["--style", "cs", "--values"], "picture without numbers"),
        (["--set", "radius=3"], "no value called radius"),
        (["--set", "sigma"], "not NAME=VALUE"),
        (["--preset", "rrim"], "rrim"),
        (["--style", "slope", "--preset", "toda"], "for the style cs"),
        (["--style", "cs", "--style", "vat", "-o", "one.tif"], "Name a folder"),
    ],
)
def test_options_that_cannot_be_used(
    options: Sequence[str], text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "a.tif", np.zeros((9, 9), np.float32))
    assert run(tmp_path / "a.tif", "-o", tmp_path / "out", *options) == 2
    assert text in capsys.readouterr().err


def test_an_input_is_not_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path / "a.tif", np.zeros((9, 9), np.float32))
    assert run(path, "-o", path) == 2
    assert "another output folder" in capsys.readouterr().err


def test_a_preset_of_ones_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--show-preset", "--preset", "toda", "--set", "slope_grey.high=40") == 0
    own = tmp_path / "自作.toml"
    own.write_text(capsys.readouterr().out, encoding="utf-8")
    write(tmp_path / "a.tif", rough(60, 60).astype(np.float32))
    assert run(tmp_path / "a.tif", "-o", tmp_path / "b.tif", "--preset", own) == 0
    settings = ("--preset", "toda", "--set", "slope_grey.high=40")
    assert run(tmp_path / "a.tif", "-o", tmp_path / "c.tif", *settings) == 0
    assert np.array_equal(read(tmp_path / "b.tif"), read(tmp_path / "c.tif"))


def test_styles_of_a_grid_are_those_of_its_dem(tmp_path: Path) -> None:
    """Away from the outer edge, where the run knew more terrain than its sheets show."""
    box = ("--area", "21600,-166000,21700,-165900", "--sheet", "none", "--tile-size", "100")
    styles = ("-p", "dem", "-p", "cs", "-p", "openness", "-p", "vat")
    ground = ("--ground", SAMPLE / "ground")
    gridded(SAMPLE, *ground, "-o", tmp_path / "grid", *box, *styles, "--jobs", "1")
    names = ("--style", "cs", "--style", "openness", "--style", "vat")
    assert run(tmp_path / "grid" / "DEM_1g", "-o", tmp_path / "out", *names) == 0
    inner = (slice(15, -15), slice(15, -15))
    for style in ("CS", "OPENNESS", "VAT"):
        made = list((tmp_path / "grid" / f"{style}_1g").glob("*.tif"))
        assert made
        for path in made:
            assert np.array_equal(read(path)[inner], read(tmp_path / "out" / path.name)[inner])


@pytest.mark.parametrize("numbers", [[], ["--values"]])
def test_large_files_are_made_like_small_ones(
    numbers: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = write(tmp_path / "dem.tif", rough(700, 600).astype(np.float32))
    style = ["--style", "slope" if numbers else "cs"]
    assert run(source, "-o", tmp_path / "small.tif", *style, *numbers) == 0
    monkeypatch.setattr(worker, "IN_MEMORY", 0)
    monkeypatch.setattr(worker, "WINDOW", 512)
    assert run(source, "-o", tmp_path / "large.tif", *style, *numbers) == 0
    with rasterio.open(tmp_path / "small.tif") as small, rasterio.open(tmp_path / "large.tif") as large:
        assert small.profile == large.profile
        assert small.tags() == large.tags()
        assert small.tags(1) == large.tags(1)
        assert small.overviews(1) == large.overviews(1) == [2]
        np.testing.assert_array_equal(small.read(), large.read())
    small, large = (rasterio.open(tmp_path / name, overview_level=0) for name in ("small.tif", "large.tif"))
    with small, large:
        np.testing.assert_array_equal(small.read(), large.read())
