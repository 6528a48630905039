/*
 * apps/assay/operate/nodes.c - `assay nodes`: members by slot, each with the last cause of change
 * of its score.
 */
#include "apps/assay/core/command.h"
#include "apps/assay/core/daemon_request.h"
#include "apps/assay/core/terminal.h"
#include "apps/assay/core/view.h"
#include "host/peers/peer_score.h"

#include <assert.h>
#include <stdio.h>

/* Time since a member was last reachable, "-" for this one and for never. */
static const char *format_age(const struct assay_json *node)
{
    char text[24] = "-";
    int64_t age_ms = 0;
    if (assay_json_as_int(assay_json_get(node, "last_message_age_ms"), &age_ms)) {
        if (age_ms < 600000) (void)snprintf(text, sizeof text, "%.1f s", (double)age_ms / 1000);
        else if (age_ms < 600 * 60000)
            (void)snprintf(text, sizeof text, "%d min", (int)(age_ms / 60000));
        else (void)snprintf(text, sizeof text, "%lld h", (long long)(age_ms / 3600000));
    }
    return cli_text_sanitized(text);
}

/* How far its date is ahead of this machine's. */
static const char *format_clock_offset(const struct assay_json *node)
{
    char text[24] = "-";
    int64_t ahead_ms = 0;
    if (assay_json_as_int(assay_json_get(node, "date_ahead_ms"), &ahead_ms)) {
        const int64_t hundredths = ahead_ms / 10; /* towards 0 */
        (void)snprintf(text, sizeof text, "%+.2f s", (double)hundredths / 100);
    }
    return cli_text_sanitized(text);
}

/* The rule that made the score what it is, not the one that was looked at last; a node that stands
 * in full needs none. What the condition says is not said again. */
static_assert(ASSAY_PEER_SCORE_LAST == 500, "as in the view");
static const char why_view[] =
    "[?stage=newcomer newcomer; ][?in_maintenance&condition!=MAINTENANCE in maintenance; ]"
    "[?probation on probation; ][?shut_out shut out here; |[?peer_score<500 served last here; ]]"
    "[?stage=resting by the operators|[?reasons.0.text {reasons.0.text}]]"
    "[?reasons.0.epoch [?stage=resting  since|, in] epoch {reasons.0.epoch}"
    "{reasons.0.at_unix_ms:at}][?recovery.steps ; {.:recovery}]\n";

static void show_nodes(const struct assay_json *document)
{
    const struct assay_json *const d = assay_json_get(document, "data");
    const struct assay_json *const nodes = assay_json_get(d, "nodes");
    const struct assay_terminal terminal = cli_terminal_look();
    (void)printf("%4s  %-16s %-11s %9s %9s %9s %7s %4s %8s %9s  %s\n", "SLOT", "NODE", "CONDITION",
                 "SCORE", "INTEGRITY", "AVAILABLE", "WEIGHT", "INC", "LAST MSG", "DATE", "REASON");
    for (size_t i = 0; i < assay_json_count(nodes); i++) {
        const struct assay_json *const n = assay_json_at(nodes, i);
        const char *const condition = cli_condition_of(n);
        (void)printf("%4llu  %-16s %s%-11s%s %9s %9s %9s %7llu %4llu %8s %9s  ",
                     cli_number_of(n, "slot"), cli_text_of(n, "name", "?"),
                     cli_terminal_colour(&terminal, condition), condition,
                     cli_terminal_plain(&terminal), cli_percent_of(n, "score_bp"),
                     cli_percent_of(n, "integrity_bp"), cli_percent_of(n, "availability_bp"),
                     cli_number_of(n, "weight"), cli_number_of(n, "incarnation"), format_age(n),
                     format_clock_offset(n));
        cli_view_print(why_view, n, stdout);
    }
}

int cli_command_nodes(int argc, char **argv)
{
    struct assay_daemon_request q = cli_daemon_request("nodes");
    const int early = cli_daemon_read_options(&q, argc, argv);
    return early >= 0 ? early : cli_daemon_print(&q, show_nodes, "nodes");
}
