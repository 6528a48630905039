//! bindings/rust/src/ffi_standing.rs - functions and structures of assay/standing.h that the crate uses.
use std::os::raw::{c_char, c_int};

#[repr(C)]
pub struct KeyRequest {
    pub size: usize,
    pub proof: *const u8,
    pub proof_len: usize,
    pub checkpoint: *const u8,
    pub checkpoint_len: usize,
    pub key: *const u8,
    pub key_len: usize,
    pub node_id: *const u8,
    pub name: *const c_char,
    pub standing_worst: c_int,
    pub now_ms: u64,
    pub max_age_s: u32,
}

#[repr(C)]
pub struct StandingReport {
    pub size: usize,
    pub answer: c_int,
    pub node_id: [u8; 32],
    pub standing: c_int,
    pub stage: c_int,
    pub stage_epoch: u64,
    pub score_bp: u16,
    pub integrity_bp: u16,
    pub availability_bp: u16,
    pub outcome: c_int,
    pub pass_weight: u64,
    pub negative_weight: u64,
    pub electorate_weight: u64,
    pub certified: bool,
    pub last_pass_epoch: u64,
    pub incarnation: u32,
    pub weight: u32,
    pub chain_id: [u8; 32],
    pub era: u32,
    pub epoch: u64,
    pub time_ms: u64,
    pub expires_ms: u64,
    pub block_id: [u8; 32],
    pub policy_digest: [u8; 32],
    pub checkpoint: [u8; 192],
    pub checkpoint_len: usize,
}

#[link(name = "assay-standing")]
extern "C" {
    pub fn assay_standing_verify(
        proof: *const u8,
        proof_len: usize,
        checkpoint: *const u8,
        checkpoint_len: usize,
        now_ms: u64,
        max_age_s: u32,
        report: *mut StandingReport,
    ) -> c_int;
    pub fn assay_standing_verify_key(
        request: *const KeyRequest,
        report: *mut StandingReport,
        answer: *mut c_int,
    ) -> c_int;
    pub fn assay_describe_key(answer: c_int) -> *const c_char;
    pub fn assay_describe_answer(answer: c_int) -> *const c_char;
    pub fn assay_name_of_standing(standing: c_int) -> *const c_char;
    pub fn assay_name_of_outcome(outcome: c_int) -> *const c_char;
}
