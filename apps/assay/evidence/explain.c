/*
 * apps/assay/evidence/explain.c - detailed explanation of a verdict.
 */
#include "apps/assay/evidence/explain.h"

#include "apps/assay/core/command.h"
#include "apps/assay/core/text.h"
#include "apps/assay/evidence/forecast_print.h"
#include "apps/assay/evidence/unchecked.h"
#include "base/rfc3339.h"
#include "quote/kinds.h"
#include "quote/result/ar4si.h"
#include "quote/result/device_verdict.h"
#include "quote/result/fix.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *what_it_is(enum assay_evidence_kind kind)
{
    struct assay_kind row;
    return assay_kind_find(kind, &row) == ASSAY_OK ? row.what
                                                   : "bytes of no known kind of evidence";
}

static const char *in_one_sentence(const struct assay_verdict *v)
{
    if (v->genuine == ASSAY_GENUINE_FALSE) return "not genuine: its claims are not trusted";
    switch (v->tier) {
    case ASSAY_TIER_NONE: return "not appraised: required input is missing";
    case ASSAY_TIER_AFFIRMING: return "genuine, and it satisfies the policy";
    case ASSAY_TIER_WARNING: return "genuine and accepted, with something to look at";
    case ASSAY_TIER_CONTRAINDICATED: return "genuine, and the policy refuses it";
    }
    return "unknown";
}

static const char *link_text(enum assay_proof proof, enum assay_evidence_kind kind)
{
    const bool is_nvidia = kind == ASSAY_KIND_NVIDIA_GPU || kind == ASSAY_KIND_NVIDIA_SWITCH;
    switch (proof) {
    case ASSAY_PROOF_QUOTE_SIGNATURE: return "the attestation key signed the quote";
    case ASSAY_PROOF_QE_REPORT_SIGNATURE:
        return "the platform's certified key signed the quoting enclave's report";
    case ASSAY_PROOF_AK_BINDING: return "that report names the attestation key";
    case ASSAY_PROOF_CHAIN_TO_ROOT: return "the platform's certificate leads to a trusted root";
    case ASSAY_PROOF_REPORT_SIGNATURE:
        return is_nvidia ? "the device's attestation key signed the report"
                         : "the chip's endorsement key signed the report";
    case ASSAY_PROOF_CHAIN: return "the signing key's certificate leads to a trusted root";
    case ASSAY_PROOF_VEK_TCB: return "the endorsement key is of the firmware that is reported";
    case ASSAY_PROOF_CHIP_ID: return "the endorsement key is of the chip that is reported";
    case ASSAY_PROOF_COSE_SIGNATURE: return "the enclave's certified key signed the document";
    case ASSAY_PROOF_TPM_SIGNATURE: return "the attestation key signed the TPM's quote";
    case ASSAY_PROOF_PCR_DIGEST: return "the PCR values at hand are the ones that were quoted";
    case ASSAY_PROOF_EK_CHAIN: return "the TPM's endorsement certificate leads to a trusted root";
    case ASSAY_PROOF_AK_TRUSTED: return "the attestation key lives in that TPM";
    case ASSAY_PROOF_RUNTIME_DATA: return "the hardware report binds the runtime data";
    case ASSAY_PROOF_RUNTIME_AK: return "the runtime data names the TPM's attestation key";
    case ASSAY_PROOF_PLATFORM_SIGNATURE: return "the platform's key signed the platform token";
    case ASSAY_PROOF_REALM_SIGNATURE: return "the realm's key signed the realm token";
    case ASSAY_PROOF_REALM_BINDING: return "the platform token names the realm's key";
    case ASSAY_PROOF_FIRMWARE_ID: return "report and certificate name the same firmware";
    case ASSAY_PROOF_DRIVER_RIM: return "the maker signed the manifest of this driver";
    case ASSAY_PROOF_VBIOS_RIM: return "the maker signed the manifest of this firmware";
    }
    return "unknown";
}

static const char *class_sentence(enum assay_rule_class class_)
{
    switch (class_) {
    case ASSAY_RULE_FORGED: return "not genuine";
    case ASSAY_RULE_UNJUDGED: return "cannot be appraised";
    case ASSAY_RULE_REFUSED: return "refused";
    case ASSAY_RULE_OLD: return "too old";
    case ASSAY_RULE_NOTE: return "noted";
    }
    return "unknown";
}

static void print_head(const struct cli_appraisal *a)
{
    const struct assay_verdict *const v = a->verdict;
    char time[ASSAY_RFC3339_LEN + 1], first[ASSAY_REASON_TEXT];
    assay_rfc3339_format(v->at_unix_s, time);
    (void)printf("What it is\n  %s, %zu bytes\n", what_it_is(v->kind), a->len);
    (void)printf("  evaluated at %s: %s\n", time, assay_tier_text(v->tier));
    (void)printf("  %s\n", in_one_sentence(v));
    int64_t end_s = 0;
    const bool ends = assay_verdict_end(v, &end_s);
    assay_rfc3339_format(end_s, time);
    if (v->genuine == ASSAY_GENUINE_TRUE && ends)
        (void)printf("  what this rests on ends at %s\n", time);
    if (v->genuine == ASSAY_GENUINE_TRUE && assay_verdict_name_expiry(v, first)) {
        (void)fputs("    first of it: ", stdout);
        cli_text_print(first);
        (void)putchar('\n');
    }
    if (v->insecure) (void)puts("  INSECURE: profile development proves nothing about hardware");
}

/* What the signed report says of a device. */
static void print_device(const struct cli_appraisal *a)
{
    static const struct {
        const char *claim, *text;
    } rows[] = { { "hwmodel", "model" },       { "architecture", "architecture" },
                 { "chip", "chip" },           { "driver_version", "driver" },
                 { "vbios_version", "VBIOS" }, { "mode", "mode" } };
    if (assay_json_get(a->claims, "vbios_version") == NULL) return;
    (void)puts("\nDevice");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *const value = assay_json_as_text(assay_json_get(a->claims, rows[i].claim));
        if (value == NULL) continue;
        (void)printf("  %-13s ", rows[i].text);
        cli_text_print(value);
        (void)putchar('\n');
    }
}

/* Those that came with the evidence of their processor. */
static void print_devices(const struct assay_verdict *v)
{
    char name[ASSAY_REASON_TEXT], time[ASSAY_RFC3339_LEN + 1];
    if (v->device_count == 0) return;
    (void)puts("\nDevices");
    for (uint32_t i = 0; i < v->device_count; i++) {
        const struct assay_verdict_device *const d = &v->devices[i];
        assay_verdict_name_device(v, i, name);
        (void)fputs("  ", stdout);
        cli_text_print(name);
        (void)printf(": %s", assay_tier_text((enum assay_tier)d->tier));
        if (d->rule != 0) (void)printf(" (%s)", assay_rule_name((enum assay_rule)d->rule));
        if (d->driver[0] != '\0') (void)fputs(", driver ", stdout);
        cli_text_print(d->driver);
        if (d->firmware[0] != '\0') (void)fputs(", firmware ", stdout);
        cli_text_print(d->firmware);
        if (assay_device_mode(d) != NULL) (void)printf(", mode %s", assay_device_mode(d));
        (void)putchar('\n');
        if (d->has_expiry) {
            assay_rfc3339_format(d->expires_unix_s, time);
            (void)fputs("    ", stdout);
            cli_text_print(d->expires_first); /* has names of certificates */
            (void)printf(" expires first, at %s\n", time);
        }
    }
}

static void print_links(const struct cli_appraisal *a)
{
    const struct assay_verdict *const v = a->verdict;
    char name[2 * ASSAY_SHA256_LEN + 1];
    (void)puts("\nCertificate chain");
    size_t shown = 0;
    for (int i = 0; i < ASSAY_PROOF_COUNT; i++) {
        if (v->proofs[i] == ASSAY_PROOF_NOT_USED) continue;
        const char *const state = v->proofs[i] == ASSAY_PROOF_TRUE    ? "yes"
                                  : v->proofs[i] == ASSAY_PROOF_FALSE ? "NO"
                                                                      : "?";
        (void)printf("  %-3s %s\n", state, link_text((enum assay_proof)i, v->kind));
        shown += 1;
    }
    if (shown == 0) (void)puts("  none: no link was reached");
    if (!v->has_platform) return;
    assay_hex_encode(v->vendor_root, sizeof v->vendor_root, name, sizeof name);
    (void)printf("  root key  %s\n", name);
    assay_hex_encode(v->platform_id, sizeof v->platform_id, name, sizeof name);
    (void)printf("  platform  %s%s\n", name, v->platform_masked ? " (of an instance only)" : "");
    if (v->instance.id[0] != '\0') (void)printf("  instance  %s\n", v->instance.id);
    if (v->instance.project[0] != '\0')
        (void)printf("            %s, project %s (%" PRIu64 "), zone %s\n", v->instance.name,
                     v->instance.project, v->instance.project_number, v->instance.zone);
}

static void print_levels_of(const struct cli_appraisal *a)
{
    struct assay_named_forecast forecast;
    cli_named_forecast_make(a, ASSAY_AIM_NEXT, &forecast);
    if (forecast.is_there) {
        (void)puts("\nTCB levels");
        cli_print_forecast(&forecast, cli_levels_view);
        const struct assay_forecast *const f = &forecast.forecast;
        const bool is_best = f->gap_count == 0 && !f->platform.has_better && !f->qe.has_better &&
                             !(f->has_module && f->module.has_better);
        if (is_best) (void)puts("  already at the best level");
        else {
            (void)puts("  short of the next better level:");
            cli_print_forecast(&forecast, cli_gaps_view);
        }
    }
    cli_named_forecast_close(&forecast);
}

/* AMD names no levels: the reported values are printed next to those that the policy requires. */
static void print_snp_tcb(const struct cli_appraisal *a)
{
    static const struct {
        const char *claim;
        const char *text;
        size_t minimum; /* in assay_platform_rules */
    } parts[] = {
        { "bl", "boot loader", 0 },  { "tee", "TEE", 1 }, { "snp", "SNP firmware", 2 },
        { "ucode", "microcode", 3 }, { "fmc", "FMC", 4 },
    };
    const struct assay_json *const reported = assay_json_get(a->claims, "reported_tcb_parsed");
    const struct assay_json *const certified = assay_json_get(a->claims, "vek_tcb_extensions");
    if (reported == NULL) return;
    (void)puts("\nTCB versions");
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (assay_json_get(reported, parts[i].claim) == NULL) continue;
        const uint64_t have = assay_json_uint(reported, parts[i].claim, 0);
        const uint64_t need = a->policy->platform.snp_tcb_min[parts[i].minimum];
        (void)printf("  %-18s %llu", parts[i].text, (unsigned long long)have);
        if (assay_json_get(certified, parts[i].claim) != NULL)
            (void)printf(", certified for %llu",
                         (unsigned long long)assay_json_uint(certified, parts[i].claim, 0));
        if (have < need)
            (void)printf("; the policy needs %llu (short by %llu)", (unsigned long long)need,
                         (unsigned long long)(need - have));
        (void)puts("");
    }
}

static void print_advisories(const struct assay_verdict *v)
{
    if (v->advisory_count > 0)
        (void)printf("\nOpen advisories%s\n", v->has_now ? " at the launch" : "");
    for (uint32_t i = 0; i < v->advisory_count; i++)
        (void)printf("  %s\n", v->advisories[i]);
    if (!v->has_now) return;
    (void)printf("\nThe TDX module that runs now: %s (at the launch: %s)\n",
                 assay_tcb_status_text(v->tcb_status_current),
                 assay_tcb_status_text(v->tcb_status_launch));
    for (uint32_t i = 0; i < v->advisory_now_count; i++)
        (void)printf("  open: %s\n", v->advisories_now[i]);
}

static void print_reasons(const struct assay_verdict *v)
{
    (void)puts("\nWhat was found");
    if (v->reason_count == 0) (void)puts("  nothing against it");
    for (uint32_t i = 0; i < v->reason_count; i++) {
        const struct assay_reason *const reason = &v->reasons[i];
        (void)printf("  %s: %s (%s)\n", class_sentence(assay_rule_class_of(reason->rule)),
                     assay_rule_text(reason->rule), assay_rule_name(reason->rule));
        if (reason->expected[0] != '\0') (void)printf("      expected %s\n", reason->expected);
        if (reason->observed[0] != '\0') (void)printf("      observed %s\n", reason->observed);
        if (reason->offset != 0) (void)printf("      at byte  %u\n", reason->offset);
    }
}

static void print_policy(const struct cli_appraisal *a)
{
    const struct assay_policy *const p = a->policy;
    (void)puts("\nThe policy");
    (void)printf("  profile %s; %u reference values; %u events; %u advisories denied\n",
                 p->profile == ASSAY_PROFILE_DEVELOPMENT ? "development" : "production",
                 p->reference_count, p->event_count, p->advisory_count);
    if (a->verdict->tcb_status == ASSAY_TCB_NONE) return;
    static const char *const acceptance[] = { "refused", "accepted with a warning", "accepted" };
    const struct assay_status_rule *const rule = &p->statuses[a->verdict->tcb_status];
    (void)printf("  status %s is %s", assay_tcb_status_text(a->verdict->tcb_status),
                 acceptance[rule->acceptance]);
    if (rule->has_grace) (void)printf(", for %llu s", (unsigned long long)rule->grace_s);
    (void)puts("");
}

static void print_vector(const struct cli_appraisal *a)
{
    const struct assay_trust_vector vector = assay_ar4si_vector(a->verdict, a->policy);
    (void)puts("\nTrustworthiness (AR4SI)");
    for (int i = 0; i < ASSAY_TRUST_COUNT; i++) {
        const enum assay_trust_claim claim = (enum assay_trust_claim)i;
        if (vector.claims[i] == 0) continue;
        (void)printf("  %-18s %3d  %s\n", assay_ar4si_name(claim), vector.claims[i],
                     assay_ar4si_meaning(claim, vector.claims[i]));
    }
}

/* The same advice for two reasons is given once. */
static void print_fixes(const struct assay_verdict *v)
{
    if (v->reason_count == 0) return;
    (void)puts("\nWhat to do");
    for (uint32_t i = 0; i < v->reason_count; i++) {
        const char *const fix = assay_rule_fix(v->reasons[i].rule);
        bool said = false;
        for (uint32_t k = 0; k < i; k++)
            said = said || strcmp(assay_rule_fix(v->reasons[k].rule), fix) == 0;
        if (!said) (void)printf("  - %s\n", fix);
    }
}

/* A verdict of genuine evidence is none about when it was made (evidence.md). */
static void print_unchecked(const struct cli_appraisal *a,
                            const struct assay_appraisal_options *options)
{
    struct assay_open_check list[ASSAY_UNCHECKED_COMMAND_MAX];
    const size_t count = cli_unchecked_of(a, options, NULL, list);
    if (count > 0) (void)puts("\nNot checked");
    cli_unchecked_print("  ", list, count);
}

int cli_explain(const struct cli_appraisal *a, const struct assay_appraisal_options *options)
{
    print_head(a);
    print_device(a);
    print_devices(a->verdict);
    print_links(a);
    print_levels_of(a);
    print_snp_tcb(a);
    print_advisories(a->verdict);
    print_reasons(a->verdict);
    cli_eventlogs_explain(&a->event_logs, a->verdict);
    print_policy(a);
    print_vector(a);
    print_unchecked(a, options);
    print_fixes(a->verdict);
    return fflush(stdout) == 0 ? ASSAY_EXIT_OK : ASSAY_EXIT_INTERNAL;
}
