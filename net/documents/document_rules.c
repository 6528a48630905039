/*
 * net/documents/document_rules.c - documents `policy` and `collateral`: appraisal rules and expiry
 * dates.
 */
#include "net/documents/document_rules.h"

#include "base/assert.h"
#include "quote/accept/policy.h"
#include "quote/collateral/life.h"

#include <stdlib.h>

/* ------------------------------------------------------------ policy */

static struct assay_json *policy_references(const struct assay_policy *policy)
{
    ASSAY_ASSERT(policy->reference_count <= ASSAY_REFERENCES_MAX);
    struct assay_json *list = assay_json_array();
    for (uint32_t i = 0; i < policy->reference_count; i++) {
        const struct assay_reference *r = &policy->references[i];
        ASSAY_ASSERT(r->value_len <= sizeof r->value);
        struct assay_json *o = assay_json_object();
        assay_json_set_text(o, "field", assay_reference_field_name(r->field));
        assay_json_set_text(o, "state", assay_reference_state_name(r->state));
        assay_json_set_hex(o, "value", r->value, r->value_len);
        if (r->has_not_before) assay_json_set_time(o, "not_before", r->not_before_s);
        if (r->has_not_after) assay_json_set_time(o, "not_after", r->not_after_s);
        if (r->isvsvn_min > 0) assay_json_set_uint(o, "isvsvn_min", r->isvsvn_min);
        assay_json_append(list, o);
    }
    return list;
}

static struct assay_json *policy_statuses(const struct assay_policy *policy)
{
    struct assay_json *list = assay_json_array();
    for (int i = 0; i < ASSAY_TCB_STATUS_COUNT; i++) {
        const struct assay_status_rule *r = &policy->statuses[i];
        if (i == ASSAY_TCB_NONE) continue;
        struct assay_json *o = assay_json_object();
        assay_json_set_text(o, "status", assay_tcb_status_text((enum assay_tcb_status)i));
        assay_json_set_text(o, "accept", assay_policy_acceptance_name(r->acceptance));
        if (r->has_grace) assay_json_set_uint(o, "grace_s", r->grace_s);
        else assay_json_set_null(o, "grace_s");
        assay_json_append(list, o);
    }
    return list;
}

struct assay_json *assay_document_policy(const struct assay_policy *policy)
{
    ASSAY_ASSERT(policy->advisory_count <= ASSAY_POLICY_ADVISORIES_MAX);
    struct assay_json *o = assay_json_object(), *kinds = assay_json_array(),
                      *roots = assay_json_array(), *denied = assay_json_array();
    uint8_t digest[32];
    assay_policy_digest(policy, digest);
    assay_json_set_hex(o, "digest", digest, sizeof digest);
    assay_json_set_text(
        o, "profile", policy->profile == ASSAY_PROFILE_DEVELOPMENT ? "development" : "production");
    for (int i = 1; i < ASSAY_KIND_COUNT; i++)
        if (policy->kinds & ASSAY_KIND_BIT(i))
            assay_json_append_text(kinds, assay_kind_text((enum assay_evidence_kind)i));
    for (uint32_t i = 0; i < policy->root_count; i++) {
        struct assay_json *root = assay_json_object();
        assay_json_set_text(root, "name", policy->roots[i].name);
        assay_json_append(roots, root);
    }
    for (uint32_t i = 0; i < policy->advisory_count; i++)
        assay_json_append_text(denied, policy->advisories_denied[i]);
    assay_json_set(o, "kinds", kinds);
    assay_json_set(o, "roots", roots);
    assay_json_set(o, "advisories_denied", denied);
    assay_json_set_uint(o, "tcb_evaluation_number_min", policy->evaluation_number_min);
    assay_json_set(o, "references", policy_references(policy));
    assay_json_set(o, "statuses", policy_statuses(policy));
    return o;
}

/* ------------------------------------------------------------ collateral */

static void append_pieces(struct assay_json *pieces, const struct assay_collateral *c)
{
    ASSAY_ASSERT(c->window_count <= ASSAY_WINDOWS_MAX);
    for (uint32_t i = 0; i < c->window_count; i++) {
        struct assay_json *o = assay_json_object();
        assay_json_set_text(o, "name", c->windows[i].what);
        assay_json_set_bool(o, "certificate", c->windows[i].is_certificate);
        assay_json_set_time(o, "from", c->windows[i].from_unix_s);
        assay_json_set_time(o, "until", c->windows[i].to_unix_s);
        assay_json_append(pieces, o);
    }
}

/* As the policy calls it, or the program; "" where neither does. */
static const char *root_name(const struct assay_policy *policy, const struct assay_key *root)
{
    ASSAY_ASSERT(policy->root_count <= ASSAY_POLICY_ROOTS_MAX);
    for (uint32_t i = 0; i < policy->root_count; i++)
        if (assay_key_equal(&policy->roots[i].key, root)) return policy->roots[i].name;
    for (int i = 0; i < ASSAY_PINNED_ROOTS; i++) {
        struct assay_key pinned;
        uint32_t kinds = 0;
        const enum assay_pinned_root which = (enum assay_pinned_root)i;
        if (assay_pinned_root(which, &pinned, &kinds) == ASSAY_OK && assay_key_equal(&pinned, root))
            return assay_pinned_root_name(which);
    }
    return "";
}

static struct assay_json *root_document(const struct assay_endorsements *set,
                                        const struct assay_policy *policy,
                                        const struct assay_collateral_life *life)
{
    ASSAY_ASSERT(set->count <= ASSAY_ENDORSEMENTS_MAX && life->entry_count > 0);
    struct assay_json *o = assay_json_object(), *pieces = assay_json_array();
    uint8_t name[ASSAY_SHA256_LEN];
    assay_key_name(&life->root, name);
    assay_json_set_hex(o, "root", name, sizeof name);
    assay_json_set_text(o, "name", root_name(policy, &life->root));
    assay_json_set_uint(o, "evaluation_number", life->evaluation_number);
    if (life->is_bounded) assay_json_set_time(o, "until", life->until_unix_s);
    for (size_t i = 0; i < set->count; i++)
        if (assay_key_equal(&set->entries[i].root, &life->root))
            append_pieces(pieces, set->entries[i].collateral);
    assay_json_set(o, "pieces", pieces);
    return o;
}

struct assay_json *assay_document_collateral(const struct assay_endorsements *set,
                                             const struct assay_policy *policy)
{
    struct assay_collateral_life *lives = calloc(ASSAY_ENDORSEMENTS_MAX, sizeof *lives);
    if (lives == NULL) return NULL;
    struct assay_json *o = assay_json_object(), *roots = assay_json_array();
    size_t count = 0;
    assay_collateral_lifetimes(set, lives, &count);
    ASSAY_ASSERT(count <= ASSAY_ENDORSEMENTS_MAX);
    for (size_t i = 0; i < count; i++)
        assay_json_append(roots, root_document(set, policy, &lives[i]));
    assay_json_set(o, "roots", roots);
    free(lives);
    return o;
}
