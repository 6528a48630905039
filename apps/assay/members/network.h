/*
 * apps/assay/members/network.h - genesis with policy, collateral and verifier, for commands that
 * appraise without a daemon.
 */
#ifndef ASSAY_APPS_ASSAY_MEMBERS_NETWORK_H
#define ASSAY_APPS_ASSAY_MEMBERS_NETWORK_H

#include "engine/ledger/records/record.h"
#include "engine/store/store.h"

#include <limits.h>

/* Both rooms define a certificate: this header hides the X.509 one. */
struct assay_policy;
struct assay_collateral;
struct assay_endorsements;
struct assay_verifier;

struct assay_network {
    uint8_t *bytes;
    struct assay_genesis *genesis;
    struct assay_policy *policy;
    struct assay_collateral *collateral;
    struct assay_endorsements *endorsements;
    /* Of the rules before those on trial; NULL: none were read. */
    struct assay_policy *before_policy;
    struct assay_collateral *before_collateral;
    struct assay_endorsements *before_endorsements;
    void *verifier_memory;
    struct assay_verifier *verifier;
    struct assay_finding_record *finding_items;
    struct assay_findings findings;
    uint64_t judged; /* pieces of evidence that were verified */
};

/* Reads it; reports errors on stderr, prefixed with `who`. Returns: an enum assay_exit. */
int cli_network_open(struct assay_network *network, const char *command, const char *path);
/* Accepts what open left half done. */
void cli_network_close(struct assay_network *network);
/* Appraises under the network's policy and collateral. context: the network. Returns: the finding,
 * NULL on a local failure. */
const struct assay_finding_record *cli_network_appraise(void *context, const struct assay_ask *ask);
/* From here on by the policy and collateral of these rules, which outlive it. Returns: false when
 * they cannot be read. */
bool cli_network_rule(struct assay_network *network, const struct assay_genesis *effective);
/* These rules came before those on trial; both documents outlive the network. Returns: false when
 * they cannot be read. */
bool cli_network_rule_before(struct assay_network *network, struct assay_slice policy,
                             struct assay_slice endorsements);
/* The file of a store. path: that file, or its folder. Returns: whether its path fits. */
bool cli_network_store_path(const char *path, char file[static PATH_MAX]);
/* What to do about a damaged store, after what is wrong with it. */
#define CLI_NETWORK_STORE_DAMAGED                                                                  \
    ": its content proves nothing; keep it, and start the node with what a peer saved (assay "     \
    "store save, assay store restore)"
/* A store to read; reports errors. path: the file, or its folder; instead: what else than to stop
 * the daemon that holds it, as ", or ...". Returns: ASSAY_EXIT_OK |
 * ASSAY_EXIT_NOT_FOUND | ASSAY_EXIT_CONFLICT (a process holds it) | ASSAY_EXIT_CONTRAINDICATED
 * (damaged) | ASSAY_EXIT_INTERNAL */
int cli_network_store(const char *command, const char *path, const char *instead,
                      struct assay_store **store);

#endif
