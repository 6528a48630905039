"""Disagreements with the reference checker that have a reason; each is checked in the case itself.

Where Assay accepts more, the same contents in the arrangement that the reference expects (leaf first, every response
next to its certificate, nothing behind a report) have to get Assay's answer from the reference, too. Where Assay is
stricter, the case has to have what the class names.
"""
import re

from cryptography.hazmat.primitives.asymmetric import ec

import authority
import mutations
from parsed import ocsp, x509

REASONS = {
    'report-zero-tail': 'zeros behind a report are no part of it: attesters hand over the whole buffer of the driver',
    'chain-arrangement': 'which certificate is which follows from names and signatures, not from their order; one that '
                         'is not needed does no harm',
    'response-arrangement': 'what a response is about follows from its contents; one about no certificate of the '
                            'case means nothing, and bytes behind it are no part of it',
    'manifest-arrangement': 'a manifest serves as what its signed version says',
    'hex-case': 'digits of a golden value in either case are the same value',
    'root-is-a-key': 'RFC 5280 6.1: the trust anchor is an input; a pinned root is a key, and its signature proves what '
                     'it issued, whatever issuer the certificate names',
    'request-form': 'stricter: the request was for everything, with a signature (SPDM 1.1, GET_MEASUREMENTS)',
    'block-form': 'stricter: a measurement block without a value is none',
    'field-form': 'stricter: an opaque field that is read has the size and the characters that it always has',
    'field-count': 'stricter: 64 fields are the limit',
    'opaque-version': 'stricter: an opaque version above 1 is unknown (as to the SDK)',
    'decoder-status': 'stricter: a decoder that is neither on nor off does not say whether its measurement counts',
    'device-kind': 'stricter: a switch is one by its certificate and its version, whatever the case calls it',
    'leaf-form': 'stricter: the signer of a report has the use digitalSignature, no CA flag and a firmware identity',
    'authority-form': 'stricter: RFC 5280 6.1.4: an authority has the use keyCertSign and a path length that allows '
                      'what follows',
    'chain-length': 'stricter: four certificates below the root',
    'manifest-base64': 'stricter: RFC 4648 3.3: base64 has no other characters; the decoder of the reference skips them',
    'root-signature': 'stricter: the certificate of the root that comes with a chain is signed by the root, like every '
                      'other one; the reference goes from the last authority to its own copy of the root',
    'certificate-form': 'stricter: a certificate outside RFC 5280, or one of a chain that cannot be read',
    'responder-form': 'stricter: the key of a delegate is an end entity with the use digitalSignature',
    'response-form': 'stricter: a response has nextUpdate, times since 1970, one answer and a CertID by SHA-256 or SHA-384 (SHA-1 may '
                     'revoke, and covers nothing)',
    'manifest-form': 'stricter: a manifest has the profile of genuine ones, bounds, and each part once',
    'signature-form': 'stricter: responses are signed with ECDSA, certificates with the algorithms of the vendors',
}


# --- the same contents as the reference expects them
def _leaf_first(case):
    """Chains with the signer first: the one that signed, or without one each that could."""
    blocks, good = mutations.pem_blocks(case.files['certificate_chain']), []
    for block in blocks:
        try:
            c = x509.load_pem_x509_certificate(block)
            c.subject, c.extensions, c.public_key()
            if all(authority.der(c) != authority.der(g) for g in good):
                good.append(c)
        except Exception:
            continue
    raw = case.files['report']
    for c in good:
        try:
            r, s = raw[-96:-48], raw[-48:]
            signature = authority.encode_dss_signature(int.from_bytes(r, 'big'), int.from_bytes(s, 'big'))
            c.public_key().verify(signature, raw[:-96], ec.ECDSA(authority.hashes.SHA384()))
        except Exception:
            continue
        return [authority.pem([c] + [g for g in good if g is not c])]
    leaves = [c for c in good if _is_leaf(c)] or good[:1]
    return [authority.pem([c] + [g for g in good if g is not c]) for c in leaves]


def _declared_length(raw):
    at = 45 + int.from_bytes(raw[42:45], 'little') + 32
    return at + 2 + int.from_bytes(raw[at:at + 2], 'little') + 96


def _der_length(body):
    if len(body) < 4 or body[0] != 0x30:
        return len(body)
    n = body[1] & 0x7f
    return 2 + body[1] if body[1] < 128 else 2 + n + int.from_bytes(body[2:2 + n], 'big')


def _responses(case):
    """Of several about one certificate the newest that was issued by then; none about strangers."""
    pool = {}
    chain = mutations.pem_blocks(case.files['certificate_chain'])
    for of, certificates in [('device', [x509.load_pem_x509_certificate(b) for b in chain])] + [
            ('rim', authority.certificates_of_manifest(case.files[r])) for r in mutations.RIMS if r in case.files]:
        for c in certificates:
            pool.setdefault(c.serial_number, of)
    kept = {}
    for _, _, name, body in case.ocsp:
        body = body[:_der_length(body)]
        try:
            r = ocsp.load_der_ocsp_response(body)
            serial, time = r.serial_number, r.this_update
        except Exception:
            return case.ocsp
        if serial in pool and (serial not in kept or kept[serial][0] < time):
            kept[serial] = (time, [pool[serial], '%x' % serial, name, body])
    return [entry for _, entry in kept.values()]


def _without_unreadable_keys(text):
    """The manifest without authorities whose keys cannot be read; nothing signs which certificates it brings along."""
    elements = list(re.finditer(rb'<((?:\w+:)?X509Certificate)>[^<]*</\1>', text))
    try:
        certificates = authority.certificates_of_manifest(text)
    except Exception:
        return text
    if len(elements) != len(certificates):
        return text
    for element, c in reversed(list(zip(elements, certificates))[1:]):
        try:
            c.public_key()
        except Exception:
            text = text[:element.start()] + text[element.end():]
    return text


def _manifests(case, report):
    driver, vbios = report['driver_version'], report['vbios_version']
    out = {}
    for role in mutations.RIMS:
        if role not in case.files:
            continue
        try:
            version = authority.etree.fromstring(case.files[role]).find(
                '{http://standards.iso.org/iso/19770/-2/2015/schema.xsd}Meta').get('colloquialVersion') or ''
        except Exception:
            continue
        out['driver_rim' if version.upper() == (driver or '').upper() else
            'vbios_rim' if version.upper() == (vbios or '').upper() else role] = case.files[role]
    return out


def arranged(case, ref):
    """[(class, case)]: the case with one more arrangement each."""
    out, now = [], case.clone()
    raw = now.files['report']
    if len(raw) > 79:
        end = _declared_length(raw)
        if end < len(raw) and not any(raw[end:]):
            now.files['report'] = raw[:end]
            out.append(('report-zero-tail', now.clone()))
    for chain in reversed(_leaf_first(now)):
        if chain != case.files['certificate_chain']:
            now.files['certificate_chain'] = chain
            out.append(('chain-arrangement', now.clone()))
    readable = {role: _without_unreadable_keys(now.files[role]) for role in mutations.RIMS if role in now.files}
    if any(readable[role] != now.files[role] for role in readable):
        now.files.update(readable)
        out.append(('chain-arrangement', now.clone()))
    if 'driver_version' in ref:
        manifests = _manifests(now, ref)
        if any(manifests.get(r) != now.files.get(r) for r in mutations.RIMS):
            for role in mutations.RIMS:
                now.files.pop(role, None)
            now.files.update(manifests)
            out.append(('manifest-arrangement', now.clone()))
    try:
        responses = _responses(now)
    except Exception:
        responses = now.ocsp
    if responses != now.ocsp:
        now.ocsp = responses
        out.append(('response-arrangement', now.clone()))
    return out


# --- stricter
def _report_faults(raw, is_switch):
    """What a strict reader of the report refuses, beyond the reference."""
    found = set()
    try:
        r = mutations.Report(raw)
    except Exception:
        return found
    if raw[2:4] != b'\x01\xff':
        found.add('request-form')
    if any(not b[5] for b in r.blocks):
        found.add('block-form')
    if len(r.fields) > 64:
        found.add('field-count')
    sizes = {11: 1, 20: 48, 21: 1, 34: 2, 36: 2}
    for kind, _, value in r.fields:
        text = value.rstrip(b'\0')
        name = text.replace(b'.', b'').replace(b'-', b'').replace(b'_', b'')
        is_name = text and len(text) < 32 and text.isascii() and (not name or name.isalnum())
        if kind in sizes and len(value) != sizes[kind]:
            found.add('field-form')
        if (kind in mutations.TEXT_FIELDS or (kind == 6 and len(value) != 8)) and not is_name:
            found.add('field-form')
        if kind == 6 and (len(value) != 8) != is_switch:
            found.add('device-kind')
        if kind == 34 and int.from_bytes(value, 'little') > 1:
            found.add('opaque-version')
        if kind == 11 and value not in (b'\xaa', b'\x55'):
            found.add('decoder-status')
    return found


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


def _is_leaf(certificate):
    fwid = {e.oid.dotted_string for e in certificate.extensions} & {'2.23.133.5.4.1', '2.23.133.5.4.1.1'}
    basic = _constraints(certificate)
    return _usage(certificate, 'digital_signature') and bool(fwid) and not (basic and basic.ca)


def _authority_fault(chain):
    """An authority below the root without the use, or with a path shorter than what follows it."""
    for i, c in enumerate(chain[1:], 1):
        basic = _constraints(c)
        if basic is None or not basic.ca or not _usage(c, 'key_cert_sign'):
            return True
        if basic.path_length is not None and basic.path_length < i - 1:
            return True
    return False


def _chain(case):
    out = []
    for block in mutations.pem_blocks(case.files.get('certificate_chain', b'')):
        try:
            out.append(x509.load_pem_x509_certificate(block))
        except Exception:
            return None
    return out


def _is_root_with_wrong_signature(case, role, certificate):
    root = x509.load_pem_x509_certificate(case.files[role])
    form = (authority.serialization.Encoding.DER, authority.serialization.PublicFormat.SubjectPublicKeyInfo)
    if certificate == root or certificate.public_key().public_bytes(*form) != root.public_key().public_bytes(*form):
        return False
    try:
        root.public_key().verify(certificate.signature, certificate.tbs_certificate_bytes,
                                 ec.ECDSA(certificate.signature_hash_algorithm))
        return False
    except Exception:
        return True


def _chain_faults(case, ref):
    chain = _chain(case)
    if chain is None:
        return {'certificate-form'}
    found = set()
    try:
        if any(_is_root_with_wrong_signature(case, 'trusted_root', c) for c in chain[1:]):
            found.add('root-signature')
        if chain and not _is_leaf(chain[0]):
            found.add('leaf-form')
        if _authority_fault(chain[:4]):
            found.add('authority-form')
        if any(e.critical and isinstance(e.value, x509.UnrecognizedExtension) and
               not e.oid.dotted_string.startswith('2.23.133.5.4.1') for c in chain for e in c.extensions):
            found.add('certificate-form')  # RFC 5280 4.2: one that is critical and unknown refuses the certificate
    except Exception:
        found.add('certificate-form')
    if len(chain) not in (4, 5):
        found.add('chain-length')
    return found


def _response_faults(case):
    found = set()
    for entry in case.ocsp:
        try:
            r = ocsp.load_der_ocsp_response(entry[3])
            if r.produced_at.year < 1970:
                found.add('response-form')
            if r.next_update is None or r.hash_algorithm.name not in ('sha256', 'sha384'):
                found.add('response-form')
            for c in r.certificates[:1]:
                basic = _constraints(c)
                if (basic and basic.ca) or not _usage(c, 'digital_signature'):
                    found.add('responder-form')
        except Exception:
            found.add('response-form')
    return found


def _has_other_characters(text):
    """In the base64 of a manifest's certificates, signature or digest."""
    root = authority.etree.fromstring(text, authority.etree.XMLParser(resolve_entities=False, no_network=True))
    return any(not re.fullmatch(r'[A-Za-z0-9+/]*={0,2}', ''.join((e.text or '').split()))
               for name in ('X509Certificate', 'SignatureValue', 'DigestValue')
               for e in root.iter('{%s}%s' % (authority.DS, name)))


def _manifest_faults(case):
    found = set()
    for role in mutations.RIMS:
        try:
            if _has_other_characters(case.files[role]):
                found.add('manifest-base64')
            certificates = authority.certificates_of_manifest(case.files[role])
        except Exception:
            continue
        try:
            if any(_is_root_with_wrong_signature(case, 'rim_root', c) for c in certificates[1:]):
                found.add('root-signature')
        except Exception:  # the package reads names and keys late, and the reference no key that it does not need
            found.add('certificate-form')
        basic = [_constraints(c) for c in certificates]
        if (basic[0] and basic[0].ca) or not _usage(certificates[0], 'digital_signature'):
            found.add('leaf-form')
        if _authority_fault(certificates[:-1]):
            found.add('authority-form')
    return found


# Which rules of a verdict a class may explain.
ABOUT = {
    'certificate-form': {'chain-missing', 'chain-constraints', 'format', 'signing-key-missing', 'chain-format',
                         'collateral-format', 'collateral-missing'},
    'leaf-form': {'signing-key-missing', 'collateral-chain', 'collateral-missing', 'chain-missing'},
    'authority-form': {'chain-constraints', 'collateral-chain', 'collateral-missing'},
    'manifest-base64': {'collateral-format', 'collateral-missing'},
    'root-signature': {'chain-signature', 'collateral-chain', 'collateral-missing'},
    'chain-length': {'chain-constraints', 'signing-key-missing', 'chain-missing'},
    'response-form': {'collateral-format', 'revocation-unknown'},
    'responder-form': {'ocsp-signature', 'revocation-unknown'},
    'manifest-form': {'collateral-format', 'collateral-missing'},
    'decoder-status': {'gpu-status'},
    'device-kind': {'chain-constraints'},
}


def _stricter(part, case, ref, ours):
    if not ours['parsed']:
        for name in sorted(_report_faults(case.files['report'], case.device == 'switch')):
            return name
        return 'certificate-form' if _chain(case) is None else None
    found = _chain_faults(case, ref) | _response_faults(case) | _manifest_faults(case) | _report_faults(
        case.files['report'], case.device == 'switch')
    for name in sorted(found):
        if ours['rules'] & ABOUT.get(name, set()):
            return name
    return None


def _is_rooted_by_key(case):
    """A certificate whose issuer has another name than the root that signed it."""
    for role, certificates in [('trusted_root', _chain(case) or [])] + [
            ('rim_root', _manifest_chain(case, r)) for r in mutations.RIMS]:
        if role not in case.files:
            continue
        root = x509.load_pem_x509_certificate(case.files[role])
        for c in certificates:
            try:
                root.public_key().verify(c.signature, c.tbs_certificate_bytes, ec.ECDSA(c.signature_hash_algorithm))
            except Exception:
                continue
            if c.issuer != root.subject:
                return True
    return False


def _manifest_chain(case, role):
    try:
        return authority.certificates_of_manifest(case.files[role])
    except Exception:
        return []


def explain(part, theirs, own, case, ref, ours, ask):
    """Returns: the class, or None. ask(case): parts and acceptance by the reference."""
    if theirs is True and not own:
        name = _stricter(part, case, ref, ours)
        if name is not None:
            return name
    if own and part in ('accept', 'chain', 'driver_rim', 'vbios_rim') and _is_rooted_by_key(case):
        return 'root-is-a-key'
    for name, other in arranged(case, ref):
        if ask(other).get(part) == own:
            return name
    return None
