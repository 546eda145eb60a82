"""Several DEMs, in order of preference, to one: what the mosaic command does."""
