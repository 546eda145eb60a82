"""What is asked for: frozen values that any worker can be handed, and their way to TOML and back."""
