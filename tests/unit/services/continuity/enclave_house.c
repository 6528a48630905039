/*
 * tests/unit/services/continuity/enclave_house.c - replicas and enclaves of a test, with
 * their ledger, as they run.
 */
#include "tests/unit/services/continuity/enclave_house.h"

#include "base/crypto.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct house house;

static void *live(void *context)
{
    (void)context;
    for (bool ends = false; !ends;) {
        pthread_mutex_lock(&house.lock);
        service_ledger_turn(house.ledger, 0);
        for (size_t i = 0; i < REPLICAS_MAX; i++) {
            if (house.nodes[i] == NULL) continue;
            house.ended[i] = assay_replica_node_step(house.nodes[i], 0);
            if (house.ended[i] != ASSAY_OK) assay_replica_node_close(&house.nodes[i]);
        }
        ends = house.ends;
        pthread_mutex_unlock(&house.lock);
        usleep(200);
    }
    return NULL;
}

void replica_start(uint32_t slot)
{
    const char *const ledger = house.daemon[slot][0] != '\0' ? house.daemon[slot] : house.path;
    const struct assay_replica_node_config config = {
        .ledger = ledger, .listen = "127.0.0.1:0", .group = GROUP, .instances_max = INSTANCES
    };
    char message[ASSAY_REPLICA_NODE_MESSAGE_LEN];
    pthread_mutex_lock(&house.lock);
    assay_replica_node_close(&house.nodes[slot]);
    const enum assay_status status = assay_replica_node_open(&config, &house.nodes[slot], message);
    cr_assert_eq(status, ASSAY_OK, "%s", message);
    service_ledger_expect(house.ledger, slot);
    /* Its connection is the next one. */
    for (int i = 0; i < 100 && !assay_replica_node_is_listed(house.nodes[slot]); i++) {
        cr_assert_eq(assay_replica_node_step(house.nodes[slot], 10), ASSAY_OK);
        service_ledger_turn(house.ledger, 10);
    }
    cr_assert(assay_replica_node_is_listed(house.nodes[slot]), "the ledger lists it");
    service_ledger_expect(house.ledger, 100);
    pthread_mutex_unlock(&house.lock);
}

void replica_kill(uint32_t slot)
{
    pthread_mutex_lock(&house.lock);
    assay_replica_node_close(&house.nodes[slot]);
    pthread_mutex_unlock(&house.lock);
}

void open_ledger(uint32_t size)
{
    (void)snprintf(house.folder, sizeof house.folder, "/tmp/assay-services.XXXXXX");
    cr_assert_not_null(mkdtemp(house.folder));
    (void)snprintf(house.path, sizeof house.path, "%s/ledger", house.folder);
    pthread_mutex_init(&house.lock, NULL);
    (void)snprintf(house.enclaves, sizeof house.enclaves, "%s/enclaves", house.folder);
    house.ledger = service_ledger_open(house.path, GROUP, size, INSTANCES);
    house.light = light_ledger_open(house.ledger, GROUP, house.enclaves);
}

void live_in(uint32_t replicas)
{
    for (uint32_t i = 0; i < replicas; i++)
        replica_start(i);
    cr_assert_eq(pthread_create(&house.thread, NULL, live, NULL), 0);
}

void open_house(uint32_t size, uint32_t replicas)
{
    open_ledger(size);
    live_in(replicas);
}

void close_house(void)
{
    pthread_mutex_lock(&house.lock);
    house.ends = true;
    pthread_mutex_unlock(&house.lock);
    pthread_join(house.thread, NULL);
    for (size_t i = 0; i < REPLICAS_MAX; i++)
        assay_replica_node_close(&house.nodes[i]);
    light_ledger_close(&house.light);
    service_ledger_close(&house.ledger);
    (void)unlink(house.path);
    (void)unlink(house.enclaves);
    for (size_t i = 0; i < REPLICAS_MAX; i++)
        (void)unlink(house.daemon[i]);
    (void)rmdir(house.folder);
}

uint64_t view_that_serves(uint32_t slot)
{
    pthread_mutex_lock(&house.lock);
    const struct assay_cont_status status = assay_replica_node_status(house.nodes[slot]);
    pthread_mutex_unlock(&house.lock);
    /* Within its era. */
    return status.serves ? status.view & ((UINT64_C(1) << ASSAY_CONT_NUMBER_BITS) - 1) : UINT64_MAX;
}

/* The state of group and replica, for a failure that a view was not served. */
static const char *told_of(uint32_t slot)
{
    static char text[200];
    const struct assay_cont_group *group = service_ledger_group(house.ledger);
    const struct assay_cont_status s = assay_replica_node_status(house.nodes[slot]);
    (void)snprintf(text, sizeof text,
                   "view %llu, pending %llu, serves %d, leaving %d, entering %d; the ledger: phase "
                   "%d, now %llu, next %llu",
                   (unsigned long long)s.view, (unsigned long long)s.pending_view, s.serves,
                   s.leaving, s.entering, (int)group->phase,
                   (unsigned long long)group->now.roster.view,
                   (unsigned long long)group->next.roster.view);
    return text;
}

void wait_for_view(uint32_t slot, uint64_t view)
{
    for (int i = 0; i < SOON_MS / 10 && view_that_serves(slot) != view; i++)
        usleep(10000);
    cr_assert_eq(view_that_serves(slot), view, "replica %u: %s", slot, told_of(slot));
}

void close_epochs(uint32_t count)
{
    pthread_mutex_lock(&house.lock);
    while (count-- > 0)
        service_ledger_close_epoch(house.ledger);
    pthread_mutex_unlock(&house.lock);
}

/* The daemon comes back with a ledger that has nothing of before. */
void replace_ledger(void)
{
    pthread_mutex_lock(&house.lock);
    light_ledger_close(&house.light);
    service_ledger_close(&house.ledger);
    house.ledger = service_ledger_open(house.path, GROUP, 3, INSTANCES);
    pthread_mutex_unlock(&house.lock);
}

/* --- an enclave */

struct app app_born(void)
{
    return (struct app){ .born = false };
}

/* What its owner trusts. */
static void app_trust(struct app *app)
{
    pthread_mutex_lock(&house.lock);
    app->trust = (struct assay_enclave_trust){ .has_view = false };
    light_ledger_checkpoint(house.light, &app->trust.checkpoint);
    pthread_mutex_unlock(&house.lock);
}

static const struct assay_secret32 owner_secret = { { 5, 1 } };

const uint8_t *app_owner(void)
{
    static uint8_t key[ASSAY_P256_PUBLIC_LEN];
    cr_assert_eq(assay_p256_public(&owner_secret, key), ASSAY_OK);
    return key;
}

/* The owner signs the newest checkpoint: a RECOVER lies between (docs/services.md 9.8). */
void app_cross(struct app *app)
{
    struct assay_checkpoint newest;
    struct assay_p256_signer *signer = NULL;
    struct assay_writer w = assay_writer_over(app->later, sizeof app->later);
    uint8_t digest[32];
    pthread_mutex_lock(&house.lock);
    light_ledger_checkpoint(house.light, &newest);
    pthread_mutex_unlock(&house.lock);
    cr_assert_eq(assay_checkpoint_encode(&newest, &w), ASSAY_OK);
    app->later_len = w.len;
    assay_light_owner_digest(assay_slice_over(app->later, w.len), digest);
    cr_assert_eq(assay_p256_signer_load(&owner_secret, &signer), ASSAY_OK);
    cr_assert_eq(assay_p256_sign(signer, digest, app->later_signature), ASSAY_OK);
    assay_p256_signer_free(&signer);
}

void app_open(struct app *app)
{
    const struct assay_enclave_config config = { .ledger = house.enclaves,
                                                 .group = GROUP,
                                                 .identity = app->born ? &app->identity : NULL,
                                                 .trust = &app->trust,
                                                 .owner = app_owner(),
                                                 .later = { app->later, app->later_len },
                                                 .later_signature = app->later_signature,
                                                 .handover_ms = app->handover_ms,
                                                 .lease = app->lease };
    if (!app->born) app_trust(app);
    char message[ASSAY_ENCLAVE_MESSAGE_LEN];
    cr_assert_eq(assay_enclave_open(&config, &app->enclave, message), ASSAY_OK, "%s", message);
}

/* What an enclave waits for is proven by a close. */
enum assay_enclave_result app_find(struct app *app, struct assay_cont_entry *found)
{
    enum assay_enclave_result result = ASSAY_ENCLAVE_IN_DOUBT;
    for (int i = 0; i < SOON_MS / TRY_MS && result == ASSAY_ENCLAVE_IN_DOUBT; i++) {
        close_epochs(1);
        result = assay_enclave_start(app->enclave, TRY_MS, found);
    }
    return result;
}

enum assay_enclave_result app_wait(struct app *app)
{
    enum assay_enclave_result result = ASSAY_ENCLAVE_IN_DOUBT;
    for (int i = 0; i < SOON_MS / TRY_MS && result == ASSAY_ENCLAVE_IN_DOUBT; i++) {
        if (i > 0) close_epochs(1);
        result = assay_enclave_wait(app->enclave, app->index, TRY_MS);
    }
    return result;
}

enum assay_enclave_result app_retire(struct app *app)
{
    enum assay_enclave_result result = ASSAY_ENCLAVE_IN_DOUBT;
    for (int i = 0; i < SOON_MS / TRY_MS && result == ASSAY_ENCLAVE_IN_DOUBT; i++) {
        result = assay_enclave_retire(app->enclave, TRY_MS);
        close_epochs(1);
    }
    return result;
}

/* From the state that it has. */
enum assay_enclave_result app_start(struct app *app, struct assay_cont_entry *found)
{
    app_open(app);
    const enum assay_enclave_result result = app_find(app, found);
    if (result != ASSAY_ENCLAVE_OK) return result;
    app->identity = *assay_enclave_identity(app->enclave); /* sealed with the state */
    assay_enclave_get_trust(app->enclave, &app->trust);
    app->born = true;
    return assay_enclave_adopt(app->enclave, app->index, app->prev, app->hash, SOON_MS);
}

enum assay_enclave_result app_next(struct app *app)
{
    const struct assay_cont_client *client = assay_enclave_client(app->enclave);
    uint8_t hash[32] = { (uint8_t)app->index, (uint8_t)(app->index >> 8), 7 };
    uint8_t prev[32];
    uint64_t index = 0;
    assay_bytes_copy(prev, 32, client->last_digest, 32);
    const enum assay_enclave_result result = assay_enclave_update(app->enclave, hash, &index);
    if (result != ASSAY_ENCLAVE_OK) return result;
    cr_assert_eq(index, app->index + 1);
    app->index = index;
    assay_bytes_copy(app->prev, 32, prev, 32);
    assay_bytes_copy(app->hash, 32, hash, 32);
    return ASSAY_ENCLAVE_OK;
}

void app_go_on(struct app *app, uint32_t states)
{
    for (uint32_t i = 0; i < states; i++)
        cr_assert_eq(app_next(app), ASSAY_ENCLAVE_OK);
    cr_assert_eq(app_wait(app), ASSAY_ENCLAVE_OK);
}

void app_end(struct app *app)
{
    assay_enclave_close(&app->enclave);
}

uint32_t instances(void)
{
    pthread_mutex_lock(&house.lock);
    const uint32_t count = service_ledger_group(house.ledger)->instance_count;
    pthread_mutex_unlock(&house.lock);
    return count;
}
