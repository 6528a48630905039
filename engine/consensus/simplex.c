/*
 * engine/consensus/simplex.c - weighted Simplex: memory, epochs, and dispatch of inputs.
 *
 * docs/protocol.md 5. The rules are in the files listed in simplex_internal.h; this file calls them
 * in order.
 */
#include "engine/consensus/simplex_internal.h"

enum { ALIGNMENT = 64, EARLY_LEN_DEFAULT = 256 * 1024, CERTIFICATES_EXTRA = 1280 };

/* A seat carries what its group weighs, and all seats together no more than all members. */
_Static_assert((uint64_t)ASSAY_MEMBERS_MAX * 10000 <= UINT32_MAX,
               "three times the total weight must fit in 64 bits");

/* --- invariants */

static bool epoch_is_valid(const struct assay_simplex *s)
{
    return s->seat_count > 0 && s->view > 0 && s->leader_view >= s->view &&
           s->delta_ms >= SX_DELTA_MS_MIN && s->delta_ms <= SX_DELTA_MS_MAX &&
           s->handed_view <= s->final_view &&
           (s->final_view == 0) == (s->final_certificate == SX_NONE) &&
           s->nullified_in_a_row <= s->nullified_since_final;
}

bool assay_sx_is_valid(const struct assay_simplex *s)
{
    if (s->seat_count > SX_SEATS_MAX || s->seat_count > s->config.voters_max) return false;
    if (s->certificate_top > s->config.certificate_max) return false;
    if (s->unstored > s->certificate_top) return false;
    if (s->pinned > assay_blocks_count(s->config.blocks)) return false;
    if (s->arena.used > s->arena.capacity || s->early.used > s->early.capacity) return false;
    if (s->last_len > s->certificate_len) return false;
    if (s->running && (!s->begun || s->resume.floor < s->resume.log_view)) return false;
    if (s->done && !s->running) return false;
    return !s->begun || epoch_is_valid(s);
}

bool assay_sx_view_is_valid(const struct assay_simplex *s, const struct sx_view *v)
{
    if (v->view == 0 || (v->has_leader && v->leader >= s->voters->count)) return false;
    if (v->made && !v->asked) return false;
    if (!v->has_proposal && (v->proposal_bad || v->leader_accused)) return false;
    for (size_t type = 0; type < ASSAY_VOTE_TYPES; type++) {
        const struct sx_sum *sum = &v->sum[type];
        if (sum->count > s->seat_count || sum->others > sum->count) return false;
        if (sum->weight > s->voters->total_weight) return false;
        if (v->certificate[type] != SX_NONE && v->certificate[type] >= s->certificate_top)
            return false;
    }
    return true;
}

/* --- memory */

static struct assay_simplex_config with_defaults(const struct assay_simplex_config *config)
{
    struct assay_simplex_config c = *config;
    if (c.views_max == 0) c.views_max = ASSAY_BLOCK_NULLS_MAX;
    if (c.certificate_max == 0) c.certificate_max = 3 * c.views_max + CERTIFICATES_EXTRA;
    if (c.early_len == 0) c.early_len = EARLY_LEN_DEFAULT;
    return c;
}

static uint32_t seats_max_of(const struct assay_simplex_config *c)
{
    return c->voters_max < SX_SEATS_MAX ? c->voters_max : SX_SEATS_MAX;
}

static size_t certificate_len(const struct assay_simplex_config *c)
{
    return ASSAY_VOTE_STATEMENT_LEN_MAX + 16 + (c->voters_max + 7) / 8 +
           (size_t)seats_max_of(c) * ASSAY_P256_SIGNATURE_LEN;
}

static size_t arena_len(const struct assay_simplex_config *c)
{
    return 4 * (SX_PAGE_CERTIFICATES + SX_HELP_CERTIFICATES) * certificate_len(c) +
           ASSAY_SIMPLEX_ACTIONS_MAX * (size_t)ASSAY_VOTE_LEN_MAX + 64 * 1024;
}

static size_t draft_len(const struct assay_simplex_config *c)
{
    const uint32_t body_max =
        c->blocks != NULL ? assay_blocks_body_max(c->blocks) : c->block_len_max;
    return (size_t)body_max + ASSAY_PROPOSAL_OVERHEAD_MAX;
}

/* Walks the memory; memory NULL only counts. Returns: the next piece. */
static void *layout_alloc(uint8_t *memory, size_t *used, size_t count, size_t len)
{
    ASSAY_ASSERT(*used % ALIGNMENT == 0);
    ASSAY_ASSERT(len > 0 && count <= (SIZE_MAX - *used - ALIGNMENT) / len);
    void *piece = memory == NULL ? NULL : memory + *used;
    *used += (count * len + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    return piece;
}

static size_t lay_out_memory(const struct assay_simplex_config *c, uint8_t *memory,
                             struct assay_simplex *s)
{
    size_t used = 0;
    const size_t seats = seats_max_of(c);
    struct assay_simplex counted;
    if (s == NULL) s = &counted;

    (void)layout_alloc(memory, &used, 1, sizeof *s);
    s->seats_max = (uint32_t)seats;
    s->seat_of = layout_alloc(memory, &used, c->voters_max, sizeof *s->seat_of);
    s->slot_of = layout_alloc(memory, &used, seats, sizeof *s->slot_of);
    s->counters = layout_alloc(memory, &used, c->voters_max, sizeof *s->counters);
    s->answered = layout_alloc(memory, &used, c->voters_max, sizeof *s->answered);
    s->seen_epoch = layout_alloc(memory, &used, c->voters_max, sizeof *s->seen_epoch);
    s->active_at = layout_alloc(memory, &used, c->voters_max, sizeof *s->active_at);
    s->helped_ms = layout_alloc(memory, &used, c->voters_max, sizeof *s->helped_ms);
    s->proven = layout_alloc(memory, &used, c->voters_max, sizeof *s->proven);
    s->page_count = c->views_max / ASSAY_RANGE_VIEWS;
    s->pages = layout_alloc(memory, &used, s->page_count, sizeof *s->pages);
    s->wide = layout_alloc(memory, &used, SX_RANGES_4096, sizeof *s->wide);
    s->gossip.holders = layout_alloc(memory, &used, SX_GOSSIP_VIEWS * ASSAY_VOTE_TYPES * seats,
                                     sizeof *s->gossip.holders);
    s->gossip.unresponsive_epoch =
        layout_alloc(memory, &used, c->voters_max, sizeof *s->gossip.unresponsive_epoch);
    struct sx_received *received =
        layout_alloc(memory, &used, (c->views_max + s->page_count + SX_RANGES_4096) * seats,
                     sizeof(struct sx_received));
    s->certificates = layout_alloc(memory, &used, c->certificate_max, sizeof *s->certificates);
    s->bucket_count = assay_sx_bucket_count(c->certificate_max);
    s->by_name = layout_alloc(memory, &used, s->bucket_count, sizeof *s->by_name);
    s->by_statement = layout_alloc(memory, &used, s->bucket_count, sizeof *s->by_statement);
    uint8_t *bodies = layout_alloc(memory, &used, c->certificate_max, certificate_len(c));
    s->arena.bytes = layout_alloc(memory, &used, 1, arena_len(c));
    s->draft = layout_alloc(memory, &used, 1, draft_len(c));
    s->early.bytes = layout_alloc(memory, &used, 1, c->early_len);
    s->last_payload = layout_alloc(memory, &used, 1, certificate_len(c));
    if (memory == NULL) return used;

    for (uint32_t i = 0; i < s->page_count; i++) {
        for (size_t k = 0; k < ASSAY_RANGE_VIEWS; k++, received += seats)
            s->pages[i].views[k] = (struct sx_view){ .received = received };
        s->pages[i].range = (struct sx_view){ .received = received };
        received += seats;
    }
    for (size_t i = 0; i < SX_RANGES_4096; i++, received += seats)
        s->wide[i] = (struct sx_view){ .received = received };
    for (uint32_t i = 0; i < c->certificate_max; i++)
        s->certificates[i] = (struct sx_certificate){ .payload = bodies + i * certificate_len(c) };
    assay_sx_index_clear(s);
    return used;
}

size_t assay_simplex_size(const struct assay_simplex_config *config)
{
    const struct assay_simplex_config c = with_defaults(config);
    return lay_out_memory(&c, NULL, NULL);
}

enum assay_status assay_simplex_init(void *memory, size_t memory_len,
                                     const struct assay_simplex_config *config,
                                     struct assay_simplex **out)
{
    ASSAY_ASSERT(config->blocks != NULL);
    ASSAY_ASSERT((uintptr_t)memory % ALIGNMENT == 0);

    const struct assay_simplex_config c = with_defaults(config);
    if (c.voters_max == 0 || c.voters_max > ASSAY_MEMBERS_MAX) return ASSAY_E_RANGE;
    if (c.self >= c.voters_max) return ASSAY_E_RANGE;
    /* A page that runs and one that late votes may still belong to. */
    if (c.views_max < 2 * ASSAY_RANGE_VIEWS || c.views_max > ASSAY_BLOCK_NULLS_MAX)
        return ASSAY_E_RANGE;
    if (c.views_max % ASSAY_RANGE_VIEWS != 0) return ASSAY_E_RANGE;
    if (c.certificate_max < 3 * c.views_max) return ASSAY_E_RANGE;
    if (memory_len < lay_out_memory(&c, NULL, NULL)) return ASSAY_E_FULL;

    struct assay_simplex *s = memory;
    *s = (struct assay_simplex){ .config = c,
                                 .certificate_len = certificate_len(&c),
                                 .final_certificate = SX_NONE,
                                 .pull_at_ms = UINT64_MAX,
                                 .demand_at_ms = UINT64_MAX,
                                 .behind_since_ms = UINT64_MAX,
                                 .gossip = { .send_at_ms = UINT64_MAX,
                                             .request_at_ms = UINT64_MAX } };
    const size_t used = lay_out_memory(&c, memory, s);
    ASSAY_ASSERT(used <= memory_len); /* counted and laid out by the same walk */
    s->arena.capacity = arena_len(&c);
    s->early.capacity = c.early_len;
    s->draft_len_max = draft_len(&c);
    for (uint32_t i = 0; i < c.voters_max; i++) {
        s->seat_of[i] = UINT16_MAX;
        s->answered[i] = false;
        s->seen_epoch[i] = 0;
        s->active_at[i] = 0;
        s->helped_ms[i] = 0;
        s->proven[i] = 0;
        s->gossip.unresponsive_epoch[i] = 0;
    }
    ASSAY_ASSERT(assay_sx_is_valid(s));
    *out = s;
    return ASSAY_OK;
}

void assay_simplex_release(struct assay_simplex *s)
{
    ASSAY_ASSERT(assay_sx_is_valid(s));

    s->arena.used = 0;
    s->draft_used = false;
    for (uint32_t i = 0; s->pinned > 0 && i < assay_blocks_count(s->config.blocks); i++) {
        struct assay_block *block = assay_blocks_at(s->config.blocks, i);
        s->pinned -= block->pinned;
        block->pinned = false;
    }
    ASSAY_ASSERT(s->pinned == 0);
}

/* --- leaders and places */

void assay_sx_compute_leaders(struct assay_simplex *s, uint64_t view)
{
    ASSAY_ASSERT(assay_sx_in_window(s, view));

    while (s->leader_view < view) {
        const uint16_t leader = assay_leader_next(s->voters, s->counters);
        ASSAY_ASSERT(leader < s->voters->count && s->voters->weight[leader] > 0);
        s->leader_view++;
        if (!assay_sx_in_window(s, s->leader_view)) continue;
        struct sx_view *v = assay_sx_open_view(s, s->leader_view);
        v->leader = leader;
        v->has_leader = true;
    }
    ASSAY_ASSERT(s->leader_view >= view);
}

bool assay_sx_can_vote(const struct assay_simplex *s)
{
    ASSAY_ASSERT(s->begun || !s->running);
    if (!s->running || s->halted || s->waits || s->done || s->resume.asking) return false;
    const uint16_t self = s->config.self;
    return s->seat_of[self] != UINT16_MAX && s->voters->voting_key[self] != NULL;
}

enum assay_status assay_sx_check_position(const struct assay_simplex *s,
                                          const uint8_t chain_id[static 32], uint32_t era,
                                          uint64_t epoch)
{
    ASSAY_ASSERT(s->begun);

    if (!assay_bytes_equal(chain_id, s->config.chain_id, 32)) return ASSAY_E_CHAIN;
    if (era != s->base.era) return ASSAY_E_CHAIN;
    if (epoch < s->base.epoch) return ASSAY_E_STALE;
    return epoch > s->base.epoch ? ASSAY_E_EARLY : ASSAY_OK;
}

void assay_sx_note_active(struct assay_simplex *s, uint16_t slot, uint64_t view)
{
    ASSAY_ASSERT(slot < s->config.voters_max);
    ASSAY_ASSERT(view > 0);
    const uint64_t at = s->ordinal_base + view;
    if (s->active_at[slot] < at) s->active_at[slot] = at;
}

/* --- the life of an epoch */

static void assign_seats(struct assay_simplex *s, const struct assay_voter_table *voters)
{
    ASSAY_ASSERT(voters->count > 0 && voters->count <= s->config.voters_max);
    uint64_t total = 0;
    s->seat_count = 0;
    for (uint32_t slot = 0; slot < s->config.voters_max; slot++) {
        s->seat_of[slot] = UINT16_MAX;
        if (slot >= voters->count || voters->weight[slot] == 0) continue;
        ASSAY_ASSERT(s->seat_count < seats_max_of(&s->config));
        s->seat_of[slot] = (uint16_t)s->seat_count;
        s->slot_of[s->seat_count++] = (uint16_t)slot;
        total += voters->weight[slot];
    }
    ASSAY_ASSERT(total <= voters->total_weight && total > 0);
    s->voters = voters;
}

/* E's final certificate is retained across the boundary for peers that have not seen it yet. */
static void keep_last_certificate(struct assay_simplex *s)
{
    s->last_len = 0;
    if (!s->done || s->final_certificate == SX_NONE) return;
    const struct sx_certificate *final_ = &s->certificates[s->final_certificate];
    ASSAY_ASSERT(final_->used && final_->statement.type == ASSAY_VOTE_FINALISE);
    ASSAY_ASSERT(final_->payload_len <= s->certificate_len);
    assay_bytes_copy(s->last_payload, s->certificate_len, final_->payload, final_->payload_len);
    s->last_len = final_->payload_len;
}

static void clear_epoch(struct assay_simplex *s)
{
    assay_sx_clear_pages(s);
    assay_sx_gossip_reset(s);
    assay_sx_index_clear(s);
    s->leader_view = 0;
    s->halted = false;
    s->waits = false;
    s->done = false;
    s->nullified_since_final = 0;
    s->nullified_in_a_row = 0;
    s->notarised_view = 0;
    s->final_view = 0;
    s->final_certificate = SX_NONE;
    s->handed_view = 0;
    s->resume.log_view = 0;
    s->resume.floor = 0;
    s->resume.forgotten = 0;
    s->standstill_view = 0;
    s->helped_leader_of = 0;
    s->range_added = false;
    for (uint32_t i = 0; i < s->config.voters_max; i++)
        s->proven[i] = 0;
    s->resume.later_bp = 0; /* those of the new epoch are not later any more */
    s->demand_at_ms = UINT64_MAX;
    s->pull_at_ms = UINT64_MAX;
    s->behind_since_ms = UINT64_MAX;
}

static uint64_t delta_of(uint64_t epoch_ms)
{
    const uint64_t delta = epoch_ms / 16;
    if (delta < SX_DELTA_MS_MIN) return SX_DELTA_MS_MIN;
    return delta > SX_DELTA_MS_MAX ? SX_DELTA_MS_MAX : delta;
}

/* Of this epoch or of the one before, of which a peer that is late may lack one. */
static bool is_recent(const struct assay_block *block, const void *context)
{
    const struct assay_simplex_base *const base = context;
    if (block->pinned) return true;
    return block->header.era == base->era && block->header.epoch + 1 >= base->epoch;
}

void assay_simplex_begin(struct assay_simplex *s, uint64_t now_ms,
                         const struct assay_simplex_base *base,
                         const struct assay_voter_table *voters, struct assay_simplex_actions *out)
{
    ASSAY_ASSERT(assay_sx_is_valid(s));
    ASSAY_ASSERT(!s->begun || base->epoch > s->base.epoch || base->era > s->base.era);

    ASSAY_ASSERT(base->epoch_ms > 0);
    keep_last_certificate(s);
    if (base->epoch != s->base.epoch + 1) s->last_len = 0;
    s->ordinal_base += s->final_view; /* no member votes in the view after E's */
    s->now_ms = now_ms;
    s->begun_ms = now_ms;
    clear_epoch(s);
    assign_seats(s, voters);
    s->halted = base->silent || base->epoch <= s->resume.silent_through;
    s->base = *base;
    /* The store serves older ones: otherwise the table would retain forty epochs without a use. */
    assay_blocks_sweep(s->config.blocks, is_recent, &s->base);
    s->base.counters = NULL; /* copied: the caller's array need not persist */
    for (uint32_t i = 0; i < s->config.voters_max; i++)
        s->counters[i] = i < voters->count ? base->counters[i] : 0;
    s->delta_ms = delta_of(base->epoch_ms);
    assay_bytes_copy(s->final_id, 32, base->id, 32);
    assay_bytes_copy(s->handed_id, 32, base->id, 32);
    s->handed_height = base->height;
    s->begun = true;
    assay_sx_enter_view(s, 1);
    ASSAY_ASSERT(assay_sx_is_valid(s));
    if (!s->running) return;
    assay_sx_resume_start(s, out);
    assay_sx_replay_early(s, out);
    assay_sx_advance(s, out);
    ASSAY_ASSERT(s->early.used == 0);
}

void assay_simplex_halt(struct assay_simplex *s)
{
    ASSAY_ASSERT(assay_sx_is_valid(s));
    s->halted = true;
}

void assay_simplex_clear_proven(struct assay_simplex *s, uint16_t slot, unsigned number)
{
    ASSAY_ASSERT(assay_sx_is_proven(s, slot, number));
    s->proven[slot] = (uint8_t)(s->proven[slot] & ~(1u << number));
}

void assay_simplex_set_waiting(struct assay_simplex *s, bool waits)
{
    ASSAY_ASSERT(assay_sx_is_valid(s));
    s->waits = waits;
}

/* --- inputs */

static const struct {
    enum assay_message_kind kind;
    enum assay_status (*handle)(struct assay_simplex *s, uint16_t from, struct assay_slice payload,
                                struct assay_simplex_actions *out);
} handlers[] = {
    { ASSAY_MESSAGE_PROPOSAL, assay_sx_receive_proposal },
    { ASSAY_MESSAGE_VOTE, assay_sx_receive_vote },
    { ASSAY_MESSAGE_CERTIFICATE, assay_sx_receive_certificate },
    { ASSAY_MESSAGE_CERTIFICATE_PULL, assay_sx_receive_certificate_pull },
    { ASSAY_MESSAGE_BLOCK_PULL, assay_sx_receive_block_pull },
    { ASSAY_MESSAGE_RESUME_ASK, assay_sx_receive_resume_request },
    { ASSAY_MESSAGE_RESUME_ANSWER, assay_sx_receive_resume_answer },
    { ASSAY_MESSAGE_VOTE_INVENTORY, assay_sx_receive_vote_inventory },
    { ASSAY_MESSAGE_VOTE_REQUEST_MISSING, assay_sx_receive_vote_request },
};

enum assay_status assay_sx_dispatch(struct assay_simplex *s, uint16_t from,
                                    enum assay_message_kind kind, struct assay_slice payload,
                                    struct assay_simplex_actions *out)
{
    ASSAY_ASSERT(s->begun && s->running);
    ASSAY_ASSERT(from == ASSAY_SLOT_SELF || from < s->config.voters_max);
    for (size_t i = 0; i < sizeof handlers / sizeof handlers[0]; i++)
        if (handlers[i].kind == kind) return handlers[i].handle(s, from, payload, out);
    return ASSAY_E_UNSUPPORTED; /* the other kinds are the ledger's and the host's */
}

enum assay_status assay_simplex_message(struct assay_simplex *s, uint64_t now_ms, uint16_t from,
                                        enum assay_message_kind kind, struct assay_slice payload,
                                        struct assay_simplex_actions *out)
{
    ASSAY_ASSERT(assay_sx_is_valid(s));
    ASSAY_ASSERT(s->begun);

    if (!s->running) return ASSAY_E_AGAIN;
    if (from != ASSAY_SLOT_SELF && from >= s->config.voters_max) return ASSAY_E_STRANGER;
    s->now_ms = now_ms;
    const enum assay_status status = assay_sx_dispatch(s, from, kind, payload, out);
    if (status != ASSAY_OK) {
        s->refused++;
        return status;
    }
    assay_sx_advance(s, out);
    ASSAY_ASSERT(assay_sx_is_valid(s));
    return ASSAY_OK;
}

void assay_simplex_tick(struct assay_simplex *s, uint64_t now_ms, struct assay_simplex_actions *out)
{
    ASSAY_ASSERT(assay_sx_is_valid(s));
    ASSAY_ASSERT(s->begun);

    s->now_ms = now_ms;
    if (!s->running) return;
    assay_sx_resume_tick(s, out);
    assay_sx_advance(s, out);
    assay_sx_send_help_to_leader(s, out);
    assay_sx_standstill(s, out);
    assay_sx_gossip_tick(s, out);
    assay_sx_check_behind(s, out);
    ASSAY_ASSERT(assay_sx_is_valid(s));
}

void assay_simplex_on_checked(struct assay_simplex *s, uint64_t now_ms, const uint8_t id[static 32],
                              bool valid, struct assay_simplex_actions *out)
{
    ASSAY_ASSERT(assay_sx_is_valid(s));

    s->now_ms = now_ms;
    struct assay_block *block = assay_blocks_find(s->config.blocks, id);
    if (block == NULL || block->checked_valid || block->checked_invalid) return;
    block->checked_valid = valid;
    block->checked_invalid = !valid;
    if (s->running) assay_sx_advance(s, out);
}

void assay_simplex_demand(struct assay_simplex *s, uint64_t now_ms, uint64_t demand_at_ms,
                          struct assay_simplex_actions *out)
{
    ASSAY_ASSERT(assay_sx_is_valid(s));
    s->now_ms = now_ms;
    s->demand_at_ms = demand_at_ms;
    if (s->running) assay_sx_advance(s, out);
}

uint64_t assay_simplex_wake_at(const struct assay_simplex *s)
{
    ASSAY_ASSERT(assay_sx_is_valid(s));

    if (!s->running) return UINT64_MAX;
    if (s->starved) return s->now_ms;
    uint64_t at = assay_sx_view_wake(s);
    if (assay_sx_resume_wake(s) < at) at = assay_sx_resume_wake(s);
    if (s->pull_at_ms < at) at = s->pull_at_ms;
    if (assay_sx_gossip_wake(s) < at) at = assay_sx_gossip_wake(s);
    if (s->behind_since_ms != UINT64_MAX && s->behind_again_ms < at) at = s->behind_again_ms;
    return at;
}

size_t assay_simplex_count_certificates(const struct assay_simplex *s)
{
    size_t held = 0;
    for (uint32_t i = 0; i < s->certificate_top; i++)
        held += s->certificates[i].used;
    ASSAY_ASSERT(held >= s->unstored && held <= s->certificate_top);
    return held;
}

void assay_simplex_snapshot(const struct assay_simplex *s, struct assay_simplex_snapshot *snapshot)
{
    ASSAY_ASSERT(assay_sx_is_valid(s));

    *snapshot = (struct assay_simplex_snapshot){ .epoch = s->base.epoch,
                                                 .view = s->view,
                                                 .final_height = s->handed_height,
                                                 .final_view = s->handed_view,
                                                 .nullified_in_a_row = s->nullified_in_a_row,
                                                 .gives_up_ms = assay_sx_timeout_at(s),
                                                 .voting = s->begun && assay_sx_can_vote(s),
                                                 .asking = s->resume.owed,
                                                 .refused = s->refused };
    assay_bytes_copy(snapshot->final_id, 32, s->handed_id, 32);
}
