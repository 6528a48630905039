// bindings/go/assay_test.go - misuse, threads and signed results of the Go binding; what verdicts say is compared by
// tests/bindings.

//go:build cgo

package assay

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// evidence is that of examples/evidence.
func evidence(t *testing.T) (*Trust, *Policy, []byte) {
	t.Helper()
	folder := os.Getenv("ASSAY_EXAMPLE")
	read := func(name string) []byte {
		bytes, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		return bytes
	}
	if folder == "" {
		t.Skip("ASSAY_EXAMPLE names no folder of evidence")
	}
	policy, err := NewPolicy(string(read("policy.yaml")))
	if err != nil {
		t.Fatal(err)
	}
	trust, err := NewTrust()
	if err != nil {
		t.Fatal(err)
	}
	if err := trust.AddPolicyRoots(policy); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(filepath.Join(folder, "collateral"))
	if err != nil {
		t.Fatal(err)
	}
	files := [][]byte{}
	for _, entry := range entries {
		files = append(files, read("collateral/"+entry.Name()))
	}
	if used, err := trust.AddCollateral(files); err != nil || !used {
		t.Fatal(used, err)
	}
	return trust, policy, read("quote.bin")
}

var at = time.Unix(1800000000, 0)

func TestMisuse(t *testing.T) {
	trust, err := NewTrust()
	if err != nil {
		t.Fatal(err)
	}
	for name, request := range map[string]*Request{
		"no request": nil, "no trust": {Evidence: []byte("x")},
		"an empty challenge": {Trust: trust, ReportData: []byte{}},
		"an empty nonce":     {Trust: trust, Nonce: []byte{}},
		"a policy of nobody": {Trust: trust, Policy: &Policy{}},
		"a trust of nobody":  {Trust: &Trust{}},
		"a short key":        {Trust: trust, At: at, Result: &Result{Form: JWT, Key: []byte("short")}},
		"a text with a NUL":  {Trust: trust, At: at, Result: &Result{Developer: "a\x00b"}},
	} {
		if verdict, err := Verify(request); err != StatusInvalid || verdict != nil {
			t.Errorf("%s: %v, %v", name, verdict, err)
		}
	}
	if _, err := Verify(&Request{Trust: trust, ReportData: make([]byte, 65)}); err != StatusRange {
		t.Errorf("a challenge that is too long: %v", err)
	}
	if _, err := NewVerifier(-1); err != StatusRange {
		t.Errorf("less than no platform: %v", err)
	}
	if _, err := NewPolicy("policy_version: x\n"); err == nil || !strings.HasPrefix(err.Error(), "1:") {
		t.Errorf("a policy that is none says where: %v", err)
	}
	if _, err := NewPolicyEncoded([]byte("noise")); err == nil {
		t.Error("noise is a policy")
	}
	if err := trust.AddPolicyRoots(nil); err != StatusInvalid {
		t.Errorf("roots of no policy: %v", err)
	}
	if used, err := trust.AddCollateral([][]byte{[]byte("noise"), {}}); used || err != nil {
		t.Errorf("noise is collateral: %v, %v", used, err)
	}
	verdict, err := Verify(&Request{Trust: trust, Evidence: nil, At: at})
	if err != nil || verdict.Tier == TierAffirming || len(verdict.Claims) != 0 {
		t.Errorf("nothing at all: %v, %v", verdict, err)
	}
}

func TestThreadsHaveOneAnswer(t *testing.T) {
	trust, policy, quote := evidence(t)
	verifier, err := NewVerifier(4)
	if err != nil {
		t.Fatal(err)
	}
	changed := append([]byte{}, quote...)
	changed[100] ^= 1
	var all sync.WaitGroup
	for i := 0; i < 8; i++ {
		all.Add(1)
		go func(shared bool) {
			defer all.Done()
			for n := 0; n < 20; n++ {
				for tier, bytes := range map[Tier][]byte{TierAffirming: quote, TierContraindicated: changed} {
					request := Request{Trust: trust, Policy: policy, Evidence: bytes, At: at}
					if shared {
						request.Verifier = verifier
					}
					if verdict, err := Verify(&request); err != nil || verdict.Tier != tier {
						t.Errorf("expected %s: %v, %v", tier, verdict, err)
					}
				}
			}
		}(i%2 == 0)
	}
	all.Wait()
}

// A policy that nothing but the request has is kept until the result that names it is written. A collection at
// that moment is likely here, not certain; tests/bindings has freed memory overwritten (MALLOC_PERTURB_).
func TestPoliciesOutliveTheirRequest(t *testing.T) {
	trust, _, quote := evidence(t)
	text, err := os.ReadFile(filepath.Join(os.Getenv("ASSAY_EXAMPLE"), "policy.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var done int32
	go func() {
		for atomic.LoadInt32(&done) == 0 {
			runtime.GC()
		}
	}()
	var all sync.WaitGroup
	for i := 0; i < 8; i++ {
		all.Add(1)
		go func() {
			defer all.Done()
			for n := 0; n < 400; n++ {
				policy, err := NewPolicy(string(text))
				if err != nil {
					t.Error(err)
					return
				}
				verdict, err := Verify(&Request{Trust: trust, Policy: policy, Evidence: quote, At: at,
					Result: &Result{Developer: "tests", Build: "1"}})
				if err != nil || verdict.Tier != TierAffirming {
					t.Errorf("expected affirming: %v, %v", verdict, err)
				}
			}
		}()
	}
	all.Wait()
	atomic.StoreInt32(&done, 1)
}

func TestSignedResults(t *testing.T) {
	trust, policy, quote := evidence(t)
	key := bytes.Repeat([]byte{7}, 32)
	request := Request{Trust: trust, Policy: policy, Evidence: quote, At: at,
		Result: &Result{Form: JWT, Developer: "tests", Build: "1", Key: key}}
	verdict, err := Verify(&request)
	if err != nil || bytes.Count(verdict.Result, []byte(".")) != 2 {
		t.Fatalf("a token: %v, %v", verdict, err)
	}
	request.Result.Form = CWT
	if verdict, err = Verify(&request); err != nil || verdict.Result[0] != 0xd2 {
		t.Fatalf("COSE_Sign1: %v, %v", verdict, err)
	}
	request.Result.Key = nil
	if verdict, err = Verify(&request); err != StatusInvalid || verdict != nil {
		t.Fatalf("without a key: %v, %v", verdict, err)
	}
}

// issuers are those of a policy file among the tokens of the tests, and a token of one of them.
func issuers(t *testing.T) ([]Issuer, []byte, time.Time) {
	t.Helper()
	folder := os.Getenv("ASSAY_TOKENS")
	if folder == "" {
		t.Skip("ASSAY_TOKENS names no folder of tokens")
	}
	read := func(name string) ([]byte, error) { return os.ReadFile(filepath.Join(folder, name)) }
	text, err := read("all.yaml")
	if err != nil {
		t.Fatal(err)
	}
	list, err := ReadIssuers(string(text), read)
	if err != nil || len(list) != 4 {
		t.Fatal(list, err)
	}
	token, err := read("claims.jwt")
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(folder, "claims.jwt"))
	if err != nil {
		t.Fatal(err)
	}
	return list, token, info.ModTime().Add(time.Second)
}

func TestTokensAreStatements(t *testing.T) {
	list, token, now := issuers(t)
	result, err := VerifyToken(&TokenRequest{Token: token, Issuers: list, Nonce: "5f1c", At: now})
	if err != nil || result.Answer != AnswerValid || result.Statement != StatedAffirming {
		t.Fatal(result, err)
	}
	if value, found := result.Claim("a.b"); found {
		t.Errorf("a name of two claims: %v", value)
	}
	if value, found := result.Claim("a.c.1"); !found || value != "-7" {
		t.Errorf("a number below 0: %v, %v", value, found)
	}
	if len(result.NotChecked) == 0 || result.NotChecked[0].What != "evidence" {
		t.Errorf("the issuer verified the evidence: %v", result.NotChecked)
	}
	zero := uint64(0)
	list[1].AgeMax = &zero
	late := TokenRequest{Token: token, Issuers: list[1:2], At: now.Add(time.Hour / 2)}
	if result, err = VerifyToken(&late); err != nil || result.Answer != AnswerNotNow || result.Statement != StatedNothing {
		t.Errorf("0 seconds are a limit: %v, %v", result, err)
	}
}

func TestMisuseOfTokens(t *testing.T) {
	one := Issuer{Service: ServiceIntel, Issuer: "https://one.example", Keys: []byte(`{"keys":[]}`)}
	changed := func(change func(*Issuer)) []Issuer { other := one; change(&other); return []Issuer{other} }
	for name, request := range map[string]*TokenRequest{
		"no request": nil, "no issuers": {Token: []byte("x")},
		"no service":           {Issuers: changed(func(i *Issuer) { i.Service = 0 })},
		"a service of nobody":  {Issuers: changed(func(i *Issuer) { i.Service = -1 })},
		"no name":              {Issuers: changed(func(i *Issuer) { i.Issuer = "" })},
		"no keys":              {Issuers: changed(func(i *Issuer) { i.Keys = nil })},
		"a name with a NUL":    {Issuers: changed(func(i *Issuer) { i.Issuer = "a\x00b" })},
		"an audience with one": {Issuers: changed(func(i *Issuer) { i.Audience = "a\x00b" })},
		"a nonce with a NUL":   {Issuers: []Issuer{one}, Nonce: "\x00"},
	} {
		if token, err := VerifyToken(request); err != StatusInvalid || token != nil {
			t.Errorf("%s: %v, %v", name, token, err)
		}
	}
	for name, request := range map[string]*TokenRequest{
		"a long token":     {Token: make([]byte, 131073), Issuers: []Issuer{one}},
		"a long key set":   {Issuers: changed(func(i *Issuer) { i.Keys = make([]byte, 524289) })},
		"too many of them": {Issuers: make([]Issuer, 17)},
	} {
		if token, err := VerifyToken(request); err != StatusRange || token != nil {
			t.Errorf("%s: %v, %v", name, token, err)
		}
	}
	if _, err := ReadIssuers("policy_version: x\n", os.ReadFile); err == nil || !strings.HasPrefix(err.Error(), "1:") {
		t.Errorf("a policy that is none says where: %v", err)
	}
	token, err := VerifyToken(&TokenRequest{Issuers: []Issuer{one}})
	if err != nil || token.Answer != AnswerMalformed || token.Statement != StatedNothing || token.Why == "" {
		t.Errorf("no token at all: %v, %v", token, err)
	}
}

func TestEvidenceIsPutTogether(t *testing.T) {
	trust, _, quote := evidence(t)
	if kind, err := Recognise(quote); err != nil || kind != KindTDX4 || kind.String() != "tdx-v4" {
		t.Error(kind, err)
	}
	if _, err := Recognise(nil); err == nil {
		t.Error("nothing has a kind")
	}
	if pieces := trust.Pieces(); len(pieces) == 0 || pieces[0].Name == "" {
		t.Error("no pieces")
	}
	packed, err := Pack(KindSNP, &Pieces{Main: make([]byte, 1184), Certificates: [][]byte{{0x30, 0}}})
	if err != nil || len(packed) < 1184 {
		t.Error(len(packed), err)
	}
	if _, err := Pack(KindSNP, &Pieces{Main: []byte("x"), PCRs: []byte("y")}); err != StatusInvalid {
		t.Errorf("a piece of another kind: %v", err)
	}
	if _, err := Pack(KindSNP, nil); err != StatusInvalid {
		t.Errorf("no pieces: %v", err)
	}
	if _, err := DevicesNonce(make([]byte, 65)); err != StatusRange {
		t.Errorf("a long challenge: %v", err)
	}
	gpu := Device{KindNvidiaGPU, bytes.Repeat([]byte{7}, 2000), [][]byte{{1, 2, 3}}}
	devices, data, err := PackDevices([]byte{1}, []Device{gpu, gpu})
	if err != nil || data == [64]byte{} {
		t.Fatal(err)
	}
	plain, err := AttachDevices(quote, devices, DevicesPlain)
	if err != nil {
		t.Fatal(err)
	}
	short, err := AttachDevices(quote, devices, DevicesPacked)
	if err != nil || len(short) >= len(plain) {
		t.Errorf("packed: %d of %d, %v", len(short), len(plain), err)
	}
	if _, err := AttachDevices(quote, devices, 2); err != StatusInvalid {
		t.Errorf("another form: %v", err)
	}
	if _, _, err := PackDevices([]byte{1}, nil); err != StatusInvalid {
		t.Errorf("no devices: %v", err)
	}
}

func TestCounters(t *testing.T) {
	trust, policy, quote := evidence(t)
	verifier, err := NewVerifier(4)
	if err != nil {
		t.Fatal(err)
	}
	if err := verifier.SetTables(-1); err != StatusRange {
		t.Error(err)
	}
	if err := verifier.SetTables(0); err != nil {
		t.Error(err)
	}
	for i := 0; i < 3; i++ {
		if _, err := Verify(&Request{Trust: trust, Policy: policy, Evidence: quote, At: at, Verifier: verifier}); err != nil {
			t.Fatal(err)
		}
	}
	if counters, err := verifier.Counters(); err != nil || counters.Hits != 2 || counters.Platforms != 1 {
		t.Error(counters, err)
	}
	policies, err := NewPolicyDefault()
	if err != nil {
		t.Fatal(err)
	}
	if digest, err := policies.Digest(); err != nil || digest == [32]byte{} {
		t.Error(digest, err)
	}
	if VersionNumber() <= 0 {
		t.Error(VersionNumber())
	}
}
