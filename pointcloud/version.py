"""The version of the program, which every raster states."""

__version__ = "0.1.0"
