"""How a text grid is written: what a raster keeps of it in a tag, so that the same bytes can be written again."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pointcloud.errors import FileError
from pointcloud.geo.lattice import metres
from pointcloud.kernels.text import textgrid as kernel
from pointcloud.plaintext import to_json

TAG = "TEXT_FORMAT"


@dataclass(frozen=True, slots=True)
class TextStyle:
    """The manner of a text grid.

    Parameters
    ----------
    name : str
        The file's name, in its own letter case.
    separator : str
        One sign.
    end : str
        Of a line: ``lf`` or ``crlf``.
    ended : bool
        Whether the last line is ended too.
    eastings, northings, heights : (int, int)
        Fewest and most decimals; zeros at the end beyond the fewest are not written.
    blank : str
        What is written where there is no height; empty: nothing, the cell is left out.
    bounds : (float, float, float, float)
        First and last easting, first and last northing: cells beyond are left out.
    sha256 : str
        Of the text, to know whether it came back byte for byte; empty if there was none.
    """

    name: str
    separator: str = " "
    end: str = "lf"
    ended: bool = True
    eastings: tuple[int, int] = (3, 3)
    northings: tuple[int, int] = (3, 3)
    heights: tuple[int, int] = (2, 2)
    blank: str = ""
    bounds: tuple[float, float, float, float] | None = None
    sha256: str = ""

    @classmethod
    def of(
        cls,
        notes: NDArray[np.int64],
        name: str,
        separator: str,
        sentinels: NDArray[np.float64],
        sha256: str,
        *,
        ended: bool,
    ) -> TextStyle:
        """Return the style that notes of the kernels tell of."""

        def pair(least: int) -> tuple[int, int]:
            return int(notes[least]), int(notes[least + 1])

        kind, decimals = int(notes[kernel.BLANK]), int(notes[kernel.BLANK_DECIMALS])
        none = notes[kernel.MOST_Z] < 0
        return cls(
            name=name,
            separator=separator,
            end="crlf" if 2 * notes[kernel.CRLF] > notes[kernel.LINES] else "lf",
            ended=ended,
            eastings=pair(kernel.LEAST_E),
            northings=pair(kernel.LEAST_N),
            heights=(2, 2) if none else pair(kernel.LEAST_Z),
            blank=f"{sentinels[kind]:.{decimals}f}" if kind >= 0 else "",
            bounds=(
                metres(int(notes[kernel.WEST])),
                metres(int(notes[kernel.EAST])),
                metres(int(notes[kernel.SOUTH])),
                metres(int(notes[kernel.NORTH])),
            ),
            sha256=sha256,
        )

    def to_json(self) -> str:
        """Return it as text for a tag."""
        return to_json(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str, label: str) -> TextStyle:
        """Return the style in a tag.

        Raises
        ------
        FileError
            If somebody has edited the tag and it makes no sense; ``label`` names the raster.
        """
        try:
            values: dict[str, Any] = json.loads(text)
            for key in ("eastings", "northings", "heights", "bounds"):
                values[key] = tuple(values[key]) if values[key] is not None else None
            style = cls(**values)
            pairs = (style.eastings, style.northings, style.heights)
            sound = all(0 <= least <= most <= 9 for least, most in pairs)
            sound &= style.separator in (" ", "\t", ",") and style.end in ("lf", "crlf")
            sound &= style.bounds is None or len([float(edge) for edge in style.bounds]) == 4
            sound &= len(style.blank) < 20 and style.name == style.name.replace("\\", "/").rpartition("/")[2]
        except (ValueError, TypeError, KeyError, AttributeError):
            sound = False
        if not sound:
            raise FileError("textgrid.tag", path=label, tag=TAG)
        return style
