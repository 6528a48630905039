//! tests/bindings/rust/src/print.rs - what the runner prints of a verdict besides its tier, findings and claims.
use crate::hex;
use assay::{Genuine, LogReport, Verdict};

pub fn genuine_name(genuine: Genuine) -> &'static str {
    match genuine {
        Genuine::True => "true",
        Genuine::False => "false",
        Genuine::Unknown => "unknown",
    }
}

fn print_time(name: &str, at: Option<i64>) {
    if let Some(at) = at {
        println!("{name} {at}");
    }
}

fn print_bytes(name: &str, bytes: &Option<Vec<u8>>) {
    if let Some(bytes) = bytes {
        println!("{name} {}", hex(bytes));
    }
}

pub fn print_vector(vector: &[i8; 8]) {
    println!("vector {}", vector.map(|claim| claim.to_string()).join(" "));
}

pub fn print_state(v: &Verdict) {
    println!("status {}|{}|{}", v.tcb_status, v.launch_status, v.current_status);
    println!("insecure {}\ndebug {}", u8::from(v.insecure), u8::from(v.debug));
    print_time("time", v.time);
    print_time("tcb_date", v.tcb_date);
    print_time("current_tcb_date", v.current_tcb_date);
    print_bytes("report_data", &v.report_data);
    print_bytes("measurement", &v.measurement);
    if let Some(p) = &v.platform {
        println!("platform {}\nvendor_root {}\nmasked {}", hex(&p.id), hex(&p.vendor_root), u8::from(p.masked));
    }
    if let Some(i) = &v.instance {
        println!("instance {}|{}|{}|{}|{}", i.id, i.name, i.project, i.zone, i.project_number);
    }
    for d in &v.devices {
        let genuine = genuine_name(d.genuine);
        println!("device {}|{genuine}|{}|{}|{}|{}|{}", d.kind, d.tier, d.rule, d.product, d.driver, d.firmware);
        println!("serial {}\nplatform_id {}", hex(&d.serial), hex(&d.platform_id));
        println!("mode {}", d.mode.as_deref().unwrap_or(""));
        println!("expires {} {}", d.expires.unwrap_or(-1), d.expires_first);
    }
    for name in &v.advisories {
        println!("advisory {name}");
    }
    for name in &v.current_advisories {
        println!("current_advisory {name}");
    }
    for link in &v.links {
        println!("link {} {}", link.name, link.state as u8);
    }
    print_vector(&v.trust_vector);
}

pub fn print_logs(report: &LogReport) {
    for l in &report.logs {
        print!("log {}|{}|{}|{}|{}", l.form, l.status, u8::from(l.judged), l.events, l.later);
        println!("|{}|{}|{}|{}|{}", l.extending, l.proven, l.rule, l.rule_name, l.fix);
    }
    for one in &report.registers {
        println!("register {}|{}|{}|{}", one.name, one.bank, one.state, one.events);
        println!("quoted {}\nreplayed {}", hex(&one.quoted), hex(&one.replayed));
    }
    for e in &report.failed {
        print!("event {} {}|{}|{}|{}|{}", e.rule, e.rule_name, e.expected, e.observed, e.fix, e.form);
        print!("|{}|{}|{}|{}", u8::from(e.occurred), e.index, e.offset, e.kind);
        println!("|{}|{}\ndigest {}", e.register_name, e.text, hex(&e.digest));
    }
    println!("failed {}", report.failed_count);
}
