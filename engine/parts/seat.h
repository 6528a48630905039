/*
 * engine/parts/seat.h - state of one roster slot in the running epoch.
 */
#ifndef ASSAY_ENGINE_PARTS_SEAT_H
#define ASSAY_ENGINE_PARTS_SEAT_H

#include "engine/ledger/records/envelope.h"
#include "engine/ledger/records/finding.h"

struct assay_engine;

enum assay_seat_phase {
    ASSAY_SEAT_EMPTY,    /* no envelope, or one whose evidence was not requested yet */
    ASSAY_SEAT_FETCHING, /* envelope received, evidence or verdict pending */
    ASSAY_SEAT_JUDGED,
    ASSAY_SEAT_FOREIGN, /* evidence of something else: as if none had arrived */
    ASSAY_SEAT_MISSING, /* envelope received, evidence unavailable */
};

enum { ASSAY_REFUSED_MAX = 4 }; /* an honest member has none, or one after a verifier failure */

struct assay_seat {
    enum assay_seat_phase phase;
    enum assay_outcome outcome; /* JUDGED */
    bool without_keys;          /* PASS: it binds no keys although its member declared some */
    uint8_t grants;             /* PASS with the declared keys: granted names (2.17) */
    struct assay_envelope envelope;
    uint8_t payload[ASSAY_ENVELOPE_LEN_MAX];
    size_t payload_len;                    /* 0: no envelope */
    uint8_t early[ASSAY_ENVELOPE_LEN_MAX]; /* of the next epoch, signature verified */
    size_t early_len;
    uint32_t asked; /* peers queried for envelope or evidence */
    /* Records rejected by verification in this epoch for which this member is accountable, by key;
     * and how many of them its proposals contained (docs/protocol.md 5.12.1). */
    uint32_t refused, misled;
    uint8_t refused_keys[ASSAY_REFUSED_MAX][32];
    uint8_t proven; /* bit n - 1: a proof of En in this epoch was made (5.23.1) */
    /* For operators, across epochs. */
    enum assay_outcome last_outcome;
    uint64_t last_attempt_epoch;
    char last_reason[ASSAY_FINDING_REASON_LEN];
};

/* Resets every seat at the start of the engine. */
void assay_seat_init(struct assay_engine *e);
/* An epoch begins: clears every seat except envelopes that arrived early. */
void assay_seat_on_epoch(struct assay_engine *e);
/* Stores the slot's envelope of the running epoch; the own one may arrive more than once. */
void assay_seat_set_envelope(struct assay_engine *e, uint32_t slot,
                             const struct assay_envelope *envelope, struct assay_slice payload);
/* Stores one of the next epoch. */
void assay_seat_set_early(struct assay_engine *e, uint32_t slot, struct assay_slice payload);
/* Removes it. Returns: its length in payload, 0 when there is none. */
size_t assay_seat_take_early(struct assay_engine *e, uint32_t slot,
                             uint8_t payload[static ASSAY_ENVELOPE_LEN_MAX]);
/* Adds to the count of peers queried for what the seat lacks. */
void assay_seat_add_asked(struct assay_engine *e, uint32_t slot, uint32_t peers);
/* Marks its evidence as being fetched. */
void assay_seat_set_fetching(struct assay_engine *e, uint32_t slot);
/* Marks its evidence as unavailable. */
void assay_seat_set_missing(struct assay_engine *e, uint32_t slot);
/* Sets the outcome; own: the evidence is bound to this slot and epoch, else the seat is FOREIGN. */
void assay_seat_set_outcome(struct assay_engine *e, uint32_t slot, bool own,
                            enum assay_outcome outcome, bool without_keys);
/* Sets the granted names that the evidence of a PASS with the declared keys has. */
void assay_seat_set_grants(struct assay_engine *e, uint32_t slot, uint8_t grants);
/* Sets the reason of the last negative outcome, for operators; truncated to its field. */
void assay_seat_set_reason(struct assay_engine *e, uint32_t slot, const char *text);
/* Others proved that this node's own evidence of an epoch fails: recorded for its operator, since a
 * node does not appraise itself. */
void assay_seat_set_own_failure(struct assay_engine *e, uint64_t epoch, enum assay_outcome outcome,
                                const char *text);
/* Verification rejected a record for which the slot is accountable. */
void assay_seat_add_refused(struct assay_engine *e, uint32_t slot, const uint8_t key[static 32]);
/* Records that a proof of En about the slot in this epoch was made. */
void assay_seat_set_proven(struct assay_engine *e, uint32_t slot, unsigned number);
/* The proof found no place: it has to be found again. */
void assay_seat_clear_proven(struct assay_engine *e, uint32_t slot, unsigned number);
/* Returns: whether such a proof was made. */
bool assay_seat_is_proven(const struct assay_engine *e, uint32_t slot, unsigned number);
/* Counts such a record in a proposal of the slot. */
void assay_seat_add_misled(struct assay_engine *e, uint32_t slot);
/* Returns: whether that record was rejected in this epoch, from any accountable member. */
bool assay_seat_was_refused(const struct assay_engine *e, const uint8_t key[static 32]);
/* Aborts on a seat that breaks an invariant. */
void assay_seat_check(const struct assay_engine *e, uint32_t slot);

#endif
