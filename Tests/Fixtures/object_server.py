"""A real S3 server (moto's) for tests, behind a proxy that can be told to misbehave.

    object_server.py FOLDER [CERTIFICATE KEY]

Writes FOLDER/ready, a line each: the proxy's port, a key's id and its secret, those of one who may not see versions.
There is a bucket `bucket`, and one
that keeps versions, `versions`. Signatures and rights are checked, also those of signed addresses. Ends when the process
that started it does, and takes FOLDER along.

FOLDER/rule tells how to misbehave, counted from when it was last written:
    status CODE FROM COUNT   the requests FROM ... FROM+COUNT-1 are answered with CODE, and not passed on
    cut FROM COUNT           their connections are closed, and they are not passed on
    lose FROM COUNT          they are passed on, and their answers are lost
    hang FROM COUNT          they are never answered
    checksum FROM COUNT      a PUT without a checksum of its body is refused, as in a bucket that locks objects by itself
    exact FROM COUNT         unfinished uploads are listed for the exact key alone, as MinIO does
    host FROM COUNT          an address with the bucket in its path is refused, as Alibaba and Tencent do
A rule may end in a word: only requests whose path has it are counted.
FOLDER/log has a line a request: the method, the path with its query, the status, the condition.
"""

import base64
import datetime
import hashlib
import http.client
import http.server
import json
import logging
import os
import re
import shutil
import ssl
import sys
import threading
import time
import urllib.parse

import boto3
import botocore.auth
import botocore.awsrequest
import botocore.credentials
import botocore.exceptions
import moto.settings
from moto.server import ThreadedMotoServer

folder = sys.argv[1]

logging.getLogger("werkzeug").setLevel(logging.ERROR)

server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
_, moto_port = server.get_host_and_port()
endpoint = f"http://127.0.0.1:{moto_port}"


def client(service):
    return boto3.client(
        service, endpoint_url=endpoint, region_name="us-east-1",
        aws_access_key_id="x", aws_secret_access_key="x")


def policy(effect="Allow", action="*"):
    return json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": effect, "Action": action, "Resource": "*"}]})


iam, s3 = client("iam"), client("s3")
iam.create_user(UserName="yearbook")
iam.put_user_policy(UserName="yearbook", PolicyName="all", PolicyDocument=policy())
key = iam.create_access_key(UserName="yearbook")["AccessKey"]
# One who may not see versions.
iam.create_user(UserName="humble")
iam.put_user_policy(UserName="humble", PolicyName="all", PolicyDocument=policy())
iam.put_user_policy(
    UserName="humble", PolicyName="less", PolicyDocument=policy("Deny", "s3:ListBucketVersions"))
humble = iam.create_access_key(UserName="humble")["AccessKey"]
s3.create_bucket(Bucket="bucket")
s3.create_bucket(Bucket="versions")
s3.put_bucket_versioning(Bucket="versions", VersioningConfiguration={"Status": "Enabled"})
# From here on every request is checked.
moto.settings.INITIAL_NO_AUTH_ACTION_COUNT = 0

state = threading.Lock()
# moto looks at a condition and then puts, which two threads could do between each other.
changing = threading.Lock()
seen = {"text": None, "count": 0}


def misbehaviour(path):
    with state:
        try:
            text = open(f"{folder}/rule").read()
        except FileNotFoundError:
            text = ""
        if text != seen["text"]:
            seen["text"], seen["count"] = text, 0
        # What stands before the mark only tells two rules apart.
        words = text.partition("#")[2].split()
        if words and not words[-1].isdigit() and words.pop() not in path or not words:
            return None
        seen["count"] += 1
        first, count = (int(word) for word in words[-2:])
        return words[:-2] if first <= seen["count"] < first + count else None


class Proxy(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body of an answer are two writes.
    disable_nagle_algorithm = True

    def log_message(self, *arguments):
        pass

    def tell(self, status):
        condition = self.headers.get("If-None-Match") and "absent"
        condition = condition or (self.headers.get("If-Match") and "over") or "-"
        with state, open(f"{folder}/log", "a") as log:
            log.write(f"{self.command} {self.path} {status} {condition}\n")

    def serve(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        rule = misbehaviour(self.path)
        kind = rule[0] if rule else None
        if kind == "hang":
            time.sleep(60)
        if kind in ("cut", "hang"):
            self.tell(kind)
            self.close_connection = True
            return
        if kind == "status":
            self.tell(rule[1])
            return self.answer(int(rule[1]), [], b"<Error><Code>SlowDown</Code></Error>")
        if kind == "checksum" and self.command == "PUT" and not self.has_checksum(body):
            self.tell("no-checksum")
            return self.answer(400, [], b"<Error><Code>InvalidRequest</Code></Error>")
        if kind == "host" and self.path.split("?")[0].split("/")[1] in ("bucket", "versions"):
            self.tell("by-path")
            return self.answer(403, [], b"<Error><Code>SecondLevelDomainForbidden</Code></Error>")
        if "X-Amz-Signature=" in self.path and "Authorization" not in self.headers:
            return self.give()
        if self.command == "GET":
            answer, content = self.ask(body)
            if kind == "exact":
                content = self.exact(content)
        else:
            with changing:
                answer, content = self.ask(body)
        if kind == "lose":
            self.tell("lost")
            self.close_connection = True
            return
        self.tell(answer.status)
        self.answer(answer.status, answer.getheaders(), content)

    def give(self):
        """An object by a signed address, which moto cannot check: Amazon's own library signs it again."""
        parts = urllib.parse.urlsplit(self.path)
        fields = dict(urllib.parse.parse_qsl(parts.query))
        plain = {name: text for name, text in fields.items() if not name.startswith("X-Amz-")}
        url = f"http://{self.headers['Host']}{parts.path}"
        if plain:
            url += "?" + urllib.parse.urlencode(plain, quote_via=urllib.parse.quote)
        now = datetime.datetime.now(datetime.timezone.utc)
        bucket, _, name = urllib.parse.unquote(parts.path[1:]).partition("/")
        with changing:
            try:
                moment = datetime.datetime.strptime(
                    fields["X-Amz-Date"] + "+0000", "%Y%m%dT%H%M%SZ%z")
                seconds = int(fields["X-Amz-Expires"])
                usual = botocore.auth.get_current_datetime
                botocore.auth.get_current_datetime = lambda *_, **__: moment.replace(tzinfo=None)
                try:
                    request = botocore.awsrequest.AWSRequest(method=self.command, url=url)
                    botocore.auth.S3SigV4QueryAuth(
                        botocore.credentials.Credentials(key["AccessKeyId"], key["SecretAccessKey"]),
                        "s3", "us-east-1", expires=seconds).add_auth(request)
                finally:
                    botocore.auth.get_current_datetime = usual
                ours = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(request.url).query))
                good = ours == fields and moment <= now < moment + datetime.timedelta(seconds=seconds)
            except (KeyError, ValueError):
                good = False
            if not good:
                self.tell(403)
                return self.answer(403, [], b"<Error><Code>SignatureDoesNotMatch</Code></Error>")
            try:
                found = boto3.client(
                    "s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id=key["AccessKeyId"],
                    aws_secret_access_key=key["SecretAccessKey"]).get_object(Bucket=bucket, Key=name)
            except botocore.exceptions.ClientError:
                self.tell(404)
                return self.answer(404, [], b"<Error><Code>NoSuchKey</Code></Error>")
            content = found["Body"].read()
        said = plain.get("response-content-disposition")
        self.tell(200)
        self.answer(
            200, [("Content-Type", found["ContentType"])]
            + ([("Content-Disposition", said)] if said else []), content)

    def has_checksum(self, body):
        names = [name.lower() for name in self.headers]
        if any(name.startswith("x-amz-checksum-") for name in names):
            return True
        sum = base64.b64encode(hashlib.md5(body).digest()).decode()
        return self.headers.get("Content-MD5") == sum

    def exact(self, content):
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query, keep_blank_values=True)
        if "uploads" not in query:
            return content
        wanted = query.get("prefix", [""])[0]

        def kept(match):
            key = re.search(rb"<Key>(.*?)</Key>", match.group(0))
            return match.group(0) if key and urllib.parse.unquote(key.group(1).decode()) == wanted else b""

        return re.sub(rb"<Upload>.*?</Upload>", kept, content, flags=re.S)

    def ask(self, body):
        connection = http.client.HTTPConnection("127.0.0.1", moto_port, timeout=60)
        connection.putrequest(
            self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            if name.lower() not in ("connection", "expect"):
                connection.putheader(name, value)
        connection.endheaders()
        connection.send(body)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer, content

    def answer(self, status, headers, content):
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = serve


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, *arguments):
        pass


proxy = Server(("127.0.0.1", 0), Proxy)
if len(sys.argv) > 2:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[2], sys.argv[3])
    proxy.socket = context.wrap_socket(proxy.socket, server_side=True)
threading.Thread(target=proxy.serve_forever, daemon=True).start()

lines = [str(proxy.server_port), key["AccessKeyId"], key["SecretAccessKey"],
         humble["AccessKeyId"], humble["SecretAccessKey"]]
with open(f"{folder}/ready.new", "w") as ready:
    ready.write("\n".join(lines) + "\n")
os.rename(f"{folder}/ready.new", f"{folder}/ready")
parent = os.getppid()
while os.getppid() == parent:
    time.sleep(0.2)
shutil.rmtree(folder, ignore_errors=True)
