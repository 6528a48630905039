#!/usr/bin/env python3
"""tests/integration/cli/evidence/result_maker.py - tokens of other verifiers, made with the openssl command.

usage: result_maker.py FOLDER

Another implementation of JOSE than the one under test. FOLDER gets keys, key sets (*.jwks), a root
(root.pem) and tokens in the shapes that the services document.
"""
import base64
import hashlib
import json
import os
import re
import subprocess
import sys
import time

NOW = int(time.time())
AZURE = "https://sharedeus2.eus2.attest.azure.net"
GOOGLE = "https://confidentialcomputing.googleapis.com"
INTEL = "https://portal.trustauthority.intel.com"
NVIDIA = "https://nras.attestation.nvidia.com"


def openssl(*words, data=None):
    return subprocess.run(("openssl",) + words, input=data, check=True, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL).stdout


def url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def make_keys():
    for name in ("rsa", "other"):
        openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", name + ".pem")
    for name in ("ec", "rootkey"):
        openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384", "-out", name + ".pem")


def members(name):
    """The public members of a key, as RFC 7518 6 has them."""
    if name == "ec":
        point = openssl("pkey", "-in", name + ".pem", "-pubout", "-outform", "DER")[-96:]
        return {"kty": "EC", "crv": "P-384", "x": url(point[:48]), "y": url(point[48:])}
    text = openssl("rsa", "-in", name + ".pem", "-noout", "-modulus").decode()
    return {"kty": "RSA", "n": url(bytes.fromhex(text.strip().split("=")[1])), "e": "AQAB"}


def certify():
    """A root, and a certificate of the EC key below it."""
    with open("ext", "w") as file:
        file.write("basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n")
    openssl("req", "-new", "-x509", "-key", "rootkey.pem", "-subj", "/CN=root", "-days", "30", "-out", "root.pem",
            "-sha384", "-addext", "keyUsage=critical,keyCertSign,cRLSign")
    openssl("req", "-new", "-key", "ec.pem", "-subj", "/CN=signer", "-out", "ec.csr", "-sha384")
    openssl("x509", "-req", "-in", "ec.csr", "-CA", "root.pem", "-CAkey", "rootkey.pem", "-set_serial", "5", "-days",
            "20", "-extfile", "ext", "-out", "signer.pem", "-sha384")
    return base64.b64encode(openssl("x509", "-in", "signer.pem", "-outform", "DER")).decode()


def raw_signature(der):
    """ECDSA-Sig-Value to r | s."""
    def number(at):
        length = der[at + 1]
        return der[at + 2:at + 2 + length].lstrip(b"\0").rjust(48, b"\0"), at + 2 + length
    first, at = number(2)
    return first + number(at)[0]


def token(key, alg, claims, kid="k1", more=None):
    header = {"alg": alg, "kid": kid, "typ": "JWT"}
    header.update(more or {})
    text = "%s.%s" % tuple(url(json.dumps(one).encode()) for one in (header, claims))
    words = ["dgst", "-sha" + alg[2:], "-sign", key + ".pem"]
    if alg.startswith("PS"):
        words += ["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:digest"]
    signature = openssl(*words, data=text.encode())
    return text + "." + url(raw_signature(signature) if alg.startswith("ES") else signature)


def save(name, text):
    with open(name, "w") as file:
        file.write(text if isinstance(text, str) else json.dumps(text))


def claims(issuer, **more):
    found = {"iss": issuer, "iat": NOW, "nbf": NOW, "exp": NOW + 3600}
    found.update((name.replace("__", "-"), value) for name, value in more.items())
    return found


def gpu(measres):
    return claims(NVIDIA, eat_nonce="9f31", hwmodel="GH100 A01 GSP BROM", measres=measres, dbgstat="disabled",
                  secboot=True, x__nvidia__gpu__driver__version="550.90.07",
                  x__nvidia__gpu__vbios__version="96.00.9F.00.01")


def bundle(result, devices):
    named = {name: ["DIGEST", ["SHA-256", hashlib.sha256(one.encode()).hexdigest()]] for name, one in devices.items()}
    overall = claims(NVIDIA, sub="NVIDIA-GPU-ATTESTATION", eat_nonce="9f31", submods=named, x__nvidia__ver="3.0",
                     x__nvidia__overall__att__result=result)
    return [["JWT", token("ec", "ES384", overall)], devices]


def main():
    os.chdir(sys.argv[1])
    make_keys()
    chain = certify()
    openssl("pkey", "-in", "other.pem", "-pubout", "-out", "other.pub")
    save("rsa.jwks", {"keys": [{"kid": "k1", "use": "sig", "alg": "RS256", **members("rsa")}]})
    save("intel.jwks", {"keys": [{"kid": "k1", "alg": "PS384", **members("rsa")}]})
    save("other.jwks", {"keys": [{"kid": "k1", **members("other")}]})
    save("twice.jwks", {"keys": [{"kid": "k1", **members("rsa")}, {"kid": "k1", **members("other")}]})
    save("ec.jwks", {"keys": [{"kid": "k1", "use": "sig", **members("ec"), "x5c": [chain]}]})
    azure = claims(AZURE, x__ms__attestation__type="sevsnpvm", x__ms__sevsnpvm__is__debuggable=False, nonce="5f1c")
    save("azure.jwt", token("rsa", "RS256", azure))
    save("debug.jwt", token("rsa", "RS256", {**azure, "x-ms-sevsnpvm-is-debuggable": True}))
    save("nothing.jwt", token("rsa", "RS256", claims(AZURE)))
    endless = {name: value for name, value in azure.items() if name != "exp"}
    save("endless.jwt", token("rsa", "RS256", endless))
    save("hostile.jwt", token("rsa", "RS256", {**azure, "sub": "\x1b[2J"}))
    save("crit.jwt", token("rsa", "RS256", azure, more={"crit": ["x"]}))
    save("claims.jwt", token("rsa", "RS256", {**azure, "a.b": True, "a": {"b": False, "c": [None, -7, 1.5, "\u00e9", {}]}}))
    save("google.jwt", token("rsa", "RS256", claims(
        GOOGLE, aud="https://relying.example", eat_nonce="nonce of ours", hwmodel="GCP_AMD_SEV_SNP",
        dbgstat="disabled-since-boot", secboot=True, swname="CONFIDENTIAL_SPACE",
        submods={"container": {"image_digest": "sha256:11"}})))
    save("intel.jwt", token("rsa", "PS384", claims(
        INTEL, attester_type="TDX", attester_tcb_status="OutOfDate", tdx_is_debuggable=False,
        verifier_nonce={"val": "5f1c"}, policy_ids_matched=[], ver="1.0.0")))
    good = {"GPU-0": token("ec", "ES384", gpu("success")), "GPU-1": token("ec", "ES384", gpu("success"))}
    save("nras.json", bundle(True, good))
    swapped = bundle(True, good)
    swapped[1] = {"GPU-0": good["GPU-1"], "GPU-1": good["GPU-0"]}
    save("swapped.json", swapped)
    save("failed.json", bundle(False, {"GPU-0": token("ec", "ES384", gpu("fail"))}))
    save("overall.jwt", bundle(True, good)[0][1])
    save("none.jwt", re.sub(r"^[^.]*(\..*\.).*$", url(b'{"alg":"none","kid":"k1"}') + r"\1", token("rsa", "RS256", azure)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
