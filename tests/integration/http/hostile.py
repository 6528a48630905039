"""Clients that mean harm, all at once, for some seconds.

usage: hostile.py HOST:PORT SECONDS

100 readers who take a byte a second of large answers, 1000 connections that say nothing, 50 that drip a
header, garbage, 20 who ask as fast as they can, streams that nobody reads. Beside them a polite client asks
/livez once a second. Prints how it went; status 0 when the polite client was answered nearly always and the
bounds held.
"""
import asyncio
import os
import random
import resource
import socket
import sys
import time

HOST, PORT = sys.argv[1].rsplit(":", 1)
SECONDS = float(sys.argv[2])
os.nice(15)  # they would be other machines
resource.setrlimit(resource.RLIMIT_NOFILE, (8192, 8192))
end = time.monotonic() + SECONDS
counts = {}


def count(what, n=1):
    counts[what] = counts.get(what, 0) + n


async def dial(receive=None):
    sock = socket.socket()
    sock.setblocking(False)
    if receive:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
    await asyncio.wait_for(asyncio.get_running_loop().sock_connect(sock, (HOST, int(PORT))), 5)
    return sock


async def again(what, once):
    """Until the end; whoever is thrown out comes back after a moment."""
    while time.monotonic() < end:
        try:
            await once()
        except (OSError, asyncio.TimeoutError):
            pass
        count(what)
        await asyncio.sleep(0.5 + random.random())


async def slow_reader():
    loop = asyncio.get_running_loop()
    sock = await dial(2048)
    try:
        path = random.choice((b"/v1/epochs?since=1&limit=256", b"/v1/matrix", b"/v1/timeline", b"/v1/events"))
        await loop.sock_sendall(sock, b"GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" % path)
        while time.monotonic() < end and await asyncio.wait_for(loop.sock_recv(sock, 1), 60):
            await asyncio.sleep(1)
    finally:
        sock.close()


async def silent():
    loop = asyncio.get_running_loop()
    sock = await dial()
    try:
        await asyncio.wait_for(loop.sock_recv(sock, 1), max(0.1, end - time.monotonic()))
    finally:
        sock.close()


async def drip():
    loop = asyncio.get_running_loop()
    sock = await dial()
    try:
        await loop.sock_sendall(sock, b"GET /v1/status HTTP/1.1\r\nX: ")
        while time.monotonic() < end:
            await loop.sock_sendall(sock, b"a")
            await asyncio.sleep(0.3)
    finally:
        sock.close()


async def garbage():
    loop = asyncio.get_running_loop()
    sock = await dial()
    try:
        kind = random.randrange(4)
        noise = random.randbytes(random.randrange(1, 4000))
        if kind == 1:
            noise = b"GET /" + b"a" * 60000 + b" HTTP/1.1\r\n\r\n"
        elif kind == 2:
            noise = b"GET /%2e%2e/%00%ff?\xff=%zz HTTP/1.1\r\nHost: \xff\r\nContent-Length: -1\r\n\r\n"
        elif kind == 3:
            noise = b"POST /v1/status HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n" + noise
        await loop.sock_sendall(sock, noise)
        await asyncio.wait_for(loop.sock_recv(sock, 4096), 2)
    finally:
        sock.close()


async def greedy():
    loop = asyncio.get_running_loop()
    sock = await dial()
    try:
        while time.monotonic() < end:
            await loop.sock_sendall(sock, b"GET /v1/nodes HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            if not await asyncio.wait_for(loop.sock_recv(sock, 1 << 20), 5):
                return
            count("greedy answers")
            await asyncio.sleep(0.01)
    finally:
        sock.close()


async def polite():
    loop = asyncio.get_running_loop()
    while time.monotonic() < end - 2:
        start = time.monotonic()
        sock = None
        try:
            sock = await dial()
            await loop.sock_sendall(sock, b"GET /livez HTTP/1.0\r\n\r\n")
            text = await asyncio.wait_for(loop.sock_recv(sock, 4096), 5)
            count("polite answered" if text.startswith(b"HTTP/1.1 200") else "polite refused")
            counts["polite slowest ms"] = max(counts.get("polite slowest ms", 0), int((time.monotonic() - start) * 1000))
        except (OSError, asyncio.TimeoutError):
            count("polite refused")
        if sock is not None:
            sock.close()
        await asyncio.sleep(1)


async def main():
    crowd = [again("slow", slow_reader) for _ in range(100)] + [again("silent", silent) for _ in range(1000)]
    crowd += [again("drip", drip) for _ in range(50)] + [again("garbage", garbage) for _ in range(50)]
    crowd += [again("greedy", greedy) for _ in range(20)] + [polite()]
    await asyncio.wait_for(asyncio.gather(*crowd, return_exceptions=True), SECONDS + 70)


asyncio.run(main())
print(" ".join("%s=%s" % (k.replace(" ", "_"), v) for k, v in sorted(counts.items())))
answered, refused = counts.get("polite answered", 0), counts.get("polite refused", 0)
sys.exit(0 if answered >= 3 and answered >= 4 * refused else 1)
