"""The catalogue's causes: one module for each family, each with a table named `CAUSES`."""
