"""tests/bindings/identity_cases.py - cases of certificates and tokens of a network, for the table of cases.py.

A case has the certificates that a peer sent (column of collateral), or a token (policy `token`), what is trusted (roots), the
time, and what is expected (nonce: "service=api;age=300"). Each is what a relying party would be shown: what the network signed,
what it signed for others, what a thief or a careless peer makes of it, and bytes that are none of these.
"""
import os

ISSUED = "issuer=https://id.mesh.example;audience=vault"


def read(path):
    with open(path, "rb") as file:
        return file.read()


def flipped(content, offset, bit=1):
    return content[:offset] + bytes([content[offset] ^ bit]) + content[offset + 1:]


class Cases:
    def __init__(self, table, folder, at):
        self.table, self.folder, self.at, self.made = table, folder, at, 0
        self.chain = read(os.path.join(folder, "chain")).decode().strip()

    def path(self, one):
        if not isinstance(one, bytes):
            return os.path.join(self.folder, one)
        self.made += 1
        return self.table.file("identity-file-%d" % self.made, one)

    def add(self, name, given, expected, trusted="ca.der", terms="-", at=0, form="-"):
        """given: a file of the folder, its bytes, or a list of these."""
        files = [self.path(one) for one in (given if isinstance(given, list) else [given])]
        self.table.add("identities", "identity-" + name, files[0], expected, files=files, roots=[self.path(trusted)],
                       policy=form, at=self.at + at, nonce=terms)

    def token(self, name, given, expected, trusted="jwks.json", terms=ISSUED, at=0):
        self.add("token-" + name, given, expected, trusted, terms, at, "token")


def node_of(cases):
    """The member of the leaf: the 32 bytes after block id and its header in the extension (docs/identity.md 5.4)."""
    leaf = read(os.path.join(cases.folder, "leaf.der"))
    at = leaf.index(bytes.fromhex("0420" + cases.chain)) + 34
    at = leaf.index(b"\x04\x20", at) + 34  # after era and epoch: the block id
    assert leaf[at:at + 2] == b"\x04\x20"
    return leaf[at + 2:at + 34].hex()


def add_certificates(c):
    leaf, ca = read(os.path.join(c.folder, "leaf.der")), read(os.path.join(c.folder, "ca.der"))
    c.add("leaf", "leaf.der", "valid")
    c.add("node", "node.der", "valid")
    c.add("with-its-ca", ["leaf.der", "ca.der"], "valid")
    c.add("with-noise", ["leaf.der", b"noise", b""], "valid")
    c.add("eight", ["leaf.der"] * 8, "valid")
    c.add("nine", ["leaf.der"] * 9, "ASSAY_E_RANGE")
    c.add("both-cas", "next_leaf.der", "valid", trusted=ca + read(os.path.join(c.folder, "next.der")))
    c.add("rolled-over", "leaf.der", "no-key", trusted="next.der")
    c.add("path-through-the-next", ["next_leaf.der", "cross.der"], "valid")
    c.add("foreign", "foreign.der", "other-profile")
    c.add("expired", "expired.der", "expired")
    c.add("ca-as-leaf", "ca.der", "other-profile")
    c.add("token-as-certificate", "token.jwt", "malformed")
    for name, content in (("empty", b""), ("one", b"0"), ("noise", b"noise" * 40), ("long", b"\x30\x84\x7f\xff\xff\xff"),
                          ("cut", leaf[:-1]), ("trailing", leaf + b"\0"), ("huge", b"\x30" * 200000)):
        c.add(name, content, "malformed")
    for offset in range(0, len(leaf), 5):
        c.add("bit-%d" % offset, flipped(leaf, offset, 1 << offset % 8), "-")
    c.add("signature", flipped(leaf, len(leaf) - 40), "forged")


def add_terms(c):
    node, other = node_of(c), "77" * 32
    for name, leaf, terms, expected in (
            ("all", "leaf.der", "chain=%s;domain=mesh.example;service=api;id=spiffe://mesh.example/svc/api;node=%s;era=1;"
             "epoch=77;age=0;worst=0;kinds=16;insecure=0;skew=0" % (c.chain, node), "valid"),
            ("chain", "leaf.der", "chain=" + c.chain, "valid"), ("other-chain", "leaf.der", "chain=" + other, "other-network"),
            ("domain", "leaf.der", "domain=mesh.exampl", "other-network"), ("empty-domain", "leaf.der", "domain=", "other-network"),
            ("service", "leaf.der", "service=api", "valid"), ("other-service", "leaf.der", "service=ap", "other-name"),
            ("empty-service", "leaf.der", "service=", "other-name"), ("case", "leaf.der", "service=API", "other-name"),
            ("chosen-name", "node.der", "service=api", "other-name"),
            ("empty-id", "leaf.der", "id=", "other-name"), ("other-id", "leaf.der", "id=spiffe://mesh.example/svc/api/", "other-name"),
            ("node", "leaf.der", "node=" + node, "valid"), ("other-node", "leaf.der", "node=" + other, "other-name"),
            ("other-era", "leaf.der", "era=0", "other-era"), ("greatest-era", "leaf.der", "era=18446744073709551615", "other-era"),
            ("later-epoch", "leaf.der", "epoch=78", "old-epoch"), ("earlier-epoch", "leaf.der", "epoch=76", "valid"),
            ("other-kind", "leaf.der", "kinds=8", "other-kind"), ("any-kind", "leaf.der", "kinds=4294967295", "valid"),
            ("worst", "leaf.der", "worst=3", "valid"), ("insecure", "leaf.der", "insecure=1", "valid"),
            ("skew", "leaf.der", "skew=301", "ASSAY_E_RANGE"),
            ("greatest-age", "leaf.der", "age=18446744073709551615", "valid")):
        c.add("terms-" + name, leaf, expected, terms=terms)
    for name, at, terms, expected in (
            ("young", 0, "age=0", "valid"), ("older", 1, "age=0", "too-old"), ("by-skew", 1, "age=0;skew=1", "valid"),
            ("old", 301, "age=300", "too-old"), ("early", -300, "-", "valid"), ("earlier", -301, "-", "not-yet"),
            ("earlier-by-skew", -301, "skew=1", "valid"), ("last", 900, "-", "valid"), ("late", 901, "-", "expired"),
            ("late-by-skew", 901, "skew=300", "valid"), ("years", 10**8, "-", "expired"),
            ("at-zero", -c.at, "-", "not-yet"), ("before", -c.at - 1, "-", "ASSAY_E_RANGE"),
            ("after", 2**62, "-", "ASSAY_E_RANGE")):
        c.add("time-" + name, "leaf.der", expected, terms=terms, at=at)


def add_trusted(c):
    ca, jwks = read(os.path.join(c.folder, "ca.der")), read(os.path.join(c.folder, "jwks.json"))
    for name, trusted, expected in (
            ("none", b"", "ASSAY_E_INVALID"), ("noise", b"noise", "ASSAY_E_KEY"), ("keys", jwks, "ASSAY_E_KEY"),
            ("leaf", "leaf.der", "ASSAY_E_KEY"), ("cross", "cross.der", "ASSAY_E_KEY"), ("cut", ca[:-1], "ASSAY_E_KEY"),
            ("behind", ca + b"noise", "ASSAY_E_KEY"), ("nine", ca * 9, "-"), ("twice", ca * 2, "-"),
            ("changed", flipped(ca, len(ca) - 1), "ASSAY_E_KEY"), ("long", ca + bytes(131073), "ASSAY_E_RANGE")):
        c.add("trusted-" + name, "leaf.der", expected, trusted=trusted)
    for offset in range(0, len(ca), 23):
        c.add("trusted-bit-%d" % offset, "leaf.der", "-", trusted=flipped(ca, offset, 2))


def add_tokens(c):
    token, keys = read(os.path.join(c.folder, "token.jwt")), read(os.path.join(c.folder, "jwks.json"))
    c.token("plain", "token.jwt", "valid")
    c.token("chain", "token.jwt", "valid", terms=ISSUED + ";chain=" + c.chain)
    c.token("other-chain", "token.jwt", "other-network", terms=ISSUED + ";chain=" + "77" * 32)
    c.token("chosen-name", "token.jwt", "other-name", terms=ISSUED + ";service=api")
    for name, terms, expected in (
            ("no-issuer", "audience=vault", "ASSAY_E_INVALID"), ("no-audience", "issuer=i", "ASSAY_E_INVALID"),
            ("other-issuer", "issuer=https://id.mesh.exampl;audience=vault", "other-issuer"),
            ("empty-issuer", "issuer=;audience=vault", "other-issuer"),
            ("other-audience", "issuer=https://id.mesh.example;audience=vaul", "other-audience"),
            ("empty-audience", "issuer=https://id.mesh.example;audience=", "other-audience")):
        c.token(name, "token.jwt", expected, terms=terms)
    c.token("ear", "ear.jwt", "-")
    c.token("expired", "token.jwt", "expired", at=901)
    c.token("cas-as-keys", "token.jwt", "ASSAY_E_KEY", trusted="ca.der")
    c.token("no-keys", "token.jwt", "no-key", trusted=b'{"keys":[]}')
    c.token("certificate", "leaf.der", "malformed")
    for name, content in (("empty", b""), ("dots", b".."), ("many-dots", b"." * 3000), ("noise", b"noise.of.ours"),
                          ("line", token + b"\n"), ("nul", token + b"\0"), ("cut", token[:-1]), ("huge", b"e" * 200000)):
        c.token(name, content, "malformed")
    header, claims, signature = token.split(b".")
    c.token("unsigned", b"eyJhbGciOiJub25lIn0." + claims + b".", "-")
    c.token("resigned", header + b"." + claims + b"." + signature[:-4] + b"AAAA", "-")
    for offset in range(0, len(token), 9):
        c.token("bit-%d" % offset, flipped(token, offset), "-")
    for offset in range(0, len(keys), 7):
        c.token("keys-bit-%d" % offset, "token.jwt", "-", trusted=flipped(keys, offset))


def add(table, folder, at):
    cases = Cases(table, folder, at)
    for group in (add_certificates, add_terms, add_trusted, add_tokens):
        group(cases)
