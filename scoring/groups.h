/*
 * scoring/groups.h - groups of members that share a platform, an operator or a vendor root.
 *
 * protocol.md 6.2 and 6.3. Built once per roster, used by every tally and every weight table of it.
 * Ids are compared as bytes; what they are made of (key digests, HMACs) is the caller's business.
 */
#ifndef ASSAY_SCORING_GROUPS_H
#define ASSAY_SCORING_GROUPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    ASSAY_SCORING_ID_LEN = 32,
    ASSAY_SCORING_MEMBERS_MAX = 16384, /* the simulator's largest network; 32-bit sums hold it */
};

/* Groups of one member, from its roster slot. */
struct assay_place {
    uint8_t node_id[ASSAY_SCORING_ID_LEN];     /* rounding remainders go in byte order of it */
    uint8_t platform_id[ASSAY_SCORING_ID_LEN]; /* read only when not platform_shared */
    uint8_t operator_id[ASSAY_SCORING_ID_LEN];
    uint8_t vendor_root[ASSAY_SCORING_ID_LEN];
    /* The platform id is masked, or names an instance (Nitro module, cloud vTPM): all such members
     * of one (operator, vendor root) count as one platform. */
    bool platform_shared;
};

/* All arrays have `count` elements, index = roster slot, and live in the memory given to build. */
struct assay_groups {
    uint32_t count;
    uint32_t platform_count;
    uint32_t operator_count;
    uint32_t vendor_count;
    uint32_t *by_id;         /* slots in byte order of node_id */
    uint32_t *platform;      /* 0 .. platform_count - 1 */
    uint32_t *operator_;     /* 0 .. operator_count - 1 */
    uint32_t *vendor;        /* 0 .. vendor_count - 1 */
    uint32_t *platform_next; /* ring of the slots of one platform, rising, the last to the first */
};

/* Returns: bytes of memory that assay_groups_build needs for count members. */
size_t assay_groups_memory_len(uint32_t count);

/*
 * assay_groups_build - number the groups of a roster.
 *
 * In:       places[count], 1 <= count <= ASSAY_SCORING_MEMBERS_MAX (asserted), node ids all
 *           different (what has the same goes by slot: no roster may stop its nodes); memory
 *           aligned for uint64_t and at least assay_groups_memory_len(count)
 * Out:      *groups borrows memory; places is not needed afterwards
 * Returns:  nothing
 * Cost:     O(count log count) comparisons
 */
void assay_groups_build(const struct assay_place *places, uint32_t count, void *memory,
                        size_t memory_len, struct assay_groups *groups);

#endif
