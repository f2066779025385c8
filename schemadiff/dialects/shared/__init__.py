"""Code that several dialects share. Nothing here is about one product."""
