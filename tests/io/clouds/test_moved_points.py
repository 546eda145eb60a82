"""Points of files in another system: moved before they are rounded, whatever reads them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import elsewhere
import laspy
import numpy as np
import pdal_files
import pyproj
import pytest
from las_files import joined, patch, same
from point_texts import packed

from pointcloud import pipeline
from pointcloud.errors import FileError
from pointcloud.geo.lattice import Box
from pointcloud.geo.transform import PointTransform
from pointcloud.io import moving
from pointcloud.io.cloudheader import CloudHeader, PointChunk
from pointcloud.io.clouds import readers
from pointcloud.io.clouds.headercache import HeaderCache
from pointcloud.io.las import reader
from pointcloud.io.las.header import LasHeader

WEST, SOUTH = 79_200.0, -88_800.0
"""Metres in zone V, where it meets zone VI."""


def places(count: int = 5000, side: float = 400.0) -> tuple[np.ndarray, ...]:
    """E, N in zone V, heights and classes."""
    rng = np.random.default_rng(0)
    e, n = WEST + rng.uniform(0, side, count), SOUTH + rng.uniform(0, side, count)
    return e, n, rng.uniform(0, 500, count), rng.choice(np.array([1, 2, 9], np.uint8), count)


def in_system(crs: int) -> tuple[np.ndarray, ...]:
    e, n, z, classes = places()
    return (*elsewhere.transformed(6673, crs, e, n), z, classes)


def moved(path: Path, crs: int, **options: Any) -> tuple[CloudHeader, PointChunk]:
    header = readers.read_header(path).moved(elsewhere.way(crs))
    return header, _joined(header, **options)


def _joined(header: CloudHeader, **options: Any) -> PointChunk:
    chunks = list(readers.iter_points(header, **options))
    arrays = (
        np.concatenate([getattr(chunk, name) for chunk in chunks])
        for name in ("e", "n", "z", "classification", "withheld")
    )
    lows = np.min([chunk.lows for chunk in chunks], axis=0).tolist()
    highs = np.max([chunk.highs for chunk in chunks], axis=0).tolist()
    return PointChunk(*arrays, tuple(lows), tuple(highs))


def require_proj(points: PointChunk, crs: int, x: np.ndarray, y: np.ndarray) -> None:
    """Make sure that points are where PROJ puts them, to the quantum but for ties."""
    older = crs in (4612, 2448)
    e, n = elsewhere.transformed(crs, 2447 if older else 6673, x, y)
    for ours, theirs in ((points.e, e), (points.n, n)):
        assert np.abs(ours - theirs * 1e4).max() <= 0.501
        assert np.mean(ours != np.rint(theirs * 1e4)) < 1e-3


def holds(box: Box, points: PointChunk) -> bool:
    (west, south, _), (east, north, _) = points.lows, points.highs
    return box.contains(Box(west, south - 1, east + 1, north))


CASES = [
    *((code, 1e-9) for code in (6668, 4612, 6667)),
    *((6668, step) for step in (1e-7, 1e-8, 2e-9)),
    *((code, 0.001) for code in (6674, 6672, 6690, 3099)),
    *((6674, step) for step in (0.01, 0.0001, 0.00025, 0.0000125)),
]


@pytest.mark.parametrize(("crs", "step"), CASES)
@pytest.mark.parametrize("name", ["a.las", "a.laz"])
def test_las_of_all_systems_and_steps(crs: int, step: float, name: str, tmp_path: Path) -> None:
    x, y, z, classes = in_system(crs)
    x, y = elsewhere.write(tmp_path / name, crs, x, y, z, classes, step=step)
    header, points = moved(tmp_path / name, crs)
    require_proj(points, crs, x, y)
    plain = joined(replace(header, transform=None))
    assert np.array_equal(points.z, plain.z)
    assert np.array_equal(points.classification, plain.classification)
    assert np.array_equal(points.withheld, plain.withheld)
    assert (points.lows[2], points.highs[2]) == (plain.lows[2], plain.highs[2])
    assert holds(header.box, points)
    assert holds(header.limits, points)
    assert header.limits.contains(header.box)


@pytest.mark.parametrize("crs", [6668, 6674])
def test_chunks_threads_and_order_change_nothing(crs: int, tmp_path: Path) -> None:
    x, y, z, classes = in_system(crs)
    path = tmp_path / "a.laz"
    elsewhere.write(path, crs, x, y, z, classes)
    header, whole = moved(path, crs)
    for chunk in (1, 7, 1000):
        part = replace(header)
        for parallel in (False, True):
            if chunk > 1 or not parallel:
                assert same(_joined(part, chunk=chunk, parallel=parallel), whole)


def test_a_point_is_the_same_whatever_the_offset_of_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before it is moved too: sums with other offsets differ in their last bits, and one in millions comes to a tie."""
    seen: list[np.ndarray] = []

    def spy(transform: PointTransform, x: np.ndarray, y: np.ndarray, path: Path) -> Any:
        seen.append(np.stack((x, y)))
        return moving.moved(transform, x, y, path)

    x, y, z, classes = in_system(6674)
    x, y = np.round(x, 3), np.round(y, 3)
    monkeypatch.setattr(reader, "moving", SimpleNamespace(moved=spy))
    for k, corner in enumerate([(0.0, 0.0), (-70_000.0, -88_000.0), (-71_234.567, -87_654.321)]):
        elsewhere.write(tmp_path / f"{k}.las", 6674, x, y, z, classes, corner=corner)
        moved(tmp_path / f"{k}.las", 6674)
    assert np.array_equal(seen[0], seen[1])
    assert np.array_equal(seen[0], seen[2])


@pytest.mark.parametrize(("crs", "shift"), [(6668, 3e-7), (6674, 0.03)])
def test_points_outside_the_header_are_damage(crs: int, shift: float, tmp_path: Path) -> None:
    """Of 3 cm, in the file's own unit; a centimetre and a step of the scale are rounding."""
    x, y, z, classes = in_system(crs)
    path = tmp_path / "a.las"
    elsewhere.write(path, crs, x, y, z, classes)
    with laspy.open(path) as reader:
        east = reader.header.maxs[0]
    patch(path, 179, "d", east - shift / 10)
    moved(path, crs)
    patch(path, 179, "d", east - shift)
    with pytest.raises(FileError) as caught:
        moved(path, crs)
    assert caught.value.message == "file.outside_box"
    assert f"X = {east:.7f}" in str(caught.value) or f"X = {east:.3f}" in str(caught.value)
    moved(path, crs, check_box=False)


@pytest.mark.parametrize("crs", [6668, 6674])
def test_a_header_that_lies_is_scanned(crs: int, tmp_path: Path) -> None:
    x, y, z, classes = in_system(crs)
    path = tmp_path / "a.las"
    elsewhere.write(path, crs, x, y, z, classes)
    patch(path, 187, "d", 0.0)
    patch(path, 203, "d", 0.0)
    header = pipeline.scan_extent(readers.read_header(path)).moved(elsewhere.way(crs))
    points = _joined(header)
    assert holds(header.limits, points)
    assert header.limits.area < 3 * 400**2


@pytest.mark.parametrize(("crs", "digits"), [(6668, 11), (6668, 9), (6674, 7), (6674, 3)])
@pytest.mark.parametrize("packing", ["loose", "zip"])
def test_texts(crs: int, digits: int, packing: str, tmp_path: Path) -> None:
    """Decimals beyond the fourth count before points are moved."""
    x, y, z, _ = in_system(crs)
    rows = "".join(f"{a:.{digits}f} {b:.{digits}f} {c:.2f}\n" for a, b, c in zip(x, y, z, strict=True))
    path = tmp_path / "points_org.txt"
    if packing == "zip":
        path = packed(tmp_path / "points.zip", {"points_org.txt": rows}) / "points_org.txt"
    else:
        path.write_text(rows)
    header, points = moved(path, crs)
    require_proj(points, crs, np.round(x, digits), np.round(y, digits))
    assert np.array_equal(points.z, np.rint(np.round(z, 2) * 1e4))
    assert holds(header.limits, points)
    assert same(_joined(header, chunk=100), points)


@pytest.mark.parametrize("crs", [6668, 6674])
@pytest.mark.parametrize("kind", ["stages", "ply"])
def test_files_that_pdal_reads(crs: int, kind: str, tmp_path: Path, pdal_module: Any) -> None:
    x, y, z, classes = in_system(crs)
    path = tmp_path / "a.las"
    x, y = elsewhere.write(path, crs, x, y, z, classes)
    stages = ""
    if kind == "stages":
        stages = '[{"type": "filters.range", "limits": "Classification[0:255]"}]'
    else:
        path = pdal_files.translate(pdal_module, path, tmp_path / "a.ply", storage_mode="little endian")
    header = readers.read_header(path, stages).moved(elsewhere.way(crs))
    points = _joined(header)
    require_proj(points, crs, x, y)
    assert np.array_equal(points.classification, classes)
    assert holds(header.limits, points)


def test_a_point_beyond_the_map(tmp_path: Path) -> None:
    """The header's box is sound, and not asked."""
    x, y, z, classes = in_system(6668)
    elsewhere.write(tmp_path / "a.las", 6668, x, y, z, classes)
    header = readers.read_header(tmp_path / "a.las").moved(elsewhere.way(6668))
    assert isinstance(header, LasHeader)
    with pytest.raises(FileError) as caught:
        _joined(replace(header, offsets=(header.offsets[0], 85.5, 0.0)), check_box=False)
    assert caught.value.message == "transform.point"


def test_headers_are_cached_as_the_file_has_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HYOGO_PC_CACHE", str(tmp_path / "cache"))
    x, y, z, classes = in_system(6667)
    elsewhere.write(tmp_path / "a.las", 6667, x, y, z, classes)
    header = readers.read_header(tmp_path / "a.las")
    assert header.crs is not None
    assert header.crs.ellipsoidal
    HeaderCache("stated").keep([header])
    found = HeaderCache("stated").find(tmp_path / "a.las")
    assert found == header
    assert found is not None
    assert found.crs is not None
    assert found.crs.ellipsoidal
    assert found.moved(elsewhere.way(6668)) == header.moved(elsewhere.way(6668))


def test_what_a_system_is_called_comes_along(tmp_path: Path) -> None:
    x, y, z, classes = in_system(6674)
    elsewhere.write(tmp_path / "a.las", 6674, x, y, z, classes)
    header, _ = moved(tmp_path / "a.las", 6674)
    assert header.moved_from == "EPSG:6674"
    assert readers.read_header(tmp_path / "a.las").moved_from == ""
    assert pyproj.CRS(header.moved_from).to_epsg() == 6674
