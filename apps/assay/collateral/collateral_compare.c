/*
 * apps/assay/collateral/collateral_compare.c - `assay collateral compare OLD NEW`: check, root by
 * root, that new collateral may replace the set in force.
 */
#include "apps/assay/collateral/collateral.h"

#include "apps/assay/collateral/collateral_set.h"
#include "apps/assay/core/command.h"
#include "apps/assay/evidence/evidence_print.h"
#include "base/rfc3339.h"
#include "quote/collateral/newer.h"

#include <inttypes.h>
#include <stdio.h>

static void value_text(const struct assay_renewal_value *value, char *text, size_t capacity)
{
    char buffer[2 * ASSAY_SHA256_LEN + 1] = "nothing";
    switch (value->form) {
    case ASSAY_RENEWAL_NO_VALUE: break;
    case ASSAY_RENEWAL_NUMBER:
        (void)snprintf(buffer, sizeof buffer, "%" PRId64, value->number);
        break;
    case ASSAY_RENEWAL_TIME: assay_rfc3339_format(value->number, buffer); break;
    case ASSAY_RENEWAL_BYTES:
        assay_hex_encode(value->bytes, value->len, buffer, sizeof buffer);
        break;
    }
    (void)snprintf(text, capacity, "%s", buffer);
}

static const char *kind_name(enum assay_renewal_kind kind)
{
    switch (kind) {
    case ASSAY_RENEWAL_REFUSED: return "refused";
    case ASSAY_RENEWAL_SAME_NUMBER: return "newer";
    case ASSAY_RENEWAL_HIGHER_NUMBER: return "recovery";
    }
    return "unknown";
}

static struct assay_json *renewal_json(const struct assay_key *root,
                                       const struct assay_renewal *renewal)
{
    struct assay_json *const out = assay_json_object();
    uint8_t name[ASSAY_SHA256_LEN];
    char text[2 * ASSAY_SHA256_LEN + 1];
    assay_key_name(root, name);
    assay_json_set_hex(out, "root", name, sizeof name);
    assay_json_set_text(out, "label", cli_root_label(root));
    assay_json_set_text(out, "result", kind_name(renewal->kind));
    assay_json_set_uint(out, "number_in_force", renewal->number_in_force);
    assay_json_set_uint(out, "number_offered", renewal->number_offered);
    assay_json_set_text(out, "fault", assay_renewal_fault_name(renewal->fault));
    assay_json_set_text(out, "piece", renewal->piece);
    assay_json_set_text(out, "field", renewal->field);
    value_text(&renewal->expected, text, sizeof text);
    assay_json_set_text(out, "expected",
                        renewal->expected.form == ASSAY_RENEWAL_NO_VALUE ? NULL : text);
    value_text(&renewal->found, text, sizeof text);
    assay_json_set_text(out, "found", renewal->found.form == ASSAY_RENEWAL_NO_VALUE ? NULL : text);
    return out;
}

void cli_renewal_print(FILE *to, const struct assay_key *root, const struct assay_renewal *renewal)
{
    uint8_t name[ASSAY_SHA256_LEN];
    char text[2 * ASSAY_SHA256_LEN + 1], expected[2 * ASSAY_SHA256_LEN + 1];
    assay_key_name(root, name);
    assay_hex_encode(name, 8, text, sizeof text);
    (void)fprintf(to, "root %s %s: ", text, cli_root_label(root));
    switch (renewal->kind) {
    case ASSAY_RENEWAL_SAME_NUMBER:
        (void)fputs("newer: may serve from the next epoch on\n", to);
        return;
    case ASSAY_RENEWAL_HIGHER_NUMBER:
        (void)fprintf(to,
                      "a TCB recovery, evaluation %u after %u: may serve after the delay of the "
                      "genesis; see `assay collateral forecast`\n",
                      renewal->number_offered, renewal->number_in_force);
        return;
    case ASSAY_RENEWAL_REFUSED: break;
    }
    (void)fprintf(to, "%s", assay_renewal_fault_text(renewal->fault));
    if (renewal->piece[0] != '\0' || renewal->field[0] != '\0')
        (void)fprintf(to, ": %s%s%s", renewal->piece, renewal->piece[0] != '\0' ? ", " : "",
                      renewal->field);
    value_text(&renewal->found, text, sizeof text);
    value_text(&renewal->expected, expected, sizeof expected);
    if (renewal->expected.form != ASSAY_RENEWAL_NO_VALUE ||
        renewal->found.form != ASSAY_RENEWAL_NO_VALUE)
        (void)fprintf(to, " (expected %s, found %s)", expected, text);
    (void)fputs("\n", to);
}

static bool is_idle(const struct assay_renewal *renewal)
{
    return renewal->fault == ASSAY_RENEWAL_NOTHING || renewal->fault == ASSAY_RENEWAL_SOON;
}

/* The gravest of all roots: refused, a recovery, newer, nothing. */
static int get_graver_result(int result, const struct assay_renewal *renewal)
{
    int one = ASSAY_EXIT_OK;
    if (renewal->kind == ASSAY_RENEWAL_HIGHER_NUMBER) one = ASSAY_EXIT_WARNING;
    else if (renewal->kind == ASSAY_RENEWAL_REFUSED)
        one = is_idle(renewal) ? ASSAY_EXIT_NONE : ASSAY_EXIT_MALFORMED;
    if (result == ASSAY_EXIT_MALFORMED || one == ASSAY_EXIT_MALFORMED) return ASSAY_EXIT_MALFORMED;
    if (result == ASSAY_EXIT_WARNING || one == ASSAY_EXIT_WARNING) return ASSAY_EXIT_WARNING;
    return result == ASSAY_EXIT_OK ? ASSAY_EXIT_OK : one;
}

static int compare_sets(const struct assay_collateral_file *old,
                        const struct assay_collateral_file *new, int64_t at_unix_s, bool json)
{
    struct assay_json *const roots = assay_json_array();
    int result = ASSAY_EXIT_NONE;
    for (size_t i = 0; (i = cli_root_next(&new->built, i)) < new->built.count; i++) {
        struct assay_endorsements part;
        struct assay_renewal renewal;
        const struct assay_key *const root = &new->built.entries[i].root;
        cli_root_part(&new->built, root, &part);
        assay_collateral_newer(&old->built, &part, at_unix_s, &renewal);
        if (json) assay_json_append(roots, renewal_json(root, &renewal));
        else cli_renewal_print(stdout, root, &renewal);
        result = get_graver_result(result, &renewal);
    }
    if (!json) {
        struct assay_json *unused = roots;
        assay_json_free(&unused);
        return fflush(stdout) == 0 ? result : ASSAY_EXIT_INTERNAL;
    }
    struct assay_json *const data = assay_json_object();
    assay_json_set(data, "roots", roots);
    const int printed = cli_print_envelope("assay.collateral.compare", data);
    return printed == ASSAY_EXIT_OK ? result : printed;
}

int cli_collateral_compare(const struct assay_collateral_options *options)
{
    struct assay_collateral_file old = { 0 }, new = { 0 };
    int result = cli_collateral_file_read(options->in_force, options->json, &old);
    if (result == ASSAY_EXIT_OK)
        result = cli_collateral_file_sound(options->in_force, options->json, &old);
    if (result == ASSAY_EXIT_OK)
        result = cli_collateral_file_read(options->offer, options->json, &new);
    if (result == ASSAY_EXIT_OK)
        result = compare_sets(&old, &new, options->at_unix_s, options->json);
    cli_collateral_file_close(&old);
    cli_collateral_file_close(&new);
    return result;
}
