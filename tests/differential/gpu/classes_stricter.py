"""Where Assay refuses and the reference does not: the class of each reason of the verdict, by what the case has.

A part of a verdict that is refused has reasons; every one of them needs a class, and a class looks at the very
certificate, response, manifest or field that its reason names. A case that has another fault next to it explains nothing.
"""
import re

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

import authority
import classes_form
import mutations
from parsed import ocsp, x509

SPKI = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
BY_NUMBER, BY_VERSION = 'a number is outside its range', 'a version or type is not known'


# --- reports
def report_faults(raw, is_switch):
    """{class: the status that a strict reader of the report refuses it with}, beyond the reference."""
    found = {}
    try:
        r = mutations.Report(raw)
    except Exception:
        return found
    if raw[2:4] != b'\x01\xff':
        found['request-form'] = BY_VERSION
    if any(not b[5] for b in r.blocks):
        found['block-form'] = BY_NUMBER
    if len(r.fields) > 64:
        found['field-count'] = BY_NUMBER
    sizes = {11: 1, 20: 48, 21: 1, 34: 2, 36: 2}
    for kind, _, value in r.fields:
        text = value.rstrip(b'\0')
        name = text.replace(b'.', b'').replace(b'-', b'').replace(b'_', b'')
        is_name = text and len(text) < 32 and text.isascii() and (not name or name.isalnum())
        if kind in sizes and len(value) != sizes[kind]:
            found['field-form'] = BY_NUMBER
        if (kind in mutations.TEXT_FIELDS or (kind == 6 and len(value) != 8)) and not is_name:
            found['field-form'] = BY_NUMBER
        if kind == 6 and (len(value) != 8) != is_switch:
            found['device-kind'] = BY_NUMBER
        if kind == 34 and int.from_bytes(value, 'little') > 1:
            found['opaque-version'] = BY_VERSION
    return found


def _field(case, kind):
    try:
        return next((v for k, _, v in mutations.Report(case.files['report']).fields if k == kind), None)
    except Exception:
        return None


# --- certificates
def _usage(certificate, name):
    try:
        return getattr(certificate.extensions.get_extension_for_class(x509.KeyUsage).value, name)
    except Exception:
        return False


def _constraints(certificate):
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    except Exception:
        return None


def _is_signer(certificate):
    """RFC 5280 4.2.1.3 and 4.2.1.9: an end entity that signs, and no certificates."""
    basic = _constraints(certificate)
    return bool(_usage(certificate, 'digital_signature') and not _usage(certificate, 'key_cert_sign') and
                not (basic and basic.ca) and certificate.serial_number != 0)


def is_leaf(certificate):
    try:
        fwid = {e.oid.dotted_string for e in certificate.extensions} & {'2.23.133.5.4.1', '2.23.133.5.4.1.1'}
    except Exception:
        return False
    return bool(fwid) and _is_signer(certificate)


def _form_class(certificate):
    """What refuses a certificate whatever its place is."""
    encoded = authority.der(certificate)
    if classes_form.unknown_critical(encoded):
        return 'critical-extension'
    return 'certificate-form' if classes_form.broken_rule(encoded) else None


def name_of(certificate):
    try:
        names = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    except Exception:  # the package reads names late, with errors of several types
        return ''
    return names[0].value if names else ''


def _shown(certificate):
    """Its name as a reason shows it."""
    return re.sub(r'[^ -{}~]', '?', name_of(certificate))


def _is_unfit_authority(certificate, below):
    """RFC 5280 6.1.4: without the CA flag or the use keyCertSign, or with a path shorter than what is below it."""
    basic = _constraints(certificate)
    if basic is None or not basic.ca or not _usage(certificate, 'key_cert_sign'):
        return True
    return basic.path_length is not None and basic.path_length < below


def _is_root_with_wrong_signature(case, role, certificate):
    root = x509.load_pem_x509_certificate(case.files[role])
    if certificate == root or certificate.public_key().public_bytes(*SPKI) != root.public_key().public_bytes(*SPKI):
        return False
    try:
        root.public_key().verify(certificate.signature, certificate.tbs_certificate_bytes,
                                 ec.ECDSA(certificate.signature_hash_algorithm))
        return False
    except Exception:
        return True


def chain_of_device(case):
    """None when one of it cannot be read."""
    try:
        return [x509.load_pem_x509_certificate(b)
                for b in mutations.pem_blocks(case.files.get('certificate_chain', b''))]
    except Exception:
        return None


def chain_of_manifest(case, role):
    try:
        return authority.certificates_of_manifest(case.files[role])
    except Exception:
        return []


# --- the reasons of a verdict
def _of_signer(case, reason):
    """The certificate that the reference takes for the signer's is none to a strict reader, and no other one is."""
    chain = chain_of_device(case)
    if not chain:
        return None
    if any(is_leaf(c) and _form_class(c) is None for c in chain):
        return None
    return _form_class(chain[0]) or ('leaf-form' if not is_leaf(chain[0]) else None)


def _of_constraints(case, reason):
    _, expected, observed = reason
    chain = chain_of_device(case) or []
    named = [c for c in chain if observed.endswith(': ' + _shown(c)) or observed == _shown(c)]
    if expected == 'critical extensions that are known':
        return 'critical-extension' if any(_form_class(c) == 'critical-extension' for c in named) else None
    if expected == 'an authority that may issue certificates at this place':
        is_unfit = any(_is_unfit_authority(c, chain.index(c) - 1) for c in named if c in chain[1:])
        return 'authority-form' if is_unfit else None
    if expected == 'four certificates below the root':
        root = x509.load_pem_x509_certificate(case.files['trusted_root'])
        below = {authority.der(c) for c in chain if c.public_key().public_bytes(*SPKI) !=
                 root.public_key().public_bytes(*SPKI)}
        return 'chain-length' if len(below) != 4 else None
    version = _field(case, 6)
    is_switch_report = version is not None and len(version) != 8
    if expected == 'a certificate of a switch':
        return 'device-kind' if is_switch_report and named and not observed.startswith('LS_10 ') else None
    if expected == 'a certificate of a GPU':
        return 'device-kind' if not is_switch_report and named and observed.startswith('LS_10 ') else None
    return None


def _of_missing_issuer(case, reason):
    chain = chain_of_device(case) or []
    wanted = [c.issuer for c in chain if _shown(c) == reason[2]]
    found = {_form_class(c) for c in chain if c.subject in wanted} - {None}
    return min(found) if found else None


def _of_chain_signature(case, reason):
    is_root = any(reason[2] == 'a wrong signature: ' + _shown(c) and _is_root_with_wrong_signature(case, 'trusted_root', c)
                  for c in (chain_of_device(case) or [])[1:])
    return 'root-signature' if is_root else None


def _of_decoder(case, reason):
    return 'decoder-status' if _field(case, 11) not in (b'\xaa', b'\x55', None) else None


def _response_class(body):
    try:
        r = ocsp.load_der_ocsp_response(body)
        if r.produced_at.year < 1970 or r.next_update is None or r.hash_algorithm.name not in ('sha256', 'sha384'):
            return 'response-form'
        for c in r.certificates[:1]:
            if classes_form.broken_rule(authority.der(c)):
                return 'response-form'
            if not _is_signer(c) or classes_form.unknown_critical(authority.der(c)):
                return 'responder-form'
    except Exception:
        return 'response-form'
    return None


def _named_in_responses(case, name):
    """Responses about the certificates of that name; signers of manifests have one name and their role."""
    pool = [(c, '') for c in chain_of_device(case) or []]
    for role, tail in (('driver_rim', ' (driver RIM)'), ('vbios_rim', ' (VBIOS RIM)')):
        pool += [(c, tail if i == 0 else '') for i, c in enumerate(chain_of_manifest(case, role))]
    serials = {'%x' % c.serial_number for c, tail in pool if _shown(c) + tail == name}
    return [e[3] for e in case.ocsp if e[1] in serials]


def _of_response(case, reason):
    """About one certificate: every response that it has."""
    rule, expected, observed = reason
    name = observed if rule == 'ocsp-signature' else expected[len('an OCSP response (or CRL) for '):]
    bodies = _named_in_responses(case, name)
    found = [_response_class(body) for body in bodies]
    if not found or None in found:
        return None
    if rule == 'ocsp-signature' and 'responder-form' not in found:
        return None
    if 'by SHA-1' in observed and not any(b'\x2b\x0e\x03\x02\x1a' in body for body in bodies):
        return None
    return min(found)


def _of_unread_file(case, reason):
    if reason[1] != 'OCSP response':
        return None
    return 'response-form' if any(_response_class(e[3]) == 'response-form' for e in case.ocsp) else None


# --- manifests
def _has_other_characters(text):
    """In the base64 of a manifest's certificates, signature or digest."""
    root = authority.etree.fromstring(text, authority.etree.XMLParser(resolve_entities=False, no_network=True))
    return any(not re.fullmatch(r'[A-Za-z0-9+/]*={0,2}', ''.join((e.text or '').split()))
               for name in ('X509Certificate', 'SignatureValue', 'DigestValue')
               for e in root.iter('{%s}%s' % (authority.DS, name)))


def manifest_class(case, role):
    """What refuses this manifest."""
    try:
        if _has_other_characters(case.files[role]):
            return 'manifest-base64'
    except Exception:
        return None
    certificates = chain_of_manifest(case, role)
    if not certificates:
        return None
    for c in certificates:
        if _form_class(c):
            return _form_class(c)
    try:
        if any(_is_root_with_wrong_signature(case, 'rim_root', c) for c in certificates[1:]):
            return 'root-signature'
    except Exception:  # the package reads keys late, and the reference no key that it does not need
        return 'certificate-form'
    if not _is_signer(certificates[0]):
        return 'leaf-form'
    if any(_is_unfit_authority(c, i) for i, c in enumerate(certificates[1:-1])):
        return 'authority-form'
    return None


def _of_manifest(case, reason):
    _, expected, _ = reason
    role = 'driver_rim' if expected.startswith(('the manifest of driver', 'driver RIM')) else 'vbios_rim'
    return manifest_class(case, role) if role in case.files else None


CLASSES = {
    'signing-key-missing': _of_signer,
    'chain-constraints': _of_constraints,
    'chain-missing': _of_missing_issuer,
    'chain-signature': _of_chain_signature,
    'gpu-status': _of_decoder,
    'ocsp-signature': _of_response,
    'revocation-unknown': _of_response,
    'collateral-missing': _of_manifest,
    'collateral-chain': _of_manifest,
    'collateral-format': lambda case, reason: _of_unread_file(case, reason) or (
        _of_manifest(case, reason) if reason[1].startswith(('driver RIM', 'VBIOS RIM')) else None),
}
ABOUT_SIGNATURE = {'signing-key-missing', 'report-signature', 'root-missing'}
ABOUT_CHAIN = {'signing-key-missing', 'root-missing', 'chain-constraints', 'chain-missing', 'chain-signature',
               'chain-root', 'chain-format'}


def _is_behind(reason, part):
    """Is this reason one of those why the part is refused?"""
    rule, expected, _ = reason
    if part == 'accept':
        return True
    if part in ('signature', 'chain'):
        return rule in (ABOUT_SIGNATURE if part == 'signature' else ABOUT_CHAIN)
    tails = {'driver_rim': ('the manifest of driver', 'driver RIM'), 'vbios_rim': ('the manifest of firmware', 'VBIOS RIM')}
    if part in tails:  # a manifest is looked for when the device is known
        return expected.startswith(tails[part]) or 'certificate of a ' in expected
    return False


def explain(part, case, ours, is_open):
    """The class of the first reason; None unless each of them has one."""
    if not ours['parsed']:
        faults = report_faults(case.files['report'], case.device == 'switch')
        named = sorted(name for name, status in faults.items() if status == ours['status'])
        return named[0] if named else None
    behind = [r for r in ours['reasons'] if _is_behind(r, part) and not is_open(r, case)]
    names = [CLASSES[r[0]](case, r) if r[0] in CLASSES else None for r in behind]
    return names[0] if names and None not in names else None
