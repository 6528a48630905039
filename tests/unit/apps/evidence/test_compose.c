/*
 * tests/unit/apps/evidence/test_compose.c - tests of `assay evidence compose`: its steps over files
 * of a machine with two GPUs and a switch, up to the verdict.
 *
 * apps/assay/evidence/compose.h: the processor commits to the plain devices, and the evidence that
 * a network carries has them packed.
 */
#include "apps/assay/core/command.h"
#include "apps/assay/core/options.h"
#include "apps/assay/evidence/compose.h"
#include "base/file/file.h"
#include "tests/unit/apps/folder.h"
#include "tests/unit/quote/nvidia/device_world.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { WORDS_MAX = 24, PRINTED_MAX = 4096 };

static struct device_world *w;
static struct folder folder;
static char printed[PRINTED_MAX]; /* by the last step */

static void put(const char *name, const void *bytes, size_t len)
{
    (void)folder_put(&folder, name, bytes, len, 0600);
}

static void set_up(void)
{
    static const char *const names[DEVICES] = { "gpu0", "gpu1", "switch0" };
    static const uint8_t challenge[ASSAY_REPORT_DATA_LEN] = { 0xc0, 0x4b };
    w = device_world_open(challenge, 0);
    folder = folder_make();
    cr_assert_eq(mkdir(folder_at(&folder, "chains"), 0700), 0);
    for (unsigned i = 0; i < DEVICES; i++) {
        const struct device_sample *const s = &w->samples[i];
        put(names[i], s->report, s->report_len);
        for (unsigned k = 0; k < DEVICE_CERTIFICATES; k++) {
            char name[32];
            (void)snprintf(name, sizeof name, "chains/%u", DEVICE_CERTIFICATES * i + k);
            put(name, s->ders[k], s->der_len[k]);
        }
    }
}

static void tear_down(void)
{
    folder_remove(&folder);
    device_world_close(w);
}

TestSuite(compose, .init = set_up, .fini = tear_down);

/* A step with these options, those without "--" at files of the folder; the switch comes first.
 * Returns: the exit status; its output is in printed. */
static int step(const char *const options[])
{
    static const char *const devices[] = { "--device", "switch0", "--device",     "gpu0",
                                           "--device", "gpu1",    "--collateral", "chains" };
    static char texts[WORDS_MAX][256];
    char challenge[2 * ASSAY_REPORT_DATA_LEN + 1];
    char *argv[WORDS_MAX + 1] = { NULL };
    int argc = 0;
    assay_hex_encode(w->challenge, sizeof w->challenge, challenge, sizeof challenge);
    const char *const first[] = { "evidence", "compose", "--report-data", challenge };
    for (size_t i = 0; i < sizeof first / sizeof first[0]; i++) {
        (void)snprintf(texts[argc], sizeof texts[0], "%s", first[i]);
        argv[argc] = texts[argc];
        argc += 1;
    }
    for (size_t list = 0; list < 2; list++) {
        const char *const *const words = list == 0 ? devices : options;
        const size_t count = sizeof devices / sizeof devices[0];
        for (size_t i = 0; list == 0 ? i < count : words[i] != NULL; i++) {
            cr_assert_lt(argc, WORDS_MAX);
            const bool is_option = strncmp(words[i], "--", 2) == 0;
            argv[argc] = texts[argc];
            (void)snprintf(texts[argc++], sizeof texts[0], "%s",
                           is_option ? words[i] : folder_at(&folder, words[i]));
        }
    }
    cr_assert_eq(cli_options_check(argc, argv), -1);
    memset(printed, 0, sizeof printed);
    FILE *const terminal = stdout;
    FILE *const captured = fmemopen(printed, sizeof printed, "w");
    cr_assert_not_null(captured);
    stdout = captured;
    const int result = cli_evidence_compose(argc, argv);
    stdout = terminal;
    (void)fclose(captured);
    return result;
}

/* What the first step prints for the processor goes into the processor's quote. */
static void quote_what_is_printed(void)
{
    static const char *const options[] = { "--devices-out", "devices", NULL };
    static const char label[] = "report data to quote";
    cr_assert_eq(step(options), ASSAY_EXIT_OK);
    const char *at = strstr(printed, label);
    cr_assert_not_null(at, "%s", printed);
    at += strlen(label);
    at += strspn(at, " ");
    cr_assert_eq(assay_hex_decode(at, 2 * ASSAY_REPORT_DATA_LEN, w->cpu->request.report_data,
                                  ASSAY_REPORT_DATA_LEN),
                 ASSAY_OK, "%s", printed);
    world_quote(w->cpu);
    put("quote", w->cpu->quote, w->cpu->quote_len);
}

/* Out: w->bytes: the evidence; package borrows from it */
static void read_evidence(struct assay_package *package)
{
    uint8_t *file = NULL;
    cr_assert_eq(assay_file_read(folder_at(&folder, "out"), sizeof w->bytes, &file, &w->len),
                 ASSAY_OK);
    assay_bytes_copy(w->bytes, sizeof w->bytes, file, w->len);
    free(file);
    cr_assert_eq(assay_package_read(ASSAY_KIND_SOFT, w->bytes, w->len, package), ASSAY_OK);
}

static void expect_genuine_with_devices(void)
{
    device_world_judge(w);
    cr_assert_eq(w->status, ASSAY_OK);
    cr_expect_eq(w->verdict.genuine, ASSAY_GENUINE_TRUE, "%s", gpu_reasons(&w->verdict));
    cr_expect_eq(w->verdict.device_count, DEVICES);
}

Test(compose, the_evidence_of_a_network_has_its_devices_packed_and_is_genuine)
{
    static const char *const options[] = { "--quote", "quote", "--out", "out", NULL };
    struct assay_package package;
    uint8_t *devices = NULL;
    size_t len = 0;
    quote_what_is_printed();
    cr_assert_eq(
        assay_file_read(folder_at(&folder, "devices"), ASSAY_DEVICES_LEN_MAX, &devices, &len),
        ASSAY_OK);
    cr_assert_eq(step(options), ASSAY_EXIT_OK);
    read_evidence(&package);
    cr_expect_eq(package.devices.len, 0);
    cr_expect_gt(package.packed.len, 0);
    cr_expect_lt(package.packed.len, len, "%zu bytes packed of %zu", package.packed.len, len);
    cr_expect_leq(w->len, ASSAY_EVIDENCE_LEN_MAX);
    expect_genuine_with_devices();
    free(devices);
}

Test(compose, on_request_the_devices_stay_plain)
{
    static const char *const options[] = { "--quote", "quote", "--out", "out", "--plain", NULL };
    struct assay_package package;
    uint8_t *devices = NULL;
    size_t len = 0;
    quote_what_is_printed();
    cr_assert_eq(
        assay_file_read(folder_at(&folder, "devices"), ASSAY_DEVICES_LEN_MAX, &devices, &len),
        ASSAY_OK);
    cr_assert_eq(step(options), ASSAY_EXIT_OK);
    read_evidence(&package);
    cr_expect_eq(package.packed.len, 0);
    cr_expect(assay_slice_equal(package.devices, assay_slice_over(devices, len)));
    expect_genuine_with_devices();
    free(devices);
}
