"""News out: who is told of an incident, through which receiver, at least once."""
