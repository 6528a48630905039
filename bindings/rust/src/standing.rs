//! bindings/rust/src/standing.rs - proofs of a member's standing and of its workload keys, through libassay-standing.
use crate::identity::{pointer_of, Standing};
use crate::token::{c_text, pointer_to};
use crate::{check, ffi, text_of, Error};
use std::fmt;
use std::mem::size_of;
use std::os::raw::c_int;
use std::time::{SystemTime, UNIX_EPOCH};

/// Whether a proof is accepted, or why not. Later versions may have other answers: only [`ProofAnswer::PROVEN`] means that it
/// is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProofAnswer(pub i32);

impl ProofAnswer {
    pub const PROVEN: ProofAnswer = ProofAnswer(0);
    pub const OTHER_CHAIN: ProofAnswer = ProofAnswer(1);
    pub const OLDER: ProofAnswer = ProofAnswer(2);
    pub const OTHER_BLOCK: ProofAnswer = ProofAnswer(3);
    pub const OTHER_VOTERS: ProofAnswer = ProofAnswer(4);
    pub const NO_QUORUM: ProofAnswer = ProofAnswer(5);
    pub const BAD_SIGNATURE: ProofAnswer = ProofAnswer(6);
    pub const OTHER_LEAF: ProofAnswer = ProofAnswer(7);
    pub const TOO_OLD: ProofAnswer = ProofAnswer(8);
    pub const AHEAD: ProofAnswer = ProofAnswer(9);
    pub const EXPIRED: ProofAnswer = ProofAnswer(10);
    pub const AGE_UNKNOWN: ProofAnswer = ProofAnswer(11);
    pub const OTHER_ERA: ProofAnswer = ProofAnswer(12);
}

impl fmt::Display for ProofAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&text_of(unsafe { ffi::assay_describe_answer(self.0) }))
    }
}

/// Why a key must not be relied on, in the order of the checks. Only [`KeyAnswer::ACTIVE`] means that it may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyAnswer(pub i32);

impl KeyAnswer {
    pub const ACTIVE: KeyAnswer = KeyAnswer(1);
    pub const OTHER_PROOF: KeyAnswer = KeyAnswer(2);
    pub const OTHER_MEMBER: KeyAnswer = KeyAnswer(3);
    pub const NOT_SERVING: KeyAnswer = KeyAnswer(4);
    pub const UNBOUND: KeyAnswer = KeyAnswer(5);
    pub const OLD: KeyAnswer = KeyAnswer(6);
    pub const MAINTENANCE: KeyAnswer = KeyAnswer(7);
    pub const LOW_STANDING: KeyAnswer = KeyAnswer(8);
    pub const OTHER_LIST: KeyAnswer = KeyAnswer(9);
    pub const NOT_LISTED: KeyAnswer = KeyAnswer(10);
    pub const OTHER_USE: KeyAnswer = KeyAnswer(11);
    pub const OTHER_NAME: KeyAnswer = KeyAnswer(12);
    pub const WITHDRAWN: KeyAnswer = KeyAnswer(13);
}

impl fmt::Display for KeyAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&text_of(unsafe { ffi::assay_describe_key(self.0) }))
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&text_of(unsafe { ffi::assay_name_of_standing(*self as c_int) }))
    }
}

/// What the network found in the proof's epoch: 0 pass, 1 failed, 2 absent, 3 unsettled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome(pub i32);

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&text_of(unsafe { ffi::assay_name_of_outcome(self.0) }))
    }
}

/// What is proven of a member. Everything but `answer` is zero unless that is [`ProofAnswer::PROVEN`] or
/// [`ProofAnswer::AGE_UNKNOWN`]. Times are Unix milliseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "the answer is `answer`"]
pub struct StandingReport {
    pub answer: ProofAnswer,
    /// Compare it with the member that you mean.
    pub node_id: [u8; 32],
    pub standing: Standing,
    /// Decided by its operators: 0 serves, 1 rests, 2 left.
    pub stage: i32,
    pub stage_epoch: u64,
    pub score_bp: u16,
    pub integrity_bp: u16,
    pub availability_bp: u16,
    pub outcome: Outcome,
    pub pass_weight: u64,
    pub negative_weight: u64,
    pub electorate_weight: u64,
    /// Enough ballots of the epoch were counted.
    pub certified: bool,
    pub last_pass_epoch: u64,
    pub incarnation: u32,
    pub weight: u32,
    pub chain_id: [u8; 32],
    pub era: u32,
    pub epoch: u64,
    pub time_ms: u64,
    /// Rely on the proof no longer than this.
    pub expires_ms: u64,
    pub block_id: [u8; 32],
    pub policy_digest: [u8; 32],
    /// This proof as a checkpoint, to replace yours; `None` unless proven.
    pub checkpoint: Option<Vec<u8>>,
}

/// What you accept of the key of a TLS peer.
#[derive(Clone, Debug)]
pub struct KeyRequest<'a> {
    /// The key proof of the peer: the value of the extension 1.3.6.1.4.1.32473.17.2 of its certificate, or bytes from
    /// elsewhere.
    pub proof: &'a [u8],
    /// The newest one that you trust.
    pub checkpoint: &'a [u8],
    /// SubjectPublicKeyInfo (DER) of the certificate whose key the handshake proved.
    pub key: &'a [u8],
    /// `None`: any member, then compare that of the report.
    pub node_id: Option<[u8; 32]>,
    /// Of the key, chosen by its member. `None`: any.
    pub name: Option<&'a str>,
    /// [`Standing::Full`] or [`Standing::Warning`].
    pub standing_worst: Standing,
    /// Unix milliseconds.
    pub now_ms: u64,
    /// Of the proof's block, 1 s to 90 days: a key that is withdrawn, or of a member that is suspended, is accepted for so
    /// long.
    pub max_age_s: u32,
}

/// An answer about a key, and what is proven of the member.
#[derive(Clone, Debug)]
#[must_use = "the answer is `answer`"]
pub struct KeyVerdict {
    pub answer: KeyAnswer,
    pub report: StandingReport,
}

impl<'a> KeyRequest<'a> {
    /// Of now, from any member with standing FULL.
    pub fn new(proof: &'a [u8], checkpoint: &'a [u8], key: &'a [u8], max_age_s: u32) -> KeyRequest<'a> {
        let now_ms = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |age| age.as_millis() as u64);
        let standing_worst = Standing::Full;
        KeyRequest { proof, checkpoint, key, node_id: None, name: None, standing_worst, now_ms, max_age_s }
    }

    /// Verifies that the key is an active key of a member of the network that the checkpoint names. Call it in the verifier of
    /// certificates of a TLS library, in place of the verification of the chain, and turn the resumption of sessions off.
    /// With `Ok` there is an answer; which, [`KeyVerdict::answer`] says.
    pub fn verify(&self) -> Result<KeyVerdict, Error> {
        let name = self.name.map(c_text).transpose()?;
        let request = ffi::KeyRequest {
            size: size_of::<ffi::KeyRequest>(),
            proof: self.proof.as_ptr(),
            proof_len: self.proof.len(),
            checkpoint: self.checkpoint.as_ptr(),
            checkpoint_len: self.checkpoint.len(),
            key: self.key.as_ptr(),
            key_len: self.key.len(),
            node_id: pointer_of(&self.node_id),
            name: pointer_to(&name),
            standing_worst: self.standing_worst as c_int,
            now_ms: self.now_ms,
            max_age_s: self.max_age_s,
        };
        let (mut report, mut answer): (ffi::StandingReport, c_int) = (unsafe { ffi::sized() }, 0);
        check(unsafe { ffi::assay_standing_verify_key(&request, &mut report, &mut answer) })?;
        Ok(KeyVerdict { answer: KeyAnswer(answer), report: report_of(&report) })
    }
}

/// Verifies what `assay proof` wrote, from a checkpoint that you trust. `now_ms`: Unix milliseconds, 0 where there is no clock
/// (then the answer is [`ProofAnswer::AGE_UNKNOWN`] at best). `max_age_s`: how old its block may be, 0 for 24 hours.
pub fn verify_standing(
    proof: &[u8],
    checkpoint: &[u8],
    now_ms: u64,
    max_age_s: u32,
) -> Result<StandingReport, Error> {
    let mut report: ffi::StandingReport = unsafe { ffi::sized() };
    check(unsafe {
        ffi::assay_standing_verify(
            proof.as_ptr(),
            proof.len(),
            checkpoint.as_ptr(),
            checkpoint.len(),
            now_ms,
            max_age_s,
            &mut report,
        )
    })?;
    Ok(report_of(&report))
}

fn report_of(from: &ffi::StandingReport) -> StandingReport {
    StandingReport {
        answer: ProofAnswer(from.answer),
        node_id: from.node_id,
        standing: Standing::of(from.standing),
        stage: from.stage,
        stage_epoch: from.stage_epoch,
        score_bp: from.score_bp,
        integrity_bp: from.integrity_bp,
        availability_bp: from.availability_bp,
        outcome: Outcome(from.outcome),
        pass_weight: from.pass_weight,
        negative_weight: from.negative_weight,
        electorate_weight: from.electorate_weight,
        certified: from.certified,
        last_pass_epoch: from.last_pass_epoch,
        incarnation: from.incarnation,
        weight: from.weight,
        chain_id: from.chain_id,
        era: from.era,
        epoch: from.epoch,
        time_ms: from.time_ms,
        expires_ms: from.expires_ms,
        block_id: from.block_id,
        policy_digest: from.policy_digest,
        checkpoint: from.checkpoint.get(..from.checkpoint_len).filter(|some| !some.is_empty()).map(<[u8]>::to_vec),
    }
}
