#!/usr/bin/python3
"""The list of frozen names: docs/reference/names.txt, made from the tables of the code (docs/compatibility.md).

usage: names.py ROOT check      exit status 1 when a listed name is gone or has another number, when a number of a
                                removed name is used again, or when the code has a name that is not listed
       names.py ROOT add        lists names that are new; fails where check fails for another reason
       names.py ROOT write      makes the list anew, removed names included: only before the first release
       names.py ROOT selftest   exit status 1 unless every kind of violation is reported, for every class of names

A line of the list is `class: name = value`. A name that a release removes after its deprecation period is not deleted
from the list: its line gets ` (removed)` at its end, so that nothing else gets its name or number.
"""

import json
import pathlib
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import reference  # noqa: E402
from reference import Broken, rows, source, unquote  # noqa: E402

HEAD = ("# Names that are frozen (docs/compatibility.md): class: name = value.\n"
        "# Made by tests/guides/names.py; `names.py . add` lists new names. No line is deleted or changed.\n")
REMOVED = " (removed)"
ROOMS = ("apps", "base", "engine", "enforce", "host", "net", "quote", "scoring", "services")


def files(root, *folders, suffixes=(".c", ".h")):
    for folder in folders:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in suffixes:
                yield path.relative_to(root)


def short(symbol, prefix):
    return symbol.removeprefix(prefix).lower()


def listed(path, name, key, value=1, prefix=""):
    """A class whose names are column `key` of an X list, each with the value of another column."""
    return lambda root: {short(row[key], prefix) if prefix else row[key]: "" if value is None else row[value]
                         for row in rows(root, path, name)}


def enumerators(text, enum):
    """{symbol: number} of one enum, whose numbers count where they are not given."""
    found = re.search(rf"\benum {enum} \{{(.*?)\}}", text, re.S)
    if not found:
        raise Broken(f"there is no enum {enum}")
    number, out = -1, {}
    for part in re.sub(r"#.*", "", found[1]).split(","):
        symbol, _, given = (word.strip() for word in part.partition("="))
        if not symbol:
            continue
        if given and not re.fullmatch(r"\d+", given):
            raise Broken(f"enum {enum}: {symbol} = {given} is no number")
        number = int(given) if given else number + 1
        out[symbol] = str(number)
    return out


def enum(path, name, prefix):
    return lambda root: {short(symbol, prefix): number
                         for symbol, number in enumerators(source(root, path), name).items()}


def constants(path, *symbols):
    def read(root):
        text, out = source(root, path), {}
        for symbol in symbols:
            found = re.search(rf"\b{symbol}\s*=\s*(\w+)", text)
            if not found:
                raise Broken(f"{path} has no {symbol}")
            out[symbol] = found[1]
        return out
    return read


def together(*parts):
    def read(root):
        out = {}
        for part in parts:
            out.update(part(root))
        return out
    return read


def labels(root):
    """First items of canonical encodings and of hash and signature inputs: a new version is a new name."""
    found = {}
    for path in files(root, *ROOMS):
        if path.parts[:2] not in (("apps", "sim"), ("apps", "demo")):
            found.update(dict.fromkeys(re.findall(r'"(assay/[a-z0-9/-]+/v\d+)"', source(root, path)), ""))
    return found


# --- the library

def header(root):
    every = "".join(source(root, path) for path in files(root, "include/assay"))
    return re.sub(r"^#.*", "", every, flags=re.M)


def functions(root):
    text, out = header(root), {}
    for declaration in re.findall(r"ASSAY_API ([^;]*);", text):
        plain = " ".join(declaration.replace("ASSAY_CHECKED", "").split())
        out[re.search(r"(assay_\w+)\(", plain)[1]] = plain
    return out


def structures(root):
    """Fields in their order: callers allocate these structures, so their layout is part of the interface."""
    found = re.findall(r"\bstruct (assay_\w+) \{(.*?)\n\};", header(root), re.S)
    return {name: " ".join(re.sub(r"#.*", "", body).split()) for name, body in found}


def numbers(root):
    text, out = header(root), {}
    for name in re.findall(r"\benum (assay_\w+) \{", text):
        out.update(enumerators(text, name))
    return out


def symbols(root):
    text = "".join(path.read_text(encoding="utf-8") for path in sorted((root / "cmake").glob("libassay*.map")))
    out = {}
    for version, body in re.findall(r"^(\w[\w.]*) \{(.*?)^\}", text, re.M | re.S):
        out.update(dict.fromkeys(re.findall(r"^\s+(assay_\w+);", body, re.M), version))
    return out


# --- files, commands, documents

def daemon_keys(root):
    text, out = source(root, "apps/config/keys.c"), {}
    for kind, key in re.findall(r'\b(RESTART|LIVE|LIST|TARGET|HIDDEN)\("([a-z_.\[\]]+)"', text):
        out[("enforcement.targets[]." if kind in ("TARGET", "HIDDEN") else "") + key] = ""
    return out


def file_keys(root):
    """Keys of all other files: by the source that reads them."""
    out = {}
    for path in [*files(root, "apps/config"), pathlib.Path("apps/service/program.c"),
                 pathlib.Path("quote/yaml/policy.c")]:
        if path.stem == "daemon" or path.suffix == ".h":
            continue
        text = source(root, path)
        for key in re.findall(r'(?:ASSAY_CONFIG_FIELD|CYAML_FIELD|TEXT)[A-Z_]*\("(\w+)"', text) + \
                re.findall(r"\b(?:KEY|FIELD)\((\w+)\)", re.sub(r"#define.*", "", text)):
            if key not in ("key", "name") or f'"{key}"' in text:
                out[f"{path.stem}.{key}"] = ""
    return out


def expanded(text):
    """A file whose macros of options stand for what they are: `NAME` and `NAME(argument)`."""
    raw = text.replace("\\\n", " ")
    macros = {name: (argument, body) for name, argument, body in
              re.findall(r"^#define (\w+)(?:\((\w+)\))?[ \t]+(.*)$", raw, re.M)}
    out = re.sub(r"^#.*$", "", raw, flags=re.M)
    for _ in range(4):  # a macro names others
        for name, (argument, body) in macros.items():
            if argument:
                use = re.compile(rf"\b{name}\(({reference.STRING})\)")
                out = use.sub(lambda m: re.sub(rf"\b{argument}\b", lambda _: m[1], body), out)
            else:
                out = re.sub(rf"\b{name}\b", lambda _: body, out)
    return re.sub(r'"\s+"', "", out)


def commands(root):
    """Groups, verbs and options of `assay`: tests compare this table with what the groups read, help and completions."""
    folder = root / "apps/assay/core"
    out = {"help": ""} if '"help"' in source(root, "apps/assay/core/options.c") else {}
    shared = (folder / "options.h").read_text(encoding="utf-8")
    shared = "\n".join(re.findall(r"^#define ASSAY_OPTION(?:_|S_)\w+(?:.*\\\n)*.*$", shared, re.M))
    verb = rf'\{{\s*"([a-z-]+)",\s*"([a-z-]*)",\s*{reference.STRING},\s*"'
    option = rf'\{{\s*"([a-z-]+)",\s*(?:NULL|{reference.STRING}),\s*{reference.STRING},\s*(?:\(?\d|ASSAY)'
    at = ""
    for path in sorted((root / "apps/assay/verbs").glob("*.c")):
        text = re.sub(r"/\*.*?\*/", " ", path.read_text(encoding="utf-8"), flags=re.S)
        for group, name, given in re.findall(rf"{verb}|{option}", expanded(f"{shared}\n{text}")):
            if group:
                at = f"{group} {name}".strip()
                out[group] = out[at] = ""
            else:
                out[f"{at} --{given}"] = ""
    return out


def options(root):
    """Options of the programs that have no table of verbs."""
    out = {}
    for program, path in (("assayd", "apps/daemon/assayd.c"), ("service", "apps/service/program.c"),
                          ("assay-demo", "apps/demo/main.c")):
        for option in re.findall(r'"([a-z-]+)", (?:required|no)_argument', source(root, path)):
            out[f"{program} --{option}"] = ""
    return out


def unique(pairs):
    """A JSON object. Of a key that stands twice readers take one or the other."""
    keys = [key for key, _ in pairs]
    twice = sorted({key for key in keys if keys.count(key) > 1})
    if twice:
        raise SystemExit(f"docs/openapi.json: keys stand twice in an object: {', '.join(twice)}")
    return dict(pairs)


def http_members(root):
    """Paths, parameters and members of documents of the HTTP API: a test compares answers with the contract."""
    out = {}
    contract = json.loads((root / "docs/openapi.json").read_text(encoding="utf-8"), object_pairs_hook=unique)

    def walk(name, schema):
        if not isinstance(schema, dict):
            return
        for key, inner in schema.get("properties", {}).items():
            kind = inner.get("type", inner.get("$ref", "").rpartition("/")[2]) if isinstance(inner, dict) else ""
            out[f"{name}.{key}"] = " ".join(kind) if isinstance(kind, list) else kind
            walk(f"{name}.{key}", inner)
        walk(f"{name}[]", schema.get("items"))
        for part in ("oneOf", "anyOf", "allOf"):
            for inner in schema.get(part, []):
                walk(name, inner)

    for name, schema in contract["components"]["schemas"].items():
        walk(name, schema)
    for path, item in contract["paths"].items():
        out[path] = ""
        for verb in item.values():
            for parameter in verb.get("parameters", []) if isinstance(verb, dict) else []:
                if "name" in parameter:
                    out[f"{path} {parameter['name']}"] = ""
    return out


def json_keys(root):
    """Keys of all JSON that programs write, whatever the document: a key that is nowhere set any more is gone."""
    out = {}
    for path in files(root, "apps/assay", "net/documents", "net/http", "net/runtime", "quote/result"):
        for key in re.findall(r'\bassay_json_set_\w+\([^,;]+,\s*"([A-Za-z0-9_.-]+)"', source(root, path)):
            out[key] = ""
    for path in files(root, "quote/result"):  # claims of evidence, by whatever helper
        if path.name.startswith("claims_"):
            out.update(dict.fromkeys(re.findall(r'\b\w+\(out, "([A-Za-z0-9_.-]+)"', source(root, path)), ""))
    return out


def documents(root):
    out = {}
    for path in files(root, "apps", "net"):
        if path.parts[:2] != ("apps", "sim"):
            out.update(dict.fromkeys(re.findall(r'"(assay\.[a-z_.]+)"', source(root, path)), ""))
    return {name: value for name, value in out.items() if not name.endswith((".yaml", ".h", ".fish"))}


def page_names(page, column):
    """Names of a generated page: another test compares the page with the code."""
    def read(root):
        out = {}
        for line in (root / page).read_text(encoding="utf-8").splitlines():
            found = re.match(r"\| `(\w+)` \|", line)
            if found:
                cells = [cell.strip() for cell in line.split(" | ")]
                out[found[1]] = " ".join(cells[i].strip("` ").replace("`, `", ",") for i in column).strip()
        return out
    return read


def counters(root):
    return {row[1]: "" for row in rows(root, "host/peers/counters.h", "ASSAY_COUNTER_LIST")}


def events(root):
    out = dict.fromkeys(reference.logged(root), "")
    out.update({row[2]: "" for row in rows(root, "engine/messages/effect.h", "ASSAY_NOTE_LIST")})
    return out


STORE = ("engine/store/store_sqlite.h", "ASSAY_STORE_SCHEMA_VERSION")

# class: what reads its names, and whether its values are numbers that name one thing each
CLASSES = {
    # on the wire
    "wire-version": (constants("host/peers/wire.h", "ASSAY_WIRE_VERSION", "ASSAY_BATCH_VERSION",
                               "ASSAY_CHAIN_TAG_LEN"), False),
    "message": (listed("engine/messages/message.h", "ASSAY_MESSAGE_LIST", 0, 1, "ASSAY_MESSAGE_"), True),
    "message-name": (listed("engine/messages/message.h", "ASSAY_MESSAGE_LIST", 2, 1), True),
    "message-lane": (listed("engine/messages/message.h", "ASSAY_MESSAGE_LIST", 1, 3), False),
    "record": (listed("engine/ledger/records/record.h", "ASSAY_RECORD_LIST", 0, 1, "ASSAY_RECORD_"), True),
    "action": (listed("engine/ledger/records/change.h", "ASSAY_ACTION_LIST", 2), True),
    "service-record": (listed("services/registry/kind.h", "ASSAY_SERVICE_KINDS", 3), True),
    "vote": (enum("engine/consensus/vote.h", "assay_vote_type", "ASSAY_VOTE_"), True),
    "block": (enum("engine/consensus/block.h", "assay_block_kind", "ASSAY_BLOCK_"), True),
    "outcome": (enum("quote/verdict.h", "assay_outcome", "ASSAY_OUTCOME_"), True),
    "service-verb": (enum("net/services/wire.h", "assay_service_verb", "ASSAY_SERVICE_"), True),
    "service": (enum("net/services/wire.h", "assay_service", "ASSAY_SERVICE_"), True),
    # canonical encodings, states, the store
    "encoding": (labels, False),
    "evidence": (listed("quote/verdict.h", "ASSAY_KIND_LIST", 2), True),
    "reference": (listed("quote/accept/policy.h", "ASSAY_REFERENCE_FIELD_LIST", 2), True),
    "standing": (enum("scoring/trust.h", "assay_standing", "ASSAY_STANDING_"), True),
    "stage": (enum("engine/ledger/state/state.h", "assay_stage", "ASSAY_STAGE_"), True),
    "change-end": (enum("engine/ledger/state/state.h", "assay_change_end", "ASSAY_CHANGE_"), True),
    "order": (enum("engine/messages/effect.h", "assay_order_kind", "ASSAY_ORDER_"), True),
    "store-table": (listed("engine/store/store.h", "ASSAY_STORE_LIST", 2), True),
    "store-meta": (enum("engine/store/store.h", "assay_store_meta", "ASSAY_META_"), True),
    "store-schema": (constants(*STORE), False),
    "journal": (listed("enforce/journal.h", "ASSAY_JOURNAL_LIST", 1, None), False),
    # verdicts
    "rule": (listed("quote/verdict.h", "ASSAY_RULE_LIST", 3), True),
    "rule-class": (listed("quote/verdict.h", "ASSAY_RULE_LIST", 3, 2), False),
    "check": (listed("quote/verdict.h", "ASSAY_PROOF_LIST", 2), True),
    "tcb-status": (lambda root: {r[2]: r[1] for r in rows(root, "quote/verdict.h", "ASSAY_TCB_STATUS_LIST") if r[2]},
                   True),
    # programs
    "exit": (enum("apps/assay/core/command.h", "assay_exit", "ASSAY_EXIT_"), True),
    "command": (commands, False),
    "option": (options, False),
    "config-key": (daemon_keys, False),
    "file-key": (file_keys, False),
    "insecure": (listed("apps/config.h", "ASSAY_CONFIG_INSECURE_LIST", 1, None), False),
    "evidence-source": (listed("apps/config.h", "ASSAY_CONFIG_EVIDENCE_LIST", 1, None), False),
    "status": (listed("base/status.h", "ASSAY_STATUS_LIST", 0), True),
    "event": (events, False),
    "counter": (counters, False),
    "metric": (page_names("docs/reference/metrics.md", (1, 2)), False),
    "http": (http_members, False),
    "problem": (listed("net/http/answer_internal.h", "HTTP_PROBLEM_LIST", 2), False),
    "advice": (listed("host/fault_tolerance.h", "ASSAY_ADVICE_LIST", 1, None), False),
    "document": (documents, False),
    "json-key": (json_keys, False),
    # libassay
    "symbol": (symbols, False),
    "function": (functions, False),
    "structure": (structures, False),
    "constant": (numbers, False),
}


def code_names(root):
    out = {}
    for name, (read, _) in CLASSES.items():
        try:
            found = read(root)
        except (OSError, KeyError, TypeError, ValueError) as why:
            raise Broken(f"class {name}: {why!r}") from why
        if not found or any(not key or "\n" in f"{key}{value}" for key, value in found.items()):
            raise Broken(f"class {name}: no names, or one that is no line")
        out[name] = {key: " ".join(value.split()) for key, value in found.items()}
    return out


def parse(text):
    """({class: {name: value}}, {class: {name: value}} of removed names), or Broken."""
    live, gone = {}, {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        found = re.fullmatch(r"([a-z-]+): (.+?)(?: = (.*))?", line.removesuffix(REMOVED))
        if not found or found[1] not in CLASSES:
            raise Broken(f"names.txt:{number}: expected `class: name = value` of a known class")
        into = (gone if line.endswith(REMOVED) else live).setdefault(found[1], {})
        if found[2] in into:
            raise Broken(f"names.txt:{number}: {found[2]} is listed twice")
        into[found[2]] = found[3] or ""
    return live, gone


def compare(code, live, gone):
    """(violations, names that are not listed), each a list of lines."""
    wrong, new = [], []
    for kind, (_, numbered) in CLASSES.items():
        now, then, past = code.get(kind, {}), live.get(kind, {}), gone.get(kind, {})
        for name, value in then.items():
            if name not in now:
                wrong.append(f"{kind}: {name} is gone")
            elif now[name] != value:
                wrong.append(f"{kind}: {name} = {now[name]}, frozen as {value}")
        new += [f"{kind}: {name}" for name in now if name not in then]
        wrong += [f"{kind}: {name} was removed, and is used again" for name in past if name in now]
        if not numbered:
            continue
        owner = {value: name for name, value in past.items()}
        for name, value in now.items():
            if value in owner and owner[value] != name:
                wrong.append(f"{kind}: {name} has the number {value} of {owner[value]}")
            owner.setdefault(value, name)
    return wrong, new


def text_of(code, gone):
    out = [HEAD]
    for kind in CLASSES:
        lines = {**{n: (v, "") for n, v in code.get(kind, {}).items()},
                 **{n: (v, REMOVED) for n, v in gone.get(kind, {}).items()}}
        out.append("\n")
        out += [f"{kind}: {name}{' = ' + value if value else ''}{end}\n"
                for name, (value, end) in sorted(lines.items())]
    return "".join(out)


def selftest(code):
    """Plants each kind of violation in every class. Returns: those that compare does not report."""
    missed = []

    def planted(what, expected, *arguments):
        wrong, new = compare(*arguments)
        if not any(expected in line for line in wrong + new):
            missed.append(what)

    if compare(code, code, {}) != ([], []):
        missed.append("names that are the same are reported")
    if parse(text_of(code, {})) != (code, {}):
        missed.append("the list is not read as it was written")
    for kind, names in code.items():
        name = sorted(names)[0]
        less = {**code, kind: {n: v for n, v in names.items() if n != name}}
        other = {**code, kind: {**names, name: "another"}}
        planted(f"{kind}: a name that is gone", f"{kind}: {name} is gone", less, code, {})
        planted(f"{kind}: another value", f"{name} = another, frozen", other, code, {})
        planted(f"{kind}: a new name", f"{kind}: {name}", code, less, {})
        planted(f"{kind}: a removed name that returns", "is used again", code, less, {kind: {name: names[name]}})
        if CLASSES[kind][1]:
            planted(f"{kind}: the number of a removed name", "has the number", code, code,
                    {kind: {"removed": names[name]}})
            twice = {**code, kind: {**names, "second": names[name]}}
            planted(f"{kind}: one number twice", "has the number", twice, code, {})
    for line in ("nothing: name = 1", "record", "record: roll = 1\nrecord: roll = 1"):
        try:
            parse(line)
            missed.append(f"a list that cannot be read: {line!r}")
        except Broken:
            pass
    return missed


def main():
    if len(sys.argv) != 3 or sys.argv[2] not in ("check", "add", "write", "selftest"):
        print(__doc__, file=sys.stderr)
        return 2
    root, mode = pathlib.Path(sys.argv[1]), sys.argv[2]
    path = root / "docs" / "reference" / "names.txt"
    try:
        code = code_names(root)
        if mode == "selftest":
            missed = selftest(code)
            for what in missed:
                print(f"names: not reported: {what}", file=sys.stderr)
            print(f"names: violations planted in {len(code)} classes, {len(missed)} not reported")
            return 1 if missed else 0
        live, gone = parse(path.read_text(encoding="utf-8")) if path.exists() else ({}, {})
        if mode == "write":
            live, gone = {}, gone
        wrong, new = compare(code, live, gone)
        if mode != "check" and not wrong:
            path.write_text(text_of(code, gone), encoding="utf-8")
            new = []
    except Broken as broken:
        print(f"names: {broken}", file=sys.stderr)
        return 1
    for line in wrong:
        print(f"names: {line}", file=sys.stderr)
    for line in new:
        print(f"names: {line} is not listed: /usr/bin/python3 tests/guides/names.py . add", file=sys.stderr)
    print(f"names: {sum(map(len, code.values()))} in {len(code)} classes, {len(wrong)} violations, {len(new)} not listed")
    return 1 if wrong or new else 0


if __name__ == "__main__":
    sys.exit(main())
