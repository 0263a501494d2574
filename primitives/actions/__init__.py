"""What remediations and targeted diagnostics share: target, typed arguments, command, and how it is executed."""
