/*
 * sim/services/group_key/sessions.h - internal interface of signing sessions on simulated nodes
 * (docs/identity.md 4): sessions.c (signer and coordinator of each holder, with their host),
 * hostile_sessions.c (hosts that coordinate wrongly, restore memory, answer wrongly) and
 * signing_audit.c (checker signing).
 *
 * The code under test is the product's: services/identity/{signer,coordinator,signing_journal}.h
 * and the derivation of texts (net/services/identity/derivation.h). That a holder verifies its
 * ledger is modelled (net/services/identity/ledger_proof.h has unit tests): the derivation begins
 * with the state of its node.
 */
#ifndef ASSAY_SIM_SERVICES_GROUP_KEY_SESSIONS_H
#define ASSAY_SIM_SERVICES_GROUP_KEY_SESSIONS_H

#include "engine/evidence/prove.h"
#include "net/services/identity/derivation.h"
#include "services/identity/coordinator.h"
#include "sim/services/group_key/group_key.h"

enum {
    SESSION_SLOTS = ASSAY_COSIGNER_PLACES * NODES,
    SESSION_ROWS = 128 * NODES,
    SESSION_JOINS = 128 * NODES,
    SESSION_REQUESTS = 2,
    SESSION_ITEM_MAX = 24 * 1024,
    SESSION_OLD_ITEMS = 8,
    TEXTS_KEPT = 8192,
    ANSWERS_KEPT = 8192,
    RENEWAL_MS = 10000, /* docs/identity.md 4.15: with at most a third faulty, nothing else asked */
    RENEWED_MS = KEY_VALIDITY_S * 250, /* a quarter of the validity: it is renewed at the half */
};

enum { SIDE_ACTIVE = 0, SIDE_NEXT = 1, SIDES = 2 };

/* What a holder's process has signed. */
enum session_text {
    TEXT_LEAF = 0, /* of its own member's key */
    TEXT_TOKEN,    /* the same, for its audience */
    TEXT_OWN,      /* certificate of the key */
    TEXT_CROSS,    /* that of NEXT, by the active number */
    TEXTS,
};

/* A text that is to be signed in an epoch. */
struct session_want {
    bool is_wanted, is_requested;
    uint64_t since_ms; /* that it is wanted without a break; 0: it is not */
    uint64_t turn_ms;  /* that its holder's turn in this epoch began */
    uint64_t alone_ms; /* of the time since, in its turns, in which nothing else was requested */
    uint64_t looked_ms, due_ms, number;
    size_t len;
    uint8_t item[SESSION_ITEM_MAX];
};

/* A signer's memory at an earlier moment. */
struct signer_copy {
    bool has;
    struct assay_cosigner signer;
    struct assay_cosigner_slot slot[SESSION_SLOTS];
    struct assay_cosigner_nonces nonces[SESSION_SLOTS];
    struct assay_cosigner_row row[SESSION_ROWS];
    struct assay_cosigner_join join[SESSION_JOINS];
};

/* A session of a hostile coordinator, which signs in it, too. */
struct hostile_session {
    bool runs;
    bool is_eager; /* it sends both lists at once, and not the second when the first is answered */
    uint64_t began_ms;
    struct assay_signing_session session;
    uint8_t digest[32];
    size_t item_len;
    uint8_t item[SESSION_ITEM_MAX];
    bool signs[ASSAY_FROST_HOLDERS_MAX]; /* by place */
    size_t len[ASSAY_FROST_HOLDERS_MAX]; /* of commitments; 0: none yet */
    uint8_t commitments[ASSAY_FROST_HOLDERS_MAX][ASSAY_SIGNING_OWN_MAX * ASSAY_SIGNING_PAIR_LEN];
    uint8_t commit_signature[ASSAY_FROST_HOLDERS_MAX][64];
    /* Two lists, which differ in what the coordinator commits to. */
    struct {
        bool is_sent, is_over; /* its LIST; its ECHOES */
        size_t len;
        uint8_t own[ASSAY_SIGNING_OWN_MAX * ASSAY_SIGNING_PAIR_LEN];
        uint8_t digest[32];
        bool has_echo[ASSAY_FROST_HOLDERS_MAX];
        uint8_t echo[ASSAY_FROST_HOLDERS_MAX][64];
    } list[2];
    bool was_repeated; /* its REQUEST: holders that restarted may join again */
};

/* Signing by the holder of a node under one CA number. */
struct key_sessions {
    bool is_next, is_open, has_signer;
    uint32_t place;
    uint64_t era, generation; /* of the signer */
    struct assay_signing_group group;
    struct assay_derivation derivation;
    struct assay_secret32 share[ASSAY_FROST_INDICES_MAX + 1];
    struct assay_cosigner signer;
    struct assay_cosigner_slot slot[SESSION_SLOTS];
    struct assay_cosigner_nonces nonces[SESSION_SLOTS];
    struct assay_cosigner_row row[SESSION_ROWS];
    struct assay_cosigner_join join[SESSION_JOINS];
    struct assay_coordinator coordinator;
    struct assay_coordinator_slot request[SESSION_REQUESTS];
    struct session_want want[TEXTS];
    /* of a hostile host */
    struct signer_copy copy;
    struct hostile_session hostile;
    uint64_t attacked_epoch;
    uint32_t old_items;
    struct {
        size_t len;
        uint8_t bytes[SESSION_ITEM_MAX];
    } old_item[SESSION_OLD_ITEMS];
};

/* One for all nodes. */
struct sessions_audit {
    uint32_t texts; /* written so far */
    struct {
        uint8_t digest[32];
        uint64_t era, epoch;
        bool is_token;
        uint8_t subject[32]; /* of a token */
    } text[TEXTS_KEPT];
    uint32_t epochs;
    struct {
        uint64_t era, epoch;
    } known[64]; /* epochs whose texts are here, of each CA number */
    uint32_t answers;
    struct {
        uint8_t commitments[32], list[32];
    } answer[ANSWERS_KEPT];
    uint32_t own_number, cross_number; /* newest one with its certificate, by itself and by the
                                        * number before it */
    uint32_t calm;                     /* certified closes since nothing failed any more */
    struct {
        uint64_t signed_, tokens, refused, attacked, restored;
    } count;
    /* scratch */
    struct assay_cosigner_out out;
    struct assay_coordinator_out effect;
    uint8_t frame[ASSAY_SIGNING_MESSAGE_MAX];
    void *prove;
};

/* --- sessions.c */
/* Returns: proofs of the newest epoch that a node closed. Borrowed until the next call. */
bool key_sessions_prove(struct key_host *k, struct assay_prove *prove);
/* Item of a certificate or a token of the key for it in a list of a member, with its declared one;
 * declared: empty: the same. Returns: its length; 0: there is none */
size_t key_sessions_write_item(const struct assay_prove *prove, uint32_t slot,
                               enum assay_credential_product product, struct assay_slice keys,
                               struct assay_slice declared, uint8_t bytes[static SESSION_ITEM_MAX]);
struct assay_cosigner_time key_sessions_time(const struct assay_sim_services *s);
/* A frame to the holder at a place of the group. */
void key_sessions_send(struct key_host *k, uint32_t place, struct assay_slice message);

/* --- hostile_sessions.c */
void hostile_sessions_turn(struct key_host *k);
/* A reply of a holder. Returns: whether it is one of a hostile session */
bool hostile_sessions_on_reply(struct key_host *k, const uint8_t from[static 32],
                               const struct assay_signing_message *m);
/* What a signer is about to send, changed as the attack of its node says. slot: of the session, as
 * it was before. Returns: false: it is not sent */
bool hostile_sessions_change(struct key_host *k, const struct assay_cosigner_slot *slot,
                             struct assay_slice *message);
/* The host of a hostile node keeps the memory of the signer, or restores it. */
void hostile_sessions_restore(struct key_host *k, enum assay_signing_kind sent);

/* --- signing_audit.c */
/* A node closed an epoch: its texts are known from here on. */
void key_sessions_note_epoch(struct key_host *k, const struct assay_state *state);
/* A holder joins a session of this coordinator for a text; answers under commitments, in a list. */
void key_sessions_check_text(struct key_host *k, const uint8_t coordinator[static 32],
                             const uint8_t digest[static 32]);
void key_sessions_check_answer(struct key_host *k, const uint8_t commitments[static 32],
                               const uint8_t list[static 32]);
void key_sessions_check_signature(struct key_host *k, enum session_text text,
                                  struct assay_slice tbs, const uint8_t signature[static 64]);
/* A certificate of a key: made here, or by the coordinator of another holder, which may be hostile.
 */
void key_sessions_note_certificate(const struct key_host *k, enum session_text text);
/* In a turn: a certificate or token that is wanted for too long. */
void key_sessions_check_renewal(struct key_host *k);

#endif
