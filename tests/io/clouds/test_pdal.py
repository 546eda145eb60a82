"""Points through PDAL are the points of the file: whatever the format, streamed or not."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from las_files import same
from pdal_files import las_file, points, stages, translate

from pointcloud.errors import FileError, ParameterError
from pointcloud.io.cloudheader import CloudHeader, PointChunk
from pointcloud.io.clouds import pdal
from pointcloud.io.clouds.headercache import HeaderCache
from pointcloud.io.clouds.readers import iter_points, read_header
from pointcloud.io.las import reader
from pointcloud.params import pdal_stages

NOTHING = '[{"type":"filters.range","limits":"Z[-9999:9999]"}]'
WHOLE = '[{"type":"filters.sort","dimension":"GpsTime"}]'  # cannot be streamed
SHIFT = '[{"type":"filters.transformation","matrix":"1 0 0 500 0 1 0 0 0 0 1 0 0 0 0 1"}]'


def joined(header: CloudHeader) -> PointChunk:
    """All points as one chunk, by E, N, Z."""
    chunks = list(iter_points(header, chunk=1000))
    columns = [
        np.concatenate([getattr(c, k) for c in chunks]) for k in ("e", "n", "z", "classification", "withheld")
    ]
    order = np.lexsort(columns[:3])
    lows, highs = ((min if k else max)((c.lows, c.highs)[1 - k] for c in chunks) for k in (1, 0))
    return PointChunk(*(column[order] for column in columns), lows, highs)


@pytest.mark.parametrize("through", [NOTHING, WHOLE])
@pytest.mark.parametrize("point_format", [1, 6])
def test_las_through_pdal_is_las(point_format: int, through: str, pdal_module: Any, tmp_path: Path) -> None:
    rng = np.random.default_rng(point_format)
    columns = points(rng)
    withheld = rng.random(3000) < 0.1
    path = las_file(
        tmp_path / "点群.las",
        columns,
        point_format=point_format,
        wkt=None,
        withheld=withheld,
        synthetic=rng.random(3000) < 0.5,
        gps_time=np.arange(3000.0),
    )
    native, passed = joined(reader.read_header(path)), joined(read_header(path, through))
    if len(passed.e) != len(native.e):  # PDAL before 2.6: what is withheld is dropped
        held = ~native.withheld
        native = PointChunk(
            *(getattr(native, k)[held] for k in ("e", "n", "z", "classification", "withheld")),
            native.lows,
            native.highs,
        )
        assert point_format == 1
    assert len(passed.e) >= 3000 - withheld.sum()
    assert same(native, passed)


@pytest.mark.parametrize(
    ("suffix", "options"),
    [
        ("e57", {}),
        ("ply", {"storage_mode": "little endian"}),
        ("bpf", {}),
    ],
)
def test_other_formats_hold_the_same_points(
    suffix: str, options: dict[str, Any], pdal_module: Any, tmp_path: Path
) -> None:
    columns = points(np.random.default_rng(3))
    path = las_file(tmp_path / "a.las", columns, wkt=None)
    made = translate(pdal_module, path, tmp_path / f"a.{suffix}", **options)
    header = read_header(made)
    assert isinstance(header, pdal.PdalHeader)
    assert header.counted
    assert same(joined(read_header(path)), joined(header))
    west, _, east, north = header.box.bounds
    assert (west, east) == (columns[0].min(), pytest.approx(columns[0].max(), abs=2e-4))
    assert north == columns[1].max()


def test_stages_that_move_points_are_believed_not_the_header(pdal_module: Any, tmp_path: Path) -> None:
    columns = points(np.random.default_rng(4))
    path = las_file(tmp_path / "a.las", columns)
    moved, kept = read_header(path, SHIFT), read_header(path, NOTHING)
    assert moved.mins[0] == pytest.approx(columns[0].min() + 500, abs=1e-9)
    assert kept.mins[0] == pytest.approx(columns[0].min(), abs=1e-9)
    assert (moved.crs and moved.crs.epsg, kept.crs and kept.crs.epsg) == (6673, 6673)


def test_the_crs_is_that_of_the_points_that_come_out(pdal_module: Any, shared_data: Path) -> None:
    path = shared_data / "als_forest" / "Topography.laz"
    turned = read_header(path, '[{"out_srs":"EPSG:32619","type":"filters.reprojection"}]')
    assert turned.crs is not None
    assert turned.crs.epsg == 32619
    assert turned.count == 73403


def test_a_cached_header_is_the_header(
    pdal_module: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HYOGO_PC_CACHE", str(tmp_path / "cache"))
    path = las_file(tmp_path / "a.las", points(np.random.default_rng(5)))
    headers = [read_header(path, SHIFT), read_header(path)]
    for kind, header in zip((SHIFT, ""), headers, strict=True):
        HeaderCache(kind).keep([header])
    assert [HeaderCache(kind).find(path) for kind in (SHIFT, "")] == headers


def refusal(path: Path, through: str = "") -> str:
    with pytest.raises(FileError) as caught:
        list(iter_points(read_header(path, through)))
    text = str(caught.value)
    assert str(path) in text
    assert "\n" not in text
    return f"{caught.value.message} {text}"


def test_what_pdal_throws_is_one_line_with_the_file(pdal_module: Any, tmp_path: Path) -> None:
    path = las_file(tmp_path / "a.las", points(np.random.default_rng(6)))
    assert refusal(path, '[{"type":"filters.nosuch"}]').startswith("pdal.failed")
    assert "Nonsense" in refusal(path, '[{"limits":"Nonsense[1:2]","type":"filters.range"}]')
    for name in ("broken.e57", "broken.ply"):
        (tmp_path / name).write_bytes(b"not that" * 100)
        assert refusal(tmp_path / name).startswith("pdal.failed")
    text = '[{"type":"readers.text"}]'
    (tmp_path / "a.csv").write_text("east,north,up\n1,2,3\n", encoding="utf-8")
    assert refusal(tmp_path / "a.csv", text).startswith("pdal.no_place")
    (tmp_path / "a.ptx").write_text("1 2 3\n", encoding="utf-8")
    assert refusal(tmp_path / "a.ptx").startswith("pdal.failed")
    assert refusal(tmp_path / "none.e57").startswith("file.missing")


def test_points_that_are_no_numbers_are_refused(pdal_module: Any, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("X,Y,Z\n1,2,3\n4,5,nan\n", encoding="utf-8")
    assert refusal(tmp_path / "a.txt", '[{"type":"readers.text"}]').startswith("pdal.wild")


def test_points_outside_the_header_are_refused(pdal_module: Any, tmp_path: Path) -> None:
    """Stages that are thought to leave points in place cannot make the reducer write beyond its cells."""
    path = las_file(tmp_path / "a.las", points(np.random.default_rng(7)))
    trick = '[{"type":"filters.assign","value":["Intensity = 3"]},{"type":"filters.sort","dimension":"X"}]'
    assert len(joined(read_header(path, trick)).e) == 3000
    assert not pdal_stages.leave_in_place([{"type": "filters.assign", "value": "x = X + 5000"}])
    assert not pdal_stages.leave_in_place([{"type": "filters.assign", "assignment": "Z[:]=3"}])
    assert not pdal_stages.leave_in_place([{"type": "filters.unheard"}])


def test_a_file_that_gives_other_points_the_second_time_is_refused(pdal_module: Any, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("X,Y,Z\n1,2,3\n4,5,6\n", encoding="utf-8")
    header = read_header(path, '[{"type":"readers.text"}]')
    object.__setattr__(header, "count", 3)
    with pytest.raises(FileError) as caught:
        list(iter_points(header))
    assert caught.value.message == "pdal.differs"


def test_without_pdal_the_install_line_is_shown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "pdal", None)
    pdal._binding.cache_clear()
    path = tmp_path / "a.e57"
    path.write_bytes(b"")
    assert "conda install -c conda-forge python-pdal" in refusal(path)
    assert pdal.version() == ""
    pdal._binding.cache_clear()


def test_only_filters_can_stand_between(tmp_path: Path) -> None:
    file = tmp_path / "p.json"
    read = pdal_stages.read(
        stages(file, {"type": "readers.text", "header": "X Y Z"}, {"type": "filters.smrf"})
    )
    assert pdal_stages.split(read) == (
        {"type": "readers.text", "header": "X Y Z"},
        [{"type": "filters.smrf"}],
    )
    file.write_text('{"pipeline": [ {"limits": "Z[1:]", "type": "filters.range"} ]}', encoding="utf-8")
    other = stages(tmp_path / "q.json", {"type": "filters.range", "limits": "Z[1:]"})
    assert pdal_stages.read(file) == pdal_stages.read(other)
    for wrong in (
        {"type": "writers.las", "filename": "x.las"},
        {"type": "readers.las", "filename": "x.las"},
        {"filename": "x.las"},
    ):
        with pytest.raises(ParameterError, match="stage 1"):
            pdal_stages.read(stages(file, wrong))
    for text in ('"x"', "{}", "[3", '["a.las"]'):
        file.write_text(text, encoding="utf-8")
        with pytest.raises(ParameterError):
            pdal_stages.read(file)
