/*
 * apps/assay/collateral/collateral_show.c - `assay collateral show`: contents, validity and expiry
 * of a folder of collateral.
 */
#include "apps/assay/collateral/collateral.h"

#include "apps/assay/collateral/collateral_set.h"
#include "apps/assay/core/command.h"
#include "apps/assay/core/file_fault.h"
#include "apps/assay/core/print.h"
#include "apps/assay/core/view.h"
#include "apps/assay/evidence/collateral_dir.h"
#include "quote/certificates/chain.h"
#include "quote/collateral/dates.h"
#include "quote/pieces/gather.h"
#include "quote/verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a folder holds: manifests are signed under a root of their own, and so is what is about
 * devices that come with a quote of Intel's. */
struct bundles {
    struct assay_collateral main;
    bool is_rooted;                  /* a certificate leads to the root of main, or there is none */
    struct assay_collateral devices; /* when has_devices */
    bool has_devices;
    struct assay_collateral manifests; /* when is_apart */
    bool is_apart;
};

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

static void set_faults(struct assay_json *data, const struct bundles *b, bool rooted)
{
    struct assay_json *const list = assay_json_set_array(data, "faults");
    append_faults(list, &b->main, rooted);
    if (b->has_devices) append_faults(list, &b->devices, true);
    if (b->is_apart) append_faults(list, &b->manifests, rooted);
}

static bool is_given(const struct bundles *b, int part)
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

static void set_windows(struct assay_json *data, const struct bundles *b, int64_t at_unix_s)
{
    struct assay_json *const list = assay_json_set_array(data, "windows");
    for (uint32_t i = 0; i < b->main.window_count; i++)
        cli_collateral_append_window(list, "part", &b->main.windows[i], at_unix_s);
    append_dated(list, &b->main, b->is_apart ? &b->manifests : NULL, at_unix_s);
    if (b->has_devices)
        append_dated(list, &b->devices, b->is_apart ? &b->manifests : NULL, at_unix_s);
    if (b->is_apart) append_dated(list, &b->manifests, NULL, at_unix_s);
}

static bool is_empty(const struct assay_collateral *c)
{
    bool is_given = c->window_count > 0;
    for (int i = 0; i < ASSAY_PARTS; i++)
        is_given = is_given || c->given[i];
    return !is_given;
}

/* Nothing is not current. */
static bool is_current(const struct bundles *b, int64_t at_unix_s)
{
    return !is_empty(&b->main) && assay_collateral_current(&b->main, at_unix_s) &&
           (!b->has_devices || assay_collateral_current(&b->devices, at_unix_s)) &&
           (!b->is_apart || assay_collateral_current(&b->manifests, at_unix_s));
}

/* Intel's parts, as `evidence verify` needs them. The list of PCK certificates serves only if a CA
 * of the folder, under the root, signed it: that of another authority is as if it were not there
 * (evidence-rules.md 1.15.6), and without the CA's certificate nothing here verifies it. */
static bool is_missing(const struct assay_collateral *c, enum assay_collateral_part part)
{
    if (part == ASSAY_PART_PCK_CHAIN || part == ASSAY_PART_QE_CHAIN) return false;
    return !c->has[part] || (part == ASSAY_PART_PCK_CRL && !c->has_pck_issuer);
}

static bool is_of_intel(const struct assay_collateral *c)
{
    for (int i = 0; i < ASSAY_PARTS_INTEL; i++)
        if (c->given[i]) return true;
    return false;
}

static bool is_complete(const struct assay_collateral *c)
{
    for (int i = 0; is_of_intel(c) && i < ASSAY_PARTS_INTEL; i++)
        if (is_missing(c, (enum assay_collateral_part)i)) return false;
    return true;
}

static bool is_sound(const struct bundles *b)
{
    return assay_collateral_sound(&b->main) && is_complete(&b->main) &&
           (!b->has_devices || assay_collateral_sound(&b->devices)) &&
           (!b->is_apart || assay_collateral_sound(&b->manifests));
}

/* The CA of the folder's PCK chain, whose list is wanted. Returns: its name | NULL */
static const char *name_ca(const struct assay_collateral *c)
{
    for (size_t i = 0; i < c->certificate_count; i++)
        if (c->certificates[i].is_ca && !assay_chain_self_issued(&c->certificates[i]))
            return c->certificates[i].subject_name;
    return NULL;
}

/* Who has the part, and the command that gets it. */
static void write_source(const struct assay_collateral *c, const char *ca, char *text, size_t size)
{
    char fmspc[2 * sizeof c->tcb_info.fmspc + 1];
    const bool is_tdx = c->tcb_info.tee == ASSAY_TEE_TDX;
    const bool is_processor = ca != NULL && strstr(ca, "Processor") != NULL;
    assay_hex_encode(c->tcb_info.fmspc, sizeof c->tcb_info.fmspc, fmspc, sizeof fmspc);
    if (strcmp(cli_root_label(&c->root), "intel-sgx") != 0)
        (void)snprintf(text, size, "from the vendor of the root (SOFT: assay soft collateral)");
    else if (c->has[ASSAY_PART_TCB_INFO] && ca != NULL)
        (void)snprintf(text, size,
                       "from Intel: assay collateral fetch --fmspc %s --ca %s --tee %s --out DIR",
                       fmspc, is_processor ? "processor" : "platform", is_tdx ? "tdx" : "sgx");
    else
        (void)snprintf(text, size, "from Intel: assay collateral fetch --for EVIDENCE --out DIR");
}

static void set_missing(struct assay_json *data, const struct assay_collateral *c)
{
    struct assay_json *const list = assay_json_set_array(data, "missing");
    const char *const ca = name_ca(c);
    char text[256];
    for (int i = 0; is_of_intel(c) && i < ASSAY_PARTS_INTEL; i++) {
        const enum assay_collateral_part part = (enum assay_collateral_part)i;
        if (!is_missing(c, part)) continue;
        struct assay_json *const out = assay_json_append_object(list);
        const bool is_list = part == ASSAY_PART_PCK_CRL;
        assay_json_set_text(out, "part", assay_collateral_part_name(part));
        if (is_list && ca != NULL)
            (void)snprintf(text, sizeof text, "the list of %.100s%s", ca,
                           c->has[part] ? "; the one here is not signed by it" : "");
        else if (is_list && c->has[part])
            (void)snprintf(text, sizeof text,
                           "the list here is not verified without its CA's certificate (%s)",
                           assay_collateral_part_name(ASSAY_PART_PCK_CHAIN));
        else (void)snprintf(text, sizeof text, "none that can be read");
        assay_json_set_text(out, "text", text);
        write_source(c, ca, text, sizeof text);
        assay_json_set_text(out, "source", text);
    }
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

static struct assay_json *document_of(const struct bundles *b, int64_t at_unix_s)
{
    const bool rooted = b->is_rooted;
    const struct assay_collateral *const c = &b->main;
    struct assay_json *const data = assay_json_object();
    assay_json_set_hex(data, "digest", c->digest, sizeof c->digest);
    assay_json_set_time(data, "at", at_unix_s);
    assay_json_set_bool(data, "empty", is_empty(c));
    assay_json_set_bool(data, "rooted", rooted);
    assay_json_set_bool(data, "sound", is_sound(b));
    assay_json_set_bool(data, "current", is_current(b, at_unix_s));
    struct assay_json *const parts = assay_json_set_object(data, "parts");
    for (int i = 0; i < ASSAY_PARTS; i++)
        assay_json_set_bool(parts, assay_collateral_part_name((enum assay_collateral_part)i),
                            is_given(b, i));
    set_or_null(data, "tcb_info", c->has[ASSAY_PART_TCB_INFO] ? tcb_info_json(&c->tcb_info) : NULL);
    set_or_null(data, "qe_identity",
                c->has[ASSAY_PART_QE_IDENTITY] ? identity_json(&c->qe_identity) : NULL);
    set_or_null(data, "root_crl", crl_json(c->has[ASSAY_PART_ROOT_CRL], &c->root_crl));
    set_or_null(data, "pck_crl", crl_json(c->has[ASSAY_PART_PCK_CRL], &c->pck_crl));
    struct assay_json *const lists = assay_json_set_array(data, "crls");
    for (size_t i = 0; i < c->list_count; i++)
        assay_json_append(lists, crl_json(true, &c->lists[i].crl));
    set_missing(data, c);
    set_faults(data, b, rooted);
    set_windows(data, b, at_unix_s);
    return data;
}

/* ------------------------------------------------------------ text output */

static const char pieces_view[] =
    "[?tcb_info TCB info               {tcb_info.tee}, FMSPC {tcb_info.fmspc}, evaluation "
    "{tcb_info.evaluation_number}, {tcb_info.levels} levels\n]"
    "[?qe_identity QE identity            evaluation {qe_identity.evaluation_number}, "
    "{qe_identity.levels} levels\n]"
    "[*windows {part,-38} {from} to {until}[?certificate  (certificate)][?!holds   NOT VALID "
    "NOW]\n]"
    "[*missing MISSING                {part}: {text}; {source}\n]"
    "[*faults FAULT                  {part}: {text} ({cause})\n]"
    "[?empty EMPTY                  the folder has no collateral\n]";

static const char validity_view[] =
    "valid                  {current}: at {at} [?empty there is nothing that is valid"
    "|[?current no part has expired or begins later|a part has expired or begins later]]\n";

static int print_text(const struct bundles *b, struct assay_json *data, bool has_root)
{
    for (int i = 0; i < ASSAY_PARTS; i++)
        if (is_given(b, i))
            (void)printf("%-22s given\n",
                         assay_collateral_part_name((enum assay_collateral_part)i));
    cli_view_print(pieces_view, data, stdout);
    if (!assay_json_bool(data, "rooted", true))
        (void)printf("UNTRUSTED              no certificate leads to %s\n",
                     has_root ? "the root of --root: is it the one of this vendor?"
                              : "a pinned root: give the vendor's with --root FILE");
    cli_collateral_print_verified(is_sound(b));
    return cli_view_result(false, "", data, validity_view);
}

/* ------------------------------------------------------------ the verb */

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

static int read_folder(const struct assay_collateral_options *options, int64_t at_unix_s,
                       struct assay_collateral_dir *dir)
{
    const struct assay_collateral_wanted wanted = { .at_unix_s = at_unix_s };
    const char *where = NULL;
    const enum assay_status status =
        cli_collateral_dir_read(options->directory, &wanted, dir, &where);
    return status == ASSAY_OK ? ASSAY_EXIT_OK : complain_of_folder(options, status, where);
}

static bool is_intel(const struct assay_collateral_files *files)
{
    return files->part[ASSAY_PART_TCB_INFO].len > 0 || files->part[ASSAY_PART_QE_IDENTITY].len > 0;
}

/* Next to Intel's documents: certificates and responses about NVIDIA's devices. */
static enum assay_status build_devices(struct assay_collateral_dir *dir, struct assay_gathered *g,
                                       struct bundles *b)
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
    b->has_devices = true;
    return assay_collateral_build(&only, &pinned, &b->devices);
}

/* Of the manifests that lead to the root, unless the first bundle has them. */
static enum assay_status build_manifests(struct assay_collateral_dir *dir,
                                         const struct assay_key *root, struct assay_gathered *g,
                                         struct bundles *b)
{
    struct assay_collateral_files only = { 0 };
    if (b->is_apart || assay_key_equal(root, &b->main.root)) return ASSAY_OK;
    ASSAY_TRY(assay_collateral_gather(&dir->given->found, root, true, g));
    if (g->rims_len == 0) return ASSAY_OK;
    cli_input_files_set_used(dir->given, g->leads, g->is_taken);
    only.part[ASSAY_PART_RIM] = g->files.part[ASSAY_PART_RIM];
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
        cli_input_files_set_used(dir->given, g->leads, g->is_taken);
        if (root == NULL && others && g->count + g->rims_len == 0 && i + 1 < ASSAY_PINNED_ROOTS)
            continue;
        const bool has_any = g->count + g->lists_len + g->ocsp_len + g->rims_len > 0;
        return assay_collateral_build(others && has_any ? &g->files : &dir->files, at, built);
    }
    return ASSAY_OK;
}

static enum assay_status build_collateral(struct assay_collateral_dir *dir,
                                          const struct assay_key *root, struct bundles *b)
{
    struct assay_key pinned;
    uint32_t kinds = 0;
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

static int exit_of(const struct bundles *b, int64_t at_unix_s)
{
    if (!is_sound(b)) return ASSAY_EXIT_MALFORMED;
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
    result = read_folder(options, at_unix_s, &dir);
    struct bundles *const built = calloc(1, sizeof *built);
    enum assay_status status = built != NULL ? ASSAY_OK : ASSAY_E_MEMORY;
    if (status == ASSAY_OK && result == ASSAY_EXIT_OK)
        status = build_collateral(&dir, has_root ? &root : NULL, built);
    if (status != ASSAY_OK) {
        result = complain_of_folder(options, status, NULL);
    } else if (result == ASSAY_EXIT_OK) {
        struct assay_json *const data = document_of(built, at_unix_s);
        result = options->json ? cli_print_envelope("assay.collateral.show", data)
                               : print_text(built, data, has_root);
        cli_input_files_print(dir.given, options->directory, assay_slice_over(NULL, 0));
    }
    if (status == ASSAY_OK && result == ASSAY_EXIT_OK) result = exit_of(built, at_unix_s);
    cli_collateral_dir_close(&dir);
    free(built);
    return result;
}
