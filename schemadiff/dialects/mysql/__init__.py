"""MySQL and MariaDB. See `dialect` and `mariadb`. What is relied on of the server was measured: docs/servers.md."""
