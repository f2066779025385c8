"""The product itself: its version, its driver, the lexical rules of its SQL."""
