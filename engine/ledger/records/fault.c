/*
 * engine/ledger/records/fault.c - faults of rejected blocks.
 */
#include "engine/ledger/records/fault.h"

#include "base/assert.h"
#include "base/bytes.h"

enum assay_status assay_fault_plain(struct assay_fault *fault, const char *what,
                                    enum assay_status status)
{
    ASSAY_ASSERT(status != ASSAY_OK);
    *fault = (struct assay_fault){ .what = what, .status = status };
    return status;
}

enum assay_status assay_fault_numbers(struct assay_fault *fault, const char *what,
                                      uint64_t expected, uint64_t found)
{
    ASSAY_ASSERT(expected != found);
    *fault = (struct assay_fault){ .what = what,
                                   .status = ASSAY_E_INVALID,
                                   .has_numbers = true,
                                   .expected = expected,
                                   .found = found };
    return ASSAY_E_INVALID;
}

enum assay_status assay_fault_ids(struct assay_fault *fault, const char *what,
                                  const uint8_t expected[static 32], const uint8_t found[static 32])
{
    ASSAY_ASSERT(!assay_bytes_equal(expected, found, 32));
    *fault = (struct assay_fault){ .what = what, .status = ASSAY_E_INVALID, .has_ids = true };
    assay_bytes_copy(fault->expected_id, 32, expected, 32);
    assay_bytes_copy(fault->found_id, 32, found, 32);
    return ASSAY_E_INVALID;
}
