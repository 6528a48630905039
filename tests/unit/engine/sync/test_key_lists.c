/*
 * tests/unit/engine/sync/test_key_lists.c - lists of workload keys: stored, dropped, requested and
 * served (docs/protocol.md 2.16.7 to 2.16.9).
 */
#include "base/cbor.h"
#include "engine/ledger/records/record.h"
#include "engine/sync/sync.h"
#include "host/overlay/serve.h"
#include "tests/unit/engine/ledger/declared_bench.h"

#include <criterion/criterion.h>

static bool has_list(struct assay_sim_world *w, uint32_t node, const struct list *l)
{
    uint8_t bytes[ASSAY_DECLARED_KEYS_LEN_MAX];
    struct assay_slice found;
    const enum assay_status status =
        assay_declared_list_load(w->nodes[node].store, OWNER, l->root, bytes, sizeof bytes, &found);
    if (status == ASSAY_E_NOT_FOUND) return false;
    cr_assert_eq(status, ASSAY_OK);
    cr_assert(assay_bytes_equal(found.bytes, l->slice.bytes, l->slice.len));
    return true;
}

static void expect_lists(struct assay_sim_world *w, const struct list *l, bool expected,
                         const char *when)
{
    for (uint32_t i = 0; i < NODES; i++) {
        cr_expect_eq(has_list(w, i, l), expected, "%s: node %u", when, i);
        cr_expect_eq(assay_sim_world_engine(w, i)->key_lists->missing, 0, "%s: node %u", when, i);
    }
}

static struct assay_sim_world *open_certified(struct list *l)
{
    struct assay_sim_world *w = open_with(l);
    pass(w);
    pass(w);
    cr_assert_eq(keys_of(w, OWNER), ASSAY_KEYS_ACTIVE);
    return w;
}

Test(key_lists, a_declared_list_is_stored_by_every_node_before_it_is_certified, .timeout = 600)
{
    struct list l;
    struct assay_sim_world *w = open_with(&l);
    pass(w);
    cr_assert_neq(keys_of(w, OWNER), ASSAY_KEYS_ACTIVE);
    expect_lists(w, &l, true, "declared");
    pass(w);
    expect_lists(w, &l, true, "certified");
    assay_sim_world_destroy(&w);
}

/* Neither the certified list nor the declared one is lost while both are named. */
Test(key_lists, a_list_is_dropped_when_no_state_names_it, .timeout = 600)
{
    struct list l, second;
    struct assay_sim_world *w = open_certified(&l);
    make_list(w, &second, "web", OWNER);
    cr_assert_eq(assay_sim_world_declare(w, OWNER, second.slice), ASSAY_OK);
    pass(w);
    expect_lists(w, &l, true, "certified, no longer declared");
    expect_lists(w, &second, true, "declared");
    assay_sim_world_acts(w, OWNER)->keys = second.slice;
    pass(w);
    pass(w);
    cr_expect_eq(keys_of(w, OWNER), ASSAY_KEYS_ACTIVE);
    expect_lists(w, &l, false, "replaced");
    expect_lists(w, &second, true, "certified");
    assay_sim_world_destroy(&w);
}

/* One list an epoch for ever: three places of a member are enough. */
Test(key_lists, a_member_that_declares_in_each_epoch_takes_no_more_than_its_places, .timeout = 600)
{
    enum { TURNS = 8 };
    static struct list lists[TURNS];
    struct assay_sim_world *w = open_certified(&lists[0]);
    for (uint32_t i = 1; i < TURNS; i++) {
        char name[8] = { 'n', (char)('0' + i) };
        make_list(w, &lists[i], name, OWNER);
        cr_assert_eq(assay_sim_world_declare(w, OWNER, lists[i].slice), ASSAY_OK);
        assay_sim_world_acts(w, OWNER)->keys = lists[i].slice;
        pass(w);
        uint32_t stored = 0;
        for (uint32_t k = 0; k <= i; k++)
            stored += has_list(w, 0, &lists[k]);
        cr_expect(has_list(w, 0, &lists[i]), "turn %u", i);
        cr_expect_leq(stored, 2, "turn %u", i);
        expect_lists(w, &lists[i], true, "declared last");
    }
    assay_sim_world_destroy(&w);
}

Test(key_lists, a_node_that_restarts_has_its_lists, .timeout = 600)
{
    struct list l, second;
    struct assay_sim_world *w = open_certified(&l);
    make_list(w, &second, "web", OWNER);
    cr_assert_eq(assay_sim_world_declare(w, OWNER, second.slice), ASSAY_OK);
    cr_assert(assay_sim_world_run(w, 150)); /* final, and of no closed epoch */
    for (uint32_t i = 0; i < NODES; i++) {  /* all of them: nobody else has it */
        cr_assert(has_list(w, i, &second), "node %u", i);
        assay_sim_world_kill(w, i);
    }
    for (uint32_t i = 0; i < NODES; i++)
        assay_sim_world_restart(w, i);
    for (uint32_t i = 0; i < NODES; i++)
        cr_expect_eq(assay_sim_world_engine(w, i)->key_lists->missing, 0);
    pass(w);
    expect_lists(w, &l, true, "certified before");
    expect_lists(w, &second, true, "declared before");
    assay_sim_world_destroy(&w);
}

Test(key_lists, a_node_that_lacks_a_list_requests_it, .timeout = 600)
{
    struct list l;
    struct assay_sim_world *w = open_certified(&l);
    forget_lists(w, 0);
    forget_lists(w, 1); /* and not every peer has it */
    cr_assert_eq(assay_sim_world_engine(w, 0)->key_lists->missing, 1);
    for (uint32_t i = 0; i < 12 && assay_sim_world_engine(w, 0)->key_lists->missing > 0; i++)
        pass(w);
    pass(w);
    expect_lists(w, &l, true, "requested");
    assay_sim_world_destroy(&w);
}

/* docs/protocol.md 2.16.7: what evidence binds is compared with the state's root alone. */
Test(key_lists, no_vote_depends_on_a_list, .timeout = 600)
{
    struct list l;
    struct assay_sim_world *w = open_certified(&l);
    for (uint32_t turn = 0; turn < 3; turn++) {
        for (uint32_t i = 0; i < NODES; i++)
            forget_lists(w, i); /* nobody has it, and nobody can send it */
        pass(w);
        cr_expect(state_of(w, 0)->members[OWNER].found.certified_pass);
        cr_expect_eq(keys_of(w, OWNER), ASSAY_KEYS_ACTIVE);
        cr_expect_eq(assay_sim_world_engine(w, 3)->key_lists->missing, 1);
    }
    cr_expect_null(assay_sim_world_violation(w));
    assay_sim_world_destroy(&w);
}

/* --- hostile answers */

static struct assay_effects effects;

static enum assay_status step(struct assay_sim_world *w, const struct assay_event *event)
{
    struct assay_event now = *event;
    now.now_ms = assay_sim_world_engine(w, 0)->now_ms;
    now.at_unix_ms = assay_sim_world_engine(w, 0)->at_unix_ms;
    return assay_engine_step(assay_sim_world_engine(w, 0), &now, &effects);
}

static uint32_t count_persisted(void)
{
    uint32_t count = 0;
    for (size_t i = 0; i < effects.count; i++)
        count += effects.items[i].kind == ASSAY_EFFECT_PERSIST &&
                 effects.items[i].as.persist.class_ == ASSAY_STORE_META;
    return count;
}

/* Node 0 lacks the list and has a request under way. Returns: the peer. */
static uint16_t start_request(struct assay_sim_world *w)
{
    const struct assay_event tick = { .kind = ASSAY_EVENT_TICK };
    struct assay_engine *e = assay_sim_world_engine(w, 0);
    if (e->key_lists->missing == 0) forget_lists(w, 0);
    e->parts->key_lists.next_ms = 0;
    for (uint32_t i = 0; i < 3 && e->key_lists->asked_ms == 0; i++) {
        cr_assert_eq(step(w, &tick), ASSAY_OK);
        if (e->key_lists->asked_ms == 0) e->parts->key_lists.next_ms = 0; /* of the next round */
    }
    cr_assert_neq(e->key_lists->asked_ms, 0);
    return e->key_lists->asked_peer;
}

struct answer {
    uint8_t bytes[ASSAY_DECLARED_KEYS_LEN_MAX + 256];
    struct assay_slice slice;
};

static void make_answer(struct assay_sim_world *w, const uint8_t root[static 32], uint32_t slot,
                        struct assay_slice list, struct answer *a)
{
    struct assay_declared_list_page page = { .slot = slot, .list = list };
    struct assay_writer out = assay_writer_over(a->bytes, sizeof a->bytes);
    assay_bytes_copy(page.chain_id, 32, state_of(w, 0)->chain_id, 32);
    assay_bytes_copy(page.root, 32, root, 32);
    cr_assert_eq(assay_declared_list_page_encode(&page, &out), ASSAY_OK);
    a->slice = assay_slice_over(a->bytes, out.len);
}

static enum assay_status deliver(struct assay_sim_world *w, uint16_t from, struct assay_slice bytes)
{
    const struct assay_event event = {
        .kind = ASSAY_EVENT_MESSAGE,
        .as.message = { .from = from, .kind = ASSAY_MESSAGE_SYNC_ANSWER, .payload = bytes }
    };
    return step(w, &event);
}

static void expect_refused(struct assay_sim_world *w, const struct answer *a,
                           enum assay_status expected, const char *what)
{
    const uint16_t peer = start_request(w);
    const enum assay_status status = deliver(w, peer, a->slice);
    cr_expect_eq(status, expected, "%s: %s", what, assay_status_symbol(status));
    cr_expect_eq(count_persisted(), 0, "%s", what);
    cr_expect_eq(assay_sim_world_engine(w, 0)->key_lists->missing, 1, "%s", what);
}

Test(key_lists, a_list_with_another_root_is_refused, .timeout = 600)
{
    struct list l, other;
    struct answer a;
    struct assay_sim_world *w = open_certified(&l);
    make_list(w, &other, "api", OWNER); /* another key, well proven */
    make_answer(w, l.root, OWNER, other.slice, &a);
    expect_refused(w, &a, ASSAY_E_ENCODING, "another list of the member");
    cr_expect_eq(assay_sim_world_engine(w, 0)->refused[ASSAY_E_ENCODING - 100], 1,
                 "and charged to its sender");
    make_list(w, &other, "api", OWNER + 1);
    make_answer(w, l.root, OWNER, other.slice, &a);
    expect_refused(w, &a, ASSAY_E_ENCODING, "the list of another member");
    uint8_t bytes[ASSAY_DECLARED_KEYS_LEN_MAX];
    assay_bytes_copy(bytes, sizeof bytes, l.slice.bytes, l.slice.len);
    bytes[l.slice.len - 1] ^= 1;
    make_answer(w, l.root, OWNER, assay_slice_over(bytes, l.slice.len), &a);
    expect_refused(w, &a, ASSAY_E_ENCODING, "one byte of the proof is another");
    make_answer(w, l.root, OWNER, assay_slice_over(bytes, l.slice.len - 1), &a);
    expect_refused(w, &a, ASSAY_E_ENCODING, "a list that is cut off");
    static uint8_t zeros[ASSAY_DECLARED_KEYS_LEN_MAX];
    make_answer(w, l.root, OWNER, assay_slice_over(zeros, sizeof zeros), &a);
    expect_refused(w, &a, ASSAY_E_ENCODING, "no list");
    assay_sim_world_destroy(&w);
}

Test(key_lists, answers_about_something_else_are_refused, .timeout = 600)
{
    struct list l, other;
    struct answer a;
    struct assay_sim_world *w = open_certified(&l);
    make_list(w, &other, "api", OWNER);
    make_answer(w, other.root, OWNER, other.slice, &a);
    expect_refused(w, &a, ASSAY_E_STALE, "a root that was not requested");
    make_answer(w, l.root, OWNER + 1, l.slice, &a);
    expect_refused(w, &a, ASSAY_E_STALE, "another member");
    make_answer(w, l.root, OWNER, (struct assay_slice){ 0 }, &a);
    expect_refused(w, &a, ASSAY_E_STALE, "the peer lacks it, too");
    make_answer(w, l.root, OWNER, l.slice, &a);
    a.bytes[40] ^= 1; /* of chain_id */
    expect_refused(w, &a, ASSAY_E_CHAIN, "another network");
    a.bytes[40] ^= 1;
    a.slice.len--;
    expect_refused(w, &a, ASSAY_E_TRUNCATED, "cut off");
    a.slice.len++;
    a.bytes[a.slice.len++] = 0;
    expect_refused(w, &a, ASSAY_E_TRAILING, "bytes behind it");
    assay_sim_world_destroy(&w);
}

/* A length that is longer than any list is refused as such, whether the bytes are there or not. */
Test(key_lists, a_list_longer_than_any_is_refused, .timeout = 600)
{
    struct list l;
    static uint8_t bytes[ASSAY_DECLARED_KEYS_LEN_MAX + 512];
    struct answer a;
    struct assay_sim_world *w = open_certified(&l);
    make_answer(w, l.root, OWNER, (struct assay_slice){ 0 }, &a);
    assay_bytes_copy(bytes, sizeof bytes, a.slice.bytes, a.slice.len);
    uint8_t *const head = bytes + a.slice.len - 1; /* of an empty byte string so far */
    for (uint64_t extra = 1; extra < UINT32_MAX; extra <<= 16) {
        const uint64_t len = ASSAY_DECLARED_KEYS_LEN_MAX + extra;
        const uint32_t width = len <= UINT16_MAX ? 2 : 4;
        head[0] = width == 2 ? 0x59 : 0x5a;
        for (uint32_t i = 0; i < width; i++)
            head[1 + i] = (uint8_t)(len >> (8 * (width - 1 - i)));
        const size_t whole = a.slice.len + width + ASSAY_DECLARED_KEYS_LEN_MAX + 1;
        const uint16_t peer = start_request(w);
        const enum assay_status status = deliver(w, peer, assay_slice_over(bytes, whole));
        cr_expect_eq(status, ASSAY_E_RANGE, "%s", assay_status_symbol(status));
        cr_expect_eq(count_persisted(), 0);
    }
    assay_sim_world_destroy(&w);
}

/* Nobody but the peer that was requested has a word, and that one has one. */
Test(key_lists, a_flood_of_answers_stores_one_list, .timeout = 600)
{
    struct list l;
    struct answer a;
    struct assay_sim_world *w = open_certified(&l);
    const uint16_t peer = start_request(w);
    make_answer(w, l.root, OWNER, l.slice, &a);
    for (uint16_t from = 1; from < NODES; from++) {
        if (from == peer) continue;
        cr_expect_eq(deliver(w, from, a.slice), ASSAY_E_STALE);
        cr_expect_eq(count_persisted(), 0);
    }
    cr_expect_eq(deliver(w, peer, a.slice), ASSAY_OK);
    cr_expect_eq(count_persisted(), 1);
    cr_expect_eq(assay_sim_world_engine(w, 0)->key_lists->missing, 0);
    for (uint32_t i = 0; i < 1000; i++) {
        cr_expect_eq(deliver(w, peer, a.slice), ASSAY_E_STALE);
        cr_expect_eq(count_persisted(), 0);
    }
    assay_sim_world_destroy(&w);
}

/* A peer that sends something wrong is not requested again at once, and the others are. */
Test(key_lists, every_peer_is_requested_in_turn, .timeout = 600)
{
    struct list l, other;
    struct answer a;
    struct assay_sim_world *w = open_certified(&l);
    uint32_t requested = 0;
    make_list(w, &other, "api", OWNER);
    make_answer(w, l.root, OWNER, other.slice, &a);
    for (uint32_t i = 1; i < NODES; i++) {
        const uint16_t peer = start_request(w);
        cr_expect_eq(requested >> peer & 1, 0, "peer %u again", peer);
        requested |= 1u << peer;
        cr_expect_eq(deliver(w, peer, a.slice), ASSAY_E_ENCODING);
        const struct assay_event tick = { .kind = ASSAY_EVENT_TICK };
        cr_expect_eq(step(w, &tick), ASSAY_OK);
        cr_expect_eq(assay_sim_world_engine(w, 0)->key_lists->asked_ms, 0, "not at once");
    }
    cr_expect_eq(requested, 0x1e);
    assay_sim_world_destroy(&w);
}

/* --- serving */

static void make_request(struct assay_sim_world *w, const uint8_t root[static 32], uint32_t slot,
                         struct answer *a)
{
    struct assay_declared_list_page ask = { .slot = slot };
    struct assay_writer out = assay_writer_over(a->bytes, sizeof a->bytes);
    assay_bytes_copy(ask.chain_id, 32, state_of(w, 0)->chain_id, 32);
    assay_bytes_copy(ask.root, 32, root, 32);
    cr_assert_eq(assay_declared_list_request_encode(&ask, &out), ASSAY_OK);
    a->slice = assay_slice_over(a->bytes, out.len);
}

static enum assay_status serve(struct assay_sim_world *w, struct assay_limit *limit,
                               struct assay_slice ask, struct assay_declared_list_page *page)
{
    const struct assay_serve serve = { .store = w->nodes[0].store,
                                       .chain_id = w->genesis->chain_id,
                                       .counters = w->nodes[0].counters,
                                       .scratch = w->scratch,
                                       .scratch_len = ASSAY_SYNC_ANSWER_LEN_MAX,
                                       .answer = w->page };
    struct assay_slice answer;
    ASSAY_TRY(assay_serve_sync(&serve, limit, 1, ask, &answer));
    return assay_declared_list_page_decode(answer, page);
}

Test(key_lists, a_stored_list_is_served_and_no_other_bytes, .timeout = 600)
{
    struct list l, other;
    struct answer ask;
    struct assay_declared_list_page page;
    struct assay_sim_world *w = open_certified(&l);
    make_list(w, &other, "web", OWNER);
    make_request(w, l.root, OWNER, &ask);
    cr_assert_eq(serve(w, NULL, ask.slice, &page), ASSAY_OK);
    cr_assert_eq(page.list.len, l.slice.len);
    cr_expect(assay_bytes_equal(page.list.bytes, l.slice.bytes, l.slice.len));
    ask.bytes[40] ^= 1;
    cr_expect_eq(serve(w, NULL, ask.slice, &page), ASSAY_E_CHAIN);
    make_request(w, l.root, OWNER + 1, &ask);
    cr_assert_eq(serve(w, NULL, ask.slice, &page), ASSAY_OK);
    cr_expect_eq(page.list.len, 0, "another member has no such list");
    make_request(w, other.root, OWNER, &ask);
    cr_assert_eq(serve(w, NULL, ask.slice, &page), ASSAY_OK);
    cr_expect_eq(page.list.len, 0, "it was never declared");
    make_request(w, l.root, ASSAY_MEMBERS_MAX - 1, &ask);
    cr_assert_eq(serve(w, NULL, ask.slice, &page), ASSAY_OK);
    cr_expect_eq(page.list.len, 0, "no such member");
    ask.slice.len--;
    cr_expect_neq(serve(w, NULL, ask.slice, &page), ASSAY_OK);
    /* A disk that returns another list of the member under the key: nothing of it is sent. */
    for (uint32_t place = 0; place < ASSAY_DECLARED_LIST_PLACES; place++) {
        struct assay_store_key key;
        assay_declared_list_store_key(OWNER, place, &key);
        cr_assert_eq(assay_store_put(w->nodes[0].store, ASSAY_STORE_META, &key, other.slice),
                     ASSAY_OK);
    }
    make_request(w, l.root, OWNER, &ask);
    cr_assert_eq(serve(w, NULL, ask.slice, &page), ASSAY_OK);
    cr_expect_eq(page.list.len, 0);
    assay_sim_world_destroy(&w);
}

/* One peer's budget is its own. */
Test(key_lists, a_peer_that_floods_is_not_served_and_others_are, .timeout = 600)
{
    struct list l;
    struct answer ask;
    struct assay_declared_list_page page;
    struct assay_limit_rates rates;
    struct assay_limit flooding, other;
    struct assay_sim_world *w = open_certified(&l);
    assay_limit_rates(60000, NODES, &rates);
    assay_limit_init(&flooding, &rates, 1);
    assay_limit_init(&other, &rates, 1);
    make_request(w, l.root, OWNER, &ask);
    uint32_t served = 0;
    for (uint32_t i = 0; i < 1000; i++)
        served += serve(w, &flooding, ask.slice, &page) == ASSAY_OK;
    cr_expect_leq(served, rates.syncs_burst);
    cr_expect_eq(serve(w, &other, ask.slice, &page), ASSAY_OK);
    assay_sim_world_destroy(&w);
}

/* --- the ledger */

/* docs/protocol.md 2.16.2: as many lists as one step can store. */
Test(key_lists, a_block_has_a_bounded_number_of_them, .timeout = 600)
{
    struct list l;
    struct assay_sim_world *w = open_with(&l);
    struct assay_engine *e = assay_sim_world_engine(w, 0);
    const struct assay_record r = { .kind = ASSAY_RECORD_KEYS,
                                    .slot = OWNER + 1,
                                    .epoch = e->head->context.epoch,
                                    .bytes = l.slice };
    struct assay_ledger *ledger = &e->parts->chain.ledger;
    ledger->declared_in_block = ASSAY_KEYS_BLOCK_MAX - 1;
    cr_expect_eq(assay_ledger_fits(&e->head->context, ledger, &r), ASSAY_OK);
    ledger->declared_in_block = ASSAY_KEYS_BLOCK_MAX;
    cr_expect_eq(assay_ledger_fits(&e->head->context, ledger, &r), ASSAY_E_EARLY);
    const struct assay_block_header next = { .height = ledger->height + 1 };
    assay_ledger_advance(ledger, &next, ledger->tip_id);
    cr_expect_eq(assay_ledger_fits(&e->head->context, ledger, &r), ASSAY_OK, "the next block");
    assay_sim_world_destroy(&w);
}

/* Bytes of the greatest lists of a member that fit in an epoch, as if many members had them. */
static size_t fill_epoch(const struct assay_engine *e, struct assay_ledger *ledger, uint32_t slot)
{
    static const uint8_t record[ASSAY_KEYS_RECORD_LEN_MAX];
    struct assay_record r = { .kind = ASSAY_RECORD_KEYS,
                              .slot = slot,
                              .epoch = e->head->context.epoch,
                              .bytes = assay_slice_over(record, sizeof record) };
    const size_t before = ledger->declared_len;
    while (assay_ledger_fits(&e->head->context, ledger, &r) == ASSAY_OK) {
        assay_row_keys.apply(&e->head->context, ledger, &r);
        ledger->declares[slot] = false; /* the next one is of another member */
        ledger->declared_in_block = 0;  /* and in another block */
    }
    return ledger->declared_len - before;
}

/* Attack: members of any weight, also of none and SUSPENDED, declare a list of the greatest length
 * in each epoch before others do. No other one would declare any more: keys of an enclave that
 * restarted, or of which one was withdrawn (docs/identity.md 6.6.2), would end and stay so, the
 * entry of a holder too. */
Test(key_lists, members_that_declare_in_each_epoch_leave_others_their_place, .timeout = 600)
{
    struct list l;
    struct assay_sim_world *w = open_certified(&l);
    struct assay_engine *e = assay_sim_world_engine(w, 0);
    struct assay_ledger *ledger = &e->parts->chain.ledger;
    struct assay_member *owner = &e->head->state.members[OWNER];
    ledger->declared_len = ledger->declared_again_len = 0;
    owner->declaration.count = 1; /* of these the newest alone */
    owner->declaration.roots[0].since_epoch = e->head->context.epoch;
    cr_expect_eq(fill_epoch(e, ledger, OWNER), ASSAY_KEYS_AGAIN_LEN_MAX, "declared lately");
    cr_expect_eq(fill_epoch(e, ledger, OWNER), 0);
    enum assay_standing *const standing = &e->head->state.members[OWNER + 1].trust.score.standing;
    *standing = ASSAY_STANDING_SUSPENDED;
    cr_expect_eq(fill_epoch(e, ledger, OWNER + 1), 0, "suspended");
    *standing = ASSAY_STANDING_WARNING;
    cr_expect_eq(fill_epoch(e, ledger, OWNER + 1), ASSAY_KEYS_EPOCH_LEN_MAX / 2, "all others");
    /* Once in four epochs it has the place of all. */
    ledger->declared_len = ledger->declared_again_len = 0;
    owner->declaration.roots[0].since_epoch = e->head->context.epoch - ASSAY_KEYS_AGAIN_EPOCHS;
    cr_expect_eq(fill_epoch(e, ledger, OWNER), ASSAY_KEYS_EPOCH_LEN_MAX);
    assay_sim_world_destroy(&w);
}

/* Attack: a member declares the list again that is declared. The state would keep the epoch of the
 * first time, so it would never have declared within the last epochs, and 32 such members would
 * take all bytes of each epoch. */
Test(key_lists, a_list_that_is_declared_is_not_declared_again, .timeout = 600)
{
    struct list l, second;
    struct assay_sim_world *w = open_certified(&l);
    struct assay_engine *e = assay_sim_world_engine(w, 0);
    struct assay_ledger *ledger = &e->parts->chain.ledger;
    struct assay_record r = { .kind = ASSAY_RECORD_KEYS,
                              .slot = OWNER,
                              .epoch = e->head->context.epoch,
                              .bytes = l.slice };
    make_list(w, &second, "web", OWNER);
    assay_bytes_copy(r.keys.root, 32, l.root, 32);
    cr_expect_eq(assay_ledger_fits(&e->head->context, ledger, &r), ASSAY_E_DUPLICATE);
    assay_bytes_copy(r.keys.root, 32, second.root, 32);
    cr_expect_eq(assay_ledger_fits(&e->head->context, ledger, &r), ASSAY_OK);
    /* Nor is the empty list of a member that declared none. */
    r.slot = OWNER + 1;
    assay_declared_keys_no_root(r.keys.root);
    cr_expect_eq(assay_ledger_fits(&e->head->context, ledger, &r), ASSAY_E_DUPLICATE);
    assay_sim_world_destroy(&w);
}
