// tests/bindings/go/workload - registration of keys through the Go binding, as run_workload.py does it.
//
// usage: workload SOCKET KEY.pem SPKI.der ABSENT
package main

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"assay.example/assay"
)

// counting is a signer that remembers what it signed.
type counting struct {
	crypto.Signer
	signed [][]byte
	fails  error
	empty  bool
}

func (c *counting) Sign(random io.Reader, digest []byte, o crypto.SignerOpts) ([]byte, error) {
	c.signed = append(c.signed, digest)
	if c.fails != nil || c.empty {
		return nil, c.fails
	}
	return c.Signer.Sign(random, digest, o)
}

func must[T any](value T, err error) T {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	return value
}

func show(what string, err error, value string) {
	var refused *assay.RegistrationError
	switch {
	case errors.As(err, &refused):
		passes, reason := "stays", "without"
		if refused.MayPass {
			passes = "may pass"
		}
		if refused.Why != "" {
			reason = "with a reason"
		}
		fmt.Println(what, refused.Status.Name(), passes, reason)
	case err != nil:
		fmt.Println(what, "other error:", err)
	default:
		fmt.Println(what, value)
	}
}

func register(what string, key assay.WorkloadKey) {
	one, err := assay.RegisterKey(&key)
	text := ""
	if err == nil {
		state := "known"
		if one.IsNew {
			state = "new"
		}
		text = fmt.Sprint(state, " ", one.Count, " ", hex.EncodeToString(one.Boot[:]), " ", hex.EncodeToString(one.ChainID[:]), " ",
			hex.EncodeToString(one.NodeID[:]))
	}
	show(what, err, text)
}

func withdraw(what, socket string, purpose assay.Purpose) {
	was, err := assay.WithdrawKey(socket, "api", purpose, 0)
	show(what, err, fmt.Sprint(was))
}

func main() {
	socket, absent := os.Args[1], os.Args[4]
	block, _ := pem.Decode(must(os.ReadFile(os.Args[2])))
	signer := &counting{Signer: must(x509.ParsePKCS8PrivateKey(block.Bytes)).(crypto.Signer)}
	if !bytes.Equal(must(x509.MarshalPKIXPublicKey(signer.Public())), must(os.ReadFile(os.Args[3]))) {
		fmt.Fprintln(os.Stderr, "the key has another public key")
		os.Exit(2)
	}
	chain, member, boot := [32]byte{1}, [32]byte{2}, [32]byte{4}
	key := assay.WorkloadKey{Socket: socket, ChainID: chain, Name: "api", Signer: signer}
	with := func(change func(*assay.WorkloadKey)) assay.WorkloadKey {
		changed := key
		change(&changed)
		return changed
	}
	register("first", key)
	register("again", with(func(k *assay.WorkloadKey) { k.Boot, k.NodeID = &boot, &member }))
	different := map[string]bool{}
	for _, one := range signer.signed {
		different[string(one)] = true
	}
	fmt.Println("signed", len(signer.signed), len(different))
	register("chain", with(func(k *assay.WorkloadKey) { k.ChainID = [32]byte{} }))
	register("member", with(func(k *assay.WorkloadKey) { k.NodeID = &[32]byte{} }))
	register("name", with(func(k *assay.WorkloadKey) { k.Name = "No Label" }))
	register("signer", with(func(k *assay.WorkloadKey) { k.Name, k.Signer = "other", &counting{Signer: signer, empty: true} }))
	register("token", with(func(k *assay.WorkloadKey) { k.Purpose, k.Audiences = assay.PurposeToken, []string{"a", "b"} }))
	register("descending", with(func(k *assay.WorkloadKey) {
		k.Name, k.Purpose, k.Audiences = "x", assay.PurposeToken, []string{"b", "a"}
	}))
	register("timeout", with(func(k *assay.WorkloadKey) { k.Timeout = 60001 * time.Millisecond }))
	register("absent", with(func(k *assay.WorkloadKey) { k.Socket = absent }))
	withdraw("withdraw", socket, assay.PurposeTLS)
	withdraw("withdrawn", socket, assay.PurposeTLS)
	withdraw("token withdrawn", socket, assay.PurposeToken)
	own := errors.New("own error")
	if _, err := assay.RegisterKey(&assay.WorkloadKey{Socket: socket, ChainID: chain, Name: "api",
		Signer: &counting{Signer: signer, fails: own}}); errors.Is(err, own) {
		fmt.Println("own error")
	}
	nul := with(func(k *assay.WorkloadKey) { k.Name = "a\x00b" })
	if _, err := assay.RegisterKey(&nul); errors.Is(err, assay.StatusInvalid) {
		fmt.Println("text")
	}
}
