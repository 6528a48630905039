/*
 * sim/world/quote.c - modelled evidence and its verdict.
 *
 * "MODEL", the node whose platform made it, a flag for each fault, 64 bytes of report data, a
 * number that makes each quote different, and the build that it measures. The verdict is a function
 * of these bytes.
 */
#include "base/bitmap.h"
#include "base/writer.h"
#include "engine/ledger/state/workload_keys.h"
#include "sim/services/services.h"
#include "sim/world/world_internal.h"

#include <stdlib.h>

enum {
    AT_NODE = 5,
    AT_FLAGS = 6,
    AT_NODE_HIGH = 7,
    AT_DATA = 8,
    AT_NUMBER = 72,
    AT_BUILD = 80,
    AT_END
};
enum { FLAG_TAMPERED = 1, FLAG_OLD = 2, FLAG_FOREIGN = 4, FLAG_UNREADABLE = 8, FLAG_ENDED = 16 };

/* host/overlay/gossip.h, shape */
_Static_assert((int)AT_END < (int)EVIDENCE_LEN, "the last byte is not zero");

static uint8_t flags_of_acts(const struct assay_sim_world_acts *acts)
{
    return (uint8_t)((acts->tampered ? FLAG_TAMPERED : 0) | (acts->out_of_date ? FLAG_OLD : 0) |
                     (acts->foreign_platform ? FLAG_FOREIGN : 0) |
                     (acts->unreadable ? FLAG_UNREADABLE : 0));
}

static uint8_t flags_of(enum assay_sim_evidence evidence)
{
    switch (evidence) {
    case ASSAY_SIM_EVIDENCE_HARD: return FLAG_TAMPERED;
    case ASSAY_SIM_EVIDENCE_SOFTLY: return FLAG_OLD;
    case ASSAY_SIM_EVIDENCE_ELSEWHERE: return FLAG_FOREIGN;
    case ASSAY_SIM_EVIDENCE_UNJUDGED: return FLAG_ENDED;
    case ASSAY_SIM_EVIDENCE_GOOD:
    case ASSAY_SIM_EVIDENCE_NONE:
    case ASSAY_SIM_EVIDENCE_FIRST:
    case ASSAY_SIM_EVIDENCE_FORGED:
    case ASSAY_SIM_EVIDENCE_HELD:
    case ASSAY_SIM_EVIDENCE_HALF: return 0;
    }
    ASSAY_UNREACHABLE("evidence outside its enum");
}

static void root_of(struct assay_slice list, uint8_t root[static 32])
{
    struct assay_declared_keys keys;
    const enum assay_status status = assay_declared_keys_decode(list, &keys);
    ASSAY_ASSERT(status == ASSAY_OK);
    assay_declared_keys_root(&keys, root);
}

/* Does the enclave have this list, or had it a moment ago? */
static bool has_list(const struct assay_sim_world_acts *acts, const uint8_t wanted[static 32])
{
    const struct assay_slice lists[] = { acts->keys, acts->earlier[0], acts->earlier[1] };
    uint8_t root[32];
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        if (lists[i].len == 0) continue;
        root_of(lists[i], root);
        if (assay_bytes_equal(root, wanted, 32)) return true;
    }
    return false;
}

/* docs/protocol.md 2.16.3: the enclave binds what is declared only if it has all of it. */
static void fill_report_data(const struct assay_sim_world_acts *acts,
                             const struct assay_effect *effect, uint8_t report_data[static 64])
{
    uint8_t root[32];
    assay_bytes_copy(report_data, 64, effect->as.quote.report_data, 64);
    if (!effect->as.quote.binds_keys || acts->keys.len == 0) return;
    if (!acts->binds_undeclared && !has_list(acts, effect->as.quote.keys_root)) return;
    if (acts->binds_undeclared) root_of(acts->keys, root);
    else assay_bytes_copy(root, 32, effect->as.quote.keys_root, 32);
    const struct assay_binding binding = {
        .chain_id = effect->as.quote.chain_id,
        .era = effect->as.quote.era,
        .epoch = effect->as.quote.epoch,
        .beacon = effect->as.quote.beacon,
        .node_id = effect->as.quote.node_id,
        .incarnation = effect->as.quote.incarnation,
        .voting_public = effect->as.quote.voting_public,
        .transport_public = effect->as.quote.transport_public,
        .keys_root = root,
    };
    assay_binding_report_data(&binding, report_data);
}

struct world_payload *world_quote_make(struct assay_sim_world *w, uint32_t node,
                                       const struct assay_effect *effect)
{
    struct world_node *n = &w->nodes[node];
    const enum assay_sim_evidence wanted = world_run_evidence(w, node);
    const bool replays = n->acts.replays || wanted == ASSAY_SIM_EVIDENCE_FIRST;
    uint8_t bytes[EVIDENCE_LEN] = "MODEL";
    if (n->acts.quiet || wanted == ASSAY_SIM_EVIDENCE_NONE) return NULL;
    if (replays && n->first_quote != NULL) {
        n->first_quote->refs++;
        return n->first_quote;
    }
    if (w->soft != NULL) return world_soft_quote(w, node, effect, wanted);
    bytes[AT_NODE] = (uint8_t)node;
    bytes[AT_NODE_HIGH] = (uint8_t)(node >> 8);
    bytes[AT_FLAGS] = (uint8_t)(flags_of_acts(&n->acts) | flags_of(wanted));
    fill_report_data(&n->acts, effect, bytes + AT_DATA);
    struct assay_writer out = assay_writer_over(bytes + AT_NUMBER, 8);
    assay_writer_u64le(&out, assay_sim_random_next(&w->quotes));
    bytes[AT_BUILD] = n->acts.build;
    bytes[EVIDENCE_LEN - 1] = 1;
    return world_payload(w, bytes, sizeof bytes);
}

static void add_claims(const struct assay_sim_world *w, uint32_t node, uint8_t flags,
                       struct assay_verdict *verdict)
{
    const uint32_t platform = world_platform(w, node);
    verdict->has_claims = true;
    verdict->has_platform = true;
    world_fill_id(verdict->vendor_root, 'v', world_vendor(w, node));
    verdict->platform_masked = platform == UINT32_MAX;
    if (!verdict->platform_masked) world_fill_id(verdict->platform_id, 'p', platform);
    if ((flags & FLAG_FOREIGN) != 0) { /* never masked: a masked one would pass as its own */
        verdict->platform_masked = false;
        world_fill_id(verdict->platform_id, 'f', node);
    }
    verdict->tcb_status = ASSAY_TCB_UP_TO_DATE;
    verdict->appraised = true;
    if ((flags & FLAG_TAMPERED) != 0)
        assay_verdict_add(verdict, ASSAY_RULE_MEASUREMENT_UNKNOWN, 0, "the right build",
                          "a tampered build");
    if ((flags & FLAG_ENDED) != 0)
        assay_verdict_add(verdict, ASSAY_RULE_CERT_TIME, 0, "valid to 1", "judged at 2");
    if ((flags & FLAG_OLD) != 0) assay_verdict_add(verdict, ASSAY_RULE_SVN_MINIMUM, 0, "7", "6");
}

void world_build_value(uint8_t build, uint8_t value[static 32])
{
    assay_sim_build_value(build, value);
}

/* Every policy accepts every build: what differs is what the plan grants to it. */
static void add_build(uint8_t build, struct assay_verdict *verdict)
{
    uint8_t value[32];
    if (build == 0) return;
    world_build_value(build, value);
    assay_verdict_add_measured(verdict, WORLD_BUILD_FIELD, ASSAY_MEASURED_ALLOWED, value,
                               sizeof value);
}

static uint32_t node_of(struct assay_slice evidence)
{
    return evidence.bytes[AT_NODE] | (uint32_t)evidence.bytes[AT_NODE_HIGH] << 8;
}

void world_appraise(const struct assay_sim_world *w, struct assay_slice bytes,
                    enum assay_evidence_kind kind, int64_t at_unix_s,
                    const struct world_rules *rules, struct assay_verdict *verdict)
{
    if (w->soft != NULL) {
        world_soft_appraise(w, bytes, kind, at_unix_s, verdict);
        return;
    }
    assay_verdict_init(verdict, kind, at_unix_s);
    if (bytes.len != EVIDENCE_LEN || !assay_bytes_equal(bytes.bytes, "MODEL", 5) ||
        node_of(bytes) >= w->options.nodes) {
        assay_verdict_add(verdict, ASSAY_RULE_FORMAT, 0, NULL, NULL);
        assay_verdict_conclude(verdict);
        return;
    }
    const uint8_t flags = bytes.bytes[AT_FLAGS];
    if ((flags & FLAG_UNREADABLE) != 0 || kind != ASSAY_KIND_SOFT) { /* as quote/verify/verify.c */
        assay_verdict_add(verdict, ASSAY_RULE_UNSUPPORTED, 0, NULL, NULL);
        assay_verdict_conclude(verdict);
        return;
    }
    assay_bytes_copy(verdict->report_data, 64, bytes.bytes + AT_DATA, 64);
    const uint32_t node = node_of(bytes);
    add_claims(w, node, flags, verdict);
    add_build(bytes.bytes[AT_BUILD], verdict);
    if (rules != NULL && world_rules_expired(w, rules, node, at_unix_s))
        assay_verdict_add(verdict, ASSAY_RULE_COLLATERAL_EXPIRED, 0, "a set that is valid",
                          "one that has ended");
    if (rules != NULL && assay_bit_has(rules->fails, node))
        assay_verdict_add(verdict, ASSAY_RULE_MEASUREMENT_UNKNOWN, 0, "what the policy names",
                          "an older build");
    assay_verdict_conclude(verdict);
}

/* --- modelled documents */

static const uint8_t policy_head[] = "model policy";
static const uint8_t endorsements_head[] = "model endorsements";
_Static_assert((int)sizeof policy_head + (int)LISTED_BITS + 4 == (int)WORLD_POLICY_LEN, "");

size_t world_policy_make(uint32_t number, const uint8_t fails[static NODE_BITS],
                         uint8_t out[static WORLD_POLICY_LEN])
{
    struct assay_writer w = assay_writer_over(out, WORLD_POLICY_LEN);
    assay_writer_put(&w, policy_head, sizeof policy_head);
    assay_writer_put(&w, fails, LISTED_BITS);
    assay_writer_u32le(&w, number);
    ASSAY_ASSERT(w.len == WORLD_POLICY_LEN);
    return w.len;
}

static bool has_prefix(struct assay_slice document, const uint8_t *head, size_t len)
{
    return document.len >= len && assay_bytes_equal(document.bytes, head, len);
}

void world_policy_fails(struct assay_slice policy, uint8_t fails[static NODE_BITS])
{
    assay_bytes_zero(fails, NODE_BITS);
    if (policy.len != WORLD_POLICY_LEN || !has_prefix(policy, policy_head, sizeof policy_head))
        return;
    assay_bytes_copy(fails, NODE_BITS, policy.bytes + sizeof policy_head, LISTED_BITS);
}

static const struct world_epoch_rules no_rules;

struct world_epoch_rules *world_rules_place(struct assay_sim_world *w, uint64_t epoch)
{
    if (epoch >= w->rules_count) {
        const size_t count = 2 * (size_t)epoch + 64;
        w->rules = realloc(w->rules, count * sizeof *w->rules);
        ASSAY_ASSERT(w->rules != NULL);
        for (size_t i = w->rules_count; i < count; i++)
            w->rules[i] = no_rules;
        w->rules_count = count;
    }
    return &w->rules[epoch];
}

void world_rules_turn(struct assay_sim_world *w, uint32_t node, uint64_t epoch)
{
    struct world_epoch_rules *place = world_rules_place(w, epoch);
    struct world_rules *rules = &place->in_force;
    *rules = (struct world_rules){ 0 };
    assay_bytes_copy(rules->fails, NODE_BITS, w->nodes[node].fails, NODE_BITS);
    world_days_rules(w, w->nodes[node].collateral, epoch, rules);
    const struct world_node *n = &w->nodes[node];
    struct world_rules *before = &place->before;
    *before = (struct world_rules){ 0 };
    if (n->before_set_len == 0) { /* nothing is on trial: what fails, fails by every set */
        *before = *rules;
        return;
    }
    assay_bytes_copy(before->fails, NODE_BITS, n->before_fails, NODE_BITS);
    world_days_rules(w, assay_slice_over(n->before_set, n->before_set_len), epoch, before);
    assay_bytes_zero((uint8_t *)before->ends, sizeof before->ends);
}

bool world_rules_expired(const struct assay_sim_world *w, const struct world_rules *rules,
                         uint32_t node, int64_t at_unix_s)
{
    const uint32_t end_unix_s = rules->ends[world_vendor(w, node)];
    return end_unix_s != 0 && at_unix_s >= (int64_t)end_unix_s;
}

const struct world_rules *world_rules_of(const struct assay_sim_world *w, uint64_t epoch)
{
    return epoch < w->rules_count ? &w->rules[epoch].in_force : &no_rules.in_force;
}

const struct world_rules *world_rules_before(const struct assay_sim_world *w, uint64_t epoch)
{
    return epoch < w->rules_count ? &w->rules[epoch].before : &no_rules.before;
}

enum assay_status world_document_check(bool is_policy, uint32_t level, struct assay_slice document)
{
    (void)level;
    const bool good = is_policy ? has_prefix(document, policy_head, sizeof policy_head)
                                : has_prefix(document, endorsements_head, sizeof endorsements_head);
    return good ? ASSAY_OK : ASSAY_E_SYNTAX;
}
