/*
 * tests/unit/services/rollover/test_dealing_exchange.c - tests of dealings that a holder takes from
 * others (docs/identity.md 3.11.2): real stores, frames that the test carries and changes.
 */
#include "base/crypto.h"
#include "net/services/identity/dealing_exchange.h"
#include "net/services/identity/dealing_files.h"
#include "net/services/identity/signing_host.h"
#include "services/identity/ceremony_records.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { HOLDERS = 5, DEALERS = 4, AGAIN = ASSAY_DEALING_WANT_AGAIN_MS };

static struct assay_ca ca;
static struct host {
    char folder[64];
    struct assay_keyholder_dealings *dealings;
    bool is_silent, lies;
    uint32_t wants, answers, stored; /* frames that it was sent; dealings that it did not have */
} host[HOLDERS];
static uint8_t node_id[HOLDERS][32];

static struct assay_slice payload_of(uint32_t d)
{
    static const char *const payload[DEALERS + 1] = { "of dealer 1", "of dealer 2", "of dealer 3",
                                                      "of dealer 4", "of no dealer" };
    return assay_slice_over(payload[d], strlen(payload[d]));
}

static uint32_t host_of(const uint8_t id[static 32])
{
    uint32_t i = 0;
    while (i < HOLDERS && !assay_bytes_equal(node_id[i], id, 32))
        i++;
    cr_assert_lt(i, HOLDERS);
    return i;
}

static void deliver(uint32_t from, uint32_t to, struct assay_slice frame)
{
    bool is_new = false;
    cr_assert_eq(
        assay_keyholder_dealings_on_frame(host[to].dealings, &ca, node_id[from], frame, &is_new),
        ASSAY_OK);
    host[to].stored += is_new;
}

static void carry(void *context, const uint8_t id[static 32], struct assay_slice frame)
{
    const uint32_t from = (uint32_t)(uintptr_t)context, to = host_of(id);
    uint8_t bytes[1 + ASSAY_CA_DEAL_LEN_MAX];
    cr_assert_leq(frame.len, sizeof bytes);
    assay_bytes_copy(bytes, sizeof bytes, frame.bytes, frame.len);
    if (frame.bytes[0] == ASSAY_SIGNING_FRAME_DEALING_WANT) host[to].wants++;
    else host[to].answers++;
    if (host[from].lies) bytes[frame.len - 1] ^= 1;
    if (!host[to].is_silent) deliver(from, to, assay_slice_over(bytes, frame.len));
}

static bool has(uint32_t i, uint32_t d)
{
    const struct assay_slice want = payload_of(d);
    return assay_slice_equal(
        assay_keyholder_dealings_get(host[i].dealings, ca.ceremony.dealing[d].digest), want);
}

static void expect_all(uint32_t i, bool wanted)
{
    for (uint32_t d = 0; d < DEALERS; d++)
        cr_expect_eq(has(i, d), wanted, "holder %u, dealing %u", i, d);
}

static void list_holder(struct assay_ca_sharing *s, uint32_t i)
{
    struct assay_ca_holder *row = &s->holder[s->holders++];
    *row = (struct assay_ca_holder){ .slot = i, .first = i + 1, .indices = 1 };
    assay_bytes_copy(row->node_id, 32, node_id[i], 32);
}

static void open_host(uint32_t i)
{
    cr_assert_eq(assay_keyholder_dealings_open(host[i].folder, &host[i].dealings), ASSAY_OK);
    assay_keyholder_dealings_connect(host[i].dealings, node_id[i], carry, (void *)(uintptr_t)i);
}

/* Holders 1 to 3 saw each dealing become final, holder 0 none; 4 holds nothing yet, and will. */
static void set_up(void)
{
    ca = (struct assay_ca){ .ceremony = { .phase = ASSAY_CA_DISPUTES, .dealers = DEALERS } };
    for (uint32_t i = 0; i < HOLDERS; i++) {
        node_id[i][0] = (uint8_t)(i + 1);
        if (i < 4) list_holder(&ca.force, i);
        list_holder(&ca.ceremony.next, i);
        host[i] = (struct host){ .folder = "/tmp/assay-dealings-XXXXXX" };
        cr_assert_not_null(mkdtemp(host[i].folder));
        open_host(i);
    }
    for (uint32_t d = 0; d < DEALERS; d++) {
        ca.ceremony.dealing[d].state = ASSAY_CA_DEALING_VALID;
        assay_sha256(payload_of(d).bytes, payload_of(d).len, ca.ceremony.dealing[d].digest);
        for (uint32_t i = 1; i < 4; i++)
            cr_assert_eq(assay_keyholder_dealings_put(host[i].dealings, payload_of(d)), ASSAY_OK);
    }
}

static void tear_down(void)
{
    for (uint32_t i = 0; i < HOLDERS; i++) {
        char command[96];
        assay_keyholder_dealings_close(&host[i].dealings);
        (void)snprintf(command, sizeof command, "rm -rf %.80s", host[i].folder);
        cr_expect_eq(system(command), 0);
    }
}

TestSuite(services_dealing_exchange, .init = set_up, .fini = tear_down);

static void request(uint32_t i, uint64_t now_ms)
{
    assay_keyholder_dealings_request(host[i].dealings, &ca, now_ms);
}

Test(services_dealing_exchange, what_was_final_while_a_holder_was_away_is_there_and_stored)
{
    request(0, 1);
    request(0, 1 + AGAIN); /* holder 4 has none */
    expect_all(0, true);
    cr_expect_eq(host[0].stored, DEALERS);
    assay_keyholder_dealings_close(&host[0].dealings);
    open_host(0);
    expect_all(0, true);
    request(0, 1); /* nothing more is wanted */
    cr_expect_eq(host[0].answers, DEALERS);
}

/* So a ceremony without a generation in force has it, too. */
Test(services_dealing_exchange, a_holder_that_is_new_gets_them_as_well)
{
    ca.force.holders = 0;
    request(4, 1);
    request(4, 1 + AGAIN); /* the first one that it requested has none */
    expect_all(4, true);
}

Test(services_dealing_exchange, silent_and_lying_holders_cost_a_turn_each_and_nothing_is_taken)
{
    host[1].is_silent = true;
    host[2].lies = true;
    for (uint32_t turn = 0; turn < HOLDERS; turn++)
        request(0, 1 + turn * AGAIN);
    expect_all(0, true);
    cr_expect_eq(host[0].stored, DEALERS);
    cr_expect_gt(host[1].wants, 0);
    cr_expect_gt(host[0].answers, DEALERS, "answers with other bytes");
}

Test(services_dealing_exchange, requests_are_a_second_apart_and_begin_again_at_a_close)
{
    for (uint32_t i = 1; i < HOLDERS; i++)
        host[i].is_silent = true;
    const struct {
        uint64_t at_ms;
        uint32_t wants;
        bool closes;
    } step[] = {
        { 10, DEALERS, false },
        { 10 + AGAIN - 1, DEALERS, false },
        { 10 + AGAIN, 2 * DEALERS, false },
        { 11 + AGAIN, 3 * DEALERS, true },
    };
    for (size_t i = 0; i < sizeof step / sizeof step[0]; i++) {
        uint32_t wants = 0;
        if (step[i].closes) assay_keyholder_dealings_on_close(host[0].dealings);
        request(0, step[i].at_ms);
        for (uint32_t h = 1; h < HOLDERS; h++)
            wants += host[h].wants;
        cr_expect_eq(wants, step[i].wants, "step %zu", i);
    }
}

static uint32_t count_wants(void)
{
    uint32_t wants = 0;
    for (uint32_t i = 0; i < HOLDERS; i++)
        wants += host[i].wants;
    return wants;
}

Test(services_dealing_exchange, nothing_is_requested_without_a_use_for_it)
{
    ca.ceremony.phase = ASSAY_CA_IDLE;
    request(0, 1);
    ca.ceremony.phase = ASSAY_CA_OFFERS;
    request(0, 1);
    cr_expect_eq(count_wants(), 0, "no dealing is final");
    ca.ceremony.phase = ASSAY_CA_HAVES; /* those that count are decided: */
    ca.ceremony.dealing[2].state = ASSAY_CA_DEALING_USED;
    request(0, 1);
    cr_expect_eq(count_wants(), 1);
    request(0, 1 + AGAIN); /* holder 4 had none */
    cr_expect(has(0, 2));
    ca.ceremony.phase = ASSAY_CA_DISPUTES;
    ca.ceremony.dealing[0].state = ASSAY_CA_DEALING_VOID;
    ca.ceremony.next.holder[0].node_id[1] = 1; /* it holds nothing in the next generation */
    request(0, 1 + 2 * AGAIN);
    cr_expect_eq(count_wants(), 2);
}

Test(services_dealing_exchange, a_turn_has_so_many_requests_at_most)
{
    ca.ceremony.dealers = ASSAY_DEALING_WANTS_MAX + 1;
    for (uint32_t d = 0; d <= ASSAY_DEALING_WANTS_MAX; d++) {
        ca.ceremony.dealing[d].state = ASSAY_CA_DEALING_VALID;
        ca.ceremony.dealing[d].digest[0] = (uint8_t)(d + 1); /* no holder has it */
    }
    request(0, 1);
    cr_expect_eq(count_wants(), ASSAY_DEALING_WANTS_MAX);
    ca.ceremony.dealing[0].state = ASSAY_CA_DEALING_VOID;
    request(0, 1 + AGAIN);
    cr_expect_eq(count_wants(), 2 * ASSAY_DEALING_WANTS_MAX, "the last one, too");
}

Test(services_dealing_exchange, a_lost_holder_is_not_requested)
{
    ca.force.holder[1].lost = ca.ceremony.next.holder[1].lost = true;
    for (uint32_t turn = 0; turn < HOLDERS; turn++) {
        assay_keyholder_dealings_on_close(host[0].dealings);
        request(0, 1);
    }
    cr_expect_eq(host[1].wants, 0);
    expect_all(0, true);
}

static void want(uint32_t from, uint32_t d)
{
    uint8_t frame[1 + 32] = { ASSAY_SIGNING_FRAME_DEALING_WANT };
    assay_sha256(payload_of(d).bytes, payload_of(d).len, frame + 1);
    deliver(from, 1, assay_slice_over(frame, sizeof frame));
}

Test(services_dealing_exchange, a_holder_has_as_many_answers_in_an_epoch_as_there_are_dealings)
{
    for (uint32_t i = 0; i < 100; i++)
        want(2, i % DEALERS);
    cr_expect_eq(host[2].answers, DEALERS);
    want(3, 0);
    cr_expect_eq(host[3].answers, 1, "another one has its own");
    assay_keyholder_dealings_on_close(host[1].dealings);
    want(2, 0);
    cr_expect_eq(host[2].answers, DEALERS + 1);
}

Test(services_dealing_exchange, strangers_and_requests_for_anything_else_have_no_answer)
{
    uint8_t frame[64] = { ASSAY_SIGNING_FRAME_DEALING_WANT };
    want(0, DEALERS); /* no dealing has this digest */
    for (size_t len = 0; len < sizeof frame; len++)
        deliver(0, 1, assay_slice_over(frame, len));
    cr_expect_eq(host[0].answers, 0);
    want(0, 0);
    cr_expect_eq(host[0].answers, 1);
    ca.force.holder[0].node_id[1] = ca.ceremony.next.holder[0].node_id[1] = 1;
    want(0, 0);
    cr_expect_eq(host[0].answers, 1, "not a holder any more");
    ca.ceremony.phase = ASSAY_CA_IDLE;
    want(2, 0);
    cr_expect_eq(host[2].answers, 0, "of a ceremony that is over");
}

Test(services_dealing_exchange, what_the_ledger_does_not_name_is_not_stored)
{
    uint8_t frame[2 + ASSAY_CA_DEAL_LEN_MAX] = { ASSAY_SIGNING_FRAME_DEALING };
    const struct assay_slice other = payload_of(DEALERS), known = payload_of(0);
    assay_bytes_copy(frame + 1, sizeof frame - 1, other.bytes, other.len);
    deliver(1, 0, assay_slice_over(frame, 1 + other.len));
    deliver(1, 0, assay_slice_over(frame, 1));
    deliver(1, 0, assay_slice_over(frame, sizeof frame));
    cr_expect_eq(host[0].stored, 0);
    assay_bytes_copy(frame + 1, sizeof frame - 1, known.bytes, known.len);
    deliver(1, 0, assay_slice_over(frame, 1 + known.len));
    deliver(1, 0, assay_slice_over(frame, 1 + known.len));
    cr_expect_eq(host[0].stored, 1, "once");
    ca.ceremony.phase = ASSAY_CA_IDLE;
    deliver(1, 4, assay_slice_over(frame, 1 + known.len));
    cr_expect_eq(host[4].stored, 0);
}

/* --- the store between ceremonies */

static struct assay_slice deal_of(uint64_t attempt, uint32_t dealer,
                                  uint8_t bytes[static ASSAY_CA_DEAL_LEN_MAX])
{
    struct assay_ca_deal_record record = {
        .scope = { .ca_number = 1, .generation = 1, .attempt = attempt },
        .dealer = dealer,
        .commitments = { .count = ASSAY_FROST_SIGNERS_MIN },
        .receivers = ASSAY_FROST_SIGNERS_MIN
    };
    struct assay_slice out;
    cr_assert_eq(assay_ca_deal_encode(&record, bytes, ASSAY_CA_DEAL_LEN_MAX, &out), ASSAY_OK);
    return out;
}

static void close_and_restart(void)
{
    assay_keyholder_dealings_retain(host[0].dealings, &ca);
    assay_keyholder_dealings_close(&host[0].dealings);
    open_host(0);
}

/* It was away at each close between two ceremonies of a hundred indices: what it has of the first
 * takes no room from the second, and ends no process. */
Test(services_dealing_exchange, dealings_of_an_earlier_ceremony_leave_room_for_the_next)
{
    enum { MANY = 100 };
    static uint8_t bytes[ASSAY_CA_DEAL_LEN_MAX], frame[1 + ASSAY_CA_DEAL_LEN_MAX];
    for (uint32_t d = 1; d <= MANY; d++)
        cr_assert_eq(assay_keyholder_dealings_put(host[0].dealings, deal_of(1, d, bytes)),
                     ASSAY_OK);
    ca.ceremony.phase = ASSAY_CA_DEALS;
    ca.ceremony.dealers = MANY;
    ca.ceremony.next.attempt = 2;
    close_and_restart();
    frame[0] = ASSAY_SIGNING_FRAME_DEALING;
    for (uint32_t d = 1; d <= MANY; d++) {
        const struct assay_slice deal = deal_of(2, d, bytes);
        ca.ceremony.dealing[d - 1].state = ASSAY_CA_DEALING_VALID;
        assay_sha256(deal.bytes, deal.len, ca.ceremony.dealing[d - 1].digest);
        assay_bytes_copy(frame + 1, sizeof frame - 1, deal.bytes, deal.len);
        deliver(1, 0, assay_slice_over(frame, 1 + deal.len));
    }
    cr_expect_eq(host[0].stored, MANY);
    for (uint32_t d = 0; d < MANY; d++)
        ca.ceremony.dealing[d].state = ASSAY_CA_DEALING_NONE; /* final since the close */
    close_and_restart();
    cr_expect_eq(assay_keyholder_dealings_get(host[0].dealings, ca.ceremony.dealing[0].digest).len,
                 deal_of(2, 1, bytes).len);
}

Test(services_dealing_exchange, without_room_a_frame_changes_nothing)
{
    static uint8_t bytes[ASSAY_CA_DEAL_LEN_MAX], frame[1 + ASSAY_CA_DEAL_LEN_MAX];
    for (uint32_t d = 1; d <= ASSAY_FROST_INDICES_MAX; d++)
        cr_assert_eq(assay_keyholder_dealings_put(host[0].dealings, deal_of(3, d, bytes)),
                     ASSAY_OK);
    const struct assay_slice known = payload_of(0);
    frame[0] = ASSAY_SIGNING_FRAME_DEALING;
    assay_bytes_copy(frame + 1, sizeof frame - 1, known.bytes, known.len);
    deliver(1, 0, assay_slice_over(frame, 1 + known.len));
    cr_expect_eq(host[0].stored, 0);
}

/* A crash between writing and renaming; a file whose name begins like a dealing's. */
Test(services_dealing_exchange, what_a_crash_left_is_removed_and_nothing_else)
{
    char name[65], path[2][192];
    assay_hex_encode(ca.ceremony.dealing[0].digest, 32, name, sizeof name);
    (void)snprintf(path[0], sizeof path[0], "%s/.%s.new", host[1].folder, name);
    (void)snprintf(path[1], sizeof path[1], "%s/%s.old", host[1].folder, name);
    assay_keyholder_dealings_close(&host[1].dealings);
    for (uint32_t i = 0; i < 2; i++) {
        FILE *file = fopen(path[i], "wb");
        cr_assert_not_null(file);
        cr_assert_eq(fclose(file), 0);
    }
    open_host(1);
    assay_keyholder_dealings_close(&host[1].dealings);
    open_host(1);
    expect_all(1, true);
    cr_expect_neq(access(path[0], F_OK), 0);
    cr_expect_neq(access(path[1], F_OK), 0);
}
