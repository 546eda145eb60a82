"""Point clouds to DSM, DEM and relief maps on the sheets of the Japanese plane rectangular zones."""
