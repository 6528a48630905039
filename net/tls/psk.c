/*
 * net/tls/psk.c - derivation of the pre-shared key of a link.
 */
#include "net/tls/psk.h"

#include "base/assert.h"
#include "base/crypto.h"
#include "base/crypto/agreement.h"
#include "base/writer.h"

static const char label[] = "assay/tls-link/v1";

enum { INFO_LEN = sizeof label - 1 + 3 * 32 + 1 };

enum assay_status assay_tls_psk_derive(const struct assay_secret32 *secret,
                                       const uint8_t peer[static 32],
                                       const uint8_t chain_id[static 32],
                                       const uint8_t client[static 32],
                                       const uint8_t server[static 32], struct assay_secret32 *psk)
{
    ASSAY_ASSERT(secret != NULL && psk != NULL);
    struct assay_secret32 shared, extracted;
    uint8_t info[INFO_LEN];
    struct assay_writer w = assay_writer_over(info, sizeof info);
    const enum assay_status status = assay_x25519_agree(secret, peer, &shared);
    if (status != ASSAY_OK) {
        assay_secret_wipe(psk, sizeof *psk);
        return status;
    }
    assay_writer_put(&w, label, sizeof label - 1);
    assay_writer_put(&w, chain_id, 32);
    assay_writer_put(&w, client, 32);
    assay_writer_put(&w, server, 32);
    assay_writer_u8(&w, 1); /* RFC 5869 2.3: the first block, which is all of it */
    ASSAY_ASSERT(!w.full && w.len == sizeof info);
    assay_hmac_sha256((const uint8_t *)label, sizeof label - 1, shared.bytes, sizeof shared.bytes,
                      extracted.bytes);
    assay_hmac_sha256(extracted.bytes, sizeof extracted.bytes, info, sizeof info, psk->bytes);
    assay_secret_wipe(&shared, sizeof shared);
    assay_secret_wipe(&extracted, sizeof extracted);
    return ASSAY_OK;
}
