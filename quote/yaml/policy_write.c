/*
 * quote/yaml/policy_write.c - writer of normalised policy files, every default spelled out.
 */
#include "quote/yaml.h"

#include "base/assert.h"
#include "base/rfc3339.h"
#include "quote/accept/policy.h"
#include "quote/eventlog/eventlog.h"
#include "quote/yaml/policy_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
    PIECE_MAX = 256,
    HEX_MAX = 2 * ASSAY_KEY_BYTES_MAX + 1,
};

__attribute__((format(printf, 2, 3))) static void put(struct assay_writer *w, const char *format,
                                                      ...)
{
    char text[PIECE_MAX];
    va_list args;
    va_start(args, format);
    const int len = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (len < 0 || (size_t)len >= sizeof text) w->full = true;
    else assay_writer_put(w, text, (size_t)len);
}

static void put_hex(struct assay_writer *w, const uint8_t *bytes, size_t len)
{
    ASSAY_ASSERT(2 * len < HEX_MAX);
    char text[HEX_MAX];
    assay_hex_encode(bytes, len, text, sizeof text);
    assay_writer_put(w, text, 2 * len);
}

/* Printable ASCII between double quotes. */
static void put_quoted(struct assay_writer *w, const char *text)
{
    ASSAY_ASSERT(text != NULL);
    put(w, "\"");
    for (; *text != '\0'; text++)
        put(w, "%s%c", *text == '"' || *text == '\\' ? "\\" : "", *text);
    put(w, "\"");
}

static void put_kinds(struct assay_writer *w, uint32_t kinds)
{
    const char *between = "";
    put(w, "kinds: [");
    if (kinds == ASSAY_KINDS_ALL) put(w, "every");
    for (unsigned i = 1; i < ASSAY_KIND_COUNT && kinds != ASSAY_KINDS_ALL; i++) {
        if ((kinds & ASSAY_KIND_BIT(i)) == 0) continue;
        put(w, "%s%s", between, assay_kind_text((enum assay_evidence_kind)i));
        between = ", ";
    }
    put(w, "]");
}

static void put_statuses(struct assay_writer *w, const struct assay_policy *policy)
{
    put(w, "statuses:\n");
    for (int i = ASSAY_TCB_NONE + 1; i < ASSAY_TCB_STATUS_COUNT; i++) {
        const struct assay_status_rule *const rule = &policy->statuses[i];
        put(w, "  - { status: %s, accept: %s", assay_tcb_status_text((enum assay_tcb_status)i),
            assay_policy_acceptance_name(rule->acceptance));
        if (rule->has_grace) put(w, ", grace_s: %llu", (unsigned long long)rule->grace_s);
        put(w, " }\n");
    }
}

static void put_bool(struct assay_writer *w, const char *key, bool value)
{
    put(w, "%s: %s\n", key, value ? "true" : "false");
}

static void put_platform(struct assay_writer *w, const struct assay_platform_rules *rules)
{
    const uint8_t *const least = rules->snp_tcb_min;
    put(w, "service_td: %s\n", assay_policy_acceptance_name(rules->service_td));
    put(w, "sept_ve_enabled: %s\n", assay_policy_acceptance_name(rules->sept_ve_enabled));
    put(w, "td_now_out_of_date: %s\n", assay_policy_acceptance_name(rules->td_now_out_of_date));
    put(w, "td_now_revoked: %s\n", assay_policy_acceptance_name(rules->td_now_revoked));
    put(w, "vmpl_max: %u\n", (unsigned)rules->vmpl_max);
    put_bool(w, "migration_agent", rules->allow_migration_agent);
    put_bool(w, "smt", rules->allow_smt);
    put_bool(w, "single_socket_required", rules->require_single_socket);
    put_bool(w, "crl_required", rules->require_crl);
    put(w, "snp_tcb_min: { bootloader: %u, tee: %u, snp: %u, microcode: %u, fmc: %u }\n",
        (unsigned)least[0], (unsigned)least[1], (unsigned)least[2], (unsigned)least[3],
        (unsigned)least[4]);
}

static void put_roots(struct assay_writer *w, const struct assay_policy *policy)
{
    ASSAY_ASSERT(policy->root_count <= ASSAY_POLICY_ROOTS_MAX);
    if (policy->root_count == 0) {
        put(w, "roots: [] # the roots pinned in the program\n");
        return;
    }
    put(w, "roots:\n");
    for (uint32_t i = 0; i < policy->root_count; i++) {
        const struct assay_policy_root *const root = &policy->roots[i];
        put(w, "  - name: ");
        put_quoted(w, root->name);
        put(w, "\n    ");
        put_kinds(w, root->kinds);
        put(w, "\n    key: \"");
        put_hex(w, root->key.bytes, root->key.len);
        put(w, "\"\n");
        if (root->ak != ASSAY_AK_TCG)
            put(w, "    attestation_keys: %s\n", assay_ak_form_name(root->ak));
    }
}

static void put_advisories(struct assay_writer *w, const struct assay_policy *policy)
{
    ASSAY_ASSERT(policy->advisory_count <= ASSAY_POLICY_ADVISORIES_MAX);
    put(w, "advisories_denied: [");
    for (uint32_t i = 0; i < policy->advisory_count; i++) {
        put(w, "%s", i > 0 ? ", " : "");
        put_quoted(w, policy->advisories_denied[i]);
    }
    put(w, "]\n");
}

static void put_time(struct assay_writer *w, const char *key, bool has, int64_t unix_s)
{
    char text[ASSAY_RFC3339_LEN + 1];
    if (!has) return;
    assay_rfc3339_format(unix_s, text);
    put(w, ", %s: %s", key, text);
}

void assay_references_put_yaml(const struct assay_reference *references, size_t count,
                               struct assay_writer *w)
{
    ASSAY_ASSERT(references != NULL || count == 0);
    for (size_t i = 0; i < count; i++) {
        const struct assay_reference *const r = &references[i];
        put(w, "  - { field: %s, state: %s, value: \"", assay_reference_field_name(r->field),
            assay_reference_state_name(r->state));
        put_hex(w, r->value, r->value_len);
        put(w, "\"");
        put_time(w, "not_before", r->has_not_before, r->not_before_s);
        put_time(w, "not_after", r->has_not_after, r->not_after_s);
        if (r->isvsvn_min > 0) put(w, ", isvsvn_min: %u", (unsigned)r->isvsvn_min);
        put(w, " }\n");
    }
}

static void put_event(struct assay_writer *w, const struct assay_event_reference *e)
{
    ASSAY_ASSERT(e->value_len <= sizeof e->value);
    const char *const type = assay_event_type_name(e->type);
    put(w, "  - { state: %s", assay_event_state_name(e->state));
    if (!e->is_file) put(w, ", register: %s", assay_reference_field_name(e->field));
    if (e->has_type && type != NULL) put(w, ", type: %s", type);
    else if (e->has_type) put(w, ", type: %lu", (unsigned long)e->type);
    if (e->text[0] != '\0') {
        put(w, e->is_file ? ", file: " : ", data: ");
        put_quoted(w, e->text);
    }
    if (e->value_len > 0) {
        put(w, ", digest: \"");
        put_hex(w, e->value, e->value_len);
        put(w, "\"");
    }
    put(w, " }\n");
}

void assay_policy_put_yaml(const struct assay_policy *policy, struct assay_writer *w)
{
    ASSAY_ASSERT(policy->event_count <= ASSAY_EVENT_REFERENCES_MAX);
    put(w, "policy_version: 1\nprofile: %s\n",
        policy->profile == ASSAY_PROFILE_PRODUCTION ? "production" : "development");
    put_kinds(w, policy->kinds);
    put(w, "\n");
    put_statuses(w, policy);
    put(w, "tcb_evaluation_number_min: %lu\n", (unsigned long)policy->evaluation_number_min);
    if (policy->has_collateral_age)
        put(w, "collateral_age_max_s: %llu\n", (unsigned long long)policy->collateral_age_max_s);
    put(w, "pcesvn_min: %u\ntee_tcb_svn_min: \"", (unsigned)policy->pcesvn_min);
    put_hex(w, policy->tee_tcb_svn_min, sizeof policy->tee_tcb_svn_min);
    put(w, "\"\n");
    put_platform(w, &policy->platform);
    assay_yaml_put_gpu(&policy->gpu, w);
    put_roots(w, policy);
    put_advisories(w, policy);
    put(w, "references:%s\n", policy->reference_count == 0 ? " []" : "");
    assay_references_put_yaml(policy->references, policy->reference_count, w);
    put(w, "tpm_weak_banks: %s\n", assay_policy_acceptance_name(policy->tpm_weak_banks));
    put(w, "ima_unknown: %s\n", assay_policy_acceptance_name(policy->ima_unknown));
    put(w, "events:%s\n", policy->event_count == 0 ? " []" : "");
    for (uint32_t i = 0; i < policy->event_count; i++)
        put_event(w, &policy->events[i]);
}
