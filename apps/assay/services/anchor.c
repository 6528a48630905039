/*
 * apps/assay/services/anchor.c - command group `assay anchor`: options of its verbs, connections to
 * chain and daemon.
 */
#include "apps/assay/services/anchor.h"

#include "apps/assay/core/command.h"
#include "apps/assay/core/daemon_request.h"
#include "apps/assay/core/option_values.h"
#include "apps/assay/core/options.h"
#include "apps/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WAIT_S = 3600, WAIT_S_MAX = 7 * 24 * 3600, DAEMON_TIMEOUT_MS = 20000, KEYS_MAX = 9 };

/* ------------------------------------------------------------ the node of the chain */

void cli_anchor_link(struct assay_anchor_run *run)
{
    const struct assay_anchor_settings *const s = &run->settings;
    const char *const ca_file = s->ca_file[0] != '\0' ? s->ca_file : NULL;
    const enum assay_status status =
        assay_eth_https_link(&run->https, s->rpc, ca_file, 0, &run->rpc.link);
    ASSAY_ASSERT(status == ASSAY_OK); /* as the settings were taken */
}

int cli_anchor_node_failed(const struct assay_anchor_run *run, enum assay_status status)
{
    const bool asked = assay_status_class(status) == ASSAY_CLASS_INPUT;
    const char *const link = assay_eth_https_get_error(&run->https);
    const char *const why = asked || link[0] == '\0' ? run->rpc.why : link;
    (void)fprintf(stderr, "%s: %s: %s\n", run->command, run->settings.rpc,
                  why[0] != '\0' ? why : assay_status_text(status));
    return asked ? ASSAY_EXIT_MALFORMED : ASSAY_EXIT_UNREACHABLE;
}

void cli_anchor_address(const uint8_t address[static ASSAY_EVM_ADDRESS_LEN],
                        char text[static 2 * ASSAY_EVM_ADDRESS_LEN + 3])
{
    text[0] = '0';
    text[1] = 'x';
    assay_hex_encode(address, ASSAY_EVM_ADDRESS_LEN, text + 2, 2 * ASSAY_EVM_ADDRESS_LEN + 1);
}

int cli_anchor_held(struct assay_anchor_run *run, struct assay_evm_anchored *held)
{
    char address[2 * ASSAY_EVM_ADDRESS_LEN + 3];
    const enum assay_status status = assay_eth_anchor_read(&run->rpc, run->settings.contract, held);
    cli_anchor_address(run->settings.contract, address);
    if (status == ASSAY_OK) return ASSAY_EXIT_OK;
    if (status == ASSAY_E_NOT_FOUND && run->rpc.why[0] == '\0') {
        (void)fprintf(stderr, "%s: %s: there is no contract at %s on that chain\n", run->command,
                      run->settings.rpc, address);
        return ASSAY_EXIT_NOT_FOUND;
    }
    if (status == ASSAY_E_INVALID && run->rpc.why[0] == '\0') {
        (void)fprintf(stderr,
                      "%s: the code at %s is not that of AssayAnchor (contracts/contract.json)\n",
                      run->command, address);
        return ASSAY_EXIT_CONFLICT;
    }
    return cli_anchor_node_failed(run, status);
}

/* ------------------------------------------------------------ the daemon */

int cli_anchor_daemon_failed(const struct assay_anchor_run *run, enum assay_status status)
{
    if (status == ASSAY_E_NOT_FOUND && run->message[0] != '\0') {
        (void)fprintf(stderr, "%s: %s: %s\n", run->command, run->socket, run->message);
        return ASSAY_EXIT_NOT_FOUND;
    }
    if (assay_status_class(status) == ASSAY_CLASS_INPUT && status != ASSAY_E_NOT_FOUND) {
        (void)fprintf(stderr, "%s: %s: its answer cannot be used: %s (%s)\n", run->command,
                      run->socket, assay_status_text(status), assay_status_symbol(status));
        return ASSAY_EXIT_MALFORMED;
    }
    char fault[ASSAY_CLIENT_FAULT_LEN];
    assay_client_fault(run->socket, status, fault);
    (void)fprintf(stderr, "%s: %s: %s\n", run->command, run->socket, fault);
    return status == ASSAY_E_TIMEOUT ? ASSAY_EXIT_TIMEOUT : ASSAY_EXIT_UNREACHABLE;
}

static void keep_message(struct assay_anchor_run *run, const char *text)
{
    (void)snprintf(run->message, sizeof run->message, "%s", text);
}

enum assay_status cli_anchor_request_epoch(void *context, uint64_t epoch,
                                           struct assay_evm_finalized_epoch *closed)
{
    struct assay_anchor_run *const run = context;
    struct assay_json *document = NULL;
    char request[40] = "anchor";
    run->message[0] = '\0';
    if (epoch > 0)
        (void)snprintf(request, sizeof request, "anchor %llu", (unsigned long long)epoch);
    ASSAY_TRY(assay_client_request(run->socket, request, DAEMON_TIMEOUT_MS, &document));
    const struct assay_json *const data = assay_json_get(document, "data");
    const char *const code = assay_json_text(data, "code", NULL);
    enum assay_status status = ASSAY_E_NOT_FOUND;
    if (code == NULL) status = assay_eth_finalized_epoch_parse(data, closed);
    else keep_message(run, assay_json_text(data, "detail", code));
    assay_json_free(&document);
    return status;
}

/* ------------------------------------------------------------ options */

struct given {
    const char *config;
    size_t count; /* of the keys of anchor.yaml that are options, too */
    const char *names[KEYS_MAX], *values[KEYS_MAX];
};

static int keep_key(void *context, const char *name, const char *value)
{
    struct given *const given = context;
    size_t i = 0;
    while (i < given->count && strcmp(given->names[i], name) != 0)
        i++;
    ASSAY_ASSERT(i < KEYS_MAX); /* the table has fewer */
    given->names[i] = name;
    given->values[i] = value;
    if (i == given->count) given->count++;
    return -1;
}

static int set_key(struct assay_anchor_run *run, const char *name, const char *value)
{
    char key[16];
    (void)snprintf(key, sizeof key, "%s", name);
    for (char *dash = key; (dash = strchr(dash, '-')) != NULL;)
        *dash = '_';
    const char *const expected = assay_config_anchor_settings_set(&run->settings, key, value);
    if (expected == NULL) return ASSAY_EXIT_OK;
    return cli_misuse("--%s: expected %s, found \"%.60s\"", name, expected, value);
}

/* The file first, whatever their order. */
static int set_keys(struct assay_anchor_run *run, const struct given *given)
{
    char message[ASSAY_ANCHOR_FAULT_MAX] = "";
    int result = ASSAY_EXIT_OK;
    if (given->config != NULL &&
        assay_config_anchor_settings_read(&run->settings, given->config, message) != ASSAY_OK) {
        (void)fprintf(stderr, "%s: %s\n", run->command, message);
        return ASSAY_EXIT_USAGE;
    }
    for (size_t i = 0; i < given->count && result == ASSAY_EXIT_OK; i++)
        result = set_key(run, given->names[i], given->values[i]);
    return result;
}

static int read_options(struct assay_anchor_run *run, int argc, char **argv)
{
    struct given given = { .count = 0 };
    uint64_t wait_s = WAIT_S;
    const struct cli_option_target targets[] = {
        { "config", .text = &given.config },
        { "socket", .text = &run->socket },
        { "proof", .text = &run->proof },
        { "checkpoint", .text = &run->checkpoint },
        { "wait", .number = &wait_s, .low = 1, .high = WAIT_S_MAX, .unit = "seconds" },
        { "json", .flag = &run->json },
        { "", .take = keep_key, .context = &given },
        { .name = NULL },
    };
    const int early = cli_options_read(argc, argv, targets);
    if (early >= 0) return early;
    const int result = set_keys(run, &given);
    run->wait_ms = wait_s * 1000;
    if (run->socket == NULL && run->settings.daemon[0] != '\0') run->socket = run->settings.daemon;
    run->socket_named = run->socket != NULL || getenv("ASSAY_SOCKET") != NULL;
    if (run->socket == NULL) run->socket = cli_daemon_default_socket();
    return result;
}

static int check_options(const struct assay_anchor_run *run, bool sends, bool has_contract)
{
    const struct assay_anchor_settings *const s = &run->settings;
    const char *missing = NULL;
    if (s->rpc[0] == '\0') missing = "rpc";
    else if (has_contract && !s->has_contract) missing = "contract";
    else if (sends && s->sender.chain_id == 0) missing = "chain";
    else if (sends && s->key[0] == '\0') missing = "key";
    else if (sends && s->sender.fee_limit_wei == 0) missing = "max-fee";
    if (missing != NULL) return cli_misuse("--%s is missing, here or in --config", missing);
    if (sends && s->has_tip && s->sender.tip_wei > s->sender.fee_limit_wei)
        return cli_misuse("the tip is above the highest price, --max-fee");
    if ((run->proof == NULL) != (run->checkpoint == NULL))
        return cli_misuse("--proof and --checkpoint go together");
    return ASSAY_EXIT_OK;
}

int cli_command_anchor(int argc, char **argv)
{
    static const struct {
        const char *verb, *command;
        bool sends, has_contract;
        int (*run)(struct assay_anchor_run *run);
    } verbs[] = {
        { "show", "assay anchor show", false, true, cli_anchor_show },
        { "advance", "assay anchor advance", true, true, cli_anchor_advance },
        { "deploy", "assay anchor deploy", true, false, cli_anchor_deploy },
    };
    static struct assay_anchor_run run; /* large */
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        if (strcmp(argv[1], verbs[i].verb) != 0) continue;
        run = (struct assay_anchor_run){ .command = verbs[i].command };
        assay_config_anchor_settings_init(&run.settings);
        int result = read_options(&run, argc, argv);
        if (result == ASSAY_EXIT_OK)
            result = check_options(&run, verbs[i].sends, verbs[i].has_contract);
        if (result != ASSAY_EXIT_OK) return result;
        cli_anchor_link(&run);
        return verbs[i].run(&run);
    }
    ASSAY_UNREACHABLE("the table names these verbs");
}
