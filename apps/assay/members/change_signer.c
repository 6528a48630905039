/*
 * apps/assay/members/change_signer.c - check that a signing key is an operator's of the network.
 */
#include "apps/assay/members/change.h"

#include "apps/assay/core/command.h"
#include "apps/assay/evidence/evidence_print.h"

#include <stdio.h>

/* "alpha (1f0e4c...), beta (...)": names are of untrusted operators. */
static void put_operators(const struct assay_genesis *g, char *out, size_t size)
{
    size_t len = 0;
    out[0] = '\0';
    for (uint32_t i = 0; i < g->operator_count && len + ASSAY_NAME_MAX + 72 < size; i++) {
        const struct assay_slice name = g->operators[i].name;
        char id[65];
        len += (size_t)snprintf(out + len, size - len, "%s", i > 0 ? ", " : "");
        for (size_t k = 0; k < name.len && k < ASSAY_NAME_MAX; k++)
            out[len++] = (char)(name.bytes[k] >= ' ' && name.bytes[k] < 0x7f ? name.bytes[k] : '?');
        assay_hex_encode(g->operators[i].operator_id, 32, id, sizeof id);
        len += (size_t)snprintf(out + len, size - len, " (%.64s)", id);
    }
}

int cli_change_signer_among(const struct assay_change_options *options, const char *verb,
                            const struct assay_genesis *operators, const uint8_t id[static 32])
{
    char list[1024], hex[65], label[ASSAY_SIGNER_LABEL_LEN];
    for (uint32_t i = 0; i < operators->operator_count; i++)
        if (assay_bytes_equal(operators->operators[i].operator_id, id, 32)) return ASSAY_EXIT_OK;
    put_operators(operators, list, sizeof list);
    assay_hex_encode(id, 32, hex, sizeof hex);
    return cli_print_error(
        options->json, ASSAY_EXIT_CONFLICT, "conflict",
        "%s: %s is the key of %.64s, not an operator of this network; expected a key of: %s", verb,
        assay_signer_label(options->key, label), hex, list);
}

/* Signing needs no node: one that the environment or a context names is used where it answers.
 * Returns: whether there is a source; fault: why not */
static bool has_source(const struct assay_change_options *options,
                       char fault[static ASSAY_CLIENT_FAULT_LEN])
{
    if (options->store != NULL || options->socket_named) return true;
    (void)snprintf(fault, ASSAY_CLIENT_FAULT_LEN, "give --socket of a node to check it");
    return options->socket_given && cli_change_node_answers(options, fault);
}

int cli_change_signer_check(const struct assay_change_options *options, const char *verb,
                            const struct assay_change_draft *draft, const uint8_t id[static 32],
                            struct cli_signer_check *check)
{
    char fault[ASSAY_CLIENT_FAULT_LEN], label[ASSAY_SIGNER_LABEL_LEN];
    struct assay_change_source source;
    *check = (struct cli_signer_check){ .is_checked = has_source(options, fault) };
    if (!check->is_checked) {
        (void)fprintf(stderr,
                      "assay: %s: whether %s is the key of an operator was not checked: %s\n", verb,
                      assay_signer_label(options->key, label), fault);
        return ASSAY_EXIT_OK;
    }
    int result = cli_change_source_open(options, &source);
    if (result == ASSAY_EXIT_OK)
        result = cli_change_signer_among(options, verb, source.basis->effective.genesis, id);
    if (result == ASSAY_EXIT_OK && draft != NULL)
        cli_change_number_note(&source, draft, check->note);
    cli_change_source_close(&source);
    return result;
}
