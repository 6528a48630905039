/*
 * quote/x509/crl.c - parser of one revocation list (RFC 5280 5.1), sorted for searching.
 */
#include "quote/x509/parts.h"

#include "base/assert.h"
#include "base/sparse.h"

enum {
    CE_CRL_NUMBER = 20,
    CE_DELTA_CRL_INDICATOR = 27,
    CE_ISSUING_DISTRIBUTION_POINT = 28,
    CE_AUTHORITY_KEY_ID = 35,
};

static void swap_serials(uint8_t a[static ASSAY_SERIAL_LEN], uint8_t b[static ASSAY_SERIAL_LEN])
{
    uint8_t kept[ASSAY_SERIAL_LEN];
    assay_bytes_copy(kept, sizeof kept, a, ASSAY_SERIAL_LEN);
    assay_bytes_copy(a, ASSAY_SERIAL_LEN, b, ASSAY_SERIAL_LEN);
    assay_bytes_copy(b, ASSAY_SERIAL_LEN, kept, ASSAY_SERIAL_LEN);
}

/* Lets serials[at] sink until nothing below it in the heap of count is larger. */
static void sift_down(uint8_t (*serials)[ASSAY_SERIAL_LEN], size_t at, size_t count)
{
    while (at < count / 2) {
        size_t child = 2 * at + 1;
        if (child + 1 < count &&
            assay_bytes_compare(serials[child], serials[child + 1], ASSAY_SERIAL_LEN) < 0)
            child += 1;
        if (assay_bytes_compare(serials[at], serials[child], ASSAY_SERIAL_LEN) >= 0) return;
        swap_serials(serials[at], serials[child]);
        at = child;
    }
}

/* Heapsort: qsort may allocate, and equal serials are the same bytes, so that order is total. */
static void sort_serials(uint8_t (*serials)[ASSAY_SERIAL_LEN], size_t count)
{
    ASSAY_ASSERT(count <= ASSAY_CRL_ENTRIES_MAX);
    for (size_t at = count / 2; at > 0; at--)
        sift_down(serials, at - 1, count);
    for (size_t end = count; end > 1; end--) {
        swap_serials(serials[0], serials[end - 1]);
        sift_down(serials, 0, end - 1);
    }
}

/* RFC 5280 5.3: no critical entry extension is known here (certificateIssuer would change the
 * meaning). */
static enum assay_status read_entry_extension(const struct assay_x509_extension *extension,
                                              void *owner)
{
    (void)owner;
    return extension->critical ? ASSAY_E_UNSUPPORTED : ASSAY_OK;
}

static enum assay_status read_entry(struct assay_cursor *in, uint8_t out[ASSAY_SERIAL_LEN])
{
    struct assay_cursor entry;
    int64_t revoked_at_s = 0;
    ASSAY_TRY(assay_asn1_open(in, ASSAY_ASN1_SEQUENCE, &entry));
    ASSAY_TRY(assay_asn1_padded(&entry, out, ASSAY_SERIAL_LEN));
    ASSAY_TRY(assay_asn1_time(&entry, &revoked_at_s));
    if (assay_cursor_left(&entry) == 0) return ASSAY_OK;
    ASSAY_TRY(assay_x509_extensions(&entry, read_entry_extension, NULL));
    return assay_asn1_end(&entry);
}

/* revokedCertificates, absent when nothing is revoked. */
static enum assay_status read_entries(struct assay_cursor *in, struct assay_crl *out)
{
    struct assay_cursor entries;
    if (!assay_asn1_peek(in, ASSAY_ASN1_SEQUENCE)) return ASSAY_OK;
    ASSAY_TRY(assay_asn1_open(in, ASSAY_ASN1_SEQUENCE, &entries));
    while (assay_cursor_left(&entries) > 0) {
        if (out->revoked_count == ASSAY_CRL_ENTRIES_MAX) return ASSAY_E_FULL;
        ASSAY_TRY(read_entry(&entries, out->revoked[out->revoked_count]));
        out->revoked_count += 1;
        ASSAY_ASSERT(out->revoked_count <= ASSAY_CRL_ENTRIES_MAX);
    }
    sort_serials(out->revoked, out->revoked_count);
    return ASSAY_OK;
}

/* A critical extension that is none of these (delta list, distribution point) narrows the scope of
 * the list: rejected. */
static enum assay_status read_extension(const struct assay_x509_extension *extension, void *owner)
{
    struct assay_crl *const out = owner;
    ASSAY_ASSERT(out != NULL);
    if (assay_x509_is_ce(extension->oid, CE_AUTHORITY_KEY_ID))
        return assay_x509_authority_key_id(extension->value, &out->has_authority_key_id,
                                           out->authority_key_id);
    if (assay_x509_is_ce(extension->oid, CE_CRL_NUMBER)) {
        struct assay_cursor in = assay_asn1_over(extension->value);
        out->has_number = true;
        ASSAY_TRY(assay_asn1_padded(&in, out->number, sizeof out->number));
        return assay_asn1_end(&in);
    }
    /* RFC 5280 5.2.4, 5.2.5: both narrow the scope of the list, also if not marked critical. */
    if (assay_x509_is_ce(extension->oid, CE_DELTA_CRL_INDICATOR) ||
        assay_x509_is_ce(extension->oid, CE_ISSUING_DISTRIBUTION_POINT))
        return ASSAY_E_UNSUPPORTED;
    return extension->critical ? ASSAY_E_UNSUPPORTED : ASSAY_OK;
}

static enum assay_status read_tbs(struct assay_slice content, struct assay_slice *algorithm,
                                  struct assay_crl *out)
{
    struct assay_cursor in = assay_asn1_over(content);
    struct assay_cursor extensions;
    struct assay_asn1 element;
    uint32_t version = 0;
    if (!assay_asn1_peek(&in, ASSAY_ASN1_INTEGER)) return ASSAY_E_UNSUPPORTED; /* version 1 */
    ASSAY_TRY(assay_asn1_number(&in, ASSAY_ASN1_INTEGER, UINT32_MAX, &version));
    if (version != 1) return ASSAY_E_UNSUPPORTED;
    ASSAY_TRY(assay_asn1_take(&in, ASSAY_ASN1_SEQUENCE, &element));
    *algorithm = element.whole;
    ASSAY_TRY(assay_x509_name(&in, &out->issuer, NULL));
    ASSAY_TRY(assay_asn1_time(&in, &out->this_update_s));
    /* evidence-rules.md 1.5: a list without nextUpdate never ages; refused. */
    ASSAY_TRY(assay_asn1_time(&in, &out->next_update_s));
    ASSAY_TRY(read_entries(&in, out));
    ASSAY_ASSERT(out->issuer.len > 0);
    if (assay_cursor_left(&in) == 0) return ASSAY_OK;
    ASSAY_TRY(assay_asn1_open(&in, ASSAY_ASN1_CONTEXT_0, &extensions));
    ASSAY_TRY(assay_x509_extensions(&extensions, read_extension, out));
    ASSAY_TRY(assay_asn1_end(&extensions));
    return assay_asn1_end(&in);
}

enum assay_status assay_x509_crl(const uint8_t *der, size_t len, struct assay_crl *out)
{
    ASSAY_ASSERT(der != NULL);
    ASSAY_ASSERT(out != NULL);
    if (len > ASSAY_CRL_DER_MAX) return ASSAY_E_RANGE;
    struct assay_cursor in = assay_cursor_over(der, len);
    struct assay_slice inner_algorithm;
    struct assay_cursor list;
    struct assay_asn1 tbs;
    struct assay_asn1 algorithm;
    enum assay_signature_alg alg = ASSAY_SIGNATURE_NONE;
    ASSAY_TRY(assay_asn1_open(&in, ASSAY_ASN1_SEQUENCE, &list));
    if (assay_cursor_left(&in) > 0) return ASSAY_E_TRAILING;
    assay_bytes_zero_sparse(out, sizeof *out); /* few lists are long */
    ASSAY_TRY(assay_asn1_take(&list, ASSAY_ASN1_SEQUENCE, &tbs));
    ASSAY_TRY(assay_asn1_take(&list, ASSAY_ASN1_SEQUENCE, &algorithm));
    ASSAY_TRY(read_tbs(tbs.content, &inner_algorithm, out));
    if (!assay_slice_equal(algorithm.whole, inner_algorithm)) return ASSAY_E_SYNTAX;
    ASSAY_TRY(assay_x509_algorithm(algorithm.whole, &alg));
    ASSAY_TRY(assay_x509_signature(&list, alg, &out->signature));
    ASSAY_TRY(assay_asn1_end(&list));
    ASSAY_ASSERT(alg != ASSAY_SIGNATURE_NONE && out->signature.alg == alg);
    assay_signature_digest(alg, tbs.whole.bytes, tbs.whole.len, out->tbs_digest);
    return ASSAY_OK;
}
