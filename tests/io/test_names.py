"""Names: the prefecture's where it has one, and never two resolutions under one name."""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointcloud.io import names


@pytest.mark.parametrize(
    ("resolution", "label"),
    [
        (1, "1g"),
        (0.5, "05g"),
        (2, "2g"),
        (0.25, "025g"),
        (5, "5g"),
        (10, "10g"),
        (25, "25g"),
        (2.5, "2p5g"),
        (10.25, "10p25g"),
        (0.05, "005g"),
        (0.0002, "00002g"),
    ],
)
def test_labels(resolution: float, label: str) -> None:
    assert names.label(resolution) == label


def length(label: str) -> Fraction:
    """The resolution that a label stands for: that this is a function shows that no label stands for two."""
    digits = label.removesuffix("g")
    if digits.startswith("0"):
        digits = f"0.{digits[1:]}"
    return Fraction(digits.replace("p", "."))


@given(st.integers(1, 10**7))
def test_a_label_tells_its_resolution(halves: int) -> None:
    resolution = halves / 5000
    assert length(names.label(resolution)) == Fraction(str(resolution))


@pytest.mark.parametrize("resolution", [0, -1, 0.0001, 0.3333])
def test_other_resolutions_have_no_label(resolution: float) -> None:
    with pytest.raises(ValueError, match=r"0\.2 mm"):
        names.label(resolution)


def test_folders_and_files() -> None:
    assert names.folder("dem", 1) == "DEM_1g"
    assert names.file_name("dsm", "05MF513", 0.5) == "DSM_05MF513_05g.tif"
    assert names.mosaic_name("cs", 0.5) == "CS_05g.vrt"
    assert names.preview_name("cs", 0.5) == "CS_05g.png"


def test_a_style_lies_beside_its_mosaic() -> None:
    mosaic, style = names.mosaic_name("quality", 0.5), names.style_name("quality", 0.5)
    assert (mosaic, style) == ("QUALITY_05g.vrt", "QUALITY_05g.qml")


@pytest.mark.parametrize(
    "name", ["05MF513", "E0044000_S0078000", "竹田城跡", "a b", "a.b", "é", "05LF901_1", "x" * 200, "a"]
)
def test_plain_names(name: str) -> None:
    assert names.is_plain(name)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "",
            ".",
            "..",
            "../victim",
            "a/b",
            "a\\b",
            "/etc/passwd",
            "C:x",
            "C:\\x",
            "a/",
            ".hidden",
            "...",
            "a ",
            "a.",
        ),
        *(
            "a\0b",
            "a\nb",
            "\x1b[2J",
            "a\u202eb",
            "\udc83",
            "x" * 201,
            "nul",
            "CON",
            "com1.json",
            "a*",
            "a|b",
            "<a>",
        ),
    ],
)
def test_what_is_no_plain_name(name: str) -> None:
    assert not names.is_plain(name)


@pytest.mark.parametrize(
    "name", ["DEM_1g", "DSM_05g", "DEM_5A", "SKY-VIEW_2p5g", "MULTI-HILLSHADE_1g", "CS_025g"]
)
def test_folders_of_products(name: str) -> None:
    assert names.is_product_folder(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "DEM_1g/DEM_",
        "../DEM_1g",
        "dem_1g",
        "DEM",
        "DEM_",
        "_1g",
        "DEM_1g ",
        "DEM_1g\n",
        "DEM_1 g",
        "DEM__1g",
    ],
)
def test_what_is_no_folder_of_a_product(name: str) -> None:
    assert not names.is_product_folder(name)


def test_paths_that_stay_in_a_folder(tmp_path: Path) -> None:
    out = tmp_path / "out"
    (out / "DEM_1g").mkdir(parents=True)
    (tmp_path / "victim.json").touch()
    assert names.lies_within(out / "DEM_1g" / "a.tif", out)
    assert names.lies_within(out / "not there" / "a.tif", out)
    assert names.lies_within(out / "DEM_1g" / ".." / "a.tif", out)
    for way in (
        "../victim.json",
        "DEM_1g/../../victim.json",
        str(tmp_path / "victim.json"),
        "",
        ".",
        "../out2/a",
    ):
        assert not names.lies_within(out / way, out)


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_links_that_lead_out_of_a_folder(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (tmp_path / "other").mkdir()
    (out / "DEM_1g").symlink_to(tmp_path / "other")
    (out / "a.tif").symlink_to(tmp_path / "victim.tif")
    assert not names.lies_within(out / "DEM_1g" / "a.tif", out)
    assert not names.lies_within(out / "a.tif", out)
    (tmp_path / "link").symlink_to(out)
    assert names.lies_within(tmp_path / "link" / "b.tif", out)
    assert names.lies_within(out / "b.tif", tmp_path / "link")
