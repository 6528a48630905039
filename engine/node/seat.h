/*
 * engine/node/seat.h - what this node knows of one roster slot in the running epoch.
 */
#ifndef ASSAY_ENGINE_NODE_SEAT_H
#define ASSAY_ENGINE_NODE_SEAT_H

#include "engine/ledger/records/envelope.h"
#include "engine/ledger/records/finding.h"

struct assay_engine;

enum assay_seat_phase {
    ASSAY_SEAT_EMPTY,    /* no envelope, or one whose evidence nobody asked for yet */
    ASSAY_SEAT_FETCHING, /* envelope held, evidence or verdict on its way */
    ASSAY_SEAT_JUDGED,
    ASSAY_SEAT_FOREIGN, /* evidence of something else: as if nothing had come */
    ASSAY_SEAT_MISSING, /* envelope held, evidence not to be had */
};

enum { ASSAY_REFUSED_MAX = 4 }; /* an honest member has none; a verifier that fails once, one */

struct assay_seat {
    enum assay_seat_phase phase;
    enum assay_outcome outcome; /* JUDGED */
    struct assay_envelope envelope;
    uint8_t payload[ASSAY_ENVELOPE_LEN_MAX];
    size_t payload_len;                    /* 0: no envelope */
    uint8_t early[ASSAY_ENVELOPE_LEN_MAX]; /* of the next epoch, signature good */
    size_t early_len;
    uint32_t asked; /* peers asked for envelope or evidence */
    /* Records that verification refused in this epoch and that this member answers for, by key; and
     * how many stood in its proposals (docs/protocol.md 5.12.1). */
    uint32_t refused, misled;
    uint8_t refused_keys[ASSAY_REFUSED_MAX][32];
    uint8_t proven; /* bit n - 1: a proof of En in this epoch was made (5.23.1) */
    /* For people, across epochs. */
    enum assay_outcome last_outcome;
    uint64_t last_attempt_epoch;
    char last_reason[ASSAY_FINDING_REASON_LEN];
};

/* Every seat as at the start of the engine. */
void assay_seat_init(struct assay_engine *e);
/* An epoch begins: no seat holds anything of it but what came early. */
void assay_seat_on_epoch(struct assay_engine *e);
/* The slot's envelope of the running epoch; one's own may come back more than once. */
void assay_seat_set_envelope(struct assay_engine *e, uint32_t slot,
                             const struct assay_envelope *envelope, struct assay_slice payload);
/* One of the next epoch. */
void assay_seat_set_early(struct assay_engine *e, uint32_t slot, struct assay_slice payload);
/* Takes it out. Returns: its length in payload, 0 when there is none. */
size_t assay_seat_take_early(struct assay_engine *e, uint32_t slot,
                             uint8_t payload[static ASSAY_ENVELOPE_LEN_MAX]);
/* So many peers more were asked for what the seat lacks. */
void assay_seat_add_asked(struct assay_engine *e, uint32_t slot, uint32_t peers);
/* Its evidence is being fetched. */
void assay_seat_set_fetching(struct assay_engine *e, uint32_t slot);
/* It is not to be had. */
void assay_seat_set_missing(struct assay_engine *e, uint32_t slot);
/* It was judged; own: it is bound to this slot and epoch, else the seat is FOREIGN. */
void assay_seat_set_outcome(struct assay_engine *e, uint32_t slot, bool own,
                            enum assay_outcome outcome);
/* Why a member was judged badly last, for people; cut to its field. */
void assay_seat_set_reason(struct assay_engine *e, uint32_t slot, const char *text);
/* Others proved that this node's own evidence of an epoch fails: nobody judges itself, and its
 * operator wants to know. */
void assay_seat_set_own_failure(struct assay_engine *e, uint64_t epoch, enum assay_outcome outcome,
                                const char *text);
/* Verification refused a record that the slot answers for. */
void assay_seat_add_refused(struct assay_engine *e, uint32_t slot, const uint8_t key[static 32]);
/* A proof of En about the slot in this epoch was made. */
void assay_seat_set_proven(struct assay_engine *e, uint32_t slot, unsigned number);
/* One was, and found no place: it is to be found again. */
void assay_seat_clear_proven(struct assay_engine *e, uint32_t slot, unsigned number);
/* Returns: whether one was. */
bool assay_seat_is_proven(const struct assay_engine *e, uint32_t slot, unsigned number);
/* It stood in a proposal of the slot's. */
void assay_seat_add_misled(struct assay_engine *e, uint32_t slot);
/* Returns: whether that record was refused in this epoch, whoever answered for it. */
bool assay_seat_was_refused(const struct assay_engine *e, const uint8_t key[static 32]);
/* Aborts on a seat that breaks an invariant. */
void assay_seat_check(const struct assay_engine *e, uint32_t slot);

#endif
