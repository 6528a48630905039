//! bindings/rust/tests/misuse.rs - misuse, threads and signed results of the Rust binding; what verdicts say is compared
//! by tests/bindings.
use assay::{Form, Policy, Request, ResultRequest, Tier, Trust, Verifier};
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
