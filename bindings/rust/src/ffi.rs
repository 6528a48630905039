//! bindings/rust/src/ffi.rs - functions and structures of assay/assay.h and assay/policy.h that the crate uses.
use std::os::raw::{c_char, c_int, c_void};

/// Objects are opaque.
macro_rules! objects {
    ($($name:ident)*) => { $(#[repr(C)] pub struct $name { _private: [u8; 0] })* };
}
objects!(Trust Policy Verifier Verdict);

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Bytes {
    pub bytes: *const u8,
    pub len: usize,
}

#[repr(C)]
pub struct VerifyRequest {
    pub size: usize,
    pub trust: *const Trust,
    pub verifier: *mut Verifier,
    pub policy: *const Policy,
    pub kind: c_int,
    pub evidence: Bytes,
    pub at_unix_s: i64,
    pub expected_report_data: Bytes,
    pub expected_nonce: Bytes,
    pub logs: *const Bytes,
    pub log_count: usize,
    pub log_report: *mut c_void,
}

#[repr(C)]
pub struct Finding {
    pub size: usize,
    pub rule: u32,
    pub class: c_int,
    pub offset: u32,
    pub name: *const c_char,
    pub text: *const c_char,
    pub expected: *const c_char,
    pub observed: *const c_char,
    pub fix: *const c_char,
}

#[repr(C)]
pub struct Unchecked {
    pub size: usize,
    pub what: *const c_char,
    pub why: *const c_char,
}

#[repr(C)]
pub struct ClaimValue {
    pub size: usize,
    pub name: *const c_char,
    pub kind: c_int,
    pub number: u64,
    pub bytes: Bytes,
}

#[repr(C)]
pub struct EarRequest {
    pub size: usize,
    pub policy: *const Policy,
    pub profile: *const c_char,
    pub developer: *const c_char,
    pub build: *const c_char,
    pub nonce: *const c_char,
    pub evidence_digest: [u8; 32],
    pub form: c_int,
    pub expires_unix_s: i64,
    pub private_key: *const u8,
    pub sign: *const c_void,
    pub sign_context: *mut c_void,
    pub public_key: *const u8,
}

#[link(name = "assay")]
extern "C" {
    pub fn assay_version() -> *const c_char;
    pub fn assay_name_of_status(status: c_int) -> *const c_char;
    pub fn assay_describe_status(status: c_int) -> *const c_char;
    pub fn assay_name_of_tier(tier: c_int) -> *const c_char;
    pub fn assay_name_of_kind(kind: c_int) -> *const c_char;
    pub fn assay_trust_create(trust: *mut *mut Trust) -> c_int;
    pub fn assay_trust_destroy(trust: *mut *mut Trust);
    pub fn assay_trust_add_pinned(trust: *mut Trust) -> c_int;
    pub fn assay_trust_add_root(trust: *mut Trust, bytes: *const u8, len: usize, kinds: u32) -> c_int;
    pub fn assay_trust_add_policy_roots(trust: *mut Trust, policy: *const Policy) -> c_int;
    pub fn assay_trust_add_collateral(trust: *mut Trust, files: *const Bytes, count: usize) -> c_int;
    pub fn assay_trust_set_exact(trust: *mut Trust, exact: bool) -> c_int;
    pub fn assay_policy_create_encoded(bytes: *const u8, len: usize, policy: *mut *mut Policy) -> c_int;
    pub fn assay_policy_destroy(policy: *mut *mut Policy);
    pub fn assay_policy_get_digest(policy: *const Policy, digest: *mut u8) -> c_int;
    pub fn assay_verifier_create(platforms: usize, verifier: *mut *mut Verifier) -> c_int;
    pub fn assay_verifier_destroy(verifier: *mut *mut Verifier);
    pub fn assay_verdict_create(verdict: *mut *mut Verdict) -> c_int;
    pub fn assay_verdict_destroy(verdict: *mut *mut Verdict);
    pub fn assay_verdict_get_kind(verdict: *const Verdict) -> c_int;
    pub fn assay_verdict_get_genuine(verdict: *const Verdict) -> c_int;
    pub fn assay_verdict_get_expiry(verdict: *const Verdict, unix_s: *mut i64) -> bool;
    pub fn assay_verdict_get_finding(verdict: *const Verdict, index: usize, finding: *mut Finding) -> bool;
    pub fn assay_verdict_get_unchecked(verdict: *const Verdict, index: usize, unchecked: *mut Unchecked) -> bool;
    pub fn assay_verdict_get_claim_at(verdict: *const Verdict, index: usize, claim: *mut ClaimValue) -> c_int;
    pub fn assay_verdict_write_ear(
        verdict: *const Verdict,
        request: *const EarRequest,
        buffer: *mut c_void,
        capacity: usize,
        len: *mut usize,
    ) -> c_int;
    pub fn assay_verify(request: *const VerifyRequest, verdict: *mut Verdict, tier: *mut c_int) -> c_int;
}

#[cfg(feature = "yaml")]
#[link(name = "assay-policy")]
extern "C" {
    pub fn assay_policy_create_yaml(
        text: *const c_char,
        len: usize,
        policy: *mut *mut Policy,
        message: *mut c_char,
        message_len: usize,
    ) -> c_int;
}
