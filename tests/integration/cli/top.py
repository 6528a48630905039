"""`assay top` on a terminal of its own: what is drawn, which keys it obeys, and that the terminal is
given back whatever happens. usage: top.py ASSAY SOCKET PID_OF_THE_DAEMON"""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time

ASSAY, SOCKET, DAEMON = sys.argv[1], sys.argv[2], int(sys.argv[3])
COLUMNS, LINES = 60, 20
checks = failures = 0


def check(what, holds, more=""):
    global checks, failures
    checks += 1
    if not holds:
        failures += 1
        print("FAILED: %s %s" % (what, more), file=sys.stderr)


class Top:
    """One run, as a person at a terminal would have it."""

    def __init__(self, **environment):
        self.seen = b""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            env = dict(os.environ, TERM="xterm", LC_ALL="C")
            env.pop("NO_COLOR", None)
            env.update(environment)
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
            os.execve(ASSAY, ["assay", "top", "--socket", SOCKET, "--every", "200"], env)
        self.before = termios.tcgetattr(self.fd)

    def read(self, until, seconds=60):
        """What came until a text stood in it, or the process ended."""
        end, start = time.monotonic() + seconds, len(self.seen)
        while until not in self.seen[start:] and time.monotonic() < end:
            if not select.select([self.fd], [], [], 0.1)[0]:
                continue
            try:
                self.seen += os.read(self.fd, 65536)
            except OSError:
                break
        return until in self.seen[start:]

    def key(self, key):
        os.write(self.fd, key)

    def end(self):
        """Its wait status, and whether the terminal is as it was."""
        self.read(b"\x1b[?1049l", 60)
        for _ in range(600):
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                break
            time.sleep(0.1)
        else:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            return None, False
        after = termios.tcgetattr(self.fd)
        self.read(b"\0never", 0.3)
        given_back = after[3] == self.before[3] and self.seen.rstrip().endswith(b"\x1b[?1049l")
        os.close(self.fd)
        return status, given_back

    def frames(self):
        """Lines of text, without escapes, of whole frames."""
        text = self.seen.split(b"\x1b[H", 1)[-1].rsplit(b"\x1b[H", 1)[0]
        return re.sub(rb"\x1b\[[?0-9;]*[A-Za-z]", b"", text).replace(b"\r", b"").split(b"\n")


# Plain ASCII in 60 columns; keys.
top = Top(NO_COLOR="1")
check("it draws members", top.read(b"node-4"))
check("the sentence leads", top.read(b"of 4 attested"))
top.key(b"s")
check("s sorts", top.read(b"s sort (score)"))
top.key(b"r")
check("r turns the order", top.read(b"s sort (score, reversed)"))
top.read(b"node-4")
top.read(b"node-4")
lines = top.frames()
check("60 columns", max(map(len, lines)) <= COLUMNS, max(lines, key=len))
check("members in 60 columns", any(re.search(rb"node-3 +\* FULL +#+ 100\.00 %", l) for l in lines), lines[:12])
check("plain ASCII in locale C", all(b < 0x80 for b in top.seen))
check("NO_COLOR", b"\x1b[36m" not in top.seen)
top.key(b"q")
status, given_back = top.end()
check("q ends it with 0", status == 0, status)
check("and gives the terminal back", given_back)

# Colours and signs of UTF-8.
top = Top(LC_ALL="C.UTF-8")
check("UTF-8", top.read("\u25cf".encode()))
check("colours", top.read(b"\x1b[36m"))
# Ctrl-Z: the shell has its terminal, afterwards it goes on.
os.kill(top.pid, signal.SIGTSTP)
check("stopped: given back", top.read(b"\x1b[?1049l", 60))
check("stopped", os.WIFSTOPPED(os.waitpid(top.pid, os.WUNTRACED)[1])) # as a shell waits before it goes on
os.kill(top.pid, signal.SIGCONT)
check("and taken again", top.read(b"\x1b[?1049h", 60) and top.read(b"node-4"))
os.kill(top.pid, signal.SIGTERM)
status, given_back = top.end()
check("TERM ends it with 0", status == 0, status)
check("and gives the terminal back", given_back)

# A crash of its own.
top = Top()
top.read(b"node-4")
os.kill(top.pid, signal.SIGSEGV)
status, given_back = top.end()
check("a crash is a crash", status is not None and os.WIFSIGNALED(status), status)
check("and gives the terminal back", given_back)

# The daemon goes: what is shown says that it is old.
top = Top()
top.read(b"node-4")
os.kill(DAEMON, signal.SIGKILL)
check("what is old is called old", top.read(b"NO ANSWER for"))
top.key(b"q")
status, given_back = top.end()
check("q ends it all the same", status == 0 and given_back, status)

print("%d of %d checks failed" % (failures, checks) if failures else "%d checks passed" % checks)
sys.exit(1 if failures else 0)
