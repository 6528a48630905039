/*
 * apps/assay/setup/genesis_others.c - collateral of all other vendors in the folders of a plan.
 *
 * AMD, AWS and the registrars of TPMs sign no documents: their collateral is certificates that lead
 * to a root and a revocation list, under any names, DER or PEM. What leads to a root of the policy
 * becomes one bundle for that root; one folder may serve several. Manifests of NVIDIA's, and OCSP
 * responses about what is in the folder, become a second one: renewals pass it by. Everything else
 * is ignored.
 * Platforms of CCA have only a key, named by the policy.
 */
#include "apps/assay/setup/genesis.h"
#include "apps/assay/core/input_files.h"

#include "quote/certificates/chain.h"
#include "quote/certificates/crl.h"
#include "quote/pieces/gather.h"

#include <stdio.h>
#include <stdlib.h>

/* Whose roots certify keys; CCA's are keys, Intel's documents have a folder of their own. */
static const uint32_t others = ASSAY_KINDS_KNOWN & ~ASSAY_KINDS_DCAP & ~ASSAY_KINDS_CCA;

/* One folder. On the heap. */
struct find {
    struct assay_input_files given;
    struct assay_gathered gathered;
    struct assay_crl crl, other; /* room for two */
};

/* A damaged list may be the one that revokes: a network must not be founded without it. */
static enum assay_status demand_lists(const struct find *f, const char *folder, char *message)
{
    for (size_t i = 0; i < f->given.found.count; i++) {
        const struct assay_recognised *const piece = &f->given.found.pieces[i];
        if (piece->shape == ASSAY_SHAPE_CRL && piece->status != ASSAY_OK)
            return cli_genesis_set_message(message, piece->status, "%s/%s: revocation list: %s",
                                           folder, f->given.names[piece->file],
                                           assay_status_text(piece->status));
    }
    return ASSAY_OK;
}

/* Authorities and the keys of chips: other evidence carries its own. */
static size_t choose_pieces(const struct find *f, size_t chosen[static ASSAY_CHAIN_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < f->gathered.count; i++) {
        const struct assay_certificate *const c = &f->gathered.certificates[i];
        if ((c->has_basic_constraints && c->is_ca) || c->has_vek) chosen[count++] = i;
    }
    return count;
}

/* By its name and its signature, as the bundle's own check demands
 * (quote/collateral/collateral_other.c). */
static bool is_list_of(const struct find *f, const struct assay_key *root, const size_t *chosen,
                       size_t count)
{
    bool named = false;
    for (size_t i = 0; i < count; i++) {
        const struct assay_certificate *const c = &f->gathered.certificates[chosen[i]];
        if (!assay_crl_issued_by(&f->crl, c)) continue;
        named = true;
        if (assay_chain_signed(&c->key, f->crl.tbs_digest, &f->crl.signature) == ASSAY_OK)
            return true;
    }
    return !named && assay_chain_signed(root, f->crl.tbs_digest, &f->crl.signature) == ASSAY_OK;
}

/* Valid at that time, then the newest. */
static bool is_better(const struct assay_crl *a, const struct assay_crl *b, int64_t at_unix_s)
{
    const bool a_is_current = at_unix_s >= a->this_update_s && at_unix_s <= a->next_update_s;
    const bool b_is_current = at_unix_s >= b->this_update_s && at_unix_s <= b->next_update_s;
    if (a_is_current != b_is_current) return a_is_current;
    return a->this_update_s > b->this_update_s;
}

/* One list for each authority that has one. Returns: how many, at most ASSAY_LISTS_MAX. */
static size_t choose_lists(struct find *f, const struct assay_key *root, const size_t *chosen,
                           size_t count, int64_t at_unix_s,
                           struct assay_slice out[static ASSAY_LISTS_MAX])
{
    size_t found = 0;
    for (size_t i = 0; i < f->given.found.count; i++) {
        const struct assay_slice der = f->given.found.pieces[i].bytes;
        if (f->given.found.pieces[i].shape != ASSAY_SHAPE_CRL) continue;
        if (assay_x509_crl(der.bytes, der.len, &f->crl) != ASSAY_OK) continue;
        if (!is_list_of(f, root, chosen, count)) continue;
        size_t k = 0;
        for (; k < found; k++)
            if (assay_x509_crl(out[k].bytes, out[k].len, &f->other) == ASSAY_OK &&
                assay_dn_equal(&f->other.issuer, &f->crl.issuer))
                break;
        if (k == found && found < ASSAY_LISTS_MAX) out[found++] = der;
        else if (k < found && is_better(&f->crl, &f->other, at_unix_s)) out[k] = der;
    }
    return found;
}

/* ------------------------------------------------------------ bundles */

/* The bytes become the bundle's own. */
static enum assay_status put_part(struct assay_genesis_bundles *bundles,
                                  enum assay_collateral_part part, const struct assay_slice *pieces,
                                  size_t count)
{
    size_t len = 0, used = 0;
    for (size_t i = 0; i < count; i++)
        len += pieces[i].len;
    if (len == 0) return ASSAY_OK;
    if (len > ASSAY_PART_LEN_MAX) return ASSAY_E_RANGE;
    uint8_t *const bytes = malloc(len);
    if (bytes == NULL) return ASSAY_E_MEMORY;
    for (size_t i = 0; i < count; i++) {
        assay_bytes_copy(bytes + used, len - used, pieces[i].bytes, pieces[i].len);
        used += pieces[i].len;
    }
    bundles->own[bundles->count][part] = bytes;
    bundles->entries[bundles->count].files.part[part] = assay_slice_over(bytes, len);
    return ASSAY_OK;
}

static enum assay_status check_room(const struct assay_genesis_bundles *bundles, const char *folder,
                                    char *message)
{
    if (bundles->count < ASSAY_ENDORSEMENTS_MAX) return ASSAY_OK;
    return cli_genesis_set_message(message, ASSAY_E_RANGE, "%s: more than %d platform families",
                                   folder, ASSAY_ENDORSEMENTS_MAX);
}

/* Manifests whose signers lead to the root, and every response: about whatever it is, it counts
 * under any root, so the first of these bundles has them all. */
static enum assay_status add_devices(struct assay_genesis_bundles *bundles, const char *folder,
                                     struct find *f, const struct assay_policy_root *root,
                                     uint32_t kinds, bool is_first, char *message)
{
    const struct assay_slice *const parts = f->gathered.files.part;
    if ((kinds & ASSAY_KINDS_NVIDIA) == 0) return ASSAY_OK;
    ASSAY_TRY(assay_collateral_gather(&f->given.found, &root->key, true, &f->gathered));
    if (f->gathered.files.is_cut[ASSAY_PART_OCSP] || f->gathered.files.is_cut[ASSAY_PART_RIM])
        return ASSAY_E_RANGE;
    cli_input_files_set_used(&f->given, f->gathered.leads, f->gathered.is_taken);
    const bool has_responses = is_first && parts[ASSAY_PART_OCSP].len > 0;
    if (!has_responses && parts[ASSAY_PART_RIM].len == 0) return ASSAY_OK;
    ASSAY_TRY(check_room(bundles, folder, message));
    bundles->entries[bundles->count] =
        (struct assay_endorsement_files){ .root = root->key, .kinds = kinds };
    ASSAY_TRY(put_part(bundles, ASSAY_PART_RIM, &parts[ASSAY_PART_RIM], 1));
    if (has_responses) ASSAY_TRY(put_part(bundles, ASSAY_PART_OCSP, &parts[ASSAY_PART_OCSP], 1));
    bundles->count += 1;
    return ASSAY_OK;
}

static enum assay_status add_root(struct assay_genesis_bundles *bundles, const char *folder,
                                  struct find *f, const struct assay_policy_root *root,
                                  uint32_t kinds, char *message)
{
    size_t chosen[ASSAY_CHAIN_MAX];
    struct assay_slice pieces[ASSAY_CHAIN_MAX], lists[ASSAY_LISTS_MAX];
    ASSAY_TRY(assay_collateral_gather(&f->given.found, &root->key, false, &f->gathered));
    cli_input_files_set_used(&f->given, f->gathered.leads, f->gathered.is_taken);
    const size_t count = choose_pieces(f, chosen);
    const size_t list_count =
        choose_lists(f, &root->key, chosen, count, bundles->at_unix_s, lists);
    if (count == 0 && list_count == 0) return ASSAY_OK;
    ASSAY_TRY(check_room(bundles, folder, message));
    for (size_t i = 0; i < count; i++)
        pieces[i] = f->given.found.pieces[f->gathered.index[chosen[i]]].bytes;
    bundles->entries[bundles->count] =
        (struct assay_endorsement_files){ .root = root->key, .kinds = kinds };
    ASSAY_TRY(put_part(bundles, ASSAY_PART_CERTIFICATES, pieces, count));
    ASSAY_TRY(put_part(bundles, ASSAY_PART_CRL, lists, list_count));
    bundles->count += 1;
    if (f->gathered.left_out > 0)
        (void)fprintf(stderr,
                      "assay genesis create: warning: %s: %zu certificates are left out: evidence "
                      "of these chips must carry its own\n",
                      folder, f->gathered.left_out);
    return ASSAY_OK;
}

/* What all roots of the policy with this key may vouch for, of some kinds; 0 for all but the first.
 */
static uint32_t kinds_of(const struct assay_policy *policy, uint32_t index, uint32_t of)
{
    uint32_t kinds = 0;
    for (uint32_t i = 0; i < policy->root_count; i++) {
        if (!assay_key_equal(&policy->roots[i].key, &policy->roots[index].key)) continue;
        if (i < index) return 0;
        kinds |= policy->roots[i].kinds & of;
    }
    return kinds;
}

enum assay_status cli_genesis_others_read(struct assay_genesis_bundles *bundles, const char *folder,
                                          const struct assay_policy *policy,
                                          char message[static ASSAY_CONFIG_MESSAGE_MAX])
{
    struct find *const f = calloc(1, sizeof *f);
    const char *where = NULL;
    if (f == NULL) return ASSAY_E_MEMORY;
    enum assay_status status = cli_input_files_read(folder, &f->given, &where);
    if (status != ASSAY_OK)
        status = cli_genesis_set_message(message, status, "%s: %s", folder,
                                         status == ASSAY_E_FULL ? "too many certificates"
                                                                : assay_status_text(status));
    else status = demand_lists(f, folder, message);
    bool is_first = true;
    for (uint32_t i = 0; status == ASSAY_OK && i < policy->root_count; i++) {
        const uint32_t kinds = kinds_of(policy, i, others);
        const struct assay_policy_root *const root = &policy->roots[i];
        if (kinds == 0) continue;
        status = add_root(bundles, folder, f, root, kinds, message);
        if (status == ASSAY_OK)
            status = add_devices(bundles, folder, f, root, kinds, is_first, message);
        is_first = is_first && (kinds & ASSAY_KINDS_NVIDIA) == 0;
    }
    cli_input_files_close(&f->given);
    free(f);
    return status;
}

enum assay_status cli_genesis_keys_read(struct assay_genesis_bundles *bundles,
                                        const struct assay_policy *policy,
                                        char message[static ASSAY_CONFIG_MESSAGE_MAX])
{
    const uint32_t cca = ASSAY_KINDS_CCA;
    for (uint32_t i = 0; i < policy->root_count; i++) {
        if (kinds_of(policy, i, cca) == 0) continue;
        if (bundles->count == ASSAY_ENDORSEMENTS_MAX)
            return cli_genesis_set_message(message, ASSAY_E_RANGE,
                                           "policy: more than %d roots and platform families",
                                           ASSAY_ENDORSEMENTS_MAX);
        bundles->entries[bundles->count++] =
            (struct assay_endorsement_files){ .root = policy->roots[i].key, .kinds = cca };
    }
    return ASSAY_OK;
}
