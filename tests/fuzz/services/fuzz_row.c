/*
 * tests/fuzz/services/fuzz_row.c - fuzz target: a proof of one row: the number of rows (1 byte), an
 * instance (32 bytes), the proof. What is taken is what the group has of that instance, and the
 * proof that the group makes.
 */
#include "base/assert.h"
#include "services/continuity/document.h"
#include "tests/support/services/row_world.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static struct assay_cont_group group;
    static struct assay_cont_instance_row rows[ROW_WORLD_ROWS];
    static struct assay_cont_row_tree tree;
    static uint8_t again[ASSAY_CONT_ROW_PROOF_LEN_MAX];
    struct assay_cont_row_proven proven;
    struct assay_cont_rows said;
    struct assay_slice out;
    if (len < 33) return 0;
    row_world_make(&group, rows, bytes[0] % (ROW_WORLD_ROWS + 1u));
    assay_cont_row_tree_grow(&tree, &group);
    assay_cont_rows_of(&group, &said);
    const struct assay_slice proof = assay_slice_over(bytes + 33, len - 33);
    if (assay_cont_row_verify(&said, bytes + 1, proof, &proven) != ASSAY_OK) return 0;
    const struct assay_cont_instance_row *row = assay_cont_group_row(&group, bytes + 1);
    ASSAY_ASSERT(proven.has_row == (row != NULL));
    if (row != NULL)
        ASSAY_ASSERT(assay_bytes_equal(proven.row.instance, row->instance, 32) &&
                     assay_bytes_equal(proven.row.contact.curve, row->contact.curve, 32));
    struct assay_writer w = assay_writer_over(again, sizeof again);
    const enum assay_status status = assay_cont_row_prove(&tree, &group, bytes + 1, &w);
    ASSAY_ASSERT(status == ASSAY_OK && assay_writer_finish(&w, &out) == ASSAY_OK);
    /* There is no other. */
    ASSAY_ASSERT(assay_slice_equal(out, proof));
    return 0;
}
