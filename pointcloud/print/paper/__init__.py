"""Paper: pages in millimetres, fonts, and files of them."""
