"""SQLite. See `dialect`."""
