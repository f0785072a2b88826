"""Topics of a Mosquitto broker, started here with a password file of its own."""

import json
import subprocess
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from paho.mqtt.enums import MQTTProtocolVersion
from paho.mqtt.publish import multiple

from tests.connectors.contract.adapter import SECRET, ServedAdapter
from tests.connectors.contract.servers import free_port, program, started, wait_for_port

CONFIGURATION = """\
listener {port} 127.0.0.1
allow_anonymous false
password_file {folder}/passwords
persistence false
"""


class MosquittoServer:
    """The broker, and a way to publish there."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        mosquitto, passwd = program("mosquitto"), program("mosquitto_passwd")
        self.port, self._sources = free_port(), 0
        (folder / "mosquitto.conf").write_text(CONFIGURATION.format(port=self.port, folder=folder))
        (folder / "passwords").touch(mode=0o600)
        subprocess.run([passwd, "-b", str(folder / "passwords"), "archipel", SECRET], check=True, capture_output=True)
        # As root the broker would become another account, which may not enter here.
        (folder / "mosquitto.conf").open("a").write("user root\n")
        log = folder / "log"
        started(stack, log, mosquitto, "-c", str(folder / "mosquitto.conf"))
        wait_for_port(self.port, log.read_text)

    def new_source(self) -> str:
        self._sources += 1
        return f"mairie-{self._sources}"

    def publish(self, *messages: tuple[str, str | None, bool]) -> None:
        """Publish (topic, payload, retained) with QoS 1, in this order."""
        multiple(
            [{"topic": topic, "payload": text, "qos": 1, "retain": keep} for topic, text, keep in messages],
            "127.0.0.1",
            self.port,
            auth={"username": "archipel", "password": SECRET},
            protocol=MQTTProtocolVersion.MQTTv5,
        )


class Adapter(ServedAdapter):
    connector = "mqtt"
    secret = f"archipel:{SECRET}"
    stall_bytes = 2
    cannot = {
        "resumes_after_a_cut": "what came before the cut is handed over; the broker keeps the rest for the next run",
        "unchanged_costs_nothing": "retained messages are sent at each subscription; nothing is handed over",
        "obeys_retry_after": "the protocol has no such answer",
        "has_a_watermark": "numbers of messages that the broker still keeps stand in its place",
    }

    def start(self) -> None:
        self.server = self.servers.get(MosquittoServer)
        self.source = self.server.new_source()
        self.payloads: dict[str, Any] = {
            f"{self.source}/{name}/bruit": {"db": level, "lieu": {"nom": name}}
            for name, level in (("a", 41.5), ("b", 50))
        }
        self.server.publish(*((topic, json.dumps(payload), True) for topic, payload in self.payloads.items()))
        self.behind(self.server.port)

    def options(self) -> dict[str, Any]:
        host, _, port = self.proxy.endpoint.partition(":")
        return {
            "host": host,
            "port": int(port),
            "tls": False,
            "topics": [f"{self.source}/+/bruit"],
            "client_id": self.source,
            "window_seconds": 0.3,
        }

    def nowhere(self) -> dict[str, Any]:
        return {**self.options(), "topics": ["a/#/b"]}

    def content_of(self, path: Path) -> Any:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        return {row["topic"]: row["payload"] for row in rows}

    def expected(self) -> Any:
        return self.payloads

    def change(self) -> None:
        topic = f"{self.source}/c/bruit"
        self.payloads[topic] = {"db": 60}
        self.server.publish((topic, json.dumps(self.payloads[topic]), False))

    def remove(self) -> None:
        self.server.publish((f"{self.source}/a/bruit", None, True))

    def refuse(self) -> None:
        self.secret = "archipel:another-word-that-is-not-it"
