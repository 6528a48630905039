// bindings/go/standing.go - proofs of a member's standing and of its workload keys, through libassay-standing.

package assay

// #cgo pkg-config: assay-standing
// #include <assay/standing.h>
// #include <stdlib.h>
import "C"

import (
	"time"
	"unsafe"
)

// ProofAnswer says whether a proof is accepted, or why not.
type ProofAnswer int

// Every answer but ProofProven means that the proof must not be relied on.
const (
	ProofProven       ProofAnswer = C.ASSAY_PROVEN
	ProofOtherChain   ProofAnswer = C.ASSAY_PROOF_OTHER_CHAIN
	ProofOlder        ProofAnswer = C.ASSAY_PROOF_OLDER
	ProofOtherBlock   ProofAnswer = C.ASSAY_PROOF_OTHER_BLOCK
	ProofOtherVoters  ProofAnswer = C.ASSAY_PROOF_OTHER_VOTERS
	ProofNoQuorum     ProofAnswer = C.ASSAY_PROOF_NO_QUORUM
	ProofBadSignature ProofAnswer = C.ASSAY_PROOF_BAD_SIGNATURE
	ProofOtherLeaf    ProofAnswer = C.ASSAY_PROOF_OTHER_LEAF
	ProofTooOld       ProofAnswer = C.ASSAY_PROOF_TOO_OLD
	ProofAhead        ProofAnswer = C.ASSAY_PROOF_AHEAD
	ProofExpired      ProofAnswer = C.ASSAY_PROOF_EXPIRED
	ProofAgeUnknown   ProofAnswer = C.ASSAY_PROOF_AGE_UNKNOWN
	ProofOtherEra     ProofAnswer = C.ASSAY_PROOF_OTHER_ERA
)

func (a ProofAnswer) String() string {
	return C.GoString(C.assay_describe_answer(C.enum_assay_proof_answer(a)))
}

// KeyAnswer says why a key must not be relied on, unless it is KeyActive.
type KeyAnswer int

// In the order of the checks; the first one that fails is the answer.
const (
	KeyActive      KeyAnswer = C.ASSAY_KEY_ACTIVE
	KeyOtherProof  KeyAnswer = C.ASSAY_KEY_OTHER_PROOF
	KeyOtherMember KeyAnswer = C.ASSAY_KEY_OTHER_MEMBER
	KeyNotServing  KeyAnswer = C.ASSAY_KEY_NOT_SERVING
	KeyUnbound     KeyAnswer = C.ASSAY_KEY_UNBOUND
	KeyOld         KeyAnswer = C.ASSAY_KEY_OLD
	KeyMaintenance KeyAnswer = C.ASSAY_KEY_MAINTENANCE
	KeyLowStanding KeyAnswer = C.ASSAY_KEY_LOW_STANDING
	KeyOtherList   KeyAnswer = C.ASSAY_KEY_OTHER_LIST
	KeyNotListed   KeyAnswer = C.ASSAY_KEY_NOT_LISTED
	KeyOtherUse    KeyAnswer = C.ASSAY_KEY_OTHER_USE
	KeyOtherName   KeyAnswer = C.ASSAY_KEY_OTHER_NAME
	KeyWithdrawn   KeyAnswer = C.ASSAY_KEY_WITHDRAWN
)

func (a KeyAnswer) String() string {
	return C.GoString(C.assay_describe_key(C.enum_assay_key_answer(a)))
}

func (s Standing) String() string {
	return C.GoString(C.assay_name_of_standing(C.enum_assay_standing(s)))
}

// Outcome is what the network found in the proof's epoch.
type Outcome int

// The outcomes.
const (
	OutcomePass      Outcome = C.ASSAY_PROOF_OUTCOME_PASS
	OutcomeFailed    Outcome = C.ASSAY_PROOF_OUTCOME_FAILED
	OutcomeAbsent    Outcome = C.ASSAY_PROOF_OUTCOME_ABSENT
	OutcomeUnsettled Outcome = C.ASSAY_PROOF_OUTCOME_UNSETTLED
)

func (o Outcome) String() string {
	return C.GoString(C.assay_name_of_outcome(C.enum_assay_proof_outcome(o)))
}

// Stage is what its operators decided of a member.
type Stage int

// The stages.
const (
	StageServes Stage = C.ASSAY_MEMBER_SERVES
	StageRests  Stage = C.ASSAY_MEMBER_RESTS
	StageLeft   Stage = C.ASSAY_MEMBER_LEFT
)

// StandingReport is what is proven of a member. Everything but Answer is zero unless that is ProofProven or ProofAgeUnknown.
type StandingReport struct {
	Answer                                       ProofAnswer
	NodeID                                       [32]byte // compare it with the member that you mean
	Standing                                     Standing
	Stage                                        Stage
	StageEpoch                                   uint64
	ScoreBP, IntegrityBP, AvailabilityBP         uint16
	Outcome                                      Outcome
	PassWeight, NegativeWeight, ElectorateWeight uint64
	Certified                                    bool // enough ballots of the epoch were counted
	LastPassEpoch                                uint64
	Incarnation, Weight                          uint32
	ChainID                                      [32]byte
	Era                                          uint32
	Epoch                                        uint64
	Time, Expires                                time.Time // when the epoch closed; rely on the proof no longer than Expires
	BlockID, PolicyDigest                        [32]byte
	Checkpoint                                   []byte // this proof as a checkpoint, to replace yours; nil unless proven
}

// KeyRequest is what you accept of the key of a TLS peer.
type KeyRequest struct {
	// Proof is the key proof of the peer: the value of the extension 1.3.6.1.4.1.32473.17.2 of its certificate, or bytes from
	// elsewhere. Checkpoint is the newest one that you trust.
	Proof, Checkpoint []byte
	// Key is the SubjectPublicKeyInfo (DER) of the certificate whose key the handshake proved: RawSubjectPublicKeyInfo.
	Key           []byte
	NodeID        *[32]byte     // nil: any member, then compare that of the report
	Name          *string       // of the key, chosen by its member; nil: any
	StandingWorst Standing      // StandingFull or StandingWarning
	Now           time.Time     // zero: now
	MaxAge        time.Duration // of the proof's block, 1 s to 90 days, in whole seconds
}

// KeyVerdict is an answer about a key, and what is proven of the member.
type KeyVerdict struct {
	Answer KeyAnswer
	Report StandingReport
}

// address is that of a copy in C's memory, never NULL, and its length.
func (a *arena) address(from []byte) (*C.uint8_t, C.size_t) {
	block := C.CBytes(from)
	a.blocks = append(a.blocks, block)
	return (*C.uint8_t)(block), C.size_t(len(from))
}

// unixMS is a time as C has it; there is none before 1970.
func unixMS(at time.Time) (C.uint64_t, error) {
	if ms := at.UnixMilli(); ms >= 0 {
		return C.uint64_t(ms), nil
	}
	return 0, StatusRange
}

// wholeSeconds refuses what C would cut.
func wholeSeconds(d time.Duration) (C.uint32_t, error) {
	if d < 0 || d%time.Second != 0 || d/time.Second > 1<<32-1 {
		return 0, StatusRange
	}
	return C.uint32_t(d / time.Second), nil
}

// VerifyStanding verifies what `assay proof` wrote, from a checkpoint that you trust. now: Unix time 0 where there is no clock;
// then the answer is ProofAgeUnknown at best. maxAge: how old its block may be, in whole seconds, 0 for 24 hours.
func VerifyStanding(proof, checkpoint []byte, now time.Time, maxAge time.Duration) (*StandingReport, error) {
	var a arena
	defer a.free()
	at, err := unixMS(now)
	if err != nil {
		return nil, err
	}
	age, err := wholeSeconds(maxAge)
	if err != nil {
		return nil, err
	}
	given, givenLen := a.address(proof)
	trusted, trustedLen := a.address(checkpoint)
	report := C.struct_assay_standing_report{size: C.sizeof_struct_assay_standing_report}
	if err := check(C.assay_standing_verify(given, givenLen, trusted, trustedLen, at, age, &report)); err != nil {
		return nil, err
	}
	return copyStandingReport(&report), nil
}

// VerifyKey verifies that the key of a TLS peer is an active key of a member of the network that the checkpoint names. Call it
// in VerifyConnection of crypto/tls, in place of the verification of the chain (InsecureSkipVerify, RequireAnyClientCert), with
// SessionTicketsDisabled. With a nil error there is an answer; which, KeyVerdict.Answer says.
func VerifyKey(r *KeyRequest) (*KeyVerdict, error) {
	if r == nil {
		return nil, StatusInvalid
	}
	var a arena
	defer a.free()
	now := r.Now
	if now.IsZero() {
		now = time.Now()
	}
	at, err := unixMS(now)
	if err != nil {
		return nil, err
	}
	age, err := wholeSeconds(r.MaxAge)
	if err != nil {
		return nil, err
	}
	name, err := a.exact(r.Name)
	if err != nil {
		return nil, err
	}
	given := C.struct_assay_key_request{
		size: C.sizeof_struct_assay_key_request, node_id: a.digest(r.NodeID), name: name,
		standing_worst: uint32(r.StandingWorst), now_ms: at, max_age_s: age,
	}
	given.proof, given.proof_len = a.address(r.Proof)
	given.checkpoint, given.checkpoint_len = a.address(r.Checkpoint)
	given.key, given.key_len = a.address(r.Key)
	report := C.struct_assay_standing_report{size: C.sizeof_struct_assay_standing_report}
	var answer C.enum_assay_key_answer
	if err := check(C.assay_standing_verify_key(&given, &report, &answer)); err != nil {
		return nil, err
	}
	return &KeyVerdict{KeyAnswer(answer), *copyStandingReport(&report)}, nil
}

func copyStandingReport(from *C.struct_assay_standing_report) *StandingReport {
	ms := func(at C.uint64_t) time.Time { return time.UnixMilli(int64(at)).UTC() }
	report := &StandingReport{
		Answer: ProofAnswer(from.answer), NodeID: copyDigest(&from.node_id), Standing: Standing(from.standing),
		Stage: Stage(from.stage), StageEpoch: uint64(from.stage_epoch), ScoreBP: uint16(from.score_bp),
		IntegrityBP: uint16(from.integrity_bp), AvailabilityBP: uint16(from.availability_bp), Outcome: Outcome(from.outcome),
		PassWeight: uint64(from.pass_weight), NegativeWeight: uint64(from.negative_weight),
		ElectorateWeight: uint64(from.electorate_weight), Certified: bool(from.certified),
		LastPassEpoch: uint64(from.last_pass_epoch), Incarnation: uint32(from.incarnation), Weight: uint32(from.weight),
		ChainID: copyDigest(&from.chain_id), Era: uint32(from.era), Epoch: uint64(from.epoch), Time: ms(from.time_ms),
		Expires: ms(from.expires_ms), BlockID: copyDigest(&from.block_id), PolicyDigest: copyDigest(&from.policy_digest),
	}
	if from.checkpoint_len > 0 {
		report.Checkpoint = C.GoBytes(unsafe.Pointer(&from.checkpoint), C.int(from.checkpoint_len))
	}
	return report
}
