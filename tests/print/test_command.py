"""``hyogo-pc map``: from DEM files to files for paper."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pages
import pikepdf
import pytest
import rasterio
from affine import Affine

from hyogo_pc.main import main
from pointcloud.io.dems.dem import look
from pointcloud.print.map import heights, panel, sitemap
from pointcloud.print.map.design import Design, Ground, frame
from pointcloud.print.map.files import MapRequest, make_map
from pointcloud.print.map.heights import read_ground

WEST, NORTH = 45_000.0, -77_400.0


def dem(path: Path, west: float = WEST, cell: float = 1.0, count: int = 200, **tags: str) -> Path:
    y, x = np.mgrid[0:count, 0:count] * cell
    z = (150 + 0.1 * (x + west - WEST) + 5 * np.sin(y / 9)).astype(np.float32)
    profile = {"driver": "GTiff", "dtype": "float32", "count": 1, "nodata": -9999.0, "crs": "EPSG:6673"}
    transform = Affine(cell, 0, west, 0, -cell, NORTH)
    with rasterio.open(path, "w", width=count, height=count, transform=transform, **profile) as file:
        file.write(z, 1)
        file.update_tags(**tags)
    return path


def text_of(path: Path) -> str:
    with pikepdf.open(path) as document:
        return "\n".join(pages.layers_of(document)["frame"].texts)


def test_all_files_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = dem(tmp_path / "DEM.tif", CREDIT="Hyogo, CC BY 4.0")
    outs = [tmp_path / name for name in ("図.pdf", "図.png", "図.svg")]
    lines = [tmp_path / name for name in ("c.gpkg", "c.dxf")]
    arguments = [part for out in outs for part in ("-o", str(out))]
    arguments += [part for path in lines for part in ("--contours", str(path))]
    assert main(["map", str(source), "--at", "45100,-77500", "--dpi", "100", *arguments]) == 0
    said = capsys.readouterr()
    assert said.out.split() == [str(path) for path in (*outs[:2], tmp_path / "図.pgw", outs[2], *lines)]
    assert said.err.startswith("1:1,000, A4")
    assert "made by processing Hyogo, CC BY 4.0" in text_of(outs[0])


def test_neighbours_are_read_and_files_beyond_are_not(tmp_path: Path) -> None:
    for number in range(3):
        dem(tmp_path / f"DEM_{number}.tif", WEST + 200 * number, CREDIT=f"source {number}")
    made = make_map(MapRequest((str(tmp_path),), Design(scale=1000, dpi=100), "45200,-77500"))
    assert made.design.credit == "source 0, source 1"
    pixels = made.page.layers[0].pictures[0].pixels
    middle = pixels[pixels.shape[0] // 2].astype(int)
    assert np.abs(np.diff(middle, axis=0)).max() < 40  # no seam, no gap at E 45200


def test_synthetic_and_credit_of_a_mosaic_come_from_its_sources(tmp_path: Path) -> None:
    source = dem(tmp_path / "DEM_a.tif", SYNTHETIC="YES", CREDIT="nobody")
    mosaic = tmp_path / "DEM.vrt"
    mosaic.write_text(
        f"""<VRTDataset rasterXSize="200" rasterYSize="200"><SRS>EPSG:6673</SRS>
        <GeoTransform>{WEST}, 1, 0, {NORTH}, 0, -1</GeoTransform><VRTRasterBand dataType="Float32" band="1">
        <SimpleSource><SourceFilename relativeToVRT="1">{source.name}</SourceFilename><SourceBand>1</SourceBand>
        </SimpleSource></VRTRasterBand></VRTDataset>"""
    )
    out = tmp_path / "map.pdf"
    assert main(["map", str(mosaic), "-o", str(out), "--dpi", "100"]) == 0
    assert "made-up place" in text_of(out)
    assert "nobody" in text_of(out)


def test_fine_cells_are_averaged_where_paper_cannot_show_them(tmp_path: Path) -> None:
    source = dem(tmp_path / "DEM.tif", count=400, cell=0.5)
    made = make_map(MapRequest((str(source),), Design(scale=10_000, dpi=100, title="x"), "45100,-77500"))
    assert "from a DEM of 0.5 m cells, averaged to 2.5 m" in " ".join(texts(made.page))


def texts(page: object) -> list[str]:
    from pointcloud.print.paper import save

    with pikepdf.open(io.BytesIO(save.pdf(page))) as document:  # type: ignore[arg-type]
        return pages.layers_of(document)["frame"].texts


def test_named_sites_and_sheets_give_title_and_place(tmp_path: Path) -> None:
    source = dem(tmp_path / "DEM.tif")
    made = make_map(MapRequest((str(source),), Design(scale=2500, paper="A3", dpi=100), "takeda"))
    west, south, east, north = made.frame.bounds
    assert ((west + east) / 2, (south + north) / 2) == pytest.approx((45078.249, -77513.047), abs=2e-3)
    assert made.design.title == "Takeda Castle"
    sheet = make_map(MapRequest((str(source),), Design(dpi=100), "05MF5182"))
    assert sheet.design.title == "05MF5182"
    assert sheet.frame.scale == 2500


def test_site_that_does_not_fit_is_drawn_with_a_warning(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = dem(tmp_path / "DEM.tif")
    common = ["map", str(source), "--scale", "500", "--dpi", "100", "--credit", "x"]
    assert main([*common, "--at", "takeda", "-o", str(tmp_path / "a.pdf")]) == 0
    assert "does not fit: at 1:500 A4 shows" in capsys.readouterr().err
    box = "45000,-77600,45200,-77400"
    assert main([*common, "--at", box, "-o", str(tmp_path / "b.pdf")]) == 2
    error = capsys.readouterr().err
    assert "It would fit at 1:1,500" in error
    assert not (tmp_path / "b.pdf").exists()
    assert main(["--lang", "ja", *common, "--at", box, "-o", str(tmp_path / "b.pdf")]) == 2
    assert "1:1,500 なら収まります" in capsys.readouterr().err


def test_says_that_the_source_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = dem(tmp_path / "DEM.tif")
    assert main(["map", str(source), "-o", str(tmp_path / "a.pdf"), "--dpi", "100"]) == 0
    assert "--credit" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["-o", "map.jpg"], ".pdf, .png, .svg"),
        (["--contours", "lines.shp"], ".gpkg, .dxf"),
        ([], "-o"),
        (["-o", "m.pdf", "--magnetic", "7.8"], "declination"),
        (["-o", "m.pdf", "--at", "nowhere"], "nowhere"),
        (["-o", "m.pdf", "--overlay", "none.gpkg"], "none.gpkg"),
        (
            ["-o", "m.pdf", "--at", "0,0"],
            "covers W, S, E, N 45000, -77600, 45200, -77400, nothing of the map",
        ),
        (["-o", "m.pdf", "--at=-77500,45100"], "E and N look swapped: try --at 45100,-77500"),
        (["-o", "m.pdf", "--interval", "-1"], "interval is -1"),
        (["-o", "m.pdf", "--scale", "large"], "such as 1000 or 1:1000"),
        (["-o", "m.pdf", "--date", "2024/13/1"], "YYYY-MM-DD"),
        (["-o", "m.pdf", "--scale", "1000000"], "mm on paper"),
    ],
)
def test_wrong_requests_are_one_line(
    tmp_path: Path,
    options: list[str],
    said: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    source = dem(tmp_path / "DEM.tif")
    monkeypatch.chdir(tmp_path)
    assert main(["map", str(source), *options]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert list(tmp_path.glob("m*.pdf")) == []


def test_coordinates_of_another_countrys_grid(shared_data: Path, tmp_path: Path) -> None:
    source = shared_data / "dem_archaeology" / "TM1_564_146.tif"
    out = tmp_path / "a.pdf"
    assert (
        main(
            ["map", str(source), "--at", "564500,146500", "-o", str(out), "--dpi", "100", "--credit", "ARSO"]
        )
        == 0
    )
    text = text_of(out)
    assert "EPSG:3794" in text
    assert "true north: 0°37′ west" in text


def written(
    path: Path, heights: np.ndarray, crs: str | None = "EPSG:6673", nodata: float | None = None
) -> Path:
    profile = {"driver": "GTiff", "dtype": "float32", "count": 1, "nodata": nodata, "crs": crs}
    rows, cols = heights.shape
    with rasterio.open(
        path, "w", width=cols, height=rows, transform=Affine(1, 0, WEST, 0, -1, NORTH), **profile
    ) as file:
        file.write(heights.astype(np.float32), 1)
    return path


def hills() -> np.ndarray:
    y, x = np.mgrid[0:200, 0:200]
    return 150 + 0.1 * x + 5 * np.sin(y / 9)


def test_scale_date_and_no_contours_as_people_write_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, out = dem(tmp_path / "DEM.tif", CREDIT="x"), tmp_path / "m.pdf"
    common = ["map", str(source), "-o", str(out), "--dpi", "100"]
    assert main([*common, "--scale", "1:2,500", "--date", "2024/1/2", "--interval", "0"]) == 0
    assert capsys.readouterr().err == "1:2,500, A4; the map shows 465 × 568 m\n"
    assert "2024-01-02" in text_of(out)


def test_a_crs_that_is_assumed_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = written(tmp_path / "site.tif", hills(), crs=None)
    common = ["map", str(source), "-o", str(tmp_path / "m.pdf"), "--dpi", "100", "--credit", "x"]
    assert main(common) == 0
    assert "site.tif: it states no CRS; taken for zone V (EPSG:6673)" in capsys.readouterr().err
    assert main([*common, "--crs", "EPSG:6673"]) == 0
    assert "no CRS" not in capsys.readouterr().err


SITE = Ground(np.empty((0, 0), np.float32), WEST, NORTH, 2.0, None)


def test_only_what_is_covered_is_read(tmp_path: Path) -> None:
    """A small DEM on large paper: neither its cells nor its picture are those of the paper."""
    source = written(tmp_path / "DEM.tif", np.tile(hills(), (3, 3)))
    design = Design(scale=25_000, paper="A2", dpi=300, title="x")
    files = [look(source)]
    placed = frame(design, (WEST + 300, NORTH - 300), None, panel.heights(design, (), SITE))
    ground, _ = read_ground(files, placed, design, None)
    assert ground.cell == 2.0
    assert ground.heights.shape == (301, 301) or ground.heights.shape == (300, 300)
    assert np.isfinite(ground.heights).mean() > 0.98
    made = make_map(MapRequest((str(source),), design, f"{WEST + 300},{NORTH - 300}"))
    assert made.page.layers[0].pictures[0].pixels.shape[0] < 350


def test_averages_do_not_depend_on_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = written(tmp_path / "DEM.tif", np.where(hills() > 168, np.nan, hills()), nodata=np.nan)
    design = Design(scale=10_000, dpi=100)
    placed = frame(design, (WEST + 100, NORTH - 100), None, panel.heights(design, (), SITE))
    whole, _ = read_ground([look(source)], placed, design, None)
    monkeypatch.setattr(heights, "_SIDE", 50)
    shares: list[float] = []
    parts, _ = read_ground([look(source)], placed, design, None, tell=shares.append)
    assert np.array_equal(whole.heights, parts.heights, equal_nan=True)
    assert shares[-1] == 1.0
    assert len(shares) > 2


def test_warns_before_it_draws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = dem(tmp_path / "DEM.tif", CREDIT="x")
    told: list[str] = []

    def drawing(*_: object, **__: object) -> None:
        raise RuntimeError("drawing")

    monkeypatch.setattr(sitemap.contour_room, "contour_lines", drawing)
    with pytest.raises(RuntimeError, match="drawing"):
        make_map(MapRequest((str(source),), Design(scale=1000, interval=0.25, dpi=100)), told.append)
    assert "finer than a DEM of 1 m cells bears" in told[-1]


def test_all_void_has_its_own_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = written(tmp_path / "void.tif", np.full((200, 200), -9999.0), nodata=-9999.0)
    assert main(["map", str(source), "-o", str(tmp_path / "m.pdf")]) == 2
    error = capsys.readouterr().err
    assert "void.tif covers W, S, E, N 45000" in error
    assert "is nodata" in error
    assert error.count("\n") == 1
    out = tmp_path / "r"
    assert main(["relief", str(source), "-o", str(out)]) == 0
    assert "void.tif holds no height, only nodata" in capsys.readouterr().err


@pytest.mark.parametrize("mark", [-9999.0, -32768.0, -3.4028234663852886e38])
def test_undeclared_marks_of_nodata_are_told_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], mark: float
) -> None:
    heights = hills()
    heights[40:60, 40:60] = mark
    heights[100, 100] = mark
    source = written(tmp_path / "DEM.tif", heights)
    line = f"{WEST + 5},{NORTH - 50} {WEST + 150},{NORTH - 50}"
    runs = {
        "relief": ["-o", str(tmp_path / "r"), "--style", "slope"],
        "map": ["-o", str(tmp_path / "m.pdf"), "--interval", "0", "--dpi", "100", "--credit", "x"],
        "profile": ["-o", str(tmp_path / "p.csv"), "--line", line],
    }
    for command, arguments in runs.items():
        assert main([command, str(source), *arguments]) == 0
        said = capsys.readouterr().err
        assert said.count("usually mean nodata") == 1, command
        nodata = said.split("--nodata ")[1].split()[0]
        assert "DEM.tif holds heights of" in said
        assert main([command, str(source), *arguments, f"--nodata={nodata}"]) == 0
        assert "usually" not in capsys.readouterr().err


def test_levels_without_end_name_the_heights(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    heights = hills()
    heights[40:60, 40:60] = -9999
    source = written(tmp_path / "DEM.tif", heights)
    assert main(["map", str(source), "-o", str(tmp_path / "m.pdf"), "--interval", "0.5"]) == 2
    assert "from -9999 to 174" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("command", "options", "said", "code"),
    [
        ("relief", ["*.xyz"], "no DEMs found", 2),
        ("map", ["*.xyz"], "no DEMs found", 2),
        ("map", ["gone.tif"], "there is no such file", 2),
        ("map", ["DEM.tif", "--overlay", "gone.gpkg"], "there is no such file", 2),
        ("map", ["DEM.tif", "--overlay", "junk.geojson"], "cannot be read as lines and areas", 1),
        ("map", ["cut.tif"], "cut short or damaged", 1),
        ("relief", ["cut.tif"], "cut short or damaged", 1),
        ("relief", ["degrees.tif"], "in degrees", 2),
        ("map", ["degrees.tif"], "in degrees", 2),
        ("relief", ["DEM.tif", "other.tif"], "different coordinate reference systems", 2),
    ],
)
def test_alike_cases_are_told_and_end_alike(
    tmp_path: Path,
    command: str,
    options: list[str],
    said: str,
    code: int,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    good = written(tmp_path / "DEM.tif", hills())
    written(tmp_path / "degrees.tif", hills(), crs="EPSG:6668")
    written(tmp_path / "other.tif", hills(), crs="EPSG:6674")
    (tmp_path / "cut.tif").write_bytes(good.read_bytes()[:60_000])
    (tmp_path / "junk.geojson").write_text("no JSON")
    out = "m.pdf" if command == "map" else "r"
    assert main([command, *options, "-o", out]) == code
    error = capsys.readouterr().err
    assert said in error
    assert "<DRIVER>" not in error
    assert "previous exception" not in error


def test_a_relief_is_no_picture_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = written(tmp_path / "DEM.tif", hills())
    assert main(["relief", str(source), "-o", str(tmp_path / "x.png")]) == 2
    assert "name a .tif" in capsys.readouterr().err
    assert not (tmp_path / "x.png").exists()
