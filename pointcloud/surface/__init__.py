"""Surface and terrain models, as arrays: no files here."""
