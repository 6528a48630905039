/*
 * quote/result/token/state.c - statements of the services in common terms: flags, AR4SI claims.
 *
 * One table has every member that is read, with what it means. Only an explicit statement of the
 * issuer sets a claim; of two statements about one claim the worse one counts.
 */
#include "quote/result/token/token.h"

#include "base/assert.h"
#include "quote/result/token/tree.h"

#define BIT(service) (1u << ASSAY_RESULT_##service)
enum { DEVICE = 1u << 8, ANY = BIT(AZURE) | BIT(GOOGLE) | BIT(INTEL) | DEVICE };

/* Values of AR4SI that statements have (draft-ietf-rats-ar4si 2.3.4). */
enum {
    GENUINE = 2,
    ENCRYPTED = 2,
    APPROVED = 2,
    VULNERABLE = 32,
    UNRECOGNISED = 33,
    UNAVAILABLE = 36,
    REFUSED = 96,
};

/* --- kinds of TEE, and what the service has verified before it names one */
static const struct attester {
    unsigned services;
    const char *path, *value;
    bool is_tee;
} attesters[] = {
    { BIT(AZURE), "x-ms-attestation-type", "sgx", true },
    { BIT(AZURE), "x-ms-attestation-type", "sevsnpvm", true },
    { BIT(AZURE), "x-ms-attestation-type", "tdxvm", true },
    /* a virtual TPM, and the processor below it */
    { BIT(AZURE), "x-ms-isolation-tee/x-ms-attestation-type", "sevsnpvm", true },
    { BIT(AZURE), "x-ms-isolation-tee/x-ms-attestation-type", "tdxvm", true },
    { BIT(AZURE), "x-ms-attestation-type", "azurevm", false },
    { BIT(AZURE), "x-ms-attestation-type", "tpm", false },
    { BIT(GOOGLE), "hwmodel", "GCP_AMD_SEV", true },
    { BIT(GOOGLE), "hwmodel", "GCP_AMD_SEV_ES", true },
    { BIT(GOOGLE), "hwmodel", "GCP_AMD_SEV_SNP", true },
    { BIT(GOOGLE), "hwmodel", "GCP_INTEL_TDX", true },
    { BIT(GOOGLE), "hwmodel", "GCP_SHIELDED_VM", false },
    { BIT(INTEL), "attester_type", "SGX", true },
    { BIT(INTEL), "attester_type", "TDX", true },
    { BIT(INTEL), "attester_type", "SEVSNP", true },
    { BIT(INTEL), "tdx/attester_type", "TDX", true },
    { BIT(INTEL), "sgx/attester_type", "SGX", true },
    { BIT(INTEL), "sevsnp/attester_type", "SEVSNP", true },
};

/* --- flags */
enum flag { FLAG_DEBUG, FLAG_SECURE_BOOT, FLAG_COUNT };
static const struct flag_row {
    enum flag flag;
    unsigned services;
    const char *path;
    const char *yes, *no; /* NULL: a BOOL */
} flag_rows[] = {
    { FLAG_DEBUG, ANY, "dbgstat", "enabled", "disabled" },
    { FLAG_DEBUG, ANY, "dbgstat", "enabled", "disabled-since-boot" },
    { FLAG_DEBUG, ANY, "dbgstat", "enabled", "disabled-permanently" },
    { FLAG_DEBUG, ANY, "dbgstat", "enabled", "disabled-fully-and-permanently" },
    { FLAG_DEBUG, BIT(AZURE), "is-debuggable", NULL, NULL },
    { FLAG_DEBUG, BIT(AZURE), "x-ms-sgx-is-debuggable", NULL, NULL },
    { FLAG_DEBUG, BIT(AZURE), "x-ms-sevsnpvm-is-debuggable", NULL, NULL },
    { FLAG_DEBUG, BIT(AZURE), "x-ms-isolation-tee/x-ms-sevsnpvm-is-debuggable", NULL, NULL },
    { FLAG_DEBUG, BIT(AZURE), "tdx_td_attributes_debug", NULL, NULL },
    { FLAG_DEBUG, BIT(AZURE), "x-ms-isolation-tee/tdx_td_attributes_debug", NULL, NULL },
    { FLAG_DEBUG, BIT(INTEL), "tdx_is_debuggable", NULL, NULL },
    { FLAG_DEBUG, BIT(INTEL), "sgx_is_debuggable", NULL, NULL },
    { FLAG_DEBUG, BIT(INTEL), "tdx/tdx_is_debuggable", NULL, NULL },
    { FLAG_DEBUG, BIT(INTEL), "sgx/sgx_is_debuggable", NULL, NULL },
    { FLAG_DEBUG, BIT(INTEL), "sevsnp/sevsnp_is_debuggable", NULL, NULL },
    { FLAG_SECURE_BOOT, BIT(AZURE), "secureboot", NULL, NULL },
    { FLAG_SECURE_BOOT, BIT(GOOGLE), "secboot", NULL, NULL },
    { FLAG_SECURE_BOOT, DEVICE, "secboot", NULL, NULL },
};

/* --- states of the TCB: Intel's words, and where they are */
static const struct {
    unsigned services;
    const char *path;
} tcb_paths[] = {
    { BIT(AZURE) | BIT(INTEL), "attester_tcb_status" },
    { BIT(AZURE), "x-ms-isolation-tee/attester_tcb_status" },
    { BIT(INTEL), "tdx/attester_tcb_status" },
    { BIT(INTEL), "sgx/attester_tcb_status" },
    { BIT(INTEL), "sevsnp/attester_tcb_status" },
    { BIT(GOOGLE), "tdx/gcp_attester_tcb_status" },
};

/* Checks of NVIDIA's service at one device that must not be false. */
static const char *const device_checks[] = {
    "x-nvidia-gpu-attestation-report-signature-verified",
    "x-nvidia-gpu-attestation-report-nonce-match",
    "x-nvidia-gpu-attestation-report-cert-chain-fwid-match",
    "x-nvidia-gpu-arch-check",
    "x-nvidia-switch-attestation-report-signature-verified",
    "x-nvidia-switch-attestation-report-nonce-match",
    "x-nvidia-switch-attestation-report-cert-chain-fwid-match",
};

/* --- the vector */
static int rank(int8_t value)
{
    const enum assay_tier tier = assay_ar4si_tier(value);
    return tier == ASSAY_TIER_NONE && value != 0 ? ASSAY_TIER_AFFIRMING : (int)tier;
}

static void state_claim(struct assay_token *token, enum assay_trust_claim claim, int8_t value)
{
    int8_t *const at = &token->vector.claims[claim];
    if (*at == 0 || rank(value) > rank(*at)) *at = value;
}

static enum assay_result_flag read_flag(const struct assay_doc_tree *claims, unsigned services,
                                        enum flag flag)
{
    enum assay_result_flag found = ASSAY_FLAG_UNSTATED;
    for (size_t i = 0; i < sizeof flag_rows / sizeof flag_rows[0]; i++) {
        const struct flag_row *const row = &flag_rows[i];
        if (row->flag != flag || (row->services & services) == 0) continue;
        const struct assay_tree_node *const node = assay_tree_find(claims, row->path);
        const bool yes =
            row->yes == NULL ? assay_tree_is_bool(node, true) : assay_tree_is(node, row->yes);
        const bool no =
            row->no == NULL ? assay_tree_is_bool(node, false) : assay_tree_is(node, row->no);
        /* Of two statements the worse one: debug, no secure boot. */
        const bool is_worse = flag == FLAG_DEBUG ? yes : no;
        if (is_worse) return flag == FLAG_DEBUG ? ASSAY_FLAG_YES : ASSAY_FLAG_NO;
        if (yes || no) found = yes ? ASSAY_FLAG_YES : ASSAY_FLAG_NO;
    }
    return found;
}

static void state_flags(struct assay_token *token, enum assay_result_flag debug,
                        enum assay_result_flag secure_boot)
{
    if (debug == ASSAY_FLAG_YES) {
        state_claim(token, ASSAY_TRUST_CONFIGURATION, REFUSED);
        state_claim(token, ASSAY_TRUST_RUNTIME_OPAQUE, REFUSED);
    }
    if (secure_boot == ASSAY_FLAG_NO) state_claim(token, ASSAY_TRUST_CONFIGURATION, UNAVAILABLE);
}

static void state_tcb(struct assay_token *token, const char *status)
{
    enum { STATUS_MAX = 64 };
    if (assay_text_compare(status, assay_tcb_status_text(ASSAY_TCB_UP_TO_DATE), STATUS_MAX) == 0)
        return;
    const bool is_revoked =
        assay_text_compare(status, assay_tcb_status_text(ASSAY_TCB_REVOKED), STATUS_MAX) == 0;
    state_claim(token, ASSAY_TRUST_HARDWARE, is_revoked ? REFUSED : VULNERABLE);
}

static void state_attester(struct assay_token *token, unsigned services)
{
    for (size_t i = 0; i < sizeof attesters / sizeof attesters[0]; i++) {
        const struct attester *const row = &attesters[i];
        const struct assay_tree_node *const node = assay_tree_find(&token->claims, row->path);
        if ((row->services & services) == 0 || !assay_tree_is(node, row->value)) continue;
        if (token->attester == NULL) token->attester = row->value;
        if (!row->is_tee) continue;
        state_claim(token, ASSAY_TRUST_HARDWARE, GENUINE);
        if (token->debug != ASSAY_FLAG_UNSTATED)
            state_claim(token, ASSAY_TRUST_RUNTIME_OPAQUE, ENCRYPTED);
    }
    for (size_t i = 0; i < sizeof tcb_paths / sizeof tcb_paths[0]; i++) {
        const char *const status =
            assay_tree_text(assay_tree_find(&token->claims, tcb_paths[i].path));
        if ((tcb_paths[i].services & services) == 0 || status == NULL) continue;
        if (token->tcb_status == NULL) token->tcb_status = status;
        state_tcb(token, status);
    }
}

/* Trust Authority signs tokens whether the caller's policies match or not. */
static bool has_unmatched_policy(const struct assay_doc_tree *claims)
{
    const struct assay_tree_node *const list = assay_tree_find(claims, "policy_ids_unmatched");
    return list != NULL && (list->type != ASSAY_TREE_LIST || list->number != 0) &&
           list->type != ASSAY_TREE_NULL;
}

static void state_overall_of_nvidia(struct assay_token *token)
{
    const struct assay_tree_node *const result =
        assay_tree_find(&token->claims, "x-nvidia-overall-att-result");
    const bool holds = assay_tree_is_bool(result, true);
    token->policy_failed = token->policy_failed || (result != NULL && !holds);
    if (holds && token->devices_named > 0) state_claim(token, ASSAY_TRUST_HARDWARE, GENUINE);
}

/* Of all devices, or of none: one that states nothing of its measurements may run anything. */
static void state_measurements(struct assay_token *token)
{
    size_t matching = 0;
    for (size_t i = 0; i < token->device_count; i++) {
        if (token->devices[i].measured == ASSAY_FLAG_YES) matching += 1;
        if (token->devices[i].measured == ASSAY_FLAG_NO)
            state_claim(token, ASSAY_TRUST_EXECUTABLES, UNRECOGNISED);
    }
    if (matching > 0 && matching == token->device_count)
        state_claim(token, ASSAY_TRUST_EXECUTABLES, APPROVED);
}

static void conclude(struct assay_token *token)
{
    _Static_assert((int)ASSAY_STATED_CONTRAINDICATED == (int)ASSAY_TIER_CONTRAINDICATED &&
                       (int)ASSAY_STATED_WARNING == (int)ASSAY_TIER_WARNING &&
                       (int)ASSAY_STATED_AFFIRMING == (int)ASSAY_TIER_AFFIRMING,
                   "the same order");
    const enum assay_tier worst = assay_ar4si_worst(&token->vector);
    token->statement = (enum assay_result_statement)worst;
    if (token->policy_failed) token->statement = ASSAY_STATED_CONTRAINDICATED;
}

void assay_token_state(struct assay_token *token)
{
    const unsigned services = 1u << token->service;
    token->debug = read_flag(&token->claims, services, FLAG_DEBUG);
    token->secure_boot = read_flag(&token->claims, services, FLAG_SECURE_BOOT);
    state_flags(token, token->debug, token->secure_boot);
    state_attester(token, services);
    if (token->service == ASSAY_RESULT_INTEL)
        token->policy_failed = has_unmatched_policy(&token->claims);
    if (token->service == ASSAY_RESULT_NVIDIA) state_overall_of_nvidia(token);
    state_measurements(token);
    conclude(token);
}

/* --- devices */
/* Whatever is stated but success is none: a comparison that failed, was not made, or found nothing
 * to compare (RFC 9711 4.2.17). */
static enum assay_result_flag read_measured(const struct assay_doc_tree *claims)
{
    const struct assay_tree_node *const result = assay_tree_find(claims, "measres");
    if (result == NULL || result->type == ASSAY_TREE_NULL) return ASSAY_FLAG_UNSTATED;
    const bool holds = assay_tree_is(result, "success") ||
                       assay_tree_is(result, "comparison-successful"); /* older claims */
    return holds ? ASSAY_FLAG_YES : ASSAY_FLAG_NO;
}

static void copy_claim(char out[static ASSAY_RESULT_DEVICE_TEXT_MAX],
                       const struct assay_doc_tree *claims, const char *path, const char *other)
{
    const char *text = assay_tree_text(assay_tree_find(claims, path));
    if (text == NULL && other != NULL) text = assay_tree_text(assay_tree_find(claims, other));
    assay_token_copy_text(out, ASSAY_RESULT_DEVICE_TEXT_MAX, text);
}

void assay_token_state_device(const struct assay_doc_tree *claims, const char *label,
                              struct assay_token *token)
{
    ASSAY_ASSERT(token->device_count < ASSAY_RESULT_DEVICES_MAX);
    struct assay_token_device *const device = &token->devices[token->device_count];
    token->device_count += 1;
    assay_token_copy_text(device->label, sizeof device->label, label);
    copy_claim(device->product, claims, "hwmodel", NULL);
    copy_claim(device->serial, claims, "ueid", NULL);
    copy_claim(device->driver, claims, "x-nvidia-gpu-driver-version", NULL);
    copy_claim(device->firmware, claims, "x-nvidia-gpu-vbios-version",
               "x-nvidia-switch-bios-version");
    device->measured = read_measured(claims);
    device->debug = read_flag(claims, DEVICE, FLAG_DEBUG);
    device->secure_boot = read_flag(claims, DEVICE, FLAG_SECURE_BOOT);
    state_flags(token, device->debug, device->secure_boot);
    for (size_t i = 0; i < sizeof device_checks / sizeof device_checks[0]; i++)
        if (assay_tree_is_bool(assay_tree_find(claims, device_checks[i]), false))
            token->policy_failed = true;
}
