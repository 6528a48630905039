/*
 * apps/assay/members/change_inbox.c - `assay change inbox`: open proposals of changes, who approved
 * and who is missing, expiry, and the result on the queried node.
 */
#include "apps/assay/members/change.h"

#include "apps/assay/core/command.h"
#include "apps/assay/core/daemon_request.h"
#include "apps/assay/core/view.h"
#include "apps/assay/members/change_proposal.h"
#include "engine/ledger/records/change.h"
#include "engine/ledger/records/review.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef unsigned long long llu;

static void print_approvals(const struct assay_json *list)
{
    for (size_t i = 0; i < assay_json_count(list); i++) {
        const struct assay_json *a = assay_json_at(list, i);
        const char *comment = assay_json_text(a, "comment", "");
        char fit[CLI_PROPOSAL_COMMENT_LEN];
        const bool is_author = strcmp(assay_json_text(a, "act", ""), "propose") == 0;
        (void)printf("  %-11s %s", is_author ? "proposed" : "approved",
                     cli_text_of(a, "operator", "?"));
        (void)printf(" in epoch %llu%s", (llu)assay_json_uint(a, "epoch", 0),
                     cli_when_of(a, "at_ms"));
        if (comment[0] != '\0')
            (void)printf(": %s",
                         cli_proposal_comment(assay_slice_over(comment, strlen(comment)), fit));
        (void)putchar('\n');
    }
}

/* Of one open proposal, after its id; then come its approvals. */
static const char actions_view[] = "  change {sequence}, in force from epoch {activation}"
                                   "{activation_at_ms:at}\n"
                                   "[*actions   action      {.}\n]";

static const char needs_view[] =
    "  needs       [?needed {needed} more approval{needed:plural}|nothing: it is offered to "
    "blocks]\n"
    "[?missing   missing     {missing}\n]"
    "[?withdrawn   withdrew    {withdrawn}\n]"
    "  expires     after epoch {expires}{expires_at_ms:at}\n"
    "  here        [?what_if.fits it fits|it does not fit][?what_if.note : {what_if.note}]\n"
    "[?what_if.quorum.lost               without {what_if.quorum.silent} the other members would "
    "be no quorum\n]";

static void print_proposal(const struct assay_json *p)
{
    (void)fputs(cli_proposal_id_of(p, "id"), stdout);
    cli_view_print(actions_view, p, stdout);
    print_approvals(assay_json_get(p, "approvals"));
    cli_view_print(needs_view, p, stdout);
}

static const char none_view[] = "[?!proposals No proposal is open[?proposals_offered  yet].\n]";

static const char passed_view[] =
    "[?proposals_complete=no This node passed over blocks: some proposals may be missing before "
    "epoch {proposals_complete_from:epoch}.\n]";

/* What this node offers others see once a block has it. */
static const char others_view[] =
    "[*proposals_offered {id,.16}  offered, in no block yet: {operator} [?act=propose proposes|"
    "[?act=approve approves|withdraws]] change {sequence}\n]"
    "[*proposals_ended {id,.64}  ended in epoch {epoch}: {end}; change {sequence} of {operator}\n]";

static int print_inbox(const struct assay_json *data)
{
    const struct assay_json *const list = assay_json_get(data, "proposals");
    const uint64_t level = assay_json_uint(data, "level", 0);
    if (level < ASSAY_LEVEL_REVIEWS)
        (void)printf("A proposal %s\n",
                     assay_change_level_needed(ASSAY_LEVEL_REVIEWS, (uint32_t)level));
    else cli_view_print(none_view, data, stdout);
    cli_view_print(passed_view, data, stdout);
    for (size_t i = 0; i < assay_json_count(list); i++)
        print_proposal(assay_json_at(list, i));
    cli_view_print(others_view, data, stdout);
    return fflush(stdout) == 0 ? ASSAY_EXIT_OK : ASSAY_EXIT_INTERNAL;
}

int cli_change_run_inbox(const struct assay_change_options *options)
{
    struct assay_json *document = NULL;
    int result = cli_change_request(options, "changes", &document);
    if (result != ASSAY_EXIT_OK) return result;
    result = options->json ? cli_print_document(document)
                           : print_inbox(assay_json_get(document, "data"));
    assay_json_free(&document);
    return result;
}
