"""SQLite. See `dialect`. What is relied on of the server was measured: docs/servers.md."""
