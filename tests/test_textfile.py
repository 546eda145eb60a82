"""Texts that are read whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from pointcloud import textfile


def test_marks_and_ends_of_lines(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes("\ufeff城\r\nb\rc\n".encode())
    assert textfile.read_text(path) == "城\nb\nc\n"


@pytest.mark.parametrize("read", [textfile.read_text, textfile.read_json, textfile.read_toml])
def test_no_text(read: object, tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"\xff\xfe\0")
    with pytest.raises(ValueError, match="utf-8"):
        read(path)  # type: ignore[operator]


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (textfile.read_json, "[" * 100_000 + "]" * 100_000),
        (textfile.read_json, '{"a":' * 100_000),
        (textfile.read_toml, "a = " + "[" * 100_000 + "]" * 100_000),
        (textfile.read_toml, "a = " + "{b = " * 100_000),
    ],
)
def test_texts_nested_too_deeply(read: object, text: str, tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match="nested too deeply"):
        read(path)  # type: ignore[operator]


def test_a_text_that_never_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HYOGO_PC_LIMIT_TEXT", "1M")
    with pytest.raises(ValueError, match="longer than the limit of 1000000 bytes"):
        textfile.read_text(Path("/dev/zero"))
