/*
 * apps/assay/members/change_proposal.h - checks of what a node answers about a proposal, before an
 * operator confirms and signs: the node may lie (docs/threat-model.md).
 */
#ifndef ASSAY_APPS_ASSAY_MEMBERS_CHANGE_PROPOSAL_H
#define ASSAY_APPS_ASSAY_MEMBERS_CHANGE_PROPOSAL_H

#include "engine/ledger/records/record.h"
#include "net/documents/change_review.h"
#include "net/json/json.h"

enum {
    CLI_PROPOSAL_ID_MIN = 16, /* digits: more work than one finds a second change for */
    CLI_PROPOSAL_COMMENT_LEN = 4 * ASSAY_REVIEW_COMMENT_MAX + sizeof "...",
};

/*
 * cli_proposal_check_id - is this an id, or enough of one?
 * In:      complete: no operator confirms the id before it is signed
 * Out:     message: what was expected
 */
bool cli_proposal_check_id(const char *id, bool complete,
                           char message[static ASSAY_CHANGE_MESSAGE]);

/*
 * cli_proposal_read - the author's signed record of the proposal `id` in a node's answer.
 * In:      data: of the document assay.proposal; bytes[ASSAY_CHANGE_RECORD_LEN_MAX]
 * Out:     *record: signed by an operator in force, on this chain and in this era, about the change
 *          in it; borrows bytes. message: why not
 * Returns: ASSAY_OK | ASSAY_E_CHAIN | ASSAY_E_STRANGER | ASSAY_E_SIGNATURE | ASSAY_E_INVALID |
 *          ASSAY_E_EARLY (of an epoch that is none yet) | INPUT statuses
 */
ASSAY_CHECKED enum assay_status cli_proposal_read(const struct assay_change_basis *basis,
                                                  const struct assay_json *data, const char *id,
                                                  uint8_t *bytes, struct assay_record *record,
                                                  char message[static ASSAY_CHANGE_MESSAGE]);

/*
 * cli_proposal_check_change - can a proposal have this change: one that a threshold signs, of this
 * chain and era, which blocks can take now or after others?
 * Returns: ASSAY_OK | ASSAY_E_UNSUPPORTED (one signature suffices) | ASSAY_E_FULL (too long) | as
 *          assay_draft_review, but not ASSAY_E_EARLY
 */
ASSAY_CHECKED enum assay_status cli_proposal_check_change(
    struct assay_change_basis *basis, const struct assay_change_draft *draft,
    char message[static ASSAY_CHANGE_MESSAGE]);

/*
 * cli_proposal_set_issue - issue of the next statement in a place: the epoch that the state says to
 * run, after what the operator stated there before.
 * In:      before: of places[], or NULL; claimed: epoch that the node's answer says to run
 * Out:     review->issued, ->number
 * Returns: ASSAY_OK | ASSAY_E_EARLY (an epoch that is none yet) | ASSAY_E_RANGE (a number that no
 *          operator has reached)
 */
ASSAY_CHECKED enum assay_status cli_proposal_set_issue(const struct assay_change_basis *basis,
                                                       uint64_t claimed,
                                                       const struct assay_json *before,
                                                       struct assay_review *review,
                                                       char message[static ASSAY_CHANGE_MESSAGE]);

/* Returns: the id, where the member is one of 64 hexadecimal digits, else "?". */
const char *cli_proposal_id_of(const struct assay_json *object, const char *key);
/* A comment for a terminal: as it is where it is fit, else with every other byte than printable
 * ASCII escaped. Returns: out. */
const char *cli_proposal_comment(struct assay_slice comment,
                                 char out[static CLI_PROPOSAL_COMMENT_LEN]);

#endif
