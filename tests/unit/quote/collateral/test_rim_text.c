/*
 * tests/unit/quote/collateral/test_rim_text.c - reader of a manifest's document: canonical XML
 * alone, and of it one form for each fact.
 */
#include "quote/collateral/rim.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define X8(text)     text text text text text text text text
#define DIGITS_96    X8("0123456789ab")
#define SWID         "http://standards.iso.org/iso/19770/-2/2015/schema.xsd"
#define SHA384       "http://www.w3.org/2001/04/xmlenc#sha384"
#define HASH(number) " h:Hash" number "=\"" DIGITS_96 "\""
#define RESOURCE(active, index, count, hashes)                                                     \
    "<s:Resource active=\"" active "\" alternatives=\"" count "\"" hashes " index=\"" index        \
    "\" size=\"48\" type=\"Measurement\"></s:Resource>"
#define META               "<s:Meta colloquialVersion=\"550.90.07\" product=\"GH100\"></s:Meta>"
#define PAYLOAD(resources) "<s:Payload>" resources "</s:Payload>"
#define ROOT               "<s:SoftwareIdentity xmlns:h=\"" SHA384 "\" xmlns:s=\"" SWID "\">"
#define DOCUMENT(parts)    ROOT parts "</s:SoftwareIdentity>"

static const char sound[] =
    DOCUMENT(META "<s:Entity name=\"NVIDIA &amp; others\"></s:Entity>" PAYLOAD(
        RESOURCE("True", "3", "2", HASH("0") HASH("1")) RESOURCE("False", "63", "1", HASH("0"))));

static struct assay_rim_values values;

/* On the heap in exactly as many bytes, so that a sanitizer sees a read behind the end. */
static enum assay_status read_text(const char *text, size_t len)
{
    uint8_t *const exact = malloc(len > 0 ? len : 1);
    cr_assert_not_null(exact);
    if (len > 0) assay_bytes_copy(exact, len, text, len);
    const enum assay_status status = assay_rim_read(assay_slice_over(exact, len), &values);
    free(exact);
    return status;
}

static void expect(const char *text, enum assay_status wanted)
{
    const enum assay_status status = read_text(text, strlen(text));
    cr_expect_eq(status, wanted, "%s, and not %s: %s", assay_status_symbol(status),
                 assay_status_symbol(wanted), text);
}

/* The sound document with one place replaced, which must be there. */
static void expect_instead(const char *find, const char *replace, enum assay_status wanted)
{
    static char text[8192];
    const char *const at = strstr(sound, find);
    cr_assert_not_null(at, "%s", find);
    const int len = snprintf(text, sizeof text, "%.*s%s%s", (int)(at - sound), sound, replace,
                             at + strlen(find));
    cr_assert(len > 0 && (size_t)len < sizeof text);
    expect(text, wanted);
}

Test(quote_rim_text, reads_what_counts)
{
    expect(sound, ASSAY_OK);
    cr_expect_str_eq(values.product, "GH100");
    cr_expect_str_eq(values.version, "550.90.07");
    cr_expect_eq(values.given, UINT64_C(1) << 3 | UINT64_C(1) << 63);
    cr_expect_eq(values.active, UINT64_C(1) << 3);
    cr_expect_eq(values.count[3], 2);
    cr_expect_eq(values.count[63], 0);
    cr_expect_eq(values.value_count, 2);
    cr_expect_eq(values.values[1][47], 0xab);
}

Test(quote_rim_text, rejects_every_truncation_and_what_follows)
{
    for (size_t len = 0; len + 1 < sizeof sound; len++)
        cr_expect_neq(read_text(sound, len), ASSAY_OK, "%zu bytes", len);
    expect_instead("</s:SoftwareIdentity>", "</s:SoftwareIdentity> ", ASSAY_E_TRAILING);
    expect_instead("</s:SoftwareIdentity>", "</s:SoftwareIdentity><a></a>", ASSAY_E_TRAILING);
    static char large[ASSAY_RIM_DOCUMENT_MAX + 1];
    cr_expect_eq(read_text(large, sizeof large), ASSAY_E_RANGE);
}

/* Wherever it stands it opens an element, and there is no place for one. */
Test(quote_rim_text, rejects_a_bracket_at_every_place)
{
    static char text[sizeof sound];
    for (size_t i = 0; i + 1 < sizeof sound; i++) {
        if (sound[i] == '<') continue;
        assay_bytes_copy(text, sizeof text, sound, sizeof sound);
        text[i] = '<';
        cr_expect_neq(read_text(text, sizeof sound - 1), ASSAY_OK, "at %zu", i);
    }
}

/* C14N 1.1 2.3: one space before an attribute, double quotes, a start and an end. */
Test(quote_rim_text, rejects_what_is_not_canonical)
{
    static const char *const places[][2] = {
        { "<s:Payload>", "<s:Payload >" },
        { "<s:Payload>", "<s:Payload\t>" },
        { "<s:Payload>", "< s:Payload>" },
        { "<s:Payload>", "<:Payload>" },
        { "<s:Payload>", "<s:>" },
        { "</s:Payload>", "</s:Payload >" },
        { "</s:Payload>", "</s:Entity>" },
        { "</s:Payload>", "</Payload>" },
        { "</s:Payload>", "" },
        { " index=\"3\"", " index='3'" },
        { " index=\"3\"", " index =\"3\"" },
        { " index=\"3\"", " index=3" },
        { " index=\"3\"", " index" },
        { " index=\"3\"", " index=\"3\n\"" },
        { " index=\"3\"", " index=\"3\" index=\"3\"" },
        { " index=\"3\"", "index=\"3\"" },
        { "<s:Payload>", "<s:Payload/>" },
        { "<s:Payload>", "<!-- c --><s:Payload>" },
        { "<s:Payload>", "<?pi?><s:Payload>" },
        { ROOT, "</s:SoftwareIdentity>" },
        { ROOT, " " ROOT },
    };
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
        expect_instead(places[i][0], places[i][1], ASSAY_E_SYNTAX);
}

Test(quote_rim_text, rejects_another_document_and_missing_parts)
{
    static const char *const places[][2] = {
        { "<s:SoftwareIdentity", "<SoftwareIdentity" },
        { "xmlns:s=\"" SWID "\"", "xmlns:s=\"" SHA384 "\"" },
        { "xmlns:s=\"" SWID "\"", "xmlns:t=\"" SWID "\"" },
        { META, "" },
        { " colloquialVersion=\"550.90.07\"", "" },
        { " colloquialVersion=\"550.90.07\"", " s:colloquialVersion=\"550.90.07\"" },
        { " product=\"GH100\"", "" },
        { " type=\"Measurement\"", "" },
        { " type=\"Measurement\"", " type=\"measurement\"" },
        { " active=\"True\"", "" },
        { " active=\"True\"", " active=\"False\"" }, /* none counts */
        { " index=\"3\"", "" },
        { " alternatives=\"2\"", "" },
        { " size=\"48\"", "" },
        { HASH("1"), "" },
        { HASH("1"), HASH("2") },
        { HASH("1"), " s:Hash1=\"" DIGITS_96 "\"" },
        { HASH("1"), " Hash1=\"" DIGITS_96 "\"" },
        { HASH("1"), " x:Hash1=\"" DIGITS_96 "\"" },
        { HASH("1"), HASH("1") HASH("2") }, /* one more than is said */
    };
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
        expect_instead(places[i][0], places[i][1], ASSAY_E_INVALID);
    expect(DOCUMENT(META), ASSAY_E_INVALID);
    expect(DOCUMENT(META PAYLOAD("")), ASSAY_E_INVALID);
    expect("<SoftwareIdentity></SoftwareIdentity>", ASSAY_E_INVALID);
    /* Without a prefix, in its namespace all the same: it is the namespace that counts. */
    expect("<SoftwareIdentity xmlns=\"" SWID "\" xmlns:h=\"" SHA384 "\" xmlns:s=\"" SWID
           "\">" META PAYLOAD(RESOURCE("True", "3", "1", HASH("0"))) "</SoftwareIdentity>",
           ASSAY_OK);
}

/* The innermost declaration of a prefix counts, as long as its element is open. */
Test(quote_rim_text, a_namespace_ends_with_its_element)
{
    expect(DOCUMENT("<a xmlns:s=\"other\"><s:Payload></s:Payload></a>" META PAYLOAD(
               RESOURCE("True", "3", "1", HASH("0")))),
           ASSAY_OK);
    expect(DOCUMENT(META "<s:Payload xmlns:s=\"other\"></s:Payload>"), ASSAY_E_INVALID);
    expect(DOCUMENT("<a xmlns:s=\"" SWID "\">" META
                    "</a>" PAYLOAD(RESOURCE("True", "3", "1", HASH("0")))),
           ASSAY_E_INVALID);
    /* Measurements stand in the payload alone, and other elements may stand there. */
    expect(DOCUMENT(META PAYLOAD("<s:File></s:File>" RESOURCE("True", "3", "1", HASH("0")))),
           ASSAY_OK);
    expect(
        DOCUMENT(META PAYLOAD("") "<s:Entity>" RESOURCE("True", "3", "1", HASH("0")) "</s:Entity>"),
        ASSAY_E_INVALID);
}

Test(quote_rim_text, rejects_a_part_or_an_index_that_stands_twice)
{
    expect_instead(META, META META, ASSAY_E_DUPLICATE);
    expect_instead(META, PAYLOAD("") META, ASSAY_E_DUPLICATE);
    expect_instead("index=\"63\"", "index=\"3\"", ASSAY_E_DUPLICATE);
}

Test(quote_rim_text, rejects_numbers_and_texts_out_of_range)
{
    static const char *const places[][2] = {
        { " index=\"3\"", " index=\"64\"" },
        { " index=\"3\"", " index=\"03\"" },
        { " index=\"3\"", " index=\"\"" },
        { " index=\"3\"", " index=\"003\"" },
        { " index=\"3\"", " index=\"3 \"" },
        { " index=\"3\"", " index=\"-3\"" },
        { " alternatives=\"2\"", " alternatives=\"0\"" },
        { " alternatives=\"2\"", " alternatives=\"17\"" },
        { " size=\"48\"", " size=\"32\"" },
        { " size=\"48\"", " size=\"49\"" },
        { " active=\"True\"", " active=\"true\"" },
        { HASH("1"), " h:Hash1=\"ab\"" },
        { HASH("1"), " h:Hash1=\"" DIGITS_96 "00\"" },
        { HASH("1"), " h:Hash1=\"g123456789ab" X8("0123456789a") "\"" },
        { "\"GH100\"", "\"\"" },
        { "\"GH100\"", "\"GH 100\"" },
        { "\"GH100\"", "\"" X8("GH10") "\"" },
    };
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
        expect_instead(places[i][0], places[i][1], ASSAY_E_RANGE);
    expect_instead("\"GH100\"", "\"GH10-_z\"", ASSAY_OK);
    expect_instead("\"GH100\"", "\"123" X8("GH1") "GH10\"", ASSAY_OK);
}

/* --- limits: the largest that is read, and one more */
struct text {
    size_t len;
    char bytes[65536];
};

static void put(struct text *t, const char *more)
{
    const size_t len = strlen(more);
    cr_assert_lt(t->len + len, sizeof t->bytes);
    assay_bytes_copy(t->bytes + t->len, len + 1, more, len + 1);
    t->len += len;
}

static void put_numbered(struct text *t, const char *before, unsigned number, const char *after)
{
    char digits[12];
    cr_assert_lt(snprintf(digits, sizeof digits, "%u", number), (int)sizeof digits);
    put(t, before);
    put(t, digits);
    put(t, after);
}

/* So many elements within the root. */
static void expect_depth(unsigned depth, enum assay_status wanted)
{
    static struct text t;
    t.len = 0;
    put(&t, ROOT META PAYLOAD(RESOURCE("True", "3", "1", HASH("0"))));
    for (unsigned i = 0; i < depth; i++)
        put(&t, "<a>");
    for (unsigned i = 0; i < depth; i++)
        put(&t, "</a>");
    put(&t, "</s:SoftwareIdentity>");
    expect(t.bytes, wanted);
}

/* An element with so many attributes, which differ by a number. */
static void expect_attributes(const char *before, const char *after, unsigned count,
                              enum assay_status wanted)
{
    static struct text t;
    t.len = 0;
    put(&t, ROOT META PAYLOAD(RESOURCE("True", "3", "1", HASH("0"))) "<a");
    for (unsigned i = 0; i < count; i++)
        put_numbered(&t, before, i, after);
    put(&t, "></a></s:SoftwareIdentity>");
    expect(t.bytes, wanted);
}

Test(quote_rim_text, bounds_depth_attributes_and_namespaces)
{
    expect_depth(7, ASSAY_OK);
    expect_depth(8, ASSAY_E_RANGE);
    expect_attributes(" b", "=\"\"", 48, ASSAY_OK);
    expect_attributes(" b", "=\"\"", 49, ASSAY_E_RANGE);
    /* Two are the root's. */
    expect_attributes(" xmlns:n", "=\"u\"", 14, ASSAY_OK);
    expect_attributes(" xmlns:n", "=\"u\"", 15, ASSAY_E_RANGE);
    expect_attributes(" " X8("0123456") "6543210", "=\"\"", 1, ASSAY_OK);
    expect_attributes(" " X8("01234567") "", "=\"\"", 1, ASSAY_E_RANGE);
    expect_attributes(" xmlns:n", "=\"" X8(X8("0123")) "\"", 1, ASSAY_OK);
    expect_attributes(" xmlns:n", "=\"" X8(X8("0123")) "4\"", 1, ASSAY_E_RANGE);
}

/* So many indexes with so many values each. */
static void expect_values(unsigned indexes, unsigned count, enum assay_status wanted)
{
    static struct text t;
    t.len = 0;
    put(&t, ROOT META "<s:Payload>");
    for (unsigned i = 0; i < indexes; i++) {
        put(&t, "<s:Resource active=\"True\"");
        put_numbered(&t, " alternatives=\"", count, "\"");
        for (unsigned k = 0; k < count; k++)
            put_numbered(&t, " h:Hash", k, "=\"" DIGITS_96 "\"");
        put_numbered(&t, " index=\"", i, "\" size=\"48\" type=\"Measurement\"></s:Resource>");
    }
    put(&t, "</s:Payload></s:SoftwareIdentity>");
    expect(t.bytes, wanted);
}

Test(quote_rim_text, bounds_values)
{
    expect_values(1, 16, ASSAY_OK);
    cr_expect_eq(values.count[0], 16);
    expect_values(1, 17, ASSAY_E_RANGE);
    expect_values(16, 16, ASSAY_OK);
    cr_expect_eq(values.value_count, ASSAY_RIM_VALUES_MAX);
    expect_values(17, 16, ASSAY_E_RANGE);
}
