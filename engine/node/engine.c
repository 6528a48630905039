/*
 * engine/node/engine.c - memory layout, initialisation and renewal of the engine (control flow:
 * step.c).
 *
 * One block of memory from the caller, laid out once; nothing is allocated after init but decoded
 * keys, which the crypto seam owns.
 */
#include "engine/parts/engine_internal.h"

#include "base/layout.h"
#include "engine/evidence/pool.h"
#include "engine/sync/fast_sync_wire.h"
#include "engine/sync/sync.h"

enum {
    BLOCKS_DEFAULT = 128,
    ARENA_EXTRA = 512 * 1024, /* records, envelopes, requests of one step */
};

uint64_t assay_eng_epoch_ms(const struct assay_engine *e)
{
    return e->genesis->parameters.epoch_ms;
}

uint16_t assay_eng_find_peer(const struct assay_engine *e, uint32_t turn)
{
    ASSAY_ASSERT(e->self < e->members);
    const uint32_t peers = assay_eng_count_peers(e);
    if (peers == 0) return ASSAY_SLOT_ALL;
    uint32_t before = turn % peers;
    for (uint32_t k = 1; k < e->members; k++) {
        const uint32_t slot = (e->self + k) % e->members;
        if (assay_member_serves(&e->head->state.members[slot]) && before-- == 0)
            return (uint16_t)slot;
    }
    ASSAY_UNREACHABLE("one of the peers that were counted");
}

uint32_t assay_eng_count_peers(const struct assay_engine *e)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < e->members; i++)
        count += i != e->self && assay_member_serves(&e->head->state.members[i]);
    return count;
}

/* --- memory */

_Static_assert((int)ASSAY_BLOCK_LEN_MIN >= (int)ASSAY_RECORD_LEN_MAX + 1024,
               "the longest record fits into a block");

static uint32_t body_max(const struct assay_engine_config *config)
{
    return config->genesis->parameters.block_len_max;
}

static uint32_t blocks_max(const struct assay_engine_config *config)
{
    return config->blocks_max != 0 ? config->blocks_max : BLOCKS_DEFAULT;
}

static struct assay_simplex_config simplex_config(const struct assay_engine_config *config,
                                                  struct assay_blocks *blocks)
{
    struct assay_simplex_config c = { .self = config->self,
                                      .voters_max = config->genesis->member_count,
                                      .neighbours = config->neighbours,
                                      .blocks = blocks,
                                      .block_len_max = body_max(config) };
    assay_bytes_copy(c.chain_id, 32, config->genesis->chain_id, 32);
    return c;
}

/* Memory of the state machines behind their own headers. */
struct machines {
    void *groups, *blocks, *simplex, *arena;
    size_t arena_len;
    struct assay_pool *pool;
    struct assay_simplex_actions *actions;
};

/* A boundary may add slots to the state that the next engine is made of. */
static uint32_t capacity(uint32_t members)
{
    return members + ASSAY_JOINS_MAX;
}

static void lay_out_ledgers(struct assay_parts *p, struct assay_layout *l, uint32_t n)
{
    struct assay_ledger *ledgers[] = { &p->chain.ledger, &p->branch.ledger, &p->sync.ledger };
    struct assay_state *states[] = { &p->head.state, &p->head.next, &p->head.stage };
    for (size_t i = 0; i < sizeof ledgers / sizeof ledgers[0]; i++) {
        void *memory = assay_layout_add(l, assay_ledger_memory_len(n));
        if (l->base != NULL) assay_ledger_init(ledgers[i], memory, n);
    }
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        void *memory = assay_layout_add(l, assay_state_memory_len(capacity(n)));
        if (l->base == NULL) continue;
        assay_state_init(states[i], memory, capacity(n));
        states[i]->member_count = n;
    }
    void *close = assay_layout_add(l, assay_close_memory_len(capacity(n)));
    if (l->base != NULL) assay_close_init(&p->head.close, close, capacity(n));
}

static const struct assay_grants *grants_of(const struct assay_engine_config *config)
{
    return config->services != NULL ? config->services->grants : NULL;
}

static void lay_out_members(struct assay_parts *p, struct assay_layout *l,
                            const struct assay_engine_config *config)
{
    const size_t n = config->genesis->member_count;
    struct assay_chain_head *head = &p->head;
    struct assay_findings *findings = &p->verdicts.findings;
    head->voting = assay_layout_add(l, n * sizeof(struct assay_p256 *));
    head->identity = assay_layout_add(l, n * sizeof(struct assay_p256 *));
    head->loaded = assay_layout_add(l, n * ASSAY_P256_PUBLIC_LEN);
    head->weights = assay_layout_add(l, n * sizeof(uint32_t));
    head->node_ids = assay_layout_add(l, n * 32);
    head->capacity = capacity((uint32_t)n);
    head->scratch_len = assay_state_scratch_len(head->capacity);
    head->scratch = assay_layout_add(l, head->scratch_len);
    head->operators = assay_layout_add(l, ASSAY_OPERATORS_LEN_MAX);
    for (uint32_t i = 0; i < ASSAY_PENDING_MAX; i++)
        head->pending_bytes[i] = assay_layout_add(l, ASSAY_CHANGE_RECORD_LEN_MAX);
    for (uint32_t i = 0; i < ASSAY_UPDATES_MAX; i++)
        head->update_cache.bytes[i] = assay_layout_add(l, ASSAY_UPDATE_RECORD_LEN_MAX);
    void *set = assay_layout_add(l, ASSAY_SET_LEN_MAX);
    if (l->base != NULL) head->set = assay_writer_over(set, ASSAY_SET_LEN_MAX);
    p->seats = assay_layout_add(l, n * sizeof(struct assay_seat));
    p->key_lists.places = assay_layout_add(l, n * sizeof *p->key_lists.places);
    for (unsigned lane = 0; lane < ASSAY_INVENTORY_LANES; lane++)
        p->inventory.lacks[lane] = assay_layout_add(l, n * sizeof(struct assay_missing_item));
    p->inventory.windows = assay_layout_add(l, n * sizeof *p->inventory.windows);
    findings->count = (uint32_t)(4 * n + 64);
    findings->grants = grants_of(config);
    findings->items = assay_layout_add(l, findings->count * sizeof(struct assay_finding_record));
    p->pending_proofs.hashes = assay_layout_add(l, n * 32);
    const uint32_t names = config->services != NULL ? ASSAY_GRANTS_MAX : 0;
    p->pending_proofs.ballot_len_max = assay_ballot_len_max((uint32_t)n, names) + 128;
    for (uint32_t i = 0; i < ASSAY_PENDING_PROOFS_MAX; i++)
        p->pending_proofs.all[i].ballot = assay_layout_add(l, p->pending_proofs.ballot_len_max);
}

/* Boundaries in a fast sync may have other rosters. */
static void lay_out_fast_sync(struct assay_parts *p, struct assay_layout *l)
{
    const size_t n = ASSAY_MEMBERS_MAX;
    p->fast_sync.rows = assay_layout_add(l, n * sizeof *p->fast_sync.rows);
    p->fast_sync.rows_next = assay_layout_add(l, n * sizeof *p->fast_sync.rows_next);
    p->fast_sync.keys = assay_layout_add(l, n * sizeof(struct assay_p256 *));
    p->fast_sync.weights = assay_layout_add(l, n * sizeof *p->fast_sync.weights);
    p->fast_sync.node_ids = assay_layout_add(l, n * sizeof *p->fast_sync.node_ids);
    p->fast_sync.page.rows = assay_layout_add(l, n * sizeof *p->fast_sync.page.rows);
    p->fast_sync.page.tip_rows = assay_layout_add(l, n * sizeof *p->fast_sync.page.tip_rows);
    p->fast_sync.page.lacking = assay_layout_add(l, n / 8);
    p->fast_sync.silent = assay_layout_add(l, n / 8);
    p->fast_sync.unresponsive = assay_layout_add(l, n / 8);
    p->fast_sync.done = assay_layout_add(l, n / 8);
    p->chain.leaf_hashes =
        assay_layout_add(l, ((size_t)p->head.capacity + 1) * sizeof *p->chain.leaf_hashes);
}

static void lay_out_services(struct assay_parts *p, struct assay_layout *l,
                             const struct assay_engine_config *config)
{
    const struct assay_services *services = config->services;
    const uint32_t n = config->genesis->member_count;
    struct assay_ledger *ledgers[] = { &p->chain.ledger, &p->branch.ledger, &p->sync.ledger };
    if (services == NULL) return;
    p->service_state.registry = assay_layout_add(l, services->registry_len);
    p->service_state.room.registry = assay_layout_add(l, services->registry_len);
    p->service_state.room.members =
        assay_layout_add(l, capacity(n) * sizeof *p->service_state.room.members);
    p->service_state.room.document = assay_layout_add(l, services->document_len_max);
    const size_t log_len = assay_services_log_memory_len(n, services->reserved_first > 0);
    const uint32_t names = services->grants != NULL ? services->grants->count : 0;
    void *closed = assay_layout_add(l, log_len);
    if (l->base != NULL) assay_services_log_init(&p->service_state.closed, closed, n, services);
    for (size_t i = 0; i < sizeof ledgers / sizeof ledgers[0]; i++) {
        void *memory = assay_layout_add(l, log_len);
        void *rows = assay_layout_add(l, assay_ledger_grants_len(n, names));
        if (l->base == NULL) continue;
        assay_ledger_serve(ledgers[i], memory, services);
        assay_ledger_grant(ledgers[i], rows, names);
    }
}

static void lay_out_blocks(struct assay_parts *p, struct assay_layout *l,
                           const struct assay_engine_config *config)
{
    p->sync.proof = assay_layout_add(l, ASSAY_FINALITY_LEN_MAX);
    p->era.fence = assay_layout_add(l, ASSAY_FENCE_LEN_MAX);
    p->acceptance.document = assay_layout_add(l, ASSAY_RECOVER_LEN_MAX);
    const size_t members = config->genesis->member_count;
    p->confirmations.said = assay_layout_add(l, members * sizeof *p->confirmations.said);
    p->confirmations.answered_ms =
        assay_layout_add(l, members * sizeof *p->confirmations.answered_ms);
    p->sync.ids = assay_layout_add(l, (size_t)ASSAY_SYNC_BLOCKS_MAX * 32);
    p->chain.path_max = p->branch.path_max = blocks_max(config);
    p->chain.path = assay_layout_add(l, (size_t)p->chain.path_max * 32);
    p->branch.path = assay_layout_add(l, (size_t)p->branch.path_max * 32);
    p->proposal.body_len_max = body_max(config);
    p->proposal.body = assay_layout_add(l, p->proposal.body_len_max);
}

/* The one description of the memory behind engine and parts: counted by size, placed by init. */
static void lay_out_memory(struct assay_parts *p, struct assay_layout *l,
                           const struct assay_engine_config *config, struct machines *m)
{
    const uint32_t n = config->genesis->member_count;
    const struct assay_simplex_config simplex = simplex_config(config, NULL);
    lay_out_ledgers(p, l, n);
    lay_out_members(p, l, config);
    lay_out_fast_sync(p, l);
    lay_out_services(p, l, config);
    lay_out_blocks(p, l, config);
    /* A step that closes an epoch holds a block, two proofs, a boundary, a state and a change; a
     * fast sync, a state of any roster. */
    m->arena_len = assay_state_len_max(capacity(n)) + assay_boundary_len_max(capacity(n)) +
                   body_max(config) + 4 * ASSAY_FINALITY_LEN_MAX + ASSAY_DECISIONS_LEN_MAX +
                   assay_state_len_max(ASSAY_MEMBERS_MAX) + ARENA_EXTRA + (size_t)n * 512;
    if (config->services != NULL)
        m->arena_len += config->services->documents_len_max + config->services->document_len_max;
    /* And every decision that such a state names, up to the size of one answer. */
    const size_t leap_len =
        assay_state_len_max(ASSAY_MEMBERS_MAX) + ARENA_EXTRA + ASSAY_SYNC_ANSWER_LEN_MAX;
    if (m->arena_len < leap_len) m->arena_len = leap_len;
    m->arena = assay_layout_add(l, m->arena_len);
    m->groups = assay_layout_add(l, assay_groups_memory_len(n));
    m->blocks = assay_layout_add(l, assay_blocks_size(blocks_max(config), body_max(config)));
    m->simplex = assay_layout_add(l, assay_simplex_size(&simplex));
    m->actions = assay_layout_add(l, sizeof *m->actions);
    m->pool = assay_layout_add(l, sizeof *m->pool);
    void *pool = assay_layout_add(l, assay_pool_memory_len(n, config->services));
    if (l->base != NULL) assay_pool_init(m->pool, pool, n, config->services);
}

enum { UNIT = 64 }; /* alignment of every area */

static size_t head_len(void)
{
    const size_t len = assay_layout_len(sizeof(struct assay_engine)) +
                       assay_layout_len(sizeof(struct assay_parts));
    ASSAY_ASSERT(len % UNIT == 0);
    return len;
}

size_t assay_engine_size(const struct assay_engine_config *config)
{
    struct assay_parts counted = { 0 };
    struct machines machines;
    struct assay_layout l = { .at = head_len() };
    ASSAY_ASSERT(config != NULL && config->genesis != NULL);
    lay_out_memory(&counted, &l, config, &machines);
    ASSAY_ASSERT(l.at % UNIT == 0);
    return l.at;
}

static bool is_config_valid(const struct assay_engine_config *config)
{
    const uint32_t n = config->genesis->member_count;
    if (n == 0 || n > ASSAY_MEMBERS_MAX || config->self >= n) return false;
    if (config->member_capacity != 0 && config->member_capacity < n) return false;
    if (body_max(config) < ASSAY_BLOCK_LEN_MIN || body_max(config) > ASSAY_BLOCK_LEN_MAX)
        return false;
    if (config->state != NULL && config->state->member_count != n) return false;
    if ((config->services != NULL) != (config->genesis->services.len > 0)) return false;
    if (config->state != NULL && config->services != NULL &&
        config->state->services.count != config->services->documents)
        return false;
    if (config->newcomer && (config->state != NULL || n < 2 || config->self != n - 1)) return false;
    return blocks_max(config) >= 8;
}

/* All files read the parts through these; owners write through e->parts. */
static void set_part_pointers(struct assay_engine *e, struct assay_parts *p)
{
    e->parts = p;
    e->output = &p->output;
    e->head = &p->head;
    e->chain = &p->chain;
    e->branch = &p->branch;
    e->proposal = &p->proposal;
    e->verdicts = &p->verdicts;
    e->seats = p->seats;
    e->evidence = &p->evidence;
    e->pending_proofs = &p->pending_proofs;
    e->message_intake = &p->message_intake;
    e->inventory = &p->inventory;
    e->epoch_state = &p->epoch_state;
    e->key_state = &p->key_state;
    e->sync = &p->sync;
    e->fast_sync = &p->fast_sync;
    e->era = &p->era;
    e->acceptance = &p->acceptance;
    e->confirmations = &p->confirmations;
    e->start_state = &p->start_state;
    e->service_state = &p->service_state;
    e->key_lists = &p->key_lists;
}

static struct assay_engine *place_engine(void *memory, const struct assay_engine_config *config,
                                         struct machines *machines)
{
    struct assay_layout l = { .base = memory };
    struct assay_engine *e = assay_layout_add(&l, sizeof *e);
    struct assay_parts *parts = assay_layout_add(&l, sizeof *parts);
    /* Large areas are not touched before they are used; the rest starts from zero. */
    assay_bytes_zero(e, sizeof *e);
    assay_bytes_zero(parts, sizeof *parts);
    lay_out_memory(parts, &l, config, machines);
    set_part_pointers(e, parts);
    e->genesis = config->genesis;
    e->document_check = config->document_check;
    e->updates = config->updates;
    e->services = config->services;
    e->plan_follow = config->plan_follow;
    e->members = config->genesis->member_count;
    e->self = config->self;
    e->history_epochs = config->history_epochs;
    e->newcomer = config->newcomer;
    e->level = config->level;
    assay_bytes_copy(e->verifier_digest, 32, config->verifier_digest, 32);
    e->pool = machines->pool;
    e->actions = machines->actions;
    e->actions->count = 0;
    assay_bytes_zero(parts->verdicts.findings.items,
                     parts->verdicts.findings.count * sizeof *parts->verdicts.findings.items);
    assay_output_init(e, machines->arena, machines->arena_len);
    assay_seat_init(e);
    assay_inventory_init(e);
    assay_bytes_zero(parts->key_lists.places, e->members * sizeof *parts->key_lists.places);
    assay_keys_init(e, config);
    assay_fast_sync_init(e, config);
    assay_confirmations_init(e, config);
    ASSAY_ASSERT(e->head->state.member_count == e->members && e->self < e->members);
    return e;
}

static enum assay_status start_machines(struct assay_engine *e,
                                        const struct assay_engine_config *config,
                                        const struct machines *m)
{
    ASSAY_TRY(assay_head_init(e, config->state, config->key_tables, m->groups));
    assay_keys_renew(e, config->renewal);
    assay_finalize_init(e);
    assay_keys_update_listed(e);
    e->blocks =
        assay_blocks_init(m->blocks, assay_blocks_size(blocks_max(config), body_max(config)),
                          blocks_max(config), body_max(config));
    const struct assay_simplex_config c = simplex_config(config, e->blocks);
    return assay_simplex_init(m->simplex, assay_simplex_size(&c), &c, &e->simplex);
}

enum assay_status assay_engine_init(void *memory, size_t memory_len,
                                    const struct assay_engine_config *config,
                                    struct assay_engine **out)
{
    struct machines machines;
    ASSAY_ASSERT(memory != NULL && config != NULL && config->genesis != NULL && out != NULL);
    ASSAY_ASSERT((uintptr_t)memory % UNIT == 0);
    if (!is_config_valid(config)) return ASSAY_E_RANGE;
    /* An engine must not vote by rules that it does not implement (docs/protocol.md 9.10). */
    if (config->genesis->parameters.level > config->level) return ASSAY_E_VERSION;
    if (memory_len < assay_engine_size(config)) return ASSAY_E_FULL;
    struct assay_engine *e = place_engine(memory, config, &machines);
    const enum assay_status status = start_machines(e, config, &machines);
    if (status != ASSAY_OK) {
        assay_engine_deinit(&e);
        return status;
    }
    ASSAY_ASSERT(!e->chain->begun && !e->start_state->started);
    if (config->renewal != NULL) assay_finalize_restore_final_time(e, config->renewal->final_at_ms);
    *out = e;
    return ASSAY_OK;
}

void assay_engine_deinit(struct assay_engine **engine)
{
    if (*engine == NULL) return;
    assay_head_free(*engine);
    assay_fast_sync_free(*engine);
    *engine = NULL;
}

void assay_engine_renewal(const struct assay_engine *engine, struct assay_engine_renewal *renewal)
{
    const struct assay_engine *e = engine;
    struct assay_simplex_snapshot simplex;
    ASSAY_ASSERT(e->chain->turned);
    assay_simplex_snapshot(e->simplex, &simplex);
    /* A process that was still querying its earlier signatures queries again: what the log lacks
     * may be of the next epoch (docs/protocol.md 2.4). */
    const bool has_votes = e->start_state->voted_on && !simplex.asking;
    /* Signatures of an era count in no other (docs/protocol.md 9.11), so its log may be lost or
     * old; whether this store has seen the new one is queried as after any start. */
    if (e->era->recovered) {
        *renewal = (struct assay_engine_renewal){ .final_at_ms = e->chain->final_ms };
        return;
    }
    *renewal = (struct assay_engine_renewal){
        .continues =
            has_votes && !e->sync->active && !e->key_state->rolled_back && !e->chain->halted,
        .keys_finished = e->key_state->rolled_back,
        .final_at_ms = e->chain->final_ms,
    };
}
