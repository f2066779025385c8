"""What several dialects need. Nothing here is about one product."""
