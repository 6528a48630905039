/*
 * quote/source/tpm/tpm_messages.c - messages between node and registrar in canonical CBOR: encoders
 * and decoders side by side.
 */
#include "base/assert.h"
#include "base/cbor.h"
#include "quote/source/tpm/tpm_registrar.h"

static const char request_tag[] = "assay/tpm-request/v1";
static const char challenge_tag[] = "assay/tpm-challenge/v1";
static const char pending_tag[] = "assay/tpm-pending/v1";

enum { SLOT_MAX = 255 };

static enum assay_status open_tagged(struct assay_cursor *c, uint64_t count, const char *tag)
{
    ASSAY_ASSERT(tag != NULL);
    ASSAY_TRY(assay_cbor_array_exact(c, count));
    const enum assay_status status = assay_cbor_text_expect(c, tag);
    return status == ASSAY_E_UNSUPPORTED ? ASSAY_E_VERSION : status;
}

/* ------------------------------------------------------------ requests */

void assay_tpm_request_encode(const struct assay_tpm_request *request, struct assay_writer *w)
{
    assay_cbor_put_array(w, 5);
    assay_cbor_put_text(w, request_tag);
    assay_cbor_put_uint(w, request->slot);
    assay_cbor_put_bytes(w, request->ek_public.bytes, request->ek_public.len);
    assay_cbor_put_bytes(w, request->ek_certificate.bytes, request->ek_certificate.len);
    assay_cbor_put_bytes(w, request->ak_public.bytes, request->ak_public.len);
}

enum assay_status assay_tpm_request_decode(const uint8_t *bytes, size_t len,
                                           struct assay_tpm_request *request)
{
    struct assay_cursor c = assay_cursor_over(bytes, len);
    struct assay_tpm_request r = { 0 };
    uint64_t slot = 0;
    ASSAY_TRY(open_tagged(&c, 5, request_tag));
    ASSAY_TRY(assay_cbor_uint_max(&c, SLOT_MAX, &slot));
    ASSAY_TRY(assay_cbor_bytes(&c, ASSAY_TPM_PUBLIC_MAX, &r.ek_public));
    ASSAY_TRY(assay_cbor_bytes(&c, ASSAY_CERT_DER_MAX, &r.ek_certificate));
    ASSAY_TRY(assay_cbor_bytes(&c, ASSAY_TPM_PUBLIC_MAX, &r.ak_public));
    ASSAY_TRY(assay_cursor_end(&c));
    r.slot = (uint32_t)slot;
    *request = r;
    return ASSAY_OK;
}

/* ------------------------------------------------------------ challenges */

void assay_tpm_challenge_encode(uint32_t slot, const struct assay_tpm_credential *credential,
                                struct assay_writer *w)
{
    ASSAY_ASSERT(credential->id_object_len <= sizeof credential->id_object);
    assay_cbor_put_array(w, 4);
    assay_cbor_put_text(w, challenge_tag);
    assay_cbor_put_uint(w, slot);
    assay_cbor_put_bytes(w, credential->id_object, credential->id_object_len);
    assay_cbor_put_bytes(w, credential->encrypted_secret, credential->encrypted_secret_len);
}

static enum assay_status decode_bytes(struct assay_cursor *c, uint8_t *out, size_t capacity,
                                      uint32_t *len)
{
    ASSAY_ASSERT(out != NULL && capacity > 0);
    struct assay_slice bytes;
    ASSAY_TRY(assay_cbor_bytes(c, capacity, &bytes));
    if (bytes.len > 0) assay_bytes_copy(out, capacity, bytes.bytes, bytes.len);
    *len = (uint32_t)bytes.len;
    return ASSAY_OK;
}

enum assay_status assay_tpm_challenge_decode(const uint8_t *bytes, size_t len, uint32_t *slot,
                                             struct assay_tpm_credential *credential)
{
    struct assay_cursor c = assay_cursor_over(bytes, len);
    struct assay_tpm_credential read = { 0 };
    uint64_t number = 0;
    ASSAY_TRY(open_tagged(&c, 4, challenge_tag));
    ASSAY_TRY(assay_cbor_uint_max(&c, SLOT_MAX, &number));
    ASSAY_TRY(decode_bytes(&c, read.id_object, sizeof read.id_object, &read.id_object_len));
    ASSAY_TRY(decode_bytes(&c, read.encrypted_secret, sizeof read.encrypted_secret,
                           &read.encrypted_secret_len));
    ASSAY_TRY(assay_cursor_end(&c));
    *slot = (uint32_t)number;
    *credential = read;
    return ASSAY_OK;
}

void assay_tpm_pending_encode(const struct assay_tpm_challenge *challenge, struct assay_writer *w)
{
    assay_cbor_put_array(w, 4);
    assay_cbor_put_text(w, pending_tag);
    assay_cbor_put_bytes(w, challenge->ek_name, sizeof challenge->ek_name);
    assay_cbor_put_bytes(w, challenge->ak.bytes, challenge->ak.len);
    assay_cbor_put_bytes(w, challenge->secret, sizeof challenge->secret);
}

enum assay_status assay_tpm_pending_decode(const uint8_t *bytes, size_t len,
                                           struct assay_tpm_challenge *challenge)
{
    struct assay_cursor c = assay_cursor_over(bytes, len);
    struct assay_slice name, key, secret;
    ASSAY_TRY(open_tagged(&c, 4, pending_tag));
    ASSAY_TRY(assay_cbor_bytes(&c, ASSAY_SHA256_LEN, &name));
    ASSAY_TRY(assay_cbor_bytes(&c, ASSAY_KEY_BYTES_MAX, &key));
    ASSAY_TRY(assay_cbor_bytes(&c, ASSAY_TPM_CREDENTIAL_MAX, &secret));
    ASSAY_TRY(assay_cursor_end(&c));
    if (name.len != ASSAY_SHA256_LEN || secret.len != ASSAY_TPM_CREDENTIAL_MAX)
        return ASSAY_E_RANGE;
    if (assay_key_type_of_len(key.len) == ASSAY_KEY_NONE) return ASSAY_E_RANGE;
    *challenge = (struct assay_tpm_challenge){ 0 };
    assay_bytes_copy(challenge->ek_name, sizeof challenge->ek_name, name.bytes, name.len);
    assay_bytes_copy(challenge->secret, sizeof challenge->secret, secret.bytes, secret.len);
    assay_key_from(&challenge->ak, assay_key_type_of_len(key.len), key.bytes, key.len);
    return ASSAY_OK;
}
