"""The recorded backend: an incident bundle as a source.

It is not registered: a bundle is no live source that a person configures, it is what `--incident` opens.
"""
