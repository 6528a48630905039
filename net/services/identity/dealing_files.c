/*
 * net/services/identity/dealing_files.c - dealings of the running ceremony, in memory and in files.
 */
#include "net/services/identity/dealing_files.h"

#include "base/assert.h"
#include "base/crypto.h"
#include "base/file/file.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAME_LEN = 64 };

struct dealing {
    uint8_t digest[32];
    uint8_t *bytes; /* NULL: free */
    size_t len;
};

struct assay_keyholder_dealings {
    char folder[PATH_MAX - NAME_LEN - 2];
    struct dealing dealing[ASSAY_FROST_INDICES_MAX];
};

static void path_of(const struct assay_keyholder_dealings *f, const uint8_t digest[static 32],
                    char path[static PATH_MAX])
{
    char name[NAME_LEN + 1];
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
    (void)snprintf(path, sizeof path, "%s/%.*s", f->folder, NAME_LEN, name);
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
    (void)unlink(path); /* incomplete: the ledger has it */
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

static bool is_of_ceremony(const struct assay_ca *ca, const uint8_t digest[static 32])
{
    for (uint32_t i = 0; i < ca->ceremony.dealers; i++)
        if (ca->ceremony.dealing[i].state != ASSAY_CA_DEALING_NONE &&
            assay_bytes_equal(ca->ceremony.dealing[i].digest, digest, 32))
            return true;
    return false;
}

void assay_keyholder_dealings_retain(struct assay_keyholder_dealings *files,
                                     const struct assay_ca *ca)
{
    for (uint32_t i = 0; i < ASSAY_FROST_INDICES_MAX; i++) {
        struct dealing *d = &files->dealing[i];
        char path[PATH_MAX];
        if (d->bytes == NULL ||
            (ca->ceremony.phase != ASSAY_CA_IDLE && is_of_ceremony(ca, d->digest)))
            continue;
        path_of(files, d->digest, path);
        (void)unlink(path);
        free(d->bytes);
        *d = (struct dealing){ .bytes = NULL };
    }
}
