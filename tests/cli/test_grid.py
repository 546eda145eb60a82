"""The options of `hyogo-pc grid`, what it says, and what its rasters say of themselves."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import laspy
import numpy as np
import pyproj
import pytest
import rasterio
from runs import SAMPLE, hills, leftovers, pixels, rasters, write_cloud
from squares import SOUTH, SQUARES, WEST, cloud, run, tags, wkt

from pointcloud import __version__, messages
from pointcloud.params.grid import ALGORITHM, NODATA, GridParams

# --- Reference systems


def test_a_stated_system_keeps_its_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """JGD2000 stays JGD2000; JGD2011 beside it is the same place, and is said."""
    old = cloud(tmp_path / "old.laz", wkt=wkt(2447))
    assert run(capsys, old, "-o", tmp_path / "one", *SQUARES)[0] == 0
    with rasterio.open(rasters(tmp_path / "one")["DEM_E0044000_S0078000_1g.tif"]) as raster:
        assert raster.crs.to_epsg() == 2447
    new = cloud(tmp_path / "new.laz", WEST + 50)
    code, said = run(capsys, old, new, "-o", tmp_path / "two", *SQUARES)
    assert code == 0
    assert "2447" in said
    with rasterio.open(rasters(tmp_path / "two")["DEM_E0044000_S0078000_1g.tif"]) as raster:
        assert raster.crs.to_epsg() == 6673


def test_a_height_datum_only_if_it_is_stated(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = cloud(tmp_path / "a.laz")
    for options, vertical in (((), False), (("--vertical", "EPSG:6695"), True)):
        out = tmp_path / str(vertical)
        assert run(capsys, path, "-o", out, *SQUARES, *options)[0] == 0
        with rasterio.open(rasters(out)["DEM_E0044000_S0078000_1g.tif"]) as raster:
            found = pyproj.CRS.from_wkt(raster.crs.to_wkt())
        assert found.is_compound == vertical


@pytest.mark.parametrize(
    ("name", "west", "south", "said"),
    [
        ("a.laz", 500_000.0, 500_000.0, "it states no CRS"),
        ("a.laz", -78_000.0, 44_000.0, "swapped"),
        ("05MF51.laz", -78_000.0, 44_000.0, "swapped"),
        ("a.laz", 134.0, 34.0, "degrees"),
    ],
)
def test_coordinates_without_a_system_that_cannot_be_zone_v(
    name: str, west: float, south: float, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = cloud(tmp_path / name, west, south, side=0.9 if west < 200 and south < 200 else 50.0, wkt=None)
    out = tmp_path / "out"
    code, text = run(capsys, path, "-o", out, "--sheet", "500")
    assert code == 2
    assert said in text
    assert name in text
    assert not out.exists()


def test_zone_v_is_assumed_with_a_warning(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of many such files the first are named, and the rest counted."""
    for number in range(8):
        cloud(tmp_path / "in" / f"{number}.laz", WEST + 50 * number, wkt=None)
    code, text = run(capsys, tmp_path / "in", "-o", tmp_path / "out", *SQUARES, "--dry-run")
    assert code == 0
    assert "Coordinates alone cannot tell the zones apart" in text
    code, text = run(capsys, tmp_path / "in", "-o", tmp_path / "out", *SQUARES)
    assert code == 0
    assert text.count("taken for zone V") == 6
    assert "3 more warnings of this kind, the last: 7.laz" in text


def test_systems_that_differ_in_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Also of two files with the same name."""
    cloud(tmp_path / "in" / "a" / "tile.laz")
    cloud(tmp_path / "in" / "b" / "tile.laz", WEST + 50, wkt=wkt(6674))
    code, text = run(capsys, tmp_path / "in", "-o", tmp_path / "out", *SQUARES)
    assert code == 2
    assert str(Path("b", "tile.laz")) in text
    assert "6674" in text
    assert not (tmp_path / "out").exists()


def test_crs_must_agree_with_what_files_state(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = cloud(tmp_path / "a.laz")
    code, text = run(capsys, path, "-o", tmp_path / "out", *SQUARES, "--crs", "EPSG:6674")
    assert code == 2
    assert "a.laz states EPSG:6673" in text
    code, text = run(capsys, path, "-o", tmp_path / "out", "--crs", "EPSG:32653")
    assert code == 2


def test_sheets_exist_in_japanese_zones_only(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = cloud(tmp_path / "a.laz", 484_000.0, 3_906_000.0, offset=(484_000.0, 3_906_000.0), wkt=wkt(32653))
    code, text = run(capsys, path, "-o", tmp_path / "out")
    assert code == 2
    assert "--sheet none" in text


def test_another_zone_has_its_own_sheets(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = cloud(tmp_path / "a.laz", wkt=wkt(6676))
    code, text = run(capsys, path, "-o", tmp_path / "out", "--sheet", "250", "-p", "dsm")
    assert code == 0, text
    assert list(rasters(tmp_path / "out")) == ["DSM_08MF51TA_1g.tif"]


# --- What is made


@pytest.mark.parametrize(
    ("level", "code", "shape"),
    [("500", "05MF5190", (300, 400)), ("1000", "05MF514A", (600, 800)), ("250", "05MF51TA", (150, 200))],
)
def test_each_raster_is_exactly_its_sheet(
    level: str, code: str, shape: tuple[int, int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = cloud(tmp_path / "a.laz", side=60.0)
    options = ("--sheet", level, "-r", "1", "-r", "0.5", "-p", "dsm", "--area", code)
    done, text = run(capsys, path, "-o", tmp_path / "out", *options)
    assert done == 0, text
    for label, factor in (("1g", 1), ("05g", 2)):
        with rasterio.open(tmp_path / "out" / f"DSM_{label}" / f"DSM_{code}_{label}.tif") as raster:
            assert raster.shape == (shape[0] * factor, shape[1] * factor)
            assert (raster.bounds.left, raster.bounds.bottom) == (WEST, SOUTH)
            assert raster.dtypes == ("float32",)
            assert raster.nodata == NODATA
            assert raster.overviews(1) or max(shape) < 512


def test_both_resolutions_are_made_of_the_same_points(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The highest return of a cell is the highest of the four cells in it."""
    path = cloud(tmp_path / "a.laz")
    options = ("-r", "0.5", "-r", "1", "-p", "dsm", "--dsm-max-gap", "0", *SQUARES)
    assert run(capsys, path, "-o", tmp_path / "out", *options)[0] == 0
    fine, coarse = (
        pixels(tmp_path / "out" / f"DSM_{label}" / f"DSM_E0044000_S0078000_{label}.tif")[0]
        for label in ("05g", "1g")
    )
    assert np.array_equal(fine.reshape(50, 2, 50, 2).max(axis=(1, 3)), coarse)


@pytest.mark.parametrize("options", [("-r", "0.7"), ("-r", "3"), ("-r", "1", "-r", "0.4"), ("-r", "0")])
def test_resolutions_that_do_not_fit_are_refused(
    options: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = cloud(tmp_path / "a.laz")
    code, text = run(capsys, path, "-o", tmp_path / "out", "--sheet", "2500", *options)
    assert code == 2
    assert "resolution" in text
    assert not (tmp_path / "out").exists()


def test_a_pair_of_original_and_ground(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Named within the inputs too, by another path, the ground is still ground and counted once."""
    relative = SAMPLE / ".." / SAMPLE.name / "ground"
    arguments = ("-o", tmp_path / "out", "--sheet", "500", "--area", "05PE5525")
    code, text = run(capsys, SAMPLE, "--ground", relative, *arguments)
    assert code == 0, text
    counted = sum(
        laspy.open(path).header.point_count
        for path in SAMPLE.rglob("*.laz")
        if path.stem in ("05PE5524", "05PE5525", "05PE5534", "05PE5535")
    )
    assert f"points: {counted:,} read" in text
    dem = pixels(rasters(tmp_path / "out")["DEM_05PE5525_1g.tif"])[0, :, :200]
    assert (dem != NODATA).mean() > 0.98


def test_only_ground_switches_the_water_gap_off_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = np.random.default_rng(0)
    e, n = rng.uniform(WEST, WEST + 50, 2500), rng.uniform(SOUTH, SOUTH + 50, 2500)
    dry = np.hypot(e - WEST - 25, n - SOUTH - 25) > 9
    for classes, void in ((2, False), (np.where(np.arange(2500) % 3, 2, 1)[dry], True)):
        path = write_cloud(tmp_path / "a.laz", e[dry], n[dry], hills(e, n)[dry], classes)
        out = tmp_path / f"out {void}"
        code, text = run(capsys, path, "-o", out, *SQUARES, "--water-gap", "15")
        assert code == 0
        assert ("some files hold only ground points" in text) != void
        dem = pixels(rasters(out)["DEM_E0044000_S0078000_1g.tif"])[0]
        assert (dem[25, 25] == NODATA) == void


def test_excluded_classes_and_withheld_points_are_not_used(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = np.random.default_rng(0)
    e, n = rng.uniform(WEST, WEST + 50, 5000), rng.uniform(SOUTH, SOUTH + 50, 5000)
    classes = rng.choice(np.array([2, 7, 18, 12], np.uint8), 5000)
    withheld = rng.random(5000) < 0.2
    z = np.where((classes == 2) & ~withheld, 10.0, 500.0)
    path = write_cloud(tmp_path / "a.laz", e, n, z, classes, withheld=withheld)
    code, text = run(capsys, path, "-o", tmp_path / "out", *SQUARES, "--exclude-class", "7",
                     "--exclude-class", "18", "--exclude-class", "12")  # fmt: skip
    assert code == 0
    for name, raster in rasters(tmp_path / "out").items():
        if not name.startswith("CS"):
            assert set(np.unique(pixels(raster))) <= {np.float32(10.0), np.float32(NODATA)}
    used = int(np.count_nonzero((classes == 2) & ~withheld))
    others = int(np.count_nonzero((classes != 2) & ~withheld))
    assert (
        f"{used:,} used, {used:,} ground; rejected: {others:,} of excluded classes, {withheld.sum():,}"
        in text
    )


# --- Parameters, dry run, words


def test_parameters_from_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Options win over it."""
    path = cloud(tmp_path / "a.laz")
    (tmp_path / "p.toml").write_text(
        'resolutions = [1, 0.5]\nproducts = ["dem"]\nmax_gap = 12.5\nwater_gap = 9\n[cs]\nsigma = 2.0\n',
        encoding="utf-8",
    )
    code, text = run(
        capsys, path, "-o", tmp_path / "out", "--sheet", "none", "--tile-size", "50",
        "--params", tmp_path / "p.toml", "--water-gap", "8",
    )  # fmt: skip
    assert code == 0, text
    names = rasters(tmp_path / "out")
    assert set(names) == {"DEM_E0044000_S0078000_05g.tif", "DEM_E0044000_S0078000_1g.tif"}
    said = json.loads(tags(names["DEM_E0044000_S0078000_1g.tif"])["PARAMETERS"])
    assert (said["max_gap"], said["water_gap"]) == (12.5, 8.0)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("max_gap = ", "cannot be read as TOML"),
        ("gap = 5", "unknown parameter 'gap'"),
        ("max_gap = 'wide'", "max_gap cannot be 'wide'"),
        ("max_gap = -1", "out of range"),
        ("products = ['dtm']", "dtm"),
        ("cs = 5", "cs cannot be 5"),
    ],
)
def test_parameter_files_that_cannot_be_used(
    text: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "p.toml").write_text(text, encoding="utf-8")
    path = cloud(tmp_path / "a.laz")
    code, words = run(capsys, path, "-o", tmp_path / "out", "--params", tmp_path / "p.toml")
    assert code == 2
    assert said in words


def test_a_dry_run_writes_nothing(four: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, text = run(capsys, four, "-o", tmp_path / "out", *SQUARES, "--dry-run")
    assert code == 0
    assert not (tmp_path / "out").exists()
    for square in ("E0044000_S0078000", "E0044050_S0077950"):
        assert square in text
    assert "4 sheets" in text
    assert "EPSG:6673" in text


def test_nothing_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, text = run(capsys, "-o", tmp_path / "out")
    assert code == 2
    assert "hyogo-pc grid tiles -o out" in text
    code, text = run(capsys, tmp_path / "nowhere", "-o", tmp_path / "out")
    assert code == 2
    assert "nowhere" in text
    empty = write_cloud(tmp_path / "empty.las", *np.empty((3, 0)))
    code, text = run(capsys, empty, "-o", tmp_path / "out")
    assert code == 2
    assert "the inputs hold no points" in text


def test_names_in_japanese_and_with_spaces(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of folders and files, in and out, and in the credit."""
    path = cloud(tmp_path / "点 群" / "竹田城跡 (1).laz")
    out = tmp_path / "成果 品"
    code, text = run(capsys, path.parent, "-o", out, *SQUARES, "--credit", "出典:兵庫県")
    assert code == 0
    assert str(out / "DEM_1g.vrt") in text
    held = tags(rasters(out)["DEM_E0044000_S0078000_1g.tif"])
    assert held["CREDIT"] == "出典:兵庫県"
    assert json.loads(held["INPUTS"])[0]["name"] == "竹田城跡 (1).laz"
    with rasterio.open(out / "DEM_1g.vrt") as mosaic:
        assert np.array_equal(mosaic.read(), pixels(rasters(out)["DEM_E0044000_S0078000_1g.tif"]))


def test_messages_in_japanese(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = cloud(tmp_path / "a.laz", classes=1)
    code, text = run(capsys, "--lang", "ja", path, "-o", tmp_path / "out", *SQUARES)
    assert code == 2
    assert "エラー: グラウンドの点がありません" in text
    code, text = run(capsys, "--lang", "ja", path, "-o", tmp_path / "out", *SQUARES, "--ground-class", "1")
    assert code == 0
    assert "1 図郭(3 ラスター)を" in text
    assert "見取り図:" in text
    english = ("written", "points:", "peak memory", "pictures", "warning", "done")
    assert [word for word in english if word in text.replace(str(tmp_path), "")] == []
    messages.set_language("en")


# --- What rasters say of themselves


def test_tags_say_what_made_a_raster(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    inputs = [cloud(tmp_path / "in" / name, WEST + 50 * k) for k, name in enumerate(["b.laz", "a.laz"])]
    far = cloud(tmp_path / "in" / "far.laz", WEST + 500)
    out = tmp_path / "out"
    assert run(capsys, *inputs, far, "-o", out, *SQUARES, "--credit", "me")[0] == 0
    for product in ("DSM", "DEM", "CS"):
        held = tags(rasters(out)[f"{product}_E0044000_S0078000_1g.tif"])
        assert held["TIFFTAG_SOFTWARE"] == f"hyogo-pc {__version__}"
        assert held["PRODUCT"] == product
        assert held["ALGORITHM"] == str(ALGORITHM[product.lower()])  # type: ignore[index]
        assert held["SHEET"] == "E0044000_S0078000"
        assert held["CREDIT"] == "me"
        assert "SYNTHETIC" not in held
        params = GridParams(max_gap=20.0)
        assert json.loads(held["PARAMETERS"]) == json.loads(json.dumps(params.of(product.lower())))  # type: ignore[arg-type]
        assert json.loads(held["INPUTS"]) == [
            {
                "name": path.name,
                "size": path.stat().st_size,
                "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            }
            for path in sorted(inputs)
        ]


def test_made_up_points_make_rasters_that_say_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    path = SAMPLE / "05PE5533.laz"
    assert run(capsys, path, "-o", out, "--sheet", "500", "--crs", "EPSG:6673")[0] == 0
    assert len(rasters(out)) == 3
    for raster in rasters(out).values():
        assert tags(raster)["SYNTHETIC"] == "YES"


def test_no_file_names_a_folder_of_this_machine(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither rasters nor mosaics or pictures hold a path, a time, or the number of processes; the record no path."""
    cloud(tmp_path / "secret folder" / "a.laz", side=100.0)
    monkeypatch.chdir(tmp_path)
    texts = []
    for jobs in ("1", "3"):
        out = Path(f"out {jobs}")
        assert (
            run(capsys, Path("secret folder").absolute(), "-o", out.absolute(), *SQUARES, "--jobs", jobs)[0]
            == 0
        )
        texts.append({p.relative_to(out): p.read_bytes() for p in out.rglob("*") if p.is_file()})
        assert leftovers(out) == []
    made = [
        {path: text for path, text in each.items() if path.suffix not in (".json", ".html")} for each in texts
    ]
    assert made[0] == made[1]
    forbidden = [
        str(tmp_path).encode(),
        b"secret folder",
        str(Path.home()).encode() + b"/",
        b"/tmp/",
        b"out 1",
    ]
    for name, data in texts[0].items():
        assert [word for word in forbidden if word in data] == [], name
