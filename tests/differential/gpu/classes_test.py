#!/usr/bin/env python3
"""Each class explains the disagreement that it is for, and not its neighbour: the same reason without the fault, with the
fault in another certificate, response or field, or next to a reason that has none.

usage: classes_test.py [--vectors FOLDER]

Disagreements are synthetic: a case of the genuine ones with one fault, and the reasons of a verdict as Assay writes them.
Exit status: 0 all right, 1 not, 77 without the folder or the Python packages of the comparison.
"""
import argparse
import os
import sys

import run  # ends with 77 without its packages
import authority
import classes
import classes_form
import mutations
from parsed import x509

LEAF, DEVICE, AUTHORITY, ROOT = 0, 1, 2, 4
NO_KEY = ('signing-key-missing', 'the certificate of the key that signs reports', 'none')
BASE, SWITCH = 'hopper-550.90.07-device-ocsp', 'ls10-ppcie-switch0'
failed, checks = 0, 0


def expect(what, found, wanted):
    global failed, checks
    checks += 1
    if found != wanted:
        failed += 1
        print('classes: %s: expected %s, found %s' % (what, wanted, found))


def explain(case, part, reasons, status='success', ref=None, theirs=True, own=False, ask=lambda case: {}):
    ours = {'parsed': status == 'success', 'status': status, 'reasons': reasons, 'rules': {r[0] for r in reasons}}
    return classes.explain(part, theirs, own, case, ref or {}, ours, ask, lambda reason, case: False)


def certificates(case):
    return [x509.load_pem_x509_certificate(b) for b in mutations.pem_blocks(case.files['certificate_chain'])]


def with_chain(case, chain):
    other = case.clone()
    other.files['certificate_chain'] = authority.pem(chain)
    return other


def with_bytes(case, at, old, new, last=True):
    """With one certificate in which some bytes are others."""
    chain = certificates(case)
    body = authority.der(chain[at])
    where = (body.rfind if last else body.find)(old)
    assert where >= 0 and len(old) == len(new)
    chain[at] = x509.load_der_x509_certificate(body[:where] + new + body[where + len(old):])
    return with_chain(case, chain)


def with_report(case, change):
    other = case.clone()
    report = mutations.Report(case.files['report'])
    change(report)
    other.files['report'] = report.bytes()
    return other


ECDSA_SHA384, ECDSA_SHA256 = bytes.fromhex('2a8648ce3d040303'), bytes.fromhex('2a8648ce3d040302')
BASIC, UNKNOWN = bytes.fromhex('0603551d13'), bytes.fromhex('0603551d7d')


def check_form(case):
    names = [run.name_of(c) for c in certificates(case)]
    broken = with_bytes(case, LEAF, ECDSA_SHA384, ECDSA_SHA256)
    expect('the rule by name', classes_form.broken_rule(authority.der(certificates(broken)[LEAF])),
           'RFC 5280 4.1.1.2: the algorithm outside is the one inside')
    expect('a leaf with two algorithms', explain(broken, 'signature', [NO_KEY]), 'certificate-form')
    expect('a leaf without a fault', explain(case, 'signature', [NO_KEY]), None)
    other = with_bytes(case, AUTHORITY, ECDSA_SHA384, ECDSA_SHA256)
    expect('the fault is in an authority', explain(other, 'signature', [NO_KEY]), None)
    expect('a good leaf behind the broken one',
           explain(with_chain(case, certificates(broken)[:1] + certificates(case)), 'signature', [NO_KEY]), None)
    missing = ('chain-missing', 'the certificate of the issuer of this one', names[DEVICE])
    expect('an authority with two algorithms', explain(other, 'chain', [missing]), 'certificate-form')
    expect('an authority of another certificate', explain(other, 'chain', [missing[:2] + (names[LEAF],)]), None)
    fwid = bytes.fromhex('0609608648016503040202')
    longer = with_bytes(case, LEAF, fwid, b'\x06\x0a' + fwid[2:])
    expect('an OID of another length', explain(longer, 'signature', [NO_KEY]), 'certificate-form')
    expect('two reasons, one of them without a class',
           explain(broken, 'accept', [NO_KEY, ('golden-value', 'the values of driver RIM 550.90.07', 'measurement 9')]),
           None)


def check_critical(case):
    reason = ('chain-constraints', 'critical extensions that are known', 'another critical extension: %s')
    chain = certificates(case)
    named = [reason[:2] + (reason[2] % run.name_of(c),) for c in chain]
    critical = with_bytes(case, ROOT, BASIC, UNKNOWN)
    expect('critical and unknown', explain(critical, 'chain', [named[ROOT]]), 'critical-extension')
    expect('of another certificate', explain(critical, 'chain', [named[AUTHORITY]]), None)
    expect('of none', explain(case, 'chain', [named[ROOT]]), None)
    subject_key, unknown = bytes.fromhex('0603551d0e'), bytes.fromhex('0603551d7e')
    expect('unknown and not critical', explain(with_bytes(case, ROOT, subject_key, unknown), 'chain', [named[ROOT]]), None)
    other = ('chain-constraints', 'a rule that this page does not know', named[ROOT][2])
    expect('another rule of that name', explain(critical, 'chain', [other]), None)


def check_leaf_and_length(case):
    chain = certificates(case)
    expect('a root alone', explain(with_chain(case, chain[ROOT:]), 'chain', [NO_KEY]), 'leaf-form')
    expect('a root before the leaf', explain(with_chain(case, chain[ROOT:] + chain[:1]), 'chain', [NO_KEY]), None)
    four = ('chain-constraints', 'four certificates below the root', 'another number: ' + run.name_of(chain[LEAF]))
    expect('three below the root', explain(with_chain(case, chain[:3] + chain[4:]), 'chain', [four]), 'chain-length')
    expect('four below the root', explain(case, 'chain', [four]), None)
    unfit = ('chain-constraints', 'an authority that may issue certificates at this place',
             'other uses, or a shorter path: ' + run.name_of(chain[AUTHORITY]))
    expect('an authority that is fit', explain(case, 'chain', [unfit]), None)
    bare = chain[:2] + [authority.issue(chain[2], chain[3], {'drop': '2.5.29.15'})] + chain[3:]
    expect('an authority without a use', explain(with_chain(case, bare), 'chain', [unfit]), 'authority-form')
    elsewhere = chain[:3] + [authority.issue(chain[3], chain[4], {'drop': '2.5.29.15'})] + chain[4:]
    expect('another authority without a use', explain(with_chain(case, elsewhere), 'chain', [unfit]), None)


def check_kind(case, switch):
    as_gpu = ('chain-constraints', 'a certificate of a GPU', run.name_of(certificates(switch)[DEVICE]))

    def drop_version(report):
        report.fields = [f for f in report.fields if f[0] != 6]
    expect('a switch without a version', explain(with_report(switch, drop_version), 'accept', [as_gpu]), 'device-kind')
    expect('a switch with one', explain(switch, 'accept', [as_gpu]), None)
    expect('a GPU', explain(case, 'accept', [as_gpu[:2] + (run.name_of(certificates(case)[DEVICE]),)]), None)


def check_report(case):
    def one(report):
        report.head[3] = 1
    by_version, by_number = 'a version or type is not known', 'a number is outside its range'
    expect('another request', explain(with_report(case, one), 'parsed', [], by_version), 'request-form')
    expect('another request, refused for something else', explain(with_report(case, one), 'parsed', [], by_number), None)
    expect('a report without a fault', explain(case, 'parsed', [], by_number), None)


def check_responses(case):
    chain = certificates(case)
    rule = ('revocation-unknown', 'an OCSP response (or CRL) for %s', 'none')
    device, issuer = [(rule[0], rule[1] % run.name_of(chain[i]), rule[2]) for i in (DEVICE, AUTHORITY)]
    expect('a response without a fault', explain(case, 'accept', [device]), None)
    other = case.clone()
    at = next(i for i, e in enumerate(other.ocsp) if e[1] == '%x' % chain[DEVICE].serial_number)
    other.ocsp[at][3] = bytes.fromhex('30030a0106')
    expect('a response that is none', explain(other, 'accept', [device]), 'response-form')
    expect('the response of another certificate', explain(other, 'accept', [issuer]), None)
    good = case.clone()
    good.ocsp.append(list(other.ocsp[at]))
    expect('a response without a fault next to one that is none', explain(good, 'accept', [device]), None)


def check_twice(case):
    """A response that is not signed next to one that is, in both orders, and alone."""
    at = next(i for i, e in enumerate(case.ocsp) if e[1] == '%x' % certificates(case)[DEVICE].serial_number)
    wrong = list(case.ocsp[at])
    wrong[3] = wrong[3][:-1] + bytes([wrong[3][-1] ^ 1])

    def ask(other):
        return {'accept': all(e[3] != wrong[3] for e in other.ocsp)}
    for name, entries, expected in (('first', [wrong, case.ocsp[at]], 'response-arrangement'),
                                    ('last', [case.ocsp[at], wrong], 'response-arrangement'), ('alone', [wrong], None)):
        other = case.clone()
        other.ocsp = case.ocsp[:at] + entries + case.ocsp[at + 1:]
        expect('a wrong response ' + name, explain(other, 'accept', [], theirs=False, own=True, ask=ask), expected)


def check_full(case):
    eight = [('certificate-time', 'OCSP key for %d' % i, 'evaluated at 2033') for i in range(8)]
    rim = {'chain': True, 'chain_in_time': False, 'signature': True, 'version_match': True, 'product_match': True}

    def full(reasons, **changed):
        return explain(case, 'vbios_rim', reasons, ref={'vbios_rim': dict(rim, **changed)}, theirs=False, own=True)
    expect('a full list', full(eight), 'reasons-full')
    expect('a list with room', full(eight[:7]), None)
    expect('a graver reason in it', full([('firmware-id', '00', '01')] + eight[1:]), 'reasons-full')
    expect('a lesser reason in it', full(eight[:7] + [('golden-value', 'the values', 'measurement 3')]), None)
    for fault in ('chain', 'signature', 'version_match', 'product_match'):
        expect('another fault: ' + fault, full(eight, **{fault: False}), None)
    expect('in time', full(eight, chain_in_time=True), None)


def check_strays(case):
    """A certificate of the same number that leads nowhere: the answer without it decides."""
    chain = certificates(case)
    stray = authority.issue(chain[DEVICE], chain[AUTHORITY])
    with_stray = with_chain(case, chain[:1] + [stray] + chain[1:])

    def ask(answer):
        return lambda other: {'accept': answer if authority.der(stray) not in map(authority.der, certificates(other))
                              else False}
    terms = {'theirs': False, 'own': True}
    expect('accepted without the stray', explain(with_stray, 'accept', [], ask=ask(True), **terms), 'chain-arrangement')
    expect('refused without it, too', explain(with_stray, 'accept', [], ask=ask(False), **terms), None)


def check_signers(case):
    """The signer of the report is the last of the chain, and its extensions cannot be read."""
    usage = bytes.fromhex('0603551d0f0101ff0404')  # critical, and an OCTET STRING of four bytes
    unread = with_bytes(case, 0, usage + bytes.fromhex('0302'), usage + bytes.fromhex('0402'))
    chain, sound = certificates(unread), certificates(case)
    last, orphan = with_chain(unread, chain[1:] + chain[:1]), with_chain(unread, chain[2:] + chain[:1])
    other = with_report(last, lambda report: report.head.__setitem__(3, 1))

    def of(changed, part, theirs, own):
        return explain(changed, part, [], theirs=theirs, own=own)
    expect('signed by the last', of(last, 'signature', False, True), 'chain-arrangement')
    expect('signed by the first', of(unread, 'signature', False, True), None)
    expect('another report', of(other, 'signature', False, True), None)
    expect('refused, and signed by the last', of(last, 'signature', True, False), None)
    expect('readable', of(with_chain(case, sound[1:] + sound[:1]), 'signature', False, True), None)
    expect('a signer that its issuer did not sign', of(last, 'chain', True, False), 'chain-arrangement')
    expect('a signer without its issuer', of(orphan, 'chain', True, False), 'chain-arrangement')
    expect('a signer with its issuer', of(with_chain(case, sound[1:] + sound[:1]), 'chain', True, False), None)
    expect('a signer without its issuer is accepted', of(orphan, 'chain', False, True), None)


def main():
    parser = argparse.ArgumentParser(description='Test of the classes.')
    parser.add_argument('--vectors', default=os.environ.get('ASSAY_VECTORS_GPU') or run.ROOT + '/../shared/vectors-gpu')
    args = parser.parse_args()
    if not os.path.exists(os.path.join(args.vectors, 'verify.py')):
        run.skip('no vectors in ' + args.vectors)
    bases = {b.id: b for b in run.read_bases(args.vectors)[0]}
    case = bases[BASE]
    check_form(case)
    check_critical(case)
    check_leaf_and_length(case)
    check_kind(case, bases[SWITCH])
    check_report(case)
    check_responses(case)
    check_twice(case)
    check_full(case)
    check_strays(case)
    check_signers(case)
    print('classes: %d checks, %d failed' % (checks, failed))
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
