/*
 * apps/sim/commands/progress.c - progress line on a terminal, and the flag of Ctrl-C.
 */
#include "apps/sim/commands/progress.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

enum { BAR = 24, SHOW_MS = 100 };

/* The only state that a handler can reach. */
static volatile sig_atomic_t stop_flag;

static uint64_t now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

struct assay_sim_progress sim_progress_start(const char *unit, uint64_t total, uint64_t before,
                                             bool quiet)
{
    const bool shown = !quiet && isatty(STDERR_FILENO) == 1;
    return (struct assay_sim_progress){ .out = shown ? stderr : NULL,
                                        .unit = unit,
                                        .total = total,
                                        .before = before,
                                        .started_ms = now_ms() };
}

uint64_t sim_progress_ms(const struct assay_sim_progress *progress)
{
    return now_ms() - progress->started_ms;
}

static void put_time(char *text, size_t len, uint64_t seconds)
{
    const unsigned long long s = seconds;
    if (s >= 3600) (void)snprintf(text, len, "%llu:%02llu:%02llu", s / 3600, s / 60 % 60, s % 60);
    else (void)snprintf(text, len, "%llu:%02llu", s / 60, s % 60);
}

void sim_progress_line(char line[static ASSAY_SIM_PROGRESS_LINE_MAX],
                       const struct assay_sim_progress *progress, uint64_t done, uint64_t failed,
                       uint64_t elapsed_ms)
{
    const uint64_t rate = elapsed_ms == 0 ? 0 : (done - progress->before) * 60000 / elapsed_ms;
    if (progress->total == ASSAY_SIM_PROGRESS_UNKNOWN) {
        (void)snprintf(line, ASSAY_SIM_PROGRESS_LINE_MAX, "%llu %s  %llu a minute",
                       (unsigned long long)done, progress->unit, (unsigned long long)rate);
        return;
    }
    const uint64_t total = progress->total < done ? done
                           : progress->total == 0 ? 1
                                                  : progress->total;
    const uint64_t mine = done - progress->before; /* of this run */
    const uint64_t filled = done * BAR / total;
    char bar[BAR + 1], eta[32] = "-";
    for (uint64_t i = 0; i < BAR; i++)
        bar[i] = i < filled ? '#' : '.';
    bar[BAR] = '\0';
    if (mine > 0) put_time(eta, sizeof eta, elapsed_ms * (total - done) / mine / 1000);
    (void)snprintf(line, ASSAY_SIM_PROGRESS_LINE_MAX,
                   "[%s] %llu/%llu %s  %llu %%  %llu a minute  ETA %s", bar,
                   (unsigned long long)done, (unsigned long long)total, progress->unit,
                   (unsigned long long)(done * 100 / total), (unsigned long long)rate, eta);
    const size_t len = strlen(line);
    if (failed != ASSAY_SIM_PROGRESS_UNCOUNTED)
        (void)snprintf(line + len, ASSAY_SIM_PROGRESS_LINE_MAX - len, "  failed %llu",
                       (unsigned long long)failed);
}

void sim_progress_show(struct assay_sim_progress *progress, uint64_t done, uint64_t failed)
{
    char line[ASSAY_SIM_PROGRESS_LINE_MAX];
    if (progress->out == NULL) return;
    const uint64_t now = now_ms();
    if (progress->shown_ms != 0 && now - progress->shown_ms < SHOW_MS) return;
    progress->shown_ms = now;
    sim_progress_line(line, progress, done, failed, now - progress->started_ms);
    (void)fprintf(progress->out, "\r\033[K%s", line);
    (void)fflush(progress->out);
}

void sim_progress_end(struct assay_sim_progress *progress)
{
    if (progress->out == NULL || progress->shown_ms == 0) return;
    (void)fputs("\r\033[K", progress->out);
    (void)fflush(progress->out);
    progress->shown_ms = 0;
}

static void note_signal(int number)
{
    (void)number;
    stop_flag = 1;
}

const volatile sig_atomic_t *sim_progress_catch_signals(void)
{
    /* SA_RESETHAND: a second Ctrl-C ends the program. */
    const struct sigaction action = { .sa_handler = note_signal,
                                      .sa_flags = SA_RESTART | (int)SA_RESETHAND };
    stop_flag = 0;
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    return &stop_flag;
}
