"""Point clouds to DSM, DEM and relief maps on the sheets of the Japanese plane rectangular zones.

>>> import pointcloud as pc
>>> points = pc.read("05LE5932.laz")       # doctest: +SKIP
>>> dem = pc.dem(points, resolution=0.5)   # doctest: +SKIP
>>> pc.cs(dem)                             # doctest: +SKIP
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from pointcloud.version import __version__

if TYPE_CHECKING:
    from pointcloud.api.arrays import cs, dem, dsm, layer, mosaic, picture, quality
    from pointcloud.api.clouds import PointCloud, cloud, read
    from pointcloud.api.raster import Raster
    from pointcloud.api.sections import profile
    from pointcloud.api.viewsheds import viewshed
    from pointcloud.view import scene


__all__ = [
    "PointCloud",
    "Raster",
    "__version__",
    "cloud",
    "cs",
    "dem",
    "dsm",
    "layer",
    "mosaic",
    "picture",
    "profile",
    "quality",
    "read",
    "scene",
    "viewshed",
]

_HOMES = {
    "Raster": "pointcloud.api.raster",
    "profile": "pointcloud.api.sections",
    "viewshed": "pointcloud.api.viewsheds",
    "scene": "pointcloud.view",
    **dict.fromkeys(("PointCloud", "cloud", "read"), "pointcloud.api.clouds"),
    **dict.fromkeys(("cs", "dem", "dsm", "layer", "mosaic", "picture", "quality"), "pointcloud.api.arrays"),
}


def __getattr__(name: str) -> Any:
    """Import a public name on its first use: ``import pointcloud`` alone stays cheap."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
