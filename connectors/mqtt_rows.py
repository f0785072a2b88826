"""Which MQTT messages become rows, and which were settled before and may be acknowledged."""

import json
from itertools import groupby
from typing import Any

from connectors.base import FetchRequest
from connectors.mqtt_session import Message
from connectors.records import as_line
from connectors.snapshot import Snapshot


class Rows:
    """The rows handed over last time, and the messages that have come since.

    A message is settled when the broker sends it again under a number that was remembered, and its row is there. Both
    are needed: equal messages differ by number, and a broker uses numbers anew.
    """

    def __init__(self, request: FetchRequest, is_latest: bool, snapshot: Snapshot) -> None:
        self._snapshot, self._is_latest, self._known = snapshot, is_latest, request.known_watermark
        self._handed_over = _numbers(self._known or "")
        self._settled: set[str] = set()
        self._waiting: dict[str, list[Message]] = {}
        self._acknowledged: set[int] = set()
        self.cleared: set[str] = set()
        """Topics whose retained message was taken back."""
        if request.previous is not None:
            snapshot.put_previous(request.previous)
            with request.previous.open(encoding="utf-8") as lines:
                self._settled = {_identity(row["topic"], row["payload"]) for row in map(json.loads, lines)}

    def take(self, message: Message) -> list[Message]:
        """Take a message; return those to acknowledge now that it has come."""
        done = self._done_by(message)
        self._acknowledged |= {each.number for each in done}
        return done

    def write(self) -> None:
        """Put what has come into the snapshot."""
        for topic, messages in self._waiting.items():
            for message in messages[-1:] if self._is_latest else messages:
                payload = _payload(message.payload)
                self._snapshot.put({"topic": topic, "received_at": message.received_at, "payload": payload})

    @property
    def watermark(self) -> str | None:
        """Numbers of what is handed over, and of what was acknowledged just now: that may get lost on the way."""
        taken = {message.number for messages in self._waiting.values() for message in messages}
        return _ranges(taken | self._acknowledged) if taken else self._known

    def _done_by(self, message: Message) -> list[Message]:
        topic = message.topic
        if not message.payload:
            self.cleared.add(topic)
            return [message]
        if _identity(topic, _payload(message.payload)) in self._settled:
            if message.is_repeated and message.number in self._handed_over:
                # Messages come again in their old order: those before the row that was settled were replaced by it.
                return [*(self._waiting.pop(topic, []) if self._is_latest else []), message]
            if message.is_retained:
                return [message]
        self.cleared.discard(topic)
        self._waiting.setdefault(topic, []).append(message)
        return []


def _payload(content: bytes) -> Any:
    """The JSON value, or the text as it came: a contract, not this place, judges what it should have been."""

    def refuse(name: str) -> None:
        raise ValueError(name)

    try:
        value = json.loads(content, parse_constant=refuse)
        json.dumps(value, allow_nan=False)  # 1e999 is JSON, and no number that can be written again
    except (ValueError, RecursionError):
        return content.decode("utf-8", "backslashreplace")
    return value


def _identity(topic: Any, payload: Any) -> str:
    return as_line({"topic": topic, "payload": payload})


def _ranges(numbers: set[int]) -> str:
    """Numbers as text: ``1-20,25``; brokers count up, so thousands are a few letters."""
    runs = groupby(enumerate(sorted(numbers)), key=lambda pair: pair[1] - pair[0])
    spans = [[number for _, number in run] for _, run in runs]
    return ",".join(f"{span[0]}-{span[-1]}" for span in spans)


def _numbers(text: str) -> set[int]:
    spans = [part.split("-") for part in text.split(",") if part]
    return {number for first, last in spans for number in range(int(first), int(last) + 1)}
