//! tests/bindings/rust/src/standing.rs - verifies a proof of standing, or of a key, and prints what it proves.
use crate::{hex, read, unhex};
use assay::{verify_standing, Error, KeyRequest, Standing, StandingReport};

fn print_report(r: &StandingReport) {
    println!("proof {}|{}\nnode {}", r.answer.0, r.answer, hex(&r.node_id));
    print!("standing {}|{}|{}", r.standing, r.stage, r.stage_epoch);
    println!("|{}|{}|{}", r.score_bp, r.integrity_bp, r.availability_bp);
    print!("outcome {}|{}|{}|{}", r.outcome, r.pass_weight, r.negative_weight, r.electorate_weight);
    println!("|{}|{}|{}|{}", u8::from(r.certified), r.last_pass_epoch, r.incarnation, r.weight);
    println!("chain {}\nepoch {}|{}|{}|{}", hex(&r.chain_id), r.era, r.epoch, r.time_ms, r.expires_ms);
    println!("block {}\npolicy_digest {}", hex(&r.block_id), hex(&r.policy_digest));
    println!("next {}", hex(r.checkpoint.as_deref().unwrap_or(&[])));
}

pub fn run_standing_case(column: &[&str]) -> Result<(), Error> {
    println!("== {}", column[0]);
    let (proof, checkpoint) = (read(column[1]), read(column[3]));
    let mut key = Vec::new();
    let mut request = KeyRequest::new(&proof, &checkpoint, &[], 0);
    for one in column[8].split(';') {
        let (name, value) = one.split_once('=').expect("an expectation");
        let number = || value.parse::<u64>().expect("a number");
        match name {
            "key" => key = read(value),
            "node" => request.node_id = Some(unhex(value).expect("an id").try_into().expect("32 bytes")),
            "name" => request.name = Some(value),
            "worst" => request.standing_worst = [Standing::Full, Standing::Warning, Standing::Restricted][number() as usize],
            "now" => request.now_ms = number(),
            "age" => request.max_age_s = number() as u32,
            _ => panic!("{name}"),
        }
    }
    if column[4] != "key" {
        let report = verify_standing(&proof, &checkpoint, request.now_ms, request.max_age_s)?;
        println!("answer {}", report.answer.0);
        print_report(&report);
        return Ok(());
    }
    let found = KeyRequest { key: &key, ..request }.verify()?;
    println!("answer {}\nwhy {}", found.answer.0, found.answer);
    print_report(&found.report);
    Ok(())
}
