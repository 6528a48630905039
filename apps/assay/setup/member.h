/*
 * apps/assay/setup/member.h - member of a genesis or a change, from its card, a sample quote of
 * its platform, and its operator.
 */
#ifndef ASSAY_APPS_ASSAY_SETUP_MEMBER_H
#define ASSAY_APPS_ASSAY_SETUP_MEMBER_H

#include "apps/config.h"
#include "quote/verify.h"

/* Rules for the appraisal of a sample. */
struct assay_member_rules {
    int64_t at_unix_s;
    const struct assay_endorsements *endorsements;
    const struct assay_policy *policy;
    /* counts samples that the policy would reject for their measurement; may be NULL. Each is
     * reported on stderr */
    uint32_t *refused;
};

/*
 * cli_member_read - kind, vendor root and platform from a sample, which must be genuine now.
 * Out:     *member but for its operator; its name borrows from *card
 * Returns: ASSAY_OK | ASSAY_E_MEMORY | as assay_node_card_load | INPUT statuses; with a message,
 *          but for ASSAY_E_MEMORY
 */
ASSAY_CHECKED enum assay_status cli_member_read(const char *card_path, const char *sample_path,
                                                const struct assay_member_rules *rules,
                                                struct assay_node_card *card,
                                                struct assay_genesis_member *member,
                                                char message[static ASSAY_CONFIG_MESSAGE_MAX]);

#endif
