/*
 * apps/assay/main.c - the command line: finds the group and hands over.
 */
#include "apps/assay/command.h"

#include <stdio.h>
#include <string.h>

/* A new group is one file and one row. */
static const struct assay_command commands[] = {
    { "evidence", "verify, explain or decode evidence, without a daemon", assay_command_evidence },
    { "ear", "verify an attestation result that a verifier signed", assay_command_ear },
    { "tcb", "what an announced TCB set will say about a platform", assay_command_tcb },
    { "collateral", "fetch, show, compare what evidence is judged by", assay_command_collateral },
    { "policy", "check, compare and try policies; reference values", assay_command_policy },
    { "soft", "make SOFT vendors, platforms and quotes, for development", assay_command_soft },
    { "tpm", "attestation keys of TPMs, and the registrar that certifies them", assay_command_tpm },
    { "keys", "make and show the keys of a node or an operator", assay_command_keys },
    { "config", "check, show and compare configurations of assayd", assay_command_config },
    { "genesis", "plan, sign and show a network", assay_command_genesis },
    { "change", "decide of a running network: draft, try, sign, submit", assay_command_change },
    { "recover", "too many are gone for good: end an era, begin the next", assay_command_recover },
    { "status", "what a running node says of itself", assay_command_status },
    { "nodes", "scores, standings and weights of the network", assay_command_nodes },
    { "explain", "why a node stands where it stands", assay_command_explain },
    { "permit", "may this node act now? exit 0 or 4 with the reason", assay_command_permit },
    { "enforce", "what obeys orders on a node; hold it, release it", assay_command_enforce },
    { "counters", "what was refused and counted", assay_command_counters },
    { "timeline", "what happened, epoch by epoch", assay_command_timeline },
    { "export", "closed epochs: scores, rules, votes; JSON, lines, CSV", assay_command_export },
    { "report", "everything a node can show, as one page or as data", assay_command_report },
    { "checkpoint", "an epoch to begin with, for proofs and for those who come back",
      assay_command_checkpoint },
    { "proof", "what the network says of a member, for who was not there", assay_command_proof },
    { "store", "save what others can begin with, verify, inspect, restore", assay_command_store },
    { "audit", "verify and replay a store, check the journal of orders", assay_command_audit },
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

int main(int argc, char **argv)
{
    if (argc < 2) {
        print_usage(stderr);
        return ASSAY_EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
        print_usage(stdout);
        return ASSAY_EXIT_OK;
    }
    if (strcmp(argv[1], "--version") == 0) {
        (void)puts("assay " ASSAY_VERSION);
        return ASSAY_EXIT_OK;
    }
    for (size_t i = 0; i < COMMANDS; i++)
        if (strcmp(argv[1], commands[i].name) == 0) return commands[i].run(argc - 1, argv + 1);
    (void)fprintf(stderr, "assay: \"%s\" is no group of commands\n", argv[1]);
    print_usage(stderr);
    return ASSAY_EXIT_USAGE;
}
