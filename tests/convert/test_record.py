"""What a conversion records: status and verify know it, and a second run makes only what is missing or changed."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from grid_files import gml, hill, lem, run, text_grid

from pointcloud.errors import OutputError
from pointcloud.geo import crs
from pointcloud.run.lock import locked
from pointcloud.run.record import Record
from pointcloud.run.status import status
from pointcloud.run.verify import verify

CORNERS = {"DEM_05LF901_1g": (40000, -58500), "DEM_05LF902_1g": (42000, -58500)}


def delivered(folder: Path) -> list[Path]:
    folder.mkdir(exist_ok=True)
    paths = [folder / f"{name}.txt" for name in CORNERS]
    for path, corner in zip(paths, CORNERS.values(), strict=True):
        path.write_text(text_grid(hill(3, 4), corner))
    return paths


def later(path: Path) -> None:
    """Give a file another time of change."""
    os.utime(path, ns=(1, path.stat().st_mtime_ns + 5_000_000_000))


def contents(out: Path) -> dict[str, bytes]:
    skipped = ("hyogo-pc.json",)
    return {
        str(path.relative_to(out)): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file() and path.name not in skipped and path.parent.name != "record"
    }


def test_status_and_verify_know_the_folder(tmp_path: Path) -> None:
    delivered(tmp_path / "in")
    (tmp_path / "in" / "DEM_05LF903_1g.txt").write_text("1 2 x\n")
    out = tmp_path / "out"
    run(out, tmp_path / "in")
    found = status(out)
    assert (found.rasters, found.states, found.run["ended_as"]) == ({"DEM_1g": 2}, {"written": 2}, "done")
    assert (found.planned, found.done, found.running) == (3, 3, False)
    (bad,) = found.bad_files
    assert bad.endswith("DEM_05LF903_1g.txt")
    verdict = verify(out)
    assert (verdict.ok, verdict.rasters) == (True, 2)
    path = out / "DEM_1g" / "DEM_05LF901_1g.tif"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    assert verify(out).altered == ["DEM_1g/DEM_05LF901_1g.tif"]


def test_the_second_run_makes_nothing(tmp_path: Path) -> None:
    paths = delivered(tmp_path / "in")
    run(tmp_path / "out", *paths)
    before = contents(tmp_path / "out")
    later(paths[0])  # the same content
    report, _ = run(tmp_path / "out", *paths)
    assert (report.written, report.kept, report.failed) == ([], 2, {})
    assert contents(tmp_path / "out") == before
    assert len(report.mosaics) == len(report.pictures) == 1


@pytest.mark.parametrize("change", ["content", "gone", "truncated", "credit", "nodata"])
def test_what_changed_is_made_again(change: str, tmp_path: Path) -> None:
    first, second = delivered(tmp_path / "in")
    out = tmp_path / "out"
    run(out, first, second)
    made = out / "DEM_1g" / "DEM_05LF901_1g.tif"
    options: dict[str, object] = {}
    if change == "content":
        first.write_text(text_grid(hill(3, 4) + 1, CORNERS["DEM_05LF901_1g"]))
        later(first)
    elif change == "gone":
        made.unlink()
    elif change == "truncated":
        made.write_bytes(made.read_bytes()[:-5])
    elif change == "credit":
        options["credit"] = "兵庫県"
    else:
        options["nodata"] = (-1111.0,)
    report, _ = run(out, first, second, **options)
    assert [path.name for path in report.written] == [
        f"{name}.tif" for name in (CORNERS if options else ["DEM_05LF901_1g"])
    ]
    assert report.kept == (0 if options else 1)
    assert verify(out).ok


def test_a_file_that_lost_all_its_heights(tmp_path: Path) -> None:
    path = delivered(tmp_path / "in")[0]
    out = tmp_path / "out"
    run(out, path)
    path.write_text("40000.500 -58499.500 -9999\n40001.500 -58499.500 -9999\n")
    later(path)
    _, listener = run(out, path)
    assert listener.names == ["convert.void"]
    assert not list(out.rglob("*.tif"))
    assert not list(out.glob("*.vrt"))
    assert Record.load(out).items["05LF901"].rasters["DEM_1g"].state == "empty"
    assert run(out, path)[0].kept == 1


def test_a_companion_counts_as_the_file(tmp_path: Path) -> None:
    path = lem(tmp_path, "05LF90", np.full((4, 4), 7.0))
    run(tmp_path / "out", path)
    assert run(tmp_path / "out", path)[0].kept == 1
    companion = path.with_suffix(".csv")
    companion.write_bytes(companion.read_bytes() + b"memo,x\r\n")
    later(companion)
    assert len(run(tmp_path / "out", path)[0].written) == 1


class Killed(BaseException):
    """Stands for a process that ends at once."""


@pytest.mark.parametrize("moment", ["before the record", "after the record"])
def test_a_run_that_is_killed_leaves_whole_files_and_is_resumed(
    moment: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = delivered(tmp_path / "in")
    whole, out = tmp_path / "whole", tmp_path / "out"
    run(whole, *paths)
    real, calls = Record.put, []

    def put(self: Record, sheet: object) -> None:
        calls.append(sheet)
        if moment == "after the record":
            real(self, sheet)  # type: ignore[arg-type]
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Record, "put", put)
        patch.setattr(Record, "end", lambda self, ended_as: None)
        with pytest.raises(Killed):
            run(out, *paths)
    assert not list(out.glob("*.vrt"))
    (out / "DEM_1g" / ".hyogo-pc-1-dead-0.part").write_bytes(b"half")
    found = status(out)
    assert (found.run["ended_as"], found.running) == ("", False)
    report, _ = run(out, *paths)
    assert report.kept == (1 if moment == "after the record" else 0)
    assert contents(out) == contents(whole)
    assert verify(out).ok


def test_one_run_at_a_time(tmp_path: Path) -> None:
    paths = delivered(tmp_path / "in")
    with locked(tmp_path / "out"), pytest.raises(OutputError, match=r"run\.busy|another run|別の処理"):
        run(tmp_path / "out", *paths)


def test_meshes_onto_sheets_are_kept_as_well(tmp_path: Path) -> None:
    corner = (134 + 6 * 7.5 / 60, 52 / 1.5 + 5 * 5 / 60 + 30 / 3600)
    path = tmp_path / "FG-GML-5234-56-10-DEM5A-20161001.xml"
    path.write_bytes(gml(hill(150, 225), "52345610", corner))
    out, options = tmp_path / "out", {"crs": crs.from_user("5")}
    first, _ = run(out, path, **options)
    assert verify(out).ok
    before = contents(out)
    again, _ = run(out, path, **options)
    assert (again.written, contents(out) == before) == ([], True)
    first.written[0].unlink()
    assert run(out, path, **options)[0].written == [first.written[0]]
    assert contents(out) == before
