"""tests/bindings/standing_cases.py - cases of proofs of standing and of keys, for the table of cases.py.

A case has the proof (evidence), the checkpoint (roots), the form (policy `key`, or `-` for a proof of standing alone) and what
is expected (nonce: "now=MS;age=S;key=FILE;node=HEX"). Expected is the number of the answer, or the name of a status.
"""
import os

ACTIVE, OTHER_PROOF, OTHER_MEMBER, LOW_STANDING = 1, 2, 3, 8
OTHER_LIST, NOT_LISTED, OTHER_USE, OTHER_NAME, WITHDRAWN = 9, 10, 11, 12, 13
PROVEN, OLDER, TOO_OLD, AHEAD, AGE_UNKNOWN = 0, 2, 8, 9, 11
MEMBER, SUSPENDED = "2", "3"


def read(path):
    with open(path, "rb") as file:
        return file.read()


class Cases:
    def __init__(self, table, folder):
        self.table, self.folder, self.made = table, folder, 0

    def path(self, one):
        if not isinstance(one, bytes):
            return os.path.join(self.folder, one)
        self.made += 1
        return self.table.file("standing-file-%d" % self.made, one)

    def node(self, member):
        return read(self.path(member + ".id")).hex()

    def now(self, time, later_s=0):
        return int(read(self.path(time + ".ms"))) + 1000 * later_s

    def add(self, case, proof, checkpoint, expected, form="key", **terms):
        text = ";".join("%s=%s" % (term, value) for term, value in terms.items())
        self.table.add("standings", "standing-" + case, self.path(proof), str(expected), roots=[self.path(checkpoint)],
                       policy=form, nonce=text)

    def key(self, case, expected, time="early", member=MEMBER, key="api", proof=None, checkpoint=None, later_s=0, age=60,
            now_ms=None, **terms):
        self.add(case, proof or "%s.%s" % (member, time), checkpoint or "checkpoint." + time, expected,
                 key=self.path(key + ".spki"), age=age,
                 now=self.now(time, later_s) if now_ms is None else now_ms, **terms)


def bare_of(key_proof):
    """The proof of standing inside a key proof: its second member, a byte string of CBOR with a length of two bytes."""
    at = 1 + 1 + len("assay/key-standing/v1")  # heads of the array and of the text
    assert key_proof[at] == 0x59
    length = int.from_bytes(key_proof[at + 1:at + 3], "big")
    return key_proof[at + 3:at + 3 + length]


def add_keys(c):
    c.key("active", ACTIVE)
    c.key("second-name", ACTIVE, key="web", name="web")
    c.key("all-terms", ACTIVE, node=c.node(MEMBER), name="api", worst=0)
    c.key("warning", ACTIVE, worst=1)
    c.key("other-name", OTHER_NAME, name="ap")
    c.key("empty-name", "ASSAY_E_INVALID", name="")
    c.key("other-member", OTHER_MEMBER, node=c.node(SUSPENDED))
    c.key("zero-member", OTHER_MEMBER, node="00" * 32)
    c.key("stranger", NOT_LISTED, key="stranger")
    c.key("key-of-another", NOT_LISTED, key="low")
    c.key("for-ssh", OTHER_USE, key="login")
    c.key("before-suspension", ACTIVE, member=SUSPENDED, key="low")
    c.key("suspended", LOW_STANDING, time="late", member=SUSPENDED, key="low")
    c.key("suspended-old-proof", OTHER_PROOF, time="late", member=SUSPENDED, key="low", proof="3.early")
    c.key("later", ACTIVE, time="late")
    c.key("withdrawn", WITHDRAWN, time="last", key="web")
    c.key("not-withdrawn", ACTIVE, time="last")
    c.key("old", OTHER_PROOF, later_s=60)
    c.key("old-accepted", ACTIVE, later_s=60, age=120)
    c.key("no-clock", OTHER_PROOF, now_ms=0)
    c.key("no-age", "ASSAY_E_RANGE", age=0)
    c.key("greatest-age", "ASSAY_E_RANGE", age=4294967295)
    c.key("restricted", "ASSAY_E_RANGE", worst=2)
    proof = read(c.path("2.early"))
    for name, given in (("empty", b""), ("noise", b"noise" * 40), ("cut", proof[:-1]), ("trailing", proof + b"\0"),
                        ("bare", bare_of(proof))):
        c.key("bytes-" + name, "-", proof=given)
    c.key("no-checkpoint", "-", checkpoint=b"")
    c.key("checkpoint-cut", "-", checkpoint=read(c.path("checkpoint.early"))[:-1])
    for offset in range(0, len(proof), max(1, len(proof) // 40)):
        c.key("bit-%d" % offset, "-", proof=proof[:offset] + bytes([proof[offset] ^ 1 << offset % 8]) + proof[offset + 1:])


def add_proofs(c):
    early, late = bare_of(read(c.path("2.early"))), bare_of(read(c.path("3.late")))
    now = c.now("early")
    for name, proof, checkpoint, now_ms, age, expected in (
            ("proven", early, "checkpoint.early", now, 60, PROVEN),
            ("default-age", early, "checkpoint.early", now + 80000000, 0, PROVEN),
            ("too-old", early, "checkpoint.early", now + 60000, 60, TOO_OLD),
            ("ahead", early, "checkpoint.early", now - 700000, 60, "-"),
            ("no-clock", early, "checkpoint.early", 0, 60, AGE_UNKNOWN),
            ("older", early, "checkpoint.last", c.now("last"), 60, OLDER),
            ("suspended", late, "checkpoint.late", c.now("late"), 60, PROVEN),
            ("key-proof", read(c.path("2.early")), "checkpoint.early", now, 60, "-"),
            ("noise", b"noise", "checkpoint.early", now, 60, "-")):
        c.add("proof-" + name, proof, checkpoint, expected, "-", now=now_ms, age=age)


def add(table, folder):
    cases = Cases(table, folder)
    add_keys(cases)
    add_proofs(cases)
