#!/usr/bin/env python3
"""tests/integration/library/abi.py - binary interface of libassay against the file in the tree.

usage: abi.py HEADERS LIBRARY CC FILE check|write|selftest

HEADERS are installed ones, with commas; those that declare a function of the library are its own.

FILE has one line for each exported symbol with its version, each function of the library with its types, each
structure of its header with its size, and each member with its offset and size, on LP64. check prints the differences and fails; write makes FILE anew;
selftest plants faults into a copy of the header and of the list and expects each to be found.
"""
import os
import re
import subprocess
import sys
import tempfile

FAULTS = (  # what a header must not do, and what is reported then
    ("a member in front", r"(struct assay_finding \{\n    size_t size;)", r"struct assay_finding {\n    int first;\n    size_t size;"),
    ("a member between", r"(    uint32_t rule; /\* number, never reused \*/)", r"\1\n    uint64_t between;"),
    ("another type", r"(struct assay_claim_value \{.*?)uint64_t number;", r"\1uint32_t number;"),
    ("a parameter of another type", r"(assay_trust_add_root\([^;]*?)uint32_t kinds", r"\1uint64_t kinds"),
    ("another result", r"ASSAY_API size_t (assay_verdict_count_findings)", r"ASSAY_API int \1"),
    ("two members in another order", r"(    struct assay_bytes quoted; .*?\n)(    struct assay_bytes replayed; .*?\n)", r"\2\1"),
)


def structures(text):
    """Name -> members, in their order."""
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    found = {}
    for name, body in re.findall(r"^struct (assay_\w+) \{(.*?)^\};", text, flags=re.M | re.S):
        members = []
        for line in body.split(";"):
            pointer = re.search(r"\(\*(\w+)\)", line)  # to a function
            if pointer:
                members.append(pointer.group(1))
                continue
            for part in line.split(","):
                word = re.search(r"(\w+)(\[[^\]]*\])?\s*$", part)
                if word:
                    members.append(word.group(1))
        found[name] = members
    return found


def read_headers(paths):
    """All headers as one."""
    text = ""
    for path in paths.split(","):
        with open(path) as file:
            text += file.read()
    return re.sub(r"^#include <assay/.*\n", "", text, flags=re.M)


def layout(text, own, cc, work):
    """Of the structures that are named in own."""
    header = os.path.join(work, "all.h")
    with open(header, "w") as file:
        file.write(text)
    lines = ['#include "all.h"', "#include <stdio.h>", "int main(void) {"]
    for name, members in sorted(structures(text).items()):
        if name not in own:
            continue
        lines.append('printf("struct %s %%zu\\n", sizeof(struct %s));' % (name, name))
        for member in members:
            lines.append('printf("member %s.%s %%zu %%zu\\n", offsetof(struct %s, %s), sizeof((struct %s *)0)->%s);' % (
                name, member, name, member, name, member))
    program = os.path.join(work, "layout")
    with open(program + ".c", "w") as file:
        file.write("\n".join(lines) + "\nreturn 0; }\n")
    subprocess.run([cc, "-std=c11", program + ".c", "-o", program], check=True)
    return subprocess.run([program], check=True, capture_output=True, text=True).stdout.splitlines()


def functions(text, exported):
    """Each function of the library with its types; names of parameters are free to change."""
    text = re.sub(r"/\*.*?\*/|^#.*?$", "", text, flags=re.M | re.S)
    found = []
    for declaration in re.findall(r"^ASSAY_API\b(.*?);", text, flags=re.M | re.S):
        result, name, parameters = re.fullmatch(r"(.*?)(\w+)\((.*)\)", " ".join(declaration.split())).groups()
        if name not in exported:
            continue
        types = [re.sub(r"([\s*])\w+((?:\[[^\]]*\])?)$", r"\1\2", one.strip()).strip() for one in parameters.split(",")]
        result = result.replace("ASSAY_CHECKED", "").strip()
        found.append("function %s: %s (%s)" % (name, result, ", ".join(types)))
    return sorted(found)


def symbols(library):
    said = subprocess.run(["nm", "-D", "--defined-only", library], check=True, capture_output=True, text=True).stdout
    return sorted("symbol " + line.split()[2].replace("@@", " ") for line in said.splitlines()
                  if len(line.split()) == 3 and line.split()[1] != "A")


def compare(found, known):
    gone, new = sorted(set(known) - set(found)), sorted(set(found) - set(known))
    return ["- " + line for line in gone] + ["+ " + line for line in new]


def names_of(symbols_):
    return {line.split()[1] for line in symbols_}


def selftest(text, library, cc, work, found, known):
    missed = []
    for what, pattern, replacement in FAULTS:
        turned, count = re.subn(pattern, replacement, text, count=1, flags=re.S)
        said = functions(turned, names_of(symbols(library))) + layout(turned, structures(text), cc, work)
        if count != 1 or not compare(said, [line for line in known if not line.startswith("symbol")]):
            missed.append(what)
    if not compare([line for line in found if line != "symbol assay_verify ASSAY_0.1"], known):
        missed.append("a symbol that is gone")
    return missed


def main(arguments):
    if len(arguments) != 6 or arguments[5] not in ("check", "write", "selftest"):
        print(__doc__, file=sys.stderr)
        return 2
    headers, library, cc, path, action = arguments[1:]
    text, exported = read_headers(headers), symbols(library)
    own = structures("\n".join(one for one in map(read_headers, headers.split(",")) if functions(one, names_of(exported))))
    with tempfile.TemporaryDirectory() as work:
        found = exported + functions(text, names_of(exported)) + layout(text, own, cc, work)
        if action == "write":
            with open(path, "w") as file:
                file.write("\n".join(found) + "\n")
            return 0
        with open(path) as file:
            known = file.read().splitlines()
        if action == "selftest":
            missed = selftest(text, library, cc, work, found, known)
            for what in missed:
                print("not found: %s" % what)
            return 1 if missed else 0
        differences = compare(found, known)
        for line in differences:
            print(line)
        if differences:
            print("the binary interface differs from %s: see docs/compatibility.md, section 2; `abi.py ... write` after a "
                  "permitted change" % path)
        return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
