//! tests/bindings/rust/src/continuity.rs - results and misuse of rollback protection through the Rust binding, as
//! run_continuity.py does it.
//!
//! usage: continuity CHECKPOINT FOLDER
use assay::{
    verify_receipt, Continuity, ContinuityError, ContinuityOptions, ContinuityResult, ReceiptAnswer, ReceiptInput,
};
use std::os::unix::io::AsRawFd;
use std::{env, fs, thread};

const RESULTS: [ContinuityResult; 26] = [
    ContinuityResult::OK,
    ContinuityResult::IN_DOUBT,
    ContinuityResult::FENCED,
    ContinuityResult::ROLLBACK,
    ContinuityResult::HALTED,
    ContinuityResult::NOT_KEPT,
    ContinuityResult::RETIRED,
    ContinuityResult::FULL,
    ContinuityResult::TOO_EARLY,
    ContinuityResult::NO_ROOM,
    ContinuityResult::QUOTA,
    ContinuityResult::CLONES,
    ContinuityResult::SUSPENDED,
    ContinuityResult::REFUSED,
    ContinuityResult::OTHER_CHAIN,
    ContinuityResult::NO_PROOF,
    ContinuityResult::OTHER_ERA,
    ContinuityResult::TRUST_EXPIRED,
    ContinuityResult::NOT_OWNER,
    ContinuityResult::NO_INSTANCE,
    ContinuityResult::EXISTS,
    ContinuityResult::SEALED,
    ContinuityResult::STORAGE,
    ContinuityResult::TOO_LARGE,
    ContinuityResult::MISUSE,
    ContinuityResult::SYSTEM,
];

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn show<T>(what: &str, result: Result<T, ContinuityError>, value: &str) {
    match result {
        Ok(_) => println!("{what} {value}"),
        Err(refused) => println!(
            "{what} {} {}",
            refused.result.name(),
            if refused.reason.is_empty() { "without" } else { "with a reason" }
        ),
    }
}

fn flag(holds: bool) -> &'static str {
    if holds {
        "True"
    } else {
        "False"
    }
}

fn try_options(good: &ContinuityOptions, folder: &str) {
    let (other, at) = (&[2; 64], format!("{folder}/other"));
    let good = ContinuityOptions { folder: &at, ..*good };
    let create = |what, options: ContinuityOptions| show(what, Continuity::create(&options), "made");
    fs::create_dir(format!("{folder}/empty")).unwrap();
    for place in ["empty", "none"] {
        let at = format!("{folder}/{place}");
        show(&format!("open {place}"), Continuity::open(&ContinuityOptions { folder: &at, ..good }), "");
    }
    let long = format!("/{}", "x".repeat(4000));
    let later = (good.checkpoint, other);
    let zeros = ContinuityOptions { key: &[0; 32], ..good };
    create("checkpoint", ContinuityOptions { checkpoint: b"noise", ..good });
    create("no checkpoint", ContinuityOptions { checkpoint: b"", ..good });
    create("key", zeros);
    create("no folder", ContinuityOptions { folder: "", ..good });
    create("long folder", ContinuityOptions { folder: &long, ..good });
    create("long daemon", ContinuityOptions { daemon: &long, ..good });
    create("state_max", ContinuityOptions { state_max: (1 << 30) + 1, ..good });
    create("later without owner", ContinuityOptions { later: Some(later), ..good });
    create("later", ContinuityOptions { owner: Some(other), later: Some(later), ..good });
    create("empty later", ContinuityOptions { owner: Some(other), later: Some((b"", other)), ..good });
    let (group, lease, handover_ms, state_max) = (7, 9, 1000, 1 << 30);
    create("made", ContinuityOptions { group, owner: Some(other), lease, handover_ms, state_max, ..good });
    println!("{}", Continuity::create(&zeros).unwrap_err());
}

fn try_session(good: &ContinuityOptions, folder: &str) -> Continuity {
    let at = format!("{folder}/new");
    let good = ContinuityOptions { folder: &at, ..*good };
    let mut c = Continuity::create(&good).unwrap();
    show("update", c.update(b"state"), "");
    show("wait", c.wait(1, 0), "");
    show("save", c.save(b"", 0), "");
    show("confirm", c.confirm(0), "");
    show("receipt", c.receipt(&[0; 32], 0), "");
    show("retire", c.retire(0), "");
    show("start", c.start(0), "");
    show("start again", c.start(20), "");
    show("a day", c.start(86_400_001), "");
    show("step", c.step(86_400_001), "");
    show("stepped", c.step(10), "done");
    println!("state {} {}", c.state().len(), c.index());
    let status = c.status();
    let (chain, instance) = (hex(&status.chain_id), hex(&status.instance));
    println!("status {} {} {} {chain} {instance}", status.session, status.given, status.certified);
    println!("events {} {}", flag(c.as_raw_fd() >= 0), flag(c.timeout_ms() <= 60_000));
    show("opened", Continuity::open(&good), "");
    c
}

fn try_receipts(checkpoint: &[u8]) {
    let show_receipt = |what: &str, input: ReceiptInput| match verify_receipt(&input) {
        Err(refused) if !refused.reason.is_empty() => println!("{what} {} with a reason", refused.answer.name()),
        other => println!("{what} {other:?}"),
    };
    for number in 0..=ReceiptAnswer::SYSTEM.0 {
        let answer = ReceiptAnswer(number);
        println!("{number} RECEIPT_{} {}", answer.name(), answer.description());
    }
    let (key, good) = ([1; 32], ReceiptInput { checkpoint, ..Default::default() });
    show_receipt("noise", ReceiptInput { receipt: b"noise", nonce: Some(&key), now_ms: 1, ..good });
    show_receipt("no receipt", ReceiptInput { instance: Some(&key), max_age_s: 1, ..good });
    show_receipt("no trust", ReceiptInput::default());
    show_receipt("long receipt", ReceiptInput { receipt: &[0; 3073], ..good });
}

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [checkpoint, folder] = &arguments[..] else { panic!("two arguments") };
    let (checkpoint, daemon) = (fs::read(checkpoint).unwrap(), format!("{folder}/absent"));
    let good = ContinuityOptions::new(&daemon, folder, &checkpoint, &[1; 32]);
    for result in RESULTS {
        println!("{} {} {}", result.0, result.name(), result.description());
    }
    try_options(&good, folder);
    let mut c = try_session(&good, folder);
    thread::spawn(move || show("waited", c.start(300), "")).join().unwrap();
    try_receipts(&checkpoint);
}
