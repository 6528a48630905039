// bindings/go/identity_test.go - misuse of certificates and tokens of a network in the Go binding; what they state is
// compared by tests/bindings.

//go:build cgo

package assay

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestIdentityMisuse(t *testing.T) {
	noise, one := []byte("noise"), [][]byte{[]byte("x")}
	for name, wrong := range map[string]struct {
		request      *IdentityRequest
		certificates [][]byte
		status       Status
	}{
		"no request":         {nil, one, StatusInvalid},
		"nothing trusted":    {&IdentityRequest{}, one, StatusInvalid},
		"no CA certificates": {&IdentityRequest{Trusted: noise, At: at}, one, StatusKey},
		"no certificates":    {&IdentityRequest{Trusted: noise, At: at}, nil, StatusInvalid},
		"too many":           {&IdentityRequest{Trusted: noise, At: at}, make([][]byte, 9), StatusRange},
		"too much trusted":   {&IdentityRequest{Trusted: make([]byte, 131073), At: at}, one, StatusRange},
		"too much skew":      {&IdentityRequest{Trusted: noise, At: at, Skew: 301}, one, StatusRange},
		"a time before 1970": {&IdentityRequest{Trusted: noise, At: time.Unix(-1, 0)}, one, StatusRange},
		"no such standing":   {&IdentityRequest{Trusted: noise, At: at, StandingWorst: 4}, one, StatusInvalid},
		"one below 0":        {&IdentityRequest{Trusted: noise, At: at, StandingWorst: -1}, one, StatusInvalid},
		"a NUL":              {&IdentityRequest{Trusted: noise, At: at, Service: Exactly("api\x00")}, one, StatusInvalid},
		"another NUL":        {&IdentityRequest{Trusted: noise, At: at, SPIFFEID: Exactly("\x00")}, one, StatusInvalid},
	} {
		identity, err := VerifyPeer(wrong.request, wrong.certificates)
		if identity != nil || !errors.Is(err, wrong.status) {
			t.Errorf("%s: %v, %v", name, identity, err)
		}
	}
	var reason *ReasonError
	_, err := VerifyPeer(&IdentityRequest{Trusted: noise, At: at}, one)
	if !errors.As(err, &reason) || !strings.Contains(err.Error(), reason.Why) || reason.Why == "" {
		t.Errorf("the reason of an error: %v", err)
	}
}

func TestIdentityToken(t *testing.T) {
	r := IdentityRequest{Trusted: []byte(`{"keys":[]}`), At: at, Issuer: Exactly("i"), Audience: Exactly("a")}
	var wait sync.WaitGroup
	for i := 0; i < 8; i++ {
		wait.Add(1)
		go func() {
			defer wait.Done()
			for _, token := range [][]byte{nil, []byte("noise"), make([]byte, 200000)} {
				identity, err := VerifyIdentityToken(&r, token)
				if err != nil || identity.Answer != IdentityMalformed || identity.Why == "" ||
					identity.Claims != nil || identity.NotChecked != nil {
					t.Errorf("noise is a malformed token: %v, %v", identity, err)
				}
			}
		}()
	}
	wait.Wait()
	for _, wrong := range []IdentityRequest{{Trusted: r.Trusted, At: at, Issuer: r.Issuer},
		{Trusted: r.Trusted, At: at, Audience: r.Audience}} {
		if identity, err := VerifyIdentityToken(&wrong, []byte("x")); identity != nil || err != StatusInvalid {
			t.Errorf("issuer and audience are needed: %v, %v", identity, err)
		}
	}
}

func TestKeyProofsOfNoUse(t *testing.T) {
	text := "a\x00b"
	good := KeyRequest{Proof: []byte("noise"), Checkpoint: []byte("noise"), Key: []byte("key"), MaxAge: time.Second}
	for name, change := range map[string]func(*KeyRequest){
		"a name with a NUL":   func(r *KeyRequest) { r.Name = &text },
		"a part of a second":  func(r *KeyRequest) { r.MaxAge = time.Millisecond },
		"an age below zero":   func(r *KeyRequest) { r.MaxAge = -time.Second },
		"an age of centuries": func(r *KeyRequest) { r.MaxAge = (1 << 32) * time.Second },
		"a time before 1970":  func(r *KeyRequest) { r.Now = time.Unix(-1, 0) },
		"no key":              func(r *KeyRequest) { r.Key = nil },
		"no proof":            func(r *KeyRequest) { r.Proof = nil },
		"noise":               func(*KeyRequest) {},
	} {
		request := good
		change(&request)
		if found, err := VerifyKey(&request); err == nil || found != nil {
			t.Errorf("%s: %v, %v", name, found, err)
		}
	}
	if _, err := VerifyKey(nil); err != StatusInvalid {
		t.Errorf("no request: %v", err)
	}
	if _, err := VerifyStanding(nil, nil, time.Now(), time.Millisecond); err != StatusRange {
		t.Errorf("a part of a second: %v", err)
	}
	if _, err := VerifyStanding(nil, nil, time.Unix(-1, 0), 0); err != StatusRange {
		t.Errorf("a time before 1970: %v", err)
	}
	if KeyWithdrawn.String() == KeyActive.String() || ProofProven.String() == ProofOlder.String() {
		t.Error("answers have no texts")
	}
}
