/*
 * services/identity/signing_lie.h - proofs that a holder signed wrongly (docs/identity.md 4.10).
 *
 * Two forms: statements about two lists with the same commitments, or an answer that does not
 * verify. Both are signed by the holder's key, so nobody else can make them. An honest holder never
 * uses commitments twice, in whatever session, so a restart or a reused name of a session convicts
 * nobody.
 */
#ifndef ASSAY_SERVICES_IDENTITY_SIGNING_LIE_H
#define ASSAY_SERVICES_IDENTITY_SIGNING_LIE_H

#include "services/identity/signing.h"

enum { ASSAY_SIGNING_LIE_MAX = 56 * 1024 };

/* An echo or an answer; answers_len 0: an echo. */
struct assay_signing_statement {
    uint8_t session[32], list[32];
    struct assay_slice answers;
    uint8_t signature[ASSAY_SODIUM_SIGNATURE_LEN];
};

/* Wire values. */
enum assay_signing_lie_kind {
    ASSAY_SIGNING_LIE_TWO_LISTS = 1,
    ASSAY_SIGNING_LIE_ANSWER = 2,
};

/* A proof; slices are borrowed. */
struct assay_signing_lie {
    enum assay_signing_lie_kind kind;
    uint8_t node_id[32]; /* of the accused */
    /* TWO_LISTS: the same commitments under both statements */
    uint8_t commitments[32];
    struct assay_signing_statement statement[2]; /* ANSWER: the first, without its list */
    /* ANSWER */
    struct assay_signing_session session;
    uint32_t parts;
    struct assay_slice part[ASSAY_SIGNING_PARTS_MAX]; /* the list */
    uint32_t item;                                    /* that does not verify */
    uint8_t index;                                    /* of the accused */
    struct assay_slice tbs;                           /* of that item */
};

/* Returns: ASSAY_OK and *out, borrowed from bytes | ASSAY_E_FULL */
ASSAY_CHECKED enum assay_status assay_signing_lie_encode(const struct assay_signing_lie *lie,
                                                         uint8_t *bytes, size_t capacity,
                                                         struct assay_slice *out);
/* Out: *lie, written only on ASSAY_OK. Returns: ASSAY_OK | the statuses of base/cbor.h |
 * ASSAY_E_TRAILING | ASSAY_E_UNSUPPORTED (kind) | ASSAY_E_RANGE | ASSAY_E_ENCODING */
ASSAY_CHECKED enum assay_status assay_signing_lie_decode(struct assay_slice bytes,
                                                         struct assay_signing_lie *lie);
/*
 * assay_signing_lie_verify - whether a proof convicts the holder that it names.
 * In:      group: the generation that it is about
 * Returns: ASSAY_OK: it does | ASSAY_E_STRANGER (no holder of the group) | ASSAY_E_SIGNATURE (a
 *          statement is not the holder's, or is of another chain, era or generation) |
 *          ASSAY_E_INVALID (nothing is wrong with what it shows) | ASSAY_E_RANGE, ASSAY_E_ENCODING,
 *          ASSAY_E_KEY (it shows no session)
 */
ASSAY_CHECKED enum assay_status assay_signing_lie_verify(const struct assay_signing_group *group,
                                                         const struct assay_signing_lie *lie);

#endif
