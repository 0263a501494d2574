"""The Kubernetes actions on a real API server: dry runs that store nothing, real conflicts, what kubectl would do."""

from __future__ import annotations

import asyncio
import json
import ssl
import urllib.request
from collections.abc import Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import yaml
from cases.real_api_server import NAMESPACE, ApiServer, api_server, eventually, workload

from primitives.actions.execution import Preview
from primitives.actions.kubernetes_objects import MARK
from primitives.backends.kubernetes import KubernetesSettings
from primitives.backends.kubernetes.writer import KubernetesWriter
from primitives.errors import SourceDenied
from primitives.remediations.registry import remediations

pytestmark = pytest.mark.cluster
MARKED = "exec-00000000.R1"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    with api_server(tmp_path_factory.mktemp("api")) as started:
        yield started


@asynccontextmanager
async def writer_of(server: ApiServer, user: str = "actor", **more: Any) -> Any:
    settings = KubernetesSettings(kubeconfig=str(server.kubeconfig(user)), context="test", cluster="test", **more)
    writer = KubernetesWriter("lab", settings)
    try:
        yield writer
    finally:
        await writer.close()


class Action:
    """One action with its arguments on a writer."""

    def __init__(self, writer: KubernetesWriter, primitive: str, **arguments: Any) -> None:
        remediation = remediations()[primitive]
        assert remediation.operations is not None
        self.writer, self.operations = writer, remediation.operations
        self.arguments = remediation.arguments.model_validate(arguments)

    async def failing(self) -> list[str]:
        preflight = await self.operations.preflight(self.writer, self.arguments)
        return [f"{check.name}: {check.detail}" for check in preflight.checks if not check.passed]

    async def preview(self) -> Preview:
        return await self.operations.preview(self.writer, self.arguments, MARKED)

    async def run(self) -> Preview:
        assert await self.failing() == []
        preview = await self.preview()
        answer = await self.operations.dispatch(self.writer, preview)
        assert answer.outcome == "accepted", answer
        return preview


def target(kind: str, name: str) -> dict[str, Any]:
    return {"namespace": NAMESPACE, "kind": kind, "name": name}


def template(server: ApiServer, kind: str, name: str) -> Any:
    return server.get("-n", NAMESPACE, kind, name)["spec"]["template"]


def make_two_revisions(server: ApiServer, kind: str, name: str) -> None:
    server.apply(workload(kind, name))
    kept = "rs" if kind == "Deployment" else "controllerrevisions"

    def revisions() -> int:
        return len(server.get("-n", NAMESPACE, kept, "-l", f"app={name}")["items"])

    eventually(lambda: revisions() == 1)
    server.kubectl("-n", NAMESPACE, "set", "image", f"{kind.lower()}/{name}", "app=registry.example/app:2")
    eventually(lambda: revisions() == 2)


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "DaemonSet"])
async def test_a_rollback_is_what_kubectl_does_and_its_preview_stores_nothing(server: ApiServer, kind: str) -> None:
    names = f"undo-{kind.lower()}", f"undone-{kind.lower()}"
    for name in names:
        make_two_revisions(server, kind, name)
    async with writer_of(server) as writer:
        action = Action(writer, "rollback_deployment", **target(kind.lower(), names[0]))
        before = server.get("-n", NAMESPACE, kind, names[0])
        preview = await action.preview()
        assert server.get("-n", NAMESPACE, kind, names[0])["spec"] == before["spec"]
        changed = [line.split() for line in preview.diff.splitlines() if line[:1] in "+-"]
        images = [(words[0], words[-1]) for words in changed if "image:" in words]
        assert images == [("-", "registry.example/app:2"), ("+", "registry.example/app:1")]
        assert "horse-battery" not in preview.diff
        assert preview.prior.revision == 2
        await action.run()
        server.kubectl("-n", NAMESPACE, "rollout", "undo", f"{kind.lower()}/{names[1]}")
        ours, theirs = (template(server, kind, name)["spec"] for name in names)
        assert ours == theirs
        assert server.get("-n", NAMESPACE, kind, names[0])["metadata"]["annotations"][MARK] == MARKED


async def test_a_key_of_a_config_map_is_set_by_the_generated_role_and_put_back(server: ApiServer) -> None:
    metadata = {"name": "desk", "namespace": NAMESPACE}
    server.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"mode": "calm"}})
    async with writer_of(server) as writer:
        named = {"namespace": NAMESPACE, "name": "desk", "key": "mode"}
        preview = await Action(writer, "update_config_map", **named, value="busy").run()
        assert [line.split()[1:] for line in preview.diff.splitlines() if line[:1] in "+-"] == [
            ["mode:", "calm"], ["mode:", "busy"],
        ]  # fmt: skip
        assert server.get("-n", NAMESPACE, "configmap", "desk")["data"] == {"mode": "busy"}
        await Action(writer, "update_config_map", **named, **preview.prior.values).run()
        assert server.get("-n", NAMESPACE, "configmap", "desk")["data"] == {"mode": "calm"}


async def test_the_actor_has_every_permission_and_the_reader_has_not(server: ApiServer) -> None:
    async with writer_of(server) as writer:
        assert (await writer.examine()).missing == ()
    async with writer_of(server, "reader") as writer:
        missing = (await writer.examine()).missing
        assert {"patch deployments.apps", "create pods/eviction", "patch nodes"} <= set(missing)
        assert "get deployments.apps" not in missing
    async with writer_of(server, "reader", act_as="actor") as writer:
        with pytest.raises(SourceDenied, match="impersonate"):
            await writer.examine()


async def test_an_undone_rollback_rolls_forward_again(server: ApiServer) -> None:
    make_two_revisions(server, "Deployment", "forth")
    async with writer_of(server) as writer:
        action = Action(writer, "rollback_deployment", **target("deployment", "forth"), revision=1)
        preview = await action.run()
        eventually(lambda: server.get("-n", NAMESPACE, "deployment", "forth")["metadata"]["annotations"]
                   ["deployment.kubernetes.io/revision"] == "3")  # fmt: skip
        inverse = remediations()["rollback_deployment"].inverse
        undoing = inverse.arguments(action.arguments, preview.prior)  # type: ignore[union-attr]
        await Action(writer, "rollback_deployment", **undoing.model_dump()).run()
        assert template(server, "deployment", "forth")["spec"]["containers"][0]["image"].endswith(":2")


async def test_a_target_that_changed_is_refused_by_the_server_with_409(server: ApiServer) -> None:
    server.apply(workload("Deployment", "busy", replicas=2))
    async with writer_of(server) as writer:
        action = Action(writer, "scale_workload", **target("deployment", "busy"), replicas=4)
        preview = await action.preview()
        server.kubectl("-n", NAMESPACE, "label", "deployment", "busy", "seen=yes")
        answer = await action.operations.dispatch(writer, preview)
        assert (answer.outcome, "HTTP 409" in answer.detail) == ("refused", True)
        lost = await action.operations.find_out(writer, action.arguments, preview, MARKED)
        assert lost.outcome == "refused"
        assert server.get("-n", NAMESPACE, "deployment", "busy")["spec"]["replicas"] == 2


async def test_a_call_is_not_taken_twice(server: ApiServer) -> None:
    server.apply(workload("Deployment", "once", replicas=2))
    async with writer_of(server) as writer:
        action = Action(writer, "scale_workload", **target("deployment", "once"), replicas=3)
        preview = await action.preview()
        answers = await asyncio.gather(*(action.operations.dispatch(writer, preview) for _ in range(20)))
        assert [answer.outcome for answer in answers].count("accepted") == 1
        found = await action.operations.find_out(writer, action.arguments, preview, MARKED)
        assert found.outcome == "accepted"
        assert await action.failing() == ["it is not at the goal already: nothing would change"]


async def test_a_status_that_changes_leaves_the_version_and_a_changed_spec_makes_another(
    server: ApiServer,
) -> None:
    server.apply(workload("Deployment", "versions", replicas=2))
    async with writer_of(server) as writer:
        action = Action(writer, "restart_workload", **target("deployment", "versions"))
        eventually(lambda: "conditions" in server.get("-n", NAMESPACE, "deployment", "versions")["status"])
        first = await action.preview()
        server.kubectl("-n", NAMESPACE, "annotate", "deployment", "versions", "note=x")
        assert (await action.preview()).version == first.version
        server.kubectl("-n", NAMESPACE, "set", "env", "deployment/versions", "MODE=busy")
        assert (await action.preview()).version != first.version


async def test_who_may_not_is_told_before_anything_is_sent(server: ApiServer) -> None:
    server.apply(workload("Deployment", "guarded", replicas=2))
    async with writer_of(server, "reader") as writer:
        action = Action(writer, "scale_workload", **target("deployment", "guarded"), replicas=3)
        assert any(words.startswith("it may patch deployments") for words in await action.failing())
    async with writer_of(server, "admin", act_as="system:serviceaccount:clinic:nobody") as writer:
        action = Action(writer, "scale_workload", **target("deployment", "guarded"), replicas=3)
        with pytest.raises(SourceDenied):
            await action.failing()
        assert writer.separate
        assert writer.identity == "kubectl context test as system:serviceaccount:clinic:nobody"


@pytest.mark.parametrize(
    ("metadata", "says"),
    [
        ({"labels": {"argocd.argoproj.io/instance": "shop"}}, "argocd app rollback shop"),
        ({"annotations": {"argocd.argoproj.io/tracking-id": "web:apps/Deployment:a/b"}}, "argocd app rollback web"),
        ({"labels": {"kustomize.toolkit.fluxcd.io/name": "apps"}}, "pull request"),
    ],
)
async def test_what_is_applied_from_git_is_shown_the_way_through_git(
    server: ApiServer, metadata: dict[str, Any], says: str
) -> None:
    made = workload("Deployment", "from-git", replicas=1)
    made["metadata"] = {**made["metadata"], **metadata}
    server.kubectl("-n", NAMESPACE, "delete", "deployment", "from-git", "--ignore-not-found")
    server.apply(made)
    async with writer_of(server) as writer:
        action = Action(writer, "restart_workload", **target("deployment", "from-git"))
        preflight = await action.operations.preflight(writer, action.arguments)
        assert not preflight.passed
        assert says in preflight.instead


async def test_what_is_gone_or_going_is_refused(server: ApiServer) -> None:
    async with writer_of(server) as writer:
        gone = Action(writer, "restart_workload", **target("deployment", "never-was"))
        assert await gone.failing() == ["the target exists: there is no clinic/deployment/never-was"]
        made = workload("Deployment", "going", replicas=1)
        made["metadata"]["finalizers"] = ["clinic.example/wait"]
        server.apply(made)
        server.kubectl("-n", NAMESPACE, "delete", "deployment", "going", "--wait=false")
        going = Action(writer, "restart_workload", **target("deployment", "going"))
        assert any(words.startswith("it is not being deleted") for words in await going.failing())


async def test_an_autoscaler_keeps_its_replicas(server: ApiServer) -> None:
    server.apply(workload("Deployment", "elastic", replicas=2))
    server.kubectl("-n", NAMESPACE, "autoscale", "deployment", "elastic", "--min=2", "--max=5")
    async with writer_of(server) as writer:
        action = Action(writer, "scale_workload", **target("deployment", "elastic"), replicas=4)
        assert any("elastic would undo it" in words for words in await action.failing())


async def test_nodes_are_cordoned_and_uncordoned_but_not_while_somebody_empties_them(server: ApiServer) -> None:
    for name in ("n1", "n2"):
        server.apply({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}})
        ready = {"status": {"conditions": [{"type": "Ready", "status": "True"}]}}
        _patch_status(server, name, ready)
    async with writer_of(server, "admin") as writer:
        await Action(writer, "cordon_node", node="n1").run()
        assert server.get("node", "n1")["spec"]["unschedulable"] is True
        assert any("another node" in words for words in await Action(writer, "cordon_node", node="n2").failing())
        server.kubectl("taint", "node", "n1", "upgrade=now:NoSchedule")
        assert any("nobody empties it" in words for words in await Action(writer, "uncordon_node", node="n1").failing())
        server.kubectl("taint", "node", "n1", "upgrade-")
        await Action(writer, "uncordon_node", node="n1").run()
        assert "unschedulable" not in server.get("node", "n1")["spec"]


async def test_a_pod_is_deleted_by_its_uid_and_its_successor_is_left_alone(server: ApiServer) -> None:
    server.apply(workload("Deployment", "crew", replicas=1))
    (pod,) = eventually(lambda: server.get("-n", NAMESPACE, "pods", "-l", "app=crew")["items"])
    async with writer_of(server) as writer:
        action = Action(writer, "delete_pod", namespace=NAMESPACE, pod=pod["metadata"]["name"])
        preview = await action.run()
        assert (await action.operations.dispatch(writer, preview)).outcome == "refused"
        assert (await action.operations.find_out(writer, action.arguments, preview, MARKED)).outcome == "accepted"
        assert (await action.operations.converged(writer, action.arguments, preview)).state == "converged"
    (after,) = eventually(lambda: server.get("-n", NAMESPACE, "pods", "-l", "app=crew")["items"])
    assert after["metadata"]["uid"] != pod["metadata"]["uid"]


async def test_a_drain_cordons_and_evicts_as_the_budgets_allow(server: ApiServer) -> None:
    for name in ("d1", "d2"):
        server.apply({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}})
        _patch_status(server, name, {"status": {"conditions": [{"type": "Ready", "status": "True"}]}})
    made = workload("Deployment", "bound", replicas=2)
    made["spec"]["template"]["spec"]["nodeName"] = "d1"
    server.apply(made)
    eventually(lambda: len(server.get("-n", NAMESPACE, "pods", "-l", "app=bound")["items"]) == 2)
    async with writer_of(server) as writer:
        drain = Action(writer, "drain_node", node="d1")
        preview = await drain.run()
        assert "+ unschedulable: true" in preview.diff
        assert server.get("node", "d1")["spec"]["unschedulable"] is True
        pods = server.get("-n", NAMESPACE, "pods", "-l", "app=bound")["items"]
        old = {entry["uid"] for entry in preview.call.parameters["evictions"]}
        assert all("deletionTimestamp" in pod["metadata"] for pod in pods if pod["metadata"]["uid"] in old)
        found = await drain.operations.find_out(writer, drain.arguments, preview, MARKED)
        assert found.outcome == "accepted"


def _patch_status(server: ApiServer, node: str, patch: Any) -> None:
    config = yaml.safe_load(server.kubeconfig("admin").read_text())
    address = config["clusters"][0]["cluster"]["server"]
    headers = {"Authorization": "Bearer admin-token", "Content-Type": "application/merge-patch+json"}
    request = urllib.request.Request(
        f"{address}/api/v1/nodes/{node}/status", json.dumps(patch).encode(), headers, method="PATCH"
    )
    urllib.request.urlopen(request, context=ssl._create_unverified_context(), timeout=10).close()
