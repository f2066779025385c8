"""A connection -> a schema and facts about what is stored."""
