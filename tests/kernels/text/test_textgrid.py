"""Numbers in bytes, cell by cell: small enough to run without the JIT."""

from __future__ import annotations

import numpy as np
import pytest

from pointcloud.kernels.text import textgrid as kernel
from pointcloud.kernels.text.gml import parse_tuples


def parsed(
    text: str, columns: int = 3, separator: str = " ", decimals: int = 4
) -> tuple[int, int, list[tuple[int, int, float]]]:
    data = np.frombuffer(text.encode(), np.uint8)
    first = 0 if columns == 3 else 1
    layout = np.array([columns, first, first + 1, first + 2, ord(separator), decimals])
    begins, e, n = (np.empty(10, np.int64) for _ in range(3))
    z, places = np.empty(10), np.empty(10, np.uint8)
    status, at, count = kernel.parse_lines(
        data, 0, data.size, layout, kernel.fresh_notes(), begins, e, n, z, places
    )
    return int(status), int(at), [(int(e[i]), int(n[i]), float(z[i])) for i in range(count)]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("78000.500 -145499.500 2.72", (780005000, -1454995000, 2.72)),
        ("1 2 3", (10000, 20000, 3.0)),
        ("+1.0001 -0.00005 -0.00", (10001, -1, -0.0)),
        (".5 5. -.25", (5000, 50000, -0.25)),
        ("0.123449999 0.12345 1", (1234, 1235, 1.0)),
        ("  1\t2 , 3  ", (10000, 20000, 3.0)),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n", " \r\n"])
def test_numbers_as_people_write_them(line: str, expected: tuple[int, int, float], end: str) -> None:
    status, _, rows = parsed(line + end)
    assert status == kernel.DONE
    assert rows == [expected]
    assert np.signbit(rows[0][2]) == np.signbit(expected[2])


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("1 2", kernel.COLUMNS),
        ("1 2 3 4", kernel.COLUMNS),
        ("1,2,,3", kernel.NOT_A_NUMBER),
        ("1 2 x", kernel.NOT_A_NUMBER),
        ("1 2 3O", kernel.NOT_A_NUMBER),
        ("1 2 1e5", kernel.NOT_A_NUMBER),
        ("1 2 -", kernel.NOT_A_NUMBER),
        ("1 2 .", kernel.NOT_A_NUMBER),
        ("1 2 123456789012345678901", kernel.NOT_A_NUMBER),
        ("\0 2 3", kernel.NOT_A_NUMBER),
    ],
)
def test_lines_that_are_none(line: str, status: int) -> None:
    found, at, rows = parsed(f"1 1 1\n{line}\n2 2 2\n")
    assert (found, len(rows)) == (status, 1)
    assert 6 <= at <= 6 + len(line)


def test_empty_lines_are_passed_over_and_counted() -> None:
    notes = kernel.fresh_notes()
    data = np.frombuffer(b"\n1 1 1\n\r\n2 2 2\n", np.uint8)
    arrays = [np.empty(5, np.int64) for _ in range(3)]
    z, decimals = np.empty(5), np.empty(5, np.uint8)
    layout = np.array([3, 0, 1, 2, 32, 4])
    _, _, count = kernel.parse_lines(data, 0, data.size, layout, notes, *arrays, z, decimals)
    assert (count, notes[kernel.LINES], notes[kernel.ROWS]) == (2, 4, 2)


def test_more_decimals_are_kept_where_points_are_degrees() -> None:
    status, _, rows = parsed("134.12345678912 -34.000000000005 1\n", decimals=11)
    assert (status, rows) == (kernel.DONE, [(13412345678912, -3400000000001, 1.0)])
    assert parsed("12345678 1 1\n", decimals=11)[0] == kernel.NOT_A_NUMBER
    assert parsed("1234567 1 1\n", decimals=11)[0] == kernel.DONE


def test_five_columns() -> None:
    _, _, rows = parsed("1,2.5,3.5,-9999.00,-9999\n", 5, ",")
    assert rows == [(25000, 35000, -9999.0)]


def test_heights_are_the_nearest_doubles() -> None:
    texts = [f"{value:.{d}f}" for d in range(7) for value in np.random.default_rng(d).uniform(-50, 4000, 20)]
    found = [parsed(f"0 0 {text}\n")[2][0][2] for text in texts]
    assert found == [float(text) for text in texts]


def test_digits_come_back() -> None:
    out = np.zeros(40, np.uint8)
    for text, least, most in [
        ("-0.05", 2, 2), ("0.00", 2, 2), ("-0.00", 2, 2), ("12", 0, 3), ("12.5", 1, 3), ("1234.567", 0, 3),
        ("99.99", 2, 2), ("100.00", 2, 2), ("9.0", 1, 2),
    ]:  # fmt: skip
        end = kernel.put_height(float(text), least, most, out, 0)
        assert out[:end].tobytes().decode() == text


def test_tuples() -> None:
    out = np.full(4, np.nan)
    text = "地表面,1.50\r\n  データなし,-9999.\n\n海水面, -0.30\n".encode()
    assert parse_tuples(np.frombuffer(text, np.uint8), out) == (3, -1)
    assert out[:3].tolist() == [1.5, -9999.0, -0.3]
    for bad in ("地表面,1.5x\n", "地表面\n", "地表面,\n"):
        assert parse_tuples(np.frombuffer(f"a,1\n{bad}".encode(), np.uint8), out) == (1, 1)
