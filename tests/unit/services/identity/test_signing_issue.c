/*
 * tests/unit/services/identity/test_signing_issue.c - tests of certificates and tokens that a
 * daemon requests of its holder's process (docs/identity.md 4.18).
 */
#include "base/base64.h"
#include "tests/unit/services/identity/signing_hosts.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

TestSuite(services_signing_issue, .init = hosts_set_up, .fini = hosts_tear_down, .timeout = 120);

static uint8_t standing[MAKER_PROOF_LEN];

/* Of the key of a member: slot MAKER_VOTERS - 1 has no holder. */
static struct assay_keyholder_issue wanted_of(uint32_t slot, enum assay_service_product product)
{
    static uint64_t serial = 40;
    struct assay_keyholder_issue wanted = {
        .serial = ++serial,
        .epoch = assay_keyholder_proof_at(hosts.proof)->epoch,
        .product = product,
        .name = hosts_text(product == ASSAY_SERVICE_TOKEN ? "jobs" : "api"),
        .audience =
            product == ASSAY_SERVICE_TOKEN ? hosts_text("b.example") : (struct assay_slice){ 0 },
        .standing = boundary_maker_proof(hosts.maker, slot, true, standing),
        .keys = assay_slice_over(hosts.list, hosts.list_len),
    };
    assay_bytes_copy(wanted.node_id, 32, boundary_maker_member(hosts.maker, slot)->node_id, 32);
    return wanted;
}

static void request(const struct assay_keyholder_issue *wanted)
{
    hosts.answered = 0;
    assay_keyholder_signing_issue(hosts.host[0], wanted, hosts.now);
}

static void expect_outcome(const struct assay_keyholder_issue *wanted,
                           enum assay_service_outcome outcome)
{
    cr_expect_eq(hosts.answered, 1, "once, found %u", hosts.answered);
    cr_expect_eq(hosts.serial, wanted->serial);
    cr_expect_eq((int)hosts.outcome, (int)outcome, "%.*s", (int)hosts.product_len,
                 (char *)hosts.product);
}

static void expect_refused(const struct assay_keyholder_issue *wanted,
                           enum assay_service_outcome outcome)
{
    const uint32_t queued = hosts.queued;
    request(wanted);
    expect_outcome(wanted, outcome);
    cr_expect_eq(hosts.queued, queued, "nothing is requested of other holders");
}

/* The certificate's text and its signature are the last 64 bytes of DER. */
static void expect_certificate_of(const uint8_t node_id[static 32])
{
    struct assay_signing_group g;
    const uint8_t *tbs = hosts.product + 4;
    cr_assert_gt(hosts.product_len, 300);
    const size_t tbs_len = 4 + ((size_t)tbs[2] << 8 | tbs[3]);
    cr_assert_eq(assay_ca_group(hosts_fold(), &g), ASSAY_OK);
    cr_expect(assay_sodium_edwards_verify(g.key, assay_slice_over(tbs, tbs_len),
                                          hosts.product + hosts.product_len - 64));
    bool found = false; /* in the standing extension */
    for (size_t i = 0; i + 32 <= tbs_len; i++)
        found = found || assay_bytes_equal(tbs + i, node_id, 32);
    cr_expect(found, "it is of this member");
}

Test(services_signing_issue, a_member_without_a_holder_gets_a_certificate_of_any_holders_process)
{
    const struct assay_keyholder_issue wanted =
        wanted_of(MAKER_VOTERS - 1, ASSAY_SERVICE_CERTIFICATE);
    request(&wanted);
    cr_expect_eq(hosts.answered, 0, "it is at work");
    hosts_pass(2000);
    expect_outcome(&wanted, ASSAY_SERVICE_OUTCOME_DONE);
    expect_certificate_of(boundary_maker_member(hosts.maker, MAKER_VOTERS - 1)->node_id);
    cr_expect_eq(assay_keyholder_signing_status(hosts.host[0]).issued_for_daemon, 1);
}

/* docs/identity.md 3.18: no signature of one use is one of the other. */
Test(services_signing_issue, a_token_is_signed_under_the_second_key_for_the_requested_audience)
{
    struct assay_signing_group g;
    uint8_t signature[64];
    char body[ASSAY_CREDENTIAL_JWS_MAX + 1] = "";
    size_t len = 0, body_len = 0;
    const struct assay_keyholder_issue wanted = wanted_of(0, ASSAY_SERVICE_TOKEN);
    request(&wanted);
    hosts_pass(2000);
    expect_outcome(&wanted, ASSAY_SERVICE_OUTCOME_DONE);
    cr_assert_eq(assay_ca_group(hosts_fold(), &g), ASSAY_OK);
    const char *jws = (const char *)hosts.product, *dot = memchr(jws, '.', hosts.product_len);
    cr_assert_not_null(dot);
    const char *end = memchr(dot + 1, '.', hosts.product_len - (size_t)(dot + 1 - jws));
    cr_assert_not_null(end);
    cr_assert_eq(assay_base64_decode(ASSAY_BASE64_URL, end + 1,
                                     hosts.product_len - (size_t)(end + 1 - jws), signature,
                                     sizeof signature, &len),
                 ASSAY_OK);
    const struct assay_slice input = assay_slice_over(jws, (size_t)(end - jws));
    cr_assert_eq(len, 64);
    cr_expect(assay_sodium_edwards_verify(g.token_key, input, signature));
    cr_expect_not(assay_sodium_edwards_verify(g.key, input, signature));
    cr_assert_eq(assay_base64_decode(ASSAY_BASE64_URL, dot + 1, (size_t)(end - dot - 1),
                                     (uint8_t *)body, sizeof body - 1, &body_len),
                 ASSAY_OK);
    cr_expect_not_null(strstr(body, "\"aud\":\"b.example\""), "%s", body);
}

/* Restarted without its store, or left out of a reshare. */
Test(services_signing_issue, a_holder_without_a_share_names_the_generation)
{
    struct assay_keyholder_issue wanted;
    hosts_lose_shares(0);
    hosts_close_epoch();
    hosts_act(0);
    wanted = wanted_of(0, ASSAY_SERVICE_CERTIFICATE);
    expect_refused(&wanted, ASSAY_SERVICE_OUTCOME_NO_KEY);
    char text[ASSAY_SERVICE_ISSUED_MAX + 1];
    (void)snprintf(text, sizeof text, "%.*s", (int)hosts.product_len, (char *)hosts.product);
    cr_expect_not_null(strstr(text, "no share of generation 1: request another node"), "%s", text);
}

/* docs/identity.md 4.13: a bearer secret is for its subject alone. */
Test(services_signing_issue, a_token_of_another_member_is_not_requested_of_holders)
{
    const struct assay_keyholder_issue other = wanted_of(1, ASSAY_SERVICE_TOKEN);
    expect_refused(&other, ASSAY_SERVICE_OUTCOME_NO_ENTRY);
}

Test(services_signing_issue, what_the_ledger_does_not_support_is_refused_with_its_reason)
{
    struct assay_keyholder_issue wanted = wanted_of(1, ASSAY_SERVICE_CERTIFICATE);
    wanted.epoch--;
    expect_refused(&wanted, ASSAY_SERVICE_OUTCOME_NEXT_EPOCH);
    wanted = wanted_of(1, ASSAY_SERVICE_CERTIFICATE);
    wanted.name = hosts_text("apis");
    expect_refused(&wanted, ASSAY_SERVICE_OUTCOME_NO_ENTRY);
    wanted.name = hosts_text("jobs"); /* of another purpose */
    expect_refused(&wanted, ASSAY_SERVICE_OUTCOME_NO_ENTRY);
    wanted = wanted_of(1, ASSAY_SERVICE_CERTIFICATE);
    wanted.node_id[0] ^= 1;
    expect_refused(&wanted, ASSAY_SERVICE_OUTCOME_NO_ENTRY);
    wanted = wanted_of(1, ASSAY_SERVICE_CERTIFICATE);
    wanted.standing = boundary_maker_proof(hosts.maker, 1, false, standing);
    expect_refused(&wanted, ASSAY_SERVICE_OUTCOME_NO_ENTRY);
    wanted.standing.len = 0;
    expect_refused(&wanted, ASSAY_SERVICE_OUTCOME_NO_ENTRY);
    wanted = wanted_of(0, ASSAY_SERVICE_TOKEN);
    wanted.audience = hosts_text("c.example");
    expect_refused(&wanted, ASSAY_SERVICE_OUTCOME_NO_AUDIENCE);
    assay_keyholder_signing_stop(hosts.host[0]);
    wanted = wanted_of(0, ASSAY_SERVICE_TOKEN);
    expect_refused(&wanted, ASSAY_SERVICE_OUTCOME_NO_KEY);
}

/* No certificate for a key that no certified epoch attested. */
Test(services_signing_issue, a_list_that_no_epoch_certified_and_a_member_below_warning_get_nothing)
{
    static uint8_t forged[ASSAY_DECLARED_KEYS_LEN_MAX];
    struct assay_keyholder_issue wanted = wanted_of(1, ASSAY_SERVICE_CERTIFICATE);
    assay_bytes_copy(forged, sizeof forged, hosts.list, hosts.list_len);
    for (size_t i = 0; i + 12 < hosts.list_len; i++)
        if (forged[i] == 0x21 && forged[i + 1] == 0) forged[i + 9] ^= 1; /* of both keys */
    wanted.keys = assay_slice_over(forged, hosts.list_len);
    expect_refused(&wanted, ASSAY_SERVICE_OUTCOME_NO_ENTRY);
    struct assay_member *fallen = boundary_maker_member(hosts.maker, 1);
    fallen->trust.score.standing = ASSAY_STANDING_RESTRICTED;
    struct assay_member *unbound = boundary_maker_member(hosts.maker, 2);
    unbound->declaration.keys_epoch = 0;
    hosts_close_epoch();
    hosts_act(0);
    wanted = wanted_of(1, ASSAY_SERVICE_CERTIFICATE);
    expect_refused(&wanted, ASSAY_SERVICE_OUTCOME_BELOW_THRESHOLD);
}

Test(services_signing_issue, a_request_that_too_few_holders_answer_ends_with_that_reason)
{
    hosts.silent = 0xe;
    const struct assay_keyholder_issue wanted = wanted_of(1, ASSAY_SERVICE_CERTIFICATE);
    request(&wanted);
    const struct assay_keyholder_issue more = wanted_of(2, ASSAY_SERVICE_CERTIFICATE);
    assay_keyholder_signing_issue(hosts.host[0], &more, hosts.now);
    expect_outcome(&more, ASSAY_SERVICE_OUTCOME_BUSY);
    hosts.answered = 0;
    hosts_pass(10000);
    expect_outcome(&wanted, ASSAY_SERVICE_OUTCOME_FEW_HOLDERS);
}

Test(services_signing_issue, an_epoch_that_closes_and_a_stop_end_a_request)
{
    hosts.silent = 0xe;
    const struct assay_keyholder_issue wanted = wanted_of(1, ASSAY_SERVICE_CERTIFICATE);
    request(&wanted);
    hosts_close_epoch();
    for (uint32_t i = 0; i < HOSTS; i++)
        hosts_act(i);
    hosts_pass(50);
    expect_outcome(&wanted, ASSAY_SERVICE_OUTCOME_NEXT_EPOCH);
    const struct assay_keyholder_issue next = wanted_of(1, ASSAY_SERVICE_CERTIFICATE);
    request(&next);
    assay_keyholder_signing_stop(hosts.host[0]);
    expect_outcome(&next, ASSAY_SERVICE_OUTCOME_NEXT_EPOCH);
}

static void request_always(void)
{
    const struct assay_keyholder_issue wanted =
        wanted_of(MAKER_VOTERS - 1, ASSAY_SERVICE_CERTIFICATE);
    assay_keyholder_signing_issue(hosts.host[0], &wanted, hosts.now);
}

/* The daemon requests without a pause; the holders refuse what exceeds their counts. */
Test(services_signing_issue, requests_of_the_daemon_do_not_delay_the_certificates_of_its_member)
{
    static uint8_t own[MAKER_PROOF_LEN];
    hosts.hostile = request_always;
    hosts_pass(6000);
    assay_keyholder_signing_show(hosts.host[0], assay_keyholder_proof_at(hosts.proof)->epoch,
                                 boundary_maker_proof(hosts.maker, 0, true, own),
                                 assay_slice_over(hosts.list, hosts.list_len),
                                 assay_slice_over(NULL, 0), hosts.now);
    hosts_pass(3000);
    hosts.hostile = NULL;
    cr_expect_eq(hosts.issued[0], 1);
    cr_expect_eq(hosts.certified[0], 1);
}

/* docs/identity.md 4.17: of four holders the third begins after half of ten seconds, since all
 * certificates fall due at one close. */
Test(services_signing_issue, holders_renew_one_after_the_other)
{
    static uint8_t own[MAKER_PROOF_LEN];
    hosts_pass(6000); /* the certificate of the key is there */
    for (uint32_t i = 0; i < HOSTS; i += 2)
        assay_keyholder_signing_show(hosts.host[i], assay_keyholder_proof_at(hosts.proof)->epoch,
                                     boundary_maker_proof(hosts.maker, i, true, own),
                                     assay_slice_over(hosts.list, hosts.list_len),
                                     assay_slice_over(NULL, 0), hosts.now);
    hosts_pass(4000);
    cr_expect_eq(hosts.issued[0], 1);
    cr_expect_eq(hosts.issued[2], 0);
    hosts_pass(3000);
    cr_expect_eq(hosts.issued[2], 1);
}
