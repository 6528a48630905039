/*
 * apps/assay/identity/authority_source.c - requests about the certificate authority, and
 * verification of what a node returns.
 */
#include "apps/assay/identity/authority_source.h"

#include "apps/assay/core/command.h"
#include "apps/assay/core/daemon_request.h"
#include "apps/assay/core/file_fault.h"
#include "apps/assay/proofs/checkpoint_since.h"
#include "base/base64.h"
#include "net/http/paths.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    ATTEMPTS = 8, /* a node closes epochs while it is requested */
    NEXT_UNSIGNED_EPOCHS =
        32,         /* its certificate is signed in the first 16 (docs/identity.md 5.1) */
    AGAIN_MS = 250, /* until the node proves the epoch that its boundaries, or other nodes, have */
};

/* ------------------------------------------------------------ requests */

/* A problem of HTTP as the refusal that the admin socket would send. */
static void set_refusal(const struct assay_json *problem, unsigned code,
                        struct assay_json **document)
{
    char text[64];
    const struct assay_json *const inner = assay_json_get(problem, "data");
    const char *const word = assay_json_text(problem, "code", "error");
    (void)snprintf(text, sizeof text, "an answer of HTTP with status %u", code);
    struct assay_json *const data = assay_json_object();
    assay_json_set_text(data, "code", assay_json_text(inner, "code", word));
    assay_json_set_text(data, "detail", assay_json_text(problem, "detail", text));
    *document = assay_json_object();
    assay_json_set_text(*document, "schema", "assay.error");
    assay_json_set(*document, "data", data);
}

enum assay_status cli_authority_request(const struct cli_identity_node *node, const char *line,
                                        struct assay_json **document)
{
    char target[ASSAY_HTTP_TARGET_MAX];
    struct assay_client_answer answer = { .status = 0 };
    const unsigned timeout_ms = cli_identity_node_left_ms(node);
    *document = NULL;
    if (timeout_ms == 0) return ASSAY_E_TIMEOUT;
    if (node->http == NULL) return assay_client_request(node->socket, line, timeout_ms, document);
    ASSAY_TRY(assay_http_path_target(line, target));
    ASSAY_TRY(assay_client_exchange(node->http, target, timeout_ms, &answer));
    if (answer.status == 200) *document = answer.document;
    else set_refusal(answer.document, answer.status, document);
    if (answer.status != 200) assay_json_free(&answer.document);
    return ASSAY_OK;
}

static int report_unreachable(const char *command, const struct cli_identity_node *node,
                              enum assay_status status, char *why)
{
    char fault[ASSAY_CLIENT_FAULT_LEN];
    if (node->http == NULL) assay_client_fault(node->socket, status, fault);
    else assay_client_http_fault(node->http, status, fault);
    if (why != NULL) (void)snprintf(why, CLI_AUTHORITY_WHY_LEN, "%.500s", fault);
    else
        (void)fprintf(stderr, "%s: %s: %s\n", command,
                      node->http != NULL ? node->http : node->socket, fault);
    return status == ASSAY_E_TIMEOUT ? ASSAY_EXIT_TIMEOUT : ASSAY_EXIT_UNREACHABLE;
}

/* In: why: as of a query */
static int get_document(const char *command, const struct cli_identity_node *node, const char *line,
                        char *why, struct assay_json **document)
{
    const enum assay_status status = cli_authority_request(node, line, document);
    if (status != ASSAY_OK) return report_unreachable(command, node, status, why);
    if (strcmp(assay_json_text(*document, "schema", ""), "assay.error") != 0) return ASSAY_EXIT_OK;
    const struct assay_json *const data = assay_json_get(*document, "data");
    const char *const code = assay_json_text(data, "code", "error");
    const char *const detail = cli_text_of(data, "detail", "no reason was given");
    if (why != NULL)
        (void)snprintf(why, CLI_AUTHORITY_WHY_LEN, "%.40s: %.400s", cli_text_of(data, "code", code),
                       detail);
    else (void)fprintf(stderr, "%s: %s: %s\n", command, cli_text_of(data, "code", code), detail);
    const bool is_missing = strcmp(code, "not_found") == 0 || strcmp(code, "ca_none") == 0 ||
                            strcmp(code, "not_closed") == 0 || strcmp(code, "not_ready") == 0;
    assay_json_free(document);
    return is_missing ? ASSAY_EXIT_NOT_FOUND : ASSAY_EXIT_INTERNAL;
}

int cli_authority_get(const char *command, const struct cli_identity_node *node, const char *line,
                      struct assay_json **document)
{
    return get_document(command, node, line, NULL, document);
}

/* ------------------------------------------------------------ the proof */

void cli_authority_free(struct cli_authority *authority)
{
    free(authority->bytes);
    free(authority->proven);
    *authority = (struct cli_authority){ .bytes = NULL };
}

static int refuse_authority(const struct cli_authority_query *q, int exit, const char *why)
{
    const char *const from = q->file != NULL        ? q->file
                             : q->node.http != NULL ? q->node.http
                                                    : q->node.socket;
    const char *const denied = exit == ASSAY_EXIT_DENIED ? "not trusted: " : "";
    if (q->why != NULL) (void)snprintf(q->why, CLI_AUTHORITY_WHY_LEN, "%s%.480s", denied, why);
    else (void)fprintf(stderr, "%s: %s: %s%s\n", q->command, from, denied, why);
    return exit;
}

static int read_file(const struct cli_authority_query *q, struct cli_authority *a, size_t *len)
{
    const enum assay_status status =
        assay_file_read(q->file, ASSAY_AUTHORITY_PROOF_LEN_MAX, &a->bytes, len);
    if (status == ASSAY_OK) return ASSAY_EXIT_OK;
    (void)fprintf(stderr, "%s: %s: %s\n", q->command, q->file,
                  cli_file_fault_of(q->file, status, "a CA proof"));
    if (status == ASSAY_E_NOT_FOUND) return ASSAY_EXIT_NOT_FOUND;
    return assay_status_class(status) == ASSAY_CLASS_INPUT ? ASSAY_EXIT_MALFORMED
                                                           : ASSAY_EXIT_INTERNAL;
}

static int request_proof(const struct cli_authority_query *q, struct cli_authority *a, size_t *len)
{
    struct assay_json *document = NULL;
    const int exit = get_document(q->command, &q->node, "ca-proof", q->why, &document);
    if (exit != ASSAY_EXIT_OK) return exit;
    const char *const hex = assay_json_text(assay_json_get(document, "data"), "ca_proof", "");
    *len = strlen(hex) / 2;
    a->bytes = malloc(*len + 1);
    const bool is_read =
        a->bytes != NULL && assay_hex_decode(hex, strlen(hex), a->bytes, *len) == ASSAY_OK;
    assay_json_free(&document);
    return is_read
               ? ASSAY_EXIT_OK
               : refuse_authority(q, ASSAY_EXIT_MALFORMED, "expected a CA proof in hexadecimal");
}

/* Out: a->proof, a->proven. Returns: an enum assay_exit; ASSAY_EXIT_OK: see a->proven->answer */
static int verify_once(const struct cli_authority_query *q, const struct assay_checkpoint *at,
                       struct cli_authority *a)
{
    size_t len = 0;
    free(a->bytes);
    a->bytes = NULL;
    const int exit = q->file != NULL ? read_file(q, a, &len) : request_proof(q, a, &len);
    if (exit != ASSAY_EXIT_OK) return exit;
    enum assay_status status =
        assay_keyholder_authority_decode(assay_slice_over(a->bytes, len), &a->proof);
    if (status == ASSAY_OK) status = assay_keyholder_authority_verify(&a->proof, at, a->proven);
    if (status == ASSAY_OK) return ASSAY_EXIT_OK;
    const bool is_input = assay_status_class(status) == ASSAY_CLASS_INPUT;
    return refuse_authority(q, is_input ? ASSAY_EXIT_MALFORMED : ASSAY_EXIT_INTERNAL,
                            is_input ? "it cannot be read as a CA proof"
                                     : assay_status_text(status));
}

static enum assay_status send_line(void *context, const char *line, struct assay_json **document)
{
    const struct cli_authority_query *const q = context;
    return cli_authority_request(&q->node, line, document);
}

static int advance_checkpoint(const struct cli_authority_query *q, struct assay_checkpoint *at)
{
    struct cli_authority_query sender = *q;
    struct assay_checkpoint_advanced advanced;
    const struct assay_checkpoint from = *at;
    struct assay_checkpoint_since since = { .command = q->command,
                                            .socket = q->node.http != NULL ? q->node.http
                                                                           : q->node.socket,
                                            .request = send_line,
                                            .context = &sender,
                                            .from = &from,
                                            .time = &q->time };
    int exit = cli_proof_times(&q->time, &since.max_age_s, &since.now_ms);
    if (exit == ASSAY_EXIT_OK) exit = cli_checkpoint_advance(&since, &advanced);
    if (exit == ASSAY_EXIT_OK) *at = advanced.to;
    else if (q->why != NULL)
        (void)snprintf(q->why, CLI_AUTHORITY_WHY_LEN,
                       "the checkpoint cannot be advanced over the boundaries that it returns");
    if (exit != ASSAY_EXIT_CROSSED) return exit;
    return refuse_authority(
        q, ASSAY_EXIT_DENIED,
        "operators began an era (RECOVER) since the checkpoint: verify it once with assay "
        "checkpoint --since, and use that checkpoint");
}

static void pause_ms(long ms)
{
    struct timespec left = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
    while (nanosleep(&left, &left) != 0 && errno == EINTR) {
    }
}

/* Proofs of a node, which closes epochs meanwhile, until one is of the voters of the checkpoint. */
static int verify_newest(const struct cli_authority_query *q, struct assay_checkpoint *at,
                         struct cli_authority *a)
{
    int exit = ASSAY_EXIT_OK;
    for (unsigned i = 0; i < ATTEMPTS; i++) {
        exit = verify_once(q, at, a);
        if (exit != ASSAY_EXIT_OK || q->file != NULL) return exit;
        if (a->proven->answer != ASSAY_AUTHORITY_NOT_PROVEN) return exit;
        if (a->proven->state == ASSAY_PROOF_OLDER) pause_ms(AGAIN_MS);
        else if (a->proven->state == ASSAY_PROOF_OTHER_VOTERS ||
                 a->proven->state == ASSAY_PROOF_OTHER_ERA)
            exit = advance_checkpoint(q, at);
        else return exit;
        if (exit != ASSAY_EXIT_OK) return exit;
    }
    return exit;
}

static int check_age(const struct cli_authority_query *q, const struct assay_checkpoint *at,
                     struct cli_authority *a)
{
    uint32_t max_age_s = 0;
    uint64_t now_ms = 0;
    const int exit = cli_proof_times(&q->time, &max_age_s, &now_ms);
    if (exit != ASSAY_EXIT_OK) return exit;
    const enum assay_proof_answer age = assay_proof_age(at, &a->proven->network, now_ms, max_age_s);
    a->expires_ms = assay_proof_expires_ms(at, &a->proven->network, max_age_s);
    if (age == ASSAY_PROVEN) {
        assay_keyholder_authority_expire(a->proven, (int64_t)(now_ms / 1000));
        return ASSAY_EXIT_OK;
    }
    return refuse_authority(
        q, age == ASSAY_PROOF_AGE_UNKNOWN ? ASSAY_EXIT_AGE_UNKNOWN : ASSAY_EXIT_DENIED,
        cli_proof_age_text(age, &q->time, now_ms));
}

static int exit_of(enum assay_authority_answer answer)
{
    return answer == ASSAY_AUTHORITY_NONE || answer == ASSAY_AUTHORITY_NO_KEY ||
                   answer == ASSAY_AUTHORITY_KEY_LOST
               ? ASSAY_EXIT_NOT_FOUND
               : ASSAY_EXIT_DENIED;
}

int cli_authority_prove(const struct cli_authority_query *query, struct cli_authority *authority)
{
    struct assay_checkpoint at = query->checkpoint;
    char why[256];
    *authority = (struct cli_authority){ .proven = calloc(1, sizeof *authority->proven) };
    if (authority->proven == NULL) return refuse_authority(query, ASSAY_EXIT_INTERNAL, "no memory");
    const int exit = verify_newest(query, &at, authority);
    if (exit != ASSAY_EXIT_OK) return exit;
    const struct assay_authority_proven *const p = authority->proven;
    if (p->answer == ASSAY_AUTHORITY_PROVEN) return check_age(query, &at, authority);
    (void)snprintf(why, sizeof why, "%s%s%s",
                   p->answer == ASSAY_AUTHORITY_NOT_PROVEN
                       ? assay_proof_answer_text(p->state)
                       : assay_keyholder_authority_text(p->answer),
                   p->why != NULL ? ": " : "", p->why != NULL ? p->why : "");
    return refuse_authority(query, exit_of(p->answer), why);
}

/* ------------------------------------------------------------ files */

const struct assay_authority_number *cli_authority_lacking(
    const struct assay_authority_proven *proven)
{
    const uint64_t epoch = proven->network.next.epoch;
    for (uint32_t i = 0; i < proven->count; i++) {
        const struct assay_authority_number *const n = &proven->number[i];
        const bool is_due = n->state == ASSAY_CA_ACTIVE ||
                            (n->state == ASSAY_CA_NEXT && epoch >= n->since + NEXT_UNSIGNED_EPOCHS);
        if (n->certificate.len == 0 && is_due) return n;
    }
    return NULL;
}

static enum assay_status put_pem(const struct assay_authority_proven *p, bool is_cross,
                                 uint8_t *bytes, size_t capacity, struct assay_slice *out)
{
    size_t at = 0;
    for (uint32_t i = 0; i < p->count; i++) {
        const struct assay_slice der = is_cross ? p->number[i].cross : p->number[i].certificate;
        size_t len = 0;
        if (der.len == 0) continue;
        ASSAY_TRY(
            assay_pem_put("CERTIFICATE", der.bytes, der.len, bytes + at, capacity - at, &len));
        at += len;
    }
    *out = assay_slice_over(bytes, at);
    return at > 0 ? ASSAY_OK : ASSAY_E_NOT_FOUND;
}

/* As a node has it (docs/identity.md 5.7). */
static uint64_t sequence_of(const struct assay_authority_proven *p)
{
    uint64_t sequence = p->changed;
    for (uint32_t i = 0; i < p->count; i++)
        if (p->number[i].certificate.len > 0 && p->number[i].since > sequence)
            sequence = p->number[i].since;
    return sequence;
}

enum assay_status cli_authority_encode(const struct assay_authority_proven *proven,
                                       enum cli_authority_format format, uint8_t *bytes,
                                       size_t capacity, struct assay_slice *out)
{
    struct assay_credential_ca ca[ASSAY_AUTHORITY_NUMBERS_MAX];
    struct assay_slice certificate[ASSAY_AUTHORITY_NUMBERS_MAX];
    uint32_t count = 0;
    if ((format == CLI_AUTHORITY_PEM || format == CLI_AUTHORITY_SPIFFE) &&
        cli_authority_lacking(proven) != NULL)
        return ASSAY_E_NOT_FOUND;
    if (format == CLI_AUTHORITY_PEM || format == CLI_AUTHORITY_CROSS)
        return put_pem(proven, format == CLI_AUTHORITY_CROSS, bytes, capacity, out);
    for (uint32_t i = 0; i < proven->count; i++) {
        const struct assay_authority_number *const n = &proven->number[i];
        if (format == CLI_AUTHORITY_SPIFFE && n->certificate.len == 0) continue;
        ca[count] = n->ca;
        certificate[count++] = n->certificate;
    }
    if (count == 0) return ASSAY_E_NOT_FOUND;
    return format == CLI_AUTHORITY_JWKS
               ? assay_credential_jwks(ca, count, bytes, capacity, out)
               : assay_credential_bundle(ca, certificate, count, sequence_of(proven), bytes,
                                         capacity, out);
}
