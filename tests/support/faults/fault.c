/*
 * tests/support/faults/fault.c - see fault.h.
 */
#include "tests/support/faults/fault.h"

static size_t fails_at, calls;

void fault_arm(size_t nth)
{
    fails_at = nth;
    calls = 0;
}

size_t fault_count(void) { return calls; }

bool fault_now(void)
{
    calls += 1;
    return calls == fails_at;
}
