"""Coordinate reference systems: codes kept, places told apart."""

from __future__ import annotations

import pickle
import re
import subprocess
import sys
from pathlib import Path

import pyproj
import pytest

from pointcloud.errors import CrsError
from pointcloud.geo import crs, projections, sheets
from pointcloud.geo.crs import SpatialReference
from pointcloud.messages import say

V = SpatialReference("EPSG:6673")
V_2000 = SpatialReference("EPSG:2447")
TOKYO_V = SpatialReference("EPSG:30165")


def wkt(code: int, kind: str = "WKT2_2019") -> str:
    return str(pyproj.CRS.from_epsg(code).to_wkt(kind))


def renamed(text: str) -> str:
    """A system as newer software names it, after EPSG v12.055."""
    return text.replace("JGD2011", "JGD2024").replace("Datum 2011", "Datum 2024").replace("_2011", "_2024")


def without_code(text: str, code: int) -> str:
    return re.sub(rf',(AUTHORITY|ID)\["EPSG","?{code}"?\]', "", text)


def test_import_is_light() -> None:
    program = "import sys, pointcloud.geo.crs; print('numpy' in sys.modules, 'pyproj' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["False", "False"]


@pytest.mark.parametrize("zone", sheets.ZONES)
def test_origins_are_those_of_proj(zone: int) -> None:
    values = {
        item.code: item.value
        for item in pyproj.CRS.from_epsg(projections.JGD2011 + zone).coordinate_operation.params
    }
    assert values["8801"] == pytest.approx(projections.ORIGINS[zone][0], abs=1e-9)
    assert values["8802"] == pytest.approx(projections.ORIGINS[zone][1], abs=1e-9)


@pytest.mark.parametrize("base", [projections.TOKYO, projections.JGD2000, projections.JGD2011])
@pytest.mark.parametrize("zone", [1, 5, 13, 19])
def test_zones_of_all_datums(base: int, zone: int) -> None:
    assert crs.from_epsg(base + zone).zone == zone


@pytest.mark.parametrize("code", [2154, 28992, 32653, 3100, 6668, 30179 + 1])
def test_other_systems_have_no_zone(code: int) -> None:
    assert SpatialReference(f"EPSG:{code}").zone is None


@pytest.mark.parametrize("kind", ["WKT1_GDAL", "WKT1_ESRI", "WKT2_2019", "WKT2_2015"])
@pytest.mark.parametrize("code", [2447, 6673, 30165, 6676, 2154, 28992, 32653])
def test_wkt_keeps_its_code(code: int, kind: str) -> None:
    found = crs.from_wkt(wkt(code, kind) + "\0\0")
    assert found == SpatialReference(f"EPSG:{code}")
    assert found.epsg == code


def test_the_name_does_not_count() -> None:
    assert crs.from_wkt(renamed(wkt(6673))) == V
    assert crs.from_wkt(renamed(wkt(6673, "WKT1_GDAL"))) == V
    misnamed = wkt(2447).replace("JGD2000", "JGD2011")
    assert crs.from_wkt(misnamed) == V_2000


@pytest.mark.parametrize("code", [2447, 6673])
def test_code_from_parameters_and_datum(code: int) -> None:
    bare = without_code(renamed(wkt(code, "WKT1_GDAL")), code)
    assert f'"{code}"' not in bare
    assert crs.from_wkt(bare) == SpatialReference(f"EPSG:{code}")


def test_unknown_datum_stays_wkt_with_its_zone() -> None:
    text = wkt(6673, "WKT1_ESRI").replace("JGD_2011", "JGD_2024")
    found = crs.from_wkt(text)
    assert found.epsg is None
    assert found.zone == 5
    assert found.label == "JGD_2024_Japan_Zone_5"
    assert crs.same_place(found, V)
    assert not crs.same_place(found, SpatialReference("EPSG:6674"))
    assert not crs.same_place(found, TOKYO_V)
    assert pyproj.CRS.from_wkt(found.wkt).is_projected


def test_a_code_with_other_parameters_is_refused() -> None:
    text = wkt(6673, "WKT1_GDAL").replace('"central_meridian",134.333333333333', '"central_meridian",136')
    with pytest.raises(CrsError, match=r"tile\.laz: the CRS in it calls itself EPSG:6673"):
        crs.from_wkt(text, file="tile.laz")


@pytest.mark.parametrize(
    ("text", "says"),
    [("PROJCS[", "cannot be read"), ("", "cannot be read"), (wkt(6695), "is a height datum only")],
)
def test_unusable_wkt_names_its_file(text: str, says: str) -> None:
    with pytest.raises(CrsError, match=rf"^tile\.laz: .*{says}") as caught:
        crs.from_wkt(text, file="tile.laz")
    assert caught.value.exit_code == 2
    assert "\n" not in str(caught.value)


def test_datum_shift_in_wkt_is_no_other_system() -> None:
    text = wkt(30165, "WKT1_GDAL").replace(
        'AUTHORITY["EPSG","6301"]', 'TOWGS84[-146.414,507.337,680.507,0,0,0,0],AUTHORITY["EPSG","6301"]'
    )
    assert crs.from_wkt(text) == TOKYO_V


@pytest.mark.parametrize(
    ("code", "vertical"), [(10166, "EPSG:6695"), (11323, "EPSG:11317"), (6697, "EPSG:6695")]
)
def test_compound_codes_are_split(code: int, vertical: str) -> None:
    assert crs.from_epsg(code).vertical == vertical


def test_compound_codes_of_every_zone() -> None:
    for zone in range(1, 14):
        expected = pyproj.CRS.from_epsg(10161 + zone).sub_crs_list
        found = crs.from_epsg(10161 + zone)
        assert (found.zone, found.epsg) == (zone, expected[0].to_epsg())


@pytest.mark.parametrize("vertical", [None, "EPSG:6694", "EPSG:6695", "EPSG:11317", "EPSG:5703"])
@pytest.mark.parametrize("horizontal", ["EPSG:2447", "EPSG:6673", "EPSG:2154"])
def test_wkt_reads_back(horizontal: str, vertical: str | None) -> None:
    ref = SpatialReference(horizontal, vertical)
    assert crs.from_wkt(ref.wkt) == ref
    assert pickle.loads(pickle.dumps(ref)) == ref


@pytest.mark.parametrize("vertical", [None, "EPSG:6695", "EPSG:11317"])
@pytest.mark.parametrize("horizontal", ["EPSG:2447", "EPSG:6673"])
def test_geotiff_reads_back(horizontal: str, vertical: str | None, tmp_path: Path) -> None:
    rasterio = pytest.importorskip("rasterio")
    ref, path = SpatialReference(horizontal, vertical), tmp_path / "a.tif"
    shape = {"width": 1, "height": 1, "count": 1, "dtype": "float32"}
    with rasterio.open(path, "w", driver="GTiff", crs=rasterio.CRS.from_wkt(ref.wkt), **shape):
        pass
    with rasterio.open(path) as raster:
        assert crs.from_wkt(raster.crs.to_wkt()) == ref


def test_compound_wkt_of_newer_software() -> None:
    text = crs.from_epsg(10166).wkt
    assert crs.from_wkt(text) == SpatialReference("EPSG:6673", "EPSG:6695")
    newer = renamed(wkt(10166)).replace('ID["EPSG",10166]', 'ID["EPSG",11323]')
    assert crs.from_wkt(newer) == SpatialReference("EPSG:6673", "EPSG:11317")


def test_three_dimensional_systems_lose_their_ellipsoidal_axis() -> None:
    solid = pyproj.CRS.from_epsg(6673).to_3d()
    assert crs.from_wkt(solid.to_wkt()).vertical is None
    assert crs.from_wkt(solid.to_wkt()).zone == 5


@pytest.mark.parametrize(
    ("text", "ref"),
    [
        ("EPSG:6673", V),
        ("epsg:2447", V_2000),
        ("６６７３", V),
        ("6673+6695", SpatialReference("EPSG:6673", "EPSG:6695")),
        ("EPSG:6673 + EPSG:11317", SpatialReference("EPSG:6673", "EPSG:11317")),
        ("EPSG:10166", SpatialReference("EPSG:6673", "EPSG:6695")),
        ("V", V),
        ("Ⅴ系", V),
        ("第5系", V),
        ("5", V),
        ("zone 8", SpatialReference("EPSG:6676")),
        ("XIX", SpatialReference("EPSG:6687")),
        (wkt(2447), V_2000),
    ],
)
def test_what_users_name(text: str, ref: SpatialReference) -> None:
    assert crs.from_user(text) == ref


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("JGD2011 / Japan Plane Rectangular CS V", "names no CRS"),
        ("", "names no CRS"),
        ("20系", "names no CRS"),
        ("IIX", "names no CRS"),
        ("6695", "EPSG:6695 is a height datum"),
        ("6673+6674", "EPSG:6674 is not a height datum"),
        ("EPSG:999999", "EPSG:999999 is not known"),
        ("6673+999999", "EPSG:999999 is not known"),
        ("PROJCS[]", "--crs: the CRS in it cannot be read"),
    ],
)
def test_what_users_name_wrongly(text: str, says: str) -> None:
    with pytest.raises(CrsError, match=re.escape(says)):
        crs.from_user(text)


@pytest.mark.parametrize(
    ("text", "code"),
    [("6695", "EPSG:6695"), ("epsg:6694", "EPSG:6694"), ("jgd2011", "EPSG:6695"), ("JGD2024", "EPSG:11317")],
)
def test_height_data_that_users_name(text: str, code: str) -> None:
    assert crs.vertical_from_user(text) == code


@pytest.mark.parametrize(
    ("text", "says"),
    [("T.P.", "all three count from T.P."), ("6673", "not a height datum"), ("10166", "not a height datum")],
)
def test_height_data_that_users_name_wrongly(text: str, says: str) -> None:
    with pytest.raises(CrsError, match=re.escape(says)):
        crs.vertical_from_user(text)


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        (2447, 6673, True),
        (2443, 6669, True),
        (2461, 6687, True),
        (2450, 6676, False),  # zone VIII moved in 2011
        (2452, 6678, False),
        (6673, 6674, False),
        (30165, 6673, False),
        (30165, 2447, False),
        (6673, 32653, False),
        (2154, 2154, True),
        (6690, 32653, False),  # UTM zone 53 on JGD2011 and on WGS 84: both datums are known, and differ
        (2903, 2257, False),  # feet of New Mexico, two zones
    ],
)
def test_same_place(a: int, b: int, same: bool) -> None:
    first, second = SpatialReference(f"EPSG:{a}"), SpatialReference(f"EPSG:{b}", "EPSG:6695")
    assert crs.same_place(first, second) is same
    assert crs.same_place(second, first) is same


@pytest.mark.parametrize(
    ("ref", "says"),
    [
        (SpatialReference("EPSG:6668"), "degrees"),
        (SpatialReference("EPSG:2903"), "US survey foot"),
        (SpatialReference("EPSG:4978"), "not a plane CRS"),
        (SpatialReference("EPSG:6673", "EPSG:6360"), "the unit of EPSG:6360 is US survey foot"),
    ],
)
def test_only_metres_are_used(ref: SpatialReference, says: str) -> None:
    with pytest.raises(CrsError, match=rf"^tile\.laz: .*{says}.*first"):
        crs.require_metres(ref, "tile.laz")


def test_metres_are_used() -> None:
    for ref in (V, SpatialReference("EPSG:2154", "EPSG:5720"), SpatialReference("EPSG:6673", "EPSG:11317")):
        crs.require_metres(ref, "tile.laz")
        assert ref.is_projected
        assert ref.unit_factor == 1.0


def test_one_system_for_all() -> None:
    assert crs.common({"a.laz": V_2000}) == (V_2000, ())
    assert crs.common({"a.laz": V, "b.laz": V}) == (V, ())


def test_equal_places_under_two_codes_whatever_the_order() -> None:
    refs = {
        "a.laz": V,
        "b.laz": V_2000,
        "c.laz": crs.from_wkt(wkt(6673, "WKT1_ESRI").replace("2011", "2024")),
    }
    kept, (notice,) = crs.common(refs)
    assert kept == V
    assert notice[0] == "crs.mixed"
    assert "EPSG:2447" in say(notice[0], **notice[1])
    assert crs.common(dict(reversed(refs.items()))) == (kept, (notice,))


def test_files_that_differ_in_place_are_named() -> None:
    with pytest.raises(CrsError) as caught:
        crs.common({"b.laz": V, "a.laz": TOKYO_V, "c.laz": V})
    assert str(caught.value).startswith("a.laz is in EPSG:30165 and b.laz in EPSG:6673:")


def test_height_data_that_differ_are_named() -> None:
    refs = {
        "a.laz": SpatialReference("EPSG:6673", "EPSG:6695"),
        "b.laz": SpatialReference("EPSG:6673", "EPSG:11317"),
    }
    with pytest.raises(CrsError, match=r"a\.laz refer to EPSG:6695, those of b\.laz to EPSG:11317"):
        crs.common(refs)


def test_height_datum_of_some_files_only() -> None:
    refs = {"b.laz": SpatialReference("EPSG:6673", "EPSG:6695"), "a.laz": V}
    kept, (notice,) = crs.common(refs)
    assert kept == V
    assert say(notice[0], **notice[1]).startswith(
        "b.laz states its height datum, EPSG:6695, but a.laz states none"
    )
    assert crs.common(refs, vertical="EPSG:6695") == (SpatialReference("EPSG:6673", "EPSG:6695"), ())


def test_user_may_not_contradict_a_height_datum() -> None:
    with pytest.raises(CrsError, match="--vertical"):
        crs.common({"a.laz": SpatialReference("EPSG:6673", "EPSG:6695")}, vertical="EPSG:11317")


def test_latitude_and_longitude() -> None:
    e, n = crs.from_latlon(35.3003, 134.8290, 5)
    assert (e, n) == (pytest.approx(45078.249, abs=1e-3), pytest.approx(-77513.047, abs=1e-3))
    assert crs.to_latlon(e, n, 5) == (pytest.approx(35.3003, abs=1e-9), pytest.approx(134.8290, abs=1e-9))


def test_transformer_puts_easting_and_longitude_first() -> None:
    move = crs.transformer("EPSG:6668", V.horizontal)
    assert move(134.8290, 35.3003) == pytest.approx((45078.249, -77513.047), abs=1e-3)
    with pytest.raises(CrsError, match="cannot be read"):
        crs.transformer("PROJCS[", V.horizontal)
