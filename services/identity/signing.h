/*
 * services/identity/signing.h - messages and statements of a signing session (docs/identity.md 4).
 *
 * A coordinator names a session and the t indices that sign in it. Each of their holders sends
 * signed commitments, then echoes one list of all commitments, and answers when every holder has
 * echoed the same list. Statements are signed by holder keys (Ed25519) and cover the session:
 * chain, era, CA number, generation, epoch, coordinator, its nonce, the signers and the digests of
 * what is signed.
 *
 * Pure; nothing is allocated.
 */
#ifndef ASSAY_SERVICES_IDENTITY_SIGNING_H
#define ASSAY_SERVICES_IDENTITY_SIGNING_H

#include "services/identity/indices.h"

enum {
    ASSAY_SIGNING_ITEMS_MAX = 64, /* certificates and tokens of one session */
    ASSAY_SIGNING_MESSAGE_MAX = 56 * 1024,
    ASSAY_SIGNING_COMMITMENTS_MAX = 816, /* of all signers for all items: a list fits a message */
    ASSAY_SIGNING_OWN_MAX = 128,         /* of one holder */
    ASSAY_SIGNING_PARTS_MAX = 2 * ASSAY_FROST_SIGNERS_MAX,
    ASSAY_SIGNING_NAME_LEN = 48, /* node id of the coordinator and 16 random bytes */
    ASSAY_SIGNING_PAIR_LEN = 64, /* hiding and binding commitment */
    ASSAY_SIGNING_PAIRS_LEN = ASSAY_FROST_SIGNERS_MAX * ASSAY_SIGNING_PAIR_LEN, /* for one item */
};

/* One generation of a group key. */
struct assay_signing_group {
    uint8_t chain_id[32];
    uint64_t era, generation;
    uint32_t ca_number;
    uint8_t key[32], token_key[32];
    struct assay_secret32 token_offset; /* public: what makes the key of tokens of the other */
    uint32_t threshold, indices, holders;
    struct {
        uint8_t node_id[32], key[32];
    } holder[ASSAY_FROST_HOLDERS_MAX];
    uint8_t owner[ASSAY_FROST_INDICES_MAX + 1]; /* by index: the place of its holder */
    uint8_t public_share[ASSAY_FROST_INDICES_MAX + 1][32];
};

/* What all messages of a session are about. */
struct assay_signing_session {
    uint8_t name[ASSAY_SIGNING_NAME_LEN];
    uint64_t epoch;
    uint32_t count;                         /* of signers: the threshold */
    uint8_t index[ASSAY_FROST_SIGNERS_MAX]; /* ascending */
    uint32_t items;
    uint8_t tbs_digest[ASSAY_SIGNING_ITEMS_MAX][32];
};

/* Wire values. */
enum assay_signing_kind {
    ASSAY_SIGNING_REQUEST = 1,     /* parts: epoch (8 bytes), indices, items */
    ASSAY_SIGNING_COMMITMENTS = 2, /* parts: commitments, signature */
    ASSAY_SIGNING_LIST = 3,        /* parts: commitments and signature of each holder */
    ASSAY_SIGNING_ECHO = 4,        /* parts: digest of the list, signature */
    ASSAY_SIGNING_ECHOES = 5,      /* parts: signature of each holder */
    ASSAY_SIGNING_ANSWERS = 6,     /* parts: answers, signature */
};

/* Slices are borrowed from its bytes. */
struct assay_signing_message {
    enum assay_signing_kind kind;
    uint8_t name[ASSAY_SIGNING_NAME_LEN];
    uint32_t count;
    struct assay_slice part[ASSAY_SIGNING_PARTS_MAX];
};

/* Returns: ASSAY_OK and *out, borrowed from bytes | ASSAY_E_FULL */
ASSAY_CHECKED enum assay_status assay_signing_encode(const struct assay_signing_message *m,
                                                     uint8_t *bytes, size_t capacity,
                                                     struct assay_slice *out);
/* Out: *m, written only on ASSAY_OK. Returns: ASSAY_OK | the statuses of base/cbor.h |
 * ASSAY_E_TRAILING | ASSAY_E_UNSUPPORTED (kind) | ASSAY_E_RANGE (number or length of parts) */
ASSAY_CHECKED enum assay_status assay_signing_decode(struct assay_slice bytes,
                                                     struct assay_signing_message *m);

/* Session of a REQUEST, without its digests. Returns: ASSAY_OK | ASSAY_E_RANGE (number of signers,
 * of items, of commitments; an index) | ASSAY_E_ENCODING (indices do not ascend) */
ASSAY_CHECKED enum assay_status assay_signing_session_read(const struct assay_signing_group *group,
                                                           const struct assay_signing_message *m,
                                                           struct assay_signing_session *session);
/* Returns: how many of the session's indices the holder has. */
uint32_t assay_signing_own(const struct assay_signing_group *group,
                           const struct assay_signing_session *session, uint32_t place);
/* --- what is signed covers texts, lists and answers by roots (base/merkle.h), so that a proof
 * about one item shows that item alone */
/* Leaf hashes of the session's texts. Returns: their number */
uint32_t assay_signing_text_leaves(const struct assay_signing_session *session,
                                   uint8_t leaf[static ASSAY_SIGNING_ITEMS_MAX][32]);
/* Of answers, 32 bytes each. In: answers: of ASSAY_SIGNING_OWN_MAX at most (asserted) */
uint32_t assay_signing_answer_leaves(struct assay_slice answers,
                                     uint8_t leaf[static ASSAY_SIGNING_OWN_MAX][32]);
void assay_signing_root(const uint8_t (*leaf)[32], uint32_t count, uint8_t root[static 32]);
/* What statements of the session cover. */
void assay_signing_session_digest(const struct assay_signing_group *group,
                                  const struct assay_signing_session *session,
                                  uint8_t digest[static 32]);
/* The same of a session whose digests of texts are not known. In: texts: their root */
void assay_signing_session_digest_by(const struct assay_signing_group *group,
                                     const struct assay_signing_session *session,
                                     const uint8_t texts[static 32], uint8_t digest[static 32]);

/* --- statements: digests that a holder key signs */
void assay_signing_commit_digest(const uint8_t session[static 32], const uint8_t node_id[static 32],
                                 struct assay_slice commitments, uint8_t digest[static 32]);
/* In: commitments: SHA-256 of the holder's own; list: of the list; answers: empty: an echo */
void assay_signing_answer_digest(const uint8_t session[static 32], const uint8_t node_id[static 32],
                                 const uint8_t commitments[static 32],
                                 const uint8_t list[static 32], struct assay_slice answers,
                                 uint8_t digest[static 32]);
/* The same. In: answers: their root; empty: an echo */
void assay_signing_answer_digest_by(const uint8_t session[static 32],
                                    const uint8_t node_id[static 32],
                                    const uint8_t commitments[static 32],
                                    const uint8_t list[static 32], struct assay_slice answers,
                                    uint8_t digest[static 32]);

/* --- the list of all commitments: parts of a LIST, in the order of holders */
/*
 * assay_signing_list_check - form of a list.
 * Returns: ASSAY_OK | ASSAY_E_RANGE (number or length of its parts)
 */
ASSAY_CHECKED enum assay_status assay_signing_list_check(
    const struct assay_signing_group *group, const struct assay_signing_session *session,
    const struct assay_slice *part, uint32_t count);
/* Of a list that was checked: the commitments for each item, as assay_signing_list_pairs has them,
 * without their signatures. Returns: the number of leaves */
uint32_t assay_signing_list_leaves(const struct assay_signing_group *group,
                                   const struct assay_signing_session *session,
                                   const struct assay_slice *part,
                                   uint8_t leaf[static ASSAY_SIGNING_ITEMS_MAX][32]);
/* In: digest_of: the session's; a list that was checked */
void assay_signing_list_digest(const struct assay_signing_group *group,
                               const struct assay_signing_session *session,
                               const uint8_t digest_of[static 32], const struct assay_slice *part,
                               uint8_t digest[static 32]);
void assay_signing_list_digest_by(const uint8_t digest_of[static 32], const uint8_t root[static 32],
                                  uint8_t digest[static 32]);
/* Returns: the first part of a holder in a list that was checked; UINT32_MAX: it does not sign. */
uint32_t assay_signing_list_place(const struct assay_signing_group *group,
                                  const struct assay_signing_session *session, uint32_t place);
/* The commitments of all signers for one item, ascending by index: bytes. */
void assay_signing_list_pairs(const struct assay_signing_group *group,
                              const struct assay_signing_session *session,
                              const struct assay_slice *part, uint32_t item,
                              uint8_t pairs[static ASSAY_SIGNING_PAIRS_LEN]);
/* The commitments that such bytes are. */
void assay_signing_read_pairs(const struct assay_signing_session *session, const uint8_t *pairs,
                              struct assay_frost_commitment *commitment);
/* The commitments of all signers for one item, ascending by index. */
void assay_signing_list_item(const struct assay_signing_group *group,
                             const struct assay_signing_session *session,
                             const struct assay_slice *part, uint32_t item,
                             struct assay_frost_commitment *commitment);
/* Returns: true when it is a token's (RFC 7515: base64url of "{"), signed under the key of tokens;
 * DER begins with another byte. */
bool assay_signing_is_token(struct assay_slice tbs);
/* f(index) G, of the key of tokens: of the shifted sharing. In: index: of the group. Returns:
 * ASSAY_OK | ASSAY_E_RANGE, ASSAY_E_KEY (a group that is none) */
ASSAY_CHECKED enum assay_status assay_signing_public_share(
    const struct assay_signing_group *group, uint32_t index, bool is_token,
    uint8_t share[static ASSAY_SODIUM_POINT_LEN]);

#endif
