/*
 * tests/unit/quote/x509/carrier_world.c - maker of certificates that carry SOFT evidence
 * (carrier_world.h). Hashes are made here again, from the formats, and not by the code under test.
 */
#include "tests/unit/quote/x509/carrier_world.h"

#include "base/base64.h"
#include "base/cbor.h"
#include "quote/source/soft/issue.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct named {
    const uint8_t *oid;
    size_t len;
};

static struct named oid_of(const struct carrier_plan *plan)
{
    static const uint8_t dice[] = { 0x67, 0x81, 0x05, 0x05, 0x04, 0x09 };
    static const uint8_t cmw[] = { 0x2b, 6, 1, 5, 5, 7, 1, 35 };
    static const uint8_t dstack[] = { 0x2b, 6, 1, 4, 1, 0x83, 0xe7, 0x3d, 1, 1 };
    static const uint8_t sdk[] = { 0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 1, 13, 1 };
    static const uint8_t gramine[] = { 0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x8a, 0x39, 6 };
    static const uint8_t oe[] = { 0x2b, 6, 1, 4, 1, 0x82, 0x37, 0x69, 1 };
    static const uint8_t oe_old[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x14, 10, 1, 1 };
    switch (plan->form) {
    case ASSAY_CARRIER_RA_TLS:
    case ASSAY_CARRIER_DICE: return (struct named){ dice, sizeof dice };
    case ASSAY_CARRIER_CMW: return (struct named){ cmw, sizeof cmw };
    case ASSAY_CARRIER_DSTACK: return (struct named){ dstack, sizeof dstack };
    case ASSAY_CARRIER_SGX_SDK: return (struct named){ sdk, sizeof sdk };
    case ASSAY_CARRIER_GRAMINE: return (struct named){ gramine, sizeof gramine };
    case ASSAY_CARRIER_OPEN_ENCLAVE:
        return plan->old_names ? (struct named){ oe_old, sizeof oe_old }
                               : (struct named){ oe, sizeof oe };
    case ASSAY_CARRIER_NONE:
    case ASSAY_CARRIER_WRAPPER: break;
    }
    abort();
}

/* --- keys */
static void draw_key(struct assay_secret32 *secret, uint8_t public_key[64],
                     uint8_t spki[SPKI_P256_LEN])
{
    static const uint8_t head[] = { 0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
                                    0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
                                    0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04 };
    cr_assert_eq(assay_p256_generate(secret, public_key), ASSAY_OK);
    assay_bytes_copy(spki, SPKI_P256_LEN, head, sizeof head);
    assay_bytes_copy(spki + sizeof head, 64, public_key, 64);
}

static size_t hash(unsigned alg, const void *bytes, size_t len, uint8_t *out)
{
    if (alg == 8) assay_sha512(bytes, len, out);
    else if (alg == 7) assay_sha384(bytes, len, out);
    else assay_sha256(bytes, len, out);
    return alg == 8 ? 64 : alg == 7 ? 48 : 32;
}

static unsigned hash_of(const struct carrier_plan *plan)
{
    return plan->hash == 0 ? 1 : plan->hash;
}

/* { "nonce": h'01', ? "pubkey-hash": << [alg, hash] >>, "zzz": 1.5 } in no canonical order. */
static size_t make_claims(const struct carrier_plan *plan, const uint8_t *spki, uint8_t *out,
                          size_t capacity)
{
    static const uint8_t other[] = { 0x63, 'z', 'z', 'z', 0xf9, 0x3e, 0x00 };
    uint8_t entry[80], digest[64];
    struct assay_slice made;
    struct assay_writer e = assay_writer_over(entry, sizeof entry);
    assay_cbor_put_array(&e, 2);
    assay_cbor_put_uint(&e, hash_of(plan));
    assay_cbor_put_bytes(&e, digest, hash(hash_of(plan), spki, SPKI_P256_LEN, digest));
    struct assay_writer w = assay_writer_over(out, capacity);
    assay_cbor_put_map(&w, plan->no_claim ? 2 : 3);
    assay_writer_put(&w, other, sizeof other);
    assay_cbor_put_text(&w, "nonce");
    assay_cbor_put_bytes(&w, "\1", 1);
    if (!plan->no_claim) {
        assay_cbor_put_text(&w, "pubkey-hash");
        assay_cbor_put_bytes(&w, entry, e.len);
    }
    cr_assert_eq(assay_writer_finish(&w, &made), ASSAY_OK);
    return made.len;
}

/* --- report data */
static size_t hash_pem(const uint8_t *spki, uint8_t *out)
{
    char text[512];
    char base64[256];
    size_t len = 0;
    cr_assert_eq(assay_base64_encode(ASSAY_BASE64_STANDARD, spki, SPKI_P256_LEN, base64,
                                     sizeof base64, &len),
                 ASSAY_OK);
    const int count = snprintf(text, sizeof text,
                               "-----BEGIN PUBLIC KEY-----\n%.64s\n%s\n-----END PUBLIC KEY-----\n",
                               base64, base64 + 64);
    assay_sha256((const uint8_t *)text, (size_t)count + 1, out); /* and the NUL */
    return 32;
}

static void set_report_data(struct world *w, const struct carrier_plan *plan, const uint8_t *spki,
                            struct assay_slice claims)
{
    uint8_t text[11 + SPKI_P256_LEN] = "ratls-cert:";
    uint8_t *const out = w->request.report_data;
    size_t len = 0;
    memset(out, 0, 64);
    assay_bytes_copy(text + 11, SPKI_P256_LEN, spki, SPKI_P256_LEN);
    switch (plan->form) {
    case ASSAY_CARRIER_RA_TLS: len = hash(1, claims.bytes, claims.len, out); break;
    case ASSAY_CARRIER_DICE:
    case ASSAY_CARRIER_CMW: len = hash(hash_of(plan), spki, SPKI_P256_LEN, out); break;
    case ASSAY_CARRIER_GRAMINE: len = hash(1, spki, SPKI_P256_LEN, out); break;
    case ASSAY_CARRIER_SGX_SDK:
    case ASSAY_CARRIER_OPEN_ENCLAVE: len = hash_pem(spki, out); break;
    case ASSAY_CARRIER_DSTACK: len = hash(8, text, sizeof text, out); break;
    case ASSAY_CARRIER_NONE:
    case ASSAY_CARRIER_WRAPPER: abort();
    }
    if (plan->other_claims) out[0] ^= 1;
    if (plan->long_tail && len < 64) out[63] = 1;
}

/* --- wrappers */
size_t wrap_cbor(struct assay_slice evidence, const char *type, unsigned indicator, uint8_t *out,
                 size_t capacity)
{
    struct assay_writer w = assay_writer_over(out, capacity);
    struct assay_slice made;
    assay_cbor_put_array(&w, indicator == 0 ? 2 : 3);
    if (type == NULL) assay_cbor_put_uint(&w, 30001);
    else assay_cbor_put_text(&w, type);
    assay_cbor_put_bytes(&w, evidence.bytes, evidence.len);
    if (indicator != 0) assay_cbor_put_uint(&w, indicator);
    cr_assert_eq(assay_writer_finish(&w, &made), ASSAY_OK);
    return made.len;
}

size_t wrap_json(struct assay_slice evidence, const char *type, unsigned indicator, char *out,
                 size_t capacity)
{
    char *const text = malloc(2 * evidence.len + 16);
    size_t len = 0;
    cr_assert_eq(assay_base64_encode(ASSAY_BASE64_URL, evidence.bytes, evidence.len, text,
                                     2 * evidence.len + 16, &len),
                 ASSAY_OK);
    char end[16] = "";
    if (indicator != 0) (void)snprintf(end, sizeof end, ",%u", indicator);
    const int made = snprintf(out, capacity, "[\"%s\",\"%s\"%s]", type, text, end);
    free(text);
    cr_assert(made > 0 && (size_t)made < capacity);
    return (size_t)made;
}

/* --- the extension's value, put in front of what d has */
static void put_cmw(struct assay_der *d, const struct carrier_plan *plan, struct assay_slice quote)
{
    static uint8_t bytes[CARRIER_BYTES_MAX];
    const size_t mark = assay_der_mark(d);
    if (plan->choice == CHOICE_JSON) {
        const size_t len =
            wrap_json(quote, "application/vnd.example", 4, (char *)bytes, sizeof bytes);
        assay_der_value(d, ASSAY_DER_UTF8_STRING, bytes, len);
        return;
    }
    const size_t len = wrap_cbor(quote, NULL, 0, bytes, sizeof bytes);
    if (plan->choice == CHOICE_BARE) assay_der_raw(d, bytes, len);
    else assay_der_value(d, ASSAY_DER_OCTET_STRING, bytes, len);
    if (plan->choice == CHOICE_SEQUENCE) assay_der_wrap(d, ASSAY_DER_SEQUENCE, mark);
}

static void put_tagged(struct assay_der *d, const struct carrier_plan *plan,
                       struct assay_slice quote, struct assay_slice claims)
{
    static uint8_t bytes[CARRIER_BYTES_MAX];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_cbor_put_tag(&w, plan->old_names ? 0x1a7501 : 60000);
    assay_cbor_put_array(&w, 2);
    assay_cbor_put_bytes(&w, quote.bytes, quote.len);
    assay_cbor_put_bytes(&w, claims.bytes, claims.len);
    assay_der_raw(d, bytes, w.len);
}

static void put_value(struct assay_der *d, const struct carrier_plan *plan,
                      struct assay_slice quote, struct assay_slice claims)
{
    uint8_t header[16] = { 1, 0, 0, 0, 2, 0, 0, 0, (uint8_t)quote.len, (uint8_t)(quote.len >> 8) };
    switch (plan->form) {
    case ASSAY_CARRIER_RA_TLS: put_tagged(d, plan, quote, claims); break;
    case ASSAY_CARRIER_DICE:
    case ASSAY_CARRIER_CMW: put_cmw(d, plan, quote); break;
    case ASSAY_CARRIER_DSTACK:
        assay_der_value(d, ASSAY_DER_OCTET_STRING, quote.bytes, quote.len);
        break;
    case ASSAY_CARRIER_OPEN_ENCLAVE:
        assay_der_raw(d, quote.bytes, quote.len);
        assay_der_raw(d, header, sizeof header);
        break;
    case ASSAY_CARRIER_SGX_SDK:
    case ASSAY_CARRIER_GRAMINE:
    case ASSAY_CARRIER_NONE:
    case ASSAY_CARRIER_WRAPPER: assay_der_raw(d, quote.bytes, quote.len); break;
    }
}

/* Evidence that cannot be read, in the older form. */
static void put_older(struct assay_der *d, bool is_wanted)
{
    static const struct carrier_plan older = { .form = ASSAY_CARRIER_GRAMINE };
    const size_t mark = assay_der_mark(d);
    if (!is_wanted) return;
    assay_der_raw(d, "older", 5);
    assay_issue_extension(d, oid_of(&older).oid, oid_of(&older).len, false, mark);
}

void carrier_make(struct world *w, const struct carrier_plan *plan, struct carrier_made *made)
{
    struct assay_secret32 secret, other;
    uint8_t public_key[64], other_key[64], other_spki[SPKI_P256_LEN], claims[256];
    draw_key(&other, other_key, other_spki);
    draw_key(&secret, public_key, made->spki);
    const uint8_t *const spki = plan->other_key ? other_spki : made->spki;
    const struct assay_slice its =
        assay_slice_over(claims, make_claims(plan, spki, claims, sizeof claims));
    set_report_data(w, plan, spki, its);
    world_quote(w);

    static struct assay_der d;
    assay_der_init(&d);
    put_older(&d, plan->older_after);
    const size_t mark = assay_der_mark(&d);
    const struct named name = oid_of(plan);
    put_value(&d, plan, assay_slice_over(w->quote, w->quote_len), its);
    assay_issue_extension(&d, name.oid, name.len, false, mark);
    put_older(&d, plan->older_before);
    const struct assay_key key = assay_key_p256(public_key);
    enum { HALF_A_YEAR = 15768000 };
    struct assay_issue issue = {
        .serial = { 1 },
        .not_before_s = plan->from_s == 0 ? WORLD_AT - HALF_A_YEAR : plan->from_s,
        .not_after_s = plan->to_s == 0 ? WORLD_AT + HALF_A_YEAR : plan->to_s,
        .key = &key,
        .extensions = assay_der_finish(&d),
    };
    struct assay_issuer issuer = { .secret = plan->is_issued ? &other : &secret };
    cr_assert_gt(issue.extensions.len, 0);
    assay_issue_name(NULL, "an enclave", &issue.subject);
    assay_issue_name(NULL, plan->is_issued ? "an authority" : "an enclave", &issuer.name);
    cr_assert_eq(assay_issue_certificate(&issuer, &issue, made->der, sizeof made->der, &made->len),
                 ASSAY_OK);
}
