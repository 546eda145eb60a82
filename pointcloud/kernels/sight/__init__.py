"""Kernels of what sees what: lines of sight, and the shadows of the sun."""
