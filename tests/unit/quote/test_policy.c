/*
 * tests/unit/quote/test_policy.c - tests of the policy: defaults, bounds, bytes, and its file.
 */
#include "base/cbor.h"
#include "quote/accept/policy.h"
#include "quote/yaml.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char full[] =
    "policy_version: 1\n"
    "profile: production\n"
    "kinds: [sgx-v3, tdx-v4]\n"
    "statuses:\n"
    "  - { status: OutOfDate, accept: warning, grace_s: 1296000 }\n"
    "  - { status: ConfigurationNeeded, accept: refused }\n"
    "tcb_evaluation_number_min: 17\n"
    "pcesvn_min: 13\n"
    "tee_tcb_svn_min: \"04010700000000000000000000000000\"\n"
    "roots:\n"
    "  - name: intel\n"
    "    key: \"0ba9c4c0c0c86193a3fe23d6b02cda10a8bbd4e88e48b4458561a36e705525f5"
    "67918e2edc88e40d860bd0cc4ee26aacc988e505a953558c453f6b0904ae7394\"\n"
    "    kinds: [sgx-v3, tdx-v4]\n"
    "advisories_denied: [INTEL-SA-00615, INTEL-SA-00289]\n"
    "references:\n"
    "  - field: mrenclave\n"
    "    state: allowed\n"
    "    value: \"33d8736db756ed4997e04ba358d27833188f1932ff7b1d156904d3f560452fbb\"\n"
    "    not_before: 2026-01-01T00:00:00Z\n"
    "    not_after: 2027-01-01T00:00:00Z\n"
    "    isvsvn_min: 2\n"
    "tpm_weak_banks: warning\n"
    "ima_unknown: refused\n"
    "events:\n"
    "  - { state: required, register: rtmr1, type: EV_EFI_BOOT_SERVICES_APPLICATION,\n"
    "      digest: \"33d8736db756ed4997e04ba358d27833188f1932ff7b1d156904d3f560452fbb"
    "33d8736db756ed4997e04ba358d27833\" }\n"
    "  - { state: denied, register: pcr4, data: \"Calling EFI Application\" }\n"
    "  - { state: allowed, register: pcr4, type: 4660, data: x }\n"
    "  - { state: retiring, file: /usr/bin/a b,\n"
    "      digest: \"33d8736db756ed4997e04ba358d27833188f1932\" }\n";

static enum assay_status parse(const char *text, struct assay_policy *policy, char *message)
{
    return assay_policy_parse_yaml((const uint8_t *)text, strlen(text), policy, message);
}

static struct assay_slice encode(const struct assay_policy *policy, uint8_t *memory, size_t len)
{
    struct assay_slice bytes = { NULL, 0 };
    struct assay_writer w = assay_writer_over(memory, len);
    assay_policy_encode(policy, &w);
    cr_assert_eq(assay_writer_finish(&w, &bytes), ASSAY_OK);
    return bytes;
}

Test(quote_policy, defaults_to_the_contract_of_the_command_line)
{
    struct assay_policy p;
    assay_policy_default(&p);
    cr_assert_eq(assay_policy_check(&p), ASSAY_OK);
    cr_assert_eq(p.profile, ASSAY_PROFILE_PRODUCTION);
    for (int i = 0; i < ASSAY_TCB_STATUS_COUNT; i++) {
        enum assay_acceptance wanted = ASSAY_ACCEPT_WARNING;
        if (i == ASSAY_TCB_UP_TO_DATE || i == ASSAY_TCB_SW_HARDENING_NEEDED)
            wanted = ASSAY_ACCEPT_AFFIRMING;
        if (i == ASSAY_TCB_NONE || i == ASSAY_TCB_REVOKED || i == ASSAY_TCB_NOT_SUPPORTED)
            wanted = ASSAY_ACCEPT_REFUSED;
        cr_assert_eq(p.statuses[i].acceptance, wanted, "status %d", i);
        cr_assert_not(p.statuses[i].has_grace);
    }
}

Test(quote_policy, never_accepts_revoked_or_unsupported_levels)
{
    static const int never[] = { ASSAY_TCB_NONE, ASSAY_TCB_REVOKED, ASSAY_TCB_NOT_SUPPORTED };
    for (size_t i = 0; i < sizeof never / sizeof never[0]; i++) {
        struct assay_policy p;
        assay_policy_default(&p);
        p.statuses[never[i]].acceptance = ASSAY_ACCEPT_WARNING;
        cr_assert_eq(assay_policy_check(&p), ASSAY_E_INVALID);
    }
}

Test(quote_policy, reads_every_key_of_its_file)
{
    struct assay_policy p;
    char message[ASSAY_YAML_MESSAGE_MAX];
    cr_assert_eq(parse(full, &p, message), ASSAY_OK, "%s", message);
    cr_assert_eq(p.kinds, ASSAY_KIND_BIT(ASSAY_KIND_SGX3) | ASSAY_KIND_BIT(ASSAY_KIND_TDX4));
    const struct assay_status_rule *const out = &p.statuses[ASSAY_TCB_OUT_OF_DATE];
    cr_assert(out->acceptance == ASSAY_ACCEPT_WARNING && out->has_grace && out->grace_s == 1296000);
    cr_assert_eq(p.statuses[ASSAY_TCB_CONFIGURATION_NEEDED].acceptance, ASSAY_ACCEPT_REFUSED);
    cr_assert_eq(p.statuses[ASSAY_TCB_UP_TO_DATE].acceptance, ASSAY_ACCEPT_AFFIRMING);
    cr_assert_eq(p.evaluation_number_min, 17);
    cr_assert_eq(p.pcesvn_min, 13);
    cr_assert_eq(p.tee_tcb_svn_min[0], 4);
    cr_assert_eq(p.root_count, 1);
    struct assay_key root;
    uint32_t kinds = 0;
    cr_assert_eq(assay_pinned_root(ASSAY_PINNED_INTEL_SGX, &root, &kinds), ASSAY_OK);
    cr_assert(assay_key_equal(&p.roots[0].key, &root));
    cr_assert_eq(p.advisory_count, 2);
    cr_assert_str_eq(p.advisories_denied[1], "INTEL-SA-00289");
    cr_assert_eq(p.reference_count, 1);
    const struct assay_reference *const r = &p.references[0];
    cr_assert(r->field == ASSAY_REFERENCE_MRENCLAVE && r->state == ASSAY_REFERENCE_ALLOWED);
    cr_assert(r->value_len == 32 && r->value[0] == 0x33 && r->isvsvn_min == 2);
    cr_assert(r->has_not_before && r->not_before_s == 1767225600);
    cr_assert(r->has_not_after && r->not_after_s == 1798761600);
}

#define HEAD "policy_version: 1\nprofile: production\n"

/* Each file is wrong in one way; the message must say where and name it. */
static const struct {
    const char *text;
    enum assay_status status;
    const char *place, *word;
} faults[] = {
    { "", ASSAY_E_SYNTAX, "1:1: ", "empty" },
    { "profile: production\n", ASSAY_E_SYNTAX, "1:", "lacks its key \"policy_version\"" },
    { "policy_version: 1\n", ASSAY_E_SYNTAX, "1:", "lacks its key \"profile\"" },
    { "policy_version: 2\nprofile: production\n", ASSAY_E_VERSION, "1:17: ", "policy_version" },
    { "policy_version: 1\nprofile: fast\n", ASSAY_E_SYNTAX, "2:10: ", "profile" },
    { "policy_version: 1\nprofil: production\n", ASSAY_E_SYNTAX, "2:1: ", "is \"profile\" meant?" },
    { "policy_version: one\nprofile: production\n", ASSAY_E_SYNTAX, "1:17: ", "whole number" },
    { HEAD "profile: development\n", ASSAY_E_SYNTAX, "3:1: ", "\"profile\" comes twice" },
    { HEAD "pcesvn_min: 1\npcesvn_min: 2\n", ASSAY_E_SYNTAX, "4:1: ", "comes twice" },
    { HEAD "kinds: [soft]\nkinds: [soft]\n", ASSAY_E_SYNTAX, "4:1: ", "comes twice" },
    { HEAD "references: []\nreferences: []\n", ASSAY_E_SYNTAX, "4:1: ", "comes twice" },
    { HEAD "statuses:\n  - {status: OutOfDate, accept: warning, accept: refused}\n", ASSAY_E_SYNTAX,
      "4:", "comes twice" },
    { HEAD "kinds: [soft, sgx]\n", ASSAY_E_SYNTAX, "3:15: ", "kinds[1]: \"sgx\"" },
    { HEAD "kinds: []\n", ASSAY_E_SYNTAX, "3:", "kinds" },
    { HEAD "pcesvn_min: 65536\n", ASSAY_E_RANGE, "3:13: ", "at most 65535" },
    { HEAD "tcb_evaluation_number_min: 4294967296\n", ASSAY_E_RANGE,
      "3:28: ", "at most 4294967295" },
    { HEAD "statuses:\n  - {status: OutOfDate, accept: warning, grace_s: "
           "18446744073709551616}\n",
      ASSAY_E_SYNTAX, "4:51: ", "statuses[0].grace_s: expected a whole number" },
    { HEAD "statuses:\n  - {status: Fine, accept: warning}\n", ASSAY_E_SYNTAX,
      "4:14: ", "statuses[0].status: \"Fine\"" },
    { HEAD "statuses:\n  - {status: OutOfDate, accept: warning}\n"
           "  - {status: OutOfDate, accept: refused}\n",
      ASSAY_E_DUPLICATE, "5:14: ", "OutOfDate" },
    { HEAD "statuses:\n  - {status: Revoked, accept: warning}\n", ASSAY_E_INVALID,
      "4:31: ", "Revoked is never accepted" },
    { HEAD "service_td: maybe\n", ASSAY_E_SYNTAX, "3:13: ", "refused, warning or affirming" },
    { HEAD "sept_ve_enabled: 1\n", ASSAY_E_SYNTAX, "3:18: ", "found \"1\"" },
    { HEAD "td_now_out_of_date: old\n", ASSAY_E_SYNTAX, "3:21: ", "refused, warning or affirming" },
    { HEAD "td_now_revoked: affirming\n", ASSAY_E_INVALID, "3:17: ", "refused or a warning" },
    { HEAD "collateral_age_max_s: 1d\n", ASSAY_E_SYNTAX, "3:23: ", "expected a whole number" },
    { HEAD "vmpl_max: 4\n", ASSAY_E_RANGE, "3:11: ", "at most 3" },
    { HEAD "migration_agent: maybe\n", ASSAY_E_SYNTAX, "3:18: ", "true or false" },
    { HEAD "smt: \"no\"\n", ASSAY_E_SYNTAX, "3:6: ", "true or false" },
    { HEAD "single_socket_required: 1\n", ASSAY_E_SYNTAX, "3:25: ", "true or false" },
    { HEAD "crl_required: True\n", ASSAY_E_SYNTAX, "3:15: ", "found \"True\"" },
    { HEAD "snp_tcb_min: { snp: 256 }\n", ASSAY_E_RANGE, "3:21: ", "snp_tcb_min.snp" },
    { HEAD "snp_tcb_min: { microcod: 2 }\n", ASSAY_E_SYNTAX, "3:16: ", "is \"microcode\" meant?" },
    { HEAD "roots:\n  - {name: a, kinds: [soft]}\n", ASSAY_E_INVALID,
      "4:5: ", "one of key, pem and pinned, found 0" },
    { HEAD "roots:\n  - {name: a, pinned: intel-sgx, pem: x}\n", ASSAY_E_INVALID,
      "4:5: ", "found 2" },
    { HEAD "roots:\n  - {name: a, pinned: intel}\n", ASSAY_E_SYNTAX,
      "4:23: ", "expected intel-sgx, amd-milan" },
    { HEAD "roots:\n  - {name: a, pem: x, kinds: [soft]}\n", ASSAY_E_SYNTAX,
      "4:20: ", "expected a self-issued certificate" },
    { HEAD "roots:\n  - {name: a, pem: x}\n", ASSAY_E_INVALID,
      "4:5: ", "what may the root vouch for" },
    { HEAD "roots:\n  - {name: a, pinned: intel-sgx, attestation_keys: gce}\n", ASSAY_E_SYNTAX,
      "4:52: ", "expected tcg, google or azure, found \"gce\"" },
    { HEAD "roots:\n  - {name: a, pinned: intel-sgx, attestation_keys: google}\n", ASSAY_E_INVALID,
      "4:52: ", "google is for roots of kind tpm2" },
    { HEAD "roots:\n  - {name: \"\\xe9\", pinned: intel-sgx}\n", ASSAY_E_RANGE,
      "4:12: ", "printable ASCII" },
    { HEAD "kinds: [every, soft]\n", ASSAY_E_SYNTAX, "3:9: ", "\"every\" is no kind" },
    { HEAD "kinds: [none]\n", ASSAY_E_SYNTAX, "3:9: ", "\"none\" is no kind" },
    { HEAD "references:\n  - {field: pcr24, state: allowed, value: \"00\"}\n", ASSAY_E_SYNTAX,
      "4:13: ", "expected a field such as" },
    { HEAD "references:\n  - {field: pcr7, state: allowed, value: \"00\"}\n", ASSAY_E_SYNTAX,
      "4:42: ", "expected 64 or 96 hexadecimal digits for pcr7" },
    { HEAD "references:\n  - {field: rim, state: allowed, value: \"\"}\n", ASSAY_E_SYNTAX,
      "4:41: ", "expected a text" },
    { HEAD "references:\n  - { field: host_data, state: allowed, not_before: "
           "2026-01-02T00:00:00Z, not_after: 2026-01-01T00:00:00Z, value: \""
           "33d8736db756ed4997e04ba358d27833188f1932ff7b1d156904d3f560452fbb\" }\n",
      ASSAY_E_INVALID, "4:86: ", "the entry never holds" },
    { HEAD "roots:\n  - {name: a, key: \"00\", kinds: [soft]}\n", ASSAY_E_SYNTAX,
      "4:20: ", "roots[0].key: expected 128" },
    { HEAD "references:\n  - {field: mrtd, state: allowed, value: \"00\"}\n", ASSAY_E_SYNTAX,
      "4:42: ", "references[0].value: expected 96" },
    { HEAD "references:\n  - {field: mrtd, state: allowed, value: \"00\", isvsvn_min: 65536}\n",
      ASSAY_E_RANGE, "4:60: ", "references[0].isvsvn_min" },
    { HEAD "advisories_denied: [INTEL-SA-0000000000000000000000]\n", ASSAY_E_RANGE,
      "3:21: ", "advisories_denied[0]" },
    { HEAD "roots: [[[[[[[[[[a]]]]]]]]]]\n", ASSAY_E_RANGE, "3:", "nested too deeply" },
    { "policy_version: 1\nprofile: [\n", ASSAY_E_SYNTAX, "3:", "" },
    { "policy_version: 1\n\tprofile: production\n", ASSAY_E_SYNTAX, "2:1: ", "" },
    { "- 1\n- 2\n", ASSAY_E_SYNTAX, "1:1: ", "expected keys with values, found a list" },
    { HEAD "kinds: [\"\\e[1msoft\"]\n", ASSAY_E_SYNTAX, "3:9: ", "?[1msoft" },
};

Test(quote_policy, says_what_is_wrong_with_a_file_and_where)
{
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        struct assay_policy p;
        char message[ASSAY_YAML_MESSAGE_MAX];
        const enum assay_status status = parse(faults[i].text, &p, message);
        cr_expect_eq(status, faults[i].status, "row %zu: %s: %s", i, assay_status_symbol(status),
                     message);
        cr_expect_eq(strncmp(message, faults[i].place, strlen(faults[i].place)), 0, "row %zu: %s",
                     i, message);
        cr_expect_not_null(strstr(message, faults[i].word), "row %zu: %s", i, message);
    }
}

/* Others write the file, and a terminal shows the message: "\\u009b" alone begins a command. */
Test(quote_policy, says_nothing_that_commands_a_terminal)
{
    struct assay_policy policy;
    char message[ASSAY_YAML_MESSAGE_MAX];
    cr_assert_neq(parse("policy_version: 1\nprofile: development\n"
                        "kinds: [\"a\\e[2J\\u009b2J\\u0085b\"]\n",
                        &policy, message),
                  ASSAY_OK);
    cr_expect_not_null(strstr(message, "\"a?[2J??2J??b\""), "%s", message);
}

/* libcyaml alone reads 2.5 as 2, 010 as 8, 0x1 as 1 and an empty text as 0. */
Test(quote_policy, numbers_are_plain_decimals)
{
    static const char *const formats[] = {
        "policy_version: %s\nprofile: production\n",
        HEAD "tcb_evaluation_number_min: %s\n",
        HEAD "pcesvn_min: %s\n",
        HEAD "statuses: [{ status: OutOfDate, accept: warning, grace_s: %s }]\n",
        HEAD "references:\n  - { field: mrenclave, state: allowed, isvsvn_min: %s, value: "
             "\"33d8736db756ed4997e04ba358d27833188f1932ff7b1d156904d3f560452fbb\" }\n",
    };
    static const char *const bad[] = { "1.5", "0x1",    "01",  "1e0", "+1",       "-1",
                                       "1 1", "\" 1\"", "1_0", "0o1", "\"1\\n\"", "true" };
    for (size_t f = 0; f < sizeof formats / sizeof formats[0]; f++) {
        struct assay_policy p;
        char text[512], message[ASSAY_YAML_MESSAGE_MAX];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        (void)snprintf(text, sizeof text, formats[f], "1");
        cr_assert_eq(parse(text, &p, message), ASSAY_OK, "format %zu: %s", f, message);
        for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
            (void)snprintf(text, sizeof text, formats[f], bad[i]);
            const enum assay_status status = parse(text, &p, message);
            cr_expect_eq(status, ASSAY_E_SYNTAX, "%s: %s: %s", text, assay_status_symbol(status),
                         message);
            cr_expect_not_null(strstr(message, "expected a whole number"), "%s: %s", text, message);
        }
#pragma GCC diagnostic pop
    }
}

Test(quote_policy, refuses_anchors_aliases_tags_nuls_and_second_documents)
{
    static const struct {
        const char *text, *place, *word;
    } rows[] = {
        { "policy_version: &a 1\nprofile: production\n", "1:17: ", "anchors" },
        { "policy_version: 1\nprofile: *a\n", "2:10: ", "anchors" },
        { HEAD "roots: &r []\n", "3:8: ", "anchors" },
        { HEAD "statuses:\n  - &s { status: OutOfDate, accept: warning }\n", "4:5: ", "anchors" },
        { "policy_version: !!int 1\nprofile: production\n", "1:17: ", "tags" },
        { HEAD "roots: !!seq []\n", "3:8: ", "tags" },
        { HEAD "statuses:\n  - !x { status: OutOfDate, accept: warning }\n", "4:5: ", "tags" },
        { "policy_version: 1\nprofile: \"production\\0x\"\n", "2:10: ", "NUL" },
        { HEAD "---\n" HEAD, "3:1: ", "second document" },
        { HEAD "...\n---\n", "4:1: ", "second document" },
        { HEAD "? [a]\n: b\n", "3:3: ", "plain text" },
        { HEAD "kinds: [\x80]\n", "3:9: ", "" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct assay_policy p;
        char message[ASSAY_YAML_MESSAGE_MAX];
        cr_expect_eq(parse(rows[i].text, &p, message), ASSAY_E_SYNTAX, "row %zu: %s", i, message);
        cr_expect_eq(strncmp(message, rows[i].place, strlen(rows[i].place)), 0, "row %zu: %s", i,
                     message);
        cr_expect_not_null(strstr(message, rows[i].word), "row %zu: %s", i, message);
    }
    struct assay_policy p;
    char message[ASSAY_YAML_MESSAGE_MAX];
    static const char nul[] = HEAD "kinds: [so\0ft]\n", utf16[] = "\xff\xfep\0o\0l\0";
    cr_expect_eq(assay_policy_parse_yaml((const uint8_t *)nul, sizeof nul - 1, &p, message),
                 ASSAY_E_SYNTAX, "%s", message);
    cr_expect_eq(assay_policy_parse_yaml((const uint8_t *)utf16, sizeof utf16 - 1, &p, message),
                 ASSAY_E_SYNTAX, "%s", message);
}

Test(quote_policy, bounds_the_length_of_its_file)
{
    struct assay_policy p;
    char message[ASSAY_YAML_MESSAGE_MAX];
    char *const text = malloc(ASSAY_YAML_LEN_MAX + 1);
    cr_assert_not_null(text);
    memset(text, '\n', ASSAY_YAML_LEN_MAX + 1);
    assay_bytes_copy(text, ASSAY_YAML_LEN_MAX, full, sizeof full - 1);
    cr_assert_eq(assay_policy_parse_yaml((uint8_t *)text, ASSAY_YAML_LEN_MAX, &p, message),
                 ASSAY_OK, "%s", message);
    cr_assert_eq(assay_policy_parse_yaml((uint8_t *)text, ASSAY_YAML_LEN_MAX + 1, &p, message),
                 ASSAY_E_RANGE);
    free(text);
}

/* A genuine self-issued certificate: Intel's root, as it is published. */
#define PEM_OF_INTEL                                                                               \
    "-----BEGIN PUBLIC KEY-----\n"                                                                 \
    "      MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEC6nEwMDIYZOj/iPWsCzaEKi71OiO\n"                     \
    "      SLRFhWGjbnBVJfVnkY4u3IjkDYYL0MxO4mqsyYjlBalTVYxFP2sJBK5zlA==\n"                         \
    "      -----END PUBLIC KEY-----\n"

Test(quote_policy, reads_platform_rules_and_every_way_to_name_a_root)
{
    static const char text[] =
        HEAD "kinds: [every]\nservice_td: refused\nsept_ve_enabled: affirming\nvmpl_max: 1\n"
             "migration_agent: true\nsmt: false\nsingle_socket_required: true\n"
             "crl_required: true\nsnp_tcb_min: { bootloader: 3, snp: 255, fmc: 1 }\n"
             "roots:\n  - { name: A, pinned: intel-sgx }\n"
             "  - { name: B, pinned: intel-sgx, kinds: [sgx-v3] }\n"
             "  - { name: D, pinned: intel-sgx, kinds: [tpm2], attestation_keys: azure }\n"
             "  - name: C\n    kinds: [every]\n    pem: |\n      " PEM_OF_INTEL;
    struct assay_policy p;
    char message[ASSAY_YAML_MESSAGE_MAX];
    cr_assert_eq(parse(text, &p, message), ASSAY_OK, "%s", message);
    cr_expect_eq(p.kinds, ASSAY_KINDS_ALL);
    const struct assay_platform_rules *const rules = &p.platform;
    cr_expect_eq(rules->service_td, ASSAY_ACCEPT_REFUSED);
    cr_expect_eq(rules->sept_ve_enabled, ASSAY_ACCEPT_AFFIRMING);
    cr_expect_eq(rules->vmpl_max, 1);
    cr_expect(rules->allow_migration_agent && !rules->allow_smt);
    cr_expect(rules->require_single_socket && rules->require_crl);
    static const uint8_t least[5] = { 3, 0, 255, 0, 1 };
    cr_expect_arr_eq(rules->snp_tcb_min, least, sizeof least);
    struct assay_key intel;
    uint32_t kinds = 0;
    cr_assert_eq(assay_pinned_root(ASSAY_PINNED_INTEL_SGX, &intel, &kinds), ASSAY_OK);
    cr_assert_eq(p.root_count, 4);
    for (int i = 0; i < 4; i++)
        cr_expect(assay_key_equal(&p.roots[i].key, &intel), "root %d", i);
    cr_expect_eq(p.roots[0].kinds, kinds);
    cr_expect_eq(p.roots[1].kinds, ASSAY_KIND_BIT(ASSAY_KIND_SGX3));
    cr_expect_eq(p.roots[2].kinds, ASSAY_KIND_BIT(ASSAY_KIND_TPM));
    cr_expect_eq(p.roots[2].ak, ASSAY_AK_AZURE);
    cr_expect_eq(p.roots[3].kinds, ASSAY_KINDS_ALL);
    cr_expect_eq(p.roots[3].ak, ASSAY_AK_TCG);
    cr_expect_eq(assay_policy_ak_form(&p, &intel, ASSAY_KIND_TPM), ASSAY_AK_AZURE);
    cr_expect_eq(assay_policy_ak_form(&p, &intel, ASSAY_KIND_CCA), ASSAY_AK_TCG);
}

Test(quote_policy, pins_every_root_that_it_can_name)
{
    for (int i = 0; i < ASSAY_PINNED_ROOTS; i++) {
        struct assay_key key;
        uint32_t kinds = 0;
        struct assay_policy p;
        char message[ASSAY_YAML_MESSAGE_MAX], text[128];
        const enum assay_pinned_root which = (enum assay_pinned_root)i;
        cr_assert_eq(assay_pinned_root(which, &key, &kinds), ASSAY_OK, "%d", i);
        (void)snprintf(text, sizeof text, HEAD "roots: [{ name: a, pinned: %s }]\n",
                       assay_pinned_root_name(which));
        cr_assert_eq(parse(text, &p, message), ASSAY_OK, "%s", message);
        cr_expect(assay_key_equal(&p.roots[0].key, &key));
        cr_expect_eq(p.roots[0].kinds, kinds);
    }
}

/* The list of fields is the one source: names, lengths and kinds agree for each. */
Test(quote_policy, knows_each_field_by_its_name_in_its_lengths_only)
{
    static const uint32_t lengths[] = { 0, 16, 31, 32, 33, 47, 48, 49, 63, 64 };
    unsigned known = 0;
    for (unsigned i = 0; i <= ASSAY_REFERENCE_FIELDS; i++) {
        const enum assay_reference_field field = (enum assay_reference_field)i;
        const char *const name = assay_reference_field_name(field);
        enum assay_reference_field again = ASSAY_REFERENCE_MRENCLAVE;
        unsigned fits = 0;
        struct assay_policy p;
        assay_policy_default(&p);
        p.reference_count = 1;
        for (size_t k = 0; k < sizeof lengths / sizeof lengths[0]; k++) {
            p.references[0] = (struct assay_reference){ .field = field, .value_len = lengths[k] };
            const bool fit = assay_reference_field_fits(field, lengths[k]);
            fits += fit ? 1u : 0u;
            cr_expect_eq(assay_reference_field_kinds(field, lengths[k]) != 0, fit);
            const enum assay_status wanted = fit ? ASSAY_OK
                                             : assay_reference_field_is_known(field)
                                                 ? ASSAY_E_INVALID
                                                 : ASSAY_E_RANGE;
            cr_expect_eq(assay_policy_check(&p), wanted, "%s of %u bytes", name, lengths[k]);
        }
        const enum assay_status parsed = assay_reference_field_parse(name, strlen(name), &again);
        cr_expect_eq(parsed, fits > 0 ? ASSAY_OK : ASSAY_E_NOT_FOUND, "%s", name);
        if (fits == 0) continue;
        cr_expect_eq(again, field, "%s", name);
        cr_expect_eq(assay_reference_field_parse(name, strlen(name) - 1, &again),
                     strcmp(name, "pcr10") >= 0 && strlen(name) == 5 && name[0] == 'p'
                         ? ASSAY_OK
                         : ASSAY_E_NOT_FOUND,
                     "the beginning of %s", name);
        known++;
    }
    cr_expect_eq(known, 46);
}

/* Bytes of older versions are of another version, not broken. */
Test(quote_policy, refuses_the_bytes_of_another_version_as_such)
{
    uint8_t memory[256];
    struct assay_slice bytes;
    struct assay_policy p;
    for (uint64_t fields = 10; fields <= 12; fields++) {
        struct assay_writer w = assay_writer_over(memory, sizeof memory);
        assay_cbor_put_array(&w, fields);
        assay_cbor_put_text(&w, fields == 10 ? "assay/policy/v1" : "assay/policy/v2");
        cr_assert_eq(assay_writer_finish(&w, &bytes), ASSAY_OK);
        cr_expect_eq(assay_policy_decode(bytes.bytes, bytes.len, &p), ASSAY_E_UNSUPPORTED);
    }
    struct assay_writer w = assay_writer_over(memory, sizeof memory);
    assay_cbor_put_array(&w, 10);
    assay_cbor_put_text(&w, "assay/policy/v3");
    cr_assert_eq(assay_writer_finish(&w, &bytes), ASSAY_OK);
    cr_expect_eq(assay_policy_decode(bytes.bytes, bytes.len, &p), ASSAY_E_RANGE);
}

/* Every table full and every option there. */
static void fill(struct assay_policy *p)
{
    assay_policy_default(p);
    for (int i = 0; i < ASSAY_TCB_STATUS_COUNT; i++) {
        p->statuses[i].has_grace = true;
        p->statuses[i].grace_s = UINT64_MAX;
    }
    p->evaluation_number_min = UINT32_MAX;
    p->pcesvn_min = UINT16_MAX;
    p->has_collateral_age = true;
    p->collateral_age_max_s = UINT64_MAX;
    p->platform = (struct assay_platform_rules){ .service_td = ASSAY_ACCEPT_AFFIRMING,
                                                 .sept_ve_enabled = ASSAY_ACCEPT_AFFIRMING,
                                                 .td_now_out_of_date = ASSAY_ACCEPT_AFFIRMING,
                                                 .td_now_revoked = ASSAY_ACCEPT_WARNING,
                                                 .vmpl_max = ASSAY_VMPL_MAX,
                                                 .allow_migration_agent = true,
                                                 .allow_smt = true,
                                                 .require_single_socket = true,
                                                 .require_crl = true,
                                                 .snp_tcb_min = { 255, 255, 255, 255, 255 } };
    p->root_count = ASSAY_POLICY_ROOTS_MAX;
    for (int i = 0; i < ASSAY_POLICY_ROOTS_MAX; i++) {
        memset(p->roots[i].name, 'r', ASSAY_ROOT_NAME_MAX - 1);
        p->roots[i].kinds = ASSAY_KINDS_ALL;
        p->roots[i].ak = (enum assay_ak_form)(i % ASSAY_AK_FORMS);
        static const uint8_t longest[ASSAY_KEY_BYTES_MAX] = { 0x80 };
        assay_key_from(&p->roots[i].key, ASSAY_KEY_RSA, longest, sizeof longest);
    }
    p->advisory_count = ASSAY_POLICY_ADVISORIES_MAX;
    for (int i = 0; i < ASSAY_POLICY_ADVISORIES_MAX; i++)
        memset(p->advisories_denied[i], 'a', ASSAY_ADVISORY_TEXT - 1);
    p->reference_count = ASSAY_REFERENCES_MAX;
    for (int i = 0; i < ASSAY_REFERENCES_MAX; i++) {
        struct assay_reference *const r = &p->references[i];
        r->field = ASSAY_REFERENCE_RIM;
        r->value_len = 64;
        r->has_not_before = r->has_not_after = true;
        r->not_before_s = r->not_after_s = INT64_MAX;
        r->isvsvn_min = UINT16_MAX;
    }
    p->tpm_weak_banks = ASSAY_ACCEPT_WARNING;
    p->ima_unknown = ASSAY_ACCEPT_REFUSED;
    p->event_count = ASSAY_EVENT_REFERENCES_MAX;
    for (int i = 0; i < ASSAY_EVENT_REFERENCES_MAX; i++) {
        struct assay_event_reference *const e = &p->events[i];
        e->is_file = i % 2 == 0;
        e->state = ASSAY_EVENT_REQUIRED;
        e->field = e->is_file ? 0 : ASSAY_REFERENCE_PCR23;
        e->has_type = !e->is_file;
        e->type = e->is_file ? 0 : UINT32_MAX;
        memset(e->text, i == 1 ? '"' : 'f', ASSAY_EVENT_REFERENCE_TEXT - 1);
        e->value_len = e->is_file ? 64 : 0;
    }
}

Test(quote_policy, survives_its_bytes_empty_and_full)
{
    static uint8_t first[ASSAY_POLICY_LEN_MAX], second[ASSAY_POLICY_LEN_MAX];
    struct assay_policy *const p = calloc(2, sizeof *p);
    uint8_t a[32], b[32];
    cr_assert_not_null(p);
    for (int round = 0; round < 2; round++) {
        if (round == 0) assay_policy_default(&p[0]);
        else fill(&p[0]);
        const struct assay_slice bytes = encode(&p[0], first, sizeof first);
        cr_assert_eq(assay_policy_decode(bytes.bytes, bytes.len, &p[1]), ASSAY_OK);
        cr_assert(assay_slice_equal(bytes, encode(&p[1], second, sizeof second)));
        assay_policy_digest(&p[0], a);
        assay_sha256(bytes.bytes, bytes.len, b);
        cr_assert_arr_eq(a, b, 32);
    }
    free(p);
}

Test(quote_policy, rejects_every_truncation_and_one_byte_too_many)
{
    static uint8_t memory[ASSAY_POLICY_LEN_MAX];
    struct assay_policy p;
    struct assay_policy before;
    char message[ASSAY_YAML_MESSAGE_MAX];
    cr_assert_eq(parse(full, &p, message), ASSAY_OK);
    const struct assay_slice bytes = encode(&p, memory, sizeof memory);
    before = p;
    for (size_t cut = 0; cut < bytes.len; cut++) {
        uint8_t *const exact = malloc(cut == 0 ? 1 : cut);
        cr_assert_not_null(exact);
        if (cut > 0) assay_bytes_copy(exact, cut, bytes.bytes, cut);
        cr_assert_eq(assay_policy_decode(exact, cut, &p), ASSAY_E_TRUNCATED, "%zu", cut);
        free(exact);
    }
    cr_assert(assay_bytes_equal(&before, &p, sizeof p)); /* untouched */
    memory[bytes.len] = 0;
    cr_assert_eq(assay_policy_decode(memory, bytes.len + 1, &p), ASSAY_E_TRAILING);
    cr_assert_eq(assay_policy_decode(memory, ASSAY_POLICY_LEN_MAX + 1, &p), ASSAY_E_RANGE);
}

Test(quote_policy, decodes_only_what_it_would_write)
{
    static uint8_t memory[ASSAY_POLICY_LEN_MAX], again[ASSAY_POLICY_LEN_MAX];
    struct assay_policy p;
    char message[ASSAY_YAML_MESSAGE_MAX];
    cr_assert_eq(parse(full, &p, message), ASSAY_OK);
    const struct assay_slice bytes = encode(&p, memory, sizeof memory);
    size_t accepted = 0;
    for (size_t at = 0; at < bytes.len; at++)
        for (unsigned bit = 0; bit < 8; bit++) {
            memory[at] ^= (uint8_t)(1u << bit);
            if (assay_policy_decode(memory, bytes.len, &p) == ASSAY_OK) {
                cr_assert(assay_slice_equal(bytes, encode(&p, again, sizeof again)),
                          "bit %u of byte %zu", bit, at);
                accepted += 1;
            }
            memory[at] ^= (uint8_t)(1u << bit);
        }
    cr_assert_gt(accepted, 0); /* other measurements, other numbers */
}

static bool change_event(struct assay_policy *q, int change)
{
    struct assay_event_reference *const e = &q->events[0];
    switch (change) {
    case 42: q->ima_unknown = ASSAY_ACCEPT_AFFIRMING; break;
    case 43: q->event_count = 0; break;
    case 44: e->state = ASSAY_EVENT_ALLOWED; break;
    case 45: e->field = ASSAY_REFERENCE_RTMR2; break;
    case 46: e->type += 1; break;
    case 47:
        e->has_type = false;
        e->type = 0;
        break;
    case 48: e->value[47] ^= 1; break;
    case 49: q->events[3].value_len = 32; break;
    case 50: q->events[1].text[0] = 'c'; break;
    default: return false;
    }
    return true;
}

/* One change of each field of the struct: the digest covers it, and its bytes bring it back. */
/* One field of the policy, by number. Returns: false past the last one. */
static bool change_one(struct assay_policy *q, int change)
{
    struct assay_platform_rules *const rules = &q->platform;
    struct assay_reference *const r = &q->references[0];
    switch (change) {
    case 0: break; /* itself */
    case 1: q->profile = ASSAY_PROFILE_DEVELOPMENT; break;
    case 2: q->kinds ^= ASSAY_KIND_BIT(ASSAY_KIND_SNP); break;
    case 3: q->statuses[ASSAY_TCB_UP_TO_DATE].acceptance = ASSAY_ACCEPT_WARNING; break;
    case 4: q->statuses[ASSAY_TCB_UP_TO_DATE].has_grace = true; break;
    case 5: q->statuses[ASSAY_TCB_OUT_OF_DATE].grace_s++; break;
    case 6: q->evaluation_number_min++; break;
    case 7: q->pcesvn_min++; break;
    case 8: q->tee_tcb_svn_min[15]++; break;
    case 9: rules->service_td = ASSAY_ACCEPT_REFUSED; break;
    case 10: rules->sept_ve_enabled = ASSAY_ACCEPT_REFUSED; break;
    case 11: rules->vmpl_max = 2; break;
    case 12: rules->allow_migration_agent = true; break;
    case 13: rules->allow_smt = false; break;
    case 14: rules->require_single_socket = true; break;
    case 15: rules->require_crl = true; break;
    case 16:
    case 17:
    case 18:
    case 19:
    case 20: rules->snp_tcb_min[change - 16] = 1; break;
    case 21: q->roots[0].name[0] = 'I'; break;
    case 22: q->roots[0].key.bytes[63] ^= 1; break;
    case 23: q->roots[0].kinds = ASSAY_KINDS_ALL; break;
    case 24: q->root_count = 0; break;
    case 25: q->advisories_denied[1][0] = 'i'; break;
    case 26: q->advisory_count = 1; break;
    case 27: r->field = ASSAY_REFERENCE_MRSIGNER; break;
    case 28: r->state = ASSAY_REFERENCE_DENIED; break;
    case 29: r->value[31] ^= 1; break;
    case 30: r->has_not_before = false; break;
    case 31: r->not_before_s++; break;
    case 32: r->has_not_after = false; break;
    case 33: r->not_after_s++; break;
    case 34: r->isvsvn_min++; break;
    case 35: q->reference_count = 0; break;
    case 36: rules->td_now_out_of_date = ASSAY_ACCEPT_REFUSED; break;
    case 37: rules->td_now_revoked = ASSAY_ACCEPT_WARNING; break;
    case 38: q->has_collateral_age = true; break;
    case 39:
        q->has_collateral_age = true;
        q->collateral_age_max_s = 1;
        break;
    case 40:
    case 41:
        q->roots[0].kinds = ASSAY_KIND_BIT(ASSAY_KIND_TPM);
        q->roots[0].ak = change == 40 ? ASSAY_AK_GOOGLE : ASSAY_AK_AZURE;
        break;
    default: return change_event(q, change);
    }
    return true;
}

Test(quote_policy, covers_every_field_by_its_digest)
{
    struct assay_policy *const p = calloc(3, sizeof *p);
    static uint8_t memory[ASSAY_POLICY_LEN_MAX];
    char message[ASSAY_YAML_MESSAGE_MAX];
    uint8_t digests[64][32];
    size_t count = 0;
    cr_assert_not_null(p);
    cr_assert_eq(parse(full, &p[0], message), ASSAY_OK);
    for (int change = 0; change < 51; change++) {
        p[1] = p[0];
        struct assay_policy *const q = &p[1];
        if (!change_one(q, change)) continue;
        cr_assert_eq(assay_policy_check(q), ASSAY_OK, "change %d", change);
        assay_policy_digest(q, digests[count]);
        for (size_t i = 0; i < count; i++)
            cr_expect_not(assay_bytes_equal(digests[i], digests[count], 32), "change %d", change);
        const struct assay_slice bytes = encode(q, memory, sizeof memory);
        uint8_t again[32];
        cr_assert_eq(assay_policy_decode(bytes.bytes, bytes.len, &p[2]), ASSAY_OK);
        assay_policy_digest(&p[2], again);
        cr_expect_arr_eq(again, digests[count], 32, "change %d", change);
        count++;
    }
    cr_expect_eq(count, 51);
    free(p);
}

/* What `assay policy show` prints is a policy file again, and the same one. */
Test(quote_policy, is_read_back_from_the_file_that_it_writes)
{
    struct assay_policy *const p = calloc(2, sizeof *p);
    static char text[ASSAY_YAML_LEN_MAX];
    char message[ASSAY_YAML_MESSAGE_MAX];
    cr_assert_not_null(p);
    for (int round = 0; round < 4; round++) {
        struct assay_slice written;
        uint8_t a[32], b[32];
        if (round == 0) assay_policy_default(&p[0]);
        else if (round == 1) cr_assert_eq(parse(full, &p[0], message), ASSAY_OK);
        else fill(&p[0]);
        if (round >= 2) {
            p[0].statuses[ASSAY_TCB_NONE].has_grace = false; /* it has no name */
            for (int i = 0; i < ASSAY_REFERENCES_MAX; i++)
                p[0].references[i].not_before_s = p[0].references[i].not_after_s = 253402300799;
        }
        if (round == 3) {
            p[0].kinds = p[0].roots[7].kinds = ASSAY_KINDS_KNOWN;
            (void)snprintf(p[0].roots[3].name, ASSAY_ROOT_NAME_MAX, "a \"b\" \\ #: '%%'");
        }
        struct assay_writer w = assay_writer_over(text, sizeof text);
        assay_policy_put_yaml(&p[0], &w);
        cr_assert_eq(assay_writer_finish(&w, &written), ASSAY_OK);
        cr_assert_eq(assay_policy_parse_yaml(written.bytes, written.len, &p[1], message), ASSAY_OK,
                     "round %d: %s", round, message);
        assay_policy_digest(&p[0], a);
        assay_policy_digest(&p[1], b);
        cr_expect_arr_eq(a, b, 32, "round %d", round);
        w = assay_writer_over(text, written.len - 1);
        assay_policy_put_yaml(&p[0], &w);
        cr_expect_eq(assay_writer_finish(&w, &written), ASSAY_E_FULL);
    }
    free(p);
}

Test(quote_policy, finds_the_line_of_a_value)
{
    const uint8_t *const text = (const uint8_t *)full;
    const struct assay_yaml_line line =
        assay_policy_yaml_line(text, sizeof full - 1, "references[0].state");
    cr_expect_eq(line.line, 17);
    cr_expect_eq(line.column, 12);
    cr_expect_eq(assay_policy_yaml_line(text, sizeof full - 1, "references[1]").line, 0);
}

Test(quote_policy, checks_lengths_windows_and_counts)
{
    struct assay_policy p;
    fill(&p);
    cr_assert_eq(assay_policy_check(&p), ASSAY_OK);
    p.references[5].value_len = 33;
    cr_assert_eq(assay_policy_check(&p), ASSAY_E_INVALID);
    p.references[5].value_len = 48;
    p.references[5].not_after_s -= 1;
    cr_assert_eq(assay_policy_check(&p), ASSAY_E_INVALID);
    p.references[5].not_after_s = -1;
    cr_assert_eq(assay_policy_check(&p), ASSAY_E_RANGE);
    fill(&p);
    p.reference_count += 1;
    cr_assert_eq(assay_policy_check(&p), ASSAY_E_RANGE);
    fill(&p);
    p.roots[3].name[0] = '\0';
    cr_assert_eq(assay_policy_check(&p), ASSAY_E_RANGE);
    fill(&p);
    p.platform.vmpl_max = 4;
    cr_assert_eq(assay_policy_check(&p), ASSAY_E_RANGE);
    fill(&p);
    p.platform.service_td = (enum assay_acceptance)3;
    cr_assert_eq(assay_policy_check(&p), ASSAY_E_RANGE);
    fill(&p);
    p.platform.td_now_revoked = ASSAY_ACCEPT_AFFIRMING;
    cr_assert_eq(assay_policy_check(&p), ASSAY_E_INVALID);
    fill(&p);
    p.has_collateral_age = false; /* a second encoding of the same */
    cr_assert_eq(assay_policy_check(&p), ASSAY_E_INVALID);
    fill(&p);
    p.kinds = ASSAY_KINDS_KNOWN << 1; /* a kind that has no number yet */
    cr_assert_eq(assay_policy_check(&p), ASSAY_E_RANGE);
    fill(&p);
    p.roots[0].kinds = 1; /* "none" is no kind */
    cr_assert_eq(assay_policy_check(&p), ASSAY_E_RANGE);
    fill(&p);
    p.roots[0].ak = (enum assay_ak_form)ASSAY_AK_FORMS;
    cr_assert_eq(assay_policy_check(&p), ASSAY_E_RANGE);
    p.roots[0].ak = ASSAY_AK_AZURE;
    p.roots[0].kinds = ASSAY_KIND_BIT(ASSAY_KIND_SNP);
    cr_assert_eq(assay_policy_check(&p), ASSAY_E_INVALID);
}

Test(policy, names_pcrs_of_both_lengths)
{
    static const struct {
        const char *field;
        unsigned digits;
        uint32_t number, len;
        bool ok;
    } cases[] = { { "pcr0", 64, 32, 32, true }, { "pcr23", 64, 55, 32, true },
                  { "pcr8", 96, 40, 48, true }, { "pcr8", 80, 0, 0, false },
                  { "pcr24", 64, 0, 0, false }, { "pcr", 64, 0, 0, false },
                  { "mrtd", 64, 0, 0, false } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[512], value[128] = "";
        char message[ASSAY_YAML_MESSAGE_MAX];
        static struct assay_policy policy;
        for (unsigned k = 0; k < cases[i].digits; k++)
            value[k] = 'a';
        const int len = snprintf(text, sizeof text,
                                 "policy_version: 1\nprofile: production\nreferences:\n"
                                 "  - { field: %s, state: allowed, value: \"%s\" }\n",
                                 cases[i].field, value);
        const enum assay_status status =
            assay_policy_parse_yaml((const uint8_t *)text, (size_t)len, &policy, message);
        cr_expect_eq(status == ASSAY_OK, cases[i].ok, "%s: %s", cases[i].field, message);
        if (!cases[i].ok || status != ASSAY_OK) continue;
        cr_expect_eq((uint32_t)policy.references[0].field, cases[i].number);
        cr_expect_eq(policy.references[0].value_len, cases[i].len);
    }
}
