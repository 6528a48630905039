/*
 * tests/unit/library/test_vectors.c - genuine evidence through the library: the verdicts of the
 * command line, whose own contract other tests hold to the manifest.
 */
#include "base/rfc3339.h"
#include "net/json/json.h"
#include "tests/unit/library/verify_bytes.h"
#include "tests/unit/quote/world.h"

#include <assay/assay.h>
#include <criterion/criterion.h>
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Kinds whose evidence stands in one file; negative SNP cases put a stranger's certificate beside
 * it, which the command line takes for the evidence's own. */
static bool is_tried(const char *kind, const char *id)
{
    if (strncmp(kind, "sgx", 3) == 0 || strncmp(kind, "tdx", 3) == 0) return true;
    if (strcmp(kind, "nitro") == 0) return true;
    return strncmp(kind, "snp", 3) == 0 && strncmp(id, "neg-", 4) != 0;
}

static const char *evidence_of(const struct assay_json *test)
{
    static const char *const roles[] = { "quote", "report", "attestation_document" };
    const struct assay_json *const files = assay_json_get(test, "files");
    for (size_t r = 0; r < sizeof roles / sizeof roles[0]; r++)
        for (size_t i = 0; i < assay_json_count(files); i++) {
            const struct assay_json *const file = assay_json_at(files, i);
            if (strcmp(assay_json_text(file, "role", ""), roles[r]) == 0)
                return assay_json_text(file, "path", NULL);
        }
    return NULL;
}

static enum assay_tier by_program(const char *path, const char *dir, const char *at)
{
    char command[3 * PATH_MAX + 100];
    static char said[65536];
    (void)snprintf(command, sizeof command,
                   "'%s' evidence verify '%s' --collateral '%s' --at '%s' --json 2>/dev/null",
                   ASSAY_PROGRAM, path, dir, at);
    FILE *const pipe = popen(command, "r");
    cr_assert_not_null(pipe);
    const size_t len = fread(said, 1, sizeof said - 1, pipe);
    (void)pclose(pipe);
    struct assay_json *document = NULL;
    cr_assert_eq(assay_json_parse(said, len, &document), ASSAY_OK, "%s", command);
    const char *const text = assay_json_text(assay_json_get(document, "data"), "verdict", "");
    enum assay_tier tier = ASSAY_TIER_NONE;
    for (int i = 0; i <= ASSAY_TIER_CONTRAINDICATED; i++)
        if (strcmp(text, assay_name_of_tier((enum assay_tier)i)) == 0) tier = (enum assay_tier)i;
    assay_json_free(&document);
    return tier;
}

/* Every file of the folder, whatever it is. */
static void add_folder(struct assay_trust *trust, const char *path)
{
    struct assay_bytes files[ASSAY_FILES_MAX];
    char name[2 * PATH_MAX];
    size_t count = 0;
    DIR *const dir = opendir(path);
    cr_assert_not_null(dir);
    for (const struct dirent *e; count < ASSAY_FILES_MAX && (e = readdir(dir)) != NULL;) {
        if (e->d_name[0] == '.') continue;
        (void)snprintf(name, sizeof name, "%s/%s", path, e->d_name);
        files[count].bytes = read_file(name, &files[count].len);
        if (files[count].bytes != NULL && files[count].len <= ASSAY_FILE_LEN_MAX) count += 1;
    }
    (void)closedir(dir);
    const enum assay_status status = assay_trust_add_collateral(trust, files, count);
    cr_assert(status == ASSAY_OK || status == ASSAY_E_NOT_FOUND, "%s: %s", path,
              assay_name_of_status(status));
    for (size_t i = 0; i < count; i++)
        free((void *)(uintptr_t)files[i].bytes);
}

static enum assay_tier by_library(const char *path, const char *dir, const char *at)
{
    struct assay_trust *trust = NULL;
    struct assay_verdict *verdict = NULL;
    int64_t at_unix_s = 0;
    size_t len = 0;
    uint8_t *const bytes = read_file(path, &len);
    cr_assert_not_null(bytes);
    cr_assert_eq(assay_rfc3339_parse(at, strlen(at), &at_unix_s), ASSAY_OK);
    cr_assert_eq(assay_trust_create(&trust), ASSAY_OK);
    cr_assert_eq(assay_verdict_create(&verdict), ASSAY_OK);
    cr_assert_eq(assay_trust_add_pinned(trust), ASSAY_OK);
    cr_assert_eq(assay_trust_set_exact(trust, true), ASSAY_OK);
    add_folder(trust, dir);
    cr_assert_eq(verify_bytes(NULL, trust, NULL, ASSAY_KIND_NONE, bytes, len, at_unix_s, verdict),
                 ASSAY_OK);
    const enum assay_tier tier = assay_verdict_get_tier(verdict);
    assay_verdict_destroy(&verdict);
    assay_trust_destroy(&trust);
    free(bytes);
    return tier;
}

Test(library_vectors, give_the_verdicts_of_the_command_line)
{
    if (vectors_dir() == NULL) cr_skip_test("no genuine vectors here");
    char path[PATH_MAX];
    size_t len = 0, tried = 0, affirming = 0;
    (void)snprintf(path, sizeof path, "%s/MANIFEST.json", vectors_dir());
    uint8_t *const text = read_file(path, &len);
    struct assay_json *manifest = NULL;
    cr_assert_not_null(text);
    cr_assert_eq(assay_json_parse((const char *)text, len, &manifest), ASSAY_OK);
    const struct assay_json *const cases = assay_json_get(manifest, "cases");
    for (size_t i = 0; i < assay_json_count(cases); i++) {
        const struct assay_json *const test = assay_json_at(cases, i);
        const char *const id = assay_json_text(test, "id", "");
        const char *const at = assay_json_text(test, "evaluation_time", "2026-07-20T00:00:00Z");
        const char *const file = evidence_of(test);
        char dir[PATH_MAX];
        if (file == NULL || !is_tried(assay_json_text(test, "kind", ""), id)) continue;
        (void)snprintf(path, sizeof path, "%s/%s", vectors_dir(), file);
        (void)snprintf(dir, sizeof dir, "%.*s", (int)(strrchr(path, '/') - path), path);
        const enum assay_tier tier = by_library(path, dir, at);
        cr_assert_eq(tier, by_program(path, dir, at), "%s: %s", id, assay_name_of_tier(tier));
        tried += 1;
        affirming += tier == ASSAY_TIER_AFFIRMING;
    }
    cr_assert_gt(tried, 30);
    cr_assert_gt(affirming, 3);
    assay_json_free(&manifest);
    free(text);
}

/* One trust for platforms of several families: each finds its own set. */
Test(library_vectors, a_pool_of_sets_serves_every_platform_in_it)
{
    static const char *const names[] = { "sgx/sgx-platform-ca-swhardening",
                                         "sgx/sgx-processor-ca-config-and-swhardening",
                                         "tdx/tdx-v4-uptodate" };
    if (vectors_dir() == NULL) cr_skip_test("no genuine vectors here");
    struct assay_trust *trust = NULL;
    struct assay_verdict *verdict = NULL;
    char path[PATH_MAX];
    cr_assert_eq(assay_trust_create(&trust), ASSAY_OK);
    cr_assert_eq(assay_verdict_create(&verdict), ASSAY_OK);
    cr_assert_eq(assay_trust_add_pinned(trust), ASSAY_OK);
    for (size_t i = 0; i < 3; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", vectors_dir(), names[i]);
        add_folder(trust, path);
    }
    for (size_t i = 0; i < 3; i++) {
        size_t len = 0;
        (void)snprintf(path, sizeof path, "%s/%s/quote.bin", vectors_dir(), names[i]);
        uint8_t *const bytes = read_file(path, &len);
        cr_assert_not_null(bytes);
        cr_assert_eq(
            verify_bytes(NULL, trust, NULL, ASSAY_KIND_NONE, bytes, len, 1751624924, verdict),
            ASSAY_OK);
        /* Not all of them are valid at one time, but each is judged by its own levels. */
        cr_assert_neq(assay_verdict_get_genuine(verdict), ASSAY_GENUINE_FALSE);
        struct assay_finding why = { .size = sizeof why };
        for (size_t k = 0; assay_verdict_get_finding(verdict, k, &why); k++)
            cr_assert_str_neq(why.name, "collateral-missing", "%s", names[i]);
        free(bytes);
    }
    assay_verdict_destroy(&verdict);
    assay_trust_destroy(&trust);
}

/* Report and certificates packed together, and nothing but the root trusted. */
Test(library_vectors, pieces_of_evidence_are_packed_and_verified)
{
    static const char *const names[] = { "ask.pem", "vek.der", "ark.pem" };
    static uint8_t packed[ASSAY_EVIDENCE_BYTES_MAX];
    struct assay_bytes certificates[9];
    struct assay_trust *trust = NULL;
    struct assay_verdict *verdict = NULL;
    char path[PATH_MAX];
    size_t len = 0, packed_len = 0;
    if (vectors_dir() == NULL) cr_skip_test("no genuine vectors here");
    for (size_t i = 0; i < 9; i++) {
        (void)snprintf(path, sizeof path, "%s/snp/milan-v2-a/%s", vectors_dir(), names[i % 3]);
        certificates[i].bytes =
            i < 3 ? read_file(path, &certificates[i].len) : certificates[0].bytes;
        if (i >= 3) certificates[i].len = certificates[0].len;
        cr_assert_not_null(certificates[i].bytes);
    }
    (void)snprintf(path, sizeof path, "%s/snp/milan-v2-a/report.bin", vectors_dir());
    uint8_t *const report = read_file(path, &len);
    struct assay_evidence_piece_list pieces = { .size = sizeof pieces,
                                                .main = { report, len },
                                                .certificates = certificates,
                                                .certificate_count = 3 };
    cr_assert_eq(assay_evidence_pack(ASSAY_KIND_SNP, &pieces, packed, sizeof packed, &packed_len),
                 ASSAY_OK);
    cr_assert_eq(assay_trust_create(&trust), ASSAY_OK);
    cr_assert_eq(assay_verdict_create(&verdict), ASSAY_OK);
    cr_assert_eq(assay_trust_add_root(trust, certificates[2].bytes, certificates[2].len,
                                      ASSAY_KIND_BIT(ASSAY_KIND_SNP)),
                 ASSAY_OK);
    const enum assay_evidence_kind kinds[] = { ASSAY_KIND_NONE, ASSAY_KIND_SNP };
    for (size_t i = 0; i < 2; i++) {
        cr_assert_eq(
            verify_bytes(NULL, trust, NULL, kinds[i], packed, packed_len, 1767225600, verdict),
            ASSAY_OK);
        cr_assert_eq(assay_verdict_get_kind(verdict), ASSAY_KIND_SNP);
        cr_assert_eq(assay_verdict_get_genuine(verdict), ASSAY_GENUINE_TRUE);
    }
    /* The same certificates as a set beside the bare report. */
    cr_assert_eq(assay_trust_add_collateral(trust, certificates, 3), ASSAY_OK);
    cr_assert_eq(verify_bytes(NULL, trust, NULL, ASSAY_KIND_NONE, report, len, 1767225600, verdict),
                 ASSAY_OK);
    cr_assert_eq(assay_verdict_get_genuine(verdict), ASSAY_GENUINE_TRUE);

    cr_assert_eq(assay_evidence_pack(ASSAY_KIND_SNP, &pieces, packed, 100, &packed_len),
                 ASSAY_E_FULL);
    cr_assert_eq(assay_evidence_pack(ASSAY_KIND_NONE, &pieces, packed, sizeof packed, &packed_len),
                 ASSAY_E_INVALID);
    pieces.certificate_count = 9;
    cr_assert_eq(assay_evidence_pack(ASSAY_KIND_SNP, &pieces, packed, sizeof packed, &packed_len),
                 ASSAY_E_RANGE);
    for (size_t i = 0; i < 3; i++)
        free((void *)(uintptr_t)certificates[i].bytes);
    free(report);
    assay_verdict_destroy(&verdict);
    assay_trust_destroy(&trust);
}
