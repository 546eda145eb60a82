"""Kernels of relief: smoothing, slope, curvature, shading, horizons, colours."""
