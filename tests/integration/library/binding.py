#!/usr/bin/env python3
"""tests/integration/library/binding.py - the Python binding: claims, challenge, and no answer by accident.

usage: binding.py VECTORS        (a folder of genuine evidence; without it only what needs none is tried)
"""
import copy
import os
import sys

import assay

checks, failures = 0, 0


def check(what, holds):
    global checks, failures
    checks += 1
    if not holds:
        failures += 1
        print("FAILED: %s" % what, file=sys.stderr)


def raises(error, function, *arguments, **named):
    try:
        function(*arguments, **named)
    except error:
        return True
    return False


def check_noise():
    trust = assay.Trust()
    trust.add_pinned()
    verdict = assay.verify(b"noise", trust, at=0)
    check("noise is never affirming", verdict.tier is not assay.Tier.AFFIRMING)
    check("noise has no claims", verdict.claims == {})
    check("noise has a reason with a remedy", verdict.findings and all(why.fix for why in verdict.findings))
    check("a verdict is no yes or no", raises(TypeError, bool, verdict))
    check("nor is a tier", raises(TypeError, bool, verdict.tier) and raises(TypeError, bool, assay.Tier.NONE))
    check("a policy is a Policy or None", raises(TypeError, assay.verify, b"x", trust, at=0, policy=""))
    for what, named in (("a time", {"at": 2**64}), ("a kind", {"at": 0, "kind": 2**32 + 1})):
        check("%s that does not fit" % what, raises(OverflowError, assay.verify, b"x", trust, **named))
    check("kinds that do not fit", raises(OverflowError, trust.add_root, b"noise", 2**32))
    check("platforms that do not fit", raises(OverflowError, assay.Verifier, 2**64 + 1))
    check("an expiry that does not fit", raises(OverflowError, assay.Result, expires=2**63))
    check("a number is no challenge", raises(TypeError, assay.verify, b"x", trust, at=0, report_data=64))
    check("nothing at all is judged, too", assay.verify(b"", trust, at=0).tier is not assay.Tier.AFFIRMING)
    check("a challenge that is too long is an error", raises(assay.Error, assay.verify, b"x", trust, report_data=bytes(65)))
    check("an empty one as well", raises(assay.Error, assay.verify, b"x", trust, report_data=b""))
    check("collateral that is none is said to be none", trust.add_collateral([b"noise"]) is False)
    check("a policy that is none says where", raises(ValueError, assay.Policy, "policy_version: x\n"))


def check_tokens():
    """Misuse of tokens is an exception that says what was expected; a token is no yes or no."""
    one = assay.Issuer(assay.Service.INTEL, "https://one.example", b'{"keys":[]}')
    token = assay.verify_token(b"noise", [one], at=0)
    check("noise is a malformed token", token.answer is assay.Answer.MALFORMED and token.statement is assay.Statement.NOTHING)
    check("with a reason, and nothing else", token.why and not token.claims and not token.not_checked)
    check("text as well", assay.verify_token("noise", [one], at=0).answer is assay.Answer.MALFORMED)
    for what, value in (("a token", token), ("its answer", token.answer), ("its statement", token.statement)):
        check("%s is no yes or no" % what, raises(TypeError, bool, value))
    for what, error, arguments in (
            ("no token", TypeError, (None, [one])), ("a number as token", TypeError, (5, [one])),
            ("no issuers", assay.Error, (b"x", [])), ("an issuer that is none", TypeError, (b"x", ["one"])),
            ("issuers that are none", TypeError, (b"x", None)), ("a long token", assay.Error, (bytes(131073), [one])),
            ("too many issuers", assay.Error, (b"x", [one] * 17)),
            ("a service that is none", assay.Error, (b"x", [one._replace(service=5)])),
            ("a service that does not fit", OverflowError, (b"x", [one._replace(service=2**32 + 1)])),
            ("a service in words", TypeError, (b"x", [one._replace(service="intel")])),
            ("an issuer without a name", assay.Error, (b"x", [one._replace(issuer="")])),
            ("None as name", assay.Error, (b"x", [one._replace(issuer=None)])),
            ("bytes as name", TypeError, (b"x", [one._replace(issuer=b"i")])),
            ("a name with a NUL", ValueError, (b"x", [one._replace(issuer="a\0b")])),
            ("an audience with a NUL", ValueError, (b"x", [one._replace(audience="\0")])),
            ("no keys", assay.Error, (b"x", [one._replace(keys=None)])),
            ("text as keys", TypeError, (b"x", [one._replace(keys="{}")])),
            ("a long key set", assay.Error, (b"x", [one._replace(keys=bytes(524289))])),
            ("an age below 0", OverflowError, (b"x", [one._replace(age_max_s=-1)])),
            ("an age that does not fit", OverflowError, (b"x", [one._replace(age_max_s=2**64)])),
            ("a fraction as age", TypeError, (b"x", [one._replace(age_max_s=0.5)])),
            ("a nonce with a NUL", ValueError, (b"x", [one], "a\0b")), ("bytes as nonce", TypeError, (b"x", [one], b"n")),
            ("a time that does not fit", OverflowError, (b"x", [one], None, 2**63)),
            ("a time in words", TypeError, (b"x", [one], None, "now"))):
        check("%s is an error" % what, raises(error, assay.verify_token, *arguments))
    check("a policy without issuers", assay.read_issuers("policy_version: 1\nprofile: production\n", bytes) == [])
    check("one that is none says where", raises(ValueError, assay.read_issuers, "policy_version: x\n", bytes))
    check("bytes are no policy", raises(TypeError, assay.Policy, b"policy_version: 1\n"))


def check_identities():
    """Misuse of a network's certificates and tokens; nothing that is empty or of another type is `not checked`."""
    network, at = assay.IdentityRequest(b"noise"), 1800000000
    try:
        assay.verify_peer(network, [b"x"], at)
        check("noise is no CA certificate", False)
    except assay.Error as error:
        check("noise is no CA certificate, and why", "CA certificates" in error.why and error.why in str(error))
    keys = network._replace(trusted=b'{"keys":[]}', issuer="https://one.example", audience="two")
    token = assay.verify_identity_token(keys, "noise", at)
    check("noise is a malformed token", token.answer is assay.IdentityAnswer.MALFORMED and token.why and token.claims is None)
    check("nothing of it is left open", token.not_checked == [])
    for what, value in (("an identity", token), ("its answer", token.answer), ("a standing", assay.Standing.FULL)):
        check("%s is no yes or no" % what, raises(TypeError, bool, value))
    for what, error, members in (
            ("a short chain id", ValueError, {"chain_id": b"c" * 31}), ("an empty one", ValueError, {"chain_id": b""}),
            ("one in words", TypeError, {"chain_id": "c" * 32}), ("a long node id", ValueError, {"node_id": bytes(33)}),
            ("nothing trusted", assay.Error, {"trusted": b""}), ("text as CA certificates", TypeError, {"trusted": "x"}),
            ("None as these", TypeError, {"trusted": None}), ("too much trusted", assay.Error, {"trusted": bytes(131073)}),
            ("a service with a NUL", ValueError, {"service": "api\0"}), ("bytes as service", TypeError, {"service": b"api"}),
            ("an id with a NUL", ValueError, {"spiffe_id": "\0"}), ("an era below 0", OverflowError, {"era": -1}),
            ("an era that does not fit", OverflowError, {"era": 2**64}), ("a fraction", TypeError, {"age_max_s": 0.5}),
            ("an epoch that does not fit", OverflowError, {"epoch_min": 2**64}), ("no epoch", TypeError, {"epoch_min": None}),
            ("a standing that is none", assay.Error, {"standing_worst": 4}), ("one below 0", assay.Error, {"standing_worst": -1}),
            ("kinds that do not fit", OverflowError, {"kinds": 2**32}), ("skew that does not fit", OverflowError, {"skew_s": -1}),
            ("too much skew", assay.Error, {"skew_s": 301}), ("a word as flag", TypeError, {"accept_insecure": "no"}),
            ("a number as flag", TypeError, {"accept_insecure": 1})):
        check("%s is an error" % what, raises(error, assay.verify_peer, network._replace(**members), [b"x"], at))
    for what, error, arguments in (
            ("no certificates", assay.Error, ([],)), ("bytes as a list", TypeError, (b"x",)), ("None", TypeError, (None,)),
            ("text as a certificate", TypeError, (["x"],)), ("too many", assay.Error, ([b"x"] * 9,)),
            ("a time that does not fit", OverflowError, ([b"x"], 2**63)), ("a time below 0", assay.Error, ([b"x"], -1))):
        check("%s is an error" % what, raises(error, assay.verify_peer, network, *arguments))
    check("a request that is none", raises(TypeError, assay.verify_peer, b"noise", [b"x"]))
    check("None is no token", raises(TypeError, assay.verify_identity_token, keys, None))
    for name in ("issuer", "audience"):
        check("no %s" % name, raises(assay.Error, assay.verify_identity_token, keys._replace(**{name: None}), "x", at))


def check_pieces():
    """Evidence that is put together; arguments of other types and lengths are exceptions."""
    trust, verifier = assay.Trust(), assay.Verifier(1)
    check("a policy by default", len(assay.Policy.default().digest) == 32)
    check("noise is no encoded policy", raises(assay.Error, assay.Policy.from_encoded, b"noise"))
    check("nothing has no kind", raises(assay.Error, assay.recognise, b""))
    check("None is no evidence", raises(TypeError, assay.recognise, None) and raises(TypeError, assay.verify, None, trust, 0))
    packed = assay.pack(assay.Kind.SNP, bytes(1184), [b"\x30\0"])
    check("a report and a certificate are packed", len(packed) > 1184 and assay.recognise(packed) is assay.Kind.SNP)
    check("a piece of another kind", raises(assay.Error, assay.pack, assay.Kind.SNP, b"x", pcrs=b"y"))
    check("a piece of no name", raises(TypeError, assay.pack, assay.Kind.SNP, b"x", pcr=b"y"))
    check("bytes are no list", raises(TypeError, assay.pack, assay.Kind.SNP, b"x", b"certificate") and
          raises(TypeError, trust.add_collateral, b"file") and raises(TypeError, assay.verify, b"x", trust, 0, logs=b"log"))
    gpu = assay.Device(assay.Kind.NVIDIA_GPU, b"\7" * 2000, [b"\1\2\3"])
    devices, data = assay.pack_devices(b"\1", [gpu, gpu])
    check("devices are packed", len(data) == 64 and len(assay.devices_nonce(b"\1")) == 32)
    check("a set of none is an error", raises(assay.Error, assay.pack_devices, b"\1", []))
    for wrong in (b"", bytes(65)):
        check("a challenge of %d bytes" % len(wrong), raises(ValueError, assay.devices_nonce, wrong))
    check("devices of no processor", raises(assay.Error, assay.attach_devices, b"noise", devices))
    check("a request without logs has no report", assay.verify(b"x", trust, 0).log_report is None)
    check("one with logs has", assay.verify(b"x", trust, 0, logs=[b"noise"]).log_report is not None)
    verifier.set_tables(0)
    check("tables that do not fit", raises(OverflowError, verifier.set_tables, -1))
    check("too many tables", raises(assay.Error, verifier.set_tables, 10**6))
    check("counters", verifier.counters.platforms == 0 and verifier.counters.memory_bytes > 0)
    check("no pieces", trust.pieces == [])
    check("a number is no result", raises(TypeError, assay.verify, b"x", trust, 0, result=1))
    for what, named in (("a form", {"form": "xml"}), ("a short key", {"key": b"short"}), ("a text", {"nonce": "a\0b"})):
        check("%s that is none" % what, raises(ValueError, assay.Result, **named))


class Unmade(assay.Policy):
    def __init__(self):
        self._pointer = assay._library.OBJECT()


def check_objects():
    """The library is given objects of the right kind alone, and none that is gone: NULL would be the default policy."""
    trust, policy, verifier = assay.Trust(), assay.Policy("policy_version: 1\nprofile: production\n"), assay.Verifier(1)
    for what, named in (("a policy as trust", {"trust": policy}), ("trust as a policy", {"trust": trust, "policy": trust}),
                        ("trust as a verifier", {"trust": trust, "verifier": trust}), ("no trust", {"trust": None})):
        check(what, raises(TypeError, assay.verify, b"x", at=0, **named))
    check("roots of what is no policy", raises(TypeError, trust.add_policy_roots, trust))
    check("a policy that no constructor made", raises(assay.Error, assay.verify, b"x", trust, at=0, policy=Unmade()))
    for one in (trust, policy, verifier):
        check("%r has no copy" % one, raises(TypeError, copy.copy, one) and raises(TypeError, copy.deepcopy, one))
    check("and is still there", assay.verify(b"x", trust, 0, policy, verifier=verifier).tier is not assay.Tier.AFFIRMING)
    check("roots are any bytes", raises(assay.Error, trust.add_root, bytearray(b"noise")))


def check_genuine(folder):
    trust = assay.Trust()
    trust.add_pinned()
    files = []
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), "rb") as file:
            files.append(file.read())
    trust.add_collateral(files)
    with open(os.path.join(folder, "quote.bin"), "rb") as file:
        quote = file.read()
    at = 1751624191
    verdict = assay.verify(quote, trust, at)
    check("a genuine quote is affirming", verdict.tier is assay.Tier.AFFIRMING and verdict.genuine is True)
    check("its kind has a name", verdict.kind == "tdx-v4")
    check("its claims have types", isinstance(verdict.claims["mrtd"], bytes) and len(verdict.claims["rtmr3"]) == 48 and
          verdict.claims["debug"] is False and verdict.claims["quote_version"] == 4 and
          verdict.claims["body_type"] == "tdx10")
    check("lists are counted, and their members have names", verdict.claims["spki_sha256"] == 3 and
          len(verdict.claims["spki_sha256.2"]) == 32)
    check("it ends", verdict.expires is not None and verdict.expires > at)
    check("without a challenge it may be a recording", "freshness" in dict(verdict.not_checked))
    data = verdict.claims["report_data"]
    answered = assay.verify(quote, trust, at, report_data=data)
    check("the right challenge is answered", answered.tier is assay.Tier.AFFIRMING)
    check("and freshness is checked then", "freshness" not in dict(answered.not_checked))
    other = assay.verify(quote, trust, at, report_data=bytes([data[0] ^ 1]) + data[1:])
    check("another one is not", other.tier is assay.Tier.CONTRAINDICATED and other.findings[0].name == "challenge")
    turned = assay.verify(quote[:100] + bytes([quote[100] ^ 1]) + quote[101:], trust, at)
    check("a modified quote is not genuine", turned.genuine is False and turned.tier is assay.Tier.CONTRAINDICATED)


def check_key_proofs():
    """Misuse of proofs of standing and of keys; what they prove is compared by tests/bindings."""
    good = assay.KeyRequest(b"noise", b"noise", b"key", 60)
    for what, error, members in (
            ("noise", assay.Error, {}), ("an empty proof", assay.Error, {"proof": b""}), ("no key", assay.Error, {"key": b""}),
            ("a proof that is a number", TypeError, {"proof": 5}), ("a short id", ValueError, {"node_id": b"x"}),
            ("a name with a NUL", ValueError, {"name": "a\0b"}), ("a name that is none", TypeError, {"name": b"api"}),
            ("an empty name", assay.Error, {"name": ""}), ("an age of 0", assay.Error, {"max_age_s": 0}),
            ("an age that C would cut", OverflowError, {"max_age_s": 1 << 32}), ("a part of a second", TypeError, {"max_age_s": .5}),
            ("a time before 1970", OverflowError, {"now_ms": -1}), ("a standing of no key", assay.Error, {"standing_worst": 2})):
        check("%s is an error" % what, raises(error, assay.verify_key, good._replace(**members)))
    check("a request that is none", raises(TypeError, assay.verify_key, b"noise"))
    check("noise proves nothing", raises(assay.Error, assay.verify_standing, b"noise", b"noise"))
    check("an answer is no yes", raises(TypeError, bool, assay.KeyAnswer.ACTIVE))
    check("nor is that of a proof", raises(TypeError, bool, assay.ProofAnswer.PROVEN))


def main(arguments):
    check_noise()
    check_objects()
    check_tokens()
    check_identities()
    check_key_proofs()
    check_pieces()
    folder = os.path.join(arguments[1], "tdx", "tdx-v4-uptodate") if len(arguments) > 1 else ""
    if os.path.isdir(folder):
        check_genuine(folder)
    print("%d of %d checks passed" % (checks - failures, checks))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
