"""Payloads as their providers document them, with made-up systems."""

from __future__ import annotations

import json
from typing import Any

PAGERDUTY: dict[str, Any] = {
    "event": {
        "id": "01BBYA9ZWZKQ4R3N3E6JXSJQ6C",
        "event_type": "incident.triggered",
        "resource_type": "incident",
        "occurred_at": "2026-03-10T14:45:22.169Z",
        "agent": {"id": "PLH1HKV", "summary": "Ana", "type": "user_reference"},
        "client": None,
        "data": {
            "id": "PGR0VU2",
            "type": "incident",
            "self": "https://api.pagerduty.com/incidents/PGR0VU2",
            "html_url": "https://museum.pagerduty.com/incidents/PGR0VU2",
            "number": 2,
            "status": "triggered",
            "incident_key": "d3640fbd41094207a1c11e58e46b1662",
            "created_at": "2026-03-10T14:44:27Z",
            "title": "Ticket sales are slow",
            "service": {"id": "PF9KMXH", "summary": "ticket-api", "type": "service_reference"},
            "assignees": [],
            "escalation_policy": {"id": "PUS0KTE", "summary": "Default", "type": "escalation_policy_reference"},
            "teams": [],
            "priority": {"id": "PSO75BM", "summary": "P1", "type": "priority_reference"},
            "urgency": "high",
            "conference_bridge": None,
            "resolve_reason": None,
        },
    }
}

ALERTMANAGER: dict[str, Any] = {
    "version": "4",
    "groupKey": '{}:{alertname="SlowTickets"}',
    "truncatedAlerts": 0,
    "status": "firing",
    "receiver": "cloudops",
    "groupLabels": {"alertname": "SlowTickets"},
    "commonLabels": {"alertname": "SlowTickets", "service": "ticket-api", "severity": "page"},
    "commonAnnotations": {"summary": "p95 of ticket-api is 2.4 s"},
    "externalURL": "http://alertmanager.example",
    "alerts": [
        {
            "status": "firing",
            "labels": {"alertname": "SlowTickets", "service": "ticket-api", "severity": "page"},
            "annotations": {"summary": "p95 of ticket-api is 2.4 s", "runbook_url": "https://runbooks.example/slow"},
            "startsAt": "2026-03-10T14:44:00.687Z",
            "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "http://prometheus.example/graph",
            "fingerprint": "08769f122396c0cd",
        }
    ],
}

GRAFANA: dict[str, Any] = {
    "receiver": "cloudops",
    "status": "firing",
    "orgId": 1,
    "alerts": [
        {
            "status": "firing",
            "labels": {"alertname": "Queue grows", "team": "post", "service": "parcel-queue"},
            "annotations": {"description": "more than 900 parcels wait", "summary": "parcels wait"},
            "startsAt": "2026-03-10T14:33:00-01:00",
            "endsAt": "0001-01-01T00:00:00Z",
            "values": {"B": 912.5},
            "generatorURL": "https://grafana.example/alerting/1afz29v7z/edit",
            "fingerprint": "c6eadffa33fcdf37",
            "silenceURL": "https://grafana.example/alerting/silence/new",
            "dashboardURL": "",
            "panelURL": "",
            "valueString": "[ metric='' labels={} value=912.5 ]",
        }
    ],
    "groupLabels": {},
    "commonLabels": {"team": "post"},
    "commonAnnotations": {},
    "externalURL": "https://grafana.example/",
    "version": "1",
    "groupKey": "{}:{}",
    "truncatedAlerts": 0,
    "title": "[FIRING:1]  (post)",
    "state": "alerting",
    "message": "**Firing**",
}

ALARM: dict[str, Any] = {
    "AlarmName": "loans-db-connections",
    "AlarmDescription": "connections over 450",
    "AWSAccountId": "123456789012",
    "NewStateValue": "ALARM",
    "NewStateReason": "Threshold Crossed: 1 datapoint [480.0] was greater than the threshold (450.0).",
    "StateChangeTime": "2026-03-10T14:41:00.000+0000",
    "Region": "Europe (Ireland)",
    "AlarmArn": "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:loans-db-connections",
    "OldStateValue": "OK",
    "Trigger": {
        "MetricName": "DatabaseConnections",
        "Namespace": "AWS/RDS",
        "StatisticType": "Statistic",
        "Statistic": "AVERAGE",
        "Dimensions": [{"value": "loans-db", "name": "DBInstanceIdentifier"}],
        "Period": 60,
        "Threshold": 450.0,
    },
}

ALARM_EVENT: dict[str, Any] = {
    "version": "0",
    "id": "c4c1c1c9-6542-e61b-6ef0-8c4d36933a92",
    "detail-type": "CloudWatch Alarm State Change",
    "source": "aws.cloudwatch",
    "account": "123456789012",
    "time": "2026-03-10T14:41:02Z",
    "region": "eu-west-1",
    "resources": ["arn:aws:cloudwatch:eu-west-1:123456789012:alarm:loans-db-connections"],
    "detail": {
        "alarmName": "loans-db-connections",
        "configuration": {
            "description": "connections over 450",
            "metrics": [
                {
                    "id": "m1",
                    "metricStat": {
                        "metric": {
                            "namespace": "AWS/RDS",
                            "name": "DatabaseConnections",
                            "dimensions": {"DBInstanceIdentifier": "loans-db"},
                        },
                        "period": 60,
                        "stat": "Average",
                    },
                    "returnData": True,
                }
            ],
        },
        "previousState": {"value": "OK", "timestamp": "2026-03-10T13:41:02.623+0000"},
        "state": {"value": "ALARM", "reason": "Threshold Crossed", "timestamp": "2026-03-10T14:41:00.000+0000"},
    },
}


def notification(message: dict[str, Any] | str, **fields: str) -> dict[str, Any]:
    """An SNS notification, unsigned."""
    return {
        "Type": "Notification",
        "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
        "TopicArn": "arn:aws:sns:eu-west-1:123456789012:alarms",
        "Subject": "ALARM",
        "Message": message if isinstance(message, str) else json.dumps(message),
        "Timestamp": "2026-03-10T14:41:05.000Z",
        **fields,
    }


DATADOG: dict[str, Any] = {
    "id": "6412345678901234567",
    "alert_id": "91498",
    "cycle": "5127482910391",
    "transition": "Triggered",
    "title": "Too many errors on reading-room",
    "message": "5xx over 4 %",
    "priority": "P2",
    "metric": "trace.http.request.errors",
    "scope": "service:reading-room,env:prod",
    "tags": "service:reading-room,env:prod,monitor",
    "hostname": "",
    "link": "https://app.datadoghq.com/monitors/91498",
    "date": "1773153900000",
}

OPSGENIE: dict[str, Any] = {
    "action": "Create",
    "alert": {
        "alertId": "b9a2fb13-1b76-4b41-be28-eed2c61978fa",
        "message": "Ferry timetable is down",
        "tags": ["tag1"],
        "tinyId": "23",
        "entity": "timetable",
        "alias": "ferry-timetable",
        "createdAt": 1773153860000,
        "updatedAt": 1773153861000000,
        "username": "System",
        "description": "three probes failed",
        "details": {"environment": "prod"},
        "priority": "P1",
        "source": "probe",
    },
    "source": {"name": "web", "type": "API"},
    "integrationName": "Webhook",
    "integrationType": "Webhook",
}

SENTRY: dict[str, Any] = {
    "action": "triggered",
    "installation": {"uuid": "a8e5d37a-696c-4c54-adb5-b3f28d64c7de"},
    "data": {
        "event": {
            "event_id": "e4874d664c3540c1a32eab185f12c5ab",
            "issue_id": "1117540176",
            "level": "error",
            "title": "TimeoutError: the catalogue did not answer",
            "culprit": "loans.checkout in lend",
            "datetime": "2026-03-10T14:40:00.000000Z",
            "tags": [["environment", "prod"], ["service", "loans"]],
            "web_url": "https://sentry.io/organizations/library/issues/1117540176/events/1/",
        },
        "triggered_rule": "errors of loans",
    },
    "actor": {"type": "application", "id": "sentry", "name": "Sentry"},
}

GITHUB: dict[str, Any] = {
    "action": "created",
    "deployment_status": {
        "state": "failure",
        "environment": "production",
        "description": "the health check failed",
        "log_url": "https://ci.example/runs/7",
        "created_at": "2026-03-10T14:43:00Z",
    },
    "deployment": {"id": 1, "ref": "v1.8.2", "sha": "f95f852bd8fca8fcc58a9a2d6c842781e32a215e", "task": "deploy"},
    "repository": {"name": "ferry", "full_name": "harbour/ferry", "html_url": "https://github.com/harbour/ferry"},
    "sender": {"login": "ana"},
}

STANDARD: dict[str, Any] = {
    "type": "monitor.firing",
    "timestamp": "2026-03-10T14:42:00Z",
    "data": {"id": "mon_81", "title": "No lights on pier 4", "service": "pier-lights", "severity": "critical"},
}
