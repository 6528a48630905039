// tests/bindings/go/run/token.go - verifies a token of a case and prints what its issuer states.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"assay.example/assay"
)

func stated(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

func flag(f assay.Flag) string {
	return map[assay.Flag]string{assay.FlagYes: "yes", assay.FlagNo: "no", assay.FlagUnstated: "unstated"}[f]
}

func runTokenCase(column []string) error {
	fmt.Printf("== %s\n", column[0])
	issuers, err := assay.ReadIssuers(string(read(column[4])), func(name string) ([]byte, error) {
		return os.ReadFile(filepath.Join(filepath.Dir(column[4]), name))
	})
	if err != nil {
		fmt.Printf("policy %s\n", err)
		return nil
	}
	seconds, err := strconv.ParseInt(column[6], 10, 64)
	if err != nil {
		os.Exit(2)
	}
	nonce := column[8]
	if nonce == "-" {
		nonce = ""
	}
	t, err := assay.VerifyToken(&assay.TokenRequest{Token: read(column[1]), Issuers: issuers, Nonce: nonce,
		At: time.Unix(seconds, 0)})
	if err != nil {
		return err
	}
	fmt.Printf("answer %s\nstatement %s\nwhy %s\nissuer_index %d\nservice %s\n", t.Answer, t.Statement, t.Why,
		t.IssuerIndex, t.Service)
	fmt.Printf("stated %s|%s|%s|%s|%s|%s|%s|%s|%d|%d\n", stated(t.Issuer), stated(t.Subject), stated(t.Algorithm),
		stated(t.KeyID), stated(t.Attester), stated(t.TCBStatus), flag(t.Debug), flag(t.SecureBoot),
		digit(t.PolicyFailed), t.DevicesNamed)
	printTime("issued", t.Issued)
	printTime("expires", t.Expires)
	printVector(t.TrustVector)
	for _, d := range t.Devices {
		fmt.Printf("device %s|%s|%s|%s|%s|%s|%s|%s\n", d.Label, d.Product, d.Serial, d.Driver, d.Firmware,
			flag(d.Measured), flag(d.Debug), flag(d.SecureBoot))
	}
	for _, open := range t.NotChecked {
		fmt.Printf("unchecked %s|%s\n", open.What, open.Why)
	}
	for _, claim := range t.Claims {
		fmt.Printf("claim %s %s\n", claim.Name, shown(claim.Value))
	}
	return nil
}
