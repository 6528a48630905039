/*
 * tests/fuzz/net/fuzz_verifier_supervisor.c - fuzz target: the verifier supervisor over processes
 * and clocks that do what the bytes say, in any order: they become ready, answer correctly,
 * answer what was not requested, send malformed frames, exit, hang, cannot be started. Whatever
 * they do, each job is answered once, with the answer of the process that has it or with none;
 * and once the processes are good again, all are.
 */
#include "base/assert.h"
#include "net/verifier/verifier_supervisor.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

enum { JOBS = 64, AT_S = 1000, GOOD_TURNS = 4096 };

enum job_state { JOB_NEW, JOB_BEING_GIVEN, JOB_GIVEN, JOB_ANSWERED };

static struct world {
    struct assay_verifier_supervisor *keeper;
    uint64_t now_ms, cpu_ms;
    enum job_state jobs[JOBS];
    bool said[JOBS];    /* answered correctly by the running verifier */
    bool expired[JOBS]; /* the epoch of the request is closed */
    int64_t pids;
    int judge;              /* its end of the socket; -1: none runs */
    uint64_t in_hand[JOBS]; /* jobs that the verifier has received and not answered */
    size_t in_hand_count;
    bool no_start;
} w;

static uint8_t packet[ASSAY_VERIFIER_PROCESS_ANSWER_LEN_MAX];

/* ------------------------------------------------------------ in place of net/sandbox/child.c */

static void end_judge(void)
{
    if (w.judge >= 0) (void)close(w.judge);
    w.judge = -1;
    w.in_hand_count = 0;
    for (size_t i = 0; i < JOBS; i++)
        w.said[i] = false;
}

enum assay_status assay_child_start(const char *program, const char *role, const char *argument,
                                    int brief, struct assay_child *child)
{
    int pair[2];
    (void)program;
    (void)role;
    (void)argument;
    ASSAY_ASSERT(brief >= 0 && child->pid == 0);
    uint8_t head[8] = { 0 }; /* of the brief: threads, seconds of a fork */
    const ssize_t got = pread(brief, head, sizeof head, 0);
    ASSAY_ASSERT(got == sizeof head);
    /* A process that confirms: none is had. */
    if (w.no_start || head[4] != 0) return ASSAY_E_IO;
    ASSAY_ASSERT(w.judge < 0);
    const int made = socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair);
    ASSAY_ASSERT(made == 0);
    *child = (struct assay_child){ .pid = (pid_t)++w.pids, .socket = pair[0], .words = -1 };
    w.judge = pair[1];
    return ASSAY_OK;
}

void assay_child_end(struct assay_child *child, struct assay_child_end *end)
{
    *end = (struct assay_child_end){ .number = 1 };
    if (child->pid == 0) return;
    (void)close(child->socket);
    *child = (struct assay_child){ .socket = -1, .words = -1 };
    end_judge();
}

uint64_t assay_child_cpu_ms(const struct assay_child *child)
{
    ASSAY_ASSERT(child->pid > 0);
    return w.cpu_ms;
}

/* ------------------------------------------------------------ owner of the jobs */

static void load(void *context, uint64_t number, struct assay_verifier_process_job *job)
{
    static const uint8_t evidence[8];
    (void)context;
    ASSAY_ASSERT(number < JOBS);
    ASSAY_ASSERT(w.jobs[number] == JOB_BEING_GIVEN || w.jobs[number] == JOB_GIVEN);
    *job =
        (struct assay_verifier_process_job){ .number = number,
                                             .kind = ASSAY_KIND_SOFT,
                                             .at_unix_s = AT_S + (int64_t)number,
                                             .bytes = assay_slice_over(evidence, sizeof evidence) };
}

static void answered(void *context, uint64_t number, const struct assay_verdict *verdict)
{
    (void)context;
    ASSAY_ASSERT(number < JOBS);
    ASSAY_ASSERT(w.jobs[number] == JOB_GIVEN || w.jobs[number] == JOB_BEING_GIVEN);
    w.jobs[number] = JOB_ANSWERED;
    if (verdict == NULL) return;
    ASSAY_ASSERT(w.said[number]);
    ASSAY_ASSERT(verdict->at_unix_s == AT_S + (int64_t)number);
}

static bool is_expired(void *context, uint64_t number)
{
    (void)context;
    ASSAY_ASSERT(number < JOBS && w.jobs[number] != JOB_ANSWERED);
    return w.expired[number];
}

static void set_aside(void *context, uint64_t number)
{
    (void)context;
    ASSAY_ASSERT(number < JOBS && w.jobs[number] == JOB_GIVEN);
}

static void told(void *context, const struct assay_verifier_process_news *news)
{
    (void)context;
    ASSAY_ASSERT(news->ready ? news->pid > 0 : news->why[0] != '\0');
}

static void give(uint8_t number)
{
    const size_t n = number % JOBS;
    if (w.jobs[n] != JOB_NEW && w.jobs[n] != JOB_ANSWERED) return;
    w.jobs[n] = JOB_BEING_GIVEN;
    w.said[n] = w.expired[n] = false;
    const bool room = assay_verifier_supervisor_has_room(w.keeper, w.now_ms);
    const bool taken = assay_verifier_supervisor_submit(w.keeper, w.now_ms, n);
    ASSAY_ASSERT(room || !taken);
    if (w.jobs[n] == JOB_BEING_GIVEN) w.jobs[n] = taken ? JOB_GIVEN : JOB_NEW;
    else ASSAY_ASSERT(taken);
}

/* ------------------------------------------------------------ actions of the verifier */

static void judge_takes(void)
{
    static uint8_t job_packet[ASSAY_VERIFIER_PROCESS_JOB_LEN_MAX];
    struct assay_verifier_process_job job;
    ssize_t got;
    while (w.judge >= 0 && (got = recv(w.judge, job_packet, sizeof job_packet, 0)) > 0) {
        const enum assay_status status =
            assay_verifier_process_job_decode(assay_slice_over(job_packet, (size_t)got), &job);
        ASSAY_ASSERT(status == ASSAY_OK && w.in_hand_count < ASSAY_VERIFIER_SUPERVISOR_HANDS);
        w.in_hand[w.in_hand_count++] = job.number;
    }
}

static void judge_says(const uint8_t *bytes, size_t len)
{
    if (w.judge >= 0) (void)send(w.judge, bytes, len, MSG_NOSIGNAL);
}

static size_t ready_packet(void)
{
    struct assay_slice out;
    struct assay_writer writer = assay_writer_over(packet, sizeof packet);
    assay_verifier_process_ready_encode(3, 1, &writer);
    const enum assay_status status = assay_writer_finish(&writer, &out);
    ASSAY_ASSERT(status == ASSAY_OK);
    return out.len;
}

static size_t verdict_packet(uint64_t number, int64_t at_unix_s)
{
    static struct assay_verdict verdict;
    struct assay_slice out;
    struct assay_writer writer = assay_writer_over(packet, sizeof packet);
    verdict.kind = ASSAY_KIND_SOFT;
    verdict.at_unix_s = at_unix_s;
    assay_verifier_process_verdict_encode(number, &verdict, &writer);
    const enum assay_status status = assay_writer_finish(&writer, &out);
    ASSAY_ASSERT(status == ASSAY_OK);
    return out.len;
}

/* Of a job that it has. */
static void judge_answers(uint8_t which)
{
    judge_takes();
    if (w.in_hand_count == 0) return;
    const size_t at = which % w.in_hand_count;
    const uint64_t number = w.in_hand[at];
    w.in_hand[at] = w.in_hand[--w.in_hand_count];
    w.said[number] = true;
    judge_says(packet, verdict_packet(number, AT_S + (int64_t)number));
}

/* Of one that it may not have, or of another time. */
static void judge_lies(uint8_t number, uint8_t by)
{
    judge_says(packet, verdict_packet(number, AT_S + number + 1 + by));
}

static void judge_garbles(uint8_t at, uint8_t with)
{
    const size_t len = verdict_packet(at % JOBS, AT_S - 1);
    packet[(size_t)at * 7 % len] ^= with;
    judge_says(packet, len);
}

/* ------------------------------------------------------------ steps */

struct tape {
    const uint8_t *bytes;
    size_t len;
};

static uint8_t next(struct tape *t)
{
    if (t->len == 0) return 0;
    t->len--;
    return *t->bytes++;
}

static void say_raw(struct tape *t)
{
    const size_t wanted = next(t);
    const size_t len = wanted < t->len ? wanted : t->len;
    judge_says(t->bytes, len);
    t->bytes += len;
    t->len -= len;
}

static void step(struct tape *t)
{
    switch (next(t) % 15) {
    case 0: w.now_ms += next(t); break;
    case 1: w.now_ms += (uint64_t)next(t) * 250; break;
    case 2:
    case 3: assay_verifier_supervisor_run(w.keeper, w.now_ms); break;
    case 4:
    case 5: give(next(t)); break;
    case 6: judge_says(packet, ready_packet()); break;
    case 7: judge_answers(next(t)); break;
    case 8: judge_lies(next(t), next(t)); break;
    case 9: say_raw(t); break;
    case 10: judge_garbles(next(t), next(t)); break;
    case 11: /* it crashes; its earlier answers may still be read */
        if (w.judge >= 0) (void)shutdown(w.judge, SHUT_RDWR);
        break;
    case 12: {
        const uint8_t what = next(t);
        if (what < 128) w.no_start = what % 2 == 0;
        else w.expired[what % JOBS] = true;
        break;
    }
    case 13: {
        const uint32_t threads = next(t) % ASSAY_VERIFIER_PROCESS_THREADS_MAX + 1;
        const enum assay_status status = assay_verifier_supervisor_threads(w.keeper, threads);
        ASSAY_ASSERT(status == ASSAY_OK);
        break;
    }
    case 14:
        w.cpu_ms += (uint64_t)next(t) * 20;
        ASSAY_ASSERT(assay_verifier_supervisor_wait_ms(w.keeper, w.now_ms) >= -1);
        break;
    }
}

static bool all_answered(void)
{
    for (size_t i = 0; i < JOBS; i++)
        if (w.jobs[i] == JOB_GIVEN) return false;
    return true;
}

/* A second READY counts as a crash: once for each that runs. */
static void be_good(void)
{
    int64_t greeted = 0;
    w.no_start = false;
    for (int i = 0; i < GOOD_TURNS && !all_answered(); i++) {
        w.now_ms += 20;
        assay_verifier_supervisor_run(w.keeper, w.now_ms);
        if (w.judge >= 0 && greeted != w.pids) {
            greeted = w.pids;
            judge_says(packet, ready_packet());
        }
        judge_answers(0);
    }
    ASSAY_ASSERT(all_answered());
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static const struct assay_verifier_process_set set = { 0 };
    const struct assay_verifier_process_config config = { .sets = &set, .set_count = 1 };
    const struct assay_verifier_supervisor_world world = {
        .load = load,
        .is_expired = is_expired,
        .answer = answered,
        .aside = set_aside,
        .notify = told,
    };
    struct tape tape = { .bytes = bytes, .len = len };
    w = (struct world){ .judge = -1, .now_ms = 1000000 };
    const enum assay_status status =
        assay_verifier_supervisor_create(&config, 2, &world, &w.keeper);
    ASSAY_ASSERT(status == ASSAY_OK);
    while (tape.len > 0)
        step(&tape);
    be_good();
    assay_verifier_supervisor_destroy(&w.keeper);
    end_judge();
    return 0;
}
