"""bindings/python/assay/_standing.py - proofs of a member's standing and of its workload keys, over libassay-standing."""
import ctypes as c
import enum
import time
from typing import Any, NamedTuple, NoReturn, Optional

from . import _library as api
from ._identity import Standing


class ProofAnswer(enum.IntEnum):
    """Whether a proof is accepted, or why not."""
    PROVEN = 0
    OTHER_CHAIN = 1
    OLDER = 2
    OTHER_BLOCK = 3
    OTHER_VOTERS = 4
    NO_QUORUM = 5
    BAD_SIGNATURE = 6
    OTHER_LEAF = 7
    TOO_OLD = 8
    AHEAD = 9
    EXPIRED = 10
    AGE_UNKNOWN = 11
    OTHER_ERA = 12

    def __bool__(self) -> NoReturn:
        raise TypeError("an answer is no yes or no: compare it with ProofAnswer.PROVEN")


class KeyAnswer(enum.IntEnum):
    """Why a key must not be relied on, unless ACTIVE. The first check that fails is the answer."""
    ACTIVE = 1
    OTHER_PROOF = 2
    OTHER_MEMBER = 3
    NOT_SERVING = 4
    UNBOUND = 5
    OLD = 6
    MAINTENANCE = 7
    LOW_STANDING = 8
    OTHER_LIST = 9
    NOT_LISTED = 10
    OTHER_USE = 11
    OTHER_NAME = 12
    WITHDRAWN = 13

    def __bool__(self) -> NoReturn:
        raise TypeError("an answer is no yes or no: compare it with KeyAnswer.ACTIVE")


class Outcome(enum.IntEnum):
    """What the network found in the proof's epoch."""
    PASS = 0
    FAILED = 1
    ABSENT = 2
    UNSETTLED = 3

    def __bool__(self) -> NoReturn:
        raise TypeError("an outcome is no yes or no: compare it")


class Stage(enum.IntEnum):
    """What its operators decided of a member."""
    SERVES = 0
    RESTS = 1
    LEFT = 2


class KeyRequest(NamedTuple):
    """What you accept of the key of a TLS peer.

    proof: the key proof of the peer, bytes of the extension 1.3.6.1.4.1.32473.17.2 of its certificate, or from elsewhere.
    checkpoint: the newest one that you trust. key: SubjectPublicKeyInfo (DER) of the certificate whose key the handshake
    proved. max_age_s: of the proof's block, 1 s to 90 days; a key that is withdrawn, or of a member that is suspended, is
    accepted for so long. node_id: 32 bytes; None: any member, then compare that of the report. name: of the key, chosen by
    its member; None: any. standing_worst: FULL or WARNING. now_ms: Unix ms; None: of this machine's clock."""
    proof: Any
    checkpoint: Any
    key: Any
    max_age_s: int
    node_id: Any = None
    name: Optional[str] = None
    standing_worst: int = Standing.FULL
    now_ms: Optional[int] = None


class StandingReport:
    """What is proven of a member. Everything but `answer` and `why` is zero unless the answer is PROVEN or AGE_UNKNOWN."""

    def __init__(self, found: Any) -> None:
        self.answer = ProofAnswer(found.answer)
        self.why: str = api.standing_library().assay_describe_answer(found.answer).decode()
        self.node_id = bytes(found.node_id)
        self.standing = Standing(found.standing)
        self.stage = Stage(found.stage)
        self.stage_epoch: int = found.stage_epoch
        self.score_bp: int = found.score_bp
        self.integrity_bp: int = found.integrity_bp
        self.availability_bp: int = found.availability_bp
        self.outcome = Outcome(found.outcome)
        self.pass_weight: int = found.pass_weight
        self.negative_weight: int = found.negative_weight
        self.electorate_weight: int = found.electorate_weight
        self.certified: bool = found.certified
        self.last_pass_epoch: int = found.last_pass_epoch
        self.incarnation: int = found.incarnation
        self.weight: int = found.weight
        self.chain_id = bytes(found.chain_id)
        self.era: int = found.era
        self.epoch: int = found.epoch
        self.time_ms: int = found.time_ms
        self.expires_ms: int = found.expires_ms
        self.block_id = bytes(found.block_id)
        self.policy_digest = bytes(found.policy_digest)
        #: The checkpoint that this proof is, to replace yours; None unless the answer is PROVEN.
        self.checkpoint: Optional[bytes] = bytes(found.checkpoint)[:found.checkpoint_len] or None

    def __bool__(self) -> NoReturn:
        raise TypeError("a report is no yes or no: compare its answer")


class KeyVerdict:
    """An answer about a key, with the reason, and what is proven of the member."""

    def __init__(self, answer: int, report: StandingReport) -> None:
        self.answer = KeyAnswer(answer)
        self.why: str = api.standing_library().assay_describe_key(answer).decode()
        self.report = report

    def __bool__(self) -> NoReturn:
        raise TypeError("an answer is no yes or no: compare it with KeyAnswer.ACTIVE")


def _now(now_ms: Optional[int]) -> int:
    return api.number_of(time.time_ns() // 1000000 if now_ms is None else now_ms, c.c_uint64)


def verify_standing(proof: Any, checkpoint: Any, max_age_s: int = 0, now_ms: Optional[int] = None) -> StandingReport:
    """Verify what `assay proof` wrote, from a checkpoint that you trust. max_age_s: how old its block may be, 0 for 24 hours.
    now_ms: Unix ms; None: of this machine's clock; 0: there is none, and the answer is AGE_UNKNOWN at best."""
    given, trusted, report = api.Borrowed(proof), api.Borrowed(checkpoint), api.StandingReport()
    api.must(api.standing_library().assay_standing_verify(
        given.value, len(given.value), trusted.value, len(trusted.value), _now(now_ms),
        api.number_of(max_age_s, c.c_uint32), report))
    return StandingReport(report)


def verify_key(request: KeyRequest) -> KeyVerdict:
    """Verify that the key of a TLS peer is an active key of a member of the network that the checkpoint names. Call it after
    the handshake, in place of the verification of the chain, and turn the resumption of sessions off."""
    if not isinstance(request, KeyRequest):
        raise TypeError("expected KeyRequest, not %s" % type(request).__name__)
    proof, trusted, key = (api.Borrowed(one) for one in (request.proof, request.checkpoint, request.key))
    given = api.KeyRequest(
        proof=c.addressof(proof.buffer), proof_len=len(proof.value), checkpoint=c.addressof(trusted.buffer),
        checkpoint_len=len(trusted.value), key=c.addressof(key.buffer), key_len=len(key.value),
        node_id=api.digest_for(request.node_id, "node_id"),
        name=api.text_for(request.name, "name"), standing_worst=api.number_of(request.standing_worst, c.c_int),
        now_ms=_now(request.now_ms), max_age_s=api.number_of(request.max_age_s, c.c_uint32))
    report, answer = api.StandingReport(), c.c_int()
    api.must(api.standing_library().assay_standing_verify_key(given, report, answer))
    return KeyVerdict(answer.value, StandingReport(report))
