/*
 * apps/assay/identity/identity_source.c - requests of `assay identity fetch` to a node.
 */
#include "apps/assay/identity/identity_source.h"

#include "apps/assay/core/daemon_request.h"
#include "apps/assay/core/options.h"
#include "apps/client.h"
#include "base/system_clock.h"
#include "net/http/paths.h"

#include <stdio.h>
#include <string.h>

int cli_identity_node_choose(struct cli_identity_node *node)
{
    if (node->http != NULL && node->socket != NULL)
        return cli_misuse("--http WHERE and --socket PATH exclude each other: one node is "
                          "requested");
    if (node->http != NULL && !assay_client_is_http(node->http))
        return cli_misuse("--http: expected " ASSAY_CLIENT_HTTP_EXPECTED ", found \"%.120s\"",
                          node->http);
    if (node->http == NULL && node->socket == NULL) node->socket = cli_daemon_default_socket();
    return -1;
}

unsigned cli_identity_node_left_ms(const struct cli_identity_node *node)
{
    const uint64_t now_ms = assay_monotonic_ms();
    if (node->until_ms == 0) return node->timeout_ms;
    if (now_ms >= node->until_ms) return 0;
    const uint64_t left_ms = node->until_ms - now_ms;
    return left_ms < node->timeout_ms ? (unsigned)left_ms : node->timeout_ms;
}

/* Returns: whether the reason passes by itself. */
static bool may_pass(const char *code)
{
    static const char *const codes[] = { "not_found", "next_epoch",  "too_many",
                                         "too_busy",  "few_holders", "stale",
                                         "ca_none",   "fenced",      "below_threshold" };
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        if (strcmp(code, codes[i]) == 0) return true;
    return false;
}

static enum cli_identity_answer read_refusal(const struct assay_json *refusal,
                                             struct cli_identity_issued *out)
{
    const char *const code = assay_json_text(refusal, "code", "");
    const struct assay_json *const data = assay_json_get(refusal, "data");
    const char *const inner = assay_json_text(data, "code", code);
    out->retry_after_s = assay_json_uint(refusal, "retry_after_s", 1);
    out->is_few = strcmp(inner, "few_holders") == 0;
    (void)snprintf(out->message, sizeof out->message, "%.40s: %.360s%s", inner,
                   assay_json_text(refusal, "detail", "no reason was given"),
                   out->is_few ? ": start the missing assay-signer (`assay ca status` on each "
                                 "node names it)"
                               : "");
    return may_pass(inner) ? CLI_IDENTITY_WAIT : CLI_IDENTITY_REFUSED;
}

static enum cli_identity_answer read_document(const struct assay_json *document,
                                              struct cli_identity_issued *out)
{
    const struct assay_json *const data = assay_json_get(document, "data");
    const char *const pem =
        assay_json_text(data, "certificate", assay_json_text(data, "token", NULL));
    if (strcmp(assay_json_text(document, "schema", ""), "assay.error") == 0)
        return read_refusal(data, out);
    if (strcmp(assay_json_text(document, "schema", ""), "assay.issue") != 0)
        return read_refusal(document, out); /* a problem of HTTP */
    if (pem == NULL) {
        out->retry_after_s = assay_json_uint(data, "retry_after_s", 1);
        out->is_signing = true;
        (void)snprintf(out->message, sizeof out->message,
                       "the holders of the key are at work on it");
        return CLI_IDENTITY_WAIT;
    }
    out->len = strlen(pem);
    if (out->len >= sizeof out->pem) {
        (void)snprintf(out->message, sizeof out->message, "it is too long");
        return CLI_IDENTITY_REFUSED;
    }
    (void)snprintf(out->pem, sizeof out->pem, "%s", pem);
    return CLI_IDENTITY_ISSUED;
}

enum cli_identity_answer cli_identity_request(const struct cli_identity_node *node,
                                              const struct cli_identity_wanted *wanted,
                                              struct cli_identity_issued *out)
{
    char line[ASSAY_HTTP_LINE_MAX], target[ASSAY_HTTP_TARGET_MAX];
    struct assay_client_answer answer = { .status = 0 };
    char fault[ASSAY_CLIENT_FAULT_LEN];
    const unsigned timeout_ms = cli_identity_node_left_ms(node);
    enum assay_status status = ASSAY_E_IO;
    *out = (struct cli_identity_issued){ .retry_after_s = 1 };
    const bool is_token = wanted->audience != NULL;
    (void)snprintf(line, sizeof line, "%s %s %s%s%s", is_token ? "token" : "certificate",
                   wanted->member, wanted->name, is_token ? " " : "",
                   is_token ? wanted->audience : "");
    if (node->http != NULL) {
        status = assay_http_path_target(line, target);
        if (status == ASSAY_OK)
            status = timeout_ms > 0
                         ? assay_client_exchange(node->http, target, timeout_ms, &answer)
                         : ASSAY_E_TIMEOUT;
        if (status != ASSAY_OK) {
            assay_client_http_fault(node->http, status, fault);
            (void)snprintf(out->message, sizeof out->message, "%.500s", fault);
        }
    } else {
        status = timeout_ms > 0
                     ? assay_client_request(node->socket, line, timeout_ms, &answer.document)
                     : ASSAY_E_TIMEOUT;
        if (status != ASSAY_OK) {
            assay_client_fault(node->socket, status, fault);
            (void)snprintf(out->message, sizeof out->message, "%.500s", fault);
        }
    }
    if (status != ASSAY_OK) return CLI_IDENTITY_UNREACHABLE;
    const enum cli_identity_answer found = read_document(answer.document, out);
    assay_json_free(&answer.document);
    return found;
}
