"""A question-and-answer site: the example that comes with schemadiff."""
