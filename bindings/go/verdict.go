// bindings/go/verdict.go - a verdict copied out of the library: tier, findings, claims, attestation result.

package assay

// #include <assay/assay.h>
// #include <stdlib.h>
import "C"

import (
	"crypto/sha256"
	"strings"
	"time"
	"unsafe"
)

// Tier is the answer in one word.
type Tier int

// The tiers of AR4SI.
const (
	TierNone            Tier = C.ASSAY_TIER_NONE
	TierAffirming       Tier = C.ASSAY_TIER_AFFIRMING
	TierWarning         Tier = C.ASSAY_TIER_WARNING
	TierContraindicated Tier = C.ASSAY_TIER_CONTRAINDICATED
)

func (t Tier) String() string { return C.GoString(C.assay_name_of_tier(C.enum_assay_tier(t))) }

// Genuine says whether hardware made the evidence.
type Genuine int

// Unknown: something that is needed to judge it is missing.
const (
	GenuineUnknown Genuine = C.ASSAY_GENUINE_UNKNOWN
	GenuineTrue    Genuine = C.ASSAY_GENUINE_TRUE
	GenuineFalse   Genuine = C.ASSAY_GENUINE_FALSE
)

// Finding is a reason for the tier; the most severe is the first.
type Finding struct {
	Rule                                uint32
	Name, Text, Expected, Observed, Fix string
}

// Unchecked is something that the verdict does not cover.
type Unchecked struct{ What, Why string }

// Claim is a field of the evidence. Value is nil, bool, uint64 (of lists and maps: how many members), string or []byte.
type Claim struct {
	Name  string
	Value interface{}
}

// Verdict is the answer. Claims are what the evidence says, and proven only when Genuine is GenuineTrue.
type Verdict struct {
	Tier       Tier
	Kind       string
	Genuine    Genuine
	Expires    time.Time // zero: there is no end
	Findings   []Finding
	NotChecked []Unchecked
	Claims     []Claim
	Result     []byte // the attestation result, where one was requested
}

// Claim returns the value of a claim, and whether there is one of that name.
func (v *Verdict) Claim(name string) (interface{}, bool) {
	for _, claim := range v.Claims {
		if claim.Name == name {
			return claim.Value, true
		}
	}
	return nil, false
}

func copyVerdict(r *Request, from *C.struct_assay_verdict, tier Tier) (*Verdict, error) {
	v := &Verdict{
		Tier:    tier,
		Kind:    C.GoString(C.assay_name_of_kind(C.assay_verdict_get_kind(from))),
		Genuine: Genuine(C.assay_verdict_get_genuine(from)),
	}
	var expiry C.int64_t
	if C.assay_verdict_get_expiry(from, &expiry) {
		v.Expires = time.Unix(int64(expiry), 0).UTC()
	}
	why := C.struct_assay_finding{size: C.sizeof_struct_assay_finding}
	for C.assay_verdict_get_finding(from, C.size_t(len(v.Findings)), &why) {
		v.Findings = append(v.Findings, Finding{uint32(why.rule), C.GoString(why.name), C.GoString(why.text),
			C.GoString(why.expected), C.GoString(why.observed), C.GoString(why.fix)})
	}
	open := C.struct_assay_unchecked{size: C.sizeof_struct_assay_unchecked}
	for C.assay_verdict_get_unchecked(from, C.size_t(len(v.NotChecked)), &open) {
		v.NotChecked = append(v.NotChecked, Unchecked{C.GoString(open.what), C.GoString(open.why)})
	}
	claim := C.struct_assay_claim_value{size: C.sizeof_struct_assay_claim_value}
	status := C.assay_verdict_get_claim_at(from, 0, &claim)
	for status == C.ASSAY_OK {
		v.Claims = append(v.Claims, Claim{C.GoString(claim.name), valueOf(&claim)})
		status = C.assay_verdict_get_claim_at(from, C.size_t(len(v.Claims)), &claim)
	}
	if status != C.ASSAY_E_NOT_FOUND {
		return nil, Status(status)
	}
	if r.Result == nil {
		return v, nil
	}
	written, err := r.Result.write(r, from)
	if err != nil {
		return nil, err
	}
	v.Result = written
	return v, nil
}

func valueOf(claim *C.struct_assay_claim_value) interface{} {
	bytes := func() []byte { return C.GoBytes(unsafe.Pointer(claim.bytes.bytes), C.int(claim.bytes.len)) }
	switch claim._type {
	case C.ASSAY_CLAIM_NULL:
		return nil
	case C.ASSAY_CLAIM_BOOL:
		return claim.number != 0
	case C.ASSAY_CLAIM_TEXT:
		return string(bytes())
	case C.ASSAY_CLAIM_BYTES:
		return bytes()
	}
	return uint64(claim.number)
}

// Form is how an attestation result is written.
type Form int

// JWT and CWT are signed.
const (
	JSON Form = C.ASSAY_EAR_FORM_JSON
	CBOR Form = C.ASSAY_EAR_FORM_CBOR
	JWT  Form = C.ASSAY_EAR_FORM_JWT
	CWT  Form = C.ASSAY_EAR_FORM_CWT
)

// Result is the attestation result (EAR) to be written with a verdict.
type Result struct {
	Form             Form
	Profile          string // "": ietf-04
	Developer, Build string // name your verifier
	Nonce            string // to echo; "": none
	Key              []byte // of JWT and CWT: 32 bytes, the scalar of a P-256 key
	Expires          time.Time
}

func (result *Result) write(r *Request, verdict *C.struct_assay_verdict) ([]byte, error) {
	profile := result.Profile
	if profile == "" {
		profile = "ietf-04"
	}
	for _, text := range []string{profile, result.Developer, result.Build, result.Nonce} {
		if strings.IndexByte(text, 0) >= 0 {
			return nil, StatusInvalid
		}
	}
	if result.Key != nil && len(result.Key) != 32 {
		return nil, StatusInvalid
	}
	var a arena
	defer a.free()
	block := C.calloc(1, C.sizeof_struct_assay_ear_request)
	buffer := C.malloc(C.ASSAY_EAR_BYTES_MAX)
	a.blocks = append(a.blocks, block, buffer)
	given := (*C.struct_assay_ear_request)(block)
	given.size = C.sizeof_struct_assay_ear_request
	if r.Policy != nil {
		given.policy = r.Policy.object
	}
	given.profile, given.developer, given.build = a.text(profile), a.text(result.Developer), a.text(result.Build)
	if result.Nonce != "" {
		given.nonce = a.text(result.Nonce)
	}
	for i, b := range sha256.Sum256(r.Evidence) {
		given.evidence_digest[i] = C.uint8_t(b)
	}
	given.form = uint32(result.Form)
	if !result.Expires.IsZero() {
		given.expires_unix_s = C.int64_t(result.Expires.Unix())
	}
	given.private_key = a.bytes(result.Key).bytes
	var length C.size_t
	if err := check(C.assay_verdict_write_ear(verdict, given, buffer, C.ASSAY_EAR_BYTES_MAX, &length)); err != nil {
		return nil, err
	}
	return C.GoBytes(buffer, C.int(length)), nil
}
