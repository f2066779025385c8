"""The commands as functions, which return values and never print."""
