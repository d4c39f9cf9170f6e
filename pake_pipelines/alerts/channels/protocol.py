"""What every channel offers: it sends one message, or says why not."""

from collections.abc import Collection
from typing import Final, Protocol

from pake_pipelines.model.alert import Message

_LONGEST_ERROR: Final = 500


class NotConfiguredError(Exception):
    """A channel lacks what the user has to give it; the message says what."""


class ChannelError(Exception):
    """A message could not be sent; the text says why, without any secret."""

    def __init__(
        self, text: str, *, permanent: bool = False, retry_after: float | None = None, accepted: Collection[str] = ()
    ) -> None:
        """`permanent`: sending it again would not help. `retry_after`: how many seconds the other side asks for.

        `accepted` are the recipients that have taken it, and need not get it again.
        """
        super().__init__(text[:_LONGEST_ERROR])
        self.permanent = permanent
        self.retry_after = retry_after
        self.accepted = tuple(accepted)


class Channel(Protocol):
    """A way to a person."""

    async def send(self, message: Message, accepted: Collection[str]) -> str | None:
        """Send `message` to all recipients but those who `accepted` it before; return what is to be noted of it.

        Raises ChannelError. May be cancelled at any time.
        """
        ...
