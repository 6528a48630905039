/*
 * tests/unit/quote/collateral/test_strangers.c - tests of a choice without evidence, under one root
 * (choose.h): documents that no signer under that root signed.
 */
#include "quote/pieces/choose.h"
#include "tests/unit/quote/world.h"

#include <criterion/criterion.h>
#include <stdlib.h>

struct choosing {
    struct assay_recognition found;
    struct assay_recognise_scratch scratch;
    struct assay_choice choice;
    size_t room_count;
    uint8_t *rooms[2 * ASSAY_PARTS_INTEL];
};

static void add_bundle(struct choosing *c, const struct world *w)
{
    for (size_t i = 0; i < ASSAY_PARTS_INTEL; i++) {
        const struct assay_slice text = w->bundle.files.part[i];
        const size_t room = assay_recognise_room(text.len);
        cr_assert_lt(c->room_count, sizeof c->rooms / sizeof c->rooms[0]);
        uint8_t *const bytes = calloc(1, room);
        cr_assert_not_null(bytes);
        c->rooms[c->room_count++] = bytes;
        cr_assert_eq(assay_recognise_file(&c->found, &c->scratch, text, bytes, room), ASSAY_OK);
    }
}

static bool is_document_of(struct assay_slice bytes, const struct world *w)
{
    return assay_slice_equal(bytes, w->bundle.files.part[ASSAY_PART_TCB_INFO]) ||
           assay_slice_equal(bytes, w->bundle.files.part[ASSAY_PART_QE_IDENTITY]);
}

/* Two authorities of the same names. The other one's documents are newer, of a higher number, and
 * signed by a signer that is in the folder: under this root they are those of a stranger. */
Test(quote_strangers, are_named_and_their_documents_passed_over)
{
    struct world *const w = world_open(), *const other = world_open();
    struct choosing *const c = calloc(1, sizeof *c);
    cr_assert_not_null(c);
    other->terms.evaluation_number = w->terms.evaluation_number + 9;
    other->terms.issue_unix_s = WORLD_AT - 1;
    world_publish(other);
    add_bundle(c, other);
    add_bundle(c, w);
    const struct assay_key root = assay_key_p256(w->ca.root_public);
    const struct assay_collateral_wanted wanted = { .at_unix_s = WORLD_AT, .root_key = &root };
    cr_assert_eq(assay_choose(&c->found, &wanted, &c->choice), ASSAY_OK);
    static const int documents[] = { ASSAY_PART_TCB_INFO, ASSAY_PART_QE_IDENTITY };
    for (size_t i = 0; i < 2; i++)
        cr_expect(assay_slice_equal(c->choice.files.part[documents[i]],
                                    w->bundle.files.part[documents[i]]),
                  "part %d", documents[i]);
    size_t strangers = 0;
    for (size_t i = 0; i < c->found.count; i++) {
        const bool is_others = is_document_of(c->found.pieces[i].bytes, other);
        cr_expect_eq(c->choice.is_of_stranger[i], is_others, "piece %zu", i);
        strangers += is_others;
    }
    cr_expect_eq(strangers, 2);
    for (size_t i = 0; i < c->room_count; i++) free(c->rooms[i]);
    free(c);
    world_close(other);
    world_close(w);
}
