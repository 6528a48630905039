/*
 * services/tasks/task.h - basic types of attested tasks (docs/services.md 6).
 *
 * An account is SHA-256 of a P-256 key; the name of a task is the digest of the signed record that
 * opens it, which covers chain, account, sequence and all terms. So names are unique, and the name
 * with the record proves the terms without a ledger.
 */
#ifndef ASSAY_SERVICES_TASKS_TASK_H
#define ASSAY_SERVICES_TASKS_TASK_H

#include "base/crypto.h"
#include "base/cursor.h"
#include "base/writer.h"

enum {
    ASSAY_TASK_ACCOUNTS_MAX = 1024,
    ASSAY_TASK_TASKS_MAX = 512,
    ASSAY_TASK_SLOTS_MAX = 1024, /* members that may offer */
    ASSAY_TASK_STEPS_MAX = 65535,
    ASSAY_TASK_AHEAD_MAX = 10080, /* epochs up to a deadline: a week of minutes */
    ASSAY_TASK_STEP_EPOCHS = 60,  /* of the lowest rent, which add up to a step's price */
    ASSAY_TASK_RENT_EPOCHS = 64,  /* limit of the epochs for which rent is locked */
};

/* A member's standing for tasks; on the wire, hence never reused. Better is higher. */
enum assay_task_standing {
    ASSAY_TASK_STAND_NONE = 0, /* no member */
    ASSAY_TASK_STAND_SUSPENDED = 1,
    ASSAY_TASK_STAND_RESTRICTED = 2,
    ASSAY_TASK_STAND_WARNING = 3,
    ASSAY_TASK_STAND_FULL = 4,
};

/* Of an epoch, for a waiting place. Returns: the lowest rent, from 1; the highest is the price. */
static inline uint64_t assay_task_hold_least(uint64_t price)
{
    return price / ASSAY_TASK_STEP_EPOCHS + (price % ASSAY_TASK_STEP_EPOCHS != 0);
}

/* SHA-256 of the key: the name of an account. */
void assay_task_account(const uint8_t key[static ASSAY_P256_PUBLIC_LEN],
                        uint8_t account[static 32]);
/*
 * assay_task_blob_digest - the digest of an input or a state on the ledger.
 * In:      salt: 32 random bytes that are sent with the bytes, so that the digest reveals nothing
 *          about short ones
 */
void assay_task_blob_digest(const uint8_t salt[static 32], struct assay_slice bytes,
                            uint8_t digest[static 32]);
/* The statement in the evidence of an enclave: these keys are of this task and answer this
 * nonce. */
void assay_task_keys_statement(const uint8_t chain_id[static 32], const uint8_t task[static 32],
                               const uint8_t key[static ASSAY_P256_PUBLIC_LEN],
                               const uint8_t box[static 32], const uint8_t nonce[static 32],
                               uint8_t digest[static 32]);
/* Accepts low s only. Returns: true when key signed the digest. */
bool assay_task_verify_signature(const uint8_t key[static ASSAY_P256_PUBLIC_LEN],
                                 const uint8_t digest[static 32],
                                 const uint8_t signature[static ASSAY_P256_SIGNATURE_LEN]);

#endif
