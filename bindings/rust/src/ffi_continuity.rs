//! bindings/rust/src/ffi_continuity.rs - functions and structures of assay/continuity.h that the crate uses.
use std::os::raw::{c_char, c_int, c_void};

pub const RECEIPT_MAX: usize = 3072; // ASSAY_CONTINUITY_RECEIPT_MAX

#[repr(C)]
pub struct Continuity {
    _private: [u8; 0],
}

#[repr(C)]
pub struct ContinuityOptions {
    pub size: usize,
    pub daemon: *const c_char,
    pub group: u32,
    pub folder: *const c_char,
    pub checkpoint: *const u8,
    pub checkpoint_len: usize,
    pub key: *const u8,
    pub state_max: usize,
    pub owner: *const u8,
    pub later: *const u8,
    pub later_len: usize,
    pub later_signature: *const u8,
    pub lease: u32,
    pub handover_ms: u32,
}

#[repr(C)]
pub struct ContinuityStatus {
    pub size: usize,
    pub chain_id: [u8; 32],
    pub instance: [u8; 32],
    pub session: u64,
    pub view: u64,
    pub given: u64,
    pub certified: u64,
    pub certified_digest: [u8; 32],
    pub given_digest: [u8; 32],
}

#[repr(C)]
pub struct ReceiptInput {
    pub size: usize,
    pub checkpoint: *const u8,
    pub checkpoint_len: usize,
    pub evidence: *const u8,
    pub evidence_len: usize,
    pub receipt: *const u8,
    pub receipt_len: usize,
    pub nonce: *const u8,
    pub instance: *const u8,
    pub now_ms: u64,
    pub max_age_s: u32,
}

#[repr(C)]
pub struct ReceiptClaims {
    pub size: usize,
    pub chain_id: [u8; 32],
    pub instance: [u8; 32],
    pub nonce: [u8; 32],
    pub digest: [u8; 32],
    pub index: u64,
    pub session: u64,
    pub promised: u64,
    pub view: u64,
    pub epoch: u64,
    pub time_ms: u64,
    pub era: u32,
    pub group: u32,
    pub signers: u32,
    pub seats: u32,
    pub age_known: u8,
    pub is_listed: u8,
    pub is_kept: u8,
    pub is_retired: u8,
    pub is_halted: u8,
    pub reason: [c_char; 256],
}

#[link(name = "assay-continuity")]
extern "C" {
    pub fn assay_continuity_name(result: c_int) -> *const c_char;
    pub fn assay_continuity_describe(result: c_int) -> *const c_char;
    pub fn assay_continuity_create(options: *const ContinuityOptions, out: *mut *mut Continuity) -> c_int;
    pub fn assay_continuity_open(options: *const ContinuityOptions, out: *mut *mut Continuity) -> c_int;
    pub fn assay_continuity_close(handle: *mut *mut Continuity);
    pub fn assay_continuity_start(handle: *mut Continuity, timeout_ms: u32) -> c_int;
    pub fn assay_continuity_state(
        handle: *const Continuity,
        len: *mut usize,
        index: *mut u64,
    ) -> *const c_void;
    pub fn assay_continuity_update(
        handle: *mut Continuity,
        state: *const c_void,
        len: usize,
        index: *mut u64,
    ) -> c_int;
    pub fn assay_continuity_wait(handle: *mut Continuity, index: u64, timeout_ms: u32) -> c_int;
    pub fn assay_continuity_save(
        handle: *mut Continuity,
        state: *const c_void,
        len: usize,
        timeout_ms: u32,
    ) -> c_int;
    pub fn assay_continuity_confirm(handle: *mut Continuity, timeout_ms: u32) -> c_int;
    pub fn assay_continuity_receipt(
        handle: *mut Continuity,
        nonce: *const u8,
        receipt: *mut u8,
        capacity: usize,
        len: *mut usize,
        timeout_ms: u32,
    ) -> c_int;
    pub fn assay_continuity_receipt_name(answer: c_int) -> *const c_char;
    pub fn assay_continuity_receipt_describe(answer: c_int) -> *const c_char;
    pub fn assay_continuity_receipt_verify(input: *const ReceiptInput, claims: *mut ReceiptClaims) -> c_int;
    pub fn assay_continuity_retire(handle: *mut Continuity, timeout_ms: u32) -> c_int;
    pub fn assay_continuity_step(handle: *mut Continuity, timeout_ms: u32) -> c_int;
    pub fn assay_continuity_fd(handle: *const Continuity) -> c_int;
    pub fn assay_continuity_timeout_ms(handle: *const Continuity) -> c_int;
    pub fn assay_continuity_get_status(handle: *const Continuity, status: *mut ContinuityStatus) -> c_int;
    pub fn assay_continuity_reason(handle: *const Continuity) -> *const c_char;
}
