"""MySQL. What MariaDB does differently stands in ``dialects/mariadb.py``."""

from schemadiff.dialects.mysql.dialect import MySQL

__all__ = ["MySQL"]
