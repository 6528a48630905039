/*
 * apps/service/metrics.h - metrics of a service program, as a file that Prometheus reads by
 * node_exporter's textfile collector: no port, no thread, no queries.
 *
 * Text format 0.0.4, each series with the label `listen`, since programs of several members may run
 * on one machine. docs/reference/metrics.md is generated from the calls below.
 */
#ifndef ASSAY_APPS_SERVICE_METRICS_H
#define ASSAY_APPS_SERVICE_METRICS_H

#include "base/bytes.h"
#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SERVICE_METRICS_MS = 5000 }; /* between two versions of the file */

struct service_metrics; /* a page that is being written */

/* The program and its listening address; both outlive the page. */
struct service_metrics_of {
    const char *program, *listen;
    uint64_t started_unix_ms, now_unix_ms;
};

typedef void service_metrics_put(struct service_metrics *m, const void *node);

/*
 * service_metrics_write - writes a new version of the file: written next to it and renamed,
 * readable by all, not synced (it is useless after a crash of the machine).
 * In:      put: writes the program's own lines of node
 * Returns: ASSAY_OK | ASSAY_E_IO (see errno), ASSAY_E_RANGE (path), and the old one remains
 */
ASSAY_CHECKED enum assay_status service_metrics_write(const char *path,
                                                      const struct service_metrics_of *of,
                                                      service_metrics_put *put, const void *node);

/* Series of every program. In: listed: of an executor, that its offer is on the ledger. */
void service_put_standing(struct service_metrics *m, bool follows, bool listed);
/* One series. */
void service_gauge(struct service_metrics *m, const char *name, const char *help, uint64_t value);
/* The same; name ends in _total. */
void service_counter(struct service_metrics *m, const char *name, const char *help, uint64_t value);
/* A series a word, in the label `state`: 1 at words[now], else 0. */
void service_state(struct service_metrics *m, const char *name, const char *help,
                   const char *const *words, size_t count, size_t now);

#endif
