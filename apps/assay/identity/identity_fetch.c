/*
 * apps/assay/identity/identity_fetch.c - command group `assay identity`: certificates of the
 * workload key of a program, kept in a folder (docs/identity.md 11).
 *
 * The key is registered with the enclave program again whenever that has restarted; the certificate
 * is verified under the CA certificates that the operator names before anything is replaced.
 */
#include "apps/assay/identity/identity_fetch.h"
#include "apps/assay/core/command.h"
#include "apps/assay/core/daemon_request.h"
#include "apps/assay/core/file_fault.h"
#include "apps/assay/core/options.h"
#include "apps/assay/core/print.h"
#include "apps/assay/core/remote.h"
#include "apps/assay/identity/identity_folder.h"
#include "apps/assay/identity/identity_keys.h"
#include "apps/assay/proofs/proof.h"
#include "base/base64.h"
#include "base/file/file.h"
#include "base/rfc3339.h"
#include "base/system_clock.h"
#include "engine/ledger/proofs/checkpoint.h"
#include "quote/x509.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WAIT_S = 600, HOOK_S = 60 /* that a hook may take */ };

/* ------------------------------------------------------------ messages */

int cli_identity_fail(const struct cli_identity_fetch *f, int exit, const char *format, ...)
{
    static const char *const codes[] = {
        [ASSAY_EXIT_UNREACHABLE] = "unreachable", [ASSAY_EXIT_DENIED] = "denied",
        [ASSAY_EXIT_NOT_FOUND] = "not_found",     [ASSAY_EXIT_CONFLICT] = "conflict",
        [ASSAY_EXIT_TIMEOUT] = "timeout",         [ASSAY_EXIT_CONTRAINDICATED] = "contraindicated",
        [ASSAY_EXIT_MALFORMED] = "malformed"
    };
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    const char *code = "internal";
    if ((size_t)exit < sizeof codes / sizeof codes[0] && codes[exit] != NULL) code = codes[exit];
    if (!f->is_watching) return cli_print_error(f->json, exit, code, "%s", text);
    cli_identity_report_failure(f, text);
    return exit;
}

/* ------------------------------------------------------------ the key */

static int read_key(struct cli_identity_fetch *f, const char *path)
{
    uint8_t text[CLI_IDENTITY_PEM_MAX];
    char message[ASSAY_FILE_MESSAGE_LEN];
    size_t len = 0;
    enum assay_status status = assay_file_read_secret(path, text, sizeof text, &len);
    if (status == ASSAY_E_NOT_FOUND) return ASSAY_EXIT_NOT_FOUND;
    if (status == ASSAY_OK) status = cli_identity_key_decode(assay_slice_over(text, len), &f->key);
    assay_secret_wipe(text, sizeof text);
    f->has_key = status == ASSAY_OK;
    if (f->has_key) return ASSAY_EXIT_OK;
    if (status == ASSAY_E_INVALID && assay_file_secret_fault(path, message))
        return cli_identity_fail(f, ASSAY_EXIT_INTERNAL, "%s", message);
    if (status == ASSAY_E_IO)
        return cli_identity_fail(f, ASSAY_EXIT_INTERNAL, "%s: %s", path,
                                 cli_file_fault(path, status));
    return cli_identity_fail(
        f, ASSAY_EXIT_INTERNAL,
        "%s: expected a private key of P-256 in PKCS #8 (openssl genpkey -algorithm EC "
        "-pkeyopt ec_paramgen_curve:P-256), found %s",
        path,
        status == ASSAY_E_RANGE  ? "a longer file, such as a key of RSA"
        : len == 0               ? "an empty file"
        : status == ASSAY_E_TYPE ? "another kind of key"
        : status == ASSAY_E_KEY  ? "one whose public half is not its own"
                                 : "another file");
}

/* Durable before it is registered: a name has one key in the enclave. */
static int make_key(struct cli_identity_fetch *f, const char *path)
{
    char pem[CLI_IDENTITY_PEM_MAX];
    if (cli_identity_key_generate(&f->key) != ASSAY_OK)
        return cli_identity_fail(f, ASSAY_EXIT_INTERNAL, "no key can be made: the library failed");
    const size_t len = cli_identity_key_encode(&f->key, pem);
    const enum assay_status status =
        assay_file_create(path, ASSAY_FILE_SECRET, assay_slice_over(pem, len));
    const int why = errno;
    assay_secret_wipe(pem, sizeof pem);
    errno = why;
    f->has_key = status == ASSAY_OK;
    if (f->has_key) return ASSAY_EXIT_OK;
    return cli_identity_fail(f, ASSAY_EXIT_INTERNAL, "%s: the key cannot be written (%s)", path,
                             cli_output_fault(path, status));
}

static int load_key(struct cli_identity_fetch *f)
{
    char path[PATH_MAX];
    const int len = snprintf(path, sizeof path, "%s/key.pem", f->dir);
    if (len <= 0 || len >= PATH_MAX)
        return cli_identity_fail(f, ASSAY_EXIT_INTERNAL, "%s: the path is too long", f->dir);
    if (f->key_file != NULL) {
        const int exit = read_key(f, f->key_file);
        if (exit != ASSAY_EXIT_NOT_FOUND) return exit;
        return cli_identity_fail(f, exit, "%s: no such file", f->key_file);
    }
    const int exit = read_key(f, path);
    if (exit != ASSAY_EXIT_NOT_FOUND) return exit;
    if (f->member == NULL) return make_key(f, path);
    if (f->token_name != NULL) return ASSAY_EXIT_OK; /* its key is not compared */
    return cli_identity_fail(f, exit,
                             "%s: no such file: with --member the key is one that the member has "
                             "registered already: --private-key FILE names it",
                             path);
}

static enum assay_status make_statement(void *context, const struct assay_registration_boot *boot,
                                        struct assay_registration_statement *statement,
                                        char reason[static ASSAY_REGISTRATION_REASON_LEN])
{
    const struct cli_identity_fetch *const f = context;
    if (!assay_bytes_equal(boot->chain_id, f->chain_id, 32)) {
        char found[65], expected[65];
        assay_hex_encode(boot->chain_id, 32, found, sizeof found);
        assay_hex_encode(f->chain_id, 32, expected, sizeof expected);
        (void)snprintf(reason, ASSAY_REGISTRATION_REASON_LEN,
                       "%.108s: the enclave is of the network %s, expected %s: nothing is "
                       "registered",
                       f->enclave, found, expected);
        return ASSAY_E_CHAIN;
    }
    const enum assay_status status = cli_identity_key_register(
        &f->key, f->name, f->audience, f->chain_id, boot->node_id, boot->boot, statement);
    if (status != ASSAY_OK)
        (void)snprintf(reason, ASSAY_REGISTRATION_REASON_LEN,
                       "the registration cannot be signed (%s)", assay_status_text(status));
    return status;
}

static int exit_of_registration(const struct cli_identity_fetch *f,
                                enum assay_registration_outcome outcome)
{
    switch (outcome) {
    case ASSAY_REGISTRATION_DONE: return ASSAY_EXIT_OK;
    case ASSAY_REGISTRATION_REFUSED: return ASSAY_EXIT_DENIED;
    case ASSAY_REGISTRATION_NOT_MADE:
        return assay_registration_client_made(f->registration) == ASSAY_E_CHAIN
                   ? ASSAY_EXIT_DENIED
                   : ASSAY_EXIT_INTERNAL;
    case ASSAY_REGISTRATION_NONE:
    case ASSAY_REGISTRATION_UNREACHABLE:
    case ASSAY_REGISTRATION_NOT_READY: break;
    }
    return ASSAY_EXIT_UNREACHABLE;
}

/* With an enclave program that has restarted since, the key is not registered any more. */
int cli_identity_register(struct cli_identity_fetch *f)
{
    if (f->registration == NULL) return ASSAY_EXIT_OK; /* --member */
    const int exit = exit_of_registration(f, assay_registration_client_run(f->registration));
    if (exit != ASSAY_EXIT_OK)
        return cli_identity_fail(f, exit, "%s", assay_registration_client_message(f->registration));
    assay_bytes_copy(f->node_id, 32, assay_registration_client_boot(f->registration)->node_id, 32);
    return ASSAY_EXIT_OK;
}

static int open_registration(struct cli_identity_fetch *f)
{
    const struct assay_registration_config config = {
        .path = f->enclave, .timeout_ms = f->node.timeout_ms, .make = make_statement, .context = f
    };
    if (f->enclave == NULL) return ASSAY_EXIT_OK;
    const enum assay_status status = assay_registration_client_create(&config, &f->registration);
    if (status == ASSAY_OK) return ASSAY_EXIT_OK;
    return cli_identity_fail(f, ASSAY_EXIT_UNREACHABLE, "%s: %s", f->enclave,
                             status == ASSAY_E_RANGE ? "the path is too long for a socket"
                                                     : "no memory");
}

/* ------------------------------------------------------------ CA certificates, reports */

int cli_identity_report_set(const struct cli_identity_fetch *f, bool is_new)
{
    char ends[ASSAY_RFC3339_LEN + 1];
    const char *const file = f->token_name != NULL ? "token" : "current";
    assay_rfc3339_format(f->svid->not_after_s, ends);
    if (f->is_watching || !f->json) {
        (void)printf("%s: %s, valid until %s, %s in %s/%s\n", f->name, f->svid->spiffe_id, ends,
                     is_new ? "now" : "already", f->dir, file);
        (void)fflush(stdout);
        return ASSAY_EXIT_OK;
    }
    struct assay_json *data = assay_json_object();
    assay_json_set_text(data, "key", f->name);
    if (f->audience != NULL) assay_json_set_text(data, "audience", f->audience);
    assay_json_set_text(data, "spiffe_id", f->svid->spiffe_id);
    assay_json_set_hex(data, "node_id", f->node_id, 32);
    assay_json_set_uint(data, "epoch", f->svid->state.epoch);
    assay_json_set_text(data, "expires_at", ends);
    assay_json_set_bool(data, "is_new", is_new);
    return cli_print_envelope("assay.identity.fetch", data);
}

int cli_identity_trust_read(const struct cli_identity_fetch *f, struct cli_identity_trust *trust)
{
    size_t len = 0;
    *trust = (struct cli_identity_trust){ .from = f->ca };
    const enum assay_status status =
        assay_file_read(f->ca, CLI_IDENTITY_CA_FILE_MAX, &trust->bytes, &len);
    trust->ca = assay_slice_over(trust->bytes, len);
    if (status == ASSAY_OK) return ASSAY_EXIT_OK;
    return cli_identity_fail(
        f, status == ASSAY_E_NOT_FOUND ? ASSAY_EXIT_NOT_FOUND : ASSAY_EXIT_INTERNAL, "%s: %s",
        f->ca, cli_file_fault_of(f->ca, status, "CA certificates"));
}

/* ------------------------------------------------------------ the command */

static int read_network(struct cli_identity_fetch *f)
{
    struct assay_checkpoint c;
    if ((f->chain != NULL) == (f->checkpoint != NULL))
        return cli_misuse("--chain-id HEX or --checkpoint FILE is required, and not both: it names "
                          "the network");
    if (f->ca == NULL && f->checkpoint == NULL)
        return cli_misuse(
            "--ca FILE or --checkpoint FILE is required: the CA certificates, or what "
            "proves them");
    if (f->chain != NULL)
        return strlen(f->chain) == 64 && assay_hex_decode(f->chain, 64, f->chain_id, 32) == ASSAY_OK
                   ? ASSAY_EXIT_OK
                   : cli_misuse("--chain-id: expected 64 hexadecimal digits, found \"%.80s\"",
                                f->chain);
    const int exit = cli_proof_checkpoint("assay identity fetch", f->checkpoint, &c);
    if (exit == ASSAY_EXIT_OK) assay_bytes_copy(f->chain_id, 32, c.chain_id, 32);
    return exit;
}

/* docs/identity.md 6.1: what an entry may have as an audience. */
static bool audience_is_fit(const char *audience)
{
    const size_t len = strlen(audience);
    for (size_t i = 0; i < len; i++)
        if (audience[i] <= ' ' || audience[i] > '~' || audience[i] == '"' || audience[i] == '\\')
            return false;
    return len > 0 && len <= ASSAY_DECLARED_KEY_AUDIENCE_MAX;
}

/* A key is registered when all else is in order: a name has one key in the enclave. */
static int check_inputs(const struct cli_identity_fetch *f)
{
    struct cli_identity_trust trust;
    if (f->ca == NULL) return ASSAY_EXIT_OK;
    const int exit = cli_identity_trust_read(f, &trust);
    free(trust.bytes);
    return exit;
}

static int claim_folder(const struct cli_identity_fetch *f)
{
    char owner[CLI_IDENTITY_OWNER_MAX], message[CLI_IDENTITY_FOLDER_MESSAGE_LEN];
    (void)snprintf(owner, sizeof owner, "%s %s%s%s",
                   f->token_name != NULL ? "token" : "certificate", f->name,
                   f->audience != NULL ? " " : "", f->audience != NULL ? f->audience : "");
    enum assay_status status = cli_identity_folder_open(f->dir, message);
    if (status == ASSAY_OK) status = cli_identity_folder_claim(f->dir, owner, message);
    if (status == ASSAY_OK) return ASSAY_EXIT_OK;
    return cli_identity_fail(
        f, status == ASSAY_E_DUPLICATE ? ASSAY_EXIT_CONFLICT : ASSAY_EXIT_INTERNAL, "%s", message);
}

static int choose_nodes(struct cli_identity_fetch *f)
{
    size_t i = 0;
    do {
        f->node.http = f->http[i];
        const int misuse = cli_identity_node_choose(&f->node);
        if (misuse >= 0) return misuse;
    } while (++i < f->http_count);
    f->node.http = f->http[0];
    return ASSAY_EXIT_OK;
}

static int check_options(struct cli_identity_fetch *f)
{
    if ((f->key_name != NULL) == (f->token_name != NULL))
        return cli_misuse("--key NAME, for a certificate, or --token NAME is required, "
                          "and not both");
    if ((f->token_name != NULL) != (f->audience != NULL))
        return cli_misuse("--token NAME and --audience TEXT go together");
    if (f->token_name != NULL && (f->ca != NULL || f->checkpoint == NULL))
        return cli_misuse("--token needs --checkpoint FILE, which proves the keys of tokens, and "
                          "no --ca");
    f->name = f->key_name != NULL ? f->key_name : f->token_name;
    const struct assay_slice name = assay_slice_over(f->name, strlen(f->name));
    if ((f->enclave != NULL) == (f->member != NULL))
        return cli_misuse(
            "--enclave SOCKET, which registers the key, or --member NODE_ID, whose key "
            "is registered already, is required, and not both");
    if (!assay_declared_key_name_is_fit(name))
        return cli_misuse(
            "--key, --token: expected a DNS label in lower case, and not node or svc, found "
            "\"%.80s\"",
            f->name);
    if (f->audience != NULL && !audience_is_fit(f->audience))
        return cli_misuse("--audience: expected 1 to %d visible ASCII characters without \" and "
                          "\\, found \"%.160s\"",
                          ASSAY_DECLARED_KEY_AUDIENCE_MAX, f->audience);
    if (f->member != NULL && assay_id_parse(f->member, strlen(f->member), f->node_id) != ASSAY_OK)
        return cli_misuse("--member: expected a node_id of 64 hexadecimal digits, or of %d "
                          "characters in base32, found \"%.80s\"",
                          ASSAY_NODE_ID_BASE32_LEN, f->member);
    if (f->is_watching && f->json) return cli_misuse("--json is not for --watch");
    return read_network(f);
}

static int run_fetch(struct cli_identity_fetch *f)
{
    int exit = check_options(f);
    if (exit == ASSAY_EXIT_OK) exit = choose_nodes(f);
    if (exit == ASSAY_EXIT_OK) exit = check_inputs(f);
    if (exit == ASSAY_EXIT_OK) exit = claim_folder(f);
    if (exit != ASSAY_EXIT_OK) return exit;
    f->svid = calloc(1, sizeof *f->svid);
    if (f->svid == NULL) return cli_identity_fail(f, ASSAY_EXIT_INTERNAL, "no memory");
    exit = load_key(f);
    if (exit == ASSAY_EXIT_OK) exit = open_registration(f);
    if (exit == ASSAY_EXIT_OK && f->is_watching) cli_identity_watch(f);
    if (exit == ASSAY_EXIT_OK) exit = cli_identity_fetch_once(f);
    free(f->svid);
    assay_registration_client_destroy(&f->registration);
    assay_secret_wipe(&f->key, sizeof f->key);
    return exit;
}

int cli_command_identity(int argc, char **argv)
{
    struct cli_identity_report report = { .failed_ms = 0 };
    struct cli_identity_fetch f = { .wait_s = WAIT_S,
                                    .hook_s = HOOK_S,
                                    .report = &report,
                                    .node = { .timeout_ms = ASSAY_CLIENT_TIMEOUT_MS } };
    bool is_holder = false;
    const struct cli_option_target targets[] = {
        { "dir", .text = &f.dir },
        { "key", .text = &f.key_name },
        { "token", .text = &f.token_name },
        { "audience", .text = &f.audience },
        { "ca", .text = &f.ca },
        { "enclave", .text = &f.enclave },
        { "member", .text = &f.member },
        { "private-key", .text = &f.key_file },
        { "chain-id", .text = &f.chain },
        { "checkpoint", .text = &f.checkpoint },
        { "http", .text = f.http, .count = &f.http_count, .most = CLI_IDENTITY_NODES_MAX },
        { "socket", .text = &f.node.socket },
        { "watch", .flag = &f.is_watching },
        { "holder", .flag = &is_holder },
        { "hook", .text = &f.hook },
        { "hook-wait", .number = &f.hook_s, .low = 1, .high = 3600, .unit = "seconds" },
        { "wait", .number = &f.wait_s, .low = 0, .high = 86400, .unit = "seconds" },
        { "accept-insecure", .flag = &f.accepts_insecure },
        { "timeout", .ms = &f.node.timeout_ms },
        { "json", .flag = &f.json },
        { .name = NULL },
    };
    const char *const verb = argv[1];
    const int early = cli_options_read(argc, argv, targets);
    if (early >= 0) return early;
    const struct cli_identity_keys keys = { .enclave = f.enclave,
                                            .key_name = f.key_name,
                                            .token_name = f.token_name,
                                            .is_holder = is_holder,
                                            .timeout_ms = f.node.timeout_ms,
                                            .json = f.json };
    if (strcmp(verb, "list") == 0) return cli_identity_keys_list(&keys);
    if (strcmp(verb, "withdraw") == 0) return cli_identity_keys_withdraw(&keys);
    return run_fetch(&f);
}
