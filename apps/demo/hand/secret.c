/*
 * apps/demo/hand/secret.c - owner and reader of a secret: DIR/owner and DIR/reader are their keys,
 * DIR/secret the secret, DIR/id and DIR/sealed the results.
 */
#include "apps/demo/hand/hand.h"

#include "base/file/file.h"
#include "base/system_clock.h"
#include "net/services/shares/share_client.h"

#include <stdlib.h>
#include <string.h>

enum { TURN_MS = 200 };

static bool read_content(const char *dir, const char *name, uint8_t **bytes, size_t *len)
{
    return assay_file_read(hand_in(dir, name), ASSAY_SHARE_PAYLOAD_MAX + ASSAY_SHARE_PAYLOAD_MORE,
                           bytes, len) == ASSAY_OK;
}

static struct assay_share_client *open_client(const char *socket, const char *dir, const char *role)
{
    struct assay_secret32 key;
    struct assay_share_client *client = NULL;
    const struct assay_share_client_config config = { .ledger = socket, .key = &key };
    if (!hand_key(dir, role, &key)) return NULL;
    if (assay_holder_client_open(&config, &client) != ASSAY_OK) client = NULL;
    assay_secret_wipe(&key, sizeof key);
    return client;
}

/* Until it is done. Returns: exit status. */
static int run_client(struct assay_share_client *client, const char *what)
{
    struct assay_holder_client_status s = assay_holder_client_status(client);
    for (const uint64_t until = assay_monotonic_ms() + HAND_PATIENCE_MS;
         s.state == ASSAY_SHARE_CLIENT_WORKS && assay_monotonic_ms() < until &&
         !service_asked_to_end;) {
        assay_holder_client_step(client, TURN_MS);
        s = assay_holder_client_status(client);
    }
    if (s.state == ASSAY_SHARE_CLIENT_DONE) return HAND_OK;
    return hand_fail("%s: %s; %u of %u slots", what, s.why != NULL ? s.why : "it takes too long",
                     s.answered, s.wanted);
}

static bool reader_of(const char *dir, struct assay_share_reader *reader)
{
    struct assay_secret32 key;
    uint8_t public_key[ASSAY_P256_PUBLIC_LEN];
    if (!hand_key(dir, "reader", &key)) return false;
    const bool good = assay_p256_public(&key, public_key) == ASSAY_OK;
    assay_secret_wipe(&key, sizeof key);
    reader->kind = ASSAY_SHARE_READER_ACCOUNT;
    assay_sha256(public_key, sizeof public_key, reader->name);
    return good;
}

static int put_secret(struct assay_share_client *client, const char *dir, uint32_t cluster,
                      struct assay_slice secret, uint8_t *sealed)
{
    struct assay_share_reader reader;
    uint8_t name[32] = { 0 }, id[32];
    char text[65];
    enum assay_status status = ASSAY_E_AGAIN;
    if (!reader_of(dir, &reader)) return hand_fail("no reader in %s", dir);
    for (const uint64_t until = assay_monotonic_ms() + HAND_PATIENCE_MS;
         status == ASSAY_E_AGAIN && assay_monotonic_ms() < until && !service_asked_to_end;) {
        assay_holder_client_step(client, TURN_MS);
        status = assay_holder_client_put(client, cluster, name, &reader, 1, secret, id, sealed);
    }
    if (status != ASSAY_OK) return hand_fail("put: %s", assay_status_text(status));
    /* Where its readers find it, before holders have a share. */
    const struct assay_slice box = assay_slice_over(sealed, secret.len + ASSAY_SHARE_PAYLOAD_MORE);
    if (assay_file_replace(hand_in(dir, "sealed"), ASSAY_FILE_PUBLIC, box) != ASSAY_OK ||
        assay_file_replace(hand_in(dir, "id"), ASSAY_FILE_PUBLIC, assay_slice_over(id, 32)) !=
            ASSAY_OK)
        return hand_fail("the disk does not take it");
    const int ended = run_client(client, "put");
    assay_hex_encode(id, 32, text, sizeof text);
    if (ended == HAND_OK)
        hand_say("put %s confirmed %u", text, assay_holder_client_status(client).answered);
    return ended;
}

int hand_put(int argc, char **argv)
{
    uint8_t *secret = NULL, *sealed = NULL;
    size_t len = 0;
    (void)argc;
    struct assay_share_client *client = open_client(argv[0], argv[1], "owner");
    int ended = HAND_WORLD;
    if (read_content(argv[1], "secret", &secret, &len))
        sealed = malloc(len + ASSAY_SHARE_PAYLOAD_MORE);
    if (client == NULL || sealed == NULL || len == 0) ended = hand_fail("no secret in %s", argv[1]);
    else
        ended = put_secret(client, argv[1], (uint32_t)strtoul(argv[2], NULL, 10),
                           assay_slice_over(secret, len), sealed);
    assay_holder_client_close(&client);
    free(secret);
    free(sealed);
    return ended;
}

static int collect_secret(struct assay_share_client *client, const char *dir, const uint8_t *id,
                          struct assay_slice sealed)
{
    enum assay_status status = ASSAY_E_AGAIN;
    for (const uint64_t until = assay_monotonic_ms() + HAND_PATIENCE_MS;
         status == ASSAY_E_AGAIN && assay_monotonic_ms() < until && !service_asked_to_end;) {
        assay_holder_client_step(client, TURN_MS);
        status = assay_holder_client_read(client, id, sealed);
    }
    if (status != ASSAY_OK) return hand_fail("read: %s", assay_status_text(status));
    const int ended = run_client(client, "read");
    if (ended != HAND_OK) return ended;
    const struct assay_slice secret = assay_holder_client_payload(client);
    if (assay_file_replace(hand_in(dir, "read"), ASSAY_FILE_SECRET, secret) != ASSAY_OK)
        return hand_fail("the disk does not take it");
    hand_say("read %zu bytes from %u slots", secret.len,
             assay_holder_client_status(client).answered);
    return HAND_OK;
}

int hand_read(int argc, char **argv)
{
    uint8_t *id = NULL, *sealed = NULL;
    size_t id_len = 0, len = 0;
    int ended = HAND_WORLD;
    (void)argc;
    struct assay_share_client *client = open_client(argv[0], argv[1], "reader");
    if (client == NULL || !read_content(argv[1], "id", &id, &id_len) || id_len != 32 ||
        !read_content(argv[1], "sealed", &sealed, &len))
        ended = hand_fail("no key, id or sealed payload in %s", argv[1]);
    else ended = collect_secret(client, argv[1], id, assay_slice_over(sealed, len));
    assay_holder_client_close(&client);
    free(id);
    free(sealed);
    return ended;
}
