"""A program that asks for a PIN in a terminal of its own: it is not shown, and the terminal is as before.

usage: pin_prompt.py PIN STATUS PROGRAM ARGUMENT...
"""
import fcntl
import os
import pty
import select
import sys
import termios
import time

pin, status, command = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
# The test keeps the terminal's own end, whose settings it reads when the program has ended.
terminal, kept = pty.openpty()
child = os.fork()
if child == 0:
    os.setsid()
    fcntl.ioctl(kept, termios.TIOCSCTTY, 0)
    for stream in (0, 1, 2):
        os.dup2(kept, stream)
    os.execv(command[0], command)
before = termios.tcgetattr(kept)[3]
seen, entered, code, until = b"", False, None, time.monotonic() + 60
while time.monotonic() < until:
    if code is None:
        done, end = os.waitpid(child, os.WNOHANG)
        code = os.waitstatus_to_exitcode(end) if done else None
    if select.select([terminal], [], [], 0.1)[0]:
        seen += os.read(terminal, 4096)
    elif code is not None:
        break
    if not entered and b"PIN of token" in seen and not termios.tcgetattr(kept)[3] & termios.ECHO:
        os.write(terminal, pin.encode() + b"\n")
        entered = True
else:
    sys.exit(f"no end in 60 s; it said: {seen!r}")
if not entered:
    sys.exit(f"no prompt without echo; it said: {seen!r}")
if pin.encode() in seen:
    sys.exit(f"the PIN is shown: {seen!r}")
if termios.tcgetattr(kept)[3] != before:
    sys.exit("the terminal is not as it was before")
if code != status:
    sys.exit(f"expected exit status {status}, found {code}; it said: {seen!r}")
