"""Files of points, of whatever kind: which there are, what they say of themselves, their points."""
