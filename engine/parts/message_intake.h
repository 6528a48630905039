/*
 * engine/parts/message_intake.h - intake of envelopes and records from peers: check, store,
 * relay.
 */
#ifndef ASSAY_ENGINE_PARTS_MESSAGE_INTAKE_H
#define ASSAY_ENGINE_PARTS_MESSAGE_INTAKE_H

#include "engine/ledger/records/record.h"

struct assay_engine;

enum { ASSAY_PEERS_ASKED_MIN = 3 }; /* before ABSENT may be voted (docs/protocol.md 4.3.1) */

struct assay_message_intake_state {
    /* When a record of ours in this pool is due to be sent again. */
    uint64_t resend_version, resend_at_ms;
};

/* from: a slot, ASSAY_SLOT_SELF, or ASSAY_SLOT_ALL for one that was kept. Each
 * Returns: ASSAY_OK | ASSAY_E_DUPLICATE | other INPUT statuses */
ASSAY_CHECKED enum assay_status assay_message_intake_on_envelope(struct assay_engine *e,
                                                                 uint16_t from,
                                                                 struct assay_slice payload);
/* Returns: ASSAY_OK | ASSAY_E_EARLY | ASSAY_E_STALE | other INPUT statuses */
ASSAY_CHECKED enum assay_status assay_message_intake_on_pull(struct assay_engine *e, uint16_t from,
                                                             struct assay_slice payload);
/* Returns: ASSAY_OK | ASSAY_E_DUPLICATE | other INPUT statuses */
ASSAY_CHECKED enum assay_status assay_message_intake_on_record(struct assay_engine *e,
                                                               uint16_t from,
                                                               struct assay_slice payload);
/* An epoch began: removes expired records from the pool and checks the others again. */
void assay_message_intake_on_epoch(struct assay_engine *e);
/* A block became final: removes records that can never fit after it. */
void assay_message_intake_on_final_block(struct assay_engine *e);
/* Adds a record made here to the pool, persists and sends it. */
void assay_message_intake_add_own(struct assay_engine *e, struct assay_slice bytes);
/* Records in a valid block that we did not know: kept against doubles and for E5. */
void assay_message_intake_add_from_block(struct assay_engine *e, const struct assay_record *record,
                                         uint64_t view);
/* A final block holds another ballot of a voter than the pool: the one that counts is the one to be
 * compared with our judgements (E5). */
void assay_message_intake_on_counted_ballot(struct assay_engine *e, struct assay_record *r);
/* A verdict arrived: records that waited for it become ready, or are removed. */
void assay_message_intake_on_verdict(struct assay_engine *e);
/* Requests missing envelopes from peers. */
void assay_message_intake_request_missing(struct assay_engine *e);
/* Requests our own envelope and ballot of the running epoch from all peers, after a start with a
 * log that may lack them. */
void assay_message_intake_request_own(struct assay_engine *e);
void assay_message_intake_resend(struct assay_engine *e);
/* Two signed messages that convict: E1 to E4, E8. Returns: ASSAY_OK | ASSAY_E_AGAIN (no room in
 * this step) | ASSAY_E_FULL (no place for the record: it is to be found again) */
ASSAY_CHECKED enum assay_status assay_message_intake_accuse(struct assay_engine *e, uint16_t slot,
                                                            unsigned number,
                                                            struct assay_slice first,
                                                            struct assay_slice second);

#endif
