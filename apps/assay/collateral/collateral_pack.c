/*
 * apps/assay/collateral/collateral_pack.c - `assay collateral pack DIR`: an offer packed from a
 * folder of documents and CRLs, for a network whose set in force is given.
 *
 * Contents decide (quote/pieces/recognise.h). Selected are: for each platform
 * family in force the documents that are for it; for other roots the lists of authorities in force.
 */
#include "apps/assay/collateral/collateral.h"

#include "apps/assay/collateral/collateral_set.h"
#include "apps/assay/core/command.h"
#include "apps/assay/core/file_fault.h"
#include "apps/assay/core/output.h"
#include "apps/assay/evidence/collateral_dir.h"
#include "apps/assay/evidence/evidence_print.h"
#include "base/assert.h"
#include "quote/collateral/newer.h"
#include "quote/collateral/offer.h"
#include "quote/collateral/revocation.h"

#include <stdio.h>
#include <stdlib.h>

enum { OFFER_ROOM = 20 << 20 };

/* One list of each authority. */
struct packed_lists {
    size_t count;
    struct assay_slice bytes[ASSAY_LISTS_MAX];
    struct assay_list list[ASSAY_LISTS_MAX];
};

/* On the heap. */
struct packing {
    const struct assay_collateral_options *options;
    struct assay_collateral_file in_force;
    struct assay_input_files given;
    struct assay_collateral_wanted wanted;
    struct assay_collateral_dir dirs[ASSAY_ENDORSEMENTS_MAX]; /* what entries borrow from */
    struct assay_endorsement_files entries[ASSAY_ENDORSEMENTS_MAX];
    struct assay_endorsement_files own[ASSAY_ENDORSEMENTS_MAX]; /* of the set in force */
    struct assay_certificate chain[ASSAY_CHAIN_MAX];
    struct assay_collateral built;
    struct packed_lists lists;
    struct assay_offer_scratch scratch;
    size_t found; /* offers that may follow */
    uint8_t bytes[OFFER_ROOM];
};

/* ------------------------------------------------------------ documents of one family */

/* The certificate of the root, where a chain in force has it. */
static bool find_root(struct packing *p, size_t index, struct assay_certificate *root)
{
    const enum assay_collateral_part parts[2] = { ASSAY_PART_TCB_CHAIN, ASSAY_PART_PCK_CHAIN };
    for (int i = 0; i < 2; i++) {
        const struct assay_slice pem = p->own[index].files.part[parts[i]];
        size_t count = 0;
        if (assay_x509_pem_chain(pem.bytes, pem.len, p->chain, ASSAY_CHAIN_MAX, &count) != ASSAY_OK)
            continue;
        for (size_t k = 0; k < count; k++)
            if (assay_key_equal(&p->chain[k].key, &p->own[index].root)) {
                *root = p->chain[k];
                return true;
            }
    }
    return false;
}

/* What a quote of that family would ask for. */
static bool set_wanted(struct packing *p, size_t index)
{
    const struct assay_collateral *const c = p->in_force.built.entries[index].collateral;
    p->wanted = (struct assay_collateral_wanted){ .at_unix_s = p->options->at_unix_s,
                                                  .tee = c->tcb_info.tee,
                                                  .has_chain = true };
    assay_bytes_copy(p->wanted.fmspc, 6, c->tcb_info.fmspc, 6);
    bool has_ca = false;
    for (size_t i = 0; i < c->certificate_count && !has_ca; i++) {
        has_ca = assay_bytes_equal(c->certificates[i].key_name, c->pck_issuer_name, 32);
        if (has_ca) p->wanted.ca = c->certificates[i];
    }
    return has_ca && find_root(p, index, &p->wanted.root);
}

static enum assay_status add_family(struct packing *p, size_t index, size_t *count)
{
    const struct assay_endorsement *const entry = &p->in_force.built.entries[index];
    struct assay_collateral_dir *const dir = &p->dirs[index];
    if (!set_wanted(p, index)) return ASSAY_OK;
    ASSAY_TRY(cli_collateral_dir_choose(&p->given, &p->wanted, dir));
    dir->files.part[ASSAY_PART_CERTIFICATES] = assay_slice_over(NULL, 0);
    if (entry->collateral->list_count == 0)
        dir->files.part[ASSAY_PART_CRL] = assay_slice_over(NULL, 0);
    ASSAY_TRY(assay_collateral_build(&dir->files, &entry->root, &p->built));
    struct assay_endorsement offered = { .root = entry->root,
                                         .kinds = entry->kinds,
                                         .collateral = &p->built };
    /* Documents of another family, or none: the folder has nothing for this one. */
    if (!p->built.has[ASSAY_PART_TCB_INFO] ||
        assay_collateral_followed(&p->in_force.built, &offered) != index)
        return ASSAY_OK;
    p->entries[(*count)++] = (struct assay_endorsement_files){ .root = entry->root,
                                                               .kinds = entry->kinds,
                                                               .files = dir->files };
    return ASSAY_OK;
}

static enum assay_status pack_documents(struct packing *p, const struct assay_key *root,
                                        struct assay_writer *w)
{
    size_t count = 0;
    for (size_t i = 0; i < p->in_force.built.count; i++) {
        const struct assay_endorsement *const entry = &p->in_force.built.entries[i];
        if (assay_key_equal(&entry->root, root) && assay_endorsement_has_documents(entry))
            ASSAY_TRY(add_family(p, i, &count));
    }
    return count == 0 ? ASSAY_E_NOT_FOUND : assay_offer_encode(p->entries, count, w);
}

/* ------------------------------------------------------------ lists of the others */

/* Signed by the root or an authority that is in force? */
static bool is_of_authority(struct packing *p, const struct assay_key *root,
                            struct assay_slice list)
{
    for (size_t i = 0; i < p->in_force.built.count; i++) {
        struct assay_collateral_files files = p->own[i].files;
        if (!assay_key_equal(&p->own[i].root, root)) continue;
        files.part[ASSAY_PART_CRL] = list;
        if (assay_collateral_build(&files, root, &p->built) == ASSAY_OK &&
            p->built.list_count == 1 && p->built.lists[0].has_issuer)
            return true;
    }
    return false;
}

/* Of several editions the newest, however many are in the folder. p->built has the list. */
static enum assay_status keep_newest(struct packing *p, struct assay_slice bytes)
{
    struct packed_lists *const all = &p->lists;
    const struct assay_list *const it = &p->built.lists[0];
    size_t at = 0;
    ASSAY_ASSERT(it->has_issuer && all->count <= ASSAY_LISTS_MAX);
    while (at < all->count &&
           !assay_bytes_equal(all->list[at].issuer_name, it->issuer_name, sizeof it->issuer_name))
        at += 1;
    if (at == ASSAY_LISTS_MAX) return ASSAY_E_FULL;
    if (at < all->count &&
        assay_revocation_compare(&it->crl, &all->list[at].crl, p->options->at_unix_s) <= 0)
        return ASSAY_OK;
    if (at == all->count) all->count += 1;
    all->list[at] = *it;
    all->bytes[at] = bytes;
    return ASSAY_OK;
}

static enum assay_status pack_lists(struct packing *p, const struct assay_key *root,
                                    struct assay_writer *w)
{
    bool is_taken[ASSAY_RECOGNISED_MAX] = { false };
    static const bool none[ASSAY_RECOGNISED_MAX];
    p->lists.count = 0;
    for (size_t i = 0; i < p->given.found.count; i++) {
        const struct assay_recognised *const piece = &p->given.found.pieces[i];
        if (piece->shape != ASSAY_SHAPE_CRL || piece->status != ASSAY_OK ||
            !is_of_authority(p, root, piece->bytes))
            continue;
        is_taken[i] = true;
        ASSAY_TRY(keep_newest(p, piece->bytes));
    }
    if (p->lists.count == 0) return ASSAY_E_NOT_FOUND;
    cli_input_files_set_used(&p->given, none, is_taken);
    return assay_offer_lists(&p->in_force.set, root, p->lists.bytes, p->lists.count, &p->scratch,
                             w);
}

/* ------------------------------------------------------------ one root */

static int write_offer(struct packing *p, struct assay_slice offer)
{
    const char *const path = p->options->out;
    return cli_output_write("assay collateral pack", path, ASSAY_FILE_PUBLIC, offer);
}

static int verify_offer(struct packing *p, const struct assay_key *root, size_t len)
{
    struct assay_collateral_file offer = { 0 };
    struct assay_renewal renewal;
    int result = cli_collateral_file_take("the offer", p->bytes, len, p->options->json, &offer);
    if (result != ASSAY_EXIT_OK) return result;
    assay_collateral_newer(&p->in_force.built, &offer.built, p->options->at_unix_s, &renewal);
    if (!p->options->json) cli_renewal_print(stdout, root, &renewal);
    if (renewal.kind != ASSAY_RENEWAL_REFUSED) {
        p->found += 1;
        if (p->found > 1)
            result = cli_print_error(
                p->options->json, ASSAY_EXIT_USAGE, "usage",
                "the folder has newer collateral of two roots, and an offer is of one: %s has "
                "the first; put them into folders of their own",
                p->options->out);
        else result = write_offer(p, offer.set.bytes);
    }
    cli_collateral_file_close(&offer);
    return result;
}

static int pack_root(struct packing *p, const struct assay_key *root, bool documents)
{
    struct assay_writer w = assay_writer_over(p->bytes, sizeof p->bytes);
    const enum assay_status status =
        documents ? pack_documents(p, root, &w) : pack_lists(p, root, &w);
    if (status == ASSAY_OK) return verify_offer(p, root, w.len);
    if (status == ASSAY_E_NOT_FOUND) return ASSAY_EXIT_OK; /* nothing there for this root */
    return cli_print_error(p->options->json,
                           assay_status_class(status) == ASSAY_CLASS_HOST ? ASSAY_EXIT_INTERNAL
                                                                          : ASSAY_EXIT_MALFORMED,
                           "malformed", "%s: %s", p->options->directory, assay_status_text(status));
}

/* ------------------------------------------------------------ all of it */

static int finish_pack(const struct packing *p)
{
    if (p->found == 0)
        return cli_print_error(p->options->json, ASSAY_EXIT_NONE, "not_found",
                               "%s: nothing in it may follow what is in force",
                               p->options->directory);
    if (!p->options->json) {
        (void)printf("%s: written\n", p->options->out);
        return fflush(stdout) == 0 ? ASSAY_EXIT_OK : ASSAY_EXIT_INTERNAL;
    }
    struct assay_json *const data = assay_json_object();
    assay_json_set_text(data, "file", p->options->out);
    return cli_print_envelope("assay.collateral.pack", data);
}

static int run_pack(struct packing *p)
{
    const struct assay_collateral_options *const o = p->options;
    const char *where = NULL;
    size_t count = 0;
    int result = cli_collateral_file_read(o->in_force, o->json, &p->in_force);
    if (result == ASSAY_EXIT_OK)
        result = cli_collateral_file_sound(o->in_force, o->json, &p->in_force);
    if (result != ASSAY_EXIT_OK) return result;
    enum assay_status status =
        assay_endorsements_files(p->in_force.set.bytes.bytes, p->in_force.set.bytes.len, p->own,
                                 ASSAY_ENDORSEMENTS_MAX, &count);
    if (status == ASSAY_OK) status = cli_input_files_read(o->directory, &p->given, &where);
    if (status != ASSAY_OK) return cli_print_folder_fault(o->json, "", o->directory, where, status);
    const struct assay_endorsements *const set = &p->in_force.built;
    for (size_t i = 0; (i = cli_root_next(set, i)) < set->count && result == ASSAY_EXIT_OK; i++) {
        bool has[2] = { false, false };
        for (size_t k = 0; k < set->count; k++)
            if (assay_key_equal(&set->entries[k].root, &set->entries[i].root))
                has[assay_endorsement_has_documents(&set->entries[k])] = true;
        if (has[1]) result = pack_root(p, &set->entries[i].root, true);
        if (has[0] && result == ASSAY_EXIT_OK) result = pack_root(p, &set->entries[i].root, false);
    }
    return result == ASSAY_EXIT_OK ? finish_pack(p) : result;
}

int cli_collateral_pack(const struct assay_collateral_options *options)
{
    struct packing *const p = calloc(1, sizeof *p);
    if (p == NULL)
        return cli_print_error(options->json, ASSAY_EXIT_INTERNAL, "internal", "out of memory");
    p->options = options;
    const int result = run_pack(p);
    for (size_t i = 0; i < ASSAY_ENDORSEMENTS_MAX; i++)
        cli_collateral_dir_close(&p->dirs[i]);
    cli_input_files_close(&p->given);
    cli_collateral_file_close(&p->in_force);
    free(p);
    return result;
}
