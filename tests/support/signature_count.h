/*
 * tests/support/signature_count.h - an exact count of the signatures that a program verified: what
 * hostile certificates may cost is bounded in verifications, not in time.
 *
 * For programs that link assay_test_signature_count: the linker sends every assay_public_key_check
 * (base/crypto.h) through the counter. Of a program with one thread.
 */
#ifndef ASSAY_TESTS_SUPPORT_SIGNATURE_COUNT_H
#define ASSAY_TESTS_SUPPORT_SIGNATURE_COUNT_H

#include <stddef.h>

/* Returns: the calls of assay_public_key_check since the previous call, or since the start. */
size_t test_signature_count_take(void);

#endif
