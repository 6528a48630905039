/*
 * apps/assay/evidence/appraisal.c - appraisal of one piece of evidence with the inputs of the
 * command line.
 */
#include "apps/assay/evidence/appraisal.h"

#include "apps/assay/core/command.h"
#include "apps/assay/core/file_fault.h"
#include "apps/assay/evidence/claims.h"
#include "apps/assay/evidence/evidence_print.h"
#include "base/file/kind.h"
#include "base/system_clock.h"
#include "quote/json.h"
#include "quote/kinds.h"
#include "quote/pieces/gather.h"
#include "quote/verify.h"
#include "quote/yaml.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_LEN_MAX = 1 << 20 };

/* The option, policy or file that cannot be used. */
#define COMPLAIN(a, ...) cli_print_error((a)->json, ASSAY_EXIT_USAGE, "usage", __VA_ARGS__)

static int out_of_memory(const struct cli_appraisal *a)
{
    return cli_print_error(a->json, ASSAY_EXIT_INTERNAL, "internal", "out of memory");
}

/* A file of the command line that cannot be opened is misuse, like a wrong option. */
void cli_appraisal_close(struct cli_appraisal *a)
{
    cli_collateral_dir_close(&a->dir);
    cli_evidence_package_close(&a->pieces);
    cli_eventlogs_close(&a->event_logs);
    if (a->given != NULL) cli_input_files_close(a->given);
    free(a->given);
    free(a->carrier_room);
    free(a->file);
    free(a->policy);
    free(a->endorsements);
    free(a->collateral);
    free(a->verdict);
    assay_json_free(&a->claims);
}

static int open_empty(struct cli_appraisal *a, const struct assay_appraisal_options *options)
{
    *a = (struct cli_appraisal){ .kind = ASSAY_KIND_NONE, .json = options->json };
    a->policy = calloc(1, sizeof *a->policy);
    a->endorsements = calloc(1, sizeof *a->endorsements);
    a->verdict = calloc(1, sizeof *a->verdict);
    const bool ok = a->policy != NULL && a->endorsements != NULL && a->verdict != NULL;
    return ok ? ASSAY_EXIT_OK : out_of_memory(a);
}

/* --- reading what the options name; each returns ASSAY_EXIT_OK or the exit status */
static int read_policy(struct cli_appraisal *a, const char *path)
{
    uint8_t *text = NULL;
    size_t len = 0;
    char message[ASSAY_YAML_MESSAGE_MAX];
    if (path == NULL) {
        assay_policy_default(a->policy);
        assay_gpu_rules_accept_devices(&a->policy->gpu);
        return ASSAY_EXIT_OK;
    }
    enum assay_status status = assay_file_read(path, ASSAY_YAML_LEN_MAX, &text, &len);
    if (status != ASSAY_OK) return cli_print_file_fault(a->json, "--policy ", path, status);
    status = assay_policy_parse_yaml(text, len, a->policy, message);
    free(text);
    if (status != ASSAY_OK) return COMPLAIN(a, "%s:%s", path, message);
    return ASSAY_EXIT_OK;
}

/* A root of processors and of devices is two: a quote and the devices that came with it have
 * collateral of two shapes. The policy's roots alone fit twice. */
static void add_root(struct cli_appraisal *a, const struct assay_key *key, uint32_t kinds)
{
    const uint32_t parts[] = { kinds & ~ASSAY_KINDS_NVIDIA, kinds & ASSAY_KINDS_NVIDIA };
    for (size_t i = 0; i < 2; i++) {
        if (parts[i] == 0) continue;
        ASSAY_ASSERT(a->endorsements->count < ASSAY_ENDORSEMENTS_MAX);
        struct assay_endorsement *const e = &a->endorsements->entries[a->endorsements->count];
        e->root = *key;
        e->kinds = parts[i];
        a->endorsements->count += 1;
    }
}

/* A certificate, a public key (PEM, DER) or a JSON web key. */
static enum assay_status read_root(const uint8_t *bytes, size_t len, struct assay_key *key)
{
    const enum assay_status status = assay_doc_web_key(bytes, len, key);
    return status == ASSAY_E_NOT_FOUND ? assay_x509_root(bytes, len, key) : status;
}

/* --root alone, else the policy's roots, else the vendors' pinned ones. */
static int read_roots(struct cli_appraisal *a, const char *path)
{
    struct assay_key key;
    uint32_t kinds = 0;
    uint8_t *bytes = NULL;
    size_t len = 0;
    if (path != NULL) {
        enum assay_status status = assay_file_read(path, ASSAY_PEM_MAX, &bytes, &len);
        if (status != ASSAY_OK) return cli_print_file_fault(a->json, "--root ", path, status);
        status = read_root(bytes, len, &key);
        free(bytes);
        if (status != ASSAY_OK)
            return COMPLAIN(a, "--root %s: %s", path,
                            cli_file_fault_of(path, status, "a root certificate or its key"));
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

/* The wrong file is called what it is. */
static void note_kind(const struct cli_appraisal *a, const char *path)
{
    const struct assay_file_kind kind = assay_file_kind_of(assay_slice_over(a->file, a->file_len));
    const bool is_binary = strcmp(kind.id, "binary") == 0;
    if (strcmp(kind.id, "quote") == 0 || (is_binary && a->kind != ASSAY_KIND_NONE)) return;
    (void)fprintf(stderr, "assay: note: %s is %s, expected evidence%s\n", path,
                  is_binary ? "binary data of no known kind" : kind.text,
                  strcmp(kind.id, "pem") == 0 ? ": no extension of it that is known has some" : "");
}

/* --kind of another kind than the one that the bytes declare is the likely cause of malformed
 * evidence. */
static void note_other_kind(const struct cli_appraisal *a)
{
    enum assay_evidence_kind declared = ASSAY_KIND_NONE;
    if (a->malformed == ASSAY_OK || a->kind == ASSAY_KIND_NONE || a->file == NULL) return;
    if (assay_evidence_detect(a->file, a->file_len, &declared) != ASSAY_OK || declared == a->kind)
        return;
    (void)fprintf(stderr, "assay: note: --kind is %s, but the bytes declare %s\n",
                  assay_kind_text(a->kind), assay_kind_text(declared));
}

static bool have_devices(const struct cli_appraisal *a)
{
    struct assay_package package;
    return assay_package_read(a->kind, a->bytes, a->len, &package) == ASSAY_OK &&
           (package.devices.len > 0 || package.packed.len > 0);
}

/* Evidence by itself, or out of the certificate or wrapper that the file is. */
static enum assay_status find_evidence(struct cli_appraisal *a, struct assay_slice *evidence)
{
    const struct assay_slice file = assay_slice_over(a->file, a->file_len);
    const size_t room_len = assay_carrier_room(a->file_len);
    *evidence = file;
    a->carrier_room = malloc(room_len + 1);
    if (a->carrier_room == NULL) return ASSAY_E_MEMORY;
    const enum assay_status status =
        assay_carrier_open(file, a->carrier_room, room_len, &a->carrier);
    if (status == ASSAY_OK) *evidence = a->carrier.evidence;
    return status == ASSAY_E_NOT_FOUND ? ASSAY_OK : status;
}

/* A file that cannot be opened is a usage error; bytes that cannot be evidence are malformed. */
static int read_file(struct cli_appraisal *a, const struct assay_appraisal_options *options)
{
    const char *const path = strcmp(options->file, "-") == 0 ? "/dev/stdin" : options->file;
    struct assay_slice evidence;
    enum assay_status status = assay_file_read(path, FILE_LEN_MAX, &a->file, &a->file_len);
    if (status == ASSAY_E_RANGE) {
        (void)fprintf(stderr, "assay: note: %s %s\n", options->file, cli_file_fault(path, status));
        a->malformed = status;
        return ASSAY_EXIT_OK;
    }
    if (status != ASSAY_OK) return cli_print_file_fault(a->json, "", path, status);
    if (cli_evidence_decode(&a->file, &a->file_len) != ASSAY_OK) return out_of_memory(a);
    status = find_evidence(a, &evidence);
    if (status == ASSAY_E_MEMORY) return out_of_memory(a);
    if (options->kind != NULL && strcmp(options->kind, "auto") != 0) {
        const enum assay_status known = assay_kind_parse(options->kind, &a->kind);
        ASSAY_ASSERT(known == ASSAY_OK); /* by the table */
    } else if (status == ASSAY_OK) {
        status = assay_evidence_detect(evidence.bytes, evidence.len, &a->kind);
    }
    if (status == ASSAY_OK)
        status = assay_evidence_length(a->kind, evidence.bytes, evidence.len, &a->len);
    a->bytes = evidence.bytes;
    if (status == ASSAY_OK) a->trailing_len = evidence.len - a->len;
    if (status == ASSAY_OK) a->has_devices = have_devices(a);
    a->malformed = status;
    if (status != ASSAY_OK) note_kind(a, options->file);
    return ASSAY_EXIT_OK;
}

/* Intel's documents and chains. */
static int choose_collateral(struct cli_appraisal *a, const char *dir)
{
    struct assay_collateral_wanted wanted;
    enum assay_status status =
        assay_collateral_wanted(a->kind, a->bytes, a->len, a->at_unix_s, &wanted);
    if (status == ASSAY_OK) status = cli_collateral_dir_choose(a->given, &wanted, &a->dir);
    return status == ASSAY_OK ? ASSAY_EXIT_OK
                              : cli_print_folder_fault(a->json, "--collateral ", dir, NULL, status);
}

/* Pieces that other kinds take from the folder: certificates, signature, PCR values, keys. */
static int take_pieces(struct cli_appraisal *a, const char *dir)
{
    if (a->given == NULL || a->malformed != ASSAY_OK || !cli_evidence_package_wanted(a->kind))
        return ASSAY_EXIT_OK;
    const enum assay_status status = cli_evidence_package_take(
        a->given, a->kind, assay_slice_over(a->bytes, a->len), &a->pieces);
    if (status != ASSAY_OK)
        return cli_print_folder_fault(a->json, "--collateral ", dir, NULL, status);
    a->bytes = a->pieces.evidence.bytes;
    a->len = a->pieces.evidence.len;
    return ASSAY_EXIT_OK;
}

static const char *collateral_source(enum assay_evidence_kind kind)
{
    struct assay_kind row;
    if (kind == ASSAY_KIND_SOFT) return "the folder of the SOFT vendor, made by assay soft ca";
    if (assay_kind_find(kind, &row) == ASSAY_OK && row.publisher == ASSAY_PUBLISHED_BY_INTEL)
        return "assay collateral fetch gets it";
    return "assay collateral fetch with --fmspc, --ca and --tee gets it";
}

static int read_folder(struct cli_appraisal *a, const char *dir)
{
    int result = ASSAY_EXIT_OK;
    const char *where = NULL;
    const bool readable = a->malformed == ASSAY_OK;
    if (dir == NULL) {
        if (!readable || !cli_collateral_dir_serves(a->kind)) return ASSAY_EXIT_OK;
        return COMPLAIN(a,
                        "evidence of kind %s is appraised with its vendor's collateral: give "
                        "--collateral DIR (%s)",
                        assay_kind_text(a->kind), collateral_source(a->kind));
    }
    a->folder = dir;
    a->given = calloc(1, sizeof *a->given);
    if (a->given == NULL) return out_of_memory(a);
    const enum assay_status status = cli_input_files_read(dir, a->given, &where);
    if (status != ASSAY_OK)
        return cli_print_folder_fault(a->json, "--collateral ", dir, where, status);
    if (readable && !cli_collateral_dir_serves(a->kind)) return ASSAY_EXIT_OK;
    /* The quote may be one of the pieces, and chooses. */
    result = take_pieces(a, dir);
    return result == ASSAY_EXIT_OK ? choose_collateral(a, dir) : result;
}

/* Is Intel's collateral wanted under that root? Not for devices that came with a quote. */
static bool is_intels(const struct cli_appraisal *a, const struct assay_endorsement *e)
{
    if (a->has_devices && (e->kinds & ~ASSAY_KINDS_NVIDIA) == 0) return false;
    return a->malformed != ASSAY_OK || cli_collateral_dir_serves(a->kind);
}

/* The bundle under one root: Intel's is the same under each, since the chain of the evidence
 * decides which one counts; of others, what leads to the root. */
static enum assay_status build_under(struct cli_appraisal *a, struct assay_gathered *gathered,
                                     const struct assay_endorsement *e,
                                     struct assay_collateral *out)
{
    const bool is_intel = is_intels(a, e);
    if (a->given == NULL) {
        gathered->files = (struct assay_collateral_files){ 0 };
    } else {
        ASSAY_TRY(assay_collateral_gather(&a->given->found, &e->root, !is_intel, gathered));
        if (is_intel) assay_bytes_zero(gathered->is_taken, sizeof gathered->is_taken);
        cli_input_files_set_used(a->given, gathered->leads, gathered->is_taken);
    }
    return assay_collateral_build(is_intel ? &a->dir.files : &gathered->files, &e->root, out);
}

/*
 * The folder of one vendor that the policy names, given for the evidence of another one: under that
 * root there is no collateral here, which is another thing than collateral that is forged. Only a
 * bundle without a single fault under the one root is nothing under the others.
 */
static enum assay_status leave_others_empty(struct cli_appraisal *a)
{
    static const struct assay_collateral_files none = { 0 };
    struct assay_collateral *whole = NULL;
    if (a->given == NULL || a->malformed != ASSAY_OK || !cli_collateral_dir_serves(a->kind))
        return ASSAY_OK;
    for (size_t i = 0; i < a->endorsements->count && whole == NULL; i++)
        if (is_intels(a, &a->endorsements->entries[i]) && a->collateral[i].fault_count == 0 &&
            a->collateral[i].has[ASSAY_PART_TCB_CHAIN] && a->collateral[i].has[ASSAY_PART_ROOT_CRL])
            whole = &a->collateral[i];
    for (size_t i = 0; i < a->endorsements->count && whole != NULL; i++) {
        if (a->collateral[i].fault_count == 0) continue;
        if (!is_intels(a, &a->endorsements->entries[i])) continue;
        ASSAY_TRY(
            assay_collateral_build(&none, &a->endorsements->entries[i].root, &a->collateral[i]));
    }
    return ASSAY_OK;
}

static int build_collateral(struct cli_appraisal *a, const char *dir)
{
    enum assay_status status = ASSAY_OK;
    a->endorsements->exact = true;
    a->collateral = calloc(a->endorsements->count, sizeof *a->collateral);
    struct assay_gathered *const gathered = calloc(1, sizeof *gathered);
    if (a->collateral == NULL || gathered == NULL) status = ASSAY_E_MEMORY;
    for (size_t i = 0; i < a->endorsements->count && status == ASSAY_OK; i++) {
        struct assay_endorsement *const e = &a->endorsements->entries[i];
        status = build_under(a, gathered, e, &a->collateral[i]);
        e->collateral = &a->collateral[i];
    }
    free(gathered);
    if (status == ASSAY_OK) status = leave_others_empty(a);
    if (status == ASSAY_OK) return ASSAY_EXIT_OK;
    return cli_print_folder_fault(a->json, "--collateral ", dir, NULL, status);
}

void cli_appraisal_note(const struct cli_appraisal *a)
{
    note_other_kind(a);
    if (a->given == NULL) return;
    cli_input_files_print(a->given, a->folder, assay_slice_over(a->file, a->file_len));
    if (a->pieces.left_out > 0)
        (void)fprintf(stderr,
                      "assay: note: %s: %zu certificates are left out: a package has no room for "
                      "more\n",
                      a->folder, a->pieces.left_out);
}

static int read_claims(struct cli_appraisal *a)
{
    if (a->malformed == ASSAY_OK)
        a->malformed = cli_claims_of(a->kind, a->bytes, a->len, &a->claims);
    return assay_status_class(a->malformed) == ASSAY_CLASS_HOST ? out_of_memory(a) : ASSAY_EXIT_OK;
}

int cli_appraisal_open_bare(struct cli_appraisal *a, const struct assay_appraisal_options *options)
{
    int result = open_empty(a, options);
    if (result == ASSAY_EXIT_OK) result = read_file(a, options);
    return result == ASSAY_EXIT_OK ? read_claims(a) : result;
}

static int read_ocsp_nonce(struct cli_appraisal *a, const char *text)
{
    if (text == NULL) return ASSAY_EXIT_OK;
    const size_t len = strlen(text) / 2;
    if (len >= 1 && len <= sizeof a->ocsp_nonce &&
        assay_hex_decode(text, strlen(text), a->ocsp_nonce, len) == ASSAY_OK) {
        a->ocsp_nonce_len = len;
        return ASSAY_EXIT_OK;
    }
    return COMPLAIN(a, "--ocsp-nonce: expected 1 to %d bytes in hexadecimal, found \"%.40s\"%s",
                    (int)ASSAY_OCSP_NONCE_MAX, text, strlen(text) > 40 ? " and more" : "");
}

int cli_appraisal_open(struct cli_appraisal *a, const struct assay_appraisal_options *options)
{
    int result = open_empty(a, options);
    a->at_unix_s = options->at_unix_s != 0 ? options->at_unix_s : assay_unix_s();
    if (result == ASSAY_EXIT_OK) result = read_ocsp_nonce(a, options->ocsp_nonce);
    if (result == ASSAY_EXIT_OK) result = read_policy(a, options->policy);
    if (result == ASSAY_EXIT_OK) result = read_roots(a, options->root);
    if (result == ASSAY_EXIT_OK) result = read_file(a, options);
    if (result == ASSAY_EXIT_OK) result = read_folder(a, options->collateral);
    if (result == ASSAY_EXIT_OK) result = build_collateral(a, options->collateral);
    /* Those that lead to a root first, which is known by now. */
    if (result == ASSAY_EXIT_OK && !cli_collateral_dir_serves(a->kind))
        result = take_pieces(a, options->collateral);
    if (result == ASSAY_EXIT_OK)
        result = cli_eventlogs_open(&a->event_logs, &options->event_logs, a->json);
    return result == ASSAY_EXIT_OK ? read_claims(a) : result;
}

/* Bytes of no known kind: quote/ cannot appraise them, so the verdict is made here. */
static void judge_malformed(struct cli_appraisal *a)
{
    assay_verdict_init(a->verdict, a->kind, a->at_unix_s);
    a->verdict->insecure = a->policy->profile == ASSAY_PROFILE_DEVELOPMENT;
    const bool unsupported = a->malformed == ASSAY_E_UNSUPPORTED;
    const bool is_long = a->malformed == ASSAY_E_RANGE && a->file == NULL;
    assay_verdict_add(a->verdict, unsupported ? ASSAY_RULE_UNSUPPORTED : ASSAY_RULE_FORMAT, 0,
                      unsupported ? "a supported version and type"
                      : is_long   ? "evidence of at most 1 MiB"
                                  : "well-formed evidence",
                      is_long ? "a longer file" : assay_status_text(a->malformed));
    assay_verdict_conclude(a->verdict);
}

int cli_appraisal_run(struct cli_appraisal *a)
{
    if (a->malformed != ASSAY_OK) {
        judge_malformed(a);
        return ASSAY_EXIT_OK;
    }
    const struct assay_evidence_request request = { .kind = a->kind,
                                                    .bytes = a->bytes,
                                                    .len = a->len,
                                                    .at_unix_s = a->at_unix_s,
                                                    .endorsements = a->endorsements,
                                                    .policy = a->policy,
                                                    .ocsp_nonce = assay_slice_over(
                                                        a->ocsp_nonce, a->ocsp_nonce_len),
                                                    .logs = a->event_logs.logs,
                                                    .log_count = a->event_logs.files.count,
                                                    .log_report = a->event_logs.report };
    enum assay_status status = assay_evidence_verify(NULL, &request, a->verdict);
    if (status == ASSAY_OK) status = assay_carrier_appraise(&a->carrier, a->verdict);
    if (assay_status_class(status) == ASSAY_CLASS_HOST)
        return cli_print_error(a->json, ASSAY_EXIT_INTERNAL, "internal", "%s",
                               assay_status_text(status));
    a->malformed = status;
    cli_claims_add_proofs(a->claims, a->verdict);
    if (a->claims != NULL && cli_collateral_dir_serves(a->kind) && a->kind != ASSAY_KIND_VTPM_TDX)
        assay_json_set_uint(a->claims, "trailing_bytes_after_quote", a->trailing_len);
    return ASSAY_EXIT_OK;
}

int cli_appraisal_exit(const struct cli_appraisal *a)
{
    if (a->malformed != ASSAY_OK) return ASSAY_EXIT_MALFORMED;
    switch (a->verdict->tier) {
    case ASSAY_TIER_AFFIRMING: return ASSAY_EXIT_OK;
    case ASSAY_TIER_WARNING: return ASSAY_EXIT_WARNING;
    case ASSAY_TIER_CONTRAINDICATED: return ASSAY_EXIT_CONTRAINDICATED;
    case ASSAY_TIER_NONE: return ASSAY_EXIT_NONE;
    }
    return ASSAY_EXIT_INTERNAL;
}
