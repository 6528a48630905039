/*
 * apps/assay/members/change_quorum.c - effect of a change on the quorum: voters and weight before
 * and after it, and members that would vote then and do not vote now.
 */
#include "apps/assay/members/change.h"

#include "apps/assay/core/command.h"
#include "apps/assay/core/daemon_request.h"
#include "apps/assay/core/view.h"
#include "apps/assay/evidence/evidence_print.h"
#include "base/assert.h"
#include "scoring/weight.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Members that the node of the socket does not reach, by name. */
static void mark_unreachable(const struct assay_json *nodes, const struct assay_state *state,
                             bool *absent)
{
    for (size_t i = 0; i < assay_json_count(nodes); i++) {
        const struct assay_json *node = assay_json_at(nodes, i);
        if (assay_json_bool(node, "present", true)) continue;
        for (uint32_t k = 0; k < state->member_count; k++)
            if (strcmp(state->members[k].name, assay_json_text(node, "name", "")) == 0)
                absent[k] = true;
    }
}

static void ask_reachable(const struct assay_change_options *options,
                          const struct assay_state *state, bool *absent)
{
    struct assay_json *document = NULL;
    struct assay_change_options quiet = *options;
    quiet.json = false;                 /* its failure is a note beside the one document */
    if (options->store != NULL) return; /* of a stopped node: only the state is known */
    if (cli_change_request(&quiet, "nodes", &document) != ASSAY_EXIT_OK) return;
    mark_unreachable(assay_json_get(assay_json_get(document, "data"), "nodes"), state, absent);
    assay_json_free(&document);
}

struct assay_json *cli_change_quorum_json(const struct assay_change_options *options,
                                          const struct assay_change_basis *basis,
                                          const bool *absent, const struct assay_tolerance *after,
                                          bool *lost)
{
    const struct assay_state *state = &basis->state;
    struct assay_change_quorum q;
    bool *all = calloc(state->member_count, sizeof *all);
    uint64_t now = 0;
    uint32_t voters = 0;
    for (uint32_t i = 0; i < state->member_count; i++) {
        const uint32_t weight = assay_member_row_weight(&state->members[i]);
        if (all != NULL && absent != NULL) all[i] = absent[i];
        now += weight;
        voters += weight > 0;
    }
    if (all != NULL) ask_reachable(options, state, all);
    assay_draft_count_quorum(basis, all, &q);
    free(all);
    *lost = assay_draft_quorum_is_lost(&q);
    struct assay_json *o = assay_json_object();
    assay_json_set_uint(o, "voters_now", voters);
    assay_json_set_uint(o, "weight_now", now);
    assay_json_set_uint(o, "voters_then", q.voters);
    assay_json_set_uint(o, "weight_then", q.total);
    assay_json_set_uint(o, "failures_tolerated",
                        after->node.third_count > 0 ? after->node.third_count - 1 : 0);
    assay_json_set_uint(o, "silent_weight", q.silent);
    assay_json_set_text(o, "silent", q.names);
    assay_json_set_bool(o, "quorum_lost", *lost);
    return o;
}

static const char quorum_view[] =
    "voters         {voters_now} of weight {weight_now}, then {voters_then} of weight "
    "{weight_then}: [?!failures_tolerated WARNING: ]{failures_tolerated} of them may fail\n"
    "[?quorum_lost WARNING        {silent}: weight {silent_weight} of {weight_then} does not vote "
    "now, which is a third or more: from its activation on no block becomes final until enough of "
    "them vote; let them start and catch up before that, or change fewer at a time\n]";

void cli_change_quorum_print(const struct assay_json *q)
{
    if (q != NULL) cli_view_print(quorum_view, q, stdout);
}
