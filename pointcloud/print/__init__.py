"""Drawings for paper: site maps and sections, in millimetres on a page, true to scale."""
