"""An issuer's key set over HTTPS for tests, which can be told to lie.

    keys_server.py FOLDER CERTIFICATE KEY

Writes FOLDER/ready with its port. Ends when the process that started it does, and takes FOLDER along.

FOLDER/keys is the set. FOLDER/rule tells how to misbehave, after a mark: `...#ACT`.
    down       the connection ends without an answer
    status N   an answer without a body
    html       a page with status 200
    huge       two megabytes of JSON
    slow       a byte every tenth of a second
    redirect   to FOLDER/keys under another address of this server
    private    the set with a private key in it
FOLDER/log has a line a request: its path.
"""

import http.server
import json
import os
import shutil
import ssl
import sys
import threading
import time

folder, certificate, key = sys.argv[1:]
log = open(folder + "/log", "a", buffering=1)


def rule():
    try:
        with open(folder + "/rule") as file:
            return file.read().partition("#")[2]
    except FileNotFoundError:
        return ""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        log.write(self.path + "\n")
        act = rule()
        with open(folder + "/keys", "rb") as file:
            body = file.read()
        if act == "down":
            self.close_connection = True
            return self.connection.close()
        status, kind = 200, "application/json"
        if act.startswith("status "):
            status, body = int(act.split()[1]), b""
        if act == "html":
            kind, body = "text/html", b"<!doctype html><title>Log in</title>"
        if act == "huge":
            body = body.rstrip(b"}") + b', "more": "' + b"x" * (2 << 20) + b'"}'
        if act == "redirect" and self.path == "/keys":
            status, body = 302, b""
        if act == "private":
            told = json.loads(body)
            told["keys"][0]["d"] = "AQAB"
            body = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        if status == 302:
            self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if act == "slow":
            for byte in body:
                try:
                    self.wfile.write(bytes([byte]))
                    self.wfile.flush()
                except OSError:
                    return
                time.sleep(0.1)
        else:
            try:
                self.wfile.write(body)
            except OSError:
                pass


class Quiet(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass


server = Quiet(("127.0.0.1", 0), Handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
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
