// bindings/go/identity.go - certificates and tokens that a network signs for its members' keys.

package assay

// #include <assay/assay.h>
// #include <stdlib.h>
import "C"

import (
	"strings"
	"time"
	"unsafe"
)

// IdentityAnswer says why a certificate or token must not be relied on, unless it is IdentityValid.
type IdentityAnswer int

// In the order of the checks; the first one that fails is the answer.
const (
	IdentityValid         IdentityAnswer = C.ASSAY_IDENTITY_VALID
	IdentityMalformed     IdentityAnswer = C.ASSAY_IDENTITY_MALFORMED
	IdentityUnsupported   IdentityAnswer = C.ASSAY_IDENTITY_UNSUPPORTED
	IdentityOtherProfile  IdentityAnswer = C.ASSAY_IDENTITY_OTHER_PROFILE
	IdentityLongPath      IdentityAnswer = C.ASSAY_IDENTITY_LONG_PATH
	IdentityNoKey         IdentityAnswer = C.ASSAY_IDENTITY_NO_KEY
	IdentityForged        IdentityAnswer = C.ASSAY_IDENTITY_FORGED
	IdentityOtherNetwork  IdentityAnswer = C.ASSAY_IDENTITY_OTHER_NETWORK
	IdentityOtherEra      IdentityAnswer = C.ASSAY_IDENTITY_OTHER_ERA
	IdentityOldEpoch      IdentityAnswer = C.ASSAY_IDENTITY_OLD_EPOCH
	IdentityNotYet        IdentityAnswer = C.ASSAY_IDENTITY_NOT_YET
	IdentityExpired       IdentityAnswer = C.ASSAY_IDENTITY_EXPIRED
	IdentityTooOld        IdentityAnswer = C.ASSAY_IDENTITY_TOO_OLD
	IdentityOtherName     IdentityAnswer = C.ASSAY_IDENTITY_OTHER_NAME
	IdentityOtherIssuer   IdentityAnswer = C.ASSAY_IDENTITY_OTHER_ISSUER
	IdentityOtherAudience IdentityAnswer = C.ASSAY_IDENTITY_OTHER_AUDIENCE
	IdentityLowStanding   IdentityAnswer = C.ASSAY_IDENTITY_LOW_STANDING
	IdentityOtherKind     IdentityAnswer = C.ASSAY_IDENTITY_OTHER_KIND
	IdentityInsecure      IdentityAnswer = C.ASSAY_IDENTITY_INSECURE
)

func (a IdentityAnswer) String() string {
	return C.GoString(C.assay_name_of_identity(C.enum_assay_identity_answer(a)))
}

// Standing is that of a member, the best first.
type Standing int

// The standings.
const (
	StandingFull       Standing = C.ASSAY_STANDING_FULL
	StandingWarning    Standing = C.ASSAY_STANDING_WARNING
	StandingRestricted Standing = C.ASSAY_STANDING_RESTRICTED
	StandingSuspended  Standing = C.ASSAY_STANDING_SUSPENDED
)

// Exactly returns a pointer to a value, for the members of an IdentityRequest: nil is not checked, and an empty text is
// never the same.
func Exactly[T any](value T) *T { return &value }

// IdentityRequest is what you accept. What is nil, false or 0 is not checked, and then in Identity.NotChecked.
type IdentityRequest struct {
	// Trusted is of one network. For certificates its CA certificates: DER one after the other, PEM, or its SPIFFE bundle;
	// for tokens its key set (JWKS).
	Trusted          []byte
	ChainID          *[32]byte
	TrustDomain      *string
	Service          *string // a name that operators granted
	SPIFFEID         *string
	NodeID           *[32]byte
	Era              *uint64   // this one alone
	EpochMin         uint64    // this one, or a later one
	AgeMax           *uint64   // seconds since the end of the epoch
	StandingWorst    Standing  // the worst that you accept
	Kinds            uint32    // of evidence: KindBit(kind) | ...; 0: any
	AcceptInsecure   bool      // also of a network for development, or whose holders have no TEE
	Skew             uint32    // seconds that your clock may differ
	At               time.Time // zero: now
	Issuer, Audience *string   // of tokens, both needed
}

// IdentityClaims is what a valid certificate or token states.
type IdentityClaims struct {
	SPIFFEID, TrustDomain   string
	Name                    string // of the key
	IsService               bool   // the operators granted the name
	Insecure                bool   // of a network for development, or whose holders have no TEE
	ChainID                 [32]byte
	Era, Epoch              uint64
	BlockID, NodeID         [32]byte
	Incarnation             uint32
	Standing                Standing // at the end of that epoch
	ScoreBP                 uint32
	EvidenceKind            Kind
	EntryDigest             [32]byte
	ProofDigest             [32]byte // SHA-256 of the bare proof of standing
	Serial                  [16]byte
	Issued, Starts, Expires time.Time // Issued: the end of that epoch
	CANumber                uint32    // of a certificate
	Key                     []byte    // of a certificate: SubjectPublicKeyInfo
	KeyThumbprint           string    // of a token (RFC 7638)
}

// Identity is an answer. Claims is nil unless Answer is IdentityValid; Why is the reason otherwise.
type Identity struct {
	Answer     IdentityAnswer
	Why        string
	Claims     *IdentityClaims
	NotChecked []Unchecked
}

// ReasonError is a Status with a reason. errors.Is(err, StatusKey) finds the status.
type ReasonError struct {
	Status Status
	Why    string
}

func (e *ReasonError) Error() string { return e.Status.Error() + ": " + e.Why }

// Unwrap returns the status.
func (e *ReasonError) Unwrap() error { return e.Status }

// exact returns NULL of nil alone, and fails on a NUL, behind which C would not read the text.
func (a *arena) exact(from *string) (*C.char, error) {
	if from == nil {
		return nil, nil
	}
	if strings.IndexByte(*from, 0) >= 0 {
		return nil, StatusInvalid
	}
	return a.text(*from), nil
}

func (a *arena) digest(from *[32]byte) *C.uint8_t {
	if from == nil {
		return nil
	}
	return a.bytes(from[:]).bytes
}

func (a *arena) identityRequest(r *IdentityRequest) (*C.struct_assay_identity_request, error) {
	if r == nil {
		return nil, StatusInvalid
	}
	at := r.At
	if at.IsZero() {
		at = time.Now()
	}
	given := C.struct_assay_identity_request{
		size: C.sizeof_struct_assay_identity_request, trusted: a.bytes(r.Trusted), chain_id: a.digest(r.ChainID),
		node_id: a.digest(r.NodeID), epoch_min: C.uint64_t(r.EpochMin), standing_worst: uint32(r.StandingWorst),
		kinds: C.uint32_t(r.Kinds), accept_insecure: C.bool(r.AcceptInsecure), skew_s: C.uint32_t(r.Skew),
		at_unix_s: C.int64_t(at.Unix()),
	}
	for to, from := range map[**C.char]*string{
		&given.trust_domain: r.TrustDomain, &given.service: r.Service, &given.spiffe_id: r.SPIFFEID,
		&given.issuer: r.Issuer, &given.audience: r.Audience,
	} {
		text, err := a.exact(from)
		if err != nil {
			return nil, err
		}
		*to = text
	}
	if r.Era != nil {
		given.has_era, given.era = true, C.uint64_t(*r.Era)
	}
	if r.AgeMax != nil {
		given.has_age_max, given.age_max_s = true, C.uint64_t(*r.AgeMax)
	}
	return &given, nil
}

// VerifyPeer verifies the certificates of a TLS peer, DER as it sent them, its own first. The handshake proves that the
// peer has the key, this function that the network certified it. No host name is compared: set ChainID, and Service,
// SPIFFEID or NodeID. With a nil error there is an answer; which, Identity.Answer says.
func VerifyPeer(r *IdentityRequest, certificates [][]byte) (*Identity, error) {
	var a arena
	defer a.free()
	given, err := a.identityRequest(r)
	if err != nil {
		return nil, err
	}
	list := a.list(certificates)
	return identify(func(object *C.struct_assay_identity, answer *C.enum_assay_identity_answer) C.enum_assay_status {
		return C.assay_identity_verify_peer(given, list, C.size_t(len(certificates)), object, answer)
	})
}

// VerifyIdentityToken verifies a token (JWT) of a network. It is a bearer secret, unless you have the bearer prove the key
// of KeyThumbprint.
func VerifyIdentityToken(r *IdentityRequest, token []byte) (*Identity, error) {
	var a arena
	defer a.free()
	given, err := a.identityRequest(r)
	if err != nil {
		return nil, err
	}
	text := a.bytes(token)
	return identify(func(object *C.struct_assay_identity, answer *C.enum_assay_identity_answer) C.enum_assay_status {
		return C.assay_identity_verify_token(given, unsafe.Pointer(text.bytes), text.len, object, answer)
	})
}

type identityVerifier func(*C.struct_assay_identity, *C.enum_assay_identity_answer) C.enum_assay_status

func identify(verify identityVerifier) (*Identity, error) {
	var object *C.struct_assay_identity
	if err := check(C.assay_identity_create(&object)); err != nil {
		return nil, err
	}
	defer C.assay_identity_destroy(&object)
	var answer C.enum_assay_identity_answer
	err := check(verify(object, &answer))
	found := C.struct_assay_identity_claims{size: C.sizeof_struct_assay_identity_claims}
	hasClaims := bool(C.assay_identity_get_claims(object, &found))
	if err != nil {
		if why := C.GoString(found.why); hasClaims && why != "" {
			err = &ReasonError{err.(Status), why}
		}
		return nil, err
	}
	if !hasClaims {
		return nil, StatusInvalid
	}
	identity := &Identity{Answer: IdentityAnswer(answer), Why: C.GoString(found.why)}
	if identity.Answer == IdentityValid {
		identity.Claims = copyIdentityClaims(&found)
	}
	open := C.struct_assay_unchecked{size: C.sizeof_struct_assay_unchecked}
	for C.assay_identity_get_unchecked(object, C.size_t(len(identity.NotChecked)), &open) {
		identity.NotChecked = append(identity.NotChecked, Unchecked{C.GoString(open.what), C.GoString(open.why)})
	}
	return identity, nil
}

func copyDigest(bytes *[32]C.uint8_t) [32]byte { return *(*[32]byte)(unsafe.Pointer(bytes)) }

func copyIdentityClaims(from *C.struct_assay_identity_claims) *IdentityClaims {
	unix := func(seconds C.int64_t) time.Time { return time.Unix(int64(seconds), 0).UTC() }
	return &IdentityClaims{
		SPIFFEID: C.GoString(from.spiffe_id), TrustDomain: C.GoString(from.trust_domain), Name: C.GoString(from.name),
		IsService: bool(from.is_service), Insecure: bool(from.insecure), ChainID: copyDigest(&from.chain_id),
		Era: uint64(from.era), Epoch: uint64(from.epoch), BlockID: copyDigest(&from.block_id), NodeID: copyDigest(&from.node_id),
		Incarnation: uint32(from.incarnation), Standing: Standing(from.standing), ScoreBP: uint32(from.score_bp),
		EvidenceKind: Kind(from.evidence_kind), EntryDigest: copyDigest(&from.entry_digest),
		ProofDigest: copyDigest(&from.proof_digest), Serial: *(*[16]byte)(unsafe.Pointer(&from.serial)),
		Issued: unix(from.issued_unix_s), Starts: unix(from.starts_unix_s), Expires: unix(from.expires_unix_s),
		CANumber: uint32(from.ca_number), Key: C.GoBytes(unsafe.Pointer(from.key.bytes), C.int(from.key.len)),
		KeyThumbprint: C.GoString(from.key_thumbprint),
	}
}
