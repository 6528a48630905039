// bindings/go/policy.go - policy files through libassay-policy; a program built with the tag assay_no_yaml is without.

//go:build !assay_no_yaml

package assay

// #cgo pkg-config: assay-policy
// #include <assay/policy.h>
// #include <stdlib.h>
import "C"

import (
	"errors"
	"unsafe"
)

// NewPolicy reads the text of a policy file; the error says where it is wrong.
func NewPolicy(yaml string) (*Policy, error) {
	var a arena
	defer a.free()
	message := (*C.char)(C.calloc(1, C.ASSAY_POLICY_MESSAGE_MAX))
	defer C.free(unsafe.Pointer(message))
	p := &Policy{}
	status := C.assay_policy_create_yaml(a.text(yaml), C.size_t(len(yaml)), &p.object, message,
		C.ASSAY_POLICY_MESSAGE_MAX)
	if said := C.GoString(message); status != C.ASSAY_OK && said != "" {
		return nil, errors.New(said)
	}
	if err := check(status); err != nil {
		return nil, err
	}
	p.collect()
	return p, nil
}
