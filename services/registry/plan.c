/*
 * services/registry/plan.c - codec and validation of the plan of services, canonical CBOR
 * (docs/services.md 7.1).
 */
#include "services/registry/plan.h"

#include "base/cbor.h"
#include "base/checked.h"
#include "base/crypto.h"
#include "base/dns_name.h"
#include "services/continuity/entry.h"
#include "services/identity/ceremony.h"
#include "services/shares/cluster.h"

enum { STANDING_FULL = 0, STANDING_WARNING = 1 }; /* encoded, as standings of the ledger */
enum { IDENTITY_ITEMS = 8, ROLLOVER_ITEMS = 5, IDENTITY_LEN_MAX = 4096 };

static const char type[] = "assay/services/v1";

/* --- validation */

static bool is_name_valid(const char *name)
{
    size_t len = 0;
    for (; len <= ASSAY_PLAN_NAME_MAX && name[len] != 0; len++) {
        const char c = name[len];
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        const bool digit = c >= '0' && c <= '9';
        if (!letter && !digit && c != '.' && c != '_' && c != '-') return false;
    }
    return len > 0 && len <= ASSAY_PLAN_NAME_MAX;
}

/* In: both valid. */
static bool is_same_name(const char *one, const char *other)
{
    return assay_bytes_equal(one, other, strlen(other) + 1);
}

static bool is_within(uint32_t number, uint32_t min, uint32_t max)
{
    return number >= min && number <= max;
}

/* Documents that rows of groups fill. In: instances_max of each within its limit. */
static uint32_t count_pages(const struct assay_registry_plan *plan)
{
    ASSAY_ASSERT(plan->group_count <= ASSAY_PLAN_GROUPS_MAX);
    uint32_t pages = 0;
    for (uint32_t i = 0; i < plan->group_count; i++)
        pages += (plan->group[i].instances_max + ASSAY_PLAN_PAGE_ROWS - 1) / ASSAY_PLAN_PAGE_ROWS;
    return pages;
}

static enum assay_status check_groups(const struct assay_registry_plan *plan)
{
    if (plan->group_count > ASSAY_PLAN_GROUPS_MAX) return ASSAY_E_RANGE;
    for (uint32_t i = 0; i < plan->group_count; i++) {
        if (!is_name_valid(plan->group[i].name)) return ASSAY_E_SYNTAX;
        if (!assay_cont_size_is_fit(plan->group[i].size) ||
            !is_within(plan->group[i].instances_max, 1, ASSAY_CONT_INSTANCES_MAX))
            return ASSAY_E_RANGE;
        for (uint32_t k = 0; k < i; k++)
            if (is_same_name(plan->group[k].name, plan->group[i].name)) return ASSAY_E_DUPLICATE;
    }
    return count_pages(plan) <= ASSAY_PLAN_PAGES_MAX ? ASSAY_OK : ASSAY_E_RANGE;
}

static bool are_shares_valid(const struct assay_registry_plan *plan)
{
    return is_within(plan->shares.clusters, 1, ASSAY_SHARE_CLUSTERS_MAX) &&
           is_within(plan->shares.k, ASSAY_SHARE_K_MIN, ASSAY_SHARE_K_MAX) &&
           is_within(plan->shares.slots, plan->shares.k, ASSAY_SHARE_SLOTS_MAX) &&
           is_within(plan->shares.confirmations, plan->shares.k, plan->shares.slots) &&
           is_within(plan->shares.ids_max, 1, ASSAY_SHARE_IDS_MAX);
}

static enum assay_status check_tasks(const struct assay_registry_plan *plan)
{
    uint64_t sum = 0;
    if (!is_within(plan->tasks.accounts_max, 1, ASSAY_TASK_ACCOUNTS_MAX) ||
        !is_within(plan->tasks.tasks_max, 1, ASSAY_TASK_TASKS_MAX) ||
        plan->tasks.balance_count > ASSAY_PLAN_BALANCES_MAX ||
        plan->tasks.balance_count > plan->tasks.accounts_max)
        return ASSAY_E_RANGE;
    for (uint32_t i = 0; i < plan->tasks.balance_count; i++) {
        const struct assay_task_balance *balance = &plan->tasks.balance[i];
        if (i > 0 && assay_bytes_compare(balance[-1].account, balance->account, 32) >= 0)
            return ASSAY_E_ENCODING;
        ASSAY_TRY(assay_add_u64(sum, balance->amount, &sum));
    }
    return ASSAY_OK;
}

/* A text of a plan. In: capacity: with its NUL. Returns: a text that is not terminated as too long
 * a one. */
static struct assay_slice text_of(const char *text, size_t capacity)
{
    size_t len = 0;
    while (len < capacity && text[len] != 0)
        len++;
    return assay_slice_over(text, len);
}

static int compare_references(const struct assay_plan_reference *a,
                              const struct assay_plan_reference *b)
{
    if (a->field != b->field) return a->field < b->field ? -1 : 1;
    if (a->value_len != b->value_len) return a->value_len < b->value_len ? -1 : 1;
    return assay_bytes_compare(a->value, b->value, a->value_len);
}

static enum assay_status check_grant(const struct assay_plan_grant *grant)
{
    const struct assay_slice name = text_of(grant->name, sizeof grant->name);
    if (!assay_credential_name_is_fit(name)) return ASSAY_E_SYNTAX;
    if (!is_within(grant->reference_count, 1, ASSAY_PLAN_REFERENCES_MAX)) return ASSAY_E_RANGE;
    for (uint32_t i = 0; i < grant->reference_count; i++) {
        const struct assay_plan_reference *one = &grant->reference[i];
        if (one->value_len != 32 && one->value_len != 48 && one->value_len != 64)
            return ASSAY_E_RANGE;
        if (one->field > ASSAY_PLAN_FIELD_MAX) return ASSAY_E_RANGE;
        if (i > 0 && compare_references(one - 1, one) >= 0) return ASSAY_E_ENCODING;
    }
    return ASSAY_OK;
}

static int compare_names(const char *a, const char *b)
{
    const struct assay_slice x = text_of(a, ASSAY_PLAN_NAME_MAX);
    const struct assay_slice y = text_of(b, ASSAY_PLAN_NAME_MAX);
    const int order = assay_bytes_compare(x.bytes, y.bytes, x.len < y.len ? x.len : y.len);
    if (order != 0 || x.len == y.len) return order;
    return x.len < y.len ? -1 : 1;
}

/* docs/identity.md 3.15. Rollover 0: never by age. */
static bool is_rollover_valid(const struct assay_registry_plan *plan)
{
    return (plan->identity.rollover == 0 ||
            is_within(plan->identity.rollover, ASSAY_CA_ROLLOVER_MIN, ASSAY_CA_ROLLOVER_MAX)) &&
           is_within(plan->identity.next_epochs, ASSAY_CA_OVERLAP_MIN, ASSAY_CA_OVERLAP_MAX) &&
           is_within(plan->identity.old_epochs, ASSAY_CA_OVERLAP_MIN, ASSAY_CA_OVERLAP_MAX) &&
           plan->identity.replaced <= ASSAY_CA_ORDERED_MAX &&
           plan->identity.retired <= ASSAY_CA_ORDERED_MAX;
}

static enum assay_status check_identity(const struct assay_registry_plan *plan)
{
    const struct assay_slice domain =
        text_of(plan->identity.trust_domain, sizeof plan->identity.trust_domain);
    const struct assay_slice issuer = text_of(plan->identity.issuer, sizeof plan->identity.issuer);
    if (!is_within(plan->identity.refresh, ASSAY_CA_BAR_EPOCHS, ASSAY_CA_REFRESH_MAX) ||
        !is_within(plan->identity.validity_s, ASSAY_CREDENTIAL_VALIDITY_S_MIN,
                   ASSAY_CREDENTIAL_VALIDITY_S_MAX) ||
        plan->identity.grant_count > ASSAY_PLAN_GRANTS_MAX || !is_rollover_valid(plan))
        return ASSAY_E_RANGE;
    if (!assay_dns_is_name(domain, ASSAY_CREDENTIAL_DOMAIN_MAX) ||
        !assay_credential_issuer_is_fit(issuer))
        return ASSAY_E_SYNTAX;
    for (uint32_t i = 0; i < plan->identity.grant_count; i++) {
        const struct assay_plan_grant *grant = &plan->identity.grant[i];
        ASSAY_TRY(check_grant(grant));
        if (i > 0 && compare_names(grant[-1].name, grant->name) >= 0) return ASSAY_E_ENCODING;
    }
    return ASSAY_OK;
}

enum assay_status assay_registry_plan_check(const struct assay_registry_plan *plan)
{
    if (plan->group_count == 0 && !plan->has_shares && !plan->has_tasks && !plan->has_identity)
        return ASSAY_E_RANGE;
    if (plan->has_identity) ASSAY_TRY(check_identity(plan));
    ASSAY_TRY(check_groups(plan));
    if (plan->has_shares && !are_shares_valid(plan)) return ASSAY_E_RANGE;
    return plan->has_tasks ? check_tasks(plan) : ASSAY_OK;
}

/* --- encoding */

static void encode_tasks(struct assay_writer *w, const struct assay_registry_plan *plan)
{
    ASSAY_ASSERT(plan->has_tasks && plan->tasks.balance_count <= ASSAY_PLAN_BALANCES_MAX);
    assay_cbor_put_array(w, 3);
    assay_cbor_put_uint(w, plan->tasks.accounts_max);
    assay_cbor_put_uint(w, plan->tasks.tasks_max);
    assay_cbor_put_array(w, plan->tasks.balance_count);
    for (uint32_t i = 0; i < plan->tasks.balance_count; i++) {
        assay_cbor_put_array(w, 2);
        assay_cbor_put_bytes(w, plan->tasks.balance[i].account, 32);
        assay_cbor_put_uint(w, plan->tasks.balance[i].amount);
    }
}

static void encode_shares(struct assay_writer *w, const struct assay_registry_plan *plan)
{
    assay_cbor_put_array(w, 5);
    assay_cbor_put_uint(w, plan->shares.clusters);
    assay_cbor_put_uint(w, plan->shares.slots);
    assay_cbor_put_uint(w, plan->shares.k);
    assay_cbor_put_uint(w, plan->shares.confirmations);
    assay_cbor_put_uint(w, plan->shares.ids_max);
}

static void encode_references(struct assay_writer *w, const struct assay_plan_grant *grant)
{
    assay_cbor_put_array(w, grant->reference_count);
    for (uint32_t i = 0; i < grant->reference_count; i++) {
        assay_cbor_put_array(w, 2);
        assay_cbor_put_uint(w, grant->reference[i].field);
        assay_cbor_put_bytes(w, grant->reference[i].value, grant->reference[i].value_len);
    }
}

static void encode_names(struct assay_writer *w, const struct assay_registry_plan *plan)
{
    assay_cbor_put_array(w, plan->identity.grant_count);
    for (uint32_t i = 0; i < plan->identity.grant_count; i++) {
        const struct assay_plan_grant *grant = &plan->identity.grant[i];
        assay_cbor_put_array(w, 3);
        assay_cbor_put_text(w, grant->name);
        assay_cbor_put_uint(w, grant->needs_full ? STANDING_FULL : STANDING_WARNING);
        encode_references(w, grant);
    }
}

static void encode_rollover(struct assay_writer *w, const struct assay_registry_plan *plan)
{
    assay_cbor_put_array(w, ROLLOVER_ITEMS);
    assay_cbor_put_uint(w, plan->identity.rollover);
    assay_cbor_put_uint(w, plan->identity.next_epochs);
    assay_cbor_put_uint(w, plan->identity.old_epochs);
    assay_cbor_put_uint(w, plan->identity.replaced);
    assay_cbor_put_uint(w, plan->identity.retired);
}

static void encode_identity(struct assay_writer *w, const struct assay_registry_plan *plan)
{
    ASSAY_ASSERT(plan->has_identity && plan->identity.grant_count <= ASSAY_PLAN_GRANTS_MAX);
    assay_cbor_put_array(w, IDENTITY_ITEMS);
    encode_rollover(w, plan);
    assay_cbor_put_uint(w, plan->identity.refresh);
    assay_cbor_put_bool(w, plan->identity.replaces_lost_key);
    assay_cbor_put_text(w, plan->identity.trust_domain);
    assay_cbor_put_text(w, plan->identity.issuer);
    assay_cbor_put_uint(w, plan->identity.validity_s);
    assay_cbor_put_bool(w, plan->identity.insecure);
    encode_names(w, plan);
}

enum assay_status assay_registry_plan_encode(const struct assay_registry_plan *plan,
                                             struct assay_writer *w)
{
    struct assay_slice all;
    ASSAY_TRY(assay_registry_plan_check(plan));
    assay_cbor_put_array(w, plan->has_identity ? 5 : 4);
    assay_cbor_put_text(w, type);
    assay_cbor_put_array(w, plan->group_count);
    for (uint32_t i = 0; i < plan->group_count; i++) {
        assay_cbor_put_array(w, 3);
        assay_cbor_put_text(w, plan->group[i].name);
        assay_cbor_put_uint(w, plan->group[i].size);
        assay_cbor_put_uint(w, plan->group[i].instances_max);
    }
    if (plan->has_shares) encode_shares(w, plan);
    else assay_cbor_put_null(w);
    if (plan->has_tasks) encode_tasks(w, plan);
    else assay_cbor_put_null(w);
    if (plan->has_identity) encode_identity(w, plan);
    return assay_writer_finish(w, &all);
}

void assay_registry_plan_identity_digest(const struct assay_registry_plan *plan,
                                         uint8_t digest[static 32])
{
    uint8_t bytes[IDENTITY_LEN_MAX];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    encode_identity(&w, plan);
    ASSAY_ASSERT(!w.full); /* all of it is limited */
    assay_sha256(bytes, w.len, digest);
}

void assay_registry_plan_names_digest(const struct assay_registry_plan *plan,
                                      uint8_t digest[static 32])
{
    uint8_t bytes[IDENTITY_LEN_MAX];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    ASSAY_ASSERT(plan->has_identity && plan->identity.grant_count <= ASSAY_PLAN_GRANTS_MAX);
    assay_cbor_put_array(&w, 2);
    assay_cbor_put_text(&w, "assay/names/v1");
    encode_names(&w, plan);
    ASSAY_ASSERT(!w.full);
    assay_sha256(bytes, w.len, digest);
}

void assay_registry_plan_name_digest(const struct assay_plan_grant *grant,
                                     uint8_t digest[static 32])
{
    uint8_t bytes[IDENTITY_LEN_MAX];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    ASSAY_ASSERT(grant->reference_count <= ASSAY_PLAN_REFERENCES_MAX);
    assay_cbor_put_array(&w, 3);
    assay_cbor_put_text(&w, "assay/name/v1");
    assay_cbor_put_text(&w, grant->name);
    encode_references(&w, grant);
    ASSAY_ASSERT(!w.full);
    assay_sha256(bytes, w.len, digest);
}

/* --- decoding */

static enum assay_status decode_u32(struct assay_cursor *c, uint32_t *out)
{
    uint64_t value = 0;
    ASSAY_TRY(assay_cbor_uint_max(c, UINT32_MAX, &value));
    *out = (uint32_t)value;
    return ASSAY_OK;
}

/* In: out: zeros, of len_max + 1 bytes */
static enum assay_status decode_text(struct assay_cursor *c, size_t len_max, char *out)
{
    struct assay_slice text;
    ASSAY_TRY(assay_cbor_text(c, len_max, &text));
    for (size_t i = 0; i < text.len; i++) /* no NUL inside */
        if (text.bytes[i] == 0) return ASSAY_E_SYNTAX;
    assay_bytes_copy(out, len_max, text.bytes, text.len);
    return ASSAY_OK;
}

static enum assay_status decode_groups(struct assay_cursor *c, struct assay_registry_plan *plan)
{
    uint64_t count = 0;
    ASSAY_TRY(assay_cbor_array(c, ASSAY_PLAN_GROUPS_MAX, &count));
    plan->group_count = (uint32_t)count;
    for (uint32_t i = 0; i < plan->group_count; i++) {
        ASSAY_TRY(assay_cbor_array_exact(c, 3));
        ASSAY_TRY(decode_text(c, ASSAY_PLAN_NAME_MAX, plan->group[i].name));
        ASSAY_TRY(decode_u32(c, &plan->group[i].size));
        ASSAY_TRY(decode_u32(c, &plan->group[i].instances_max));
    }
    return ASSAY_OK;
}

/* null, or an array of that many. */
static enum assay_status decode_has(struct assay_cursor *c, uint64_t items, bool *has)
{
    enum assay_cbor_type item;
    ASSAY_TRY(assay_cbor_peek(c, &item));
    *has = item != ASSAY_CBOR_NULL;
    return *has ? assay_cbor_array_exact(c, items) : assay_cbor_null(c);
}

static enum assay_status decode_shares(struct assay_cursor *c, struct assay_registry_plan *plan)
{
    ASSAY_TRY(decode_has(c, 5, &plan->has_shares));
    if (!plan->has_shares) return ASSAY_OK;
    ASSAY_TRY(decode_u32(c, &plan->shares.clusters));
    ASSAY_TRY(decode_u32(c, &plan->shares.slots));
    ASSAY_TRY(decode_u32(c, &plan->shares.k));
    ASSAY_TRY(decode_u32(c, &plan->shares.confirmations));
    return decode_u32(c, &plan->shares.ids_max);
}

static enum assay_status decode_tasks(struct assay_cursor *c, struct assay_registry_plan *plan)
{
    uint64_t count = 0;
    ASSAY_TRY(decode_has(c, 3, &plan->has_tasks));
    if (!plan->has_tasks) return ASSAY_OK;
    ASSAY_TRY(decode_u32(c, &plan->tasks.accounts_max));
    ASSAY_TRY(decode_u32(c, &plan->tasks.tasks_max));
    ASSAY_TRY(assay_cbor_array(c, ASSAY_PLAN_BALANCES_MAX, &count));
    plan->tasks.balance_count = (uint32_t)count;
    for (uint32_t i = 0; i < plan->tasks.balance_count; i++) {
        ASSAY_TRY(assay_cbor_array_exact(c, 2));
        ASSAY_TRY(assay_cbor_bytes_exact(c, plan->tasks.balance[i].account, 32));
        ASSAY_TRY(assay_cbor_uint(c, &plan->tasks.balance[i].amount));
    }
    return ASSAY_OK;
}

static enum assay_status decode_grant(struct assay_cursor *c, struct assay_plan_grant *grant)
{
    uint64_t standing = 0, count = 0;
    ASSAY_TRY(assay_cbor_array_exact(c, 3));
    ASSAY_TRY(decode_text(c, ASSAY_PLAN_NAME_MAX, grant->name));
    ASSAY_TRY(assay_cbor_uint_max(c, STANDING_WARNING, &standing));
    grant->needs_full = standing == STANDING_FULL;
    ASSAY_TRY(assay_cbor_array(c, ASSAY_PLAN_REFERENCES_MAX, &count));
    grant->reference_count = (uint32_t)count;
    for (uint32_t i = 0; i < grant->reference_count; i++) {
        struct assay_plan_reference *one = &grant->reference[i];
        struct assay_slice value;
        ASSAY_TRY(assay_cbor_array_exact(c, 2));
        ASSAY_TRY(decode_u32(c, &one->field));
        ASSAY_TRY(assay_cbor_bytes(c, ASSAY_PLAN_REFERENCE_LEN, &value));
        one->value_len = (uint32_t)value.len;
        assay_bytes_copy(one->value, ASSAY_PLAN_REFERENCE_LEN, value.bytes, value.len);
    }
    return ASSAY_OK;
}

static enum assay_status decode_rollover(struct assay_cursor *c, struct assay_registry_plan *plan)
{
    ASSAY_TRY(assay_cbor_array_exact(c, ROLLOVER_ITEMS));
    ASSAY_TRY(decode_u32(c, &plan->identity.rollover));
    ASSAY_TRY(decode_u32(c, &plan->identity.next_epochs));
    ASSAY_TRY(decode_u32(c, &plan->identity.old_epochs));
    ASSAY_TRY(decode_u32(c, &plan->identity.replaced));
    return decode_u32(c, &plan->identity.retired);
}

static enum assay_status decode_identity(struct assay_cursor *c, struct assay_registry_plan *plan)
{
    uint64_t count = 0;
    if (!plan->has_identity) return ASSAY_OK;
    ASSAY_TRY(assay_cbor_array_exact(c, IDENTITY_ITEMS));
    ASSAY_TRY(decode_rollover(c, plan));
    ASSAY_TRY(decode_u32(c, &plan->identity.refresh));
    ASSAY_TRY(assay_cbor_bool(c, &plan->identity.replaces_lost_key));
    ASSAY_TRY(decode_text(c, ASSAY_CREDENTIAL_DOMAIN_MAX, plan->identity.trust_domain));
    ASSAY_TRY(decode_text(c, ASSAY_CREDENTIAL_ISSUER_MAX, plan->identity.issuer));
    ASSAY_TRY(decode_u32(c, &plan->identity.validity_s));
    ASSAY_TRY(assay_cbor_bool(c, &plan->identity.insecure));
    ASSAY_TRY(assay_cbor_array(c, ASSAY_PLAN_GRANTS_MAX, &count));
    plan->identity.grant_count = (uint32_t)count;
    for (uint32_t i = 0; i < plan->identity.grant_count; i++)
        ASSAY_TRY(decode_grant(c, &plan->identity.grant[i]));
    return ASSAY_OK;
}

enum assay_status assay_registry_plan_decode(struct assay_slice bytes,
                                             struct assay_registry_plan *plan)
{
    struct assay_cursor c = assay_cursor_over(bytes.bytes, bytes.len);
    struct assay_registry_plan read = { 0 };
    uint64_t items = 0;
    ASSAY_TRY(assay_cbor_array(&c, 5, &items));
    if (items < 4) return ASSAY_E_RANGE;
    read.has_identity = items == 5;
    ASSAY_TRY(assay_cbor_text_expect(&c, type));
    ASSAY_TRY(decode_groups(&c, &read));
    ASSAY_TRY(decode_shares(&c, &read));
    ASSAY_TRY(decode_tasks(&c, &read));
    ASSAY_TRY(decode_identity(&c, &read));
    ASSAY_TRY(assay_cursor_end(&c));
    ASSAY_TRY(assay_registry_plan_check(&read));
    *plan = read;
    return ASSAY_OK;
}

/* --- extension by more services */

static bool is_same_group(const struct assay_registry_plan *a, const struct assay_registry_plan *b,
                          uint32_t i)
{
    ASSAY_ASSERT(i < a->group_count && i < b->group_count);
    return is_same_name(a->group[i].name, b->group[i].name) &&
           a->group[i].size == b->group[i].size &&
           a->group[i].instances_max == b->group[i].instances_max;
}

static bool are_same_shares(const struct assay_registry_plan *a,
                            const struct assay_registry_plan *b)
{
    return b->has_shares && a->shares.clusters == b->shares.clusters &&
           a->shares.slots == b->shares.slots && a->shares.k == b->shares.k &&
           a->shares.confirmations == b->shares.confirmations &&
           a->shares.ids_max == b->shares.ids_max;
}

static bool are_same_tasks(const struct assay_registry_plan *a, const struct assay_registry_plan *b)
{
    ASSAY_ASSERT(a->has_tasks && a->tasks.balance_count <= ASSAY_PLAN_BALANCES_MAX);
    if (!b->has_tasks || a->tasks.accounts_max != b->tasks.accounts_max ||
        a->tasks.tasks_max != b->tasks.tasks_max ||
        a->tasks.balance_count != b->tasks.balance_count)
        return false;
    for (uint32_t i = 0; i < a->tasks.balance_count; i++)
        if (!assay_bytes_equal(a->tasks.balance[i].account, b->tasks.balance[i].account, 32) ||
            a->tasks.balance[i].amount != b->tasks.balance[i].amount)
            return false;
    return true;
}

static bool is_same_grant(const struct assay_plan_grant *a, const struct assay_plan_grant *b)
{
    if (compare_names(a->name, b->name) != 0 || a->needs_full != b->needs_full ||
        a->reference_count != b->reference_count)
        return false;
    for (uint32_t i = 0; i < a->reference_count; i++)
        if (compare_references(&a->reference[i], &b->reference[i]) != 0) return false;
    return true;
}

/* docs/identity.md 3.21.1: relying parties know certificates and tokens of the network by these. */
static bool has_same_names(const struct assay_registry_plan *a, const struct assay_registry_plan *b)
{
    return b->has_identity && is_same_name(a->identity.trust_domain, b->identity.trust_domain) &&
           is_same_name(a->identity.issuer, b->identity.issuer) &&
           a->identity.insecure == b->identity.insecure;
}

bool assay_registry_plan_has_same_terms(const struct assay_registry_plan *a,
                                        const struct assay_registry_plan *b)
{
    if (a->identity.refresh != b->identity.refresh ||
        a->identity.replaces_lost_key != b->identity.replaces_lost_key ||
        a->identity.validity_s != b->identity.validity_s ||
        a->identity.rollover != b->identity.rollover ||
        a->identity.next_epochs != b->identity.next_epochs ||
        a->identity.old_epochs != b->identity.old_epochs ||
        a->identity.replaced != b->identity.replaced ||
        a->identity.retired != b->identity.retired ||
        a->identity.grant_count != b->identity.grant_count)
        return false;
    for (uint32_t i = 0; i < a->identity.grant_count; i++)
        if (!is_same_grant(&a->identity.grant[i], &b->identity.grant[i])) return false;
    return true;
}

static enum assay_status set_reason(const char **why, enum assay_status status, const char *text)
{
    ASSAY_ASSERT(status != ASSAY_OK);
    *why = text;
    return status;
}

enum assay_status assay_registry_plan_extends(const struct assay_registry_plan *before,
                                              const struct assay_registry_plan *after,
                                              const char **why)
{
    *why = "";
    if (before == NULL) return ASSAY_OK; /* an empty plan is invalid */
    if (after->group_count < before->group_count)
        return set_reason(why, ASSAY_E_INVALID, "the new plan lacks a group that the network has");
    for (uint32_t i = 0; i < before->group_count; i++)
        if (!is_same_group(before, after, i))
            return set_reason(why, ASSAY_E_INVALID,
                              "the new plan changes a group that the network has, or its place");
    if (before->has_shares && !are_same_shares(before, after))
        return set_reason(why, ASSAY_E_INVALID,
                          "the new plan changes or lacks the network's shares");
    if (before->has_tasks && !are_same_tasks(before, after))
        return set_reason(why, ASSAY_E_INVALID,
                          "the new plan changes or lacks the network's tasks");
    if (before->has_identity && !has_same_names(before, after))
        return set_reason(why, ASSAY_E_INVALID,
                          "the new plan lacks the network's group key, or changes its trust "
                          "domain, issuer or whether products say INSECURE");
    /* A number that was retired would be trusted again. */
    if (before->has_identity && (after->identity.replaced < before->identity.replaced ||
                                 after->identity.retired < before->identity.retired))
        return set_reason(why, ASSAY_E_INVALID,
                          "the new plan withdraws an order to replace or retire a CA number");
    if (after->group_count == before->group_count && after->has_shares == before->has_shares &&
        after->has_tasks == before->has_tasks && after->has_identity == before->has_identity &&
        (!before->has_identity || assay_registry_plan_has_same_terms(before, after)))
        return set_reason(why, ASSAY_E_INVALID, "the new plan adds and changes nothing");
    return ASSAY_OK;
}

/* Orders stay, also when the section that is added does not repeat them. */
static void set_identity(struct assay_registry_plan *all, const struct assay_registry_plan *added)
{
    const uint32_t replaced = all->has_identity ? all->identity.replaced : 0;
    const uint32_t retired = all->has_identity ? all->identity.retired : 0;
    all->identity = added->identity;
    if (all->identity.replaced < replaced) all->identity.replaced = replaced;
    if (all->identity.retired < retired) all->identity.retired = retired;
}

enum assay_status assay_registry_plan_add(const struct assay_registry_plan *before,
                                          const struct assay_registry_plan *added,
                                          struct assay_registry_plan *sum, const char **why)
{
    struct assay_registry_plan all = { 0 };
    *why = "";
    if (before != NULL) all = *before;
    if (added->has_shares && all.has_shares)
        return set_reason(why, ASSAY_E_DUPLICATE, "the network has shares already, for good");
    if (added->has_tasks && all.has_tasks)
        return set_reason(why, ASSAY_E_DUPLICATE, "the network has tasks already, for good");
    if (added->has_identity && all.has_identity && !has_same_names(&all, added))
        return set_reason(why, ASSAY_E_DUPLICATE,
                          "the network has a group key already: its trust domain, issuer and "
                          "insecure stay");
    for (uint32_t i = 0; i < added->group_count; i++) {
        for (uint32_t k = 0; k < all.group_count; k++)
            if (is_same_name(all.group[k].name, added->group[i].name))
                return set_reason(why, ASSAY_E_DUPLICATE,
                                  "the network has a group of this name already, for good");
        if (all.group_count == ASSAY_PLAN_GROUPS_MAX)
            return set_reason(why, ASSAY_E_FULL, "more groups than a network may have");
        all.group[all.group_count++] = added->group[i];
    }
    if (count_pages(&all) > ASSAY_PLAN_PAGES_MAX)
        return set_reason(why, ASSAY_E_FULL,
                          "more instances than all groups of a network may have");
    if (added->has_shares) all.shares = added->shares;
    if (added->has_tasks) all.tasks = added->tasks;
    if (added->has_identity) set_identity(&all, added);
    all.has_identity = all.has_identity || added->has_identity;
    all.has_shares = all.has_shares || added->has_shares;
    all.has_tasks = all.has_tasks || added->has_tasks;
    *sum = all;
    return ASSAY_OK;
}
