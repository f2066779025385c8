"""What a run needs: the lock, the transaction, who blocks it, how far a statement is, scripts."""
