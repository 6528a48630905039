/*
 * tests/unit/engine/ledger/test_review_world.c - honest and hostile operators and members in a
 * simulated network: what final blocks have of REVIEW records, and the sets that nodes make of them
 * (docs/protocol.md 9.19).
 *
 * Goals, checked in each epoch: a final block has no statement that its operator did not make; no
 * operator has more than its part of an epoch, nor more than two proposals open; all nodes that
 * closed the same epoch have the same set, but for nodes that passed over blocks, which have it
 * after two spans of repetition.
 */
#include "engine/parts/engine_internal.h"
#include "host/reviews.h"
#include "tests/unit/engine/decide.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum {
    NODES = 5,
    LEGIT_MAX = 4096,
    KEPT_MAX = 64,
    CHANGES = 4,
    LIFETIME = 2000,
    BODY_MAX = 1024,
    ACTS_EPOCH = 5,
};

struct kept {
    uint8_t bytes[2 * BODY_MAX];
    size_t len;
};

struct node_set {
    struct assay_reviews set;
    void *memory;
    uint64_t read; /* epoch */
    bool has_gap;
};

struct play {
    struct assay_sim_world *w;
    struct assay_sim_random random;
    uint32_t operators;
    uint8_t ids[SIGNERS_MAX][32];
    uint8_t legit[LEGIT_MAX][32]; /* keys of records that their operators made */
    uint32_t legit_count, kept_count, taken;
    struct kept kept[KEPT_MAX];
    uint8_t changes[CHANGES][BODY_MAX], digests[CHANGES][32];
    size_t change_lens[CHANGES];
    struct node_set sets[NODES];
    uint64_t number;
};

/* ------------------------------------------------------------ operators */

static struct assay_p256_signer *signer_of(const struct play *p, uint32_t set)
{
    struct assay_secret32 key;
    struct assay_p256_signer *signer = NULL;
    world_set_key(p->w, set, KEY_OPERATOR, &key);
    cr_assert_eq(assay_p256_signer_load(&key, &signer), ASSAY_OK);
    return signer;
}

static void sign_with(const struct play *p, uint32_t set, const uint8_t digest[static 32],
                      uint8_t signature[static 64])
{
    struct assay_p256_signer *signer = signer_of(p, set);
    cr_assert_eq(assay_p256_sign(signer, digest, signature), ASSAY_OK);
    assay_p256_signer_free(&signer);
}

static void make_changes(struct play *p)
{
    for (uint32_t i = 0; i < CHANGES; i++) {
        struct assay_change change = { .sequence = 1, .activation = 5000 + i };
        struct assay_action rest = { .kind = ASSAY_ACTION_REST };
        assay_bytes_copy(change.chain_id, 32, p->w->genesis->chain_id, 32);
        assay_bytes_copy(rest.node_id, 32, p->w->genesis->members[i].node_id, 32);
        struct assay_writer w = assay_writer_over(p->changes[i], BODY_MAX);
        cr_assert_eq(assay_change_encode(&change, &rest, 1, &w), ASSAY_OK);
        p->change_lens[i] = w.len;
        assay_sha256(p->changes[i], w.len, p->digests[i]);
    }
}

static struct play *make(void)
{
    const struct assay_sim_world_options o = {
        .seed = 1919, .nodes = NODES, .epoch_ms = 400, .level = ASSAY_LEVEL_REVIEWS
    };
    struct play *p = calloc(1, sizeof *p);
    p->w = assay_sim_world_create(&o);
    p->random = assay_sim_random_of(o.seed, ASSAY_SIM_STREAM_CHANGE, 7, 7);
    p->operators = p->w->genesis->operator_count;
    cr_assert(p->operators >= 2 && p->operators <= SIGNERS_MAX);
    for (uint32_t set = 0; set < p->operators; set++) {
        struct assay_secret32 key;
        uint8_t public[64];
        world_set_key(p->w, set, KEY_OPERATOR, &key);
        cr_assert_eq(assay_p256_public(&key, public), ASSAY_OK);
        assay_sha256(public, sizeof public, p->ids[set]);
    }
    for (uint32_t i = 0; i < NODES; i++) {
        p->sets[i].memory = aligned_alloc(64, assay_reviews_memory_len(p->operators));
        assay_reviews_init(&p->sets[i].set, p->sets[i].memory, p->operators);
    }
    make_changes(p);
    return p;
}

static void drop(struct play *p)
{
    assay_sim_world_destroy(&p->w);
    for (uint32_t i = 0; i < NODES; i++)
        free(p->sets[i].memory);
    free(p);
}

/* ------------------------------------------------------------ messages */

static void send_to(struct play *p, uint32_t node, struct assay_slice record)
{
    struct assay_event event = { .kind = ASSAY_EVENT_MESSAGE };
    if (!p->w->nodes[node].alive) return;
    event.as.message.from = (uint16_t)((node + 1) % NODES);
    event.as.message.kind = ASSAY_MESSAGE_RECORD;
    event.as.message.payload = record;
    (void)world_step(p->w, node, &event); /* what it refuses is looked for in blocks */
}

static void keep(struct play *p, const uint8_t *bytes, size_t len)
{
    struct kept *k =
        &p->kept[p->kept_count < KEPT_MAX ? p->kept_count++
                                          : assay_sim_random_below(&p->random, KEPT_MAX)];
    k->len = len;
    memcpy(k->bytes, bytes, len);
}

static struct assay_review review_of(struct play *p, uint32_t set, enum assay_review_act act,
                                     uint32_t place, uint32_t change)
{
    struct assay_review r = { .act = act,
                              .place = place,
                              .issued = assay_sim_world_epoch(p->w, 0),
                              .number = ++p->number,
                              .sequence = 1,
                              .has_signature = act != ASSAY_REVIEW_WITHDRAW,
                              .comment = assay_slice_over("as agreed", 9) };
    r.expires = r.issued + LIFETIME;
    assay_bytes_copy(r.chain_id, 32, p->w->genesis->chain_id, 32);
    assay_bytes_copy(r.operator_id, 32, p->ids[set], 32);
    assay_bytes_copy(r.digest, 32, p->digests[change], 32);
    if (act == ASSAY_REVIEW_PROPOSE)
        r.change = assay_slice_over(p->changes[change], p->change_lens[change]);
    return r;
}

/* is_own: the operator that it names makes it. */
static void send_review(struct play *p, struct assay_review *r, uint32_t signer, bool is_own)
{
    uint8_t body[ASSAY_REVIEW_BODY_LEN_MAX], digest[32], signature[64], bytes[2 * BODY_MAX];
    struct assay_record record;
    if (r->has_signature) sign_with(p, signer, r->digest, r->change_signature);
    struct assay_writer w = assay_writer_over(body, sizeof body);
    cr_assert_eq(assay_review_encode(r, &w), ASSAY_OK);
    assay_sha256(body, w.len, digest);
    sign_with(p, signer, digest, signature);
    struct assay_writer all = assay_writer_over(bytes, sizeof bytes);
    cr_assert_eq(assay_record_put_review(&all, assay_slice_over(body, w.len), signature, r->change),
                 ASSAY_OK);
    const struct assay_slice whole = assay_slice_over(bytes, all.len);
    cr_assert_eq(assay_record_decode(whole, &record), ASSAY_OK);
    if (is_own) {
        cr_assert_lt(p->legit_count, LEGIT_MAX);
        assay_bytes_copy(p->legit[p->legit_count++], 32, record.key, 32);
        keep(p, bytes, all.len);
    }
    const uint32_t node = (uint32_t)assay_sim_random_below(&p->random, NODES);
    send_to(p, node, whole);
    send_to(p, (node + 2) % NODES, whole);
}

static void act_honestly(struct play *p, uint32_t set)
{
    const uint32_t change = (uint32_t)assay_sim_random_below(&p->random, CHANGES);
    const uint32_t what = (uint32_t)assay_sim_random_below(&p->random, 4);
    const uint32_t place = (uint32_t)assay_sim_random_below(&p->random, ASSAY_REVIEW_PLACES);
    struct assay_review r =
        what == 0   ? review_of(p, set, ASSAY_REVIEW_PROPOSE, place, change)
        : what == 1 ? review_of(p, set, ASSAY_REVIEW_WITHDRAW, place, change)
        : what == 2 ? review_of(p, set, ASSAY_REVIEW_WITHDRAW, ASSAY_REVIEW_PLACE_APPROVAL, change)
                    : review_of(p, set, ASSAY_REVIEW_APPROVE, ASSAY_REVIEW_PLACE_APPROVAL, change);
    send_review(p, &r, set, true);
}

/* Operator 0 is hostile, and a member that keeps what it saw. */
static void act_hostilely(struct play *p)
{
    const uint32_t change = (uint32_t)assay_sim_random_below(&p->random, CHANGES);
    struct assay_review r =
        review_of(p, 1, ASSAY_REVIEW_APPROVE, ASSAY_REVIEW_PLACE_APPROVAL, change);
    switch (assay_sim_random_below(&p->random, 6)) {
    case 0: send_review(p, &r, 0, false); return; /* in the name of another */
    case 1: {
        const struct kept *k = &p->kept[assay_sim_random_below(&p->random, KEPT_MAX)];
        if (k->len > 0)
            send_to(p, (uint32_t)assay_sim_random_below(&p->random, NODES),
                    assay_slice_over(k->bytes, k->len));
        return;
    }
    case 2:
        r = review_of(p, 0, ASSAY_REVIEW_APPROVE, ASSAY_REVIEW_PLACE_APPROVAL, change);
        r.era = 1;
        send_review(p, &r, 0, false);
        return;
    case 3:
        r = review_of(p, 0, ASSAY_REVIEW_WITHDRAW, 0, change);
        r.issued += 50;
        r.expires += 50;
        send_review(p, &r, 0, false);
        return;
    case 4: /* a comment of its own under the signature of another */
        if (p->kept_count > 0) {
            struct kept k = p->kept[assay_sim_random_below(&p->random, p->kept_count)];
            uint8_t *at = memmem(k.bytes, k.len, "as agreed", 9);
            if (at != NULL) at[0] ^= 2;
            send_to(p, 0, assay_slice_over(k.bytes, k.len));
        }
        return;
    default: /* a flood, by its own key */
        for (uint32_t i = 0; i < 2 * ASSAY_REVIEWS_OPERATOR_MAX; i++) {
            r = review_of(p, 0, ASSAY_REVIEW_PROPOSE, i % 2, i % CHANGES);
            send_review(p, &r, 0, true);
            p->kept_count -= p->kept_count > 0; /* of no use for replays: too many */
        }
        return;
    }
}

/* ------------------------------------------------------------ final blocks */

static bool is_legit(const struct play *p, const uint8_t key[static 32])
{
    for (uint32_t i = 0; i < p->legit_count; i++)
        if (assay_bytes_equal(p->legit[i], key, 32)) return true;
    return false;
}

struct reading {
    struct play *p;
    struct node_set *set;
    uint64_t epoch, epochs;
    uint32_t of_operator[SIGNERS_MAX];
};

static void take_record(struct reading *reading, const struct assay_record *r)
{
    struct play *p = reading->p;
    const uint32_t share = assay_review_share(p->operators);
    cr_assert(is_legit(p, r->key), "a final block has a statement that its operator did not make");
    for (uint32_t i = 0; i < p->operators; i++)
        if (assay_bytes_equal(p->ids[i], r->review.operator_id, 32))
            cr_assert(++reading->of_operator[i] <= share, "more than the part of an operator");
    (void)assay_reviews_apply(&reading->set->set, r, reading->epoch, NULL, NULL);
    p->taken++;
}

static bool read_block(void *context, const struct assay_store_key *key, struct assay_slice value)
{
    struct reading *reading = context;
    struct assay_proposal proposal;
    struct assay_cursor body;
    struct assay_slice bytes;
    struct assay_record record;
    uint64_t count = 0;
    if (key->epoch != reading->epoch) {
        memset(reading->of_operator, 0, sizeof reading->of_operator);
        reading->epochs++;
    }
    reading->epoch = key->epoch;
    cr_assert_eq(assay_proposal_decode(value, &proposal), ASSAY_OK);
    cr_assert_eq(assay_body_open(proposal.body, &body, &count), ASSAY_OK);
    for (uint64_t i = 0; i < count && assay_body_next(&body, &bytes) == ASSAY_OK; i++)
        if (assay_record_decode(bytes, &record) == ASSAY_OK && record.kind == ASSAY_RECORD_REVIEW)
            take_record(reading, &record);
    return true;
}

static struct assay_reviews_facts facts_of(struct play *p, uint32_t node)
{
    const struct assay_state *s = &assay_sim_world_engine(p->w, node)->head->state;
    return (struct assay_reviews_facts){ .era = s->era,
                                         .epoch = s->epoch + 1,
                                         .change_sequence = s->change_sequence,
                                         .effective = p->w->genesis };
}

static void read_node(struct play *p, uint32_t node)
{
    struct node_set *n = &p->sets[node];
    if (!p->w->nodes[node].alive) return;
    const struct assay_reviews_facts facts = facts_of(p, node);
    const uint64_t closed = facts.epoch - 1;
    struct reading reading = { .p = p, .set = n };
    if (closed <= n->read) return;
    const struct assay_store_key from = { .epoch = n->read + 1 };
    struct assay_store_key to = { .epoch = closed, .number = ASSAY_STORE_NUMBER_MAX };
    memset(to.id, 0xff, sizeof to.id);
    cr_assert_eq(assay_store_scan(p->w->nodes[node].store, ASSAY_STORE_BLOCK, &from, &to, false,
                                  read_block, &reading),
                 ASSAY_OK);
    n->has_gap |= reading.epochs < closed - n->read;
    n->read = closed;
    assay_reviews_close(&n->set, &facts, NULL, NULL);
}

static void check_places(const struct play *p, const struct assay_reviews *set,
                         const struct assay_reviews_facts *facts)
{
    const struct assay_review_entry *e = NULL;
    for (uint32_t i = 0; i < p->operators; i++) {
        uint32_t open = 0;
        for (uint32_t at = 0; (e = assay_reviews_next(set, facts, &at)) != NULL;)
            open += assay_bytes_equal(e->review.operator_id, p->ids[i], 32);
        cr_assert(open <= ASSAY_REVIEW_PLACES, "operator %u has %u proposals open", i, open);
    }
}

/* Out: digest of node 0. Returns: whether every node without a gap that closed the same epoch has
 * it, and node 4 whatever it passed over. */
static bool compare_nodes(struct play *p, bool with_gaps)
{
    uint8_t first[32], other[32];
    const struct assay_reviews_facts facts = facts_of(p, 0);
    assay_reviews_digest(&p->sets[0].set, &facts, first);
    check_places(p, &p->sets[0].set, &facts);
    for (uint32_t i = 1; i < NODES; i++) {
        const struct node_set *n = &p->sets[i];
        if (!p->w->nodes[i].alive || n->read != p->sets[0].read) continue;
        if (n->has_gap && !with_gaps) continue;
        assay_reviews_digest(&n->set, &facts, other);
        if (!assay_bytes_equal(first, other, 32)) return false;
    }
    return true;
}

/* As the runtime does. */
static void repeat(struct play *p, uint32_t node)
{
    uint8_t bytes[2 * BODY_MAX];
    const struct assay_reviews *set = &p->sets[node].set;
    if (!p->w->nodes[node].alive) return;
    for (uint32_t i = 0; i < set->count; i++) {
        if (!assay_reviews_must_repeat(&set->entries[i], p->sets[node].read + 1)) continue;
        struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
        cr_assert_eq(assay_reviews_record(set, &set->entries[i], &w), ASSAY_OK);
        send_to(p, node, assay_slice_over(bytes, w.len));
    }
}

static void pass_epoch(struct play *p)
{
    const uint64_t next = assay_sim_world_epoch(p->w, 0) + 1;
    cr_assert(assay_sim_world_run_to_epoch(p->w, next, 60000), "%s",
              assay_sim_world_violation(p->w));
    for (uint32_t i = 0; i < NODES; i++)
        read_node(p, i);
    for (uint32_t i = 0; i < NODES; i++)
        repeat(p, i);
    cr_assert(compare_nodes(p, false), "sets differ after epoch %llu", (unsigned long long)next);
}

static void act(struct play *p)
{
    for (uint32_t i = 0; i < ACTS_EPOCH; i++) {
        if (assay_sim_random_below(&p->random, 3) == 0) act_hostilely(p);
        else act_honestly(p, 1 + (uint32_t)assay_sim_random_below(&p->random, p->operators - 1));
    }
}

/* ------------------------------------------------------------ the runs */

Test(review_world, operators_state_and_nobody_else_does, .timeout = 900)
{
    struct play *p = make();
    for (uint32_t i = 0; i < 25; i++) {
        act(p);
        pass_epoch(p);
        if (i == 10) assay_sim_world_kill(p->w, 3);
        if (i == 14) assay_sim_world_restart(p->w, 3);
    }
    cr_assert(p->taken > 100, "%u", p->taken);
    drop(p);
}

Test(review_world, enough_approvals_are_a_change_and_end_all_others, .timeout = 900)
{
    struct play *p = make();
    uint8_t bytes[4 * BODY_MAX];
    struct assay_review r = review_of(p, 1, ASSAY_REVIEW_PROPOSE, 0, 0);
    pass_epoch(p);
    r = review_of(p, 1, ASSAY_REVIEW_PROPOSE, 0, 0);
    send_review(p, &r, 1, true);
    r = review_of(p, 0, ASSAY_REVIEW_PROPOSE, 1, 1);
    send_review(p, &r, 0, true);
    pass_epoch(p);
    for (uint32_t set = 0; set < p->operators; set++) {
        if (set == 1) continue;
        r = review_of(p, set, ASSAY_REVIEW_APPROVE, ASSAY_REVIEW_PLACE_APPROVAL, 0);
        send_review(p, &r, set, true);
    }
    pass_epoch(p);
    struct assay_reviews_facts facts = facts_of(p, 2);
    const struct assay_review_entry *e =
        assay_reviews_in_place(&p->sets[2].set, p->ids[1], 0, p->digests[0]);
    cr_assert_not_null(e);
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    cr_assert_eq(assay_reviews_assemble(&p->sets[2].set, &facts, e, &w), ASSAY_OK);
    send_to(p, 2, assay_slice_over(bytes, w.len));
    pass_epoch(p);
    pass_epoch(p);
    for (uint32_t i = 0; i < NODES; i++) {
        uint32_t at = 0;
        facts = facts_of(p, i);
        cr_assert_eq(facts.change_sequence, 1);
        cr_assert_null(assay_reviews_next(&p->sets[i].set, &facts, &at), "all are overtaken");
    }
    drop(p);
}

Test(review_world, a_node_that_passed_over_blocks_receives_what_counts, .timeout = 1800)
{
    struct play *p = make();
    for (uint32_t i = 0; i < 3; i++) {
        act(p);
        pass_epoch(p);
    }
    assay_sim_world_kill(p->w, 4);
    for (uint32_t i = 0; i < 6; i++) {
        act(p);
        pass_epoch(p);
    }
    for (uint32_t i = 0; i < 66; i++)
        pass_epoch(p);
    assay_sim_world_restart(p->w, 4);
    for (uint32_t i = 0;
         i < 2 * ASSAY_REVIEWS_REPEAT_EPOCHS && !(p->sets[4].has_gap && compare_nodes(p, true));
         i++)
        pass_epoch(p);
    cr_assert(p->sets[4].has_gap, "it passed over blocks");
    cr_assert(compare_nodes(p, true), "and has what counts");
    drop(p);
}
