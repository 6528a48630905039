/*
 * apps/assay/evidence.c - `assay evidence`: appraise a quote without a daemon, or print its fields.
 *
 * stdout carries the answer (JSON on request), stderr diagnostics; the exit status is the verdict.
 */
#include "apps/assay/command.h"

#include "apps/assay/claims.h"
#include "apps/assay/collateral_dir.h"
#include "apps/assay/evidence_print.h"
#include "base/rfc3339.h"
#include "quote/collateral.h"
#include "quote/policy.h"
#include "quote/verify.h"
#include "quote/yaml.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char usage[] =
    "usage: assay evidence verify FILE --collateral DIR [--root FILE] [--at RFC3339] [--kind K]\n"
    "                             [--policy FILE] [--json]\n"
    "       assay evidence decode FILE [--kind K] [--json]\n"
    "\n"
    "verify appraises one quote with the collateral in DIR: tcb_info.json qe_identity.json\n"
    "root_crl.der pck_crl.der pck_chain.pem tcb_signing_chain.pem qe_signing_chain.pem, or files\n"
    "of other names with such contents; whatever else is in DIR is ignored.\n"
    "  --root FILE    trust this root certificate (PEM or DER) instead of the pinned vendor root\n"
    "                 and the roots of the policy\n"
    "  --at TIME      the time to judge for, default now\n"
    "  --kind K       sgx-v3, tdx-v4 or soft; default: as the quote says\n"
    "  --policy FILE  YAML (quote/yaml.h); default: profile production, every measurement\n"
    "decode prints every field without judging it.\n"
    "\n"
    "exit status: 0 affirming, 10 warning, 11 contraindicated, 12 none (not judged),\n"
    "             13 malformed, 2 usage\n";

enum { FILE_LEN_MAX = 1 << 20 };

struct options {
    const char *file;
    const char *collateral;
    const char *root;
    const char *at;
    const char *kind;
    const char *policy;
    bool json;
};

/* Everything that one appraisal needs; freed by close_case. */
struct appraisal {
    bool json; /* errors, too */
    uint8_t *bytes;
    size_t file_len;
    size_t len; /* declared */
    enum assay_evidence_kind kind;
    int64_t at_unix_s;
    struct assay_policy *policy;
    struct assay_endorsements *endorsements;
    struct assay_collateral *collateral; /* one per root */
    struct assay_collateral_dir dir;
    struct assay_verdict *verdict;
    struct assay_json *claims;
};

/* The option, policy or file that cannot be used. */
#define COMPLAIN(a, ...) assay_print_error((a)->json, ASSAY_EXIT_USAGE, "usage", __VA_ARGS__)

static int out_of_memory(const struct appraisal *a)
{
    return assay_print_error(a->json, ASSAY_EXIT_INTERNAL, "internal", "out of memory");
}

/* What the command line names and nobody can open is misuse of it, like a wrong option. */
static int cannot_read(const struct appraisal *a, const char *path, enum assay_status status)
{
    if (status == ASSAY_E_MEMORY) return out_of_memory(a);
    return assay_print_error(a->json, ASSAY_EXIT_USAGE,
                             status == ASSAY_E_NOT_FOUND ? "not_found" : "usage", "%s: %s", path,
                             assay_status_text(status));
}

static void close_case(struct appraisal *a)
{
    assay_collateral_dir_close(&a->dir);
    free(a->bytes);
    free(a->policy);
    free(a->endorsements);
    free(a->collateral);
    free(a->verdict);
    assay_json_free(&a->claims);
}

static bool open_case(struct appraisal *a, bool json)
{
    *a = (struct appraisal){ .kind = ASSAY_KIND_NONE, .json = json };
    a->policy = calloc(1, sizeof *a->policy);
    a->endorsements = calloc(1, sizeof *a->endorsements);
    a->verdict = calloc(1, sizeof *a->verdict);
    return a->policy != NULL && a->endorsements != NULL && a->verdict != NULL;
}

/* --- reading what the options name; each returns ASSAY_EXIT_OK or the exit status */
static int read_time(struct appraisal *a, const char *text)
{
    struct timespec now;
    if (text == NULL) {
        if (clock_gettime(CLOCK_REALTIME, &now) != 0)
            return COMPLAIN(a, "the clock cannot be read");
        a->at_unix_s = (int64_t)now.tv_sec;
        return ASSAY_EXIT_OK;
    }
    if (assay_rfc3339_parse(text, strlen(text), &a->at_unix_s) == ASSAY_OK) return ASSAY_EXIT_OK;
    return COMPLAIN(a, "--at: \"%s\" is no RFC 3339 time (2026-01-31T12:00:00Z)", text);
}

static int read_policy(struct appraisal *a, const char *path)
{
    uint8_t *text = NULL;
    size_t len = 0;
    char message[ASSAY_YAML_MESSAGE_MAX];
    if (path == NULL) {
        assay_policy_default(a->policy);
        return ASSAY_EXIT_OK;
    }
    enum assay_status status = assay_file_read(path, ASSAY_YAML_LEN_MAX, &text, &len);
    if (status != ASSAY_OK) return cannot_read(a, path, status);
    status = assay_policy_parse_yaml(text, len, a->policy, message);
    free(text);
    if (status != ASSAY_OK) return COMPLAIN(a, "%s:%s", path, message);
    return ASSAY_EXIT_OK;
}

static void add_root(struct appraisal *a, const struct assay_key *key, uint32_t kinds)
{
    struct assay_endorsement *const e = &a->endorsements->entries[a->endorsements->count];
    e->root = *key;
    e->kinds = kinds;
    a->endorsements->count += 1;
}

/* --root alone, else the policy's roots, else the vendor's pinned one. */
static int read_roots(struct appraisal *a, const char *path)
{
    struct assay_key key;
    uint32_t kinds = 0;
    uint8_t *bytes = NULL;
    size_t len = 0;
    if (path != NULL) {
        enum assay_status status = assay_file_read(path, ASSAY_PEM_MAX, &bytes, &len);
        if (status == ASSAY_OK) status = assay_x509_root(bytes, len, &key);
        free(bytes);
        if (status != ASSAY_OK)
            return COMPLAIN(a, "--root %s: %s (%s)", path, assay_status_text(status),
                            assay_status_symbol(status));
        add_root(a, &key, ASSAY_KINDS_ALL);
        return ASSAY_EXIT_OK;
    }
    for (uint32_t i = 0; i < a->policy->root_count; i++)
        add_root(a, &a->policy->roots[i].key, a->policy->roots[i].kinds);
    if (a->endorsements->count > 0) return ASSAY_EXIT_OK;
    for (int i = 0; i < ASSAY_PINNED_ROOTS; i++)
        if (assay_pinned_root((enum assay_pinned_root)i, &key, &kinds) == ASSAY_OK)
            add_root(a, &key, kinds);
    return ASSAY_EXIT_OK;
}

static int read_parts(struct appraisal *a, const char *dir)
{
    struct assay_collateral_wanted wanted;
    const char *where = NULL;
    enum assay_status status =
        assay_collateral_wanted(a->kind, a->bytes, a->len, a->at_unix_s, &wanted);
    if (status == ASSAY_OK) status = assay_collateral_dir_read(dir, &wanted, &a->dir, &where);
    if (status == ASSAY_OK) return ASSAY_EXIT_OK;
    if (status == ASSAY_E_MEMORY) return out_of_memory(a);
    if (status == ASSAY_E_NOT_FOUND)
        return assay_print_error(a->json, ASSAY_EXIT_USAGE, "not_found",
                                 "--collateral %s: no such folder", dir);
    return COMPLAIN(a, "--collateral %s%s%s: %s", dir, where != NULL ? "/" : "",
                    where != NULL ? where : "", assay_status_text(status));
}

/* The same files under each root: the quote's chain decides which one counts. */
static int build_collateral(struct appraisal *a)
{
    a->endorsements->exact = true;
    a->collateral = calloc(a->endorsements->count, sizeof *a->collateral);
    if (a->collateral == NULL) return out_of_memory(a);
    for (size_t i = 0; i < a->endorsements->count; i++) {
        struct assay_endorsement *const e = &a->endorsements->entries[i];
        const enum assay_status status =
            assay_collateral_build(&a->dir.files, &e->root, &a->collateral[i]);
        if (status != ASSAY_OK)
            return assay_print_error(a->json, ASSAY_EXIT_INTERNAL, "internal", "collateral: %s",
                                     assay_status_text(status));
        e->collateral = &a->collateral[i];
    }
    return ASSAY_EXIT_OK;
}

/* A file that cannot be opened is a usage error; bytes that cannot be evidence are malformed. */
static int read_evidence(struct appraisal *a, const struct options *options,
                         enum assay_status *malformed)
{
    enum assay_status status =
        assay_file_read(options->file, FILE_LEN_MAX, &a->bytes, &a->file_len);
    if (status == ASSAY_E_RANGE) {
        *malformed = status;
        return ASSAY_EXIT_OK;
    }
    if (status != ASSAY_OK) return cannot_read(a, options->file, status);
    if (options->kind != NULL) {
        if (assay_kind_parse(options->kind, &a->kind) != ASSAY_OK)
            return COMPLAIN(a, "--kind: \"%s\" is none of sgx-v3, tdx-v4, soft", options->kind);
    } else {
        status = assay_evidence_detect(a->bytes, a->file_len, &a->kind);
    }
    if (status == ASSAY_OK) status = assay_evidence_length(a->kind, a->bytes, a->file_len, &a->len);
    if (status == ASSAY_OK) status = assay_claims_json(a->kind, a->bytes, a->len, &a->claims);
    *malformed = status;
    return ASSAY_EXIT_OK;
}

static int exit_of(const struct assay_verdict *v)
{
    switch (v->tier) {
    case ASSAY_TIER_AFFIRMING: return ASSAY_EXIT_OK;
    case ASSAY_TIER_WARNING: return ASSAY_EXIT_WARNING;
    case ASSAY_TIER_CONTRAINDICATED: return ASSAY_EXIT_CONTRAINDICATED;
    case ASSAY_TIER_NONE: return ASSAY_EXIT_NONE;
    }
    return ASSAY_EXIT_INTERNAL;
}

/* --- the two commands */
static int print_verdict(struct appraisal *a)
{
    if (a->verdict->insecure)
        (void)fputs("INSECURE: profile development; this verdict proves nothing about hardware\n",
                    stderr);
    if (a->json) {
        struct assay_json *const claims = a->claims;
        a->claims = NULL;
        return assay_print_envelope("assay.evidence.verify",
                                    assay_verdict_json(a->verdict, claims));
    }
    if (a->verdict->insecure) (void)puts("INSECURE    profile development");
    return assay_print_verdict(a->verdict);
}

/* Bytes that are no evidence of a known kind: the verdict says so without the room's help. */
static void judge_malformed(struct appraisal *a, enum assay_status status)
{
    assay_verdict_init(a->verdict, a->kind, a->at_unix_s);
    a->verdict->insecure = a->policy->profile == ASSAY_PROFILE_DEVELOPMENT;
    const bool unsupported = status == ASSAY_E_UNSUPPORTED;
    assay_verdict_add(a->verdict, unsupported ? ASSAY_RULE_UNSUPPORTED : ASSAY_RULE_FORMAT, 0,
                      unsupported ? "a supported version and type" : "a well-formed quote",
                      assay_status_text(status));
    assay_verdict_conclude(a->verdict);
}

static int judge(struct appraisal *a)
{
    const struct assay_evidence_request request = { .kind = a->kind,
                                                    .bytes = a->bytes,
                                                    .len = a->len,
                                                    .at_unix_s = a->at_unix_s,
                                                    .endorsements = a->endorsements,
                                                    .policy = a->policy };
    const enum assay_status status = assay_evidence_verify(NULL, &request, a->verdict);
    if (assay_status_class(status) == ASSAY_CLASS_HOST)
        return assay_print_error(a->json, ASSAY_EXIT_INTERNAL, "internal", "%s",
                                 assay_status_text(status));
    const int printed = print_verdict(a);
    if (printed != ASSAY_EXIT_OK) return printed;
    return status == ASSAY_OK ? exit_of(a->verdict) : ASSAY_EXIT_MALFORMED;
}

static int verify_case(struct appraisal *a, const struct options *options)
{
    enum assay_status malformed = ASSAY_OK;
    int result = read_time(a, options->at);
    if (result == ASSAY_EXIT_OK) result = read_policy(a, options->policy);
    if (result == ASSAY_EXIT_OK) result = read_roots(a, options->root);
    if (result == ASSAY_EXIT_OK) result = read_evidence(a, options, &malformed);
    if (result == ASSAY_EXIT_OK) result = read_parts(a, options->collateral);
    if (result == ASSAY_EXIT_OK) result = build_collateral(a);
    if (result != ASSAY_EXIT_OK) return result;
    if (malformed == ASSAY_OK) return judge(a);
    if (assay_status_class(malformed) == ASSAY_CLASS_HOST) return out_of_memory(a);
    judge_malformed(a, malformed);
    result = print_verdict(a);
    return result == ASSAY_EXIT_OK ? ASSAY_EXIT_MALFORMED : result;
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

static int decode_case(struct appraisal *a, const struct options *options)
{
    enum assay_status malformed = ASSAY_OK;
    const int result = read_evidence(a, options, &malformed);
    if (result != ASSAY_EXIT_OK) return result;
    if (malformed != ASSAY_OK) {
        if (assay_status_class(malformed) == ASSAY_CLASS_HOST) return out_of_memory(a);
        const bool unsupported = malformed == ASSAY_E_UNSUPPORTED;
        return assay_print_error(
            a->json, ASSAY_EXIT_MALFORMED, unsupported ? "unsupported" : "malformed", "%s: %s (%s)",
            options->file, assay_status_text(malformed), assay_status_symbol(malformed));
    }
    struct assay_json *details = NULL;
    if (assay_details_json(a->kind, a->bytes, a->len, &details) != ASSAY_OK)
        return out_of_memory(a);
    if (a->json) {
        struct assay_json *const data = assay_json_object();
        assay_json_set_text(data, "kind", assay_kind_text(a->kind));
        assay_json_set_uint(data, "trailing_zero_bytes", a->file_len - a->len);
        assay_json_set(data, "claims", a->claims);
        assay_json_set(data, "details", details);
        a->claims = NULL;
        return assay_print_envelope("assay.evidence.decode", data);
    }
    (void)printf("%-22s %s\n", "kind", assay_kind_text(a->kind));
    print_members(a->claims);
    print_members(details);
    assay_json_free(&details);
    return fflush(stdout) == 0 ? ASSAY_EXIT_OK : ASSAY_EXIT_INTERNAL;
}

static bool read_options(int argc, char **argv, struct options *options)
{
    static const struct option known[] = {
        { "collateral", required_argument, NULL, 'c' },
        { "root", required_argument, NULL, 'r' },
        { "at", required_argument, NULL, 'a' },
        { "kind", required_argument, NULL, 'k' },
        { "policy", required_argument, NULL, 'p' },
        { "json", no_argument, NULL, 'j' },
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
        case 'j': options->json = true; break;
        default: return false;
        }
    }
    if (argc - optind != 1) return false;
    options->file = argv[optind];
    return true;
}

int assay_command_evidence(int argc, char **argv)
{
    struct options options = { 0 };
    struct appraisal a;
    const char *const verb = argc > 1 ? argv[1] : "";
    const bool asks_after_verb = argc == 3 && strcmp(argv[2], "--help") == 0;
    if (strcmp(verb, "--help") == 0 || strcmp(verb, "help") == 0 || asks_after_verb) {
        (void)fputs(usage, stdout);
        return ASSAY_EXIT_OK;
    }
    const bool verify = strcmp(verb, "verify") == 0;
    const bool fit = argc > 1 && (verify || strcmp(verb, "decode") == 0) &&
                     read_options(argc - 1, argv + 1, &options);
    /* decode takes neither collateral nor time nor policy. */
    const bool complete = verify ? options.collateral != NULL
                                 : options.collateral == NULL && options.root == NULL &&
                                       options.at == NULL && options.policy == NULL;
    if (!fit || !complete) {
        (void)fputs(usage, stderr);
        return ASSAY_EXIT_USAGE;
    }
    int result = ASSAY_EXIT_OK;
    if (!open_case(&a, options.json)) result = out_of_memory(&a);
    else result = verify ? verify_case(&a, &options) : decode_case(&a, &options);
    close_case(&a);
    return result;
}
