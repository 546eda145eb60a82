"""The classes of points, from where they lie alone."""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pointcloud.classification.request import ClassifyRequest
from pointcloud.geo.lattice import Box
from pointcloud.ground import objects, smrf
from pointcloud.ground.objects import Lonely, Roofs
from pointcloud.ground.smrf import Classified
from pointcloud.io.cloudheader import PointChunk
from pointcloud.io.spill.cloud import Cloud
from pointcloud.params.grid import WATER_CLASS

UNCLASSIFIED, GROUND, LOW, MEDIUM, HIGH, BUILDING, NOISE = 1, 2, 3, 4, 5, 6, 7
_KEPT = (NOISE, WATER_CLASS, 18)
"""Classes that points keep: what a supplier calls noise or water is neither ground nor plant."""


@dataclass(frozen=True)
class Found:
    """All that the classes of a file's points follow from."""

    terrain: Classified
    isolated: Lonely
    roofs: Roofs | None

    @classmethod
    def of(cls, cloud: Cloud, box: Box, request: ClassifyRequest, pool: Executor | None) -> Found:
        """Return it for the points in a box, from those around it."""
        wide = box.grow(request.around)
        terrain = smrf.classify(cloud, wide, request.params, pool)
        isolated = objects.lonely(cloud, wide, request.isolated, pool)
        roofs = None
        if request.roofs:
            roofs = objects.find_roofs(cloud, terrain, box, request.roofs, isolated, pool)
        return cls(terrain, isolated, roofs)


def classes_of(points: PointChunk, found: Found, heights: tuple[float, ...]) -> NDArray[np.uint8]:
    """Return the class of each point."""
    east, north = int(points.e[0]), int(points.n[0])
    xy = np.column_stack((points.e - east, points.n - north)).astype(np.int32)
    above, ground = found.terrain.heights(xy, points.z, east, north)
    out = np.full(points.count, UNCLASSIFIED, np.uint8)
    for least, number in zip(heights, (LOW, MEDIUM, HIGH), strict=False):
        out[above >= least] = number
    if found.roofs:
        out[found.roofs.holds(xy, points.z, above, east, north)] = BUILDING
    out[ground] = GROUND
    out[found.terrain.noise(xy, points.z, east, north)] = NOISE
    out[(above > objects.IN_THE_AIR) & found.isolated.holds(xy, points.z, east, north)] = NOISE
    kept = np.isin(points.classification, _KEPT) | points.withheld
    return np.where(kept, points.classification, out)
