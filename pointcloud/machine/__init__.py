"""This computer: where it keeps caches, and its memory."""
