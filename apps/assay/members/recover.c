/*
 * apps/assay/members/recover.c - command group `assay recover`: operators end an era after the
 * permanent loss of more than a third, and start the next (docs/operations.md 8, docs/protocol.md
 * 9.11 to 9.18: recovery).
 *
 * fence, release and draft write files, sign adds an operator's signature (offline), submit and
 * accept hand them to a running node, answer fetches the ANSWER of a fenced one.
 */
#include "apps/assay/members/recover.h"

#include "apps/assay/core/command.h"
#include "apps/assay/core/daemon_request.h"
#include "apps/assay/core/file_fault.h"
#include "apps/assay/core/option_values.h"
#include "apps/assay/core/output.h"
#include "apps/assay/core/view.h"
#include "apps/assay/evidence/evidence_print.h"
#include "apps/assay/members/recover_note.h"
#include "base/assert.h"
#include "base/system_clock.h"
#include "host/recovery.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FILE_LEN_MAX = ASSAY_RECOVER_LEN_MAX,
    EPOCHS_DEFAULT = 256, /* of T = 60 s more than four hours */
    EPOCHS_MAX = 100000,
};

/* ------------------------------------------------------------ files */

/* The bytes of file, which are its own, len of them. */
static enum assay_status decode_file(struct assay_recover_file *file, size_t len)
{
    const struct assay_slice bytes = assay_slice_over(file->bytes, len);
    file->is_release = assay_release_is(bytes);
    file->is_fence = !file->is_release && !assay_recover_is(bytes);
    ASSAY_TRY(file->is_fence     ? assay_fence_decode(bytes, &file->fence)
              : file->is_release ? assay_release_decode(bytes, &file->release)
                                 : assay_recover_decode(bytes, &file->recover));
    file->digest = file->is_fence     ? file->fence.digest
                   : file->is_release ? file->release.digest
                                      : file->recover.id;
    file->approval = file->is_fence     ? &file->fence.approval
                     : file->is_release ? &file->release.approval
                                        : &file->recover.approval;
    return ASSAY_OK;
}

int cli_recover_file_load(const struct assay_recover_options *options, const char *path,
                          struct assay_recover_file *file)
{
    size_t len = 0;
    *file = (struct assay_recover_file){ .bytes = NULL };
    enum assay_status status = assay_file_read(path, FILE_LEN_MAX, &file->bytes, &len);
    if (status != ASSAY_OK) return cli_change_fail(&options->change, status, path);
    status = decode_file(file, len);
    if (status != ASSAY_OK)
        return cli_print_error(options->change.json, ASSAY_EXIT_MALFORMED, "malformed",
                               "%s: %s: %s", cli_change_group(&options->change), path,
                               cli_file_fault_of(path, status, "a fence, a release or a RECOVER"));
    return ASSAY_EXIT_OK;
}

/* What operators signed stays: a draft does not take its place. */
static int check_out(const char *verb, const char *path)
{
    char command[32];
    size_t len = 0;
    struct assay_recover_file file = { .bytes = NULL };
    const bool found = assay_file_read(path, FILE_LEN_MAX, &file.bytes, &len) == ASSAY_OK &&
                       decode_file(&file, len) == ASSAY_OK;
    (void)snprintf(command, sizeof command, "assay: recover %s", verb);
    const int result = cli_output_check_signed(command, path, found ? file.approval->count : 0);
    free(file.bytes);
    return result;
}

int cli_recover_file_write(const struct assay_recover_options *options, const char *path,
                           const struct assay_recover_file *file, const uint8_t (*ids)[32],
                           const uint8_t (*signatures)[ASSAY_P256_SIGNATURE_LEN], uint32_t count)
{
    char command[48];
    uint8_t *bytes = malloc(FILE_LEN_MAX);
    (void)snprintf(command, sizeof command, "assay: %s", cli_change_group(&options->change));
    if (bytes == NULL) return cli_change_fail(&options->change, ASSAY_E_MEMORY, path);
    struct assay_writer w = assay_writer_over(bytes, FILE_LEN_MAX);
    const struct assay_recover *r = &file->recover;
    enum assay_status status =
        file->is_fence     ? assay_fence_encode(file->fence.body, ids, signatures, count, &w)
        : file->is_release ? assay_release_encode(file->release.body, ids, signatures, count, &w)
                           : assay_recover_encode(r->header_bytes, r->body, r->grounds,
                                                  r->operators, ids, signatures, count, &w);
    const int result = status == ASSAY_OK ? cli_output_write(command, path, ASSAY_FILE_PUBLIC,
                                                             assay_slice_over(w.bytes, w.len))
                                          : cli_change_fail(&options->change, status, path);
    free(bytes);
    return result;
}

/* ------------------------------------------------------------ asking a node */

int cli_recover_request(const struct assay_recover_options *options, const char *verb,
                        struct assay_slice bytes, struct assay_json **document)
{
    const size_t size = strlen("recover ") + strlen(verb) + 2 * bytes.len + 2;
    char *request = malloc(size);
    if (request == NULL) return cli_change_fail(&options->change, ASSAY_E_MEMORY, verb);
    const int n = snprintf(request, size, "recover %s%s", verb, bytes.len > 0 ? " " : "");
    if (bytes.len > 0 && n > 0)
        assay_hex_encode(bytes.bytes, bytes.len, request + n, size - (size_t)n);
    const int result = cli_change_request(&options->change, request, document);
    free(request);
    return result;
}

bool cli_recover_hex(const struct assay_json *data, const char *key, size_t len_max,
                     uint8_t **bytes, size_t *len)
{
    const char *hex = assay_json_text(data, key, "");
    const size_t hex_len = strlen(hex);
    *len = hex_len / 2;
    *bytes = NULL;
    if (hex_len == 0 || *len > len_max) return false;
    *bytes = malloc(*len);
    return *bytes != NULL && assay_hex_decode(hex, hex_len, *bytes, *len) == ASSAY_OK;
}

/* ------------------------------------------------------------ status, fence */

static const char state_view[] =
    "era        {era}, epoch {epoch}\n"
    "head       height {height}, {head_id}\n"
    "[?recover_id began by   RECOVER {recover_id}\n]"
    "[?accepted_id accepted   RECOVER {accepted_id} at height {accepted_height}, not taken yet: no "
    "other block of this era is taken from there on\n]"
    "[?unconfirmed waits      a RECOVER of the next era, for confirmations of members of more than "
    "a "
    "third of the\n           weight: compare its id with several operators, then assay recover "
    "accept FILE here\n]"
    "fenced     [?fenced nothing is signed in this era any more[?!answered , unless its last epoch "
    "passes before this node answers]: {reason|}|no]\n";

/* verb: status, or withdraw, after which the status is what has changed */
static int run_status(const struct assay_recover_options *options, const char *verb)
{
    struct assay_json *document = NULL;
    int result = cli_recover_request(options, verb, (struct assay_slice){ 0 }, &document);
    if (result != ASSAY_EXIT_OK) return result;
    if (options->change.json) result = cli_print_document(document);
    else cli_view_print(state_view, assay_json_get(document, "data"), stdout);
    assay_json_free(&document);
    return result;
}

/* Chain, era and operators are those of a node, so that no operator mistypes them. */
static bool read_terms(const struct assay_json *d, uint8_t chain_id[static 32],
                       uint8_t operators_digest[static 32])
{
    const char *chain = assay_json_text(d, "chain_id", "");
    const char *operators = assay_json_text(d, "operators_digest", "");
    return assay_hex_decode(chain, strlen(chain), chain_id, 32) == ASSAY_OK &&
           assay_hex_decode(operators, strlen(operators), operators_digest, 32) == ASSAY_OK;
}

/* Unsigned, into --out. what: the verb of the document that is printed. */
static int write_draft(const struct assay_recover_options *options,
                       const struct assay_recover_file *file, uint64_t era, const char *schema,
                       const char *words)
{
    const int result = cli_recover_file_write(options, options->change.out, file, NULL, NULL, 0);
    if (result == ASSAY_EXIT_OK && !options->change.json)
        (void)printf("%s: %s era %llu when the operators have signed it: assay recover sign\n",
                     options->change.out, words, (unsigned long long)era);
    if (result != ASSAY_EXIT_OK || !options->change.json) return result;
    struct assay_json *data = assay_json_object();
    assay_json_set_uint(data, "era", era);
    return cli_print_envelope(schema, data);
}

/* A fence ends an era for good, also one that needs no end. */
static void warn_of_health(const struct assay_recover_options *options)
{
    struct assay_json *document = NULL;
    struct assay_change_options quiet = options->change;
    bool all = true;
    quiet.json = false; /* its failure is a note beside the one document */
    if (cli_change_request(&quiet, "nodes", &document) != ASSAY_EXIT_OK) return;
    const struct assay_json *nodes = assay_json_get(assay_json_get(document, "data"), "nodes");
    for (size_t i = 0; i < assay_json_count(nodes); i++) {
        const struct assay_json *node = assay_json_at(nodes, i);
        all = all &&
              (assay_json_uint(node, "weight", 0) == 0 || assay_json_bool(node, "present", false));
    }
    assay_json_free(&document);
    if (all)
        (void)fprintf(stderr, "assay: recover fence: warning: every member with a weight is "
                              "reachable from this node: a fence stops the network until a RECOVER "
                              "(assay status shows whether the network continues without one)\n");
}

static int run_fence(const struct assay_recover_options *options)
{
    struct assay_json *document = NULL;
    ASSAY_ASSERT(options->reason != NULL); /* by the table */
    int result = cli_recover_request(options, "status", (struct assay_slice){ 0 }, &document);
    if (result != ASSAY_EXIT_OK) return result;
    const struct assay_json *d = assay_json_get(document, "data");
    const char *head = assay_json_text(d, "head_id", "");
    uint8_t body[1024];
    struct assay_fence terms = { .era = (uint32_t)assay_json_uint(d, "era", 0),
                                 .last_epoch = assay_json_uint(d, "epoch", 0) + options->epochs,
                                 .reason =
                                     assay_slice_over(options->reason, strlen(options->reason)) };
    struct assay_writer w = assay_writer_over(body, sizeof body);
    enum assay_status status =
        read_terms(d, terms.chain_id, terms.operators_digest) &&
                assay_hex_decode(head, strlen(head), terms.head_id, 32) == ASSAY_OK
            ? ASSAY_OK
            : ASSAY_E_SYNTAX;
    assay_json_free(&document);
    if (status == ASSAY_OK) status = assay_random(terms.nonce, sizeof terms.nonce);
    if (status == ASSAY_OK) status = assay_fence_body_encode(&terms, &w);
    if (status == ASSAY_E_RANGE)
        return cli_print_error(options->change.json, ASSAY_EXIT_USAGE, "usage",
                               "recover fence: the reason has 1 to %d bytes",
                               ASSAY_FENCE_REASON_MAX);
    if (status != ASSAY_OK) return cli_change_fail(&options->change, status, "fence");
    struct assay_recover_file file = { .is_fence = true };
    file.fence.body = assay_slice_over(body, w.len);
    result = write_draft(options, &file, terms.era, "assay.recover.fence", "ends");
    if (result == ASSAY_EXIT_OK) warn_of_health(options);
    return result;
}

/* Of the fence that the node has, by the operators in force there. */
static int run_release(const struct assay_recover_options *options)
{
    struct assay_json *document = NULL;
    int result = cli_recover_request(options, "status", (struct assay_slice){ 0 }, &document);
    if (result != ASSAY_EXIT_OK) return result;
    const struct assay_json *d = assay_json_get(document, "data");
    const char *fence = assay_json_text(d, "fence_digest", "");
    struct assay_release terms = { .era = (uint32_t)assay_json_uint(d, "era", 0) };
    uint8_t body[512];
    struct assay_writer w = assay_writer_over(body, sizeof body);
    const bool fenced = assay_hex_decode(fence, strlen(fence), terms.fence_digest, 32) == ASSAY_OK;
    enum assay_status status =
        read_terms(d, terms.chain_id, terms.operators_digest) ? ASSAY_OK : ASSAY_E_SYNTAX;
    assay_json_free(&document);
    if (!fenced)
        return cli_print_error(options->change.json, ASSAY_EXIT_CONFLICT, "conflict",
                               "recover release: no fence is in force at this node");
    if (status == ASSAY_OK) status = assay_release_body_encode(&terms, &w);
    if (status != ASSAY_OK) return cli_change_fail(&options->change, status, "release");
    struct assay_recover_file file = { .is_release = true };
    file.release.body = assay_slice_over(body, w.len);
    return write_draft(options, &file, terms.era, "assay.recover.release", "releases the fence of");
}

/* ------------------------------------------------------------ answer */

static int run_answer(const struct assay_recover_options *options)
{
    struct assay_json *document = NULL;
    uint8_t *bytes = NULL;
    size_t len = 0;
    int result = cli_recover_request(options, "answer", (struct assay_slice){ 0 }, &document);
    if (result != ASSAY_EXIT_OK) return result;
    const struct assay_json *d = assay_json_get(document, "data");
    result = cli_recover_hex(d, "answer", ASSAY_ANSWER_LEN_MAX, &bytes, &len)
                 ? cli_output_write("assay: recover answer", options->change.out, ASSAY_FILE_PUBLIC,
                                    assay_slice_over(bytes, len))
                 : cli_change_fail(&options->change, ASSAY_E_SYNTAX, options->change.out);
    if (result == ASSAY_EXIT_OK && options->change.json) {
        result = cli_print_document(document);
    } else if (result == ASSAY_EXIT_OK) {
        (void)printf("%s: ", options->change.out);
        cli_view_print("era {era}, epoch {epoch}, final up to height {height}; " CLI_RECOVER_VOTES
                       "[?new_keys ; with a new key set]\n",
                       d, stdout);
    }
    free(bytes);
    assay_json_free(&document);
    return result;
}

/* ------------------------------------------------------------ sign */

struct signatures {
    uint32_t count;
    uint8_t ids[ASSAY_OPERATORS_MAX][32];
    uint8_t signatures[ASSAY_OPERATORS_MAX][ASSAY_P256_SIGNATURE_LEN];
};

static void put_signature(struct signatures *s, const uint8_t id[static 32],
                          const uint8_t signature[static ASSAY_P256_SIGNATURE_LEN])
{
    uint32_t at = 0;
    while (at < s->count && assay_bytes_compare(s->ids[at], id, 32) < 0)
        at++;
    const bool held = at < s->count && assay_bytes_equal(s->ids[at], id, 32);
    if (!held && s->count == ASSAY_OPERATORS_MAX) return;
    if (!held)
        for (uint32_t i = s->count++; i > at; i--) {
            assay_bytes_copy(s->ids[i], 32, s->ids[i - 1], 32);
            assay_bytes_copy(s->signatures[i], ASSAY_P256_SIGNATURE_LEN, s->signatures[i - 1],
                             ASSAY_P256_SIGNATURE_LEN);
        }
    assay_bytes_copy(s->ids[at], 32, id, 32);
    assay_bytes_copy(s->signatures[at], ASSAY_P256_SIGNATURE_LEN, signature,
                     ASSAY_P256_SIGNATURE_LEN);
}

static enum assay_status collect_signatures(const struct assay_recover_file *file,
                                            struct signatures *s)
{
    struct assay_cursor c =
        assay_cursor_over(file->approval->items.bytes, file->approval->items.len);
    for (uint32_t i = 0; i < file->approval->count; i++) {
        uint8_t id[32], signature[ASSAY_P256_SIGNATURE_LEN];
        ASSAY_TRY(assay_approval_next(&c, id, signature));
        put_signature(s, id, signature);
    }
    return ASSAY_OK;
}

/* The bytes whose SHA-256 is file->digest. */
static struct assay_slice signed_part(const struct assay_recover_file *file)
{
    if (file->is_fence) return file->fence.body;
    return file->is_release ? file->release.body : file->recover.header_bytes;
}

static int sign_file(const struct assay_recover_options *options,
                     const struct assay_recover_file *file, struct assay_signer *signer,
                     const uint8_t id[static 32], const struct cli_recover_note *note,
                     struct signatures *s)
{
    const char *path = options->files[0];
    uint8_t signature[ASSAY_P256_SIGNATURE_LEN];
    struct cli_key_fault fault;
    char hex[65];
    if (!cli_operator_key_sign(options->change.key, signer, signed_part(file), signature, &fault)) {
        cli_recover_note_report(note);
        return cli_change_fail_key(&options->change, &fault);
    }
    const int noted = cli_recover_note_signed(note);
    if (noted != ASSAY_EXIT_OK) return noted;
    const enum assay_status status = collect_signatures(file, s);
    if (status != ASSAY_OK) return cli_change_fail(&options->change, status, path);
    put_signature(s, id, signature);
    const int result =
        cli_recover_file_write(options, path, file, (const uint8_t(*)[32])s->ids,
                               (const uint8_t(*)[ASSAY_P256_SIGNATURE_LEN])s->signatures, s->count);
    if (result != ASSAY_EXIT_OK) return result;
    if (options->change.json) {
        struct assay_json *data = assay_json_object();
        assay_json_set_hex(data, "operator_id", id, 32);
        assay_json_set_uint(data, "signatures", s->count);
        return cli_print_envelope("assay.recover.sign", data);
    }
    assay_hex_encode(id, 32, hex, sizeof hex);
    (void)printf("%s: signed by operator %.64s, %u signature%s in all\n", path, hex,
                 (unsigned)s->count, s->count == 1 ? "" : "s");
    return ASSAY_EXIT_OK;
}

/* A RECOVER has its operators with it; a fence and a release name them by a digest. */
static int check_signer(const struct assay_recover_options *options,
                        const struct assay_recover_file *file, const uint8_t id[static 32])
{
    static const char verb[] = "recover sign";
    struct cli_signer_check check;
    if (file->is_fence || file->is_release)
        return cli_change_signer_check(&options->change, verb, NULL, id, &check);
    struct assay_genesis *const g = calloc(1, sizeof *g);
    const enum assay_status status =
        g != NULL ? assay_operators_decode(file->recover.operators, g) : ASSAY_E_MEMORY;
    const int result = status == ASSAY_OK
                           ? cli_change_signer_among(&options->change, verb, g, id)
                           : cli_change_fail(&options->change, status, options->files[0]);
    free(g);
    return result;
}

/* Drafted at a node with a wrong clock, which would start the era on its own. */
static int check_time(const struct assay_recover_options *options,
                      const struct assay_recover_file *file)
{
    if (file->is_fence || file->is_release || options->forced) return ASSAY_EXIT_OK;
    const uint64_t date_ms = assay_unix_ms(), time_ms = file->recover.header.time_ms;
    if (!assay_recovery_is_too_early(time_ms, date_ms)) return ASSAY_EXIT_OK;
    return cli_print_error(options->change.json, ASSAY_EXIT_CONFLICT, "conflict",
                           "recover sign: %s has a time %llu minutes ahead of this machine's "
                           "clock: no node with a correct clock accepts it; set the clock of the "
                           "node that drafted it, and draft again (--forced signs it anyway)",
                           options->files[0], (unsigned long long)(time_ms - date_ms) / 60000);
}

static int run_sign(const struct assay_recover_options *options)
{
    struct assay_recover_file file;
    struct assay_signer *signer = NULL;
    struct cli_key_fault fault;
    struct cli_recover_note note = { .count = 0 }; /* a fence and a release have none */
    uint8_t id[32];
    struct signatures *s = calloc(1, sizeof *s);
    if (s == NULL) return cli_change_fail(&options->change, ASSAY_E_MEMORY, options->files[0]);
    int result = cli_recover_file_load(options, options->files[0], &file);
    if (result == ASSAY_EXIT_OK && !cli_operator_key_open(options->change.key, &signer, &fault))
        result = cli_change_fail_key(&options->change, &fault);
    if (result == ASSAY_EXIT_OK)
        assay_sha256(assay_signer_public(signer), ASSAY_P256_PUBLIC_LEN, id);
    if (result == ASSAY_EXIT_OK) result = check_signer(options, &file, id);
    if (result == ASSAY_EXIT_OK) result = check_time(options, &file);
    if (result == ASSAY_EXIT_OK && !file.is_fence && !file.is_release)
        result = cli_recover_note_begin(options->change.key, id, &file.recover,
                                        options->change.json, &note);
    if (result == ASSAY_EXIT_OK) result = sign_file(options, &file, signer, id, &note, s);
    assay_signer_close(&signer);
    free(file.bytes);
    free(s);
    return result;
}

/* ------------------------------------------------------------ submit */

static void print_submitted(const struct assay_recover_options *options,
                            const struct assay_recover_file *file, const struct assay_json *d)
{
    const unsigned long long era = assay_json_uint(d, "era", 0);
    if (file->is_fence)
        (void)printf("%s: taken: this node signs nothing in era %llu any more, and sends it to its "
                     "peers\n",
                     options->files[0], era);
    else if (file->is_release)
        (void)printf("%s: taken: this node signs again in era %llu, from the next epoch or restart "
                     "on\n",
                     options->files[0], era);
    else (void)printf("%s: %s (era %llu)\n", options->files[0], cli_text_of(d, "note", ""), era);
}

static int hand_in(const struct assay_recover_options *options, bool accepts)
{
    struct assay_recover_file file;
    struct assay_json *document = NULL;
    uint8_t *bytes = NULL;
    size_t len = 0;
    int result = cli_recover_file_load(options, options->files[0], &file);
    const bool decides = file.is_fence || file.is_release;
    if (result == ASSAY_EXIT_OK && accepts && decides)
        result = cli_print_error(options->change.json, ASSAY_EXIT_USAGE, "usage",
                                 "recover accept: %s is not a RECOVER", options->files[0]);
    if (result == ASSAY_EXIT_OK &&
        assay_file_read(options->files[0], FILE_LEN_MAX, &bytes, &len) == ASSAY_OK)
        result = cli_recover_request(options,
                                     decides   ? "fence"
                                     : accepts ? "accept"
                                               : "submit",
                                     assay_slice_over(bytes, len), &document);
    if (result == ASSAY_EXIT_OK && options->change.json) result = cli_print_document(document);
    else if (result == ASSAY_EXIT_OK)
        print_submitted(options, &file, assay_json_get(document, "data"));
    assay_json_free(&document);
    free(bytes);
    free(file.bytes);
    return result;
}

static int run_submit(const struct assay_recover_options *options)
{
    return hand_in(options, false);
}

/* What is accepted is shown first: the parent and the ids (protocol.md 9.16.2). */
static int run_accept(const struct assay_recover_options *options)
{
    struct assay_recover_file file;
    char id[65], parent[65];
    const int result = cli_recover_file_load(options, options->files[0], &file);
    if (result == ASSAY_EXIT_OK && !file.is_fence && !file.is_release && !options->change.json) {
        assay_hex_encode(file.recover.id, 32, id, sizeof id);
        assay_hex_encode(file.recover.header.parent_id, 32, parent, sizeof parent);
        (void)printf("RECOVER    %s\nparent     height %llu, %s\n", id,
                     (unsigned long long)file.recover.header.height - 1, parent);
    }
    free(file.bytes);
    return result == ASSAY_EXIT_OK ? hand_in(options, true) : result;
}

/* ------------------------------------------------------------ options */

static int run_verb(const char *verb, const struct assay_recover_options *o)
{
    const bool drafts =
        strcmp(verb, "draft") == 0 || strcmp(verb, "fence") == 0 || strcmp(verb, "release") == 0;
    const int is_free = drafts ? check_out(verb, o->change.out) : ASSAY_EXIT_OK;
    if (is_free != ASSAY_EXIT_OK) return is_free;
    if (strcmp(verb, "draft") == 0) return cli_recover_run_draft(o);
    if (strcmp(verb, "status") == 0 || strcmp(verb, "withdraw") == 0) return run_status(o, verb);
    if (strcmp(verb, "fence") == 0) return run_fence(o);
    if (strcmp(verb, "release") == 0) return run_release(o);
    if (strcmp(verb, "accept") == 0) return run_accept(o);
    if (strcmp(verb, "answer") == 0) return run_answer(o);
    if (strcmp(verb, "show") == 0) return cli_recover_run_show(o);
    if (strcmp(verb, "sign") == 0) return run_sign(o);
    return run_submit(o);
}

int cli_command_recover(int argc, char **argv)
{
    struct assay_recover_options o = { .epochs = EPOCHS_DEFAULT };
    char group[32];
    const struct cli_option_target targets[] = {
        { "reason", .text = &o.reason },
        { "epochs", .number = &o.epochs, .low = 1, .high = EPOCHS_MAX },
        { "forced", .flag = &o.forced },
        ASSAY_CHANGE_TARGETS(&o.change),
        { .name = NULL },
    };
    const int early = cli_options_read(argc, argv, targets);
    if (early >= 0) return early;
    (void)snprintf(group, sizeof group, "recover %s", argv[1]);
    cli_change_set_defaults(&o.change, group);
    o.files = argv + 2;
    while (o.files[o.file_count] != NULL)
        o.file_count++;
    return run_verb(argv[1], &o);
}
