/*
 * apps/assay/operate/context.c - `assay context`: networks that commands reach over HTTPS.
 */
#include "apps/assay/core/command.h"
#include "apps/assay/core/daemon_request.h"
#include "apps/assay/core/file_fault.h"
#include "apps/assay/core/options.h"
#include "apps/assay/core/print.h"
#include "apps/assay/core/remote.h"
#include "apps/assay/core/result_json.h"
#include "apps/assay/core/view.h"
#include "base/pem_certificate.h"
#include "base/rfc3339.h"
#include "base/system_clock.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct context_command {
    const char *endpoints[ASSAY_CONTEXT_ENDPOINTS_MAX];
    size_t endpoint_count;
    const char *ca, *certificate, *key, *chain_id;
    unsigned timeout_ms;
    bool json;
};

static int print_fault(const struct context_command *c, int exit, const char *code,
                       const char *text)
{
    return cli_print_error(c->json, exit, code, "%s", text);
}

static int save_contexts(const struct context_command *c, const struct assay_contexts *contexts)
{
    char path[PATH_MAX], message[ASSAY_CONFIG_MESSAGE_MAX] = "";
    enum assay_status status = assay_contexts_path(path);
    if (status == ASSAY_OK) status = assay_contexts_save(path, contexts, message);
    const char *const files[] = { path, NULL };
    if (status == ASSAY_OK)
        return c->json ? cli_result_json_print(cli_result_json("context", files)) : ASSAY_EXIT_OK;
    return print_fault(c, ASSAY_EXIT_INTERNAL, "io",
                       message[0] != '\0' ? message : assay_status_text(status));
}

static struct assay_network_context *find_context(const struct context_command *c,
                                                  const struct assay_contexts *contexts,
                                                  const char *name)
{
    struct assay_network_context *const found = assay_contexts_find(contexts, name);
    char text[ASSAY_CLIENT_FAULT_LEN];
    (void)snprintf(text, sizeof text, "no context is named \"%.60s\"; assay context list has all",
                   cli_text_sanitized(name));
    if (found == NULL) (void)print_fault(c, ASSAY_EXIT_NOT_FOUND, "not_found", text);
    return found;
}

/* ------------------------------------------------------------ add */

/* The path that every later command finds, wherever it runs. */
static int take_file(const struct context_command *c, const char *option, const char *given,
                     char out[static PATH_MAX])
{
    char text[ASSAY_CLIENT_FAULT_LEN], fault[ASSAY_FILE_MESSAGE_LEN];
    char *const found = realpath(given, NULL);
    const int len = found != NULL ? snprintf(out, PATH_MAX, "%s", found) : -1;
    free(found);
    if (len < 0 || len >= PATH_MAX) {
        (void)snprintf(text, sizeof text, "--%s %.200s: no such file", option,
                       cli_text_sanitized(given));
        return print_fault(c, ASSAY_EXIT_NOT_FOUND, "not_found", text);
    }
    if (strcmp(option, "key") == 0 && assay_file_secret_fault(out, fault))
        return print_fault(c, ASSAY_EXIT_USAGE, "invalid", fault);
    return ASSAY_EXIT_OK;
}

/* ------------------------------------------------------------ certificate and key */

__attribute__((format(printf, 4, 5))) static int refuse_file(const struct context_command *c,
                                                             const char *option, const char *path,
                                                             const char *format, ...)
{
    char why[ASSAY_CLIENT_FAULT_LEN];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(why, sizeof why, format, args);
    va_end(args);
    return cli_print_error(c->json, ASSAY_EXIT_USAGE, "invalid", "--%s %.200s: %s", option,
                           cli_text_sanitized(path), why);
}

/* Out: *bytes, which the caller frees. */
static int load_pem(const struct context_command *c, const char *option, const char *path,
                    uint8_t **bytes, struct assay_slice *pem)
{
    char name[16];
    size_t len = 0;
    const enum assay_status status = assay_file_read(path, ASSAY_PEM_FILE_MAX, bytes, &len);
    *pem = assay_slice_over(*bytes, len);
    (void)snprintf(name, sizeof name, "--%s", option);
    return status == ASSAY_OK ? ASSAY_EXIT_OK : cli_print_file_fault(c->json, name, path, status);
}

/* What makes every handshake fail, and is known without a node. */
static int check_certificate(const struct context_command *c, const char *path,
                             const struct assay_pem_certificate *certificate)
{
    char date[ASSAY_RFC3339_LEN + 1];
    const int64_t now_unix_s = assay_unix_s();
    if (certificate->ends_unix_s < now_unix_s) {
        assay_rfc3339_format(certificate->ends_unix_s, date);
        return refuse_file(c, "certificate", path,
                           "expired on %s; expected a valid one: have the authority of the nodes "
                           "(their http.clients) sign a new one",
                           date);
    }
    if (certificate->begins_unix_s > now_unix_s) {
        assay_rfc3339_format(certificate->begins_unix_s, date);
        return refuse_file(c, "certificate", path,
                           "is valid from %s on; is the clock of this machine right?", date);
    }
    if (!certificate->is_for_clients)
        return refuse_file(c, "certificate", path,
                           "expected the purpose clientAuth (extendedKeyUsage), which nodes demand "
                           "of their clients; it names another one or none");
    return ASSAY_EXIT_OK;
}

/* Out: *certificate */
static int check_files(const struct context_command *c, const struct assay_network_context *context,
                       struct assay_pem_certificate *certificate)
{
    uint8_t *files[3] = { NULL };
    struct assay_slice ca, own, key;
    struct assay_pem_certificate authority;
    int result = load_pem(c, "ca", context->ca, &files[0], &ca);
    if (result == ASSAY_EXIT_OK)
        result = load_pem(c, "certificate", context->certificate, &files[1], &own);
    if (result == ASSAY_EXIT_OK) result = load_pem(c, "key", context->key, &files[2], &key);
    if (result == ASSAY_EXIT_OK && assay_pem_certificate_read(ca, &authority) != ASSAY_OK)
        result = refuse_file(c, "ca", context->ca, "expected certificates in PEM");
    if (result == ASSAY_EXIT_OK && assay_pem_certificate_read(own, certificate) != ASSAY_OK)
        result =
            refuse_file(c, "certificate", context->certificate, "expected a certificate in PEM");
    if (result == ASSAY_EXIT_OK) result = check_certificate(c, context->certificate, certificate);
    const enum assay_status pair =
        result == ASSAY_EXIT_OK ? assay_pem_key_check(own, key) : ASSAY_OK;
    if (pair == ASSAY_E_KEY)
        result = refuse_file(c, "key", context->key, "is not the key of the certificate %.100s",
                             cli_text_sanitized(context->certificate));
    else if (pair != ASSAY_OK)
        result = refuse_file(c, "key", context->key,
                             "expected a private key in PEM, without a passphrase");
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        free(files[i]);
    return result;
}

static int fill_context(const struct context_command *c, const char *name,
                        struct assay_network_context *out)
{
    *out = (struct assay_network_context){ .endpoint_count = c->endpoint_count };
    (void)snprintf(out->name, sizeof out->name, "%s", name);
    for (size_t i = 0; i < c->endpoint_count; i++) {
        if (!assay_contexts_endpoint_is_fit(c->endpoints[i]))
            return cli_misuse("--endpoint wants https://HOST:PORT, not \"%s\"",
                              cli_text_sanitized(c->endpoints[i]));
        (void)snprintf(out->endpoints[i], sizeof out->endpoints[i], "%s", c->endpoints[i]);
    }
    if (strlen(c->chain_id) != 64 ||
        assay_hex_decode(c->chain_id, 64, out->chain_id, 32) != ASSAY_OK)
        return cli_misuse("--chain-id wants 64 hexadecimal digits: chain_id of assay status --json "
                          "on a node of the network");
    int result = take_file(c, "ca", c->ca, out->ca);
    if (result == ASSAY_EXIT_OK)
        result = take_file(c, "certificate", c->certificate, out->certificate);
    if (result == ASSAY_EXIT_OK) result = take_file(c, "key", c->key, out->key);
    return result;
}

/* The role is a rule of each node, about the subject or the key. */
static void print_added(const char *name, const struct assay_pem_certificate *certificate)
{
    char date[ASSAY_RFC3339_LEN + 1], key[65];
    assay_rfc3339_format(certificate->ends_unix_s, date);
    assay_hex_encode(certificate->key_sha256, 32, key, sizeof key);
    (void)printf("added; assay context test %s connects to it\n", name);
    (void)printf("certificate    %s, until %s\n", cli_text_sanitized(certificate->subject), date);
    (void)printf("role           what http.roles of the nodes gives that subject, or the key\n"
                 "               %.64s; without a rule viewer\n",
                 key);
}

static int add_context(const struct context_command *c, struct assay_contexts *contexts,
                       const char *name)
{
    char text[ASSAY_CLIENT_FAULT_LEN];
    if (!assay_contexts_name_is_fit(name))
        return cli_misuse("NAME wants 1 to %d letters, digits, \"-\", \"_\" and \".\", and not "
                          "\"local\", which is the admin socket",
                          ASSAY_CONTEXT_NAME_MAX);
    if (assay_contexts_find(contexts, name) != NULL) {
        (void)snprintf(text, sizeof text, "%s is there already; assay context remove %s", name,
                       name);
        return print_fault(c, ASSAY_EXIT_CONFLICT, "conflict", text);
    }
    if (contexts->count == ASSAY_CONTEXTS_MAX)
        return print_fault(c, ASSAY_EXIT_USAGE, "full", "there are 64 contexts already");
    struct assay_network_context *const context = &contexts->list[contexts->count];
    struct assay_pem_certificate certificate;
    int result = fill_context(c, name, context);
    if (result == ASSAY_EXIT_OK) result = check_files(c, context, &certificate);
    if (result != ASSAY_EXIT_OK) return result;
    contexts->count++;
    result = save_contexts(c, contexts);
    if (result == ASSAY_EXIT_OK && !c->json) print_added(name, &certificate);
    return result;
}

/* ------------------------------------------------------------ use, remove, list */

static int use_context(const struct context_command *c, struct assay_contexts *contexts,
                       const char *name)
{
    const bool is_local = strcmp(name, "local") == 0;
    if (!is_local && find_context(c, contexts, name) == NULL) return ASSAY_EXIT_NOT_FOUND;
    (void)snprintf(contexts->current, sizeof contexts->current, "%s", is_local ? "" : name);
    return save_contexts(c, contexts);
}

static int remove_context(const struct context_command *c, struct assay_contexts *contexts,
                          const char *name)
{
    struct assay_network_context *const found = find_context(c, contexts, name);
    if (found == NULL) return ASSAY_EXIT_NOT_FOUND;
    if (strcmp(contexts->current, name) == 0) contexts->current[0] = '\0';
    for (size_t i = (size_t)(found - contexts->list); i + 1 < contexts->count; i++)
        contexts->list[i] = contexts->list[i + 1];
    contexts->count--;
    return save_contexts(c, contexts);
}

static struct assay_json *context_document(const struct assay_contexts *contexts,
                                           const struct assay_network_context *context)
{
    struct assay_json *const object = assay_json_object(), *const list = assay_json_array();
    for (size_t i = 0; i < context->endpoint_count; i++)
        assay_json_append_text(list, context->endpoints[i]);
    assay_json_set_text(object, "name", context->name);
    assay_json_set_bool(object, "current", strcmp(contexts->current, context->name) == 0);
    assay_json_set(object, "endpoints", list);
    assay_json_set_text(object, "ca", context->ca);
    assay_json_set_text(object, "certificate", context->certificate);
    assay_json_set_text(object, "key", context->key);
    assay_json_set_hex(object, "chain_id", context->chain_id, sizeof context->chain_id);
    return object;
}

static const char contexts_view[] =
    "  CONTEXT                          CHAIN            ENDPOINTS\n"
    "[?#contexts?current  |*] local                            -                admin socket\n"
    "[*contexts [?current *| ] {name,-32} {chain_id,-16.16}[*endpoints  {.}]\n]";

static int list_contexts(const struct context_command *c, const struct assay_contexts *contexts)
{
    struct assay_json *const data = assay_json_object();
    struct assay_json *const list = assay_json_set_array(data, "contexts");
    for (size_t i = 0; i < contexts->count; i++)
        assay_json_append(list, context_document(contexts, &contexts->list[i]));
    return cli_view_result(c->json, "assay.contexts", data, contexts_view);
}

/* ------------------------------------------------------------ test */

static int test_context(const struct context_command *c, const struct assay_contexts *contexts,
                        const char *name)
{
    const struct assay_network_context *const context = find_context(c, contexts, name);
    struct assay_json *const data = assay_json_object(), *const list = assay_json_array();
    size_t good = 0;
    for (size_t i = 0; context != NULL && i < context->endpoint_count; i++) {
        char fault[ASSAY_CLIENT_FAULT_LEN] = "", role[CLI_REMOTE_ROLE_LEN] = "";
        struct assay_json *document = NULL, *const row = assay_json_object();
        const enum assay_status status =
            cli_remote_test(context, i, c->timeout_ms, &document, role, fault);
        const bool ok = status == ASSAY_OK &&
                        strcmp(assay_json_text(document, "schema", ""), "assay.status") == 0;
        const char *const node = ok ? cli_text_of(document, "node", "?") : "";
        good += ok ? 1 : 0;
        if (!c->json)
            (void)printf("%s: %s%s%s%s\n", context->endpoints[i],
                         ok ? "ok, node " : "failed: ", ok ? node : fault,
                         role[0] != '\0' ? ", role " : "", cli_text_sanitized(role));
        assay_json_set_text(row, "endpoint", context->endpoints[i]);
        assay_json_set_bool(row, "ok", ok);
        assay_json_set_text(row, "node", node);
        if (ok && role[0] != '\0') assay_json_set_text(row, "role", role);
        else assay_json_set_null(row, "role");
        assay_json_set_text(row, "fault", ok ? "" : fault);
        assay_json_append(list, row);
        assay_json_free(&document);
    }
    struct assay_json *owned = data;
    assay_json_set(data, "endpoints", list);
    if (context == NULL) {
        assay_json_free(&owned);
        return ASSAY_EXIT_NOT_FOUND;
    }
    if (c->json) (void)cli_print_envelope("assay.context_test", owned);
    else assay_json_free(&owned);
    if (good == context->endpoint_count) return ASSAY_EXIT_OK;
    return good > 0 ? ASSAY_EXIT_PARTIAL : ASSAY_EXIT_UNREACHABLE;
}

int cli_command_context(int argc, char **argv)
{
    struct context_command c = { .timeout_ms = ASSAY_CLIENT_TIMEOUT_MS };
    const struct cli_option_target targets[] = {
        { "endpoint", .text = c.endpoints, .count = &c.endpoint_count,
          .most = ASSAY_CONTEXT_ENDPOINTS_MAX },
        { "ca", .text = &c.ca },
        { "certificate", .text = &c.certificate },
        { "key", .text = &c.key },
        { "chain-id", .text = &c.chain_id },
        { "timeout", .ms = &c.timeout_ms },
        { "json", .flag = &c.json },
        { .name = NULL },
    };
    const int early = cli_options_read(argc, argv, targets);
    if (early >= 0) return early;
    struct assay_contexts *const contexts = cli_remote_contexts("context");
    if (contexts == NULL) return ASSAY_EXIT_USAGE;
    if (strcmp(argv[1], "list") == 0) return list_contexts(&c, contexts);
    if (strcmp(argv[1], "add") == 0) return add_context(&c, contexts, argv[2]);
    if (strcmp(argv[1], "use") == 0) return use_context(&c, contexts, argv[2]);
    if (strcmp(argv[1], "remove") == 0) return remove_context(&c, contexts, argv[2]);
    return test_context(&c, contexts, argv[2]);
}
