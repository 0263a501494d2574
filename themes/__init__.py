"""Colours and styles, used by the cockpit alone."""
