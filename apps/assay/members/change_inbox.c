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

static void print_names(const char *label, const struct assay_json *list)
{
    if (assay_json_count(list) == 0) return;
    (void)printf("  %-11s ", label);
    for (size_t i = 0; i < assay_json_count(list); i++) {
        const char *name = assay_json_as_text(assay_json_at(list, i));
        (void)printf("%s%s", i > 0 ? ", " : "", name != NULL ? cli_text_sanitized(name) : "?");
    }
    (void)putchar('\n');
}

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

static void print_what_if(const struct assay_json *what_if)
{
    const struct assay_json *quorum = assay_json_get(what_if, "quorum");
    const char *note = assay_json_text(what_if, "note", "");
    (void)printf("  %-11s %s", "here",
                 assay_json_bool(what_if, "fits", false) ? "it fits" : "it does not fit");
    if (note[0] != '\0') (void)printf(": %s", cli_text_sanitized(note));
    (void)putchar('\n');
    if (assay_json_bool(quorum, "lost", false)) {
        (void)printf("  %-11s without %s ", "", cli_text_of(quorum, "silent", "?"));
        (void)puts("the other members would be no quorum");
    }
}

static void print_proposal(const struct assay_json *p)
{
    const struct assay_json *actions = assay_json_get(p, "actions");
    const unsigned needed = (unsigned)assay_json_uint(p, "needed", 0);
    (void)printf("%s  change %llu, in force from epoch %llu%s\n", cli_proposal_id_of(p, "id"),
                 (llu)assay_json_uint(p, "sequence", 0), (llu)assay_json_uint(p, "activation", 0),
                 cli_when_of(p, "activation_at_ms"));
    for (size_t k = 0; k < assay_json_count(actions); k++) {
        const char *words = assay_json_as_text(assay_json_at(actions, k));
        (void)printf("  %-11s %s\n", "action", words != NULL ? cli_text_sanitized(words) : "");
    }
    print_approvals(assay_json_get(p, "approvals"));
    if (needed > 0)
        (void)printf("  %-11s %u more approval%s\n", "needs", needed, needed == 1 ? "" : "s");
    else (void)printf("  %-11s nothing: it is offered to blocks\n", "needs");
    print_names("missing", assay_json_get(p, "missing"));
    print_names("withdrew", assay_json_get(p, "withdrawn"));
    (void)printf("  %-11s after epoch %llu%s\n", "expires", (llu)assay_json_uint(p, "expires", 0),
                 cli_when_of(p, "expires_at_ms"));
    print_what_if(assay_json_get(p, "what_if"));
}

static void print_ended(const struct assay_json *list)
{
    for (size_t i = 0; i < assay_json_count(list); i++) {
        const struct assay_json *p = assay_json_at(list, i);
        (void)printf("%s  ended in epoch %llu: ", cli_proposal_id_of(p, "id"),
                     (llu)assay_json_uint(p, "epoch", 0));
        (void)printf("%s; change %llu of ", cli_text_of(p, "end", "?"),
                     (llu)assay_json_uint(p, "sequence", 0));
        (void)printf("%s\n", cli_text_of(p, "operator", "?"));
    }
}

/* Of this node alone: others see a statement once a block has it. */
static const char offered_view[] =
    "[*proposals_offered {id,.16}  offered, in no block yet: {operator} [?act=propose proposes|"
    "[?act=approve approves|withdraws]] change {sequence}\n]";

static int print_inbox(const struct assay_json *data)
{
    const struct assay_json *list = assay_json_get(data, "proposals");
    const llu from = assay_json_uint(data, "proposals_complete_from", 0);
    const llu level = assay_json_uint(data, "level", 0);
    if (level < ASSAY_LEVEL_REVIEWS)
        (void)printf("A proposal %s\n",
                     assay_change_level_needed(ASSAY_LEVEL_REVIEWS, (uint32_t)level));
    else if (assay_json_count(list) == 0)
        (void)puts(assay_json_count(assay_json_get(data, "proposals_offered")) > 0
                       ? "No proposal is open yet."
                       : "No proposal is open.");
    if (!assay_json_bool(data, "proposals_complete", true))
        (void)printf("This node passed over blocks: some proposals may be missing before epoch "
                     "%llu%s.\n",
                     from, cli_when_of_epoch(data, from));
    for (size_t i = 0; i < assay_json_count(list); i++)
        print_proposal(assay_json_at(list, i));
    cli_view_print(offered_view, data, stdout);
    print_ended(assay_json_get(data, "proposals_ended"));
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
