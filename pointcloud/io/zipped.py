"""A file inside a ZIP, to be read from anywhere in it like a loose one; nothing is unpacked onto a disk.

What the ZIP stores is read where it lies. What it has deflated is inflated as it is read, and once more from its
beginning when it is asked for something further in front: the header of a LAZ file wants the table at its end, and its
points then its beginning. Inflating LAZ takes a small part of the time of decoding it, and no room.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from pointcloud.errors import FileError
from pointcloud.io.archive import container, open_path
from pointcloud.io.guard import open_input

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer as Buffer

    from pointcloud.io.member import Member

_LOCAL = struct.Struct("<4s22xHH")
"""A local header (PKWARE, APPNOTE 6.3.10, section 4.3.7): its mark, and how long name and extra field are."""


class ZippedFile(io.RawIOBase):
    """A window into a ZIP.

    Parameters
    ----------
    zip_file : binary file
        The ZIP on the disk, for its descriptor.
    source : binary file
        What the bytes come from: the ZIP itself, or what inflates the member.
    start : int
        Where the member begins in it.
    member : Member
        Whose check sum must be right when it is read from its beginning to its end.
    """

    def __init__(self, zip_file: IO[bytes], source: IO[bytes], start: int, member: Member) -> None:
        self._zip, self._source, self._start, self._member = zip_file, source, start, member
        self.size = member.size
        self._at = self._summed = self._sum = 0

    def readable(self) -> bool:
        """Return that it is."""
        return True

    def seekable(self) -> bool:
        """Return that it is."""
        return True

    def fileno(self) -> int:
        """Return the descriptor of the ZIP."""
        return self._zip.fileno()

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go somewhere; nothing is read yet."""
        self._at = max(0, offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size}[whence])
        return self._at

    def tell(self) -> int:
        """Return where it is."""
        return self._at

    def readinto(self, buffer: Buffer) -> int:
        """Fill a buffer, as far as there are bytes."""
        view = memoryview(buffer).cast("B")
        wanted = min(len(view), self.size - self._at)
        if wanted <= 0:
            return 0
        try:
            self._source.seek(self._start + self._at)
            data = self._source.read(wanted)
        except (zipfile.BadZipFile, zlib.error, EOFError) as error:
            cause = " ".join(str(error).split()) or type(error).__name__
            raise FileError("archive.member", path=self._member.label, cause=cause) from error
        view[: len(data)] = data
        self._check(data)
        self._at += len(data)
        return len(data)

    def _check(self, data: bytes) -> None:
        """Go on with the check sum, as far as all before was read in order."""
        if self._at == 0:
            self._summed = self._sum = 0
        if self._at != self._summed:
            return
        self._sum = zlib.crc32(data, self._sum)
        self._summed += len(data)
        info = self._member.info
        if self._summed == self.size and info is not None and self._sum != info.CRC:
            raise FileError(
                "archive.member", path=self._member.label, cause=f"CRC-32 {self._sum:08x}, {info.CRC:08x}"
            )


@contextmanager
def open_zipped(path: Path) -> Iterator[io.BufferedReader]:
    """Open a file inside a ZIP; yield it.

    Raises
    ------
    FileError
        If there is no such file, or the ZIP cannot be used.
    """
    outer = container(path)
    if outer == path:
        raise FileError("file.missing", path=path)
    with open_path(path) as member, open_input(outer) as (zip_file, _):
        source, start, close = _source(member, zip_file)
        try:
            raw = ZippedFile(zip_file, source, start, member)
            yield io.BufferedReader(raw, 1 << 18)
        finally:
            if close:
                source.close()


def _source(member: Member, zip_file: IO[bytes]) -> tuple[IO[bytes], int, bool]:
    """Return what the bytes of a member come from, where they begin in it, and whether it is to be closed."""
    archive, info = member.archive, member.info
    if archive is None or info is None:
        return zip_file, 0, False
    if info.compress_type == zipfile.ZIP_STORED and archive.filename and not info.flag_bits & 1:
        zip_file.seek(info.header_offset)
        mark, name, extra = _LOCAL.unpack(zip_file.read(_LOCAL.size))
        if mark == b"PK\3\4":
            return zip_file, info.header_offset + _LOCAL.size + name + extra, False
    try:
        return archive.open(info), 0, True
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        cause = " ".join(str(error).split()) or type(error).__name__
        raise FileError("archive.member", path=member.label, cause=cause) from error
    except NotImplementedError as error:
        raise FileError("archive.method", path=member.label) from error
