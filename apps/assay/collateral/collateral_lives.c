/*
 * apps/assay/collateral/collateral_lives.c - `assay collateral show FILE`: roots of a set, their
 * parts with numbers and dates, and the first expiry.
 */
#include "apps/assay/collateral/collateral.h"

#include "apps/assay/collateral/collateral_set.h"
#include "apps/assay/core/command.h"
#include "apps/assay/core/view.h"
#include "quote/collateral/dates.h"
#include "quote/collateral/endorsements.h"
#include "quote/collateral/life.h"
#include "quote/collateral/newer.h"

#include <stdio.h>

/* ------------------------------------------------------------ as JSON */

static void set_kinds(struct assay_json *object, uint32_t kinds)
{
    struct assay_json *const out = assay_json_set_array(object, "kinds");
    for (int i = 1; i < ASSAY_KIND_COUNT; i++)
        if (kinds & ASSAY_KIND_BIT(i))
            assay_json_append_text(out, assay_kind_text((enum assay_evidence_kind)i));
}

void cli_collateral_append_window(struct assay_json *list, const char *name_key,
                                  const struct assay_window *w, int64_t at_unix_s)
{
    struct assay_json *const out = assay_json_append_object(list);
    assay_json_set_text(out, name_key, w->what);
    assay_json_set_bool(out, "certificate", w->is_certificate);
    if (w->subject[0] != '\0') assay_json_set_text(out, "subject", w->subject);
    assay_json_set_time(out, "from", w->from_unix_s);
    assay_json_set_time(out, "until", w->to_unix_s);
    assay_json_set_bool(out, "holds", at_unix_s >= w->from_unix_s && at_unix_s <= w->to_unix_s);
}

static void append_list(struct assay_json *lists, const char *what, const struct assay_crl *crl)
{
    struct assay_json *const out = assay_json_append_object(lists);
    assay_json_set_text(out, "piece", what);
    if (crl->has_number) assay_json_set_hex(out, "number", crl->number, sizeof crl->number);
    else assay_json_set_null(out, "number");
    assay_json_set_uint(out, "revoked", crl->revoked_count);
    assay_json_set_time(out, "this_update", crl->this_update_s);
    assay_json_set_time(out, "next_update", crl->next_update_s);
}

static void append_entry(struct assay_json *entries, const struct assay_endorsement *entry,
                         int64_t at_unix_s)
{
    const struct assay_collateral *const c = entry->collateral;
    struct assay_json *const out = assay_json_append_object(entries);
    assay_json_set_hex(out, "digest", c->digest, sizeof c->digest);
    set_kinds(out, entry->kinds);
    assay_json_set_bool(out, "sound", c->fault_count == 0);
    if (c->has[ASSAY_PART_TCB_INFO]) {
        assay_json_set_text(out, "tee", c->tcb_info.tee == ASSAY_TEE_TDX ? "tdx" : "sgx");
        assay_json_set_hex(out, "fmspc", c->tcb_info.fmspc, sizeof c->tcb_info.fmspc);
        assay_json_set_uint(out, "tcb_evaluation_number", c->tcb_info.evaluation_number);
        assay_json_set_uint(out, "qe_evaluation_number", c->qe_identity.evaluation_number);
    }
    assay_json_set_uint(out, "certificates", c->certificate_count);
    struct assay_json *const windows = assay_json_set_array(out, "windows");
    for (uint32_t i = 0; i < c->window_count; i++)
        cli_collateral_append_window(windows, "piece", &c->windows[i], at_unix_s);
    struct assay_text name;
    struct assay_window dated;
    for (size_t i = 0; assay_collateral_dated(c, NULL, i, &name, &dated); i++)
        cli_collateral_append_window(windows, "piece", &dated, at_unix_s);
    struct assay_json *const lists = assay_json_set_array(out, "lists");
    if (c->has[ASSAY_PART_ROOT_CRL]) append_list(lists, "root CRL", &c->root_crl);
    if (c->has[ASSAY_PART_PCK_CRL]) append_list(lists, "PCK CRL", &c->pck_crl);
    for (size_t i = 0; i < c->list_count; i++)
        append_list(lists, "CRL", &c->lists[i].crl);
    struct assay_json *const faults = assay_json_set_array(out, "faults");
    for (uint32_t i = 0; i < c->fault_count; i++) {
        struct assay_json *const fault = assay_json_append_object(faults);
        assay_json_set_text(fault, "part", c->faults[i].what);
        assay_json_set_text(fault, "text", assay_rule_text(c->faults[i].rule));
    }
}

static void append_root(struct assay_json *roots, const struct assay_endorsements *set,
                        const struct assay_collateral_life *life, int64_t at_unix_s)
{
    struct assay_json *const out = assay_json_append_object(roots);
    uint8_t name[ASSAY_SHA256_LEN];
    assay_key_name(&life->root, name);
    assay_json_set_hex(out, "root", name, sizeof name);
    assay_json_set_text(out, "label", cli_root_label(&life->root));
    set_kinds(out, life->kinds);
    assay_json_set_uint(out, "evaluation_number", life->evaluation_number);
    assay_json_set_text(out, "age",
                        assay_collateral_age_text(assay_collateral_age(life, 0, at_unix_s)));
    if (life->is_bounded) {
        assay_json_set_time(out, "valid_from", life->from_unix_s);
        assay_json_set_time(out, "valid_until", life->until_unix_s);
        assay_json_set_time(out, "half", assay_collateral_half_life(life, 0));
    } else {
        assay_json_set_null(out, "valid_from");
        assay_json_set_null(out, "valid_until");
        assay_json_set_null(out, "half");
    }
    assay_json_set_text(out, "expires_first", life->is_bounded ? life->expires_first : NULL);
    struct assay_json *const entries = assay_json_set_array(out, "entries");
    for (size_t i = 0; i < set->count; i++)
        if (assay_key_equal(&set->entries[i].root, &life->root))
            append_entry(entries, &set->entries[i], at_unix_s);
}

/* ------------------------------------------------------------ text output */

static const char set_view[] =
    "[*roots root {root}[?label  {label}]\n"
    "  kinds[*kinds  {.}]\n"
    "[*entries [?fmspc   {tee}, FMSPC {fmspc}: TCB info of evaluation {tcb_evaluation_number}, QE "
    "identity of {qe_evaluation_number}\n"
    "|  {certificates} certificates, {#lists} revocation lists\n]"
    "[*windows     {piece,-28} {from} to {until}"
    "[?certificate  (certificate[?subject  of {subject}])][?!holds   NOT VALID NOW]\n]"
    "[*faults     FAULT {part}: {text}\n]]"
    "[?valid_until   expires first: {expires_first}, {valid_until}; half of its life has passed at "
    "{half}; "
    "now: {age}\n"
    "|  never expires: this root has nothing below it\n]]"
    "digest                 {digest}, {bytes} bytes\n";

/* ------------------------------------------------------------ the verb */

static int print_lives(const struct assay_collateral_file *file, int64_t at_unix_s, bool json,
                       bool is_sound)
{
    static struct assay_collateral_life lives[ASSAY_ENDORSEMENTS_MAX];
    size_t count = 0;
    uint8_t digest[ASSAY_SHA256_LEN];
    struct assay_json *const data = assay_json_object();
    assay_collateral_lifetimes(&file->built, lives, &count);
    assay_sha256(file->set.bytes.bytes, file->set.bytes.len, digest);
    assay_json_set_hex(data, "digest", digest, sizeof digest);
    assay_json_set_uint(data, "bytes", file->set.bytes.len);
    assay_json_set_bool(data, "sound", is_sound);
    assay_json_set_time(data, "at", at_unix_s);
    struct assay_json *const roots = assay_json_set_array(data, "roots");
    for (size_t i = 0; i < count; i++)
        append_root(roots, &file->built, &lives[i], at_unix_s);
    const int printed = cli_view_result(json, "assay.collateral.set", data, set_view);
    if (!json)
        cli_collateral_print_verified(is_sound ? ASSAY_COLLATERAL_COMPLETE
                                               : ASSAY_COLLATERAL_INCOMPLETE);
    return printed;
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
