/*
 * tests/unit/quote/snp/vectors.c - loader of SNP test vectors by the roles in the manifest.
 */
#include "tests/unit/quote/snp/vectors.h"

#include "base/rfc3339.h"
#include "quote/verify.h"
#include "tests/unit/quote/world.h"

#include <criterion/criterion.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct assay_json *snp_manifest(void)
{
    char path[PATH_MAX];
    size_t len = 0;
    struct assay_json *manifest = NULL;
    const char *const dir = vectors_dir();
    if (dir == NULL) cr_skip_test("no vectors: set ASSAY_VECTORS");
    (void)snprintf(path, sizeof path, "%s/MANIFEST.json", dir);
    uint8_t *const text = read_file(path, &len);
    cr_assert_not_null(text);
    cr_assert_eq(assay_json_parse((const char *)text, len, &manifest), ASSAY_OK);
    free(text);
    return manifest;
}

bool snp_is_case(const struct assay_json *item)
{
    return strncmp(assay_json_text(item, "kind", ""), "snp-", 4) == 0;
}

static uint8_t *read_role(const struct assay_json *file, size_t *len)
{
    char path[PATH_MAX];
    (void)snprintf(path, sizeof path, "%s/%s", vectors_dir(), assay_json_text(file, "path", "?"));
    uint8_t *const bytes = read_file(path, len);
    cr_assert_not_null(bytes, "%s", path);
    return bytes;
}

static void pin_root(struct snp_case *c, const uint8_t *bytes, size_t len)
{
    c->endorsements.count = 1;
    c->endorsements.exact = true;
    c->endorsements.entries[0].kinds = ASSAY_KINDS_ALL;
    cr_assert_eq(assay_x509_root(bytes, len, &c->endorsements.entries[0].root), ASSAY_OK);
}

struct snp_case *snp_case_open(const struct assay_json *item)
{
    struct snp_case *const c = calloc(1, sizeof *c);
    cr_assert_not_null(c);
    const struct assay_json *const files = assay_json_get(item, "files");
    for (size_t i = 0; i < assay_json_count(files); i++) {
        const struct assay_json *const file = assay_json_at(files, i);
        size_t len = 0;
        uint8_t *const bytes = read_role(file, &len);
        if (strcmp(assay_json_text(file, "role", ""), "report") == 0) {
            c->report = bytes;
            c->report_len = len;
            continue;
        }
        cr_assert_lt(c->count, SNP_PIECES_MAX);
        c->pieces[c->count] = bytes;
        c->pieces_len[c->count] = len;
        c->count += 1;
        if (strncmp(assay_json_text(file, "role", ""), "ark", 3) == 0) pin_root(c, bytes, len);
    }
    const char *const at = assay_json_text(item, "evaluation_time", "");
    cr_assert_eq(assay_rfc3339_parse(at, strlen(at), &c->at_unix_s), ASSAY_OK);
    assay_policy_default(&c->policy);
    snp_case_pack(c, UINT_MAX);
    return c;
}

struct snp_case *snp_case_find(const char *id)
{
    struct assay_json *manifest = snp_manifest();
    const struct assay_json *const cases = assay_json_get(manifest, "cases");
    struct snp_case *found = NULL;
    for (size_t i = 0; i < assay_json_count(cases) && found == NULL; i++) {
        const struct assay_json *const item = assay_json_at(cases, i);
        if (strcmp(assay_json_text(item, "id", ""), id) == 0) found = snp_case_open(item);
    }
    cr_assert_not_null(found, "%s", id);
    assay_json_free(&manifest);
    return found;
}

void snp_case_close(struct snp_case *c)
{
    for (size_t i = 0; i < c->count; i++)
        free(c->pieces[i]);
    free(c->report);
    free(c);
}

void snp_case_pack(struct snp_case *c, unsigned mask)
{
    struct assay_package package = { .kind = ASSAY_KIND_SNP,
                                     .main = assay_slice_over(c->report, c->report_len) };
    struct assay_writer w = assay_writer_over(c->package, sizeof c->package);
    struct assay_slice whole;
    for (size_t i = 0; i < c->count; i++)
        if ((mask >> i & 1) != 0)
            package.certificates[package.certificate_count++] =
                assay_slice_over(c->pieces[i], c->pieces_len[i]);
    assay_package_encode(&package, &w);
    cr_assert_eq(assay_writer_finish(&w, &whole), ASSAY_OK);
    c->package_len = whole.len;
}

enum assay_status snp_case_judge(struct snp_case *c)
{
    const struct assay_evidence_request request = { .kind = ASSAY_KIND_SNP,
                                                    .bytes = c->package,
                                                    .len = c->package_len,
                                                    .at_unix_s = c->at_unix_s,
                                                    .endorsements = &c->endorsements,
                                                    .policy = &c->policy };
    return assay_evidence_verify(c->verifier, &request, &c->verdict);
}
