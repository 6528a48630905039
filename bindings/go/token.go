// bindings/go/token.go - tokens of other verifiers, as statements of their issuers.

package assay

// #include <assay/assay.h>
// #include <stdlib.h>
import "C"

import (
	"strings"
	"time"
	"unsafe"
)

// Service is a verifier whose tokens are read.
type Service int

// The services.
const (
	ServiceAzure  Service = C.ASSAY_RESULT_AZURE
	ServiceGoogle Service = C.ASSAY_RESULT_GOOGLE
	ServiceIntel  Service = C.ASSAY_RESULT_INTEL
	ServiceNvidia Service = C.ASSAY_RESULT_NVIDIA
)

func (s Service) String() string {
	return C.GoString(C.assay_name_of_service(C.enum_assay_result_service(s)))
}

// Answer says who made the statement, for whom and when; whether it is a good one, the Statement says.
type Answer int

// Every answer but AnswerValid means that the token must not be relied on.
const (
	AnswerValid         Answer = C.ASSAY_RESULT_VALID
	AnswerMalformed     Answer = C.ASSAY_RESULT_MALFORMED
	AnswerUnsupported   Answer = C.ASSAY_RESULT_UNSUPPORTED
	AnswerNoKey         Answer = C.ASSAY_RESULT_NO_KEY
	AnswerBadChain      Answer = C.ASSAY_RESULT_BAD_CHAIN
	AnswerForged        Answer = C.ASSAY_RESULT_FORGED
	AnswerOtherIssuer   Answer = C.ASSAY_RESULT_OTHER_ISSUER
	AnswerOtherAudience Answer = C.ASSAY_RESULT_OTHER_AUDIENCE
	AnswerNotNow        Answer = C.ASSAY_RESULT_NOT_NOW
	AnswerOtherNonce    Answer = C.ASSAY_RESULT_OTHER_NONCE
	AnswerNotBound      Answer = C.ASSAY_RESULT_NOT_BOUND
)

func (a Answer) String() string {
	return C.GoString(C.assay_name_of_result(C.enum_assay_result_answer(a)))
}

// Statement is what the issuer states about its attester.
type Statement int

// The statements.
const (
	StatedNothing         Statement = C.ASSAY_STATED_NOTHING
	StatedAffirming       Statement = C.ASSAY_STATED_AFFIRMING
	StatedWarning         Statement = C.ASSAY_STATED_WARNING
	StatedContraindicated Statement = C.ASSAY_STATED_CONTRAINDICATED
)

func (s Statement) String() string {
	return C.GoString(C.assay_name_of_statement(C.enum_assay_result_statement(s)))
}

// Flag is a yes or no of the issuer.
type Flag int

// FlagUnstated: the issuer does not say.
const (
	FlagUnstated Flag = C.ASSAY_FLAG_UNSTATED
	FlagYes      Flag = C.ASSAY_FLAG_YES
	FlagNo       Flag = C.ASSAY_FLAG_NO
)

// Issuer is one whose tokens you accept. Nothing of a token selects how it is verified.
type Issuer struct {
	Service  Service
	Issuer   string
	Keys     []byte  // its JSON web key set
	Root     []byte  // a certificate or public key to which certificates of its keys must lead; one of the two
	Audience string  // "": a token with an audience is refused
	AgeMax   *uint64 // seconds since it was issued; nil: until it expires
}

// TokenRequest is what VerifyToken verifies.
type TokenRequest struct {
	Token   []byte
	Issuers []Issuer
	Nonce   string    // what it must echo; "": its freshness is not checked
	At      time.Time // zero: now
}

// TokenDevice is a device of NVIDIA's.
type TokenDevice struct {
	Label, Product, Serial, Driver, Firmware string
	Measured, Debug, SecureBoot              Flag
}

// Token is a verified or refused token. It is no verdict: the evidence was verified by the issuer, not here. Everything
// after Why is empty unless Answer is AnswerValid.
type Token struct {
	Answer              Answer
	Statement           Statement
	IssuerIndex         int
	Service             Service
	Why                 string
	TrustVector         [8]int8
	Issuer, Subject     string
	Algorithm, KeyID    string
	Attester, TCBStatus string
	Debug, SecureBoot   Flag
	PolicyFailed        bool
	Issued, Expires     time.Time // zero: not stated
	DevicesNamed        int
	Devices             []TokenDevice
	NotChecked          []Unchecked
	Claims              []Claim
}

// Claim returns the value of a claim, and whether there is exactly one of that name: a name of the issuer's may have a
// dot in it.
func (t *Token) Claim(name string) (value interface{}, found bool) {
	for _, claim := range t.Claims {
		if claim.Name != name {
			continue
		}
		if found {
			return nil, false
		}
		value, found = claim.Value, true
	}
	return value, found
}

// optional returns NULL of "" and fails on a NUL, behind which C would not read the text.
func (a *arena) optional(from string) (*C.char, error) {
	if strings.IndexByte(from, 0) >= 0 {
		return nil, StatusInvalid
	}
	if from == "" {
		return nil, nil
	}
	return a.text(from), nil
}

func (a *arena) issuers(from []Issuer) (*C.struct_assay_result_issuer, error) {
	if len(from) == 0 {
		return nil, StatusInvalid
	}
	if len(from) > C.ASSAY_RESULT_ISSUERS_MAX {
		return nil, StatusRange
	}
	block := C.calloc(C.size_t(len(from)), C.sizeof_struct_assay_result_issuer)
	a.blocks = append(a.blocks, block)
	list := unsafe.Slice((*C.struct_assay_result_issuer)(block), len(from))
	for i, one := range from {
		name, err := a.optional(one.Issuer)
		if err != nil {
			return nil, err
		}
		audience, err := a.optional(one.Audience)
		if err != nil {
			return nil, err
		}
		list[i] = C.struct_assay_result_issuer{
			size: C.sizeof_struct_assay_result_issuer, service: uint32(one.Service), issuer: name,
			keys: a.bytes(one.Keys), root: a.bytes(one.Root), audience: audience,
		}
		if one.AgeMax != nil {
			list[i].has_age_max, list[i].age_max_s = true, C.uint64_t(*one.AgeMax)
		}
	}
	return &list[0], nil
}

// VerifyToken verifies a token of one of the issuers. With a nil error there is an answer; which, Token.Answer says.
func VerifyToken(r *TokenRequest) (*Token, error) {
	if r == nil {
		return nil, StatusInvalid
	}
	var a arena
	defer a.free()
	issuers, err := a.issuers(r.Issuers)
	if err != nil {
		return nil, err
	}
	nonce, err := a.optional(r.Nonce)
	if err != nil {
		return nil, err
	}
	at := r.At
	if at.IsZero() {
		at = time.Now()
	}
	var result *C.struct_assay_result
	if err := check(C.assay_result_create(&result)); err != nil {
		return nil, err
	}
	defer C.assay_result_destroy(&result)
	token := a.bytes(r.Token)
	given := C.struct_assay_result_request{
		size: C.sizeof_struct_assay_result_request, issuers: issuers, issuer_count: C.size_t(len(r.Issuers)),
		nonce: nonce, at_unix_s: C.int64_t(at.Unix()),
	}
	var answer C.enum_assay_result_answer
	var statement C.enum_assay_result_statement
	status := C.assay_result_verify(&given, unsafe.Pointer(token.bytes), token.len, result, &answer, &statement)
	if err := check(status); err != nil {
		return nil, err
	}
	return copyToken(result, Answer(answer), Statement(statement))
}

func copyToken(from *C.struct_assay_result, answer Answer, statement Statement) (*Token, error) {
	summary := C.struct_assay_result_summary{size: C.sizeof_struct_assay_result_summary}
	if !C.assay_result_get_summary(from, &summary) {
		return nil, StatusInvalid
	}
	t := &Token{
		Answer: answer, Statement: statement, IssuerIndex: int(summary.issuer_index), Service: Service(summary.service),
		Why: C.GoString(summary.why), Issuer: C.GoString(summary.issuer), Subject: C.GoString(summary.subject),
		Algorithm: C.GoString(summary.algorithm), KeyID: C.GoString(summary.key_id),
		Attester: C.GoString(summary.attester), TCBStatus: C.GoString(summary.tcb_status), Debug: Flag(summary.debug),
		SecureBoot: Flag(summary.secure_boot), PolicyFailed: bool(summary.policy_failed),
		DevicesNamed: int(summary.devices_named),
	}
	for i := range t.TrustVector {
		t.TrustVector[i] = int8(summary.vector[i])
	}
	if summary.has_issued {
		t.Issued = time.Unix(int64(summary.issued_unix_s), 0).UTC()
	}
	if answer != AnswerValid {
		return t, nil
	}
	t.Expires = time.Unix(int64(summary.expires_unix_s), 0).UTC()
	device := C.struct_assay_result_device{size: C.sizeof_struct_assay_result_device}
	for C.assay_result_get_device(from, C.size_t(len(t.Devices)), &device) {
		t.Devices = append(t.Devices, TokenDevice{C.GoString(device.label), C.GoString(device.product),
			C.GoString(device.serial), C.GoString(device.driver), C.GoString(device.firmware), Flag(device.measured),
			Flag(device.debug), Flag(device.secure_boot)})
	}
	open := C.struct_assay_unchecked{size: C.sizeof_struct_assay_unchecked}
	for C.assay_result_get_unchecked(from, C.size_t(len(t.NotChecked)), &open) {
		t.NotChecked = append(t.NotChecked, Unchecked{C.GoString(open.what), C.GoString(open.why)})
	}
	claims, err := copyClaims(func(index C.size_t, claim *C.struct_assay_claim_value) C.enum_assay_status {
		return C.assay_result_get_claim_at(from, index, claim)
	})
	t.Claims = claims
	return t, err
}
