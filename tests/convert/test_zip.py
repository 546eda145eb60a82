"""ZIPs: read without being unpacked, whoever packed them; what is wrong with one costs one line."""

from __future__ import annotations

import copy
import io
import struct
import subprocess
import sys
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest
import rasterio
from grid_files import hill, opened, run, text_grid
from rasterio.merge import merge

from pointcloud import messages
from pointcloud.io import archive

QUARTERS = {1: (40000, -58500), 2: (42000, -58500), 3: (40000, -60000), 4: (42000, -60000)}
GOOD = text_grid(hill(3, 3))


def packed(path: Path, files: dict[str, str | bytes], **options: object) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, **options) as file:  # type: ignore[arg-type]
        for name, content in files.items():
            file.writestr(name, content)
    return path


def patched(path: Path, what: bytes, by: bytes) -> Path:
    """A ZIP with bytes of its headers replaced, as other packers write them."""
    data = path.read_bytes()
    assert what in data
    path.write_bytes(data.replace(what, by))
    return path


def quarter_texts() -> dict[str, str]:
    """Four quarter sheets: each touches its neighbours in the middle of the sheet, with cells of exactly 0 m."""
    texts = {}
    for number, (west, south) in QUARTERS.items():
        east, north = number in (2, 4), number in (1, 2)
        z = hill(20, 30, number)
        z[5:8] = 0.0
        corner = (west if east else west + 2000 - 30, south if north else south + 1500 - 20)
        texts[f"05lf90/DEM_05LF90{number}_1G.TXT"] = text_grid(z, corner)
    return texts


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")  # of rasterio's own merge
def test_four_quarters_become_one_map_without_a_seam(tmp_path: Path) -> None:
    texts = quarter_texts()
    report, listener = run(tmp_path / "out", packed(tmp_path / "05lf90.zip", texts))
    assert (report.failed, listener.names) == ({}, [])
    assert [path.name for path in sorted(report.written)] == [f"DEM_05LF90{n}_1g.tif" for n in QUARTERS]
    array, transform, _ = opened(tmp_path / "out" / "DEM_1g.vrt")
    assert transform[:6] == (1, 0, 40000, 0, -1, -57000)
    assert array.shape == (3000, 4000)
    rows = np.loadtxt("".join(texts.values()).splitlines())
    cols, lines = (rows[:, 0] - 40000.5).astype(int), (-57000.5 - rows[:, 1]).astype(int)
    assert np.array_equal(array[lines, cols], rows[:, 2].astype(np.float32))
    assert np.count_nonzero(~np.isnan(array)) == len(rows) == 2400
    assert np.count_nonzero(array == 0) >= 4 * 90
    whole, place = merge([str(path) for path in report.written])  # GDAL's own, of the files themselves
    assert np.array_equal(np.where(whole[0] == -9999, np.nan, whole[0]), array, equal_nan=True)
    assert place == transform
    back, _ = run(tmp_path / "back", *report.written, back=True)
    assert back.identical == 4
    for name, text in texts.items():
        assert (tmp_path / "back" / Path(name).name).read_text() == text


def test_the_inputs_are_recorded_with_their_zip(tmp_path: Path) -> None:
    report, _ = run(tmp_path / "out", packed(tmp_path / "配布 データ.zip", {"a/DEM_05LF901_1g.txt": GOOD}))
    with rasterio.open(report.written[0]) as file:
        assert "配布 データ.zip/a/DEM_05LF901_1g.txt" in file.tags()["INPUTS"]
    kept = (tmp_path / "out" / "record" / "05LF901.json").read_text(encoding="utf-8")
    assert "配布 データ.zip/a/DEM_05LF901_1g.txt" in kept


@pytest.mark.parametrize("encoding", ["cp932", "utf-8"])
def test_japanese_names_of_packers_that_do_not_say_their_encoding(encoding: str, tmp_path: Path) -> None:
    """The second byte of 表 in Shift-JIS is a backslash."""
    raw = "標高表_05LF901/DEM_城跡表.txt".encode(encoding)
    holder = "x" * len(raw)
    path = packed(tmp_path / "a.zip", {holder: text_grid(hill(3, 3), (40100, -58400))})
    report, _ = run(tmp_path / "out", patched(path, holder.encode(), raw))
    assert [path.name for path in report.written] == ["DEM_DEM_城跡表_1g.tif"]


def test_folders_with_japanese_names_and_blanks(tmp_path: Path) -> None:
    place = tmp_path / "兵庫県 DEM" / "朝来市"
    place.mkdir(parents=True)
    (place / "DEM_05LF901_1g.txt").write_text(GOOD)
    report, _ = run(tmp_path / "出力 先", tmp_path / "兵庫県 DEM")
    assert report.written == [tmp_path / "出力 先" / "DEM_1g" / "DEM_05LF901_1g.tif"]


def test_a_zip_in_a_zip(tmp_path: Path) -> None:
    inner = packed(tmp_path / "inner.zip", {"DEM_05LF901_1g.txt": GOOD})
    report, _ = run(tmp_path / "out", packed(tmp_path / "outer.zip", {"p/inner.zip": inner.read_bytes()}))
    assert len(report.written) == 1


def test_what_else_lies_in_a_zip_is_passed_over(tmp_path: Path) -> None:
    files = {
        "DEM_05LF901_1g.txt": GOOD,
        "readme.txt": "利用規約",
        "__MACOSX/._DEM_05LF901_1g.txt": "x",
        "m.pdf": "%",
    }
    report, _ = run(tmp_path / "out", packed(tmp_path / "a.zip", files))
    assert (len(report.written), report.failed) == (1, {})
    assert report.passed == ["a.zip/m.pdf", "a.zip/readme.txt"]


def broken(path: Path) -> Path:
    packed(path, {"DEM_05LF901_1g.txt": GOOD})
    path.write_bytes(path.read_bytes()[:-30])
    return path


def flipped(path: Path) -> Path:
    packed(path, {"DEM_05LF902_1g.txt": text_grid(hill(40, 40), (42000, -58500))})
    data = bytearray(path.read_bytes())
    data[200] ^= 0x55
    path.write_bytes(bytes(data))
    return path


def locked(path: Path) -> Path:
    packed(path, {"DEM_05LF902_1g.txt": GOOD})
    data = bytearray(path.read_bytes())
    for sign, at in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        data[data.index(sign) + at] |= 1
    path.write_bytes(bytes(data))
    return path


def bomb(path: Path) -> Path:
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file,
        file.open("DEM_05LF902_1g.txt", "w") as member,
    ):
        for _ in range(70):
            member.write(b"\0" * (1 << 20))
    return path


def strange_method(path: Path) -> Path:
    packed(path, {"DEM_05LF902_1g.txt": GOOD})
    data = bytearray(path.read_bytes())
    for sign, at in ((b"PK\3\4", 8), (b"PK\1\2", 10)):
        data[data.index(sign) + at : data.index(sign) + at + 2] = struct.pack("<H", 9)  # Deflate64
    path.write_bytes(bytes(data))
    return path


def lying(path: Path) -> Path:
    """The directory says ten bytes; the member has more."""
    packed(path, {"DEM_05LF902_1g.txt": GOOD})
    data = bytearray(path.read_bytes())
    at = data.index(b"PK\1\2") + 24
    data[at : at + 4] = struct.pack("<I", 10)
    path.write_bytes(bytes(data))
    return path


def deep(path: Path) -> Path:
    data = packed(path, {"a.txt": GOOD}).read_bytes()
    for name in ("1.zip", "2.zip", "3.zip"):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as file:
            file.writestr(name, data)
        data = buffer.getvalue()
    path.write_bytes(data)
    return path


def shared(path: Path) -> Path:
    """Three hundred entries for the bytes of one file."""
    packed(path, {"DEM_05LF902_1g.txt": GOOD})
    with zipfile.ZipFile(path, "a") as file:
        for number in range(300):
            info = copy.copy(file.infolist()[0])
            info.filename = f"{number}.txt"
            file.filelist.append(info)
        file._didModify = True  # type: ignore[attr-defined]
    return path


def twice(path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for number in range(2):
            file.writestr("DEM_05LF902_1g.txt", text_grid(hill(3, 3, number)))
    return path


BAD = {
    "broken": (broken, "no ZIP", "ZIP ではありません"),
    "flipped": (flipped, "damaged", "破損"),
    "locked": (locked, "password", "パスワード"),
    "bomb": (bomb, "unpack to", "展開すると"),
    "method": (strange_method, "packed in a way", "圧縮方式"),
    "lying": (lying, "damaged", "破損"),
    "deep": (deep, "ZIP in a ZIP", "三重"),
    "shared": (shared, "lie over each other", "重なって"),
    "up": (lambda path: packed(path, {"../../DEM_05LF902_1g.txt": GOOD}), "leads out", "外を指す"),
    "root": (lambda path: packed(path, {"/etc/DEM_05LF902_1g.txt": GOOD}), "leads out", "外を指す"),
    "drive": (lambda path: packed(path, {"C:\\x\\DEM_05LF902_1g.txt": GOOD}), "leads out", "外を指す"),
    "text": (lambda path: path.write_text("x" * 99) and path, "no ZIP", "ZIP ではありません"),
    "empty": (lambda path: path.write_bytes(b"") == 0 and path, "no ZIP", "ZIP ではありません"),
}


@pytest.mark.parametrize("kind", BAD)
@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_bad_zip_costs_one_line_and_nothing_else(
    kind: str, language: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages, "_chosen", language)
    make, *said = BAD[kind]
    make(tmp_path / "bad.zip")
    good = packed(tmp_path / "good.zip", {"DEM_05LF901_1g.txt": GOOD})
    report, _ = run(tmp_path / "out", tmp_path / "bad.zip", good)
    assert [path.name for path in report.written] == ["DEM_05LF901_1g.tif"]
    (why,) = report.failed.values()
    assert said[language == "ja"] in why
    assert "bad.zip" in why
    assert "\n" not in why
    made = {path.name for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert made == {"DEM_05LF901_1g.tif", "DEM_1g.vrt", "DEM_1g.png", "hyogo-pc.json", "05LF901.json"}
    assert {path.name for path in tmp_path.iterdir()} == {"bad.zip", "good.zip", "out"}


@pytest.mark.parametrize("name", ["", ".", "./.", "\0a.txt"])
def test_a_file_without_a_name(name: str, tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", {"DEM_05LF901_1g.txt": GOOD, "other.txt": GOOD})
    with zipfile.ZipFile(path, "a") as file:
        file.infolist()[1].filename = name
        file._didModify = True  # type: ignore[attr-defined]
    report, _ = run(tmp_path / "out", path)
    assert [made.name for made in report.written] == ["DEM_05LF901_1g.tif"]
    (why,) = report.failed.values()
    assert "without a name" in why or "leads out" in why


def test_two_files_of_one_name(tmp_path: Path) -> None:
    """Neither is taken: nobody knows which one counts."""
    report, _ = run(tmp_path / "out", twice(tmp_path / "a.zip"))
    assert report.written == []
    assert all("twice under this name" in why for why in report.failed.values())
    assert len(report.failed) == 1


def test_limits_of_a_zip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = packed(tmp_path / "a.zip", {"DEM_05LF901_1g.txt": GOOD, "DEM_05LF902_1g.txt": GOOD})
    size = 2 * len(GOOD)
    monkeypatch.setenv("HYOGO_PC_LIMIT_UNPACKED", str(size - 1))
    report, _ = run(tmp_path / "out", path)
    assert f"would unpack to {size} bytes" in next(iter(report.failed.values()))
    assert f"--limit unpacked={size}" in next(iter(report.failed.values()))
    monkeypatch.setenv("HYOGO_PC_LIMIT_UNPACKED", str(size))
    with archive.open_inputs([path]) as found:
        assert (len(found.members), found.refused) == (2, {})
    monkeypatch.delenv("HYOGO_PC_LIMIT_UNPACKED")
    tight = bomb(tmp_path / "b.zip")
    monkeypatch.setenv("HYOGO_PC_LIMIT_UNPACKED", "1G")
    assert "--limit ratio=" in next(iter(run(tmp_path / "out", tight)[0].failed.values()))
    monkeypatch.setenv("HYOGO_PC_LIMIT_RATIO", "2000")
    assert "unpack" not in next(iter(run(tmp_path / "out", tight)[0].failed.values()))


def test_many_files_that_are_tight_together(tmp_path: Path) -> None:
    """Each is too small to be refused for its own ratio."""
    files = {f"{number}.txt": bytes(9 << 20) for number in range(8)}
    report, _ = run(tmp_path / "out", packed(tmp_path / "a.zip", files))
    (why,) = report.failed.values()
    assert "to 1; no grid packs like that" in why


def test_a_directory_of_millions_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HYOGO_PC_LIMIT_MEMBERS", "3")
    path = packed(tmp_path / "a.zip", {f"{'a' * 90}{number}.txt": "" for number in range(9)})
    monkeypatch.setattr(archive.zipfile, "ZipFile", None)
    with archive.open_inputs([path]) as found:
        assert "more than the limit of 3" in str(found.refused[str(path)])


def test_zips_within_zips_share_their_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inner = packed(tmp_path / "i.zip", {"DEM_05LF901_1g.txt": GOOD}).read_bytes()
    path = packed(tmp_path / "a.zip", {f"{number}.zip": inner for number in range(4)})
    monkeypatch.setattr(archive, "_NESTED", 3 * len(inner))
    with archive.open_inputs([path]) as found:
        assert len(found.members) == 3
        assert "too many to read inside a ZIP" in str(found.refused[f"{path}/3.zip"])


READ = """
import sys
from pathlib import Path
from pointcloud.errors import FileError
from pointcloud.io.archive import open_inputs
from pointcloud.machine import memory
with open_inputs([sys.argv[1]]) as found:
    (member,) = found.members
    before = memory.peak()
    try:
        member.read()
    except FileError as error:
        print((memory.peak() - before) >> 20, error)
"""


def test_a_size_that_is_a_lie_takes_no_memory(tmp_path: Path) -> None:
    """Two megabytes are told; 400 would come out at once, if all were asked for at once."""
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file, file.open("a.tif", "w") as member:
        for _ in range(400):
            member.write(bytes(1 << 20))
    data = bytearray(path.read_bytes())
    at = data.index(b"PK\1\2") + 24
    data[at : at + 4] = struct.pack("<I", 2 << 20)
    path.write_bytes(data)
    done = subprocess.run([sys.executable, "-c", READ, path], capture_output=True, text=True, check=True)
    mib, _, why = done.stdout.partition(" ")
    assert int(mib) < 60
    assert "damaged" in why


def test_too_many_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HYOGO_PC_LIMIT_MEMBERS", "2")
    report, _ = run(
        tmp_path / "out", packed(tmp_path / "a.zip", dict.fromkeys(["1.txt", "2.txt", "3.txt"], GOOD))
    )
    assert "more than the limit of 2." in next(iter(report.failed.values()))
