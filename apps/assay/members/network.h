/*
 * apps/assay/members/network.h - a genesis with all that evidence is judged by, for commands that
 * judge without a daemon.
 */
#ifndef ASSAY_APPS_ASSAY_MEMBERS_NETWORK_H
#define ASSAY_APPS_ASSAY_MEMBERS_NETWORK_H

#include "engine/ledger/records/record.h"
#include "engine/store/store.h"

/* The rooms have a certificate each: who folds does not see those of X.509. */
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
    struct assay_finding *finding_items;
    struct assay_findings findings;
    uint64_t judged; /* pieces of evidence that were verified */
};

/* Reads it; says on stderr, after `who`, what is wrong. Returns: an enum assay_exit. */
int assay_network_open(struct assay_network *network, const char *who, const char *path);
/* Accepts what open left half done. Returns: nothing. */
void assay_network_close(struct assay_network *network);
/* A verdict by the network's policy and collateral. context: the network. Returns: the finding,
 * NULL when this machine could not say. */
const struct assay_finding *assay_network_judge(void *context, const struct assay_ask *ask);
/* From here on by the policy and collateral of a charter, which outlives it. Returns: false when
 * they cannot be read. */
bool assay_network_rule(struct assay_network *network, const struct assay_genesis *charter);
/* These rules came before those on trial; both documents outlive the network. Returns: false when
 * they cannot be read. */
bool assay_network_rule_before(struct assay_network *network, struct assay_slice policy,
                               struct assay_slice endorsements);
/* A store to read; says what is wrong. path: the file, or its folder. Returns: an enum assay_exit.
 */
int assay_network_store(const char *who, const char *path, struct assay_store **store);

#endif
