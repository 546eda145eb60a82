"""The header of a LAS, LAZ or COPC file, checked before any decoder sees the file.

Decoders take a lying header at its word: they return fewer points than promised, allocate what a flipped bit
asks for, or fail in half a dozen ways. So the bytes are read here, field by field, against the file's real
size.

Source: ASPRS, LAS Specification 1.4 – R15 (2019), and the specifications of versions 1.0–1.3.
"""

from __future__ import annotations

import math
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, NoReturn

from pointcloud.errors import FileError
from pointcloud.io.cloudheader import FARTHEST, CloudHeader, Triple, is_box
from pointcloud.io.guard import decoding, open_input
from pointcloud.io.las import laszip
from pointcloud.io.las.crs import LONGEST, can_state, read_crs
from pointcloud.io.remark import Remark

RECORD_LENGTHS = (20, 28, 26, 34, 57, 63, 30, 36, 38, 59, 67)
"""Bytes of a point record without extra bytes, by point format."""

_HEADER_SIZES = {0: 227, 1: 227, 2: 227, 3: 235, 4: 375}  # by minor version
_FIXED = struct.Struct("<4sHH16sBB32s32sHHHIIBHI5I12d")  # the first 227 bytes
_VLR = struct.Struct("<H16sHH32s")
_EVLR = struct.Struct("<H16sHQ32s")

_WKT_BIT = 16  # of the global encoding
_WAVEFORMS_INSIDE_BIT = 2
_AXES = ("X", "Y", "Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class LasHeader(CloudHeader):
    """What a LAS, LAZ or COPC file says of itself, after every check that needs no decoding.

    Parameters
    ----------
    version : (major, minor)
    point_format : int
        0–10.
    compressed : bool
        Whether it is LAZ (COPC is).
    record_length : int
        Bytes of an uncompressed point record.
    points_at : int
        Where the point data begin.
    zip_size : int
        Bytes of the ZIP that it lies in; 0 for a loose file.
    offsets : (x, y, z)
        Metres, or whatever the file's unit is.
    laszip : LaszipRecord or None
        How the points are compressed; ``None`` for LAS.
    """

    version: tuple[int, int]
    point_format: int
    compressed: bool
    record_length: int
    points_at: int
    offsets: Triple
    laszip: laszip.LaszipRecord | None
    zip_size: int = 0

    @property
    def stamp(self) -> tuple[int, int]:
        """Size and time of the file on the disk, by which a change is noticed."""
        return self.zip_size or self.size, self.modified_ns

    @property
    def chunk_size(self) -> int | None:
        """Points in a LAZ chunk; 0 if that varies or the file is not chunked, ``None`` for LAS."""
        return self.laszip.chunk_size if self.laszip else None


def read_header(path: str | Path) -> LasHeader:
    """Read and check the header of a LAS, LAZ or COPC file; the points are not decoded.

    Checked are the signature, version, sizes and offsets, the variable length records, point format and
    record length, scales and offsets, and the point count: of LAS against the file's size, of LAZ against the
    chunk table. A coordinate reference system that cannot be used is a warning, and so is a doubtful box.

    Raises
    ------
    FileError
        If the file cannot be opened, is no LAS file, is cut short, or contradicts itself.
    """
    path = Path(path)
    with open_input(path) as (file, status), decoding(path):
        header = _Reader(path, file, status.st_size, status.st_mtime_ns).header()
        held = os.fstat(file.fileno()).st_size
        return header if held == header.size else replace(header, zip_size=held)


@dataclass(frozen=True, slots=True)
class _Fields:
    """The header's fields as they are in the file."""

    encoding: int
    minor: int
    system: str
    header_size: int
    points_at: int
    vlrs: int
    format_byte: int
    record_length: int
    legacy_count: int
    returns: tuple[int, ...]
    scales: Triple
    offsets: Triple
    mins: Triple
    maxs: Triple
    waveforms_at: int = 0
    evlrs_at: int = 0
    evlrs: int = 0
    count: int = 0


class _Reader:
    """Reads one header; holds what every message names."""

    def __init__(self, path: Path, file: BinaryIO, size: int, modified_ns: int) -> None:
        self.path, self.file, self.size, self.modified_ns = path, file, size, modified_ns
        self.warnings: list[Remark] = []

    def refuse(self, message: str, **values: object) -> NoReturn:
        raise FileError(message, path=self.path, **values)

    def warn(self, message: str, **values: object) -> None:
        self.warnings.append(Remark.of(message, path=self.path, **values))

    def header(self) -> LasHeader:
        fields = self._fields()
        point_format, compressed = self._format(fields)
        self._numbers(fields)
        count = self._count(fields, point_format)
        records = self._records(fields)
        packing = self._packing(fields, point_format, count, records) if compressed else None
        if packing is None:
            self._fits(fields, count)
        self._doubts(fields, count)
        crs, remarks = read_crs(self.path, records, prefer_wkt=bool(fields.encoding & _WKT_BIT))
        return LasHeader(
            path=self.path,
            size=self.size,
            modified_ns=self.modified_ns,
            version=(1, fields.minor),
            point_format=point_format,
            compressed=compressed,
            count=count,
            record_length=fields.record_length,
            points_at=fields.points_at,
            scales=fields.scales,
            offsets=fields.offsets,
            mins=fields.mins,
            maxs=fields.maxs,
            system=fields.system,
            crs=crs,
            laszip=packing,
            warnings=(*self.warnings, *remarks),
        )

    def _fields(self) -> _Fields:
        if self.size == 0:
            self.refuse("file.empty")
        head = self.file.read(_HEADER_SIZES[4])
        if head[:4] != b"LASF":
            self.refuse("file.signature", found=_printable(head[:4]))
        if len(head) < _FIXED.size:
            self.refuse("file.short_header", size=self.size, needed=_FIXED.size)
        (_, _, encoding, _, major, minor, system, _, _, _, header_size, points_at, vlrs, format_byte,
         record_length, legacy_count, *rest) = _FIXED.unpack_from(head)  # fmt: skip
        if major != 1 or minor not in _HEADER_SIZES:
            self.refuse("file.version", version=f"{major}.{minor}")
        needed = _HEADER_SIZES[minor]
        if self.size < needed:
            self.refuse("file.short_header", size=self.size, needed=needed)
        if header_size < needed:
            self.refuse("file.header_size", found=header_size, needed=needed, version=f"1.{minor}")
        if not header_size <= points_at <= self.size:
            self.refuse("file.points_at", at=points_at, header=header_size, size=self.size)
        returns: tuple[int, ...] | list[int] = rest[:5]
        numbers = rest[5:]
        late: dict[str, int] = {}
        if minor >= 3:
            (late["waveforms_at"],) = struct.unpack_from("<Q", head, 227)
        if minor >= 4:
            late["evlrs_at"], late["evlrs"], late["count"] = struct.unpack_from("<QIQ", head, 235)
            returns = struct.unpack_from("<15Q", head, 255) if late["count"] else returns
        return _Fields(
            encoding, minor, _text(system), header_size, points_at, vlrs, format_byte, record_length,
            legacy_count, tuple(returns), _triple(numbers[0:3]), _triple(numbers[3:6]),
            _triple(numbers[7::2]), _triple(numbers[6::2]), **late,
        )  # fmt: skip

    def _format(self, fields: _Fields) -> tuple[int, bool]:
        """Return the point format and whether the points are compressed (bit 7, as LASzip marks it)."""
        point_format = fields.format_byte & 0x7F
        if point_format >= len(RECORD_LENGTHS):
            self.refuse("file.point_format", found=point_format)
        if point_format >= 6 and fields.minor < 4:
            self.refuse("file.format_version", format=point_format, version=f"1.{fields.minor}")
        needed = RECORD_LENGTHS[point_format]
        if fields.record_length < needed:
            self.refuse("file.record_length", found=fields.record_length, needed=needed, format=point_format)
        return point_format, bool(fields.format_byte & 0x80)

    def _numbers(self, fields: _Fields) -> None:
        """Check scales and offsets: positive and finite, and no coordinate beyond what quanta can hold."""
        for axis, scale, offset in zip(_AXES, fields.scales, fields.offsets, strict=True):
            if scale == 0:
                self.refuse("file.scale_zero", axis=axis, offset=offset)
            if math.isfinite(scale) and scale < 0:
                self.refuse(
                    "file.scale_negative", axis=axis, value=scale, option=f"scale_{axis.lower()}={-scale:g}"
                )
            if not math.isfinite(scale):
                self.refuse("file.scale", axis=axis, value=scale)
            if not math.isfinite(offset):
                self.refuse("file.offset", axis=axis, value=offset)
            if scale * 2**31 + abs(offset) > FARTHEST:
                self.refuse("file.range", axis=axis, scale=scale, offset=offset)

    def _count(self, fields: _Fields, point_format: int) -> int:
        """Return the number of points; LAS 1.4 states it twice, formats from 6 on only in the later place."""
        if fields.minor < 4 or fields.count == fields.legacy_count:
            return fields.legacy_count
        if fields.count and fields.legacy_count:
            self.refuse("file.two_counts", count=fields.count, legacy=fields.legacy_count)
        if not fields.count:
            self.warn("file.legacy_count", count=fields.legacy_count, format=point_format)
        return fields.count or fields.legacy_count

    def _records(self, fields: _Fields) -> dict[tuple[str, int], bytes]:
        """Return the data of the records that matter, by owner and number: the first of each kind."""
        found: dict[tuple[str, int], bytes] = {}
        for key, data in (*self._vlrs(fields), *self._evlrs(fields)):
            found.setdefault(key, data)
        return found

    def _vlrs(self, fields: _Fields) -> Iterator[tuple[tuple[str, int], bytes]]:
        room = fields.points_at - fields.header_size
        if fields.vlrs * _VLR.size > room:
            self.refuse("file.vlr_count", count=fields.vlrs, room=room)
        at = fields.header_size
        for number in range(1, fields.vlrs + 1):
            end = at + _VLR.size
            length = 0
            if end <= fields.points_at:
                self.file.seek(at)
                _, owner, record, length, _ = _VLR.unpack(self.file.read(_VLR.size))
            if end + length > fields.points_at:
                self.refuse("file.vlr_length", number=number, end=end + length, limit=fields.points_at)
            key = _text(owner), record
            if can_state(key) or key == laszip.RECORD:
                yield key, self.file.read(length)
            at = end + length

    def _evlrs(self, fields: _Fields) -> Iterator[tuple[tuple[str, int], bytes]]:
        at = fields.evlrs_at
        if fields.evlrs and not fields.points_at <= at <= self.size - fields.evlrs * _EVLR.size:
            self.refuse("file.evlr_count", count=fields.evlrs, at=at, size=self.size)
        for number in range(1, fields.evlrs + 1):
            end = at + _EVLR.size
            length = 0
            if end <= self.size:
                self.file.seek(at)
                _, owner, record, length, _ = _EVLR.unpack(self.file.read(_EVLR.size))
            if end + length > self.size:
                self.refuse("file.evlr_length", number=number, end=end + length, size=self.size)
            key = _text(owner), record
            if can_state(key):
                yield key, self.file.read(min(length, LONGEST + 1))
            at = end + length

    def _packing(
        self, fields: _Fields, point_format: int, count: int, records: dict[tuple[str, int], bytes]
    ) -> laszip.LaszipRecord:
        if laszip.RECORD not in records:
            self.refuse("file.laszip_missing")
        return laszip.read(
            self.path,
            self.file,
            records[laszip.RECORD],
            point_format=point_format,
            record_length=fields.record_length,
            points_at=fields.points_at,
            size=self.size,
            count=count,
        )

    def _fits(self, fields: _Fields, count: int) -> None:
        """Check the count of an uncompressed file against the bytes between the header and what follows."""
        end = self.size
        if fields.evlrs:
            end = min(end, fields.evlrs_at)
        if fields.encoding & _WAVEFORMS_INSIDE_BIT and fields.points_at < fields.waveforms_at:
            end = min(end, fields.waveforms_at)
        held, rest = divmod(end - fields.points_at, fields.record_length)
        if held < count:
            self.refuse("file.cut", count=count, held=held, length=fields.record_length)
        if held > count:
            self.refuse("file.count_low", count=count, held=held, length=fields.record_length)
        if rest:
            self.warn("file.trailing", bytes=rest)

    def _doubts(self, fields: _Fields, count: int) -> None:
        """Note what is doubtful about counts and the box."""
        if count == 0:
            self.warn("file.no_points")
            return
        if sum(fields.returns) > count:
            self.warn("file.returns", returns=sum(fields.returns), count=count)
        lows, highs = fields.mins, fields.maxs
        if not is_box(lows, highs):
            self.warn("file.box_invalid")
        elif lows[0] == lows[1] == 0 and highs[0] > 0 and highs[1] > 0:
            self.warn("file.box_zero", east=f"{highs[0]:.3f}", north=f"{highs[1]:.3f}")


def _triple(values: list[float]) -> Triple:
    x, y, z = values[:3]
    return x, y, z


def _text(raw: bytes) -> str:
    """Return a padded field as text; bytes that are not ASCII become marks, and never an error."""
    return raw.split(b"\0", 1)[0].decode("ascii", "replace").strip()


def _printable(raw: bytes) -> str:
    return "".join(chr(byte) if 32 <= byte < 127 else f"\\x{byte:02x}" for byte in raw)
