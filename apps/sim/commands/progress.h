/*
 * apps/sim/commands/progress.h - progress line on a terminal: share, rate, remaining time.
 *
 * `assay` uses it as well.
 */
#ifndef ASSAY_APPS_SIM_COMMANDS_PROGRESS_H
#define ASSAY_APPS_SIM_COMMANDS_PROGRESS_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { ASSAY_SIM_PROGRESS_LINE_MAX = 160 };
/* In place of `failed`: no job fails and continues. */
#define ASSAY_SIM_PROGRESS_UNCOUNTED UINT64_MAX

/* In place of `total`: it is unknown before the end, so there is a rate and no ETA. */
#define ASSAY_SIM_PROGRESS_UNKNOWN UINT64_MAX

struct assay_sim_progress {
    FILE *out;        /* NULL: nothing is shown */
    const char *unit; /* "seeds", "runs" */
    uint64_t total;
    uint64_t before; /* done by earlier runs: not part of the rate */
    uint64_t started_ms, shown_ms;
};

/* Shows on stderr, if that is a terminal and not quiet. Returns: the started line. */
struct assay_sim_progress sim_progress_start(const char *unit, uint64_t total, uint64_t before,
                                             bool quiet);
/* Ten times a second at most. */
void sim_progress_show(struct assay_sim_progress *progress, uint64_t done, uint64_t failed);
/* Clears the line. */
void sim_progress_end(struct assay_sim_progress *progress);
/* Returns: milliseconds since the start. */
uint64_t sim_progress_ms(const struct assay_sim_progress *progress);

/* Formats the line: bar, counts, rate, ETA. */
void sim_progress_line(char line[static ASSAY_SIM_PROGRESS_LINE_MAX],
                       const struct assay_sim_progress *progress, uint64_t done, uint64_t failed,
                       uint64_t elapsed_ms);

/* From here on the first SIGINT or SIGTERM sets a flag; the second ends the program. Returns: the
 * flag. */
const volatile sig_atomic_t *sim_progress_catch_signals(void);

#endif
