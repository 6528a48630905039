/*
 * net/services/shares/vault.c - sealed rows in SQLite.
 */
#include "net/services/shares/vault.h"

#include "base/assert.h"
#include "base/crypto.h"
#include "base/cursor.h"
#include "base/writer.h"
#include "net/services/shares/vault_key.h"
#include "services/shares/sodium.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    APPLICATION = 0x41535654, /* ASVT */
    VERSION = 2,
    NAME_LEN = 32,
    SEALED_MORE = ASSAY_SODIUM_NONCE_LEN + ASSAY_SODIUM_TAG_LEN,
    SEALED_MAX = ASSAY_VAULT_ROW_MAX + SEALED_MORE,
    ABOUT_MAX = 64,
};

enum statement { PUT, ERASE, WIPE, GET, EACH, BEGIN, COMMIT, STATEMENTS };

static const char *const sql_of[STATEMENTS] = {
    [PUT] = "INSERT OR REPLACE INTO rows(kind, name, sealed) VALUES(?1, ?2, ?3)",
    [ERASE] = "DELETE FROM rows WHERE kind = ?1 AND name = ?2",
    [WIPE] = "DELETE FROM rows WHERE kind = ?1",
    [GET] = "SELECT name, sealed FROM rows WHERE kind = ?1 AND name = ?2",
    [EACH] = "SELECT name, sealed FROM rows WHERE kind = ?1 ORDER BY name",
    [BEGIN] = "BEGIN IMMEDIATE",
    [COMMIT] = "COMMIT",
};

struct assay_vault {
    sqlite3 *db;
    sqlite3_stmt *statement[STATEMENTS];
    struct assay_secret32 key, wrap; /* the vault's, and that of shares */
    uint64_t wrap_number;            /* of its file; 0: no share was ever stored */
    bool stale;                      /* shares changed since the wrapping key was made */
    char path[PATH_MAX];
    bool open;   /* a transaction is open */
    bool erased; /* in it: old contents leave the log as well */
    bool failed;
    uint64_t commits;
    uint8_t plain[ASSAY_VAULT_ROW_MAX];
    uint8_t sealed[SEALED_MAX];
    uint8_t row[ASSAY_VAULT_ROW_MAX]; /* of a rewrap */
};

static enum assay_status set_broken(struct assay_vault *v)
{
    v->failed = true;
    return ASSAY_E_STORE;
}

/* --- opening */

static bool run_sql(struct assay_vault *v, const char *sql)
{
    ASSAY_ASSERT(v->db != NULL);
    return sqlite3_exec(v->db, sql, NULL, NULL, NULL) == SQLITE_OK;
}

static int read_pragma(struct assay_vault *v, const char *sql)
{
    ASSAY_ASSERT(v->db != NULL);
    sqlite3_stmt *asked = NULL;
    int value = -1;
    if (sqlite3_prepare_v2(v->db, sql, -1, &asked, NULL) == SQLITE_OK &&
        sqlite3_step(asked) == SQLITE_ROW)
        value = sqlite3_column_int(asked, 0);
    (void)sqlite3_finalize(asked);
    return value;
}

/* An empty file is a vault whose creation was interrupted. */
static bool create_vault(struct assay_vault *v)
{
    ASSAY_ASSERT(v->statement[PUT] == NULL);
    char stamp[96];
    (void)snprintf(stamp, sizeof stamp, "PRAGMA application_id=%d; PRAGMA user_version=%d; COMMIT;",
                   APPLICATION, VERSION);
    return run_sql(v,
                   "BEGIN EXCLUSIVE; CREATE TABLE rows(kind INTEGER NOT NULL, name BLOB NOT NULL,"
                   " sealed BLOB NOT NULL, PRIMARY KEY(kind, name)) STRICT, WITHOUT ROWID;") &&
           run_sql(v, stamp);
}

static bool set_up(struct assay_vault *v)
{
    ASSAY_ASSERT(v->statement[PUT] == NULL);
    /* The lock is taken with the first read and kept. */
    if (!run_sql(v, "PRAGMA locking_mode=EXCLUSIVE; PRAGMA trusted_schema=OFF;"
                    "PRAGMA cell_size_check=ON; PRAGMA temp_store=MEMORY; PRAGMA mmap_size=0;"
                    "PRAGMA secure_delete=ON; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"))
        return false;
    if (read_pragma(v, "SELECT count(*) FROM sqlite_schema") == 0 && !create_vault(v)) return false;
    if (read_pragma(v, "PRAGMA application_id") != APPLICATION ||
        read_pragma(v, "PRAGMA user_version") != VERSION)
        return false;
    for (int i = 0; i < STATEMENTS; i++)
        if (sqlite3_prepare_v2(v->db, sql_of[i], -1, &v->statement[i], NULL) != SQLITE_OK)
            return false;
    return true;
}

/* Its own row is opened with the key, or created with it. */
static enum assay_status check_key(struct assay_vault *v)
{
    ASSAY_ASSERT(!v->open);
    static const uint8_t name[32] = "assay vault";
    uint8_t bytes[16];
    struct assay_slice row;
    enum assay_status status = assay_vault_get(v, ASSAY_VAULT_CHECK, name, bytes, sizeof bytes,
                                               &row);
    if (status != ASSAY_E_NOT_FOUND) return status;
    ASSAY_TRY(assay_vault_put(v, ASSAY_VAULT_CHECK, name, assay_slice_over(name, 5)));
    return assay_vault_commit(v);
}

/* Its number is in a row, so that rows and number change together; keys that a crash left before or
 * after it are destroyed. */
static const uint8_t wrap_row[NAME_LEN] = "assay vault wrapping key";

static enum assay_status put_wrap_number(struct assay_vault *v, uint64_t number)
{
    ASSAY_ASSERT(number > 0);
    uint8_t bytes[8];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_writer_u64be(&w, number);
    return assay_vault_put(v, ASSAY_VAULT_CHECK, wrap_row, assay_slice_over(bytes, w.len));
}

static enum assay_status read_wrap(struct assay_vault *v)
{
    ASSAY_ASSERT(v->wrap_number == 0);
    uint8_t bytes[8];
    struct assay_slice row;
    enum assay_status status =
        assay_vault_get(v, ASSAY_VAULT_CHECK, wrap_row, bytes, sizeof bytes, &row);
    if (status == ASSAY_OK) {
        struct assay_cursor in = assay_cursor_over(row.bytes, row.len);
        status = assay_cursor_u64be(&in, &v->wrap_number);
        if (status == ASSAY_OK) status = assay_vault_key_read(v->path, v->wrap_number, &v->key,
                                                              &v->wrap);
        if (status == ASSAY_E_NOT_FOUND) status = ASSAY_E_STORE; /* its shares are lost with it */
    } else if (status == ASSAY_E_NOT_FOUND) {
        status = ASSAY_OK;
    }
    v->stale = v->wrap_number > 0;
    if (status != ASSAY_OK || v->wrap_number == 0) return status;
    ASSAY_TRY(assay_vault_key_destroy(v->path, v->wrap_number + 1));
    return assay_vault_key_destroy(v->path, v->wrap_number - 1);
}

static enum assay_status open_file(struct assay_vault *v, const char *path, char *message)
{
    ASSAY_ASSERT(v->db == NULL);
    const int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        (void)snprintf(message, ASSAY_VAULT_MESSAGE_LEN, "%s: %s", path, strerror(errno));
        return ASSAY_E_STORE;
    }
    (void)close(fd); /* before SQLite has locks on it */
    const int code = sqlite3_open_v2(path, &v->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW,
                                     NULL);
    if (code == SQLITE_OK && set_up(v)) return ASSAY_OK;
    const int why = v->db == NULL ? SQLITE_NOMEM : sqlite3_errcode(v->db);
    if ((why & 0xff) == SQLITE_BUSY || (why & 0xff) == SQLITE_LOCKED) {
        (void)snprintf(message, ASSAY_VAULT_MESSAGE_LEN,
                       "%s: another process holds it: does this program run already? Stop that "
                       "one, or give this one a store of its own",
                       path);
        return ASSAY_E_STORE;
    }
    (void)snprintf(message, ASSAY_VAULT_MESSAGE_LEN, "%s: no vault of this version, or %s", path,
                   v->db == NULL ? "out of memory" : sqlite3_errmsg(v->db));
    return ASSAY_E_STORE;
}

enum assay_status assay_vault_open(const char *path, const struct assay_secret32 *key,
                                   struct assay_vault **out,
                                   char message[static ASSAY_VAULT_MESSAGE_LEN])
{
    struct assay_vault *v = calloc(1, sizeof *v);
    *out = NULL;
    (void)snprintf(message, ASSAY_VAULT_MESSAGE_LEN, "out of memory");
    if (v == NULL) return ASSAY_E_MEMORY;
    v->key = *key;
    enum assay_status status = strlen(path) < PATH_MAX ? assay_sodium_start() : ASSAY_E_RANGE;
    if (status == ASSAY_OK) status = open_file(v, path, message);
    if (status == ASSAY_OK) {
        (void)snprintf(v->path, sizeof v->path, "%s", path);
        status = check_key(v);
        if (status == ASSAY_OK) status = read_wrap(v);
        (void)snprintf(message, ASSAY_VAULT_MESSAGE_LEN, "%s: %s", path,
                       status == ASSAY_E_SIGNATURE ? "sealed with another key, or changed"
                       : v->wrap_number > 0        ? "the wrapping key of its shares is gone"
                                                   : sqlite3_errmsg(v->db));
    }
    if (status == ASSAY_OK) message[0] = '\0';
    else assay_vault_close(&v);
    *out = v;
    return status;
}

void assay_vault_close(struct assay_vault **vault)
{
    struct assay_vault *v = *vault;
    if (v == NULL) return;
    for (int i = 0; i < STATEMENTS; i++)
        (void)sqlite3_finalize(v->statement[i]);
    (void)sqlite3_close(v->db);
    assay_secret_wipe(v, sizeof *v);
    free(v);
    *vault = NULL;
}

uint64_t assay_vault_commits(const struct assay_vault *vault)
{
    return vault->commits;
}

/* --- sealing */

static struct assay_slice about_of(enum assay_vault_kind kind, const uint8_t name[static 32],
                                   uint8_t about[static ABOUT_MAX])
{
    static const char type[] = "assay/vault/v1";
    struct assay_slice all;
    struct assay_writer w = assay_writer_over(about, ABOUT_MAX);
    assay_writer_put(&w, type, sizeof type);
    assay_writer_u32be(&w, (uint32_t)kind);
    assay_writer_put(&w, name, 32);
    const enum assay_status status = assay_writer_finish(&w, &all);
    ASSAY_ASSERT(status == ASSAY_OK);
    return all;
}

static const struct assay_secret32 *key_of(const struct assay_vault *v,
                                           enum assay_vault_kind kind)
{
    return kind == ASSAY_VAULT_SHARE ? &v->wrap : &v->key;
}

/* Returns: ASSAY_OK and the plain bytes, in v->plain | ASSAY_E_SIGNATURE */
static enum assay_status open_row(struct assay_vault *v, sqlite3_stmt *row,
                                  enum assay_vault_kind kind, struct assay_slice *plain)
{
    uint8_t about[ABOUT_MAX], name[32];
    const int len = sqlite3_column_bytes(row, 1);
    const uint8_t *sealed = sqlite3_column_blob(row, 1);
    if (sqlite3_column_bytes(row, 0) != 32 || len < SEALED_MORE || len > SEALED_MAX)
        return ASSAY_E_SIGNATURE;
    assay_bytes_copy(name, 32, sqlite3_column_blob(row, 0), 32);
    const struct assay_slice body =
        assay_slice_over(sealed + ASSAY_SODIUM_NONCE_LEN, (size_t)len - ASSAY_SODIUM_NONCE_LEN);
    if (assay_sodium_open(key_of(v, kind), sealed, about_of(kind, name, about), body, v->plain) !=
        ASSAY_OK)
        return ASSAY_E_SIGNATURE;
    *plain = assay_slice_over(v->plain, (size_t)len - SEALED_MORE);
    return ASSAY_OK;
}

/* --- rows */

static enum assay_status step_statement(struct assay_vault *v, enum statement which)
{
    ASSAY_ASSERT(which < STATEMENTS && v->statement[which] != NULL);
    sqlite3_stmt *s = v->statement[which];
    const int code = sqlite3_step(s);
    (void)sqlite3_reset(s);
    (void)sqlite3_clear_bindings(s);
    return code == SQLITE_DONE ? ASSAY_OK : set_broken(v);
}

static enum assay_status begin_transaction(struct assay_vault *v)
{
    if (v->failed) return ASSAY_E_STORE;
    if (v->open) return ASSAY_OK;
    ASSAY_TRY(step_statement(v, BEGIN));
    v->open = true;
    return ASSAY_OK;
}

static bool bind_row(sqlite3_stmt *s, enum assay_vault_kind kind, const uint8_t *name)
{
    ASSAY_ASSERT(s != NULL);
    return sqlite3_bind_int(s, 1, (int)kind) == SQLITE_OK &&
           (name == NULL || sqlite3_bind_blob(s, 2, name, 32, SQLITE_STATIC) == SQLITE_OK);
}

/* The first share creates the first wrapping key. Its number is random: a vault created in place of
 * a moved one destroys no key of that one. */
static enum assay_status create_wrap_if_missing(struct assay_vault *v)
{
    ASSAY_ASSERT(v->open);
    uint8_t drawn[8];
    v->stale = true;
    if (v->wrap_number > 0) return ASSAY_OK;
    if (assay_random(drawn, sizeof drawn) != ASSAY_OK) return set_broken(v);
    struct assay_cursor in = assay_cursor_over(drawn, sizeof drawn);
    uint64_t number = 0;
    ASSAY_TRY(assay_cursor_u64be(&in, &number));
    number = (number >> 2) + 2;
    if (assay_vault_key_make(v->path, number, &v->key, &v->wrap) != ASSAY_OK) return set_broken(v);
    v->wrap_number = number;
    return put_wrap_number(v, number);
}

enum assay_status assay_vault_put(struct assay_vault *vault, enum assay_vault_kind kind,
                                  const uint8_t name[static 32], struct assay_slice bytes)
{
    struct assay_vault *v = vault;
    uint8_t about[ABOUT_MAX];
    sqlite3_stmt *s = v->statement[PUT];
    ASSAY_ASSERT(bytes.len <= ASSAY_VAULT_ROW_MAX);
    ASSAY_TRY(begin_transaction(v));
    ASSAY_ASSERT(v->open);
    if (kind == ASSAY_VAULT_SHARE) ASSAY_TRY(create_wrap_if_missing(v));
    ASSAY_TRY(assay_random(v->sealed, ASSAY_SODIUM_NONCE_LEN));
    assay_sodium_seal(key_of(v, kind), v->sealed, about_of(kind, name, about), bytes,
                      v->sealed + ASSAY_SODIUM_NONCE_LEN);
    if (!bind_row(s, kind, name) || sqlite3_bind_blob(s, 3, v->sealed, (int)bytes.len + SEALED_MORE,
                                                      SQLITE_STATIC) != SQLITE_OK)
        return set_broken(v);
    return step_statement(v, PUT);
}

enum assay_status assay_vault_erase(struct assay_vault *vault, enum assay_vault_kind kind,
                                    const uint8_t name[static 32])
{
    ASSAY_TRY(begin_transaction(vault));
    ASSAY_ASSERT(vault->open);
    if (!bind_row(vault->statement[ERASE], kind, name)) return set_broken(vault);
    if (kind == ASSAY_VAULT_SHARE) vault->stale = true;
    vault->erased = true;
    return step_statement(vault, ERASE);
}

enum assay_status assay_vault_wipe(struct assay_vault *vault, enum assay_vault_kind kind)
{
    ASSAY_TRY(begin_transaction(vault));
    ASSAY_ASSERT(vault->open);
    if (!bind_row(vault->statement[WIPE], kind, NULL)) return set_broken(vault);
    if (kind == ASSAY_VAULT_SHARE) vault->stale = true;
    vault->erased = true;
    return step_statement(vault, WIPE);
}

enum assay_status assay_vault_commit(struct assay_vault *vault)
{
    struct assay_vault *v = vault;
    if (v->failed) return ASSAY_E_STORE;
    if (!v->open) return ASSAY_OK;
    ASSAY_TRY(step_statement(v, COMMIT));
    v->open = false;
    v->commits++;
    if (v->erased && !run_sql(v, "PRAGMA wal_checkpoint(TRUNCATE)")) return set_broken(v);
    v->erased = false;
    return ASSAY_OK;
}

enum assay_status assay_vault_get(struct assay_vault *vault, enum assay_vault_kind kind,
                                  const uint8_t name[static 32], uint8_t *bytes, size_t capacity,
                                  struct assay_slice *out)
{
    struct assay_vault *v = vault;
    sqlite3_stmt *s = v->statement[GET];
    struct assay_slice plain;
    enum assay_status status = ASSAY_E_NOT_FOUND;
    if (v->failed) return ASSAY_E_STORE;
    if (!bind_row(s, kind, name)) return set_broken(v);
    const int code = sqlite3_step(s);
    if (code == SQLITE_ROW) status = open_row(v, s, kind, &plain);
    else if (code != SQLITE_DONE) status = set_broken(v);
    if (status == ASSAY_OK && plain.len > capacity) status = ASSAY_E_FULL;
    if (status == ASSAY_OK) {
        assay_bytes_copy(bytes, capacity, plain.bytes, plain.len);
        *out = assay_slice_over(bytes, plain.len);
    }
    assay_secret_wipe(v->plain, sizeof v->plain);
    (void)sqlite3_reset(s);
    return status;
}

enum assay_status assay_vault_each(struct assay_vault *vault, enum assay_vault_kind kind,
                                   assay_vault_row *row, void *context)
{
    struct assay_vault *v = vault;
    sqlite3_stmt *s = v->statement[EACH];
    struct assay_slice plain;
    enum assay_status status = ASSAY_OK;
    int code = SQLITE_DONE;
    if (v->failed) return ASSAY_E_STORE;
    if (!bind_row(s, kind, NULL)) return set_broken(v);
    while (status == ASSAY_OK && (code = sqlite3_step(s)) == SQLITE_ROW) {
        status = open_row(v, s, kind, &plain);
        if (status == ASSAY_OK) status = row(context, sqlite3_column_blob(s, 0), plain);
        assay_secret_wipe(v->plain, sizeof v->plain);
    }
    if (status == ASSAY_OK && code != SQLITE_DONE) status = set_broken(v);
    (void)sqlite3_reset(s);
    return status;
}

/* --- erasure */

struct names {
    size_t count, room;
    uint8_t (*name)[NAME_LEN];
};

static enum assay_status add_name(void *context, const uint8_t name[static 32],
                                  struct assay_slice bytes)
{
    struct names *names = context;
    ASSAY_ASSERT(names->count <= names->room);
    (void)bytes;
    if (names->count == names->room) {
        const size_t room = names->room == 0 ? 64 : 2 * names->room;
        void *more = realloc(names->name, room * sizeof *names->name);
        if (more == NULL) return ASSAY_E_MEMORY;
        names->name = more;
        names->room = room;
    }
    assay_bytes_copy(names->name[names->count++], NAME_LEN, name, NAME_LEN);
    return ASSAY_OK;
}

/* From one wrapping key to the next, with the number. */
static enum assay_status reseal_rows(struct assay_vault *v, const struct names *names,
                                     uint64_t number, const struct assay_secret32 *made)
{
    ASSAY_ASSERT(number == v->wrap_number + 1);
    struct assay_secret32 before = v->wrap;
    enum assay_status status = begin_transaction(v);
    for (size_t i = 0; i < names->count && status == ASSAY_OK; i++) {
        struct assay_slice row;
        v->wrap = before;
        status = assay_vault_get(v, ASSAY_VAULT_SHARE, names->name[i], v->row, sizeof v->row,
                                 &row);
        v->wrap = *made;
        if (status == ASSAY_OK)
            status = assay_vault_put(v, ASSAY_VAULT_SHARE, names->name[i], row);
    }
    v->wrap = *made;
    v->wrap_number = number;
    if (status == ASSAY_OK) status = put_wrap_number(v, number);
    v->erased = true; /* the log is emptied as well */
    if (status == ASSAY_OK) status = assay_vault_commit(v);
    assay_secret_wipe(v->row, sizeof v->row);
    assay_secret_wipe(&before, sizeof before);
    return status;
}

enum assay_status assay_vault_rewrap(struct assay_vault *vault)
{
    struct assay_vault *v = vault;
    struct assay_secret32 made;
    struct names names = { 0 };
    ASSAY_TRY(assay_vault_commit(v));
    if (!v->stale || v->wrap_number == 0) return ASSAY_OK;
    const uint64_t before = v->wrap_number;
    ASSAY_ASSERT(!v->open);
    enum assay_status status = assay_vault_each(v, ASSAY_VAULT_SHARE, add_name, &names);
    if (status == ASSAY_OK) status = assay_vault_key_make(v->path, before + 1, &v->key, &made);
    if (status == ASSAY_OK) status = reseal_rows(v, &names, before + 1, &made);
    if (status == ASSAY_OK) status = assay_vault_key_destroy(v->path, before);
    assay_secret_wipe(&made, sizeof made);
    free(names.name);
    if (status != ASSAY_OK) v->failed = true;
    else v->stale = false;
    return status;
}
