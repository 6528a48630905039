/*
 * quote/result/claims_nitro.c - claims of an AWS attestation document, of a Nitro
 * enclave or of a NitroTPM.
 */
#include "quote/result/claims.h"

#include "base/rfc3339.h"
#include "quote/nitro/nitro.h"
#include "quote/text.h"
#include "quote/x509.h"

static void put_field(struct assay_claims *out, const char *name,
                      const struct assay_nitro_field *field)
{
    if (field->is_there) assay_claims_add_bytes(out, name, field->bytes.bytes, field->bytes.len);
    else assay_claims_add_null(out, name);
}

static void put_pcrs(struct assay_claims *out, const struct assay_nitro_document *d)
{
    assay_claims_open(out, assay_nitro_pcrs_name(d), ASSAY_CLAIM_MAP);
    for (unsigned i = 0; i < ASSAY_NITRO_PCRS; i++) {
        struct assay_text name = assay_text_empty();
        if (!d->pcrs[i].is_there) continue;
        assay_text_add_u64(&name, i);
        put_field(out, name.text, &d->pcrs[i]);
    }
    assay_claims_close(out);
}

/* "2022-10-13 08:57:59": the contract has neither the T nor the Z. */
static void add_time(struct assay_claims *out, int64_t unix_s)
{
    enum { AT_T = 10 };
    char text[ASSAY_RFC3339_LEN + 1];
    assay_rfc3339_format(unix_s, text);
    text[AT_T] = ' ';
    text[ASSAY_RFC3339_LEN - 1] = '\0';
    assay_claims_add_text(out, NULL, text);
}

/* A certificate that cannot be read leaves its claim null; the verdict reports errors. */
static enum assay_status put_leaf(struct assay_claims *out, const struct assay_nitro_document *d)
{
    struct assay_certificate leaf;
    const struct assay_slice der = d->certificate.bytes;
    const enum assay_status status = assay_x509_certificate(der.bytes, der.len, &leaf);
    if (assay_status_class(status) == ASSAY_CLASS_HOST) return status;
    if (status != ASSAY_OK) {
        assay_claims_add_null(out, "leaf_validity");
        return ASSAY_OK;
    }
    assay_claims_open(out, "leaf_validity", ASSAY_CLAIM_LIST);
    add_time(out, leaf.not_before_s);
    add_time(out, leaf.not_after_s);
    assay_claims_close(out);
    return ASSAY_OK;
}

enum assay_status assay_claims_of_nitro(const struct assay_package *package,
                                        struct assay_claims *out)
{
    struct assay_nitro_document d;
    ASSAY_TRY(assay_nitro_parse(package->main.bytes, package->main.len, &d, NULL));
    assay_claims_add_text_n(out, "module_id", d.module_id.bytes);
    assay_claims_add_uint(out, "timestamp_ms", d.timestamp_ms);
    assay_claims_add_text(out, "digest", "SHA384"); /* the parser takes no other */
    put_pcrs(out, &d);
    if (!d.is_tpm) assay_claims_add_bool(out, "debug_mode", assay_nitro_is_debug(&d));
    put_field(out, "public_key", &d.public_key);
    put_field(out, "user_data", &d.user_data);
    put_field(out, "nonce", &d.nonce);
    assay_claims_add_bool(out, "cose_tag_18_present", d.cose.tagged);
    return put_leaf(out, &d);
}
