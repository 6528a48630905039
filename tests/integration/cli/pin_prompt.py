"""A program that asks for a PIN in a terminal of its own: it is not shown, and the terminal is as before.

usage: pin_prompt.py PIN STATUS PROGRAM ARGUMENT...
"""
import os
import pty
import select
import sys
import termios
import time

pin, status, command = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
child, terminal = pty.fork()
if child == 0:
    os.execv(command[0], command)
# The test keeps a descriptor of the terminal, whose settings it reads when the program has ended.
kept = os.open(os.ptsname(terminal), os.O_RDWR | os.O_NOCTTY)
before = termios.tcgetattr(kept)[3]
seen, entered, until = b"", False, time.monotonic() + 60
while time.monotonic() < until:
    done, code = os.waitpid(child, os.WNOHANG)
    if select.select([terminal], [], [], 0.1)[0]:
        seen += os.read(terminal, 4096)
    elif done:
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
if os.waitstatus_to_exitcode(code) != status:
    sys.exit(f"expected exit status {status}, found {os.waitstatus_to_exitcode(code)}; it said: {seen!r}")
