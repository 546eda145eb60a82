"""The geoid as a grid, and ellipsoidal heights lowered by it: GTX and GeoTIFF as PROJ distributes them.

The user gives the file; none comes with the program. Heights are bilinear between the nodes, to the bit those of PROJ's
``vgridshift`` but for the last digits of a double.

Source: PROJ, Vertical grid shift, and Geodetic TIFF grids (proj.org); GTX as NOAA's VDatum defines it.
"""

from __future__ import annotations

import hashlib
import math
import struct
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pointcloud.errors import CrsError, FileError
from pointcloud.geo import projections
from pointcloud.geo.crs import SpatialReference, vertical_from_user
from pointcloud.geo.lattice import QUANTA_PER_METRE
from pointcloud.io.guard import open_input
from pointcloud.io.moving import in_quanta
from pointcloud.kernels.points import transverse_mercator
from pointcloud.kernels.raster import geoid as kernel
from pointcloud.params.grid import GeoidFile

_LARGEST = 1 << 30
_HEAD = struct.Struct(">4d2i")
_GTX_NONE = np.float32(-88.8888)
_FARTHEST = 1000.0  # metres: no geoid is so far from the ellipsoid; PROJ takes such nodes for nodata too
_NAMES = {"gsigeo2000": "JGD2000", "gsigeo2011": "JGD2011", "jpgeo2024": "JGD2024"}
_OFFSET = "VERTICAL_OFFSET_GEOGRAPHIC_TO_VERTICAL"


@dataclass(frozen=True, eq=False)
class Geoid:
    """The geoid above the ellipsoid.

    Parameters
    ----------
    path : Path
    sha256 : str
        Of the file.
    vertical : str, optional
        Height datum that heights refer to once they are lowered; ``None`` if the file does not say.
    corner : float64 array (4,)
        Longitude and latitude of the south-western node, and the steps, in degrees.
    heights : float32 array (rows, cols)
        Metres at the nodes, row 0 in the south, NaN where there is none.
    """

    path: Path
    sha256: str
    vertical: str | None
    corner: NDArray[np.float64]
    heights: NDArray[np.float32]

    @property
    def file(self) -> GeoidFile:
        """What parameters say of it."""
        return GeoidFile(str(self.path), self.sha256)

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north in degrees."""
        west, south, right, up = self.corner.tolist()
        rows, cols = self.heights.shape
        return west, south, west + (cols - 1) * right, south + (rows - 1) * up

    def at(
        self, lon: NDArray[np.float64], lat: NDArray[np.float64], label: str | Path
    ) -> NDArray[np.float64]:
        """Return the geoid's height in metres at places in degrees of JGD2000, JGD2011 or WGS 84.

        Raises
        ------
        FileError
            If a place lies outside the grid, or where it knows nothing; ``label`` names what asked.
        """
        out = np.empty(lon.size)
        kernel.undulations(lon, lat, self.corner, self.heights, out)
        missing = np.isnan(out)
        if missing.any():
            first = int(missing.argmax())
            west, south, east, north = (f"{edge:.3f}" for edge in self.bounds)
            values: dict[str, object] = {
                "w": west,
                "s": south,
                "e": east,
                "n": north,
                "count": int(missing.sum()),
            }
            place = {"lon": f"{lon[first]:.4f}", "lat": f"{lat[first]:.4f}"}
            raise FileError("geoid.outside", path=label, geoid=self.path.name, **values, **place)
        return out

    def lowered(
        self,
        e: NDArray[np.int64],
        n: NDArray[np.int64],
        z: NDArray[np.int32],
        plane: Plane,
        label: str | Path,
    ) -> NDArray[np.int32]:
        """Return heights above the geoid in quanta, rounded half to even, of points in quanta.

        Raises
        ------
        FileError
            As `at` does, or if a height leaves what 32 bits hold.
        """
        heights = np.rint(z - self.at(*plane.degrees(e, n), label) * QUANTA_PER_METRE)
        low, high = float(heights.min(initial=0.0)), float(heights.max(initial=0.0))
        if low < -(2**31) or high >= 2**31:
            raise FileError("file.height", path=label, low=f"{low / 1e4:.0f}", high=f"{high / 1e4:.0f}")
        return heights.astype(np.int32)


@dataclass(frozen=True, eq=False)
class Plane:
    """A transverse Mercator projection, ready to be inverted."""

    numbers: NDArray[np.float64]
    series: transverse_mercator.Series

    @classmethod
    @lru_cache(maxsize=8)
    def of(cls, horizontal: str) -> Plane:
        """Return the projection of a system.

        Raises
        ------
        CrsError
            If it is none on GRS 80 or WGS 84 in metres: a geoid has no place in Tokyo Datum.
        """
        found = projections.transverse_mercator(horizontal)
        if found is None:
            raise CrsError("geoid.crs", crs=SpatialReference(horizontal).label)
        return cls(in_quanta(found), transverse_mercator.series(found.inverse_flattening))

    def degrees(
        self, e: NDArray[np.int64], n: NDArray[np.int64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return longitude and latitude of points in quanta."""
        lon, lat = np.empty(e.size), np.empty(e.size)
        inverse, geographic = self.series.inverse, self.series.geographic
        transverse_mercator.to_degrees(e, n, self.numbers, inverse, geographic, lon, lat)
        return lon, lat


def of_file(file: GeoidFile) -> Geoid:
    """Return the geoid that parameters name.

    Raises
    ------
    FileError
        If the file is no longer what it was.
    """
    found = _read(file.path, file.sha256)
    if found.sha256 != file.sha256:
        raise FileError("geoid.changed", path=file.path)
    return found


@lru_cache(maxsize=2)
def _read(path: str, sha256: str) -> Geoid:
    """Read a file once, as long as it is to be the same."""
    return read_geoid(Path(path))


def read_geoid(path: Path) -> Geoid:
    """Return the geoid in a GTX or GeoTIFF file.

    Raises
    ------
    FileError
        If it cannot be read, or holds no geoid.
    """
    with open_input(path) as (file, status):
        if status.st_size > _LARGEST:
            raise FileError("geoid.large", path=path, size=status.st_size, limit=_LARGEST)
        data = file.read()
    corner, heights, stated = _tiff(path, data) if data[:2] in (b"II", b"MM") else _gtx(path, data)
    heights = np.where(np.abs(heights) < _FARTHEST, heights, np.float32(np.nan)).astype(np.float32)
    west, south, right, up = corner
    east, north = west + (heights.shape[1] - 1) * right, south + (heights.shape[0] - 1) * up
    if min(heights.shape) < 2 or not (
        right > 0 and up > 0 and -90 <= south < north <= 90 and east - west <= 360
    ):
        raise FileError(
            "geoid.shape", path=path, w=f"{west:g}", s=f"{south:g}", e=f"{east:g}", n=f"{north:g}"
        )
    if np.isnan(heights).all():
        raise FileError("geoid.empty", path=path)
    named = next((name for part, name in _NAMES.items() if part in path.name.lower()), None)
    vertical = stated or (vertical_from_user(named) if named else None)
    sha = hashlib.sha256(data).hexdigest()
    return Geoid(path, sha, vertical, np.array(corner), np.ascontiguousarray(heights))


Found = tuple[tuple[float, float, float, float], NDArray[np.float32], str | None]


def _gtx(path: Path, data: bytes) -> Found:
    if len(data) < _HEAD.size:
        raise FileError("geoid.kind", path=path)
    south, west, up, right, rows, cols = _HEAD.unpack_from(data)
    numbers = (south, west, up, right)
    if not all(map(math.isfinite, numbers)) or min(rows, cols) < 1 or max(map(abs, numbers)) > 720:
        raise FileError("geoid.kind", path=path)
    if len(data) != _HEAD.size + 4 * rows * cols:
        raise FileError("geoid.cut", path=path, size=len(data), wanted=_HEAD.size + 4 * rows * cols)
    heights = np.frombuffer(data, ">f4", offset=_HEAD.size).reshape(rows, cols).astype(np.float32)
    heights[heights == _GTX_NONE] = np.nan
    return (west - 360 if west >= 180 else west, south, right, up), heights, None


def _tiff(path: Path, data: bytes) -> Found:
    """Read a GeoTIFF; what its tags say of the kind and the height datum is PROJ's own vocabulary."""
    from pointcloud.io import raster

    try:
        with raster.opened_bytes(data) as file:
            tags, transform, crs = file.tags(), file.transform, file.crs
            band = file.read(1, masked=True)
            scale, offset, parts = file.scales[0], file.offsets[0], len(file.subdatasets)
    except raster.ERRORS as error:
        raise FileError("geoid.unreadable", path=path, cause=" ".join(str(error).split())) from error
    kind = tags.get("TYPE", _OFFSET)
    geographic = crs is None or crs.is_geographic
    if kind != _OFFSET or parts or not geographic or band.dtype.kind != "f":
        raise FileError("geoid.no_geoid", path=path, kind=kind)
    if transform.b or transform.d or transform.a <= 0 or transform.e >= 0:
        raise FileError("geoid.kind", path=path)
    heights = np.ma.filled(band.astype(np.float64) * scale + offset, np.nan).astype(np.float32)[::-1]
    south = transform.f + (heights.shape[0] - 0.5) * transform.e
    corner = transform.c + transform.a / 2, south, transform.a, -transform.e
    code = tags.get("target_crs_epsg_code", "")
    return corner, heights, vertical_from_user(code) if code.isdecimal() else None


def datum(geoid: Geoid, given: str | None) -> str:
    """Return the height datum of lowered heights; ``given`` is what the user states.

    Raises
    ------
    CrsError
        If nothing says it, or two things differ.
    """
    if geoid.vertical and given and geoid.vertical != given:
        labels = {"datum": geoid.vertical, "given": given}
        raise CrsError("geoid.other_datum", geoid=geoid.path.name, **labels)
    found = geoid.vertical or given
    if found is None:
        raise CrsError("geoid.no_datum", geoid=geoid.path.name)
    return found


def require_ellipsoidal(reference: SpatialReference, label: str | Path) -> None:
    """Make sure that nothing states that heights are above a geoid already.

    Raises
    ------
    CrsError
        If a height datum is stated.
    """
    if reference.vertical is not None:
        raise CrsError("geoid.orthometric", file=label, crs=reference.label)
