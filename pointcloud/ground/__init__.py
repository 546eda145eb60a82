"""Which points are ground, from where they lie alone: no files here."""
