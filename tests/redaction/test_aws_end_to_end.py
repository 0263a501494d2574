"""Secrets in what AWS answers are in no byte that CloudOps writes or prints."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cases.aws_account import build_function, build_shop, trail_answer, trail_event, write_log
from cases.fake_aws import KEYS, Call, FakeAws, Reply, documented, running

from cockpit.cli import main


def secret(number: int) -> str:
    return f"Zq{number:03}xKe9Lm2Pw7{number * 7919 % 1000:03}"


@pytest.fixture(scope="module")
def aws() -> Iterator[FakeAws]:
    with running() as fake:
        build_shop(fake)
        build_function(fake)
        now = datetime.now(UTC)
        _plant_settings(fake)
        lines = (f"login failed, password={secret(1)}", f"curl -u ops:{secret(2)} http://till.example.com")
        write_log(fake, "/ecs/orders", {now - timedelta(minutes=n): line for n, line in enumerate(lines, start=4)})
        request = {"masterUserPassword": secret(3), "dBInstanceIdentifier": "orders-db", "note": f"token={secret(4)}"}
        event = trail_event(now - timedelta(minutes=9), "ModifyDBInstance", "rds.amazonaws.com", request)
        alarm = {
            "AlarmName": "orders", "AlarmDescription": f"the password is {secret(5)}", "StateValue": "ALARM",
            "StateReason": f"api_key={secret(6)}", "StateTransitionedTimestamp": now - timedelta(minutes=3),
            "Namespace": "AWS/RDS", "MetricName": "CPUUtilization", "Statistic": "Average",
            "Dimensions": [{"Name": "DBInstanceIdentifier", "Value": "orders-db"}],
        }  # fmt: skip
        alarms = documented("cloudwatch", "DescribeAlarms", {"MetricAlarms": [alarm]})

        def rule(call: Call) -> Reply | None:
            if call.operation == "LookupEvents":
                return trail_answer(event)
            return alarms if call.operation == "DescribeAlarms" else None

        fake.rule = rule
        yield fake


def _plant_settings(aws: FakeAws) -> None:
    ecs, parameters = aws.client("ecs"), aws.client("ssm")
    variables = {"DATABASE_PASSWORD": secret(7), "DATABASE_URL": f"postgres://app:{secret(8)}@db.example.com/shop"}
    container = {
        "name": "app", "image": "orders:3", "memory": 256, "command": ["serve", f"--token={secret(9)}"],
        "environment": [{"name": name, "value": value} for name, value in variables.items()],
        "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "/ecs/orders"}},
    }  # fmt: skip
    ecs.register_task_definition(family="orders", containerDefinitions=[container])
    ecs.create_service(cluster="shop", serviceName="tills", taskDefinition="orders:3", desiredCount=1)
    environment = {"Variables": {"API_KEY": secret(10), "SMTP": f"smtp://mail:{secret(11)}@smtp.example.com"}}
    aws.client("lambda").update_function_configuration(FunctionName="send-mail", Environment=environment)
    for value in (secret(12), secret(13)):
        parameters.put_parameter(Name="/orders/api_key", Value=value, Type="String", Overwrite=True)


def _written(folder: Path) -> Iterator[bytes]:
    for path in folder.rglob("*"):
        if path.is_file() and path.name != "c.yaml":
            yield path.read_bytes()
            if zipfile.is_zipfile(path):
                with zipfile.ZipFile(path) as archive:
                    yield from (archive.read(name) for name in archive.namelist())


def test_a_secret_of_an_account_is_in_no_byte(aws: FakeAws, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "c.yaml").write_text(json.dumps({"sources": {"prod": aws.settings()}}))
    place = ["--store", str(tmp_path / "s.db"), "--config", str(tmp_path / "c.yaml")]
    main(["investigate", "orders fails", "--json", *place])
    report = json.loads(capfd.readouterr().out)
    main(["export", report["execution_id"], str(tmp_path / "live"), *place])
    main(["record", str(tmp_path / "recorded.incident"), "--query", f"orders fails, password={secret(1)}", *place])
    main(["report", report["execution_id"], "--format", "html", *place])
    main(["replay", report["execution_id"], "--plain", *place])
    printed = capfd.readouterr()
    written = (json.dumps(report) + printed.out + printed.err).encode() + b"".join(_written(tmp_path))
    assert b"[redacted:" in written
    for said in (b"login failed", b"ModifyDBInstance", b"/orders/api_key", b"db.example.com", b"DATABASE_PASSWORD"):
        assert said in written, said
    leaked = [number for number in range(1, 14) if secret(number).encode() in written]
    assert leaked == []
    assert KEYS["secret_access_key"].encode() not in written
