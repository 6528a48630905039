// tests/bindings/go/run/print.go - what the runner prints of a verdict besides its tier, findings and claims.
package main

import (
	"fmt"
	"time"

	"assay.example/assay"
)

func genuineName(genuine assay.Genuine) string {
	name := map[assay.Genuine]string{assay.GenuineTrue: "true", assay.GenuineFalse: "false"}[genuine]
	if name == "" {
		name = "unknown"
	}
	return name
}

func digit(is bool) int {
	if is {
		return 1
	}
	return 0
}

func printTime(name string, at time.Time) {
	if !at.IsZero() {
		fmt.Printf("%s %d\n", name, at.Unix())
	}
}

func printBytes(name string, bytes []byte) {
	if bytes != nil {
		fmt.Printf("%s %x\n", name, bytes)
	}
}

func printVector(vector [8]int8) {
	fmt.Print("vector")
	for _, claim := range vector {
		fmt.Printf(" %d", claim)
	}
	fmt.Println()
}

func printState(v *assay.Verdict) {
	fmt.Printf("status %s|%s|%s\n", v.TCBStatus, v.LaunchStatus, v.CurrentStatus)
	fmt.Printf("insecure %d\ndebug %d\n", digit(v.Insecure), digit(v.Debug))
	printTime("time", v.Time)
	printTime("tcb_date", v.TCBDate)
	printTime("current_tcb_date", v.CurrentTCBDate)
	printBytes("report_data", v.ReportData)
	printBytes("measurement", v.Measurement)
	if p := v.Platform; p != nil {
		fmt.Printf("platform %x\nvendor_root %x\nmasked %d\n", p.ID, p.VendorRoot, digit(p.Masked))
	}
	if i := v.Instance; i != nil {
		fmt.Printf("instance %s|%s|%s|%s|%d\n", i.ID, i.Name, i.Project, i.Zone, i.ProjectNumber)
	}
	for _, d := range v.Devices {
		fmt.Printf("device %s|%s|%s|%d|%s|%s|%s\n", d.Kind, genuineName(d.Genuine), d.Tier, d.Rule, d.Product, d.Driver,
			d.Firmware)
		fmt.Printf("serial %x\nplatform_id %x\nmode %s\n", d.Serial, d.PlatformID, d.Mode)
		expires := int64(-1)
		if !d.Expires.IsZero() {
			expires = d.Expires.Unix()
		}
		fmt.Printf("expires %d %s\n", expires, d.ExpiresFirst)
	}
	for _, name := range v.Advisories {
		fmt.Printf("advisory %s\n", name)
	}
	for _, name := range v.CurrentAdvisories {
		fmt.Printf("current_advisory %s\n", name)
	}
	for _, link := range v.Links {
		fmt.Printf("link %s %d\n", link.Name, link.State)
	}
	printVector(v.TrustVector)
}

func printLogs(r *assay.LogReport) {
	for _, l := range r.Logs {
		fmt.Printf("log %s|%d|%d|%d|%d|%d|%d|%d|%s|%s\n", l.Form, int(l.Status), digit(l.Judged), l.Events, l.Later,
			l.Extending, l.Proven, l.Rule, l.RuleName, l.Fix)
	}
	for _, one := range r.Registers {
		fmt.Printf("register %s|%s|%s|%d\n", one.Name, one.Bank, one.State, one.Events)
		fmt.Printf("quoted %x\nreplayed %x\n", one.Quoted, one.Replayed)
	}
	for _, e := range r.Failed {
		fmt.Printf("event %d %s|%s|%s|%s|%s|%d|%d|%d|%d|%s|%s\n", e.Rule, e.RuleName, e.Expected, e.Observed, e.Fix,
			e.Form, digit(e.Occurred), e.Index, e.Offset, e.Type, e.RegisterName, e.Text)
		fmt.Printf("digest %x\n", e.Digest)
	}
	fmt.Printf("failed %d\n", r.FailedCount)
}
