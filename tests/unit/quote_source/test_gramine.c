/*
 * tests/unit/quote_source/test_gramine.c - an enclave's pseudo-files: a stand-in's, and plain ones.
 */
#include "tests/unit/apps/folder.h"
#include "tests/unit/quote_source/stand_in.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct stand_in *s;
static struct assay_source_config config;
static struct assay_source *source;
static struct assay_source_answer answer;
static char message[ASSAY_SOURCE_MESSAGE_LEN];

static void set_up(void)
{
    s = stand_in_make();
    config = (struct assay_source_config){ .name = "gramine",
                                           .path = "/attestation",
                                           .calls = &s->calls };
    source = NULL;
}

static void tear_down(void)
{
    assay_source_close(&source);
    cr_expect_eq(stand_in_open_files(s), 0);
    free(s);
}

TestSuite(source_gramine, .init = set_up, .fini = tear_down);

static enum assay_status open_source(void)
{
    return assay_source_open(&config, &source, message);
}

static enum assay_status quote(uint8_t fill)
{
    const struct assay_source_request request = stand_in_request(fill);
    return assay_source_quote(source, &request, &answer, message);
}

Test(source_gramine, quotes_over_all_64_bytes_however_short_the_writes)
{
    for (size_t most = 0; most < 5; most++) {
        s->most = most;
        s->gramine_len = 0;
        cr_assert_eq(open_source(), ASSAY_OK, "%s", message);
        cr_assert_eq(quote(0x5a), ASSAY_OK, "%s", message);
        cr_expect_eq(s->gramine_len, 64);
        cr_expect_eq(s->gramine_report_data[63], 0x5a);
        cr_assert_eq(answer.evidence.len, s->evidence_len);
        cr_expect_eq(answer.evidence.bytes[s->prefix_len + 63], 0x5a);
        cr_expect_str_eq(answer.provider, "dcap");
        assay_source_close(&source);
    }
}

Test(source_gramine, takes_dcap_alone)
{
    s->attestation_type = "dcap\n";
    cr_expect_eq(open_source(), ASSAY_OK);
    assay_source_close(&source);
    static const char *const others[] = { "none", "epid", "", "dcap2", "DCAP" };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        s->attestation_type = others[i];
        cr_expect_eq(open_source(), ASSAY_E_UNSUPPORTED, "\"%s\"", others[i]);
        cr_expect_not_null(strstr(message, "sgx.remote_attestation"), "%s", message);
    }
    s->attestation_type = "d\x01p";
    cr_expect_eq(open_source(), ASSAY_E_UNSUPPORTED);
    cr_expect_null(strchr(message, '\x01'), "bytes of others are not printed");
    s->attestation_type = "a word that is longer than any type could be";
    cr_expect_eq(open_source(), ASSAY_E_RANGE);
    cr_expect_str_not_empty(message);
}

Test(source_gramine, outside_an_enclave_it_says_what_it_takes)
{
    s->attestation_type = NULL;
    cr_expect_eq(open_source(), ASSAY_E_NOT_FOUND);
    cr_expect_not_null(strstr(message, "gramine-sgx"), "%s", message);
}

Test(source_gramine, no_quote_and_too_much_of_it_are_errors)
{
    cr_assert_eq(open_source(), ASSAY_OK);
    s->evidence_len = 0;
    cr_expect_eq(quote(1), ASSAY_E_INVALID);
    cr_expect_not_null(strstr(message, "empty"), "%s", message);
    s->evidence_len = ASSAY_EVIDENCE_LEN_MAX + 1;
    cr_expect_eq(quote(1), ASSAY_E_RANGE);
    s->evidence_len = 100;
    s->evidence_error = EIO;
    cr_expect_eq(quote(1), ASSAY_E_IO);
    cr_expect_not_null(strstr(message, "aesmd"), "%s", message);
}

Test(source_gramine, any_call_may_fail_and_nothing_is_left)
{
    bool has_ended = false;
    for (long n = 1; !has_ended; n++) {
        cr_assert_lt(n, 200);
        s->call = 0;
        s->fail_call = n;
        s->was_failed = false;
        enum assay_status status = open_source();
        if (status == ASSAY_OK) status = quote(1);
        if (status != ASSAY_OK) cr_expect_str_not_empty(message);
        has_ended = !s->was_failed;
        if (has_ended) cr_expect_eq(status, ASSAY_OK);
        assay_source_close(&source);
        cr_expect_eq(stand_in_open_files(s), 0);
    }
}

Test(source_gramine, works_on_a_tree_of_plain_files)
{
    struct folder folder = folder_make();
    uint8_t written[64];
    (void)folder_put(&folder, "attestation_type", "dcap", 4, 0400);
    (void)folder_put(&folder, "user_report_data", "", 0, 0600);
    (void)folder_put(&folder, "quote", "a quote", 7, 0400);
    config.calls = NULL;
    config.path = folder.path;
    cr_assert_eq(open_source(), ASSAY_OK, "%s", message);
    cr_assert_eq(quote(0x77), ASSAY_OK, "%s", message);
    cr_expect(assay_slice_equal(answer.evidence, assay_slice_over("a quote", 7)));
    FILE *const file = fopen(folder_at(&folder, "user_report_data"), "rb");
    cr_assert_not_null(file);
    cr_expect_eq(fread(written, 1, sizeof written, file), 64);
    cr_expect_eq(written[0], 0x77);
    (void)fclose(file);
    folder_remove(&folder);
}
