/*
 * quote/result/cwt.c - CBOR web tokens signed with ES256.
 */
#include "quote/result/cwt.h"

#include "base/assert.h"
#include "base/cbor.h"
#include "quote/cose.h"
#include "quote/result/jwt.h"

enum { HEADER_MAX = 96, LABEL_ALG = 1, LABEL_KID = 4, LABEL_TYP = 16 };

/* Two writers of the same header: the signature is over its very bytes. */
static struct assay_slice encode_header(const uint8_t public_key[static ASSAY_P256_PUBLIC_LEN],
                                        uint8_t bytes[static HEADER_MAX])
{
    char thumbprint[ASSAY_JWK_THUMBPRINT_LEN + 1];
    struct assay_slice out = { NULL, 0 };
    struct assay_writer w = assay_writer_over(bytes, HEADER_MAX);
    assay_jwk_thumbprint(public_key, thumbprint);
    assay_cbor_put_map(&w, 3);
    assay_cbor_put_int(&w, LABEL_ALG);
    assay_cbor_put_int(&w, ASSAY_COSE_ES256);
    assay_cbor_put_int(&w, LABEL_KID);
    assay_cbor_put_bytes(&w, thumbprint, ASSAY_JWK_THUMBPRINT_LEN);
    assay_cbor_put_int(&w, LABEL_TYP);
    assay_cbor_put_text(&w, "application/eat+cwt");
    const enum assay_status status = assay_writer_finish(&w, &out);
    ASSAY_ASSERT(status == ASSAY_OK);
    return out;
}

void assay_cwt_digest(const uint8_t public_key[static ASSAY_P256_PUBLIC_LEN],
                      struct assay_slice claims, uint8_t digest[static ASSAY_SHA256_LEN])
{
    uint8_t header[HEADER_MAX], opening[HEADER_MAX + 32], middle[16];
    struct assay_writer before = assay_writer_over(opening, sizeof opening);
    struct assay_writer between = assay_writer_over(middle, sizeof middle);
    const struct assay_slice protected_header = encode_header(public_key, header);
    assay_cbor_put_array(&before, 4);
    assay_cbor_put_text(&before, "Signature1");
    assay_cbor_put_bytes(&before, protected_header.bytes, protected_header.len);
    assay_cbor_put_bytes_head(&between, 0);
    assay_cbor_put_bytes_head(&between, claims.len);
    ASSAY_ASSERT(!before.full && !between.full);
    const struct assay_slice pieces[] = { assay_slice_over(opening, before.len),
                                          assay_slice_over(middle, between.len), claims };
    assay_sha256_pieces(pieces, 3, digest);
}

void assay_cwt_put(struct assay_writer *w, const uint8_t public_key[static ASSAY_P256_PUBLIC_LEN],
                   struct assay_slice claims,
                   const uint8_t signature[static ASSAY_P256_SIGNATURE_LEN])
{
    uint8_t header[HEADER_MAX];
    const struct assay_slice protected_header = encode_header(public_key, header);
    assay_cbor_put_tag(w, ASSAY_COSE_TAG_SIGN1);
    assay_cbor_put_array(w, 4);
    assay_cbor_put_bytes(w, protected_header.bytes, protected_header.len);
    assay_cbor_put_map(w, 0);
    assay_cbor_put_bytes(w, claims.bytes, claims.len);
    assay_cbor_put_bytes(w, signature, ASSAY_P256_SIGNATURE_LEN);
}
