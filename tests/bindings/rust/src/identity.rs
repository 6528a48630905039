//! tests/bindings/rust/src/identity.rs - verifies a certificate or token of a network and prints what it states.
use crate::{hex, listed, read, unhex};
use assay::{Error, Identity, IdentityClaims, IdentityRequest, Standing};

fn identifier(text: &str) -> [u8; 32] {
    unhex(text).expect("an id").try_into().expect("32 bytes")
}

fn standing(text: &str) -> Standing {
    let all = [Standing::Full, Standing::Warning, Standing::Restricted, Standing::Suspended];
    all[text.parse::<usize>().expect("a standing")]
}

fn expect_one<'a>(request: &mut IdentityRequest<'a>, name: &str, value: &'a str) {
    let number = || value.parse::<u64>().expect("a number");
    match name {
        "chain" => request.chain_id = Some(identifier(value)),
        "node" => request.node_id = Some(identifier(value)),
        "domain" => request.trust_domain = Some(value),
        "service" => request.service = Some(value),
        "id" => request.spiffe_id = Some(value),
        "issuer" => request.issuer = Some(value),
        "audience" => request.audience = Some(value),
        "era" => request.era = Some(number()),
        "epoch" => request.epoch_min = number(),
        "age" => request.age_max = Some(number()),
        "worst" => request.standing_worst = standing(value),
        "kinds" => request.kinds = number() as u32,
        "insecure" => request.accept_insecure = value == "1",
        "skew" => request.skew = number() as u32,
        _ => panic!("{name}"),
    }
}

fn print_claims(c: &IdentityClaims) {
    let flags = (u8::from(c.is_service), u8::from(c.insecure));
    println!("id {}|{}|{}|{}|{}", c.spiffe_id, c.trust_domain, c.name, flags.0, flags.1);
    println!("chain {}\nblock {}\nnode {}", hex(&c.chain_id), hex(&c.block_id), hex(&c.node_id));
    print!("state {}|{}|{}|{}", c.era, c.epoch, c.incarnation, c.standing as i32);
    println!("|{}|{}", c.score_bp, c.evidence_kind.0);
    println!("entry {}\nproof {}\nserial {}", hex(&c.entry_digest), hex(&c.proof_digest), hex(&c.serial));
    println!("times {}|{}|{}", c.issued, c.starts, c.expires);
    if !c.key.is_empty() {
        println!("ca {}\nkey {}", c.ca_number, hex(&c.key));
    }
    if let Some(thumbprint) = &c.key_thumbprint {
        println!("thumbprint {thumbprint}");
    }
}

fn verify(column: &[&str]) -> Result<Identity, Error> {
    let trusted = read(column[3]);
    let mut request =
        IdentityRequest { at: column[6].parse().expect("a time"), ..IdentityRequest::new(&trusted) };
    for one in column[8].split(';').filter(|one| *one != "-") {
        let (name, value) = one.split_once('=').expect("an expectation");
        expect_one(&mut request, name, value);
    }
    let given: Vec<Vec<u8>> = listed(column[2]).into_iter().map(read).collect();
    let given: Vec<&[u8]> = given.iter().map(Vec::as_slice).collect();
    if column[4] == "token" {
        return request.verify_token(given[0]);
    }
    request.verify_peer(&given)
}

pub fn run_identity_case(column: &[&str]) -> Result<(), Error> {
    println!("== {}", column[0]);
    let found = verify(column).map_err(|error| {
        if let Some(why) = error.why() {
            println!("reason {why}");
        }
        error
    })?;
    println!("answer {}\nwhy {}", found.answer, found.why);
    if let Some(claims) = &found.claims {
        print_claims(claims);
    }
    for open in &found.not_checked {
        println!("unchecked {}|{}", open.what, open.why);
    }
    Ok(())
}
