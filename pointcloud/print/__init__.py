"""Drawings for paper: site maps and sections, in millimetres on a page, true to scale.

>>> from pointcloud.print import site_map   # doctest: +SKIP
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pointcloud.print.contours.files import write_contours
    from pointcloud.print.contours.trace import Contour, contour_lines
    from pointcloud.print.map.design import Design
    from pointcloud.print.map.sitemap import SiteMap, site_map
    from pointcloud.print.paper.save import write
    from pointcloud.print.section.sheet import ProfileSheet, profile_pages
    from pointcloud.print.vectors.overlay import Overlay, read_overlays

__all__ = [
    "Contour",
    "Design",
    "Overlay",
    "ProfileSheet",
    "SiteMap",
    "contour_lines",
    "profile_pages",
    "read_overlays",
    "site_map",
    "write",
    "write_contours",
]

_HOMES = {
    "Design": "pointcloud.print.map.design",
    "write": "pointcloud.print.paper.save",
    "write_contours": "pointcloud.print.contours.files",
    **dict.fromkeys(("Contour", "contour_lines"), "pointcloud.print.contours.trace"),
    **dict.fromkeys(("Overlay", "read_overlays"), "pointcloud.print.vectors.overlay"),
    **dict.fromkeys(("ProfileSheet", "profile_pages"), "pointcloud.print.section.sheet"),
    **dict.fromkeys(("SiteMap", "site_map"), "pointcloud.print.map.sitemap"),
}


def __getattr__(name: str) -> Any:
    """Import a public name on its first use: the command line looks at the sizes of paper without NumPy."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
