/*
 * apps/assay/claims_all.c - which file prints the claims of which kind, and the proofs of all.
 */
#include "apps/assay/claims_all.h"

#include "apps/assay/claims_kinds.h"
#include "base/assert.h"
#include "quote/verify.h"

/* --- kinds */
static bool is_quote(enum assay_evidence_kind kind)
{
    return (ASSAY_KINDS_QUOTE & ASSAY_KIND_BIT(kind)) != 0;
}

static enum assay_status fill(const struct assay_package *package, struct assay_json *out)
{
    switch (package->kind) {
    case ASSAY_KIND_NITRO: return assay_claims_nitro(package, out);
    case ASSAY_KIND_CCA: return assay_claims_cca(package, out);
    case ASSAY_KIND_SNP: return assay_claims_snp(package, out);
    case ASSAY_KIND_TPM: return assay_claims_tpm(package, out);
    case ASSAY_KIND_VTPM_SNP:
    case ASSAY_KIND_VTPM_TDX: return assay_claims_vtpm(package, out);
    case ASSAY_KIND_NONE:
    case ASSAY_KIND_SGX3:
    case ASSAY_KIND_SGX4:
    case ASSAY_KIND_SGX5:
    case ASSAY_KIND_TDX4:
    case ASSAY_KIND_TDX5:
    case ASSAY_KIND_SOFT: return ASSAY_E_UNSUPPORTED;
    }
    ASSAY_UNREACHABLE("a kind of evidence");
}

enum assay_status assay_claims_of(enum assay_evidence_kind kind, const uint8_t *bytes, size_t len,
                                  struct assay_json **claims)
{
    struct assay_package package;
    ASSAY_TRY(assay_package_read(kind, bytes, len, &package));
    if (is_quote(kind))
        return assay_claims_json(kind, package.main.bytes, package.main.len, claims);
    struct assay_json *out = assay_json_object();
    if (out == NULL) return ASSAY_E_MEMORY;
    const enum assay_status status = fill(&package, out);
    if (status != ASSAY_OK) {
        assay_json_free(&out);
        return status;
    }
    *claims = out;
    return ASSAY_OK;
}

enum assay_status assay_details_of(enum assay_evidence_kind kind, const uint8_t *bytes, size_t len,
                                   struct assay_json **details)
{
    struct assay_package package;
    ASSAY_TRY(assay_package_read(kind, bytes, len, &package));
    if (is_quote(kind))
        return assay_details_json(kind, package.main.bytes, package.main.len, details);
    *details = assay_json_object();
    return *details != NULL ? ASSAY_OK : ASSAY_E_MEMORY;
}

/* --- proofs */
#define BIT(proof) (UINT32_C(1) << (proof))
enum {
    OF_QUOTE = BIT(ASSAY_PROOF_QUOTE_SIGNATURE) | BIT(ASSAY_PROOF_QE_REPORT_SIGNATURE) |
               BIT(ASSAY_PROOF_AK_BINDING) | BIT(ASSAY_PROOF_CHAIN_TO_ROOT),
    OF_SNP = BIT(ASSAY_PROOF_REPORT_SIGNATURE) | BIT(ASSAY_PROOF_CHAIN) |
             BIT(ASSAY_PROOF_VEK_TCB) | BIT(ASSAY_PROOF_CHIP_ID),
    OF_NITRO = BIT(ASSAY_PROOF_COSE_SIGNATURE) | BIT(ASSAY_PROOF_CHAIN),
    OF_TPM_QUOTE = BIT(ASSAY_PROOF_TPM_SIGNATURE) | BIT(ASSAY_PROOF_PCR_DIGEST),
    OF_TPM = OF_TPM_QUOTE | BIT(ASSAY_PROOF_EK_CHAIN) | BIT(ASSAY_PROOF_AK_TRUSTED),
    OF_PARAVISOR = OF_TPM_QUOTE | BIT(ASSAY_PROOF_RUNTIME_DATA) | BIT(ASSAY_PROOF_RUNTIME_AK),
    OF_CCA = BIT(ASSAY_PROOF_PLATFORM_SIGNATURE) | BIT(ASSAY_PROOF_REALM_SIGNATURE) |
             BIT(ASSAY_PROOF_REALM_BINDING),
};

static uint32_t proofs_of(enum assay_evidence_kind kind)
{
    if (is_quote(kind)) return OF_QUOTE;
    if (kind == ASSAY_KIND_SNP) return OF_SNP;
    if (kind == ASSAY_KIND_NITRO) return OF_NITRO;
    if (kind == ASSAY_KIND_TPM) return OF_TPM;
    if (kind == ASSAY_KIND_VTPM_SNP) return OF_SNP | OF_PARAVISOR;
    if (kind == ASSAY_KIND_VTPM_TDX) return OF_QUOTE | OF_PARAVISOR;
    return kind == ASSAY_KIND_CCA ? OF_CCA : 0;
}

static void put(struct assay_json *object, const char *name, enum assay_proof_state state)
{
    if (state == ASSAY_PROOF_TRUE || state == ASSAY_PROOF_FALSE)
        assay_json_set_bool(object, name, state == ASSAY_PROOF_TRUE);
    else assay_json_set_null(object, name);
}

void assay_claims_add_proofs(struct assay_json *claims, const struct assay_verdict *verdict)
{
    if (claims == NULL) return;
    struct assay_json *const links = assay_json_object();
    const uint32_t used = proofs_of(verdict->kind);
    for (uint32_t i = 0; i < ASSAY_PROOF_COUNT; i++) {
        if ((used & BIT(i)) == 0) continue;
        const enum assay_proof_state state = (enum assay_proof_state)verdict->proofs[i];
        /* Where the key is certified itself, its certifier has looked at the TPM's certificate. */
        if (i == ASSAY_PROOF_EK_CHAIN && state == ASSAY_PROOF_NOT_USED) continue;
        put(links, assay_proof_name((enum assay_proof)i), state);
        put(claims, assay_proof_name((enum assay_proof)i), state);
    }
    assay_json_set(claims, "links", links);
}
