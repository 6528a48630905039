/*
 * apps/assay/genesis_others.c - collateral of every vendor but Intel in the folders of a plan.
 *
 * AMD, AWS and the registrars of TPMs sign no documents: their collateral is certificates that lead
 * to a root and a revocation list, under any names, DER or PEM. What leads to a root of the policy
 * becomes one bundle for that root; one folder may serve several. Everything else is left alone.
 * Platforms of CCA have a key and nothing else: the policy says which.
 */
#include "apps/assay/folder.h"
#include "apps/assay/genesis.h"

#include "base/base64.h"
#include "quote/chain.h"
#include "quote/crl.h"
#include "quote/path.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    FOUND_MAX = ASSAY_PATH_CANDIDATES_MAX,
    LISTS_MAX = 8,
    DER_MAX = 16384, /* a certificate; lists have bounds of their own */
};

/* Whose roots certify keys; CCA's are keys, Intel's documents have a folder of their own. */
static const uint32_t others = ASSAY_KINDS_KNOWN & ~ASSAY_KINDS_DCAP & ~ASSAY_KINDS_CCA;

struct list {
    uint8_t *der;
    size_t len;
};

/* One folder. On the heap. */
struct find {
    struct assay_folder folder;
    size_t count;
    struct assay_certificate certificates[FOUND_MAX];
    struct list ders[FOUND_MAX];
    size_t list_count;
    struct list lists[LISTS_MAX];
    struct assay_crl crl, other; /* room for two */
};

/* ------------------------------------------------------------ what a folder has */

static enum assay_status keep(struct assay_slice bytes, struct list *lists, size_t room,
                              size_t *count)
{
    for (size_t i = 0; i < *count; i++) /* the same thing under two names */
        if (assay_slice_equal(assay_slice_over(lists[i].der, lists[i].len), bytes)) return ASSAY_OK;
    if (*count == room) return ASSAY_E_FULL;
    uint8_t *const copy = malloc(bytes.len);
    if (copy == NULL) return ASSAY_E_MEMORY;
    assay_bytes_copy(copy, bytes.len, bytes.bytes, bytes.len);
    lists[(*count)++] = (struct list){ copy, bytes.len };
    return ASSAY_OK;
}

static enum assay_status add_der(struct find *f, struct assay_slice der)
{
    struct assay_certificate c;
    const size_t before = f->count;
    if (der.len <= DER_MAX && assay_x509_certificate(der.bytes, der.len, &c) == ASSAY_OK) {
        ASSAY_TRY(keep(der, f->ders, FOUND_MAX, &f->count));
        if (f->count > before) f->certificates[before] = c;
        return ASSAY_OK;
    }
    if (assay_x509_crl(der.bytes, der.len, &f->crl) == ASSAY_OK)
        return keep(der, f->lists, LISTS_MAX, &f->list_count);
    return ASSAY_OK;
}

static enum assay_status add_pem(struct find *f, struct assay_slice text)
{
    uint8_t *const der = malloc(text.len);
    if (der == NULL) return ASSAY_E_MEMORY;
    struct assay_slice label;
    size_t len = 0;
    enum assay_status status = ASSAY_OK;
    while (status == ASSAY_OK && assay_pem_next(&text, &label, der, text.len, &len) == ASSAY_OK)
        if (len > 0) status = add_der(f, assay_slice_over(der, len));
    free(der);
    return status;
}

/* What cannot be read is not there. */
static enum assay_status read_folder(struct find *f, const char *dir)
{
    ASSAY_TRY(assay_folder_open(dir, &f->folder));
    for (size_t i = 0; i < f->folder.count; i++) {
        uint8_t *bytes = NULL;
        size_t len = 0;
        if (assay_folder_read(dir, f->folder.names[i], ASSAY_PART_LEN_MAX, &bytes, &len) !=
            ASSAY_OK)
            continue;
        enum assay_status status = ASSAY_OK;
        if (len > 0 && bytes[0] == 0x30) status = add_der(f, assay_slice_over(bytes, len));
        else if (len > 0) status = add_pem(f, assay_slice_over(bytes, len));
        free(bytes);
        ASSAY_TRY(status);
    }
    return ASSAY_OK;
}

static void close_find(struct find *f)
{
    for (size_t i = 0; i < f->count; i++)
        free(f->ders[i].der);
    for (size_t i = 0; i < f->list_count; i++)
        free(f->lists[i].der);
    assay_folder_close(&f->folder);
    free(f);
}

/* ------------------------------------------------------------ what leads to a root */

static bool leads_to(const struct find *f, const struct assay_certificate *leaf,
                     const struct assay_key *root)
{
    struct assay_path path;
    struct assay_fault fault;
    size_t at = 0;
    return assay_path_build(leaf, f->certificates, f->count, root, &path) == ASSAY_OK &&
           assay_path_verify(&path, root, &fault, &at) == ASSAY_OK;
}

/* Authorities first, then the keys of chips: evidence mostly carries its own. */
static size_t choose(const struct find *f, const struct assay_key *root,
                     size_t chosen[static ASSAY_CHAIN_MAX], size_t *left_out)
{
    size_t count = 0;
    *left_out = 0;
    for (int authorities = 1; authorities >= 0; authorities--)
        for (size_t i = 0; i < f->count; i++) {
            const struct assay_certificate *const c = &f->certificates[i];
            const bool is_authority = c->has_basic_constraints && c->is_ca;
            if (is_authority != (authorities == 1) || (!is_authority && !c->has_vek)) continue;
            if (!leads_to(f, c, root)) continue;
            if (count < ASSAY_CHAIN_MAX) chosen[count++] = i;
            else *left_out += 1;
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
        const struct assay_certificate *const c = &f->certificates[chosen[i]];
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
    for (size_t i = 0; i < f->list_count; i++) {
        const struct assay_slice der = assay_slice_over(f->lists[i].der, f->lists[i].len);
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
static enum assay_status put_part(struct assay_collateral_dir *dir, enum assay_collateral_part part,
                                  const struct assay_slice *pieces, size_t count)
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
    dir->bytes[dir->count++] = bytes;
    dir->files.part[part] = assay_slice_over(bytes, len);
    return ASSAY_OK;
}

static enum assay_status add_root(struct assay_genesis_bundles *bundles, const char *folder,
                                  struct find *f, const struct assay_policy_root *root,
                                  uint32_t kinds, char *message)
{
    size_t chosen[ASSAY_CHAIN_MAX], left_out = 0;
    struct assay_slice pieces[ASSAY_CHAIN_MAX];
    const size_t count = choose(f, &root->key, chosen, &left_out);
    struct assay_slice lists[ASSAY_LISTS_MAX];
    const size_t list_count =
        choose_lists(f, &root->key, chosen, count, bundles->at_unix_s, lists);
    if (count == 0 && list_count == 0) return ASSAY_OK;
    if (bundles->count == ASSAY_ENDORSEMENTS_MAX)
        return assay_genesis_explain(message, ASSAY_E_RANGE, "%s: more than %d platform families",
                                     folder, ASSAY_ENDORSEMENTS_MAX);
    for (size_t i = 0; i < count; i++)
        pieces[i] = assay_slice_over(f->ders[chosen[i]].der, f->ders[chosen[i]].len);
    struct assay_collateral_dir *const dir = &bundles->dirs[bundles->count];
    ASSAY_TRY(put_part(dir, ASSAY_PART_CERTIFICATES, pieces, count));
    ASSAY_TRY(put_part(dir, ASSAY_PART_CRL, lists, list_count));
    struct assay_endorsement_files *const entry = &bundles->entries[bundles->count];
    *entry = (struct assay_endorsement_files){ root->key, kinds, dir->files };
    bundles->count += 1;
    if (left_out > 0)
        (void)fprintf(stderr,
                      "assay genesis create: warning: %s: %zu certificates are left out: evidence "
                      "of these chips must carry its own\n",
                      folder, left_out);
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

enum assay_status assay_genesis_others_read(struct assay_genesis_bundles *bundles,
                                            const char *folder, const struct assay_policy *policy,
                                            char message[static ASSAY_CONFIG_MESSAGE_MAX])
{
    struct find *const f = calloc(1, sizeof *f);
    if (f == NULL) return ASSAY_E_MEMORY;
    enum assay_status status = read_folder(f, folder);
    if (status != ASSAY_OK)
        status = assay_genesis_explain(message, status, "%s: %s", folder,
                                       status == ASSAY_E_FULL ? "too many certificates"
                                                              : assay_status_text(status));
    for (uint32_t i = 0; status == ASSAY_OK && i < policy->root_count; i++) {
        const uint32_t kinds = kinds_of(policy, i, others);
        if (kinds != 0) status = add_root(bundles, folder, f, &policy->roots[i], kinds, message);
    }
    close_find(f);
    return status;
}

enum assay_status assay_genesis_keys_read(struct assay_genesis_bundles *bundles,
                                          const struct assay_policy *policy,
                                          char message[static ASSAY_CONFIG_MESSAGE_MAX])
{
    const uint32_t cca = ASSAY_KINDS_CCA;
    for (uint32_t i = 0; i < policy->root_count; i++) {
        if (kinds_of(policy, i, cca) == 0) continue;
        if (bundles->count == ASSAY_ENDORSEMENTS_MAX)
            return assay_genesis_explain(message, ASSAY_E_RANGE,
                                         "policy: more than %d roots and platform families",
                                         ASSAY_ENDORSEMENTS_MAX);
        bundles->entries[bundles->count++] =
            (struct assay_endorsement_files){ .root = policy->roots[i].key, .kinds = cca };
    }
    return ASSAY_OK;
}
