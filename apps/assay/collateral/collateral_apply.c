/*
 * apps/assay/collateral/collateral_apply.c - `assay collateral apply`: the complete set that
 * results from an offer, for operators who sign a change of the entire set (docs/protocol.md 9.6:
 * actions of a change).
 *
 * The offer is checked as each member does (8.4). One of another root or family, or with pieces
 * that follow nothing in force, is refused. What is merely older changes nothing: piece by piece
 * the further one is kept.
 */
#include "apps/assay/collateral/collateral.h"

#include "apps/assay/collateral/collateral_set.h"
#include "apps/assay/core/command.h"
#include "apps/assay/evidence/evidence_print.h"
#include "apps/assay/core/output.h"

static int write_set(const struct assay_collateral_options *o,
                     const struct assay_collateral_file *next)
{
    uint8_t digest[ASSAY_SHA256_LEN];
    char text[2 * ASSAY_SHA256_LEN + 1];
    const int written =
        cli_output_write("assay collateral apply", o->out, ASSAY_FILE_PUBLIC, next->set.bytes);
    if (written != ASSAY_EXIT_OK) return written;
    assay_sha256(next->set.bytes.bytes, next->set.bytes.len, digest);
    assay_hex_encode(digest, sizeof digest, text, sizeof text);
    if (!o->json) {
        (void)printf("%s: %zu bytes, digest %s\n", o->out, next->set.bytes.len, text);
        return fflush(stdout) == 0 ? ASSAY_EXIT_OK : ASSAY_EXIT_INTERNAL;
    }
    struct assay_json *const data = assay_json_object();
    assay_json_set_text(data, "file", o->out);
    assay_json_set_text(data, "digest", text);
    return cli_print_envelope("assay.collateral.apply", data);
}

/* What is in force stays as it is, whatever of it is further: no need to refuse. */
static bool changes_nothing(const struct assay_renewal *renewal)
{
    return renewal->fault == ASSAY_RENEWAL_NOTHING || renewal->fault == ASSAY_RENEWAL_SOON ||
           renewal->fault == ASSAY_RENEWAL_BACKWARDS;
}

static int check_offer(const struct assay_collateral_options *o,
                       const struct assay_renewal *renewal)
{
    if (renewal->kind != ASSAY_RENEWAL_REFUSED || changes_nothing(renewal)) return ASSAY_EXIT_OK;
    return cli_print_error(o->json, ASSAY_EXIT_MALFORMED, "malformed",
                           "%s: refused: %s%s%s; nothing is written, %s stays in force (assay "
                           "collateral compare has the values)",
                           o->offer, assay_renewal_fault_text(renewal->fault),
                           renewal->piece[0] != '\0' ? ": " : "", renewal->piece, o->in_force);
}

static int apply_offer(const struct assay_collateral_options *o, int64_t at_unix_s,
                       struct assay_collateral_file files[3])
{
    struct assay_renewal renewal;
    int result = cli_collateral_file_read(o->in_force, o->json, &files[0]);
    if (result == ASSAY_EXIT_OK)
        result = cli_collateral_file_sound(o->in_force, o->json, &files[0]);
    if (result == ASSAY_EXIT_OK) result = cli_collateral_file_read(o->offer, o->json, &files[1]);
    if (result == ASSAY_EXIT_OK) result = cli_collateral_file_sound(o->offer, o->json, &files[1]);
    if (result != ASSAY_EXIT_OK) return result;
    assay_collateral_newer(&files[0].built, &files[1].built, at_unix_s, &renewal);
    const bool has_one_root = cli_root_next(&files[1].built, 1) == files[1].built.count;
    if (has_one_root) result = check_offer(o, &renewal);
    if (result == ASSAY_EXIT_OK)
        result = cli_collateral_file_follow(&files[0], &files[1], o->offer, o->json, &files[2]);
    if (result == ASSAY_EXIT_OK)
        result = cli_collateral_file_sound("the set that would follow", o->json, &files[2]);
    if (result != ASSAY_EXIT_OK) return result;
    if (!o->json) cli_renewal_print(stdout, &files[1].built.entries[0].root, &renewal);
    return write_set(o, &files[2]);
}

int cli_collateral_apply(const struct assay_collateral_options *options)
{
    struct assay_collateral_file files[3] = { { 0 }, { 0 }, { 0 } };
    const int result = apply_offer(options, options->at_unix_s, files);
    for (int i = 0; i < 3; i++)
        cli_collateral_file_close(&files[i]);
    return result;
}
