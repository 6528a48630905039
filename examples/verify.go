// examples/verify.go - verify one file of evidence, as verify.c does.
//
//	verify EVIDENCE FOLDER POLICY CHALLENGE [UNIX_TIME]        (CHALLENGE: report data, hex)
//
// Uses the Go binding (bindings/go).
package main

import (
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"assay.example/assay"
)

func verify(evidence, folder, policyPath, challenge string, at time.Time) (*assay.Verdict, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	read := func(path string) (bytes []byte) {
		if err == nil {
			bytes, err = os.ReadFile(path)
		}
		return bytes
	}
	files := [][]byte{}
	for _, entry := range entries {
		files = append(files, read(filepath.Join(folder, entry.Name())))
	}
	quote, text := read(evidence), read(policyPath)
	if err != nil {
		return nil, err
	}
	data, err := hex.DecodeString(challenge)
	if err != nil {
		return nil, err
	}

	policy, err := assay.NewPolicy(string(text))
	if err != nil {
		return nil, fmt.Errorf("%s:%w", policyPath, err)
	}
	trust, err := assay.NewTrust()
	if err != nil {
		return nil, err
	}
	if err := trust.AddPinned(); err != nil {
		return nil, err
	}
	if err := trust.AddPolicyRoots(policy); err != nil {
		return nil, err
	}
	if _, err := trust.AddCollateral(files); err != nil {
		return nil, err
	}
	return assay.Verify(&assay.Request{Trust: trust, Policy: policy, Evidence: quote, At: at, ReportData: data})
}

func main() {
	if len(os.Args) < 5 {
		fmt.Fprintln(os.Stderr, "usage: verify EVIDENCE FOLDER POLICY CHALLENGE [UNIX_TIME]")
		os.Exit(2)
	}
	at := time.Now()
	if len(os.Args) > 5 {
		seconds, err := strconv.ParseInt(os.Args[5], 10, 64)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		at = time.Unix(seconds, 0)
	}
	verdict, err := verify(os.Args[1], os.Args[2], os.Args[3], os.Args[4], at)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	fmt.Println(verdict.Tier)
	for _, name := range []string{"mrtd", "mrenclave", "debug"} {
		switch value, _ := verdict.Claim(name); value := value.(type) {
		case []byte:
			fmt.Printf("%s: %x\n", name, value)
		case bool:
			fmt.Printf("%s: %t\n", name, value)
		}
	}
	for _, why := range verdict.Findings {
		fmt.Printf("%s (%s; %s)\n  %s\n", why.Text, why.Expected, why.Observed, why.Fix)
	}
	for _, open := range verdict.NotChecked {
		fmt.Printf("not checked: %s: %s\n", open.What, open.Why)
	}
	if verdict.Tier != assay.TierAffirming {
		os.Exit(1)
	}
}
