"""The live database -> a schema; the server is asked what definitions mean."""
