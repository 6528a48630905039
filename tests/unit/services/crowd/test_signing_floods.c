/*
 * tests/unit/services/crowd/test_signing_floods.c - tests of the processes of holders, of which
 * some are hostile: they open sessions and leave them, send frames without end, or coordinate for
 * a number that a close has retired (docs/identity.md 3.15, 4.12, 4.17).
 */
#include "base/merkle.h"
#include "net/services/identity/signing_host_internal.h"
#include "tests/unit/services/identity/signing_hosts.h"

#include <criterion/criterion.h>

TestSuite(services_signing_floods, .init = hosts_set_up, .fini = hosts_tear_down, .timeout = 240);

enum { NO_HOLDER = MAKER_VOTERS - 1 }; /* slot of the member that has none */

static uint8_t standing[MAKER_PROOF_LEN];

/* --- what is requested */

/* The certificate of a member's key. */
static struct assay_slice leaf_item(uint32_t slot, uint8_t *bytes, size_t capacity)
{
    struct assay_derivation_item item = {
        .product = ASSAY_CREDENTIAL_LEAF,
        .proof = boundary_maker_proof(hosts.maker, slot, true, standing),
    };
    struct assay_declared_keys keys;
    uint8_t leaf[ASSAY_DECLARED_KEYS_MAX][32];
    size_t len = 0;
    cr_assert_eq(assay_declared_keys_decode(assay_slice_over(hosts.list, hosts.list_len), &keys),
                 ASSAY_OK);
    item.listed.entry = keys.entries[0];
    item.listed.count = keys.count;
    for (uint32_t i = 0; i < keys.count; i++)
        assay_merkle_leaf_hash(keys.entries[i].bytes, keys.entries[i].len, leaf[i]);
    cr_assert_eq(
        assay_merkle_path((const uint8_t(*)[32])leaf, keys.count, 0, item.listed.path, 4, &len),
        ASSAY_OK);
    item.listed.path_len = (uint32_t)len;
    struct assay_writer w = assay_writer_over(bytes, capacity);
    cr_assert_eq(assay_derivation_encode(&item, &w), ASSAY_OK);
    return assay_slice_over(bytes, w.len);
}

static struct assay_slice key_item(uint8_t bytes[static 64])
{
    const struct assay_derivation_item item = { .product = ASSAY_CREDENTIAL_CA_CERTIFICATE };
    struct assay_writer w = assay_writer_over(bytes, 64);
    cr_assert_eq(assay_derivation_encode(&item, &w), ASSAY_OK);
    return assay_slice_over(bytes, w.len);
}

/* A REQUEST of one holder to another, of a session that has indices 1 to 3. Returns: whether it
 * joins: it replies with commitments. */
static bool joins(uint32_t from, uint32_t to, struct assay_slice item)
{
    static uint8_t frame[ASSAY_SIGNING_FRAME_MAX];
    uint8_t epoch[8] = { 0 };
    const uint8_t indices[3] = { 1, 2, 3 };
    struct assay_signing_message m = { .kind = ASSAY_SIGNING_REQUEST, .count = 3 };
    struct assay_slice out;
    epoch[7] = (uint8_t)assay_keyholder_proof_at(hosts.proof)->epoch;
    assay_bytes_copy(m.name, 32, hosts.node[from], 32);
    group_draw(m.name + 32, 16);
    m.part[0] = assay_slice_over(epoch, 8);
    m.part[1] = assay_slice_over(indices, 3);
    m.part[2] = item;
    frame[0] = ASSAY_SIGNING_FRAME_MESSAGE;
    cr_assert_eq(assay_signing_encode(&m, frame + 1, sizeof frame - 1, &out), ASSAY_OK);
    const uint32_t queued = hosts.queued;
    hosts_deliver(from, to, assay_slice_over(frame, out.len + 1));
    const bool did = hosts.queued > queued;
    hosts.queued = queued; /* the reply is not waited for */
    return did;
}

/* Holder 0's daemon requests the certificate of a member's key. */
static void request_certificate(uint32_t slot)
{
    static uint64_t serial = 40;
    struct assay_keyholder_issue wanted = {
        .serial = ++serial,
        .epoch = assay_keyholder_proof_at(hosts.proof)->epoch,
        .product = ASSAY_SERVICE_CERTIFICATE,
        .name = hosts_text("api"),
        .standing = boundary_maker_proof(hosts.maker, slot, true, standing),
        .keys = assay_slice_over(hosts.list, hosts.list_len),
    };
    assay_bytes_copy(wanted.node_id, 32, boundary_maker_member(hosts.maker, slot)->node_id, 32);
    hosts.answered = 0;
    assay_keyholder_signing_issue(hosts.host[0], &wanted, hosts.now);
}

static void close_and_act(void)
{
    hosts_close_epoch();
    for (uint32_t i = 0; i < HOSTS; i++)
        hosts_act(i);
}

/* --- sessions that are opened and left */

Test(services_signing_floods, one_of_four_denies_no_certificate_to_a_member_without_a_holder)
{
    static uint8_t bytes[8192];
    hosts_pass(5000);
    hosts.silent = 0x8; /* holder 3 signs nothing; it opens sessions for the member's text */
    for (uint32_t epoch = 0; epoch < 3; epoch++) {
        close_and_act();
        const struct assay_slice item = leaf_item(NO_HOLDER, bytes, sizeof bytes);
        for (uint32_t i = 0; i < 300; i++)
            (void)joins(3, i % 3, item);
        request_certificate(NO_HOLDER);
        for (uint32_t i = 0; i < 60 && hosts.answered == 0; i++)
            hosts_pass(1000);
        cr_assert_eq(hosts.answered, 1);
        cr_expect_eq((int)hosts.outcome, (int)ASSAY_SERVICE_OUTCOME_DONE, "epoch %u: %.*s", epoch,
                     (int)hosts.product_len, (char *)hosts.product);
    }
}

Test(services_signing_floods, two_coordinators_leave_a_third_its_sessions_for_the_keys_certificate)
{
    uint8_t bytes[64];
    const struct assay_slice item = key_item(bytes);
    uint32_t tries = 0, joined = 0;
    for (uint32_t ms = 0; ms < 50000; ms += 50) {
        hosts.now.monotonic_ms += 50;
        hosts.now.wall_ms += 50;
        cr_assert_eq(assay_keyholder_signing_on_tick(hosts.host[1], hosts.now), ASSAY_OK);
        hosts.queued = 0;
        (void)joins(0, 1, item);
        (void)joins(3, 1, item);
        if (ms % 1000 != 500) continue;
        tries++;
        joined += joins(2, 1, item);
    }
    cr_expect(tries == 50 && joined == tries, "%u of %u", joined, tries);
}

/* --- frames without end */

/* For 20 s holder 3 sends more than holder 1 could do: certificates that are none, and requests
 * that derive nothing. */
Test(services_signing_floods, frames_of_one_holder_take_half_of_the_time_and_none_of_anothers)
{
    uint8_t bytes[64], frame[65] = { ASSAY_SIGNING_FRAME_CERTIFICATE };
    const struct assay_slice item = key_item(bytes), none = assay_slice_over(bytes, 1);
    const uint64_t before_us = hosts.cpu_us;
    uint32_t tries = 0, joined = 0;
    hosts.cost_us = 1400;
    for (uint32_t ms = 0; ms < 20000; ms += 50) {
        hosts.now.monotonic_ms += 50;
        hosts.now.wall_ms += 50;
        cr_assert_eq(assay_keyholder_signing_on_tick(hosts.host[1], hosts.now), ASSAY_OK);
        hosts.queued = 0;
        for (uint32_t i = 0; i < 80; i++) {
            if (i % 2 == 0) (void)joins(3, 1, none);
            else hosts_deliver(3, 1, assay_slice_over(frame, sizeof frame));
        }
        if (ms % 200 != 0) continue;
        tries++;
        joined += joins(2, 1, item);
    }
    const uint64_t took_ms = (hosts.cpu_us - before_us) / 2 / 1000; /* read twice for a frame */
    cr_expect_gt(took_ms, 9000, "found %u: what is free may be used", (unsigned)took_ms);
    cr_expect_lt(took_ms, 11000, "found %u", (unsigned)took_ms);
    cr_expect(tries == 100 && joined == tries, "%u of %u", joined, tries);
}

/* A third of a hundred holders have prepared the longest sessions, 110 ms of work each, and send
 * what is to be signed all at once and without end; an honest one has a session in each 3 s. */
Test(services_signing_floods, a_third_of_a_hundred_holders_halts_none_for_long)
{
    enum { HOSTILE = 33, LONG_US = 110000, SHORT_US = 11000, HONEST = 50 };
    static struct assay_keyholder_signing h;
    uint64_t begin_us = 0, longest_us = 0, all_us = 0;
    h.group.holders = 100;
    for (uint32_t i = 0; i < 100; i++)
        h.group.holder[i].node_id[0] = (uint8_t)(1 + i);
    for (uint64_t now_ms = 1000; now_ms < 121000; now_ms += 100) {
        begin_us = 0;
        for (uint32_t i = 0; i < HOSTILE; i++) {
            const uint64_t each = now_ms % 200 == 0 ? LONG_US : SHORT_US;
            if (!signing_may_work(&h, h.group.holder[i].node_id, each, now_ms)) continue;
            signing_note_work(&h, h.group.holder[i].node_id, each);
            begin_us += each;
        }
        all_us += begin_us;
        longest_us = begin_us > longest_us ? begin_us : longest_us;
        if (now_ms % 3000 != 0) continue;
        cr_expect(signing_may_work(&h, h.group.holder[HONEST].node_id, SHORT_US, now_ms));
        signing_note_work(&h, h.group.holder[HONEST].node_id, SHORT_US);
    }
    cr_expect_lt(longest_us, 1600000, "found %u ms", (unsigned)(longest_us / 1000));
    cr_expect_lt(all_us, 61600000, "found %u ms of 120 s", (unsigned)(all_us / 1000));
}

/* --- a number that is retired at a close that is not certified */

static void retire_held(uint32_t number)
{
    hosts_fold()->config.retired = number;
    hosts.is_held = true;
    close_and_act();
}

Test(services_signing_floods, nothing_is_signed_by_a_number_that_a_held_close_retired)
{
    hosts_pass(5000);
    retire_held(1);
    cr_assert_eq((int)assay_ca_state_of(hosts_fold(), 1), (int)ASSAY_CA_GONE);
    for (uint32_t i = 0; i < HOSTS; i++)
        cr_expect_not(assay_keyholder_signing_status(hosts.host[i]).is_open, "holder %u", i);
    const uint32_t answers = hosts.answers;
    request_certificate(NO_HOLDER);
    hosts_pass(2000);
    cr_expect(hosts.answered == 1 && hosts.outcome != ASSAY_SERVICE_OUTCOME_DONE);
    cr_expect_eq(hosts.answers, answers, "no holder answers a session");
}

Test(services_signing_floods, a_held_close_that_retires_nothing_lets_holders_sign)
{
    hosts_pass(5000);
    request_certificate(NO_HOLDER);
    hosts.is_held = true;
    close_and_act();
    hosts_pass(2000);
    cr_expect_eq(hosts.answered, 1);
    cr_expect_eq((int)hosts.outcome, (int)ASSAY_SERVICE_OUTCOME_DONE);
}

Test(services_signing_floods, a_held_close_ends_the_side_of_the_number_that_it_retires)
{
    hosts_make_next();
    close_and_act();
    hosts_pass(5000);
    cr_assert(assay_keyholder_signing_status(hosts.host[1]).is_next_open);
    retire_held(1);
    cr_expect_not(assay_keyholder_signing_status(hosts.host[1]).is_open);
    cr_expect(assay_keyholder_signing_status(hosts.host[1]).is_next_open, "it is active now");
    retire_held(2);
    cr_expect_not(assay_keyholder_signing_status(hosts.host[1]).is_next_open);
}
