/*
 * engine/parts/inventory.h - inventories of neighbours for the running epoch and requests for
 * missing items: envelopes and ballots, by slot (docs/protocol.md 4.1.4, 4.12.10, 4.1.5).
 */
#ifndef ASSAY_ENGINE_PARTS_INVENTORY_H
#define ASSAY_ENGINE_PARTS_INVENTORY_H

#include "engine/ledger/records/inventory.h"
#include "engine/ledger/records/record.h"

struct assay_engine;

enum assay_inventory_lane {
    ASSAY_INVENTORY_ENVELOPE,
    ASSAY_INVENTORY_BALLOT,
    ASSAY_INVENTORY_LANES
};

enum {
    ASSAY_REQUEST_MISSING_FIRST =
        8, /* pieces that a neighbour is asked for at once, to begin with */
    ASSAY_REQUEST_MISSING_MAX = 256, /* and at most: the others have them as well */
    ASSAY_PEERS_AT_ONCE = 3,         /* asked in one round (4.1.4) */
    ASSAY_BALLOT_ROUNDS = 3,
};

/* One missing item, and the members that announced it. */
struct assay_missing_item {
    uint16_t source, spare; /* queried; next one. ASSAY_SLOT_ALL: none */
    bool due;               /* to be requested from its source in this step */
    uint64_t since_ms;      /* its source was asked then, or its spare spoke */
};

/* How many pieces a neighbour is asked for at once. When a batch is over the window has doubled or
 * been halved. */
struct assay_request_missing_window {
    uint16_t size;    /* 1..ASSAY_REQUEST_MISSING_MAX */
    uint16_t flying;  /* pieces of this batch that are awaited */
    uint16_t given;   /* that it gave in time */
    bool late;        /* one of them was late */
    uint64_t doubted; /* epoch in which it was late with a window of 1; 0: it was not */
};

struct assay_inventory_state {
    struct assay_missing_item *lacks[ASSAY_INVENTORY_LANES]; /* [members] each */
    struct assay_request_missing_window *windows; /* [members] */
    uint64_t announce_at_ms;                      /* UINT64_MAX: nothing new to announce */
    uint64_t late_at_ms; /* when the first source is late; UINT64_MAX: no request pending */
    uint32_t rounds;     /* rounds of requests for ballots */
};

/* Empty, at the start of the engine. */
void assay_inventory_init(struct assay_engine *e);
/* An epoch begins: clears announcements and requests. */
void assay_inventory_on_epoch(struct assay_engine *e);
/* Something new of a slot in the running epoch is here; from: as where messages are taken. */
void assay_inventory_add(struct assay_engine *e, enum assay_inventory_lane lane, uint16_t from,
                         uint32_t slot);
/* Receives an inventory of a neighbour.
 * Returns: ASSAY_OK | ASSAY_E_EARLY | ASSAY_E_STALE | as assay_inventory_decode */
ASSAY_CHECKED enum assay_status assay_inventory_on_announcement(struct assay_engine *e,
                                                                uint16_t from,
                                                                struct assay_slice payload);
/* Receives a request of a member and sends it the items that are here. Returns: as above. */
ASSAY_CHECKED enum assay_status assay_inventory_on_request(struct assay_engine *e, uint16_t from,
                                                           struct assay_slice payload);
/* Returns: whether the final roll names another envelope of a slot than the one stored here, and no
 * proof of it is known. */
bool assay_inventory_is_disputed(const struct assay_engine *e, uint32_t slot);
/* A valid ballot: who voted on other envelopes than those held here is asked for them. */
void assay_inventory_on_ballot(struct assay_engine *e, const struct assay_record *ballot);
/* The k-th member to ask in a round, k < ASSAY_PEERS_AT_ONCE (asserted): never oneself, and another
 * one for each k as long as there are so many. Returns: a slot, ASSAY_SLOT_ALL: nobody serves */
uint16_t assay_inventory_get_peer(const struct assay_engine *e, uint32_t round, uint32_t k);
void assay_inventory_tick(struct assay_engine *e);
/* The machine paused: restarts the time-outs of pending requests. */
void assay_inventory_on_pause(struct assay_engine *e);
/* Returns: the monotonic time at which a tick has something to do, UINT64_MAX for none. */
uint64_t assay_inventory_wake_at(const struct assay_engine *e);
/* Aborts on a broken invariant. */
void assay_inventory_check(const struct assay_engine *e);

#endif
