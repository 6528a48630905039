/*
 * tests/fuzz/engine/fuzz_archive.c - archives of stores: what decodes is walked, and verified
 * against a genesis that it is not of. The digest at the end is set right first, or nothing behind
 * it would ever be read.
 */
#include "base/assert.h"
#include "engine/audit/archive.h"

#include <stdlib.h>

enum { DIGEST_LEN = 34 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void walk(struct assay_archive a)
{
    struct assay_slice first, second;
    uint64_t epoch = 0;
    while (a.change_count > 0)
        assay_archive_next_change(&a, &epoch, &first);
    while (a.boundary_count > 0)
        assay_archive_next_boundary(&a, &first, &second);
}

static void verify(const struct assay_archive *a)
{
    static struct assay_genesis genesis;
    static uint8_t *memory;
    struct assay_archive_report report;
    if (memory == NULL) memory = aligned_alloc(64, assay_archive_memory_len());
    ASSAY_ASSERT(memory != NULL);
    assay_bytes_copy(genesis.chain_id, 32, a->end.chain_id, 32);
    genesis.member_count = 1;
    genesis.parameters.epoch_ms = 1000;
    genesis.parameters.operator_cap_num = genesis.parameters.operator_cap_den = 1;
    genesis.parameters.vendor_cap_num = genesis.parameters.vendor_cap_den = 1;
    const struct assay_archive_check check = { a, &genesis, NULL, memory, NULL, NULL };
    const enum assay_status status = assay_archive_verify(&check, &report);
    ASSAY_ASSERT(status != ASSAY_OK || !report.proven);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct assay_archive archive;
    uint8_t *own = malloc(len + 1);
    ASSAY_ASSERT(own != NULL);
    assay_bytes_copy(own, len + 1, bytes, len);
    if (len > DIGEST_LEN) assay_sha256(own, len - DIGEST_LEN, own + len - 32);
    if (assay_archive_decode(assay_slice_over(own, len), &archive) == ASSAY_OK) {
        walk(archive);
        verify(&archive);
    }
    free(own);
    return 0;
}
