"""Requests that two parsers read in two ways, and pages of others that read by DNS rebinding.

usage: strict.py HOST:PORT

Each malformed request must get at most one answer, 400, and the connection must end: nothing behind it is a
request. A head that is too long, or never whole, ends its connection. A foreign Host must be refused however warm the cache is. Prints how many checks held; status 1 when one
did not.
"""
import socket
import sys
import time

HOST, PORT = sys.argv[1].rsplit(":", 1)
checks, wrong = 0, 0


def check(what, held, found=""):
    global checks, wrong
    checks += 1
    if not held:
        wrong += 1
        print("FAILED:", what, found, file=sys.stderr)


def raw(request, seconds=2.0):
    with socket.create_connection((HOST, int(PORT)), 5) as sock:
        sock.sendall(request)
        sock.settimeout(seconds)
        out, closed = b"", False
        try:
            while True:
                part = sock.recv(65536)
                if not part:
                    closed = True
                    break
                out += part
        except (TimeoutError, ConnectionResetError):
            pass
        return out, closed


SECOND = b"GET /v1/nodes HTTP/1.1\r\nHost: localhost\r\nX-Second: yes\r\n\r\n"
OWN = b"Host: localhost\r\n"
malformed = {
    "two lengths": b"GET /livez HTTP/1.1\r\n" + OWN + b"Content-Length: 0\r\nContent-Length: 62\r\n\r\n" + SECOND,
    "a length with a space": b"GET /livez HTTP/1.1\r\n" + OWN + b"Content-Length : 62\r\n\r\n" + SECOND,
    "a coding with a space": b"GET /livez HTTP/1.1\r\n" + OWN + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + SECOND,
    "length and coding": b"GET /livez HTTP/1.1\r\n" + OWN
    + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + SECOND,
    "two hosts, own first": b"GET /livez HTTP/1.1\r\n" + OWN + b"Host: evil.example\r\n\r\n" + SECOND,
    "two hosts, own last": b"GET /livez HTTP/1.1\r\nHost: evil.example\r\n" + OWN + b"\r\n" + SECOND,
    "a negative length": b"GET /livez HTTP/1.1\r\n" + OWN + b"Content-Length: -1\r\n\r\n" + SECOND,
    "NUL in the path": b"GET /v1/nodes%00/x HTTP/1.1\r\n" + OWN + b"\r\n",
    "NUL in a parameter": b"GET /v1/nodes?limit=1%00junk HTTP/1.1\r\n" + OWN + b"\r\n",
    "NUL before a name of a file": b"GET /metrics%00.png HTTP/1.1\r\n" + OWN + b"\r\n",
    "no host": b"GET /livez HTTP/1.1\r\n\r\n" + SECOND,
}
for what, request in malformed.items():
    out, closed = raw(request)
    check(what + " is refused", not out or out.startswith(b"HTTP/1.1 400"), out[:40])
    check(what + ": nothing behind it is answered", b" 200 " not in out and b"assay." not in out, out[-200:])
    check(what + ": its connection ends", closed)

# --- heads: 16 KiB at most, however long they are made, and not for longer than a whole request may take
def send_until_hung_up(begin, piece, pause, seconds):
    """Returns: how many bytes were taken, whether the connection ended, what was answered."""
    sent, out = 0, b""
    with socket.create_connection((HOST, int(PORT)), 5) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)
        end = time.monotonic() + seconds
        try:
            sock.sendall(begin)
            while time.monotonic() < end:
                sock.settimeout(max(0.01, end - time.monotonic()))
                sent += sock.send(piece)
                sock.settimeout(pause)
                try:
                    part = sock.recv(65536)
                    out += part
                    if not part:
                        return sent, True, out
                except TimeoutError:
                    pass
        except (BrokenPipeError, ConnectionResetError):
            return sent, True, out
        except TimeoutError:
            pass
    return sent, False, out


for what, begin, piece in (
    ("a head of many lines", b"GET /livez HTTP/1.1\r\n" + OWN, b"X-Filler: " + b"x" * 4000 + b"\r\n"),
    ("a line without end", b"GET /livez HTTP/1.1\r\n" + OWN + b"X-Filler: ", b"x" * 4096),
    ("a path without end", b"GET /", b"x" * 4096),
):
    sent, ended, out = send_until_hung_up(begin, piece, 0.01, 60)
    check(what + " ends the connection", ended, "%d bytes were taken" % sent)
    check(what + " is no request", b" 200 " not in out, out[:80])
    check(what + " is taken as far as buffers of sockets go", sent < 16 << 20, "%d bytes" % sent)
sent, ended, out = send_until_hung_up(b"GET /livez HTTP/1.1\r\n" + OWN, b"X-Drip: y\r\n", 0.2, 120)
check("a head that drips ends, though it never pauses", ended and b" 200 " not in out, "%d bytes" % sent)
out, _ = raw(b"GET /livez HTTP/1.1\r\n" + OWN + b"X-Filler: " + b"x" * 8000 + b"\r\nConnection: close\r\n\r\n")
check("a head of 8 KB is one", out.startswith(b"HTTP/1.1 200"), out[:40])

# --- DNS rebinding: the cache is warm, and stays so
own = b"GET /v1/nodes HTTP/1.1\r\n" + OWN + b"Connection: close\r\n\r\n"
foreign = own.replace(b"localhost", b"evil.example")
refused = 0
for _ in range(200):
    out, _ = raw(own)
    check("this machine's name is answered", out.startswith(b"HTTP/1.1 200"), out[:40])
    out, _ = raw(foreign)
    refused += out.startswith(b"HTTP/1.1 403")
check("another name never is", refused == 200, "%d of 200 refused" % refused)

# --- what a poller has already costs nothing, and is answered so
out, _ = raw(own)
etag = [line for line in out.split(b"\r\n") if line.lower().startswith(b"etag:")]
check("there is an ETag", len(etag) == 1)
same = 0
for _ in range(20):
    out, _ = raw(own)
    tag = [line for line in out.split(b"\r\n") if line.lower().startswith(b"etag:")][0].split(b": ", 1)[1]
    out, _ = raw(own.replace(b"Connection", b"If-None-Match: " + tag + b"\r\nConnection"))
    same += out.startswith(b"HTTP/1.1 304")
check("most are unchanged", same >= 10, "%d of 20" % same)
print(checks - wrong, "of", checks, "checks hold")
sys.exit(1 if wrong else 0)
