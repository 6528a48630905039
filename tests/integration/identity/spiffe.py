"""tests/integration/identity/spiffe.py - rules of the SPIFFE specifications about bundles and X.509-SVIDs.

usage: spiffe.py check BUNDLE [--before OLDER-BUNDLE] [SVID.pem ...]   what a network published and signed
       spiffe.py test IDENTITY_CERTIFICATES                            the same of the test's authority, and of faults

The numbers are those of the specifications: SPIFFE-ID (ID), X509-SVID (X), SPIFFE Trust Domain and Bundle (B). Exit status 1
with the rules that are broken; 77 without python3-cryptography. Nothing of Assay is used, so that it is a second reader.
"""
import base64
import copy
import datetime
import json
import os
import re
import subprocess
import sys
import tempfile
import time

try:
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519
    from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID, NameOID
except ImportError:
    print("python3-cryptography is not installed")
    sys.exit(77)

SKEW_S = 300


def id_faults(uri):
    """ID 2: the form of a SPIFFE ID. Returns: faults, the trust domain, the path"""
    found = re.fullmatch(r"spiffe://([^/?#@:]*)((?:/[^?#]*)?)", uri)
    if found is None:
        return ["ID 2: no SPIFFE ID, or one with a port, user, query or fragment: %s" % uri], "", ""
    domain, path = found.groups()
    faults = []
    if not re.fullmatch(r"[a-z0-9._-]{1,255}", domain):
        faults.append("ID 2.1: trust domain: %r" % domain)
    if path and not all(re.fullmatch(r"[A-Za-z0-9._-]+", part) and part not in (".", "..") for part in path[1:].split("/")):
        faults.append("ID 2.2: path: %r" % path)
    if len(uri.encode()) > 2048:
        faults.append("ID 2.3: %d bytes, at most 2048" % len(uri.encode()))
    return faults, domain, path


def extension_of(cert, kind):
    try:
        return cert.extensions.get_extension_for_oid(kind)
    except x509.ExtensionNotFound:
        return None


def names_of(cert, kind):
    names = extension_of(cert, ExtensionOID.SUBJECT_ALTERNATIVE_NAME)
    return names.value.get_values_for_type(kind) if names is not None else []


def uris_of(cert):
    return names_of(cert, x509.UniformResourceIdentifier)


def common_faults(cert, is_ca):
    """X 2 to 4: names, constraints and usages of leaf and signing certificates. Returns: faults, the trust domain"""
    faults, domain, uris = [], "", uris_of(cert)
    if len(uris) > 1 or (len(uris) == 0 and not is_ca):
        faults.append("X 2: %d URIs, expected exactly one" % len(uris))
    for uri in uris:
        wrong, domain, path = id_faults(uri)
        faults += wrong
        if is_ca and path != "":
            faults.append("X 3.2: a signing certificate has a path: %s" % uri)
        if not is_ca and path == "":
            faults.append("X 3.1: a leaf has no path: %s" % uri)
    if not cert.subject.rdns:
        names = extension_of(cert, ExtensionOID.SUBJECT_ALTERNATIVE_NAME)
        if names is None or not names.critical:
            faults.append("X 2 (RFC 5280 4.2.1.6): no subject, and the names are not critical")
    constraints = extension_of(cert, ExtensionOID.BASIC_CONSTRAINTS)
    if is_ca != (constraints is not None and constraints.value.ca):
        faults.append("X 4.1: CA is %s" % (not is_ca))
    usage = extension_of(cert, ExtensionOID.KEY_USAGE)
    if usage is None:
        return faults + ["X 4.3: no key usage"], domain
    if not usage.critical:
        faults.append("X 4.3: the key usage is not critical")
    if usage.value.key_cert_sign != is_ca:
        faults.append("X 4.3: keyCertSign is %s" % (not is_ca))
    if not is_ca and (usage.value.crl_sign or not usage.value.digital_signature):
        faults.append("X 4.3: a leaf signs CRLs, or does not sign")
    extended = extension_of(cert, ExtensionOID.EXTENDED_KEY_USAGE)
    wanted = {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH}
    if not is_ca and (extended is None or not wanted <= set(extended.value)):
        faults.append("X 4.4: a leaf without serverAuth and clientAuth")
    return faults, domain


def is_signed(cert, issuer):
    key = issuer.public_key()
    try:
        if isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(cert.signature, cert.tbs_certificate_bytes)
        else:
            key.verify(cert.signature, cert.tbs_certificate_bytes, ec.ECDSA(cert.signature_hash_algorithm))
    except InvalidSignature:
        return False
    return True


def is_current(cert, now):
    skew = datetime.timedelta(seconds=SKEW_S)
    return cert.not_valid_before - skew <= now <= cert.not_valid_after + skew


def jwk_matches(key, cert):
    """B 4.2.2: the parameters of the JWK are those of the certificate's key."""
    public = cert.public_key()
    def decoded(name):
        return base64.urlsafe_b64decode(key.get(name, "") + "==")
    if isinstance(public, ed25519.Ed25519PublicKey):
        raw = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        return (key.get("kty"), key.get("crv"), decoded("x")) == ("OKP", "Ed25519", raw)
    return key.get("kty") == "EC"


def bundle_faults(bundle, now, before=None):
    """B 4: a bundle, and against an older one. Returns: faults, the CA certificates of X.509-SVIDs"""
    faults, authorities, domains = [], [], set()
    if not isinstance(bundle, dict) or not isinstance(bundle.get("keys"), list):
        return ["B 4.1: expected a JWK set with the member keys"], []
    for name in ("spiffe_sequence", "spiffe_refresh_hint"):
        value = bundle.get(name)
        if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 0):
            faults.append("B 4.1: %s is no number: %r" % (name, value))
    if bundle.get("spiffe_refresh_hint") == 0:
        faults.append("B 4.1.2: a refresh hint of 0 s")
    if before is not None and not faults:
        is_same = before["keys"] == bundle["keys"]
        if bundle.get("spiffe_sequence", 0) < before.get("spiffe_sequence", 0):
            faults.append("B 4.1.1: the sequence falls")
        if not is_same and bundle.get("spiffe_sequence") == before.get("spiffe_sequence"):
            faults.append("B 4.1.1: other keys with the same sequence")
    for key in bundle["keys"]:
        if "kty" not in key or key.get("use") not in ("x509-svid", "jwt-svid"):
            faults.append("B 4.2.1, 4.2.2: a key without type, or of another use: %r" % key.get("use"))
            continue
        if "d" in key:
            faults.append("B 4.2: a private key")
        if key["use"] == "jwt-svid":
            if "kid" not in key:
                faults.append("B (JWT-SVID 5): a key of tokens without an id")
            continue
        chain = key.get("x5c")
        if not isinstance(chain, list) or len(chain) != 1:
            faults.append("B (X 6.2): x5c has not exactly one certificate")
            continue
        cert = x509.load_der_x509_certificate(base64.b64decode(chain[0], validate=True))
        wrong, domain = common_faults(cert, True)
        faults += wrong
        domains.add(domain)
        if not jwk_matches(key, cert):
            faults.append("B 4.2: the key is not that of its certificate")
        if cert.issuer != cert.subject or not is_signed(cert, cert):
            faults.append("X 6.2: a certificate of the bundle is not signed by itself")
        if not is_current(cert, now):
            faults.append("X 5.1: a certificate of the bundle is not valid now")
        authorities.append(cert)
    if len(domains) > 1:
        faults.append("B 3: certificates of several trust domains: %s" % sorted(domains))
    if not authorities:
        faults.append("B (X 6.2): no certificate of a signing authority")
    return faults, authorities


def svid_faults(cert, authorities, now):
    """X 5: a leaf under the certificates of its bundle."""
    faults, domain = common_faults(cert, False)
    issuers = [one for one in authorities if one.subject == cert.issuer and is_signed(cert, one)]
    if not issuers:
        return faults + ["X 5.1: no path to a certificate of the bundle"]
    of_key, of_issuer = (extension_of(one, kind) for one, kind in (
        (cert, ExtensionOID.AUTHORITY_KEY_IDENTIFIER), (issuers[0], ExtensionOID.SUBJECT_KEY_IDENTIFIER)))
    if of_key is None or of_issuer is None or of_key.value.key_identifier != of_issuer.value.digest:
        faults.append("X 5.1 (RFC 5280 4.2.1.1): the key id is not that of the issuer")
    limits = extension_of(issuers[0], ExtensionOID.NAME_CONSTRAINTS)
    permitted = [one.value for one in (limits.value.permitted_subtrees or []) if isinstance(one, x509.DNSName)] if limits else []
    for name in names_of(cert, x509.DNSName):
        if permitted and not any(name == one or name.endswith("." + one) for one in permitted):
            faults.append("X 5.1 (RFC 5280 4.2.1.10): the issuer may not sign for %s" % name)
    if {id_faults(uri)[1] for uri in uris_of(issuers[0])} - {domain}:
        faults.append("X 5.2: another trust domain than that of the issuer")
    if not is_current(cert, now):
        faults.append("X 5.1: it is not valid now")
    if cert.not_valid_after > issuers[0].not_valid_after:
        faults.append("X 5.1: it outlives its issuer")
    return faults


# ------------------------------------------------------------ what was published

def read(path):
    with open(path, "rb") as file:
        return file.read()


def check(arguments):
    now = datetime.datetime.utcfromtimestamp(time.time())
    before = None
    if arguments[1:2] == ["--before"]:
        before = json.loads(read(arguments[2]))
        arguments = arguments[:1] + arguments[3:]
    faults, authorities = bundle_faults(json.loads(read(arguments[0])), now, before)
    for path in arguments[1:]:
        faults += ["%s: %s" % (path, fault)
                   for fault in svid_faults(x509.load_pem_x509_certificate(read(path)), authorities, now)]
    for fault in faults:
        print(fault)
    print("%d certificates of the bundle, %d SVIDs, %d faults" % (len(authorities), len(arguments) - 1, len(faults)))
    return 1 if faults else 0


# ------------------------------------------------------------ faults

class Faulty:
    """An authority that makes certificates as the network does, but for what is named."""

    def __init__(self, now):
        self.now, self.key = now, ed25519.Ed25519PrivateKey.generate()
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "CA")])

    def sign(self, is_ca, uris, usage=None, critical=True, constraints=True, extended=True, hours=1, key_id=True, by=None,
             ca=None):
        key = self.key if is_ca else ec.generate_private_key(ec.SECP256R1())
        hour = datetime.timedelta(hours=hours)
        subject = self.name if is_ca else x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "leaf")])
        builder = x509.CertificateBuilder(self.name, subject, key.public_key(), x509.random_serial_number(),
                                          self.now - datetime.timedelta(hours=2), self.now + hour)
        if uris:
            builder = builder.add_extension(
                x509.SubjectAlternativeName([x509.UniformResourceIdentifier(uri) for uri in uris]), False)
        if constraints:
            builder = builder.add_extension(x509.BasicConstraints(is_ca if ca is None else ca, None), True)
        usages = dict.fromkeys(("digital_signature", "content_commitment", "key_encipherment", "data_encipherment",
                                "key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"), False)
        usages.update({"key_cert_sign": True} if is_ca else {"digital_signature": True})
        if usage is not False:
            usages.update(usage or {})
            builder = builder.add_extension(x509.KeyUsage(**usages), critical)
        if not is_ca and extended:
            builder = builder.add_extension(
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]), False)
        if is_ca:
            builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        elif key_id:
            builder = builder.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), False)
        return builder.sign(by or self.key, None)

    def ca(self, *uris, **options):
        return self.sign(True, uris or ["spiffe://mesh.example"], **dict({"hours": 48}, **options))

    def leaf(self, *uris, **options):
        return self.sign(False, uris or ["spiffe://mesh.example/svc/api"], **options)

    def bundle(self, *certs, **members):
        raw = self.key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        keys = [{"kty": "OKP", "crv": "Ed25519", "use": "x509-svid", "x": base64.urlsafe_b64encode(raw).decode().rstrip("="),
                 "x5c": [base64.b64encode(cert.public_bytes(serialization.Encoding.DER)).decode()]} for cert in certs]
        return dict({"keys": keys, "spiffe_sequence": 7, "spiffe_refresh_hint": 300}, **members)


def leaf_cases(maker):
    usage = lambda **members: maker.leaf(usage=members)
    return {
        "": maker.leaf(),
        "X 2:": maker.leaf("spiffe://mesh.example/svc/api", "spiffe://mesh.example/svc/web"),
        "X 2: 0": maker.sign(False, []),
        "X 3.1": maker.leaf("spiffe://mesh.example"),
        "X 4.1": maker.leaf(ca=True),
        "X 4.3: no": maker.leaf(usage=False),
        "X 4.3: the": maker.leaf(critical=False),
        "X 4.3: keyCertSign": usage(key_cert_sign=True),
        "X 4.3: a leaf": usage(crl_sign=True),
        "X 4.3: a leaf signs": usage(digital_signature=False, key_agreement=True),
        "X 4.4": maker.leaf(extended=False),
        "X 5.1: no path": maker.leaf(by=ed25519.Ed25519PrivateKey.generate()),
        "X 5.1 (RFC": maker.leaf(key_id=False),
        "X 5.2": maker.leaf("spiffe://mush.example/svc/api"),
        "X 5.1: it is not": maker.leaf(hours=-1),
        "X 5.1: it outlives": maker.leaf(hours=72),
        "ID 2:": maker.leaf("spiffe://mesh.example/svc/api?x"),
        "ID 2: no": maker.leaf("https://mesh.example/svc/api"),
        "ID 2: no SPIFFE ID, or one with a port": maker.leaf("spiffe://mesh.example:443/svc/api"),
        "ID 2.1": maker.leaf("spiffe://Mesh.example/svc/api"),
        "ID 2.2": maker.leaf("spiffe://mesh.example/svc//api"),
        "ID 2.2: path: '/svc/api/'": maker.leaf("spiffe://mesh.example/svc/api/"),
        "ID 2.2: path: '/svc/..'": maker.leaf("spiffe://mesh.example/svc/.."),
        "ID 2.3": maker.leaf("spiffe://mesh.example/" + "a" * 2048),
    }


def bundle_cases(maker):
    good = maker.bundle(maker.ca())
    def other(**members):
        made = copy.deepcopy(good)
        made["keys"][0].update(members)
        return made
    return {
        "": good,
        "B 4.1: expected": {"spiffe_sequence": 1},
        "B 4.1: spiffe_sequence": dict(good, spiffe_sequence="7"),
        "B 4.1: spiffe_refresh_hint": dict(good, spiffe_refresh_hint=1.5),
        "B 4.1.2": dict(good, spiffe_refresh_hint=0),
        "B 4.1.1: the": dict(good, spiffe_sequence=6),
        "B 4.1.1: other": maker.bundle(maker.ca(), spiffe_sequence=7),
        "B 4.2.1": other(use="sig"),
        "B 4.2: a private": other(d="AA"),
        "B (JWT": other(use="jwt-svid"),
        "B (X 6.2): x5c": other(x5c=good["keys"][0]["x5c"] * 2),
        "B (X 6.2): no": dict(good, keys=[]),
        "B 4.2: the key": other(x="AAAA"),
        "X 3.2": maker.bundle(maker.ca("spiffe://mesh.example/ca"), spiffe_sequence=8),
        "X 4.1": maker.bundle(maker.ca(ca=False), spiffe_sequence=8),
        "X 4.3: keyCertSign": maker.bundle(maker.ca(usage={"key_cert_sign": False}), spiffe_sequence=8),
        "X 6.2": maker.bundle(maker.ca(by=ed25519.Ed25519PrivateKey.generate()), spiffe_sequence=8),
        "X 5.1": maker.bundle(maker.ca(hours=-1), spiffe_sequence=8),
        "B 3": maker.bundle(maker.ca(), maker.ca("spiffe://mush.example"), spiffe_sequence=8),
    }, good


def test(program):
    now = datetime.datetime.utcfromtimestamp(time.time())
    wrong, count = [], 0
    with tempfile.TemporaryDirectory() as folder:
        for command in (["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", folder + "/key.pem"],
                        ["pkey", "-in", folder + "/key.pem", "-pubout", "-outform", "DER", "-out", folder + "/key.spki"]):
            subprocess.run(["openssl"] + command, check=True, capture_output=True)
        subprocess.run([program, folder, str(int(time.time())), "4", "3"], check=True, capture_output=True)
        faults, authorities = bundle_faults(json.loads(read(folder + "/bundle.json")), now)
        wrong += ["bundle.json: " + fault for fault in faults]
        if len(authorities) != 2:
            wrong.append("bundle.json: expected two CA numbers, found %d" % len(authorities))
        for name, rule in (("leaf", ""), ("node", ""), ("next_leaf", ""), ("expired", "X 5.1: it is not"),
                           ("foreign", "X 5.1 (RFC 5280 4.2.1.10)")):
            cert = x509.load_der_x509_certificate(read("%s/%s.der" % (folder, name)))
            faults = svid_faults(cert, authorities, now)
            if bool(faults) != bool(rule) or not all(fault.startswith(rule) for fault in faults):
                wrong.append("%s: expected %r, found %s" % (name, rule, faults))
    maker = Faulty(now)
    authorities = [maker.ca()]
    bundles, older = bundle_cases(maker)
    found = [(rule, svid_faults(cert, authorities, now)) for rule, cert in leaf_cases(maker).items()]
    found += [(rule, bundle_faults(bundle, now, older)[0]) for rule, bundle in bundles.items()]
    for rule, faults in found:
        count += 1
        if (rule == "" and faults) or not any(fault.startswith(rule) for fault in faults or [""]):
            wrong.append("expected %r, found %s" % (rule, faults))
    for text in wrong:
        print("FAIL " + text)
    print("%d planted faults, %d wrong" % (count - 2, len(wrong)))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(check(sys.argv[2:]) if sys.argv[1] == "check" else test(os.path.abspath(sys.argv[2])))
