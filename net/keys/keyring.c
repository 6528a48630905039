/*
 * net/keys/keyring.c - key files: canonical CBOR, owner-only, replaced atomically.
 */
#include "net/keys/keyring.h"

#include "base/assert.h"
#include "base/cbor.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { KEY_FILE_LEN_MAX = 256 };

static const char key_tag[] = "assay/key/v1";

/* Content of one file: one permanent secret, or the two of an incarnation. */
struct key_file {
    const char *name, *role;
    bool incarnation;
};

static const struct key_file identity_file = { "identity.key", "identity", false };
static const struct key_file next_identity_file = { "identity.next.key", "identity", false };
static const struct key_file bootstrap_file = { "bootstrap.key", "bootstrap", false };
static const struct key_file current_file = { "incarnation.key", "incarnation", true };
static const struct key_file next_file = { "incarnation.next.key", "incarnation", true };

static enum assay_status format_path(const char *dir, const char *name, char path[static PATH_MAX])
{
    ASSAY_ASSERT(dir != NULL && name != NULL);
    const int len = snprintf(path, PATH_MAX, "%s/%s", dir, name);
    return len > 0 && len < PATH_MAX ? ASSAY_OK : ASSAY_E_IO;
}

/* ------------------------------------------------------------ writing */

/* node_id: of an identity key whose digest it is not; else NULL. */
static enum assay_status write_named_secrets(const char *dir, const struct key_file *file,
                                             uint32_t incarnation,
                                             const struct assay_secret32 *first,
                                             const struct assay_secret32 *second,
                                             const uint8_t *node_id)
{
    ASSAY_ASSERT(file->incarnation == (second != NULL) && file->incarnation == (incarnation > 0));
    ASSAY_ASSERT(second == NULL || node_id == NULL);
    struct {
        uint8_t bytes[KEY_FILE_LEN_MAX];
    } secrets;
    struct assay_writer w = assay_writer_over(secrets.bytes, sizeof secrets.bytes);
    assay_cbor_put_array(&w, second != NULL || node_id != NULL ? 5 : 4);
    assay_cbor_put_text(&w, key_tag);
    assay_cbor_put_text(&w, file->role);
    assay_cbor_put_uint(&w, incarnation);
    assay_cbor_put_bytes(&w, first->bytes, sizeof first->bytes);
    if (second != NULL) assay_cbor_put_bytes(&w, second->bytes, sizeof second->bytes);
    if (node_id != NULL) assay_cbor_put_bytes(&w, node_id, 32);

    struct assay_slice content = { NULL, 0 };
    enum assay_status status = assay_writer_finish(&w, &content);
    char path[PATH_MAX];
    if (status == ASSAY_OK) status = format_path(dir, file->name, path);
    if (status == ASSAY_OK) status = assay_file_replace(path, ASSAY_FILE_SECRET, content);
    assay_secret_wipe(&secrets, sizeof secrets);
    return status;
}

static enum assay_status write_secrets(const char *dir, const struct key_file *file,
                                       uint32_t incarnation, const struct assay_secret32 *first,
                                       const struct assay_secret32 *second)
{
    return write_named_secrets(dir, file, incarnation, first, second, NULL);
}

static enum assay_status write_set(const char *dir, const struct key_file *file,
                                   const struct assay_key_set *set)
{
    ASSAY_ASSERT(file->incarnation && set->incarnation > 0);
    return write_secrets(dir, file, set->incarnation, &set->voting_private,
                         &set->transport_private);
}

/* ------------------------------------------------------------ reading */

/* A key that others may read is not a key: refuse it rather than use it. */
static enum assay_status read_file(const char *dir, const char *name, uint8_t *bytes,
                                   size_t capacity, size_t *len)
{
    ASSAY_ASSERT(capacity > 0);
    char path[PATH_MAX];
    ASSAY_TRY(format_path(dir, name, path));
    const enum assay_status status = assay_file_read_secret(path, bytes, capacity, len);
    return status == ASSAY_E_INVALID ? ASSAY_E_IO : status;
}

static enum assay_status decode_secrets(struct assay_slice content, const struct key_file *file,
                                        uint32_t *incarnation, struct assay_secret32 *first,
                                        struct assay_secret32 *second)
{
    ASSAY_ASSERT(file->incarnation == (second != NULL));
    struct assay_cursor c = assay_cursor_over(content.bytes, content.len);
    uint64_t number = 0;
    ASSAY_TRY(assay_cbor_array_exact(&c, file->incarnation ? 5 : 4));
    ASSAY_TRY(assay_cbor_text_expect(&c, key_tag));
    ASSAY_TRY(assay_cbor_text_expect(&c, file->role));
    ASSAY_TRY(assay_cbor_uint_max(&c, UINT32_MAX, &number));
    if (file->incarnation != (number > 0)) return ASSAY_E_RANGE;
    ASSAY_TRY(assay_cbor_bytes_exact(&c, first->bytes, sizeof first->bytes));
    if (second != NULL) ASSAY_TRY(assay_cbor_bytes_exact(&c, second->bytes, sizeof second->bytes));
    *incarnation = (uint32_t)number;
    return assay_cursor_end(&c);
}

static enum assay_status read_secrets(const char *dir, const struct key_file *file,
                                      uint32_t *incarnation, struct assay_secret32 *first,
                                      struct assay_secret32 *second)
{
    struct {
        uint8_t bytes[KEY_FILE_LEN_MAX];
    } secrets;
    size_t len = 0;
    enum assay_status status =
        read_file(dir, file->name, secrets.bytes, sizeof secrets.bytes, &len);
    if (status == ASSAY_OK)
        status =
            decode_secrets(assay_slice_over(secrets.bytes, len), file, incarnation, first, second);
    assay_secret_wipe(&secrets, sizeof secrets);
    return status;
}

/* An identity key, with the node id where it is not the first one. Returns: as read_secrets |
 * ASSAY_E_KEY */
static enum assay_status read_identity(const char *dir, const struct key_file *file,
                                       struct assay_secret32 *identity,
                                       uint8_t public_key[static ASSAY_P256_PUBLIC_LEN],
                                       uint8_t node_id[static 32])
{
    struct {
        uint8_t bytes[KEY_FILE_LEN_MAX];
    } secrets;
    size_t len = 0;
    uint64_t items = 0, number = 0;
    enum assay_status status =
        read_file(dir, file->name, secrets.bytes, sizeof secrets.bytes, &len);
    struct assay_cursor c = assay_cursor_over(secrets.bytes, len);
    if (status == ASSAY_OK) status = assay_cbor_array(&c, 5, &items);
    if (status == ASSAY_OK && items < 4) status = ASSAY_E_TYPE;
    if (status == ASSAY_OK) status = assay_cbor_text_expect(&c, key_tag);
    if (status == ASSAY_OK) status = assay_cbor_text_expect(&c, file->role);
    if (status == ASSAY_OK) status = assay_cbor_uint_max(&c, 0, &number);
    if (status == ASSAY_OK) status = assay_cbor_bytes_exact(&c, identity->bytes, 32);
    if (status == ASSAY_OK) status = assay_p256_public(identity, public_key);
    if (status == ASSAY_OK) assay_sha256(public_key, ASSAY_P256_PUBLIC_LEN, node_id);
    if (status == ASSAY_OK && items == 5) status = assay_cbor_bytes_exact(&c, node_id, 32);
    if (status == ASSAY_OK) status = assay_cursor_end(&c);
    assay_secret_wipe(&secrets, sizeof secrets);
    return status;
}

static enum assay_status set_public(struct assay_key_set *set)
{
    ASSAY_TRY(assay_p256_public(&set->voting_private, set->voting_public));
    return assay_x25519_public(&set->transport_private, set->transport_public);
}

static enum assay_status read_set(const char *dir, const struct key_file *file,
                                  struct assay_key_set *set)
{
    ASSAY_ASSERT(file->incarnation);
    ASSAY_TRY(
        read_secrets(dir, file, &set->incarnation, &set->voting_private, &set->transport_private));
    return set_public(set);
}

/* ------------------------------------------------------------ the ring */

static enum assay_status make_set(uint32_t incarnation, struct assay_key_set *set)
{
    ASSAY_ASSERT(incarnation > 0);
    set->incarnation = incarnation;
    ASSAY_TRY(assay_p256_generate(&set->voting_private, set->voting_public));
    return assay_x25519_generate(&set->transport_private, set->transport_public);
}

static enum assay_status ring_public(struct assay_keyring *ring)
{
    ASSAY_TRY(assay_p256_public(&ring->identity_private, ring->identity_public));
    return assay_x25519_public(&ring->bootstrap_private, ring->bootstrap_public);
}

/* Returns: the id that a file of this identity key names; NULL: the digest of the key. */
static const uint8_t *id_next_to(const uint8_t node_id[static 32],
                                 const uint8_t public_key[static ASSAY_P256_PUBLIC_LEN])
{
    uint8_t digest[32];
    assay_sha256(public_key, ASSAY_P256_PUBLIC_LEN, digest);
    return assay_bytes_equal(digest, node_id, 32) ? NULL : node_id;
}

static enum assay_status ring_make(struct assay_keyring *ring)
{
    ASSAY_TRY(assay_p256_generate(&ring->identity_private, ring->identity_public));
    ASSAY_TRY(assay_x25519_generate(&ring->bootstrap_private, ring->bootstrap_public));
    ASSAY_TRY(ring_public(ring));
    assay_sha256(ring->identity_public, sizeof ring->identity_public, ring->node_id);
    return make_set(1, &ring->current);
}

/* identity.key is written last: its presence marks the ring complete. */
static enum assay_status ring_write(const char *dir, const struct assay_keyring *ring)
{
    ASSAY_ASSERT(ring->current.incarnation > 0);
    ASSAY_TRY(write_secrets(dir, &bootstrap_file, 0, &ring->bootstrap_private, NULL));
    ASSAY_TRY(write_set(dir, &current_file, &ring->current));
    return write_named_secrets(dir, &identity_file, 0, &ring->identity_private, NULL,
                               id_next_to(ring->node_id, ring->identity_public));
}

/* Makes the folder of a ring. Returns: ASSAY_OK | ASSAY_E_DUPLICATE (it has one) | ASSAY_E_IO */
static enum assay_status open_new_folder(const char *dir)
{
    char path[PATH_MAX];
    ASSAY_TRY(format_path(dir, identity_file.name, path));
    if (mkdir(dir, 0700) != 0 && errno != EEXIST) return ASSAY_E_IO;
    return access(path, F_OK) == 0 ? ASSAY_E_DUPLICATE : ASSAY_OK;
}

enum assay_status assay_keyring_create(const char *dir, struct assay_keyring *ring)
{
    ASSAY_ASSERT(dir != NULL);
    ASSAY_ASSERT(ring != NULL);

    ASSAY_TRY(open_new_folder(dir));
    *ring = (struct assay_keyring){ 0 };
    enum assay_status status = ring_make(ring);
    if (status == ASSAY_OK) status = ring_write(dir, ring);
    if (status != ASSAY_OK) assay_keyring_wipe(ring);
    return status;
}

enum assay_status assay_keyring_restore(const char *dir, const struct assay_secret32 *identity,
                                        const struct assay_secret32 *bootstrap,
                                        const uint8_t node_id[static 32], uint32_t incarnation,
                                        struct assay_keyring *ring)
{
    ASSAY_ASSERT(incarnation > 0);

    ASSAY_TRY(open_new_folder(dir));
    *ring =
        (struct assay_keyring){ .identity_private = *identity, .bootstrap_private = *bootstrap };
    assay_bytes_copy(ring->node_id, 32, node_id, 32);
    enum assay_status status = ring_public(ring);
    if (status == ASSAY_OK) status = make_set(incarnation, &ring->current);
    if (status == ASSAY_OK) status = ring_write(dir, ring);
    if (status != ASSAY_OK) assay_keyring_wipe(ring);
    return status;
}

enum assay_status assay_keyring_restore_set(const char *dir, uint32_t incarnation)
{
    ASSAY_ASSERT(dir != NULL && incarnation > 0);

    char path[PATH_MAX];
    struct stat info;
    struct assay_key_set set = { 0 };
    ASSAY_TRY(format_path(dir, current_file.name, path));
    if (lstat(path, &info) == 0) return ASSAY_E_DUPLICATE;
    enum assay_status status = make_set(incarnation, &set);
    if (status == ASSAY_OK) status = write_set(dir, &current_file, &set);
    assay_secret_wipe(&set, sizeof set);
    return status;
}

static bool is_another_set(const struct assay_key_set *a, const struct assay_key_set *b)
{
    return !assay_bytes_equal(a->voting_public, b->voting_public, ASSAY_P256_PUBLIC_LEN) &&
           !assay_bytes_equal(a->transport_public, b->transport_public, 32);
}

uint32_t assay_keyring_following_number(const struct assay_keyring *ring)
{
    const uint32_t current = ring->current.incarnation, next = ring->next.incarnation;
    const uint32_t highest = next > current ? next : current;
    return highest < UINT32_MAX ? highest + 1 : UINT32_MAX;
}

/* Where a ring is read from, and the file that reading it stopped at. */
struct place {
    const char *dir, *life_dir;
    const char *at_dir, *at_name;
};

/* One that waits is of the same node. */
static enum assay_status read_next_identity(struct place *place, struct assay_keyring *ring)
{
    uint8_t node_id[32];
    place->at_name = next_identity_file.name;
    const enum assay_status status =
        read_identity(place->life_dir, &next_identity_file, &ring->next_identity_private,
                      ring->next_identity_public, node_id);
    if (status == ASSAY_E_NOT_FOUND) return ASSAY_OK;
    ASSAY_TRY(status);
    ring->has_next_identity = true;
    return assay_bytes_equal(node_id, ring->node_id, 32) ? ASSAY_OK : ASSAY_E_INVALID;
}

static enum assay_status ring_read_life(struct place *place, struct assay_keyring *ring)
{
    ASSAY_ASSERT(place->life_dir != NULL);
    uint32_t none = 0;
    place->at_dir = place->life_dir;
    place->at_name = identity_file.name;
    ASSAY_TRY(read_identity(place->life_dir, &identity_file, &ring->identity_private,
                            ring->identity_public, ring->node_id));
    ASSAY_TRY(read_next_identity(place, ring));
    place->at_name = bootstrap_file.name;
    ASSAY_TRY(
        read_secrets(place->life_dir, &bootstrap_file, &none, &ring->bootstrap_private, NULL));
    return ring_public(ring);
}

static enum assay_status ring_read(struct place *place, struct assay_keyring *ring)
{
    ASSAY_ASSERT(place->dir != NULL);
    ASSAY_TRY(ring_read_life(place, ring));
    place->at_dir = place->dir;
    place->at_name = current_file.name;
    ASSAY_TRY(read_set(place->dir, &current_file, &ring->current));
    place->at_name = next_file.name;
    const enum assay_status status = read_set(place->dir, &next_file, &ring->next);
    if (status == ASSAY_E_NOT_FOUND) return ASSAY_OK;
    ASSAY_TRY(status);
    /* Only the keys are compared. The ledger assigns the number, and a new era that begins on an
     * older block assigns numbers again (docs/protocol.md 9.4.1). */
    return is_another_set(&ring->next, &ring->current) ? ASSAY_OK : ASSAY_E_INVALID;
}

enum assay_status assay_keyring_load(const char *dir, struct assay_keyring *ring)
{
    ASSAY_ASSERT(dir != NULL);
    ASSAY_ASSERT(ring != NULL);

    struct place place = { .dir = dir, .life_dir = dir };
    *ring = (struct assay_keyring){ 0 };
    const enum assay_status status = ring_read(&place, ring);
    if (status != ASSAY_OK) assay_keyring_wipe(ring);
    return status;
}

/* Permissions first, the most frequent error; then the content. */
static void explain_status(const struct place *place, enum assay_status status, char *message)
{
    ASSAY_ASSERT(status != ASSAY_OK && place->at_dir != NULL && place->at_name != NULL);
    char path[PATH_MAX];
    const char *hint = "";
    if (format_path(place->at_dir, place->at_name, path) != ASSAY_OK) {
        (void)snprintf(message, ASSAY_FILE_MESSAGE_LEN, "%.300s: the path is too long",
                       place->at_dir);
        return;
    }
    if (assay_file_secret_fault(path, message)) return;
    if (status == ASSAY_E_INVALID && place->at_name == next_identity_file.name)
        hint = ": it is of another node: remove it";
    else if (status == ASSAY_E_INVALID)
        hint = ": it has a key of incarnation.key: remove it, or put the copy back";
    else if (assay_status_class(status) == ASSAY_CLASS_INPUT)
        hint = ": not what `assay keys generate` writes; put the copy back";
    (void)snprintf(message, ASSAY_FILE_MESSAGE_LEN, "%.300s: %s (%s)%s", path,
                   assay_status_text(status), assay_status_symbol(status), hint);
}

enum assay_status assay_keyring_open(const char *dir, const char *life_dir,
                                     struct assay_keyring *ring,
                                     char message[static ASSAY_FILE_MESSAGE_LEN])
{
    ASSAY_ASSERT(dir != NULL);
    ASSAY_ASSERT(ring != NULL);

    struct place place = { .dir = dir, .life_dir = dir };
    if (life_dir != NULL && life_dir[0] != '\0') place.life_dir = life_dir;
    *ring = (struct assay_keyring){ 0 };
    if (assay_file_folder_fault(dir, message)) {
        const enum assay_status folder = assay_file_check_folder(dir);
        return folder == ASSAY_E_NOT_FOUND ? folder : ASSAY_E_IO;
    }
    const enum assay_status status = ring_read(&place, ring);
    if (status == ASSAY_OK) return status;
    explain_status(&place, status, message);
    assay_keyring_wipe(ring);
    return status;
}

enum assay_status assay_keyring_open_life(const char *life_dir, struct assay_keyring *ring,
                                          char message[static ASSAY_FILE_MESSAGE_LEN])
{
    ASSAY_ASSERT(life_dir != NULL);
    ASSAY_ASSERT(ring != NULL);

    struct place place = { .life_dir = life_dir };
    *ring = (struct assay_keyring){ 0 };
    const enum assay_status status = ring_read_life(&place, ring);
    if (status == ASSAY_OK) return status;
    explain_status(&place, status, message);
    assay_keyring_wipe(ring);
    return status;
}

enum assay_status assay_keyring_make_next(const char *dir, uint32_t incarnation,
                                          struct assay_keyring *ring)
{
    struct assay_key_set set = { 0 };
    enum assay_status status = make_set(incarnation, &set);
    if (status == ASSAY_OK) status = write_set(dir, &next_file, &set);
    if (status == ASSAY_OK) ring->next = set;
    assay_secret_wipe(&set, sizeof set);
    return status;
}

enum assay_status assay_keyring_generate_next(uint32_t incarnation, struct assay_keyring *ring)
{
    struct assay_key_set set = { 0 };
    const enum assay_status status = make_set(incarnation, &set);
    if (status == ASSAY_OK) ring->next = set;
    assay_secret_wipe(&set, sizeof set);
    return status;
}

enum assay_status assay_keyring_save_next(const char *dir, const struct assay_keyring *ring)
{
    ASSAY_ASSERT(is_another_set(&ring->next, &ring->current));
    return write_set(dir, &next_file, &ring->next);
}

/* docs/protocol.md 5.30.1: an old voting key can sign another history. What of a file a disk keeps
 * elsewhere (copies on write, worn blocks, back-ups) no program reaches. */
static enum assay_status destroy_file(int file)
{
    ASSAY_ASSERT(file >= 0);
    static const uint8_t zeros[KEY_FILE_LEN_MAX] = { 0 };
    struct stat s;
    if (fstat(file, &s) != 0) return ASSAY_E_IO;
    for (off_t at = 0; at < s.st_size; at += (off_t)sizeof zeros) {
        const off_t left = s.st_size - at;
        const size_t len = left < (off_t)sizeof zeros ? (size_t)left : sizeof zeros;
        if (pwrite(file, zeros, len, at) != (ssize_t)len) return ASSAY_E_IO;
    }
    return fsync(file) == 0 ? ASSAY_OK : ASSAY_E_IO;
}

static enum assay_status replace_file(const char *from, const char *to)
{
    const int old = open(to, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    enum assay_status status = rename(from, to) == 0 ? ASSAY_OK : ASSAY_E_IO;
    if (status == ASSAY_OK) status = assay_file_sync_folder(to);
    /* Only now: until the new one is durably the current one, the old one may be needed. */
    if (status == ASSAY_OK && old >= 0) status = destroy_file(old);
    if (old >= 0) (void)close(old);
    return status;
}

/* Writes the waiting set with the number that the ledger assigned. Its file is replaced before it
 * becomes the current one: a crash in between leaves a set that still waits. */
static enum assay_status renumber_next(const char *dir, const char *path, uint32_t incarnation,
                                       struct assay_keyring *ring)
{
    if (ring->next.incarnation == incarnation) return ASSAY_OK;
    struct assay_key_set set = ring->next;
    set.incarnation = incarnation;
    const int stale = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    enum assay_status status = write_set(dir, &next_file, &set);
    if (status == ASSAY_OK) ring->next.incarnation = incarnation;
    /* It has the same secrets. */
    if (status == ASSAY_OK && stale >= 0) status = destroy_file(stale);
    if (stale >= 0) (void)close(stale);
    assay_secret_wipe(&set, sizeof set);
    return status;
}

enum assay_status assay_keyring_promote(const char *dir, uint32_t incarnation,
                                        struct assay_keyring *ring)
{
    if (ring->next.incarnation == 0) return ASSAY_E_NOT_FOUND;
    ASSAY_ASSERT(incarnation > 0 && is_another_set(&ring->next, &ring->current));

    char from[PATH_MAX], to[PATH_MAX];
    ASSAY_TRY(format_path(dir, next_file.name, from));
    ASSAY_TRY(format_path(dir, current_file.name, to));
    ASSAY_TRY(renumber_next(dir, from, incarnation, ring));
    ASSAY_TRY(replace_file(from, to));
    ring->current = ring->next;
    assay_secret_wipe(&ring->next, sizeof ring->next);
    ring->next.incarnation = 0;
    return ASSAY_OK;
}

enum assay_status assay_keyring_make_next_identity(const char *life_dir, struct assay_keyring *ring)
{
    struct assay_secret32 identity;
    uint8_t public_key[ASSAY_P256_PUBLIC_LEN];
    if (ring->has_next_identity) return ASSAY_OK;
    enum assay_status status = assay_p256_generate(&identity, public_key);
    if (status == ASSAY_OK)
        status =
            write_named_secrets(life_dir, &next_identity_file, 0, &identity, NULL, ring->node_id);
    if (status == ASSAY_OK) {
        ring->has_next_identity = true;
        ring->next_identity_private = identity;
        assay_bytes_copy(ring->next_identity_public, sizeof public_key, public_key,
                         sizeof public_key);
    }
    assay_secret_wipe(&identity, sizeof identity);
    return status;
}

enum assay_status assay_keyring_promote_identity(const char *life_dir, struct assay_keyring *ring)
{
    char from[PATH_MAX], to[PATH_MAX];
    ASSAY_ASSERT(ring->has_next_identity);
    ring->identity_private = ring->next_identity_private;
    assay_bytes_copy(ring->identity_public, ASSAY_P256_PUBLIC_LEN, ring->next_identity_public,
                     ASSAY_P256_PUBLIC_LEN);
    assay_secret_wipe(&ring->next_identity_private, sizeof ring->next_identity_private);
    ring->has_next_identity = false;
    ASSAY_TRY(format_path(life_dir, next_identity_file.name, from));
    ASSAY_TRY(format_path(life_dir, identity_file.name, to));
    return replace_file(from, to);
}

void assay_keyring_wipe(struct assay_keyring *ring)
{
    assay_secret_wipe(ring, sizeof *ring);
}

/* ------------------------------------------------------------ operators and backups */

/* A path into folder and name, so that one pair of functions serves every key file. */
static enum assay_status split_path(const char *path, char dir[static PATH_MAX], const char **name)
{
    const char *slash = strrchr(path, '/');
    const int len = slash == NULL ? snprintf(dir, PATH_MAX, ".")
                                  : snprintf(dir, PATH_MAX, "%.*s", (int)(slash - path) + 1, path);
    *name = slash == NULL ? path : slash + 1;
    return len > 0 && len < PATH_MAX && **name != '\0' ? ASSAY_OK : ASSAY_E_IO;
}

static enum assay_status create_key(const char *path, const char *role,
                                    uint8_t public_key[static ASSAY_P256_PUBLIC_LEN])
{
    char dir[PATH_MAX];
    struct key_file file = { NULL, role, false };
    struct assay_secret32 private_key;
    ASSAY_TRY(split_path(path, dir, &file.name));
    if (access(path, F_OK) == 0) return ASSAY_E_DUPLICATE;
    ASSAY_TRY(assay_p256_generate(&private_key, public_key));
    const enum assay_status status = write_secrets(dir, &file, 0, &private_key, NULL);
    assay_secret_wipe(&private_key, sizeof private_key);
    return status;
}

static enum assay_status load_key(const char *path, const char *role,
                                  struct assay_secret32 *private_key,
                                  uint8_t public_key[static ASSAY_P256_PUBLIC_LEN])
{
    char dir[PATH_MAX];
    uint32_t none = 0;
    struct key_file file = { NULL, role, false };
    ASSAY_TRY(split_path(path, dir, &file.name));
    enum assay_status status = read_secrets(dir, &file, &none, private_key, NULL);
    if (status == ASSAY_OK) status = assay_p256_public(private_key, public_key);
    if (status != ASSAY_OK) assay_secret_wipe(private_key, sizeof *private_key);
    return status;
}

enum assay_status assay_keyring_operator_create(const char *path,
                                                uint8_t public_key[static ASSAY_P256_PUBLIC_LEN])
{
    return create_key(path, "operator", public_key);
}

enum assay_status assay_keyring_operator_load(const char *path, struct assay_secret32 *private_key,
                                              uint8_t public_key[static ASSAY_P256_PUBLIC_LEN])
{
    return load_key(path, "operator", private_key, public_key);
}

enum assay_status assay_keyring_create_backup_key(const char *path,
                                                  uint8_t public_key[static ASSAY_P256_PUBLIC_LEN])
{
    return create_key(path, "backup", public_key);
}

enum assay_status assay_keyring_load_backup_key(const char *path,
                                                struct assay_secret32 *private_key,
                                                uint8_t public_key[static ASSAY_P256_PUBLIC_LEN])
{
    return load_key(path, "backup", private_key, public_key);
}
