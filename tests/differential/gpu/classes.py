"""Disagreements with the reference checker that have a reason; each is checked in the case itself.

Where Assay accepts more, the same contents in the arrangement that the reference expects (leaf first, every response
next to its certificate, nothing behind a report) have to get Assay's answer from the reference, too. Where Assay is
stricter, the case has to have what the class names.
"""
import re

from cryptography.hazmat.primitives.asymmetric import ec

import authority
import classes_stricter as stricter
import mutations
from parsed import ocsp, x509

REASONS = {
    'report-zero-tail': 'zeros behind a report are no part of it: attesters hand over the whole buffer of the driver',
    'chain-arrangement': 'which certificate is which follows from names and signatures, not from their order; one that '
                         'is not needed does no harm',
    'response-arrangement': 'what a response is about follows from its contents; one about no certificate of the '
                            'case means nothing, and bytes behind it are no part of it',
    'manifest-arrangement': 'a manifest serves as what its signed version says',
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
    'certificate-form': 'stricter: a certificate that breaks a rule of RFC 5280 or X.690 (classes_form.py names it) is none',
    'critical-extension': 'stricter: RFC 5280 4.2: an extension that is critical and unknown refuses the certificate',
    'responder-form': 'stricter: the key of a delegate is an end entity with the use digitalSignature',
    'response-form': 'stricter: a response has nextUpdate, times since 1970, one answer and a CertID by SHA-256 or SHA-384 (SHA-1 may '
                     'revoke, and covers nothing)',
    'reasons-full': 'a verdict lists eight reasons: the date of a manifest that a graver one left no room for is not there, '
                    'and the verdict is refused all the same',
}


# --- the same contents as the reference expects them
def _has_signed(certificate, report):
    try:
        r, s = report[-96:-48], report[-48:]
        signature = authority.encode_dss_signature(int.from_bytes(r, 'big'), int.from_bytes(s, 'big'))
        certificate.public_key().verify(signature, report[:-96], ec.ECDSA(authority.hashes.SHA384()))
        return True
    except Exception:
        return False


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
    for c in good:
        if _has_signed(c, case.files['report']):
            return [authority.pem([c] + [g for g in good if g is not c])]
    leaves = [c for c in good if stricter.is_leaf(c)] or good[:1]
    return [authority.pem([c] + [g for g in good if g is not c]) for c in leaves]


def _path_alone(text):
    """The chain without what does not lead from its first certificate to the root: by names and signatures."""
    chain = [x509.load_pem_x509_certificate(b) for b in mutations.pem_blocks(text)]
    path = chain[:1]
    while len(path) <= len(chain):
        issuer = next((c for c in chain if c not in path and _has_issued(c, path[-1])), None)
        if issuer is None:
            break
        path.append(issuer)
    return authority.pem(path)


def _has_issued(issuer, certificate):
    if issuer.subject != certificate.issuer:
        return False
    try:
        issuer.public_key().verify(certificate.signature, certificate.tbs_certificate_bytes,
                                   ec.ECDSA(certificate.signature_hash_algorithm))
        return True
    except Exception:
        return False


def _declared_length(raw):
    at = 45 + int.from_bytes(raw[42:45], 'little') + 32
    return at + 2 + int.from_bytes(raw[at:at + 2], 'little') + 96


def _der_length(body):
    if len(body) < 4 or body[0] != 0x30:
        return len(body)
    n = body[1] & 0x7f
    return 2 + body[1] if body[1] < 128 else 2 + n + int.from_bytes(body[2:2 + n], 'big')


def _responses(case, is_last=False):
    """Of several about one certificate the newest that was issued by then, of equally new ones the first or the last;
    none about strangers."""
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
        if serial in pool and (serial not in kept or kept[serial][0] < time or is_last and kept[serial][0] == time):
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
    try:
        alone = _path_alone(now.files['certificate_chain'])
    except Exception:
        alone = now.files['certificate_chain']
    if alone != now.files['certificate_chain']:
        now.files['certificate_chain'] = alone
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
    given = now.ocsp
    for is_last in (False, True):
        now.ocsp = given
        try:
            now.ocsp = _responses(now, is_last)
        except Exception:
            pass
        if now.ocsp != given:
            out.append(('response-arrangement', now.clone()))
    return out


# --- roots
def _is_rooted_by_key(case):
    """A certificate whose issuer has another name than the root that signed it."""
    for role, certificates in [('trusted_root', stricter.chain_of_device(case) or [])] + [
            ('rim_root', stricter.chain_of_manifest(case, r)) for r in mutations.RIMS]:
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


REASONS_MAX = 8
AS_GRAVE = {'certificate-time', 'certificate-revoked', 'collateral-missing', 'collateral-expired',
            'collateral-not-yet-valid', 'firmware-id', 'ocsp-signature', 'ocsp-nonce'}


def _is_reason_left_out(part, ref, ours):
    """Only the time is wrong with this manifest, and the list of reasons is full of others that are as grave."""
    rim = ref.get(part)
    return (part in mutations.RIMS and len(ours['reasons']) == REASONS_MAX and rim['chain'] and not rim['chain_in_time']
            and rim['signature'] and rim['version_match'] and rim['product_match']
            and all(r[0] in AS_GRAVE for r in ours['reasons']))


def _has_unread_extensions(certificate):
    try:
        certificate.extensions
        return False
    except Exception:
        return True


def _is_of_signer(part, theirs, own, case):
    """The certificate that signed the report is not first, where the reference looks, and it cannot read the extensions
    of that one: what the signature and the issuers of that certificate come to is found here."""
    try:
        chain = [x509.load_pem_x509_certificate(b) for b in mutations.pem_blocks(case.files['certificate_chain'])]
        signer = next((c for c in chain[1:] if _has_signed(c, case.files['report'])), None)
        if signer is None or _has_signed(chain[0], case.files['report']) or not _has_unread_extensions(signer):
            return False
    except Exception:
        return False
    if part == 'signature':
        return theirs is False and own is True
    return part == 'chain' and theirs is True and own is False and not any(_has_issued(c, signer) for c in chain)


def explain(part, theirs, own, case, ref, ours, ask, is_open):
    """Returns: the class, or None. ask(case): parts and acceptance by the reference. is_open: reasons that do not
    count."""
    if theirs is True and not own:
        name = stricter.explain(part, case, ours, is_open)
        if name is not None:
            return name
    if theirs is False and own is True and _is_reason_left_out(part, ref, ours):
        return 'reasons-full'
    if own and part in ('accept', 'chain', 'driver_rim', 'vbios_rim') and _is_rooted_by_key(case):
        return 'root-is-a-key'
    for name, other in arranged(case, ref):
        if ask(other).get(part) == own:
            return name
    return 'chain-arrangement' if _is_of_signer(part, theirs, own, case) else None
