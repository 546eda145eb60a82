"""Kernels of triangulation: exact predicates, Delaunay triangles, heights in them."""
