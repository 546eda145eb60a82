"""`hyogo-pc classify`: nothing changes but classes; files alone and together, in any order, get the same classes."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import laspy
import numpy as np
import pytest
from runs import SAMPLE, environment, hills, tiles, write_cloud

from hyogo_pc.main import main
from pointcloud.classification.made import OLD_LIST
from pointcloud.ground import smrf
from pointcloud.io.las.reader import read_header
from pointcloud.params.smrf import PRESET, SmrfParams
from pointcloud.run.record import FILE_NAME, FOLDER

QUICK = ("--window", "5", "--max-gap", "25", "--isolated", "0")  # woods this thin are isolated points
PARAMS = SmrfParams(window=5.0, max_gap=25.0)


def classify(*arguments: str | Path) -> int:
    return main(["classify", *map(str, arguments)])


def woods(
    rng: np.random.Generator, bounds: tuple[float, float, float, float], per_m2: float = 1.5
) -> list[np.ndarray]:
    west, south, east, north = bounds
    count = round((east - west) * (north - south) * per_m2)
    e, n = rng.uniform(west, east, count), rng.uniform(south, north, count)
    z = hills(e, n) + np.where(rng.random(count) < 0.4, rng.uniform(1, 20, count), 0.0)
    return [e, n, z, np.zeros(count, np.uint8)]


@pytest.mark.parametrize("suffix", ["las", "laz"])
@pytest.mark.parametrize("point_format", [0, 1, 3, 6, 7])
def test_nothing_changes_but_the_class(point_format: int, suffix: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(point_format)
    columns = woods(rng, (44_000, -78_000, 44_060, -77_940))
    count = len(columns[0])
    columns[3] = rng.choice(np.array([0, 1, 7, 9], np.uint8), count)
    path = tmp_path / "in" / f"点群.{suffix}"
    write_cloud(path, *columns, point_format=point_format, wkt=None)
    las = laspy.read(path)
    las.add_extra_dim(laspy.ExtraBytesParams("reflectance", np.float32))
    las.reflectance = rng.normal(0, 1, count).astype(np.float32)
    las.intensity = rng.integers(0, 65_535, count)
    las.user_data = rng.integers(0, 255, count)
    las.withheld = rng.random(count) < 0.05
    las.synthetic = rng.random(count) < 0.5
    las.vlrs.append(laspy.VLR("someone", 7, "note", b"\x00\x01garbage\xff"))
    if point_format >= 6:
        las.evlrs = laspy.vlrs.vlrlist.VLRList([laspy.VLR("else", 9, "", b"behind the points" * 50)])
        las.overlap = rng.random(count) < 0.5
    las.write(path)
    assert classify(path, "-o", tmp_path / "out", "--crs", "6673", *QUICK) == 0
    old, new = laspy.read(path), laspy.read(tmp_path / "out" / path.name)
    for name in old.point_format.dimension_names:
        if name != "classification":
            assert np.array_equal(old[name], new[name]), name
    assert [(v.user_id, v.record_id, v.record_data_bytes()) for v in old.vlrs] == [
        (v.user_id, v.record_id, v.record_data_bytes()) for v in new.vlrs
    ]
    assert [v.record_data_bytes() for v in old.evlrs or []] == [
        v.record_data_bytes() for v in new.evlrs or []
    ]
    was, now = np.asarray(old.classification), np.asarray(new.classification)
    kept = np.isin(was, (7, 9)) | np.asarray(old.withheld, bool)
    assert np.array_equal(was[kept], now[kept])
    assert set(np.unique(now[~kept])) == {1, 2}
    ground = np.abs(columns[2] - hills(columns[0], columns[1])) < 0.01
    assert ((now == 2) == ground)[~kept].mean() > 0.95
    assert read_header(tmp_path / "out" / path.name).count == count


def test_records_that_mention_copc_stay_as_they_are(tmp_path: Path) -> None:
    """In a file that is none, whatever ends in its mark; only whose record it is would count."""
    columns = woods(np.random.default_rng(8), (44_000, -78_000, 44_040, -77_960))
    path = tmp_path / "in" / "a.laz"
    write_cloud(path, *columns, point_format=6, wkt=None)
    las = laspy.read(path)
    data = b"copc" + bytes(60)
    las.vlrs.append(laspy.VLR("someone", 7, "desc copc", data))
    las.evlrs = laspy.vlrs.vlrlist.VLRList([laspy.VLR("else", 9, "copc", data * 3)])
    las.write(path)
    assert classify(path, "-o", tmp_path / "out", "--crs", "6673", *QUICK) == 0
    new = laspy.read(tmp_path / "out" / "a.laz")
    assert [(v.description, v.record_data_bytes()) for v in new.vlrs if v.user_id == "someone"] == [
        ("desc copc", data)
    ]
    assert [(v.description, v.record_data_bytes()) for v in new.evlrs] == [("copc", data * 3)]


def test_files_of_others_are_not_replaced(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Original and ground deliveries often have files of the same names."""
    columns = woods(np.random.default_rng(9), (44_000, -78_000, 44_040, -77_960))
    path, ground = tmp_path / "original" / "a.laz", tmp_path / "ground" / "a.laz"
    for place in (path, ground):
        write_cloud(place, *columns)
    before = ground.read_bytes()
    assert classify(path, "-o", ground.parent, *QUICK) == 2
    assert "was not made by this program" in capsys.readouterr().err
    assert ground.read_bytes() == before
    assert classify(path, "-o", tmp_path / "out", *QUICK) == 0
    assert classify(path, "-o", tmp_path / "out", *QUICK) == 0  # its own may be
    shutil.copy(SAMPLE / "05PE5533.laz", tmp_path / "out" / "a.laz")
    assert classify(path, "-o", tmp_path / "out", *QUICK) == 2


def test_a_run_killed_between_file_and_record_does_not_disown_what_it_made(tmp_path: Path) -> None:
    columns = woods(np.random.default_rng(9), (44_000, -78_000, 44_040, -77_960))
    path, out = tmp_path / "a.laz", tmp_path / "out"
    write_cloud(path, *columns)
    assert classify(path, "-o", out, *QUICK) == 0
    made = (out / "a.laz").read_bytes()
    run = json.loads((out / FILE_NAME).read_text(encoding="utf-8"))
    run["run"] |= {"ended": "", "ended_as": ""}
    for content, code in ((made, 0), (made[:-1] + b"x", 1)):
        (out / FOLDER / "a.laz.json").unlink()
        (out / FILE_NAME).write_text(json.dumps(run), encoding="utf-8")
        (out / "a.laz").write_bytes(content)
        assert classify(path, "-o", out, *QUICK) == code
        assert (out / "a.laz").read_bytes() == content


def test_what_the_first_release_made_may_be_replaced(tmp_path: Path) -> None:
    columns = woods(np.random.default_rng(9), (44_000, -78_000, 44_040, -77_960))
    path, out = tmp_path / "a.laz", tmp_path / "out"
    write_cloud(path, *columns)
    out.mkdir()
    (out / "a.laz").write_bytes(b"of old")
    assert classify(path, "-o", out, *QUICK) == 2
    (out / OLD_LIST).write_text(json.dumps({"a.laz": [3, 6]}), encoding="utf-8")
    assert classify(path, "-o", out, *QUICK) == 0
    assert (out / "a.laz").stat().st_size > 6


def test_waveforms_in_laz_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    columns = woods(np.random.default_rng(10), (44_000, -78_000, 44_040, -77_960))
    for suffix, code in (("las", 0), ("laz", 1)):
        path = tmp_path / "in" / f"a.{suffix}"
        write_cloud(path, *columns, point_format=9)
        assert classify(path, "-o", tmp_path / suffix, *QUICK) == code
    assert "waveforms" in capsys.readouterr().out
    assert not list((tmp_path / "laz").glob("*.laz"))


@pytest.mark.parametrize("heights", ["nan,1,2", "-1,2,3", "0.5,2,inf", "1,1,2", "1,2"])
def test_heights_rise(heights: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert classify(SAMPLE, "-o", tmp_path, f"--heights={heights}") == 2
    assert heights.split(",")[-1] in capsys.readouterr().err


def test_files_alone_get_the_classes_of_the_whole(tmp_path: Path) -> None:
    """A file and what lies within the halo, renamed and in another order, against all files in one run."""
    side, reach = 60.0, smrf.halo(PARAMS) / 1e4
    columns = woods(np.random.default_rng(1), (44_000 - 180, -78_000, 44_000 + 180, -78_000 + side))
    border = (min(columns[0]) // side + 1) * side
    house = (np.abs(columns[0] - border) < 5) & (np.abs(columns[1] + 77_970) < 15)
    columns[2][house] = hills(columns[0], columns[1])[house] + 6  # half of it alone is no narrow roof
    files = tiles(tmp_path / "in", columns, side)
    assert 90 < reach < 3 * side
    assert classify(tmp_path / "in", "-o", tmp_path / "whole", *QUICK, "--jobs", "2") == 0
    col, row = sorted(files)[0]
    near = [path for (other, _), path in files.items() if (other - col - 1) * side <= reach]
    assert len(near) < len(files)
    (tmp_path / "some").mkdir()
    for number, path in enumerate(near):
        name = path.name if path == files[col, row] else f"{99 - number}.laz"
        shutil.copy(path, tmp_path / "some" / name)
    assert classify(tmp_path / "some", "-o", tmp_path / "alone", *QUICK, "--jobs", "1") == 0
    name = files[col, row].name
    whole, alone = (laspy.read(tmp_path / place / name) for place in ("whole", "alone"))
    assert np.array_equal(whole.classification, alone.classification)
    assert classify(files[col, row], "-o", tmp_path / "cut", *QUICK) == 0
    cut = laspy.read(tmp_path / "cut" / name)
    assert not np.array_equal(whole.classification, cut.classification)


def test_gridding_with_classes_found_or_written_is_the_same(tmp_path: Path) -> None:
    """`grid --classify` finds the points that `classify` writes, to the bit."""
    columns = woods(np.random.default_rng(2), (44_000, -78_000, 44_120, -77_940))
    write_cloud(tmp_path / "in" / "a.laz", *columns)
    assert classify(tmp_path / "in", "-o", tmp_path / "classified", "--preset", "forest") == 0
    options = ["-p", "dem", "-p", "quality", "--sheet", "none", "--tile-size", "60", "--jobs", "1"]
    found = ["--classify", "smrf", "--preset", "forest"]
    assert main(["grid", str(tmp_path / "in"), "-o", str(tmp_path / "found"), *options, *found]) == 0
    assert main(["grid", str(tmp_path / "classified"), "-o", str(tmp_path / "written"), *options]) == 0
    import rasterio

    compared = 0
    for path in sorted((tmp_path / "found").glob("*/*.tif")):
        with (
            rasterio.open(path) as one,
            rasterio.open(tmp_path / "written" / path.parent.name / path.name) as other,
        ):
            assert np.array_equal(one.read(), other.read()), path.name
            compared += 1
    assert compared == 6


def test_copc_becomes_plain_laz(shared_data: Path, tmp_path: Path) -> None:
    (source,) = sorted((shared_data / "formats").glob("*.copc.laz"))[:1]
    assert classify(source, "-o", tmp_path, "--crs", "EPSG:26912", *QUICK) in (0, 2)
    made = list(tmp_path.glob("*.laz"))
    for path in made:
        assert not path.name.endswith(".copc.laz")
        old, new = laspy.read(source), laspy.read(path)
        assert np.array_equal(old.gps_time, new.gps_time)
        assert b"copc" not in {v.user_id.encode() for v in new.vlrs}


def test_heights_above_ground_give_classes(tmp_path: Path) -> None:
    e, n, z, classes = woods(np.random.default_rng(3), (44_000, -78_000, 44_060, -77_940))
    path = write_cloud(tmp_path / "in" / "a.laz", e, n, z, classes)
    assert classify(path, "-o", tmp_path / "out", *QUICK, "--heights", "0.5,2,5") == 0
    now = np.asarray(laspy.read(tmp_path / "out" / "a.laz").classification)
    above = z - hills(e, n)
    inside = (np.abs(e - 44_030) < 20) & (np.abs(n + 77_970) < 20)
    for number, (least, most) in {2: (-0.1, 0.1), 3: (1.2, 1.7), 4: (2.5, 4.5), 5: (6, 30)}.items():
        these = inside & (above > least) & (above < most)
        assert (now[these] == number).mean() > 0.95


def test_dry_run_prints_the_halo_and_the_widest_roof(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = write_cloud(
        tmp_path / "a.laz", *woods(np.random.default_rng(4), (44_000, -78_000, 44_020, -77_980))
    )
    assert classify(path, "-o", tmp_path / "out", "--preset", "town", "--dry-run") == 0
    said = capsys.readouterr().out
    assert f"{smrf.halo(PRESET['town']) / 1e4:g} m" in said
    assert "80 m wide" in said
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (["--heights", "5,2,1"], "three rising heights"),
        (["--heights", "low"], "three rising heights"),
        (["--window", "0.2"], "window 0.2"),
    ],
)
def test_wrong_options_are_named(
    change: list[str], text: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = write_cloud(
        tmp_path / "a.laz", *woods(np.random.default_rng(5), (44_000, -78_000, 44_020, -77_980))
    )
    assert classify(path, "-o", tmp_path / "out", *change) == 2
    assert text in capsys.readouterr().err


def test_inputs_are_never_overwritten(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = write_cloud(
        tmp_path / "a.laz", *woods(np.random.default_rng(6), (44_000, -78_000, 44_020, -77_980))
    )
    before = path.read_bytes()
    assert classify(path, "-o", tmp_path) == 2
    assert "overwritten" in capsys.readouterr().err
    twin = tmp_path / "more" / "a.laz"
    twin.parent.mkdir()
    shutil.copy(path, twin)
    assert classify(path, twin, "-o", tmp_path / "out") == 2
    assert "one name" in capsys.readouterr().err
    assert path.read_bytes() == before


def test_a_damaged_file_is_named_and_the_others_are_classified(tmp_path: Path) -> None:
    files = sorted(
        tiles(
            tmp_path / "in", woods(np.random.default_rng(7), (44_040, -78_000, 44_160, -77_940)), 60.0
        ).values()
    )
    data = bytearray(files[0].read_bytes())
    data[len(data) // 2] ^= 0xFF
    files[0].write_bytes(data[: len(data) - 100])
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "hyogo_pc",
            "classify",
            str(tmp_path / "in"),
            "-o",
            str(tmp_path / "out"),
            *QUICK,
        ],
        capture_output=True,
        encoding="utf-8",
        env=environment(),
        check=False,
    )
    assert done.returncode == 1
    assert f"FAILED {files[0].name}" in done.stdout
    assert [path.name for path in (tmp_path / "out").glob("*.laz")] == [files[1].name]
    assert list((tmp_path / "out").glob(".*")) in ([], [tmp_path / "out" / ".hyogo-pc.lock"])


def test_walls_and_terraces_of_the_castle_stay_and_keep_and_trees_go() -> None:
    """The sample's castle by the preset for sites, against its true ground."""
    import rasterio

    from pointcloud import pipeline
    from pointcloud.geo.lattice import Box
    from pointcloud.io.spill.cloud import Cloud
    from pointcloud.params.grid import GridParams

    params = GridParams((1.0,), ("dem",), classify=PRESET["site"])
    files = [SAMPLE / "original" / "05PE5525.laz", *sorted(SAMPLE.glob("*.laz"))]
    cloud = Cloud([pipeline.reduce(read_header(path), params.reduce) for path in files])
    with rasterio.open(SAMPLE / "truth_1g.tif") as file:
        truth = file.read(1, masked=True).filled(np.nan)
        box = Box.from_metres(*file.bounds)
    (made,) = pipeline.make(box, cloud, params)
    assert made.array is not None
    whole = made.array - truth
    assert np.abs(whole[161:172, 489:503]).max() < 0.5  # the platform of the keep, without the keep
    error = whole[120:216, 376:664]
    assert np.nanmean(error < -0.5) < 0.015
    assert np.nanmean(error > 2.0) < 0.01
    assert np.sqrt(np.nanmean(error**2)) < 0.6


def test_a_run_is_gone_on_with(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is there as it would be made stays; a changed file costs itself and those within its reach."""
    columns = woods(np.random.default_rng(11), (44_000, -78_000, 44_240, -77_960))
    parts = sorted(tiles(tmp_path / "in", columns, 40.0).values())
    out = tmp_path / "out"

    def remade(*options: str) -> set[str]:
        before = {path.name: path.stat().st_mtime_ns for path in out.glob("*.la[sz]")}
        assert classify(tmp_path / "in", "-o", out, *QUICK, *options) == 0
        after = {path.name: path.stat().st_mtime_ns for path in out.glob("*.la[sz]")}
        return {name for name, stamp in after.items() if before.get(name) != stamp}

    assert len(remade("--jobs", "2")) == len(parts) == 6
    bytes_of_two = {path.name: path.read_bytes() for path in out.glob("*.la[sz]")}
    assert remade() == set()
    assert "6 are there already, unchanged; to make: 0" in capsys.readouterr().err
    assert main(["verify", str(out), "--deep", str(tmp_path / "in")]) == 0
    assert main(["status", str(out)]) == 0
    assert "CLASSIFIED: 6 rasters" in capsys.readouterr().out
    assert len(remade("--heights", "0.5,2,5")) == 6
    assert len(remade("--jobs", "1")) == 6
    assert {path.name: path.read_bytes() for path in out.glob("*.la[sz]")} == bytes_of_two
    west = min(parts, key=lambda path: read_header(path).box.west)
    shutil.copy(west, tmp_path / "held")
    west.unlink()
    fewer = remade()
    assert 1 <= len(fewer) < 5
    assert west.name not in fewer
