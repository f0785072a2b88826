"""Messages of MQTT topics: what is retained, what was queued since the last run, and what comes while we listen.

MQTT 5 (OASIS, 2019). The session outlives the connection (client id, no clean start, an expiry), so the broker queues
messages of QoS 1 between runs. A message is acknowledged in the run *after* the one that handed it over, once that one
was settled: a run that fails loses nothing, the broker sends its messages again, under their old packet numbers. Those
numbers are what is remembered (``Validators.watermark``). Until then messages are in flight, which is why the client
offers to hold 65,535 of them; a broker that allows fewer stops sending at that, and the rest comes in the next run.

What was acknowledged the broker has forgotten: without the rows of last time (``previous``) it does not come again.

Each message is one row ``{"topic", "received_at", "payload"}``; a payload that is no JSON stays the text that it is.
``keep: latest`` holds one row a topic; an empty retained message says that a topic is cleared, which is told and not
applied. ``keep: all`` holds every message; retained ones are then sent only when the subscription is new. Listening
ends after ``window_seconds`` or ``max_messages``, or early when the connection is cut after something came.
"""

from typing import Literal

from pydantic import Field, field_validator

from connectors.authority import Authority
from connectors.base import Checked, ConnectorOptions, Fetched, FetchRequest, Validators, read_options
from connectors.credentials import two_parts
from connectors.mqtt_rows import Rows
from connectors.mqtt_session import Broker
from connectors.patience import Patience
from connectors.records import Cost, checked, write_records
from connectors.snapshot import Snapshot, key_at


class Options(ConnectorOptions):
    """What the declaration of an ``mqtt`` source says; its secret is ``user:password``."""

    host: str = Field(title="Serveur", min_length=1, description="name or address of the broker")
    port: int = Field(8883, title="Port", ge=1, le=65535, description="another than 8883 and 1883 has to be allowed")
    tls: bool = Field(True, title="Chiffrement", description="encrypted, and the server's name verified")
    ca: Authority | None = Field(
        None, title="Autorité", description="certificate (PEM) of a private authority to trust"
    )
    anonymous: bool = Field(False, title="Anonyme", description="the broker asks for no name: no secret is sent")
    topics: tuple[str, ...] = Field(title="Sujets", min_length=1, description="filters, such as capteurs/+/bruit")
    client_id: str = Field(
        title="Client", pattern=r"^[A-Za-z0-9_-]{1,64}$", description="name of the session, of this source alone"
    )
    keep: Literal["latest", "all"] = Field("latest", title="Garder", description="one row a topic, or every message")
    window_seconds: float = Field(10, title="Écoute", gt=0, le=600, description="how long to listen")
    max_messages: int = Field(10_000, title="Messages", gt=0, le=60_000, description="most messages of one run")
    session_days: int = Field(7, title="Session", gt=0, le=49, description="how long the broker keeps messages for us")

    @field_validator("topics")
    @classmethod
    def _are_filters(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        """Wildcards stand alone in their level, and ``#`` in the last (MQTT 5, 4.7.1)."""
        for topic in value:
            levels = topic.split("/")
            stray = [level for level in levels if len(level) > 1 and ("+" in level or "#" in level)]
            if not topic or "\0" in topic or stray or "#" in levels[:-1]:
                raise ValueError(f"{topic!r} is no topic filter")
        return value


def _broker(request: FetchRequest, options: Options, patience: Patience) -> Broker:
    return Broker(
        host=options.host,
        port=options.port,
        tls=options.tls,
        ca=options.ca,
        client_id=options.client_id,
        topics=options.topics,
        session_seconds=options.session_days * 86400,
        retained_once=options.keep == "all",
        credentials=None if options.anonymous else two_parts(request.secret),
        patience=patience,
    )


def check(request: FetchRequest) -> Checked:
    """Say whether the broker lets us in, without a session that would begin to queue.

    Raises:
        ConnectorProblem: any of ``connectors.problems``.
    """
    options, patience = read_options(Options, request), Patience(request.limits)
    broker = _broker(request, options, patience)
    for attempt in patience.attempts:
        with attempt, broker.opened(is_lasting=False):
            pass
    return checked(f"{options.client_id}.ndjson", resumable=True)


def fetch(request: FetchRequest) -> Fetched:
    """Listen, and hand over what has come laid over the rows that we have.

    Raises:
        ConnectorProblem: any of ``connectors.problems``; nothing is left in ``request.into``, and no message is lost.
    """
    options, patience = read_options(Options, request), Patience(request.limits)
    broker, received = _broker(request, options, patience), 0
    with Snapshot(request.into, key_at("topic") if options.keep == "latest" else lambda _: None) as snapshot:
        rows = Rows(request, options.keep == "latest", snapshot)
        for attempt in patience.attempts:
            with attempt, broker.opened() as session:
                for message in session.messages(options.window_seconds, options.max_messages):
                    received += len(message.payload)
                    patience.require_room(received, broker.where)
                    session.acknowledge(rows.take(message))
        rows.write()
        cost, since = Cost(attempt.num, received), Validators(watermark=rows.watermark)
        fetched = write_records(request, snapshot.lines(), cost, f"{options.client_id}.ndjson", since=since)
    return fetched.model_copy(update={"gone": len(rows.cleared)})
