"""What one file of points leaves behind for the sheets: cells on the lattice and ground points."""
