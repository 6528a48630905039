/*
 * engine/node/chain_head.c - state after the last closed epoch, with the voters and rules derived
 * from it (docs/protocol.md 4.6, 5.18).
 */
#include "engine/parts/engine_internal.h"

static bool head_is_valid(const struct assay_engine *e)
{
    const struct assay_chain_head *h = e->head;
    return assay_context_holds(&h->context) && h->context.state == &h->state &&
           h->state.member_count == e->members && h->voters.count == e->members;
}

static enum assay_status load_key(struct assay_p256 **key, const uint8_t public_key[static 64])
{
    assay_p256_free(key);
    return assay_p256_load(public_key, key);
}

/* Decodes the keys of the listed incarnations, builds the voter table. Returns: ASSAY_OK |
 * ASSAY_E_KEY | ASSAY_E_CRYPTO */
static enum assay_status list_voters(struct assay_engine *e)
{
    ASSAY_ASSERT(assay_state_holds(&e->head->state));

    struct assay_chain_head *h = &e->parts->head;
    uint64_t total = 0;
    for (uint32_t i = 0; i < e->members; i++) {
        const struct assay_member *m = &h->state.members[i];
        if (!assay_bytes_equal(h->loaded[i], m->lives[0].voting_public, 64)) {
            ASSAY_TRY(load_key(&h->voting[i], m->lives[0].voting_public));
            assay_bytes_copy(h->loaded[i], 64, m->lives[0].voting_public, 64);
        }
        ASSAY_ASSERT(m->seat_weight <= ASSAY_SEAT_WEIGHT_MAX);
        h->weights[i] = m->seat_weight;
        total += assay_member_row_weight(m);
    }
    h->voters = (struct assay_voter_table){ .count = e->members,
                                            .weight = h->weights,
                                            .node_id = (const uint8_t(*)[32])h->node_ids,
                                            .voting_key = h->voting,
                                            .total_weight = total };
    h->context.epoch = h->state.epoch + 1;
    return ASSAY_OK;
}

/*
 * Tables for the keys of the first voters. One new table an epoch: making it takes 20 ms, in which
 * this node's consensus waits, and a member that changes its keys or its weight all the time causes
 * no more work than that.
 */
static void update_tables(struct assay_engine *e)
{
    struct assay_chain_head *h = &e->parts->head;
    uint32_t wanted = 0;
    bool made = false;
    for (uint32_t i = 0; i < e->members; i++) {
        const bool is_wanted = h->weights[i] > 0 && wanted < h->tables_max;
        wanted += is_wanted;
        if (assay_p256_has_table(h->voting[i]) == is_wanted) continue;
        if (!is_wanted) {
            assay_p256_remove_table(h->voting[i]);
        } else if (!made) {
            const bool has_memory = assay_p256_add_table(h->voting[i]);
            (void)has_memory; /* without a table it verifies as before */
        }
        made |= is_wanted;
    }
    ASSAY_ASSERT(wanted <= h->tables_max);
}

static enum assay_status load_members(struct assay_engine *e)
{
    struct assay_chain_head *h = &e->parts->head;
    for (uint32_t i = 0; i < e->members; i++) {
        const struct assay_member *m = &h->state.members[i];
        assay_bytes_copy(h->node_ids[i], 32, m->node_id, 32);
        ASSAY_TRY(assay_p256_load(m->identity_public, &h->identity[i]));
    }
    return list_voters(e);
}

static void init_context(struct assay_engine *e)
{
    struct assay_chain_head *h = &e->parts->head;
    struct assay_writer w = assay_writer_over(h->operators, ASSAY_OPERATORS_LEN_MAX);
    h->context = (struct assay_context){
        .state = &h->state,
        .epoch = h->state.epoch + 1,
        .voting = h->voting,
        .identity = h->identity,
        .pending = h->pending,
        .stage = &h->stage,
        .document_check = e->document_check,
        .plan_follow = e->plan_follow,
        .updates = e->updates,
        .endorsements = e->genesis->endorsements,
        .update_cache = &h->update_cache,
        .set = &h->set,
        .services = e->services,
        .registry = e->service_state->registry,
        .room = &e->service_state->room,
    };
    if (e->genesis->operator_count == 0) return; /* a network without operators */
    const enum assay_status status = assay_operators_encode(e->genesis, &w);
    ASSAY_ASSERT(status == ASSAY_OK);
    h->context.effective = e->genesis;
    h->context.operators = assay_slice_over(h->operators, w.len);
}

enum assay_status assay_head_init(struct assay_engine *e, const struct assay_state *state,
                                  uint32_t key_tables, void *groups)
{
    struct assay_chain_head *h = &e->parts->head;
    h->tables_max = key_tables;
    for (uint32_t i = 0; i < e->members; i++)
        h->voting[i] = h->identity[i] = NULL; /* not loaded: it may be freed at any time */
    assay_bytes_zero(h->loaded, e->members * sizeof *h->loaded);
    h->rules = (struct assay_close_rules){ .groups = &h->groups,
                                           .score = assay_score_rules_default() };
    if (state != NULL) {
        assay_state_copy(&h->state, state);
        assay_close_groups(&h->state, h->close.places, groups, &h->groups);
        assay_close_tolerance(&h->rules, &h->close, &h->state, &h->tolerance);
        assay_services_init(e, NULL);
    } else {
        assay_state_genesis(&h->state, e->genesis);
        if (e->newcomer) h->state.members[e->self].stage = ASSAY_STAGE_RESTING; /* no weight */
        assay_close_groups(&h->state, h->close.places, groups, &h->groups);
        assay_close_genesis_weights(&h->rules, &h->close, &h->state, &h->tolerance);
        assay_services_init(e, &h->state);
        assay_state_root(&h->state, h->scratch, h->scratch_len, h->state.root);
    }
    init_context(e);
    assay_declared_lists_on_head(e);
    ASSAY_TRY(load_members(e));
    ASSAY_ASSERT(head_is_valid(e));
    return h->voters.total_weight == 0 ? ASSAY_E_RANGE : ASSAY_OK;
}

void assay_head_free(struct assay_engine *e)
{
    for (uint32_t i = 0; i < e->members; i++) {
        assay_p256_free(&e->parts->head.voting[i]);
        assay_p256_free(&e->parts->head.identity[i]);
    }
}

enum assay_status assay_head_restore(struct assay_engine *e, struct assay_slice value)
{
    struct assay_chain_head *h = &e->parts->head;
    uint64_t epoch = 0;
    uint32_t members = 0;
    ASSAY_TRY(assay_state_peek(value, &epoch, &members));
    if (epoch <= h->state.epoch) return ASSAY_OK; /* epochs never repeat, whatever the era */
    if (members != e->members || e->newcomer) return ASSAY_E_CHAIN;
    assay_state_copy(&h->next, &h->state);
    ASSAY_TRY(assay_state_decode(value, &h->next));
    if (assay_head_needs_new_engine(e)) return ASSAY_E_CHAIN;
    if (h->next.services.count != h->state.services.count) return ASSAY_E_INVALID;
    assay_state_copy(&h->state, &h->next);
    assay_services_on_new_head(e);
    assay_declared_lists_on_head(e);
    return list_voters(e);
}

void assay_head_restore_change(struct assay_engine *e, struct assay_slice record)
{
    uint8_t digest[32];
    struct assay_chain_head *h = &e->parts->head;
    if (record.len > ASSAY_CHANGE_RECORD_LEN_MAX) return;
    assay_sha256(record.bytes, record.len, digest);
    for (uint32_t i = 0; i < h->state.pending_count; i++) {
        if (!assay_bytes_equal(h->state.pending[i].digest, digest, 32)) continue;
        assay_bytes_copy(h->pending_bytes[i], ASSAY_CHANGE_RECORD_LEN_MAX, record.bytes,
                         record.len);
        h->pending[i] = assay_slice_over(h->pending_bytes[i], record.len);
    }
}

void assay_head_restore_update(struct assay_engine *e, struct assay_slice record)
{
    struct assay_chain_head *h = &e->parts->head;
    assay_update_cache_put(&h->update_cache, record);
    assay_update_cache_prune(&h->update_cache, &h->state);
}

bool assay_head_has_pending(const struct assay_engine *e)
{
    for (uint32_t i = 0; i < e->head->state.pending_count; i++)
        if (e->head->pending[i].len == 0) return false;
    return assay_update_cache_is_complete(&e->head->update_cache, &e->head->state);
}

bool assay_head_can_close(const struct assay_engine *e)
{
    return !assay_services_has_missing(e) && assay_head_has_pending(e);
}

bool assay_head_needs_new_engine(const struct assay_engine *e)
{
    const struct assay_state *now = &e->head->state;
    const struct assay_state *next = &e->head->next;
    if (now->era != next->era || !assay_state_same_roster(now, next)) return true;
    if (!assay_state_rules_equal(&now->rules, &next->rules)) return true;
    if (!assay_bytes_equal(now->operators_digest, next->operators_digest, 32)) return true;
    return !assay_bytes_equal(now->services.plan, next->services.plan, 32);
}

/* Updates the records of pending changes, in the order of next.pending: those of the state, and one
 * from the closed epoch. */
static void update_pending(struct assay_engine *e, const struct assay_ledger *ledger)
{
    struct assay_chain_head *h = &e->parts->head;
    uint32_t known = h->state.pending_count;
    if (ledger->change_len > 0) {
        ASSAY_ASSERT(known < ASSAY_PENDING_MAX);
        assay_bytes_copy(h->pending_bytes[known], ASSAY_CHANGE_RECORD_LEN_MAX, ledger->change,
                         ledger->change_len);
        h->pending[known] = assay_slice_over(h->pending_bytes[known], ledger->change_len);
        known++;
    }
    /* They are removed at the front, one at a close, or all at once. */
    const uint32_t gone = known - h->next.pending_count;
    ASSAY_ASSERT(h->next.pending_count <= known);
    for (uint32_t i = 0; i < ASSAY_PENDING_MAX; i++) {
        if (gone > 0 && i + gone < known) {
            const size_t len = h->pending[i + gone].len;
            assay_bytes_copy(h->pending_bytes[i], ASSAY_CHANGE_RECORD_LEN_MAX,
                             h->pending_bytes[i + gone], len);
            h->pending[i] = assay_slice_over(h->pending_bytes[i], len);
        }
        if (i >= h->next.pending_count) h->pending[i] = (struct assay_slice){ 0 };
    }
}

void assay_head_set_proof(struct assay_engine *e, const uint8_t commitment[static 32])
{
    assay_bytes_copy(e->parts->head.proof, 32, commitment, 32);
}

void assay_head_compute_next(struct assay_engine *e, const struct assay_ledger *ledger,
                             uint64_t view)
{
    ASSAY_ASSERT(head_is_valid(e) && view > 0);

    struct assay_chain_head *h = &e->parts->head;
    ASSAY_ASSERT(ledger->members == e->members && assay_head_can_close(e));
    assay_close(&h->context, ledger, &h->rules, view, &h->close, &h->next, &h->next_tolerance);
    assay_state_root(&h->next, h->scratch, h->scratch_len, h->next.root);
    ASSAY_ASSERT(h->next.epoch == h->context.epoch);
}

void assay_head_seal_next(struct assay_engine *e, const struct assay_block_header *header,
                          const uint8_t id[static 32])
{
    ASSAY_ASSERT(header->epoch == e->head->context.epoch);

    struct assay_state *next = &e->parts->head.next;
    ASSAY_ASSERT(header->kind == ASSAY_BLOCK_EPOCH);
    ASSAY_ASSERT(next->epoch == e->head->context.epoch);
    ASSAY_ASSERT(header->height > e->head->state.head_height);
    assay_bytes_copy(next->head_id, 32, id, 32);
    next->head_height = header->height;
    next->head_view = header->view;
    next->head_time_ms = header->time_ms;
}

void assay_head_seal_recover(struct assay_engine *e, const struct assay_recover *recover)
{
    ASSAY_ASSERT(recover->header.height > e->head->state.head_height);
    assay_recover_seal(recover, &e->parts->head.next);
}

void assay_head_advance(struct assay_engine *e, const struct assay_ledger *ledger,
                        const uint8_t commitment[static 32])
{
    ASSAY_ASSERT(head_is_valid(e));

    struct assay_chain_head *h = &e->parts->head;
    ASSAY_ASSERT(h->next.epoch == h->state.epoch + 1 && !assay_head_needs_new_engine(e));
    update_pending(e, ledger);
    assay_update_cache_prune(&h->update_cache, &h->next);
    for (uint32_t i = 0; i < ledger->update_count; i++)
        assay_update_cache_put(&h->update_cache,
                               assay_slice_over(ledger->updates[i], ledger->update_len[i]));
    assay_update_cache_prune(&h->update_cache, &h->next);
    assay_services_advance(e, ledger);
    assay_state_copy(&h->state, &h->next);
    assay_declared_lists_on_head(e);
    h->tolerance = h->next_tolerance;
    assay_head_set_proof(e, commitment);
    const enum assay_status status = list_voters(e);
    ASSAY_ASSERT(status == ASSAY_OK); /* INCARNATE was checked to carry a key on the curve */
    update_tables(e);
    ASSAY_ASSERT(h->voters.total_weight > 0);
    ASSAY_ASSERT(head_is_valid(e));
}
