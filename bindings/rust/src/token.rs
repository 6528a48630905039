//! bindings/rust/src/token.rs - tokens of other verifiers, as statements of their issuers.
use crate::verdict::{claims_of, listed, unchecked_of};
use crate::{bytes_of, check, ffi, text_of, Claim, Error, Unchecked, Value, INVALID};
use std::ffi::CString;
use std::mem::size_of;
use std::os::raw::{c_char, c_int};
use std::time::{SystemTime, UNIX_EPOCH};
use std::{fmt, ptr};

/// A verifier whose tokens are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    Azure = 1,
    Google = 2,
    Intel = 3,
    Nvidia = 4,
}

impl Service {
    fn of(number: c_int) -> Result<Service, Error> {
        match number {
            1 => Ok(Service::Azure),
            2 => Ok(Service::Google),
            3 => Ok(Service::Intel),
            4 => Ok(Service::Nvidia),
            _ => Err(Error::of(INVALID)),
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&text_of(unsafe { ffi::assay_name_of_service(*self as c_int) }))
    }
}

/// Who made the statement, for whom and when; whether it is a good one, the [`Statement`] says. Later versions may have
/// other answers: only [`Answer::VALID`] means that the token may be relied on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer(pub i32);

impl Answer {
    pub const VALID: Answer = Answer(1);
    pub const MALFORMED: Answer = Answer(2);
    pub const UNSUPPORTED: Answer = Answer(3);
    pub const NO_KEY: Answer = Answer(4);
    pub const BAD_CHAIN: Answer = Answer(5);
    pub const FORGED: Answer = Answer(6);
    pub const OTHER_ISSUER: Answer = Answer(7);
    pub const OTHER_AUDIENCE: Answer = Answer(8);
    pub const NOT_NOW: Answer = Answer(9);
    pub const OTHER_NONCE: Answer = Answer(10);
    pub const NOT_BOUND: Answer = Answer(11);
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&text_of(unsafe { ffi::assay_name_of_result(self.0) }))
    }
}

/// What the issuer states about its attester.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Statement {
    Nothing,
    Affirming,
    Warning,
    Contraindicated,
}

impl Statement {
    fn of(number: c_int) -> Statement {
        match number {
            0 => Statement::Nothing,
            1 => Statement::Affirming,
            2 => Statement::Warning,
            _ => Statement::Contraindicated,
        }
    }
}

impl fmt::Display for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&text_of(unsafe { ffi::assay_name_of_statement(*self as c_int) }))
    }
}

/// An issuer whose tokens you accept. Nothing of a token selects how it is verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer {
    pub service: Service,
    pub issuer: String,
    /// Its JSON web key set.
    pub keys: Vec<u8>,
    /// A certificate or public key to which certificates of its keys must lead. One of the two is needed.
    pub root: Vec<u8>,
    /// None: a token with an audience is refused.
    pub audience: Option<String>,
    /// Seconds since it was issued; None: until it expires.
    pub age_max: Option<u64>,
}

/// What is verified.
#[derive(Clone, Debug)]
pub struct TokenRequest<'a> {
    pub token: &'a [u8],
    /// One of them must have issued it.
    pub issuers: &'a [Issuer],
    /// What it must echo; None: its freshness is not checked.
    pub nonce: Option<&'a str>,
    /// Unix time.
    pub at: i64,
}

/// A device of NVIDIA's. None: the issuer does not state it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenDevice {
    pub label: String,
    pub product: String,
    pub serial: String,
    pub driver: String,
    pub firmware: String,
    pub measured: Option<bool>,
    pub debug: Option<bool>,
    pub secure_boot: Option<bool>,
}

/// A verified or refused token. It is no verdict: the evidence was verified by the issuer, not here. Everything after
/// `why` is empty unless the answer is [`Answer::VALID`].
#[derive(Clone, Debug)]
#[must_use = "the answer is `answer`, and what the issuer states `statement`"]
pub struct Token {
    pub answer: Answer,
    pub statement: Statement,
    pub issuer_index: usize,
    pub service: Service,
    pub why: String,
    /// The statements as claims of AR4SI, in the order of their labels.
    pub trust_vector: [i8; 8],
    pub issuer: Option<String>,
    pub subject: Option<String>,
    pub algorithm: Option<String>,
    pub key_id: Option<String>,
    pub attester: Option<String>,
    pub tcb_status: Option<String>,
    pub debug: Option<bool>,
    pub secure_boot: Option<bool>,
    pub policy_failed: bool,
    /// Unix times.
    pub issued: Option<i64>,
    pub expires: i64,
    pub devices_named: usize,
    pub devices: Vec<TokenDevice>,
    pub not_checked: Vec<Unchecked>,
    pub claims: Vec<Claim>,
}

impl Token {
    /// The claim of a name, when exactly one has it: a name of the issuer's may have a dot in it.
    pub fn claim(&self, name: &str) -> Option<&Value> {
        let mut named = self.claims.iter().filter(|claim| claim.name == name);
        match (named.next(), named.next()) {
            (Some(claim), None) => Some(&claim.value),
            _ => None,
        }
    }
}

/// A result of the library while it is copied.
struct Verified(*mut ffi::Result);

impl Drop for Verified {
    fn drop(&mut self) {
        unsafe { ffi::assay_result_destroy(&mut self.0) }
    }
}

/// A text with a NUL would end there for C.
pub(crate) fn c_text(text: &str) -> Result<CString, Error> {
    CString::new(text).map_err(|_| Error::of(INVALID))
}

pub(crate) fn pointer_to(text: &Option<CString>) -> *const c_char {
    text.as_ref().map_or(ptr::null(), |text| text.as_ptr())
}

fn flag_of(flag: c_int) -> Option<bool> {
    match flag {
        1 => Some(true),
        2 => Some(false),
        _ => None,
    }
}

fn stated(text: *const c_char) -> Option<String> {
    (!text.is_null()).then(|| text_of(text))
}

impl<'a> TokenRequest<'a> {
    /// Of now, without a nonce.
    pub fn new(token: &'a [u8], issuers: &'a [Issuer]) -> TokenRequest<'a> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |age| age.as_secs() as i64);
        TokenRequest { token, issuers, nonce: None, at: now }
    }

    /// Verifies the token. With `Ok` there is an answer; which, [`Token::answer`] says.
    pub fn verify(&self) -> Result<Token, Error> {
        let mut texts = Vec::new();
        for one in self.issuers {
            texts.push((c_text(&one.issuer)?, one.audience.as_deref().map(c_text).transpose()?));
        }
        let nonce = self.nonce.map(c_text).transpose()?;
        let accept = |(one, (issuer, audience)): (&Issuer, &(CString, Option<CString>))| ffi::ResultIssuer {
            size: size_of::<ffi::ResultIssuer>(),
            service: one.service as c_int,
            issuer: issuer.as_ptr(),
            keys: bytes_of(&one.keys),
            root: bytes_of(&one.root),
            audience: pointer_to(audience),
            has_age_max: one.age_max.is_some(),
            age_max_s: one.age_max.unwrap_or(0),
        };
        let issuers: Vec<ffi::ResultIssuer> = self.issuers.iter().zip(&texts).map(accept).collect();
        let request = ffi::ResultRequest {
            size: size_of::<ffi::ResultRequest>(),
            issuers: issuers.as_ptr(),
            issuer_count: issuers.len(),
            nonce: pointer_to(&nonce),
            at_unix_s: self.at,
        };
        let mut result = Verified(ptr::null_mut());
        check(unsafe { ffi::assay_result_create(&mut result.0) })?;
        let (token, mut answer, mut statement) = (bytes_of(self.token), 0, 0);
        check(unsafe {
            ffi::assay_result_verify(
                &request,
                token.bytes.cast(),
                token.len,
                result.0,
                &mut answer,
                &mut statement,
            )
        })?;
        result.copy(Answer(answer), Statement::of(statement))
    }
}

impl Verified {
    fn copy(&self, answer: Answer, statement: Statement) -> Result<Token, Error> {
        let mut s: ffi::ResultSummary = unsafe { ffi::sized() };
        if !unsafe { ffi::assay_result_get_summary(self.0, &mut s) } {
            return Err(Error::of(INVALID));
        }
        Ok(Token {
            answer,
            statement,
            issuer_index: s.issuer_index,
            service: Service::of(s.service)?,
            why: text_of(s.why),
            trust_vector: s.vector,
            issuer: stated(s.issuer),
            subject: stated(s.subject),
            algorithm: stated(s.algorithm),
            key_id: stated(s.key_id),
            attester: stated(s.attester),
            tcb_status: stated(s.tcb_status),
            debug: flag_of(s.debug),
            secure_boot: flag_of(s.secure_boot),
            policy_failed: s.policy_failed,
            issued: s.has_issued.then(|| s.issued_unix_s),
            expires: s.expires_unix_s,
            devices_named: s.devices_named,
            devices: listed(|i, out| unsafe { ffi::assay_result_get_device(self.0, i, out) }, device_of),
            not_checked: unchecked_of(|i, out| unsafe { ffi::assay_result_get_unchecked(self.0, i, out) }),
            claims: claims_of(|i, out| unsafe { ffi::assay_result_get_claim_at(self.0, i, out) })?,
        })
    }
}

fn device_of(device: &ffi::ResultDevice) -> TokenDevice {
    TokenDevice {
        label: text_of(device.label),
        product: text_of(device.product),
        serial: text_of(device.serial),
        driver: text_of(device.driver),
        firmware: text_of(device.firmware),
        measured: flag_of(device.measured),
        debug: flag_of(device.debug),
        secure_boot: flag_of(device.secure_boot),
    }
}

#[cfg(feature = "yaml")]
struct Listed(*mut ffi::PolicyIssuers);

#[cfg(feature = "yaml")]
impl Drop for Listed {
    fn drop(&mut self) {
        unsafe { ffi::assay_policy_issuers_destroy(&mut self.0) }
    }
}

/// The issuers that a policy file names (`token_issuers`). `read` returns the content of a file, whose name is from the
/// folder of the policy file on.
#[cfg(feature = "yaml")]
pub fn read_issuers<E: From<Error>>(
    yaml: &str,
    mut read: impl FnMut(&str) -> Result<Vec<u8>, E>,
) -> Result<Vec<Issuer>, E> {
    let mut list = Listed(ptr::null_mut());
    crate::read_yaml(|message, len| unsafe {
        ffi::assay_policy_issuers_create_yaml(
            yaml.as_ptr().cast(),
            yaml.len(),
            &mut list.0,
            message,
            len,
        )
    })?;
    let mut found = Vec::new();
    let mut one: ffi::PolicyIssuer = unsafe { ffi::sized() };
    while unsafe { ffi::assay_policy_issuers_get(list.0, found.len(), &mut one) } {
        let mut content = |file| stated(file).map_or_else(|| Ok(Vec::new()), |name| read(&name));
        found.push(Issuer {
            service: Service::of(one.service)?,
            issuer: text_of(one.issuer),
            keys: content(one.keys_file)?,
            root: content(one.root_file)?,
            audience: stated(one.audience),
            age_max: one.has_age_max.then(|| one.age_max_s),
        });
    }
    Ok(found)
}
