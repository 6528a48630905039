/*
 * tests/unit/engine/audit/test_audit.c - a store that a node kept is believed; one that somebody
 * changed is not, and the place is named.
 *
 * The forger is as able as can be: he writes through the store, so its own checksums agree.
 */
#include "base/cbor.h"
#include "engine/audit/audit.h"
#include "engine/ledger/proofs/boundary.h"
#include "engine/ledger/records/recover.h"
#include "sim/world/world_internal.h"
#include "tests/unit/engine/audit/audit_bench.h"
#include "tests/unit/engine/decide.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

/* --- an honest store */

struct last_state {
    uint64_t epoch;
    uint8_t root[32];
    struct assay_checkpoint at[EPOCHS + 8];
};

static bool remember(void *context, const struct assay_state *state)
{
    struct last_state *last = context;
    last->epoch = state->epoch;
    assay_bytes_copy(last->root, 32, state->root, 32);
    if (state->epoch < EPOCHS + 8) assay_checkpoint_of(state, &last->at[state->epoch]);
    return true;
}

Test(audit, folds_every_epoch_to_the_state_that_the_engine_has, .timeout = 600)
{
    struct assay_sim_world *w = past();
    struct assay_engine_snapshot snapshot;
    for (uint32_t node = 0; node < NODES; node++) {
        for (unsigned i = 0; i < 2; i++) {
            struct last_state last = { 0 };
            struct assay_store *store = copy_of(w, node);
            const struct wish wish = { .unsigned_ = i == 1, .closed = remember, .context = &last };
            const struct outcome o = audit(w, store, &wish);
            cr_assert_eq(o.status, ASSAY_OK, "node %u: %s, class %u, epoch %llu, number %llu", node,
                         o.fault.fault.what, (unsigned)o.fault.class_,
                         (unsigned long long)o.fault.key.epoch,
                         (unsigned long long)o.fault.key.number);
            assay_engine_snapshot(assay_sim_world_engine(w, node), &snapshot);
            cr_assert_eq(last.epoch + 1, snapshot.epoch);
            cr_assert(assay_bytes_equal(last.root, snapshot.state_root, 32));
            cr_assert_eq(o.figures.epochs, last.epoch);
            cr_assert_gt(o.asked, 0);
            cr_assert_gt(o.figures.certificates, 0);
            /* Who is on probation has no vote. */
            cr_assert(o.figures.votes > 0 || snapshot.total_weight < NODES * 10000);
            cr_assert(node == 2 || o.figures.envelopes > 0); /* it was told to be quiet */
            cr_assert_gt(o.figures.ballots, 0);
            cr_assert_gt(o.figures.snapshots, 0);
            assay_store_close(&store);
        }
    }
    assay_sim_world_destroy(&w);
}

/* --- forgeries */

/* One byte of the `nth` item of a class is another one, at every place of a stride. */
static void flip(struct assay_sim_world *w, enum assay_store_class class_, size_t nth)
{
    struct assay_store *store = copy_of(w, 0);
    struct target t = pick(store, class_, nth);
    cr_assert(t.found, "class %u has no item %zu", (unsigned)class_, nth);
    const size_t stride = t.len / 40 + 1;
    for (size_t at = 0; at < t.len; at += stride) {
        t.value[at] ^= 0x10;
        put_back(store, class_, &t);
        const struct outcome o = audit(w, store, &plain);
        cr_assert_eq(o.status, ASSAY_E_INVALID, "class %u, byte %zu of %zu is not noticed",
                     (unsigned)class_, at, t.len);
        cr_assert_eq(o.fault.class_, class_, "byte %zu of class %u: found in class %u (%s)", at,
                     (unsigned)class_, (unsigned)o.fault.class_, o.fault.fault.what);
        cr_assert_eq(o.fault.key.epoch, t.key.epoch);
        t.value[at] ^= 0x10;
    }
    put_back(store, class_, &t);
    cr_assert_eq(audit(w, store, &plain).status, ASSAY_OK);
    free(t.value);
    assay_store_close(&store);
}

/* This world's nodes hold modelled evidence beside their stores, and have no services. */
static void flip_digested(struct assay_sim_world *w, enum assay_store_class class_)
{
    static const uint8_t bytes[100] = "evidence";
    struct assay_store_key key = { .epoch = EPOCHS };
    assay_sha256(bytes, sizeof bytes, key.id);
    struct assay_store *store = w->nodes[0].store;
    cr_assert_eq(assay_store_put(store, class_, &key, assay_slice_over(bytes, sizeof bytes)),
                 ASSAY_OK);
    cr_assert_eq(assay_store_commit(store), ASSAY_OK);
    flip(w, class_, 0);
}

Test(audit, notices_one_byte_in_each_kind_of_item, .timeout = 600)
{
    struct assay_sim_world *w = past();
    flip(w, ASSAY_STORE_BLOCK, 0);
    flip(w, ASSAY_STORE_BLOCK, 20);
    flip(w, ASSAY_STORE_FINALITY, 7);
    flip(w, ASSAY_STORE_STATE, 0);
    flip(w, ASSAY_STORE_CERTIFICATE, 3);
    flip(w, ASSAY_STORE_VOTE, 5);
    flip(w, ASSAY_STORE_PROPOSAL, 2);
    flip(w, ASSAY_STORE_ENVELOPE, 1);
    flip(w, ASSAY_STORE_BALLOT, 1);
    flip_digested(w, ASSAY_STORE_EVIDENCE);
    flip_digested(w, ASSAY_STORE_SERVICE);
    flip_digested(w, ASSAY_STORE_SERVICE_ANCHOR);
    assay_sim_world_destroy(&w);
}

/* docs/protocol.md 9.12, 9.16: a fence, its answer and a RECOVER that was accepted manually. */
Test(audit, notices_one_byte_in_each_note_about_the_end_of_an_era, .timeout = 600)
{
    struct assay_sim_world *w = past();
    struct assay_store_key key = { .number = ASSAY_META_ACCEPTED };
    struct assay_fence fence;
    struct assay_store *store = w->nodes[0].store;
    cr_assert_eq(assay_sim_world_fence(w, 0), ASSAY_OK);
    cr_assert_eq(assay_fence_decode(assay_slice_over(w->fence, w->fence_len), &fence), ASSAY_OK);
    struct document *accepted = forge(w, 0, 0, 0);
    cr_assert_eq(assay_store_put(store, ASSAY_STORE_META, &key,
                                 assay_slice_over(accepted->bytes, accepted->len)),
                 ASSAY_OK);
    free(accepted);
    key = (struct assay_store_key){ .number = ASSAY_META_ANSWERED };
    cr_assert_eq(
        assay_store_put(store, ASSAY_STORE_META, &key, assay_slice_over(w->fence, w->fence_len)),
        ASSAY_OK);
    cr_assert_eq(assay_store_commit(store), ASSAY_OK);
    cr_assert_eq(audit(w, store, &plain).status, ASSAY_OK);
    for (size_t nth = 0; nth < 3; nth++)
        flip(w, ASSAY_STORE_META, nth);
    /* Another one came behind the fence that was answered: this is an honest store (9.12.5). */
    w->fence_len = 0;
    w->fence_lasts++;
    cr_assert_eq(assay_sim_world_fence(w, 0), ASSAY_OK);
    struct assay_fence second;
    cr_assert_eq(assay_fence_decode(assay_slice_over(w->fence, w->fence_len), &second), ASSAY_OK);
    cr_assert_arr_neq(second.digest, fence.digest, 32);
    flip(w, ASSAY_STORE_META, 1);
    /* A fence that was released is a null, and no other byte. */
    static const uint8_t released[2] = { 0xf6, 0xf7 };
    for (size_t i = 0; i < 2; i++) {
        cr_assert_eq(
            assay_store_put(store, ASSAY_STORE_META, &key, assay_slice_over(&released[i], 1)),
            ASSAY_OK);
        cr_assert_eq(assay_store_commit(store), ASSAY_OK);
        cr_expect_eq(audit(w, store, &plain).status, i == 0 ? ASSAY_OK : ASSAY_E_INVALID);
    }
    assay_sim_world_destroy(&w);
}

Test(audit, notices_what_was_taken_out, .timeout = 600)
{
    struct assay_sim_world *w = past();
    struct assay_store *store = without(w, ASSAY_STORE_FINALITY, 5, 0);
    struct outcome o = audit(w, store, &plain);
    cr_assert_eq(o.status, ASSAY_E_INVALID);
    cr_assert_str_eq(o.fault.fault.what, "finality proof is missing");
    cr_assert_eq(o.fault.key.epoch, 5);
    assay_store_close(&store);

    store = without(w, ASSAY_STORE_BLOCK, 5, 1); /* between two others */
    o = audit(w, store, &plain);
    cr_assert_eq(o.status, ASSAY_E_INVALID);
    cr_assert_str_eq(o.fault.fault.what, "parent");
    assay_store_close(&store);
    assay_sim_world_destroy(&w);
}

/* A record is left out of a block, and everything that its header says about them made to fit: then
 * its id is another one, and nobody signed that. */
Test(audit, notices_a_record_that_was_left_out, .timeout = 600)
{
    struct assay_sim_world *w = past();
    struct assay_store *store = copy_of(w, 0);
    for (size_t i = 0;; i++) {
        struct target t = pick(store, ASSAY_STORE_BLOCK, i);
        struct assay_proposal p;
        struct assay_cursor c;
        struct assay_slice first;
        uint64_t count = 0;
        cr_assert(t.found, "no block has two records");
        cr_assert_eq(assay_proposal_decode(assay_slice_over(t.value, t.len), &p), ASSAY_OK);
        if (p.header.kind != ASSAY_BLOCK_NORMAL || p.header.record_count < 2) {
            free(t.value);
            continue;
        }
        /* the body without its last record */
        uint8_t *bytes = malloc(t.len + 64);
        uint8_t *body = malloc(t.len + 64);
        struct assay_writer out = assay_writer_over(body, t.len);
        cr_assert_eq(assay_body_open(p.body, &c, &count), ASSAY_OK);
        assay_cbor_put_array(&out, count - 1);
        for (uint64_t k = 0; k + 1 < count; k++) {
            cr_assert_eq(assay_body_next(&c, &first), ASSAY_OK);
            assay_cbor_put_bytes(&out, first.bytes, first.len);
        }
        struct assay_slice shorter = assay_slice_over(body, out.len);
        cr_assert_eq(assay_body_root(shorter, &p.header.record_count, p.header.body_root),
                     ASSAY_OK);
        uint8_t header[ASSAY_BLOCK_HEADER_LEN_MAX];
        struct assay_writer hw = assay_writer_over(header, sizeof header);
        assay_block_header_encode(&p.header, &hw);
        struct assay_writer pw = assay_writer_over(bytes, t.len + 64);
        cr_assert_eq(assay_proposal_encode(assay_slice_over(header, hw.len), p.signature, shorter,
                                           p.nulls, &pw, NULL),
                     ASSAY_OK);
        free(t.value);
        t.value = bytes;
        t.len = pw.len;
        put_back(store, ASSAY_STORE_BLOCK, &t);
        struct outcome o = audit(w, store, &plain);
        cr_assert_eq(o.status, ASSAY_E_INVALID);
        cr_assert_str_eq(o.fault.fault.what, "signature of the leader");
        /* Without a look at signatures, the next block still names another parent. */
        const struct wish unsigned_ = { .unsigned_ = true };
        o = audit(w, store, &unsigned_);
        cr_assert_eq(o.status, ASSAY_E_INVALID);
        cr_assert(o.fault.fault.has_ids);
        free(t.value);
        free(body);
        break;
    }
    assay_store_close(&store);
    assay_sim_world_destroy(&w);
}

/* Half of the votes are taken out of a proof: what is left is well signed, and no quorum. */
Test(audit, notices_a_proof_below_a_quorum, .timeout = 600)
{
    struct assay_sim_world *w = past();
    struct assay_store *store = copy_of(w, 0);
    struct target t = pick(store, ASSAY_STORE_FINALITY, 6);
    struct assay_cursor c = assay_cursor_over(t.value, t.len);
    struct assay_slice payload;
    struct assay_vote_certificate cert;
    uint8_t bitmap[1], signatures[3 * 64], bytes[2048], inner[1024];
    cr_assert_eq(assay_cbor_array_exact(&c, 2), ASSAY_OK);
    cr_assert_eq(assay_cbor_bytes(&c, SIZE_MAX, &payload), ASSAY_OK);
    cr_assert_eq(assay_certificate_decode(payload, NODES, &cert), ASSAY_OK);
    bitmap[0] = cert.bitmap.bytes[0];
    size_t kept = 0;
    for (uint32_t slot = 0; slot < 8; slot++) { /* the first three */
        if ((bitmap[0] >> slot & 1) == 0) continue;
        if (kept++ >= 3) bitmap[0] &= (uint8_t) ~(1u << slot);
    }
    assay_bytes_copy(signatures, sizeof signatures, cert.signatures.bytes, sizeof signatures);
    struct assay_writer w1 = assay_writer_over(inner, sizeof inner);
    assay_certificate_encode(&cert.statement, assay_slice_over(bitmap, 1),
                             assay_slice_over(signatures, sizeof signatures), &w1);
    struct assay_writer w2 = assay_writer_over(bytes, sizeof bytes);
    assay_cbor_put_array(&w2, 2);
    assay_cbor_put_bytes(&w2, inner, w1.len);
    assay_cbor_put_array(&w2, 0);
    free(t.value);
    t.value = bytes;
    t.len = w2.len;
    put_back(store, ASSAY_STORE_FINALITY, &t);
    for (unsigned i = 0; i < 2; i++) {
        const struct wish wish = { .unsigned_ = i == 1 };
        const struct outcome o = audit(w, store, &wish);
        cr_assert_eq(o.status, ASSAY_E_INVALID);
        cr_assert_str_eq(o.fault.fault.what, "finality proof below a quorum, or of no final vote");
        cr_assert_eq(o.fault.key.epoch, t.key.epoch);
    }
    assay_store_close(&store);
    assay_sim_world_destroy(&w);
}

/* Keys are as hostile as values: a block under another number, epoch or id. */
Test(audit, names_a_row_that_stands_under_another_key, .timeout = 600)
{
    struct assay_sim_world *w = past();
    struct assay_store *honest = copy_of(w, 0);
    for (unsigned how = 0; how < 4; how++) {
        struct target t = pick(honest, ASSAY_STORE_BLOCK, 0);
        struct assay_store *store = without(w, ASSAY_STORE_BLOCK, t.key.epoch, 0);
        if (how < 2) t.key.number = how * 1000;
        t.key.epoch += how == 2;
        t.key.id[0] ^= how == 3;
        put_back(store, ASSAY_STORE_BLOCK, &t);
        const struct outcome o = audit(w, store, &plain);
        cr_expect(o.status == ASSAY_E_INVALID && (how > 0 || o.fault.fault.has_numbers));
        free(t.value);
        assay_store_close(&store);
    }
    assay_store_close(&honest);
    assay_sim_world_destroy(&w);
}

/* Whoever writes the file makes up all behind a checkpoint, but no signature of a voter. */
Test(audit, proves_nothing_without_signatures, .timeout = 600)
{
    struct assay_sim_world *w = past();
    struct last_state last = { 0 };
    struct assay_store *store = copy_of(w, 0);
    struct outcome o = audit(w, store, &(struct wish){ .closed = remember, .context = &last });
    cr_assert(o.status == ASSAY_OK && o.figures.proven);
    struct target t = pick(store, ASSAY_STORE_FINALITY, 6);
    t.value[t.len - 40] ^= 1; /* inside the last signature */
    put_back(store, ASSAY_STORE_FINALITY, &t);
    for (unsigned i = 0; i < 4; i++) {
        const struct wish wish = { i >= 2, 0, i % 2 == 1 ? &last.at[2] : NULL, NULL, NULL };
        o = audit(w, store, &wish);
        cr_expect_eq(o.status, wish.unsigned_ ? ASSAY_OK : ASSAY_E_INVALID);
        cr_expect(wish.unsigned_ ? !o.figures.proven : o.fault.class_ == ASSAY_STORE_FINALITY);
    }
    free(t.value);
    assay_store_close(&store);
    assay_sim_world_destroy(&w);
}

/* --- where it begins, and what it is held against */

Test(audit, begins_at_a_kept_snapshot_when_the_blocks_before_are_gone, .timeout = 600)
{
    struct assay_sim_world *w = past();
    struct assay_store *store = copy_of(w, 0);
    cr_assert_eq(assay_store_prune(store, ASSAY_STORE_BLOCK, 0, 6), ASSAY_OK);
    cr_assert_eq(assay_store_commit(store), ASSAY_OK);
    struct outcome o = audit(w, store, &plain);
    cr_assert_eq(o.status, ASSAY_OK, "%s", o.fault.fault.what);
    cr_assert_geq(o.figures.started_epoch, 5);
    /* without a snapshot there is nothing to begin with, and it says so */
    cr_assert_eq(assay_store_prune(store, ASSAY_STORE_STATE, 0, UINT64_MAX), ASSAY_OK);
    cr_assert_eq(assay_store_commit(store), ASSAY_OK);
    o = audit(w, store, &plain);
    cr_assert_eq(o.status, ASSAY_E_INVALID);
    cr_assert_str_eq(o.fault.fault.what,
                     "the blocks before are pruned, and no snapshot is kept to begin with");
    assay_store_close(&store);
    assay_sim_world_destroy(&w);
}

Test(audit, meets_the_checkpoint_or_says_what_it_met, .timeout = 600)
{
    struct assay_sim_world *w = past();
    struct assay_store *store = copy_of(w, 0);
    struct last_state last = { 0 };
    struct wish wish = { .closed = remember, .context = &last };
    cr_assert_eq(audit(w, store, &wish).status, ASSAY_OK);
    for (uint64_t epoch = 1; epoch <= EPOCHS; epoch += 7) {
        struct assay_checkpoint c = last.at[epoch];
        wish.checkpoint = &c;
        cr_assert_eq(audit(w, store, &wish).status, ASSAY_OK);
        c.id[3] ^= 1;
        struct outcome o = audit(w, store, &wish);
        cr_assert_eq(o.status, ASSAY_E_INVALID);
        cr_assert_str_eq(o.fault.fault.what, "block of the checkpoint");
        c.id[3] ^= 1;
        c.roster_digest[3] ^= 1;
        o = audit(w, store, &wish);
        cr_assert_str_eq(o.fault.fault.what, "roster of the checkpoint");
        c.roster_digest[3] ^= 1;
        c.epoch = 1000;
        o = audit(w, store, &wish);
        cr_assert_str_eq(o.fault.fault.what, "the epoch of the checkpoint is not here");
    }
    assay_store_close(&store);
    assay_sim_world_destroy(&w);
}

/* --- over a gap */

enum { GAP_FROM = 13, GAP_TO = 20 };

static bool in_gap(const struct target *t)
{
    return t->key.epoch >= GAP_FROM && t->key.epoch < GAP_TO;
}

static bool is_chain(enum assay_store_class c)
{
    return c == ASSAY_STORE_BOUNDARY || c == ASSAY_STORE_FINALITY;
}

/* A node that leapt: no blocks and no states of the gap, all boundaries. */
static bool leapt(enum assay_store_class c, const struct target *t)
{
    return !in_gap(t) || is_chain(c);
}

/* The same, but one link of the chain is missing. */
static bool leapt_over_a_hole(enum assay_store_class c, const struct target *t)
{
    return leapt(c, t) && !(c == ASSAY_STORE_BOUNDARY && t->key.epoch == GAP_FROM + 2);
}

/* Only what was before the gap. */
static bool cut(enum assay_store_class c, const struct target *t)
{
    return t->key.epoch < GAP_FROM || c == ASSAY_STORE_META;
}

/* The same, with the true boundaries behind it. */
static bool cut_but_boundaries(enum assay_store_class c, const struct target *t)
{
    return cut(c, t) || is_chain(c);
}

static struct assay_store *kept(struct assay_sim_world *w,
                                bool (*keeps)(enum assay_store_class c, const struct target *t))
{
    struct assay_store *store = NULL;
    struct assay_store *from = copy_of(w, 0);
    cr_assert_eq(assay_store_memory_create(&store), ASSAY_OK);
    for (unsigned c = 1; c <= ASSAY_STORE_CLASS_COUNT; c++) {
        for (size_t i = 0;; i++) {
            struct target t = pick(from, (enum assay_store_class)c, i);
            if (!t.found) break;
            if (keeps((enum assay_store_class)c, &t))
                put_back(store, (enum assay_store_class)c, &t);
            free(t.value);
        }
    }
    assay_store_close(&from);
    return store;
}

struct forger {
    void (*twist)(struct assay_state *state); /* NULL: one member is another */
    uint8_t bytes[64 * 1024];
    struct assay_slice snapshot;
    struct assay_store *boundaries;
    void *memory;
};

/* A state of GAP_TO in which one member is another: root and header fit, no vote is under it. */
static bool forge_state(void *context, const struct assay_state *state)
{
    struct forger *f = context;
    struct assay_state own;
    struct assay_boundary b;
    static uint8_t scratch[64 * 1024], header[ASSAY_BLOCK_HEADER_LEN_MAX], bytes[64 * 1024];
    size_t len = 0;
    if (state->epoch != GAP_TO) return true;
    const struct assay_store_key key = { .era = state->era, .epoch = GAP_TO };
    cr_assert_eq(
        assay_store_get(f->boundaries, ASSAY_STORE_BOUNDARY, &key, bytes, sizeof bytes, &len),
        ASSAY_OK);
    cr_assert_eq(assay_boundary_decode(assay_slice_over(bytes, len), NODES, &b), ASSAY_OK);
    f->memory = calloc(1, assay_state_memory_len(NODES));
    assay_state_init(&own, f->memory, NODES);
    assay_state_copy(&own, state);
    if (f->twist != NULL) f->twist(&own);
    else own.members[1].trust.integrity_bp -= 1000;
    assay_roster_digest(&own, own.roster_digest);
    assay_state_root(&own, scratch, sizeof scratch, own.root);
    assay_bytes_copy(b.header.state_root, 32, own.root, 32);
    struct assay_writer h = assay_writer_over(header, sizeof header);
    assay_block_header_encode(&b.header, &h);
    struct assay_writer out = assay_writer_over(f->bytes, sizeof f->bytes);
    cr_assert_eq(
        assay_state_encode(&own, assay_slice_over(header, h.len), scratch, sizeof scratch, &out),
        ASSAY_OK);
    f->snapshot = assay_slice_over(f->bytes, out.len);
    return true;
}

static void put_twisted(struct assay_sim_world *w, struct assay_store *store,
                        void (*twist)(struct assay_state *state))
{
    static struct forger f;
    f = (struct forger){ .twist = twist, .boundaries = copy_of(w, 0) };
    const struct wish wish = { .closed = forge_state, .context = &f };
    cr_assert_eq(audit(w, f.boundaries, &wish).status, ASSAY_OK);
    cr_assert_gt(f.snapshot.len, 0);
    const struct assay_store_key key = { .epoch = GAP_TO };
    cr_assert_eq(assay_store_put(store, ASSAY_STORE_STATE, &key, f.snapshot), ASSAY_OK);
    cr_assert_eq(assay_store_commit(store), ASSAY_OK);
    assay_store_close(&f.boundaries);
    free(f.memory);
}

static void put_forged(struct assay_sim_world *w, struct assay_store *store)
{
    put_twisted(w, store, NULL);
}

static struct last_state states_of(struct assay_sim_world *w)
{
    struct last_state last = { 0 };
    struct assay_store *store = copy_of(w, 0);
    const struct wish wish = { .closed = remember, .context = &last };
    cr_assert_eq(audit(w, store, &wish).status, ASSAY_OK);
    assay_store_close(&store);
    return last;
}

/* No key is needed to write this store; so nothing may call its head proven. */
Test(audit, a_forged_state_behind_a_gap_is_never_proven, .timeout = 600)
{
    struct assay_sim_world *w = past();
    const struct last_state last = states_of(w);
    struct assay_store *store = kept(w, cut);
    put_forged(w, store);
    for (unsigned i = 0; i < 2; i++) {
        const struct wish wish = { .unsigned_ = i == 1 };
        const struct outcome o = audit(w, store, &wish);
        cr_assert(o.status == ASSAY_E_INVALID || !o.figures.proven);
        cr_assert_eq(o.figures.gaps, 1, "%s", o.fault.fault.what);
        cr_assert_eq(o.figures.unproven_from, GAP_FROM);
        cr_assert_eq(o.figures.unproven_to, GAP_TO);
    }
    /* A checkpoint of an epoch that is not here was never compared, and counts for nothing. */
    struct wish wish = { .checkpoint = &last.at[GAP_FROM + 2] };
    struct outcome o = audit(w, store, &wish);
    cr_assert_eq(o.status, ASSAY_E_INVALID);
    cr_assert_str_eq(o.fault.fault.what, "the epoch of the checkpoint is not here");
    wish.checkpoint = &last.at[GAP_FROM - 2]; /* before the gap: it says nothing of what follows */
    o = audit(w, store, &wish);
    cr_assert(o.status == ASSAY_E_INVALID || !o.figures.proven);
    wish.checkpoint = &last.at[GAP_TO];
    cr_assert_eq(audit(w, store, &wish).status, ASSAY_E_INVALID);
    assay_store_close(&store);

    store = kept(w, cut_but_boundaries); /* the true boundaries say that it is another state */
    put_forged(w, store);
    o = audit(w, store, &plain);
    cr_assert_eq(o.status, ASSAY_E_INVALID);
    cr_assert_eq(o.fault.class_, ASSAY_STORE_STATE);
    cr_assert_eq(o.fault.key.epoch, GAP_TO);
    assay_store_close(&store);
    assay_sim_world_destroy(&w);
}

/* --- states that no network can have: a digest says nothing of the bytes that it names */

static const uint8_t junk[] = { 0xff, 0x01, 0x02 };

static void name_junk_change(struct assay_state *state)
{
    state->pending_count = 1;
    state->pending[0] = (struct assay_pending){ .sequence = ++state->change_sequence,
                                                .activation = state->epoch + 2 };
    assay_sha256(junk, sizeof junk, state->pending[0].digest);
}

static void name_junk_collateral(struct assay_state *state)
{
    state->update_count = 1;
    state->updates[0] =
        (struct assay_update){ .phase = ASSAY_UPDATE_WAITING, .epoch = state->epoch };
    assay_sha256(junk, sizeof junk, state->updates[0].digest);
}

static void take_all_seats(struct assay_state *state)
{
    for (uint32_t i = 0; i < NODES; i++) {
        state->members[i].keyless = state->members[i].weight > 0;
        state->members[i].seat_weight = 0;
    }
}

static void lengthen_past_roster(struct assay_state *state)
{
    cr_assert_gt(state->past_count, 0);
    state->past[0].members = NODES + 1;
}

static void empty_past_roster(struct assay_state *state)
{
    state->past[state->past_count - 1].members = 0;
}

static void raise_counter(struct assay_state *state)
{
    state->counters[0] = INT64_MAX;
}

static void lower_counter(struct assay_state *state)
{
    state->counters[0] = INT64_MIN;
}

Test(audit, refuses_a_state_that_no_network_can_have, .timeout = 600)
{
    static const char other[] = "snapshot cannot be read, or is not its own root's";
    static const struct {
        void (*twist)(struct assay_state *state);
        const char *what;
    } cases[] = {
        { name_junk_change, "a change that the state names is not this CHANGE record" },
        { name_junk_collateral, "collateral that the state names is no COLLATERAL record" },
        { take_all_seats, "no member of the state has a seat" },
        { lengthen_past_roster, other },
        { empty_past_roster, other },
        { raise_counter, other },
        { lower_counter, other },
    };
    struct assay_sim_world *w = past();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct assay_store *store = kept(w, cut);
        struct assay_store_key key = { .epoch = GAP_TO, .number = 1 };
        assay_sha256(junk, sizeof junk, key.id);
        put_twisted(w, store, cases[i].twist);
        for (unsigned k = 0; k < 2; k++)
            cr_assert_eq(assay_store_put(store,
                                         k == 0 ? ASSAY_STORE_CHANGE : ASSAY_STORE_COLLATERAL, &key,
                                         assay_slice_over(junk, sizeof junk)),
                         ASSAY_OK);
        cr_assert_eq(assay_store_commit(store), ASSAY_OK);
        const struct outcome o = audit(w, store, &plain);
        cr_expect_eq(o.status, ASSAY_E_INVALID, "case %zu: %d", i, o.status);
        cr_assert_not_null(o.fault.fault.what, "case %zu", i);
        cr_expect_str_eq(o.fault.fault.what, cases[i].what, "case %zu", i);
        cr_expect_eq(o.fault.class_, ASSAY_STORE_STATE, "case %zu", i);
        cr_expect_eq(o.fault.key.epoch, GAP_TO, "case %zu", i);
        assay_store_close(&store);
    }
    assay_sim_world_destroy(&w);
}

Test(audit, boundaries_prove_what_lies_behind_a_gap, .timeout = 600)
{
    struct assay_sim_world *w = past();
    const struct last_state last = states_of(w);
    struct assay_store *store = kept(w, leapt);
    struct outcome o = audit(w, store, &plain);
    cr_assert_eq(o.status, ASSAY_OK, "%s", o.fault.fault.what);
    cr_assert(o.figures.proven && o.figures.unproven_to == 0);
    cr_assert_eq(o.figures.gaps, 0);
    cr_assert_eq(o.figures.leaps, 1);
    cr_assert_geq(o.figures.head_epoch, EPOCHS - 1);
    struct wish wish = { .checkpoint = &last.at[GAP_FROM + 3] }; /* compared inside the gap */
    cr_assert_eq(audit(w, store, &wish).status, ASSAY_OK);
    struct assay_checkpoint other = last.at[GAP_FROM + 3];
    other.id[0] ^= 1;
    wish.checkpoint = &other;
    cr_assert_eq(audit(w, store, &wish).status, ASSAY_E_INVALID);
    /* one byte of a proof in the gap */
    struct target t = pick(store, ASSAY_STORE_FINALITY, GAP_FROM);
    t.value[t.len / 2] ^= 1;
    put_back(store, ASSAY_STORE_FINALITY, &t);
    o = audit(w, store, &plain);
    cr_assert_eq(o.status, ASSAY_E_INVALID);
    cr_assert_eq(o.fault.key.epoch, t.key.epoch);
    free(t.value);
    assay_store_close(&store);

    store = kept(w, leapt_over_a_hole);
    o = audit(w, store, &plain);
    cr_assert(o.status == ASSAY_OK && !o.figures.proven);
    cr_assert_eq(o.figures.unproven_from, GAP_FROM);
    cr_assert_eq(o.figures.unproven_to, o.figures.head_epoch);
    /* A trusted epoch behind the gap proves the blocks in front of it, too. */
    wish.checkpoint = &last.at[GAP_TO + 1];
    o = audit(w, store, &wish);
    cr_assert(o.status == ASSAY_OK && o.figures.proven && o.figures.unproven_to == 0);
    wish.checkpoint = &last.at[GAP_FROM + 1]; /* in front of the hole: nothing behind it */
    o = audit(w, store, &wish);
    cr_assert(o.status != ASSAY_OK || !o.figures.proven);
    assay_store_close(&store);
    assay_sim_world_destroy(&w);
}

static bool stopped_before_a_hole(enum assay_store_class c, const struct target *t)
{
    return cut_but_boundaries(c, t) && !(c == ASSAY_STORE_BOUNDARY && t->key.epoch == GAP_TO);
}

/* A node that was killed in fast sync has lost nothing. Who deletes the last blocks of a store can
 * make it look like that, so these epochs are counted as not audited. */
Test(audit, a_fast_sync_that_was_cut_off_is_no_fault, .timeout = 600)
{
    struct assay_sim_world *w = past();
    const struct last_state last = states_of(w);
    struct assay_store *store = kept(w, cut_but_boundaries);
    struct outcome o = audit(w, store, &plain);
    cr_assert_eq(o.status, ASSAY_OK, "%s", o.fault.fault.what);
    cr_expect(o.figures.proven && o.figures.unproven_to == 0);
    cr_expect_eq(o.figures.head_epoch, GAP_FROM - 1);
    cr_expect_geq(o.figures.epochs_ahead, EPOCHS - 1 - (GAP_FROM - 1));
    struct assay_checkpoint other = last.at[GAP_FROM + 3];
    const struct wish wish = { .checkpoint = &other };
    other.id[0] ^= 1;
    cr_expect_eq(audit(w, store, &wish).status, ASSAY_E_INVALID, "boundaries of another history");
    struct target t = pick(store, ASSAY_STORE_FINALITY, GAP_FROM);
    t.value[t.len / 2] ^= 1;
    put_back(store, ASSAY_STORE_FINALITY, &t);
    o = audit(w, store, &plain);
    cr_expect_eq(o.status, ASSAY_E_INVALID);
    cr_expect_eq(o.fault.key.epoch, t.key.epoch);
    free(t.value);
    assay_store_close(&store);
    /* Proofs that belong to no boundary: behind the last one, and under another era. */
    for (uint32_t era = 0; era < 2; era++) {
        const struct assay_store_key key = { .era = era, .epoch = era == 0 ? 3 * EPOCHS : 1 };
        store = kept(w, cut_but_boundaries);
        cr_assert_eq(assay_store_put(store, ASSAY_STORE_FINALITY, &key, assay_slice_over(junk, 1)),
                     ASSAY_OK);
        cr_assert_eq(assay_store_commit(store), ASSAY_OK);
        o = audit(w, store, &plain);
        cr_expect_eq(o.status, ASSAY_E_INVALID);
        cr_expect_str_eq(o.fault.fault.what, "the EPOCH block of this proof is missing");
        assay_store_close(&store);
    }
    store = kept(w, stopped_before_a_hole);
    o = audit(w, store, &plain);
    cr_expect_eq(o.status, ASSAY_E_INVALID);
    cr_expect_str_eq(o.fault.fault.what, "the EPOCH block of this proof is missing");
    assay_store_close(&store);
    assay_sim_world_destroy(&w);
}

/* Blocks and boundaries of the first epochs are pruned: genesis alone proves nothing here. */
Test(audit, a_pruned_start_needs_a_checkpoint, .timeout = 600)
{
    struct assay_sim_world *w = past();
    const struct last_state last = states_of(w);
    struct assay_store *store = copy_of(w, 0);
    static const enum assay_store_class pruned[] = { ASSAY_STORE_BLOCK, ASSAY_STORE_BOUNDARY,
                                                     ASSAY_STORE_FINALITY };
    for (size_t i = 0; i < 3; i++)
        cr_assert_eq(assay_store_prune(store, pruned[i], 0, i == 0 ? 10 : 5), ASSAY_OK);
    cr_assert_eq(assay_store_commit(store), ASSAY_OK);
    struct outcome o = audit(w, store, &plain);
    cr_assert(o.status == ASSAY_OK && !o.figures.proven);
    cr_assert_eq(o.figures.started_epoch, 9);
    for (uint64_t epoch = 6; epoch <= 15; epoch++) { /* boundaries lead to 9, blocks from there */
        const struct wish wish = { .checkpoint = &last.at[epoch] };
        o = audit(w, store, &wish);
        cr_assert(o.status == ASSAY_OK && o.figures.proven && o.figures.unproven_to == 0,
                  "checkpoint of %llu: %s", (unsigned long long)epoch, o.fault.fault.what);
        struct assay_checkpoint other = last.at[epoch];
        other.id[1] ^= 1;
        const struct wish wrong = { .checkpoint = &other };
        o = audit(w, store, &wrong);
        cr_assert(o.status != ASSAY_OK || !o.figures.proven);
    }
    assay_store_close(&store);
    assay_sim_world_destroy(&w);
}

/* Another policy, by which nobody fails who passed before. */
static struct assay_action policy_of(uint32_t number, uint8_t document[static WORLD_POLICY_LEN])
{
    static const uint8_t nobody[NODE_BITS] = { 0 };
    const size_t len = world_policy_make(number, nobody, document);
    return (struct assay_action){ .kind = ASSAY_ACTION_POLICY,
                                  .document = assay_slice_over(document, len) };
}

/* Operators replace the policy twice: each time the state names another document, ballots are over
 * another one, and the engine itself is another; the audit follows. */
Test(audit, follows_what_operators_decided, .timeout = 600)
{
    const struct assay_sim_world_options o = { .seed = 23, .nodes = NODES, .epoch_ms = 400 };
    struct assay_sim_world *w = assay_sim_world_create(&o);
    struct assay_engine_snapshot snapshot;
    struct last_state last = { 0 };
    cr_assert(assay_sim_world_run_to_epoch(w, 3, 20000));
    uint8_t document[WORLD_POLICY_LEN];
    struct assay_action action = policy_of(1, document);
    decide(w, 1, 7, &action);
    cr_assert(assay_sim_world_run_to_epoch(w, 9, 40000), "%s", assay_sim_world_violation(w));
    action = policy_of(2, document);
    decide(w, 2, 14, &action);
    cr_assert(assay_sim_world_run_to_epoch(w, 17, 60000), "%s", assay_sim_world_violation(w));
    cr_assert_gt(assay_sim_world_notes(w, 0, ASSAY_NOTE_CHANGE_ACTIVE, ASSAY_SLOT_ALL), 1);
    struct assay_store *store = copy_of(w, 0);
    const struct wish wish = { .closed = remember, .context = &last };
    struct outcome r = audit(w, store, &wish);
    cr_assert_eq(r.status, ASSAY_OK, "%s, class %u, epoch %llu", r.fault.fault.what,
                 (unsigned)r.fault.class_, (unsigned long long)r.fault.key.epoch);
    assay_engine_snapshot(assay_sim_world_engine(w, 0), &snapshot);
    cr_assert(assay_bytes_equal(last.root, snapshot.state_root, 32));
    /* from each snapshot: before a change, while one waits, and behind both */
    for (uint64_t from = 3; from < 16; from++) {
        const struct wish later = { .from_epoch = from };
        r = audit(w, store, &later);
        cr_assert_eq(r.status, ASSAY_OK, "from %llu: %s", (unsigned long long)from,
                     r.fault.fault.what);
        cr_assert_eq(r.figures.started_epoch, from);
    }
    /* what was decided is part of the chain: one byte of a change, and it is noticed */
    struct target t = pick(store, ASSAY_STORE_CHANGE, 0);
    cr_assert(t.found);
    t.value[t.len / 2] ^= 1;
    put_back(store, ASSAY_STORE_CHANGE, &t);
    cr_assert_eq(audit(w, store, &plain).status, ASSAY_E_INVALID);
    free(t.value);
    assay_store_close(&store);
    assay_sim_world_destroy(&w);
}
