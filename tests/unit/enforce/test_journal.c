/* tests/unit/enforce/test_journal.c - the chain of orders: crashes are mended, changes are found.
 */
#include "enforce/journal.h"
#include "engine/store/store_memory.h"
#include "net/json/json.h"
#include "tests/unit/apps/folder.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static struct folder folder;
static struct assay_store *store;
static struct assay_journal *journal;
static char path[PATH_MAX], said[ASSAY_JOURNAL_MESSAGE_LEN];
static const struct assay_order order = {
    .kind = ASSAY_ORDER_RESTART, .era = 1, .epoch = 7, .seq = 3, .incarnation = 2
};

static uint64_t unix_ms(void)
{
    return 1767225600123;
}

static enum assay_status open_journal(bool with_store)
{
    const struct assay_journal_config config = { .path = path,
                                                 .store = with_store ? store : NULL,
                                                 .unix_ms = unix_ms };
    return assay_journal_open(&config, &journal, said);
}

static void set_up(void)
{
    folder = folder_make();
    snprintf(path, sizeof path, "%s", folder_at(&folder, "orders.log"));
    cr_assert_eq(assay_store_memory_create(&store), ASSAY_OK);
}

static void tear_down(void)
{
    assay_journal_close(&journal);
    assay_store_close(&store);
    folder_remove(&folder);
}

TestSuite(journal, .init = set_up, .fini = tear_down);

static void write_some(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        const struct assay_journal_entry entry = { .kind = ASSAY_JOURNAL_OUTCOME,
                                                   .target = "web",
                                                   .driver = "systemd",
                                                   .order = &order,
                                                   .has_status = true,
                                                   .status = ASSAY_E_RATE,
                                                   .text = "say \"this\"\n\x1b[2J\xff" };
        assay_journal_append(journal, &entry);
    }
    cr_assert_eq(assay_journal_count_lost(journal), 0);
}

static size_t slurp(char **bytes)
{
    FILE *file = fopen(path, "r");
    cr_assert_not_null(file);
    *bytes = calloc(1, 1 << 16);
    const size_t len = fread(*bytes, 1, (1 << 16) - 1, file);
    fclose(file);
    return len;
}

static void spill(const char *bytes, size_t len)
{
    FILE *file = fopen(path, "w");
    cr_assert_eq(fwrite(bytes, 1, len, file), len);
    cr_assert_eq(fclose(file), 0);
}

static struct assay_journal_report check(const struct assay_journal_head *known)
{
    const struct assay_journal_head any = { 0 };
    struct assay_journal_report report;
    cr_assert_eq(assay_journal_check(path, known != NULL ? known : &any, &report), ASSAY_OK);
    return report;
}

Test(journal, writes_one_line_an_entry_that_a_reader_of_json_understands)
{
    cr_assert_eq(open_journal(true), ASSAY_OK, "%s", said);
    write_some(1);
    char *bytes;
    slurp(&bytes);
    struct stat about;
    cr_assert_eq(stat(path, &about), 0);
    cr_assert_eq(about.st_mode & 07777, 0600);
    char *second = strchr(bytes, '\n') + 1;
    struct assay_json *line = NULL;
    cr_assert_eq(assay_json_parse(second, strlen(second), &line), ASSAY_OK);
    cr_assert_eq(assay_json_uint(line, "n", 0), 2);
    cr_assert_str_eq(assay_json_text(line, "at", ""), "2026-01-01T00:00:00.123Z");
    cr_assert_str_eq(assay_json_text(line, "entry", ""), "outcome");
    cr_assert_str_eq(assay_json_text(line, "order", ""), "RESTART");
    cr_assert_eq(assay_json_uint(line, "epoch", 0), 7);
    cr_assert_eq(assay_json_uint(line, "seq", 0), 3);
    cr_assert_eq(assay_json_uint(line, "incarnation", 0), 2);
    cr_assert_str_eq(assay_json_text(line, "status", ""), "ASSAY_E_RATE");
    cr_assert_str_eq(assay_json_text(line, "target", ""), "web");
    assay_json_free(&line);
    free(bytes);
}

Test(journal, goes_on_where_it_ended)
{
    cr_assert_eq(open_journal(true), ASSAY_OK);
    write_some(3);
    assay_journal_close(&journal);
    cr_assert_eq(open_journal(true), ASSAY_OK);
    cr_assert_str_eq(said, "");
    write_some(1);
    const struct assay_journal_report report = check(NULL);
    cr_assert_not(report.broken, "%s", report.message);
    cr_assert_eq(report.head.number, 5);
    cr_assert_eq(report.torn_len, 0);
}

Test(journal, mends_a_last_line_that_a_crash_left_at_any_length)
{
    cr_assert_eq(open_journal(true), ASSAY_OK);
    write_some(2);
    const struct assay_journal_head before = assay_journal_get_head(journal);
    char *bytes, *again;
    const size_t whole = slurp(&bytes);
    assay_journal_close(&journal);
    /* The store knows line 3. Line 4 is being written: any part of it may be there. */
    cr_assert_eq(open_journal(false), ASSAY_OK);
    write_some(1);
    assay_journal_close(&journal);
    const size_t more = slurp(&again);
    for (size_t len = whole + 1; len < more; len++) {
        assay_store_memory_crash(store);
        spill(again, len);
        const struct assay_journal_report torn = check(&before);
        cr_assert_not(torn.broken, "%zu: %s", len, torn.message);
        cr_assert_eq(torn.torn_len, len - whole);
        struct assay_store *mine = store;
        cr_assert_eq(assay_store_memory_create(&store), ASSAY_OK);
        cr_assert_eq(open_journal(true), ASSAY_OK, "%zu: %s", len, said);
        cr_assert_not_null(strstr(said, "taken away"));
        write_some(1);
        const struct assay_journal_report report = check(NULL);
        cr_assert_not(report.broken, "%zu: %s", len, report.message);
        cr_assert_eq(report.head.number, 5, "mended, and one more");
        assay_journal_close(&journal);
        assay_store_close(&store);
        store = mine;
    }
    free(bytes);
    free(again);
}

Test(journal, tells_a_crash_in_the_middle_of_a_block_by_the_head_that_the_store_has)
{
    cr_assert_eq(open_journal(true), ASSAY_OK);
    write_some(1);
    const struct assay_journal_head known = assay_journal_get_head(journal);
    write_some(1);
    char *bytes;
    const size_t len = slurp(&bytes);
    bytes[len - 200] = '\0'; /* the newline is there, what is before it is not */
    spill(bytes, len);
    cr_assert(check(NULL).broken, "who does not know the head cannot tell");
    cr_assert_not(check(&known).broken);
    cr_assert_gt(check(&known).torn_len, 200);
    const struct assay_journal_head newest = assay_journal_get_head(journal);
    cr_assert(check(&newest).broken, "it was whole once");
    free(bytes);
}

Test(journal, takes_no_complete_line_that_somebody_wrote_for_a_torn_one)
{
    cr_assert_eq(open_journal(true), ASSAY_OK);
    write_some(2);
    const struct assay_journal_head known = assay_journal_get_head(journal);
    char *bytes;
    const size_t len = slurp(&bytes);
    static const char forged[] = "{\"n\":4,\"entry\":\"order\",\"text\":\"never\"}\n";
    char *const more = malloc(len + sizeof forged);
    assay_bytes_copy(more, len, bytes, len);
    assay_bytes_copy(more + len, sizeof forged, forged, sizeof forged - 1);
    assay_journal_close(&journal);
    spill(more, len + sizeof forged - 1);
    cr_assert(check(&known).broken);
    cr_assert_eq(open_journal(true), ASSAY_OK, "%s", said);
    cr_assert_not_null(strstr(said, "orders.log.broken-1"), "%s", said);
    assay_journal_close(&journal);
    spill(more, len + sizeof forged - 2); /* without its newline it may be what a crash left */
    cr_assert_not(check(&known).broken);
    cr_assert_eq(check(&known).torn_len, sizeof forged - 2);
    free(more);
    free(bytes);
}

Test(journal, finds_every_byte_that_somebody_changed)
{
    cr_assert_eq(open_journal(true), ASSAY_OK);
    write_some(3);
    char *bytes;
    const size_t len = slurp(&bytes);
    const struct assay_journal_head head = assay_journal_get_head(journal);
    for (size_t i = 0; i < len; i++) {
        bytes[i] ^= 1;
        spill(bytes, len);
        const struct assay_journal_report report = check(&head);
        cr_assert(report.broken, "byte %zu", i);
        bytes[i] ^= 1;
    }
    spill(bytes, len);
    cr_assert_not(check(&head).broken, "the reader finds nothing where nothing is");
    free(bytes);
}

Test(journal, finds_lines_that_are_gone_or_came_twice_or_changed_places)
{
    cr_assert_eq(open_journal(true), ASSAY_OK);
    write_some(4);
    char *bytes, made[1 << 14];
    slurp(&bytes);
    const struct assay_journal_head head = assay_journal_get_head(journal);
    char *lines[5];
    size_t count = 0;
    char *rest = bytes;
    for (char *at = NULL; (at = strsep(&rest, "\n")) != NULL && *at != '\0';)
        lines[count++] = at;
    cr_assert_eq(count, 5);
    static const int orders[][6] = { { 0, 1, 3, 4, -1 },    { 0, 1, 1, 2, 3, -1 },
                                     { 0, 2, 1, 3, 4, -1 }, { 1, 2, 3, 4, -1 },
                                     { 0, 1, 2, 3, -1 },    { -1 } };
    for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++) {
        size_t len = 0;
        for (size_t k = 0; orders[i][k] >= 0; k++)
            len += (size_t)snprintf(made + len, sizeof made - len, "%s\n", lines[orders[i][k]]);
        spill(made, len);
        cr_assert(check(&head).broken, "%zu", i);
    }
    /* Without the head the two that only miss their end are whole chains. */
    size_t len = 0;
    for (size_t k = 0; k < 4; k++)
        len += (size_t)snprintf(made + len, sizeof made - len, "%s\n", lines[k]);
    spill(made, len);
    cr_assert_not(check(NULL).broken);
    free(bytes);
}

Test(journal, sets_aside_what_somebody_changed_and_begins_anew)
{
    cr_assert_eq(open_journal(true), ASSAY_OK);
    write_some(3);
    assay_journal_close(&journal);
    char *bytes;
    const size_t len = slurp(&bytes);
    bytes[len / 2] ^= 1;
    spill(bytes, len);
    cr_assert_eq(open_journal(true), ASSAY_OK, "%s", said);
    cr_assert_not_null(strstr(said, "orders.log.broken-1"), "%s", said);
    cr_assert_eq(access(folder_at(&folder, "orders.log.broken-1"), F_OK), 0);
    cr_assert_eq(assay_journal_get_head(journal).number, 1);
    write_some(1);
    cr_assert_not(check(NULL).broken);
    assay_journal_close(&journal);
    /* Cut off at the end, and removed whole: the store knows better. */
    char *end = strchr(bytes, '\n');
    cr_assert_eq(truncate(path, end - bytes), 0);
    cr_assert_eq(open_journal(true), ASSAY_OK);
    cr_assert_not_null(strstr(said, "broken-2"), "%s", said);
    write_some(2);
    assay_journal_close(&journal);
    cr_assert_eq(unlink(path), 0);
    cr_assert_eq(open_journal(true), ASSAY_OK);
    cr_assert_not_null(strstr(said, "missing"), "%s", said);
    free(bytes);
}

Test(journal, says_how_many_lines_a_full_disk_cost)
{
    cr_assert_eq(open_journal(true), ASSAY_OK);
    write_some(1);
    const struct assay_journal_entry entry = { .kind = ASSAY_JOURNAL_STARTED, .target = "web" };
    struct rlimit files, limit;
    cr_assert_eq(getrlimit(RLIMIT_FSIZE, &files), 0);
    signal(SIGXFSZ, SIG_IGN);
    struct stat about;
    cr_assert_eq(stat(path, &about), 0);
    limit = (struct rlimit){ (rlim_t)about.st_size + 20, files.rlim_max };
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    assay_journal_append(journal, &entry);
    assay_journal_append(journal, &entry);
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &files), 0);
    cr_assert_eq(assay_journal_count_lost(journal), 2);
    assay_journal_append(journal, &entry);
    cr_assert_eq(assay_journal_count_lost(journal), 0);
    char *bytes;
    slurp(&bytes);
    cr_assert_not_null(strstr(bytes, "\"lost\":2"));
    const struct assay_journal_report report = check(NULL);
    cr_assert_not(report.broken, "what was half written is gone: %s", report.message);
    cr_assert_eq(report.head.number, 3);
    free(bytes);
}

Test(journal, is_not_written_through_a_link)
{
    const char *const other = folder_put(&folder, "other", "x\n", 2, 0600);
    cr_assert_eq(symlink(other, path), 0);
    cr_assert_eq(open_journal(true), ASSAY_OK, "%s", said);
    cr_assert_not_null(strstr(said, "no regular file"), "%s", said);
    write_some(1);
    struct stat about;
    cr_assert(lstat(path, &about) == 0 && S_ISREG(about.st_mode));
    cr_assert(stat(other, &about) == 0 && about.st_size == 2, "the file behind it is untouched");
    cr_assert(lstat(folder_at(&folder, "orders.log.broken-1"), &about) == 0 &&
              S_ISLNK(about.st_mode));
}

Test(journal, opens_whatever_is_in_the_place_of_its_file)
{
    for (int kind = 0; kind < 3; kind++) {
        if (kind == 0) cr_assert_eq(mkdir(path, 0700), 0);
        if (kind == 1) cr_assert_eq(mkfifo(path, 0600), 0);
        if (kind == 2) cr_assert_eq(symlink("nowhere", path), 0);
        cr_assert_eq(open_journal(true), ASSAY_OK, "%d: %s", kind, said);
        cr_assert_not_null(strstr(said, "no regular file"), "%d: %s", kind, said);
        write_some(2);
        cr_assert_eq(assay_journal_get_head(journal).number, 3);
        assay_journal_close(&journal);
        cr_assert_eq(unlink(path), 0);
    }
    cr_assert_eq(access(folder_at(&folder, "nowhere"), F_OK), -1, "a link is not followed");
}
