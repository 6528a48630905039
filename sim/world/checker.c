/*
 * sim/world/checker.c - invariants after each step, under any fault.
 *
 * The checkers read what nodes sign, send, store and close, never an engine's own opinion:
 *
 *   signed once  no honest node with an intact disk signs two N, two F or two X of different
 *                content in one view, X and F, or two envelopes or ballots in one epoch under
 *                one key
 *   persist      every signed byte that is sent is in the committed store
 *   agreement    one block at each height; one head and one root at every close of an epoch
 *   validity     a final block is signed by the leader that it names, and its parent is the
 *                final block below it (final.c: whether the leader is the right one, and
 *                which members are listed; voters.c: records while views are nullified)
 *   finality     no two final certificates of one view for two blocks, and none together with
 *                a nullification
 *   orders       name the own slot and the listed incarnation, under the number of their
 *                cause; one restart for an incarnation of an era
 *   memory       a node's memory stays within its bound
 *   ballots      ballots.c
 *   voters       voters.c
 *   consent      new_keys.c, consent.c
 */
#include "engine/consensus/vote.h"
#include "engine/parts/engine_internal.h"
#include "sim/world/world_internal.h"

#include "base/cbor.h"
#include "engine/sync/sync.h"

#include <stdlib.h>

enum { SIGNED_LOOKED_AT = 512 };

/* Final blocks by height, and the certificates of every view. */
struct world_final {
    bool known;
    uint32_t era;
    uint8_t id[32];
    uint64_t time_ms;
};

struct world_closed {
    bool known;
    uint32_t era;
    uint8_t root[32], head[32];
};

struct world_view {
    uint64_t epoch, view;
    bool final, null;
    uint8_t id[32];
};

/* A certificate over a range of views (protocol.md 5.27). */
struct world_range {
    uint64_t epoch, first, last;
};

struct world_proposed {
    uint8_t id[32];
    uint32_t node;
    uint64_t at_us;
};

struct world_chain {
    struct world_final *heights;
    size_t height_capacity;
    struct world_closed *epochs;
    size_t epoch_capacity;
    struct world_view *views; /* open addressing by (epoch, view) */
    size_t view_count, view_capacity;
    struct world_range *ranges;
    size_t range_count, range_capacity;
    struct world_proposed *proposed; /* open addressing by id */
    size_t proposed_count, proposed_capacity;
};

void world_check_create(struct assay_sim_world *w)
{
    w->chain = calloc(1, sizeof *w->chain);
    ASSAY_ASSERT(w->chain != NULL);
}

void world_check_free(struct assay_sim_world *w)
{
    free(w->chain->heights);
    free(w->chain->epochs);
    free(w->chain->views);
    free(w->chain->ranges);
    free(w->chain->proposed);
    free(w->chain);
    world_new_keys_free(w);
}

static void *grow_array(void *array, size_t *capacity, size_t index, size_t size)
{
    if (index < *capacity) return array;
    size_t wanted = *capacity == 0 ? 64 : *capacity;
    while (wanted <= index)
        wanted *= 2;
    uint8_t *bytes = realloc(array, wanted * size);
    ASSAY_ASSERT(bytes != NULL);
    assay_bytes_zero(bytes + *capacity * size, (wanted - *capacity) * size);
    *capacity = wanted;
    return bytes;
}

/* --- signed once */

static bool describe_signature(const struct assay_effect *e, const struct world_payload *payload,
                               struct own_signature *s)
{
    *s = (struct own_signature){ .kind = (uint16_t)e->as.sign.message };
    assay_bytes_copy(s->digest, 32, e->as.sign.digest, 32);
    s->epoch = e->as.sign.store_key.epoch;
    if (e->as.sign.message == ASSAY_MESSAGE_VOTE) {
        struct assay_vote vote;
        if (assay_vote_decode(assay_slice_over(payload->bytes, payload->len), &vote) != ASSAY_OK)
            return false;
        s->is_vote = true;
        s->type = (unsigned)vote.statement.type;
        s->view = vote.statement.view;
        s->epoch = vote.statement.epoch;
        return true;
    }
    /* A proposal may be made again after a crash only byte for byte: the leader's N covers it. */
    if (e->as.sign.message == ASSAY_MESSAGE_PROPOSAL) return false;
    return e->as.sign.class_ == ASSAY_STORE_BALLOT || e->as.sign.class_ == ASSAY_STORE_ENVELOPE;
}

static struct assay_vote_statement vote_statement_of(const struct own_signature *s)
{
    return (struct assay_vote_statement){ .view = s->view, .type = (enum assay_vote_type)s->type };
}

/* protocol.md 5.27: X over a range excludes F in it. */
static bool votes_conflict_over_range(const struct own_signature *a, const struct own_signature *b)
{
    if (!a->is_vote || !b->is_vote || a->epoch != b->epoch) return false;
    if (!assay_bytes_equal(a->key, b->key, 64)) return false;
    const struct assay_vote_statement one = vote_statement_of(a), other = vote_statement_of(b);
    if (assay_vote_span(one.type) > 1 && other.type == ASSAY_VOTE_FINALISE)
        return assay_vote_covers(&one, other.view);
    return assay_vote_span(other.type) > 1 && one.type == ASSAY_VOTE_FINALISE &&
           assay_vote_covers(&other, one.view);
}

static bool signatures_conflict(const struct own_signature *a, const struct own_signature *b)
{
    if (a->kind != b->kind || a->epoch != b->epoch || a->view != b->view) return false;
    if (!assay_bytes_equal(a->key, b->key, 64)) return false;
    if (!a->is_vote) return !assay_bytes_equal(a->digest, b->digest, 32);
    if (a->type == b->type) return !assay_bytes_equal(a->digest, b->digest, 32);
    return (a->type == ASSAY_VOTE_NULLIFY && b->type == ASSAY_VOTE_FINALISE) ||
           (a->type == ASSAY_VOTE_FINALISE && b->type == ASSAY_VOTE_NULLIFY);
}

static void record_proposal(struct world_chain *c, const uint8_t id[static 32], uint32_t node,
                            uint64_t at_us);
static const struct world_proposed *find_proposal(const struct world_chain *c,
                                                  const uint8_t id[static 32]);

void world_check_proposed(struct assay_sim_world *w, uint32_t node, const uint8_t id[static 32])
{
    if (find_proposal(w->chain, id) == NULL) record_proposal(w->chain, id, node, w->now_us);
}

/* The signatures of a step are committed before its notes are read. */
static bool resumes_now(const struct assay_sim_world *w)
{
    const struct assay_effects *effects = w->stepping.effects;
    for (size_t i = 0; effects != NULL && i < effects->count; i++)
        if (effects->items[i].kind == ASSAY_EFFECT_NOTE &&
            effects->items[i].as.note.note == ASSAY_NOTE_RESUMED)
            return true;
    return false;
}

void world_check_signed(struct assay_sim_world *w, uint32_t node, const struct assay_effect *effect,
                        const struct world_payload *payload)
{
    struct world_node *n = &w->nodes[node];
    struct own_signature s;
    if (effect->as.sign.message == ASSAY_MESSAGE_PROPOSAL) {
        world_check_proposed(w, node, effect->as.sign.digest);
        world_voters_proposal(w, node, assay_slice_over(payload->bytes, payload->len));
        world_voters_signed(w, node, effect->as.sign.store_key.epoch, "proposal");
    }
    if (effect->as.sign.class_ == ASSAY_STORE_BALLOT)
        world_ballots_signed(w, node, assay_slice_over(payload->bytes, payload->len));
    world_check_fence(w, node, effect->as.sign.store_key.era);
    if (!describe_signature(effect, payload, &s)) return;
    if (s.is_vote) world_voters_signed(w, node, s.epoch, "vote");
    if (s.is_vote && n->asked && !resumes_now(w))
        world_report_violation(
            w, ASSAY_SIM_CHECKER_SIGNED_ONCE,
            "node %u votes behind a boundary before peers said what it had signed", node);
    world_count_check(w, ASSAY_SIM_CHECKER_SIGNED_ONCE);
    assay_bytes_copy(s.key, 64, n->keys.voting_public, 64);
    const uint64_t key = s.epoch << 32 ^ s.view << 8 ^ s.kind;
    const size_t held = n->signed_count < SIGNED_KEPT ? n->signed_count : SIGNED_KEPT;
    /* Keys without their log may repeat anything that they ever signed. */
    const size_t compared = n->lost_log || held < SIGNED_LOOKED_AT ? held : SIGNED_LOOKED_AT;
    for (size_t i = 0; i < compared; i++) {
        const size_t at = (n->signed_count - 1 - i) % SIGNED_KEPT;
        const struct own_signature *old = &n->signed_[at];
        const bool same = n->signed_keys[at] == key && signatures_conflict(old, &s);
        if (!same && !votes_conflict_over_range(old, &s)) continue;
        if (!world_is_trusted(w, node)) continue;
        world_report_violation(w, ASSAY_SIM_CHECKER_SIGNED_ONCE,
                               "node %u signed twice: message %u, epoch %llu, view %llu", node,
                               s.kind, (unsigned long long)s.epoch, (unsigned long long)s.view);
    }
    n->signed_keys[n->signed_count % SIGNED_KEPT] = key;
    n->signed_[n->signed_count++ % SIGNED_KEPT] = s;
}

/* --- an epoch boundary that makes a new engine (protocol.md 9.6) */

void world_check_leaves_epoch(struct assay_sim_world *w, uint32_t node)
{
    struct world_node *n = &w->nodes[node];
    struct assay_simplex_snapshot simplex;
    assay_simplex_snapshot(n->engine->simplex, &simplex);
    /* Unlisted keys have signed nothing. */
    n->asked = n->engine->key_state->listed && (n->asked || simplex.asking);
    n->finished = n->finished || n->engine->key_state->rolled_back;
}

/* The next engine must retain what one engine recorded about its keys. */
void world_check_renewed(struct assay_sim_world *w, uint32_t node)
{
    const struct world_node *n = &w->nodes[node];
    world_count_check(w, ASSAY_SIM_CHECKER_SIGNED_ONCE);
    if (n->finished && !n->engine->key_state->rolled_back)
        world_report_violation(w, ASSAY_SIM_CHECKER_SIGNED_ONCE,
                               "node %u: keys that are finished are good again behind a boundary",
                               node);
}

void world_check_resumed(struct assay_sim_world *w, uint32_t node)
{
    w->nodes[node].asked = false;
}

/* --- persist before send */

void world_check_leaves(struct assay_sim_world *w, uint32_t node, const struct assay_effect *effect,
                        const struct world_payload *payload)
{
    size_t len = 0;
    world_count_check(w, ASSAY_SIM_CHECKER_PERSIST);
    const enum assay_status status =
        assay_store_get(w->nodes[node].store, effect->as.sign.class_, &effect->as.sign.store_key,
                        w->scratch, ASSAY_SYNC_ANSWER_LEN_MAX, &len);
    /* Reads see the open batch; `uncommitted` records whether it was committed. */
    if (status == ASSAY_OK && len == payload->len && !w->stepping.uncommitted &&
        assay_bytes_equal(w->scratch, payload->bytes, len))
        return;
    world_report_violation(w, ASSAY_SIM_CHECKER_PERSIST,
                           "node %u sends message %d before it is durable", node,
                           (int)effect->as.sign.message);
}

/* --- validity: the leader, recomputed */

static size_t slot_of_id(const uint8_t id[static 32], size_t capacity)
{
    size_t h = 0;
    for (unsigned i = 0; i < 8; i++)
        h = h << 8 | id[i];
    return h & (capacity - 1);
}

static void put_proposal(struct world_chain *c, const struct world_proposed *p)
{
    size_t i = slot_of_id(p->id, c->proposed_capacity);
    while (!assay_bytes_all_zero(c->proposed[i].id, 32) &&
           !assay_bytes_equal(c->proposed[i].id, p->id, 32))
        i = (i + 1) & (c->proposed_capacity - 1);
    if (assay_bytes_all_zero(c->proposed[i].id, 32)) c->proposed_count++;
    c->proposed[i] = *p;
}

static void record_proposal(struct world_chain *c, const uint8_t id[static 32], uint32_t node,
                            uint64_t at_us)
{
    if (2 * c->proposed_count >= c->proposed_capacity) {
        struct world_proposed *old = c->proposed;
        const size_t count = c->proposed_capacity;
        c->proposed_capacity = count == 0 ? 1024 : 2 * count;
        c->proposed_count = 0;
        c->proposed = calloc(c->proposed_capacity, sizeof *c->proposed);
        ASSAY_ASSERT(c->proposed != NULL);
        for (size_t i = 0; i < count; i++)
            if (!assay_bytes_all_zero(old[i].id, 32)) put_proposal(c, &old[i]);
        free(old);
    }
    struct world_proposed p = { .node = node, .at_us = at_us };
    assay_bytes_copy(p.id, 32, id, 32);
    put_proposal(c, &p);
}

/* Returns: the node that signed the proposal of a block and the time of the first; NULL: none. */
static const struct world_proposed *find_proposal(const struct world_chain *c,
                                                  const uint8_t id[static 32])
{
    if (c->proposed_capacity == 0) return NULL;
    size_t i = slot_of_id(id, c->proposed_capacity);
    while (!assay_bytes_all_zero(c->proposed[i].id, 32)) {
        if (assay_bytes_equal(c->proposed[i].id, id, 32)) return &c->proposed[i];
        i = (i + 1) & (c->proposed_capacity - 1);
    }
    return NULL;
}

uint32_t world_epoch_ms(const struct assay_sim_world *w, uint32_t node)
{
    const struct assay_engine *e = w->nodes[node].engine;
    return e != NULL ? e->genesis->parameters.epoch_ms : w->options.epoch_ms;
}

static void check_time(struct assay_sim_world *w, uint32_t node,
                       const struct assay_block_header *header,
                       const struct world_proposed *own)
{
    const struct world_chain *c = w->chain;
    const struct world_final *below = &c->heights[header->height - 1];
    const struct world_proposed *parent = find_proposal(c, below->id);
    if (!below->known || parent == NULL || own == NULL) return;
    const struct world_times times = { .height = header->height,
                                       .time_ms = header->time_ms,
                                       .epoch_ms = world_epoch_ms(w, node),
                                       .proposed_us = own->at_us,
                                       .parent_ms = below->time_ms,
                                       .parent_us = parent->at_us };
    world_check_time(w, &times);
}

/* A block of an era that operators ended in doubt, next to one of a later era: operators were
 * notified that it may be final. sim/world/history.c checks what must hold across eras. */
static bool is_of_an_era_in_doubt(const struct assay_sim_world *w, const struct world_final *known,
                                  uint32_t era)
{
    return w->split_reported && known->known && known->era > era;
}

static void check_block(struct assay_sim_world *w, uint32_t node, const struct assay_effect *effect)
{
    struct world_chain *c = w->chain;
    const uint64_t height = effect->as.persist.key.number;
    struct assay_proposal p;
    uint8_t id[32];
    assay_bytes_copy(id, 32, effect->as.persist.key.id, 32);
    c->heights = grow_array(c->heights, &c->height_capacity, height + 1, sizeof *c->heights);
    world_count_check(w, ASSAY_SIM_CHECKER_AGREEMENT);
    const uint32_t era = effect->as.persist.key.era;
    if (is_of_an_era_in_doubt(w, &c->heights[height], era)) return;
    if (height > 1 && is_of_an_era_in_doubt(w, &c->heights[height - 1], era)) return;
    const bool replaced = w->split_reported && c->heights[height].era < era;
    if (c->heights[height].known && !replaced) {
        if (w->options.plant == ASSAY_SIM_WORLD_PLANT_BLOCK && node == 1 && height >= 5)
            id[0] ^= 1;
        if (!assay_bytes_equal(c->heights[height].id, id, 32))
            world_report_violation(w, ASSAY_SIM_CHECKER_AGREEMENT,
                                   "node %u has another block final at %llu", node,
                                   (unsigned long long)height);
        return;
    }
    c->heights[height].known = true;
    c->heights[height].era = era;
    assay_bytes_copy(c->heights[height].id, 32, id, 32);
    world_count_check(w, ASSAY_SIM_CHECKER_VALIDITY);
    if (assay_proposal_decode(effect->as.persist.value, &p) != ASSAY_OK ||
        !assay_bytes_equal(p.id, id, 32) || p.header.height != height) {
        world_report_violation(w, ASSAY_SIM_CHECKER_VALIDITY,
                               "node %u: the final block %llu is none", node,
                               (unsigned long long)height);
        return;
    }
    if (w->options.plant == ASSAY_SIM_WORLD_PLANT_LINK && height == 6) p.header.parent_id[0] ^= 1;
    const struct world_proposed *own = find_proposal(c, id);
    uint32_t signer = own != NULL ? own->node : UINT32_MAX;
    c->heights[height].time_ms = p.header.time_ms;
    if (w->options.plant == ASSAY_SIM_WORLD_PLANT_TIME && height == 6)
        p.header.time_ms += 2 * w->options.epoch_ms;
    check_time(w, node, &p.header, own);
    if (w->options.plant == ASSAY_SIM_WORLD_PLANT_PROPOSER && height == 5)
        signer = (signer + 1) % w->options.nodes;
    if (signer != p.header.leader)
        world_report_violation(w, ASSAY_SIM_CHECKER_VALIDITY,
                               "the final block %llu of leader %u was proposed by %d",
                               (unsigned long long)height, p.header.leader, (int)signer);
    /* After a RECOVER in doubt the block below may be that of the era before. */
    const bool below = height > 1 && c->heights[height - 1].known &&
                       (c->heights[height - 1].era == era || !w->split_reported);
    if (below &&
        !assay_bytes_equal(p.header.parent_id, c->heights[height - 1].id, 32))
        world_report_violation(w, ASSAY_SIM_CHECKER_VALIDITY,
                               "the final block %llu does not stand on the one below",
                               (unsigned long long)height);
    world_new_keys_block(w, &p);
    world_run_block(w, &p);
}

/* --- finality: contradicting certificates */

static struct world_view *view_at(struct world_chain *c, uint64_t epoch, uint64_t view)
{
    const uint64_t mixed = (epoch * 0x9e3779b97f4a7c15ULL) ^ (view * 0xbf58476d1ce4e5b9ULL);
    size_t i = (size_t)(mixed ^ mixed >> 29) & (c->view_capacity - 1);
    while (c->views[i].view != 0 && (c->views[i].epoch != epoch || c->views[i].view != view))
        i = (i + 1) & (c->view_capacity - 1);
    return &c->views[i];
}

static struct world_view *find_or_add_view(struct world_chain *c, uint64_t epoch, uint64_t view)
{
    if (2 * c->view_count >= c->view_capacity) {
        struct world_view *old = c->views;
        const size_t count = c->view_capacity;
        c->view_capacity = count == 0 ? 1024 : 2 * count;
        c->views = calloc(c->view_capacity, sizeof *c->views);
        ASSAY_ASSERT(c->views != NULL);
        for (size_t i = 0; i < count; i++)
            if (old[i].view != 0) *view_at(c, old[i].epoch, old[i].view) = old[i];
        free(old);
    }
    struct world_view *v = view_at(c, epoch, view);
    if (v->view != 0) return v;
    v->epoch = epoch;
    v->view = view;
    c->view_count++;
    return v;
}

static void report_final_and_nullified(struct assay_sim_world *w, uint64_t epoch, uint64_t view)
{
    world_report_violation(w, ASSAY_SIM_CHECKER_FINALITY,
                           "a final and a nullification certificate in epoch %llu, view %llu",
                           (unsigned long long)epoch, (unsigned long long)view);
}

static const struct world_range *find_range(const struct world_chain *c, uint64_t epoch,
                                            uint64_t view)
{
    for (size_t i = 0; i < c->range_count; i++) {
        const struct world_range *r = &c->ranges[i];
        if (r->epoch == epoch && r->first <= view && view <= r->last) return r;
    }
    return NULL;
}

/* protocol.md 5.27: a range certificate counts for each of its views. */
static void check_range_certificate(struct assay_sim_world *w,
                                    const struct assay_vote_statement *st)
{
    struct world_chain *c = w->chain;
    const struct world_range range = { st->epoch, st->view, assay_vote_last(st) };
    world_count_check(w, ASSAY_SIM_CHECKER_FINALITY);
    const struct world_range *held = find_range(c, st->epoch, st->view);
    if (held != NULL && held->last >= range.last) return;
    c->ranges = grow_array(c->ranges, &c->range_capacity, c->range_count, sizeof *c->ranges);
    c->ranges[c->range_count++] = range;
    for (size_t i = 0; i < c->view_capacity; i++) {
        const struct world_view *v = &c->views[i];
        if (v->final && v->epoch == st->epoch && v->view >= range.first && v->view <= range.last)
            report_final_and_nullified(w, v->epoch, v->view);
    }
}

static void check_certificate(struct assay_sim_world *w, uint32_t node,
                              const struct assay_effect *effect)
{
    struct assay_vote_certificate c;
    if (assay_certificate_decode(effect->as.persist.value, world_members(w, node), &c) !=
        ASSAY_OK) {
        world_report_violation(w, ASSAY_SIM_CHECKER_FINALITY,
                               "node %u stores what is no certificate", node);
        return;
    }
    world_voters_certificate(w, node, &c);
    if (c.statement.type == ASSAY_VOTE_NOTARISE) return;
    if (w->options.plant == ASSAY_SIM_WORLD_PLANT_CERTIFICATE && node == 2)
        c.statement.block_id[0] ^= 1;
    if (w->options.plant == ASSAY_SIM_WORLD_PLANT_NULLIFIED && node == 2)
        c.statement.type = ASSAY_VOTE_NULLIFY;
    if (assay_vote_span(c.statement.type) > 1) {
        check_range_certificate(w, &c.statement);
        return;
    }
    struct world_view *v = find_or_add_view(w->chain, c.statement.epoch, c.statement.view);
    world_count_check(w, ASSAY_SIM_CHECKER_FINALITY);
    if (c.statement.type == ASSAY_VOTE_NULLIFY) {
        v->null = true;
    } else if (v->final && !assay_bytes_equal(v->id, c.statement.block_id, 32)) {
        world_report_violation(
            w, ASSAY_SIM_CHECKER_FINALITY, "two final certificates in epoch %llu, view %llu",
            (unsigned long long)c.statement.epoch, (unsigned long long)c.statement.view);
    } else {
        v->final = true;
        assay_bytes_copy(v->id, 32, c.statement.block_id, 32);
    }
    if (v->final && (v->null || find_range(w->chain, v->epoch, v->view) != NULL))
        report_final_and_nullified(w, v->epoch, v->view);
}

/* Every block above that height belongs to no chain any more. */
bool world_check_undone(struct assay_sim_world *w, uint64_t height, uint64_t epoch)
{
    struct world_chain *c = w->chain;
    bool any = false;
    for (size_t h = height + 1; h < c->height_capacity; h++) {
        any = any || c->heights[h].known;
        c->heights[h].known = false;
    }
    for (size_t e = epoch; e < c->epoch_capacity; e++)
        c->epochs[e].known = false;
    for (size_t i = 0; any && i < c->view_capacity; i++)
        if (c->views[i].epoch > epoch) c->views[i].final = c->views[i].null = false;
    return any;
}

/* Records durable fences; a value of one byte is a release. */
static void note_fence(struct assay_sim_world *w, uint32_t node, const struct assay_effect *effect)
{
    struct world_node *n = &w->nodes[node];
    const bool holds = effect->as.persist.value.len > 1;
    if (effect->as.persist.key.number == ASSAY_META_ANSWERED)
        n->answered_eras = holds ? effect->as.persist.key.era + 1 : 0;
    if (effect->as.persist.key.number != ASSAY_META_FENCE) return;
    n->fenced_eras = holds ? effect->as.persist.key.era + 1 : 0;
    struct assay_fence fence;
    if (holds && assay_fence_decode(effect->as.persist.value, &fence) == ASSAY_OK)
        n->fenced_until = fence.last_epoch;
    assay_bytes_copy(n->fenced_by, 32, n->engine->head->state.operators_digest, 32);
}

/* A state is stored with the block that closed its epoch; fast sync stores it without blocks
 * below. */
static void note_state(struct assay_sim_world *w, uint32_t node, struct assay_slice snapshot)
{
    struct assay_cursor c = assay_cursor_over(snapshot.bytes, snapshot.len);
    struct assay_slice head;
    struct assay_block_header header;
    uint8_t id[32];
    if (assay_cbor_array_exact(&c, 3) != ASSAY_OK ||
        assay_cbor_text_expect(&c, "assay/snapshot/v1") != ASSAY_OK ||
        assay_cbor_bytes(&c, ASSAY_BLOCK_HEADER_LEN_MAX, &head) != ASSAY_OK ||
        assay_block_header_decode(head, &header) != ASSAY_OK)
        return;
    assay_block_id(head, id);
    world_history_final(w, node, header.height, id);
}

void world_check_persisted(struct assay_sim_world *w, uint32_t node,
                           const struct assay_effect *effect)
{
    if (effect->as.persist.class_ == ASSAY_STORE_META) note_fence(w, node, effect);
    if (effect->as.persist.class_ == ASSAY_STORE_BLOCK) {
        check_block(w, node, effect);
        world_history_final(w, node, effect->as.persist.key.number, effect->as.persist.key.id);
    }
    if (effect->as.persist.class_ == ASSAY_STORE_STATE)
        note_state(w, node, effect->as.persist.value);
    if (effect->as.persist.class_ == ASSAY_STORE_CERTIFICATE) check_certificate(w, node, effect);
}

/* --- orders */

/* protocol.md 10.2: while its cause exists an order is derived again under the same number, by
 * which the agent recognises an executed order. */
static void check_number(struct assay_sim_world *w, uint32_t node, const struct assay_order *order)
{
    const struct assay_engine *e = w->nodes[node].engine;
    const struct assay_member *m = &e->head->state.members[node];
    struct assay_order *last = &w->nodes[node].last_orders[order->kind];
    const bool restart = order->kind == ASSAY_ORDER_RESTART;
    const uint64_t cause = restart ? m->failure_epoch : m->order_epoch;
    /* protocol.md 2.8: keys whose log was lost are finished in any epoch; this cause has its own
     * number. */
    if (restart && e->key_state->rolled_back) return;
    if (order->epoch != cause)
        world_report_violation(w, ASSAY_SIM_CHECKER_ORDERS,
                               "node %u got an order of epoch %llu, its cause is of %llu", node,
                               (unsigned long long)order->epoch, (unsigned long long)cause);
    if (last->epoch == order->epoch && last->incarnation == order->incarnation &&
        last->seq != order->seq)
        world_report_violation(w, ASSAY_SIM_CHECKER_ORDERS,
                               "node %u got order %u of epoch %llu as %u", node, last->seq,
                               (unsigned long long)order->epoch, order->seq);
    *last = *order;
}

void world_check_order(struct assay_sim_world *w, uint32_t node, const struct assay_order *order)
{
    const struct assay_engine *e = w->nodes[node].engine;
    const enum assay_sim_world_plant plant = node == 1 ? w->options.plant : 0;
    const uint32_t slot = order->slot + (plant == ASSAY_SIM_WORLD_PLANT_ORDER ? 1u : 0u);
    struct assay_order numbered = *order;
    if (plant == ASSAY_SIM_WORLD_PLANT_RENUMBERS) numbered.epoch = e->head->state.epoch + 1;
    if (plant == ASSAY_SIM_WORLD_PLANT_RESEQUENCES) numbered.seq += (uint32_t)e->head->state.epoch;
    world_count_check(w, ASSAY_SIM_CHECKER_ORDERS);
    check_number(w, node, &numbered);
    if (slot != node)
        world_report_violation(w, ASSAY_SIM_CHECKER_ORDERS, "node %u got an order for slot %u",
                               node, slot);
    if (order->incarnation != e->head->state.members[node].lives[0].incarnation)
        world_report_violation(w, ASSAY_SIM_CHECKER_ORDERS,
                               "node %u got an order for incarnation %u", node, order->incarnation);
}

/* The goal of all orders (docs/protocol.md 10): what the enclave may do is what the ledger says of
 * its member. */
static enum assay_work work_by_ledger(const struct world_node *n, const struct assay_member *m)
{
    const bool failed = m->failure_epoch > 0 && !m->trust.listed_after_failure;
    if (failed || n->engine->key_state->rolled_back) return ASSAY_WORK_SUSPENDED;
    if (n->agent.restarted == m->lives[0].incarnation) return ASSAY_WORK_SUSPENDED;
    if (m->trust.score.standing == ASSAY_STANDING_SUSPENDED) return ASSAY_WORK_SUSPENDED;
    return m->trust.score.standing == ASSAY_STANDING_RESTRICTED ? ASSAY_WORK_RESTRICTED
                                                                : ASSAY_WORK_FULL;
}

void world_check_agent(struct assay_sim_world *w, uint32_t node)
{
    enum { HEAD_EPOCHS = 3 }; /* by its own date the head is no history (10.2) */
    struct world_node *n = &w->nodes[node];
    if (!n->agent_due) return;
    n->agent_due = false;
    if (!n->alive || !n->engine->start_state->started || n->engine->sync->active) return;
    const struct assay_engine *e = n->engine;
    const struct assay_member *m = &e->head->state.members[node];
    const uint64_t fresh_ms = HEAD_EPOCHS * assay_eng_epoch_ms(e);
    if (e->chain->halted || e->at_unix_ms > e->head->state.head_time_ms + fresh_ms) return;
    if (!assay_member_serves(m)) return; /* its machine is in its operator's hands (9.6.2) */
    /* An era assigns numbers again (9.4.1): the one that was restarted may be another key set. */
    if (n->agent.restarted == m->lives[0].incarnation && n->agent.last.era != e->head->state.era)
        return;
    world_count_check(w, ASSAY_SIM_CHECKER_ORDERS);
    const enum assay_work due = work_by_ledger(n, m);
    n->agent_differs = n->agent.work == due ? 0 : n->agent_differs + 1;
    if (n->agent_differs < 2) return; /* a step without room derives its orders at the next close */
    world_report_violation(w, ASSAY_SIM_CHECKER_ORDERS,
                           "the agent of node %u lets it work as %d, by the ledger it is %d", node,
                           n->agent.work, due);
}

/* The agent executes it. */
void world_check_restart(struct assay_sim_world *w, uint32_t node, const struct assay_order *order)
{
    const struct world_node *n = &w->nodes[node];
    const struct assay_member *m = &n->engine->head->state.members[node];
    world_count_check(w, ASSAY_SIM_CHECKER_ORDERS);
    if (order->incarnation <= n->agent.restarted && order->era == n->agent.last.era)
        world_report_violation(w, ASSAY_SIM_CHECKER_ORDERS,
                               "node %u restarts twice for incarnation %u", node,
                               order->incarnation);
    if (m->failure_epoch == 0 && !n->engine->key_state->rolled_back)
        world_report_violation(w, ASSAY_SIM_CHECKER_ORDERS,
                               "node %u restarts without an integrity failure", node);
}

/* --- epochs */

static bool was_stalled(const struct assay_sim_world *w, uint32_t node)
{
    const struct world_node *const n = &w->nodes[node];
    const uint64_t epoch_us = 1000 * (uint64_t)world_epoch_ms(w, node);
    return n->still_until_us > 0 && w->now_us < n->still_until_us + 2 * epoch_us;
}

/* Incarnations that were listed within that many epochs; each had a quote of its own. */
static size_t count_relisted(const struct assay_state *state, uint64_t epochs)
{
    size_t count = 0;
    for (uint32_t i = 0; i < state->member_count; i++)
        for (uint32_t k = 0; k < state->members[i].life_count; k++)
            count += state->members[i].lives[k].since_epoch + epochs > state->epoch;
    return count;
}

/* Starts of a node since it closed the oldest of these epochs: each makes a quote, and an epoch
 * lasts as long as too little weight is there to close it. Notes the starts of this close. */
static size_t note_starts(struct assay_sim_world *w, uint32_t node)
{
    struct world_node *n = &w->nodes[node];
    uint32_t *at = &n->boots_at[n->engine->head->state.epoch % WORLD_EVIDENCE_EPOCHS];
    const uint32_t before = *at;
    *at = n->boots;
    return n->boots - before;
}

static void check_memory(struct assay_sim_world *w, uint32_t node)
{
    const struct world_node *n = &w->nodes[node];
    const size_t members = w->options.nodes;
    /* One quote for each member and epoch, two of its own for INCARNATEs, one for each start of its
     * own, and one of each listed incarnation, for the life of proofs and the epochs at both ends
     * (finalize.c prunes at a close). */
    const uint64_t epochs = WORLD_EVIDENCE_EPOCHS;
    const size_t evidence_max = (members + 2) * epochs + note_starts(w, node) +
                                count_relisted(&n->engine->head->state, epochs);
    /* A node that stalled for some epochs receives the evidence of all of them at once. */
    const bool wakes = was_stalled(w, node);
    const size_t flights_max = wakes ? evidence_max : 4 * members;
    /* One quote for each member, INCARNATEs and proofs, each perhaps for another moment, and of
     * every adversary what its budget allows (protocol.md 5.12.1). */
    const uint64_t verified_max = (wakes ? evidence_max : 4 * members) + 16;
    world_count_check(w, ASSAY_SIM_CHECKER_MEMORY);
    const size_t held = world_evidence_count(w, node);
    const bool planted = w->options.plant == ASSAY_SIM_WORLD_PLANT_FLIGHTS && node == 1;
    const size_t flights = assay_gossip_count(n->gossip) + (planted ? flights_max + 1 : 0);
    if (held > evidence_max)
        world_report_violation(w, ASSAY_SIM_CHECKER_MEMORY,
                               "node %u holds %zu pieces of evidence, bound %zu", node, held,
                               evidence_max);
    if (flights > flights_max)
        world_report_violation(w, ASSAY_SIM_CHECKER_MEMORY,
                               "node %u has %zu pulls in flight, bound %zu", node, flights,
                               flights_max);
    if (n->verified > verified_max)
        world_report_violation(w, ASSAY_SIM_CHECKER_MEMORY,
                               "node %u verified %llu pieces of evidence in an epoch, bound %llu",
                               node, (unsigned long long)n->verified,
                               (unsigned long long)verified_max);
    w->nodes[node].verified = 0;
}

/* protocol.md 9.6: a node appraises, counts and votes by the rules of its state. */
static void check_effective_rules(struct assay_sim_world *w, uint32_t node)
{
    const struct assay_engine *e = w->nodes[node].engine;
    const struct assay_state *s = &e->head->state;
    const struct assay_genesis *effective = e->genesis;
    const struct assay_rules_in_force *rules = &s->rules;
    struct assay_rules_in_force own = { .parameters = effective->parameters };
    assay_bytes_copy(own.policy_digest, 32, effective->policy_digest, 32);
    assay_bytes_copy(own.endorsements_digest, 32, effective->endorsements_digest, 32);
    if (w->options.plant == ASSAY_SIM_WORLD_PLANT_EFFECTIVE_RULES && node == 1)
        own.policy_digest[0] ^= 1;
    world_count_check(w, ASSAY_SIM_CHECKER_CHANGES);
    if (!assay_state_rules_equal(&own, rules))
        world_report_violation(w, ASSAY_SIM_CHECKER_CHANGES,
                               "node %u goes by other rules than its state", node);
    if (!assay_bytes_equal(effective->operators_digest, s->operators_digest, 32))
        world_report_violation(w, ASSAY_SIM_CHECKER_CHANGES,
                               "node %u knows other operators than its state", node);
    if (e->members != s->member_count)
        world_report_violation(w, ASSAY_SIM_CHECKER_CHANGES, "node %u has %u seats for %u members",
                               node, e->members, s->member_count);
}

void world_check_closed(struct assay_sim_world *w, uint32_t node, uint64_t epoch)
{
    struct world_chain *c = w->chain;
    struct assay_engine_snapshot snapshot;
    assay_engine_snapshot(w->nodes[node].engine, &snapshot);
    check_memory(w, node);
    check_effective_rules(w, node);
    if (snapshot.epoch - 1 != epoch)
        return; /* a step may close several epochs; only the last one is visible */
    if (w->options.plant == ASSAY_SIM_WORLD_PLANT_ROOT && node == 1 && epoch == 3)
        snapshot.state_root[0] ^= 1;
    c->epochs = grow_array(c->epochs, &c->epoch_capacity, epoch + 1, sizeof *c->epochs);
    struct world_closed *first = &c->epochs[epoch];
    /* Votes in flight when operators fenced may close an epoch of the era that operators then end
     * in doubt. sim/world/history.c checks across eras: nodes of two eras differ only where
     * operators were notified of it. */
    const uint32_t era = w->nodes[node].engine->head->state.era;
    const bool may_differ = first->known && first->era != era && w->split_reported;
    if (may_differ && era < first->era) return;
    if (!first->known || may_differ) {
        first->known = true;
        first->era = era;
        world_voters_turn(w, node);
        assay_bytes_copy(first->root, 32, snapshot.state_root, 32);
        assay_bytes_copy(first->head, 32, snapshot.closed_id, 32);
        return;
    }
    world_count_check(w, ASSAY_SIM_CHECKER_AGREEMENT);
    if (!assay_bytes_equal(first->root, snapshot.state_root, 32))
        world_report_violation(w, ASSAY_SIM_CHECKER_AGREEMENT,
                               "node %u closed epoch %llu with another state root", node,
                               (unsigned long long)epoch);
    if (!assay_bytes_equal(first->head, snapshot.closed_id, 32))
        world_report_violation(w, ASSAY_SIM_CHECKER_AGREEMENT,
                               "node %u closed epoch %llu with another block", node,
                               (unsigned long long)epoch);
}
