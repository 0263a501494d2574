"""Credentials as the AWS command line finds them, and clients that give up in time.

Credential sources and their order: https://docs.aws.amazon.com/cli/latest/topic/config-vars.html. What would ask a
person (an MFA code) or may take for ever (a `credential_process`) ends with an error that says what to do. Blocking.
"""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Mapping
from dataclasses import field
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from primitives.dataclass import dataclass
from primitives.errors import SourceDenied, SourceTimeout

if TYPE_CHECKING:
    from botocore.session import Session

    from primitives.backends.aws import AwsSettings

__all__ = ["PROCESS_S", "Access", "Assumption", "method_name", "open_session"]

PROCESS_S: Final = 15.0
"""A `credential_process` that takes longer is ended."""
_CONNECT_S: Final = 3.0
_READ_S: Final = 10.0
_ATTEMPTS: Final = 3
_SESSION_NAME: Final = "cloudops"
_SHORTEST_SESSION_S: Final = 900


@dataclass(frozen=True, slots=True)
class Assumption:
    """A role to assume, and the session in it: a policy (JSON) that narrows its rights, and tags for CloudTrail.

    One for `once` is as short as STS allows and never renewed; botocore would renew one so short at each use.
    """

    role_arn: str
    external_id: str = ""
    session: str = _SESSION_NAME
    policy: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    once: bool = False

    @property
    def extra(self) -> dict[str, Any]:
        """The parameters of AssumeRole besides the role."""
        extra: dict[str, Any] = {"RoleSessionName": self.session}
        if self.external_id:
            extra["ExternalId"] = self.external_id
        if self.policy:
            extra["Policy"] = self.policy
        if self.once:
            extra["DurationSeconds"] = _SHORTEST_SESSION_S
        if self.tags:
            extra["Tags"] = [{"Key": key, "Value": value} for key, value in self.tags.items()]
        return extra


class Access:
    """Clients of one account and region. They are made once each, by any thread.

    `assume` is the role to act in (None: that of the settings, if any), `attempts` how often a call is tried, `agent`
    what CloudTrail shows as the caller's program.
    """

    def __init__(
        self, settings: AwsSettings, source: str, *, assume: Assumption | None = None, attempts: int | None = None,
        agent: str = "cloudops",
    ) -> None:  # fmt: skip
        own = Assumption(settings.role_arn, settings.external_id) if settings.role_arn else None
        self._assume = assume or own
        self._attempts, self._agent = attempts, agent
        self._settings = settings
        self._source = source
        self._making = threading.Lock()
        self._clients: dict[tuple[str, str], Any] = {}
        self._session: Session | None = None

    @property
    def region(self) -> str:
        """The region that is asked: the configured one, else the profile's. Raises `NoRegionError`."""
        with self._making:
            region = self._settings.region or self._opened().get_config_variable("region")
        if not region:
            from botocore.exceptions import NoRegionError

            raise NoRegionError
        return str(region)

    def client(self, service: str, region: str = "") -> Any:
        """The client of a service; `region` replaces the source's. Raises what botocore raises, or `SourceError`."""
        where = region or self.region
        with self._making:
            key = (service, where)
            if key not in self._clients:
                self._clients[key] = self._made(self._opened(), service, where, attempts=self._attempts)
            return self._clients[key]

    def ready(self) -> None:
        """Get the credentials now, so that what fails later is the call. Raises what botocore raises."""
        with self._making:
            known = self._opened().get_credentials()
        if known is None:
            from botocore.exceptions import NoCredentialsError

            raise NoCredentialsError
        known.get_frozen_credentials()

    def close(self) -> None:
        """Let go of connections; calls under way end with an error."""
        with self._making:
            clients, self._clients = list(self._clients.values()), {}
        for client in clients:
            client.close()

    def _made(
        self, session: Session, service: str, region: str, *, attempts: int | None = None, **credentials: Any
    ) -> Any:  # fmt: skip
        from botocore.config import Config

        config = Config(
            connect_timeout=_CONNECT_S,
            read_timeout=_READ_S,
            retries={"mode": "standard", "total_max_attempts": attempts or _ATTEMPTS},
            user_agent_extra=self._agent,
        )
        endpoint = self._settings.endpoint_url or None
        return session.create_client(service, region_name=region, endpoint_url=endpoint, config=config, **credentials)

    def _opened(self) -> Session:
        if self._session is None:
            session = self._configured()
            self._session = self._in_role(session, self._assume) if self._assume is not None else session
        return self._session

    def _configured(self) -> Session:
        settings = self._settings
        session = open_session(settings.profile)
        for name in ("config_file", "credentials_file"):
            if path := getattr(settings, name):
                session.set_config_variable(name, path)
        if settings.access_key_id and settings.secret_access_key:
            token = settings.session_token.get_secret_value() if settings.session_token else None
            key, secret = settings.access_key_id, settings.secret_access_key
            session.set_credentials(key.get_secret_value(), secret.get_secret_value(), token)
        else:
            self._tame(session)
        return session

    def _tame(self, session: Session) -> None:
        """Providers that may ask or hang give up instead; sessions that the command line has cached are used."""
        from botocore.credentials import ProcessProvider
        from botocore.utils import JSONFileCache

        resolver = session.get_component("credential_provider")
        profile = session.get_config_variable("profile") or "default"
        process = ProcessProvider(
            profile_name=profile,
            load_config=lambda: session.full_config,
            popen=partial(_Process, source=self._source),
        )
        resolver.insert_before("custom-process", process)
        role = resolver.get_provider("assume-role")
        role.cache = _ReadOnlyCache(JSONFileCache(str(Path("~/.aws/cli/cache").expanduser())))
        # botocore has no other way to say that nobody sits at a terminal.
        vars(role)["_prompter"] = self._refuse_code

    def _refuse_code(self, prompt: str) -> str:
        del prompt
        profile = f" --profile {self._settings.profile}" if self._settings.profile else ""
        raise SourceDenied(
            self._source, f"its role needs an MFA code: run `aws sts get-caller-identity{profile}` first, which asks it"
        )

    def _in_role(self, session: Session, assume: Assumption) -> Session:
        """A session with the credentials of the role, renewed when they run out."""
        from botocore.credentials import AssumeRoleCredentialFetcher, CredentialResolver, DeferredRefreshableCredentials
        from botocore.exceptions import NoCredentialsError

        own = session.get_credentials()
        if own is None:
            raise NoCredentialsError
        region = self._settings.region or session.get_config_variable("region") or "us-east-1"

        def make(service: str, **credentials: Any) -> Any:
            return self._made(session, service, region, **credentials)

        fetcher = AssumeRoleCredentialFetcher(make, own, assume.role_arn, extra_args=assume.extra)
        assumed = open_session(self._settings.profile)
        if self._settings.config_file:
            assumed.set_config_variable("config_file", self._settings.config_file)
        if assume.once:
            keys = fetcher.fetch_credentials()
            assumed.set_credentials(keys["access_key"], keys["secret_key"], keys["token"])
            return assumed
        role = DeferredRefreshableCredentials(fetcher.fetch_credentials, "assume-role")
        assumed.register_component("credential_provider", CredentialResolver([_Given(role)]))
        return assumed


def open_session(profile: str) -> Session:
    """A session of botocore. All share what was read of its models: a second client takes 20 ms, not 150."""
    from botocore.session import Session

    session = Session(profile=profile or None)
    session.register_component("data_loader", _models())
    return session


def method_name(operation: str) -> str:
    """The name of a client's method for an operation: `describe_events` of `DescribeEvents`."""
    from botocore import xform_name

    return str(xform_name(operation))


@cache
def _models() -> Any:
    from botocore.loaders import create_loader

    return create_loader()


class _Given:
    """A provider of the credentials that it was given."""

    METHOD = "assume-role"
    CANONICAL_NAME = None

    def __init__(self, credentials: Any) -> None:
        self._credentials = credentials

    def load(self) -> Any:
        """The credentials."""
        return self._credentials


class _ReadOnlyCache(dict[str, Any]):
    """Sessions that the command line has cached; new ones stay in memory."""

    def __init__(self, cached: Any) -> None:
        super().__init__()
        self._cached = cached

    def __contains__(self, key: object) -> bool:
        return super().__contains__(key) or key in self._cached

    def __missing__(self, key: str) -> Any:
        return self._cached[key]


class _Process:
    """A `credential_process` with no terminal and little time."""

    def __init__(self, command: list[str], *, source: str, **pipes: Any) -> None:
        self._source = source
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, **pipes)  # noqa: S603 - the user's own

    def communicate(self) -> tuple[bytes, bytes]:
        """What it wrote. Raises `SourceTimeout` when it takes too long."""
        try:
            return self._process.communicate(timeout=PROCESS_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()
            raise SourceTimeout(
                self._source, f"its credential_process gave no credentials within {PROCESS_S:g} s: run it by hand"
            ) from None

    @property
    def returncode(self) -> int:
        """How it ended."""
        return self._process.returncode
