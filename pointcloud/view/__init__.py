"""Views: a place in three dimensions, as a picture, a film, a page in a browser, or a PyVista plotter."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pointcloud.api.raster import Raster
from pointcloud.geo import places
from pointcloud.geo.lattice import Box
from pointcloud.geo.places import Place
from pointcloud.view.build import build
from pointcloud.view.camera import Aim
from pointcloud.view.heights import opened
from pointcloud.view.request import SIZE, Label, ViewRequest
from pointcloud.view.vtk_scene import caption, plotter

__all__ = ["Aim", "Label", "ViewRequest", "scene"]


def scene(
    dem: Raster | str | Path | Sequence[str | Path],
    place: str | None = None,
    *,
    dsm: Raster | str | Path | Sequence[str | Path] | None = None,
    points: str | Path | Sequence[str | Path] = (),
    size: tuple[int, int] = SIZE,
    off_screen: bool | None = None,
    **options: Any,
) -> Any:
    """Return a PyVista plotter that shows a place, to go on with: ``plotter.show()``, ``plotter.screenshot()``.

    Coordinates in it are easting, northing and height (times the exaggeration) in metres, so that what you add lies
    where it belongs. In Jupyter ``show()`` turns with the mouse if trame is installed; it is a still picture otherwise.

    Parameters
    ----------
    dem : Raster or path, or several paths
        The terrain: a raster of :func:`pointcloud.dem`, or files, folders, patterns.
    place : str, optional
        A site's name, a sheet code, ``E,N``, ``latitude,longitude`` or ``W,S,E,N``; all of a raster without it.
    dsm, points : as ``dem``
        A surface over the terrain; point clouds.
    size : (width, height)
        Pixels.
    off_screen : bool, optional
        Whether to draw without a window; PyVista decides without it.
    **options
        What :class:`ViewRequest` takes: ``drape``, ``exaggeration``, ``contours``, ``aim``, ``labels`` …

    Raises
    ------
    ParameterError
        If the place lies outside the terrain, an option cannot be used, or PyVista is not installed.
    FileError, CrsError
        If a file cannot be used.

    Examples
    --------
    >>> import pointcloud as pc
    >>> plotter = pc.scene(dem, drape="cs", exaggeration=1.5)     # doctest: +SKIP
    >>> plotter.screenshot("castle.png")                          # doctest: +SKIP
    """
    terrain = dem if isinstance(dem, Raster) else _several(dem)
    request = ViewRequest(
        _all_of(terrain) if place is None else places.parse(place),
        terrain,
        dsm if dsm is None or isinstance(dsm, Raster) else _several(dsm),
        points=_several(points),
        **options,
    )
    model = build(request)
    made = plotter(model, size, off_screen=off_screen)
    caption(made, model)
    return made


def _several(paths: str | Path | Sequence[str | Path]) -> tuple[str | Path, ...]:
    return (paths,) if isinstance(paths, str | Path) else tuple(paths)


def _all_of(terrain: Raster | tuple[str | Path, ...]) -> Place:
    """Return the place that is all of a height model, in whatever CRS."""
    with opened(terrain) as heights:
        west, south, east, north = heights.bounds
        box = Box.from_metres(west, south, east, north)
        return Place(heights.name, places.HYOGO_ZONE, (west + east) / 2, (south + north) / 2, None, box)
