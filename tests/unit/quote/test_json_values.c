/*
 * tests/unit/quote/test_json_values.c - each value of signed documents replaced by one of another
 * type or size: what is refused is named and leaves the output as it was; what is read is a value
 * of the documents' own kind.
 */
#include "quote/json.h"

#include "base/file/file.h"
#include "base/writer.h"
#include "quote/collateral/tcb.h"

#include <criterion/criterion.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

enum { TEXT_MAX = 65536 };

/* Reads one document into memory that was all 0x5a. Returns: the status; checks what it leaves. */
typedef enum assay_status (*reader)(const uint8_t *text, size_t len);

static void expect_named(enum assay_status status, const struct assay_where *where,
                         const void *out, size_t len)
{
    const uint8_t *const bytes = out;
    if (status == ASSAY_OK) return;
    cr_assert_eq(assay_status_class(status), ASSAY_CLASS_INPUT);
    cr_assert_not_null(where->field);
    for (size_t i = 0; i < len; i += 7)
        cr_assert_eq(bytes[i], 0x5a, "byte %zu was written", i);
}

static enum assay_status read_tcb_info(const uint8_t *text, size_t len)
{
    static union {
        struct assay_tcb_info info;
        uint8_t bytes[sizeof(struct assay_tcb_info)];
    } out;
    struct assay_signed_json envelope;
    struct assay_where where = { 0 };
    for (size_t i = 0; i < sizeof out.bytes; i++)
        out.bytes[i] = 0x5a;
    const enum assay_status status = assay_doc_tcb_info(text, len, &out.info, &envelope, &where);
    expect_named(status, &where, &out, sizeof out);
    return status;
}

static enum assay_status read_identity(const uint8_t *text, size_t len)
{
    static union {
        struct assay_qe_identity identity;
        uint8_t bytes[sizeof(struct assay_qe_identity)];
    } out;
    struct assay_signed_json envelope;
    struct assay_where where = { 0 };
    for (size_t i = 0; i < sizeof out.bytes; i++)
        out.bytes[i] = 0x5a;
    const enum assay_status status =
        assay_doc_qe_identity(text, len, &out.identity, &envelope, &where);
    expect_named(status, &where, &out, sizeof out);
    return status;
}

/* One past the value that begins at from; the seeds have no escapes. */
static size_t value_end(const uint8_t *text, size_t len, size_t from)
{
    unsigned depth = 0;
    bool quoted = false;
    for (size_t at = from; at < len; at++) {
        const uint8_t c = text[at];
        if (c == '"') quoted = !quoted;
        if (quoted) continue;
        if (c == '{' || c == '[') depth += 1;
        if ((c == '}' || c == ']' || c == ',') && depth == 0) return at;
        if (c == '}' || c == ']') depth -= 1;
    }
    return len;
}

static void expect_each_value_to_count(const char *name, reader read)
{
    static const char *const others[] = {
        "null", "true", "7",  "-1",  "99999999999999999999", "\"x\"",
        "\"\"", "[]",   "{}", "[7]", "[{}]",                 "\"TDX_99\"",
    };
    char path[PATH_MAX];
    uint8_t *seed = NULL;
    uint8_t *const bent = malloc(TEXT_MAX);
    size_t len = 0, tried = 0, refused = 0;
    cr_assert_not_null(bent);
    (void)snprintf(path, sizeof path, "%s/quote_json/%s", ASSAY_TEST_CORPUS, name);
    cr_assert_eq(assay_file_read(path, TEXT_MAX / 2, &seed, &len), ASSAY_OK, "%s", path);
    cr_assert_eq(read(seed, len), ASSAY_OK, "%s", name);
    for (size_t at = 1; at < len; at++) {
        const uint8_t before = seed[at - 1];
        if (before != ':' && before != '[' && (before != ',' || seed[at] != '{')) continue;
        const size_t end = value_end(seed, len, at);
        for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
            struct assay_writer w = assay_writer_over(bent, TEXT_MAX);
            assay_writer_put(&w, seed, at);
            for (const char *c = others[i]; *c != '\0'; c++)
                assay_writer_u8(&w, (uint8_t)*c);
            assay_writer_put(&w, seed + end, len - end);
            cr_assert(!w.full);
            tried += 1;
            if (read(bent, w.len) != ASSAY_OK) refused += 1;
        }
    }
    cr_expect_gt(tried, 100, "%s", name);
    cr_expect_gt(refused * 10, tried * 7, "%s: %zu of %zu", name, refused, tried);
    free(bent);
    free(seed);
}

Test(quote_json_values, of_tcb_infos_are_refused_by_name)
{
    expect_each_value_to_count("soft-tcb-info", read_tcb_info);
    expect_each_value_to_count("tcb-info-tdx", read_tcb_info);
    expect_each_value_to_count("tcb-info-v2", read_tcb_info);
}

Test(quote_json_values, of_identities_are_refused_by_name)
{
    expect_each_value_to_count("soft-qe-identity", read_identity);
    expect_each_value_to_count("td-qe-identity", read_identity);
}
