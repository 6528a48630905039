/*
 * net/services/identity/dealing_files.c - dealings of the running ceremony, in memory and in files,
 * and frames of other holders about them.
 */
#include "net/services/identity/dealing_files.h"

#include "base/assert.h"
#include "base/crypto.h"
#include "base/file/file.h"
#include "net/services/identity/dealing_exchange.h"
#include "net/services/identity/signing_host.h"
#include "services/identity/ceremony_records.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DIGEST_NAME_LEN = 64 };

struct dealing {
    uint8_t digest[32];
    uint8_t *bytes; /* NULL: free */
    size_t len;
};

struct assay_keyholder_dealings {
    char folder[PATH_MAX - NAME_MAX - 2];
    struct dealing dealing[ASSAY_FROST_INDICES_MAX];
    struct assay_keyholder_exchange exchange;
    assay_keyholder_send_fn *send; /* NULL: no other holder is reached */
    void *context;
};

static void path_of(const struct assay_keyholder_dealings *f, const uint8_t digest[static 32],
                    char path[static PATH_MAX])
{
    char name[DIGEST_NAME_LEN + 1];
    assay_hex_encode(digest, 32, name, sizeof name);
    (void)snprintf(path, PATH_MAX, "%s/%s", f->folder, name);
}

static struct dealing *find_dealing(struct assay_keyholder_dealings *f, const uint8_t *digest)
{
    for (uint32_t i = 0; i < ASSAY_FROST_INDICES_MAX; i++) {
        struct dealing *d = &f->dealing[i];
        if (digest == NULL ? d->bytes == NULL
                           : d->bytes != NULL && assay_bytes_equal(d->digest, digest, 32))
            return d;
    }
    return NULL;
}

static void load_file(struct assay_keyholder_dealings *f, const char *name)
{
    char path[PATH_MAX];
    uint8_t digest[32], found[32], *bytes = NULL;
    size_t len = 0;
    if (name[0] == '.' && (name[1] == '\0' || strcmp(name, "..") == 0)) return;
    (void)snprintf(path, sizeof path, "%s/%.*s", f->folder, NAME_MAX, name);
    struct dealing *d = find_dealing(f, NULL);
    const bool is_named = assay_hex_decode(name, strlen(name), digest, sizeof digest) == ASSAY_OK;
    if (d != NULL && is_named &&
        assay_file_read(path, ASSAY_CA_DEAL_LEN_MAX, &bytes, &len) == ASSAY_OK) {
        assay_sha256(bytes, len, found);
        if (assay_bytes_equal(found, digest, 32)) {
            *d = (struct dealing){ .bytes = bytes, .len = len };
            assay_bytes_copy(d->digest, 32, digest, 32);
            return;
        }
    }
    free(bytes);
    (void)unlink(path); /* incomplete: other holders have it */
}

enum assay_status assay_keyholder_dealings_open(const char *folder,
                                                struct assay_keyholder_dealings **out)
{
    struct assay_keyholder_dealings *f = calloc(1, sizeof *f);
    *out = NULL;
    if (f == NULL) return ASSAY_E_MEMORY;
    const int len = snprintf(f->folder, sizeof f->folder, "%s", folder);
    enum assay_status status = len > 0 && (size_t)len < sizeof f->folder ? ASSAY_OK : ASSAY_E_RANGE;
    if (status == ASSAY_OK && mkdir(f->folder, 0700) != 0 && errno != EEXIST)
        status = ASSAY_E_STORE;
    DIR *files = status == ASSAY_OK ? opendir(f->folder) : NULL;
    if (status == ASSAY_OK && files == NULL) status = ASSAY_E_STORE;
    for (const struct dirent *file; files != NULL && (file = readdir(files)) != NULL;)
        load_file(f, file->d_name);
    if (files != NULL) (void)closedir(files);
    *out = f;
    if (status != ASSAY_OK) assay_keyholder_dealings_close(out);
    return status;
}

void assay_keyholder_dealings_close(struct assay_keyholder_dealings **files)
{
    struct assay_keyholder_dealings *f = *files;
    if (f == NULL) return;
    for (uint32_t i = 0; i < ASSAY_FROST_INDICES_MAX; i++)
        free(f->dealing[i].bytes);
    free(f);
    *files = NULL;
}

enum assay_status assay_keyholder_dealings_put(struct assay_keyholder_dealings *files,
                                               struct assay_slice payload)
{
    char path[PATH_MAX];
    uint8_t digest[32];
    ASSAY_ASSERT(payload.len > 0);
    if (payload.len > ASSAY_CA_DEAL_LEN_MAX) return ASSAY_E_FULL;
    assay_sha256(payload.bytes, payload.len, digest);
    if (find_dealing(files, digest) != NULL) return ASSAY_OK;
    struct dealing *d = find_dealing(files, NULL);
    if (d == NULL) return ASSAY_E_FULL;
    path_of(files, digest, path);
    if (assay_file_replace(path, ASSAY_FILE_PUBLIC, payload) != ASSAY_OK) return ASSAY_E_STORE;
    d->bytes = malloc(payload.len);
    if (d->bytes == NULL) return ASSAY_E_MEMORY;
    assay_bytes_copy(d->bytes, payload.len, payload.bytes, payload.len);
    assay_bytes_copy(d->digest, 32, digest, 32);
    d->len = payload.len;
    return ASSAY_OK;
}

struct assay_slice assay_keyholder_dealings_get(const struct assay_keyholder_dealings *files,
                                                const uint8_t digest[static 32])
{
    for (uint32_t i = 0; i < ASSAY_FROST_INDICES_MAX; i++) {
        const struct dealing *d = &files->dealing[i];
        if (d->bytes != NULL && assay_bytes_equal(d->digest, digest, 32))
            return assay_slice_over(d->bytes, d->len);
    }
    return (struct assay_slice){ NULL, 0 };
}

/* While dealings arrive, the fold of the last close has none of those that are final since. */
static bool is_of_ceremony(const struct assay_ca *ca, const struct dealing *d)
{
    struct assay_ca_deal_record deal;
    if (assay_keyholder_exchange_has(ca, d->digest)) return true;
    return ca->ceremony.phase == ASSAY_CA_DEALS &&
           assay_ca_deal_decode(assay_slice_over(d->bytes, d->len), &deal) == ASSAY_OK &&
           deal.scope.era == ca->ceremony.next.era &&
           deal.scope.attempt == ca->ceremony.next.attempt;
}

void assay_keyholder_dealings_retain(struct assay_keyholder_dealings *files,
                                     const struct assay_ca *ca)
{
    for (uint32_t i = 0; i < ASSAY_FROST_INDICES_MAX; i++) {
        struct dealing *d = &files->dealing[i];
        char path[PATH_MAX];
        if (d->bytes == NULL || is_of_ceremony(ca, d)) continue;
        path_of(files, d->digest, path);
        (void)unlink(path);
        free(d->bytes);
        *d = (struct dealing){ .bytes = NULL };
    }
}

/* --- from other holders */

static struct assay_slice find_payload(void *context, const uint8_t digest[static 32])
{
    return assay_keyholder_dealings_get(context, digest);
}

static void send_frame(void *context, const uint8_t to[static 32],
                       enum assay_keyholder_exchange_frame kind, struct assay_slice bytes)
{
    const struct assay_keyholder_dealings *f = context;
    uint8_t frame[1 + ASSAY_CA_DEAL_LEN_MAX];
    ASSAY_ASSERT(bytes.len < sizeof frame);
    frame[0] = kind == ASSAY_DEALING_FRAME_WANT ? ASSAY_SIGNING_FRAME_DEALING_WANT
                                                : ASSAY_SIGNING_FRAME_DEALING;
    assay_bytes_copy(frame + 1, sizeof frame - 1, bytes.bytes, bytes.len);
    f->send(f->context, to, assay_slice_over(frame, bytes.len + 1));
}

void assay_keyholder_dealings_connect(struct assay_keyholder_dealings *files,
                                      const uint8_t node_id[static 32],
                                      assay_keyholder_send_fn *send, void *context)
{
    struct assay_keyholder_exchange_config config = { .find = find_payload,
                                                      .send = send_frame,
                                                      .context = files };
    assay_bytes_copy(config.node_id, 32, node_id, 32);
    assay_keyholder_exchange_init(&files->exchange, &config);
    files->send = send;
    files->context = context;
}

void assay_keyholder_dealings_on_close(struct assay_keyholder_dealings *files)
{
    if (files->send != NULL) assay_keyholder_exchange_on_close(&files->exchange);
}

void assay_keyholder_dealings_request(struct assay_keyholder_dealings *files,
                                      const struct assay_ca *ca, uint64_t now_ms)
{
    if (files->send != NULL) assay_keyholder_exchange_request(&files->exchange, ca, now_ms);
}

enum assay_status assay_keyholder_dealings_on_frame(struct assay_keyholder_dealings *files,
                                                    const struct assay_ca *ca,
                                                    const uint8_t from[static 32],
                                                    struct assay_slice frame, bool *is_new)
{
    *is_new = false;
    if (files->send == NULL || frame.len < 2) return ASSAY_OK;
    const struct assay_slice bytes = assay_slice_over(frame.bytes + 1, frame.len - 1);
    if (frame.bytes[0] == ASSAY_SIGNING_FRAME_DEALING_WANT)
        assay_keyholder_exchange_on_want(&files->exchange, ca, from, bytes);
    if (frame.bytes[0] != ASSAY_SIGNING_FRAME_DEALING ||
        !assay_keyholder_exchange_lacks(&files->exchange, ca, bytes))
        return ASSAY_OK;
    const enum assay_status status = assay_keyholder_dealings_put(files, bytes);
    *is_new = status == ASSAY_OK;
    return status == ASSAY_E_FULL ? ASSAY_OK : status; /* the next close makes room */
}
