/*
 * engine/ledger/records/row.h - table row of a record kind, defined in the file of the kind.
 *
 * Code outside the kind's file does not depend on the kind, except where records are made, and for
 * ROLL and BALLOT, which structure an epoch.
 */
#ifndef ASSAY_ENGINE_LEDGER_RECORDS_ROW_H
#define ASSAY_ENGINE_LEDGER_RECORDS_ROW_H

#include "engine/ledger/records/ledger.h"
#include "engine/ledger/records/record.h"

/* What is reported to operators when it has become final. */
struct assay_record_report {
    enum assay_outcome failed; /* NONE: it proves no failure */
    unsigned offence;          /* 1: E1 ..; 0: it convicts nobody */
    const char *reason;        /* static text, NULL for none */
};

struct assay_record_row {
    const char *name;   /* "ballot" */
    uint32_t items;     /* of the CBOR array, kind included */
    bool in_rolls_only; /* made by leaders, first in ROLL blocks, never sent alone */

    /* Limits of a pool for one author: in all, of an epoch, of an epoch about one subject; 0: no
     * limit but the size of the pool. Records that may wait (record.h) count separately. */
    struct {
        uint32_t of_author, of_epoch, of_subject;
    } limits;
    /* Of the places of each size in a pool, one in so many at most; 0: no limit. For records whose
     * authors are no members, and may be more than those. */
    uint32_t places_of;
    /* NULL: what is over the limits of a pool is refused. Of two records of one author and subject:
     * whether a makes room for the later b. */
    bool (*yields)(const struct assay_record *a, const struct assay_record *b);
    /* NULL: no bound. Adds to what the subject has used of its part of the epoch, where the part
     * has room: what a pool takes of one subject in an epoch is bounded, since all of it is
     * relayed. Returns: whether it has */
    bool (*take_part)(struct assay_review_part *part, const struct assay_record *record);
    /* What may wait has no limit of an author: enough operators signed it, and none of them alone
     * decides how many there are. */
    bool waits_freely;
    bool outlives; /* a proof: good for ASSAY_RETAINED_EPOCHS, else for its epoch alone */
    bool stays;    /* in a full pool, too, when it stands in a final block */
    bool passes;   /* out of the pool as soon as it is final, and into places of its own before */
    bool place_of_author; /* of these: one place of each member, which no other record takes */
    /* fits says ASSAY_E_FULL of what no later block of the epoch takes, either: the part of an
     * author, or of all, is used up. In a pool it would keep its place until the epoch ends. */
    bool full_for_epoch;
    bool late_is_free; /* of these: one of an epoch that closed, or to come, costs nothing */
    bool check_costs;  /* as much as a verification: who sent it answers for what is refused */

    /* Shape, after kind; fills in record->key. Returns: ASSAY_OK | INPUT statuses */
    enum assay_status (*decode)(struct assay_cursor *c, struct assay_record *record);
    /* Returns: as assay_record_check */
    enum assay_status (*check)(const struct assay_context *context, struct assay_record *record);
    /* NULL: never. Of a decoded record whose signatures nobody has verified: whether the chain has
     * taken all that it could prove. Returns: so or not */
    bool (*spent)(const struct assay_context *context, const struct assay_ledger *ledger,
                  const struct assay_record *record);
    /* NULL: carries no evidence, costs no verification. Returns: as assay_record_judge */
    enum assay_status (*judge)(const struct assay_context *context,
                               const struct assay_finding_record *finding,
                               struct assay_record *record);
    /* NULL: the rules before those on trial do not matter. After judge, with the finding by those
     * rules. */
    void (*judge_before)(const struct assay_context *context,
                         const struct assay_finding_record *finding, struct assay_record *record);
    /* NULL: who sent it. Of a decoded record: who answers for a verification in vain; nobody else
     * can have the evidence in it asked about. Returns: a slot, the count of members: nobody */
    uint32_t (*answers)(const struct assay_context *context, const struct assay_record *record);
    /* Returns: as assay_ledger_fits */
    enum assay_status (*fits)(const struct assay_context *context,
                              const struct assay_ledger *ledger, const struct assay_record *record);
    /* fits said ASSAY_OK. */
    void (*apply)(const struct assay_context *context, struct assay_ledger *ledger,
                  const struct assay_record *record);
    /* NULL: nothing. With outcome and falsehood as judged. */
    void (*report)(const struct assay_record *record, struct assay_record_report *report);
};

#define ASSAY_RECORD_DECLARE(symbol, number, row) extern const struct assay_record_row row;
ASSAY_RECORD_LIST(ASSAY_RECORD_DECLARE)
#undef ASSAY_RECORD_DECLARE

/* Returns: the row of a kind that was decoded; never NULL. */
const struct assay_record_row *assay_record_row(enum assay_record_kind kind);

/* --- what several kinds share */

/* SHA-256 of ["assay/record/v1", kind, what it says]. */
void assay_record_key(enum assay_record_kind kind, struct assay_slice content,
                      uint8_t key[static 32]);
/* Returns: ASSAY_OK | INPUT statuses */
ASSAY_CHECKED enum assay_status assay_record_read_evidence(struct assay_cursor *c,
                                                           struct assay_record *record);
/* Returns: ASSAY_OK | INPUT statuses */
ASSAY_CHECKED enum assay_status assay_record_read_envelope(struct assay_cursor *c,
                                                           struct assay_record *record);
/* The finding as evidence that record->subject owed in record->epoch under record->envelope.
 * Out:     record->outcome; *own: whether the evidence is bound to this subject and epoch
 * Returns: ASSAY_OK | as assay_context_moment */
ASSAY_CHECKED enum assay_status assay_record_judge_envelope(
    const struct assay_context *context, const struct assay_finding_record *finding,
    struct assay_record *record, bool *own);
/* A BALLOT after its kind. Returns: ASSAY_OK | INPUT statuses */
ASSAY_CHECKED enum assay_status assay_ballot_record_decode(struct assay_cursor *c,
                                                           struct assay_record *record);
/* Two ballots of one voter in one epoch are decided by order, so a ballot of a past epoch is only
 * good for proofs. Any epoch that the state remembers. Returns: as assay_record_check */
ASSAY_CHECKED enum assay_status assay_ballot_signed(const struct assay_context *context,
                                                    struct assay_record *record, uint32_t *slot);
/* Was it made under these rules (all zero: no verifier is pinned)? Returns: whether so. */
bool assay_ballot_under(const struct assay_ballot *ballot, const uint8_t policy[static 32],
                        const uint8_t endorsements[static 32], const uint8_t verifier[static 32]);
/* Returns: as assay_record_judge */
ASSAY_CHECKED enum assay_status assay_incarnate_judge(const struct assay_context *context,
                                                      const struct assay_finding_record *finding,
                                                      struct assay_record *record);

#endif
