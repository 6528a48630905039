/*
 * tests/unit/engine/test_era_attacks.c - operators that were replaced, and members that collude
 * with them, against nodes that are behind: they neither fork nor silence them, and no node that
 * passes their documents on is punished (docs/protocol.md 9.12.1, 9.15, 9.16).
 */
#include "tests/unit/engine/decide.h"

#include "base/cbor.h"
#include "engine/audit.h"
#include "engine/engine_internal.h"
#include "engine/era.h"
#include "engine/store/store_memory.h"
#include "sim/world/world_internal.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { EPOCH_MS = 400, NODES = 7, AWAY = 6, OPERATORS = 16 };

static struct assay_sim_world *start(uint64_t seed, uint64_t epochs)
{
    const struct assay_sim_world_options o = {
        .seed = seed, .nodes = NODES, .epoch_ms = EPOCH_MS, .check_each_step = true, .limits = true
    };
    struct assay_sim_world *w = assay_sim_world_create(&o);
    cr_assert(assay_sim_world_run_to_epoch(w, epochs, 10 * EPOCH_MS * epochs), "%s",
              assay_sim_world_violation(w));
    return w;
}

static const struct assay_state *state_of(const struct assay_sim_world *w, uint32_t node)
{
    return &w->nodes[node].engine->head->state;
}

struct signers {
    uint32_t count;
    uint8_t ids[OPERATORS][32], signatures[OPERATORS][64];
};

/* Operator sets 0 .. of the world; extra: and the one that was added. Ids ascend. */
static void sign_all(const struct assay_sim_world *w, bool extra, const uint8_t digest[static 32],
                     struct signers *s)
{
    s->count = 0;
    for (uint32_t set = 0; set < w->genesis->operator_count + extra; set++) {
        struct assay_secret32 key;
        struct assay_p256_signer *signer = NULL;
        uint8_t public[64], id[32];
        world_set_key(w, set == w->genesis->operator_count ? 77 : set, KEY_OPERATOR, &key);
        cr_assert_eq(assay_p256_public(&key, public), ASSAY_OK);
        assay_sha256(public, sizeof public, id);
        uint32_t at = s->count++;
        for (; at > 0 && assay_bytes_compare(s->ids[at - 1], id, 32) > 0; at--) {
            assay_bytes_copy(s->ids[at], 32, s->ids[at - 1], 32);
            assay_bytes_copy(s->signatures[at], 64, s->signatures[at - 1], 64);
        }
        assay_bytes_copy(s->ids[at], 32, id, 32);
        cr_assert_eq(assay_p256_signer_load(&key, &signer), ASSAY_OK);
        cr_assert_eq(assay_p256_sign(signer, digest, s->signatures[at]), ASSAY_OK);
        assay_p256_signer_free(&signer);
    }
}

struct document {
    uint8_t bytes[ASSAY_RECOVER_LEN_MAX];
    size_t len;
    uint8_t digest[32];
};

/* By every operator of the genesis, for the era that runs; added: and the one that was added. */
static struct document *make_fence_by(const struct assay_sim_world *w, bool added,
                                      const uint8_t operators_digest[static 32])
{
    struct document *d = calloc(1, sizeof *d);
    struct signers *s = calloc(1, sizeof *s);
    uint8_t body[1024];
    struct assay_fence terms = { .reason = assay_slice_over("by operators of then", 20) };
    assay_bytes_copy(terms.chain_id, 32, w->genesis->chain_id, 32);
    assay_bytes_copy(terms.operators_digest, 32, operators_digest, 32);
    struct assay_writer b = assay_writer_over(body, sizeof body);
    struct assay_writer out = assay_writer_over(d->bytes, sizeof d->bytes);
    cr_assert_eq(assay_fence_body_encode(&terms, &b), ASSAY_OK);
    assay_sha256(body, b.len, d->digest);
    sign_all(w, added, d->digest, s);
    cr_assert_eq(assay_fence_encode(assay_slice_over(body, b.len), (const uint8_t(*)[32])s->ids,
                                    (const uint8_t(*)[64])s->signatures, s->count, &out),
                 ASSAY_OK);
    d->len = out.len;
    free(s);
    return d;
}

static struct document *make_fence(const struct assay_sim_world *w)
{
    return make_fence_by(w, false, w->genesis->operators_digest);
}

/* What a member with both its keys signs, where it says to be on the head of this engine. */
static void lie(const struct assay_sim_world *w, const struct assay_engine *e, uint32_t member,
                const struct document *fence, uint8_t *bytes, struct assay_answer_file *file)
{
    const struct world_node *n = &w->nodes[member];
    struct assay_answer_body *body = calloc(1, sizeof *body);
    uint8_t core[ASSAY_ANSWER_CORE_LEN_MAX], rest[1024], digest[32], identified[64], voted[64];
    struct assay_writer c = assay_writer_over(core, sizeof core);
    struct assay_writer r = assay_writer_over(rest, sizeof rest);
    struct assay_writer out = assay_writer_over(bytes, ASSAY_ANSWER_LEN_MAX);
    *body = (struct assay_answer_body){ .epoch = e->head->context.epoch,
                                        .height = e->chain->ledger.height,
                                        .view = e->chain->ledger.view,
                                        .time_ms = e->chain->ledger.time_ms,
                                        .whole = true };
    assay_bytes_copy(body->chain_id, 32, w->genesis->chain_id, 32);
    assay_bytes_copy(body->fence_digest, 32, fence->digest, 32);
    assay_bytes_copy(body->node_id, 32, state_of(w, AWAY)->members[member].node_id, 32);
    assay_bytes_copy(body->id, 32, e->chain->ledger.tip_id, 32);
    cr_assert_eq(assay_answer_body_encode(body, &r, &c), ASSAY_OK);
    assay_sha256(core, c.len, digest);
    cr_assert_eq(assay_p256_sign(n->identity, digest, identified), ASSAY_OK);
    cr_assert_eq(assay_p256_sign(n->voting, digest, voted), ASSAY_OK);
    cr_assert_eq(assay_answer_encode(assay_slice_over(core, c.len), assay_slice_over(rest, r.len),
                                     state_of(w, AWAY)->members[member].identity_public, identified,
                                     voted, &out),
                 ASSAY_OK);
    cr_assert_eq(assay_answer_decode(assay_slice_over(bytes, out.len), file), ASSAY_OK);
    free(body);
}

/* The grounds: the fence, with answers of so many members. */
static size_t collude(const struct assay_sim_world *w, const struct assay_engine *e, uint32_t first,
                      uint32_t liars, uint8_t *out, size_t capacity)
{
    struct document *fence = make_fence(w);
    struct assay_answer_file *files = calloc(NODES, sizeof *files);
    uint8_t *bytes = malloc((size_t)NODES * ASSAY_ANSWER_LEN_MAX);
    const struct assay_answer_file *sorted[NODES];
    for (uint32_t i = 0; i < liars; i++) {
        lie(w, e, first + i, fence, bytes + (size_t)i * ASSAY_ANSWER_LEN_MAX, &files[i]);
        uint32_t at = i;
        for (; at > 0 &&
               assay_bytes_compare(sorted[at - 1]->about.node_id, files[i].about.node_id, 32) > 0;
             at--)
            sorted[at] = sorted[at - 1];
        sorted[at] = &files[i];
    }
    struct assay_writer g = assay_writer_over(out, capacity);
    cr_assert_eq(
        assay_recover_grounds_encode(assay_slice_over(fence->bytes, fence->len), sorted, liars, &g),
        ASSAY_OK);
    free(bytes);
    free(files);
    free(fence);
    return g.len;
}

/* A RECOVER on the very head of the node that is behind, by every operator of the genesis. */
static struct document *forge_at(struct assay_sim_world *w, uint32_t node, uint32_t first,
                                 uint32_t liars, uint64_t time_ms)
{
    static uint8_t body[1024], grounds[ASSAY_RECOVER_LEN_MAX];
    struct assay_engine *e = w->nodes[node].engine;
    struct document *d = calloc(1, sizeof *d);
    struct signers *s = calloc(1, sizeof *s);
    struct assay_recover_drafted drafted;
    struct assay_fault fault;
    uint8_t header[ASSAY_BLOCK_HEADER_LEN_MAX];
    struct assay_writer b = assay_writer_over(body, sizeof body);
    cr_assert_eq(assay_recover_body_encode((struct assay_slice){ 0 }, NULL, 0, &b), ASSAY_OK);
    const struct assay_slice on =
        assay_slice_over(grounds, collude(w, e, first, liars, grounds, sizeof grounds));
    cr_assert_eq(
        assay_engine_recover_draft(e, assay_slice_over(body, b.len), on, time_ms, &drafted, &fault),
        ASSAY_OK);
    struct assay_writer h = assay_writer_over(header, sizeof header);
    struct assay_writer out = assay_writer_over(d->bytes, sizeof d->bytes);
    assay_block_header_encode(&drafted.header, &h);
    assay_block_id(assay_slice_over(header, h.len), d->digest);
    sign_all(w, false, d->digest, s);
    cr_assert_eq(assay_recover_encode(assay_slice_over(header, h.len),
                                      assay_slice_over(body, b.len), on, drafted.operators,
                                      (const uint8_t(*)[32])s->ids,
                                      (const uint8_t(*)[64])s->signatures, s->count, &out),
                 ASSAY_OK);
    d->len = out.len;
    free(s);
    return d;
}

static struct document *forge(struct assay_sim_world *w, uint32_t node, uint32_t first,
                              uint32_t liars)
{
    return forge_at(w, node, first, liars, w->nodes[node].engine->chain->ledger.time_ms + 1);
}

static enum assay_status hand(struct assay_sim_world *w, uint32_t node, uint16_t from,
                              enum assay_message_kind kind, const struct document *d)
{
    struct assay_event event = { .kind = ASSAY_EVENT_MESSAGE };
    event.as.message.from = from;
    event.as.message.kind = kind;
    event.as.message.payload = assay_slice_over(d->bytes, d->len);
    return world_step(w, node, &event);
}

/* So many members tell AWAY, over links of their own, that this RECOVER began their era. */
static void say_began(struct assay_sim_world *w, uint32_t first, const struct document *recover,
                      uint32_t members)
{
    struct assay_recover r;
    struct document *d = calloc(1, sizeof *d);
    cr_assert_eq(assay_recover_decode(assay_slice_over(recover->bytes, recover->len), &r),
                 ASSAY_OK);
    struct assay_writer out = assay_writer_over(d->bytes, sizeof d->bytes);
    assay_cbor_put_array(&out, 5);
    assay_cbor_put_text(&out, "assay/began/v1");
    assay_cbor_put_bytes(&out, w->genesis->chain_id, 32);
    assay_cbor_put_uint(&out, r.header.era);
    assay_cbor_put_bytes(&out, r.id, 32);
    assay_cbor_put_uint(&out, r.header.height);
    d->len = out.len;
    for (uint32_t i = 0; i < members; i++)
        cr_assert_eq(hand(w, AWAY, (uint16_t)(first + i), ASSAY_MESSAGE_FENCE, d), ASSAY_OK);
    free(d);
}

/* The node's operator fetches an answer to this fence: it signs nothing more in the era. */
static void answer_fence(struct assay_sim_world *w, uint32_t node)
{
    struct document *fence = make_fence(w), *asking = calloc(1, sizeof *asking);
    struct assay_writer out = assay_writer_over(asking->bytes, sizeof asking->bytes);
    assay_era_answering(&out);
    asking->len = out.len;
    cr_assert_eq(hand(w, node, ASSAY_SLOT_SELF, ASSAY_MESSAGE_FENCE, fence), ASSAY_OK);
    cr_assert_eq(hand(w, node, ASSAY_SLOT_SELF, ASSAY_MESSAGE_FENCE, asking), ASSAY_OK);
    free(asking);
    free(fence);
}

/* Node AWAY was down while the operators were replaced, and starts again, behind and alone. */
static struct assay_sim_world *behind(uint64_t seed, bool loses_store)
{
    struct assay_sim_world *w = start(seed, 4);
    const uint32_t alone[NODES] = { [AWAY] = 1 };
    w->nodes[AWAY].wipes = loses_store;
    assay_sim_world_kill(w, AWAY);
    const uint64_t now = assay_sim_world_epoch(w, 1);
    decide_operators(w, 1, now + 4);
    cr_assert(assay_sim_world_run_to_epoch(w, now + 8, 80000), "%s", assay_sim_world_violation(w));
    assay_sim_world_partition(w, alone);
    assay_sim_world_restart(w, AWAY);
    cr_assert(assay_sim_world_run(w, 5));
    cr_assert_lt(state_of(w, AWAY)->epoch, state_of(w, 0)->epoch);
    return w;
}

enum signs { SIGNS_NOTHING, SIGNS, SIGNS_WITH_NEW_KEYS };

/* It is where the others are, in their era, takes part, and nobody bans anybody. */
static void is_one_of_them(struct assay_sim_world *w, enum signs signs)
{
    assay_sim_world_partition(w, NULL);
    const size_t before = w->nodes[AWAY].signed_count;
    cr_assert(assay_sim_world_run(w, 60 * EPOCH_MS), "%s", assay_sim_world_violation(w));
    for (uint32_t i = 0; i < NODES; i++) {
        cr_expect_eq(state_of(w, i)->era, 0, "node %u", i);
        cr_expect_leq(state_of(w, 0)->epoch, state_of(w, i)->epoch + 1, "node %u", i);
        for (uint32_t k = 0; k < NODES; k++)
            cr_expect_not(assay_limit_banned(&w->nodes[i].limits[k], world_mono_ms(w, i)),
                          "node %u bans node %u", i, k);
    }
    const size_t after = w->nodes[AWAY].signed_count;
    if (signs == SIGNS) cr_expect_gt(after, before + 60);
    if (signs == SIGNS_NOTHING) cr_expect_eq(after, before);
}

/* S1, A and D: with the keys of all operators of then, and of less than a third of the members. */
Test(era_attacks, replaced_operators_begin_no_era_on_a_node_that_is_behind, .timeout = 240)
{
    for (uint32_t liars = 0; liars <= 2; liars++) {
        for (unsigned wiped = 0; wiped < (liars == 0 ? 2 : 1); wiped++) {
            struct assay_sim_world *w = behind(3 + liars, wiped == 1);
            struct document *d = forge(w, AWAY, 0, liars);
            cr_expect_eq(hand(w, AWAY, 0, ASSAY_MESSAGE_RECOVER, d), ASSAY_E_STRANGER);
            cr_expect_eq(hand(w, AWAY, ASSAY_SLOT_SELF, ASSAY_MESSAGE_RECOVER, d), ASSAY_E_STRANGER,
                         "nor from its own operator, unless it accepts");
            cr_expect_neq(hand(w, 1, 0, ASSAY_MESSAGE_RECOVER, d), ASSAY_OK);
            is_one_of_them(w, wiped == 0 ? SIGNS : SIGNS_WITH_NEW_KEYS);
            cr_expect_eq(assay_sim_world_notes(w, AWAY, ASSAY_NOTE_RECOVERED, ASSAY_SLOT_ALL), 0);
            free(d);
            assay_sim_world_destroy(&w);
        }
    }
}

/* S1, B and E: it is fenced until its head names other operators, and passes the fence on. */
static const struct assay_finding *no_finding(void *context, const struct assay_ask *ask)
{
    (void)context;
    (void)ask;
    cr_assert_fail("no evidence was verified in these epochs");
    return NULL;
}

/* A store as AWAY would have it after a RECOVER on so many answers was accepted there. */
static struct assay_audit_figures audit_crossed(struct assay_sim_world *w, void *memory,
                                                const struct assay_checkpoint *checkpoint)
{
    struct assay_store *store = NULL;
    struct assay_audit_figures figures;
    struct assay_audit_fault fault;
    cr_assert_eq(assay_store_memory_snapshot(w->nodes[AWAY].store, &store), ASSAY_OK);
    const struct assay_audit_config config = { .store = store,
                                               .genesis = w->genesis,
                                               .vet = { .finding = no_finding },
                                               .document_check = world_document_check,
                                               .signatures = true,
                                               .items = true,
                                               .memory = memory,
                                               .checkpoint = checkpoint };
    cr_assert_eq(assay_audit(&config, &figures, &fault), ASSAY_OK, "%s", fault.fault.what);
    assay_store_close(&store);
    return figures;
}

/* Whoever has only the keys of operators that were replaced can write such a store. */
Test(era_attacks, an_audit_does_not_prove_an_era_by_operators_alone, .timeout = 240)
{
    void *memory = aligned_alloc(64, (assay_audit_memory_len() + 63) / 64 * 64);
    for (uint32_t liars = 0; liars <= 3; liars += 3) {
        struct assay_sim_world *w = behind(3, false);
        struct assay_checkpoint before, behind_it;
        assay_checkpoint_of(state_of(w, AWAY), &before);
        struct document *d = forge(w, AWAY, 0, liars);
        cr_assert_eq(assay_sim_world_accept(w, AWAY, d->bytes, d->len), ASSAY_OK);
        cr_assert_eq(state_of(w, AWAY)->era, 1);
        assay_checkpoint_of(state_of(w, AWAY), &behind_it);
        struct assay_audit_figures f = audit_crossed(w, memory, NULL);
        cr_expect_eq(f.head_era, 1);
        cr_expect_eq(f.crossed, 1);
        cr_expect_eq(f.proven, liars == 3, "%u answers", liars);
        cr_expect_eq(f.unproven_to, liars == 3 ? 0 : f.head_epoch);
        cr_expect_eq(f.recover_answered * NODES, f.recover_total * liars);
        f = audit_crossed(w, memory, &before);
        cr_expect_eq(f.proven, liars == 3, "a checkpoint before it proves nothing behind it");
        cr_expect_eq(f.crossed, 1);
        f = audit_crossed(w, memory, &behind_it);
        cr_expect(f.proven && f.unproven_to == 0, "%u answers", liars);
        cr_expect_eq(f.crossed, 0);
        free(d);
        assay_sim_world_destroy(&w);
    }
    free(memory);
}

Test(era_attacks, a_fence_of_replaced_operators_ends_when_the_node_has_caught_up, .timeout = 240)
{
    struct assay_sim_world *w = behind(3, false);
    struct document *d = make_fence(w);
    cr_expect_eq(hand(w, AWAY, 0, ASSAY_MESSAGE_FENCE, d), ASSAY_OK);
    cr_expect(w->nodes[AWAY].engine->ending->fenced);
    cr_expect_eq(hand(w, 1, 0, ASSAY_MESSAGE_FENCE, d), ASSAY_E_STRANGER);
    is_one_of_them(w, SIGNS);
    cr_expect_not(w->nodes[AWAY].engine->ending->fenced);
    assay_sim_world_kill(w, AWAY);
    cr_assert(assay_sim_world_run(w, 10));
    assay_sim_world_restart(w, AWAY);
    is_one_of_them(w, SIGNS);
    cr_expect_not(w->nodes[AWAY].engine->ending->fenced, "nor after a restart");
    free(d);
    assay_sim_world_destroy(&w);
}

static enum assay_status answering(struct assay_sim_world *w)
{
    struct document *d = calloc(1, sizeof *d);
    struct assay_writer out = assay_writer_over(d->bytes, sizeof d->bytes);
    assay_era_answering(&out);
    d->len = out.len;
    cr_expect_eq(hand(w, AWAY, 0, ASSAY_MESSAGE_FENCE, d) == ASSAY_OK, false, "from a peer");
    const enum assay_status status = hand(w, AWAY, ASSAY_SLOT_SELF, ASSAY_MESSAGE_FENCE, d);
    free(d);
    return status;
}

/* By the operators of the genesis and the one that was added: those in force. */
static struct document *make_release(const struct assay_sim_world *w,
                                     const uint8_t fence[static 32], bool in_force)
{
    struct document *d = calloc(1, sizeof *d);
    struct signers *s = calloc(1, sizeof *s);
    struct assay_release terms = { .era = 0 };
    uint8_t body[512];
    assay_bytes_copy(terms.chain_id, 32, w->genesis->chain_id, 32);
    assay_bytes_copy(terms.fence_digest, 32, fence, 32);
    assay_bytes_copy(terms.operators_digest, 32, state_of(w, 0)->operators_digest, 32);
    struct assay_writer b = assay_writer_over(body, sizeof body);
    struct assay_writer out = assay_writer_over(d->bytes, sizeof d->bytes);
    cr_assert_eq(assay_release_body_encode(&terms, &b), ASSAY_OK);
    assay_sha256(body, b.len, d->digest);
    sign_all(w, in_force, d->digest, s);
    cr_assert_eq(assay_release_encode(assay_slice_over(body, b.len), (const uint8_t(*)[32])s->ids,
                                      (const uint8_t(*)[64])s->signatures, s->count, &out),
                 ASSAY_OK);
    d->len = out.len;
    free(s);
    return d;
}

/* docs/protocol.md 9.12.2, 9.12.3: an answer is out, so a vote behind it would go unnoticed. */
Test(era_attacks, who_has_answered_signs_again_when_operators_release_it, .timeout = 240)
{
    struct assay_sim_world *w = behind(5, false);
    struct document *fence = make_fence(w);
    cr_expect_eq(answering(w), ASSAY_E_EARLY, "there is no fence");
    cr_assert_eq(hand(w, AWAY, 0, ASSAY_MESSAGE_FENCE, fence), ASSAY_OK);
    cr_assert_eq(answering(w), ASSAY_OK);
    is_one_of_them(w, SIGNS_NOTHING);
    cr_expect(w->nodes[AWAY].engine->ending->fenced);
    assay_sim_world_kill(w, AWAY);
    assay_sim_world_restart(w, AWAY);
    is_one_of_them(w, SIGNS_NOTHING);
    struct document *release = make_release(w, fence->digest, false);
    cr_expect_eq(hand(w, AWAY, 0, ASSAY_MESSAGE_FENCE, release), ASSAY_E_SIGNATURE,
                 "by those who were replaced");
    free(release);
    release = make_release(w, w->genesis->chain_id, true);
    cr_expect_eq(hand(w, AWAY, 0, ASSAY_MESSAGE_FENCE, release), ASSAY_E_INVALID, "of another");
    free(release);
    release = make_release(w, fence->digest, true);
    cr_expect_eq(hand(w, AWAY, 0, ASSAY_MESSAGE_FENCE, release), ASSAY_OK);
    is_one_of_them(w, SIGNS);
    assay_sim_world_kill(w, AWAY);
    assay_sim_world_restart(w, AWAY);
    is_one_of_them(w, SIGNS);
    free(release);
    free(fence);
    assay_sim_world_destroy(&w);
}

/* docs/protocol.md 9.6.4: the operators of the genesis signed a fence, were replaced, and are in
 * force again. What they signed then is of nobody in force, whoever kept it. */
Test(era_attacks, a_fence_of_before_binds_nobody_when_its_operators_come_back, .timeout = 240)
{
    struct assay_sim_world *w = start(45, 4);
    struct document *fence = make_fence(w);
    uint64_t now = assay_sim_world_epoch(w, 1);
    decide_operators(w, 1, now + 3);
    cr_assert(assay_sim_world_run_to_epoch(w, now + 6, 80000), "%s", assay_sim_world_violation(w));
    cr_assert_eq(hand(w, 1, 0, ASSAY_MESSAGE_FENCE, fence), ASSAY_E_STRANGER);
    now = assay_sim_world_epoch(w, 1);
    decide_operators_back(w, 2, now + 3);
    cr_assert(assay_sim_world_run_to_epoch(w, now + 6, 80000), "%s", assay_sim_world_violation(w));
    for (uint32_t i = 0; i < NODES; i++) {
        cr_assert_eq(w->nodes[i].engine->genesis->operator_count, w->genesis->operator_count);
        cr_expect_eq(hand(w, i, 0, ASSAY_MESSAGE_FENCE, fence), ASSAY_E_STRANGER, "node %u", i);
        cr_expect_not(w->nodes[i].engine->ending->fenced, "node %u", i);
    }
    struct document *anew = make_fence_by(w, false, state_of(w, 0)->operators_digest);
    cr_expect_eq(hand(w, 0, 1, ASSAY_MESSAGE_FENCE, anew), ASSAY_OK, "one that they sign today");
    free(anew);
    free(fence);
    assay_sim_world_destroy(&w);
}

/* A RELEASE is of one fence: another one by the operators in force holds, in the same epoch too. */
Test(era_attacks, a_fence_that_follows_a_release_in_its_epoch_holds, .timeout = 240)
{
    struct assay_sim_world *w = behind(5, false);
    struct document *fence = make_fence(w);
    cr_assert_eq(hand(w, AWAY, 0, ASSAY_MESSAGE_FENCE, fence), ASSAY_OK);
    cr_assert_eq(answering(w), ASSAY_OK);
    is_one_of_them(w, SIGNS_NOTHING);
    struct document *release = make_release(w, fence->digest, true);
    struct document *second = make_fence_by(w, true, state_of(w, 0)->operators_digest);
    const struct assay_ending *ending = w->nodes[AWAY].engine->ending;
    cr_assert_eq(hand(w, AWAY, 0, ASSAY_MESSAGE_FENCE, release), ASSAY_OK);
    cr_assert(ending->fenced && ending->released);
    cr_assert_eq(hand(w, AWAY, 0, ASSAY_MESSAGE_FENCE, second), ASSAY_OK);
    cr_expect(ending->fenced && !ending->released && !ending->answered);
    cr_expect_arr_eq(ending->fence_digest, second->digest, 32);
    cr_expect_eq(answering(w), ASSAY_OK, "the second one can be answered");
    const size_t before = w->nodes[AWAY].signed_count;
    cr_assert(assay_sim_world_run(w, 4 * EPOCH_MS), "%s", assay_sim_world_violation(w));
    cr_expect(w->nodes[AWAY].engine->ending->fenced, "nor does the epoch end it");
    cr_expect_eq(w->nodes[AWAY].signed_count, before);
    free(second);
    free(release);
    free(fence);
    assay_sim_world_destroy(&w);
}

/* docs/protocol.md 9.16.3: what was signed long ago, or by keys that were lost since. */
Test(era_attacks, a_head_beyond_the_trusting_period_takes_no_recover_by_itself, .timeout = 120)
{
    struct assay_sim_world *w = start(13, 4);
    struct document *d = forge(w, 0, 0, 3);
    uint64_t *head_time_ms = &w->nodes[0].engine->parts->head.state.head_time_ms;
    const uint64_t own = *head_time_ms;
    *head_time_ms = world_unix_ms(w, 0) - ASSAY_TRUSTING_MS - 1;
    cr_expect_eq(hand(w, 0, 1, ASSAY_MESSAGE_RECOVER, d), ASSAY_E_STRANGER);
    cr_expect_eq(hand(w, 0, ASSAY_SLOT_SELF, ASSAY_MESSAGE_RECOVER, d), ASSAY_E_STRANGER);
    *head_time_ms = own;
    answer_fence(w, 0);
    cr_expect_eq(hand(w, 0, 1, ASSAY_MESSAGE_RECOVER, d), ASSAY_OK);
    free(d);
    assay_sim_world_destroy(&w);
}

/* docs/protocol.md 9.16.5: the answers of more than a third are genuine, and were given to a fence
 * that was released while this node was away. Its operators sign a RECOVER on them today. */
Test(era_attacks, stored_answers_begin_no_era_on_a_node_that_is_behind, .timeout = 120)
{
    for (uint32_t liars = 3; liars <= 5; liars++) {
        struct assay_sim_world *w = behind(20 + liars, false);
        struct document *d = forge(w, AWAY, 0, liars);
        cr_expect_eq(hand(w, AWAY, 0, ASSAY_MESSAGE_RECOVER, d), ASSAY_E_AGAIN);
        cr_expect_eq(hand(w, AWAY, ASSAY_SLOT_SELF, ASSAY_MESSAGE_RECOVER, d), ASSAY_E_AGAIN);
        say_began(w, 0, d, 2); /* a third of the weight at most */
        cr_assert(assay_sim_world_run(w, 6 * EPOCH_MS));
        cr_expect_eq(hand(w, AWAY, 0, ASSAY_MESSAGE_RECOVER, d), ASSAY_E_AGAIN);
        cr_expect_eq(assay_sim_world_notes(w, AWAY, ASSAY_NOTE_RECOVER_UNCONFIRMED, ASSAY_SLOT_ALL),
                     1);
        is_one_of_them(w, SIGNS);
        cr_expect_eq(assay_sim_world_notes(w, AWAY, ASSAY_NOTE_RECOVERED, ASSAY_SLOT_ALL), 0);
        free(d);
        assay_sim_world_destroy(&w);
    }
}

/* The checkers see the fork, which is what these tests make. */
static void run_forked(struct assay_sim_world *w, uint32_t epochs)
{
    for (uint32_t ms = 0; ms < epochs * EPOCH_MS; ms += 5) {
        w->violation[0] = '\0';
        assay_sim_world_run(w, 5);
    }
    w->violation[0] = '\0';
}

/* One thing of the epoch at which AWAY stands, under the era that the RECOVER ends. */
static size_t stored(const struct assay_sim_world *w, uint32_t node, enum assay_store_class class_,
                     uint64_t epoch, uint8_t *out, size_t capacity)
{
    const struct assay_store_key key = { .epoch = epoch };
    size_t len = 0;
    const enum assay_status status =
        assay_store_get(w->nodes[node].store, class_, &key, out, capacity, &len);
    return status == ASSAY_OK ? len : 0;
}

/* Every peer of AWAY has nothing of its epoch but this RECOVER with the boundary that it makes. */
static void plant_end(struct assay_sim_world *w, uint64_t epoch, struct assay_slice boundary,
                      const struct document *recover)
{
    const struct assay_store_key key = { .epoch = epoch };
    for (uint32_t node = 0; node < AWAY; node++) {
        struct assay_store *store = w->nodes[node].store;
        cr_assert_eq(assay_store_prune(store, ASSAY_STORE_BLOCK, 0, epoch + 1), ASSAY_OK);
        cr_assert_eq(assay_store_put(store, ASSAY_STORE_BOUNDARY, &key, boundary), ASSAY_OK);
        cr_assert_eq(assay_store_put(store, ASSAY_STORE_FINALITY, &key,
                                     assay_slice_over(recover->bytes, recover->len)),
                     ASSAY_OK);
        cr_assert_eq(assay_store_commit(store), ASSAY_OK);
    }
}

/* docs/protocol.md 9.17.1: the same over boundaries, from peers that give nothing else. */
Test(era_attacks, a_leap_over_stored_answers_waits_for_the_living, .timeout = 240)
{
    enum { BOUNDARY_LEN = 256 * 1024 };
    uint8_t *boundary = malloc(BOUNDARY_LEN), *found = malloc(ASSAY_RECOVER_LEN_MAX);
    for (uint32_t takers = 2; takers <= 3; takers++) {
        struct assay_sim_world *w = behind(41, false);
        struct document *d = forge(w, AWAY, 0, 3);
        const uint64_t epoch = w->nodes[AWAY].engine->head->context.epoch;
        /* The boundary is what a node makes that took it; the same node again, from before. */
        cr_assert_eq(assay_sim_world_accept(w, AWAY, d->bytes, d->len), ASSAY_OK);
        const size_t len = stored(w, AWAY, ASSAY_STORE_BOUNDARY, epoch, boundary, BOUNDARY_LEN);
        cr_assert_gt(len, 0);
        assay_sim_world_destroy(&w);
        w = behind(41, false);
        plant_end(w, epoch, assay_slice_over(boundary, len), d);
        struct assay_leap *leap = &w->nodes[AWAY].engine->parts->leap;
        leap->starved = true; /* as where nobody has the next blocks */
        assay_sim_world_partition(w, NULL);
        run_forked(w, 8);
        cr_expect_eq(leap->phase, ASSAY_LEAP_BOUNDARIES);
        cr_expect(leap->unconfirmed);
        cr_expect_eq(stored(w, AWAY, ASSAY_STORE_FINALITY, epoch, found, ASSAY_RECOVER_LEN_MAX), 0,
                     "nothing of it is kept");
        cr_expect_eq(leap->era, 0);
        cr_expect_eq(assay_sim_world_notes(w, AWAY, ASSAY_NOTE_RECOVER_UNCONFIRMED, ASSAY_SLOT_ALL),
                     1);
        say_began(w, 0, d, takers);
        run_forked(w, 8);
        cr_expect_eq(stored(w, AWAY, ASSAY_STORE_FINALITY, epoch, found, ASSAY_RECOVER_LEN_MAX) > 0,
                     takers == 3, "%u of seven took it", takers);
        free(d);
        assay_sim_world_destroy(&w);
    }
    free(found);
    free(boundary);
}

/* docs/protocol.md 9.16.6: what the chain proves expires by the times of its blocks. */
Test(era_attacks, a_recover_of_a_time_to_come_is_taken_by_nobody, .timeout = 120)
{
    enum { AHEAD_MS = 10 * 60 * 1000 };
    const uint64_t far[] = { AHEAD_MS + 1000, 30ULL * 365 * 86400 * 1000 };
    struct assay_sim_world *w = start(43, 4);
    answer_fence(w, 0);
    for (size_t i = 0; i < 2; i++) {
        struct document *d = forge_at(w, 0, 0, 3, world_unix_ms(w, 0) + far[i]);
        cr_expect_eq(hand(w, 0, 1, ASSAY_MESSAGE_RECOVER, d), ASSAY_E_AGAIN);
        cr_expect_neq(assay_sim_world_accept(w, 0, d->bytes, d->len), ASSAY_OK,
                      "nor where it is accepted");
        cr_expect_eq(state_of(w, 0)->era, 0);
        free(d);
    }
    struct document *d = forge_at(w, 0, 0, 3, world_unix_ms(w, 0) + AHEAD_MS - 1000);
    cr_expect_eq(hand(w, 0, 1, ASSAY_MESSAGE_RECOVER, d), ASSAY_OK);
    free(d);
    assay_sim_world_destroy(&w);
}

/* What is obeyed now counts, not what was obeyed when the answers were verified. */
Test(era_attacks, who_answers_its_fence_later_waits_for_nobody, .timeout = 60)
{
    struct assay_sim_world *w = start(17, 4);
    struct document *d = forge(w, 0, 0, 3);
    cr_assert_eq(hand(w, 0, 1, ASSAY_MESSAGE_RECOVER, d), ASSAY_E_AGAIN);
    answer_fence(w, 0);
    cr_expect_eq(hand(w, 0, 1, ASSAY_MESSAGE_RECOVER, d), ASSAY_OK);
    free(d);
    assay_sim_world_destroy(&w);
}

/* One peer gives it as the proof of the epoch; the others have the blocks. */
Test(era_attacks, a_stale_recover_keeps_nobody_from_catching_up, .timeout = 240)
{
    struct assay_sim_world *w = behind(23, false);
    struct document *d = forge(w, AWAY, 0, 3);
    struct assay_store *store = w->nodes[0].store;
    const struct assay_store_key key = { .epoch = w->nodes[AWAY].engine->head->context.epoch };
    cr_assert_eq(
        assay_store_put(store, ASSAY_STORE_FINALITY, &key, assay_slice_over(d->bytes, d->len)),
        ASSAY_OK);
    cr_assert_eq(assay_store_commit(store), ASSAY_OK);
    assay_sim_world_partition(w, NULL);
    cr_assert(assay_sim_world_run(w, 20 * EPOCH_MS), "%s", assay_sim_world_violation(w));
    cr_expect_leq(state_of(w, 1)->epoch, state_of(w, AWAY)->epoch + 1);
    free(d);
    assay_sim_world_destroy(&w);
}

/* More than a third, over links of their own, are believed; one that says it often counts once. */
Test(era_attacks, a_recover_that_others_took_is_taken, .timeout = 120)
{
    struct assay_sim_world *w = behind(31, false);
    struct document *d = forge(w, AWAY, 0, 3);
    cr_assert_eq(hand(w, AWAY, 0, ASSAY_MESSAGE_RECOVER, d), ASSAY_E_AGAIN);
    for (uint32_t i = 0; i < 9; i++)
        say_began(w, 1, d, 1);
    cr_expect_eq(hand(w, AWAY, 0, ASSAY_MESSAGE_RECOVER, d), ASSAY_E_AGAIN);
    say_began(w, 0, d, 3);
    cr_expect_eq(hand(w, AWAY, 0, ASSAY_MESSAGE_RECOVER, d), ASSAY_OK);
    free(d);
    assay_sim_world_destroy(&w);
}

/* Two RECOVERs that the operators signed, in turn: neither takes from the other what is said for
 * it, and that one waits is said all the same. */
Test(era_attacks, another_recover_in_between_keeps_nobody_from_taking_one, .timeout = 120)
{
    struct assay_sim_world *w = behind(32, false);
    struct document *taken = forge(w, AWAY, 0, 3), *other = forge(w, AWAY, 0, 4);
    for (uint32_t i = 0; i < 6; i++) {
        cr_assert_eq(hand(w, AWAY, 0, ASSAY_MESSAGE_RECOVER, taken), ASSAY_E_AGAIN);
        cr_assert_eq(hand(w, AWAY, 0, ASSAY_MESSAGE_RECOVER, other), ASSAY_E_AGAIN);
        cr_assert(assay_sim_world_run(w, EPOCH_MS));
    }
    cr_expect_eq(assay_sim_world_notes(w, AWAY, ASSAY_NOTE_RECOVER_UNCONFIRMED, ASSAY_SLOT_ALL), 1);
    for (uint32_t i = 0; i < 3; i++) {
        say_began(w, 4, other, 2); /* a third at most */
        cr_assert_eq(hand(w, AWAY, 0, ASSAY_MESSAGE_RECOVER, other), ASSAY_E_AGAIN);
        cr_assert_eq(hand(w, AWAY, 0, ASSAY_MESSAGE_RECOVER, taken), ASSAY_E_AGAIN);
        say_began(w, i, other, 1); /* the last word counts */
        say_began(w, i, taken, 1);
        cr_assert_eq(hand(w, AWAY, 0, ASSAY_MESSAGE_RECOVER, other), ASSAY_E_AGAIN);
    }
    cr_expect_eq(hand(w, AWAY, 0, ASSAY_MESSAGE_RECOVER, taken), ASSAY_OK);
    free(other);
    free(taken);
    assay_sim_world_destroy(&w);
}

/* Signatures of hundreds of answers cost more than the message that repeats them. */
Test(era_attacks, what_is_repeated_is_weighed_once, .timeout = 120)
{
    struct assay_sim_world *w = behind(33, false);
    const struct assay_ending *ending = &w->nodes[AWAY].engine->parts->ending;
    struct document *few = forge(w, AWAY, 0, 1), *one = forge(w, AWAY, 0, 3),
                    *two = forge(w, AWAY, 0, 4);
    for (uint32_t i = 0; i < 5; i++) {
        cr_assert_eq(hand(w, AWAY, 0, ASSAY_MESSAGE_RECOVER, few), ASSAY_E_STRANGER);
        cr_assert_eq(hand(w, AWAY, 0, ASSAY_MESSAGE_RECOVER, one), ASSAY_E_AGAIN);
        cr_assert_eq(hand(w, AWAY, 0, ASSAY_MESSAGE_RECOVER, two), ASSAY_E_AGAIN);
    }
    cr_expect_eq(ending->grounds_next, 3);
    free(few);
    free(one);
    free(two);
    assay_sim_world_destroy(&w);
}

/* The chain goes on where its parent was the head: it can never be taken. */
Test(era_attacks, nobody_waits_for_a_recover_that_the_chain_went_past, .timeout = 120)
{
    struct assay_sim_world *w = start(34, 4);
    struct document *d = forge(w, 0, 0, 3);
    cr_assert_eq(hand(w, 0, 1, ASSAY_MESSAGE_RECOVER, d), ASSAY_E_AGAIN);
    cr_assert(assay_sim_world_run(w, 8 * EPOCH_MS), "%s", assay_sim_world_violation(w));
    cr_expect_eq(assay_sim_world_notes(w, 0, ASSAY_NOTE_RECOVER_UNCONFIRMED, ASSAY_SLOT_ALL), 0);
    free(d);
    assay_sim_world_destroy(&w);
}

/* --- beyond the bounds: not prevented, but reported on both sides (docs/protocol.md 9.16.4) */

static size_t alarms(const struct assay_sim_world *w, uint32_t node)
{
    return assay_sim_world_notes(w, node, ASSAY_NOTE_ERA_FORKED, ASSAY_SLOT_ALL);
}

/* S5: every operator signs two RECOVERs, each half of the network takes another. */
Test(era_attacks, two_recovers_of_one_era_are_reported_on_both_sides, .timeout = 240)
{
    struct assay_sim_world *w = start(7, 4);
    const uint32_t halves[NODES] = { 0, 0, 0, 1, 1, 1, 1 };
    assay_sim_world_partition(w, halves);
    run_forked(w, 4);
    struct document *a = forge(w, 0, 0, 3), *b = forge(w, 3, 3, 4);
    for (uint32_t i = 0; i < NODES; i++)
        answer_fence(w, i);
    for (uint32_t i = 0; i < NODES; i++)
        (void)hand(w, i, ASSAY_SLOT_SELF, ASSAY_MESSAGE_RECOVER, i < 3 ? a : b);
    run_forked(w, 4);
    for (uint32_t i = 0; i < NODES; i++) {
        cr_expect_eq(state_of(w, i)->era, 1, "node %u", i);
        cr_expect_eq(alarms(w, i), 0, "node %u: there is nobody of the others", i);
    }
    assay_sim_world_partition(w, NULL);
    run_forked(w, 2);
    for (uint32_t i = 0; i < NODES; i++)
        cr_expect_eq(alarms(w, i), i < 3 ? 4 : 3, "node %u", i);
    free(a);
    free(b);
    assay_sim_world_destroy(&w);
}

/* One operator accepts a RECOVER manually, and the others never stopped. */
Test(era_attacks, an_era_beside_one_that_goes_on_is_reported_on_both_sides, .timeout = 240)
{
    struct assay_sim_world *w = start(9, 4);
    const uint32_t alone[NODES] = { [AWAY] = 1 };
    assay_sim_world_partition(w, alone);
    struct document *d = forge(w, AWAY, 0, 0);
    cr_assert_eq(assay_sim_world_accept(w, AWAY, d->bytes, d->len), ASSAY_OK);
    run_forked(w, 6);
    cr_assert_eq(state_of(w, AWAY)->era, 1);
    cr_assert_eq(state_of(w, 0)->era, 0);
    cr_expect_eq(alarms(w, AWAY) + alarms(w, 0), 0);
    assay_sim_world_partition(w, NULL);
    run_forked(w, 2);
    for (uint32_t i = 0; i < NODES; i++)
        cr_expect_eq(alarms(w, i), i == AWAY ? NODES - 1 : 1, "node %u", i);
    cr_expect_eq(state_of(w, 0)->era, 0, "and nothing is rolled back");
    free(d);
    assay_sim_world_destroy(&w);
}
