"""One module a family of causes, each a table named `CAUSES`."""
