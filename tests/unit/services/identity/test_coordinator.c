/*
 * tests/unit/services/identity/test_coordinator.c - tests of the coordinator of signing sessions.
 *
 * Goals of docs/identity.md 4.15, with drawn weights, delays and faulty holders: with at most a
 * third of the weight faulty every request is signed within one session more than there are faulty
 * holders; holders of enough weight prevent a signature and no more; only who signed wrongly is
 * named; no nonce serves two lists, with restored memories and repeated messages.
 */
#include "base/crypto.h"
#include "services/identity/coordinator.h"
#include "tests/support/depth.h"
#include "tests/unit/services/identity/signing_world.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum {
    NET_SLOTS = ASSAY_COSIGNER_PLACES * WORLD_HOLDERS,
    NET_JOINS = 1024,
    NET_FLIGHT = 512,
    NET_MESSAGE = 12 * 1024,
    NET_USED = 1024
};

enum behaviour {
    HONEST = 0,
    SILENT,       /* from a drawn round on */
    LATE,         /* every reply */
    UNSIGNED,     /* its signature of a drawn round is another's */
    BAD_POINT,    /* commitments outside the subgroup, signed */
    WRONG_ANSWER, /* signed */
    GARBAGE,      /* bytes of no message */
    WRONG_ROUND,  /* the reply of another round */
    ROLLED_BACK,  /* honest code whose memory is restored at drawn moments */
    BEHAVIOURS,
};

struct flight {
    uint64_t at_ms;
    bool is_for_holder;
    uint32_t place, coordinator;
    size_t len;
    uint8_t bytes[NET_MESSAGE];
};

struct net {
    struct world *w;
    struct assay_coordinator coordinator[2];
    struct assay_coordinator_slot *slot[2];
    struct assay_coordinator_out *out;
    enum behaviour behaves[WORLD_HOLDERS];
    uint32_t round[WORLD_HOLDERS]; /* in which it misbehaves */
    struct assay_cosigner_slot *slots[WORLD_HOLDERS], *snapshot_slots;
    struct assay_cosigner_nonces *nonces[WORLD_HOLDERS], *snapshot_nonces;
    struct assay_cosigner snapshot;
    bool has_snapshot;
    struct flight *flight;
    uint32_t flying, used_count, lies, sent_requests[2], endings[2];
    enum assay_status ended[2];
    uint8_t signature[2][64];
    bool named[WORLD_HOLDERS], repeats;
    uint32_t far_ms;               /* that every message takes longer */
    uint8_t used[NET_USED][2][32]; /* commitments, and the list that they answered */
};

static uint32_t draw_below(uint32_t below)
{
    uint32_t value = 0;
    group_draw((uint8_t *)&value, sizeof value);
    return value % below;
}

/* Weights of holders and their indices. Returns: T, t in *threshold; 0: no distribution. */
static uint32_t draw_indices(struct assay_frost_holder *holder, uint32_t holders, uint32_t *of,
                             uint32_t *threshold)
{
    struct assay_frost_indices made;
    uint64_t total = 0;
    for (uint32_t i = 0; i < holders; i++) {
        holder[i] = (struct assay_frost_holder){ .weight = 1 + draw_below(3) };
        holder[i].order[0] = (uint8_t)i;
        total += holder[i].weight;
    }
    if (assay_frost_distribute(holder, holders, total, &made) != ASSAY_OK) return 0;
    for (uint32_t i = 0; i < WORLD_HOLDERS; i++)
        of[i] = i < holders ? made.of[i] : 0;
    *threshold = made.threshold;
    return made.count;
}

static enum assay_status derive_item(void *context, struct assay_slice item, uint8_t *tbs,
                                     size_t capacity, struct assay_cosigner_item *out)
{
    const struct world *w = context;
    if (item.len != 8 || item.bytes[1] >= WORLD_HOLDERS || capacity < 256) return ASSAY_E_NOT_FOUND;
    out->tbs = world_tbs(item.bytes, tbs);
    assay_bytes_copy(out->subject, 32, w->group.holder[item.bytes[1]].node_id, 32);
    out->is_bearer = item.bytes[0] == 't';
    return ASSAY_OK;
}

static struct net *net_new(uint32_t threshold, const uint32_t *of)
{
    struct net *n = calloc(1, sizeof *n);
    cr_assert_not_null(n);
    n->w = world_new(threshold, of);
    n->flight = calloc(NET_FLIGHT, sizeof *n->flight);
    n->out = calloc(1, sizeof *n->out);
    n->snapshot_slots = calloc(NET_SLOTS, sizeof *n->snapshot_slots);
    n->snapshot_nonces = calloc(NET_SLOTS, sizeof *n->snapshot_nonces);
    for (uint32_t i = 0; i < WORLD_HOLDERS; i++) {
        struct assay_cosigner_memory *memory = &n->w->holder[i]->signer.memory;
        n->slots[i] = calloc(NET_SLOTS, sizeof *n->slots[i]);
        n->nonces[i] = calloc(NET_SLOTS, sizeof *n->nonces[i]);
        memory->slot = n->slots[i];
        memory->nonces = n->nonces[i];
        memory->slots = NET_SLOTS;
        memory->join = calloc(NET_JOINS, sizeof *memory->join);
        memory->joins = NET_JOINS;
    }
    for (uint32_t i = 0; i < 2; i++) {
        uint8_t random[32];
        group_draw(random, sizeof random);
        n->slot[i] = calloc(2, sizeof *n->slot[i]);
        assay_coordinator_init(&n->coordinator[i], &n->w->group, n->w->group.holder[i].node_id,
                               n->slot[i], 2, random);
        assay_coordinator_set_derive(&n->coordinator[i], derive_item, n->w);
        cr_assert_eq(assay_coordinator_on_epoch(&n->coordinator[i], &n->w->group, &n->w->epoch),
                     ASSAY_OK);
    }
    return n;
}

static void net_free(struct net *n)
{
    for (uint32_t i = 0; i < WORLD_HOLDERS; i++) {
        free(n->slots[i]);
        free(n->nonces[i]);
        free(n->w->holder[i]->signer.memory.join);
    }
    for (uint32_t i = 0; i < 2; i++)
        free(n->slot[i]);
    world_free(n->w);
    free(n->snapshot_slots);
    free(n->snapshot_nonces);
    free(n->flight);
    free(n->out);
    free(n);
}

static void put_flight(struct net *n, bool is_for_holder, uint32_t place, uint32_t coordinator,
                       struct assay_slice bytes, uint64_t delay_ms)
{
    cr_assert_lt(n->flying, NET_FLIGHT);
    cr_assert_leq(bytes.len, NET_MESSAGE);
    struct flight *f = &n->flight[n->flying++];
    f->at_ms = n->w->now.monotonic_ms + n->far_ms + delay_ms;
    f->is_for_holder = is_for_holder;
    f->place = place;
    f->coordinator = coordinator;
    f->len = bytes.len;
    assay_bytes_copy(f->bytes, sizeof f->bytes, bytes.bytes, bytes.len);
}

/* An answer of this holder leaves: its commitments may have answered no other list. */
static void record_use(struct net *n, const struct assay_cosigner_slot *slot)
{
    cr_assert_lt(n->used_count, NET_USED);
    for (uint32_t i = 0; i < n->used_count; i++)
        cr_assert(!assay_bytes_equal(n->used[i][0], slot->commitments_digest, 32) ||
                      assay_bytes_equal(n->used[i][1], slot->list_digest, 32),
                  "a nonce was used for two lists");
    assay_bytes_copy(n->used[n->used_count][0], 32, slot->commitments_digest, 32);
    assay_bytes_copy(n->used[n->used_count++][1], 32, slot->list_digest, 32);
}

static const struct assay_cosigner_slot *find_slot(const struct net *n, uint32_t place,
                                                   const uint8_t *name)
{
    for (uint32_t i = 0; i < NET_SLOTS; i++)
        if (n->slots[place][i].step != ASSAY_COSIGNER_FREE &&
            assay_bytes_equal(n->slots[place][i].session.name, name, ASSAY_SIGNING_NAME_LEN))
            return &n->slots[place][i];
    return NULL;
}

/* What a faulty holder sends instead. Returns: whether it sends anything. */
static bool misbehave(struct net *n, uint32_t place, const struct assay_cosigner_slot *slot,
                      struct assay_signing_message *m, uint8_t *content, uint8_t *signature)
{
    const uint32_t round = m->kind / 2 - 1;
    const uint8_t *node_id = n->w->group.holder[place].node_id;
    uint8_t digest[32];
    assay_bytes_copy(content, m->part[0].len, m->part[0].bytes, m->part[0].len);
    assay_bytes_copy(signature, 64, m->part[1].bytes, 64);
    m->part[0].bytes = content;
    m->part[1].bytes = signature;
    switch (n->behaves[place]) {
    case SILENT: return round < n->round[place];
    case UNSIGNED: signature[0] ^= round == n->round[place]; return true;
    case BAD_POINT:
        if (round != 0) return true;
        memset(content + (n->round[place] % 2) * 32, n->round[place] == 2 ? 0xff : 0, 32);
        assay_signing_commit_digest(slot->digest, node_id, m->part[0], digest);
        assay_sodium_link_sign(&n->w->seed[place], digest, signature);
        return true;
    case WRONG_ANSWER:
        if (round != 2) return true;
        group_draw(content + draw_below((uint32_t)m->part[0].len) / 32 * 32, 16);
        assay_signing_answer_digest(slot->digest, node_id, slot->commitments_digest,
                                    slot->list_digest, m->part[0], digest);
        assay_sodium_link_sign(&n->w->seed[place], digest, signature);
        return true;
    case WRONG_ROUND:
        if (round == n->round[place]) {
            m->kind =
                m->kind == ASSAY_SIGNING_ECHO ? ASSAY_SIGNING_COMMITMENTS : ASSAY_SIGNING_ECHO;
            m->part[0].len = m->kind == ASSAY_SIGNING_ECHO ? 32 : 64;
        }
        break;
    case HONEST:
    case LATE:
    case GARBAGE:
    case ROLLED_BACK:
    case BEHAVIOURS: break;
    }
    return true;
}

static void copy_slots(struct assay_cosigner_slot *to, struct assay_cosigner_nonces *nonces,
                       const struct assay_cosigner_slot *from,
                       const struct assay_cosigner_nonces *from_nonces)
{
    for (uint32_t i = 0; i < NET_SLOTS; i++) {
        to[i] = from[i];
        nonces[i] = from_nonces[i];
    }
}

/* The host of a holder restores its memory, or takes a copy of it. */
static void roll_back(struct net *n, uint32_t place)
{
    struct assay_cosigner *s = &n->w->holder[place]->signer;
    if (n->has_snapshot && draw_below(2) == 0) {
        *s = n->snapshot;
        copy_slots(n->slots[place], n->nonces[place], n->snapshot_slots, n->snapshot_nonces);
        assay_cosigner_on_tick(s, n->w->now);
    } else if (!n->has_snapshot || draw_below(4) == 0) {
        n->snapshot = *s;
        copy_slots(n->snapshot_slots, n->snapshot_nonces, n->slots[place], n->nonces[place]);
        n->has_snapshot = true;
    }
}

static void deliver_to_holder(struct net *n, const struct flight *f)
{
    struct assay_cosigner *s = &n->w->holder[f->place]->signer;
    struct assay_cosigner_entropy entropy;
    struct assay_signing_message m;
    struct assay_cosigner_slot before = { .step = ASSAY_COSIGNER_FREE };
    static uint8_t content[NET_MESSAGE], signature[64], bytes[NET_MESSAGE];
    const uint8_t *from = n->w->group.holder[f->coordinator].node_id;
    struct assay_slice message = assay_slice_over(f->bytes, f->len);
    if (n->behaves[f->place] == ROLLED_BACK) roll_back(n, f->place);
    cr_assert_eq(assay_signing_decode(message, &m), ASSAY_OK);
    group_draw((uint8_t *)&entropy, sizeof entropy);
    const struct assay_cosigner_slot *slot = find_slot(n, f->place, m.name);
    if (slot != NULL) before = *slot;
    enum assay_status status =
        assay_cosigner_on_message(s, n->w->now, &entropy, from, message, n->w->out);
    if (status == ASSAY_E_AGAIN && n->w->out->action == ASSAY_COSIGNER_STORE) {
        assay_cosigner_on_stored(s, n->w->out->era, n->w->out->epoch);
        status = assay_cosigner_on_message(s, n->w->now, &entropy, from, message, n->w->out);
    }
    if (n->w->out->action != ASSAY_COSIGNER_SEND) return;
    cr_assert_eq(status, ASSAY_OK);
    cr_assert_eq(assay_signing_decode(n->w->out->message, &m), ASSAY_OK);
    if (m.kind == ASSAY_SIGNING_COMMITMENTS) before = *find_slot(n, f->place, m.name);
    if (m.kind == ASSAY_SIGNING_ANSWERS) record_use(n, &before);
    if (!misbehave(n, f->place, &before, &m, content, signature)) return;
    cr_assert_eq(assay_signing_encode(&m, bytes, sizeof bytes, &message), ASSAY_OK);
    if (n->behaves[f->place] == GARBAGE) group_draw(bytes, message.len);
    const uint32_t took_ms =
        n->behaves[f->place] == LATE ? 700 + draw_below(900) : draw_below(40);
    put_flight(n, false, f->place, f->coordinator, message, took_ms);
    if (n->repeats && draw_below(4) == 0)
        put_flight(n, false, f->place, f->coordinator, message, took_ms + draw_below(200));
}

/* docs/identity.md 4.10: a proof, as anyone verifies it. */
static void check_lie(struct net *n)
{
    struct assay_signing_lie lie;
    uint32_t place = 0;
    cr_assert_eq(assay_signing_lie_decode(n->out->message, &lie), ASSAY_OK);
    cr_assert_eq(assay_signing_lie_verify(&n->w->group, &lie), ASSAY_OK);
    while (!assay_bytes_equal(n->w->group.holder[place].node_id, lie.node_id, 32))
        place++;
    cr_assert_eq(n->behaves[place], WRONG_ANSWER, "an honest holder is named");
    n->named[place] = true;
    n->lies += 1;
}

static void run_effects(struct net *n, uint32_t which)
{
    while (assay_coordinator_poll(&n->coordinator[which], n->w->now.monotonic_ms, n->out)) {
        if (n->out->action == ASSAY_COORDINATOR_LIE) check_lie(n);
        if (n->out->action == ASSAY_COORDINATOR_ENDING) {
            n->endings[which] += 1;
            n->ended[which] = n->out->status;
            assay_bytes_copy(n->signature[which], 64, n->out->signature[0], 64);
        }
        if (n->out->action != ASSAY_COORDINATOR_SEND) continue;
        struct assay_signing_message m;
        cr_assert_eq(assay_signing_decode(n->out->message, &m), ASSAY_OK);
        n->sent_requests[which] += m.kind == ASSAY_SIGNING_REQUEST;
        for (uint32_t place = 0; place < WORLD_HOLDERS; place++) {
            if (!n->out->to[place]) continue;
            put_flight(n, true, place, which, n->out->message, draw_below(40));
            if (n->repeats && draw_below(4) == 0)
                put_flight(n, true, place, which, n->out->message, draw_below(1500));
        }
    }
}

/* 10 ms pass. */
static void net_step(struct net *n)
{
    n->w->now.monotonic_ms += 10;
    n->w->now.wall_ms += 10;
    for (uint32_t i = 0; i < WORLD_HOLDERS; i++)
        assay_cosigner_on_tick(&n->w->holder[i]->signer, n->w->now);
    for (uint32_t i = 0; i < n->flying;) {
        if (n->flight[i].at_ms > n->w->now.monotonic_ms) {
            i++;
            continue;
        }
        static struct flight f;
        f = n->flight[i];
        n->flight[i] = n->flight[--n->flying];
        if (f.is_for_holder) deliver_to_holder(n, &f);
        else
            assay_status_ignore(assay_coordinator_on_message(&n->coordinator[f.coordinator],
                                                             n->w->now.monotonic_ms,
                                                             n->w->group.holder[f.place].node_id,
                                                             assay_slice_over(f.bytes, f.len)),
                                "what is wrong with it shows in what follows");
        run_effects(n, f.coordinator);
    }
    for (uint32_t i = 0; i < 2; i++)
        run_effects(n, i);
}

static void submit(struct net *n, uint32_t which, const uint8_t item[static 8])
{
    const struct assay_slice slice = assay_slice_over(item, 8);
    uint64_t request = 0;
    n->ended[which] = ASSAY_E_AGAIN;
    n->sent_requests[which] = n->endings[which] = 0;
    cr_assert_eq(assay_coordinator_submit(&n->coordinator[which], n->w->now.monotonic_ms, &slice, 1,
                                          &request),
                 ASSAY_OK);
    run_effects(n, which);
}

static bool is_signed(const struct net *n, uint32_t which, const uint8_t item[static 8])
{
    uint8_t tbs[256];
    const struct assay_slice bytes = world_tbs(item, tbs);
    const uint8_t *key = item[0] == 't' ? n->w->group.token_key : n->w->group.key;
    return n->ended[which] == ASSAY_OK &&
           assay_sodium_edwards_verify(key, bytes, n->signature[which]);
}

static void run_until_ended(struct net *n, uint64_t limit_ms)
{
    const uint64_t until = n->w->now.monotonic_ms + limit_ms;
    while (n->w->now.monotonic_ms < until &&
           (n->ended[0] == ASSAY_E_AGAIN || n->ended[1] == ASSAY_E_AGAIN))
        net_step(n);
}

/* --- */

/* Makes drawn holders of up to a third of the weight faulty. Returns: how many. */
static uint32_t draw_faults(struct net *n, const struct assay_frost_holder *holder,
                            uint32_t holders)
{
    uint32_t total = 0, faulty = 0, weight = 0;
    for (uint32_t i = 0; i < holders; i++)
        total += holder[i].weight;
    for (uint32_t attempt = 0; attempt < 2 * holders; attempt++) {
        const uint32_t place = draw_below(holders);
        if (n->behaves[place] != HONEST || 3 * (weight + holder[place].weight) > total) continue;
        weight += holder[place].weight;
        enum behaviour behaviour = (enum behaviour)(1 + draw_below(BEHAVIOURS - 1));
        /* one memory is restored at a time */
        for (uint32_t i = 0; i < holders && behaviour == ROLLED_BACK; i++)
            if (n->behaves[i] == ROLLED_BACK) behaviour = WRONG_ANSWER;
        n->behaves[place] = behaviour;
        n->round[place] = draw_below(3);
        faulty += 1;
    }
    return faulty;
}

static void try_seed(uint32_t *lies)
{
    struct assay_frost_holder holder[WORLD_HOLDERS];
    uint32_t of[WORLD_HOLDERS], threshold = 0;
    const uint32_t holders = 4 + draw_below(WORLD_HOLDERS - 3);
    if (draw_indices(holder, holders, of, &threshold) == 0) return;
    struct net *n = net_new(threshold, of);
    const uint32_t faulty = draw_faults(n, holder, holders);
    n->repeats = draw_below(2) == 0;
    for (uint8_t request = 0; request < 3; request++) {
        const uint8_t first[8] = { draw_below(2) == 0 ? 't' : 'c', 0, request };
        const uint8_t second[8] = { 'c', (uint8_t)draw_below(holders),
                                    draw_below(2) == 0 ? request : 9 };
        submit(n, 0, first);
        submit(n, 1, second); /* at once, perhaps for the same text */
        run_until_ended(n, (uint64_t)(faulty + 1) * 3 * ASSAY_COORDINATOR_WAIT_MAX_MS);
        cr_assert(is_signed(n, 0, first), "request %u of %u holders, %u faulty: %s",
                  (unsigned)request, (unsigned)holders, (unsigned)faulty,
                  assay_status_symbol(n->ended[0]));
        cr_assert(is_signed(n, 1, second), "the other coordinator");
        for (uint32_t i = 0; i < 2; i++) {
            cr_assert_leq(n->sent_requests[i], faulty + 1, "sessions beyond the bound");
            cr_assert_eq(n->endings[i], 1u);
            for (uint32_t j = 0; j < holders; j++)
                cr_assert(n->behaves[j] != HONEST || !n->coordinator[i].holder[j].is_wrong,
                          "holder %u is honest, whatever links repeat", (unsigned)j);
        }
    }
    *lies += n->lies;
    net_free(n);
}

Test(coordinator, with_a_third_faulty_every_request_is_signed_within_its_bound, .timeout = 500)
{
    uint32_t lies = 0;
    const uint32_t seeds = (uint32_t)(160 / test_every(4));
    for (uint32_t seed = 0; seed < seeds; seed++)
        try_seed(&lies);
    cr_assert_gt(lies, 0u, "liars are named");
}

static const uint32_t one_each[WORLD_HOLDERS] = { 1, 1, 1, 1, 1, 1, 1 };
static const uint8_t certificate[8] = { 'c', 3, 1 };

Test(coordinator, without_enough_holders_nothing_is_signed_and_the_request_ends)
{
    for (uint32_t kind = SILENT; kind < ROLLED_BACK; kind++) {
        struct net *n = net_new(4, one_each);
        for (uint32_t i = 0; i < 4; i++) { /* of seven; three answer */
            n->behaves[i] = (enum behaviour)kind;
            n->round[i] = i % 3;
        }
        n->ended[1] = ASSAY_OK;
        submit(n, 0, certificate);
        run_until_ended(n, 60000);
        cr_assert_eq(n->ended[0], ASSAY_E_TIMEOUT, "kind %u", (unsigned)kind);
        cr_assert_leq(n->sent_requests[0], 2u * 5u);
        net_free(n);
    }
}

Test(coordinator, each_liar_is_named_by_a_proof_and_never_chosen_again)
{
    struct net *n = net_new(4, one_each);
    n->behaves[2] = n->behaves[5] = n->behaves[6] = WRONG_ANSWER;
    n->ended[1] = ASSAY_OK;
    for (uint8_t request = 0; request < 6; request++) {
        const uint8_t item[8] = { 'c', 3, request };
        submit(n, 0, item);
        run_until_ended(n, 20000);
        cr_assert(is_signed(n, 0, item));
    }
    cr_assert_eq(n->lies, 3u);
    cr_assert(n->named[2] && n->named[5] && n->named[6]);
    net_free(n);
}

Test(coordinator, a_late_holder_is_chosen_last_and_needed_when_another_is_gone)
{
    struct net *n = net_new(4, one_each);
    n->behaves[2] = LATE;
    n->ended[1] = ASSAY_OK;
    for (uint8_t request = 0; request < 8; request++) {
        const uint8_t item[8] = { 'c', 3, request };
        submit(n, 0, item);
        run_until_ended(n, 20000);
        cr_assert(is_signed(n, 0, item));
    }
    cr_assert_gt(n->coordinator[0].holder[2].away_until, n->w->epoch.epoch);
    n->behaves[2] = HONEST;
    n->behaves[0] = n->behaves[1] = n->behaves[4] = SILENT;
    submit(n, 0, certificate);
    run_until_ended(n, 20000);
    cr_assert(is_signed(n, 0, certificate));
    net_free(n);
}

/* Replies take longer than a holder of which nothing is known is waited for. */
Test(coordinator, holders_on_another_continent_sign_and_are_waited_for_from_then_on)
{
    for (uint32_t far_ms = 125; far_ms <= 240; far_ms += 115) {
        struct net *n = net_new(4, one_each);
        n->far_ms = far_ms;
        n->behaves[2] = SILENT;
        n->ended[1] = ASSAY_OK;
        for (uint8_t request = 0; request < 12; request++) {
            const uint8_t item[8] = { 'c', 3, request };
            submit(n, 0, item);
            run_until_ended(n, 10000);
            cr_assert(is_signed(n, 0, item), "%u ms there and back", (unsigned)(2 * far_ms));
            cr_assert_leq(n->sent_requests[0], request < 6 ? 4u : 1u);
        }
        net_free(n);
    }
}

static uint32_t count_sessions(const struct net *n, uint32_t place)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < NET_SLOTS; i++)
        count += n->slots[place][i].step != ASSAY_COSIGNER_FREE;
    return count;
}

/* docs/identity.md 4.12: what is left behind keeps no other coordinator out. */
Test(coordinator, sessions_that_it_leaves_take_its_own_places_alone)
{
    uint32_t sessions = 0;
    for (uint8_t request = 0; request < 8; request++) {
        const uint8_t item[8] = { 'c', 3, request };
        struct net *n = net_new(4, one_each);
        n->behaves[2] = n->behaves[4] = LATE;
        n->ended[1] = ASSAY_OK;
        submit(n, 0, item);
        while (n->ended[0] == ASSAY_E_AGAIN) {
            net_step(n);
            for (uint32_t place = 0; place < WORLD_HOLDERS; place++)
                cr_assert_leq(count_sessions(n, place), (uint32_t)ASSAY_COSIGNER_PLACES);
        }
        cr_assert(is_signed(n, 0, item));
        sessions += n->sent_requests[0];
        net_free(n);
    }
    cr_assert_gt(sessions, 8u, "some were left");
}

Test(coordinator, nothing_is_requested_that_the_ledger_does_not_derive)
{
    struct net *n = net_new(4, one_each);
    const uint8_t absent[8] = { 'c', 200, 1 }, token[8] = { 't', 3, 1 };
    struct assay_slice item[] = { assay_slice_over(absent, 8), assay_slice_over(token, 8),
                                  assay_slice_over(certificate, 8),
                                  assay_slice_over(certificate, 8) };
    struct assay_coordinator *c = &n->coordinator[0];
    const uint64_t now = n->w->now.monotonic_ms;
    uint64_t request = 0;
    cr_assert_eq(assay_coordinator_submit(c, now, &item[0], 1, &request), ASSAY_E_NOT_FOUND);
    cr_assert_eq(assay_coordinator_submit(c, now, &item[1], 1, &request), ASSAY_E_LANE);
    cr_assert_eq(assay_coordinator_submit(c, now, &item[2], 2, &request), ASSAY_E_DUPLICATE);
    cr_assert_eq(assay_coordinator_submit(c, now, &item[2], 0, &request), ASSAY_E_RANGE);
    cr_assert_eq(assay_coordinator_submit(c, now, &item[2], 65, &request), ASSAY_E_RANGE);
    cr_assert_eq(assay_coordinator_submit(c, n->w->epoch.final_ms + 3 * n->w->epoch.period_ms,
                                          &item[2], 1, &request),
                 ASSAY_E_TIMEOUT);
    struct assay_cosigner_epoch next = n->w->epoch;
    next.epoch += 1;
    next.fenced = true;
    cr_assert_eq(assay_coordinator_on_epoch(c, &n->w->group, &next), ASSAY_OK);
    cr_assert_eq(assay_coordinator_submit(c, now, &item[2], 1, &request), ASSAY_E_INVALID);
    cr_assert_eq(assay_coordinator_on_epoch(c, &n->w->group, &n->w->epoch), ASSAY_E_STALE);
    next.fenced = false;
    cr_assert_eq(assay_coordinator_on_epoch(c, &n->w->group, &next), ASSAY_OK);
    cr_assert_not(assay_coordinator_poll(c, now, n->out), "nothing was sent");
    for (uint32_t i = 0; i < 2; i++)
        cr_assert_eq(assay_coordinator_submit(c, now, &item[2], 1, &request), ASSAY_OK);
    cr_assert_eq(assay_coordinator_submit(c, now, &item[2], 1, &request), ASSAY_E_FULL);
    next.epoch += 1; /* what was derived is of the epoch before */
    cr_assert_eq(assay_coordinator_on_epoch(c, &n->w->group, &next), ASSAY_OK);
    for (uint32_t i = 0; i < 2; i++) {
        cr_assert(assay_coordinator_poll(c, now, n->out));
        cr_assert_eq((int)n->out->action, (int)ASSAY_COORDINATOR_ENDING);
        cr_assert_eq(n->out->status, ASSAY_E_STALE);
    }
    cr_assert_not(assay_coordinator_poll(c, now, n->out));
    net_free(n);
}

/* A batch of items over holders of several indices, and indices that do not live. */
Test(coordinator, several_texts_are_signed_in_one_session_by_live_indices_alone)
{
    static const uint32_t several[WORLD_HOLDERS] = { 3, 1, 2, 1, 2 };
    struct net *n = net_new(5, several);
    const uint8_t items[3][8] = { { 't', 0, 7 }, { 'c', 1, 8 }, { 'c', 0, 9 } };
    struct assay_slice item[3];
    uint64_t request = 0;
    uint8_t tbs[256];
    for (uint32_t i = 0; i < 3; i++)
        item[i] = assay_slice_over(items[i], 8);
    n->w->epoch.live[2] = n->w->epoch.live[8] = false;
    world_close_epoch(n->w);
    cr_assert_eq(assay_coordinator_on_epoch(&n->coordinator[0], &n->w->group, &n->w->epoch),
                 ASSAY_OK);
    n->ended[1] = ASSAY_OK;
    n->ended[0] = ASSAY_E_AGAIN;
    cr_assert_eq(
        assay_coordinator_submit(&n->coordinator[0], n->w->now.monotonic_ms, item, 3, &request),
        ASSAY_OK);
    run_until_ended(n, 5000);
    cr_assert_eq(n->ended[0], ASSAY_OK);
    cr_assert_eq(n->sent_requests[0], 1u);
    for (uint32_t i = 0; i < 3; i++)
        cr_assert(assay_sodium_edwards_verify(items[i][0] == 't' ? n->w->group.token_key
                                                                 : n->w->group.key,
                                              world_tbs(items[i], tbs), n->out->signature[i]));
    net_free(n);
}
