"""bindings/python/assay/_receipt.py - receipts of state continuity as relying parties verify them, over libassay-continuity."""
import ctypes as c
import enum
from typing import Any, NamedTuple

from . import _library as api


class ReceiptAnswer(enum.IntEnum):
    """Answer of `verify_receipt`; ReceiptError has each but VERIFIED."""
    VERIFIED = 0
    MISUSE = 1
    BAD_CHECKPOINT = 2
    NOT_READ = 3
    BAD_EVIDENCE = 4
    OTHER_CHAIN = 5
    OTHER_NONCE = 6
    OTHER_INSTANCE = 7
    OTHER_GROUP = 8
    NOT_PROVEN = 9
    EXPIRED = 10
    OTHER_VIEW = 11
    TOO_FEW = 12
    FORGED = 13
    SYSTEM = 14

    @property
    def description(self) -> str:
        """The answer in words, with what to do."""
        text: str = api.continuity_library().assay_continuity_receipt_describe(self).decode()
        return text


class ReceiptError(Exception):
    """A receipt was refused: `answer`, and `reason` with what was expected and found."""

    def __init__(self, answer: int, reason: str) -> None:
        self.answer, self.reason = ReceiptAnswer(answer), reason
        name = api.continuity_library().assay_continuity_receipt_name(answer).decode()
        super().__init__("%s: %s (%s)" % (name, reason, self.answer.description))


class ReceiptClaims(NamedTuple):
    """What a receipt proves. digest: that of the state, `certified_digest` of its program's status; index 0: none was
    certified yet. session: that wrote it; promised: the newest one. epoch, time_ms, era: those of the evidence, whose
    row is_listed, is_kept and is_retired describe. is_halted: the group had lost a quorum of its memories."""
    chain_id: bytes
    instance: bytes
    nonce: bytes
    digest: bytes
    index: int
    session: int
    promised: int
    view: int
    epoch: int
    time_ms: int
    era: int
    group: int
    signers: int
    seats: int
    age_known: bool
    is_listed: bool
    is_kept: bool
    is_retired: bool
    is_halted: bool


def verify_receipt(checkpoint: Any, evidence: Any, receipt: Any, *, nonce: Any = None, instance: Any = None,
                   now_ms: int = 0, max_age_s: int = 0) -> ReceiptClaims:
    """Verify a receipt offline, or raise ReceiptError: a quorum of the view's replicas has signed this state, and with
    your own fresh nonce nothing newer was certified when you made it. It does not show what was certified since.

    checkpoint: trusted, of `assay checkpoint`. evidence: of `assay continuity show INSTANCE --out` of any node, while
    the view of the receipt serves. receipt: of `Continuity.receipt`. nonce: of your request, 32 bytes; None: any, so
    the receipt may be of any age. instance: the expected one, None: any. now_ms: Unix time of a clock that you trust,
    0: none. max_age_s: of the evidence, 0: the trusting period of the checkpoint alone."""
    trusted, shown, given = api.Borrowed(checkpoint), api.Borrowed(evidence), api.Borrowed(receipt)
    claims = api.ReceiptClaims()
    answer = api.continuity_library().assay_continuity_receipt_verify(api.ReceiptInput(
        checkpoint=c.addressof(trusted.buffer), checkpoint_len=len(trusted.value), evidence=c.addressof(shown.buffer),
        evidence_len=len(shown.value), receipt=c.addressof(given.buffer), receipt_len=len(given.value),
        nonce=api.digest_for(nonce, "nonce"), instance=api.digest_for(instance, "instance"),
        now_ms=api.number_of(now_ms, c.c_uint64), max_age_s=api.number_of(max_age_s, c.c_uint32)), claims)
    if answer != ReceiptAnswer.VERIFIED:
        raise ReceiptError(answer, claims.reason.decode(errors="replace"))
    return ReceiptClaims(*(
        value if isinstance(value, int) else bytes(value)
        for value in (getattr(claims, name) for name in ReceiptClaims._fields)))
