"""Questions, sources, facts, diagnostics and remediations. Imports nothing of `engine` or `cockpit`."""

__version__ = "0.1.0"
