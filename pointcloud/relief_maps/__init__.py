"""DEM files to relief maps and viewsheds."""
