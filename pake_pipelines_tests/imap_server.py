"""A real IMAP server (pymap, mail in memory) as a process of its own on loopback, and a hand that fills it.

Run as a program it serves: `python -m pake_pipelines_tests.imap_server [CERTIFICATE KEY]` prints its ports, first
the one with STARTTLS, then the one inside TLS.
"""

import asyncio
import contextlib
import json
import os
import signal
import ssl
import subprocess
import sys
from argparse import Namespace

from imap_tools import MailBoxUnencrypted

USER, PASSWORD = "reader@example.org", "s3cret-Passw0rd"


def certify(directory):
    """Make a self-signed certificate for localhost; return the paths of certificate and key."""
    certificate, key = directory / "certificate.pem", directory / "key.pem"
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *subject, *files]
    subprocess.run(command, check=True, capture_output=True)
    return certificate, key


class ImapServer:
    """The process. `port` speaks in the clear and offers STARTTLS, `tls_port` speaks TLS, if it has a certificate."""

    def __init__(self, certificate=None, key=None):
        self._files = [str(certificate), str(key)] if certificate else []

    def __enter__(self):
        command = [sys.executable, "-m", "pake_pipelines_tests.imap_server", *self._files]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.port, self.tls_port = json.loads(self._process.stdout.readline())
        return self

    def __exit__(self, *_):
        self.resume()
        self.kill()
        self._process.stdout.close()

    def kill(self):
        """End it as a crash would."""
        self._process.kill()
        self._process.wait()

    def pause(self):
        """Let it fall silent without hanging up."""
        os.kill(self._process.pid, signal.SIGSTOP)

    def resume(self):
        if self._process.poll() is None:
            os.kill(self._process.pid, signal.SIGCONT)

    @contextlib.contextmanager
    def hand(self, folder=None):
        """Yield an imap-tools mailbox, logged in, with `folder` open."""
        with MailBoxUnencrypted("127.0.0.1", self.port).login(USER, PASSWORD, folder) as mailbox:
            yield mailbox

    def create(self, folder):
        with self.hand() as mailbox:
            mailbox.folder.create(folder)

    def recreate(self, folder):
        """Delete the folder and make it again: UIDVALIDITY changes, UIDs begin anew."""
        with self.hand() as mailbox:
            mailbox.folder.delete(folder)
            mailbox.folder.create(folder)

    def append(self, folder, *messages):
        """Deliver (raw message, internal date) pairs."""
        with self.hand() as mailbox:
            for raw, when in messages:
                mailbox.append(raw, folder, dt=when)

    def expunge(self, folder, uid):
        with self.hand(folder) as mailbox:
            mailbox.delete(str(uid))

    def flag(self, folder, uid, flag):
        with self.hand(folder) as mailbox:
            mailbox.client.uid("STORE", str(uid), "+FLAGS", f"({flag})")

    def flags(self, folder):
        """Return the flags of every message by its UID."""
        with self.hand() as mailbox:
            mailbox.folder.set(folder, readonly=True)
            return {int(one.uid): set(one.flags) - {r"\Recent"} for one in mailbox.fetch(mark_seen=False)}


async def serve(files):
    """Serve until killed. On loopback pymap takes a login in the clear as well."""
    from proxyprotocol.reader import ProxyProtocolReader
    from pymap.backend.dict import DictBackend
    from pymap.imap import IMAPServer
    from pysasl.hashing import BuiltinHash

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if files:
        context.load_cert_chain(*files)
    arguments = Namespace(
        host=None, port=0, debug=False, cert=None, key=None, tls=bool(files), passlib_cfg=None, proxy_protocol=None,
        inherited_sockets=None, demo_data=False, demo_user=USER, demo_password=PASSWORD,
    )  # fmt: skip
    # tests log in by the hundred; nobody attacks the hash of a password that stands above
    quick = BuiltinHash(rounds=1)
    backend, config = await DictBackend.init(arguments, ssl_context=context, hash_context=quick)
    config.apply_context()
    answer = ProxyProtocolReader(config.proxy_protocol).get_callback(IMAPServer(backend.login, config))
    clear = await asyncio.start_server(answer, "127.0.0.1", 0)
    inside = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    print(json.dumps([one.sockets[0].getsockname()[1] for one in (clear, inside)]), flush=True)
    await asyncio.gather(clear.serve_forever(), inside.serve_forever())


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1:]))
