/*
 * net/services/continuity/replica_node.c - process of a replica: links, ledger and liveness
 * reports.
 */
#include "net/services/continuity/replica_node.h"

#include "base/assert.h"
#include "base/bitmap.h"
#include "base/checked.h"
#include "base/system_clock.h"
#include "net/services/continuity/replica_links.h"
#include "net/services/follower.h"
#include "services/shares/sodium.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SUBMIT_AGAIN_MS = 1000, /* records may be lost on their way to a block */
    FRAMES_PER_TURN = 512,
    SILENT_MS = 30000, /* at least, before another seat is reported */
    LOOPS_MAX = 64,    /* what a replica says to itself in one step */
};

/* A record of this epoch. */
struct said {
    uint64_t view, epoch; /* view: of an ALIVE its era */
    size_t len;
    uint8_t bytes[256];
};

struct assay_replica_node {
    struct assay_replica_node_config config;
    struct assay_secret32 secret, link_seed;
    uint8_t key[ASSAY_P256_PUBLIC_LEN];
    struct assay_p256_signer *signer;
    struct assay_replica_links *links;
    struct assay_follower *follower;
    enum assay_status ledger;
    uint64_t revision; /* of the follower, at the last update of the links */
    struct assay_cont_contact contact;

    void *memory;
    struct assay_cont_replica *replica; /* NULL before the chain is known */
    uint64_t wake_at_ms, now_ms;
    bool listed;
    uint64_t listed_era;          /* in which it was shown so last */
    bool is_notified;             /* the ledger shows it as it is */
    bool drains;                  /* it was asked to */
    bool drained;                 /* and has no seat any more */
    uint64_t era, epoch;          /* that closed last, */
    uint64_t closed_ms, epoch_ms; /* when it was reported, how long it took */
    struct said silent[ASSAY_CONT_SEATS_MAX], alive;
    uint64_t submit_at_ms;
    uint64_t table_view; /* of the TABLE that waits to become final; 0: none */
    size_t table_len;
    uint8_t table[ASSAY_CONT_RECORD_MAX];
    enum assay_status failure; /* of the host */
    struct assay_replica_node_figures figures;

    struct assay_cont_effects effects;
    /* What it said to itself. */
    size_t loop_count;
    struct {
        size_t len;
        uint8_t bytes[ASSAY_CONT_FRAME_MAX];
    } * loop; /* [LOOPS_MAX] */
};

static void on_fact(void *context, const struct assay_cont_fact *fact);
static void on_result(void *context, enum assay_service_kind kind, struct assay_slice payload,
                      const char *word);

static void on_drained(void *context)
{
    assay_replica_node_drain(context);
}

static enum assay_status set_up(struct assay_replica_node *n,
                                char message[static ASSAY_REPLICA_NODE_MESSAGE_LEN])
{
    ASSAY_ASSERT(n->memory == NULL && n->links == NULL && n->follower == NULL);
    struct assay_secret32 curve_secret;
    const struct assay_replica_links_config links = { .listen = n->config.listen,
                                                      .instances = n->config.instances_max,
                                                      .secret = &curve_secret };
    n->memory = malloc(assay_cont_replica_size(n->config.instances_max));
    n->loop = calloc(LOOPS_MAX, sizeof *n->loop);
    if (n->memory == NULL || n->loop == NULL) return ASSAY_E_MEMORY;
    ASSAY_TRY(assay_p256_generate(&n->secret, n->key));
    ASSAY_TRY(assay_p256_signer_load(&n->secret, &n->signer));
    ASSAY_TRY(assay_random(n->link_seed.bytes, sizeof n->link_seed.bytes));
    assay_sodium_link_secret(&n->link_seed, &curve_secret);
    const enum assay_status opened = assay_replica_links_open(&links, &n->links, message);
    assay_secret_wipe(&curve_secret, sizeof curve_secret);
    ASSAY_TRY(opened);
    (void)snprintf(message, ASSAY_REPLICA_NODE_MESSAGE_LEN, "the address is longer than %d bytes",
                   ASSAY_CONT_ADDRESS_MAX);
    ASSAY_TRY(assay_replica_links_contact(n->links, n->config.host, &n->contact));
    (void)snprintf(message, ASSAY_REPLICA_NODE_MESSAGE_LEN,
                   "the path of the ledger's socket is longer than %d bytes",
                   ASSAY_FOLLOWER_PATH_MAX);
    const struct assay_follower_config follower = { .path = n->config.ledger,
                                                    .role = ASSAY_SERVICE_ROLE_REPLICA,
                                                    .group = n->config.group,
                                                    .callbacks = { .fact = on_fact,
                                                                   .became = on_result,
                                                                   .drained = on_drained },
                                                    .context = n };
    return assay_follower_create(&follower, &n->follower);
}

enum assay_status assay_replica_node_open(const struct assay_replica_node_config *config,
                                          struct assay_replica_node **out,
                                          char message[static ASSAY_REPLICA_NODE_MESSAGE_LEN])
{
    ASSAY_ASSERT(config->instances_max > 0 && config->instances_max <= ASSAY_CONT_INSTANCES_MAX);
    struct assay_replica_node *n = calloc(1, sizeof *n);
    (void)snprintf(message, ASSAY_REPLICA_NODE_MESSAGE_LEN, "out of memory, or no random numbers");
    if (n == NULL) return ASSAY_E_MEMORY;
    n->config = *config;
    n->wake_at_ms = UINT64_MAX;
    n->ledger = ASSAY_E_AGAIN;
    const enum assay_status status = set_up(n, message);
    if (status != ASSAY_OK) assay_replica_node_close(&n);
    else message[0] = '\0';
    *out = n;
    return status;
}

void assay_replica_node_close(struct assay_replica_node **node)
{
    struct assay_replica_node *n = *node;
    if (n == NULL) return;
    assay_follower_destroy(&n->follower);
    assay_replica_links_close(&n->links);
    assay_p256_signer_free(&n->signer);
    assay_secret_wipe(&n->secret, sizeof n->secret);
    assay_secret_wipe(&n->link_seed, sizeof n->link_seed);
    free(n->memory);
    free(n->loop);
    free(n);
    *node = NULL;
}

/* --- sending */

static void queue_to_self(struct assay_replica_node *n, struct assay_slice frame)
{
    ASSAY_ASSERT(frame.len <= ASSAY_CONT_FRAME_MAX && n->loop_count <= LOOPS_MAX);
    if (n->loop_count == LOOPS_MAX) return; /* resent, like a frame that a link loses */
    n->loop[n->loop_count].len = frame.len;
    assay_bytes_copy(n->loop[n->loop_count].bytes, ASSAY_CONT_FRAME_MAX, frame.bytes, frame.len);
    n->loop_count++;
}

static void send_to_key(struct assay_replica_node *n, const uint8_t *key, struct assay_slice frame)
{
    if (assay_bytes_equal(key, n->key, ASSAY_P256_PUBLIC_LEN)) queue_to_self(n, frame);
    else assay_replica_links_send_to_key(n->links, key, frame);
}

/* Every replica of the known views, and itself. */
static void send_to_group(struct assay_replica_node *n, struct assay_slice frame)
{
    const struct assay_cont_group *group = assay_follower_group(n->follower);
    ASSAY_ASSERT(group != NULL);
    const struct assay_cont_seats *both[] = { &group->now, &group->next };
    queue_to_self(n, frame);
    for (uint32_t k = 0; k < 2; k++)
        for (uint32_t i = 0; i < both[k]->roster.count; i++) {
            const uint8_t *key = both[k]->roster.key[i];
            if (assay_bytes_equal(key, n->key, ASSAY_P256_PUBLIC_LEN)) continue;
            if (k == 1 && assay_cont_find_seat(&group->now.roster, key) < group->now.roster.count)
                continue;
            assay_replica_links_send_to_key(n->links, key, frame);
        }
}

static void submit_table(struct assay_replica_node *n)
{
    ASSAY_ASSERT(n->table_len > 0 && n->table_len <= sizeof n->table);
    assay_status_ignore(assay_follower_submit(n->follower, ASSAY_SERVICE_TABLE,
                                              assay_slice_over(n->table, n->table_len)),
                        "handed in again until the view starts");
}

static void submit_record(struct assay_replica_node *n, struct assay_slice payload)
{
    ASSAY_ASSERT(payload.len > 0);
    struct assay_cont_table_record record;
    const enum assay_status status = assay_cont_table_record_decode(payload, &record);
    ASSAY_ASSERT(status == ASSAY_OK && payload.len <= sizeof n->table);
    assay_bytes_copy(n->table, sizeof n->table, payload.bytes, payload.len);
    n->table_len = payload.len;
    n->table_view = record.roster.view;
    submit_table(n);
}

static bool sign_reply(struct assay_replica_node *n, const struct assay_cont_send *send)
{
    ASSAY_ASSERT(send->sign && send->at + send->len <= sizeof n->effects.bytes);
    uint8_t signature[ASSAY_P256_SIGNATURE_LEN];
    n->failure = assay_p256_sign(n->signer, send->statement, signature);
    if (n->failure != ASSAY_OK) return false;
    ASSAY_ASSERT(send->len >= sizeof signature);
    assay_bytes_copy(n->effects.bytes + send->at + send->len - sizeof signature, sizeof signature,
                     signature, sizeof signature);
    return true;
}

enum { OWN = UINT16_MAX };

static void send_to_sender(struct assay_replica_node *n, uint16_t slot, struct assay_slice frame)
{
    if (slot == OWN) queue_to_self(n, frame);
    else assay_replica_links_send_to_slot(n->links, slot, frame);
}

/* slot: of the sender of the answered frame; OWN: itself, or there is no answer. */
static void execute_effects(struct assay_replica_node *n, uint16_t slot)
{
    ASSAY_ASSERT(n->effects.count <= ASSAY_CONT_SENDS_MAX);
    for (uint32_t i = 0; i < n->effects.count && n->failure == ASSAY_OK; i++) {
        const struct assay_cont_send *send = &n->effects.send[i];
        ASSAY_ASSERT(send->at + send->len <= n->effects.used);
        const struct assay_slice bytes = assay_slice_over(n->effects.bytes + send->at, send->len);
        if (send->sign && !sign_reply(n, send)) return;
        switch (send->to) {
        case ASSAY_CONT_TO_SENDER: send_to_sender(n, slot, bytes); break;
        case ASSAY_CONT_TO_GROUP: send_to_group(n, bytes); break;
        case ASSAY_CONT_TO_KEY: send_to_key(n, send->key, bytes); break;
        case ASSAY_CONT_TO_LEDGER: submit_record(n, bytes); break;
        case ASSAY_CONT_TO_SESSION:
            assay_replica_links_send_to_session(n->links, send->instance, send->session, bytes);
            break;
        }
    }
    n->wake_at_ms = n->effects.wake_at_ms;
}

/* Processes frames to itself, and its answers to them. */
static void process_own_frames(struct assay_replica_node *n)
{
    ASSAY_ASSERT(n->replica != NULL && n->loop_count <= LOOPS_MAX);
    struct assay_cont_from own = { .replica = true };
    assay_bytes_copy(own.key, sizeof own.key, n->key, sizeof n->key);
    for (size_t at = 0; at < n->loop_count && n->failure == ASSAY_OK; at++) {
        const struct assay_slice frame = assay_slice_over(n->loop[at].bytes, n->loop[at].len);
        if (assay_cont_replica_frame(n->replica, &own, frame, n->now_ms, &n->effects) == ASSAY_OK)
            execute_effects(n, OWN);
    }
    n->loop_count = 0;
}

/* --- the ledger */

static void init_replica(struct assay_replica_node *n, const struct assay_cont_home *home)
{
    ASSAY_ASSERT(n->replica == NULL);
    struct assay_cont_replica_config config = { .home = *home,
                                                .instances_max = n->config.instances_max };
    assay_bytes_copy(config.key, sizeof config.key, n->key, sizeof n->key);
    n->replica = assay_cont_replica_init(n->memory,
                                         assay_cont_replica_size(n->config.instances_max), &config);
}

static bool is_of_views(enum assay_cont_fact_kind kind)
{
    return kind == ASSAY_CONT_BORN || kind == ASSAY_CONT_DECIDED || kind == ASSAY_CONT_STARTED;
}

static void on_fact(void *context, const struct assay_cont_fact *fact)
{
    struct assay_replica_node *n = context;
    if (n->replica == NULL) init_replica(n, &assay_follower_group(n->follower)->home);
    if (fact->kind == ASSAY_CONT_STARTED && fact->roster.view >= n->table_view) n->table_view = 0;
    assay_cont_replica_fact(n->replica, fact, n->now_ms, &n->effects);
    /* Peers that may connect from now on are set at once, since an answer may be due. Rows wait for
     * update_from_ledger(): no frame is sent to them for these facts. */
    if (is_of_views(fact->kind))
        assay_replica_links_apply(n->links, assay_follower_group(n->follower));
    execute_effects(n, OWN);
    process_own_frames(n);
}

static void on_result(void *context, enum assay_service_kind kind, struct assay_slice payload,
                      const char *word)
{
    struct assay_replica_node *n = context;
    if (kind != ASSAY_SERVICE_TABLE || strcmp(word, "applied") != 0 || n->replica == NULL) return;
    assay_status_ignore(assay_cont_replica_table(n->replica, payload),
                        "of another group, or of a view that is over");
}

/* Returns: the member that lists this process; NULL: none does. */
static const struct assay_cont_member *find_own_member(const struct assay_replica_node *n,
                                                       const struct assay_cont_group *group)
{
    for (uint32_t i = 0; i < ASSAY_CONT_SLOTS_MAX; i++)
        if (group->member[i].listed &&
            assay_bytes_equal(group->member[i].key, n->key, ASSAY_P256_PUBLIC_LEN))
            return &group->member[i];
    return NULL;
}

static bool has_seat(const struct assay_replica_node *n, const struct assay_cont_group *group)
{
    ASSAY_ASSERT(group->now.roster.count <= ASSAY_CONT_SEATS_MAX);
    return assay_cont_find_seat(&group->now.roster, n->key) < group->now.roster.count ||
           assay_cont_find_seat(&group->next.roster, n->key) < group->next.roster.count;
}

static void submit_listing(struct assay_replica_node *n)
{
    struct assay_cont_replica_record record = { .group = n->config.group,
                                                .contact = n->contact,
                                                .drains = n->drains };
    const struct assay_cont_group *group = assay_follower_group(n->follower);
    const uint8_t *const node = assay_follower_node(n->follower);
    uint8_t digest[32], bytes[ASSAY_CONT_RECORD_MAX];
    struct assay_slice payload;
    if (node == NULL) return; /* a daemon without a slot cannot list it */
    assay_bytes_copy(record.key, sizeof record.key, n->key, sizeof n->key);
    assay_cont_link_name(&n->link_seed, &record.link, &record.contact);
    assay_cont_replica_statement(&group->home, node, &record, digest);
    assay_sodium_link_sign(&n->link_seed, digest, record.link.signature);
    n->failure = assay_p256_sign(n->signer, digest, record.signature);
    if (n->failure != ASSAY_OK) return;
    const enum assay_status status =
        assay_cont_replica_record_encode(&record, bytes, sizeof bytes, &payload);
    ASSAY_ASSERT(status == ASSAY_OK);
    assay_status_ignore(assay_follower_submit(n->follower, ASSAY_SERVICE_REPLICA, payload),
                        "handed in again until it is listed");
}

/* --- liveness reports (docs/services.md 1.11) */

/* Signed once an epoch: the daemon submits the same bytes once, however often it gets them. */
static bool sign_silent(struct assay_replica_node *n, const struct assay_cont_group *group,
                        uint32_t seat, struct said *said)
{
    ASSAY_ASSERT(seat < ASSAY_CONT_SEATS_MAX && said->len <= sizeof said->bytes);
    struct assay_cont_silent_record record = { .group = n->config.group,
                                               .era = group->era,
                                               .view = group->now.roster.view,
                                               .seat = seat,
                                               .epoch = group->epoch + 1 };
    uint8_t digest[32];
    struct assay_slice payload;
    if (said->len > 0 && said->view == record.view && said->epoch == record.epoch) return true;
    for (uint32_t slot = 0; slot < ASSAY_CONT_SLOTS_MAX; slot++)
        if (group->member[slot].listed &&
            assay_cont_replica_is_reachable(n->replica, group->member[slot].key, n->now_ms))
            assay_bit_add(record.reachable, slot);
    assay_bytes_copy(record.key, sizeof record.key, n->key, sizeof n->key);
    assay_cont_silent_statement(&group->home, &record, digest);
    n->failure = assay_p256_sign(n->signer, digest, record.signature);
    if (n->failure != ASSAY_OK) return false;
    const enum assay_status status =
        assay_cont_silent_record_encode(&record, said->bytes, sizeof said->bytes, &payload);
    ASSAY_ASSERT(status == ASSAY_OK);
    said->view = record.view;
    said->epoch = record.epoch;
    said->len = payload.len;
    return true;
}

static bool sign_alive(struct assay_replica_node *n, const struct assay_cont_group *group,
                       struct said *said)
{
    ASSAY_ASSERT(said->len <= sizeof said->bytes);
    struct assay_cont_alive_record record = { .group = n->config.group,
                                              .era = group->era,
                                              .epoch = group->epoch + 1 };
    const uint8_t *const node = assay_follower_node(n->follower);
    uint8_t digest[32];
    struct assay_slice payload;
    if (node == NULL) return false; /* a daemon without a slot cannot submit */
    if (said->len > 0 && said->view == record.era && said->epoch == record.epoch) return true;
    assay_bytes_copy(record.key, sizeof record.key, n->key, sizeof n->key);
    assay_cont_alive_statement(&group->home, node, &record, digest);
    n->failure = assay_p256_sign(n->signer, digest, record.signature);
    if (n->failure != ASSAY_OK) return false;
    const enum assay_status status =
        assay_cont_alive_record_encode(&record, said->bytes, sizeof said->bytes, &payload);
    ASSAY_ASSERT(status == ASSAY_OK);
    said->view = record.era;
    said->epoch = record.epoch;
    said->len = payload.len;
    return true;
}

static void submit_signed(struct assay_replica_node *n, enum assay_service_kind kind,
                          const struct said *said)
{
    ASSAY_ASSERT(said->len > 0 && said->len <= sizeof said->bytes);
    assay_status_ignore(
        assay_follower_submit(n->follower, kind, assay_slice_over(said->bytes, said->len)),
        "handed in again until it is final, or of no use");
}

static void on_close(struct assay_replica_node *n, const struct assay_cont_group *group)
{
    if (group->era != n->era) { /* signatures of another era are useless */
        n->era = group->era;
        for (uint32_t i = 0; i < ASSAY_CONT_SEATS_MAX; i++)
            n->silent[i].len = 0;
    }
    if (group->epoch == n->epoch) return;
    n->epoch_ms = group->epoch == n->epoch + 1 ? n->now_ms - n->closed_ms : 0;
    n->epoch = group->epoch;
    n->closed_ms = n->now_ms;
}

static void submit_silence(struct assay_replica_node *n, const struct assay_cont_group *group,
                           const struct assay_cont_member *member)
{
    ASSAY_ASSERT(n->replica != NULL);
    const uint64_t silent_ms = n->epoch_ms / 2 > SILENT_MS ? n->epoch_ms / 2 : SILENT_MS;
    const uint32_t own = assay_cont_find_seat(&group->now.roster, n->key);
    for (uint32_t i = 0; own < group->now.roster.count && i < group->now.roster.count; i++)
        if ((group->silence[i].by[0] >> own & 1) == 0 &&
            assay_cont_replica_is_silent(n->replica, group->now.roster.view, i, n->now_ms,
                                         silent_ms) &&
            sign_silent(n, group, i, &n->silent[i]))
            submit_signed(n, ASSAY_SERVICE_SILENT, &n->silent[i]);
    if (member != NULL && assay_cont_group_needs_alive(group, (uint32_t)(member - group->member)) &&
        sign_alive(n, group, &n->alive))
        submit_signed(n, ASSAY_SERVICE_ALIVE, &n->alive);
}

/* Returns: ASSAY_OK | ASSAY_E_STALE | ASSAY_E_RANGE */
static enum assay_status update_from_ledger(struct assay_replica_node *n)
{
    const enum assay_status status = assay_follower_step(n->follower, n->now_ms);
    if (status != ASSAY_OK || assay_follower_follows(n->follower)) n->ledger = status;
    const struct assay_cont_group *group = assay_follower_group(n->follower);
    if (group == NULL) return ASSAY_OK;
    if (group->instances_max > n->config.instances_max) return ASSAY_E_RANGE;
    if (n->replica == NULL) init_replica(n, &group->home);
    on_close(n, group);
    if (n->revision != assay_follower_revision(n->follower)) {
        n->revision = assay_follower_revision(n->follower);
        assay_replica_links_apply(n->links, group);
        const struct assay_cont_member *const member = find_own_member(n, group);
        /* Within an era another process of the member replaced it. A RECOVER may undo the listing,
         * but not its memory: it is listed again. */
        if (n->listed && member == NULL && group->era == n->listed_era) return ASSAY_E_STALE;
        n->listed = member != NULL;
        if (n->listed) n->listed_era = group->era;
        n->is_notified = member != NULL && member->drains == n->drains;
        n->drained = n->drains && n->is_notified && !has_seat(n, group);
    }
    if (n->now_ms < n->submit_at_ms) return ASSAY_OK;
    n->submit_at_ms = n->now_ms + SUBMIT_AGAIN_MS;
    if (!n->is_notified) submit_listing(n);
    if (n->table_view > 0) submit_table(n);
    submit_silence(n, group, find_own_member(n, group));
    return ASSAY_OK;
}

/* --- turn */

static int wait_ms(const struct assay_replica_node *n, int timeout_ms)
{
    uint64_t due = n->wake_at_ms;
    /* Before the ledger is known nothing is submitted. */
    if (assay_follower_group(n->follower) != NULL) due = assay_min_u64(due, n->submit_at_ms);
    const uint64_t left = due > n->now_ms ? due - n->now_ms : 0;
    return left < (uint64_t)timeout_ms ? (int)left : timeout_ms;
}

static void process_frames(struct assay_replica_node *n)
{
    struct assay_cont_from from;
    struct assay_slice frame;
    uint16_t slot = 0;
    for (int i = 0; i < FRAMES_PER_TURN && n->failure == ASSAY_OK; i++) {
        if (assay_replica_links_receive(n->links, &slot, &from, &frame) != ASSAY_OK) break;
        if (n->replica == NULL) continue;
        if (assay_cont_replica_frame(n->replica, &from, frame, n->now_ms, &n->effects) !=
            ASSAY_OK) {
            n->figures.refused++;
            continue;
        }
        n->figures.frames++;
        execute_effects(n, slot);
        process_own_frames(n);
    }
    assay_replica_links_flush(n->links);
}

enum assay_status assay_replica_node_step(struct assay_replica_node *node, int timeout_ms)
{
    struct assay_replica_node *n = node;
    struct pollfd extra = assay_follower_poll(n->follower);
    n->now_ms = assay_monotonic_ms();
    ASSAY_TRY(assay_replica_links_wait(n->links, &extra, wait_ms(n, timeout_ms)));
    n->now_ms = assay_monotonic_ms();
    ASSAY_TRY(update_from_ledger(n));
    process_frames(n);
    if (n->replica != NULL && n->now_ms >= n->wake_at_ms) {
        assay_cont_replica_tick(n->replica, n->now_ms, &n->effects);
        execute_effects(n, OWN);
        process_own_frames(n);
        assay_replica_links_flush(n->links);
    }
    return n->failure;
}

struct assay_cont_status assay_replica_node_status(const struct assay_replica_node *node)
{
    if (node->replica == NULL) return (struct assay_cont_status){ 0 };
    return assay_cont_replica_status(node->replica);
}

struct assay_replica_node_figures assay_replica_node_figures(const struct assay_replica_node *node)
{
    return node->figures;
}

enum assay_status assay_replica_node_ledger(const struct assay_replica_node *node)
{
    return node->ledger;
}

void assay_replica_node_drain(struct assay_replica_node *node)
{
    if (node->drains) return;
    node->drains = true;
    node->is_notified = false;
    node->submit_at_ms = 0;
}

bool assay_replica_node_drains(const struct assay_replica_node *node)
{
    return node->drains;
}

bool assay_replica_node_is_drained(const struct assay_replica_node *node)
{
    return node->drained;
}

bool assay_replica_node_is_listed(const struct assay_replica_node *node)
{
    return node->listed;
}
