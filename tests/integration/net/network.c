/*
 * tests/integration/net/network.c - making and driving a network of real hosts.
 */
#include "tests/integration/net/network.h"

#include "base/assert.h"
#include "quote/verify.h"
#include "tests/support/ports.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void need(bool good, const char *what)
{
    if (good) return;
    fprintf(stderr, "network: %s\n", what);
    abort();
}

#define NEED(call) need((call) == ASSAY_OK, #call)

static uint64_t unix_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static uint64_t mono_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* ------------------------------------------------------------ the scripted enclave */

static struct assay_enclave_event *add_event(struct network_enclave *enclave, size_t *at)
{
    need(enclave->count < NETWORK_EVENTS_MAX, "too many enclave events");
    *at = (enclave->first + enclave->count++) % NETWORK_EVENTS_MAX;
    enclave->events[*at] = (struct assay_enclave_event){ 0 };
    return &enclave->events[*at];
}

static enum assay_status request_quote(void *context, uint64_t epoch, uint32_t incarnation,
                                       const uint8_t report_data[static 64],
                                       const struct assay_binding *keyed)
{
    (void)keyed; /* it has no keys */
    struct network_enclave *enclave = context;
    if (enclave->dead) return ASSAY_E_AGAIN;
    struct assay_soft_request request = { .isvsvn = 1 };
    size_t at = 0, len = 0;
    struct assay_enclave_event *event = add_event(enclave, &at);
    assay_bytes_copy(request.mrenclave, 32, enclave->measurement, 32);
    assay_bytes_copy(request.report_data, 64, report_data, 64);
    NEED(assay_soft_quote(enclave->platform, &request, enclave->quotes[at], ASSAY_SOFT_QUOTE_MAX,
                          &len));
    if (!enclave->replays) {
        assay_bytes_copy(enclave->recorded, sizeof enclave->recorded, enclave->quotes[at], len);
        enclave->recorded_len = len;
    } else {
        assay_bytes_copy(enclave->quotes[at], ASSAY_SOFT_QUOTE_MAX, enclave->recorded,
                         enclave->recorded_len);
        len = enclave->recorded_len;
    }
    event->kind = ASSAY_ENCLAVE_QUOTE;
    event->as.quote.epoch = epoch;
    event->as.quote.incarnation = incarnation;
    event->as.quote.bytes = assay_slice_over(enclave->quotes[at], len);
    return ASSAY_OK;
}

static enum assay_status order(void *context, const struct assay_order *given)
{
    struct network_enclave *enclave = context;
    size_t at = 0;
    if (enclave->order_count < NETWORK_ORDERS_MAX) enclave->orders[enclave->order_count++] = *given;
    if (given->kind != ASSAY_ORDER_RESTART || given->incarnation <= enclave->restarted)
        return ASSAY_OK;
    enclave->restarted = given->incarnation;
    assay_bytes_copy(enclave->measurement, 32, enclave->right, 32);
    struct assay_enclave_event *event = add_event(enclave, &at);
    event->kind = ASSAY_ENCLAVE_REBUILT;
    event->as.rebuilt.ended_incarnation = given->incarnation;
    return ASSAY_OK;
}

static size_t poll_set(void *context, struct pollfd *fds, size_t capacity)
{
    (void)context;
    (void)fds;
    (void)capacity;
    return 0;
}

static uint64_t wake_at(void *context)
{
    const struct network_enclave *enclave = context;
    return enclave->count > 0 ? 0 : UINT64_MAX;
}

static void step(void *context, uint64_t now_ms, const struct pollfd *fds, size_t count)
{
    (void)context;
    (void)now_ms;
    (void)fds;
    (void)count;
}

static bool next(void *context, struct assay_enclave_event *event)
{
    struct network_enclave *enclave = context;
    if (enclave->count == 0) return false;
    *event = enclave->events[enclave->first];
    enclave->first = (enclave->first + 1) % NETWORK_EVENTS_MAX;
    enclave->count--;
    return true;
}

static void look(void *context, struct assay_enclave_snapshot *snapshot)
{
    const struct network_enclave *enclave = context;
    *snapshot = (struct assay_enclave_snapshot){ .pid = enclave->dead ? 0 : 1, .starts = 1 };
    assay_bytes_copy(snapshot->measurement, 32, enclave->measurement, 32);
}

void network_enclave_callbacks(struct network_enclave *enclave,
                               struct assay_runtime_enclave *callbacks)
{
    *callbacks = (struct assay_runtime_enclave){ .context = enclave,
                                                 .request_quote = request_quote,
                                                 .order = order,
                                                 .poll_set = poll_set,
                                                 .wake_at = wake_at,
                                                 .step = step,
                                                 .next = next,
                                                 .look = look };
}

/* ------------------------------------------------------------ vendors, keys, genesis */

static void make_vendors(struct network *network, struct assay_soft_bundle *bundles,
                         struct assay_endorsement_files *files)
{
    const int64_t now_s = (int64_t)(unix_ms() / 1000);
    assay_policy_default(&network->policy);
    network->policy.profile = ASSAY_PROFILE_DEVELOPMENT;
    network->policy.reference_count = 1;
    network->policy.references[0] = (struct assay_reference){ .field = ASSAY_REFERENCE_MRENCLAVE,
                                                              .state = ASSAY_REFERENCE_ALLOWED,
                                                              .value_len = 32 };
    assay_bytes_copy(network->policy.references[0].value, 32, network->right, 32);
    for (uint32_t i = 0; i < NETWORK_ROOTS; i++) {
        char name[ASSAY_SOFT_NAME_MAX];
        struct assay_soft_terms terms;
        (void)snprintf(name, sizeof name, "Vendor %u", (unsigned)i);
        NEED(assay_soft_ca_create(name, now_s - 86400, now_s + 86400 * 365, &network->cas[i]));
        assay_soft_terms_default(&network->cas[i], &terms);
        NEED(assay_soft_collateral(&network->cas[i], &terms, &bundles[i]));
        files[i].kinds = ASSAY_KIND_BIT(ASSAY_KIND_SOFT);
        files[i].files = bundles[i].files;
        files[i].root = assay_key_p256(network->cas[i].root_public);
        struct assay_policy_root *root = &network->policy.roots[network->policy.root_count++];
        (void)snprintf(root->name, sizeof root->name, "vendor-%u", (unsigned)i);
        root->key = files[i].root;
        root->kinds = files[i].kinds;
    }
}

static int by_root(const void *a, const void *b)
{
    const struct assay_endorsement_files *x = a, *y = b;
    return assay_bytes_compare(x->root.bytes, y->root.bytes, x->root.len);
}

static int by_id(const void *a, const void *b)
{
    const struct assay_genesis_member *x = a, *y = b;
    return assay_bytes_compare(x->node_id, y->node_id, sizeof x->node_id);
}

static int by_key(const void *a, const void *b)
{
    const struct assay_genesis_operator *x = a, *y = b;
    return assay_bytes_compare(x->public_key, y->public_key, sizeof x->public_key);
}

static void make_member(struct network *network, uint32_t i)
{
    struct network_node *node = &network->nodes[i];
    struct assay_genesis_member *member = &network->genesis.members[i];
    struct assay_keyring ring;
    struct assay_verdict *verdict = calloc(1, sizeof *verdict);
    uint8_t quote[ASSAY_SOFT_QUOTE_MAX];
    struct assay_soft_request sample = { .isvsvn = 1 };
    struct assay_evidence_request request = {
        .kind = ASSAY_KIND_SOFT,
        .bytes = quote,
        .at_unix_s = (int64_t)(network->genesis.time_ms / 1000),
        .endorsements = &network->endorsements,
        .policy = &network->policy,
    };
    need(verdict != NULL, "memory");
    NEED(assay_soft_node_create(&network->cas[i % NETWORK_ROOTS], node->name, NULL,
                                &node->platform));
    assay_bytes_copy(sample.mrenclave, 32, network->right, 32);
    NEED(assay_soft_quote(&node->platform, &sample, quote, sizeof quote, &request.len));
    NEED(assay_evidence_verify(NULL, &request, verdict));
    need(verdict->genuine == ASSAY_GENUINE_TRUE && verdict->has_platform, "sample not genuine");
    NEED(assay_keyring_create(node->keys_dir, &ring));
    assay_bytes_copy(node->node_id, 32, ring.node_id, 32);
    assay_bytes_copy(member->identity_public, 64, ring.identity_public, 64);
    assay_bytes_copy(member->node_id, 32, ring.node_id, 32);
    assay_bytes_copy(member->bootstrap_public, 32, ring.bootstrap_public, 32);
    assay_bytes_copy(member->voting_public, 64, ring.current.voting_public, 64);
    assay_bytes_copy(member->transport_public, 32, ring.current.transport_public, 32);
    assay_bytes_copy(member->vendor_root, 32, verdict->vendor_root, 32);
    assay_bytes_copy(member->platform_id, 32, verdict->platform_id, 32);
    assay_bytes_copy(member->operator_id, 32, network->genesis.operators[i].operator_id, 32);
    member->evidence_kind = ASSAY_KIND_SOFT;
    member->name = assay_slice_over(node->name, strlen(node->name));
    assay_keyring_wipe(&ring);
    free(verdict);
}

/* The body, signed by the one operator that must sign, and read back as a daemon would. */
static void seal_genesis(struct network *network, const struct assay_secret32 *keys)
{
    struct assay_genesis *genesis = &network->genesis;
    uint8_t *body = malloc(ASSAY_GENESIS_LEN_MAX), digest[32], chain_id[32];
    uint8_t signature[NETWORK_MAX][ASSAY_P256_SIGNATURE_LEN];
    struct assay_writer w = assay_writer_over(body, ASSAY_GENESIS_LEN_MAX);
    struct assay_slice bytes;
    struct assay_where where = { 0 };
    uint32_t signers[NETWORK_MAX], signed_ = 0;
    NEED(assay_genesis_encode_body(genesis, &w));
    NEED(assay_writer_finish(&w, &bytes));
    assay_sha256(bytes.bytes, bytes.len, chain_id);
    assay_genesis_signing_digest(chain_id, digest);
    for (uint32_t o = 0; o < genesis->threshold; o++) {
        for (uint32_t i = 0; i < network->count; i++) {
            uint8_t public_key[64];
            struct assay_p256_signer *signer = NULL;
            NEED(assay_p256_public(&keys[i], public_key));
            if (!assay_bytes_equal(public_key, genesis->operators[o].public_key, 64)) continue;
            NEED(assay_p256_signer_load(&keys[i], &signer));
            NEED(assay_p256_sign(signer, digest, signature[signed_]));
            assay_p256_signer_free(&signer);
            signers[signed_++] = o;
        }
    }
    need(signed_ == genesis->threshold, "an operator without a key");
    network->genesis_bytes = malloc(ASSAY_GENESIS_LEN_MAX);
    struct assay_writer file = assay_writer_over(network->genesis_bytes, ASSAY_GENESIS_LEN_MAX);
    NEED(
        assay_genesis_encode_file(bytes, signers, (const uint8_t(*)[64])signature, signed_, &file));
    struct assay_genesis *decoded = calloc(1, sizeof *decoded);
    const enum assay_status status =
        assay_genesis_decode(file.bytes, file.len, false, decoded, &where);
    if (status != ASSAY_OK)
        fprintf(stderr, "genesis: %s at %s\n", assay_status_text(status),
                where.field != NULL ? where.field : "?");
    NEED(status);
    *genesis = *decoded;
    free(decoded);
    free(body);
}

static void make_genesis(struct network *network, uint32_t epoch_ms, int32_t delay_ms)
{
    struct assay_genesis *genesis = &network->genesis;
    struct assay_soft_bundle *bundles = calloc(NETWORK_ROOTS, sizeof *bundles);
    struct assay_endorsement_files files[NETWORK_ROOTS];
    struct assay_secret32 operator_keys[NETWORK_MAX];
    uint8_t *endorsements = malloc(ASSAY_GENESIS_LEN_MAX), *policy = malloc(ASSAY_POLICY_LEN_MAX);
    need(bundles != NULL && endorsements != NULL && policy != NULL, "memory");
    make_vendors(network, bundles, files);
    qsort(files, NETWORK_ROOTS, sizeof files[0], by_root);
    struct assay_writer e = assay_writer_over(endorsements, ASSAY_GENESIS_LEN_MAX);
    struct assay_writer p = assay_writer_over(policy, ASSAY_POLICY_LEN_MAX);
    NEED(assay_endorsements_encode(files, NETWORK_ROOTS, &e));
    assay_policy_encode(&network->policy, &p);
    NEED(assay_endorsements_decode(e.bytes, e.len, network->collateral, NETWORK_ROOTS,
                                   &network->endorsements));
    genesis->parameters = (struct assay_genesis_parameters){ .epoch_ms = epoch_ms,
                                                             .operator_cap_num = 20,
                                                             .operator_cap_den = 100,
                                                             .vendor_cap_num = 33,
                                                             .vendor_cap_den = 100,
                                                             .block_len_max = ASSAY_BLOCK_LEN_MAX };
    genesis->time_ms = (uint64_t)((int64_t)unix_ms() + delay_ms);
    genesis->threshold = network->count / 2 + 1;
    genesis->endorsements = assay_slice_over(e.bytes, e.len);
    genesis->policy = assay_slice_over(p.bytes, p.len);
    assay_sha256(e.bytes, e.len, genesis->endorsements_digest);
    assay_sha256(p.bytes, p.len, genesis->policy_digest);
    genesis->operator_count = genesis->member_count = network->count;
    for (uint32_t i = 0; i < network->count; i++) {
        struct assay_genesis_operator *op = &genesis->operators[i];
        NEED(assay_p256_generate(&operator_keys[i], op->public_key));
        assay_sha256(op->public_key, sizeof op->public_key, op->operator_id);
        op->name = assay_slice_over(network->nodes[i].name, strlen(network->nodes[i].name));
    }
    qsort(genesis->operators, network->count, sizeof genesis->operators[0], by_key);
    for (uint32_t i = 0; i < network->count; i++)
        make_member(network, i);
    qsort(genesis->members, network->count, sizeof genesis->members[0], by_id);
    seal_genesis(network, operator_keys);
    free(endorsements);
    free(policy);
    free(bundles);
}

/* ------------------------------------------------------------ addresses and hosts */

static unsigned free_port(void)
{
    unsigned port = 0;
    int fd = -1;
    need(test_ports_bind(1, &port, &fd), "no free port");
    close(fd);
    return port;
}

static void prepare_node(struct network *network, uint32_t i)
{
    struct network_node *node = &network->nodes[i];
    (void)snprintf(node->endpoint, sizeof node->endpoint, "tcp://127.0.0.1:%u", free_port());
    assay_bytes_copy(network->peers[i].node_id, 32, node->node_id, 32);
    network->peers[i].endpoint = node->endpoint;
    for (uint16_t slot = 0; slot < network->count; slot++)
        if (assay_bytes_equal(network->genesis.members[slot].node_id, node->node_id, 32))
            node->slot = slot;
    node->enclave.platform = &node->platform;
    assay_bytes_copy(node->enclave.measurement, 32, network->right, 32);
    assay_bytes_copy(node->enclave.right, 32, network->right, 32);
    NEED(assay_store_memory_create(&node->store));
    node->config = (struct assay_runtime_config){
        .genesis = &network->genesis,
        .keys_dir = node->keys_dir,
        .listen = node->endpoint,
        .peers = network->peers,
        .peer_count = network->count,
        .admin_path = node->admin,
        .endorsements = &network->endorsements,
        .policy = &network->policy,
        .verify_threads = 1,
        .log_level = getenv("ASSAY_TEST_LOG") != NULL ? 3 : 0,
    };
    network_enclave_callbacks(&node->enclave, &node->config.enclave);
}

struct network *network_make(uint32_t count, uint32_t epoch_ms, int32_t delay_ms)
{
    struct network *network = calloc(1, sizeof *network);
    need(network != NULL && count <= NETWORK_MAX, "memory");
    network->count = count;
    const char *base = getenv("TMPDIR");
    (void)snprintf(network->dir, sizeof network->dir, "%s/assay-net-XXXXXX",
                   base != NULL ? base : "/tmp");
    need(mkdtemp(network->dir) != NULL, "no folder");
    assay_sha256("right", 5, network->right);
    assay_sha256("wrong", 5, network->wrong);
    for (uint32_t i = 0; i < count; i++) {
        struct network_node *node = &network->nodes[i];
        (void)snprintf(node->name, sizeof node->name, "node-%u", (unsigned)i);
        (void)snprintf(node->keys_dir, sizeof node->keys_dir, "%.200s/%s", network->dir,
                       node->name);
        (void)snprintf(node->admin, sizeof node->admin, "%.60s/%s.sock", network->dir, node->name);
    }
    make_genesis(network, epoch_ms, delay_ms);
    for (uint32_t i = 0; i < count; i++)
        prepare_node(network, i);
    return network;
}

bool network_up(struct network *network, uint32_t index)
{
    struct network_node *node = &network->nodes[index];
    char message[ASSAY_RUNTIME_MESSAGE_LEN];
    need(node->host == NULL, "it is up already");
    node->config.store = node->store;
    const enum assay_status status = assay_runtime_open(&node->config, &node->host, message);
    if (status != ASSAY_OK)
        fprintf(stderr, "network: %s: %s (%s)\n", node->name, message, assay_status_symbol(status));
    node->status = ASSAY_E_AGAIN;
    return status == ASSAY_OK;
}

void network_down(struct network *network, uint32_t index)
{
    assay_runtime_close(&network->nodes[index].host);
}

void network_free(struct network **network)
{
    struct network *n = *network;
    char command[PATH_MAX + 16];
    for (uint32_t i = 0; i < n->count; i++) {
        network_down(n, i);
        if (n->nodes[i].store != NULL) n->nodes[i].store->ops->close(&n->nodes[i].store);
        assay_soft_node_deinit(&n->nodes[i].platform);
    }
    (void)snprintf(command, sizeof command, "rm -rf '%s'", n->dir);
    need(system(command) == 0, "folder not removed");
    free(n->genesis_bytes);
    free(n);
    *network = NULL;
}

bool network_run(struct network *network, uint32_t ms,
                 bool (*done)(const struct network *network, const void *context),
                 const void *context)
{
    const struct timespec pause = { .tv_nsec = 300000 };
    const uint64_t until = mono_ms() + ms;
    bool finished = false;
    while (!finished && mono_ms() < until) {
        for (uint32_t i = 0; i < network->count; i++) {
            struct network_node *node = &network->nodes[i];
            if (node->host != NULL && !node->asleep && node->status == ASSAY_E_AGAIN)
                node->status = assay_runtime_poll(node->host, 0);
        }
        (void)nanosleep(&pause, NULL);
        finished = done != NULL && done(network, context);
    }
    return finished;
}

void network_look(const struct network *network, uint32_t index, uint32_t about,
                  struct assay_member_snapshot *snapshot)
{
    assay_engine_member_snapshot(assay_runtime_engine(network->nodes[index].host),
                                 network->nodes[about].slot, snapshot);
}

uint64_t network_epoch(const struct network *network, uint32_t index)
{
    struct assay_engine_snapshot snapshot;
    if (network->nodes[index].host == NULL) return 0;
    assay_engine_snapshot(assay_runtime_engine(network->nodes[index].host), &snapshot);
    return snapshot.epoch;
}
