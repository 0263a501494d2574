"""What Kubernetes objects, events and container logs say: pure functions from dumps to findings, one module a family.

`cluster` indexes the dumps, `states` lists every state that can be found, the other modules find them. Objects may be
partial or malformed: what is missing is not concluded from, what is wrong is skipped, nothing raises.
"""
