/*
 * engine/sync/fast_sync_state.c - changes and documents that arrive with the state at the end of a
 * fast sync (docs/protocol.md 5.30).
 *
 * The root of the state is proven by then, and it names them by digest, so any peer may send them.
 */
#include "engine/sync/fast_sync_state.h"

#include "engine/ledger/fold/effective_rules.h"
#include "engine/ledger/proofs/proof.h"
#include "engine/ledger/records/change.h"

/* A document that is in one of the records. */
static bool is_named_in_answer(const struct assay_fast_sync_wire_answer *answer,
                               const uint8_t digest[static 32])
{
    struct assay_fast_sync_wire_answer a = *answer;
    while (a.pair_count > 0) {
        struct assay_slice record, document;
        uint64_t epoch = 0;
        if (assay_fast_sync_wire_next_change(&a, &epoch, &record) != ASSAY_OK) return false;
        if (assay_effective_rules_in_kept(record, digest, &document)) return true;
    }
    return false;
}

/* Or one that is here: of the genesis, or named by the own state, whose changes are stored. */
static bool is_known(const struct assay_engine *e, const uint8_t digest[static 32])
{
    uint8_t own[ASSAY_LEAF_DOCUMENTS_MAX][32];
    const uint32_t count = assay_leaf_documents(&e->head->state, own);
    for (uint32_t i = 0; i < count; i++)
        if (assay_bytes_equal(own[i], digest, 32)) return true;
    for (size_t i = 0; i < 3; i++)
        if (assay_bytes_equal(e->fast_sync->first[i], digest, 32)) return true;
    return false;
}

/* A change that waits, by the digest of its record. */
static bool is_sent(const struct assay_fast_sync_wire_answer *answer,
                    const uint8_t digest[static 32])
{
    struct assay_fast_sync_wire_answer a = *answer;
    while (a.pair_count > 0) {
        struct assay_slice record;
        uint64_t epoch = 0;
        uint8_t found[32];
        if (assay_fast_sync_wire_next_change(&a, &epoch, &record) != ASSAY_OK) return false;
        assay_sha256(record.bytes, record.len, found);
        if (assay_bytes_equal(found, digest, 32)) return true;
    }
    return false;
}

bool assay_fast_sync_state_is_complete(const struct assay_engine *e,
                                       const struct assay_fast_sync_wire_answer *answer,
                                       const struct assay_leaf_head *head)
{
    for (uint32_t i = 0; i < head->pending_count; i++)
        if (!is_sent(answer, head->pending[i])) return false;
    for (uint32_t i = 0; i < head->document_count; i++)
        if (!is_known(e, head->documents[i]) && !is_named_in_answer(answer, head->documents[i]))
            return false;
    return true;
}

enum assay_status assay_fast_sync_state_persist(struct assay_engine *e,
                                                const struct assay_fast_sync_wire_answer *answer,
                                                const struct assay_leaf_head *head)
{
    struct assay_fast_sync_wire_answer a = *answer;
    uint64_t covered = 0;
    while (a.pair_count > 0) {
        struct assay_slice bytes;
        struct assay_store_key key = { .era = e->head->state.era };
        ASSAY_TRY(assay_fast_sync_wire_next_change(&a, &key.epoch, &bytes));
        assay_sha256(bytes.bytes, bytes.len, key.id);
        const uint64_t covers = assay_fast_sync_wire_covers(head, key.id, bytes);
        if ((covers & ~covered) == 0) continue; /* nothing proves it, or it was not requested */
        covered |= covers;
        const enum assay_store_class class_ = assay_fast_sync_wire_class(bytes, head->epoch, &key);
        const struct assay_slice kept = assay_eng_copy(e, bytes);
        if (kept.len == 0 || !assay_eng_has_room(e, 1)) return ASSAY_E_AGAIN;
        assay_eng_persist(e, class_, &key, kept);
    }
    return ASSAY_OK;
}

void assay_fast_sync_state_restore(struct assay_engine *e,
                                   const struct assay_fast_sync_wire_answer *answer)
{
    struct assay_fast_sync_wire_answer a = *answer;
    while (a.pair_count > 0 && !e->chain->turned) {
        struct assay_slice bytes;
        uint64_t epoch = 0;
        const enum assay_status status = assay_fast_sync_wire_next_change(&a, &epoch, &bytes);
        ASSAY_ASSERT(status == ASSAY_OK); /* assay_fast_sync_state_persist has read them */
        assay_head_restore_change(e, bytes);
        assay_head_restore_update(e, bytes);
    }
}
