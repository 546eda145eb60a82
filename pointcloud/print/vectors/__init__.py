"""The user's own lines and areas, and their labels."""
