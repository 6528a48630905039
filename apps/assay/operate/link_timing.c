/*
 * apps/assay/operate/link_timing.c - epoch length T derived from one-way delays.
 */
#include "apps/assay/operate/link_timing.h"

#include "base/checked.h"

enum {
    PARTS = 16, /* of T in delta */
    WAY_MS_MIN = 25,
    WAY_MS_MAX = 2000,
    EPOCH_MS_MIN = 100, /* engine/ledger/state/genesis.h */
    NEAR_MIN = 3, /* fewer neighbours are not significant (docs/command-line.md 5) */
};

static enum assay_link_fit fit_of(const struct assay_link_peer *p, uint64_t epoch_ms)
{
    if (p->is_self) return ASSAY_LINK_FITS;
    if (p->has_ended) return ASSAY_LINK_ENDED;
    if (!p->is_present) return ASSAY_LINK_SILENT;
    if (!p->is_measured) return p->is_far ? ASSAY_LINK_FAR : ASSAY_LINK_UNKNOWN;
    if (p->needs_ms == 0) return ASSAY_LINK_NEVER;
    return p->needs_ms <= epoch_ms ? ASSAY_LINK_FITS : ASSAY_LINK_SLOW;
}

static uint64_t needs_of(const struct assay_link_peer *p)
{
    const uint64_t way_ms = p->worst_ms / 2 + p->worst_ms % 2;
    if (p->is_self) return EPOCH_MS_MIN;
    if (!p->is_measured || way_ms > WAY_MS_MAX) return 0;
    return way_ms <= WAY_MS_MIN ? EPOCH_MS_MIN : way_ms * PARTS; /* delta is not shorter */
}

/* Weight that follows epochs of this length; present ones alone. */
static uint64_t weight_at(const struct assay_link_peer *peers, size_t count, uint64_t epoch_ms)
{
    uint64_t weight = 0;
    for (size_t i = 0; i < count; i++) {
        const bool there = peers[i].is_self || (peers[i].is_present && peers[i].is_measured);
        if (there && peers[i].needs_ms != 0 && peers[i].needs_ms <= epoch_ms)
            weight += peers[i].weight;
    }
    return weight;
}

void cli_links_advise(struct assay_link_peer *peers, size_t count, uint64_t epoch_ms,
                      struct assay_link_advice *advice)
{
    uint64_t total = 0;
    uint32_t near = 0, far = 0;
    *advice = (struct assay_link_advice){
        .way_ms = assay_min_u64(WAY_MS_MAX, assay_max_u64(WAY_MS_MIN, epoch_ms / PARTS))
    };
    for (size_t i = 0; i < count; i++) {
        struct assay_link_peer *p = &peers[i];
        p->needs_ms = needs_of(p);
        p->fit = fit_of(p, epoch_ms);
        const bool counts = p->is_self || p->is_measured || !p->is_far;
        total += counts ? p->weight : 0;
        near += p->is_measured && !p->is_self;
        far += !counts;
        advice->slow += p->fit == ASSAY_LINK_SLOW || p->fit == ASSAY_LINK_NEVER;
        advice->silent += p->fit == ASSAY_LINK_SILENT || p->fit == ASSAY_LINK_ENDED;
        if (p->is_self || p->is_present)
            advice->all_ms = assay_max_u64(advice->all_ms, p->needs_ms);
    }
    if (far > 0 && near < NEAR_MIN) return;
    /* docs/protocol.md 5.1: a quorum is more than two thirds. Some member's need is the least T. */
    for (size_t i = 0; i < count; i++) {
        const uint64_t t = peers[i].needs_ms;
        if (t == 0 || (advice->quorum_ms != 0 && t >= advice->quorum_ms)) continue;
        if (3 * weight_at(peers, count, t) > 2 * total) advice->quorum_ms = t;
    }
}
