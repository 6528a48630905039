//! bindings/rust/src/identity.rs - certificates and tokens that a network signs for its members' keys.
use crate::token::{c_text, pointer_to};
use crate::verdict::{copied, unchecked_of};
use crate::{bytes_of, check, ffi, text_of, Error, Kind, Unchecked, INVALID};
use std::mem::size_of;
use std::os::raw::c_int;
use std::time::{SystemTime, UNIX_EPOCH};
use std::{fmt, ptr};

/// Why a certificate or token must not be relied on. Later versions may have other answers: only [`IdentityAnswer::VALID`]
/// means that it may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdentityAnswer(pub i32);

impl IdentityAnswer {
    pub const VALID: IdentityAnswer = IdentityAnswer(1);
    pub const MALFORMED: IdentityAnswer = IdentityAnswer(2);
    pub const UNSUPPORTED: IdentityAnswer = IdentityAnswer(3);
    pub const OTHER_PROFILE: IdentityAnswer = IdentityAnswer(4);
    pub const LONG_PATH: IdentityAnswer = IdentityAnswer(5);
    pub const NO_KEY: IdentityAnswer = IdentityAnswer(6);
    pub const FORGED: IdentityAnswer = IdentityAnswer(7);
    pub const OTHER_NETWORK: IdentityAnswer = IdentityAnswer(8);
    pub const OTHER_ERA: IdentityAnswer = IdentityAnswer(9);
    pub const OLD_EPOCH: IdentityAnswer = IdentityAnswer(10);
    pub const NOT_YET: IdentityAnswer = IdentityAnswer(11);
    pub const EXPIRED: IdentityAnswer = IdentityAnswer(12);
    pub const TOO_OLD: IdentityAnswer = IdentityAnswer(13);
    pub const OTHER_NAME: IdentityAnswer = IdentityAnswer(14);
    pub const OTHER_ISSUER: IdentityAnswer = IdentityAnswer(15);
    pub const OTHER_AUDIENCE: IdentityAnswer = IdentityAnswer(16);
    pub const LOW_STANDING: IdentityAnswer = IdentityAnswer(17);
    pub const OTHER_KIND: IdentityAnswer = IdentityAnswer(18);
    pub const INSECURE: IdentityAnswer = IdentityAnswer(19);
}

impl fmt::Display for IdentityAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&text_of(unsafe { ffi::assay_name_of_identity(self.0) }))
    }
}

/// Of a member, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    Full = 0,
    Warning = 1,
    Restricted = 2,
    Suspended = 3,
}

impl Standing {
    pub(crate) fn of(number: c_int) -> Standing {
        match number {
            0 => Standing::Full,
            1 => Standing::Warning,
            2 => Standing::Restricted,
            _ => Standing::Suspended,
        }
    }
}

/// What you accept. `None` is not checked, and then in [`Identity::not_checked`]; an empty text is never the same.
#[derive(Clone, Debug)]
pub struct IdentityRequest<'a> {
    /// Of one network. For certificates its CA certificates (DER one after the other, PEM, or its SPIFFE bundle), for
    /// tokens its key set (JWKS).
    pub trusted: &'a [u8],
    pub chain_id: Option<[u8; 32]>,
    pub trust_domain: Option<&'a str>,
    /// A name that operators granted.
    pub service: Option<&'a str>,
    pub spiffe_id: Option<&'a str>,
    pub node_id: Option<[u8; 32]>,
    /// This one alone.
    pub era: Option<u64>,
    /// This one, or a later one.
    pub epoch_min: u64,
    /// Seconds since the end of the epoch.
    pub age_max: Option<u64>,
    /// The worst that you accept.
    pub standing_worst: Standing,
    /// Of evidence: [`Kind::bit`] | ...; 0: any.
    pub kinds: u32,
    /// Also of a network for development, or whose holders have no TEE.
    pub accept_insecure: bool,
    /// Seconds that your clock may differ.
    pub skew: u32,
    /// Unix time.
    pub at: i64,
    /// Of tokens, as the next; both needed.
    pub issuer: Option<&'a str>,
    pub audience: Option<&'a str>,
}

/// What a valid certificate or token states. Times are Unix times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityClaims {
    pub spiffe_id: String,
    pub trust_domain: String,
    /// Of the key.
    pub name: String,
    /// The operators granted the name.
    pub is_service: bool,
    /// Of a network for development, or whose holders have no TEE.
    pub insecure: bool,
    pub chain_id: [u8; 32],
    pub era: u64,
    pub epoch: u64,
    pub block_id: [u8; 32],
    pub node_id: [u8; 32],
    pub incarnation: u32,
    /// At the end of that epoch.
    pub standing: Standing,
    pub score_bp: u32,
    pub evidence_kind: Kind,
    pub entry_digest: [u8; 32],
    /// SHA-256 of the bare proof of standing.
    pub proof_digest: [u8; 32],
    pub serial: [u8; 16],
    /// The end of that epoch.
    pub issued: i64,
    pub starts: i64,
    pub expires: i64,
    /// Of a certificate.
    pub ca_number: u32,
    /// Of a certificate: SubjectPublicKeyInfo; empty of a token.
    pub key: Vec<u8>,
    /// Of a token (RFC 7638).
    pub key_thumbprint: Option<String>,
}

/// An answer. `claims` is `None` unless it is [`IdentityAnswer::VALID`]; `why` is the reason otherwise.
#[derive(Clone, Debug)]
#[must_use = "the answer is `answer`"]
pub struct Identity {
    pub answer: IdentityAnswer,
    pub why: String,
    pub claims: Option<IdentityClaims>,
    pub not_checked: Vec<Unchecked>,
}

/// An object of the library while it is copied.
struct Verified(*mut ffi::Identity);

impl Drop for Verified {
    fn drop(&mut self) {
        unsafe { ffi::assay_identity_destroy(&mut self.0) }
    }
}

pub(crate) fn pointer_of(id: &Option<[u8; 32]>) -> *const u8 {
    id.as_ref().map_or(ptr::null(), |id| id.as_ptr())
}

impl<'a> IdentityRequest<'a> {
    /// Of now; nothing else is expected yet: set `chain_id`, and `service`, `spiffe_id` or `node_id`.
    pub fn new(trusted: &'a [u8]) -> IdentityRequest<'a> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |age| age.as_secs() as i64);
        IdentityRequest {
            trusted,
            chain_id: None,
            trust_domain: None,
            service: None,
            spiffe_id: None,
            node_id: None,
            era: None,
            epoch_min: 0,
            age_max: None,
            standing_worst: Standing::Full,
            kinds: 0,
            accept_insecure: false,
            skew: 0,
            at: now,
            issuer: None,
            audience: None,
        }
    }

    /// Verifies the certificates of a TLS peer: DER as it sent them, its own first. The handshake proves that the peer has
    /// the key, this function that the network certified it. No host name is compared. With `Ok` there is an answer; which,
    /// [`Identity::answer`] says.
    pub fn verify_peer(&self, certificates: &[&[u8]]) -> Result<Identity, Error> {
        let list: Vec<ffi::Bytes> = certificates.iter().map(|one| bytes_of(one)).collect();
        self.verify(|request, object, answer| unsafe {
            ffi::assay_identity_verify_peer(request, list.as_ptr(), list.len(), object, answer)
        })
    }

    /// Verifies a token (JWT). It is a bearer secret, unless you have the bearer prove the key of `key_thumbprint`.
    pub fn verify_token(&self, token: &[u8]) -> Result<Identity, Error> {
        let text = bytes_of(token);
        self.verify(|request, object, answer| unsafe {
            ffi::assay_identity_verify_token(request, text.bytes.cast(), text.len, object, answer)
        })
    }

    fn verify(
        &self,
        call: impl FnOnce(&ffi::IdentityRequest, *mut ffi::Identity, &mut c_int) -> c_int,
    ) -> Result<Identity, Error> {
        let text = |from: Option<&str>| from.map(c_text).transpose();
        let (domain, service, id) = (text(self.trust_domain)?, text(self.service)?, text(self.spiffe_id)?);
        let (issuer, audience) = (text(self.issuer)?, text(self.audience)?);
        let request = ffi::IdentityRequest {
            size: size_of::<ffi::IdentityRequest>(),
            trusted: bytes_of(self.trusted),
            chain_id: pointer_of(&self.chain_id),
            trust_domain: pointer_to(&domain),
            service: pointer_to(&service),
            spiffe_id: pointer_to(&id),
            node_id: pointer_of(&self.node_id),
            has_era: self.era.is_some(),
            era: self.era.unwrap_or(0),
            epoch_min: self.epoch_min,
            has_age_max: self.age_max.is_some(),
            age_max_s: self.age_max.unwrap_or(0),
            standing_worst: self.standing_worst as c_int,
            kinds: self.kinds,
            accept_insecure: self.accept_insecure,
            skew_s: self.skew,
            at_unix_s: self.at,
            issuer: pointer_to(&issuer),
            audience: pointer_to(&audience),
        };
        let mut object = Verified(ptr::null_mut());
        check(unsafe { ffi::assay_identity_create(&mut object.0) })?;
        let mut answer = 0;
        let status = call(&request, object.0, &mut answer);
        object.copy(status, IdentityAnswer(answer))
    }
}

impl Verified {
    fn copy(&self, status: c_int, answer: IdentityAnswer) -> Result<Identity, Error> {
        let mut found: ffi::IdentityClaims = unsafe { ffi::sized() };
        let has_claims = unsafe { ffi::assay_identity_get_claims(self.0, &mut found) };
        let why = text_of(found.why);
        if status != 0 && !why.is_empty() {
            return Err(Error { status, message: Some(why) });
        }
        check(status)?;
        if !has_claims {
            return Err(Error::of(INVALID));
        }
        Ok(Identity {
            answer,
            why,
            claims: (answer == IdentityAnswer::VALID).then(|| claims_of(&found)),
            not_checked: unchecked_of(|i, out| unsafe { ffi::assay_identity_get_unchecked(self.0, i, out) }),
        })
    }
}

fn claims_of(from: &ffi::IdentityClaims) -> IdentityClaims {
    IdentityClaims {
        spiffe_id: text_of(from.spiffe_id),
        trust_domain: text_of(from.trust_domain),
        name: text_of(from.name),
        is_service: from.is_service,
        insecure: from.insecure,
        chain_id: from.chain_id,
        era: from.era,
        epoch: from.epoch,
        block_id: from.block_id,
        node_id: from.node_id,
        incarnation: from.incarnation,
        standing: Standing::of(from.standing),
        score_bp: from.score_bp,
        evidence_kind: Kind(from.evidence_kind as i32),
        entry_digest: from.entry_digest,
        proof_digest: from.proof_digest,
        serial: from.serial,
        issued: from.issued_unix_s,
        starts: from.starts_unix_s,
        expires: from.expires_unix_s,
        ca_number: from.ca_number,
        key: copied(&from.key),
        key_thumbprint: (!from.key_thumbprint.is_null()).then(|| text_of(from.key_thumbprint)),
    }
}
