/*
 * tests/differential/layout.c - quotes and PEM texts; see layout.h.
 */
#include "tests/differential/layout.h"

#include "base/assert.h"
#include "base/base64.h"

#include <string.h>

#include <openssl/evp.h>

enum {
    HEADER_LEN = 48,
    SGX_LEN = 384,
    TD10_LEN = 584,
    DESCRIPTOR_LEN = 6, /* version 5: type and size of the body */
    VERSION_NESTED = 4, /* from here on the QE report is certification data of type 6 */
};

static uint32_t number(const struct diff_blob *b, size_t at, size_t len)
{
    uint32_t value = 0;
    for (size_t i = len; i > 0; i--)
        value = value << 8 | b->bytes[at + i - 1];
    return value;
}

static void put_number(struct diff_blob *b, size_t at, size_t len, size_t value)
{
    for (size_t i = 0; i < len; i++)
        b->bytes[at + i] = (uint8_t)(value >> (8 * i));
}

static bool find_body(const struct diff_blob *b, struct diff_quote *q)
{
    if (b->len < HEADER_LEN + DESCRIPTOR_LEN) return false;
    q->version = (uint16_t)number(b, 0, 2);
    q->body_at = HEADER_LEN;
    q->body_len = number(b, 4, 4) == 0 ? SGX_LEN : TD10_LEN;
    if (q->version == 5) {
        q->body_at += DESCRIPTOR_LEN;
        q->body_len = number(b, HEADER_LEN + 2, 4);
    }
    if (q->version < 3 || q->version > 5 || q->body_len > b->len) return false;
    q->signature_len_at = q->body_at + q->body_len;
    q->signature_at = q->signature_len_at + 4;
    q->key_at = q->signature_at + 64;
    q->outer_at = q->version >= VERSION_NESTED ? q->key_at + 64 : 0;
    q->qe_report_at = q->key_at + 64 + (q->outer_at == 0 ? 0 : 6);
    q->qe_signature_at = q->qe_report_at + SGX_LEN;
    q->auth_len_at = q->qe_signature_at + 64;
    q->auth_at = q->auth_len_at + 2;
    return q->auth_at <= b->len;
}

void diff_quote_find(const struct diff_blob *quote, struct diff_quote *out)
{
    struct diff_quote q = { 0 };
    *out = q;
    if (!find_body(quote, &q)) return;
    q.auth_len = number(quote, q.auth_len_at, 2);
    q.cert_type_at = q.auth_at + q.auth_len;
    q.cert_len_at = q.cert_type_at + 2;
    q.cert_at = q.cert_len_at + 4;
    if (q.cert_at > quote->len) return;
    q.cert_len = number(quote, q.cert_len_at, 4);
    if (q.cert_len > quote->len - q.cert_at) return;
    q.end = q.cert_at + q.cert_len;
    q.is_found = true;
    *out = q;
}

struct known_field {
    const char *name;
    size_t at, len;
};

static void add_field(struct diff_field *fields, size_t *count, const char *name, size_t at,
                      size_t len)
{
    ASSAY_ASSERT(*count < DIFF_FIELDS_MAX);
    if (len > 0) fields[(*count)++] = (struct diff_field){ name, at, len };
}

static void add_known(struct diff_field *fields, size_t *count, size_t from, size_t limit,
                      const struct known_field *known, size_t known_count)
{
    for (size_t i = 0; i < known_count; i++)
        if (known[i].at + known[i].len <= limit)
            add_field(fields, count, known[i].name, from + known[i].at, known[i].len);
}

static const struct known_field header_fields[] = {
    { "version", 0, 2 },  { "key-type", 2, 2 },    { "tee-type", 4, 4 },    { "qe-svn", 8, 2 },
    { "pce-svn", 10, 2 }, { "qe-vendor", 12, 16 }, { "user-data", 28, 20 },
};
static const struct known_field sgx_fields[] = {
    { "cpusvn", 0, 16 },     { "miscselect", 16, 4 },    { "attributes", 48, 16 },
    { "mrenclave", 64, 32 }, { "mrsigner", 128, 32 },    { "isvprodid", 256, 2 },
    { "isvsvn", 258, 2 },    { "report-data", 320, 64 },
};
static const struct known_field td_fields[] = {
    { "tee-tcb-svn", 0, 16 },      { "mrseam", 16, 48 },        { "mrsignerseam", 64, 48 },
    { "seam-attributes", 112, 8 }, { "td-attributes", 120, 8 }, { "xfam", 128, 8 },
    { "mrtd", 136, 48 },           { "mrconfigid", 184, 48 },   { "mrowner", 232, 48 },
    { "mrownerconfig", 280, 48 },  { "rtmr", 328, 192 },        { "report-data", 520, 64 },
    { "tee-tcb-svn2", 584, 16 },   { "mrservicetd", 600, 48 },
};

size_t diff_quote_fields(const struct diff_quote *q, struct diff_field fields[DIFF_FIELDS_MAX])
{
    size_t count = 0;
    if (!q->is_found) return 0;
    add_known(fields, &count, 0, HEADER_LEN, header_fields,
              sizeof header_fields / sizeof header_fields[0]);
    if (q->version == 5) add_field(fields, &count, "body-type", HEADER_LEN, 2);
    if (q->version == 5) add_field(fields, &count, "body-size", HEADER_LEN + 2, 4);
    if (q->body_len == SGX_LEN)
        add_known(fields, &count, q->body_at, q->body_len, sgx_fields,
                  sizeof sgx_fields / sizeof sgx_fields[0]);
    else
        add_known(fields, &count, q->body_at, q->body_len, td_fields,
                  sizeof td_fields / sizeof td_fields[0]);
    add_field(fields, &count, "signature-len", q->signature_len_at, 4);
    add_field(fields, &count, "signature", q->signature_at, 64);
    add_field(fields, &count, "key", q->key_at, 64);
    if (q->outer_at != 0) add_field(fields, &count, "outer-type", q->outer_at, 2);
    if (q->outer_at != 0) add_field(fields, &count, "outer-len", q->outer_at + 2, 4);
    add_known(fields, &count, q->qe_report_at, SGX_LEN, sgx_fields,
              sizeof sgx_fields / sizeof sgx_fields[0]);
    add_field(fields, &count, "qe-signature", q->qe_signature_at, 64);
    add_field(fields, &count, "auth-len", q->auth_len_at, 2);
    add_field(fields, &count, "auth", q->auth_at, q->auth_len);
    add_field(fields, &count, "cert-type", q->cert_type_at, 2);
    add_field(fields, &count, "cert-len", q->cert_len_at, 4);
    add_field(fields, &count, "cert", q->cert_at, q->cert_len);
    return count;
}

bool diff_quote_set_chain(struct diff_blob *quote, const void *bytes, size_t len)
{
    struct diff_quote q;
    diff_quote_find(quote, &q);
    if (!q.is_found) return false;
    diff_blob_replace(quote, q.cert_at, q.cert_len, bytes, len);
    put_number(quote, q.cert_len_at, 4, len);
    put_number(quote, q.signature_len_at, 4, q.cert_at + len - q.signature_at);
    if (q.outer_at != 0) put_number(quote, q.outer_at + 2, 4, q.cert_at + len - q.qe_report_at);
    return true;
}

/* --- PEM */
static const char pem_begin[] = "-----BEGIN CERTIFICATE-----";
static const char pem_end[] = "-----END CERTIFICATE-----";

static bool decode(const uint8_t *text, size_t len, struct diff_blob *der)
{
    uint8_t bytes[DIFF_CERTIFICATE_LEN];
    int part = 0, rest = 0;
    if (len / 4 * 3 + 8 > sizeof bytes) return false;
    EVP_ENCODE_CTX *const base64 = EVP_ENCODE_CTX_new();
    ASSAY_ASSERT(base64 != NULL);
    EVP_DecodeInit(base64);
    const bool ok = EVP_DecodeUpdate(base64, bytes, &part, text, (int)len) >= 0 &&
                    EVP_DecodeFinal(base64, bytes + part, &rest) == 1;
    EVP_ENCODE_CTX_free(base64);
    if (ok) diff_blob_set(der, bytes, (size_t)part + (size_t)rest);
    return ok;
}

void diff_chain_read(struct diff_chain *chain, const uint8_t *pem, size_t len)
{
    size_t at = 0;
    *chain = (struct diff_chain){ 0 };
    while (at < len && chain->count < DIFF_CERTIFICATES_MAX) {
        const uint8_t *const from = memmem(pem + at, len - at, pem_begin, sizeof pem_begin - 1);
        if (from == NULL) return;
        const size_t body = (size_t)(from - pem) + sizeof pem_begin - 1;
        const uint8_t *const to = memmem(pem + body, len - body, pem_end, sizeof pem_end - 1);
        if (to == NULL) return;
        at = (size_t)(to - pem);
        if (decode(pem + body, at - body, &chain->der[chain->count])) chain->count += 1;
    }
}

void diff_chain_write(const struct diff_chain *chain, struct diff_blob *pem)
{
    enum { TEXT_LEN = 32768 };
    uint8_t text[TEXT_LEN];
    size_t len = 0;
    for (size_t i = 0; i < chain->count; i++)
        if (assay_pem_put("CERTIFICATE", chain->der[i].bytes, chain->der[i].len, text, sizeof text,
                          &len) != ASSAY_OK)
            break;
    diff_blob_set(pem, text, len);
}

void diff_chain_free(struct diff_chain *chain)
{
    for (size_t i = 0; i < DIFF_CERTIFICATES_MAX; i++)
        diff_blob_free(&chain->der[i]);
}
