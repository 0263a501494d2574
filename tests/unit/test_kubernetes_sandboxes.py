"""What a sandbox that can't be created says: memory, addresses, the network plugin, or the runtime."""

from __future__ import annotations

import pytest
from kubernetes_objects import Case, check, event, owned, pod, waiting

from primitives.kubernetes.sandboxes import sandbox_state

CREATING = pod(statuses=[waiting("ContainerCreating")], phase="Pending")
SANDBOXES = [
    Case(
        "killed for memory before it started",
        owned(
            CREATING,
            event(
                "FailedCreatePodSandBox",
                "Failed to create pod sandbox: rpc error: code = Unknown desc = runc create failed: unable to start "
                "container process: container init was OOM-killed (memory limit too low?)",
            ),
        ),
        "OOMKilled",
        never=("ContainerCreating",),
    ),
    Case(
        "no address in the subnet",
        owned(
            CREATING,
            event(
                "FailedCreatePodSandBox",
                'Failed to create pod sandbox: plugin type="aws-cni" name="aws-cni" failed (add): add cmd: failed to '
                "assign an IP address to container",
            ),
        ),
        "AddressesExhausted",
    ),
    Case(
        "the network plugin fails",
        owned(CREATING, event("FailedCreatePodSandBox", 'plugin type="bridge" failed (add): no such file')),
        "SandboxNetworkFailed",
    ),
    Case(
        "the runtime fails",
        owned(
            CREATING, event("FailedCreatePodSandBox", "failed to start sandbox container: task create: exit status 2")
        ),
        "SandboxFailed",
    ),
]


@pytest.mark.parametrize("case", SANDBOXES, ids=lambda case: case.name)
def test_the_message_refines_the_reason(case: Case) -> None:
    check(case)


@pytest.mark.parametrize(
    "message",
    [
        'failed to setup network for sandbox "1": no IP addresses available in range set: 10.1.0.1-10.1.0.254',
        "Failed to allocate address: No available addresses",
        "IPAM error: subnet 10.4.0.0/24 is exhausted",
        "failed to allocate for range 0: no IP addresses available in range set",
        "InsufficientFreeAddressesInSubnet: The specified subnet does not have enough free addresses",
    ],
)
def test_every_plugin_has_its_words_for_no_address(message: str) -> None:
    assert sandbox_state(message) == "AddressesExhausted"


@pytest.mark.parametrize(
    "message",
    [
        'failed to setup network for sandbox "2": dial tcp 10.96.0.1:443: connect: no route to host',
        'plugin type="calico" failed (add): error getting ClusterInformation: connection is unauthorized',
        "NetworkPlugin cni failed to set up pod network: open /run/net/subnet.env: no such file or directory",
    ],
)
def test_a_plugin_without_a_word_of_addresses_has_addresses(message: str) -> None:
    assert sandbox_state(message) == "SandboxNetworkFailed"
