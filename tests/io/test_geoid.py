"""The geoid: PROJ's heights to the last digits, and clear words where there are none."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import geoids
import numpy as np
import pyproj
import pytest

from pointcloud import messages
from pointcloud.errors import CrsError, FileError
from pointcloud.geo.crs import vertical_from_user
from pointcloud.io.geoid import Plane, datum, of_file, read_geoid

VALUES = geoids.heights()
WRITERS: dict[str, Callable[..., Path]] = {"gtx": geoids.write_gtx, "tif": geoids.write_tiff}


def proj(path: Path, lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    """The heights of PROJ's own grid shift."""
    shift = pyproj.Transformer.from_pipeline(
        "+proj=pipeline +step +proj=unitconvert +xy_in=deg +xy_out=rad"
        f' +step +proj=vgridshift +grids="{path}" +step +proj=unitconvert +xy_in=rad +xy_out=deg'
    )
    return -np.asarray(shift.transform(lon, lat, np.zeros(lon.size))[2])


def places(count: int = 20_000) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    return rng.uniform(134.001, 135.499, count), rng.uniform(34.001, 35.499, count)


@pytest.mark.parametrize("kind", WRITERS)
def test_the_same_as_proj(kind: str, tmp_path: Path) -> None:
    path = WRITERS[kind](tmp_path / f"geoid.{kind}", VALUES)
    lon, lat = places()
    assert np.abs(read_geoid(path).at(lon, lat, "x") - proj(path, lon, lat)).max() < 1e-9


@pytest.mark.parametrize("kind", WRITERS)
def test_beside_nodes_without_a_height_the_known_ones_count_as_in_proj(kind: str, tmp_path: Path) -> None:
    values = VALUES.copy()
    none = np.random.default_rng(2).random(values.shape) < 0.3
    values[none] = 999.0 if kind == "tif" else -88.8888
    path = WRITERS[kind](tmp_path / f"geoid.{kind}", values)
    lon, lat = places()
    theirs = proj(path, lon, lat)
    known = np.isfinite(theirs)
    assert 0.9 < known.mean() < 1
    geoid = read_geoid(path)
    assert np.abs(geoid.at(lon[known], lat[known], "x") - theirs[known]).max() < 1e-9
    for k in np.flatnonzero(~known)[:10]:
        with pytest.raises(FileError) as caught:
            geoid.at(lon[k : k + 1], lat[k : k + 1], "x")
        assert caught.value.message == "geoid.outside"


def test_at_a_node_and_on_the_rim_its_own_height(tmp_path: Path) -> None:
    geoid = read_geoid(geoids.write_gtx(tmp_path / "g.gtx", VALUES))
    rows, cols = np.indices(VALUES.shape)
    lon, lat = geoids.WEST + cols * geoids.RIGHT, geoids.SOUTH + rows * geoids.UP
    assert np.abs(geoid.at(lon.ravel(), lat.ravel(), "x") - VALUES.ravel()).max() < 1e-8


def test_a_grid_east_of_180_degrees_is_one_west_of_greenwich(tmp_path: Path) -> None:
    geoid = read_geoid(geoids.write_gtx(tmp_path / "g.gtx", VALUES, west=200.0))
    assert geoid.bounds[0] == -160.0


@pytest.mark.parametrize(
    "crs", ["EPSG:6669", "EPSG:6673", "EPSG:2447", "EPSG:6687", "EPSG:6690", "EPSG:32653"]
)
def test_planes_turn_into_degrees_as_in_proj(crs: str) -> None:
    """Within 1e-8 m: two degrees to either side of the meridian."""
    found = pyproj.CRS(crs)
    meridian = next(p.value for p in found.coordinate_operation.params if p.code == "8802")
    rng = np.random.default_rng(0)
    geographic = pyproj.Transformer.from_crs(found.geodetic_crs, found, always_xy=True)
    e, n = geographic.transform(rng.uniform(meridian - 2, meridian + 2, 2000), rng.uniform(24, 46, 2000))
    e, n = np.rint(e * 1e4).astype(np.int64), np.rint(n * 1e4).astype(np.int64)
    lon, lat = geographic.transform(e / 1e4, n / 1e4, direction="INVERSE")
    ours = Plane.of(crs).degrees(e, n)
    assert max(np.abs(ours[0] - lon).max(), np.abs(ours[1] - lat).max()) < 5e-13


@pytest.mark.parametrize("crs", ["EPSG:30165", "EPSG:3857", "EPSG:2261"])
def test_other_planes_are_refused(crs: str) -> None:
    with pytest.raises(CrsError) as caught:
        Plane.of(crs)
    assert caught.value.message == "geoid.crs"


def test_each_point_by_itself(tmp_path: Path) -> None:
    """Whatever chunks points come in, the same quanta."""
    geoid, plane = read_geoid(geoids.write_gtx(tmp_path / "g.gtx", VALUES)), Plane.of("EPSG:6673")
    rng = np.random.default_rng(0)
    e, n = rng.integers(0, 50_000_0000, 5000), rng.integers(-150_000_0000, -100_000_0000, 5000)
    z = rng.integers(-100_0000, 1000_0000, 5000).astype(np.int32)
    whole = geoid.lowered(e, n, z, plane, "x")
    for size in (1, 7, 1000):
        for k in range(0, 50 * size, size):
            part = slice(k, k + size)
            assert np.array_equal(geoid.lowered(e[part], n[part], z[part], plane, "x"), whole[part])
    lon, lat = plane.degrees(e, n)
    assert np.array_equal(whole, np.rint(z - 1e4 * geoid.at(lon, lat, "x")))


@pytest.mark.parametrize(
    ("name", "tags", "expected"),
    [
        ("gsigeo2011.gtx", {}, "JGD2011"),
        ("jp_gsi_jpgeo2024.tif", {}, "JGD2024"),
        ("x.tif", {"target_crs_epsg_code": "6695"}, "JGD2011"),
        ("x.tif", {"target_crs_epsg_code": "11317"}, "JGD2024"),
        ("GSIGEO2011.tif", {"target_crs_epsg_code": "11317"}, "JGD2024"),
        ("x.gtx", {}, None),
    ],
)
def test_the_datum_follows_the_grid(
    name: str, tags: dict[str, str], expected: str | None, tmp_path: Path
) -> None:
    geoid = read_geoid(WRITERS[name[-3:]](tmp_path / name, VALUES, **tags))
    assert geoid.vertical == (vertical_from_user(expected) if expected else None)


def test_a_datum_that_is_not_clear(tmp_path: Path) -> None:
    unnamed = read_geoid(geoids.write_gtx(tmp_path / "x.gtx", VALUES))
    named = read_geoid(geoids.write_gtx(tmp_path / "gsigeo2011.gtx", VALUES))
    assert datum(unnamed, "EPSG:6695") == datum(named, "EPSG:6695") == datum(named, None) == "EPSG:6695"
    for geoid, given, message in (
        (unnamed, None, "geoid.no_datum"),
        (named, "EPSG:6694", "geoid.other_datum"),
    ):
        with pytest.raises(CrsError) as caught:
            datum(geoid, given)
        assert caught.value.message == message


def test_a_file_that_changes_is_noticed(tmp_path: Path) -> None:
    path = geoids.write_gtx(tmp_path / "g.gtx", VALUES)
    file = read_geoid(path).file
    geoids.write_gtx(path, VALUES + 1)
    with pytest.raises(FileError) as caught:
        of_file(file)
    assert caught.value.message == "geoid.changed"


def cut(path: Path) -> Path:
    geoids.write_gtx(path, VALUES)
    path.write_bytes(path.read_bytes()[:-4])
    return path


def written(data: bytes) -> Callable[[Path], Path]:
    def write(path: Path) -> Path:
        path.write_bytes(data)
        return path

    return write


BAD: dict[str, tuple[Callable[[Path], Path], str]] = {
    "cut": (cut, "geoid.cut"),
    "short": (written(b"x" * 20), "geoid.kind"),
    "text": (written(b"a text that goes on and on and on and on and on"), "geoid.kind"),
    "nan": (written(struct.pack(">4d2i", np.nan, 1, 1, 1, 2, 2) + bytes(16)), "geoid.kind"),
    "flat": (written(struct.pack(">4d2i", 34, 134, 0, 1, 2, 2) + bytes(16)), "geoid.shape"),
    "pole": (written(struct.pack(">4d2i", 89, 134, 1, 1, 3, 2) + bytes(24)), "geoid.shape"),
    "one": (written(struct.pack(">4d2i", 34, 134, 1, 1, 1, 1) + bytes(4)), "geoid.shape"),
    "none": (lambda path: geoids.write_gtx(path, np.full((3, 3), -88.8888)), "geoid.empty"),
    "tiff": (written(b"II*\0" + bytes(40)), "geoid.unreadable"),
    "kind": (lambda path: geoids.write_tiff(path, VALUES, TYPE="HORIZONTAL_OFFSET"), "geoid.no_geoid"),
}


@pytest.mark.parametrize("kind", BAD)
@pytest.mark.parametrize("language", ["en", "ja"])
def test_what_is_no_geoid_is_refused_in_one_line(
    kind: str, language: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages, "_chosen", language)
    make, message = BAD[kind]
    path = make(tmp_path / "ジオイド モデル")
    with pytest.raises(FileError) as caught:
        read_geoid(path)
    assert caught.value.message == message
    assert "\n" not in str(caught.value)
    assert "ジオイド モデル" in str(caught.value)
