"""Kernels of points: records to quanta, quanta to cells, buckets and cubes."""
