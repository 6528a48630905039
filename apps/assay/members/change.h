/*
 * apps/assay/members/change.h - options and helpers shared by the verbs of `assay change`.
 */
#ifndef ASSAY_APPS_ASSAY_MEMBERS_CHANGE_H
#define ASSAY_APPS_ASSAY_MEMBERS_CHANGE_H

#include "apps/assay/core/operator_key.h"
#include "apps/assay/core/option_values.h"
#include "apps/client.h"
#include "net/documents/change_review.h"
#include "net/json/json.h"

struct assay_ruleset; /* net/verifier/rule_documents.h */

/* An option that asks for an action, in the order of the command line. */
struct assay_change_request {
    const char *option, *argument;
    const char *sample, *operator_name; /* join: what followed it */
};

struct assay_change_options {
    const char *group; /* how errors begin: "assay: change draft: "; NULL: "change" */
    const char *file;  /* the one positional argument */
    const char *socket, *store, *genesis;
    const char *out, *key, *activation;
    const char *threshold, *forces;
    const char *comment, *expires; /* of a proposal */
    bool yes;                      /* without confirmation */
    bool json;
    bool socket_named; /* by --socket */
    bool socket_given; /* also by $ASSAY_SOCKET or a context; else it is where packages put it */
    uint32_t request_count;
    struct assay_change_request requests[ASSAY_ACTIONS_MAX];
};

/* What a change is held against: of a running node by its socket, or of a store. */
struct assay_change_source {
    uint8_t *genesis_bytes;
    struct assay_genesis *genesis;
    struct assay_store *store;
    struct assay_change_basis *basis;
};

/* Errors of these are printed. Out: *source, whatever the answer: close frees it.
 * Returns: an enum assay_exit. change_source.c */
int cli_change_source_open(const struct assay_change_options *options,
                           struct assay_change_source *source);
/* Evidence of the epochs from `epoch` on, into the store, where it came over a socket. */
int cli_change_source_evidence(const struct assay_change_options *options,
                               struct assay_change_source *source, uint64_t epoch);
/* Is there a store, or a node to query? Where one that was named is not, a note has the reason. */
bool cli_change_source_given(const struct assay_change_options *options);
/* Out: fault: why not. Returns: whether the node of the options serves what a draft needs. */
bool cli_change_node_answers(const struct assay_change_options *options,
                             char fault[static ASSAY_CLIENT_FAULT_LEN]);
void cli_change_source_close(struct assay_change_source *source);
/*
 * cli_change_number_note - what an operator does about a change whose number a block has already:
 * nothing where it is this change, draft anew where it is another one.
 * Out:     note: "" where the number is free
 */
void cli_change_number_note(const struct assay_change_source *source,
                            const struct assay_change_draft *draft,
                            char note[static 2 * ASSAY_CHANGE_MESSAGE]);
/*
 * cli_change_rules_before - rules that a change of this sequence finds: those in force, as the
 * changes before it that wait for their epochs will leave them.
 * Out:     *rules; *after: the last of those changes, 0: none waits. Errors are printed.
 * Returns: an enum assay_exit
 */
int cli_change_rules_before(const struct assay_change_options *options,
                            const struct assay_change_source *source, uint64_t sequence,
                            struct assay_rules_in_force *rules, uint64_t *after);
/* Rules that a state names. Returns: an enum assay_exit; *set is to be closed in any case. */
int cli_change_rules_of(const struct assay_change_options *options,
                        const struct assay_change_source *source, const struct assay_change *change,
                        const struct assay_rules_in_force *rules, struct assay_ruleset *set);

/* What a node or a store said about a signature. */
struct cli_signer_check {
    bool is_checked;
    char note[2 * ASSAY_CHANGE_MESSAGE]; /* about the number of the change; "": nothing */
};
/*
 * cli_change_signer_check - check that the signing key is an operator's in force, against the
 * given source; without a source a note reports that it was not checked, since signing works
 * offline: a node that only the environment or a context names need not answer.
 * In:      verb: "change sign"; draft: the change, NULL: none is signed; id: of the key
 *          options->key
 * Out:     *check
 * Returns: ASSAY_EXIT_OK | ASSAY_EXIT_CONFLICT | status of a failed source; errors are printed
 */
int cli_change_signer_check(const struct assay_change_options *options, const char *verb,
                            const struct assay_change_draft *draft, const uint8_t id[static 32],
                            struct cli_signer_check *check);
/* The same among the operators of a document. */
int cli_change_signer_among(const struct assay_change_options *options, const char *verb,
                            const struct assay_genesis *operators, const uint8_t id[static 32]);

/* A change in a file. Errors are printed; free(*bytes) in any case. Returns: an enum assay_exit. */
int cli_change_file_load(const struct assay_change_options *options, uint8_t **bytes,
                         struct assay_change_draft *draft);
/* The file around a body; ids ascend. Returns: an enum assay_exit. */
int cli_change_file_write(const struct assay_change_options *options, const char *path,
                          struct assay_slice body, const uint8_t (*ids)[32],
                          const uint8_t (*signatures)[ASSAY_P256_SIGNATURE_LEN], uint32_t count);
/* As text or as JSON; source NULL: without names, signatures unverified.
 * Returns: an enum assay_exit. change_show.c */
int cli_change_print(const struct assay_change_options *options,
                     const struct assay_change_source *source,
                     const struct assay_change_draft *draft);
/* The same without signatures, of which a proposal has none: approvals have them. */
int cli_change_print_unsigned(const struct assay_change_options *options,
                              const struct assay_change_source *source,
                              const struct assay_change_draft *draft);
/*
 * cli_change_put_effect - effect of a change, for operators that sign it: its actions with the
 * operators that it names, its services, and the difference of its policy to the one that it finds.
 * In:      source: NULL, or nothing in it: neither names nor a difference; sequence: as
 *          cli_change_rules_before; 0: of a RECOVER, which drops what waits
 * Out:     data: actions, services, after, policy_changes
 */
void cli_change_put_effect(const struct assay_change_options *options,
                           const struct assay_change_source *source,
                           const struct assay_change *change, uint64_t sequence,
                           struct assay_json *data);
/* That as text. */
void cli_change_print_effect(const struct assay_json *data);
/*
 * cli_change_quorum_json - effect on the quorum of a change that is staged, with its weights.
 * In:      options->socket is asked who is reachable, unless there is a store; absent:
 *          [state.member_count] otherwise known to be silent, or NULL; after: of the staged state
 * Out:     *lost: members that do not vote now weigh a third or more
 * Returns: an object; change_quorum.c
 */
struct assay_json *cli_change_quorum_json(const struct assay_change_options *options,
                                          const struct assay_change_basis *basis,
                                          const bool *absent, const struct assay_tolerance *after,
                                          bool *lost);
/* That object as text; nothing for NULL. */
void cli_change_quorum_print(const struct assay_json *quorum);
/* Returns: the group's name, with which errors begin. */
const char *cli_change_group(const struct assay_change_options *options);
/* As cli_print_error, for a status. Returns: the exit status that fits. */
int cli_change_fail(const struct assay_change_options *options, enum assay_status status,
                    const char *what);
/* The same of options->key. */
int cli_change_fail_key(const struct assay_change_options *options,
                        const struct cli_key_fault *fault);

/* A request to options->socket; an assay.error is printed. Returns: an enum assay_exit and, with
 * OK, *document. */
int cli_change_request(const struct assay_change_options *options, const char *request,
                       struct assay_json **document);

/*
 * New keys (change_keys.c). Errors are printed. Returns: an enum assay_exit, and the action's
 *          fields.
 * In:      recovers: what waits is dropped, so the list in force is the base; head: chain, era and
 *          sequence, which the new key signs; argument: NAME=KEY
 * Out:     document: the new list, which the action borrows
 */
int cli_change_operator_key_draft(const struct assay_change_options *options,
                                  const struct assay_change_basis *basis, bool recovers,
                                  const struct assay_change *head, const char *argument,
                                  uint8_t document[static ASSAY_OPERATORS_LEN_MAX],
                                  struct assay_action *action);
/* Of a file of `assay keys rotate --identity`, whose key signed for one change; head: this one. */
int cli_change_identity_draft(const struct assay_change_options *options,
                              const struct assay_change *head, const char *path,
                              struct assay_action *action);

/* Options of the groups `change` and `recover`; "" are those that ask for actions. */
#define ASSAY_CHANGE_TARGETS(o)                                                                    \
    { "socket", .text = &(o)->socket }, { "out", .text = &(o)->out },                              \
        { "key", .text = &(o)->key }, { "threshold", .text = &(o)->threshold },                    \
        { "json", .flag = &(o)->json },                                                            \
    {                                                                                              \
        "", .take = cli_change_take_option, .context = (o)                                         \
    }
/* One option that asks for an action, or says more of the --join before it. context: the options.
 * Returns: -1 to go on, else the exit status, after printing why it does not fit. */
int cli_change_take_option(void *context, const char *option, const char *argument);
/* After them: how errors begin, and the socket where none is given. */
void cli_change_set_defaults(struct assay_change_options *options, const char *group);
/* The options as a CHANGE record without signatures; source: opened by the caller.
 * Out: record[ASSAY_CHANGE_RECORD_LEN_MAX], *len 0 without an action. Errors are printed.
 * Returns: an enum assay_exit. change_draft.c */
int cli_change_draft_record(const struct assay_change_options *options,
                            const struct assay_change *head, uint8_t *record, size_t *len);

/* The whole plan: services of `before` (len 0: none) and those of a file (apps/config.h).
 * Out: *document: in bytes[ASSAY_SERVICES_PLAN_LEN_MAX]. Errors are printed. Returns: an enum
 * assay_exit. change_services.c */
int cli_change_services_draft(const struct assay_change_options *options, struct assay_slice before,
                              uint32_t epoch_ms, const char *path, uint8_t *bytes,
                              struct assay_slice *document);
/* Every service of the plan `after`, and which are new. Returns: an array. */
struct assay_json *cli_change_services_json(struct assay_slice before, struct assay_slice after);
/* The plan of services that a change brings against the one that it finds; source: NULL, or nothing
 * in it: it finds none. Returns: NULL when it brings none. */
struct assay_json *cli_change_services_of(const struct assay_change_source *source,
                                          const struct assay_change *change);
/* That array as text. */
void cli_change_services_print(const struct assay_json *list);

/* The verbs. Each Returns: an enum assay_exit. */
int cli_change_run_draft(const struct assay_change_options *options);
int cli_change_run_show(const struct assay_change_options *options);
int cli_change_run_simulate(const struct assay_change_options *options);
int cli_change_run_sign(const struct assay_change_options *options);
int cli_change_run_submit(const struct assay_change_options *options);
int cli_change_run_list(const struct assay_change_options *options);
int cli_change_run_propose(const struct assay_change_options *options);
int cli_change_run_inbox(const struct assay_change_options *options);
int cli_change_run_approve(const struct assay_change_options *options);
int cli_change_run_withdraw(const struct assay_change_options *options);

#endif
