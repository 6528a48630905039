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

/* The device's certificate, above the leaf, and the leaf, as they stand there. */
static enum assay_status put_device(struct assay_json *out, const struct assay_package *package)
{
    struct assay_certificate c;
    assay_json_set_null(out, "hwmodel");
    assay_json_set_null(out, "ueid");
    for (size_t i = 0; i < package->certificate_count; i++) {
        const struct assay_slice der = package->certificates[i];
        enum assay_gpu_architecture architecture = ASSAY_GPU_HOPPER;
        const enum assay_status status = assay_x509_certificate(der.bytes, der.len, &c);
        if (assay_status_class(status) == ASSAY_CLASS_HOST) return status;
        if (status != ASSAY_OK) continue;
        if (c.has_fwid) assay_json_set_hex(out, "ueid", c.serial, sizeof c.serial);
        if (!c.is_ca || assay_nvidia_architecture(c.subject_name, &architecture) != ASSAY_OK)
            continue;
        assay_json_set_text(out, "hwmodel", c.subject_name);
        assay_json_set_text(out, "architecture", assay_gpu_architecture_name(architecture));
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
    return put_device(out, package);
}
