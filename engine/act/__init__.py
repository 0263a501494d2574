"""Recommended actions: proposals, their ids, and the queue that keeps them."""
