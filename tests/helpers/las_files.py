"""Small LAS and LAZ files for tests, sound ones and others."""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import Any

import laspy
import lazrs
import numpy as np
import numpy.typing as npt
import pytest

from pointcloud import messages
from pointcloud.errors import FileError
from pointcloud.io.las.reader import CloudHeader, PointChunk, iter_points, read_header

Array = npt.NDArray[Any]

# Where the fields of a header are.
ENCODING, MINOR, SYSTEM, HEADER_SIZE, POINTS_AT, VLRS = 6, 25, 26, 94, 96, 100
FORMAT, RECORD_LENGTH, COUNT, RETURNS, SCALE, OFFSET, BOX = 104, 105, 107, 111, 131, 155, 179
EVLRS_AT, EVLRS, COUNT_14 = 235, 243, 247


def write(
    path: Path,
    point_format: int = 6,
    version: str | None = None,
    *,
    count: int = 1000,
    scale: float = 0.001,
    offset: tuple[float, float, float] = (44000.0, -78000.0, 0.0),
    raw: Array | None = None,
    seed: int = 1,
    **fields: Any,
) -> Path:
    """Write a file of points scattered over 100 m, compressed if its name says so; ``raw`` are X, Y, Z."""
    rng = np.random.default_rng(seed)
    if raw is None:
        raw = rng.integers(0, int(100 / scale), (3, count)).astype(np.int32)
    header = laspy.LasHeader(version=version or preferred(point_format), point_format=point_format)
    header.scales, header.offsets = np.full(3, scale), np.array(offset)
    las = laspy.LasData(header)
    las.X, las.Y, las.Z = raw
    las.classification = rng.choice(np.array([1, 2, 5], np.uint8), len(raw[0]))
    las.return_number = np.ones(len(raw[0]), np.uint8)
    for name, value in fields.items():
        setattr(las, name, value)
    las.write(path)
    return path


def preferred(point_format: int) -> str:
    """Return the oldest version that knows a point format."""
    return "1.4" if point_format >= 6 else "1.3" if point_format >= 4 else "1.2"


def patch(path: Path, at: int, form: str, *values: float) -> Path:
    """Overwrite bytes of a file with packed values; a negative place counts from the end."""
    data = bytearray(path.read_bytes())
    struct.pack_into(f"<{form}", data, at % len(data), *values)
    path.write_bytes(data)
    return path


def field(path: Path, at: int, form: str) -> Any:
    """Return one packed value."""
    return struct.unpack_from(f"<{form}", path.read_bytes(), at)[0]


def recompress(source: Path, path: Path, sizes: list[int], *, variable: bool = True) -> Path:
    """Write a LAS file as LAZ with chunks of these numbers of points, or with the standard ones."""
    data = source.read_bytes()
    points_at, count = struct.unpack_from("<II", data, POINTS_AT)
    length = struct.unpack_from("<H", data, RECORD_LENGTH)[0]
    vlr = lazrs.LazVlr.new_for_compression(data[FORMAT], 0, variable)
    record = vlr.record_data()
    head = bytearray(data[:points_at])
    struct.pack_into("<II", head, POINTS_AT, points_at + 54 + len(record), count + 1)
    head[FORMAT] |= 0x80
    head += struct.pack("<H16sHH32s", 0, b"laszip encoded", 22204, len(record), b"") + record
    out = io.BytesIO(head)
    out.seek(0, io.SEEK_END)
    compressor = lazrs.LasZipCompressor(out, vlr)
    start = points_at
    for size in sizes:
        compressor.compress_many(np.frombuffer(data, np.uint8, size * length, start))
        start += size * length
        if variable:
            compressor.finish_current_chunk()
    compressor.done()
    path.write_bytes(out.getvalue())
    return path


def record_at(path: Path, number: int) -> int:
    """Return where the data of the first variable length record of a number begin."""
    data = path.read_bytes()
    at = struct.unpack_from("<H", data, HEADER_SIZE)[0]
    for _ in range(struct.unpack_from("<I", data, VLRS)[0]):
        _, _, found, length, _ = struct.unpack_from("<H16sHH32s", data, at)
        if found == number:
            return int(at) + 54
        at += 54 + length
    raise LookupError(number)


def read(path: Path, **options: Any) -> PointChunk:
    """Return all points of a file as one chunk."""
    return joined(read_header(path), **options)


def joined(header: CloudHeader, **options: Any) -> PointChunk:
    """Return all points of a file as one chunk."""
    chunks = list(iter_points(header, **options))
    arrays = (
        np.concatenate([getattr(chunk, name) for chunk in chunks])
        for name in ("e", "n", "z", "classification", "withheld")
    )
    lows = np.min([chunk.lows for chunk in chunks], axis=0).tolist()
    highs = np.max([chunk.highs for chunk in chunks], axis=0).tolist()
    return PointChunk(*arrays, tuple(lows), tuple(highs))


def same(a: PointChunk, b: PointChunk) -> bool:
    """Whether two chunks hold the same points."""
    return all(
        np.array_equal(getattr(a, name), getattr(b, name))
        for name in ("e", "n", "z", "classification", "withheld")
    )


def refused(path: Path, message: str, **options: Any) -> FileError:
    """Make sure that a file is refused with a message: one line in both languages that names the file."""
    with pytest.raises(FileError) as caught:
        read(path, **options)
    assert caught.value.message == message
    for language in messages.LANGUAGES:
        messages.set_language(language)
        assert str(path) in str(caught.value)
        assert "\n" not in str(caught.value)
    messages.set_language("en")
    return caught.value
