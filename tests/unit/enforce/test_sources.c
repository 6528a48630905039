/*
 * tests/unit/enforce/test_sources.c - the supervisor over hardware that takes its time: a kernel
 * and a module of the tests' own behind quote/source/calls.h.
 */
#include "quote/package.h"
#include "tests/unit/enforce/enclave_fixture.h"
#include "tests/unit/quote_source/stand_in.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct fixture fixture;
static struct stand_in *hardware;

static void set_up(void)
{
    fixture_make(&fixture);
    hardware = stand_in_make();
}

static void tear_down(void)
{
    fixture_remove(&fixture);
    assay_source_close(&fixture.source);
    cr_expect_eq(stand_in_open_files(hardware), 0);
    cr_expect_eq(stand_in_folders(hardware), 0);
    free(hardware);
}

TestSuite(supervisor_sources, .init = set_up, .fini = tear_down, .timeout = 600);

static void open_with(const char *name, const char *path)
{
    char message[ASSAY_SOURCE_MESSAGE_LEN];
    const struct assay_source_config config = { .name = name,
                                                .path = path,
                                                .calls = &hardware->calls };
    cr_assert_eq(assay_source_open(&config, &fixture.source, message), ASSAY_OK, "%s", message);
    fixture_open(&fixture);
    cr_assert_not_null(fixture_wait(&fixture, ASSAY_ENCLAVE_STARTED));
}

static void request(uint64_t epoch, uint8_t fill)
{
    uint8_t report_data[64];
    for (size_t i = 0; i < sizeof report_data; i++)
        report_data[i] = fill;
    fixture_forget(&fixture);
    cr_assert_eq(
        fixture.enclave.request_quote(fixture.enclave.context, epoch, 1, report_data, NULL),
        ASSAY_OK);
}

static void expect_quote(uint64_t epoch)
{
    const struct assay_enclave_event *const event = fixture_wait(&fixture, ASSAY_ENCLAVE_QUOTE);
    cr_assert_not_null(event);
    cr_assert_eq(event->as.quote.epoch, epoch);
}

static bool is_over(struct assay_slice evidence, uint8_t fill)
{
    if (evidence.len < hardware->prefix_len + 64) return false;
    for (size_t i = 0; i < 64; i++)
        if (evidence.bytes[hardware->prefix_len + i] != fill) return false;
    return true;
}

Test(supervisor_sources, a_report_travels_with_the_certificates_of_its_host)
{
    static const uint8_t table[52] = {
        0x63, 0xda, 0x75, 0x8d, 0xe6, 0x64, 0x45, 0x64, 0xad, 0xc5, 0xf4,        0xb9, 0x3b, 0xe8,
        0xac, 0xcd, 48,   0,    0,    0,    4,    0,    0,    0,    [48] = 0x30, 0x02, 0x05, 0x00,
    };
    struct assay_package package;
    assay_bytes_copy(hardware->auxiliary, sizeof hardware->auxiliary, table, sizeof table);
    hardware->auxiliary_len = sizeof table;
    open_with("tsm", "/tsm");
    request(3, 0xa1);
    expect_quote(3);
    cr_assert_eq(assay_package_read(ASSAY_KIND_SNP, fixture.quote, fixture.quote_len, &package),
                 ASSAY_OK);
    cr_expect(is_over(package.main, 0xa1));
    cr_assert_eq(package.certificate_count, 1);
    cr_expect(assay_slice_equal(package.certificates[0], assay_slice_over(table + 48, 4)));
    hardware->auxiliary[20] = 5; /* one byte beyond: no table, and the report stands for itself */
    request(4, 0xa2);
    expect_quote(4);
    cr_assert_eq(assay_package_read(ASSAY_KIND_SNP, fixture.quote, fixture.quote_len, &package),
                 ASSAY_OK);
    cr_expect(is_over(package.main, 0xa2));
    cr_expect_eq(package.certificate_count, 0);
}

Test(supervisor_sources, quotes_of_tdx_and_gramine_travel_as_they_come)
{
    static const char *const names[] = { "tsm", "gramine" };
    static const char *const paths[] = { "/tsm", "/attestation" };
    hardware->provider = "tdx_guest";
    hardware->has_auxiliary = false;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        open_with(names[i], paths[i]);
        request(i + 1, 0x77);
        expect_quote(i + 1);
        cr_expect_eq(fixture.quote_len, hardware->evidence_len, "%s", names[i]);
        cr_expect(is_over(assay_slice_over(fixture.quote, fixture.quote_len), 0x77), "%s",
                  names[i]);
        cr_assert(fixture_close(&fixture));
        assay_source_close(&fixture.source);
    }
}

Test(supervisor_sources, documents_of_a_nitro_module_travel_as_they_come)
{
    /* {"Attestation": {"document": h'd28443a1'}} */
    static const uint8_t document[] = { 0xd2, 0x84, 0x43, 0xa1 };
    static const uint8_t says[] = {
        0xa1, 0x6b, 'A', 't', 't', 'e', 's', 't', 'a',  't',  'i',  'o',  'n',  0xa1, 0x68,
        'd',  'o',  'c', 'u', 'm', 'e', 'n', 't', 0x59, 0x00, 0x04, 0xd2, 0x84, 0x43, 0xa1,
    };
    assay_bytes_copy(hardware->nsm_answer, sizeof hardware->nsm_answer, says, sizeof says);
    hardware->nsm_answer_len = sizeof says;
    open_with("nsm", "/nsm");
    request(9, 0x5e);
    expect_quote(9);
    cr_expect(assay_slice_equal(assay_slice_over(fixture.quote, fixture.quote_len),
                                assay_slice_over(document, sizeof document)));
    uint8_t nonce[64];
    for (size_t i = 0; i < sizeof nonce; i++)
        nonce[i] = 0x5e;
    cr_expect_not_null(memmem(hardware->nsm_request, hardware->nsm_request_len, nonce, 64));
}

/* Hardware that answers when it is let go, and not before; it is asked. */
static void request_of_a_sleeper(uint64_t epoch, uint8_t fill)
{
    const unsigned before = hardware->evidence_begun;
    hardware->evidence_waits = true;
    request(epoch, fill);
    while (hardware->evidence_begun == before)
        fixture_turn_for(&fixture, 1);
}

static void let_it_answer(void)
{
    const unsigned before = hardware->evidence_made;
    hardware->evidence_waits = false;
    while (hardware->evidence_made == before)
        (void)usleep(1000);
}

/* A loop that waited for the hardware would never come to let it go. */
Test(supervisor_sources, the_loop_goes_on_while_hardware_is_slow)
{
    char answer[64] = "";
    bool served = false;
    fixture.quote_ms = 60000;
    open_with("tsm", "/tsm");
    request_of_a_sleeper(1, 0x11);
    for (unsigned turns = 0; turns < 20 || !served; turns++) {
        fixture_turn_for(&fixture, 1);
        if (!served) served = fixture_ask(&fixture, "read\n", answer, sizeof answer);
    }
    cr_expect_str_eq(answer, "0\n", "the enclave is served meanwhile");
    cr_expect_eq(fixture.event_count, 0, "there is no quote before there is evidence");
    hardware->evidence_waits = false;
    expect_quote(1);
    cr_expect_eq(fixture.quote_len, 1184);
}

Test(supervisor_sources, the_deadline_holds_and_a_late_quote_is_nobodys)
{
    fixture.quote_ms = 300;
    open_with("tsm", "/tsm");
    const uint64_t begin_ms = fixture_now_ms();
    fixture_turn_for(&fixture, 20); /* the supervisor's time is that of its last turn */
    request_of_a_sleeper(1, 0x21);
    expect_quote(1);
    cr_expect_eq(fixture.quote_len, 0, "an empty one: there is none to be had in time");
    cr_expect_geq(fixture_now_ms() - begin_ms, 300);
    let_it_answer();
    fixture_turn_for(&fixture, 300); /* the late one comes */
    cr_expect_eq(fixture.event_count, 1);
    for (uint64_t epoch = 2; epoch == 2 || fixture.quote_len == 0; epoch++) {
        request(epoch, 0x22); /* until a machine that is busy has one in time */
        expect_quote(epoch);
    }
    struct assay_package package;
    cr_assert_eq(assay_package_read(ASSAY_KIND_SNP, fixture.quote, fixture.quote_len, &package),
                 ASSAY_OK);
    cr_expect(is_over(package.main, 0x22), "the answer to the first request");
}

Test(supervisor_sources, a_source_that_refuses_gives_an_empty_quote_and_may_come_back)
{
    fixture.quote_ms = 60000; /* it is said at once, and not when the time is over */
    open_with("tsm", "/tsm");
    hardware->evidence_error = ENXIO;
    request(1, 0x31);
    expect_quote(1);
    cr_expect_eq(fixture.quote_len, 0);
    hardware->evidence_error = 0;
    request(2, 0x32);
    expect_quote(2);
    cr_expect_eq(fixture.quote_len, 1184);
}

/* An end that waited for the call would never come to let it go. */
Test(supervisor_sources, a_call_that_does_not_come_back_does_not_hold_up_the_end)
{
    fixture.close_ms = 50;
    open_with("tsm", "/tsm");
    request_of_a_sleeper(1, 0x41);
    cr_expect_not(fixture_close(&fixture), "the source is still in use");
    let_it_answer();
    (void)usleep(1500000); /* tests clean up after it; assayd ends */
}
