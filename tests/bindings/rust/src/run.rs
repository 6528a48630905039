//! tests/bindings/rust/src/run.rs - runs the table of cases (cases.py) through the Rust binding, as run.c does.
//!
//! usage: run TABLE
mod identity;
mod print;
mod standing;
mod token;

use assay::{Error, Form, Policy, Request, ResultRequest, Trust, Value, Verdict, Verifier};
use print::{genuine_name, print_logs, print_state};
use std::{env, fs};

fn read(path: &str) -> Vec<u8> {
    fs::read(path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn listed(text: &str) -> Vec<&str> {
    if text == "-" {
        return Vec::new();
    }
    text.split(',').collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let byte = |i| u8::from_str_radix(&text[i..i + 2], 16).expect("hex");
    (text != "-").then(|| (0..text.len()).step_by(2).map(byte).collect())
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "null 0".into(),
        Value::Bool(value) => format!("bool {}", u8::from(*value)),
        Value::Uint(value) | Value::List(value) | Value::Map(value) => format!("uint {value}"),
        Value::Text(value) => format!("text {}", hex(value.as_bytes())),
        Value::Bytes(value) => format!("bytes {}", hex(value)),
    }
}

fn print_verdict(v: &Verdict) {
    println!("tier {}\nkind {}\ngenuine {}", v.tier, v.kind, genuine_name(v.genuine));
    if let Some(expires) = v.expires {
        println!("expires {expires}");
    }
    print_state(v);
    for f in &v.findings {
        let texts = [&f.name, &f.text, &f.expected, &f.observed, &f.fix, &f.effect].map(String::as_str);
        println!("finding {} {}|{}", f.rule, texts.join("|"), f.offset);
    }
    for open in &v.not_checked {
        println!("unchecked {}|{}", open.what, open.why);
    }
    for claim in &v.claims {
        println!("claim {} {}", claim.name, shown(&claim.value));
    }
    if let Some(report) = &v.log_report {
        print_logs(report);
    }
}

fn make_trust(column: &[&str], policy: Option<&Policy>) -> Result<Trust, Error> {
    let mut trust = Trust::new()?;
    for root in listed(column[3]) {
        match root {
            "pinned" => trust.add_pinned()?,
            "policy" => trust.add_policy_roots(policy.expect("a policy"))?,
            path => trust.add_root(&read(path), assay::ALL_KINDS)?,
        }
    }
    trust.set_exact(column[5] == "1")?;
    if column[2] != "-" {
        let files: Vec<Vec<u8>> = listed(column[2]).into_iter().map(read).collect();
        let files: Vec<&[u8]> = files.iter().map(Vec::as_slice).collect();
        let used = trust.add_collateral(&files)?;
        println!("collateral {}", if used { "used" } else { "of no use" });
    }
    Ok(trust)
}

fn run_case(column: &[&str], verifier: &mut Verifier) -> Result<(), Error> {
    println!("== {}", column[0]);
    let mut policy = None;
    if column[4] != "-" {
        let text = String::from_utf8(read(column[4])).expect("UTF-8");
        match Policy::from_yaml(&text) {
            Ok(read) => policy = Some(read),
            Err(error) => {
                println!("policy {error}");
                return Ok(());
            }
        }
    }
    if let Some(policy) = &policy {
        println!("policy {}", hex(&policy.digest()?));
    }
    let trust = make_trust(column, policy.as_ref())?;
    let evidence = read(column[1]);
    let (report_data, nonce) = (unhex(column[7]), unhex(column[8]));
    let logs: Vec<Vec<u8>> = listed(column[9]).into_iter().map(read).collect();
    let logs: Vec<&[u8]> = logs.iter().map(Vec::as_slice).collect();
    let mut digest = [0; 32];
    digest.copy_from_slice(&unhex(column[10]).expect("a digest"));
    for form in [Form::Json, Form::Cbor] {
        let request = Request {
            verifier: Some(&mut *verifier),
            policy: policy.as_ref(),
            at: column[6].parse().expect("a time"),
            report_data: report_data.as_deref(),
            nonce: nonce.as_deref(),
            logs: &logs,
            result: Some(ResultRequest {
                form,
                nonce: Some("a nonce of tests"),
                ..ResultRequest::new("tests", "7", digest)
            }),
            ..Request::new(&trust, &evidence)
        };
        let verdict = request.verify()?;
        if form == Form::Json {
            print_verdict(&verdict);
        }
        println!("result {}", hex(verdict.result.as_deref().expect("a result")));
    }
    Ok(())
}

fn main() {
    let path = env::args().nth(1).expect("usage: run TABLE");
    let mut verifier = Verifier::new(8).expect("memory");
    for line in String::from_utf8(read(&path)).expect("UTF-8").lines() {
        let column: Vec<&str> = line.split('\t').collect();
        let ran = if column[0].starts_with("token-") {
            token::run_token_case(&column)
        } else if column[0].starts_with("identity-") {
            identity::run_identity_case(&column)
        } else if column[0].starts_with("standing-") {
            standing::run_standing_case(&column)
        } else {
            run_case(&column, &mut verifier)
        };
        if let Err(error) = ran {
            println!("error {}", error.name());
        }
    }
}
