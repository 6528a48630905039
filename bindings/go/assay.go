// bindings/go/assay.go - libassay from Go: evidence in, verdict out.

// Package assay verifies the hardware evidence of trusted execution environments through libassay.
//
//	trust, err := assay.NewTrust()
//	err = trust.AddPinned()
//	used, err := trust.AddCollateral(files)
//	verdict, err := assay.Verify(&assay.Request{Trust: trust, Evidence: quote, ReportData: challenge})
//	if err == nil && verdict.Tier == assay.TierAffirming { ... }
//
// An error means that there is no answer, a nil error only that there is one: the answer is Verdict.Tier.
//
// Threads: a Trust serves any number of goroutines at once, a Policy as well; calls with one Verifier wait for one
// another. Objects of the library are freed when they are collected; what a Verdict has is Go's own memory.
package assay

// #cgo pkg-config: assay
// #include <assay/assay.h>
// #include <stdlib.h>
import "C"

import (
	"fmt"
	"runtime"
	"sync"
	"time"
	"unsafe"
)

// Status is the result of a function of the library that failed. Distrust is none: that is a Verdict.
type Status int

// Statuses that callers may want to compare; the others have a text as well (assay/status.h).
const (
	StatusRange       Status = C.ASSAY_E_RANGE
	StatusUnsupported Status = C.ASSAY_E_UNSUPPORTED
	StatusInvalid     Status = C.ASSAY_E_INVALID
	StatusNotFound    Status = C.ASSAY_E_NOT_FOUND
	StatusFull        Status = C.ASSAY_E_FULL
	StatusMemory      Status = C.ASSAY_E_MEMORY
	StatusKey         Status = C.ASSAY_E_KEY
)

// Name returns the name of the status as the C header has it.
func (s Status) Name() string { return C.GoString(C.assay_name_of_status(C.enum_assay_status(s))) }

func (s Status) Error() string {
	return fmt.Sprintf("%s: %s", s.Name(), C.GoString(C.assay_describe_status(C.enum_assay_status(s))))
}

func check(status C.enum_assay_status) error {
	if status != C.ASSAY_OK {
		return Status(status)
	}
	return nil
}

// Version returns the version of the library that runs.
func Version() string { return C.GoString(C.assay_version()) }

// VersionNumber returns the same as one number: 10203 is 1.2.3.
func VersionNumber() int { return int(C.assay_version_number()) }

// arena is memory of C for the arguments of one call: C may not store pointers to Go's.
type arena struct{ blocks []unsafe.Pointer }

func (a *arena) free() {
	for _, block := range a.blocks {
		C.free(block)
	}
}

func (a *arena) bytes(from []byte) C.struct_assay_bytes {
	if len(from) == 0 {
		return C.struct_assay_bytes{}
	}
	block := C.CBytes(from)
	a.blocks = append(a.blocks, block)
	return C.struct_assay_bytes{bytes: (*C.uint8_t)(block), len: C.size_t(len(from))}
}

func (a *arena) text(from string) *C.char {
	block := C.CString(from)
	a.blocks = append(a.blocks, unsafe.Pointer(block))
	return block
}

func (a *arena) list(from [][]byte) *C.struct_assay_bytes {
	if len(from) == 0 {
		return nil
	}
	block := C.malloc(C.size_t(len(from)) * C.sizeof_struct_assay_bytes)
	a.blocks = append(a.blocks, block)
	list := unsafe.Slice((*C.struct_assay_bytes)(block), len(from))
	for i := range from {
		list[i] = a.bytes(from[i])
	}
	return &list[0]
}

// Trust has root keys, and what their vendors published.
type Trust struct {
	lock   sync.RWMutex
	object *C.struct_assay_trust
}

// NewTrust returns one that trusts nothing yet.
func NewTrust() (*Trust, error) {
	t := &Trust{}
	if err := check(C.assay_trust_create(&t.object)); err != nil {
		return nil, err
	}
	runtime.SetFinalizer(t, func(t *Trust) { C.assay_trust_destroy(&t.object) })
	return t, nil
}

// AddPinned trusts the vendors' roots that the library has.
func (t *Trust) AddPinned() error {
	t.lock.Lock()
	defer t.lock.Unlock()
	return check(C.assay_trust_add_pinned(t.object))
}

// AllKinds is for AddRoot; KindBit(kind) | ... for some.
const AllKinds uint32 = 0xffffffff

// KindBit returns the bit of a kind of evidence (enum assay_evidence_kind).
func KindBit(kind Kind) uint32 { return 1 << uint(kind) }

// AddRoot trusts a root key for some kinds: a certificate or public key in PEM or DER, or a JSON web key.
func (t *Trust) AddRoot(root []byte, kinds uint32) error {
	var a arena
	defer a.free()
	given := a.bytes(root)
	t.lock.Lock()
	defer t.lock.Unlock()
	return check(C.assay_trust_add_root(t.object, given.bytes, given.len, C.uint32_t(kinds)))
}

// AddPolicyRoots trusts the roots that a policy names.
func (t *Trust) AddPolicyRoots(policy *Policy) error {
	if policy == nil {
		return StatusInvalid
	}
	t.lock.Lock()
	defer t.lock.Unlock()
	err := check(C.assay_trust_add_policy_roots(t.object, policy.object))
	runtime.KeepAlive(policy)
	return err
}

// AddCollateral adds one set of files. It returns false when none of them is of use: verdicts then say what is missing.
func (t *Trust) AddCollateral(files [][]byte) (bool, error) {
	var a arena
	defer a.free()
	list := a.list(files)
	t.lock.Lock()
	defer t.lock.Unlock()
	err := check(C.assay_trust_add_collateral(t.object, list, C.size_t(len(files))))
	if err == StatusNotFound {
		return false, nil
	}
	return err == nil, err
}

// SetExact says that the collateral is meant for the very evidence that is verified.
func (t *Trust) SetExact(exact bool) error {
	t.lock.Lock()
	defer t.lock.Unlock()
	return check(C.assay_trust_set_exact(t.object, C.bool(exact)))
}

// Policy says what is accepted. NewPolicy reads one from a policy file.
type Policy struct{ object *C.struct_assay_policy }

func (p *Policy) collect() {
	runtime.SetFinalizer(p, func(p *Policy) { C.assay_policy_destroy(&p.object) })
}

// NewPolicyEncoded reads a policy from its canonical CBOR, as a genesis has it.
func NewPolicyEncoded(encoded []byte) (*Policy, error) {
	var a arena
	defer a.free()
	given := a.bytes(encoded)
	p := &Policy{}
	if err := check(C.assay_policy_create_encoded(given.bytes, given.len, &p.object)); err != nil {
		return nil, err
	}
	p.collect()
	return p, nil
}

// Digest returns the SHA-256 of the canonical bytes: the name of the policy.
func (p *Policy) Digest() (digest [32]byte, err error) {
	err = check(C.assay_policy_get_digest(p.object, (*C.uint8_t)(&digest[0])))
	runtime.KeepAlive(p)
	return digest, err
}

// Verifier stores what was proven about platforms already seen: their next evidence costs one signature.
type Verifier struct {
	lock   sync.Mutex
	object *C.struct_assay_verifier
}

// NewVerifier returns one for so many platforms.
func NewVerifier(platforms int) (*Verifier, error) {
	if platforms < 0 {
		return nil, StatusRange
	}
	v := &Verifier{}
	if err := check(C.assay_verifier_create(C.size_t(platforms), &v.object)); err != nil {
		return nil, err
	}
	runtime.SetFinalizer(v, func(v *Verifier) { C.assay_verifier_destroy(&v.object) })
	return v, nil
}

// Request is what Verify appraises. Zero is the default of every member but Trust and Evidence.
type Request struct {
	Trust      *Trust
	Verifier   *Verifier
	Policy     *Policy // nil: genuine and not revoked is enough
	Kind       Kind    // 0: as the bytes say
	Evidence   []byte
	At         time.Time // zero: now
	ReportData []byte    // the challenge that it must answer; nil: none, and freshness is not checked
	Nonce      []byte    // the same for TPMs, Nitro and devices
	Logs       [][]byte  // event logs of firmware and of IMA
	Result     *Result   // nil: none is written
}

func (r *Request) isFit() bool {
	// An empty challenge would be none; an object that no constructor made would be the default.
	return r != nil && r.Trust != nil && (r.ReportData == nil || len(r.ReportData) > 0) &&
		(r.Nonce == nil || len(r.Nonce) > 0) && (r.Policy == nil || r.Policy.object != nil)
}

// Verify appraises one piece of evidence. With a nil error there is an answer; which, Verdict.Tier says.
func Verify(r *Request) (*Verdict, error) {
	if !r.isFit() {
		return nil, StatusInvalid
	}
	var a arena
	defer a.free()
	var verdict *C.struct_assay_verdict
	if err := check(C.assay_verdict_create(&verdict)); err != nil {
		return nil, err
	}
	defer C.assay_verdict_destroy(&verdict)
	at := r.At
	if at.IsZero() {
		at = time.Now()
	}
	given := C.struct_assay_verify_request{
		size: C.sizeof_struct_assay_verify_request, kind: uint32(r.Kind), evidence: a.bytes(r.Evidence),
		at_unix_s: C.int64_t(at.Unix()), expected_report_data: a.bytes(r.ReportData), expected_nonce: a.bytes(r.Nonce),
		logs: a.list(r.Logs), log_count: C.size_t(len(r.Logs)),
	}
	r.Trust.lock.RLock()
	defer r.Trust.lock.RUnlock()
	given.trust = r.Trust.object
	if r.Policy != nil {
		given.policy = r.Policy.object
	}
	if r.Verifier != nil {
		r.Verifier.lock.Lock()
		defer r.Verifier.lock.Unlock()
		given.verifier = r.Verifier.object
	}
	defer runtime.KeepAlive(r) // its policy is read until the result is written
	var report *C.struct_assay_eventlog_report
	if len(r.Logs) > 0 {
		if err := check(C.assay_eventlog_report_create(&report)); err != nil {
			return nil, err
		}
		defer C.assay_eventlog_report_destroy(&report)
	}
	given.log_report = report
	var tier C.enum_assay_tier
	if err := check(C.assay_verify(&given, verdict, &tier)); err != nil {
		return nil, err
	}
	v, err := copyVerdict(r, verdict, Tier(tier))
	if err == nil && report != nil {
		v.LogReport = copyLogReport(report)
	}
	return v, err
}
