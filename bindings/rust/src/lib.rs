//! bindings/rust/src/lib.rs - libassay from Rust: evidence in, verdict out.
//!
//! ```no_run
//! # fn main() -> Result<(), assay::Error> {
//! # let (files, quote, challenge): (Vec<&[u8]>, &[u8], &[u8]) = (vec![], &[], &[]);
//! let mut trust = assay::Trust::new()?;
//! trust.add_pinned()?;
//! trust.add_collateral(&files)?;
//! let request = assay::Request { report_data: Some(challenge), ..assay::Request::new(&trust, quote) };
//! let verdict = request.verify()?;
//! if verdict.tier == assay::Tier::Affirming { println!("{:?}", verdict.claim("mrtd")); }
//! # Ok(())
//! # }
//! ```
//!
//! `Err` means that there is no answer, `Ok` only that there is one: the answer is [`Verdict::tier`].
//!
//! Threads: [`Trust`] and [`Policy`] are `Send` and `Sync`, [`Verifier`] is `Send`; the borrow checker does the rest. What
//! a [`Verdict`] has is Rust's own memory.
#[cfg(feature = "continuity")]
mod continuity;
mod evidence;
mod ffi;
#[cfg(feature = "continuity")]
mod ffi_continuity;
mod ffi_identity;
mod ffi_standing;
mod ffi_workload;
mod identity;
mod log;
#[cfg(feature = "continuity")]
mod receipt;
mod standing;
mod token;
mod verdict;
mod workload;

use std::ffi::CStr;
use std::fmt;
use std::os::raw::{c_char, c_int};
use std::ptr;
use std::time::{SystemTime, UNIX_EPOCH};

#[cfg(feature = "continuity")]
pub use continuity::{Continuity, ContinuityError, ContinuityOptions, ContinuityResult, ContinuityStatus};
pub use evidence::{
    attach_devices, devices_nonce, pack, pack_devices, recognise, Device, DevicesForm, Kind, Pieces,
};
pub use identity::{Identity, IdentityAnswer, IdentityClaims, IdentityRequest, Standing};
pub use log::{Event, Log, LogReport, Register};
#[cfg(feature = "continuity")]
pub use receipt::{verify_receipt, ReceiptAnswer, ReceiptClaims, ReceiptError, ReceiptInput};
pub use standing::{verify_standing, KeyAnswer, KeyRequest, KeyVerdict, Outcome, ProofAnswer, StandingReport};
#[cfg(feature = "yaml")]
pub use token::read_issuers;
pub use token::{Answer, Issuer, Service, Statement, Token, TokenDevice, TokenRequest};
pub use verdict::{
    Claim, DeviceVerdict, Finding, Form, Genuine, Instance, Link, Platform, Proof, ResultRequest, Tier,
    Unchecked, Value, Verdict,
};
pub use workload::{withdraw_key, Purpose, Registration, RegistrationError, WorkloadKey};

/// A function of the library failed. Distrust is no error: that is a [`Verdict`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// Number of the status (assay/status.h).
    pub status: i32,
    message: Option<String>,
}

const INVALID: c_int = 115;
const NOT_FOUND: c_int = 117;

impl Error {
    fn of(status: c_int) -> Error {
        Error { status, message: None }
    }

    /// The reason, where the function has one.
    pub fn why(&self) -> Option<&str> {
        self.message.as_deref()
    }

    /// The name of the status as the C header has it.
    pub fn name(&self) -> String {
        text_of(unsafe { ffi::assay_name_of_status(self.status) })
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.message {
            Some(message) => f.write_str(message),
            None => write!(f, "{}: {}", self.name(), text_of(unsafe { ffi::assay_describe_status(self.status) })),
        }
    }
}

impl std::error::Error for Error {}

fn check(status: c_int) -> Result<(), Error> {
    if status == 0 {
        Ok(())
    } else {
        Err(Error::of(status))
    }
}

/// Texts of the library are static, or copied while their verdict is unchanged.
fn text_of(text: *const c_char) -> String {
    if text.is_null() {
        return String::new();
    }
    unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
}

fn bytes_of(from: &[u8]) -> ffi::Bytes {
    let bytes = if from.is_empty() { ptr::null() } else { from.as_ptr() };
    ffi::Bytes { bytes, len: from.len() }
}

/// The version of the library that runs.
pub fn version() -> String {
    text_of(unsafe { ffi::assay_version() })
}

/// The same as one number: 10203 is 1.2.3.
pub fn version_number() -> i32 {
    unsafe { ffi::assay_version_number() }
}

/// A piece of collateral. `status`: 0 when it can serve, otherwise the number of the status that says why not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    pub set: usize,
    pub file: usize,
    pub name: String,
    pub status: i32,
}

/// Root keys, and what their vendors published.
#[derive(Debug)]
pub struct Trust(*mut ffi::Trust);

// It is only read through &Trust, by any number of threads (assay/assay.h); changes need &mut Trust.
unsafe impl Send for Trust {}
unsafe impl Sync for Trust {}

impl Drop for Trust {
    fn drop(&mut self) {
        unsafe { ffi::assay_trust_destroy(&mut self.0) }
    }
}

/// Every kind of evidence, for [`Trust::add_root`].
pub const ALL_KINDS: u32 = u32::MAX;

impl Trust {
    /// Nothing is trusted yet.
    pub fn new() -> Result<Trust, Error> {
        let mut trust = Trust(ptr::null_mut());
        check(unsafe { ffi::assay_trust_create(&mut trust.0) })?;
        Ok(trust)
    }

    /// Trusts the vendors' roots that the library has.
    pub fn add_pinned(&mut self) -> Result<(), Error> {
        check(unsafe { ffi::assay_trust_add_pinned(self.0) })
    }

    /// Trusts a root key for some kinds (bits): a certificate or public key in PEM or DER, or a JSON web key.
    pub fn add_root(&mut self, root: &[u8], kinds: u32) -> Result<(), Error> {
        let given = bytes_of(root);
        check(unsafe { ffi::assay_trust_add_root(self.0, given.bytes, given.len, kinds) })
    }

    /// Trusts the roots that a policy names.
    pub fn add_policy_roots(&mut self, policy: &Policy) -> Result<(), Error> {
        check(unsafe { ffi::assay_trust_add_policy_roots(self.0, policy.0) })
    }

    /// Adds one set of files. `false` when none of them is of use: verdicts then say what is missing.
    pub fn add_collateral(&mut self, files: &[&[u8]]) -> Result<bool, Error> {
        let list: Vec<ffi::Bytes> = files.iter().map(|file| bytes_of(file)).collect();
        match unsafe { ffi::assay_trust_add_collateral(self.0, list.as_ptr(), list.len()) } {
            NOT_FOUND => Ok(false),
            status => check(status).map(|()| true),
        }
    }

    /// What became of each piece of the collateral.
    pub fn pieces(&self) -> Vec<Piece> {
        let mut found = Vec::new();
        let mut piece: ffi::TrustPiece = unsafe { ffi::sized() };
        while unsafe { ffi::assay_trust_get_piece(self.0, found.len(), &mut piece) } == 0 {
            let (set, file) = (piece.set, piece.file);
            found.push(Piece { set, file, name: text_of(piece.name), status: piece.status });
        }
        found
    }

    /// The collateral is meant for the very evidence that is verified.
    pub fn set_exact(&mut self, exact: bool) -> Result<(), Error> {
        check(unsafe { ffi::assay_trust_set_exact(self.0, exact) })
    }
}

/// What is accepted.
#[derive(Debug)]
pub struct Policy(*mut ffi::Policy);

// Nothing changes a policy after it was made.
unsafe impl Send for Policy {}
unsafe impl Sync for Policy {}

impl Drop for Policy {
    fn drop(&mut self) {
        unsafe { ffi::assay_policy_destroy(&mut self.0) }
    }
}

impl Policy {
    /// From the text of a policy file; the error says where it is wrong.
    #[cfg(feature = "yaml")]
    pub fn from_yaml(text: &str) -> Result<Policy, Error> {
        let mut policy = Policy(ptr::null_mut());
        read_yaml(|message, len| unsafe {
            ffi::assay_policy_create_yaml(text.as_ptr().cast(), text.len(), &mut policy.0, message, len)
        })?;
        Ok(policy)
    }

    /// That of a request without a policy.
    pub fn default_policy() -> Result<Policy, Error> {
        let mut policy = Policy(ptr::null_mut());
        check(unsafe { ffi::assay_policy_create(&mut policy.0) })?;
        Ok(policy)
    }

    /// From its canonical CBOR, as a genesis has it.
    pub fn from_encoded(encoded: &[u8]) -> Result<Policy, Error> {
        let mut policy = Policy(ptr::null_mut());
        let given = bytes_of(encoded);
        check(unsafe { ffi::assay_policy_create_encoded(given.bytes, given.len, &mut policy.0) })?;
        Ok(policy)
    }

    /// SHA-256 of the canonical bytes: the name of the policy.
    pub fn digest(&self) -> Result<[u8; 32], Error> {
        let mut digest = [0; 32];
        check(unsafe { ffi::assay_policy_get_digest(self.0, digest.as_mut_ptr()) })?;
        Ok(digest)
    }
}

/// Calls a function that reads a policy file; the error says where it is wrong.
#[cfg(feature = "yaml")]
pub(crate) fn read_yaml(read: impl FnOnce(*mut c_char, usize) -> c_int) -> Result<(), Error> {
    let mut message: [c_char; 512] = [0; 512];
    let status = read(message.as_mut_ptr(), message.len());
    let said = text_of(message.as_ptr());
    if status != 0 && !said.is_empty() {
        return Err(Error { status, message: Some(said) });
    }
    check(status)
}

/// What was proven about platforms already seen, so that their next evidence costs one signature.
#[derive(Debug)]
pub struct Verifier(*mut ffi::Verifier);

// One thread at a time, since every use needs &mut Verifier.
unsafe impl Send for Verifier {}

impl Drop for Verifier {
    fn drop(&mut self) {
        unsafe { ffi::assay_verifier_destroy(&mut self.0) }
    }
}

impl Verifier {
    /// Memory for so many platforms.
    pub fn new(platforms: usize) -> Result<Verifier, Error> {
        let mut verifier = Verifier(ptr::null_mut());
        check(unsafe { ffi::assay_verifier_create(platforms, &mut verifier.0) })?;
        Ok(verifier)
    }

    /// How many of the busiest platforms have a table of multiples of their key; 0: none.
    pub fn set_tables(&mut self, tables: usize) -> Result<(), Error> {
        check(unsafe { ffi::assay_verifier_set_tables(self.0, tables) })
    }

    /// How often platforms were found again, and what the verifier takes.
    pub fn counters(&self) -> Result<Counters, Error> {
        let mut counters: ffi::Counters = unsafe { ffi::sized() };
        check(unsafe { ffi::assay_verifier_get_counters(self.0, &mut counters) })?;
        Ok(Counters {
            hits: counters.hits,
            misses: counters.misses,
            evictions: counters.evictions,
            platforms: counters.platforms,
            memory_bytes: counters.memory_bytes,
        })
    }
}

/// Of a verifier, since it was made. Hits are platforms that were found again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counters {
    pub hits: u64,
    pub misses: u64,
    pub evictions: u64,
    pub platforms: u64,
    pub memory_bytes: u64,
}

/// What is appraised.
#[derive(Debug)]
pub struct Request<'a> {
    pub trust: &'a Trust,
    pub verifier: Option<&'a mut Verifier>,
    /// None: genuine and not revoked is enough.
    pub policy: Option<&'a Policy>,
    /// [`Kind::NONE`]: as the bytes say.
    pub kind: Kind,
    pub evidence: &'a [u8],
    /// Unix time.
    pub at: i64,
    /// The challenge that the evidence must answer; None: freshness is not checked.
    pub report_data: Option<&'a [u8]>,
    /// The same for TPMs, Nitro and devices.
    pub nonce: Option<&'a [u8]>,
    /// Event logs of firmware and of IMA.
    pub logs: &'a [&'a [u8]],
    /// The attestation result to be written with the verdict.
    pub result: Option<ResultRequest<'a>>,
}

impl<'a> Request<'a> {
    /// Of now, without a challenge and a policy.
    pub fn new(trust: &'a Trust, evidence: &'a [u8]) -> Request<'a> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |age| age.as_secs() as i64);
        Request {
            trust,
            verifier: None,
            policy: None,
            kind: Kind::NONE,
            evidence,
            at: now,
            report_data: None,
            nonce: None,
            logs: &[],
            result: None,
        }
    }

    /// Appraises the evidence. With `Ok` there is an answer; which, [`Verdict::tier`] says.
    pub fn verify(self) -> Result<Verdict, Error> {
        // An empty challenge would be none.
        if self.report_data.map_or(false, <[u8]>::is_empty) || self.nonce.map_or(false, <[u8]>::is_empty) {
            return Err(Error::of(INVALID));
        }
        let logs: Vec<ffi::Bytes> = self.logs.iter().map(|log| bytes_of(log)).collect();
        let policy = self.policy.map_or(ptr::null(), |policy| policy.0 as *const _);
        let report = if logs.is_empty() { None } else { Some(log::Reported::new()?) };
        let given = ffi::VerifyRequest {
            size: std::mem::size_of::<ffi::VerifyRequest>(),
            trust: self.trust.0,
            verifier: self.verifier.map_or(ptr::null_mut(), |verifier| verifier.0),
            policy,
            kind: self.kind.0,
            evidence: bytes_of(self.evidence),
            at_unix_s: self.at,
            expected_report_data: bytes_of(self.report_data.unwrap_or(&[])),
            expected_nonce: bytes_of(self.nonce.unwrap_or(&[])),
            logs: logs.as_ptr(),
            log_count: logs.len(),
            log_report: report.as_ref().map_or(ptr::null_mut(), |report| report.0),
        };
        let appraised = verdict::Appraised::new()?;
        let mut tier: c_int = 0;
        check(unsafe { ffi::assay_verify(&given, appraised.0, &mut tier) })?;
        let mut verdict = appraised.copy(tier, policy, self.result.as_ref())?;
        verdict.log_report = report.map(|report| report.copy());
        Ok(verdict)
    }
}
