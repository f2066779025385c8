"""Carrying a plan out: the lock, the transaction, who blocks it, how far a statement is, scripts."""
