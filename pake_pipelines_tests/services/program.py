"""A small web server as a service: `python program.py PORT TRACE [option...]`.

It writes a line with its pid into TRACE when it starts. Options: `stubborn` ignores TERM, `daemon` leaves the terminal
and lets its starter end, `exit=CODE` says so and ends, `mute` runs and serves nothing, `late=SECONDS` takes its time.
"""

import os
import signal
import socket
import sys
import time


def serve(port):
    # not http.server: hundreds of these programs are started, and it takes longer to import than all else
    with socket.create_server(("127.0.0.1", port)) as server:
        while True:
            connection, _ = server.accept()
            with connection:
                try:
                    connection.recv(65536)
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
                except OSError:
                    continue


def main(port, trace, options):
    if "daemon" in options and os.fork():
        os._exit(0)
    if "daemon" in options:
        os.setsid()
    with open(trace, "a") as file:  # noqa: PTH123  # nor pathlib
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
    serve(port)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3:])
