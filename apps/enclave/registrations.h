/*
 * apps/enclave/registrations.h - workload keys that programs registered with an enclave in this
 * boot, and which lists of them its evidence may bind.
 *
 * docs/identity.md 6.6 to 6.9. Pure; the caller has the clock and the randomness. Nothing is
 * stored: an enclave that restarts begins without keys. A registration has two proofs of
 * possession: that of the entry (6.2), which everybody verifies, and one for this boot, so that an
 * entry of an earlier boot, which stands on the ledger, is not registered again by others than the
 * owner of its key.
 */
#ifndef ASSAY_APPS_ENCLAVE_REGISTRATIONS_H
#define ASSAY_APPS_ENCLAVE_REGISTRATIONS_H

#include "engine/ledger/records/envelope.h"
#include "engine/ledger/records/record.h"
#include "engine/ledger/state/workload_keys.h"

enum {
    REGISTRATIONS_LISTS_MAX = 8, /* of which a declaration may still be in force */
    REGISTRATIONS_BURST = 16,
    REGISTRATIONS_EACH_MS = 250, /* one more may be tried */
    /* Of one user that is not the enclave's own (docs/identity.md 6.6): half of each. */
    REGISTRATIONS_USER_KEYS = ASSAY_DECLARED_KEYS_MAX / 2,
    REGISTRATIONS_USER_BURST = REGISTRATIONS_BURST / 2,
    REGISTRATIONS_USER_EACH_MS = 2 * REGISTRATIONS_EACH_MS,
    REGISTRATIONS_USERS_MAX = 16, /* whose attempts are counted at once */
    REGISTRATIONS_RESERVED_MAX = 16,
    /* Epochs after that of a withdrawal in which a list with the key is bound yet: the host
     * receives the next list in the first, and declares it by the second; or only when so many
     * epochs have passed since the declaration before, where others use up the part of members that
     * declare often (docs/protocol.md 2.16.2). */
    REGISTRATIONS_WITHDRAWN_EPOCHS = ASSAY_KEYS_AGAIN_EPOCHS + 2,
};

/* Attempts: a bucket that fills with time. */
struct registration_tries {
    uint32_t uid;
    uint32_t used; /* 0: free, or all are left */
    uint64_t since_ms;
};

/* A name that one user alone may register, whatever its purpose. */
struct registration_reserved {
    char name[ASSAY_DECLARED_KEY_NAME_MAX + 1];
    uint32_t uid;
};

/* Of the enclave's configuration, which is measured with it where the platform measures it. */
struct registration_users {
    uint32_t owner; /* user of the enclave: its own programs have no share */
    uint32_t count;
    struct registration_reserved reserved[REGISTRATIONS_RESERVED_MAX];
};

struct registration {
    uint64_t serial; /* of this boot, never reused */
    uint32_t uid;    /* of the program that registered it */
    size_t len;
    uint8_t list[ASSAY_DECLARED_KEY_LEN_MAX + 1]; /* of this one entry */
};

/* A list that the host received. */
struct registration_list {
    bool used;
    bool is_withdrawn; /* a key of it was; it is bound up to the epoch until */
    uint64_t until;
    uint64_t issued; /* number of the last time */
    uint8_t root[32];
    uint32_t count;
    uint64_t serials[ASSAY_DECLARED_KEYS_MAX];
};

struct registrations {
    bool named; /* member and network are known */
    uint8_t chain_id[32], node_id[32], boot[32];
    uint64_t serial;
    uint32_t count;
    struct registration keys[ASSAY_DECLARED_KEYS_MAX]; /* ascending by (purpose, name) */
    uint64_t issues;
    struct registration_list lists[REGISTRATIONS_LISTS_MAX];
    struct registration_users users;
    /* Of all users that the configuration names, the enclave's own too; of all others. */
    struct registration_tries of_named, of_others, tries[REGISTRATIONS_USERS_MAX];
    /* Newest statement. */
    uint32_t era;
    uint64_t epoch;
    uint8_t beacon[32], root[32]; /* root: that the ledger names */
};

/* boot: random, of this start of the enclave. */
void registrations_init(struct registrations *r, const struct registration_users *users,
                        const uint8_t boot[static 32]);
/* "NAME=UID" of the command line. Returns: ASSAY_OK | ASSAY_E_RANGE (neither) | ASSAY_E_DUPLICATE
 * (the name has a user already) | ASSAY_E_FULL */
ASSAY_CHECKED enum assay_status registration_users_add(struct registration_users *users,
                                                       const char *text);

/* Returns: whether it is the enclave's own user, or one with a name that is reserved for it. */
bool registrations_is_named(const struct registrations *r, uint32_t uid);
/* In whose place of the chain a key proves that it is registered in this boot: SHA-256 of
 * ["assay/key-registration/v1", chain_id, boot]. A program computes it from the chain that it
 * means, never from one that it was sent: then the proof is none for any ledger. */
void registrations_challenge(const uint8_t chain_id[static 32], const uint8_t boot[static 32],
                             uint8_t challenge[static 32]);

/*
 * registrations_add - register one key.
 * In:      entry as in a list; boot_proof: by the same key, over assay_declared_key_statement with
 *          the challenge of this boot as chain_id
 * Returns: ASSAY_OK (also for a key that is registered already: its entry stays) | ASSAY_E_AGAIN
 *          (network and member are not known yet) | ASSAY_E_RATE | ASSAY_E_KEY | ASSAY_E_SIGNATURE
 *          (of the entry, for this member) | ASSAY_E_STALE (boot_proof: not of this boot) |
 *          ASSAY_E_DUPLICATE (another key, or another user, has purpose and name) | ASSAY_E_FULL
 *          (also: this user has its share of keys) | ASSAY_E_STRANGER (the name is reserved for
 *          another user) | as assay_declared_keys_decode | HOST statuses
 */
ASSAY_CHECKED enum assay_status registrations_add(struct registrations *r, uint32_t uid,
                                                  struct assay_slice entry,
                                                  struct assay_slice boot_proof, uint64_t now_ms);
/* A list with this key is bound in the epoch of the newest statement and the six after it
 * (REGISTRATIONS_WITHDRAWN_EPOCHS), so that the other keys of the list stay bound until the host
 * has declared the next one; then no more, and after the last key at once. Returns: ASSAY_OK |
 * ASSAY_E_NOT_FOUND | ASSAY_E_STRANGER (of another user) */
ASSAY_CHECKED enum assay_status registrations_remove(struct registrations *r, uint32_t uid,
                                                     enum assay_declared_purpose purpose,
                                                     struct assay_slice name);
/* Out: *key, which borrows from *r. */
void registrations_get(const struct registrations *r, uint32_t at, struct assay_declared_key *key);

/*
 * registrations_state - the 64 bytes that evidence binds: of the keys with this root, if all of
 * them are registered, or were until a moment ago (registrations_remove), and else of none.
 * In:      binding->keys_root: the root that the ledger names for this epoch
 * Out:     report_data
 * Returns: ASSAY_OK | ASSAY_E_CHAIN (another network or member than this boot has named before)
 */
ASSAY_CHECKED enum assay_status registrations_state(struct registrations *r,
                                                    const struct assay_binding *binding,
                                                    uint8_t report_data[static 64]);
/* The list for the host, which may declare it. Returns: its length. */
size_t registrations_issue(struct registrations *r,
                           uint8_t list[static ASSAY_DECLARED_KEYS_LEN_MAX]);

#endif
