/*
 * services/identity/signing_lie.h - proofs that a holder signed wrongly (docs/identity.md 4.10).
 *
 * Two forms: statements about two lists with the same commitments, or an answer that does not
 * verify. Both are signed by the holder's key, so nobody else can make them. An honest holder never
 * uses commitments twice, in whatever session, so a restart or a reused name of a session convicts
 * nobody.
 *
 * Of a session a proof shows one item: statements cover texts, lists and answers by their roots. So
 * a proof about any session fits a service record (docs/identity.md 3.5.4).
 */
#ifndef ASSAY_SERVICES_IDENTITY_SIGNING_LIE_H
#define ASSAY_SERVICES_IDENTITY_SIGNING_LIE_H

#include "services/identity/signing.h"

enum {
    ASSAY_SIGNING_LIE_MAX = 8100,
    ASSAY_SIGNING_PATH_MAX = 10, /* nodes: from 1,024 leaves down */
};

/* An echo or an answer. */
struct assay_signing_statement {
    uint8_t session[32], list[32];
    bool is_answer;
    uint8_t answers[32]; /* their root; not of an echo */
    uint8_t signature[ASSAY_SODIUM_SIGNATURE_LEN];
};

struct assay_signing_path {
    uint32_t count;
    uint8_t node[ASSAY_SIGNING_PATH_MAX][32];
};

/* Wire values. */
enum assay_signing_lie_kind {
    ASSAY_SIGNING_LIE_TWO_LISTS = 1,
    ASSAY_SIGNING_LIE_ANSWER = 2,
};

/* A proof. */
struct assay_signing_lie {
    enum assay_signing_lie_kind kind;
    uint8_t node_id[32]; /* of the accused */
    uint8_t commitments[32]; /* digest of those of the accused in the statements */
    struct assay_signing_statement statement[2]; /* ANSWER: the first, without session and list */
    /* ANSWER */
    struct assay_signing_session session; /* without its digests */
    uint32_t item;                        /* that does not verify */
    uint8_t index;                        /* of the accused */
    uint8_t texts[32], lists[32];         /* roots */
    uint8_t answer[32];                   /* of the index for the item */
    uint8_t pairs[ASSAY_SIGNING_PAIRS_LEN]; /* commitments of all signers for the item */
    struct assay_signing_path text_path, pairs_path, answer_path;
    struct assay_slice tbs; /* of the item; borrowed */
};

/* All of a session that a proof about one answer is made of. */
struct assay_signing_answers {
    const struct assay_signing_session *session;
    const struct assay_slice *part; /* of a list that was checked */
    uint32_t place;                 /* of the accused */
    struct assay_slice answers;     /* its answers, as its signature covers them */
    const uint8_t *signature;       /* [ASSAY_SODIUM_SIGNATURE_LEN] */
};

/* Out: *lie: of the answer of an index of the accused (asserted) for an item. In: tbs: borrowed */
void assay_signing_lie_of_answer(const struct assay_signing_group *group,
                                 const struct assay_signing_answers *all, uint32_t item,
                                 uint8_t index, struct assay_slice tbs,
                                 struct assay_signing_lie *lie);
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
