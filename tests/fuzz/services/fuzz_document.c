/*
 * tests/fuzz/services/fuzz_document.c - fuzz target: the documents of a group: the length of the
 * head (2 bytes), the head, the rows. Properties: what decodes has every invariant, accepts any
 * standings at a close, is encoded with the same bytes, and has the same view when read alone.
 */
#include "base/assert.h"
#include "services/continuity/document.h"

enum { INSTANCES = 5 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static struct assay_cont_group group;
    static struct assay_cont_instance_row rows[INSTANCES];
    static struct assay_cont_facts facts;
    static uint8_t again[ASSAY_CONT_DOCUMENT_LEN_MAX];
    static const struct assay_cont_home home = { .group = 7 };
    struct assay_cursor in = assay_cursor_over(bytes, len);
    struct assay_slice of[2];
    uint16_t head = 0;
    enum assay_cont_standing standing[8];
    uint16_t score[8];
    if (assay_cursor_u16be(&in, &head) != ASSAY_OK ||
        assay_cursor_slice(&in, head, &of[0]) != ASSAY_OK ||
        assay_cursor_slice(&in, assay_cursor_left(&in), &of[1]) != ASSAY_OK)
        return 0;
    static struct assay_cont_view view;
    const enum assay_status viewed = assay_cont_view_read(home.group, of[0], &view);
    ASSAY_ASSERT(viewed != ASSAY_OK || view.roster.count <= ASSAY_CONT_SEATS_MAX);
    assay_cont_group_init(&group, &home, 3, INSTANCES, rows);
    for (uint32_t i = 0; i < 2; i++) { /* in either order */
        const uint32_t at = (i + (uint32_t)len) % 2;
        if (assay_cont_group_decode(&group, at, of[at]) != ASSAY_OK) return 0;
    }
    if (assay_cont_group_join(&group) != ASSAY_OK) return 0;
    ASSAY_ASSERT(viewed == ASSAY_OK && view.phase == group.phase);
    ASSAY_ASSERT(view.roster.view == group.now.roster.view);
    for (uint32_t i = 0; i < 2; i++) {
        struct assay_writer w = assay_writer_over(again, sizeof again);
        struct assay_slice out;
        const enum assay_status written = assay_cont_group_encode(&group, i, &w);
        ASSAY_ASSERT(written == ASSAY_OK && assay_writer_finish(&w, &out) == ASSAY_OK);
        ASSAY_ASSERT(assay_slice_equal(out, of[i]));
    }
    for (size_t i = 0; i < 8; i++) {
        standing[i] = (enum assay_cont_standing)(bytes[len - 1 - i] % 4);
        score[i] = bytes[len - 1 - i];
    }
    assay_cont_group_close_epoch(&group, 9, standing, score, NULL, 8, &facts);
    assay_cont_group_check(&group);
    return 0;
}
