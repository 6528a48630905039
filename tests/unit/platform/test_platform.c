/* tests/unit/platform/test_platform.c - the SOFT platform under honest, lying and dead enclaves. */
#include "base/crypto.h"
#include "base/system_clock.h"
#include "quote/source/platform/platform.h"
#include "quote/source/platform/platform_run.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WAIT_MS = 30000 }; /* for what must come */

static struct assay_platform *platform;
static struct assay_platform_child child;
static char service[64];       /* of the real enclave, where a test starts it */
static atomic_int quotes_made; /* in the thread of the quoter, like what follows */
static atomic_int images_loaded;
static atomic_int contexts_released;
static _Atomic enum assay_status maker_says;
static atomic_uint maker_takes_ms;

/* A stand-in for the signature: what was asked for, in order. */
static enum assay_status make_quote(void *context, const struct assay_quoter_job *job,
                                    uint8_t *quote, size_t capacity, size_t *len)
{
    if (context != &quotes_made || images_loaded == 0) abort();
    quotes_made++;
    usleep(maker_takes_ms * 1000);
    if (maker_says != ASSAY_OK) return maker_says;
    assay_bytes_copy(quote, capacity, job->measurement, 32);
    assay_bytes_copy(quote + 32, capacity - 32, job->report_data, 64);
    *len = 96;
    return ASSAY_OK;
}

static void load(void *context, const uint8_t measurement[static 32])
{
    if (context != &quotes_made || assay_bytes_all_zero(measurement, 32)) abort();
    images_loaded++;
}

static void release(void *context)
{
    if (context != &quotes_made) abort();
    contexts_released++;
}

static uint64_t now_ms(void)
{
    return assay_monotonic_ms();
}

static void set_up(void)
{
    const struct assay_platform_config config = {
        .make_quote = make_quote,
        .load = load,
        .release = release,
        .context = &quotes_made,
        .quote_deadline_ms = 400,
        .ping_ms = 50,
    };
    cr_assert_eq(assay_platform_open(&config, &platform), ASSAY_OK);
    child = (struct assay_platform_child){ .pidfd = -1 };
    maker_says = ASSAY_OK;
}

/* Returns: what waitid said: exit status or signal. */
static int reap(void)
{
    siginfo_t info = { 0 };
    cr_assert_eq(waitid(P_PIDFD, (id_t)child.pidfd, &info, WEXITED), 0);
    close(child.pidfd);
    child.pidfd = -1;
    return info.si_status;
}

static void tear_down(void)
{
    if (child.pidfd >= 0) {
        kill((pid_t)-child.pid, SIGKILL);
        reap();
    }
    cr_assert(assay_platform_close(&platform, 5000));
    cr_assert_null(platform);
    cr_assert_eq(contexts_released, 1);
    if (service[0] != '\0') unlink(service); /* a killed one leaves it behind */
}

TestSuite(platform, .init = set_up, .fini = tear_down, .timeout = 120);

static void start(const char *program, const char *argument)
{
    char message[ASSAY_PLATFORM_MESSAGE_LEN] = "";
    char *argv[] = { strdup("enclave"), strdup(argument), NULL };
    cr_assert_eq(assay_platform_start(platform, program, argv, now_ms(), &child, message), ASSAY_OK,
                 "%s", message);
    free(argv[0]);
    free(argv[1]);
    cr_assert_gt(child.pid, 1);
}

static void turn(void)
{
    struct pollfd fds[2];
    const size_t count = assay_platform_poll_set(platform, fds, 2);
    poll(fds, count, 10);
    assay_platform_step(platform, now_ms());
}

static void wait_ready(void)
{
    const uint64_t end_ms = now_ms() + WAIT_MS;
    while (!assay_platform_ready(platform) && now_ms() < end_ms)
        turn();
    cr_assert(assay_platform_ready(platform));
}

static const uint8_t some_data[64] = { 0x51, 0x52 };

/* Propose and wait. Returns: true and the answer, false when none comes within the deadline. */
static bool ask(struct assay_platform_quote *quote)
{
    cr_assert_eq(assay_platform_propose(platform, 42, some_data, now_ms()), ASSAY_OK);
    const uint64_t end_ms = now_ms() + WAIT_MS;
    while (now_ms() < end_ms) {
        turn();
        if (assay_platform_next(platform, quote)) return true;
    }
    return false;
}

static void expect_answer(enum assay_status status)
{
    struct assay_platform_quote quote;
    cr_assert(ask(&quote));
    cr_assert_eq(quote.tag, 42);
    cr_assert_eq(quote.status, status, "%s", assay_status_text(quote.status));
    if (status != ASSAY_OK) cr_assert_eq(quote.bytes.len, 0);
    cr_assert_not(assay_platform_next(platform, &quote), "answered twice");
}

/* --------------------------------------------------------------- loading */

Test(platform, seals_the_copy_against_every_change)
{
    char message[ASSAY_PLATFORM_MESSAGE_LEN];
    int fd = -1;
    cr_assert_eq(assay_platform_seal(HOSTILE_ENCLAVE, &fd, message), ASSAY_OK);
    cr_assert_eq(pwrite(fd, "x", 1, 0), -1);
    cr_assert_eq(errno, EPERM);
    cr_assert_eq(ftruncate(fd, 10), -1);
    cr_assert_eq(errno, EPERM);
    cr_assert_eq(ftruncate(fd, 64 * 1024 * 1024), -1);
    cr_assert_eq(errno, EPERM);
    cr_assert_eq(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), MAP_FAILED);
    char name[64];
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    const int again = open(name, O_RDWR | O_CLOEXEC); /* another way in: root may open, not write */
    if (again >= 0) cr_assert_eq(pwrite(again, "x", 1, 0), -1);
    if (again >= 0) close(again);
    cr_assert_eq(fcntl(fd, F_ADD_SEALS, 0), -1, "the seals themselves are sealed");
    cr_assert_eq(errno, EPERM);
    close(fd);
}

Test(platform, unsealed_memory_could_be_written)
{
    const int fd = memfd_create("plain", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    cr_assert_eq(pwrite(fd, "x", 1, 0), 1, "else the test above proves nothing");
    close(fd);
}

Test(platform, measures_the_bytes_of_the_file)
{
    char message[ASSAY_PLATFORM_MESSAGE_LEN], command[256];
    int fd = -1;
    uint8_t measurement[32];
    cr_assert_eq(assay_platform_seal(HOSTILE_ENCLAVE, &fd, message), ASSAY_OK);
    cr_assert_eq(assay_platform_measure(fd, measurement), ASSAY_OK);
    close(fd);
    snprintf(command, sizeof command, "sha256sum %s", HOSTILE_ENCLAVE);
    FILE *pipe = popen(command, "r");
    char text[65] = "", hex[65];
    cr_assert_eq(fscanf(pipe, "%64s", text), 1);
    pclose(pipe);
    assay_hex_encode(measurement, 32, hex, sizeof hex);
    cr_assert_str_eq(hex, text);
}

Test(platform, refuses_what_is_no_executable_file)
{
    char message[ASSAY_PLATFORM_MESSAGE_LEN];
    char *argv[] = { NULL };
    static const struct {
        const char *path;
        enum assay_status status;
    } cases[] = { { "/nonexistent/enclave", ASSAY_E_NOT_FOUND },
                  { "/tmp", ASSAY_E_RANGE },
                  { "/dev/null", ASSAY_E_RANGE },
                  { "/dev/zero", ASSAY_E_RANGE } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        message[0] = '\0';
        cr_assert_eq(assay_platform_start(platform, cases[i].path, argv, 0, &child, message),
                     cases[i].status, "%s", cases[i].path);
        cr_assert_not_null(strstr(message, cases[i].path), "\"%s\"", message);
    }
    char fifo[] = "/tmp/assay-test-fifo-XXXXXX";
    close(mkstemp(fifo));
    cr_assert_eq(assay_platform_start(platform, fifo, argv, 0, &child, message), ASSAY_E_RANGE,
                 "an empty file");
    unlink(fifo);
    cr_assert_eq(mkfifo(fifo, 0600), 0);
    cr_assert_eq(assay_platform_start(platform, fifo, argv, 0, &child, message), ASSAY_E_RANGE);
    unlink(fifo);
}

Test(platform, tells_why_a_file_could_not_be_executed)
{
    char path[] = "/tmp/assay-test-text-XXXXXX";
    const int fd = mkstemp(path);
    cr_assert_eq(write(fd, "no program\n", 11), 11);
    close(fd);
    start(path, "");
    cr_assert_eq(reap(), 127);
    cr_assert_eq(assay_platform_ended(platform), ENOEXEC);
    unlink(path);
}

Test(platform, runs_one_enclave_at_a_time)
{
    start(HOSTILE_ENCLAVE, "mute");
    struct assay_platform_child second;
    char message[ASSAY_PLATFORM_MESSAGE_LEN];
    char *argv[] = { NULL };
    cr_assert_eq(assay_platform_start(platform, HOSTILE_ENCLAVE, argv, now_ms(), &second, message),
                 ASSAY_E_AGAIN);
}

/* --------------------------------------------------------------- quotes */

Test(platform, quotes_with_the_measurement_of_what_it_runs_though_the_path_is_overwritten)
{
    char path[] = "/tmp/assay-test-swap-XXXXXX", command[256];
    const int fd = mkstemp(path);
    close(fd);
    snprintf(command, sizeof command, "cp %s %s && chmod 700 %s", HOSTILE_ENCLAVE, path, path);
    cr_assert_eq(system(command), 0);
    start(path, "honest");
    snprintf(command, sizeof command, "echo changed > %s", path);
    cr_assert_eq(system(command), 0);
    wait_ready();
    struct assay_platform_quote quote;
    cr_assert(ask(&quote));
    cr_assert_eq(quote.status, ASSAY_OK);
    uint8_t measurement[32];
    int sealed = -1;
    char message[ASSAY_PLATFORM_MESSAGE_LEN];
    cr_assert_eq(assay_platform_seal(HOSTILE_ENCLAVE, &sealed, message), ASSAY_OK);
    cr_assert_eq(assay_platform_measure(sealed, measurement), ASSAY_OK);
    close(sealed);
    cr_assert_eq(quote.bytes.len, 96);
    cr_assert(assay_bytes_equal(quote.bytes.bytes, measurement, 32));
    cr_assert(assay_bytes_equal(quote.bytes.bytes + 32, some_data, 64));
    unlink(path);
}

Test(platform, quotes_nothing_that_was_not_proposed)
{
    start(HOSTILE_ENCLAVE, "unasked");
    wait_ready();
    for (int i = 0; i < 20 && assay_platform_refused(platform) == 0; i++)
        turn();
    cr_assert_eq(assay_platform_refused(platform), 1);
    cr_assert_eq(quotes_made, 0);
}

Test(platform, quotes_neither_other_data_nor_under_another_id)
{
    static const char *const ways[] = { "other_data", "other_id" };
    for (size_t i = 0; i < 2; i++) {
        start(HOSTILE_ENCLAVE, ways[i]);
        wait_ready();
        expect_answer(ASSAY_E_TIMEOUT);
        cr_assert_eq(assay_platform_refused(platform), i + 1);
        cr_assert_eq(quotes_made, 0);
        kill((pid_t)child.pid, SIGKILL);
        reap();
        cr_assert_eq(assay_platform_ended(platform), 0);
    }
}

Test(platform, quotes_once_for_one_proposal)
{
    start(HOSTILE_ENCLAVE, "twice");
    wait_ready();
    expect_answer(ASSAY_OK);
    for (int i = 0; i < 20 && assay_platform_refused(platform) == 0; i++)
        turn();
    cr_assert_eq(assay_platform_refused(platform), 1);
    cr_assert_eq(quotes_made, 1);
}

Test(platform, quotes_for_no_other_process_that_holds_the_channel)
{
    start(HOSTILE_ENCLAVE, "by_child");
    wait_ready();
    expect_answer(ASSAY_E_TIMEOUT);
    cr_assert_eq(assay_platform_refused(platform), 1);
    cr_assert_eq(quotes_made, 0);
}

Test(platform, quotes_for_no_dead_process)
{
    start(HOSTILE_ENCLAVE, "asks_and_dies");
    wait_ready();
    cr_assert_eq(assay_platform_propose(platform, 42, some_data, now_ms()), ASSAY_OK);
    struct pollfd fd = { .fd = child.pidfd, .events = POLLIN };
    cr_assert_eq(poll(&fd, 1, WAIT_MS), 1, "it has asked, and it is dead before we listen");
    assay_platform_step(platform, now_ms());
    struct assay_platform_quote quote;
    cr_assert(assay_platform_next(platform, &quote));
    cr_assert_eq(quote.status, ASSAY_E_AGAIN);
    cr_assert_eq(quotes_made, 0);
    cr_assert_eq(assay_platform_refused(platform), 0, "its request did arrive");
}

Test(platform, answers_when_the_enclave_dies_before_it_asks)
{
    start(HOSTILE_ENCLAVE, "dies");
    wait_ready();
    cr_assert_eq(assay_platform_propose(platform, 42, some_data, now_ms()), ASSAY_OK);
    cr_assert_eq(reap(), 0);
    cr_assert_eq(assay_platform_ended(platform), 0);
    struct assay_platform_quote quote;
    cr_assert(assay_platform_next(platform, &quote));
    cr_assert_eq(quote.status, ASSAY_E_AGAIN);
    cr_assert_not(assay_platform_ready(platform));
    cr_assert_eq(assay_platform_propose(platform, 43, some_data, now_ms()), ASSAY_E_AGAIN);
    start(HOSTILE_ENCLAVE, "honest"); /* the next one is served */
    wait_ready();
    expect_answer(ASSAY_OK);
}

Test(platform, gives_up_on_an_enclave_that_does_not_ask)
{
    start(HOSTILE_ENCLAVE, "mute");
    wait_ready();
    expect_answer(ASSAY_E_TIMEOUT);
}

Test(platform, lets_a_newer_proposal_replace_an_older_one)
{
    start(HOSTILE_ENCLAVE, "honest");
    wait_ready();
    static const uint8_t older[64] = { 1 };
    cr_assert_eq(assay_platform_propose(platform, 41, older, now_ms()), ASSAY_OK);
    expect_answer(ASSAY_OK);
    cr_assert_eq(quotes_made, 1);
}

Test(platform, hands_on_why_no_quote_could_be_made)
{
    maker_says = ASSAY_E_CRYPTO;
    start(HOSTILE_ENCLAVE, "honest");
    wait_ready();
    expect_answer(ASSAY_E_CRYPTO);
}

/* --------------------------------------------------------------- statements (identity.md 6.8) */

static struct assay_platform_statement statement_of(void)
{
    struct assay_platform_statement s = { .keyless_data = { 0x61, 0x62 } };
    s.fields.chain_id[0] = 0x71;
    s.fields.keys_root[0] = 0x72;
    assay_bytes_copy(s.keyed_data, 32, s.fields.chain_id, 32);
    assay_bytes_copy(s.keyed_data + 32, 32, s.fields.keys_root, 32);
    return s;
}

/* Returns: the answer of an enclave that behaves in that way. */
static struct assay_platform_quote ask_statement(const char *way)
{
    const struct assay_platform_statement s = statement_of();
    struct assay_platform_quote quote = { .status = ASSAY_E_AGAIN };
    start(HOSTILE_ENCLAVE, way);
    wait_ready();
    cr_assert_eq(assay_platform_propose_statement(platform, 42, &s, now_ms()), ASSAY_OK);
    const uint64_t end_ms = now_ms() + WAIT_MS;
    while (!assay_platform_next(platform, &quote) && now_ms() < end_ms)
        turn();
    cr_assert_eq(quote.tag, 42);
    return quote;
}

Test(platform, quotes_the_hash_of_the_enclave_and_hands_on_its_list)
{
    const struct assay_platform_statement s = statement_of();
    const struct assay_platform_quote quote = ask_statement("states");
    cr_assert_eq(quote.status, ASSAY_OK);
    cr_assert(quote.keyed);
    cr_assert(assay_bytes_equal(quote.bytes.bytes + 32, s.keyed_data, 64));
    cr_assert_eq(quote.keys.len, 1);
    cr_assert_eq(quote.keys.bytes[0], 0x80);
    cr_assert_eq(assay_platform_refused(platform), 0);
}

/* A build from before statements: it is attested, without keys. */
Test(platform, proposes_the_statement_without_keys_to_an_enclave_that_takes_none)
{
    const struct assay_platform_statement s = statement_of();
    const struct assay_platform_quote quote = ask_statement("honest");
    cr_assert_eq(quote.status, ASSAY_OK);
    cr_assert_not(quote.keyed);
    cr_assert(assay_bytes_equal(quote.bytes.bytes + 32, s.keyless_data, 64));
    cr_assert_eq(quote.keys.len, 0);
}

/* Attack 25: of the program itself. Its host gets no quote over keys that the host hashed. */
Test(platform, the_enclave_has_no_keys_quoted_that_its_host_hashed)
{
    static const uint8_t chosen[64] = "assay/evidence/2";
    struct assay_platform_quote quote = { .status = ASSAY_OK };
    (void)snprintf(service, sizeof service, "/tmp/assay-test-%d.sock", (int)getpid());
    start(ENCLAVE, service);
    wait_ready();
    cr_assert_eq(assay_platform_propose(platform, 42, chosen, now_ms()), ASSAY_OK);
    const uint64_t end_ms = now_ms() + WAIT_MS;
    while (!assay_platform_next(platform, &quote) && now_ms() < end_ms)
        turn();
    cr_expect_eq(quote.status, ASSAY_E_TIMEOUT);
    cr_expect_eq(quotes_made, 0);
    expect_answer(ASSAY_OK);
}

/* And a host from before statements proposes bytes to an enclave that takes them. */
Test(platform, proposes_bytes_to_an_enclave_that_takes_statements)
{
    start(HOSTILE_ENCLAVE, "states");
    wait_ready();
    expect_answer(ASSAY_OK);
    cr_assert_eq(assay_platform_refused(platform), 0);
}

Test(platform, quotes_no_third_hash_of_a_statement)
{
    const struct assay_platform_quote quote = ask_statement("states_other");
    cr_assert_eq(quote.status, ASSAY_E_TIMEOUT);
    cr_assert_eq(assay_platform_refused(platform), 1);
    cr_assert_eq(quotes_made, 0);
}

Test(platform, takes_one_list_before_the_quote_of_a_statement_and_no_other)
{
    static const struct {
        const char *way;
        size_t keys_len;
    } cases[] = { { "keys_late", 0 }, { "keys_twice", 1 }, { "keys_unasked", 0 } };
    maker_takes_ms = 50;
    for (size_t i = 0; i < 3; i++) {
        struct assay_platform_quote quote;
        if (i < 2) quote = ask_statement(cases[i].way);
        else {
            start(HOSTILE_ENCLAVE, cases[i].way);
            wait_ready();
            cr_assert(ask(&quote));
        }
        cr_expect_eq(quote.status, ASSAY_OK);
        cr_expect_eq(quote.keys.len, cases[i].keys_len, "%s", cases[i].way);
        cr_expect_eq(assay_platform_refused(platform), i + 1, "%s", cases[i].way);
        kill((pid_t)child.pid, SIGKILL);
        reap();
        cr_assert_eq(assay_platform_ended(platform), 0);
    }
}

/* --------------------------------------------------------------- hardware takes its time */

Test(platform, goes_on_while_a_quote_is_being_made)
{
    maker_takes_ms = 200;
    start(HOSTILE_ENCLAVE, "honest");
    wait_ready();
    cr_assert_eq(assay_platform_propose(platform, 42, some_data, now_ms()), ASSAY_OK);
    uint64_t longest_ms = 0, turns = 0;
    struct assay_platform_quote quote = { .tag = 0 };
    const uint64_t begin_ms = now_ms();
    while (quote.tag == 0 && now_ms() < begin_ms + 3000) {
        const uint64_t before_ms = now_ms();
        assay_platform_step(platform, before_ms);
        if (now_ms() - before_ms > longest_ms) longest_ms = now_ms() - before_ms;
        turns += 1;
        usleep(5000);
        (void)assay_platform_next(platform, &quote);
    }
    cr_assert_eq(quote.status, ASSAY_OK);
    cr_assert_geq(now_ms() - begin_ms, 200);
    cr_assert_lt(longest_ms, 150, "a turn took %lu ms", (unsigned long)longest_ms);
    cr_assert_gt(turns, 5);
}

Test(platform, is_woken_by_a_quote_and_by_nothing_else)
{
    maker_takes_ms = 100;
    start(HOSTILE_ENCLAVE, "honest");
    wait_ready();
    struct pollfd fds[2];
    cr_assert_eq(assay_platform_poll_set(platform, fds, 2), 1, "no quote is being made");
    cr_assert_eq(assay_platform_propose(platform, 42, some_data, now_ms()), ASSAY_OK);
    for (int i = 0; i < 100 && assay_platform_poll_set(platform, fds, 2) == 1; i++)
        turn();
    cr_assert_eq(assay_platform_poll_set(platform, fds, 2), 2);
    cr_assert_eq(poll(&fds[1], 1, 20), 0, "it is still being made");
    cr_assert_eq(poll(&fds[1], 1, WAIT_MS), 1);
    assay_platform_step(platform, now_ms());
    struct assay_platform_quote quote;
    cr_assert(assay_platform_next(platform, &quote));
    cr_assert_eq(quote.status, ASSAY_OK);
    cr_assert_eq(assay_platform_poll_set(platform, fds, 2), 1, "nothing to be woken by any more");
}

Test(platform, keeps_the_deadline_and_drops_what_comes_late)
{
    static const uint8_t other_data[64] = { 0x61 };
    maker_takes_ms = 700; /* the deadline is 400 */
    start(HOSTILE_ENCLAVE, "honest");
    wait_ready();
    expect_answer(ASSAY_E_TIMEOUT);
    maker_takes_ms = 0;
    /* On a busy machine the one after it may miss its deadline, too. */
    struct assay_platform_quote quote = { .status = ASSAY_E_TIMEOUT };
    uint64_t tag = 42;
    const uint64_t end_ms = now_ms() + WAIT_MS;
    while (quote.status == ASSAY_E_TIMEOUT && now_ms() < end_ms) {
        cr_assert_eq(assay_platform_propose(platform, ++tag, other_data, now_ms()), ASSAY_OK);
        for (quote.tag = 0; quote.tag == 0 && now_ms() < end_ms;) {
            turn();
            (void)assay_platform_next(platform, &quote);
        }
        cr_assert_eq(quote.tag, tag);
    }
    cr_assert_eq(quote.status, ASSAY_OK);
    cr_assert(assay_bytes_equal(quote.bytes.bytes + 32, other_data, 64), "an answer to another");
    for (int i = 0; i < 50; i++)
        turn();
    cr_assert_not(assay_platform_next(platform, &quote), "the late one was answered too");
}

Test(platform, drops_the_quote_of_an_enclave_that_died_meanwhile)
{
    maker_takes_ms = 200;
    start(HOSTILE_ENCLAVE, "honest");
    wait_ready();
    cr_assert_eq(assay_platform_propose(platform, 42, some_data, now_ms()), ASSAY_OK);
    for (int i = 0; i < 100 && quotes_made == 0; i++)
        turn();
    cr_assert_eq(kill((pid_t)-child.pid, SIGKILL), 0);
    struct pollfd fd = { .fd = child.pidfd, .events = POLLIN };
    cr_assert_eq(poll(&fd, 1, WAIT_MS), 1);
    struct assay_platform_quote quote = { .tag = 0 };
    const uint64_t end_ms = now_ms() + WAIT_MS;
    while (quote.tag == 0 && now_ms() < end_ms) {
        turn();
        (void)assay_platform_next(platform, &quote);
    }
    cr_assert_eq(quote.tag, 42);
    cr_assert_eq(quote.status, ASSAY_E_AGAIN);
}

Test(platform, tells_of_each_image_before_its_first_quote)
{
    start(HOSTILE_ENCLAVE, "honest");
    wait_ready();
    expect_answer(ASSAY_OK);
    cr_assert_eq(images_loaded, 1);
    cr_assert_eq(kill((pid_t)-child.pid, SIGKILL), 0);
    reap();
    (void)assay_platform_ended(platform);
    start(HOSTILE_ENCLAVE, "honest");
    wait_ready();
    expect_answer(ASSAY_OK);
    cr_assert_eq(images_loaded, 2);
}

Test(platform, ends_without_a_quote_that_does_not_come_back)
{
    maker_takes_ms = 3000;
    start(HOSTILE_ENCLAVE, "honest");
    wait_ready();
    cr_assert_eq(assay_platform_propose(platform, 42, some_data, now_ms()), ASSAY_OK);
    for (int i = 0; i < 100 && quotes_made == 0; i++)
        turn();
    const uint64_t begin_ms = now_ms();
    cr_assert_not(assay_platform_close(&platform, 50));
    cr_assert_null(platform);
    cr_assert_lt(now_ms() - begin_ms, 2500);
    cr_assert_eq(contexts_released, 0, "it is still in use");
    for (int i = 0; i < WAIT_MS / 10 && contexts_released == 0; i++)
        usleep(10000);
    cr_assert_eq(contexts_released, 1, "released when the call came back");
}

Test(platform, counts_garbage_and_keeps_no_descriptor_of_it)
{
    start(HOSTILE_ENCLAVE, "garbage");
    wait_ready();
    for (int i = 0; i < 200 && assay_platform_refused(platform) < 104; i++)
        turn();
    /* 81 short frames, one far too long, 20 with descriptors, one not its to say, one twice */
    cr_assert_eq(assay_platform_refused(platform), 104, "%lu",
                 (unsigned long)assay_platform_refused(platform));
    expect_answer(ASSAY_OK);
    const int next = dup(0);
    cr_assert_lt(next, 20, "descriptors were let in: %d", next);
    close(next);
}

Test(platform, is_not_ready_before_hello)
{
    start(HOSTILE_ENCLAVE, "no_hello");
    for (int i = 0; i < 10; i++)
        turn();
    cr_assert_not(assay_platform_ready(platform));
    cr_assert_eq(assay_platform_propose(platform, 1, some_data, now_ms()), ASSAY_E_AGAIN);
    cr_assert_eq(assay_platform_set_mode(platform, ASSAY_CHANNEL_MODE_FULL), ASSAY_E_AGAIN);
}

/* --------------------------------------------------------------- the real enclave */

static void start_enclave(void)
{
    snprintf(service, sizeof service, "/tmp/assay-test-%d.sock", (int)getpid());
    start(ENCLAVE, service);
    wait_ready();
}

Test(platform, hears_the_enclave_until_it_is_stopped)
{
    start_enclave();
    const uint64_t before_ms = assay_platform_last_frame_ms(platform);
    const uint64_t end_ms = now_ms() + WAIT_MS;
    while (assay_platform_last_frame_ms(platform) <= before_ms && now_ms() < end_ms)
        turn();
    cr_assert_gt(assay_platform_last_frame_ms(platform), before_ms, "pings are answered");
    kill((pid_t)child.pid, SIGSTOP);
    for (int i = 0; i < 30; i++)
        turn(); /* what was on its way */
    const uint64_t last_ms = assay_platform_last_frame_ms(platform);
    for (int i = 0; i < 30; i++)
        turn();
    cr_assert_eq(assay_platform_last_frame_ms(platform), last_ms, "a stopped one is silent");
    kill((pid_t)child.pid, SIGCONT);
}

Test(platform, confirms_the_mode_of_the_enclave)
{
    start_enclave();
    cr_assert_eq(assay_platform_set_mode(platform, ASSAY_CHANNEL_MODE_RESTRICTED), ASSAY_OK);
    cr_assert_not(assay_platform_mode_confirmed(platform));
    for (int i = 0; i < 200 && !assay_platform_mode_confirmed(platform); i++)
        turn();
    cr_assert(assay_platform_mode_confirmed(platform));
    kill((pid_t)child.pid, SIGTERM);
    cr_assert_eq(reap(), 0);
}

Test(platform, enclave_ends_cleanly_on_sigterm)
{
    start_enclave();
    kill((pid_t)child.pid, SIGTERM);
    cr_assert_eq(reap(), 0);
    cr_assert_eq(access(service, F_OK), -1, "its socket is removed");
}

Test(platform, enclave_ends_cleanly_when_the_channel_closes)
{
    start_enclave();
    assay_platform_ended(platform); /* closes our end */
    cr_assert_eq(reap(), 0);
    cr_assert_eq(access(service, F_OK), -1);
}

/* Even a stopped enclave, which cannot see its channel close, dies with a daemon that is killed. */
Test(platform, enclave_does_not_outlive_a_killed_platform)
{
    int ends[2];
    cr_assert_eq(pipe(ends), 0);
    const pid_t daemon = fork();
    if (daemon == 0) {
        start_enclave();
        kill((pid_t)child.pid, SIGSTOP);
        if (write(ends[1], &child.pid, sizeof child.pid) != (ssize_t)sizeof child.pid) _exit(1);
        pause();
    }
    int64_t enclave = 0;
    cr_assert_eq(read(ends[0], &enclave, sizeof enclave), (ssize_t)sizeof enclave);
    kill(daemon, SIGKILL);
    waitpid(daemon, NULL, 0);
    char path[64], state = '?';
    snprintf(path, sizeof path, "/proc/%ld/stat", (long)enclave);
    bool gone = false;
    for (int i = 0; i < 300 && !gone; i++) {
        FILE *file = fopen(path, "r");
        gone = file == NULL || fscanf(file, "%*d %*s %c", &state) != 1 || state == 'Z';
        if (file != NULL) fclose(file);
        if (!gone) usleep(10000);
    }
    cr_assert(gone, "state %c", state);
    snprintf(service, sizeof service, "/tmp/assay-test-%d.sock", (int)daemon);
    unlink(service);
}
