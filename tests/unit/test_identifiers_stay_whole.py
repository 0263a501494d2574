"""No module outside of primitives/identity.py takes a resource's identifier apart or puts one together.

Whatever splits at a slash, or puts a value behind or before one, is found. What isn't about resources is listed here
with its reason.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("primitives", "engine", "cockpit")
OWNER = "primitives/identity.py"
EXEMPT = {
    "engine/serve/listener.py": "media types: application/json",
    "engine/serve/pulls.py": "paths of the API",
    "primitives/actions/kubernetes.py": "how kubectl names an object in a command: deployment/api",
    "primitives/backends/aws/logs/insights.py": "slashes in a pattern of a query",
    "primitives/backends/aws/services/databases.py": "names of log groups: /aws/rds/instance/NAME",
    "primitives/backends/aws/services/functions.py": "names of log groups: /aws/lambda/NAME",
    "primitives/actions/kubernetes_nodes.py": "the key of a taint",
    "primitives/actions/kubernetes_objects.py": "paths of the API, and keys of annotations",
    "primitives/actions/kubernetes_pods.py": "paths and versions of the API",
    "primitives/actions/kubernetes_workloads.py": "paths of the API",
    "primitives/actions/rbac.py": "a permission: pods/log",
    "primitives/remediations/ssm_parameters.py": "a parameter's path, which its ARN has without the slash in front",
    "primitives/backends/kubernetes/__init__.py": "paths of kubeconfigs",
    "primitives/backends/kubernetes/backend.py": "paths of the API",
    "primitives/backends/kubernetes/client.py": "paths of the API",
    "primitives/backends/kubernetes/discovery.py": "paths of the API",
    "primitives/backends/kubernetes/logs.py": "paths of the API",
    "primitives/backends/kubernetes/snapshot.py": "a key of annotations",
    "primitives/backends/prometheus/changes.py": "the name of an image",
    "primitives/backends/aws/profiles.py": "paths of files",
    "primitives/backends/kubernetes/examine.py": "paths of the API",
    "primitives/backends/kubernetes/role.py": "paths of the API",
    "primitives/backends/otlp_files/__init__.py": "the path of a file",
    "primitives/backends/tempo/store.py": "paths of the API",
    "primitives/endpoints.py": "the path of a URL",
    "primitives/bundle/files.py": "paths of files in a bundle",
    "primitives/bundle/kubernetes.py": "paths of files in a bundle",
    "primitives/bundle/reader.py": "paths of files in a bundle",
    "primitives/bundle/writer.py": "paths of files in a bundle",
    "primitives/diagnostics/inspect_object.py": "how kubectl names an object in a command: deployment/api",
    "primitives/kubernetes/container_logs.py": "paths of files in a container",
    "primitives/kubernetes/deciding.py": "the key of a taint",
    "primitives/kubernetes/events.py": "the variant of a finding: an object's name and its key",
    "primitives/kubernetes/images.py": "names of images: registry/repository",
    "primitives/kubernetes/ingresses.py": "the name of an annotation",
    "primitives/kubernetes/ports.py": "the variant of a finding: a port and its protocol",
    "primitives/kubernetes/references.py": "the variant of a finding: an object's name and its key",
    "primitives/kubernetes/refusals.py": "what a quota counts: count/jobs.batch",
    "primitives/kubernetes/rollouts.py": "names of images: registry/repository",
    "primitives/kubernetes/scheduling.py": "words of the scheduler's message: affinity/anti-affinity",
    "primitives/kubernetes/services.py": "the variant of a finding: a port and its protocol",
    "primitives/kubernetes/volumes.py": "the variant of a finding: an object's name and its key",
    "primitives/redact/values.py": "what a secret may look like",
    "primitives/redact/vendors.py": "patterns of URLs",
    "primitives/outputs/kubectl_describe.py": "how kubectl names an object: Node: worker-1/10.0.0.4",
    "primitives/outputs/kubectl_tables.py": "how kubectl names an object: Deployment/api",
    "primitives/outputs/readings.py": "paths of file systems",
    "primitives/quantities.py": "units: a size per time",
    "engine/notify/receivers/pagerduty_api.py": "paths of the API",
    "engine/notify/receivers/slack.py": "paths of the API",
    "engine/schemas.py": "names of published schemas",
    "engine/store/locations.py": "URLs of stores",
    "cockpit/evaluation.py": "progress: 3/10",
    "cockpit/headless.py": "whether a word is a path of a file",
    "cockpit/postmortem.py": "tags of HTML",
    "cockpit/sample_incidents.py": "paths of files",
    "cockpit/screens/live.py": "the last part of a bundle's path",
    "cockpit/widgets/hypotheses.py": "keys of rows: a hypothesis and its evidence",
}
_METHODS = frozenset({
    "split", "rsplit", "partition", "rpartition", "count", "removeprefix", "removesuffix", "find", "rfind", "index",
    "rindex", "startswith", "endswith", "replace",
})  # fmt: skip


def _holds_a_slash(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and "/" in node.value.replace("://", "")


def _takes_apart(node: ast.AST) -> bool:
    if isinstance(node, ast.Compare):
        return any(isinstance(operator, ast.In | ast.NotIn) for operator in node.ops) and _holds_a_slash(node.left)
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return False
    return node.func.attr in _METHODS and any(map(_holds_a_slash, node.args))


def _puts_together(node: ast.AST) -> bool:
    """`f"{a}/{b}"`, `f"node/{a}"`, `"/".join(...)` and `a + "/" + b`."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "join":
        return _holds_a_slash(node.func.value)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return isinstance(node.right, ast.Constant) and node.right.value == "/"
    if not isinstance(node, ast.JoinedStr):
        return False
    parts = node.values
    return any(
        isinstance(part, ast.Constant)
        and (
            (number + 1 < len(parts) and str(part.value).endswith("/"))
            or (number > 0 and str(part.value).startswith("/"))
        )
        for number, part in enumerate(parts)
    )


def _hits(source: str) -> Iterator[ast.AST]:
    return (node for node in ast.walk(ast.parse(source)) if _takes_apart(node) or _puts_together(node))


def _found() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            hits = [ast.unparse(node) for node in _hits(path.read_text(encoding="utf-8"))]
            if hits and name != OWNER:
                found[name] = hits
    return found


def test_no_other_module_takes_an_identifier_apart() -> None:
    assert {name: hits for name, hits in _found().items() if name not in EXEMPT} == {}


def test_no_exemption_outlives_its_reason() -> None:
    there = {name for name in EXEMPT if (ROOT / name).exists()}
    assert there - _found().keys() == set()


@pytest.mark.parametrize(
    "source",
    [
        "resource.split('/')[0]",
        "resource.rpartition('/')[2]",
        "resource.count('/') == 2",
        "'/replicaset/' in resource",
        "resource.startswith('node/')",
        "f'{namespace}/pod/{name}'",
        "f'node/{name}'",
        "'/'.join((namespace, kind, name))",
        "namespace + '/' + name",
    ],
)
def test_the_ways_to_take_one_apart_are_found(source: str) -> None:
    assert list(_hits(source))


@pytest.mark.parametrize("source", ["'://' in name", "'a/b'", "path / name", "value / 2", "f'{done} of {total}'"])
def test_what_is_no_identifier_is_not_found(source: str) -> None:
    assert not list(_hits(source))
