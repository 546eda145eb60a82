"""Kernels of rasters: overviews, resampling, the geoid."""
