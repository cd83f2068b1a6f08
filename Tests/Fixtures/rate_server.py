"""A web service for tests that says to the microsecond when it was called.

    rate_server.py FOLDER [PART SEED [PORT]]

Writes FOLDER/ready with its port. Ends when the process that started it does, and takes FOLDER along. PART of all calls, as
0.05, is answered with 429 or 5xx, at random.

FOLDER/log has a line a call: TIME STATUS KEY. The time is the kernel's, of the call's last byte: this program can be late, and
the call is not. FOLDER/rule can say `refuse COUNT`: so many calls from then on are answered with 404.
"""

import os
import random
import selectors
import shutil
import socket
import struct
import sys
import time

TIMESTAMPS = 35  # SO_TIMESTAMPNS

folder, words = sys.argv[1], sys.argv[2:]
part = float(words[0]) if words else 0
chance = random.Random(int(words[1]) if words else 0)
log = open(folder + "/log", "a", buffering=1)
counts = {}


def is_refused():
    try:
        with open(folder + "/rule") as file:
            text = file.read()
    except FileNotFoundError:
        return False
    if "#refuse " not in text:
        return False
    counts[text] = counts.get(text, 0) + 1
    return counts[text] <= int(text.split("#refuse ", 1)[1])


def answer():
    if is_refused():
        return "404 Not Found", ""
    if chance.random() < part:
        return chance.choice([
            ("429 Too Many Requests", "Retry-After: 1\r\n"), ("500 Internal Server Error", ""), ("503 Service Unavailable", "")])
    return "200 OK", ""


class Call:
    def __init__(self, connection):
        self.connection = connection
        self.bytes = b""

    def read(self):
        """Returns whether the connection is still open."""
        try:
            data, about, _, _ = self.connection.recvmsg(65536, 256)
        except ConnectionError:
            return False
        if not data:
            return False
        at = time.time()
        for level, kind, stamp in about:
            if level == socket.SOL_SOCKET and kind == TIMESTAMPS:
                seconds, nanoseconds = struct.unpack("qq", stamp[:16])
                at = seconds + nanoseconds / 1e9
        self.bytes += data
        while True:
            head, end, rest = self.bytes.partition(b"\r\n\r\n")
            if not end:
                return True
            fields = dict(
                line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:] if b": " in line)
            length = int(fields.get(b"content-length", 0))
            if len(rest) < length:
                return True
            self.bytes = rest[length:]
            status, header = answer()
            log.write(f"{at:.6f} {status[:3]} {fields[b'idempotency-key'].decode()}\n")
            try:
                self.connection.sendall(f"HTTP/1.1 {status}\r\n{header}Content-Length: 0\r\n\r\n".encode())
            except ConnectionError:
                return False


listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(("127.0.0.1", int(words[2]) if len(words) > 2 else 0))
listener.listen(128)
selector = selectors.DefaultSelector()
selector.register(listener, selectors.EVENT_READ)
with open(folder + "/ready.new", "w") as file:
    file.write(f"{listener.getsockname()[1]}\n")
os.rename(folder + "/ready.new", folder + "/ready")
parent = os.getppid()
while os.getppid() == parent:
    for key, _ in selector.select(0.2):
        if key.fileobj is listener:
            connection, _ = listener.accept()
            connection.setsockopt(socket.SOL_SOCKET, TIMESTAMPS, 1)
            selector.register(connection, selectors.EVENT_READ, Call(connection))
        elif not key.data.read():
            selector.unregister(key.fileobj)
            key.fileobj.close()
shutil.rmtree(folder, ignore_errors=True)
