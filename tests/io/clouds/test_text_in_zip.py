"""ZIPs of texts of points: what is wrong with one is one line, in either language, and nothing is unpacked."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from point_texts import packed, text

from pointcloud import messages
from pointcloud.errors import HyogoError, ParameterError
from pointcloud.io.clouds.files import find_files
from pointcloud.io.clouds.readers import read_header

POINTS = [np.array([40000.5 + k, 40001.5]) for k in (0, -98000, -39900)]
GOOD = text(POINTS) * 200
NAME = "点群_org.txt"


def patched(path: Path, *changes: tuple[bytes, int, bytes]) -> Path:
    """A ZIP with bytes of its headers replaced: a sign, the distance behind it, and what stands there then."""
    packed(path, {NAME: GOOD})
    data = bytearray(path.read_bytes())
    for sign, at, value in changes:
        begin = data.index(sign) + at
        data[begin : begin + len(value)] = value
    path.write_bytes(bytes(data))
    return path


def bomb(path: Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file, file.open(NAME, "w") as member:
        for _ in range(70):
            member.write(b"0" * (1 << 20))
    return path


def deep(path: Path) -> Path:
    data = packed(path, {NAME: GOOD}).read_bytes()
    for name in ("1.zip", "2.zip", "3.zip"):
        data = packed(path, {name: data}).read_bytes()
    return path


def cut(path: Path) -> Path:
    path.write_bytes(packed(path, {NAME: GOOD}).read_bytes()[:-30])
    return path


def flipped(path: Path) -> Path:
    data = bytearray(packed(path, {NAME: GOOD}).read_bytes())
    data[100] ^= 0x55
    path.write_bytes(bytes(data))
    return path


LOCAL, CENTRAL = b"PK\3\4", b"PK\1\2"
BAD: dict[str, tuple[Callable[[Path], Path], str]] = {
    "cut": (cut, "archive.broken"),
    "flipped": (flipped, "archive.member"),
    "locked": (lambda p: patched(p, (LOCAL, 6, b"\1"), (CENTRAL, 8, b"\1")), "archive.password"),
    "method": (lambda p: patched(p, (LOCAL, 8, b"\x09"), (CENTRAL, 10, b"\x09")), "archive.method"),
    "lying": (lambda p: patched(p, (CENTRAL, 24, struct.pack("<I", 10))), "archive.member"),
    "bomb": (bomb, "archive.bomb"),
    "deep": (deep, "archive.deep"),
    "up": (lambda p: packed(p, {f"../../{NAME}": GOOD}), "archive.traversal"),
    "root": (lambda p: packed(p, {f"/etc/{NAME}": GOOD}), "archive.traversal"),
    "drive": (lambda p: packed(p, {f"C:\\x\\{NAME}": GOOD}), "archive.traversal"),
    "text": (lambda p: p.write_text("x" * 99) and p, "archive.broken"),
    "empty": (lambda p: p.write_bytes(b"") == 0 and p, "archive.broken"),
    "letters": (lambda p: packed(p, {NAME: GOOD + "x\n"}), "pointtext.letters"),
}


@pytest.mark.parametrize("kind", BAD)
@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_a_bad_zip_costs_one_line(
    kind: str, language: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages, "_chosen", language)
    make, message = BAD[kind]
    path = make(tmp_path / "納品 2021.zip")
    good = packed(tmp_path / "good.zip", {NAME: GOOD})
    refused: dict[Path, HyogoError] = {}
    files = find_files([tmp_path], refused)
    assert good / NAME in files
    errors = list(refused.values())
    for route in files:
        if good not in route.parents:
            with pytest.raises(HyogoError) as caught:
                read_header(route)
            errors.append(caught.value)
    assert [error.message for error in errors] == [message]
    assert "\n" not in str(errors[0])
    assert path.name in str(errors[0])
    assert read_header(good / NAME).count == 400
    assert {each.name for each in tmp_path.iterdir()} == {path.name, good.name}
    if message.startswith("archive") and message not in ("archive.member", "archive.method"):
        with pytest.raises(HyogoError):
            find_files([path])


def test_what_else_lies_in_a_zip_is_passed_over(tmp_path: Path) -> None:
    others = {"DEM_05LF901_1g.txt": "1 2 3", "readme.txt": "x", "a.las.txt": "x", "__MACOSX/._a_org.txt": "x"}
    path = packed(tmp_path / "a.zip", {**others, "b/A_ORG.TXT": GOOD, "../../readme.md": "x"})
    assert find_files([path]) == [path / "b" / "A_ORG.TXT"]
    with pytest.raises(ParameterError) as caught:
        find_files([packed(tmp_path / "b.zip", others)])
    assert caught.value.message == "file.none_found"
