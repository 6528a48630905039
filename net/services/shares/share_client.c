/*
 * net/services/shares/share_client.c - client of an owner or reader of shares.
 */
#include "net/services/shares/share_client.h"

#include "base/assert.h"
#include "base/system_clock.h"
#include "net/services/server/client_listener.h"
#include "net/services/server/record_queue.h"
#include "net/services/shares/holder_node.h"
#include "net/services/shares/share_orders.h"
#include "net/system/resolver.h"
#include "net/zmq/link.h"
#include "services/shares/exchange.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FRAMES_PER_TURN = 64, /* of one holder: others have their turns */
    AGAIN_MS = 400,
    GIVE_UP_MS = 3000,
    SERIAL_SLOTS = 256,
    READ_AGAIN_MS = 5000, /* doubled each time */
    READ_AGAIN_MS_MAX = 60000,
};

/* Connection to one slot of the cluster. */
struct talk {
    struct assay_client_connection *call; /* NULL: none */
    bool has_begun;          /* the first message is sent, or queued */
    bool under_way;          /* x is active */
    bool has;                /* reader: its share is here */
    uint64_t turn;           /* counts exchanges: answers of older ones are ignored */
    uint64_t next_ms, until_ms;
    struct assay_share_exchange x;
};

enum operation { NOTHING, PUTS, READS, DELETES, CHANGES };

struct assay_share_client {
    struct assay_share_client_config config;
    struct assay_secret32 secret_key;
    uint8_t key[ASSAY_P256_PUBLIC_LEN];
    struct assay_p256_signer *signer;
    struct assay_follower *follower;
    struct assay_record_queue *pending;
    struct assay_resolver *resolver; /* of all slots: its threads are bounded */
    uint64_t now_ms;
    enum operation operation;
    enum assay_share_client_state state;
    const char *why;
    uint8_t name[32]; /* in exchanges */
    uint8_t id[32];
    uint32_t cluster, k;
    bool is_final;
    struct talk talk[ASSAY_SHARE_SLOTS_MAX];
    uint64_t turns;
    struct assay_share_readers_record change; /* DELETES, CHANGES: the submitted record */
    /* put */
    struct assay_share_polynomial polynomial;
    struct assay_share_commitments commitments;
    /* read */
    struct assay_share_read_record read;
    struct assay_secret32 box_seed;
    uint64_t read_again_ms, read_pause_ms;
    uint32_t generation;
    uint8_t dealt[32]; /* digest of that generation */
    struct assay_share_piece piece[ASSAY_SHARE_SLOTS_MAX];
    size_t sealed_len, payload_len;
    uint8_t *sealed, *payload;
    uint8_t frame[1 + 32 + ASSAY_SHARE_MESSAGE_MAX];
    uint8_t room[ASSAY_SHARE_MESSAGE_MAX + 32];
    uint8_t gift[ASSAY_SHARE_PIECE_MAX + 2];
};

static void apply_record(void *context, uint32_t slot, enum assay_service_kind kind,
                         struct assay_slice payload);
static void on_begin(void *context);
static void on_result(void *context, enum assay_service_kind kind, struct assay_slice payload,
                      const char *what);
static void evidence(void *context, uint64_t serial, struct assay_slice bytes);
static void on_verdict(void *context, uint64_t serial, bool good,
                       enum assay_registry_standing standing);
static void on_refused(void *context, enum assay_service_kind kind, struct assay_slice why);

enum assay_status assay_holder_client_open(const struct assay_share_client_config *config,
                                           struct assay_share_client **out)
{
    struct assay_share_client *c = calloc(1, sizeof *c);
    const struct assay_follower_config follower = {
        .path = config->ledger,
        .role = ASSAY_SERVICE_ROLE_OWNER,
        .callbacks = { .record = apply_record,
                       .became = on_result,
                       .begun = on_begin,
                       .evidence = evidence,
                       .verdict = on_verdict,
                       .refused = on_refused },
        .context = c,
    };
    *out = NULL;
    if (c == NULL) return ASSAY_E_MEMORY;
    c->config = *config;
    c->config.key = NULL;
    c->secret_key = *config->key;
    enum assay_status status = assay_sodium_start();
    if (status == ASSAY_OK) status = assay_p256_public(&c->secret_key, c->key);
    if (status == ASSAY_OK) status = assay_p256_signer_load(&c->secret_key, &c->signer);
    if (status == ASSAY_OK) status = assay_queue_create(ASSAY_RECORD_QUEUE_RESEND_MS, &c->pending);
    if (status == ASSAY_OK)
        status = assay_resolver_open(config->resolve, config->resolve_context, &c->resolver);
    if (status == ASSAY_OK) status = assay_follower_create(&follower, &c->follower);
    if (status != ASSAY_OK) assay_holder_client_close(&c);
    *out = c;
    return status;
}

static void end_talk(struct talk *t)
{
    assay_listener_connection_close(&t->call);
    assay_share_exchange_wipe(&t->x);
    t->under_way = t->has_begun = false;
}

void assay_holder_client_close(struct assay_share_client **client)
{
    struct assay_share_client *c = *client;
    if (c == NULL) return;
    for (uint32_t i = 0; i < ASSAY_SHARE_SLOTS_MAX; i++)
        end_talk(&c->talk[i]);
    assay_resolver_close(&c->resolver);
    assay_follower_destroy(&c->follower);
    assay_queue_destroy(&c->pending);
    assay_p256_signer_free(&c->signer);
    if (c->payload != NULL) assay_secret_wipe(c->payload, c->sealed_len);
    free(c->payload);
    free(c->sealed);
    assay_secret_wipe(c, sizeof *c);
    free(c);
    *client = NULL;
}

struct assay_slice assay_holder_client_payload(const struct assay_share_client *client)
{
    return assay_slice_over(client->payload, client->payload_len);
}

const struct assay_share_registry *assay_holder_client_registry(
    const struct assay_share_client *client)
{
    return assay_follower_shares(client->follower);
}

static void fail_operation(struct assay_share_client *c, const char *why)
{
    if (c->state != ASSAY_SHARE_CLIENT_WORKS) return;
    c->state = ASSAY_SHARE_CLIENT_FAILED;
    c->why = why;
}

/* --- put, by an owner */

static enum assay_status submit_record(struct assay_share_client *c, enum assay_service_kind kind,
                                       struct assay_slice payload)
{
    assay_queue_clear_kind(c->pending, kind);
    c->is_final = false;
    c->state = ASSAY_SHARE_CLIENT_WORKS;
    return assay_queue_add(c->pending, kind, payload);
}

static enum assay_status submit_put(struct assay_share_client *c,
                                    struct assay_share_put_record *put, struct assay_slice sealed,
                                    const struct assay_share_registry *r)
{
    uint8_t digest[32], bytes[ASSAY_SHARE_RECORD_MAX];
    struct assay_slice payload;
    assay_share_commitments_digest(&c->commitments, put->digest);
    assay_sha256(sealed.bytes, sealed.len, put->payload);
    assay_share_put_statement(&r->config.home, put, digest);
    ASSAY_TRY(assay_p256_sign(c->signer, digest, put->signature));
    ASSAY_TRY(assay_share_put_record_encode(put, bytes, sizeof bytes, &payload));
    return submit_record(c, ASSAY_SERVICE_SHARE_PUT, payload);
}

enum assay_status assay_holder_client_put(struct assay_share_client *client, uint32_t cluster,
                                          const uint8_t name[static 32],
                                          const struct assay_share_reader *readers,
                                          uint32_t reader_count, struct assay_slice payload,
                                          uint8_t id[static 32], uint8_t *sealed)
{
    struct assay_share_client *c = client;
    struct assay_share_put_record put = { .cluster = cluster, .reader_count = reader_count };
    const struct assay_share_registry *r = assay_follower_shares(c->follower);
    uint8_t nonce[ASSAY_SODIUM_NONCE_LEN];
    if (c->operation != NOTHING) return ASSAY_E_INVALID;
    if (r == NULL) return ASSAY_E_AGAIN;
    if (cluster >= r->config.clusters || payload.len == 0 ||
        payload.len > ASSAY_SHARE_PAYLOAD_MAX || reader_count == 0 ||
        reader_count > ASSAY_SHARE_READERS_MAX)
        return ASSAY_E_RANGE;
    assay_share_id(c->key, name, c->id);
    const struct assay_share_row *const row = assay_share_registry_find(r, c->id);
    if (row != NULL && row->synced) return ASSAY_E_DUPLICATE;
    if (!assay_share_registry_may_put(r, c->id, &put.birth)) return ASSAY_E_AGAIN;
    c->cluster = cluster;
    c->k = put.k = r->config.k;
    assay_bytes_copy(put.owner, sizeof put.owner, c->key, sizeof c->key);
    assay_bytes_copy(put.name, 32, name, 32);
    for (uint32_t i = 0; i < reader_count; i++)
        put.reader[i] = readers[i];
    ASSAY_TRY(assay_holder_order_deal(c->k, &c->polynomial, &c->commitments));
    ASSAY_TRY(assay_random(nonce, sizeof nonce));
    assay_share_payload_seal(&c->polynomial.a[0], c->id, nonce, payload, sealed);
    assay_bytes_copy(id, 32, c->id, 32);
    assay_bytes_copy(c->name, 32, c->id, 32);
    c->operation = PUTS;
    return submit_put(c, &put, assay_slice_over(sealed, payload.len + ASSAY_SHARE_PAYLOAD_MORE),
                      r);
}

/* --- changes, by an owner */

enum assay_status assay_holder_client_delete(struct assay_share_client *client,
                                             const uint8_t name[static 32], uint8_t id[static 32])
{
    struct assay_share_client *c = client;
    const struct assay_share_registry *r = assay_follower_shares(c->follower);
    uint8_t bytes[ASSAY_SHARE_RECORD_MAX];
    struct assay_slice payload;
    if (c->operation != NOTHING) return ASSAY_E_INVALID;
    if (r == NULL) return ASSAY_E_AGAIN;
    ASSAY_TRY(assay_holder_order_next(r, c->key, name, &c->change.order, c->id));
    ASSAY_TRY(assay_holder_order_delete(r, c->signer, &c->change.order, bytes, &payload));
    assay_bytes_copy(id, 32, c->id, 32);
    c->operation = DELETES;
    return submit_record(c, ASSAY_SERVICE_SHARE_DELETE, payload);
}

enum assay_status assay_holder_client_readers(struct assay_share_client *client,
                                              const uint8_t name[static 32],
                                              const struct assay_share_reader *readers,
                                              uint32_t reader_count, uint8_t id[static 32])
{
    struct assay_share_client *c = client;
    const struct assay_share_registry *r = assay_follower_shares(c->follower);
    uint8_t bytes[ASSAY_SHARE_RECORD_MAX];
    struct assay_slice payload;
    if (c->operation != NOTHING) return ASSAY_E_INVALID;
    if (r == NULL) return ASSAY_E_AGAIN;
    if (reader_count == 0 || reader_count > ASSAY_SHARE_READERS_MAX) return ASSAY_E_RANGE;
    ASSAY_TRY(assay_holder_order_next(r, c->key, name, &c->change.order, c->id));
    if (!assay_share_registry_find(r, c->id)->synced) return ASSAY_E_NOT_FOUND;
    c->change.reader_count = reader_count;
    for (uint32_t i = 0; i < reader_count; i++)
        c->change.reader[i] = readers[i];
    ASSAY_TRY(assay_holder_order_readers(r, c->signer, &c->change, bytes, &payload));
    assay_bytes_copy(id, 32, c->id, 32);
    c->operation = CHANGES;
    return submit_record(c, ASSAY_SERVICE_SHARE_READERS, payload);
}

/* --- read, by a reader */

static enum assay_status submit_read(struct assay_share_client *c,
                                     const struct assay_share_registry *r)
{
    uint8_t bytes[ASSAY_SHARE_RECORD_MAX];
    struct assay_slice payload;
    struct assay_share_read_record *read = &c->read;
    assay_bytes_copy(read->id, 32, c->id, 32);
    assay_bytes_copy(read->key, sizeof read->key, c->key, sizeof c->key);
    read->reader.kind = c->config.measured ? ASSAY_SHARE_READER_MEASUREMENT
                                           : ASSAY_SHARE_READER_ACCOUNT;
    assay_sha256(c->key, sizeof c->key, read->reader.name);
    if (c->config.measured)
        assay_bytes_copy(read->reader.name, 32, c->config.measurement, 32);
    ASSAY_TRY(assay_holder_order_read(r, c->signer, read, &c->box_seed, bytes, &payload));
    return submit_record(c, ASSAY_SERVICE_SHARE_READ, payload);
}

enum assay_status assay_holder_client_read(struct assay_share_client *client,
                                           const uint8_t id[static 32], struct assay_slice sealed)
{
    struct assay_share_client *c = client;
    const struct assay_share_registry *r = assay_follower_shares(c->follower);
    uint8_t digest[32];
    if (c->operation != NOTHING) return ASSAY_E_INVALID;
    if (r == NULL) return ASSAY_E_AGAIN;
    const struct assay_share_row *row = assay_share_registry_find(r, id);
    if (row == NULL || !row->synced) return ASSAY_E_NOT_FOUND;
    if (sealed.len <= ASSAY_SHARE_PAYLOAD_MORE ||
        sealed.len > ASSAY_SHARE_PAYLOAD_MAX + ASSAY_SHARE_PAYLOAD_MORE)
        return ASSAY_E_RANGE;
    assay_sha256(sealed.bytes, sealed.len, digest);
    if (!assay_bytes_equal(digest, row->payload, 32)) return ASSAY_E_CHAIN;
    c->sealed = malloc(sealed.len);
    c->payload = malloc(sealed.len);
    if (c->sealed == NULL || c->payload == NULL) return ASSAY_E_MEMORY;
    c->sealed_len = sealed.len;
    assay_bytes_copy(c->sealed, sealed.len, sealed.bytes, sealed.len);
    assay_bytes_copy(c->id, 32, id, 32);
    c->k = r->config.k;
    c->cluster = row->origin;
    c->operation = READS;
    c->read_pause_ms = READ_AGAIN_MS;
    /* By its node, with its evidence, or by its account. */
    const struct assay_follower_state *home = assay_follower_state(c->follower);
    if (!c->config.measured) assay_sha256(c->key, sizeof c->key, c->name);
    else if (home->slot < home->members) assay_bytes_copy(c->name, 32, home->node[home->slot], 32);
    return submit_read(c, r);
}

/* --- exchanges with holders */

static uint64_t serial_of(const struct assay_share_client *c, const struct talk *t)
{
    ASSAY_ASSERT(t->turn > 0 && t - c->talk < ASSAY_SHARE_SLOTS_MAX);
    return t->turn * SERIAL_SLOTS + (uint64_t)(t - c->talk);
}

static struct talk *talk_of(struct assay_share_client *c, uint64_t serial)
{
    const uint64_t slot = serial % SERIAL_SLOTS;
    if (slot >= ASSAY_SHARE_SLOTS_MAX) return NULL;
    struct talk *t = &c->talk[slot];
    return t->under_way && t->turn == serial / SERIAL_SLOTS ? t : NULL;
}

static void send_message(struct assay_share_client *c, struct talk *t,
                         enum assay_holder_frame_kind word, struct assay_slice bytes)
{
    ASSAY_ASSERT(bytes.len <= ASSAY_SHARE_MESSAGE_MAX);
    c->frame[0] = (uint8_t)word;
    assay_bytes_copy(c->frame + 1, 32, c->name, 32);
    assay_bytes_copy(c->frame + 33, sizeof c->frame - 33, bytes.bytes, bytes.len);
    if (assay_listener_connection_send(t->call, assay_slice_over(c->frame, 33 + bytes.len)) !=
        ASSAY_OK)
        end_talk(t);
}

static struct assay_share_terms terms_of(const struct assay_share_client *c, uint32_t slot)
{
    const struct assay_share_registry *r = assay_follower_shares(c->follower);
    const struct assay_follower_state *home = assay_follower_state(c->follower);
    const uint32_t member = r->cluster[c->cluster].seat[slot].member;
    struct assay_share_side holder = { .cluster = c->cluster, .slot = slot }, own = holder;
    if (member < ASSAY_SHARE_MEMBERS_MAX)
        assay_bytes_copy(holder.node, 32, r->member[member].node, 32);
    assay_bytes_copy(own.node, 32, c->name, 32);
    struct assay_share_terms terms = {
        .home = r->config.home,
        .era = home->era,
        .epoch = home->epoch,
        .purpose = c->operation == PUTS ? ASSAY_SHARE_HAND : ASSAY_SHARE_LET,
        .taker = c->operation == PUTS ? holder : own,
        .giver = c->operation == PUTS ? own : holder,
        .taker_proves = c->operation == PUTS || c->config.measured,
    };
    assay_bytes_copy(terms.beacon, 32, home->beacon, 32);
    return terms;
}

static void request_from_daemon(struct assay_share_client *c, struct talk *t,
                                const struct assay_share_want *want)
{
    const struct assay_share_side *holder =
        t->x.gives ? &t->x.terms.taker : &t->x.terms.giver;
    struct assay_service_message m = {
        .verb = want->action == ASSAY_SHARE_WANT_QUOTE ? ASSAY_SERVICE_QUOTE : ASSAY_SERVICE_VERIFY,
        .serial = serial_of(c, t),
        .purpose = ASSAY_SERVICE_FOR_SHARES,
        .statement = assay_slice_over(want->report_data, sizeof want->report_data),
        .evidence = want->bytes,
    };
    assay_bytes_copy(m.node_id, 32, holder->node, 32);
    if (m.verb == ASSAY_SERVICE_VERIFY && m.evidence.len == 0) end_talk(t);
    else if (assay_follower_request(c->follower, &m) != ASSAY_OK) end_talk(t);
}

/* The owner's gift: the share of the slot, to a holder whose evidence was verified. */
static enum assay_status send_gift(struct assay_share_client *c, struct talk *t,
                                   struct assay_share_want *want)
{
    const struct assay_share_row *row =
        assay_share_registry_find(assay_follower_shares(c->follower), c->id);
    if (row == NULL) return ASSAY_E_NOT_FOUND;
    /* Another member may have this share, and others of it (docs/services.md 5.11). */
    if (row->gone >> (t - c->talk) & 1) return ASSAY_E_STRANGER;
    struct assay_share_piece piece = { .generation = 1, .attempt = row->attempt };
    struct assay_secret32 seed;
    struct assay_slice gift;
    struct assay_writer w = assay_writer_over(c->gift, sizeof c->gift);
    assay_bytes_copy(piece.id, 32, c->id, 32);
    piece.commitments = c->commitments;
    ASSAY_TRY(assay_share_of(&c->polynomial, (uint32_t)(t - c->talk), &piece.share));
    ASSAY_TRY(assay_random(seed.bytes, sizeof seed.bytes));
    assay_writer_u16be(&w, 1);
    assay_share_piece_encode(&w, &piece);
    ASSAY_TRY(assay_writer_finish(&w, &gift));
    const enum assay_status status = assay_share_exchange_give(
        &t->x, gift, &seed, c->room, c->frame, ASSAY_SHARE_MESSAGE_MAX, want);
    assay_secret_wipe(&piece, sizeof piece);
    assay_secret_wipe(&seed, sizeof seed);
    assay_secret_wipe(c->gift, sizeof c->gift);
    return status;
}

static void execute_want(struct assay_share_client *c, struct talk *t,
                         struct assay_share_want *want)
{
    ASSAY_ASSERT(t->call != NULL && t->under_way);
    uint8_t bytes[ASSAY_SHARE_MESSAGE_MAX];
    enum assay_status status = ASSAY_OK;
    if (want->action == ASSAY_SHARE_WANT_GIVE) status = send_gift(c, t, want);
    if (status != ASSAY_OK) {
        end_talk(t);
    } else if (want->action == ASSAY_SHARE_WANT_SEND) {
        /* send_message writes into the frame from which it may be borrowed */
        assay_bytes_copy(bytes, sizeof bytes, want->bytes.bytes, want->bytes.len);
        send_message(c, t, ASSAY_HOLDER_MESSAGE, assay_slice_over(bytes, want->bytes.len));
    } else if (want->action != ASSAY_SHARE_WANT_NOTHING) request_from_daemon(c, t, want);
}

/* Whether it is the share of this slot, of the ledger's generation. */
static bool is_share(const struct assay_share_client *c, uint32_t slot,
                     const struct assay_share_piece *piece)
{
    const struct assay_share_row *row =
        assay_share_registry_find(assay_follower_shares(c->follower), c->id);
    uint8_t digest[32];
    if (row == NULL || !assay_bytes_equal(piece->id, c->id, 32) ||
        piece->generation != row->generation || piece->attempt != row->attempt)
        return false;
    assay_share_commitments_digest(&piece->commitments, digest);
    return assay_bytes_equal(digest, row->digest, 32) &&
           assay_share_verify(&piece->commitments, slot, &piece->share) == ASSAY_OK;
}

static void on_gift(struct assay_share_client *c, struct talk *t,
                    const struct assay_share_message *m)
{
    const uint32_t slot = (uint32_t)(t - c->talk);
    struct assay_slice bytes;
    struct assay_share_gift gift;
    if (assay_share_exchange_open(&t->x, m, c->room, &bytes) == ASSAY_OK &&
        assay_share_gift_open(bytes, ASSAY_SHARE_LET, &gift, NULL) == ASSAY_OK &&
        gift.count == 1 && assay_share_gift_next(&gift, &c->piece[slot], NULL))
        t->has = is_share(c, slot, &c->piece[slot]);
    assay_secret_wipe(c->room, sizeof c->room);
    end_talk(t);
}

static enum assay_status begin_exchange(struct assay_share_client *c, struct talk *t,
                                        const struct assay_share_message *ask,
                                        struct assay_share_want *want)
{
    ASSAY_ASSERT(t->call != NULL);
    const struct assay_share_terms terms = terms_of(c, (uint32_t)(t - c->talk));
    uint8_t nonce[32];
    ASSAY_TRY(assay_random(nonce, sizeof nonce));
    t->under_way = true;
    t->turn = ++c->turns;
    if (ask != NULL)
        return assay_share_exchange_answer(&t->x, &terms, ask, nonce, c->now_ms, c->room,
                                           ASSAY_SHARE_MESSAGE_MAX, want);
    return assay_share_exchange_ask(&t->x, &terms, c->id, 1, c->read.nonce, &c->box_seed,
                                    c->now_ms, c->room, ASSAY_SHARE_MESSAGE_MAX, want);
}

static void on_holder_frame(struct assay_share_client *c, struct talk *t, struct assay_slice bytes)
{
    struct assay_share_message m;
    struct assay_share_want want = { 0 };
    enum assay_status status = assay_share_message_decode(bytes, &m);
    if (status == ASSAY_OK && m.kind == ASSAY_SHARE_ASK) {
        /* The share of this id alone, to the holder of this slot. */
        const bool asked =
            c->operation == PUTS && m.count == 1 && assay_bytes_equal(m.ids.bytes, c->id, 32);
        status = asked ? begin_exchange(c, t, &m, &want) : ASSAY_E_LANE;
    } else if (status == ASSAY_OK) {
        status = t->under_way ? assay_share_exchange_on_message(&t->x, &m, c->room,
                                                                ASSAY_SHARE_MESSAGE_MAX, &want)
                              : ASSAY_E_STALE;
    }
    if (status != ASSAY_OK) {
        end_talk(t);
    } else if (m.kind == ASSAY_SHARE_GIVE) {
        on_gift(c, t, &m);
    } else {
        execute_want(c, t, &want);
    }
}

static void receive_from_holder(struct assay_share_client *c, struct talk *t)
{
    struct assay_slice frame;
    for (int i = 0; i < FRAMES_PER_TURN && t->call != NULL; i++) {
        const enum assay_status status = assay_listener_connection_receive(t->call, &frame);
        if (status == ASSAY_E_AGAIN) return;
        if (status != ASSAY_OK || frame.len < 2 || frame.bytes[0] != ASSAY_HOLDER_MESSAGE) {
            end_talk(t); /* refused, or disconnected: retried later */
            return;
        }
        on_holder_frame(c, t, assay_slice_over(frame.bytes + 1, frame.len - 1));
    }
}

/* HOST and client port of HOST:PORT/PORT. Returns: whether there is one. */
static bool parse_client_address(const struct assay_share_member *m, char address[static 96])
{
    char text[ASSAY_SHARE_ADDRESS_MAX + 1] = "";
    assay_bytes_copy(text, sizeof text, m->address, m->address_len);
    char *client_port = strrchr(text, '/');
    if (client_port == NULL) return false;
    *client_port = '\0';
    char *port = strrchr(text, ':');
    if (port == NULL) return false;
    *port = '\0';
    return snprintf(address, 96, "%s:%s", text, client_port + 1) < 96;
}

static void connect_holder(struct assay_share_client *c, struct talk *t)
{
    ASSAY_ASSERT(t->call == NULL && !t->has_begun);
    const struct assay_share_registry *r = assay_follower_shares(c->follower);
    const uint32_t slot = (uint32_t)(t - c->talk);
    const uint32_t member = r->cluster[c->cluster].seat[slot].member;
    char address[96];
    t->next_ms = c->now_ms + AGAIN_MS;
    if (member >= ASSAY_SHARE_MEMBERS_MAX || !parse_client_address(&r->member[member], address))
        return;
    assay_status_ignore(assay_listener_connection_open_shared(address, c->resolver, slot, &t->call),
                        "called again");
}

/* A name may take longer than a holder: the time limit, and the epoch of the exchange, are those of
 * the connection. */
static void begin_talk(struct assay_share_client *c, struct talk *t)
{
    ASSAY_ASSERT(t->call != NULL && !t->has_begun && !t->under_way);
    struct assay_share_want want;
    t->has_begun = true;
    t->until_ms = c->now_ms + GIVE_UP_MS;
    if (c->operation == PUTS) send_message(c, t, ASSAY_HOLDER_HAND, assay_slice_over(c->id, 32));
    else if (begin_exchange(c, t, NULL, &want) == ASSAY_OK) execute_want(c, t, &want);
    else end_talk(t);
}

/* --- callbacks of the follower */

static void apply_record(void *context, uint32_t slot, enum assay_service_kind kind,
                         struct assay_slice payload)
{
    struct assay_share_client *c = context;
    if (slot != assay_follower_state(c->follower)->slot) return;
    const size_t before = assay_queue_count(c->pending);
    assay_queue_remove(c->pending, kind, payload);
    if (assay_queue_count(c->pending) == before) return; /* of another program of this member */
    c->is_final = true;
    c->read_again_ms = c->now_ms + c->read_pause_ms;
}

static bool is_put_here(const struct assay_share_client *c, struct assay_slice payload)
{
    struct assay_share_put_record put;
    uint8_t id[32], digest[32];
    if (c->operation != PUTS || assay_share_put_record_decode(payload, &put) != ASSAY_OK)
        return false;
    assay_share_id(put.owner, put.name, id);
    assay_share_commitments_digest(&c->commitments, digest);
    return assay_bytes_equal(id, c->id, 32) && assay_bytes_equal(put.digest, digest, 32);
}

static void on_result(void *context, enum assay_service_kind kind, struct assay_slice payload,
                      const char *what)
{
    struct assay_share_client *c = context;
    struct assay_share_read_record read;
    const char *const why = assay_holder_order_get_failure(what);
    /* Submitted by another member it may be refused for a reason that concerns only that one. */
    if (kind == ASSAY_SERVICE_SHARE_PUT && c->is_final && why != NULL && is_put_here(c, payload))
        fail_operation(c, why);
    if (kind != ASSAY_SERVICE_SHARE_READ || c->operation != READS ||
        strcmp(what, "no-reader") != 0 ||
        assay_share_read_record_decode(payload, &read) != ASSAY_OK)
        return;
    if (assay_bytes_equal(read.nonce, c->read.nonce, 32))
        fail_operation(c, "the requester is not among the readers that the owner named");
}

static void on_begin(void *context)
{
    struct assay_share_client *c = context;
    assay_queue_reset_due(c->pending);
}

static void evidence(void *context, uint64_t serial, struct assay_slice bytes)
{
    struct assay_share_client *c = context;
    struct assay_share_want want;
    struct talk *t = talk_of(c, serial);
    if (t == NULL) return;
    if (assay_share_exchange_on_quote(&t->x, bytes, c->room, ASSAY_SHARE_MESSAGE_MAX, &want) ==
        ASSAY_OK)
        execute_want(c, t, &want);
    else end_talk(t);
}

static void on_verdict(void *context, uint64_t serial, bool good,
                       enum assay_registry_standing standing)
{
    struct assay_share_client *c = context;
    struct assay_share_want want;
    struct talk *t = talk_of(c, serial);
    if (t == NULL) return;
    if (good && standing >= ASSAY_REGISTRY_STAND_WARNING &&
        assay_share_exchange_on_verified(&t->x, c->room, ASSAY_SHARE_MESSAGE_MAX, &want) ==
            ASSAY_OK)
        execute_want(c, t, &want);
    else end_talk(t);
}

static void on_refused(void *context, enum assay_service_kind kind, struct assay_slice why)
{
    struct assay_share_client *c = context;
    (void)why;
    if (kind == ASSAY_SERVICE_SHARE_PUT || kind == ASSAY_SERVICE_SHARE_READ ||
        kind == ASSAY_SERVICE_SHARE_DELETE || kind == ASSAY_SERVICE_SHARE_READERS)
        fail_operation(c, "the daemon does not take the record");
}

/* --- turn */

static uint32_t count_confirmed(const struct assay_share_client *c,
                                const struct assay_share_row *row)
{
    return row == NULL ? 0 : (uint32_t)__builtin_popcount(row->have[c->cluster]);
}

static uint32_t count_collected(const struct assay_share_client *c)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < ASSAY_SHARE_SLOTS_MAX; i++)
        count += c->talk[i].has;
    return count;
}

static void combine_shares(struct assay_share_client *c)
{
    uint32_t slot[ASSAY_SHARE_K_MAX], count = 0;
    struct assay_secret32 share[ASSAY_SHARE_K_MAX], secret;
    for (uint32_t i = 0; i < ASSAY_SHARE_SLOTS_MAX && count < c->k; i++) {
        if (!c->talk[i].has) continue;
        slot[count] = i;
        share[count++] = c->piece[i].share;
    }
    ASSAY_ASSERT(count == c->k);
    if (assay_share_combine(c->k, slot, share, &secret) != ASSAY_OK ||
        assay_share_payload_open(&secret, c->id, assay_slice_over(c->sealed, c->sealed_len),
                                 c->payload) != ASSAY_OK) {
        fail_operation(c, "the shares do not open the payload");
    } else {
        c->payload_len = c->sealed_len - ASSAY_SHARE_PAYLOAD_MORE;
        c->state = ASSAY_SHARE_CLIENT_DONE;
    }
    assay_secret_wipe(share, sizeof share);
    assay_secret_wipe(&secret, sizeof secret);
    assay_secret_wipe(c->piece, sizeof c->piece);
}

/* After a reshare, or after a RECOVER that undid one, shares are requested again: shares of two
 * polynomials cannot be combined. */
static void check_generation(struct assay_share_client *c, const struct assay_share_row *row)
{
    if (c->generation == row->generation && assay_bytes_equal(c->dealt, row->digest, 32)) return;
    c->generation = row->generation;
    assay_bytes_copy(c->dealt, sizeof c->dealt, row->digest, 32);
    c->cluster = row->origin;
    for (uint32_t i = 0; i < ASSAY_SHARE_SLOTS_MAX; i++) {
        end_talk(&c->talk[i]);
        c->talk[i].has = false;
    }
}

/* A holder that was offline when the read became final has not seen it. */
static void resubmit_read(struct assay_share_client *c, const struct assay_share_registry *r)
{
    if (c->now_ms < c->read_again_ms) return;
    c->read_pause_ms *= 2;
    if (c->read_pause_ms > READ_AGAIN_MS_MAX) c->read_pause_ms = READ_AGAIN_MS_MAX;
    for (uint32_t i = 0; i < ASSAY_SHARE_SLOTS_MAX; i++)
        end_talk(&c->talk[i]);
    if (submit_read(c, r) != ASSAY_OK) fail_operation(c, "no memory, or no random numbers");
}

/* The record is final: whether the id is in that state. */
static void check_change(struct assay_share_client *c, const struct assay_share_row *row)
{
    const bool done = c->operation == DELETES ? !assay_holder_order_is_of(&c->change.order, row)
                                              : assay_holder_order_is_done(&c->change, row);
    if (done) c->state = ASSAY_SHARE_CLIENT_DONE;
    else
        fail_operation(
            c, "the record had no effect: a new era began, or the id was changed meanwhile");
}

/* Whether it is what this client has dealt. Unknown for a later generation. */
static bool is_dealt_here(const struct assay_share_client *c, const struct assay_share_row *row)
{
    uint8_t digest[32];
    assay_share_commitments_digest(&c->commitments, digest);
    return row->generation > 1 || assay_bytes_equal(row->digest, digest, 32);
}

static void continue_operation(struct assay_share_client *c)
{
    const struct assay_share_registry *r = assay_follower_shares(c->follower);
    if (r == NULL || c->state != ASSAY_SHARE_CLIENT_WORKS || !c->is_final) return;
    const struct assay_share_row *row = assay_share_registry_find(r, c->id);
    if (c->operation == DELETES || c->operation == CHANGES) {
        check_change(c, row);
        return;
    }
    if (row == NULL) {
        fail_operation(
            c, "the ledger does not know the id: no members sit there, there is no room, or it "
               "was not confirmed in time");
        return;
    }
    if (c->operation == PUTS && !is_dealt_here(c, row)) {
        fail_operation(c, "another record of the owner has put the id");
        return;
    }
    if (c->operation == READS) check_generation(c, row);
    if (c->operation == READS && count_collected(c) >= c->k) combine_shares(c);
    else if (c->operation == READS) resubmit_read(c, r);
    if (!c->is_final) return;
    if (c->operation == PUTS && row->synced) {
        c->state = ASSAY_SHARE_CLIENT_DONE;
        assay_secret_wipe(&c->polynomial, sizeof c->polynomial);
    }
    for (uint32_t i = 0; i < r->config.slots && c->state == ASSAY_SHARE_CLIENT_WORKS; i++) {
        struct talk *t = &c->talk[i];
        const bool keeps = (row->have[c->cluster] >> i & 1) != 0;
        if (t->has_begun && c->now_ms >= t->until_ms) end_talk(t);
        receive_from_holder(c, t);
        if (t->call == NULL && !t->has && keeps == (c->operation == READS) &&
            c->now_ms >= t->next_ms)
            connect_holder(c, t);
        if (t->call != NULL && !t->has_begun && !assay_listener_connection_is_pending(t->call))
            begin_talk(c, t);
    }
    if (c->state == ASSAY_SHARE_CLIENT_WORKS) return;
    for (uint32_t i = 0; i < ASSAY_SHARE_SLOTS_MAX; i++)
        end_talk(&c->talk[i]);
}

void assay_holder_client_step(struct assay_share_client *client, int timeout_ms)
{
    struct assay_share_client *c = client;
    struct pollfd fds[1 + ASSAY_SHARE_SLOTS_MAX];
    nfds_t count = 0;
    fds[count++] = assay_follower_poll(c->follower);
    for (uint32_t i = 0; i < ASSAY_SHARE_SLOTS_MAX; i++)
        if (c->talk[i].call != NULL) fds[count++] = assay_listener_connection_poll(c->talk[i].call);
    const int most = c->state == ASSAY_SHARE_CLIENT_WORKS ? AGAIN_MS / 4 : timeout_ms;
    (void)poll(fds, count, timeout_ms < most ? timeout_ms : most);
    c->now_ms = assay_monotonic_ms();
    assay_status_ignore(assay_follower_step(c->follower, c->now_ms),
                        "the daemon is dialled again; status says whether it is followed");
    assay_queue_send_due(c->pending, c->follower, c->now_ms);
    continue_operation(c);
}

struct assay_holder_client_status assay_holder_client_status(
    const struct assay_share_client *client)
{
    const struct assay_share_client *c = client;
    const struct assay_share_registry *r = assay_follower_shares(c->follower);
    struct assay_holder_client_status status = { .state = c->state,
                                                 .follows = assay_follower_follows(c->follower),
                                                 .is_final = c->is_final,
                                                 .why = c->why == NULL ? "" : c->why };
    if (r == NULL || c->operation == DELETES || c->operation == CHANGES) return status;
    const struct assay_share_row *const row = assay_share_registry_find(r, c->id);
    status.wanted = c->operation == READS ? c->k : r->config.confirmations;
    status.answered = c->operation == READS ? count_collected(c) : count_confirmed(c, row);
    if (row == NULL) return status;
    for (uint32_t i = 0; i < r->config.slots; i++) {
        const bool has_confirmed = (row->have[c->cluster] >> i & 1) != 0;
        const bool is_due = c->operation == READS ? has_confirmed : true;
        const bool has_answered = c->operation == READS ? c->talk[i].has : has_confirmed;
        if (is_due && !has_answered) status.silent |= 1U << i;
    }
    return status;
}
