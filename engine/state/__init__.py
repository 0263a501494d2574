"""The parts of an incident's state, each with its own `apply`; `engine.incident` dispatches events to them."""
