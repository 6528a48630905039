/*
 * services/shares/piece.h - basic types of shares (docs/services.md 5): ids, pieces (a share with
 * its commitments), and the statements that dealers sign.
 */
#ifndef ASSAY_SERVICES_SHARES_PIECE_H
#define ASSAY_SERVICES_SHARES_PIECE_H

#include "base/crypto.h"
#include "base/cursor.h"
#include "base/writer.h"
#include "services/shares/deal.h"

enum {
    ASSAY_SHARE_CLUSTERS_MAX = 8,
    ASSAY_SHARE_GIVE_MAX = 200,  /* pieces of one exchange */
    ASSAY_SHARE_PATH_MAX = 8,    /* of a Merkle tree over them */
    ASSAY_SHARE_PIECE_MAX = 77 + ASSAY_SHARE_K_MAX * ASSAY_SODIUM_POINT_LEN,
};

/* The scope of a signature: signatures of another chain are invalid here. */
struct assay_share_home {
    uint8_t chain_id[32];
};

/* A share, or a sub-share of a dealer; secret. Generations and attempts count from 1. */
struct assay_share_piece {
    uint8_t id[32];
    uint32_t generation;
    uint64_t attempt; /* below 2^63 */
    struct assay_secret32 share;
    struct assay_share_commitments commitments; /* A, or a dealer's B */
};

/* Types of a giver's statement; wire values. One type is never accepted as the other. */
enum assay_share_gift_type {
    ASSAY_SHARE_GIFT_FETCHED = 1,  /* the share of a slot, of the current generation */
    ASSAY_SHARE_GIFT_SUBSHARE = 2, /* a dealer's sub-share, of one attempt */
};

/* Giver, slot and time: the statement contains all of it (docs/services.md 5.9). */
struct assay_share_given {
    enum assay_share_gift_type type;
    uint64_t era;
    uint32_t cluster;       /* the giver's */
    uint32_t dealer;        /* the giver's slot */
    uint8_t node[32];       /* the giver's node id */
    uint64_t seating;       /* of the giver's slot: an earlier seating of the same key is void */
    uint32_t slot;          /* the taker's */
    uint64_t taker_seating;
};

/* SHA-256 of type, owner's key and name. */
void assay_share_id(const uint8_t owner[static ASSAY_P256_PUBLIC_LEN],
                    const uint8_t name[static 32], uint8_t id[static 32]);
/* 77 bytes and 32 for each commitment. */
void assay_share_piece_encode(struct assay_writer *w, const struct assay_share_piece *piece);
/* Out: *piece, written only on ASSAY_OK. Returns: ASSAY_OK | ASSAY_E_TRUNCATED | ASSAY_E_RANGE (k,
 * a number that counts from 1) */
ASSAY_CHECKED enum assay_status assay_share_piece_decode(struct assay_cursor *in,
                                                         struct assay_share_piece *piece);
/*
 * assay_share_piece_leaf - the leaf of a piece in the tree that its giver signs: RFC 6962's hash of
 * type, id, generation, attempt, dealers (slots; bits; 0 of FETCHED), k, share and commitments.
 */
void assay_share_piece_leaf(enum assay_share_gift_type type, uint32_t dealers,
                            const struct assay_share_piece *piece, uint8_t leaf[static 32]);
/*
 * assay_share_given_statement - the digest that a dealer or giver signs for its gift to a slot.
 * In:      root: of RFC 6962 over the leaves, count of them; so that a false one can be proven to
 *          anyone while the others stay secret
 */
void assay_share_given_statement(const struct assay_share_home *home,
                                 const struct assay_share_given *given,
                                 const uint8_t root[static 32], uint32_t count,
                                 uint8_t digest[static 32]);
/* Accepts low s only. Returns: true when key signed the digest. */
bool assay_share_verify_signature(const uint8_t key[static ASSAY_P256_PUBLIC_LEN],
                                  const uint8_t digest[static 32],
                                  const uint8_t signature[static ASSAY_P256_SIGNATURE_LEN]);

/* Rows of 32 bytes in one CBOR string: min to max of them into rows[max].
 * Returns: ASSAY_OK | ASSAY_E_RANGE | what base/cbor.h says */
ASSAY_CHECKED enum assay_status assay_share_rows_decode(struct assay_cursor *in, uint32_t min,
                                                        uint32_t max, uint8_t (*rows)[32],
                                                        uint32_t *count);
/* The points of commitments, ASSAY_SHARE_K_MIN to ASSAY_SHARE_K_MAX, in one CBOR string. They are
 * not validated. The decoder returns: as assay_share_rows_decode */
void assay_share_points_encode(struct assay_writer *w, const struct assay_share_commitments *c);
ASSAY_CHECKED enum assay_status assay_share_points_decode(struct assay_cursor *in,
                                                          struct assay_share_commitments *c);

#endif
