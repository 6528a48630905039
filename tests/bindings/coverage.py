#!/usr/bin/env python3
"""tests/bindings/coverage.py - each public function of the libraries has a binding in Python, Go and Rust, or a reason why not.

usage: coverage.py ROOT

exceptions.txt has one line a function: its name, the languages without it (with commas), the reason. Exit status 1, with
the functions, when one has neither a binding nor a reason, or a reason that does not hold any more. Faults that are
planted into what was read must be found as well.
"""
import glob
import os
import re
import sys

LANGUAGES = ("python", "go", "rust")


def read(*path):
    with open(os.path.join(*path), encoding="utf-8") as file:
        return file.read()


def declared(root):
    """All functions of the installed headers."""
    text = "".join(read(path) for path in sorted(glob.glob(os.path.join(root, "include/assay/*.h"))))
    text = re.sub(r"/\*.*?\*/|^#.*?$", "", text, flags=re.M | re.S)
    return {re.search(r"(\w+)\(", one).group(1) for one in re.findall(r"^ASSAY_API\b(.*?);", text, flags=re.M | re.S)}


def without_comments(text, mark):
    return re.sub(r"^\s*%s.*$" % mark, "", text, flags=re.M)


def bound(root):
    """Language -> names of functions that it calls; a declaration alone is no binding."""
    found = {}
    python = [read(path) for path in glob.glob(os.path.join(root, "bindings/python/assay/*.py"))]
    found["python"] = set(re.findall(r'(?:\.|name_of\(")(assay_\w+)', "".join(python)))
    go = [read(path) for path in glob.glob(os.path.join(root, "bindings/go/*.go")) if not path.endswith("_test.go")]
    found["go"] = set(re.findall(r"\bC\.(assay_\w+)\(", without_comments("".join(go), "//")))
    rust = [read(path) for path in glob.glob(os.path.join(root, "bindings/rust/src/*.rs"))]
    found["rust"] = set(re.findall(r"\bffi::(assay_\w+)\(", without_comments("".join(rust), "//")))
    return found


def excepted(text):
    """Pairs of function and language -> reason."""
    found = {}
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        name, languages, reason = line.split(None, 2)
        for language in languages.split(","):
            found[name, language] = reason
    return found


def faults(functions, calls, reasons):
    said = []
    for language in LANGUAGES:
        for name in sorted(functions):
            if name not in calls[language] and (name, language) not in reasons:
                said.append("%s: %s has no binding, and no reason in tests/bindings/exceptions.txt" % (language, name))
        for name in sorted(calls[language] - functions):
            said.append("%s: calls %s, which no header declares" % (language, name))
    for name, language in sorted(reasons):
        if language not in LANGUAGES or name not in functions:
            said.append("exceptions.txt: %s %s: no such function or language" % (name, language))
        elif name in calls[language]:
            said.append("exceptions.txt: %s: %s has a binding of it" % (name, language))
    return said


def selftest(functions, calls, reasons):
    some, (excused, language) = sorted(calls["go"])[0], sorted(reasons)[0]
    fewer = {one: names - {some} for one, names in calls.items()}
    planted = {
        "a new function": faults(functions | {"assay_verdict_get_new"}, calls, reasons),
        "a binding that is gone": faults(functions, fewer, reasons),
        "a reason that is gone": faults(functions, calls, {key: why for key, why in reasons.items() if key[0] != excused}),
        "a reason of a bound function": faults(functions, calls, {**reasons, (some, "go"): "none"}),
        "a function that is gone": faults(functions - {excused}, calls, reasons),
        "a language that is none": faults(functions, calls, {**reasons, (excused, "perl"): "none"}),
    }
    return ["not found: " + what for what, said in planted.items() if not said]


def main(arguments):
    root = arguments[1]
    functions, calls, reasons = declared(root), bound(root), excepted(read(root, "tests/bindings/exceptions.txt"))
    said = faults(functions, calls, reasons) or selftest(functions, calls, reasons)
    for line in said:
        print(line)
    print("%d functions, of which %s are bound" % (
        len(functions), ", ".join("%d in %s" % (len(functions & calls[one]), one) for one in LANGUAGES)))
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
