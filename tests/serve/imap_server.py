"""A real Dovecot on loopback ports, as an ordinary process: one user, Maildir, TLS with a certificate of its own."""

from __future__ import annotations

import getpass
import grp
import imaplib
import os
import pwd
import shutil
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from certificates import write_certificate

USER = "alerts"
PASSWORD = "a-mailbox-password"
_CONFIG = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap
listen = 127.0.0.1
default_internal_user = {user}
default_login_user = {login_user}
default_internal_group = {group}
first_valid_uid = 0
mail_location = maildir:{folder}/mail
ssl = yes
ssl_cert = <{folder}/c.pem
ssl_key = <{folder}/k.pem
disable_plaintext_auth = no
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}
}}
"""


class ImapServer:
    """Where it listens, and what lies in its INBOX."""

    def __init__(self, folder: Path, port: int, tls_port: int) -> None:
        self.folder, self.port, self.tls_port = folder, port, tls_port

    def deliver(self, raw: bytes) -> None:
        """As a mail server does: write it aside, then move it in."""
        name = f"{time.time_ns()}.{len(raw)}.made"
        (self.folder / "mail" / "tmp" / name).write_bytes(raw)
        os.chown(self.folder / "mail" / "tmp" / name, *_owner())
        (self.folder / "mail" / "tmp" / name).rename(self.folder / "mail" / "new" / name)

    def unseen(self) -> int:
        """How many mails are not marked as seen."""
        with imaplib.IMAP4("127.0.0.1", self.port, timeout=20) as imap:
            imap.login(USER, PASSWORD)
            imap.select("INBOX", readonly=True)
            (numbers,) = imap.search(None, "UNSEEN")[1]
            return len(numbers.split())


@contextmanager
def imap_server(folder: Path) -> Iterator[ImapServer]:
    """Dovecot with its files in `folder`."""
    write_certificate(folder, "mail")
    for name in ("tmp", "new", "cur"):
        (folder / "mail" / name).mkdir(parents=True)
    for path in (folder / "mail", *(folder / "mail").iterdir()):
        os.chown(path, *_owner())
    (folder / "state").mkdir()
    port, tls_port = _free_port(), _free_port()
    # It runs nothing that a stranger reaches as root: then Debian's users for it are used.
    user, login_user = ("dovecot", "dovenull") if os.getuid() == 0 else (getpass.getuser(),) * 2
    group = "dovecot" if os.getuid() == 0 else grp.getgrgid(os.getgid()).gr_name
    text = _CONFIG.format(
        folder=folder, port=port, tls_port=tls_port, user=user, login_user=login_user, group=group,
        password=PASSWORD, uid=_owner()[0], gid=_owner()[1],
    )  # fmt: skip
    (folder / "dovecot.conf").write_text(text)
    program = shutil.which("dovecot")
    assert program is not None
    process = subprocess.Popen([program, "-F", "-c", str(folder / "dovecot.conf")], stdout=sys.stderr)
    try:
        _wait(folder, process, tls_port)
        yield ImapServer(folder, port, tls_port)
    finally:
        process.terminate()
        process.wait(30)


def _owner() -> tuple[int, int]:
    """Whose the mails are: Dovecot lets nobody read mails as root."""
    return (
        (pwd.getpwnam("mail").pw_uid, pwd.getpwnam("mail").pw_gid) if os.getuid() == 0 else (os.getuid(), os.getgid())
    )


def _wait(folder: Path, process: subprocess.Popen[bytes], port: int) -> None:
    until = time.monotonic() + 60
    context = ssl.create_default_context(cafile=str(folder / "c.pem"))
    while True:
        with suppress(OSError, imaplib.IMAP4.error), imaplib.IMAP4_SSL("127.0.0.1", port, ssl_context=context):
            return
        if process.poll() is not None or time.monotonic() > until:
            raise AssertionError((folder / "log").read_text())
        time.sleep(0.05)


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port
