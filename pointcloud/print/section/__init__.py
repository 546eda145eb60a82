"""Sections along lines: drawings and tables."""
