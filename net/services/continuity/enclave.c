/*
 * net/services/continuity/enclave.c - session of an enclave with its replica group and ledger.
 */
#include "net/services/continuity/enclave.h"

#include "base/assert.h"
#include "base/checked.h"
#include "net/services/server/peer_links.h"
#include "net/services/follower.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SUBMIT_AGAIN_MS = 1000, FRAMES_PER_TURN = 512 };

struct assay_enclave {
    struct assay_enclave_identity identity;
    uint32_t lease;
    bool is_birth; /* the identity was generated here */
    bool named;    /* the identity is complete: instance is its name */
    struct assay_p256_signer *signer;
    uint8_t instance_key[ASSAY_P256_PUBLIC_LEN];
    uint8_t instance[32];
    struct assay_peer_links *board;
    struct assay_follower *follower;
    uint64_t revision;
    struct assay_cont_contact contact;
    struct assay_secret32 link_seed;
    uint64_t now_ms, submit_at_ms;
    bool numbered;   /* the ledger has numbered the session: the client runs */
    bool superseded; /* ... and has numbered another one since: replicas ignore this one */
    bool gone;       /* the group's memory is lost, permanently */
    bool failed;
    bool elsewhere; /* the ledger is of another chain than the identity */
    bool no_row;    /* the ledger has removed the instance, permanently */
    bool retired;
    bool kept; /* the ledger keeps the row; checked once */
    uint64_t keep_at_ms;
    enum assay_enclave_result refusal; /* of the last record; OK: none, or reported already */
    char why[ASSAY_SERVICE_WHY_MAX + 1];
    struct assay_cont_client client;
    struct assay_cont_outputs outs;
};

static void on_fact(void *context, const struct assay_cont_fact *fact);
static void on_result(void *context, enum assay_service_kind kind, struct assay_slice payload,
                      const char *word);
static void on_refused(void *context, enum assay_service_kind kind, struct assay_slice why);

/* The key of the identity; of a birth, a new one. */
static enum assay_status load_key(struct assay_enclave *e)
{
    assay_p256_signer_free(&e->signer);
    if (e->is_birth) ASSAY_TRY(assay_p256_generate(&e->identity.key, e->instance_key));
    else ASSAY_TRY(assay_p256_public(&e->identity.key, e->instance_key));
    return assay_p256_signer_load(&e->identity.key, &e->signer);
}

static enum assay_status set_up(struct assay_enclave *e, const struct assay_enclave_config *config,
                                char message[static ASSAY_ENCLAVE_MESSAGE_LEN])
{
    ASSAY_ASSERT(e->board == NULL && e->follower == NULL);
    struct assay_secret32 curve_secret;
    const struct assay_peer_links_config board = { .listen = config->listen,
                                                   .secret = &curve_secret };
    e->is_birth = config->identity == NULL;
    e->identity.group = config->group;
    e->lease = config->lease;
    if (config->identity != NULL) e->identity = *config->identity;
    ASSAY_TRY(load_key(e));
    (void)snprintf(message, ASSAY_ENCLAVE_MESSAGE_LEN,
                   "the sealed identity is of group %u, the configuration names group %u",
                   e->identity.group, config->group);
    if (e->identity.group != config->group) return ASSAY_E_CHAIN;
    ASSAY_TRY(assay_random(e->link_seed.bytes, sizeof e->link_seed.bytes));
    assay_sodium_link_secret(&e->link_seed, &curve_secret);
    const enum assay_status opened = assay_links_open(&board, &e->board, message);
    assay_secret_wipe(&curve_secret, sizeof curve_secret);
    ASSAY_TRY(opened);
    (void)snprintf(message, ASSAY_ENCLAVE_MESSAGE_LEN, "the address is longer than %d bytes",
                   ASSAY_CONT_ADDRESS_MAX);
    ASSAY_TRY(assay_links_contact(e->board, config->host, &e->contact));
    (void)snprintf(message, ASSAY_ENCLAVE_MESSAGE_LEN,
                   "the path of the ledger's socket is longer than %d bytes",
                   ASSAY_FOLLOWER_PATH_MAX);
    const struct assay_follower_config follower = {
        .path = config->ledger,
        .role = ASSAY_SERVICE_ROLE_ENCLAVE,
        .group = config->group,
        .callbacks = { .fact = on_fact, .became = on_result, .refused = on_refused },
        .context = e,
    };
    return assay_follower_create(&follower, &e->follower);
}

enum assay_status assay_enclave_open(const struct assay_enclave_config *config,
                                     struct assay_enclave **out,
                                     char message[static ASSAY_ENCLAVE_MESSAGE_LEN])
{
    struct assay_enclave *e = calloc(1, sizeof *e);
    (void)snprintf(message, ASSAY_ENCLAVE_MESSAGE_LEN, "out of memory, or no such key");
    if (e == NULL) return ASSAY_E_MEMORY;
    const enum assay_status status = set_up(e, config, message);
    if (status != ASSAY_OK) assay_enclave_close(&e);
    else message[0] = '\0';
    *out = e;
    return status;
}

void assay_enclave_close(struct assay_enclave **enclave)
{
    struct assay_enclave *e = *enclave;
    if (e == NULL) return;
    assay_follower_destroy(&e->follower);
    assay_links_close(&e->board);
    assay_p256_signer_free(&e->signer);
    assay_secret_wipe(e, sizeof *e);
    free(e);
    *enclave = NULL;
}

const struct assay_cont_client *assay_enclave_client(const struct assay_enclave *enclave)
{
    return &enclave->client;
}

const struct assay_enclave_identity *assay_enclave_identity(const struct assay_enclave *enclave)
{
    return &enclave->identity;
}

const char *assay_enclave_get_failure(const struct assay_enclave *enclave)
{
    return enclave->why;
}

/* --- sending */

static void execute_effects(struct assay_enclave *e)
{
    ASSAY_ASSERT(e->numbered && e->outs.count <= ASSAY_CONT_OUTPUTS_MAX);
    const struct assay_cont_roster *roster = &e->client.config.roster;
    if ((e->outs.events & ASSAY_CONT_EVENT_VIEW) != 0)
        assay_links_set_seats(e->board, roster, e->client.contact);
    for (uint32_t i = 0; i < e->outs.count; i++)
        for (uint32_t seat = 0; seat < roster->count; seat++)
            if (e->outs.out[i].seats >> seat & 1)
                assay_links_send_to_replica(e->board, roster->key[seat], e->outs.out[i].frame);
}

static bool generate_nonce(struct assay_enclave *e, uint8_t nonce[static 32])
{
    if (assay_random(nonce, 32) != ASSAY_OK) e->failed = true;
    return !e->failed;
}

/* --- the ledger */

/* docs/services.md 1.4: numbered; the client queries the group. */
static void start_session(struct assay_enclave *e, const struct assay_cont_group *group,
                          uint64_t session)
{
    ASSAY_ASSERT(!e->numbered && session > 0);
    struct assay_cont_client_config config = { .home = group->home,
                                               .session = session,
                                               .birth_era = e->identity.birth.era,
                                               .roster = group->now.roster };
    uint8_t nonce[32];
    if (!generate_nonce(e, nonce)) return;
    assay_bytes_copy(config.instance, 32, e->instance, 32);
    assay_cont_client_init(&e->client, &config);
    e->numbered = true;
    assay_cont_client_open(&e->client, nonce, e->now_ms, &e->outs);
    execute_effects(e);
}

static void on_fact(void *context, const struct assay_cont_fact *fact)
{
    struct assay_enclave *e = context;
    if (!e->numbered) return;
    assay_links_apply_group(e->board, assay_follower_group(e->follower));
    assay_cont_client_fact(&e->client, fact, e->now_ms, &e->outs);
    execute_effects(e);
}

/* --- refusals by name */

static void set_refusal(struct assay_enclave *e, const char *why, size_t len)
{
    if (len > ASSAY_SERVICE_WHY_MAX) len = ASSAY_SERVICE_WHY_MAX;
    assay_bytes_copy(e->why, sizeof e->why, why, len);
    ASSAY_ASSERT(len < sizeof e->why);
    e->why[len] = '\0';
}

/* A record that this process submitted. */
static bool is_own(const struct assay_enclave *e, enum assay_service_kind kind,
                   struct assay_slice payload)
{
    struct assay_cont_session_record session;
    return kind == ASSAY_SERVICE_SESSION &&
           assay_cont_session_record_decode(payload, &session) == ASSAY_OK &&
           assay_bytes_equal(session.contact.curve, e->contact.curve, 32) &&
           assay_bytes_equal(session.instance_key, e->instance_key, sizeof e->instance_key);
}

static void on_result(void *context, enum assay_service_kind kind, struct assay_slice payload,
                      const char *word)
{
    static const struct {
        const char *word;
        enum assay_enclave_result result;
    } names[] = {
        { "no-room", ASSAY_ENCLAVE_NO_ROOM },   { "quota", ASSAY_ENCLAVE_QUOTA },
        { "clones", ASSAY_ENCLAVE_CLONES },     { "not-here", ASSAY_ENCLAVE_NO_STANDING },
        { "gone-row", ASSAY_ENCLAVE_GONE_ROW }, { "retired", ASSAY_ENCLAVE_RETIRED },
        { "key-taken", ASSAY_ENCLAVE_REFUSED }, { "not-yours", ASSAY_ENCLAVE_REFUSED },
    };
    struct assay_enclave *e = context;
    if (e->numbered || !is_own(e, kind, payload)) return;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i].word, word) == 0) {
            /* An expired birth: the next turn makes one of a later epoch. */
            if (e->is_birth && names[i].result == ASSAY_ENCLAVE_GONE_ROW) return;
            e->refusal = names[i].result;
            set_refusal(e, word, strlen(word));
        }
}

static void on_refused(void *context, enum assay_service_kind kind, struct assay_slice why)
{
    struct assay_enclave *e = context;
    set_refusal(e, (const char *)why.bytes, why.len);
    if (!e->numbered && kind == ASSAY_SERVICE_SESSION) e->refusal = ASSAY_ENCLAVE_REFUSED;
}

/* --- the row of the instance */

static void submit_record(struct assay_enclave *e, enum assay_service_kind kind,
                          struct assay_slice payload)
{
    ASSAY_ASSERT(payload.len > 0);
    assay_status_ignore(assay_follower_submit(e->follower, kind, payload),
                        "handed in again until the ledger shows it");
}

static void request_session(struct assay_enclave *e, const struct assay_cont_group *group,
                            uint64_t expected)
{
    ASSAY_ASSERT(!e->numbered && expected > 0);
    struct assay_cont_session_record record = { .group = e->identity.group,
                                                .birth = e->identity.birth,
                                                .lease = e->lease,
                                                .contact = e->contact,
                                                .expected = expected };
    const uint8_t *const node = assay_follower_node(e->follower);
    uint8_t digest[32], bytes[ASSAY_CONT_RECORD_MAX];
    struct assay_slice payload;
    if (e->now_ms < e->submit_at_ms) return;
    e->submit_at_ms = e->now_ms + SUBMIT_AGAIN_MS;
    if (node == NULL) {
        static const char no_slot[] = "the daemon has no slot that may serve";
        e->refusal = ASSAY_ENCLAVE_NO_STANDING;
        set_refusal(e, no_slot, sizeof no_slot - 1);
        return;
    }
    assay_bytes_copy(record.instance_key, sizeof record.instance_key, e->instance_key,
                     sizeof e->instance_key);
    assay_cont_link_name(&e->link_seed, &record.link, &record.contact);
    assay_cont_session_statement(&group->home, node, &record, digest);
    assay_sodium_link_sign(&e->link_seed, digest, record.link.signature);
    if (assay_p256_sign(e->signer, digest, record.signature) != ASSAY_OK) {
        e->failed = true;
        return;
    }
    const enum assay_status status =
        assay_cont_session_record_encode(&record, bytes, sizeof bytes, &payload);
    ASSAY_ASSERT(status == ASSAY_OK);
    submit_record(e, ASSAY_SERVICE_SESSION, payload);
}

/* docs/services.md 1.2.1: a birth belongs to this epoch; a key is used for one birth, so another
 * birth generates another. */
static void start_birth(struct assay_enclave *e, const struct assay_cont_group *group)
{
    ASSAY_ASSERT(e->is_birth && !e->numbered);
    if (e->named && load_key(e) != ASSAY_OK) e->failed = true;
    e->identity.birth = (struct assay_cont_birth){ .era = group->era, .epoch = group->epoch };
    assay_bytes_copy(e->identity.chain_id, 32, group->home.chain_id, 32);
}

/* Sets the instance. Returns: false: none that this ledger may number. */
static bool set_instance(struct assay_enclave *e, const struct assay_cont_group *group)
{
    const struct assay_cont_instance_row *row =
        e->named ? assay_cont_group_row(group, e->instance) : NULL;
    const bool can_be = assay_cont_group_may_be_born(group, &e->identity.birth);
    if (e->is_birth && !e->numbered && row == NULL && (!e->named || !can_be)) start_birth(e, group);
    e->elsewhere = !assay_bytes_equal(e->identity.chain_id, group->home.chain_id, 32);
    if (e->elsewhere) return false;
    assay_cont_instance(&group->home, &e->identity.birth, e->instance_key, e->instance);
    e->named = true;
    row = assay_cont_group_row(group, e->instance);
    e->no_row =
        row == NULL && (e->numbered || !assay_cont_group_may_be_born(group, &e->identity.birth));
    e->retired = row != NULL && row->retired;
    e->kept = e->kept || (row != NULL && row->kept);
    return !e->no_row && !e->retired;
}

/* Whether a certified state exists that the ledger has not seen, and needs. */
static bool needs_keep(const struct assay_enclave *e, const struct assay_cont_group *group,
                       const struct assay_cont_instance_row *row)
{
    ASSAY_ASSERT(e->numbered);
    if (e->client.phase != ASSAY_CONT_RUNNING || e->client.certified <= row->shown) return false;
    return !row->kept || assay_cont_group_lease_is_due(group, row);
}

static bool has_receipt(const struct assay_enclave *e, const struct assay_cont_group *group,
                        uint64_t shown)
{
    ASSAY_ASSERT(e->numbered);
    const struct assay_cont_receipt *receipt = &e->client.receipt;
    return !e->client.ask_receipt.asked && receipt->entry.index > shown &&
           receipt->view == group->now.roster.view &&
           receipt->count >= assay_cont_quorum(group->now.roster.count);
}

/* docs/services.md 1.2.2: the row of a new instance is provisional until a certified state of it is
 * proven to the ledger, and newer ones renew a lease. A RECOVER may have undone that. */
static void submit_keep(struct assay_enclave *e)
{
    const struct assay_cont_group *group = assay_follower_group(e->follower);
    if (group == NULL || !e->numbered || e->now_ms < e->keep_at_ms) return;
    const struct assay_cont_instance_row *row = assay_cont_group_row(group, e->instance);
    if (row == NULL || !needs_keep(e, group, row)) return;
    /* After a hand-over the ledger may lag: it accepts receipts of its own view. */
    if (e->client.config.roster.view != group->now.roster.view) return;
    if (!has_receipt(e, group, row->shown)) {
        uint8_t nonce[32];
        if (e->client.ask_receipt.asked || !generate_nonce(e, nonce)) return;
        if (assay_cont_client_receipt(&e->client, nonce, e->now_ms, &e->outs) == ASSAY_OK)
            execute_effects(e);
        return;
    }
    const struct assay_cont_keep_record record = { .group = e->identity.group,
                                                   .roster = group->now.roster,
                                                   .receipt = e->client.receipt };
    uint8_t bytes[ASSAY_CONT_RECORD_MAX];
    struct assay_slice payload;
    const enum assay_status status =
        assay_cont_keep_record_encode(&record, bytes, sizeof bytes, &payload);
    ASSAY_ASSERT(status == ASSAY_OK);
    e->keep_at_ms = e->now_ms + SUBMIT_AGAIN_MS;
    submit_record(e, ASSAY_SERVICE_KEEP, payload);
}

static void update_from_ledger(struct assay_enclave *e)
{
    assay_status_ignore(assay_follower_step(e->follower, e->now_ms),
                        "the ledger is dialled again; meanwhile nothing new is final");
    const struct assay_cont_group *group = assay_follower_group(e->follower);
    if (group == NULL) return;
    e->gone = e->gone || group->phase == ASSAY_CONT_GONE;
    if (e->revision != assay_follower_revision(e->follower)) {
        e->revision = assay_follower_revision(e->follower);
        assay_links_apply_group(e->board, group);
    }
    if (!set_instance(e, group)) return;
    const struct assay_cont_instance_row *row = assay_cont_group_row(group, e->instance);
    if (e->numbered && row != NULL && row->session > e->client.config.session) e->superseded = true;
    if (e->numbered || group->phase == ASSAY_CONT_FORMING) return;
    if (row != NULL && assay_bytes_equal(row->contact.curve, e->contact.curve, 32))
        start_session(e, group, row->session);
    else
        request_session(e, group,
                        assay_cont_number_next(group->era, row == NULL ? 0 : row->session));
}

/* --- turn */

static void receive_frames(struct assay_enclave *e)
{
    struct assay_cont_from from;
    struct assay_slice frame;
    uint16_t slot = 0;
    for (int i = 0; i < FRAMES_PER_TURN; i++) {
        if (assay_links_receive(e->board, &slot, &from, &frame) != ASSAY_OK) break;
        if (!e->numbered || !from.replica) continue;
        const uint32_t seat = assay_cont_find_seat(&e->client.config.roster, from.key);
        if (seat == e->client.config.roster.count) continue;
        ASSAY_ASSERT(seat < e->client.config.roster.count);
        if (assay_cont_client_frame(&e->client, seat, frame, e->now_ms, &e->outs) == ASSAY_OK)
            execute_effects(e);
    }
}

/* Whether the session may continue. */
static enum assay_enclave_result check_session(const struct assay_enclave *e)
{
    if (e->failed) return ASSAY_ENCLAVE_FAILED;
    if (e->elsewhere) return ASSAY_ENCLAVE_CHAIN;
    if (e->no_row || (e->numbered && e->client.end == ASSAY_CONT_END_FORGOTTEN))
        return ASSAY_ENCLAVE_GONE_ROW;
    if (e->retired || (e->numbered && e->client.end == ASSAY_CONT_END_RETIRED))
        return ASSAY_ENCLAVE_RETIRED;
    if (!e->numbered) return e->gone ? ASSAY_ENCLAVE_NO_QUORUM : ASSAY_ENCLAVE_OK;
    if (e->client.end == ASSAY_CONT_END_ROLLBACK) return ASSAY_ENCLAVE_ROLLBACK;
    if (e->superseded || e->client.end == ASSAY_CONT_END_FENCED) return ASSAY_ENCLAVE_FENCED;
    return e->gone || e->client.lost ? ASSAY_ENCLAVE_NO_QUORUM : ASSAY_ENCLAVE_OK;
}

static int wait_ms(const struct assay_enclave *e, int timeout_ms)
{
    ASSAY_ASSERT(timeout_ms >= 0);
    const struct assay_cont_group *const group = assay_follower_group(e->follower);
    uint64_t due = UINT64_MAX;
    if (e->numbered) due = e->outs.wake_at_ms;
    /* Before a group is known and formed, no request is due. */
    else if (group != NULL && group->phase != ASSAY_CONT_FORMING) due = e->submit_at_ms;
    if (e->numbered && !e->kept && e->client.certified > 0)
        due = assay_min_u64(due, assay_max_u64(e->keep_at_ms, e->now_ms + 1));
    if (assay_follower_poll(e->follower).fd < 0)
        due = assay_min_u64(due, e->now_ms + ASSAY_FOLLOWER_REDIAL_MS);
    const uint64_t left = due > e->now_ms ? due - e->now_ms : 0;
    return left < (uint64_t)timeout_ms ? (int)left : timeout_ms;
}

enum assay_enclave_result assay_enclave_step(struct assay_enclave *enclave, int timeout_ms)
{
    struct assay_enclave *e = enclave;
    struct pollfd extra = assay_follower_poll(e->follower);
    ASSAY_ASSERT(timeout_ms >= 0);
    e->now_ms = assay_links_clock_ms();
    if (assay_links_wait(e->board, e->now_ms, &extra, 1, wait_ms(e, timeout_ms)) != ASSAY_OK)
        e->failed = true;
    e->now_ms = assay_links_clock_ms();
    update_from_ledger(e);
    receive_frames(e);
    if (e->numbered && e->now_ms >= e->outs.wake_at_ms) {
        assay_cont_client_tick(&e->client, e->now_ms, &e->outs);
        execute_effects(e);
    }
    submit_keep(e);
    assay_links_flush(e->board);
    return check_session(e);
}

typedef bool is_done(const struct assay_enclave *e, uint64_t index);

static enum assay_enclave_result run_until(struct assay_enclave *e, is_done *done, uint64_t index,
                                           int timeout_ms)
{
    const uint64_t ends_ms = assay_links_clock_ms() + (uint64_t)timeout_ms;
    assay_links_flush(e->board);
    for (;;) {
        if (check_session(e) != ASSAY_ENCLAVE_OK) return check_session(e);
        if (done(e, index)) return ASSAY_ENCLAVE_OK;
        if (e->refusal != ASSAY_ENCLAVE_OK) {
            const enum assay_enclave_result refusal = e->refusal;
            e->refusal = ASSAY_ENCLAVE_OK;
            return refusal;
        }
        const uint64_t now_ms = assay_links_clock_ms();
        if (now_ms >= ends_ms) return ASSAY_ENCLAVE_IN_DOUBT;
        if (assay_enclave_step(e, (int)(ends_ms - now_ms)) != ASSAY_ENCLAVE_OK)
            return check_session(e);
    }
}

static bool has_found(const struct assay_enclave *e, uint64_t index)
{
    (void)index;
    return e->numbered && e->client.phase != ASSAY_CONT_OPENING;
}

static bool is_running(const struct assay_enclave *e, uint64_t index)
{
    ASSAY_ASSERT(e->numbered);
    (void)index;
    return e->client.phase == ASSAY_CONT_RUNNING;
}

static bool is_certified(const struct assay_enclave *e, uint64_t index)
{
    return e->numbered && e->client.certified >= index && (e->kept || index == 0);
}

static bool is_confirmed(const struct assay_enclave *e, uint64_t index)
{
    ASSAY_ASSERT(e->numbered);
    (void)index;
    return !e->client.confirm.asked;
}

enum assay_enclave_result assay_enclave_start(struct assay_enclave *enclave, int timeout_ms,
                                              struct assay_cont_entry *found)
{
    const enum assay_enclave_result result = run_until(enclave, has_found, 0, timeout_ms);
    if (result == ASSAY_ENCLAVE_OK) *found = enclave->client.found;
    return result;
}

enum assay_enclave_result assay_enclave_adopt(struct assay_enclave *enclave, uint64_t index,
                                              const uint8_t prev[static 32],
                                              const uint8_t blob_hash[static 32], int timeout_ms)
{
    struct assay_enclave *e = enclave;
    if (!has_found(e, 0)) return ASSAY_ENCLAVE_TOO_EARLY;
    if (e->client.phase == ASSAY_CONT_FOUND) {
        e->now_ms = assay_links_clock_ms();
        const enum assay_status status =
            assay_cont_client_adopt(&e->client, index, prev, blob_hash, e->now_ms, &e->outs);
        if (status == ASSAY_E_STALE) return ASSAY_ENCLAVE_ROLLBACK;
        if (status != ASSAY_OK) return ASSAY_ENCLAVE_TOO_EARLY;
        execute_effects(e);
    }
    return run_until(e, is_running, 0, timeout_ms);
}

enum assay_enclave_result assay_enclave_update(struct assay_enclave *enclave,
                                               const uint8_t blob_hash[static 32], uint64_t *index)
{
    struct assay_enclave *e = enclave;
    if (check_session(e) != ASSAY_ENCLAVE_OK) return check_session(e);
    if (!e->numbered) return ASSAY_ENCLAVE_TOO_EARLY;
    e->now_ms = assay_links_clock_ms();
    const enum assay_status status =
        assay_cont_client_update(&e->client, blob_hash, e->now_ms, index, &e->outs);
    if (status == ASSAY_E_FULL) return ASSAY_ENCLAVE_FULL;
    if (status != ASSAY_OK) return ASSAY_ENCLAVE_TOO_EARLY;
    execute_effects(e);
    return ASSAY_ENCLAVE_OK;
}

enum assay_enclave_result assay_enclave_wait(struct assay_enclave *enclave, uint64_t index,
                                             int timeout_ms)
{
    return run_until(enclave, is_certified, index, timeout_ms);
}

enum assay_enclave_result assay_enclave_confirm(struct assay_enclave *enclave, int timeout_ms)
{
    struct assay_enclave *e = enclave;
    uint8_t nonce[32];
    if (check_session(e) != ASSAY_ENCLAVE_OK) return check_session(e);
    if (!e->numbered || !is_running(e, 0)) return ASSAY_ENCLAVE_TOO_EARLY;
    if (!e->client.confirm.asked) {
        if (!generate_nonce(e, nonce)) return ASSAY_ENCLAVE_FAILED;
        e->now_ms = assay_links_clock_ms();
        if (assay_cont_client_confirm(&e->client, nonce, e->now_ms, &e->outs) != ASSAY_OK)
            return ASSAY_ENCLAVE_TOO_EARLY;
        execute_effects(e);
    }
    return run_until(e, is_confirmed, 0, timeout_ms);
}

static bool is_retired(const struct assay_enclave *e, uint64_t index)
{
    (void)index;
    return e->retired;
}

enum assay_enclave_result assay_enclave_retire(struct assay_enclave *enclave, int timeout_ms)
{
    struct assay_enclave *e = enclave;
    const struct assay_cont_group *group = assay_follower_group(e->follower);
    struct assay_cont_retire_record record = { .group = e->identity.group,
                                               .birth = e->identity.birth };
    uint8_t digest[32], bytes[ASSAY_CONT_RECORD_MAX];
    struct assay_slice payload;
    if (e->retired) return ASSAY_ENCLAVE_OK;
    if (check_session(e) != ASSAY_ENCLAVE_OK) return check_session(e);
    if (!e->numbered || group == NULL) return ASSAY_ENCLAVE_TOO_EARLY;
    record.session = e->client.config.session;
    assay_bytes_copy(record.instance_key, sizeof record.instance_key, e->instance_key,
                     sizeof e->instance_key);
    assay_cont_retire_statement(&group->home, &record, digest);
    if (assay_p256_sign(e->signer, digest, record.signature) != ASSAY_OK)
        return ASSAY_ENCLAVE_FAILED;
    const enum assay_status status =
        assay_cont_retire_record_encode(&record, bytes, sizeof bytes, &payload);
    ASSAY_ASSERT(status == ASSAY_OK);
    submit_record(e, ASSAY_SERVICE_RETIRE, payload);
    const enum assay_enclave_result result = run_until(e, is_retired, 0, timeout_ms);
    return result == ASSAY_ENCLAVE_RETIRED ? ASSAY_ENCLAVE_OK : result;
}
