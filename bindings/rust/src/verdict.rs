//! bindings/rust/src/verdict.rs - a verdict copied out of the library: tier, findings, claims, attestation result.
use crate::{check, ffi, text_of, Error, INVALID, NOT_FOUND};
use std::ffi::CString;
use std::mem::size_of;
use std::os::raw::c_int;
use std::{fmt, ptr, slice};

/// The answer in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tier {
    None,
    Affirming,
    Warning,
    Contraindicated,
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&text_of(unsafe { ffi::assay_name_of_tier(*self as c_int) }))
    }
}

/// Whether hardware made the evidence; unknown: something that is needed to judge it is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Genuine {
    Unknown,
    True,
    False,
}

/// A reason for the tier; the most severe is the first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub rule: u32,
    pub name: String,
    pub text: String,
    pub expected: String,
    pub observed: String,
    pub fix: String,
}

/// Something that the verdict does not cover.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unchecked {
    pub what: String,
    pub why: String,
}

/// The value of a claim; of lists and maps: how many members follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    Null,
    Bool(bool),
    Uint(u64),
    Text(String),
    Bytes(Vec<u8>),
    List(u64),
    Map(u64),
}

/// A field of the evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    pub name: String,
    pub value: Value,
}

/// The answer. Claims are what the evidence says, and proven only when `genuine` is [`Genuine::True`].
#[derive(Clone, Debug)]
#[must_use = "the answer is its tier"]
pub struct Verdict {
    pub tier: Tier,
    pub kind: String,
    pub genuine: Genuine,
    /// Unix time.
    pub expires: Option<i64>,
    pub findings: Vec<Finding>,
    pub not_checked: Vec<Unchecked>,
    pub claims: Vec<Claim>,
    /// The attestation result, where one was requested.
    pub result: Option<Vec<u8>>,
}

impl Verdict {
    /// The claim of a name.
    pub fn claim(&self, name: &str) -> Option<&Value> {
        self.claims.iter().find(|claim| claim.name == name).map(|claim| &claim.value)
    }
}

/// ASSAY_EAR_BYTES_MAX of assay/assay.h.
const RESULT_MAX: usize = 49664;

/// How an attestation result is written; JWT and CWT are signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Json,
    Cbor,
    Jwt,
    Cwt,
}

/// The attestation result (EAR) to be written with a verdict.
#[derive(Clone, Debug)]
pub struct ResultRequest<'a> {
    pub form: Form,
    pub profile: &'a str,
    /// These two name your verifier.
    pub developer: &'a str,
    pub build: &'a str,
    /// To echo.
    pub nonce: Option<&'a str>,
    /// SHA-256 of the evidence.
    pub evidence_digest: [u8; 32],
    /// Of JWT and CWT: the scalar of a P-256 key.
    pub key: Option<&'a [u8; 32]>,
    /// Unix time; 0: with the verdict.
    pub expires: i64,
}

impl<'a> ResultRequest<'a> {
    /// Claims as JSON of profile `ietf-04`.
    pub fn new(developer: &'a str, build: &'a str, evidence_digest: [u8; 32]) -> ResultRequest<'a> {
        ResultRequest {
            form: Form::Json,
            profile: "ietf-04",
            developer,
            build,
            nonce: None,
            evidence_digest,
            key: None,
            expires: 0,
        }
    }
}

/// A verdict of the library while it is copied.
pub(crate) struct Appraised(pub(crate) *mut ffi::Verdict);

impl Drop for Appraised {
    fn drop(&mut self) {
        unsafe { ffi::assay_verdict_destroy(&mut self.0) }
    }
}

fn value_of(claim: &ffi::ClaimValue) -> Value {
    let bytes = || {
        if claim.bytes.len == 0 {
            return Vec::new();
        }
        unsafe { slice::from_raw_parts(claim.bytes.bytes, claim.bytes.len) }.to_vec()
    };
    match claim.kind {
        0 => Value::Null,
        1 => Value::Bool(claim.number != 0),
        3 => Value::Text(String::from_utf8_lossy(&bytes()).into_owned()),
        4 => Value::Bytes(bytes()),
        5 => Value::List(claim.number),
        6 => Value::Map(claim.number),
        _ => Value::Uint(claim.number),
    }
}

impl Appraised {
    pub(crate) fn new() -> Result<Appraised, Error> {
        let mut verdict = Appraised(ptr::null_mut());
        check(unsafe { ffi::assay_verdict_create(&mut verdict.0) })?;
        Ok(verdict)
    }

    pub(crate) fn copy(
        &self,
        tier: c_int,
        policy: *const ffi::Policy,
        result: Option<&ResultRequest>,
    ) -> Result<Verdict, Error> {
        let mut expiry = 0;
        Ok(Verdict {
            tier: match tier {
                1 => Tier::Affirming,
                2 => Tier::Warning,
                3 => Tier::Contraindicated,
                _ => Tier::None,
            },
            kind: text_of(unsafe { ffi::assay_name_of_kind(ffi::assay_verdict_get_kind(self.0)) }),
            genuine: match unsafe { ffi::assay_verdict_get_genuine(self.0) } {
                1 => Genuine::True,
                2 => Genuine::False,
                _ => Genuine::Unknown,
            },
            expires: unsafe { ffi::assay_verdict_get_expiry(self.0, &mut expiry) }.then(|| expiry),
            findings: self.findings(),
            not_checked: self.not_checked(),
            claims: self.claims()?,
            result: result.map(|result| self.write(policy, result)).transpose()?,
        })
    }

    fn findings(&self) -> Vec<Finding> {
        let mut found = Vec::new();
        let mut why = ffi::Finding {
            size: size_of::<ffi::Finding>(),
            rule: 0,
            class: 0,
            offset: 0,
            name: ptr::null(),
            text: ptr::null(),
            expected: ptr::null(),
            observed: ptr::null(),
            fix: ptr::null(),
        };
        while unsafe { ffi::assay_verdict_get_finding(self.0, found.len(), &mut why) } {
            found.push(Finding {
                rule: why.rule,
                name: text_of(why.name),
                text: text_of(why.text),
                expected: text_of(why.expected),
                observed: text_of(why.observed),
                fix: text_of(why.fix),
            });
        }
        found
    }

    fn not_checked(&self) -> Vec<Unchecked> {
        let mut found = Vec::new();
        let mut open =
            ffi::Unchecked { size: size_of::<ffi::Unchecked>(), what: ptr::null(), why: ptr::null() };
        while unsafe { ffi::assay_verdict_get_unchecked(self.0, found.len(), &mut open) } {
            found.push(Unchecked { what: text_of(open.what), why: text_of(open.why) });
        }
        found
    }

    fn claims(&self) -> Result<Vec<Claim>, Error> {
        let mut found = Vec::new();
        let mut claim = ffi::ClaimValue {
            size: size_of::<ffi::ClaimValue>(),
            name: ptr::null(),
            kind: 0,
            number: 0,
            bytes: ffi::Bytes { bytes: ptr::null(), len: 0 },
        };
        loop {
            match unsafe { ffi::assay_verdict_get_claim_at(self.0, found.len(), &mut claim) } {
                NOT_FOUND => return Ok(found),
                status => check(status)?,
            }
            found.push(Claim { name: text_of(claim.name), value: value_of(&claim) });
        }
    }

    fn write(&self, policy: *const ffi::Policy, result: &ResultRequest) -> Result<Vec<u8>, Error> {
        let c_text = |text: &str| CString::new(text).map_err(|_| Error::of(INVALID));
        let (profile, developer, build) =
            (c_text(result.profile)?, c_text(result.developer)?, c_text(result.build)?);
        let nonce = result.nonce.map(c_text).transpose()?;
        let request = ffi::EarRequest {
            size: size_of::<ffi::EarRequest>(),
            policy,
            profile: profile.as_ptr(),
            developer: developer.as_ptr(),
            build: build.as_ptr(),
            nonce: nonce.as_ref().map_or(ptr::null(), |nonce| nonce.as_ptr()),
            evidence_digest: result.evidence_digest,
            form: result.form as c_int,
            expires_unix_s: result.expires,
            private_key: result.key.map_or(ptr::null(), |key| key.as_ptr()),
            sign: ptr::null(),
            sign_context: ptr::null_mut(),
            public_key: ptr::null(),
        };
        let mut buffer = vec![0; RESULT_MAX];
        let mut len = 0;
        check(unsafe {
            ffi::assay_verdict_write_ear(self.0, &request, buffer.as_mut_ptr().cast(), buffer.len(), &mut len)
        })?;
        buffer.truncate(len);
        Ok(buffer)
    }
}
