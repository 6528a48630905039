/*
 * engine/engine.c - the engine's memory, life and effects (control flow: step.c).
 *
 * One block of memory from the caller, laid out once; nothing is allocated after init but decoded
 * keys, which the crypto seam owns.
 */
#include "engine/engine_internal.h"

enum {
    BLOCKS_DEFAULT = 128,
    ARENA_EXTRA = 512 * 1024, /* records, envelopes, asks of one step */
    EFFECTS_RESERVED = 192,   /* notes and sends leave so much for what must not be lost */
};

/* --- effects */

struct assay_effect *assay_eng_effect(struct assay_engine *e, enum assay_effect_kind kind)
{
    ASSAY_ASSERT(e->effects != NULL);
    if (e->effects->count == ASSAY_EFFECTS_MAX) {
        e->crowded = true;
        return NULL;
    }
    struct assay_effect *effect = &e->effects->items[e->effects->count++];
    assay_bytes_zero(effect, sizeof *effect);
    effect->kind = kind;
    return effect;
}

uint8_t *assay_eng_take(struct assay_engine *e, size_t len)
{
    const size_t rounded = (len + 15) & ~(size_t)15;
    if (rounded > e->arena_len - e->arena_used) {
        e->crowded = true;
        return NULL;
    }
    uint8_t *bytes = e->arena + e->arena_used;
    e->arena_used += rounded;
    return bytes;
}

bool assay_eng_room(struct assay_engine *e, size_t effects)
{
    if (effects <= ASSAY_EFFECTS_MAX - e->effects->count) return true;
    e->crowded = true;
    return false;
}

struct assay_slice assay_eng_keep(struct assay_engine *e, struct assay_slice bytes)
{
    uint8_t *copy = assay_eng_take(e, bytes.len);
    if (copy == NULL) return (struct assay_slice){ 0 };
    assay_bytes_copy(copy, bytes.len, bytes.bytes, bytes.len);
    return assay_slice_over(copy, bytes.len);
}

void assay_eng_send(struct assay_engine *e, uint16_t to, uint16_t except,
                    enum assay_message_kind kind, struct assay_slice payload)
{
    if (payload.len == 0) return; /* there was no room to keep it: peers ask again */
    if (!assay_eng_room(e, EFFECTS_RESERVED)) return;
    struct assay_effect *effect = assay_eng_effect(e, ASSAY_EFFECT_SEND);
    ASSAY_ASSERT(effect != NULL);
    effect->as.send.to = to;
    effect->as.send.except = except;
    effect->as.send.message = kind;
    effect->as.send.payload = payload;
}

void assay_eng_note(struct assay_engine *e, enum assay_note note, uint16_t slot, uint64_t a,
                    uint64_t b)
{
    if (!assay_eng_room(e, EFFECTS_RESERVED)) return;
    struct assay_effect *effect = assay_eng_effect(e, ASSAY_EFFECT_NOTE);
    ASSAY_ASSERT(effect != NULL);
    effect->as.note.note = note;
    effect->as.note.slot = slot;
    effect->as.note.a = a;
    effect->as.note.b = b;
}

void assay_eng_reason(struct assay_engine *e, uint32_t slot, const char *text)
{
    char *reason = e->seats[slot].last_reason;
    size_t len = 0;
    for (; len + 1 < ASSAY_FINDING_REASON_LEN && text[len] != '\0'; len++) reason[len] = text[len];
    reason[len] = '\0';
}

void assay_eng_persist(struct assay_engine *e, enum assay_store_class class_,
                       const struct assay_store_key *key, struct assay_slice value)
{
    struct assay_effect *effect = assay_eng_effect(e, ASSAY_EFFECT_PERSIST);
    ASSAY_ASSERT(effect != NULL); /* whoever persists asked assay_eng_room before */
    effect->as.persist.class_ = class_;
    effect->as.persist.key = *key;
    effect->as.persist.value = value;
}

uint64_t assay_eng_epoch_ms(const struct assay_engine *e)
{
    return e->genesis->parameters.epoch_ms;
}

uint16_t assay_eng_peer(const struct assay_engine *e, uint32_t turn)
{
    if (e->members < 2) return ASSAY_SLOT_ALL;
    return (uint16_t)((e->self + 1 + turn % (e->members - 1)) % e->members);
}

/* --- memory */

struct layout {
    uint8_t *base; /* NULL: counting */
    size_t at;
};

static void *take(struct layout *l, size_t len)
{
    void *here = l->base != NULL ? l->base + l->at : NULL;
    l->at += (len + 63) & ~(size_t)63;
    return here;
}

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
                                      .blocks = blocks,
                                      .block_len_max = body_max(config) };
    assay_bytes_copy(c.chain_id, 32, config->genesis->chain_id, 32);
    return c;
}

static void lay_out_ledgers(struct assay_engine *e, struct layout *l, uint32_t n)
{
    struct assay_ledger *ledgers[] = { &e->final, &e->branch, &e->synced };
    struct assay_state *states[] = { &e->state, &e->next };
    for (size_t i = 0; i < sizeof ledgers / sizeof ledgers[0]; i++) {
        void *memory = take(l, assay_ledger_memory_len(n));
        if (l->base != NULL) assay_ledger_place(ledgers[i], memory, n);
    }
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        void *memory = take(l, assay_state_memory_len(n));
        if (l->base != NULL) assay_state_place(states[i], memory, n);
    }
    void *close = take(l, assay_close_memory_len(n));
    if (l->base != NULL) assay_close_place(&e->close, close, n);
    void *pool = take(l, assay_pool_memory_len(n));
    if (l->base != NULL) assay_pool_place(&e->pool, pool, n);
}

static void lay_out_members(struct assay_engine *e, struct layout *l, size_t n)
{
    e->voting = take(l, n * sizeof(struct assay_p256 *));
    e->identity = take(l, n * sizeof(struct assay_p256 *));
    e->loaded = take(l, n * ASSAY_P256_PUBLIC_LEN);
    e->weights = take(l, n * sizeof(uint32_t));
    e->node_ids = take(l, n * 32);
    e->hashes = take(l, n * 32);
    e->seats = take(l, n * sizeof(struct assay_seat));
    e->findings.count = (uint32_t)(4 * n + 64);
    e->findings.items = take(l, e->findings.count * sizeof(struct assay_finding));
    e->ballot_len_max = ASSAY_BALLOT_FIXED_LEN_MAX + assay_row_len((uint32_t)n) + 128;
    for (uint32_t i = 0; i < ASSAY_WANTS_MAX; i++)
        e->wants[i].ballot = take(l, e->ballot_len_max);
}

/* The one description of the memory: counted by size, placed by init. */
static size_t lay_out(struct assay_engine *e, uint8_t *base,
                      const struct assay_engine_config *config, void **groups_memory,
                      void **blocks_memory, void **simplex_memory)
{
    const uint32_t n = config->genesis->member_count;
    struct layout l = { .base = base };
    (void)take(&l, sizeof *e);
    lay_out_ledgers(e, &l, n);
    lay_out_members(e, &l, n);
    *groups_memory = take(&l, assay_groups_memory_len(n));
    e->scratch_len = assay_state_scratch_len(n);
    e->scratch = take(&l, e->scratch_len);
    e->sync.proof = take(&l, ASSAY_FINALITY_LEN_MAX);
    e->sync.ids = take(&l, (size_t)ASSAY_SYNC_BLOCKS_MAX * 32);
    e->path_max = blocks_max(config);
    e->path = take(&l, (size_t)e->path_max * 32);
    e->body_len_max = body_max(config);
    e->body = take(&l, e->body_len_max);
    /* A step that closes an epoch keeps a block, two proofs and a snapshot. */
    e->arena_len = assay_state_len_max(n) + e->body_len_max + 4 * ASSAY_FINALITY_LEN_MAX +
                   ARENA_EXTRA + (size_t)n * 512;
    e->arena = take(&l, e->arena_len);
    *blocks_memory = take(&l, assay_blocks_size(blocks_max(config), body_max(config)));
    const struct assay_simplex_config simplex = simplex_config(config, NULL);
    *simplex_memory = take(&l, assay_simplex_size(&simplex));
    return l.at;
}

size_t assay_engine_size(const struct assay_engine_config *config)
{
    struct assay_engine counted = { 0 };
    void *groups = NULL;
    void *blocks = NULL;
    void *simplex = NULL;
    ASSAY_ASSERT(config != NULL && config->genesis != NULL);
    return lay_out(&counted, NULL, config, &groups, &blocks, &simplex);
}

static bool in_range(const struct assay_engine_config *config)
{
    const uint32_t n = config->genesis->member_count;
    /* docs/protocol.md 5.22: without seats every member votes, and a certificate has room for
     * so many signatures. */
    if (n == 0 || n > ASSAY_VOTERS_MAX || config->self >= n) return false;
    if (config->member_capacity != 0 && config->member_capacity < n) return false;
    if (body_max(config) < ASSAY_BLOCK_LEN_MIN || body_max(config) > ASSAY_BLOCK_LEN_MAX)
        return false;
    return blocks_max(config) >= 8;
}

static void build_groups(struct assay_engine *e, void *memory)
{
    const uint32_t n = e->members;
    struct assay_place *places = (struct assay_place *)(void *)e->arena; /* free between steps */
    ASSAY_ASSERT((size_t)n * sizeof *places <= e->arena_len);
    for (uint32_t i = 0; i < n; i++) {
        const struct assay_member *m = &e->state.members[i];
        struct assay_place *p = &places[i];
        *p = (struct assay_place){ 0 };
        assay_bytes_copy(p->node_id, 32, m->node_id, 32);
        assay_bytes_copy(p->platform_id, 32, m->platform_id, 32);
        assay_bytes_copy(p->operator_id, 32, m->operator_id, 32);
        assay_bytes_copy(p->vendor_root, 32, m->vendor_root, 32);
        p->platform_shared = assay_bytes_all_zero(m->platform_id, 32); /* masked: names nothing */
    }
    assay_groups_build(places, n, memory, assay_groups_memory_len(n), &e->groups);
}

static enum assay_status load_members(struct assay_engine *e)
{
    for (uint32_t i = 0; i < e->members; i++) {
        const struct assay_member *m = &e->state.members[i];
        assay_bytes_copy(e->node_ids[i], 32, m->node_id, 32);
        ASSAY_TRY(assay_p256_load(m->identity_public, &e->identity[i]));
    }
    return assay_settle_table(e);
}

static void set_rules(struct assay_engine *e)
{
    const struct assay_genesis_parameters *p = &e->genesis->parameters;
    e->rules.groups = &e->groups;
    e->rules.score = assay_score_rules_default();
    e->rules.weight.operator_cap = (struct assay_cap){ p->operator_cap_num, p->operator_cap_den };
    e->rules.weight.vendor_cap = (struct assay_cap){ p->vendor_cap_num, p->vendor_cap_den };
}

static enum assay_status bring_up(struct assay_engine *e, void *groups)
{
    assay_state_genesis(&e->state, e->genesis);
    build_groups(e, groups);
    set_rules(e);
    assay_close_genesis_weights(&e->rules, &e->close, &e->state, &e->tolerance);
    assay_state_root(&e->state, e->scratch, e->scratch_len, e->state.root);
    e->context = (struct assay_context){
        .state = &e->state, .epoch = 1, .voting = e->voting, .identity = e->identity
    };
    ASSAY_TRY(load_members(e));
    if (e->voters.total_bp == 0) return ASSAY_E_RANGE;
    assay_ledger_reset(&e->final, &e->state);
    assay_epoch_own(e);
    return ASSAY_OK;
}

enum assay_status assay_engine_init(void *memory, size_t memory_len,
                                    const struct assay_engine_config *config,
                                    struct assay_engine **out)
{
    void *groups = NULL;
    void *blocks = NULL;
    void *simplex = NULL;
    ASSAY_ASSERT(memory != NULL && config != NULL && config->genesis != NULL && out != NULL);
    ASSAY_ASSERT((uintptr_t)memory % 64 == 0);
    if (!in_range(config)) return ASSAY_E_RANGE;
    if (memory_len < assay_engine_size(config)) return ASSAY_E_FULL;
    struct assay_engine *e = memory;
    /* Large areas are not touched before they are used; the rest starts from zero. */
    assay_bytes_zero(e, sizeof *e);
    const uint32_t n = config->genesis->member_count;
    (void)lay_out(e, memory, config, &groups, &blocks, &simplex);
    e->config = *config;
    e->genesis = config->genesis;
    e->members = n;
    e->self = config->self;
    e->own.keys = config->keys;
    for (uint32_t i = 0; i < n; i++)
        e->voting[i] = e->identity[i] = NULL; /* not loaded: deinit may come at any time */
    assay_bytes_zero(e->loaded, n * sizeof *e->loaded);
    assay_bytes_zero(e->seats, n * sizeof *e->seats);
    assay_bytes_zero(e->findings.items, e->findings.count * sizeof *e->findings.items);
    enum assay_status status = bring_up(e, groups);
    if (status == ASSAY_OK) {
        e->blocks =
            assay_blocks_init(blocks, assay_blocks_size(blocks_max(config), body_max(config)),
                              blocks_max(config), body_max(config));
        const struct assay_simplex_config c = simplex_config(config, e->blocks);
        status = assay_simplex_init(simplex, assay_simplex_size(&c), &c, &e->simplex);
    }
    if (status != ASSAY_OK) {
        assay_engine_deinit(&e);
        return status;
    }
    *out = e;
    return ASSAY_OK;
}

void assay_engine_deinit(struct assay_engine **engine)
{
    if (*engine == NULL) return;
    for (uint32_t i = 0; i < (*engine)->members; i++) {
        assay_p256_free(&(*engine)->voting[i]);
        assay_p256_free(&(*engine)->identity[i]);
    }
    *engine = NULL;
}
