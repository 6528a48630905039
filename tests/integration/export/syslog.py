"""tests/integration/export/syslog.py - strict parser of RFC 5424, and receivers: UNIX datagram, UDP, TCP (RFC 6587).

Standard library only.
"""
import os
import re
import socket
import threading
import time

HEADER = re.compile(rb"<([0-9]{1,3})>1 (-|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[.][0-9]{1,6}Z) "
                    rb"([!-~]{1,255}) ([!-~]{1,48}) ([!-~]{1,128}) ([!-~]{1,32}) ")
NAME = re.compile(rb"[!#-<>-\\^-~]{1,32}")


class Wrong(Exception):
    pass


def parse_value(data, at):
    """The value of a parameter, from behind its quote. Returns: text, position behind the closing quote."""
    value = bytearray()
    while True:
        if at >= len(data):
            raise Wrong("a value without an end")
        byte = data[at:at + 1]
        if byte == b'"':
            return value.decode("utf-8"), at + 1
        if byte == b"]":
            raise Wrong("a bracket that is not escaped")
        if byte == b"\\" and data[at + 1:at + 2] in (b'"', b"\\", b"]"):
            at += 1
            byte = data[at:at + 1]
        elif byte < b" " or byte == b"\x7f":
            raise Wrong("a control character")
        value += byte
        at += 1


def parse(data):
    """One message. Returns: {facility, severity, at, host, app, msgid, element, fields, text}"""
    head = HEADER.match(data)
    if not head:
        raise Wrong(f"header of {data[:120]!r}")
    at = head.end()
    if data[at:at + 1] != b"[":
        raise Wrong("no structured data")
    element = NAME.match(data, at + 1)
    at, fields = element.end(), {}
    while data[at:at + 1] == b" ":
        name = NAME.match(data, at + 1)
        if not name or data[name.end():name.end() + 2] != b'="':
            raise Wrong(f"parameter at {data[at:at + 40]!r}")
        key = name.group().decode()
        if key in fields:
            raise Wrong(f"{key} twice")
        fields[key], at = parse_value(data, name.end() + 2)
    if data[at:at + 1] != b"]":
        raise Wrong(f"the element does not end: {data[at:at + 40]!r}")
    rest = data[at + 1:]
    if rest and not rest.startswith(b" "):
        raise Wrong("no blank before the text")
    text = rest[1:]
    if text.startswith(b"\xef\xbb\xbf"):
        text = text[3:]
    elif not text.isascii():
        raise Wrong("UTF-8 without its mark")
    if re.search(rb"[\x00-\x1f\x7f]", text):
        raise Wrong("a control character in the text")
    priority = int(head.group(1))
    return {"facility": priority // 8, "severity": priority % 8, "at": head.group(2).decode(),
            "msgid": head.group(6).decode(), "element": element.group().decode(), "fields": fields,
            "text": text.decode("utf-8")}


class Receiver:
    """kind: "unix", "udp" or "tcp". pace_s: of TCP, between two reads of 8 KiB. floods: it sends all the time."""

    def __init__(self, kind, where=0, pace_s=0, floods=False):
        self.pace_s, self.floods = pace_s, floods
        self.kind, self.messages, self.faults, self.links = kind, [], [], []
        self.lock = threading.Lock()
        if kind == "unix":
            self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            self.socket.bind(where)
            self.target = f"syslog:{where}"
        else:
            self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM)
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self.socket.bind(("127.0.0.1", where))
            self.port = self.socket.getsockname()[1]
            self.target = f"syslog:{kind}://127.0.0.1:{self.port}"
        if kind == "tcp":
            self.socket.listen(8)
        threading.Thread(target=self.accept if kind == "tcp" else self.receive, daemon=True).start()

    def take(self, data):
        with self.lock:
            try:
                self.messages.append(parse(data))
            except (Wrong, UnicodeDecodeError) as fault:
                self.faults.append(f"{fault}: {data!r}")

    def receive(self):
        while True:
            try:
                data = self.socket.recv(65536)
            except OSError:
                return
            if data:
                self.take(data)

    def accept(self):
        while True:
            try:
                link, _ = self.socket.accept()
            except OSError:
                return
            self.links.append(link)
            if self.floods:
                threading.Thread(target=self.flood, args=(link,), daemon=True).start()
            threading.Thread(target=self.read_frames, args=(link,), daemon=True).start()

    def flood(self, link):
        try:
            while True:
                link.sendall(b"z" * 1000000)
        except OSError:
            pass

    def read_frames(self, link):
        data = b""
        while True:
            try:
                piece = link.recv(8192 if self.pace_s else 65536)
            except OSError:
                return
            if not piece:
                break
            time.sleep(self.pace_s)
            data += piece
            while True:
                head = re.match(rb"([1-9][0-9]{0,5}) ", data)
                if not head:
                    if len(data) > 7:
                        self.faults.append(f"frame of {data[:40]!r}")
                        return
                    break
                end = head.end() + int(head.group(1))
                if len(data) < end:
                    break
                self.take(data[head.end():end])
                data = data[end:]

    def stop(self):
        for link in self.links:
            link.close()
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.socket.close()
        if self.kind == "unix":
            os.unlink(self.target[len("syslog:"):])

    def ids(self):
        with self.lock:
            return [m["fields"]["id"] for m in self.messages]
