/*
 * apps/assay/core/command.h - table of command groups, exit statuses, and entry points of the
 * groups.
 *
 * main.c holds the table; every group is one file with one run function. stdout carries data only,
 * stderr diagnostics.
 */
#ifndef ASSAY_APPS_ASSAY_CORE_COMMAND_H
#define ASSAY_APPS_ASSAY_CORE_COMMAND_H

#include "base/file/file.h"

#include <stddef.h>
#include <stdint.h>

/* Stable exit statuses (docs/command-line.md 7). */
enum assay_exit {
    ASSAY_EXIT_OK = 0, /* and: affirming */
    ASSAY_EXIT_INTERNAL = 1,
    ASSAY_EXIT_USAGE = 2, /* and: a configuration that cannot be used */
    ASSAY_EXIT_UNREACHABLE = 3,
    ASSAY_EXIT_DENIED = 4,
    ASSAY_EXIT_NOT_FOUND = 5,
    ASSAY_EXIT_CONFLICT = 6,
    ASSAY_EXIT_TIMEOUT = 7,
    ASSAY_EXIT_PARTIAL = 8,
    ASSAY_EXIT_WARNING = 10,
    ASSAY_EXIT_CONTRAINDICATED = 11,
    ASSAY_EXIT_NONE = 12,
    ASSAY_EXIT_MALFORMED = 13,
    ASSAY_EXIT_AGE_UNKNOWN = 14,
    ASSAY_EXIT_CROSSED = 15, /* done, over a RECOVER */
};

/* Sections of help and manual, in their order. */
enum assay_section {
    ASSAY_SECTION_DAILY,
    ASSAY_SECTION_RULES,
    ASSAY_SECTION_VERIFICATION,
    ASSAY_SECTION_RECOVERY,
    ASSAY_SECTION_SERVICES,
    ASSAY_SECTION_DEVELOPMENT,
    ASSAY_SECTIONS
};

/* One group: `assay NAME ...`; argv[0] is the group's name. run returns an enum assay_exit. */
struct assay_command {
    const char *name;
    const char *summary;
    int (*run)(int argc, char **argv);
    enum assay_section section;
};

/* The table of groups, in the order of help (main.c). Returns: the group with this number; NULL
 * after the last. */
const struct assay_command *cli_command_at(size_t index);
/* Returns: "members and rules"; NULL for a section without a group in this build. */
const char *cli_section_title(enum assay_section section);

int cli_command_evidence(int argc, char **argv);   /* evidence.c: verify, explain, decode */
int cli_command_ear(int argc, char **argv);        /* ear.c: verify */
int cli_command_result(int argc, char **argv);     /* result.c: verify */
int cli_command_tcb(int argc, char **argv);        /* tcb.c: forecast */
int cli_command_collateral(int argc, char **argv); /* collateral.c: fetch, show, pack, ... */
int cli_command_policy(int argc, char **argv);     /* policy.c: lint, show, diff, try, ... */
int cli_command_setup(int argc, char **argv);      /* setup.c: local, node */
int cli_command_node(int argc, char **argv);       /* node.c: request */
int cli_command_soft(int argc, char **argv);       /* soft.c: ca, node, quote */
int cli_command_tpm(int argc, char **argv);        /* tpm.c: registrar, enroll, quote, ... */
int cli_command_keys(int argc, char **argv);       /* keys.c: generate, operator, show, list */
/* workload_keys.c: `assay keys list`. node: NULL: all members. Returns: an enum assay_exit */
struct assay_daemon_request;
int cli_keys_list(const struct assay_daemon_request *q, const char *node);
int cli_command_identity(int argc, char **argv); /* identity_fetch.c */
int cli_command_config(int argc, char **argv);   /* config.c: check, show, diff */
int cli_command_genesis(int argc, char **argv);  /* genesis.c: create, sign, show */
int cli_command_change(int argc, char **argv);   /* change.c: draft, show, simulate, sign, ... */
int cli_command_recover(int argc, char **argv);  /* recover.c: fence, answer, draft, sign, ... */
int cli_command_status(int argc, char **argv);   /* watch.c, by way of a running daemon */
int cli_command_nodes(int argc, char **argv);
int cli_command_top(int argc, char **argv); /* top.c */
int cli_command_explain(int argc, char **argv);
int cli_command_export(int argc, char **argv); /* export.c */
int cli_command_permit(int argc, char **argv);
int cli_command_debug(int argc, char **argv);      /* debug.c: bundle */
int cli_command_monitoring(int argc, char **argv); /* monitoring.c */
int cli_command_doctor(int argc, char **argv);     /* doctor.c */
int cli_command_enforce(int argc, char **argv);    /* enforce.c: show, hold, release */
int cli_command_counters(int argc, char **argv);
int cli_command_timeline(int argc, char **argv);
int cli_command_checkpoint(int argc, char **argv); /* proof.c */
int cli_command_anchor(int argc, char **argv);     /* anchor.c: show, advance, deploy */
int cli_command_proof(int argc, char **argv);      /* proof.c: verify */
int cli_command_store(int argc, char **argv);      /* store.c: save, verify, inspect, restore */
int cli_command_backup(int argc, char **argv);     /* backup.c: key, list, verify */
int cli_command_restore(int argc, char **argv);    /* backup.c */
int cli_command_plan(int argc, char **argv);       /* plan.c */
int cli_command_report(int argc, char **argv);     /* report.c: the page with its data inside */
int cli_command_audit(int argc, char **argv);      /* audit.c: verify, replay */
int cli_command_forensics(int argc, char **argv);  /* forensics.c */
int cli_command_services(int argc, char **argv);   /* services.c: status */
int cli_command_continuity(int argc, char **argv); /* continuity.c: status, show, verify */
int cli_command_share(int argc, char **argv);      /* share.c: status, put, read */
int cli_command_account(int argc, char **argv);    /* account.c: create, show, transfer */
int cli_command_task(int argc, char **argv);       /* task.c: offers, status, run, close */
int cli_command_ca(int argc, char **argv);         /* authority.c: show, status, bundle, audit */
int cli_command_bridge(int argc, char **argv);     /* bridge.c: init, certificate, token, ... */
int cli_command_context(int argc, char **argv);    /* context.c: add, list, use, test, remove */
int cli_command_fleet(int argc, char **argv);      /* fleet.c: several networks */
int cli_command_completion(int argc, char **argv); /* completion.c: bash, zsh, fish */

#endif
