/*
 * tests/byzantine/verifier_plants.c - everything that hostile evidence could do to a verifier
 * process, done on purpose: it crashes, hangs, grows, or makes forbidden calls.
 */
#include "tests/byzantine/verifier_plants.h"

#include "base/crypto.h"
#include "net/sandbox/child.h"
#include "net/verifier/wire.h"
#include "quote/verify.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* --- what a plant does; where it comes back, it says what it was told */

static int crash(void)
{
    volatile uintptr_t at = 16;
    return *(volatile int *)at;
}

static int spin(void)
{
    volatile unsigned i = 0;
    while (i < 2)
        i = 1 - i;
    return 0;
}

static int rest(void)
{
    const struct timespec long_time = { .tv_sec = 3600 };
    return nanosleep(&long_time, NULL) != 0 ? errno : 0;
}

static void take_a_while(void)
{
    const struct timespec a_while = { .tv_sec = 1 };
    (void)nanosleep(&a_while, NULL);
}

/* Every page is touched; where there is no more, it falls as careless code would. */
static int grow(void)
{
    for (;;) {
        volatile char *more = malloc(1 << 20);
        if (more == NULL) abort();
        for (size_t i = 0; i < 1 << 20; i += 4096)
            more[i] = 1;
    }
}

static int write_file(void)
{
    const int fd = open("/tmp/assay-judge-was-here", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    return fd < 0 ? errno : 0;
}

static int read_file(void)
{
    const int fd = open("/proc/self/environ", O_RDONLY | O_CLOEXEC);
    return fd < 0 ? errno : 0;
}

static int open_socket(void)
{
    return socket(AF_INET, SOCK_STREAM, 0) < 0 ? errno : 0;
}

static int run_program(void)
{
    char name[] = "/bin/true";
    char *const argv[] = { name, NULL };
    return execv(name, argv) != 0 ? errno : 0;
}

static int fork_one(void)
{
    return fork() < 0 ? errno : 0;
}

static int kill_parent(void)
{
    return kill(getppid(), SIGTERM) != 0 ? errno : 0;
}

static int make_code(void)
{
    void *code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return code == MAP_FAILED ? errno : 0;
}

static int fall_by_abort(void)
{
    (void)fprintf(stderr, "a planted\nabort");
    abort();
}

/* A verdict to something that nobody asked. */
static int lie(void)
{
    static struct assay_verdict verdict;
    uint8_t out[ASSAY_VERIFIER_PROCESS_ANSWER_LEN_MAX];
    struct assay_slice packet;
    struct assay_writer w = assay_writer_over(out, sizeof out);
    assay_verdict_init(&verdict, ASSAY_KIND_SOFT, 1);
    assay_verifier_process_verdict_encode(UINT64_MAX, &verdict, &w);
    if (assay_writer_finish(&w, &packet) != ASSAY_OK) return 0;
    return send(ASSAY_CHILD_SOCKET_FD, packet.bytes, packet.len, 0) < 0 ? errno : 0;
}

static int babble(void)
{
    return send(ASSAY_CHILD_SOCKET_FD, "babble", 6, 0) < 0 ? errno : 0;
}

/* Standard error without end: nobody waits for it. */
static int shout(void)
{
    for (int i = 0; i < 100000; i++)
        if (write(ASSAY_CHILD_OUTPUT_FD, "shout ", 6) < 0 && errno != EAGAIN) return errno;
    abort();
}

static const struct {
    const char *name;
    int (*fall)(void);
} plants[] = {
    { "abort", fall_by_abort }, { "segv", crash },          { "loop", spin },
    { "sleep", rest },          { "alloc", grow },          { "write", write_file },
    { "read", read_file },      { "socket", open_socket },  { "exec", run_program },
    { "fork", fork_one },       { "kill", kill_parent },    { "code", make_code },
    { "lie", lie },             { "babble", babble },       { "shout", shout },
};

/* Returns: what the plant was told; 0: it was allowed, or there is none of that name. */
static int fall(const char *name, size_t len)
{
    for (size_t i = 0; i < sizeof plants / sizeof plants[0]; i++)
        if (strlen(plants[i].name) == len && strncmp(plants[i].name, name, len) == 0)
            return plants[i].fall();
    return 0;
}

/* --- of a daemon */

static const char *plant = "";
static unsigned one_of = 1;

const char *assay_byzantine_verifier(void)
{
    return getenv("ASSAY_BYZANTINE_VERIFIER");
}

/* A verdict that convicts whoever votes for it. */
static void lie_about(struct assay_verdict *verdict)
{
    verdict->genuine = ASSAY_GENUINE_FALSE;
    verdict->tier = ASSAY_TIER_CONTRAINDICATED;
}

/* Honest about the first `one_of` quotes of its life, and a liar about all that follow. */
static enum assay_status betray(struct assay_verifier *verifier,
                                const struct assay_evidence_request *request,
                                struct assay_verdict *verdict)
{
    static _Atomic unsigned seen;
    const enum assay_status status = assay_evidence_verify(verifier, request, verdict);
    if (status == ASSAY_OK && atomic_fetch_add(&seen, 1) >= one_of) lie_about(verdict);
    return status;
}

static enum assay_status verify_some(struct assay_verifier *verifier,
                                     const struct assay_evidence_request *request,
                                     struct assay_verdict *verdict)
{
    uint8_t digest[32];
    assay_sha256(request->bytes, request->len, digest);
    if (digest[0] % one_of == 0) (void)fall(plant, strcspn(plant, ":"));
    return assay_evidence_verify(verifier, request, verdict);
}

assay_verifier_process_function *assay_byzantine_verify(const char *argument)
{
    const char *colon = argument != NULL ? strchr(argument, ':') : NULL;
    if (colon == NULL) return assay_evidence_verify;
    plant = argument;
    one_of = (unsigned)strtoul(colon + 1, NULL, 10);
    if (one_of == 0) one_of = 1;
    return strncmp(plant, "betray:", 7) == 0 ? betray : verify_some;
}

/* --- of a test */

static bool is_word(const char *text, size_t len, const char *word)
{
    return len == strlen(word) && strncmp(text, word, len) == 0;
}

/* What only a process does that has not turned: the one that confirms. */
static void act_as_second(const char *text, size_t len, bool *poisoned)
{
    const char byte = 0;
    if (is_word(text, len, "second")) abort();
    if (is_word(text, len, "busy")) (void)spin();
    if (is_word(text, len, "doze")) (void)rest();
    if (is_word(text, len, "poison")) *poisoned = true;
    if (is_word(text, len, "reach") && send(ASSAY_CHILD_SOCKET_FD, &byte, 1, 0) >= 0) abort();
}

/* After "sneak" this process ends with the evidence of a member, and with a second "sneak", but not
 * before other evidence waits. */
static void end_with_others(const char *text, size_t len)
{
    static bool sneaks;
    if (sneaks && is_word(text, len, "member")) abort();
    if (!is_word(text, len, "sneak")) return;
    if (sneaks) {
        take_a_while();
        abort();
    }
    sneaks = true;
}

/* Words about members: after "turn" this process lies about "member" and "level"; "bad" is proven
 * to fail by every process that was not poisoned; "dice" gets another verdict from each; after
 * "forgive" it passes "bad" and is silent about "member"; others fail, and do something to a
 * process that has not turned. */
static void speak_of_member(const char *text, size_t len, struct assay_verdict *verdict)
{
    static const char *const failing[] = { "bad",  "dice",   "second", "busy",
                                           "doze", "poison", "reach",  "slowbad" };
    static _Atomic bool has_turned;
    static bool poisoned, forgives;
    if (is_word(text, len, "turn")) atomic_store(&has_turned, true);
    const bool turned = atomic_load(&has_turned);
    const bool member = is_word(text, len, "member"), level = is_word(text, len, "level");
    if (member || level) {
        verdict->genuine = ASSAY_GENUINE_TRUE;
        verdict->tier = ASSAY_TIER_AFFIRMING;
        verdict->tcb_status = level && turned ? ASSAY_TCB_OUT_OF_DATE : ASSAY_TCB_UP_TO_DATE;
    }
    if (!turned) act_as_second(text, len, &poisoned);
    end_with_others(text, len);
    if (member && turned) lie_about(verdict);
    if (is_word(text, len, "slow") || is_word(text, len, "slowbad")) take_a_while();
    for (size_t i = poisoned ? 1 : 0; i < sizeof failing / sizeof failing[0]; i++)
        if (is_word(text, len, failing[i])) lie_about(verdict);
    if (is_word(text, len, "forgive")) forgives = true;
    if (forgives && is_word(text, len, "bad")) {
        verdict->genuine = ASSAY_GENUINE_TRUE;
        verdict->tier = ASSAY_TIER_AFFIRMING;
        verdict->tcb_status = ASSAY_TCB_UP_TO_DATE;
    }
    if (forgives && member) assay_verdict_init(verdict, verdict->kind, verdict->at_unix_s);
    if (is_word(text, len, "dice")) {
        const pid_t pid = getpid();
        assay_bytes_copy(verdict->measurement + 8, sizeof pid, &pid, sizeof pid);
    }
}

enum assay_status assay_planted_verify(struct assay_verifier *verifier,
                                       const struct assay_evidence_request *request,
                                       struct assay_verdict *verdict)
{
    const char *text = (const char *)request->bytes;
    size_t word = 0;
    (void)verifier;
    while (word < request->len && text[word] != ' ')
        word++;
    const int told = fall(text, word);
    assay_verdict_init(verdict, request->kind, request->at_unix_s);
    const size_t len = request->len < sizeof verdict->report_data ? request->len
                                                                  : sizeof verdict->report_data;
    assay_bytes_copy(verdict->report_data, sizeof verdict->report_data, request->bytes, len);
    verdict->measurement[0] = (uint8_t)told;
    speak_of_member(text, word, verdict);
    return ASSAY_OK;
}
