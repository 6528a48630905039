/*
 * net/transport/transport_client.c - client of the transport process: orders out, reports in.
 */
#include "net/transport/client_internal.h"

#include "base/assert.h"
#include "base/system_clock.h"
#include "host/peers/addresses.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* ------------------------------------------------------------ sending */

static void ring_bell(struct assay_transport_client *far)
{
    ASSAY_ASSERT(far->shared != NULL);
    const uint8_t bell = ASSAY_PACKET_WAKE;
    /* A bell that does not fit is not needed: others are pending. A closed socket is detected by
     * recv. */
    if (send(far->child.socket, &bell, 1, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) return;
}

bool assay_transport_client_send_packet(struct assay_transport_client *far,
                                        const struct assay_transport_packet *packet)
{
    uint8_t bytes[ASSAY_TRANSPORT_PACKET_MAX];
    struct assay_slice out;
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    if (far->shared == NULL) return false;
    assay_transport_packet_encode(packet, &w);
    const enum assay_status status = assay_writer_finish(&w, &out);
    ASSAY_ASSERT(status == ASSAY_OK);
    const bool said = send(far->child.socket, out.bytes, out.len, MSG_NOSIGNAL) >= 0;
    assay_secret_wipe(bytes, sizeof bytes);
    return said;
}

/* Returns: ASSAY_OK | ASSAY_E_FULL | ASSAY_E_RANGE | ASSAY_E_NOT_FOUND (no process) */
static enum assay_status put_order(struct assay_transport_client *far,
                                   const struct assay_transport_order *order, size_t reserve)
{
    struct assay_slice record;
    struct assay_writer w = assay_writer_over(far->out, sizeof far->out);
    if (far->shared == NULL) return ASSAY_E_NOT_FOUND;
    assay_transport_order_encode(order, &w);
    const enum assay_status status = assay_writer_finish(&w, &record);
    ASSAY_ASSERT(status == ASSAY_OK);
    if (reserve > 0 && !assay_ring_has_room(&far->orders, record.len + reserve))
        return ASSAY_E_FULL;
    return assay_ring_write(&far->orders, record);
}

void assay_transport_client_send_order(struct assay_transport_client *far,
                                       const struct assay_transport_order *order)
{
    const enum assay_status status = put_order(far, order, 0);
    if (status == ASSAY_OK || status == ASSAY_E_NOT_FOUND) return;
    assay_transport_supervisor_on_failure(far, assay_monotonic_ms(), "it takes no orders any more",
                                          status == ASSAY_E_FULL);
}

static void send_member(struct assay_transport_client *far, uint16_t slot)
{
    ASSAY_ASSERT(slot < far->members);
    const struct far_member *m = &far->member[slot];
    struct assay_transport_order *o = &far->order;
    o->kind = ASSAY_TRANSPORT_ORDER_MEMBER;
    o->slot = slot;
    o->gone = m->gone;
    assay_bytes_copy(o->bootstrap, sizeof o->bootstrap, m->bootstrap, sizeof m->bootstrap);
    assay_bytes_copy(o->transport, sizeof o->transport, m->transport, sizeof m->transport);
    assay_transport_client_send_order(far, o);
}

static void send_peer(struct assay_transport_client *far, uint16_t slot)
{
    ASSAY_ASSERT(slot < far->members);
    const char *addresses = far->member[slot].addresses;
    far->order.kind = addresses != NULL ? ASSAY_TRANSPORT_ORDER_PEER : ASSAY_TRANSPORT_ORDER_FORGET;
    far->order.slot = slot;
    if (addresses != NULL) far->order.bytes = assay_slice_over(addresses, strlen(addresses));
    assay_transport_client_send_order(far, &far->order);
}

static void send_limits(struct assay_transport_client *far, uint16_t slot)
{
    ASSAY_ASSERT(slot < far->members);
    far->order.kind = ASSAY_TRANSPORT_ORDER_LIMITS;
    far->order.slot = slot;
    far->order.until_ms = far->member[slot].until_ms;
    far->order.last = far->member[slot].last;
    assay_transport_client_send_order(far, &far->order);
}

/* Peers to ignore and peers with low priority: decided here, applied there. Returns: whether they
 * changed. */
static bool check_limits(struct assay_transport_client *far, uint16_t slot, uint64_t now_ms)
{
    ASSAY_ASSERT(slot < far->members);
    struct far_member *m = &far->member[slot];
    const struct assay_limit *limit =
        far->config.limits != NULL ? &far->config.limits[slot] : NULL;
    uint64_t until_ms = m->shut_until_ms;
    bool last = false;
    if (limit != NULL) {
        if (limit->banned_until_ms > until_ms) until_ms = limit->banned_until_ms;
        if (limit->peer_score.shut_until_ms > until_ms) until_ms = limit->peer_score.shut_until_ms;
        last = assay_peer_score_is_deprioritised(&limit->peer_score, now_ms);
    }
    if (until_ms <= now_ms) until_ms = 0;
    if (m->until_ms <= now_ms) m->until_ms = 0;
    if (until_ms == m->until_ms && last == m->last) return false;
    m->until_ms = until_ms;
    m->last = last;
    return true;
}

static void update_limits(struct assay_transport_client *far, uint64_t now_ms)
{
    ASSAY_ASSERT(far->shared != NULL);
    if (now_ms < far->limits_ms) return;
    far->limits_ms = now_ms + CLIENT_LIMITS_MS;
    for (uint32_t slot = 0; slot < far->members; slot++)
        if (check_limits(far, (uint16_t)slot, now_ms)) send_limits(far, (uint16_t)slot);
}

static bool copy_entry(struct assay_transport_client *far, uint16_t slot)
{
    ASSAY_ASSERT(slot < far->members && far->config.roster->count == far->members);
    struct far_member *m = &far->member[slot];
    const struct assay_roster_entry *now = &far->config.roster->entries[slot];
    if (m->gone == now->gone &&
        assay_bytes_equal(m->bootstrap, now->bootstrap, sizeof m->bootstrap) &&
        assay_bytes_equal(m->transport, now->transport, sizeof m->transport))
        return false;
    m->gone = now->gone;
    assay_bytes_copy(m->bootstrap, sizeof m->bootstrap, now->bootstrap, sizeof now->bootstrap);
    assay_bytes_copy(m->transport, sizeof m->transport, now->transport, sizeof now->transport);
    return true;
}

void assay_transport_client_roster(struct assay_transport_client *far)
{
    for (uint32_t slot = 0; slot < far->members; slot++)
        if (copy_entry(far, (uint16_t)slot)) send_member(far, (uint16_t)slot);
}

static void send_key(struct assay_transport_client *far)
{
    ASSAY_ASSERT(far->identified);
    far->packet.kind = ASSAY_PACKET_IDENTIFY;
    far->packet.secret = far->secret;
    assay_bytes_copy(far->packet.public_key, 32, far->public_key, 32);
    if (!assay_transport_client_send_packet(far, &far->packet) && far->shared != NULL)
        assay_transport_supervisor_on_failure(far, assay_monotonic_ms(),
                                              "it takes no keys any more", true);
    assay_secret_wipe(&far->packet, sizeof far->packet);
}

static void send_brief(struct assay_transport_client *far)
{
    const struct assay_link_config *config = &far->config;
    struct assay_transport_packet *p = &far->packet;
    *p = (struct assay_transport_packet){ .kind = ASSAY_PACKET_BRIEF,
                                          .members = far->members,
                                          .self = config->roster->self,
                                          .handshake_ms = (uint32_t)config->handshake_ms,
                                          .redial_ms = (uint32_t)config->redial_ms,
                                          .pause_ms_max = config->pause_ms_max,
                                          /* The listener is the same as at the start. */
                                          .self_test = config->self_test && !far->served,
                                          .secret = *config->bootstrap_secret };
    assay_bytes_copy(p->public_key, 32, config->bootstrap_public, 32);
    (void)snprintf(p->text, sizeof p->text, "%s", far->listen);
    const bool sent = assay_transport_client_send_packet(far, p);
    (void)sent; /* a process that is gone already is found by recv */
    assay_secret_wipe(p, sizeof *p);
}

void assay_transport_client_send_all(struct assay_transport_client *far, uint64_t now_ms)
{
    ASSAY_ASSERT(far->shared != NULL && !far->ready);
    far->frame_len = SIZE_MAX;
    for (uint32_t slot = 0; slot < far->members; slot++) {
        const uint16_t s = (uint16_t)slot;
        (void)copy_entry(far, s);
        (void)check_limits(far, s, now_ms);
        send_member(far, s);
        if (far->member[s].until_ms > 0 || far->member[s].last) send_limits(far, s);
    }
    far->order.kind = ASSAY_TRANSPORT_ORDER_START;
    far->order.slot = 0;
    assay_transport_client_send_order(far, &far->order);
    for (uint32_t slot = 0; slot < far->members; slot++)
        if (far->member[slot].addresses != NULL) send_peer(far, (uint16_t)slot);
    assay_transport_client_flush(
        far); /* no reader sleeps yet: no bell; the configuration is the first record */
    send_brief(far);
    if (far->identified) send_key(far);
}

/* ------------------------------------------------------------ opened and closed */

static char *copy_text(const char *text)
{
    return text != NULL ? strdup(text) : NULL;
}

static uint32_t first_text(uint32_t given, uint32_t usual)
{
    return given > 0 ? given : usual;
}

static enum assay_status prepare_client(struct assay_transport_client *far,
                                        const struct assay_link_config *config,
                                        const struct assay_transport_apart *apart)
{
    ASSAY_ASSERT(far->member == NULL && far->resolver == NULL);
    ASSAY_ASSERT(config->names == NULL && config->roster->count <= ASSAY_MEMBERS_MAX);
    far->config = *config;
    far->members = config->roster->count;
    far->linger_ms = -1;
    far->frame_len = SIZE_MAX;
    far->stall_cpu_ms = first_text(apart->stall_cpu_ms, ASSAY_TRANSPORT_STALL_CPU_MS);
    far->stall_ms = first_text(apart->stall_ms, ASSAY_TRANSPORT_STALL_MS);
    far->backoff_ms = first_text(apart->backoff_ms, ASSAY_TRANSPORT_BACKOFF_MS);
    far->shut_ms = first_text(apart->shut_ms, ASSAY_TRANSPORT_SHUT_MS);
    far->member = calloc(far->members, sizeof *far->member);
    far->program = copy_text(apart->program);
    far->argument = copy_text(apart->argument);
    const bool copied = (apart->program == NULL) == (far->program == NULL) &&
                        (apart->argument == NULL) == (far->argument == NULL);
    if (!copied || far->member == NULL) return ASSAY_E_MEMORY;
    const int len = snprintf(far->listen, sizeof far->listen, "%s", config->listen);
    if (len < 0 || (size_t)len >= sizeof far->listen) return ASSAY_E_RANGE;
    far->config.listen = far->listen;
    return assay_resolver_open(config->resolve, config->resolve_context, &far->resolver);
}

/* Returns: ASSAY_OK when it is ready | why not. */
static enum assay_status wait_until_ready(struct assay_transport_client *far,
                                          char message[static ASSAY_LINK_MESSAGE_LEN])
{
    while (!far->ready) {
        struct pollfd one = { .fd = far->child.socket, .events = POLLIN };
        if (far->failures == 0) {
            if (poll(&one, 1, CLIENT_START_POLL_MS) < 0 && errno != EINTR) return ASSAY_E_IO;
            assay_transport_supervisor_poll(far, assay_monotonic_ms());
            continue;
        }
        ASSAY_ASSERT(far->news_count > 0);
        const struct assay_transport_news *last = &far->news[far->news_count - 1];
        (void)snprintf(message, ASSAY_LINK_MESSAGE_LEN, "%s%.200s",
                       far->refusal != ASSAY_OK ? "" : "transport: ", last->why);
        if (far->refusal != ASSAY_OK) return far->refusal;
        return last->stalled ? ASSAY_E_TIMEOUT : ASSAY_E_IO;
    }
    return ASSAY_OK;
}

enum assay_status assay_transport_client_init(const struct assay_link_config *config,
                                              const struct assay_transport_apart *apart,
                                              struct assay_transport_client **out,
                                              char message[static ASSAY_LINK_MESSAGE_LEN])
{
    struct assay_transport_client *far = calloc(1, sizeof *far);
    if (far == NULL) return ASSAY_E_MEMORY;
    (void)snprintf(message, ASSAY_LINK_MESSAGE_LEN, "cannot set up the transport");
    const enum assay_status status = prepare_client(far, config, apart);
    if (status == ASSAY_OK) {
        assay_transport_supervisor_poll(far, assay_monotonic_ms());
        *out = far;
        return ASSAY_OK;
    }
    assay_transport_client_close(&far);
    return status;
}

enum assay_status assay_transport_client_open(const struct assay_link_config *config,
                                              const struct assay_transport_apart *apart,
                                              struct assay_transport_client **out,
                                              char message[static ASSAY_LINK_MESSAGE_LEN])
{
    struct assay_transport_client *far = NULL;
    ASSAY_TRY(assay_transport_client_init(config, apart, &far, message));
    const enum assay_status status = wait_until_ready(far, message);
    if (status != ASSAY_OK) {
        assay_transport_client_close(&far);
        return status;
    }
    message[0] = '\0';
    *out = far;
    return ASSAY_OK;
}

void assay_transport_client_linger(struct assay_transport_client *far, int ms)
{
    ASSAY_ASSERT(ms >= 0);
    if (!far->ready) return;
    far->order.kind = ASSAY_TRANSPORT_ORDER_LINGER;
    far->order.slot = 0;
    far->order.ms = (uint32_t)ms;
    assay_transport_client_send_order(far, &far->order);
    assay_transport_client_flush(far);
    far->linger_ms = ms;
}

void assay_transport_client_close(struct assay_transport_client **far)
{
    struct assay_transport_client *f = *far;
    if (f == NULL) return;
    assay_transport_supervisor_stop(f);
    assay_resolver_close(&f->resolver);
    for (uint32_t slot = 0; f->member != NULL && slot < f->members; slot++)
        free(f->member[slot].addresses);
    free(f->member);
    free(f->program);
    free(f->argument);
    assay_secret_wipe(&f->secret, sizeof f->secret);
    free(f);
    *far = NULL;
}

const char *assay_transport_client_endpoint(const struct assay_transport_client *far)
{
    return far->endpoint;
}

/* ------------------------------------------------------------ the runtime's orders */

void assay_transport_client_identify(struct assay_transport_client *far,
                                     const struct assay_secret32 *secret,
                                     const uint8_t public_key[static 32])
{
    far->secret = *secret;
    assay_bytes_copy(far->public_key, sizeof far->public_key, public_key, 32);
    far->identified = true;
    if (far->shared != NULL) send_key(far);
}

enum assay_status assay_transport_client_peer(struct assay_transport_client *far, uint16_t slot,
                                              const char *addresses)
{
    ASSAY_ASSERT(slot < far->members);
    struct far_member *m = &far->member[slot];
    if (strlen(addresses) >= ASSAY_TRANSPORT_TEXT_MAX || !assay_link_addresses_are_valid(addresses))
        return ASSAY_E_IO;
    if (m->addresses != NULL && strcmp(m->addresses, addresses) == 0) return ASSAY_OK;
    char *const kept = strdup(addresses);
    if (kept == NULL) return ASSAY_E_MEMORY;
    free(m->addresses);
    m->addresses = kept;
    send_peer(far, slot);
    return ASSAY_OK;
}

void assay_transport_client_remove_peer(struct assay_transport_client *far, uint16_t slot)
{
    ASSAY_ASSERT(slot < far->members);
    free(far->member[slot].addresses);
    far->member[slot].addresses = NULL;
    send_peer(far, slot);
}

bool assay_transport_client_has_peer(const struct assay_transport_client *far, uint16_t slot)
{
    ASSAY_ASSERT(slot < far->members);
    return far->member[slot].addresses != NULL;
}

bool assay_transport_client_is_up(const struct assay_transport_client *far, uint16_t slot)
{
    ASSAY_ASSERT(slot < far->members);
    return far->ready && atomic_load_explicit(&far->shared->up[slot], memory_order_relaxed) != 0;
}

/* docs/protocol.md 10.5.1: large frames, which members can request in bursts, leave room for the
 * votes of the same turn. Returns: what a frame of that length must leave free. */
static size_t reserve_of(size_t len)
{
    return len <= CLIENT_SMALL_LEN ? (size_t)CLIENT_ORDERS_RESERVE
                                   : (size_t)CLIENT_ORDERS_RESERVE + CLIENT_SMALL_RESERVE;
}

/* A frame to many recipients: its bytes are sent once. Returns: whether they are there. */
static bool give_frame(struct assay_transport_client *far, struct assay_slice frame)
{
    ASSAY_ASSERT(frame.len <= sizeof far->frame);
    if (far->frame_len == frame.len && assay_bytes_equal(far->frame, frame.bytes, frame.len))
        return true;
    far->order.kind = ASSAY_TRANSPORT_ORDER_FRAME;
    far->order.slot = 0;
    far->order.bytes = frame;
    if (put_order(far, &far->order, reserve_of(frame.len)) != ASSAY_OK) return false;
    assay_bytes_copy(far->frame, sizeof far->frame, frame.bytes, frame.len);
    far->frame_len = frame.len;
    return true;
}

enum assay_status assay_transport_client_send(struct assay_transport_client *far, uint16_t slot,
                                              struct assay_slice frame, uint64_t relay)
{
    ASSAY_ASSERT(slot < far->members);
    if (far->member[slot].addresses == NULL) return ASSAY_E_NOT_FOUND;
    if (frame.len > ASSAY_FRAME_LEN_MAX) return ASSAY_E_RANGE;
    bool given = give_frame(far, frame);
    far->order.kind = ASSAY_TRANSPORT_ORDER_TO;
    far->order.slot = slot;
    far->order.relay = relay;
    given = given && put_order(far, &far->order, reserve_of(frame.len)) == ASSAY_OK;
    if (!given) assay_count(far->config.counters, ASSAY_COUNT_SEND_DROPPED);
    return ASSAY_OK;
}

void assay_transport_client_spare(struct assay_transport_client *far, uint16_t slot, uint64_t relay)
{
    ASSAY_ASSERT(slot < far->members);
    far->order.kind = ASSAY_TRANSPORT_ORDER_SPARE;
    far->order.slot = slot;
    far->order.relay = relay;
    assay_status_ignore(put_order(far, &far->order, CLIENT_ORDERS_RESERVE), "then it is sent");
}

void assay_transport_client_flush(struct assay_transport_client *far)
{
    if (far->shared != NULL && assay_ring_publish(&far->orders)) ring_bell(far);
}

void assay_transport_client_pause(struct assay_transport_client *far, bool paused)
{
    far->paused = paused;
}

/* ------------------------------------------------------------ names */

/* Returns: whether the name is the host of one of the member's addresses. */
static bool has_frame(const struct assay_transport_client *far, uint16_t slot, const char *host)
{
    ASSAY_ASSERT(slot < far->members);
    const char *rest = far->member[slot].addresses;
    char item[ASSAY_CLAIM_ADDRESS_MAX];
    const size_t len = strlen(host);
    while (rest != NULL && assay_address_next(&rest, item)) {
        const char *const colon = strrchr(item, ':');
        if (colon != NULL && (size_t)(colon - item) == len && strncmp(item, host, len) == 0)
            return true;
    }
    return false;
}

/* Only names that were configured are resolved for it: it does not control the names that this node
 * queries. */
static void request_name(struct assay_transport_client *far, const struct assay_transport_report *r)
{
    ASSAY_ASSERT(r->kind == ASSAY_TRANSPORT_REPORT_NAME);
    if (!has_frame(far, r->slot, r->host)) return;
    if (assay_resolver_request(far->resolver, r->slot, r->host) == ASSAY_OK) far->asked++;
}

static void read_counters(struct assay_transport_client *far)
{
    while (far->asked > 0 && assay_resolver_next(far->resolver, &far->order.numbers)) {
        far->asked--;
        far->order.kind = ASSAY_TRANSPORT_ORDER_ADDRESSES;
        far->order.slot = (uint16_t)far->order.numbers.asker;
        assay_transport_client_send_order(far, &far->order);
    }
}

/* ------------------------------------------------------------ receiving */

/* The only measure against bytes that it holds. */
static void wait_for_space(struct assay_transport_client *far)
{
    if (far->shared != NULL && atomic_exchange(&far->shared->wants_room, 0) != 0) ring_bell(far);
}

/* Identifies the sender by the current roster, as in net/zmq/link.c. Returns: whether it is
 * accepted. */
static bool is_members(struct assay_transport_client *far, const struct assay_transport_report *r)
{
    ASSAY_ASSERT(r->kind == ASSAY_TRANSPORT_REPORT_FRAME && r->slot < far->members);
    const struct assay_roster *const roster = far->config.roster;
    const enum assay_status status = assay_host_roster_check_key(roster, r->slot, r->which, r->key);
    if (status == ASSAY_OK && r->slot != roster->self) return true;
    assay_count(far->config.counters,
                status == ASSAY_E_STALE ? ASSAY_COUNT_FRAME_OLD_KEY : ASSAY_COUNT_FRAME_USER);
    return false;
}

/* Returns: ASSAY_OK, far->report | ASSAY_E_AGAIN */
static enum assay_status read_report(struct assay_transport_client *far)
{
    size_t len = 0;
    if (!far->ready) return ASSAY_E_AGAIN;
    enum assay_status status = assay_ring_read(&far->reports, far->in, sizeof far->in, &len);
    if (status == ASSAY_E_AGAIN) return status;
    if (status == ASSAY_OK)
        status = assay_transport_report_decode(assay_slice_over(far->in, len), &far->report);
    if (status == ASSAY_OK && far->report.slot >= far->members) status = ASSAY_E_RANGE;
    if (status == ASSAY_OK) return status;
    assay_transport_supervisor_on_failure(far, assay_monotonic_ms(),
                                          "what it reports cannot be read", false);
    return ASSAY_E_AGAIN;
}

enum assay_status assay_transport_client_receive(struct assay_transport_client *far, uint16_t *slot,
                                                 enum assay_roster_key *which,
                                                 struct assay_slice *frame)
{
    for (int i = 0; i < CLIENT_DROPS_PER_RECEIVE; i++) {
        if (read_report(far) != ASSAY_OK) break;
        if (far->report.kind == ASSAY_TRANSPORT_REPORT_NAME) {
            request_name(far, &far->report);
        } else if (is_members(far, &far->report)) {
            *slot = far->report.slot;
            *which = far->report.which;
            *frame = far->report.bytes;
            return ASSAY_OK;
        }
    }
    wait_for_space(far);
    return ASSAY_E_AGAIN;
}

/* ------------------------------------------------------------ waiting */

/* spoke: the socket may be readable; otherwise no call into the kernel is spent on it. */
static void poll_client(struct assay_transport_client *far, uint64_t now_ms, bool spoke)
{
    ASSAY_ASSERT(far->resolver != NULL);
    if (spoke || !far->ready) assay_transport_supervisor_poll(far, now_ms);
    else assay_transport_supervisor_check(far, now_ms);
    if (far->shared != NULL) update_limits(far, now_ms);
    read_counters(far);
    wait_for_space(far);
    assay_transport_client_flush(far);
    if (far->shared == NULL || now_ms < far->rest_ms) return;
    far->rest_ms = now_ms + CLIENT_TRIM_MS;
    assay_ring_trim(&far->orders);
}

static int min_wait(int timeout_ms, int other_ms)
{
    if (other_ms < 0) return timeout_ms;
    return timeout_ms < 0 || other_ms < timeout_ms ? other_ms : timeout_ms;
}

static int sleep_limit_ms(struct assay_transport_client *far, uint64_t now_ms, int timeout_ms)
{
    ASSAY_ASSERT(!far->ready || far->shared != NULL);
    if (far->asked > 0) timeout_ms = min_wait(timeout_ms, CLIENT_NAMES_MS);
    timeout_ms = min_wait(timeout_ms, assay_transport_supervisor_wait_ms(far, now_ms));
    /* While paused nothing is woken up for. */
    if (!far->ready || far->paused) return timeout_ms;
    if (!assay_ring_sleep(&far->reports)) return 0;
    far->sleeps++;
    return timeout_ms;
}

bool assay_transport_client_may_wake(struct assay_transport_client *far, uint64_t now_ms)
{
    if (now_ms - far->wakes_ms >= 1000) {
        far->wakes_ms = now_ms;
        far->wakes = 0;
    }
    return far->wakes < CLIENT_WAKES_PER_S;
}

enum assay_status assay_transport_client_wait(struct assay_transport_client *far, uint64_t now_ms,
                                              struct pollfd *extra, size_t count, int timeout_ms)
{
    ASSAY_ASSERT(count <= CLIENT_EXTRA_MAX);
    poll_client(far, now_ms, false);
    for (size_t i = 0; i < count; i++)
        far->fds[i] = extra[i];
    const bool listens = assay_transport_client_may_wake(far, now_ms);
    if (!listens) timeout_ms = min_wait(timeout_ms, CLIENT_WAKES_PAUSE_MS);
    far->fds[count] = (struct pollfd){
        .fd = far->shared != NULL && listens ? far->child.socket : -1, .events = POLLIN };
    const int polled = poll(far->fds, count + 1, sleep_limit_ms(far, now_ms, timeout_ms));
    if (polled < 0 && errno != EINTR) return ASSAY_E_IO;
    const bool spoke = polled < 0 || far->fds[count].revents != 0;
    far->wakes += spoke;
    if (far->shared != NULL) assay_ring_wake(&far->reports);
    for (size_t i = 0; i < count; i++) {
        extra[i].revents = 0;
        if (polled >= 0) extra[i].revents = far->fds[i].revents;
    }
    poll_client(far, assay_monotonic_ms(), spoke);
    return ASSAY_OK;
}

bool assay_transport_client_news(struct assay_transport_client *far,
                                 struct assay_transport_news *news)
{
    ASSAY_ASSERT(far->news_count <= ASSAY_TRANSPORT_NEWS_MAX);
    if (far->news_count == 0) return false;
    *news = far->news[0];
    far->news_count--;
    for (size_t i = 0; i < far->news_count; i++)
        far->news[i] = far->news[i + 1];
    return true;
}
