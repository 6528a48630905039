"""tests/bench/net/bytes.py - bytes that a node receives in an epoch, compared with the information in them.

usage: bytes.py BIN [--keep DIR] [--real N,N,..] [--simulated N,N,..] [--doc FILE --plot FILE] [--plan]

Real processes run by crowd.py --lanes, then `assay-sim run three-regions` at other sizes, whose evidence of 96 bytes is
counted with the length of real evidence. --keep: folder for reports; an existing report is not measured again. The
lower bound: each quote, each envelope and each ballot once, two certificates per block; the second column adds each
vote and each block once. --doc: writes the tables between the lines `<!-- bytes -->` and `<!-- end -->` of a page;
--plot: writes an SVG. --plan: exit status 1 when `assay plan` computes another number of bytes than were measured, by
more than a quarter.
"""

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile

EPOCHS = {4: (3000, 0.5), 7: (3000, 0.5), 13: (4000, 0.6), 20: (4000, 0.7), 40: (10000, 1.0), 60: (20000, 1.7),
          70: (20000, 2.0), 100: (20000, 3.0)}  # of real ones: ms, minutes
SIM_EVIDENCE = 96
LANES = ("evidence", "envelope", "record", "vote", "proposal", "certificate")


def sim_epochs(n):
    """In the first ones it is found out which neighbour brings what."""
    return max(2, min(24, 2900 // n))


def load(path, make):
    if not os.path.exists(path):
        make(path)
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def real(options, n):
    ms, minutes = EPOCHS.get(n, (30000, 3.0))

    def make(path):
        crowd = os.path.join(os.path.dirname(os.path.abspath(__file__)), "crowd.py")
        subprocess.run([sys.executable, "-B", crowd, options.bin, "--nodes", str(n), "--epoch", str(ms), "--minutes",
                        str(minutes), "--lanes", "--report", path], stdout=sys.stderr, check=False)

    report = load(os.path.join(options.keep, f"lanes-{n}.json"), make)
    got = report["received"]
    size = {k: got["bytes"][k] / got["messages"][k] for k in LANES if got["messages"].get(k)}
    return {"n": n, "how": "processes", "total": sum(got["bytes"].values()), "lanes": got["bytes"], "size": size,
            "blocks": report["blocks"], "messages": got["messages"],
            "certified": f"{report['certified']} of {report['epochs']}"}


def simulated(options, n, sizes):
    def make(path):
        with open(path, "w", encoding="utf-8") as file:
            subprocess.run([os.path.join(options.bin, "assay-sim"), "run", "three-regions", "--set", f"nodes={n}", "--set",
                            f"epochs={sim_epochs(n)}", "--json"], stdout=file, stderr=subprocess.DEVNULL, check=False)

    figures = load(os.path.join(options.keep, f"simulated-{n}.json"), make)["data"]["figures"]
    size = sizes(n)
    total = figures["bytes"] / n / figures["epochs"] + (n - 1) * (size["evidence"] - SIM_EVIDENCE)
    return {"n": n, "how": "simulated", "total": total, "lanes": None, "size": size,
            "blocks": figures["blocks"] / figures["epochs"], "copies": 1 + figures["copies_permille"] / 1000,
            "certified": f"{figures['epochs_certified']} of {figures['epochs']}"}


def arithmetic(p):
    n, size, voters = p["n"], p["size"], min(p["n"], 100)
    once = (n - 1) * (size["evidence"] + size["envelope"] + size["record"]) + 2 * p["blocks"] * size["certificate"]
    votes = 2 * p["blocks"] * (voters - 1) * size["vote"] - 2 * p["blocks"] * size["certificate"]
    return once, once + votes + p["blocks"] * size["proposal"]


def fitted(points):
    """Sizes of messages at any n. Answers that say no are short, so evidence is as long as where it is longest; what
    grows with members (ballots, blocks) or voters (certificates) lies on a line."""
    def line(kind):
        have = [(p["n"], p["size"][kind]) for p in points if kind in p["size"]]
        x, y = (sum(v) / len(have) for v in zip(*have))
        slope = sum((n - x) * (s - y) for n, s in have) / sum((n - x) ** 2 for n, _ in have)
        return lambda n: y + slope * (n - x)

    lines = {k: line(k) for k in ("record", "proposal", "certificate")}
    fixed = {k: max(p["size"][k] for p in points) for k in ("evidence", "envelope", "vote")}
    return lambda n: {**fixed, **{k: lines[k](min(n, 100) if k == "certificate" else n) for k in lines}}


def kib(x):
    return f"{x / 1000:.0f}" if x >= 10000 else f"{x / 1000:.1f}"


def tables(points):
    rows = ["| n | how | certified | KB a node and epoch | arithmetic | ratio | with votes and blocks | ratio |",
            "| --- | --- | --- | --- | --- | --- | --- | --- |"]
    for p in points:
        once, more = arithmetic(p)
        rows.append(f"| {p['n']} | {p['how']} | {p['certified']} | {kib(p['total'])} | {kib(once)} | {p['total'] / once:.2f} |"
                    f" {kib(more)} | {p['total'] / more:.2f} |")
    rows += ["", "By lanes, KB of each and how often each message came (processes):", "",
             "| n | evidence | envelopes | ballots | votes | blocks | certificates | the rest |",
             "| --- | --- | --- | --- | --- | --- | --- | --- |"]
    for p in points:
        if p["lanes"] is None:
            continue
        n = p["n"]
        each = {"evidence": n - 1, "envelope": n - 1, "record": n - 1, "vote": 2 * p["blocks"] * (n - 1)}
        cells = [f"{kib(p['lanes'][k])}" + (f" ({p['messages'][k] / each[k]:.1f})" if k in each else "") for k in LANES]
        rest = sum(v for k, v in p["lanes"].items() if k not in LANES)
        rows.append(f"| {n} | " + " | ".join(cells) + f" | {kib(rest)} |")
    return "\n".join(rows)


def plot(points):
    wide, high, left, low = 720, 420, 70, 50
    xs = [p["n"] for p in points]
    ys = [y for p in points for y in (p["total"], *arithmetic(p))]
    x0, x1, y0, y1 = math.log10(min(xs)), math.log10(max(xs)), math.floor(math.log10(min(ys))), math.ceil(math.log10(max(ys)))

    def at(n, y):
        return (left + (math.log10(n) - x0) / (x1 - x0) * (wide - left - 20),
                high - low - (math.log10(y) - y0) / (y1 - y0) * (high - low - 20))

    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" font-family="sans-serif" font-size="12">',
           f'<title>Bytes to a node in an epoch, by members</title><rect width="{wide}" height="{high}" fill="#fff"/>']
    for k in range(y0, y1 + 1):
        y = at(min(xs), 10 ** k)[1]
        out.append(f'<path d="M{left} {y:.0f}H{wide - 20}" stroke="#ddd"/><text x="{left - 6}" y="{y + 4:.0f}"'
                   f' text-anchor="end">{f"{10 ** (k - 6)} MB" if k >= 6 else f"{10 ** (k - 3)} KB"}</text>')
    for n in xs:
        out.append(f'<text x="{at(n, 1)[0]:.0f}" y="{high - low + 18}" text-anchor="middle">{n}</text>')
    out.append(f'<text x="{wide / 2}" y="{high - 8}" text-anchor="middle">members</text>')
    curves = (("arithmetic", lambda p: arithmetic(p)[0], "#888", ""),
              ("1.5 times that", lambda p: 1.5 * arithmetic(p)[0], "#888", "4 4"),
              ("with votes and blocks", lambda p: arithmetic(p)[1], "#06c", ""),
              ("measured (hollow: simulated)", lambda p: p["total"], "#c30", ""))
    for k, (name, value, colour, dash) in enumerate(curves):
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in (at(p["n"], value(p)) for p in points))
        out.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2" stroke-dasharray="{dash}"/>')
        x, y = left + 20, 34 + 18 * k
        out.append(f'<path d="M{x} {y}h24" stroke="{colour}" stroke-width="2" stroke-dasharray="{dash}"/>'
                   f'<text x="{x + 32}" y="{y + 4}">{name}</text>')
    for p in points:
        x, y = at(p["n"], p["total"])
        fill = "#c30" if p["how"] == "processes" else "#fff"
        out.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{fill}" stroke="#c30" stroke-width="2"/>')
    return "\n".join(out) + "\n</svg>\n"


def differs_from_plan(options, p):
    """`assay plan` with the evidence of this network; reports both numbers."""
    said = subprocess.run([os.path.join(options.bin, "assay"), "plan", "--members", str(p["n"]), "--epoch", "60000",
                           "--evidence", str(round(p["size"]["evidence"])), "--json"], stdout=subprocess.PIPE, check=True)
    planned = json.loads(said.stdout)["data"]["bytes_epoch"]
    print(f"{p['n']} members: {planned} bytes an epoch planned, {p['total']:.0f} measured ({p['how']})")
    return not 0.75 * p["total"] <= planned <= 1.25 * p["total"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bin")
    parser.add_argument("--keep")
    parser.add_argument("--real", default="4,7,13,20,40,60")
    parser.add_argument("--simulated", default="100,256")
    parser.add_argument("--doc")
    parser.add_argument("--plot")
    parser.add_argument("--plan", action="store_true")
    options = parser.parse_args()
    options.bin = os.path.abspath(options.bin)
    options.keep = options.keep or tempfile.mkdtemp(prefix="assay-bytes.")
    points = [real(options, int(n)) for n in options.real.split(",")]
    sizes = fitted(points)
    for p in points:
        p["size"] = sizes(p["n"])
    points += [simulated(options, int(n), sizes) for n in options.simulated.split(",") if n]
    points.sort(key=lambda p: (p["n"], p["how"]))
    text = tables(points)
    print(text)
    if options.plot:
        with open(options.plot, "w", encoding="utf-8") as file:
            file.write(plot(points))
    if options.doc:
        with open(options.doc, encoding="utf-8") as file:
            page = file.read()
        head, rest = page.split("<!-- bytes -->\n", 1)
        with open(options.doc, "w", encoding="utf-8") as file:
            file.write(head + "<!-- bytes -->\n" + text + "\n<!-- end -->" + rest.split("<!-- end -->", 1)[1])
    if options.plan and any([differs_from_plan(options, p) for p in points]):
        sys.exit("bytes.py: `assay plan` is wrong by more than a quarter")


if __name__ == "__main__":
    main()
