"""A folder served by OpenSSH's sshd, started here with a configuration and keys of its own."""

import os
import pwd
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import asyncssh

from tests.connectors.contract.adapter import ServedAdapter
from tests.connectors.contract.servers import free_port, program, started, wait_for_port
from tests.connectors.example_site import CONTENT

CONFIGURATION = """\
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host_key
PidFile {folder}/sshd.pid
AuthorizedKeysFile {folder}/authorized_keys
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
StrictModes no
PermitRootLogin yes
MaxStartups 200
Subsystem sftp internal-sftp
"""


class SshServer:
    """sshd on a free port; whoever runs the tests may enter with the key in ``private_key``."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        sshd = program("sshd")
        self.port = free_port()
        host, client = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(2))
        host.write_private_key(folder / "host_key")
        (folder / "host_key").chmod(0o600)
        self.host_key = host.export_public_key().decode().strip()
        self.private_key = client.export_private_key().decode()
        self.user = pwd.getpwuid(os.getuid()).pw_name
        self.authorized = folder / "authorized_keys"
        self.authorized.write_bytes(client.export_public_key())
        (folder / "sshd_config").write_text(CONFIGURATION.format(port=self.port, folder=folder))
        if os.getuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # sshd will not start as root without it
        log = folder / "log"
        started(stack, log, sshd, "-D", "-e", "-f", str(folder / "sshd_config"))
        wait_for_port(self.port, log.read_text)


class Adapter(ServedAdapter):
    connector = "sftp"
    cannot = {
        "obeys_retry_after": "the protocol has no such answer",
        "has_a_watermark": "a file comes whole",
        "tells_what_is_gone": "a file comes whole; max_shrink guards the rows",
    }

    def start(self) -> None:
        self.server = self.servers.get(SshServer)
        self.secret = f"{self.server.user}:{self.server.private_key}"
        self.inbox = self.folder / "inbox"
        self.inbox.mkdir()
        self.put(CONTENT, day=1)
        self.behind(self.server.port)

    def put(self, content: bytes, day: int) -> None:
        self.content, self.day = content, day
        path = self.inbox / "fichier.csv"
        path.write_bytes(content)
        os.utime(path, (day * 86400, day * 86400))

    def options(self) -> dict[str, Any]:
        host, _, port = self.proxy.endpoint.partition(":")
        return {"host": host, "port": int(port), "host_key": self.server.host_key, "folder": str(self.inbox)}

    def nowhere(self) -> dict[str, Any]:
        return {**self.options(), "pattern": "absent*"}

    def expected(self) -> bytes:
        return self.content

    def change(self) -> None:
        self.put(self.content + b"99999;nouveau\n", self.day + 1)

    def refuse(self) -> None:
        other = asyncssh.generate_private_key("ssh-ed25519").export_private_key().decode()
        self.secret = f"{self.server.user}:{other}"
