/*
 * apps/assay/evidence/claims_all.c - dispatch of JSON claims by kind of evidence, and the proofs of
 * a verdict.
 */
#include "apps/assay/evidence/claims_all.h"

#include "apps/assay/evidence/claims_kinds.h"
#include "quote/kinds.h"

/* --- kinds */

/* Of what shape is its own, printed where the kind is known; quotes share theirs. */
static const struct printer {
    enum assay_evidence_kind kind;
    enum assay_status (*fill)(const struct assay_package *package, struct assay_json *out);
} printers[] = {
    { ASSAY_KIND_SNP, cli_claims_snp },         { ASSAY_KIND_NITRO, cli_claims_nitro },
    { ASSAY_KIND_TPM, cli_claims_tpm },         { ASSAY_KIND_VTPM_SNP, cli_claims_vtpm },
    { ASSAY_KIND_VTPM_TDX, cli_claims_vtpm },   { ASSAY_KIND_CCA, cli_claims_cca },
    { ASSAY_KIND_NITRO_TPM, cli_claims_nitro }, { ASSAY_KIND_NVIDIA_GPU, cli_claims_nvidia },
    { ASSAY_KIND_NVIDIA_SWITCH, cli_claims_nvidia },
};

static bool is_quote(enum assay_evidence_kind kind)
{
    return (ASSAY_KINDS_QUOTE & ASSAY_KIND_BIT(kind)) != 0;
}

static enum assay_status add_claims(const struct assay_package *package, struct assay_json *out)
{
    for (size_t i = 0; i < sizeof printers / sizeof printers[0]; i++)
        if (printers[i].kind == package->kind) return printers[i].fill(package, out);
    return ASSAY_E_UNSUPPORTED;
}

enum assay_status cli_claims_of(enum assay_evidence_kind kind, const uint8_t *bytes, size_t len,
                                struct assay_json **claims)
{
    struct assay_package package;
    ASSAY_TRY(assay_package_read(kind, bytes, len, &package));
    if (is_quote(kind)) return cli_claims_json(kind, package.main.bytes, package.main.len, claims);
    struct assay_json *out = assay_json_object();
    if (out == NULL) return ASSAY_E_MEMORY;
    const enum assay_status status = add_claims(&package, out);
    if (status != ASSAY_OK) {
        assay_json_free(&out);
        return status;
    }
    *claims = out;
    return ASSAY_OK;
}

enum assay_status cli_details_of(enum assay_evidence_kind kind, const uint8_t *bytes, size_t len,
                                 struct assay_json **details)
{
    struct assay_package package;
    ASSAY_TRY(assay_package_read(kind, bytes, len, &package));
    if (is_quote(kind))
        return cli_details_json(kind, package.main.bytes, package.main.len, details);
    *details = assay_json_object();
    return *details != NULL ? ASSAY_OK : ASSAY_E_MEMORY;
}

/* --- proofs */
static void add_proof(struct assay_json *object, const char *name, enum assay_proof_state state)
{
    if (state == ASSAY_PROOF_TRUE || state == ASSAY_PROOF_FALSE)
        assay_json_set_bool(object, name, state == ASSAY_PROOF_TRUE);
    else assay_json_set_null(object, name);
}

void cli_claims_add_proofs(struct assay_json *claims, const struct assay_verdict *verdict)
{
    if (claims == NULL) return;
    struct assay_json *const links = assay_json_object();
    struct assay_kind row;
    const uint32_t used = assay_kind_find(verdict->kind, &row) == ASSAY_OK ? row.proofs : 0;
    for (uint32_t i = 0; i < ASSAY_PROOF_COUNT; i++) {
        if ((used >> i & 1u) == 0) continue;
        const enum assay_proof_state state = (enum assay_proof_state)verdict->proofs[i];
        /* Where the key is certified itself, its certifier has looked at the TPM's certificate. */
        if (i == ASSAY_PROOF_EK_CHAIN && state == ASSAY_PROOF_NOT_USED) continue;
        add_proof(links, assay_proof_name((enum assay_proof)i), state);
        add_proof(claims, assay_proof_name((enum assay_proof)i), state);
    }
    assay_json_set(claims, "links", links);
}
