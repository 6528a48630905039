/*
 * tests/bench/net/bench_finality.c - from signing a proposal to its finality, over loopback, with
 * SQLite.
 *
 * Each node is a thread with its own sockets, verifier and store file. The latency is printed next
 * to its lower bound, measured in the same run: a proposal needs three hops (proposal, N votes
 * back, F votes back), and before each of them one commit and one signature; on the way the
 * leader's N, a quorum's N and a quorum's F are verified. The lower bound consists of the fastest
 * tenth of each (a commit takes 0.3 ms or 4 ms, depending on the disk) and ignores other threads.
 *
 * With n nodes on fewer cores and one disk, the nodes also wait for one another. The crowd figure
 * measures this: the same commits, signatures and verifications by n threads at once, with a
 * barrier in place of each hop, and none of our code but these calls. So p50 minus the crowd figure
 * is the cost of our code and the transport.
 *
 * Each network runs three times: with verifiers and sockets in threads of the node; with verifiers
 * in a verifier process of each node (net/verifier); and with sockets in a transport process of
 * each node (net/transport) as well, as in daemons. The last lines report the cost of each process:
 * finality may rise by a tenth; processor time includes the node and its processes, verifiers,
 * stores and sockets.
 *
 * usage: bench_net_finality [SECONDS]
 */
#include "engine/store/store_sqlite.h"
#include "net/runtime/runtime_internal.h"
#include "net/transport/transport_process.h"
#include "net/verifier/verifier_process.h"
#include "tests/integration/net/network.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { EPOCH_MS = 500, START_MS = 500, HOPS = 3, PROBES = 200, FAST = 100 };

static uint64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static int by_size(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static uint32_t at(uint32_t *samples, size_t count, size_t permille)
{
    if (count == 0) return 0;
    qsort(samples, count, sizeof *samples, by_size);
    return samples[count * permille / 1000 < count ? count * permille / 1000 : count - 1];
}

/* ------------------------------------------------------------ the floor */

struct floor {
    uint32_t hop_us, commit_us, sign_us, verify_us;
};

static void need(bool good, const char *what)
{
    if (good) return;
    (void)fprintf(stderr, "bench_net_finality: %s\n", what);
    exit(1);
}

static void measure_crypto(struct floor *floor)
{
    static uint32_t sign_us[PROBES], verify_us[PROBES];
    struct assay_secret32 secret;
    uint8_t public_key[64], digest[32] = { 1 }, signature[64];
    struct assay_p256_signer *signer = NULL;
    struct assay_p256 *key = NULL;
    need(assay_p256_generate(&secret, public_key) == ASSAY_OK &&
             assay_p256_signer_load(&secret, &signer) == ASSAY_OK &&
             assay_p256_load(public_key, &key) == ASSAY_OK,
         "keys");
    for (size_t i = 0; i < PROBES; i++) {
        const uint64_t start = now_us();
        need(assay_p256_sign(signer, digest, signature) == ASSAY_OK, "sign");
        const uint64_t middle = now_us();
        need(assay_p256_verify(key, digest, signature, ASSAY_S_LOW), "verify");
        sign_us[i] = (uint32_t)(middle - start);
        verify_us[i] = (uint32_t)(now_us() - middle);
    }
    assay_p256_signer_free(&signer);
    assay_p256_free(&key);
    floor->sign_us = at(sign_us, PROBES, FAST);
    floor->verify_us = at(verify_us, PROBES, FAST);
}

static void measure_commit(struct floor *floor, const char *dir)
{
    static uint32_t commit_us[PROBES];
    static const uint8_t vote[256];
    char path[PATH_MAX + 16], message[ASSAY_STORE_MESSAGE_LEN];
    struct assay_store *store = NULL;
    (void)snprintf(path, sizeof path, "%s/floor.sqlite", dir);
    need(assay_store_sqlite_open(path, &store, message, sizeof message) == ASSAY_OK, message);
    for (size_t i = 0; i < PROBES; i++) {
        const struct assay_store_key key = { .epoch = 1, .number = i };
        const uint64_t start = now_us();
        need(store->ops->put(store, ASSAY_STORE_VOTE, &key, assay_slice_over(vote, sizeof vote)) ==
                     ASSAY_OK &&
                 store->ops->commit(store) == ASSAY_OK,
             "commit");
        commit_us[i] = (uint32_t)(now_us() - start);
    }
    store->ops->close(&store);
    floor->commit_us = at(commit_us, PROBES, FAST);
}

/* Two links in one thread, a frame there and one back: half of it is a hop. */
struct pair {
    struct assay_secret32 secret[2];
    uint8_t public_key[2][32];
    struct assay_roster_entry entries[2][2];
    struct assay_roster roster[2];
    struct assay_traffic_counters counters[2];
    struct assay_link *link[2];
};

static void open_pair(struct pair *pair)
{
    for (size_t i = 0; i < 2; i++)
        need(assay_x25519_generate(&pair->secret[i], pair->public_key[i]) == ASSAY_OK, "keys");
    for (size_t i = 0; i < 2; i++) {
        char message[ASSAY_LINK_MESSAGE_LEN];
        for (size_t k = 0; k < 2; k++)
            assay_bytes_copy(pair->entries[i][k].bootstrap, 32, pair->public_key[k], 32);
        pair->roster[i] = (struct assay_roster){ 2, (uint16_t)i, pair->entries[i] };
        const struct assay_link_config config = { .roster = &pair->roster[i],
                                                  .counters = &pair->counters[i],
                                                  .bootstrap_secret = &pair->secret[i],
                                                  .bootstrap_public = pair->public_key[i],
                                                  .listen = "tcp://127.0.0.1:*" };
        need(assay_link_open(&config, &pair->link[i], message) == ASSAY_OK, message);
        need(assay_link_identify(pair->link[i], &pair->secret[i], pair->public_key[i]) == ASSAY_OK,
             "identify");
    }
    for (uint16_t i = 0; i < 2; i++)
        need(assay_link_peer(pair->link[i], (uint16_t)(1 - i),
                             assay_link_endpoint(pair->link[1 - i])) == ASSAY_OK,
             "dial");
}

static void *answer(void *context)
{
    struct pair *pair = context;
    for (size_t i = 0; i < PROBES; i++) {
        uint16_t slot = 0;
        enum assay_roster_key which = ASSAY_ROSTER_BOOTSTRAP;
        struct assay_slice frame;
        while (assay_link_receive(pair->link[1], &slot, &which, &frame) != ASSAY_OK)
            need(assay_link_wait(pair->link[1], 0, NULL, 0, 100) == ASSAY_OK, "wait");
        need(assay_link_send(pair->link[1], 0, frame, 0) == ASSAY_OK, "send");
        assay_link_flush(pair->link[1]);
    }
    for (int i = 0; i < 10; i++)
        need(assay_link_wait(pair->link[1], 0, NULL, 0, 10) == ASSAY_OK, "");
    return NULL;
}

static void measure_hop(struct floor *floor)
{
    static uint32_t hop_us[PROBES];
    static uint8_t vote[300];
    struct pair *pair = calloc(1, sizeof *pair);
    pthread_t thread;
    need(pair != NULL, "memory");
    open_pair(pair);
    need(pthread_create(&thread, NULL, answer, pair) == 0, "thread");
    for (size_t i = 0; i < PROBES; i++) {
        uint16_t slot = 0;
        enum assay_roster_key which = ASSAY_ROSTER_BOOTSTRAP;
        struct assay_slice frame;
        const uint64_t start = now_us();
        need(assay_link_send(pair->link[0], 1, assay_slice_over(vote, sizeof vote), 0) == ASSAY_OK,
             "send");
        assay_link_flush(pair->link[0]);
        while (assay_link_receive(pair->link[0], &slot, &which, &frame) != ASSAY_OK)
            need(assay_link_wait(pair->link[0], 0, NULL, 0, 100) == ASSAY_OK, "wait");
        hop_us[i] = (uint32_t)((now_us() - start) / 2);
    }
    pthread_join(thread, NULL);
    for (size_t i = 0; i < 2; i++)
        assay_link_close(&pair->link[i]);
    free(pair);
    floor->hop_us = at(hop_us, PROBES, FAST);
}

/* ------------------------------------------------------------ the crowd */

struct crowd {
    pthread_barrier_t barrier;
    const char *dir;
    uint32_t count, quorum;
    uint32_t block_us[PROBES];
};

struct crowd_member {
    struct crowd *crowd;
    uint32_t number;
    struct assay_store *store;
    struct assay_p256_signer *signer;
    struct assay_p256 *key;
};

static void say_durably(struct crowd_member *m, uint64_t number)
{
    static const uint8_t vote[256], digest[32] = { 1 };
    uint8_t signature[64];
    const struct assay_store_key key = { .epoch = 1, .number = number };
    need(assay_p256_sign(m->signer, digest, signature) == ASSAY_OK, "sign");
    need(m->store->ops->put(m->store, ASSAY_STORE_VOTE, &key,
                            assay_slice_over(vote, sizeof vote)) == ASSAY_OK &&
             m->store->ops->commit(m->store) == ASSAY_OK,
         "commit");
}

static void hear(struct crowd_member *m, uint32_t votes)
{
    static const uint8_t digest[32] = { 1 };
    uint8_t signature[64];
    need(assay_p256_sign(m->signer, digest, signature) == ASSAY_OK, "sign");
    for (uint32_t i = 0; i < votes; i++)
        need(assay_p256_verify(m->key, digest, signature, ASSAY_S_LOW), "verify");
}

/* Proposal; N of all; F of all; a quorum of F received. */
static void *take_part(void *context)
{
    struct crowd_member *m = context;
    struct crowd *c = m->crowd;
    for (uint32_t block = 0; block < PROBES; block++) {
        (void)pthread_barrier_wait(&c->barrier);
        const uint64_t start = now_us();
        if (m->number == 0) say_durably(m, 3 * block);
        (void)pthread_barrier_wait(&c->barrier);
        hear(m, 1);
        say_durably(m, 3 * block + 1);
        (void)pthread_barrier_wait(&c->barrier);
        hear(m, c->quorum - 1);
        say_durably(m, 3 * block + 2);
        (void)pthread_barrier_wait(&c->barrier);
        hear(m, c->quorum - 1);
        if (m->number == 0) c->block_us[block] = (uint32_t)(now_us() - start);
    }
    return NULL;
}

static uint32_t measure_crowd(uint32_t count, const char *dir)
{
    static struct crowd crowd;
    static struct crowd_member members[NETWORK_MAX];
    pthread_t threads[NETWORK_MAX];
    crowd = (struct crowd){ .dir = dir, .count = count, .quorum = 2 * count / 3 + 1 };
    need(pthread_barrier_init(&crowd.barrier, NULL, count) == 0, "barrier");
    for (uint32_t i = 0; i < count; i++) {
        char path[PATH_MAX + 32], message[ASSAY_STORE_MESSAGE_LEN];
        struct assay_secret32 secret;
        uint8_t public_key[64];
        members[i] = (struct crowd_member){ .crowd = &crowd, .number = i };
        (void)snprintf(path, sizeof path, "%s/crowd-%u.sqlite", dir, (unsigned)i);
        need(assay_store_sqlite_open(path, &members[i].store, message, sizeof message) == ASSAY_OK,
             message);
        need(assay_p256_generate(&secret, public_key) == ASSAY_OK &&
                 assay_p256_signer_load(&secret, &members[i].signer) == ASSAY_OK &&
                 assay_p256_load(public_key, &members[i].key) == ASSAY_OK,
             "keys");
    }
    for (uint32_t i = 0; i < count; i++)
        need(pthread_create(&threads[i], NULL, take_part, &members[i]) == 0, "thread");
    for (uint32_t i = 0; i < count; i++) {
        pthread_join(threads[i], NULL);
        members[i].store->ops->close(&members[i].store);
        assay_p256_signer_free(&members[i].signer);
        assay_p256_free(&members[i].key);
    }
    (void)pthread_barrier_destroy(&crowd.barrier);
    return at(crowd.block_us, PROBES, 500);
}

/* ------------------------------------------------------------ the network */

static void *run(void *context)
{
    struct network_node *node = context;
    node->status = assay_runtime_run(node->host);
    return NULL;
}

static void use_sqlite(struct network *network, uint32_t i)
{
    char path[PATH_MAX + 32], message[ASSAY_STORE_MESSAGE_LEN];
    struct network_node *node = &network->nodes[i];
    node->store->ops->close(&node->store);
    (void)snprintf(path, sizeof path, "%s/%s.sqlite", network->dir, node->name);
    need(assay_store_sqlite_open(path, &node->store, message, sizeof message) == ASSAY_OK, message);
}

static uint64_t used_us(int who)
{
    struct rusage use;
    need(getrusage(who, &use) == 0, "getrusage");
    return (uint64_t)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) * 1000000 +
           (uint64_t)(use.ru_utime.tv_usec + use.ru_stime.tv_usec);
}

struct cost {
    uint32_t p50_us;
    uint64_t cpu_us; /* of a node and epoch */
};

static void judge_apart(struct network *network, struct assay_verifier_process_config *judge,
                        struct assay_verifier_process_set *set)
{
    *set = (struct assay_verifier_process_set){ .endorsements = &network->endorsements,
                                                .policy = &network->policy,
                                                .documents = { network->genesis.policy,
                                                               network->genesis.endorsements } };
    *judge = (struct assay_verifier_process_config){ .sets = set, .set_count = 1 };
    for (uint32_t i = 0; i < network->count; i++)
        network->nodes[i].config.judge = judge;
}

enum apart { NOTHING_APART, JUDGE_APART, ALL_APART };

static struct cost bench(uint32_t count, unsigned seconds, enum apart apart)
{
    static const char *const words[] = { "threads", "a judge", "a judge and a transport" };
    const struct assay_transport_apart transport = { .program = NULL };
    struct assay_verifier_process_config judge;
    struct assay_verifier_process_set set;
    struct network *network = network_make(count, EPOCH_MS, START_MS);
    struct floor floor = { 0 };
    pthread_t threads[NETWORK_MAX];
    measure_crypto(&floor);
    measure_commit(&floor, network->dir);
    measure_hop(&floor);
    const uint32_t crowd_us = measure_crowd(count, network->dir);
    if (apart != NOTHING_APART) judge_apart(network, &judge, &set);
    for (uint32_t i = 0; apart == ALL_APART && i < count; i++)
        network->nodes[i].config.transport = &transport;
    for (uint32_t i = 0; i < count; i++) {
        use_sqlite(network, i);
        need(network_up(network, i), "a node did not start");
    }
    for (uint32_t i = 0; i < count; i++)
        need(pthread_create(&threads[i], NULL, run, &network->nodes[i]) == 0, "thread");
    const uint64_t own_us = used_us(RUSAGE_SELF), judges_us = used_us(RUSAGE_CHILDREN);
    (void)sleep(seconds);
    for (uint32_t i = 0; i < count; i++)
        assay_runtime_stop(network->nodes[i].host);
    for (uint32_t i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
    uint64_t cpu_us = used_us(RUSAGE_SELF) - own_us;

    uint32_t *samples = calloc((size_t)count * ASSAY_LATENCY_SAMPLES, sizeof *samples);
    size_t used = 0;
    struct assay_engine_snapshot snapshot;
    need(samples != NULL, "memory");
    for (uint32_t i = 0; i < count; i++) {
        const struct assay_latency *latency = &network->nodes[i].host->latency;
        for (size_t k = 0; k < latency->count && k < ASSAY_LATENCY_SAMPLES; k++)
            samples[used++] = latency->us[k];
        need(network->nodes[i].status == ASSAY_OK, "a node stopped by itself");
    }
    assay_engine_snapshot(assay_runtime_engine(network->nodes[0].host), &snapshot);
    const uint32_t quorum = 2 * count / 3 + 1;
    const uint32_t bound = HOPS * (floor.hop_us + floor.commit_us + floor.sign_us) +
                           (1 + 2 * (quorum - 1)) * floor.verify_us;
    const uint32_t p50 = at(samples, used, 500), p90 = at(samples, used, 900);
    const uint32_t p99 = at(samples, used, 990);
    printf("finality, %u peers, with %-23s    p50 %6u us   p90 %6u us   p99 %6u us   "
           "(%zu blocks, epoch %llu, certified %llu)\n",
           (unsigned)count, words[apart], (unsigned)p50, (unsigned)p90, (unsigned)p99, used,
           (unsigned long long)snapshot.epoch, (unsigned long long)snapshot.certified_epoch);
    printf(
        "  floor %u us = %d x (hop %u + commit %u + sign %u) + %u x verify %u;   p50 is %.1f x the "
        "floor (target %d), p90 %.1f x, %ld core(s)\n",
        (unsigned)bound, HOPS, (unsigned)floor.hop_us, (unsigned)floor.commit_us,
        (unsigned)floor.sign_us, (unsigned)(1 + 2 * (quorum - 1)), (unsigned)floor.verify_us,
        bound > 0 ? (double)p50 / bound : 0, count <= 4 ? 2 : 4,
        bound > 0 ? (double)p90 / bound : 0, sysconf(_SC_NPROCESSORS_ONLN));
    printf("  crowd %u us: commits, signatures, verifications of %u threads at once; p50 is %.1f x "
           "the crowd and its 3 hops\n",
           (unsigned)crowd_us, (unsigned)count, (double)p50 / (crowd_us + HOPS * floor.hop_us));
    free(samples);
    network_free(&network);
    cpu_us += used_us(RUSAGE_CHILDREN) - judges_us; /* they have ended */
    const uint64_t epochs = (uint64_t)seconds * 1000 / EPOCH_MS;
    return (struct cost){ .p50_us = p50, .cpu_us = cpu_us / count / epochs };
}

static void compare(const char *what, uint32_t count, struct cost without, struct cost with)
{
    printf("  %s, %u peers: p50 %+.1f %% (at most 10), CPU of a node and epoch %.1f ms, %.1f ms "
           "without\n",
           what, (unsigned)count,
           without.p50_us > 0 ? 100.0 * ((double)with.p50_us / without.p50_us - 1) : 0,
           (double)with.cpu_us / 1000, (double)without.cpu_us / 1000);
}

static void all(uint32_t count, unsigned seconds)
{
    const struct cost here = bench(count, seconds, NOTHING_APART);
    const struct cost judge = bench(count, seconds, JUDGE_APART);
    const struct cost apart = bench(count, seconds, ALL_APART);
    compare("a process that judges", count, here, judge);
    compare("a process that has the sockets", count, judge, apart);
}

int main(int argc, char **argv)
{
    if (assay_verifier_process_is(argc, argv)) assay_verifier_process_run(assay_evidence_verify);
    if (assay_transport_is(argc, argv)) assay_transport_run(NULL);
    const long seconds = argc > 1 ? strtol(argv[1], NULL, 10) : 10;
    need(seconds > 0 && seconds <= 600, "usage: bench_net_finality [SECONDS]");
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    all(4, (unsigned)seconds);
    all(7, (unsigned)seconds);
    return 0;
}
