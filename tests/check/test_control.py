"""CSV files of control points as surveyors have them."""

from __future__ import annotations

from pathlib import Path

import pytest
from deliveries import check, one, tile

from pointcloud import messages
from pointcloud.check.control import ControlPoint, Statistics, read_control
from pointcloud.errors import ParameterError

A = ControlPoint("A", 44_050.5, -77_450.25, 12.345)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
@pytest.mark.parametrize(
    "text",
    [
        "A,44050.5,-77450.25,12.345\n",
        "name,E,N,H\nA,44050.5,-77450.25,12.345\n",
        "# 検証点\nH;N;E;点名\r\n12.345;-77450.25;44050.5;A\r\n",
        "点名\tX座標(m)\tY座標(m)\t標高(m)\t備考\nA\t-77450.25\t44050.5\t12.345\t道路\n\n",
        "Ａ,４４０５０．５,-77450.25,12.345",
        "name,x,y,z\nA,44050.5,-77450.25,12.345\n",
    ],
)
def test_read(tmp_path: Path, text: str, encoding: str) -> None:
    path = tmp_path / "control.csv"
    path.write_bytes(text.encode(encoding))
    assert read_control(path) == [A]


def test_without_names(tmp_path: Path) -> None:
    path = tmp_path / "control.csv"
    path.write_text("44050.5,-77450.25,12.345\n", encoding="utf-8")
    assert read_control(path) == [ControlPoint("1", A.e, A.n, A.h)]


@pytest.mark.parametrize("language", messages.LANGUAGES)
@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "check.control_empty"),
        (b"name,E,N,H\n", "check.control_empty"),
        (b"name,a,b,c\nA,1,2,3\n", "check.control_header"),
        (b"A,1,2,3\nB,1,2\n", "check.control_row"),
        (b"A,1,2,nan\nB,1,2,3\n", "check.control_row"),
        (b"A,1,2,3\nB,1,1e999,3\n", "check.control_row"),
        (b"PK\x03\x04\x00\x00", "check.control_text"),
        (b"A,1,2,\x81", "check.control_text"),
    ],
)
def test_refused(tmp_path: Path, data: bytes, message: str, language: str) -> None:
    messages.set_language(language)
    path = tmp_path / "control.csv"
    path.write_bytes(data)
    with pytest.raises(ParameterError) as caught:
        read_control(path)
    assert caught.value.message == message
    assert str(path) in str(caught.value)


def test_exchanged(tmp_path: Path) -> None:
    path = tmp_path / "control.csv"
    path.write_text("A,-77450.5,44050.5,100\nB,-77450.5,44060.5,100\n", encoding="utf-8")
    report = check(tile(tmp_path), control=path)
    one(report, "check.control_swapped")
    assert report.control["points"].count == 2


def test_statistics() -> None:
    assert Statistics.of([]) is None
    assert Statistics.of([0.2]) == Statistics(1, 0.2, 0.0, 0.2, 0.2)
    figures = Statistics.of([0.1, -0.3, 0.2])
    assert figures == Statistics(
        3, pytest.approx(0.0), pytest.approx(0.264575, abs=1e-6), pytest.approx(0.216025, abs=1e-6), 0.3
    )
