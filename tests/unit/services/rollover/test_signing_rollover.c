/*
 * tests/unit/services/rollover/test_signing_rollover.c - tests of signing sessions while a CA
 * number is the next one (docs/identity.md 3.15, 4.17, 5.1).
 */
#include "net/services/identity/signing_host_internal.h"
#include "tests/unit/services/identity/signing_hosts.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

TestSuite(services_signing_rollover, .init = hosts_set_up, .fini = hosts_tear_down, .timeout = 180);

enum { AWAY = 3 };

static void next_epoch(void)
{
    hosts_close_epoch();
    for (uint32_t i = 0; i < HOSTS; i++)
        hosts_act(i);
}

static bool is_signed_by(const uint8_t *der, size_t len, const uint8_t key[static 32])
{
    const uint8_t *tbs = der + 4;
    const size_t tbs_len = 4 + ((size_t)tbs[2] << 8 | tbs[3]);
    cr_assert_gt(len, tbs_len);
    return assay_sodium_edwards_verify(key, assay_slice_over(tbs, tbs_len), der + len - 64);
}

static bool has_bytes(const uint8_t *of, size_t len, const uint8_t *bytes)
{
    for (size_t i = 0; i + 32 <= len; i++)
        if (assay_bytes_equal(of + i, bytes, 32)) return true;
    return false;
}

static void expect_both(uint32_t i)
{
    const struct hosts_authority *next = &hosts.next[i], *cross = &hosts.cross[i];
    cr_assert_eq(next->certified, 1, "holder %u, found %u", i, next->certified);
    cr_assert_eq(cross->certified, 1, "holder %u, found %u", i, cross->certified);
    cr_expect(is_signed_by(next->der, next->len, hosts.next_key->key), "by itself");
    cr_expect(is_signed_by(cross->der, cross->len, hosts.key->key), "by the active number");
    cr_expect(has_bytes(next->der, next->len, hosts.next_key->key));
    cr_expect(has_bytes(cross->der, cross->len, hosts.next_key->key), "of the next key");
    cr_expect(next->has_record && cross->has_record, "durable");
}

Test(services_signing_rollover, the_next_number_gets_two_certificates)
{
    hosts_pass(8000);
    hosts_make_next();
    next_epoch();
    for (uint32_t i = 0; i < HOSTS; i++)
        cr_expect(assay_keyholder_signing_status(hosts.host[i]).is_next_open);
    hosts_pass(8000);
    for (uint32_t i = 0; i < HOSTS; i++) {
        expect_both(i);
        cr_expect_eq(hosts.certified[i], 1, "that of the active number stays");
        cr_expect_arr_eq(hosts.next[i].der, hosts.next[0].der, hosts.next[0].len);
    }
    next_epoch();
    hosts_pass(8000);
    for (uint32_t i = 0; i < HOSTS; i++)
        expect_both(i); /* once */
}

/* In any epoch in which it is the next one: a holder of the first may be down. */
Test(services_signing_rollover, its_certificate_is_signed_later_too)
{
    hosts_pass(8000);
    hosts_make_next();
    hosts.silent = 0xe;
    next_epoch();
    hosts_pass(8000);
    cr_expect_eq(hosts.next[0].certified, 0);
    hosts.silent = 0;
    next_epoch();
    hosts_pass(8000);
    for (uint32_t i = 0; i < HOSTS; i++)
        expect_both(i);
}

Test(services_signing_rollover, a_holder_that_was_away_receives_both)
{
    hosts_pass(8000);
    hosts_make_next();
    hosts.silent = 1U << AWAY;
    next_epoch();
    hosts_pass(8000);
    cr_expect_eq(hosts.next[AWAY].certified, 0);
    for (uint32_t i = 0; i < HOSTS; i++) { /* and after a restart of all */
        assay_keyholder_signing_destroy(&hosts.host[i]);
        hosts_open_host(i);
    }
    hosts.silent = 0;
    next_epoch();
    hosts_pass(1400);
    expect_both(AWAY);
    cr_expect_arr_eq(hosts.next[AWAY].der, hosts.next[0].der, hosts.next[0].len);
    cr_expect_arr_eq(hosts.cross[AWAY].der, hosts.cross[0].der, hosts.cross[0].len);
}

static void expect_authority(const char *name, const uint8_t *key)
{
    struct assay_keyholder_issue wanted = { .product = ASSAY_SERVICE_AUTHORITY,
                                            .name = hosts_text(name) };
    hosts.answered = 0;
    assay_keyholder_signing_issue(hosts.host[0], &wanted, hosts.now);
    cr_assert_eq(hosts.answered, 1);
    cr_expect_eq(hosts.outcome,
                 key != NULL ? ASSAY_SERVICE_OUTCOME_DONE : ASSAY_SERVICE_OUTCOME_BUSY, "%s", name);
    if (key != NULL) cr_expect(is_signed_by(hosts.product, hosts.product_len, key), "%s", name);
}

Test(services_signing_rollover, its_daemon_gets_the_certificate_of_each_number)
{
    hosts_pass(8000);
    hosts_make_next();
    next_epoch();
    hosts_pass(8000);
    expect_authority("ca-1", hosts.key->key);
    expect_authority("ca-2", hosts.next_key->key);
    expect_authority("ca-2-cross", hosts.key->key);
    expect_authority("ca-1-cross", NULL);
    expect_authority("ca-cross", NULL);
    expect_authority("ca--cross", NULL);
    expect_authority("ca-2-cros", NULL);
    expect_authority("ca-3", NULL);
    expect_authority("ca-", NULL);
    expect_authority("ca", NULL);
    expect_authority("ca-99999999999999999999", NULL);
}

/* The switch: what was next signs, what was active signs nothing. */
Test(services_signing_rollover, the_next_number_signs_once_it_is_active)
{
    struct assay_secret32 share[ASSAY_FROST_INDICES_MAX + 1];
    hosts_pass(8000);
    hosts_make_next();
    next_epoch();
    hosts_pass(8000);
    hosts_fold()->next.made = hosts_fold()->epoch + 1 - 64;
    next_epoch();
    cr_assert_eq(hosts_fold()->ca_number, 2);
    cr_assert_eq(assay_ca_state_of(hosts_fold(), 1), ASSAY_CA_OLD);
    for (uint32_t i = 0; i < HOSTS; i++) {
        cr_expect(assay_keyholder_signing_status(hosts.host[i]).is_open);
        cr_expect_not(assay_keyholder_signing_status(hosts.host[i]).is_next_open);
        cr_expect_eq(assay_ceremony_holder_shares(hosts.holder[i], hosts_fold(), 1, share),
                     ASSAY_E_NOT_FOUND);
    }
    hosts_pass(8000);
    for (uint32_t i = 0; i < HOSTS; i++)
        expect_both(i); /* its certificate is here already */
    expect_authority("ca-1", hosts.key->key);
    expect_authority("ca-2", hosts.next_key->key);
    expect_authority("ca-2-cross", hosts.key->key);
    assay_keyholder_signing_destroy(&hosts.host[0]); /* it is on the disk */
    hosts_open_host(0);
    next_epoch();
    expect_authority("ca-2-cross", hosts.key->key);
}

/* A hostile coordinator of the next number gets nothing else signed. */
Test(services_signing_rollover, the_next_number_signs_its_own_certificate_alone)
{
    static uint8_t standing[MAKER_PROOF_LEN], bytes[MAKER_PROOF_LEN + 4096];
    static const enum assay_credential_product product[] = { ASSAY_CREDENTIAL_LEAF,
                                                             ASSAY_CREDENTIAL_TOKEN,
                                                             ASSAY_CREDENTIAL_EAR,
                                                             ASSAY_CREDENTIAL_CROSS_CERTIFICATE };
    struct assay_derivation d;
    struct assay_cosigner_item out;
    uint8_t tbs[ASSAY_CREDENTIAL_TBS_MAX];
    hosts_make_next();
    next_epoch();
    const struct assay_registry_plan *plan = assay_registry_get_plan(hosts.registry);
    cr_assert_eq(assay_derivation_open_next(&d, hosts.proof, hosts_fold(), plan), ASSAY_OK);
    for (uint32_t i = 0; i < 4; i++) {
        const struct assay_derivation_item item = {
            .product = product[i],
            .proof = i < 3 ? boundary_maker_proof(hosts.maker, 0, true, standing)
                           : (struct assay_slice){ 0 },
        };
        struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
        cr_assert_eq(assay_derivation_encode(&item, &w), ASSAY_OK);
        cr_expect_neq(
            assay_derivation_derive(&d, assay_slice_over(bytes, w.len), tbs, sizeof tbs, &out),
            ASSAY_OK);
        cr_expect_eq(d.reason, ASSAY_DERIVATION_NEXT, "product %u", i);
    }
    cr_assert_eq(assay_derivation_open(&d, hosts.proof, hosts_fold(), plan), ASSAY_OK);
    cr_expect_eq(d.ca.number, 1);
    cr_expect_eq(d.next.number, 2);
}

/* --- one name of two sessions, of the active and of the next number, in one epoch */

static enum assay_status ended_with[HOSTS];

/* As hosts_pass, where a process that fails ends; but for holder 0, which is hostile. */
static void pass_until_ends(uint64_t ms)
{
    static struct hosts_frame one;
    for (uint64_t passed = 0; passed < ms; passed += 50) {
        hosts.now.monotonic_ms += 50;
        hosts.now.wall_ms += 50;
        for (uint32_t i = 0; i < HOSTS; i++) {
            if (ended_with[i] != ASSAY_OK) continue;
            const enum assay_status status =
                assay_keyholder_signing_on_tick(hosts.host[i], hosts.now);
            if (i > 0) ended_with[i] = status;
        }
        while (hosts.queued > 0) {
            one = hosts.queue[0];
            hosts.queued--;
            for (uint32_t i = 0; i < hosts.queued; i++)
                hosts.queue[i] = hosts.queue[i + 1];
            if (ended_with[one.to] != ASSAY_OK) continue;
            const enum assay_status status = assay_keyholder_signing_on_frame(
                hosts.host[one.to], hosts.node[one.from], assay_slice_over(one.bytes, one.len),
                hosts.now);
            if (one.to > 0) ended_with[one.to] = status;
        }
    }
}

static uint64_t refused_by(uint32_t holder)
{
    const struct assay_keyholder_signing *h = hosts.host[holder];
    return h->status.refused + (h->next != NULL ? h->next->status.refused : 0);
}

/* Attack: a session of the active number and one of the next, by the same coordinator in the same
 * epoch, have one name. Each side remembers its own sessions alone, so honest holders answer both:
 * for the journal these are two sessions, else each holder would end as if its disk had failed. */
Test(services_signing_rollover, one_name_for_sessions_of_two_numbers_ends_no_process)
{
    hosts_pass(8000);
    hosts_make_next();
    next_epoch();
    struct assay_keyholder_signing *const hostile = hosts.host[0];
    cr_assert_not_null(hostile->next);
    hostile->next->coordinator.names = hostile->coordinator.names;
    assay_bytes_copy(hostile->next->coordinator.random, 32, hostile->coordinator.random, 32);
    for (uint32_t i = 0; i < HOSTS; i++)
        ended_with[i] = ASSAY_OK;
    uint64_t refused[HOSTS], answered[HOSTS];
    for (uint32_t i = 0; i < HOSTS; i++) {
        refused[i] = refused_by(i);
        answered[i] = hosts.host[i]->next->status.answered;
    }
    pass_until_ends(1400); /* before the turn of another coordinator */
    bool is_answered = false;
    for (uint32_t i = 1; i < HOSTS; i++) {
        cr_expect_eq(ended_with[i], ASSAY_OK, "the process of holder %u ends: %s", i,
                     assay_status_text(ended_with[i]));
        cr_expect_eq(refused_by(i), refused[i], "the journal of holder %u refuses one", i);
        is_answered |= hosts.host[i]->next->status.answered > answered[i];
    }
    cr_expect(is_answered, "the next number signs as well");
}
