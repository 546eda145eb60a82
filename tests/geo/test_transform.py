"""What can be brought into what, and what to do where it cannot."""

from __future__ import annotations

import pickle

import pyproj
import pytest

from pointcloud import messages
from pointcloud.errors import CrsError
from pointcloud.geo import projections, transform
from pointcloud.geo.crs import SpatialReference, from_epsg, from_user, from_wkt
from pointcloud.geo.transform import PointTransform

V = from_epsg(6673)


def between(source: SpatialReference | int, target: int = 6673) -> PointTransform | None:
    here = from_epsg(source) if isinstance(source, int) else source
    return PointTransform.between(here, from_epsg(target), "tile.las")


def refused(source: SpatialReference | int, target: int = 6673) -> CrsError:
    with pytest.raises(CrsError) as caught:
        between(source, target)
    for language in messages.LANGUAGES:
        messages.set_language(language)
        assert "tile.las" in str(caught.value)
        assert "\n" not in str(caught.value)
    messages.set_language("en")
    return caught.value


@pytest.mark.parametrize(
    ("source", "target"), [(6673, 6673), (2447, 6673), (6673, 2447), (10166, 6673), (6690, 6690)]
)
def test_what_is_there_already_stays(source: int, target: int) -> None:
    assert between(source, target) is None


@pytest.mark.parametrize(
    ("source", "target"),
    [
        *((code, 6673) for code in (6668, 6667, 4612, 4947, 6672, 6674, 2446, 6690, 3099)),
        *((6668, 6668 + zone) for zone in range(1, 20)),
        *((4612, 6668 + zone) for zone in (*range(1, 6), *range(11, 20))),
        *((4612, 2442 + zone) for zone in range(1, 20)),
        (2448, 2447),
        (6674, 6690),
        (6673, 6690),
    ],
)
def test_the_ways(source: int, target: int) -> None:
    found = between(source, target)
    assert found is not None
    assert found.source in (f"EPSG:{source}", "EPSG:6668", "EPSG:4612")
    assert found.target == f"EPSG:{target}"
    assert (found.origin is None) == pyproj.CRS(source).is_geographic
    assert pickle.loads(pickle.dumps(found)) == found


@pytest.mark.parametrize("kind", ["WKT2_2019", "WKT1_GDAL", "WKT1_ESRI"])
@pytest.mark.parametrize("code", [6668, 4612, 6674, 6690])
def test_systems_that_files_write_out(code: int, kind: str) -> None:
    """And under the name of 2024, with and without codes."""
    text = pyproj.CRS(code).to_wkt(kind)
    for name in (text, text.replace("JGD2011", "JGD2024").replace("2011", "2024")):
        if code == 4612:
            name = text
        found = between(from_wkt(name))
        assert found is not None
        assert found.plane == projections.transverse_mercator("EPSG:6673")


def test_a_datum_without_a_code_is_known_by_its_name() -> None:
    text = (
        'GEOGCS["unknown",DATUM["D_JGD_2024",SPHEROID["GRS 1980",6378137,298.257222101]],'
        'PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]]'
    )
    assert projections.realisation(text) == "JGD2011"
    assert projections.realisation(text.replace("D_JGD_2024", "D_JGD_2000")) == "JGD2000"
    assert projections.realisation(text.replace("D_JGD_2024", "somewhere")) is None


@pytest.mark.parametrize("code", [4301, 30161, 30165, 30166, 30179, 3092, 3094])
@pytest.mark.parametrize("target", [6673, 2447, 6674])
def test_tokyo_datum_names_its_grid(code: int, target: int) -> None:
    error = refused(code, target)
    assert error.message == "transform.tokyo"
    assert "TKY2JGD" in str(error)


@pytest.mark.parametrize(
    ("code", "same"),
    [
        (4326, "EPSG:6668"),
        (4979, "EPSG:6668"),
        (32653, "EPSG:6690"),
        (32652, "EPSG:6689"),
    ],
)
def test_wgs_84_asks_which_realisation(code: int, same: str) -> None:
    error = refused(code)
    assert error.message == "transform.wgs84"
    assert f"--crs {same}" in str(error)


@pytest.mark.parametrize(
    ("source", "target"),
    [
        (2448, 6673),
        (2448, 6674),
        (6674, 2448),
        (6674, 2447),
        (4612, 6674),
        (6668, 2448),
        (4612, 6690),
        (3099, 6675),
    ],
)
def test_jgd2000_is_not_jgd2011_where_places_moved(source: int, target: int) -> None:
    error = refused(source, target)
    assert error.message == "transform.moved"
    assert "PatchJGD" in str(error)
    assert ("JGD2000" in str(error)) == (source in (2448, 4612, 3099))


@pytest.mark.parametrize("code", [2154, 3005, 28992, 4258, 7844, 9000, 4978, 3857, 32632])
def test_other_systems(code: int) -> None:
    assert refused(code).message == "transform.other"


def test_other_projections_of_the_same_datum() -> None:
    albers = pyproj.CRS("+proj=aea +lat_1=33 +lat_2=45 +lon_0=138 +ellps=GRS80").to_json_dict()
    albers["base_crs"] = pyproj.CRS(6668).to_json_dict()
    assert refused(from_wkt(pyproj.CRS.from_json_dict(albers).to_wkt())).message == "transform.other"


def test_feet_are_refused() -> None:
    heights = SpatialReference("EPSG:6668", "EPSG:6360")
    assert refused(heights).message == "crs.unit"
    feet = (
        pyproj.CRS(6674)
        .to_wkt("WKT1_GDAL")
        .replace('UNIT["metre",1,AUTHORITY["EPSG","9001"]]', 'UNIT["foot",0.3048]')
    )
    feet = feet.replace(',AUTHORITY["EPSG","6674"]', "")
    assert refused(from_wkt(feet)).message == "crs.unit"


@pytest.mark.parametrize("code", [6668, 4326, 32653, 30165, 2154, 3857])
def test_what_nothing_is_brought_into(code: int) -> None:
    with pytest.raises(CrsError) as caught:
        transform.target_plane(from_epsg(code))
    assert caught.value.message == "transform.target"
    assert f"EPSG:{code}" in str(caught.value)


@pytest.mark.parametrize("text", ["5", "V", "EPSG:6690", "2447", "6673+6695"])
def test_what_points_are_brought_into(text: str) -> None:
    assert transform.target_plane(from_user(text)).semi_major == 6378137


@pytest.mark.parametrize(
    ("given", "stated", "expected"),
    [
        (6668, 4326, True),
        (4612, 4326, True),
        (6690, 32653, True),
        (6690, 4326, False),
        (6690, 32654, False),
        (6668, 6668, False),
        (6668, 4612, False),
        (4326, 4326, False),
        (6673, 6674, False),
    ],
)
def test_only_wgs_84_may_be_said_to_be_another(given: int, stated: int, expected: bool) -> None:
    assert transform.restates(from_epsg(given), from_epsg(stated)) == expected


@pytest.mark.parametrize("code", [6667, 4979, 6668, 10166, 6673])
def test_three_dimensions_are_remembered(code: int) -> None:
    expected = code in (6667, 4979)
    assert from_epsg(code).ellipsoidal == expected
    if code != 10166:
        assert from_wkt(pyproj.CRS(code).to_wkt()).ellipsoidal == expected
    assert from_epsg(6667) == from_epsg(6668)
