/*
 * tests/unit/host/light_world.h - closed epochs of a network with keys of the test, as a light
 * client receives them: boundaries, finality proofs and tables of voters.
 */
#ifndef ASSAY_TESTS_UNIT_HOST_LIGHT_WORLD_H
#define ASSAY_TESTS_UNIT_HOST_LIGHT_WORLD_H

#include "engine/consensus/vote.h"
#include "host/light/light.h"

enum {
    LIGHT_WORLD_MEMBERS_MAX = 160,
    LIGHT_WORLD_EPOCHS_MAX = 1024,
    LIGHT_WORLD_WEIGHT = 10,
    LIGHT_WORLD_DOCUMENT_LEN = 9,
    LIGHT_WORLD_PROOF_LEN = 64 * 1024
};
/* Of genesis, Unix ms; each epoch is a minute later unless a test says otherwise. */
#define LIGHT_WORLD_TIME_MS UINT64_C(1795855000000)

struct light_world;

/* What is unusual about a close. All zero: nothing, and every voter signs. */
struct light_close {
    uint64_t time_ms; /* 0: a minute after the epoch before */
    uint64_t epoch;   /* 0: the next one */
    uint32_t era;     /* 0: the era of the world */
    uint32_t tails;
    bool other_tail; /* the last header of the tails is not linked */
    bool other_block, other_state, other_chain;
    bool notarise;                /* votes of another type */
    uint64_t signed_epoch;        /* 0: that of the block */
    uint32_t signers;             /* so many of the first voters by slot; 0: all */
    uint32_t silent;              /* the first slots that do not sign */
    const struct light_world *by; /* keys of another network sign; NULL: its own */
};

/* In: members with a seat each, by default of LIGHT_WORLD_WEIGHT; seed: of the keys. Genesis is
 * closed. */
struct light_world *light_world_new(const uint8_t chain_id[static 32], uint32_t members,
                                    uint8_t seed);
void light_world_free(struct light_world *world);
/* What the next close changes: weight 0: no seat; key: 0: the same; keyless: of a row without. */
void light_world_set(struct light_world *world, uint32_t slot, uint32_t weight, uint8_t key,
                     bool keyless);
/* A member joins, in the next slot. */
void light_world_add(struct light_world *world, uint8_t seed);
/* Closes an epoch; the voters of before sign. */
void light_world_close(struct light_world *world, const struct light_close *how);
/* The newest closed epoch. */
uint64_t light_world_at(const struct light_world *world);
/* The checkpoint of a closed epoch; 0: genesis. */
void light_world_checkpoint(const struct light_world *world, uint64_t epoch,
                            struct assay_checkpoint *checkpoint);
/* The proof of a member's standing after the newest close (engine/ledger/proofs/proof.h), at least
 * the second one. Out: bytes[LIGHT_WORLD_PROOF_LEN]. Returns: the proof in them */
struct assay_slice light_world_prove(const struct light_world *world, uint32_t slot,
                                     uint8_t *bytes);
/* What a daemon has of it; of genesis the rows alone. Borrowed. */
struct assay_light_epoch light_world_epoch(const struct light_world *world, uint64_t epoch);
/* The states of the next closes name this document. */
void light_world_set_document(struct light_world *world, struct assay_slice document);
/* Bytes of the document that each state names until then. */
extern const char light_world_document[LIGHT_WORLD_DOCUMENT_LEN];

#endif
