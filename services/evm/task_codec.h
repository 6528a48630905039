/*
 * services/evm/task_codec.h - codec of drafts, terms and claims of tasks on EVM chains: a draft is
 * sent before a task is opened; both sides store terms and claims (docs/services.md 8.9).
 *
 * Fixed and big-endian; one meaning has one encoding. Hostile until decoded.
 */
#ifndef ASSAY_SERVICES_EVM_TASK_CODEC_H
#define ASSAY_SERVICES_EVM_TASK_CODEC_H

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

/* A requestor's draft, before there is a task key for it. */
struct assay_evm_draft {
    struct assay_evm_place place;
    uint8_t code[32], box[32];    /* digested in terms.job */
    struct assay_evm_terms terms; /* without executor and key: zeros */
};

/* A claim of an executor. */
struct assay_evm_owed {
    struct assay_evm_place place;
    struct assay_evm_terms terms;
    struct assay_evm_claim claim;
};

/* EIP-2098: r, and s with the parity in its top bit. */
void assay_evm_signature_pack(const struct assay_evm_signature *signature,
                              uint8_t bytes[static ASSAY_EVM_PACKED_LEN]);
void assay_evm_signature_unpack(const uint8_t bytes[static ASSAY_EVM_PACKED_LEN],
                                struct assay_evm_signature *signature);

/* A task's place, and its terms. Sets full when there is no room, as those below. */
void assay_evm_named_encode(struct assay_writer *w, const struct assay_evm_place *place,
                            const struct assay_evm_terms *terms);
/* Returns: ASSAY_OK | ASSAY_E_TRUNCATED | ASSAY_E_RANGE (terms) */
ASSAY_CHECKED enum assay_status assay_evm_named_decode(struct assay_cursor *in,
                                                       struct assay_evm_place *place,
                                                       struct assay_evm_terms *terms);
/* Sets full when there is no room. In: terms that were checked (asserted) */
void assay_evm_draft_encode(struct assay_writer *w, const struct assay_evm_draft *draft);
void assay_evm_owed_encode(struct assay_writer *w, const struct assay_evm_owed *owed);
/* Out: *draft, written only on ASSAY_OK. Returns: ASSAY_OK | ASSAY_E_TRUNCATED | ASSAY_E_TRAILING |
 * ASSAY_E_UNSUPPORTED (version) | ASSAY_E_RANGE (terms) | ASSAY_E_INVALID (a key or an account is
 * set already, job and keys do not match, the place is invalid) */
ASSAY_CHECKED enum assay_status assay_evm_draft_decode(struct assay_slice bytes,
                                                       struct assay_evm_draft *draft);
/* Out: *owed, written only on ASSAY_OK. Returns: ASSAY_OK | ASSAY_E_TRUNCATED | ASSAY_E_TRAILING |
 * ASSAY_E_UNSUPPORTED (version) | ASSAY_E_RANGE (terms, or a step that they do not have) */
ASSAY_CHECKED enum assay_status assay_evm_owed_decode(struct assay_slice bytes,
                                                      struct assay_evm_owed *owed);

#endif
