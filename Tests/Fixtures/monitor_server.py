"""Prometheus, Alertmanager, node_exporter and the Pushgateway for tests, as Debian has them.

    monitor_server.py FOLDER RULES

FOLDER/textfile is node_exporter's folder of text files. FOLDER/ready gets this script's own port. It answers
    /query?EXPRESSION     the samples: [{"metric": {…}, "value": [time, "number"]}, …]
    /alerts               the names of the alerts that Alertmanager has and that are active
    /push                 the Pushgateway's port
Each second everything is scraped and every rule evaluated. Ends when the process that started it does, and takes FOLDER along.
"""

import ctypes
import http.server
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.parse
import urllib.request

folder, rules = sys.argv[1:3]
parent = os.getppid()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


prometheus, alertmanager, node, push = (free_port() for _ in range(4))
os.makedirs(folder + "/textfile")
shutil.copy(rules, folder + "/rules.yaml")
with open(folder + "/prometheus.yaml", "w") as file:
    json.dump({
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [folder + "/rules.yaml"],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [f"127.0.0.1:{alertmanager}"]}]}]},
        "scrape_configs": [
            {"job_name": "node", "static_configs": [{"targets": [f"127.0.0.1:{node}"]}]},
            {"job_name": "push", "honor_labels": True, "static_configs": [{"targets": [f"127.0.0.1:{push}"]}]},
        ]}, file)
with open(folder + "/alertmanager.yaml", "w") as file:
    json.dump({"route": {"receiver": "nobody"}, "receivers": [{"name": "nobody"}]}, file)
programs = [
    ["prometheus", f"--config.file={folder}/prometheus.yaml", f"--storage.tsdb.path={folder}/data",
     f"--web.listen-address=127.0.0.1:{prometheus}"],
    ["prometheus-alertmanager", f"--config.file={folder}/alertmanager.yaml", f"--storage.path={folder}/alerts",
     f"--web.listen-address=127.0.0.1:{alertmanager}", "--cluster.listen-address="],
    ["prometheus-node-exporter", "--collector.disable-defaults", "--collector.textfile",
     f"--collector.textfile.directory={folder}/textfile", f"--web.listen-address=127.0.0.1:{node}"],
    ["prometheus-pushgateway", f"--web.listen-address=127.0.0.1:{push}"],
]
log = open(folder + "/log", "a")


def die_with_us():
    """Whatever kills this script ends them too (PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


running = [
    subprocess.Popen(program, stdout=log, stderr=log, stdin=subprocess.DEVNULL, preexec_fn=die_with_us) for program in programs
]


def stop(*_):
    for each in running:
        each.kill()
        each.wait()
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(0)


signal.signal(signal.SIGTERM, stop)


def ask(port, path):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as reply:
        return reply.read()


def answer(path):
    if path == "/push":
        return push
    if path == "/alerts":
        alerts = json.loads(ask(alertmanager, "/api/v2/alerts?active=true"))
        return sorted({each["labels"]["alertname"] for each in alerts})
    query = urllib.parse.quote(urllib.parse.unquote(path.partition("?")[2]), safe="")
    return json.loads(ask(prometheus, f"/api/v1/query?query={query}"))["data"]["result"]


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        try:
            status, body = 200, answer(self.path)
        except OSError as error:
            status, body = 500, str(error)
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *_):
        pass


for port, path in ((prometheus, "/-/ready"), (alertmanager, "/-/ready"), (node, "/metrics"), (push, "/-/ready")):
    for _ in range(600):
        try:
            ask(port, path)
            break
        except OSError:
            time.sleep(0.1)
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
with open(folder + "/ready.new", "w") as file:
    file.write(f"{server.server_address[1]}\n")
os.rename(folder + "/ready.new", folder + "/ready")
while os.getppid() == parent:
    time.sleep(0.2)
stop()
