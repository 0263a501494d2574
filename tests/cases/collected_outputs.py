"""Made incidents of unrelated systems that are told only by what an engineer or a tool collected as text."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from primitives.bundle import BundleParts, Manifest
from primitives.records import Edge, Observation, Resource, Symptom, Topology, Window

NOW: Final = datetime(2026, 3, 10, 10, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Collected:
    """`cause` and `resource` are the answer; cause None: none of the causes in `not_causes` may lead."""

    name: str
    query: str
    symptom: str
    observations: tuple[tuple[str, Any], ...]
    cause: str | None
    resource: str = ""
    not_causes: tuple[str, ...] = ()
    known: tuple[tuple[str, str], ...] = ()
    calls: tuple[tuple[str, str], ...] = ()

    def parts(self) -> BundleParts:
        """The bundle: topology and observations."""
        window = Window(start=NOW - timedelta(minutes=40), end=NOW)
        records = tuple(
            Observation(time=NOW - timedelta(minutes=2), resource=resource, kind="command_output", data=data)
            for resource, data in self.observations
        )
        topology = Topology(
            resources=tuple(Resource(id=name, kind=kind) for name, kind in self.known),
            edges=tuple(Edge.model_validate({"from": a, "to": b, "kind": "calls"}) for a, b in self.calls),
        )
        manifest = Manifest(
            id=self.name, title=self.query, query=self.query, detected_at=NOW - timedelta(minutes=20), window=window,
            symptom=Symptom(resource=self.symptom),
        )  # fmt: skip
        return BundleParts(manifest=manifest, topology=topology, observations=records)


_POD_DESCRIBED: Final = """\
Name:             thumbnailer-6f7c9d5b44-q8zld
Namespace:        media
Priority:         0
Service Account:  default
Node:             pool-b-3/10.0.4.3
Start Time:       Tue, 10 Mar 2026 08:12:40 +0000
Labels:           app=thumbnailer
                  pod-template-hash=6f7c9d5b44
Annotations:      <none>
Status:           Running
IP:               10.244.3.7
Controlled By:  ReplicaSet/thumbnailer-6f7c9d5b44
Containers:
  worker:
    Container ID:   containerd://0f1e
    Image:          registry.example.org/media/thumbnailer:4.1
    Port:           8080/TCP
    State:          Waiting
      Reason:       CrashLoopBackOff
    Last State:     Terminated
      Reason:       OOMKilled
      Exit Code:    137
      Started:      Tue, 10 Mar 2026 09:52:01 +0000
      Finished:     Tue, 10 Mar 2026 09:52:40 +0000
    Ready:          False
    Restart Count:  6
    Limits:
      memory:     256Mi
    Requests:
      memory:     256Mi
    Environment:  <none>
Conditions:
  Type              Status
  Initialized       True
  Ready             False
  ContainersReady   False
  PodScheduled      True
QoS Class:                   Burstable
Events:
  Type     Reason   Age                  From     Message
  ----     ------   ----                 ----     -------
  Warning  BackOff  2m3s (x21 over 31m)  kubelet  Back-off restarting failed container worker in pod thumbnailer
"""
_PODS: Final = """\
$ kubectl get pods -n billing
NAME                        READY   STATUS             RESTARTS      AGE
invoicer-7d9fbb5c6c-4mkpt   0/1     ImagePullBackOff   0             14m
invoicer-5bb8d6f7d9-x2x9v   1/1     Running            2 (41d ago)   55d
ledger-0                    1/1     Running            0             55d
"""
_PULL: Final = """\
$ kubectl describe pod invoicer-7d9fbb5c6c-4mkpt -n billing
Name:             invoicer-7d9fbb5c6c-4mkpt
Namespace:        billing
Node:             n2/10.1.0.2
Labels:           app=invoicer
                  pod-template-hash=7d9fbb5c6c
Status:           Pending
Controlled By:    ReplicaSet/invoicer-7d9fbb5c6c
Containers:
  app:
    Image:          registry.example.org/billing/invoicer:2.09
    State:          Waiting
      Reason:       ImagePullBackOff
    Ready:          False
    Restart Count:  0
Conditions:
  Type              Status
  Ready             False
  PodScheduled      True
Events:
  Type     Reason   Age                 From     Message
  ----     ------   ----                ----     -------
  Normal   Pulling  12m (x4 over 14m)   kubelet  Pulling image "registry.example.org/billing/invoicer:2.09"
  Warning  Failed   12m (x4 over 14m)   kubelet  Failed to pull image "registry.example.org/billing/invoicer:2.09": \
rpc error: code = NotFound desc = failed to pull and unpack image: registry.example.org/billing/invoicer:2.09: not found
  Warning  Failed   12m (x4 over 14m)   kubelet  Error: ErrImagePull
"""
_DF: Final = """\
Filesystem      Size  Used Avail Use% Mounted on
udev            7.8G     0  7.8G   0% /dev
/dev/nvme0n1p1   49G   21G   28G  43% /
/dev/nvme1n1    200G  200G   12K {share}% /var/spool
/dev/loop3       64M   64M     0 100% /snap/core20/2318
tmpfs           1.6G  1.2M  1.6G   1% /run
"""
_FINE: Final = """\
$ kubectl get pods -n library
NAME                      READY   STATUS      RESTARTS      AGE
catalog-6c5d8f9b7-9xk2m   1/1     Running     3 (62d ago)   80d
loans-59f6cbb8c4-r5vtn    1/1     Running     0             80d
reindex-29541-abcde       0/1     Completed   0             9h
$ kubectl get nodes
NAME   STATUS   ROLES           AGE    VERSION
n1     Ready    control-plane   200d   v1.31.2
n2     Ready    <none>          200d   v1.31.2
$ systemctl status nginx
● nginx.service - A high performance web server
     Active: active (running) since Mon 2026-01-05 08:00:00 UTC; 2 months ago
$ curl -sS -o /dev/null -w "%{http_code}" http://catalog.library/health
200
"""
_CERTIFICATE: Final = "notBefore=Dec 10 00:00:00 {year} GMT\nnotAfter=Mar 10 08:59:59 {until} GMT\n"
_PSQL: Final = """\
postgres=# select count(*) as used, current_setting('max_connections') as max_connections from pg_stat_activity;
 used | max_connections
------+-----------------
  {used} | 200
(1 row)
"""
_DIG: Final = """\
; <<>> DiG 9.18.24 <<>> rates.partners.example
;; ->>HEADER<<- opcode: QUERY, status: {status}, id: 4711
;; flags: qr rd ra; QUERY: 1, ANSWER: 0, AUTHORITY: 1, ADDITIONAL: 1
;; QUESTION SECTION:
;rates.partners.example.   IN   A
"""
_TASK: Final = {
    "command": "aws ecs describe-tasks --cluster pay --tasks 1f",
    "output": """{"tasks": [{"group": "service:receipts", "lastStatus": "STOPPED",
      "stoppedReason": "Essential container in task exited",
      "containers": [{"name": "app", "exitCode": 1, "lastStatus": "STOPPED"}]}]}""",
}

CASES: Final = (
    Collected("oom-described", "thumbnails fail", "media/deployment/thumbnailer",
              (("media/deployment/thumbnailer", _POD_DESCRIBED),), "out_of_memory_killed",
              "media/deployment/thumbnailer"),
    Collected("tag-described", "invoices are not made", "billing/deployment/invoicer",
              (("billing/deployment/invoicer", _PODS + _PULL),), "image_not_found", "billing/deployment/invoicer"),
    Collected("disk-full", "mail is stuck", "relay-2", (("relay-2", _DF.format(share=100)),), "disk_full", "relay-2",
              known=(("relay-2", "node"), ("webmail", "service")), calls=(("webmail", "relay-2"),)),
    Collected("disk-has-room", "mail is stuck", "relay-2", (("relay-2", _DF.format(share=60)),), None,
              not_causes=("disk_full",), known=(("relay-2", "node"),)),
    Collected("certificate-over", "members can't open the portal", "portal",
              (("portal", {"command": "openssl x509 -noout -dates",
                           "output": _CERTIFICATE.format(year=2025, until=2026)}),),
              "certificate_expired", "portal", known=(("portal", "gateway"),)),
    Collected("certificate-valid", "members can't open the portal", "portal",
              (("portal", _CERTIFICATE.format(year=2025, until=2027)),), None, not_causes=("certificate_expired",),
              known=(("portal", "gateway"),)),
    Collected("connections-used-up", "bookings fail", "booking", (("tours-db", _PSQL.format(used=199)),),
              "connections_exhausted", "tours-db", known=(("booking", "service"), ("tours-db", "database")),
              calls=(("booking", "tours-db"),)),
    Collected("connections-left", "bookings fail", "booking", (("tours-db", _PSQL.format(used=41)),), None,
              not_causes=("connections_exhausted",), known=(("booking", "service"), ("tours-db", "database")),
              calls=(("booking", "tours-db"),)),
    Collected("name-unknown", "quotes have no rates", "quotes", (("quotes", _DIG.format(status="NXDOMAIN")),),
              "dns_resolution_failed", "quotes", known=(("quotes", "service"),)),
    Collected("name-known", "quotes have no rates", "quotes", (("quotes", _DIG.format(status="NOERROR")),), None,
              not_causes=("dns_resolution_failed",), known=(("quotes", "service"),)),
    Collected("task-stopped", "no receipts are sent", "receipts", (("receipts", _TASK),), "application_crash",
              "receipts", known=(("receipts", "service"), ("mailer", "service")), calls=(("receipts", "mailer"),)),
    Collected("all-fine", "is the library well?", "library/deployment/catalog", (("library/namespace/library", _FINE),),
              None, not_causes=("application_crash", "job_failed", "node_not_ready", "unavailable")),
)  # fmt: skip
