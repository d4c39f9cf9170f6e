"""A webhook: a POST of JSON (NOT-03), signed as the Standard Webhooks specification says when there is a secret."""

import base64
import binascii
import hashlib
import hmac
import time
from collections.abc import Collection, Mapping
from dataclasses import asdict
from typing import Any, Final

from pake_pipelines.alerts.channels.identifier import identifier
from pake_pipelines.alerts.channels.posting import post_json
from pake_pipelines.alerts.channels.protocol import NotConfiguredError
from pake_pipelines.alerts.text import service_of
from pake_pipelines.config.alerting import WebhookChannel
from pake_pipelines.model.alert import Message

_PREFIX: Final = "whsec_"


class Webhook:
    """Posts to one address."""

    def __init__(self, config: WebhookChannel, url: str, secret: bytes | None) -> None:
        """Post to `url`, signed with `secret` (see `secret_of`)."""
        self._config = config
        self._url = url
        self._secret = secret

    async def send(self, message: Message, accepted: Collection[str]) -> str | None:
        """See `Channel.send`."""
        import orjson

        body = orjson.dumps(payload(message), default=str)
        ours = _headers(message, body, self._secret)
        known = {name.lower() for name in ours}
        headers = {name: value for name, value in self._config.headers.items() if name.lower() not in known}
        await post_json(
            self._url,
            body,
            headers={**headers, **ours},
            seconds=self._config.timeout_seconds,
            allow_private=self._config.allow_private,
        )
        return None


def payload(message: Message) -> dict[str, Any]:
    """Return what is posted: the six fields of NOT-03, then the whole message; moments in ISO 8601, UTC.

    `alert_id` is that of the first alert, for receivers that know of one alert only; the key where there is none.
    """
    lines = (*message.firing, *message.resolved)
    first = lines[0] if lines else None
    return {
        "alert_id": first.alert_id if first else message.key,
        "service": service_of(message),
        "severity": message.severity,
        "message": message.title,
        "timestamp": message.created_at,
        "metadata": {**(first.labels if first else {}), **message.labels},
        "type": f"alert.{message.kind}",
        **asdict(message),
    }


def secret_of(value: str, variable: str) -> bytes:
    """Return the key behind `whsec_<base64>`, whose prefix may be left out. Raises NotConfiguredError."""
    try:
        key = base64.b64decode(value.strip().removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not key:
        raise NotConfiguredError(f"{variable} is not a secret in base64, like whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    return key


def signature(secret: bytes, message_id: str, timestamp: int, body: bytes) -> str:
    """Return `v1,<base64>` over id, time (seconds since 1970) and body (standardwebhooks.com, version 1)."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    return f"v1,{base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()}"


def _headers(message: Message, body: bytes, secret: bytes | None) -> Mapping[str, str]:
    message_id, timestamp = identifier(message.key), int(time.time())
    headers = {"Idempotency-Key": message_id, "webhook-id": message_id, "webhook-timestamp": str(timestamp)}
    return (
        headers if secret is None else headers | {"webhook-signature": signature(secret, message_id, timestamp, body)}
    )
