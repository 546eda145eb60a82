"""Names: the prefecture's where it has one, and never two resolutions under one name."""

from __future__ import annotations

from fractions import Fraction

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
