// tests/bindings/go/run/main.go - runs the table of cases (cases.py) through the Go binding, as run.c does.
//
// usage: run TABLE
package main

import (
	"bufio"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"assay.example/assay"
)

func read(path string) []byte {
	bytes, err := os.ReadFile(path)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	return bytes
}

func listed(text string) []string {
	if text == "-" {
		return nil
	}
	return strings.Split(text, ",")
}

func readAll(text string) (files [][]byte) {
	for _, path := range listed(text) {
		files = append(files, read(path))
	}
	return files
}

func unhex(text string) []byte {
	if text == "-" {
		return nil
	}
	bytes, err := hex.DecodeString(text)
	if err != nil {
		os.Exit(2)
	}
	return bytes
}

func shown(value interface{}) string {
	switch value := value.(type) {
	case bool:
		if value {
			return "bool 1"
		}
		return "bool 0"
	case uint64:
		return fmt.Sprintf("uint %d", value)
	case string:
		return fmt.Sprintf("text %x", value)
	case []byte:
		return fmt.Sprintf("bytes %x", value)
	}
	return "null 0"
}

func printVerdict(v *assay.Verdict) {
	fmt.Printf("tier %s\nkind %s\ngenuine %s\n", v.Tier, v.Kind, genuineName(v.Genuine))
	printTime("expires", v.Expires)
	printState(v)
	for _, f := range v.Findings {
		fmt.Printf("finding %d %s|%s|%s|%s|%s|%s|%d\n", f.Rule, f.Name, f.Text, f.Expected, f.Observed, f.Fix, f.Effect, f.Offset)
	}
	for _, open := range v.NotChecked {
		fmt.Printf("unchecked %s|%s\n", open.What, open.Why)
	}
	for _, claim := range v.Claims {
		fmt.Printf("claim %s %s\n", claim.Name, shown(claim.Value))
	}
	if v.LogReport != nil {
		printLogs(v.LogReport)
	}
	fmt.Printf("result %x\n", v.Result)
}

func makeTrust(column []string, policy *assay.Policy) (*assay.Trust, error) {
	trust, err := assay.NewTrust()
	for _, root := range listed(column[3]) {
		switch {
		case err != nil:
			return nil, err
		case root == "pinned":
			err = trust.AddPinned()
		case root == "policy":
			err = trust.AddPolicyRoots(policy)
		default:
			err = trust.AddRoot(read(root), assay.AllKinds)
		}
	}
	if err == nil {
		err = trust.SetExact(column[5] == "1")
	}
	if err != nil || column[2] == "-" {
		return trust, err
	}
	used, err := trust.AddCollateral(readAll(column[2]))
	if err == nil {
		fmt.Printf("collateral %s\n", map[bool]string{true: "used", false: "of no use"}[used])
	}
	return trust, err
}

func runCase(column []string, verifier *assay.Verifier) error {
	fmt.Printf("== %s\n", column[0])
	var policy *assay.Policy
	var err error
	if column[4] != "-" {
		if policy, err = assay.NewPolicy(string(read(column[4]))); err != nil {
			fmt.Printf("policy %s\n", err)
			return nil
		}
		digest, err := policy.Digest()
		if err != nil {
			return err
		}
		fmt.Printf("policy %x\n", digest)
	}
	trust, err := makeTrust(column, policy)
	if err != nil {
		return err
	}
	seconds, err := strconv.ParseInt(column[6], 10, 64)
	if err != nil {
		os.Exit(2)
	}
	for _, form := range []assay.Form{assay.JSON, assay.CBOR} {
		verdict, err := assay.Verify(&assay.Request{
			Trust: trust, Verifier: verifier, Policy: policy, Evidence: read(column[1]), At: time.Unix(seconds, 0),
			ReportData: unhex(column[7]), Nonce: unhex(column[8]), Logs: readAll(column[9]),
			Result: &assay.Result{Form: form, Developer: "tests", Build: "7", Nonce: "a nonce of tests"},
		})
		if err != nil {
			return err
		}
		if form == assay.JSON {
			printVerdict(verdict)
		} else {
			fmt.Printf("result %x\n", verdict.Result)
		}
	}
	return nil
}

func main() {
	verifier, err := assay.NewVerifier(8)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	lines := bufio.NewScanner(strings.NewReader(string(read(os.Args[1]))))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		column := strings.Split(lines.Text(), "\t")
		var err error
		if strings.HasPrefix(column[0], "token-") {
			err = runTokenCase(column)
		} else if strings.HasPrefix(column[0], "identity-") {
			err = runIdentityCase(column)
		} else if strings.HasPrefix(column[0], "standing-") {
			err = runStandingCase(column)
		} else {
			err = runCase(column, verifier)
		}
		if err != nil {
			name := err.Error()
			var status assay.Status
			if errors.As(err, &status) {
				name = status.Name()
			}
			fmt.Printf("error %s\n", name)
		}
	}
}
