"""Relief: what a height model looks like, from arrays to arrays."""

from pointcloud.params.csmap import CsParams
from pointcloud.params.grid import HYOGO_CS
from pointcloud.relief.cs_layers import Layers, layers
from pointcloud.relief.csmap import cs
from pointcloud.relief.derivatives import (
    aspect,
    curvature,
    hillshade,
    multi_hillshade,
    plan_curvature,
    profile_curvature,
    slope,
)
from pointcloud.relief.openness import (
    negative_openness,
    positive_openness,
    sky_view_factor,
)
from pointcloud.relief.prominence import local_dominance, local_relief
from pointcloud.relief.render import halo, layer, picture, shaded_heights
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
