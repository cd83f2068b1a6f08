"""Reads a mail as a strict mail program does, for tests.

    mail_judge.py FILE...

Prints one JSON line a file: what the mail says, and under `faults` which rule of RFC 5322, 2045 to 2047, 2231, 2369 or
8058 it breaks. Python's own parser reads it by its strictest policy; the rules that it does not know are here.
"""

import base64
import email
import email.errors
import email.header
import email.policy
import email.utils
import json
import re
import sys

ONCE = ["date", "from", "sender", "reply-to", "to", "subject", "message-id", "mime-version", "auto-submitted",
        "content-type", "content-transfer-encoding", "list-id", "list-unsubscribe",
        "list-unsubscribe-post", "content-language"]
NEEDED = ["date", "from", "to", "subject", "message-id", "mime-version", "auto-submitted"]


def judge(data):
    faults = []
    if b"\r" in data.replace(b"\r\n", b"") or b"\n" in data.replace(b"\r\n", b""):
        faults.append("a line ends in CR or LF alone")
    if b"\0" in data:
        faults.append("NUL")
    if not data.endswith(b"\r\n"):
        faults.append("the last line has no end")
    head = data.split(b"\r\n\r\n", 1)[0]
    utf8 = any(byte > 0x7F for byte in head)
    for line in data.split(b"\r\n"):
        if len(line) > 998:
            faults.append("a line of more than 998 bytes")
        if line.startswith(b"From "):
            faults.append("a line that begins like a mailbox's next mail")
        if line.startswith(b"."):
            faults.append("a line that begins with a dot")
    body = data.split(b"\r\n\r\n", 1)[1]
    if any(len(line) > 78 for line in body.split(b"\r\n")):
        faults.append("a line of the body of more than 78 bytes")
    if any(byte > 0x7F for byte in body):
        faults.append("bytes above 127 in the body")
    for line in head.split(b"\r\n"):
        if not line.strip():
            faults.append("a line of the header that has only blanks")
        if len(line.decode("utf-8")) > 78 and len(line.split()) > 2:
            faults.append("a line of the header of more than 78 characters")
        for word in re.findall(rb"=\?[^ ]*", line):
            if len(word) > 75:
                faults.append("an encoded word of more than 75 characters")
            if not re.fullmatch(rb"=\?utf-8\?(Q\?[!->@-~]+|B\?[A-Za-z0-9+/=]+)\?=", word):
                faults.append("a malformed encoded word")
        if b"=?" in line and len(line) > 76:
            faults.append("a line with an encoded word of more than 76 characters")
        if not re.match(rb"([!-9;-~]+:|[ \t])", line):
            faults.append("a line of the header that is neither a field nor a fold")
    names = [match.decode().lower() for match in re.findall(rb"(?m)^([!-9;-~]+):", head)]
    for name in ONCE:
        if names.count(name) > 1:
            faults.append(f"{name} stands there {names.count(name)} times")
    for name in NEEDED:
        if name not in names:
            faults.append(f"{name} is missing")
    known = set(ONCE)
    faults += [f"an unknown field: {name}" for name in names if name not in known]
    if "bcc" in names or "cc" in names:
        faults.append("more recipients than one")

    policy = email.policy.SMTPUTF8 if utf8 else email.policy.SMTP
    # From bytes Python reads no UTF-8 in a header.
    mail = email.message_from_string(data.decode("utf-8"), policy=policy)
    parts = []
    ids = []
    for part in mail.walk():
        faults += [f"{type(defect).__name__}" for defect in part.defects]
        for name, value in part.items():
            defects = [type(defect).__name__ for defect in getattr(value, "defects", [])]
            # RFC 6532 allows it.
            faults += [f"{name}: {defect}" for defect in defects if defect != "NonASCIILocalPartDefect"]
        if part.is_multipart():
            boundary = part.get_boundary()
            if not re.fullmatch(r"[0-9a-zA-Z'()+_,./:=? -]{1,70}", boundary or ""):
                faults.append("a boundary of other characters")
            parts.append({"type": part.get_content_type()})
            continue
        content = part.get_payload(decode=True)
        if part.get("content-transfer-encoding") not in ("7bit", "quoted-printable", "base64"):
            faults.append("an encoding of another name")
        if part.get_content_maintype() == "text":
            text = content.decode(part.get_content_charset("?"), "strict")
        else:
            text = None
        if part["content-id"]:
            ids.append(str(part["content-id"]).strip("<>"))
        parts.append({"type": part.get_content_type(), "text": text, "bytes": base64.b64encode(content).decode(),
                      "encoding": str(part["content-transfer-encoding"]), "file": part.get_filename(),
                      "disposition": part.get_content_disposition()})
    if mail["to"] and len(mail["to"].addresses) != 1:
        faults.append("not one recipient")
    if not re.fullmatch(r"<[^<>@\s]+@[^<>@\s]+>", str(mail["message-id"] or "")):
        faults.append("a malformed Message-ID")
    if email.utils.parsedate_to_datetime(str(mail["date"])) is None:
        faults.append("a malformed date")
    if mail["list-unsubscribe"]:
        if not re.fullmatch(r"<https://[^<>\s]+>", str(mail["list-unsubscribe"]).strip()):
            faults.append("List-Unsubscribe has no https link (RFC 8058, 3.1)")
        if str(mail["list-unsubscribe-post"]) != "List-Unsubscribe=One-Click":
            faults.append("List-Unsubscribe-Post does not say One-Click (RFC 8058, 3.1)")
    for part in parts:
        for named in re.findall(r"cid:([^\"')]+)", part.get("text") or ""):
            if named not in ids:
                faults.append("the HTML names a picture that is not there (RFC 2392)")
    # In names Python keeps the space between two encoded words, against RFC 2047, 6.2.
    raw = re.sub(r"\r?\n(?=[ \t])", "", dict((name.lower(), value) for name, value in mail.raw_items()).get("to", ""))
    name = str(email.header.make_header(email.header.decode_header(email.utils.parseaddr(raw)[0])))
    to = mail["to"].addresses[0] if mail["to"] and mail["to"].addresses else None
    return {
        "faults": faults, "names": names, "subject": str(mail["subject"]),
        "from": str(mail["from"]), "to": to and to.addr_spec, "toName": name,
        "messageID": str(mail["message-id"]), "unsubscribe": mail["list-unsubscribe"] and
        str(mail["list-unsubscribe"]).strip(), "utf8": utf8,
        "date": email.utils.parsedate_to_datetime(str(mail["date"])).timestamp(), "parts": parts}


for path in sys.argv[1:]:
    with open(path, "rb") as file:
        print(json.dumps(judge(file.read())))
