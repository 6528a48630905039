/*
 * apps/assay/bridge/bridge.c - command group `assay bridge`: what a network certified, signed again
 * by its owner with ECDSA or RSA (docs/identity.md 13).
 */
#include "apps/assay/bridge/bridge.h"

#include "apps/assay/core/command.h"
#include "apps/assay/core/daemon_request.h"
#include "apps/assay/core/options.h"
#include "apps/assay/core/output.h"
#include "apps/assay/core/print.h"
#include "apps/assay/core/result_json.h"
#include "base/dns_name.h"
#include "base/system_clock.h"
#include "services/identity/product.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { DAY_S = 86400, DAYS = 730, DAYS_MAX = 3650, TEXT_MAX = 16 * 1024 };

int cli_bridge_fail(const struct cli_bridge_options *o, int exit, const char *format, ...)
{
    static const char *const codes[] = { [ASSAY_EXIT_USAGE] = "usage",
                                         [ASSAY_EXIT_DENIED] = "denied",
                                         [ASSAY_EXIT_NOT_FOUND] = "not_found",
                                         [ASSAY_EXIT_CONFLICT] = "conflict",
                                         [ASSAY_EXIT_CONTRAINDICATED] = "contraindicated",
                                         [ASSAY_EXIT_MALFORMED] = "malformed",
                                         [ASSAY_EXIT_AGE_UNKNOWN] = "age_unknown" };
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    const char *const code = (size_t)exit < sizeof codes / sizeof codes[0] ? codes[exit] : NULL;
    return cli_print_error(o->json, exit, code != NULL ? code : "internal", "%s", text);
}

int cli_bridge_load(const struct cli_bridge_options *o, struct cli_bridge *bridge)
{
    char message[CLI_BRIDGE_MESSAGE_LEN];
    const enum assay_status status = cli_bridge_folder_load(o->dir, bridge, message);
    if (status == ASSAY_OK) return ASSAY_EXIT_OK;
    return cli_bridge_fail(
        o, status == ASSAY_E_NOT_FOUND ? ASSAY_EXIT_NOT_FOUND : ASSAY_EXIT_INTERNAL, "%s", message);
}

/* ------------------------------------------------------------ a new one */

static bool is_printable(const char *text)
{
    for (; *text != '\0'; text++)
        if (*text < ' ' || *text > '~') return false;
    return true;
}

static int read_algorithm(const char *text, enum assay_keypair_algorithm *algorithm)
{
    *algorithm = ASSAY_KEYPAIR_ES256;
    if (text == NULL || strcmp(text, "ES256") == 0) return ASSAY_EXIT_OK;
    *algorithm = ASSAY_KEYPAIR_RS256;
    if (strcmp(text, "RS256") == 0) return ASSAY_EXIT_OK;
    return cli_misuse("--algorithm: expected ES256 or RS256, found \"%.40s\"", text);
}

static int read_chain(const struct cli_bridge_options *o, struct cli_bridge *b)
{
    struct assay_checkpoint checkpoint;
    if ((o->chain != NULL) == (o->checkpoint != NULL))
        return cli_misuse("one of --chain-id HEX and --checkpoint FILE names the network");
    if (o->chain != NULL)
        return strlen(o->chain) == 64 && assay_hex_decode(o->chain, 64, b->chain_id, 32) == ASSAY_OK
                   ? ASSAY_EXIT_OK
                   : cli_misuse("--chain-id: expected 64 hexadecimal digits, found \"%.80s\"",
                                o->chain);
    const int exit = cli_proof_checkpoint(o->command, o->checkpoint, &checkpoint);
    if (exit == ASSAY_EXIT_OK) assay_bytes_copy(b->chain_id, 32, checkpoint.chain_id, 32);
    return exit;
}

static int read_texts(const struct cli_bridge_options *o, struct cli_bridge *b)
{
    const size_t len = strlen(o->name);
    if (len == 0 || len > CLI_BRIDGE_NAME_MAX || !is_printable(o->name))
        return cli_misuse("--name: expected 1 to 64 printable ASCII characters");
    if (o->domain != NULL &&
        !assay_dns_is_name(assay_slice_over(o->domain, strlen(o->domain)), ASSAY_SVID_DOMAIN_MAX))
        return cli_misuse("--trust-domain: expected a DNS name in lower case, found \"%.80s\"",
                          o->domain);
    if (o->issuer != NULL &&
        !assay_credential_issuer_is_fit(assay_slice_over(o->issuer, strlen(o->issuer))))
        return cli_misuse("--issuer: expected an https URL of up to 200 characters without query, "
                          "fragment and / at its end, found \"%.80s\"",
                          o->issuer);
    (void)snprintf(b->name, sizeof b->name, "%s", o->name);
    if (o->domain != NULL) (void)snprintf(b->domain, sizeof b->domain, "%s", o->domain);
    if (o->issuer != NULL) (void)snprintf(b->issuer, sizeof b->issuer, "%s", o->issuer);
    return read_chain(o, b);
}

static const char made_view[] =
    "{files.0}: {algorithm}, CA \"{name}\" until {not_after_ms:time}[?issuer , tokens by "
    "{issuer}]\n"
    "network        {chain_id}[?trust_domain , names in {trust_domain} alone]\n"
    "give to those that rely on it: {files.0}/ca.pem[?issuer , and {files.0}/jwks.json as "
    "{issuer}/.well-known/jwks.json]\n";

static struct assay_json *about(const char *verb, const struct cli_bridge_options *o,
                                const struct cli_bridge *b)
{
    struct assay_json *const data = cli_result_json(verb, (const char *const[]){ o->dir, NULL });
    assay_json_set_text(data, "algorithm",
                        assay_keypair_algorithm(b->ca) == ASSAY_KEYPAIR_ES256 ? "ES256" : "RS256");
    assay_json_set_text(data, "name", b->name);
    assay_json_set_hex(data, "chain_id", b->chain_id, 32);
    if (b->domain[0] != '\0') assay_json_set_text(data, "trust_domain", b->domain);
    if (b->issuer[0] != '\0') assay_json_set_text(data, "issuer", b->issuer);
    assay_json_set_uint(data, "not_before_ms", (uint64_t)b->times.not_before_s * 1000);
    assay_json_set_uint(data, "not_after_ms", (uint64_t)b->times.not_after_s * 1000);
    return data;
}

static int make_bridge(const struct cli_bridge_options *o, struct cli_bridge *b)
{
    char message[CLI_BRIDGE_MESSAGE_LEN];
    enum assay_keypair_algorithm algorithm = ASSAY_KEYPAIR_ES256;
    int exit = read_algorithm(o->algorithm, &algorithm);
    if (exit == ASSAY_EXIT_OK) exit = read_texts(o, b);
    if (exit != ASSAY_EXIT_OK) return exit;
    const int64_t now_s = (int64_t)(assay_unix_ms() / 1000);
    b->times =
        (struct cli_bridge_times){ now_s - CLI_BRIDGE_EARLY_S, now_s + (int64_t)o->days * DAY_S };
    if (assay_keypair_generate(algorithm, &b->ca) != ASSAY_OK ||
        assay_keypair_generate(algorithm, &b->token) != ASSAY_OK)
        return cli_bridge_fail(o, ASSAY_EXIT_INTERNAL, "no key can be made: the library failed");
    const enum assay_status status = cli_bridge_folder_create(o->dir, b, message);
    if (status != ASSAY_OK)
        return cli_bridge_fail(
            o, status == ASSAY_E_DUPLICATE ? ASSAY_EXIT_CONFLICT : ASSAY_EXIT_INTERNAL, "%s",
            message);
    return cli_result_print(about("init", o, b), made_view);
}

static int run_init(const struct cli_bridge_options *o)
{
    struct cli_bridge b = { .ca = NULL };
    const int exit = make_bridge(o, &b);
    cli_bridge_free(&b);
    return exit;
}

static int run_show(const struct cli_bridge_options *o)
{
    struct cli_bridge b = { .ca = NULL };
    int exit = cli_bridge_load(o, &b);
    if (exit == ASSAY_EXIT_OK) exit = cli_result_print(about("show", o, &b), made_view);
    cli_bridge_free(&b);
    return exit;
}

/* ------------------------------------------------------------ key sets */

static const char keys_view[] = "{files.0}: {keys} key{keys:plural} of tokens by {issuer}\n";

static int write_keys(const struct cli_bridge_options *o, const struct cli_bridge *first,
                      const struct assay_key *const *keys, size_t count)
{
    uint8_t text[TEXT_MAX];
    struct assay_slice out;
    enum assay_status status = cli_bridge_jwks(keys, count, text, sizeof text, &out);
    if (status != ASSAY_OK)
        return cli_bridge_fail(o, ASSAY_EXIT_INTERNAL, "%s", assay_status_text(status));
    int exit = cli_output_write(o->command, o->out, ASSAY_FILE_PUBLIC, out);
    if (exit != ASSAY_EXIT_OK) return exit;
    if (o->discovery != NULL) {
        status = cli_bridge_discovery(first->issuer, keys, count, text, sizeof text, &out);
        if (status != ASSAY_OK)
            return cli_bridge_fail(o, ASSAY_EXIT_INTERNAL, "%s", assay_status_text(status));
        exit = cli_output_write(o->command, o->discovery, ASSAY_FILE_PUBLIC, out);
        if (exit != ASSAY_EXIT_OK) return exit;
    }
    struct assay_json *const data =
        cli_result_json("jwks", (const char *const[]){ o->out, o->discovery, NULL });
    assay_json_set_uint(data, "keys", count);
    assay_json_set_text(data, "issuer", first->issuer);
    return cli_result_print(data, keys_view);
}

/* Of --dir, then of --with: bridges that follow each other have one issuer. */
static int load_all(const struct cli_bridge_options *o, struct cli_bridge *all,
                    const struct assay_key **keys)
{
    for (size_t i = 0; i <= o->with_count; i++) {
        struct cli_bridge_options one = *o;
        if (i > 0) one.dir = o->with[i - 1];
        const int exit = cli_bridge_load(&one, &all[i]);
        if (exit != ASSAY_EXIT_OK) return exit;
        if (all[i].issuer[0] == '\0')
            return cli_bridge_fail(o, ASSAY_EXIT_DENIED, "%s: this bridge signs no tokens",
                                   one.dir);
        if (strcmp(all[i].issuer, all[0].issuer) != 0 ||
            !assay_bytes_equal(all[i].chain_id, all[0].chain_id, 32))
            return cli_bridge_fail(o, ASSAY_EXIT_DENIED, "%s: of another issuer or network than %s",
                                   one.dir, o->dir);
        keys[i] = assay_keypair_public(all[i].token);
    }
    return ASSAY_EXIT_OK;
}

static int run_jwks(const struct cli_bridge_options *o)
{
    struct cli_bridge all[CLI_BRIDGE_KEYS_MAX] = { { .ca = NULL } };
    const struct assay_key *keys[CLI_BRIDGE_KEYS_MAX];
    int exit = load_all(o, all, keys);
    if (exit == ASSAY_EXIT_OK) exit = write_keys(o, &all[0], keys, o->with_count + 1);
    for (size_t i = 0; i < CLI_BRIDGE_KEYS_MAX; i++)
        cli_bridge_free(&all[i]);
    return exit;
}

/* ------------------------------------------------------------ the command */

int cli_command_bridge(int argc, char **argv)
{
    struct cli_bridge_options o = { .days = DAYS,
                                    .node = { .timeout_ms = ASSAY_CLIENT_TIMEOUT_MS } };
    static const struct {
        const char *verb, *command;
        int (*run)(const struct cli_bridge_options *o);
    } verbs[] = {
        { "init", "assay bridge init", run_init },
        { "show", "assay bridge show", run_show },
        { "jwks", "assay bridge jwks", run_jwks },
        { "certificate", "assay bridge certificate", cli_bridge_sign_certificate },
        { "token", "assay bridge token", cli_bridge_sign_token },
        { "ear", "assay bridge ear", cli_bridge_sign_ear },
    };
    const struct cli_option_target targets[] = {
        { "dir", .text = &o.dir },
        { "out", .text = &o.out },
        { "name", .text = &o.name },
        { "algorithm", .text = &o.algorithm },
        { "chain-id", .text = &o.chain },
        { "trust-domain", .text = &o.domain },
        { "issuer", .text = &o.issuer },
        { "days", .number = &o.days, .low = 1, .high = DAYS_MAX, .unit = "days" },
        { "checkpoint", .text = &o.checkpoint },
        { "proof", .text = &o.proof },
        { "standing-proof", .text = &o.standing_proof },
        { "ca", .text = &o.ca },
        { "jwks", .text = &o.jwks },
        { "network-issuer", .text = &o.network_issuer },
        { "policy", .text = &o.policy },
        { "audience", .text = &o.audience },
        { "service", .text = &o.service },
        { "standing", .text = &o.standing },
        { "validity", .number = &o.validity_s, .low = 1, .high = DAY_S, .unit = "seconds" },
        { "accept-insecure", .flag = &o.accepts_insecure },
        { "max-age", .text = &o.time.max_age },
        { "at", .time = &o.time.at_unix_s },
        { "discovery", .text = &o.discovery },
        { "with", .text = o.with, .count = &o.with_count, .most = CLI_BRIDGE_KEYS_MAX - 1 },
        { "http", .text = &o.node.http },
        { "socket", .text = &o.node.socket },
        { "timeout", .ms = &o.node.timeout_ms },
        { "json", .flag = &o.json },
        { .name = NULL },
    };
    const char *const verb = argv[1];
    const int early = cli_options_read(argc, argv, targets);
    if (early >= 0) return early;
    const int misuse = cli_identity_node_choose(&o.node);
    if (misuse >= 0) return misuse;
    o.word = argv[2];
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        if (strcmp(verbs[i].verb, verb) != 0) continue;
        o.command = verbs[i].command;
        return verbs[i].run(&o);
    }
    return ASSAY_EXIT_USAGE;
}
