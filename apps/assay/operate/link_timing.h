/*
 * apps/assay/operate/link_timing.h - epoch length T that the links of a node support. Pure: figures
 * in, advice out.
 *
 * delta = clamp(T/16, 25 ms, 2 s) (docs/protocol.md 5.9). A voter gives a view up when it has no
 * proposal after 2 delta: it may have entered the view one way earlier than the leader, and the
 * proposal takes one way more. It gives up its notarisation after 3 delta: the proposal, and the
 * votes for it. So links carry T when one way takes delta at most: T >= 16 ways, or 8 rounds, and
 * no T carries more than 2 s. An envelope has T/4 = 4 ways, a quote's pull 3T/8 = 6: enough by the
 * same.
 *
 * Where a node has links to neighbours alone (4.12.1) it is asked about these: what more than two
 * thirds of their weight and its own can follow, as with dates (4.12.9).
 */
#ifndef ASSAY_APPS_ASSAY_OPERATE_LINK_TIMING_H
#define ASSAY_APPS_ASSAY_OPERATE_LINK_TIMING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum assay_link_fit {
    ASSAY_LINK_FITS,
    ASSAY_LINK_SLOW,    /* T is too short for it */
    ASSAY_LINK_NEVER,   /* every T is */
    ASSAY_LINK_UNKNOWN, /* there, and has not answered yet */
    ASSAY_LINK_FAR,     /* no neighbour: reached through others */
    ASSAY_LINK_SILENT,  /* unreachable */
    ASSAY_LINK_ENDED,   /* as announced */
};

struct assay_link_peer {
    const char *name; /* borrowed */
    uint64_t weight;
    bool is_self, is_present, has_ended, is_measured;
    bool is_far; /* there need not be a link: what is not measured counts for nothing */
    uint64_t last_ms, worst_ms; /* there and back */
    /* What comes out: */
    enum assay_link_fit fit;
    uint64_t needs_ms; /* the T that it asks for; 0: none, or not known */
};

struct assay_link_advice {
    uint64_t way_ms;    /* what T leaves for one way: delta */
    uint64_t quorum_ms; /* T that more than two thirds of the weight can follow; 0: not known */
    uint64_t all_ms;    /* T that every measured peer can follow */
    uint32_t slow, silent;
};

/* Fills in fit and needs_ms of each. */
void cli_links_advise(struct assay_link_peer *peers, size_t count, uint64_t epoch_ms,
                      struct assay_link_advice *advice);

#endif
