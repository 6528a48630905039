//! bindings/rust/src/ffi_identity.rs - functions and structures of assay/identity.h that the crate uses.
use crate::ffi::{Bytes, Unchecked};
use std::os::raw::{c_char, c_int, c_void};

/// Opaque.
#[repr(C)]
pub struct Identity {
    _private: [u8; 0],
}

#[repr(C)]
pub struct IdentityRequest {
    pub size: usize,
    pub trusted: Bytes,
    pub chain_id: *const u8,
    pub trust_domain: *const c_char,
    pub service: *const c_char,
    pub spiffe_id: *const c_char,
    pub node_id: *const u8,
    pub has_era: bool,
    pub era: u64,
    pub epoch_min: u64,
    pub has_age_max: bool,
    pub age_max_s: u64,
    pub standing_worst: c_int,
    pub kinds: u32,
    pub accept_insecure: bool,
    pub skew_s: u32,
    pub at_unix_s: i64,
    pub issuer: *const c_char,
    pub audience: *const c_char,
}

#[repr(C)]
pub struct IdentityClaims {
    pub size: usize,
    pub answer: c_int,
    pub why: *const c_char,
    pub spiffe_id: *const c_char,
    pub trust_domain: *const c_char,
    pub name: *const c_char,
    pub is_service: bool,
    pub insecure: bool,
    pub chain_id: [u8; 32],
    pub era: u64,
    pub epoch: u64,
    pub block_id: [u8; 32],
    pub node_id: [u8; 32],
    pub incarnation: u32,
    pub standing: c_int,
    pub score_bp: u32,
    pub evidence_kind: u32,
    pub entry_digest: [u8; 32],
    pub proof_digest: [u8; 32],
    pub serial: [u8; 16],
    pub issued_unix_s: i64,
    pub starts_unix_s: i64,
    pub expires_unix_s: i64,
    pub ca_number: u32,
    pub key: Bytes,
    pub key_thumbprint: *const c_char,
}

#[link(name = "assay")]
extern "C" {
    pub fn assay_identity_create(identity: *mut *mut Identity) -> c_int;
    pub fn assay_identity_destroy(identity: *mut *mut Identity);
    pub fn assay_identity_verify_peer(
        request: *const IdentityRequest,
        certificates: *const Bytes,
        count: usize,
        identity: *mut Identity,
        answer: *mut c_int,
    ) -> c_int;
    pub fn assay_identity_verify_token(
        request: *const IdentityRequest,
        token: *const c_void,
        len: usize,
        identity: *mut Identity,
        answer: *mut c_int,
    ) -> c_int;
    pub fn assay_identity_get_claims(identity: *const Identity, claims: *mut IdentityClaims) -> bool;
    pub fn assay_identity_get_unchecked(
        identity: *const Identity,
        index: usize,
        unchecked: *mut Unchecked,
    ) -> bool;
    pub fn assay_name_of_identity(answer: c_int) -> *const c_char;
}
