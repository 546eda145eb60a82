"""One input, whether it lies in a folder or inside a ZIP, where it is read without being extracted."""

from __future__ import annotations

import hashlib
import zipfile
import zlib
from collections.abc import Generator, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Protocol

from pointcloud.errors import FileError, HyogoError
from pointcloud.io.guard import open_input

MOST_AT_ONCE = 1 << 30
"""Bytes of the largest file inside a ZIP that is read as a whole (a GeoTIFF, a GML)."""

_PIECE = 4 << 20
LONGEST_LINE = 2 * _PIECE
"""Bytes; a text whose lines are longer is none."""


class Reader(Protocol):
    """What bytes are read from, in order."""

    def read(self, size: int = -1, /) -> bytes:
        """Return the next bytes, none at the end."""


@dataclass(frozen=True)
class Member:
    """A file, loose or inside a ZIP.

    Parameters
    ----------
    path : Path
        The file on the disk: the file itself or its ZIP.
    inner : str
        Its name inside the ZIP, with the names of ZIPs within it; empty for a loose file.
    size : int
        Bytes, unpacked.
    archive : ZipFile, optional
    info : ZipInfo, optional
        Its entry there.
    beside : mapping of str to Member
        The other files of the ZIP, by inner name in lower case.
    """

    path: Path
    inner: str = ""
    size: int = 0
    archive: zipfile.ZipFile | None = None
    info: zipfile.ZipInfo | None = None
    beside: Mapping[str, Member] = field(default_factory=dict, repr=False, compare=False)

    @property
    def name(self) -> str:
        """The file's own name."""
        return PurePosixPath(self.inner).name if self.inner else self.path.name

    @property
    def label(self) -> str:
        """The name for messages and records: that of a ZIP comes first."""
        return f"{self.path.name}/{self.inner}" if self.inner else self.path.name

    @property
    def place(self) -> str:
        """What tells it from every other file: its path, and the name inside a ZIP."""
        return f"{self.path}/{self.inner}" if self.inner else str(self.path)

    @property
    def route(self) -> Path:
        """The path that leads to it, into a ZIP if it lies in one; see `pointcloud.io.archive.open_path`."""
        return self.path / self.inner if self.inner else self.path

    @property
    def stem(self) -> str:
        """The file's own name without its ending."""
        return PurePosixPath(self.name).stem

    @property
    def suffix(self) -> str:
        """The ending in lower case: ``.txt``."""
        return PurePosixPath(self.name).suffix.lower()

    @contextmanager
    def open(self) -> Iterator[Reader]:
        """Open the file for reading from its beginning to its end.

        Raises
        ------
        FileError
            If it cannot be opened, read or unpacked; whatever a block raises that is no error of this package
            comes out as one.
        """
        if self.archive is None or self.info is None:
            with open_input(self.path) as (file, _):
                yield file
            return
        try:
            with self.archive.open(self.info) as file:
                yield file
        except HyogoError:
            raise
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError) as error:
            raise FileError("archive.member", path=self.label, cause=_line(error)) from error
        except NotImplementedError as error:
            raise FileError("archive.method", path=self.label) from error

    def read(self) -> bytes:
        """Return the whole file, read in pieces: to read all at once is to unpack all, whatever size was declared.

        Raises
        ------
        FileError
            As `open` does, or if it is larger than `MOST_AT_ONCE`.
        """
        if self.size > MOST_AT_ONCE:
            raise FileError("archive.large", path=self.label, size=self.size, limit=MOST_AT_ONCE)
        pieces, size = [], 0
        with self.open() as file:
            while piece := file.read(_PIECE):
                pieces.append(piece)
                size += len(piece)
                if size > MOST_AT_ONCE:
                    raise FileError("archive.large", path=self.label, size=size, limit=MOST_AT_ONCE)
        return b"".join(pieces)

    def head(self, size: int) -> bytes:
        """Return the first bytes.

        Raises
        ------
        FileError
            As `open` does.
        """
        with self.open() as file:
            return file.read(size)

    def sibling(self, *suffixes: str) -> Member | None:
        """Return the file of the same name with one of these endings, whatever their case, or ``None``."""
        if self.inner:
            stem = str(PurePosixPath(self.inner).with_suffix(""))
            found = (self.beside.get(f"{stem}{suffix}".lower()) for suffix in suffixes)
            return next((member for member in found if member), None)
        wanted = {f"{self.path.stem}{suffix}".lower() for suffix in suffixes}
        for path in sorted(self.path.parent.iterdir()):
            if path.name.lower() in wanted and path.is_file():
                return Member(path, size=path.stat().st_size)
        return None

    def digest(self) -> str:
        """Return the SHA-256 of its bytes, in hexadecimal.

        Raises
        ------
        FileError
            As `open` does.
        """
        sha = hashlib.sha256()
        with self.open() as file:
            while chunk := file.read(1 << 20):
                sha.update(chunk)
        return sha.hexdigest()


def read_ahead(file: Reader, sha: hashlib._Hash) -> Generator[bytes, None, None]:
    """Yield a file in pieces; the next is read, unpacked and hashed by another thread meanwhile."""

    def fetch() -> bytes:
        piece = file.read(_PIECE)
        sha.update(piece)
        return piece

    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(fetch)
        while piece := coming.result():
            coming = pool.submit(fetch)
            yield piece


def _line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__
