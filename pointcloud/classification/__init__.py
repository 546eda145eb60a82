"""Point clouds again, with ground and noise told apart from the rest."""
