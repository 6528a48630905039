/*
 * net/transport/transport_supervisor.c - supervisor of the transport process: start, liveness,
 * restart.
 */
#include "net/transport/client_internal.h"

#include "base/assert.h"
#include "base/checked.h"
#include "base/system_clock.h"
#include "host/peers/addresses.h"
#include "net/transport/transport_process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

/* ------------------------------------------------------------ what it counted */

/* Returns: whether the process is the one that counts these. */
static bool is_its_own(enum assay_counter which)
{
    if (which <= ASSAY_COUNT_CONNECTION_CUT) return true; /* frames and bytes, the listener */
    return which == ASSAY_COUNT_FRAME_PARTS || which == ASSAY_COUNT_FRAME_BATCH ||
           which == ASSAY_COUNT_FRAME_USER || which == ASSAY_COUNT_FRAME_INBOX_FULL ||
           which == ASSAY_COUNT_FRAME_OLD_KEY || which == ASSAY_COUNT_SEND_DROPPED ||
           which == ASSAY_COUNT_SEND_REDUNDANT || which == ASSAY_COUNT_SEND_MEMORY ||
           which == ASSAY_COUNT_NAME_UNKNOWN;
}

/* Counters for operators; one that decreases was reset by the self-test. */
static void read_counters(struct assay_transport_client *far)
{
    ASSAY_ASSERT(far->shared != NULL);
    for (unsigned i = 0; i < ASSAY_COUNTER_COUNT; i++) {
        const enum assay_counter which = (enum assay_counter)i;
        if (!is_its_own(which)) continue;
        const uint64_t now = *(const volatile uint64_t *)&far->shared->counters.value[i];
        const uint64_t before = far->counted.value[i];
        far->counted.value[i] = now;
        /* An impossible increase between two checks is ignored. */
        if (now > before && now - before <= UINT32_MAX)
            assay_count_many(far->config.counters, which, now - before);
    }
}

/* ------------------------------------------------------------ failures */

static void send_roster(struct assay_transport_client *far, const struct assay_transport_news *news)
{
    ASSAY_ASSERT(far->news_count <= ASSAY_TRANSPORT_NEWS_MAX);
    if (far->news_count < ASSAY_TRANSPORT_NEWS_MAX) far->news[far->news_count++] = *news;
}

/* The first is replaced at once; then ever later, up to a bound. */
static uint64_t delay_ms(const struct assay_transport_client *far, uint32_t most)
{
    if (far->failures <= 2) return 0;
    const uint32_t doubled = far->failures - 2 < 12 ? far->failures - 2 : 12;
    return assay_min_u64(UINT64_C(1) << doubled, most);
}

/*
 * The member whose bytes ended it: those that it was reading, or those of the member that it
 * buffered the most for, if many. A process that was killed from outside (out of memory, or by an
 * operator) did not end by those bytes. The report of the process is trusted here, and it may be
 * compromised: so this costs a member some seconds of one of its connections, and nothing that the
 * network can see.
 */
static uint16_t find_suspect(const struct assay_transport_client *far, bool killed)
{
    ASSAY_ASSERT(far->shared != NULL);
    uint16_t blamed = ASSAY_TRANSPORT_NOBODY;
    uint64_t most = ASSAY_TRANSPORT_SUSPECT;
    const uint32_t handling = atomic_load(&far->shared->handling);
    if (!killed && handling > 0 && handling <= far->members) return (uint16_t)(handling - 1);
    for (uint32_t slot = 0; slot < far->members; slot++) {
        const uint64_t held = atomic_load_explicit(&far->shared->held[slot], memory_order_relaxed);
        if (held < most) continue;
        most = held;
        blamed = (uint16_t)slot;
    }
    ASSAY_ASSERT(blamed == ASSAY_TRANSPORT_NOBODY || blamed < far->members);
    return blamed;
}

static void shut_out_suspect(struct assay_transport_client *far, uint64_t now_ms, uint16_t slot,
                             struct assay_transport_news *news)
{
    if (slot == ASSAY_TRANSPORT_NOBODY) return;
    ASSAY_ASSERT(slot < far->members);
    struct far_member *m = &far->member[slot];
    const bool again =
        m->shut_until_ms > 0 && now_ms < m->shut_until_ms + ASSAY_TRANSPORT_SHUT_MAX_MS;
    m->shut_ms = again ? assay_min_u64(2 * m->shut_ms, ASSAY_TRANSPORT_SHUT_MAX_MS) : far->shut_ms;
    m->shut_until_ms = now_ms + m->shut_ms;
    news->shut = slot;
    news->shut_ms = m->shut_ms;
    assay_count(far->config.counters, ASSAY_COUNT_TRANSPORT_EXCLUDED);
}

static void count_failure(struct assay_transport_client *far, uint64_t now_ms, bool stalled)
{
    if (far->ready && now_ms - far->ready_ms > ASSAY_TRANSPORT_GOOD_MS) far->failures = 0;
    if (far->failures < UINT32_MAX) far->failures++;
    far->start_ms =
        now_ms + delay_ms(far, far->ready ? far->backoff_ms : ASSAY_TRANSPORT_BACKOFF_START_MS);
    assay_count(far->config.counters, ASSAY_COUNT_TRANSPORT_ENDED);
    if (stalled) assay_count(far->config.counters, ASSAY_COUNT_TRANSPORT_STALLED);
}

static void unmap(struct assay_transport_client *far)
{
    if (far->shared != NULL) (void)munmap(far->shared, sizeof *far->shared);
    far->shared = NULL;
    far->ready = false;
}

void assay_transport_supervisor_on_failure(struct assay_transport_client *far, uint64_t now_ms,
                                           const char *cause, bool stalled)
{
    struct assay_child_end end;
    struct assay_transport_news news = { .pid = far->child.pid,
                                         .started = far->ready,
                                         .stalled = stalled,
                                         .shut = ASSAY_TRANSPORT_NOBODY };
    if (far->shared == NULL) return;
    assay_child_end(&far->child, &end);
    read_counters(far);
    assay_child_explain(&end, cause, news.why, sizeof news.why);
    const bool killed = cause == NULL && end.by_signal && end.number == SIGKILL;
    if (far->ready && (cause == NULL || stalled))
        shut_out_suspect(far, now_ms, find_suspect(far, killed), &news);
    count_failure(far, now_ms, stalled);
    unmap(far);
    ASSAY_ASSERT(far->shared == NULL && !far->ready);
    send_roster(far, &news);
}

/* ------------------------------------------------------------ it starts */

/* Sealed: it can neither grow nor shrink while in use. Returns: -1 on failure. */
static int make_memory(struct assay_transport_client *far)
{
    ASSAY_ASSERT(far->shared == NULL);
    enum { SEALS = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW };
    const size_t len = sizeof *far->shared;
    const int fd = memfd_create("assay-transport", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    void *memory = MAP_FAILED;
    if (fd < 0) return -1;
    if (ftruncate(fd, (off_t)len) == 0 && fcntl(fd, F_ADD_SEALS, SEALS) == 0)
        memory = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED) {
        (void)close(fd);
        return -1;
    }
    far->shared = memory;
    far->orders = assay_ring_init(&far->shared->orders, far->shared->orders_bytes,
                                  ASSAY_TRANSPORT_ORDERS_LEN);
    far->reports = assay_ring_init(&far->shared->reports, far->shared->reports_bytes,
                                   ASSAY_TRANSPORT_REPORTS_LEN);
    return fd;
}

static void start_process(struct assay_transport_client *far, uint64_t now_ms)
{
    ASSAY_ASSERT(far->shared == NULL && !far->ready);
    if (now_ms < far->start_ms) return;
    far->start_ms = far->seen_ms = far->looked_ms = now_ms;
    far->seen_turns = far->seen_cpu_ms = far->seen_beats = 0;
    far->sleeps = far->bells = 0;
    far->counted = (struct assay_traffic_counters){ 0 };
    far->refusal = ASSAY_OK;
    const int fd = make_memory(far);
    const bool started = fd >= 0 && assay_child_start(far->program, ASSAY_TRANSPORT_ROLE,
                                                      far->argument, fd, &far->child) == ASSAY_OK;
    if (fd >= 0) (void)close(fd);
    if (started) {
        assay_transport_client_send_all(far, now_ms);
        return;
    }
    const struct assay_transport_news news = { .why = "it cannot be started",
                                               .shut = ASSAY_TRANSPORT_NOBODY };
    unmap(far);
    count_failure(far, now_ms, false);
    send_roster(far, &news);
}

/* ------------------------------------------------------------ messages */

/* A port that was chosen freely is kept from now on: peers know it. */
static void save_port(struct assay_transport_client *far, uint16_t port)
{
    ASSAY_ASSERT(port > 0);
    char first[ASSAY_CLAIM_ADDRESS_MAX], rest_of[ASSAY_TRANSPORT_TEXT_MAX];
    const char *rest = far->listen;
    if (!assay_address_next(&rest, first)) return;
    char *const colon = strrchr(first, ':');
    if (colon == NULL || (strcmp(colon, ":0") != 0 && strcmp(colon, ":*") != 0)) return;
    *colon = '\0';
    (void)snprintf(rest_of, sizeof rest_of, "%s", rest);
    (void)snprintf(far->listen, sizeof far->listen, "%.128s:%u%s%.1800s", first, (unsigned)port,
                   rest_of[0] != '\0' ? "," : "", rest_of);
}

static bool on_ready(struct assay_transport_client *far, uint64_t now_ms)
{
    const struct assay_transport_packet *p = &far->packet;
    if (far->ready || p->port == 0) return false;
    const struct assay_transport_news news = { .ready = true,
                                               .pid = far->child.pid,
                                               .walls = p->walls,
                                               .landlock = p->landlock,
                                               .shut = ASSAY_TRANSPORT_NOBODY,
                                               .took_ms = (uint32_t)(now_ms - far->start_ms) };
    (void)snprintf(far->endpoint, sizeof far->endpoint, "%.255s", p->text);
    save_port(far, p->port);
    far->ready = far->served = true;
    far->ready_ms = far->seen_ms = far->beat_ms = now_ms;
    send_roster(far, &news);
    return true;
}

/* Returns: whether there may be more. */
static bool receive_messages(struct assay_transport_client *far, uint64_t now_ms)
{
    ASSAY_ASSERT(far->shared != NULL);
    uint8_t bytes[ASSAY_TRANSPORT_PACKET_MAX];
    const ssize_t got = recv(far->child.socket, bytes, sizeof bytes, MSG_TRUNC);
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return false;
    if (got < 0 && errno == EINTR) return true;
    if (got <= 0) {
        assay_transport_supervisor_on_failure(far, now_ms, NULL, false);
        return false;
    }
    const enum assay_status status =
        (size_t)got <= sizeof bytes
            ? assay_transport_packet_decode(assay_slice_over(bytes, (size_t)got), &far->packet)
            : ASSAY_E_RANGE;
    if (status == ASSAY_OK && far->packet.kind == ASSAY_PACKET_WAKE) {
        if (++far->bells <= far->sleeps + CLIENT_WAKES_UNUSED_MAX) return true;
        assay_transport_supervisor_on_failure(far, now_ms, "it wakes us up without a reason",
                                              false);
        return false;
    }
    if (status == ASSAY_OK && far->packet.kind == ASSAY_PACKET_READY && on_ready(far, now_ms))
        return true;
    if (status == ASSAY_OK && far->packet.kind == ASSAY_PACKET_REFUSED && !far->ready) {
        far->refusal = far->packet.status;
        assay_transport_supervisor_on_failure(far, now_ms, far->packet.text, false);
        return false;
    }
    assay_transport_supervisor_on_failure(far, now_ms, "its message cannot be decoded", false);
    return false;
}

/* ------------------------------------------------------------ time */

/* The supervisor is late: so was every process of this machine. */
static void clear_failures(struct assay_transport_client *far, uint64_t now_ms)
{
    if (now_ms - far->looked_ms < CLIENT_LATE_MS) return;
    const uint64_t gap = now_ms - far->looked_ms;
    far->seen_ms += gap;
    far->beat_ms += gap;
    if (!far->ready) far->start_ms += gap;
}

static bool is_stalled(struct assay_transport_client *far, uint64_t now_ms)
{
    ASSAY_ASSERT(far->ready && far->shared != NULL);
    const uint64_t turns = atomic_load_explicit(&far->shared->turns, memory_order_relaxed);
    if (turns != far->seen_turns) {
        far->seen_turns = turns;
        far->seen_ms = now_ms;
        far->seen_cpu_ms = 0;
        return false;
    }
    if (now_ms < far->seen_ms + CLIENT_STALL_CHECK_MS) return false;
    const uint64_t cpu_ms = assay_child_cpu_ms(&far->child);
    if (far->seen_cpu_ms == 0) far->seen_cpu_ms = cpu_ms;
    if (cpu_ms > far->seen_cpu_ms + far->stall_cpu_ms) return true;
    return now_ms > far->seen_ms + far->stall_ms;
}

/* With libzmq's thread hung all sockets are idle while the loop continues. Both threads of a
 * spinning process need CPU time, so only the clock distinguishes them. */
static bool is_unresponsive(struct assay_transport_client *far, uint64_t now_ms)
{
    ASSAY_ASSERT(far->ready && far->shared != NULL);
    const uint64_t beats = atomic_load_explicit(&far->shared->beats, memory_order_relaxed);
    if (beats != far->seen_beats) {
        far->seen_beats = beats;
        far->beat_ms = now_ms;
    }
    return now_ms > far->beat_ms + far->stall_ms + CLIENT_BEAT_MS;
}

void assay_transport_supervisor_check(struct assay_transport_client *far, uint64_t now_ms)
{
    if (far->shared == NULL) return;
    clear_failures(far, now_ms);
    far->looked_ms = now_ms;
    if (!far->ready) {
        if (now_ms > far->start_ms + ASSAY_TRANSPORT_START_MS)
            assay_transport_supervisor_on_failure(far, now_ms, "it did not become ready", true);
        return;
    }
    ASSAY_ASSERT(far->shared != NULL);
    read_counters(far);
    if (is_stalled(far, now_ms))
        assay_transport_supervisor_on_failure(far, now_ms, "its loop does not turn", true);
    else if (is_unresponsive(far, now_ms))
        assay_transport_supervisor_on_failure(far, now_ms, "libzmq's thread does not turn", true);
}

void assay_transport_supervisor_poll(struct assay_transport_client *far, uint64_t now_ms)
{
    for (int i = 0; far->shared != NULL && i < CLIENT_PACKETS_PER_STEP; i++)
        if (!receive_messages(far, now_ms)) break;
    assay_transport_supervisor_check(far, now_ms);
    /* A failure of the first process is reported, not retried. */
    if (far->shared == NULL && (far->served || far->failures == 0)) start_process(far, now_ms);
}

int assay_transport_supervisor_wait_ms(const struct assay_transport_client *far, uint64_t now_ms)
{
    if (far->shared == NULL)
        return far->start_ms > now_ms
                   ? (int)assay_min_u64(far->start_ms - now_ms, CLIENT_START_POLL_MS)
                   : 0;
    return far->ready ? -1 : CLIENT_START_POLL_MS;
}

void assay_transport_supervisor_stop(struct assay_transport_client *far)
{
    enum { PATIENCE_MS = 500 };
    struct assay_child_end end;
    const uint64_t until_ms =
        assay_monotonic_ms() + (uint64_t)(far->linger_ms > 0 ? far->linger_ms : 0) + PATIENCE_MS;
    uint8_t bytes[8];
    while (far->shared != NULL && far->linger_ms >= 0 && assay_monotonic_ms() < until_ms) {
        struct pollfd one = { .fd = far->child.socket, .events = POLLIN };
        (void)poll(&one, 1, 10);
        const ssize_t got = recv(far->child.socket, bytes, sizeof bytes, 0);
        if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) break;
    }
    if (far->shared != NULL) read_counters(far);
    assay_child_end(&far->child, &end);
    unmap(far);
    ASSAY_ASSERT(far->shared == NULL && far->child.pid == 0);
}
