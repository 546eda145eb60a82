"""A whole run: what was handed in, which sheets it makes, who works on them, and what came of it."""
