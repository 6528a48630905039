/*
 * engine/ledger/records/review.h - REVIEW: what one operator states about a change before the
 * change is signed by enough of them (docs/protocol.md 9.19).
 *
 *   REVIEW  [10, body, signature, change]: body is ["assay/review/v1", chain_id, era, operator id,
 *           act, place, issued, number, digest, sequence, expires, comment, change signature or
 *           null], signed by the operator's key; change is the body of the CHANGE in a proposal,
 *           and empty otherwise
 *
 * A REVIEW changes no state. A change comes into force by a CHANGE record alone, which anybody
 * makes of the body and of the change signatures.
 */
#ifndef ASSAY_ENGINE_LEDGER_RECORDS_REVIEW_H
#define ASSAY_ENGINE_LEDGER_RECORDS_REVIEW_H

#include "base/bytes.h"
#include "base/crypto.h"
#include "base/cursor.h"

enum {
    ASSAY_LEVEL_REVIEWS = 2, /* feature level in which REVIEW is read (docs/protocol.md 9.10) */
    ASSAY_REVIEW_COMMENT_MAX = 280,          /* bytes of UTF-8 */
    ASSAY_REVIEW_BODY_LEN_MAX = 640,         /* of the signed body */
    ASSAY_REVIEW_CHANGE_LEN_MAX = 47 * 1024, /* with the signed body below the limit of a record */
    ASSAY_REVIEW_EPOCHS_MAX =
        16384,               /* from its issue on: a block may have it, and it is retained */
    ASSAY_REVIEW_PLACES = 2, /* proposals of one operator at a time */
    ASSAY_REVIEW_PLACE_APPROVAL = ASSAY_REVIEW_PLACES, /* of what is no proposal of its own */
    /* In one epoch: of all operators, and of one. With more than 32 operators a part each. */
    ASSAY_REVIEW_BODIES_MAX = 4, /* proposals of one operator in one epoch */
    ASSAY_REVIEWS_EPOCH_MAX = 512,
    ASSAY_REVIEWS_OPERATOR_MAX = 16,
    /* Issued in so many epochs, the running one included: half of the part is for these alone. */
    ASSAY_REVIEW_FRESH_EPOCHS = 8,
    /* A withdrawal ends what its operator issued about the change up to so many epochs later. */
    ASSAY_REVIEW_WITHDRAWAL_EPOCHS = 8,
};

/* Encoded, hence never reused. */
enum assay_review_act {
    ASSAY_REVIEW_PROPOSE = 1, /* brings the body, and approves */
    ASSAY_REVIEW_APPROVE = 2,
    ASSAY_REVIEW_WITHDRAW = 3, /* of the proposal in its place, or of an approval */
};

/* Slices borrow. */
struct assay_review {
    uint8_t chain_id[32];
    uint32_t era;
    uint8_t operator_id[32];
    enum assay_review_act act;
    uint32_t place;     /* below ASSAY_REVIEW_PLACES; _PLACE_APPROVAL: of an approval */
    uint64_t issued;    /* epoch that ran at its issue */
    uint64_t number;    /* of two of one place the later issue counts, then the higher number */
    uint8_t digest[32]; /* SHA-256 of the body of the CHANGE: what operators sign */
    uint64_t sequence;  /* of the CHANGE */
    uint64_t expires;   /* last epoch in which it counts */
    struct assay_slice comment;
    bool has_signature;                                 /* PROPOSE and APPROVE have one */
    uint8_t change_signature[ASSAY_P256_SIGNATURE_LEN]; /* over digest, as a CHANGE has it */
    struct assay_slice change;                          /* PROPOSE: body of the CHANGE */
};

struct assay_record;

/* What an operator has used of its part of an epoch. */
struct assay_review_part {
    uint32_t count, bodies;   /* REVIEWs, and proposals of these */
    uint32_t old, old_bodies; /* that are not fresh, of both */
};

/* At most 280 bytes of UTF-8, one line, nothing that controls a terminal or reorders the line.
 * Returns: whether so. */
bool assay_review_comment_is_fit(struct assay_slice text);
/* The signed body; the comment is fit (asserted). Returns: ASSAY_OK | ASSAY_E_FULL */
ASSAY_CHECKED enum assay_status assay_review_encode(const struct assay_review *review,
                                                    struct assay_writer *w);
/* A signed body, any bytes; `change` stays empty. Returns: ASSAY_OK | INPUT statuses */
ASSAY_CHECKED enum assay_status assay_review_decode(struct assay_slice body,
                                                    struct assay_review *review);
/* The record around a signed body. Returns: ASSAY_OK | ASSAY_E_FULL */
ASSAY_CHECKED enum assay_status assay_record_put_review(
    struct assay_writer *w, struct assay_slice body,
    const uint8_t signature[static ASSAY_P256_SIGNATURE_LEN], struct assay_slice change);
/* Of one operator in one epoch, where so many are in force. Returns: at least 2. */
uint32_t assay_review_share(uint32_t operators);
/* "propose", "approve", "withdraw". Returns: never NULL. */
const char *assay_review_act_name(enum assay_review_act act);

#endif
