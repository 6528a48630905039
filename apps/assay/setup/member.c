/*
 * apps/assay/setup/member.c - member of a genesis or a change, from its card and sample quote.
 */
#include "apps/assay/setup/member.h"

#include "apps/assay/core/file_fault.h"
#include "apps/assay/setup/genesis.h"
#include "quote/verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A sample may be of another program than the node will run: this is reported, and is no error by
 * itself. When no sample at all matches, the policy is wrong (genesis_create.c). */
static void note_measurement(const char *path, const struct assay_member_rules *rules,
                             const struct assay_verdict *verdict)
{
    char measured[2 * ASSAY_MEASUREMENT_MAX + 1] = "";
    for (uint32_t i = 0; i < verdict->reason_count; i++) {
        const struct assay_reason *const reason = &verdict->reasons[i];
        if (reason->rule != ASSAY_RULE_MEASUREMENT_UNKNOWN &&
            reason->rule != ASSAY_RULE_MEASUREMENT_DENIED)
            continue;
        assay_hex_encode(verdict->measurement, verdict->measurement_len, measured, sizeof measured);
        (void)fprintf(stderr,
                      "assay: warning: %s: it measures %s, which the policy does not accept: %s "
                      "(expected %s, observed %s)\n",
                      path, measured, assay_rule_text(reason->rule), reason->expected,
                      reason->observed);
        if (rules->refused != NULL) *rules->refused += 1;
        return;
    }
}

/* A sample quote names kind, vendor root and platform: it must be genuine now. */
static enum assay_status read_sample(const char *path, const struct assay_member_rules *rules,
                                     struct assay_genesis_member *member, char *message)
{
    uint8_t *quote = NULL;
    size_t len = 0;
    struct assay_verdict *verdict = calloc(1, sizeof *verdict);
    if (verdict == NULL) return ASSAY_E_MEMORY;
    enum assay_status status = assay_file_read(path, ASSAY_EVIDENCE_LEN_MAX, &quote, &len);
    struct assay_evidence_request request = { .bytes = quote,
                                              .at_unix_s = rules->at_unix_s,
                                              .endorsements = rules->endorsements,
                                              .policy = rules->policy };
    if (status == ASSAY_OK) status = assay_evidence_detect(quote, len, &request.kind);
    if (status == ASSAY_OK) status = assay_evidence_length(request.kind, quote, len, &request.len);
    if (status == ASSAY_OK) status = assay_evidence_verify(NULL, &request, verdict);
    if (status != ASSAY_OK)
        status =
            cli_genesis_set_message(message, status, "%s: %s", path, cli_file_fault(path, status));
    else if (verdict->genuine != ASSAY_GENUINE_TRUE || !verdict->has_platform)
        status = cli_genesis_set_message(
            message, ASSAY_E_INVALID, "%s: not genuine under the collateral: %s", path,
            verdict->reason_count ? assay_rule_text(verdict->reasons[0].rule)
                                  : "the platform has no id");
    if (status == ASSAY_OK) {
        note_measurement(path, rules, verdict);
        member->evidence_kind = verdict->kind;
        assay_bytes_copy(member->vendor_root, 32, verdict->vendor_root, 32);
        /* docs/protocol.md 6.2: a masked id names no platform, and is zero in the roster. */
        if (!verdict->platform_masked)
            assay_bytes_copy(member->platform_id, 32, verdict->platform_id, 32);
    }
    free(quote);
    free(verdict);
    return status;
}

enum assay_status cli_member_read(const char *card_path, const char *sample_path,
                                  const struct assay_member_rules *rules,
                                  struct assay_node_card *card, struct assay_genesis_member *member,
                                  char message[static ASSAY_CONFIG_MESSAGE_MAX])
{
    ASSAY_TRY(assay_node_card_load(card_path, card, message));
    assay_bytes_copy(member->identity_public, 64, card->identity_public, 64);
    assay_bytes_copy(member->node_id, 32, card->node_id, 32);
    assay_bytes_copy(member->bootstrap_public, 32, card->bootstrap_public, 32);
    assay_bytes_copy(member->voting_public, 64, card->voting_public, 64);
    assay_bytes_copy(member->transport_public, 32, card->transport_public, 32);
    member->name = assay_slice_over(card->name, strlen(card->name));
    return read_sample(sample_path, rules, member, message);
}
