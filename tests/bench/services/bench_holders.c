/*
 * tests/bench/services/bench_holders.c - holders of shares between processes: a ledger, an owner
 * and up to eleven holders with their vaults on this disk, on loopback.
 *
 * usage: bench_services_holders [IDS]
 *
 * All processes share the processors of this machine; evidence is that of the tests and costs
 * nothing. A holder on a machine of its own is therefore faster, and its links are slower. During a
 * reshare, the holders of the other cluster fetch what is already finished.
 */
#include "base/assert.h"
#include "base/crypto.h"
#include "net/services/shares/holder_node.h"
#include "net/services/shares/share_client.h"
#include "tests/support/services/service_ledger.h"
#include "tests/support/stopwatch.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* Members from OWNERS submit the puts of owners and have a low standing, so that no quota is
 * divided by them. */
enum { SLOTS = 5, K = 3, SPARE = 10, HOLDERS = 11, OWNERS = 32, MOST = 4096, SOON_S = 300 };
enum { IDS_EACH = 64 }; /* of an owner */

static const struct assay_secret32 vault_key = { { 7 } };
static char folder[64];
static pid_t children[HOLDERS];
static struct service_ledger *ledger;
static struct assay_secret32 owner[MOST / IDS_EACH];

/* Status of a holder, as the bench reads it. */
struct told {
    double cpu_us;
    uint64_t asked, late;
};
static struct told *told; /* [HOLDERS] */
static uint8_t reader[32];

static void end_all(void)
{
    for (uint32_t i = 0; i < HOLDERS; i++) {
        if (children[i] <= 0) continue;
        (void)kill(children[i], SIGKILL);
        (void)waitpid(children[i], NULL, 0);
    }
}

static void must(bool good, const char *what)
{
    if (good) return;
    (void)fprintf(stderr, "bench_services_holders: %s\n", what);
    end_all();
    exit(1);
}

static const char *in_folder(const char *what, uint32_t slot)
{
    static char paths[4][128];
    static unsigned at;
    char *path = paths[at++ % 4];
    (void)snprintf(path, sizeof paths[0], "%s/%s-%u", folder, what, slot);
    return path;
}

static void start(uint32_t slot, uint32_t cluster)
{
    const struct assay_holder_node_config config = { .ledger = in_folder("daemon", slot),
                                                     .listen = "127.0.0.1:0",
                                                     .client_listen = "127.0.0.1:0",
                                                     .store = in_folder("vault", slot),
                                                     .key = &vault_key,
                                                     .cluster = cluster };
    struct assay_holder_node *node = NULL;
    char message[ASSAY_HOLDER_NODE_MESSAGE_LEN];
    (void)fflush(NULL);
    children[slot] = fork();
    must(children[slot] >= 0, "fork");
    if (children[slot] > 0) return;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (assay_holder_node_open(&config, &node, message) != ASSAY_OK) _exit(1);
    while (assay_holder_node_step(node, 100) == ASSAY_OK) {
        const struct assay_share_status share = assay_holder_node_status(node).share;
        told[slot] = (struct told){ stopwatch_us(CLOCK_PROCESS_CPUTIME_ID), share.asked,
                                    share.late };
    }
    _exit(1);
}

static const struct assay_share_registry *shares(void)
{
    return assay_registry_shares(service_ledger_registry(ledger));
}

static double seconds(void)
{
    return stopwatch_us(CLOCK_MONOTONIC) / 1e6;
}

static uint32_t with_all(uint32_t cluster, uint32_t generation)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < shares()->row_count; i++) {
        const struct assay_share_row *row = &shares()->row[i];
        count += row->synced && row->generation == generation &&
                 row->have[cluster] == (1u << SLOTS) - 1;
    }
    return count;
}

/* --- a reshare as the ledger sees it */

enum phase { BEGUN, DEALT, KEPT, CURRENT, PHASES };

struct passed {
    double first_s, half_s, all_s;
};

static struct passed passed[PHASES];

static enum phase phase_of(const struct assay_share_row *row)
{
    const struct assay_share_reshare *reshare = assay_share_registry_find_reshare(shares(), row);
    if (row->generation > 1) return CURRENT;
    if (reshare == NULL) return PHASES;
    if (reshare->have[0] != 0) return KEPT;
    return reshare->dealt == reshare->dealers ? DEALT : BEGUN;
}

static void note_phases(double now_s)
{
    uint32_t count[PHASES] = { 0 };
    const uint32_t ids = shares()->row_count;
    for (uint32_t i = 0; i < ids; i++) {
        const enum phase phase = phase_of(&shares()->row[i]);
        for (uint32_t k = 0; phase < PHASES && k <= phase; k++)
            count[k]++;
    }
    for (uint32_t k = 0; k < PHASES; k++) {
        if (count[k] > 0 && !(passed[k].first_s > 0)) passed[k].first_s = now_s;
        if (count[k] >= (ids + 1) / 2 && !(passed[k].half_s > 0)) passed[k].half_s = now_s;
        if (count[k] == ids && !(passed[k].all_s > 0)) passed[k].all_s = now_s;
    }
}

static void print_phases(void)
{
    static const char *const names[PHASES] = { "begun", "dealt", "kept by one slot", "current" };
    for (uint32_t k = 0; k < PHASES; k++)
        (void)printf("  %-17s first %6.2f, half %6.2f, all %6.2f s\n", names[k],
                     passed[k].first_s, passed[k].half_s, passed[k].all_s);
}

static struct told told_in_all(uint32_t from, uint32_t until)
{
    struct told all = { 0 };
    for (uint32_t i = from; i < until; i++) {
        all.cpu_us += told[i].cpu_us;
        all.asked += told[i].asked;
        all.late += told[i].late;
    }
    return all;
}

/* Returns: seconds until every id is kept by every slot of a cluster in this generation. */
static double until_all(uint32_t ids, uint32_t cluster, uint32_t generation)
{
    const double from = seconds();
    while (with_all(cluster, generation) < ids) {
        service_ledger_turn(ledger, 20);
        must(seconds() - from < SOON_S, "it takes too long");
        if (generation > 1) note_phases(seconds() - from);
    }
    return seconds() - from;
}

static void put(uint32_t number)
{
    const uint32_t who = number / IDS_EACH;
    const struct assay_share_client_config config = { .ledger = in_folder("ledger", 0),
                                                      .key = &owner[who] };
    struct assay_share_reader readers[1] = { { .kind = ASSAY_SHARE_READER_ACCOUNT } };
    struct assay_share_client *client = NULL;
    uint8_t name[32] = { (uint8_t)number, (uint8_t)(number >> 8) }, id[32];
    uint8_t sealed[16 + ASSAY_SHARE_PAYLOAD_MORE];
    enum assay_status status = ASSAY_E_AGAIN;
    assay_bytes_copy(readers[0].name, 32, reader, 32);
    service_ledger_expect(ledger, OWNERS + who);
    must(assay_holder_client_open(&config, &client) == ASSAY_OK, "a client");
    for (const double from = seconds(); seconds() - from < SOON_S;) {
        service_ledger_turn(ledger, 0);
        assay_holder_client_step(client, 1);
        if (status == ASSAY_E_AGAIN)
            status = assay_holder_client_put(client, 0, name, readers, 1,
                                             assay_slice_over(name, 16), id, sealed);
        must(status == ASSAY_OK || status == ASSAY_E_AGAIN, "a put");
        if (assay_holder_client_status(client).state >= ASSAY_SHARE_CLIENT_DONE) break;
    }
    must(assay_holder_client_status(client).state == ASSAY_SHARE_CLIENT_DONE, "it is synced");
    assay_holder_client_close(&client);
}

static void open_ledger(void)
{
    static struct assay_registry_plan plan;
    uint8_t key[ASSAY_P256_PUBLIC_LEN];
    plan.has_shares = true;
    plan.shares.clusters = 2;
    plan.shares.slots = plan.shares.confirmations = SLOTS;
    plan.shares.k = K;
    plan.shares.ids_max = MOST;
    (void)snprintf(folder, sizeof folder, "/tmp/assay-bench.XXXXXX");
    must(mkdtemp(folder) != NULL, "a folder");
    ledger = service_ledger_of(in_folder("ledger", 0), &plan);
    const struct assay_registry_member low = { .standing = ASSAY_REGISTRY_STAND_SUSPENDED };
    for (uint32_t slot = 0; slot < HOLDERS; slot++)
        service_ledger_member(ledger, in_folder("daemon", slot), slot);
    for (uint32_t slot = HOLDERS; slot < ASSAY_REGISTRY_SLOTS_MAX; slot++)
        service_ledger_set(ledger, slot, &low);
    service_ledger_close_epoch(ledger);
    for (uint32_t i = 0; i < MOST / IDS_EACH; i++)
        must(assay_p256_generate(&owner[i], key) == ASSAY_OK, "a key");
    assay_sha256(key, sizeof key, reader);
}

int main(int argc, char **argv)
{
    const struct assay_registry_member out = { .standing = ASSAY_REGISTRY_STAND_SUSPENDED };
    const uint32_t ids = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 1000;
    char command[128];
    must(ids > 0 && ids <= MOST, "IDS");
    told = mmap(NULL, HOLDERS * sizeof *told, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                -1, 0);
    must(told != MAP_FAILED, "memory that is shared");
    open_ledger();
    for (uint32_t slot = 0; slot < SLOTS; slot++)
        start(slot, 0);
    while (shares()->cluster[0].ready != (1u << SLOTS) - 1)
        service_ledger_turn(ledger, 20);
    double from = seconds();
    for (uint32_t i = 0; i < ids; i++)
        put(i);
    (void)printf("%u ids put, 5 of 5 confirm, one after the other: %.1f ms each\n", ids,
                 (seconds() - from) * 1e3 / ids);
    for (uint32_t slot = SLOTS; slot < 2 * SLOTS; slot++)
        start(slot, 1);
    from = until_all(ids, 1, 1);
    (void)printf("five new members fetch %u shares each: %.2f s, %.2f ms a share; 100,000 for one"
                 " member: %.0f s\n",
                 ids, from, from * 1e3 / (SLOTS * ids), from * 1e5 / (SLOTS * ids));
    start(SPARE, 0);
    for (int i = 0; i < 100; i++)
        service_ledger_turn(ledger, 10);
    service_ledger_set(ledger, 2, &out);
    const struct told before = told_in_all(0, HOLDERS);
    const double own_us = stopwatch_us(CLOCK_PROCESS_CPUTIME_ID);
    const uint32_t deals = service_ledger_count(ledger, ASSAY_SERVICE_SHARE_DEAL);
    const uint32_t haves = service_ledger_count(ledger, ASSAY_SERVICE_SHARE_HAVE);
    service_ledger_close_epoch(ledger);
    from = until_all(ids, 0, 2);
    const struct told after = told_in_all(0, HOLDERS);
    (void)printf("a slot moved, %u ids dealt anew by their cluster: %.2f s"
                 " (target 5 s for 1,000)\n",
                 ids, from);
    print_phases();
    (void)printf("  processors: holders %.2f s, ledger %.2f s; exchanges %u, late %u;"
                 " records: DEAL %u, HAVE %u\n",
                 (after.cpu_us - before.cpu_us) / 1e6,
                 (stopwatch_us(CLOCK_PROCESS_CPUTIME_ID) - own_us) / 1e6,
                 (unsigned)(after.asked - before.asked), (unsigned)(after.late - before.late),
                 service_ledger_count(ledger, ASSAY_SERVICE_SHARE_DEAL) - deals,
                 service_ledger_count(ledger, ASSAY_SERVICE_SHARE_HAVE) - haves);
    end_all();
    service_ledger_close(&ledger);
    (void)snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command) == 0 ? 0 : 1;
}
