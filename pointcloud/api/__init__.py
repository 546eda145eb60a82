"""What a notebook uses: arrays in memory, without files."""
