"""Points of one system brought into another: where geometry is enough, and what to do where it is not.

Between the realisations of one datum in Japan nothing but geometry is needed: degrees, plane rectangular zones and UTM
of JGD2011 (in the plane JGD2024 is the same), and of JGD2000 where the two have the same numbers. What needs a grid,
such as Tokyo Datum, is refused by the name of what does it.
"""

from __future__ import annotations

from dataclasses import dataclass

from pointcloud.errors import CrsError
from pointcloud.geo import projections
from pointcloud.geo.crs import SpatialReference, require_metres
from pointcloud.geo.projections import TransverseMercator

_JGD = "JGD2000", "JGD2011"
_UTM = range(6688, 6693)  # EPSG codes of UTM 51N to 55N on JGD2011


@dataclass(frozen=True, slots=True)
class PointTransform:
    """How points of one horizontal system come into another, a transverse Mercator plane in metres.

    Parameters
    ----------
    source, target : str
        ``EPSG:code``, or WKT where no code fits.
    origin : TransverseMercator or None
        The plane that the points come from; ``None`` for degrees.
    plane : TransverseMercator
        The plane that they are brought onto, on the same ellipsoid.
    """

    source: str
    target: str
    origin: TransverseMercator | None
    plane: TransverseMercator

    @classmethod
    def between(cls, source: SpatialReference, target: SpatialReference, file: str) -> PointTransform | None:
        """Return how points come from one system into another, or ``None`` if they are there already.

        Parameters
        ----------
        source, target : SpatialReference
        file : str
            What messages call the file that is in ``source``.

        Raises
        ------
        CrsError
            If more than geometry is needed, a unit is not the metre or the degree, or a projection is another one.
        """
        plane = target_plane(target)
        here, there = source.horizontal, target.horizontal
        if projections.same_place(here, there):
            require_metres(source, file)
            return None
        _require_jgd(source, target, file)
        if projections.in_degrees(here):
            require_metres(SpatialReference(there, source.vertical), file)
            origin = None
        else:
            require_metres(source, file)
            origin = projections.transverse_mercator(here)
            if origin is None:
                raise CrsError("transform.other", file=file, crs=source.label, to=target.label)
        _require_unmoved(source, target, file)
        return cls(here, there, origin, plane)

    @property
    def label(self) -> str:
        """``EPSG:code`` of the system that points come from, or its name if it has no code."""
        return SpatialReference(self.source).label

    @property
    def target_label(self) -> str:
        """The same of the system that they are brought into."""
        return SpatialReference(self.target).label


def target_plane(target: SpatialReference) -> TransverseMercator:
    """Return the plane of the system that points are to be brought into.

    Raises
    ------
    CrsError
        If it is no transverse Mercator plane in metres on JGD2000 or JGD2011/2024.
    """
    plane = projections.transverse_mercator(target.horizontal)
    if plane is None or projections.realisation(target.horizontal) not in _JGD:
        raise CrsError("transform.target", crs=target.label)
    return plane


def restates(given: SpatialReference, stated: SpatialReference) -> bool:
    """Whether ``given`` only says which realisation it is that a file calls WGS 84."""
    a, b = given.horizontal, stated.horizontal
    wgs = projections.realisation(b) == "WGS 84"
    return wgs and projections.realisation(a) in _JGD and projections.alike(a, b)


def _require_jgd(source: SpatialReference, target: SpatialReference, file: str) -> None:
    """Refuse every datum but JGD2000 and JGD2011."""
    datum = projections.realisation(source.horizontal)
    values = {"file": file, "crs": source.label, "to": target.label}
    if datum == "Tokyo":
        raise CrsError("transform.tokyo", **values)
    same = _twin(source.horizontal) if datum == "WGS 84" else None
    if same is not None:
        raise CrsError("transform.wgs84", **values, same=same)
    if datum not in _JGD:
        raise CrsError("transform.other", **values)


def _require_unmoved(source: SpatialReference, target: SpatialReference, file: str) -> None:
    """Refuse JGD2000 for JGD2011 and the other way round but in zones where both have the same numbers."""
    a, b = source.horizontal, target.horizontal
    datum = projections.realisation(a)
    if datum == projections.realisation(b):
        return
    if target.zone is None or projections.moved_in_2011(a) or projections.moved_in_2011(b):
        raise CrsError("transform.moved", file=file, crs=source.label, to=target.label, datum=datum)


def _twin(wgs: str) -> str | None:
    """Return the system of JGD2011 with the parameters of one of WGS 84."""
    zones = (projections.JGD2011 + zone for zone in projections.ORIGINS)
    codes = (f"EPSG:{code}" for code in (projections.JGD2011, *_UTM, *zones))
    return next((code for code in codes if projections.alike(code, wgs)), None)
