/*
 * apps/assay/collateral/collateral_set.c - reader of collateral set files, offers and genesis
 * files.
 */
#include "apps/assay/collateral/collateral_set.h"

#include "apps/assay/core/command.h"
#include "apps/assay/core/file_fault.h"
#include "apps/assay/evidence/evidence_print.h"
#include "engine/ledger/state/genesis.h"
#include "quote/collateral/endorsements.h"
#include "quote/pieces/recognise.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_LEN_MAX = 20 << 20 }; /* a genesis of the longest endorsements */

static int report_error(bool json, const char *what, enum assay_status status)
{
    if (assay_status_class(status) == ASSAY_CLASS_HOST)
        return cli_print_error(json, ASSAY_EXIT_INTERNAL, "internal", "%s: %s", what,
                               assay_status_text(status));
    return cli_print_error(json, ASSAY_EXIT_MALFORMED, "malformed",
                           "%s: neither a set of collateral nor a genesis: %s (%s)", what,
                           assay_status_text(status), assay_status_symbol(status));
}

/* One document of a folder, given in place of the folder. Returns: what it is | NULL */
static const char *describe_document(struct assay_slice file)
{
    static const char *const texts[ASSAY_SHAPE_RIM + 1] = {
        [ASSAY_SHAPE_CERTIFICATE] = "a certificate",
        [ASSAY_SHAPE_CRL] = "a revocation list",
        [ASSAY_SHAPE_TCB_INFO] = "the TCB info of Intel",
        [ASSAY_SHAPE_QE_IDENTITY] = "the QE identity of Intel",
        [ASSAY_SHAPE_OCSP] = "an OCSP response",
        [ASSAY_SHAPE_RIM] = "a reference manifest",
    };
    const char *text = NULL;
    struct assay_recognition *const found = calloc(1, sizeof *found);
    struct assay_recognise_scratch *const scratch = calloc(1, sizeof *scratch);
    const size_t room_len = assay_recognise_room(file.len);
    uint8_t *const room = malloc(room_len);
    if (found != NULL && scratch != NULL && room != NULL && file.len > 0 &&
        assay_recognise_file(found, scratch, file, room, room_len) == ASSAY_OK &&
        found->count > 0 && found->pieces[0].status == ASSAY_OK)
        text = texts[found->pieces[0].shape];
    free(room);
    free(scratch);
    free(found);
    return text;
}

static int report_unread(bool json, const char *path, struct assay_slice file,
                         enum assay_status status)
{
    const char *const end = strrchr(path, '/');
    const char *const document = describe_document(file);
    if (document == NULL || assay_status_class(status) == ASSAY_CLASS_HOST)
        return report_error(json, path, status);
    return cli_print_error(json, ASSAY_EXIT_MALFORMED, "malformed",
                           "%s: %s, one part of a folder of collateral: give the folder, %.*s",
                           path, document,
                           end == NULL   ? 1
                           : end == path ? 1
                                         : (int)(end - path),
                           end == NULL ? "." : path);
}

static enum assay_status build_set(struct assay_slice bytes, struct assay_collateral_file *out)
{
    size_t count = 0;
    ASSAY_TRY(assay_endorsements_count(bytes.bytes, bytes.len, &count));
    out->collateral = calloc(count, sizeof *out->collateral);
    if (out->collateral == NULL) return ASSAY_E_MEMORY;
    ASSAY_TRY(assay_endorsements_read(bytes.bytes, bytes.len, out->collateral, count, &out->built));
    out->set = (struct assay_collateral_set){ bytes, &out->built };
    return ASSAY_OK;
}

/* A genesis contains a set. Its signatures matter to joining nodes; only its collateral is checked
 * here. */
static bool find_in_genesis(const uint8_t *bytes, size_t len, struct assay_slice *set,
                            struct assay_slice *policy)
{
    struct assay_where where;
    struct assay_genesis *const genesis = calloc(1, sizeof *genesis);
    if (genesis == NULL) return false;
    const bool is_one = assay_genesis_decode(bytes, len, true, genesis, &where) == ASSAY_OK;
    if (is_one) *set = genesis->endorsements;
    if (is_one) *policy = genesis->policy;
    free(genesis);
    return is_one;
}

int cli_collateral_file_read(const char *path, bool json, struct assay_collateral_file *out)
{
    size_t len = 0;
    *out = (struct assay_collateral_file){ 0 };
    enum assay_status status = assay_file_read(path, FILE_LEN_MAX, &out->file, &len);
    if (status != ASSAY_OK) return cli_print_file_fault(json, "", path, status);
    struct assay_slice set = assay_slice_over(out->file, len);
    if (!find_in_genesis(out->file, len, &set, &out->policy))
        set = assay_slice_over(out->file, len);
    status = build_set(set, out);
    return status == ASSAY_OK ? ASSAY_EXIT_OK
                              : report_unread(json, path, assay_slice_over(out->file, len), status);
}

int cli_collateral_file_take(const char *what, const uint8_t *bytes, size_t len, bool json,
                             struct assay_collateral_file *out)
{
    *out = (struct assay_collateral_file){ .file = malloc(len + 1) };
    enum assay_status status = ASSAY_E_MEMORY;
    if (out->file != NULL) {
        assay_bytes_copy(out->file, len, bytes, len);
        status = build_set(assay_slice_over(out->file, len), out);
    }
    return status == ASSAY_OK ? ASSAY_EXIT_OK : report_error(json, what, status);
}

void cli_collateral_print_verified(enum assay_completeness completeness)
{
    static const char *const texts[] = {
        [ASSAY_COLLATERAL_INCOMPLETE] = "no: a part that is needed is missing, or does not verify",
        [ASSAY_COLLATERAL_DEPENDS] =
            "unknown: what is here verifies; whether it is complete depends on the evidence",
        [ASSAY_COLLATERAL_COMPLETE] =
            "yes: every part that is needed is here, and its signatures verify",
    };
    (void)printf("complete and verified  %s\n", texts[completeness]);
}

int cli_collateral_file_sound(const char *path, bool json, const struct assay_collateral_file *set)
{
    size_t which = 0;
    if (assay_endorsements_sound(&set->built, &which) == ASSAY_OK) return ASSAY_EXIT_OK;
    return cli_print_error(json, ASSAY_EXIT_MALFORMED, "malformed",
                           "%s: entry %zu does not verify, or contradicts another", path, which);
}

int cli_collateral_file_follow(const struct assay_collateral_file *in_force,
                               const struct assay_collateral_file *offered, const char *offer,
                               bool json, struct assay_collateral_file *out)
{
    enum { HEADS = 64 };
    const size_t room = in_force->set.bytes.len + offered->set.bytes.len + HEADS;
    uint8_t *const bytes = malloc(room);
    struct assay_writer w = assay_writer_over(bytes, bytes != NULL ? room : 0);
    *out = (struct assay_collateral_file){ 0 };
    enum assay_status status = bytes != NULL ? ASSAY_OK : ASSAY_E_MEMORY;
    if (status == ASSAY_OK) status = assay_collateral_replace(&in_force->set, &offered->set, &w);
    int result = ASSAY_EXIT_OK;
    if (status == ASSAY_OK)
        result = cli_collateral_file_take("the set that would follow", bytes, w.len, json, out);
    else
        result = cli_print_error(json, ASSAY_EXIT_MALFORMED, "malformed", "%s: %s%s", offer,
                                 assay_status_text(status),
                                 status == ASSAY_E_INVALID ? "; an offer is of one root" : "");
    free(bytes);
    return result;
}

void cli_collateral_file_close(struct assay_collateral_file *set)
{
    free(set->file);
    free(set->collateral);
    *set = (struct assay_collateral_file){ 0 };
}

const char *cli_root_label(const struct assay_key *root)
{
    struct assay_key pinned;
    uint32_t kinds = 0;
    for (int i = 0; i < ASSAY_PINNED_ROOTS; i++)
        if (assay_pinned_root((enum assay_pinned_root)i, &pinned, &kinds) == ASSAY_OK &&
            assay_key_equal(&pinned, root))
            return assay_pinned_root_name((enum assay_pinned_root)i);
    return "";
}

size_t cli_root_next(const struct assay_endorsements *set, size_t at)
{
    for (; at < set->count; at++) {
        size_t first = 0;
        while (!assay_key_equal(&set->entries[first].root, &set->entries[at].root))
            first += 1;
        if (first == at) break;
    }
    return at;
}

void cli_root_part(const struct assay_endorsements *set, const struct assay_key *root,
                   struct assay_endorsements *part)
{
    *part = (struct assay_endorsements){ .count = 0 };
    for (size_t i = 0; i < set->count; i++)
        if (assay_key_equal(&set->entries[i].root, root))
            part->entries[part->count++] = set->entries[i];
}
