"""What alerting services send, each in its own shape, as `IncomingAlert`.

A new provider is one module with a `parse` function and its line in `registry.PROVIDERS`.
"""
