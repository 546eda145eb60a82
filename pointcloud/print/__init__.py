"""Drawings for paper: site maps and sections, in millimetres on a page, true to scale.

>>> from pointcloud.print import site_map   # doctest: +SKIP
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pointcloud.print.contour_files import write_contours
    from pointcloud.print.contours import Contour, contour_lines
    from pointcloud.print.design import Design
    from pointcloud.print.overlay import Overlay, read_overlays
    from pointcloud.print.profile import ProfileSheet, profile_pages
    from pointcloud.print.save import write
    from pointcloud.print.sitemap import SiteMap, site_map

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
    "Design": "pointcloud.print.design",
    "write": "pointcloud.print.save",
    "write_contours": "pointcloud.print.contour_files",
    **dict.fromkeys(("Contour", "contour_lines"), "pointcloud.print.contours"),
    **dict.fromkeys(("Overlay", "read_overlays"), "pointcloud.print.overlay"),
    **dict.fromkeys(("ProfileSheet", "profile_pages"), "pointcloud.print.profile"),
    **dict.fromkeys(("SiteMap", "site_map"), "pointcloud.print.sitemap"),
}


def __getattr__(name: str) -> Any:
    """Import a public name on its first use: the command line looks at the sizes of paper without NumPy."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
