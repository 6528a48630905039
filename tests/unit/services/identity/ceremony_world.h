/*
 * tests/unit/services/identity/ceremony_world.h - members of a network that make and reshare a
 * group key through the fold of the ledger, each with secrets of its own; some are hostile.
 */
#ifndef ASSAY_TESTS_UNIT_SERVICES_IDENTITY_CEREMONY_WORLD_H
#define ASSAY_TESTS_UNIT_SERVICES_IDENTITY_CEREMONY_WORLD_H

#include "services/identity/ceremony_document.h"

/* What a member does wrong, bits; at most one of those that deal. */
enum ceremony_fault {
    CEREMONY_NO_OFFER = 1,
    CEREMONY_NO_DEAL = 2,
    CEREMONY_NO_HAVE = 4,
    CEREMONY_BAD_VALUE = 8,     /* to every other holder */
    CEREMONY_BAD_POINT = 16,    /* its last commitment is none of the subgroup */
    CEREMONY_OTHER_NUMBER = 32, /* it reshares a number that is not its share */
    CEREMONY_NO_DISPUTE = 64,
    CEREMONY_ACCUSES = 128,     /* the first dealing of another, whose value is right */
    CEREMONY_BAD_ACCUSER = 256, /* the same, without a proof */
    CEREMONY_OTHER_HAVE = 512,  /* for another table */
};

/* Of a payload, in the order of the registry's kinds. */
enum ceremony_kind {
    CEREMONY_OFFER,
    CEREMONY_DEAL,
    CEREMONY_DISPUTE,
    CEREMONY_HAVE,
    CEREMONY_TABLE,
    CEREMONY_KINDS,
};

struct ceremony_world;
typedef void ceremony_on_payload(struct ceremony_world *w, uint32_t slot, enum ceremony_kind kind,
                                 struct assay_slice payload);

struct ceremony_member {
    unsigned faults;
    struct assay_secret32 seed, link_seed; /* of its holder key; of its link key */
    struct assay_secret32 e;               /* of this attempt */
    uint8_t key[32], entry[256];
    size_t entry_len;
    /* Hash of the only other entry of its list at the last close, and from the next one on; zeros:
     * there is none. */
    uint8_t beside[32], beside_next[32];
    uint32_t shares; /* of the generation in force of the active number */
    struct assay_secret32 share[ASSAY_FROST_INDICES_MAX], next[ASSAY_FROST_INDICES_MAX];
    struct assay_secret32 coming[ASSAY_FROST_INDICES_MAX]; /* of the next number */
};

struct ceremony_world {
    struct assay_ca ca;
    struct assay_ca_facts facts;
    uint32_t count;
    uint64_t total; /* weight of all seats, those of others too */
    uint64_t epoch;
    struct assay_ca_member member[ASSAY_CA_SLOTS_MAX];
    struct ceremony_member own[ASSAY_CA_SLOTS_MAX];
    uint32_t payload_len[ASSAY_FROST_INDICES_MAX];
    uint8_t payload[ASSAY_FROST_INDICES_MAX][ASSAY_CA_DEAL_LEN_MAX]; /* of CA_DEAL, by dealer */
    ceremony_on_payload *on_payload; /* before it is applied; NULL: none */
    uint32_t convicted, barred;      /* facts so far */
    uint64_t convicted_slots[2];     /* bits */
};

struct ceremony_world *ceremony_new(uint32_t count, const uint32_t *weight);
void ceremony_free(struct ceremony_world *w);
/* What every member does in this phase, then the close of a certified epoch. From then on the fold
 * is the one that its documents say. */
void ceremony_epoch(struct ceremony_world *w);
/* The same, of an epoch that is HELD: nothing is certified. */
void ceremony_held_epoch(struct ceremony_world *w);
/* The member's list has another key next to the holder's from the next close on, which certifies
 * it. has_entry: the list has the holder's entry still */
void ceremony_change_list(struct ceremony_world *w, uint32_t slot, bool has_entry);
/* Up to that many epochs, until this generation is in force. Returns: whether it is. */
bool ceremony_reach(struct ceremony_world *w, uint64_t generation, uint32_t epochs);
/* A holder says that its shares of the active number are gone (3.11.1). Returns: if it counts */
bool ceremony_say_lack(struct ceremony_world *w, uint32_t slot);
/* One step alone. Each Returns: what the fold says of the record. */
enum assay_ca_result ceremony_offer(struct ceremony_world *w, uint32_t slot);
enum assay_ca_result ceremony_deal(struct ceremony_world *w, uint32_t dealer);
/* A correct dealing of the slot, signed; with the r of its proof for who changes it. */
void ceremony_make_deal(struct ceremony_world *w, uint32_t dealer,
                        struct assay_ca_deal_record *record, struct assay_secret32 *r);
void ceremony_sign_deal(struct ceremony_world *w, struct assay_ca_deal_record *record);
enum assay_ca_result ceremony_apply_deal(struct ceremony_world *w,
                                         const struct assay_ca_deal_record *record);
/* A dispute of index j about a dealing. proven: with the proof of its opening. */
void ceremony_make_dispute(struct ceremony_world *w, uint32_t slot, uint32_t dealer, uint32_t index,
                           bool proven, struct assay_ca_dispute_record *record);
enum assay_ca_result ceremony_apply_dispute(struct ceremony_world *w, uint32_t slot,
                                            const struct assay_ca_dispute_record *record);
/* Holders of the first indices of this set (bits by slot) that are enough sign a message. Returns:
 * whether plain Ed25519 verifies it under the key of the ledger; false too when they have fewer
 * than t indices. */
bool ceremony_signs(struct ceremony_world *w, const bool *slots);
/* The same of all. */
bool ceremony_all_sign(struct ceremony_world *w);
/* The same of all, under the key of the active or the next number. */
bool ceremony_number_signs(struct ceremony_world *w, uint32_t number);

#endif
