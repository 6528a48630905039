/*
 * engine/ledger/records/fault.h - fault of a rejected block: the item, and the expected value.
 */
#ifndef ASSAY_ENGINE_LEDGER_RECORDS_FAULT_H
#define ASSAY_ENGINE_LEDGER_RECORDS_FAULT_H

#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

/* Reason of a rejection: the item, and the expected value. */
struct assay_fault {
    const char *what; /* static text; NULL: nothing is wrong */
    enum assay_status status;
    bool has_record, has_numbers, has_ids;
    uint64_t record; /* index in the body */
    uint64_t expected, found;
    uint8_t expected_id[32], found_id[32];
};

/* Each sets *fault. Returns: status, which is never ASSAY_OK (asserted). */
enum assay_status assay_fault_plain(struct assay_fault *fault, const char *what,
                                    enum assay_status status);
enum assay_status assay_fault_numbers(struct assay_fault *fault, const char *what,
                                      uint64_t expected, uint64_t found);
enum assay_status assay_fault_ids(struct assay_fault *fault, const char *what,
                                  const uint8_t expected[static 32],
                                  const uint8_t found[static 32]);

#endif
