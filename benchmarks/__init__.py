"""How fast CloudOps is and how much memory it takes; `make bench` prints the table (docs/benchmarks.md)."""
