"""Folders of DEMs of several kinds to one: as a user has them, with a truth that is known."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from grid_files import gml, opened, text_grid, tiff

from pointcloud.convert.request import Request as Conversion
from pointcloud.convert.run import convert, to_text
from pointcloud.errors import CrsError, ParameterError
from pointcloud.geo.projections import transformer
from pointcloud.io.remark import Remark
from pointcloud.mosaics import worker
from pointcloud.mosaics.request import MosaicReport, Request
from pointcloud.mosaics.run import mosaic
from pointcloud.run.items import Work
from pointcloud.run.status import status
from pointcloud.run.verify import verify
from pointcloud.run.watcher import Quiet

LON, LAT = 134 + 6 * 7.5 / 60, 52 / 1.5 + 5 * 5 / 60 + 30 / 3600
"""South-west corner of mesh 52345610."""
MESH = "FG-GML-5234-56-10-DEM5A-20161001.xml"
E0, N0 = 38000.0, -100500.0
"""South-west corner of two sheets of level 500 inside it, 400 by 300 m each."""
FINE, MIDDLE, NATIONAL = 0.0, 0.6, -1.4
"""What each source is off the truth, in metres."""


def truth(e: np.ndarray, n: np.ndarray) -> np.ndarray:
    return 50 + 8 * np.sin((e - E0) / 60) + 6 * np.cos((n - N0) / 50) + 0.02 * (e - E0)


def heights(cell: float, west: float, south: float, cols: int, rows: int, off: float) -> np.ndarray:
    e, n = west + (np.arange(cols) + 0.5) * cell, south + (np.arange(rows)[::-1] + 0.5) * cell
    return np.round(truth(*np.meshgrid(e, n)) + off, 2)


def delivered(place: Path) -> list[Path]:
    """50 cm of a part of the western sheet as GeoTIFF, 1 m with a pond as a zipped text, and the national mesh."""
    fine = heights(0.5, E0 + 100, N0 + 50, 400, 400, FINE).astype(np.float32)
    fine[60:140, 200:300] = np.nan
    folder = place / "50cm"
    folder.mkdir(parents=True)
    transform = Affine(0.5, 0, E0 + 100, 0, -0.5, N0 + 250)
    for name, part, at in (
        ("a", fine[:, :200], transform),
        ("b", fine[:, 200:], transform @ Affine.translation(200, 0)),
    ):
        tiff(folder / f"{name}.tif", np.where(np.isnan(part), -9999, part), at, crs="EPSG:6673", nodata=-9999)
    middle = heights(1.0, E0 - 20, N0 - 20, 500, 340, MIDDLE)
    middle[150:190, 60:330] = np.nan
    with zipfile.ZipFile(place / "1m.zip", "w") as file:
        file.writestr("dem.txt", text_grid(middle, (E0 - 20, N0 - 20)))
    rows, cols = 150, 225
    lon = LON + (np.arange(cols) + 0.5) * 0.2 / 3600
    lat = LAT + 30 / 3600 - (np.arange(rows) + 0.5) * 0.2 / 3600
    e, n = transformer("EPSG:6668", "EPSG:6673")(*np.meshgrid(lon, lat))
    (place / "national").mkdir()
    (place / "national" / MESH).write_bytes(gml(truth(e, n) + NATIONAL, "52345610", (LON, LAT)))
    return [folder, place / "1m.zip", place / "national"]


class Listener(Quiet):
    def __init__(self) -> None:
        self.remarks: list[Remark] = []
        self.counts: list[tuple[int, int]] = []

    def converting(self, source: str, count: int, kept: int) -> None: ...

    def outstanding(self, works: Mapping[str, Work], kept: int) -> None:
        self.counts.append((len(works), kept))

    def remark(self, remark: Remark) -> None:
        self.remarks.append(remark)


def run(out: Path, *sources: Path, **options: object) -> tuple[MosaicReport, Listener]:
    listener = Listener()
    settings = {"level": "500", "feather": 20.0, "area": (f"{E0},{N0},{E0 + 800},{N0 + 300}",), **options}
    return mosaic(Request(tuple(map(str, sources)), out, **settings), listener), listener  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Path], MosaicReport]:
    place = tmp_path_factory.mktemp("mosaic")
    sources = delivered(place / "配布 データ")
    report, _ = run(place / "out", *sources)
    return place / "out", sources, report


def off(out: Path) -> tuple[np.ndarray, np.ndarray]:
    """What the mosaic is off the truth, and the sources; 1600 by 600 cells of 50 cm."""
    z, transform, _ = opened(out / "DEM_05g.vrt")
    source, _, _ = opened(out / "SOURCE_05g.vrt")
    assert transform[:6] == (0.5, 0, E0, 0, -0.5, N0 + 300)
    e, n = E0 + (np.arange(z.shape[1]) + 0.5) * 0.5, N0 + 300 - (np.arange(z.shape[0]) + 0.5) * 0.5
    return z - truth(*np.meshgrid(e, n)), np.nan_to_num(source).astype(int)


def test_every_cell_is_from_the_best_source_that_has_it(made: tuple[Path, list[Path], MosaicReport]) -> None:
    out, (fine, _, _), report = made
    assert (report.failed, report.bad_files, len(report.written)) == ({}, {}, 4)
    z, _, _ = opened(out / "DEM_05g.vrt")
    _, source = off(out)
    assert z.shape == (600, 1600)
    best, _, _ = opened(fine / "a.tif")
    assert np.array_equal(z[100:500, 200:400], best, equal_nan=True)  # to the bit
    assert (source[100:500, 200:400] == 1).all()
    assert (source[165:235, 405:495] == 2).all()  # the hole in the 50 cm
    assert (source[0:50, 0:900] == 2).all()
    assert (source[275:325, 100:180] == 3).all()  # the pond in the 1 m
    assert (source[:, 1000:] == 3).all()
    assert set(np.unique(source)) == {1, 2, 3}
    assert sum(report.cells) == source.size
    assert report.cells[1:] == [int((source == number).sum()) for number in (1, 2, 3)]


def test_joints_are_level_and_far_from_them_a_source_is_as_it_was(
    made: tuple[Path, list[Path], MosaicReport],
) -> None:
    error, source = off(made[0])
    for axis in (0, 1):  # 2 cm: rounding to centimetres, bilinear cells of 5 m
        steps = np.abs(np.diff(error, axis=axis))
        joint = np.diff(source, axis=axis) != 0
        assert joint.sum() > 500
        assert steps[joint].max() < 0.05
        assert steps.max() < 0.1  # over 20 m, 2 m fade by at most 7.5 cm a cell
    assert np.abs(error[source == 1]).max() < 0.006
    assert np.abs(error[10:40, 10:150] - MIDDLE).max() < 0.02
    assert np.abs(error[:, 1100:] - NATIONAL).max() < 0.03


def test_files_say_what_they_are(made: tuple[Path, list[Path], MosaicReport]) -> None:
    out, _, report = made
    (path,) = (
        (out / "SOURCE_05g").glob("*_05NE*.tif") if False else [sorted((out / "SOURCE_05g").iterdir())[0]]
    )
    with rasterio.open(path) as file:
        tags = file.tags()
        assert (file.count, file.dtypes, file.nodata) == (1, ("uint8",), 0)
    assert (
        [tags[f"SOURCE_{number}"] for number in (1, 2, 3)] == report.sources == ["50cm", "1m.zip", "national"]
    )
    assert json.loads(tags["PARAMETERS"]) == {"feather": 20.0}
    named = {each["name"] for each in json.loads(tags["INPUTS"])}
    assert {"a.tif", "b.tif", "DEM_52345610_5A.tif"} <= named
    with rasterio.open(out / "DEM_05g" / path.name.replace("SOURCE", "DEM")) as file:
        assert (file.dtypes, file.nodata, file.crs.to_epsg()) == (("float32",), -9999, 6673)
    style = (out / "SOURCE_05g.qml").read_text(encoding="utf-8")
    assert 'label="1m.zip"' in style
    assert (out / "SOURCE_05g.png").stat().st_size > 1000


def test_status_and_verify_know_the_folder(made: tuple[Path, list[Path], MosaicReport]) -> None:
    found = status(made[0])
    assert found.rasters == {"DEM_05g": 2, "SOURCE_05g": 2}
    assert found.run["ended_as"] == "done"
    assert verify(made[0]).ok


def test_the_second_run_makes_only_what_changed(
    made: tuple[Path, list[Path], MosaicReport], tmp_path: Path
) -> None:
    sources = delivered(tmp_path / "in")
    out = tmp_path / "out"
    run(out, *sources)
    before = {path.name: path.read_bytes() for path in out.rglob("*.tif")}
    for path in sources[0].iterdir():
        os.utime(path, ns=(1, path.stat().st_mtime_ns + 10**9))
    report, listener = run(out, *sources)
    assert (report.written, listener.counts) == ([], [(0, 2)])
    next((out / "DEM_05g").iterdir()).unlink()
    report, listener = run(out, *sources)
    assert listener.counts == [(1, 1)]
    assert {path.name: path.read_bytes() for path in out.rglob("*.tif")} == before
    with pytest.raises(ParameterError, match=r"feather"):
        run(out, *sources, feather=10.0)
    report, _ = run(out, *sources, feather=10.0, redo=True)
    assert len(report.written) == 4
    assert verify(out).ok


def test_windows_sheets_and_processes_do_not_show(
    made: tuple[Path, list[Path], MosaicReport], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = [opened(made[0] / f"{name}_05g.vrt")[0] for name in ("DEM", "SOURCE")]
    monkeypatch.setattr(worker, "WINDOW", 512)
    run(tmp_path / "out", *made[1], level="250", jobs=2)
    assert len(list((tmp_path / "out" / "DEM_05g").iterdir())) == 8
    for name, wanted in zip(("DEM", "SOURCE"), whole, strict=True):
        assert np.array_equal(opened(tmp_path / "out" / f"{name}_05g.vrt")[0], wanted, equal_nan=True)


def test_sheets_of_lesser_sources_alone_are_made_if_asked(
    made: tuple[Path, list[Path], MosaicReport], tmp_path: Path
) -> None:
    fine, middle, _ = made[1]
    report, listener = run(tmp_path / "out", fine, middle, area=())
    assert len(report.written) == 2
    assert "mosaic.beyond" in [remark.message for remark in listener.remarks]
    report, _ = run(tmp_path / "out", fine, middle, area=(), whole=True)
    assert len(report.written) > 2
    assert report.kept == 1


def test_a_folder_that_grid_or_convert_made_is_a_source(
    made: tuple[Path, list[Path], MosaicReport], tmp_path: Path
) -> None:
    report, _ = run(tmp_path / "out", made[0], made[1][2])
    z, _, _ = opened(tmp_path / "out" / "DEM_05g.vrt")
    wanted, _, _ = opened(made[0] / "DEM_05g.vrt")
    assert np.array_equal(z, wanted, equal_nan=True)
    assert report.bad_files == {}
    again, _ = run(tmp_path / "other", made[0] / "DEM_05g.vrt", made[1][2])
    assert len(again.written) == 4


def test_what_cannot_be_a_mosaic(made: tuple[Path, list[Path], MosaicReport], tmp_path: Path) -> None:
    out, (fine, _, national), _ = made
    with pytest.raises(ParameterError, match=r"two sources|二つ以上"):
        run(tmp_path / "o", fine)
    with pytest.raises(ParameterError, match=r"output folder|出力フォルダー"):
        run(out, fine, out / "DEM_05g")
    with pytest.raises(CrsError, match=r"zone|平面直角"):
        run(tmp_path / "o", national, fine)
    node = tiff(
        tmp_path / "node.tif",
        np.ones((9, 9), np.float32),
        Affine(1, 0, E0 + 0.5, 0, -1, N0 + 20.5),
        crs="EPSG:6673",
    )
    with pytest.raises(ParameterError, match=r"0\.5"):
        run(tmp_path / "o", node, fine)
    with pytest.raises(CrsError, match="6695"):
        run(tmp_path / "o", *two_datums(tmp_path))
    assert not (tmp_path / "o" / "hyogo-pc.json").exists()
    assert not list((tmp_path / "o").glob("DEM*"))


def two_datums(place: Path) -> list[Path]:
    z, at = np.ones((40, 40), np.float32), Affine(1, 0, E0, 0, -1, N0 + 40)
    return [tiff(place / f"{height}.tif", z, at, crs=f"EPSG:6673+{height}") for height in (6695, 5773)]


def test_a_bad_file_costs_its_sheets_alone(tmp_path: Path) -> None:
    fine, middle, _ = delivered(tmp_path / "in")
    (fine / "c.tif").write_bytes(b"II*\0" + b"\xff" * 60)
    report, _ = run(tmp_path / "out", fine, middle)
    assert [Path(label).name for label in report.bad_files] == ["c.tif"]
    assert len(report.written) == 4
    assert list(status(tmp_path / "out").bad_files) == list(report.bad_files)


def test_a_folder_of_texts_is_a_source_though_it_has_a_record(tmp_path: Path) -> None:
    sources = delivered(tmp_path / "in")
    texts = tmp_path / "texts"
    to_text(Conversion((str(sources[0]),), texts), Quiet())
    assert (texts / "hyogo-pc.json").exists()
    report, _ = run(tmp_path / "out", sources[0], texts)
    assert report.ok
    assert report.written
    again = convert(Conversion((str(texts),), tmp_path / "back"), Quiet())
    assert (again.passed, again.ok) == ([], True)
