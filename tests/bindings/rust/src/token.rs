//! tests/bindings/rust/src/token.rs - verifies a token of a case and prints what its issuer states.
use crate::{print::print_vector, read, shown};
use assay::{Error, TokenRequest};
use std::path::Path;

fn stated(text: &Option<String>) -> &str {
    text.as_deref().unwrap_or("-")
}

fn flag(value: Option<bool>) -> &'static str {
    match value {
        Some(true) => "yes",
        Some(false) => "no",
        None => "unstated",
    }
}

pub fn run_token_case(column: &[&str]) -> Result<(), Error> {
    println!("== {}", column[0]);
    let policy = String::from_utf8(read(column[4])).expect("UTF-8");
    let folder = Path::new(column[4]).parent().expect("a folder");
    let content = |name: &str| Ok::<_, Error>(read(folder.join(name).to_str().expect("UTF-8")));
    let issuers = match assay::read_issuers(&policy, content) {
        Ok(issuers) => issuers,
        Err(error) => {
            println!("policy {error}");
            return Ok(());
        }
    };
    let token = read(column[1]);
    let request = TokenRequest {
        nonce: (column[8] != "-").then(|| column[8]),
        at: column[6].parse().expect("a time"),
        ..TokenRequest::new(&token, &issuers)
    };
    let t = request.verify()?;
    println!("answer {}\nstatement {}\nwhy {}", t.answer, t.statement, t.why);
    println!("issuer_index {}\nservice {}", t.issuer_index, t.service);
    let texts = [&t.issuer, &t.subject, &t.algorithm, &t.key_id, &t.attester, &t.tcb_status].map(stated);
    print!("stated {}|{}|{}", texts.join("|"), flag(t.debug), flag(t.secure_boot));
    println!("|{}|{}", u8::from(t.policy_failed), t.devices_named);
    if let Some(issued) = t.issued {
        println!("issued {issued}");
    }
    if t.expires != 0 {
        println!("expires {}", t.expires);
    }
    print_vector(&t.trust_vector);
    for d in &t.devices {
        print!("device {}|{}|{}|{}|{}", d.label, d.product, d.serial, d.driver, d.firmware);
        println!("|{}|{}|{}", flag(d.measured), flag(d.debug), flag(d.secure_boot));
    }
    for open in &t.not_checked {
        println!("unchecked {}|{}", open.what, open.why);
    }
    for claim in &t.claims {
        println!("claim {} {}", claim.name, shown(&claim.value));
    }
    Ok(())
}
