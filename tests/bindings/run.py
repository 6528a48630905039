#!/usr/bin/env python3
"""tests/bindings/run.py - runs the table of cases (cases.py) through the Python binding, as run.c does.

usage: run.py TABLE
"""
import os
import sys

import assay
from run_identity import run_identity_case
from run_standing import run_standing_case


def read(path):
    with open(path, "rb") as file:
        return file.read()


def listed(text):
    return [] if text == "-" else text.split(",")


def unhex(text):
    return None if text == "-" else bytes.fromhex(text)


def shown(value):
    if value is None:
        return "null 0"
    if isinstance(value, bool):
        return "bool %d" % value
    if isinstance(value, int):
        return "uint %d" % value
    if isinstance(value, str):
        return "text %s" % value.encode().hex()
    return "bytes %s" % value.hex()


def print_verdict(verdict):
    print("tier %s\nkind %s\ngenuine %s" % (verdict.tier.name.lower(), verdict.kind,
                                            {None: "unknown", True: "true", False: "false"}[verdict.genuine]))
    if verdict.expires is not None:
        print("expires %d" % verdict.expires)
    print_state(verdict)
    for why in verdict.findings:
        print("finding %d %s|%s|%s|%s|%s|%s|%d" % why)
    for what, why in verdict.not_checked:
        print("unchecked %s|%s" % (what, why))
    for name, value in verdict.claims.items():
        print("claim %s %s" % (name, shown(value)))
    if verdict.log_report is not None:
        print_logs(verdict.log_report)
    print("result %s" % verdict.result.hex())


def genuine_name(genuine):
    return {None: "unknown", True: "true", False: "false"}[genuine]


def print_state(v):
    print("status %s|%s|%s" % (v.tcb_status, v.launch_status, v.current_status))
    print("insecure %d\ndebug %d" % (v.insecure, v.debug))
    for name in ("time", "tcb_date", "current_tcb_date"):
        if getattr(v, name) is not None:
            print("%s %d" % (name, getattr(v, name)))
    for name in ("report_data", "measurement"):
        if getattr(v, name) is not None:
            print("%s %s" % (name, getattr(v, name).hex()))
    if v.platform is not None:
        print("platform %s\nvendor_root %s\nmasked %d" % (v.platform.id.hex(), v.platform.vendor_root.hex(),
                                                          v.platform.masked))
    if v.instance is not None:
        print("instance %s|%s|%s|%s|%d" % v.instance)
    for one in v.devices:
        print("device %s|%s|%s|%d|%s|%s|%s" % (one.kind, genuine_name(one.genuine), one.tier.name.lower(), one.rule,
                                               one.product, one.driver, one.firmware))
        print("serial %s\nplatform_id %s\nmode %s" % (one.serial.hex(), one.platform_id.hex(), one.mode or ""))
        print("expires %d %s" % (-1 if one.expires is None else one.expires, one.expires_first))
    for name in v.advisories:
        print("advisory %s" % name)
    for name in v.current_advisories:
        print("current_advisory %s" % name)
    for name, state in v.links.items():
        print("link %s %d" % (name, state))
    print("vector %s" % " ".join(map(str, v.trust_vector)))


def print_logs(report):
    for log in report.logs:
        print("log %s|%d|%d|%d|%d|%d|%d|%d|%s|%s" % log)
    for one in report.registers:
        print("register %s|%s|%s|%d" % one[:4])
        print("quoted %s\nreplayed %s" % (one.quoted.hex(), one.replayed.hex()))
    for event in report.failed:
        print("event %d %s|%s|%s|%s|%s|%d|%d|%d|%d|%s|%s" % event[:12])
        print("digest %s" % event.digest.hex())
    print("failed %d" % report.failed_count)


FLAGS = {None: "unstated", True: "yes", False: "no"}


def run_token_case(column):
    name, path, policy, at, nonce = column[0], column[1], column[4], column[6], column[8]
    print("== %s" % name)
    folder = os.path.dirname(policy)
    try:
        issuers = assay.read_issuers(read(policy).decode(), lambda file: read(os.path.join(folder, file)))
    except ValueError as error:
        print("policy %s" % error)
        return
    t = assay.verify_token(read(path), issuers, None if nonce == "-" else nonce, int(at))
    print("answer %s" % t.answer.name.lower().replace("_", "-"))
    print("statement %s" % t.statement.name.lower())
    print("why %s\nissuer_index %d\nservice %s" % (t.why, t.issuer_index, t.service.name.lower()))
    stated = ["-" if text is None else text for text in (t.issuer, t.subject, t.algorithm, t.key_id, t.attester, t.tcb_status)]
    print("stated %s|%s|%s|%d|%d" % ("|".join(stated), FLAGS[t.debug], FLAGS[t.secure_boot], t.policy_failed,
                                     t.devices_named))
    if t.issued is not None:
        print("issued %d" % t.issued)
    if t.expires:
        print("expires %d" % t.expires)
    print("vector %s" % " ".join(map(str, t.trust_vector)))
    for one in t.devices:
        print("device %s|%s|%s" % ("|".join(one[:5]), FLAGS[one.measured], "|".join(FLAGS[flag] for flag in one[6:])))
    for what, why in t.not_checked:
        print("unchecked %s|%s" % (what, why))
    for name, value in t.all_claims:
        print("claim %s %s" % (name, shown(value)))


def run_case(column, verifier):
    (name, evidence, files, roots, policy_path, exact, at, data, nonce, logs, _, _) = column
    print("== %s" % name)
    policy = None
    if policy_path != "-":
        try:
            policy = assay.Policy(read(policy_path).decode())
        except ValueError as error:
            print("policy %s" % error)
            return
        print("policy %s" % policy.digest.hex())
    trust = assay.Trust()
    for root in listed(roots):
        if root == "pinned":
            trust.add_pinned()
        elif root == "policy":
            trust.add_policy_roots(policy)
        else:
            trust.add_root(read(root))
    trust.set_exact(exact == "1")
    if files != "-":
        used = trust.add_collateral([read(path) for path in listed(files)])
        print("collateral %s" % ("used" if used else "of no use"))
    for form in ("json", "cbor"):
        result = assay.Result(form, "tests", "7", nonce="a nonce of tests")
        verdict = assay.verify(read(evidence), trust, int(at), policy, 0, unhex(data), unhex(nonce),
                               [read(path) for path in listed(logs)], verifier, result)
        if form == "json":
            print_verdict(verdict)
        else:
            print("result %s" % verdict.result.hex())


def main(arguments):
    verifier = assay.Verifier(8)
    with open(arguments[1], encoding="utf-8") as table:
        for line in table:
            column = line.rstrip("\n").split("\t")
            try:
                if column[0].startswith("token-"):
                    run_token_case(column)
                elif column[0].startswith("identity-"):
                    run_identity_case(column, read)
                elif column[0].startswith("standing-"):
                    run_standing_case(column, read)
                else:
                    run_case(column, verifier)
            except assay.Error as error:
                print("error %s" % str(error).partition(":")[0])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
