/*
 * engine/sync/boundary_page.c - voters and boundaries read from a store (docs/protocol.md 11.3.3).
 */
#include "engine/sync/boundary_page.h"

#include "base/assert.h"
#include "engine/consensus/vote.h"
#include "engine/ledger/fold/fold.h"
#include "engine/ledger/proofs/boundary.h"
#include "engine/ledger/proofs/proof.h"

static size_t round_up(size_t len)
{
    return (len + 63) & ~(size_t)63;
}

static size_t state_len(void)
{
    return round_up(assay_state_len_max(ASSAY_MEMBERS_MAX));
}

size_t assay_boundary_page_scratch_len(void)
{
    const size_t pair =
        round_up(assay_boundary_len_max(ASSAY_MEMBERS_MAX) + ASSAY_FINALITY_LEN_MAX);
    const size_t fold =
        round_up(sizeof(struct assay_fold)) + assay_fold_memory_len(ASSAY_MEMBERS_MAX);
    const size_t most = state_len() > pair ? state_len() : pair;
    return most > fold ? most : fold;
}

/* --- a state at or before the epoch */

struct newest {
    uint8_t *into;
    uint64_t epoch;
    size_t len;
};

static bool visit_newest(void *context, const struct assay_store_key *key, struct assay_slice value)
{
    struct newest *n = context;
    if (value.len > state_len() || (n->len > 0 && key->epoch <= n->epoch)) return false;
    assay_bytes_copy(n->into, state_len(), value.bytes, value.len);
    n->epoch = key->epoch;
    n->len = value.len;
    return false;
}

static enum assay_status voters_from_state(const struct assay_boundary_page *p, uint32_t era,
                                           uint64_t *epoch, struct assay_roster_row *rows,
                                           uint32_t *count)
{
    static const enum assay_store_class classes[] = { ASSAY_STORE_STATE, ASSAY_STORE_ANCHOR };
    const struct assay_store_key from = { .era = era };
    struct assay_store_key to = { .era = era, .epoch = *epoch, .number = UINT64_MAX };
    struct newest newest = { .into = p->scratch };
    for (size_t i = 0; i < sizeof to.id; i++)
        to.id[i] = 0xff;
    for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++)
        ASSAY_TRY(assay_store_scan(p->store, classes[i], &from, &to, true, visit_newest, &newest));
    if (newest.len == 0) return ASSAY_E_NOT_FOUND;
    *epoch = newest.epoch;
    return assay_proof_voters(assay_slice_over(newest.into, newest.len), rows, ASSAY_MEMBERS_MAX,
                              count);
}

static enum assay_status voters_from_genesis(const struct assay_boundary_page *p,
                                             struct assay_roster_row *rows, uint32_t *count)
{
    struct assay_fold *fold = (struct assay_fold *)(void *)p->scratch;
    assay_bytes_zero(fold, sizeof *fold);
    ASSAY_TRY(assay_fold_init(fold, p->scratch + round_up(sizeof *fold), ASSAY_MEMBERS_MAX,
                              p->genesis, NULL));
    *count = fold->state.member_count;
    for (uint32_t i = 0; i < *count; i++)
        assay_roster_row_of(&fold->state.members[i], &rows[i]);
    assay_fold_deinit(fold);
    return ASSAY_OK;
}

enum assay_status assay_boundary_page_voters(const struct assay_boundary_page *page, uint32_t era,
                                             uint64_t epoch, struct assay_roster_row *rows,
                                             uint32_t *count)
{
    uint64_t at = epoch;
    ASSAY_ASSERT(((uintptr_t)page->scratch & 63) == 0);
    enum assay_status status = voters_from_state(page, era, &at, rows, count);
    if (status == ASSAY_E_NOT_FOUND && era == 0) {
        at = 0;
        status = voters_from_genesis(page, rows, count);
    }
    ASSAY_TRY(status);
    while (at < epoch) {
        struct assay_slice boundary, finality;
        struct assay_boundary b;
        ASSAY_TRY(assay_boundary_page_next(page, era, ++at, &boundary, &finality));
        ASSAY_TRY(assay_boundary_decode(boundary, ASSAY_MEMBERS_MAX, &b));
        ASSAY_TRY(assay_boundary_apply(&b, rows, *count));
        *count = b.state.member_count;
    }
    return ASSAY_OK;
}

enum assay_status assay_boundary_page_next(const struct assay_boundary_page *page, uint32_t era,
                                           uint64_t epoch, struct assay_slice *boundary,
                                           struct assay_slice *finality)
{
    const struct assay_store_key key = { .era = era, .epoch = epoch };
    const size_t len_max = assay_boundary_page_scratch_len();
    size_t len = 0, proof_len = 0;
    ASSAY_TRY(
        assay_store_get(page->store, ASSAY_STORE_BOUNDARY, &key, page->scratch, len_max, &len));
    ASSAY_TRY(assay_store_get(page->store, ASSAY_STORE_FINALITY, &key, page->scratch + len,
                              len_max - len, &proof_len));
    *boundary = assay_slice_over(page->scratch, len);
    *finality = assay_slice_over(page->scratch + len, proof_len);
    return ASSAY_OK;
}
