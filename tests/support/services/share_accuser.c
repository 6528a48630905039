/*
 * tests/support/services/share_accuser.c - the pieces of opened gifts as SHARE_LIE records.
 */
#include "tests/support/services/share_accuser.h"

/* A gift of one piece or many, each with its path. */
static void keep_gift(struct share_accuser *s, const struct assay_share_terms *terms,
                      const uint8_t key[static ASSAY_P256_PUBLIC_LEN], struct assay_slice bytes)
{
    static uint8_t node[ASSAY_MERKLE_NODES(ASSAY_SHARE_GIVE_MAX)][32];
    struct assay_share_gift gift;
    struct assay_share_piece piece;
    struct assay_share_commitments current = { .k = ASSAY_SHARE_K_MIN };
    if (assay_share_gift_open(bytes, terms->purpose, &gift, node) != ASSAY_OK) return;
    const uint32_t count = gift.count;
    if (count > 0) assay_merkle_grow(node, count);
    for (uint32_t i = 0; assay_share_gift_next(&gift, &piece, &current); i++) {
        struct assay_share_lie_record *lie = &s->kept[s->count++ % SHARES_SHOWN];
        size_t path_len = 0;
        *lie = (struct assay_share_lie_record){ .given = assay_share_given_by(terms),
                                                .dealers = gift.dealers, .piece = piece,
                                                .count = count, .index = i, .current = current };
        assay_bytes_copy(lie->key, 64, key, 64);
        assay_bytes_copy(lie->root, 32, gift.root, 32);
        assay_bytes_copy(lie->signature, 64, gift.signature, 64);
        ASSAY_ASSERT(assay_merkle_path_in((const uint8_t(*)[32])node, count, i, lie->path,
                                          ASSAY_SHARE_PATH_MAX, &path_len) == ASSAY_OK);
        lie->path_len = (uint32_t)path_len;
    }
}

void share_accuser_peek(struct share_accuser *s, const struct assay_share_holder *h,
                        const uint8_t key[static ASSAY_P256_PUBLIC_LEN], struct assay_slice bytes,
                        uint8_t *room)
{
    static struct assay_share_exchange x;
    struct assay_share_message message;
    struct assay_slice gift;
    if (assay_share_message_decode(bytes, &message) != ASSAY_OK ||
        message.kind != ASSAY_SHARE_GIVE)
        return;
    for (uint32_t i = 0; i < ASSAY_SHARE_TAKING_MAX; i++) {
        x = h->talk[i].x;
        if (h->talk[i].serial == 0 ||
            assay_share_exchange_open(&x, &message, room, &gift) != ASSAY_OK)
            continue;
        keep_gift(s, &x.terms, key, gift);
    }
}
