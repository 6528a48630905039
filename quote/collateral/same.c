/*
 * quote/collateral/same.c - comparison of two sets of endorsements, ignoring dates and signatures.
 *
 * Field by field and never over whole structs: every node must come to the same answer, and padding
 * has no value.
 */
#include "quote/collateral/same.h"

#include "base/assert.h"
#include "quote/certificates/chain.h"
#include "quote/text.h"

/* Up to the first NUL: bytes behind it have no meaning. */
#define SAME_TEXT(field) (assay_text_compare(a->field, b->field, sizeof a->field) == 0)
#define SAME_BYTES(field) assay_bytes_equal(a->field, b->field, sizeof a->field)

/* --- documents of Intel's */

static bool same_advisories(const struct assay_advisory_table *a,
                            const struct assay_advisory_table *b)
{
    ASSAY_ASSERT(a->count <= ASSAY_ADVISORY_TABLE_MAX && b->count <= ASSAY_ADVISORY_TABLE_MAX);
    if (a->count != b->count) return false;
    for (uint32_t i = 0; i < a->count; i++)
        if (!SAME_TEXT(ids[i])) return false;
    return true;
}

static bool same_set(const struct assay_advisory_set *a, const struct assay_advisory_set *b)
{
    for (size_t i = 0; i < sizeof a->bits / sizeof a->bits[0]; i++)
        if (a->bits[i] != b->bits[i]) return false;
    return true;
}

static bool same_isv_levels(const struct assay_isv_level *a, uint32_t a_count,
                            const struct assay_isv_level *b, uint32_t b_count)
{
    ASSAY_ASSERT(a_count <= ASSAY_TCB_LEVELS_MAX && b_count <= ASSAY_TCB_LEVELS_MAX);
    if (a_count != b_count) return false;
    for (uint32_t i = 0; i < a_count; i++)
        if (a[i].isvsvn != b[i].isvsvn || a[i].status != b[i].status ||
            a[i].date_unix_s != b[i].date_unix_s || !same_set(&a[i].advisories, &b[i].advisories))
            return false;
    return true;
}

static bool same_module(const struct assay_module_identity *a,
                        const struct assay_module_identity *b)
{
    return a->is_default == b->is_default && a->version == b->version && SAME_BYTES(mrsigner) &&
           SAME_BYTES(attributes) && SAME_BYTES(attributes_mask) &&
           same_isv_levels(a->levels, a->level_count, b->levels, b->level_count);
}

static bool same_level(const struct assay_tcb_level *a, const struct assay_tcb_level *b)
{
    return SAME_BYTES(sgx) && SAME_BYTES(tdx) && a->pcesvn == b->pcesvn &&
           a->status == b->status && a->date_unix_s == b->date_unix_s &&
           same_set(&a->advisories, &b->advisories);
}

static bool same_tcb_info(const struct assay_tcb_info *a, const struct assay_tcb_info *b)
{
    ASSAY_ASSERT(a->module_count <= ASSAY_MODULES_MAX && a->level_count <= ASSAY_TCB_LEVELS_MAX);
    if (a->version != b->version || a->tee != b->tee || !SAME_BYTES(fmspc) || !SAME_BYTES(pceid) ||
        a->evaluation_number != b->evaluation_number)
        return false;
    if (a->has_default_module != b->has_default_module || a->module_count != b->module_count ||
        a->level_count != b->level_count || !same_advisories(&a->advisories, &b->advisories))
        return false;
    if (a->has_default_module && !same_module(&a->default_module, &b->default_module))
        return false;
    for (uint32_t i = 0; i < a->module_count; i++)
        if (!same_module(&a->modules[i], &b->modules[i])) return false;
    for (uint32_t i = 0; i < a->level_count; i++)
        if (!same_level(&a->levels[i], &b->levels[i])) return false;
    return true;
}

static bool same_identity(const struct assay_qe_identity *a, const struct assay_qe_identity *b)
{
    return a->tee == b->tee && a->evaluation_number == b->evaluation_number &&
           SAME_BYTES(miscselect) && SAME_BYTES(miscselect_mask) && SAME_BYTES(attributes) &&
           SAME_BYTES(attributes_mask) && SAME_BYTES(mrsigner) && a->isvprodid == b->isvprodid &&
           same_isv_levels(a->levels, a->level_count, b->levels, b->level_count) &&
           same_advisories(&a->advisories, &b->advisories);
}

/* --- certificates and lists */

static bool same_pck(const struct assay_pck *a, const struct assay_pck *b)
{
    return SAME_BYTES(ppid) && SAME_BYTES(components) && a->pcesvn == b->pcesvn &&
           SAME_BYTES(cpusvn) && SAME_BYTES(pceid) && SAME_BYTES(fmspc) &&
           a->sgx_type == b->sgx_type && a->has_platform_instance == b->has_platform_instance &&
           SAME_BYTES(platform_instance) && a->has_configuration == b->has_configuration &&
           a->dynamic_platform == b->dynamic_platform && a->cached_keys == b->cached_keys &&
           a->smt_enabled == b->smt_enabled;
}

static bool same_vek(const struct assay_vek *a, const struct assay_vek *b)
{
    ASSAY_ASSERT(a->hwid_len <= sizeof a->hwid && b->hwid_len <= sizeof b->hwid);
    return a->struct_version == b->struct_version &&
           SAME_TEXT(product) && a->has_fmc == b->has_fmc &&
           a->bootloader == b->bootloader && a->tee == b->tee && a->snp == b->snp &&
           a->microcode == b->microcode && a->fmc == b->fmc && a->hwid_len == b->hwid_len &&
           assay_bytes_equal(a->hwid, b->hwid, a->hwid_len) &&
           SAME_TEXT(csp);
}

static bool same_rights(const struct assay_certificate *a, const struct assay_certificate *b)
{
    return a->has_basic_constraints == b->has_basic_constraints && a->is_ca == b->is_ca &&
           a->has_path_len == b->has_path_len && a->path_len == b->path_len &&
           a->has_key_usage == b->has_key_usage && a->key_usage == b->key_usage &&
           a->has_extended_key_usage == b->has_extended_key_usage &&
           a->extended_key_usage == b->extended_key_usage &&
           a->has_unknown_critical == b->has_unknown_critical;
}

static bool same_certificate(const struct assay_certificate *a, const struct assay_certificate *b)
{
    if (SAME_BYTES(digest)) return true;
    if (!assay_dn_equal(&a->issuer, &b->issuer) || !assay_dn_equal(&a->subject, &b->subject) ||
        !SAME_BYTES(key_name) || !same_rights(a, b))
        return false;
    if (a->has_pck != b->has_pck || a->has_vek != b->has_vek) return false;
    if (a->has_gce || b->has_gce) return false; /* names an instance: no authority renews it */
    if (a->has_fwid || b->has_fwid) return false; /* a device's own */
    return (!a->has_pck || same_pck(&a->pck, &b->pck)) &&
           (!a->has_vek || same_vek(&a->vek, &b->vek));
}

static bool same_list(const struct assay_crl *a, const struct assay_crl *b)
{
    ASSAY_ASSERT(a->revoked_count <= ASSAY_CRL_ENTRIES_MAX);
    return assay_dn_equal(&a->issuer, &b->issuer) && a->revoked_count == b->revoked_count &&
           assay_bytes_equal(a->revoked, b->revoked, a->revoked_count * sizeof a->revoked[0]);
}

static bool same_signer(const struct assay_collateral_signer *a,
                        const struct assay_collateral_signer *b)
{
    return a->is_there == b->is_there && (!a->is_there || SAME_BYTES(key_name));
}

/* --- bundles */

static bool same_shape(const struct assay_collateral *a, const struct assay_collateral *b)
{
    for (size_t i = 0; i < ASSAY_PARTS; i++)
        if (a->given[i] != b->given[i] || a->has[i] != b->has[i]) return false;
    return a->fault_count == 0 && b->fault_count == 0 && /* a network has none that are faulty */
           a->list_count == b->list_count && a->certificate_count == b->certificate_count &&
           a->has_root_issuer == b->has_root_issuer && a->has_pck_issuer == b->has_pck_issuer;
}

static bool same_authorities(const struct assay_collateral *a, const struct assay_collateral *b)
{
    ASSAY_ASSERT(a->list_count <= ASSAY_LISTS_MAX && a->list_count == b->list_count);
    ASSAY_ASSERT(a->certificate_count == b->certificate_count);
    for (size_t i = 0; i < a->list_count; i++) {
        const struct assay_list *const one = &a->lists[i], *const other = &b->lists[i];
        if (one->has_issuer != other->has_issuer || !same_list(&one->crl, &other->crl))
            return false;
        if (one->has_issuer && !assay_bytes_equal(one->issuer_name, other->issuer_name, 32))
            return false;
    }
    for (size_t i = 0; i < a->certificate_count; i++)
        if (!same_certificate(&a->certificates[i], &b->certificates[i])) return false;
    if (a->has_pck_issuer && !SAME_BYTES(pck_issuer_name)) return false;
    return !a->has_root_issuer || SAME_BYTES(root_issuer_name);
}

static bool same_bundle(const struct assay_collateral *a, const struct assay_collateral *b)
{
    if (SAME_BYTES(digest)) return true;
    if (a->ocsp_count > 0 || a->rim_count > 0) return false; /* same bytes alone */
    if (!same_shape(a, b) || !same_authorities(a, b)) return false;
    if (a->has[ASSAY_PART_ROOT_CRL] && !same_list(&a->root_crl, &b->root_crl)) return false;
    if (a->has[ASSAY_PART_PCK_CRL] && !same_list(&a->pck_crl, &b->pck_crl)) return false;
    if (a->has[ASSAY_PART_TCB_INFO] && !same_tcb_info(&a->tcb_info, &b->tcb_info)) return false;
    if (a->has[ASSAY_PART_QE_IDENTITY] && !same_identity(&a->qe_identity, &b->qe_identity))
        return false;
    return same_signer(&a->tcb_signer, &b->tcb_signer) &&
           same_signer(&a->qe_signer, &b->qe_signer);
}

bool assay_collateral_same(const struct assay_endorsements *a, const struct assay_endorsements *b)
{
    ASSAY_ASSERT(a->count <= ASSAY_ENDORSEMENTS_MAX && b->count <= ASSAY_ENDORSEMENTS_MAX);
    if (a->count != b->count) return false;
    for (size_t i = 0; i < a->count; i++) {
        const struct assay_endorsement *const one = &a->entries[i], *const other = &b->entries[i];
        if (!assay_key_equal(&one->root, &other->root) || one->kinds != other->kinds ||
            (one->collateral == NULL) != (other->collateral == NULL))
            return false;
        if (one->collateral != NULL && !same_bundle(one->collateral, other->collateral))
            return false;
    }
    return true;
}
