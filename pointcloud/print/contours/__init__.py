"""Contours: traced, labelled, and as files for a GIS or CAD."""
