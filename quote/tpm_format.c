/*
 * quote/tpm_format.c - parser of the TPM 2.0 structures in a quote.
 *
 * Parsing only: nothing here is verified. Sections are those of the TPM 2.0 Library Specification,
 * Part 2, revision 1.59.
 */
#include "quote/tpm_format.h"

#include "base/assert.h"
#include "base/cursor.h"
#include "base/writer.h"

/* A TPM2B: u16 length and that many bytes. */
static enum assay_status read_sized(struct assay_cursor *in, size_t max, struct assay_slice *out)
{
    uint16_t len = 0;
    ASSAY_TRY(assay_cursor_u16be(in, &len));
    if (len > max) return ASSAY_E_RANGE;
    return assay_cursor_slice(in, len, out);
}

/* --- hashes, Part 2 6.3 */
size_t assay_tpm_hash_len(uint16_t alg)
{
    switch (alg) {
    case ASSAY_TPM_SHA1: return 20;
    case ASSAY_TPM_SHA256:
    case ASSAY_TPM_SM3:
    case ASSAY_TPM_SHA3_256: return 32;
    case ASSAY_TPM_SHA384:
    case ASSAY_TPM_SHA3_384: return 48;
    case ASSAY_TPM_SHA512:
    case ASSAY_TPM_SHA3_512: return 64;
    }
    return 0;
}

const char *assay_tpm_hash_text(uint16_t alg)
{
    switch (alg) {
    case ASSAY_TPM_SHA1: return "sha1";
    case ASSAY_TPM_SHA256: return "sha256";
    case ASSAY_TPM_SM3: return "sm3-256";
    case ASSAY_TPM_SHA3_256: return "sha3-256";
    case ASSAY_TPM_SHA384: return "sha384";
    case ASSAY_TPM_SHA3_384: return "sha3-384";
    case ASSAY_TPM_SHA512: return "sha512";
    case ASSAY_TPM_SHA3_512: return "sha3-512";
    }
    return NULL;
}

/* --- TPMS_ATTEST, 10.12.12 */

/* TPMS_PCR_SELECTION, 10.6.2. Bit j of byte i is PCR 8i + j. */
static enum assay_status parse_bank(struct assay_cursor *in, struct assay_tpm_bank *bank)
{
    const uint8_t *bitmap = NULL;
    uint8_t len = 0;
    ASSAY_TRY(assay_cursor_u16be(in, &bank->alg));
    ASSAY_TRY(assay_cursor_u8(in, &len));
    if (len == 0 || len > ASSAY_TPM_SELECT_MAX) return ASSAY_E_RANGE;
    if (assay_tpm_hash_len(bank->alg) == 0) return ASSAY_E_UNSUPPORTED;
    ASSAY_ASSERT(len <= sizeof bank->mask);
    ASSAY_TRY(assay_cursor_take(in, len, &bitmap));
    bank->mask = 0;
    for (uint8_t i = 0; i < len; i++)
        bank->mask |= (uint32_t)bitmap[i] << (8 * i);
    return ASSAY_OK;
}

/* TPML_PCR_SELECTION, 10.9.7. A bank twice would give one PCR two places among the values. */
static enum assay_status parse_select(struct assay_cursor *in, struct assay_tpm_quote *q)
{
    uint32_t count = 0;
    ASSAY_TRY(assay_cursor_u32be(in, &count));
    if (count > ASSAY_TPM_BANKS_MAX) return ASSAY_E_RANGE;
    q->bank_count = count;
    ASSAY_ASSERT(q->bank_count <= ASSAY_TPM_BANKS_MAX);
    for (size_t i = 0; i < q->bank_count; i++) {
        ASSAY_TRY(parse_bank(in, &q->banks[i]));
        for (size_t k = 0; k < i; k++)
            if (q->banks[k].alg == q->banks[i].alg) return ASSAY_E_DUPLICATE;
    }
    return ASSAY_OK;
}

/* TPMS_CLOCK_INFO, 10.11.1. */
static enum assay_status parse_clock(struct assay_cursor *in, struct assay_tpm_quote *q)
{
    uint8_t safe = 0;
    ASSAY_TRY(assay_cursor_u64be(in, &q->clock));
    ASSAY_TRY(assay_cursor_u32be(in, &q->reset_count));
    ASSAY_TRY(assay_cursor_u32be(in, &q->restart_count));
    ASSAY_TRY(assay_cursor_u8(in, &safe));
    if (safe > 1) return ASSAY_E_RANGE; /* TPMI_YES_NO */
    q->safe = safe == 1;
    return ASSAY_OK;
}

enum assay_status assay_tpm_quote_parse(const uint8_t *bytes, size_t len,
                                        struct assay_tpm_quote *quote)
{
    ASSAY_ASSERT(quote != NULL);
    if (len > ASSAY_TPM_ATTEST_MAX) return ASSAY_E_RANGE;
    struct assay_cursor in = assay_cursor_over(bytes, len);
    struct assay_tpm_quote q = { 0 };
    uint32_t magic = 0;
    uint16_t type = 0;
    ASSAY_TRY(assay_cursor_u32be(&in, &magic));
    if (magic != UINT32_C(0xff544347)) return ASSAY_E_INVALID; /* TPM_GENERATED_VALUE, 6.2 */
    ASSAY_TRY(assay_cursor_u16be(&in, &type));
    if (type != ASSAY_TPM_ST_QUOTE) return ASSAY_E_UNSUPPORTED;
    ASSAY_TRY(read_sized(&in, ASSAY_TPM_NAME_MAX, &q.qualified_signer));
    q.offset_extra_data = (uint32_t)in.pos;
    ASSAY_TRY(read_sized(&in, ASSAY_TPM_EXTRA_MAX, &q.extra_data));
    ASSAY_TRY(parse_clock(&in, &q));
    ASSAY_TRY(assay_cursor_u64be(&in, &q.firmware_version));
    q.offset_select = (uint32_t)in.pos; /* TPMS_QUOTE_INFO, 10.12.1 */
    ASSAY_TRY(parse_select(&in, &q));
    q.offset_pcr_digest = (uint32_t)in.pos;
    ASSAY_TRY(read_sized(&in, ASSAY_SHA512_LEN, &q.pcr_digest));
    ASSAY_TRY(assay_cursor_end(&in));
    ASSAY_ASSERT(q.offset_pcr_digest + 2 + q.pcr_digest.len == len);
    *quote = q;
    return ASSAY_OK;
}

/* --- values of PCRs */
static size_t count_selected(uint32_t mask)
{
    size_t count = 0;
    for (; mask != 0; mask &= mask - 1)
        count += 1;
    return count;
}

uint32_t assay_tpm_weak_pcrs(const struct assay_tpm_quote *quote)
{
    ASSAY_ASSERT(quote->bank_count <= ASSAY_TPM_BANKS_MAX);
    uint32_t weak = 0, strong = 0;
    for (size_t i = 0; i < quote->bank_count; i++) {
        if (quote->banks[i].alg == ASSAY_TPM_SHA1) weak |= quote->banks[i].mask;
        else strong |= quote->banks[i].mask;
    }
    return weak & ~strong;
}

size_t assay_tpm_values_len(const struct assay_tpm_quote *quote)
{
    ASSAY_ASSERT(quote->bank_count <= ASSAY_TPM_BANKS_MAX);
    size_t len = 0; /* at most 8 banks of 32 PCRs of 64 bytes */
    for (size_t i = 0; i < quote->bank_count; i++)
        len += count_selected(quote->banks[i].mask) * assay_tpm_hash_len(quote->banks[i].alg);
    return len;
}

enum assay_status assay_tpm_value(const struct assay_tpm_quote *quote, struct assay_slice values,
                                  uint16_t alg, uint32_t pcr, struct assay_slice *value)
{
    ASSAY_ASSERT(pcr < 32);
    if (values.len != assay_tpm_values_len(quote)) return ASSAY_E_RANGE;
    struct assay_cursor in = assay_cursor_over(values.bytes, values.len);
    for (size_t i = 0; i < quote->bank_count; i++) {
        const struct assay_tpm_bank *const bank = &quote->banks[i];
        const size_t len = assay_tpm_hash_len(bank->alg);
        const uint32_t below = (UINT32_C(1) << pcr) - 1;
        if (bank->alg != alg) {
            ASSAY_TRY(assay_cursor_skip(&in, count_selected(bank->mask) * len));
            continue;
        }
        if ((bank->mask >> pcr & 1) == 0) return ASSAY_E_NOT_FOUND;
        ASSAY_TRY(assay_cursor_skip(&in, count_selected(bank->mask & below) * len));
        return assay_cursor_slice(&in, len, value);
    }
    return ASSAY_E_NOT_FOUND;
}

void assay_tpm_pcr_of(const uint8_t measurement[static 32], uint8_t value[static 32])
{
    static const uint8_t zero[ASSAY_SHA256_LEN] = { 0 };
    const struct assay_slice pieces[] = { assay_slice_over(zero, sizeof zero),
                                          assay_slice_over(measurement, ASSAY_SHA256_LEN) };
    assay_sha256_pieces(pieces, 2, value);
}

/* --- signatures */

/* A number of at most 48 bytes, right-aligned as struct assay_signature has it. */
static enum assay_status take_half(struct assay_slice number, uint8_t half[static 48])
{
    while (number.len > 0 && number.bytes[0] == 0) {
        number.bytes += 1;
        number.len -= 1;
    }
    if (number.len > ASSAY_SHA256_LEN) return ASSAY_E_RANGE; /* a scalar of P-256 */
    ASSAY_ASSERT(number.len <= 48);
    assay_bytes_zero(half, 48);
    if (number.len > 0)
        assay_bytes_copy(half + 48 - number.len, number.len, number.bytes, number.len);
    return ASSAY_OK;
}

static enum assay_status take_ecdsa(struct assay_slice r, struct assay_slice s,
                                    struct assay_signature *out)
{
    struct assay_signature signature = { .alg = ASSAY_SIGNATURE_ECDSA_SHA256, .len = 96 };
    ASSAY_TRY(take_half(r, signature.bytes));
    ASSAY_TRY(take_half(s, signature.bytes + 48));
    *out = signature;
    return ASSAY_OK;
}

/* A positive INTEGER in its shortest form (X.690 8.3). */
static enum assay_status der_integer(struct assay_cursor *in, struct assay_slice *out)
{
    uint8_t tag = 0;
    uint8_t len = 0;
    ASSAY_TRY(assay_cursor_u8(in, &tag));
    ASSAY_TRY(assay_cursor_u8(in, &len));
    if (tag != 0x02 || len == 0 || len > 0x7f) return ASSAY_E_ENCODING;
    ASSAY_TRY(assay_cursor_slice(in, len, out));
    if ((out->bytes[0] & 0x80) != 0) return ASSAY_E_ENCODING;
    if (out->len > 1 && out->bytes[0] == 0 && (out->bytes[1] & 0x80) == 0) return ASSAY_E_ENCODING;
    return ASSAY_OK;
}

/* ECDSA-Sig-Value, RFC 3279 2.2.3. */
static enum assay_status parse_der(struct assay_cursor *in, struct assay_signature *signature)
{
    struct assay_cursor body;
    struct assay_slice r, s;
    uint8_t len = 0;
    ASSAY_TRY(assay_cursor_skip(in, 1)); /* SEQUENCE: looked at by the caller */
    ASSAY_TRY(assay_cursor_u8(in, &len));
    if (len > 0x7f) return ASSAY_E_ENCODING;
    ASSAY_TRY(assay_cursor_child(in, len, &body));
    ASSAY_TRY(assay_cursor_end(in));
    ASSAY_TRY(der_integer(&body, &r));
    ASSAY_TRY(der_integer(&body, &s));
    ASSAY_TRY(assay_cursor_end(&body));
    return take_ecdsa(r, s, signature);
}

static enum assay_status take_rsa(struct assay_slice raw, const struct assay_key *key,
                                  struct assay_signature *out)
{
    ASSAY_ASSERT(key->type == ASSAY_KEY_RSA);
    if (raw.len + 4 != key->len) return ASSAY_E_RANGE;
    struct assay_signature signature = { .alg = ASSAY_SIGNATURE_RSA_PKCS1_SHA256,
                                         .len = (uint32_t)raw.len };
    ASSAY_ASSERT(raw.len <= sizeof signature.bytes);
    assay_bytes_copy(signature.bytes, sizeof signature.bytes, raw.bytes, raw.len);
    *out = signature;
    return ASSAY_OK;
}

/* TPMT_SIGNATURE, 11.3.4. */
static enum assay_status parse_tpmt(struct assay_cursor *in, const struct assay_key *key,
                                    struct assay_signature *signature)
{
    struct assay_slice r, s;
    uint16_t scheme = 0;
    uint16_t hash = 0;
    ASSAY_TRY(assay_cursor_u16be(in, &scheme));
    ASSAY_TRY(assay_cursor_u16be(in, &hash));
    if (scheme != ASSAY_TPM_RSASSA && scheme != ASSAY_TPM_ECDSA) return ASSAY_E_UNSUPPORTED;
    if (hash != ASSAY_TPM_SHA256) return ASSAY_E_UNSUPPORTED;
    if ((scheme == ASSAY_TPM_RSASSA) != (key->type == ASSAY_KEY_RSA)) return ASSAY_E_TYPE;
    ASSAY_TRY(read_sized(in, ASSAY_RSA_MODULUS_MAX, &r));
    if (scheme == ASSAY_TPM_RSASSA) {
        ASSAY_TRY(assay_cursor_end(in));
        return take_rsa(r, key, signature);
    }
    ASSAY_TRY(read_sized(in, ASSAY_RSA_MODULUS_MAX, &s));
    ASSAY_TRY(assay_cursor_end(in));
    return take_ecdsa(r, s, signature);
}

enum assay_status assay_tpm_signature_parse(const uint8_t *bytes, size_t len,
                                            const struct assay_key *key,
                                            struct assay_signature *signature)
{
    struct assay_cursor in = assay_cursor_over(bytes, len);
    if (len == 0) return ASSAY_E_TRUNCATED;
    /* Lengths of a modulus are even and a TPMT_SIGNATURE is six bytes longer: no form is another */
    if (key->type == ASSAY_KEY_RSA && len + 4 == key->len)
        return take_rsa(assay_slice_over(bytes, len), key, signature);
    if (key->type != ASSAY_KEY_RSA && bytes[0] == 0x30) return parse_der(&in, signature);
    return parse_tpmt(&in, key, signature);
}

/* --- TPM2B_PUBLIC, 12.2.5 */

/* TPMT_SYM_DEF_OBJECT, 11.1.7. */
static enum assay_status parse_symmetric(struct assay_cursor *in, struct assay_tpm_public *p)
{
    ASSAY_TRY(assay_cursor_u16be(in, &p->symmetric));
    if (p->symmetric == ASSAY_TPM_NULL) return ASSAY_OK;
    if (p->symmetric != ASSAY_TPM_AES) return ASSAY_E_UNSUPPORTED;
    ASSAY_TRY(assay_cursor_u16be(in, &p->symmetric_bits));
    return assay_cursor_u16be(in, &p->symmetric_mode);
}

/* TPMT_RSA_SCHEME 11.2.4.2, TPMT_ECC_SCHEME 11.2.5.6: those that sign, with their hash. */
static enum assay_status parse_scheme(struct assay_cursor *in, struct assay_tpm_public *p)
{
    ASSAY_TRY(assay_cursor_u16be(in, &p->scheme));
    switch (p->scheme) {
    case ASSAY_TPM_NULL: return ASSAY_OK;
    case ASSAY_TPM_RSASSA:
    case ASSAY_TPM_RSAPSS:
    case ASSAY_TPM_ECDSA: return assay_cursor_u16be(in, &p->scheme_hash);
    }
    return ASSAY_E_UNSUPPORTED;
}

/* TPMS_RSA_PARMS 12.2.3.5 and the modulus. */
static enum assay_status parse_rsa(struct assay_cursor *in, struct assay_tpm_public *p)
{
    struct assay_slice modulus;
    uint16_t bits = 0;
    uint32_t exponent = 0;
    ASSAY_TRY(parse_symmetric(in, p));
    ASSAY_TRY(parse_scheme(in, p));
    ASSAY_TRY(assay_cursor_u16be(in, &bits));
    ASSAY_TRY(assay_cursor_u32be(in, &exponent));
    ASSAY_TRY(read_sized(in, ASSAY_RSA_MODULUS_MAX, &modulus));
    if (bits != 2048 && bits != 3072 && bits != 4096) return ASSAY_E_UNSUPPORTED;
    if (modulus.len * 8 != bits || (modulus.bytes[0] & 0x80) == 0) return ASSAY_E_RANGE;
    if (exponent == 0) exponent = 65537; /* "a value of zero indicates 2^16 + 1" */
    uint8_t bytes[ASSAY_KEY_BYTES_MAX];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_writer_put(&w, modulus.bytes, modulus.len);
    assay_writer_u32be(&w, exponent);
    ASSAY_ASSERT(!w.full);
    assay_key_from(&p->key, ASSAY_KEY_RSA, bytes, w.len);
    return ASSAY_OK;
}

/* A coordinate; TPMs may leave leading zeros out. */
static enum assay_status take_coordinate(struct assay_slice number, uint8_t *out, size_t len)
{
    ASSAY_ASSERT(len <= ASSAY_P384_PUBLIC_LEN / 2);
    if (number.len > len) return ASSAY_E_RANGE;
    assay_bytes_zero(out, len);
    if (number.len > 0)
        assay_bytes_copy(out + len - number.len, number.len, number.bytes, number.len);
    return ASSAY_OK;
}

/* TPMS_ECC_PARMS 12.2.3.6 and the point. */
static enum assay_status parse_ecc(struct assay_cursor *in, struct assay_tpm_public *p)
{
    enum { NIST_P256 = 0x0003, NIST_P384 = 0x0004 }; /* TPM_ECC_CURVE, 6.4 */
    struct assay_slice x, y;
    uint16_t curve = 0;
    uint16_t kdf = 0;
    ASSAY_TRY(parse_symmetric(in, p));
    ASSAY_TRY(parse_scheme(in, p));
    ASSAY_TRY(assay_cursor_u16be(in, &curve));
    ASSAY_TRY(assay_cursor_u16be(in, &kdf));
    if (kdf != ASSAY_TPM_NULL) return ASSAY_E_UNSUPPORTED;
    if (curve != NIST_P256 && curve != NIST_P384) return ASSAY_E_UNSUPPORTED;
    const size_t len = curve == NIST_P256 ? 32 : 48;
    uint8_t bytes[ASSAY_P384_PUBLIC_LEN];
    ASSAY_ASSERT(2 * len <= sizeof bytes);
    ASSAY_TRY(read_sized(in, len, &x));
    ASSAY_TRY(read_sized(in, len, &y));
    ASSAY_TRY(take_coordinate(x, bytes, len));
    ASSAY_TRY(take_coordinate(y, bytes + len, len));
    p->has_short_point = x.len < len || y.len < len;
    assay_key_from(&p->key, curve == NIST_P256 ? ASSAY_KEY_P256 : ASSAY_KEY_P384, bytes, 2 * len);
    return ASSAY_OK;
}

/* Part 1 16: the name of an object is its nameAlg followed by the digest of its TPMT_PUBLIC. */
static enum assay_status take_name(struct assay_slice area, struct assay_tpm_public *p)
{
    uint8_t *const digest = p->name + 2;
    p->name[0] = (uint8_t)(p->name_alg >> 8);
    p->name[1] = (uint8_t)p->name_alg;
    if (p->name_alg == ASSAY_TPM_SHA256) assay_sha256(area.bytes, area.len, digest);
    else if (p->name_alg == ASSAY_TPM_SHA384) assay_sha384(area.bytes, area.len, digest);
    else if (p->name_alg == ASSAY_TPM_SHA512) assay_sha512(area.bytes, area.len, digest);
    else return ASSAY_E_UNSUPPORTED;
    p->name_len = 2 + assay_tpm_hash_len(p->name_alg);
    ASSAY_ASSERT(p->name_len <= sizeof p->name);
    return ASSAY_OK;
}

enum assay_status assay_tpm_area_parse(const uint8_t *bytes, size_t len,
                                       struct assay_tpm_public *out)
{
    ASSAY_ASSERT(out != NULL);
    struct assay_cursor in = assay_cursor_over(bytes, len);
    struct assay_tpm_public p = { 0 };
    struct assay_slice policy;
    ASSAY_TRY(assay_cursor_u16be(&in, &p.type));
    ASSAY_TRY(assay_cursor_u16be(&in, &p.name_alg));
    ASSAY_TRY(assay_cursor_u32be(&in, &p.attributes));
    ASSAY_TRY(read_sized(&in, ASSAY_SHA512_LEN, &policy));
    if (p.type != ASSAY_TPM_RSA && p.type != ASSAY_TPM_ECC) return ASSAY_E_UNSUPPORTED;
    ASSAY_TRY(p.type == ASSAY_TPM_RSA ? parse_rsa(&in, &p) : parse_ecc(&in, &p));
    ASSAY_TRY(assay_cursor_end(&in));
    ASSAY_TRY(take_name(assay_slice_over(bytes, len), &p));
    ASSAY_ASSERT(p.name_len > 2 && p.key.type != ASSAY_KEY_NONE);
    *out = p;
    return ASSAY_OK;
}

enum assay_status assay_tpm_public_parse(const uint8_t *bytes, size_t len,
                                         struct assay_tpm_public *out)
{
    struct assay_cursor in = assay_cursor_over(bytes, len);
    struct assay_slice area;
    ASSAY_TRY(read_sized(&in, ASSAY_TPM_PUBLIC_MAX, &area));
    ASSAY_TRY(assay_cursor_end(&in));
    return assay_tpm_area_parse(area.bytes, area.len, out);
}
