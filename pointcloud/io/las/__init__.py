"""LAS, LAZ and COPC files: header, records, points, and back."""
