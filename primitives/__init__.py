"""What can be asked of the world: questions, facts, diagnostics, backends. Knows nothing of incidents."""

__version__ = "0.1.0"
