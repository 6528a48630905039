/*
 * quote/result/claims_snp.c - claims of an SNP report, and of the endorsement key's
 * certificate when included.
 */
#include "quote/result/claims.h"

#include "quote/amd/snp.h"
#include "quote/amd/snp_vek.h"

#define HEX(object, name, array) assay_claims_add_bytes(object, name, array, sizeof(array))

static void put_guest(struct assay_claims *out, const struct assay_snp_report *r)
{
    assay_claims_add_uint(out, "version", r->version);
    assay_claims_add_uint(out, "guest_svn", r->guest_svn);
    assay_claims_add_bits(out, "policy", r->policy, 16);
    HEX(out, "family_id", r->family_id);
    HEX(out, "image_id", r->image_id);
    assay_claims_add_uint(out, "vmpl", r->vmpl);
    assay_claims_add_uint(out, "signature_algo", r->signature_algo);
    HEX(out, "current_tcb", r->current_tcb);
    assay_claims_add_bits(out, "platform_info", r->platform_info, 16);
    assay_claims_add_bits(out, "key_info", r->key_info, 8);
    HEX(out, "report_data", r->report_data);
    HEX(out, "measurement", r->measurement);
    HEX(out, "host_data", r->host_data);
    HEX(out, "id_key_digest", r->id_key_digest);
    HEX(out, "author_key_digest", r->author_key_digest);
    HEX(out, "report_id", r->report_id);
    HEX(out, "report_id_ma", r->report_id_ma);
}

static void put_flag(struct assay_claims *out, const char *name, uint64_t policy, uint64_t bit)
{
    assay_claims_add_bool(out, name, (policy & bit) != 0);
}

static void put_platform(struct assay_claims *out, const struct assay_snp_report *r)
{
    enum { VERSION_MIT_VECTORS = 5 };
    HEX(out, "reported_tcb", r->reported_tcb);
    HEX(out, "cpuid_fam_mod_step", r->cpuid);
    HEX(out, "chip_id", r->chip_id);
    HEX(out, "committed_tcb", r->committed_tcb);
    HEX(out, "launch_tcb", r->launch_tcb);
    put_flag(out, "debug_allowed", r->policy, ASSAY_SNP_POLICY_DEBUG);
    put_flag(out, "migrate_ma", r->policy, ASSAY_SNP_POLICY_MIGRATE_MA);
    put_flag(out, "smt_allowed", r->policy, ASSAY_SNP_POLICY_SMT);
    put_flag(out, "single_socket", r->policy, ASSAY_SNP_POLICY_SINGLE_SOCKET);
    if (r->version < VERSION_MIT_VECTORS) return;
    assay_claims_add_bits(out, "launch_mit_vector", r->launch_mit_vector, 16);
    assay_claims_add_bits(out, "current_mit_vector", r->current_mit_vector, 16);
}

static const char *signing_key_text(enum assay_snp_signing_key key)
{
    if (key == ASSAY_SNP_KEY_VCEK) return "vcek";
    if (key == ASSAY_SNP_KEY_VLEK) return "vlek";
    return key == ASSAY_SNP_KEY_NONE ? "none" : "reserved";
}

static void put_tcb(struct assay_claims *out, const char *name, const struct assay_snp_tcb *tcb)
{
    assay_claims_open(out, name, ASSAY_CLAIM_MAP);
    if (tcb->has_fmc) assay_claims_add_uint(out, "fmc", tcb->fmc);
    assay_claims_add_uint(out, "bl", tcb->bootloader);
    assay_claims_add_uint(out, "tee", tcb->tee);
    assay_claims_add_uint(out, "snp", tcb->snp);
    assay_claims_add_uint(out, "ucode", tcb->microcode);
    assay_claims_close(out);
}

/* What needs the certificate; without one they are null, and the layout is that of the report. */
static void put_vek(struct assay_claims *out, const struct assay_snp_report *r,
                    const struct assay_certificate *c)
{
    enum assay_snp_product product = assay_snp_report_product(r);
    const struct assay_vek *const vek = c == NULL ? NULL : &c->vek;
    if (product == ASSAY_SNP_PRODUCT_UNKNOWN && vek != NULL)
        product = assay_snp_product_of_name(vek->product);
    const struct assay_snp_tcb reported = assay_snp_tcb(product, r->reported_tcb);
    put_tcb(out, "reported_tcb_parsed", &reported);
    assay_claims_add_text(out, "product", assay_snp_product_text(product));
    assay_claims_add_text(out, "signing_key", signing_key_text(assay_snp_signing_key(r)));
    if (vek == NULL) {
        assay_claims_add_null(out, "vek_tcb_extensions");
        return;
    }
    const struct assay_snp_tcb certified = { vek->has_fmc, vek->fmc, vek->bootloader,
                                             vek->tee,     vek->snp, vek->microcode };
    put_tcb(out, "vek_tcb_extensions", &certified);
    assay_claims_add_text(out, "vek_product", vek->product);
    if (vek->csp[0] != '\0') assay_claims_add_text(out, "vek_csp", vek->csp);
}

enum assay_status assay_claims_of_snp(const struct assay_package *package, struct assay_claims *out)
{
    struct assay_snp_report report;
    size_t count = 0;
    ASSAY_TRY(assay_snp_parse(package->main.bytes, package->main.len, &report));
    ASSAY_TRY(assay_snp_vek_read(package->certificates, package->certificate_count,
                                 out->certificates, ASSAY_CHAIN_MAX, &count));
    put_guest(out, &report);
    put_platform(out, &report);
    put_vek(out, &report, assay_snp_vek_choose(out->certificates, count, &report));
    return ASSAY_OK;
}
