"""One hillside as other programs write it: columns, separators, header lines and encodings of all kinds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from runs import Array

CORNER = (45000.0, -77700.0)
SHEET = "05MF513"


@dataclass(frozen=True)
class Manner:
    """A text, and what must be read of it.

    Parameters
    ----------
    content : bytes
    columns : str
        As `info` shows them.
    told : bool
        Whether what the columns are is said aloud.
    decimals : int
        Of E and N that the text keeps; the heights have two.
    """

    content: bytes
    columns: str = "x y z"
    told: bool = False
    decimals: int = 2


def slope(side: int = 40) -> tuple[Array, Array, Array, Array]:
    """Return E, N, height and class of a point a square metre of sheet 05MF513, in an order like that of a scanner."""
    rng = np.random.default_rng(3)
    row, col = np.divmod(rng.permutation(side * side), side)
    e = np.round(CORNER[0] + col + rng.uniform(0.05, 0.95, col.size), 2)
    n = np.round(CORNER[1] + row + rng.uniform(0.05, 0.95, col.size), 2)
    z = np.round(100 + 0.1 * (e - CORNER[0]) + 0.05 * (n - CORNER[1]), 2)
    return e, n, z, np.where(rng.random(col.size) < 0.7, 2, 5)


def manners() -> dict[str, Manner]:
    """Return the texts by what is special about them."""
    e, n, z, classes = slope()
    rng = np.random.default_rng(4)
    rgb, intensity = rng.integers(0, 255, (e.size, 3)), rng.integers(0, 200, e.size)
    xyz = [f"{a:.2f} {b:.2f} {c:.2f}" for a, b, c in zip(e, n, z, strict=True)]
    colours = [" ".join(map(str, row)) for row in rgb]
    wide = str.maketrans("0123456789.- ", "０１２３４５６７８９．－\u3000")

    def text(rows: list[str], head: str = "", encoding: str = "utf-8", end: str = "\n") -> bytes:
        return (head + end.join(rows) + end).encode(encoding)

    def beside(*more: object) -> list[str]:
        return [" ".join(map(str, row)) for row in zip(xyz, *more, strict=True)]  # type: ignore[call-overload]

    def parted(sign: str) -> list[str]:
        return [row.replace(" ", sign) for row in xyz]

    whole = [f"{a:.0f} {row.split(' ', 1)[1]}" for a, row in zip(e, xyz, strict=True)]
    return {
        "x y z": Manner(text(xyz)),
        "class behind": Manner(text(beside(classes)), "x y z -", told=True),
        "intensity and class behind": Manner(text(beside(intensity, classes)), "x y z - -", told=True),
        "colours behind": Manner(text(beside(colours)), "x y z - - -", told=True),
        "intensity and colours behind": Manner(text(beside(intensity, colours)), "x y z - - - -", told=True),
        "x in whole metres, intensity behind": Manner(
            text([f"{row} {k}" for row, k in zip(whole, intensity, strict=True)]),
            "x y z -",
            told=True,
            decimals=0,
        ),
        "header": Manner(text(xyz, "X Y Z\n")),
        "header in Japanese": Manner(text(parted(","), "X座標,Y座標,標高\n", "cp932")),
        "header with a class": Manner(
            text(beside(classes), "x y z Classification\n"), "x y z class", told=True
        ),
        "header of CloudCompare": Manner(
            text(beside(colours), f"//X Y Z R G B\n{e.size}\n"), "x y z - - -", told=True
        ),
        "count first": Manner(text(xyz, f"{e.size}\n")),
        "mark of UTF-8": Manner(text(xyz, encoding="utf-8-sig", end="\r\n")),
        "tabs": Manner(text(parted("\t"))),
        "semicolons": Manner(text(parted(";"))),
        "decimal commas": Manner(text([row.replace(".", ",") for row in xyz])),
        "semicolons and decimal commas": Manner(
            text([row.replace(".", ",").replace(" ", ";") for row in xyz])
        ),
        "full width": Manner(text([row.translate(wide) for row in xyz])),
        "full width in Shift-JIS": Manner(text([row.translate(wide) for row in xyz], encoding="cp932")),
        "full width from the middle on": Manner(
            text([*xyz[:900], *(row.translate(wide) for row in xyz[900:])])
        ),
        "names of points": Manner(
            text([f"杭{i},{row.replace(' ', ',')}" for i, row in enumerate(xyz)], encoding="cp932"),
            "id x y z",
            told=True,
        ),
        "names behind": Manner(text([f"{row} P{i}" for i, row in enumerate(xyz)]), "x y z -", told=True),
        "northing first": Manner(
            text([f"{i},{b:.2f},{a:.2f},{c:.2f},1" for i, (a, b, c) in enumerate(zip(e, n, z, strict=True))]),
            "id y x z -",
            told=True,
        ),
        "exponents": Manner(text([f"{a:.6e} {b:.6e} {c:.4e}" for a, b, c in zip(e, n, z, strict=True)])),
        "an exponent far down": Manner(text([*xyz[:900], *(f"{row}0e0" for row in xyz[900:])])),
        "blanks and empty lines": Manner(text([*(f"{row}   " for row in xyz[:50]), "", "", *xyz[50:], ""])),
        "UTF-16": Manner(text(xyz, encoding="utf-16")),
        "UTF-16 without a mark": Manner(text(xyz, encoding="utf-16-le")),
        "comma at the end": Manner(text([f"{row}," for row in parted(",")])),
        "comma at the beginning": Manner(text([f",{row}" for row in parted(",")])),
    }
