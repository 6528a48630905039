/*
 * services/tasks/task.h - the words of attested tasks (docs/services.md 6).
 *
 * An account is SHA-256 of a P-256 key; a task is named by the digest of what its requestor signed
 * to open it, which covers chain, account, sequence and all terms. So a name never comes twice, and
 * whoever is shown the name and the record knows the terms without asking a ledger.
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
    ASSAY_TASK_STEP_EPOCHS = 60,  /* of the lowest rent, in which it comes to a step's price */
    ASSAY_TASK_RENT_EPOCHS = 64,  /* for so many at most rent is locked */
};

/* What of a member counts here; on the wire, hence never reused. Better is higher. */
enum assay_task_standing {
    ASSAY_TASK_STAND_NONE = 0, /* no member sits there */
    ASSAY_TASK_STAND_SUSPENDED = 1,
    ASSAY_TASK_STAND_RESTRICTED = 2,
    ASSAY_TASK_STAND_WARNING = 3,
    ASSAY_TASK_STAND_FULL = 4,
};

/* Of an epoch, for a place that waits. Returns: the lowest, from 1; the highest is the price. */
static inline uint64_t assay_task_hold_least(uint64_t price)
{
    return price / ASSAY_TASK_STEP_EPOCHS + (price % ASSAY_TASK_STEP_EPOCHS != 0);
}

/* SHA-256 of the key: the name of an account. Returns: nothing. */
void assay_task_account(const uint8_t key[static ASSAY_P256_PUBLIC_LEN],
                        uint8_t account[static 32]);
/*
 * assay_task_blob_digest - what stands on the ledger for an input or a state.
 * In:      salt: 32 random bytes that travel with the bytes, so that the digest of something short
 *          tells nothing of it
 * Returns: nothing
 */
void assay_task_blob_digest(const uint8_t salt[static 32], struct assay_slice bytes,
                            uint8_t digest[static 32]);
/* What evidence of the enclave vouches for: that these keys are of this task and answer this nonce.
 * Returns: nothing. */
void assay_task_keys_statement(const uint8_t chain_id[static 32], const uint8_t task[static 32],
                               const uint8_t key[static ASSAY_P256_PUBLIC_LEN],
                               const uint8_t box[static 32], const uint8_t nonce[static 32],
                               uint8_t digest[static 32]);
/* Low s alone. Returns: true when key signed the digest. */
bool assay_task_signed(const uint8_t key[static ASSAY_P256_PUBLIC_LEN],
                       const uint8_t digest[static 32],
                       const uint8_t signature[static ASSAY_P256_SIGNATURE_LEN]);

#endif
