/*
 * apps/assay/services/anchor.c - command group `assay anchor`: options of its verbs, connections to
 * chain and daemon.
 */
#include "apps/assay/services/anchor.h"

#include "apps/assay/core/command.h"
#include "apps/assay/core/options.h"
#include "apps/client.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WAIT_S = 3600, WAIT_S_MAX = 7 * 24 * 3600, DAEMON_TIMEOUT_MS = 20000 };

/* ------------------------------------------------------------ the node of the chain */

void cli_anchor_link(struct assay_anchor_run *run)
{
    const struct assay_anchor_settings *const s = &run->settings;
    const char *const ca_file = s->ca_file[0] != '\0' ? s->ca_file : NULL;
    const enum assay_status status =
        assay_evm_https_link(&run->https, s->rpc, ca_file, 0, &run->rpc.link);
    ASSAY_ASSERT(status == ASSAY_OK); /* as the settings were taken */
}

int cli_anchor_node_failed(const struct assay_anchor_run *run, enum assay_status status)
{
    const bool asked = assay_status_class(status) == ASSAY_CLASS_INPUT;
    const char *const link = assay_evm_https_get_error(&run->https);
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
    const enum assay_status status = assay_evm_anchor_read(&run->rpc, run->settings.contract, held);
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
    if (code == NULL) status = assay_evm_finalized_epoch_parse(data, closed);
    else keep_message(run, assay_json_text(data, "detail", code));
    assay_json_free(&document);
    return status;
}

/* ------------------------------------------------------------ options */

static const struct option options[] = {
    { "config", required_argument, NULL, 'c' },   { "rpc", required_argument, NULL, 'r' },
    { "ca-file", required_argument, NULL, 'a' },  { "chain", required_argument, NULL, 'n' },
    { "contract", required_argument, NULL, 't' }, { "key", required_argument, NULL, 'k' },
    { "max-fee", required_argument, NULL, 'm' },  { "tip", required_argument, NULL, 'i' },
    { "max-gas", required_argument, NULL, 'g' },  { "confirmations", required_argument, NULL, 'f' },
    { "socket", required_argument, NULL, 's' },   { "proof", required_argument, NULL, 'p' },
    { "wait", required_argument, NULL, 'w' },     { "checkpoint", required_argument, NULL, 'h' },
    { "json", no_argument, NULL, 'j' },           { NULL, 0, NULL, 0 },
};

/* The key of anchor.yaml that an option is, NULL: of none. */
static const char *key_of(int option)
{
    switch (option) {
    case 'r': return "rpc";
    case 'a': return "ca_file";
    case 'n': return "chain";
    case 't': return "contract";
    case 'k': return "key";
    case 'm': return "max_fee";
    case 'i': return "tip";
    case 'g': return "max_gas";
    case 'f': return "confirmations";
    default: return NULL;
    }
}

static int set_option(struct assay_anchor_run *run, int option)
{
    const char *const key = key_of(option);
    const char *const expected = assay_anchor_settings_set(&run->settings, key, optarg);
    if (expected == NULL) return ASSAY_EXIT_OK;
    return cli_misuse("--%s: expected %s, found \"%.60s\"",
                      strcmp(key, "ca_file") == 0   ? "ca-file"
                      : strcmp(key, "max_fee") == 0 ? "max-fee"
                      : strcmp(key, "max_gas") == 0 ? "max-gas"
                                                    : key,
                      expected, optarg);
}

static int set_wait(struct assay_anchor_run *run)
{
    char *end = NULL;
    const unsigned long long seconds = strtoull(optarg, &end, 10);
    if (optarg[0] < '0' || optarg[0] > '9' || *end != '\0' || seconds == 0 || seconds > WAIT_S_MAX)
        return cli_misuse("--wait: expected 1 to %d seconds, found \"%.60s\"", WAIT_S_MAX, optarg);
    run->wait_ms = seconds * 1000;
    return ASSAY_EXIT_OK;
}

/* The file first, whatever their order. */
static int read_file(struct assay_anchor_run *run, int argc, char **argv)
{
    char message[ASSAY_ANCHOR_FAULT_MAX] = "";
    const char *path = NULL;
    optind = 1;
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;)
        if (c == 'c') path = optarg;
    if (path == NULL) return ASSAY_EXIT_OK;
    if (assay_anchor_settings_read(&run->settings, path, message) == ASSAY_OK) return ASSAY_EXIT_OK;
    (void)fprintf(stderr, "%s: %s\n", run->command, message);
    return ASSAY_EXIT_USAGE;
}

static int read_options(struct assay_anchor_run *run, int argc, char **argv)
{
    int result = read_file(run, argc, argv);
    optind = 1;
    for (int c;
         result == ASSAY_EXIT_OK && (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (key_of(c) != NULL) result = set_option(run, c);
        else if (c == 'w') result = set_wait(run);
        else if (c == 's') run->socket = optarg;
        else if (c == 'p') run->proof = optarg;
        else if (c == 'h') run->checkpoint = optarg;
        else if (c == 'j') run->json = true;
    }
    if (run->socket == NULL && run->settings.daemon[0] != '\0') run->socket = run->settings.daemon;
    if (run->socket == NULL) run->socket = getenv("ASSAY_SOCKET");
    run->socket_named = run->socket != NULL;
    if (run->socket == NULL) run->socket = "/run/assay/admin.sock";
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
        if (argc < 2 || strcmp(argv[1], verbs[i].verb) != 0) continue;
        run = (struct assay_anchor_run){ .command = verbs[i].command, .wait_ms = WAIT_S * 1000 };
        assay_anchor_settings_init(&run.settings);
        int result = read_options(&run, argc - 1, argv + 1);
        if (result == ASSAY_EXIT_OK)
            result = check_options(&run, verbs[i].sends, verbs[i].has_contract);
        if (result != ASSAY_EXIT_OK) return result;
        cli_anchor_link(&run);
        return verbs[i].run(&run);
    }
    return ASSAY_EXIT_USAGE; /* the table of verbs has refused it */
}
