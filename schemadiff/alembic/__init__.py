"""Reading what Alembic left behind: its revision files, never executed, and its mark in the database."""
