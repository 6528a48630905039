/*
 * tests/unit/quote_source/test_tsm.c - configfs-tsm, against a kernel of the tests' own.
 */
#include "quote/package.h"
#include "tests/unit/apps/folder.h"
#include "tests/unit/quote_source/stand_in.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static struct stand_in *s;
static struct assay_source_config config;
static struct assay_source *source;
static struct assay_source_answer answer;
static char message[ASSAY_SOURCE_MESSAGE_LEN];

static void set_up(void)
{
    s = stand_in_make();
    config = (struct assay_source_config){ .name = "tsm", .path = "/tsm", .calls = &s->calls };
    source = NULL;
}

static void tear_down(void)
{
    assay_source_close(&source);
    cr_expect_eq(stand_in_open_files(s), 0, "descriptors are left open");
    free(s);
}

TestSuite(source_tsm, .init = set_up, .fini = tear_down);

static void open_source(void)
{
    cr_assert_eq(assay_source_open(&config, &source, message), ASSAY_OK, "%s", message);
    cr_expect_str_empty(message);
}

static enum assay_status quote(uint8_t fill)
{
    const struct assay_source_request request = stand_in_request(fill);
    answer = (struct assay_source_answer){ 0 };
    return assay_source_quote(source, &request, &answer, message);
}

/* The evidence is the platform's, made over our report_data. */
static void expect_evidence(uint8_t fill)
{
    cr_assert_eq(answer.evidence.len, s->evidence_len);
    for (size_t i = 0; i < 64; i++)
        cr_assert_eq(answer.evidence.bytes[s->prefix_len + i], fill);
}

Test(source_tsm, quotes_over_the_report_data_and_leaves_no_folder)
{
    open_source();
    for (uint8_t fill = 1; fill < 20; fill++) {
        cr_assert_eq(quote(fill), ASSAY_OK, "%s", message);
        expect_evidence(fill);
        cr_expect_str_eq(answer.provider, "sev_guest");
        cr_expect_not(answer.is_recorded);
        cr_expect_eq(stand_in_folders(s), 0);
    }
}

Test(source_tsm, short_reads_and_writes_are_taken_together)
{
    s->most = 3;
    open_source();
    cr_assert_eq(quote(9), ASSAY_OK, "%s", message);
    expect_evidence(9);
}

Test(source_tsm, somebody_who_writes_in_between_is_noticed_and_outwaited)
{
    open_source();
    s->interfere = 5;
    cr_assert_eq(quote(7), ASSAY_OK, "%s", message);
    expect_evidence(7);
    s->interfere = 100;
    cr_expect_eq(quote(7), ASSAY_E_AGAIN);
    cr_expect_not_null(strstr(message, "another process wrote"));
    cr_expect_eq(stand_in_folders(s), 0);
}

Test(source_tsm, eagain_of_the_kernel_is_such_an_interference)
{
    open_source();
    s->evidence_error = EAGAIN;
    cr_expect_eq(quote(1), ASSAY_E_AGAIN);
    cr_expect_eq(stand_in_folders(s), 0);
}

Test(source_tsm, a_passed_deadline_asks_nothing)
{
    open_source();
    struct assay_source_request request = stand_in_request(1);
    request.deadline_ms = 1;
    const long calls = s->call;
    cr_expect_eq(assay_source_quote(source, &request, &answer, message), ASSAY_E_TIMEOUT);
    cr_expect_eq(s->call, calls);
}

Test(source_tsm, evidence_may_have_32_kib_and_not_a_byte_more)
{
    open_source();
    s->evidence_len = ASSAY_EVIDENCE_LEN_MAX;
    cr_assert_eq(quote(1), ASSAY_OK, "%s", message);
    expect_evidence(1);
    s->evidence_len = ASSAY_EVIDENCE_LEN_MAX + 1;
    cr_expect_eq(quote(1), ASSAY_E_RANGE);
    cr_expect_not_null(strstr(message, "larger than 32768 bytes"), "%s", message);
    s->evidence_len = 1184;
    s->evidence_error = EFBIG; /* what the kernel says of its own cap */
    cr_expect_eq(quote(1), ASSAY_E_RANGE);
    cr_expect_not_null(strstr(message, "larger than 32768 bytes"), "%s", message);
}

Test(source_tsm, no_evidence_is_an_error_with_advice)
{
    open_source();
    s->evidence_len = 0;
    cr_expect_eq(quote(1), ASSAY_E_INVALID);
    s->evidence_len = 1184;
    s->evidence_error = ETIMEDOUT;
    cr_expect_eq(quote(1), ASSAY_E_IO);
    cr_expect_not_null(strstr(message, "quoting service"), "%s", message);
    s->evidence_error = ENXIO;
    cr_expect_eq(quote(1), ASSAY_E_NOT_FOUND);
    cr_expect_eq(stand_in_folders(s), 0);
}

Test(source_tsm, a_missing_tree_is_told_with_what_it_takes)
{
    s->provider = NULL;
    cr_expect_eq(assay_source_open(&config, &source, message), ASSAY_E_NOT_FOUND);
    cr_expect_not_null(strstr(message, "CONFIG_TSM_REPORTS"), "%s", message);
    cr_expect_null(source);
}

Test(source_tsm, a_plain_folder_is_no_configfs)
{
    struct folder plain = folder_make();
    config.calls = NULL; /* the system's own */
    config.path = plain.path;
    open_source();
    cr_expect_eq(quote(1), ASSAY_E_NOT_FOUND);
    cr_expect_not_null(strstr(message, "provider"), "%s", message);
    folder_remove(&plain);
}

Test(source_tsm, on_a_plain_folder_nothing_is_left_and_only_leftovers_are_removed)
{
    struct folder plain = folder_make();
    struct stat info;
    cr_assert_eq(mkdir(folder_at(&plain, "assay-0123456789abcdef"), 0700), 0);
    cr_assert_eq(mkdir(folder_at(&plain, "assay-short"), 0700), 0);
    cr_assert_eq(mkdir(folder_at(&plain, "other"), 0700), 0);
    config.calls = NULL;
    config.path = plain.path;
    open_source();
    cr_expect_neq(stat(folder_at(&plain, "assay-0123456789abcdef"), &info), 0, "a leftover stays");
    cr_expect_eq(stat(folder_at(&plain, "assay-short"), &info), 0, "not ours");
    cr_expect_eq(stat(folder_at(&plain, "other"), &info), 0, "not ours");
    cr_expect_neq(quote(1), ASSAY_OK);
    cr_expect_eq(stat(plain.path, &info), 0);
    cr_expect_eq(info.st_nlink, 4, "a request folder is left");
    folder_remove(&plain);
}

Test(source_tsm, leftovers_of_the_dead_are_removed_and_those_in_use_are_not)
{
    cr_assert_eq(s->calls.mkdir(s, "/tsm/assay-00000000000000aa"), 0);
    cr_assert_eq(s->calls.mkdir(s, "/tsm/assay-00000000000000bb"), 0);
    s->folders[1].locked_by = 99;
    open_source();
    cr_expect_eq(stand_in_folders(s), 1);
    cr_expect(s->folders[1].is_there);
}

Test(source_tsm, a_folder_that_a_cleaner_took_is_made_again)
{
    open_source();
    s->stolen = 2;
    cr_assert_eq(quote(3), ASSAY_OK, "%s", message);
    expect_evidence(3);
    s->stolen = 100;
    cr_expect_eq(quote(3), ASSAY_E_AGAIN);
    cr_expect_eq(stand_in_folders(s), 0);
}

Test(source_tsm, any_call_may_fail_once_and_nothing_is_left)
{
    bool has_ended = false;
    for (long n = 1; !has_ended; n++) {
        cr_assert_lt(n, 500);
        s->call = 0;
        s->fail_call = n;
        s->was_failed = false;
        enum assay_status status = assay_source_open(&config, &source, message);
        if (status == ASSAY_OK) status = quote((uint8_t)n);
        if (status == ASSAY_OK) expect_evidence((uint8_t)n);
        else cr_expect_str_not_empty(message);
        has_ended = !s->was_failed;
        if (has_ended) cr_expect_eq(status, ASSAY_OK);
        assay_source_close(&source);
        cr_expect_eq(stand_in_open_files(s), 0, "call %ld", n);
        /* A folder may stay when it was its removal that failed: the next to open sweeps it. */
        cr_expect_leq(stand_in_folders(s), 1, "call %ld", n);
        s->fail_call = 0;
        open_source();
        cr_expect_eq(stand_in_folders(s), 0, "call %ld", n);
        assay_source_close(&source);
    }
}

Test(source_tsm, calls_that_fail_from_now_on_end_in_an_error)
{
    bool has_ended = false;
    s->fail_count = 1000000;
    for (long n = 1; !has_ended; n++) {
        cr_assert_lt(n, 500);
        s->call = 0;
        s->fail_call = n;
        s->was_failed = false;
        enum assay_status status = assay_source_open(&config, &source, message);
        if (status == ASSAY_OK) status = quote(1);
        if (status != ASSAY_OK) cr_expect_str_not_empty(message);
        has_ended = !s->was_failed;
        assay_source_close(&source);
        cr_expect_eq(stand_in_open_files(s), 0);
        s->fail_call = 0;
        open_source();
        cr_expect_eq(stand_in_folders(s), 0);
        assay_source_close(&source);
    }
}

/* ------------------------------------------------------------ options */

Test(source_tsm, the_privilege_level_is_written_and_not_under_the_floor)
{
    config.has_privilege_level = true;
    config.privilege_level = 2;
    s->privlevel_floor = "2";
    open_source();
    cr_assert_eq(quote(1), ASSAY_OK, "%s", message);
    cr_expect_str_eq(s->folders[0].privlevel, "2");
    s->privlevel_floor = "3";
    cr_expect_eq(quote(1), ASSAY_E_RANGE);
    cr_expect_not_null(strstr(message, "floor 3"), "%s", message);
    s->privlevel_floor = "much";
    cr_expect_eq(quote(1), ASSAY_E_SYNTAX);
    cr_expect_eq(stand_in_folders(s), 0);
    assay_source_close(&source);
    config.privilege_level = 4;
    cr_expect_eq(assay_source_open(&config, &source, message), ASSAY_E_RANGE);
}

Test(source_tsm, a_service_is_asked_with_guid_version_and_manifest)
{
    s->has_services = true;
    config.service_provider = "svsm";
    config.service_guid = "c476f1eb-0123-4567-89ab-cdef01234567";
    config.service_manifest_version = 1;
    open_source();
    cr_assert_eq(quote(5), ASSAY_OK, "%s", message);
    expect_evidence(5);
    cr_expect_str_eq(s->folders[0].service_provider, "svsm");
    cr_expect_str_eq(s->folders[0].service_guid, config.service_guid);
    cr_expect_str_eq(s->folders[0].service_version, "1");
    cr_expect(assay_slice_equal(answer.manifest, assay_slice_over("manifest", 8)));
    s->has_services = false;
    cr_expect_eq(quote(5), ASSAY_E_UNSUPPORTED, "an older kernel");
    cr_expect_not_null(strstr(message, "no such option"), "%s", message);
}

Test(source_tsm, configured_texts_are_bounded)
{
    char text[80];
    (void)memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    config.service_provider = text;
    cr_expect_eq(assay_source_open(&config, &source, message), ASSAY_E_RANGE);
    config.service_provider = "";
    cr_expect_eq(assay_source_open(&config, &source, message), ASSAY_E_RANGE);
    config.service_provider = NULL;
    config.path = "";
    cr_expect_eq(assay_source_open(&config, &source, message), ASSAY_E_RANGE);
}

/* ------------------------------------------------------------ what comes */

Test(source_tsm, the_host_s_certificates_come_with_the_report)
{
    /* one entry: VCEK at 48, of 4 bytes */
    static const uint8_t table[52] = {
        0x63, 0xda, 0x75, 0x8d, 0xe6, 0x64, 0x45, 0x64, 0xad, 0xc5, 0xf4,        0xb9, 0x3b, 0xe8,
        0xac, 0xcd, 48,   0,    0,    0,    4,    0,    0,    0,    [48] = 0x30, 0x02, 0x05, 0x00,
    };
    assay_bytes_copy(s->auxiliary, sizeof s->auxiliary, table, sizeof table);
    s->auxiliary_len = sizeof table;
    open_source();
    cr_assert_eq(quote(1), ASSAY_OK);
    cr_expect_eq(answer.auxiliary_status, ASSAY_OK);
    cr_assert_eq(answer.certificate_count, 1);
    cr_expect_eq(answer.certificates[0].role, ASSAY_SOURCE_VCEK);
    cr_expect_eq(answer.certificates[0].bytes.len, 4);
    s->auxiliary[20] = 5; /* one byte beyond */
    cr_assert_eq(quote(1), ASSAY_OK, "the report stands for itself");
    cr_expect_eq(answer.auxiliary_status, ASSAY_E_TRUNCATED);
    cr_expect_eq(answer.certificate_count, 0);
    cr_expect_eq(answer.auxiliary.len, sizeof table);
    s->has_auxiliary = false;
    cr_assert_eq(quote(1), ASSAY_OK, "a provider without auxblob");
    cr_expect_eq(answer.auxiliary.len, 0);
}

Test(source_tsm, a_report_is_packed_with_its_certificates_and_without_lists)
{
    /* VCEK of 4 bytes at 72, CRL of 2 at 76 */
    static const uint8_t table[78] = {
        0x63, 0xda, 0x75, 0x8d, 0xe6, 0x64, 0x45,        0x64, 0xad, 0xc5, 0xf4, 0xb9, 0x3b, 0xe8,
        0xac, 0xcd, 72,   0,    0,    0,    4,           0,    0,    0,    0x92, 0xf8, 0x1b, 0xc3,
        0x58, 0x11, 0x4d, 0x3d, 0x97, 0xff, 0xd1,        0x9f, 0x88, 0xdc, 0x67, 0xea, 76,   0,
        0,    0,    2,    0,    0,    0,    [72] = 0x30, 0x02, 0x05, 0x00, 0x30, 0x00,
    };
    static uint8_t packed[4096];
    struct assay_package package;
    struct assay_writer w = assay_writer_over(packed, sizeof packed);
    assay_bytes_copy(s->auxiliary, sizeof s->auxiliary, table, sizeof table);
    s->auxiliary_len = sizeof table;
    open_source();
    cr_assert_eq(quote(1), ASSAY_OK);
    cr_assert_eq(answer.certificate_count, 2);
    cr_assert_eq(assay_source_pack(&answer, &w), ASSAY_OK);
    cr_assert_eq(assay_package_read(ASSAY_KIND_SNP, packed, w.len, &package), ASSAY_OK);
    cr_expect(assay_slice_equal(package.main, answer.evidence));
    cr_assert_eq(package.certificate_count, 1);
    cr_expect(assay_slice_equal(package.certificates[0], answer.certificates[0].bytes));
    w = assay_writer_over(packed, 1184);
    cr_expect_eq(assay_source_pack(&answer, &w), ASSAY_E_FULL);
    s->provider = "tdx_guest";
    cr_assert_eq(quote(1), ASSAY_OK);
    w = assay_writer_over(packed, sizeof packed);
    cr_assert_eq(assay_source_pack(&answer, &w), ASSAY_OK);
    cr_expect(assay_slice_equal(assay_slice_over(packed, w.len), answer.evidence));
}

Test(source_tsm, a_large_tdx_payload_that_is_no_quote_is_a_cwt)
{
    static const uint8_t quote_v4[8] = { 4, 0, 2, 0, 0x81, 0, 0, 0 };
    s->provider = "tdx_guest";
    s->has_auxiliary = false;
    open_source();
    s->evidence_len = 8192;
    cr_expect_eq(quote(1), ASSAY_OK);
    s->evidence_len = 8193;
    cr_expect_eq(quote(1), ASSAY_E_UNSUPPORTED);
    cr_expect_not_null(strstr(message, "CWT"), "%s", message);
    assay_bytes_copy(s->prefix, sizeof s->prefix, quote_v4, sizeof quote_v4);
    cr_expect_eq(quote(1), ASSAY_OK, "an ECDSA quote with a long tail");
}

Test(source_tsm, an_unprintable_provider_is_refused)
{
    s->provider = "sev\x01guest";
    open_source();
    cr_expect_eq(quote(1), ASSAY_E_SYNTAX);
    s->provider = "";
    cr_expect_eq(quote(1), ASSAY_E_INVALID);
    s->provider = "a-provider-with-a-name-of-more-than-31";
    cr_expect_eq(quote(1), ASSAY_E_INVALID);
    cr_expect_eq(stand_in_folders(s), 0);
}
