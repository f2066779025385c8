"""A plan -> the database, under a journal, or the text of a script."""
