"""The event log, the investigation of an incident, and the reasoning."""
