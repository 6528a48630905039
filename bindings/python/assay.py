"""bindings/python/assay.py - libassay from Python: evidence in, verdict out.

    import assay
    trust = assay.Trust()
    trust.add_pinned()
    trust.add_collateral([bytes, ...])
    verdict = assay.verify(evidence, trust, at=1751624191, report_data=challenge)
    if verdict.tier is assay.Tier.AFFIRMING: print(verdict.claims["mrtd"].hex(), verdict.not_checked)

    verdict = assay.verify(evidence, trust, policy=assay.Policy(text), result=assay.Result("jwt", key=key))
    print(verdict.result)

One file over ctypes: nothing to compile, no package besides Python 3.8. The name of the library
holds its version, because before 1.0 every minor version may change the interface. A Verdict has no
truth value: `if verify(...)` raises TypeError, so that an answer is not mistaken for trust. libassay-policy is
loaded with the first Policy.

Threads: a Trust that is filled, and a Policy, serve any number of them at once; calls with one Verifier wait for one
another.
"""
import collections
import ctypes as c
import enum
import hashlib
import threading
import time

_lib = c.CDLL("libassay.so.0.1")
_OBJECT = c.c_void_p  # the objects are opaque


class Tier(enum.IntEnum):
    NONE = 0
    AFFIRMING = 1
    WARNING = 2
    CONTRAINDICATED = 3

    def __bool__(self):
        raise TypeError("a tier is no yes or no: compare it with Tier.AFFIRMING")


class Error(Exception):
    """A function of the library failed; `status` is its number. Distrust is no error."""

    def __init__(self, status):
        super().__init__("%s: %s" % (_text("assay_name_of_status", status), _text("assay_describe_status", status)))
        self.status = status


class _Bytes(c.Structure):
    _fields_ = [("bytes", c.c_void_p), ("len", c.c_size_t)]

    def copy(self):
        return c.string_at(self.bytes, self.len) if self.len else b""


class _Sized(c.Structure):
    """Structures begin with their size, so that later versions can add members."""

    def __init__(self, **members):
        super().__init__(size=c.sizeof(type(self)), **members)


class _Request(_Sized):
    _fields_ = [("size", c.c_size_t), ("trust", _OBJECT), ("verifier", _OBJECT), ("policy", _OBJECT), ("kind", c.c_int),
                ("evidence", _Bytes), ("at_unix_s", c.c_int64), ("expected_report_data", _Bytes),
                ("expected_nonce", _Bytes), ("logs", c.POINTER(_Bytes)), ("log_count", c.c_size_t),
                ("log_report", _OBJECT)]


class _Finding(_Sized):
    _fields_ = [("size", c.c_size_t), ("rule", c.c_uint32), ("class_", c.c_int), ("offset", c.c_uint32)] + [
        (name, c.c_char_p) for name in ("name", "text", "expected", "observed", "fix")]


class _Unchecked(_Sized):
    _fields_ = [("size", c.c_size_t), ("what", c.c_char_p), ("why", c.c_char_p)]


class _Claim(_Sized):
    _fields_ = [("size", c.c_size_t), ("name", c.c_char_p), ("type", c.c_int), ("number", c.c_uint64),
                ("bytes", _Bytes)]


class _EarRequest(_Sized):
    _fields_ = [("size", c.c_size_t), ("policy", _OBJECT), ("profile", c.c_char_p), ("developer", c.c_char_p),
                ("build", c.c_char_p), ("nonce", c.c_char_p), ("evidence_digest", c.c_uint8 * 32), ("form", c.c_int),
                ("expires_unix_s", c.c_int64), ("private_key", c.c_char_p), ("sign", c.c_void_p),
                ("sign_context", c.c_void_p), ("public_key", c.c_char_p)]


Finding = collections.namedtuple("Finding", "rule name text expected observed fix")
_CLAIM_BOOL, _CLAIM_UINT, _CLAIM_TEXT, _CLAIM_BYTES = 1, 2, 3, 4
_NOT_FOUND, _INVALID = 117, 115
_FORMS, _RESULT_MAX = {"json": 0, "cbor": 1, "jwt": 2, "cwt": 3}, 49664


def _declare():
    objects = c.POINTER(_OBJECT)
    for name, result, *arguments in (
            ("assay_version", c.c_char_p),
            ("assay_name_of_status", c.c_char_p, c.c_int),
            ("assay_describe_status", c.c_char_p, c.c_int),
            ("assay_name_of_tier", c.c_char_p, c.c_int),
            ("assay_name_of_kind", c.c_char_p, c.c_int),
            ("assay_trust_create", c.c_int, objects),
            ("assay_trust_add_pinned", c.c_int, _OBJECT),
            ("assay_trust_add_root", c.c_int, _OBJECT, c.c_char_p, c.c_size_t, c.c_uint32),
            ("assay_trust_add_collateral", c.c_int, _OBJECT, c.POINTER(_Bytes), c.c_size_t),
            ("assay_trust_set_exact", c.c_int, _OBJECT, c.c_bool),
            ("assay_trust_destroy", None, objects),
            ("assay_trust_add_policy_roots", c.c_int, _OBJECT, _OBJECT),
            ("assay_policy_destroy", None, objects),
            ("assay_policy_get_digest", c.c_int, _OBJECT, c.c_char_p),
            ("assay_verifier_create", c.c_int, c.c_size_t, objects),
            ("assay_verifier_destroy", None, objects),
            ("assay_verdict_create", c.c_int, objects),
            ("assay_verdict_destroy", None, objects),
            ("assay_verdict_get_genuine", c.c_int, _OBJECT),
            ("assay_verdict_get_kind", c.c_int, _OBJECT),
            ("assay_verdict_get_expiry", c.c_bool, _OBJECT, c.POINTER(c.c_int64)),
            ("assay_verdict_get_finding", c.c_bool, _OBJECT, c.c_size_t, c.POINTER(_Finding)),
            ("assay_verdict_get_unchecked", c.c_bool, _OBJECT, c.c_size_t, c.POINTER(_Unchecked)),
            ("assay_verdict_get_claim_at", c.c_int, _OBJECT, c.c_size_t, c.POINTER(_Claim)),
            ("assay_verdict_write_ear", c.c_int, _OBJECT, c.POINTER(_EarRequest), c.c_char_p, c.c_size_t,
             c.POINTER(c.c_size_t)),
            ("assay_verify", c.c_int, c.POINTER(_Request), _OBJECT, c.POINTER(c.c_int))):
        function = getattr(_lib, name)
        function.restype, function.argtypes = result, arguments


def _text(function, number):
    return getattr(_lib, function)(number).decode()


def _must(status):
    if status != 0:
        raise Error(status)


def _number(value, kind):
    """A number as C has it; ctypes alone would cut one that does not fit."""
    if kind(value).value != value:
        raise OverflowError("%d does not fit the %d bits of %s" % (value, 8 * c.sizeof(kind), kind.__name__))
    return value


class _Bytes_of:
    """Borrows the bytes of a Python object for one call."""

    def __init__(self, value):
        self.value = b"" if value is None else bytes(memoryview(value))  # no number: bytes(5) are five zeros
        self.buffer = c.create_string_buffer(self.value, len(self.value) or 1)
        self.slice = _Bytes(c.cast(self.buffer, c.c_void_p) if self.value else None, len(self.value))


class _Object:
    _destroy = _pointer = None

    def __init__(self, kind):
        self._destroy = getattr(_lib, "assay_%s_destroy" % kind)
        self._pointer = _OBJECT()

    def __del__(self):
        if self._destroy is not None:
            self._destroy(self._pointer)

    def __reduce_ex__(self, protocol):  # a copy would be freed with the first of the two
        raise TypeError("%s: objects of the library have no copies" % type(self).__name__)


def _pointer_of(value, kind):
    """Of an object of this kind and no other: the library cannot tell them apart, and NULL is a default."""
    if not isinstance(value, kind):
        raise TypeError("expected %s, not %s" % (kind.__name__, type(value).__name__))
    if not value._pointer:
        raise Error(_INVALID)  # no constructor made it
    return value._pointer


class Trust(_Object):
    """Root keys, and what their vendors published."""

    def __init__(self):
        super().__init__("trust")
        _must(_lib.assay_trust_create(self._pointer))

    def add_pinned(self):
        _must(_lib.assay_trust_add_pinned(self._pointer))

    def add_root(self, root, kinds=0xffffffff):
        given = _Bytes_of(root)
        _must(_lib.assay_trust_add_root(self._pointer, given.value, len(given.value), _number(kinds, c.c_uint32)))

    def add_policy_roots(self, policy):
        """The roots that a policy names."""
        _must(_lib.assay_trust_add_policy_roots(self._pointer, _pointer_of(policy, Policy)))

    def add_collateral(self, files):
        """Returns False when none of the files is of use: verdicts then say what is missing."""
        borrowed = [_Bytes_of(file) for file in files]
        array = (_Bytes * len(borrowed))(*(one.slice for one in borrowed))
        status = _lib.assay_trust_add_collateral(self._pointer, array, len(borrowed))
        if status != _NOT_FOUND:
            _must(status)
        return status == 0

    def set_exact(self, exact):
        _must(_lib.assay_trust_set_exact(self._pointer, exact))


class Policy(_Object):
    """What is accepted, from the text of a policy file; ValueError says where it is wrong."""

    def __init__(self, yaml):
        super().__init__("policy")
        create = c.CDLL("libassay-policy.so.0.1").assay_policy_create_yaml
        create.argtypes = (c.c_char_p, c.c_size_t, c.POINTER(_OBJECT), c.c_char_p, c.c_size_t)
        text, message = yaml.encode(), c.create_string_buffer(512)
        status = create(text, len(text), self._pointer, message, len(message))
        if status != 0:
            raise ValueError(message.value.decode(errors="replace") or str(Error(status)))

    @property
    def digest(self):
        """SHA-256 of its canonical bytes: the name of the policy."""
        digest = c.create_string_buffer(32)
        _must(_lib.assay_policy_get_digest(self._pointer, digest))
        return digest.raw


class Verifier(_Object):
    """What was proven about platforms already seen, so that their next evidence costs one signature."""

    def __init__(self, platforms):
        super().__init__("verifier")
        self._lock = threading.Lock()
        _must(_lib.assay_verifier_create(_number(platforms, c.c_size_t), self._pointer))


class Result:
    """An attestation result (EAR) to be written with a verdict. form: "json", "cbor", or, signed with key (32 bytes, a
    scalar of P-256), "jwt", "cwt"; developer and build name your verifier; expires: Unix time, 0: with the verdict."""

    def __init__(self, form="json", developer="libassay", build="1", profile="ietf-04", nonce=None, key=None,
                 expires=0):
        self._form = _FORMS[form]
        self._texts = [None if text is None else text.encode() for text in (profile, developer, build, nonce)]
        if key is not None and len(key) != 32 or any(text is not None and b"\0" in text for text in self._texts):
            raise Error(_INVALID)
        self._key, self._expires = None if key is None else bytes(key), _number(expires, c.c_int64)

    def _write(self, verdict, policy, evidence):
        request = _EarRequest(policy=policy, form=self._form, expires_unix_s=self._expires, private_key=self._key)
        request.profile, request.developer, request.build, request.nonce = self._texts
        request.evidence_digest[:] = hashlib.sha256(evidence).digest()
        buffer, length = c.create_string_buffer(_RESULT_MAX), c.c_size_t()
        _must(_lib.assay_verdict_write_ear(verdict, request, buffer, len(buffer), length))
        return buffer.raw[:length.value]


class Verdict:
    """The answer, copied out of the library: it holds as long as Python keeps it. `claims` are what the evidence
    says, and proven only when `genuine` is True; `result` is the attestation result that was requested."""

    def __init__(self, pointer, tier):
        self.result = None
        self.tier = Tier(tier)
        self.kind = _text("assay_name_of_kind", _lib.assay_verdict_get_kind(pointer))
        self.genuine = (None, True, False)[_lib.assay_verdict_get_genuine(pointer)]
        expiry = c.c_int64()
        self.expires = expiry.value if _lib.assay_verdict_get_expiry(pointer, expiry) else None
        self.findings, self.not_checked, self.claims = [], [], {}
        why, open_, claim = _Finding(), _Unchecked(), _Claim()
        while _lib.assay_verdict_get_finding(pointer, len(self.findings), why):
            self.findings.append(Finding(why.rule, *(getattr(why, name).decode() for name in Finding._fields[1:])))
        while _lib.assay_verdict_get_unchecked(pointer, len(self.not_checked), open_):
            self.not_checked.append((open_.what.decode(), open_.why.decode()))
        index, status = 0, _lib.assay_verdict_get_claim_at(pointer, 0, claim)
        while status == 0:
            self.claims[claim.name.decode()] = _value_of(claim)
            index += 1
            status = _lib.assay_verdict_get_claim_at(pointer, index, claim)
        if status != _NOT_FOUND:
            raise Error(status)

    def __bool__(self):
        raise TypeError("a verdict is no yes or no: compare its tier")


def _value_of(claim):
    """bool, int (of lists and maps: how many members), str, bytes or None."""
    if claim.type == _CLAIM_BOOL:
        return claim.number != 0
    if claim.type == _CLAIM_TEXT:
        return claim.bytes.copy().decode(errors="replace")
    if claim.type == _CLAIM_BYTES:
        return claim.bytes.copy()
    return None if claim.type == 0 else claim.number


def verify(evidence, trust, at=None, policy=None, kind=0, report_data=None, nonce=None, logs=(), verifier=None,
           result=None):
    """Appraise evidence. report_data, nonce: the challenge that it must answer. Returns a Verdict."""
    borrowed = [_Bytes_of(log) for log in logs]
    given, data, challenge = _Bytes_of(evidence), _Bytes_of(report_data), _Bytes_of(nonce)
    if report_data is not None and not data.value or nonce is not None and not challenge.value:
        raise Error(_INVALID)  # an empty challenge would be none
    accepted = None if policy is None else _pointer_of(policy, Policy)
    memory = None if verifier is None else _pointer_of(verifier, Verifier)
    request = _Request(
        trust=_pointer_of(trust, Trust), verifier=memory, policy=accepted, kind=_number(kind, c.c_int),
        evidence=given.slice, at_unix_s=_number(int(time.time()) if at is None else at, c.c_int64),
        expected_report_data=data.slice, expected_nonce=challenge.slice,
        logs=(_Bytes * len(borrowed))(*(one.slice for one in borrowed)), log_count=len(borrowed))
    pointer, tier = _OBJECT(), c.c_int()
    try:
        _must(_lib.assay_verdict_create(pointer))
        with threading.Lock() if verifier is None else verifier._lock:
            _must(_lib.assay_verify(request, pointer, tier))
        verdict = Verdict(pointer, tier.value)
        if result is not None:
            verdict.result = result._write(pointer, accepted, given.value)
        return verdict
    finally:
        _lib.assay_verdict_destroy(pointer)


_declare()
__version__ = _lib.assay_version().decode()
