//! bindings/rust/src/ffi_workload.rs - functions and structures of assay/keys.h that the crate uses.
use std::os::raw::{c_char, c_int, c_void};

pub const SIGNATURE_MAX: usize = 104; // ASSAY_WORKLOAD_SIGNATURE_MAX

pub type Sign = unsafe extern "C" fn(
    context: *mut c_void,
    message: *const u8,
    message_len: usize,
    signature: *mut u8,
    len: *mut usize,
) -> bool;

#[repr(C)]
pub struct WorkloadKey {
    pub size: usize,
    pub socket_path: *const c_char,
    pub chain_id: *const u8,
    pub node_id: *const u8,
    pub purpose: c_int,
    pub name: *const c_char,
    pub audiences: *const *const c_char,
    pub audience_count: usize,
    pub key: *const u8,
    pub key_len: usize,
    pub sign: Option<Sign>,
    pub context: *mut c_void,
    pub boot: *const u8,
    pub timeout_ms: u32,
}

#[repr(C)]
pub struct WorkloadKeyAnswer {
    pub size: usize,
    pub is_new: bool,
    pub may_pass: bool,
    pub count: u32,
    pub boot: [u8; 32],
    pub chain_id: [u8; 32],
    pub node_id: [u8; 32],
    pub message: [c_char; 400],
}

#[link(name = "assay-keys")]
extern "C" {
    pub fn assay_workload_key_register(request: *const WorkloadKey, answer: *mut WorkloadKeyAnswer) -> c_int;
    pub fn assay_workload_key_withdraw(
        socket_path: *const c_char,
        purpose: c_int,
        name: *const c_char,
        timeout_ms: u32,
        answer: *mut WorkloadKeyAnswer,
    ) -> c_int;
}
