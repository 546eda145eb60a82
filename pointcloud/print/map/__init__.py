"""Site maps: land and paper, furniture, legend, title block."""
