/*
 * engine/store/store_sqlite.c - the store in one SQLite file; the only file that includes
 * <sqlite3.h>.
 *
 * Every class is a table of the same shape. A row carries a checksum over its key and value,
 * because SQLite checks its pages' structure but not their contents. What SQLite answers becomes
 * ASSAY_E_STORE and a sentence. Errors that leave in doubt what the disk holds stop the store for
 * good (store.h); a full disk does not.
 */
#include "engine/store/store_sqlite.h"

#include "base/assert.h"
#include "base/file/file.h"
#include "engine/store/crc32c.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* 4 MiB of log before its pages move to the database: short pauses now and then. */
enum { WAL_PAGES_MAX = 250 };

enum operation { OP_PUT, OP_PRUNE, OP_GET, OP_FIND, OP_SCAN_UP, OP_SCAN_DOWN, OP_COUNT };

#define KEY_COLUMNS "era,epoch,number,id"
#define SCAN_SQL(table, descending)                                                                \
    "SELECT " KEY_COLUMNS ",value,checksum FROM " table " WHERE (" KEY_COLUMNS ")>=(?1,?2,?3,?4)"  \
    " AND (" KEY_COLUMNS ")<=(?5,?6,?7,?8) ORDER BY era" descending ",epoch" descending            \
    ",number" descending ",id" descending

/* Texts joined on purpose stand in parentheses. */
#define CLASS_SQL(symbol, class_number, table)                                                     \
    [symbol] = {                                                                                   \
        [OP_PUT] = ("INSERT OR REPLACE INTO " table " VALUES(?1,?2,?3,?4,?5,?6)"),                 \
        [OP_PRUNE] = ("DELETE FROM " table " WHERE era=?1 AND epoch<?2"),                          \
        [OP_GET] = ("SELECT " KEY_COLUMNS ",value,checksum FROM " table                            \
                    " WHERE era=?1 AND epoch=?2 AND number=?3 AND id=?4"),                         \
        [OP_FIND] = ("SELECT " KEY_COLUMNS ",value,checksum FROM " table                           \
                     " WHERE id=?1 ORDER BY " KEY_COLUMNS " LIMIT 1"),                             \
        [OP_SCAN_UP] = (SCAN_SQL(table, "")),                                                      \
        [OP_SCAN_DOWN] = (SCAN_SQL(table, " DESC")),                                               \
    },

static const char *const class_sql[ASSAY_STORE_CLASS_COUNT + 1][OP_COUNT] = { ASSAY_STORE_LIST(
    CLASS_SQL) };

#define COLUMNS                                                                                    \
    "(era INTEGER NOT NULL, epoch INTEGER NOT NULL, number INTEGER NOT NULL,"                      \
    " id BLOB NOT NULL, value BLOB NOT NULL, checksum INTEGER NOT NULL,"                           \
    " PRIMARY KEY(" KEY_COLUMNS ")) STRICT, WITHOUT ROWID"
#define CLASS_CREATE(symbol, class_number, table) "CREATE TABLE " table COLUMNS ";"

/* What no store has: a view, for one, in the place of a table, whose rows never end. */
static const char strange_sql[] = "SELECT count(*) FROM sqlite_schema WHERE NOT"
                                  " ((type='table' AND sql='CREATE TABLE '||name||'" COLUMNS "')"
                                  " OR (type='index' AND (sql IS NULL OR sql='CREATE INDEX "
                                  "'||name||' ON '||tbl_name||'(id," KEY_COLUMNS ")')))";

/* What schema 4 has and 3 had not. */
#define SERVICE_INDEXES                                                                            \
    "CREATE INDEX service_by_id ON service(id," KEY_COLUMNS ");"                                   \
    "CREATE INDEX service_anchor_by_id ON service_anchor(id," KEY_COLUMNS ");"
static const char upgrade_sql[] = CLASS_CREATE(ASSAY_STORE_SERVICE, 18, "service")
    CLASS_CREATE(ASSAY_STORE_SERVICE_ANCHOR, 19, "service_anchor");

static const char tables_sql[] = ASSAY_STORE_LIST(CLASS_CREATE);
/* Looked up by id in the course of the protocol: pulled blocks, certificates, evidence. */
static const char indexes_sql[] =
    "CREATE INDEX blocks_by_id ON blocks(id," KEY_COLUMNS ");"
    "CREATE INDEX certificates_by_id ON certificates(id," KEY_COLUMNS ");"
    "CREATE INDEX evidence_by_id ON evidence(id," KEY_COLUMNS ");"
    "CREATE INDEX proposals_by_id ON proposals(id," KEY_COLUMNS ");" SERVICE_INDEXES;

struct store_sqlite {
    struct assay_store base; /* first: a pointer to it is a pointer to this */
    sqlite3 *db;
    sqlite3_stmt *statements[ASSAY_STORE_CLASS_COUNT + 1][OP_COUNT]; /* made when first used */
    sqlite3_stmt *begin, *commit;
    bool looks;    /* nothing may be written */
    bool open;     /* a batch is open */
    bool broken;   /* a call of the open batch failed: it cannot be committed */
    bool failed;   /* what the disk holds is in doubt: nothing is done any more */
    bool damaged;  /* what the disk holds is not what was written */
    int scans;     /* visits under way */
    int wal_pages; /* in the log after the last commit */
    struct assay_crc32c crc;
    char path[PATH_MAX];
    char message[ASSAY_STORE_MESSAGE_LEN];
};

/* --------------------------------------------------------------- what went wrong */

static const char *format_error(struct store_sqlite *self, int code, char *buffer,
                                size_t buffer_len)
{
    switch (code & 0xff) {
    case SQLITE_FULL: return "disk full";
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return "locked by another process: if a daemon runs on it, stop it";
    case SQLITE_READONLY: return "the file or its folder is read-only";
    case SQLITE_NOTADB: return "not a store of assayd: the file is no database";
    case SQLITE_NOMEM: return "no memory";
    case SQLITE_CORRUPT:
        self->damaged = true;
        snprintf(buffer, buffer_len, "damaged (%s)", sqlite3_errmsg(self->db));
        return buffer;
    case SQLITE_CANTOPEN:
    case SQLITE_IOERR: {
        const int error = sqlite3_system_errno(self->db);
        snprintf(buffer, buffer_len, "%s (code %d%s%s)",
                 (code & 0xff) == SQLITE_IOERR ? "input/output error" : "cannot be opened", code,
                 error != 0 ? ", " : "", error != 0 ? strerror(error) : "");
        return buffer;
    }
    default: return sqlite3_errmsg(self->db);
    }
}

static enum assay_status set_error(struct store_sqlite *self, const char *doing, const char *why)
{
    snprintf(self->message, sizeof self->message, "store %.90s: %.20s: %.120s", self->path, doing,
             why);
    return ASSAY_E_STORE;
}

/* A full disk and no memory are reported before anything is written; after other errors the outcome
 * is unknown.
 */
static bool is_outcome_unknown(int code)
{
    switch (code & 0xff) {
    case SQLITE_FULL:
    case SQLITE_NOMEM:
    case SQLITE_BUSY: return false;
    default: return true;
    }
}

static enum assay_status set_sqlite_error(struct store_sqlite *self, int code, const char *doing)
{
    char buffer[128];
    if (self->open) self->broken = true;
    if (is_outcome_unknown(code)) self->failed = true;
    return set_error(self, doing, format_error(self, code, buffer, sizeof buffer));
}

/* --------------------------------------------------------------- rows */

static uint32_t row_checksum(const struct store_sqlite *self, enum assay_store_class class_,
                             const struct assay_store_key *key, struct assay_slice value)
{
    const uint64_t numbers[4] = { (uint64_t)class_, key->era, key->epoch, key->number };
    uint8_t head[32];
    for (size_t i = 0; i < sizeof head; i++)
        head[i] = (uint8_t)(numbers[i / 8] >> (8 * (i % 8)));
    uint32_t crc = assay_crc32c_add(&self->crc, 0, head, sizeof head);
    crc = assay_crc32c_add(&self->crc, crc, key->id, sizeof key->id);
    return assay_crc32c_add(&self->crc, crc, value.bytes, value.len);
}

static sqlite3_int64 column_number(uint64_t number)
{
    return number > ASSAY_STORE_NUMBER_MAX ? INT64_MAX : (sqlite3_int64)number;
}

static void bind_key(sqlite3_stmt *statement, int first, const struct assay_store_key *key)
{
    /* The columns exist and are within the limits, so these cannot fail; step would report it. */
    sqlite3_bind_int64(statement, first, (sqlite3_int64)key->era);
    sqlite3_bind_int64(statement, first + 1, column_number(key->epoch));
    sqlite3_bind_int64(statement, first + 2, column_number(key->number));
    sqlite3_bind_blob(statement, first + 3, key->id, (int)sizeof key->id, SQLITE_STATIC);
}

/* Returns: ASSAY_OK | ASSAY_E_STORE (the row is not one that put wrote) */
static enum assay_status read_row(struct store_sqlite *self, sqlite3_stmt *statement,
                                  enum assay_store_class class_, struct assay_store_key *key,
                                  struct assay_slice *value)
{
    const sqlite3_int64 era = sqlite3_column_int64(statement, 0);
    const sqlite3_int64 epoch = sqlite3_column_int64(statement, 1);
    const sqlite3_int64 number = sqlite3_column_int64(statement, 2);
    const void *id = sqlite3_column_blob(statement, 3);
    const void *bytes = sqlite3_column_blob(statement, 4);
    const int len = sqlite3_column_bytes(statement, 4);
    if (bytes == NULL && sqlite3_errcode(self->db) == SQLITE_NOMEM)
        return set_sqlite_error(self, SQLITE_NOMEM, "reading");
    bool sound = era >= 0 && era <= UINT32_MAX && epoch >= 0 && number >= 0 && len >= 0;
    sound = sound && id != NULL && sqlite3_column_bytes(statement, 3) == (int)sizeof key->id;
    if (sound) {
        *key = (struct assay_store_key){ (uint32_t)era, (uint64_t)epoch, (uint64_t)number, { 0 } };
        assay_bytes_copy(key->id, sizeof key->id, id, sizeof key->id);
        *value = assay_slice_over(bytes, (size_t)len);
        const uint32_t checksum = row_checksum(self, class_, key, *value);
        sound = sqlite3_column_int64(statement, 5) == (sqlite3_int64)checksum;
    }
    if (sound) return ASSAY_OK;
    self->failed = self->damaged = true;
    return set_error(self, "reading",
                     "damaged (a row has another checksum than it was written with)");
}

static enum assay_status prepare_statement(struct store_sqlite *self, enum assay_store_class class_,
                                           enum operation operation, sqlite3_stmt **out)
{
    ASSAY_ASSERT((unsigned)class_ >= 1 && (unsigned)class_ <= ASSAY_STORE_CLASS_COUNT);
    sqlite3_stmt **cached = &self->statements[class_][operation];
    if (self->failed) return ASSAY_E_STORE; /* the message of the first failure stands */
    if (*cached == NULL) {
        const int code = sqlite3_prepare_v3(self->db, class_sql[class_][operation], -1,
                                            SQLITE_PREPARE_PERSISTENT, cached, NULL);
        if (code != SQLITE_OK) return set_sqlite_error(self, code, "preparing");
    }
    ASSAY_ASSERT(!sqlite3_stmt_busy(*cached)); /* a visitor scans the class that it visits */
    *out = *cached;
    return ASSAY_OK;
}

/* Reset also reports the error of the last step once more; it was handled then. */
static void reset_statement(sqlite3_stmt *statement)
{
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
}

/* --------------------------------------------------------------- writing */

static enum assay_status begin_batch(struct store_sqlite *self)
{
    ASSAY_ASSERT(self->scans == 0);
    if (self->open) return self->broken ? ASSAY_E_STORE : ASSAY_OK;
    const int code = sqlite3_step(self->begin);
    sqlite3_reset(self->begin);
    if (code != SQLITE_DONE) return set_sqlite_error(self, code, "beginning a batch");
    self->open = true;
    self->broken = false;
    return ASSAY_OK;
}

static enum assay_status store_put(struct assay_store *store, enum assay_store_class class_,
                                   const struct assay_store_key *key, struct assay_slice value)
{
    struct store_sqlite *self = (struct store_sqlite *)store;
    sqlite3_stmt *statement = NULL;
    ASSAY_TRY(prepare_statement(self, class_, OP_PUT, &statement));
    ASSAY_TRY(begin_batch(self));
    if (key->epoch > ASSAY_STORE_NUMBER_MAX || key->number > ASSAY_STORE_NUMBER_MAX ||
        value.len > ASSAY_STORE_VALUE_LEN_MAX) {
        self->broken = true;
        return set_error(self, "writing", "a key or a value above its limit");
    }
    bind_key(statement, 1, key);
    sqlite3_bind_blob(statement, 5, value.len > 0 ? (const void *)value.bytes : "", (int)value.len,
                      SQLITE_STATIC);
    sqlite3_bind_int64(statement, 6, (sqlite3_int64)row_checksum(self, class_, key, value));
    const int code = sqlite3_step(statement);
    reset_statement(statement);
    return code == SQLITE_DONE ? ASSAY_OK : set_sqlite_error(self, code, "writing");
}

static enum assay_status store_prune(struct assay_store *store, enum assay_store_class class_,
                                     uint32_t era, uint64_t epoch)
{
    struct store_sqlite *self = (struct store_sqlite *)store;
    sqlite3_stmt *statement = NULL;
    ASSAY_TRY(prepare_statement(self, class_, OP_PRUNE, &statement));
    ASSAY_TRY(begin_batch(self));
    sqlite3_bind_int64(statement, 1, (sqlite3_int64)era);
    sqlite3_bind_int64(statement, 2, column_number(epoch));
    const int code = sqlite3_step(statement);
    reset_statement(statement);
    return code == SQLITE_DONE ? ASSAY_OK : set_sqlite_error(self, code, "pruning");
}

static void store_rollback(struct assay_store *store)
{
    struct store_sqlite *self = (struct store_sqlite *)store;
    if (!self->open) return;
    /* After some errors SQLite has rolled back by itself. */
    if (sqlite3_get_autocommit(self->db) == 0) {
        const int code = sqlite3_exec(self->db, "ROLLBACK", NULL, NULL, NULL);
        if (code != SQLITE_OK && !self->failed)
            assay_status_ignore(set_sqlite_error(self, code, "rolling back"),
                                "sticky: every later call tells");
    }
    self->open = self->broken = false;
}

/* The batch is durable in the log already; moving pages on may fail without losing it. */
static void checkpoint_wal(struct store_sqlite *self)
{
    if (self->wal_pages < WAL_PAGES_MAX) return;
    const int code =
        sqlite3_wal_checkpoint_v2(self->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    if (code != SQLITE_OK && is_outcome_unknown(code))
        assay_status_ignore(set_sqlite_error(self, code, "moving the log"),
                            "sticky: the next call tells");
}

static enum assay_status store_commit(struct assay_store *store)
{
    struct store_sqlite *self = (struct store_sqlite *)store;
    ASSAY_ASSERT(self->scans == 0);
    if (self->failed || self->broken) {
        store_rollback(store);
        return ASSAY_E_STORE;
    }
    if (!self->open) return ASSAY_OK;
    const int code = sqlite3_step(self->commit);
    sqlite3_reset(self->commit);
    if (code != SQLITE_DONE) {
        const enum assay_status status = set_sqlite_error(self, code, "committing");
        store_rollback(store);
        return status;
    }
    self->open = false;
    checkpoint_wal(self);
    return ASSAY_OK;
}

/* --------------------------------------------------------------- reading */

static enum assay_status read_first_row(struct store_sqlite *self, sqlite3_stmt *statement,
                                        enum assay_store_class class_, struct assay_store_key *key,
                                        uint8_t *buffer, size_t capacity, size_t *len)
{
    const int code = sqlite3_step(statement);
    if (code == SQLITE_DONE) return ASSAY_E_NOT_FOUND;
    if (code != SQLITE_ROW) return set_sqlite_error(self, code, "reading");
    struct assay_slice value = { 0 };
    ASSAY_TRY(read_row(self, statement, class_, key, &value));
    *len = value.len;
    if (value.len > capacity) return ASSAY_E_FULL;
    if (value.len > 0) assay_bytes_copy(buffer, capacity, value.bytes, value.len);
    return ASSAY_OK;
}

static enum assay_status store_get(struct assay_store *store, enum assay_store_class class_,
                                   const struct assay_store_key *key, uint8_t *buffer,
                                   size_t capacity, size_t *len)
{
    struct store_sqlite *self = (struct store_sqlite *)store;
    sqlite3_stmt *statement = NULL;
    ASSAY_TRY(prepare_statement(self, class_, OP_GET, &statement));
    if (key->epoch > ASSAY_STORE_NUMBER_MAX || key->number > ASSAY_STORE_NUMBER_MAX)
        return ASSAY_E_NOT_FOUND;
    struct assay_store_key found = { 0 };
    bind_key(statement, 1, key);
    const enum assay_status status =
        read_first_row(self, statement, class_, &found, buffer, capacity, len);
    reset_statement(statement);
    return status;
}

static enum assay_status store_find(struct assay_store *store, enum assay_store_class class_,
                                    const uint8_t id[static 32], struct assay_store_key *key,
                                    uint8_t *buffer, size_t capacity, size_t *len)
{
    struct store_sqlite *self = (struct store_sqlite *)store;
    sqlite3_stmt *statement = NULL;
    ASSAY_TRY(prepare_statement(self, class_, OP_FIND, &statement));
    struct assay_store_key found = { 0 };
    sqlite3_bind_blob(statement, 1, id, 32, SQLITE_STATIC);
    const enum assay_status status =
        read_first_row(self, statement, class_, &found, buffer, capacity, len);
    reset_statement(statement);
    if (status == ASSAY_OK || status == ASSAY_E_FULL) *key = found;
    return status;
}

static enum assay_status store_scan(struct assay_store *store, enum assay_store_class class_,
                                    const struct assay_store_key *from,
                                    const struct assay_store_key *to, bool backwards,
                                    assay_store_visit *visit, void *context)
{
    struct store_sqlite *self = (struct store_sqlite *)store;
    sqlite3_stmt *statement = NULL;
    ASSAY_TRY(prepare_statement(self, class_, backwards ? OP_SCAN_DOWN : OP_SCAN_UP, &statement));
    bind_key(statement, 1, from);
    bind_key(statement, 5, to);
    enum assay_status status = ASSAY_OK;
    self->scans++;
    int code = sqlite3_step(statement);
    while (code == SQLITE_ROW) {
        struct assay_store_key key = { 0 };
        struct assay_slice value = { 0 };
        status = read_row(self, statement, class_, &key, &value);
        if (status != ASSAY_OK || !visit(context, &key, value)) break;
        code = sqlite3_step(statement);
    }
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        status = set_sqlite_error(self, code, "scanning");
    self->scans--;
    reset_statement(statement);
    return status;
}

static const char *store_error(const struct assay_store *store)
{
    return ((const struct store_sqlite *)store)->message;
}

static void store_close(struct assay_store **store)
{
    struct store_sqlite *self = (struct store_sqlite *)*store;
    if (self == NULL) return;
    store_rollback(*store);
    for (size_t class_ = 1; class_ <= ASSAY_STORE_CLASS_COUNT; class_++)
        for (size_t operation = 0; operation < OP_COUNT; operation++)
            sqlite3_finalize(self->statements[class_][operation]);
    sqlite3_finalize(self->begin);
    sqlite3_finalize(self->commit);
    const int code = sqlite3_close(self->db);
    ASSAY_ASSERT(code == SQLITE_OK); /* anything else: a statement was forgotten */
    free(self);
    *store = NULL;
}

static const struct assay_store_ops sqlite_ops = {
    .put = store_put,
    .prune = store_prune,
    .commit = store_commit,
    .rollback = store_rollback,
    .get = store_get,
    .find = store_find,
    .scan = store_scan,
    .error = store_error,
    .close = store_close,
};

/* --------------------------------------------------------------- opening */

static enum assay_status execute_sql(struct store_sqlite *self, const char *sql)
{
    const int code = sqlite3_exec(self->db, sql, NULL, NULL, NULL);
    return code == SQLITE_OK ? ASSAY_OK : set_sqlite_error(self, code, "opening");
}

/* The first column of the first row. Returns: ASSAY_OK | ASSAY_E_STORE (an error, or no row) */
static enum assay_status query_number(struct store_sqlite *self, const char *sql,
                                      sqlite3_int64 *number, char *text, size_t text_len)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(self->db, sql, -1, &statement, NULL);
    if (code == SQLITE_OK) code = sqlite3_step(statement);
    if (code == SQLITE_ROW) {
        const unsigned char *column = sqlite3_column_text(statement, 0);
        if (text != NULL)
            snprintf(text, text_len, "%s", column != NULL ? (const char *)column : "");
        if (number != NULL) *number = sqlite3_column_int64(statement, 0);
    }
    sqlite3_finalize(statement);
    return code == SQLITE_ROW ? ASSAY_OK : set_sqlite_error(self, code, "opening");
}

/* Make the file ourselves, so that nobody else may read it, and its name durable. An existing file
 * is not touched: closing a descriptor of it would drop the locks that this process may hold on it.
 */
static enum assay_status create_schema(struct store_sqlite *self)
{
    const int fd = open(self->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return errno == EEXIST ? ASSAY_OK : set_error(self, "opening", strerror(errno));
    close(fd);
    if (assay_file_sync_folder(self->path) == ASSAY_OK) return ASSAY_OK;
    return set_error(self, "opening", strerror(errno));
}

/* All of it or, after a crash, nothing. */
static enum assay_status write_schema_version(struct store_sqlite *self, const char *tables,
                                              const char *indexes)
{
    char stamp[128];
    snprintf(stamp, sizeof stamp, "PRAGMA application_id=%d; PRAGMA user_version=%d; COMMIT;",
             ASSAY_STORE_APPLICATION_ID, ASSAY_STORE_SCHEMA_VERSION);
    ASSAY_TRY(execute_sql(self, "BEGIN EXCLUSIVE"));
    ASSAY_TRY(execute_sql(self, tables));
    ASSAY_TRY(execute_sql(self, indexes));
    return execute_sql(self, stamp);
}

static enum assay_status check_schema(struct store_sqlite *self)
{
    sqlite3_int64 application = 0, version = 0, objects = 0, strange = 0;
    ASSAY_TRY(query_number(self, "PRAGMA application_id", &application, NULL, 0));
    ASSAY_TRY(query_number(self, "PRAGMA user_version", &version, NULL, 0));
    ASSAY_TRY(query_number(self, "SELECT count(*) FROM sqlite_schema", &objects, NULL, 0));
    if (application == 0 && version == 0 && objects == 0 && !self->looks)
        return write_schema_version(self, tables_sql, indexes_sql);
    if (application != ASSAY_STORE_APPLICATION_ID)
        return set_error(self, "opening", "not a store of assayd: another program's database");
    /* Who only looks finds nothing in tables that are not there, and has no reason to ask. */
    const bool before = version == ASSAY_STORE_SCHEMA_BEFORE;
    if (version != ASSAY_STORE_SCHEMA_VERSION && !before) {
        char why[96];
        snprintf(why, sizeof why, "schema version %lld, this program reads version %d",
                 (long long)version, ASSAY_STORE_SCHEMA_VERSION);
        assay_status_ignore(set_error(self, "opening", why), "the status is another one");
        return ASSAY_E_VERSION;
    }
    ASSAY_TRY(query_number(self, strange_sql, &strange, NULL, 0));
    if (strange != 0)
        return set_error(self, "opening",
                         "not a store of assayd: a table, index, trigger or view "
                         "that none has");
    char answer[128], why[160];
    ASSAY_TRY(query_number(self, "PRAGMA integrity_check(1)", NULL, answer, sizeof answer));
    if (strcmp(answer, "ok") == 0)
        return before && !self->looks ? write_schema_version(self, upgrade_sql, SERVICE_INDEXES)
                                      : ASSAY_OK;
    self->damaged = true;
    snprintf(why, sizeof why, "damaged (%s)", answer);
    return set_error(self, "opening", why);
}

/* Before anything is written: of another program's file an inspector changes no byte. */
static enum assay_status check_application(struct store_sqlite *self)
{
    sqlite3_int64 application = 0, pages = 0;
    ASSAY_TRY(query_number(self, "PRAGMA application_id", &application, NULL, 0));
    if (application == ASSAY_STORE_APPLICATION_ID) return ASSAY_OK;
    ASSAY_TRY(query_number(self, "PRAGMA page_count", &pages, NULL, 0));
    return set_error(self, "opening",
                     pages == 0 ? "not a store of assayd: the file is empty"
                                : "not a store of assayd: another program's database");
}

static int count_wal(void *context, sqlite3 *db, const char *name, int pages)
{
    (void)db;
    (void)name;
    ((struct store_sqlite *)context)->wal_pages = pages;
    return SQLITE_OK;
}

static enum assay_status open_database(struct store_sqlite *self)
{
    /* Exclusive before the first read: the lock comes with it and stays, and no shared memory is
     * used. A row of these tables stays in one page up to a quarter of it: a boundary (2.2 KB, the
     * row that is retained longest) takes a page of its own where pages have 4 or 8 KiB. The page
     * size of an existing file stays. */
    static const char first_sql[] = "PRAGMA locking_mode=EXCLUSIVE; PRAGMA page_size=16384;"
                                    "PRAGMA trusted_schema=OFF;"
                                    "PRAGMA cell_size_check=ON; PRAGMA temp_store=MEMORY;"
                                    "PRAGMA mmap_size=0; PRAGMA cache_size=-512;";
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                      (self->looks ? 0 : SQLITE_OPEN_CREATE);
    int code = sqlite3_open_v2(self->path, &self->db, flags, NULL);
    if (self->db == NULL) return ASSAY_E_MEMORY;
    if (code != SQLITE_OK) return set_sqlite_error(self, code, "opening");
    sqlite3_db_config(self->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    if (self->looks) sqlite3_db_config(self->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    ASSAY_TRY(execute_sql(self, first_sql));
    if (self->looks) ASSAY_TRY(check_application(self));
    char mode[16];
    ASSAY_TRY(query_number(self, "PRAGMA journal_mode=WAL", NULL, mode, sizeof mode));
    if (strcmp(mode, "wal") != 0)
        return set_error(self, "opening", "this folder cannot hold a log");
    ASSAY_TRY(execute_sql(self, "PRAGMA synchronous=FULL"));
    sqlite3_wal_hook(self->db, count_wal, self); /* also switches SQLite's own checkpoints off */
    ASSAY_TRY(execute_sql(self, "BEGIN EXCLUSIVE; COMMIT"));
    ASSAY_TRY(check_schema(self));
    if (self->looks) ASSAY_TRY(execute_sql(self, "PRAGMA query_only=ON"));
    code = sqlite3_prepare_v3(self->db, "BEGIN IMMEDIATE", -1, SQLITE_PREPARE_PERSISTENT,
                              &self->begin, NULL);
    if (code != SQLITE_OK) return set_sqlite_error(self, code, "opening");
    code =
        sqlite3_prepare_v3(self->db, "COMMIT", -1, SQLITE_PREPARE_PERSISTENT, &self->commit, NULL);
    return code == SQLITE_OK ? ASSAY_OK : set_sqlite_error(self, code, "opening");
}

static enum assay_status open_at(const char *path, bool looks, struct assay_store **out,
                                 char *message, size_t message_len)
{
    ASSAY_ASSERT(path != NULL);
    ASSAY_ASSERT(message != NULL && message_len > 0);
    struct store_sqlite *self = calloc(1, sizeof *self);
    if (self == NULL) {
        snprintf(message, message_len, "store %s: opening: no memory", path);
        return ASSAY_E_MEMORY;
    }
    self->base.ops = &sqlite_ops;
    assay_crc32c_init(&self->crc);
    self->looks = looks;
    /* "./" keeps names that mean something else to SQLite (":memory:", "file:...", "") plain names.
     */
    const int len =
        snprintf(self->path, sizeof self->path, "%s%s", path[0] == '/' ? "" : "./", path);
    enum assay_status status = ASSAY_OK;
    if (len < 0 || (size_t)len >= sizeof self->path)
        status = set_error(self, "opening", "the path is too long");
    if (status == ASSAY_OK && !looks) status = create_schema(self);
    if (status == ASSAY_OK && looks && access(self->path, F_OK) != 0) {
        assay_status_ignore(set_error(self, "opening", strerror(errno)),
                            "the status is another one");
        status = ASSAY_E_NOT_FOUND;
    }
    if (status == ASSAY_OK) status = open_database(self);
    if (status != ASSAY_OK) {
        snprintf(message, message_len, "%s", self->message);
        if (looks && self->damaged) status = ASSAY_E_INVALID;
        struct assay_store *store = &self->base;
        store_close(&store);
        return status;
    }
    *out = &self->base;
    return ASSAY_OK;
}

enum assay_status assay_store_sqlite_open(const char *path, struct assay_store **out, char *message,
                                          size_t message_len)
{
    return open_at(path, false, out, message, message_len);
}

enum assay_status assay_store_sqlite_inspect(const char *path, struct assay_store **out,
                                             char *message, size_t message_len)
{
    return open_at(path, true, out, message, message_len);
}

/* SQLite's locks are records of fcntl behind the first GiB of the file. */
static bool find_holder(const char *path, pid_t *pid)
{
    enum { LOCKS_FROM = 1 << 30, LOCKS_LEN = 512 };
    struct flock lock = {
        .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = LOCKS_FROM, .l_len = LOCKS_LEN
    };
    const int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0) return false;
    const bool is_held = fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
    (void)close(fd);
    *pid = is_held && lock.l_pid > 0 ? lock.l_pid : 0;
    return is_held;
}

int assay_store_sqlite_holder(const char *path)
{
    pid_t pid = 0;
    return find_holder(path, &pid) ? (int)pid : 0;
}

bool assay_store_sqlite_is_held(const char *path)
{
    pid_t pid = 0;
    return find_holder(path, &pid);
}
