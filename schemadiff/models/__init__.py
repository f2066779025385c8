"""SQLAlchemy's MetaData -> a schema. No connection."""
