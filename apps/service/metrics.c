/*
 * apps/service/metrics.c - writer of the metrics file of a service program.
 */
#include "apps/service/metrics.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct service_metrics {
    FILE *out;
    const struct service_metrics_of *of;
};

/* ------------------------------------------------------------ lines */

static void head(const struct service_metrics *m, const char *name, const char *type,
                 const char *help)
{
    (void)fprintf(m->out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void sample(const struct service_metrics *m, const char *name, uint64_t value)
{
    (void)fprintf(m->out, "%s{listen=\"%s\"} %" PRIu64 "\n", name, m->of->listen, value);
}

void service_gauge(struct service_metrics *m, const char *name, const char *help, uint64_t value)
{
    head(m, name, "gauge", help);
    sample(m, name, value);
}

void service_counter(struct service_metrics *m, const char *name, const char *help, uint64_t value)
{
    head(m, name, "counter", help);
    sample(m, name, value);
}

void service_state(struct service_metrics *m, const char *name, const char *help,
                   const char *const *words, size_t count, size_t now)
{
    head(m, name, "gauge", help);
    for (size_t i = 0; i < count; i++)
        (void)fprintf(m->out, "%s{listen=\"%s\",state=\"%s\"} %d\n", name, m->of->listen, words[i],
                      i == now);
}

/* ------------------------------------------------------------ common series */

static void put_program(struct service_metrics *m)
{
    static const char info[] = "assay_program_info";
    head(m, info, "gauge", "Version of the running service program; always 1.");
    (void)fprintf(m->out, "%s{listen=\"%s\",program=\"%s\",version=\"%s\"} 1\n", info,
                  m->of->listen, m->of->program, ASSAY_VERSION);
    service_gauge(m, "assay_program_start_time_seconds",
                  "Start time of the program, in Unix seconds.", m->of->started_unix_ms / 1000);
    service_gauge(m, "assay_program_written_time_seconds",
                  "Time of this file, in Unix seconds; written every 5 s.",
                  m->of->now_unix_ms / 1000);
}

void service_put_standing(struct service_metrics *m, bool follows, bool listed)
{
    service_gauge(m, "assay_program_ledger_followed",
                  "1 while the program follows the ledger of its daemon.", follows);
    service_gauge(m, "assay_program_listed",
                  "1 if the ledger lists the program, or the offer of an executor.", listed);
}

/* ------------------------------------------------------------ the file */

/* DIR/.NAME.new, which no collector reads. */
static enum assay_status name_temporary(const char *path, char temporary[static PATH_MAX])
{
    const char *const slash = strrchr(path, '/');
    const char *const name = slash != NULL ? slash + 1 : path;
    const int len = snprintf(temporary, PATH_MAX, "%.*s.%s.new", (int)(name - path), path, name);
    return len > 0 && len < PATH_MAX ? ASSAY_OK : ASSAY_E_RANGE;
}

static FILE *open_temporary(const char *temporary)
{
    if (unlink(temporary) != 0 && errno != ENOENT) return NULL; /* left by a crash */
    const int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
    FILE *const out = fd >= 0 && fchmod(fd, 0644) == 0 ? fdopen(fd, "w") : NULL;
    if (out == NULL && fd >= 0) (void)close(fd);
    return out;
}

enum assay_status service_metrics_write(const char *path, const struct service_metrics_of *of,
                                        service_metrics_put *put, const void *node)
{
    char temporary[PATH_MAX];
    ASSAY_TRY(name_temporary(path, temporary));
    struct service_metrics m = { .out = open_temporary(temporary), .of = of };
    if (m.out == NULL) return ASSAY_E_IO;
    put_program(&m);
    put(&m, node);
    const bool whole = ferror(m.out) == 0;
    if (fclose(m.out) == 0 && whole && rename(temporary, path) == 0) return ASSAY_OK;
    const int why = errno;
    (void)unlink(temporary);
    errno = why;
    return ASSAY_E_IO;
}
