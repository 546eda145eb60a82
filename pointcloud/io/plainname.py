"""Plain names for files whose own GDAL, PDAL or their bindings do not take as they are.

They want UTF-8, which the names of a Japanese ZIP unpacked on Linux are not, and see more than a name in some signs.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import weakref
from contextlib import suppress
from pathlib import Path

_PREFIX = "hyogo-pc-names-"
_NO_UTF8 = re.compile("[\ud800-\udfff]")
_READ_AS_URLS = re.compile("[\x00-\x1f\x7f;!?#\ud800-\udfff]")
"""What cuts a name short or leads into an archive where names are read as URLs, as pyogrio does."""


class PlainName:
    """A file by a plain name: its own, or that of a link to it and to what lies beside it under the same stem.

    Links are there as long as this object is.

    Parameters
    ----------
    path : Path
    as_url : bool
        Whether it goes to a reader of URLs.

    Attributes
    ----------
    text : str
        An absolute path.

    Raises
    ------
    OSError
        If a link cannot be made.
    """

    def __init__(self, path: Path, *, as_url: bool = False) -> None:
        odd = _READ_AS_URLS if as_url else _NO_UTF8
        self.path = path
        self.text = str(path.absolute())
        if os.name == "nt" or not odd.search(self.text):  # there a drive says that it is a path
            return
        folder = _fresh_folder()
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        if not odd.search(path.name):
            (folder / "in").symlink_to(path.parent.absolute(), target_is_directory=True)
            self.text = str(folder / "in" / path.name)
            return
        for beside in path.parent.iterdir():
            end = beside.name.removeprefix(path.stem)
            if end != beside.name and not odd.search(end):
                (folder / f"file{end}").symlink_to(beside.absolute())
        self.text = str(folder / f"file{path.suffix}")

    def original(self, name: str) -> Path:
        """Return the path of the file or of one beside it, by the name under which it was opened."""
        if name == self.text:
            return self.path
        stem = Path(self.text).stem
        own = Path(name).name
        return self.path.with_name(self.path.stem + own.removeprefix(stem) if own.startswith(stem) else own)


def _fresh_folder() -> Path:
    """Make a folder for links, and remove those of processes that were killed."""
    place = Path(tempfile.gettempdir())
    with suppress(OSError):
        for old in place.glob(f"{_PREFIX}*"):
            number = old.name.removeprefix(_PREFIX).partition("-")[0]
            if number.isdecimal() and not _lives(int(number)):
                shutil.rmtree(old, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # another user's
        return True
    return True
