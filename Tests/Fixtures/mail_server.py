"""A real SMTP server (aiosmtpd) for tests, which can be told to misbehave.

    mail_server.py FOLDER [tls|starttls CERTIFICATE KEY] [login] [ascii]

Writes FOLDER/ready with its port. With `login` it wants user `ana` and password `secret`; with `ascii` it has no
SMTPUTF8. Ends when the process that started it does, and takes FOLDER along.

FOLDER/rule tells how to misbehave, counted from when it was last written: `STEP ACT COUNT [TEXT]`.
    STEP  greeting hello starttls login sender recipient data body end
    ACT   reply: TEXT is the answer. drop: the connection is closed. hang: there is no answer. lose: the command is
          carried out, and the connection is closed instead of the answer
FOLDER/log has a line a step: a number for the connection, then the step. FOLDER/mail/N.eml are the mails it has taken, with the
recipient in N.to.
"""

import asyncio
import os
import shutil
import ssl
import sys
import threading
import time

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

folder, words = sys.argv[1], sys.argv[2:]
os.makedirs(folder + "/mail", exist_ok=True)
security = words[0] if words and words[0] in ("tls", "starttls") else None
log = open(folder + "/log", "a", buffering=1)
counts = {}
taken = 0
connections = 0


def rule(step):
    """What to do at this step now; None: as it should be."""
    try:
        with open(folder + "/rule") as file:
            text = file.read()
    except FileNotFoundError:
        return None
    if "#" not in text:
        return None
    wanted, act, count, *said = text.split("#", 1)[1].split(" ", 3)
    if wanted != step:
        return None
    counts[text] = counts.get(text, 0) + 1
    return (act, said[0] if said else "") if counts[text] <= int(count) else None


class Server(SMTP):
    number = 0

    async def misbehaves(self, step):
        log.write(f"{self.number} {step}\n")
        found = rule(step)
        if found is None:
            return False
        act, said = found
        if act == "reply":
            await super().push(said)
        elif act == "hang":
            await asyncio.sleep(3600)
        elif act == "drop":
            self.transport.abort()
        elif act == "lose":
            self.losing = True
            return False
        return True

    losing = False

    async def push(self, status):
        if self.losing:
            self.transport.abort()
            return
        await super().push(status)

    async def _handle_client(self):
        global connections
        connections += 1
        self.number = connections
        if await self.misbehaves("greeting"):
            await asyncio.sleep(0.2)
            if self.transport:
                self.transport.close()
            return
        await super()._handle_client()

    async def smtp_EHLO(self, hostname):
        if not await self.misbehaves("hello"):
            await super().smtp_EHLO(hostname)

    async def smtp_HELO(self, hostname):
        if not await self.misbehaves("hello"):
            await super().smtp_HELO(hostname)

    async def smtp_STARTTLS(self, arg):
        if not await self.misbehaves("starttls"):
            await super().smtp_STARTTLS(arg)

    async def smtp_AUTH(self, arg):
        if not await self.misbehaves("login"):
            await super().smtp_AUTH(arg)

    async def smtp_MAIL(self, arg):
        if not await self.misbehaves("sender"):
            await super().smtp_MAIL(arg)

    async def smtp_RCPT(self, arg):
        if not await self.misbehaves("recipient"):
            await super().smtp_RCPT(arg)

    async def smtp_DATA(self, arg):
        if await self.misbehaves("data"):
            return
        if rule("body"):
            await super().push("354 go on")
            await self._reader.readline()
            self.transport.abort()
            return
        await super().smtp_DATA(arg)


class Handler:
    async def handle_DATA(self, server, session, envelope):
        global taken
        log.write(f"{server.number} end\n")
        found = rule("end")
        if found and found[0] == "reply":
            return found[1]
        if found and found[0] == "drop":
            server.transport.abort()
            return "451 unheard"
        if found and found[0] == "hang":
            await asyncio.sleep(3600)
        taken += 1
        with open(f"{folder}/mail/{taken}.to", "w") as file:
            file.write(" ".join([envelope.mail_from] + envelope.rcpt_tos))
        with open(f"{folder}/mail/{taken}.new", "wb") as file:
            file.write(envelope.original_content)
        os.rename(f"{folder}/mail/{taken}.new", f"{folder}/mail/{taken}.eml")
        if found and found[0] == "lose":
            server.transport.abort()
        return f"250 2.0.0 Ok: queued as {taken:X}F"


def authenticate(server, session, envelope, mechanism, data):
    good = data.login == b"ana" and data.password == b"secret"
    return AuthResult(success=good, handled=False)


context = None
if security:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(words[1], words[2])

options = {
    "enable_SMTPUTF8": "ascii" not in words, "hostname": "mail.example", "ident": "ready",
    "auth_required": "login" in words, "auth_require_tls": security == "starttls",
    "authenticator": authenticate if "login" in words else None, "timeout": 3600,
}
if security == "starttls":
    options |= {"tls_context": context, "require_starttls": True}


class Faulty(Controller):
    def factory(self):
        return Server(self.handler, **options)


import socket
probe = socket.socket()
probe.bind(("127.0.0.1", 0))
port = probe.getsockname()[1]
probe.close()
controller = Faulty(Handler(), hostname="127.0.0.1", port=port, ready_timeout=30,
                    ssl_context=context if security == "tls" else None)
controller.start()
with open(folder + "/ready.new", "w") as file:
    file.write(f"{port}\n")
os.rename(folder + "/ready.new", folder + "/ready")
parent = os.getppid()
while os.getppid() == parent:
    time.sleep(0.2)
shutil.rmtree(folder, ignore_errors=True)
os._exit(0)
