// tests/bindings/go/continuity - results and misuse of rollback protection through the Go binding, as run_continuity.py does it.
//
// usage: continuity CHECKPOINT FOLDER
package main

import (
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"assay.example/assay"
)

var results = []assay.ContinuityResult{
	assay.ContinuityOK, assay.ContinuityInDoubt, assay.ContinuityFenced, assay.ContinuityRollback, assay.ContinuityHalted,
	assay.ContinuityNotKept, assay.ContinuityRetired, assay.ContinuityFull, assay.ContinuityTooEarly, assay.ContinuityNoRoom,
	assay.ContinuityQuota, assay.ContinuityClones, assay.ContinuitySuspended, assay.ContinuityRefused,
	assay.ContinuityOtherChain, assay.ContinuityNoProof, assay.ContinuityOtherEra, assay.ContinuityTrustExpired,
	assay.ContinuityNotOwner, assay.ContinuityNoInstance, assay.ContinuityExists, assay.ContinuitySealed,
	assay.ContinuityStorage, assay.ContinuityTooLarge, assay.ContinuityMisuse, assay.ContinuitySystem,
}

func must[T any](value T, err error) T {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	return value
}

func show(what string, err error, value string) {
	var refused *assay.ContinuityError
	switch {
	case errors.As(err, &refused):
		reason := "without"
		if refused.Reason != "" {
			reason = "with a reason"
		}
		fmt.Println(what, refused.Result.Name(), reason)
	case err != nil:
		fmt.Println(what, "other error:", err)
	default:
		fmt.Println(what, value)
	}
}

func tryOptions(good assay.ContinuityOptions, folder string) {
	other := make([]byte, 64)
	copy(other, strings.Repeat("\x02", 64))
	create := func(what string, change func(*assay.ContinuityOptions)) error {
		changed := good
		changed.Folder = folder + "/other"
		change(&changed)
		c, err := assay.CreateContinuity(&changed)
		show(what, err, "made")
		if err == nil {
			c.Close()
		}
		return err
	}
	must(0, os.Mkdir(folder+"/empty", 0o700))
	for _, place := range []string{"empty", "none"} {
		changed := good
		changed.Folder = folder + "/" + place
		_, err := assay.OpenContinuity(&changed)
		show("open "+place, err, "opened")
	}
	long := "/" + strings.Repeat("x", 4000)
	create("checkpoint", func(o *assay.ContinuityOptions) { o.Checkpoint = []byte("noise") })
	create("no checkpoint", func(o *assay.ContinuityOptions) { o.Checkpoint = []byte{} })
	err := create("key", func(o *assay.ContinuityOptions) { o.Key = make([]byte, 32) })
	create("no folder", func(o *assay.ContinuityOptions) { o.Folder = "" })
	create("long folder", func(o *assay.ContinuityOptions) { o.Folder = long })
	create("long daemon", func(o *assay.ContinuityOptions) { o.Daemon = long })
	create("state_max", func(o *assay.ContinuityOptions) { o.StateMax = 1<<30 + 1 })
	create("later without owner", func(o *assay.ContinuityOptions) { o.Later, o.LaterSignature = good.Checkpoint, other })
	create("later", func(o *assay.ContinuityOptions) { o.Owner, o.Later, o.LaterSignature = other, good.Checkpoint, other })
	create("empty later", func(o *assay.ContinuityOptions) { o.Owner, o.Later, o.LaterSignature = other, []byte{}, other })
	create("made", func(o *assay.ContinuityOptions) {
		o.Group, o.Owner, o.Lease, o.Handover, o.StateMax = 7, other, 9, time.Second, 1<<30
	})
	fmt.Println(err)
}

func trySession(good assay.ContinuityOptions, folder string) *assay.Continuity {
	good.Folder = folder + "/new"
	c := must(assay.CreateContinuity(&good))
	_, err := c.Update([]byte("state"))
	show("update", err, "")
	show("wait", c.Wait(1, 0), "")
	show("save", c.Save(nil, 0), "")
	show("confirm", c.Confirm(0), "")
	_, err = c.Receipt([32]byte{}, 0)
	show("receipt", err, "")
	show("retire", c.Retire(0), "")
	show("start", c.Start(0), "")
	show("start again", c.Start(20*time.Millisecond), "")
	show("a day", c.Start(24*time.Hour+time.Millisecond), "")
	show("step", c.Step(24*time.Hour+time.Millisecond), "")
	show("stepped", c.Step(10*time.Millisecond), "done")
	state, index := c.State()
	fmt.Println("state", len(state), index)
	status := must(c.Status())
	fmt.Println("status", status.Session, status.Given, status.Certified, hex.EncodeToString(status.ChainID[:]),
		hex.EncodeToString(status.Instance[:]))
	yes := map[bool]string{true: "True", false: "False"}
	fmt.Println("events", yes[c.Fd() >= 0], yes[c.Timeout() >= 0 && c.Timeout() <= time.Minute])
	_, err = assay.OpenContinuity(&good)
	show("opened", err, "")
	return c
}

func tryReceipts(checkpoint []byte, key [32]byte) {
	showReceipt := func(what string, input assay.ReceiptInput) {
		_, err := assay.VerifyReceipt(&input)
		var refused *assay.ReceiptError
		if !errors.As(err, &refused) || !errors.Is(err, refused.Answer) || refused.Reason == "" {
			fmt.Println(what, "other error:", err)
			return
		}
		fmt.Println(what, refused.Answer.Name(), "with a reason")
	}
	for answer := assay.ReceiptVerified; answer <= assay.ReceiptSystem; answer++ {
		fmt.Println(int(answer), "RECEIPT_"+answer.Name(), answer.Description())
	}
	none := []byte{}
	showReceipt("noise", assay.ReceiptInput{Checkpoint: checkpoint, Evidence: none, Receipt: []byte("noise"), Nonce: &key, NowMs: 1})
	showReceipt("no receipt",
		assay.ReceiptInput{Checkpoint: checkpoint, Evidence: none, Receipt: none, Instance: &key, MaxAgeS: 1})
	showReceipt("no trust", assay.ReceiptInput{Checkpoint: none, Evidence: none, Receipt: none})
	showReceipt("long receipt", assay.ReceiptInput{Checkpoint: checkpoint, Evidence: none, Receipt: make([]byte, 3073)})
}

func main() {
	folder := os.Args[2]
	key := []byte(strings.Repeat("\x01", 32))
	good := assay.ContinuityOptions{Daemon: folder + "/absent", Checkpoint: must(os.ReadFile(os.Args[1])), Key: key}
	for _, result := range results {
		fmt.Println(int(result), result.Name(), result.Description())
	}
	tryOptions(good, folder)
	c := trySession(good, folder)
	var other sync.WaitGroup
	other.Add(1)
	go func() {
		defer other.Done()
		show("waited", c.Start(300*time.Millisecond), "")
	}()
	time.Sleep(100 * time.Millisecond)
	c.Close()
	other.Wait()
	var nonce [32]byte
	copy(nonce[:], key)
	tryReceipts(good.Checkpoint, nonce)
}
