//! bindings/rust/src/receipt.rs - receipts of state continuity as relying parties verify them, through libassay-continuity.
use crate::{ffi, text_of};
use std::{fmt, ptr};

/// Answer of [`verify_receipt`], by its number; [`ReceiptError`] has each but `VERIFIED`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReceiptAnswer(pub i32);

impl ReceiptAnswer {
    pub const VERIFIED: ReceiptAnswer = ReceiptAnswer(0);
    pub const MISUSE: ReceiptAnswer = ReceiptAnswer(1);
    pub const BAD_CHECKPOINT: ReceiptAnswer = ReceiptAnswer(2);
    pub const NOT_READ: ReceiptAnswer = ReceiptAnswer(3);
    pub const BAD_EVIDENCE: ReceiptAnswer = ReceiptAnswer(4);
    pub const OTHER_CHAIN: ReceiptAnswer = ReceiptAnswer(5);
    pub const OTHER_NONCE: ReceiptAnswer = ReceiptAnswer(6);
    pub const OTHER_INSTANCE: ReceiptAnswer = ReceiptAnswer(7);
    pub const OTHER_GROUP: ReceiptAnswer = ReceiptAnswer(8);
    pub const NOT_PROVEN: ReceiptAnswer = ReceiptAnswer(9);
    pub const EXPIRED: ReceiptAnswer = ReceiptAnswer(10);
    pub const OTHER_VIEW: ReceiptAnswer = ReceiptAnswer(11);
    pub const TOO_FEW: ReceiptAnswer = ReceiptAnswer(12);
    pub const FORGED: ReceiptAnswer = ReceiptAnswer(13);
    pub const SYSTEM: ReceiptAnswer = ReceiptAnswer(14);

    /// The name of the answer: `FORGED`.
    pub fn name(self) -> String {
        text_of(unsafe { ffi::assay_continuity_receipt_name(self.0) })
    }

    /// The answer in words, with what to do.
    pub fn description(self) -> String {
        text_of(unsafe { ffi::assay_continuity_receipt_describe(self.0) })
    }
}

/// A receipt was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiptError {
    pub answer: ReceiptAnswer,
    /// What was expected and found.
    pub reason: String,
}

impl fmt::Display for ReceiptError {
    /// The name of the answer, the reason, and what to do.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({})", self.answer.name(), self.reason, self.answer.description())
    }
}

impl std::error::Error for ReceiptError {}

/// What [`verify_receipt`] verifies.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReceiptInput<'a> {
    /// Trusted: of `assay checkpoint`.
    pub checkpoint: &'a [u8],
    /// Of `assay continuity show INSTANCE --out` of any node, while the view of the receipt serves.
    pub evidence: &'a [u8],
    /// Of [`crate::Continuity::receipt`].
    pub receipt: &'a [u8],
    /// Of your request; `None`: any, so the receipt may be of any age.
    pub nonce: Option<&'a [u8; 32]>,
    /// The expected one; `None`: any.
    pub instance: Option<&'a [u8; 32]>,
    /// Unix time of a clock that you trust; 0: none.
    pub now_ms: u64,
    /// Of the evidence; 0: the trusting period of the checkpoint alone.
    pub max_age_s: u32,
}

/// What a receipt proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiptClaims {
    pub chain_id: [u8; 32],
    pub instance: [u8; 32],
    pub nonce: [u8; 32],
    /// Of the state: `certified_digest` of its program's status.
    pub digest: [u8; 32],
    /// Of the state; 0: none was certified yet.
    pub index: u64,
    /// That wrote it.
    pub session: u64,
    /// The newest session.
    pub promised: u64,
    pub view: u64,
    /// Of the evidence, as `time_ms` and `era`.
    pub epoch: u64,
    pub time_ms: u64,
    pub era: u32,
    pub group: u32,
    pub signers: u32,
    pub seats: u32,
    pub age_known: bool,
    /// The ledger had the instance.
    pub is_listed: bool,
    pub is_kept: bool,
    pub is_retired: bool,
    /// The group had lost a quorum of its memories.
    pub is_halted: bool,
}

/// Verifies a receipt offline: a quorum of the view's replicas has signed this state, and with your own fresh nonce nothing
/// newer was certified when you made it. It does not show what was certified since.
pub fn verify_receipt(input: &ReceiptInput) -> Result<ReceiptClaims, ReceiptError> {
    let mut given: ffi::ReceiptInput = unsafe { ffi::sized() };
    let mut k: ffi::ReceiptClaims = unsafe { ffi::sized() };
    given.checkpoint = input.checkpoint.as_ptr();
    given.checkpoint_len = input.checkpoint.len();
    given.evidence = input.evidence.as_ptr();
    given.evidence_len = input.evidence.len();
    given.receipt = input.receipt.as_ptr();
    given.receipt_len = input.receipt.len();
    given.nonce = input.nonce.map_or(ptr::null(), |nonce| nonce.as_ptr());
    given.instance = input.instance.map_or(ptr::null(), |instance| instance.as_ptr());
    given.now_ms = input.now_ms;
    given.max_age_s = input.max_age_s;
    let answer = ReceiptAnswer(unsafe { ffi::assay_continuity_receipt_verify(&given, &mut k) });
    if answer != ReceiptAnswer::VERIFIED {
        return Err(ReceiptError { answer, reason: text_of(k.reason.as_ptr()) });
    }
    Ok(ReceiptClaims {
        chain_id: k.chain_id,
        instance: k.instance,
        nonce: k.nonce,
        digest: k.digest,
        index: k.index,
        session: k.session,
        promised: k.promised,
        view: k.view,
        epoch: k.epoch,
        time_ms: k.time_ms,
        era: k.era,
        group: k.group,
        signers: k.signers,
        seats: k.seats,
        age_known: k.age_known != 0,
        is_listed: k.is_listed != 0,
        is_kept: k.is_kept != 0,
        is_retired: k.is_retired != 0,
        is_halted: k.is_halted != 0,
    })
}
