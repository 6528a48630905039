/*
 * tests/unit/quote/collateral/test_recognise.c - tests of the recognition of collateral.
 *
 * quote/pieces/recognise.h: a piece is what its own bytes are, whatever they begin with.
 */
#include "quote/pieces/recognise.h"

#include "base/base64.h"
#include "base/bytes.h"
#include "tests/unit/quote/world.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct recognising {
    struct assay_recognition found;
    struct assay_recognise_scratch scratch;
    uint8_t room[3 * 4096 + 640];
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

/* --- lists among other bytes (evidence-rules.md 1.15) */
enum { FILE_MAX = 4096 };

/* A file that is being put together. */
struct file {
    uint8_t bytes[FILE_MAX];
    size_t len;
};

static void add_bytes(struct file *f, const void *bytes, size_t len)
{
    cr_assert_leq(len, sizeof f->bytes - f->len);
    assay_bytes_copy(f->bytes + f->len, sizeof f->bytes - f->len, bytes, len);
    f->len += len;
}

enum form { DER, PEM, HEX, UPPER_HEX, BASE64, FORMS };

static void add_list_as(struct file *f, struct assay_slice list, enum form form)
{
    char text[FILE_MAX];
    size_t len = 0;
    switch (form) {
    case DER: add_bytes(f, list.bytes, list.len); return;
    case PEM:
        cr_assert_eq(
            assay_pem_put("X509 CRL", list.bytes, list.len, f->bytes, sizeof f->bytes, &f->len),
            ASSAY_OK);
        return;
    case HEX:
    case UPPER_HEX:
        assay_hex_encode(list.bytes, list.len, text, sizeof text);
        for (size_t i = 0; form == UPPER_HEX && text[i] != 0; i++)
            if (text[i] >= 'a') text[i] = (char)(text[i] - 'a' + 'A');
        add_bytes(f, text, 2 * list.len);
        return;
    case BASE64:
        cr_assert_eq(assay_base64_encode(ASSAY_BASE64_STANDARD, list.bytes, list.len, text,
                                         sizeof text, &len),
                     ASSAY_OK);
        add_bytes(f, text, len);
        return;
    case FORMS: break;
    }
    cr_assert_fail("a form");
}

/* What the file gives: is that list among the pieces, and is any list one that cannot be read? */
struct found {
    bool has_first, has_second, has_damaged;
};

static struct found look(const struct file *f, struct assay_slice first, struct assay_slice second)
{
    struct found found = { 0 };
    struct recognising *r = recognise(f->bytes, f->len);
    for (size_t i = 0; i < r->found.count; i++) {
        const struct assay_recognised *const piece = &r->found.pieces[i];
        if (piece->shape != ASSAY_SHAPE_CRL) continue;
        if (piece->status != ASSAY_OK) found.has_damaged = true;
        else if (assay_slice_equal(piece->bytes, first)) found.has_first = true;
        else if (assay_slice_equal(piece->bytes, second)) found.has_second = true;
    }
    free(r);
    return found;
}

/* What matters: no list that is there is lost without a word. */
static void expect_no_loss(const struct file *f, struct assay_slice first,
                           struct assay_slice second, const char *what)
{
    const struct found found = look(f, first, second);
    cr_expect((found.has_first && found.has_second) || found.has_damaged, "%s", what);
}

Test(recognise, nothing_between_two_lists_hides_one)
{
    static const struct {
        const char *bytes;
        size_t len;
        bool is_explained; /* by itself: the lists are sound then */
    } between[] = {
        { "\0", 1, true },
        { "\n", 1, true },
        { "\0\0\0\r\n", 5, true },
        { "garbage", 7, true }, /* a comment */
        { "\xff", 1, false },
        { "\x30\x82", 2, false },
        { "\x30\x82\x01", 3, false },
        { "\x01\x02\x03\x04\x05\x06\x07\x08", 8, false },
        { "\x30\x03\x02\x01\x05", 5, false },
        { "0123456789\x01"
          "123456789\x02"
          "123456789\x03"
          "1",
          32, false }, /* as long as a digest */
    };
    struct world *w = world_open();
    const struct assay_slice a = w->bundle.files.part[ASSAY_PART_ROOT_CRL];
    const struct assay_slice b = w->bundle.files.part[ASSAY_PART_PCK_CRL];
    for (size_t i = 0; i < sizeof between / sizeof between[0]; i++)
        for (int place = 0; place < 3; place++) { /* in front, between, behind */
            struct file f = { .len = 0 };
            if (place == 0) add_bytes(&f, between[i].bytes, between[i].len);
            add_list_as(&f, a, DER);
            if (place == 1) add_bytes(&f, between[i].bytes, between[i].len);
            add_list_as(&f, b, DER);
            if (place == 2) add_bytes(&f, between[i].bytes, between[i].len);
            const struct found found = look(&f, a, b);
            cr_expect(found.has_first && found.has_second, "%zu, %d: both are found", i, place);
            cr_expect_eq(found.has_damaged, !between[i].is_explained, "%zu, %d", i, place);
        }
    world_close(w);
}

/* However much of the second one is there, and whatever is wrong with its first bytes. */
Test(recognise, a_cut_or_bent_list_behind_a_good_one_is_noticed)
{
    struct world *w = world_open();
    const struct assay_slice a = w->bundle.files.part[ASSAY_PART_ROOT_CRL];
    const struct assay_slice b = w->bundle.files.part[ASSAY_PART_PCK_CRL];
    for (size_t len = 1; len < b.len; len++) {
        struct file f = { .len = 0 };
        add_list_as(&f, a, DER);
        add_bytes(&f, b.bytes, len);
        const struct found found = look(&f, a, b);
        /* 0x30 alone is the digit 0, a comment */
        if (len > 1) cr_expect(found.has_damaged, "%zu bytes of it", len);
        cr_expect(found.has_first, "%zu", len);
        struct file alone = { .len = 0 };
        add_bytes(&alone, b.bytes, len);
        if (len > 1) cr_expect(look(&alone, a, b).has_damaged, "%zu bytes alone", len);
        struct file front = { .len = 0 };
        add_bytes(&front, b.bytes, len);
        add_list_as(&front, a, DER);
        if (len > 1) cr_expect(look(&front, a, b).has_damaged, "%zu bytes in front", len);
        cr_expect(look(&front, a, b).has_first, "%zu bytes in front of the good one", len);
    }
    for (size_t at = 0; at < 16; at++)
        for (unsigned bit = 0; bit < 8; bit++) {
            struct file f = { .len = 0 };
            add_list_as(&f, a, DER);
            add_list_as(&f, b, DER);
            f.bytes[a.len + at] ^= (uint8_t)(1u << bit);
            cr_expect(look(&f, a, b).has_damaged, "byte %zu, bit %u", at, bit);
        }
    world_close(w);
}

Test(recognise, lists_are_read_in_every_form_and_none_hides_behind_another)
{
    struct world *w = world_open();
    const struct assay_slice a = w->bundle.files.part[ASSAY_PART_ROOT_CRL];
    const struct assay_slice b = w->bundle.files.part[ASSAY_PART_PCK_CRL];
    for (enum form one = DER; one < FORMS; one++) {
        static const char *const around[] = { "", "\n", " \r\n", "\"" };
        for (size_t i = 0; i < sizeof around / sizeof around[0]; i++) {
            struct file f = { .len = 0 };
            if (one >= HEX) add_bytes(&f, around[i], strlen(around[i]));
            if (one == HEX && i == 1) add_bytes(&f, "0x", 2);
            add_list_as(&f, a, one);
            if (one >= HEX) add_bytes(&f, around[i], strlen(around[i]));
            const struct found found = look(&f, a, b);
            cr_expect(found.has_first && !found.has_damaged, "form %d, %zu", (int)one, i);
        }
        for (enum form other = DER; other < FORMS; other++) {
            static const char *const middle[] = { "", "\n", "; ", "comment\n" };
            for (size_t i = 0; i < sizeof middle / sizeof middle[0]; i++) {
                struct file f = { .len = 0 };
                add_list_as(&f, a, one);
                add_bytes(&f, middle[i], strlen(middle[i]));
                add_list_as(&f, b, other);
                char what[64];
                (void)snprintf(what, sizeof what, "forms %d and %d, %zu", (int)one, (int)other, i);
                expect_no_loss(&f, a, b, what);
            }
        }
    }
    world_close(w);
}

/* Hexadecimal as people and tools print it, with words in front of it that forbid to decode it. */
Test(recognise, a_list_that_is_printed_byte_by_byte_hides_behind_no_words)
{
    static const struct {
        const char *front, *between;
        size_t group; /* bytes */
    } forms[] = { { "list:\n", ":", 1 },        { "list:\n", " ", 2 },
                  { "list:\n", ", 0x", 1 },     { "list = \"\\x", "\\x", 1 },
                  { "dump;\n", "\r\n    ", 7 }, { "see below\n", "\n", 16 } };
    struct world *w = world_open();
    const struct assay_slice a = w->bundle.files.part[ASSAY_PART_ROOT_CRL];
    const struct assay_slice b = w->bundle.files.part[ASSAY_PART_PCK_CRL];
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
        for (int is_alone = 0; is_alone < 2; is_alone++) {
            char hex[3];
            struct file f = { .len = 0 };
            if (is_alone == 0) add_list_as(&f, a, PEM);
            add_bytes(&f, forms[i].front, strlen(forms[i].front));
            for (size_t k = 0; k < b.len; k++) {
                const char *const between = forms[i].between;
                if (k > 0 && k % forms[i].group == 0) add_bytes(&f, between, strlen(between));
                assay_hex_encode(b.bytes + k, 1, hex, sizeof hex);
                add_bytes(&f, hex, 2);
            }
            cr_expect(look(&f, a, b).has_damaged, "form %zu, alone: %d", i, is_alone);
        }
    world_close(w);
}

/* The search behind bytes that nothing explains is that of binary files. */
Test(recognise, a_list_that_is_encoded_behind_other_bytes_is_read)
{
    static const char *const junk[] = { "\x01", "\xff\xfe\x01", "garbage" };
    struct world *w = world_open();
    const struct assay_slice a = w->bundle.files.part[ASSAY_PART_ROOT_CRL];
    const struct assay_slice b = w->bundle.files.part[ASSAY_PART_PCK_CRL];
    for (size_t i = 0; i < sizeof junk / sizeof junk[0]; i++)
        for (enum form form = HEX; form < FORMS; form++)
            for (int is_alone = 0; is_alone < 2; is_alone++) {
                struct file inner = { .len = 0 }, f = { .len = 0 };
                add_bytes(&inner, junk[i], strlen(junk[i]));
                add_bytes(&inner, b.bytes, b.len);
                if (is_alone == 0) add_list_as(&f, a, PEM);
                add_list_as(&f, assay_slice_over(inner.bytes, inner.len), form);
                const struct found found = look(&f, a, b);
                cr_expect(found.has_second, "%zu, form %d, alone: %d", i, (int)form, is_alone);
                cr_expect(found.has_damaged, "%zu, form %d, alone: %d", i, (int)form, is_alone);
            }
    world_close(w);
}

/* Behind what takes the rest of a file: a document, evidence, a certificate that was cut. */
Test(recognise, lists_are_found_behind_other_pieces)
{
    static const char *const documents[] = { "{\"tcbInfo\":{}}", "{\"kty\":\"EC\"}", "{\"a\":1}",
                                             "-----BEGIN CERTIFICATE-----\nAAAA\n",
                                             "-----BEGIN OTHER-----\nAAAA\n" };
    struct world *w = world_open();
    const struct assay_slice a = w->bundle.files.part[ASSAY_PART_ROOT_CRL];
    const struct assay_slice b = w->bundle.files.part[ASSAY_PART_PCK_CRL];
    for (size_t i = 0; i < sizeof documents / sizeof documents[0]; i++) {
        struct file f = { .len = 0 };
        add_bytes(&f, documents[i], strlen(documents[i]));
        add_list_as(&f, a, DER);
        add_list_as(&f, b, DER);
        expect_no_loss(&f, a, b, documents[i]);
    }
    struct assay_slice chain = w->bundle.files.part[ASSAY_PART_TCB_CHAIN], label;
    uint8_t der[ASSAY_CERT_DER_MAX];
    size_t len = 0;
    cr_assert_eq(assay_pem_next(&chain, &label, der, sizeof der, &len), ASSAY_OK);
    for (size_t cut = 1; cut < len; cut += 7) {
        struct file f = { .len = 0 };
        add_bytes(&f, der, cut);
        add_list_as(&f, a, DER);
        add_list_as(&f, b, DER);
        expect_no_loss(&f, a, b, "a cut certificate");
    }
    world_close(w);
}

/* A block of PEM whose bytes end in zeros, as some tools write them, is all used. */
Test(recognise, zeros_at_the_end_of_a_block_are_nothing)
{
    struct world *w = world_open();
    struct assay_slice chain = w->bundle.files.part[ASSAY_PART_TCB_CHAIN], label;
    uint8_t der[ASSAY_CERT_DER_MAX + 1] = { 0 };
    size_t len = 0;
    struct file f = { .len = 0 };
    cr_assert_eq(assay_pem_next(&chain, &label, der, ASSAY_CERT_DER_MAX, &len), ASSAY_OK);
    der[len] = 0;
    cr_assert_eq(assay_pem_put("CERTIFICATE", der, len + 1, f.bytes, sizeof f.bytes, &f.len),
                 ASSAY_OK);
    add_bytes(&f, "\0", 1);
    struct recognising *r = recognise(f.bytes, f.len);
    cr_assert_eq(r->found.count, 1);
    cr_expect_eq(r->found.pieces[0].shape, ASSAY_SHAPE_CERTIFICATE);
    cr_expect_eq(r->found.pieces[0].status, ASSAY_OK);
    free(r);
    world_close(w);
}

/* --- keys and lists in one file */
static const char web_key[] = "{\"kty\":\"EC\",\"crv\":\"P-256\","
                              "\"x\":\"axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY\","
                              "\"y\":\"T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU\"}";

static void add_base64(struct file *f, const void *bytes, size_t len)
{
    char text[FILE_MAX];
    size_t text_len = 0;
    cr_assert_eq(
        assay_base64_encode(ASSAY_BASE64_STANDARD, bytes, len, text, sizeof text, &text_len),
        ASSAY_OK);
    add_bytes(f, text, text_len);
    add_bytes(f, "\n", 1);
}

/* The bytes of a key that was decoded stay what they are while the rest of the file is read: once
 * a list of its length was taken for the same piece, and was lost. */
Test(recognise, a_list_behind_an_encoded_key_is_another_piece)
{
    static const uint8_t head[] = { 0x30, 0x59, 0x30, 0x40, 2, 1, 1, 0x30, 0x03, 6, 1, 1 };
    uint8_t list[91] = { 0 }; /* as long as SPKI of P-256; damaged behind its header */
    struct file f = { .len = 0 };
    struct recognising *r = recognise(web_key, sizeof web_key - 1);
    cr_assert_eq(r->found.count, 1);
    cr_assert_eq(r->found.pieces[0].status, ASSAY_OK);
    cr_assert_eq(r->found.pieces[0].bytes.len, sizeof list);
    assay_bytes_copy(list, sizeof list, head, sizeof head);
    add_base64(&f, web_key, sizeof web_key - 1);
    cr_assert_eq(assay_pem_put("X509 CRL", list, sizeof list, f.bytes, sizeof f.bytes, &f.len),
                 ASSAY_OK);
    struct recognising *both = recognise(f.bytes, f.len);
    bool has_key = false, has_list = false;
    for (size_t i = 0; i < both->found.count; i++) {
        const struct assay_recognised *const piece = &both->found.pieces[i];
        if (piece->shape == ASSAY_SHAPE_KEY)
            has_key = piece->status == ASSAY_OK &&
                      assay_slice_equal(piece->bytes, r->found.pieces[0].bytes);
        if (piece->shape == ASSAY_SHAPE_CRL) has_list = piece->status != ASSAY_OK;
    }
    cr_expect(has_key);
    cr_expect(has_list);
    free(r);
    free(both);
}

/* --- collateral in one document (evidence-rules.md 1.15.3) */
static void add_text(struct file *f, const char *text)
{
    add_bytes(f, text, strlen(text));
}

/* As a string of JSON. */
static void add_string(struct file *f, struct assay_slice text)
{
    add_text(f, "\"");
    for (size_t i = 0; i < text.len; i++) {
        const uint8_t byte = text.bytes[i];
        if (byte == '\n') add_text(f, "\\n");
        else if (byte == '"' || byte == '\\') add_bytes(f, (uint8_t[]){ '\\', byte }, 2);
        else add_bytes(f, &byte, 1);
    }
    add_text(f, "\"");
}

Test(recognise, lists_chains_and_documents_are_read_out_of_one_document)
{
    static const char signature[] = "\"00112233445566778899\"", body[] = "{\"id\":\"TDX\"}";
    struct world *w = world_open();
    const struct assay_slice a = w->bundle.files.part[ASSAY_PART_ROOT_CRL];
    const struct assay_slice b = w->bundle.files.part[ASSAY_PART_PCK_CRL];
    const struct assay_slice chain = w->bundle.files.part[ASSAY_PART_TCB_CHAIN];
    for (int nested = 0; nested < 2; nested++) {
        struct file f = { .len = 0 };
        struct recognising *const r = calloc(1, sizeof *r);
        size_t certificates = 0, documents = 0, lists = 0;
        cr_assert_not_null(r);
        add_text(&f, nested ? "{\"quote\":\"0400\",\"collateral\":[{\"root_ca_crl\":\""
                            : "{\"root_ca_crl\":\"");
        add_list_as(&f, a, HEX);
        add_text(&f, "\",\"pck_crl\":\"");
        add_list_as(&f, b, HEX);
        add_text(&f, "\",\"tcb_info_issuer_chain\":");
        add_string(&f, chain);
        add_text(&f, ",\"tcb_info\":");
        add_string(&f, assay_slice_over(body, sizeof body - 1));
        add_text(&f, ",\"tcb_info_signature\":");
        add_text(&f, signature);
        add_text(&f, nested ? "}]}\n" : "}\n");
        cr_assert_eq(assay_recognise_file(&r->found, &r->scratch, assay_slice_over(f.bytes, f.len),
                                          r->room, sizeof r->room),
                     ASSAY_OK);
        const struct found found = look(&f, a, b);
        cr_expect(found.has_first && found.has_second && !found.has_damaged, "%d", nested);
        for (size_t i = 0; i < r->found.count; i++) {
            const struct assay_recognised *const piece = &r->found.pieces[i];
            static const char made[] =
                "{\"tcbInfo\":{\"id\":\"TDX\"},\"signature\":\"00112233445566778899\"}";
            cr_expect_eq(piece->file, 0);
            lists += piece->shape == ASSAY_SHAPE_CRL;
            certificates += piece->shape == ASSAY_SHAPE_CERTIFICATE && piece->status == ASSAY_OK;
            if (piece->shape != ASSAY_SHAPE_TCB_INFO) continue;
            documents += 1;
            cr_expect(assay_slice_equal(piece->bytes, assay_slice_over(made, sizeof made - 1)));
        }
        cr_expect_eq(lists, 2);
        cr_expect_eq(certificates, 2);
        cr_expect_eq(documents, 1);
        cr_expect_eq(r->found.count, 5);
        free(r);
    }
    world_close(w);
}

/* One that cannot be read and holds a list is a list that cannot be read. */
Test(recognise, a_damaged_document_hides_no_list)
{
    static const char *const tails[] = { "\"", "\"]", "\",\"a\":1,\"a\":2}", "\",}" };
    struct world *w = world_open();
    const struct assay_slice a = w->bundle.files.part[ASSAY_PART_ROOT_CRL];
    for (size_t i = 0; i < sizeof tails / sizeof tails[0]; i++) {
        struct file f = { .len = 0 };
        add_text(&f, "{\"crl\":\"");
        add_list_as(&f, a, HEX);
        add_text(&f, tails[i]);
        cr_expect(look(&f, a, a).has_damaged, "%s", tails[i]);
    }
    world_close(w);
}

/* Markup that cannot be read takes the rest of its file; the list behind it is one all the same. */
Test(recognise, markup_hides_no_list)
{
    static const char *const fronts[] = { "<SoftwareIdentity", "<?xml version=\"1.0\"?><a>",
                                          " \n<SoftwareIdentity name=\"x\"/>\n" };
    struct world *w = world_open();
    const struct assay_slice a = w->bundle.files.part[ASSAY_PART_ROOT_CRL];
    const struct assay_slice b = w->bundle.files.part[ASSAY_PART_PCK_CRL];
    for (size_t i = 0; i < sizeof fronts / sizeof fronts[0]; i++) {
        struct file f = { .len = 0 };
        add_text(&f, fronts[i]);
        add_list_as(&f, b, DER);
        const struct found found = look(&f, a, b);
        cr_expect(found.has_damaged || found.has_second, "%s", fronts[i]);
    }
    world_close(w);
}

/* A response that cannot be read, and whose length includes a list. */
Test(recognise, a_damaged_response_hides_no_list)
{
    struct world *w = world_open();
    const struct assay_slice a = w->bundle.files.part[ASSAY_PART_ROOT_CRL];
    const struct assay_slice b = w->bundle.files.part[ASSAY_PART_PCK_CRL];
    const size_t len = b.len + 6;
    const uint8_t head[] = { 0x30, 0x82, (uint8_t)(len >> 8), (uint8_t)len, 0x0a, 0x01, 0x00, 0xa0,
                             0x01, 0x00 };
    for (uint8_t version = 0; version < 4; version++) { /* 1: the one that lists have */
        struct file f = { .len = 0 };
        add_bytes(&f, head, sizeof head);
        add_list_as(&f, b, DER);
        uint8_t *at = f.bytes + sizeof head;
        while (!assay_bytes_equal(at, (const uint8_t[]){ 0x02, 0x01, 0x01 }, 3))
            at += 1;
        at[2] = version;
        const struct found found = look(&f, a, b);
        cr_expect(found.has_damaged || found.has_second, "version %u", (unsigned)version);
    }
    world_close(w);
}

/* In known documents, behind names, in escapes, UTF-16 and short lines, or encoded once more. */
Test(recognise, no_list_hides_in_what_a_file_was_taken_for)
{
    static const struct {
        const char *front, *line_end, *back;
        size_t columns;
        bool has_nuls, is_twice;
    } forms[] = {
        { "{\"tcbInfo\":{},\"crl\":\"", "", "\"}", 0, false, false },
        { "{\"kty\":\"x\",\"crl\":\"", "\\n", "\"}", 64, false, false },
        { "{\"a\":1,\"a\":2,\"crl\":\"-----BEGIN CRL-----\\n", "\\n", "\"}", 64, false, false },
        { "{\"c\":\"{\\\"crl\\\":\\\"", "\\\\n", "\\\"}\"}", 64, false, false },
        { "PCK_CRL=", "", "\n", 0, false, false },
        { "-----BEGIN%20CRL-----%0A", "%0A", "%0A-----END%20CRL-----", 64, false, false },
        { "the list:\n", "\n", "\n", 12, false, false },
        { "", "", "", 0, true, false },
        { "-----BEGIN X509 CRL-----\n", "\n", "\n-----END X509 CRL-----\n", 64, false, true },
        { "x-----BEGIN CRL-----\n", "\n", "\n-----END CRL-----\n", 64, false, true },
        { "xy-----BEGIN CRL-----\n", "\n", "\n-----END CRL-----\n", 64, false, true },
    };
    struct world *w = world_open();
    const struct assay_slice a = w->bundle.files.part[ASSAY_PART_ROOT_CRL];
    const struct assay_slice b = w->bundle.files.part[ASSAY_PART_PCK_CRL];
    struct file *const text = calloc(1, sizeof *text), *const f = calloc(1, sizeof *f);
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
        for (int is_alone = 0; is_alone < 2; is_alone++) {
            struct file list = { .len = 0 };
            add_base64(&list, b.bytes, b.len);
            text->len = f->len = 0;
            add_text(text, forms[i].front);
            for (size_t k = 0; k < list.len; k++) {
                if (forms[i].columns > 0 && k > 0 && k % forms[i].columns == 0)
                    add_text(text, forms[i].line_end);
                add_bytes(text, list.bytes + k, 1);
                if (forms[i].has_nuls) add_bytes(text, "", 1);
            }
            add_text(text, forms[i].back);
            if (forms[i].is_twice) add_base64(f, text->bytes, text->len);
            else add_bytes(f, text->bytes, text->len);
            if (is_alone == 0) {
                add_text(f, "\n");
                add_list_as(f, a, DER);
            }
            const struct found found = look(f, a, b);
            cr_expect(found.has_damaged || found.has_second, "form %zu, alone: %d", i, is_alone);
        }
    free(text);
    free(f);
    world_close(w);
}

/* --- cost */
static void fill(uint8_t *file, size_t len, const char *unit, size_t unit_len)
{
    for (size_t i = 0; i < len; i++)
        file[i] = (uint8_t)unit[i % unit_len];
}

/* However a large file is made up, it is searched a few times, not once for each
 * place: counted, not timed. */
Test(recognise, work_is_linear_in_the_file)
{
    enum { LEN = 65536, TIMES = 16 };
    static const struct {
        const char *unit;
        size_t len;
    } units[] = {
        { "\x30\x0a\x30\x08\x02\x01\x01\x30\x03\x06", 10 },
        { "\x30\x82\xff\xff\x30\x82\xff\xff\x02\x01\x01\x30\x03\x06\x01\x01", 16 },
        { "-----BEGIN ", 11 },
        { "-----BEGIN A-----\n", 18 },
        { "-----BEGIN A-----MA==-----END A-----", 36 },
        { "-----BEGIN CERTIFICATE-----\x30", 28 },
        /* a list, cut behind its time; a certificate, cut behind its validity */
        { "\x30\x0d\x30\x0b\x02\x01\x01\x30\x00\x30\x00\x17\x01\x31{", 15 },
        { "\x30\x0b\x30\x09\x02\x01\x01\x30\x00\x30\x00\x30\x00{", 14 },
        { "{", 1 },
        { "{\"a\":", 5 },
        { "3081", 4 },
        { "M", 1 },
        { "MII", 3 },
        { "MIICMA", 6 },
        { "3 0 8 2 ", 8 },
        { "M\\\\\\\\n%0A  ", 11 },
        { "30820100308100020101", 20 },
    };
    const size_t room_len = assay_recognise_room(LEN);
    uint8_t *const file = malloc(LEN), *const room = malloc(room_len);
    struct assay_recognise_scratch *const scratch = calloc(1, sizeof *scratch);
    cr_assert(file != NULL && room != NULL && scratch != NULL);
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        for (int tail = 0; tail < 2; tail++) {
            struct assay_recognition *const found = calloc(1, sizeof *found);
            cr_assert_not_null(found);
            fill(file, LEN, units[i].unit, units[i].len);
            if (tail == 1)
                assay_bytes_copy(file + LEN - 12, 12,
                                 "\x30\x82\x01\x01\x30\x81\xff\x02\x01\x01\x30", 11);
            const enum assay_status status =
                assay_recognise_file(found, scratch, assay_slice_over(file, LEN), room, room_len);
            cr_expect(status == ASSAY_OK || status == ASSAY_E_FULL);
            cr_expect_leq(scratch->searched, (size_t)TIMES * LEN, "unit %zu, %d: %zu places", i,
                          tail, scratch->searched);
            free(found);
        }
    free(scratch);
    free(room);
    free(file);
}
