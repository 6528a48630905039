/*
 * apps/assay/evidence/claims_nitro.c - JSON fields of an AWS attestation document, of a Nitro
 * enclave or of a NitroTPM.
 */
#include "apps/assay/evidence/claims_kinds.h"

#include "base/rfc3339.h"
#include "quote/nitro/nitro.h"
#include "quote/x509.h"

#include <stdio.h>

static void put_field(struct assay_json *out, const char *name,
                      const struct assay_nitro_field *field)
{
    if (field->is_there) assay_json_set_hex(out, name, field->bytes.bytes, field->bytes.len);
    else assay_json_set_null(out, name);
}

static void put_pcrs(struct assay_json *out, const struct assay_nitro_document *d)
{
    struct assay_json *const pcrs = assay_json_object();
    for (unsigned i = 0; i < ASSAY_NITRO_PCRS; i++) {
        char name[4];
        if (!d->pcrs[i].is_there) continue;
        (void)snprintf(name, sizeof name, "%u", i);
        put_field(pcrs, name, &d->pcrs[i]);
    }
    assay_json_set(out, assay_nitro_pcrs_name(d), pcrs);
}

/* "2022-10-13 08:57:59": the contract has neither the T nor the Z. */
static void append_time(struct assay_json *array, int64_t unix_s)
{
    enum { AT_T = 10 };
    char text[ASSAY_RFC3339_LEN + 1];
    assay_rfc3339_format(unix_s, text);
    text[AT_T] = ' ';
    text[ASSAY_RFC3339_LEN - 1] = '\0';
    assay_json_append_text(array, text);
}

/* A certificate that cannot be read leaves its claim null; the verdict reports errors. */
static enum assay_status put_leaf(struct assay_json *out, const struct assay_nitro_document *d)
{
    struct assay_certificate leaf;
    const struct assay_slice der = d->certificate.bytes;
    const enum assay_status status = assay_x509_certificate(der.bytes, der.len, &leaf);
    if (assay_status_class(status) == ASSAY_CLASS_HOST) return status;
    if (status != ASSAY_OK) {
        assay_json_set_null(out, "leaf_validity");
        return ASSAY_OK;
    }
    struct assay_json *const validity = assay_json_array();
    append_time(validity, leaf.not_before_s);
    append_time(validity, leaf.not_after_s);
    assay_json_set(out, "leaf_validity", validity);
    return ASSAY_OK;
}

enum assay_status cli_claims_nitro(const struct assay_package *package, struct assay_json *out)
{
    struct assay_nitro_document d;
    ASSAY_TRY(assay_nitro_parse(package->main.bytes, package->main.len, &d, NULL));
    assay_json_set_text_n(out, "module_id", d.module_id.bytes.bytes, d.module_id.bytes.len);
    assay_json_set_uint(out, "timestamp_ms", d.timestamp_ms);
    assay_json_set_text(out, "digest", "SHA384"); /* the parser takes no other */
    put_pcrs(out, &d);
    if (!d.is_tpm) assay_json_set_bool(out, "debug_mode", assay_nitro_is_debug(&d));
    put_field(out, "public_key", &d.public_key);
    put_field(out, "user_data", &d.user_data);
    put_field(out, "nonce", &d.nonce);
    assay_json_set_bool(out, "cose_tag_18_present", d.cose.tagged);
    return put_leaf(out, &d);
}
