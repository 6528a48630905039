"""Runs every command that reads through the admin socket and through contexts of three roles, and compares.

usage: remote.py ASSAY SOCKET

A command that a role may run gives the same document as the admin socket; one that it may not run ends with
status 2 and names the role that is needed. Status 0: all holds.
"""
import json
import re
import subprocess
import sys
import time

ASSAY, SOCKET = sys.argv[1:3]
ROLES = ["viewer", "auditor", "operator"]
ACCOUNT = "0" * 63 + "7"
ZEROS = "0" * 64
checks = 0
wrongs = []

# Command, least role, how the documents compare: "same" to the byte of data, "shape" where time passes in between.
COMMANDS = [
    (["status"], "viewer", "shape"), (["nodes"], "viewer", "shape"), (["explain", "node-2"], "viewer", "shape"),
    (["counters"], "viewer", "shape"), (["timeline"], "viewer", "prefix"), (["services", "status"], "viewer", "shape"),
    (["continuity", "status"], "viewer", "shape"),
    (["account", "show", ACCOUNT], "viewer", "shape"), (["task", "offers"], "viewer", "shape"),
    (["task", "status"], "viewer", "shape"), (["collateral", "status"], "auditor", "shape"),
    (["export", "--since", "1", "--until", "3"], "auditor", "same"),
    (["export", "--since", "1", "--until", "2", "--votes"], "auditor", "same"), (["change", "list"], "viewer", "same"),
    (["change", "inbox"], "viewer", "shape"), (["recover", "status"], "auditor", "shape"), (["enforce", "show"], "auditor", "shape"),
]
# Commands that have text alone, or write a file.
TEXTS = [
    (["top", "--once"], "viewer", "node-2"), (["report", "--html", "report-%s"], "auditor", ""), (["checkpoint", "--out", "cp-%s"], "viewer", ""),
    (["proof", "node-2", "--out", "proof-%s"], "viewer", ""), (["store", "save", "--out", "archive-%s"], "auditor", ""),
]


def check(what, holds):
    global checks
    checks += 1
    if not holds:
        wrongs.append(what)


def run(*arguments):
    done = subprocess.run([ASSAY, *arguments], capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
    return done.returncode, done.stdout, done.stderr


def shape(value):
    """Names and types. Lists may have grown, and what is null here may have a value a moment later."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items()}
    if isinstance(value, list):
        return "list"
    return "any"


def alike(local, remote, how):
    if how == "same":
        return local == remote
    if how == "prefix":
        count = min(len(local["events"]), len(remote["events"]))
        seqs = [e["seq"] for e in local["events"]]
        return count > 3 and [e for e in remote["events"] if e["seq"] in seqs][:3] == local["events"][:3]
    return shape(local) == shape(remote)


def documents():
    for command, least, how in COMMANDS:
        for role in ROLES:
            name = "%s as %s" % (" ".join(command), role)
            status, out, err = run("--context", role, *command, "--json")
            if ROLES.index(role) < ROLES.index(least):
                check("%s: status %d: %s" % (name, status, err), status == 2)
                check("%s: %s" % (name, err), "needs the role %s, this client has the role %s" % (least, role) in err)
                check("%s: no 403: %s" % (name, err), "403" in err)
                check("%s: no document" % name, json.loads(out)["schema"] == "assay.error")
                continue
            for _ in range(30):  # an epoch may close between the two
                status, out, err = run("--context", role, *command, "--json")
                local_status, local_out, local_err = run(*command, "--socket", SOCKET, "--json")
                if status == 0 and local_status == 0 and alike(json.loads(local_out)["data"], json.loads(out)["data"], how):
                    break
                time.sleep(0.3)
            check("%s: status %d, locally %d: %s %s" % (name, status, local_status, err, local_err), status == local_status == 0)
            if status != 0 or local_status != 0:
                continue
            local, remote = json.loads(local_out), json.loads(out)
            check("%s: schema" % name, local["schema"] == remote["schema"] and local.get("node") == remote.get("node"))
            check("%s: %s\n  locally %s" % (name, json.dumps(shape(remote["data"]))[:600], json.dumps(shape(local["data"]))[:600]),
                  alike(local["data"], remote["data"], how))


def texts():
    for command, least, text in TEXTS:
        for role in ROLES:
            words = [word % role if "%s" in word else word for word in command]
            name = "%s as %s" % (" ".join(words), role)
            status, out, err = run("--context", role, *words)
            if ROLES.index(role) < ROLES.index(least):
                check("%s: status %d: %s" % (name, status, err), status != 0)
                check("%s: %s" % (name, err), "needs the role %s" % least in err)
            else:
                check("%s: status %d: %s" % (name, status, err), status == 0)
                check("%s: %s" % (name, out), text in out)


def refusals():
    status, _, err = run("--context", "viewer", "explain", "nobody")
    check("explain nobody: %d %s" % (status, err), status == 5 and re.search("no member", err) is not None)
    for command in (["continuity", "show", ZEROS], ["proof", "nobody", "--out", "x"], ["account", "show", "12"]):
        far = run("--context", "viewer", *command)[0]
        check("%s: %d" % (command, far), far == run(*command, "--socket", SOCKET)[0] != 0)


documents()
texts()
refusals()
for wrong in wrongs[:40]:
    print("FAILED:", wrong)
print("%d of %d checks hold" % (checks - len(wrongs), checks))
sys.exit(1 if wrongs or checks < 100 else 0)
