/*
 * quote/pieces/carrier_key.c - comparison of evidence with the key of the certificate that it came
 * in.
 */
#include "quote/pieces/carrier.h"

#include "base/assert.h"
#include "base/base64.h"
#include "quote/certificates/chain.h"
#include "quote/certificates/validity.h"
#include "quote/cose.h"
#include "quote/text.h"

enum { PEM_MAX = 2048, SHOWN = 32 };

/* Hashes of "Named Information" (IANA), of which each form allows some. */
enum { NI_SHA256 = 1, NI_SHA384 = 7, NI_SHA512 = 8 };

static size_t hash_by(uint64_t alg, struct assay_slice bytes, uint8_t out[ASSAY_SHA512_LEN])
{
    if (alg == NI_SHA256) assay_sha256(bytes.bytes, bytes.len, out);
    else if (alg == NI_SHA384) assay_sha384(bytes.bytes, bytes.len, out);
    else if (alg == NI_SHA512) assay_sha512(bytes.bytes, bytes.len, out);
    else return 0;
    return alg == NI_SHA256   ? ASSAY_SHA256_LEN
           : alg == NI_SHA384 ? ASSAY_SHA384_LEN
                              : ASSAY_SHA512_LEN;
}

static void refuse_key(struct assay_verdict *verdict, const char *expected, const char *observed)
{
    assay_verdict_refuse(verdict, ASSAY_RULE_CARRIER_KEY, expected, observed);
}

/* --- claims of interoperable RA-TLS: { "pubkey-hash": << [algorithm, hash] >>, ... } */
static enum assay_status compare_entry(struct assay_slice entry, struct assay_slice spki,
                                       bool *equal)
{
    struct assay_cursor in = assay_cursor_over(entry.bytes, entry.len);
    uint8_t digest[ASSAY_SHA512_LEN];
    struct assay_slice hash;
    uint64_t alg = 0;
    ASSAY_TRY(assay_cbor_array_exact(&in, 2));
    ASSAY_TRY(assay_cbor_uint(&in, &alg));
    ASSAY_TRY(assay_cbor_bytes(&in, sizeof digest, &hash));
    ASSAY_TRY(assay_cursor_end(&in));
    const size_t len = hash_by(alg, spki, digest);
    if (len == 0) return ASSAY_E_UNSUPPORTED;
    *equal = assay_slice_equal(hash, assay_slice_over(digest, len));
    return ASSAY_OK;
}

/* Other claims mean nothing here. Returns: ASSAY_OK | ASSAY_E_NOT_FOUND (no such claim) | of
 * CBOR */
static enum assay_status compare_claims(struct assay_slice claims, struct assay_slice spki,
                                        bool *equal)
{
    enum { CLAIMS_MAX = 32 };
    struct assay_cursor in = assay_cursor_over(claims.bytes, claims.len);
    struct assay_cose_map map;
    struct assay_slice entry = { NULL, 0 };
    ASSAY_TRY(assay_cose_map_open(&in, CLAIMS_MAX, &map));
    while (assay_cose_map_more(&map, &in)) {
        struct assay_cose_label label;
        ASSAY_TRY(assay_cose_map_next(&map, &in, &label));
        if (label.is_text && assay_cose_label_is(&label, "pubkey-hash"))
            ASSAY_TRY(assay_cbor_bytes(&in, claims.len, &entry));
        else ASSAY_TRY(assay_cose_skip(&in));
    }
    ASSAY_TRY(assay_cursor_end(&in));
    return entry.len == 0 ? ASSAY_E_NOT_FOUND : compare_entry(entry, spki, equal);
}

static void check_claims(const struct assay_carrier *carrier, struct assay_verdict *verdict)
{
    bool equal = false;
    const enum assay_status status =
        compare_claims(carrier->claims, carrier->certificate.spki, &equal);
    if (status == ASSAY_OK && equal) return;
    refuse_key(verdict, "claims with the hash of the certificate's key",
               status == ASSAY_OK            ? "the hash of another key"
               : status == ASSAY_E_NOT_FOUND ? "claims without pubkey-hash"
                                             : assay_status_text(status));
}

/* --- the report data of each form, zeros to its end */
/* SHA-256 of the key as PEM text with its NUL, as the SDKs of SGX hash it. */
static size_t hash_pem(struct assay_slice spki, uint8_t out[ASSAY_SHA512_LEN])
{
    uint8_t text[PEM_MAX];
    size_t len = 0;
    if (assay_pem_put("PUBLIC KEY", spki.bytes, spki.len, text, sizeof text - 1, &len) != ASSAY_OK)
        return 0;
    text[len++] = 0;
    return hash_by(NI_SHA256, assay_slice_over(text, len), out);
}

/* SHA-512("ratls-cert:" | key). */
static size_t hash_dstack(struct assay_slice spki, uint8_t out[ASSAY_SHA512_LEN])
{
    static const char tag[] = "ratls-cert:";
    uint8_t text[PEM_MAX];
    if (spki.len > sizeof text - (sizeof tag - 1)) return 0;
    assay_bytes_copy(text, sizeof text, tag, sizeof tag - 1);
    assay_bytes_copy(text + sizeof tag - 1, sizeof text - (sizeof tag - 1), spki.bytes, spki.len);
    return hash_by(NI_SHA512, assay_slice_over(text, sizeof tag - 1 + spki.len), out);
}

/* One of the values that the form allows, by the algorithm for those that leave it open.
 * Returns: its length; 0: none by it */
static size_t expected_by(const struct assay_carrier *carrier, uint64_t alg,
                          uint8_t out[ASSAY_SHA512_LEN])
{
    const struct assay_slice spki = carrier->certificate.spki;
    switch (carrier->form) {
    case ASSAY_CARRIER_DICE:
    case ASSAY_CARRIER_CMW: return hash_by(alg, spki, out);
    case ASSAY_CARRIER_RA_TLS: return alg == NI_SHA256 ? hash_by(alg, carrier->claims, out) : 0;
    case ASSAY_CARRIER_GRAMINE: return alg == NI_SHA256 ? hash_by(alg, spki, out) : 0;
    case ASSAY_CARRIER_SGX_SDK:
    case ASSAY_CARRIER_OPEN_ENCLAVE: return alg == NI_SHA256 ? hash_pem(spki, out) : 0;
    case ASSAY_CARRIER_DSTACK: return alg == NI_SHA512 ? hash_dstack(spki, out) : 0;
    case ASSAY_CARRIER_NONE:
    case ASSAY_CARRIER_WRAPPER: return 0;
    }
    return 0;
}

static struct assay_text shown(const char *what, const uint8_t *bytes)
{
    struct assay_text text = assay_text_empty();
    assay_text_add(&text, what);
    assay_text_add_hex(&text, bytes, SHOWN);
    return text;
}

static void check_report_data(const struct assay_carrier *carrier, struct assay_verdict *verdict)
{
    static const uint64_t algs[] = { NI_SHA512, NI_SHA384, NI_SHA256 };
    uint8_t wanted[ASSAY_REPORT_DATA_LEN] = { 0 };
    for (size_t i = 0; i < sizeof algs / sizeof algs[0]; i++) {
        uint8_t digest[ASSAY_SHA512_LEN];
        const size_t len = expected_by(carrier, algs[i], digest);
        if (len == 0) continue;
        assay_bytes_zero(wanted, sizeof wanted);
        assay_bytes_copy(wanted, sizeof wanted, digest, len);
        if (assay_bytes_equal(wanted, verdict->report_data, sizeof wanted)) return;
    }
    const struct assay_text expected = shown("report data ", wanted);
    const struct assay_text observed = shown("", verdict->report_data);
    refuse_key(verdict, expected.text, observed.text);
}

/* --- whose report data it is */
/* The nonce of a device is chosen by any program that reaches its driver, and no program is
 * measured with it: without a processor it vouches for no key. */
static void check_attester(struct assay_verdict *verdict)
{
    if (verdict->kind == ASSAY_KIND_NVIDIA_GPU || verdict->kind == ASSAY_KIND_NVIDIA_SWITCH)
        refuse_key(verdict, "evidence of a processor", "a device that signs any nonce");
}

/* --- the certificate itself */
bool assay_carrier_is_issued(const struct assay_carrier *carrier)
{
    return assay_carrier_has_key(carrier) &&
           !assay_dn_equal(&carrier->certificate.issuer, &carrier->certificate.subject);
}

/* One that another authority issued is vouched for by its evidence alone. */
static enum assay_status check_signature(const struct assay_carrier *carrier,
                                         struct assay_verdict *verdict)
{
    const struct assay_attested *const c = &carrier->certificate;
    if (assay_carrier_is_issued(carrier)) return ASSAY_OK;
    const enum assay_status status = assay_chain_signed(&c->key, c->tbs_digest, &c->signature);
    if (assay_status_class(status) == ASSAY_CLASS_HOST) return status;
    if (status != ASSAY_OK)
        refuse_key(verdict, "a certificate that its own key signed", assay_status_text(status));
    return ASSAY_OK;
}

enum assay_status assay_carrier_appraise(const struct assay_carrier *carrier,
                                         struct assay_verdict *verdict)
{
    const struct assay_window window = { .what = "certificate with the evidence",
                                         .is_certificate = true,
                                         .from_unix_s = carrier->certificate.not_before_s,
                                         .to_unix_s = carrier->certificate.not_after_s };
    if (!assay_carrier_has_key(carrier) || !verdict->has_claims) return ASSAY_OK;
    assay_appraise_window(&window, NULL, verdict);
    assay_verdict_conclude(verdict);
    ASSAY_TRY(check_signature(carrier, verdict));
    if (carrier->form == ASSAY_CARRIER_RA_TLS) check_claims(carrier, verdict);
    check_report_data(carrier, verdict);
    check_attester(verdict);
    return ASSAY_OK;
}
