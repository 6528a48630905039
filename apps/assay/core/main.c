/*
 * apps/assay/core/main.c - the command line: finds the group and hands over.
 */
#include "apps/assay/core/command.h"
#include "apps/assay/core/json_mode.h"
#include "apps/assay/core/options.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A new group is one file and one row. */
static const struct assay_command commands[] = {
    { "evidence", "verify, explain or decode evidence, without a daemon", assay_command_evidence },
    { "ear", "verify an attestation result that a verifier signed", assay_command_ear },
    { "tcb", "what an announced TCB set will say about a platform", assay_command_tcb },
    { "collateral", "fetch, show, compare what evidence is judged by", assay_command_collateral },
    { "policy", "check, compare and try policies; reference values", assay_command_policy },
    { "setup", "configuration and keys for one node or a local network", assay_command_setup },
    { "node", "the request of a node to join a network", assay_command_node },
    { "soft", "make SOFT vendors, platforms and quotes, for development", assay_command_soft },
    { "tpm", "attestation keys of TPMs, and the registrar that certifies them", assay_command_tpm },
    { "keys", "make and show the keys of a node or an operator", assay_command_keys },
    { "config", "check, show and compare configurations of assayd", assay_command_config },
    { "genesis", "plan, sign and show a network", assay_command_genesis },
    { "change", "decide of a running network: draft, try, sign, submit", assay_command_change },
    { "recover", "too many are gone for good: end an era, begin the next", assay_command_recover },
    { "status", "what a running node says of itself", assay_command_status },
    { "nodes", "scores, standings and weights of the network", assay_command_nodes },
    { "top", "the network in a terminal, live", assay_command_top },
    { "explain", "why a node stands where it stands", assay_command_explain },
    { "doctor", "what keeps this node from working, and what to do", assay_command_doctor },
    { "debug", "what somebody needs who helps from afar, without secrets", assay_command_debug },
    { "permit", "may this node act now? exit 0 or 4 with the reason", assay_command_permit },
    { "enforce", "what obeys orders on a node; hold it, release it", assay_command_enforce },
    { "counters", "what was refused and counted", assay_command_counters },
    { "timeline", "what happened, epoch by epoch", assay_command_timeline },
    { "export", "closed epochs: scores, rules, votes; JSON, lines, CSV", assay_command_export },
    { "report", "everything a node can show, as one page or as data", assay_command_report },
    { "checkpoint", "an epoch to begin with, for proofs and for those who come back",
      assay_command_checkpoint },
    { "proof", "what the network says of a member, for who was not there", assay_command_proof },
    { "anchor", "epochs of a network brought to a contract on an EVM chain", assay_command_anchor },
    { "store", "save what others can begin with, verify, inspect, restore", assay_command_store },
    { "audit", "verify and replay a store, check the journal of orders", assay_command_audit },
    { "services", "what the network's services amount to", assay_command_services },
    { "continuity", "groups that keep states from being rolled back", assay_command_continuity },
    { "share", "secrets that members keep in shares: put, read, delete one", assay_command_share },
    { "account", "money of a network with tasks: keys, balances, payments",
      assay_command_account },
    { "task", "work that is paid by steps: offers, tasks, ending one", assay_command_task },
    { "completion", "what bash, zsh and fish complete", assay_command_completion },
};
enum { COMMANDS = sizeof commands / sizeof commands[0] };

static void print_usage(FILE *out)
{
    (void)fputs("usage: assay GROUP ...\n\n", out);
    for (size_t i = 0; i < COMMANDS; i++)
        (void)fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].summary);
    (void)fputs("\n`assay GROUP --help` tells more. stdout carries data, stderr diagnostics.\n",
                out);
}

/* What stdout could not take, whichever command wrote it: a result that nobody got is none. */
static int end(int status)
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

static const struct assay_command *find(const char *name)
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
    const char *const near = assay_nearest(word, names);
    (void)fprintf(stderr, "assay: \"%s\" is no group of commands", word);
    if (near != NULL) (void)fprintf(stderr, "; did you mean \"%s\"?", near);
    (void)fputc('\n', stderr);
    if (near == NULL) print_usage(stderr);
    else (void)fputs("`assay --help` lists them\n", stderr);
    return ASSAY_EXIT_USAGE;
}

/* `assay help`, `assay help GROUP [VERB]`. */
static int help(int argc, char **argv)
{
    if (argc < 2) {
        print_usage(stdout);
        return ASSAY_EXIT_OK;
    }
    if (find(argv[1]) == NULL) return wrong_group(argv[1]);
    assay_options_help(argv[1], argc > 2 ? argv[2] : NULL, stdout);
    return ASSAY_EXIT_OK;
}

static int run(int argc, char **argv)
{
    const struct assay_command *const command = find(argv[0]);
    if (command == NULL) return wrong_group(argv[0]);
    const int status = assay_options_check(argc, argv);
    return status >= 0 ? status : command->run(argc, argv);
}

/* Failures are asked for as documents. Of a group that nobody knows there is no table to ask. */
static bool json_asked(int argc, char **argv)
{
    if (find(argv[0]) != NULL) return assay_options_json(argc, argv);
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--json") == 0) return true;
    return false;
}

int main(int argc, char **argv)
{
    /* With it getopt_long would read no option behind a verb, and the table lets these through. */
    (void)unsetenv("POSIXLY_CORRECT");
    buffer_output();
    if (argc < 2) {
        print_usage(stderr);
        return ASSAY_EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0)
        return end(help(argc - 1, argv + 1));
    if (strcmp(argv[1], "--version") == 0) {
        (void)puts("assay " ASSAY_VERSION);
        return end(ASSAY_EXIT_OK);
    }
    if (!json_asked(argc - 1, argv + 1)) return end(run(argc - 1, argv + 1));
    assay_json_mode_begin();
    return end(assay_json_mode_end(run(argc - 1, argv + 1)));
}
