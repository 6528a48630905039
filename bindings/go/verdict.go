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

// Proof is the state of a link of the chain of proofs.
type Proof int

// ProofUnknown: what is at hand cannot prove it.
const (
	ProofNotUsed Proof = C.ASSAY_PROOF_NOT_USED
	ProofUnknown Proof = C.ASSAY_PROOF_UNKNOWN
	ProofTrue    Proof = C.ASSAY_PROOF_TRUE
	ProofFalse   Proof = C.ASSAY_PROOF_FALSE
)

// Link is a link of the chain of proofs that the kind uses.
type Link struct {
	Name  string
	State Proof
}

// Finding is a reason for the tier; the most severe is the first. Effect is the class of its rule: "forged", "unjudged",
// "refused", "old", "note"; Offset is in the evidence, 0 when it is about no field of it.
type Finding struct {
	Rule                                uint32
	Name, Text, Expected, Observed, Fix string
	Effect                              string
	Offset                              uint32
}

// Platform is the machine. Masked: its ID names an instance alone.
type Platform struct {
	ID, VendorRoot []byte
	Masked         bool
}

// Instance is that of a cloud, as the cloud names it.
type Instance struct {
	ID, Name, Project, Zone string
	ProjectNumber           uint64
}

// DeviceVerdict is a GPU or switch that came with the evidence. Mode is "single", "multi", "protected-pcie" or "unknown",
// and empty of a switch. Expires is when the first of its certificates, OCSP responses and manifests ends, zero where none
// does, and ExpiresFirst which one that is.
type DeviceVerdict struct {
	Kind                      Kind
	Genuine                   Genuine
	Tier                      Tier
	Rule                      uint32
	Product, Driver, Firmware string
	Serial, PlatformID        []byte
	Mode                      string
	Expires                   time.Time
	ExpiresFirst              string
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
	Tier                          Tier
	Kind                          string
	Genuine                       Genuine
	TCBStatus                     string // "UpToDate"; of a TD 1.5 also at its launch and now
	LaunchStatus, CurrentStatus   string
	Insecure, Debug               bool
	Time, TCBDate                 time.Time // zero: there is none
	CurrentTCBDate, Expires       time.Time
	ReportData, Measurement       []byte // nil: the evidence could not be read
	Platform                      *Platform
	Instance                      *Instance
	Devices                       []DeviceVerdict
	Advisories, CurrentAdvisories []string
	Links                         []Link
	Findings                      []Finding
	NotChecked                    []Unchecked
	Claims                        []Claim
	TrustVector                   [8]int8    // claims of AR4SI, in the order of their labels
	LogReport                     *LogReport // of a request with logs
	Result                        []byte     // the attestation result, where one was requested
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
	v.copyState(from)
	v.copyMachine(from)
	why := C.struct_assay_finding{size: C.sizeof_struct_assay_finding}
	for C.assay_verdict_get_finding(from, C.size_t(len(v.Findings)), &why) {
		v.Findings = append(v.Findings, Finding{uint32(why.rule), C.GoString(why.name), C.GoString(why.text),
			C.GoString(why.expected), C.GoString(why.observed), C.GoString(why.fix),
			C.GoString(C.assay_name_of_rule_class(why.class_)), uint32(why.offset)})
	}
	open := C.struct_assay_unchecked{size: C.sizeof_struct_assay_unchecked}
	for C.assay_verdict_get_unchecked(from, C.size_t(len(v.NotChecked)), &open) {
		v.NotChecked = append(v.NotChecked, Unchecked{C.GoString(open.what), C.GoString(open.why)})
	}
	claims, err := copyClaims(func(index C.size_t, claim *C.struct_assay_claim_value) C.enum_assay_status {
		return C.assay_verdict_get_claim_at(from, index, claim)
	})
	if err != nil {
		return nil, err
	}
	v.Claims = claims
	if err := v.copyVector(r, from); err != nil {
		return nil, err
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

func copyClaims(get func(C.size_t, *C.struct_assay_claim_value) C.enum_assay_status) (claims []Claim, err error) {
	claim := C.struct_assay_claim_value{size: C.sizeof_struct_assay_claim_value}
	status := get(0, &claim)
	for status == C.ASSAY_OK {
		claims = append(claims, Claim{C.GoString(claim.name), valueOf(&claim)})
		status = get(C.size_t(len(claims)), &claim)
	}
	if status != C.ASSAY_E_NOT_FOUND {
		return nil, Status(status)
	}
	return claims, nil
}

func (v *Verdict) copyVector(r *Request, from *C.struct_assay_verdict) error {
	var policy *C.struct_assay_policy
	if r.Policy != nil {
		policy = r.Policy.object
	}
	return check(C.assay_verdict_get_trust_vector(from, policy, (*C.int8_t)(&v.TrustVector[0])))
}

func nameOfStatus(status C.enum_assay_tcb_status) string {
	return C.GoString(C.assay_name_of_tcb_status(status))
}

// copyState copies statuses and times.
func (v *Verdict) copyState(from *C.struct_assay_verdict) {
	v.TCBStatus = nameOfStatus(C.assay_verdict_get_tcb_status(from))
	v.LaunchStatus = nameOfStatus(C.assay_verdict_get_launch_status(from))
	v.CurrentStatus = nameOfStatus(C.assay_verdict_get_current_status(from))
	v.Insecure, v.Debug = bool(C.assay_verdict_is_insecure(from)), bool(C.assay_verdict_is_debug(from))
	var at C.int64_t
	if C.assay_verdict_get_time(from, &at) {
		v.Time = time.Unix(int64(at), 0).UTC()
	}
	if C.assay_verdict_get_tcb_date(from, &at) {
		v.TCBDate = time.Unix(int64(at), 0).UTC()
	}
	if C.assay_verdict_get_current_tcb_date(from, &at) {
		v.CurrentTCBDate = time.Unix(int64(at), 0).UTC()
	}
	if C.assay_verdict_get_expiry(from, &at) {
		v.Expires = time.Unix(int64(at), 0).UTC()
	}
	for text := C.assay_verdict_get_advisory(from, 0); text != nil; {
		v.Advisories = append(v.Advisories, C.GoString(text))
		text = C.assay_verdict_get_advisory(from, C.size_t(len(v.Advisories)))
	}
	for text := C.assay_verdict_get_current_advisory(from, 0); text != nil; {
		v.CurrentAdvisories = append(v.CurrentAdvisories, C.GoString(text))
		text = C.assay_verdict_get_current_advisory(from, C.size_t(len(v.CurrentAdvisories)))
	}
	var name *C.char
	var state C.enum_assay_proof_state
	for C.assay_verdict_get_link(from, C.size_t(len(v.Links)), &name, &state) {
		v.Links = append(v.Links, Link{C.GoString(name), Proof(state)})
	}
}

// copyMachine copies what the evidence is of: program, platform, instance, devices.
func (v *Verdict) copyMachine(from *C.struct_assay_verdict) {
	var one, other C.struct_assay_bytes
	var masked C.bool
	if C.assay_verdict_get_report_data(from, &one) {
		v.ReportData = copied(one)
	}
	if C.assay_verdict_get_measurement(from, &one) {
		v.Measurement = copied(one)
	}
	if C.assay_verdict_get_platform(from, &one, &other, &masked) {
		v.Platform = &Platform{copied(one), copied(other), bool(masked)}
	}
	instance := C.struct_assay_cloud_instance{size: C.sizeof_struct_assay_cloud_instance}
	if C.assay_verdict_get_instance(from, &instance) {
		v.Instance = &Instance{C.GoString(instance.id), C.GoString(instance.name), C.GoString(instance.project),
			C.GoString(instance.zone), uint64(instance.project_number)}
	}
	device := C.struct_assay_device_verdict{size: C.sizeof_struct_assay_device_verdict}
	for C.assay_verdict_get_device(from, C.size_t(len(v.Devices)), &device) {
		var expires time.Time
		if device.has_expiry {
			expires = time.Unix(int64(device.expires_unix_s), 0).UTC()
		}
		v.Devices = append(v.Devices, DeviceVerdict{Kind(device.kind), Genuine(device.genuine), Tier(device.tier),
			uint32(device.rule), C.GoString(device.product), C.GoString(device.driver), C.GoString(device.firmware),
			copied(device.serial), copied(device.platform_id), C.GoString(device.mode), expires,
			C.GoString(device.expires_first)})
	}
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
