"""Where things lie: the lattice, map sheets, coordinate reference systems, places and sites."""
