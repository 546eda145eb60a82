"""Names of folders and files, as the prefecture gives them: ``DEM_1g/DEM_05MF513_1g.tif``."""

from __future__ import annotations

import re
from pathlib import Path

from pointcloud.geo.lattice import QUANTA_PER_METRE, cell_quanta

_LITTER = re.compile(r"\.|~\$|thumbs\.db$|desktop\.ini$|ehthumbs|\$recycle", re.IGNORECASE)


def is_litter(name: str) -> bool:
    """Return whether a file's name is one that systems and other programs give to what they leave beside files.

    Hidden files, among them what macOS keeps beside each file (``._name``) and ``.DS_Store``; ``Thumbs.db``,
    ``desktop.ini``; what Office keeps while a file is open (``~$name``).
    """
    return _LITTER.match(name) is not None


def label(resolution: float) -> str:
    """Return the label of a resolution: ``1g`` for 1 m, ``05g`` for 50 cm.

    Whole metres are written as they are and lengths below a metre without their point, as the prefecture
    does (``025g`` is 25 cm). Anything else keeps a ``p`` in the place of the point, because ``25g`` is 25 m:
    2.5 m is ``2p5g``. So no two resolutions share a label: only those below a metre begin with 0, and only
    those above one that are no whole metres hold a ``p``.

    Parameters
    ----------
    resolution : float
        Side of a cell in metres, a multiple of 0.2 mm.

    Raises
    ------
    ValueError
        If the resolution is not positive or no multiple of 0.2 mm.
    """
    whole, rest = divmod(cell_quanta(resolution), QUANTA_PER_METRE)
    if not rest:
        return f"{whole}g"
    digits = f"{rest:04d}".rstrip("0")
    return f"{whole}p{digits}g" if whole else f"0{digits}g"


def resolution_of(label: str) -> float | None:
    """Return the resolution in metres that a label states, in any letter case, or ``None`` if it is none."""
    found = re.fullmatch(r"(?:(0)(\d{1,4})|([1-9]\d*)(?:p(\d{1,4}))?)g", label, re.IGNORECASE | re.ASCII)
    if not found:
        return None
    resolution = float(f"0.{found[2]}" if found[1] else f"{found[3]}.{found[4] or 0}")
    return resolution if resolution > 0 else None


def folder(product: str, resolution: float) -> str:
    """Return the name of the folder that holds a product at a resolution in metres: ``DEM_1g``."""
    return labelled_folder(product, label(resolution))


def labelled_folder(product: str, label: str) -> str:
    """Return the name of the folder of a product of any label: ``DEM_5A``, as the national meshes are called."""
    return f"{product.upper()}_{label}"


def file_name(product: str, sheet: str, resolution: float) -> str:
    """Return the name of the file of one sheet: ``DEM_05MF513_1g.tif``."""
    return file_in(folder(product, resolution), sheet)


def file_in(folder: str, sheet: str) -> str:
    """Return the name of the file of one sheet in a product's folder: ``DEM_52353762_5A.tif`` in ``DEM_5A``."""
    product, resolution = folder.split("_", 1)
    return f"{product}_{sheet}_{resolution}.tif"


def mosaic_name(product: str, resolution: float) -> str:
    """Return the name of the mosaic of all sheets, which lies beside their folder: ``DEM_1g.vrt``."""
    return f"{folder(product, resolution)}.vrt"


def preview_name(product: str, resolution: float) -> str:
    """Return the name of the picture of all sheets, which lies beside their folder: ``DEM_1g.png``."""
    return f"{folder(product, resolution)}.png"


def style_name(product: str, resolution: float) -> str:
    """Return the name of the style of a mosaic, which QGIS takes from beside it: ``QUALITY_1g.qml``."""
    return f"{folder(product, resolution)}.qml"


def overview_name(folder: str) -> str:
    """Return the name of the overview behind the mosaic of a product's folder: ``DEM_1g_overview.tif``."""
    return f"{folder}_overview.tif"


_PRODUCT_FOLDER = re.compile(r"[A-Z][A-Z0-9]*(?:-[A-Z0-9]+)*_[0-9A-Za-z]+")
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)
_LONGEST = 200  # letters: file systems take 255 bytes, and names grow by a product and an ending


def is_plain(name: str) -> bool:
    """Return whether a text that came from elsewhere is the name of a file or sheet, and no way to another place.

    It is one name, of letters that can be seen, in any script; and none that Windows keeps for itself.
    """
    return (
        0 < len(name) <= _LONGEST
        and name.isprintable()
        and not set(name) & set('<>:"/\\|?*')
        and not name.startswith(".")
        and name == name.strip(" .")
        and not _RESERVED.fullmatch(name)
    )


def is_product_folder(name: str) -> bool:
    """Return whether a text is the name of a product's folder, as `labelled_folder` makes it."""
    return len(name) <= _LONGEST and _PRODUCT_FOLDER.fullmatch(name) is not None


def lies_within(path: Path, folder: Path) -> bool:
    """Return whether a path stays in a folder, links followed: what is to be removed or replaced there must.

    Neither needs to exist. A path that is the folder itself does not lie within it.
    """
    inner, outer = path.resolve(), folder.resolve()
    return inner != outer and inner.is_relative_to(outer)
