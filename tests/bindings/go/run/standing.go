// tests/bindings/go/run/standing.go - verifies a proof of standing, or of a key, and prints what it proves.
package main

import (
	"fmt"
	"strings"
	"time"

	"assay.example/assay"
)

func printReport(r *assay.StandingReport) {
	fmt.Printf("proof %d|%s\nnode %x\n", int(r.Answer), r.Answer, r.NodeID)
	fmt.Printf("standing %s|%d|%d|%d|%d|%d\n", r.Standing, r.Stage, r.StageEpoch, r.ScoreBP, r.IntegrityBP, r.AvailabilityBP)
	fmt.Printf("outcome %s|%d|%d|%d|%d|%d|%d|%d\n", r.Outcome, r.PassWeight, r.NegativeWeight, r.ElectorateWeight,
		digit(r.Certified), r.LastPassEpoch, r.Incarnation, r.Weight)
	fmt.Printf("chain %x\nepoch %d|%d|%d|%d\n", r.ChainID, r.Era, r.Epoch, r.Time.UnixMilli(), r.Expires.UnixMilli())
	fmt.Printf("block %x\npolicy_digest %x\nnext %x\n", r.BlockID, r.PolicyDigest, r.Checkpoint)
}

func keyRequest(proof, checkpoint []byte, terms string) *assay.KeyRequest {
	request := &assay.KeyRequest{Proof: proof, Checkpoint: checkpoint}
	for _, one := range strings.Split(terms, ";") {
		name, value, _ := strings.Cut(one, "=")
		switch name {
		case "key":
			request.Key = read(value)
		case "node":
			request.NodeID = identifier(value)
		case "name":
			request.Name = assay.Exactly(value)
		case "worst":
			request.StandingWorst = assay.Standing(number(value))
		case "now":
			request.Now = time.UnixMilli(int64(number(value)))
		case "age":
			request.MaxAge = time.Duration(number(value)) * time.Second
		}
	}
	return request
}

func runStandingCase(column []string) error {
	fmt.Printf("== %s\n", column[0])
	request := keyRequest(read(column[1]), read(column[3]), column[8])
	if column[4] != "key" {
		report, err := assay.VerifyStanding(request.Proof, request.Checkpoint, request.Now, request.MaxAge)
		if err != nil {
			return err
		}
		fmt.Printf("answer %d\n", int(report.Answer))
		printReport(report)
		return nil
	}
	found, err := assay.VerifyKey(request)
	if err != nil {
		return err
	}
	fmt.Printf("answer %d\nwhy %s\n", int(found.Answer), found.Answer)
	printReport(&found.Report)
	return nil
}
