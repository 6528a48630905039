// tests/bindings/go/run/identity.go - verifies a certificate or token of a network and prints what it states.
package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"assay.example/assay"
)

func identifier(text string) *[32]byte {
	bytes := unhex(text)
	if len(bytes) != 32 {
		os.Exit(2)
	}
	return (*[32]byte)(bytes)
}

func number(text string) uint64 {
	value, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		os.Exit(2)
	}
	return value
}

func expectOne(r *assay.IdentityRequest, name, value string) {
	switch name {
	case "chain":
		r.ChainID = identifier(value)
	case "node":
		r.NodeID = identifier(value)
	case "domain":
		r.TrustDomain = &value
	case "service":
		r.Service = &value
	case "id":
		r.SPIFFEID = &value
	case "issuer":
		r.Issuer = &value
	case "audience":
		r.Audience = &value
	case "era":
		r.Era = assay.Exactly(number(value))
	case "epoch":
		r.EpochMin = number(value)
	case "age":
		r.AgeMax = assay.Exactly(number(value))
	case "worst":
		r.StandingWorst = assay.Standing(number(value))
	case "kinds":
		r.Kinds = uint32(number(value))
	case "insecure":
		r.AcceptInsecure = value == "1"
	case "skew":
		r.Skew = uint32(number(value))
	default:
		os.Exit(2)
	}
}

func printClaims(c *assay.IdentityClaims) {
	fmt.Printf("id %s|%s|%s|%d|%d\n", c.SPIFFEID, c.TrustDomain, c.Name, digit(c.IsService), digit(c.Insecure))
	fmt.Printf("chain %x\nblock %x\nnode %x\n", c.ChainID, c.BlockID, c.NodeID)
	fmt.Printf("state %d|%d|%d|%d|%d|%d\n", c.Era, c.Epoch, c.Incarnation, c.Standing, c.ScoreBP, int(c.EvidenceKind))
	fmt.Printf("entry %x\nproof %x\nserial %x\n", c.EntryDigest, c.ProofDigest, c.Serial)
	fmt.Printf("times %d|%d|%d\n", c.Issued.Unix(), c.Starts.Unix(), c.Expires.Unix())
	if len(c.Key) > 0 {
		fmt.Printf("ca %d\nkey %x\n", c.CANumber, c.Key)
	}
	if c.KeyThumbprint != "" {
		fmt.Printf("thumbprint %s\n", c.KeyThumbprint)
	}
}

func verifyIdentity(column []string) (*assay.Identity, error) {
	seconds, err := strconv.ParseInt(column[6], 10, 64)
	if err != nil {
		os.Exit(2)
	}
	request := &assay.IdentityRequest{Trusted: read(column[3]), At: time.Unix(seconds, 0)}
	if column[8] != "-" {
		for _, one := range strings.Split(column[8], ";") {
			name, value, _ := strings.Cut(one, "=")
			expectOne(request, name, value)
		}
	}
	given := readAll(column[2])
	if column[4] == "token" {
		return assay.VerifyIdentityToken(request, given[0])
	}
	return assay.VerifyPeer(request, given)
}

func runIdentityCase(column []string) error {
	fmt.Printf("== %s\n", column[0])
	found, err := verifyIdentity(column)
	var reason *assay.ReasonError
	if errors.As(err, &reason) {
		fmt.Printf("reason %s\n", reason.Why)
	}
	if err != nil {
		return err
	}
	fmt.Printf("answer %s\nwhy %s\n", found.Answer, found.Why)
	if found.Claims != nil {
		printClaims(found.Claims)
	}
	for _, open := range found.NotChecked {
		fmt.Printf("unchecked %s|%s\n", open.What, open.Why)
	}
	return nil
}
