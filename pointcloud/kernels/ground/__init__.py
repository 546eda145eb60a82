"""Kernels that tell ground from what stands on it, and land from water."""
