/*
 * net/runtime/runtime_signals.c - what an operator asks of a running node: to end, to say how it
 * stands, to take over what may change while it runs.
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

enum assay_status host_signals_open(struct assay_host *host)
{
    sigset_t set;
    if (!host->config.take_signals) return ASSAY_OK;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGHUP);
    (void)sigaddset(&set, SIGUSR1);
    (void)sigaddset(&set, SIGUSR2);
    /* A log that nobody reads any more must not end the node. */
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR) return ASSAY_E_IO;
    /* Before any thread exists: threads inherit the mask. */
    if (pthread_sigmask(SIG_BLOCK, &set, NULL) != 0) return ASSAY_E_IO;
    host->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    return host->signal_fd >= 0 ? ASSAY_OK : ASSAY_E_IO;
}

/* What the node stands at, for who has a terminal and no `assay` at hand. */
static void say_state(struct assay_host *host)
{
    char sentence[ASSAY_DOCUMENT_SENTENCE];
    const struct assay_snapshot *s = host_snapshot(host);
    if (assay_log_begin(&host->log, ASSAY_SEVERITY_INFO, "state")) {
        assay_log_uint(&host->log, "epoch", s->chain.epoch);
        assay_log_uint(&host->log, "height", s->chain.height);
        assay_log_bool(&host->log, "voting", s->chain.voting);
        assay_log_text(&host->log, "says", assay_document_sentence(s, sentence));
    }
    assay_log_end(&host->log);
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

/* Once: to go when nothing is in hand. Twice: to go. */
static void begin_drain(struct assay_host *host)
{
    if (host->draining) host->stopping = 1;
    host->draining = true;
    host->drain_until_ms = host->now_ms + host->config.drain_ms;
}

static void take_signal(struct assay_host *host, uint32_t number)
{
    if (assay_log_begin(&host->log, ASSAY_SEVERITY_INFO, "signal")) {
        assay_log_text(&host->log, "name", signal_name(number));
        if (number == SIGUSR1)
            assay_log_text(&host->log, "note", "lines go to standard error: nothing to reopen");
    }
    assay_log_end(&host->log);
    if (number == SIGINT || number == SIGTERM) begin_drain(host);
    else if (number == SIGHUP) host->reloading = true;
    else say_state(host);
}

void host_signals_read(struct assay_host *host)
{
    struct signalfd_siginfo info;
    while (host->signal_fd >= 0 &&
           read(host->signal_fd, &info, sizeof info) == (ssize_t)sizeof info)
        take_signal(host, info.ssi_signo);
}

/* ------------------------------------------------------------ the end */

/* Whatever the engine asked for is carried out, and nothing of it waits for a thread or for room.
 * */
static bool is_idle(const struct assay_host *host)
{
    return !assay_dispatch_waits(host->dispatch) && host->waiting == NULL &&
           assay_verify_pool_pending(host->pool) == 0;
}

void host_drain(struct assay_host *host)
{
    if (!host->draining || host->stopping) return;
    if (is_idle(host) || host->now_ms >= host->drain_until_ms) host->stopping = 1;
}

/* ------------------------------------------------------------ a reload */

bool assay_host_reloads(struct assay_host *host)
{
    const bool reloads = host->reloading && !host->stopping;
    host->reloading = false;
    return reloads;
}

static enum assay_severity severity_of(unsigned level)
{
    return level < ASSAY_SEVERITY_DEBUG ? (enum assay_severity)level : ASSAY_SEVERITY_DEBUG;
}

/* One that is named otherwise is dialled there, and one that is named no more where it says that it
 * listens, or not at all. A connection to an address that is still among them goes on. */
static enum assay_status tune_peers(struct assay_host *host)
{
    enum assay_status status = ASSAY_OK;
    for (uint16_t slot = 0; slot < host->members; slot++) {
        const enum assay_status one = host_address_dial(host, slot);
        if (one != ASSAY_OK) status = one;
    }
    return status;
}

enum assay_status assay_host_tune(struct assay_host *host, const struct assay_host_tuning *tuning)
{
    host->config.peers = tuning->peers;
    host->config.peer_count = tuning->peer_count;
    enum assay_status status = tune_peers(host);
    const enum assay_status told = host_addresses_advertise(host, tuning->advertise);
    if (told != ASSAY_OK) status = told;
    host->config.drain_ms = tuning->drain_ms;
    host->config.log_level = tuning->log_level;
    host->log.most = severity_of(tuning->log_level);
    if (tuning->verify_threads == host->config.verify_threads) return status;
    const enum assay_status threads =
        assay_verify_pool_threads(host->pool, tuning->verify_threads);
    if (threads == ASSAY_OK) host->config.verify_threads = tuning->verify_threads;
    return status != ASSAY_OK ? status : threads;
}

void assay_host_told(struct assay_host *host, enum assay_severity severity, const char *key,
                     const char *value, const char *note)
{
    if (assay_log_begin(&host->log, severity, "reload")) {
        if (key != NULL) assay_log_text(&host->log, key, value);
        assay_log_text(&host->log, "note", note);
    }
    assay_log_end(&host->log);
}

bool assay_host_ends(const struct assay_host *host)
{
    return host->draining || host->stopping;
}

void assay_host_reloaded(struct assay_host *host, bool taken)
{
    host->reload_refused = !taken;
    if (taken) host->reloads++;
}

void assay_host_sentence(struct assay_host *host, char text[static ASSAY_HOST_SENTENCE_LEN])
{
    _Static_assert((int)ASSAY_DOCUMENT_SENTENCE <= (int)ASSAY_HOST_SENTENCE_LEN, "fits");
    const char *const said = assay_document_sentence(host_snapshot(host), text);
    ASSAY_ASSERT(said == text);
}
