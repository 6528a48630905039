// bindings/go/continuity.go - rollback protection of an enclave's state through libassay-continuity; a program built with the
// tag assay_no_continuity is without.

//go:build !assay_no_continuity

package assay

// #cgo pkg-config: assay-continuity
// #include <assay/continuity.h>
// #include <stdlib.h>
import "C"

import (
	"fmt"
	"math"
	"runtime"
	"sync"
	"time"
	"unsafe"
)

// ContinuityResult is the result of a call; errors.Is(err, ContinuityFenced) finds that of a *ContinuityError.
type ContinuityResult int

// The results (assay/continuity.h).
const (
	ContinuityOK           ContinuityResult = C.ASSAY_CONTINUITY_OK
	ContinuityInDoubt      ContinuityResult = C.ASSAY_CONTINUITY_IN_DOUBT // not yet; it may still happen: call again
	ContinuityFenced       ContinuityResult = C.ASSAY_CONTINUITY_FENCED
	ContinuityRollback     ContinuityResult = C.ASSAY_CONTINUITY_ROLLBACK
	ContinuityHalted       ContinuityResult = C.ASSAY_CONTINUITY_HALTED
	ContinuityNotKept      ContinuityResult = C.ASSAY_CONTINUITY_NOT_KEPT
	ContinuityRetired      ContinuityResult = C.ASSAY_CONTINUITY_RETIRED
	ContinuityFull         ContinuityResult = C.ASSAY_CONTINUITY_FULL
	ContinuityTooEarly     ContinuityResult = C.ASSAY_CONTINUITY_TOO_EARLY
	ContinuityNoRoom       ContinuityResult = C.ASSAY_CONTINUITY_NO_ROOM
	ContinuityQuota        ContinuityResult = C.ASSAY_CONTINUITY_QUOTA
	ContinuityClones       ContinuityResult = C.ASSAY_CONTINUITY_CLONES
	ContinuitySuspended    ContinuityResult = C.ASSAY_CONTINUITY_SUSPENDED
	ContinuityRefused      ContinuityResult = C.ASSAY_CONTINUITY_REFUSED
	ContinuityOtherChain   ContinuityResult = C.ASSAY_CONTINUITY_OTHER_CHAIN
	ContinuityNoProof      ContinuityResult = C.ASSAY_CONTINUITY_NO_PROOF
	ContinuityOtherEra     ContinuityResult = C.ASSAY_CONTINUITY_OTHER_ERA
	ContinuityTrustExpired ContinuityResult = C.ASSAY_CONTINUITY_TRUST_EXPIRED
	ContinuityNotOwner     ContinuityResult = C.ASSAY_CONTINUITY_NOT_OWNER
	ContinuityNoInstance   ContinuityResult = C.ASSAY_CONTINUITY_NO_INSTANCE
	ContinuityExists       ContinuityResult = C.ASSAY_CONTINUITY_EXISTS
	ContinuitySealed       ContinuityResult = C.ASSAY_CONTINUITY_SEALED
	ContinuityStorage      ContinuityResult = C.ASSAY_CONTINUITY_STORAGE
	ContinuityTooLarge     ContinuityResult = C.ASSAY_CONTINUITY_TOO_LARGE
	ContinuityMisuse       ContinuityResult = C.ASSAY_CONTINUITY_MISUSE
	ContinuitySystem       ContinuityResult = C.ASSAY_CONTINUITY_SYSTEM
)

// Name returns the name of the result: "FENCED".
func (r ContinuityResult) Name() string {
	return C.GoString(C.assay_continuity_name(C.enum_assay_continuity_result(r)))
}

// Description returns the result in words, with what to do.
func (r ContinuityResult) Description() string {
	return C.GoString(C.assay_continuity_describe(C.enum_assay_continuity_result(r)))
}

func (r ContinuityResult) Error() string { return r.Name() + ": " + r.Description() }

// ContinuityError is a result other than OK, with what was expected and found. After ContinuityFenced or ContinuityRollback the
// program ends.
type ContinuityError struct {
	Result ContinuityResult
	Reason string
}

// Error returns the name of the result, the reason, and what to do.
func (e *ContinuityError) Error() string {
	if e.Reason == "" {
		return e.Result.Error()
	}
	return fmt.Sprintf("%s: %s (%s)", e.Result.Name(), e.Reason, e.Result.Description())
}

// Unwrap returns the result.
func (e *ContinuityError) Unwrap() error { return e.Result }

func misuse(format string, values ...any) error {
	return &ContinuityError{ContinuityMisuse, fmt.Sprintf(format, values...)}
}

// ContinuityOptions are those of an instance. Zero is the default of each member after Key.
type ContinuityOptions struct {
	Daemon         string        // listen.services of assayd: a folder, or the socket of the group itself
	Group          uint32        // its number in the network's plan
	Folder         string        // of this instance alone; CreateContinuity makes it, with mode 0700
	Checkpoint     []byte        // of `assay checkpoint`, measured with the program or from its owner, never from the host
	Key            []byte        // seals the files: 32 bytes that the host cannot learn, the same at each start
	StateMax       int           // bytes of a state; zero: 16 MiB
	Owner          []byte        // P-256 key (x | y, 64 bytes) that may sign a later checkpoint; nil: none
	Later          []byte        // such a checkpoint; nil: none
	LaterSignature []byte        // its signature (r | s, 64 bytes)
	Lease          uint32        // of a new instance: epochs that the ledger retains it without a session; zero: until it retires
	Handover       time.Duration // how long a hand-over is looked for; zero: a minute
}

// Continuity is one state with its history, of which no older one is accepted. Release no output of a state before Save or Wait
// has returned nil, and no read before Confirm has. Goroutines may share one: their calls wait for one another. A timeout is at
// most a day, and is rounded up to milliseconds; zero: what can be done without waiting.
type Continuity struct {
	lock   sync.Mutex
	handle *C.struct_assay_continuity
}

// ContinuityStatus is that of an instance.
type ContinuityStatus struct {
	ChainID         [32]byte
	Instance        [32]byte // its name in the ledger; zeros before its first start
	Session         uint64   // zero: none yet
	View            uint64   // of the group
	Given           uint64   // index of the newest state; after ContinuityRollback of the folder's newest
	Certified       uint64   // index; after ContinuityRollback of the state that the folder does not have
	CertifiedDigest [32]byte
	GivenDigest     [32]byte
}

func timeoutOf(d time.Duration) (C.uint32_t, error) {
	ms := d / time.Millisecond
	if d > ms*time.Millisecond {
		ms++
	}
	if d < 0 || ms > math.MaxUint32 {
		return 0, misuse("expected a time of 0 to a day, found %v", d)
	}
	return C.uint32_t(ms), nil
}

// borrow returns NULL of nil alone: what is empty is there.
func (a *arena) borrow(from []byte) *C.uint8_t {
	if from == nil {
		return nil
	}
	block := C.calloc(1, C.size_t(len(from)+1))
	a.blocks = append(a.blocks, block)
	copy(unsafe.Slice((*byte)(block), len(from)), from)
	return (*C.uint8_t)(block)
}

// fixed is borrow of so many bytes.
func (a *arena) fixed(what string, from []byte, length int) (*C.uint8_t, error) {
	if from != nil && len(from) != length {
		return nil, misuse("%s: expected %d bytes, found %d", what, length, len(from))
	}
	return a.borrow(from), nil
}

func (a *arena) continuityOptions(o *ContinuityOptions) (*C.struct_assay_continuity_options, error) {
	if o == nil || o.StateMax < 0 {
		return nil, misuse("expected options, with no StateMax below 0")
	}
	handover, err := timeoutOf(o.Handover)
	if err != nil {
		return nil, err
	}
	given := &C.struct_assay_continuity_options{
		size: C.sizeof_struct_assay_continuity_options, group: C.uint32_t(o.Group), checkpoint: a.borrow(o.Checkpoint),
		checkpoint_len: C.size_t(len(o.Checkpoint)), state_max: C.size_t(o.StateMax), later: a.borrow(o.Later),
		later_len: C.size_t(len(o.Later)), lease: C.uint32_t(o.Lease), handover_ms: handover,
	}
	if given.daemon, err = a.exact(&o.Daemon); err != nil {
		return nil, misuse("Daemon: expected a text without NUL")
	}
	if given.folder, err = a.exact(&o.Folder); err != nil {
		return nil, misuse("Folder: expected a text without NUL")
	}
	if given.owner, err = a.fixed("Owner", o.Owner, C.ASSAY_CONTINUITY_OWNER_LEN); err != nil {
		return nil, err
	}
	given.later_signature, err = a.fixed("LaterSignature", o.LaterSignature, C.ASSAY_CONTINUITY_SIGNATURE_LEN)
	if err != nil {
		return nil, err
	}
	given.key, err = a.fixed("Key", o.Key, C.ASSAY_CONTINUITY_KEY_LEN)
	return given, err
}

func prepareContinuity(o *ContinuityOptions, isNew bool) (*Continuity, error) {
	var a arena
	defer a.free()
	given, err := a.continuityOptions(o)
	if err != nil {
		return nil, err
	}
	if given.key != nil { // a copy of a secret
		defer func() {
			copy(unsafe.Slice((*byte)(unsafe.Pointer(given.key)), C.ASSAY_CONTINUITY_KEY_LEN), make([]byte, 32))
		}()
	}
	c := &Continuity{}
	var result C.enum_assay_continuity_result
	if isNew {
		result = C.assay_continuity_create(given, &c.handle)
	} else {
		result = C.assay_continuity_open(given, &c.handle)
	}
	if err := c.check(result); err != nil {
		C.assay_continuity_close(&c.handle)
		return nil, err
	}
	runtime.SetFinalizer(c, func(c *Continuity) { C.assay_continuity_close(&c.handle) })
	return c, nil
}

// CreateContinuity returns a new instance; nothing is sent before Start. The owner decides that a program may create one: for a
// program that creates whenever the folder is empty, a host that empties it has undone every state.
func CreateContinuity(o *ContinuityOptions) (*Continuity, error) { return prepareContinuity(o, true) }

// OpenContinuity returns the instance in the folder; Start follows.
func OpenContinuity(o *ContinuityOptions) (*Continuity, error) { return prepareContinuity(o, false) }

// Close ends the session; what is in flight may still be certified. A second call does nothing. It returns nil.
func (c *Continuity) Close() error {
	c.lock.Lock()
	defer c.lock.Unlock()
	C.assay_continuity_close(&c.handle)
	return nil
}

// check is of the call that was made last, with the lock of that.
func (c *Continuity) check(result C.enum_assay_continuity_result) error {
	switch {
	case result == C.ASSAY_CONTINUITY_OK:
		return nil
	case result == C.ASSAY_CONTINUITY_MISUSE && c.handle == nil:
		return misuse("the instance is closed")
	}
	return &ContinuityError{ContinuityResult(result), C.GoString(C.assay_continuity_reason(c.handle))}
}

// within makes a call that waits.
func (c *Continuity) within(timeout time.Duration, call func(C.uint32_t) C.enum_assay_continuity_result) error {
	ms, err := timeoutOf(timeout)
	if err != nil {
		return err
	}
	c.lock.Lock()
	defer c.lock.Unlock()
	return c.check(call(ms))
}

// Start starts a session: the ledger numbers it, and the state of the folder is adopted if it was certified last. It takes up to
// an epoch of the network. ContinuityInDoubt: call again.
func (c *Continuity) Start(timeout time.Duration) error {
	return c.within(timeout, func(ms C.uint32_t) C.enum_assay_continuity_result {
		return C.assay_continuity_start(c.handle, ms)
	})
}

// State returns a copy of the state that the session has adopted or that was given last, and its index: nil and 0 before the
// first one, and before Start.
func (c *Continuity) State() ([]byte, uint64) {
	var length C.size_t
	var index C.uint64_t
	c.lock.Lock()
	defer c.lock.Unlock()
	state := C.assay_continuity_state(c.handle, &length, &index)
	if length == 0 {
		return nil, uint64(index)
	}
	made := make([]byte, length)
	copy(made, unsafe.Slice((*byte)(state), length))
	return made, uint64(index)
}

func pointerTo(state []byte) unsafe.Pointer {
	if len(state) == 0 {
		return nil
	}
	return unsafe.Pointer(&state[0])
}

// Update gives the next state and returns its index. It is durable in the folder, and sent; 4,096 may be in flight.
func (c *Continuity) Update(state []byte) (uint64, error) {
	var index C.uint64_t
	c.lock.Lock()
	defer c.lock.Unlock()
	err := c.check(C.assay_continuity_update(c.handle, pointerTo(state), C.size_t(len(state)), &index))
	return uint64(index), err
}

// Wait waits until a state is certified: its output may be released. ContinuityInDoubt: call again, and release nothing.
func (c *Continuity) Wait(index uint64, timeout time.Duration) error {
	return c.within(timeout, func(ms C.uint32_t) C.enum_assay_continuity_result {
		return C.assay_continuity_wait(c.handle, C.uint64_t(index), ms)
	})
}

// Save is Update, then Wait. After ContinuityInDoubt call Wait with the index of State, and do not give the state again.
func (c *Continuity) Save(state []byte, timeout time.Duration) error {
	return c.within(timeout, func(ms C.uint32_t) C.enum_assay_continuity_result {
		return C.assay_continuity_save(c.handle, pointerTo(state), C.size_t(len(state)), ms)
	})
}

// Confirm makes a quorum confirm that this session is the newest one: what was read before the call may be released.
func (c *Continuity) Confirm(timeout time.Duration) error {
	return c.within(timeout, func(ms C.uint32_t) C.enum_assay_continuity_result {
		return C.assay_continuity_confirm(c.handle, ms)
	})
}

// Receipt returns signatures of a quorum over the last certified state, for the relying party that sent the nonce.
func (c *Continuity) Receipt(nonce [32]byte, timeout time.Duration) ([]byte, error) {
	receipt := make([]byte, C.ASSAY_CONTINUITY_RECEIPT_MAX)
	var length C.size_t
	err := c.within(timeout, func(ms C.uint32_t) C.enum_assay_continuity_result {
		return C.assay_continuity_receipt(c.handle, (*C.uint8_t)(&nonce[0]), (*C.uint8_t)(&receipt[0]),
			C.size_t(len(receipt)), &length, ms)
	})
	if err != nil {
		return nil, err
	}
	return receipt[:length], nil
}

// Retire retires the instance permanently: no session of it starts again. The folder stays. ContinuityInDoubt: call again.
func (c *Continuity) Retire(timeout time.Duration) error {
	return c.within(timeout, func(ms C.uint32_t) C.enum_assay_continuity_result {
		return C.assay_continuity_retire(c.handle, ms)
	})
}

// Step sends and receives. Between calls nothing happens: call it, or a method that waits, within some seconds.
func (c *Continuity) Step(timeout time.Duration) error {
	return c.within(timeout, func(ms C.uint32_t) C.enum_assay_continuity_result {
		return C.assay_continuity_step(c.handle, ms)
	})
}

// Fd returns the descriptor to poll for input: when it is readable, or after Timeout, Step has something to do. -1 when closed.
func (c *Continuity) Fd() int {
	c.lock.Lock()
	defer c.lock.Unlock()
	return int(C.assay_continuity_fd(c.handle))
}

// Timeout returns the time until Step has something to do, at most a minute.
func (c *Continuity) Timeout() time.Duration {
	c.lock.Lock()
	defer c.lock.Unlock()
	return time.Duration(C.assay_continuity_timeout_ms(c.handle)) * time.Millisecond
}

// Status returns the session, and the indices and digests of its states.
func (c *Continuity) Status() (*ContinuityStatus, error) {
	status := C.struct_assay_continuity_status{size: C.sizeof_struct_assay_continuity_status}
	c.lock.Lock()
	defer c.lock.Unlock()
	if c.handle == nil {
		return nil, misuse("the instance is closed")
	}
	if err := check(C.assay_continuity_get_status(c.handle, &status)); err != nil {
		return nil, err
	}
	return &ContinuityStatus{copyDigest(&status.chain_id), copyDigest(&status.instance), uint64(status.session),
		uint64(status.view), uint64(status.given), uint64(status.certified), copyDigest(&status.certified_digest),
		copyDigest(&status.given_digest)}, nil
}
