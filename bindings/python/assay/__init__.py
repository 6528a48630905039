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

A package over ctypes: nothing to compile, no package besides Python 3.8. Neither a Verdict nor a Token has a truth
value: `if verify(...)` raises TypeError, so that an answer is not mistaken for trust. libassay-policy is loaded with
the first Policy.

Error: a function of the library failed. TypeError, ValueError, OverflowError: an argument of another type, a text with a
NUL or a wrong length, a number that C would cut.

Threads: a Trust that is filled, and a Policy, serve any number of them at once; calls with one Verifier wait for one
another.
"""
from . import _library
from ._library import Error
from ._objects import (ALL_KINDS, Counters, Device, Kind, Piece, Policy, Trust, Verifier, attach_devices, devices_nonce,
                       pack, pack_devices, recognise)
from ._tokens import Answer, Issuer, Service, Statement, Token, TokenDevice, read_issuers, verify_token
from ._verdict import (DeviceVerdict, Event, Finding, Instance, Log, LogReport, Platform, Proof, Register, Result, Tier,
                       Verdict, verify)

__all__ = [
    "ALL_KINDS", "Answer", "Counters", "Device", "DeviceVerdict", "Error", "Event", "Finding", "Instance", "Issuer", "Kind",
    "Log", "LogReport", "Piece", "Platform", "Policy", "Proof", "Register", "Result", "Service", "Statement", "Tier", "Token",
    "TokenDevice", "Trust", "Verdict", "Verifier", "attach_devices", "devices_nonce", "pack", "pack_devices", "read_issuers",
    "recognise", "verify", "verify_token"]
__version__ = _library.lib.assay_version().decode()
version_number = _library.lib.assay_version_number()
