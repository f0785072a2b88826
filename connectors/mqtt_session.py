"""A session with an MQTT 5 broker, on paho: to a judged address, one thread, nothing acknowledged by itself."""

import ssl
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from paho.mqtt.client import Client, ConnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from connectors.credentials import Credentials
from connectors.egress import judge_service
from connectors.patience import Patience
from connectors.problems import SourceRefused, SourceUnavailable

USUAL_PORTS = (1883, 8883)
_BUSY = {0x88, 0x89, 0x8B, 0x9F}  # unavailable, busy, shutting down, connection rate exceeded (MQTT 5, 2.4)
_NOT_ALLOWED = {0x86, 0x87, 0x8A, 0x8C}  # bad user name or password, not authorised, banned, bad method
_TICK_SECONDS = 0.2
_MOST_IN_FLIGHT = 65_535


@dataclass(frozen=True)
class Message:
    """One message as it came; ``received_at`` is an instant of ours, ISO 8601 in UTC."""

    topic: str
    payload: bytes
    received_at: str
    is_repeated: bool
    is_retained: bool
    number: int
    qos: int


class _NamedContext(ssl.SSLContext):
    """Checks the certificate for the declared name, while the connection goes to the judged address."""

    name = ""

    def wrap_socket(self, *args: Any, **settings: Any) -> ssl.SSLSocket:
        return super().wrap_socket(*args, **{**settings, "server_hostname": self.name})


@dataclass(frozen=True)
class Broker:
    """Where a broker is, who asks for what, and how patiently."""

    host: str
    port: int
    tls: bool
    ca: str | None
    client_id: str
    topics: tuple[str, ...]
    session_seconds: int
    retained_once: bool
    credentials: Credentials | None
    patience: Patience

    @property
    def where(self) -> str:
        """For messages: never a user, never a password."""
        return f"{'mqtts' if self.tls else 'mqtt'}://{self.host}:{self.port}"

    @contextmanager
    def opened(self, is_lasting: bool = True) -> Iterator["Session"]:
        """Connect, subscribe, and disconnect in the end; what fails becomes one of our problems.

        A session that is not lasting bears a name that the broker gives, subscribes to nothing and leaves no trace.
        """
        session = Session(self, is_lasting)
        try:
            session.connect()
            yield session
        except ssl.SSLCertVerificationError as error:
            raise SourceRefused(self.where, 495, "certificat non reconnu", "certificate not trusted") from error
        except TimeoutError as error:
            raise self.patience.too_slow(self.where) from error
        except OSError as error:
            raise SourceUnavailable(self.where, "connexion impossible ou coupée", "connection failed or cut") from error
        finally:
            session.close()

    def context(self) -> ssl.SSLContext:
        """What TLS trusts, and for which name."""
        context = _NamedContext(ssl.PROTOCOL_TLS_CLIENT)
        context.name = self.host
        if self.ca is None:
            context.load_default_certs()
        else:
            context.load_verify_locations(cadata=self.ca)
        return context


class Session:
    """One connection; messages are kept in the order in which they came."""

    def __init__(self, broker: Broker, is_lasting: bool) -> None:
        self._broker, self._patience, self._is_lasting = broker, broker.patience, is_lasting
        self._came: deque[Message] = deque()
        self._connected: ReasonCode | None = None
        self._subscribed: list[ReasonCode] | None = None
        self._is_cut = False
        self._client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=broker.client_id if is_lasting else "",
            protocol=MQTTProtocolVersion.MQTTv5,
            manual_ack=True,
            reconnect_on_failure=False,
        )
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_message = self._on_message

    def connect(self) -> None:
        """Connect to a judged address and subscribe.

        Raises:
            ConnectorProblem: any of ``connectors.problems``.
            OSError: the connection failed.
        """
        broker, limits = self._broker, self._patience.limits
        addresses = judge_service(broker.host, broker.port, USUAL_PORTS, limits.egress)
        if broker.tls:
            self._client.tls_set_context(broker.context())
        if broker.credentials is not None:
            self._client.username_pw_set(broker.credentials.name, broker.credentials.secret.get_secret_value())
        wait = self._patience.cap(limits.timeout_seconds, broker.where)
        self._client.connect_timeout = wait
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        if self._is_lasting:
            properties.SessionExpiryInterval = broker.session_seconds
            properties.ReceiveMaximum = _MOST_IN_FLIGHT
        # paho waits for the handshake as long as it would for a sign of life.
        alive = max(1, int(wait))
        for address in addresses:
            try:
                self._client.connect(
                    str(address), broker.port, alive, clean_start=not self._is_lasting, properties=properties
                )
            except ConnectionRefusedError:
                if address == addresses[-1]:
                    raise
            else:
                break
        self._wait(lambda: self._connected is not None)
        self._require(self._connected)
        if self._is_lasting:
            handling = SubscribeOptions.RETAIN_SEND_IF_NEW_SUB if broker.retained_once else 0
            options = SubscribeOptions(qos=1, retainHandling=handling)
            self._client.subscribe([(topic, options) for topic in broker.topics])
            self._wait(lambda: self._subscribed is not None)
            for code in self._subscribed or []:
                self._require(code)

    def messages(self, seconds: float, most: int) -> Iterator[Message]:
        """Yield messages until the time is up, there are enough, or the line is cut after at least one.

        Raises:
            SourceUnavailable: the line is cut before anything came.
        """
        until = min(time.monotonic() + seconds, self._patience.deadline)
        count = 0
        while count < most:
            while self._came and count < most:
                count += 1
                yield self._came.popleft()
            left = until - time.monotonic()
            if left <= 0 or (self._is_cut and count):
                return
            self._turn(min(_TICK_SECONDS, left))
            if self._is_cut and not (count or self._came):
                where = self._broker.where
                raise SourceUnavailable(where, "connexion coupée", "connection cut")

    def acknowledge(self, messages: Iterable[Message]) -> None:
        """Tell the broker that these need not be sent again; lost with the line, they will be."""
        for message in messages:
            if message.qos and not self._is_cut:
                self._client.ack(message.number, message.qos)

    def close(self) -> None:
        """Disconnect; the session stays with the broker when it is a lasting one."""
        if self._client.is_connected():
            self._client.disconnect()
            self._turn(_TICK_SECONDS)

    def _turn(self, seconds: float) -> None:
        self._is_cut = self._client.loop(seconds) != MQTTErrorCode.MQTT_ERR_SUCCESS

    def _wait(self, is_done: Any) -> None:
        where, limits = self._broker.where, self._patience.limits
        until = time.monotonic() + self._patience.cap(limits.timeout_seconds, where)
        while not is_done():
            if time.monotonic() >= until:
                raise self._patience.too_slow(where)
            self._turn(_TICK_SECONDS)
            if self._is_cut and not is_done():
                raise SourceUnavailable(where, "connexion coupée", "connection cut")

    def _require(self, code: ReasonCode | None) -> None:
        where, value = self._broker.where, 0 if code is None else code.value
        if value < 0x80:
            return
        if value in _BUSY:
            raise SourceUnavailable(where, f"réponse {value:#x}", f"answer {value:#x}")
        status = 401 if value in _NOT_ALLOWED else 400
        raise SourceRefused(where, status, f"« {code} »", repr(str(code)))

    def _on_connect(self, _: Client, __: Any, ___: ConnectFlags, code: ReasonCode, ____: Properties | None) -> None:
        self._connected = code

    def _on_subscribe(self, _: Client, __: Any, ___: int, codes: list[ReasonCode], ____: Properties | None) -> None:
        self._subscribed = codes

    def _on_message(self, _: Client, __: Any, message: MQTTMessage) -> None:
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        flags = (message.dup, message.retain, message.mid, message.qos)
        self._came.append(Message(message.topic, bytes(message.payload), now, *flags))
