/*
 * tests/bench/services/bench_replicas.c - state continuity between processes: one enclave, n
 * replicas and a ledger, each a process of its own, on loopback.
 *
 * Measured in the same run for comparison, over bare ZeroMQ with CURVE: the round trip of the same
 * bytes to one process that echoes them, and to n of them until a quorum has answered. The second
 * is the limit for any protocol that queries n processes on these processors; on machines of their
 * own they work at the same time. The fsync of the blob itself precedes an update and belongs to
 * the application; it is not included.
 */
#include "base/assert.h"
#include "base/crypto.h"
#include "base/file/file.h"
#include "base/system_clock.h"
#include "engine/ledger/proofs/checkpoint.h"
#include "net/services/continuity/enclave.h"
#include "tests/bench/services/group_processes.h"
#include "tests/support/stopwatch.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>
#include <zmq.h>

enum {
    ALONE = 4000,
    RATE = 80000,
    SECONDS = 3,
    STATES = RATE * SECONDS,
    SOON_MS = 20000,
    RAW_LEN = 154, /* an update of one state */
    RAW_MOST = 7,
    MOST = 2000000,
};

static void load_checkpoint(struct assay_checkpoint *at)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    group_processes_require(
        assay_file_read(group_processes_checkpoint(), ASSAY_CHECKPOINT_LEN_MAX, &bytes, &len) ==
                ASSAY_OK &&
            assay_checkpoint_decode(assay_slice_over(bytes, len), at) == ASSAY_OK,
        "no checkpoint of the ledger");
    free(bytes);
}

/* --- what was measured */

static int ascending(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static uint32_t at(const uint32_t *sorted, size_t count, unsigned percent)
{
    return sorted[(count - 1) * percent / 100];
}

static uint32_t report(const char *heading, const char *name, uint32_t *us, size_t count)
{
    qsort(us, count, sizeof *us, ascending);
    printf("%-13s%-33s p50 %6u us   p90 %6u us   p99 %6u us\n", heading, name, at(us, count, 50),
           at(us, count, 90), at(us, count, 99));
    return at(us, count, 50);
}

/* --- bare ZeroMQ */

struct raw {
    char server_public[41], server_secret[41], public_key[41], secret[41];
    char endpoint[RAW_MOST][64];
    uint32_t at; /* which of them the next one to start is */
};

static void be_echo(const void *argument)
{
    const struct raw *raw = argument;
    void *context = zmq_ctx_new(), *socket = zmq_socket(context, ZMQ_ROUTER);
    const int one = 1;
    char id[64], bytes[RAW_LEN];
    (void)zmq_setsockopt(socket, ZMQ_CURVE_SERVER, &one, sizeof one);
    (void)zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, raw->server_secret, 41);
    group_processes_require(zmq_bind(socket, raw->endpoint[raw->at]) == 0, "bind of the echo");
    for (;;) {
        const int id_len = zmq_recv(socket, id, sizeof id, 0);
        const int len = zmq_recv(socket, bytes, sizeof bytes, 0);
        if (id_len < 0 || len < 0) return;
        (void)zmq_send(socket, id, (size_t)id_len, ZMQ_SNDMORE);
        (void)zmq_send(socket, bytes, (size_t)len, 0);
    }
}

/* One round: the same bytes to all, until so many have given them back. What comes late is of a
 * round before, and not counted. */
static void ask_all(zmq_pollitem_t *echoes, uint32_t n, uint32_t quorum, uint32_t round)
{
    char bytes[RAW_LEN] = { 0 };
    uint32_t seen = 0;
    assay_bytes_copy(bytes, sizeof bytes, &round, sizeof round);
    for (uint32_t i = 0; i < n; i++)
        group_processes_require(zmq_send(echoes[i].socket, bytes, sizeof bytes, 0) ==
                                    (int)sizeof bytes,
                                "the echo is gone");
    while (seen < quorum) {
        group_processes_require(zmq_poll(echoes, (int)n, -1) > 0, "a poll");
        for (uint32_t i = 0; i < n; i++) {
            if (echoes[i].revents == 0) continue;
            group_processes_require(zmq_recv(echoes[i].socket, bytes, sizeof bytes, 0) ==
                                        (int)sizeof bytes,
                                    "the echo is gone");
            seen += assay_bytes_equal(bytes, &round, sizeof round);
        }
    }
}

/* Returns: p50 in us. */
static uint32_t bare(uint32_t n, uint32_t quorum, uint32_t *us)
{
    static struct raw raw;
    zmq_pollitem_t echoes[RAW_MOST];
    char name[64];
    ASSAY_ASSERT(n <= RAW_MOST && quorum <= n);
    group_processes_require(zmq_curve_keypair(raw.server_public, raw.server_secret) == 0 &&
                                zmq_curve_keypair(raw.public_key, raw.secret) == 0,
                            "CURVE keys");
    void *context = zmq_ctx_new();
    for (raw.at = 0; raw.at < n; raw.at++) {
        (void)snprintf(raw.endpoint[raw.at], sizeof raw.endpoint[0], "tcp://127.0.0.1:%u",
                       20000 + (unsigned)(getpid() % 20000) + raw.at);
        (void)group_processes_spawn(be_echo, &raw);
    }
    for (uint32_t i = 0; i < n; i++) {
        void *socket = zmq_socket(context, ZMQ_DEALER);
        (void)zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, raw.server_public, 41);
        (void)zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, raw.public_key, 41);
        (void)zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, raw.secret, 41);
        group_processes_require(zmq_connect(socket, raw.endpoint[i]) == 0, "connect to the echo");
        echoes[i] = (zmq_pollitem_t){ .socket = socket, .events = ZMQ_POLLIN };
    }
    for (uint32_t i = 0; i < ALONE + 100; i++) {
        const double start_us = stopwatch_us(CLOCK_MONOTONIC);
        ask_all(echoes, n, quorum, i);
        if (i >= 100) us[i - 100] = (uint32_t)(stopwatch_us(CLOCK_MONOTONIC) - start_us);
    }
    for (uint32_t i = 0; i < n; i++)
        (void)zmq_close(echoes[i].socket);
    (void)zmq_ctx_term(context);
    group_processes_end();
    (void)snprintf(name, sizeof name, "154 bytes there and back, %u of %u", quorum, n);
    return report("ZeroMQ CURVE", name, us, ALONE);
}

/* --- the enclave */

static void hash_of(uint64_t i, uint8_t hash[static 32])
{
    assay_bytes_zero(hash, 32);
    assay_bytes_copy(hash, 32, &i, sizeof i);
}

static uint32_t alone(struct assay_enclave *enclave, const char *heading, uint32_t *us)
{
    uint8_t hash[32];
    uint64_t index = 0;
    for (size_t i = 0; i < ALONE + 100; i++) {
        const double start_us = stopwatch_us(CLOCK_MONOTONIC);
        hash_of(i, hash);
        group_processes_require(assay_enclave_update(enclave, hash, &index) == ASSAY_ENCLAVE_OK &&
                                    assay_enclave_wait(enclave, index, SOON_MS) == ASSAY_ENCLAVE_OK,
                                "an update was not certified");
        if (i >= 100) us[i - 100] = (uint32_t)(stopwatch_us(CLOCK_MONOTONIC) - start_us);
    }
    return report(heading, "one update at a time", us, ALONE);
}

struct flow {
    struct assay_enclave *enclave;
    uint64_t first, given, certified; /* index of the first state; how many of them */
    double start_us, each_us;
    uint32_t *us;
};

static void take_certified(struct flow *f)
{
    const uint64_t now = assay_enclave_client(f->enclave)->certified;
    const double at_us = stopwatch_us(CLOCK_MONOTONIC) - f->start_us;
    for (; f->first + f->certified <= now && f->certified < f->given; f->certified++)
        f->us[f->certified] = (uint32_t)(at_us - (double)f->certified * f->each_us);
}

/* States arrive at their times, whether the ones before are certified or not: late is late. */
static bool give(struct flow *f, uint64_t count)
{
    uint8_t hash[32];
    uint64_t index = 0;
    const double due = (stopwatch_us(CLOCK_MONOTONIC) - f->start_us) / f->each_us;
    while (f->given < count && (double)f->given <= due) {
        hash_of(f->given, hash);
        const enum assay_enclave_result result = assay_enclave_update(f->enclave, hash, &index);
        if (result == ASSAY_ENCLAVE_FULL) return false;
        group_processes_require(result == ASSAY_ENCLAVE_OK, "an update was refused");
        if (f->given == 0) f->first = index;
        f->given++;
    }
    return true;
}

/* kill_pid: of a replica that dies in the middle; 0: none. */
static void flow(struct assay_enclave *enclave, const char *heading, const char *name,
                 uint32_t rate, uint64_t count, pid_t kill_pid, uint32_t *us)
{
    struct flow f = { .enclave = enclave, .each_us = 1e6 / rate, .us = us };
    uint64_t full = 0;
    f.start_us = stopwatch_us(CLOCK_MONOTONIC);
    while (f.certified < count) {
        full += !give(&f, count);
        group_processes_require(assay_enclave_step(enclave, 1) == ASSAY_ENCLAVE_OK,
                                "the group is gone");
        take_certified(&f);
        if (kill_pid > 0 && f.certified > count / 2) {
            (void)kill(kill_pid, SIGKILL);
            kill_pid = 0;
        }
    }
    const double s = (stopwatch_us(CLOCK_MONOTONIC) - f.start_us) / 1e6;
    (void)report(heading, name, us, count);
    printf("%-13s%-33s %10.0f /s, %u wanted%s\n", heading, "certified", (double)count / s, rate,
           full > 0 ? "; the queue was full at times" : "");
}

static void measure(uint32_t n, uint32_t pair_us, uint32_t *us)
{
    const uint32_t quorum_us = bare(n, assay_cont_quorum(n), us);
    struct assay_enclave *enclave = NULL;
    struct assay_cont_entry found;
    char heading[16], message[ASSAY_ENCLAVE_MESSAGE_LEN];
    static const uint8_t zero[32];
    (void)snprintf(heading, sizeof heading, "n = %u", n);
    const pid_t last = group_processes_start(n);
    struct assay_enclave_trust trust = { .has_view = false };
    load_checkpoint(&trust.checkpoint);
    const struct assay_enclave_config config = { .ledger = group_processes_socket(),
                                                 .group = GROUP_PROCESSES_GROUP,
                                                 .trust = &trust };
    group_processes_require(assay_enclave_open(&config, &enclave, message) == ASSAY_OK, message);
    const double start_us = stopwatch_us(CLOCK_MONOTONIC);
    group_processes_require(assay_enclave_start(enclave, SOON_MS, &found) == ASSAY_ENCLAVE_OK,
                            "no start");
    group_processes_require(
        assay_enclave_adopt(enclave, 0, zero, zero, SOON_MS) == ASSAY_ENCLAVE_OK, "no state 0");
    printf("%-13s%-33s %9.1f ms, with the links and the ledger's number\n", heading,
           "first start of an enclave", (stopwatch_us(CLOCK_MONOTONIC) - start_us) / 1e3);
    const uint32_t p50 = alone(enclave, heading, us);
    printf("%-13s%-33s %9.2f x a bare round trip (1.5 asked), %.2f x a bare quorum\n", heading, "",
           (double)p50 / pair_us, (double)p50 / quorum_us);
    flow(enclave, heading, "at 80,000 updates/s", RATE, STATES, 0, us);
    flow(enclave, heading, "as many as it takes, 2 s at 500,000", 500000, 1000000, 0, us);
    if (n > 3) flow(enclave, heading, "at 80,000/s, a replica killed", RATE, STATES, last, us);
    assay_enclave_close(&enclave);
    group_processes_stop();
}

int main(void)
{
    static const uint32_t sizes[] = { 3, 5, 7 };
    uint32_t *us = malloc(MOST * sizeof *us);
    ASSAY_ASSERT(us != NULL);
    printf("processes on loopback, no disk; Narrator-Pro states 8,000/s at 3.58 ms on five "
           "machines with SGX, another setting\n");
    const uint32_t pair_us = bare(1, 1, us);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        measure(sizes[i], pair_us, us);
    free(us);
    return 0;
}
