"""Drawings of sections, measured on the page; and the command from files to files."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from pathlib import Path

import las_files
import numpy as np
import pages
import pikepdf
import pytest
import rasterio
from affine import Affine
from PIL import Image

from hyogo_pc.main import main
from pointcloud import messages
from pointcloud.errors import ParameterError
from pointcloud.print.paper import save
from pointcloud.print.paper.fonts import Fonts
from pointcloud.print.paper.page import Layer
from pointcloud.print.section.plot import CLASSES, group
from pointcloud.print.section.sheet import ProfileSheet, scale_text
from pointcloud.print.section.sheet import profile_pages as draw
from pointcloud.surface import section

A4 = (297.0, 210.0)


def cut(
    length: float = 40.0, *, low: float = 103.0, high: float = 117.0, points: bool = False
) -> section.Section:
    """A slope from one height to another, with a void from 10 to 12 m; the DSM is 2 m above."""
    at = section.stations([(44_000, -77_000), (44_000 + length, -77_000)], 0.5)
    dem = low + (high - 2.0 - low) * at.distance / length
    dem[(at.distance > 10) & (at.distance < 12)] = np.nan
    held = None
    if points:
        z = np.array([104.0, 110.0, 116.0, 116.5])
        held = section.PointsAlong(z - 100.0, z * 0, z, np.array([2, 5, 6, 1], np.uint8), 4)
    return section.Section(
        "A",
        np.array([(44_000.0, -77_000.0), (44_000 + length, -77_000)]),
        at,
        {"dem": dem, "dsm": dem + 2.0},
        held,
    )


def drawn(*sections: section.Section, **settings: float) -> dict[str, pages.Drawn]:
    (page,) = draw(sections, ProfileSheet(A4, **settings))  # type: ignore[arg-type]
    with pikepdf.open(io.BytesIO(save.pdf(page))) as document:
        return pages.layers_of(document)


@pytest.mark.parametrize(("scale", "exaggeration"), [(200.0, 1.0), (250.0, 2.0), (1000.0, 5.0)])
def test_the_drawing_is_true_to_scale(scale: float, exaggeration: float) -> None:
    made = cut()
    layers = drawn(made, scale=scale, exaggeration=exaggeration)
    first, second = layers["dem"].paths
    known = np.isfinite(made.heights["dem"])
    path = np.vstack([first, second])
    distance, height = made.at.distance[known], made.heights["dem"][known]
    wanted = np.column_stack([distance, height * exaggeration]) * 1000 / scale
    np.testing.assert_allclose(path - path[0], wanted - wanted[0], atol=0.002)
    dsm = np.vstack(layers["dsm"].paths)
    np.testing.assert_allclose(dsm[:, 1] - path[:, 1], 2000 * exaggeration / scale, atol=0.002)


def test_ticks_stand_at_their_numbers() -> None:
    layers = drawn(cut(), scale=200.0)
    grid = sorted(path[0, 1] for path in layers["grid"].paths)
    texts = layers["frame"].texts
    heights = [int(text) for text in texts[: len(grid)]]
    assert heights == list(range(102, 119, 2))
    np.testing.assert_allclose(np.diff(grid), 10.0, atol=0.002)
    base = layers["dem"].paths[0][0, 1] - 3.0 / 0.2  # begins at 103 m
    assert grid[0] == pytest.approx(base + (102 - 100) / 0.2, abs=0.002)


def test_points_lie_at_their_heights() -> None:
    z = np.linspace(104.0, 116.0, 30)
    points = section.PointsAlong(z - 100.0, z * 0, z, np.full(30, 2, np.uint8), 30)
    made = replace(cut(), points=points)
    begin = drawn(made, scale=200.0)["dem"].paths[0][0]
    svg = save.svg(draw([made], ProfileSheet(A4, scale=200.0))[0]).decode()
    dots = re.findall(r'<use xlink:href="#\w+" x="([\d.]+)" y="([\d.]+)"', svg)[:30]
    found = [(float(x) * pages.MM, 210 - float(y) * pages.MM) for x, y in dots]
    wanted = np.column_stack([begin[0] + (z - 100) * 5, begin[1] + (z - 103) * 5])
    np.testing.assert_allclose(found, wanted, atol=0.002)


def test_without_a_scale_the_largest_that_fits() -> None:
    texts = "".join(drawn(cut(40.0))["frame"].texts)
    assert "1:200," in texts  # 40 m is 200 mm of 256; 1:100 would take 400
    assert "1:400," in "".join(drawn(cut(90.0))["frame"].texts)


def test_what_does_not_fit_says_what_would() -> None:
    with pytest.raises(ParameterError, match=r"900 × .* at 1:100.*256 × .* 1:400 fits"):
        draw([cut(90.0)], ProfileSheet(A4, scale=100.0))


@pytest.mark.parametrize("settings", [{"scale": -1.0}, {"exaggeration": 0.0}])
def test_scales_are_positive(settings: dict[str, float]) -> None:
    ((name, value),) = settings.items()
    with pytest.raises(ParameterError, match=f"^{name} is {value:g}: give a number above 0$"):
        draw([cut()], ProfileSheet(A4, **settings))  # type: ignore[arg-type]


def test_sections_go_on_to_further_pages() -> None:
    made = draw([cut()] * 5, ProfileSheet(A4, scale=250.0))
    counts = [len([group for group in page.layers if group.name == "dem" and group.draws]) for page in made]
    assert len(made) > 1
    assert all(counts)


def test_flat_ground_has_a_plot_with_height() -> None:
    layers = drawn(cut(low=100.0, high=102.0), scale=500.0)
    assert np.ptp([path[0, 1] for path in layers["grid"].paths]) >= 14.0


def test_an_inner_vertex_is_marked() -> None:
    at = section.stations([(0, 0), (10, 0), (10, 20)], 1.0)
    bent = section.Section("B", np.array([(0.0, 0.0), (10, 0), (10, 20)]), at, {"dem": at.distance * 0.1})
    layers = drawn(bent, scale=200.0)
    assert "B1" in layers["frame"].texts
    upright = [path for path in layers["grid"].paths if np.ptp(path[:, 0]) < 1e-6]
    assert [path[0, 0] for path in upright] == [pytest.approx(layers["dem"].paths[0][0, 0] + 50.0, abs=0.002)]


def test_every_class_has_one_group() -> None:
    codes = [code for held, _ in CLASSES.values() for code in held]
    assert len(codes) == len(set(codes))
    names = list(CLASSES)
    assert [names[k] for k in group(np.array([0, 1, 2, 4, 6, 9, 200], np.uint8))] == [
        *("other", "other", "ground", "vegetation", "building", "water", "other")
    ]


def test_what_is_made_up_is_said_in_both_languages(japanese_font: Path) -> None:
    for language, word in (("en", "made-up"), ("ja", "架空")):
        messages.set_language(language)
        (page,) = draw([cut(points=True)], ProfileSheet(A4, title="Sample", synthetic=True))
        with pikepdf.open(io.BytesIO(save.pdf(page))) as document:
            texts = "".join(pages.layers_of(document)["frame"].texts)
        assert word in texts
        assert scale_text(200.0, 1.0) in texts
        assert "A′" in texts


LONG = "令和七年度市道城山線道路改良工事に伴う城山城跡(第三次)および山麓居館推定地発掘調査事業 "


def test_long_titles_and_sources_stay_beside_the_legend(
    japanese_font: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lines are broken before the legend, and the letters shrink before the plot has no room."""
    messages.set_language("ja")
    texts: list[tuple[float, float, str, float]] = []
    monkeypatch.setattr(
        Layer, "text", lambda _, x, y, text, size, *rest, **more: texts.append((x, y, text, size))
    )
    for times in (1, 4, 12):
        texts.clear()
        draw([cut(points=True)], ProfileSheet(A4, title=LONG * times, credit=LONG * times))
        (legend,) = {x for x, _, text, _ in texts if text == "地形(DEM)"}
        below = [(x, y, text, size) for x, y, text, size in texts if x == 10.0]
        probe = Layer("", Fonts("ja"))
        assert all(x + probe.width_of(text, size) < legend - 8 for x, _, text, size in below)
        assert min(y for _, y, _, _ in below) >= 10.0
        joined = "".join(text for _, _, text, _ in below)
        assert joined.replace(" ", "").count(LONG.strip()) == 2 * times
        assert f"{LONG.strip()}」を加工して作成" in joined.replace(" ", "")
    with pytest.raises(ParameterError, match="--credit の文字"):
        draw([cut()], ProfileSheet(A4, title=LONG, credit=LONG * 200))


# From files to files


def dem(path: Path, offset: float = 0.0, **tags: str) -> Path:
    """A plane that rises to the east, with a void; made up unless tags say otherwise."""
    profile = {
        "driver": "GTiff",
        "width": 100,
        "height": 100,
        "count": 1,
        "dtype": "float64",
        "nodata": -9999.0,
    }
    values = 100.0 + offset + 0.5 * (np.arange(100) + 0.5) * np.ones((100, 1))
    values[:, 40:43] = -9999.0
    transform = Affine(1.0, 0.0, 44_000.0, 0.0, -1.0, -77_900.0)
    with rasterio.open(path, "w", **profile, crs="EPSG:6673", transform=transform) as file:
        file.write(values, 1)
        file.update_tags(**(tags or {"SYNTHETIC": "YES", "CREDIT": "兵庫県"}))
    return path


def run(*arguments: str | Path) -> int:
    return main(["profile", *map(str, arguments)])


def test_the_table_holds_what_was_sampled(tmp_path: Path) -> None:
    source, out = dem(tmp_path / "標高.tif"), tmp_path / "断面.csv"
    line = "本丸,東=44010.5,-77950 44080.5,-77950"
    assert run(source, "--dsm", dem(tmp_path / "dsm.tif", 3.0), "--line", line, "-o", out) == 0
    data = out.read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))
    assert list(rows[0]) == ["line", "distance", "easting", "northing", "dem", "dsm"]
    assert len(rows) == 71
    assert {row["line"] for row in rows} == {"本丸,東"}
    for row in rows:
        east = float(row["easting"])
        assert float(row["distance"]) == pytest.approx(east - 44_010.5, abs=1e-9)
        assert row["northing"] == "-77950.000"
        if 44_040 < east < 44_043:
            assert (row["dem"], row["dsm"]) == ("", "")
        else:
            height = 100.0 + 0.5 * (east - 44_000)
            assert float(row["dem"]) == pytest.approx(height, abs=5.1e-4)
            assert float(row["dsm"]) == pytest.approx(height + 3.0, abs=5.1e-4)


def test_an_ascii_table_has_no_byte_order_mark(tmp_path: Path) -> None:
    out = tmp_path / "a.csv"
    assert run(dem(tmp_path / "a.tif"), "--line", "44010,-77950 44020,-77950", "-o", out, "--step", "5") == 0
    assert out.read_bytes() == (
        b"line,distance,easting,northing,dem\r\nA,0.000,44010.000,-77950.000,105.000\r\n"
        b"A,5.000,44015.000,-77950.000,107.500\r\nA,10.000,44020.000,-77950.000,110.000\r\n"
    )


def test_drawings_of_all_kinds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    points = las_files.write(tmp_path / "点.laz", count=3000, offset=(44_000.0, -78_000.0, 100.0))
    outs = [tmp_path / f"断面 図.{suffix}" for suffix in ("pdf", "png", "svg")]
    line = ["--line", "44010,-77950 44060,-77950", "--line", "44010,-77960 44060,-77910"]
    named = [part for out in outs for part in ("-o", str(out))]
    page = ["--orientation", "portrait", "--scale", "2000", "--dpi", "100"]
    source = dem(tmp_path / "dem.tif")
    assert run(source, "--points", points, *line, *named, *page, "--max-points", "20") == 0
    told = capsys.readouterr()
    assert told.out.splitlines() == [str(out) for out in outs]
    assert "are drawn" in told.err
    with Image.open(outs[1]) as picture:
        assert picture.size == (round(210 / 25.4 * 100), round(297 / 25.4 * 100))
        assert picture.info["dpi"] == pytest.approx((100, 100), abs=0.02)
    with pikepdf.open(outs[0]) as document:
        texts = "".join(pages.layers_of(document)["frame"].texts)
    for word in ("made-up", "兵庫県", "EPSG:6673", "B′", "points up to 0.5 m", "points: ground"):
        assert word in texts


def test_points_alone_make_a_section(tmp_path: Path) -> None:
    points = las_files.write(tmp_path / "a.las", count=3000)
    out = tmp_path / "a.svg"
    assert run("--points", points, "--line", "44010,-77950 44060,-77950", "-o", out, "--crs", "V") == 0
    assert out.stat().st_size > 10_000


def test_says_that_the_source_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, out = dem(tmp_path / "dem.tif", AREA_OR_POINT="Area"), tmp_path / "a.svg"
    line = ["--line", "44010,-77950 44020,-77950"]
    assert run(source, *line, "-o", out) == 0
    assert "--credit" in capsys.readouterr().err
    assert run(source, *line, "-o", out, "--credit", "Hyogo, CC BY 4.0") == 0
    assert "--credit" not in capsys.readouterr().err
    assert run(source, *line, "-o", tmp_path / "a.csv") == 0
    assert "--credit" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--line", "-77950,44010 -77950,44060", "-o", "a.csv"], "crosses no data"),
        (["--line", "44010,-77950 44060,-77950", "-o", "a.docx"], "ends in one of"),
        (["--line", "44010,-77950 44060,-77950", "-o", "a.csv", "--step", "0"], "spacing"),
        (["--line", "44010,-77950 44060,-77950", "-o", "a.csv", "--crs", "IV"], "EPSG:6672"),
    ],
)
def test_refusals_take_one_line(
    arguments: list[str],
    message: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(dem(tmp_path / "dem.tif"), *arguments) == 2
    told = capsys.readouterr().err
    assert message in told
    assert told.count("\n") == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["dem.tif"]


def test_a_damaged_file_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = las_files.write(tmp_path / "a.las", count=3000)
    path.write_bytes(path.read_bytes()[:-100])
    line = "44010,-77950 44060,-77950"
    assert run(dem(tmp_path / "dem.tif"), "--points", path, "--line", line, "-o", tmp_path / "a.csv") == 1
    assert "a.las" in capsys.readouterr().err
    assert not (tmp_path / "a.csv").exists()


def test_points_have_a_table_of_their_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    points = las_files.write(tmp_path / "a.las", count=3000, offset=(44_000.0, -78_000.0, 100.0))
    out = tmp_path / "断面.csv"
    line = ["--line", "44010,-77950 44060,-77950", "--width", "4"]
    assert run(dem(tmp_path / "dem.tif"), "--points", points, *line, "-o", out) == 0
    beside = tmp_path / "断面_points.csv"
    assert capsys.readouterr().out.splitlines() == [str(out), str(beside)]
    rows = list(csv.DictReader(io.StringIO(beside.read_text("utf-8-sig"))))
    assert list(rows[0]) == ["line", "distance", "offset", "height", "class"]
    assert len(rows) > 20
    assert {row["line"] for row in rows} == {"A"}
    assert all(abs(float(row["offset"])) <= 2.0 and 0 <= float(row["distance"]) <= 50 for row in rows)
    assert len({row["class"] for row in rows}) > 1
    assert out.read_text("utf-8").startswith("line,distance,easting,northing,dem")


def test_lines_of_one_name_are_told_apart_in_the_table(tmp_path: Path) -> None:
    out = tmp_path / "a.csv"
    lines = ["--line", "堀=44010,-77950 44020,-77950", "--line", "堀=44010,-77960 44020,-77960"]
    assert run(dem(tmp_path / "dem.tif"), *lines, "-o", out, "--step", "5") == 0
    rows = list(csv.DictReader(io.StringIO(out.read_text("utf-8-sig"))))
    assert {(row["line"], row["northing"]) for row in rows} == {("堀", "-77950.000"), ("堀-2", "-77960.000")}


def test_a_line_mostly_beyond_the_dem_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = dem(tmp_path / "dem.tif")
    for west, share in ((43_900, "80%"), (44_010, None)):
        line = f"{west},-77950 {west + 125},-77950" if share else "44010,-77950 44060,-77950"
        assert run(source, "--line", line, "-o", tmp_path / "a.csv") == 0
        told = capsys.readouterr().err
        assert (f"section A: {share} of the line has no height in the DEM" in told) == (share is not None)
