/*
 * net/runtime/runtime_signals.c - operator signals to a running node: drain, status line, reload.
 *
 * Asked to end, a node says so (/readyz), finishes what it has in hand, gives it to its peers, and
 * goes: limits.drain_ms at the longest, at once when it is asked twice.
 */
#include "net/runtime/runtime_internal.h"

#include "net/documents/document.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* ------------------------------------------------------------ signals */

enum assay_status runtime_signals_open(struct assay_runtime *runtime)
{
    ASSAY_ASSERT(runtime->signal_fd < 0);
    sigset_t set;
    if (!runtime->config.take_signals) return ASSAY_OK;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGHUP);
    (void)sigaddset(&set, SIGUSR1);
    (void)sigaddset(&set, SIGUSR2);
    /* A closed log pipe must not end the node. */
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR) return ASSAY_E_IO;
    /* Before any thread exists: threads inherit the mask. */
    if (pthread_sigmask(SIG_BLOCK, &set, NULL) != 0) return ASSAY_E_IO;
    runtime->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    return runtime->signal_fd >= 0 ? ASSAY_OK : ASSAY_E_IO;
}

/* Logs the state of the node, for operators without `assay` at hand. */
static void log_state(struct assay_runtime *runtime)
{
    char sentence[ASSAY_DOCUMENT_SENTENCE];
    const struct assay_snapshot *s = runtime_snapshot(runtime);
    if (assay_log_begin(&runtime->log, ASSAY_SEVERITY_INFO, "state")) {
        assay_log_uint(&runtime->log, "epoch", s->chain.epoch);
        assay_log_uint(&runtime->log, "height", s->chain.height);
        assay_log_bool(&runtime->log, "voting", s->chain.voting);
        assay_log_text(&runtime->log, "summary", assay_document_sentence(s, sentence));
    }
    assay_log_end(&runtime->log);
}

static const char *signal_name(uint32_t number)
{
    switch (number) {
    case SIGINT: return "SIGINT";
    case SIGTERM: return "SIGTERM";
    case SIGHUP: return "SIGHUP";
    case SIGUSR1: return "SIGUSR1";
    default: return "SIGUSR2"; /* the set has no other */
    }
}

/* First signal: exit when nothing is in progress. Second: exit now. */
static void begin_drain(struct assay_runtime *runtime)
{
    if (runtime->draining) runtime->stopping = 1;
    runtime->draining = true;
    runtime->drain_until_ms = runtime->now_ms + runtime->config.drain_ms;
}

static void on_signal(struct assay_runtime *runtime, uint32_t number)
{
    if (assay_log_begin(&runtime->log, ASSAY_SEVERITY_INFO, "signal")) {
        assay_log_text(&runtime->log, "name", signal_name(number));
        if (number == SIGUSR1)
            assay_log_text(&runtime->log, "note", "lines go to standard error: nothing to reopen");
    }
    assay_log_end(&runtime->log);
    if (number == SIGINT || number == SIGTERM) begin_drain(runtime);
    else if (number == SIGHUP) runtime->reloading = true;
    else log_state(runtime);
}

void runtime_signals_read(struct assay_runtime *runtime)
{
    struct signalfd_siginfo info;
    while (runtime->signal_fd >= 0 &&
           read(runtime->signal_fd, &info, sizeof info) == (ssize_t)sizeof info)
        on_signal(runtime, info.ssi_signo);
}

/* ------------------------------------------------------------ drain */

/* All effects are applied, and none waits for a thread or for room. */
static bool is_idle(const struct assay_runtime *runtime)
{
    ASSAY_ASSERT(runtime->pool != NULL && runtime->dispatch != NULL);
    return !assay_dispatch_has_queued(runtime->dispatch) && runtime->waiting == NULL &&
           assay_verify_pool_pending(runtime->pool) == 0;
}

void runtime_drain_poll(struct assay_runtime *runtime)
{
    if (!runtime->draining || runtime->stopping) return;
    if (is_idle(runtime) || runtime->now_ms >= runtime->drain_until_ms) runtime->stopping = 1;
}

/* ------------------------------------------------------------ a reload */

bool assay_runtime_poll_reload(struct assay_runtime *runtime)
{
    const bool reloads = runtime->reloading && !runtime->stopping;
    runtime->reloading = false;
    return reloads;
}

static enum assay_severity severity_of(unsigned level)
{
    return level < ASSAY_SEVERITY_DEBUG ? (enum assay_severity)level : ASSAY_SEVERITY_DEBUG;
}

/* A member with a new configured address is dialled there; one without, at its claimed addresses,
 * if any. A connection to an address that remains in the list is kept. */
static enum assay_status reconfigure_peers(struct assay_runtime *runtime)
{
    ASSAY_ASSERT(runtime->link != NULL);
    enum assay_status status = ASSAY_OK;
    for (uint16_t slot = 0; slot < runtime->members; slot++) {
        const enum assay_status one = runtime_dial_member(runtime, slot);
        if (one != ASSAY_OK) status = one;
    }
    return status;
}

enum assay_status assay_runtime_reconfigure(struct assay_runtime *runtime,
                                            const struct assay_runtime_settings *tuning)
{
    ASSAY_ASSERT(runtime->pool != NULL && (tuning->peer_count == 0 || tuning->peers != NULL));
    runtime->config.peers = tuning->peers;
    runtime->config.peer_count = tuning->peer_count;
    enum assay_status status = reconfigure_peers(runtime);
    const enum assay_status advertised = runtime_addresses_advertise(runtime, tuning->advertise);
    if (advertised != ASSAY_OK) status = advertised;
    runtime->config.drain_ms = tuning->drain_ms;
    runtime->config.log_level = tuning->log_level;
    runtime->log.most = severity_of(tuning->log_level);
    if (tuning->verify_threads == runtime->config.verify_threads) return status;
    const enum assay_status threads =
        assay_verify_pool_threads(runtime->pool, tuning->verify_threads);
    if (threads == ASSAY_OK) runtime->config.verify_threads = tuning->verify_threads;
    return status != ASSAY_OK ? status : threads;
}

void assay_runtime_log_reload(struct assay_runtime *runtime, enum assay_severity severity,
                              const char *key, const char *value, const char *note)
{
    ASSAY_ASSERT(note != NULL && (key == NULL || value != NULL));
    if (assay_log_begin(&runtime->log, severity, "reload")) {
        if (key != NULL) assay_log_text(&runtime->log, key, value);
        assay_log_text(&runtime->log, "note", note);
    }
    assay_log_end(&runtime->log);
}

bool assay_runtime_is_draining(const struct assay_runtime *runtime)
{
    return runtime->draining || runtime->stopping;
}

void assay_runtime_on_reload(struct assay_runtime *runtime, bool taken)
{
    runtime->reload_refused = !taken;
    if (taken) runtime->reloads++;
}

void assay_runtime_format_status(struct assay_runtime *runtime,
                                 char text[static ASSAY_RUNTIME_STATUS_LEN])
{
    _Static_assert((int)ASSAY_DOCUMENT_SENTENCE <= (int)ASSAY_RUNTIME_STATUS_LEN, "fits");
    const char *const said = assay_document_sentence(runtime_snapshot(runtime), text);
    ASSAY_ASSERT(said == text);
}
