/*
 * apps/assay/members/change_quorum.c - effect of a change on the quorum: voters and weight before
 * and after it, and members that would vote then and do not vote now.
 */
#include "apps/assay/members/change.h"

#include "apps/assay/core/command.h"
#include "apps/assay/core/daemon_request.h"
#include "apps/assay/evidence/evidence_print.h"
#include "base/assert.h"
#include "scoring/weight.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef unsigned long long llu;

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
    quiet.json = false; /* its failure is a note beside the one document */
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
    assay_change_count_quorum(basis, all, &q);
    free(all);
    *lost = assay_change_quorum_is_lost(&q);
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

void cli_change_quorum_print(const struct assay_json *q)
{
    if (q == NULL) return;
    const llu now = assay_json_uint(q, "weight_now", 0);
    const llu then = assay_json_uint(q, "weight_then", 0);
    const llu may_fail = assay_json_uint(q, "failures_tolerated", 0);
    (void)printf("voters         %llu of weight %llu, then %llu of weight %llu: %s%llu of them may "
                 "fail\n",
                 (llu)assay_json_uint(q, "voters_now", 0), now,
                 (llu)assay_json_uint(q, "voters_then", 0), then, may_fail == 0 ? "WARNING: " : "",
                 may_fail);
    if (!assay_json_bool(q, "quorum_lost", false)) return;
    (void)printf("WARNING        %s: weight %llu of %llu does not vote now, which is a third or "
                 "more: from its activation on no block becomes final until enough of them vote; "
                 "let them start and catch up before that, or change fewer at a time\n",
                 cli_text_of(q, "silent", "?"), (llu)assay_json_uint(q, "silent_weight", 0), then);
}
