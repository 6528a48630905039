/*
 * tests/unit/services/continuity/enclave_house.h - test fixture: replicas and enclaves as they run:
 * real links, real sockets, a ledger that orders at once and proves each close (services.md 4).
 *
 * The house, a thread of its own, is the ledger and every replica; the test is the enclave.
 */
#ifndef ASSAY_TESTS_UNIT_SERVICES_CONTINUITY_ENCLAVE_HOUSE_H
#define ASSAY_TESTS_UNIT_SERVICES_CONTINUITY_ENCLAVE_HOUSE_H

#include "net/services/continuity/enclave.h"
#include "net/services/continuity/replica_node.h"
#include "tests/support/sanitized.h"
#include "tests/support/services/light_ledger.h"

#include <pthread.h>

enum { SOON_MS = TEST_SANITIZED ? 20000 : 5000 };
enum { TRY_MS = SOON_MS / 10 };
enum { GROUP = 3, REPLICAS_MAX = 8, INSTANCES = 4 };

extern struct house {
    char folder[64], path[100], enclaves[100];
    char daemon[REPLICAS_MAX][100]; /* of a member that has its own; else empty */
    pthread_t thread;
    pthread_mutex_t lock;
    bool ends;
    struct service_ledger *ledger;
    struct light_ledger *light;
    struct assay_replica_node *nodes[REPLICAS_MAX];
    enum assay_status ended[REPLICAS_MAX];
} house;

/* Replica of a member; a running one is ended first. The ledger lists it. */
void replica_start(uint32_t slot);
void replica_kill(uint32_t slot);
/* A ledger with a group of that many seats, whose epochs the test closes; then that many replicas,
 * and the thread that runs them. open_house: both. */
void open_ledger(uint32_t size);
void live_in(uint32_t replicas);
void open_house(uint32_t size, uint32_t replicas);
void close_house(void);
void close_epochs(uint32_t count);
/* The daemon comes back with a ledger that has nothing of before. */
void replace_ledger(void);
/* Waits until the replica in a slot serves that view (within its era). */
uint64_t view_that_serves(uint32_t slot);
void wait_for_view(uint32_t slot, uint64_t view);
/* Rows of the group. */
uint32_t instances(void);

/* --- an enclave: its state is a number, sealed beside the digest before it */

struct app {
    bool born;
    uint32_t lease, handover_ms;
    struct assay_enclave_identity identity;
    struct assay_enclave_trust trust;
    size_t later_len; /* of a checkpoint that its owner has signed; 0: none */
    uint8_t later[ASSAY_CHECKPOINT_LEN_MAX], later_signature[ASSAY_P256_SIGNATURE_LEN];
    struct assay_enclave *enclave;
    uint64_t index; /* of the state that is sealed last */
    uint8_t prev[32], hash[32];
};

struct app app_born(void);
void app_open(struct app *app);
/* Each closes epochs meanwhile: what an enclave waits for is proven by a close. */
enum assay_enclave_result app_find(struct app *app, struct assay_cont_entry *found);
enum assay_enclave_result app_wait(struct app *app);
enum assay_enclave_result app_retire(struct app *app);
/* Opens it, finds what is certified, and adopts the state that it has. */
enum assay_enclave_result app_start(struct app *app, struct assay_cont_entry *found);
/* The next state; then that many, until they are certified (asserted). */
enum assay_enclave_result app_next(struct app *app);
void app_go_on(struct app *app, uint32_t states);
void app_end(struct app *app);
/* The owner signs the newest checkpoint: a RECOVER lies between (docs/services.md 9.8). */
void app_cross(struct app *app);
/* The owner's public key. */
const uint8_t *app_owner(void);

#endif
