#!/usr/bin/python3
"""Runs what a guide tells its reader to type, and holds what comes against what the guide promises.

usage: run.py GUIDE.md BIN [--seconds N] [--keep] [--packages DIR] [--table FILE]

--packages runs the blocks that install, too, with the packages of DIR in the guide's folder; what they bring lies
then where they put it. --table writes the steps with the time that each took.

docs/guides/README.md has the convention. Exit status: 0 all of it is true, 1 something is not, 2 misuse,
77 something that the guide needs is not on this machine. Every process that a guide starts is ended.
"""

import argparse
import ctypes
import os
import pathlib
import random
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

SECONDS_EACH = 60  # a block of commands that takes longer hangs
SECONDS_PACKAGES = 900  # ... or waits for a mirror
SLOW = 2  # seconds of one block that are worth a line
PAUSE = 0.4  # between two tries of what is waited for
PATIENCE = 3  # times the seconds of a guide: other tests run beside it
PROGRAMS = ("assay", "assayd", "assay-enclave", "assay-sim", "assay-replica", "assay-holder", "assay-executor",
            "assay-signer")
HERE = pathlib.Path(__file__).resolve().parent
NEEDS = {"swtpm": "swtpm", "prometheus": "prometheus", "promtool": "promtool", "nginx": "nginx",
         "curl": "curl", "openssl": "openssl", "python3": "python3"}


class Wrong(Exception):
    """What the guide says is not so: line of the guide, and what came instead."""

    def __init__(self, line, text):
        super().__init__(text)
        self.line = line


class Block:
    """One fenced block: what it is, its text, and the line of the guide on which the text begins."""

    def __init__(self, line, words, hidden=False):
        self.line, self.text, self.heading, self.hidden = line, [], "", hidden
        self.kind = words[0] if words else ""
        self.file = self.until = None
        self.exit, self.hardware, self.any_order, self.packages = 0, False, False, False
        for word in words[1:]:
            name, _, value = word.partition("=")
            if name == "file" and value and self.kind != "sh":
                self.file = value
            elif name == "exit" and value.isdigit() and self.kind == "sh":
                self.exit = int(value)
            elif name == "until" and value.isdigit() and self.kind == "sh":
                self.until = int(value)
            elif word == "hardware" and self.kind == "sh":
                self.hardware = True
            elif word == "packages" and self.kind == "sh":
                self.packages = True
            elif word == "any" and self.kind == "text":
                self.any_order = True
            else:
                raise Wrong(line - 1, f'unknown word "{word}" behind the fence')
        if self.kind not in ("sh", "text") and not self.file:
            raise Wrong(line - 1, f'a block of "{self.kind}" is neither run nor written to a file')


def read_guide(path):
    """The blocks of a guide in their order, and the words of its `<!-- needs: ... -->`."""
    blocks, needs, block, fence, heading = [], [], None, "", path.name
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if block is not None:
            if line.strip() == ("-->" if block.hidden else fence):
                blocks.append(block)
                block = None
            else:
                block.text.append(line)
        elif line.startswith("```"):
            fence = "```"
            block = Block(number + 1, line[3:].split())
            block.heading = heading
        elif re.match(r"<!-- sh\b[^>]*$", line):
            block = Block(number + 1, line.split()[1:], hidden=True)
            block.heading = heading
        elif line.lstrip().startswith(("```", "~~~")):
            raise Wrong(number, "a fence that is indented, or of another kind, would not be run")
        elif match := re.match(r"<!-- needs: (.*) -->$", line):
            needs += match[1].split()
        elif line.startswith("#"):
            heading = line.lstrip("# ")
    if block is not None:
        raise Wrong(block.line - 1, "this block has no end")
    if not any(b.kind == "sh" and not b.hidden and not b.hardware and not b.packages for b in blocks):
        raise Wrong(1, "nothing of this guide would be run")
    return blocks, needs


def pair(blocks):
    """Every block that does something, with the block of text behind it that says what must come."""
    pairs = []
    for block in blocks:
        if block.kind == "text" and not block.file:
            if not pairs or pairs[-1][0].kind != "sh" or pairs[-1][1] is not None:
                raise Wrong(block.line - 1, "there is no command whose words these are")
            pairs[-1] = (pairs[-1][0], block)
        else:
            pairs.append((block, None))
    return pairs


def missing_line(expected, said, any_order):
    """Number from 0 of the line of `expected` that does not occur in `said` (in this order), or None."""
    lines = [" ".join(line.split()) for line in said.splitlines()]
    at = 0
    for number, line in enumerate(expected):
        want = " ".join(line.split())
        if want in ("", "..."):
            continue
        pattern = re.compile(".*".join(re.escape(part) for part in re.split(r" ?\.\.\. ?", want)))
        at = 0 if any_order else at
        while at < len(lines) and not pattern.search(lines[at]):
            at += 1
        if at == len(lines):
            return number
        at += 1
    return None


def free_ten(taken):
    """The first digits of ten ports in a row that nobody has."""
    while True:
        ten = random.randrange(2000, 3200)
        if ten in taken:
            continue
        try:
            for port in range(10 * ten, 10 * ten + 10):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
        except OSError:
            continue
        return ten


class Session:
    """One bash for the whole guide, in a folder of its own; variables and background jobs stay."""

    def __init__(self, bin_dir, folder, packages=None):
        self.folder = folder
        self.notes = folder / ".runner"
        self.notes.mkdir()
        self.count = 0
        tens = [free_ten(())]
        tens.append(free_ten(tens))
        self.ports = {"710": str(tens[0]), "808": str(tens[1])}
        for name in ("network.sh", "services.sh"):
            network = (HERE / name).read_text(encoding="utf-8")
            (self.notes / name).write_text(self.own_ports(network), encoding="utf-8")
        told, tell = os.pipe()
        os.set_blocking(told, False)
        self.told, self.heard = told, b""
        environment = dict(os.environ, PATH=f"{bin_dir}:{os.environ['PATH']}", LC_ALL="C",
                           HOME=str(folder), TERM="dumb")
        environment.pop("ASSAY_SOCKET", None)
        environment.pop("monitoring", None)
        if packages:
            for package in sorted(packages.glob("*.deb")):
                (folder / package.name).symlink_to(package)
        else:
            environment["monitoring"] = str(HERE.parent.parent / "docs" / "monitoring")
        environment["guides"] = str(self.notes)
        self.bash = subprocess.Popen(
            ["bash", "--noprofile", "--norc"], stdin=subprocess.PIPE, cwd=folder, env=environment,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, pass_fds=[tell],
            start_new_session=True)
        os.close(tell)
        self.type("set -E; trap 'ended_line=$LINENO ended_command=$BASH_COMMAND' ERR\n"
                  f"trap 'echo \"end $? $ended_line $ended_command\" >&{tell}' EXIT\n")
        self.tell = tell

    def type(self, text):
        self.bash.stdin.write(text.encode())
        self.bash.stdin.flush()

    def own_ports(self, text):
        return re.sub(r"(?<![0-9A-Za-z])(710|808)(?=[0-9$%])", lambda m: self.ports[m[1]], text)

    def run(self, text, strict, seconds):
        """Returns: exit status, what was said, and where it ended (line and command) if it was cut."""
        self.count += 1
        script = self.notes / f"{self.count}.sh"
        out = self.notes / f"{self.count}.out"
        script.write_text(self.own_ports(text) + "\n", encoding="utf-8")
        switch = "set -e" if strict else "set +e"
        self.type(f"{switch}\n. {script} >{out} 2>&1 </dev/null\n"
                  f"{{ echo \"done $?\"; set +e; }} >&{self.tell}\n")
        word, status, *where = self.answer(seconds, out)
        said = out.read_text(encoding="utf-8", errors="replace") if out.exists() else ""
        return int(status), said, where if word == "end" else []

    def answer(self, seconds, out):
        ends = time.monotonic() + seconds
        while b"\n" not in self.heard:
            try:
                self.heard += os.read(self.told, 4096)
            except BlockingIOError:
                time.sleep(0.01)
            if time.monotonic() > ends:
                said = out.read_text(errors="replace") if out.exists() else ""
                raise Wrong(0, f"no end within {seconds} s; it said:\n{said}")
        line, _, self.heard = self.heard.partition(b"\n")
        return line.decode(errors="replace").split(" ", 3)


def expect(session, block, text, seconds):
    """Runs a block and holds what came against the guide."""
    status, said, where = session.run("\n".join(block.text), block.exit == 0 and block.until is None,
                                      seconds)
    if re.search(r"Sanitizer|runtime error: |assertion failed", said):
        raise Wrong(block.line, f"a bug:\n{said}")
    if status != block.exit:
        line = block.line + int(where[0]) - 1 if len(where) == 2 and where[0].isdigit() else block.line
        command = f" of `{where[1]}`" if len(where) == 2 else ""
        raise Wrong(line, f"expected exit status {block.exit}, found {status}{command}; it said:\n{said}")
    lines = [session.own_ports(line) for line in text.text] if text else []
    lost = missing_line(lines, said, text is not None and text.any_order)
    if lost is not None:
        raise Wrong(text.line + lost, f'expected "{text.text[lost].strip()}"; it said:\n{said}')


LOG_LINES = 4  # the newest of each daemon, when the guide is not true


def end_of(log, folder):
    """What somebody who was not there wants to see first, since the folder is gone."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_LINES:]
    return "\n".join(f"{log.relative_to(folder)}: {line[:400]}" for line in lines)


def wait_for(session, block, text, seconds):
    ends = time.monotonic() + PATIENCE * block.until
    while True:
        try:
            return expect(session, block, text, seconds)
        except Wrong:
            if time.monotonic() > ends:
                raise
        time.sleep(PAUSE)


# --- commands for hardware that is not here: are they words that the programs know?

def help_of(bin_dir, words):
    """What --help says of the longest beginning of `words` that has one; and how many words these are."""
    for count in range(min(len(words), 3), 0, -1):
        done = subprocess.run([*words[:count], "--help"], env={"PATH": f"{bin_dir}:/usr/bin:/bin"},
                              capture_output=True, text=True, timeout=20, check=False)
        if done.returncode == 0 and done.stdout + done.stderr:
            return done.stdout + done.stderr, count
    return "", 0


def look_at(bin_dir, block):
    """Holds every command of ours in a block against its --help: verbs and options must stand there."""
    text = "\n".join(block.text)
    done = subprocess.run(["bash", "-n"], input=text, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Wrong(block.line, f"this is no shell: {done.stderr}")
    seen = 0
    for command in re.split(r"[\n;|&]|\$\(", text.replace("\\\n", " ")):
        words = shlex.split(command.rstrip(") ").split(" #")[0].split(">")[0], posix=True)
        while words and (words[0] in ("sudo", "do", "then") or "=" in words[0]):
            words = words[1:]
        if not words or words[0] not in PROGRAMS:
            continue
        seen += 1
        plain = [words[0]] + [w for w in words[1:3] if re.fullmatch(r"[a-z][a-z-]*", w)]
        said, count = help_of(bin_dir, plain)
        unknown = [w for w in plain[1:] if not re.search(rf"(?<![\w-]){w}(?![\w-])", said)]
        if (words[0] == "assay" and count < 2) or unknown:
            raise Wrong(block.line, f'no such command: "{" ".join(plain)}"')
        known = set(re.findall(r"(?<![\w-])--[a-z][a-z0-9-]*", said))
        for option in (w.split("=")[0] for w in words if w.startswith("--")):
            if option not in known | {"--help"}:
                raise Wrong(block.line, f'"{" ".join(plain)}" has no option {option}')
    return seen


# --- a whole guide

def children():
    """Processes that came out of this guide and did not end: all of them are ours by adoption."""
    left, parents = [], {os.getpid()}
    table = {}
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text(encoding="ascii", errors="replace")
            except OSError:
                continue
            state, parent = stat.rpartition(")")[2].split()[:2]
            table[int(entry.name)] = (int(parent), state, stat[stat.find("(") + 1:stat.rfind(")")])
    while parents:
        parents = {pid for pid, row in table.items() if row[0] in parents}
        left += [(pid, table[pid][2]) for pid in parents if table[pid][1] != "Z"]
    return left


def end_all():
    for pid, _ in children():
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    try:
        while os.waitpid(-1, 0):
            pass
    except ChildProcessError:
        pass


def lacking(needs):
    for need in needs:
        if need == "vectors":
            if not os.path.isdir(os.environ.get("ASSAY_VECTORS", "")):
                return "ASSAY_VECTORS names no folder"
        elif need == "vectors-gpu":
            if not os.path.isdir(os.environ.get("ASSAY_VECTORS_GPU", "")):
                return "ASSAY_VECTORS_GPU names no folder"
        elif need == "systemd":
            if not os.path.isdir("/run/systemd/system"):
                return "systemd is not process 1 here"
        elif need != "network" and shutil.which(NEEDS[need], path=f"{os.environ['PATH']}:/usr/sbin") is None:
            return f"{need} is not installed"
    return None


class Steps:
    """Headings of a guide and how long what stands below each took."""

    def __init__(self):
        self.rows, self.since = [], None

    def begin(self, heading):
        if self.rows and self.rows[-1][0] == heading:
            return
        self.end()
        self.rows.append([heading, 0.0])

    def end(self):
        now = time.monotonic()
        if self.rows:
            self.rows[-1][1] = now - self.since
            print(f"{self.rows[-1][1]:6.1f} s  {self.rows[-1][0]}", flush=True)
        self.since = now

    def table(self):
        rows = [f"| {heading} | {seconds:.1f} |" for heading, seconds in self.rows]
        total = sum(seconds for _, seconds in self.rows)
        return "\n".join(["| step | seconds |", "| --- | --- |", *rows, f"| all of it | {total:.1f} |"]) + "\n"


def do_block(session, block, text, left, bin_dir):
    """Returns: commands that ran, lines that came, commands for hardware that are known."""
    if block.file:
        target = session.folder / block.file
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(session.own_ports("\n".join(block.text)) + "\n", encoding="utf-8")
        return 0, 0, 0
    if block.hardware:
        return 0, 0, look_at(bin_dir, block)
    (wait_for if block.until is not None else expect)(session, block, text, left)
    return 1, sum(line.strip() not in ("", "...") for line in text.text) if text else 0, 0


def run(path, bin_dir, folder, options):
    blocks, needs = read_guide(path)
    if not options.packages and (lack := lacking(needs)):
        print(f"{path.name}: {lack}", file=sys.stderr)
        return 77
    session = Session(bin_dir, folder, options.packages)
    begun, steps, done = time.monotonic(), Steps(), (0, 0, 0)
    for block, text in pair(blocks):
        if block.packages and not options.packages:
            continue
        steps.begin(block.heading)
        each = SECONDS_PACKAGES if block.packages else SECONDS_EACH
        left = max(1.0, min(each, options.seconds - (time.monotonic() - begun)))
        started = time.monotonic()
        try:
            done = tuple(map(sum, zip(done, do_block(session, block, text, left, bin_dir))))
        except Wrong as wrong:
            wrong.line = wrong.line or block.line
            raise
        if time.monotonic() - started > SLOW:
            print(f"{time.monotonic() - started:6.1f} s    line {block.line}")
    steps.end()
    session.type("exit 0\n")
    session.bash.wait(timeout=10)
    time.sleep(0.3)
    left = children()
    if left:
        names = ", ".join(sorted({name for _, name in left}))
        raise Wrong(blocks[-1].line, f"the guide leaves processes behind: {names}")
    if options.table:
        options.table.write_text(steps.table(), encoding="utf-8")
    print(f"{path.name}: {done[0]} blocks ran, {done[1]} lines came as promised, {done[2]} commands for hardware "
          f"are known, {time.monotonic() - begun:.1f} s")
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("guide", type=pathlib.Path)
    parser.add_argument("bin", type=pathlib.Path)
    parser.add_argument("--seconds", type=int, default=480)
    parser.add_argument("--keep", action="store_true", help="leave the folder behind")
    parser.add_argument("--packages", type=pathlib.Path)
    parser.add_argument("--table", type=pathlib.Path)
    options = parser.parse_args()
    os.environ.setdefault("ASSAY_VECTORS", str(HERE.parent.parent.parent / "shared" / "vectors"))
    os.environ.setdefault("ASSAY_VECTORS_GPU", str(HERE.parent.parent.parent / "shared" / "vectors-gpu"))
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER: orphans become ours
    # Short: the path of a UNIX socket has 107 bytes.
    folder = pathlib.Path(tempfile.mkdtemp(prefix="assay-guide.", dir="/tmp"))
    try:
        return run(options.guide, options.bin.resolve(), folder, options)
    except Wrong as wrong:
        print(f"{options.guide}:{wrong.line}: {wrong}", file=sys.stderr)
        for log in sorted(folder.glob("**/*log")):
            print(f"see {log}" if options.keep else end_of(log, folder), file=sys.stderr)
        return 1
    finally:
        end_all()
        if not options.keep:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
