/*
 * services/shares/piece.h - the words of shares (docs/services.md 5): ids, a share with what it is
 * checked against, and what dealers sign.
 */
#ifndef ASSAY_SERVICES_SHARES_PIECE_H
#define ASSAY_SERVICES_SHARES_PIECE_H

#include "base/crypto.h"
#include "base/cursor.h"
#include "base/writer.h"
#include "services/shares/deal.h"

enum {
    ASSAY_SHARE_CLUSTERS_MAX = 8,
    ASSAY_SHARE_GIVE_MAX = 200,  /* pieces that one exchange hands over */
    ASSAY_SHARE_PATH_MAX = 8,    /* of a Merkle tree over them */
    ASSAY_SHARE_PIECE_MAX = 71 + ASSAY_SHARE_K_MAX * ASSAY_SODIUM_POINT_LEN,
};

/* Signatures of another chain mean nothing here. */
struct assay_share_home {
    uint8_t chain_id[32];
};

/* A share, or a sub-share of a dealer; secret. Generations and attempts count from 1. */
struct assay_share_piece {
    uint8_t id[32];
    uint32_t generation;
    uint32_t attempt; /* below 2^16 */
    struct assay_secret32 share;
    struct assay_share_commitments commitments; /* A, or a dealer's B */
};

/* SHA-256 of type, owner's key and name. Returns: nothing. */
void assay_share_id(const uint8_t owner[static ASSAY_P256_PUBLIC_LEN],
                    const uint8_t name[static 32], uint8_t id[static 32]);
/* 71 bytes and 32 for each commitment. Returns: nothing. */
void assay_share_piece_put(struct assay_writer *w, const struct assay_share_piece *piece);
/* Out: *piece, written only on ASSAY_OK. Returns: ASSAY_OK | ASSAY_E_TRUNCATED | ASSAY_E_RANGE (k,
 * a number that counts from 1) */
ASSAY_CHECKED enum assay_status assay_share_piece_take(struct assay_cursor *in,
                                                       struct assay_share_piece *piece);
/*
 * assay_share_dealt_statement - what a dealer or a giver signs of what it gives to a slot.
 * In:      root: of RFC 6962 over the pieces as they are put, count of them; so that one that lies
 *          can be shown to everybody, and the others stay secret
 * Returns: nothing
 */
void assay_share_dealt_statement(const struct assay_share_home *home, uint32_t cluster,
                                 uint32_t dealer, uint32_t slot, const uint8_t root[static 32],
                                 uint32_t count, uint8_t digest[static 32]);
/* Low s alone. Returns: true when key signed the digest. */
bool assay_share_signed(const uint8_t key[static ASSAY_P256_PUBLIC_LEN],
                        const uint8_t digest[static 32],
                        const uint8_t signature[static ASSAY_P256_SIGNATURE_LEN]);

#endif
