/*
 * tests/unit/services/test_plan.c - tests of the plan of services.
 *
 * Which services a network has (docs/services.md 7.1): one plan has one encoding, and nothing else
 * is a plan.
 */
#include "services/continuity/entry.h"
#include "services/identity/ceremony.h"
#include "services/registry/kind.h"
#include "services/registry/plan.h"
#include "services/shares/cluster.h"
#include "tests/support/services/identity_plan.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct assay_registry_plan plan_of_all(void)
{
    struct assay_registry_plan plan = { .group_count = 2, .has_shares = true, .has_tasks = true };
    plan.group[0].name[0] = 'a';
    plan.group[0].size = 3;
    plan.group[0].instances_max = 1;
    for (size_t i = 0; i < ASSAY_PLAN_NAME_MAX; i++)
        plan.group[1].name[i] = "aZ09._-"[i % 7];
    plan.group[1].size = 7;
    plan.group[1].instances_max = ASSAY_CONT_INSTANCES_MAX;
    plan.shares.clusters = 8;
    plan.shares.slots = 16;
    plan.shares.k = 2;
    plan.shares.confirmations = 16;
    plan.shares.ids_max = 4096;
    plan.tasks.accounts_max = 1024;
    plan.tasks.tasks_max = 512;
    plan.tasks.balance_count = 3;
    for (uint32_t i = 0; i < 3; i++) {
        plan.tasks.balance[i].account[31] = (uint8_t)i;
        plan.tasks.balance[i].amount = i == 2 ? UINT64_MAX - 1 : i;
    }
    return plan;
}

static enum assay_status encode(const struct assay_registry_plan *plan, uint8_t *bytes,
                                struct assay_slice *out)
{
    struct assay_writer w = assay_writer_over(bytes, ASSAY_PLAN_LEN_MAX);
    *out = assay_slice_over(bytes, 0);
    ASSAY_TRY(assay_registry_plan_encode(plan, &w));
    return assay_writer_finish(&w, out);
}

Test(plan, what_is_written_is_read)
{
    static uint8_t bytes[ASSAY_PLAN_LEN_MAX], again[ASSAY_PLAN_LEN_MAX];
    for (uint32_t has = 1; has < 16; has++) {
        struct assay_registry_plan plan = plan_of_all(), read;
        struct assay_slice out, other;
        if (!(has & 1)) plan.group_count = 0;
        plan.has_shares = has >> 1 & 1;
        plan.has_tasks = has >> 2 & 1;
        if ((has >> 3 & 1) != 0) identity_plan_set(&plan, 64);
        cr_assert_eq(encode(&plan, bytes, &out), ASSAY_OK);
        cr_assert_eq(assay_registry_plan_decode(out, &read), ASSAY_OK);
        cr_expect_eq(read.group_count, plan.group_count);
        cr_expect_eq(read.has_shares, plan.has_shares);
        cr_expect_eq(read.has_tasks, plan.has_tasks);
        cr_expect_eq(read.has_identity, plan.has_identity);
        cr_expect_eq(read.identity.refresh, plan.identity.refresh);
        cr_assert_eq(encode(&read, again, &other), ASSAY_OK);
        cr_expect(assay_slice_equal(out, other));
    }
}

Test(plan, one_at_its_limits_has_room)
{
    static uint8_t bytes[ASSAY_PLAN_LEN_MAX];
    struct assay_registry_plan plan = plan_of_all(), read;
    struct assay_slice out;
    plan.group_count = ASSAY_PLAN_GROUPS_MAX;
    for (uint32_t i = 0; i < plan.group_count; i++) {
        plan.group[i] = plan.group[1];
        plan.group[i].name[0] = (char)('a' + i);
        plan.group[i].instances_max =
            ASSAY_PLAN_PAGES_MAX / ASSAY_PLAN_GROUPS_MAX * ASSAY_PLAN_PAGE_ROWS;
    }
    plan.tasks.balance_count = ASSAY_PLAN_BALANCES_MAX;
    for (uint32_t i = 0; i < plan.tasks.balance_count; i++) {
        plan.tasks.balance[i].account[0] = (uint8_t)i;
        plan.tasks.balance[i].amount = UINT64_MAX / ASSAY_PLAN_BALANCES_MAX;
    }
    identity_plan_set(&plan, 64);
    memset(plan.identity.issuer + 8, 'a', ASSAY_CREDENTIAL_ISSUER_MAX - 8);
    plan.identity.grant_count = ASSAY_PLAN_GRANTS_MAX;
    for (uint32_t i = 0; i < ASSAY_PLAN_GRANTS_MAX; i++) {
        struct assay_plan_grant *grant = &plan.identity.grant[i];
        memset(grant->name, (int)('a' + i), ASSAY_PLAN_NAME_MAX);
        grant->reference_count = ASSAY_PLAN_REFERENCES_MAX;
        for (uint32_t k = 0; k < ASSAY_PLAN_REFERENCES_MAX; k++) {
            grant->reference[k].field = ASSAY_PLAN_FIELD_MAX;
            grant->reference[k].value_len = ASSAY_PLAN_REFERENCE_LEN;
            grant->reference[k].value[0] = (uint8_t)k;
        }
    }
    cr_assert_eq(encode(&plan, bytes, &out), ASSAY_OK);
    cr_assert_eq(assay_registry_plan_decode(out, &read), ASSAY_OK);
    struct assay_writer small = assay_writer_over(bytes, out.len - 1);
    cr_expect_eq(assay_registry_plan_encode(&plan, &small), ASSAY_E_FULL);
}

/* The bytes of the plan that is `bad` in one field; written around what encode refuses. */
static void refused(enum assay_status expected, struct assay_registry_plan bad, const char *why)
{
    static uint8_t bytes[ASSAY_PLAN_LEN_MAX];
    struct assay_slice out;
    cr_expect_eq(assay_registry_plan_check(&bad), expected, "%s", why);
    cr_expect_eq(encode(&bad, bytes, &out), expected, "%s", why);
    cr_expect_eq(out.len, 0);
}

#define REFUSED(status, field, value)                                                              \
    do {                                                                                           \
        struct assay_registry_plan bad_ = plan_of_all();                                           \
        bad_.field = value;                                                                        \
        refused(status, bad_, #field " = " #value);                                                \
    } while (0)

Test(plan, every_number_has_its_limits)
{
    REFUSED(ASSAY_E_RANGE, group_count, ASSAY_PLAN_GROUPS_MAX + 1);
    REFUSED(ASSAY_E_RANGE, group[0].size, 4);
    REFUSED(ASSAY_E_RANGE, group[0].size, 9);
    REFUSED(ASSAY_E_RANGE, group[1].instances_max, 0);
    REFUSED(ASSAY_E_RANGE, group[1].instances_max, ASSAY_CONT_INSTANCES_MAX + 1);
    REFUSED(ASSAY_E_RANGE, shares.clusters, 0);
    REFUSED(ASSAY_E_RANGE, shares.clusters, ASSAY_SHARE_CLUSTERS_MAX + 1);
    REFUSED(ASSAY_E_RANGE, shares.slots, 1);
    REFUSED(ASSAY_E_RANGE, shares.slots, ASSAY_SHARE_SLOTS_MAX + 1);
    REFUSED(ASSAY_E_RANGE, shares.k, 1);
    REFUSED(ASSAY_E_RANGE, shares.k, ASSAY_SHARE_K_MAX + 1);
    REFUSED(ASSAY_E_RANGE, shares.confirmations, 1);
    REFUSED(ASSAY_E_RANGE, shares.confirmations, 17);
    REFUSED(ASSAY_E_RANGE, shares.ids_max, 0);
    REFUSED(ASSAY_E_RANGE, shares.ids_max, ASSAY_SHARE_IDS_MAX + 1);
    REFUSED(ASSAY_E_RANGE, tasks.accounts_max, 0);
    REFUSED(ASSAY_E_RANGE, tasks.accounts_max, ASSAY_TASK_ACCOUNTS_MAX + 1);
    REFUSED(ASSAY_E_RANGE, tasks.accounts_max, 2);
    REFUSED(ASSAY_E_RANGE, tasks.tasks_max, 0);
    REFUSED(ASSAY_E_RANGE, tasks.tasks_max, ASSAY_TASK_TASKS_MAX + 1);
    REFUSED(ASSAY_E_RANGE, tasks.balance_count, ASSAY_PLAN_BALANCES_MAX + 1);
    REFUSED(ASSAY_E_RANGE, tasks.balance[2].amount, UINT64_MAX);
    REFUSED(ASSAY_E_ENCODING, tasks.balance[1].account[31], 0);
    REFUSED(ASSAY_E_ENCODING, tasks.balance[0].account[0], 1);
    refused(ASSAY_E_RANGE, (struct assay_registry_plan){ 0 }, "a plan of nothing");
}

Test(plan, names_are_fit_and_differ)
{
    REFUSED(ASSAY_E_SYNTAX, group[0].name[0], 0);
    REFUSED(ASSAY_E_SYNTAX, group[0].name[0], '/');
    REFUSED(ASSAY_E_SYNTAX, group[0].name[0], ' ');
    REFUSED(ASSAY_E_SYNTAX, group[0].name[0], (char)0xc3);
    REFUSED(ASSAY_E_SYNTAX, group[1].name[ASSAY_PLAN_NAME_MAX], 'x');
    struct assay_registry_plan twice = plan_of_all();
    twice.group[1] = twice.group[0];
    refused(ASSAY_E_DUPLICATE, twice, "one name twice");
    twice.group[1].name[1] = 'a';
    cr_expect_eq(assay_registry_plan_check(&twice), ASSAY_OK, "a name may begin another");
}

Test(plan, no_other_bytes_are_that_plan)
{
    static uint8_t bytes[ASSAY_PLAN_LEN_MAX], again[ASSAY_PLAN_LEN_MAX];
    struct assay_registry_plan plan = plan_of_all(), read;
    struct assay_slice out, other;
    uint32_t taken = 0;
    cr_assert_eq(encode(&plan, bytes, &out), ASSAY_OK);
    for (size_t bit = 0; bit < 8 * out.len; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (assay_registry_plan_decode(out, &read) == ASSAY_OK) {
            cr_assert_eq(encode(&read, again, &other), ASSAY_OK);
            cr_assert(assay_slice_equal(out, other), "bit %zu", bit);
            taken++;
        }
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    cr_expect_gt(taken, 100, "another name or amount is another plan");
    for (size_t len = 0; len < out.len; len++) {
        uint8_t *exact = malloc(len + 1);
        assay_bytes_copy(exact, len + 1, bytes, len);
        cr_expect_neq(assay_registry_plan_decode(assay_slice_over(exact, len), &read), ASSAY_OK);
        free(exact);
    }
    bytes[out.len] = 0;
    cr_expect_eq(assay_registry_plan_decode(assay_slice_over(bytes, out.len + 1), &read),
                 ASSAY_E_TRAILING);
}

/* What encode does not write: decode refuses it by itself. */
Test(plan, what_is_read_has_the_same_limits)
{
    static uint8_t bytes[ASSAY_PLAN_LEN_MAX];
    struct assay_registry_plan plan = plan_of_all(), read;
    struct assay_slice out;
    cr_assert_eq(encode(&plan, bytes, &out), ASSAY_OK);
    /* [4 items, 17 characters, [2 groups, [3 items, 1 character, its size */
    const size_t name = 1 + 1 + 17 + 1 + 1 + 1;
    cr_assert_eq(bytes[name], 'a');
    bytes[name] = '/';
    cr_expect_eq(assay_registry_plan_decode(out, &read), ASSAY_E_SYNTAX);
    bytes[name] = 0;
    cr_expect_eq(assay_registry_plan_decode(out, &read), ASSAY_E_SYNTAX);
    bytes[name] = 'a';
    bytes[name + 1] = 4;
    cr_expect_eq(assay_registry_plan_decode(out, &read), ASSAY_E_RANGE);
    bytes[name + 1] = 3;
    cr_expect_eq(assay_registry_plan_decode(out, &read), ASSAY_OK);
    static const uint8_t nothing[] = "\x84\x71"
                                     "assay/services/v1\x80\xf6\xf6";
    cr_expect_eq(assay_registry_plan_decode(assay_slice_over(nothing, sizeof nothing - 1), &read),
                 ASSAY_E_RANGE);
}

/* --- plans that follow one another (docs/protocol.md 12.7) */

static bool extends(const struct assay_registry_plan *before,
                    const struct assay_registry_plan *after)
{
    const char *why = "";
    const enum assay_status status = assay_registry_plan_extends(before, after, &why);
    cr_assert(status == ASSAY_OK || status == ASSAY_E_INVALID);
    cr_assert_eq(status == ASSAY_OK, why[0] == 0, "what is refused is refused with a reason");
    return status == ASSAY_OK;
}

Test(plan, what_there_is_stays_and_something_is_added)
{
    struct assay_registry_plan all = plan_of_all(), less = all;
    cr_expect(extends(NULL, &all));
    cr_expect_not(extends(&all, &all), "nothing is added");
    less.has_tasks = false;
    cr_expect(extends(&less, &all));
    cr_expect_not(extends(&all, &less), "tasks are gone");
    less = all;
    less.has_shares = false;
    cr_expect(extends(&less, &all));
    cr_expect_not(extends(&all, &less), "shares are gone");
    less = all;
    less.group_count--;
    cr_expect(extends(&less, &all));
    cr_expect_not(extends(&all, &less), "a group is gone");
    less.has_tasks = less.has_shares = false;
    cr_expect(extends(&less, &all), "several at once");
}

Test(plan, nothing_that_there_is_is_changed)
{
    const struct assay_registry_plan before = plan_of_all();
    struct assay_registry_plan more = before, after;
    more.group_count = before.group_count + 1;
    more.group[before.group_count] = before.group[0];
    more.group[before.group_count].name[1] = 'z';
    cr_assert(extends(&before, &more));
#define CHANGED(field, value)                                                                      \
    do {                                                                                           \
        after = more;                                                                              \
        after.field = value;                                                                       \
        cr_expect_not(extends(&before, &after), #field);                                           \
    } while (0)
    CHANGED(group[0].size, before.group[0].size + 2);
    CHANGED(group[0].instances_max, before.group[0].instances_max + 1);
    CHANGED(group[1].name[0], 'y');
    CHANGED(shares.clusters, before.shares.clusters + 1);
    CHANGED(shares.slots, before.shares.slots + 1);
    CHANGED(shares.k, before.shares.k + 1);
    CHANGED(shares.confirmations, before.shares.confirmations + 1);
    CHANGED(shares.ids_max, before.shares.ids_max + 1);
    CHANGED(tasks.accounts_max, before.tasks.accounts_max + 1);
    CHANGED(tasks.tasks_max, before.tasks.tasks_max + 1);
    CHANGED(tasks.balance[0].amount, before.tasks.balance[0].amount + 1);
    CHANGED(tasks.balance[0].account[31], before.tasks.balance[0].account[31] ^ 1);
    CHANGED(tasks.balance_count, before.tasks.balance_count - 1);
#undef CHANGED
    after = more; /* a group's number is its place */
    after.group[0] = more.group[before.group_count];
    after.group[before.group_count] = more.group[0];
    cr_expect_not(extends(&before, &after), "another place");
}

Test(plan, services_are_added_beside_those_that_there_are)
{
    struct assay_registry_plan before = plan_of_all(), added = { 0 }, sum;
    const char *why = "";
    cr_assert_eq(assay_registry_plan_add(NULL, &before, &sum, &why), ASSAY_OK);
    cr_expect(assay_bytes_equal(&sum, &before, sizeof sum), "of nothing and a plan: the plan");
    added.group_count = 1;
    added.group[0] = before.group[0];
    cr_expect_eq(assay_registry_plan_add(&before, &added, &sum, &why), ASSAY_E_DUPLICATE);
    added.group[0].name[1] = 'z';
    cr_assert_eq(assay_registry_plan_add(&before, &added, &sum, &why), ASSAY_OK);
    cr_expect(extends(&before, &sum));
    cr_expect_eq(sum.group_count, before.group_count + 1);
    added.has_tasks = true;
    added.tasks = before.tasks;
    cr_expect_eq(assay_registry_plan_add(&before, &added, &sum, &why), ASSAY_E_DUPLICATE,
                 "tasks are there, with their balances, for good");
    before.has_tasks = false;
    before.tasks.balance_count = 0;
    cr_expect_eq(assay_registry_plan_add(&before, &added, &sum, &why), ASSAY_OK);
    added.has_shares = true;
    cr_expect_eq(assay_registry_plan_add(&before, &added, &sum, &why), ASSAY_E_DUPLICATE);
    before.group_count = ASSAY_PLAN_GROUPS_MAX;
    for (uint32_t i = 0; i < ASSAY_PLAN_GROUPS_MAX; i++) {
        before.group[i] = before.group[0];
        before.group[i].name[2] = (char)('0' + i);
        before.group[i].name[3] = 0;
    }
    added.has_shares = false;
    cr_expect_eq(assay_registry_plan_add(&before, &added, &sum, &why), ASSAY_E_FULL);
    cr_expect_gt(strlen(why), 0);
}

/* As many rows as a network can keep and hand over at each close (docs/services.md 7.1). */
Test(plan, groups_together_have_a_limit)
{
    struct assay_registry_plan before = plan_of_all(), added = { 0 }, sum;
    const char *why = "";
    uint8_t bytes[ASSAY_PLAN_LEN_MAX];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    before.group_count = 4;
    for (uint32_t i = 0; i < 4; i++) {
        before.group[i] = before.group[0];
        before.group[i].name[0] = (char)('a' + i);
        before.group[i].instances_max = ASSAY_CONT_INSTANCES_MAX;
    }
    cr_expect_eq(assay_registry_plan_encode(&before, &w), ASSAY_OK);
    before.group_count = 5;
    before.group[4] = before.group[0];
    before.group[4].name[0] = 'e';
    before.group[4].instances_max = 1;
    cr_expect_eq(assay_registry_plan_check(&before), ASSAY_E_RANGE, "a row more is a page more");
    added.group_count = 1;
    added.group[0] = before.group[4];
    before.group_count = 4;
    cr_expect_eq(assay_registry_plan_add(&before, &added, &sum, &why), ASSAY_E_FULL);
    cr_expect_gt(strlen(why), 0);
    before.group[3].instances_max -= ASSAY_PLAN_PAGE_ROWS;
    cr_expect_eq(assay_registry_plan_add(&before, &added, &sum, &why), ASSAY_OK);
    cr_expect_eq(assay_registry_plan_check(&sum), ASSAY_OK);
}

/* --- the group key (docs/identity.md 3.21) */

static struct assay_registry_plan plan_of_a_key(void)
{
    struct assay_registry_plan plan = plan_of_all();
    identity_plan_set(&plan, 64);
    plan.identity.grant_count = 2;
    for (uint32_t i = 0; i < 2; i++) {
        struct assay_plan_grant *grant = &plan.identity.grant[i];
        (void)snprintf(grant->name, sizeof grant->name, "%s", i == 0 ? "api" : "api-2");
        grant->needs_full = i == 0;
        grant->reference_count = 2;
        for (uint32_t k = 0; k < 2; k++) {
            grant->reference[k].field = 2;
            grant->reference[k].value_len = 48;
            grant->reference[k].value[0] = (uint8_t)(1 + k);
        }
    }
    return plan;
}

Test(plan, what_signing_needs_is_written_and_read)
{
    static uint8_t bytes[ASSAY_PLAN_LEN_MAX], again[ASSAY_PLAN_LEN_MAX];
    struct assay_registry_plan plan = plan_of_a_key(), read;
    struct assay_slice out, other;
    plan.identity.rollover = 256;
    plan.identity.next_epochs = 65;
    plan.identity.old_epochs = 66;
    plan.identity.replaced = 2;
    plan.identity.retired = 1;
    cr_assert_eq(encode(&plan, bytes, &out), ASSAY_OK);
    cr_assert_eq(assay_registry_plan_decode(out, &read), ASSAY_OK);
    cr_expect_str_eq(read.identity.trust_domain, "mesh.example");
    cr_expect_str_eq(read.identity.issuer, "https://id.mesh.example");
    cr_expect_eq(read.identity.validity_s, 900);
    cr_expect_eq(read.identity.rollover, 256);
    cr_expect_eq(read.identity.next_epochs, 65);
    cr_expect_eq(read.identity.old_epochs, 66);
    cr_expect_eq(read.identity.replaced, 2);
    cr_expect_eq(read.identity.retired, 1);
    cr_assert_eq(read.identity.grant_count, 2);
    cr_expect_str_eq(read.identity.grant[1].name, "api-2");
    cr_expect(read.identity.grant[0].needs_full && !read.identity.grant[1].needs_full);
    cr_expect_eq(read.identity.grant[1].reference[1].field, 2);
    cr_expect_eq(read.identity.grant[1].reference[1].value_len, 48);
    cr_expect_eq(read.identity.grant[1].reference[1].value[0], 2);
    for (size_t bit = 0; bit < 8 * out.len; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (assay_registry_plan_decode(out, &read) == ASSAY_OK) {
            cr_assert_eq(encode(&read, again, &other), ASSAY_OK);
            cr_assert(assay_slice_equal(out, other), "bit %zu", bit);
        }
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

/* Networks without a group key have these bytes in their genesis and their states. */
Test(plan, a_plan_without_a_key_has_the_bytes_that_it_always_had)
{
    static const uint8_t expected[] = "\x84\x71"
                                      "assay/services/v1\x81\x83\x61"
                                      "a\x03\x01\xf6\x83\x01\x01\x80";
    static uint8_t bytes[ASSAY_PLAN_LEN_MAX];
    struct assay_registry_plan plan = { .group_count = 1, .has_tasks = true };
    struct assay_slice out;
    plan.group[0].name[0] = 'a';
    plan.group[0].size = 3;
    plan.group[0].instances_max = 1;
    plan.tasks.accounts_max = plan.tasks.tasks_max = 1;
    cr_assert_eq(encode(&plan, bytes, &out), ASSAY_OK);
    cr_assert_eq(out.len, sizeof expected - 1);
    cr_expect_arr_eq(bytes, expected, out.len);
}

#define REFUSED_KEY(status, field, value)                                                          \
    do {                                                                                           \
        struct assay_registry_plan bad_ = plan_of_a_key();                                         \
        bad_.identity.field = value;                                                               \
        refused(status, bad_, #field " = " #value);                                                \
    } while (0)

Test(plan, what_signing_needs_has_limits)
{
    REFUSED_KEY(ASSAY_E_RANGE, refresh, ASSAY_CA_BAR_EPOCHS - 1);
    REFUSED_KEY(ASSAY_E_RANGE, refresh, ASSAY_CA_REFRESH_MAX + 1);
    REFUSED_KEY(ASSAY_E_RANGE, rollover, ASSAY_CA_ROLLOVER_MIN - 1);
    REFUSED_KEY(ASSAY_E_RANGE, rollover, ASSAY_CA_ROLLOVER_MAX + 1);
    REFUSED_KEY(ASSAY_E_RANGE, next_epochs, ASSAY_CA_OVERLAP_MIN - 1);
    REFUSED_KEY(ASSAY_E_RANGE, next_epochs, ASSAY_CA_OVERLAP_MAX + 1);
    REFUSED_KEY(ASSAY_E_RANGE, old_epochs, ASSAY_CA_OVERLAP_MIN - 1);
    REFUSED_KEY(ASSAY_E_RANGE, old_epochs, ASSAY_CA_OVERLAP_MAX + 1);
    REFUSED_KEY(ASSAY_E_RANGE, replaced, ASSAY_CA_ORDERED_MAX + 1);
    REFUSED_KEY(ASSAY_E_RANGE, retired, ASSAY_CA_ORDERED_MAX + 1);
    REFUSED_KEY(ASSAY_E_RANGE, validity_s, ASSAY_CREDENTIAL_VALIDITY_S_MIN - 1);
    REFUSED_KEY(ASSAY_E_RANGE, validity_s, ASSAY_CREDENTIAL_VALIDITY_S_MAX + 1);
    REFUSED_KEY(ASSAY_E_RANGE, grant_count, ASSAY_PLAN_GRANTS_MAX + 1);
    REFUSED_KEY(ASSAY_E_RANGE, grant[1].reference_count, 0);
    REFUSED_KEY(ASSAY_E_RANGE, grant[1].reference_count, ASSAY_PLAN_REFERENCES_MAX + 1);
    REFUSED_KEY(ASSAY_E_RANGE, grant[0].reference[0].value_len, 20);
    REFUSED_KEY(ASSAY_E_RANGE, grant[0].reference[0].value_len, 0);
    REFUSED_KEY(ASSAY_E_RANGE, grant[0].reference[1].field, ASSAY_PLAN_FIELD_MAX + 1);
    REFUSED_KEY(ASSAY_E_SYNTAX, trust_domain[0], 'E');
    REFUSED_KEY(ASSAY_E_SYNTAX, trust_domain[0], 0);
    REFUSED_KEY(ASSAY_E_SYNTAX, issuer[4], ':');
    REFUSED_KEY(ASSAY_E_SYNTAX, issuer[23], '/');
    REFUSED_KEY(ASSAY_E_SYNTAX, grant[0].name[0], 'A');
    REFUSED_KEY(ASSAY_E_SYNTAX, grant[0].name[0], 0);
    REFUSED_KEY(ASSAY_E_ENCODING, grant[0].name[0], 'b');
    REFUSED_KEY(ASSAY_E_ENCODING, grant[1].name[3], 0);
    REFUSED_KEY(ASSAY_E_ENCODING, grant[0].reference[0].value[0], 2);
    struct assay_registry_plan bad = plan_of_a_key();
    (void)snprintf(bad.identity.grant[1].name, sizeof bad.identity.grant[1].name, "%s", "svc");
    refused(ASSAY_E_SYNTAX, bad, "part of the names of all members");
    memset(bad.identity.issuer, 'a', sizeof bad.identity.issuer);
    refused(ASSAY_E_SYNTAX, bad, "an issuer without an end");
    bad.has_identity = false;
    cr_expect_eq(assay_registry_plan_check(&bad), ASSAY_OK, "of no group key");
}

/* docs/identity.md 3.21.1: relying parties know the network by trust domain and issuer; how long
 * products are valid, which names are granted and when shares are made again are the operators'. */
Test(plan, the_names_of_a_group_key_stay_and_its_terms_change)
{
    const struct assay_registry_plan before = plan_of_a_key();
    struct assay_registry_plan without = before, after, sum;
    const char *why = "";
    without.has_identity = false;
    cr_expect(extends(&without, &before));
    cr_expect_not(extends(&before, &without), "the key is gone");
    cr_expect_not(extends(&before, &before), "nothing changes");
#define CHANGED_KEY(field, value, fits)                                                            \
    do {                                                                                           \
        after = before;                                                                            \
        after.identity.field = value;                                                              \
        cr_expect_eq(extends(&before, &after), fits, #field);                                      \
        cr_assert_eq(assay_registry_plan_add(&before, &after, &sum, &why), ASSAY_E_DUPLICATE,      \
                     "groups, shares and tasks are there");                                        \
        after.group_count = 0;                                                                     \
        after.has_shares = after.has_tasks = false;                                                \
        cr_expect_eq(assay_registry_plan_add(&before, &after, &sum, &why) == ASSAY_OK, fits,       \
                     #field);                                                                      \
        if (fits) cr_expect(extends(&before, &sum), #field);                                       \
    } while (0)
    CHANGED_KEY(refresh, 65, true);
    CHANGED_KEY(replaces_lost_key, true, true);
    CHANGED_KEY(rollover, ASSAY_CA_ROLLOVER_MIN, true);
    CHANGED_KEY(next_epochs, 65, true);
    CHANGED_KEY(old_epochs, 65, true);
    CHANGED_KEY(replaced, 1, true);
    CHANGED_KEY(retired, 1, true);
    CHANGED_KEY(validity_s, 901, true);
    CHANGED_KEY(grant_count, 1, true);
    CHANGED_KEY(grant[1].name[4], '3', true);
    CHANGED_KEY(grant[1].needs_full, true, true);
    CHANGED_KEY(grant[1].reference_count, 1, true);
    CHANGED_KEY(grant[0].reference[1].field, 3, true);
    CHANGED_KEY(grant[0].reference[1].value[47], 9, true);
    CHANGED_KEY(trust_domain[0], 'x', false);
    CHANGED_KEY(issuer[8], 'x', false);
    CHANGED_KEY(insecure, true, false);
#undef CHANGED_KEY
    /* With terms of the key nothing else may change. */
    after = before;
    after.identity.validity_s = 901;
    after.shares.ids_max++;
    cr_expect_not(extends(&before, &after), "shares");
    after.shares.ids_max--;
    after.tasks.balance[0].amount++;
    cr_expect_not(extends(&before, &after), "money");
    /* Another service and other terms at once; a service alone leaves the terms. */
    struct assay_registry_plan added = { .group_count = 1 };
    added.group[0] = before.group[0];
    added.group[0].name[1] = 'z';
    added.group[0].instances_max = 8;
    struct assay_registry_plan fewer = before;
    fewer.group_count = 1;
    cr_assert_eq(assay_registry_plan_add(&fewer, &added, &sum, &why), ASSAY_OK);
    cr_expect_eq(sum.identity.validity_s, 900);
    added.has_identity = true;
    added.identity = before.identity;
    added.identity.validity_s = 600;
    cr_assert_eq(assay_registry_plan_add(&fewer, &added, &sum, &why), ASSAY_OK);
    cr_expect_eq(sum.identity.validity_s, 600);
    cr_expect(extends(&fewer, &sum));
}

/* A number that was retired is never trusted again (docs/identity.md 3.15). */
Test(plan, orders_about_ca_numbers_stay)
{
    struct assay_registry_plan before = plan_of_a_key(), after, sum;
    const char *why = "";
    before.identity.replaced = 2;
    before.identity.retired = 1;
    after = before;
    after.identity.retired = 0;
    cr_expect_not(extends(&before, &after), "retired before");
    after = before;
    after.identity.replaced = 1;
    cr_expect_not(extends(&before, &after), "replaced before");
    after.identity.replaced = 3;
    cr_expect(extends(&before, &after));
    struct assay_registry_plan added = { .has_identity = true, .identity = before.identity };
    added.identity.retired = added.identity.replaced = 0; /* a section that does not repeat them */
    added.identity.validity_s = 600;
    cr_assert_eq(assay_registry_plan_add(&before, &added, &sum, &why), ASSAY_OK);
    cr_expect_eq(sum.identity.retired, 1);
    cr_expect_eq(sum.identity.replaced, 2);
    cr_expect(extends(&before, &sum));
    added.identity.retired = 2;
    cr_assert_eq(assay_registry_plan_add(&before, &added, &sum, &why), ASSAY_OK);
    cr_expect_eq(sum.identity.retired, 2);
}

Test(plan, kinds_have_words)
{
    cr_expect_str_eq(assay_registry_kind_name(ASSAY_SERVICE_REPLICA), "replica");
    cr_expect_str_eq(assay_registry_kind_name(ASSAY_SERVICE_TASK_CLOSE), "task-close");
    cr_expect_eq(assay_registry_kind_name(0), NULL);
    cr_expect_eq(assay_registry_kind_name(ASSAY_SERVICE_KIND_COUNT), NULL);
}

/* --- digests of granted names (docs/protocol.md 2.17) */

/* SHA-256 of ["assay/name/v1", "api", [[2, 48 bytes], [2, 48 bytes]]] as this test writes it. */
static void expected_name_digest(uint8_t digest[static 32])
{
    static const uint8_t values[] = { 1, 2 }, zeros[47] = { 0 };
    uint8_t bytes[256];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_writer_put(&w,
                     "\x83\x6d"
                     "assay/name/v1"
                     "\x63"
                     "api"
                     "\x82",
                     20);
    for (uint32_t k = 0; k < 2; k++) {
        assay_writer_put(&w, "\x82\x02\x58\x30", 4);
        assay_writer_put(&w, &values[k], 1);
        assay_writer_put(&w, zeros, sizeof zeros);
    }
    cr_assert_not(w.full);
    assay_sha256(bytes, w.len, digest);
}

Test(plan, a_granted_name_has_the_digest_of_name_and_reference_values)
{
    const struct assay_registry_plan plan = plan_of_a_key();
    struct assay_plan_grant grant = plan.identity.grant[0];
    uint8_t digest[32], other[32];
    expected_name_digest(digest);
    assay_registry_plan_name_digest(&grant, other);
    cr_expect_arr_eq(other, digest, 32);
    grant.needs_full = !grant.needs_full;
    assay_registry_plan_name_digest(&grant, other);
    cr_expect_arr_eq(other, digest, 32, "the lowest standing is not in it");
    for (unsigned what = 0; what < 4; what++) {
        grant = plan.identity.grant[0];
        if (what == 0) grant.name[0] = 'b';
        if (what == 1) grant.reference_count = 1;
        if (what == 2) grant.reference[1].value[47] = 1;
        if (what == 3) grant.reference[1].field = 3;
        assay_registry_plan_name_digest(&grant, other);
        cr_expect_arr_neq(other, digest, 32, "%u", what);
    }
}

Test(plan, a_list_of_names_has_the_digest_of_all_of_them)
{
    struct assay_registry_plan plan = plan_of_a_key();
    uint8_t digest[32], other[32];
    assay_registry_plan_names_digest(&plan, digest);
    plan.identity.validity_s++;
    plan.identity.refresh++;
    assay_registry_plan_names_digest(&plan, other);
    cr_expect_arr_eq(other, digest, 32, "and of no other term");
    for (unsigned what = 0; what < 4; what++) {
        plan = plan_of_a_key();
        if (what == 0) plan.identity.grant_count = 1;
        if (what == 1) plan.identity.grant[1].needs_full = true;
        if (what == 2) plan.identity.grant[1].name[0] = 'b';
        if (what == 3) plan.identity.grant[0].reference[0].value[9] = 1;
        assay_registry_plan_names_digest(&plan, other);
        cr_expect_arr_neq(other, digest, 32, "%u", what);
    }
}
