"""Every real file: what is read from it, or why it is refused."""

from __future__ import annotations

from pathlib import Path

import laspy
import numpy as np
import pytest
from las_files import joined, refused

from pointcloud.io.clouds.files import find_files
from pointcloud.io.las.reader import box_remarks, read_header

READ: dict[str, tuple[int, str | None, list[str]]] = {
    "als_forest/Topography.laz": (73_403, "EPSG:2949", []),
    "als_forest/bcts_1.laz": (531_662, "EPSG:3005 + EPSG:5713", []),
    "als_forest/bcts_2.laz": (823_945, "EPSG:3005 + EPSG:5713", []),
    "als_urban/ahn3_cropped_1.laz": (640_510, None, []),
    "als_urban/test_semis_2023_0292_6833_LA93_IGN69.laz": (289_055, "EPSG:2154", []),
    "formats/1.2-with-color.copc.laz": (1_065, "EPSG:2991 + EPSG:6360", []),
    "formats/1.2-with-color.las": (1_065, None, []),
    "formats/100-points.las": (100, None, []),
    "formats/4_6_crop.las": (23_875, "EPSG:2903", ["file.crs_height", "file.crs_height_unit"]),
    "formats/autzen_trim.laz": (110_000, "NAD_1983_HARN_Lambert_Conformal_Conic", []),
    "formats/bad-geotiff-keys.las": (10, "EPSG:32617", []),
    "formats/extrabytes.las": (1_065, None, []),
    "formats/file_with_both_wkt_and_geotiff_vlrs.las": (25_408, "NAD83_2011_Nebraska_ft", ["file.crs_unit"]),
    "formats/gps-time-nan.las": (1, None, []),
    "formats/simple.laz": (1_065, None, []),
    "formats/spec_3.las": (10, "EPSG:32617", []),
    "formats/test1_4.las": (1_000, "EPSG:2903", []),
    "formats/test_utm16.las": (10, "EPSG:26916", []),
    "formats/test_utm17.las": (10, "EPSG:32617", []),
    "jp_shizuoka/08OF4060_NW.laz": (2_573_320, "EPSG:6676", []),
    "jp_shizuoka/nanadaru_west_1mvoxel.laz": (482_475, "EPSG:6676", []),
}
"""Points, CRS and remarks of each file that is read. The box of each holds its points, to 4 mm at worst."""

REFUSED = {
    "formats/1.2-with-color-clipped.las": "file.cut",
    "formats/garbage_nVariableLength.las": "file.vlr_count",
}


def test_the_tables_name_every_file(shared_data: Path) -> None:
    found = {path.relative_to(shared_data).as_posix() for path in find_files([shared_data])}
    assert found == {*READ, *REFUSED}


@pytest.mark.parametrize("name", READ)
def test_file_is_read(shared_data: Path, name: str) -> None:
    header = read_header(shared_data / name)
    count, crs, remarks = READ[name]
    assert (header.crs.label if header.crs else None) == crs
    assert [remark.message for remark in header.warnings] == remarks
    points = joined(header)
    assert points.count == header.count == count
    assert box_remarks(header, points.lows, points.highs) == ()


@pytest.mark.parametrize("name", [name for name, (count, *_) in READ.items() if count < 300_000])
def test_points_are_those_that_laspy_reads(shared_data: Path, name: str) -> None:
    header = read_header(shared_data / name)
    points, expected = joined(header), laspy.read(shared_data / name)
    for values, raw, scale, offset in zip(
        (points.e, points.n, points.z),
        (expected.X, expected.Y, expected.Z),
        header.scales,
        header.offsets,
        strict=True,
    ):
        assert np.array_equal(values, np.rint((raw * scale + offset) * 10_000).astype(np.int64))
    assert np.array_equal(points.classification, expected.classification)
    assert np.array_equal(points.withheld, np.asarray(expected.withheld).astype(bool))


@pytest.mark.parametrize(("name", "message"), REFUSED.items())
def test_file_is_refused(shared_data: Path, name: str, message: str) -> None:
    refused(shared_data / name, message)
