/*
 * apps/assay/members/drafting.h - a change while it is drafted: for the files of `assay change
 * draft` alone.
 */
#ifndef ASSAY_APPS_ASSAY_MEMBERS_DRAFTING_H
#define ASSAY_APPS_ASSAY_MEMBERS_DRAFTING_H

#include "apps/assay/members/change.h"
#include "net/verifier/rule_documents.h"

/* Everything large is on the heap and freed by cli_change_draft_record. */
struct cli_drafting {
    const struct assay_change_options *options;
    struct assay_change_source source;
    const struct assay_state *state;
    struct assay_ruleset rules; /* in force, or as what waits will have left them */
    struct assay_action *actions;
    uint32_t count;
    struct assay_node_card *cards;
    struct assay_policy *policy; /* edited policy; NULL: no option edits it */
    uint8_t *policy_bytes, *operator_bytes, *plan_bytes, *body;
    bool has_plan, recovers; /* recovers: what waits is dropped, so nothing of it is built upon */
    bool has_operators;      /* one list in a change */
    uint64_t sequence;       /* of the change; 0: the next one of the state */
    uint32_t era;            /* of the change; that of the state, or the next one */
    struct assay_genesis *operators; /* the new list */
    struct assay_genesis_parameters parameters;
    bool has_parameters;
    bool any_program; /* the operator says so: no reference value has to name the program */
};

/* How errors begin: a RECOVER takes the same actions. */
const char *cli_draft_verb(const struct cli_drafting *d);
/* Prints an error of usage. Returns: its exit status */
int cli_draft_refuse(const struct cli_drafting *d, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
struct assay_action *cli_draft_add_action(struct cli_drafting *d, enum assay_action_kind kind);

/* --- policy (change_draft_policy.c). Each Returns: an exit status; an error is printed */
int cli_draft_policy(struct cli_drafting *d, const char *path);
int cli_draft_reference(struct cli_drafting *d, const char *text, enum assay_reference_state state);
/* The edited policy as an action, once all options are read. */
int cli_draft_put_policy(struct cli_drafting *d);

#endif
