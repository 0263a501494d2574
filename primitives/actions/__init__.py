"""What remediations and looks have in common: the target, typed arguments, commands and operations."""
