/*
 * quote/nvidia/golden.c - measurements of a device compared with the manifests of its driver and
 * its firmware.
 *
 * Manifests are found by product and version, which the signed report names. They are signed under
 * a root of their own: one authority may not both make devices and say how these must measure, so
 * manifests under the root of the device itself do not count.
 */
#include "quote/nvidia/nvidia.h"

#include "base/assert.h"
#include "quote/collateral/collateral.h"
#include "quote/text.h"

enum {
    INDEX_OF_NVDEC0 = 35, /* measured only while the decoder is on */
    OF_SIGNER = 7,        /* certificates of a manifest that an issuer answers about: 0 to 2 */
};

/* One manifest that a report asks for. */
struct wanted {
    const char *what; /* "driver" */
    enum assay_proof proof;
    const char *version;
    const char *name; /* "driver RIM" */
};

struct chosen {
    const struct assay_rim *rim; /* NULL: none */
    const struct assay_key *root;
    const char *other; /* version of one for the product, where none fits */
};

static char upper(char c)
{
    if (c < 'a' || c > 'z') return c;
    return (char)(c - 'a' + 'A');
}

/* Versions of firmware are written with letters of either case. */
static bool is_same_version(const char *a, const char *b)
{
    size_t i = 0;
    while (a[i] != '\0' && upper(a[i]) == upper(b[i]))
        i += 1;
    return a[i] == b[i];
}

/* Of several editions the one by the newest signer; one that counts before others. */
static bool is_better(const struct assay_rim *a, const struct assay_rim *b)
{
    if ((a->status == ASSAY_OK) != (b->status == ASSAY_OK)) return a->status == ASSAY_OK;
    if (a->certificate_count == 0 || b->certificate_count == 0) return a->certificate_count > 0;
    return a->certificates[0].not_before_s > b->certificates[0].not_before_s;
}

/* Firmware has five numbers, a driver fewer: another version of the same sort helps the reader. */
static bool is_same_sort(const char *a, const char *b)
{
    size_t dots[2] = { 0, 0 };
    for (size_t i = 0; a[i] != '\0'; i++)
        dots[0] += a[i] == '.';
    for (size_t i = 0; b[i] != '\0'; i++)
        dots[1] += b[i] == '.';
    return (dots[0] == 4) == (dots[1] == 4);
}

static void choose_manifest(const struct assay_nvidia_appraisal *a, const char *version,
                            struct chosen *out)
{
    const struct assay_endorsements *const all = a->request->endorsements;
    const char *const product = assay_nvidia_product(a->architecture, &a->report);
    *out = (struct chosen){ .rim = NULL };
    for (size_t i = 0; i < all->count; i++) {
        const struct assay_endorsement *const e = &all->entries[i];
        if ((e->kinds & ASSAY_KIND_BIT(a->request->kind)) == 0 || e->collateral == NULL) continue;
        if (assay_key_equal(&e->root, a->root)) continue;
        ASSAY_ASSERT(e->collateral->rim_count <= ASSAY_RIMS_MAX);
        for (size_t k = 0; k < e->collateral->rim_count; k++) {
            const struct assay_rim *const rim = &e->collateral->rims[k];
            if (assay_text_compare(rim->values.product, product, ASSAY_RIM_TEXT_MAX) != 0) continue;
            if (!is_same_version(rim->values.version, version)) {
                if (is_same_sort(rim->values.version, version)) out->other = rim->values.version;
                continue;
            }
            if (out->rim != NULL && !is_better(rim, out->rim)) continue;
            out->rim = rim;
            out->root = &e->root;
        }
    }
}

/* Where both have the form of versions: is a the newer one? */
static const char *compare_editions(const char *a, const char *b)
{
    struct assay_gpu_firmware firmware[2];
    struct assay_gpu_version version[2];
    const char *const texts[] = { a, b };
    bool are_firmware = true, are_versions = true;
    for (size_t i = 0; i < 2; i++) {
        const size_t len = assay_text_len(texts[i], ASSAY_RIM_TEXT_MAX);
        are_firmware =
            are_firmware && assay_gpu_firmware_parse(texts[i], len, &firmware[i]) == ASSAY_OK;
        are_versions =
            are_versions && assay_gpu_version_parse(texts[i], len, &version[i]) == ASSAY_OK;
    }
    if (!are_firmware && !are_versions) return "another one: ";
    const int order = are_firmware ? assay_gpu_firmware_compare(&firmware[0], &firmware[1])
                                   : assay_gpu_version_compare(&version[0], &version[1]);
    return order > 0 ? "a newer one: " : "an older one: ";
}

static void report_missing(const struct assay_nvidia_appraisal *a, const struct wanted *w,
                           const char *other)
{
    struct assay_text expected = assay_text_empty(), observed = assay_text_empty();
    assay_text_add(&expected, "the manifest of ");
    assay_text_add(&expected, w->what);
    assay_text_add(&expected, " ");
    assay_text_add(&expected, w->version[0] != '\0' ? w->version : "(the report names no version)");
    assay_text_add(&expected, " for ");
    assay_text_add(&expected, assay_nvidia_product(a->architecture, &a->report));
    assay_text_add(&observed, other == NULL ? "none" : compare_editions(other, w->version));
    if (other != NULL) assay_text_add(&observed, other);
    assay_verdict_add(a->verdict, ASSAY_RULE_COLLATERAL_MISSING, 0, expected.text, observed.text);
}

/* Signers of all manifests have one name: "HCC RIM L4 Signer (driver RIM)". */
static struct assay_certificate name_signer(const struct assay_certificate *c, const char *of)
{
    struct assay_certificate named = *c;
    struct assay_text text = assay_text_empty();
    assay_text_add(&text, c->subject_name);
    assay_text_add(&text, " (");
    assay_text_add(&text, of);
    assay_text_add(&text, ")");
    assay_text_copy(named.subject_name, sizeof named.subject_name, text.text);
    return named;
}

/* One that counts, or its reason. Out: *rim is NULL where its values may not be used */
static enum assay_status judge_manifest(const struct assay_nvidia_appraisal *a,
                                        const struct wanted *w, const struct assay_rim **rim)
{
    struct chosen chosen;
    struct assay_path path;
    struct assay_certificate signer;
    *rim = NULL;
    assay_verdict_proof(a->verdict, w->proof, ASSAY_PROOF_UNKNOWN);
    choose_manifest(a, w->version, &chosen);
    if (chosen.rim == NULL || w->version[0] == '\0') {
        report_missing(a, w, chosen.other);
        return ASSAY_OK;
    }
    if (chosen.rim->status != ASSAY_OK) {
        const enum assay_rule rule = chosen.rim->rule;
        struct assay_text expected = assay_text_empty();
        assay_text_add(&expected, w->name);
        assay_text_add(&expected, " ");
        assay_text_add(&expected, w->version);
        assay_text_add(&expected, " as its maker signed it");
        assay_verdict_add(a->verdict, rule, 0, expected.text,
                          assay_status_text(chosen.rim->status));
        if (assay_rule_class_of(rule) == ASSAY_RULE_FORGED)
            assay_verdict_proof(a->verdict, w->proof, ASSAY_PROOF_FALSE);
        return ASSAY_OK;
    }
    assay_rim_path(chosen.rim, &path);
    signer = name_signer(path.certificates[0], w->name);
    path.certificates[0] = &signer;
    assay_path_windows(&path, a->verdict);
    ASSAY_TRY(assay_nvidia_judge_revocation(a->request, &path, chosen.root, OF_SIGNER, a->verdict));
    assay_verdict_proof(a->verdict, w->proof, ASSAY_PROOF_TRUE);
    *rim = chosen.rim;
    return ASSAY_OK;
}

/* --- values */
/* Any one alternative; a value of zeros is one like any other. */
static bool is_among(const struct assay_rim *rim, unsigned index, struct assay_slice value)
{
    const struct assay_rim_values *const v = &rim->values;
    ASSAY_ASSERT(index < ASSAY_RIM_INDEXES);
    ASSAY_ASSERT((size_t)v->first[index] + v->count[index] <= v->value_count);
    if (value.len != ASSAY_RIM_VALUE_LEN) return false;
    for (unsigned i = 0; i < v->count[index]; i++)
        if (assay_bytes_equal(v->values[v->first[index] + i], value.bytes, value.len)) return true;
    return false;
}

static bool is_active(const struct assay_rim *rim, unsigned index)
{
    return rim != NULL && (rim->values.active >> index & 1u) != 0;
}

/* The decoder is on, off, or in a state that does not say whether its index counts. */
static bool is_skipped(const struct assay_nvidia_appraisal *a, unsigned index)
{
    const struct assay_spdm_report *const r = &a->report;
    if (index != INDEX_OF_NVDEC0 || !r->has_field[ASSAY_SPDM_NVDEC0]) return false;
    if (assay_spdm_field_is(r, ASSAY_SPDM_NVDEC0, ASSAY_SPDM_OFF)) return true;
    if (!assay_spdm_field_is(r, ASSAY_SPDM_NVDEC0, ASSAY_SPDM_ON))
        assay_verdict_add(a->verdict, ASSAY_RULE_GPU_STATUS, r->offset_opaque,
                          "NVDEC0 on (aa) or off (55)", "another status");
    return false;
}

static void add_index(struct assay_text *text, unsigned index)
{
    if (text->len > 0) assay_text_add(text, " ");
    assay_text_add_u64(text, index);
}

/* The manifests that set an index which differs. */
struct differing {
    bool driver, vbios;
    uint32_t offset; /* of the first */
    struct assay_text indexes;
};

static void report_different(const struct assay_nvidia_appraisal *a, const struct differing *d)
{
    struct assay_text expected = assay_text_empty(), observed = assay_text_empty();
    const char *const indexes = d->indexes.text;
    bool is_one = true;
    assay_text_add(&expected, "the values of ");
    if (d->driver) assay_text_add(&expected, "driver RIM ");
    if (d->driver) assay_text_add(&expected, a->report.driver);
    if (d->driver && d->vbios) assay_text_add(&expected, " and ");
    if (d->vbios) assay_text_add(&expected, "VBIOS RIM ");
    if (d->vbios) assay_text_add(&expected, a->report.vbios);
    for (size_t i = 0; indexes[i] != '\0'; i++)
        is_one = is_one && indexes[i] != ' ';
    assay_text_add(&observed, is_one ? "measurement " : "these differ from the manifests: ");
    assay_text_add(&observed, indexes);
    if (is_one) assay_text_add(&observed, " differs from the manifest");
    assay_verdict_add(a->verdict, ASSAY_RULE_GOLDEN_VALUE, d->offset, expected.text, observed.text);
}

static void compare_values(const struct assay_nvidia_appraisal *a, const struct assay_rim *driver,
                           const struct assay_rim *vbios)
{
    struct differing d = { .indexes = assay_text_empty() };
    struct assay_text twice = assay_text_empty();
    for (unsigned i = 0; i < ASSAY_RIM_INDEXES; i++) {
        const struct assay_slice value = a->report.blocks[i + 1]; /* manifests count from 0 */
        const bool by_driver = is_active(driver, i), by_vbios = is_active(vbios, i);
        if (by_driver && by_vbios) add_index(&twice, i);
        if ((!by_driver && !by_vbios) || is_skipped(a, i)) continue;
        if (by_driver && is_among(driver, i, value)) continue;
        if (by_vbios && is_among(vbios, i, value)) continue;
        if (d.indexes.len == 0 && value.len > 0)
            d.offset = (uint32_t)(value.bytes - a->main.bytes); /* within 16 KiB */
        add_index(&d.indexes, i);
        d.driver = d.driver || by_driver;
        d.vbios = d.vbios || by_vbios;
    }
    if (twice.len > 0)
        assay_verdict_add(a->verdict, ASSAY_RULE_RIM_CONFLICT, 0,
                          "each index in one of the two manifests", twice.text);
    if (d.indexes.len > 0) report_different(a, &d);
}

enum assay_status assay_nvidia_judge_golden(const struct assay_nvidia_appraisal *a)
{
    ASSAY_ASSERT(a->has_device);
    const struct wanted wanted_driver = { "driver", ASSAY_PROOF_DRIVER_RIM, a->report.driver,
                                          "driver RIM" };
    const struct wanted wanted_vbios = { "firmware", ASSAY_PROOF_VBIOS_RIM, a->report.vbios,
                                         "VBIOS RIM" };
    const struct assay_rim *driver = NULL, *vbios = NULL;
    if (a->request->kind != ASSAY_KIND_NVIDIA_SWITCH) /* which has no driver of its own */
        ASSAY_TRY(judge_manifest(a, &wanted_driver, &driver));
    ASSAY_TRY(judge_manifest(a, &wanted_vbios, &vbios));
    compare_values(a, driver, vbios);
    return ASSAY_OK;
}
