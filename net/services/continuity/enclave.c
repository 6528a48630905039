/*
 * net/services/continuity/enclave.c - session of an enclave with its replica group.
 */
#include "net/services/continuity/enclave_internal.h"

#include "base/assert.h"
#include "base/checked.h"
#include "base/system_clock.h"
#include "net/tls/frames.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

enum {
    FRAMES_PER_TURN = 512,
    HANDOVER_AGAIN_MS = 200,
    HANDOVER_MS = 60000, /* then NO_PROOF */
    TIMEOUT_MS_MAX = 60000,
};

enum assay_status enclave_load_key(struct assay_enclave *e)
{
    assay_p256_signer_free(&e->signer);
    if (e->is_birth) ASSAY_TRY(assay_p256_generate(&e->identity.key, e->instance_key));
    else ASSAY_TRY(assay_p256_public(&e->identity.key, e->instance_key));
    return assay_p256_signer_load(&e->identity.key, &e->signer);
}

/* An identity of another group or chain than the enclave is configured for. */
static enum assay_status set_identity(struct assay_enclave *e,
                                      const struct assay_enclave_config *config,
                                      char message[static ASSAY_ENCLAVE_MESSAGE_LEN])
{
    const uint8_t *const chain = config->trust->checkpoint.chain_id;
    e->is_birth = config->identity == NULL;
    e->identity.group = config->group;
    assay_bytes_copy(e->identity.chain_id, 32, chain, 32);
    if (config->identity != NULL) e->identity = *config->identity;
    ASSAY_TRY(enclave_load_key(e));
    (void)snprintf(message, ASSAY_ENCLAVE_MESSAGE_LEN,
                   "the sealed identity is of group %u, the configuration names group %u",
                   e->identity.group, config->group);
    if (e->identity.group != config->group) return ASSAY_E_CHAIN;
    (void)snprintf(message, ASSAY_ENCLAVE_MESSAGE_LEN,
                   "the sealed identity and the checkpoint are of different networks");
    return assay_bytes_equal(e->identity.chain_id, chain, 32) ? ASSAY_OK : ASSAY_E_CHAIN;
}

/* docs/services.md 4.2: it dials and is never dialled, so its record names no address. */
static void set_contact(struct assay_enclave *e, const uint8_t link[static 32])
{
    e->contact = (struct assay_cont_contact){ .address = { '-' }, .address_len = 1 };
    assay_bytes_copy(e->contact.curve, sizeof e->contact.curve, link, 32);
}

static enum assay_status watch_links(struct assay_enclave *e)
{
    struct epoll_event event = { .events = EPOLLIN };
    e->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (e->epoll < 0) return ASSAY_E_IO;
    return epoll_ctl(e->epoll, EPOLL_CTL_ADD, assay_tls_client_fd(e->links), &event) == 0
               ? ASSAY_OK
               : ASSAY_E_IO;
}

static enum assay_status open_links(struct assay_enclave *e)
{
    struct assay_secret32 secret;
    uint8_t link[32];
    ASSAY_ASSERT(e->links == NULL && e->resolver == NULL);
    ASSAY_TRY(assay_resolver_open(NULL, NULL, &e->resolver));
    const struct assay_tls_names names = assay_link_names_of(e->resolver);
    ASSAY_TRY(assay_random(e->link_seed.bytes, sizeof e->link_seed.bytes));
    assay_sodium_link_secret(&e->link_seed, &secret);
    enum assay_status status = assay_x25519_public(&secret, link);
    const struct assay_tls_config config = { .secret = &secret,
                                             .public_key = link,
                                             .chain_id = e->identity.chain_id };
    if (status == ASSAY_OK)
        status = assay_tls_client_open(&config, ENCLAVE_PARTIES, ASSAY_TLS_QUEUE_SMALL, &names,
                                       &e->links);
    assay_secret_wipe(&secret, sizeof secret);
    set_contact(e, link);
    return status == ASSAY_OK ? watch_links(e) : status;
}

static enum assay_status set_up(struct assay_enclave *e, const struct assay_enclave_config *config,
                                char message[static ASSAY_ENCLAVE_MESSAGE_LEN])
{
    ASSAY_ASSERT(e->follower == NULL && config->trust != NULL);
    e->lease = config->lease;
    e->handover_ms = config->handover_ms != 0 ? config->handover_ms : HANDOVER_MS;
    e->sealed = *config->trust;
    ASSAY_TRY(set_identity(e, config, message));
    (void)snprintf(message, ASSAY_ENCLAVE_MESSAGE_LEN, "no links: descriptors, memory or TLS");
    ASSAY_TRY(open_links(e));
    ASSAY_TRY(enclave_set_later(e, config, message));
    (void)snprintf(message, ASSAY_ENCLAVE_MESSAGE_LEN,
                   "the path of the ledger's socket is longer than %d bytes",
                   ASSAY_FOLLOWER_PATH_MAX);
    return enclave_open_ledger(e, config);
}

enum assay_status assay_enclave_open(const struct assay_enclave_config *config,
                                     struct assay_enclave **out,
                                     char message[static ASSAY_ENCLAVE_MESSAGE_LEN])
{
    struct assay_enclave *e = calloc(1, sizeof *e);
    (void)snprintf(message, ASSAY_ENCLAVE_MESSAGE_LEN, "out of memory, or no such key");
    if (e == NULL) return ASSAY_E_MEMORY;
    e->epoll = -1;
    e->socket_fault = "";
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
    assay_tls_client_close(&e->links);
    assay_resolver_close(&e->resolver);
    if (e->epoll >= 0) (void)close(e->epoll);
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
    return enclave->why[0] != '\0' ? enclave->why : enclave->socket_fault;
}

/* --- the view */

/* The contact of a seat: as a hand-over named it, or the ledger, or the sealed state. */
static void find_contact(const struct assay_enclave *e, const uint8_t digest[static 32],
                         struct assay_cont_contact *contact)
{
    const struct assay_cont_contact *const places[] = { e->client.contact, e->proven.view.contact,
                                                        e->sealed.contact };
    *contact = (struct assay_cont_contact){ .address_len = 0 };
    for (size_t p = 0; p < sizeof places / sizeof places[0]; p++)
        for (uint32_t i = 0; i < ASSAY_CONT_SEATS_MAX; i++) {
            uint8_t theirs[32];
            if (places[p][i].address_len == 0) continue;
            assay_cont_contact_digest(&places[p][i], theirs);
            if (!assay_bytes_equal(theirs, digest, 32)) continue;
            *contact = places[p][i];
            return;
        }
}

/* A replica to be dialled. */
struct wanted {
    const uint8_t *key;
    struct assay_cont_contact contact;
};

static uint32_t add_wanted(struct wanted *all, uint32_t count, const uint8_t *key,
                           const struct assay_cont_contact *contact)
{
    ASSAY_ASSERT(count < ENCLAVE_PARTIES);
    for (uint32_t i = 0; i < count; i++)
        if (assay_bytes_equal(all[i].contact.curve, contact->curve, 32)) return count;
    if (contact->address_len == 0) return count;
    all[count] = (struct wanted){ .key = key, .contact = *contact };
    return count + 1;
}

/* The replicas of the client's view, and those of a later view that the ledger names: any of
 * them that has the hand-over may show it. */
static uint32_t find_wanted(const struct assay_enclave *e, struct wanted *all)
{
    const struct assay_cont_roster *roster = &e->client.config.roster;
    const struct assay_cont_view *view = &e->proven.view;
    uint32_t count = 0;
    for (uint32_t i = 0; i < roster->count; i++) {
        struct assay_cont_contact contact;
        find_contact(e, roster->contact[i], &contact);
        count = add_wanted(all, count, roster->key[i], &contact);
    }
    if (!e->proven.is_set || view->roster.view <= roster->view) return count;
    for (uint32_t i = 0; i < view->roster.count; i++)
        count = add_wanted(all, count, view->roster.key[i], &view->contact[i]);
    return count;
}

_Static_assert((int)ASSAY_TLS_FRAME_MAX >= (int)ASSAY_CONT_FRAME_MAX, "every frame fits");

static bool is_wanted(const struct wanted *all, uint32_t count, const uint8_t curve[static 32])
{
    for (uint32_t i = 0; i < count; i++)
        if (assay_bytes_equal(all[i].contact.curve, curve, 32)) return true;
    return false;
}

static void dial_replica(struct assay_enclave *e, uint32_t slot, const struct wanted *replica)
{
    char address[ASSAY_CONT_ADDRESS_MAX + 1] = "";
    assay_bytes_copy(e->party[slot].link, 32, replica->contact.curve, 32);
    assay_bytes_copy(address, sizeof address, replica->contact.address,
                     replica->contact.address_len);
    assay_status_ignore(
        assay_tls_client_set(e->links, slot, replica->contact.curve, address, e->now_ms),
        "a replica without an address that can be dialled does not answer");
}

uint32_t assay_enclave_count_connected(const struct assay_enclave *enclave)
{
    const struct assay_cont_roster *roster = &enclave->client.config.roster;
    uint32_t count = 0;
    for (uint32_t slot = 0; slot < ENCLAVE_PARTIES && enclave->numbered; slot++)
        if (assay_cont_find_seat(roster, enclave->party[slot].key) < roster->count &&
            assay_tls_client_is_up(enclave->links, slot))
            count++;
    return count;
}

/* A replica has the same slot as long as it is dialled: with it its connection goes. */
static void set_links(struct assay_enclave *e)
{
    static const uint8_t none[32];
    struct wanted all[ENCLAVE_PARTIES];
    const uint32_t count = find_wanted(e, all);
    ASSAY_ASSERT(e->numbered);
    for (uint32_t slot = 0; slot < ENCLAVE_PARTIES; slot++) {
        if (is_wanted(all, count, e->party[slot].link)) continue;
        assay_tls_client_remove(e->links, slot);
        assay_bytes_zero(&e->party[slot], sizeof e->party[slot]);
    }
    for (uint32_t i = 0; i < count; i++) {
        uint32_t slot = 0, vacant = ENCLAVE_PARTIES;
        for (; slot < ENCLAVE_PARTIES; slot++) {
            if (assay_bytes_equal(e->party[slot].link, all[i].contact.curve, 32)) break;
            if (vacant == ENCLAVE_PARTIES && assay_bytes_equal(e->party[slot].link, none, 32))
                vacant = slot;
        }
        if (slot == ENCLAVE_PARTIES) {
            ASSAY_ASSERT(vacant < ENCLAVE_PARTIES); /* there are as many as are ever wanted */
            slot = vacant;
            dial_replica(e, slot, &all[i]);
        }
        /* Of a view that the ledger alone proves another signing key may have the same link. */
        assay_bytes_copy(e->party[slot].key, ASSAY_P256_PUBLIC_LEN, all[i].key,
                         ASSAY_P256_PUBLIC_LEN);
    }
}

static void send_to_replica(struct assay_enclave *e, const uint8_t *key, struct assay_slice frame)
{
    for (uint32_t slot = 0; slot < ENCLAVE_PARTIES; slot++)
        if (assay_bytes_equal(e->party[slot].key, key, ASSAY_P256_PUBLIC_LEN))
            assay_tls_client_send(e->links, slot, frame);
}

void enclave_execute(struct assay_enclave *e)
{
    ASSAY_ASSERT(e->numbered && e->outs.count <= ASSAY_CONT_OUTPUTS_MAX);
    const struct assay_cont_roster *roster = &e->client.config.roster;
    if ((e->outs.events & ASSAY_CONT_EVENT_VIEW) != 0) {
        e->handover_since_ms = 0;
        set_links(e);
    }
    for (uint32_t i = 0; i < e->outs.count; i++)
        for (uint32_t seat = 0; seat < roster->count; seat++)
            if (e->outs.out[i].seats >> seat & 1)
                send_to_replica(e, roster->key[seat], e->outs.out[i].frame);
}

bool enclave_generate_nonce(struct assay_enclave *e, uint8_t nonce[static 32])
{
    if (assay_random(nonce, 32) != ASSAY_OK) e->failed = true;
    return !e->failed;
}

/* The view to start from: the sealed one, whose replicas' keys the enclave has verified before, or
 * at a birth the one that the ledger proves. */
static const struct assay_cont_roster *find_base(const struct assay_enclave *e)
{
    return e->sealed.has_view ? &e->sealed.roster : &e->proven.view.roster;
}

void enclave_start_session(struct assay_enclave *e, uint64_t session)
{
    ASSAY_ASSERT(!e->numbered && session > 0 && e->proven.is_set);
    struct assay_cont_client_config config = { .session = session,
                                               .birth_era = e->identity.birth.era,
                                               .roster = *find_base(e) };
    uint8_t nonce[32];
    if (!assay_cont_size_is_fit(config.roster.count) || !enclave_generate_nonce(e, nonce)) return;
    config.home.group = e->identity.group;
    assay_bytes_copy(config.home.chain_id, 32, e->identity.chain_id, 32);
    assay_bytes_copy(config.instance, 32, e->instance, 32);
    assay_cont_client_init(&e->client, &config);
    e->numbered = true;
    e->handover_since_ms = 0;
    set_links(e);
    assay_cont_client_open(&e->client, nonce, e->now_ms, &e->outs);
    enclave_execute(e);
}

void assay_enclave_get_trust(const struct assay_enclave *enclave, struct assay_enclave_trust *trust)
{
    const struct assay_enclave *e = enclave;
    *trust = e->sealed;
    trust->checkpoint = e->light.at;
    if (!e->numbered || e->client.phase == ASSAY_CONT_OPENING) return;
    trust->has_view = true;
    trust->roster = e->client.config.roster;
    for (uint32_t i = 0; i < ASSAY_CONT_SEATS_MAX; i++) {
        trust->contact[i] = (struct assay_cont_contact){ .address_len = 0 };
        if (i < trust->roster.count) find_contact(e, trust->roster.contact[i], &trust->contact[i]);
    }
}

/* A checkpoint of the owner allows a view that the ledger alone proves; a birth begins with one. */
static void accept_view_of_ledger(struct assay_enclave *e)
{
    struct assay_cont_fact fact = { .kind = ASSAY_CONT_STARTED, .roster = e->proven.view.roster };
    for (uint32_t i = 0; i < ASSAY_CONT_SEATS_MAX; i++)
        fact.contact[i] = e->proven.view.contact[i];
    assay_cont_client_fact(&e->client, &fact, e->now_ms, &e->outs);
    enclave_execute(e);
}

static void send_handover_get(struct assay_enclave *e)
{
    const struct assay_cont_roster *later = &e->proven.view.roster;
    struct assay_cont_frame f = { .kind = ASSAY_CONT_HANDOVER_GET,
                                  .group = e->identity.group,
                                  .view = e->client.config.roster.view,
                                  .session = e->client.config.session };
    uint8_t bytes[ASSAY_CONT_HANDOVER_LEN_MAX];
    struct assay_slice frame;
    assay_bytes_copy(f.instance, 32, e->instance, 32);
    const enum assay_status status = assay_cont_frame_encode(&f, bytes, sizeof bytes, &frame);
    ASSAY_ASSERT(status == ASSAY_OK);
    for (uint32_t i = 0; i < later->count; i++)
        send_to_replica(e, later->key[i], frame);
}

/* docs/services.md 4.4.3: the ledger names a later view than the client follows. Hand-overs lead
 * there; replicas of the later view show them. */
static void follow_view(struct assay_enclave *e)
{
    if (!e->numbered || !e->proven.is_set || e->client.phase == ASSAY_CONT_ENDED ||
        e->proven.view.roster.view <= e->client.config.roster.view)
        return;
    if (e->handover_since_ms == 0) {
        e->handover_since_ms = e->now_ms;
        e->handover_at_ms = e->now_ms;
        set_links(e);
    }
    if (e->now_ms - e->handover_since_ms >= e->handover_ms) {
        e->handover_since_ms = e->now_ms;
        if (e->trusts_view) {
            accept_view_of_ledger(e);
            return;
        }
        enclave_set_why(e, "no hand-over leads from the sealed view to the one that serves");
        e->refusal = ASSAY_ENCLAVE_NO_PROOF;
    }
    if (e->now_ms < e->handover_at_ms) return;
    e->handover_at_ms = e->now_ms + HANDOVER_AGAIN_MS;
    send_handover_get(e);
}

/* --- turn */

static bool is_handover(struct assay_slice frame)
{
    struct assay_cont_frame f;
    return assay_cont_frame_decode(frame, &f) == ASSAY_OK && f.kind == ASSAY_CONT_HANDOVER;
}

static void receive_frames(struct assay_enclave *e)
{
    struct assay_slice frame;
    uint32_t slot = 0;
    for (int i = 0; i < FRAMES_PER_TURN; i++) {
        if (assay_tls_client_receive(e->links, &slot, &frame) != ASSAY_OK) break;
        if (!e->numbered) continue;
        uint32_t seat = assay_cont_find_seat(&e->client.config.roster, e->party[slot].key);
        if (seat == e->client.config.roster.count) {
            if (!is_handover(frame)) continue;
            seat = 0; /* it proves itself, from any replica */
        }
        if (assay_cont_client_frame(&e->client, seat, frame, e->now_ms, &e->outs) == ASSAY_OK)
            enclave_execute(e);
    }
}

/* Whether the session may continue. */
static enum assay_enclave_result check_session(const struct assay_enclave *e)
{
    if (e->failed) return ASSAY_ENCLAVE_FAILED;
    if (e->elsewhere) return ASSAY_ENCLAVE_CHAIN;
    if (e->no_row || (e->numbered && e->client.end == ASSAY_CONT_END_FORGOTTEN))
        return ASSAY_ENCLAVE_GONE_ROW;
    /* A replica's word ends the session; `retire` waits until a closed epoch proves it. */
    if (e->retired || (e->numbered && e->client.end == ASSAY_CONT_END_RETIRED && !e->is_retiring))
        return ASSAY_ENCLAVE_RETIRED;
    if (!e->numbered) return e->gone ? ASSAY_ENCLAVE_NO_QUORUM : ASSAY_ENCLAVE_OK;
    if (e->client.end == ASSAY_CONT_END_ROLLBACK) return ASSAY_ENCLAVE_ROLLBACK;
    if (e->client.end == ASSAY_CONT_END_FENCED) return ASSAY_ENCLAVE_FENCED;
    return e->gone || e->client.lost ? ASSAY_ENCLAVE_NO_QUORUM : ASSAY_ENCLAVE_OK;
}

static int wait_ms(const struct assay_enclave *e, uint64_t now_ms, int timeout_ms)
{
    ASSAY_ASSERT(timeout_ms >= 0);
    uint64_t due = enclave_ledger_wake_at(e);
    due = assay_min_u64(due, assay_tls_client_wake_at(e->links, now_ms));
    if (e->numbered) due = assay_min_u64(due, e->outs.wake_at_ms);
    if (e->handover_since_ms != 0) due = assay_min_u64(due, e->handover_at_ms);
    const uint64_t left = due > now_ms ? due - now_ms : 0;
    return left < (uint64_t)timeout_ms ? (int)left : timeout_ms;
}

/* The ledger's socket is another one after each disconnection, and may have the same number then:
 * closed, it has left by itself. */
static void watch_ledger(struct assay_enclave *e)
{
    const struct pollfd ledger = assay_follower_poll(e->follower);
    struct epoll_event event = { .events = (ledger.events & POLLOUT) != 0 ? EPOLLIN | EPOLLOUT
                                                                          : EPOLLIN };
    if (ledger.fd < 0 || epoll_ctl(e->epoll, EPOLL_CTL_MOD, ledger.fd, &event) == 0) return;
    if (errno != ENOENT || epoll_ctl(e->epoll, EPOLL_CTL_ADD, ledger.fd, &event) != 0)
        e->failed = true;
}

int assay_enclave_fd(const struct assay_enclave *enclave)
{
    return enclave->epoll;
}

int assay_enclave_timeout_ms(const struct assay_enclave *enclave)
{
    return wait_ms(enclave, assay_monotonic_ms(), TIMEOUT_MS_MAX);
}

enum assay_enclave_result assay_enclave_step(struct assay_enclave *enclave, int timeout_ms)
{
    struct assay_enclave *e = enclave;
    struct epoll_event events[2];
    ASSAY_ASSERT(timeout_ms >= 0);
    e->now_ms = assay_monotonic_ms();
    assay_tls_client_flush(e->links, e->now_ms);
    watch_ledger(e);
    if (epoll_wait(e->epoll, events, 2, wait_ms(e, e->now_ms, timeout_ms)) < 0 && errno != EINTR)
        e->failed = true;
    e->now_ms = assay_monotonic_ms();
    assay_tls_client_step(e->links, e->now_ms);
    enclave_step_ledger(e);
    receive_frames(e);
    follow_view(e);
    if (e->numbered && e->now_ms >= e->outs.wake_at_ms) {
        assay_cont_client_tick(&e->client, e->now_ms, &e->outs);
        enclave_execute(e);
    }
    assay_tls_client_flush(e->links, e->now_ms);
    watch_ledger(e);
    return check_session(e);
}

/* A host may set the clock back. */
static int left_of(uint64_t ends_ms, uint64_t now_ms)
{
    const uint64_t left_ms = now_ms < ends_ms ? ends_ms - now_ms : 0;
    return left_ms < INT_MAX ? (int)left_ms : INT_MAX;
}

typedef bool is_done(const struct assay_enclave *e, uint64_t index);

static enum assay_enclave_result run_until(struct assay_enclave *e, is_done *done, uint64_t index,
                                           int timeout_ms)
{
    const uint64_t ends_ms = assay_monotonic_ms() + (uint64_t)timeout_ms;
    assay_tls_client_flush(e->links, assay_monotonic_ms());
    for (bool has_stepped = false;; has_stepped = true) {
        if (check_session(e) != ASSAY_ENCLAVE_OK) return check_session(e);
        if (done(e, index)) return ASSAY_ENCLAVE_OK;
        if (e->refusal != ASSAY_ENCLAVE_OK) {
            const enum assay_enclave_result refusal = e->refusal;
            e->refusal = ASSAY_ENCLAVE_OK;
            return refusal;
        }
        const uint64_t now_ms = assay_monotonic_ms();
        if (now_ms >= ends_ms && has_stepped) return ASSAY_ENCLAVE_IN_DOUBT;
        if (assay_enclave_step(e, left_of(ends_ms, now_ms)) != ASSAY_ENCLAVE_OK)
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
    return e->client.confirm.has_quorum; /* an ended session waits for nothing either */
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
        e->now_ms = assay_monotonic_ms();
        const enum assay_status status =
            assay_cont_client_adopt(&e->client, index, prev, blob_hash, e->now_ms, &e->outs);
        if (status == ASSAY_E_STALE) return ASSAY_ENCLAVE_ROLLBACK;
        if (status != ASSAY_OK) return ASSAY_ENCLAVE_TOO_EARLY;
        enclave_execute(e);
    }
    return run_until(e, is_running, 0, timeout_ms);
}

enum assay_enclave_result assay_enclave_update(struct assay_enclave *enclave,
                                               const uint8_t blob_hash[static 32], uint64_t *index)
{
    struct assay_enclave *e = enclave;
    if (check_session(e) != ASSAY_ENCLAVE_OK) return check_session(e);
    if (!e->numbered) return ASSAY_ENCLAVE_TOO_EARLY;
    e->now_ms = assay_monotonic_ms();
    const enum assay_status status =
        assay_cont_client_update(&e->client, blob_hash, e->now_ms, index, &e->outs);
    if (status == ASSAY_E_FULL) return ASSAY_ENCLAVE_FULL;
    if (status != ASSAY_OK) return ASSAY_ENCLAVE_TOO_EARLY;
    enclave_execute(e);
    assay_tls_client_flush(e->links, e->now_ms);
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
    if (!enclave_generate_nonce(e, nonce)) return ASSAY_ENCLAVE_FAILED;
    e->now_ms = assay_monotonic_ms();
    if (assay_cont_client_confirm(&e->client, nonce, e->now_ms, &e->outs) != ASSAY_OK)
        return ASSAY_ENCLAVE_TOO_EARLY;
    enclave_execute(e);
    return run_until(e, is_confirmed, 0, timeout_ms);
}

static bool has_no_pending_receipt(const struct assay_enclave *e, uint64_t index)
{
    ASSAY_ASSERT(e->numbered);
    (void)index;
    return !e->client.ask_receipt.asked;
}

static bool is_receipt_for(const struct assay_enclave *e, const uint8_t nonce[static 32])
{
    const struct assay_cont_receipt *receipt = &e->client.receipt;
    return !e->client.ask_receipt.asked && assay_bytes_equal(receipt->nonce, nonce, 32) &&
           receipt->count >= assay_cont_quorum(e->client.config.roster.count);
}

/* A receipt of the instance's own, for its row, may be pending: one at a time. */
enum assay_enclave_result assay_enclave_receipt(struct assay_enclave *enclave,
                                                const uint8_t nonce[static 32], int timeout_ms,
                                                struct assay_cont_receipt *receipt)
{
    struct assay_enclave *e = enclave;
    const uint64_t ends_ms = assay_monotonic_ms() + (uint64_t)timeout_ms;
    if (check_session(e) != ASSAY_ENCLAVE_OK) return check_session(e);
    if (!e->numbered || !is_running(e, 0) || e->client.certified == 0)
        return ASSAY_ENCLAVE_TOO_EARLY;
    for (;;) {
        const uint64_t now_ms = assay_monotonic_ms();
        const enum assay_enclave_result result =
            run_until(e, has_no_pending_receipt, 0, left_of(ends_ms, now_ms));
        if (result != ASSAY_ENCLAVE_OK) return result;
        if (is_receipt_for(e, nonce)) break;
        e->now_ms = assay_monotonic_ms();
        if (assay_cont_client_receipt(&e->client, nonce, e->now_ms, &e->outs) != ASSAY_OK)
            return ASSAY_ENCLAVE_TOO_EARLY;
        enclave_execute(e);
    }
    *receipt = e->client.receipt;
    return ASSAY_ENCLAVE_OK;
}

static bool is_retired(const struct assay_enclave *e, uint64_t index)
{
    (void)index;
    return e->retired;
}

enum assay_enclave_result assay_enclave_retire(struct assay_enclave *enclave, int timeout_ms)
{
    struct assay_enclave *e = enclave;
    const bool is_again = e->retires && e->client.end == ASSAY_CONT_END_RETIRED;
    if (e->retired) return ASSAY_ENCLAVE_OK;
    if (!is_again && check_session(e) != ASSAY_ENCLAVE_OK) return check_session(e);
    if (!has_found(e, 0)) return ASSAY_ENCLAVE_TOO_EARLY;
    if (enclave_submit_retire(e) != ASSAY_OK) return ASSAY_ENCLAVE_FAILED;
    e->is_retiring = true;
    const enum assay_enclave_result result = run_until(e, is_retired, 0, timeout_ms);
    e->is_retiring = false;
    return result == ASSAY_ENCLAVE_RETIRED ? ASSAY_ENCLAVE_OK : result;
}
