//! bindings/rust/src/verdict.rs - a verdict copied out of the library: tier, findings, claims, attestation result.
use crate::{check, ffi, text_of, Error, Kind, LogReport, INVALID, NOT_FOUND};
use std::ffi::CString;
use std::mem::size_of;
use std::os::raw::{c_char, c_int};
use std::{fmt, ptr, slice};

/// The answer in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tier {
    None,
    Affirming,
    Warning,
    Contraindicated,
}

impl Tier {
    fn of(number: c_int) -> Tier {
        match number {
            1 => Tier::Affirming,
            2 => Tier::Warning,
            3 => Tier::Contraindicated,
            _ => Tier::None,
        }
    }
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

impl Genuine {
    fn of(number: c_int) -> Genuine {
        match number {
            1 => Genuine::True,
            2 => Genuine::False,
            _ => Genuine::Unknown,
        }
    }
}

/// The state of a link of the chain of proofs; unknown: what is at hand cannot prove it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    NotUsed,
    Unknown,
    True,
    False,
}

/// A link of the chain of proofs that the kind uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    pub name: String,
    pub state: Proof,
}

/// The machine. `masked`: its ID names an instance alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Platform {
    pub id: Vec<u8>,
    pub vendor_root: Vec<u8>,
    pub masked: bool,
}

/// The instance of a cloud, as the cloud names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instance {
    pub id: String,
    pub name: String,
    pub project: String,
    pub zone: String,
    pub project_number: u64,
}

/// A GPU or switch that came with the evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceVerdict {
    pub kind: Kind,
    pub genuine: Genuine,
    pub tier: Tier,
    pub rule: u32,
    pub product: String,
    pub driver: String,
    pub firmware: String,
    pub serial: Vec<u8>,
    pub platform_id: Vec<u8>,
    /// "single", "multi", "protected-pcie" or "unknown"; none of a switch.
    pub mode: Option<String>,
    /// The Unix time at which the first of its certificates, OCSP responses and manifests ends.
    pub expires: Option<i64>,
    /// Which of them that is; empty without one.
    pub expires_first: String,
}

/// A reason for the tier; the most severe is the first. `effect` is the class of its rule: "forged", "unjudged",
/// "refused", "old", "note"; `offset` is in the evidence, 0 when it is about no field of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub rule: u32,
    pub name: String,
    pub text: String,
    pub expected: String,
    pub observed: String,
    pub fix: String,
    pub effect: String,
    pub offset: u32,
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
    /// "UpToDate"; of a TD 1.5 also at its launch and now.
    pub tcb_status: String,
    pub launch_status: String,
    pub current_status: String,
    /// It was appraised under profile development, and proves nothing.
    pub insecure: bool,
    /// The TEE runs in debug mode.
    pub debug: bool,
    /// Unix times.
    pub time: Option<i64>,
    pub tcb_date: Option<i64>,
    pub current_tcb_date: Option<i64>,
    pub expires: Option<i64>,
    /// None: the evidence could not be read.
    pub report_data: Option<Vec<u8>>,
    pub measurement: Option<Vec<u8>>,
    pub platform: Option<Platform>,
    pub instance: Option<Instance>,
    pub devices: Vec<DeviceVerdict>,
    pub advisories: Vec<String>,
    pub current_advisories: Vec<String>,
    pub links: Vec<Link>,
    /// Claims of AR4SI, in the order of their labels.
    pub trust_vector: [i8; 8],
    /// Of a request with event logs.
    pub log_report: Option<LogReport>,
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

/// Copies bytes of the library.
pub(crate) fn copied(from: &ffi::Bytes) -> Vec<u8> {
    if from.len == 0 {
        return Vec::new();
    }
    unsafe { slice::from_raw_parts(from.bytes, from.len) }.to_vec()
}

/// What a getter lists until it returns false.
pub(crate) fn listed<T, U>(get: impl Fn(usize, *mut T) -> bool, copy: impl Fn(&T) -> U) -> Vec<U> {
    let mut found = Vec::new();
    let mut one: T = unsafe { ffi::sized() };
    while get(found.len(), &mut one) {
        found.push(copy(&one));
    }
    found
}

pub(crate) fn unchecked_of(get: impl Fn(usize, *mut ffi::Unchecked) -> bool) -> Vec<Unchecked> {
    listed(get, |open| Unchecked { what: text_of(open.what), why: text_of(open.why) })
}

/// All claims, in their order.
pub(crate) fn claims_of(get: impl Fn(usize, *mut ffi::ClaimValue) -> c_int) -> Result<Vec<Claim>, Error> {
    let mut found = Vec::new();
    let mut claim: ffi::ClaimValue = unsafe { ffi::sized() };
    loop {
        match get(found.len(), &mut claim) {
            NOT_FOUND => return Ok(found),
            status => check(status)?,
        }
        found.push(Claim { name: text_of(claim.name), value: value_of(&claim) });
    }
}

fn value_of(claim: &ffi::ClaimValue) -> Value {
    let bytes = || copied(&claim.bytes);
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
        let v = self.0;
        let status = |number| text_of(unsafe { ffi::assay_name_of_tcb_status(number) });
        Ok(Verdict {
            tier: Tier::of(tier),
            kind: text_of(unsafe { ffi::assay_name_of_kind(ffi::assay_verdict_get_kind(v)) }),
            genuine: Genuine::of(unsafe { ffi::assay_verdict_get_genuine(v) }),
            tcb_status: status(unsafe { ffi::assay_verdict_get_tcb_status(v) }),
            launch_status: status(unsafe { ffi::assay_verdict_get_launch_status(v) }),
            current_status: status(unsafe { ffi::assay_verdict_get_current_status(v) }),
            insecure: unsafe { ffi::assay_verdict_is_insecure(v) },
            debug: unsafe { ffi::assay_verdict_is_debug(v) },
            time: self.time(|v, out| unsafe { ffi::assay_verdict_get_time(v, out) }),
            tcb_date: self.time(|v, out| unsafe { ffi::assay_verdict_get_tcb_date(v, out) }),
            current_tcb_date: self.time(|v, out| unsafe { ffi::assay_verdict_get_current_tcb_date(v, out) }),
            expires: self.time(|v, out| unsafe { ffi::assay_verdict_get_expiry(v, out) }),
            report_data: self.bytes(|v, out| unsafe { ffi::assay_verdict_get_report_data(v, out) }),
            measurement: self.bytes(|v, out| unsafe { ffi::assay_verdict_get_measurement(v, out) }),
            platform: self.platform(),
            instance: self.instance(),
            devices: self.devices(),
            advisories: self.texts(|v, i| unsafe { ffi::assay_verdict_get_advisory(v, i) }),
            current_advisories: self.texts(|v, i| unsafe { ffi::assay_verdict_get_current_advisory(v, i) }),
            links: self.links(),
            findings: self.findings(),
            not_checked: unchecked_of(|i, out| unsafe { ffi::assay_verdict_get_unchecked(v, i, out) }),
            claims: claims_of(|i, out| unsafe { ffi::assay_verdict_get_claim_at(v, i, out) })?,
            trust_vector: self.trust_vector(policy)?,
            log_report: None,
            result: result.map(|result| self.write(policy, result)).transpose()?,
        })
    }

    fn time(&self, get: impl Fn(*const ffi::Verdict, *mut i64) -> bool) -> Option<i64> {
        let mut unix_s = 0;
        get(self.0, &mut unix_s).then(|| unix_s)
    }

    fn bytes(&self, get: impl Fn(*const ffi::Verdict, *mut ffi::Bytes) -> bool) -> Option<Vec<u8>> {
        let mut out = ffi::Bytes { bytes: ptr::null(), len: 0 };
        get(self.0, &mut out).then(|| copied(&out))
    }

    fn texts(&self, get: impl Fn(*const ffi::Verdict, usize) -> *const c_char) -> Vec<String> {
        let mut found = Vec::new();
        loop {
            let text = get(self.0, found.len());
            if text.is_null() {
                return found;
            }
            found.push(text_of(text));
        }
    }

    fn platform(&self) -> Option<Platform> {
        let (mut id, mut root) =
            (ffi::Bytes { bytes: ptr::null(), len: 0 }, ffi::Bytes { bytes: ptr::null(), len: 0 });
        let mut masked = false;
        unsafe { ffi::assay_verdict_get_platform(self.0, &mut id, &mut root, &mut masked) }
            .then(|| Platform { id: copied(&id), vendor_root: copied(&root), masked })
    }

    fn instance(&self) -> Option<Instance> {
        let mut out: ffi::CloudInstance = unsafe { ffi::sized() };
        unsafe { ffi::assay_verdict_get_instance(self.0, &mut out) }.then(|| Instance {
            id: text_of(out.id),
            name: text_of(out.name),
            project: text_of(out.project),
            zone: text_of(out.zone),
            project_number: out.project_number,
        })
    }

    fn devices(&self) -> Vec<DeviceVerdict> {
        listed(
            |i, out| unsafe { ffi::assay_verdict_get_device(self.0, i, out) },
            |one| DeviceVerdict {
                kind: Kind(one.kind),
                genuine: Genuine::of(one.genuine),
                tier: Tier::of(one.tier),
                rule: one.rule,
                product: text_of(one.product),
                driver: text_of(one.driver),
                firmware: text_of(one.firmware),
                serial: copied(&one.serial),
                platform_id: copied(&one.platform_id),
                mode: Some(text_of(one.mode)).filter(|mode| !mode.is_empty()),
                expires: one.has_expiry.then_some(one.expires_unix_s),
                expires_first: text_of(one.expires_first),
            },
        )
    }

    fn links(&self) -> Vec<Link> {
        let mut found = Vec::new();
        let (mut name, mut state) = (ptr::null(), 0);
        while unsafe { ffi::assay_verdict_get_link(self.0, found.len(), &mut name, &mut state) } {
            let state = match state {
                1 => Proof::Unknown,
                2 => Proof::True,
                3 => Proof::False,
                _ => Proof::NotUsed,
            };
            found.push(Link { name: text_of(name), state });
        }
        found
    }

    fn trust_vector(&self, policy: *const ffi::Policy) -> Result<[i8; 8], Error> {
        let mut vector = [0; 8];
        check(unsafe { ffi::assay_verdict_get_trust_vector(self.0, policy, vector.as_mut_ptr()) })?;
        Ok(vector)
    }

    fn findings(&self) -> Vec<Finding> {
        listed(
            |i, out| unsafe { ffi::assay_verdict_get_finding(self.0, i, out) },
            |why: &ffi::Finding| Finding {
                rule: why.rule,
                name: text_of(why.name),
                text: text_of(why.text),
                expected: text_of(why.expected),
                observed: text_of(why.observed),
                fix: text_of(why.fix),
                effect: text_of(unsafe { ffi::assay_name_of_rule_class(why.class) }),
                offset: why.offset,
            },
        )
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
