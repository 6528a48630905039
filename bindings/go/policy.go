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

// readYAML calls a function that reads a policy file; the error says where it is wrong.
func readYAML(yaml string, read func(*C.char, C.size_t, *C.char) C.enum_assay_status) error {
	var a arena
	defer a.free()
	message := (*C.char)(C.calloc(1, C.ASSAY_POLICY_MESSAGE_MAX))
	defer C.free(unsafe.Pointer(message))
	status := read(a.text(yaml), C.size_t(len(yaml)), message)
	if said := C.GoString(message); status != C.ASSAY_OK && said != "" {
		return errors.New(said)
	}
	return check(status)
}

// NewPolicy reads the text of a policy file; the error says where it is wrong.
func NewPolicy(yaml string) (*Policy, error) {
	p := &Policy{}
	err := readYAML(yaml, func(text *C.char, length C.size_t, message *C.char) C.enum_assay_status {
		return C.assay_policy_create_yaml(text, length, &p.object, message, C.ASSAY_POLICY_MESSAGE_MAX)
	})
	if err != nil {
		return nil, err
	}
	p.collect()
	return p, nil
}

// ReadIssuers returns the issuers that a policy file names (token_issuers). read returns the content of a file, whose
// name is from the folder of the policy file on.
func ReadIssuers(yaml string, read func(name string) ([]byte, error)) (issuers []Issuer, err error) {
	var list *C.struct_assay_policy_issuers
	err = readYAML(yaml, func(text *C.char, length C.size_t, message *C.char) C.enum_assay_status {
		return C.assay_policy_issuers_create_yaml(text, length, &list, message, C.ASSAY_POLICY_MESSAGE_MAX)
	})
	if err != nil {
		return nil, err
	}
	defer C.assay_policy_issuers_destroy(&list)
	one := C.struct_assay_policy_issuer{size: C.sizeof_struct_assay_policy_issuer}
	for C.assay_policy_issuers_get(list, C.size_t(len(issuers)), &one) {
		issuer := Issuer{Service: Service(one.service), Issuer: C.GoString(one.issuer),
			Audience: C.GoString(one.audience)}
		if one.keys_file != nil {
			if issuer.Keys, err = read(C.GoString(one.keys_file)); err != nil {
				return nil, err
			}
		}
		if one.root_file != nil {
			if issuer.Root, err = read(C.GoString(one.root_file)); err != nil {
				return nil, err
			}
		}
		if one.has_age_max {
			age := uint64(one.age_max_s)
			issuer.AgeMax = &age
		}
		issuers = append(issuers, issuer)
	}
	return issuers, nil
}
