/*
 * services/evm/keep.h - drafts, terms and claims of tasks on EVM chains as bytes: what a requestor
 * sends before it opens a task, and what either side keeps (docs/services.md 8.9).
 *
 * Fixed and big-endian; one meaning has one encoding. Hostile until read.
 */
#ifndef ASSAY_SERVICES_EVM_KEEP_H
#define ASSAY_SERVICES_EVM_KEEP_H

#include "base/cursor.h"
#include "services/evm/task.h"

enum {
    ASSAY_EVM_TERMS_LEN = 237,
    ASSAY_EVM_PLACE_LEN = 28,
    ASSAY_EVM_CLAIM_LEN = 268,
    ASSAY_EVM_DRAFT_LEN = 1 + ASSAY_EVM_PLACE_LEN + 64 + ASSAY_EVM_TERMS_LEN,
    ASSAY_EVM_OWED_LEN = 1 + ASSAY_EVM_PLACE_LEN + ASSAY_EVM_TERMS_LEN + ASSAY_EVM_CLAIM_LEN,
    ASSAY_EVM_PACKED_LEN = 64,
};

/* What a requestor wants, before anybody has a task key for it. */
struct assay_evm_draft {
    struct assay_evm_place place;
    uint8_t code[32], box[32];    /* of which terms.job is made */
    struct assay_evm_terms terms; /* without executor and key: zeros */
};

/* What an executor may claim. */
struct assay_evm_owed {
    struct assay_evm_place place;
    struct assay_evm_terms terms;
    struct assay_evm_claim claim;
};

/* EIP-2098: r, and s with the parity in its top bit. Returns: nothing. */
void assay_evm_signature_pack(const struct assay_evm_signature *signature,
                              uint8_t bytes[static ASSAY_EVM_PACKED_LEN]);
void assay_evm_signature_unpack(const uint8_t bytes[static ASSAY_EVM_PACKED_LEN],
                                struct assay_evm_signature *signature);

/* Where a task is, and its terms. Returns: nothing; sets full, as those below. */
void assay_evm_named_put(struct assay_writer *w, const struct assay_evm_place *place,
                         const struct assay_evm_terms *terms);
/* Returns: ASSAY_OK | ASSAY_E_TRUNCATED | ASSAY_E_RANGE (terms) */
ASSAY_CHECKED enum assay_status assay_evm_named_take(struct assay_cursor *in,
                                                     struct assay_evm_place *place,
                                                     struct assay_evm_terms *terms);
/* Each Returns: nothing; sets full when there is no room. In: terms that were checked (asserted) */
void assay_evm_draft_put(struct assay_writer *w, const struct assay_evm_draft *draft);
void assay_evm_owed_put(struct assay_writer *w, const struct assay_evm_owed *owed);
/* Out: *draft, written only on ASSAY_OK. Returns: ASSAY_OK | ASSAY_E_TRUNCATED | ASSAY_E_TRAILING |
 * ASSAY_E_UNSUPPORTED (version) | ASSAY_E_RANGE (terms) | ASSAY_E_INVALID (a key or an account
 * stands there already, job and keys disagree, the place is none) */
ASSAY_CHECKED enum assay_status assay_evm_draft_take(struct assay_slice bytes,
                                                     struct assay_evm_draft *draft);
/* Out: *owed, written only on ASSAY_OK. Returns: ASSAY_OK | ASSAY_E_TRUNCATED | ASSAY_E_TRAILING |
 * ASSAY_E_UNSUPPORTED (version) | ASSAY_E_RANGE (terms, or a step that they do not have) */
ASSAY_CHECKED enum assay_status assay_evm_owed_take(struct assay_slice bytes,
                                                    struct assay_evm_owed *owed);

#endif
