// examples/counter.go - counter whose value survives restarts and cannot be rolled back or cloned; as counter.c.
//
//	counter create|open SOCKETS CHECKPOINT KEY FOLDER
//
// KEY has 32 secret bytes: in a TEE its sealing key. Prints each value after it is certified, once a second, until the library
// refuses one. Uses the Go binding (bindings/go).
package main

import (
	"encoding/binary"
	"fmt"
	"os"
	"time"

	"assay.example/assay"
)

func count(options *assay.ContinuityOptions, isNew bool) error {
	prepare := assay.OpenContinuity
	if isNew {
		prepare = assay.CreateContinuity
	}
	counter, err := prepare(options)
	if err != nil {
		return err
	}
	defer counter.Close()
	if err := counter.Start(time.Minute); err != nil {
		return err
	}
	value := make([]byte, 8)
	state, _ := counter.State()
	copy(value, state)
	for {
		next := binary.LittleEndian.Uint64(value) + 1
		binary.LittleEndian.PutUint64(value, next)
		if err := counter.Save(value, time.Minute); err != nil {
			return err
		}
		fmt.Println(next)
		time.Sleep(time.Second)
	}
}

func must[T any](value T, err error) T {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	return value
}

func main() {
	if len(os.Args) != 6 || os.Args[1] != "create" && os.Args[1] != "open" {
		fmt.Fprintln(os.Stderr, "usage: counter create|open SOCKETS CHECKPOINT KEY FOLDER")
		os.Exit(2)
	}
	options := &assay.ContinuityOptions{Daemon: os.Args[2], Folder: os.Args[5]}
	options.Checkpoint, options.Key = must(os.ReadFile(os.Args[3])), must(os.ReadFile(os.Args[4]))
	if len(options.Key) != 32 {
		fmt.Fprintf(os.Stderr, "%s: expected 32 bytes, found %d\n", os.Args[4], len(options.Key))
		os.Exit(2)
	}
	fmt.Fprintln(os.Stderr, count(options, os.Args[1] == "create"))
	os.Exit(1)
}
