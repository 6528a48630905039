/*
 * tests/unit/quote/cose/nitro_world.c - AWS Nitro for tests (nitro_world.h).
 */
#include "tests/unit/quote/cose/nitro_world.h"

#include "base/assert.h"
#include "quote/verify.h"

#include <stdlib.h>
#include <string.h>

static const uint8_t nonce_bytes[64] = { 7, 7, 7 };

static void set_terms(struct nitro_world *w)
{
    static const char *const names[] = { "aws.test", "region", "zone", "i-0123456789abcdef0",
                                         "i-0123456789abcdef0-enc01" };
    static const int path_lens[] = { -1, 2, 1, 0, -1 };
    static const int64_t hours[] = { 1000, 100, 50, 10, 3 };
    for (size_t i = 0; i < NITRO_LINKS; i++) {
        const size_t up = i == 0 ? 0 : i - 1;
        w->terms[i] = (struct maker_certificate){
            .subject = names[i],
            .issuer = names[up],
            .key = &w->keys[i],
            .signer = &w->keys[up],
            .from_unix_s = NITRO_AT - NITRO_HOUR,
            .to_unix_s = NITRO_AT + (hours[i] - 1) * NITRO_HOUR,
            .is_ca = i != NITRO_LEAF,
            .path_len = path_lens[i],
            .key_usage = i == NITRO_LEAF ? "digitalSignature" : "critical,keyCertSign,cRLSign",
        };
    }
}

struct nitro_world *nitro_open(void)
{
    struct nitro_world *const w = calloc(1, sizeof *w);
    ASSAY_ASSERT(w != NULL);
    for (size_t i = 0; i < NITRO_LINKS; i++)
        w->keys[i] = maker_key_make(ASSAY_KEY_P384);
    set_terms(w);
    w->sign1 = (struct maker_sign1){ .key = &w->keys[NITRO_LEAF], .algorithm = ASSAY_COSE_ES384 };
    w->module_id = "i-0123456789abcdef0-enc0123456789abcde";
    w->digest = "SHA384";
    w->timestamp_ms = UINT64_C(1000) * NITRO_AT;
    w->pcr_count = 16;
    for (size_t i = 0; i < w->pcr_count; i++)
        w->pcrs[i] = (struct nitro_pcr){ (int64_t)i, 48, i < 3 ? (uint8_t)(i + 1) : 0 };
    w->bundle_count = NITRO_LINKS - 1;
    for (size_t i = 0; i < w->bundle_count; i++)
        w->bundle[i] = &w->ders[i];
    w->nonce = assay_slice_over(nonce_bytes, sizeof nonce_bytes);
    w->endorsements.count = 1;
    w->endorsements.entries[0].kinds = ASSAY_KIND_BIT(ASSAY_KIND_NITRO);
    w->endorsements.entries[0].root = w->keys[0].public;
    assay_policy_default(&w->policy);
    w->at_unix_s = NITRO_AT;
    nitro_make(w);
    return w;
}

struct nitro_world *nitro_open_tpm(void)
{
    enum { TPM_PCRS = 24 };
    struct nitro_world *const w = nitro_open();
    w->is_tpm = true;
    w->module_id = "i-0123456789abcdef0-tpm0000000000000000";
    w->pcr_count = TPM_PCRS;
    for (size_t i = 0; i < w->pcr_count; i++) /* 17 to 22: of a late launch that never was */
        w->pcrs[i] = (struct nitro_pcr){ (int64_t)i, 48, i > 16 && i < 23 ? 0xff : (uint8_t)i };
    w->endorsements.entries[0].kinds = ASSAY_KIND_BIT(ASSAY_KIND_NITRO_TPM);
    nitro_make(w);
    return w;
}

void nitro_close(struct nitro_world *w)
{
    for (size_t i = 0; i < NITRO_LINKS; i++)
        maker_key_free(&w->keys[i]);
    free(w);
}

/* --- the document */
static bool is(const char *a, const char *b)
{
    return a != NULL && strcmp(a, b) == 0;
}

/* How often a field stands in the document. */
static unsigned times(const struct nitro_world *w, const char *name)
{
    if (is(w->leave_out, name)) return 0;
    return is(w->twice, name) ? 2 : 1;
}

static void put_pcrs(const struct nitro_world *w, struct assay_writer *out)
{
    uint8_t value[128];
    maker_map_open(out, w->pcr_count, w->indefinite);
    for (size_t i = 0; i < w->pcr_count; i++) {
        memset(value, w->pcrs[i].fill, sizeof value);
        assay_cbor_put_int(out, w->pcrs[i].index);
        assay_cbor_put_bytes(out, value, w->pcrs[i].len);
    }
    maker_close(out, w->indefinite);
}

static void put_optional(struct assay_slice value, struct assay_writer *out)
{
    if (value.bytes == NULL) assay_cbor_put_null(out);
    else assay_cbor_put_bytes(out, value.bytes, value.len);
}

static void put_value(const struct nitro_world *w, const char *name, struct assay_writer *out)
{
    static const uint8_t long_bytes[ASSAY_NITRO_CERTIFICATE_MAX + 1] = { 0x30 };
    if (is(name, "module_id")) assay_cbor_put_text(out, w->module_id);
    if (is(name, "digest")) assay_cbor_put_text(out, w->digest);
    if (is(name, "timestamp")) assay_cbor_put_uint(out, w->timestamp_ms);
    if (is(name, "pcrs") || is(name, "nitrotpm_pcrs")) put_pcrs(w, out);
    if (is(name, "certificate") && w->certificate_too_long)
        assay_cbor_put_bytes(out, long_bytes, sizeof long_bytes);
    else if (is(name, "certificate"))
        assay_cbor_put_bytes(out, w->ders[NITRO_LEAF].bytes, w->ders[NITRO_LEAF].len);
    if (is(name, "cabundle")) {
        maker_array_open(out, w->bundle_count, w->indefinite);
        for (size_t i = 0; i < w->bundle_count; i++)
            assay_cbor_put_bytes(out, w->bundle[i]->bytes, w->bundle[i]->len);
        maker_close(out, w->indefinite);
    }
    if (is(name, "public_key")) put_optional(w->public_key, out);
    if (is(name, "user_data")) put_optional(w->user_data, out);
    if (is(name, "nonce")) put_optional(w->nonce, out);
    if (is(name, "new_field") && w->padding > 0) {
        assay_cbor_put_bytes_head(out, w->padding);
        assay_writer_zero(out, w->padding);
    } else if (is(name, "new_field")) { /* of any shape */
        maker_map_open(out, 1, w->indefinite);
        assay_cbor_put_int(out, -5);
        maker_array_open(out, 1, w->indefinite);
        assay_cbor_put_null(out);
        maker_close(out, w->indefinite);
        maker_close(out, w->indefinite);
    }
}

static void put_payload(const struct nitro_world *w, struct assay_writer *out)
{
    const char *const pcrs = w->is_tpm ? "nitrotpm_pcrs" : "pcrs";
    const char *names[11] = { "module_id", "digest",     "timestamp", pcrs,   "certificate",
                              "cabundle",  "public_key", "user_data", "nonce" };
    size_t count = 9;
    if (w->both) names[count++] = w->is_tpm ? "pcrs" : "nitrotpm_pcrs";
    if (w->unknown_field || w->padding > 0) names[count++] = "new_field";
    unsigned pairs = 0;
    for (size_t i = 0; i < count; i++)
        pairs += times(w, names[i]);
    maker_map_open(out, pairs, w->indefinite);
    for (size_t i = 0; i < count; i++) {
        for (unsigned k = 0; k < times(w, names[i]); k++) {
            assay_cbor_put_text(out, names[i]);
            put_value(w, names[i], out);
        }
    }
    maker_close(out, w->indefinite);
}

void nitro_make(struct nitro_world *w)
{
    for (size_t i = 0; i < NITRO_LINKS; i++)
        maker_certificate(&w->terms[i], &w->ders[i]);
    nitro_make_document(w);
}

void nitro_make_document(struct nitro_world *w)
{
    uint8_t *const payload = malloc(MAKER_EVIDENCE_MAX);
    struct assay_slice written;
    struct assay_writer inner = assay_writer_over(payload, MAKER_EVIDENCE_MAX);
    put_payload(w, &inner);
    ASSAY_ASSERT(assay_writer_finish(&inner, &written) == ASSAY_OK);
    struct assay_writer outer = assay_writer_over(w->bytes, sizeof w->bytes);
    maker_sign1_put(&w->sign1, written, &outer);
    ASSAY_ASSERT(assay_writer_finish(&outer, &written) == ASSAY_OK);
    w->len = written.len;
    free(payload);
}

enum assay_status nitro_judge(struct nitro_world *w)
{
    const enum assay_evidence_kind kind = w->is_tpm ? ASSAY_KIND_NITRO_TPM : ASSAY_KIND_NITRO;
    const struct assay_evidence_request request = { .kind = kind,
                                                    .bytes = w->bytes,
                                                    .len = w->len,
                                                    .at_unix_s = w->at_unix_s,
                                                    .endorsements = &w->endorsements,
                                                    .policy = &w->policy };
    return assay_evidence_verify(w->verifier, &request, &w->verdict);
}
