// bindings/go/continuity_test.go - misuse of rollback protection that the types of Go do not exclude; tests/bindings compares the
// rest with other languages.

//go:build cgo && !assay_no_continuity

package assay

import (
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"
)

func TestContinuityMisuse(t *testing.T) {
	good := ContinuityOptions{Daemon: "absent", Folder: t.TempDir(), Checkpoint: []byte("noise"), Key: make([]byte, 32)}
	for what, change := range map[string]func(*ContinuityOptions){
		"Daemon":         func(o *ContinuityOptions) { o.Daemon = "a\x00b" },
		"Folder":         func(o *ContinuityOptions) { o.Folder = "a\x00b" },
		"Key":            func(o *ContinuityOptions) { o.Key = make([]byte, 31) },
		"Owner":          func(o *ContinuityOptions) { o.Owner = make([]byte, 65) },
		"LaterSignature": func(o *ContinuityOptions) { o.LaterSignature = []byte{} },
		"StateMax":       func(o *ContinuityOptions) { o.StateMax = -1 },
		"a time":         func(o *ContinuityOptions) { o.Handover = -time.Second },
		"checkpoint":     func(o *ContinuityOptions) { o.Checkpoint = nil },
		"key":            func(o *ContinuityOptions) { o.Key = nil },
	} {
		options := good
		change(&options)
		for _, prepare := range []func(*ContinuityOptions) (*Continuity, error){CreateContinuity, OpenContinuity} {
			c, err := prepare(&options)
			var refused *ContinuityError
			if c != nil || !errors.As(err, &refused) || !errors.Is(err, ContinuityMisuse) ||
				!strings.Contains(refused.Reason, what) {
				t.Errorf("%s: %v", what, err)
			}
		}
	}
	if _, err := CreateContinuity(nil); !errors.Is(err, ContinuityMisuse) {
		t.Errorf("nil: %v", err)
	}
	if name := ContinuityResult(-1).Name() + ContinuityResult(26).Name(); name != "UNKNOWNUNKNOWN" {
		t.Errorf("no result: %s", name)
	}
}

func TestContinuityClosed(t *testing.T) {
	c := &Continuity{} // as after Close
	c.Close()
	c.Close()
	_, updated := c.Update(nil)
	_, received := c.Receipt([32]byte{}, 0)
	_, found := c.Status()
	for i, err := range []error{c.Start(0), updated, c.Wait(1, 0), c.Save(nil, 0), c.Confirm(0), received, c.Retire(0), c.Step(0),
		found, c.Start(-1), c.Wait(0, -time.Hour), c.Save(nil, 1<<62)} {
		if !errors.Is(err, ContinuityMisuse) {
			t.Errorf("%d: %v", i, err)
		}
	}
	if state, index := c.State(); state != nil || index != 0 || c.Fd() != -1 || c.Timeout() != 0 {
		t.Error("a closed instance has a state")
	}
	runtime.GC()
}

func TestContinuityTimeout(t *testing.T) {
	for given, expected := range map[time.Duration]int{0: 0, 1: 1, time.Millisecond: 1, time.Millisecond + 1: 2, time.Minute: 60000} {
		if ms, err := timeoutOf(given); err != nil || int(ms) != expected {
			t.Errorf("%v: %d %v", given, ms, err)
		}
	}
}
