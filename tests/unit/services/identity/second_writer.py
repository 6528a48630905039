"""tests/unit/services/identity/second_writer.py - second, independent writer of what the network signs.

It derives certificates and tokens from their inputs with nothing but Python's standard library, and compares them with
those in a file: one JSON object a line. usage: second_writer.py FILE
"""
import base64
import datetime
import functools
import hashlib
import json
import sys

P = 2 ** 255 - 19
ORDER = 2 ** 252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


# --- DER, from the inside out
def der(tag, *parts):
    content = b"".join(parts)
    size = len(content)
    if size < 128:
        return bytes([tag, size]) + content
    digits = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 128 + len(digits)]) + digits + content


def sequence(*parts):
    return der(0x30, *parts)


def oid(text):
    arcs = [int(arc) for arc in text.split(".")]
    content = b""
    for arc in [arcs[0] * 40 + arcs[1]] + arcs[2:]:
        digits = [arc % 128]
        while arc >= 128:
            arc //= 128
            digits.append(arc % 128 + 128)
        content += bytes(reversed(digits))
    return der(6, content)


def integer(value):
    return der(2, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def moment(unix_s):
    when = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=unix_s)
    digits = "%04d%02d%02d%02d%02d%02dZ" % (when.year, when.month, when.day, when.hour, when.minute, when.second)
    if when.year < 2050:
        return der(0x17, digits[2:].encode())
    return der(0x18, digits.encode())


ED25519 = sequence(oid("1.3.101.112"))


def name(ca, common):
    attributes = [("2.5.4.10", ca["domain"])]
    if ca["insecure"]:
        attributes.append(("2.5.4.11", "INSECURE"))
    attributes.append(("2.5.4.3", common))
    return sequence(*[der(0x31, sequence(oid(t), der(12, v.encode()))) for t, v in attributes])


def ca_name(ca):
    return name(ca, "Assay CA %s %d" % (ca["chain_id"][:16], ca["number"]))


def extension(kind, value, critical=False):
    return sequence(oid(kind), der(1, b"\xff") if critical else b"", der(4, value))


def key_id(point):
    return hashlib.sha256(point).digest()[:20]


# --- CBOR, as far as serials need it
def head(major, value):
    if value < 24:
        return bytes([major * 32 + value])
    for code, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if value < 256 ** size:
            return bytes([major * 32 + code]) + value.to_bytes(size, "big")


def cbor(item):
    if isinstance(item, int):
        return head(0, item)
    if isinstance(item, bytes):
        return head(2, len(item)) + item
    if isinstance(item, str):
        return head(3, len(item)) + item.encode()
    return head(4, len(item)) + b"".join(cbor(one) for one in item)


def serial(ca, state, node, entry, product, audience):
    items = ["assay/serial/v1", bytes.fromhex(ca["chain_id"]), state["era"], state["epoch"], node, entry, ca["number"],
             product, audience]
    digest = bytearray(hashlib.sha256(cbor(items)).digest()[:16])
    digest[0] = digest[0] & 0x3f | 0x40
    return bytes(digest)


# --- edwards25519 (RFC 8032 5.1.4), in extended coordinates
def add(a, b):
    left, right = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    third, fourth = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = right - left, fourth - third, fourth + third, right + left
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(scalar, point):
    out = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            out = add(out, point)
        point = add(point, point)
        scalar >>= 1
    return out


def read_point(raw):
    y = int.from_bytes(raw, "little") & (2 ** 255 - 1)
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if x & 1 != raw[31] >> 7:
        x = P - x
    return x, y, 1, x * y % P


def write_point(point):
    scale = pow(point[2], P - 2, P)
    return (point[1] * scale % P | (point[0] * scale % P & 1) << 255).to_bytes(32, "little")


BASE = read_point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


@functools.lru_cache(maxsize=None)
def shifted(public, chain_id, number):
    wide = hashlib.sha512(cbor(["assay/token-key/v1", chain_id, number, public])).digest()
    return write_point(add(read_point(public), times(int.from_bytes(wide, "little") % ORDER, BASE)))


def token_key(ca):
    return shifted(bytes.fromhex(ca["public_key"]), bytes.fromhex(ca["chain_id"]), ca["number"])


# --- the products
def node_id(state):
    return base64.b32encode(bytes.fromhex(state["node_id"])).decode().lower().rstrip("=")


def spiffe_id(ca, state, entry):
    front = "spiffe://" + ca["domain"]
    if entry is None:
        return "%s/node/%s" % (front, node_id(state))
    if entry["granted"]:
        return "%s/svc/%s" % (front, entry["name"])
    return "%s/node/%s/%s" % (front, node_id(state), entry["name"])


def public_point(spki):
    """The value of the BIT STRING, which is the last element of a SubjectPublicKeyInfo."""
    size = {91: 65, 120: 97, 44: 32}[len(spki)]
    return spki[-size:]


def tbs(number, issuer, not_before, not_after, subject, spki, extensions):
    return sequence(der(0xa0, integer(2)), der(2, number), ED25519, ca_name(issuer),
                    sequence(moment(not_before), moment(not_after)), subject, spki, der(0xa3, sequence(*extensions)))


def ca_certificate(subject, signer, state):
    point = bytes.fromhex(subject["public_key"])
    issued = state["time_ms"] // 1000
    number = serial(signer, state, bytes(32), hashlib.sha256(point).digest(), 1, 0)
    extensions = []
    if point.hex() != signer["public_key"]:
        extensions.append(extension("2.5.29.35", sequence(der(0x80, key_id(bytes.fromhex(signer["public_key"]))))))
    extensions += [
        extension("2.5.29.19", sequence(der(1, b"\xff"), integer(1 if point.hex() == signer["public_key"] else 0)), True),
        extension("2.5.29.15", der(3, b"\x02\x04"), True),
        extension("2.5.29.14", der(4, key_id(point))),
        extension("2.5.29.30", sequence(der(0xa0, sequence(der(0x82, subject["domain"].encode())))), True),
        extension("2.5.29.17", sequence(der(0x86, b"spiffe://" + subject["domain"].encode()))),
    ]
    return tbs(number, signer, issued - 300, issued + 730 * 86400, ca_name(subject),
               sequence(ED25519, der(3, b"\0" + point)), extensions)


STANDING = ["FULL", "WARNING", "RESTRICTED", "SUSPENDED"]


def leaf(ca, state, entry):
    spki = bytes.fromhex(entry["spki"])
    issued = state["time_ms"] // 1000
    node = bytes.fromhex(state["node_id"])
    digest = bytes.fromhex(entry["digest"])
    names = ["%s.%s" % (entry["name"], ca["domain"])] if entry["granted"] else []
    names.append("%s.%s.node.%s" % (entry["name"], node_id(state), ca["domain"]))
    standing = sequence(
        integer(1), der(4, bytes.fromhex(ca["chain_id"])), integer(state["era"]), integer(state["epoch"]),
        der(4, bytes.fromhex(state["block_id"])), der(4, node), integer(state["incarnation"]),
        der(12, STANDING[state["standing"]].encode()), integer(state["score"]), integer(state["kind"]),
        der(4, digest), der(4, bytes.fromhex(state["proof_digest"])))
    extensions = [
        extension("2.5.29.35", sequence(der(0x80, key_id(bytes.fromhex(ca["public_key"]))))),
        extension("2.5.29.14", der(4, key_id(public_point(spki)))),
        extension("2.5.29.15", der(3, b"\x07\x80"), True),
        extension("2.5.29.19", sequence(), True),
        extension("2.5.29.37", sequence(oid("1.3.6.1.5.5.7.3.1"), oid("1.3.6.1.5.5.7.3.2"))),
        extension("2.5.29.17", sequence(*[der(0x82, one.encode()) for one in names],
                                        der(0x86, spiffe_id(ca, state, entry).encode()))),
        extension("1.3.6.1.4.1.32473.17.1", standing),
    ]
    common = entry["name"] if entry["granted"] else node_id(state)
    return tbs(serial(ca, state, node, digest, 2, 0), ca, issued - 300, issued + ca["validity"], name(ca, common), spki,
               extensions)


def url64(raw):
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def compact(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def thumbprint(spki):
    point = public_point(spki)
    if len(point) == 32:
        key = {"kty": "OKP", "crv": "Ed25519", "x": url64(point)}
    else:
        half = len(point) // 2
        key = {"kty": "EC", "crv": {32: "P-256", 48: "P-384"}[half], "x": url64(point[1:1 + half]),
               "y": url64(point[1 + half:])}
    return url64(hashlib.sha256(compact(key)).digest())


def claims(ca, state, entry):
    out = {"version": 1, "chain_id": ca["chain_id"], "era": state["era"], "epoch": state["epoch"],
           "block_id": state["block_id"], "node_id": state["node_id"], "incarnation": state["incarnation"],
           "standing": STANDING[state["standing"]], "score": state["score"], "evidence_kind": state["kind"],
           "proof_digest": state["proof_digest"]}
    if entry is not None:
        out["entry_digest"] = entry["digest"]
    return out


def signing_input(ca, kind, body):
    if ca["insecure"]:
        body["insecure"] = True
    header = {"typ": kind, "alg": "EdDSA", "kid": thumbprint(bytes(12) + token_key(ca))}
    return (url64(compact(header)) + "." + url64(compact(body))).encode()


def token(ca, state, entry, audience):
    issued = state["time_ms"] // 1000
    number = serial(ca, state, bytes.fromhex(state["node_id"]), bytes.fromhex(entry["digest"]), 3, audience)
    return signing_input(ca, "JWT", {
        "iss": ca["issuer"], "sub": spiffe_id(ca, state, entry), "aud": entry["audiences"][audience], "iat": issued,
        "nbf": issued - 300, "exp": issued + ca["validity"], "jti": number.hex(),
        "cnf": {"jkt": thumbprint(bytes.fromhex(entry["spki"]))}, "assay": claims(ca, state, entry)})


def ear(ca, state):
    issued = state["time_ms"] // 1000
    number = serial(ca, state, bytes.fromhex(state["node_id"]), bytes(32), 4, 0)
    return signing_input(ca, "eat+jwt", {
        "iss": ca["issuer"] + "/ear", "sub": spiffe_id(ca, state, None), "iat": issued, "exp": issued + ca["validity"],
        "jti": number.hex(), "eat_profile": "tag:ietf.org,2026:rats/ear#04",
        "ear_verifier_id": {"developer": "Assay", "build": "network"},
        "submods": {"assay": {"ear_status": ["affirming", "warning", "warning", "contraindicated"][state["standing"]],
                              "assay": claims(ca, state, None)}}})


def jwks(cas):
    return compact({"keys": [{"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "x": url64(token_key(ca)),
                              "kid": thumbprint(bytes(12) + token_key(ca))} for ca in cas]})


def bundle(cas, certificates, sequence_number):
    return compact({"spiffe_sequence": sequence_number, "spiffe_refresh_hint": 300, "keys": [
        {"kty": "OKP", "crv": "Ed25519", "use": "x509-svid", "x": url64(bytes.fromhex(ca["public_key"])),
         "x5c": [base64.b64encode(one).decode()]} for ca, one in zip(cas, certificates)]})


def certificate(body, signature):
    return sequence(body, ED25519, der(3, b"\0" + signature))


def derive(case):
    cas, state, entry = case["cas"], case["state"], case["entry"]
    signature = bytes.fromhex(case["signature"])
    own = ca_certificate(cas[0], cas[0], state)
    return {
        "ca": own,
        "cross": ca_certificate(cas[1], cas[0], state),
        "leaf": leaf(cas[0], state, entry),
        "token": token(cas[0], state, entry, case["audience"]),
        "ear": ear(cas[0], state),
        "certificate": certificate(own, signature),
        "jws": ear(cas[0], state) + b"." + url64(signature).encode(),
        "jwks": jwks(cas),
        "bundle": bundle(cas, [own, own], state["epoch"]),
    }


def main():
    count = 0
    with open(sys.argv[1], encoding="ascii") as lines:
        for line in lines:
            case = json.loads(line)
            for what, expected in derive(case).items():
                if bytes.fromhex(case[what]) != expected:
                    sys.exit("case %d: %s\nfound    %s\nexpected %s" % (count, what, case[what], expected.hex()))
            count += 1
    print("%d cases equal" % count)


main()
