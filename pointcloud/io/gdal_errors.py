"""Why GDAL could not read a file, in words of the catalogue where it is one of the usual reasons."""

from __future__ import annotations

import re

from pointcloud.messages import say

_FORMAT = re.compile(r"not recognized as being in a supported|no driver|not a supported file format", re.I)
_CUT = re.compile(
    r"TIFF(Read|Fill|Fetch)|got \d+ bytes|file too short|truncat|end of file|IReadBlock failed|\bunexpected eof",
    re.I,
)


def cause(error: BaseException) -> str:
    """Return why a file could not be read, from the first of the exceptions that led to one."""
    while error.__cause__ is not None:
        error = error.__cause__
    text = " ".join(str(error).split())
    if _FORMAT.search(text):
        return say("gdal.format")
    if _CUT.search(text):
        return say("gdal.cut")
    return text or type(error).__name__
