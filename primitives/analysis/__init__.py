"""Analyses that several diagnostics share: series, logs, spans and configuration compared with normal times."""
