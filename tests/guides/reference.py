#!/usr/bin/python3
"""Generator of the pages of docs/reference/, from tables in the code and texts in docs/reference/words.

usage: reference.py ROOT write     makes the pages anew
       reference.py ROOT check     exit status 1 when a page is not what would be made now

A name that the code has and that no words explain, or words about what the code does not have, is an
error of both. docs/reference/words/NAME.txt has one name a line: `name: words`.
"""

import pathlib
import re
import sys
import textwrap

MADE = "<!-- Made by tests/guides/reference.py of the code and of docs/reference/words; do not edit. -->\n"
STRING = r'"(?:[^"\\]|\\.)*"'


class Broken(Exception):
    """What keeps the pages from being made."""


def source(root, path):
    """A file without its continued lines and comments, adjacent strings joined."""
    text = (root / path).read_text(encoding="utf-8").replace("\\\n", "\n")
    text = re.sub(r"/\*.*?\*/", " ", text, flags=re.S)
    return re.sub(r'"\s+"', "", text)


def unquote(text):
    return text[1:-1].replace('\\"', '"').replace("\\\\", "\\")


def rows(root, path, list_name):
    """Rows of an X list: each a list of its arguments, strings without quotes."""
    raw = (root / path).read_text(encoding="utf-8")
    found = re.search(rf"#define {list_name}\(X\)((?:.*\\\n)*.*)", raw)
    if not found:
        raise Broken(f"{path} has no {list_name}")
    body = re.sub(r"/\*.*?\*/", " ", found[1].replace("\\\n", "\n"), flags=re.S)
    body = re.sub(r'"\s+"', "", body)
    table = []
    for inside in re.findall(rf"\bX\(((?:{STRING}|[^\"()])*)\)", body):
        cells = re.findall(rf"{STRING}|[^,\s][^,]*", inside)
        table.append([unquote(c) if c.startswith('"') else c.strip() for c in cells])
    if not table:
        raise Broken(f"{path}: {list_name} has no rows that can be read")
    return table


def words(root, name, known):
    """{name: words} of one file, which must speak of exactly the names that the code has."""
    path = root / "docs" / "reference" / "words" / f"{name}.txt"
    told = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        key, colon, text = line.partition(": ")
        if not colon or key in told:
            raise Broken(f"{path}:{number}: expected a new `name: words`")
        # A page is cited by its path in the tree, and becomes a link of the page that is made.
        told[key] = re.sub(r"`docs/((\w+)/([\w-]+)\.md)`", r"[\3](../\1)", text.strip())
    lacking, idle = sorted(set(known) - set(told)), sorted(set(told) - set(known))
    if lacking or idle:
        raise Broken(f"{path}: no words for {lacking or 'nothing'}; the code has no {idle or 'such idle name'}")
    return told


def table(head, body):
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in body]
    return "\n".join(lines) + "\n"


def para(text):
    return textwrap.fill(text, 120, break_long_words=False, break_on_hyphens=False) + "\n"


def code(text):
    return f"`{text}`"


# --- errors

CLASSES = {"ASSAY_CLASS_INPUT": "input", "ASSAY_CLASS_LIMIT": "limit", "ASSAY_CLASS_HOST": "host"}


def errors(root):
    statuses = [r for r in rows(root, "base/status.h", "ASSAY_STATUS_LIST") if r[0] != "ASSAY_OK"]
    told = words(root, "statuses", [r[0] for r in statuses])
    exits = re.findall(r"ASSAY_EXIT_([A-Z_]+) = (\d+)", source(root, "apps/assay/core/command.h"))
    meant = words(root, "exits", [number for _, number in exits])
    out = ["# Errors\n", MADE,
           para("For operators and programmers who get an error: statuses of runtime errors, exit statuses, problems of "
                "HTTP and advice. Evidence that is not trusted is no error: [rules](rules.md)."),
           "## 1. Statuses\n",
           para("Messages end in the text and often in the symbol; logs and the journal have the symbol. *Class* is "
                "the reaction of the program: *input*, the input is dropped and counted; *limit*, it backs off; "
                "*host*, it stops rather than guess.")]
    body = []
    for symbol, number, kind, text in statuses:
        cause, bar, todo = told[symbol].partition(" -> ")
        if not bar:
            raise Broken(f"statuses: {symbol}: expected `cause -> next step`")
        body.append([code(symbol), number, CLASSES[kind], text, cause, todo])
    out += [table(["status", "number", "class", "text", "usual cause", "next step"], body)]
    out += ["## 2. Exit statuses of `assay`\n", table(["status", "meaning and action"],
                                                     [[number, meant[number]] for _, number in exits])]
    out += ["## 3. Problems of HTTP\n", table(["code", "status", "text", "next step"],
            [[code(r[2]), r[1], r[3], r[4]] for r in rows(root, "net/http/answer_internal.h", "HTTP_PROBLEM_LIST")])]
    out += ["## 4. Advice of `assay status`\n", "Lines that begin with `do`, and `advice` of the documents.\n",
            table(["code", "action"],
                  [[code(r[1]), r[2]] for r in rows(root, "host/fault_tolerance.h", "ASSAY_ADVICE_LIST")])]
    return "\n".join(out)


# --- rules of verdicts, and of policies

RULE_CLASSES = {"FORGED": "forged", "UNJUDGED": "unjudged", "REFUSED": "refused", "OLD": "old", "NOTE": "note"}


def rules(root):
    fixes = {r[0]: r[1] for r in rows(root, "quote/result/fix.c", "FIX_LIST")}
    body = []
    for symbol, number, kind, name, text in rows(root, "quote/verdict.h", "ASSAY_RULE_LIST"):
        if symbol not in fixes:
            raise Broken(f"quote/result/fix.c: nothing for {symbol}")
        body.append([code(name), number, RULE_CLASSES[kind], text, fixes[symbol]])
    lint = [[code(r[2]), r[1].lower(), r[3], r[4]]
            for r in rows(root, "quote/accept/policy_lint.h", "ASSAY_LINT_LIST")]
    return "\n".join([
        "# Rules\n", MADE,
        para("For operators and relying parties who have a verdict or a policy with findings."),
        "## 1. Reasons of verdicts\n",
        para("`reasons` of a verdict, `last_reason` of a member. In falling order: *forged* is not genuine; *unjudged* "
             "could not be decided; *refused* is genuine and not accepted; *old* is out of date; a *note* is a "
             "warning. Forged and refused evidence costs all integrity at once, old evidence a quarter an epoch, the "
             "others none. `signer-expired` and `tcb-grace` rest on time alone: in a network, where nothing else "
             "speaks against the evidence, it counts as missing (`protocol.md` 3.11)."),
        para("`last_reason` of a member may also be `absent` (no evidence for this epoch was available), `report-data` "
             "(evidence of something else than this epoch), or `roster-platform`, `roster-root` and `roster-kind`: "
             "evidence of another platform, vendor root or kind than the roster has for the member (`protocol.md` "
             "3.9), from a foreign credential or machine. That fails hard."),
        table(["rule", "number", "class", "fault", "action"], body),
        "## 2. Findings of `assay policy lint`\n", table(["name", "weight", "fault", "action"], lint)])


# --- metrics

PROGRAMS = ("apps/service/metrics.c", "apps/replica/main.c", "apps/holder/main.c", "apps/executor/main.c",
            "apps/identity_holder/main.c")


def program_metrics(root):
    """Rows of what programs of services write: the same calls in the file that they share and in each of them."""
    body = []
    call = re.compile(rf"\b(head|service_\w+)\(m,\s*({STRING}|\w+),\s*({STRING})(?:,\s*({STRING}))?")
    for path in PROGRAMS:
        for text in source(root, path).split(" put_")[1:]:
            names = dict(re.findall(rf"\b(\w+)\[\] = ({STRING})", text))
            for kind, name, first, second in call.findall(text):
                if kind == "head" and not second:
                    continue  # one that writes what it is given
                type_ = {"head": unquote(first), "service_counter": "counter"}.get(kind, "gauge")
                label = {"head": "`listen`, `program`, `version`", "service_state": "`listen`, `state`"}
                body.append([code(unquote(names.get(name, name))), type_, label.get(kind, "`listen`"),
                             unquote(second if kind == "head" else first)])
    if len(body) < 20 or len({row[0] for row in body}) != len(body):
        raise Broken(f"{', '.join(PROGRAMS)}: {len(body)} metrics can be read, or one twice")
    return body


def member_metrics(root):
    """{name: (labels, meaning)} of the metrics that name members: a table, and what is written next to it."""
    text = source(root, "net/http/metrics_members.c")
    names = dict(re.findall(rf"\b(\w+)\[\] = ({STRING})", text))
    body = text[text.index("} families[] = {"):]
    rows = [(unquote(name), "", unquote(help_))
            for name, help_ in re.findall(rf"\{{ ({STRING}),\s*({STRING}),", body[:body.index("};")])]
    calls = re.findall(rf"write_head\(&?rows, (\w+),\s*({STRING})\)", text)
    common = "`, `".join(re.findall(r"(\w+)=", re.search(r'"%s\{(member=[^}]*)\}', text)[1]))
    rows += [(unquote(names[name]), "", unquote(help_)) for name, help_ in calls if unquote(names[name]).startswith("assay_")]
    found = {name: ("" if name.startswith("assay_members_") else common, help_) for name, _, help_ in rows}
    found["assay_member_standing"] = (common + "`, `standing", found["assay_member_standing"][1])
    if len(found) < 8 or len(found) != len(rows):
        raise Broken(f"net/http/metrics_members.c: {len(rows)} metrics can be read")
    return found


def metrics(root):
    found, labels, order = {}, {}, []
    call = re.compile(rf"\bwrite_(head|gauge|counter|sample|labelled)\(\s*&?page,\s*({STRING}|\w+),\s*"
                      rf"({STRING}|NULL)(?:,\s*({STRING}))?")
    # Function by function, behind those that write one line: a name is a constant of its function.
    part = r"\nstatic void write_(?!(?:head|sample|gauge|counter|labelled|pair)\()"
    for text in re.split(part, source(root, "net/http/metrics.c"))[1:]:
        names = dict(re.findall(rf"\b(\w+)\[\] = ({STRING})", text))
        for kind, name, first, second in call.findall(text):
            name = unquote(names.get(name, name))
            if kind in ("head", "gauge", "counter"):
                type_, help_ = (unquote(first), unquote(second)) if kind == "head" else (kind, unquote(first))
                shown = name + "_total" if type_ == "counter" else name
                found[shown] = (type_, help_)
                order.append(shown)
            elif first != "NULL":
                labels[name + "_total" if name + "_total" in found else name] = unquote(first)
        for line in re.findall(r'"%s\{(\w+=[^}]*)\}', text):
            labels[unquote(names["name"])] = "`, `".join(re.findall(r"(\w+)=", line))
        pairs = rf"\bwrite_pair\(page,\s*(\w+),\s*({STRING}),\s*(?:{STRING}|[^,;\"]+),\s*({STRING}),"
        for name, first, second in re.findall(pairs, text):
            labels[unquote(names[name])] = f"{unquote(first)}`, `{unquote(second)}"
    for name, (label, help_) in member_metrics(root).items():
        found[name] = ("gauge", help_)
        labels.update({name: label} if label else {})
        order.append(name)
    if len(order) < 40 or not all(help_ for _, help_ in found.values()):
        raise Broken(f"net/http/metrics.c: {len(order)} metrics can be read")
    body = [[code(name), found[name][0], code(labels[name]) if name in labels else "", found[name][1]] for name in order]
    return "\n".join([
        "# Metrics\n", MADE,
        para("For operators who monitor nodes. `GET /metrics` of `listen.http`: OpenMetrics 1.0 for clients that accept "
             "it, else the text format 0.0.4. "
             "Labels name other members with `metrics.members` alone. Ratios are from 0 to 1, times in seconds, booleans 0 or 1. "
             "[Alerts](../runbooks/README.md) over them are in `docs/monitoring/`."),
        "## 1. Of a daemon\n", table(["metric", "type", "label", "meaning"], body),
        para("`event` of `assay_peer_events_total` has the names of `assay counters`: [events](events.md) 2."),
        "## 2. Of programs of services\n",
        para("`assay-replica`, `assay-holder`, `assay-executor` and `assay-signer` write them to the file that `metrics` of their "
             "configuration names, in the text format 0.0.4 ([services](../services.md) 4.6). `listen` is the "
             "configured address."),
        table(["metric", "type", "label", "what"], program_metrics(root))])


# --- events and counters

def note_levels(root):
    """Levels of the engine's notes: the cases of one switch."""
    text = source(root, "net/timeline/event_severity.c")
    body = text[text.index("severity_of_note(enum assay_note note)"):]
    body, level, found = body[:body.index("\n}\n")], {}, []
    for symbol, severity in re.findall(r"case (ASSAY_NOTE_\w+):|return ASSAY_SEVERITY_(\w+);", body):
        if symbol:
            found.append(symbol)
        else:
            level.update(dict.fromkeys(found, severity.lower()))
            found = []
    return level


def arguments(text, at):
    """The arguments of a call whose bracket opens at `at`; strings may hold anything but brackets count outside."""
    found, depth, since, quoted = [], 0, at + 1, False
    for i in range(at, len(text)):
        c = text[i]
        if c == '"' and text[i - 1] != "\\":
            quoted = not quoted
        elif quoted:
            continue
        elif c in "([{":
            depth += 1
        elif c in ")]}":
            depth -= 1
            if depth == 0:
                return [*found, text[since:i].strip()]
        elif c == "," and depth == 1:
            found.append(text[since:i].strip())
            since = i + 1
    return found


# What writes a line: places of its level and its event among the arguments. Functions that hand their own
# parameters on to it are found, so that a wrapper counts as well.
WRITERS = {"assay_log_begin": (1, 2), "assay_attester_log": (0, 1)}
FOLDERS = ("net", "apps/daemon", "apps/enclave", "enforce")
LEVELS = r'(?:ASSAY_SEVERITY_|"|^)(error|warning|info|debug)\b'


class Function:
    """One function of a file: its name, its parameters and what stands between its braces."""

    def __init__(self, path, head, body):
        self.path, self.static, self.body = path, head.startswith("static"), body
        self.name = re.search(r"(\w+)\($", head[:head.index("(") + 1])[1]
        self.parameters = [re.search(r"(\w+)[^\w]*$", p)[1] if re.search(r"\w", p) else ""
                           for p in arguments(head, head.index("("))]

    def value(self, expression):
        """What an expression is made of: a local name stands for what it was given, everywhere."""
        if not re.fullmatch(r"[a-z_]\w*", expression) or expression in self.parameters:
            return [expression]
        given = re.findall(rf"\b{expression} = ((?:{STRING}|[^;\"])*);", self.body)
        given += re.findall(rf"\b{expression}\[\] = ({STRING})", self.body)
        return given or [expression]


def functions(root):
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*.c")):
            text = source(root, path.relative_to(root))
            for found in re.finditer(r"^((?:\w[\w \*]*?)\w+\([^;{}]*?\))\s*\n\{\n(.*?)^\}", text, re.M | re.S):
                yield Function(path.relative_to(root), found[1], found[2])


def branches(expression):
    """{condition: (then, else)} of a ternary, {"": expression} of anything else."""
    found = re.match(r"(?s)([^?\"]*)\?(.*)", expression)
    if not found:
        return {"": (expression,)}
    depth, quoted = 0, False
    for i, c in enumerate(found[2]):
        quoted = quoted != (c == '"')
        depth += 0 if quoted else (c in "(?") - (c in "):")
        if c == ":" and depth < 0:
            return {found[1].strip(): (found[2][:i], found[2][i + 1:])}
    return {"": (expression,)}


def pairs_of(level, event):
    """Levels with events; a condition that decides both decides them together."""
    ((how, levels),), ((why, names),) = branches(level).items(), branches(event).items()
    if how and how == why:
        return [pair for one in zip(levels, names) for pair in pairs_of(one[0].strip(), one[1].strip())]
    return [(level, event)]


def calls_of(function, writers):
    """(level, event) of every call of a writer in a function, as written there."""
    for name, (level_at, event_at) in writers.items():
        if isinstance(name, tuple):
            if name[0] != function.path:
                continue
            name = name[1]
        for call in re.finditer(rf"(?<![\w.>]){name}(\()", function.body):
            given = arguments(function.body, call.start(1))
            if len(given) > event_at:
                yield level_at if isinstance(level_at, str) else given[level_at], given[event_at]


def logged(root):
    """{event: its levels} of what the daemon logs by itself."""
    every, writers, found, before = list(functions(root)), dict(WRITERS), {}, None
    while before != writers:
        before, found = dict(writers), {}
        for function in every:
            for level, event in calls_of(function, before):
                if event in function.parameters:
                    key = function.name if not function.static else (function.path, function.name)
                    place = function.parameters.index(level) if level in function.parameters else level
                    if key not in WRITERS:
                        writers[key] = (place, function.parameters.index(event))
                    continue
                for one in (pair for value in function.value(event) for pair in pairs_of(level, value)):
                    names = re.findall(r'"([a-z]+(?:_[a-z]+)*)"', one[1])
                    if not names and "assay_note_name" not in one[1]:
                        raise Broken(f"{function.path}: {function.name}: which event is {event}?")
                    levels = [w for text in function.value(one[0]) for w in re.findall(LEVELS, text, re.I)]
                    for name in names:
                        found.setdefault(name, set()).update(word.lower() for word in levels)
    return found


def events(root):
    levels, found = note_levels(root), logged(root)
    for symbol, _, name in rows(root, "engine/messages/effect.h", "ASSAY_NOTE_LIST"):
        if symbol not in levels:
            raise Broken(f"net/runtime/runtime_log.c: {symbol} has no level")
        found.setdefault(name, set()).add(levels[symbol])
    counted = [r[1] for r in rows(root, "host/peers/counters.h", "ASSAY_COUNTER_LIST")]
    told, meant = words(root, "events", found), words(root, "counters", counted)
    body = [[code(name), ", ".join(sorted(found[name])) or "by its cause", told[name]] for name in told]
    return "\n".join([
        "# Events and counters\n", MADE, para("For operators who read logs and timelines."), "## 1. Events\n",
        para("`event` of a line of the log and of `assay timeline`. A code is logged at most 50 times a second; "
             "`suppressed=N` counts the rest. Bytes that others chose are escaped and cut."),
        table(["event", "level", "meaning and action"], body),
        "## 2. Counters\n",
        para("`assay counters`: since the start of the daemon, never reset. Every refusal increments one of them."),
        table(["counter", "counts"], [[code(name), meant[name]] for name in counted])])


PAGES = {"errors": errors, "rules": rules, "metrics": metrics, "events": events}


def main():
    if len(sys.argv) != 3 or sys.argv[2] not in ("write", "check"):
        print(__doc__, file=sys.stderr)
        return 2
    root, drifted = pathlib.Path(sys.argv[1]), []
    try:
        for name, make in PAGES.items():
            path = root / "docs" / "reference" / f"{name}.md"
            text = make(root)
            if sys.argv[2] == "write":
                path.write_text(text, encoding="utf-8")
            elif not path.exists() or path.read_text(encoding="utf-8") != text:
                drifted.append(str(path))
    except Broken as broken:
        print(f"reference: {broken}", file=sys.stderr)
        return 1
    for path in drifted:
        print(f"{path}: is not what the code says: /usr/bin/python3 tests/guides/reference.py . write", file=sys.stderr)
    print(f"reference: {len(PAGES)} pages, {len(drifted)} differ")
    return 1 if drifted else 0


if __name__ == "__main__":
    sys.exit(main())
