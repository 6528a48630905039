/*
 * tests/unit/quote_source/test_cli.c - `assay collateral`, run as a user runs it.
 *
 * The program asks https:// only, and the server of the tests speaks http: so the cache is filled
 * through the library, and the program answers from it with --offline.
 */
#include "net/json/json.h"
#include "quote/source/fetch/pcs.h"
#include "tests/unit/apps/folder.h"
#include "tests/unit/quote/world.h"
#include "tests/unit/quote_source/pccs.h"

#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

static struct pccs *pccs;
static struct folder folder;
static char fmspc[13];
static char output[65536];

static void set_up(void)
{
    pccs = pccs_start();
    folder = folder_make();
    assay_hex_encode(pccs->world->ca.fmspc, 6, fmspc, sizeof fmspc);
    (void)folder_put(&folder, "root.der", pccs->world->ca.root_der, pccs->world->ca.root_der_len,
                     0600);
}

static void tear_down(void)
{
    pccs_stop(pccs);
    folder_remove(&folder);
}

TestSuite(collateral_cli, .init = set_up, .fini = tear_down);

__attribute__((format(printf, 1, 2))) static int run(const char *format, ...)
{
    char arguments[4096], command[8192];
    va_list list;
    va_start(list, format);
    (void)vsnprintf(arguments, sizeof arguments, format, list);
    va_end(list);
    (void)snprintf(command, sizeof command, "%s collateral %s 2>&1", ASSAY_PROGRAM, arguments);
    FILE *const pipe = popen(command, "r");
    cr_assert_not_null(pipe);
    const size_t len = fread(output, 1, sizeof output - 1, pipe);
    output[len] = '\0';
    const int status = pclose(pipe);
    cr_assert(WIFEXITED(status), "%s", output);
    return WEXITSTATUS(status);
}

static void fill_cache(void)
{
    struct assay_fetch_config config = pccs->config;
    struct assay_pcs_bundle bundle = { 0 };
    char message[ASSAY_FETCH_MESSAGE_LEN];
    config.cache_dir = folder_at(&folder, "cache");
    cr_assert_eq(assay_pcs_fetch(&config, &pccs->request, &bundle, message), ASSAY_OK, "%s",
                 message);
    assay_pcs_bundle_free(&bundle);
}

#define FETCH                                                                                      \
    "fetch --fmspc %s --ca platform --tee sgx --pccs %s --root %s/root.der --offline "             \
    "--cache %s/cache --at 2027-01-15T08:00:00Z --out %s/out"
#define FETCH_ARGUMENTS fmspc, pccs->request.base_url, folder.path, folder.path, folder.path

Test(collateral_cli, fetches_a_folder_that_it_then_shows)
{
    fill_cache();
    cr_assert_eq(run(FETCH, FETCH_ARGUMENTS), 0, "%s", output);
    cr_expect_not_null(strstr(output, "tcb_info.json"), "%s", output);
    cr_expect_not_null(strstr(output, "cache"), "%s", output);
    for (int i = 0; i < ASSAY_PARTS_INTEL; i++) {
        char path[PATH_MAX];
        size_t len = 0;
        const enum assay_collateral_part part = (enum assay_collateral_part)i;
        (void)snprintf(path, sizeof path, "%s/out/%s", folder.path,
                       assay_collateral_part_name(part));
        uint8_t *const bytes = read_file(path, &len);
        cr_assert_not_null(bytes, "%s", path);
        cr_expect(
            assay_slice_equal(assay_slice_over(bytes, len), pccs->world->bundle.files.part[i]));
        free(bytes);
    }
    cr_expect_eq(
        run("show %s/out --root %s/root.der --at 2027-01-15T08:00:00Z", folder.path, folder.path),
        0, "%s", output);
    cr_expect_not_null(strstr(output, "complete and verified  yes: "), "%s", output);
    cr_expect_not_null(strstr(output, "valid                  yes: at "), "%s", output);
    cr_expect_not_null(strstr(output, fmspc), "%s", output);
    cr_expect_eq(
        run("show %s/out --root %s/root.der --at 2049-01-15T08:00:00Z", folder.path, folder.path),
        10, "%s", output);
    cr_expect_not_null(strstr(output, "NOT VALID NOW"), "%s", output);
    cr_expect_eq(run("show %s/out", folder.path), 13, "Intel's root did not sign it: %s", output);
    cr_expect_not_null(strstr(output, "FAULT"), "%s", output);
}

Test(collateral_cli, answers_in_json)
{
    struct assay_json *json = NULL;
    fill_cache();
    cr_assert_eq(run(FETCH " --json", FETCH_ARGUMENTS), 0, "%s", output);
    cr_assert_eq(assay_json_parse(output, strlen(output), &json), ASSAY_OK, "%s", output);
    cr_expect_str_eq(assay_json_text(json, "schema", ""), "assay.collateral.fetch");
    const struct assay_json *data = assay_json_get(json, "data");
    cr_expect_eq(assay_json_count(assay_json_get(data, "parts")), ASSAY_PARTS_INTEL);
    cr_expect(assay_json_bool(assay_json_at(assay_json_get(data, "parts"), 0), "from_cache", 0));
    assay_json_free(&json);
    cr_assert_eq(run("show %s/out --root %s/root.der --at 2027-01-15T08:00:00Z --json", folder.path,
                     folder.path),
                 0);
    cr_assert_eq(assay_json_parse(output, strlen(output), &json), ASSAY_OK, "%s", output);
    data = assay_json_get(json, "data");
    cr_expect(assay_json_bool(data, "sound", false));
    cr_expect(assay_json_bool(data, "current", false));
    cr_expect_str_eq(assay_json_text(assay_json_get(data, "tcb_info"), "fmspc", ""), fmspc);
    assay_json_free(&json);
}

Test(collateral_cli, what_cannot_be_had_is_said_and_nothing_is_written)
{
    char gone[PATH_MAX];
    size_t len = 0;
    (void)snprintf(gone, sizeof gone, "%s/out/tcb_info.json", folder.path);
    cr_expect_eq(run(FETCH, FETCH_ARGUMENTS), 5, "%s", output);
    cr_expect_not_null(strstr(output, "not in the cache"), "%s", output);
    cr_expect_null(read_file(gone, &len));
    fill_cache();
    cr_expect_eq(run("fetch --fmspc %s --ca platform --tee sgx --pccs %s --root %s/root.der "
                     "--offline --cache %s/cache --at 2049-01-15T08:00:00Z --out %s/out --json",
                     FETCH_ARGUMENTS),
                 12, "%s", output);
    cr_expect_not_null(strstr(output, "\"stale\""), "%s", output);
    cr_expect_not_null(strstr(output, "stale since"), "%s", output);
    cr_expect_null(read_file(gone, &len));
    cr_expect_eq(run("fetch --fmspc %s --ca platform --tee sgx --pccs %s --out %s/out", fmspc,
                     pccs->request.base_url, folder.path),
                 2, "http is not asked: %s", output);
    cr_expect_not_null(strstr(output, "https://"), "%s", output);
}

Test(collateral_cli, misuse_is_status_2_and_a_missing_file_5)
{
    static const char *const lines[] = {
        "",
        "fetch",
        "show",
        "fetch --out /tmp/x",
        "fetch --for a --fmspc 000000000000 --out /tmp/x",
        "fetch --fmspc 000000000000 --ca platform --out /tmp/x",
        "fetch --fmspc 00000000000 --ca platform --tee sgx --out /tmp/x",
        "fetch --fmspc 00000000000g --ca platform --tee sgx --out /tmp/x",
        "fetch --fmspc 000000000000 --ca both --tee sgx --out /tmp/x",
        "fetch --fmspc 000000000000 --ca platform --tee snp --out /tmp/x",
        "fetch --fmspc 000000000000 --ca platform --tee sgx --offline --out /tmp/x",
        "fetch --fmspc 000000000000 --ca platform --tee sgx --timeout 0 --out /tmp/x",
        "fetch --fmspc 000000000000 --ca platform --tee sgx --timeout 1x --out /tmp/x",
        "fetch --fmspc 000000000000 --ca platform --tee sgx --at yesterday --out /tmp/x",
        "show /tmp --pccs https://x",
        "show /tmp --early",
        "burn",
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        cr_expect_eq(run("%s", lines[i]), 2, "%s: %s", lines[i], output);
    static const char *const absent[] = {"fetch --for /nonexistent --out /tmp/x",
                                         "show /nonexistent"};
    for (size_t i = 0; i < sizeof absent / sizeof absent[0]; i++) {
        cr_expect_eq(run("%s", absent[i]), 5, "%s: %s", absent[i], output);
        cr_expect_not_null(strstr(output, "/nonexistent: no such file"), "%s", output);
    }
    cr_expect_eq(run("--help"), 0);
    cr_expect_not_null(strstr(output, "usage: assay collateral fetch"));
}

Test(collateral_cli, evidence_that_nobody_serves_is_told)
{
    (void)folder_put(&folder, "text", "hello, world: no evidence", 25, 0600);
    (void)folder_put(&folder, "soft", pccs->world->quote, pccs->world->quote_len, 0600);
    cr_expect_eq(run("fetch --for %s/text --out %s/out", folder.path, folder.path), 13, "%s",
                 output);
    cr_expect_eq(run("fetch --for %s/soft --out %s/out", folder.path, folder.path), 13, "%s",
                 output);
    cr_expect_not_null(strstr(output, "soft"), "%s", output);
}

Test(collateral_cli, a_genuine_quote_names_its_family)
{
    if (vectors_dir() == NULL) cr_skip_test("no vectors");
    char quote[PATH_MAX];
    (void)snprintf(quote, sizeof quote, "%s/sgx/neg-sgx-collateral-expired/quote.bin",
                   vectors_dir());
    cr_expect_eq(run("fetch --for %s --offline --cache %s/cache --out %s/out", quote, folder.path,
                     folder.path),
                 5, "%s", output);
    cr_expect_not_null(
        strstr(output, "https://api.trustedservices.intel.com/sgx/certification/v4/tcb?fmspc="),
        "%s", output);
    (void)snprintf(quote, sizeof quote, "%s/snp/milan-v3/report.bin", vectors_dir());
    cr_expect_eq(run("fetch --for %s --offline --cache %s/cache --out %s/out", quote, folder.path,
                     folder.path),
                 5, "%s", output);
    cr_expect_not_null(strstr(output, "https://kdsintf.amd.com/vcek/v1/Milan/"), "%s", output);
}
