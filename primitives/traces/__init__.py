"""Traces of any tracing system: their formats, what spans are about, and the source that asks a store of them."""
