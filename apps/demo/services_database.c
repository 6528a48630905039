/*
 * apps/demo/services_database.c - rows about a database of libassay-sqlite: a process that is
 * killed, a host that restores older files, a copy on another node.
 */
#include "apps/demo/platforms.h"
#include "apps/demo/services.h"

#include <stdlib.h>
#include <string.h>

enum {
    WRITTEN = 20,     /* rows, then the process is killed */
    ENDLESS = 100000, /* rows that it would commit */
    MORE = 5,         /* rows by each of the next processes */
    ROOT_LEN = 64,
};

static struct {
    struct services_process *process, *copy;
    unsigned rows; /* that were committed last */
} database;

static struct services_process *start_database(struct demo *demo, const char *name,
                                               const char *socket, const char *folder,
                                               unsigned rows, bool hold)
{
    char until[16];
    (void)snprintf(until, sizeof until, "%u", rows);
    const char *const words[] = { "database",
                                  socket,
                                  "0",
                                  demo_below(demo, "%s", folder),
                                  until,
                                  demo_below(demo, "checkpoint"),
                                  hold ? "hold" : NULL,
                                  NULL };
    return services_enclave(demo, name, words);
}

static void start_next(struct demo *demo)
{
    database.process = start_database(demo, "database", services_socket(demo), "database",
                                      database.rows + MORE, false);
}

/* "WORD NUMBER ...". Returns: whether it was printed */
static bool read_count(const struct services_process *process, const char *word, unsigned *count)
{
    char rest[SERVICES_LINE], *end = NULL;
    if (!services_said(process, word, rest)) return false;
    *count = (unsigned)strtoul(rest, &end, 10);
    return end != rest;
}

/* Returns: whether it has found these rows at least, at most so many more, and has committed MORE
 * than were reported */
static bool has_gone_on(const struct services_process *process, unsigned *found, unsigned more)
{
    unsigned last = 0;
    return read_count(process, "found", found) && *found >= database.rows &&
           *found <= database.rows + more && read_count(process, "certified", &last) &&
           last == database.rows + MORE;
}

bool services_look_rows(struct demo *demo, struct life_turn *turn)
{
    unsigned found = 0;
    switch (turn->phase) {
    case 0:
        database.process =
            start_database(demo, "database", services_socket(demo), "database", ENDLESS, false);
        return life_next(demo, turn);
    case 1:
        if (services_went_wrong(database.process, -2, turn)) return true;
        if (!read_count(database.process, "row", &database.rows) || database.rows < WRITTEN)
            return false;
        services_kill(demo, database.process, "between two rows, or within one");
        if (!read_count(database.process, "row", &database.rows) ||
            !services_copy(demo, "database", "database-yesterday"))
            return life_known(turn, false, "no rows of the first day");
        start_next(demo);
        return life_next(demo, turn);
    default:
        if (services_went_wrong(database.process, 0, turn)) return true;
        if (!database.process->ended) return false;
        const bool passed = has_gone_on(database.process, &found, 1);
        const unsigned reported = database.rows;
        database.rows += MORE;
        return life_known(turn, passed,
                          "killed when row %u was reported; %u rows found, %u after the next "
                          "process",
                          reported, found, database.rows);
    }
}

/* Yesterday's database and its WAL next to the states of today. */
static bool restore_yesterday(struct demo *demo)
{
    return services_copy(demo, "database", "database-today") &&
           services_copy(demo, "database-yesterday/rows.db", "database/rows.db") &&
           services_copy(demo, "database-yesterday/rows.db-wal", "database/rows.db-wal");
}

/* The roots in the library's reason, first the certified one. Returns: whether both are there and
 * differ */
static bool read_roots(const struct services_process *process, char certified[static ROOT_LEN + 1],
                       char found[static ROOT_LEN + 1])
{
    static const char mark[] = "root ";
    char rest[SERVICES_LINE];
    if (!services_said(process, "rollback", rest)) return false;
    const char *const first = strstr(rest, mark);
    const char *const second = first != NULL ? strstr(first + 1, mark) : NULL;
    return second != NULL && sscanf(first, "root %64[0-9a-f]", certified) == 1 &&
           sscanf(second, "root %64[0-9a-f]", found) == 1 && strlen(certified) == ROOT_LEN &&
           strlen(found) == ROOT_LEN && strcmp(certified, found) != 0;
}

bool services_look_restored(struct demo *demo, struct life_turn *turn)
{
    static char certified[ROOT_LEN + 1], other[ROOT_LEN + 1];
    unsigned found = 0;
    switch (turn->phase) {
    case 0:
        if (!restore_yesterday(demo)) return life_known(turn, false, "no copy");
        demo_report(demo, life_epoch(demo), "database", "rolled back",
                    "its host restores the database and the WAL of yesterday");
        start_next(demo);
        return life_next(demo, turn);
    case 1:
        if (services_went_wrong(database.process, 4, turn)) return true;
        if (!database.process->ended) return false;
        if (!read_roots(database.process, certified, other) ||
            !services_copy(demo, "database-today", "database"))
            return life_known(turn, false, "refused, and not with both roots");
        demo_report(demo, life_epoch(demo), "database", "refused",
                    "ROLLBACK: certified root %.12s, found %.12s", certified, other);
        start_next(demo);
        return life_next(demo, turn);
    default:
        if (services_went_wrong(database.process, 0, turn)) return true;
        if (!database.process->ended) return false;
        const bool passed = has_gone_on(database.process, &found, 0);
        database.rows += MORE;
        return life_known(turn, passed,
                          "ROLLBACK: the certified root is %.12s, yesterday's files have %.12s; "
                          "with the right files %u rows are found, %u after that",
                          certified, other, found, database.rows);
    }
}

/* Returns: a member other than the witness, whose enclave is not swapped. */
static uint32_t find_other_node(const struct demo *demo)
{
    for (uint32_t i = 0;; i++)
        if (i != demo->witness && i != SERVICES_TAMPERED) return i;
}

bool services_look_copied(struct demo *demo, struct life_turn *turn)
{
    char rest[SERVICES_LINE];
    unsigned fenced = 0, last = 0, found = 0;
    const uint32_t other = find_other_node(demo);
    switch (turn->phase) {
    case 0:
        database.process = start_database(demo, "database", services_socket(demo), "database",
                                          database.rows, true);
        return life_next(demo, turn);
    case 1:
        if (services_went_wrong(database.process, -2, turn)) return true;
        if (!services_said(database.process, "read", rest)) return false;
        if (!services_copy(demo, "database", "database-copy"))
            return life_known(turn, false, "no copy");
        demo_report(demo, life_epoch(demo), "copy", "opened", "of the database, on the node of %s",
                    demo->peers[other].name);
        database.copy = start_database(demo, "copy", services_socket_of(demo, other),
                                       "database-copy", database.rows + MORE, true);
        return life_next(demo, turn);
    case 2:
        if (services_went_wrong(database.process, 4, turn) ||
            services_went_wrong(database.copy, -2, turn))
            return true;
        if (!database.process->ended || !services_said(database.copy, "read", rest)) return false;
        services_ask_to_end(database.copy);
        return life_next(demo, turn);
    default:
        if (services_went_wrong(database.copy, 0, turn)) return true;
        if (!database.copy->ended) return false;
        if (!services_said(database.process, "fenced", rest) ||
            services_numbers(rest, "rows", &fenced, 1) != 1 ||
            !services_said(database.process, "error", rest))
            return life_known(turn, false, "the older one ended, and was not fenced");
        const bool passed = fenced == database.rows && has_gone_on(database.copy, &found, 0) &&
                            read_count(database.copy, "certified", &last);
        return life_known(turn, passed,
                          "the older one is FENCED at row %u, a further row is an error of "
                          "SQLite:%s; the copy on %s goes on to %u",
                          fenced, rest, demo->peers[other].name, last);
    }
}
