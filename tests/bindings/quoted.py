#!/usr/bin/env python3
"""tests/bindings/quoted.py - what docs/library.md quotes of the examples in four languages is in them.

usage: quoted.py ROOT

A quotation is a fenced block after a line that ends with the name of the example and a colon: `examples/verify.go`:
"""
import os
import re
import sys
import textwrap

EXAMPLES = ["examples/verify.%s" % language for language in ("c", "py", "go", "rs")]


def holds(text, quotation):
    """Whether lines of the text are the quotation, apart from their common indentation."""
    lines, wanted = text.splitlines(), textwrap.dedent(quotation).splitlines()
    return any(textwrap.dedent("\n".join(lines[i:i + len(wanted)])).splitlines() == wanted for i in range(len(lines)))


def check(page, read):
    found = re.findall(r"`(examples/[\w.]+)`:\n\n```\w+\n(.*?)```", page, re.S)
    said = ["%s: no quotation" % name for name in EXAMPLES if name not in dict(found)]
    said += ["%s: the quotation differs:\n%s" % (name, text) for name, text in found if not holds(read(name), text)]
    return said


def main(arguments):
    def read(name):
        with open(os.path.join(arguments[1], name), encoding="utf-8") as file:
            return file.read()

    page = read("docs/library.md")
    said = check(page, read)
    for word in ("expected_report_data", "report_data=", "ReportData:", "report_data: Some"):
        if not check(page.replace(word, word + "x"), read):
            said.append("another quotation with %sx was not found" % word)
    for line in said:
        print(line)
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
