"""E-mail over SMTP: plain text and HTML, with attachments (NOT-01, NOT-02, NOT-08)."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from email.utils import parseaddr
from typing import TYPE_CHECKING, Final

from pake_pipelines.alerts.channels.mail import compose, domain_of
from pake_pipelines.alerts.channels.protocol import ChannelError, NotConfiguredError
from pake_pipelines.config.alerting import EmailChannel
from pake_pipelines.model.alert import Message

if TYPE_CHECKING:
    from email.message import EmailMessage

    from aiosmtplib import SMTP

Refusals = Mapping[str, tuple[int, str]]
"""Address -> what the server said of it, code and text."""

_LEAST_PERMANENT: Final = 500
_FAREWELL_SECONDS: Final = 1.0


class Email:
    """Hands mail to one server, for several recipients."""

    def __init__(self, config: EmailChannel, server: str, username: str | None, password: str | None) -> None:
        """Send by `server`; log in as `username`, if there is one. Raises NotConfiguredError for unusable addresses."""
        self._config = config
        self._server = server
        self._username = username
        self._password = password
        self._sender = config.sender or (username or "")
        self._recipients = [_address(one, "recipient") for one in config.recipients]
        _address(self._sender, "sender")

    async def send(self, message: Message, accepted: Collection[str]) -> str | None:
        """See `Channel.send`.

        A refusal with 5xx of sender, recipient or mail is permanent. Everything before that is temporary: a password
        or a server can be put right. Where a server takes the mail for some recipients only, those that it may take it
        for later get it alone.
        """
        left = [one for one in self._recipients if one not in accepted]
        mail = await asyncio.to_thread(
            compose, message, self._sender, self._config.recipients, self._config.max_attachment_mb
        )
        return settled(await self._refusals(mail, left), left) if left else None

    async def _refusals(self, mail: "EmailMessage", recipients: Sequence[str]) -> Refusals:
        """Send `mail`; return the recipients that are refused. Raises ChannelError."""
        import aiosmtplib

        client = self._client()
        try:
            await client.connect()
            refused, _ = await client.sendmail(parseaddr(self._sender)[1], list(recipients), mail.as_bytes())
        except aiosmtplib.SMTPRecipientsRefused as error:
            return {one.recipient: (one.code, one.message) for one in error.recipients}
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            fault = self._fault(error)
        else:
            await _take_leave(client)
            return {address: (answer.code, answer.message) for address, answer in refused.items()}
        finally:
            client.close()
        raise fault

    def _client(self) -> "SMTP":
        import aiosmtplib

        return aiosmtplib.SMTP(
            hostname=self._server,
            port=self._config.port,
            username=self._username,
            password=self._password,
            use_tls=self._config.security == "tls",
            start_tls=self._config.security == "starttls",
            timeout=self._config.timeout_seconds,
            local_hostname=domain_of(self._sender),
        )

    def _fault(self, error: Exception) -> ChannelError:
        import aiosmtplib

        said = str(getattr(error, "message", "") or getattr(error, "strerror", "") or type(error).__name__)
        for secret in filter(None, (self._password, self._username)):
            said = said.replace(secret, "***")
        refused = isinstance(error, aiosmtplib.SMTPSenderRefused | aiosmtplib.SMTPDataError)
        code = getattr(error, "code", None)
        # an unusable address; a certificate that is not believed is a ValueError, too
        unusable = isinstance(error, ValueError) and not isinstance(error, OSError)
        return ChannelError(
            f"{self._server}:{self._config.port}: {f'{code} ' if code else ''}{said}",
            permanent=unusable or (refused and code is not None and code >= _LEAST_PERMANENT),
        )


def settled(refused: Refusals, recipients: Collection[str]) -> str | None:
    """Return what is to be noted of a mail to `recipients` of which some are refused.

    Raises ChannelError when one may take it later, or none takes it at all.
    """
    if not refused:
        return None
    said = "refused: " + "; ".join(f"{address} ({code} {text})" for address, (code, text) in refused.items())
    later = {address for address, (code, _) in refused.items() if code < _LEAST_PERMANENT}
    if later:
        raise ChannelError(said, accepted=[one for one in recipients if one not in later])
    if len(refused) == len(recipients):
        raise ChannelError(said, permanent=True)
    return said


async def _take_leave(client: "SMTP") -> None:
    """Say goodbye; what is said after the mail was taken changes nothing."""
    import aiosmtplib

    with suppress(aiosmtplib.SMTPException, OSError):
        await client.quit(timeout=_FAREWELL_SECONDS)


def _address(written: str, what: str) -> str:
    address = parseaddr(written)[1]
    local, _, domain = address.rpartition("@")
    if not local or not domain or not written.isprintable():
        raise NotConfiguredError(f"its {what} {written!r} is no address")
    return address
