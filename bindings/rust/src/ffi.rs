//! bindings/rust/src/ffi.rs - functions and structures of assay/assay.h and assay/policy.h that the crate uses.
#[cfg(feature = "continuity")]
pub use crate::ffi_continuity::*;
pub use crate::ffi_identity::*;
pub use crate::ffi_standing::*;
pub use crate::ffi_workload::*;
use std::os::raw::{c_char, c_int, c_void};

/// Objects are opaque.
macro_rules! objects {
    ($($name:ident)*) => { $(#[repr(C)] pub struct $name { _private: [u8; 0] })* };
}
objects!(Trust Policy Verifier Verdict LogReport Result PolicyIssuers);

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
    pub log_report: *mut LogReport,
}

#[repr(C)]
pub struct Counters {
    pub size: usize,
    pub hits: u64,
    pub misses: u64,
    pub evictions: u64,
    pub platforms: u64,
    pub memory_bytes: u64,
}

#[repr(C)]
pub struct TrustPiece {
    pub size: usize,
    pub set: usize,
    pub file: usize,
    pub name: *const c_char,
    pub status: c_int,
}

#[repr(C)]
pub struct PieceList {
    pub size: usize,
    pub main: Bytes,
    pub certificates: *const Bytes,
    pub certificate_count: usize,
    pub signature: Bytes,
    pub pcrs: Bytes,
    pub key: Bytes,
    pub hardware: Bytes,
    pub activation: Bytes,
    pub report_data: Bytes,
    pub quote: Bytes,
}

#[repr(C)]
pub struct DeviceReport {
    pub size: usize,
    pub kind: c_int,
    pub report: Bytes,
    pub certificates: *const Bytes,
    pub certificate_count: usize,
}

#[repr(C)]
pub struct LogOutcome {
    pub size: usize,
    pub form: c_int,
    pub status: c_int,
    pub judged: bool,
    pub events: u64,
    pub later: u64,
    pub extending: u64,
    pub proven: u64,
    pub rule: u32,
    pub rule_name: *const c_char,
    pub fix: *const c_char,
}

#[repr(C)]
pub struct LogRegister {
    pub size: usize,
    pub name: *const c_char,
    pub bank: *const c_char,
    pub state: c_int,
    pub events: u64,
    pub quoted: Bytes,
    pub replayed: Bytes,
}

#[repr(C)]
pub struct LogEvent {
    pub size: usize,
    pub rule: u32,
    pub rule_name: *const c_char,
    pub expected: *const c_char,
    pub observed: *const c_char,
    pub fix: *const c_char,
    pub form: c_int,
    pub occurred: bool,
    pub index: u64,
    pub offset: u32,
    pub kind: u32,
    pub register_name: *const c_char,
    pub text: *const c_char,
    pub digest: Bytes,
}

#[repr(C)]
pub struct CloudInstance {
    pub size: usize,
    pub id: *const c_char,
    pub name: *const c_char,
    pub project: *const c_char,
    pub zone: *const c_char,
    pub project_number: u64,
}

#[repr(C)]
pub struct DeviceVerdict {
    pub size: usize,
    pub kind: c_int,
    pub genuine: c_int,
    pub tier: c_int,
    pub rule: u32,
    pub product: *const c_char,
    pub driver: *const c_char,
    pub firmware: *const c_char,
    pub serial: Bytes,
    pub platform_id: Bytes,
    pub mode: *const c_char,
    pub has_expiry: bool,
    pub expires_unix_s: i64,
    pub expires_first: *const c_char,
}

#[repr(C)]
pub struct ResultIssuer {
    pub size: usize,
    pub service: c_int,
    pub issuer: *const c_char,
    pub keys: Bytes,
    pub root: Bytes,
    pub audience: *const c_char,
    pub has_age_max: bool,
    pub age_max_s: u64,
}

#[repr(C)]
pub struct ResultRequest {
    pub size: usize,
    pub issuers: *const ResultIssuer,
    pub issuer_count: usize,
    pub nonce: *const c_char,
    pub at_unix_s: i64,
}

#[repr(C)]
pub struct ResultSummary {
    pub size: usize,
    pub answer: c_int,
    pub why: *const c_char,
    pub issuer_index: usize,
    pub service: c_int,
    pub statement: c_int,
    pub vector: [i8; 8],
    pub issuer: *const c_char,
    pub subject: *const c_char,
    pub algorithm: *const c_char,
    pub key_id: *const c_char,
    pub attester: *const c_char,
    pub tcb_status: *const c_char,
    pub debug: c_int,
    pub secure_boot: c_int,
    pub policy_failed: bool,
    pub has_issued: bool,
    pub issued_unix_s: i64,
    pub expires_unix_s: i64,
    pub devices: usize,
    pub devices_named: usize,
}

#[repr(C)]
pub struct ResultDevice {
    pub size: usize,
    pub label: *const c_char,
    pub product: *const c_char,
    pub serial: *const c_char,
    pub driver: *const c_char,
    pub firmware: *const c_char,
    pub measured: c_int,
    pub debug: c_int,
    pub secure_boot: c_int,
}

#[repr(C)]
pub struct PolicyIssuer {
    pub size: usize,
    pub service: c_int,
    pub issuer: *const c_char,
    pub keys_file: *const c_char,
    pub root_file: *const c_char,
    pub audience: *const c_char,
    pub has_age_max: bool,
    pub age_max_s: u64,
}

/// A structure that a getter fills: numbers, and pointers that may be NULL.
///
/// # Safety
/// Only for structures of this file that begin with `size` and of which every member may be zero.
pub unsafe fn sized<T>() -> T {
    let mut made: T = std::mem::zeroed();
    *(&mut made as *mut T).cast::<usize>() = std::mem::size_of::<T>();
    made
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
    pub fn assay_name_of_tcb_status(status: c_int) -> *const c_char;
    pub fn assay_name_of_rule_class(class: c_int) -> *const c_char;
    pub fn assay_name_of_eventlog_form(form: c_int) -> *const c_char;
    pub fn assay_name_of_register_state(state: c_int) -> *const c_char;
    pub fn assay_name_of_service(service: c_int) -> *const c_char;
    pub fn assay_name_of_result(answer: c_int) -> *const c_char;
    pub fn assay_name_of_statement(statement: c_int) -> *const c_char;
    pub fn assay_version_number() -> c_int;
    pub fn assay_trust_create(trust: *mut *mut Trust) -> c_int;
    pub fn assay_trust_destroy(trust: *mut *mut Trust);
    pub fn assay_trust_add_pinned(trust: *mut Trust) -> c_int;
    pub fn assay_trust_add_root(trust: *mut Trust, bytes: *const u8, len: usize, kinds: u32) -> c_int;
    pub fn assay_trust_add_policy_roots(trust: *mut Trust, policy: *const Policy) -> c_int;
    pub fn assay_trust_add_collateral(trust: *mut Trust, files: *const Bytes, count: usize) -> c_int;
    pub fn assay_trust_set_exact(trust: *mut Trust, exact: bool) -> c_int;
    pub fn assay_trust_get_piece(trust: *const Trust, index: usize, piece: *mut TrustPiece) -> c_int;
    pub fn assay_policy_create(policy: *mut *mut Policy) -> c_int;
    pub fn assay_policy_create_encoded(bytes: *const u8, len: usize, policy: *mut *mut Policy) -> c_int;
    pub fn assay_policy_destroy(policy: *mut *mut Policy);
    pub fn assay_policy_get_digest(policy: *const Policy, digest: *mut u8) -> c_int;
    pub fn assay_verifier_create(platforms: usize, verifier: *mut *mut Verifier) -> c_int;
    pub fn assay_verifier_set_tables(verifier: *mut Verifier, tables: usize) -> c_int;
    pub fn assay_verifier_get_counters(verifier: *const Verifier, counters: *mut Counters) -> c_int;
    pub fn assay_verifier_destroy(verifier: *mut *mut Verifier);
    pub fn assay_verdict_create(verdict: *mut *mut Verdict) -> c_int;
    pub fn assay_verdict_destroy(verdict: *mut *mut Verdict);
    pub fn assay_verdict_get_kind(verdict: *const Verdict) -> c_int;
    pub fn assay_verdict_get_genuine(verdict: *const Verdict) -> c_int;
    pub fn assay_verdict_get_tcb_status(verdict: *const Verdict) -> c_int;
    pub fn assay_verdict_get_launch_status(verdict: *const Verdict) -> c_int;
    pub fn assay_verdict_get_current_status(verdict: *const Verdict) -> c_int;
    pub fn assay_verdict_is_insecure(verdict: *const Verdict) -> bool;
    pub fn assay_verdict_is_debug(verdict: *const Verdict) -> bool;
    pub fn assay_verdict_get_time(verdict: *const Verdict, unix_s: *mut i64) -> bool;
    pub fn assay_verdict_get_tcb_date(verdict: *const Verdict, unix_s: *mut i64) -> bool;
    pub fn assay_verdict_get_current_tcb_date(verdict: *const Verdict, unix_s: *mut i64) -> bool;
    pub fn assay_verdict_get_report_data(verdict: *const Verdict, out: *mut Bytes) -> bool;
    pub fn assay_verdict_get_measurement(verdict: *const Verdict, out: *mut Bytes) -> bool;
    pub fn assay_verdict_get_platform(
        verdict: *const Verdict,
        platform_id: *mut Bytes,
        vendor_root: *mut Bytes,
        masked: *mut bool,
    ) -> bool;
    pub fn assay_verdict_get_instance(verdict: *const Verdict, instance: *mut CloudInstance) -> bool;
    pub fn assay_verdict_get_device(verdict: *const Verdict, index: usize, device: *mut DeviceVerdict) -> bool;
    pub fn assay_verdict_get_advisory(verdict: *const Verdict, index: usize) -> *const c_char;
    pub fn assay_verdict_get_current_advisory(verdict: *const Verdict, index: usize) -> *const c_char;
    pub fn assay_verdict_get_link(
        verdict: *const Verdict,
        index: usize,
        name: *mut *const c_char,
        state: *mut c_int,
    ) -> bool;
    pub fn assay_verdict_get_trust_vector(
        verdict: *const Verdict,
        policy: *const Policy,
        vector: *mut i8,
    ) -> c_int;
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
    pub fn assay_evidence_recognise(bytes: *const u8, len: usize, kind: *mut c_int) -> c_int;
    pub fn assay_evidence_pack(
        kind: c_int,
        pieces: *const PieceList,
        buffer: *mut u8,
        capacity: usize,
        len: *mut usize,
    ) -> c_int;
    pub fn assay_devices_get_nonce(challenge: *const u8, nonce: *mut u8) -> c_int;
    pub fn assay_devices_pack(
        challenge: *const u8,
        devices: *const DeviceReport,
        count: usize,
        buffer: *mut u8,
        capacity: usize,
        len: *mut usize,
        report_data: *mut u8,
    ) -> c_int;
    pub fn assay_devices_attach(
        evidence: Bytes,
        devices: Bytes,
        form: c_int,
        buffer: *mut u8,
        capacity: usize,
        len: *mut usize,
    ) -> c_int;
    pub fn assay_eventlog_report_create(report: *mut *mut LogReport) -> c_int;
    pub fn assay_eventlog_report_destroy(report: *mut *mut LogReport);
    pub fn assay_eventlog_report_get_log(
        report: *const LogReport,
        index: usize,
        log: *mut LogOutcome,
    ) -> bool;
    pub fn assay_eventlog_report_get_register(
        report: *const LogReport,
        index: usize,
        register: *mut LogRegister,
    ) -> bool;
    pub fn assay_eventlog_report_count_failed(report: *const LogReport) -> u64;
    pub fn assay_eventlog_report_get_failed(
        report: *const LogReport,
        index: usize,
        event: *mut LogEvent,
    ) -> bool;
    pub fn assay_result_create(result: *mut *mut Result) -> c_int;
    pub fn assay_result_destroy(result: *mut *mut Result);
    pub fn assay_result_verify(
        request: *const ResultRequest,
        token: *const c_void,
        len: usize,
        result: *mut Result,
        answer: *mut c_int,
        statement: *mut c_int,
    ) -> c_int;
    pub fn assay_result_get_summary(result: *const Result, summary: *mut ResultSummary) -> bool;
    pub fn assay_result_get_device(result: *const Result, index: usize, device: *mut ResultDevice) -> bool;
    pub fn assay_result_get_unchecked(
        result: *const Result,
        index: usize,
        unchecked: *mut Unchecked,
    ) -> bool;
    pub fn assay_result_get_claim_at(result: *const Result, index: usize, claim: *mut ClaimValue) -> c_int;
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
    pub fn assay_policy_issuers_create_yaml(
        text: *const c_char,
        len: usize,
        issuers: *mut *mut PolicyIssuers,
        message: *mut c_char,
        message_len: usize,
    ) -> c_int;
    pub fn assay_policy_issuers_destroy(issuers: *mut *mut PolicyIssuers);
    pub fn assay_policy_issuers_get(
        issuers: *const PolicyIssuers,
        index: usize,
        issuer: *mut PolicyIssuer,
    ) -> bool;
}
