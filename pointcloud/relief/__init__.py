"""Relief: what a height model looks like, from arrays to arrays."""

from pointcloud.cs_params import CsParams
from pointcloud.params import HYOGO_CS
from pointcloud.relief.csmap import cs
from pointcloud.relief.layers import Layers, layers
from pointcloud.relief.show import halo, layer, picture, shaded_heights
from pointcloud.relief.surroundings import (
    local_dominance,
    local_relief,
    negative_openness,
    positive_openness,
    sky_view_factor,
)
from pointcloud.relief.terrain import (
    aspect,
    curvature,
    hillshade,
    multi_hillshade,
    plan_curvature,
    profile_curvature,
    slope,
)
from pointcloud.relief.vat import combined_vat, vat
from pointcloud.relief.viewshed import viewshed

__all__ = [
    "HYOGO_CS",
    "CsParams",
    "Layers",
    "aspect",
    "combined_vat",
    "cs",
    "curvature",
    "halo",
    "hillshade",
    "layer",
    "layers",
    "local_dominance",
    "local_relief",
    "multi_hillshade",
    "negative_openness",
    "picture",
    "plan_curvature",
    "positive_openness",
    "profile_curvature",
    "shaded_heights",
    "sky_view_factor",
    "slope",
    "vat",
    "viewshed",
]
