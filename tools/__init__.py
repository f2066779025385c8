"""Setting up the project: standard library only, because it runs before anything is installed."""
