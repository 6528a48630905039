/*
 * quote/result/claims_tpm.c - claims of a TPM quote (challenge, PCRs, key), and of a
 * paravisor's blob next to it.
 */
#include "quote/result/claims.h"

#include "quote/text.h"
#include "quote/tpm/svsm.h"
#include "quote/tpm/vtpm.h"
#include "quote/verify.h"

static void put_mask(struct assay_claims *out, uint32_t mask)
{
    for (uint32_t pcr = 0; pcr < 32; pcr++)
        if ((mask >> pcr & 1) != 0) assay_claims_add_uint(out, NULL, pcr);
}

/* The first bank stands for the quote: nearly all genuine quotes have one. */
static void put_selection(struct assay_claims *out, const struct assay_tpm_quote *q)
{
    if (q->bank_count > 0)
        assay_claims_add_text(out, "pcr_bank", assay_tpm_hash_text(q->banks[0].alg));
    assay_claims_open(out, "pcr_selection", ASSAY_CLAIM_LIST);
    put_mask(out, q->bank_count > 0 ? q->banks[0].mask : 0);
    assay_claims_close(out);
    if (assay_tpm_weak_pcrs(q) == 0) return;
    assay_claims_open(out, "weak_pcrs", ASSAY_CLAIM_LIST);
    put_mask(out, assay_tpm_weak_pcrs(q));
    assay_claims_close(out);
}

/* Of a quote of several banks each one, by its name: its PCRs by number, without a value where the
 * evidence has none. */
static void put_banks(struct assay_claims *out, const struct assay_tpm_quote *q,
                      struct assay_slice values)
{
    if (q->bank_count < 2) return;
    assay_claims_open(out, "pcr_banks", ASSAY_CLAIM_MAP);
    for (size_t i = 0; i < q->bank_count; i++) {
        assay_claims_open(out, assay_tpm_hash_text(q->banks[i].alg), ASSAY_CLAIM_MAP);
        for (uint32_t pcr = 0; pcr < 32; pcr++) {
            struct assay_text name = assay_text_empty();
            struct assay_slice value;
            if ((q->banks[i].mask >> pcr & 1) == 0) continue;
            assay_text_add_u64(&name, pcr);
            if (assay_tpm_value(q, values, q->banks[i].alg, pcr, &value) == ASSAY_OK)
                assay_claims_add_bytes(out, name.text, value.bytes, value.len);
            else assay_claims_add_null(out, name.text);
        }
        assay_claims_close(out);
    }
    assay_claims_close(out);
}

/* Flat as pcr0 to pcr23, and as one object by number. */
static void put_values(struct assay_claims *out, const struct assay_tpm_quote *q,
                       struct assay_slice values)
{
    for (int nested = 0; nested < 2; nested++) {
        if (nested != 0) assay_claims_open(out, "pcrs", ASSAY_CLAIM_MAP);
        for (uint32_t pcr = 0; q->bank_count > 0 && pcr < 32; pcr++) {
            struct assay_text name = assay_text_empty();
            struct assay_slice value;
            if (assay_tpm_value(q, values, q->banks[0].alg, pcr, &value) != ASSAY_OK) continue;
            if (nested == 0) assay_text_add(&name, "pcr");
            assay_text_add_u64(&name, pcr);
            assay_claims_add_bytes(out, name.text, value.bytes, value.len);
        }
        if (nested != 0) assay_claims_close(out);
    }
}

static void put_key(struct assay_claims *out, struct assay_slice key)
{
    struct assay_tpm_public public;
    if (assay_tpm_public_parse(key.bytes, key.len, &public) != ASSAY_OK) return;
    assay_claims_add_bytes(out, "ak_name", public.name, public.name_len);
    assay_claims_add_uint(out, "ak_attributes", public.attributes);
}

static enum assay_status put_quote(const struct assay_package *package, struct assay_claims *out)
{
    struct assay_tpm_quote q;
    ASSAY_TRY(assay_tpm_quote_parse(package->main.bytes, package->main.len, &q));
    assay_claims_add_text(out, "magic", "ff544347"); /* nothing else is parsed */
    assay_claims_add_text(out, "type", "8018");
    assay_claims_add_bytes(out, "qualified_signer", q.qualified_signer.bytes,
                           q.qualified_signer.len);
    assay_claims_add_bytes(out, "nonce", q.extra_data.bytes, q.extra_data.len);
    assay_claims_add_uint(out, "clock_ms", q.clock);
    assay_claims_add_uint(out, "reset_count", q.reset_count);
    assay_claims_add_uint(out, "restart_count", q.restart_count);
    assay_claims_add_bool(out, "clock_safe", q.safe);
    assay_claims_add_uint(out, "firmware_version", q.firmware_version);
    put_selection(out, &q);
    assay_claims_add_bytes(out, "pcr_digest", q.pcr_digest.bytes, q.pcr_digest.len);
    put_values(out, &q, package->pcrs);
    put_banks(out, &q, package->pcrs);
    put_key(out, package->key);
    return ASSAY_OK;
}

enum assay_status assay_claims_of_tpm(const struct assay_package *package, struct assay_claims *out)
{
    return put_quote(package, out);
}

/* --- paravisors */

/* A TD report has no kind of its own: what is known of the domain stands in the quote of it. */
static enum assay_status put_domain(struct assay_slice quote, const struct assay_hcl *hcl,
                                    struct assay_claims *out)
{
    const uint8_t *const data = hcl->hardware.bytes + ASSAY_HCL_TD_REPORT_DATA_AT;
    enum assay_evidence_kind kind = ASSAY_KIND_NONE;
    if (quote.len > 0) {
        ASSAY_TRY(assay_evidence_detect(quote.bytes, quote.len, &kind));
        ASSAY_TRY(assay_claims_of_quote(kind, quote, out));
    }
    assay_claims_set_bytes(out, "report_data", data, ASSAY_REPORT_DATA_LEN);
    return ASSAY_OK;
}

/* The hardware report as its own kind prints it. */
static enum assay_status put_hardware(const struct assay_package *package,
                                      const struct assay_hcl *hcl, struct assay_claims *out)
{
    struct assay_package inner = *package;
    if (hcl->report_type == ASSAY_HCL_TDX) return put_domain(package->quote, hcl, out);
    inner.main = hcl->hardware;
    return assay_claims_of_snp(&inner, out);
}

/* Keys by their names (TPM 2.0 Part 1 16). */
static enum assay_status put_svsm(const struct assay_package *package,
                                  const struct assay_svsm *svsm, struct assay_claims *out)
{
    struct assay_package inner = *package;
    inner.main = svsm->report;
    ASSAY_TRY(assay_claims_of_snp(&inner, out));
    assay_claims_add_bytes(out, "svsm_nonce", svsm->nonce.bytes, svsm->nonce.len);
    assay_claims_add_uint(out, "svsm_manifest_version", svsm->version);
    assay_claims_open(out, "svsm_keys", ASSAY_CLAIM_LIST);
    for (size_t i = 0; i < svsm->key_count; i++)
        assay_claims_add_bytes(out, NULL, svsm->keys[i].name, svsm->keys[i].name_len);
    assay_claims_close(out);
    return ASSAY_OK;
}

enum assay_status assay_claims_of_vtpm(const struct assay_package *package,
                                       struct assay_claims *out)
{
    const bool is_whole = package->hardware.len > 0;
    const struct assay_slice blob = is_whole ? package->hardware : package->main;
    struct assay_svsm svsm;
    struct assay_hcl hcl;
    if (package->kind == ASSAY_KIND_VTPM_SNP &&
        assay_svsm_parse(blob.bytes, blob.len, &svsm) == ASSAY_OK) {
        ASSAY_TRY(put_svsm(package, &svsm, out));
        return is_whole ? put_quote(package, out) : ASSAY_OK;
    }
    ASSAY_TRY(assay_hcl_parse(blob.bytes, blob.len, &hcl));
    ASSAY_TRY(put_hardware(package, &hcl, out));
    assay_claims_add_uint(out, "hcl_version", hcl.version);
    assay_claims_add_text_n(out, "runtime_data", hcl.runtime_data);
    return is_whole ? put_quote(package, out) : ASSAY_OK;
}
