//! bindings/rust/tests/misuse.rs - misuse, threads and signed results of the Rust binding; what verdicts say is compared
//! by tests/bindings.
use assay::{
    Answer, Device, DevicesForm, Form, IdentityAnswer, IdentityRequest, Issuer, Kind, Pieces, Policy, Request, ResultRequest, Service, Statement, Tier,
    TokenRequest, Trust, Value, Verifier,
};
use std::{env, fs, thread};

const AT: i64 = 1_800_000_000;
const INVALID: i32 = 115;
const RANGE: i32 = 103;

/// That of examples/evidence, whose folder ASSAY_EXAMPLE names.
fn evidence() -> Option<(Trust, Policy, Vec<u8>)> {
    let folder = env::var("ASSAY_EXAMPLE").ok()?;
    let read = |path: String| fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let text = String::from_utf8(read(format!("{folder}/policy.yaml"))).unwrap();
    let policy = Policy::from_yaml(&text).unwrap();
    let mut trust = Trust::new().unwrap();
    trust.add_policy_roots(&policy).unwrap();
    let entries = fs::read_dir(format!("{folder}/collateral")).unwrap();
    let files: Vec<Vec<u8>> = entries.map(|entry| fs::read(entry.unwrap().path()).unwrap()).collect();
    let files: Vec<&[u8]> = files.iter().map(Vec::as_slice).collect();
    assert!(trust.add_collateral(&files).unwrap());
    Some((trust, policy, read(format!("{folder}/quote.bin"))))
}

#[test]
fn misuse_is_an_error() {
    let trust = Trust::new().unwrap();
    let status = |request: Request| request.verify().map(|verdict| verdict.tier).unwrap_err().status;
    assert_eq!(status(Request { report_data: Some(&[]), ..Request::new(&trust, b"x") }), INVALID);
    assert_eq!(status(Request { nonce: Some(&[]), ..Request::new(&trust, b"x") }), INVALID);
    assert_eq!(status(Request { report_data: Some(&[1; 65]), ..Request::new(&trust, b"x") }), RANGE);
    let result = Some(ResultRequest::new("a\0b", "1", [0; 32]));
    assert_eq!(status(Request { result, ..Request::new(&trust, b"x") }), INVALID);
    assert_eq!(Verifier::new(0).unwrap_err().status, RANGE);
    assert!(Policy::from_encoded(b"noise").is_err());
    let error = Policy::from_yaml("policy_version: x\n").unwrap_err().to_string();
    assert!(error.starts_with("1:"), "{error}");
}

#[test]
fn noise_is_no_evidence_and_no_collateral() {
    let mut trust = Trust::new().unwrap();
    assert!(!trust.add_collateral(&[b"noise", b""]).unwrap());
    for bytes in [&b"noise"[..], b""] {
        let verdict = Request { at: AT, ..Request::new(&trust, bytes) }.verify().unwrap();
        assert_ne!(verdict.tier, Tier::Affirming);
        assert!(verdict.claims.is_empty() && !verdict.findings.is_empty());
    }
}

#[test]
fn threads_have_one_answer() {
    let (trust, policy, quote) = match evidence() {
        Some(evidence) => evidence,
        None => return println!("ASSAY_EXAMPLE names no folder of evidence"),
    };
    let mut changed = quote.clone();
    changed[100] ^= 1;
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let mut verifier = Verifier::new(2).unwrap();
                for _ in 0..20 {
                    for (tier, bytes) in [(Tier::Affirming, &quote), (Tier::Contraindicated, &changed)] {
                        let request = Request {
                            verifier: Some(&mut verifier),
                            policy: Some(&policy),
                            at: AT,
                            ..Request::new(&trust, bytes)
                        };
                        assert_eq!(request.verify().unwrap().tier, tier);
                    }
                }
            });
        }
    });
}

#[test]
fn results_are_signed_with_a_key_alone() {
    let (trust, policy, quote) = match evidence() {
        Some(evidence) => evidence,
        None => return println!("ASSAY_EXAMPLE names no folder of evidence"),
    };
    let verify = |form, key| {
        let result = Some(ResultRequest { form, key, ..ResultRequest::new("tests", "1", [0; 32]) });
        Request { policy: Some(&policy), at: AT, result, ..Request::new(&trust, &quote) }.verify()
    };
    let token = verify(Form::Jwt, Some(&[7; 32])).unwrap().result.unwrap();
    assert_eq!(token.iter().filter(|byte| **byte == b'.').count(), 2);
    assert_eq!(verify(Form::Cwt, Some(&[7; 32])).unwrap().result.unwrap()[0], 0xd2);
    assert_eq!(verify(Form::Jwt, None).unwrap_err().status, INVALID);
}

fn issuer() -> Issuer {
    Issuer {
        service: Service::Intel,
        issuer: "https://one.example".into(),
        keys: b"{\"keys\":[]}".to_vec(),
        root: Vec::new(),
        audience: None,
        age_max: None,
    }
}

#[test]
fn misuse_of_tokens_is_an_error() {
    let status = |issuers: &[Issuer], nonce| {
        TokenRequest { nonce, ..TokenRequest::new(b"x", issuers) }.verify().map(|token| token.answer).unwrap_err().status
    };
    assert_eq!(status(&[], None), INVALID);
    assert_eq!(status(&vec![issuer(); 17], None), RANGE);
    assert_eq!(status(&[Issuer { issuer: "".into(), ..issuer() }], None), INVALID);
    assert_eq!(status(&[Issuer { issuer: "a\0b".into(), ..issuer() }], None), INVALID);
    assert_eq!(status(&[Issuer { audience: Some("a\0b".into()), ..issuer() }], None), INVALID);
    assert_eq!(status(&[Issuer { keys: Vec::new(), ..issuer() }], None), INVALID);
    assert_eq!(status(&[Issuer { keys: vec![0; 524_289], ..issuer() }], None), RANGE);
    assert_eq!(status(&[issuer()], Some("a\0b")), INVALID);
    let long = vec![b'.'; 131_073];
    assert_eq!(TokenRequest::new(&long, &[issuer()]).verify().map(|token| token.answer).unwrap_err().status, RANGE);
    for bytes in [&b"noise"[..], b"", b"\0"] {
        let token = TokenRequest::new(bytes, &[issuer()]).verify().unwrap();
        assert_eq!((token.answer, token.statement), (Answer::MALFORMED, Statement::Nothing));
        assert!(token.claims.is_empty() && token.not_checked.is_empty() && !token.why.is_empty());
    }
    let none = |_: &str| Err::<Vec<u8>, assay::Error>(Policy::from_encoded(b"noise").unwrap_err());
    let error = assay::read_issuers("policy_version: x\n", none).unwrap_err().to_string();
    assert!(error.starts_with("1:"), "{error}");
}

#[test]
fn tokens_are_statements() {
    let folder = match env::var("ASSAY_TOKENS") {
        Ok(folder) => folder,
        Err(_) => return println!("ASSAY_TOKENS names no folder of tokens"),
    };
    let read = |name: &str| Ok::<_, assay::Error>(fs::read(format!("{folder}/{name}")).unwrap());
    let policy = String::from_utf8(read("all.yaml").unwrap()).unwrap();
    let issuers = assay::read_issuers(&policy, read).unwrap();
    assert_eq!((issuers.len(), issuers[1].service, issuers[1].age_max), (4, Service::Azure, Some(900)));
    let written = fs::metadata(format!("{folder}/claims.jwt")).unwrap().modified().unwrap();
    let at = written.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() as i64 + 1;
    let bytes = read("claims.jwt").unwrap();
    let token = TokenRequest { nonce: Some("5f1c"), at, ..TokenRequest::new(&bytes, &issuers) }.verify().unwrap();
    assert_eq!((token.answer, token.statement, token.issuer_index), (Answer::VALID, Statement::Affirming, 1));
    assert_eq!(token.claim("a.b"), None, "a name of two claims");
    assert_eq!(token.claim("a.c.1"), Some(&Value::Text("-7".into())));
    assert_eq!(token.not_checked[0].what, "evidence");
    let late = TokenRequest { at: at + 1800, ..TokenRequest::new(&bytes, &issuers) }.verify().unwrap();
    assert_eq!((late.answer, late.statement), (Answer::NOT_NOW, Statement::Nothing));
}

#[test]
fn evidence_is_put_together() {
    assert!(assay::recognise(b"").is_err());
    let packed = assay::pack(
        Kind::SNP,
        &Pieces { main: &[0; 1184], certificates: &[b"\x30\0"], ..Pieces::default() },
    );
    assert!(packed.unwrap().len() > 1184);
    let other = Pieces { main: b"x", pcrs: b"y", ..Pieces::default() };
    assert_eq!(assay::pack(Kind::SNP, &other).unwrap_err().status, INVALID);
    assert_eq!(Kind(99).bit(), 0);
    let report = [7; 2000];
    let gpu = Device { kind: Kind::NVIDIA_GPU, report: &report, certificates: &[b"123"] };
    let (devices, data) = assay::pack_devices(&[1; 64], &[gpu, gpu]).unwrap();
    assert_ne!(data, [0; 64]);
    assert_ne!(assay::devices_nonce(&[1; 64]).unwrap(), [0; 32]);
    assert_eq!(assay::pack_devices(&[1; 64], &[]).unwrap_err().status, INVALID);
    let (trust, _, quote) = match evidence() {
        Some(evidence) => evidence,
        None => return println!("ASSAY_EXAMPLE names no folder of evidence"),
    };
    assert_eq!(assay::recognise(&quote).unwrap().to_string(), "tdx-v4");
    assert!(!trust.pieces().is_empty());
    let plain = assay::attach_devices(&quote, &devices, DevicesForm::Plain).unwrap();
    let short = assay::attach_devices(&quote, &devices, DevicesForm::Packed).unwrap();
    assert!(short.len() < plain.len());
}

#[test]
fn verifiers_count() {
    let mut verifier = Verifier::new(4).unwrap();
    verifier.set_tables(0).unwrap();
    assert_eq!(verifier.set_tables(100_000).unwrap_err().status, RANGE);
    assert_eq!(verifier.counters().unwrap().hits, 0);
    assert_ne!(Policy::default_policy().unwrap().digest().unwrap(), [0; 32]);
    assert!(assay::version_number() > 0);
}

#[test]
fn misuse_of_identities_is_an_error() {
    const KEY: i32 = 109;
    let noise = IdentityRequest { at: AT, ..IdentityRequest::new(b"noise") };
    let status = |request: &IdentityRequest, given: &[&[u8]]| request.verify_peer(given).unwrap_err().status;
    assert_eq!(status(&IdentityRequest::new(b""), &[b"x"]), INVALID);
    assert_eq!(status(&noise, &[]), INVALID);
    assert_eq!(status(&noise, &[&b"x"[..]; 9]), RANGE);
    assert_eq!(status(&IdentityRequest { skew: 301, ..noise.clone() }, &[b"x"]), RANGE);
    assert_eq!(status(&IdentityRequest { at: -1, ..noise.clone() }, &[b"x"]), RANGE);
    assert_eq!(status(&IdentityRequest { service: Some("api\0"), ..noise.clone() }, &[b"x"]), INVALID);
    let error = noise.verify_peer(&[b"x"]).unwrap_err();
    assert_eq!(error.status, KEY);
    assert!(error.why().unwrap().contains("CA certificates") && error.to_string().contains(error.why().unwrap()));
    let keys = IdentityRequest { issuer: Some("i"), audience: Some("a"), at: AT, ..IdentityRequest::new(b"{\"keys\":[]}") };
    for token in [&b""[..], b"noise", &[b'.'; 200_000]] {
        let found = keys.verify_token(token).unwrap();
        assert_eq!(found.answer, IdentityAnswer::MALFORMED);
        assert!(found.claims.is_none() && found.not_checked.is_empty() && !found.why.is_empty());
    }
    for wrong in [IdentityRequest { issuer: None, ..keys.clone() }, IdentityRequest { audience: None, ..keys.clone() }] {
        assert_eq!(wrong.verify_token(b"x").unwrap_err().status, INVALID);
    }
}

#[test]
fn key_proofs_of_no_use() {
    let good = assay::KeyRequest::new(b"noise", b"noise", b"key", 60);
    assert!(good.verify().is_err());
    assert_eq!(assay::KeyRequest { name: Some("a\0b"), ..good.clone() }.verify().unwrap_err().name(), "ASSAY_E_INVALID");
    assert_eq!(assay::KeyRequest { key: b"", ..good.clone() }.verify().unwrap_err().name(), "ASSAY_E_INVALID");
    assert_eq!(assay::KeyRequest { max_age_s: 0, ..good.clone() }.verify().unwrap_err().name(), "ASSAY_E_RANGE");
    assert!(assay::KeyRequest { proof: b"", ..good }.verify().is_err());
    assert!(assay::verify_standing(b"", b"", 0, 0).is_err());
    assert_ne!(assay::KeyAnswer::ACTIVE.to_string(), assay::KeyAnswer::WITHDRAWN.to_string());
}
