"""systemd's journal for tests: journal_server.py SOCKET FILE COUNT

Takes datagrams of the native protocol, reads them as systemd's documentation says, and writes each entry as a line of JSON.
Ends after COUNT entries, after ten seconds, or when the process that started it does.
"""

import json
import os
import socket
import struct
import sys
import time

path, file, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
parent, end = os.getppid(), time.monotonic() + 10
server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
server.bind(path)
server.settimeout(0.2)
with open(file, "w") as out:
    while count > 0 and time.monotonic() < end and os.getppid() == parent:
        try:
            data = server.recv(1 << 20)
        except TimeoutError:
            continue
        entry = {}
        while data:
            head, data = data.split(b"\n", 1)
            name, equals, value = head.partition(b"=")
            if not equals:
                (length,) = struct.unpack("<Q", data[:8])
                value, data = data[8:8 + length], data[8 + length + 1:]
            assert name.decode().replace("_", "").isalnum() and name == name.upper(), name
            entry[name.decode()] = value.decode()
        out.write(json.dumps(entry) + "\n")
        out.flush()
        count -= 1
