"""A vendor of the tests' own: a case's certificates, report, manifests and OCSP responses, issued and signed anew.

Names, serial numbers, dates and extensions are those of the genuine ones; keys are derived from the genuine keys. What
is changed before it is signed reaches the rules behind the signatures, which no change of genuine evidence does.
"""
import base64
import hashlib
import re

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from lxml import etree

import parsed
from parsed import ocsp, x509

DS = 'http://www.w3.org/2000/09/xmldsig#'
ORDER = 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973
_keys, _issued, _signed, _answered = parsed.Cache(), parsed.Cache(), parsed.Cache(1000), parsed.Cache()
_manifests, _signatures = parsed.Cache(4000), parsed.Cache()


def der(certificate):
    return certificate.public_bytes(serialization.Encoding.DER)


def pem(certificates):
    return b''.join(c.public_bytes(serialization.Encoding.PEM) for c in certificates)


def key_for(certificate):
    """The key that stands for a genuine certificate's."""
    return _keys.get_or_make(der(certificate), lambda: _derive_key(certificate))


def _derive_key(certificate):
    spki = certificate.public_key().public_bytes(serialization.Encoding.DER,
                                                 serialization.PublicFormat.SubjectPublicKeyInfo)
    name = hashlib.sha384(b'assay differential' + spki).digest()
    return ec.derive_private_key(int.from_bytes(name, 'big') % (ORDER - 1) + 1, ec.SECP384R1())


def issue(certificate, issuer, terms=None):
    """The certificate with other keys. terms: serial, subject, issuer, from, to, drop (an OID), signer, ca, path."""
    at = (der(certificate), der(issuer), repr(sorted((terms or {}).items(), key=str)))
    return _issued.get_or_make(at, lambda: _issue(certificate, issuer, terms or {}))


def _issue(certificate, issuer, terms):
    own = key_for(certificate).public_key()
    signer = terms.get('signer') or key_for(issuer)
    builder = (x509.CertificateBuilder()
               .serial_number(terms.get('serial', certificate.serial_number))
               .subject_name(terms.get('subject', certificate.subject))
               .issuer_name(terms.get('issuer', certificate.issuer))
               .not_valid_before(terms.get('from', certificate.not_valid_before))
               .not_valid_after(terms.get('to', certificate.not_valid_after))
               .public_key(own))
    for e in certificate.extensions:
        if e.oid.dotted_string == terms.get('drop'):
            continue
        value = e.value
        if isinstance(value, x509.SubjectKeyIdentifier):
            value = x509.SubjectKeyIdentifier.from_public_key(own)
        elif isinstance(value, x509.AuthorityKeyIdentifier):
            value = x509.AuthorityKeyIdentifier.from_issuer_public_key(key_for(issuer).public_key())
        elif isinstance(value, x509.BasicConstraints) and 'ca' in terms:
            value = x509.BasicConstraints(terms['ca'], terms.get('path'))
        builder = builder.add_extension(value, e.critical)
    return parsed.certificate(builder.sign(signer, hashes.SHA384()))


def raw_signature(certificate, data):
    """By the key that stands for the certificate's; of the same data once."""
    at = (der(certificate), hashlib.sha256(data).digest())
    return _signatures.get_or_make(at, lambda: _raw_signature(key_for(certificate), data))


def _raw_signature(key, data):
    r, s = decode_dss_signature(key.sign(data, ec.ECDSA(hashes.SHA384())))
    return r.to_bytes(48, 'big') + s.to_bytes(48, 'big')


def issuer_in(certificate, pool):
    return next((c for c in pool if c.subject == certificate.issuer), None)


def issue_all(certificates, roots, terms=None):
    """Every certificate anew; terms by the place of a certificate. Issuers are found by name."""
    pool = list(certificates) + list(roots)
    return [issue(c, issuer_in(c, pool) or c, (terms or {}).get(i)) for i, c in enumerate(certificates)]


# --- manifests
def certificates_of_manifest(text):
    return list(_manifests.get_or_make(hashlib.sha256(text).digest(), lambda: _certificates_of_manifest(text)))


def _certificates_of_manifest(text):
    root = etree.fromstring(text, etree.XMLParser(resolve_entities=False, no_network=True))
    return [x509.load_der_x509_certificate(base64.b64decode(''.join(e.text.split())))
            for e in root.iter('{%s}X509Certificate' % DS)]


def _canonical(node):
    return etree.tostring(node, method='c14n', exclusive=False, with_comments=False)


def sign_manifest(text, genuine, certificates):
    """A manifest with the digest of what it says now, by the key that stands for the first genuine certificate's."""
    at = hashlib.sha256(text + b''.join(der(c) for c in certificates)).digest()
    return _signed.get_or_make(at, lambda: _sign_manifest(text, genuine, certificates))


def _sign_manifest(text, genuine, certificates):
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    document = etree.fromstring(text, parser)
    signature = document.find('{%s}Signature' % DS)
    for e, c in zip(list(document.iter('{%s}X509Certificate' % DS)), certificates):
        e.text = base64.b64encode(der(c)).decode()
    bare = etree.fromstring(etree.tostring(document), parser)
    inner = bare.find('{%s}Signature' % DS)
    before, tail = inner.getprevious(), inner.tail or ''
    if before is not None:
        before.tail = (before.tail or '') + tail
    else:
        bare.text = (bare.text or '') + tail
    bare.remove(inner)
    info = signature.find('{%s}SignedInfo' % DS)
    value = base64.b64encode(hashlib.sha384(_canonical(bare)).digest()).decode()
    info.find('{%s}Reference/{%s}DigestValue' % (DS, DS)).text = value
    alone = etree.fromstring(etree.tostring(info, with_tail=False))
    signed = raw_signature(genuine[0], _canonical(alone))
    signature.find('{%s}SignatureValue' % DS).text = base64.b64encode(signed).decode()
    return etree.tostring(document, xml_declaration=True, encoding='UTF-8')


# --- OCSP responses
def _tlv(tag, content):
    n = len(content)
    head = bytes([n]) if n < 128 else bytes([0x81, n]) if n < 256 else bytes([0x82]) + n.to_bytes(2, 'big')
    return bytes([tag]) + head + content


OCSP_BASIC = bytes.fromhex('06092b0601050507300101')
ECDSA_SHA384 = bytes.fromhex('300a06082a8648ce3d040303')


def wrap_response(data, key, certificates):
    """An OCSPResponse around ResponseData, signed."""
    signature = key.sign(data, ec.ECDSA(hashes.SHA384()))
    basic = data + ECDSA_SHA384 + _tlv(3, b'\0' + signature)
    if certificates:
        basic += _tlv(0xa0, _tlv(0x30, b''.join(der(c) for c in certificates)))
    return _tlv(0x30, _tlv(0x0a, b'\0') + _tlv(0xa0, _tlv(0x30, OCSP_BASIC + _tlv(4, _tlv(0x30, basic)))))


def answer(genuine, subject, issuer, responder, key, terms=None):
    """The genuine response about the certificate that stands for the genuine one.

    terms: status, reason, algorithm, this, next, nonce, data (a function of ResponseData), certificates. One that is
    the same in several cases is signed once.
    """
    terms = terms or {}
    if 'data' in terms:
        return _answer(genuine, subject, issuer, responder, key, terms)
    told = sorted((name, value.name if name == 'algorithm' else repr(value)) for name, value in terms.items())
    at = (genuine.signature, der(subject), der(issuer), der(responder), repr(told))  # the genuine one implies the key
    return _answered.get_or_make(at, lambda: _answer(genuine, subject, issuer, responder, key, terms))


def _answer(genuine, subject, issuer, responder, key, terms):
    status = terms.get('status', genuine.certificate_status)
    revoked = status == ocsp.OCSPCertStatus.REVOKED
    builder = ocsp.OCSPResponseBuilder().add_response(
        cert=subject.real, issuer=issuer.real, algorithm=terms.get('algorithm', hashes.SHA384()), cert_status=status,
        this_update=terms.get('this', genuine.this_update), next_update=terms.get('next', genuine.next_update),
        revocation_time=genuine.this_update if revoked else None, revocation_reason=terms.get('reason'))
    builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, responder.real).certificates([responder.real])
    if terms.get('nonce'):
        builder = builder.add_extension(x509.OCSPNonce(terms['nonce']), False)
    data = builder.sign(key, hashes.SHA384()).tbs_response_bytes
    if 'data' in terms:
        data = terms['data'](data)
    return wrap_response(data, key, terms.get('certificates', [responder]))


def drop_declaration(text):
    return re.sub(rb'^<\?xml[^>]*\?>\s*', b'', text)
