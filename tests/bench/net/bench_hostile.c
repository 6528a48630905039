/*
 * tests/bench/net/bench_hostile.c - finality while two members of seven attack, compared with the
 * quiet network.
 *
 * Seven real hosts in one process, over loopback, with SQLite. The attackers' hosts follow the
 * protocol, so that both have weight and standing; next to each runs a thread that sends with the
 * same keys, to each of the five others, at RATE. Quiet and attacked windows alternate, so that
 * other load of the machine affects both; the attackers' own work affects the attacked windows, on
 * the same cores. Target: p90 under each attack at most 3 times the quiet one.
 *
 * usage: bench_net_hostile [SECONDS [ATTACK]]; SECONDS of each window, four per attack; default 5
 */
#include "engine/ledger/records/record.h"
#include "engine/store/store_sqlite.h"
#include "net/runtime/runtime_internal.h"
#include "tests/integration/net/network.h"
#include "tests/support/zmtp.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    MEMBERS = 7,
    HONEST = 5,
    EPOCH_MS = 1000,
    START_MS = 500,
    PACE_US = 10000, /* interval between frames of an attacker ... */
    RATE = 20,       /* ... so many messages to each of the five: 2000 a second */
    WINDOWS = 4,
    SAMPLES = 65536,
    CONNECTIONS = 40,
    PARTS = 500,
};

struct attacker {
    uint32_t number; /* of the node */
    struct assay_keyring ring;
    struct assay_p256_signer *identity, *voting;
    struct assay_roster_entry entries[MEMBERS];
    struct assay_roster roster;
    struct assay_traffic_counters counters;
    struct assay_link *link;
    struct zmtp raw[CONNECTIONS];
    uint64_t said;
    pthread_t thread;
};

static struct network *network;
static struct attacker attackers[MEMBERS - HONEST];
static atomic_int attack = -1; /* of the table below */
static atomic_bool over;

static void need(bool good, const char *what)
{
    if (good) return;
    (void)fprintf(stderr, "bench_net_hostile: %s\n", what);
    exit(1);
}

/* ------------------------------------------------------------ what they say */

/* The epoch is read while its host works: an old one is an attack, too. */
static uint64_t epoch_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    const uint64_t now_ms = (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
    const uint64_t begun_ms = network->genesis.time_ms;
    return now_ms > begun_ms ? (now_ms - begun_ms) / EPOCH_MS + 1 : 1;
}

static void send(struct attacker *a, uint32_t to, enum assay_message_kind kind,
                 struct assay_slice payload)
{
    static _Thread_local uint8_t bytes[ASSAY_FRAME_LEN_MAX];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    need(assay_frame_encode(network->genesis.chain_id, kind, payload, &w) == ASSAY_OK, "frame");
    const enum assay_status status =
        assay_link_send(a->link, network->nodes[to].slot, assay_slice_over(bytes, w.len), 0);
    need(status == ASSAY_OK, "send");
}

static void send_all(struct attacker *a, enum assay_message_kind kind, struct assay_slice payload)
{
    for (uint32_t i = 0; i < HONEST; i++)
        send(a, i, kind, payload);
}

/* Rightly signed by the identity key, with new keys each time, and evidence that is none. */
static void junk_incarnate(struct attacker *a)
{
    static _Thread_local uint8_t bytes[16384], evidence[8192];
    struct assay_incarnate i = { .epoch = epoch_now(), .incarnation = 2, .evidence_len = 8192 };
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    uint8_t digest[32];
    size_t hole = 0, possession = 0;
    assay_bytes_copy(evidence, sizeof evidence, &a->said, sizeof a->said);
    assay_bytes_copy(i.chain_id, 32, network->genesis.chain_id, 32);
    assay_bytes_copy(i.node_id, 32, a->ring.node_id, 32);
    assay_bytes_copy(i.voting_public, 64, a->ring.current.voting_public, 64);
    assay_bytes_copy(i.transport_public, 32, &a->said, sizeof a->said);
    assay_sha256(evidence, sizeof evidence, i.evidence_digest);
    need(assay_record_put_incarnate(&w, &i, assay_slice_over(evidence, sizeof evidence), digest,
                                    &hole, &possession) == ASSAY_OK,
         "incarnate");
    need(assay_p256_sign(a->identity, digest, bytes + hole) == ASSAY_OK, "sign");
    send_all(a, ASSAY_MESSAGE_RECORD, assay_slice_over(bytes, w.len));
}

/* "My own evidence fails": an envelope rightly signed, over evidence that is none. */
static void junk_fail(struct attacker *a)
{
    static _Thread_local uint8_t bytes[16384], evidence[8192];
    uint8_t envelope[ASSAY_ENVELOPE_LEN_MAX];
    struct assay_envelope e = { .epoch = epoch_now(),
                                .incarnation = 1,
                                .kind = ASSAY_KIND_SOFT,
                                .evidence_len = sizeof evidence };
    struct assay_writer w = assay_writer_over(envelope, sizeof envelope);
    size_t hole = 0;
    assay_bytes_copy(evidence, sizeof evidence, &a->said, sizeof a->said);
    assay_bytes_copy(e.chain_id, 32, network->genesis.chain_id, 32);
    assay_bytes_copy(e.node_id, 32, a->ring.node_id, 32);
    assay_sha256(evidence, sizeof evidence, e.evidence_digest);
    need(assay_envelope_encode(&e, &w, &hole) == ASSAY_OK, "envelope");
    need(assay_p256_sign(a->voting, e.digest, envelope + hole) == ASSAY_OK, "sign");
    struct assay_writer out = assay_writer_over(bytes, sizeof bytes);
    need(assay_record_put_fail(&out, assay_slice_over(envelope, w.len),
                               assay_slice_over(evidence, sizeof evidence)) == ASSAY_OK,
         "fail");
    send_all(a, ASSAY_MESSAGE_RECORD, assay_slice_over(bytes, out.len));
}

/* Rightly signed, each over a roll that never was. */
static void ballots(struct attacker *a)
{
    uint8_t row[8] = { 0 }, body[1024], bytes[2048], digest[32];
    struct assay_ballot b = { .epoch = epoch_now(), .incarnation = 1 };
    struct assay_slice all;
    size_t hole = 0;
    assay_bytes_copy(b.roll_root, 32, &a->said, sizeof a->said);
    assay_bytes_copy(b.chain_id, 32, network->genesis.chain_id, 32);
    assay_bytes_copy(b.node_id, 32, a->ring.node_id, 32);
    assay_bytes_copy(b.policy_digest, 32, network->genesis.policy_digest, 32);
    assay_bytes_copy(b.endorsements_digest, 32, network->genesis.endorsements_digest, 32);
    b.row = assay_slice_over(row, assay_votes_row_len(MEMBERS));
    struct assay_writer inner = assay_writer_over(body, sizeof body);
    assay_ballot_encode(&b, &inner);
    need(assay_writer_finish(&inner, &all) == ASSAY_OK, "ballot");
    struct assay_writer out = assay_writer_over(bytes, sizeof bytes);
    need(assay_record_put_ballot(&out, all, &hole) == ASSAY_OK, "record");
    assay_sha256(all.bytes, all.len, digest);
    need(assay_p256_sign(a->voting, digest, bytes + hole) == ASSAY_OK, "sign");
    send_all(a, ASSAY_MESSAGE_RECORD, assay_slice_over(bytes, out.len));
}

static void service(struct attacker *a)
{
    uint8_t bytes[16];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_service_probe_request_encode(a->said, &w);
    send_all(a, ASSAY_MESSAGE_SERVICE_ASK, assay_slice_over(bytes, w.len));
}

/* The largest possible answers, requested again and again. */
static void pulls(struct attacker *a)
{
    static const uint8_t ask[47] = { 0 };
    send_all(a, ASSAY_MESSAGE_SYNC_ASK, assay_slice_over(ask, 9));
    send_all(a, ASSAY_MESSAGE_EVIDENCE_PULL, assay_slice_over(ask, 32));
}

static uint16_t port_of(uint32_t node)
{
    const char *colon = strrchr(network->nodes[node].endpoint, ':');
    return colon == NULL ? 0 : (uint16_t)strtoul(colon + 1, NULL, 10);
}

static bool connect_raw(struct attacker *a, struct zmtp *z, uint32_t to)
{
    return zmtp_connect(z, port_of(to), a->ring.current.transport_private.bytes,
                        network->genesis.members[network->nodes[to].slot].bootstrap_public);
}

/* One message of PARTS parts, on a connection of its own to each. */
static void many_parts(struct attacker *a)
{
    static _Thread_local uint8_t all[PARTS * 128];
    if (a->said % 4 != 0) return; /* 5 messages a turn are 2500 parts */
    for (uint32_t i = 0; i < HONEST; i++) {
        struct zmtp *z = &a->raw[i];
        if (z->fd < 0 && !connect_raw(a, z, i)) continue;
        size_t len = 0;
        for (int k = 0; k < PARTS; k++)
            len += zmtp_seal(z, k + 1 < PARTS ? ZMTP_MORE : 0, "x", 1, all + len);
        if (!zmtp_write(z, all, len)) {
            zmtp_close(z, true);
            z->fd = -1;
        }
    }
}

/* As many as are let in, each new one instead of the oldest. */
static void many_connections(struct attacker *a)
{
    if (a->said % RATE != 0) return; /* a handshake a turn: 100 a second */
    struct zmtp *z = &a->raw[a->said / RATE % CONNECTIONS];
    if (z->fd >= 0) zmtp_close(z, true);
    z->fd = -1;
    (void)connect_raw(a, z, (uint32_t)(a->said / RATE % HONEST));
}

static const struct {
    const char *name;
    void (*speak)(struct attacker *attacker);
    bool is_suspended; /* their hosts have been down for long enough */
} attacks[] = {
    { "junk incarnate", junk_incarnate, false },
    { "junk fail", junk_fail, false },
    { "ballots", ballots, false },
    { "service flood", service, false },
    { "pulls", pulls, false },
    { "many parts", many_parts, false },
    { "many connections", many_connections, false },
    { "suspended at the listener", junk_incarnate, true },
};
enum { ATTACKS = sizeof attacks / sizeof attacks[0] };

/* ------------------------------------------------------------ senders */

static void be_quiet(struct attacker *a)
{
    for (size_t i = 0; i < CONNECTIONS; i++) {
        if (a->raw[i].fd >= 0) zmtp_close(&a->raw[i], true);
        a->raw[i].fd = -1;
    }
    need(assay_link_wait(a->link, 0, NULL, 0, 20) == ASSAY_OK, "wait");
}

static void *work(void *context)
{
    struct attacker *a = context;
    while (!atomic_load(&over)) {
        const int which = atomic_load(&attack);
        if (which < 0) {
            be_quiet(a);
            continue;
        }
        for (int i = 0; i < RATE; i++, a->said++)
            attacks[which].speak(a);
        need(assay_link_wait(a->link, 0, NULL, 0, 0) == ASSAY_OK, "wait");
        (void)usleep(PACE_US);
    }
    be_quiet(a);
    return NULL;
}

static void open_attacker(struct attacker *a, uint32_t number)
{
    char message[ASSAY_LINK_MESSAGE_LEN];
    const struct network_node *node = &network->nodes[number];
    a->number = number;
    for (size_t i = 0; i < CONNECTIONS; i++)
        a->raw[i].fd = -1;
    need(assay_keyring_load(node->keys_dir, &a->ring) == ASSAY_OK &&
             assay_p256_signer_load(&a->ring.identity_private, &a->identity) == ASSAY_OK &&
             assay_p256_signer_load(&a->ring.current.voting_private, &a->voting) == ASSAY_OK,
         "keys");
    for (uint32_t i = 0; i < MEMBERS; i++)
        assay_bytes_copy(a->entries[i].bootstrap, 32, network->genesis.members[i].bootstrap_public,
                         32);
    a->roster = (struct assay_roster){ MEMBERS, node->slot, a->entries };
    const struct assay_link_config config = { .roster = &a->roster,
                                              .counters = &a->counters,
                                              .bootstrap_secret = &a->ring.bootstrap_private,
                                              .bootstrap_public = a->ring.bootstrap_public,
                                              .listen = "tcp://127.0.0.1:*" };
    need(assay_link_open(&config, &a->link, message) == ASSAY_OK, message);
    need(assay_link_identify(a->link, &a->ring.current.transport_private,
                             a->ring.current.transport_public) == ASSAY_OK,
         "identify");
    for (uint32_t i = 0; i < HONEST; i++)
        need(assay_link_peer(a->link, network->nodes[i].slot, network->nodes[i].endpoint) ==
                 ASSAY_OK,
             "dial");
    need(pthread_create(&a->thread, NULL, work, a) == 0, "thread");
}

static void close_attacker(struct attacker *a)
{
    pthread_join(a->thread, NULL);
    assay_link_close(&a->link);
    assay_p256_signer_free(&a->identity);
    assay_p256_signer_free(&a->voting);
    assay_keyring_wipe(&a->ring);
}

/* ------------------------------------------------------------ the network */

static void *run(void *context)
{
    struct network_node *node = context;
    node->status = assay_runtime_run(node->host);
    return NULL;
}

static void use_sqlite(uint32_t i)
{
    char path[PATH_MAX + 32], message[ASSAY_STORE_MESSAGE_LEN];
    struct network_node *node = &network->nodes[i];
    node->store->ops->close(&node->store);
    (void)snprintf(path, sizeof path, "%s/%s.sqlite", network->dir, node->name);
    need(assay_store_sqlite_open(path, &node->store, message, sizeof message) == ASSAY_OK, message);
}

/* The samples of the honest nodes since the counts in from, appended to us. */
static void collect(const uint64_t from[static HONEST], uint32_t *us, size_t *used)
{
    for (uint32_t i = 0; i < HONEST; i++) {
        const struct assay_latency *l = &network->nodes[i].host->latency;
        for (uint64_t k = from[i]; k < l->count && *used < SAMPLES; k++)
            us[(*used)++] = l->us[k % ASSAY_LATENCY_SAMPLES];
    }
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
    return samples[count * permille / 1000];
}

static void window(int which, unsigned seconds, uint32_t *us, size_t *used)
{
    uint64_t from[HONEST];
    atomic_store(&attack, which);
    (void)usleep(300000); /* what is on its way is of the window before */
    for (uint32_t i = 0; i < HONEST; i++)
        from[i] = network->nodes[i].host->latency.count;
    (void)sleep(seconds);
    collect(from, us, used);
    atomic_store(&attack, -1);
    (void)usleep(300000);
}

static void measure(int which, unsigned seconds)
{
    static uint32_t quiet[SAMPLES], loud[SAMPLES];
    size_t quiet_count = 0, loud_count = 0;
    uint64_t bans = 0;
    for (int i = 0; i < WINDOWS / 2; i++) {
        window(-1, seconds, quiet, &quiet_count);
        window(which, seconds, loud, &loud_count);
    }
    for (uint32_t i = 0; i < HONEST; i++)
        bans += network->nodes[i].host->counters.value[ASSAY_COUNT_BANS];
    const uint32_t q50 = at(quiet, quiet_count, 500), q90 = at(quiet, quiet_count, 900);
    const uint32_t l50 = at(loud, loud_count, 500), l90 = at(loud, loud_count, 900);
    printf("%-22s quiet p50 %6u p90 %6u us (%3zu blocks)   attacked p50 %6u p90 %6u us (%3zu)   "
           "p90 %.1f times (target 3)%s\n",
           attacks[which].name, q50, q90, quiet_count, l50, l90, loud_count,
           q90 > 0 ? (double)l90 / q90 : 0, bans > 0 ? "  banned" : "");
}

int main(int argc, char **argv)
{
    const long seconds = argc > 1 ? strtol(argv[1], NULL, 10) : 5;
    pthread_t threads[MEMBERS];
    need(seconds > 0 && seconds <= 600, "usage: bench_net_hostile [SECONDS [ATTACK]]");
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    network = network_make(MEMBERS, EPOCH_MS, START_MS);
    for (uint32_t i = 0; i < MEMBERS; i++) {
        use_sqlite(i);
        need(network_up(network, i), "a node did not start");
    }
    for (uint32_t i = 0; i < MEMBERS; i++)
        need(pthread_create(&threads[i], NULL, run, &network->nodes[i]) == 0, "thread");
    for (uint32_t i = HONEST; i < MEMBERS; i++)
        open_attacker(&attackers[i - HONEST], i);
    (void)sleep(3 * EPOCH_MS / 1000);
    bool asleep = false;
    for (int i = 0; i < ATTACKS; i++) {
        if (argc > 2 && strcmp(argv[2], attacks[i].name) != 0) continue;
        if (attacks[i].is_suspended && !asleep) {
            for (uint32_t k = HONEST; k < MEMBERS; k++)
                assay_runtime_stop(network->nodes[k].host);
            (void)sleep(8 * EPOCH_MS / 1000);
            asleep = true;
        }
        measure(i, (unsigned)seconds);
    }
    atomic_store(&over, true);
    for (uint32_t i = 0; i < MEMBERS - HONEST; i++)
        close_attacker(&attackers[i]);
    for (uint32_t i = 0; i < MEMBERS; i++)
        assay_runtime_stop(network->nodes[i].host);
    for (uint32_t i = 0; i < MEMBERS; i++) {
        pthread_join(threads[i], NULL);
        need(network->nodes[i].status == ASSAY_OK, "a node stopped by itself");
    }
    network_free(&network);
    return 0;
}
