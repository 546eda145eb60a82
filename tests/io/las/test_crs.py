"""The coordinate reference system that records state, and records that cannot be used."""

from __future__ import annotations

import struct
from pathlib import Path

import laspy
import numpy as np
import pytest
from las_files import ENCODING, EVLRS_AT, patch, read
from pyproj import CRS

from pointcloud import messages
from pointcloud.io.las.reader import CloudHeader, read_header

OWNER = "LASF_Projection"


def keys(*entries: tuple[int, int], text: str = "") -> list[laspy.VLR]:
    """Return the records of GeoTIFF keys."""
    data = struct.pack("<4H", 1, 1, 0, len(entries))
    data += b"".join(struct.pack("<4H", key, 0, 1, value) for key, value in entries)
    return [laspy.VLR(OWNER, 34735, "", data), laspy.VLR(OWNER, 34737, "", text.encode() + b"\0")]


def wkt(text: str | bytes) -> list[laspy.VLR]:
    """Return the record of a WKT."""
    return [laspy.VLR(OWNER, 2112, "", text if isinstance(text, bytes) else text.encode() + b"\0")]


def header_with(path: Path, vlrs: list[laspy.VLR], *, bit: bool = False) -> CloudHeader:
    """Return the header of a file with these records."""
    header = laspy.LasHeader(version="1.4", point_format=1)
    header.offsets = np.array([44000.0, -78000.0, 0.0])
    header.vlrs.extend(vlrs)
    las = laspy.LasData(header)
    las.X = las.Y = las.Z = np.arange(50, dtype=np.int32)
    las.write(path)
    patch(path, ENCODING, "H", 16 if bit else 0)
    found = read_header(path)
    assert read(path).count == 50
    for language in messages.LANGUAGES:
        messages.set_language(language)
        assert all("\n" not in str(remark) for remark in found.warnings)
    messages.set_language("en")
    return found


def told(header: CloudHeader) -> tuple[str | None, list[str]]:
    return header.crs.label if header.crs else None, [remark.message for remark in header.warnings]


ZONE_V = CRS.from_epsg(6673).to_wkt("WKT1_GDAL")


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ([(1024, 1), (3072, 6673)], ("EPSG:6673", [])),
        ([(3072, 2447)], ("EPSG:2447", [])),
        ([(1024, 1), (3072, 6673), (3076, 9001), (4096, 6695), (4099, 9001)], ("EPSG:6673 + EPSG:6695", [])),
        ([(1024, 1), (3072, 6673), (0, 0), (0, 0)], ("EPSG:6673", [])),
        ([(1024, 1), (2048, 4612), (3072, 2447)], ("EPSG:2447", [])),
        ([(1024, 2), (2048, 6668)], ("EPSG:6668", [])),
        ([(2048, 6668)], ("EPSG:6668", [])),
        ([(1024, 1), (3072, 2903), (3076, 9003)], ("EPSG:2903", [])),
        ([(1024, 1), (3072, 6673), (3076, 9003)], (None, ["file.crs_unit"])),
        ([(1024, 1), (3072, 6673), (4099, 9002)], ("EPSG:6673", ["file.crs_height_unit"])),
        ([(1024, 1), (3072, 6673), (4096, 5103)], ("EPSG:6673", ["file.crs_height"])),
        ([(1024, 1), (3072, 6673), (4096, 32767)], ("EPSG:6673", [])),
        ([(1024, 1), (3072, 32767)], (None, ["file.crs_user_defined"])),
        ([(1024, 1), (2048, 6668)], (None, ["file.crs_user_defined"])),
        ([(1024, 1), (3072, 65000)], (None, ["file.crs_unusable"])),
        ([(1024, 1), (3072, 6695)], (None, ["file.crs_unusable"])),
    ],
)
def test_geotiff_keys(
    tmp_path: Path, entries: list[tuple[int, int]], expected: tuple[str | None, list[str]]
) -> None:
    assert told(header_with(tmp_path / "a.las", keys(*entries))) == expected


def test_user_defined_system_is_named_by_its_citation(tmp_path: Path) -> None:
    header = header_with(tmp_path / "a.las", keys((3072, 32767), text="|日本 Zone V|x"))
    assert header.warnings[0].values["citation"] == "日本 Zone V"


@pytest.mark.parametrize(
    "data", [b"", b"\1\0\1\0", struct.pack("<4H", 1, 1, 0, 9), struct.pack("<8H", *[7] * 8)]
)
def test_damaged_geotiff_keys_are_a_remark(tmp_path: Path, data: bytes) -> None:
    header = header_with(tmp_path / "a.las", [laspy.VLR(OWNER, 34735, "", data)])
    assert told(header) == (None, ["file.crs_keys"])


@pytest.mark.parametrize("bit", [True, False])
def test_wkt(tmp_path: Path, bit: bool) -> None:
    compound = CRS.from_epsg(10166).to_wkt()
    assert told(header_with(tmp_path / "a.las", wkt(ZONE_V), bit=bit)) == ("EPSG:6673", [])
    assert told(header_with(tmp_path / "a.las", wkt(compound), bit=bit)) == ("EPSG:6673 + EPSG:6695", [])


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", []),
        (b"\0" * 40, []),
        (b'PROJCS["JGD2011 \x93\xfa\x96\x7b', ["file.crs_not_utf8"]),
        (b"\xff" * 30, ["file.crs_not_utf8"]),
        (b"not a system", ["file.crs_unusable"]),
        (b"PROJCS[" * 2000, ["file.crs_unusable"]),
        (CRS.from_epsg(6695).to_wkt().encode(), ["file.crs_unusable"]),
    ],
)
def test_wkt_that_cannot_be_used_is_a_remark(tmp_path: Path, data: bytes, expected: list[str]) -> None:
    assert told(header_with(tmp_path / "a.las", wkt(data), bit=True)) == (None, expected)


def test_the_bit_decides_between_two_that_disagree(tmp_path: Path) -> None:
    both = keys((3072, 6674)) + wkt(ZONE_V)
    by_wkt = header_with(tmp_path / "a.las", both, bit=True)
    assert told(by_wkt) == ("EPSG:6673", ["file.crs_disagree"])
    assert by_wkt.warnings[0].values["other"] == "EPSG:6674"
    assert told(header_with(tmp_path / "a.las", both, bit=False)) == ("EPSG:6674", ["file.crs_disagree"])


def test_two_that_mean_the_same_place_agree(tmp_path: Path) -> None:
    both = keys((3072, 2447)) + wkt(ZONE_V)
    assert told(header_with(tmp_path / "a.las", both, bit=True)) == ("EPSG:6673", [])


def test_the_other_is_used_if_the_first_cannot_be(tmp_path: Path) -> None:
    both = keys((3072, 6673)) + wkt("nonsense")
    assert told(header_with(tmp_path / "a.las", both, bit=True)) == ("EPSG:6673", ["file.crs_unusable"])
    nameless = keys((3072, 32767)) + wkt(ZONE_V)
    assert told(header_with(tmp_path / "a.las", nameless, bit=False)) == ("EPSG:6673", [])


def test_wkt_in_an_extended_record(tmp_path: Path) -> None:
    path = tmp_path / "a.las"
    header_with(path, [])
    at = path.stat().st_size
    data = ZONE_V.encode() + b"\0" * 5
    record = struct.pack("<H16sHQ32s", 0, OWNER.encode(), 2112, len(data), b"") + data
    path.write_bytes(path.read_bytes() + record)
    patch(path, EVLRS_AT, "QI", at, 1)
    assert told(read_header(path)) == ("EPSG:6673", [])


def test_extended_record_too_long_to_be_wkt_is_a_remark(tmp_path: Path) -> None:
    path = tmp_path / "a.las"
    header_with(path, [])
    at = path.stat().st_size
    data = ZONE_V.encode() + b" " * (1 << 20)
    record = struct.pack("<H16sHQ32s", 0, OWNER.encode(), 2112, len(data), b"") + data
    path.write_bytes(path.read_bytes() + record)
    patch(path, EVLRS_AT, "QI", at, 1)
    assert told(read_header(path)) == (None, ["file.crs_long"])


ZONE_IV = CRS.from_epsg(6672).to_wkt("WKT2_2019").encode() + b"\0"
MATH = b'PARAM_MT["Affine",PARAMETER["num_row",3],PARAMETER["num_col",3]]\0'


@pytest.mark.parametrize(
    ("records", "label", "remarks"),
    [
        ([(OWNER, 4224, ZONE_IV)], "EPSG:6672", []),
        ([(OWNER, 4224, ZONE_IV), (OWNER, 2112, ZONE_V.encode())], "EPSG:6673", []),
        ([(OWNER, 2111, MATH), (OWNER, 2112, ZONE_IV)], "EPSG:6672", []),
        ([("liblas", 2112, ZONE_IV)], "EPSG:6672", ["file.crs_elsewhere"]),
        ([("", 4224, ZONE_IV)], "EPSG:6672", ["file.crs_elsewhere"]),
        ([("liblas", 2112, b"zone 4\0")], None, ["file.crs_record"]),
        ([(OWNER, 2111, MATH)], None, ["file.crs_record"]),
        ([("other", 34735, b"\1\0\1\0\0\0\1\0")], None, ["file.crs_record"]),
        ([("other", 34735, b""), (OWNER, 2112, ZONE_IV)], "EPSG:6672", []),
        ([("other", 7, b"something else")], None, []),
    ],
)
@pytest.mark.parametrize("bit", [False, True])
def test_records_elsewhere_are_read_or_remarked_on(
    records: list[tuple[str, int, bytes]], label: str | None, remarks: list[str], bit: bool, tmp_path: Path
) -> None:
    found = header_with(
        tmp_path / "a.las", [laspy.VLR(owner, number, "", raw) for owner, number, raw in records], bit=bit
    )
    assert told(found) == (label, remarks)
