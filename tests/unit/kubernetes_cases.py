"""All the small cases of Kubernetes states, for what holds of every one of them."""

from __future__ import annotations

from test_kubernetes_conditions import CONDITIONS
from test_kubernetes_controllers import NODES, WORKLOADS
from test_kubernetes_disruptions import DISRUPTIONS
from test_kubernetes_host_paths import HOST_PATHS
from test_kubernetes_images import IMAGES, PROBES
from test_kubernetes_listening import MESH
from test_kubernetes_pods import PODS
from test_kubernetes_refusals import REFUSED
from test_kubernetes_route_tables import ROUTES
from test_kubernetes_routing import ROUTING, SETTINGS
from test_kubernetes_sandboxes import SANDBOXES
from test_kubernetes_scheduling import PORTS, REFERENCES, SCHEDULING
from test_kubernetes_volumes import ADMISSION, VOLUMES

__all__ = ["CASES"]

CASES = [
    *PODS, *IMAGES, *PROBES, *SCHEDULING, *REFERENCES, *PORTS,
    *SETTINGS, *ROUTING, *VOLUMES, *ADMISSION, *REFUSED, *SANDBOXES, *CONDITIONS, *DISRUPTIONS, *NODES, *WORKLOADS,
    *HOST_PATHS, *ROUTES, *MESH,
]  # fmt: skip
