"""A second run in the same folder makes what is missing, failed or changed, and nothing else."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from runs import SAMPLE, Delivery, hills, rasters, town, write_cloud

import pointcloud
from hyogo_pc.main import main
from pointcloud.gridding import recipe, tags
from pointcloud.io.clouds import headercache
from pointcloud.params.grid import ALGORITHM
from pointcloud.run import publish

SOUTH_WEST, NORTH_WEST = "E0044000_S0078000", "E0044000_S0077950"
SOUTH, NORTH = "E0044050_S0078000", "E0044050_S0077950"
BOX = (44_015.0, -77_975.0, 44_022.0, -77_965.0)
"""Where a ninth file lies: 28 m from the squares in the east and 15 m from those in the north."""
IN_REACH = {
    *(f"{product}_{SOUTH_WEST}_1g.tif" for product in ("DSM", "DEM", "CS")),
    *(f"{product}_{NORTH_WEST}_1g.tif" for product in ("DEM", "CS")),
    *(f"CS_{square}_1g.tif" for square in (SOUTH, NORTH)),
}
"""The rasters that it can decide: points do so 5 m around a DSM, 20 m around a DEM, 33 m around a CS relief map."""


@dataclass
class Job:
    """A delivery of its own, and its runs in this process.

    Parameters
    ----------
    folder, out : Path
    options : tuple of str
    capsys : pytest.CaptureFixture
    said : str
        All that the last run said.
    """

    folder: Path
    out: Path
    options: tuple[str, ...]
    capsys: pytest.CaptureFixture[str]
    said: str = field(default="", init=False)

    def run(self, *more: str) -> int:
        """Run the command; return its exit code."""
        self.capsys.readouterr()
        code = main(["grid", str(self.folder), "-o", str(self.out), "--jobs", "1", *self.options, *more])
        self.said = "".join(self.capsys.readouterr())
        return code

    def writes(self, *more: str) -> set[str]:
        """Run the command, which must succeed; return which rasters it wrote."""
        before = stamps(self.out)
        assert self.run(*more) == 0, self.said
        return {name for name, stamp in stamps(self.out).items() if before.get(name) != stamp}

    def contents(self) -> dict[str, bytes]:
        """Return the rasters."""
        return {name: path.read_bytes() for name, path in rasters(self.out).items()}


def stamps(out: Path) -> dict[str, tuple[int, int]]:
    """Return what tells a raster from another that took its name."""
    return {
        name: (status.st_ino, status.st_mtime_ns)
        for name, path in rasters(out).items()
        for status in [path.stat()]
    }


def of(*products: str) -> Callable[[str], bool]:
    """Return whether a raster is of one of these products."""
    return lambda name: name.split("_")[0] in products


@pytest.fixture(scope="module")
def made(delivery: Delivery, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The delivery and the ninth file, gridded, to be copied."""
    folder = tmp_path_factory.mktemp("made")
    shutil.copytree(delivery.folder, folder / "in")
    patch(folder / "in" / "patch.las")
    assert (
        main(["grid", str(folder / "in"), "-o", str(folder / "out"), "--jobs", "1", *delivery.options]) == 0
    )
    assert len(rasters(folder / "out")) == 8 * 3
    return folder


@pytest.fixture
def job(made: Path, delivery: Delivery, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Job:
    """A copy of them, times included."""
    for name in ("in", "out"):
        shutil.copytree(made / name, tmp_path / name)
    return Job(tmp_path / "in", tmp_path / "out", tuple(delivery.options), capsys)


def patch(path: Path, *, lift: float = 0.0) -> Path:
    """Write the ninth file; ``lift`` raises one of its points, and leaves the file's size and box as they are."""
    e, n, z, _ = town(np.random.default_rng(9), BOX, 2.0)
    z[7] = hills(e[7:8], n[7:8])[0] + 5.0 + lift
    z[:2] = z.min() - 1.0, z.max() + 20.0
    return write_cloud(path, e, n, z, 2)


def test_a_rerun_writes_no_raster(job: Job) -> None:
    assert job.writes() == set()
    assert "8 sheets are there already, unchanged; to make: 0" in job.said


def test_a_file_touched_is_a_file_unchanged(job: Job) -> None:
    os.utime(job.folder / "patch.las", (1_000_000_000, 1_000_000_000))
    assert job.writes() == set()


def test_an_altered_file_costs_the_rasters_that_it_can_decide(job: Job) -> None:
    """The size is the same, and so is the header: its content tells."""
    size = (job.folder / "patch.las").stat().st_size
    patch(job.folder / "patch.las", lift=2.0)
    assert (job.folder / "patch.las").stat().st_size == size
    assert job.writes() == IN_REACH


def test_an_added_file_costs_the_rasters_that_it_can_decide(job: Job) -> None:
    patch(job.folder / "another.las", lift=2.0)
    assert job.writes() == IN_REACH


def test_a_removed_file_costs_the_rasters_that_it_could_decide(job: Job) -> None:
    (job.folder / "patch.las").unlink()
    assert job.writes() == IN_REACH
    assert "made from patch.las as well, which this run was not given" in job.said


def test_what_is_made_after_a_change_is_what_a_clean_run_makes(job: Job) -> None:
    patch(job.folder / "patch.las", lift=2.0)
    job.writes()
    clean = Job(job.folder, job.out.with_name("clean"), job.options, job.capsys)
    assert clean.run() == 0
    assert job.contents() == clean.contents()


def test_a_product_that_is_there_is_kept_when_the_others_are_asked_for(job: Job) -> None:
    job.out = job.out.with_name("another")
    assert all(map(of("DSM"), job.writes("-p", "dsm")))
    written = job.writes()
    assert len(written) == 8 * 2
    assert all(map(of("DEM", "CS"), written))


def test_a_part_of_the_products_leaves_the_others_alone(job: Job) -> None:
    assert job.writes("-p", "dsm") == set()
    assert len(rasters(job.out)) == 8 * 3


def test_another_credit_is_written_into_every_raster(job: Job) -> None:
    assert job.writes("--credit", "兵庫県") == set(rasters(job.out))
    assert job.writes("--credit", "兵庫県") == set()


def test_a_deleted_raster_is_made_again_with_the_same_bytes(job: Job) -> None:
    gone = f"DEM_{NORTH}_1g.tif"
    before = job.contents()
    rasters(job.out)[gone].unlink()
    assert job.writes() == {gone}
    assert job.contents() == before


def test_a_raster_that_somebody_cut_short_is_made_again(job: Job) -> None:
    cut = f"CS_{NORTH}_1g.tif"
    before = job.contents()
    rasters(job.out)[cut].write_bytes(before[cut][:-100])
    assert job.writes() == {cut}
    assert job.contents() == before


def test_a_record_that_somebody_deleted_costs_its_sheet(job: Job) -> None:
    before = job.contents()
    (job.out / "record" / f"{NORTH}.json").unlink()
    assert job.writes() == {f"{product}_{NORTH}_1g.tif" for product in ("DSM", "DEM", "CS")}
    assert job.contents() == before


def test_a_sheet_that_failed_is_tried_again(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    job.out = job.out.with_name("another")
    make = recipe.make_sheet

    def fails(work: object, *arguments: object, **options: object) -> object:
        if work.sheet.code == NORTH:  # type: ignore[attr-defined]
            raise MemoryError("no room")
        return make(work, *arguments, **options)  # type: ignore[arg-type]

    with monkeypatch.context() as context:
        context.setattr(recipe, "make_sheet", fails)
        assert job.run() == 1
    assert f"FAILED sheet {NORTH}: MemoryError: no room" in job.said
    assert len(rasters(job.out)) == 7 * 3
    assert job.writes() == {f"{product}_{NORTH}_1g.tif" for product in ("DSM", "DEM", "CS")}
    assert job.writes() == set(), "and not once more"


def test_a_damaged_file_that_was_mended_costs_what_lacked_it(job: Job) -> None:
    """Its own sheet was not made; those around it were, without it."""
    job.out = job.out.with_name("another")
    whole = (job.folder / "patch.las").read_bytes()
    (job.folder / "patch.las").write_bytes(whole[:-100])
    assert job.run() == 1
    (job.folder / "patch.las").write_bytes(whole)
    assert job.writes() == IN_REACH


def test_other_parameters_are_refused_and_leave_all_as_it_was(job: Job) -> None:
    before = stamps(job.out)
    assert job.run("--dsm-max-gap", "3") == 2
    assert "--redo" in job.said
    assert stamps(job.out) == before


def test_redo_makes_the_products_that_depend_on_other_parameters(job: Job) -> None:
    assert job.writes("--dsm-max-gap", "3", "--redo") == {*filter(of("DSM"), rasters(job.out))}
    assert job.writes("--dsm-max-gap", "3") == set()


def test_redo_alone_makes_nothing(job: Job) -> None:
    assert job.writes("--redo") == set()


def test_another_input_folder_with_the_same_files_costs_nothing(job: Job) -> None:
    """Names, sizes and times say enough: no file is read."""
    job.folder = job.folder.rename(job.folder.with_name("別の場所"))
    assert job.writes() == set()


def test_another_output_folder_with_the_same_rasters_costs_nothing(job: Job) -> None:
    job.out = job.out.rename(job.out.with_name("moved"))
    assert job.writes() == set()


def test_another_number_of_processes_costs_nothing(job: Job) -> None:
    assert job.writes("--jobs", "2") == set()


def test_a_release_that_alters_no_algorithm_costs_nothing(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (pointcloud, publish, tags, headercache):
        monkeypatch.setattr(module, "__version__", "99.0.0")
    assert job.writes() == set()


@pytest.mark.parametrize(("product", "products"), [("dsm", ["DSM"]), ("dem", ["DEM", "CS"]), ("cs", ["CS"])])
def test_another_algorithm_is_refused_and_with_redo_costs_what_it_makes(
    product: str, products: list[str], job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ALGORITHM, product, ALGORITHM[product] + 1)  # type: ignore[index,misc]
    before = stamps(job.out)
    assert job.run() == 2
    assert "algorithm" in job.said
    assert stamps(job.out) == before
    assert job.writes("--redo") == {*filter(of(*products), rasters(job.out))}
    assert job.writes() == set()


def test_a_redo_that_was_broken_off_keeps_what_it_had_made(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    make, calls = recipe.make_sheet, 0

    def ends(*arguments: object, **options: object) -> object:
        nonlocal calls
        calls += 1
        if calls > 3:
            raise KeyboardInterrupt
        return make(*arguments, **options)  # type: ignore[arg-type]

    before = stamps(job.out)
    with monkeypatch.context() as context:
        context.setattr(recipe, "make_sheet", ends)
        assert job.run("--dsm-max-gap", "3", "--redo") == 130
    first = {name for name, stamp in stamps(job.out).items() if stamp != before[name]}
    assert len(first) == 3
    assert job.writes("--dsm-max-gap", "3", "--redo") == {*filter(of("DSM"), rasters(job.out))} - first


def test_a_rerun_draws_the_same_pictures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of made-up data they say so, though no file is read again."""
    made = Job(SAMPLE / "05PE5533.laz", tmp_path / "out", ("-p", "dsm"), capsys)
    assert made.run() == 0
    before = (made.out / "DSM_1g.png").read_bytes()
    assert made.writes() == set()
    assert (made.out / "DSM_1g.png").read_bytes() == before
