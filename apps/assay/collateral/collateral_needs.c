/*
 * apps/assay/collateral/collateral_needs.c - requirements of evidence on a collateral folder.
 */
#include "apps/assay/collateral/collateral_needs.h"

#include "quote/accept/gpu.h"
#include "quote/certificates/chain.h"

#include <stdio.h>
#include <string.h>

/* --- Intel: seven parts, of which the folder shows whether they are there */

/* As `evidence verify` needs them. The list of PCK certificates serves only if a CA of the folder,
 * under the root, signed it: that of another authority is as if it were not there
 * (evidence-rules.md 1.15.6), and without the CA's certificate nothing here verifies it. */
static bool is_missing(const struct assay_collateral *c, enum assay_collateral_part part)
{
    if (part == ASSAY_PART_PCK_CHAIN || part == ASSAY_PART_QE_CHAIN) return false;
    return !c->has[part] || (part == ASSAY_PART_PCK_CRL && !c->has_pck_issuer);
}

static bool is_of_intel(const struct assay_collateral *c)
{
    for (int i = 0; i < ASSAY_PARTS_INTEL; i++)
        if (c->given[i]) return true;
    return false;
}

/* The CA of the folder's PCK chain, whose list is wanted. Returns: its name | NULL */
static const char *name_ca(const struct assay_collateral *c)
{
    for (size_t i = 0; i < c->certificate_count; i++)
        if (c->certificates[i].is_ca && !assay_chain_self_issued(&c->certificates[i]))
            return c->certificates[i].subject_name;
    return NULL;
}

/* Who has the part, and the command that gets it. */
static void write_source(const struct assay_collateral *c, const char *ca, char *text, size_t size)
{
    char fmspc[2 * sizeof c->tcb_info.fmspc + 1];
    const bool is_tdx = c->tcb_info.tee == ASSAY_TEE_TDX;
    const bool is_processor = ca != NULL && strstr(ca, "Processor") != NULL;
    assay_hex_encode(c->tcb_info.fmspc, sizeof c->tcb_info.fmspc, fmspc, sizeof fmspc);
    if (strcmp(cli_root_label(&c->root), "intel-sgx") != 0)
        (void)snprintf(text, size, "from the vendor of the root (SOFT: assay soft collateral)");
    else if (c->has[ASSAY_PART_TCB_INFO] && ca != NULL)
        (void)snprintf(text, size,
                       "from Intel: assay collateral fetch --fmspc %s --ca %s --tee %s --out DIR",
                       fmspc, is_processor ? "processor" : "platform", is_tdx ? "tdx" : "sgx");
    else (void)snprintf(text, size, "from Intel: assay collateral fetch --for EVIDENCE --out DIR");
}

static void append_missing(struct assay_json *list, const char *part, const char *text,
                           const char *source)
{
    struct assay_json *const out = assay_json_append_object(list);
    assay_json_set_text(out, "part", part);
    assay_json_set_text(out, "text", text);
    assay_json_set_text(out, "source", source);
}

static void append_intel(struct assay_json *list, const struct assay_collateral *c)
{
    const char *const ca = name_ca(c);
    char text[256], source[256];
    write_source(c, ca, source, sizeof source);
    for (int i = 0; i < ASSAY_PARTS_INTEL; i++) {
        const enum assay_collateral_part part = (enum assay_collateral_part)i;
        if (!is_missing(c, part)) continue;
        const bool is_list = part == ASSAY_PART_PCK_CRL;
        if (is_list && ca != NULL)
            (void)snprintf(text, sizeof text, "the list of %.100s%s", ca,
                           c->has[part] ? "; the one here is not signed by it" : "");
        else if (is_list && c->has[part])
            (void)snprintf(text, sizeof text,
                           "the list here is not verified without its CA's certificate (%s)",
                           assay_collateral_part_name(ASSAY_PART_PCK_CHAIN));
        else (void)snprintf(text, sizeof text, "none that can be read");
        append_missing(list, assay_collateral_part_name(part), text, source);
    }
}

/* --- AMD */
static void append_amd(struct assay_json *list, const struct assay_collateral *c)
{
    static const char source[] = "from AMD: assay collateral fetch --for EVIDENCE --out DIR";
    bool has_ca = false, has_vek = false;
    for (size_t i = 0; i < c->certificate_count; i++) {
        const struct assay_certificate *const at = &c->certificates[i];
        has_vek = has_vek || at->has_vek;
        has_ca = has_ca || (at->is_ca && !assay_chain_self_issued(at));
    }
    if (!has_vek)
        append_missing(list, "VCEK or VLEK",
                       "none here: evidence that brings none is not appraised", source);
    if (!has_ca) append_missing(list, "ASK or ASVK", "none here", source);
    if (c->list_count == 0)
        append_missing(list, "CRL", "none here: whether a key is revoked stays unknown", source);
}

/* --- NVIDIA */

/* Of all bundles: the manifests of one sort, of a product or (NULL) of any. */
static bool has_manifest(const struct assay_collateral *c, bool is_vbios, const char *product)
{
    struct assay_gpu_firmware firmware;
    for (size_t i = 0; i < c->rim_count; i++) {
        const struct assay_rim_values *const at = &c->rims[i].values;
        if (c->rims[i].status != ASSAY_OK) continue;
        if (product != NULL && strcmp(at->product, product) != 0) continue;
        const bool is_firmware =
            assay_gpu_firmware_parse(at->version, strlen(at->version), &firmware) == ASSAY_OK;
        if (is_firmware == is_vbios) return true;
    }
    return false;
}

/* A driver's and a VBIOS' manifest belong together, of one product; a switch has no driver's. */
static void append_manifests(struct assay_json *list, const struct assay_collateral *c)
{
    static const char source[] = "from rim.attestation.nvidia.com";
    char text[96];
    for (int i = 0; i < 2; i++) {
        const bool is_vbios = i == 1;
        const char *const part = is_vbios ? "VBIOS RIM" : "driver RIM";
        bool is_listed = false;
        for (size_t k = 0; k < c->rim_count && !is_listed; k++) {
            const char *const product = c->rims[k].values.product;
            if (c->rims[k].status != ASSAY_OK || has_manifest(c, is_vbios, product)) continue;
            if (!is_vbios && strcmp(product, "LS10") == 0) continue;
            (void)snprintf(text, sizeof text, "none for %.*s", (int)ASSAY_RIM_TEXT_MAX, product);
            append_missing(list, part, text, source);
            is_listed = true;
        }
        if (c->rim_count == 0) append_missing(list, part, "none here", source);
    }
}

static void append_nvidia(struct assay_json *list, const struct assay_collateral_bundles *b)
{
    const struct assay_collateral *const all[] = { &b->main, b->has_devices ? &b->devices : NULL,
                                                   b->is_apart ? &b->manifests : NULL };
    const struct assay_collateral *manifests = &b->main;
    bool has_chain = false, has_answers = false;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (all[i] == NULL) continue;
        const bool is_devices = strcmp(cli_root_label(&all[i]->root), "nvidia-device") == 0;
        for (size_t k = 0; is_devices && k < all[i]->certificate_count; k++)
            has_chain = has_chain || !assay_chain_self_issued(&all[i]->certificates[k]);
        has_answers = has_answers || all[i]->ocsp_count > 0 || all[i]->list_count > 0;
        if (all[i]->rim_count > 0) manifests = all[i];
    }
    if (!has_chain)
        append_missing(list, "device chain",
                       "none here: a report that brings none is not appraised",
                       "from the machine, with its report");
    if (!has_answers)
        append_missing(list, "OCSP or CRL", "none here: whether a key is revoked stays unknown",
                       "from ocsp.ndis.nvidia.com");
    append_manifests(list, manifests);
}

/* --- families */
struct family {
    const char *name;
    const char *needs; /* NULL: the folder alone shows it */
};
enum { INTEL, AMD, NVIDIA, NITRO, TPM, OTHER, FAMILIES };

static const struct family families[FAMILIES] = {
    [INTEL] = { "intel", NULL },
    [AMD] = { "amd", "a report of SEV-SNP needs the VCEK or VLEK of its chip and TCB, ASK or ASVK, "
                     "ARK, and the ARK's CRL" },
    [NVIDIA] = { "nvidia",
                 "a report of a GPU needs the chain of its device, an OCSP response or CRL for "
                 "every certificate, and the RIMs of its very driver and VBIOS; of a switch one "
                 "RIM, of its firmware" },
    [NITRO] = { "nitro", "a document of Nitro brings everything along that it needs" },
    [TPM] = { "tpm", "a quote of a TPM needs its signature, PCR values and key, certificates that "
                     "lead to a root of --root or of the policy, and their CRLs" },
    [OTHER] = { "other", "the parts that evidence under this root needs are those of its kind: the "
                         "root is not pinned" },
};

static bool is_under(const struct assay_collateral *c, const char *vendor)
{
    return strncmp(cli_root_label(&c->root), vendor, strlen(vendor)) == 0;
}

static bool has_tpm(const struct assay_recognition *given)
{
    for (size_t i = 0; i < given->count; i++)
        if (given->pieces[i].shape == ASSAY_SHAPE_ATTEST ||
            given->pieces[i].shape == ASSAY_SHAPE_PUBLIC)
            return true;
    return false;
}

static void find_families(const struct assay_collateral_bundles *b,
                          const struct assay_recognition *given, bool is_here[static FAMILIES])
{
    const struct assay_collateral *const c = &b->main;
    const size_t own = c->certificate_count + c->rim_count + c->ocsp_count;
    is_here[INTEL] = is_of_intel(c);
    is_here[TPM] = has_tpm(given);
    is_here[NVIDIA] = b->has_devices || b->is_apart;
    if (is_here[INTEL] || own + c->list_count == 0) return;
    /* A list alone leads to no root. */
    is_here[AMD] = is_under(c, "amd-");
    is_here[NITRO] = is_under(c, "aws-");
    is_here[NVIDIA] = is_here[NVIDIA] || (own > 0 && is_under(c, "nvidia-"));
    is_here[OTHER] = cli_root_label(&c->root)[0] == '\0' && b->is_rooted && !is_here[TPM];
}

static bool verifies(const struct assay_collateral_bundles *b)
{
    return assay_collateral_sound(&b->main) &&
           (!b->has_devices || assay_collateral_sound(&b->devices)) &&
           (!b->is_apart || assay_collateral_sound(&b->manifests));
}

enum assay_completeness cli_collateral_needs(const struct assay_collateral_bundles *b,
                                             const struct assay_recognition *given,
                                             struct assay_json *data)
{
    bool is_here[FAMILIES] = { false };
    find_families(b, given, is_here);
    struct assay_json *const names = assay_json_set_array(data, "families");
    struct assay_json *const needs = assay_json_set_array(data, "needs");
    struct assay_json *const missing = assay_json_set_array(data, "missing");
    bool is_alone = is_here[INTEL];
    for (size_t i = 0; i < FAMILIES; i++) {
        if (!is_here[i]) continue;
        is_alone = is_alone && families[i].needs == NULL;
        assay_json_append_text(names, families[i].name);
        if (families[i].needs != NULL) assay_json_append_text(needs, families[i].needs);
    }
    if (b->is_rooted && is_here[INTEL]) append_intel(missing, &b->main);
    if (b->is_rooted && is_here[AMD]) append_amd(missing, &b->main);
    if (b->is_rooted && is_here[NVIDIA]) append_nvidia(missing, b);
    if (!b->is_rooted || !verifies(b) || assay_json_count(missing) > 0)
        return ASSAY_COLLATERAL_INCOMPLETE;
    return is_alone ? ASSAY_COLLATERAL_COMPLETE : ASSAY_COLLATERAL_DEPENDS;
}
