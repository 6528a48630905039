"""bindings/python/assay/_identity.py - certificates and tokens that a network signs for its members' keys."""
import ctypes as c
import enum
import time
from typing import Any, Callable, Iterable, List, NamedTuple, NoReturn, Optional, Tuple

from . import _library as api


class IdentityAnswer(enum.IntEnum):
    """Why a certificate or token must not be relied on, unless VALID."""
    VALID = 1
    MALFORMED = 2
    UNSUPPORTED = 3
    OTHER_PROFILE = 4
    LONG_PATH = 5
    NO_KEY = 6
    FORGED = 7
    OTHER_NETWORK = 8
    OTHER_ERA = 9
    OLD_EPOCH = 10
    NOT_YET = 11
    EXPIRED = 12
    TOO_OLD = 13
    OTHER_NAME = 14
    OTHER_ISSUER = 15
    OTHER_AUDIENCE = 16
    LOW_STANDING = 17
    OTHER_KIND = 18
    INSECURE = 19

    def __bool__(self) -> NoReturn:
        raise TypeError("an answer is no yes or no: compare it with IdentityAnswer.VALID")


class Standing(enum.IntEnum):
    """Of a member, the best first."""
    FULL = 0
    WARNING = 1
    RESTRICTED = 2
    SUSPENDED = 3

    def __bool__(self) -> NoReturn:
        raise TypeError("a standing is no yes or no: compare it")


class IdentityRequest(NamedTuple):
    """What you accept. None is not checked, and then in `not_checked`; an empty text or id is never the same.

    trusted: of one network; for certificates its CA certificates (DER one after the other, PEM, or its SPIFFE bundle), for
    tokens its key set (JWKS). chain_id, node_id: 32 bytes. service: a name that operators granted. era: this one alone;
    epoch_min: this one or a later one. age_max_s: since the end of the epoch. standing_worst: the worst that you accept.
    kinds: of evidence, Kind.bit | ..., 0: any. accept_insecure: also of a network for development, or whose holders have no
    TEE. skew_s: that your clock may differ. issuer, audience: of tokens, both needed."""
    trusted: Any
    chain_id: Any = None
    trust_domain: Optional[str] = None
    service: Optional[str] = None
    spiffe_id: Optional[str] = None
    node_id: Any = None
    era: Optional[int] = None
    epoch_min: int = 0
    age_max_s: Optional[int] = None
    standing_worst: int = Standing.FULL
    kinds: int = 0
    accept_insecure: bool = False
    skew_s: int = 0
    issuer: Optional[str] = None
    audience: Optional[str] = None


class IdentityClaims(NamedTuple):
    """What a valid certificate or token states. Times are Unix times. ca_number, key (SubjectPublicKeyInfo): of a
    certificate; key_thumbprint (RFC 7638): of a token."""
    spiffe_id: str
    trust_domain: str
    name: str  # of the key
    is_service: bool  # the operators granted the name
    insecure: bool
    chain_id: bytes
    era: int
    epoch: int
    block_id: bytes
    node_id: bytes
    incarnation: int
    standing: Standing  # at the end of that epoch
    score_bp: int
    evidence_kind: int  # of Kind, or of a later version
    entry_digest: bytes
    proof_digest: bytes  # SHA-256 of the bare proof of standing
    serial: bytes
    issued: int  # the end of that epoch
    starts: int
    expires: int
    ca_number: Optional[int]
    key: Optional[bytes]
    key_thumbprint: Optional[str]


class Identity:
    """An answer, with the reason when it is not IdentityAnswer.VALID. Without that there are no claims."""

    def __init__(self, pointer: Any, answer: int) -> None:
        found = api.IdentityClaims()
        if not api.lib.assay_identity_get_claims(pointer, found):
            raise api.Error(api.INVALID)
        self.answer = IdentityAnswer(answer)
        self.why: str = found.why.decode()
        self.claims: Optional[IdentityClaims] = _claims(found) if self.answer is IdentityAnswer.VALID else None
        self.not_checked: List[Tuple[str, str]] = api.unchecked_of(api.lib.assay_identity_get_unchecked, pointer)

    def __bool__(self) -> NoReturn:
        raise TypeError("an identity is no yes or no: compare its answer")


def _claims(found: Any) -> IdentityClaims:
    key = found.key.copy() or None
    return IdentityClaims(
        found.spiffe_id.decode(), found.trust_domain.decode(), found.name.decode(), found.is_service, found.insecure,
        bytes(found.chain_id), found.era, found.epoch, bytes(found.block_id), bytes(found.node_id), found.incarnation,
        Standing(found.standing), found.score_bp, found.evidence_kind, bytes(found.entry_digest), bytes(found.proof_digest),
        bytes(found.serial), found.issued_unix_s, found.starts_unix_s, found.expires_unix_s,
        None if key is None else found.ca_number, key, api.text_of(found.key_thumbprint))


def _verify(request: IdentityRequest, at: Optional[int], verify: Callable[[Any, Any, Any], int]) -> Identity:
    if not isinstance(request, IdentityRequest):
        raise TypeError("expected IdentityRequest, not %s" % type(request).__name__)
    if not isinstance(request.accept_insecure, bool):
        raise TypeError("accept_insecure: expected True or False, not %s" % type(request.accept_insecure).__name__)
    trusted = api.Borrowed(request.trusted)
    texts = {name: api.text_for(getattr(request, name), name)
             for name in ("trust_domain", "service", "spiffe_id", "issuer", "audience")}
    given = api.IdentityRequest(
        trusted=trusted.slice, chain_id=api.digest_for(request.chain_id, "chain_id"),
        node_id=api.digest_for(request.node_id, "node_id"), has_era=request.era is not None,
        era=api.number_of(0 if request.era is None else request.era, c.c_uint64),
        epoch_min=api.number_of(request.epoch_min, c.c_uint64), has_age_max=request.age_max_s is not None,
        age_max_s=api.number_of(0 if request.age_max_s is None else request.age_max_s, c.c_uint64),
        standing_worst=api.number_of(request.standing_worst, c.c_int), kinds=api.number_of(request.kinds, c.c_uint32),
        accept_insecure=request.accept_insecure, skew_s=api.number_of(request.skew_s, c.c_uint32),
        at_unix_s=api.number_of(int(time.time()) if at is None else at, c.c_int64), **texts)
    pointer, answer = api.OBJECT(), c.c_int()
    try:
        api.must(api.lib.assay_identity_create(pointer))
        status = verify(given, pointer, answer)
        if status != 0:
            found = api.IdentityClaims()
            has_why = api.lib.assay_identity_get_claims(pointer, found)
            raise api.Error(status, found.why.decode() if has_why else "")
        return Identity(pointer, answer.value)
    finally:
        api.lib.assay_identity_destroy(pointer)


def verify_peer(request: IdentityRequest, certificates: Iterable[Any], at: Optional[int] = None) -> Identity:
    """Verify the certificates of a TLS peer (DER, as it sent them, its own first). The handshake proves that the peer has the
    key, this function that the network certified it. No host name is compared: set chain_id, and service, spiffe_id or
    node_id."""
    given = api.BorrowedList(certificates)
    return _verify(request, at, lambda made, pointer, answer: int(api.lib.assay_identity_verify_peer(
        made, given.array, len(given), pointer, answer)))


def verify_identity_token(request: IdentityRequest, token: Any, at: Optional[int] = None) -> Identity:
    """Verify a token (JWT; text or bytes) of a network. It is a bearer secret, unless you have the bearer prove the key of
    `key_thumbprint`."""
    given = api.Borrowed(token.encode() if isinstance(token, str) else token)
    return _verify(request, at, lambda made, pointer, answer: int(api.lib.assay_identity_verify_token(
        made, given.value, len(given.value), pointer, answer)))
