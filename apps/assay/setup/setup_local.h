/*
 * apps/assay/setup/setup_local.h - a network of `assay setup local`: its description, shared by
 * setup_local.c, which makes it, and setup_local_print.c, which prints it.
 */
#ifndef ASSAY_APPS_ASSAY_SETUP_SETUP_LOCAL_H
#define ASSAY_APPS_ASSAY_SETUP_SETUP_LOCAL_H

#include "apps/assay/setup/setup.h"

#include <stdio.h>

#define LOCAL_TRUST_DOMAIN "assay.test" /* RFC 6761: of no one */
/* Name of a service, granted to the enclave program of each node. */
#define LOCAL_SERVICE "demo"

enum {
    LOCAL_NODES_MAX = 20,
    LOCAL_GROUP_SIZE = 3,  /* replicas */
    LOCAL_SHARE_NODES = 4, /* the minimum for shares, and for replicas next to them */
    LOCAL_SLOTS_MAX = 5,   /* of a cluster */
    LOCAL_MONEY = 1000000, /* all that there is */
    LOCAL_VALIDITY_S = 900,
};

struct cli_local {
    struct assay_setup *s; /* questions add to it */
    char dir[PATH_MAX];    /* absolute */
    unsigned long nodes, operators, vendors, epoch_ms, port, http_port;
    unsigned ports[LOCAL_NODES_MAX];
    /* Of the enclave program, in hexadecimal: set by the policy. */
    char measurement[65];
    bool was_there; /* the folder, empty */
    FILE *out;      /* the file that is put together */
    char *text;
    size_t text_len;
};

/* A path in the folder of the network. Returns: as cli_setup_path. */
__attribute__((format(printf, 2, 3))) const char *cli_local_path(const struct cli_local *l,
                                                                 const char *format, ...);
/* Whether its services are more than tasks. */
bool cli_local_has_replicas(const struct cli_local *l);
/* Slots of its cluster of shares, how many make a secret, and how many confirm one that is put. */
unsigned long cli_local_slots(const struct cli_local *l);
unsigned long cli_local_threshold(const struct cli_local *l);
unsigned long cli_local_confirmations(const struct cli_local *l);

/* Why (an errno) its folder cannot be made or used. Returns: an enum assay_exit. */
int cli_local_report_folder(const struct cli_local *l, int why);

/* A warning on stderr of a network that is too small. */
void cli_local_warn_of_size(const struct cli_local *l);
/* What was made, as text, and as a document. Returns: an enum assay_exit. */
void cli_local_print_summary(const struct cli_local *l);
int cli_local_print_made(const struct cli_local *l);
/* Commands to go on with. runs: its nodes do. */
void cli_local_print_commands(const struct cli_local *l, bool runs);

#endif
