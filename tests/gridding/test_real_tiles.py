"""What `hyogo-pc grid` makes of every real LAS, LAZ and COPC file at hand, or how it refuses."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from runs import leftovers, pixels, rasters

from hyogo_pc.main import main
from pointcloud.messages import topic
from pointcloud.params.grid import NODATA

SQUARES = ("--sheet", "none", "--tile-size")


@dataclass(frozen=True)
class Rasters:
    """A file that goes through with these options.

    Parameters
    ----------
    options : tuple of str
    rasters : int
        Six a sheet, of three products at two resolutions, less those without a single cell.
    dsm, dem : int
        Cells of 1 m with a height, over all sheets; within 1 %.
    """

    options: tuple[str, ...]
    rasters: int
    dsm: int
    dem: int


@dataclass(frozen=True)
class Refused:
    """A file that is refused with a message of the catalogue.

    Parameters
    ----------
    code : int
        The exit code: 1 for a file that is damaged, 2 for one that cannot be gridded as asked.
    message : str
    options : tuple of str
    """

    code: int
    message: str
    options: tuple[str, ...] = (*SQUARES, "1000")


@dataclass(frozen=True)
class Sparse:
    """A file so thin that no sheet of it is written unasked."""

    options: tuple[str, ...]
    sheets: int


_NO_CRS = Refused(2, "crs.missing")
_NOT_METRES = Refused(2, "crs.unit")
_TEN_POINTS = Rasters((*SQUARES, "10"), 6, 6, 0)
_NOT_OREGON_IN_METRES = Refused(2, "doubt.feet", (*SQUARES, "1000", "--crs", "EPSG:2991"))
_THIN = Sparse((*SQUARES, "1000", "--crs", "EPSG:32610", "--jobs", "1"), 24)

EXPECTED: dict[str, tuple[Rasters | Refused | Sparse, ...]] = {
    "als_forest/Topography.laz": (Rasters((*SQUARES, "250"), 24, 70_582, 66_947),),
    "als_forest/bcts_1.laz": (Rasters((*SQUARES, "250"), 12, 44_514, 44_125),),
    "als_forest/bcts_2.laz": (Rasters((*SQUARES, "250"), 12, 56_856, 56_419),),
    "als_urban/ahn3_cropped_1.laz": (
        _NO_CRS,
        Rasters((*SQUARES, "250", "--crs", "EPSG:28992"), 12, 41_364, 42_186),
    ),
    "als_urban/test_semis_2023_0292_6833_LA93_IGN69.laz": (Rasters((*SQUARES, "500"), 24, 860_813, 995_845),),
    "formats/1.2-with-color-clipped.las": (Refused(1, "file.cut"),),
    "formats/1.2-with-color.copc.laz": (_NOT_METRES,),
    "formats/1.2-with-color.las": (_NO_CRS, _NOT_OREGON_IN_METRES, _THIN),
    "formats/100-points.las": (_NO_CRS, Sparse(_THIN.options, 20)),
    "formats/4_6_crop.las": (_NOT_METRES,),
    "formats/autzen_trim.laz": (_NOT_METRES,),
    "formats/bad-geotiff-keys.las": (_TEN_POINTS,),
    "formats/extrabytes.las": (_NO_CRS, _THIN),
    "formats/file_with_both_wkt_and_geotiff_vlrs.las": (_NOT_METRES,),
    "formats/garbage_nVariableLength.las": (Refused(1, "file.vlr_count"),),
    "formats/gps-time-nan.las": (
        _NO_CRS,
        Refused(2, "run.no_ground", (*SQUARES, "1000", "--crs", "EPSG:6673")),
    ),
    "formats/simple.laz": (_NO_CRS, _THIN),
    "formats/spec_3.las": (_TEN_POINTS,),
    "formats/test1_4.las": (_NOT_METRES,),
    "formats/test_utm16.las": (_TEN_POINTS,),
    "formats/test_utm17.las": (_TEN_POINTS,),
    "jp_shizuoka/08OF4060_NW.laz": (Rasters(("--sheet", "500"), 6, 29_981, 29_958),),
    "jp_shizuoka/nanadaru_west_1mvoxel.laz": (Rasters(("--sheet", "500"), 26, 480_159, 375_209),),
}
"""By path in the folder of real data. Feet and degrees are refused; a CRS that is not stated has to be."""

ROWS = [
    pytest.param(path, outcome, id=f"{path}-{type(outcome).__name__}")
    for path, outcomes in EXPECTED.items()
    for outcome in outcomes
]


def says(text: str, message: str) -> bool:
    """Whether a text holds a message of the catalogue, whatever values it names."""
    room, _, name = message.partition(".")
    parts = re.split(r"\{[^}]*\}", topic(room)[name]["en"])
    return re.search(".+?".join(map(re.escape, parts)), text) is not None


def test_every_file_has_its_row(shared_data: Path) -> None:
    files = {path for path in shared_data.rglob("*") if path.suffix.lower() in (".las", ".laz")}
    assert {path.relative_to(shared_data).as_posix() for path in files} == set(EXPECTED)


@pytest.mark.parametrize(("path", "expected"), ROWS)
def test_a_real_file(
    path: str,
    expected: Rasters | Refused | Sparse,
    shared_data: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "out"
    code = main(
        [
            "grid",
            str(shared_data / path),
            "-o",
            str(out),
            "-r",
            "1",
            "-r",
            "0.5",
            "--jobs",
            "2",
            *expected.options,
        ]
    )
    said = "".join(capsys.readouterr())
    made = rasters(out)
    assert leftovers(out) == []
    if isinstance(expected, Refused):
        assert code == expected.code, said
        assert says(said, expected.message), said
        assert made == {}
        return
    assert code == 0, said
    if isinstance(expected, Sparse):
        assert made == {}
        assert f"{expected.sheets} sheets not written" in said
        return
    heights = {
        product: sum(
            int(np.count_nonzero(pixels(path) != NODATA))
            for name, path in made.items()
            if name.startswith(product) and name.endswith("_1g.tif")
        )
        for product in ("DSM", "DEM")
    }
    assert len(made) == expected.rasters
    assert heights == {
        "DSM": pytest.approx(expected.dsm, rel=0.01),
        "DEM": pytest.approx(expected.dem, rel=0.01),
    }
