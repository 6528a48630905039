/*
 * net/verifier/verifier_supervisor.c - supervisor of the verifier process.
 */
#include "net/verifier/verifier_supervisor.h"

#include "base/assert.h"
#include "base/checked.h"
#include "base/crypto.h"
#include "net/verifier/confirm.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    LOOK_MS = 100, /* how often a verifier process at work is looked at */
    LATE_MS = 500, /* a run this much later than requested: a pause */
    ANSWERS_PER_TURN = 64,
};

/* A job in progress, or about to be submitted to another process. */
struct hand {
    uint64_t number;
    uint64_t since_ms; /* time of submission */
    uint64_t cpu_ms;   /* what the verifier process had used then */
};

struct assay_verifier_supervisor {
    struct assay_verifier_supervisor_world world;
    char *program, *argument;
    uint32_t threads, stall_cpu_ms, stall_ms, patience_ms, backoff_ms, sample;
    uint32_t slow_count;    /* jobs that took longer than the patience, one after the other */
    uint64_t slow_since_ms; /* the last of them */
    int brief;              /* a sealed file */
    int brief_fork;         /* the same for a process that forks */
    struct assay_verifier_process_brief what; /* documents borrow from documents_memory */
    uint8_t *documents_memory;

    struct assay_child child;  /* pid 0: none */
    bool ready, changing;      /* a replacement is due: other number of threads */
    uint64_t start_ms;         /* of the child; without one: when there may be one */
    uint64_t without_since_ms; /* no process was ready since; UINT64_MAX: one is */
    uint64_t due_ms;           /* time that the last run requested for the next one */
    uint32_t failures;         /* in a row, without a verdict in between */

    size_t hand_count; /* passed to the child */
    struct hand hands[ASSAY_VERIFIER_SUPERVISOR_HANDS];
    size_t again_count; /* to be tried once more, alone */
    uint64_t again[ASSAY_VERIFIER_SUPERVISOR_HANDS];
    bool alone;         /* the one in hand is tried for the second time */
    uint64_t appraised; /* verdicts of the child so far */

    struct assay_confirm confirm; /* verdicts that need a second process */
    struct assay_confirm slow;    /* slow jobs */
    struct assay_verifier_process_losses losses;
    struct assay_verdict verdict;
    uint8_t packet[ASSAY_VERIFIER_PROCESS_JOB_LEN_MAX];
};

/* ------------------------------------------------------------ the brief */

static bool write_all(int fd, struct assay_slice bytes)
{
    for (size_t done = 0; done < bytes.len;) {
        const ssize_t put = write(fd, bytes.bytes + done, bytes.len - done);
        if (put < 0 && errno == EINTR) continue;
        if (put <= 0) return false;
        done += (size_t)put;
    }
    return true;
}

/* Sealed: a process cannot change the configuration of the next one. */
static enum assay_status write_brief(struct assay_verifier_supervisor *k, uint32_t threads,
                                     uint32_t fork_cpu_s, int *place)
{
    ASSAY_ASSERT(threads > 0 && threads <= ASSAY_VERIFIER_PROCESS_THREADS_MAX);
    enum { SEALS = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE };
    struct assay_slice all;
    uint8_t *bytes =
        malloc(ASSAY_VERIFIER_PROCESS_BRIEF_LEN_MAX); /* touched only as far as it is written */
    if (bytes == NULL) return ASSAY_E_MEMORY;
    struct assay_writer w = assay_writer_over(bytes, ASSAY_VERIFIER_PROCESS_BRIEF_LEN_MAX);
    k->what.threads = threads;
    k->what.fork_cpu_s = fork_cpu_s;
    assay_verifier_process_brief_encode(&k->what, &w);
    enum assay_status status = assay_writer_finish(&w, &all);
    const int fd =
        status == ASSAY_OK ? memfd_create("assay-judge", MFD_CLOEXEC | MFD_ALLOW_SEALING) : -1;
    if (status == ASSAY_OK && (fd < 0 || !write_all(fd, all) || fcntl(fd, F_ADD_SEALS, SEALS) != 0))
        status = ASSAY_E_IO;
    free(bytes);
    if (status != ASSAY_OK) {
        if (fd >= 0) (void)close(fd);
        return status;
    }
    if (*place >= 0) (void)close(*place);
    *place = fd;
    return ASSAY_OK;
}

static struct assay_slice copy_bytes(uint8_t *memory, size_t *at, struct assay_slice bytes)
{
    const struct assay_slice kept = assay_slice_over(memory + *at, bytes.len);
    if (bytes.len > 0) assay_bytes_copy(memory + *at, bytes.len, bytes.bytes, bytes.len);
    *at += bytes.len;
    return kept;
}

static enum assay_status copy_documents(struct assay_verifier_supervisor *k,
                                        const struct assay_verifier_process_config *config)
{
    size_t len = 0, at = 0;
    for (size_t i = 0; i < config->set_count; i++)
        len += config->sets[i].documents.policy.len + config->sets[i].documents.endorsements.len;
    if (len >= ASSAY_VERIFIER_PROCESS_BRIEF_LEN_MAX) return ASSAY_E_RANGE;
    k->documents_memory = malloc(len + 1);
    if (k->documents_memory == NULL) return ASSAY_E_MEMORY;
    for (size_t i = 0; i < config->set_count; i++) {
        const struct assay_verifier_process_documents *from = &config->sets[i].documents;
        k->what.sets[i].policy = copy_bytes(k->documents_memory, &at, from->policy);
        k->what.sets[i].endorsements = copy_bytes(k->documents_memory, &at, from->endorsements);
    }
    ASSAY_ASSERT(at == len);
    k->what.set_count = config->set_count;
    return ASSAY_OK;
}

enum assay_status assay_verifier_supervisor_create(
    const struct assay_verifier_process_config *config, uint32_t threads,
    const struct assay_verifier_supervisor_world *world, struct assay_verifier_supervisor **out)
{
    ASSAY_ASSERT(world->load != NULL && world->is_expired != NULL && world->answer != NULL);
    ASSAY_ASSERT(world->aside != NULL && world->notify != NULL);
    if (threads == 0 || threads > ASSAY_VERIFIER_PROCESS_THREADS_MAX) return ASSAY_E_RANGE;
    if (config->set_count == 0 || config->set_count > ASSAY_VERIFIER_PROCESS_SETS_MAX)
        return ASSAY_E_RANGE;
    struct assay_verifier_supervisor *k = calloc(1, sizeof *k);
    if (k == NULL) return ASSAY_E_MEMORY;
    k->world = *world;
    k->brief = k->brief_fork = -1;
    k->stall_cpu_ms =
        config->stall_cpu_ms > 0 ? config->stall_cpu_ms : ASSAY_VERIFIER_SUPERVISOR_STALL_CPU_MS;
    k->stall_ms = config->stall_ms > 0 ? config->stall_ms : ASSAY_VERIFIER_SUPERVISOR_STALL_MS;
    k->patience_ms =
        config->patience_ms > 0 ? config->patience_ms : ASSAY_VERIFIER_SUPERVISOR_PATIENCE_MS;
    k->sample = config->sample > 0 ? config->sample : ASSAY_VERIFIER_SUPERVISOR_SAMPLE;
    k->backoff_ms =
        config->backoff_ms > 0 ? config->backoff_ms : ASSAY_VERIFIER_SUPERVISOR_BACKOFF_MS;
    k->due_ms = UINT64_MAX;
    if (config->program != NULL) k->program = strdup(config->program);
    if (config->argument != NULL) k->argument = strdup(config->argument);
    const bool copied = (config->program == NULL) == (k->program == NULL) &&
                        (config->argument == NULL) == (k->argument == NULL);
    enum assay_status status = copied ? copy_documents(k, config) : ASSAY_E_MEMORY;
    if (status == ASSAY_OK) status = write_brief(k, threads, 0, &k->brief);
    if (status == ASSAY_OK)
        status = write_brief(k, 1, (k->stall_cpu_ms + 999) / 1000, &k->brief_fork);
    k->threads = threads;
    k->confirm = (struct assay_confirm){ .world = &k->world,
                                         .program = k->program,
                                         .argument = k->argument,
                                         .stall_ms = k->stall_ms,
                                         .losses = &k->losses };
    k->confirm.slow_max =
        config->slow_max > 0 ? config->slow_max : ASSAY_VERIFIER_SUPERVISOR_SLOW_MAX;
    k->slow = k->confirm;
    k->confirm.slow = &k->slow;
    assay_confirm_init(&k->confirm);
    assay_confirm_init(&k->slow);
    if (status != ASSAY_OK) assay_verifier_supervisor_destroy(&k);
    *out = k;
    return status;
}

void assay_verifier_supervisor_destroy(struct assay_verifier_supervisor **supervisor)
{
    struct assay_verifier_supervisor *k = *supervisor;
    struct assay_child_end end;
    if (k == NULL) return;
    assay_child_end(&k->child, &end);
    assay_confirm_deinit(&k->confirm);
    assay_confirm_deinit(&k->slow);
    if (k->brief >= 0) (void)close(k->brief);
    if (k->brief_fork >= 0) (void)close(k->brief_fork);
    free(k->documents_memory);
    free(k->program);
    free(k->argument);
    free(k);
    *supervisor = NULL;
}

enum assay_status assay_verifier_supervisor_threads(struct assay_verifier_supervisor *supervisor,
                                                    uint32_t threads)
{
    if (threads == 0 || threads > ASSAY_VERIFIER_PROCESS_THREADS_MAX) return ASSAY_E_RANGE;
    if (threads == supervisor->threads) return ASSAY_OK;
    ASSAY_TRY(write_brief(supervisor, threads, 0, &supervisor->brief));
    supervisor->threads = threads;
    supervisor->changing = supervisor->child.pid > 0;
    return ASSAY_OK;
}

/* ------------------------------------------------------------ failures */

static void fail_job(struct assay_verifier_supervisor *k, uint64_t number)
{
    k->losses.unjudged++;
    k->world.answer(k->world.context, number, NULL);
}

/* The first is replaced at once; then ever later, up to a bound. */
static uint64_t delay_ms(const struct assay_verifier_supervisor *k, uint32_t most)
{
    if (k->failures <= 2) return 0;
    const uint32_t doubled = k->failures - 2 < 12 ? k->failures - 2 : 12;
    return assay_min_u64(UINT64_C(1) << doubled, most);
}

/* Other evidence may have taken over the process that ended with this one: the next process, which
 * has read nothing, reads it first. */
static void retry_first(struct assay_verifier_supervisor *k, uint64_t number)
{
    ASSAY_ASSERT(k->again_count < ASSAY_VERIFIER_SUPERVISOR_HANDS);
    for (size_t i = k->again_count++; i > 0; i--)
        k->again[i] = k->again[i - 1];
    k->again[0] = number;
    k->losses.retried++;
}

/* Everything that it had in hand is tried once more; what was alone in progress, in a process that
 * has read nothing else, is not. */
static void find_suspect(struct assay_verifier_supervisor *k,
                         struct assay_verifier_process_news *news)
{
    ASSAY_ASSERT(k->hand_count <= ASSAY_VERIFIER_SUPERVISOR_HANDS);
    const size_t count = k->hand_count;
    k->hand_count = 0;
    if (k->alone) {
        ASSAY_ASSERT(count == 1);
        k->alone = false;
        if (k->appraised > 0) {
            retry_first(k, k->hands[0].number);
            return;
        }
        news->unjudged = true;
        news->number = k->hands[0].number;
        return;
    }
    for (size_t i = 0; i < count; i++) {
        ASSAY_ASSERT(k->again_count < ASSAY_VERIFIER_SUPERVISOR_HANDS);
        k->again[k->again_count++] = k->hands[i].number;
        k->losses.retried++;
    }
}

/* cause: NULL, it ended by itself. */
static void on_failure(struct assay_verifier_supervisor *k, uint64_t now_ms, const char *cause,
                       bool stalled)
{
    ASSAY_ASSERT(k->child.pid > 0);
    struct assay_child_end end;
    struct assay_verifier_process_news news = { .pid = k->child.pid,
                                                .in_hand = (uint32_t)k->hand_count,
                                                .started = k->ready,
                                                .stalled = stalled };
    const uint32_t most = k->ready ? k->backoff_ms : ASSAY_VERIFIER_SUPERVISOR_BACKOFF_START_MS;
    assay_child_end(&k->child, &end);
    assay_child_explain(&end, cause, news.why, sizeof news.why);
    find_suspect(k, &news);
    if (k->failures < UINT32_MAX) k->failures++;
    if (k->ready) k->without_since_ms = now_ms;
    k->ready = k->changing = false;
    k->start_ms = now_ms + delay_ms(k, most);
    k->losses.restarts++;
    if (stalled) k->losses.stalls++;
    ASSAY_ASSERT(k->child.pid == 0 && k->hand_count == 0 && !k->alone);
    k->world.notify(k->world.context, &news);
    if (news.unjudged) fail_job(k, news.number);
}

/* ------------------------------------------------------------ answers */

static bool on_ready(struct assay_verifier_supervisor *k, uint64_t now_ms,
                     const struct assay_verifier_process_answer *answer)
{
    ASSAY_ASSERT(k->child.pid > 0);
    if (k->ready) return false;
    const struct assay_verifier_process_news news = { .ready = true,
                                                      .pid = k->child.pid,
                                                      .walls = answer->walls,
                                                      .landlock = answer->landlock,
                                                      .took_ms = (uint32_t)(now_ms - k->start_ms) };
    k->ready = true;
    k->without_since_ms = UINT64_MAX;
    k->world.notify(k->world.context, &news);
    return true;
}

/* docs/protocol.md 3.1.3. The verifier process cannot know which. */
static bool is_drawn(const struct assay_verifier_supervisor *k)
{
    ASSAY_ASSERT(k->sample > 0);
    uint32_t number = 0;
    return assay_random(&number, sizeof number) != ASSAY_OK || number % k->sample == 0;
}

static bool on_verdict(struct assay_verifier_supervisor *k, uint64_t number,
                       struct assay_slice packet)
{
    ASSAY_ASSERT(k->hand_count <= ASSAY_VERIFIER_SUPERVISOR_HANDS);
    struct assay_verifier_process_job job;
    for (size_t i = 0; i < k->hand_count; i++) {
        if (k->hands[i].number != number) continue;
        k->world.load(k->world.context, number, &job);
        if (!assay_verifier_process_is_of_job(&job, &k->verdict)) return false;
        k->hands[i] = k->hands[--k->hand_count];
        k->alone = false;
        k->failures = 0;
        k->appraised++;
        if (assay_confirm_is_needed(&k->verdict) || is_drawn(k))
            assay_confirm_add(&k->confirm, number, k->child.pid, packet);
        else k->world.answer(k->world.context, number, &k->verdict);
        return true;
    }
    return false;
}

/* Returns: whether there may be more. */
static bool receive_answers(struct assay_verifier_supervisor *k, uint64_t now_ms)
{
    struct assay_verifier_process_answer answer;
    const ssize_t got = recv(k->child.socket, k->packet, sizeof k->packet, MSG_TRUNC);
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return false;
    if (got < 0 && errno == EINTR) return true;
    if (got <= 0) {
        on_failure(k, now_ms, NULL, false);
        return false;
    }
    const struct assay_slice packet =
        assay_slice_over(k->packet, (size_t)assay_min_u64((uint64_t)got, sizeof k->packet));
    const enum assay_status status =
        (size_t)got <= sizeof k->packet
            ? assay_verifier_process_answer_decode(packet, &answer, &k->verdict)
            : ASSAY_E_RANGE;
    const bool good = status == ASSAY_OK && (answer.kind == ASSAY_VERIFIER_PROCESS_READY
                                                 ? on_ready(k, now_ms, &answer)
                                                 : on_verdict(k, answer.number, packet));
    if (!good) on_failure(k, now_ms, "its answer does not match the request", false);
    return good;
}

/* ------------------------------------------------------------ jobs */

/* No process was ready for this long: waiting jobs are left unappraised. */
static bool is_hopeless(const struct assay_verifier_supervisor *k, uint64_t now_ms)
{
    if (k->ready || k->without_since_ms == 0) return false;
    return now_ms > k->without_since_ms && now_ms - k->without_since_ms > k->stall_ms;
}

bool assay_verifier_supervisor_has_room(const struct assay_verifier_supervisor *supervisor,
                                        uint64_t now_ms)
{
    if (is_hopeless(supervisor, now_ms)) return true;
    if (supervisor->again_count > 0 || supervisor->alone) return false;
    if (!supervisor->ready) return false;
    if (supervisor->confirm.count + supervisor->slow.count + supervisor->hand_count >=
        ASSAY_CONFIRM_MAX)
        return false;
    return !supervisor->changing && supervisor->hand_count < (size_t)2 * supervisor->threads;
}

static bool send_jobs(struct assay_verifier_supervisor *k, uint64_t now_ms, uint64_t number)
{
    ASSAY_ASSERT(k->ready && k->child.pid > 0);
    struct assay_verifier_process_job job;
    struct assay_slice packet;
    struct assay_writer w = assay_writer_over(k->packet, sizeof k->packet);
    ASSAY_ASSERT(k->hand_count < ASSAY_VERIFIER_SUPERVISOR_HANDS);
    k->world.load(k->world.context, number, &job);
    assay_verifier_process_job_encode(&job, &w);
    const enum assay_status status = assay_writer_finish(&w, &packet);
    ASSAY_ASSERT(status == ASSAY_OK); /* the pool bounds evidence */
    /* One that is dead is found by the next receive. */
    if (send(k->child.socket, packet.bytes, packet.len, MSG_NOSIGNAL) < 0) return false;
    k->hands[k->hand_count++] = (struct hand){ .number = number,
                                               .since_ms = now_ms,
                                               .cpu_ms = assay_child_cpu_ms(&k->child) };
    return true;
}

bool assay_verifier_supervisor_submit(struct assay_verifier_supervisor *supervisor, uint64_t now_ms,
                                      uint64_t number)
{
    if (!assay_verifier_supervisor_has_room(supervisor, now_ms)) return false;
    if (!is_hopeless(supervisor, now_ms)) return send_jobs(supervisor, now_ms, number);
    fail_job(supervisor, number);
    return true;
}

static void retry_job(struct assay_verifier_supervisor *k, uint64_t now_ms)
{
    if (!k->ready || k->changing || k->again_count == 0 || k->hand_count > 0) return;
    if (k->confirm.count + k->slow.count >= ASSAY_CONFIRM_MAX) return;
    if (!send_jobs(k, now_ms, k->again[0])) return;
    k->alone = true;
    ASSAY_ASSERT(k->hand_count == 1);
    k->again_count--;
    for (size_t i = 0; i < k->again_count; i++)
        k->again[i] = k->again[i + 1];
}

/* ------------------------------------------------------------ time */

/* Threads share the CPU clock of their process: none uses more than all. */
static bool is_stalled(const struct assay_verifier_supervisor *k, const struct hand *hand,
                       uint64_t now_ms, uint64_t cpu_ms)
{
    const uint64_t most = (uint64_t)k->stall_cpu_ms * k->threads;
    if (cpu_ms > hand->cpu_ms && cpu_ms - hand->cpu_ms > most) return true;
    return now_ms > hand->since_ms && now_ms - hand->since_ms > k->stall_ms;
}

/* It halves with every job that exceeds it, so that many of them delay others little more than one
 * does. */
static uint64_t job_timeout_ms(struct assay_verifier_supervisor *k, uint64_t now_ms)
{
    ASSAY_ASSERT(k->patience_ms > 0);
    const uint64_t least =
        assay_min_u64(k->patience_ms, ASSAY_VERIFIER_SUPERVISOR_PATIENCE_LEAST_MS);
    if (now_ms - k->slow_since_ms > ASSAY_VERIFIER_SUPERVISOR_PATIENCE_AGAIN_MS) k->slow_count = 0;
    const uint64_t now = (uint64_t)k->patience_ms >> (k->slow_count < 16 ? k->slow_count : 16);
    return now > least ? now : least;
}

static void note_slow(struct assay_verifier_supervisor *k, uint64_t now_ms, uint32_t count)
{
    if (count == 0) return;
    k->slow_count += k->slow_count < 16 ? count : 0;
    k->slow_since_ms = now_ms;
}

static bool is_slow(struct assay_verifier_supervisor *k, const struct hand *hand, uint64_t now_ms)
{
    return now_ms > hand->since_ms && now_ms - hand->since_ms > job_timeout_ms(k, now_ms);
}

/* A job that is slow among others is retried alone; one that is slow alone continues among the slow
 * jobs, or, where there are too many, not at all. */
static void fail_slow(struct assay_verifier_supervisor *k, uint64_t now_ms)
{
    ASSAY_ASSERT(k->hand_count > 0 && (!k->alone || k->hand_count == 1));
    if (k->alone && assay_confirm_has_slow_room(&k->confirm)) {
        const struct assay_confirm_job job = { .number = k->hands[0].number };
        k->alone = false;
        k->hand_count = 0;
        assay_confirm_add_slow(&k->slow, &job);
    }
    note_slow(k, now_ms, 1);
    on_failure(k, now_ms, "a job that takes long", true);
}

static void check_process(struct assay_verifier_supervisor *k, uint64_t now_ms)
{
    ASSAY_ASSERT(k->child.pid > 0);
    if (!k->ready) {
        if (now_ms > k->start_ms && now_ms - k->start_ms > ASSAY_VERIFIER_SUPERVISOR_START_MS)
            on_failure(k, now_ms, "it did not become ready", true);
        return;
    }
    if (k->hand_count == 0) return;
    const uint64_t cpu_ms = assay_child_cpu_ms(&k->child);
    for (size_t i = 0; i < k->hand_count; i++) {
        if (!is_stalled(k, &k->hands[i], now_ms, cpu_ms)) continue;
        on_failure(k, now_ms, "a job without end", true);
        return;
    }
    for (size_t i = 0; i < k->hand_count; i++) {
        if (!is_slow(k, &k->hands[i], now_ms)) continue;
        fail_slow(k, now_ms);
        return;
    }
}

/* The supervisor is late: so was every process of this machine. */
static void clear_failures(struct assay_verifier_supervisor *k, uint64_t now_ms)
{
    if (k->due_ms >= now_ms || now_ms - k->due_ms < LATE_MS) return;
    const uint64_t gap = now_ms - k->due_ms;
    for (size_t i = 0; i < k->hand_count; i++)
        k->hands[i].since_ms += gap;
    if (k->child.pid > 0) k->start_ms += gap;
    if (k->without_since_ms < UINT64_MAX) k->without_since_ms += gap;
    assay_confirm_on_pause(&k->confirm, gap);
    assay_confirm_on_pause(&k->slow, gap);
}

static void kill_slow(struct assay_verifier_supervisor *k, uint64_t now_ms)
{
    ASSAY_ASSERT(k->again_count <= ASSAY_VERIFIER_SUPERVISOR_HANDS);
    if (!is_hopeless(k, now_ms)) return;
    while (k->again_count > 0)
        fail_job(k, k->again[--k->again_count]);
}

static void start_process(struct assay_verifier_supervisor *k, uint64_t now_ms)
{
    ASSAY_ASSERT(k->child.pid == 0 && k->hand_count == 0);
    if (k->without_since_ms == 0) k->without_since_ms = now_ms;
    if (now_ms < k->start_ms) return;
    k->start_ms = now_ms;
    k->ready = false;
    k->appraised = 0;
    if (assay_child_start(k->program, ASSAY_VERIFIER_PROCESS_ROLE, k->argument, k->brief,
                          &k->child) == ASSAY_OK)
        return;
    const struct assay_verifier_process_news news = { .why = "it cannot be started" };
    if (k->failures < UINT32_MAX) k->failures++;
    k->losses.restarts++;
    k->start_ms = now_ms + delay_ms(k, ASSAY_VERIFIER_SUPERVISOR_BACKOFF_START_MS);
    k->world.notify(k->world.context, &news);
}

/* With another number of threads: the old process ends regularly. */
static void replace_process(struct assay_verifier_supervisor *k, uint64_t now_ms)
{
    ASSAY_ASSERT(!k->changing || k->child.pid > 0);
    struct assay_child_end end;
    if (!k->changing || k->hand_count > 0) return;
    assay_child_end(&k->child, &end);
    k->changing = k->ready = false;
    k->start_ms = k->without_since_ms = now_ms;
}

/* docs/protocol.md 3.1.1: a process whose verdict is not that of a fresh one is replaced; what it
 * has in hand is appraised by the next, and none of that is to blame. */
static void replace_mismatching(struct assay_verifier_supervisor *k, uint64_t now_ms, pid_t liar,
                                uint64_t number)
{
    if (liar == 0) return;
    const struct assay_verifier_process_news news = { .pid = liar,
                                                      .contradicted = true,
                                                      .number = number };
    k->world.notify(k->world.context, &news);
    if (k->child.pid != liar) return;
    k->alone = false;
    on_failure(k, now_ms, "its verdict is not that of a fresh process", false);
}

static void check_confirmations(struct assay_verifier_supervisor *k, uint64_t now_ms)
{
    k->confirm.patience_ms = (uint32_t)job_timeout_ms(k, now_ms);
    k->confirm.asides = 0;
    pid_t liar = assay_confirm_run(&k->confirm, now_ms, k->brief_fork, k->ready);
    replace_mismatching(k, now_ms, liar, k->confirm.contradicted);
    note_slow(k, now_ms, k->confirm.asides);
    liar = assay_confirm_run(&k->slow, now_ms, k->brief_fork, false);
    replace_mismatching(k, now_ms, liar, k->slow.contradicted);
}

void assay_verifier_supervisor_run(struct assay_verifier_supervisor *supervisor, uint64_t now_ms)
{
    clear_failures(supervisor, now_ms);
    for (int i = 0; supervisor->child.pid > 0 && i < ANSWERS_PER_TURN; i++)
        if (!receive_answers(supervisor, now_ms)) break;
    if (supervisor->child.pid > 0) check_process(supervisor, now_ms);
    check_confirmations(supervisor, now_ms);
    replace_process(supervisor, now_ms);
    if (supervisor->child.pid == 0) start_process(supervisor, now_ms);
    kill_slow(supervisor, now_ms);
    retry_job(supervisor, now_ms);
    ASSAY_ASSERT(supervisor->hand_count == 0 || supervisor->ready);
    supervisor->due_ms = UINT64_MAX;
}

void assay_verifier_supervisor_poll(const struct assay_verifier_supervisor *supervisor,
                                    struct pollfd fds[ASSAY_VERIFIER_SUPERVISOR_FDS])
{
    const bool runs = supervisor->child.pid > 0;
    fds[0] = (struct pollfd){ .fd = runs ? supervisor->child.socket : -1, .events = POLLIN };
    fds[1] = assay_confirm_poll(&supervisor->confirm);
    fds[2] = assay_confirm_poll(&supervisor->slow);
}

int assay_verifier_supervisor_wait_ms(struct assay_verifier_supervisor *supervisor, uint64_t now_ms)
{
    int wait = -1;
    if (supervisor->child.pid == 0)
        wait = supervisor->start_ms > now_ms
                   ? (int)assay_min_u64(supervisor->start_ms - now_ms, LOOK_MS)
                   : 0;
    else if (!supervisor->ready || supervisor->hand_count > 0) wait = LOOK_MS;
    const int others[] = { assay_confirm_wait_ms(&supervisor->confirm, now_ms),
                           assay_confirm_wait_ms(&supervisor->slow, now_ms) };
    for (size_t i = 0; i < 2; i++)
        if (others[i] >= 0 && (wait < 0 || others[i] < wait)) wait = others[i];
    supervisor->due_ms = wait >= 0 ? now_ms + (uint64_t)wait : UINT64_MAX;
    return wait;
}

void assay_verifier_supervisor_get_losses(const struct assay_verifier_supervisor *supervisor,
                                          struct assay_verifier_process_losses *losses)
{
    *losses = supervisor->losses;
}
