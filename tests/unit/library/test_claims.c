/*
 * tests/unit/library/test_claims.c - claims through the library: each value that `assay evidence
 * decode` prints can be read by its name, with its type, and there are no others.
 */
#include "base/rfc3339.h"
#include "net/json/json.h"
#include "tests/unit/library/verify_bytes.h"
#include "tests/unit/quote/world.h"

#include <criterion/criterion.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef ASSAY_PROGRAM
#define ASSAY_PROGRAM "assay" /* a build of planted faults has none, and runs another test */
#endif

enum { NAME_LEN = 128, TEXT_LEN = 65536 };

static struct assay_verdict *verdict;
static struct assay_trust *trust;
static size_t compared; /* values of the document */

static void set_up(void)
{
    cr_assert_eq(assay_verdict_create(&verdict), ASSAY_OK);
    cr_assert_eq(assay_trust_create(&trust), ASSAY_OK);
}

static void tear_down(void)
{
    assay_verdict_destroy(&verdict);
    assay_trust_destroy(&trust);
}

TestSuite(library_claims, .init = set_up, .fini = tear_down);

static struct assay_claim_value claim_of(const char *name)
{
    struct assay_claim_value claim = { .size = sizeof claim };
    cr_assert_eq(assay_verdict_get_claim(verdict, name, &claim), ASSAY_OK, "no claim %s", name);
    cr_assert_str_eq(claim.name, name);
    return claim;
}

static void expect_text(const struct assay_claim_value *claim, const char *text)
{
    static char hex[TEXT_LEN];
    if (claim->type == ASSAY_CLAIM_TEXT) {
        cr_expect_eq(strlen(text), claim->bytes.len, "%s", claim->name);
        cr_expect_arr_eq(claim->bytes.bytes, text, claim->bytes.len, "%s", claim->name);
    } else if (claim->type == ASSAY_CLAIM_BYTES) {
        assay_hex_encode(claim->bytes.bytes, claim->bytes.len, hex, sizeof hex);
        cr_expect_str_eq(hex, text, "%s", claim->name);
    } else { /* a set of bits is printed in hexadecimal */
        cr_expect_eq(claim->type, ASSAY_CLAIM_UINT, "%s", claim->name);
        cr_expect_eq(claim->number, strtoull(text, NULL, 16), "%s", claim->name);
    }
}

static void expect_value(const char *name, const struct assay_json *value);

static void expect_members(const char *before, const struct assay_json *object)
{
    const char *key = NULL;
    const struct assay_json *value = NULL;
    for (size_t i = 0; assay_json_member(object, i, &key, &value); i++) {
        char name[NAME_LEN];
        (void)snprintf(name, sizeof name, "%s%s", before, key);
        expect_value(name, value);
    }
}

static void expect_items(const char *before, const struct assay_json *array)
{
    for (size_t i = 0; i < assay_json_count(array); i++) {
        char name[NAME_LEN];
        (void)snprintf(name, sizeof name, "%s.%zu", before, i);
        expect_value(name, assay_json_at(array, i));
    }
}

static void expect_value(const char *name, const struct assay_json *value)
{
    const struct assay_claim_value claim = claim_of(name);
    char before[NAME_LEN];
    int64_t number = -1;
    compared += 1;
    switch (assay_json_kind_of(value)) {
    case ASSAY_JSON_NULL: cr_expect_eq(claim.type, ASSAY_CLAIM_NULL, "%s", name); return;
    case ASSAY_JSON_BOOL:
        cr_expect_eq(claim.type, ASSAY_CLAIM_BOOL, "%s", name);
        cr_expect_eq(claim.number, assay_json_as_bool(value), "%s", name);
        return;
    case ASSAY_JSON_INTEGER:
        cr_expect_eq(claim.type, ASSAY_CLAIM_UINT, "%s", name);
        cr_expect(assay_json_as_int(value, &number));
        cr_expect_eq(claim.number, (uint64_t)number, "%s", name);
        return;
    case ASSAY_JSON_TEXT: expect_text(&claim, assay_json_as_text(value)); return;
    case ASSAY_JSON_ARRAY:
        cr_expect_eq(claim.type, ASSAY_CLAIM_LIST, "%s", name);
        cr_expect_eq(claim.number, assay_json_count(value), "%s", name);
        expect_items(name, value);
        return;
    case ASSAY_JSON_OBJECT:
        cr_expect_eq(claim.type, ASSAY_CLAIM_MAP, "%s", name);
        cr_expect_eq(claim.number, assay_json_size(value), "%s", name);
        (void)snprintf(before, sizeof before, "%s.", name);
        expect_members(before, value);
        return;
    case ASSAY_JSON_NOTHING:
    case ASSAY_JSON_REAL: cr_assert_fail("%s is nothing that is printed", name);
    }
}

static struct assay_json *by_program(const char *path)
{
    char command[2 * PATH_MAX];
    static char said[4 * TEXT_LEN];
    struct assay_json *document = NULL;
    (void)snprintf(command, sizeof command, "'%s' evidence decode '%s' --json", ASSAY_PROGRAM,
                   path);
    FILE *const pipe = popen(command, "r");
    cr_assert_not_null(pipe);
    const size_t len = fread(said, 1, sizeof said, pipe);
    (void)pclose(pipe);
    cr_assert_eq(assay_json_parse(said, len, &document), ASSAY_OK, "%s", command);
    return document;
}

/* Both ways: each printed value is a claim, and each claim is a printed value. */
static void compare_with_program(const char *path, const uint8_t *bytes, size_t len)
{
    struct assay_json *document = by_program(path);
    const struct assay_json *const data = assay_json_get(document, "data");
    const struct assay_json *const details = assay_json_get(data, "details");
    struct assay_claim_value claim = { .size = sizeof claim };
    size_t count = 0;
    cr_assert_eq(verify_bytes(NULL, trust, NULL, ASSAY_KIND_NONE, bytes, len, 1800000000, verdict),
                 ASSAY_OK);
    compared = 0;
    expect_members("", assay_json_get(data, "claims"));
    cr_expect_gt(compared, 10, "%s", path);
    if (assay_json_size(details) > 0) expect_value("details", details);
    while (assay_verdict_get_claim_at(verdict, count, &claim) == ASSAY_OK)
        count += 1;
    cr_expect_eq(count, compared, "%s: %zu claims, %zu printed", path, count, compared);
    assay_json_free(&document);
}

Test(library_claims, are_those_that_the_command_line_prints)
{
    static const char *const files[] = {
        "tdx/tdx-v4-uptodate/quote.bin",  "sgx/sgx-platform-ca-swhardening/quote.bin",
        "snp/milan-v2-a/report.bin",      "nitro/release-enclave/document.bin",
        "cca/cca-token-es384/token.cbor", "tpm/paravisor-snp-milan/hcl_report.bin",
    };
    char path[PATH_MAX];
    struct world *const w = world_open();
    (void)snprintf(path, sizeof path, "/tmp/assay-claims-%ld", (long)getpid());
    FILE *const file = fopen(path, "wb");
    cr_assert_not_null(file);
    cr_assert_eq(fwrite(w->quote, 1, w->quote_len, file), w->quote_len);
    cr_assert_eq(fclose(file), 0);
    compare_with_program(path, w->quote, w->quote_len);
    (void)remove(path);
    world_close(w);
    for (size_t i = 0; vectors_dir() != NULL && i < sizeof files / sizeof files[0]; i++) {
        size_t len = 0;
        (void)snprintf(path, sizeof path, "%s/%s", vectors_dir(), files[i]);
        uint8_t *const bytes = read_file(path, &len);
        if (bytes == NULL) continue;
        compare_with_program(path, bytes, len);
        free(bytes);
    }
}

/* Nothing is said of an object that was not used, or of bytes that could not be read. */
Test(library_claims, belong_to_the_last_evidence_alone)
{
    struct world *const w = world_open();
    struct assay_claim_value claim = { .size = sizeof claim };
    const uint8_t noise[] = "noise";
    cr_expect_eq(assay_verdict_get_claim(verdict, "mrenclave", &claim), ASSAY_E_NOT_FOUND);
    cr_assert_eq(verify_bytes(NULL, trust, NULL, ASSAY_KIND_NONE, w->quote, w->quote_len,
                              w->at_unix_s, verdict),
                 ASSAY_OK);
    claim = claim_of("mrenclave");
    cr_expect_eq(claim.type, ASSAY_CLAIM_BYTES);
    cr_expect_eq(claim.bytes.len, 32);
    struct assay_bytes measurement;
    cr_assert(assay_verdict_get_measurement(verdict, &measurement));
    cr_expect_arr_eq(claim.bytes.bytes, measurement.bytes, 32);
    cr_expect_eq(assay_verdict_get_claim(verdict, "rtmr3", &claim), ASSAY_E_NOT_FOUND);
    cr_expect_eq(assay_verdict_get_claim(verdict, "", &claim), ASSAY_E_NOT_FOUND);
    cr_expect_eq(assay_verdict_get_claim_at(verdict, 100000, &claim), ASSAY_E_NOT_FOUND);
    cr_assert_eq(verify_bytes(NULL, trust, NULL, ASSAY_KIND_NONE, noise, sizeof noise, 0, verdict),
                 ASSAY_OK);
    cr_expect_eq(assay_verdict_get_claim(verdict, "mrenclave", &claim), ASSAY_E_NOT_FOUND);
    cr_expect_eq(assay_verdict_get_claim_at(verdict, 0, &claim), ASSAY_E_NOT_FOUND);
    world_close(w);
}

Test(library_claims, misuse_is_a_status)
{
    struct assay_claim_value claim = { .size = sizeof claim - 1 };
    cr_expect_eq(assay_verdict_get_claim(verdict, "mrtd", &claim), ASSAY_E_INVALID);
    cr_expect_eq(assay_verdict_get_claim_at(verdict, 0, &claim), ASSAY_E_INVALID);
    claim.size = sizeof claim;
    cr_expect_eq(assay_verdict_get_claim(NULL, "mrtd", &claim), ASSAY_E_INVALID);
    cr_expect_eq(assay_verdict_get_claim(verdict, NULL, &claim), ASSAY_E_INVALID);
    cr_expect_eq(assay_verdict_get_claim(verdict, "mrtd", NULL), ASSAY_E_INVALID);
    cr_expect_eq(assay_verdict_get_claim_at(NULL, 0, &claim), ASSAY_E_INVALID);
    cr_expect_str_eq(assay_name_of_claim_type(ASSAY_CLAIM_BYTES), "bytes");
    cr_expect_str_eq(assay_name_of_claim_type((enum assay_claim_type)99), "unknown");
}
