/*
 * tests/unit/services/identity/test_signing_host.c - tests of signing sessions in processes of
 * holders (docs/identity.md 4.17).
 */
#include "tests/unit/services/identity/signing_hosts.h"

#include <criterion/criterion.h>

TestSuite(services_signing_host, .init = hosts_set_up, .fini = hosts_tear_down, .timeout = 120);

enum { TEXT_LEN = 24 }; /* of a record: era, epoch and time, which the text is derived from */

/* Two sessions may end at once: each has a signature of its own under the one text. */
static void expect_certified(uint32_t slots)
{
    for (uint32_t i = 0; i < HOSTS; i++) {
        cr_expect_eq(hosts.certified[i], slots >> i & 1, "holder %u", i);
        if ((slots >> i & 1) != 0)
            cr_expect_arr_eq(hosts.record[i], hosts.record[HOSTS - 1], TEXT_LEN, "one text");
    }
}

Test(services_signing_host, each_holder_has_the_certificate_once_and_answers_are_in_the_journal)
{
    hosts_pass(1400); /* before the turn of another one */
    expect_certified(0xf);
    hosts_pass(5000);
    expect_certified(0xf);
    cr_expect_geq(hosts.answers, HOSTS_THRESHOLD - 1, "of others than the coordinator");
}

/* The holders that would coordinate before. */
Test(services_signing_host, fewer_than_the_threshold_sign_nothing_and_others_coordinate)
{
    hosts.silent = 0x3;
    hosts_pass(8000);
    expect_certified(0);
    hosts.silent = 0x1;
    hosts_pass(8000);
    expect_certified(0xe);
}

Test(services_signing_host, a_signature_that_does_not_verify_is_no_certificate)
{
    uint8_t frame[1 + 64] = { ASSAY_SIGNING_FRAME_CERTIFICATE, 1, 2, 3 };
    hosts_deliver(1, 3, assay_slice_over(frame, sizeof frame));
    hosts_deliver(1, 3, assay_slice_over(frame, sizeof frame - 1));
    cr_expect_eq(hosts.certified[3], 0);
    hosts_pass(5000);
    expect_certified(0xf);
}

Test(services_signing_host, a_holder_that_stopped_replies_to_nothing_and_has_no_share)
{
    assay_keyholder_signing_stop(hosts.host[1]);
    assay_keyholder_signing_stop(hosts.host[2]);
    cr_expect_not(assay_keyholder_signing_status(hosts.host[1]).is_open);
    hosts_pass(8000);
    expect_certified(0);
    cr_expect_eq(assay_keyholder_signing_status(hosts.host[1]).answered, 0);
    hosts_close_epoch();
    hosts_act(1);
    cr_expect(assay_keyholder_signing_status(hosts.host[1]).is_open, "the next close");
}

/* docs/identity.md 4.7 (iii): it does not remember what it joined before. */
Test(services_signing_host, after_a_restart_no_session_of_the_epoch_is_joined)
{
    hosts.silent = 0x8;
    hosts_pass(1000);
    cr_expect_gt(assay_keyholder_signing_status(hosts.host[1]).answered, 0);
    hosts.silent = 0;
    assay_keyholder_signing_destroy(&hosts.host[1]);
    hosts_open_host(1);
    hosts_act(1);
    hosts.host[0] = (assay_keyholder_signing_destroy(&hosts.host[0]), NULL);
    hosts_pass(8000);
    cr_expect_eq(assay_keyholder_signing_status(hosts.host[1]).answered, 0);
    cr_expect_gt(assay_keyholder_signing_status(hosts.host[1]).refused, 0);
    cr_expect_eq(assay_keyholder_signing_status(hosts.host[1]).last, ASSAY_E_STALE);
}

/* docs/identity.md 4.16 */
Test(services_signing_host, a_process_that_the_ledger_does_not_name_signs_nothing)
{
    hosts.link[2][0] ^= 1;
    assay_keyholder_signing_destroy(&hosts.host[2]);
    hosts_open_host(2);
    hosts_act(2);
    hosts.silent = 0x8;
    hosts_pass(8000);
    cr_expect_eq(assay_keyholder_signing_status(hosts.host[2]).answered, 0);
    expect_certified(0);
}

Test(services_signing_host, frames_that_are_none_change_nothing)
{
    uint8_t junk[300];
    for (uint32_t i = 0; i < 2000; i++) {
        group_draw(junk, sizeof junk);
        junk[0] = (uint8_t)(i % 4);
        hosts_deliver(1, 2, assay_slice_over(junk, i % sizeof junk));
    }
    hosts_deliver(2, 2, assay_slice_over(junk, sizeof junk));
    hosts_pass(5000);
    expect_certified(0xf);
}

/* The certificate names the close that put the key into force. */
Test(services_signing_host, the_certificate_is_of_the_first_epoch_alone)
{
    hosts_close_epoch();
    for (uint32_t i = 0; i < HOSTS; i++)
        hosts_act(i);
    hosts_pass(8000);
    expect_certified(0);
}

Test(services_signing_host, without_its_journal_entry_no_answer_is_sent)
{
    hosts.is_disk_full = true;
    hosts_pass(1000);
    cr_expect_not(hosts.is_disk_full, "a holder was to answer");
}

/* docs/identity.md 4.14: the journal has an entry of a later epoch, as of another CA number. */
Test(services_signing_host, what_the_journal_refuses_is_not_answered_and_ends_no_process)
{
    struct assay_signing_entry later = { .era = 1, .epoch = HOSTS_EPOCH + 5, .ca_number = 1 };
    uint8_t bytes[ASSAY_SIGNING_ENTRY_MAX];
    assay_holder_vault_journal_digest(hosts.vault[2], later.before);
    const size_t len = assay_signing_entry_encode(&later, bytes);
    cr_assert_eq(assay_holder_vault_append(hosts.vault[2], assay_slice_over(bytes, len)), ASSAY_OK);
    hosts.silent = 0x8; /* so that each of the others is needed */
    hosts_pass(8000);
    const struct assay_keyholder_signing_status status =
        assay_keyholder_signing_status(hosts.host[2]);
    cr_expect(status.is_open);
    cr_expect_gt(status.refused, 0);
    expect_certified(0);
    hosts.silent = 0;
    hosts_pass(60000);
    expect_certified(0xf);
}

/* --- hosts.hostile coordinators: less than a third of the weight */

/* Holder 0 keeps the signature of the certificate for itself, and requests it again and again. */
Test(services_signing_host, a_holder_that_keeps_the_certificate_does_not_prevent_it)
{
    hosts.keeps_certificates = true;
    for (uint32_t i = 0; i < 6; i++) {
        hosts_act(0);
        hosts_pass(150);
    }
    hosts_pass(59000);
    for (uint32_t i = 1; i < HOSTS; i++)
        cr_expect_eq(hosts.certified[i], 1, "holder %u", i);
}

static struct assay_derivation derivation;
static struct assay_signing_group group;

static void open_session(void)
{
    static struct assay_coordinator_slot slots[8];
    static struct assay_coordinator_out out;
    static uint8_t frame[ASSAY_SIGNING_FRAME_MAX];
    static struct assay_coordinator c;
    const struct assay_derivation_item item = { .product = ASSAY_CREDENTIAL_CA_CERTIFICATE };
    struct assay_cosigner_epoch epoch = { .era = 1,
                                          .epoch = HOSTS_EPOCH,
                                          .generation = HOSTS_GENERATION,
                                          .final_ms = hosts.now.monotonic_ms,
                                          .period_ms = HOSTS_PERIOD_MS };
    uint8_t bytes[64], random[32];
    uint64_t number;
    struct assay_writer writer = assay_writer_over(bytes, sizeof bytes);
    cr_assert_eq(assay_derivation_encode(&item, &writer), ASSAY_OK);
    const struct assay_slice one = assay_slice_over(bytes, writer.len);
    assay_bytes_copy(epoch.block_id, 32, derivation.at.id, 32);
    for (uint32_t i = 1; i <= HOSTS; i++)
        epoch.live[i] = true;
    group_draw(random, sizeof random);
    assay_coordinator_init(&c, &group, hosts.node[0], slots, 8, random);
    assay_coordinator_set_derive(&c, assay_derivation_derive, &derivation);
    cr_assert_eq(assay_coordinator_on_epoch(&c, &group, &epoch), ASSAY_OK);
    cr_assert_eq(assay_coordinator_submit(&c, hosts.now.monotonic_ms, &one, 1, &number), ASSAY_OK);
    cr_assert(assay_coordinator_poll(&c, hosts.now.monotonic_ms, &out));
    frame[0] = ASSAY_SIGNING_FRAME_MESSAGE;
    assay_bytes_copy(frame + 1, sizeof frame - 1, out.message.bytes, out.message.len);
    for (uint32_t i = 1; i < HOSTS; i++) {
        const uint32_t queued = hosts.queued;
        if (!out.to[i]) continue;
        hosts_deliver(0, i, assay_slice_over(frame, out.message.len + 1));
        hosts.queued = queued; /* the reply is to holder 0 */
    }
}

static void open_sessions(void)
{
    for (uint32_t i = 0; i < 16; i++)
        open_session();
}

/* Holder 0 opens sessions in four fifths of the epoch and completes none. */
Test(services_signing_host, a_holder_that_leaves_its_sessions_does_not_prevent_the_certificate)
{
    const struct assay_registry_plan *plan = assay_registry_get_plan(hosts.registry);
    hosts.silent = 0x1;
    cr_assert_eq(assay_ca_group(hosts_fold(), &group), ASSAY_OK);
    cr_assert_eq(assay_derivation_open(&derivation, hosts.proof, hosts_fold(), plan), ASSAY_OK);
    hosts.hostile = open_sessions;
    hosts_pass(48000);
    hosts.hostile = NULL;
    hosts_pass(12000);
    for (uint32_t i = 1; i < HOSTS; i++)
        cr_expect_eq(hosts.certified[i], 1, "holder %u", i);
}
