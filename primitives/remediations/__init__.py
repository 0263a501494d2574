"""The remediations, one module each, found by itself: actions that change something, with the exact command."""
