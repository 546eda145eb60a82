"""Point clouds to DSM, DEM and relief on sheets: what was handed in, what it makes, who works on it."""
