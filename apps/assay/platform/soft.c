/*
 * apps/assay/platform/soft.c - command group `assay soft`: SOFT vendors, platforms and quotes, for
 * development.
 */
#include "apps/assay/core/command.h"
#include "apps/assay/core/file_fault.h"
#include "apps/assay/core/option_values.h"
#include "apps/assay/core/options.h"
#include "apps/assay/core/output.h"
#include "apps/assay/core/result_json.h"
#include "base/system_clock.h"

#include "base/assert.h"
#include "quote/source/soft/issue.h"
#include "quote/source/soft/soft.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { DAY_S = 86400, DAYS_DEFAULT = 3650, DAYS_MAX = 7300, PROGRAM_LEN_MAX = 64 << 20 };

struct options {
    const char *name;
    const char *out;
    const char *measurement;
    const char *program;
    const char *report_data;
    uint64_t days, isvsvn, evaluation, raise; /* 0: not given */
    bool debug;
    char **words;
};

static int report_error(const char *what, enum assay_status status)
{
    (void)fprintf(stderr, "assay soft: %s: %s\n", what, cli_file_fault(what, status));
    if (status == ASSAY_E_NOT_FOUND) return ASSAY_EXIT_NOT_FOUND;
    if (status == ASSAY_E_DUPLICATE) return ASSAY_EXIT_CONFLICT;
    return assay_status_class(status) == ASSAY_CLASS_INPUT ? ASSAY_EXIT_USAGE : ASSAY_EXIT_INTERNAL;
}

static const char vendor_key[] = "the key of a SOFT vendor",
                  platform_key[] = "the key of a SOFT platform";

/* A key file: what it is instead, or its permissions. */
static int report_key(const char *path, enum assay_status status, const char *expected)
{
    (void)fprintf(stderr, "assay soft: %s: %s\n", path, cli_file_fault_of(path, status, expected));
    if (status == ASSAY_E_NOT_FOUND) return ASSAY_EXIT_NOT_FOUND;
    return assay_status_class(status) == ASSAY_CLASS_INPUT ? ASSAY_EXIT_USAGE : ASSAY_EXIT_INTERNAL;
}

/* Of a vendor's folder. */
static int report_vendor(const char *dir, enum assay_status status)
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/ca.key", dir) >= (int)sizeof path)
        return report_error(dir, ASSAY_E_RANGE);
    return report_key(path, status, vendor_key);
}

/* Names are part of certificates. Returns: ASSAY_EXIT_OK | ASSAY_EXIT_USAGE */
static int check_name(const char *which, const char *name)
{
    if (assay_issue_name_fits(name, ASSAY_SOFT_NAME_MAX) == ASSAY_OK) return ASSAY_EXIT_OK;
    return cli_misuse("%s wants 1 to %d of A-Z a-z 0-9 space . _ -, not \"%s\"", which,
                      ASSAY_SOFT_NAME_MAX - 1, name);
}

static int complain_output(const char *what, enum assay_status status)
{
    if (status != ASSAY_E_IO) return report_error(what, status);
    (void)fprintf(stderr, "assay soft: %s: %s\n", what, cli_output_fault(what, status));
    return ASSAY_EXIT_INTERNAL;
}

/* Reports the written file; prints its name unless the user gave it. */
static int say_file(const char *verb, const char *path, bool to_people)
{
    return cli_result_print(cli_result_json(verb, (const char *const[]){ path, NULL }),
                            to_people ? "{files.0}\n" : "");
}

/* --- ca */
enum { KEY_TEXT = 2 * ASSAY_P256_PUBLIC_LEN + 1 };

static enum assay_status make_ca(const char *dir, const char *name, uint64_t days,
                                 struct assay_soft_bundle *bundle, char key[static KEY_TEXT])
{
    struct assay_soft_ca ca;
    struct assay_soft_terms terms;
    /* A day of slack behind: clocks of a network differ. */
    const int64_t now_s = assay_unix_s();
    ASSAY_TRY(assay_soft_ca_create(name, now_s - DAY_S, now_s + (int64_t)days * DAY_S, &ca));
    assay_soft_terms_default(&ca, &terms);
    enum assay_status status = assay_soft_collateral(&ca, &terms, bundle);
    if (status == ASSAY_OK) status = assay_soft_ca_save(&ca, dir);
    if (status == ASSAY_OK) status = assay_soft_bundle_save(bundle, dir);
    if (status == ASSAY_OK) assay_hex_encode(ca.root_public, sizeof ca.root_public, key, KEY_TEXT);
    assay_soft_ca_wipe(&ca);
    return status;
}

static int say_ca(const char *dir, const char *key)
{
    struct assay_json *const data = cli_result_json("soft ca", (const char *const[]){ dir, NULL });
    assay_json_set_text(data, "root_key", key);
    return cli_result_print(data, "root_key: \"{root_key}\"\n");
}

static int run_ca(const struct options *o)
{
    const uint64_t days = o->days != 0 ? o->days : DAYS_DEFAULT;
    char key[KEY_TEXT];
    const char *const name = o->name == NULL ? "vendor" : o->name;
    const int named = check_name("--name", name);
    if (named != ASSAY_EXIT_OK) return named;
    struct assay_soft_bundle *const bundle = malloc(sizeof *bundle);
    if (bundle == NULL) return report_error("ca", ASSAY_E_MEMORY);
    const enum assay_status status = make_ca(o->words[0], name, days, bundle, key);
    const int why = errno;
    free(bundle);
    errno = why;
    if (status == ASSAY_OK) return say_ca(o->words[0], key);
    if (status != ASSAY_E_DUPLICATE) return complain_output(o->words[0], status);
    (void)fprintf(stderr,
                  "assay soft: %s: ca.key is there already, and keys are never overwritten; of a "
                  "vendor that was not finished (a full disk) remove the folder first\n",
                  o->words[0]);
    return ASSAY_EXIT_CONFLICT;
}

/* --- collateral */
static enum assay_status publish_collateral(const char *dir, const struct assay_soft_terms *wanted,
                                            const char *out)
{
    struct assay_soft_ca ca;
    ASSAY_TRY(assay_soft_ca_load(dir, &ca));
    struct assay_soft_terms terms;
    assay_soft_terms_default(&ca, &terms);
    terms.issue_unix_s = assay_unix_s();
    if (wanted->next_unix_s != 0) terms.next_unix_s = terms.issue_unix_s + wanted->next_unix_s;
    if (wanted->evaluation_number != 0) terms.evaluation_number = wanted->evaluation_number;
    if (wanted->levels[0].components[0] != 0) {
        terms.levels[1] = terms.levels[0];
        terms.levels[1].status = ASSAY_TCB_OUT_OF_DATE;
        terms.levels[0].components[0] = wanted->levels[0].components[0];
        terms.levels[0].date_unix_s = terms.issue_unix_s;
        terms.level_count = 2;
    }
    struct assay_soft_bundle *const bundle = malloc(sizeof *bundle);
    enum assay_status status = ASSAY_E_MEMORY;
    if (bundle != NULL) status = assay_soft_collateral(&ca, &terms, bundle);
    assay_soft_ca_wipe(&ca);
    if (status == ASSAY_OK && mkdir(out, 0755) != 0 && errno != EEXIST) status = ASSAY_E_IO;
    if (status == ASSAY_OK) status = assay_soft_bundle_save(bundle, out);
    free(bundle);
    return status;
}

static int run_collateral(const struct options *o)
{
    struct assay_soft_terms wanted = { .next_unix_s = (int64_t)o->days * DAY_S,
                                       .evaluation_number = (uint32_t)o->evaluation };
    wanted.levels[0].components[0] = (uint8_t)o->raise;
    ASSAY_ASSERT(o->out != NULL); /* by the table */
    const enum assay_status status = publish_collateral(o->words[0], &wanted, o->out);
    return status == ASSAY_OK ? say_file("soft collateral", o->out, false)
                              : report_error(o->words[0], status);
}

/* --- node */
static int run_node(const struct options *o)
{
    char path[PATH_MAX];
    struct assay_soft_ca ca;
    struct assay_soft_node node;
    const char *const dir = o->words[0];
    const int named = check_name("NAME", o->words[1]);
    if (named != ASSAY_EXIT_OK) return named;
    enum assay_status status = assay_soft_ca_load(dir, &ca);
    if (status != ASSAY_OK) return report_vendor(dir, status);
    status = assay_soft_node_create(&ca, o->words[1], NULL, &node);
    assay_soft_ca_wipe(&ca);
    if (status != ASSAY_OK) return report_error(o->words[1], status);

    int len = 0;
    if (o->out != NULL) {
        len = snprintf(path, sizeof path, "%s", o->out);
    } else {
        len = snprintf(path, sizeof path, "%s/nodes", dir);
        if (len < (int)sizeof path && mkdir(path, 0700) != 0 && errno != EEXIST)
            status = ASSAY_E_IO;
        len = snprintf(path, sizeof path, "%s/nodes/%s.key", dir, o->words[1]);
    }
    if (len >= (int)sizeof path) status = ASSAY_E_RANGE;
    if (status == ASSAY_OK) status = assay_soft_node_save(&node, path);
    assay_soft_node_deinit(&node);
    return status == ASSAY_OK ? say_file("soft node", path, true) : complain_output(path, status);
}

/* --- quote */
static int read_measurement(const struct options *o, uint8_t mrenclave[32])
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    if ((o->measurement == NULL) == (o->program == NULL))
        return cli_misuse("it wants one of --measurement and --program");
    if (o->measurement != NULL) {
        if (assay_hex_decode(o->measurement, strlen(o->measurement), mrenclave, 32) != ASSAY_OK)
            return cli_misuse("--measurement wants 64 hexadecimal digits");
        return ASSAY_EXIT_OK;
    }
    const enum assay_status status = assay_file_read(o->program, PROGRAM_LEN_MAX, &bytes, &len);
    if (status != ASSAY_OK) return report_error(o->program, status);
    assay_sha256(bytes, len, mrenclave);
    free(bytes);
    return ASSAY_EXIT_OK;
}

static int run_quote(const struct options *o)
{
    struct assay_soft_request request = { .debug = o->debug };
    struct assay_soft_node node;
    uint8_t quote[ASSAY_SOFT_QUOTE_MAX];
    size_t len = 0;
    ASSAY_ASSERT(o->report_data != NULL); /* by the table */
    if (assay_hex_decode(o->report_data, strlen(o->report_data), request.report_data, 64) !=
        ASSAY_OK)
        return cli_misuse("--report-data wants 128 hexadecimal digits");
    request.isvsvn = (uint16_t)o->isvsvn;
    const int measured = read_measurement(o, request.mrenclave);
    if (measured != ASSAY_EXIT_OK) return measured;

    enum assay_status status = assay_soft_node_load(o->words[0], &node);
    if (status != ASSAY_OK) return report_key(o->words[0], status, platform_key);
    status = assay_soft_quote(&node, &request, quote, sizeof quote, &len);
    assay_soft_node_deinit(&node);
    if (status != ASSAY_OK) return report_error(o->out, status);
    const int written = cli_output_write("assay soft quote", o->out, ASSAY_FILE_PUBLIC,
                                         assay_slice_over(quote, len));
    return written == ASSAY_EXIT_OK ? say_file("soft quote", o->out, false) : written;
}

int cli_command_soft(int argc, char **argv)
{
    struct options options = { 0 };
    const char *const verb = argv[1];
    const struct cli_option_target targets[] = {
        { "name", .text = &options.name },
        { "days", .number = &options.days, .low = 1, .high = DAYS_MAX },
        { "out", .text = &options.out },
        { "isvsvn", .number = &options.isvsvn, .high = UINT16_MAX },
        { "evaluation", .number = &options.evaluation, .low = 1, .high = UINT16_MAX },
        { "raise", .number = &options.raise, .low = 2, .high = UINT8_MAX },
        { "measurement", .text = &options.measurement },
        { "program", .text = &options.program },
        { "report-data", .text = &options.report_data },
        { "debug", .flag = &options.debug },
        { .name = NULL },
    };
    const int early = cli_options_read(argc, argv, targets);
    if (early >= 0) return early;
    options.words = argv + 2;
    if (strcmp(verb, "ca") == 0) return run_ca(&options);
    if (strcmp(verb, "collateral") == 0) return run_collateral(&options);
    if (strcmp(verb, "node") == 0) return run_node(&options);
    return run_quote(&options);
}
