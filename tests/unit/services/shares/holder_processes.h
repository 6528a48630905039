/*
 * tests/unit/services/shares/holder_processes.h - fixture of holder processes.
 *
 * Holders as they run: each a process of its own with a vault on disk, real links and sockets; the
 * test is the ledger, owner and reader (docs/services.md 5.13). A holder that is killed is killed:
 * nothing of it is told that it ends.
 */
#ifndef ASSAY_TESTS_UNIT_SERVICES_SHARES_HOLDER_PROCESSES_H
#define ASSAY_TESTS_UNIT_SERVICES_SHARES_HOLDER_PROCESSES_H

#include "net/services/shares/holder_node.h"
#include "net/services/shares/share_client.h"
#include "net/services/shares/vault.h"
#include "tests/support/services/service_ledger.h"

#include "base/crypto.h"
#include "tests/support/sanitized.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SOON_MS = TEST_SANITIZED ? 60000 : 20000 };
enum { SLOTS = 5, K = 3, HOLDERS_MAX = 12, SPARE = 10 };

static const struct assay_secret32 vault_key = { { 7, 7, 7 } };

static struct world {
    char folder[64];
    struct service_ledger *ledger;
    pid_t holder[HOLDERS_MAX];
    struct assay_secret32 owner;
    uint8_t reader[32]; /* account */
    uint64_t era;       /* that holders accept whatever it undid */
    size_t pending_max; /* records that wait in a holder; 0: its own number */
    const char *host;   /* that holders list; NULL: their number */
    assay_resolve *resolve; /* of owner and reader */
    const char *daemon; /* whose socket holders follow, in the folder */
    uint8_t id[32];
    char secret[64];
    uint8_t sealed[64 + ASSAY_SHARE_PAYLOAD_MORE];
    size_t sealed_len;
} w;

static inline uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static inline const char *in_folder(const char *what, uint32_t slot)
{
    static char paths[8][128];
    static unsigned at;
    char *path = paths[at++ % 8];
    (void)snprintf(path, sizeof paths[0], "%s/%s-%u", w.folder, what, slot);
    return path;
}

/* --- holders */

static inline void be_holder(uint32_t slot, uint32_t cluster)
{
    const struct assay_holder_node_config config = { .ledger = in_folder(w.daemon, slot),
                                                     .listen = "127.0.0.1:0",
                                                     .host = w.host,
                                                     .client_listen = "127.0.0.1:0",
                                                     .store = in_folder("vault", slot),
                                                     .key = &vault_key,
                                                     .cluster = cluster,
                                                     .era = w.era,
                                                     .again_ms = 500,
                                                     .pending_max = w.pending_max };
    struct assay_holder_node *node = NULL;
    char message[ASSAY_HOLDER_NODE_MESSAGE_LEN];
    if (assay_holder_node_open(&config, &node, message) != ASSAY_OK) {
        (void)fprintf(stderr, "holder %u: %s\n", slot, message);
        _exit(3);
    }
    enum assay_status status = ASSAY_OK;
    while (status == ASSAY_OK)
        status = assay_holder_node_step(node, 1000);
    assay_holder_node_close(&node);
    _exit(status == ASSAY_E_STALE ? 4 : status == ASSAY_E_CHAIN ? 6 : 5);
}

static inline void start(uint32_t slot, uint32_t cluster)
{
    (void)fflush(NULL);
    w.holder[slot] = fork();
    cr_assert_geq(w.holder[slot], 0);
    if (w.holder[slot] > 0) return;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    be_holder(slot, cluster);
}

static inline void stop(uint32_t slot)
{
    if (w.holder[slot] <= 0) return;
    (void)kill(w.holder[slot], SIGKILL);
    (void)waitpid(w.holder[slot], NULL, 0);
    w.holder[slot] = 0;
}

/* --- the ledger */

static inline const struct assay_share_registry *shares(void)
{
    return assay_registry_shares(service_ledger_registry(w.ledger));
}

typedef bool condition(uint32_t number);

/* The ledger lives until something is so. */
static inline bool becomes(condition *is, uint32_t number, uint64_t within_ms)
{
    const uint64_t until = now_ms() + within_ms;
    while (!is(number) && now_ms() < until)
        service_ledger_turn(w.ledger, 20);
    return is(number);
}

static inline bool are_ready(uint32_t clusters)
{
    for (uint32_t c = 0; c < clusters; c++)
        if (!shares()->cluster[c].seated || shares()->cluster[c].ready != (1u << SLOTS) - 1)
            return false;
    return true;
}

static struct assay_registry_plan plan;

static inline void open_world(uint32_t clusters, uint32_t confirmations, uint32_t ids_max)
{
    uint8_t key[ASSAY_P256_PUBLIC_LEN];
    plan.has_shares = true;
    plan.shares.clusters = clusters;
    plan.shares.slots = SLOTS;
    plan.shares.k = K;
    plan.shares.confirmations = confirmations;
    plan.shares.ids_max = ids_max;
    (void)snprintf(w.folder, sizeof w.folder, "/tmp/assay-shares.XXXXXX");
    cr_assert_not_null(mkdtemp(w.folder));
    w.daemon = "daemon";
    w.ledger = service_ledger_of(in_folder("ledger", 0), &plan);
    for (uint32_t slot = 0; slot < HOLDERS_MAX; slot++)
        service_ledger_member(w.ledger, in_folder("daemon", slot), slot);
    for (uint32_t slot = 0; slot < clusters * SLOTS; slot++)
        start(slot, slot / SLOTS);
    cr_assert_eq(assay_p256_generate(&w.owner, key), ASSAY_OK);
    assay_sha256(key, sizeof key, w.reader);
    cr_assert(becomes(are_ready, clusters, SOON_MS), "all are seated, and ready with nothing");
}

static inline void close_world(void)
{
    for (uint32_t slot = 0; slot < HOLDERS_MAX; slot++)
        stop(slot);
    service_ledger_close(&w.ledger);
    char command[128];
    (void)snprintf(command, sizeof command, "rm -r %s", w.folder);
    cr_expect_eq(system(command), 0);
}

/* --- owner and reader */

static inline struct assay_share_client *client_open(void)
{
    const struct assay_share_client_config config = { .ledger = in_folder("daemon", 11),
                                                      .key = &w.owner,
                                                      .resolve = w.resolve };
    struct assay_share_client *client = NULL;
    cr_assert_eq(assay_holder_client_open(&config, &client), ASSAY_OK);
    return client;
}

static inline struct assay_holder_client_status run_for(struct assay_share_client *client,
                                                        uint64_t ms)
{
    const uint64_t until = now_ms() + ms;
    do {
        service_ledger_turn(w.ledger, 2);
        assay_holder_client_step(client, 2);
    } while (assay_holder_client_status(client).state <= ASSAY_SHARE_CLIENT_WORKS &&
             now_ms() < until);
    return assay_holder_client_status(client);
}

static inline struct assay_share_client *put_begin(uint8_t number)
{
    const struct assay_share_reader reader = { .kind = ASSAY_SHARE_READER_ACCOUNT };
    struct assay_share_reader readers[1] = { reader };
    const uint8_t name[32] = { number };
    struct assay_share_client *client = client_open();
    enum assay_status status = ASSAY_E_AGAIN;
    assay_bytes_copy(readers[0].name, 32, w.reader, 32);
    w.sealed_len = (size_t)snprintf(w.secret, sizeof w.secret, "a secret, number %u", number);
    const struct assay_slice payload = assay_slice_over(w.secret, w.sealed_len);
    w.sealed_len += ASSAY_SHARE_PAYLOAD_MORE;
    for (int i = 0; i < 1000 && status == ASSAY_E_AGAIN; i++) {
        (void)run_for(client, 5);
        status = assay_holder_client_put(client, 0, name, readers, 1, payload, w.id, w.sealed);
    }
    cr_assert_eq(status, ASSAY_OK);
    return client;
}

static inline void put(uint8_t number)
{
    struct assay_share_client *client = put_begin(number);
    const struct assay_holder_client_status status = run_for(client, SOON_MS);
    cr_assert_eq(status.state, ASSAY_SHARE_CLIENT_DONE, "%u of %u confirmed %s", status.answered,
                 status.wanted, status.why);
    assay_holder_client_close(&client);
}

/* Returns: whether the secret came back as it was, within ms. */
static inline bool reads(uint64_t ms)
{
    struct assay_share_client *client = client_open();
    enum assay_status status = ASSAY_E_AGAIN;
    for (int i = 0; i < 1000 && status == ASSAY_E_AGAIN; i++) {
        (void)run_for(client, 5);
        status = assay_holder_client_read(client, w.id, assay_slice_over(w.sealed, w.sealed_len));
    }
    bool equal = status == ASSAY_OK && run_for(client, ms).state == ASSAY_SHARE_CLIENT_DONE;
    const struct assay_slice payload = assay_holder_client_payload(client);
    equal = equal && payload.len == strlen(w.secret) &&
            assay_bytes_equal(payload.bytes, w.secret, payload.len);
    assay_holder_client_close(&client);
    return equal;
}

#endif
