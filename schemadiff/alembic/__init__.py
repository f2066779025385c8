"""What Alembic left behind: its revision files, read and never executed, and its mark in the database."""
