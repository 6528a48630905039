// examples/verify_token.go - verifies a token of a network by its published key set, with Go's crypto/ed25519 alone.
//
//	verify_token JWKS-URL ISSUER AUDIENCE [SPIFFE-ID] <token
//
// JWKS-URL is the `jwks_uri` of the issuer, https://ISSUER/.well-known/jwks.json, or that of a node that you trust. A token says
// what the network found at the end of an epoch, so it is short-lived; it is a bearer secret. Without libassay nothing of the
// claims in `assay` is evaluated: standing, epoch, era. Exit status: 0 valid, 1 refused, 2 no key set.
package main

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"
)

const leeway = 60 * time.Second

type key struct {
	Kty, Crv, Alg, Use, Kid, X string
}

type claims struct {
	Iss, Sub, Aud string
	Nbf, Exp      int64
}

func fetch(url string) ([]key, error) {
	answer, err := (&http.Client{Timeout: 10 * time.Second}).Get(url)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	var set struct{ Keys []key }
	if answer.StatusCode != http.StatusOK {
		return nil, errors.New(answer.Status)
	}
	err = json.NewDecoder(io.LimitReader(answer.Body, 1<<20)).Decode(&set)
	return set.Keys, err
}

func part(text string, into any) error {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, into)
}

// verify returns the claims of a token that one of the keys signed, for this audience, now.
func verify(token string, keys []key, issuer, audience string, now time.Time) (*claims, error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, errors.New("expected three parts")
	}
	var head struct {
		Alg, Typ, Kid string
		Crit          []string
	}
	if err := part(parts[0], &head); err != nil {
		return nil, err
	}
	if head.Alg != "EdDSA" || head.Typ != "JWT" || head.Crit != nil {
		return nil, fmt.Errorf("expected a JWT by EdDSA, found %q by %q", head.Typ, head.Alg)
	}
	signature, err := base64.RawURLEncoding.Strict().DecodeString(parts[2])
	if err != nil {
		return nil, err
	}
	for _, one := range keys {
		if one.Kid != head.Kid || one.Kty != "OKP" || one.Crv != "Ed25519" || one.Use != "sig" {
			continue
		}
		point, err := base64.RawURLEncoding.DecodeString(one.X)
		if err != nil || len(point) != ed25519.PublicKeySize {
			return nil, errors.New("the key set has a malformed key")
		}
		if !ed25519.Verify(point, []byte(parts[0]+"."+parts[1]), signature) {
			return nil, errors.New("the signature is not by the key that it names")
		}
		var found claims
		if err := part(parts[1], &found); err != nil {
			return nil, err
		}
		switch {
		case found.Iss != issuer:
			return nil, fmt.Errorf("the issuer is %q", found.Iss)
		case found.Aud != audience:
			return nil, fmt.Errorf("the audience is %q", found.Aud)
		case now.Add(leeway).Before(time.Unix(found.Nbf, 0)):
			return nil, errors.New("it is not valid yet")
		case now.Add(-leeway).After(time.Unix(found.Exp, 0)):
			return nil, errors.New("it has expired")
		}
		return &found, nil
	}
	return nil, fmt.Errorf("the key set has no key %q", head.Kid)
}

func main() {
	if len(os.Args) != 4 && len(os.Args) != 5 {
		fmt.Fprintln(os.Stderr, "usage: verify_token JWKS-URL ISSUER AUDIENCE [SPIFFE-ID] <token")
		os.Exit(2)
	}
	token, err := io.ReadAll(io.LimitReader(os.Stdin, 1<<16))
	if err != nil {
		fmt.Println("no token:", err)
		os.Exit(1)
	}
	keys, err := fetch(os.Args[1])
	if err != nil {
		fmt.Println("no key set:", err)
		os.Exit(2)
	}
	found, err := verify(string(token), keys, os.Args[2], os.Args[3], time.Now())
	if err == nil && len(os.Args) == 5 && found.Sub != os.Args[4] {
		err = fmt.Errorf("the token is of %s", found.Sub)
	}
	if err != nil {
		fmt.Println("refused:", err)
		os.Exit(1)
	}
	fmt.Println("valid:", found.Sub)
}
