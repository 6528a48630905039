/*
 * engine/evidence/pool.h - pool of records waiting for a block: bounded, deduplicated by content.
 *
 * docs/protocol.md 5.12: a record of a nullified proposal waits 16 views, doubling. Two sizes
 * of slots, since ballots are many and small, records with evidence few and large. Items are read
 * by all files and changed here.
 */
#ifndef ASSAY_ENGINE_EVIDENCE_POOL_H
#define ASSAY_ENGINE_EVIDENCE_POOL_H

#include "engine/ledger/records/record.h"
#include "engine/ledger/state/services.h"

enum assay_pool_phase {
    ASSAY_POOL_FREE,
    ASSAY_POOL_ASKED, /* its evidence is being verified */
    ASSAY_POOL_READY, /* valid: relayed, offered to blocks */
    ASSAY_POOL_DONE,  /* in a final block; retained against duplicates until its epoch is over */
};

struct assay_pool_item {
    enum assay_pool_phase phase;
    uint8_t key[32];
    enum assay_record_kind kind;
    uint64_t epoch; /* that it is about */
    uint32_t slot, subject, incarnation;
    uint16_t from;     /* first sender */
    bool own;          /* made here: sent again until it is final */
    bool chosen;       /* by the proposal made last */
    enum assay_service_budget budget; /* SERVICE; common of all other kinds */
    uint64_t compared; /* BALLOT: 1 + the number of our judgements that it was held against */
    uint8_t evidence_digest[32];
    int64_t at_unix_s;
    uint64_t since; /* version of the pool that it came into */
    uint64_t sent_ms;
    uint64_t placed_view; /* of the last proposal that held it; 0: none */
    uint64_t not_before;  /* view */
    uint32_t wait_views;  /* after the next nullified proposal */
    enum assay_outcome outcome;
    enum assay_falsehood falsehood;
    bool felled; /* FAIL */
    bool may_wait;
    struct assay_update_facts update; /* COLLATERAL */
    uint8_t *bytes;
    size_t len, capacity;
};

struct assay_pool {
    struct assay_pool_item *items;
    uint8_t *tags; /* [count] first byte of each item's key: what a search reads first */
    uint32_t count;
    uint32_t small_count;  /* items[0 .. small_count) have small slots */
    uint32_t passing_from; /* items[passing_from .. count) are for records that pass alone: */
    uint32_t keys_count;   /* so many for KEYS, one of each member; the others for SERVICE, */
    const struct assay_services *services; /* with a reserved budget, every second for that */
    uint32_t reserved_of_author;           /* records of an author of that budget at once */
    struct assay_review_part parts[ASSAY_OPERATORS_MAX]; /* by subject: taken in this epoch */
    uint64_t version; /* moves when what is offered may have changed */
};

/* Returns: bytes of memory. */
size_t assay_pool_memory_len(uint32_t members, const struct assay_services *services);
/* memory: aligned to 16; services: with places for their records, NULL: none. */
void assay_pool_init(struct assay_pool *pool, void *memory, uint32_t members,
                     const struct assay_services *services);
/* Has an author as many records of this kind, budget and epoch as are stored at once, or is there
 * no place for another one? Returns: whether it would be refused. */
bool assay_pool_is_full_of(const struct assay_pool *pool, enum assay_record_kind kind,
                           enum assay_service_budget budget, uint32_t slot, uint64_t epoch);
/* Returns: the item that says this, NULL when there is none. */
const struct assay_pool_item *assay_pool_find(const struct assay_pool *pool,
                                              const uint8_t key[static 32]);
/*
 * A checked record comes in; its bytes are copied. One voter has one ballot an epoch, one member
 * two INCARNATE, one FAIL and one KEYS, one static proof and one that may wait, four
 * contradictions: no member can fill the pool, and no operator can have it pass on more than its
 * part of the blocks of an epoch. In a full one what stands in a final block makes room; ballots
 * stay, they may be contradicted.
 * Returns: ASSAY_OK and *out in phase ASKED | ASSAY_E_DUPLICATE | ASSAY_E_FULL | ASSAY_E_RANGE
 */
ASSAY_CHECKED enum assay_status assay_pool_add(struct assay_pool *pool,
                                               const struct assay_record *record, uint16_t from,
                                               const struct assay_pool_item **out);
void assay_pool_remove(struct assay_pool *pool, const struct assay_pool_item *item);
/* Its evidence says what the record says, or it has none: READY. */
void assay_pool_set_ready(struct assay_pool *pool, const struct assay_pool_item *item,
                          const struct assay_record *record);
/* It is in a final block: DONE. */
void assay_pool_set_final(struct assay_pool *pool, const struct assay_pool_item *item);
/* It was made here, and is sent again until it is final. */
void assay_pool_set_own(struct assay_pool *pool, const struct assay_pool_item *item);
/* It was sent to all. */
void assay_pool_set_sent(struct assay_pool *pool, const struct assay_pool_item *item,
                         uint64_t now_ms);
/* A valid proposal of a view holds it. */
void assay_pool_set_proposed(struct assay_pool *pool, const struct assay_pool_item *item,
                             uint64_t view);
/* items[index], a BALLOT, was held against so many judgements. */
void assay_pool_set_compared(struct assay_pool *pool, uint32_t index, uint64_t judgements);
/* For the proposal being made: nothing yet. */
void assay_pool_clear_choice(struct assay_pool *pool);
/* items[index] goes into the proposal of a view. */
void assay_pool_choose(struct assay_pool *pool, uint32_t index, uint64_t view);
/* A proposal's view was nullified: its records wait (docs/protocol.md 5.12). */
void assay_pool_on_nullified(struct assay_pool *pool, uint64_t view);
/* The epoch is over: forget ballots, FAIL and INCARNATE of it and proofs that are too old. */
void assay_pool_on_epoch(struct assay_pool *pool, uint64_t epoch);

#endif
