/*
 * net/documents/change_review.h - review of an operators' change before it is in a block: decoding,
 * checks and text (docs/protocol.md 9.5 to 9.9).
 *
 * The daemon judges what is submitted to it, the command line what it drafts: both on the newest
 * state of a store. Whether a block takes it is engine/ledger's to say; here operators are notified
 * why.
 */
#ifndef ASSAY_NET_DOCUMENTS_CHANGE_REVIEW_H
#define ASSAY_NET_DOCUMENTS_CHANGE_REVIEW_H

#include "engine/ledger/records/change.h"
#include "host/effective_rules.h"

enum {
    ASSAY_CHANGE_MESSAGE = 400, /* a reason for operators */
    ASSAY_CHANGE_WORDS = 512,   /* an action: a join has four ids */
};

/* --- the file: a CHANGE record with the signatures so far, none at first */

struct assay_change_draft {
    struct assay_slice bytes, body; /* borrowed, like the slices of change */
    struct assay_change change;
    uint8_t digest[32]; /* of the body: what operators sign */
    uint32_t signature_count;
    uint8_t signers[ASSAY_OPERATORS_MAX][32]; /* operator ids, ascending */
    uint8_t signatures[ASSAY_OPERATORS_MAX][ASSAY_P256_SIGNATURE_LEN];
};

/* Returns: ASSAY_OK | INPUT statuses: not the file of a change */
ASSAY_CHECKED enum assay_status assay_draft_decode(struct assay_slice bytes,
                                                   struct assay_change_draft *draft);
/* Signature i is one of an operator of these rules, and good. Returns: whether so. */
bool assay_draft_signature_is_valid(const struct assay_genesis *effective,
                                    const struct assay_change_draft *draft, uint32_t i);

/* --- what it is checked against */

struct assay_close;     /* engine/ledger/records/ledger.h */
struct assay_tolerance; /* scoring/weight.h */

/* A state with room for the members that a change adds, and everything a weight table needs. */
struct assay_change_basis {
    const struct assay_genesis *genesis; /* as founded */
    struct assay_store *store;
    struct assay_effective_rules effective; /* in force; .state NULL: no epoch has closed yet */
    struct assay_state state;               /* the same state, or the genesis's */
    struct assay_state stage;
    struct assay_slice pending[ASSAY_PENDING_MAX]; /* records, as state.pending; len 0: unknown */
    struct assay_slice operators;
    /* Memory. */
    void *effective_memory;
    uint8_t *state_memory, *stage_memory, *close_memory, *groups_memory, *pending_memory;
    uint8_t operator_bytes[ASSAY_OPERATORS_LEN_MAX];
    struct assay_close *close;
};

/*
 * assay_draft_basis_open - from the newest state of a store.
 *
 * Out:     *out; genesis and store outlive it
 * Returns: ASSAY_OK | ASSAY_E_MEMORY | as assay_host_rules_load
 */
ASSAY_CHECKED enum assay_status assay_draft_basis_open(const struct assay_genesis *genesis,
                                                       struct assay_store *store,
                                                       struct assay_change_basis **out);
/* Accepts a pointer to NULL; nulls it. */
void assay_draft_basis_close(struct assay_change_basis **basis);

/*
 * assay_draft_review - would the next blocks take it?
 *
 * In:      whole: it must have its signatures; else those that it has must be good
 * Out:     message: why not, or what it waits for (ASSAY_E_EARLY)
 * Returns: ASSAY_OK | ASSAY_E_EARLY (fit, but others come first) | ASSAY_E_CHAIN |
 *          ASSAY_E_DUPLICATE (its sequence is taken) | ASSAY_E_STALE (its epoch is too near) |
 *          ASSAY_E_SIGNATURE | ASSAY_E_STRANGER | ASSAY_E_INVALID, ASSAY_E_FULL (what it asks for)
 *          | what a document is refused for
 */
ASSAY_CHECKED enum assay_status assay_draft_review(struct assay_change_basis *basis,
                                                   const struct assay_change_draft *draft,
                                                   bool whole,
                                                   char message[static ASSAY_CHANGE_MESSAGE]);
/* Writes the message. Returns: status, which is a failure. */
__attribute__((format(printf, 3, 4))) enum assay_status assay_draft_refuse(
    char message[static ASSAY_CHANGE_MESSAGE], enum assay_status status, const char *format, ...);
/*
 * assay_draft_stage - basis->stage: the state with this change in force, after those that wait.
 * Out:     message: why it does not fit
 * Returns: ASSAY_OK | as assay_change_apply | ASSAY_E_NOT_FOUND (one that waits is not in the
 * store)
 */
ASSAY_CHECKED enum assay_status assay_draft_stage(struct assay_change_basis *basis,
                                                  const struct assay_change *change,
                                                  char message[static ASSAY_CHANGE_MESSAGE]);
/* Returns: the plan of services in force, or as what waits will have left it; len 0: none. Borrowed
 * from the basis. */
struct assay_slice assay_draft_plan(const struct assay_change_basis *basis);
/* Recomputes the weights of a state of the basis after a change; new members take over no weight.
 * Out: state->members[].weight, *tolerance. */
void assay_draft_compute_weights(struct assay_change_basis *basis, struct assay_state *state,
                                 struct assay_tolerance *tolerance);

/* Who votes under a change, and who of them does not vote now: until those do, the others have to
 * be a quorum without them. */
struct assay_change_quorum {
    uint64_t total, silent; /* weight of the votes of all, and of members that do not vote now */
    uint32_t voters, silent_count;
    char names[200]; /* of the silent ones, "node-3, node-4"; "..." where there are more */
};
/*
 * assay_draft_count_quorum - after assay_draft_stage and assay_draft_compute_weights.
 * In:      absent: [basis->state.member_count] not reachable, or without evidence; NULL: none is
 *          known to be
 */
void assay_draft_count_quorum(const struct assay_change_basis *basis, const bool *absent,
                              struct assay_change_quorum *quorum);
/* Returns: whether the silent members weigh a third or more: without them no block is final. */
bool assay_draft_quorum_is_lost(const struct assay_change_quorum *quorum);

/* One action for operators: "drain node-3", "policy 0011223344556677". state: has their names. */
void assay_draft_format_action(const struct assay_state *state, const struct assay_action *action,
                               char words[static ASSAY_CHANGE_WORDS]);

/* The parameters of a network, by the names of `assay change draft --parameter`. */
enum { ASSAY_CHANGE_PARAMETERS = 9 };
struct assay_change_parameter {
    const char *name;
    char value[80];
};
void assay_draft_list_parameters(
    const struct assay_genesis_parameters *parameters,
    struct assay_change_parameter list[static ASSAY_CHANGE_PARAMETERS]);

/* Returns: whether nothing of an action is in force any more once a later one is: that of another
 * feature level, policy or list of operators, a member that was drained and is undrained. */
bool assay_draft_supersedes(const struct assay_action *later, const struct assay_action *earlier);

#endif
