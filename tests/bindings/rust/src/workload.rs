//! tests/bindings/rust/src/workload.rs - registration of keys through the Rust binding, as run_workload.py does it.
//!
//! usage: workload SOCKET KEY.pem SPKI.der ABSENT
use assay::{withdraw_key, Purpose, Registration, RegistrationError, WorkloadKey};
use std::collections::HashSet;
use std::io::Write;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::process::{Command, Stdio};
use std::{env, fs};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn show(what: &str, result: Result<String, RegistrationError>) {
    match result {
        Ok(text) => println!("{what} {text}"),
        Err(refused) => println!(
            "{what} {} {} {}",
            refused.error.name(),
            if refused.may_pass { "may pass" } else { "stays" },
            if refused.error.why().is_some() { "with a reason" } else { "without" }
        ),
    }
}

fn text_of(one: Registration) -> String {
    let state = if one.is_new { "new" } else { "known" };
    format!("{state} {} {} {} {}", one.count, hex(&one.boot), hex(&one.chain_id), hex(&one.node_id))
}

fn openssl_sign(key_file: &str, message: &[u8]) -> Option<Vec<u8>> {
    let mut openssl = Command::new("openssl")
        .args(["dgst", "-sha256", "-sign", key_file])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .ok()?;
    openssl.stdin.take()?.write_all(message).ok()?;
    Some(openssl.wait_with_output().ok()?.stdout)
}

fn first(byte: u8) -> [u8; 32] {
    let mut id = [0; 32];
    id[0] = byte;
    id
}

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [socket, key_file, spki_file, absent] = &arguments[..] else { panic!("four arguments") };
    let spki = fs::read(spki_file).unwrap();
    let mut signed: Vec<Vec<u8>> = Vec::new();
    let mut sign = |message: &[u8]| {
        signed.push(message.to_vec());
        openssl_sign(key_file, message)
    };
    let key = WorkloadKey::new(socket, first(1), "api", &spki);
    show("first", key.register(&mut sign).map(text_of));
    let again = WorkloadKey { boot: Some(first(4)), node_id: Some(first(2)), ..key.clone() };
    show("again", again.register(&mut sign).map(text_of));
    println!("signed {} {}", signed.len(), signed.iter().collect::<HashSet<_>>().len());
    let mut sign = |message: &[u8]| openssl_sign(key_file, message);
    let mut try_with = |what, key: WorkloadKey| show(what, key.register(&mut sign).map(text_of));
    try_with("chain", WorkloadKey { chain_id: [0; 32], ..key.clone() });
    try_with("member", WorkloadKey { node_id: Some([0; 32]), ..key.clone() });
    try_with("name", WorkloadKey { name: "No Label", ..key.clone() });
    let refusing = WorkloadKey { name: "other", ..key.clone() };
    show("signer", refusing.register(|_| Some(Vec::new())).map(text_of));
    try_with("token", WorkloadKey { purpose: Purpose::Token, audiences: &["a", "b"], ..key.clone() });
    let descending = WorkloadKey { name: "x", purpose: Purpose::Token, audiences: &["b", "a"], ..key.clone() };
    try_with("descending", descending);
    try_with("timeout", WorkloadKey { timeout_ms: 60001, ..key.clone() });
    try_with("absent", WorkloadKey { socket: absent, ..key.clone() });
    let withdraw = |what, purpose| show(what, withdraw_key(socket, purpose, "api", 0).map(|was| was.to_string()));
    withdraw("withdraw", Purpose::Tls);
    withdraw("withdrawn", Purpose::Tls);
    withdraw("token withdrawn", Purpose::Token);
    std::panic::set_hook(Box::new(|_| ()));
    if catch_unwind(AssertUnwindSafe(|| key.register(|_| panic!("own error")))).is_err() {
        println!("own error");
    }
    if (WorkloadKey { name: "a\0b", ..key.clone() }).register(|_| None).is_err() {
        println!("text");
    }
}
