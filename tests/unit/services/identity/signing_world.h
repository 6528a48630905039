/*
 * tests/unit/services/identity/signing_world.h - holders of a group key and a coordinator, every
 * message of which a test may change.
 */
#ifndef ASSAY_TESTS_UNIT_SERVICES_IDENTITY_SIGNING_WORLD_H
#define ASSAY_TESTS_UNIT_SERVICES_IDENTITY_SIGNING_WORLD_H

#include "services/identity/signer.h"
#include "services/identity/signing_journal.h"
#include "tests/unit/services/identity/group.h"

enum { WORLD_HOLDERS = 8, WORLD_SLOTS = 16, WORLD_ROWS = 128, WORLD_JOINS = 128 };

struct world_holder {
    struct assay_cosigner signer;
    struct assay_cosigner_slot slot[WORLD_SLOTS];
    struct assay_cosigner_nonces nonces[WORLD_SLOTS];
    struct assay_cosigner_row row[WORLD_ROWS];
    struct assay_cosigner_join join[WORLD_JOINS];
};

/* One attempt of a coordinator: a session and what it has received. */
struct world_attempt {
    uint8_t name[ASSAY_SIGNING_NAME_LEN];
    uint64_t epoch;
    uint8_t index[ASSAY_FROST_SIGNERS_MAX];
    uint32_t count, items;
    uint8_t item[4][8];
    /* by holder: what it sent; len 0: nothing */
    uint8_t commitments[WORLD_HOLDERS][1024], answers[WORLD_HOLDERS][512];
    size_t commitments_len[WORLD_HOLDERS], answers_len[WORLD_HOLDERS];
    uint8_t commit_signature[WORLD_HOLDERS][64], echo_signature[WORLD_HOLDERS][64],
        answer_signature[WORLD_HOLDERS][64];
    bool echoed[WORLD_HOLDERS];
};

struct world {
    struct group *key;
    struct assay_signing_group group;
    struct assay_secret32 seed[WORLD_HOLDERS];
    struct assay_cosigner_epoch epoch;
    struct assay_cosigner_time now;
    struct world_holder *holder[WORLD_HOLDERS];
    struct assay_cosigner_out *out;
    uint64_t stored[WORLD_HOLDERS]; /* epoch that is durable */
    uint8_t entropy_byte;           /* 0: fresh bytes for every message; else these */
    uint32_t journal_entries;
    struct assay_signing_journal journal[WORLD_HOLDERS]; /* each entry checked as it comes */
};

/* In: indices: of each holder, consecutive */
struct world *world_new(uint32_t threshold, const uint32_t *indices);
void world_free(struct world *w);
/* The process of a holder starts again, with what it had made durable. */
void world_restart(struct world *w, uint32_t place);
/* All holders see a newer epoch. */
void world_close_epoch(struct world *w);
void world_pass(struct world *w, uint64_t ms);
/* An attempt of coordinator `place` over these indices; `name` and one item from numbers. Items of
 * kind 'c' are certificates, 't' tokens; subject: place of the member. */
struct world_attempt world_attempt(const struct world *w, uint32_t coordinator, uint8_t name,
                                   const uint8_t *index, char kind, uint8_t subject,
                                   uint8_t number);
/* Hands a message in; a STORE is executed and the message handed in again. */
enum assay_status world_deliver(struct world *w, uint32_t place, const struct world_attempt *a,
                                const struct assay_signing_message *m);
/* The three rounds of one holder. Out: what it answered, in the attempt. */
enum assay_status world_request(struct world *w, struct world_attempt *a, uint32_t place);
enum assay_status world_list(struct world *w, struct world_attempt *a, uint32_t place);
enum assay_status world_echoes(struct world *w, struct world_attempt *a, uint32_t place);
/* All rounds of all holders. Returns: the first status that is not ASSAY_OK. */
enum assay_status world_run(struct world *w, struct world_attempt *a);
/* The session as the holders have it, its digest and the list of what was received. */
void world_session(const struct world *w, const struct world_attempt *a,
                   struct assay_signing_session *session, uint8_t digest[static 32]);
uint32_t world_parts(const struct world *w, const struct world_attempt *a,
                     struct assay_slice *part);
void world_list_digest(const struct world *w, const struct world_attempt *a,
                       uint8_t digest[static 32]);
/* A hostile holder's part: commitments and an echo that it makes with its own key. */
void world_forge_commitments(const struct world *w, struct world_attempt *a, uint32_t place);
void world_forge_echo(const struct world *w, struct world_attempt *a, uint32_t place);
/* The TBS of an item. */
struct assay_slice world_tbs(const uint8_t item[static 8], uint8_t *tbs);
/* Returns: the signature of the answers for one item verifies. */
bool world_verifies(const struct world *w, const struct world_attempt *a, uint32_t item);

#endif
