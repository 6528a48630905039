/*
 * tests/support/faults/fault.h - injected failures of wrapped calls.
 *
 * A test program links fault.c and names, for the linker, the functions that it wraps
 * (assay_test_wrap in its CMakeLists.txt). Each wrapper calls fault_now() before it calls the
 * function itself. Calls of all wrapped functions are counted together, in their order.
 */
#ifndef ASSAY_TESTS_SUPPORT_FAULT_H
#define ASSAY_TESTS_SUPPORT_FAULT_H

#include <stdbool.h>
#include <stddef.h>

/* Call number nth from now fails (1: the next one; 0: none), and the count restarts. */
void fault_arm(size_t nth);
/* Returns: how many calls there were since fault_arm. */
size_t fault_count(void);
/* For wrappers: counts a call. Returns: true when this one is to fail. */
bool fault_now(void);

#endif
