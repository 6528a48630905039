"""A program in a terminal of its own, which is closed, or the program killed, once its peers run; who is left?

usage: terminal.py close|kill PROGRAM FOLDER ARGUMENT...
"""
import os
import pty
import select
import signal
import sys
import time


def those_of(folder):
    """Processes that were told of the folder, but this one."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/cmdline", "rb") as file:
                words = file.read()
        except OSError:
            continue
        if folder.encode() in words and int(name) != os.getpid():
            found.append(int(name))
    return found


def within(seconds, ask, terminal=None):
    until = time.monotonic() + seconds
    while not ask():
        if time.monotonic() > until:
            return False
        if terminal is None:
            time.sleep(0.1)
        elif select.select([terminal], [], [], 0.1)[0]:
            os.read(terminal, 65536)  # nobody who draws waits for us
    return True


end, program, folder, *arguments = sys.argv[1:]
pid, terminal = pty.fork()
if pid == 0:
    os.execv(program, [program, "--dir", folder, *arguments])
peers = within(30, lambda: len(those_of(folder)) >= 15, terminal)  # the demo, seven daemons, their enclaves
running = len(those_of(folder))
if end == "kill":
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
else:
    os.close(terminal)
gone = within(60, lambda: not those_of(folder))
left = those_of(folder)
for each in left:
    os.kill(each, signal.SIGKILL)
print(f"{running} processes before, {len(left)} after")
sys.exit(0 if peers and gone else 1)
