"""Shapes of a Shapefile, read without GDAL, and without what lies beside it."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

from pointcloud.errors import ParameterError
from pointcloud.io.geojson import require_finite
from pointcloud.machine.limits import limit


def read(path: Path) -> list[Any]:
    """Return the shapes of a Shapefile, flat, as shapely has them.

    Raises
    ------
    OSError
        If it cannot be read.
    ValueError
        If it is damaged, or longer than the limit (:class:`~pointcloud.errors.ParameterError`).
    """
    import shapefile
    import shapely
    from shapely.geometry import shape

    if path.stat().st_size > limit("text"):
        raise ParameterError("textfile.long", limit=limit("text"))
    with path.open("rb") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with shapefile.Reader(shp=file) as reader:
                held = [each for each in reader.iterShapes() if each.shapeType != shapefile.NULL]
                found = [shapely.force_2d(shape(each.__geo_interface__)) for each in held]
        except OSError:
            raise
        except Exception as error:  # of pyshp, struct, shapely: a decoder's, whatever it is
            raise ParameterError("geojson.shape", cause=error) from error
    require_finite(found)
    return found
