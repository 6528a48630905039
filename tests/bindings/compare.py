#!/usr/bin/env python3
"""tests/bindings/compare.py - results of one table of cases in several languages.

usage: compare.py TABLE RESULT...     (RESULT: what a runner printed; the first is that of run.c)
       compare.py TABLE --selftest PART RESULT     (PART: made or genuine; genuine evidence has no logs and no tokens)

Exit status 1, with the first differences, unless every result has the case and they are equal, and each case has the
answer that the table expects.
"""
import sys


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def blocks(text):
    """Name of a case -> its lines."""
    found = {}
    for block in text.split("== ")[1:]:
        name, _, rest = block.partition("\n")
        found[name] = rest.splitlines()
    return found


def answer(lines):
    """The tier, the answer of an identity, that of a token with its statement, the name of the status, or `policy` where the
    policy could not be read."""
    said = dict(line.partition(" ")[::2] for line in lines[:2])
    if "answer" in said:
        return " ".join([said["answer"]] + [said[name] for name in ("statement",) if name in said])
    for line in lines:
        word, _, rest = line.partition(" ")
        if word in ("tier", "error"):
            return rest
    return "policy" if len(lines) == 1 and lines[0].startswith("policy ") else "nothing"


def differences(table, results):
    cases = [line.split("\t") for line in table.splitlines()]
    said = []
    for path, text in results:
        found = blocks(text)
        for column in cases:
            name, expected = column[0], column[-1]
            lines = found.pop(name, [])
            if expected not in ("-", answer(lines)):
                said.append("%s: %s: expected %s, found %s" % (path, name, expected, answer(lines)))
            if answer(lines) == "nothing":
                said.append("%s: %s: no answer" % (path, name))
        said.extend("%s: %s: no such case" % (path, name) for name in found)
        first = results[0][1].splitlines()
        for number, (here, there) in enumerate(zip(text.splitlines(), first)):
            if here != there:
                said.append("%s:%d: %.200s\n  and %s: %.200s" % (path, number + 1, here, results[0][0], there))
                break
        if len(text.splitlines()) != len(first):
            said.append("%s: another number of lines than %s" % (path, results[0][0]))
    return said


def selftest(table, part, result):
    """Each change of one result is found."""
    lines = result.splitlines()
    tier = next(i for i, line in enumerate(lines) if line == "tier affirming")
    claim = next(i for i, line in enumerate(lines) if line.startswith("claim "))
    changed = {"another tier": lines[:tier] + ["tier warning"] + lines[tier + 1:],
               "a claim that is missing": lines[:claim] + lines[claim + 1:],
               "another claim": lines[:claim] + [lines[claim] + "0"] + lines[claim + 1:],
               "cases that are missing": lines[:len(lines) // 2],
               "nothing at all": []}
    if part == "made":
        changed["another register of a log"] = ["register pcr0|sha256|matches|2" if line.startswith("register ") else line
                                                for line in lines]
        changed["another answer about an identity"] = ["answer valid" if line == "answer forged" else line for line in lines]
        changed["another member of an identity"] = [line[:-1] + "x" if line.startswith("node ") else line for line in lines]
        changed["another claim of a token"] = [line.replace("claim a.c.1 text", "claim a.c.1 uint") for line in lines]
    missed = [what for what, text in changed.items()
              if not differences(table, [("a", result), ("b", "\n".join(text) + "\n")])]
    both = result.replace("tier affirming", "tier warning")
    if not differences(table, [("a", both), ("b", both)]):
        missed.append("the same wrong answer in both")
    return ["not found: " + what for what in missed]


def main(arguments):
    table = read(arguments[1])
    if arguments[2] == "--selftest":
        said = selftest(table, arguments[3], read(arguments[4]))
    else:
        said = differences(table, [(path, read(path)) for path in arguments[2:]])
    for line in said[:10]:
        print(line)
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
