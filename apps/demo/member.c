/*
 * apps/demo/member.c - one member as a peer's document `nodes` describes it.
 */
#include "apps/demo/demo.h"

#include "net/json/json.h"

#include <string.h>

/* What this peer's own last judgement found; NULL unless that judgement is negative. */
static const struct assay_json *find_judgement(const struct assay_json *reasons)
{
    for (size_t i = 0; i < assay_json_count(reasons); i++) {
        const struct assay_json *const reason = assay_json_at(reasons, i);
        if (strcmp(assay_json_text(reason, "about", ""), "judgement") == 0) return reason;
    }
    return NULL;
}

/* `last_reason` is no source: it keeps the last negative finding after evidence passes again. */
static void read_reason(struct demo_member *member, const struct assay_json *reasons)
{
    const struct assay_json *const judgement = find_judgement(reasons);
    const struct assay_json *const score = assay_json_at(reasons, 0);
    const uint64_t epoch = assay_json_uint(score, "epoch", 0);
    member->failing = judgement != NULL;
    if (judgement != NULL || epoch == 0)
        (void)snprintf(member->reason, sizeof member->reason, "%s",
                       assay_json_text(judgement != NULL ? judgement : score, "text", ""));
    else
        (void)snprintf(member->reason, sizeof member->reason, "%s (epoch %llu)",
                       assay_json_text(score, "text", ""), (unsigned long long)epoch);
}

void demo_member_read(struct demo_member *member, const struct assay_json *node)
{
    (void)snprintf(member->name, sizeof member->name, "%s", assay_json_text(node, "name", "?"));
    (void)snprintf(member->standing, sizeof member->standing, "%s",
                   assay_json_text(node, "standing", "?"));
    (void)snprintf(member->condition, sizeof member->condition, "%s",
                   assay_json_text(node, "condition", member->standing));
    (void)snprintf(member->stage, sizeof member->stage, "%s", assay_json_text(node, "stage", "?"));
    member->in_maintenance = assay_json_bool(node, "in_maintenance", false);
    member->slot = (uint32_t)assay_json_uint(node, "slot", 0);
    member->score_bp = (uint32_t)assay_json_uint(node, "score_bp", 0);
    member->integrity_bp = (uint32_t)assay_json_uint(node, "integrity_bp", 0);
    member->availability_bp = (uint32_t)assay_json_uint(node, "availability_bp", 0);
    member->weight = (uint32_t)assay_json_uint(node, "weight", 0);
    member->incarnation = (uint32_t)assay_json_uint(node, "incarnation", 0);
    member->probation = assay_json_bool(node, "probation", false);
    read_reason(member, assay_json_get(node, "reasons"));
}

const struct demo_member *demo_member_of(const struct demo_peer *peer, const char *name)
{
    for (uint32_t i = 0; i < peer->now.member_count; i++)
        if (strcmp(peer->now.members[i].name, name) == 0) return &peer->now.members[i];
    return NULL;
}
