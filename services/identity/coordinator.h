/*
 * services/identity/coordinator.h - coordinator of signing sessions, without I/O (docs/identity.md
 * 4.15).
 *
 * Any member's daemon coordinates: it has no secret and holders do not trust it. A request of up to
 * ASSAY_SIGNING_ITEMS_MAX texts is signed in one session of exactly t indices. Holders that are
 * late or answer wrongly are left out and another session begins, so with holders of up to a third
 * of the weight faulty a request takes at most one session more than there are faulty holders. A
 * holder whose signed answer does not verify is named by a proof (signing_lie.h).
 *
 * Pure: the host hands in time, messages and what the ledger certifies, and executes what
 * assay_coordinator_poll returns. Memory is the caller's; nothing is stored, so after a restart
 * requests are submitted again.
 */
#ifndef ASSAY_SERVICES_IDENTITY_COORDINATOR_H
#define ASSAY_SERVICES_IDENTITY_COORDINATOR_H

#include "services/identity/signer.h"
#include "services/identity/signing_lie.h"

enum {
    ASSAY_COORDINATOR_SESSIONS_MAX = 8,  /* at once */
    ASSAY_COORDINATOR_WAIT_MS = 250,     /* for a round, or four times its slowest signer's usual */
    ASSAY_COORDINATOR_WAIT_MAX_MS = 600, /* so that three rounds end before nonces do */
    ASSAY_COORDINATOR_AWAY_EPOCHS = 64,  /* a late holder is chosen last */
};

enum assay_coordinator_step {
    ASSAY_COORDINATOR_FREE = 0,
    ASSAY_COORDINATOR_COMMITTING,
    ASSAY_COORDINATOR_ECHOING,
    ASSAY_COORDINATOR_ANSWERING,
    ASSAY_COORDINATOR_ENDED, /* its status is to be returned by poll */
};

/* One request; about 320 KB. Nothing in it is secret. */
struct assay_coordinator_slot {
    enum assay_coordinator_step step;
    enum assay_status status;
    uint64_t request, sent_ms, wait_ms;
    bool is_unsent, is_second_pass;
    uint32_t attempts;
    bool left_out[ASSAY_FROST_HOLDERS_MAX];
    uint8_t used[ASSAY_FROST_HOLDERS_MAX]; /* sessions in which the holder may have answered */
    struct assay_signing_session session;
    uint8_t digest[32], list_digest[32];
    uint32_t signers, missing;              /* holders of the session; replies of this round */
    uint8_t place[ASSAY_FROST_SIGNERS_MAX]; /* of each signer, ascending */
    uint16_t first[ASSAY_FROST_SIGNERS_MAX], own[ASSAY_FROST_SIGNERS_MAX]; /* its commitments */
    bool replied[ASSAY_FROST_SIGNERS_MAX];
    size_t item_len[ASSAY_SIGNING_ITEMS_MAX], tbs_len[ASSAY_SIGNING_ITEMS_MAX];
    uint8_t items[ASSAY_SIGNING_MESSAGE_MAX], tbs[ASSAY_SIGNING_MESSAGE_MAX];
    uint8_t commitments[ASSAY_SIGNING_COMMITMENTS_MAX * ASSAY_SIGNING_PAIR_LEN];
    uint8_t answers[ASSAY_SIGNING_COMMITMENTS_MAX * 32];
    /* statements of a signer by round */
    uint8_t signed_by[3][ASSAY_FROST_SIGNERS_MAX][ASSAY_SODIUM_SIGNATURE_LEN];
    uint8_t nonce_sum[ASSAY_SIGNING_ITEMS_MAX][ASSAY_SODIUM_POINT_LEN];
    uint8_t signature[ASSAY_SIGNING_ITEMS_MAX][ASSAY_SODIUM_SIGNATURE_LEN];
    uint32_t lie_count; /* proofs that poll has not returned yet */
    struct {
        uint8_t signer, item, index;
    } lie[ASSAY_FROST_SIGNERS_MAX];
};

struct assay_coordinator {
    const struct assay_signing_group *group;
    uint8_t node_id[32];
    assay_cosigner_derive *derive;
    void *derive_context;
    struct assay_coordinator_slot *slot;
    uint32_t slots;
    uint8_t random[32];
    uint64_t names, requests;
    struct assay_cosigner_epoch epoch; /* period_ms 0: none yet */
    struct {
        uint64_t away_until; /* epoch */
        uint32_t usual_ms;
        bool is_wrong; /* in this generation */
    } holder[ASSAY_FROST_HOLDERS_MAX];
};

enum assay_coordinator_action {
    ASSAY_COORDINATOR_NOTHING = 0,
    ASSAY_COORDINATOR_SEND,  /* message to the holders of `to` */
    ASSAY_COORDINATOR_LIE,   /* message: a proof that a holder signed wrongly, to be recorded */
    ASSAY_COORDINATOR_ENDING /* of a request: status, and its signatures on ASSAY_OK */
};

struct assay_coordinator_out {
    enum assay_coordinator_action action;
    enum assay_status status;
    uint64_t request;
    uint32_t count; /* of signatures */
    uint8_t signature[ASSAY_SIGNING_ITEMS_MAX][ASSAY_SODIUM_SIGNATURE_LEN];
    bool to[ASSAY_FROST_HOLDERS_MAX]; /* by place */
    struct assay_slice message;       /* borrowed from bytes */
    uint8_t bytes[ASSAY_SIGNING_MESSAGE_MAX];
};

/* In: group, slot: borrowed; node_id: of this daemon; random: fresh, so that no session is named
 * as one of before a restart */
void assay_coordinator_init(struct assay_coordinator *c, const struct assay_signing_group *group,
                            const uint8_t node_id[static 32], struct assay_coordinator_slot *slot,
                            uint32_t slots, const uint8_t random[static 32]);
/* The ledger's derivation, the same as that of holders. */
void assay_coordinator_set_derive(struct assay_coordinator *c, assay_cosigner_derive *derive,
                                  void *context);
/* A newer epoch, generation or fence. Requests under way end with ASSAY_E_STALE. Returns: ASSAY_OK
 * | ASSAY_E_STALE (an epoch before the newest) */
ASSAY_CHECKED enum assay_status assay_coordinator_on_epoch(
    struct assay_coordinator *c, const struct assay_signing_group *group,
    const struct assay_cosigner_epoch *epoch);
/*
 * assay_coordinator_submit - starts a request.
 * In:      item[count]: as in a REQUEST, with their paths to the certified state
 * Out:     *request: its number, as poll returns it
 * Returns: ASSAY_OK | ASSAY_E_RANGE (count, sizes) | ASSAY_E_DUPLICATE (a text twice) |
 *          ASSAY_E_LANE (a token of another subject) | ASSAY_E_FULL (requests at once) |
 *          ASSAY_E_EARLY, ASSAY_E_CHAIN, ASSAY_E_INVALID, ASSAY_E_TIMEOUT (of
 *          assay_cosigner_epoch_check) | statuses of derivation: nothing is requested of holders
 */
ASSAY_CHECKED enum assay_status assay_coordinator_submit(struct assay_coordinator *c,
                                                         uint64_t now_ms,
                                                         const struct assay_slice *item,
                                                         uint32_t count, uint64_t *request);
/*
 * assay_coordinator_on_message - COMMITMENTS, an ECHO or ANSWERS of a holder.
 * In:      from: node id that the link proves; bytes: hostile
 * Returns: ASSAY_OK | ASSAY_E_NOT_FOUND (no such session) | ASSAY_E_STRANGER (no signer of it) |
 *          ASSAY_E_DUPLICATE (it replied in this round, or this is of an earlier one) | what is
 *          wrong with it: the holder is left out from now on, and poll begins another session
 */
ASSAY_CHECKED enum assay_status assay_coordinator_on_message(struct assay_coordinator *c,
                                                             uint64_t now_ms,
                                                             const uint8_t from[static 32],
                                                             struct assay_slice bytes);
/* What is to be done next; called until it returns false, after each message and at least every
 * ASSAY_COSIGNER_TICK_MS. ASSAY_E_TIMEOUT as status of a request: fewer than t indices answer.
 * Out: *out, complete whatever is returned. */
bool assay_coordinator_poll(struct assay_coordinator *c, uint64_t now_ms,
                            struct assay_coordinator_out *out);

#endif
