/*
 * apps/assay/core/remote.c - requests of the command line to contexts (remote.h).
 */
#include "apps/assay/core/remote.h"

#include "apps/assay/core/command.h"
#include "apps/assay/core/daemon_request.h"
#include "apps/assay/core/options.h"
#include "apps/assay/core/print.h"
#include "apps/https.h"
#include "base/assert.h"
#include "base/system_clock.h"
#include "net/http/paths.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { BUSY_MS = 1000, SHARE_MS_MIN = 500 };

/* Which endpoint of a context answers, and whether its chain was compared. */
struct endpoint_state {
    size_t at;
    bool is_checked[ASSAY_CONTEXT_ENDPOINTS_MAX];
};

/* Of this process, which runs one command. */
static struct assay_contexts contexts;
static bool are_loaded;
static struct endpoint_state states[ASSAY_CONTEXTS_MAX];
static char last_fault[ASSAY_CLIENT_FAULT_LEN];
static bool is_other_chain; /* the last request failed for its chain */
static char address[sizeof ASSAY_CLIENT_CONTEXT + ASSAY_CONTEXT_NAME_MAX];

/* One request to a context. */
struct asking {
    const struct assay_network_context *context;
    struct endpoint_state *state;
    const char *target;
    struct assay_slice object; /* POSTed, when it has bytes */
    uint64_t deadline_ms;
};

/* ------------------------------------------------------------ documents and refusals */

static enum assay_status make_error(const char *code, const char *detail,
                                    struct assay_json **document)
{
    struct assay_json *data = assay_json_object();
    assay_json_set_text(data, "code", code);
    assay_json_set_text(data, "detail", detail);
    *document = assay_json_object();
    assay_json_set_text(*document, "schema", "assay.error");
    assay_json_set(*document, "data", data);
    return ASSAY_OK;
}

/* A problem document as the refusal that the admin socket would send. */
static enum assay_status read_problem(const struct asking *asking, const struct assay_json *problem,
                                      unsigned status, struct assay_json **document)
{
    const struct assay_json *const data = assay_json_get(problem, "data");
    const char *const code = assay_json_text(problem, "code", "");
    const char *const detail = assay_json_text(problem, "detail", "");
    const bool is_role = strcmp(code, "role_required") == 0;
    char text[ASSAY_CLIENT_FAULT_LEN];
    if (code[0] == '\0') {
        (void)snprintf(last_fault, sizeof last_fault,
                       "%s: expected a document of assayd, found an answer with status %u",
                       asking->context->endpoints[asking->state->at], status);
        return ASSAY_E_SYNTAX;
    }
    (void)snprintf(text, sizeof text, "%s%.*s%s%s", is_role ? "403: " : "",
                   is_role ? (int)strcspn(asking->target, "?") : 0, asking->target,
                   is_role ? " " : "", detail);
    return make_error(is_role ? "forbidden" : assay_json_text(data, "code", code), text, document);
}

static enum assay_status read_answer(const struct asking *asking, struct assay_https_answer *answer,
                                     struct assay_json **document)
{
    struct assay_json *json = NULL;
    assay_client_sanitize(answer->text, answer->len);
    const enum assay_status status = assay_json_parse(answer->text, answer->len, &json);
    const unsigned code = answer->status;
    free(answer->text);
    answer->text = NULL;
    if (status == ASSAY_OK && (code == 200 || code == 202)) {
        *document = json;
        return ASSAY_OK;
    }
    const enum assay_status read = read_problem(asking, json, code, document);
    assay_json_free(&json);
    return read;
}

/* ------------------------------------------------------------ endpoints */

static unsigned get_left_ms(const struct asking *asking)
{
    const uint64_t now_ms = assay_monotonic_ms();
    return now_ms < asking->deadline_ms ? (unsigned)(asking->deadline_ms - now_ms) : 0;
}

/* share_ms: what one of several endpoints may take. */
static enum assay_status exchange_once(const struct asking *asking, const char *target,
                                       struct assay_slice object, unsigned share_ms,
                                       struct assay_https_answer *answer)
{
    const struct assay_network_context *const c = asking->context;
    const unsigned left_ms = get_left_ms(asking);
    if (left_ms == 0) return ASSAY_E_TIMEOUT;
    const struct assay_https_request request = { .endpoint = c->endpoints[asking->state->at],
                                                 .target = target,
                                                 .ca = c->ca,
                                                 .certificate = c->certificate,
                                                 .key = c->key,
                                                 .timeout_ms =
                                                     left_ms < share_ms ? left_ms : share_ms,
                                                 .object = object };
    return assay_https_exchange(&request, answer, last_fault);
}

/* The same, and once more after a second, while the node has too many requests. */
static enum assay_status exchange(const struct asking *asking, const char *target,
                                  struct assay_slice object, unsigned share_ms,
                                  struct assay_https_answer *answer)
{
    for (;;) {
        ASSAY_TRY(exchange_once(asking, target, object, share_ms, answer));
        const bool is_busy = answer->status == 503 && strstr(answer->text, "\"too_busy\"") != NULL;
        if (!is_busy || get_left_ms(asking) <= BUSY_MS) return ASSAY_OK;
        free(answer->text);
        const struct timespec pause = { .tv_nsec = 0, .tv_sec = BUSY_MS / 1000 };
        (void)nanosleep(&pause, NULL);
    }
}

/* A server may have another chain than at the first request: an address that was given away, nodes
 * behind one name. Only what no node answered names none, and is no document. Returns: ASSAY_OK |
 * ASSAY_E_STRANGER, and then the answer is freed */
static enum assay_status check_answer(const struct asking *asking,
                                      struct assay_https_answer *answer)
{
    char pinned[65];
    assay_hex_encode(asking->context->chain_id, 32, pinned, sizeof pinned);
    const bool is_proxy = answer->chain[0] == '\0' && answer->status != 200;
    if (is_proxy || strcmp(answer->chain, pinned) == 0) return ASSAY_OK;
    free(answer->text);
    answer->text = NULL;
    (void)snprintf(last_fault, sizeof last_fault,
                   "%.60s: an answer of the chain %.64s, expected the chain %s that context %s "
                   "pins",
                   asking->context->endpoints[asking->state->at],
                   answer->chain[0] != '\0' ? answer->chain : "(no header Assay-Chain)", pinned,
                   asking->context->name);
    return ASSAY_E_STRANGER;
}

/* Compares the chain of an endpoint with the pinned one before anything else is sent to it, once
 * until it fails. Returns: ASSAY_OK | ASSAY_E_STRANGER
 * (of another network: nothing else is requested of it) | as exchange */
static enum assay_status check_chain(const struct asking *asking, unsigned share_ms)
{
    bool *const is_checked = &asking->state->is_checked[asking->state->at];
    struct assay_https_answer answer = { 0 };
    struct assay_json *json = NULL;
    char pinned[65];
    if (*is_checked) return ASSAY_OK;
    ASSAY_TRY(exchange(asking, "/v1/status", assay_slice_over(NULL, 0), share_ms, &answer));
    const enum assay_status parsed = assay_json_parse(answer.text, answer.len, &json);
    const unsigned status = answer.status;
    free(answer.text);
    const char *const found = cli_text_sanitized(
        assay_json_text(assay_json_get(json, "data"), "chain_id", "no chain_id"));
    assay_hex_encode(asking->context->chain_id, 32, pinned, sizeof pinned);
    *is_checked = parsed == ASSAY_OK && status == 200 && strcmp(found, pinned) == 0;
    const bool is_other = parsed == ASSAY_OK && status == 200;
    if (!*is_checked && is_other)
        (void)snprintf(last_fault, sizeof last_fault,
                       "%.60s: a node of another network: chain %.64s, expected the chain %s that "
                       "context %s pins",
                       asking->context->endpoints[asking->state->at], found, pinned,
                       asking->context->name);
    else if (!*is_checked)
        (void)snprintf(last_fault, sizeof last_fault,
                       "%.60s: status %u, expected 200 and the chain %s that context %s pins",
                       asking->context->endpoints[asking->state->at], status, pinned,
                       asking->context->name);
    assay_json_free(&json);
    return *is_checked ? ASSAY_OK : ASSAY_E_STRANGER;
}

/* One endpoint after the other, from the one that answered last. A node that is busy, or refuses,
 * has answered; one of another chain ends the request, as operators have to look at it. */
static enum assay_status ask_endpoints(struct asking *asking, struct assay_https_answer *answer)
{
    const size_t count = asking->context->endpoint_count;
    enum assay_status status = ASSAY_E_IO;
    ASSAY_ASSERT(count > 0 && asking->state->at < count);
    for (size_t tried = 0; tried < count; tried++) {
        const unsigned fair_ms = get_left_ms(asking) / (unsigned)(count - tried);
        const unsigned share_ms = fair_ms > SHARE_MS_MIN ? fair_ms : SHARE_MS_MIN;
        status = check_chain(asking, share_ms);
        if (status == ASSAY_OK)
            status = exchange(asking, asking->target, asking->object, share_ms, answer);
        if (status == ASSAY_OK) status = check_answer(asking, answer);
        if (status != ASSAY_OK) asking->state->is_checked[asking->state->at] = false;
        if (status == ASSAY_OK || status == ASSAY_E_STRANGER || status == ASSAY_E_MEMORY)
            return status;
        if (tried + 1 == count) break;
        asking->state->at = (asking->state->at + 1) % count;
        (void)fprintf(stderr, "assay: context %s: %s; trying %s\n", asking->context->name,
                      cli_text_sanitized(last_fault),
                      asking->context->endpoints[asking->state->at]);
    }
    return status;
}

static enum assay_status ask_context(const char *name, const char *target,
                                     struct assay_slice object, unsigned timeout_ms,
                                     struct assay_https_answer *answer, struct asking *asking)
{
    const struct assay_network_context *const context = assay_contexts_find(&contexts, name);
    if (context == NULL) {
        (void)snprintf(last_fault, sizeof last_fault,
                       "no context has this name; assay context list has all");
        return ASSAY_E_IO;
    }
    *asking = (struct asking){ .context = context,
                               .state = &states[context - contexts.list],
                               .target = target,
                               .object = object,
                               .deadline_ms = assay_monotonic_ms() + timeout_ms };
    const enum assay_status status = ask_endpoints(asking, answer);
    is_other_chain = status == ASSAY_E_STRANGER;
    /* For the caller, an endpoint that gave no answer is a daemon that gave none. */
    return status == ASSAY_E_AGAIN || status == ASSAY_E_STRANGER || status == ASSAY_E_INVALID
               ? ASSAY_E_IO
               : status;
}

/* ------------------------------------------------------------ request lines */

/* "submit HEX" and its like: the object, to be POSTed. Out: *object: of malloc, NULL: the line is
 * none of these. Returns: ASSAY_OK | ASSAY_E_MEMORY */
static enum assay_status take_object(const char *line, char target[static ASSAY_HTTP_TARGET_MAX],
                                     uint8_t **object, size_t *len)
{
    *object = NULL;
    for (const struct assay_http_object *o = assay_http_objects; o->kind != NULL; o++) {
        const size_t head = strlen(o->request);
        const size_t digits = strlen(line) > head ? strlen(line + head + 1) : 0;
        if (digits == 0 || strncmp(line, o->request, head) != 0 || line[head] != ' ') continue;
        uint8_t *bytes = malloc(digits / 2 + 1);
        if (bytes == NULL) return ASSAY_E_MEMORY;
        if (digits % 2 != 0 ||
            assay_hex_decode(line + head + 1, digits, bytes, digits / 2) != ASSAY_OK) {
            free(bytes);
            continue;
        }
        (void)snprintf(target, ASSAY_HTTP_TARGET_MAX, "/v1/submit?kind=%s", o->kind);
        *object = bytes;
        *len = digits / 2;
        return ASSAY_OK;
    }
    return ASSAY_OK;
}

static enum assay_status request_context(const char *name, const char *line, unsigned timeout_ms,
                                         struct assay_json **document)
{
    char target[ASSAY_HTTP_TARGET_MAX];
    struct assay_https_answer answer = { 0 };
    struct asking asking;
    uint8_t *object = NULL;
    size_t len = 0;
    ASSAY_TRY(take_object(line, target, &object, &len));
    if (object == NULL) {
        const enum assay_status mapped = assay_http_path_target(line, target);
        if (mapped == ASSAY_E_RANGE) return mapped;
        if (mapped != ASSAY_OK)
            return make_error("usage",
                              "only the admin socket answers this request: run the command on the "
                              "daemon's machine, with --context local",
                              document);
    }
    enum assay_status status =
        ask_context(name, target, assay_slice_over(object, len), timeout_ms, &answer, &asking);
    free(object);
    if (status == ASSAY_OK) status = read_answer(&asking, &answer, document);
    return status;
}

static enum assay_status get_from_context(const char *name, const char *target, unsigned timeout_ms,
                                          struct assay_json **document)
{
    struct assay_https_answer answer = { 0 };
    struct asking asking;
    ASSAY_TRY(ask_context(name, target, assay_slice_over(NULL, 0), timeout_ms, &answer, &asking));
    const unsigned status = answer.status;
    if (status == 200) return read_answer(&asking, &answer, document);
    free(answer.text);
    return status == 404 ? ASSAY_E_NOT_FOUND : ASSAY_E_UNSUPPORTED;
}

static void put_fault(const char *name, char message[static ASSAY_CLIENT_FAULT_LEN])
{
    (void)name;
    (void)snprintf(message, ASSAY_CLIENT_FAULT_LEN, "%s",
                   last_fault[0] != '\0' ? cli_text_sanitized(last_fault)
                                         : "no answer within the timeout");
}

/* Nodes of an earlier release have no such path. */
static void get_role(struct asking *asking, char role[static CLI_REMOTE_ROLE_LEN])
{
    struct assay_https_answer answer = { 0 };
    struct assay_json *document = NULL;
    role[0] = '\0';
    asking->target = "/v1/client";
    if (ask_endpoints(asking, &answer) != ASSAY_OK ||
        read_answer(asking, &answer, &document) != ASSAY_OK)
        return;
    (void)snprintf(role, CLI_REMOTE_ROLE_LEN, "%s",
                   assay_json_text(assay_json_get(document, "data"), "role", ""));
    assay_json_free(&document);
}

enum assay_status cli_remote_test(const struct assay_network_context *context, size_t endpoint,
                                  unsigned timeout_ms, struct assay_json **document,
                                  char role[static CLI_REMOTE_ROLE_LEN],
                                  char fault[static ASSAY_CLIENT_FAULT_LEN])
{
    static struct assay_network_context one; /* too large for a stack */
    struct endpoint_state state = { .at = 0 };
    struct assay_https_answer answer = { 0 };
    ASSAY_ASSERT(endpoint < context->endpoint_count);
    one = *context;
    one.endpoint_count = 1;
    assay_bytes_copy(one.endpoints[0], sizeof one.endpoints[0], context->endpoints[endpoint],
                     sizeof one.endpoints[0]);
    struct asking asking = { .context = &one,
                             .state = &state,
                             .target = "/v1/status",
                             .deadline_ms = assay_monotonic_ms() + timeout_ms };
    enum assay_status status = ask_endpoints(&asking, &answer);
    if (status == ASSAY_OK) status = read_answer(&asking, &answer, document);
    if (status == ASSAY_OK) get_role(&asking, role);
    else put_fault(one.name, fault);
    return status;
}

bool cli_remote_is_other_chain(void)
{
    return is_other_chain;
}

int cli_remote_unknown(const char *name)
{
    return cli_print_error(false, ASSAY_EXIT_NOT_FOUND, "not_found",
                           "no context is named \"%.60s\"; assay context list has all",
                           cli_text_sanitized(name));
}

void cli_remote_enable(void)
{
    static const struct assay_client_remote functions = { .request = request_context,
                                                          .get = get_from_context,
                                                          .fault = put_fault };
    assay_client_set_remote(&functions);
}

/* ------------------------------------------------------------ which command, which context */

/* Commands whose requests all have paths. Others act on the daemon's own machine. */
static const struct {
    const char *group, *verb;
} remote_verbs[] = {
    { "status", "" },
    { "nodes", "" },
    { "top", "" },
    { "explain", "" },
    { "timeline", "" },
    { "counters", "" },
    { "export", "" },
    { "report", "" },
    { "checkpoint", "" },
    { "proof", "" },
    { "change", "draft" },
    { "change", "add-node" },
    { "change", "show" },
    { "change", "simulate" },
    { "change", "sign" },
    { "change", "submit" },
    { "change", "propose" },
    { "change", "inbox" },
    { "change", "approve" },
    { "change", "withdraw" },
    { "change", "list" },
    { "recover", "status" },
    { "recover", "submit" },
    { "enforce", "show" },
    { "collateral", "status" },
    { "collateral", "submit" },
    { "services", "status" },
    { "continuity", "status" },
    { "continuity", "show" },
    { "share", "status" },
    { "account", "show" },
    { "task", "offers" },
    { "task", "status" },
    { "store", "save" },
    { "identity", "fetch" },
    { "ca", "show" },
    { "ca", "status" },
    { "ca", "bundle" },
    { "ca", "audit" },
    { "bridge", "certificate" },
    { "bridge", "token" },
};

static bool is_remote_verb(const struct assay_verb *verb)
{
    for (size_t i = 0; i < sizeof remote_verbs / sizeof remote_verbs[0]; i++)
        if (strcmp(remote_verbs[i].group, verb->group) == 0 &&
            strcmp(remote_verbs[i].verb, verb->verb) == 0)
            return true;
    return false;
}

static bool has_option(const struct assay_verb *verb, const char *name)
{
    for (const struct assay_option *o = verb->options; o->name != NULL; o++)
        if (strcmp(o->name, name) == 0) return true;
    return false;
}

/* Returns: the option of the line that names the source of the answers itself, NULL: none. */
static const char *find_source(int argc, char **argv)
{
    static const char *const sources[] = { "socket", "store", "http", "config", "file" };
    struct cli_line_part part = { .at = 0 };
    while (cli_line_next(argc, argv, &part))
        for (size_t i = 0; part.is_option && i < sizeof sources / sizeof sources[0]; i++)
            if (strcmp(part.option->name, sources[i]) == 0) return sources[i];
    return NULL;
}

struct assay_contexts *cli_remote_contexts(const char *group)
{
    char path[PATH_MAX], message[ASSAY_CONFIG_MESSAGE_MAX] = "";
    if (are_loaded) return &contexts;
    enum assay_status status = assay_contexts_path(path);
    if (status == ASSAY_OK) status = assay_contexts_load(path, &contexts, message);
    if (status == ASSAY_E_NOT_FOUND) status = ASSAY_OK; /* then there are none */
    if (status != ASSAY_OK) {
        (void)fprintf(stderr, "assay %s: contexts: %s\n", group,
                      message[0] != '\0' ? message : assay_status_text(status));
        return NULL;
    }
    if (contexts.list == NULL) contexts.list = calloc(ASSAY_CONTEXTS_MAX, sizeof *contexts.list);
    are_loaded = contexts.list != NULL;
    return are_loaded ? &contexts : NULL;
}

static int refuse_local(const struct assay_verb *verb)
{
    if (!has_option(verb, "socket"))
        return cli_misuse("it works without a daemon: leave --context out");
    return cli_misuse("it acts on the machine of the daemon, and has no remote form: run it there, "
                      "with --context local or --socket");
}

int cli_remote_begin(const char *option, int argc, char **argv)
{
    const struct assay_verb *const verb = cli_line_verb();
    const char *const source = find_source(argc, argv);
    const char *const environment = getenv("ASSAY_CONTEXT");
    const char *name = option;
    if (option != NULL && source != NULL)
        return cli_misuse("--context and --%s exclude each other", source);
    if (option == NULL && (source != NULL || !has_option(verb, "socket"))) return -1;
    if (name == NULL && environment != NULL && environment[0] != '\0') name = environment;
    if (name == NULL && getenv("ASSAY_SOCKET") != NULL) return -1;
    if (name != NULL && strcmp(name, "local") == 0) return -1;
    if (option != NULL && !is_remote_verb(verb)) return refuse_local(verb);
    const struct assay_contexts *const all = cli_remote_contexts(verb->group);
    if (all == NULL) return ASSAY_EXIT_USAGE;
    if (name == NULL) name = all->current;
    if (name[0] == '\0') return -1;
    if (!is_remote_verb(verb)) return refuse_local(verb);
    if (assay_contexts_find(all, name) == NULL) return cli_remote_unknown(name);
    (void)snprintf(address, sizeof address, "%s%s", ASSAY_CLIENT_CONTEXT, name);
    cli_remote_enable();
    cli_daemon_set_default(address);
    return -1;
}
