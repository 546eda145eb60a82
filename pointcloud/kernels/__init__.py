"""Numba only: arrays in, arrays out. No files, no exceptions, no allocation in loops."""
