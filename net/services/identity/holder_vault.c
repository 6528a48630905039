/*
 * net/services/identity/holder_vault.c - sealed files of a holder, one an item.
 */
#define _GNU_SOURCE /* flock */

#include "net/services/identity/holder_vault_internal.h"

#include "base/crypto.h"
#include "base/cursor.h"
#include "base/file/file.h"
#include "net/services/identity/locked_memory.h"
#include "net/services/shares/vault_key.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    NAME_MAX_LEN = 160,
    STATE_LEN = 32 + 8 + 8,
    KEY_NUMBER = 1, /* of a wrapping key: each has a file name of its own */
};

static const char state_name[] = "state";
static const char *const word_of[] = { [ASSAY_CEREMONY_SECRET] = "secret",
                                       [ASSAY_CEREMONY_RECORD] = "record",
                                       [ASSAY_CEREMONY_SHARES] = "shares",
                                       [ASSAY_CEREMONY_AGE] = "age" };

enum assay_status holder_vault_fail(struct assay_holder_vault *v)
{
    v->is_failed = true;
    return ASSAY_E_STORE;
}

enum assay_status holder_vault_path(const struct assay_holder_vault *v, const char *name,
                                    char path[static PATH_MAX])
{
    const int len = snprintf(path, PATH_MAX, "%s/%s", v->folder, name);
    return len > 0 && len < PATH_MAX ? ASSAY_OK : ASSAY_E_RANGE;
}

/* --- names of files: word-era-ca-generation-attempt-record-number */

static void name_of(const struct assay_ceremony_item *item, char name[static NAME_MAX_LEN])
{
    const struct assay_ceremony_name *n = &item->name;
    (void)snprintf(name, NAME_MAX_LEN, "%s-%llu-%u-%llu-%llu-%u-%u", word_of[item->kind],
                   (unsigned long long)n->era, n->ca_number, (unsigned long long)n->generation,
                   (unsigned long long)n->attempt, (unsigned)item->record, item->number);
}

/* Returns: whether a file is an item. */
static bool item_of(const char *file, struct assay_ceremony_item *item)
{
    char word[8], again[NAME_MAX_LEN];
    unsigned long long era, generation, attempt;
    unsigned ca_number, record, number;
    if (sscanf(file, "%7[a-z]-%20llu-%10u-%20llu-%20llu-%10u-%10u", word, &era, &ca_number,
               &generation, &attempt, &record, &number) != 7)
        return false;
    for (int kind = ASSAY_CEREMONY_SECRET; kind <= ASSAY_CEREMONY_AGE; kind++) {
        if (strcmp(word, word_of[kind]) != 0) continue;
        *item = (struct assay_ceremony_item){
            .kind = (enum assay_ceremony_item_kind)kind,
            .name = { .era = era,
                      .generation = generation,
                      .attempt = attempt,
                      .ca_number = ca_number },
            .record = (enum assay_ceremony_record)record,
            .number = number,
        };
        name_of(item, again);
        return strcmp(again, file) == 0;
    }
    return false;
}

static bool is_wrapped(const struct assay_ceremony_item *item)
{
    return item->kind == ASSAY_CEREMONY_SHARES || item->kind == ASSAY_CEREMONY_SECRET;
}

/* --- sealed files */

static struct assay_slice about_of(const char *name)
{
    return assay_slice_over(name, strlen(name)); /* a file under another name is invalid */
}

static enum assay_status write_sealed(struct assay_holder_vault *v, const char *name,
                                      const struct assay_secret32 *key, struct assay_slice bytes)
{
    char path[PATH_MAX];
    ASSAY_ASSERT(bytes.len <= HOLDER_VAULT_PLAIN_MAX);
    ASSAY_TRY(holder_vault_path(v, name, path));
    ASSAY_TRY(assay_random(v->sealed, ASSAY_SODIUM_NONCE_LEN));
    assay_sodium_seal(key, v->sealed, about_of(name), bytes, v->sealed + ASSAY_SODIUM_NONCE_LEN);
    const struct assay_slice sealed =
        assay_slice_over(v->sealed, bytes.len + HOLDER_VAULT_SEALED_MORE);
    return assay_file_replace(path, ASSAY_FILE_SECRET, sealed) == ASSAY_OK ? ASSAY_OK
                                                                           : holder_vault_fail(v);
}

/* Out: *out: in v->plain, the caller's to wipe */
static enum assay_status read_sealed(struct assay_holder_vault *v, const char *name,
                                     const struct assay_secret32 *key, struct assay_slice *out)
{
    char path[PATH_MAX];
    uint8_t *bytes = NULL;
    size_t len = 0;
    ASSAY_TRY(holder_vault_path(v, name, path));
    enum assay_status status = assay_file_read(path, sizeof v->sealed, &bytes, &len);
    if (status == ASSAY_E_NOT_FOUND) return status;
    if (status == ASSAY_E_RANGE || (status == ASSAY_OK && len < HOLDER_VAULT_SEALED_MORE))
        status = ASSAY_E_SIGNATURE;
    else if (status == ASSAY_OK)
        status = assay_sodium_open(
            key, bytes, about_of(name),
            assay_slice_over(bytes + ASSAY_SODIUM_NONCE_LEN, len - ASSAY_SODIUM_NONCE_LEN),
            v->plain);
    else status = ASSAY_E_STORE;
    free(bytes);
    if (status == ASSAY_OK) *out = assay_slice_over(v->plain, len - HOLDER_VAULT_SEALED_MORE);
    return status;
}

static enum assay_status remove_file(struct assay_holder_vault *v, const char *name)
{
    char path[PATH_MAX];
    ASSAY_TRY(holder_vault_path(v, name, path));
    if (unlink(path) != 0) return errno == ENOENT ? ASSAY_OK : holder_vault_fail(v);
    return assay_file_sync_folder(path) == ASSAY_OK ? ASSAY_OK : holder_vault_fail(v);
}

/* --- state: seed of the holder key, the last epoch of signing */

static enum assay_status write_state(struct assay_holder_vault *v)
{
    uint8_t bytes[STATE_LEN];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_writer_put(&w, v->seed.bytes, 32);
    assay_writer_u64be(&w, v->era);
    assay_writer_u64be(&w, v->epoch);
    const enum assay_status status =
        write_sealed(v, state_name, &v->key, assay_slice_over(bytes, w.len));
    assay_secret_wipe(bytes, sizeof bytes);
    return status;
}

static enum assay_status read_state(struct assay_holder_vault *v)
{
    struct assay_slice bytes;
    ASSAY_TRY(read_sealed(v, state_name, &v->key, &bytes));
    struct assay_cursor c = assay_cursor_over(bytes.bytes, bytes.len);
    enum assay_status status = assay_cursor_copy(&c, v->seed.bytes, 32);
    if (status == ASSAY_OK) status = assay_cursor_u64be(&c, &v->era);
    if (status == ASSAY_OK) status = assay_cursor_u64be(&c, &v->epoch);
    if (status == ASSAY_OK) status = assay_cursor_end(&c);
    assay_secret_wipe(v->plain, sizeof v->plain);
    return status == ASSAY_OK ? ASSAY_OK : ASSAY_E_SIGNATURE;
}

/* --- the floor */

static bool is_newer(const struct holder_vault_mark *a, const struct holder_vault_mark *b)
{
    return a->era > b->era || (a->era == b->era && a->epoch > b->epoch);
}

static void raise_floor(struct assay_holder_vault *v, const struct holder_vault_mark *to)
{
    if (!is_newer(to, &v->floor)) return;
    v->floor = *to;
}

void assay_holder_vault_set_floor(struct assay_holder_vault *vault, uint64_t era, uint64_t epoch)
{
    raise_floor(vault, &(struct holder_vault_mark){ era, epoch });
}

void assay_holder_vault_set_start(struct assay_holder_vault *vault, uint64_t era, uint64_t epoch)
{
    vault->start = (struct holder_vault_mark){ era, epoch };
    raise_floor(vault, &vault->start);
}

bool assay_holder_vault_get_floor(const struct assay_holder_vault *vault, uint64_t *era,
                                  uint64_t *epoch)
{
    *era = vault->floor.era;
    *epoch = vault->floor.epoch;
    return vault->is_used;
}

/* Of an item: its floor, and its bytes in v->plain, the caller's to wipe. */
static enum assay_status write_item(struct assay_holder_vault *v, const char *name,
                                    const struct assay_secret32 *key, struct assay_slice bytes)
{
    struct assay_writer w = assay_writer_over(v->plain, sizeof v->plain);
    assay_writer_u64be(&w, v->floor.era);
    assay_writer_u64be(&w, v->floor.epoch);
    assay_writer_put(&w, bytes.bytes, bytes.len);
    ASSAY_ASSERT(!w.full);
    v->is_used = true;
    const enum assay_status status = write_sealed(v, name, key, assay_slice_over(v->plain, w.len));
    assay_secret_wipe(v->plain, sizeof v->plain);
    return status;
}

/* Out: *floor: that it was put with; *out: in v->plain, the caller's to wipe */
static enum assay_status read_item(struct assay_holder_vault *v,
                                   const struct assay_ceremony_item *item,
                                   struct holder_vault_mark *floor, struct assay_slice *out)
{
    struct assay_secret32 wrap = v->key;
    char name[NAME_MAX_LEN], path[PATH_MAX];
    struct assay_slice sealed;
    name_of(item, name);
    ASSAY_TRY(holder_vault_path(v, name, path));
    enum assay_status status = ASSAY_OK;
    if (is_wrapped(item)) status = assay_vault_key_read(path, KEY_NUMBER, &v->key, &wrap);
    if (status == ASSAY_OK) status = read_sealed(v, name, &wrap, &sealed);
    assay_secret_wipe(&wrap, sizeof wrap);
    if (status != ASSAY_OK) return status;
    struct assay_cursor c = assay_cursor_over(sealed.bytes, sealed.len);
    status = assay_cursor_u64be(&c, &floor->era);
    if (status == ASSAY_OK) status = assay_cursor_u64be(&c, &floor->epoch);
    if (status != ASSAY_OK) return ASSAY_E_SIGNATURE;
    *out = assay_slice_over(sealed.bytes + c.pos, sealed.len - c.pos);
    return ASSAY_OK;
}

/* Before anything is read of the ledger. An item that cannot be read, or that another program of
 * the machine puts here later, is found when all are loaded, before the holder acts. */
static void find_floor(struct assay_holder_vault *v)
{
    DIR *folder = opendir(v->folder);
    for (const struct dirent *file; folder != NULL && (file = readdir(folder)) != NULL;) {
        struct assay_ceremony_item item;
        struct holder_vault_mark floor;
        struct assay_slice bytes;
        if (!item_of(file->d_name, &item)) continue;
        v->is_used = true;
        if (read_item(v, &item, &floor, &bytes) == ASSAY_OK) raise_floor(v, &floor);
    }
    if (folder != NULL) (void)closedir(folder);
    assay_secret_wipe(v->plain, sizeof v->plain);
    if (v->epoch == 0 && v->era == 0) return;
    v->is_used = true;
    assay_holder_vault_set_floor(v, v->era, v->epoch);
}

/* Returns: whether the folder has anything but its lock and a state that a crash left incomplete.
 */
static bool is_used(const struct assay_holder_vault *v)
{
    DIR *folder = opendir(v->folder);
    bool used = false;
    for (const struct dirent *file; folder != NULL && (file = readdir(folder)) != NULL;)
        used = used || (file->d_name[0] != '.' && strcmp(file->d_name, "lock") != 0);
    if (folder != NULL) (void)closedir(folder);
    return used;
}

/* --- opening */

static enum assay_status lock_folder(struct assay_holder_vault *v, const char **what)
{
    char path[PATH_MAX];
    ASSAY_TRY(holder_vault_path(v, "lock", path));
    v->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (v->lock < 0) return ASSAY_E_STORE;
    if (flock(v->lock, LOCK_EX | LOCK_NB) == 0) return ASSAY_OK;
    if (errno == EWOULDBLOCK) *what = "another process (assay-signer) has the vault open: end it";
    return ASSAY_E_STORE;
}

static enum assay_status open_folder(struct assay_holder_vault *v, const char **what)
{
    *what = "the folder cannot be created";
    if (mkdir(v->folder, 0700) != 0 && errno != EEXIST) return ASSAY_E_STORE;
    *what = "the folder must belong to this user or root, with no access for others (mode 0700)";
    if (assay_file_check_folder(v->folder) != ASSAY_OK) return ASSAY_E_STORE;
    *what = "the file `lock` cannot be opened or locked";
    ASSAY_TRY(lock_folder(v, what));
    *what = "the state does not open with this key";
    const enum assay_status status = read_state(v);
    if (status == ASSAY_E_NOT_FOUND) {
        *what = "the file `state` is missing next to others: restore it, or use an empty folder";
        if (is_used(v)) return ASSAY_E_STORE;
        *what = "the state cannot be written";
        ASSAY_TRY(assay_random(v->seed.bytes, sizeof v->seed.bytes));
        ASSAY_TRY(write_state(v));
    } else if (status != ASSAY_OK) {
        return status;
    }
    find_floor(v);
    (void)snprintf(v->journal.reason, sizeof v->journal.reason, "the folder cannot be read");
    *what = v->journal.reason;
    return holder_vault_journal_open(v);
}

enum assay_status assay_holder_vault_open(const struct assay_holder_vault_config *config,
                                          struct assay_holder_vault **out,
                                          char message[static ASSAY_HOLDER_VAULT_MESSAGE_LEN])
{
    struct assay_holder_vault *v = assay_locked_memory_new(sizeof *v);
    const char *what = "the path is too long";
    *out = NULL;
    if (v == NULL) {
        (void)snprintf(message, ASSAY_HOLDER_VAULT_MESSAGE_LEN,
                       "%s: no locked memory of %zu bytes: raise LimitMEMLOCK", config->folder,
                       sizeof *v);
        return ASSAY_E_MEMORY;
    }
    v->lock = v->journal.fd = -1;
    v->key = *config->key;
    v->is_memory_only = config->is_memory_only;
    v->start = (struct holder_vault_mark){ UINT64_MAX, UINT64_MAX };
    const int len = snprintf(v->folder, sizeof v->folder, "%s", config->folder);
    enum assay_status status = len > 0 && len < PATH_MAX ? assay_sodium_start() : ASSAY_E_RANGE;
    if (status == ASSAY_OK) status = open_folder(v, &what);
    if (status == ASSAY_OK) {
        *out = v;
        return ASSAY_OK;
    }
    (void)snprintf(message, ASSAY_HOLDER_VAULT_MESSAGE_LEN, "%s: %s (%s)", config->folder, what,
                   assay_status_text(status));
    assay_holder_vault_close(&v);
    return status;
}

void assay_holder_vault_close(struct assay_holder_vault **vault)
{
    struct assay_holder_vault *v = *vault;
    *vault = NULL;
    if (v == NULL) return;
    holder_vault_journal_close(v);
    if (v->lock >= 0) (void)close(v->lock);
    assay_locked_memory_free(v, sizeof *v);
}

const struct assay_secret32 *assay_holder_vault_seed(const struct assay_holder_vault *vault)
{
    return &vault->seed;
}

/* --- items */

/* The item goes first: a crash leaves a wrapping key without one, which the next start destroys,
 * however far it was overwritten. */
static enum assay_status destroy_item(struct assay_holder_vault *v,
                                      const struct assay_ceremony_item *item)
{
    char name[NAME_MAX_LEN], path[PATH_MAX];
    name_of(item, name);
    ASSAY_TRY(holder_vault_path(v, name, path));
    ASSAY_TRY(remove_file(v, name));
    if (is_wrapped(item) && assay_vault_key_destroy(path, KEY_NUMBER) != ASSAY_OK)
        return holder_vault_fail(v);
    return ASSAY_OK;
}

enum assay_status assay_holder_vault_put(struct assay_holder_vault *vault,
                                         const struct assay_ceremony_item *item,
                                         struct assay_slice bytes)
{
    struct assay_holder_vault *v = vault;
    struct assay_secret32 wrap = { 0 };
    char name[NAME_MAX_LEN], path[PATH_MAX];
    if (v->is_failed) return ASSAY_E_STORE;
    if (v->is_memory_only && is_wrapped(item)) return ASSAY_OK;
    name_of(item, name);
    ASSAY_TRY(holder_vault_path(v, name, path));
    if (item->kind != ASSAY_CEREMONY_AGE && access(path, F_OK) == 0) return ASSAY_E_DUPLICATE;
    if (!is_wrapped(item)) return write_item(v, name, &v->key, bytes);
    if (assay_vault_key_make(path, KEY_NUMBER, &v->key, &wrap) != ASSAY_OK)
        return holder_vault_fail(v);
    const enum assay_status status = write_item(v, name, &wrap, bytes);
    assay_secret_wipe(&wrap, sizeof wrap);
    return status;
}

/* What was read goes to the caller, and is wiped here. */
static enum assay_status hand_out(struct assay_holder_vault *v, enum assay_status status,
                                  struct assay_slice plain,
                                  uint8_t bytes[static ASSAY_CEREMONY_ITEM_MAX],
                                  struct assay_slice *out)
{
    if (status == ASSAY_OK) {
        assay_bytes_copy(bytes, ASSAY_CEREMONY_ITEM_MAX, plain.bytes, plain.len);
        *out = assay_slice_over(bytes, plain.len);
    }
    assay_secret_wipe(v->plain, sizeof v->plain);
    return status;
}

enum assay_status assay_holder_vault_get(struct assay_holder_vault *vault,
                                         const struct assay_ceremony_item *item,
                                         uint8_t bytes[static ASSAY_CEREMONY_ITEM_MAX],
                                         struct assay_slice *out)
{
    struct holder_vault_mark floor;
    struct assay_slice plain = { 0 };
    if (vault->is_failed) return ASSAY_E_STORE;
    enum assay_status status = read_item(vault, item, &floor, &plain);
    if (status == ASSAY_OK && is_newer(&floor, &vault->floor)) status = ASSAY_E_SIGNATURE;
    return hand_out(vault, status, plain, bytes, out);
}

/* --- notes */

enum assay_status assay_holder_vault_put_note(struct assay_holder_vault *vault, const char *name,
                                              struct assay_slice bytes)
{
    struct assay_ceremony_item item;
    ASSAY_ASSERT(strcmp(name, state_name) != 0 && !item_of(name, &item));
    return vault->is_failed ? ASSAY_E_STORE : write_sealed(vault, name, &vault->key, bytes);
}

enum assay_status assay_holder_vault_get_note(struct assay_holder_vault *vault, const char *name,
                                              uint8_t bytes[static ASSAY_CEREMONY_ITEM_MAX],
                                              struct assay_slice *out)
{
    struct assay_slice plain = { 0 };
    if (vault->is_failed) return ASSAY_E_STORE;
    const enum assay_status status = read_sealed(vault, name, &vault->key, &plain);
    return hand_out(vault, status, plain, bytes, out);
}

/* Removes what a crash left: a file that was being written, a wrapping key without item. Returns:
 * ASSAY_OK | ASSAY_E_STORE */
static enum assay_status remove_left_over(struct assay_holder_vault *v, const char *file)
{
    static const char of_key[] = ".key.1";
    char name[NAME_MAX_LEN], path[PATH_MAX];
    const size_t len = strlen(file);
    if (file[0] == '.' && len > 5 && strcmp(file + len - 4, ".new") == 0)
        return remove_file(v, file);
    if (len < sizeof of_key || len >= sizeof name ||
        strcmp(file + len - (sizeof of_key - 1), of_key) != 0)
        return ASSAY_OK;
    assay_bytes_copy(name, sizeof name, file, len);
    name[len - (sizeof of_key - 1)] = '\0';
    ASSAY_TRY(holder_vault_path(v, name, path));
    if (access(path, F_OK) == 0) return ASSAY_OK;
    return assay_vault_key_destroy(path, KEY_NUMBER) == ASSAY_OK ? ASSAY_OK : holder_vault_fail(v);
}

static enum assay_status load_file(struct assay_holder_vault *v, const char *file,
                                   assay_holder_vault_load *load, void *context)
{
    struct assay_ceremony_item item;
    struct holder_vault_mark floor;
    struct assay_slice bytes;
    if (!item_of(file, &item)) return remove_left_over(v, file);
    enum assay_status status = read_item(v, &item, &floor, &bytes);
    /* Its wrapping key is destroyed: so is the item. */
    if (status == ASSAY_E_NOT_FOUND && is_wrapped(&item)) return destroy_item(v, &item);
    /* docs/identity.md 3.20: shares follow no ledger that begins before them. The floor that was
     * found at the opening does not have this item, or the checkpoint would have been refused. */
    if (status == ASSAY_OK && is_newer(&floor, &v->start)) status = ASSAY_E_SIGNATURE;
    if (status == ASSAY_OK) status = load(context, &item, bytes);
    assay_secret_wipe(v->plain, sizeof v->plain);
    return status;
}

enum assay_status assay_holder_vault_each(struct assay_holder_vault *vault,
                                          assay_holder_vault_load *load, void *context)
{
    struct dirent **files = NULL; /* all names first: files are removed on the way */
    enum assay_status status = ASSAY_OK;
    if (vault->is_failed) return ASSAY_E_STORE;
    const int count = scandir(vault->folder, &files, NULL, alphasort);
    if (count < 0) return ASSAY_E_STORE;
    for (int i = 0; i < count; i++) {
        if (status == ASSAY_OK) status = load_file(vault, files[i]->d_name, load, context);
        free(files[i]);
    }
    free(files);
    return status;
}

/* Destroys the items of a name for which is_chosen. */
static enum assay_status destroy_all(struct assay_holder_vault *v,
                                     const struct assay_ceremony_name *name, bool shares)
{
    struct dirent **files = NULL;
    enum assay_status status = ASSAY_OK;
    if (v->is_failed) return ASSAY_E_STORE;
    const int count = scandir(v->folder, &files, NULL, alphasort);
    if (count < 0) return holder_vault_fail(v);
    for (int i = 0; i < count; i++) {
        struct assay_ceremony_item item;
        if (status == ASSAY_OK && item_of(files[i]->d_name, &item) && item.name.era == name->era &&
            item.name.ca_number == name->ca_number && item.name.generation == name->generation &&
            item.name.attempt == name->attempt && item.kind != ASSAY_CEREMONY_AGE &&
            (item.kind == ASSAY_CEREMONY_SHARES) == shares)
            status = destroy_item(v, &item);
        free(files[i]);
    }
    free(files);
    return status;
}

enum assay_status assay_holder_vault_erase(struct assay_holder_vault *vault,
                                           const struct assay_ceremony_name *name)
{
    return destroy_all(vault, name, false);
}

enum assay_status assay_holder_vault_erase_shares(struct assay_holder_vault *vault,
                                                  const struct assay_ceremony_name *name)
{
    return destroy_all(vault, name, true);
}

/* --- signing */

void assay_holder_vault_get_epoch(const struct assay_holder_vault *vault, uint64_t *era,
                                  uint64_t *epoch)
{
    *era = vault->era;
    *epoch = vault->epoch;
}

enum assay_status assay_holder_vault_put_epoch(struct assay_holder_vault *vault, uint64_t era,
                                               uint64_t epoch)
{
    if (vault->is_failed) return ASSAY_E_STORE;
    vault->era = era;
    vault->epoch = epoch;
    vault->is_used = true;
    return write_state(vault);
}
