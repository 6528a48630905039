/*
 * net/verifier/confirm.c - queue of verdicts that await confirmation, and the confirming process.
 */
#include "net/verifier/confirm.h"

#include "base/assert.h"
#include "base/checked.h"
#include "base/crypto.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>

enum {
    LOOK_MS = 100,            /* how often a process at work is checked */
    FAILURES_MAX = 2,         /* evidence that ends so many processes is not appraised */
    START_DELAY_MS_MAX = 1000 /* between attempts to start one */
};

bool assay_confirm_is_needed(const struct assay_verdict *verdict)
{
    switch (assay_verdict_outcome(verdict)) {
    case ASSAY_OUTCOME_FAIL_SOFT:
    case ASSAY_OUTCOME_FAIL_HARD:
    case ASSAY_OUTCOME_PASS_NEEDS_HARDENING:
    case ASSAY_OUTCOME_PASS_OUT_OF_DATE: return true;
    case ASSAY_OUTCOME_NONE:
    case ASSAY_OUTCOME_ABSENT:
    case ASSAY_OUTCOME_PASS_UP_TO_DATE:
    case ASSAY_OUTCOME_UNJUDGED: return false;
    }
    return true;
}

void assay_confirm_init(struct assay_confirm *c)
{
    ASSAY_ASSERT(c->world != NULL && c->losses != NULL);
    c->child = (struct assay_child){ .socket = -1, .words = -1 };
    c->wanted = c->ready = c->given = false;
    c->start_ms = 0;
    c->without_since_ms = UINT64_MAX;
    c->failed_starts = 0;
    c->count = 0;
}

void assay_confirm_deinit(struct assay_confirm *c)
{
    struct assay_child_end end;
    assay_child_end(&c->child, &end);
    ASSAY_ASSERT(c->child.pid == 0);
    c->count = 0;
}

void assay_confirm_add(struct assay_confirm *c, uint64_t number, pid_t pid,
                       struct assay_slice packet)
{
    ASSAY_ASSERT(packet.len > 0);
    ASSAY_ASSERT(c->count < ASSAY_CONFIRM_MAX);
    struct assay_confirm_job *job = &c->jobs[c->count++];
    *job = (struct assay_confirm_job){ .number = number, .pid = pid, .verdicts = 1 };
    assay_sha256(packet.bytes, packet.len, job->digest[0]);
}

bool assay_confirm_has_slow_room(const struct assay_confirm *c)
{
    ASSAY_ASSERT(c->slow != NULL && c->slow->count <= ASSAY_CONFIRM_MAX);
    return c->slow->count < c->slow_max;
}

void assay_confirm_add_slow(struct assay_confirm *c, const struct assay_confirm_job *job)
{
    ASSAY_ASSERT(c->slow == NULL && c->count < ASSAY_CONFIRM_MAX);
    c->jobs[c->count++] = *job;
    c->world->aside(c->world->context, job->number);
}

/* --- the process */

static void remove_first(struct assay_confirm *c)
{
    ASSAY_ASSERT(c->count > 0);
    c->count--;
    for (size_t i = 0; i < c->count; i++)
        c->jobs[i] = c->jobs[i + 1];
}

/* verdict: NULL, it is not appraised (docs/protocol.md 3.1). */
static void answer_first(struct assay_confirm *c, const struct assay_verdict *verdict)
{
    ASSAY_ASSERT(c->count > 0);
    const uint64_t number = c->jobs[0].number;
    remove_first(c);
    if (verdict == NULL) c->losses->unjudged++;
    c->world->answer(c->world->context, number, verdict);
}

/* docs/protocol.md 3.1.4: a confirmation costs a process; none for a verdict that comes too late.
 */
static void drop_expired(struct assay_confirm *c)
{
    while (c->count > 0 && !c->given &&
           c->world->is_expired(c->world->context, c->jobs[0].number)) {
        const uint64_t number = c->jobs[0].number;
        remove_first(c);
        c->world->answer(c->world->context, number, NULL);
    }
}

/* Each start that fails delays the next one more. */
static uint64_t next_delay_ms(struct assay_confirm *c)
{
    if (c->failed_starts < 10) c->failed_starts++;
    return assay_min_u64(UINT64_C(1) << c->failed_starts, START_DELAY_MS_MAX);
}

/* cause: NULL, it ended by itself. Evidence is to blame for the end of a process that had it, or
 * that did not start while it waited. */
static void on_failure(struct assay_confirm *c, uint64_t now_ms, const char *cause, bool stalled)
{
    ASSAY_ASSERT(c->child.pid > 0 && (!c->given || c->count > 0));
    struct assay_child_end end;
    struct assay_verifier_process_news news = {
        .pid = c->child.pid, .in_hand = c->given, .started = c->ready, .stalled = stalled
    };
    assay_child_end(&c->child, &end);
    assay_child_explain(&end, cause, news.why, sizeof news.why);
    if (c->count > 0 && (c->given || !c->ready)) {
        news.number = c->jobs[0].number;
        news.unjudged = ++c->jobs[0].failures >= FAILURES_MAX;
    }
    c->start_ms = now_ms + (c->ready ? 0 : next_delay_ms(c));
    c->ready = c->given = false;
    ASSAY_ASSERT(c->child.pid == 0);
    c->losses->restarts++;
    if (stalled) c->losses->stalls++;
    c->world->notify(c->world->context, &news);
    if (news.unjudged) answer_first(c, NULL);
}

/* The other jobs continue without it: it is retried among the slow jobs, or, where there are too
 * many of those, not at all. */
static void set_aside_job(struct assay_confirm *c, uint64_t now_ms)
{
    ASSAY_ASSERT(c->slow != NULL && c->given && c->count > 0);
    struct assay_child_end end;
    const bool has_room = assay_confirm_has_slow_room(c);
    struct assay_verifier_process_news news = { .pid = c->child.pid,
                                                .in_hand = 1,
                                                .started = true,
                                                .stalled = true,
                                                .unjudged = !has_room,
                                                .number = c->jobs[0].number };
    assay_child_end(&c->child, &end);
    assay_child_explain(&end, "a job that takes long", news.why, sizeof news.why);
    c->start_ms = now_ms;
    c->ready = c->given = false;
    c->asides++;
    c->losses->restarts++;
    c->losses->stalls++;
    if (has_room) {
        assay_confirm_add_slow(c->slow, &c->jobs[0]);
        remove_first(c);
    }
    c->world->notify(c->world->context, &news);
    if (!has_room) answer_first(c, NULL);
}

static void start_process(struct assay_confirm *c, uint64_t now_ms, int brief)
{
    ASSAY_ASSERT(c->child.pid == 0);
    if (now_ms < c->start_ms) return;
    c->start_ms = now_ms;
    c->ready = c->given = false;
    if (assay_child_start(c->program, ASSAY_VERIFIER_PROCESS_ROLE, c->argument, brief, &c->child) ==
        ASSAY_OK) {
        c->without_since_ms = UINT64_MAX;
        return;
    }
    if (c->without_since_ms == UINT64_MAX) c->without_since_ms = now_ms;
    c->start_ms = now_ms + next_delay_ms(c);
    if (c->count > 0 && now_ms - c->without_since_ms > c->stall_ms) answer_first(c, NULL);
}

static void send_job(struct assay_confirm *c, uint64_t now_ms)
{
    ASSAY_ASSERT(c->ready && !c->given && c->count > 0);
    struct assay_verifier_process_job job;
    struct assay_slice packet;
    struct assay_writer w = assay_writer_over(c->packet, sizeof c->packet);
    c->world->load(c->world->context, c->jobs[0].number, &job);
    assay_verifier_process_job_encode(&job, &w);
    const enum assay_status status = assay_writer_finish(&w, &packet);
    ASSAY_ASSERT(status == ASSAY_OK); /* the pool bounds evidence */
    if (send(c->child.socket, packet.bytes, packet.len, MSG_NOSIGNAL) < 0) {
        on_failure(c, now_ms, NULL, false);
        return;
    }
    c->given = true;
    c->given_ms = now_ms;
}

/* --- what it answers */

/* A verdict that two processes gave is the verdict. Returns: the pid of one that gave another. */
static pid_t on_verdict(struct assay_confirm *c, struct assay_slice packet)
{
    ASSAY_ASSERT(!c->given && c->count > 0);
    uint8_t digest[32];
    struct assay_confirm_job *job = &c->jobs[0];
    const pid_t first = job->pid;
    ASSAY_ASSERT(job->verdicts <= 2);
    assay_sha256(packet.bytes, packet.len, digest);
    if (job->verdicts == 0) { /* no process has appraised it to the end */
        if (assay_confirm_is_needed(&c->verdict)) {
            assay_bytes_copy(job->digest[0], 32, digest, 32);
            job->verdicts = 1;
        } else {
            answer_first(c, &c->verdict);
        }
        return 0;
    }
    const bool is_first = assay_bytes_equal(digest, job->digest[0], 32);
    if (is_first || (job->verdicts == 2 && assay_bytes_equal(digest, job->digest[1], 32))) {
        answer_first(c, &c->verdict);
        return 0;
    }
    if (job->verdicts == 2) { /* three processes, three verdicts */
        answer_first(c, NULL);
        return 0;
    }
    assay_bytes_copy(job->digest[1], 32, digest, 32);
    job->verdicts = 2;
    c->losses->contradicted++;
    c->contradicted = job->number;
    return first;
}

/* Returns: whether the packet is what this process may send now. */
static bool is_expected(struct assay_confirm *c, const struct assay_verifier_process_answer *answer)
{
    ASSAY_ASSERT(!c->given || c->count > 0);
    struct assay_verifier_process_job job;
    if (answer->kind == ASSAY_VERIFIER_PROCESS_READY) return !c->ready;
    if (!c->given || answer->number != c->jobs[0].number) return false;
    c->world->load(c->world->context, answer->number, &job);
    return assay_verifier_process_is_of_job(&job, &c->verdict);
}

static pid_t receive_answer(struct assay_confirm *c, uint64_t now_ms)
{
    struct assay_verifier_process_answer answer;
    const ssize_t got = recv(c->child.socket, c->packet, sizeof c->packet, MSG_TRUNC);
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) return 0;
    if (got <= 0) {
        on_failure(c, now_ms, NULL, false);
        return 0;
    }
    const struct assay_slice packet =
        assay_slice_over(c->packet, (size_t)assay_min_u64((uint64_t)got, sizeof c->packet));
    enum assay_status status =
        (size_t)got <= sizeof c->packet
            ? assay_verifier_process_answer_decode(packet, &answer, &c->verdict)
            : ASSAY_E_RANGE;
    if (status != ASSAY_OK || !is_expected(c, &answer)) {
        on_failure(c, now_ms, "its answer does not match the request", false);
        return 0;
    }
    if (answer.kind == ASSAY_VERIFIER_PROCESS_READY) {
        c->ready = true;
        c->failed_starts = 0;
        return 0;
    }
    c->given = false;
    return on_verdict(c, packet);
}

static void check_time(struct assay_confirm *c, uint64_t now_ms)
{
    ASSAY_ASSERT(c->child.pid > 0);
    if (!c->ready) {
        if (now_ms > c->start_ms && now_ms - c->start_ms > ASSAY_VERIFIER_SUPERVISOR_START_MS)
            on_failure(c, now_ms, "it did not become ready", true);
        return;
    }
    if (!c->given || now_ms <= c->given_ms) return;
    if (c->slow != NULL && now_ms - c->given_ms > c->patience_ms) {
        set_aside_job(c, now_ms);
        return;
    }
    /* A copy that computes without end is ended by its own limit. */
    if (now_ms - c->given_ms > c->stall_ms) on_failure(c, now_ms, "a job without end", true);
}

pid_t assay_confirm_run(struct assay_confirm *c, uint64_t now_ms, int brief, bool ahead)
{
    pid_t liar = 0;
    drop_expired(c);
    c->wanted = ahead || c->count > 0;
    if (c->child.pid > 0) liar = receive_answer(c, now_ms);
    if (c->child.pid > 0) check_time(c, now_ms);
    if (liar == 0) drop_expired(c); /* else the owner reports first, and names the job */
    if (c->child.pid == 0 && c->wanted) start_process(c, now_ms, brief);
    if (c->count > 0 && c->child.pid > 0 && c->ready && !c->given) send_job(c, now_ms);
    ASSAY_ASSERT(!c->given || (c->child.pid > 0 && c->ready && c->count > 0));
    return liar;
}

void assay_confirm_on_pause(struct assay_confirm *c, uint64_t gap_ms)
{
    c->given_ms += gap_ms;
    if (c->child.pid > 0) c->start_ms += gap_ms;
    if (c->without_since_ms < UINT64_MAX) c->without_since_ms += gap_ms;
}

struct pollfd assay_confirm_poll(const struct assay_confirm *c)
{
    if (c->child.pid <= 0) return (struct pollfd){ .fd = -1 };
    return (struct pollfd){ .fd = c->child.socket, .events = POLLIN };
}

int assay_confirm_wait_ms(const struct assay_confirm *c, uint64_t now_ms)
{
    ASSAY_ASSERT(c->count <= ASSAY_CONFIRM_MAX);
    if (c->child.pid > 0) return c->ready && c->count == 0 ? -1 : LOOK_MS;
    if (!c->wanted) return -1;
    return c->start_ms > now_ms ? (int)assay_min_u64(c->start_ms - now_ms, LOOK_MS) : 0;
}
