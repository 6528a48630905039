//! examples/verify.rs - verify one file of evidence, as verify.c does.
//!
//!     verify EVIDENCE FOLDER POLICY CHALLENGE [UNIX_TIME]        (CHALLENGE: report data, hex)
//!
//! Uses the Rust binding (bindings/rust).
use std::error::Error;
use std::{env, fs, process};

use assay::{Policy, Request, Tier, Trust, Value, Verdict};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn from_hex(text: &str) -> Result<Vec<u8>, Box<dyn Error>> {
    let byte = |i| text.get(i..i + 2).ok_or("odd length").map(|pair| u8::from_str_radix(pair, 16));
    (0..text.len()).step_by(2).map(|i| Ok(byte(i)??)).collect()
}

fn verify(arguments: &[String]) -> Result<Verdict, Box<dyn Error>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(&arguments[1])? {
        files.push(fs::read(entry?.path())?);
    }
    let files: Vec<&[u8]> = files.iter().map(Vec::as_slice).collect();
    let quote = fs::read(&arguments[0])?;
    let challenge = from_hex(&arguments[3])?;

    let text = fs::read_to_string(&arguments[2])?;
    let policy = Policy::from_yaml(&text).map_err(|error| format!("{}:{error}", arguments[2]))?;
    let mut trust = Trust::new()?;
    trust.add_pinned()?;
    trust.add_policy_roots(&policy)?;
    trust.add_collateral(&files)?;
    let now = Request::new(&trust, &quote);
    let at = arguments.get(4).map_or(Ok(now.at), |at| at.parse())?;
    Ok(Request { policy: Some(&policy), report_data: Some(&challenge), at, ..now }.verify()?)
}

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if arguments.len() < 4 {
        eprintln!("usage: verify EVIDENCE FOLDER POLICY CHALLENGE [UNIX_TIME]");
        process::exit(2);
    }
    let verdict = verify(&arguments).unwrap_or_else(|error| {
        eprintln!("{error}");
        process::exit(2);
    });
    println!("{}", verdict.tier);
    for name in ["mrtd", "mrenclave", "debug"] {
        match verdict.claim(name) {
            Some(Value::Bytes(value)) => println!("{name}: {}", hex(value)),
            Some(Value::Bool(value)) => println!("{name}: {value}"),
            _ => (),
        }
    }
    for why in &verdict.findings {
        println!("{} ({}; {})\n  {}", why.text, why.expected, why.observed, why.fix);
    }
    for open in &verdict.not_checked {
        println!("not checked: {}: {}", open.what, open.why);
    }
    process::exit(i32::from(verdict.tier != Tier::Affirming));
}
