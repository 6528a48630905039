/*
 * apps/assay/evidence/claims_nvidia.c - JSON claims of a report of an NVIDIA GPU or NVSwitch.
 */
#include "apps/assay/evidence/claims_kinds.h"

#include "quote/certificates/chain.h"
#include "quote/nvidia/nvidia.h"

#include <stdio.h>

static void put_text(struct assay_json *out, const char *name, const char *text)
{
    if (text[0] != '\0') assay_json_set_text(out, name, text);
    else assay_json_set_null(out, name);
}

static void put_field(struct assay_json *out, const char *name, const struct assay_spdm_report *r,
                      enum assay_spdm_field field)
{
    const struct assay_slice value = r->fields[field];
    if (r->has_field[field]) assay_json_set_hex(out, name, value.bytes, value.len);
    else assay_json_set_null(out, name);
}

/* By the index of blocks, from 1. */
static void put_measurements(struct assay_json *out, const struct assay_spdm_report *r)
{
    struct assay_json *const all = assay_json_object();
    for (unsigned i = 1; i < ASSAY_SPDM_INDEXES; i++) {
        char name[4];
        if (r->blocks[i].len == 0) continue;
        (void)snprintf(name, sizeof name, "%u", i);
        assay_json_set_hex(all, name, r->blocks[i].bytes, r->blocks[i].len);
    }
    assay_json_set(out, "measurements", all);
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

/* Of the leaf that signed the report, the one that the verdict follows, and of its issuer: what
 * else came with the report may be of any other device. */
static enum assay_status put_device(struct assay_json *out, const struct assay_package *package,
                                    const struct assay_spdm_report *r)
{
    struct assay_certificate all[ASSAY_PACKAGE_CERTIFICATES_MAX];
    uint8_t digest[ASSAY_SHA384_LEN];
    size_t count = 0, at = 0;
    assay_json_set_null(out, "hwmodel");
    assay_json_set_null(out, "ueid");
    ASSAY_TRY(read_certificates(package, all, &count));
    ASSAY_TRY(assay_nvidia_find_leaf(all, count, r, &at));
    if (at == count) return ASSAY_OK;
    const struct assay_certificate *const leaf = &all[at];
    assay_sha384(r->signed_part.bytes, r->signed_part.len, digest);
    enum assay_status status = assay_chain_signed(&leaf->key, digest, &r->signature);
    if (assay_status_class(status) == ASSAY_CLASS_HOST) return status;
    if (status != ASSAY_OK) return ASSAY_OK;
    assay_json_set_hex(out, "ueid", leaf->serial, sizeof leaf->serial);
    for (size_t i = 0; i < count; i++) {
        enum assay_gpu_architecture architecture = ASSAY_GPU_HOPPER;
        if (!all[i].is_ca || !assay_chain_names(&all[i], leaf)) continue;
        status = assay_chain_signed(&all[i].key, leaf->tbs_digest, &leaf->signature);
        if (assay_status_class(status) == ASSAY_CLASS_HOST) return status;
        if (status != ASSAY_OK ||
            assay_nvidia_architecture(all[i].subject_name, &architecture) != ASSAY_OK)
            continue;
        assay_json_set_text(out, "hwmodel", all[i].subject_name);
        assay_json_set_text(out, "architecture", assay_gpu_architecture_name(architecture));
        return ASSAY_OK;
    }
    return ASSAY_OK;
}

enum assay_status cli_claims_nvidia(const struct assay_package *package, struct assay_json *out)
{
    struct assay_spdm_report r;
    ASSAY_TRY(assay_spdm_parse(package->main.bytes, package->main.len, &r));
    assay_json_set_hex(out, "nonce", r.nonce, sizeof r.nonce);
    assay_json_set_null(out, "architecture");
    put_text(out, "driver_version", r.driver);
    put_text(out, "vbios_version", r.vbios);
    put_text(out, "chip", r.chip);
    put_text(out, "project", r.project);
    put_text(out, "project_sku", r.project_sku);
    put_text(out, "chip_sku", r.chip_sku);
    if (!r.is_switch) assay_json_set_text(out, "mode", assay_gpu_mode_name(assay_spdm_mode(&r)));
    put_field(out, "nvdec0_status", &r, ASSAY_SPDM_NVDEC0);
    put_field(out, "protected_pcie_status", &r, ASSAY_SPDM_PROTECTED_PCIE);
    put_field(out, "fwid", &r, ASSAY_SPDM_FWID);
    put_measurements(out, &r);
    return put_device(out, package, &r);
}
