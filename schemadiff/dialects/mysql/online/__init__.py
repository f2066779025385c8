"""How a change is carried out without keeping readers and writers waiting."""
