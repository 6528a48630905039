/*
 * examples/notes.c - notes in a SQLite database that its host can neither roll back nor clone.
 *
 * usage: notes create|open SOCKETS CHECKPOINT KEY FOLDER FILE [NOTE]
 *
 * KEY has 32 secret bytes: in a TEE its sealing key. Adds the note, which is certified then, and
 * prints all notes after a quorum has confirmed that they are the newest ones.
 */
#include <assay/sqlite.h>

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

static size_t read_file(const char *path, uint8_t *bytes, size_t capacity)
{
    FILE *const file = fopen(path, "rb");
    const size_t len = file != NULL ? fread(bytes, 1, capacity, file) : 0;
    if (file != NULL) (void)fclose(file);
    return len;
}

/* Returns: SQLite's result. Out: text: all notes, one a line */
static int use_notes(sqlite3 *db, const char *note, char *text, size_t capacity)
{
    sqlite3_stmt *statement = NULL;
    int rc = sqlite3_exec(db, "CREATE TABLE IF NOT EXISTS notes(text)", NULL, NULL, NULL);
    if (rc == SQLITE_OK && note != NULL) {
        rc = sqlite3_prepare_v2(db, "INSERT INTO notes VALUES (?)", -1, &statement, NULL);
        if (rc == SQLITE_OK) rc = sqlite3_bind_text(statement, 1, note, -1, SQLITE_STATIC);
        if (rc == SQLITE_OK && sqlite3_step(statement) != SQLITE_DONE) rc = sqlite3_errcode(db);
        (void)sqlite3_finalize(statement);
    }
    if (rc != SQLITE_OK) return rc;
    rc = sqlite3_prepare_v2(db, "SELECT text FROM notes", -1, &statement, NULL);
    size_t len = 0;
    while (rc == SQLITE_OK && (rc = sqlite3_step(statement)) == SQLITE_ROW) {
        rc = SQLITE_OK;
        (void)snprintf(text + len, capacity - len, "%s\n",
                       (const char *)sqlite3_column_text(statement, 0));
        len += strlen(text + len);
    }
    (void)sqlite3_finalize(statement);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

int main(int argc, char **argv)
{
    static char text[65536];
    uint8_t checkpoint[256], key[ASSAY_CONTINUITY_KEY_LEN + 1];
    struct assay_continuity_options continuity = { .size = sizeof continuity };
    struct assay_sqlite_options options = { .size = sizeof options, .continuity = &continuity };
    struct assay_sqlite *handle = NULL;
    sqlite3 *db = NULL;
    const bool is_new = argc >= 7 && strcmp(argv[1], "create") == 0;
    if (argc >= 7) continuity.checkpoint_len = read_file(argv[3], checkpoint, sizeof checkpoint);
    if (argc < 7 || (!is_new && strcmp(argv[1], "open") != 0) || continuity.checkpoint_len == 0 ||
        read_file(argv[4], key, sizeof key) != ASSAY_CONTINUITY_KEY_LEN) {
        (void)fputs("usage: notes create|open SOCKETS CHECKPOINT KEY FOLDER FILE [NOTE]\n", stderr);
        return 2;
    }
    continuity.daemon = argv[2];
    continuity.checkpoint = checkpoint;
    continuity.key = key;
    continuity.folder = argv[5];
    options.file = argv[6];
    enum assay_continuity_result result =
        is_new ? assay_sqlite_create(&options, &handle) : assay_sqlite_open(&options, &handle);
    if (result == ASSAY_CONTINUITY_OK) result = assay_sqlite_start(handle, 60000);
    if (result == ASSAY_CONTINUITY_OK) result = assay_sqlite_database(handle, &db);
    if (result == ASSAY_CONTINUITY_OK) {
        const int rc = use_notes(db, argc > 7 ? argv[7] : NULL, text, sizeof text);
        result =
            rc == SQLITE_OK ? assay_sqlite_confirm(handle, 60000) : assay_sqlite_result(handle);
        if (rc != SQLITE_OK) (void)fprintf(stderr, "SQLite: %s\n", sqlite3_errmsg(db));
        if (rc == SQLITE_OK && result == ASSAY_CONTINUITY_OK) (void)fputs(text, stdout);
        if (rc != SQLITE_OK && result == ASSAY_CONTINUITY_OK) result = ASSAY_CONTINUITY_SYSTEM;
    }
    if (result != ASSAY_CONTINUITY_OK)
        (void)fprintf(stderr, "%s: %s\n", assay_continuity_name(result),
                      assay_sqlite_reason(handle));
    (void)sqlite3_close(db);
    assay_sqlite_close(&handle);
    return result == ASSAY_CONTINUITY_OK ? 0 : 1;
}
