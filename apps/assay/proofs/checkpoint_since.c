/*
 * apps/assay/proofs/checkpoint_since.c - `assay checkpoint --since`: verification of boundaries
 * from an untrusted daemon (docs/protocol.md 11.3.3: checkpoints).
 */
#include "apps/assay/proofs/checkpoint_since.h"

#include "apps/assay/core/command.h"
#include "apps/assay/core/daemon_request.h"
#include "apps/assay/proofs/proof.h"
#include "apps/client.h"
#include "engine/ledger/proofs/proof.h"
#include "net/json/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *prefix_of(const struct assay_checkpoint_since *s)
{
    return s->command != NULL ? s->command : "assay checkpoint";
}

static enum assay_status send_request(const struct assay_checkpoint_since *s, const char *line,
                                      struct assay_json **document)
{
    return s->request != NULL
               ? s->request(s->context, line, document)
               : assay_client_request(s->socket, line, ASSAY_CLIENT_TIMEOUT_MS, document);
}

/* Returns: an enum assay_exit; *document is the caller's. */
static int request_boundaries(const struct assay_checkpoint_since *s,
                              const struct assay_checkpoint *at, bool voters,
                              struct assay_json **document)
{
    const char *const command = prefix_of(s);
    char request[96];
    (void)snprintf(request, sizeof request, "boundaries %" PRIu32 " %" PRIu64 "%s", at->era,
                   at->epoch, voters ? " voters" : "");
    const enum assay_status asked = send_request(s, request, document);
    if (asked != ASSAY_OK) {
        char fault[ASSAY_CLIENT_FAULT_LEN];
        if (s->request == NULL) assay_client_fault(s->socket, asked, fault);
        else (void)snprintf(fault, sizeof fault, "no answer (%s)", assay_status_text(asked));
        (void)fprintf(stderr, "%s: %s: %s\n", command, s->socket, fault);
        return asked == ASSAY_E_TIMEOUT ? ASSAY_EXIT_TIMEOUT : ASSAY_EXIT_UNREACHABLE;
    }
    const struct assay_json *data = assay_json_get(*document, "data");
    if (assay_json_get(data, "links") != NULL) return ASSAY_EXIT_OK;
    const char *code = assay_json_text(data, "code", "error");
    (void)fprintf(stderr, "%s: %s\n", command, cli_text_of(data, "detail", code));
    return strcmp(code, "not_found") == 0 ? ASSAY_EXIT_NOT_FOUND : ASSAY_EXIT_INTERNAL;
}

/* Returns: whether it is there and hexadecimal; *bytes is the caller's. */
static bool read_hex(const struct assay_json *object, const char *key, uint8_t **bytes,
                     struct assay_slice *slice)
{
    const char *text = assay_json_text(object, key, NULL);
    *bytes = NULL;
    *slice = (struct assay_slice){ 0 };
    if (text == NULL) return false;
    const size_t len = strlen(text) / 2;
    *bytes = malloc(len + 1);
    if (*bytes == NULL || assay_hex_decode(text, strlen(text), *bytes, len) != ASSAY_OK)
        return false;
    *slice = assay_slice_over(*bytes, len);
    return true;
}

static enum assay_status begin_chain(struct assay_boundary_chain *chain,
                                     const struct assay_checkpoint *from,
                                     const struct assay_json *data, struct assay_fault *fault)
{
    struct assay_roster_row *rows = calloc(ASSAY_MEMBERS_MAX, sizeof *rows);
    uint8_t *voters = NULL, *base = NULL;
    struct assay_slice table, boundary;
    uint32_t count = 0;
    enum assay_status status = rows == NULL ? ASSAY_E_MEMORY : ASSAY_OK;
    if (status == ASSAY_OK && !read_hex(data, "voters", &voters, &table))
        status = assay_fault_plain(fault, "voters of the checkpoint", ASSAY_E_SYNTAX);
    struct assay_cursor c = assay_cursor_over(voters, status == ASSAY_OK ? table.len : 0);
    while (status == ASSAY_OK && assay_cursor_left(&c) > 0) {
        if (count == ASSAY_MEMBERS_MAX) status = ASSAY_E_RANGE;
        else status = assay_roster_row_decode(&c, &rows[count++]);
        if (status != ASSAY_OK)
            assay_status_ignore(assay_fault_plain(fault, "voters of the checkpoint", status),
                                "said below");
    }
    if (!read_hex(data, "base", &base, &boundary)) boundary = (struct assay_slice){ 0 };
    if (status == ASSAY_OK)
        status = assay_boundary_chain_from(chain, from, rows, count, boundary, fault);
    free(base);
    free(voters);
    free(rows);
    return status;
}

static enum assay_status add_links(struct assay_boundary_chain *chain,
                                   const struct assay_json *links, struct assay_fault *fault)
{
    enum assay_status status = ASSAY_OK;
    for (size_t i = 0; i < assay_json_count(links) && status == ASSAY_OK; i++) {
        const struct assay_json *link = assay_json_at(links, i);
        uint8_t *bytes[2] = { NULL, NULL };
        struct assay_slice boundary, finality;
        if (!read_hex(link, "boundary", &bytes[0], &boundary) ||
            !read_hex(link, "finality", &bytes[1], &finality))
            status = assay_fault_plain(fault, "boundary", ASSAY_E_SYNTAX);
        else status = assay_boundary_chain_add(chain, boundary, finality, fault);
        free(bytes[0]);
        free(bytes[1]);
    }
    return status;
}

static int report_refusal(const struct assay_checkpoint_since *s,
                          const struct assay_boundary_chain *chain, const struct assay_fault *fault,
                          enum assay_status status)
{
    const char *const command = prefix_of(s);
    if (assay_status_class(status) == ASSAY_CLASS_HOST) {
        (void)fprintf(stderr, "%s: %s\n", command, assay_status_text(status));
        return ASSAY_EXIT_INTERNAL;
    }
    (void)fprintf(stderr, "%s: not trusted after epoch %" PRIu64 " of era %" PRIu32 ": %s: %s\n",
                  command, chain->at.epoch, chain->at.era,
                  fault->what != NULL ? fault->what : "what the node sent",
                  assay_status_text(fault->status != ASSAY_OK ? fault->status : status));
    return ASSAY_EXIT_DENIED;
}

/* Is the daemon a member of another network? Reports that. */
static bool report_other_network(const struct assay_checkpoint_since *s)
{
    struct assay_json *document = NULL;
    struct assay_checkpoint own;
    struct assay_slice slice;
    uint8_t *bytes = NULL;
    char expected[65], found[65];
    const bool is_other =
        send_request(s, "checkpoint", &document) == ASSAY_OK &&
        read_hex(assay_json_get(document, "data"), "checkpoint", &bytes, &slice) &&
        assay_checkpoint_decode(slice, &own) == ASSAY_OK &&
        !assay_bytes_equal(own.chain_id, s->from->chain_id, sizeof own.chain_id);
    assay_json_free(&document);
    free(bytes);
    if (!is_other) return false;
    assay_hex_encode(s->from->chain_id, 32, expected, sizeof expected);
    assay_hex_encode(own.chain_id, 32, found, sizeof found);
    (void)fprintf(stderr,
                  "%s: not trusted: %s is a daemon of another network: chain %s, found %s\n",
                  prefix_of(s), s->socket, expected, found);
    return true;
}

/* Page after page, until the node has no more. Returns: an enum assay_exit */
static int walk_boundaries(const struct assay_checkpoint_since *s,
                           struct assay_boundary_chain *chain)
{
    for (bool first = true;; first = false) {
        struct assay_json *document = NULL;
        struct assay_fault fault = { .status = ASSAY_OK };
        const struct assay_checkpoint *at = first ? s->from : &chain->at;
        const int asked = request_boundaries(s, at, first, &document);
        if (asked != ASSAY_EXIT_OK) {
            assay_json_free(&document);
            return asked;
        }
        const struct assay_json *data = assay_json_get(document, "data");
        const struct assay_json *links = assay_json_get(data, "links");
        enum assay_status status = ASSAY_OK;
        if (first) {
            status = begin_chain(chain, s->from, data, &fault);
            chain->recovers_until_ms = assay_checkpoint_expires_ms(s->from);
        }
        if (status == ASSAY_OK) status = add_links(chain, links, &fault);
        const bool done = assay_json_count(links) == 0;
        assay_json_free(&document);
        if (first && assay_status_class(status) == ASSAY_CLASS_INPUT && report_other_network(s))
            return ASSAY_EXIT_DENIED;
        if (status != ASSAY_OK) return report_refusal(s, chain, &fault, status);
        if (done) return ASSAY_EXIT_OK;
    }
}

static int check_age(const struct assay_checkpoint_since *s,
                     const struct assay_boundary_chain *chain,
                     struct assay_checkpoint_advanced *carried)
{
    const char *const command = prefix_of(s);
    const struct assay_proven_state last = { .time_ms = chain->at.time_ms };
    if (chain->unsealed) {
        (void)fprintf(
            stderr,
            "%s: not trusted: operators began era %" PRIu32 " (RECOVER), and of weight "
            "%" PRIu64 " before it no more than %" PRIu64 " has voted in it in a certified "
            "epoch: try again later, or take a checkpoint from nodes that you trust\n",
            command, chain->crossing.era, chain->crossing.total, chain->crossing.confirmed);
        return ASSAY_EXIT_DENIED;
    }
    const enum assay_proof_answer age = assay_proof_age(s->from, &last, s->now_ms, s->max_age_s);
    if (age != ASSAY_PROVEN) {
        (void)fprintf(stderr, "%s: not trusted: %s\n", command,
                      cli_proof_age_text(age, s->time, s->now_ms));
        return age == ASSAY_PROOF_AGE_UNKNOWN ? ASSAY_EXIT_AGE_UNKNOWN : ASSAY_EXIT_DENIED;
    }
    *carried = (struct assay_checkpoint_advanced){ .to = chain->at,
                                                   .crossing_count = chain->crossing_count,
                                                   .crossing = chain->crossing };
    return chain->crossing_count > 0 ? ASSAY_EXIT_CROSSED : ASSAY_EXIT_OK;
}

int cli_checkpoint_advance(const struct assay_checkpoint_since *since,
                           struct assay_checkpoint_advanced *carried)
{
    struct assay_boundary_chain *chain = calloc(1, sizeof *chain);
    if (chain == NULL) return ASSAY_EXIT_INTERNAL;
    int result = walk_boundaries(since, chain);
    if (result == ASSAY_EXIT_OK) result = check_age(since, chain, carried);
    assay_boundary_chain_free(chain);
    free(chain);
    return result;
}
