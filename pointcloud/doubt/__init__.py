"""What files state, held against what they hold: what is impossible, unlikely or unsaid. Values only, no files here."""
