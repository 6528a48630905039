/*
 * quote/collateral/recognise.h: a piece is what its own bytes are, whatever they begin with.
 */
#include "quote/collateral/recognise.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

struct recognising {
    struct assay_recognition found;
    struct assay_recognise_scratch scratch;
    uint8_t room[4096 + ASSAY_RECOGNISE_ROOM];
};

/* The pieces of one file. */
static struct recognising *recognise(const void *bytes, size_t len)
{
    struct recognising *r = calloc(1, sizeof *r);
    cr_assert_not_null(r);
    cr_assert_eq(assay_recognise_file(&r->found, &r->scratch, assay_slice_over(bytes, len), r->room,
                                      sizeof r->room),
                 ASSAY_OK);
    return r;
}

/* One piece, all of the file, of which its owner decides what it is. */
static void is_one_piece(const uint8_t *bytes, size_t len, unsigned first)
{
    struct recognising *r = recognise(bytes, len);
    cr_assert_eq(r->found.count, 1, "%zu bytes from %u", len, first);
    const struct assay_recognised *piece = &r->found.pieces[0];
    cr_expect_eq(piece->shape, ASSAY_SHAPE_OTHER, "%zu bytes from %u: %s", len, first,
                 assay_shape_text(piece->shape));
    cr_expect_eq(piece->status, ASSAY_OK, "%zu bytes from %u", len, first);
    cr_expect_eq(piece->bytes.len, len, "%zu bytes from %u", len, first);
    free(r);
}

/* Lengths of signatures and of values of PCRs: what they begin with is chance. One in 256 begins
 * like a JSON document. */
Test(recognise, signatures_and_digests_begin_with_any_byte)
{
    static const size_t lengths[] = { 32, 64, 256, 384, 768 };
    uint8_t bytes[768];
    for (size_t l = 0; l < sizeof lengths / sizeof lengths[0]; l++)
        for (unsigned first = 0; first < 256; first++) {
            uint32_t state = 7 + first;
            for (size_t i = 0; i < lengths[l]; i++) {
                state = state * 1664525 + 1013904223;
                bytes[i] = (uint8_t)(state >> 24);
            }
            bytes[0] = (uint8_t)first;
            is_one_piece(bytes, lengths[l], first);
            bytes[0] = ' '; /* nor what stands behind what could be blanks */
            bytes[1] = (uint8_t)first;
            is_one_piece(bytes, lengths[l], first);
        }
}

/* Nothing extended these PCRs. */
Test(recognise, zeros_are_values_too)
{
    static const uint8_t zeros[256];
    is_one_piece(zeros, 32, 0);
    is_one_piece(zeros, 96, 0);
}

Test(recognise, what_is_blank_is_nothing)
{
    static const char *const blanks[] = { "", " ", "\n\n", "\r\n \t\n" };
    for (size_t i = 0; i < sizeof blanks / sizeof blanks[0]; i++) {
        struct recognising *r = recognise(blanks[i], strlen(blanks[i]));
        cr_expect_eq(r->found.count, 0, "%zu", i);
        free(r);
    }
}

/* What calls itself a document is one, and damaged where it cannot be read. */
Test(recognise, documents_are_told_by_their_names)
{
    static const struct {
        const char *text;
        enum assay_shape shape;
    } table[] = {
        { "{\"tcbInfo\":{}}", ASSAY_SHAPE_TCB_INFO },
        { " \n{ \"tcbInfo\" : \x01 }", ASSAY_SHAPE_TCB_INFO },
        { "{\"enclaveIdentity\":{}}", ASSAY_SHAPE_QE_IDENTITY },
        { "{\"kty\":\"EC\"}", ASSAY_SHAPE_KEY },
        { "{\"kty\":\x02\"EC\"}", ASSAY_SHAPE_KEY },
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct recognising *r = recognise(table[i].text, strlen(table[i].text));
        cr_assert_eq(r->found.count, 1, "%zu", i);
        cr_expect_eq(r->found.pieces[0].shape, table[i].shape, "%zu: %s", i,
                     assay_shape_text(r->found.pieces[0].shape));
        cr_expect_neq(r->found.pieces[0].status, ASSAY_OK, "%zu", i);
        free(r);
    }
    /* Other people's documents are nothing of ours. */
    static const char other[] = "{\"advisories\":[]}    ";
    struct recognising *r = recognise(other, 20);
    cr_assert_eq(r->found.count, 1);
    cr_expect_eq(r->found.pieces[0].status, ASSAY_E_UNSUPPORTED);
    free(r);
}
