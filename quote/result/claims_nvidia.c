/*
 * quote/result/claims_nvidia.c - claims of a report of an NVIDIA GPU or NVSwitch.
 */
#include "quote/result/claims.h"

#include "quote/certificates/chain.h"
#include "quote/nvidia/nvidia.h"
#include "quote/text.h"

static void put_text(struct assay_claims *out, const char *name, const char *text)
{
    if (text[0] != '\0') assay_claims_add_text(out, name, text);
    else assay_claims_add_null(out, name);
}

static void put_field(struct assay_claims *out, const char *name, const struct assay_spdm_report *r,
                      enum assay_spdm_field field)
{
    const struct assay_slice value = r->fields[field];
    if (r->has_field[field]) assay_claims_add_bytes(out, name, value.bytes, value.len);
    else assay_claims_add_null(out, name);
}

/* By the index of blocks, from 1. */
static void put_measurements(struct assay_claims *out, const struct assay_spdm_report *r)
{
    assay_claims_open(out, "measurements", ASSAY_CLAIM_MAP);
    for (unsigned i = 1; i < ASSAY_SPDM_INDEXES; i++) {
        struct assay_text name = assay_text_empty();
        if (r->blocks[i].len == 0) continue;
        assay_text_add_u64(&name, i);
        assay_claims_add_bytes(out, name.text, r->blocks[i].bytes, r->blocks[i].len);
    }
    assay_claims_close(out);
}

/* The certificates that can be read. */
static enum assay_status read_certificates(const struct assay_package *package,
                                           struct assay_certificate *out, size_t *count)
{
    *count = 0;
    for (size_t i = 0; i < package->certificate_count; i++) {
        const struct assay_slice der = package->certificates[i];
        const enum assay_status status = assay_x509_certificate(der.bytes, der.len, &out[*count]);
        if (assay_status_class(status) == ASSAY_CLASS_HOST) return status;
        if (status == ASSAY_OK) *count += 1;
    }
    return ASSAY_OK;
}

/* The leaf that signed the report, and its issuer where that names a device; else NULL. */
struct device {
    const struct assay_certificate *leaf, *issuer;
    enum assay_gpu_architecture architecture; /* with an issuer */
};

/* Of the leaf that signed the report, the one that the verdict follows, and of its issuer: what
 * else came with the report may be of any other device. */
static enum assay_status find_device(const struct assay_package *package,
                                     const struct assay_spdm_report *r,
                                     struct assay_certificate *all, struct device *out)
{
    uint8_t digest[ASSAY_SHA384_LEN];
    size_t count = 0, at = 0;
    *out = (struct device){ 0 };
    ASSAY_TRY(read_certificates(package, all, &count));
    ASSAY_TRY(assay_nvidia_find_leaf(all, count, r, &at));
    if (at == count) return ASSAY_OK;
    const struct assay_certificate *const leaf = &all[at];
    assay_sha384(r->signed_part.bytes, r->signed_part.len, digest);
    enum assay_status status = assay_chain_signed(&leaf->key, digest, &r->signature);
    if (assay_status_class(status) == ASSAY_CLASS_HOST) return status;
    if (status != ASSAY_OK) return ASSAY_OK;
    out->leaf = leaf;
    for (size_t i = 0; i < count; i++) {
        if (!all[i].is_ca || !assay_chain_names(&all[i], leaf)) continue;
        status = assay_chain_signed(&all[i].key, leaf->tbs_digest, &leaf->signature);
        if (assay_status_class(status) == ASSAY_CLASS_HOST) return status;
        if (status != ASSAY_OK ||
            assay_nvidia_architecture(all[i].subject_name, &out->architecture) != ASSAY_OK)
            continue;
        out->issuer = &all[i];
        return ASSAY_OK;
    }
    return ASSAY_OK;
}

enum assay_status assay_claims_of_nvidia(const struct assay_package *package,
                                         struct assay_claims *out)
{
    struct assay_spdm_report r;
    struct device d;
    ASSAY_TRY(assay_spdm_parse(package->main.bytes, package->main.len, &r));
    ASSAY_TRY(find_device(package, &r, out->certificates, &d));
    const bool known = d.issuer != NULL;
    assay_claims_add_bytes(out, "nonce", r.nonce, sizeof r.nonce);
    put_text(out, "architecture", known ? assay_gpu_architecture_name(d.architecture) : "");
    put_text(out, "driver_version", r.driver);
    put_text(out, "vbios_version", r.vbios);
    put_text(out, "chip", r.chip);
    put_text(out, "project", r.project);
    put_text(out, "project_sku", r.project_sku);
    put_text(out, "chip_sku", r.chip_sku);
    if (!r.is_switch) assay_claims_add_text(out, "mode", assay_gpu_mode_name(assay_spdm_mode(&r)));
    put_field(out, "nvdec0_status", &r, ASSAY_SPDM_NVDEC0);
    put_field(out, "protected_pcie_status", &r, ASSAY_SPDM_PROTECTED_PCIE);
    put_field(out, "fwid", &r, ASSAY_SPDM_FWID);
    put_measurements(out, &r);
    put_text(out, "hwmodel", known ? d.issuer->subject_name : "");
    if (d.leaf != NULL) assay_claims_add_bytes(out, "ueid", d.leaf->serial, sizeof d.leaf->serial);
    else assay_claims_add_null(out, "ueid");
    return ASSAY_OK;
}
