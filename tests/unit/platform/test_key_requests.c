/* tests/unit/platform/test_key_requests.c - requests about workload keys to an enclave. */
#include "apps/enclave/key_requests.h"
#include "tests/unit/platform/key_samples.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static const uint8_t chain_id[32] = { 1 }, node_id[32] = { 2 }, boot[32] = { 4 };
static const struct registration_users users = { .owner = 7 };
static struct registrations r;

static void set_up(void)
{
    static const uint8_t beacon[32], voting[64], transport[32], root[32];
    const struct assay_binding binding = { chain_id, 0,      9,         beacon, node_id,
                                           1,        voting, transport, root };
    uint8_t report_data[64];
    registrations_init(&r, &users, boot);
    cr_assert_eq(registrations_state(&r, &binding, report_data), ASSAY_OK);
}

TestSuite(key_requests, .init = set_up, .timeout = 120);

static const char *ask_as(uint32_t uid, const char *line)
{
    static char answer[KEY_ANSWER_MAX + 1];
    cr_assert(key_request_is(line, strlen(line)));
    const size_t len = key_request_answer(&r, uid, 1000, line, strlen(line), answer);
    cr_assert(len > 0 && len <= KEY_ANSWER_MAX && answer[len - 1] == '\n');
    answer[len] = '\0';
    return answer;
}

static const char *register_line(const char *name, uint8_t number)
{
    static char line[KEY_REQUEST_MAX + 1];
    char entry[2 * ASSAY_DECLARED_KEY_LEN_MAX + 1], proof[129];
    struct key_sample s;
    key_sample_make(&s, name, number, chain_id, node_id, boot);
    assay_hex_encode(s.entry.bytes, s.entry.len, entry, sizeof entry);
    assay_hex_encode(s.boot_proof, 64, proof, sizeof proof);
    (void)snprintf(line, sizeof line, "key register %s %s", entry, proof);
    return line;
}

Test(key_requests, a_program_reads_the_boot_registers_lists_and_withdraws)
{
    char hex[65], expected[256];
    struct key_sample s;
    uint8_t digest[32];
    assay_hex_encode(boot, 32, hex, sizeof hex);
    (void)snprintf(expected, sizeof expected, "boot %s chain 01", hex);
    cr_expect_eq(strncmp(ask_as(7, "key boot"), expected, strlen(expected)), 0);
    cr_expect_str_eq(ask_as(7, "key list"), "end\n");
    cr_expect_str_eq(ask_as(7, register_line("api", 1)), "ok 1\n");
    key_sample_make(&s, "api", 1, chain_id, node_id, boot);
    assay_sha256(s.spki, sizeof s.spki, digest);
    assay_hex_encode(digest, 32, hex, sizeof hex);
    (void)snprintf(expected, sizeof expected, "tls api 7 %s\nend\n", hex);
    cr_expect_str_eq(ask_as(7, "key list"), expected);
    cr_expect_eq(strncmp(ask_as(8, "key withdraw tls api"), "error ASSAY_E_STRANGER", 22), 0);
    cr_expect_str_eq(ask_as(7, "key withdraw tls api"), "ok 0\n");
}

Test(key_requests, a_full_list_fits_into_an_answer)
{
    char name[ASSAY_DECLARED_KEY_NAME_MAX + 1];
    r.users.owner = UINT32_MAX; /* of the most digits */
    for (unsigned i = 0; i < ASSAY_DECLARED_KEYS_MAX; i++) {
        for (size_t c = 0; c < sizeof name - 1; c++)
            name[c] = (char)('a' + i);
        name[sizeof name - 1] = '\0';
        cr_assert_eq(strncmp(ask_as(UINT32_MAX, register_line(name, (uint8_t)(i + 1))), "ok ", 3),
                     0);
    }
    const char *answer = ask_as(7, "key list");
    cr_expect_str_eq(answer + strlen(answer) - 4, "end\n");
    answer = ask_as(UINT32_MAX, register_line("more", 99));
    cr_expect_eq(strncmp(answer, "error ASSAY_E_RATE", 18), 0);
}

Test(key_requests, everything_else_is_refused_with_a_reason)
{
    static const char *const lines[] = { "key ",
                                         "key list ",
                                         "key  list",
                                         "key boot now",
                                         "key register",
                                         "key register 00",
                                         "key register 00 00 00",
                                         "key register zz 00",
                                         "key register 0 0",
                                         "key register  ",
                                         "key withdraw tls",
                                         "key withdraw what api",
                                         "key withdraw tls api x" };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        cr_expect_eq(strncmp(ask_as(7, lines[i]), "error ", 6), 0, "%s", lines[i]);
    cr_expect_eq(r.count, 0);
    cr_expect_not(key_request_is("key", 3));
    cr_expect_not(key_request_is("keys boot", 9));
}

Test(key_requests, every_truncation_of_a_registration_is_refused)
{
    char line[KEY_REQUEST_MAX + 1];
    (void)snprintf(line, sizeof line, "%s", register_line("api", 1));
    for (size_t len = strlen(line); len-- > 4;) {
        line[len] = '\0';
        set_up(); /* with all tries */
        cr_expect_eq(strncmp(ask_as(7, line), "error ", 6), 0, "%zu", len);
    }
}

Test(key_requests, before_an_epoch_there_is_no_boot_to_prove_anything_for)
{
    registrations_init(&r, &users, boot);
    cr_expect_eq(strncmp(ask_as(7, "key boot"), "error ASSAY_E_AGAIN", 19), 0);
    cr_expect_eq(strncmp(ask_as(7, register_line("api", 1)), "error ASSAY_E_AGAIN", 19), 0);
}
