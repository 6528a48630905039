/*
 * tests/unit/apps/test_plan.c - tests of cards and plans.
 *
 * apps/config.h, cards of nodes and plans of networks.
 */
#include "apps/config.h"
#include "tests/unit/apps/folder.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEX32(c) c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c
#define HEX16(c) c c c c c c c c c c c c c c c c
#define HEX64(c) HEX32(c) HEX32(c)

static const char good_plan[] =
    "plan_version: 1\n"                                         /* 1 */
    "epoch_ms: 500\n"                                           /* 2 */
    "time: 2026-01-31T12:00:00Z\n"                              /* 3 */
    "threshold: 2\n"                                            /* 4 */
    "policy: policy.yaml\n"                                     /* 5 */
    "collateral: [vendor-1, /v2]\n"                             /* 6 */
    "operator_cap: { num: 1, den: 4 }\n"                        /* 7 */
    "vendor_cap: { num: 1, den: 2 }\n"                          /* 8 */
    "operators:\n"                                              /* 9 */
    "  - name: alpha\n"                                         /* 10 */
    "    public_key: \"" HEX64("a1") "\"\n"                     /* 11 */
                                     "  - name: beta.example\n" /* 12 */
                                     "    public_key: \"" HEX64(
                                         "b2") "\"\n"                          /* 13 */
                                               "members:\n"                    /* 14 */
                                               "  - operator: alpha\n"         /* 15 */
                                               "    card: a/node.yaml\n"       /* 16 */
                                               "    sample: a/sample.quote\n"  /* 17 */
                                               "  - operator: beta.example\n"  /* 18 */
                                               "    card: b/node.yaml\n"       /* 19 */
                                               "    sample: b/sample.quote\n"; /* 20 */

static struct folder folder;
static struct assay_plan *plan;
static struct assay_node_card card;
static char message[ASSAY_CONFIG_MESSAGE_MAX];

static void set_up(void)
{
    folder = folder_make();
    plan = calloc(1, sizeof *plan);
    cr_assert_not_null(plan);
}

static void tear_down(void)
{
    free(plan);
    folder_remove(&folder);
}

TestSuite(apps_plan, .init = set_up, .fini = tear_down);
TestSuite(apps_card, .init = set_up, .fini = tear_down);

static size_t replaced(const char *whole, const char *from, const char *to, char text[static 4096])
{
    const char *at = strstr(whole, from);
    cr_assert_not_null(at, "%s is not in the good file", from);
    const int len =
        snprintf(text, 4096, "%.*s%s%s", (int)(at - whole), whole, to, at + strlen(from));
    cr_assert(len > 0 && len < 4096);
    return (size_t)len;
}

static void expect_message(const char *file, enum assay_status found, enum assay_status status,
                           unsigned line, unsigned column, const char *words)
{
    char place[PATH_MAX + 64];
    (void)snprintf(place, sizeof place, "%s:%u:%u: ", folder_at(&folder, file), line, column);
    cr_expect_eq(found, status, "%s: %s", assay_status_symbol(found), message);
    cr_expect(strncmp(message, place, strlen(place)) == 0, "expected %s..., found %s", place,
              message);
    cr_expect_not_null(strstr(message, words), "expected \"%s\" in: %s", words, message);
}

/* ------------------------------------------------------------ plans */

static enum assay_status load_plan(const char *from, const char *to)
{
    char text[4096];
    const size_t len = replaced(good_plan, from, to, text);
    return assay_plan_load(folder_put(&folder, "plan.yaml", text, len, 0644), plan, message);
}

static void refused(const char *from, const char *to, enum assay_status status, unsigned line,
                    unsigned column, const char *words)
{
    memset(plan, 0x5a, sizeof *plan);
    expect_message("plan.yaml", load_plan(from, to), status, line, column, words);
    cr_expect_eq(plan->member_count, 0x5a5a5a5au, "the output was touched");
}

Test(apps_plan, reads_every_key)
{
    cr_assert_eq(load_plan("plan_version", "plan_version"), ASSAY_OK, "%s", message);
    cr_expect_eq(plan->parameters.epoch_ms, 500);
    cr_expect_eq(plan->parameters.operator_cap_num, 1);
    cr_expect_eq(plan->parameters.operator_cap_den, 4);
    cr_expect_eq(plan->parameters.vendor_cap_num, 1);
    cr_expect_eq(plan->parameters.vendor_cap_den, 2);
    cr_expect(plan->has_time);
    cr_expect_eq(plan->time_ms, 1769860800000u);
    cr_expect_eq(plan->threshold, 2);
    cr_expect_str_eq(plan->policy, folder_at(&folder, "policy.yaml"));
    cr_assert_eq(plan->collateral_count, 2);
    cr_expect_str_eq(plan->collateral[0], folder_at(&folder, "vendor-1"));
    cr_expect_str_eq(plan->collateral[1], "/v2");
    cr_assert_eq(plan->operator_count, 2);
    cr_expect_str_eq(plan->operators[1].name, "beta.example");
    cr_expect_eq(plan->operators[1].public_key[63], 0xb2);
    cr_assert_eq(plan->member_count, 2);
    cr_expect_str_eq(plan->members[0].operator_name, "alpha");
    cr_expect_str_eq(plan->members[1].card, folder_at(&folder, "b/node.yaml"));
    cr_expect_str_eq(plan->members[1].sample, folder_at(&folder, "b/sample.quote"));
}

Test(apps_plan, has_the_caps_of_the_protocol_and_no_time_by_default)
{
    cr_assert_eq(
        load_plan("operator_cap: { num: 1, den: 4 }\nvendor_cap: { num: 1, den: 2 }\n", ""),
        ASSAY_OK, "%s", message);
    cr_expect_eq(plan->parameters.operator_cap_num, 20);
    cr_expect_eq(plan->parameters.operator_cap_den, 100);
    cr_expect_eq(plan->parameters.vendor_cap_num, 33);
    cr_expect_eq(plan->parameters.vendor_cap_den, 100);
    cr_expect_eq(plan->parameters.block_len_max, ASSAY_BLOCK_LEN_MAX);
    cr_assert_eq(load_plan("time: 2026-01-31T12:00:00Z\n", ""), ASSAY_OK, "%s", message);
    cr_expect_not(plan->has_time);
}

Test(apps_plan, fixes_the_length_of_blocks)
{
    cr_assert_eq(load_plan("threshold: 2\n", "block_len_max: 65536\nthreshold: 2\n"), ASSAY_OK,
                 "%s", message);
    cr_expect_eq(plan->parameters.block_len_max, ASSAY_BLOCK_LEN_MIN);
    cr_assert_eq(load_plan("threshold: 2\n", "block_len_max: 4194304\nthreshold: 2\n"), ASSAY_OK,
                 "%s", message);
    cr_expect_eq(plan->parameters.block_len_max, ASSAY_BLOCK_LEN_MAX);
}

Test(apps_plan, refuses_unknown_and_missing_keys)
{
    refused("epoch_ms", "epoch", ASSAY_E_SYNTAX, 2, 1, "unknown key \"epoch\"");
    refused("    card: a/node.yaml", "    cards: a/node.yaml", ASSAY_E_SYNTAX, 16, 5,
            "unknown key \"cards\"; is \"card\" meant?");
    refused("vendor_cap: { num: 1, den: 2 }", "vendor_cap: { num: 1 }", ASSAY_E_SYNTAX, 8, 20,
            "lacks its key \"den\"");
    static const char *const lines[] = {
        "plan_version: 1\n",     "epoch_ms: 500\n",         "threshold: 2\n",
        "policy: policy.yaml\n", "    card: a/node.yaml\n", "collateral: [vendor-1, /v2]\n"
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        cr_expect_eq(load_plan(lines[i], ""), ASSAY_E_SYNTAX, "without %s", lines[i]);
        cr_expect_not_null(strstr(message, "lacks its key"), "%s", message);
    }
}

Test(apps_plan, refuses_numbers_out_of_range)
{
    refused("epoch_ms: 500", "epoch_ms: 99", ASSAY_E_RANGE, 2, 11, "expected 100 to 3600000");
    refused("epoch_ms: 500", "epoch_ms: 3600001", ASSAY_E_RANGE, 2, 11, "epoch_ms");
    refused("threshold: 2", "threshold: 0", ASSAY_E_RANGE, 4, 12, "threshold: expected 2, found 0");
    refused("threshold: 2", "threshold: 1", ASSAY_E_RANGE, 4, 12, "found 1");
    refused("threshold: 2", "threshold: 3", ASSAY_E_RANGE, 4, 12, "found 3");
    refused("threshold: 2", "block_len_max: 65535\nthreshold: 2", ASSAY_E_RANGE, 4, 16,
            "block_len_max: expected 65536 to 4194304, found 65535");
    refused("threshold: 2", "block_len_max: 4194305\nthreshold: 2", ASSAY_E_RANGE, 4, 16,
            "block_len_max");
    refused("num: 1, den: 4", "num: 0, den: 4", ASSAY_E_RANGE, 7, 22, "operator_cap.num");
    refused("num: 1, den: 4", "num: 5, den: 4", ASSAY_E_RANGE, 7, 22, "expected 1 to 4, found 5");
    refused("num: 1, den: 2", "num: 1, den: 0", ASSAY_E_RANGE, 8, 28, "vendor_cap.den");
    refused("num: 1, den: 2", "num: 1, den: 10001", ASSAY_E_RANGE, 8, 28, "expected 1 to 10000");
    refused("plan_version: 1", "plan_version: 9", ASSAY_E_VERSION, 1, 15, "found 9");
}

Test(apps_plan, refuses_a_time_that_is_none)
{
    static const char *const bad[] = { "yesterday", "2026-01-31", "2026-02-30T12:00:00Z",
                                       "1969-12-31T23:59:59Z", "\"2026-01-31T12:00:00Z \"" };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char line[64];
        (void)snprintf(line, sizeof line, "time: %s", bad[i]);
        refused("time: 2026-01-31T12:00:00Z", line, ASSAY_E_SYNTAX, 3, 7,
                "time: expected RFC 3339");
    }
}

Test(apps_plan, refuses_names_that_could_deceive_a_reader)
{
    static const char *const bad[] = { "\"al pha\"", "\"al\\tpha\"", "\"al\\e[2Jpha\"",
                                       "\"älpha\"",  "\"a/b\"",      "\"a'b\"" };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char line[64];
        (void)snprintf(line, sizeof line, "name: %s", bad[i]);
        refused("name: alpha", line, ASSAY_E_SYNTAX, 10, 11, "operators[0].name: expected 1 to 63");
    }
    char longest[96] = "name: ", *at = longest + 6;
    memset(at, 'n', 64);
    refused("name: alpha", longest, ASSAY_E_SYNTAX, 10, 11, "operators[0].name");
    at[63] = '\0';
    refused("name: alpha", longest, ASSAY_E_NOT_FOUND, 15, 15, "no operator of this plan");
}

Test(apps_plan, refuses_two_operators_of_one_name_and_members_of_none)
{
    refused("beta.example\n", "alpha\n", ASSAY_E_DUPLICATE, 12, 11, "operators[1].name: alpha");
    refused("operator: alpha", "operator: gamma", ASSAY_E_NOT_FOUND, 15, 15,
            "members[0].operator: no operator of this plan is named \"gamma\"");
    refused("a1a1\"", "a1\"", ASSAY_E_SYNTAX, 11, 17, "operators[0].public_key: expected 128");
}

Test(apps_plan, refuses_empty_lists)
{
    cr_expect_eq(load_plan("collateral: [vendor-1, /v2]", "collateral: []"), ASSAY_E_SYNTAX);
    cr_expect_not_null(strstr(message, "collateral"), "%s", message);
    char rest[2048];
    (void)snprintf(rest, sizeof rest, "%s", strstr(good_plan, "members:"));
    cr_expect_eq(load_plan(rest, "members: []\n"), ASSAY_E_SYNTAX);
    cr_expect_not_null(strstr(message, "members"), "%s", message);
}

Test(apps_plan, refuses_a_folder_too_many)
{
    char list[1024] = "collateral: [";
    size_t len = strlen(list);
    for (int i = 0; i < ASSAY_PLAN_COLLATERAL_MAX; i++)
        len += (size_t)snprintf(list + len, sizeof list - len, "%sv%d", i ? ", " : "", i);
    (void)snprintf(list + len, sizeof list - len, "]");
    cr_expect_eq(load_plan("collateral: [vendor-1, /v2]", list), ASSAY_OK, "%s", message);
    cr_expect_eq(plan->collateral_count, ASSAY_PLAN_COLLATERAL_MAX);
    (void)snprintf(list + len, sizeof list - len, ", more]");
    cr_expect_eq(load_plan("collateral: [vendor-1, /v2]", list), ASSAY_E_SYNTAX);
    cr_expect_not_null(strstr(message, "collateral"), "%s", message);
}

/* ------------------------------------------------------------ cards */

static char good_card[1024];

static void make_card(void)
{
    uint8_t identity[64], node_id[32];
    char id[65];
    for (size_t i = 0; i < sizeof identity; i++)
        identity[i] = 0xc3;
    assay_sha256(identity, sizeof identity, node_id);
    assay_hex_encode(node_id, sizeof node_id, id, sizeof id);
    (void)snprintf(
        good_card, sizeof good_card,
        "card_version: 1\nname: \"node-1\"\nnode_id: \"%s\"\n"
        "identity_public: \"" HEX64("c3") "\"\nbootstrap_public: \"" HEX32(
            "d4") "\"\n"
                  "voting_public: \"" HEX64("e5") "\"\ntransport_public: \"" HEX32("f6") "\"\n",
        id);
}

static enum assay_status load_card(const char *from, const char *to)
{
    char text[4096];
    make_card();
    const size_t len = replaced(good_card, from, to, text);
    return assay_node_card_load(folder_put(&folder, "node.yaml", text, len, 0644), &card, message);
}

Test(apps_card, reads_every_key)
{
    cr_assert_eq(load_card("name", "name"), ASSAY_OK, "%s", message);
    cr_expect_str_eq(card.name, "node-1");
    uint8_t expected[32];
    assay_sha256(card.identity_public, sizeof card.identity_public, expected);
    cr_expect_arr_eq(card.node_id, expected, 32);
    cr_expect_eq(card.identity_public[63], 0xc3);
    cr_expect_eq(card.bootstrap_public[31], 0xd4);
    cr_expect_eq(card.voting_public[63], 0xe5);
    cr_expect_eq(card.transport_public[31], 0xf6);
}

Test(apps_card, refuses_an_id_that_is_not_the_digest_of_the_key)
{
    expect_message("node.yaml", load_card("\"c3", "\"c4"), ASSAY_E_KEY, 3, 10,
                   "node_id: is not the SHA-256 of identity_public");
    cr_expect_str_empty(card.name, "the output was touched");
}

Test(apps_card, refuses_what_does_not_fit)
{
    expect_message("node.yaml", load_card("card_version: 1", "card_version: 2"), ASSAY_E_VERSION, 1,
                   15, "card_version");
    expect_message("node.yaml", load_card("node-1", "node 1"), ASSAY_E_SYNTAX, 2, 7, "name");
    expect_message("node.yaml", load_card("\"d4", "\""), ASSAY_E_SYNTAX, 5, 19,
                   "bootstrap_public: expected 64 hexadecimal digits");
    expect_message("node.yaml", load_card("\"e5", "\"x5"), ASSAY_E_SYNTAX, 6, 16, "voting_public");
    expect_message("node.yaml", load_card("\"f6", "\"f6f6"), ASSAY_E_SYNTAX, 7, 19,
                   "transport_public");
    expect_message("node.yaml", load_card("name:", "nome:"), ASSAY_E_SYNTAX, 2, 1,
                   "unknown key \"nome\"; is \"name\" meant?");
}

Test(apps_card, every_truncation_is_refused_and_leaves_the_output_alone)
{
    make_card();
    const size_t whole = strlen(good_card);
    for (size_t len = 0; len + 2 < whole; len += 7) { /* the last two bytes close a quote, a line */
        const char *path = folder_put(&folder, "node.yaml", good_card, len, 0644);
        cr_expect_neq(assay_node_card_load(path, &card, message), ASSAY_OK, "at %zu", len);
        cr_expect_str_empty(card.name);
    }
}

/* --- services */

static const char services_plan[] =
    "services:\n"
    "  groups:\n"
    "    - { name: vault, size: 5, instances: 16 }\n"
    "    - { name: other, size: 3 }\n"
    "  shares: { clusters: 2 }\n"
    "  tasks:\n"
    "    balances:\n"
    "      - { account: \"" HEX32("bb") "\", amount: \"7\" }\n"
                                        "      - { account: \"" HEX32(
                                            "aa") "\", amount: \"1000\" }\n";

static enum assay_status load_services(const char *from, const char *to)
{
    char changed[4096], text[8192];
    const size_t len = replaced(services_plan, from, to, changed);
    const int all = snprintf(text, sizeof text, "%s%.*s", good_plan, (int)len, changed);
    cr_assert(all > 0 && all < (int)sizeof text);
    return assay_plan_load(folder_put(&folder, "plan.yaml", text, (size_t)all, 0644), plan,
                           message);
}

Test(apps_plan, services_have_groups_shares_and_accounts)
{
    cr_assert_eq(load_services("vault", "vault"), ASSAY_OK, "%s", message);
    const struct assay_registry_plan *s = &plan->services;
    cr_assert(plan->has_services);
    cr_expect_eq(s->group_count, 2);
    cr_expect_str_eq(s->group[0].name, "vault");
    cr_expect_eq(s->group[0].size, 5);
    cr_expect_eq(s->group[0].instances_max, 16);
    cr_expect_eq(s->group[1].instances_max, 256);
    cr_assert(s->has_shares);
    cr_expect_eq(s->shares.clusters, 2);
    cr_expect_eq(s->shares.slots, 5);
    cr_expect_eq(s->shares.k, 3);
    cr_expect_eq(s->shares.confirmations, 5);
    cr_assert(s->has_tasks);
    cr_expect_eq(s->tasks.balance_count, 2);
    cr_expect_eq(s->tasks.balance[0].account[0], 0xaa, "accounts ascend");
    cr_expect_eq(s->tasks.balance[0].amount, 1000);
}

Test(apps_plan, a_plan_without_services_has_none)
{
    cr_assert_eq(load_plan("plan_version", "plan_version"), ASSAY_OK, "%s", message);
    cr_expect_not(plan->has_services);
}

static const char identity_section[] =
    "  identity:\n"
    "    trust_domain: prod.example.org\n"
    "    issuer: https://id.example.org/assay\n"
    "    names:\n"
    "      - name: web\n"
    "        min_standing: full\n"
    "        references:\n"
    "          - { field: mrtd, value: \"" HEX16("bb")
        HEX32("bb") "\" }\n"
                    "          - { field: mrenclave, value: \"" HEX32(
                        "aa") "\" }\n"
                              "      - name: api\n"
                              "        references: [{ field: mrenclave, value: \"" HEX32(
                                  "cc") "\" }]\n"
                                        "  shares: { clusters: 2 }\n";

static enum assay_status load_identity(const char *from, const char *to)
{
    char changed[4096];
    (void)replaced(identity_section, from, to, changed);
    return load_services("  shares: { clusters: 2 }\n", changed);
}

Test(apps_plan, a_group_key_has_what_signing_needs)
{
    const struct assay_registry_plan *s = &plan->services;
    cr_assert_eq(load_identity("web", "web"), ASSAY_OK, "%s", message);
    cr_assert(s->has_identity);
    cr_expect_str_eq(s->identity.trust_domain, "prod.example.org");
    cr_expect_str_eq(s->identity.issuer, "https://id.example.org/assay");
    cr_expect_eq(s->identity.validity_s, 900);
    cr_expect_eq(s->identity.refresh, 1440);
    cr_expect(s->identity.replaces_lost_key);
    cr_assert_eq(s->identity.grant_count, 2);
    cr_expect_str_eq(s->identity.grant[0].name, "api", "names ascend");
    cr_expect_not(s->identity.grant[0].needs_full);
    cr_expect(s->identity.grant[1].needs_full);
    cr_assert_eq(s->identity.grant[1].reference_count, 2);
    cr_expect_eq(s->identity.grant[1].reference[0].value_len, 32, "fields ascend");
    cr_expect_eq(s->identity.grant[1].reference[1].value[47], 0xbb);
    cr_assert_eq(load_identity("    names:\n", "    rollover: manual\n    refresh: 64\n"
                                               "    validity: 300\n    names:\n"),
                 ASSAY_OK, "%s", message);
    cr_expect_not(s->identity.replaces_lost_key);
    cr_expect_eq(s->identity.refresh, 64);
    cr_expect_eq(s->identity.validity_s, 300);
}

/* docs/identity.md 3.15: a year, an hour and twice the validity, in epochs of the network. */
Test(apps_plan, epochs_of_ca_numbers_follow_from_the_length_of_an_epoch)
{
    const struct assay_registry_plan *s = &plan->services;
    cr_assert_eq(load_identity("web", "web"), ASSAY_OK, "%s", message);
    const uint64_t t = plan->parameters.epoch_ms;
    cr_expect_eq(s->identity.rollover, (365 * 86400000ULL + t - 1) / t);
    cr_expect_eq(s->identity.next_epochs, t >= 56250 ? 64 : (3600000 + t - 1) / t);
    cr_expect_eq(s->identity.old_epochs, t >= 28125 ? 64 : (1800000 + t - 1) / t);
    cr_expect_eq(s->identity.replaced + s->identity.retired, 0);
    cr_assert_eq(load_identity("    names:\n", "    rollover_epochs: 256\n    next_epochs: 64\n"
                                               "    old_epochs: 67108864\n    replace: 2\n"
                                               "    retire: 1\n    names:\n"),
                 ASSAY_OK, "%s", message);
    cr_expect_eq(s->identity.rollover, 256);
    cr_expect_eq(s->identity.next_epochs, 64);
    cr_expect_eq(s->identity.old_epochs, 67108864);
    cr_expect_eq(s->identity.replaced, 2);
    cr_expect_eq(s->identity.retired, 1);
    cr_assert_eq(load_identity("    names:\n", "    rollover_epochs: 0\n    names:\n"), ASSAY_OK);
    cr_expect_eq(s->identity.rollover, 0, "never");
}

Test(apps_plan, what_a_group_key_cannot_be_is_said)
{
    static const struct {
        const char *from, *to;
        enum assay_status status;
        const char *words;
    } wrong[] = {
        { "    trust_domain: prod.example.org\n", "", ASSAY_E_NOT_FOUND, "expected a DNS name" },
        { "prod.example.org", "Prod.example.org", ASSAY_E_SYNTAX,
          "services.identity.trust_domain" },
        { "    issuer: https://id.example.org/assay\n", "", ASSAY_E_NOT_FOUND, "an https URL" },
        { "https://id", "http://id", ASSAY_E_SYNTAX, "services.identity.issuer" },
        { "org/assay", "org/assay/", ASSAY_E_SYNTAX, "and / at its end" },
        { "    names:\n", "    validity: 299\n    names:\n", ASSAY_E_RANGE, "identity.validity" },
        { "    names:\n", "    refresh: 63\n    names:\n", ASSAY_E_RANGE, "identity.refresh" },
        { "    names:\n", "    rollover_epochs: 255\n    names:\n", ASSAY_E_RANGE, "0 (never)" },
        { "    names:\n", "    next_epochs: 63\n    names:\n", ASSAY_E_RANGE, "next_epochs" },
        { "    names:\n", "    old_epochs: 64\n    validity: 86400\n    names:\n", ASSAY_E_RANGE,
          "twice the validity" },
        { "    names:\n", "    retire: 1048577\n    names:\n", ASSAY_E_RANGE, "identity.retire" },
        { "    names:\n", "    rollover: off\n    names:\n", ASSAY_E_SYNTAX, "auto or manual" },
        { "name: web", "name: node", ASSAY_E_SYNTAX, "services.identity.names[0].name" },
        { "name: web", "name: api", ASSAY_E_DUPLICATE, "api is named twice" },
        { "min_standing: full", "min_standing: suspended", ASSAY_E_SYNTAX, "full or warning" },
        { "field: mrtd", "field: mrtx", ASSAY_E_NOT_FOUND, "such as mrenclave or mrtd" },
        { "field: mrtd", "field: mrsigner", ASSAY_E_SYNTAX, "names[0].references[0].value" },
        { "value: \"bb", "value: \"gg", ASSAY_E_SYNTAX, "names[0].references[0].value" },
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        cr_expect_eq(load_identity(wrong[i].from, wrong[i].to), wrong[i].status, "%zu: %s", i,
                     message);
        cr_expect(strstr(message, wrong[i].words) != NULL, "%zu: %s", i, message);
    }
}

/* Four groups as large as they may be: with those that there are too many instances together. */
#define LARGE_GROUP(name) "    - { name: " name ", size: 3, instances: 10240 }\n"
#define MORE_GROUPS       LARGE_GROUP("p") LARGE_GROUP("q") LARGE_GROUP("r") LARGE_GROUP("s")

Test(apps_plan, what_services_cannot_be_is_said)
{
    static const struct {
        const char *from, *to;
        enum assay_status status;
        const char *words;
    } wrong[] = {
        { "size: 5", "size: 4", ASSAY_E_RANGE, "expected 3, 5 or 7, found 4" },
        { "size: 5", "size: 9", ASSAY_E_RANGE, "services.groups[0].size" },
        { "name: other", "name: vault", ASSAY_E_DUPLICATE, "vault is named twice" },
        { "instances: 16", "instances: 20000", ASSAY_E_RANGE, "services.groups[0].instances" },
        { "  groups:\n", "  groups:\n" MORE_GROUPS, ASSAY_E_RANGE, "at most 40" },
        { "clusters: 2", "slots: 5", ASSAY_E_NOT_FOUND, "expected how many clusters" },
        { "clusters: 2", "clusters: 2, threshold: 9", ASSAY_E_RANGE, "services.shares.threshold" },
        { "clusters: 2", "clusters: 2, threshold: 4", ASSAY_E_RANGE,
          "at most 3, which is 2 less than slots, found 4: one holder that is silent would stop" },
        { "clusters: 2", "clusters: 2, slots: 4, threshold: 3", ASSAY_E_RANGE, "at most 2" },
        { "clusters: 2", "clusters: 2, slots: 3", ASSAY_E_RANGE, "services.shares.slots" },
        { "clusters: 2", "clusters: 9", ASSAY_E_RANGE, "services.shares.clusters" },
        { "amount: \"7\"", "amount: \"x\"", ASSAY_E_SYNTAX, "at most 19 digits" },
        { "amount: \"7\"", "amount: \"07\"", ASSAY_E_SYNTAX, "at most 19 digits" },
        { HEX32("bb"), HEX32("aa"), ASSAY_E_DUPLICATE, "services" },
        { HEX32("bb"), "bb", ASSAY_E_SYNTAX, "services.tasks.balances[0].account" },
        { "  tasks:\n", "  jobs:\n", ASSAY_E_SYNTAX, "jobs" },
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        cr_expect_eq(load_services(wrong[i].from, wrong[i].to), wrong[i].status, "%zu: %s", i,
                     message);
        cr_expect(strstr(message, wrong[i].words) != NULL, "%zu: %s", i, message);
    }
}
