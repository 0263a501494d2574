"""What happens, in order, once: the event log, the investigation and the reasoning."""
