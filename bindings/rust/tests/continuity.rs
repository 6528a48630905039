//! bindings/rust/tests/continuity.rs - misuse of rollback protection that the types of Rust do not exclude; tests/bindings
//! compares the rest with other languages.
#![cfg(feature = "continuity")]
use assay::{Continuity, ContinuityError, ContinuityOptions, ContinuityResult};

#[test]
fn misuse_is_an_error() {
    let good = ContinuityOptions::new("absent", "absent", b"noise", &[1; 32]);
    for (what, options) in [
        ("daemon", ContinuityOptions { daemon: "a\0b", ..good }),
        ("folder", ContinuityOptions { folder: "a\0b", ..good }),
        ("folder", ContinuityOptions { folder: "", ..good }),
        ("key", ContinuityOptions { key: &[0; 32], ..good }),
        ("state_max", ContinuityOptions { state_max: usize::MAX, ..good }),
        ("later", ContinuityOptions { later: Some((b"noise", &[0; 64])), ..good }),
        ("checkpoint", good),
    ] {
        for result in [Continuity::create(&options), Continuity::open(&options)] {
            let error = result.unwrap_err();
            assert_eq!(error.result, ContinuityResult::MISUSE, "{what}: {error}");
            assert!(error.reason.contains(what), "{what}: {error}");
            assert!(error.to_string().starts_with("MISUSE: "), "{error}");
        }
    }
}

#[test]
fn numbers_without_a_name_are_unknown() {
    for number in [-1, 26, i32::MAX] {
        assert_eq!(ContinuityResult(number).name(), "UNKNOWN");
    }
}

#[test]
fn errors_have_their_text() {
    let mut error = ContinuityError { result: ContinuityResult::FULL, reason: String::new() };
    assert!(error.to_string().starts_with("FULL: 4,096 states wait"), "{error}");
    error.reason = "here".into();
    assert!(error.to_string().starts_with("FULL: here (4,096 states wait"), "{error}");
}

#[test]
fn an_instance_may_move_to_another_thread() {
    fn is_send<T: Send>() {}
    is_send::<Continuity>();
}
