/*
 * engine/store/key.c - order of store keys, shared by every implementation.
 */
#include "engine/store/store.h"

static int compare_u64(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

int assay_store_key_compare(const struct assay_store_key *a, const struct assay_store_key *b)
{
    if (a->era != b->era) return compare_u64(a->era, b->era);
    if (a->epoch != b->epoch) return compare_u64(a->epoch, b->epoch);
    if (a->number != b->number) return compare_u64(a->number, b->number);
    return assay_bytes_compare(a->id, b->id, sizeof a->id);
}
