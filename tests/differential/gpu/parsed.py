"""Certificates, keys and OCSP responses of the comparison, each parsed once a process, each signature verified once.

The reference checker, the tests' own vendor and the classes read the same few certificates in every case. An object here
answers as that of the package `cryptography` does; what it has answered once it does not compute again. Nothing of an
answer changes: what cannot be read is not retained, and fails again.
"""
import hashlib

from cryptography import x509 as real_x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import ocsp as real_ocsp

LIMIT = 20000


class Cache(dict):
    """Answers by what they depend on alone; empty again when there are too many."""

    def __init__(self, limit=LIMIT):
        super().__init__()
        self.limit = limit

    def get_or_make(self, at, make):
        if at not in self:
            made = make()
            if len(self) >= self.limit:
                self.clear()
            self[at] = made
        return self[at]


_certificates, _pems, _responses, _verified = Cache(), Cache(), Cache(), Cache()


class Once:
    """An object whose attributes are read once."""

    def __init__(self, real):
        self.real = real

    def __getattr__(self, name):
        value = getattr(self.real, name)
        setattr(self, name, value)
        return value


@ec.EllipticCurvePublicKey.register
class Key(Once):
    """A public key that verifies the same signature over the same data with the same hash once."""

    def __init__(self, real):
        super().__init__(real)
        self.encoded = real.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)

    def verify(self, signature, data, algorithm):
        # Only the two outcomes of a verification are retained: whatever else the package raises, it raises again.
        at = (self.encoded, bytes(signature), hashlib.sha256(data).digest(), algorithm.algorithm.name)
        if not _verified.get_or_make(at, lambda: self._is_valid(signature, data, algorithm)):
            raise InvalidSignature

    def _is_valid(self, signature, data, algorithm):
        try:
            self.real.verify(signature, data, algorithm)
        except InvalidSignature:
            return False
        return True


class Certificate(Once):
    def __init__(self, real, encoded):
        super().__init__(real)
        self.encoded, self.key = encoded, None

    def public_key(self):
        if self.key is None:
            key = self.real.public_key()
            self.key = Key(key) if isinstance(key, ec.EllipticCurvePublicKey) else key
        return self.key

    def public_bytes(self, encoding):
        return self.encoded if encoding == serialization.Encoding.DER else self.real.public_bytes(encoding)

    def __eq__(self, other):
        return isinstance(other, Certificate) and self.encoded == other.encoded

    def __hash__(self):
        return hash(self.encoded)


def certificate(real):
    encoded = real.public_bytes(serialization.Encoding.DER)
    return _certificates.get_or_make(encoded, lambda: Certificate(real, encoded))


def load_der_x509_certificate(encoded):
    encoded = bytes(encoded)
    if encoded in _certificates:
        return _certificates[encoded]
    return certificate(real_x509.load_der_x509_certificate(encoded))


def load_pem_x509_certificate(text):
    return _pems.get_or_make(bytes(text), lambda: certificate(real_x509.load_pem_x509_certificate(text)))


class Response(Once):
    def __getattr__(self, name):
        value = super().__getattr__(name)
        if name == 'certificates':
            value = self.certificates = [certificate(c) for c in value]
        return value


def load_der_ocsp_response(body):
    return _responses.get_or_make(hashlib.sha256(body).digest(),
                                  lambda: Response(real_ocsp.load_der_ocsp_response(body)))


class Module:
    """A module of the package with the functions above in place of its own."""

    def __init__(self, real, **functions):
        self.__dict__.update(functions)
        self._real = real

    def __getattr__(self, name):
        return getattr(self._real, name)


x509 = Module(real_x509, load_der_x509_certificate=load_der_x509_certificate,
              load_pem_x509_certificate=load_pem_x509_certificate)
ocsp = Module(real_ocsp, load_der_ocsp_response=load_der_ocsp_response)
