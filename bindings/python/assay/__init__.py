"""bindings/python/assay - libassay from Python: evidence in, verdict out.

    import assay
    trust = assay.Trust()
    trust.add_pinned()
    trust.add_collateral([bytes, ...])
    verdict = assay.verify(evidence, trust, at=1751624191, report_data=challenge)
    if verdict.tier is assay.Tier.AFFIRMING: print(verdict.claims["mrtd"].hex(), verdict.not_checked)

    verdict = assay.verify(evidence, trust, policy=assay.Policy(text), result=assay.Result("jwt", key=key))
    print(verdict.result)

    token = assay.verify_token(jwt, [assay.Issuer(assay.Service.INTEL, issuer, keys=key_set)], nonce=nonce)
    if token.answer is assay.Answer.VALID and token.statement is assay.Statement.AFFIRMING: ...

    network = assay.IdentityRequest(bundle, chain_id=chain_id, service="api", age_max_s=300)
    peer = assay.verify_peer(network, [connection.getpeercert(True)])
    if peer.answer is assay.IdentityAnswer.VALID: print(peer.claims.spiffe_id, peer.not_checked)

    peer = assay.verify_key(assay.KeyRequest(proof, checkpoint, key, max_age_s=300, node_id=member))
    if peer.answer is assay.KeyAnswer.ACTIVE: checkpoint = peer.report.checkpoint

    key = assay.WorkloadKey("/run/assay-services/keys/enclave.sock", chain_id, "api", spki, sign)
    boot = assay.register_key(key).boot  # every few seconds: assay.register_key(key._replace(boot=boot))

    with assay.Continuity.open("/run/assay-services/enclave-0", "state", checkpoint, key) as continuity:
        continuity.start(60000)                       # adopts the state that was certified last, or raises
        continuity.save(new_state(continuity.state), 60000)   # output of the new state may be released now

    with assay.KeyValueStore.open("/run/assay-services/enclave-0", "accounts.db", "states", checkpoint, key) as store:
        store.start(60000)                            # verifies the store, or raises
        with store.batch():                           # one certified commit, or nothing of it
            store.put(b"account/1", b"70")
            store.put(b"account/2", b"30")

    files = assay.Files("/run/app/tls")  # of `assay identity fetch`
    server.socket = files.server_context().wrap_socket(server.socket, server_side=True)

A package over ctypes: nothing to compile, no package besides Python 3.8. A Verdict, a Token, an Identity and a KeyVerdict have
no truth value: `if verify(...)` raises TypeError, so that an answer is not mistaken for trust. libassay-policy is loaded with
the first Policy, libassay-standing with the first proof, libassay-keys with the first key that is registered,
libassay-continuity with the first instance that is created or opened, libassay-sqlite with the first store.

Error: a function of the library failed. ContinuityError, ReceiptError: those of
libassay-continuity and libassay-sqlite, which have results of their own.
TypeError, ValueError, OverflowError: an argument of another type, a text with a NUL or a wrong length, a number that C
would cut.

Threads: a Trust that is filled, and a Policy, serve any number of them at once; calls with one Verifier wait for one
another.
"""
from . import _library
from ._continuity import Continuity, ContinuityError, ContinuityResult, ContinuityStatus, InDoubt
from ._files import Files, spiffe_id
from ._identity import Identity, IdentityAnswer, IdentityClaims, IdentityRequest, Standing, verify_identity_token, verify_peer
from ._kv import KeyValueStore
from ._library import Error
from ._objects import (ALL_KINDS, Counters, Device, Kind, Piece, Policy, Trust, Verifier, attach_devices, devices_nonce,
                       pack, pack_devices, recognise)
from ._receipt import ReceiptAnswer, ReceiptClaims, ReceiptError, verify_receipt
from ._standing import (KeyAnswer, KeyRequest, KeyVerdict, Outcome, ProofAnswer, Stage, StandingReport, verify_key,
                        verify_standing)
from ._tokens import Answer, Issuer, Service, Statement, Token, TokenDevice, read_issuers, verify_token
from ._verdict import (DeviceVerdict, Event, Finding, Instance, Log, LogReport, Platform, Proof, Register, Result, Tier,
                       Verdict, verify)
from ._workload import Purpose, Registration, RegistrationError, WorkloadKey, register_key, withdraw_key

__all__ = [
    "ALL_KINDS", "Answer", "Continuity", "ContinuityError", "ContinuityResult", "ContinuityStatus", "Counters",
    "Device", "DeviceVerdict", "Error", "Event", "Files", "Finding", "Identity", "IdentityAnswer", "IdentityClaims",
    "IdentityRequest", "InDoubt", "Instance", "Issuer", "KeyAnswer", "KeyRequest", "KeyValueStore", "KeyVerdict", "Kind", "Log",
    "LogReport", "Outcome", "Piece", "Platform", "Policy", "Proof", "ProofAnswer", "Purpose", "ReceiptAnswer",
    "ReceiptClaims", "ReceiptError", "Register", "Registration", "RegistrationError", "Result", "Service", "Stage", "Standing", "StandingReport", "Statement",
    "Tier", "Token", "TokenDevice", "Trust", "Verdict", "Verifier", "WorkloadKey", "attach_devices",
    "devices_nonce", "pack", "pack_devices", "read_issuers", "recognise", "register_key", "spiffe_id", "verify",
    "verify_identity_token", "verify_key", "verify_peer", "verify_receipt", "verify_standing", "verify_token", "withdraw_key"]
__version__ = _library.lib.assay_version().decode()
version_number = _library.lib.assay_version_number()
