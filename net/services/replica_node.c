/*
 * net/services/replica_node.c - see replica_node.h.
 */
#include "net/services/replica_node.h"

#include "base/assert.h"
#include "net/services/board.h"
#include "net/services/follower.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    SUBMIT_AGAIN_MS = 1000, /* records may be lost on their way to a block */
    FRAMES_PER_TURN = 512,
    LOOPS_MAX = 64, /* what a replica says to itself in one step */
};

struct assay_replica_node {
    struct assay_replica_node_config config;
    struct assay_secret32 secret;
    uint8_t key[ASSAY_P256_PUBLIC_LEN];
    struct assay_p256_signer *signer;
    struct assay_board *board;
    struct assay_follower *follower;
    enum assay_status ledger;
    uint64_t told; /* of the follower, when the board was told */
    struct assay_cont_contact contact;

    void *memory;
    struct assay_cont_replica *replica; /* NULL before the chain is known */
    uint64_t wake_at_ms, now_ms;
    bool listed;
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

static void told(void *context, const struct assay_cont_fact *fact);

static enum assay_status set_up(struct assay_replica_node *n,
                                char message[static ASSAY_REPLICA_NODE_MESSAGE_LEN])
{
    const struct assay_board_config board = { .listen = n->config.listen,
                                              .instances = n->config.instances_max };
    n->memory = malloc(assay_cont_replica_size(n->config.instances_max));
    n->loop = calloc(LOOPS_MAX, sizeof *n->loop);
    if (n->memory == NULL || n->loop == NULL) return ASSAY_E_MEMORY;
    ASSAY_TRY(assay_p256_generate(&n->secret, n->key));
    ASSAY_TRY(assay_p256_signer_load(&n->secret, &n->signer));
    ASSAY_TRY(assay_board_open(&board, &n->board, message));
    (void)snprintf(message, ASSAY_REPLICA_NODE_MESSAGE_LEN, "the address is longer than %d bytes",
                   ASSAY_CONT_ADDRESS_MAX);
    ASSAY_TRY(assay_board_contact(n->board, n->config.host, &n->contact));
    (void)snprintf(message, ASSAY_REPLICA_NODE_MESSAGE_LEN,
                   "the path of the ledger's socket is longer than %d bytes",
                   ASSAY_FOLLOWER_PATH_MAX);
    const struct assay_follower_config follower = { .path = n->config.ledger,
                                                    .service = ASSAY_SERVICE_CONTINUITY,
                                                    .group = n->config.group,
                                                    .tells = { .fact = told },
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
    assay_board_close(&n->board);
    assay_p256_signer_free(&n->signer);
    assay_secret_wipe(&n->secret, sizeof n->secret);
    free(n->memory);
    free(n->loop);
    free(n);
    *node = NULL;
}

/* --- what it says */

static void loop_back(struct assay_replica_node *n, struct assay_slice frame)
{
    if (n->loop_count == LOOPS_MAX) return; /* said again, as what a link loses */
    n->loop[n->loop_count].len = frame.len;
    assay_bytes_copy(n->loop[n->loop_count].bytes, ASSAY_CONT_FRAME_MAX, frame.bytes, frame.len);
    n->loop_count++;
}

static void to_key(struct assay_replica_node *n, const uint8_t *key, struct assay_slice frame)
{
    if (assay_bytes_equal(key, n->key, ASSAY_P256_PUBLIC_LEN)) loop_back(n, frame);
    else assay_board_to_replica(n->board, key, frame);
}

/* Every replica of the views that are known, and itself. */
static void to_group(struct assay_replica_node *n, struct assay_slice frame)
{
    const struct assay_cont_group *group = assay_follower_group(n->follower);
    const struct assay_cont_seats *both[] = { &group->now, &group->next };
    loop_back(n, frame);
    for (uint32_t k = 0; k < 2; k++)
        for (uint32_t i = 0; i < both[k]->roster.count; i++) {
            const uint8_t *key = both[k]->roster.key[i];
            if (assay_bytes_equal(key, n->key, ASSAY_P256_PUBLIC_LEN)) continue;
            if (k == 1 && assay_cont_seat(&group->now.roster, key) < group->now.roster.count)
                continue;
            assay_board_to_replica(n->board, key, frame);
        }
}

static void submit_table(struct assay_replica_node *n)
{
    assay_status_ignore(assay_follower_submit(n->follower, ASSAY_SERVICE_TABLE,
                                              assay_slice_over(n->table, n->table_len)),
                        "handed in again until the view starts");
}

static void to_ledger(struct assay_replica_node *n, struct assay_slice payload)
{
    struct assay_cont_table_record record;
    const enum assay_status status = assay_cont_table_record_decode(payload, &record);
    ASSAY_ASSERT(status == ASSAY_OK && payload.len <= sizeof n->table);
    assay_bytes_copy(n->table, sizeof n->table, payload.bytes, payload.len);
    n->table_len = payload.len;
    n->table_view = record.view;
    submit_table(n);
}

static bool sign(struct assay_replica_node *n, const struct assay_cont_send *send)
{
    uint8_t signature[ASSAY_P256_SIGNATURE_LEN];
    n->failure = assay_p256_sign(n->signer, send->statement, signature);
    if (n->failure != ASSAY_OK) return false;
    ASSAY_ASSERT(send->len >= sizeof signature);
    assay_bytes_copy(n->effects.bytes + send->at + send->len - sizeof signature, sizeof signature,
                     signature, sizeof signature);
    return true;
}

enum { OWN = UINT16_MAX };

static void to_sender(struct assay_replica_node *n, uint16_t slot, struct assay_slice frame)
{
    if (slot == OWN) loop_back(n, frame);
    else assay_board_to_slot(n->board, slot, frame);
}

/* slot: of the sender of the frame that is answered; OWN: itself, or nothing is answered. */
static void perform(struct assay_replica_node *n, uint16_t slot)
{
    for (uint32_t i = 0; i < n->effects.count && n->failure == ASSAY_OK; i++) {
        const struct assay_cont_send *send = &n->effects.send[i];
        const struct assay_slice bytes = assay_slice_over(n->effects.bytes + send->at, send->len);
        if (send->sign && !sign(n, send)) return;
        switch (send->to) {
        case ASSAY_CONT_TO_SENDER: to_sender(n, slot, bytes); break;
        case ASSAY_CONT_TO_GROUP: to_group(n, bytes); break;
        case ASSAY_CONT_TO_KEY: to_key(n, send->key, bytes); break;
        case ASSAY_CONT_TO_LEDGER: to_ledger(n, bytes); break;
        }
    }
    n->wake_at_ms = n->effects.wake_at_ms;
}

/* What it said to itself, and what it says to that. */
static void hear_oneself(struct assay_replica_node *n)
{
    struct assay_cont_from own = { .replica = true };
    assay_bytes_copy(own.key, sizeof own.key, n->key, sizeof n->key);
    for (size_t at = 0; at < n->loop_count && n->failure == ASSAY_OK; at++) {
        const struct assay_slice frame = assay_slice_over(n->loop[at].bytes, n->loop[at].len);
        if (assay_cont_replica_frame(n->replica, &own, frame, n->now_ms, &n->effects) == ASSAY_OK)
            perform(n, OWN);
    }
    n->loop_count = 0;
}

/* --- the ledger */

static void be_born(struct assay_replica_node *n, const struct assay_cont_home *home)
{
    struct assay_cont_replica_config config = { .home = *home,
                                                .instances_max = n->config.instances_max };
    assay_bytes_copy(config.key, sizeof config.key, n->key, sizeof n->key);
    n->replica = assay_cont_replica_init(n->memory,
                                         assay_cont_replica_size(n->config.instances_max), &config);
}

static void told(void *context, const struct assay_cont_fact *fact)
{
    struct assay_replica_node *n = context;
    if (n->replica == NULL) be_born(n, &assay_follower_group(n->follower)->home);
    if (fact->kind == ASSAY_CONT_STARTED && fact->roster.view >= n->table_view) n->table_view = 0;
    assay_cont_replica_fact(n->replica, fact, n->now_ms, &n->effects);
    /* Who may call from now on: an answer may be asked for at once. */
    assay_board_take(n->board, assay_follower_group(n->follower));
    perform(n, OWN);
    hear_oneself(n);
}

static bool is_listed(const struct assay_replica_node *n, const struct assay_cont_group *group)
{
    for (uint32_t i = 0; i < ASSAY_CONT_SLOTS_MAX; i++)
        if (group->member[i].listed &&
            assay_bytes_equal(group->member[i].key, n->key, ASSAY_P256_PUBLIC_LEN))
            return true;
    return false;
}

static void list_oneself(struct assay_replica_node *n)
{
    struct assay_cont_replica_record record = { .group = n->config.group, .contact = n->contact };
    uint8_t bytes[ASSAY_CONT_RECORD_MAX];
    struct assay_slice payload;
    assay_bytes_copy(record.key, sizeof record.key, n->key, sizeof n->key);
    const enum assay_status status =
        assay_cont_replica_record_encode(&record, bytes, sizeof bytes, &payload);
    ASSAY_ASSERT(status == ASSAY_OK);
    assay_status_ignore(assay_follower_submit(n->follower, ASSAY_SERVICE_REPLICA, payload),
                        "handed in again until it is listed");
}

/* Returns: ASSAY_OK | ASSAY_E_STALE */
static enum assay_status follow(struct assay_replica_node *n)
{
    const enum assay_status status = assay_follower_turn(n->follower, n->now_ms);
    if (status != ASSAY_OK || assay_follower_follows(n->follower)) n->ledger = status;
    const struct assay_cont_group *group = assay_follower_group(n->follower);
    if (group == NULL) return ASSAY_OK;
    if (n->replica == NULL) be_born(n, &group->home);
    if (n->told != assay_follower_told(n->follower)) {
        n->told = assay_follower_told(n->follower);
        assay_board_take(n->board, group);
        const bool listed = is_listed(n, group);
        if (n->listed && !listed) return ASSAY_E_STALE;
        n->listed = listed;
    }
    if (n->now_ms < n->submit_at_ms) return ASSAY_OK;
    n->submit_at_ms = n->now_ms + SUBMIT_AGAIN_MS;
    if (!n->listed) list_oneself(n);
    if (n->table_view > 0) submit_table(n);
    return ASSAY_OK;
}

/* --- a turn */

static int wait_ms(const struct assay_replica_node *n, int timeout_ms)
{
    const uint64_t due = n->wake_at_ms < n->submit_at_ms ? n->wake_at_ms : n->submit_at_ms;
    const uint64_t left = due > n->now_ms ? due - n->now_ms : 0;
    return left < (uint64_t)timeout_ms ? (int)left : timeout_ms;
}

static void serve(struct assay_replica_node *n)
{
    struct assay_cont_from from;
    struct assay_slice frame;
    uint16_t slot = 0;
    for (int i = 0; i < FRAMES_PER_TURN && n->failure == ASSAY_OK; i++) {
        if (assay_board_receive(n->board, &slot, &from, &frame) != ASSAY_OK) break;
        if (n->replica == NULL) continue;
        if (assay_cont_replica_frame(n->replica, &from, frame, n->now_ms, &n->effects) !=
            ASSAY_OK) {
            n->figures.refused++;
            continue;
        }
        n->figures.frames++;
        perform(n, slot);
        hear_oneself(n);
    }
    assay_board_flush(n->board);
}

enum assay_status assay_replica_node_turn(struct assay_replica_node *node, int timeout_ms)
{
    struct assay_replica_node *n = node;
    struct pollfd extra = assay_follower_poll(n->follower);
    n->now_ms = assay_board_clock_ms();
    ASSAY_TRY(assay_board_wait(n->board, n->now_ms, &extra, 1, wait_ms(n, timeout_ms)));
    n->now_ms = assay_board_clock_ms();
    ASSAY_TRY(follow(n));
    serve(n);
    if (n->replica != NULL && n->now_ms >= n->wake_at_ms) {
        assay_cont_replica_tick(n->replica, n->now_ms, &n->effects);
        perform(n, OWN);
        hear_oneself(n);
        assay_board_flush(n->board);
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

bool assay_replica_node_is_listed(const struct assay_replica_node *node)
{
    return node->listed;
}
