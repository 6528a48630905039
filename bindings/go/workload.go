// bindings/go/workload.go - registration of a workload key with the enclave of this machine, through libassay-keys.

package assay

// #cgo pkg-config: assay-keys
// #include <assay/keys.h>
// #include <stdint.h>
// #include <stdlib.h>
//
// bool sign_workload(void *context, const uint8_t *message, size_t message_len, uint8_t *signature, size_t *len);
import "C"

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"fmt"
	"math"
	"runtime/cgo"
	"time"
	"unsafe"
)

// Purpose is what a key is for; the network certifies it for that alone.
type Purpose int

// The purposes.
const (
	PurposeTLS   Purpose = C.ASSAY_WORKLOAD_TLS
	PurposeToken Purpose = C.ASSAY_WORKLOAD_TOKEN // for the audiences of the request
	PurposeSSH   Purpose = C.ASSAY_WORKLOAD_SSH
)

// WorkloadKey is a key that this program has, to be registered. Call from inside the TEE, where the private key is.
type WorkloadKey struct {
	Socket    string        // enclave.service of the daemon's configuration
	ChainID   [32]byte      // the network that you mean, and never one that you were sent
	NodeID    *[32]byte     // this member alone; nil: the one of the enclave
	Purpose   Purpose       // zero: PurposeTLS
	Name      string        // a DNS label in lower case; one key of a purpose has it
	Audiences []string      // of PurposeToken, ascending
	Signer    crypto.Signer // P-256, P-384 or Ed25519; it signs twice
	Boot      *[32]byte     // of an earlier answer: an enclave that has not restarted since has the key, and nothing is signed
	Timeout   time.Duration // at most a minute, in whole milliseconds; zero: 5 s
}

// Registration is what the enclave has.
type Registration struct {
	IsNew                 bool // this call registered the key
	Count                 int  // keys that the enclave has; 0 unless IsNew
	Boot, ChainID, NodeID [32]byte
}

// RegistrationError is a Status with its reason. errors.Is(err, StatusDuplicate) finds the status.
type RegistrationError struct {
	ReasonError
	MayPass bool // by itself: call again in some seconds
}

func (e *RegistrationError) Unwrap() error { return e.Status }

// The statuses of a registration.
const (
	StatusDuplicate Status = C.ASSAY_E_DUPLICATE // the name has another key, or another user's
	StatusCrypto    Status = C.ASSAY_E_CRYPTO    // the Signer made no signature of the key's kind
)

// workloadCall is what C calls back with.
type workloadCall struct {
	signer crypto.Signer
	hash   crypto.Hash // 0: of the message itself
	err    error
}

//export assaySignWorkload
func assaySignWorkload(context C.uintptr_t, message *C.uint8_t, size C.size_t, signature *C.uint8_t, length *C.size_t) C.bool {
	call := cgo.Handle(context).Value().(*workloadCall)
	signed := C.GoBytes(unsafe.Pointer(message), C.int(size))
	if call.hash != 0 {
		digest := call.hash.New()
		digest.Write(signed)
		signed = digest.Sum(nil)
	}
	made, err := call.signer.Sign(rand.Reader, signed, call.hash)
	if err == nil && len(made) > C.ASSAY_WORKLOAD_SIGNATURE_MAX {
		err = fmt.Errorf("expected a signature of at most %d bytes, found %d", int(C.ASSAY_WORKLOAD_SIGNATURE_MAX), len(made))
	}
	if err != nil {
		call.err = err
		return false
	}
	copy(unsafe.Slice((*byte)(unsafe.Pointer(signature)), len(made)), made)
	*length = C.size_t(len(made))
	return true
}

// hashOf is what a signature of the key is over.
func hashOf(public crypto.PublicKey) (crypto.Hash, error) {
	switch key := public.(type) {
	case ed25519.PublicKey:
		return 0, nil
	case *ecdsa.PublicKey:
		switch key.Curve.Params().BitSize {
		case 256:
			return crypto.SHA256, nil
		case 384:
			return crypto.SHA384, nil
		}
	}
	return 0, fmt.Errorf("%w: expected a key of P-256, P-384 or Ed25519, found %T", StatusInvalid, public)
}

func milliseconds(d time.Duration) (C.uint32_t, error) {
	if d < 0 || d%time.Millisecond != 0 || d/time.Millisecond > math.MaxUint32 {
		return 0, StatusRange
	}
	return C.uint32_t(d / time.Millisecond), nil
}

func registrationError(status C.enum_assay_status, answer *C.struct_assay_workload_key_answer) error {
	if status == C.ASSAY_OK {
		return nil
	}
	return &RegistrationError{ReasonError{Status(status), C.GoString(&answer.message[0])}, bool(answer.may_pass)}
}

func (a *arena) audiences(from []string) (**C.char, error) {
	if len(from) == 0 {
		return nil, nil
	}
	block := C.malloc(C.size_t(len(from)) * C.size_t(unsafe.Sizeof((*C.char)(nil))))
	a.blocks = append(a.blocks, block)
	list := unsafe.Slice((**C.char)(block), len(from))
	for i := range from {
		text, err := a.exact(&from[i])
		if err != nil {
			return nil, err
		}
		list[i] = text
	}
	return &list[0], nil
}

func (a *arena) workloadKey(r *WorkloadKey) (*C.struct_assay_workload_key, error) {
	spki, err := x509.MarshalPKIXPublicKey(r.Signer.Public())
	if err != nil {
		return nil, fmt.Errorf("%w: %v", StatusInvalid, err)
	}
	timeout, err := milliseconds(r.Timeout)
	if err != nil {
		return nil, err
	}
	request := (*C.struct_assay_workload_key)(C.calloc(1, C.sizeof_struct_assay_workload_key))
	a.blocks = append(a.blocks, unsafe.Pointer(request))
	request.size, request.timeout_ms = C.sizeof_struct_assay_workload_key, timeout
	request.purpose = uint32(PurposeTLS)
	if r.Purpose != 0 {
		request.purpose = uint32(r.Purpose)
	}
	if request.socket_path, err = a.exact(&r.Socket); err != nil {
		return nil, err
	}
	if request.name, err = a.exact(&r.Name); err != nil {
		return nil, err
	}
	if request.audiences, err = a.audiences(r.Audiences); err != nil {
		return nil, err
	}
	request.audience_count = C.size_t(len(r.Audiences))
	request.chain_id, request.node_id, request.boot = a.digest(&r.ChainID), a.digest(r.NodeID), a.digest(r.Boot)
	request.key, request.key_len = a.address(spki)
	return request, nil
}

// RegisterKey registers a key with the enclave, which binds it into its evidence. Call it every few seconds with Boot: an
// enclave that restarts has no keys. An error of the Signer is returned as it is.
func RegisterKey(r *WorkloadKey) (*Registration, error) {
	if r == nil || r.Signer == nil {
		return nil, StatusInvalid
	}
	hash, err := hashOf(r.Signer.Public())
	if err != nil {
		return nil, err
	}
	var a arena
	defer a.free()
	request, err := a.workloadKey(r)
	if err != nil {
		return nil, err
	}
	call := &workloadCall{signer: r.Signer, hash: hash}
	handle := cgo.NewHandle(call)
	defer handle.Delete()
	answer := (*C.struct_assay_workload_key_answer)(C.calloc(1, C.sizeof_struct_assay_workload_key_answer))
	a.blocks = append(a.blocks, unsafe.Pointer(answer))
	answer.size = C.sizeof_struct_assay_workload_key_answer
	context := (*C.uintptr_t)(C.malloc(C.sizeof_uintptr_t))
	a.blocks = append(a.blocks, unsafe.Pointer(context))
	*context = C.uintptr_t(handle)
	request.sign, request.context = (*[0]byte)(C.sign_workload), unsafe.Pointer(context)
	err = registrationError(C.assay_workload_key_register(request, answer), answer)
	if call.err != nil {
		return nil, call.err
	}
	if err != nil {
		return nil, err
	}
	return &Registration{bool(answer.is_new), int(answer.count), copyDigest(&answer.boot), copyDigest(&answer.chain_id),
		copyDigest(&answer.node_id)}, nil
}

// WithdrawKey ends the registration of a key, as the user who registered it, and returns whether it was registered.
func WithdrawKey(socket, name string, purpose Purpose, timeout time.Duration) (bool, error) {
	var a arena
	defer a.free()
	path, err := a.exact(&socket)
	if err != nil {
		return false, err
	}
	label, err := a.exact(&name)
	if err != nil {
		return false, err
	}
	ms, err := milliseconds(timeout)
	if err != nil {
		return false, err
	}
	answer := C.struct_assay_workload_key_answer{size: C.sizeof_struct_assay_workload_key_answer}
	err = registrationError(C.assay_workload_key_withdraw(path, uint32(purpose), label, ms, &answer), &answer)
	return bool(answer.is_new), err
}
