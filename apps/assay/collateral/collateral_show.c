/*
 * apps/assay/collateral/collateral_show.c - `assay collateral show`: contents, validity and expiry
 * of a folder of collateral.
 */
#include "apps/assay/collateral/collateral.h"

#include "apps/assay/collateral/collateral_needs.h"
#include "apps/assay/collateral/collateral_set.h"
#include "apps/assay/core/command.h"
#include "apps/assay/core/file_fault.h"
#include "apps/assay/core/print.h"
#include "apps/assay/core/view.h"
#include "apps/assay/evidence/collateral_dir.h"
#include "base/assert.h"
#include "quote/collateral/dates.h"
#include "quote/pieces/gather.h"
#include "quote/verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------ as JSON */

static struct assay_json *crl_json(bool has, const struct assay_crl *crl)
{
    if (!has) return NULL;
    struct assay_json *const out = assay_json_object();
    assay_json_set_time(out, "this_update", crl->this_update_s);
    assay_json_set_time(out, "next_update", crl->next_update_s);
    assay_json_set_uint(out, "revoked", crl->revoked_count);
    if (crl->has_number) assay_json_set_hex(out, "number", crl->number, sizeof crl->number);
    else assay_json_set_null(out, "number");
    return out;
}

static struct assay_json *tcb_info_json(const struct assay_tcb_info *info)
{
    struct assay_json *const out = assay_json_object();
    assay_json_set_text(out, "tee", info->tee == ASSAY_TEE_TDX ? "tdx" : "sgx");
    assay_json_set_uint(out, "version", info->version);
    assay_json_set_hex(out, "fmspc", info->fmspc, sizeof info->fmspc);
    assay_json_set_uint(out, "evaluation_number", info->evaluation_number);
    assay_json_set_time(out, "issued", info->issue_unix_s);
    assay_json_set_time(out, "next_update", info->next_unix_s);
    assay_json_set_uint(out, "levels", info->level_count);
    return out;
}

static struct assay_json *identity_json(const struct assay_qe_identity *id)
{
    struct assay_json *const out = assay_json_object();
    assay_json_set_text(out, "tee", id->tee == ASSAY_TEE_TDX ? "tdx" : "sgx");
    assay_json_set_uint(out, "evaluation_number", id->evaluation_number);
    assay_json_set_time(out, "issued", id->issue_unix_s);
    assay_json_set_time(out, "next_update", id->next_unix_s);
    assay_json_set_uint(out, "levels", id->level_count);
    return out;
}

static void set_or_null(struct assay_json *object, const char *name, struct assay_json *value)
{
    if (value != NULL) assay_json_set(object, name, value);
    else assay_json_set_null(object, name);
}

/* Under another root signatures do not verify, whatever their keys. */
static const char *fault_text(enum assay_status status, bool rooted)
{
    const bool is_of_root =
        status == ASSAY_E_KEY || status == ASSAY_E_CHAIN || status == ASSAY_E_SIGNATURE;
    return is_of_root && !rooted ? "leads to no trusted root" : assay_status_text(status);
}

static void append_fault(struct assay_json *list, const char *part, enum assay_rule rule,
                         enum assay_status status, bool rooted)
{
    struct assay_json *const fault = assay_json_append_object(list);
    assay_json_set_text(fault, "part", part);
    assay_json_set_text(fault, "rule", assay_rule_name(rule));
    assay_json_set_text(fault, "status", assay_status_symbol(status));
    assay_json_set_text(fault, "text", assay_rule_text(rule));
    assay_json_set_text(fault, "cause", fault_text(status, rooted));
}

static void append_faults(struct assay_json *list, const struct assay_collateral *c, bool rooted)
{
    for (uint32_t i = 0; i < c->fault_count; i++)
        append_fault(list, c->faults[i].what, c->faults[i].rule, c->faults[i].status, rooted);
    for (size_t i = 0; i < c->rim_count; i++)
        if (c->rims[i].status != ASSAY_OK)
            append_fault(list, "reference manifest", c->rims[i].rule, c->rims[i].status, true);
}

static void set_faults(struct assay_json *data, const struct assay_collateral_bundles *b,
                       bool rooted)
{
    struct assay_json *const list = assay_json_set_array(data, "faults");
    append_faults(list, &b->main, rooted);
    if (b->has_devices) append_faults(list, &b->devices, true);
    if (b->is_apart) append_faults(list, &b->manifests, rooted);
}

static bool is_given(const struct assay_collateral_bundles *b, int part)
{
    return b->main.given[part] || (b->has_devices && b->devices.given[part]) ||
           (b->is_apart && b->manifests.given[part]);
}

static void append_dated(struct assay_json *list, const struct assay_collateral *c,
                         const struct assay_collateral *other, int64_t at_unix_s)
{
    struct assay_text name;
    struct assay_window window;
    for (size_t i = 0; assay_collateral_dated(c, other, i, &name, &window); i++)
        cli_collateral_append_window(list, "part", &window, at_unix_s);
}

static void set_windows(struct assay_json *data, const struct assay_collateral_bundles *b,
                        int64_t at_unix_s)
{
    struct assay_json *const list = assay_json_set_array(data, "windows");
    for (uint32_t i = 0; i < b->main.window_count; i++)
        cli_collateral_append_window(list, "part", &b->main.windows[i], at_unix_s);
    append_dated(list, &b->main, b->is_apart ? &b->manifests : NULL, at_unix_s);
    if (b->has_devices)
        append_dated(list, &b->devices, b->is_apart ? &b->manifests : NULL, at_unix_s);
    if (b->is_apart) append_dated(list, &b->manifests, NULL, at_unix_s);
}

/* Files that went into parts of vendors other than Intel, whose parts are of several files. */
static void set_files(struct assay_json *data, const struct assay_collateral_dir *dir,
                      bool is_intels)
{
    const struct assay_input_files *const given = dir->given;
    struct assay_json *const list = assay_json_set_array(data, "files");
    for (size_t file = 0; file < given->found.file_count; file++)
        for (size_t i = 0; i < given->found.count; i++) {
            if (given->found.pieces[i].file != file || !given->is_taken[i]) continue;
            if (is_intels && dir->choice->is_taken[i]) continue;
            assay_json_append_text(list, given->names[file]);
            break;
        }
}

static bool is_empty(const struct assay_collateral *c)
{
    bool is_given = c->window_count > 0;
    for (int i = 0; i < ASSAY_PARTS; i++)
        is_given = is_given || c->given[i];
    return !is_given;
}

/* Nothing is not current. */
static bool is_current(const struct assay_collateral_bundles *b, int64_t at_unix_s)
{
    return !is_empty(&b->main) && assay_collateral_current(&b->main, at_unix_s) &&
           (!b->has_devices || assay_collateral_current(&b->devices, at_unix_s)) &&
           (!b->is_apart || assay_collateral_current(&b->manifests, at_unix_s));
}

/* Does a certificate of the folder lead to the root that it was read under? */
static bool is_rooted(const struct assay_input_files *given)
{
    size_t certificates = 0;
    for (size_t i = 0; i < given->found.count; i++) {
        if (given->found.pieces[i].shape != ASSAY_SHAPE_CERTIFICATE) continue;
        if (given->leads[i]) return true;
        certificates += 1;
    }
    return certificates == 0;
}

static struct assay_json *document_of(const struct assay_collateral_bundles *b, int64_t at_unix_s,
                                      const struct assay_collateral_dir *dir,
                                      enum assay_completeness *completeness)
{
    const bool rooted = b->is_rooted;
    const struct assay_collateral *const c = &b->main;
    struct assay_json *const data = assay_json_object();
    assay_json_set_hex(data, "digest", c->digest, sizeof c->digest);
    assay_json_set_time(data, "at", at_unix_s);
    assay_json_set_bool(data, "empty", is_empty(c));
    assay_json_set_bool(data, "rooted", rooted);
    *completeness = cli_collateral_needs(b, &dir->given->found, data);
    if (*completeness == ASSAY_COLLATERAL_DEPENDS) assay_json_set_null(data, "sound");
    else assay_json_set_bool(data, "sound", *completeness == ASSAY_COLLATERAL_COMPLETE);
    assay_json_set_bool(data, "current", is_current(b, at_unix_s));
    struct assay_json *const parts = assay_json_set_object(data, "parts");
    for (int i = 0; i < ASSAY_PARTS; i++)
        assay_json_set_bool(parts, assay_collateral_part_name((enum assay_collateral_part)i),
                            is_given(b, i));
    bool is_intels = false;
    for (int i = 0; i < ASSAY_PARTS_INTEL; i++)
        is_intels = is_intels || c->given[i];
    set_files(data, dir, is_intels);
    assay_json_set(data, "foreign_documents",
                   rooted ? cli_input_files_strangers_json(dir->given, dir->choice->is_of_stranger)
                          : assay_json_array());
    set_or_null(data, "tcb_info", c->has[ASSAY_PART_TCB_INFO] ? tcb_info_json(&c->tcb_info) : NULL);
    set_or_null(data, "qe_identity",
                c->has[ASSAY_PART_QE_IDENTITY] ? identity_json(&c->qe_identity) : NULL);
    set_or_null(data, "root_crl", crl_json(c->has[ASSAY_PART_ROOT_CRL], &c->root_crl));
    set_or_null(data, "pck_crl", crl_json(c->has[ASSAY_PART_PCK_CRL], &c->pck_crl));
    struct assay_json *const lists = assay_json_set_array(data, "crls");
    for (size_t i = 0; i < c->list_count; i++)
        assay_json_append(lists, crl_json(true, &c->lists[i].crl));
    set_faults(data, b, rooted);
    set_windows(data, b, at_unix_s);
    return data;
}

/* ------------------------------------------------------------ text output */

static const char pieces_view[] =
    "[*files {.,-22} given\n]"
    "[?tcb_info TCB info               {tcb_info.tee}, FMSPC {tcb_info.fmspc}, evaluation "
    "{tcb_info.evaluation_number}, {tcb_info.levels} levels\n]"
    "[?qe_identity QE identity            evaluation {qe_identity.evaluation_number}, "
    "{qe_identity.levels} levels\n]"
    "[*windows {part,-38} {from} to {until}[?certificate  (certificate[?subject  of {subject}])]"
    "[?!holds   NOT VALID NOW]\n]"
    "[*missing MISSING                {part}: {text}; {source}\n]"
    "[*faults FAULT                  {part}: {text} ({cause})\n]"
    "[?empty&rooted EMPTY                  the folder has no collateral\n]";

static const char validity_view[] =
    "[*needs NEEDS                  {.}\n]"
    "valid                  {current}: at {at} [?empty there is nothing that is valid"
    "|[?current no part has expired or begins later|a part has expired or begins later]]\n";

static int print_text(const struct assay_collateral_bundles *b, struct assay_json *data,
                      enum assay_completeness completeness, bool has_root)
{
    if (!b->is_rooted)
        (void)printf("UNTRUSTED              no certificate leads to %s\n",
                     has_root ? "the root of --root: is it the one of this vendor?"
                              : "a pinned root: give the vendor's with --root FILE");
    for (int i = 0; i < ASSAY_PARTS_INTEL; i++)
        if (is_given(b, i))
            (void)printf("%-22s given\n",
                         assay_collateral_part_name((enum assay_collateral_part)i));
    cli_view_print(pieces_view, data, stdout);
    cli_collateral_print_verified(completeness);
    return cli_view_result(false, "", data, validity_view);
}

/* ------------------------------------------------------------ the verb */

/* Of Intel's documents a bundle has one each; a folder may have those of several platforms. */
static void note_other_documents(const char *directory, const struct assay_collateral_dir *dir)
{
    const struct assay_recognition *const found = &dir->given->found;
    for (size_t i = 0; i < found->count; i++) {
        const enum assay_shape shape = found->pieces[i].shape;
        const bool is_document = shape == ASSAY_SHAPE_TCB_INFO || shape == ASSAY_SHAPE_QE_IDENTITY;
        if (!is_document || dir->given->is_taken[i] || found->pieces[i].status != ASSAY_OK)
            continue;
        if (dir->choice->is_of_stranger[i]) continue;
        (void)fprintf(stderr,
                      "assay: note: %s: of several TCB infos or QE identities one is shown; "
                      "evidence verify takes that of its evidence\n",
                      directory);
        return;
    }
}

static int complain_of_folder(const struct assay_collateral_options *options,
                              enum assay_status status, const char *where)
{
    if (status == ASSAY_E_MEMORY)
        return cli_print_error(options->json, ASSAY_EXIT_INTERNAL, "internal", "out of memory");
    if (status == ASSAY_E_NOT_FOUND && where == NULL)
        return cli_print_file_fault(options->json, "", options->directory, status);
    return cli_print_error(options->json, ASSAY_EXIT_USAGE,
                           status == ASSAY_E_NOT_FOUND ? "not_found" : "usage", "%s%s%s: %s",
                           options->directory, where != NULL ? "/" : "", where != NULL ? where : "",
                           assay_status_text(status));
}

/* root: of --root; NULL: Intel's pinned one */
static int read_folder(const struct assay_collateral_options *options, int64_t at_unix_s,
                       const struct assay_key *root, struct assay_collateral_dir *dir)
{
    struct assay_key pinned;
    struct assay_collateral_wanted wanted = { .at_unix_s = at_unix_s, .root_key = root };
    const char *where = NULL;
    uint32_t kinds = 0;
    enum assay_status status = ASSAY_OK;
    if (root == NULL) {
        status = assay_pinned_root(ASSAY_PINNED_INTEL_SGX, &pinned, &kinds);
        wanted.root_key = &pinned;
    }
    if (status == ASSAY_OK)
        status = cli_collateral_dir_read(options->directory, &wanted, dir, &where);
    return status == ASSAY_OK ? ASSAY_EXIT_OK : complain_of_folder(options, status, where);
}

static bool is_intel(const struct assay_collateral_files *files)
{
    return files->part[ASSAY_PART_TCB_INFO].len > 0 || files->part[ASSAY_PART_QE_IDENTITY].len > 0;
}

/* Next to Intel's documents: certificates and responses about NVIDIA's devices. */
static enum assay_status build_devices(struct assay_collateral_dir *dir, struct assay_gathered *g,
                                       struct assay_collateral_bundles *b)
{
    struct assay_key pinned;
    uint32_t kinds = 0;
    struct assay_collateral_files only = { 0 };
    ASSAY_TRY(assay_pinned_root(ASSAY_PINNED_NVIDIA_DEVICE, &pinned, &kinds));
    ASSAY_TRY(assay_collateral_gather(&dir->given->found, &pinned, true, g));
    if (g->count == 0) return ASSAY_OK;
    for (size_t i = 0; i < dir->given->found.count; i++) /* every list: of all vendors */
        if (dir->given->found.pieces[i].shape == ASSAY_SHAPE_CRL) g->is_taken[i] = false;
    cli_input_files_set_used(dir->given, g->leads, g->is_taken);
    only.part[ASSAY_PART_CERTIFICATES] = g->files.part[ASSAY_PART_CERTIFICATES];
    only.part[ASSAY_PART_OCSP] = g->files.part[ASSAY_PART_OCSP];
    only.is_cut[ASSAY_PART_OCSP] = g->files.is_cut[ASSAY_PART_OCSP];
    b->has_devices = true;
    return assay_collateral_build(&only, &pinned, &b->devices);
}

/* Of the manifests that lead to the root, unless the first bundle has them. */
static enum assay_status build_manifests(struct assay_collateral_dir *dir,
                                         const struct assay_key *root, struct assay_gathered *g,
                                         struct assay_collateral_bundles *b)
{
    struct assay_collateral_files only = { 0 };
    if (b->is_apart || assay_key_equal(root, &b->main.root)) return ASSAY_OK;
    ASSAY_TRY(assay_collateral_gather(&dir->given->found, root, true, g));
    if (g->rims_len == 0) return ASSAY_OK;
    cli_input_files_set_used(dir->given, g->leads, g->is_taken);
    only.part[ASSAY_PART_RIM] = g->files.part[ASSAY_PART_RIM];
    only.is_cut[ASSAY_PART_RIM] = g->files.is_cut[ASSAY_PART_RIM];
    b->is_apart = true;
    return assay_collateral_build(&only, root, &b->manifests);
}

/* Without Intel's documents: what leads to the root, or to the first pinned one that anything leads
 * to. */
static enum assay_status build_main(struct assay_collateral_dir *dir, const struct assay_key *root,
                                    struct assay_gathered *g, struct assay_collateral *built)
{
    struct assay_key pinned;
    uint32_t kinds = 0;
    const bool others = !is_intel(&dir->files);
    for (int i = 0; i < ASSAY_PINNED_ROOTS; i++) {
        const struct assay_key *at = root;
        if (at == NULL) ASSAY_TRY(assay_pinned_root((enum assay_pinned_root)i, &pinned, &kinds));
        if (at == NULL) at = &pinned;
        ASSAY_TRY(assay_collateral_gather(&dir->given->found, at, others, g));
        if (!others) assay_bytes_zero(g->is_taken, sizeof g->is_taken); /* files, as chosen */
        cli_input_files_set_used(dir->given, g->leads, g->is_taken);
        if (root == NULL && others && g->count + g->rims_len == 0 && i + 1 < ASSAY_PINNED_ROOTS)
            continue;
        /* Intel's chains and lists without its documents: the documents are missing. */
        const bool is_its = g->count > 0 && strcmp(cli_root_label(at), "intel-sgx") == 0;
        return assay_collateral_build(others && !is_its ? &g->files : &dir->files, at, built);
    }
    return ASSAY_OK;
}

static enum assay_status build_collateral(struct assay_collateral_dir *dir,
                                          const struct assay_key *root,
                                          struct assay_collateral_bundles *b)
{
    struct assay_key pinned;
    uint32_t kinds = 0;
    ASSAY_ASSERT(dir->given != NULL);
    struct assay_gathered *const g = calloc(1, sizeof *g);
    if (g == NULL) return ASSAY_E_MEMORY;
    enum assay_status status = build_main(dir, root, g, &b->main);
    b->is_rooted = is_rooted(dir->given);
    if (status == ASSAY_OK && root == NULL && is_intel(&dir->files))
        status = build_devices(dir, g, b);
    for (int i = 0; i < ASSAY_PINNED_ROOTS && status == ASSAY_OK && root == NULL; i++) {
        status = assay_pinned_root((enum assay_pinned_root)i, &pinned, &kinds);
        if (status == ASSAY_OK) status = build_manifests(dir, &pinned, g, b);
    }
    free(g);
    return status;
}

static int exit_of(const struct assay_collateral_bundles *b, enum assay_completeness completeness,
                   int64_t at_unix_s)
{
    if (completeness == ASSAY_COLLATERAL_INCOMPLETE) return ASSAY_EXIT_MALFORMED;
    return is_current(b, at_unix_s) ? ASSAY_EXIT_OK : ASSAY_EXIT_WARNING;
}

int cli_collateral_show(const struct assay_collateral_options *options)
{
    struct assay_collateral_dir dir = { 0 };
    struct assay_key root;
    bool has_root = false;
    const int64_t at_unix_s = options->at_unix_s;
    int result = cli_collateral_root(options, &root, &has_root);
    if (result != ASSAY_EXIT_OK) return result;
    result = read_folder(options, at_unix_s, has_root ? &root : NULL, &dir);
    struct assay_collateral_bundles *const built = calloc(1, sizeof *built);
    enum assay_completeness completeness = ASSAY_COLLATERAL_INCOMPLETE;
    enum assay_status status = built != NULL ? ASSAY_OK : ASSAY_E_MEMORY;
    if (status == ASSAY_OK && result == ASSAY_EXIT_OK)
        status = build_collateral(&dir, has_root ? &root : NULL, built);
    if (status != ASSAY_OK) {
        result = complain_of_folder(options, status, NULL);
    } else if (result == ASSAY_EXIT_OK) {
        struct assay_json *const data = document_of(built, at_unix_s, &dir, &completeness);
        result = options->json ? cli_print_envelope("assay.collateral.show", data)
                               : print_text(built, data, completeness, has_root);
        cli_input_files_print(dir.given, options->directory, assay_slice_over(NULL, 0));
        note_other_documents(options->directory, &dir);
        if (built->is_rooted)
            cli_input_files_print_strangers(dir.given, options->directory,
                                            dir.choice->is_of_stranger,
                                            has_root ? "the root of --root" : "Intel's root");
    }
    if (status == ASSAY_OK && result == ASSAY_EXIT_OK)
        result = exit_of(built, completeness, at_unix_s);
    cli_collateral_dir_close(&dir);
    free(built);
    return result;
}
