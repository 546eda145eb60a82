"""Rasters as we write them: COG, VRT, styles, pictures, text."""
