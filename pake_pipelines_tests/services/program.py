"""A small web server as a service: `python program.py PORT TRACE [option...]`.

It writes a line with its pid into TRACE when it starts. Options: `stubborn` ignores TERM, `daemon` leaves the terminal
and lets its starter end, `exit=CODE` says so and ends, `mute` runs and serves nothing, `late=SECONDS` takes its time.
"""

import os
import signal
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path


class Answer(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_):
        pass


def main(port, trace, options):
    if "daemon" in options and os.fork():
        os._exit(0)
    if "daemon" in options:
        os.setsid()
    with Path(trace).open("a") as file:
        file.write(f"{os.getpid()}\n")
    for option in options:
        if option.startswith("exit="):
            print("the port is taken by somebody", flush=True)
            sys.exit(int(option.removeprefix("exit=")))
        if option.startswith("late="):
            time.sleep(float(option.removeprefix("late=")))
    if "stubborn" in options:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if "mute" in options:
        time.sleep(600)
    HTTPServer(("127.0.0.1", port), Answer).serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3:])
