"""PostgreSQL. See `dialect`."""
