// bindings/go/receipt.go - receipts of state continuity as relying parties verify them, through libassay-continuity.

//go:build !assay_no_continuity

package assay

// #include <assay/continuity.h>
import "C"

import "fmt"

// ReceiptAnswer is the answer of VerifyReceipt; errors.Is(err, ReceiptForged) finds that of a *ReceiptError.
type ReceiptAnswer int

// The answers (assay/continuity.h).
const (
	ReceiptVerified      ReceiptAnswer = C.ASSAY_CONTINUITY_RECEIPT_VERIFIED
	ReceiptMisuse        ReceiptAnswer = C.ASSAY_CONTINUITY_RECEIPT_MISUSE
	ReceiptBadCheckpoint ReceiptAnswer = C.ASSAY_CONTINUITY_RECEIPT_BAD_CHECKPOINT
	ReceiptNotRead       ReceiptAnswer = C.ASSAY_CONTINUITY_RECEIPT_NOT_READ
	ReceiptBadEvidence   ReceiptAnswer = C.ASSAY_CONTINUITY_RECEIPT_BAD_EVIDENCE
	ReceiptOtherChain    ReceiptAnswer = C.ASSAY_CONTINUITY_RECEIPT_OTHER_CHAIN
	ReceiptOtherNonce    ReceiptAnswer = C.ASSAY_CONTINUITY_RECEIPT_OTHER_NONCE
	ReceiptOtherInstance ReceiptAnswer = C.ASSAY_CONTINUITY_RECEIPT_OTHER_INSTANCE
	ReceiptOtherGroup    ReceiptAnswer = C.ASSAY_CONTINUITY_RECEIPT_OTHER_GROUP
	ReceiptNotProven     ReceiptAnswer = C.ASSAY_CONTINUITY_RECEIPT_NOT_PROVEN
	ReceiptExpired       ReceiptAnswer = C.ASSAY_CONTINUITY_RECEIPT_EXPIRED
	ReceiptOtherView     ReceiptAnswer = C.ASSAY_CONTINUITY_RECEIPT_OTHER_VIEW
	ReceiptTooFew        ReceiptAnswer = C.ASSAY_CONTINUITY_RECEIPT_TOO_FEW
	ReceiptForged        ReceiptAnswer = C.ASSAY_CONTINUITY_RECEIPT_FORGED
	ReceiptSystem        ReceiptAnswer = C.ASSAY_CONTINUITY_RECEIPT_SYSTEM
)

// Name returns the name of the answer: "FORGED".
func (a ReceiptAnswer) Name() string {
	return C.GoString(C.assay_continuity_receipt_name(C.enum_assay_continuity_receipt_answer(a)))
}

// Description returns the answer in words, with what to do.
func (a ReceiptAnswer) Description() string {
	return C.GoString(C.assay_continuity_receipt_describe(C.enum_assay_continuity_receipt_answer(a)))
}

func (a ReceiptAnswer) Error() string { return a.Name() + ": " + a.Description() }

// ReceiptError is a refusal, with what was expected and found.
type ReceiptError struct {
	Answer ReceiptAnswer
	Reason string
}

// Error returns the name of the answer, the reason, and what to do.
func (e *ReceiptError) Error() string {
	return fmt.Sprintf("%s: %s (%s)", e.Answer.Name(), e.Reason, e.Answer.Description())
}

// Unwrap returns the answer.
func (e *ReceiptError) Unwrap() error { return e.Answer }

// ReceiptInput is what VerifyReceipt verifies. Zero is the default of each member after Receipt.
type ReceiptInput struct {
	Checkpoint []byte    // trusted: of `assay checkpoint`
	Evidence   []byte    // of `assay continuity show INSTANCE --out` of any node, while the view of the receipt serves
	Receipt    []byte    // of Continuity.Receipt
	Nonce      *[32]byte // of your request; nil: any, so the receipt may be of any age
	Instance   *[32]byte // the expected one; nil: any
	NowMs      uint64    // Unix time of a clock that you trust; zero: none
	MaxAgeS    uint32    // of the evidence; zero: the trusting period of the checkpoint alone
}

// ReceiptClaims is what a receipt proves.
type ReceiptClaims struct {
	ChainID   [32]byte
	Instance  [32]byte
	Nonce     [32]byte
	Digest    [32]byte // of the state: CertifiedDigest of its program's status
	Index     uint64   // of the state; zero: none was certified yet
	Session   uint64   // that wrote it
	Promised  uint64   // the newest session
	View      uint64
	Epoch     uint64 // of the evidence, as TimeMs and Era
	TimeMs    uint64
	Era       uint32
	Group     uint32
	Signers   uint32
	Seats     uint32
	AgeKnown  bool
	IsListed  bool // the ledger had the instance
	IsKept    bool
	IsRetired bool
	IsHalted  bool // the group had lost a quorum of its memories
}

func (a *arena) pinned(from *[32]byte) *C.uint8_t {
	if from == nil {
		return nil
	}
	return a.borrow(from[:])
}

func digestOf(from [32]C.uint8_t) (to [32]byte) {
	for i, b := range from {
		to[i] = byte(b)
	}
	return to
}

// VerifyReceipt verifies a receipt offline: a quorum of the view's replicas has signed this state, and with your own fresh nonce
// nothing newer was certified when you made it. It does not show what was certified since. An error is a *ReceiptError.
func VerifyReceipt(r *ReceiptInput) (*ReceiptClaims, error) {
	if r == nil {
		return nil, &ReceiptError{ReceiptMisuse, "expected an input, not nil"}
	}
	var a arena
	defer a.free()
	given := C.struct_assay_continuity_receipt_input{
		size: C.sizeof_struct_assay_continuity_receipt_input, checkpoint: a.borrow(r.Checkpoint),
		checkpoint_len: C.size_t(len(r.Checkpoint)), evidence: a.borrow(r.Evidence), evidence_len: C.size_t(len(r.Evidence)),
		receipt: a.borrow(r.Receipt), receipt_len: C.size_t(len(r.Receipt)), nonce: a.pinned(r.Nonce),
		instance: a.pinned(r.Instance), now_ms: C.uint64_t(r.NowMs), max_age_s: C.uint32_t(r.MaxAgeS),
	}
	k := C.struct_assay_continuity_receipt_claims{size: C.sizeof_struct_assay_continuity_receipt_claims}
	if answer := ReceiptAnswer(C.assay_continuity_receipt_verify(&given, &k)); answer != ReceiptVerified {
		return nil, &ReceiptError{answer, C.GoString(&k.reason[0])}
	}
	return &ReceiptClaims{
		ChainID: digestOf(k.chain_id), Instance: digestOf(k.instance), Nonce: digestOf(k.nonce), Digest: digestOf(k.digest),
		Index: uint64(k.index), Session: uint64(k.session), Promised: uint64(k.promised), View: uint64(k.view),
		Epoch: uint64(k.epoch), TimeMs: uint64(k.time_ms), Era: uint32(k.era), Group: uint32(k.group),
		Signers: uint32(k.signers), Seats: uint32(k.seats), AgeKnown: k.age_known != 0, IsListed: k.is_listed != 0,
		IsKept: k.is_kept != 0, IsRetired: k.is_retired != 0, IsHalted: k.is_halted != 0,
	}, nil
}
