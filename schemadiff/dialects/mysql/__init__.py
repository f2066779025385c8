"""MySQL and MariaDB. See `dialect` and `mariadb`."""
