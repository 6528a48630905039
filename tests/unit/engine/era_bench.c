/*
 * tests/unit/engine/era_bench.c - documents of operators and words of members, signed by whose keys
 * a test likes.
 */
#include "tests/unit/engine/era_bench.h"

#include "base/cbor.h"

#include <criterion/criterion.h>
#include <stdlib.h>

struct assay_sim_world *start(uint64_t seed, uint64_t epochs)
{
    const struct assay_sim_world_options o = {
        .seed = seed, .nodes = NODES, .epoch_ms = EPOCH_MS, .check_each_step = true, .limits = true
    };
    struct assay_sim_world *w = assay_sim_world_create(&o);
    cr_assert(assay_sim_world_run_to_epoch(w, epochs, 10 * EPOCH_MS * epochs), "%s",
              assay_sim_world_violation(w));
    return w;
}

const struct assay_state *state_of(const struct assay_sim_world *w, uint32_t node)
{
    return &w->nodes[node].engine->head->state;
}

/* By every operator of the genesis, for the era that runs; added: and the one that was added. */
struct document *make_fence_until(const struct assay_sim_world *w, bool added,
                                  const uint8_t operators_digest[static 32], uint64_t last_epoch)
{
    struct document *d = calloc(1, sizeof *d);
    struct signers *s = calloc(1, sizeof *s);
    uint8_t body[1024];
    struct assay_fence terms = { .reason = assay_slice_over("by operators of then", 20),
                                 .last_epoch = last_epoch };
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

struct document *make_fence_by(const struct assay_sim_world *w, bool added,
                               const uint8_t operators_digest[static 32])
{
    return make_fence_until(w, added, operators_digest, 100000);
}

struct document *make_fence(const struct assay_sim_world *w)
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

/* What is wrong in a RECOVER that its operators signed all the same. */
enum flaw { FLAW_NONE, FLAW_GROUNDS, FLAW_PARENT, FLAW_OPERATORS };

static struct document *forge_on(struct assay_sim_world *w, uint32_t node, uint32_t first,
                                 uint32_t liars, uint64_t time_ms, enum flaw flaw)
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
    const struct assay_block_header good = drafted.header;
    if (flaw == FLAW_PARENT) drafted.header.parent_id[0] ^= 1;
    if (flaw == FLAW_GROUNDS) {
        grounds[on.len - 1] ^= 1; /* of the last signature */
        struct assay_recover_drafted none;
        cr_expect_neq(assay_engine_recover_draft(e, assay_slice_over(body, b.len), on, time_ms,
                                                 &none, &fault),
                      ASSAY_OK, "no node would take it");
        assay_recover_header(&e->head->state, &e->chain->ledger, assay_slice_over(body, b.len), on,
                             time_ms, &drafted.header);
        assay_bytes_copy(drafted.header.state_root, 32, good.state_root, 32);
    }
    static uint8_t operators[ASSAY_RECOVER_LEN_MAX];
    assay_bytes_copy(operators, sizeof operators, drafted.operators.bytes, drafted.operators.len);
    if (flaw == FLAW_OPERATORS) operators[drafted.operators.len - 1] ^= 1; /* of the last key */
    const struct assay_slice listed = assay_slice_over(operators, drafted.operators.len);
    struct assay_writer h = assay_writer_over(header, sizeof header);
    struct assay_writer out = assay_writer_over(d->bytes, sizeof d->bytes);
    assay_block_header_encode(&drafted.header, &h);
    assay_block_id(assay_slice_over(header, h.len), d->digest);
    sign_all(w, false, d->digest, s);
    cr_assert_eq(assay_recover_encode(assay_slice_over(header, h.len),
                                      assay_slice_over(body, b.len), on, listed,
                                      (const uint8_t(*)[32])s->ids,
                                      (const uint8_t(*)[64])s->signatures, s->count, &out),
                 ASSAY_OK);
    d->len = out.len;
    free(s);
    return d;
}

/* A RECOVER on the very head of the node that is behind, by every operator of the genesis. */
struct document *forge_at(struct assay_sim_world *w, uint32_t node, uint32_t first,
                          uint32_t liars, uint64_t time_ms)
{
    return forge_on(w, node, first, liars, time_ms, FLAW_NONE);
}

struct document *forge_spoilt(struct assay_sim_world *w, uint32_t node, uint32_t first,
                              uint32_t liars)
{
    return forge_on(w, node, first, liars, w->nodes[node].engine->chain->ledger.time_ms + 1,
                    FLAW_GROUNDS);
}

struct document *forge_on_another_parent(struct assay_sim_world *w, uint32_t node)
{
    return forge_on(w, node, 0, 0, w->nodes[node].engine->chain->ledger.time_ms + 1, FLAW_PARENT);
}

struct document *forge_by_others(struct assay_sim_world *w, uint32_t node)
{
    return forge_on(w, node, 0, 0, w->nodes[node].engine->chain->ledger.time_ms + 1,
                    FLAW_OPERATORS);
}

struct document *forge(struct assay_sim_world *w, uint32_t node, uint32_t first,
                       uint32_t liars)
{
    return forge_at(w, node, first, liars, w->nodes[node].engine->chain->ledger.time_ms + 1);
}

enum assay_status hand(struct assay_sim_world *w, uint32_t node, uint16_t from,
                       enum assay_message_kind kind, const struct document *d)
{
    struct assay_event event = { .kind = ASSAY_EVENT_MESSAGE };
    event.as.message.from = from;
    event.as.message.kind = kind;
    event.as.message.payload = assay_slice_over(d->bytes, d->len);
    return world_step(w, node, &event);
}

/* As this member says it to this node in the round that runs. */
struct confirming confirming_of(const struct assay_sim_world *w, uint32_t member,
                                uint32_t asker, const struct document *recover)
{
    struct assay_recover r;
    const struct assay_engine *e = w->nodes[asker].engine;
    struct confirming c = { .signer = member, .from = (uint16_t)member, .to = (uint16_t)asker };
    cr_assert_eq(assay_recover_decode(assay_slice_over(recover->bytes, recover->len), &r),
                 ASSAY_OK);
    c.era = r.header.era;
    assay_bytes_copy(c.id, 32, r.id, 32);
    assay_confirmations_nonce(e, e->confirmations->round, c.nonce);
    assay_bytes_copy(c.asker, 32, state_of(w, asker)->members[asker].node_id, 32);
    assay_bytes_copy(c.member, 32, state_of(w, asker)->members[member].node_id, 32);
    return c;
}

struct document *make_confirm(const struct assay_sim_world *w, const struct confirming *c)
{
    uint8_t body[512], digest[32], signature[64];
    struct document *d = calloc(1, sizeof *d);
    struct assay_writer b = assay_writer_over(body, sizeof body);
    struct assay_writer out = assay_writer_over(d->bytes, sizeof d->bytes);
    assay_cbor_put_array(&b, 7);
    assay_cbor_put_text(&b, "assay/confirm/v1");
    assay_cbor_put_bytes(&b, w->genesis->chain_id, 32);
    assay_cbor_put_uint(&b, c->era);
    assay_cbor_put_bytes(&b, c->id, 32);
    assay_cbor_put_bytes(&b, c->nonce, 32);
    assay_cbor_put_bytes(&b, c->asker, 32);
    assay_cbor_put_bytes(&b, c->member, 32);
    assay_sha256(body, b.len, digest);
    cr_assert_eq(assay_p256_sign(w->nodes[c->signer].identity, digest, signature), ASSAY_OK);
    signature[40] ^= c->spoilt;
    assay_cbor_put_array(&out, 3);
    assay_cbor_put_text(&out, "assay/confirm-signed/v1");
    assay_cbor_put_bytes(&out, body, b.len);
    assay_cbor_put_bytes(&out, signature, sizeof signature);
    d->len = out.len;
    return d;
}

enum assay_status confirm(struct assay_sim_world *w, const struct confirming *c)
{
    struct document *d = make_confirm(w, c);
    const enum assay_status status = hand(w, c->to, c->from, ASSAY_MESSAGE_FENCE, d);
    free(d);
    return status;
}

/* So many members sign for AWAY that this RECOVER began their era. */
void say_began(struct assay_sim_world *w, uint32_t first, const struct document *recover,
               uint32_t members)
{
    for (uint32_t i = 0; i < members; i++) {
        const struct confirming c = confirming_of(w, first + i, AWAY, recover);
        cr_assert_eq(confirm(w, &c), ASSAY_OK);
    }
}

/* The node's operator fetches an answer to this fence: it signs nothing more in the era. */
void answer_fence(struct assay_sim_world *w, uint32_t node)
{
    struct document *fence = make_fence(w), *asking = calloc(1, sizeof *asking);
    struct assay_writer out = assay_writer_over(asking->bytes, sizeof asking->bytes);
    assay_era_encode_answering(&out);
    asking->len = out.len;
    cr_assert_eq(hand(w, node, ASSAY_SLOT_SELF, ASSAY_MESSAGE_FENCE, fence), ASSAY_OK);
    cr_assert_eq(hand(w, node, ASSAY_SLOT_SELF, ASSAY_MESSAGE_FENCE, asking), ASSAY_OK);
    free(asking);
    free(fence);
}

/* Node AWAY was down while the operators were replaced, and starts again, behind and alone. */
struct assay_sim_world *behind(uint64_t seed, bool loses_store)
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

/* It is where the others are, in their era, takes part, and nobody bans anybody. */
void is_one_of_them(struct assay_sim_world *w, enum signs signs)
{
    assay_sim_world_partition(w, NULL);
    const size_t before = w->nodes[AWAY].signed_count;
    cr_assert(assay_sim_world_run(w, 60 * EPOCH_MS), "%s", assay_sim_world_violation(w));
    for (uint32_t i = 0; i < NODES; i++) {
        cr_expect_eq(state_of(w, i)->era, 0, "node %u", i);
        cr_expect_leq(state_of(w, 0)->epoch, state_of(w, i)->epoch + 1, "node %u", i);
        for (uint32_t k = 0; k < NODES; k++)
            cr_expect_not(assay_limit_is_banned(&w->nodes[i].limits[k], world_mono_ms(w, i)),
                          "node %u bans node %u", i, k);
    }
    const size_t after = w->nodes[AWAY].signed_count;
    if (signs == SIGNS) cr_expect_gt(after, before + 60);
    if (signs == SIGNS_NOTHING) cr_expect_eq(after, before);
}

/* The checkers see the fork, which is what these tests make. */
void run_forked(struct assay_sim_world *w, uint32_t epochs)
{
    for (uint32_t ms = 0; ms < epochs * EPOCH_MS; ms += 5) {
        w->violation[0] = '\0';
        assay_sim_world_run(w, 5);
    }
    w->violation[0] = '\0';
}
