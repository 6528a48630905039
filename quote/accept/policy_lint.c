/*
 * quote/accept/policy_lint.c - lint of a policy: rules without effect.
 *
 * A kind that is accepted only because the file names none (every kind) is not held against its
 * author: only what was written can be wrong. Entries of the file come in its order.
 */
#include "quote/accept/policy_lint.h"

#include "base/assert.h"
#include "quote/accept/policy_lint_internal.h"

/* --- findings */
struct assay_text assay_lint_path(const char *list, uint32_t index)
{
    ASSAY_ASSERT(list != NULL);
    struct assay_text path = assay_text_empty();
    assay_text_add(&path, list);
    assay_text_add(&path, "[");
    assay_text_add_u64(&path, index);
    assay_text_add(&path, "]");
    return path;
}

static struct assay_text text_of(const char *text)
{
    struct assay_text out = assay_text_empty();
    assay_text_add(&out, text);
    return out;
}

void assay_lint_find(struct assay_lint_run *l, enum assay_lint lint, struct assay_text path,
                     struct assay_text detail)
{
    struct assay_lint_report *const report = l->report;
    if (assay_lint_severity_of(lint) == ASSAY_LINT_ERROR) report->errors++;
    else report->warnings++;
    ASSAY_ASSERT(report->count < report->errors + report->warnings);
    ASSAY_ASSERT(report->count <= ASSAY_LINT_FINDINGS_MAX);
    if (report->count == ASSAY_LINT_FINDINGS_MAX) return;
    report->findings[report->count++] = (struct assay_lint_finding){ lint, path, detail };
}

static void find_at(struct assay_lint_run *l, enum assay_lint lint, const char *path,
                    const char *detail)
{
    assay_lint_find(l, lint, text_of(path), text_of(detail));
}

/* Every kind of the mask, by name. */
struct assay_text assay_lint_kinds(uint32_t kinds)
{
    struct assay_text out = assay_text_empty();
    for (unsigned i = 1; i < ASSAY_KIND_COUNT; i++) {
        if ((kinds & ASSAY_KIND_BIT(i)) == 0) continue;
        if (out.len > 0) assay_text_add(&out, ", ");
        assay_text_add(&out, assay_kind_text((enum assay_evidence_kind)i));
    }
    return out;
}

uint32_t assay_policy_kinds(const struct assay_policy *policy)
{
    const uint32_t kinds = policy->kinds & ASSAY_KINDS_KNOWN;
    if (policy->profile == ASSAY_PROFILE_DEVELOPMENT) return kinds;
    return kinds & ~ASSAY_KINDS_SOFT;
}

/* --- kinds and roots */
static void lint_profile(struct assay_lint_run *l)
{
    const bool soft = (l->policy->kinds & ASSAY_KINDS_SOFT) != 0;
    if (l->policy->profile == ASSAY_PROFILE_DEVELOPMENT)
        find_at(l, ASSAY_LINT_DEVELOPMENT, "profile", "");
    else if (soft && !l->all_kinds) find_at(l, ASSAY_LINT_SOFT_PRODUCTION, "kinds", "");
    if (l->kinds == 0) find_at(l, ASSAY_LINT_KINDS_NONE, "kinds", "");
}

/* Without roots of its own a policy trusts those that are pinned in the source. */
static uint32_t vouched_kinds(const struct assay_policy *policy)
{
    ASSAY_ASSERT(policy->root_count <= ASSAY_POLICY_ROOTS_MAX);
    uint32_t vouched = 0;
    for (uint32_t i = 0; i < policy->root_count; i++)
        vouched |= policy->roots[i].kinds;
    if (policy->root_count > 0) return vouched;
    for (int i = 0; i < ASSAY_PINNED_ROOTS; i++) {
        struct assay_key key;
        uint32_t kinds = 0;
        if (assay_pinned_root((enum assay_pinned_root)i, &key, &kinds) == ASSAY_OK)
            vouched |= kinds;
    }
    return vouched;
}

/* Is there an earlier root that makes root number index needless? */
static bool root_is_repeated(const struct assay_policy *policy, uint32_t index)
{
    ASSAY_ASSERT(index < policy->root_count);
    const struct assay_policy_root *const root = &policy->roots[index];
    for (uint32_t i = 0; i < index; i++)
        if (assay_key_equal(&policy->roots[i].key, &root->key) &&
            (root->kinds & ~policy->roots[i].kinds) == 0)
            return true;
    return false;
}

static bool root_name_is_repeated(const struct assay_policy *policy, uint32_t index)
{
    ASSAY_ASSERT(index < policy->root_count);
    for (uint32_t i = 0; i < index; i++)
        if (assay_text_compare(policy->roots[i].name, policy->roots[index].name,
                               ASSAY_ROOT_NAME_MAX) == 0)
            return true;
    return false;
}

static void lint_ak_form(struct assay_lint_run *l, uint32_t index)
{
    ASSAY_ASSERT(index < l->policy->root_count);
    const struct assay_policy_root *const root = &l->policy->roots[index];
    const struct assay_text path = assay_lint_path("roots", index);
    const uint32_t tpm = ASSAY_KIND_BIT(ASSAY_KIND_TPM);
    if (root->ak != ASSAY_AK_TCG && (l->kinds & tpm) == 0)
        assay_lint_find(l, ASSAY_LINT_AK_FORM_UNUSED, path, text_of(assay_ak_form_name(root->ak)));
    if ((root->kinds & tpm) != 0 &&
        assay_policy_ak_form(l->policy, &root->key, ASSAY_KIND_TPM) != root->ak)
        assay_lint_find(l, ASSAY_LINT_AK_FORM_TWICE, path, text_of(assay_ak_form_name(root->ak)));
}

static void lint_roots(struct assay_lint_run *l)
{
    const struct assay_policy *const policy = l->policy;
    const uint32_t alone = l->kinds & ~vouched_kinds(policy);
    if (alone != 0 && !l->all_kinds)
        assay_lint_find(l, ASSAY_LINT_KIND_WITHOUT_ROOT, text_of("kinds"), assay_lint_kinds(alone));
    for (uint32_t i = 0; i < policy->root_count; i++) {
        const struct assay_policy_root *const root = &policy->roots[i];
        const struct assay_text path = assay_lint_path("roots", i);
        if ((root->kinds & l->kinds) == 0)
            assay_lint_find(l, ASSAY_LINT_ROOT_UNUSED, path, text_of(root->name));
        else if (root_is_repeated(policy, i))
            assay_lint_find(l, ASSAY_LINT_ROOT_TWICE, path, text_of(root->name));
        else if (root_name_is_repeated(policy, i))
            assay_lint_find(l, ASSAY_LINT_ROOT_NAME_TWICE, path, text_of(root->name));
        lint_ak_form(l, i);
    }
}

/* --- TCB statuses and minima */
static bool statuses_are_set(const struct assay_policy *policy, const struct assay_policy *standard)
{
    for (size_t i = 0; i < ASSAY_TCB_STATUS_COUNT; i++)
        if (policy->statuses[i].acceptance != standard->statuses[i].acceptance ||
            policy->statuses[i].has_grace)
            return true;
    return false;
}

static void lint_grace(struct assay_lint_run *l)
{
    for (size_t i = 0; i < ASSAY_TCB_STATUS_COUNT; i++) {
        const struct assay_status_rule *const rule = &l->policy->statuses[i];
        const char *const name = assay_tcb_status_text((enum assay_tcb_status)i);
        if (!rule->has_grace) continue;
        if (rule->acceptance == ASSAY_ACCEPT_REFUSED)
            find_at(l, ASSAY_LINT_GRACE_REFUSED, "statuses", name);
        else if (rule->grace_s == 0) find_at(l, ASSAY_LINT_GRACE_ZERO, "statuses", name);
    }
}

static void lint_statuses(struct assay_lint_run *l, const struct assay_policy *standard)
{
    const struct assay_policy *const policy = l->policy;
    bool any = false;
    if ((l->kinds & ASSAY_KINDS_DCAP) == 0) {
        if (statuses_are_set(policy, standard))
            find_at(l, ASSAY_LINT_STATUSES_UNUSED, "statuses", "");
        return;
    }
    for (size_t i = 0; i < ASSAY_TCB_STATUS_COUNT; i++)
        any = any || policy->statuses[i].acceptance != ASSAY_ACCEPT_REFUSED;
    if (!any) find_at(l, ASSAY_LINT_STATUSES_NONE, "statuses", "");
    else if (policy->statuses[ASSAY_TCB_UP_TO_DATE].acceptance == ASSAY_ACCEPT_REFUSED)
        find_at(l, ASSAY_LINT_UP_TO_DATE_REFUSED, "statuses", "");
    lint_grace(l);
}

/* A rule that is set wants one of these kinds to be accepted. */
static void want_kinds(struct assay_lint_run *l, enum assay_lint lint, bool set, uint32_t kinds,
                       const char *path)
{
    ASSAY_ASSERT(kinds != 0);
    if (set && (l->kinds & kinds) == 0)
        assay_lint_find(l, lint, text_of(path), assay_lint_kinds(kinds));
}

static void lint_minima(struct assay_lint_run *l)
{
    const struct assay_policy *const p = l->policy;
    want_kinds(l, ASSAY_LINT_MINIMUM_UNUSED, p->evaluation_number_min > 0, ASSAY_KINDS_DCAP,
               "tcb_evaluation_number_min");
    want_kinds(l, ASSAY_LINT_MINIMUM_UNUSED, p->pcesvn_min > 0, ASSAY_KINDS_DCAP, "pcesvn_min");
    want_kinds(l, ASSAY_LINT_MINIMUM_UNUSED,
               !assay_bytes_all_zero(p->tee_tcb_svn_min, sizeof p->tee_tcb_svn_min),
               ASSAY_KINDS_TDX, "tee_tcb_svn_min");
    want_kinds(l, ASSAY_LINT_MINIMUM_UNUSED,
               !assay_bytes_all_zero(p->platform.snp_tcb_min, sizeof p->platform.snp_tcb_min),
               ASSAY_KINDS_SNP, "snp_tcb_min");
}

static void lint_platform(struct assay_lint_run *l, const struct assay_policy *standard)
{
    const struct assay_platform_rules *const rules = &l->policy->platform;
    const struct assay_platform_rules *const usual = &standard->platform;
    const enum assay_lint unused = ASSAY_LINT_PLATFORM_UNUSED;
    want_kinds(l, unused, rules->service_td != usual->service_td, ASSAY_KINDS_TDX, "service_td");
    want_kinds(l, unused, rules->sept_ve_enabled != usual->sept_ve_enabled, ASSAY_KINDS_TDX,
               "sept_ve_enabled");
    want_kinds(l, unused, rules->td_now_out_of_date != usual->td_now_out_of_date, ASSAY_KINDS_TDX,
               "td_now_out_of_date");
    want_kinds(l, unused, rules->td_now_revoked != usual->td_now_revoked, ASSAY_KINDS_TDX,
               "td_now_revoked");
    want_kinds(l, unused, rules->vmpl_max != usual->vmpl_max, ASSAY_KINDS_SNP, "vmpl_max");
    want_kinds(l, unused, rules->allow_migration_agent != usual->allow_migration_agent,
               ASSAY_KINDS_SNP, "migration_agent");
    want_kinds(l, unused, rules->allow_smt != usual->allow_smt, ASSAY_KINDS_SNP, "smt");
    want_kinds(l, unused, rules->require_single_socket != usual->require_single_socket,
               ASSAY_KINDS_SNP, "single_socket_required");
    /* SGX and TDX always need their lists. */
    want_kinds(l, unused, rules->require_crl,
               ASSAY_KINDS_KNOWN & ~(ASSAY_KINDS_DCAP & ~ASSAY_KINDS_TPM), "crl_required");
    want_kinds(l, unused, l->policy->tpm_weak_banks != ASSAY_ACCEPT_REFUSED, ASSAY_KINDS_TPM,
               "tpm_weak_banks");
}

static void lint_gpu(struct assay_lint_run *l, const struct assay_policy *standard)
{
    static const struct assay_gpu_version none = { { 0 } };
    const struct assay_gpu_rules *const rules = &l->policy->gpu, *const usual = &standard->gpu;
    const enum assay_lint unused = ASSAY_LINT_PLATFORM_UNUSED;
    want_kinds(l, unused, rules->architectures != usual->architectures, ASSAY_KINDS_NVIDIA,
               "gpu_architectures");
    want_kinds(l, unused, rules->modes != usual->modes, ASSAY_KINDS_NVIDIA, "gpu_modes");
    want_kinds(l, unused, rules->allow_certificate_hold, ASSAY_KINDS_NVIDIA,
               "gpu_certificate_hold");
    want_kinds(l, unused, assay_gpu_version_compare(&rules->driver_min, &none) != 0,
               ASSAY_KINDS_NVIDIA, "gpu_driver_min");
    want_kinds(l, unused, rules->firmware_count > 0, ASSAY_KINDS_NVIDIA, "gpu_firmware_min");
    want_kinds(l, unused, rules->gpus.most > 0, ASSAY_KIND_BIT(ASSAY_KIND_NVIDIA_GPU),
               "gpu_count_max");
    want_kinds(l, unused, rules->switches.most > 0, ASSAY_KIND_BIT(ASSAY_KIND_NVIDIA_SWITCH),
               "switch_count_max");
}

/* --- advisories */
static bool has_form_of_intel(const char *id)
{
    static const char prefix[] = "INTEL-SA-";
    const size_t len = assay_text_len(id, ASSAY_ADVISORY_TEXT);
    if (len != sizeof prefix - 1 + 5 || !assay_bytes_equal(id, prefix, sizeof prefix - 1))
        return false;
    for (size_t i = sizeof prefix - 1; i < len; i++)
        if (id[i] < '0' || id[i] > '9') return false;
    return true;
}

static void lint_advisories(struct assay_lint_run *l)
{
    const struct assay_policy *const policy = l->policy;
    ASSAY_ASSERT(policy->advisory_count <= ASSAY_POLICY_ADVISORIES_MAX);
    if (policy->advisory_count > 0 && (l->kinds & ASSAY_KINDS_DCAP) == 0)
        find_at(l, ASSAY_LINT_ADVISORY_UNUSED, "advisories_denied", "");
    for (uint32_t i = 0; i < policy->advisory_count; i++) {
        const char *const id = policy->advisories_denied[i];
        bool twice = false;
        for (uint32_t k = 0; k < i && !twice; k++)
            twice = assay_text_compare(policy->advisories_denied[k], id, ASSAY_ADVISORY_TEXT) == 0;
        const struct assay_text path = assay_lint_path("advisories_denied", i);
        if (twice) assay_lint_find(l, ASSAY_LINT_ADVISORY_TWICE, path, text_of(id));
        else if (!has_form_of_intel(id))
            assay_lint_find(l, ASSAY_LINT_ADVISORY_FORM, path, text_of(id));
    }
}

/* --- the whole */
void assay_policy_lint(const struct assay_policy *policy, int64_t at_unix_s,
                       struct assay_lint_report *report)
{
    ASSAY_ASSERT(report != NULL);
    struct assay_policy standard;
    ASSAY_ASSERT(assay_policy_check(policy) == ASSAY_OK);
    struct assay_lint_run l = { .policy = policy,
                                .at_unix_s = at_unix_s,
                                .kinds = assay_policy_kinds(policy),
                                .all_kinds = policy->kinds == ASSAY_KINDS_ALL,
                                .report = report };
    assay_policy_default(&standard);
    assay_bytes_zero(report, sizeof *report);
    lint_profile(&l);
    lint_statuses(&l, &standard);
    lint_minima(&l);
    lint_platform(&l, &standard);
    lint_gpu(&l, &standard);
    lint_roots(&l);
    lint_advisories(&l);
    assay_lint_references(&l);
    assay_lint_events(&l);
    ASSAY_ASSERT(report->count <= report->errors + report->warnings);
}

/* --- texts */
enum assay_lint_severity assay_lint_severity_of(enum assay_lint lint)
{
#define SEVERITY_CASE(symbol, severity, name, text, advice)                                        \
    case ASSAY_LINT_##symbol: return ASSAY_LINT_##severity;
    switch (lint) {
        ASSAY_LINT_LIST(SEVERITY_CASE)
    }
#undef SEVERITY_CASE
    ASSAY_UNREACHABLE("findings are made of the list");
}

const char *assay_lint_name(enum assay_lint lint)
{
#define NAME_CASE(symbol, severity, name, text, advice)                                            \
    case ASSAY_LINT_##symbol: return name;
    switch (lint) {
        ASSAY_LINT_LIST(NAME_CASE)
    }
#undef NAME_CASE
    ASSAY_UNREACHABLE("findings are made of the list");
}

const char *assay_lint_text(enum assay_lint lint)
{
#define TEXT_CASE(symbol, severity, name, text, advice)                                            \
    case ASSAY_LINT_##symbol: return text;
    switch (lint) {
        ASSAY_LINT_LIST(TEXT_CASE)
    }
#undef TEXT_CASE
    ASSAY_UNREACHABLE("findings are made of the list");
}

const char *assay_lint_advice(enum assay_lint lint)
{
#define ADVICE_CASE(symbol, severity, name, text, advice)                                          \
    case ASSAY_LINT_##symbol: return advice;
    switch (lint) {
        ASSAY_LINT_LIST(ADVICE_CASE)
    }
#undef ADVICE_CASE
    ASSAY_UNREACHABLE("findings are made of the list");
}
