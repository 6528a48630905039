/*
 * tests/unit/engine/consensus/test_simplex_hostile.c - messages that somebody made up: refused with
 * a reason, and the machine is bit for bit what it was, apart from its counters; nothing grows.
 */
#include "base/merkle.h"
#include "engine/consensus/simplex_internal.h"
#include "sim/simplex/world_internal.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { CAPTURED_MAX = 400 };

struct captured {
    enum assay_message_kind kind;
    uint16_t from;
    uint8_t *bytes;
    size_t len;
};

struct recording {
    struct captured items[CAPTURED_MAX];
    size_t count;
};

static bool record(void *context, uint32_t from, uint32_t to, enum assay_message_kind kind,
                   struct assay_slice payload)
{
    struct recording *r = context;
    if (to != 1 || r->count == CAPTURED_MAX) return true;
    struct captured *item = &r->items[r->count++];
    *item = (struct captured){ .kind = kind, .from = (uint16_t)from, .len = payload.len };
    item->bytes = malloc(payload.len + 1);
    cr_assert_not_null(item->bytes);
    assay_bytes_copy(item->bytes, payload.len, payload.bytes, payload.len);
    return true;
}

/* A world in the middle of things, and what machine 1 was sent until then. */
static struct assay_sim_simplex *busy_world(struct recording *r)
{
    const struct assay_sim_simplex_options options = { .seed = 7,
                                                       .slot_count = 4,
                                                       .weights = { 1, 1, 1, 1 },
                                                       .delay_min_ms = 1,
                                                       .delay_max_ms = 30,
                                                       .loss_permille = 150,
                                                       .epoch_blocks = 12,
                                                       .crash_permille = 10 };
    struct assay_sim_simplex *world = assay_sim_simplex_create(&options);
    assay_sim_simplex_set_filter(world, record, r);
    cr_assert(assay_sim_simplex_run(world, 3000));
    if (!assay_sim_simplex_alive(world, 1)) assay_sim_simplex_restart(world, 1);
    cr_assert(assay_sim_simplex_run(world, 1500));
    assay_sim_simplex_set_faults(world, 0, 0, 0);
    if (!assay_sim_simplex_alive(world, 1)) assay_sim_simplex_restart(world, 1);
    assay_sim_simplex_set_filter(world, NULL, NULL);
    return world;
}

static void free_recording(struct recording *r)
{
    for (size_t i = 0; i < r->count; i++)
        free(r->items[i].bytes);
    r->count = 0;
}

struct picture {
    uint8_t *simplex, *blocks;
};

static struct picture picture_of(struct sxw_machine *m)
{
    struct picture p = { malloc(m->simplex_memory_len), malloc(m->blocks_memory_len) };
    cr_assert(p.simplex != NULL && p.blocks != NULL);
    assay_simplex_release(m->simplex);
    assay_bytes_copy(p.simplex, m->simplex_memory_len, m->simplex_memory, m->simplex_memory_len);
    assay_bytes_copy(p.blocks, m->blocks_memory_len, m->blocks_memory, m->blocks_memory_len);
    return p;
}

/* Counters and scratch bytes aside. */
static void require_unchanged(struct sxw_machine *m, const struct picture *before)
{
    struct assay_simplex *s = m->simplex;
    const uint8_t *was = before->simplex;
    const uint8_t *memory = m->simplex_memory;
    const struct assay_simplex *old = (const void *)was;
    s->refused = old->refused;
    s->arena.used = old->arena.used;
    assay_bytes_copy(s->arena.bytes, s->arena.capacity, was + (s->arena.bytes - memory),
                     s->arena.capacity);
    assay_bytes_copy(s->helped_ms, s->config.voters_max * sizeof *s->helped_ms,
                     was + ((uint8_t *)s->helped_ms - memory),
                     s->config.voters_max * sizeof *s->helped_ms);
    cr_assert(assay_bytes_equal(was, memory, m->simplex_memory_len));
    cr_assert(assay_bytes_equal(before->blocks, m->blocks_memory, m->blocks_memory_len));
}

static void drop_picture(struct picture *p)
{
    free(p->simplex);
    free(p->blocks);
}

/* An exact copy on the heap, so that a sanitizer sees one byte too far. */
static enum assay_status give(struct assay_sim_simplex *w, uint16_t from,
                              enum assay_message_kind kind, const uint8_t *bytes, size_t len)
{
    struct sxw_machine *m = &w->machines[1];
    uint8_t *copy = malloc(len == 0 ? 1 : len);
    cr_assert_not_null(copy);
    assay_bytes_copy(copy, len, bytes, len);
    const struct sxw_event event = {
        .kind = SXW_MESSAGE, .from = from, .message = kind, .bytes = copy, .len = len
    };
    const enum assay_status status = assay_sxw_input(w, m, &event);
    free(copy);
    return status;
}

Test(simplex_hostile, every_truncation_and_every_extra_byte_changes_nothing, .timeout = 600)
{
    static struct recording r;
    struct assay_sim_simplex *world = busy_world(&r);
    struct sxw_machine *m = &world->machines[1];
    cr_assert(r.count > 100);
    m->simplex->now_ms = world->now;
    struct picture before = picture_of(m);
    bool tried[64] = { false };
    for (size_t i = 0; i < r.count; i++) {
        const struct captured *item = &r.items[i];
        if (tried[item->kind] && i % 16 != 0) continue; /* each kind whole, then samples */
        tried[item->kind] = true;
        for (size_t len = 0; len < item->len; len++)
            cr_assert_neq(give(world, item->from, item->kind, item->bytes, len), ASSAY_OK);
        item->bytes[item->len] = 0;
        cr_assert_neq(give(world, item->from, item->kind, item->bytes, item->len + 1), ASSAY_OK);
        require_unchanged(m, &before);
    }
    for (int kind = ASSAY_MESSAGE_PROPOSAL; kind <= ASSAY_MESSAGE_BLOCK_PULL; kind++)
        cr_expect(tried[kind] || kind >= ASSAY_MESSAGE_CERTIFICATE_PULL, "kind %d", kind);
    drop_picture(&before);
    free_recording(&r);
    assay_sim_simplex_destroy(&world);
}

Test(simplex_hostile, a_flipped_bit_is_refused_or_harmless, .timeout = 600)
{
    static struct recording r;
    struct assay_sim_simplex *world = busy_world(&r);
    struct sxw_machine *m = &world->machines[1];
    m->simplex->now_ms = world->now;
    struct picture before = picture_of(m);
    size_t refused = 0;
    for (size_t i = 0; i < r.count; i += 7) {
        const struct captured *item = &r.items[i];
        for (size_t bit = i % 5; bit < 8 * item->len; bit += 5) {
            item->bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
            const size_t early = m->simplex->early.used;
            const enum assay_status status =
                give(world, item->from, item->kind, item->bytes, item->len);
            item->bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
            const bool kept = status == ASSAY_E_EARLY && m->simplex->early.used > early;
            refused += status != ASSAY_OK;
            if (status == ASSAY_OK || kept) {
                /* A pull or question as good as the first, or a flip that made it one of the next
                 * epoch, kept to be judged there. */
                cr_assert(item->kind >= ASSAY_MESSAGE_CERTIFICATE_PULL || kept, "kind %d bit %zu",
                          (int)item->kind, bit);
                drop_picture(&before);
                before = picture_of(m);
            }
        }
        require_unchanged(m, &before);
    }
    cr_expect(refused > 1000);
    drop_picture(&before);
    free_recording(&r);
    assay_sim_simplex_destroy(&world);
}

/* --- well signed, and wrong */

static size_t make_vote(const struct assay_sim_simplex *w, uint64_t epoch, uint64_t view,
                        enum assay_vote_type type, uint16_t slot, uint16_t key, uint8_t *bytes)
{
    struct assay_vote_statement statement = { .epoch = epoch, .view = view, .type = type };
    uint8_t digest[32];
    uint8_t signature[ASSAY_P256_SIGNATURE_LEN];
    assay_bytes_copy(statement.chain_id, 32, w->chain_id, 32);
    if (type != ASSAY_VOTE_NULLIFY) memset(statement.block_id, 0x77, 32);
    assay_vote_statement_digest(&statement, digest);
    assay_sim_simplex_sign(w, key, digest, signature);
    struct assay_writer out = assay_writer_over(bytes, ASSAY_VOTE_LEN_MAX);
    assay_vote_encode(&statement, slot, signature, &out);
    cr_assert(!out.full);
    return out.len;
}

Test(simplex_hostile, a_vote_at_the_wrong_place_or_of_another_is_refused)
{
    static struct recording r;
    struct assay_sim_simplex *world = busy_world(&r);
    struct sxw_machine *m = &world->machines[1];
    struct assay_simplex *s = m->simplex;
    uint8_t vote[ASSAY_VOTE_LEN_MAX];
    const uint64_t epoch = s->base.epoch;
    const uint64_t view = s->view + 3;
    const struct {
        uint64_t epoch, view;
        uint16_t slot, key;
        enum assay_status status;
    } cases[] = {
        { epoch, view, 2, 3, ASSAY_E_SIGNATURE }, /* slot 3 signs for slot 2 */
        { epoch, view, 4, 2, ASSAY_E_STRANGER },  /* no such slot */
        { epoch, view, 9000, 2, ASSAY_E_STRANGER },
        { epoch, SXW_VIEWS + 1, 2, 2, ASSAY_E_EARLY }, /* one past the window */
        { epoch, UINT64_MAX / 16, 2, 2, ASSAY_E_EARLY },
        { epoch - 1, 1, 2, 2, ASSAY_E_STALE },
    };
    s->now_ms = world->now;
    struct picture before = picture_of(m);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (cases[i].epoch == 0) continue;
        const size_t len = make_vote(world, cases[i].epoch, cases[i].view, ASSAY_VOTE_NULLIFY,
                                     cases[i].slot, cases[i].key, vote);
        cr_expect_eq(give(world, 2, ASSAY_MESSAGE_VOTE, vote, len), cases[i].status, "case %zu", i);
        require_unchanged(m, &before);
    }
    drop_picture(&before);
    const size_t last =
        make_vote(world, epoch, SXW_VIEWS, ASSAY_VOTE_NULLIFY, 2, 2, vote);
    cr_expect_eq(give(world, 2, ASSAY_MESSAGE_VOTE, vote, last), ASSAY_OK); /* the window's last */
    cr_expect_eq(give(world, 2, ASSAY_MESSAGE_VOTE, vote, last), ASSAY_E_DUPLICATE);
    free_recording(&r);
    assay_sim_simplex_destroy(&world);
}

static size_t make_crowded(const struct assay_sim_simplex *w, uint64_t epoch, uint8_t *bytes)
{
    const uint8_t bitmap[2] = { 7, 1 }, signatures[4 * ASSAY_P256_SIGNATURE_LEN] = { 0 };
    struct assay_vote_statement s = { .epoch = epoch, .view = 1, .type = ASSAY_VOTE_NULLIFY };
    assay_bytes_copy(s.chain_id, 32, w->chain_id, 32);
    struct assay_writer out = assay_writer_over(bytes, ASSAY_CERTIFICATE_LEN_MAX);
    assay_certificate_encode(&s, assay_slice_over(bitmap, sizeof bitmap),
                             assay_slice_over(signatures, sizeof signatures), &out);
    cr_assert(!out.full);
    return out.len;
}

/* A roster that grows or shrinks past a multiple of eight makes its certificates longer or shorter:
 * those of the epochs beside ours are as honest as before. */
Test(simplex_hostile, a_certificate_of_an_epoch_with_a_larger_roster_is_not_malformed)
{
    static struct recording r;
    struct assay_sim_simplex *world = busy_world(&r);
    struct assay_simplex *s = world->machines[1].simplex;
    uint8_t bytes[ASSAY_CERTIFICATE_LEN_MAX];
    const uint64_t epoch = s->base.epoch;
    const size_t early = s->early.used;
    size_t len = make_crowded(world, epoch + 1, bytes);
    cr_expect_eq(give(world, 2, ASSAY_MESSAGE_CERTIFICATE, bytes, len), ASSAY_E_EARLY);
    cr_expect_gt(s->early.used, early, "kept for its epoch");
    len = make_crowded(world, epoch + 2, bytes);
    cr_expect_eq(give(world, 2, ASSAY_MESSAGE_CERTIFICATE, bytes, len), ASSAY_E_EARLY);
    len = make_crowded(world, epoch - 1, bytes);
    cr_expect_eq(give(world, 2, ASSAY_MESSAGE_CERTIFICATE, bytes, len), ASSAY_E_STALE);
    len = make_crowded(world, epoch, bytes);
    cr_expect_eq(give(world, 2, ASSAY_MESSAGE_CERTIFICATE, bytes, len), ASSAY_E_RANGE);
    free_recording(&r);
    assay_sim_simplex_destroy(&world);
}

Test(simplex_hostile, messages_of_another_chain_are_refused)
{
    static struct recording r;
    struct assay_sim_simplex *world = busy_world(&r);
    struct sxw_machine *m = &world->machines[1];
    uint8_t vote[ASSAY_VOTE_LEN_MAX];
    m->simplex->now_ms = world->now;
    struct picture before = picture_of(m);
    world->chain_id[5] ^= 1;
    const size_t len =
        make_vote(world, m->simplex->base.epoch, m->simplex->view, ASSAY_VOTE_NULLIFY, 2, 2, vote);
    world->chain_id[5] ^= 1;
    cr_expect_eq(give(world, 2, ASSAY_MESSAGE_VOTE, vote, len), ASSAY_E_CHAIN);
    require_unchanged(m, &before);
    drop_picture(&before);
    free_recording(&r);
    assay_sim_simplex_destroy(&world);
}

Test(simplex_hostile, kinds_of_the_ledger_and_the_host_are_refused)
{
    static struct recording r;
    struct assay_sim_simplex *world = busy_world(&r);
    const uint8_t byte[1] = { 0x80 };
    cr_expect_eq(give(world, 2, ASSAY_MESSAGE_ENVELOPE, byte, 1), ASSAY_E_UNSUPPORTED);
    cr_expect_eq(give(world, 2, (enum assay_message_kind)999, byte, 1), ASSAY_E_UNSUPPORTED);
    cr_expect_eq(give(world, 77, ASSAY_MESSAGE_VOTE, byte, 1), ASSAY_E_STRANGER);
    free_recording(&r);
    assay_sim_simplex_destroy(&world);
}

/* --- equivocation by hand: E1, E2, E3 */

Test(simplex_hostile, each_pair_of_votes_that_convicts_is_handed_out_once)
{
    static struct recording r;
    struct assay_sim_simplex *world = busy_world(&r);
    struct sxw_machine *m = &world->machines[1];
    world->options.byzantine[3] = true;
    const struct {
        enum assay_vote_type first, second;
        unsigned proof;
    } pairs[] = {
        { ASSAY_VOTE_NOTARISE, ASSAY_VOTE_NOTARISE, 1 },
        { ASSAY_VOTE_FINALISE, ASSAY_VOTE_FINALISE, 2 },
        { ASSAY_VOTE_NOTARISE, ASSAY_VOTE_FINALISE, 2 },
        { ASSAY_VOTE_NULLIFY, ASSAY_VOTE_FINALISE, 3 },
        { ASSAY_VOTE_FINALISE, ASSAY_VOTE_NULLIFY, 3 },
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        uint8_t bytes[2][ASSAY_VOTE_LEN_MAX];
        const uint64_t view = m->simplex->view + 20 + i;
        size_t accusations = 0;
        for (int j = 0; j < 2; j++) {
            struct assay_vote_statement statement = { .epoch = m->simplex->base.epoch,
                                                      .view = view,
                                                      .type = j == 0 ? pairs[i].first
                                                                     : pairs[i].second };
            uint8_t digest[32];
            uint8_t signature[ASSAY_P256_SIGNATURE_LEN];
            assay_bytes_copy(statement.chain_id, 32, world->chain_id, 32);
            if (statement.type != ASSAY_VOTE_NULLIFY) memset(statement.block_id, 0x70 + j, 32);
            assay_vote_statement_digest(&statement, digest);
            assay_sim_simplex_sign(world, 3, digest, signature);
            struct assay_writer w = assay_writer_over(bytes[j], sizeof bytes[j]);
            assay_vote_encode(&statement, 3, signature, &w);
            cr_assert_eq(give(world, 3, ASSAY_MESSAGE_VOTE, bytes[j], w.len), ASSAY_OK);
            for (size_t k = 0; k < m->actions.count; k++) {
                if (m->actions.items[k].kind != ASSAY_SIMPLEX_ACCUSE) continue;
                accusations++;
                cr_expect_eq(m->actions.items[k].proof_number, pairs[i].proof);
                cr_expect_eq(m->actions.items[k].slot, 3);
            }
            if (j == 1) /* again: told once is enough */
                cr_expect_eq(give(world, 3, ASSAY_MESSAGE_VOTE, bytes[j], w.len),
                             ASSAY_E_DUPLICATE);
        }
        cr_expect_eq(accusations, 1, "pair %zu", i);
        m->simplex->proven[3] = 0; /* as in another epoch */
    }
    free_recording(&r);
    assay_sim_simplex_destroy(&world);
}

/* --- proposals and certificates by hand, for machine 3 of a silent world */

static bool nothing_passes(void *context, uint32_t from, uint32_t to, enum assay_message_kind kind,
                           struct assay_slice payload)
{
    (void)context;
    (void)from;
    (void)to;
    (void)kind;
    (void)payload;
    return false;
}

static struct assay_sim_simplex *silent_world(void)
{
    const struct assay_sim_simplex_options options = {
        .seed = 9, .slot_count = 4, .weights = { 1, 1, 1, 1 }, .cadence_ms = 1000000
    };
    struct assay_sim_simplex *world = assay_sim_simplex_create(&options);
    assay_sim_simplex_set_filter(world, nothing_passes, NULL);
    return world;
}

/* By slots 0 to 2; broken: the last signature is another one's. */
static size_t make_certificate(const struct assay_sim_simplex *w, uint64_t view,
                               enum assay_vote_type type, bool broken, uint8_t *bytes,
                               uint8_t commitment[32])
{
    struct assay_vote_statement statement = { .epoch = 1, .view = view, .type = type };
    uint8_t digest[32];
    uint8_t signatures[3 * ASSAY_P256_SIGNATURE_LEN];
    const uint8_t bitmap = 7;
    assay_bytes_copy(statement.chain_id, 32, w->chain_id, 32);
    if (type != ASSAY_VOTE_NULLIFY) memset(statement.block_id, 0x77, 32);
    assay_vote_statement_digest(&statement, digest);
    for (uint16_t slot = 0; slot < 3; slot++)
        assay_sim_simplex_sign(w, broken && slot == 2 ? 3 : slot, digest,
                               signatures + slot * ASSAY_P256_SIGNATURE_LEN);
    struct assay_writer out = assay_writer_over(bytes, ASSAY_CERTIFICATE_LEN_MAX);
    assay_certificate_encode(&statement, assay_slice_over(&bitmap, 1),
                             assay_slice_over(signatures, sizeof signatures), &out);
    cr_assert(!out.full);
    assay_certificate_commitment(&statement, assay_slice_over(&bitmap, 1), commitment);
    return out.len;
}

struct forged {
    uint64_t view, height;
    enum assay_block_kind kind;
    uint16_t leader, key;
    const uint8_t *nulls;
    uint32_t null_count;
};

struct parent {
    const uint8_t *id;
    uint64_t view;
};

static size_t make_block(const struct assay_sim_simplex *w, const struct forged *f,
                         const struct parent *parent, uint8_t *bytes, size_t capacity,
                         uint8_t id[32])
{
    const uint8_t body[1] = { 0x80 };
    struct assay_block_header h = { .epoch = 1,
                                    .view = f->view,
                                    .height = f->height,
                                    .kind = f->kind,
                                    .parent_view = parent->view,
                                    .null_count = f->null_count,
                                    .time_ms = 1,
                                    .leader = f->leader };
    uint8_t header[ASSAY_BLOCK_HEADER_LEN_MAX];
    uint8_t signature[ASSAY_P256_SIGNATURE_LEN];
    struct assay_merkle tree;
    assay_merkle_init(&tree);
    for (uint32_t i = 0; i < f->null_count; i++)
        assay_merkle_add(&tree, f->nulls + 32 * (size_t)i, 32);
    assay_merkle_root(&tree, h.null_root);
    assay_bytes_copy(h.chain_id, 32, w->chain_id, 32);
    assay_bytes_copy(h.parent_id, 32, parent->id, 32);
    cr_assert_eq(assay_body_root(assay_slice_over(body, 1), &h.record_count, h.body_root),
                 ASSAY_OK);
    struct assay_writer hw = assay_writer_over(header, sizeof header);
    assay_block_header_encode(&h, &hw);
    assay_block_id(assay_slice_over(header, hw.len), id);
    assay_sim_simplex_sign(w, f->key, id, signature);
    struct assay_writer out = assay_writer_over(bytes, capacity);
    cr_assert_eq(assay_proposal_encode(
                     assay_slice_over(header, hw.len), signature, assay_slice_over(body, 1),
                     assay_slice_over(f->nulls, 32 * (size_t)f->null_count), &out, NULL),
                 ASSAY_OK);
    return out.len;
}

static size_t make_proposal(const struct assay_sim_simplex *w, const struct forged *f,
                            uint8_t *bytes, size_t capacity)
{
    const struct parent base = { w->machines[3].ledger.base_id, 0 };
    uint8_t id[32];
    return make_block(w, f, &base, bytes, capacity, id);
}

static bool has_cast(struct assay_sim_simplex *w, uint64_t view, enum assay_vote_type type)
{
    const struct sx_view *v = assay_sx_find_view(w->machines[3].simplex, view);
    return v != NULL && v->cast[type];
}

Test(simplex_hostile, a_proposal_that_breaks_a_rule_is_nullified_at_once)
{
    const struct {
        struct forged proposal;
        enum assay_status status;
        bool valid;
    } cases[] = {
        { { 1, 1, ASSAY_BLOCK_NORMAL, 0, 0, NULL, 0 }, ASSAY_OK, true },
        { { 1, 1, ASSAY_BLOCK_TAIL, 0, 0, NULL, 0 }, ASSAY_OK, false },   /* no E above it */
        { { 1, 2, ASSAY_BLOCK_NORMAL, 0, 0, NULL, 0 }, ASSAY_OK, false }, /* skips a height */
        { { 1, 1, ASSAY_BLOCK_NORMAL, 1, 1, NULL, 0 }, ASSAY_E_INVALID, false }, /* not its view */
        { { 1, 1, ASSAY_BLOCK_NORMAL, 0, 1, NULL, 0 }, ASSAY_E_SIGNATURE, false },
        { { 1, 1, ASSAY_BLOCK_NORMAL, 9, 1, NULL, 0 }, ASSAY_E_STRANGER, false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct assay_sim_simplex *world = silent_world();
        uint8_t bytes[1024];
        const size_t len = make_proposal(world, &cases[i].proposal, bytes, sizeof bytes);
        cr_expect_eq(assay_sim_simplex_inject(world, 3, 0, ASSAY_MESSAGE_PROPOSAL,
                                              assay_slice_over(bytes, len)),
                     cases[i].status, "case %zu", i);
        const bool taken = cases[i].status == ASSAY_OK;
        cr_expect_eq(has_cast(world, 1, ASSAY_VOTE_NOTARISE), taken && cases[i].valid);
        cr_expect_eq(has_cast(world, 1, ASSAY_VOTE_NULLIFY), taken && !cases[i].valid);
        assay_sim_simplex_destroy(&world);
    }
}

Test(simplex_hostile, a_proposal_must_name_the_right_nullifications)
{
    for (int swapped = 0; swapped < 2; swapped++) {
        struct assay_sim_simplex *world = silent_world();
        uint8_t bytes[ASSAY_CERTIFICATE_LEN_MAX];
        uint8_t names[2][32];
        for (uint64_t view = 1; view <= 2; view++) {
            uint8_t *name = names[swapped == 0 ? view - 1 : 2 - view];
            const size_t len =
                make_certificate(world, view, ASSAY_VOTE_NULLIFY, false, bytes, name);
            cr_assert_eq(assay_sim_simplex_inject(world, 3, 0, ASSAY_MESSAGE_CERTIFICATE,
                                                  assay_slice_over(bytes, len)),
                         ASSAY_OK);
        }
        const struct forged proposal = { 3, 1, ASSAY_BLOCK_NORMAL, 2, 2, names[0], 2 };
        const size_t len = make_proposal(world, &proposal, bytes, sizeof bytes);
        cr_assert_eq(assay_sim_simplex_inject(world, 3, 2, ASSAY_MESSAGE_PROPOSAL,
                                              assay_slice_over(bytes, len)),
                     ASSAY_OK);
        cr_expect_eq(has_cast(world, 3, ASSAY_VOTE_NOTARISE), swapped == 0);
        cr_expect_eq(has_cast(world, 3, ASSAY_VOTE_NULLIFY), swapped == 1);
        assay_sim_simplex_destroy(&world);
    }
}

Test(simplex_hostile, a_certificate_with_one_bad_signature_changes_nothing)
{
    struct assay_sim_simplex *world = silent_world();
    struct sxw_machine *m = &world->machines[1];
    uint8_t bytes[ASSAY_CERTIFICATE_LEN_MAX];
    uint8_t name[32];
    m->simplex->now_ms = world->now;
    struct picture before = picture_of(m);
    for (int type = 0; type < ASSAY_VOTE_TYPES; type++) {
        const size_t len =
            make_certificate(world, 1, (enum assay_vote_type)type, true, bytes, name);
        cr_expect_eq(give(world, 0, ASSAY_MESSAGE_CERTIFICATE, bytes, len), ASSAY_E_SIGNATURE);
        require_unchanged(m, &before);
    }
    drop_picture(&before);
    const size_t len = make_certificate(world, 1, ASSAY_VOTE_NULLIFY, false, bytes, name);
    cr_expect_eq(give(world, 0, ASSAY_MESSAGE_CERTIFICATE, bytes, len), ASSAY_OK);
    cr_expect_eq(give(world, 0, ASSAY_MESSAGE_CERTIFICATE, bytes, len), ASSAY_E_DUPLICATE);
    assay_sim_simplex_destroy(&world);
}

/* Two proposals of one view: the first stands, both convict. */
Test(simplex_hostile, two_proposals_of_a_view_convict_their_leader)
{
    struct assay_sim_simplex *world = silent_world();
    struct sxw_machine *m = &world->machines[3];
    world->options.byzantine[0] = true;
    uint8_t bytes[1024];
    struct forged proposal = { 1, 1, ASSAY_BLOCK_NORMAL, 0, 0, NULL, 0 };
    size_t len = make_proposal(world, &proposal, bytes, sizeof bytes);
    cr_assert_eq(
        assay_sim_simplex_inject(world, 3, 0, ASSAY_MESSAGE_PROPOSAL, assay_slice_over(bytes, len)),
        ASSAY_OK);
    cr_assert(has_cast(world, 1, ASSAY_VOTE_NOTARISE));
    proposal.kind = ASSAY_BLOCK_ROLL;
    len = make_proposal(world, &proposal, bytes, sizeof bytes);
    for (int again = 0; again < 2; again++) {
        assay_status_ignore(assay_sim_simplex_inject(world, 3, 0, ASSAY_MESSAGE_PROPOSAL,
                                                     assay_slice_over(bytes, len)),
                            "noted or not: the first one stands");
        struct assay_sim_simplex_counts counts;
        assay_sim_simplex_counts(world, &counts);
        cr_expect_eq(counts.accusations, 1);
        cr_expect_eq(counts.last_proof, 4);
        cr_expect_eq(counts.last_accused, 0);
    }
    cr_expect_not(m->simplex->halted);
    /* A third proposal costs no signature: a bad one is refused for the same reason. */
    proposal.kind = ASSAY_BLOCK_TAIL;
    len = make_proposal(world, &proposal, bytes, sizeof bytes);
    for (int bad = 0; bad < 2; bad++) {
        struct assay_proposal read;
        cr_assert_eq(assay_proposal_decode(assay_slice_over(bytes, len), &read), ASSAY_OK);
        uint8_t *signature = memmem(bytes, len, read.signature, sizeof read.signature);
        cr_assert_not_null(signature);
        if (bad) signature[9] ^= 1;
        cr_expect_eq(assay_sim_simplex_inject(world, 3, 0, ASSAY_MESSAGE_PROPOSAL,
                                              assay_slice_over(bytes, len)),
                     ASSAY_E_DUPLICATE);
    }
    cr_expect(assay_sim_simplex_violation(world) == NULL, "%s", assay_sim_simplex_violation(world));
    assay_sim_simplex_destroy(&world);
}

Test(simplex_hostile, a_halted_machine_votes_no_more_in_its_epoch)
{
    struct assay_sim_simplex *world = silent_world();
    uint8_t bytes[1024];
    const struct forged proposal = { 1, 1, ASSAY_BLOCK_NORMAL, 0, 0, NULL, 0 };
    const size_t len = make_proposal(world, &proposal, bytes, sizeof bytes);
    assay_simplex_halt(world->machines[3].simplex);
    cr_assert_eq(
        assay_sim_simplex_inject(world, 3, 0, ASSAY_MESSAGE_PROPOSAL, assay_slice_over(bytes, len)),
        ASSAY_OK);
    cr_assert(assay_sim_simplex_run(world, 5000));
    for (int type = 0; type < ASSAY_VOTE_TYPES; type++)
        cr_expect_not(has_cast(world, 1, (enum assay_vote_type)type));
    assay_sim_simplex_destroy(&world);
}

/* --- bounded memory */

Test(simplex_hostile, one_sender_cannot_fill_the_early_buffer_for_the_others)
{
    static struct recording r;
    struct assay_sim_simplex *world = busy_world(&r);
    struct sxw_machine *m = &world->machines[1];
    uint8_t vote[ASSAY_VOTE_LEN_MAX];
    const uint64_t next = m->simplex->base.epoch + 1;
    /* Kept and verified by nobody: ASSAY_OK would have it passed on (docs/protocol.md 4.12.7). */
    enum assay_status status = ASSAY_E_EARLY;
    for (uint64_t view = 1; view < 100000 && status == ASSAY_E_EARLY; view++) {
        const size_t len = make_vote(world, next, view, ASSAY_VOTE_NULLIFY, 2, 2, vote);
        status = give(world, 2, ASSAY_MESSAGE_VOTE, vote, len);
        if (view == 1)
            cr_expect_eq(give(world, 2, ASSAY_MESSAGE_VOTE, vote, len), ASSAY_E_DUPLICATE);
    }
    cr_expect_eq(status, ASSAY_E_FULL);
    const size_t len = make_vote(world, next, 1, ASSAY_VOTE_NULLIFY, 3, 3, vote);
    const size_t used = m->simplex->early.used;
    cr_expect_eq(give(world, 3, ASSAY_MESSAGE_VOTE, vote, len), ASSAY_E_EARLY);
    cr_expect_gt(m->simplex->early.used, used);
    free_recording(&r);
    assay_sim_simplex_destroy(&world);
}

/* Slots 5 and 6 say nothing, but for what 6 is made to send. */
static bool two_are_silent(void *context, uint32_t from, uint32_t to, enum assay_message_kind kind,
                           struct assay_slice payload)
{
    (void)context;
    (void)to;
    (void)kind;
    (void)payload;
    return from < 5;
}

enum { HONEST = 5, CHAIN = 64};

struct made {
    uint8_t id[32], bytes[1024];
    size_t len;
};

static void make(const struct assay_sim_simplex *world, uint16_t leader, uint64_t view,
                 const struct parent *parent, struct made *made)
{
    const struct forged f = { view, 1, ASSAY_BLOCK_NORMAL, leader, leader, NULL, 0 };
    made->len = make_block(world, &f, parent, made->bytes, sizeof made->bytes, made->id);
}

static enum assay_status send(struct assay_sim_simplex *world, uint32_t to, uint16_t from,
                              const struct made *made)
{
    return assay_sim_simplex_inject(world, to, from, ASSAY_MESSAGE_PROPOSAL,
                                    assay_slice_over(made->bytes, made->len));
}

/* A proposal of the view on a chain that its leader made up, of views that nobody reaches: from the
 * lowest block up, the last is the proposal. */
static const struct made *chain_of(const struct assay_sim_simplex *world, uint16_t leader,
                                   uint64_t view)
{
    static struct made chains[2 * SX_VIEWS_AHEAD][CHAIN];
    static uint64_t views[2 * SX_VIEWS_AHEAD];
    static const uint8_t nobody[32] = { 0x5a };
    struct made *const chain = chains[view % (2 * SX_VIEWS_AHEAD)];
    if (views[view % (2 * SX_VIEWS_AHEAD)] == view) return chain;
    views[view % (2 * SX_VIEWS_AHEAD)] = view;
    for (size_t i = 0; i < CHAIN; i++) {
        const uint64_t at = i + 1 == CHAIN ? view : i + 2 == CHAIN ? view - 1 : 100000 * view + i;
        const struct parent below = { i == 0 ? nobody : chain[i - 1].id, at - 1 };
        make(world, leader, at, &below, &chain[i]);
    }
    return chain;
}

/* In a view of theirs: one block of it after the other, each as the body that is missing. */
static void send_chain(struct assay_sim_simplex *world, uint32_t to)
{
    static uint64_t attacked[HONEST];
    const struct assay_simplex *s = world->machines[to].simplex;
    const uint64_t view = s->view;
    const uint16_t leader = assay_sx_find_view(s, view)->leader;
    if (leader < HONEST || attacked[to] == view || s->final_view + 1 >= view) return;
    attacked[to] = view;
    const struct made *const chain = chain_of(world, leader, view);
    for (size_t i = CHAIN; i > 0; i--) {
        const struct made *const next = &chain[i - 1];
        if (send(world, to, leader, next) == ASSAY_OK || i >= CHAIN) continue;
        /* The parent gave way: it is missing again, and what it hangs on after it. */
        assay_status_ignore(send(world, to, leader, &chain[CHAIN - 2]), "taken if there is room");
        assay_status_ignore(send(world, to, leader, next), "taken if there is room");
    }
}

/* Slots 5 and 6 lead views to come: what they propose there is taken in advance. */
static void send_ahead(struct assay_sim_simplex *world, uint32_t to)
{
    const struct assay_simplex *s = world->machines[to].simplex;
    for (uint64_t view = s->view + 1; view <= s->view + SX_VIEWS_AHEAD; view++) {
        const struct sx_view *v = assay_sx_find_view(s, view);
        if (v == NULL || !v->has_leader || v->leader < HONEST || v->has_proposal) continue;
        const struct made *const made = &chain_of(world, v->leader, view)[CHAIN - 1];
        assay_status_ignore(send(world, to, v->leader, made), "taken while there is room");
    }
}

/* Goal: nothing that less than a third sends keeps what honest leaders propose out of the tables of
 * blocks: none refuses its own proposal (a rule of the world), and blocks go on to be final. */
Test(simplex_hostile, bodies_that_nobody_certified_take_no_room_from_proposals, .timeout = 600)
{
    const struct assay_sim_simplex_options options = { .seed = 9,
                                                       .slot_count = 7,
                                                       .weights = { 1, 1, 1, 1, 1, 1, 1 },
                                                       .byzantine = { [5] = true, [6] = true },
                                                       .delay_min_ms = 2,
                                                       .delay_max_ms = 10,
                                                       .epoch_blocks = 2000 };
    struct assay_sim_simplex *world = assay_sim_simplex_create(&options);
    assay_sim_simplex_set_filter(world, two_are_silent, NULL);
    for (size_t i = 0; i < 12000; i++) {
        for (uint32_t to = 0; to < HONEST; to++) {
            send_chain(world, to);
            send_ahead(world, to);
        }
        cr_assert(assay_sim_simplex_run(world, 1), "%s", assay_sim_simplex_violation(world));
    }
    for (uint32_t m = 0; m < HONEST; m++) {
        const struct assay_simplex *s = world->machines[m].simplex;
        for (uint32_t i = 0; i < assay_blocks_count(s->config.blocks); i++) {
            const struct assay_block *block = assay_blocks_at(s->config.blocks, i);
            cr_expect(!block->used || block->header.view <= s->view + SX_VIEWS_AHEAD);
        }
    }
    cr_expect_gt(assay_sim_simplex_best_height(world), 300); /* 117 when bodies took the room */
    assay_sim_simplex_destroy(&world);
}
