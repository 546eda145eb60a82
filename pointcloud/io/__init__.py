"""The only rooms that know files: reading clouds, spills, writing rasters and mosaics."""
