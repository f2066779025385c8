"""The one form in which definitions are compared. Pure."""
