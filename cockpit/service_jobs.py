"""The jobs that `cloudops serve` runs beside its investigations, by their names."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import partial

from cockpit.settings import Settings
from engine.serve.jobs import Job

__all__ = ["jobs_of"]


def jobs_of(settings: Settings) -> Mapping[str, Job]:
    """The jobs that the settings ask for; made again when the configuration is read again.

    Raises `UsageError` where a receiver's credentials are missing.
    """
    if settings.notifications is None or not settings.notifications.rules:
        return {}
    from engine.notify.service import notification_job
    from engine.notify.unattended import tell_of_unattended

    return {
        "notifications": notification_job(settings.notifications, os.environ),
        "unattended alerts": partial(tell_of_unattended, settings.notifications),
    }
