"""Points that came as text, as a LAZ file with classes: LAS 1.4, point format 6, coordinates in whole quanta."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import laspy
import numpy as np
from laspy.vlrs.known import WktCoordinateSystemVlr

from pointcloud.geo import projections
from pointcloud.geo.crs import SpatialReference
from pointcloud.geo.lattice import QUANTA_PER_METRE, quanta
from pointcloud.io import put
from pointcloud.io.cloudheader import PointChunk
from pointcloud.io.clouds.text import TextHeader, iter_points
from pointcloud.io.las.write import Classes

_SCALE = 1 / QUANTA_PER_METRE


def output_name(header: TextHeader) -> str:
    """Return the name of the new file: ``05LF901_org.laz``."""
    return f"{header.path.stem}.laz"


def stage_classes(
    header: TextHeader,
    folder: Path,
    classes: Callable[[PointChunk], Classes],
    crs: SpatialReference | None,
    *,
    parallel: bool = True,
) -> tuple[Path, int]:
    """Write the points under a private name; what the text says of pulses is not kept.

    Parameters and errors are those of :func:`pointcloud.io.las.write.stage_classes`.

    Parameters
    ----------
    crs : SpatialReference, optional
        Written into the file.
    """
    head = _head(header, crs)
    shifts = [quanta(offset) for offset in head.offsets.tolist()]

    def write(file: BinaryIO) -> None:
        backend = laspy.LazBackend.LazrsParallel if parallel else laspy.LazBackend.Lazrs
        with laspy.LasWriter(file, head, do_compress=True, laz_backend=backend, closefd=False) as writer:
            for points in iter_points(header):
                record = laspy.ScaleAwarePointRecord.zeros(points.count, header=head)
                for name, values, shift in (("X", points.e, shifts[0]), ("Y", points.n, shifts[1])):
                    record[name] = (values - shift).astype(np.int32)
                record["Z"] = points.z
                record["classification"] = classes(points)
                record["return_number"] = record["number_of_returns"] = np.ones(points.count, np.uint8)
                writer.write_points(record)

    return put.stage_by(folder, output_name(header), write)


def _head(header: TextHeader, crs: SpatialReference | None) -> laspy.LasHeader:
    head = laspy.LasHeader(version="1.4", point_format=6)
    head.creation_date = None  # the same points give the same bytes
    head.scales = np.full(3, _SCALE)
    west, south = header.mins[:2] if header.transform is None else header.box.bounds[:2]
    head.offsets = np.array([np.floor(west), np.floor(south), 0.0])
    if crs is not None:
        head.vlrs.append(WktCoordinateSystemVlr(projections.load(crs.horizontal).to_wkt("WKT1_GDAL")))
        head.global_encoding.wkt = True
    return head
