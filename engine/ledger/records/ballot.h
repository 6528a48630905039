/*
 * engine/ledger/records/ballot.h - one verifier's signed vector of outcomes over the whole roster.
 *
 * docs/protocol.md 4.3. Body: ["assay/ballot/v1", chain_id, era, epoch, node_id, incarnation,
 * roll root, endorsements digest, policy digest, verifier digest, row, exceptions], the feature
 * level of its author where it is not 0 (docs/protocol.md 9.10), and where the plan of services
 * grants names, [digest of the list, names, bits] (docs/protocol.md 2.17); row packs four bits a
 * slot (scoring/tally.h), an exception [slot, envelope digest] names an envelope that the
 * roll omitted or that differs from the roll's. The voting key signs the SHA-256 of the body.
 *
 * The roll root is the RFC 6962 root over the roll's entries (engine/ledger/records/record.h), so
 * that a proof about one slot needs a path and not the whole roll.
 */
#ifndef ASSAY_ENGINE_LEDGER_RECORDS_BALLOT_H
#define ASSAY_ENGINE_LEDGER_RECORDS_BALLOT_H

#include "base/crypto.h"
#include "base/writer.h"
#include "engine/ledger/state/grants.h"
#include "scoring/tally.h"

enum {
    ASSAY_EXCEPTIONS_MAX = 128, /* more than voters; of more omissions, so many in turn */
    ASSAY_BALLOT_FIXED_LEN_MAX = 432 + ASSAY_EXCEPTIONS_MAX * 42, /* all but the rows */
    ASSAY_BALLOT_ROW_LEN_MAX = ASSAY_SCORING_MEMBERS_MAX / 2,
    ASSAY_BALLOT_GRANTS_LEN_MAX = ASSAY_SCORING_MEMBERS_MAX * ASSAY_GRANTS_MAX / 8,
    ASSAY_BALLOT_LEN_MAX =
        ASSAY_BALLOT_FIXED_LEN_MAX + ASSAY_BALLOT_ROW_LEN_MAX + ASSAY_BALLOT_GRANTS_LEN_MAX,
};

struct assay_exception {
    uint32_t slot;
    uint8_t digest[32];
};

/* Granted names whose reference values the evidence of each slot has. */
struct assay_ballot_grants {
    uint32_t names;         /* 0: the ballot states nothing about names */
    uint8_t digest[32];     /* of the list that it was evaluated by */
    struct assay_slice row; /* borrowed; grants.h */
};

struct assay_ballot {
    uint8_t chain_id[32];
    uint32_t era;
    uint64_t epoch;
    uint8_t node_id[32];
    uint32_t incarnation;
    uint8_t roll_root[32], endorsements_digest[32], policy_digest[32], verifier_digest[32];
    uint32_t level;         /* the highest feature level that its author's build supports (9.10) */
    struct assay_slice row; /* borrowed */
    uint32_t exception_count;
    struct assay_exception exceptions[ASSAY_EXCEPTIONS_MAX]; /* slots ascend */
    struct assay_ballot_grants grants;                       /* of a build with a level alone */
};

/* Errors collect in the writer. */
void assay_ballot_encode(const struct assay_ballot *ballot, struct assay_writer *w);
/* Shape only; rows borrow from body. Returns: ASSAY_OK | INPUT statuses */
ASSAY_CHECKED enum assay_status assay_ballot_decode(struct assay_slice body,
                                                    struct assay_ballot *ballot);
/* Returns: the maximum length of a ballot over so many members and granted names. */
size_t assay_ballot_len_max(uint32_t members, uint32_t names);
/* Whether a ballot states which of these names evidence has. grants: NULL: the plan has none.
 * Returns: false where it was evaluated by another list, or not at all. */
bool assay_ballot_grants_by(const struct assay_ballot_grants *said,
                            const struct assay_grants *grants);
/* Whether a ballot of an epoch names the k-th of the slots that the roll omitted (k < omitted,
 * asserted): every honest voter the same ones, and each in its turn where they are too many.
 * Returns: true for all of up to ASSAY_EXCEPTIONS_MAX, and for exactly so many of more */
bool assay_ballot_names(uint64_t epoch, uint32_t k, uint32_t omitted);
/* Returns: the exception about a slot, NULL when there is none. */
const struct assay_exception *assay_ballot_exception(const struct assay_ballot *ballot,
                                                     uint32_t slot);

#endif
