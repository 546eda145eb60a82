"""Points brought onto a plane: a million of each kind beside PROJ, each by itself, and boxes that hold them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyproj
import pytest

from pointcloud.errors import CrsError, FileError
from pointcloud.geo.crs import from_epsg
from pointcloud.geo.lattice import metres
from pointcloud.geo.projections import JGD2000, JGD2011, realisation
from pointcloud.geo.transform import PointTransform
from pointcloud.io import moving

COUNT = 1_000_000
HERE = Path("tile.las")
KINDS = {
    # degrees of JGD2011 in two and three dimensions, and of JGD2000
    **{(source, 6673): (132.5, 136.5, 33.0, 36.5) for source in (6668, 6667, 4612, 4947)},
    (6668, 6680): (139.0, 146.0, 41.0, 46.0),
    (6668, 6683): (126.0, 129.0, 24.0, 28.0),
    (4612, 2448): (134.0, 138.0, 33.0, 37.5),
    # zones beside it, of both
    (6672, 6673): (132.0, 135.0, 32.5, 36.5),
    (6674, 6673): (133.5, 137.0, 33.5, 37.0),
    (6673, 6674): (133.5, 137.0, 33.5, 37.0),
    (6676, 6675): (136.0, 139.5, 34.5, 38.0),
    (2446, 6673): (132.0, 135.0, 32.5, 36.5),
    (2448, 2447): (133.5, 137.0, 33.5, 37.0),
    (6680, 6679): (140.0, 144.0, 40.0, 46.0),
    # UTM 51N to 55N, of both, and a plane in UTM
    (6688, 6684): (122.0, 126.5, 23.5, 27.0),
    (6689, 6669): (126.0, 132.0, 30.0, 35.0),
    (6690, 6673): (132.0, 137.0, 33.0, 36.5),
    (6691, 6677): (138.0, 142.0, 34.5, 38.5),
    (6692, 6681): (141.0, 146.0, 41.0, 46.0),
    (3099, 6673): (132.0, 137.0, 33.0, 36.5),
    (3097, 6684): (122.0, 126.5, 23.5, 27.0),
    (6674, 6690): (133.5, 137.0, 33.5, 37.0),
}
"""EPSG codes, and where the points lie: west, east, south, north in degrees."""


def way(source: int, target: int) -> PointTransform:
    found = PointTransform.between(from_epsg(source), from_epsg(target), "tile.las")
    assert found is not None
    return found


def scattered(source: int, target: int, count: int = COUNT) -> tuple[np.ndarray, np.ndarray]:
    """Points in degrees, or in quanta of a plane, not rounded."""
    west, east, south, north = KINDS[source, target]
    rng = np.random.default_rng(source)
    lon, lat = rng.uniform(west, east, count), rng.uniform(south, north, count)
    if pyproj.CRS(source).is_geographic:
        return lon, lat
    x, y = pyproj.Transformer.from_crs(6668, source, always_xy=True).transform(lon, lat)
    return x * 1e4, y * 1e4


@pytest.mark.parametrize(("source", "target"), KINDS)
def test_a_million_points_are_where_proj_puts_them(source: int, target: int) -> None:
    x, y = scattered(source, target)
    e, n = moving.moved(way(source, target), x, y, HERE)
    unit = 1.0 if pyproj.CRS(source).is_geographic else 1e4
    # in the zones of these kinds both realisations have the same numbers; PROJ might look for a grid between them
    older = target > JGD2011 and realisation(f"EPSG:{source}") == "JGD2000"
    realised = target - JGD2011 + JGD2000 if older else target
    proj = pyproj.Transformer.from_crs(pyproj.CRS(source).to_2d(), realised, always_xy=True)
    there = proj.transform(x / unit, y / unit)
    for ours, theirs in zip((e, n), there, strict=True):
        assert np.abs(ours - theirs * 1e4).max() <= 0.501  # quanta: half a one by rounding, and 100 nm
        assert np.abs(ours - np.rint(theirs * 1e4)).max() <= 1  # 0.1 mm


@pytest.mark.parametrize(("source", "target"), [(6668, 6673), (6674, 6673)])
def test_each_point_by_itself(source: int, target: int) -> None:
    """Whatever chunks points come in, and in which order, the same quanta."""
    x, y = scattered(source, target, 20_000)
    whole = moving.moved(way(source, target), x, y, HERE)
    order = np.random.default_rng(0).permutation(x.size)
    mixed = moving.moved(way(source, target), x[order], y[order], HERE)
    assert all(np.array_equal(a[order], b) for a, b in zip(whole, mixed, strict=True))
    for size in (1, 3, 1000):
        for k in range(0, 20 * size, size):
            part = slice(k, k + size)
            piece = moving.moved(way(source, target), x[part], y[part], HERE)
            assert all(np.array_equal(a[part], b) for a, b in zip(whole, piece, strict=True))


@pytest.mark.parametrize(("source", "target"), KINDS)
def test_a_box_holds_all_points_and_little_else(source: int, target: int) -> None:
    """Of a sheet, of a district, and of strips: at most a metre more than the hull of the moved points.

    The meridian runs through them, so that what lies outermost lies between their corners.
    """
    transform = way(source, target)
    west, east, south, north = KINDS[source, target]
    lat = (south + north) / 2
    rng = np.random.default_rng(0)
    for wide, high in ((0.02, 0.015), (0.8, 0.6), (0.8, 0.001), (0.001, 0.6)):
        lon = min(max(transform.plane.meridian, west), east) - 0.4137 * wide
        if transform.origin is None:
            corner, size, unit = (lon, lat), (wide, high), 1.0
        else:
            corner = pyproj.Transformer.from_crs(6668, source, always_xy=True).transform(lon, lat)
            size, unit = (wide * 9e4, high * 1.1e5), 1e4
        edge, ends = np.linspace(0, 1, 50_001), np.repeat((0.0, 1.0), 50_001)
        x = corner[0] + size[0] * np.concatenate((rng.random(50_000), edge, edge, ends))
        y = corner[1] + size[1] * np.concatenate((rng.random(50_000), ends, edge, edge))
        e, n = moving.moved(transform, x * unit, y * unit, HERE)
        box = moving.box(transform, *corner, corner[0] + size[0], corner[1] + size[1])
        assert box is not None
        assert box.west <= e.min() <= e.max() < box.east
        assert box.south < n.min() <= n.max() <= box.north
        assert metres(int(e.min()) - box.west) < 1
        assert metres(box.north - int(n.max())) < 1


def test_a_point_beyond_the_map_is_named() -> None:
    with pytest.raises(FileError) as caught:
        moving.moved(way(6668, 6673), np.array([134.0, 35.25]), np.array([35.0, 134.5]), HERE)
    assert caught.value.message == "transform.point"
    assert "35.25" in str(caught.value)
    assert "EPSG:6673" in str(caught.value)
    with pytest.raises(FileError, match=r"3000000\.000"):
        moving.moved(way(6674, 6673), np.array([3e10]), np.array([0.0]), HERE)


@pytest.mark.parametrize(
    ("source", "box", "message"),
    [
        (6668, (34.5, 134.5, 34.6, 134.6), "transform.swapped"),
        (4612, (26.2, 127.7, 26.3, 127.8), "transform.swapped"),
        (6668, (0.0, 0.0, 134.6, 34.6), "transform.far"),
        (6668, (44000.0, -78000.0, 44400.0, -77700.0), "transform.far"),
        (6668, (134.5, 34.5, 134.6, 134.6), "transform.far"),
        (6674, (0.0, 0.0, 3e7, 100.0), "transform.far"),
    ],
)
def test_headers_that_cannot_be_right(source: int, box: tuple[float, ...], message: str) -> None:
    with pytest.raises(CrsError) as caught:
        moving.require_near(way(source, 6673), box, HERE)  # type: ignore[arg-type]
    assert caught.value.message == message
    assert "tile.las" in str(caught.value)
