/*
 * tests/support/services/sodium_model.c - services/shares/sodium.h for worlds that run protocols:
 * nothing is secret, and everything is nearly free.
 *
 * Scalars are numbers below 2^61 - 1, and a point is its number with a mark, so commitments reveal
 * their value. Boxes and payloads are in the clear, with a digest over key and text. The properties
 * that protocols need without forgery are preserved: a wrong share, another key and a changed box
 * are rejected.
 */
#include "base/crypto.h"
#include "base/cursor.h"
#include "base/writer.h"
#include "services/shares/sodium.h"

static const uint64_t prime = ((uint64_t)1 << 61) - 1;

enum { MARK = 0x5a };

static uint64_t number_of(const uint8_t bytes[static 32])
{
    struct assay_cursor in = assay_cursor_over(bytes, 8);
    uint64_t number = 0;
    assay_status_ignore(assay_cursor_u64le(&in, &number), "eight bytes are there");
    return number;
}

static void number_put(uint64_t number, uint8_t mark, uint8_t bytes[static 32])
{
    struct assay_writer w = assay_writer_over(bytes, 32);
    assay_writer_u64le(&w, number);
    assay_writer_zero(&w, 23);
    assay_writer_u8(&w, number == 0 ? 0 : mark);
}

static uint64_t times(uint64_t a, uint64_t b)
{
    __extension__ typedef unsigned __int128 wide;
    return (uint64_t)((wide)a * b % prime);
}

enum assay_status assay_sodium_start(void)
{
    return ASSAY_OK;
}

void assay_sodium_scalar_from(const uint8_t wide[static ASSAY_SODIUM_WIDE_LEN],
                              struct assay_secret32 *out)
{
    number_put(number_of(wide) % prime, 0, out->bytes);
}

bool assay_sodium_scalar_is_fit(const struct assay_secret32 *a)
{
    const uint64_t number = number_of(a->bytes);
    return number > 0 && number < prime && assay_bytes_all_zero(a->bytes + 8, 24);
}

void assay_sodium_scalar_add(const struct assay_secret32 *a, const struct assay_secret32 *b,
                             struct assay_secret32 *out)
{
    number_put((number_of(a->bytes) + number_of(b->bytes)) % prime, 0, out->bytes);
}

void assay_sodium_scalar_sub(const struct assay_secret32 *a, const struct assay_secret32 *b,
                             struct assay_secret32 *out)
{
    number_put((number_of(a->bytes) + prime - number_of(b->bytes)) % prime, 0, out->bytes);
}

void assay_sodium_scalar_mul(const struct assay_secret32 *a, const struct assay_secret32 *b,
                             struct assay_secret32 *out)
{
    number_put(times(number_of(a->bytes), number_of(b->bytes)), 0, out->bytes);
}

enum assay_status assay_sodium_scalar_invert(const struct assay_secret32 *a,
                                             struct assay_secret32 *out)
{
    uint64_t base = number_of(a->bytes), result = 1;
    if (base == 0) return ASSAY_E_RANGE;
    for (uint64_t power = prime - 2; power > 0; power >>= 1) { /* Fermat */
        if (power & 1) result = times(result, base);
        base = times(base, base);
    }
    number_put(result, 0, out->bytes);
    return ASSAY_OK;
}

bool assay_sodium_point_is_fit(const uint8_t point[static ASSAY_SODIUM_POINT_LEN])
{
    const uint64_t number = number_of(point);
    return number > 0 && number < prime && assay_bytes_all_zero(point + 8, 23) && point[31] == MARK;
}

enum assay_status assay_sodium_point_base(const struct assay_secret32 *a,
                                          uint8_t out[static ASSAY_SODIUM_POINT_LEN])
{
    const uint64_t number = number_of(a->bytes);
    number_put(number, MARK, out);
    return number > 0 ? ASSAY_OK : ASSAY_E_RANGE;
}

enum assay_status assay_sodium_point_mul(const struct assay_secret32 *a,
                                         const uint8_t point[static ASSAY_SODIUM_POINT_LEN],
                                         uint8_t out[static ASSAY_SODIUM_POINT_LEN])
{
    if (!assay_sodium_point_is_fit(point)) return ASSAY_E_KEY;
    number_put(times(number_of(a->bytes), number_of(point)), MARK, out);
    return assay_bytes_all_zero(out, 32) ? ASSAY_E_KEY : ASSAY_OK;
}

enum assay_status assay_sodium_point_add(const uint8_t a[static ASSAY_SODIUM_POINT_LEN],
                                         const uint8_t b[static ASSAY_SODIUM_POINT_LEN],
                                         uint8_t out[static ASSAY_SODIUM_POINT_LEN])
{
    if (!assay_bytes_all_zero(a, 32) && !assay_sodium_point_is_fit(a)) return ASSAY_E_KEY;
    if (!assay_bytes_all_zero(b, 32) && !assay_sodium_point_is_fit(b)) return ASSAY_E_KEY;
    number_put((number_of(a) + number_of(b)) % prime, MARK, out);
    return ASSAY_OK;
}

/* --- the same group: its marks are those of points */

bool assay_sodium_edwards_is_fit(const uint8_t point[static ASSAY_SODIUM_POINT_LEN])
{
    return assay_sodium_point_is_fit(point);
}

enum assay_status assay_sodium_edwards_base(const struct assay_secret32 *a,
                                            uint8_t out[static ASSAY_SODIUM_POINT_LEN])
{
    return assay_sodium_point_base(a, out);
}

enum assay_status assay_sodium_edwards_mul(const struct assay_secret32 *a,
                                           const uint8_t point[static ASSAY_SODIUM_POINT_LEN],
                                           uint8_t out[static ASSAY_SODIUM_POINT_LEN])
{
    return assay_sodium_point_mul(a, point, out);
}

enum assay_status assay_sodium_edwards_add(const uint8_t a[static ASSAY_SODIUM_POINT_LEN],
                                           const uint8_t b[static ASSAY_SODIUM_POINT_LEN],
                                           uint8_t out[static ASSAY_SODIUM_POINT_LEN])
{
    return assay_sodium_point_add(a, b, out);
}

/* z G = R + c A, with c as RFC 8032 hashes it. */
bool assay_sodium_edwards_verify(const uint8_t public_key[static ASSAY_SODIUM_POINT_LEN],
                                 struct assay_slice message,
                                 const uint8_t signature[static ASSAY_SODIUM_SIGNATURE_LEN])
{
    uint8_t input[64 + 4096], wide[ASSAY_SODIUM_WIDE_LEN];
    struct assay_secret32 c;
    struct assay_writer w = assay_writer_over(input, sizeof input);
    assay_writer_put(&w, signature, 32);
    assay_writer_put(&w, public_key, 32);
    assay_writer_put(&w, message.bytes, message.len);
    if (w.full || !assay_sodium_point_is_fit(public_key)) return false;
    assay_sha512(input, w.len, wide);
    assay_sodium_scalar_from(wide, &c);
    const uint64_t sum =
        (number_of(signature) + times(number_of(c.bytes), number_of(public_key))) % prime;
    return sum == number_of(signature + 32);
}

void assay_sodium_box_pair(const struct assay_secret32 *seed, struct assay_secret32 *secret,
                           uint8_t public_key[static 32])
{
    *secret = *seed;
    assay_sha256(seed->bytes, sizeof seed->bytes, public_key);
}

/* A link key is its seed, and its own CURVE key; any party that has it can sign. */
void assay_sodium_link_pair(const struct assay_secret32 *seed, uint8_t public_key[static 32])
{
    assay_bytes_copy(public_key, 32, seed->bytes, sizeof seed->bytes);
}

void assay_sodium_link_secret(const struct assay_secret32 *seed, struct assay_secret32 *curve)
{
    *curve = *seed;
}

enum assay_status assay_sodium_link_curve(const uint8_t public_key[static 32],
                                          uint8_t curve[static 32])
{
    if (assay_bytes_all_zero(public_key, 32)) return ASSAY_E_KEY;
    assay_bytes_copy(curve, 32, public_key, 32);
    return ASSAY_OK;
}

void assay_sodium_link_sign(const struct assay_secret32 *seed, const uint8_t digest[static 32],
                            uint8_t signature[static ASSAY_SODIUM_SIGNATURE_LEN])
{
    const struct assay_slice pieces[] = { assay_slice_over(seed->bytes, 32),
                                          assay_slice_over(digest, 32) };
    assay_bytes_zero(signature, ASSAY_SODIUM_SIGNATURE_LEN);
    assay_sha256_pieces(pieces, 2, signature);
}

bool assay_sodium_link_verify(const uint8_t public_key[static 32], const uint8_t digest[static 32],
                              const uint8_t signature[static ASSAY_SODIUM_SIGNATURE_LEN])
{
    struct assay_secret32 seed;
    uint8_t expected[ASSAY_SODIUM_SIGNATURE_LEN];
    assay_bytes_copy(seed.bytes, 32, public_key, 32);
    assay_sodium_link_sign(&seed, digest, expected);
    return assay_bytes_equal(signature, expected, sizeof expected);
}

static void mac(const uint8_t key[static 32], struct assay_slice about, struct assay_slice text,
                uint8_t out[static 32])
{
    const struct assay_slice pieces[] = { assay_slice_over(key, 32), about, text };
    assay_sha256_pieces(pieces, 3, out);
}

enum assay_status assay_sodium_box_seal(const struct assay_secret32 *seed,
                                        const uint8_t public_key[static 32],
                                        struct assay_slice message, uint8_t *sealed)
{
    uint8_t digest[32];
    assay_sha256(seed->bytes, sizeof seed->bytes, sealed);
    mac(public_key, assay_slice_over(sealed, 32), message, digest);
    assay_bytes_copy(sealed + 32, 16, digest, 16);
    assay_bytes_copy(sealed + ASSAY_SODIUM_BOX_OVERHEAD, message.len, message.bytes, message.len);
    return ASSAY_OK;
}

enum assay_status assay_sodium_box_open(const struct assay_secret32 *secret,
                                        const uint8_t public_key[static 32],
                                        struct assay_slice sealed, uint8_t *message)
{
    uint8_t digest[32];
    if (sealed.len < ASSAY_SODIUM_BOX_OVERHEAD) return ASSAY_E_TRUNCATED;
    assay_sha256(secret->bytes, sizeof secret->bytes, digest);
    if (!assay_bytes_equal(digest, public_key, 32)) return ASSAY_E_SIGNATURE;
    const struct assay_slice text = assay_slice_over(sealed.bytes + ASSAY_SODIUM_BOX_OVERHEAD,
                                                     sealed.len - ASSAY_SODIUM_BOX_OVERHEAD);
    mac(public_key, assay_slice_over(sealed.bytes, 32), text, digest);
    if (!assay_bytes_equal(digest, sealed.bytes + 32, 16)) return ASSAY_E_SIGNATURE;
    assay_bytes_copy(message, text.len, text.bytes, text.len);
    return ASSAY_OK;
}

void assay_sodium_seal(const struct assay_secret32 *key,
                       const uint8_t nonce[static ASSAY_SODIUM_NONCE_LEN], struct assay_slice about,
                       struct assay_slice message, uint8_t *sealed)
{
    uint8_t digest[32];
    (void)nonce;
    mac(key->bytes, about, message, digest);
    assay_bytes_copy(sealed, message.len, message.bytes, message.len);
    assay_bytes_copy(sealed + message.len, ASSAY_SODIUM_TAG_LEN, digest, ASSAY_SODIUM_TAG_LEN);
}

enum assay_status assay_sodium_open(const struct assay_secret32 *key,
                                    const uint8_t nonce[static ASSAY_SODIUM_NONCE_LEN],
                                    struct assay_slice about, struct assay_slice sealed,
                                    uint8_t *message)
{
    uint8_t digest[32];
    (void)nonce;
    if (sealed.len < ASSAY_SODIUM_TAG_LEN) return ASSAY_E_TRUNCATED;
    const struct assay_slice text =
        assay_slice_over(sealed.bytes, sealed.len - ASSAY_SODIUM_TAG_LEN);
    mac(key->bytes, about, text, digest);
    if (!assay_bytes_equal(digest, sealed.bytes + text.len, ASSAY_SODIUM_TAG_LEN))
        return ASSAY_E_SIGNATURE;
    assay_bytes_copy(message, text.len, text.bytes, text.len);
    return ASSAY_OK;
}
