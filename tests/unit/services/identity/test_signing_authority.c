/*
 * tests/unit/services/identity/test_signing_authority.c - tests of a holder that was not there when
 * the certificate of the key was signed (docs/identity.md 4.17).
 */
#include "tests/unit/services/identity/signing_hosts.h"

#include <criterion/criterion.h>

TestSuite(services_signing_authority, .init = hosts_set_up, .fini = hosts_tear_down,
          .timeout = 120);

enum { AWAY = 3 };

/* Holder AWAY hears nothing while the others sign. */
static void sign_without_it(void)
{
    hosts.silent = 1U << AWAY;
    hosts_pass(8000);
    for (uint32_t i = 0; i < HOSTS; i++)
        cr_assert_eq(hosts.certified[i], i == AWAY ? 0 : 1, "holder %u", i);
}

static void next_epoch(void)
{
    hosts_close_epoch();
    for (uint32_t i = 0; i < HOSTS; i++)
        hosts_act(i);
}

Test(services_signing_authority, a_holder_that_missed_the_close_receives_the_certificate)
{
    sign_without_it();
    next_epoch();
    hosts_pass(4000);
    cr_expect_eq(hosts.certified[AWAY], 0, "it hears nothing");
    hosts.silent = 0;
    hosts_pass(4000);
    cr_expect_eq(hosts.certified[AWAY], 1, "once");
    cr_expect_arr_eq(hosts.digest[AWAY], hosts.digest[0], 32, "the same certificate");
    cr_expect(hosts.has_record[AWAY], "it is durable");
}

/* One holder that sends another moment, or a signature that is none, before the honest ones. */
static void send_forged(void)
{
    uint8_t frame[1 + 4 + ASSAY_SIGNING_RECORD_LEN] = { ASSAY_SIGNING_FRAME_STORED, 0, 0, 0, 1 };
    assay_bytes_copy(frame + 5, ASSAY_SIGNING_RECORD_LEN, hosts.record[0],
                     ASSAY_SIGNING_RECORD_LEN);
    for (size_t at = 7; at < 24; at += 8) { /* the low byte of each number */
        frame[5 + at] ^= 1;
        for (uint32_t i = 0; i < HOSTS; i++)
            if (i != AWAY) hosts_deliver(i, AWAY, assay_slice_over(frame, sizeof frame));
        frame[5 + at] ^= 1;
    }
    frame[sizeof frame - 1] ^= 1;
    for (uint32_t i = 0; i < HOSTS; i++)
        if (i != AWAY) hosts_deliver(i, AWAY, assay_slice_over(frame, sizeof frame));
    hosts_deliver(0, AWAY, assay_slice_over(frame, sizeof frame - 1));
}

Test(services_signing_authority, what_the_key_did_not_sign_is_no_certificate)
{
    sign_without_it();
    next_epoch();
    hosts.hostile = send_forged;
    hosts_pass(6000);
    cr_expect_eq(hosts.certified[AWAY], 0);
    cr_expect_not(hosts.has_record[AWAY]);
    hosts.hostile = NULL;
    hosts.silent = 0;
    hosts_pass(6000);
    cr_expect_eq(hosts.certified[AWAY], 1);
}

/* Each costs a verification. */
Test(services_signing_authority, what_was_not_requested_is_not_taken)
{
    uint8_t frame[1 + 4 + ASSAY_SIGNING_RECORD_LEN] = { ASSAY_SIGNING_FRAME_STORED, 0, 0, 0, 1 };
    sign_without_it();
    assay_bytes_copy(frame + 5, ASSAY_SIGNING_RECORD_LEN, hosts.record[0],
                     ASSAY_SIGNING_RECORD_LEN);
    next_epoch();
    hosts_deliver(0, AWAY, assay_slice_over(frame, sizeof frame));
    cr_expect_eq(hosts.certified[AWAY], 0);
}

Test(services_signing_authority, after_a_restart_it_is_loaded_and_given_to_others)
{
    sign_without_it();
    for (uint32_t i = 0; i < HOSTS; i++) {
        assay_keyholder_signing_destroy(&hosts.host[i]);
        hosts_open_host(i);
    }
    next_epoch();
    hosts_pass(1000);
    cr_expect_eq(hosts.wanted, 1, "of the one that has none, found %u", hosts.wanted);
    hosts.silent = 0;
    hosts_pass(4000);
    cr_expect_eq(hosts.certified[AWAY], 1);
}

/* It has not the record of its disk that the key in force did not sign. */
Test(services_signing_authority, a_stored_record_is_verified_when_it_is_loaded)
{
    sign_without_it();
    hosts.record[1][40] ^= 1;
    assay_keyholder_signing_destroy(&hosts.host[1]);
    hosts_open_host(1);
    next_epoch();
    hosts.silent = 0;
    hosts_pass(6000);
    cr_expect_eq(hosts.certified[1], 2, "it is requested");
    cr_expect_eq(hosts.certified[AWAY], 1);
}

/* A reshare: the same key, and a certificate of the newer close. */
Test(services_signing_authority, a_newer_certificate_of_the_key_takes_the_place_of_an_older_one)
{
    hosts_pass(5000);
    cr_assert_eq(hosts.certified[AWAY], 1);
    hosts_fold()->since = HOSTS_EPOCH + 1;
    next_epoch();
    hosts.silent = 1U << AWAY;
    hosts_pass(8000);
    cr_expect_eq(hosts.certified[0], 2);
    cr_expect_eq(hosts.certified[AWAY], 1);
    next_epoch();
    hosts.silent = 0;
    hosts_pass(10000);
    cr_expect_eq(hosts.certified[AWAY], 2);
    cr_expect_arr_eq(hosts.digest[AWAY], hosts.digest[0], 32);
}

/* Epochs shorter than a request: two of the three others are down. */
Test(services_signing_authority, every_other_holder_has_its_turn_however_short_the_epochs)
{
    sign_without_it();
    hosts.silent = 1U << 1 | 1U << 2;
    for (unsigned epochs = 0; epochs < 6; epochs++) {
        next_epoch();
        hosts_pass(300);
    }
    cr_expect_eq(hosts.certified[AWAY], 1);
}

/* Too few holders run at the close: some epochs later, when others were asked in vain, one
 * coordinates, however short the epochs are. */
Test(services_signing_authority, it_is_signed_later_when_too_few_holders_run_at_first)
{
    hosts.silent = 1U << 0 | 1U << AWAY;
    hosts_pass(8000);
    for (uint32_t i = 0; i < HOSTS; i++)
        cr_assert_eq(hosts.certified[i], 0, "holder %u", i);
    hosts.silent = 0;
    for (unsigned epochs = 0; epochs < 12; epochs++) {
        next_epoch();
        hosts_pass(1200);
    }
    for (uint32_t i = 0; i < HOSTS; i++) {
        cr_expect_eq(hosts.certified[i], 1, "holder %u", i);
        cr_expect(hosts.has_record[i], "it is durable");
    }
}
