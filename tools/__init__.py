"""What sets the project up: standard library only, because it runs before anything is installed."""
