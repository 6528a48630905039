/*
 * apps/assay/core/main.c - entry point of `assay`: table of groups, help, dispatch.
 */
#include "apps/assay/core/command.h"
#include "apps/assay/core/json_mode.h"
#include "apps/assay/core/options.h"
#include "apps/assay/core/remote.h"
#include "base/file/dumps.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A new group is one file and one row. */
#define DAILY        ASSAY_SECTION_DAILY
#define RULES        ASSAY_SECTION_RULES
#define VERIFICATION ASSAY_SECTION_VERIFICATION
#define RECOVERY     ASSAY_SECTION_RECOVERY
#define SERVICES     ASSAY_SECTION_SERVICES
#define DEVELOPMENT  ASSAY_SECTION_DEVELOPMENT
static const struct assay_command commands[] = {
    { "status", "show the state of a running node", cli_command_status, DAILY },
    { "nodes", "list scores, standings and weights of the members", cli_command_nodes, DAILY },
    { "top", "monitor the network in a terminal", cli_command_top, DAILY },
    { "fleet", "show several networks, one line for each", cli_command_fleet, DAILY },
    { "context", "networks that commands reach over HTTPS", cli_command_context, DAILY },
    { "explain", "explain the standing of a node", cli_command_explain, DAILY },
    { "doctor", "diagnose this node, with remedies", cli_command_doctor, DAILY },
    { "permit", "query whether this node may act now: exit 0, or 4 with the reason",
      cli_command_permit, DAILY },
    { "timeline", "print events, epoch by epoch", cli_command_timeline, DAILY },
    { "enforce", "show, hold and release enforcement on a node", cli_command_enforce, DAILY },
    { "report", "write a report, as one page or as data", cli_command_report, DAILY },
    { "export", "export closed epochs as JSON, lines of JSON or CSV", cli_command_export, DAILY },
    { "counters", "print counters of rejected messages and other events", cli_command_counters,
      DAILY },
    { "debug", "write a support bundle, without secrets", cli_command_debug, DAILY },
    { "monitoring", "write rules for Prometheus and a dashboard for Grafana",
      cli_command_monitoring, DAILY },
    { "plan", "compute the resources of a node for a network of a given size", cli_command_plan,
      RULES },
    { "setup", "configuration and keys for one node or a local network", cli_command_setup, RULES },
    { "config", "check, show and compare configurations of assayd", cli_command_config, RULES },
    { "keys", "keys of a node or an operator; list workload keys", cli_command_keys, RULES },
    { "identity", "certificates of workload keys, kept in a folder", cli_command_identity, RULES },
    { "genesis", "plan, sign and show a network", cli_command_genesis, RULES },
    { "node", "write the join request of a node", cli_command_node, RULES },
    { "change", "change a running network: draft, simulate, sign, submit", cli_command_change,
      RULES },
    { "policy", "lint, compare and try policies; reference values", cli_command_policy, RULES },
    { "collateral", "fetch, show, compare and submit collateral of evidence",
      cli_command_collateral, RULES },
    { "tpm", "attestation keys of TPMs, and their registrar", cli_command_tpm, RULES },
    { "evidence", "verify, explain or decode evidence, without a daemon", cli_command_evidence,
      VERIFICATION },
    { "ear", "verify an attestation result that a verifier signed", cli_command_ear, VERIFICATION },
    { "result", "verify a token of another verifier as a statement of its issuer",
      cli_command_result, VERIFICATION },
    { "tcb", "forecast a platform's TCB status under an announced set", cli_command_tcb,
      VERIFICATION },
    { "checkpoint", "create, show and advance trusted checkpoints", cli_command_checkpoint,
      VERIFICATION },
    { "proof", "proofs of a member's score for offline verifiers", cli_command_proof,
      VERIFICATION },
    { "audit", "verify and replay a store, check the journal of orders", cli_command_audit,
      VERIFICATION },
    { "forensics", "compare two stores: who signed what twice", cli_command_forensics,
      VERIFICATION },
#ifndef ASSAY_WITHOUT_EVM
    { "anchor", "anchor epochs of a network on an EVM chain", cli_command_anchor, VERIFICATION },
#endif
    { "backup", "save a node in one sealed file: keys, configuration, ledger", cli_command_backup,
      RECOVERY },
    { "restore", "restore a node from a backup, with new voting keys", cli_command_restore,
      RECOVERY },
    { "store", "save, verify, inspect and restore archives of a store", cli_command_store,
      RECOVERY },
    { "recover", "recover from quorum loss: end an era, start the next", cli_command_recover,
      RECOVERY },
#ifndef ASSAY_WITHOUT_SERVICES
    { "services", "show the services of a network", cli_command_services, SERVICES },
    { "continuity", "groups that protect enclave state from rollback", cli_command_continuity,
      SERVICES },
    { "share", "secrets in shares: put, read, delete", cli_command_share, SERVICES },
    { "account", "accounts of a network with tasks: keys, balances, payments", cli_command_account,
      SERVICES },
    { "task", "tasks paid by step: offers, run, status, close", cli_command_task, SERVICES },
    { "ca", "certificate authority: show, prove, audit", cli_command_ca, SERVICES },
    { "bridge", "sign certificates and tokens of a network again, with ECDSA or RSA",
      cli_command_bridge, SERVICES },
#endif
    { "soft", "make SOFT vendors, platforms and quotes, for development", cli_command_soft,
      DEVELOPMENT },
    { "completion", "completion scripts for bash, zsh and fish, and the manual",
      cli_command_completion, DEVELOPMENT },
};
enum { COMMANDS = sizeof commands / sizeof commands[0] };

const struct assay_command *cli_command_at(size_t index)
{
    return index < COMMANDS ? &commands[index] : NULL;
}

const char *cli_section_title(enum assay_section section)
{
    static const char *const titles[ASSAY_SECTIONS] = {
        [ASSAY_SECTION_DAILY] = "daily",
        [ASSAY_SECTION_RULES] = "members and rules",
        [ASSAY_SECTION_VERIFICATION] = "verification",
        [ASSAY_SECTION_RECOVERY] = "recovery",
        [ASSAY_SECTION_SERVICES] = "services",
        [ASSAY_SECTION_DEVELOPMENT] = "development",
    };
    for (size_t i = 0; i < COMMANDS; i++)
        if (commands[i].section == section) return titles[section];
    return NULL;
}

static void print_usage(FILE *out)
{
    (void)fputs("usage: assay [--context NAME] COMMAND [SUBCOMMAND] ...\n", out);
    for (enum assay_section s = 0; s < ASSAY_SECTIONS; s++) {
        if (cli_section_title(s) == NULL) continue;
        (void)fprintf(out, "\n%s:\n", cli_section_title(s));
        for (size_t i = 0; i < COMMANDS; i++)
            if (commands[i].section == s)
                (void)fprintf(out, "  %-11s %s\n", commands[i].name, commands[i].summary);
    }
    (void)fputs("\nexamples, to start with:\n"
                "  assay setup local net --start   # a network of SOFT platforms, for evaluation\n"
                "  assay status --socket net/node-1/admin.sock\n"
                "  assay evidence verify quote.bin --collateral collateral/\n"
                "--context NAME: the network of a context in place of the admin socket (default\n"
                "$ASSAY_CONTEXT, then the one of `assay context use`; local: the admin socket)\n"
                "exit status: 0 done, 1 system error, 2 usage; others depend on the command\n"
                "\n`assay COMMAND --help` has details. stdout carries data, stderr diagnostics.\n",
                out);
}

/* A failed write to stdout is an error of the command: its result was not delivered. */
static int flush_output(int status)
{
    const bool failed = fflush(stdout) != 0 || ferror(stdout) != 0;
    const int why = errno;
    if (!failed) return status;
    const bool is_cause = why == ENOSPC || why == EDQUOT || why == EFBIG || why == EIO ||
                          why == EPIPE || why == EBADF || why == EROFS;
    (void)fprintf(stderr, "assay: standard output: %s\n",
                  is_cause ? strerror(why) : "could not be written");
    return status == ASSAY_EXIT_OK ? ASSAY_EXIT_INTERNAL : status;
}

/* Less than this is written at the end, where errno is that of the write. */
static void buffer_output(void)
{
    static char buffer[1 << 16];
    if (isatty(STDOUT_FILENO) == 0) (void)setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
}

static const struct assay_command *find_command(const char *name)
{
    for (size_t i = 0; i < COMMANDS; i++)
        if (strcmp(name, commands[i].name) == 0) return &commands[i];
    return NULL;
}

static int wrong_group(const char *word)
{
    const char *names[COMMANDS + 1] = { NULL };
    for (size_t i = 0; i < COMMANDS; i++)
        names[i] = commands[i].name;
    const char *const near = cli_nearest(word, names);
    (void)fprintf(stderr, "assay: \"%s\" is not a command", word);
    if (near != NULL) (void)fprintf(stderr, "; did you mean \"%s\"?", near);
    (void)fputc('\n', stderr);
    if (near == NULL) print_usage(stderr);
    else (void)fputs("`assay --help` lists them\n", stderr);
    return ASSAY_EXIT_USAGE;
}

/* `assay help`, `assay help GROUP [VERB]`. */
static int print_help(int argc, char **argv)
{
    if (argc < 2) {
        print_usage(stdout);
        return ASSAY_EXIT_OK;
    }
    if (find_command(argv[1]) == NULL) return wrong_group(argv[1]);
    cli_options_help(argv[1], argc > 2 ? argv[2] : NULL, stdout);
    return ASSAY_EXIT_OK;
}

static const char *context; /* value of --context; NULL: absent */

static int run_command(int argc, char **argv)
{
    const struct assay_command *const command = find_command(argv[0]);
    if (command == NULL) return wrong_group(argv[0]);
    int status = cli_options_check(argc, argv);
    if (status < 0) status = cli_remote_begin(context, argc, argv);
    return status >= 0 ? status : command->run(argc, argv);
}

/* Failures are requested as documents. An unknown group has no table to consult. */
static bool json_asked(int argc, char **argv)
{
    if (find_command(argv[0]) != NULL) return cli_options_json(argc, argv);
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--json") == 0) return true;
    return false;
}

/* Takes --context NAME or --context=NAME off the front. Returns: false: the name is missing. */
static bool take_context(int *argc, char ***argv)
{
    static const char option[] = "--context";
    const size_t len = sizeof option - 1;
    if (*argc < 2 || strncmp((*argv)[1], option, len) != 0) return true;
    const bool is_joined = (*argv)[1][len] == '=';
    if (!is_joined && (*argv)[1][len] != '\0') return true;
    if (!is_joined && *argc < 3) return false;
    context = is_joined ? (*argv)[1] + len + 1 : (*argv)[2];
    *argc -= is_joined ? 1 : 2;
    *argv += is_joined ? 1 : 2;
    return context[0] != '\0';
}

int main(int argc, char **argv)
{
    /* PINs and keys, also where a module of a token ends the process. */
    if (!assay_dumps_forbid())
        (void)fputs("assay: warning: core files cannot be forbidden: they may have keys\n", stderr);
    (void)signal(SIGCHLD, SIG_DFL); /* ignored, as a parent may leave it, no child has a status */
    buffer_output();
    if (!take_context(&argc, &argv)) {
        (void)fputs("assay: --context wants the name of a context: assay context list has all\n",
                    stderr);
        return ASSAY_EXIT_USAGE;
    }
    if (argc < 2) {
        print_usage(stderr);
        return ASSAY_EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0)
        return flush_output(print_help(argc - 1, argv + 1));
    if (strcmp(argv[1], "--version") == 0) {
        (void)puts("assay " ASSAY_VERSION);
        return flush_output(ASSAY_EXIT_OK);
    }
    if (!json_asked(argc - 1, argv + 1)) return flush_output(run_command(argc - 1, argv + 1));
    cli_json_mode_start();
    return flush_output(cli_json_mode_finish(run_command(argc - 1, argv + 1)));
}
