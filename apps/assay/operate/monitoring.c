/*
 * apps/assay/operate/monitoring.c - `assay monitoring`: rules for Prometheus and a dashboard for
 * Grafana, with links to the runbooks of a site.
 *
 * The files of docs/monitoring, which packages install as they are, are part of the program: names
 * of metrics and rules over them are of one version.
 */
#include "apps/assay/core/command.h"
#include "apps/assay/core/option_values.h"
#include "apps/assay/core/options.h"
#include "apps/assay/core/output.h"
#include "apps/assay/core/result_json.h"
#include "base/assert.h"
#include "base/file/file.h"
#include "base/file/kind.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

extern const unsigned char assay_monitoring_alerts[], assay_monitoring_dashboard[];
extern const size_t assay_monitoring_alerts_len, assay_monitoring_dashboard_len;

/* Where the files name a runbook: replaced by the base and a slash. */
static const char place[] = "docs/runbooks/";

enum { BASE_LEN_MAX = 1024, FOUND_LEN_MAX = 4 * 1024 * 1024 };

/* Plain in YAML and JSON, and no template of Prometheus ("{{") or variable of Grafana ("$"). */
static bool is_base(const char *url)
{
    static const char fit[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                              "-._~:/=&%+,;()";
    const char *const host = strncmp(url, "https://", 8) == 0  ? url + 8
                             : strncmp(url, "http://", 7) == 0 ? url + 7
                                                               : "";
    return host[0] != '\0' && host[0] != '/' && strspn(url, fit) == strlen(url) &&
           strlen(url) <= BASE_LEN_MAX;
}

/* base: NULL: the places stay. Returns: text of malloc, NULL without memory. */
static char *link_runbooks(const unsigned char *bytes, size_t len, const char *base,
                           size_t *text_len)
{
    char *text = NULL;
    FILE *const out = open_memstream(&text, text_len);
    if (out == NULL) return NULL;
    const size_t place_len = sizeof place - 1;
    size_t base_len = base != NULL ? strlen(base) : 0;
    while (base_len > 0 && base[base_len - 1] == '/')
        base_len--;
    for (size_t at = 0; at < len;) {
        const unsigned char *const found =
            base != NULL ? memmem(bytes + at, len - at, place, place_len) : NULL;
        const size_t until = found != NULL ? (size_t)(found - bytes) : len;
        (void)fwrite(bytes + at, 1, until - at, out);
        if (found != NULL) (void)fprintf(out, "%.*s/", (int)base_len, base);
        at = found != NULL ? until + place_len : len;
    }
    const bool complete = ferror(out) == 0;
    if (fclose(out) == 0 && complete) return text;
    free(text);
    return NULL;
}

struct part {
    const char *name;
    const char *mark; /* is in each of these files that this command wrote */
    const unsigned char *bytes;
    size_t len;
    char path[PATH_MAX];
};

static int write_part(const struct part *part, const char *base)
{
    size_t len = 0;
    char *const text = link_runbooks(part->bytes, part->len, base, &len);
    if (text == NULL) {
        (void)fputs("assay monitoring: out of memory\n", stderr);
        return ASSAY_EXIT_INTERNAL;
    }
    const int exit_status = cli_output_write("assay monitoring", part->path, ASSAY_FILE_PUBLIC,
                                             assay_slice_over(text, len));
    free(text);
    return exit_status;
}

/* A site's own rules or dashboards have these names, too. Returns: an enum assay_exit. */
static int check_output(const struct part *part)
{
    const struct assay_file_kind kind =
        assay_file_kind_of(assay_slice_over(part->bytes, part->len));
    uint8_t *bytes = NULL;
    size_t len = 0;
    const int fit = cli_output_check("assay monitoring", part->path, kind.id);
    if (fit != ASSAY_EXIT_OK) return fit;
    const enum assay_status status = assay_file_read(part->path, FOUND_LEN_MAX, &bytes, &len);
    if (status == ASSAY_E_NOT_FOUND) return ASSAY_EXIT_OK;
    const bool is_own =
        status == ASSAY_OK && memmem(bytes, len, part->mark, strlen(part->mark)) != NULL;
    free(bytes);
    if (is_own) return ASSAY_EXIT_OK;
    (void)fprintf(stderr,
                  "assay monitoring: %s: expected no file, or one that this command wrote; it is "
                  "another one, which is never replaced: give another --out\n",
                  part->path);
    return ASSAY_EXIT_CONFLICT;
}

static int write_all(const char *dir, const char *base)
{
    struct part parts[] = {
        { "alerts.yml", "# Recording and alerting rules for Prometheus over the metrics of http.md",
          assay_monitoring_alerts, assay_monitoring_alerts_len, "" },
        { "dashboard.json", "\"uid\": \"assay\"", assay_monitoring_dashboard,
          assay_monitoring_dashboard_len, "" },
    };
    enum { PARTS = sizeof parts / sizeof parts[0] };
    if (mkdir(dir, 0755) != 0 && errno != EEXIST) {
        (void)fprintf(stderr, "assay monitoring: %s: %s\n", dir, strerror(errno));
        return ASSAY_EXIT_INTERNAL;
    }
    for (size_t i = 0; i < PARTS; i++) {
        const int len = snprintf(parts[i].path, sizeof parts[i].path, "%s/%s", dir, parts[i].name);
        if (len >= (int)sizeof parts[i].path)
            return cli_misuse("--out: the path has %d bytes, expected at most %d", len,
                              PATH_MAX - 1);
        const int fit = check_output(&parts[i]);
        if (fit != ASSAY_EXIT_OK) return fit;
    }
    for (size_t i = 0; i < PARTS; i++) {
        const int written = write_part(&parts[i], base);
        if (written != ASSAY_EXIT_OK) return written;
    }
    return cli_result_print(
        cli_result_json("monitoring", (const char *const[]){ parts[0].path, parts[1].path, NULL }),
        "{files.0}: rules for Prometheus; check: promtool check rules {files.0}\n"
        "{files.1}: import it in Grafana\n");
}

int cli_command_monitoring(int argc, char **argv)
{
    const char *out = NULL, *base = NULL;
    const struct cli_option_target targets[] = {
        { "out", .text = &out },
        { "runbook-base", .text = &base },
        { .name = NULL },
    };
    const int early = cli_options_read(argc, argv, targets);
    if (early >= 0) return early;
    ASSAY_ASSERT(out != NULL); /* by the table */
    if (base != NULL && !is_base(base))
        return cli_misuse("--runbook-base: expected http:// or https:// with a host, at most %d "
                          "bytes of letters, digits and -._~:/=&%%+,;(), found \"%.60s\"",
                          BASE_LEN_MAX, base);
    return write_all(out, base);
}
