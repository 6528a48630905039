/*
 * net/zmq/dial.c - outbound connections: one PUSH per peer and attempt, scheduled by
 * host/peers/dial.h.
 *
 * libzmq neither redials nor resolves names here: it would do the one at one address alone, and the
 * other in the thread that serves everybody. A socket of its own for each try keeps what its
 * monitor tells apart from the try before.
 */
#include "net/zmq/link_internal.h"

#include "base/assert.h"
#include "base/checked.h"
#include "base/system_clock.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

static void disconnect(struct assay_link *link, struct link_peer *peer)
{
    if (peer->line != NULL) {
        (void)zmq_socket_monitor(peer->line, NULL, 0);
        (void)zmq_close(peer->line);
    }
    if (peer->is_watched) (void)epoll_ctl(link->lines_fd, EPOLL_CTL_DEL, peer->monitor_fd, NULL);
    if (peer->monitor != NULL) (void)zmq_close(peer->monitor); /* and with it its descriptor */
    peer->line = peer->monitor = NULL;
    peer->is_watched = peer->is_stuck = false;
}

static void forget_addresses(struct link_peer *peer)
{
    ASSAY_ASSERT(peer->address_count <= LINK_ADDRESSES_MAX);
    for (uint32_t i = 0; i < peer->address_count; i++)
        free(peer->addresses[i]);
    peer->address_count = 0;
}

void assay_line_close(struct assay_link *link, struct link_peer *peer)
{
    disconnect(link, peer);
    assay_outbox_clear(&peer->box);
    forget_addresses(peer);
}

static bool add_to_set(struct assay_link *link, struct link_peer *peer)
{
    ASSAY_ASSERT(peer->monitor_fd >= 0 && !peer->is_watched);
    struct epoll_event event = { .events = EPOLLIN,
                                 .data.u32 = (uint32_t)(peer - link->peers) };
    peer->is_watched = epoll_ctl(link->lines_fd, EPOLL_CTL_ADD, peer->monitor_fd, &event) == 0;
    return peer->is_watched;
}

/*
 * The dialling side sends the heartbeats, and states its own silence limit in them: both sides
 * detect a dead peer with half of the messages that two heartbeats need.
 */
static bool keep_alive(void *line)
{
    return assay_socket_int(line, ZMQ_HEARTBEAT_IVL, LINK_HEARTBEAT_MS) &&
           assay_socket_int(line, ZMQ_HEARTBEAT_TIMEOUT, LINK_HEARTBEAT_LATE_MS) &&
           assay_socket_int(line, ZMQ_HEARTBEAT_TTL, LINK_HEARTBEAT_GONE_MS);
}

/* The census needs the line's descriptor: a dialled peer may send, too. */
static bool start_line(struct assay_link *link, struct link_peer *peer)
{
    ASSAY_ASSERT(peer->line != NULL && peer->monitor == NULL);
    /* No event of a failed handshake: see the comment above open_server in link.c. */
    const int events = ZMQ_EVENT_CONNECTED | ZMQ_EVENT_HANDSHAKE_SUCCEEDED |
                       ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_CLOSED;
    char name[64];
    snprintf(name, sizeof name, "inproc://line-%u", link->dialled++);
    peer->monitor = zmq_socket(link->context, ZMQ_PAIR);
    return peer->monitor != NULL && assay_socket_int(peer->monitor, ZMQ_LINGER, 0) &&
           assay_socket_int(peer->monitor, ZMQ_RCVHWM, 0) &&
           zmq_socket_monitor(peer->line, name, events) == 0 &&
           zmq_connect(peer->monitor, name) == 0 && assay_socket_fd(peer->line, &peer->line_fd) &&
           assay_socket_fd(peer->monitor, &peer->monitor_fd) && add_to_set(link, peer);
}

/* address: HOST:PORT with a numeric host. Returns: whether libzmq accepted it. */
static bool dial_peer(struct assay_link *link, struct link_peer *peer, const char *address)
{
    char endpoint[ASSAY_LINK_ENDPOINT_MAX];
    const uint8_t *server_key = link->config.roster->entries[peer - link->peers].bootstrap;
    (void)snprintf(endpoint, sizeof endpoint, "tcp://%s", address);
    disconnect(link, peer);
    void *line = peer->line = zmq_socket(link->context, ZMQ_PUSH);
    if (line != NULL && assay_socket_common(line) && keep_alive(line) &&
        assay_socket_int(line, ZMQ_IMMEDIATE, 1) &&
        assay_socket_int(line, ZMQ_HANDSHAKE_IVL, link->redial_ms) &&
        assay_socket_int(line, ZMQ_RECONNECT_IVL, -1) &&
        assay_socket_bytes(line, ZMQ_CURVE_SERVERKEY, server_key, 32) &&
        assay_socket_bytes(line, ZMQ_CURVE_PUBLICKEY, link->dial_public, 32) &&
        assay_socket_bytes(line, ZMQ_CURVE_SECRETKEY, link->dial_secret.bytes, 32) &&
        start_line(link, peer) && zmq_connect(line, endpoint) == 0) {
        assay_line_read_monitor(link, peer); /* the first edge follows the first check */
        return true;
    }
    disconnect(link, peer);
    return false;
}

static void set_error(struct assay_link *link, struct link_peer *peer)
{
    disconnect(link, peer);
    assay_dial_on_disconnected(&peer->dial, &link->dialling, assay_monotonic_ms());
}

void assay_line_read_monitor(struct assay_link *link, struct link_peer *peer)
{
    uint16_t event = 0;
    uint32_t value = 0;
    ASSAY_ASSERT(peer->monitor != NULL);
    while (peer->monitor != NULL && assay_monitor_next(peer->monitor, &event, &value)) {
        if (event == ZMQ_EVENT_CONNECTED) assay_census_add(link, (int)value);
        else if (event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED)
            assay_dial_on_connected(&peer->dial, assay_monotonic_ms());
        else if (event == ZMQ_EVENT_DISCONNECTED || event == ZMQ_EVENT_CLOSED)
            set_error(link, peer);
    }
}

/* ------------------------------------------------------------ tries */

/*
 * "[::1]". libzmq resolves anything else in brackets, a name or a zone ("%eth0"), through the C
 * library, in the thread that serves all members; a transport process ends by it
 * (net/sandbox/sandbox.c).
 */
static bool is_ipv6(const char *host, size_t len)
{
    struct in6_addr six;
    char number[INET6_ADDRSTRLEN];
    if (len < 2 || len - 2 >= sizeof number || host[0] != '[' || host[len - 1] != ']') return false;
    assay_bytes_copy(number, sizeof number, host + 1, len - 2);
    number[len - 2] = '\0';
    return inet_pton(AF_INET6, number, &six) == 1;
}

/* The host ends at the last colon. Returns: whether it is numeric: libzmq gets numeric addresses
 * only. */
static bool is_number(const char *address, char host[static ASSAY_CLAIM_ADDRESS_MAX])
{
    struct in_addr four;
    const char *const colon = strrchr(address, ':');
    ASSAY_ASSERT(colon != NULL);
    (void)snprintf(host, ASSAY_CLAIM_ADDRESS_MAX, "%.*s", (int)(colon - address), address);
    return is_ipv6(host, strlen(host)) || inet_pton(AF_INET, host, &four) == 1;
}

/* One number a try, another one the next time: of a name with two families one may lead nowhere. */
static void dial_one_of(struct assay_link *link, struct link_peer *peer, const char *port,
                        const struct assay_resolver_answer *answer)
{
    char address[ASSAY_RESOLVER_NUMBER_LEN + 8];
    ASSAY_ASSERT(answer->count > 0);
    (void)snprintf(address, sizeof address, "%s%s",
                   answer->numbers[peer->turn++ % answer->count], port);
    if (!dial_peer(link, peer, address)) set_error(link, peer);
}

/* Is the name of this try one that was answered when the try before was over? */
static bool is_try_late(struct link_peer *peer, const char *host)
{
    const uint64_t passed_ms = assay_monotonic_ms() - peer->late_ms;
    return peer->late.count > 0 && passed_ms <= LINK_LATE_MS && strcmp(host, peer->late.host) == 0;
}

/* docs/protocol.md 9.3.3: a name is resolved at each try. */
static void try_dial(struct assay_link *link, struct link_peer *peer)
{
    ASSAY_ASSERT(peer->dial.index < peer->address_count);
    char host[ASSAY_CLAIM_ADDRESS_MAX];
    const char *const address = peer->addresses[peer->dial.index];
    peer->is_resolving = false;
    if (is_number(address, host)) {
        if (!dial_peer(link, peer, address)) set_error(link, peer);
        return;
    }
    if (is_try_late(peer, host)) {
        const struct assay_resolver_answer answer = peer->late;
        peer->late.count = 0;
        dial_one_of(link, peer, strrchr(address, ':'), &answer);
        return;
    }
    peer->is_resolving =
        link->names.ask(link->names.context, (uint32_t)(peer - link->peers), host) == ASSAY_OK;
    if (peer->is_resolving) link->asked++;
    else set_error(link, peer);
}

/* When other names occupy the resolver, every answer may arrive after its attempt: the next attempt
 * uses it. */
static void hang_up_late(struct link_peer *peer, const struct assay_resolver_answer *answer)
{
    if (answer->count == 0) return;
    peer->late = *answer;
    peer->late_ms = assay_monotonic_ms();
}

static void start_resolving(struct assay_link *link, const struct assay_resolver_answer *answer)
{
    char host[ASSAY_CLAIM_ADDRESS_MAX];
    struct link_peer *const peer = &link->peers[answer->asker];
    ASSAY_ASSERT(answer->asker < link->config.roster->count && link->asked > 0);
    link->asked--;
    const bool tries = peer->is_resolving && peer->dial.state == ASSAY_DIAL_TRYING;
    const char *const named = tries ? peer->addresses[peer->dial.index] : NULL;
    if (!tries || is_number(named, host) || strcmp(host, answer->host) != 0) {
        hang_up_late(peer, answer); /* too late, or of another address of the list */
        return;
    }
    peer->is_resolving = false;
    if (answer->count == 0) {
        assay_count(link->config.counters, ASSAY_COUNT_NAME_UNKNOWN);
        set_error(link, peer);
        return;
    }
    dial_one_of(link, peer, strrchr(named, ':'), answer);
}

void assay_line_poll(struct assay_link *link)
{
    struct assay_resolver_answer answer;
    const uint64_t now_ms = assay_monotonic_ms();
    while (link->asked > 0 && link->names.take(link->names.context, &answer))
        start_resolving(link, &answer);
    if (!link->identified) return;
    for (size_t i = 0; i < link->config.roster->count; i++) {
        struct link_peer *peer = &link->peers[i];
        if (now_ms < assay_dial_wake_at(&peer->dial)) continue;
        if (assay_dial_check_timeout(&peer->dial, &link->dialling, now_ms)) disconnect(link, peer);
        else if (assay_dial_start_due(&peer->dial, &link->dialling, now_ms)) try_dial(link, peer);
    }
}

void assay_line_on_incoming(struct assay_link *link, uint16_t slot)
{
    ASSAY_ASSERT(slot < link->config.roster->count);
    assay_dial_on_incoming(&link->peers[slot].dial, assay_monotonic_ms());
}

/* ------------------------------------------------------------ addresses */

/* Returns: whether it is a HOST:PORT with permitted characters; brackets are around a number only.
 */
static bool is_address(const char *text)
{
    static const char fit[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]";
    const char *const colon = strrchr(text, ':');
    if (colon == NULL || colon == text || strspn(text, fit) != strlen(text)) return false;
    if (strpbrk(text, "[]") != NULL && !is_ipv6(text, (size_t)(colon - text))) return false;
    char *end = NULL;
    const unsigned long port = strtoul(colon + 1, &end, 10);
    return colon[1] >= '1' && colon[1] <= '9' && *end == '\0' && port <= 65535;
}

static bool list_has(char *const *addresses, uint32_t count, const char *address, uint32_t *at)
{
    for (*at = 0; *at < count; ++*at)
        if (strcmp(addresses[*at], address) == 0) return true;
    return false;
}

static enum assay_status read_addresses(const char *text, char *list[static LINK_ADDRESSES_MAX],
                                        uint32_t *count)
{
    char item[ASSAY_CLAIM_ADDRESS_MAX];
    uint32_t at = 0;
    *count = 0;
    while (assay_address_next(&text, item)) {
        if (!is_address(item)) return ASSAY_E_IO;
        if (list_has(list, *count, item, &at) || *count == LINK_ADDRESSES_MAX) continue;
        if ((list[*count] = strdup(item)) == NULL) return ASSAY_E_MEMORY;
        ++*count;
    }
    return *count > 0 ? ASSAY_OK : ASSAY_E_IO;
}

bool assay_link_addresses_are_valid(const char *addresses)
{
    char *list[LINK_ADDRESSES_MAX] = { NULL };
    uint32_t count = 0;
    const enum assay_status status = read_addresses(addresses, list, &count);
    for (uint32_t i = 0; i < count; i++)
        free(list[i]);
    return status == ASSAY_OK;
}

static bool is_same(const struct link_peer *peer, char *const *list, uint32_t count)
{
    ASSAY_ASSERT(count <= LINK_ADDRESSES_MAX);
    if (peer->address_count != count) return false;
    for (uint32_t i = 0; i < count; i++)
        if (strcmp(peer->addresses[i], list[i]) != 0) return false;
    return true;
}

static void set_addresses(struct assay_link *link, struct link_peer *peer, char *const *list,
                          uint32_t count)
{
    ASSAY_ASSERT(count > 0 && count <= LINK_ADDRESSES_MAX);
    uint32_t at = 0;
    const enum assay_dial_state state = peer->dial.state;
    const bool is_out = state == ASSAY_DIAL_TRYING || state == ASSAY_DIAL_UP;
    const bool stays = is_out && list_has(list, count, peer->addresses[peer->dial.index], &at);
    forget_addresses(peer);
    for (uint32_t i = 0; i < count; i++)
        peer->addresses[i] = list[i];
    peer->address_count = count;
    if (stays) {
        assay_dial_update_addresses(&peer->dial, count, at);
        return;
    }
    disconnect(link, peer);
    assay_dial_set_addresses(&peer->dial, count, assay_monotonic_ms());
}

enum assay_status assay_link_peer(struct assay_link *link, uint16_t slot, const char *addresses)
{
    ASSAY_ASSERT(slot < link->config.roster->count);
    struct link_peer *peer = &link->peers[slot];
    char *list[LINK_ADDRESSES_MAX] = { NULL };
    uint32_t count = 0;
    const enum assay_status status = read_addresses(addresses, list, &count);
    if (status == ASSAY_OK && !is_same(peer, list, count)) {
        set_addresses(link, peer, list, count);
        return ASSAY_OK;
    }
    for (uint32_t i = 0; i < count; i++)
        free(list[i]);
    return status;
}

void assay_link_remove_peer(struct assay_link *link, uint16_t slot)
{
    ASSAY_ASSERT(slot < link->config.roster->count);
    struct link_peer *peer = &link->peers[slot];
    assay_line_close(link, peer);
    assay_dial_set_addresses(&peer->dial, 0, 0);
}

bool assay_link_has_peer(const struct assay_link *link, uint16_t slot)
{
    ASSAY_ASSERT(slot < link->config.roster->count);
    return link->peers[slot].address_count > 0;
}

bool assay_link_is_up(const struct assay_link *link, uint16_t slot)
{
    ASSAY_ASSERT(slot < link->config.roster->count);
    return link->peers[slot].dial.state == ASSAY_DIAL_UP;
}

enum assay_status assay_link_identify(struct assay_link *link, const struct assay_secret32 *secret,
                                      const uint8_t public_key[static 32])
{
    link->dial_secret = *secret;
    assay_bytes_copy(link->dial_public, sizeof link->dial_public, public_key, 32);
    link->identified = true;
    for (uint16_t slot = 0; slot < link->config.roster->count; slot++) {
        struct link_peer *peer = &link->peers[slot];
        disconnect(link, peer);
        assay_dial_set_addresses(&peer->dial, peer->address_count, assay_monotonic_ms());
    }
    assay_line_poll(link);
    return ASSAY_OK;
}

/* ------------------------------------------------------------ opened */

static enum assay_status request_resolve(void *context, uint32_t asker, const char *host)
{
    ASSAY_ASSERT(context != NULL);
    return assay_resolver_request(context, asker, host);
}

static bool on_resolved(void *context, struct assay_resolver_answer *answer)
{
    ASSAY_ASSERT(context != NULL);
    return assay_resolver_next(context, answer);
}

static enum assay_status open_names(struct assay_link *link)
{
    const struct assay_link_config *config = &link->config;
    if (config->names != NULL) {
        link->names = *config->names;
        return ASSAY_OK;
    }
    ASSAY_TRY(assay_resolver_open(config->resolve, config->resolve_context, &link->resolver));
    link->names = (struct assay_link_names){ link->resolver, request_resolve, on_resolved };
    return ASSAY_OK;
}

enum assay_status assay_line_open(struct assay_link *link)
{
    const struct assay_link_config *config = &link->config;
    link->redial_ms = config->redial_ms > 0 ? config->redial_ms : LINK_REDIAL_MS;
    /* A lost SYN is retransmitted after one second, and after three. */
    link->dialling = (struct assay_dial_config){
        .give_up_ms = (uint32_t)link->redial_ms + LINK_CONNECT_MS,
        .pause_ms_max = config->pause_ms_max > 0 ? config->pause_ms_max : LINK_PAUSE_MS_MAX,
    };
    /* docs/protocol.md 9.3.3: those that lost one peer at once are to come back apart. */
    uint64_t seed = 0;
    for (size_t i = 0; i < sizeof seed; i++)
        seed = seed << 8 | config->bootstrap_public[i];
    for (uint16_t slot = 0; slot < config->roster->count; slot++)
        link->peers[slot].dial.random = seed + slot;
    return open_names(link);
}
