"""An IMAP server that plays a part: what it answers to each command is written by the test, true or not."""

import socketserver
import threading
import time

CAPABILITIES = b"* CAPABILITY IMAP4rev1 AUTH=PLAIN"
HEADER = b"From: jo@x.org\r\n\r\n"


def literal(data):
    return b"{%d}\r\n%s" % (len(data), data)


def summary(uid, size=100, sender=HEADER):
    """Return the usual answer about a message before its download."""
    date = b'INTERNALDATE "20-Nov-2026 08:00:00 +0000"'
    return b"* 1 FETCH (UID %d RFC822.SIZE %d %s BODY[HEADER.FIELDS (FROM)] %s)" % (uid, size, date, literal(sender))


def body(uid, raw):
    return b"* 1 FETCH (UID %d BODY[]<0> %s)" % (uid, literal(raw))


class Part:
    """Answers by command: untagged lines, or a function from the tag to the whole answer or its pieces.

    `heard` holds the commands that came.
    """

    def __init__(self, **answers):
        folder = [b"* 1 EXISTS", b"* OK [UIDVALIDITY 7]", b"* OK [UIDNEXT 1000]"]
        usual = {"CAPABILITY": [CAPABILITIES], "EXAMINE": folder, "SELECT": folder, "LOGOUT": [b"* BYE"]}
        self.greeting = answers.pop("GREETING", b"* OK ready")
        self._answers = usual | answers
        self.heard = []

    def __enter__(self):
        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), self._handler(), bind_and_activate=True)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()

    def answer(self, line):
        tag, _, command = line.strip().partition(b" ")
        self.heard.append(command.decode())
        words = command.decode().split()
        name = words[1] if words[0] == "UID" else words[0]
        if name == "FETCH":
            name = "BODY" if b"BODY.PEEK[]" in command else "SUMMARY"
        answer = self._answers.get(name, [])
        if callable(answer):
            whole = answer(tag)
            return [whole] if isinstance(whole, bytes) else whole
        return [line + b"\r\n" for line in [*answer, tag + b" OK done"]]

    def _handler(part):  # noqa: N805  # the handler below has a self of its own
        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                try:
                    self.wfile.write(part.greeting + b"\r\n")
                    for line in self.rfile:
                        for piece in part.answer(line):
                            self.wfile.write(piece)
                except OSError:
                    part.heard.append("hung up")

        return Handler


def trickle(_tag):
    """Say nothing of use, in small pieces, for ten seconds."""
    for _ in range(100):
        time.sleep(0.1)
        yield b"*"
