/*
 * net/verifier/verifier_process.c - main loop of the verifier process. Everything that a library
 * opens is opened before the sandbox layers.
 */
#include "net/verifier/verifier_process.h"

#include "base/assert.h"
#include "net/sandbox/sandbox.h"
#include "net/sandbox/child.h"
#include "net/verifier/fork.h"
#include "net/verifier/wire.h"
#include "net/system/allocator.h"
#include "net/verifier/rule_documents.h"
#include "net/verifier/verify_pool.h"
#include "quote/json.h"
#include "quote/verify.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* Memory that it may map beyond its program: a set of rules has up to 32 bundles of 800 KB, a
 * thread caches ASSAY_POOL_ENTRIES platforms, and has a stack. */
enum {
    MEMORY_MIB = 64,
    MEMORY_SET_MIB = 32,
    MEMORY_THREAD_MIB = 48,
    STACK_LEN = 4 * 1024 * 1024,
};

struct judge {
    assay_verifier_process_function *verify;
    struct assay_verifier_process_brief brief;
    struct assay_ruleset rules[ASSAY_VERIFIER_PROCESS_SETS_MAX];
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    uint32_t started; /* threads inside the sandbox */
    bool open;        /* they may work */
};

__attribute__((noreturn)) static void give_up(const char *what, const char *why)
{
    (void)fprintf(stderr, "%s: %s", what, why);
    _exit(1);
}

static void exit_unless(enum assay_status status, const char *what)
{
    if (status != ASSAY_OK) give_up(what, assay_status_text(status));
}

bool assay_verifier_process_is(int argc, char *const *argv)
{
    return (argc == 1 || argc == 2) && strcmp(argv[0], ASSAY_VERIFIER_PROCESS_ROLE) == 0;
}

/* ------------------------------------------------------------ before the sandbox layers */

static void *read_brief(struct assay_verifier_process_brief *brief, size_t *len)
{
    struct stat about;
    if (fstat(ASSAY_CHILD_BRIEF_FD, &about) != 0 || about.st_size < 1 ||
        about.st_size > ASSAY_VERIFIER_PROCESS_BRIEF_LEN_MAX)
        give_up("brief", "not what a daemon leaves: this role is for assayd alone");
    *len = (size_t)about.st_size;
    void *bytes = mmap(NULL, *len, PROT_READ, MAP_PRIVATE, ASSAY_CHILD_BRIEF_FD, 0);
    if (bytes == MAP_FAILED) give_up("brief", strerror(errno));
    (void)close(ASSAY_CHILD_BRIEF_FD);
    exit_unless(assay_verifier_process_brief_decode(assay_slice_over(bytes, *len), brief), "brief");
    return bytes;
}

/* Seeds, tables and algorithms of libraries, which read files for them at the first use. */
static void preload(void)
{
    static const char none[] = "{}";
    struct assay_key key;
    uint8_t random[8];
    exit_unless(assay_random(random, sizeof random), "random numbers");
    const enum assay_status status =
        assay_doc_web_key((const uint8_t *)none, sizeof none - 1, &key);
    assay_status_ignore(status, "there is no key in it");
    for (int i = 0; i < ASSAY_PINNED_ROOTS; i++) {
        struct assay_verify_key *loaded = NULL;
        uint32_t kinds = 0;
        exit_unless(assay_pinned_root((enum assay_pinned_root)i, &key, &kinds), "roots");
        exit_unless(assay_public_key_load(&key, &loaded), "keys");
        assay_public_key_free(&loaded);
    }
}

/* ------------------------------------------------------------ at work */

static struct assay_verifier *create_verifier(void)
{
    struct assay_verifier *verifier = NULL;
    const size_t len = (assay_verifier_size(ASSAY_POOL_ENTRIES) + 63) / 64 * 64;
    void *memory = aligned_alloc(64, len);
    if (memory == NULL) give_up("memory", assay_status_text(ASSAY_E_MEMORY));
    exit_unless(assay_verifier_init(memory, len, ASSAY_POOL_ENTRIES, &verifier), "memory");
    return verifier;
}

static void write_answer(struct assay_writer *w)
{
    struct assay_slice packet;
    exit_unless(assay_writer_finish(w, &packet), "answer");
    if (send(ASSAY_CHILD_SOCKET_FD, packet.bytes, packet.len, MSG_NOSIGNAL) < 0)
        _exit(0); /* the core is gone */
}

/* What a thread works with. */
struct bench {
    const struct judge *judge;
    struct assay_verifier *verifier;
    struct assay_verdict *verdict;
    uint8_t *in; /* [ASSAY_VERIFIER_PROCESS_JOB_LEN_MAX] */
};

static struct bench create_bench(const struct judge *judge)
{
    const struct bench b = { .judge = judge,
                             .verifier = create_verifier(),
                             .verdict = malloc(sizeof *b.verdict),
                             .in = malloc(ASSAY_VERIFIER_PROCESS_JOB_LEN_MAX) };
    if (b.verdict == NULL || b.in == NULL)
        give_up("memory", assay_status_text(ASSAY_E_MEMORY));
    return b;
}

static void appraise_packet(void *context, struct assay_slice packet, struct assay_writer *w)
{
    const struct bench *b = context;
    struct assay_verifier_process_job job;
    exit_unless(assay_verifier_process_job_decode(packet, &job), "job");
    if (job.set >= b->judge->brief.set_count)
        give_up("job", "it names rules that were not provided");
    const struct assay_ruleset *rules = &b->judge->rules[job.set];
    const struct assay_evidence_request request = { .kind = job.kind,
                                                    .bytes = job.bytes.bytes,
                                                    .len = job.bytes.len,
                                                    .at_unix_s = job.at_unix_s,
                                                    .at_end = job.at_end,
                                                    .endorsements = &rules->endorsements,
                                                    .policy = rules->policy };
    assay_verifier_process_one(b->judge->verify, b->verifier, &request, b->verdict);
    assay_verifier_process_verdict_encode(job.number, b->verdict, w);
}

/* Threads read packets from one socket: an idle thread gets the next one. */
__attribute__((noreturn)) static void serve(const struct judge *judge)
{
    struct bench bench = create_bench(judge);
    for (;;) {
        uint8_t out[ASSAY_VERIFIER_PROCESS_ANSWER_LEN_MAX];
        struct assay_writer w = assay_writer_over(out, sizeof out);
        const ssize_t got =
            recv(ASSAY_CHILD_SOCKET_FD, bench.in, ASSAY_VERIFIER_PROCESS_JOB_LEN_MAX, 0);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) _exit(0);
        appraise_packet(&bench, assay_slice_over(bench.in, (size_t)got), &w);
        write_answer(&w);
    }
}

static void *wait_and_serve(void *context)
{
    struct judge *judge = context;
    pthread_mutex_lock(&judge->mutex);
    judge->started++;
    ASSAY_ASSERT(judge->started < judge->brief.threads);
    pthread_cond_broadcast(&judge->changed);
    while (!judge->open)
        pthread_cond_wait(&judge->changed, &judge->mutex);
    pthread_mutex_unlock(&judge->mutex);
    serve(judge);
}

/* They block inside the sandbox before its last layer is applied. */
static void start_threads(struct judge *judge)
{
    ASSAY_ASSERT(judge->brief.threads > 0 &&
                 judge->brief.threads <= ASSAY_VERIFIER_PROCESS_THREADS_MAX);
    pthread_attr_t attributes;
    pthread_t thread;
    (void)pthread_attr_init(&attributes);
    (void)pthread_attr_setstacksize(&attributes, STACK_LEN);
    for (uint32_t i = 1; i < judge->brief.threads; i++)
        if (pthread_create(&thread, &attributes, wait_and_serve, judge) != 0)
            give_up("threads", assay_status_text(ASSAY_E_IO));
    pthread_mutex_lock(&judge->mutex);
    while (judge->started + 1 < judge->brief.threads)
        pthread_cond_wait(&judge->changed, &judge->mutex);
    pthread_mutex_unlock(&judge->mutex);
}

static void read_rules(struct judge *judge)
{
    ASSAY_ASSERT(judge->brief.set_count <= ASSAY_VERIFIER_PROCESS_SETS_MAX);
    for (size_t i = 0; i < judge->brief.set_count; i++)
        exit_unless(assay_ruleset_open(judge->brief.sets[i].policy,
                                       judge->brief.sets[i].endorsements, &judge->rules[i]),
                    "rules");
}

void assay_verifier_process_run(assay_verifier_process_function *verify)
{
    static struct judge judge = { .mutex = PTHREAD_MUTEX_INITIALIZER,
                                  .changed = PTHREAD_COND_INITIALIZER };
    uint32_t walls = 0, landlock = 0;
    size_t brief_len = 0;
    uint8_t out[16];
    struct assay_writer w = assay_writer_over(out, sizeof out);
    assay_child_begin(ASSAY_VERIFIER_PROCESS_ROLE);
    assay_allocator_init();
    judge.verify = verify;
    void *const brief = read_brief(&judge.brief, &brief_len);
    preload();
    assay_sandbox_prefer_oom_kill();
    const bool forks = judge.brief.fork_cpu_s > 0;
    const enum assay_sandbox sandbox = forks ? ASSAY_SANDBOX_FORKER : ASSAY_SANDBOX_READER;
    if (forks && !assay_verifier_process_fork_open()) give_up("sockets", strerror(errno));
    if (forks) (void)prctl(PR_SET_NAME, "assayd-confirm", 0, 0, 0); /* for ps, top and tests */
    const uint64_t mib = MEMORY_MIB + MEMORY_SET_MIB * (uint64_t)judge.brief.set_count +
                         MEMORY_THREAD_MIB * (uint64_t)judge.brief.threads;
    const uint64_t mapped = assay_sandbox_get_mapped();
    walls |= assay_sandbox_close_files(sandbox, &landlock);
    walls |= assay_sandbox_apply_limits(sandbox, mapped > 0 ? mapped + mib * 1024 * 1024 : 0);
    start_threads(&judge);
    exit_unless(assay_sandbox_filter_calls(sandbox), "the kernel filters no system calls");
    walls |= ASSAY_SANDBOX_LAYER_CALLS;
    read_rules(&judge);
    (void)munmap(brief, brief_len);
    uint64_t trim_ms = 0;
    assay_allocator_trim(0, &trim_ms); /* what reading them took */
    assay_verifier_process_ready_encode(walls, landlock, &w);
    if (forks) {
        struct bench bench = create_bench(&judge);
        write_answer(&w);
        assay_verifier_process_fork_serve(judge.brief.fork_cpu_s, bench.in,
                                          ASSAY_VERIFIER_PROCESS_JOB_LEN_MAX, appraise_packet,
                                          &bench);
    }
    write_answer(&w);
    pthread_mutex_lock(&judge.mutex);
    judge.open = true;
    pthread_cond_broadcast(&judge.changed);
    pthread_mutex_unlock(&judge.mutex);
    serve(&judge);
}
