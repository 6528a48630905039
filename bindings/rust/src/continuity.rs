//! bindings/rust/src/continuity.rs - rollback protection of an enclave's state, through libassay-continuity.
use crate::token::c_text;
use crate::{ffi, text_of};
use std::ffi::CString;
use std::mem::size_of;
use std::os::raw::c_int;
use std::os::unix::io::{AsRawFd, RawFd};
use std::{fmt, ptr, slice};

/// Result of a call, by its number; [`ContinuityError`] has each but `OK`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContinuityResult(pub i32);

impl ContinuityResult {
    pub const OK: ContinuityResult = ContinuityResult(0);
    /// Not yet; it may still happen: call again, and release nothing.
    pub const IN_DOUBT: ContinuityResult = ContinuityResult(1);
    pub const FENCED: ContinuityResult = ContinuityResult(2);
    pub const ROLLBACK: ContinuityResult = ContinuityResult(3);
    pub const HALTED: ContinuityResult = ContinuityResult(4);
    pub const NOT_KEPT: ContinuityResult = ContinuityResult(5);
    pub const RETIRED: ContinuityResult = ContinuityResult(6);
    pub const FULL: ContinuityResult = ContinuityResult(7);
    pub const TOO_EARLY: ContinuityResult = ContinuityResult(8);
    pub const NO_ROOM: ContinuityResult = ContinuityResult(9);
    pub const QUOTA: ContinuityResult = ContinuityResult(10);
    pub const CLONES: ContinuityResult = ContinuityResult(11);
    pub const SUSPENDED: ContinuityResult = ContinuityResult(12);
    pub const REFUSED: ContinuityResult = ContinuityResult(13);
    pub const OTHER_CHAIN: ContinuityResult = ContinuityResult(14);
    pub const NO_PROOF: ContinuityResult = ContinuityResult(15);
    pub const OTHER_ERA: ContinuityResult = ContinuityResult(16);
    pub const TRUST_EXPIRED: ContinuityResult = ContinuityResult(17);
    pub const NOT_OWNER: ContinuityResult = ContinuityResult(18);
    pub const NO_INSTANCE: ContinuityResult = ContinuityResult(19);
    pub const EXISTS: ContinuityResult = ContinuityResult(20);
    pub const SEALED: ContinuityResult = ContinuityResult(21);
    pub const STORAGE: ContinuityResult = ContinuityResult(22);
    pub const TOO_LARGE: ContinuityResult = ContinuityResult(23);
    pub const MISUSE: ContinuityResult = ContinuityResult(24);
    pub const SYSTEM: ContinuityResult = ContinuityResult(25);

    /// The name of the result: `FENCED`.
    pub fn name(self) -> String {
        text_of(unsafe { ffi::assay_continuity_name(self.0) })
    }

    /// The result in words, with what to do.
    pub fn description(self) -> String {
        text_of(unsafe { ffi::assay_continuity_describe(self.0) })
    }
}

/// A result other than `OK`. After [`ContinuityResult::FENCED`] or [`ContinuityResult::ROLLBACK`] the program ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContinuityError {
    pub result: ContinuityResult,
    /// What was expected and found; may be empty.
    pub reason: String,
}

impl fmt::Display for ContinuityError {
    /// The name of the result, the reason, and what to do.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, text) = (self.result.name(), self.result.description());
        if self.reason.is_empty() {
            write!(f, "{name}: {text}")
        } else {
            write!(f, "{name}: {} ({text})", self.reason)
        }
    }
}

impl std::error::Error for ContinuityError {}

/// Those of an instance. It has no `Debug`, which would print the key.
#[derive(Clone, Copy)]
pub struct ContinuityOptions<'a> {
    /// `listen.services` of assayd: a folder, or the socket of the group itself.
    pub daemon: &'a str,
    /// Its number in the network's plan.
    pub group: u32,
    /// Of this instance alone; [`Continuity::create`] makes it, with mode 0700.
    pub folder: &'a str,
    /// Of `assay checkpoint`, measured with the program or received from its owner, never from the host.
    pub checkpoint: &'a [u8],
    /// Seals the files: bytes that the host cannot learn, the same at each start.
    pub key: &'a [u8; 32],
    /// Bytes of a state; 0: 16 MiB.
    pub state_max: usize,
    /// P-256 key (x | y) that may sign a later checkpoint.
    pub owner: Option<&'a [u8; 64]>,
    /// Such a checkpoint, and its signature (r | s).
    pub later: Option<(&'a [u8], &'a [u8; 64])>,
    /// Of a new instance: epochs that the ledger retains it without a session or a newer state; 0: until it retires.
    pub lease: u32,
    /// How long a hand-over is looked for; 0: a minute.
    pub handover_ms: u32,
}

/// What [`Continuity::status`] returns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContinuityStatus {
    pub chain_id: [u8; 32],
    /// Its name in the ledger; zeros before its first start.
    pub instance: [u8; 32],
    /// 0: none yet.
    pub session: u64,
    /// Of the group.
    pub view: u64,
    /// Index of the newest state; after [`ContinuityResult::ROLLBACK`] of the folder's newest.
    pub given: u64,
    /// Index; after [`ContinuityResult::ROLLBACK`] of the state that the folder does not have.
    pub certified: u64,
    pub certified_digest: [u8; 32],
    pub given_digest: [u8; 32],
}

/// One state with its history, of which no older one is accepted. Release no output of a state before [`Continuity::save`] or
/// [`Continuity::wait`] has returned `Ok`, and no read before [`Continuity::confirm`] has.
///
/// Timeouts are milliseconds, at most 86400000; 0: what can be done without waiting. To drop it ends the session; what is in
/// flight may still be certified.
#[derive(Debug)]
pub struct Continuity(*mut ffi::Continuity);

// One thread at a time: what changes it needs &mut Continuity, and it is not Sync.
unsafe impl Send for Continuity {}

impl Drop for Continuity {
    fn drop(&mut self) {
        unsafe { ffi::assay_continuity_close(&mut self.0) }
    }
}

fn fit(text: &str, what: &str) -> Result<CString, ContinuityError> {
    let reason = || format!("{what}: expected a text without NUL");
    c_text(text).map_err(|_| ContinuityError { result: ContinuityResult::MISUSE, reason: reason() })
}

impl<'a> ContinuityOptions<'a> {
    /// Of group 0, with the defaults.
    pub fn new(
        daemon: &'a str,
        folder: &'a str,
        checkpoint: &'a [u8],
        key: &'a [u8; 32],
    ) -> ContinuityOptions<'a> {
        ContinuityOptions {
            daemon,
            group: 0,
            folder,
            checkpoint,
            key,
            state_max: 0,
            owner: None,
            later: None,
            lease: 0,
            handover_ms: 0,
        }
    }

    fn prepare(
        &self,
        prepare: impl FnOnce(*const ffi::ContinuityOptions, *mut *mut ffi::Continuity) -> c_int,
    ) -> Result<Continuity, ContinuityError> {
        let (daemon, folder) = (fit(self.daemon, "daemon")?, fit(self.folder, "folder")?);
        let given = ffi::ContinuityOptions {
            size: size_of::<ffi::ContinuityOptions>(),
            daemon: daemon.as_ptr(),
            group: self.group,
            folder: folder.as_ptr(),
            checkpoint: self.checkpoint.as_ptr(),
            checkpoint_len: self.checkpoint.len(),
            key: self.key.as_ptr(),
            state_max: self.state_max,
            owner: self.owner.map_or(ptr::null(), |owner| owner.as_ptr()),
            later: self.later.map_or(ptr::null(), |(later, _)| later.as_ptr()),
            later_len: self.later.map_or(0, |(later, _)| later.len()),
            later_signature: self.later.map_or(ptr::null(), |(_, signature)| signature.as_ptr()),
            lease: self.lease,
            handover_ms: self.handover_ms,
        };
        let mut made = Continuity(ptr::null_mut());
        let result = prepare(&given, &mut made.0);
        made.check(result)?;
        Ok(made)
    }
}

impl Continuity {
    /// A new instance; nothing is sent before [`Continuity::start`]. The owner decides that a program may create one: for a
    /// program that creates whenever the folder is empty, a host that empties it has undone every state.
    pub fn create(options: &ContinuityOptions) -> Result<Continuity, ContinuityError> {
        options.prepare(|given, out| unsafe { ffi::assay_continuity_create(given, out) })
    }

    /// The instance in the folder.
    pub fn open(options: &ContinuityOptions) -> Result<Continuity, ContinuityError> {
        options.prepare(|given, out| unsafe { ffi::assay_continuity_open(given, out) })
    }

    /// Of the call that was made last.
    fn check(&self, result: c_int) -> Result<(), ContinuityError> {
        match ContinuityResult(result) {
            ContinuityResult::OK => Ok(()),
            result => {
                let reason = text_of(unsafe { ffi::assay_continuity_reason(self.0) });
                Err(ContinuityError { result, reason })
            }
        }
    }

    /// Starts a session: the ledger numbers it, and the state of the folder is adopted if it was certified last. It takes up
    /// to an epoch of the network. `IN_DOUBT`: call again.
    pub fn start(&mut self, timeout_ms: u32) -> Result<(), ContinuityError> {
        let result = unsafe { ffi::assay_continuity_start(self.0, timeout_ms) };
        self.check(result)
    }

    /// The state that the session has adopted or that was given last; empty before the first one, and before start.
    pub fn state(&self) -> &[u8] {
        let mut len = 0;
        let state = unsafe { ffi::assay_continuity_state(self.0, &mut len, ptr::null_mut()) };
        if len == 0 {
            return &[];
        }
        unsafe { slice::from_raw_parts(state.cast(), len) }
    }

    /// Index of [`Continuity::state`]; 0 before the first one, and before start.
    pub fn index(&self) -> u64 {
        let mut index = 0;
        unsafe { ffi::assay_continuity_state(self.0, ptr::null_mut(), &mut index) };
        index
    }

    /// Gives the next state and returns its index. It is durable in the folder, and sent; 4,096 may be in flight.
    pub fn update(&mut self, state: &[u8]) -> Result<u64, ContinuityError> {
        let mut index = 0;
        let result =
            unsafe { ffi::assay_continuity_update(self.0, state.as_ptr().cast(), state.len(), &mut index) };
        self.check(result).map(|()| index)
    }

    /// Waits until a state is certified: its output may be released. `IN_DOUBT`: call again, and release nothing.
    pub fn wait(&mut self, index: u64, timeout_ms: u32) -> Result<(), ContinuityError> {
        let result = unsafe { ffi::assay_continuity_wait(self.0, index, timeout_ms) };
        self.check(result)
    }

    /// [`Continuity::update`], then [`Continuity::wait`]. After `IN_DOUBT` wait for [`Continuity::index`], and do not give the
    /// state again.
    pub fn save(&mut self, state: &[u8], timeout_ms: u32) -> Result<(), ContinuityError> {
        let result =
            unsafe { ffi::assay_continuity_save(self.0, state.as_ptr().cast(), state.len(), timeout_ms) };
        self.check(result)
    }

    /// A quorum confirms that this session is the newest one: what was read before the call may be released.
    pub fn confirm(&mut self, timeout_ms: u32) -> Result<(), ContinuityError> {
        let result = unsafe { ffi::assay_continuity_confirm(self.0, timeout_ms) };
        self.check(result)
    }

    /// Signatures of a quorum over the last certified state, for the relying party that sent the nonce.
    pub fn receipt(&mut self, nonce: &[u8; 32], timeout_ms: u32) -> Result<Vec<u8>, ContinuityError> {
        let (mut receipt, mut len) = (vec![0; ffi::RECEIPT_MAX], 0);
        let result = unsafe {
            ffi::assay_continuity_receipt(
                self.0,
                nonce.as_ptr(),
                receipt.as_mut_ptr(),
                receipt.len(),
                &mut len,
                timeout_ms,
            )
        };
        self.check(result)?;
        receipt.truncate(len);
        Ok(receipt)
    }

    /// Retires the instance permanently: no session of it starts again. The folder stays. `IN_DOUBT`: call again.
    pub fn retire(&mut self, timeout_ms: u32) -> Result<(), ContinuityError> {
        let result = unsafe { ffi::assay_continuity_retire(self.0, timeout_ms) };
        self.check(result)
    }

    /// Sends and receives. Between calls nothing happens: call it, or a method that waits, within some seconds.
    pub fn step(&mut self, timeout_ms: u32) -> Result<(), ContinuityError> {
        let result = unsafe { ffi::assay_continuity_step(self.0, timeout_ms) };
        self.check(result)
    }

    /// Milliseconds until [`Continuity::step`] has something to do, at most 60000.
    pub fn timeout_ms(&self) -> u32 {
        u32::try_from(unsafe { ffi::assay_continuity_timeout_ms(self.0) }).unwrap_or(0)
    }

    /// The session, and the indices and digests of its states.
    pub fn status(&self) -> ContinuityStatus {
        let mut status: ffi::ContinuityStatus = unsafe { ffi::sized() };
        // It fails without a handle or with another size alone.
        let result = unsafe { ffi::assay_continuity_get_status(self.0, &mut status) };
        assert_eq!(result, 0, "assay_continuity_get_status");
        ContinuityStatus {
            chain_id: status.chain_id,
            instance: status.instance,
            session: status.session,
            view: status.view,
            given: status.given,
            certified: status.certified,
            certified_digest: status.certified_digest,
            given_digest: status.given_digest,
        }
    }
}

impl AsRawFd for Continuity {
    /// The descriptor to poll for input: when it is readable, or after [`Continuity::timeout_ms`], [`Continuity::step`] has
    /// something to do.
    fn as_raw_fd(&self) -> RawFd {
        unsafe { ffi::assay_continuity_fd(self.0) }
    }
}
