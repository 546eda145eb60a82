"""Kernels that read and write numbers as text."""
