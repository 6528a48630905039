/*
 * tests/unit/quote/test_json.c - tests of signed documents: every truncation, every limit, and
 * exactly the signed bytes.
 */
#include "tests/unit/quote/world.h"

#include "quote/json.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 65536 };

struct documents {
    struct world *w;
    char *tcb_info;
    char *qe_identity;
    struct assay_tcb_info *info;
    struct assay_qe_identity *identity;
};

static char *copy_part(const struct world *w, enum assay_collateral_part part)
{
    char *const text = calloc(1, TEXT_MAX);
    cr_assert_not_null(text);
    assay_bytes_copy(text, TEXT_MAX, w->bundle.files.part[part].bytes,
                     w->bundle.files.part[part].len);
    return text;
}

static struct documents open_documents(void)
{
    struct documents d = { .w = world_open() };
    d.tcb_info = copy_part(d.w, ASSAY_PART_TCB_INFO);
    d.qe_identity = copy_part(d.w, ASSAY_PART_QE_IDENTITY);
    d.info = calloc(1, sizeof *d.info);
    d.identity = calloc(1, sizeof *d.identity);
    cr_assert(d.info != NULL && d.identity != NULL);
    return d;
}

static void close_documents(struct documents *d)
{
    free(d->tcb_info);
    free(d->qe_identity);
    free(d->info);
    free(d->identity);
    world_close(d->w);
}

static enum assay_status read_info(struct documents *d, const char *text, size_t len)
{
    struct assay_signed_json document;
    uint8_t *const exact = malloc(len == 0 ? 1 : len);
    cr_assert_not_null(exact);
    if (len > 0) assay_bytes_copy(exact, len, text, len);
    const enum assay_status status = assay_doc_tcb_info(exact, len, d->info, &document, NULL);
    free(exact);
    return status;
}

/* A change of the TCB info must be answered by this status. */
static void expect(struct documents *d, const char *from, const char *to, enum assay_status wanted)
{
    char *const text = calloc(1, TEXT_MAX);
    cr_assert_not_null(text);
    assay_bytes_copy(text, TEXT_MAX, d->tcb_info, strlen(d->tcb_info));
    text_replace(text, TEXT_MAX, from, to);
    const enum assay_status status = read_info(d, text, strlen(text));
    cr_assert_eq(status, wanted, "%s -> %s: %s", from, to, assay_status_symbol(status));
    free(text);
}

Test(quote_json, finds_exactly_the_bytes_that_were_signed)
{
    static const char text[] =
        " { \"tcbInfo\" :  {\"a\": [1, {\"}\": \"\\\"]\"}] }  , \"signature\":\"00\" } ";
    struct documents d = open_documents();
    struct assay_signed_json document = { 0 };
    struct assay_where where = { NULL, 0 };
    const size_t len = strlen(d.tcb_info);
    cr_assert_eq(assay_doc_tcb_info((const uint8_t *)d.tcb_info, len, d.info, &document, &where),
                 ASSAY_OK);
    const char *const body = strstr(d.tcb_info, ":{") + 1;
    cr_assert_eq((const char *)document.body.bytes, body);
    cr_assert_eq(document.body.len, (size_t)(strstr(d.tcb_info, ",\"signature\"") - body));
    /* Brackets and quotes inside strings do not end a value: it is the signature that is wrong. */
    cr_assert_eq(
        assay_doc_tcb_info((const uint8_t *)text, sizeof text - 1, d.info, &document, &where),
        ASSAY_E_SYNTAX);
    cr_assert_str_eq(where.field, "signature");
    close_documents(&d);
}

Test(quote_json, rejects_every_truncation_and_every_tail)
{
    struct documents d = open_documents();
    const size_t len = strlen(d.tcb_info);
    cr_assert_eq(read_info(&d, d.tcb_info, len), ASSAY_OK);
    for (size_t cut = 0; cut < len; cut++)
        cr_assert_neq(read_info(&d, d.tcb_info, cut), ASSAY_OK, "%zu bytes", cut);
    d.tcb_info[len] = '\n';
    cr_assert_eq(read_info(&d, d.tcb_info, len + 1), ASSAY_OK); /* white space ends no file */
    d.tcb_info[len] = 'x';
    cr_assert_neq(read_info(&d, d.tcb_info, len + 1), ASSAY_OK);
    d.tcb_info[len] = '\0';
    cr_assert_neq(read_info(&d, d.tcb_info, len + 1), ASSAY_OK);
    close_documents(&d);
}

Test(quote_json, demands_sixteen_components)
{
    struct documents d = open_documents();
    expect(&d, "[{\"svn\":1},", "[", ASSAY_E_RANGE);
    expect(&d, "[{\"svn\":1},", "[{\"svn\":1},{\"svn\":1},", ASSAY_E_FULL);
    expect(&d, "[{\"svn\":1},", "[{},", ASSAY_E_NOT_FOUND);
    expect(&d, "[{\"svn\":1},", "[1,", ASSAY_E_TYPE);
    close_documents(&d);
}

Test(quote_json, bounds_every_number)
{
    struct documents d = open_documents();
    expect(&d, "\"svn\":1", "\"svn\":0", ASSAY_OK);
    expect(&d, "\"svn\":1", "\"svn\":255", ASSAY_OK);
    expect(&d, "\"svn\":1", "\"svn\":256", ASSAY_E_RANGE);
    expect(&d, "\"svn\":1", "\"svn\":-1", ASSAY_E_RANGE);
    expect(&d, "\"svn\":1", "\"svn\":1.0", ASSAY_E_TYPE);
    expect(&d, "\"svn\":1", "\"svn\":\"1\"", ASSAY_E_TYPE);
    expect(&d, "\"svn\":1", "\"svn\":18446744073709551617", ASSAY_E_RANGE);
    expect(&d, "\"pcesvn\":1", "\"pcesvn\":65535", ASSAY_OK);
    expect(&d, "\"pcesvn\":1", "\"pcesvn\":65536", ASSAY_E_RANGE);
    expect(&d, "DataNumber\":1", "DataNumber\":4294967295", ASSAY_OK);
    expect(&d, "DataNumber\":1", "DataNumber\":4294967296", ASSAY_E_RANGE);
    expect(&d, "\"tcbType\":0", "\"tcbType\":1", ASSAY_E_RANGE);
    close_documents(&d);
}

Test(quote_json, knows_versions_ids_and_statuses)
{
    struct documents d = open_documents();
    expect(&d, "\"version\":3", "\"version\":4", ASSAY_E_UNSUPPORTED);
    expect(&d, "\"version\":3", "\"version\":1", ASSAY_E_UNSUPPORTED);
    /* Version 2 names its components one by one. */
    expect(&d, "\"version\":3", "\"version\":2", ASSAY_E_NOT_FOUND);
    expect(&d, "\"id\":\"SGX\"", "\"id\":\"SEV\"", ASSAY_E_UNSUPPORTED);
    /* A TDX document without tdxModule is not whole. */
    expect(&d, "\"id\":\"SGX\"", "\"id\":\"TDX\"", ASSAY_E_NOT_FOUND);
    expect(&d, "\"UpToDate\"", "\"uptodate\"", ASSAY_E_UNSUPPORTED);
    expect(&d, "\"fmspc\":\"", "\"fmspc\":\"0", ASSAY_E_SYNTAX);
    expect(&d, "\"issueDate\":\"2", "\"issueDate\":\"x", ASSAY_E_SYNTAX);
    expect(&d, "\"tcbStatus\"", "\"tcbState\"", ASSAY_E_NOT_FOUND);
    close_documents(&d);
}

Test(quote_json, refuses_a_name_that_comes_twice)
{
    struct documents d = open_documents();
    expect(&d, "\"tcbType\":0", "\"tcbType\":0,\"tcbType\":0", ASSAY_E_DUPLICATE);
    expect(&d, "{\"tcbInfo\"", "{\"tcbInfo\":{},\"tcbInfo\"", ASSAY_E_DUPLICATE);
    /* The same name in another spelling is the same name. */
    expect(&d, "{\"tcbInfo\"", "{\"tcb\\u0049nfo\":{},\"tcbInfo\"", ASSAY_E_DUPLICATE);
    expect(&d, "{\"tcbInfo\"", "{\"tcb\\u0049nfo\"", ASSAY_E_NOT_FOUND);
    close_documents(&d);
}

static void nest(struct documents *d, size_t depth, enum assay_status wanted)
{
    char deep[256] = "\"x\":";
    size_t len = strlen(deep);
    for (size_t i = 0; i < depth; i++)
        deep[len++] = '[';
    for (size_t i = 0; i < depth; i++)
        deep[len++] = ']';
    (void)snprintf(deep + len, sizeof deep - len, ",\"tcbType\":0");
    expect(d, "\"tcbType\":0", deep, wanted);
}

Test(quote_json, bounds_nesting_and_length)
{
    struct documents d = open_documents();
    nest(&d, ASSAY_DOCUMENT_DEPTH_MAX - 2, ASSAY_OK); /* inside document and body */
    nest(&d, ASSAY_DOCUMENT_DEPTH_MAX - 1, ASSAY_E_RANGE);
    char *const big = calloc(1, ASSAY_DOCUMENT_LEN_MAX + 2);
    cr_assert_not_null(big);
    memset(big, ' ', ASSAY_DOCUMENT_LEN_MAX + 1);
    assay_bytes_copy(big, ASSAY_DOCUMENT_LEN_MAX, d.tcb_info, strlen(d.tcb_info));
    cr_assert_eq(read_info(&d, big, ASSAY_DOCUMENT_LEN_MAX), ASSAY_OK);
    cr_assert_eq(read_info(&d, big, ASSAY_DOCUMENT_LEN_MAX + 1), ASSAY_E_RANGE);
    free(big);
    close_documents(&d);
}

Test(quote_json, bounds_the_number_of_levels)
{
    struct documents d = open_documents();
    char *const text = calloc(1, TEXT_MAX);
    cr_assert_not_null(text);
    const char *const first = strstr(d.tcb_info, "{\"tcb\":");
    const char *const end = strstr(d.tcb_info, "]},\"signature\"");
    for (int levels = ASSAY_TCB_LEVELS_MAX; levels <= ASSAY_TCB_LEVELS_MAX + 1; levels++) {
        size_t len =
            (size_t)snprintf(text, TEXT_MAX, "%.*s", (int)(first - d.tcb_info), d.tcb_info);
        for (int i = 0; i < levels; i++)
            len += (size_t)snprintf(text + len, TEXT_MAX - len, "%s%.*s", i == 0 ? "" : ",",
                                    (int)(end - first), first);
        len += (size_t)snprintf(text + len, TEXT_MAX - len, "%s", end);
        cr_assert_lt(len, TEXT_MAX);
        cr_assert_eq(read_info(&d, text, len),
                     levels > ASSAY_TCB_LEVELS_MAX ? ASSAY_E_FULL : ASSAY_OK);
    }
    cr_assert_eq(d.info->level_count, ASSAY_TCB_LEVELS_MAX);
    free(text);
    close_documents(&d);
}

Test(quote_json, leaves_its_outputs_alone_when_it_refuses)
{
    struct documents d = open_documents();
    struct assay_signed_json document = { .body = { NULL, 7 } };
    memset(d.identity, 0x5a, sizeof *d.identity);
    struct assay_qe_identity *const before = malloc(sizeof *before);
    cr_assert_not_null(before);
    *before = *d.identity;
    text_replace(d.qe_identity, TEXT_MAX, "\"isvprodid\":1", "\"isvprodid\":65536");
    cr_assert_eq(assay_doc_qe_identity((const uint8_t *)d.qe_identity, strlen(d.qe_identity),
                                       d.identity, &document, NULL),
                 ASSAY_E_RANGE);
    cr_assert(assay_bytes_equal(before, d.identity, sizeof *before));
    cr_assert_eq(document.body.len, 7);
    free(before);
    close_documents(&d);
}

Test(quote_json, does_not_crash_on_any_flipped_bit)
{
    struct documents d = open_documents();
    const size_t len = strlen(d.tcb_info);
    for (size_t at = 0; at < len; at++)
        for (unsigned bit = 0; bit < 8; bit++) {
            d.tcb_info[at] = (char)(d.tcb_info[at] ^ (1 << bit));
            assay_status_ignore(read_info(&d, d.tcb_info, len), "any answer will do");
            d.tcb_info[at] = (char)(d.tcb_info[at] ^ (1 << bit));
        }
    cr_assert_eq(read_info(&d, d.tcb_info, len), ASSAY_OK);
    close_documents(&d);
}

/* Intel's QVL, 4.1.2.9.5: MISCSELECT is no number here, its bytes are those of the report. */
Test(quote_json, keeps_the_bytes_of_miscselect_in_their_order)
{
    struct documents d = open_documents();
    struct assay_signed_json document;
    static const uint8_t select[] = { 1, 2, 3, 4 }, mask[] = { 0xff, 0xff, 0xff, 0 };
    text_replace(d.qe_identity, TEXT_MAX, "\"miscselect\":\"00000000\"",
                 "\"miscselect\":\"01020304\"");
    text_replace(d.qe_identity, TEXT_MAX, "\"miscselectMask\":\"FFFFFFFF\"",
                 "\"miscselectMask\":\"FFFFFF00\"");
    cr_assert_eq(assay_doc_qe_identity((const uint8_t *)d.qe_identity, strlen(d.qe_identity),
                                       d.identity, &document, NULL),
                 ASSAY_OK);
    cr_assert_arr_eq(d.identity->miscselect, select, 4);
    cr_assert_arr_eq(d.identity->miscselect_mask, mask, 4);
    close_documents(&d);
}
