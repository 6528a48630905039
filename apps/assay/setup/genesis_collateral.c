/*
 * apps/assay/setup/genesis_collateral.c - bundles of Intel's collateral in the folders of a plan;
 * genesis_others.c has those of other vendors.
 *
 * A folder is searched for the needs of each member's sample, so that one with any file names and
 * the collateral of several platform families gives a bundle for each. One that is for no sample
 * (its
 * platforms join later) gives the bundle that stands in it. collateral_dir.h assigns files to
 * parts; assay_endorsements_decode verifies the bundle.
 */
#include "apps/assay/setup/genesis.h"

#include "quote/certificates/crl.h"
#include "quote/json.h"
#include "quote/verify.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

/* What is read to see whether a bundle is for a sample. On the heap. */
struct scratch {
    struct assay_tcb_info tcb_info;
    struct assay_crl crl;
};

/* ------------------------------------------------------------ what the samples ask for */

static bool is_same_wanted(const struct assay_collateral_wanted *a,
                           const struct assay_collateral_wanted *b)
{
    return a->tee == b->tee && assay_bytes_equal(a->fmspc, b->fmspc, sizeof a->fmspc) &&
           assay_key_equal(&a->ca.key, &b->ca.key) && assay_key_equal(&a->root.key, &b->root.key);
}

enum assay_status cli_genesis_add_wanted(struct assay_genesis_bundles *bundles,
                                         const uint8_t *quote, size_t len)
{
    enum assay_evidence_kind kind;
    struct assay_collateral_wanted *const next = &bundles->wanted[bundles->wanted_count];
    if (assay_evidence_detect(quote, len, &kind) != ASSAY_OK) return ASSAY_OK;
    if (assay_evidence_length(kind, quote, len, &len) != ASSAY_OK) return ASSAY_OK;
    ASSAY_TRY(assay_collateral_wanted(kind, quote, len, bundles->at_unix_s, next));
    if (!next->has_chain) return ASSAY_OK;
    for (size_t i = 0; i < bundles->wanted_count; i++)
        if (is_same_wanted(&bundles->wanted[i], next)) return ASSAY_OK;
    if (bundles->wanted_count == ASSAY_ENDORSEMENTS_MAX) return ASSAY_E_FULL;
    bundles->wanted_count += 1;
    return ASSAY_OK;
}

/* ------------------------------------------------------------ what a folder has */

static bool is_crl_of(const struct assay_slice *text, const struct assay_certificate *issuer,
                      struct assay_crl *crl)
{
    return text->len > 0 && assay_x509_crl(text->bytes, text->len, crl) == ASSAY_OK &&
           assay_crl_issued_by(crl, issuer);
}

/* Of the sample's platform family and vendor, by the fields of the parts. */
static bool is_for(const struct assay_collateral_files *files,
                   const struct assay_collateral_wanted *wanted, struct scratch *s)
{
    struct assay_signed_json document;
    const struct assay_slice *const info = &files->part[ASSAY_PART_TCB_INFO];
    if (info->len == 0) return false;
    if (assay_doc_tcb_info(info->bytes, info->len, &s->tcb_info, &document, NULL) != ASSAY_OK)
        return false;
    return s->tcb_info.tee == wanted->tee &&
           assay_bytes_equal(s->tcb_info.fmspc, wanted->fmspc, sizeof wanted->fmspc) &&
           is_crl_of(&files->part[ASSAY_PART_ROOT_CRL], &wanted->root, &s->crl) &&
           is_crl_of(&files->part[ASSAY_PART_PCK_CRL], &wanted->ca, &s->crl);
}

/* root_ca.pem where there is one, else the root that the collateral signer's chain ends in. */
static enum assay_status find_root(const char *folder, struct assay_endorsement_files *entry,
                                   char *message)
{
    char path[PATH_MAX + 32];
    uint8_t *pem = NULL;
    size_t len = 0;
    const struct assay_slice *const chain = &entry->files.part[ASSAY_PART_TCB_CHAIN];
    (void)snprintf(path, sizeof path, "%s/root_ca.pem", folder);
    enum assay_status status = assay_file_read(path, ASSAY_PART_LEN_MAX, &pem, &len);
    if (status == ASSAY_OK) status = assay_x509_root(pem, len, &entry->root);
    else if (status == ASSAY_E_NOT_FOUND && chain->len > 0)
        status = assay_x509_root(chain->bytes, chain->len, &entry->root);
    free(pem);
    if (status == ASSAY_OK) return ASSAY_OK;
    const char *const more =
        status == ASSAY_E_NOT_FOUND ? "; nor does anything there lead to a root of the policy" : "";
    return cli_genesis_set_message(message, status, "%s: no root certificate: %s%s", path,
                                   assay_status_text(status), more);
}

static enum assay_status add_bundle(struct assay_genesis_bundles *bundles, const char *folder,
                                    const struct assay_collateral_dir *dir,
                                    const struct assay_policy *policy, char *message)
{
    struct assay_endorsement_files *const entry = &bundles->entries[bundles->count];
    entry->files = dir->files;
    /* Files of another vendor in the same folder make a bundle of their own. */
    entry->files.part[ASSAY_PART_CERTIFICATES] = entry->files.part[ASSAY_PART_CRL] =
        assay_slice_over(NULL, 0);
    ASSAY_TRY(find_root(folder, entry, message));
    for (uint32_t i = 0; i < policy->root_count; i++)
        if (assay_key_equal(&policy->roots[i].key, &entry->root))
            entry->kinds |= policy->roots[i].kinds;
    if (entry->kinds == 0)
        return cli_genesis_set_message(message, ASSAY_E_INVALID,
                                       "%s: the policy does not pin this root key", folder);
    bundles->count += 1;
    return ASSAY_OK;
}

/* The bundle for that sample, if there is one; wish NULL: any bundle in the folder. */
static enum assay_status try_folder(struct assay_genesis_bundles *bundles, const char *folder,
                                    const struct assay_collateral_wanted *wanted,
                                    const struct assay_policy *policy, struct scratch *s,
                                    char *message)
{
    const struct assay_collateral_wanted anything = { .at_unix_s = bundles->at_unix_s };
    const char *where = NULL;
    if (bundles->count == ASSAY_ENDORSEMENTS_MAX)
        return cli_genesis_set_message(message, ASSAY_E_RANGE, "%s: more than %d platform families",
                                       folder, ASSAY_ENDORSEMENTS_MAX);
    struct assay_collateral_dir *const dir = &bundles->dirs[bundles->count];
    enum assay_status status =
        cli_collateral_dir_read(folder, wanted != NULL ? wanted : &anything, dir, &where);
    if (status != ASSAY_OK)
        status =
            cli_genesis_set_message(message, status, "%s%s%s: %s", folder, where != NULL ? "/" : "",
                                    where != NULL ? where : "", assay_status_text(status));
    else if (wanted == NULL || is_for(&dir->files, wanted, s))
        return add_bundle(bundles, folder, dir, policy, message);
    cli_collateral_dir_close(dir);
    return status;
}

enum assay_status cli_genesis_bundles_read(struct assay_genesis_bundles *bundles,
                                           const char *folder, const struct assay_policy *policy,
                                           char message[static ASSAY_CONFIG_MESSAGE_MAX])
{
    const size_t before = bundles->count;
    struct scratch *const s = calloc(1, sizeof *s);
    if (s == NULL) return ASSAY_E_MEMORY;
    enum assay_status status = ASSAY_OK;
    for (size_t i = 0; status == ASSAY_OK && i < bundles->wanted_count; i++)
        status = try_folder(bundles, folder, &bundles->wanted[i], policy, s, message);
    if (status == ASSAY_OK) status = cli_genesis_others_read(bundles, folder, policy, message);
    if (status == ASSAY_OK && bundles->count == before)
        status = try_folder(bundles, folder, NULL, policy, s, message);
    free(s);
    return status;
}

void cli_genesis_bundles_close(struct assay_genesis_bundles *bundles)
{
    if (bundles == NULL) return;
    /* All of them, used or not: opening the one behind the last may have failed half-way. */
    for (size_t i = 0; i < ASSAY_ENDORSEMENTS_MAX; i++) {
        cli_collateral_dir_close(&bundles->dirs[i]);
        for (size_t k = 0; k < ASSAY_PARTS; k++) {
            free(bundles->own[i][k]);
            bundles->own[i][k] = NULL;
        }
    }
}
