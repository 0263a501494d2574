"""Receivers: one file each, with its renderer."""
