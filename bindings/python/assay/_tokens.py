"""bindings/python/assay/_tokens.py - tokens of other verifiers, as statements of their issuers."""
import ctypes as c
import enum
import time
from typing import Any, Callable, Dict, Iterable, List, NamedTuple, NoReturn, Optional, Tuple

from . import _library as api
from ._objects import PolicyIssuers

_FLAGS = (None, True, False)


class Service(enum.IntEnum):
    AZURE = 1
    GOOGLE = 2
    INTEL = 3
    NVIDIA = 4


class Answer(enum.IntEnum):
    """Who made the statement, for whom and when; whether it is a good one, the statement says."""
    VALID = 1
    MALFORMED = 2
    UNSUPPORTED = 3
    NO_KEY = 4
    BAD_CHAIN = 5
    FORGED = 6
    OTHER_ISSUER = 7
    OTHER_AUDIENCE = 8
    NOT_NOW = 9
    OTHER_NONCE = 10
    NOT_BOUND = 11

    def __bool__(self) -> NoReturn:
        raise TypeError("an answer is no yes or no: compare it with Answer.VALID")


class Statement(enum.IntEnum):
    """What the issuer states about its attester."""
    NOTHING = 0
    AFFIRMING = 1
    WARNING = 2
    CONTRAINDICATED = 3

    def __bool__(self) -> NoReturn:
        raise TypeError("a statement is no yes or no: compare it with Statement.AFFIRMING")


class Issuer(NamedTuple):
    """An issuer whose tokens you accept. keys: its JSON web key set; root: a certificate or public key to which the
    certificates of its keys must lead; one of the two is needed. Without an audience, a token with one is refused.
    age_max_s: seconds since it was issued; None: until it expires."""
    service: int
    issuer: str
    keys: Any = b""
    root: Any = b""
    audience: Optional[str] = None
    age_max_s: Optional[int] = None


class TokenDevice(NamedTuple):
    """A device of NVIDIA's. None: the issuer does not state it."""
    label: str
    product: str
    serial: str
    driver: str
    firmware: str
    measured: Optional[bool]
    debug: Optional[bool]
    secure_boot: Optional[bool]


class Token:
    """A verified or refused token. It is no verdict: the evidence was verified by the issuer, not here. Everything after
    `why` is empty unless the answer is Answer.VALID.

    `all_claims` are pairs of name and value, in their order; `claims` are the same by name, without names that two
    claims have, since a name of the issuer's has a dot in it."""

    def __init__(self, pointer: Any, answer: int, statement: int) -> None:
        summary, device = api.ResultSummary(), api.ResultDevice()
        if not api.lib.assay_result_get_summary(pointer, summary):
            raise api.Error(api.INVALID)
        self.answer, self.statement = Answer(answer), Statement(statement)
        self.why: str = summary.why.decode(errors="replace")
        self.issuer_index: int = summary.issuer_index
        self.service = Service(summary.service)
        self.trust_vector: Tuple[int, ...] = tuple(summary.vector)
        self.issuer, self.subject = api.text_of(summary.issuer), api.text_of(summary.subject)
        self.algorithm, self.key_id = api.text_of(summary.algorithm), api.text_of(summary.key_id)
        self.attester, self.tcb_status = api.text_of(summary.attester), api.text_of(summary.tcb_status)
        self.debug: Optional[bool] = _FLAGS[summary.debug]
        self.secure_boot: Optional[bool] = _FLAGS[summary.secure_boot]
        self.policy_failed: bool = summary.policy_failed
        self.issued: Optional[int] = summary.issued_unix_s if summary.has_issued else None
        self.expires: int = summary.expires_unix_s
        self.devices_named: int = summary.devices_named
        self.devices: List[TokenDevice] = []
        while api.lib.assay_result_get_device(pointer, len(self.devices), device):
            values: List[Any] = [api.text_of(getattr(device, name)) or "" for name in TokenDevice._fields[:5]]
            values += [_FLAGS[getattr(device, name)] for name in TokenDevice._fields[5:]]
            self.devices.append(TokenDevice(*values))
        self.not_checked: List[Tuple[str, str]] = api.unchecked_of(api.lib.assay_result_get_unchecked, pointer)
        self.all_claims: List[Tuple[str, Any]] = api.claims_of(api.lib.assay_result_get_claim_at, pointer)
        names = [name for name, _ in self.all_claims]
        twice = {name for name in names if names.count(name) > 1} if len(set(names)) < len(names) else set()
        self.claims: Dict[str, Any] = {name: value for name, value in self.all_claims if name not in twice}

    def __bool__(self) -> NoReturn:
        raise TypeError("a token is no yes or no: compare its answer and its statement")


def verify_token(token: Any, issuers: Iterable[Issuer], nonce: Optional[str] = None, at: Optional[int] = None) -> Token:
    """Verify a token (text or bytes) of one of the issuers. nonce: what it must echo; without one its freshness is not
    checked. Returns a Token."""
    given, kept, accepted = api.Borrowed(token.encode() if isinstance(token, str) else token), [], []
    for one in issuers:
        if not isinstance(one, Issuer):
            raise TypeError("expected Issuer, not %s" % type(one).__name__)
        keys, root = api.optional(one.keys), api.optional(one.root)
        kept.append((keys, root))
        age = 0 if one.age_max_s is None else api.number_of(one.age_max_s, c.c_uint64)
        accepted.append(api.ResultIssuer(
            c.sizeof(api.ResultIssuer), api.number_of(one.service, c.c_int), api.text_for(one.issuer, "issuer"), keys.slice,
            root.slice, api.text_for(one.audience, "audience"), one.age_max_s is not None, age))
    array = (api.ResultIssuer * len(accepted))(*accepted)
    request = api.ResultRequest(issuers=array, issuer_count=len(accepted), nonce=api.text_for(nonce, "nonce"),
                              at_unix_s=api.number_of(int(time.time()) if at is None else at, c.c_int64))
    pointer, answer, statement = api.OBJECT(), c.c_int(), c.c_int()
    try:
        api.must(api.lib.assay_result_create(pointer))
        api.must(api.lib.assay_result_verify(request, given.value, len(given.value), pointer, answer, statement))
        return Token(pointer, answer.value, statement.value)
    finally:
        api.lib.assay_result_destroy(pointer)


def read_issuers(yaml: str, read: Callable[[str], bytes]) -> List[Issuer]:
    """The issuers that a policy file names (`token_issuers`). read: returns the content of a file, whose name is from the
    folder of the policy file on."""
    return [Issuer(service, issuer, b"" if keys is None else read(keys), b"" if root is None else read(root), audience, age)
            for service, issuer, keys, root, audience, age in PolicyIssuers(yaml).all()]
