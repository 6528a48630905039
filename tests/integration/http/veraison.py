"""A client that speaks as Veraison's documentation of its challenge-response API says, and clients that do not.

usage: veraison.py URL ASSAY PLATFORM PROGRAM

The client opens a session, makes SOFT evidence (assay soft quote) for its nonce, submits it, and polls until the session
is complete. The others replay, answer another nonce, use sessions of others, send too much, too slowly or two requests
at once. Prints how many checks held; status 1 when one did not.
"""
import base64
import concurrent.futures
import http.client
import json
import os
import socket
import ssl
import subprocess
import sys
import time
import urllib.parse

URL, ASSAY, PLATFORM, PROGRAM = sys.argv[1:5]
HOST, PORT = urllib.parse.urlparse(URL).hostname, urllib.parse.urlparse(URL).port
SESSION_TYPE = "application/vnd.veraison.challenge-response-session+json"
EVIDENCE_TYPE = "application/vnd.assay.evidence"
START = "/challenge-response/v1/newSession"
checks, wrong = 0, 0


def check(what, held, found=""):
    global checks, wrong
    checks += 1
    if not held:
        wrong += 1
        print("FAILED:", what, str(found)[:300], file=sys.stderr)


def decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Client:
    """One certificate."""

    def __init__(self, who):
        self.context = ssl.create_default_context(cafile="site.pem")
        self.context.load_cert_chain(who + ".pem", who + ".key")

    def ask(self, method, path, body=None, **headers):
        connection = http.client.HTTPSConnection(HOST, PORT, context=self.context, timeout=30)
        try:
            connection.request(method, path, body=body,
                               headers={"Accept": SESSION_TYPE, **{k.replace("_", "-"): v for k, v in headers.items()}})
        except (BrokenPipeError, ConnectionResetError):
            pass  # refused by its headers, before the body was sent
        answer = connection.getresponse()
        data = answer.read()
        connection.close()
        kind = answer.getheader("Content-Type") or ""
        return answer, json.loads(data) if "json" in kind else data

    def open(self, query):
        """Eight within a second are accepted: then a second later."""
        for _ in range(5):
            answer, session = self.ask("POST", START + query)
            if answer.status != 503 or "a second" not in session.get("detail", ""):
                break
            time.sleep(1)
        if answer.status != 201:
            return answer, session, None
        return answer, session, urllib.parse.urljoin(URL + START, answer.getheader("Location"))[len(URL):]

    def submit(self, path, evidence, kind=EVIDENCE_TYPE):
        """As Veraison's client: 200 is a result, 202 is polled. When other evidence is verified, again a little later."""
        for _ in range(100):
            answer, session = self.ask("POST", path, evidence, Content_Type=kind)
            if answer.status != 503:
                break
            time.sleep(0.1)
        for _ in range(200):
            if answer.status != 202 and session.get("status") != "processing":
                break
            time.sleep(0.05)
            answer, session = self.ask("GET", path)
        return answer, session

    def raw(self, data, seconds=3.0):
        with self.context.wrap_socket(socket.create_connection((HOST, PORT), 5), server_hostname=HOST) as sock:
            sock.sendall(data)
            sock.settimeout(seconds)
            out = b""
            try:
                while True:
                    part = sock.recv(65536)
                    if not part:
                        return out, True
                    out += part
            except (TimeoutError, ConnectionResetError, ssl.SSLError):
                return out, False


def quote(nonce, program=PROGRAM):
    if os.path.exists("relying.quote"):
        os.remove("relying.quote")
    subprocess.run([ASSAY, "soft", "quote", PLATFORM, "--program", program, "--report-data",
                    nonce.hex().ljust(128, "0"), "--out", "relying.quote"], check=True, stdout=subprocess.DEVNULL)
    return open("relying.quote", "rb").read()


def claims(session):
    return json.loads(decode(session["result"].split(".")[1]))


def status(session):
    return claims(session)["submods"]["cpu0"]["ear_status"]


portal, shop, viewer, operator = Client("service"), Client("other"), Client("viewer"), Client("operator")

# --- as documented
answer, session, path = portal.open("?nonceSize=32")
check("a session is created", answer.status == 201, (answer.status, session))
check("its type", answer.getheader("Content-Type") == SESSION_TYPE, answer.getheader("Content-Type"))
check("nothing is cached", answer.getheader("Cache-Control") == "no-store")
check("it waits", session["status"] == "waiting" and EVIDENCE_TYPE in session["accept"], session)
nonce = decode(session["nonce"])
check("a nonce of 32 bytes", len(nonce) == 32)
evidence = quote(nonce)
answer, session = portal.submit(path, evidence)
check("it completes", answer.status == 200 and session["status"] == "complete", session)
result = session["result"]
check("the result is affirming or a warning", status(session) in ("affirming", "warning"), claims(session))
check("it has the nonce", claims(session)["eat_nonce"] == encode(nonce), claims(session))
check("it expires", claims(session)["exp"] > claims(session)["iat"])
open("result.jwt", "w").write(result)
verified = subprocess.run([ASSAY, "ear", "verify", "result.jwt", "--key", "key.jwk", "--nonce", encode(nonce)],
                          capture_output=True, text=True)
check("its signature is the node's", verified.returncode in (0, 10), verified)
verified = subprocess.run([ASSAY, "ear", "verify", "result.jwt", "--key", "key.jwk", "--nonce", "x" * 43], capture_output=True)
check("another nonce is not that of the result", verified.returncode == 4, verified)

# --- one piece of evidence, and one client
answer, problem = portal.ask("POST", path, evidence, Content_Type=EVIDENCE_TYPE)
check("a session has one piece of evidence", answer.status == 409 and problem["code"] == "conflict", problem)
for method in ("GET", "POST", "DELETE"):
    answer, problem = shop.ask(method, path, evidence if method == "POST" else None, Content_Type=EVIDENCE_TYPE)
    check("%s a session of another client" % method, answer.status == 404, problem)
    answer, problem = viewer.ask(method, path, None)
    check("%s as a viewer" % method, answer.status == 403 and problem["code"] == "role_required", problem)
answer, problem, _ = viewer.open("")
check("a viewer opens none", answer.status == 403, problem)
answer, _ = portal.ask("GET", path)
check("it is still there", answer.status == 200)
answer, nothing = portal.ask("DELETE", path)
check("deleted", answer.status == 204 and not nothing, (answer.status, nothing))
answer, problem = portal.ask("GET", path)
check("and gone", answer.status == 404 and answer.getheader("Content-Type") == "application/problem+json", problem)

# --- replays and wrong answers
answer, problem, _ = portal.open("?nonce=" + encode(nonce))
check("a nonce serves once", answer.status == 409, problem)
answer, problem, _ = portal.open("?nonce=" + encode(nonce + b"\0"))
check("nor with a zero behind it", answer.status == 409, problem)
_, session, path = portal.open("")
answer, session = portal.submit(path, evidence)
check("a recording is contraindicated", status(session) == "contraindicated", claims(session))
check("and says why", "challenge" in json.dumps(claims(session)), claims(session))
portal.ask("DELETE", path)
own = bytes(range(8))
_, session, path = portal.open("?nonce=" + encode(own))
check("the client's nonce", decode(session["nonce"]) == own, session)
answer, session = portal.submit(path, quote(own + b"\1"))
check("a longer nonce is another one", status(session) == "contraindicated", claims(session))
portal.ask("DELETE", path)
_, session, path = portal.open("")
answer, session = portal.submit(path, quote(decode(session["nonce"]), "/bin/true"))
check("another program is contraindicated", status(session) == "contraindicated", claims(session))
check("for its measurement alone", "measurement-unknown" in json.dumps(claims(session)) and "challenge" not in json.dumps(claims(session)), claims(session))
portal.ask("DELETE", path)
for junk in (b"x", b"\0" * 3000, b"{}", b"[]", b"\x82" * 100, evidence[:200], os.urandom(32768)):
    _, session, path = portal.open("")
    answer, session = portal.submit(path, junk)
    check("what is no evidence has a result", answer.status == 200 and session["status"] == "complete", session)
    check("that accepts nothing", status(session) in ("none", "contraindicated"), claims(session))
    portal.ask("DELETE", path)

# --- wrappers, sizes, and the older names of claims
for size in (8, 31, 64):
    _, session, path = portal.open("?nonceSize=%d" % size)
    nonce = decode(session["nonce"])
    check("a nonce of %d bytes" % size, len(nonce) == size)
    record = json.dumps([EVIDENCE_TYPE, encode(quote(nonce)), 4]).encode()
    answer, session = portal.submit(path, record, "application/vnd.veraison.cmw+json")
    check("in a wrapper", status(session) in ("affirming", "warning"), session)
    portal.ask("DELETE", path)
_, session, path = portal.open("?profile=veraison-2023")
answer, session = portal.submit(path, quote(decode(session["nonce"])))
check("the names of 2023", claims(session)["submods"]["cpu0"]["ear.status"] in ("affirming", "warning"), claims(session))
portal.ask("DELETE", path)

# --- requests that are none
for query in ("?nonceSize=7", "?nonceSize=65", "?nonceSize=x", "?nonce=AAAA", "?nonce=" + "A" * 200, "?nonce=a%00b",
              "?nonce=AAECAwQFBgc&nonceSize=8", "?colour=red", "?nonceSize=8&nonceSize=8"):
    answer, problem, _ = portal.open(query)
    check(query, answer.status == 400 and problem["code"] == "bad_request", (answer.status, problem))
_, session, path = portal.open("")
for kind in ("text/plain", "application/psa-attestation-token", ""):
    answer, problem = portal.ask("POST", path, evidence, Content_Type=kind)
    check("type %r" % kind, answer.status == 415, (answer.status, problem))
answer, problem = portal.ask("POST", path, b"", Content_Type=EVIDENCE_TYPE)
check("no evidence", answer.status == 400, problem)
answer, problem = portal.ask("POST", path, b"x" * 32769, Content_Type=EVIDENCE_TYPE)
check("too much evidence", answer.status == 413 and problem["code"] == "body_too_large"
      and problem["data"] == {"limit": 32768, "announced": 32769}, (answer.status, problem))
answer, problem = portal.ask("POST", START, b"x", Content_Type=EVIDENCE_TYPE)
check("a new session has no body", answer.status == 413, (answer.status, problem))
answer, problem = portal.ask("GET", START)
check("GET of newSession", answer.status == 405 and answer.getheader("Allow") == "POST", problem)
answer, problem = portal.ask("PUT", path, None)
check("PUT", answer.status == 405 and answer.getheader("Allow") == "GET, POST, DELETE", problem)
answer, problem = portal.ask("GET", path, None, Accept="image/png")
check("Accept", answer.status == 406, problem)
for odd in ("x", "0" * 32, "../newSession", path[-32:].upper(), path[-32:] + "0"):
    answer, problem = portal.ask("GET", "/challenge-response/v1/session/" + odd)
    check("session %r" % odd, answer.status == 404, (answer.status, problem))

# --- bodies that are not what they say
head = b"POST %s HTTP/1.1\r\nHost: %s:%d\r\nContent-Type: %s\r\n" % (path.encode(), HOST.encode(), PORT, EVIDENCE_TYPE.encode())
second = b"GET /v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n"
for what, data in {
    "chunked": head + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n" + second,
    "chunked and a length": head + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" + second,
    "a length beyond all": head + b"Content-Length: 99999999999999999999999\r\n\r\n" + second,
    "a length of gigabytes": head + b"Content-Length: 4294967297\r\n\r\n" + second,
    "two lengths": head + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nx" + second,
}.items():
    out, closed = portal.raw(data)
    check(what + " is refused", b" 202 " not in out and b" 200 " not in out and b"assay.status" not in out, out[:80])
    if what == "chunked":
        check("a body in chunks is 411", out.startswith(b"HTTP/1.1 411 ") and b"Content-Length is required" in out, out[:2000])
    check(what + " ends the connection", closed, out[:80])
_, session = portal.ask("GET", path)
check("none of it was evidence", session["status"] == "waiting", session)
# Two at once in one connection: each is one request, and only one is the session's.
twice = b"".join(head + b"Content-Length: 1\r\n\r\n" + x for x in (b"a", b"b"))
out, _ = portal.raw(twice, 2)
check("pipelined evidence is accepted once", out.count(b"HTTP/1.1 202") == 1 and out.count(b"HTTP/1.1 409") == 1, out[:2000])
portal.ask("DELETE", path)

# --- bounds
opened = []
for _ in range(20):
    answer, problem, path = portal.open("")
    if path is None:
        break
    opened.append(path)
check("sessions of one client are bounded", len(opened) == 8 and answer.status == 503, (len(opened), problem))
wait = int(answer.getheader("Retry-After"))
check("the time is that of the first one that expires", 60 < wait <= 120 and "expires in %d s" % wait in problem["detail"],
      (wait, problem))
# A result that was read frees its place, without DELETE.
answer, session = portal.submit(opened[0], evidence)
answer, session, path = portal.open("")
check("a read result frees a place", answer.status == 201, session)
opened[0] = path
answer, problem, path = portal.open("")
check("one place", path is None and int(answer.getheader("Retry-After")) > 1, problem)
answer, session, path = shop.open("")
check("others have theirs", answer.status == 201, session)
shop.ask("DELETE", path)
codes = []


def race(path):
    answer, _ = portal.ask("POST", path, evidence, Content_Type=EVIDENCE_TYPE)
    return answer.status


with concurrent.futures.ThreadPoolExecutor(8) as pool:
    codes = list(pool.map(race, [opened[0]] * 8))
check("of a race for one session one wins", codes.count(202) == 1 and set(codes) <= {202, 409, 503}, codes)
for path in opened:
    answer, _ = portal.ask("DELETE", path)
    check("deleted", answer.status in (204, 404), answer.status)
# A body that drips is not waited for; a dozen of them leave room for others, and for what operators submit.
slow = []
_, session, path = portal.open("")
for _ in range(12):
    sock = portal.context.wrap_socket(socket.create_connection((HOST, PORT), 5), server_hostname=HOST)
    sock.sendall(b"POST %s HTTP/1.1\r\nHost: %s:%d\r\nContent-Type: %s\r\nContent-Length: 30000\r\n\r\nx"
                 % (path.encode(), HOST.encode(), PORT, EVIDENCE_TYPE.encode()))
    slow.append(sock)
# The server reads them when it comes to them: two have places then, and the others are refused.
refused, limit = set(), time.monotonic() + 20
while len(refused) < 10 and time.monotonic() < limit:
    for sock in slow:
        sock.settimeout(0.05)
        try:
            if sock not in refused and sock.recv(1):
                refused.add(sock)
        except TimeoutError:
            pass
check("two slow senders of one client have places", len(refused) == 10, len(refused))
answer, _ = viewer.ask("GET", "/v1/status", None, Accept="*/*")
check("reads go on beside slow senders", answer.status == 200, answer.status)
answer, problem = operator.ask("POST", "/v1/submit?kind=fence", b"x" * 100, Content_Type="application/octet-stream", Accept="*/*")
check("operators submit beside them", answer.status not in (413, 503), (answer.status, problem))
answer, problem = portal.ask("POST", path, evidence, Content_Type=EVIDENCE_TYPE)
check("their client has no more places", answer.status == 503 and problem["code"] == "too_busy"
      and answer.getheader("Retry-After") == "1", (answer.status, problem))
_, _, another = shop.open("")
answer, problem = shop.ask("POST", another, evidence, Content_Type=EVIDENCE_TYPE)
check("another service has", answer.status == 202, (answer.status, problem))
shop.ask("DELETE", another)
begin = time.monotonic()
for sock in slow:
    sock.settimeout(40)
    try:
        while sock.recv(4096):
            pass
    except (ConnectionResetError, ssl.SSLError, TimeoutError):
        pass
check("slow senders are cut", time.monotonic() - begin < 30, time.monotonic() - begin)
answer, session = portal.submit(path, quote(decode(session["nonce"])))
check("and the session is as before", answer.status == 200 and status(session) in ("affirming", "warning"), session)
print(checks - wrong, "of", checks, "checks hold")
sys.exit(1 if wrong else 0)
