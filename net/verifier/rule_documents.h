/*
 * net/verifier/rule_documents.h - decoded rule documents for appraisal: in force, and of the past
 * epochs that proofs may refer to (docs/protocol.md 9.8).
 *
 * A state names them by their digests; they stand in the genesis or in a CHANGE of the store.
 */
#ifndef ASSAY_NET_VERIFIER_RULE_DOCUMENTS_H
#define ASSAY_NET_VERIFIER_RULE_DOCUMENTS_H

#include "host/effective_rules.h"
#include "quote/accept/policy.h"

struct assay_collateral;           /* quote/collateral/collateral.h */
struct assay_verifier_process_set; /* net/verifier/wire.h */

/* One policy and one set of endorsements. */
struct assay_ruleset {
    uint8_t policy_digest[32], endorsements_digest[32];
    struct assay_policy *policy;
    struct assay_endorsements endorsements;
    struct assay_collateral *collateral; /* what endorsements point into, like these: */
    uint8_t *documents;
    struct assay_slice policy_bytes, endorsements_bytes; /* of documents */
};

/* In: the bytes of both documents, copied where needed. Out: *set; assay_ruleset_close frees it,
 * whatever the status
 * Returns: ASSAY_OK | ASSAY_E_MEMORY | statuses of assay_policy_decode and
 * assay_endorsements_decode */
ASSAY_CHECKED enum assay_status assay_ruleset_open(struct assay_slice policy,
                                                   struct assay_slice endorsements,
                                                   struct assay_ruleset *set);
/* All zero is closed. */
void assay_ruleset_close(struct assay_ruleset *set);

/* Rules of a past epoch that proofs may still refer to, where they differ from those in force. */
struct assay_runtime_past_rules {
    uint64_t epoch;
    int64_t at_unix_s; /* appraisal time of its evidence */
    const struct assay_endorsements *endorsements;
    const struct assay_policy *policy;
};

struct assay_rules {
    size_t set_count; /* [0]: in force */
    struct assay_ruleset sets[1 + ASSAY_RETAINED_EPOCHS + 1];
    size_t past_count; /* epochs with other rules, in the form of assay_runtime_config */
    struct assay_runtime_past_rules past[ASSAY_RETAINED_EPOCHS];
    bool has_before;                        /* rules are on trial, */
    struct assay_runtime_past_rules before; /* and were preceded by these */
};

enum { ASSAY_RULES_MESSAGE = 160 };

/*
 * assay_rules_open - the rules of effective rules, and those of the epochs that its state
 * remembers.
 *
 * In:      effective: assay_host_rules_load of this genesis and store
 * Out:     *out; message says which document is at fault otherwise
 * Returns: ASSAY_OK | ASSAY_E_NOT_FOUND (a document is in neither) | ASSAY_E_STORE |
 *          as assay_ruleset_open
 */
ASSAY_CHECKED enum assay_status assay_rules_open(const struct assay_genesis *genesis,
                                                 const struct assay_effective_rules *effective,
                                                 struct assay_store *store,
                                                 struct assay_rules **out,
                                                 char message[static ASSAY_RULES_MESSAGE]);
/* All sets with their documents, for a verifier in another process
 * (net/verifier/verifier_supervisor.h); they borrow.
 * Out: sets[ASSAY_VERIFIER_PROCESS_SETS_MAX]. Returns: how many. */
size_t assay_rules_judge_sets(const struct assay_rules *rules,
                              struct assay_verifier_process_set *sets);
/* Accepts a pointer to NULL; nulls it. */
void assay_rules_close(struct assay_rules **rules);

/* Returns: the rules that an epoch had, where they are not those in force; NULL. */
const struct assay_runtime_past_rules *assay_rules_past(const struct assay_runtime_past_rules *past,
                                                        size_t count, uint64_t epoch);
/* Every epoch that had other rules began in an earlier second: the state of evidence then is
 * known by the rules in force. Epochs of less than a second may share one. Returns: whether so. */
bool assay_rules_in_force(const struct assay_runtime_past_rules *past, size_t count,
                          int64_t at_unix_s);

/* Returns: the feature level below which builds cannot read rules like these, or evidence that they
 * accept (docs/protocol.md 3.24); 0: every build can. In: NULL: no such document */
uint32_t assay_rules_level(const struct assay_policy *policy,
                           const struct assay_endorsements *endorsements);
/* The level of one document. Returns: ASSAY_OK and *level | ASSAY_E_MEMORY | as
 * assay_policy_decode, assay_endorsements_decode */
ASSAY_CHECKED enum assay_status assay_rules_read_level(bool is_policy, struct assay_slice document,
                                                       uint32_t *level);
/* Check of a document before a change may introduce it (assay_document_check). Returns: ASSAY_OK |
 * ASSAY_E_EARLY (about devices, below their feature level: docs/protocol.md 3.24) | as
 * assay_rules_read_level */
ASSAY_CHECKED enum assay_status assay_rules_check(bool is_policy, uint32_t level,
                                                  struct assay_slice document);

#endif
