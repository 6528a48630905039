/*
 * tests/unit/quote_source/test_nsm.c - the Nitro Secure Module: messages, and a stand-in device.
 */
#include "base/cbor.h"
#include "quote/source/platform/nsm_message.h"
#include "tests/unit/quote_source/stand_in.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct stand_in *s;
static struct assay_source_config config;
static struct assay_source *source;
static struct assay_source_answer answer;
static char message[ASSAY_SOURCE_MESSAGE_LEN];

static void set_up(void)
{
    s = stand_in_make();
    config = (struct assay_source_config){ .name = "nsm", .path = "/nsm", .calls = &s->calls };
    source = NULL;
}

static void tear_down(void)
{
    assay_source_close(&source);
    cr_expect_eq(stand_in_open_files(s), 0);
    free(s);
}

TestSuite(source_nsm, .init = set_up, .fini = tear_down);

/* {"Attestation": {"document": h'd28443a1'}} in the module's own, long, form of lengths. */
static const uint8_t good[] = {
    0xa1, 0x6b, 'A', 't', 't', 'e', 's', 't', 'a',  't',  'i',  'o',  'n',  0xa1, 0x68,
    'd',  'o',  'c', 'u', 'm', 'e', 'n', 't', 0x59, 0x00, 0x04, 0xd2, 0x84, 0x43, 0xa1,
};
static const uint8_t refusal[] = { 0xa1, 0x65, 'E', 'r', 'r', 'o', 'r', 0x6d, 'I', 'n', 'p',
                                   'u',  't',  'T', 'o', 'o', 'L', 'a', 'r',  'g', 'e' };

static void answer_with(const uint8_t *bytes, size_t len)
{
    assay_bytes_copy(s->nsm_answer, sizeof s->nsm_answer, bytes, len);
    s->nsm_answer_len = len;
}

static enum assay_status parse(const uint8_t *bytes, size_t len, struct assay_nsm_answer *out)
{
    uint8_t *const exact = malloc(len == 0 ? 1 : len);
    assay_bytes_copy(exact, len == 0 ? 1 : len, bytes, len);
    const enum assay_status status = assay_nsm_answer_parse(exact, len, out);
    out->document.bytes = NULL; /* it went with exact */
    free(exact);
    return status;
}

/* ------------------------------------------------------------ messages */

Test(source_nsm, the_request_is_canonical_cbor_with_the_three_fields)
{
    uint8_t bytes[256];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    const struct assay_nsm_request request = { .nonce = assay_slice_over("nn", 2),
                                               .public_key = assay_slice_over("key", 3) };
    cr_assert_eq(assay_nsm_request_encode(&request, &w), ASSAY_OK);
    static const char expected[] = "\xa1\x6b"
                                   "Attestation\xa3\x65nonce\x42nn\x69user_data\xf6\x6a"
                                   "public_key\x43key";
    cr_assert_eq(w.len, sizeof expected - 1);
    cr_expect(assay_bytes_equal(bytes, expected, w.len));
    struct assay_cursor in = assay_cursor_over(bytes, w.len);
    struct assay_slice whole;
    cr_expect_eq(assay_cbor_skip(&in, &whole), ASSAY_OK, "the strict reader takes it");
}

Test(source_nsm, each_field_has_the_module_s_bound)
{
    static uint8_t many[1025];
    uint8_t bytes[ASSAY_NSM_REQUEST_LEN_MAX];
    for (size_t len = 0; len <= 1025; len++) {
        for (int field = 0; field < 3; field++) {
            struct assay_nsm_request r = { 0 };
            struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
            const struct assay_slice value = assay_slice_over(many, len);
            if (field == 0) r.nonce = value;
            if (field == 1) r.user_data = value;
            if (field == 2) r.public_key = value;
            const bool fits = len <= (field == 2 ? 1024 : 512);
            cr_assert_eq(assay_nsm_request_encode(&r, &w), fits ? ASSAY_OK : ASSAY_E_RANGE);
        }
    }
    const struct assay_nsm_request r = { 0 };
    struct assay_writer w = assay_writer_over(bytes, 10);
    cr_expect_eq(assay_nsm_request_encode(&r, &w), ASSAY_E_FULL);
}

Test(source_nsm, reads_documents_and_refusals)
{
    struct assay_nsm_answer out;
    cr_assert_eq(assay_nsm_answer_parse(good, sizeof good, &out), ASSAY_OK);
    cr_expect_eq(out.document.len, 4);
    cr_expect_eq(out.document.bytes[0], 0xd2);
    cr_expect_str_empty(out.error);
    cr_assert_eq(parse(refusal, sizeof refusal, &out), ASSAY_OK);
    cr_expect_eq(out.document.len, 0);
    cr_expect_str_eq(out.error, "InputTooLarge");
}

/* As the documents themselves are since 2026. */
Test(source_nsm, an_answer_s_maps_may_be_of_indefinite_length)
{
#define DOCUMENT                                                                                   \
    "\x68"                                                                                         \
    "document\x44"                                                                                 \
    "\xd2"                                                                                         \
    "abc"
    static const struct {
        const char *bytes;
        size_t len;
        enum assay_status status;
    } cases[] = {
#define CASE(text, status) { text, sizeof text - 1, status }
        CASE("\xbf\x6b"
             "Attestation\xa1" DOCUMENT "\xff",
             ASSAY_OK),
        CASE("\xa1\x6b"
             "Attestation\xbf" DOCUMENT "\xff",
             ASSAY_OK),
        CASE("\xbf\x6b"
             "Attestation\xbf" DOCUMENT "\xff\xff",
             ASSAY_OK),
        CASE("\xbf\x65"
             "Error\x61x\xff",
             ASSAY_OK),
        CASE("\xbf\x6b"
             "Attestation\xbf" DOCUMENT "\xff",
             ASSAY_E_TRUNCATED),
        CASE("\xbf\x6b"
             "Attestation\xbf" DOCUMENT DOCUMENT "\xff\xff",
             ASSAY_E_RANGE),
        CASE("\xbf\x6b"
             "Attestation\xbf" DOCUMENT "\xff\xff\xff",
             ASSAY_E_TRAILING),
        CASE("\xbf\xff", ASSAY_E_TYPE),
#undef CASE
#undef DOCUMENT
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct assay_nsm_answer out;
        cr_expect_eq(parse((const uint8_t *)cases[i].bytes, cases[i].len, &out), cases[i].status,
                     "case %zu", i);
        if (cases[i].status != ASSAY_OK) continue;
        cr_expect(out.document.len == 4 || out.error[0] == 'x', "case %zu", i);
    }
}

Test(source_nsm, rejects_every_truncation_and_every_tail)
{
    struct assay_nsm_answer out;
    uint8_t longer[sizeof good + 1] = { 0 };
    for (size_t len = 0; len < sizeof good; len++)
        cr_expect_eq(parse(good, len, &out), ASSAY_E_TRUNCATED, "%zu", len);
    for (size_t len = 0; len < sizeof refusal; len++)
        cr_expect_eq(parse(refusal, len, &out), ASSAY_E_TRUNCATED, "%zu", len);
    assay_bytes_copy(longer, sizeof longer, good, sizeof good);
    cr_expect_eq(parse(longer, sizeof longer, &out), ASSAY_E_TRAILING);
}

Test(source_nsm, rejects_what_the_module_never_says)
{
    static const struct {
        const char *bytes;
        size_t len;
        enum assay_status status;
    } cases[] = {
#define SAYS(text) text, sizeof text - 1
        { SAYS("\xa2\x65"
               "Error\x61"
               "x\x61"
               "a\x61"
               "b"),
          ASSAY_E_RANGE },
        { SAYS("\xa0"), ASSAY_E_RANGE },
        { SAYS("\x81\x65"
               "Error"),
          ASSAY_E_TYPE },
        { SAYS("\xa1\x65"
               "error\x61x"),
          ASSAY_E_UNSUPPORTED },
        { SAYS("\xa1\x65"
               "Error\x60"),
          ASSAY_E_RANGE },
        { SAYS("\xa1\x65"
               "Error\x62"
               "a\n"),
          ASSAY_E_SYNTAX },
        { SAYS("\xa1\x65"
               "Error\x42"
               "ab"),
          ASSAY_E_TYPE },
        { SAYS("\xa1\x6b"
               "Attestation\xa1\x68"
               "documenu\x41"
               "a"),
          ASSAY_E_UNSUPPORTED },
        { SAYS("\xa1\x6b"
               "Attestation\xa1\x68"
               "document\x40"),
          ASSAY_E_RANGE },
        { SAYS("\xa1\x6b"
               "Attestation\xa1\x68"
               "document\x61"
               "a"),
          ASSAY_E_TYPE },
        { SAYS("\xa1\x6b"
               "Attestation\xa1\x68"
               "document\x5f\xff"),
          ASSAY_E_ENCODING },
        { SAYS("\xa1\x6b"
               "Attestation\xa1\x68"
               "document\x5b\xff\xff\xff\xff\xff\xff\xff\xff"),
          ASSAY_E_TRUNCATED },
        { SAYS("\xa1\x7c"), ASSAY_E_ENCODING }, /* reserved form */
#undef SAYS
    };
    struct assay_nsm_answer out;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        cr_expect_eq(parse((const uint8_t *)cases[i].bytes, cases[i].len, &out), cases[i].status,
                     "case %zu", i);
    static uint8_t large[ASSAY_NSM_ANSWER_LEN_MAX + 1];
    cr_expect_eq(assay_nsm_answer_parse(large, sizeof large, &out), ASSAY_E_RANGE);
}

Test(source_nsm, an_error_code_has_63_characters_at_most)
{
    uint8_t bytes[128] = { 0xa1, 0x65, 'E', 'r', 'r', 'o', 'r', 0x78, 63 };
    struct assay_nsm_answer out;
    for (size_t i = 9; i < sizeof bytes; i++)
        bytes[i] = 'e';
    cr_expect_eq(parse(bytes, 9 + 63, &out), ASSAY_OK);
    cr_expect_eq(strlen(out.error), 63);
    bytes[8] = 64;
    cr_expect_eq(parse(bytes, 9 + 64, &out), ASSAY_E_RANGE);
}

Test(source_nsm, no_flipped_bit_crashes_it)
{
    uint8_t bytes[sizeof good];
    struct assay_nsm_answer out;
    for (size_t bit = 0; bit < sizeof good * 8; bit++) {
        assay_bytes_copy(bytes, sizeof bytes, good, sizeof good);
        bytes[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        const enum assay_status status = parse(bytes, sizeof bytes, &out);
        cr_expect(status != ASSAY_OK || out.document.len == 4);
    }
}

/* ------------------------------------------------------------ device */

Test(source_nsm, asks_with_report_data_as_nonce_and_the_public_key)
{
    struct assay_source_request request = stand_in_request(0x31);
    struct assay_writer w;
    uint8_t expected[512];
    request.public_key = assay_slice_over("voting key", 10);
    answer_with(good, sizeof good);
    cr_assert_eq(assay_source_open(&config, &source, message), ASSAY_OK, "%s", message);
    cr_assert_eq(assay_source_quote(source, &request, &answer, message), ASSAY_OK, "%s", message);
    const struct assay_nsm_request asked = {
        .nonce = assay_slice_over(request.report_data, 64),
        .public_key = request.public_key,
    };
    w = assay_writer_over(expected, sizeof expected);
    cr_assert_eq(assay_nsm_request_encode(&asked, &w), ASSAY_OK);
    cr_assert_eq(s->nsm_request_len, w.len);
    cr_expect(assay_bytes_equal(s->nsm_request, expected, w.len));
    cr_expect_eq(answer.evidence.len, 4);
    cr_expect_str_eq(answer.provider, "nsm");
}

static enum assay_status quote(void)
{
    const struct assay_source_request request = stand_in_request(1);
    return assay_source_quote(source, &request, &answer, message);
}

Test(source_nsm, a_refusal_is_told_in_the_module_s_words)
{
    answer_with(refusal, sizeof refusal);
    cr_assert_eq(assay_source_open(&config, &source, message), ASSAY_OK);
    cr_expect_eq(quote(), ASSAY_E_UNSUPPORTED);
    cr_expect_not_null(strstr(message, "InputTooLarge"), "%s", message);
}

Test(source_nsm, a_malformed_answer_is_an_error)
{
    answer_with(good, sizeof good - 1);
    cr_assert_eq(assay_source_open(&config, &source, message), ASSAY_OK);
    cr_expect_eq(quote(), ASSAY_E_TRUNCATED);
    cr_expect_not_null(strstr(message, "malformed"), "%s", message);
    s->nsm_claims_len = ASSAY_NSM_ANSWER_LEN_MAX + 1;
    cr_expect_eq(quote(), ASSAY_E_RANGE, "a driver that says more than there is room");
    s->nsm_claims_len = UINT64_MAX;
    cr_expect_eq(quote(), ASSAY_E_RANGE);
}

Test(source_nsm, a_key_beyond_the_bound_is_not_sent)
{
    static uint8_t key[ASSAY_SOURCE_PUBLIC_KEY_LEN_MAX + 1];
    struct assay_source_request request = stand_in_request(1);
    request.public_key = assay_slice_over(key, sizeof key);
    cr_assert_eq(assay_source_open(&config, &source, message), ASSAY_OK);
    cr_expect_eq(assay_source_quote(source, &request, &answer, message), ASSAY_E_RANGE);
    cr_expect_eq(s->nsm_request_len, 0);
}

Test(source_nsm, device_errors_come_with_advice)
{
    static const struct {
        int error;
        enum assay_status status;
        const char *words;
    } cases[] = { { EPERM, ASSAY_E_IO, "CAP_SYS_ADMIN" },
                  { ENOTTY, ASSAY_E_INVALID, "another device" },
                  { ETIMEDOUT, ASSAY_E_IO, "cannot be queried" } };
    answer_with(good, sizeof good);
    cr_assert_eq(assay_source_open(&config, &source, message), ASSAY_OK);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        s->fail_call = s->call + 1;
        s->fail_error = cases[i].error;
        cr_expect_eq(quote(), cases[i].status);
        cr_expect_not_null(strstr(message, cases[i].words), "%s", message);
    }
    s->fail_call = s->call + 1;
    s->fail_error = EINTR;
    cr_expect_eq(quote(), ASSAY_OK, "an interrupted call is made again");
    assay_source_close(&source);
    s->has_nsm = false;
    cr_expect_eq(assay_source_open(&config, &source, message), ASSAY_E_NOT_FOUND);
    cr_expect_not_null(strstr(message, "CONFIG_NSM"), "%s", message);
}

Test(source_nsm, another_device_is_noticed)
{
    config.calls = NULL;
    config.path = "/dev/null";
    cr_assert_eq(assay_source_open(&config, &source, message), ASSAY_OK);
    cr_expect_eq(quote(), ASSAY_E_INVALID);
    cr_expect_not_null(strstr(message, "another device"), "%s", message);
}

Test(source_nsm, what_is_no_character_device_is_refused_when_it_is_opened)
{
    char path[] = "/tmp/assay-test-nsm-XXXXXX";
    s->nsm_is_file = true;
    cr_expect_eq(assay_source_open(&config, &source, message), ASSAY_E_INVALID);
    cr_expect_not_null(strstr(message, "/nsm is no character device"), "%s", message);
    cr_expect_null(source);
    cr_expect_eq(stand_in_open_files(s), 0);
    s->nsm_is_file = false;
    s->fail_call = s->call + 2; /* open, then the question */
    s->fail_error = EIO;
    cr_expect_eq(assay_source_open(&config, &source, message), ASSAY_E_IO);
    cr_expect_eq(stand_in_open_files(s), 0);
    /* The same with the system's own calls. */
    const int fd = mkstemp(path);
    cr_assert_geq(fd, 0);
    (void)close(fd);
    config.calls = NULL;
    config.path = path;
    cr_expect_eq(assay_source_open(&config, &source, message), ASSAY_E_INVALID);
    (void)unlink(path);
    cr_expect_not_null(strstr(message, "is no character device"), "%s", message);
}
