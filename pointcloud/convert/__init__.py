"""Rasters as they come (text grids, GML, LEM, GeoTIFF) to ours, and back to text."""
