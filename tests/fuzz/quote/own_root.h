/*
 * tests/fuzz/quote/own_root.h - the roots contained in evidence, pinned, so that seeds with a
 * vendor of the tests reach the code after the root check.
 */
#ifndef ASSAY_TESTS_FUZZ_QUOTE_OWN_ROOT_H
#define ASSAY_TESTS_FUZZ_QUOTE_OWN_ROOT_H

#include "quote/verify.h"

/*
 * Appends the key of each certificate that issued itself: of the package, of a quote's own chain,
 * of the quote below a paravisor. Returns: true when there was one.
 */
bool own_root_pin(enum assay_evidence_kind kind, const uint8_t *data, size_t size,
                  struct assay_endorsements *endorsements);

#endif
