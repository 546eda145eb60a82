"""Text grids: what comes in is what comes out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio
from grid_files import SHEET, Heights, hill, opened, run, text_grid
from hypothesis import given, settings
from hypothesis import strategies as st
from text_grids import OUT, wrote

from pointcloud.io import member
from pointcloud.io.dems import textgrid
from pointcloud.io.member import Member


def in_corner(z: Heights, shape: tuple[int, int] = (1500, 2000)) -> Heights:
    """A sheet with ``z`` in its south-west corner."""
    whole = np.full(shape, np.nan)
    whole[-z.shape[0] :, : z.shape[1]] = z
    return whole


def test_values_lie_in_their_cells_north_up_on_the_whole_sheet(tmp_path: Path) -> None:
    z = hill(40, 60)
    report, listener = run(tmp_path / "out", wrote(tmp_path, text_grid(z)))
    array, transform, tags = opened(tmp_path / "out" / OUT)
    assert (report.failed, listener.names) == ({}, [])
    assert transform[:6] == (1.0, 0.0, 40000.0, 0.0, -1.0, -57000.0)
    assert np.array_equal(array, in_corner(z).astype(np.float32), equal_nan=True)
    assert tags["SHEET"] == "05LF901"
    with rasterio.open(tmp_path / "out" / OUT) as file:
        assert file.crs.to_epsg() == 6673


def test_zero_and_below_are_heights(tmp_path: Path) -> None:
    z = np.array([[0.0, -1.35, -0.0], [-4.2, 0.01, -998.99]])
    run(tmp_path / "out", wrote(tmp_path, text_grid(z)))
    array, _, _ = opened(tmp_path / "out" / OUT)
    assert np.array_equal(array[-2:, :3], z.astype(np.float32))
    assert np.signbit(array[-2, 2])


@pytest.mark.parametrize("blank", ["-9999", "-9999.00", "-99999.000", "-9999.99"])
def test_sentinels_are_nodata_exactly(blank: str, tmp_path: Path) -> None:
    z = hill(5, 6)
    z[1, 2:4] = np.nan
    text = text_grid(z, blank=blank) + f"{SHEET[0] + 6.5:.3f} {SHEET[1] + 0.5:.3f} -9998.00\n"
    run(tmp_path / "out", wrote(tmp_path, text))
    array, _, _ = opened(tmp_path / "out" / OUT)
    assert np.array_equal(np.isnan(array[-5:, :6]), np.isnan(z))
    assert array[-1, 6] == -9998


def test_a_sentinel_of_ones_own(tmp_path: Path) -> None:
    path = wrote(tmp_path, text_grid(np.array([[1.0, -1234.5]])))
    _, listener = run(tmp_path / "a", path)
    assert listener.names == ["textgrid.range"]
    run(tmp_path / "b", path, nodata=(-1234.5,))
    assert np.isnan(opened(tmp_path / "b" / OUT)[0][-1, 1])


@pytest.mark.parametrize("name", ["dem_05lf901_1G.TXT", "DEM_05LF901_1g.txt", "Dsm_05lf901_1g.Txt"])
def test_letter_case_does_not_matter(name: str, tmp_path: Path) -> None:
    report, _ = run(tmp_path / "out", wrote(tmp_path, text_grid(hill(3, 4)), name))
    product = name[:3].upper()
    assert [path.name for path in report.written] == [f"{product}_05LF901_1g.tif"]
    back, _ = run(tmp_path / "back", *report.written, back=True)
    assert [path.name for path in back.written] == [name]


def test_half_metres(tmp_path: Path) -> None:
    z = hill(8, 9)
    path = wrote(tmp_path, text_grid(z, cell=0.5), "DEM_05LF901_05g.txt")
    run(tmp_path / "out", path)
    array, transform, _ = opened(tmp_path / "out" / "DEM_05g" / "DEM_05LF901_05g.tif")
    assert transform.a == 0.5
    assert np.array_equal(array, in_corner(z, (3000, 4000)).astype(np.float32), equal_nan=True)


def test_a_few_cells_far_apart_are_on_the_grid_of_the_name(tmp_path: Path) -> None:
    text = "40010.500 -58400.500 1.00\n40013.500 -58400.500 2.00\n"
    run(tmp_path / "out", wrote(tmp_path, text))
    array, transform, _ = opened(tmp_path / "out" / OUT)
    assert transform.a == 1
    assert array[-100, [10, 13]].tolist() == [1, 2]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("blank", ["", "-9999.00", "-9999"])
@pytest.mark.parametrize("ended", [True, False])
def test_the_way_back_is_byte_for_byte(end: str, blank: str, ended: bool, tmp_path: Path) -> None:
    z = hill(30, 20)
    z[3:7, 5:9] = np.nan
    text = text_grid(z, (40100, -58300), end=end, blank=blank)
    path = wrote(tmp_path, text if ended else text.removesuffix(end))
    run(tmp_path / "out", path)
    report, listener = run(tmp_path / "back", tmp_path / "out" / "DEM_1g", back=True)
    assert (report.identical, listener.names) == (1, [])
    assert (tmp_path / "back" / path.name).read_bytes() == path.read_bytes()


ROWS = [
    lambda e, n, z: f"{e:.3f},{n:.3f},{z:.3f}",
    lambda e, n, z: f"{e:.1f}\t{n:.1f}\t{z:.1f}",
    lambda e, n, z: f"{e:g} {n:.2f} {round(z, 2):g}",
    lambda e, n, z: f"{e:.2f} {n:.2f} {float(round(z, 1))!r}",
]


@pytest.mark.parametrize("row", ROWS)
def test_other_manners_of_numbers_come_back_too(row: object, tmp_path: Path) -> None:
    path = wrote(tmp_path, text_grid(hill(9, 9), row=row))  # type: ignore[arg-type]
    run(tmp_path / "out", path)
    report, _ = run(tmp_path / "back", tmp_path / "out" / OUT, back=True)
    assert report.identical == 1


@settings(max_examples=25, deadline=None)
@given(
    decimals=st.integers(0, 4),
    heights=st.lists(st.integers(-100_000, 40_000_000), min_size=6, max_size=6),
    holes=st.integers(0, 62),
)
def test_any_heights_come_back_value_for_value(
    decimals: int, heights: list[int], holes: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    tmp_path = tmp_path_factory.mktemp("any")
    texts = [f"{height / 10000:.{decimals}f}" for height in heights]
    lines = [
        f"{40000.5 + i % 3:.3f} {-58499.5 + i // 3:.3f} {texts[i]}\n" for i in range(6) if not holes >> i & 1
    ]
    path = wrote(tmp_path, "".join(lines))
    run(tmp_path / "out", path)
    run(tmp_path / "back", tmp_path / "out" / OUT, back=True)
    # float32 holds seven digits: beyond 1000 m the fourth decimal is not kept
    got = (tmp_path / "back" / path.name).read_text().split()
    assert np.allclose(np.array(got, float), np.array("".join(lines).split(), float), atol=2e-4, rtol=0)
    if decimals < 4:
        assert got == "".join(lines).split()


def test_rows_in_another_order_have_the_same_values(tmp_path: Path) -> None:
    z = hill(12, 15)
    lines = text_grid(z).splitlines(keepends=True)
    np.random.default_rng(1).shuffle(lines)
    run(tmp_path / "out", wrote(tmp_path, "".join(lines)))
    assert np.array_equal(opened(tmp_path / "out" / OUT)[0][-12:, :15], z.astype(np.float32))
    report, listener = run(tmp_path / "back", tmp_path / "out" / OUT, back=True)
    assert (report.identical, listener.names) == (0, ["convert.not_identical"])
    assert report.written[0].read_text() == text_grid(z)


def test_a_raster_of_ours_becomes_the_prefectures_text(tmp_path: Path) -> None:
    z = hill(6, 7)
    run(tmp_path / "out", wrote(tmp_path, text_grid(z), "区画.txt"), crs=None)
    (raster,) = (tmp_path / "out" / "DEM_1g").iterdir()
    with rasterio.open(raster, "r+", IGNORE_COG_LAYOUT_BREAK="YES") as file:
        file.update_tags(TEXT_FORMAT="")
    report, _ = run(tmp_path / "back", raster, back=True)
    assert report.written[0].name == "DEM_区画_1g.txt"
    assert report.written[0].read_text() == text_grid(z)


def test_heights_added_beyond_the_text_are_written(tmp_path: Path) -> None:
    run(tmp_path / "out", wrote(tmp_path, text_grid(hill(6, 7))))
    with rasterio.open(tmp_path / "out" / OUT, "r+", IGNORE_COG_LAYOUT_BREAK="YES") as file:
        file.write(np.float32([[7.25]]), 1, window=((0, 1), (1999, 2000)))
    report, _ = run(tmp_path / "back", tmp_path / "out" / OUT, back=True)
    assert report.written[0].read_text().splitlines()[-1] == "41999.500 -57000.500 7.25"


@pytest.mark.parametrize("tag", ["{}", "[]", "nonsense", '{"name": "../x", "separator": "ab"}'])
def test_an_edited_tag_is_said(tag: str, tmp_path: Path) -> None:
    run(tmp_path / "out", wrote(tmp_path, text_grid(hill(6, 7))))
    with rasterio.open(tmp_path / "out" / OUT, "r+", IGNORE_COG_LAYOUT_BREAK="YES") as file:
        file.update_tags(TEXT_FORMAT=tag)
    report, _ = run(tmp_path / "back", tmp_path / "out" / OUT, back=True)
    assert "TEXT_FORMAT" in next(iter(report.failed.values()))
    assert not list((tmp_path / "back").rglob("*.txt"))


def test_a_name_in_the_tag_does_not_lead_elsewhere(tmp_path: Path) -> None:
    run(tmp_path / "out", wrote(tmp_path, text_grid(hill(6, 7))))
    with rasterio.open(tmp_path / "out" / OUT, "r+", IGNORE_COG_LAYOUT_BREAK="YES") as file:
        file.update_tags(TEXT_FORMAT=file.tags()["TEXT_FORMAT"].replace("DEM_05LF901_1g.txt", "..\\\\x.txt"))
    report, _ = run(tmp_path / "back", tmp_path / "out" / OUT, back=True)
    assert [path.parent for path in (tmp_path / "back").rglob("*.txt")] == [
        tmp_path / "back"
    ] or report.failed


def test_nodes_are_read_from_the_coordinates(tmp_path: Path) -> None:
    z = hill(5, 6)
    path = wrote(tmp_path, text_grid(z, node=True))
    report, listener = run(tmp_path / "out", path)
    array, transform, tags = opened(report.written[0])
    assert listener.names == ["textgrid.nodes"]
    assert (transform.c, transform.f) == (39999.5, -58495.5)
    assert np.array_equal(array, z.astype(np.float32))
    assert tags["REGISTRATION"] == "node"
    back, _ = run(tmp_path / "back", *report.written, back=True)
    assert back.identical == 1


def test_rows_with_id_and_flag(tmp_path: Path) -> None:
    """-9999 in the flag beside a height is not nodata."""
    z = hill(4, 5)
    lines = [
        f"{i + 1},{e},{n},{v},-9999\n"
        for i, (e, n, v) in enumerate(line.split() for line in text_grid(z).splitlines())
    ]
    run(tmp_path / "out", wrote(tmp_path, "".join(lines), "05LF901.csv"))
    assert np.array_equal(opened(tmp_path / "out" / OUT)[0][-4:, :5], z.astype(np.float32))


def test_a_byte_order_mark_and_an_end_mark_of_dos(tmp_path: Path) -> None:
    z = hill(4, 5)
    run(tmp_path / "out", wrote(tmp_path, b"\xef\xbb\xbf" + text_grid(z, end="\r\n").encode() + b"\x1a"))
    assert np.array_equal(opened(tmp_path / "out" / OUT)[0][-4:, :5], z.astype(np.float32))


@pytest.mark.parametrize("chunk", [64, 1000, 1 << 20])
def test_pieces_of_any_size_make_the_same(
    chunk: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    z = hill(60, 80)
    path = wrote(tmp_path, text_grid(z, (41000, -58000)))
    monkeypatch.setattr(member, "_PIECE", chunk)
    gridded = textgrid.read_text(Member(path))
    assert np.array_equal(gridded.array, z.astype(np.float32))
    assert gridded.grid.box.bounds == (41000, -58000, 41080, -57940)


def test_without_a_name_the_raster_grows_as_rows_come(tmp_path: Path) -> None:
    lines = text_grid(hill(50, 50), (41000, -58000)).splitlines(keepends=True)
    far = "40700.500 -57600.500 5.00\n41333.500 -58123.500 6.00\n"
    gridded = textgrid.read_text(Member(wrote(tmp_path, "".join(lines) + far, "x.txt")))
    assert gridded.grid.box.bounds == (40700, -58124, 41334, -57600)
    assert (gridded.array[0, 0], gridded.array[-1, -1]) == (5, 6)
    assert np.count_nonzero(~np.isnan(gridded.array)) == 2502


def test_a_sheet_that_overshoots_keeps_its_rows(tmp_path: Path) -> None:
    text = text_grid(hill(5, 5)) + "39990.500 -58510.500 3.00\n"
    run(tmp_path / "out", wrote(tmp_path, text))
    array, transform, _ = opened(tmp_path / "out" / OUT)
    assert (transform.c, transform.f) == (39990, -57000)
    assert array[-1, 0] == 3


def test_rows_that_come_twice_alike_are_said(tmp_path: Path) -> None:
    text = text_grid(hill(5, 5))
    report, listener = run(tmp_path / "out", wrote(tmp_path, text + text))
    assert (len(report.written), listener.names) == (1, ["textgrid.repeated"])


def test_nothing_but_sentinels_makes_no_file(tmp_path: Path) -> None:
    text = text_grid(np.full((3, 3), np.nan), blank="-9999")
    report, listener = run(tmp_path / "out", wrote(tmp_path, text))
    assert (report.written, report.failed, listener.names) == ([], {}, ["convert.void"])


def test_swapped_coordinates_are_read_when_asked(tmp_path: Path) -> None:
    z = hill(5, 6)
    text = text_grid(z, row=lambda e, n, z: f"{n:.3f} {e:.3f} {z:.2f}")
    run(tmp_path / "out", wrote(tmp_path, text), swap=True)
    assert np.array_equal(opened(tmp_path / "out" / OUT)[0][-5:, :6], z.astype(np.float32))


def test_a_name_that_states_another_cell_is_said(tmp_path: Path) -> None:
    path = wrote(tmp_path, text_grid(hill(5, 5), cell=0.5))
    report, listener = run(tmp_path / "out", path)
    assert listener.names == ["textgrid.other_cell"]
    assert report.written[0].name == "DEM_05LF901_05g.tif"


def test_memory_is_near_the_rasters(tmp_path: Path) -> None:
    """A text of 16 MB into a sheet of 12 MB: parts of it are in memory at a time, never the whole."""
    import tracemalloc

    text = "".join(
        "".join(f"{40000.5 + c:.3f} {-58499.5 + r:.3f} 1.00\n" for c in range(2000)) for r in range(500)
    )
    path = wrote(tmp_path, text * 1)
    from pointcloud.geo.sheets import parse

    read = lambda: textgrid.read_text(Member(path), expected=parse("05LF901").box, cell=10000)  # noqa: E731
    read()
    tracemalloc.start()
    gridded = read()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(text) > 2 * gridded.array.nbytes
    assert peak < gridded.array.nbytes + 6 * member._PIECE
