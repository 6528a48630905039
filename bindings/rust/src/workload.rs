//! bindings/rust/src/workload.rs - registration of a workload key with the enclave of this machine, through libassay-keys.
use crate::identity::pointer_of;
use crate::token::c_text;
use crate::{ffi, text_of, Error};
use std::any::Any;
use std::ffi::CString;
use std::mem::size_of;
use std::os::raw::{c_char, c_int, c_void};
use std::panic::{catch_unwind, resume_unwind, AssertUnwindSafe};
use std::{fmt, ptr, slice};

/// What a key is for; the network certifies it for that alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    Tls = 1,
    /// For the audiences of the request.
    Token = 3,
    Ssh = 4,
}

/// A key that this program has, to be registered. Call from inside the TEE, where the private key is.
#[derive(Clone, Debug)]
pub struct WorkloadKey<'a> {
    /// `enclave.service` of the daemon's configuration.
    pub socket: &'a str,
    /// The network that you mean, and never one that you were sent.
    pub chain_id: [u8; 32],
    /// This member alone. `None`: the one of the enclave.
    pub node_id: Option<[u8; 32]>,
    pub purpose: Purpose,
    /// A DNS label in lower case; one key of a purpose has it.
    pub name: &'a str,
    /// Of [`Purpose::Token`], ascending.
    pub audiences: &'a [&'a str],
    /// SubjectPublicKeyInfo (DER) of P-256, P-384 or Ed25519.
    pub key: &'a [u8],
    /// Of an earlier answer: an enclave that has not restarted since still has the key, so nothing is signed.
    pub boot: Option<[u8; 32]>,
    /// At most 60000. 0: 5000.
    pub timeout_ms: u32,
}

/// What the enclave has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    /// This call registered the key.
    pub is_new: bool,
    /// Keys that the enclave has; 0 unless `is_new`.
    pub count: u32,
    /// Of its program: another one after each restart, which has no keys.
    pub boot: [u8; 32],
    pub chain_id: [u8; 32],
    pub node_id: [u8; 32],
}

/// The key is not registered, or not withdrawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistrationError {
    pub error: Error,
    /// It passes by itself: call again in some seconds.
    pub may_pass: bool,
}

impl fmt::Display for RegistrationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl std::error::Error for RegistrationError {}

impl From<Error> for RegistrationError {
    fn from(error: Error) -> RegistrationError {
        RegistrationError { error, may_pass: false }
    }
}

struct Call<'a> {
    sign: &'a mut dyn FnMut(&[u8]) -> Option<Vec<u8>>,
    panic: Option<Box<dyn Any + Send>>,
}

/// No panic passes through C: the caller of `register` resumes it.
unsafe extern "C" fn sign_message(
    context: *mut c_void,
    message: *const u8,
    message_len: usize,
    signature: *mut u8,
    len: *mut usize,
) -> bool {
    let call = &mut *context.cast::<Call>();
    let message = slice::from_raw_parts(message, message_len);
    match catch_unwind(AssertUnwindSafe(|| (call.sign)(message))) {
        Ok(Some(made)) if made.len() <= ffi::SIGNATURE_MAX => {
            ptr::copy_nonoverlapping(made.as_ptr(), signature, made.len());
            *len = made.len();
            true
        }
        Ok(_) => false,
        Err(panic) => {
            call.panic = Some(panic);
            false
        }
    }
}

fn check(status: c_int, answer: &ffi::WorkloadKeyAnswer) -> Result<(), RegistrationError> {
    if status == 0 {
        return Ok(());
    }
    let message = text_of(answer.message.as_ptr());
    let message = (!message.is_empty()).then_some(message);
    Err(RegistrationError { error: Error { status, message }, may_pass: answer.may_pass })
}

impl<'a> WorkloadKey<'a> {
    /// Of purpose TLS, with the member of the enclave.
    pub fn new(socket: &'a str, chain_id: [u8; 32], name: &'a str, key: &'a [u8]) -> WorkloadKey<'a> {
        let (node_id, purpose, audiences) = (None, Purpose::Tls, &[][..]);
        WorkloadKey { socket, chain_id, node_id, purpose, name, audiences, key, boot: None, timeout_ms: 0 }
    }

    /// Registers the key with the enclave, which binds it into its evidence. Call it every few seconds with `boot`: an enclave
    /// that restarts has no keys. `sign` signs a message with the private key, as most libraries do: ECDSA over its SHA-256
    /// (P-256) or SHA-384 (P-384), in DER; Ed25519 over the message. It is called twice; `None`: it cannot sign.
    pub fn register(
        &self,
        mut sign: impl FnMut(&[u8]) -> Option<Vec<u8>>,
    ) -> Result<Registration, RegistrationError> {
        let (socket, name) = (c_text(self.socket)?, c_text(self.name)?);
        let audiences = self.audiences.iter().map(|one| c_text(one)).collect::<Result<Vec<CString>, Error>>()?;
        let listed: Vec<*const c_char> = audiences.iter().map(|one| one.as_ptr()).collect();
        let mut call = Call { sign: &mut sign, panic: None };
        let request = ffi::WorkloadKey {
            size: size_of::<ffi::WorkloadKey>(),
            socket_path: socket.as_ptr(),
            chain_id: self.chain_id.as_ptr(),
            node_id: pointer_of(&self.node_id),
            purpose: self.purpose as c_int,
            name: name.as_ptr(),
            audiences: listed.as_ptr(),
            audience_count: listed.len(),
            key: self.key.as_ptr(),
            key_len: self.key.len(),
            sign: Some(sign_message),
            context: ptr::addr_of_mut!(call).cast(),
            boot: pointer_of(&self.boot),
            timeout_ms: self.timeout_ms,
        };
        let mut answer: ffi::WorkloadKeyAnswer = unsafe { ffi::sized() };
        let status = unsafe { ffi::assay_workload_key_register(&request, &mut answer) };
        if let Some(panic) = call.panic {
            resume_unwind(panic);
        }
        check(status, &answer)?;
        Ok(Registration {
            is_new: answer.is_new,
            count: answer.count,
            boot: answer.boot,
            chain_id: answer.chain_id,
            node_id: answer.node_id,
        })
    }
}

/// Ends the registration of a key, as the user who registered it, and returns whether it was registered.
pub fn withdraw_key(
    socket: &str,
    purpose: Purpose,
    name: &str,
    timeout_ms: u32,
) -> Result<bool, RegistrationError> {
    let (socket, name) = (c_text(socket)?, c_text(name)?);
    let mut answer: ffi::WorkloadKeyAnswer = unsafe { ffi::sized() };
    let status = unsafe {
        ffi::assay_workload_key_withdraw(socket.as_ptr(), purpose as c_int, name.as_ptr(), timeout_ms, &mut answer)
    };
    check(status, &answer)?;
    Ok(answer.is_new)
}
