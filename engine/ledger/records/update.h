/*
 * engine/ledger/records/update.h - COLLATERAL: newer vendor-signed material of one root
 * (protocol.md 8.8 to 8.14).
 *
 *   COLLATERAL  [8, offer]: an offer as quote/collateral/offer.h makes it; only the vendor signs it
 *
 * Vendor formats are not the ledger's concern: it asks two pure functions (struct assay_updates)
 * how an offer relates to the set in force, and which set follows. Here is when an offer may stand
 * in a block, when it comes into force, and what becomes of it.
 */
#ifndef ASSAY_ENGINE_LEDGER_RECORDS_UPDATE_H
#define ASSAY_ENGINE_LEDGER_RECORDS_UPDATE_H

#include "base/cursor.h"
#include "base/writer.h"
#include "engine/ledger/state/state.h"

enum {
    ASSAY_UPDATE_LEN_MAX = 48 * 1024 - 64, /* of an offer: ASSAY_RECORD_LEN_MAX */
    ASSAY_UPDATE_RECORD_LEN_MAX = 48 * 1024,
    /* Recoveries that wait, and renewals: neither takes the places of the other. */
    ASSAY_UPDATES_ALIKE_MAX = 6,
    ASSAY_UPDATES_EPOCH_MAX = 4, /* that one epoch takes, and that serve from one epoch on */
    /* A set in force. A node in fast sync is sent up to five of them in one answer. */
    ASSAY_SET_LEN_MAX = 512 * 1024,
    /* A set of the same number that was reverted: nothing more of its part for so long. */
    ASSAY_UPDATE_AGAIN_MS = 24 * 3600 * 1000,
};

/* What the ledger asks about collateral. The same bytes give the same answer on every machine. */
struct assay_updates {
    void *context;
    /* Relation of an offer to a set at a time. Returns: ASSAY_OK and *facts | ASSAY_E_EARLY (not
     * valid yet) | ASSAY_E_STALE (ended, or nothing in it is newer) | other statuses: refused */
    enum assay_status (*judge)(void *context, struct assay_slice set, struct assay_slice offer,
                               int64_t at_unix_s, struct assay_update_facts *facts);
    /* The set that offers make of a set, one after the other; what does not follow any more is left
     * out. Out: the set in w; taken[count]; *until_unix_s: until when what they replace is valid;
     * *same: the set says what the one before says, and only dates and signatures moved forward.
     * Returns: ASSAY_OK | ASSAY_E_STALE (none follows) | ASSAY_E_FULL | other statuses */
    enum assay_status (*follow)(void *context, struct assay_slice set,
                                const struct assay_slice *offers, size_t count, int64_t at_unix_s,
                                struct assay_writer *w, bool *taken, int64_t *until_unix_s,
                                bool *same);
};

/* Records of the updates that a state names, by their digests. */
struct assay_update_cache {
    bool used[ASSAY_UPDATES_MAX];
    uint8_t digest[ASSAY_UPDATES_MAX][32];
    size_t len[ASSAY_UPDATES_MAX];
    uint8_t *bytes[ASSAY_UPDATES_MAX]; /* [ASSAY_UPDATE_RECORD_LEN_MAX] each, the caller's */
};

/* Returns: the record of this digest; empty when it is not there. */
struct assay_slice assay_update_cache_find(const struct assay_update_cache *update_cache,
                                           const uint8_t digest[static 32]);
/* Copies a record, unless it is there; a full shelf takes none. */
void assay_update_cache_put(struct assay_update_cache *update_cache, struct assay_slice record);
/* What the state does not name makes room. */
void assay_update_cache_prune(struct assay_update_cache *update_cache,
                              const struct assay_state *state);
/* Is everything there that the state names? Returns: whether so. */
bool assay_update_cache_is_complete(const struct assay_update_cache *update_cache,
                                    const struct assay_state *state);

/* The record around an offer. Returns: ASSAY_OK | ASSAY_E_FULL | ASSAY_E_RANGE (too long) */
ASSAY_CHECKED enum assay_status assay_record_put_update(struct assay_writer *w,
                                                        struct assay_slice offer);
/* The offer in the bytes of a COLLATERAL record. Returns: ASSAY_OK | INPUT statuses */
ASSAY_CHECKED enum assay_status assay_update_offer(struct assay_slice record,
                                                   struct assay_slice *offer);
/* May an offer of these facts be the first of an epoch of this t0, given the updates of a state?
 * Returns: ASSAY_OK | ASSAY_E_DUPLICATE (it waits or is tried already, or was reverted) |
 * ASSAY_E_FULL */
ASSAY_CHECKED enum assay_status assay_update_fits(const struct assay_update *updates,
                                                  uint32_t count, uint64_t t0_ms,
                                                  const struct assay_update_facts *facts);
/* A block took it. */
void assay_update_add(struct assay_state *next, const struct assay_update_facts *facts,
                      struct assay_slice record, uint64_t t0_ms);
/* The update at this place is pending no longer. */
void assay_update_remove(struct assay_state *next, uint32_t at);
/* Operators activate it now, without a trial. Returns: ASSAY_OK | ASSAY_E_NOT_FOUND (no such update
 * waits or was reverted) */
ASSAY_CHECKED enum assay_status assay_update_force(struct assay_state *state,
                                                   const uint8_t digest[static 32]);
/* The trial that it was part of ended. */
void assay_update_stays(struct assay_state *next);
void assay_update_reverts(struct assay_state *next, uint64_t t0_ms);
/* Those of the same number that were reverted long enough ago. */
void assay_update_forget(struct assay_state *next, uint64_t t0_ms);
/* "waiting", "trial", "reverted". Returns: never NULL. */
const char *assay_update_phase_name(enum assay_update_phase phase);

#endif
