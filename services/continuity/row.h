/*
 * services/continuity/row.h - proofs of single rows of a group's instances (docs/services.md
 * 1.3.4).
 *
 * The head of a group's documents (document.h) has the number of its rows and a root over them:
 * the tree of base/merkle.h, whose leaves and nodes are hashed under different prefixes. Rows are
 * in the order of their names, so the tree also proves that an instance has none: by the two rows
 * between which its place would be. Canonical CBOR:
 *
 *   leaf:  ["assay/group/row/v1", group, instance, birth era, birth epoch, payer,
 *           kept | retired << 1, session, author, epoch, in_epoch, curve, address, lease, shown,
 *           renewed]
 *   proof: ["assay/group/row-proof/v1", group, [[index, leaf, [hash, ...]], ...]]
 *          one leaf: the instance's own, or of one that has no row the first or the last of all;
 *          two: its neighbours; none: there are no rows
 */
#ifndef ASSAY_SERVICES_CONTINUITY_ROW_H
#define ASSAY_SERVICES_CONTINUITY_ROW_H

#include "base/merkle.h"
#include "services/continuity/group.h"

enum {
    ASSAY_CONT_ROW_PATH_MAX = 14, /* hashes of a path in a tree of ASSAY_CONT_INSTANCES_MAX rows */
    ASSAY_CONT_ROW_LEAVES_MAX = 2,
    ASSAY_CONT_ROW_FIELDS_LEN_MAX = 2 + 32 + 5 + 9 + 2 + 1 + 9 + 2 + 9 + 1 +
                                    (2 + 32 + 2 + ASSAY_CONT_ADDRESS_MAX) + 5 + 9 + 9,
    ASSAY_CONT_ROW_LEAF_LEN_MAX = 1 + 19 + 5 + ASSAY_CONT_ROW_FIELDS_LEN_MAX,
    ASSAY_CONT_ROW_PROOF_LEN_MAX =
        1 + 26 + 5 + 1 +
        ASSAY_CONT_ROW_LEAVES_MAX *
            (1 + 3 + 3 + ASSAY_CONT_ROW_LEAF_LEN_MAX + 1 + 34 * ASSAY_CONT_ROW_PATH_MAX),
};

/* The tree of a group's rows, for any number of proofs. */
struct assay_cont_row_tree {
    uint32_t count;
    uint8_t nodes[ASSAY_MERKLE_NODES(ASSAY_CONT_INSTANCES_MAX)][32];
};

/* The proven state of an instance. */
struct assay_cont_row_proven {
    bool has_row;
    uint32_t index;                     /* of it, by name; 0 without a row */
    struct assay_cont_instance_row row; /* zero without one */
};

/* Every item of a row but its place. */
void assay_cont_row_encode(struct assay_writer *w, const struct assay_cont_instance_row *row);
/* Returns: ASSAY_OK | ASSAY_E_RANGE, ASSAY_E_INVALID (no fold could have made it) | what
 * base/cbor.h says; *row is undefined then */
ASSAY_CHECKED enum assay_status assay_cont_row_decode(struct assay_cursor *c,
                                                      struct assay_cont_instance_row *row);

/* The rows of this group's head (document.h decodes it). */
void assay_cont_rows_of(const struct assay_cont_group *group, struct assay_cont_rows *rows);
void assay_cont_row_tree_grow(struct assay_cont_row_tree *tree,
                              const struct assay_cont_group *group);
/*
 * assay_cont_row_prove - proves that an instance has this row, or that it has none.
 * In:      tree: of this group's current rows (asserted by its count alone)
 * Out:     at most ASSAY_CONT_ROW_PROOF_LEN_MAX bytes in w
 * Returns: ASSAY_OK | ASSAY_E_FULL
 */
ASSAY_CHECKED enum assay_status assay_cont_row_prove(const struct assay_cont_row_tree *tree,
                                                     const struct assay_cont_group *group,
                                                     const uint8_t instance[static 32],
                                                     struct assay_writer *w);
/*
 * assay_cont_row_verify - verifies the proof of one instance's row, or of its absence.
 * In:      rows: trusted; proof: hostile
 * Out:     *proven on ASSAY_OK
 * Returns: ASSAY_OK | ASSAY_E_CHAIN (of another group) | ASSAY_E_STRANGER (of other instances: it
 *          proves nothing of this one) | ASSAY_E_RANGE (an index behind the rows, a path longer
 *          than any, a number out of range) | ASSAY_E_INVALID (a leaf that is not under the root,
 *          or a row that no fold could have made) | as base/cbor.h | ASSAY_E_TRAILING
 */
ASSAY_CHECKED enum assay_status assay_cont_row_verify(const struct assay_cont_rows *rows,
                                                      const uint8_t instance[static 32],
                                                      struct assay_slice proof,
                                                      struct assay_cont_row_proven *proven);

#endif
