"""Relief: what a height model looks like, from arrays to arrays."""

from pointcloud.params import HYOGO_CS, CsParams
from pointcloud.relief.csmap import cs, halo
from pointcloud.relief.layers import Layers, layers

__all__ = ["HYOGO_CS", "CsParams", "Layers", "cs", "halo", "layers"]
