"""A real SMTP server on loopback (aiosmtpd) that can refuse, demand a login, speak TLS, or fall silent."""

import asyncio
import ssl
import warnings
from email import message_from_bytes
from email.policy import default

from aiosmtpd.smtp import SMTP, AuthResult

USER, PASSWORD = "pake@example.org", "s3cret-Passw0rd"


class MailServer:
    """`mails` holds what it took, as (recipients, mail). `refusals` maps recipients, or "DATA", "MAIL", to answers."""

    def __init__(self, certificate=None, key=None, *, tls=False, login=False):
        self.mails = []
        self.refusals = {}
        self.silent = False
        context = None
        if certificate:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(certificate, key)
        self._outer = context if tls else None
        inner = None if tls else context
        self._manners = {
            "tls_context": inner, "require_starttls": inner is not None, "auth_required": login,
            "auth_require_tls": inner is not None, "authenticator": self._authenticated, "hostname": "localhost",
        }  # fmt: skip

    async def __aenter__(self):
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._session, "127.0.0.1", 0, ssl=self._outer)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_):
        self._server.close()

    def _session(self):
        with warnings.catch_warnings():
            # it does not know of the TLS around it
            warnings.filterwarnings("ignore", "Requiring AUTH while not requiring TLS")
            return SMTP(self, **self._manners)

    def _authenticated(self, server, session, envelope, mechanism, data):
        known = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        return AuthResult(success=known, handled=False)

    async def handle_MAIL(self, server, session, envelope, address, options):  # noqa: N802  # the library's name
        if answer := self.refusals.get("MAIL"):
            return answer
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802  # the library's name
        if self.silent:
            await asyncio.sleep(30)
        if answer := self.refusals.get(address):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802  # the library's name
        if answer := self.refusals.get("DATA"):
            return answer
        self.mails.append((list(envelope.rcpt_tos), message_from_bytes(envelope.content, policy=default)))
        return "250 taken"
