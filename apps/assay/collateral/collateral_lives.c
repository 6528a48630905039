/*
 * apps/assay/collateral/collateral_lives.c - `assay collateral show FILE`: roots of a set, their
 * parts with numbers and dates, and the first expiry.
 */
#include "apps/assay/collateral/collateral.h"

#include "apps/assay/collateral/collateral_set.h"
#include "apps/assay/core/command.h"
#include "apps/assay/evidence/evidence_print.h"
#include "base/rfc3339.h"
#include "quote/collateral/endorsements.h"
#include "quote/collateral/life.h"
#include "quote/collateral/newer.h"

#include <stdio.h>

/* ------------------------------------------------------------ as JSON */

static void set_time(struct assay_json *object, const char *name, int64_t unix_s)
{
    char text[ASSAY_RFC3339_LEN + 1];
    assay_rfc3339_format(unix_s, text);
    assay_json_set_text(object, name, text);
}

static struct assay_json *kinds_json(uint32_t kinds)
{
    struct assay_json *const out = assay_json_array();
    for (int i = 1; i < ASSAY_KIND_COUNT; i++)
        if (kinds & ASSAY_KIND_BIT(i))
            assay_json_append_text(out, assay_kind_text((enum assay_evidence_kind)i));
    return out;
}

static void append_window(struct assay_json *list, const char *what, int64_t from, int64_t until)
{
    struct assay_json *const out = assay_json_object();
    assay_json_set_text(out, "piece", what);
    set_time(out, "from", from);
    set_time(out, "until", until);
    assay_json_append(list, out);
}

static void append_list(struct assay_json *lists, const char *what, const struct assay_crl *crl)
{
    struct assay_json *const out = assay_json_object();
    assay_json_set_text(out, "piece", what);
    if (crl->has_number)
        assay_json_set_hex(out, "number", crl->number, sizeof crl->number);
    else assay_json_set_null(out, "number");
    assay_json_set_uint(out, "revoked", crl->revoked_count);
    set_time(out, "this_update", crl->this_update_s);
    set_time(out, "next_update", crl->next_update_s);
    assay_json_append(lists, out);
}

static struct assay_json *entry_json(const struct assay_endorsement *entry)
{
    const struct assay_collateral *const c = entry->collateral;
    struct assay_json *const out = assay_json_object();
    struct assay_json *const windows = assay_json_array(), *const lists = assay_json_array();
    assay_json_set_hex(out, "digest", c->digest, sizeof c->digest);
    assay_json_set(out, "kinds", kinds_json(entry->kinds));
    assay_json_set_bool(out, "sound", c->fault_count == 0);
    if (c->has[ASSAY_PART_TCB_INFO]) {
        assay_json_set_text(out, "tee", c->tcb_info.tee == ASSAY_TEE_TDX ? "tdx" : "sgx");
        assay_json_set_hex(out, "fmspc", c->tcb_info.fmspc, sizeof c->tcb_info.fmspc);
        assay_json_set_uint(out, "tcb_evaluation_number", c->tcb_info.evaluation_number);
        assay_json_set_uint(out, "qe_evaluation_number", c->qe_identity.evaluation_number);
    }
    for (uint32_t i = 0; i < c->window_count; i++)
        append_window(windows, c->windows[i].what, c->windows[i].from_unix_s,
                      c->windows[i].to_unix_s);
    if (c->has[ASSAY_PART_ROOT_CRL]) append_list(lists, "root CRL", &c->root_crl);
    if (c->has[ASSAY_PART_PCK_CRL]) append_list(lists, "PCK CRL", &c->pck_crl);
    for (size_t i = 0; i < c->list_count; i++)
        append_list(lists, "CRL", &c->lists[i].crl);
    assay_json_set_uint(out, "certificates", c->certificate_count);
    assay_json_set(out, "windows", windows);
    assay_json_set(out, "lists", lists);
    return out;
}

static struct assay_json *root_json(const struct assay_endorsements *set,
                                    const struct assay_collateral_life *life, int64_t at_unix_s)
{
    struct assay_json *const out = assay_json_object(), *const entries = assay_json_array();
    uint8_t name[ASSAY_SHA256_LEN];
    assay_key_name(&life->root, name);
    assay_json_set_hex(out, "root", name, sizeof name);
    assay_json_set_text(out, "label", cli_root_label(&life->root));
    assay_json_set_uint(out, "evaluation_number", life->evaluation_number);
    assay_json_set_text(out, "age",
                        assay_collateral_age_text(assay_collateral_age(life, 0, at_unix_s)));
    if (life->is_bounded) {
        set_time(out, "valid_from", life->from_unix_s);
        set_time(out, "valid_until", life->until_unix_s);
        set_time(out, "half", assay_collateral_half_life(life, 0));
        assay_json_set_text(out, "expires_first", life->expires_first);
    } else {
        assay_json_set_null(out, "valid_from");
        assay_json_set_null(out, "valid_until");
        assay_json_set_null(out, "half");
        assay_json_set_null(out, "expires_first");
    }
    for (size_t i = 0; i < set->count; i++)
        if (assay_key_equal(&set->entries[i].root, &life->root))
            assay_json_append(entries, entry_json(&set->entries[i]));
    assay_json_set(out, "entries", entries);
    return out;
}

/* ------------------------------------------------------------ text output */

static void print_window(const char *what, const char *more, int64_t from, int64_t until,
                         int64_t at_unix_s)
{
    char begins[ASSAY_RFC3339_LEN + 1], ends[ASSAY_RFC3339_LEN + 1];
    assay_rfc3339_format(from, begins);
    assay_rfc3339_format(until, ends);
    (void)printf("    %-28s %s to %s%s%s\n", what, begins, ends, more,
                 at_unix_s < from || at_unix_s > until ? "  NOT NOW" : "");
}

static void print_entry(const struct assay_endorsement *entry, int64_t at_unix_s)
{
    const struct assay_collateral *const c = entry->collateral;
    char fmspc[13];
    if (c->has[ASSAY_PART_TCB_INFO]) {
        assay_hex_encode(c->tcb_info.fmspc, 6, fmspc, sizeof fmspc);
        (void)printf("  %s, FMSPC %s: TCB info of evaluation %u, QE identity of %u\n",
                     c->tcb_info.tee == ASSAY_TEE_TDX ? "tdx" : "sgx", fmspc,
                     c->tcb_info.evaluation_number, c->qe_identity.evaluation_number);
    } else {
        (void)printf("  %zu certificates, %zu revocation lists\n", c->certificate_count,
                     c->list_count);
    }
    for (uint32_t i = 0; i < c->window_count; i++)
        print_window(c->windows[i].what, c->windows[i].is_certificate ? " (certificate)" : "",
                     c->windows[i].from_unix_s, c->windows[i].to_unix_s, at_unix_s);
    for (uint32_t i = 0; i < c->fault_count; i++)
        (void)printf("    FAULT %s: %s\n", c->faults[i].what, assay_rule_text(c->faults[i].rule));
}

static void print_life(const struct assay_collateral_life *life, int64_t at_unix_s)
{
    char half[ASSAY_RFC3339_LEN + 1], until[ASSAY_RFC3339_LEN + 1];
    if (!life->is_bounded) {
        (void)puts("  never expires: this root has nothing below it");
        return;
    }
    assay_rfc3339_format(assay_collateral_half_life(life, 0), half);
    assay_rfc3339_format(life->until_unix_s, until);
    (void)printf("  expires first: %s, %s; half of it is gone at %s; now: %s\n",
                 life->expires_first, until, half,
                 assay_collateral_age_text(assay_collateral_age(life, 0, at_unix_s)));
}

static void print_root(const struct assay_endorsements *set,
                       const struct assay_collateral_life *life, int64_t at_unix_s)
{
    uint8_t name[ASSAY_SHA256_LEN];
    char text[2 * ASSAY_SHA256_LEN + 1];
    assay_key_name(&life->root, name);
    assay_hex_encode(name, sizeof name, text, sizeof text);
    const char *const label = cli_root_label(&life->root);
    (void)printf("root %s%s%s\n  kinds", text, label[0] != '\0' ? " " : "", label);
    for (int i = 1; i < ASSAY_KIND_COUNT; i++)
        if (life->kinds & ASSAY_KIND_BIT(i))
            (void)printf(" %s", assay_kind_text((enum assay_evidence_kind)i));
    (void)puts("");
    for (size_t i = 0; i < set->count; i++)
        if (assay_key_equal(&set->entries[i].root, &life->root))
            print_entry(&set->entries[i], at_unix_s);
    print_life(life, at_unix_s);
}

/* ------------------------------------------------------------ the verb */

static int print_lives(const struct assay_collateral_file *file, int64_t at_unix_s, bool json,
                       bool is_sound)
{
    static struct assay_collateral_life lives[ASSAY_ENDORSEMENTS_MAX];
    size_t count = 0;
    uint8_t digest[ASSAY_SHA256_LEN];
    char text[2 * ASSAY_SHA256_LEN + 1];
    assay_collateral_lifetimes(&file->built, lives, &count);
    assay_sha256(file->set.bytes.bytes, file->set.bytes.len, digest);
    assay_hex_encode(digest, sizeof digest, text, sizeof text);
    if (json) {
        struct assay_json *const data = assay_json_object(), *const roots = assay_json_array();
        assay_json_set_text(data, "digest", text);
        assay_json_set_uint(data, "bytes", file->set.bytes.len);
        assay_json_set_bool(data, "sound", is_sound);
        set_time(data, "at", at_unix_s);
        for (size_t i = 0; i < count; i++)
            assay_json_append(roots, root_json(&file->built, &lives[i], at_unix_s));
        assay_json_set(data, "roots", roots);
        return cli_print_envelope("assay.collateral.set", data);
    }
    for (size_t i = 0; i < count; i++)
        print_root(&file->built, &lives[i], at_unix_s);
    (void)printf("digest                 %s, %zu bytes\n", text, file->set.bytes.len);
    cli_collateral_print_verified(is_sound);
    return fflush(stdout) == 0 ? ASSAY_EXIT_OK : ASSAY_EXIT_INTERNAL;
}

static int exit_of(const struct assay_endorsements *set, int64_t at_unix_s, bool is_sound)
{
    if (!is_sound) return ASSAY_EXIT_MALFORMED;
    for (size_t i = 0; i < set->count; i++)
        if (!assay_collateral_current(set->entries[i].collateral, at_unix_s))
            return ASSAY_EXIT_WARNING;
    return ASSAY_EXIT_OK;
}

int cli_collateral_show_set(const struct assay_collateral_options *options)
{
    struct assay_collateral_file file = { 0 };
    size_t which = 0;
    int result = cli_collateral_file_read(options->directory, options->json, &file);
    if (result == ASSAY_EXIT_OK) {
        const bool is_sound = assay_endorsements_sound(&file.built, &which) == ASSAY_OK;
        result = print_lives(&file, options->at_unix_s, options->json, is_sound);
        if (result == ASSAY_EXIT_OK) result = exit_of(&file.built, options->at_unix_s, is_sound);
    }
    cli_collateral_file_close(&file);
    return result;
}
