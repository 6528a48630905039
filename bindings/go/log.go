// bindings/go/log.go - what was found in event logs of firmware and of IMA.

package assay

// #include <assay/assay.h>
import "C"

import "unsafe"

// Log is an event log. Form: "firmware", "ima". Status is 0 when it could be read, Rule 0 when nothing is wrong.
type Log struct {
	Form                             string
	Status                           Status
	Judged                           bool
	Events, Later, Extending, Proven uint64
	Rule                             uint32
	RuleName, Fix                    string
}

// Register is one that a log extends or the policy names. State: "matches", "differs", ...
type Register struct {
	Name, Bank, State string
	Events            uint64
	Quoted, Replayed  []byte
}

// Event is one that failed, or that is required and missing (Occurred is false). Text is untrusted.
type Event struct {
	Rule                              uint32
	RuleName, Expected, Observed, Fix string
	Form                              string
	Occurred                          bool
	Index                             uint64
	Offset, Type                      uint32
	RegisterName, Text                string
	Digest                            []byte
}

// LogReport is what was found in event logs. FailedCount counts all events that failed; the first 16 are in Failed.
type LogReport struct {
	Logs        []Log
	Registers   []Register
	Failed      []Event
	FailedCount uint64
}

func copied(from C.struct_assay_bytes) []byte {
	if from.len == 0 {
		return nil
	}
	return C.GoBytes(unsafe.Pointer(from.bytes), C.int(from.len))
}

func formOf(form uint32) string {
	return C.GoString(C.assay_name_of_eventlog_form(C.enum_assay_eventlog_form(form)))
}

func copyLogReport(from *C.struct_assay_eventlog_report) *LogReport {
	r := &LogReport{FailedCount: uint64(C.assay_eventlog_report_count_failed(from))}
	log := C.struct_assay_log_outcome{size: C.sizeof_struct_assay_log_outcome}
	for C.assay_eventlog_report_get_log(from, C.size_t(len(r.Logs)), &log) {
		r.Logs = append(r.Logs, Log{formOf(log.form), Status(log.status), bool(log.judged), uint64(log.events),
			uint64(log.later), uint64(log.extending), uint64(log.proven), uint32(log.rule), C.GoString(log.rule_name),
			C.GoString(log.fix)})
	}
	one := C.struct_assay_log_register{size: C.sizeof_struct_assay_log_register}
	for C.assay_eventlog_report_get_register(from, C.size_t(len(r.Registers)), &one) {
		r.Registers = append(r.Registers, Register{C.GoString(one.name), C.GoString(one.bank),
			C.GoString(C.assay_name_of_register_state(one.state)), uint64(one.events), copied(one.quoted),
			copied(one.replayed)})
	}
	event := C.struct_assay_log_event{size: C.sizeof_struct_assay_log_event}
	for C.assay_eventlog_report_get_failed(from, C.size_t(len(r.Failed)), &event) {
		r.Failed = append(r.Failed, Event{uint32(event.rule), C.GoString(event.rule_name), C.GoString(event.expected),
			C.GoString(event.observed), C.GoString(event.fix), formOf(event.form), bool(event.occurred),
			uint64(event.index), uint32(event.offset), uint32(event._type), C.GoString(event.register_name),
			C.GoString(event.text), copied(event.digest)})
	}
	return r
}
