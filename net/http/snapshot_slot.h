/*
 * net/http/snapshot_slot.h - immutable snapshots of a node, shared with the HTTP thread.
 *
 * The node's loop publishes a copy of its snapshot; a renderer acquires the newest one and releases
 * it. Neither waits longer than a pointer copy. Closed epochs are created once and shared by all
 * snapshots that include them.
 */
#ifndef ASSAY_NET_HTTP_SNAPSHOT_SLOT_H
#define ASSAY_NET_HTTP_SNAPSHOT_SLOT_H

#include "engine/ledger/state/genesis.h"
#include "host/snapshot.h"
#include "net/timeline/history.h"

#include <stdatomic.h>

enum {
    ASSAY_HTTP_EPOCHS = 256, /* some 6 MiB at 100 members */
    ASSAY_HTTP_FALSE_VOTES = 128,
    ASSAY_HTTP_EVENTS = 1024, /* of one answer, without a limit of its own */
    ASSAY_HTTP_VENDORS = 16,  /* vendor roots of a policy */
    ASSAY_HTTP_VENDOR_NAME = 32,
};

/* One member at the close of an epoch. */
struct assay_http_row {
    char name[ASSAY_NAME_MAX + 1];
    uint8_t node_id[32];
    struct assay_history_row row;
    bool has_voter_weight;
    uint32_t voter_weight; /* in that epoch; row.weight is of the one that began */
    bool balloted;
    bool proven_fail; /* a FAIL record of this epoch's blocks */
};

struct assay_http_epoch {
    _Atomic uint32_t references;
    uint64_t epoch;
    uint32_t era, count;
    bool certified;
    bool has_votes;              /* its blocks were read */
    struct assay_http_row *rows; /* [count] */
    /* [count * count], [voter * count + subject]: letters of assay_http_outcome_letter */
    char *outcomes;
};

/* A vote that a CONTRADICTION in the chain proves false. */
struct assay_http_false_vote {
    uint64_t epoch, found_epoch; /* of the ballot; of the block */
    uint16_t verifier, subject;
    char outcome;
};

/* What evidence is appraised by: data of two documents as text, made once for each set of rules. */
struct assay_http_rules {
    _Atomic uint32_t references;
    char *policy, *collateral; /* of malloc */
    uint32_t vendor_count;
    struct assay_http_vendor {
        uint8_t root[32]; /* as members have it */
        char name[ASSAY_HTTP_VENDOR_NAME];
    } vendors[ASSAY_HTTP_VENDORS];
};

struct assay_http_snapshot {
    _Atomic uint32_t references;
    uint64_t generation; /* from 1 */
    uint64_t boot;       /* names this run of the process */
    bool draining;
    struct assay_snapshot snapshot; /* members, their names, services point into this object */
    uint32_t epoch_count, lie_count;
    struct assay_http_epoch *epochs[ASSAY_HTTP_EPOCHS]; /* ascending */
    struct assay_http_false_vote false_votes[ASSAY_HTTP_FALSE_VOTES];
    struct assay_http_rules *rules; /* NULL: there was no memory for them */
};

/* Returns: the letter of an outcome, as in docs/openapi.json (schema outcome_letter). */
char assay_http_outcome_letter(uint8_t outcome);

/* --- epochs */
/* Without votes. Returns: an epoch of one reference, NULL without memory. */
struct assay_http_epoch *assay_http_epoch_create(uint32_t count);
/* Accepts a pointer to NULL; nulls it. */
void assay_http_epoch_release(struct assay_http_epoch **epoch);

/* --- rules */
/* Takes ownership of both texts. Returns: one reference, NULL without memory or one of the texts.
 */
struct assay_http_rules *assay_http_rules_create(char *policy, char *collateral);
/* Before the rules are published. What is beyond ASSAY_HTTP_VENDORS is dropped, a long name cut. */
void assay_http_rules_name_vendor(struct assay_http_rules *rules, const uint8_t root[static 32],
                                  const char *name);
/* Accepts a pointer to NULL; nulls it. */
void assay_http_rules_release(struct assay_http_rules **rules);

/* --- the snapshot slot. All but the last two functions are the loop's alone. */
struct assay_http_snapshot_slot;

/* boot: names this run. Returns: the snapshot slot, NULL without memory. */
struct assay_http_snapshot_slot *assay_http_snapshot_slot_create(uint64_t boot);
/* All snapshots are released. Accepts a pointer to NULL; nulls it. */
void assay_http_snapshot_slot_destroy(struct assay_http_snapshot_slot **slot);
/* Adds a closed epoch, later than those before (else it is dropped); takes ownership. The oldest is
 * evicted when there are too many. */
void assay_http_snapshot_slot_add_epoch(struct assay_http_snapshot_slot *slot,
                                        struct assay_http_epoch *epoch);
void assay_http_snapshot_slot_add_false_vote(struct assay_http_snapshot_slot *slot,
                                             const struct assay_http_false_vote *lie);
/* Sets the rules in force; takes ownership, accepts NULL. */
void assay_http_snapshot_slot_set_rules(struct assay_http_snapshot_slot *slot,
                                        struct assay_http_rules *rules);
/* Publishes a copy of this snapshot, with the epochs and false votes so far. Returns: false without
 * memory; then the previous one stays. */
bool assay_http_snapshot_slot_publish(struct assay_http_snapshot_slot *slot,
                                      const struct assay_snapshot *snapshot, bool draining);
/* From any thread. Returns: the newest snapshot, to be released; NULL before the first. */
struct assay_http_snapshot *assay_http_snapshot_slot_acquire(struct assay_http_snapshot_slot *slot);
/* From any thread. Accepts a pointer to NULL; nulls it. */
void assay_http_snapshot_release(struct assay_http_snapshot **view);

#endif
