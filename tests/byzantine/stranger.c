/*
 * tests/byzantine/stranger.c - somebody without a place on the roster replays a recorded quote.
 *
 *     assay-stranger GENESIS NAME ENDPOINT QUOTE
 *
 * Dials the member NAME with a CURVE key of its own making and sends the quote, framed as a member
 * would.
 * Exit status 0: nothing was ever said back, and the connection never came up; 1: it was; 2: usage.
 */
#include "base/crypto.h"
#include "engine/ledger/state/genesis.h"
#include "host/peers/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

enum { FILE_MAX = 1 << 20, PATIENCE_MS = 1500, TRIES = 3 };

static size_t read_file(const char *path, uint8_t *bytes)
{
    FILE *file = fopen(path, "rbe");
    if (file == NULL) return 0;
    const size_t len = fread(bytes, 1, FILE_MAX, file);
    (void)fclose(file);
    return len;
}

static const struct assay_genesis_member *find(const struct assay_genesis *genesis,
                                               const char *name)
{
    for (uint32_t i = 0; i < genesis->member_count; i++)
        if (assay_slice_equal(genesis->members[i].name, assay_slice_over(name, strlen(name))))
            return &genesis->members[i];
    return NULL;
}

static void *dial(void *context, const uint8_t bootstrap[static 32], const char *endpoint)
{
    char public_key[41], secret_key[41];
    const int none = 0, high_water = 16;
    void *socket = zmq_socket(context, ZMQ_PUSH);
    if (socket == NULL || zmq_curve_keypair(public_key, secret_key) != 0) return NULL;
    int failed = zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, bootstrap, 32);
    failed |= zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, public_key, 41);
    failed |= zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, secret_key, 41);
    failed |= zmq_setsockopt(socket, ZMQ_LINGER, &none, sizeof none);
    failed |= zmq_setsockopt(socket, ZMQ_SNDHWM, &high_water, sizeof high_water);
    failed |= zmq_connect(socket, endpoint);
    return failed ? NULL : socket;
}

/* Returns: true when anything at all came back. */
static bool answered(void *socket, struct assay_slice frame)
{
    char reply[16];
    for (int i = 0; i < TRIES; i++) {
        zmq_pollitem_t item = { .socket = socket, .events = ZMQ_POLLIN };
        (void)zmq_send(socket, frame.bytes, frame.len, ZMQ_DONTWAIT);
        if (zmq_poll(&item, 1, PATIENCE_MS / TRIES) > 0 &&
            zmq_recv(socket, reply, sizeof reply, 0) >= 0)
            return true;
    }
    return false;
}

int main(int argc, char **argv)
{
    static uint8_t genesis_bytes[FILE_MAX], quote[FILE_MAX], frame_bytes[ASSAY_FRAME_LEN_MAX];
    static struct assay_genesis genesis;
    struct assay_where where = { 0 };
    if (argc != 5) {
        (void)fprintf(stderr, "usage: assay-stranger GENESIS NAME ENDPOINT QUOTE\n");
        return 2;
    }
    const size_t genesis_len = read_file(argv[1], genesis_bytes),
                 quote_len = read_file(argv[4], quote);
    if (quote_len == 0 ||
        assay_genesis_decode(genesis_bytes, genesis_len, false, &genesis, &where) != ASSAY_OK) {
        (void)fprintf(stderr, "assay-stranger: %s or %s cannot be read\n", argv[1], argv[4]);
        return 2;
    }
    const struct assay_genesis_member *member = find(&genesis, argv[2]);
    struct assay_writer w = assay_writer_over(frame_bytes, sizeof frame_bytes);
    void *context = zmq_ctx_new();
    if (member == NULL || context == NULL ||
        assay_frame_encode(genesis.chain_id, ASSAY_MESSAGE_EVIDENCE,
                           assay_slice_over(quote, quote_len), &w) != ASSAY_OK)
        return 2;
    void *socket = dial(context, member->bootstrap_public, argv[3]);
    if (socket == NULL) return 2;
    const bool spoken = answered(socket, assay_slice_over(w.bytes, w.len));
    (void)zmq_close(socket);
    (void)zmq_ctx_term(context);
    return spoken ? 1 : 0;
}
