"""The diagnostics, one module each, found by itself: each asks the sources questions and yields facts."""
