//! bindings/rust/src/log.rs - what was found in event logs of firmware and of IMA.
use crate::verdict::{copied, listed};
use crate::{check, ffi, text_of, Error};
use std::os::raw::c_int;
use std::ptr;

/// An event log. `form`: "firmware", "ima". `status` is 0 when it could be read, `rule` 0 when nothing is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    pub form: String,
    pub status: i32,
    pub judged: bool,
    pub events: u64,
    pub later: u64,
    pub extending: u64,
    pub proven: u64,
    pub rule: u32,
    pub rule_name: String,
    pub fix: String,
}

/// A register that a log extends or the policy names. `state`: "matches", "differs", ...
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Register {
    pub name: String,
    pub bank: String,
    pub state: String,
    pub events: u64,
    pub quoted: Vec<u8>,
    pub replayed: Vec<u8>,
}

/// An event that failed, or one that is required and missing (`occurred` is false). `text` is untrusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub rule: u32,
    pub rule_name: String,
    pub expected: String,
    pub observed: String,
    pub fix: String,
    pub form: String,
    pub occurred: bool,
    pub index: u64,
    pub offset: u32,
    pub kind: u32,
    pub register_name: String,
    pub text: String,
    pub digest: Vec<u8>,
}

/// What was found in event logs. `failed_count` counts all events that failed; the first 16 are in `failed`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogReport {
    pub logs: Vec<Log>,
    pub registers: Vec<Register>,
    pub failed: Vec<Event>,
    pub failed_count: u64,
}

/// A report of the library while it is filled and copied.
pub(crate) struct Reported(pub(crate) *mut ffi::LogReport);

impl Drop for Reported {
    fn drop(&mut self) {
        unsafe { ffi::assay_eventlog_report_destroy(&mut self.0) }
    }
}

fn form_of(form: c_int) -> String {
    text_of(unsafe { ffi::assay_name_of_eventlog_form(form) })
}

impl Reported {
    pub(crate) fn new() -> Result<Reported, Error> {
        let mut report = Reported(ptr::null_mut());
        check(unsafe { ffi::assay_eventlog_report_create(&mut report.0) })?;
        Ok(report)
    }

    pub(crate) fn copy(&self) -> LogReport {
        LogReport {
            logs: listed(|i, out| unsafe { ffi::assay_eventlog_report_get_log(self.0, i, out) }, log_of),
            registers: listed(
                |i, out| unsafe { ffi::assay_eventlog_report_get_register(self.0, i, out) },
                register_of,
            ),
            failed: listed(
                |i, out| unsafe { ffi::assay_eventlog_report_get_failed(self.0, i, out) },
                event_of,
            ),
            failed_count: unsafe { ffi::assay_eventlog_report_count_failed(self.0) },
        }
    }
}

fn log_of(log: &ffi::LogOutcome) -> Log {
    Log {
        form: form_of(log.form),
        status: log.status,
        judged: log.judged,
        events: log.events,
        later: log.later,
        extending: log.extending,
        proven: log.proven,
        rule: log.rule,
        rule_name: text_of(log.rule_name),
        fix: text_of(log.fix),
    }
}

fn register_of(one: &ffi::LogRegister) -> Register {
    Register {
        name: text_of(one.name),
        bank: text_of(one.bank),
        state: text_of(unsafe { ffi::assay_name_of_register_state(one.state) }),
        events: one.events,
        quoted: copied(&one.quoted),
        replayed: copied(&one.replayed),
    }
}

fn event_of(event: &ffi::LogEvent) -> Event {
    Event {
        rule: event.rule,
        rule_name: text_of(event.rule_name),
        expected: text_of(event.expected),
        observed: text_of(event.observed),
        fix: text_of(event.fix),
        form: form_of(event.form),
        occurred: event.occurred,
        index: event.index,
        offset: event.offset,
        kind: event.kind,
        register_name: text_of(event.register_name),
        text: text_of(event.text),
        digest: copied(&event.digest),
    }
}
