/*
 * apps/assay/evidence.c - `assay evidence`: appraise a quote without a daemon, or print its fields.
 *
 * stdout carries the answer (JSON on request), stderr diagnostics; the exit status is the verdict.
 */
#include "apps/assay/appraisal.h"
#include "apps/assay/claims_all.h"
#include "apps/assay/command.h"
#include "apps/assay/ear.h"
#include "apps/assay/evidence_print.h"
#include "apps/assay/explain.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: assay evidence verify FILE [--collateral DIR] [--root FILE] [--at RFC3339] [--kind K]\n"
    "                             [--policy FILE] [--event-log FILE]... [--json]\n"
    "                             [--ear FILE --ear-key FILE [--ear-profile P] [--ear-nonce N]]\n"
    "       assay evidence explain FILE [--collateral DIR] [--root FILE] [--at RFC3339]\n"
    "                              [--kind K] [--policy FILE] [--event-log FILE]...\n"
    "       assay evidence decode FILE [--kind K] [--json]\n"
    "\n"
    "verify appraises one piece of evidence: SGX, TDX, SNP, Nitro, TPM 2.0, vTPM, CCA.\n"
    "DIR holds what the evidence does not carry, recognised by content: TCB info, QE identity,\n"
    "revocation lists and chains for SGX and TDX; certificates and revocation lists for SEV-SNP;\n"
    "signature, PCR values, key and certificates for TPMs. Whatever else is in DIR is ignored.\n"
    "SGX, TDX and SOFT cannot be judged without it; Nitro and CCA need none.\n"
    "  --root FILE    trust this root (certificate, public key, JWK) instead of the pinned\n"
    "                 roots and those of the policy\n"
    "  --at TIME      the time to judge for, default now\n"
    "  --kind K       sgx-v3 sgx-v4 sgx-v5 tdx-v4 tdx-v5 snp nitro tpm2 paravisor-vtpm-snp\n"
    "                 paravisor-vtpm-tdx cca nitro-tpm soft; default: as the bytes say\n"
    "  --policy FILE  YAML (quote/yaml.h); default: profile production, every measurement\n"
    "  --event-log F  a log of the firmware (TCG2, CCEL) or of IMA, known by its content, at most\n"
    "                 four: replayed to the registers of a TD or a TPM, and compared with the\n"
    "                 events of the policy\n"
    "  --ear FILE     sign the verdict as an attestation result (EAR, JSON web token); FILE -\n"
    "                 prints it instead of the verdict\n"
    "  --ear-key FILE the key that signs it (`assay keys operator` makes one)\n"
    "  --ear-profile  ietf-03 (default) or veraison-2023\n"
    "  --ear-nonce N  what the relying party wants echoed, 8 to 88 characters\n"
    "explain prints the same verdict as a page for people: who vouches for whom, which security\n"
    "version is short of a better level, what the policy did, what to do.\n"
    "decode prints every field without judging it.\n"
    "\n"
    "exit status: 0 affirming, 10 warning, 11 contraindicated, 12 none (not judged),\n"
    "             13 malformed, 2 usage\n";

/* --- the two commands */
static int print_verdict(struct assay_appraisal *a)
{
    if (a->verdict->insecure)
        (void)fputs("INSECURE: profile development; this verdict proves nothing about hardware\n",
                    stderr);
    if (a->json) {
        struct assay_json *const claims = a->claims;
        a->claims = NULL;
        struct assay_json *const data = assay_verdict_json(a->verdict, claims);
        assay_eventlogs_set_json(&a->event_logs, data);
        return assay_print_envelope("assay.evidence.verify", data);
    }
    if (a->verdict->insecure) (void)puts("INSECURE    profile development");
    const int printed = assay_print_verdict(a->verdict, a->claims);
    return printed == ASSAY_EXIT_OK ? assay_eventlogs_print(&a->event_logs) : printed;
}

static int verify_case(struct assay_appraisal *a, const struct assay_appraisal_options *options,
                       const struct assay_ear_options *ear)
{
    int result = assay_appraisal_open(a, options);
    if (result == ASSAY_EXIT_OK) result = assay_ear_check(ear, a->json);
    if (result == ASSAY_EXIT_OK) result = assay_appraisal_judge(a);
    if (result == ASSAY_EXIT_OK && ear->file != NULL) result = assay_ear_write(a, ear);
    const bool token_is_output = ear->file != NULL && strcmp(ear->file, "-") == 0;
    if (result == ASSAY_EXIT_OK && !token_is_output) result = print_verdict(a);
    if (result == ASSAY_EXIT_OK) assay_appraisal_note(a);
    return result == ASSAY_EXIT_OK ? assay_appraisal_exit(a) : result;
}

static int explain_case(struct assay_appraisal *a, const struct assay_appraisal_options *options)
{
    int result = assay_appraisal_open(a, options);
    if (result == ASSAY_EXIT_OK) result = assay_appraisal_judge(a);
    if (result == ASSAY_EXIT_OK) result = assay_explain(a);
    if (result == ASSAY_EXIT_OK) assay_appraisal_note(a);
    return result == ASSAY_EXIT_OK ? assay_appraisal_exit(a) : result;
}

static void print_value(const char *name, const struct assay_json *value)
{
    const char *const text = assay_json_as_text(value);
    if (text != NULL) {
        (void)printf("%-22s %s\n", name, text);
        return;
    }
    char *const printed = assay_json_print(value, 0);
    (void)printf("%-22s %s\n", name, printed == NULL ? "" : printed);
    free(printed);
}

static void print_members(const struct assay_json *object)
{
    const char *name = NULL;
    const struct assay_json *value = NULL;
    for (size_t i = 0; assay_json_member(object, i, &name, &value); i++)
        print_value(name, value);
}

static int decode_case(struct assay_appraisal *a, const struct assay_appraisal_options *options)
{
    const int result = assay_appraisal_open_bare(a, options);
    if (result != ASSAY_EXIT_OK) return result;
    if (a->malformed != ASSAY_OK) {
        const bool unsupported = a->malformed == ASSAY_E_UNSUPPORTED;
        return assay_print_error(
            a->json, ASSAY_EXIT_MALFORMED, unsupported ? "unsupported" : "malformed", "%s: %s (%s)",
            options->file, assay_status_text(a->malformed), assay_status_symbol(a->malformed));
    }
    struct assay_json *details = NULL;
    char kind[ASSAY_KIND_NAME_MAX];
    assay_kind_name(a->kind, a->claims, kind);
    if (assay_details_of(a->kind, a->bytes, a->len, &details) != ASSAY_OK)
        return assay_print_error(a->json, ASSAY_EXIT_INTERNAL, "internal", "out of memory");
    if (a->json) {
        struct assay_json *const data = assay_json_object();
        assay_json_set_text(data, "kind", kind);
        assay_json_set_uint(data, "trailing_zero_bytes", a->trailing_len);
        assay_json_set(data, "claims", a->claims);
        assay_json_set(data, "details", details);
        a->claims = NULL;
        return assay_print_envelope("assay.evidence.decode", data);
    }
    (void)printf("%-22s %s\n", "kind", kind);
    print_members(a->claims);
    print_members(details);
    assay_json_free(&details);
    return fflush(stdout) == 0 ? ASSAY_EXIT_OK : ASSAY_EXIT_INTERNAL;
}

static bool read_options(int argc, char **argv, struct assay_appraisal_options *options,
                         struct assay_ear_options *ear)
{
    static const struct option known[] = {
        { "collateral", required_argument, NULL, 'c' },
        { "root", required_argument, NULL, 'r' },
        { "at", required_argument, NULL, 'a' },
        { "kind", required_argument, NULL, 'k' },
        { "policy", required_argument, NULL, 'p' },
        { "event-log", required_argument, NULL, 'l' },
        { "json", no_argument, NULL, 'j' },
        { "ear", required_argument, NULL, 'e' },
        { "ear-key", required_argument, NULL, 'K' },
        { "ear-profile", required_argument, NULL, 'P' },
        { "ear-nonce", required_argument, NULL, 'N' },
        { NULL, 0, NULL, 0 },
    };
    optind = 0; /* the table of main.c has read words before */
    for (int c = 0; (c = getopt_long(argc, argv, "", known, NULL)) != -1;) {
        switch (c) {
        case 'c': options->collateral = optarg; break;
        case 'r': options->root = optarg; break;
        case 'a': options->at = optarg; break;
        case 'k': options->kind = optarg; break;
        case 'p': options->policy = optarg; break;
        case 'l': assay_eventlog_paths_add(&options->event_logs, optarg); break;
        case 'j': options->json = true; break;
        case 'e': ear->file = optarg; break;
        case 'K': ear->key = optarg; break;
        case 'P': ear->profile = optarg; break;
        case 'N': ear->nonce = optarg; break;
        default: return false;
        }
    }
    if (argc - optind != 1) return false;
    options->file = argv[optind];
    return true;
}

int assay_command_evidence(int argc, char **argv)
{
    struct assay_appraisal_options options = { 0 };
    struct assay_ear_options ear = { 0 };
    struct assay_appraisal a;
    const char *const verb = argc > 1 ? argv[1] : "";
    const bool asks_after_verb = argc == 3 && strcmp(argv[2], "--help") == 0;
    if (strcmp(verb, "--help") == 0 || strcmp(verb, "help") == 0 || asks_after_verb) {
        (void)fputs(usage, stdout);
        return ASSAY_EXIT_OK;
    }
    const bool verify = strcmp(verb, "verify") == 0, explain = strcmp(verb, "explain") == 0;
    const bool fit = argc > 1 && (verify || explain || strcmp(verb, "decode") == 0) &&
                     read_options(argc - 1, argv + 1, &options, &ear);
    const bool signs =
        ear.file != NULL || ear.key != NULL || ear.profile != NULL || ear.nonce != NULL;
    /* decode takes neither collateral nor time, policy or logs; only verify signs. */
    const bool judges = verify || (explain && !options.json && !signs);
    const bool complete =
        judges || (options.collateral == NULL && options.root == NULL && options.at == NULL &&
                   options.policy == NULL && options.event_logs.count == 0 && !explain && !signs);
    if (!fit || !complete) {
        (void)fputs(usage, stderr);
        return ASSAY_EXIT_USAGE;
    }
    const int result = verify    ? verify_case(&a, &options, &ear)
                       : explain ? explain_case(&a, &options)
                                 : decode_case(&a, &options);
    assay_appraisal_close(&a);
    return result;
}
