// bindings/go/evidence.go - kinds of evidence, evidence of several pieces, devices of a processor, counters of a verifier.

package assay

// #include <assay/assay.h>
// #include <stdlib.h>
import "C"

import (
	"runtime"
	"unsafe"
)

// Kind is a kind of evidence.
type Kind int

// KindNone as an argument: as the bytes say.
const (
	KindNone         Kind = C.ASSAY_KIND_NONE
	KindSGX3         Kind = C.ASSAY_KIND_SGX3
	KindTDX4         Kind = C.ASSAY_KIND_TDX4
	KindSoft         Kind = C.ASSAY_KIND_SOFT
	KindSGX4         Kind = C.ASSAY_KIND_SGX4
	KindSGX5         Kind = C.ASSAY_KIND_SGX5
	KindTDX5         Kind = C.ASSAY_KIND_TDX5
	KindSNP          Kind = C.ASSAY_KIND_SNP
	KindNitro        Kind = C.ASSAY_KIND_NITRO
	KindTPM          Kind = C.ASSAY_KIND_TPM
	KindVTPMSNP      Kind = C.ASSAY_KIND_VTPM_SNP
	KindVTPMTDX      Kind = C.ASSAY_KIND_VTPM_TDX
	KindCCA          Kind = C.ASSAY_KIND_CCA
	KindNitroTPM     Kind = C.ASSAY_KIND_NITRO_TPM
	KindNvidiaGPU    Kind = C.ASSAY_KIND_NVIDIA_GPU
	KindNvidiaSwitch Kind = C.ASSAY_KIND_NVIDIA_SWITCH
)

func (k Kind) String() string { return C.GoString(C.assay_name_of_kind(C.enum_assay_evidence_kind(k))) }

// Recognise returns the kind that the bytes say they are; nothing is verified.
func Recognise(evidence []byte) (Kind, error) {
	var a arena
	defer a.free()
	given := a.bytes(evidence)
	var kind C.enum_assay_evidence_kind
	err := check(C.assay_evidence_recognise(given.bytes, given.len, &kind))
	return Kind(kind), err
}

// Pieces is evidence that comes in pieces. What is empty is not there.
type Pieces struct {
	Main         []byte // report; TPMS_ATTEST; quote
	Certificates [][]byte
	Signature    []byte // of a TPM, as the next three
	PCRs         []byte
	Key          []byte
	ReportData   []byte
	Hardware     []byte // of a paravisor: the HCL blob
	Quote        []byte // of a paravisor over TDX
}

// Pack puts pieces into one byte string that Verify takes.
func Pack(kind Kind, pieces *Pieces) ([]byte, error) {
	if pieces == nil {
		return nil, StatusInvalid
	}
	var a arena
	defer a.free()
	given := C.struct_assay_evidence_piece_list{
		size: C.sizeof_struct_assay_evidence_piece_list, main: a.bytes(pieces.Main),
		certificates: a.list(pieces.Certificates), certificate_count: C.size_t(len(pieces.Certificates)),
		signature: a.bytes(pieces.Signature), pcrs: a.bytes(pieces.PCRs), key: a.bytes(pieces.Key),
		hardware: a.bytes(pieces.Hardware), report_data: a.bytes(pieces.ReportData), quote: a.bytes(pieces.Quote),
	}
	return a.written(func(buffer *C.uint8_t, capacity C.size_t, length *C.size_t) C.enum_assay_status {
		return C.assay_evidence_pack(C.enum_assay_evidence_kind(kind), &given, buffer, capacity, length)
	})
}

// written returns what a function writes to a buffer that is large enough for all evidence.
func (a *arena) written(write func(*C.uint8_t, C.size_t, *C.size_t) C.enum_assay_status) ([]byte, error) {
	buffer := C.malloc(C.ASSAY_EVIDENCE_BYTES_MAX)
	a.blocks = append(a.blocks, buffer)
	var length C.size_t
	if err := check(write((*C.uint8_t)(buffer), C.ASSAY_EVIDENCE_BYTES_MAX, &length)); err != nil {
		return nil, err
	}
	return C.GoBytes(buffer, C.int(length)), nil
}

// Device is the report of a GPU or switch, with its chain in DER.
type Device struct {
	Kind         Kind
	Report       []byte
	Certificates [][]byte
}

func padded(challenge []byte) (*C.uint8_t, error) {
	if len(challenge) == 0 || len(challenge) > C.ASSAY_DEVICE_CHALLENGE_BYTES {
		return nil, StatusRange
	}
	var zeros [C.ASSAY_DEVICE_CHALLENGE_BYTES]C.uint8_t
	for i, b := range challenge {
		zeros[i] = C.uint8_t(b)
	}
	return &zeros[0], nil
}

// DevicesNonce returns what each GPU and switch has to sign for a challenge of 1 to 64 bytes.
func DevicesNonce(challenge []byte) (nonce [32]byte, err error) {
	given, err := padded(challenge)
	if err == nil {
		err = check(C.assay_devices_get_nonce(given, (*C.uint8_t)(&nonce[0])))
	}
	return nonce, err
}

// PackDevices returns reports as one byte string, GPUs first, and the report data that the processor has to quote.
func PackDevices(challenge []byte, devices []Device) (packed []byte, reportData [64]byte, err error) {
	given, err := padded(challenge)
	if err != nil {
		return nil, reportData, err
	}
	var a arena
	defer a.free()
	block := C.calloc(C.size_t(len(devices)+1), C.sizeof_struct_assay_device_report)
	a.blocks = append(a.blocks, block)
	list := unsafe.Slice((*C.struct_assay_device_report)(block), len(devices)+1)
	for i, device := range devices {
		list[i] = C.struct_assay_device_report{
			size: C.sizeof_struct_assay_device_report, kind: uint32(device.Kind), report: a.bytes(device.Report),
			certificates: a.list(device.Certificates), certificate_count: C.size_t(len(device.Certificates)),
		}
	}
	packed, err = a.written(func(buffer *C.uint8_t, capacity C.size_t, length *C.size_t) C.enum_assay_status {
		return C.assay_devices_pack(given, &list[0], C.size_t(len(devices)), buffer, capacity, length,
			(*C.uint8_t)(&reportData[0]))
	})
	return packed, reportData, err
}

// DevicesForm is how devices stand in evidence.
type DevicesForm int

// DevicesPacked is shorter; policies with devices_packed, and the default, accept it.
const (
	DevicesPlain  DevicesForm = C.ASSAY_DEVICES_PLAIN
	DevicesPacked DevicesForm = C.ASSAY_DEVICES_PACKED
)

// AttachDevices returns the evidence of a processor and its devices as one byte string.
func AttachDevices(evidence, devices []byte, form DevicesForm) ([]byte, error) {
	var a arena
	defer a.free()
	given, attached := a.bytes(evidence), a.bytes(devices)
	return a.written(func(buffer *C.uint8_t, capacity C.size_t, length *C.size_t) C.enum_assay_status {
		return C.assay_devices_attach(given, attached, C.enum_assay_devices_form(form), buffer, capacity, length)
	})
}

// Piece is a piece of collateral. Status is 0 when it can serve, otherwise it says why not.
type Piece struct {
	Set, File int
	Name      string
	Status    Status
}

// Pieces returns what became of each piece of the collateral.
func (t *Trust) Pieces() (pieces []Piece) {
	t.lock.RLock()
	defer t.lock.RUnlock()
	piece := C.struct_assay_trust_piece{size: C.sizeof_struct_assay_trust_piece}
	for C.assay_trust_get_piece(t.object, C.size_t(len(pieces)), &piece) == C.ASSAY_OK {
		pieces = append(pieces, Piece{int(piece.set), int(piece.file), C.GoString(piece.name), Status(piece.status)})
	}
	return pieces
}

// NewPolicyDefault returns the policy of a request without one.
func NewPolicyDefault() (*Policy, error) {
	p := &Policy{}
	if err := check(C.assay_policy_create(&p.object)); err != nil {
		return nil, err
	}
	p.collect()
	return p, nil
}

// Counters of a verifier, since it was made. Hits are platforms that were found again.
type Counters struct{ Hits, Misses, Evictions, Platforms, MemoryBytes uint64 }

// Counters returns how often platforms were found again, and what the verifier takes.
func (v *Verifier) Counters() (Counters, error) {
	v.lock.Lock()
	defer v.lock.Unlock()
	counters := C.struct_assay_counters{size: C.sizeof_struct_assay_counters}
	if err := check(C.assay_verifier_get_counters(v.object, &counters)); err != nil {
		return Counters{}, err
	}
	runtime.KeepAlive(v)
	return Counters{uint64(counters.hits), uint64(counters.misses), uint64(counters.evictions),
		uint64(counters.platforms), uint64(counters.memory_bytes)}, nil
}

// SetTables says how many of the busiest platforms have a table of multiples of their key; 0: none.
func (v *Verifier) SetTables(tables int) error {
	if tables < 0 {
		return StatusRange
	}
	v.lock.Lock()
	defer v.lock.Unlock()
	return check(C.assay_verifier_set_tables(v.object, C.size_t(tables)))
}
