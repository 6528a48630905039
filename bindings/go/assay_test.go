// bindings/go/assay_test.go - misuse, threads and signed results of the Go binding; what verdicts say is compared by
// tests/bindings.

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
