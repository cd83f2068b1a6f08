"""A web service for tests, which counts, limits, and can be told to misbehave.

    web_server.py FOLDER [CERTIFICATE KEY]

Writes FOLDER/ready with its port. Ends when the process that started it does, and takes FOLDER along.

FOLDER/rule tells how to misbehave, counted from when it was last written: `ACT COUNT [TEXT]`.
    status COUNT CODE [HEADER: VALUE]   answered so
    hang, cut, reset COUNT              the request is read, and there is no answer: nothing comes, or the connection ends
    early COUNT                         the connection ends before the body is read
    big COUNT BYTES                     the answer has a body of so many bytes
    half COUNT                          the answer ends within its body
    limit N                             above N requests in any second, 429
FOLDER/log has a JSON line a request: connection, method, path, headers, body, status. Of requests with the same Idempotency-Key
only the first has an effect: `effect` in its line.
"""

import collections
import http.server
import json
import os
import shutil
import socket
import ssl
import struct
import sys
import threading
import time

folder, words = sys.argv[1], sys.argv[2:]
log = open(folder + "/log", "a", buffering=1)
lock = threading.Lock()
counts = {}
connections = 0
effects = set()
times = collections.deque()


def rule():
    try:
        with open(folder + "/rule") as file:
            text = file.read()
    except FileNotFoundError:
        return None
    if "#" not in text:
        return None
    act, count, *said = text.split("#", 1)[1].split(" ", 2)
    said = said[0] if said else ""
    if act == "limit":
        now = time.monotonic()
        with lock:
            while times and times[0] <= now - 1:
                times.popleft()
            times.append(now)
            return ("status", "429 Retry-After: 1") if len(times) > int(count) else None
    with lock:
        counts[text] = counts.get(text, 0) + 1
        return (act, said) if counts[text] <= int(count) else None


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def setup(self):
        global connections
        super().setup()
        with lock:
            connections += 1
            self.number = connections

    def log_message(self, *_):
        pass

    def end(self, reset=False):
        if reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
        else:
            self.connection.shutdown(socket.SHUT_RDWR)
        self.close_connection = True

    def answer(self):
        act, said = rule() or ("status", "200")
        if act == "early":
            return self.end(reset=True)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        key = self.headers.get("Idempotency-Key")
        code, _, header = said.partition(" ") if act == "status" else ("200", "", "")
        with lock:
            effect = code.startswith("2") and key not in effects
            if effect:
                effects.add(key)
            log.write(json.dumps({
                "connection": self.number, "method": self.command, "path": self.path, "status": int(code), "effect": effect,
                "headers": {name.lower(): value for name, value in self.headers.items()},
                "body": body.decode("utf-8", "replace")}) + "\n")
        if act == "hang":
            time.sleep(3600)
        if act in ("cut", "reset"):
            return self.end(reset=act == "reset")
        size = int(said) if act == "big" else 0 if code == "204" else 2
        self.send_response(int(code))
        if header:
            name, _, value = header.partition(": ")
            self.send_header(name, value)
        if code != "204":
            self.send_header("Content-Length", str(size))
        self.end_headers()
        if act == "half":
            self.wfile.flush()
            return self.end()
        for _ in range(size // 65536):
            self.wfile.write(b" " * 65536)
        self.wfile.write(b" " * (size % 65536 - 2) + b"{}" if size % 65536 >= 2 else b"")

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer


class Quiet(http.server.ThreadingHTTPServer):
    daemon_threads = True
    address_family = socket.AF_INET

    def handle_error(self, *_):
        pass


server = Quiet(("127.0.0.1", 0), Handler)
if words:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(words[0], words[1])
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
threading.Thread(target=server.serve_forever, daemon=True).start()
with open(folder + "/ready.new", "w") as file:
    file.write(f"{server.server_address[1]}\n")
os.rename(folder + "/ready.new", folder + "/ready")
parent = os.getppid()
while os.getppid() == parent:
    time.sleep(0.2)
shutil.rmtree(folder, ignore_errors=True)
os._exit(0)
