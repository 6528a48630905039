/*
 * tests/unit/platform/test_channel_answers.c - tests of what the enclave has quoted: never keys
 * that its host chose, whatever the host sends (docs/identity.md 6.8, 6.10).
 */
#include "apps/enclave/channel_answers.h"
#include "quote/result/device_binding.h"
#include "quote/result/report_data.h"
#include "tests/unit/platform/key_samples.h"

#include <criterion/criterion.h>

static const uint8_t chain_id[32] = { 1 }, node_id[32] = { 2 }, boot[32] = { 4 };
static const uint8_t beacon[32] = { 6 }, voting[64] = { 7 }, transport[32] = { 8 };
static struct registrations r;
static struct counter counter;
static struct channel_answers answers;

/* What evidence of the epoch has, as every member computes it. */
static void expect(const uint8_t *root, uint8_t report_data[static 64])
{
    const struct assay_binding binding = { chain_id, 0,      9,         beacon, node_id,
                                           1,        voting, transport, root };
    assay_binding_report_data(&binding, report_data);
}

/* Returns: the 64 bytes that the enclave has quoted; NULL: it has none quoted. */
static const uint8_t *find_quote(void)
{
    for (uint32_t i = 0; i < answers.count; i++)
        if (answers.frames[i].kind == ASSAY_CHANNEL_QUOTE) return answers.frames[i].body;
    return NULL;
}

static const uint8_t *propose(const uint8_t report_data[static 64])
{
    struct assay_channel_frame frame = { .kind = ASSAY_CHANNEL_PROPOSE, .id = 3 };
    assay_bytes_copy(frame.body, sizeof frame.body, report_data, 64);
    channel_answer(&frame, &counter, &r, &answers);
    return find_quote();
}

static const uint8_t *state(const uint8_t root[static 32])
{
    struct assay_channel_frame frame = { .kind = ASSAY_CHANNEL_STATEMENT, .id = 4 };
    struct assay_channel_statement s = { .epoch = 9, .incarnation = 1 };
    assay_bytes_copy(s.chain_id, 32, chain_id, 32);
    assay_bytes_copy(s.beacon, 32, beacon, 32);
    assay_bytes_copy(s.node_id, 32, node_id, 32);
    assay_bytes_copy(s.voting_public, 64, voting, 64);
    assay_bytes_copy(s.transport_public, 32, transport, 32);
    assay_bytes_copy(s.keys_root, 32, root, 32);
    assay_channel_statement_encode(&s, frame.body);
    channel_answer(&frame, &counter, &r, &answers);
    return find_quote();
}

static void set_up(void)
{
    static const struct registration_users users = { .owner = 7 };
    uint8_t none[32];
    assay_declared_keys_no_root(none);
    registrations_init(&r, &users, boot);
    counter = (struct counter){ .step = 1 };
    cr_assert_not_null(state(none));
}

TestSuite(channel_answers, .init = set_up, .timeout = 120);

/* The root of a list with a key that a program registered, and so issued to the host. */
static void register_one(uint8_t root[static 32])
{
    struct key_sample s;
    struct assay_declared_keys keys;
    uint8_t none[32];
    assay_declared_keys_no_root(none);
    key_sample_make(&s, "api", 1, chain_id, node_id, boot);
    cr_assert_eq(registrations_add(&r, 7, s.entry, key_sample_boot_proof(&s), 1000), ASSAY_OK);
    cr_assert_not_null(state(none));
    cr_assert_eq(answers.frames[0].kind, ASSAY_CHANNEL_KEYS);
    cr_assert_eq(assay_declared_keys_decode(
                     assay_slice_over(answers.frames[0].body, answers.frames[0].body_len), &keys),
                 ASSAY_OK);
    assay_declared_keys_root(&keys, root);
}

/* Attack 25: the host hashes a statement whose keys it chose, and has the bytes quoted as those of
 * an older build or of a service. */
Test(channel_answers, keys_that_the_host_hashed_are_not_quoted)
{
    uint8_t root[32], chosen[64], devices[64], later[64];
    register_one(root);
    for (unsigned i = 0; i < 3; i++) {
        if (i > 0) root[i] ^= 1; /* even those that are registered are hashed here */
        expect(root, chosen);
        cr_expect_null(propose(chosen), "root %u", i);
    }
    assay_device_report_data(chosen, assay_slice_over(root, 32), devices);
    cr_expect_null(propose(devices), "derived for devices");
    assay_bytes_copy(later, 64, chosen, 64);
    later[15] = '3';
    cr_expect_null(propose(later), "of a later version");
}

Test(channel_answers, a_statement_with_the_host_s_root_binds_none)
{
    uint8_t root[32], keyed[64], keyless[64];
    register_one(root);
    expect(root, keyed);
    expect(NULL, keyless);
    cr_expect(assay_bytes_equal(state(root), keyed, 64));
    root[5] ^= 1;
    cr_expect(assay_bytes_equal(state(root), keyless, 64));
    cr_expect_not(assay_report_data_is_reserved(find_quote()));
}

/* A daemon of an older build, and a service program: report data without keys. */
Test(channel_answers, bytes_that_bind_no_keys_are_quoted)
{
    uint8_t keyless[64], near[64];
    expect(NULL, keyless);
    const uint8_t *quoted = propose(keyless);
    cr_assert_not_null(quoted);
    cr_expect(assay_bytes_equal(quoted, keyless, 64));
    cr_expect_eq(answers.frames[0].id, 3);
    assay_bytes_copy(near, 64, keyless, 64);
    assay_bytes_copy(near, 64, ASSAY_REPORT_DATA_TAG, ASSAY_REPORT_DATA_RESERVED_LEN - 1);
    cr_expect_not_null(propose(near), "one byte is another");
}

Test(channel_answers, mode_and_ping_are_answered_and_answers_are_not)
{
    struct assay_channel_frame frame = { .kind = ASSAY_CHANNEL_MODE, .id = 5 };
    frame.body[0] = ASSAY_CHANNEL_MODE_RESTRICTED;
    channel_answer(&frame, &counter, &r, &answers);
    cr_assert_eq(answers.count, 1);
    cr_expect_eq(answers.frames[0].kind, ASSAY_CHANNEL_MODE_SET);
    cr_expect_eq(answers.frames[0].body[0], ASSAY_CHANNEL_MODE_RESTRICTED);
    cr_expect_eq(counter.mode, ASSAY_CHANNEL_MODE_RESTRICTED);
    frame = (struct assay_channel_frame){ .kind = ASSAY_CHANNEL_PING, .id = 6 };
    channel_answer(&frame, &counter, &r, &answers);
    cr_assert_eq(answers.count, 1);
    cr_expect_eq(answers.frames[0].kind, ASSAY_CHANNEL_PONG);
    cr_expect_eq(answers.frames[0].id, 6);
    static const enum assay_channel_kind of_enclaves[] = {
        ASSAY_CHANNEL_HELLO, ASSAY_CHANNEL_QUOTE, ASSAY_CHANNEL_MODE_SET,
        ASSAY_CHANNEL_KEYS,  ASSAY_CHANNEL_PONG,  ASSAY_CHANNEL_STATES,
    };
    for (size_t i = 0; i < sizeof of_enclaves / sizeof of_enclaves[0]; i++) {
        frame = (struct assay_channel_frame){ .kind = of_enclaves[i], .id = 7, .body_len = 1 };
        channel_answer(&frame, &counter, &r, &answers);
        cr_expect_eq(answers.count, 0, "kind %d", of_enclaves[i]);
    }
}
