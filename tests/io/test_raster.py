"""The one door for rasters: what it opens, and what it refuses without following it."""

from __future__ import annotations

import io
import re
import struct
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

import numpy as np
import pytest
import rasterio
import rasterio.shutil
from listener import Listener
from rasterio.vrt import WarpedVRT

from pointcloud.errors import FileError
from pointcloud.io import raster, tiff_links, vrtfile

SIDE = 32
SOURCE = '<SimpleSource><SourceFilename relativeToVRT="1">{}</SourceFilename><SourceBand>1</SourceBand></SimpleSource>'
WMS = (
    "<GDAL_WMS><Service name='WMS'><Version>1.1.1</Version><ServerUrl>{}/?</ServerUrl><Layers>a</Layers></Service>"
    f"<DataWindow><UpperLeftX>0</UpperLeftX><UpperLeftY>{SIDE}</UpperLeftY><LowerRightX>{SIDE}</LowerRightX>"
    f"<LowerRightY>0</LowerRightY><SizeX>{SIDE}</SizeX><SizeY>{SIDE}</SizeY></DataWindow><BandsCount>1</BandsCount>"
    "</GDAL_WMS>"
)


@pytest.fixture
def listener() -> Iterator[Listener]:
    with Listener() as found:
        yield found


def tif(path: Path, value: int = 1, side: int = SIDE, **tags: str) -> Path:
    """Write a GeoTIFF of one value; ``tags`` go to the domain that each names (``OVERVIEWS__OVERVIEW_FILE``)."""
    place = {"transform": rasterio.Affine(1, 0, 0, 0, -1, side), "crs": "EPSG:6673"}
    with rasterio.open(
        path, "w", driver="GTiff", width=side, height=side, count=1, dtype="uint8", **place
    ) as file:
        file.write(np.full((1, side, side), value, np.uint8))
        for name, text in tags.items():
            domain, _, key = name.rpartition("__")
            file.update_tags(ns=domain, **{key: text}) if domain else file.update_tags(**{key: text})
    return path


def vrt(path: Path, sources: str, side: int = SIDE, band: str = "", dataset: str = "") -> Path:
    path.write_text(
        f'<VRTDataset rasterXSize="{side}" rasterYSize="{side}"{dataset}>'
        f'<GeoTransform>0, 1, 0, {side}, 0, -1</GeoTransform><VRTRasterBand dataType="Byte" band="1"{band}>'
        f"{sources}</VRTRasterBand></VRTDataset>",
        encoding="utf-8",
    )
    return path


def values(path: Path) -> list[int]:
    with raster.opened(path) as file:
        return np.unique(file.read(1)).tolist()


# What it opens


def test_a_mosaic_is_what_gdal_makes_of_it(tmp_path: Path) -> None:
    tif(tmp_path / "a.tif", 7)
    with rasterio.open(tmp_path / "a.tif") as file:
        rasterio.shutil.copy(file, tmp_path / "plain.vrt", driver="VRT")
        with WarpedVRT(file, crs="EPSG:6674", add_alpha=True) as warped:
            rasterio.shutil.copy(warped, tmp_path / "warped.vrt", driver="VRT")
    for name in ("plain", "warped"):
        path = tmp_path / f"{name}.vrt"
        with rasterio.open(path) as wanted, raster.opened(path) as found:
            assert np.array_equal(found.read(), wanted.read())
            assert (found.transform, found.crs, found.nodata) == (wanted.transform, wanted.crs, wanted.nodata)
            assert found.tags() == wanted.tags()


def test_a_mosaic_of_mosaics_with_overviews(tmp_path: Path) -> None:
    (tmp_path / "部分").mkdir()
    tif(tmp_path / "部分" / "図.tif", 5)
    tif(tmp_path / "half.tif", 6, SIDE // 2)
    vrt(tmp_path / "部分" / "inner.vrt", SOURCE.format("図.tif"))
    half = '<SourceFilename relativeToVRT="1">half.tif</SourceFilename><SourceBand>1</SourceBand>'
    overview = f"<Overview>{half}</Overview>"
    path = vrt(tmp_path / "outer.vrt", SOURCE.format("部分/inner.vrt") + overview)
    assert values(path) == [5]
    assert vrtfile.first_source(path) == tmp_path / "部分" / "図.tif"
    with raster.opened(path) as file:
        assert np.unique(file.read(1, out_shape=(SIDE // 2, SIDE // 2))).tolist() == [6]


def test_overviews_and_masks_beside_a_raster_are_used(tmp_path: Path) -> None:
    tif(tmp_path / "a.tif")
    tif(tmp_path / "a.tif.ovr", 9, SIDE // 2)
    with raster.opened(tmp_path / "a.tif") as file:
        assert np.unique(file.read(1, out_shape=(SIDE // 2, SIDE // 2))).tolist() == [9]
    with raster.opened(tmp_path / "a.tif", settings=raster.ALONE) as file:
        assert np.unique(file.read(1, out_shape=(SIDE // 2, SIDE // 2))).tolist() == [1]


def test_a_comment_hides_no_part_of_a_name(tmp_path: Path) -> None:
    tif(tmp_path / "ab.tif", 3)
    vrt(tmp_path / "a", "")  # what GDAL would read: the name ends at the comment
    assert values(vrt(tmp_path / "x.vrt", SOURCE.format("a<!-- -->b.tif"))) == [3]


@pytest.mark.parametrize("suffix", ["tif", "png", "asc"])
def test_formats(suffix: str, tmp_path: Path) -> None:
    driver = {"tif": "GTiff", "png": "PNG", "asc": "AAIGrid"}[suffix]
    with rasterio.open(tif(tmp_path / "x.tif", 4)) as file:
        rasterio.shutil.copy(file, tmp_path / f"y.{suffix}", driver=driver)
    assert values(tmp_path / f"y.{suffix}") == [4]
    assert values(vrt(tmp_path / "z.vrt", SOURCE.format(f"y.{suffix}"))) == [4]


# What it refuses

Made = Callable[[Path, str], Path]


def _within(content: Callable[[Path, str], Any]) -> Made:
    """A mosaic of a good source and one that holds something else than its name says."""

    def make(folder: Path, url: str) -> Path:
        tif(folder / "good.tif")
        content(folder, url)
        return vrt(folder / "x.vrt", SOURCE.format("good.tif") + SOURCE.format("b.tif"))

    return make


def _beside(name: str, content: str) -> Made:
    def make(folder: Path, url: str) -> Path:
        tif(folder / "half.tif", side=SIDE // 2)
        vrt(folder / name, SOURCE.format("half.tif")) if content == "vrt" else (folder / name).write_text(
            WMS.format(url)
        )
        return tif(folder / "a.tif")

    return make


def _vrt(sources: str, band: str = "", dataset: str = "") -> Made:
    def make(folder: Path, url: str) -> Path:
        tif(folder / "a.tif")
        (folder / "secret").write_bytes(bytes(range(65, 91)) * 60)
        return vrt(
            folder / "x.vrt",
            sources.replace("URL", url).replace("HERE", str(folder)),
            band=band,
            dataset=dataset,
        )

    return make


def _nested(folder: Path, url: str) -> Path:
    tif(folder / "0.tif")
    vrt(folder / "1.vrt", SOURCE.format("0.tif"))
    for k in range(2, 7):
        vrt(folder / f"{k}.vrt", SOURCE.format(f"{k - 1}.vrt"))
    return folder / "6.vrt"


RAW = (
    '<SourceFilename relativeToVRT="1">secret</SourceFilename><ImageOffset>0</ImageOffset>'
    "<PixelOffset>1</PixelOffset><LineOffset>32</LineOffset>"
)
FUNCTION = (
    "<PixelFunctionType>f</PixelFunctionType><PixelFunctionLanguage>Python</PixelFunctionLanguage>"
    "<PixelFunctionCode>def f(*a, **k): open('HERE/ran', 'w')</PixelFunctionCode>" + SOURCE.format("a.tif")
)
HOSTILE: dict[str, Made] = {
    "vsicurl": _vrt(SOURCE.format("/vsicurl/URL/a.tif")),
    "vsicurl in lower case": _vrt(
        SOURCE.format("/vsicurl/URL/a.tif").replace("SourceFilename", "sourcefilename")
    ),
    "vsicurl in upper case": _vrt(
        SOURCE.format("/vsicurl/URL/a.tif").replace("SourceFilename", "SOURCEFILENAME")
    ),
    "a URL": _vrt(SOURCE.format("URL/a.tif")),
    "a service": _vrt(SOURCE.format(WMS.format("URL").replace("<", "&lt;"))),
    "an entity": lambda folder, url: _doctype(folder),
    "nowhere": _vrt(SOURCE.format("gone.tif")),
    "a folder": _vrt(SOURCE.format(".")),
    "a device": _vrt(SOURCE.format("/dev/zero").replace('"1"', '"0"')),
    "a warped dataset": _vrt(
        "<GDALWarpOptions><sourcedataset>/vsicurl/URL/a.tif</sourcedataset></GDALWarpOptions>",
        dataset=' subClass="VRTWarpedDataset"',
    ),
    "open options": _vrt(SOURCE.format("a.tif").replace("<SourceBand>", "<OpenOptions/><SourceBand>")),
    "raw numbers": _vrt(RAW, band=' subClass="VRTRawRasterBand"'),
    "raw numbers in upper case": _vrt(RAW.upper(), band=' SUBCLASS="vrtrawrasterband"'),
    "a program": _vrt(FUNCTION, band=' subClass="VRTDerivedRasterBand"'),
    "pansharpening": _vrt("", dataset=' subClass="VRTPansharpenedDataset"'),
    "a CRS by link": _vrt("</VRTRasterBand><SRS>URL/crs</SRS><VRTRasterBand>"),
    "a CRS by path": _vrt("</VRTRasterBand><SRS>HERE/secret</SRS><VRTRasterBand>"),
    "a mosaic in a tif": _within(lambda folder, url: vrt(folder / "b.tif", SOURCE.format("good.tif"))),
    "a service in a tif": _within(lambda folder, url: (folder / "b.tif").write_text(WMS.format(url))),
    "a service behind a mark": _within(
        lambda folder, url: (folder / "b.tif").write_text("\ufeff \n" + WMS.format(url), encoding="utf-8")
    ),
    "a JSON in a tif": _within(
        lambda folder, url: (folder / "b.tif").write_text('{"stac_version": "1.0.0"}')
    ),
    "HDF5 in a tif": _within(
        lambda folder, url: (folder / "b.tif").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(99))
    ),
    "letters in a tif": _within(lambda folder, url: (folder / "b.tif").write_text("root:x:0:0:root")),
    "a tif that names its overviews": _within(
        lambda folder, url: tif(folder / "b.tif", OVERVIEWS__OVERVIEW_FILE=f"/vsicurl/{url}/a.tif")
    ),
    "overviews elsewhere": lambda folder, url: tif(
        folder / "a.tif", OVERVIEWS__OVERVIEW_FILE=f"/vsicurl/{url}/a.tif"
    ),
    "a place elsewhere": lambda folder, url: tif(
        folder / "a.tif", GEOLOCATION__X_DATASET=f"/vsicurl/{url}/x.tif", GEOLOCATION__X_BAND="1"
    ),
    "a mosaic as overview": _beside("a.tif.ovr", "vrt"),
    "a service as overview": _beside("a.tif.OVR", "wms"),
    "a mosaic as mask": _beside("a.tif.msk", "vrt"),
    "a service behind an overview": _beside("a.tif.ovr.msk", "wms"),
    "mosaics within mosaics": _nested,
    "itself": lambda folder, url: vrt(folder / "x.vrt", SOURCE.format("x.vrt")),
    "a raster by the name of a mosaic": lambda folder, url: tif(folder / "x.vrt"),
    "a mosaic by the name of a raster": lambda folder, url: vrt(folder / "x.tif", ""),
    "no XML": lambda folder, url: _text(folder, "<VRTDataset"),
    "deep XML": lambda folder, url: _text(folder, "<VRTDataset>" + "<LUT>" * 200_000 + "</LUT>" * 200_000),
}


def _doctype(folder: Path) -> Path:
    (folder / "&x;").write_text("what GDAL would open", encoding="utf-8")
    path = vrt(folder / "x.vrt", SOURCE.format("&x;"))
    path.write_text(f'<!DOCTYPE a [<!ENTITY x "{tif(folder / "a.tif").name}">]>' + path.read_text())
    return path


def _text(folder: Path, text: str) -> Path:
    path = folder / "x.vrt"
    path.write_text(text, encoding="utf-8")
    return path


def followed(path: Path) -> None:
    """Open a raster and let GDAL look at all that it may lead to."""
    with rasterio.Env(GDAL_VRT_ENABLE_PYTHON="YES"), raster.opened(path) as file:
        file.read(1, out_shape=(8, 8))
        file.dataset_mask()
        with WarpedVRT(file, crs="EPSG:6674") as warped:
            warped.read()


@pytest.mark.parametrize("name", HOSTILE)
def test_what_leads_elsewhere_is_refused(name: str, tmp_path: Path, listener: Listener) -> None:
    path = HOSTILE[name](tmp_path, listener.url)
    with pytest.raises((FileError, *raster.ERRORS)):
        followed(path)
    assert not listener.heard
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("OVERVIEW_FILE", True),
        ("overview_file", True),
        ("OVERVIEW&#95;FILE", True),
        ("OVERVIEW&#x5f;FILE", True),
        ("OVERVIEW&#000000000000095;FILE", True),
        ("OVERVIEW&#4294967391;FILE", True),  # 95 in 32 bits
        ("Y_DATASET", True),
        ("OVERVIEW_RESAMPLING", False),
        ("&#28023;&#38754;", False),
    ],
)
def test_names_are_found_as_gdal_reads_them(name: str, found: bool) -> None:
    text = f'<GDALMetadata><Item name="{name}" domain="OVERVIEWS">a.tif</Item></GDALMetadata>\0'.encode()
    data = b"II*\0" + struct.pack("<IHHHIII", 8, 1, 42112, 2, len(text), 26, 0) + text
    assert tiff_links.has_links(io.BytesIO(data)) is found


def test_a_chain_of_directories_that_never_ends() -> None:
    assert tiff_links.has_links(io.BytesIO(b"MM\0*" + struct.pack(">IHI", 8, 0, 8)))
    assert not tiff_links.has_links(io.BytesIO(b"II*\0" + struct.pack("<I", 999)))  # cut: GDAL will say so


@pytest.mark.parametrize(
    ("big", "order"), [(False, "LITTLE"), (True, "LITTLE"), (False, "BIG"), (True, "BIG")]
)
def test_links_are_found_in_every_kind_of_tiff(big: bool, order: str, tmp_path: Path) -> None:
    options = {"BIGTIFF": "YES" if big else "NO", "ENDIANNESS": order}
    for name, link in (("plain", {}), ("linked", {"OVERVIEW_FILE": "other.tif"})):
        path = tmp_path / f"{name}.tif"
        with rasterio.open(
            path, "w", driver="GTiff", width=64, height=64, count=1, dtype="uint8", **options
        ) as file:
            file.write(np.ones((1, 64, 64), np.uint8))
            file.update_tags(NOTE="x" * 500)
            file.update_tags(ns="OVERVIEWS", **link)
        with rasterio.open(path, "r+") as file:
            file.build_overviews([2, 4])
        if link:
            with pytest.raises(FileError, match="leads to other files"), raster.opened(path):
                pass
        else:
            assert values(path) == [1]


@pytest.mark.parametrize(
    ("text", "vrt", "remote"),
    [
        ("//server/share/a.tif", PureWindowsPath("C:/data/a.vrt"), True),
        (r"\\server\share\a.tif", PureWindowsPath("C:/data/a.vrt"), True),
        (r"\\server\share\a.tif", PureWindowsPath(r"\\SERVER\share\in\a.vrt"), False),
        (r"\\other\share\a.tif", PureWindowsPath(r"\\server\share\in\a.vrt"), True),
        (r"\\.\pipe\a", PureWindowsPath(r"\\server\share\in\a.vrt"), True),
        (r"C:\data\a.tif", PureWindowsPath("C:/data/a.vrt"), False),
        ("//data/a.tif", PurePosixPath("/data/a.vrt"), False),
        ("/VSICURL/x", PurePosixPath("/data/a.vrt"), True),
        ("a.tif", PurePosixPath("/data/a.vrt"), False),
    ],
)
def test_shares_of_other_machines(text: str, vrt: PureWindowsPath | PurePosixPath, remote: bool) -> None:
    assert vrtfile.is_remote(text, vrt) is remote


# Limits


def test_a_raster_of_too_many_cells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sparse = tmp_path / "a.tif"
    options = {"SPARSE_OK": "TRUE", "BIGTIFF": "YES", "tiled": True, "blockxsize": 16384, "blockysize": 16384}
    with rasterio.open(
        sparse, "w", driver="GTiff", width=10**6, height=10**6, count=1, dtype="float32", **options
    ):
        pass
    with (
        pytest.raises(FileError, match=r"1000000 x 1000000 cells.*--limit cells=1000000000000"),
        raster.opened(sparse),
    ):
        pass
    endless = vrt(tmp_path / "x.vrt", "", side=2_000_000_000)
    with pytest.raises(FileError, match="more than the limit of 100000000000"), raster.opened(endless):
        pass
    monkeypatch.setenv("HYOGO_PC_LIMIT_CELLS", str(10**12))
    with raster.opened(sparse) as file:
        assert file.shape == (10**6, 10**6)


def test_a_mosaic_of_too_many_rasters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tif(tmp_path / "a.tif")
    path = vrt(tmp_path / "x.vrt", SOURCE.format("a.tif") * 11)
    monkeypatch.setenv("HYOGO_PC_LIMIT_SOURCES", "10")
    with pytest.raises(FileError, match=r"names 11 rasters.*--limit sources=11"), raster.opened(path):
        pass
    monkeypatch.setenv("HYOGO_PC_LIMIT_SOURCES", "11")
    assert values(path) == [1]
    monkeypatch.setenv("HYOGO_PC_LIMIT_TEXT", "100")
    with pytest.raises(FileError, match="--limit text"), raster.opened(path):
        pass


# One door


def test_there_is_no_other_door() -> None:
    """Nothing but the writers of this program's own rasters opens one by itself."""
    package = Path(raster.__file__).parents[1]
    writers = {"io/raster.py", "io/rasters/cogfile.py", "io/rasters/pyramid.py", "io/rasters/cogdriver.py"}
    opens = re.compile(r"rasterio\.open\(|DatasetReader\(|\.open\(driver=|MemoryFile\(")
    found = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        if opens.search(path.read_text(encoding="utf-8"))
    }
    assert found - {"sample/deliver.py"} <= writers
