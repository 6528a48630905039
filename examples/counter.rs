//! examples/counter.rs - counter whose value survives restarts and cannot be rolled back or cloned; as counter.c.
//!
//!     counter create|open SOCKETS CHECKPOINT KEY FOLDER
//!
//! KEY has 32 secret bytes: in a TEE its sealing key. Prints each value after it is certified, once a second, until the
//! library refuses one. Uses the Rust binding (bindings/rust).
use std::convert::{Infallible, TryInto};
use std::time::Duration;
use std::{env, error::Error, fs, process, thread};

use assay::{Continuity, ContinuityError, ContinuityOptions};

fn count(options: &ContinuityOptions, is_new: bool) -> Result<Infallible, ContinuityError> {
    let mut counter = if is_new { Continuity::create(options)? } else { Continuity::open(options)? };
    counter.start(60_000)?;
    let mut value = counter.state().try_into().map_or(0, u64::from_ne_bytes);
    loop {
        value += 1;
        counter.save(&value.to_ne_bytes(), 60_000)?;
        println!("{value}");
        thread::sleep(Duration::from_secs(1));
    }
}

fn read(checkpoint: &str, key: &str) -> Result<(Vec<u8>, [u8; 32]), Box<dyn Error>> {
    let key = fs::read(key)?.try_into().map_err(|_| format!("{key}: expected 32 bytes"))?;
    Ok((fs::read(checkpoint)?, key))
}

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let (is_new, sockets, checkpoint, key, folder) = match &arguments[..] {
        [verb, sockets, checkpoint, key, folder] if verb == "create" || verb == "open" => {
            (verb == "create", sockets, checkpoint, key, folder)
        }
        _ => {
            eprintln!("usage: counter create|open SOCKETS CHECKPOINT KEY FOLDER");
            process::exit(2);
        }
    };
    let (checkpoint, key) = read(checkpoint, key).unwrap_or_else(|error| {
        eprintln!("{error}");
        process::exit(2);
    });
    match count(&ContinuityOptions::new(sockets, folder, &checkpoint, &key), is_new) {
        Ok(never) => match never {},
        Err(error) => eprintln!("{error}"),
    }
    process::exit(1);
}
