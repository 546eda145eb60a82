"""Heights as they come: GeoTIFF, text grids, GML, LEM and whatever GDAL reads."""
