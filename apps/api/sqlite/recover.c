/*
 * apps/api/sqlite/recover.c - start of a database: which commit of its files is the certified one
 * (docs/services.md 4.4.9).
 */
#include "apps/api/sqlite/database.h"
#include "base/assert.h"
#include "base/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    WAL_MAGIC = 0x377f0682, /* + 1: checksums over big-endian words */
    WAL_VERSION = 3007000,
    READ_LEN = 256 * 1024,
    FILE_MODE = 0600,
    EMPTY_HEADER_LEN = 108,
};

uint64_t assay_sqlite_frame_offset(const struct assay_sqlite_pages *pages, uint32_t frame)
{
    return ASSAY_SQLITE_WAL_HEADER_LEN +
           (uint64_t)(frame - 1) * (ASSAY_SQLITE_FRAME_HEADER_LEN + (uint64_t)pages->page_size);
}

static enum assay_continuity_result refuse_memory(struct assay_sqlite *db)
{
    return assay_sqlite_set_reason(db, ASSAY_CONTINUITY_SYSTEM, "no memory");
}

static enum assay_continuity_result refuse_file(struct assay_sqlite *db, const char *path)
{
    return assay_sqlite_set_reason(db, ASSAY_CONTINUITY_STORAGE, "%s: %s", path, strerror(errno));
}

static enum assay_continuity_result refuse_journal(struct assay_sqlite *db)
{
    struct stat found;
    if (lstat(db->journal_path, &found) != 0 && errno == ENOENT) return ASSAY_CONTINUITY_OK;
    return assay_sqlite_set_reason(
        db, ASSAY_CONTINUITY_SEALED,
        "%s: expected no rollback journal: a certified database has none; remove it",
        db->journal_path);
}

/* Pages beyond the last complete one are what a crash has left, and those beyond `limit` are none
 * of the certified state. */
static enum assay_continuity_result read_main(struct assay_sqlite *db, uint32_t limit)
{
    struct stat file;
    const size_t page_size = db->pages.page_size;
    uint8_t *const bytes = malloc(READ_LEN);
    if (bytes == NULL) return refuse_memory(db);
    enum assay_continuity_result result = ASSAY_CONTINUITY_OK;
    if (fstat(db->main_fd, &file) != 0) result = refuse_file(db, db->path);
    uint64_t count = result == ASSAY_CONTINUITY_OK ? (uint64_t)file.st_size / page_size : 0;
    if (count > limit) count = limit;
    if (!assay_sqlite_pages_resize_main(&db->pages, (uint32_t)count)) result = refuse_memory(db);
    for (uint64_t page = 0; page < count && result == ASSAY_CONTINUITY_OK;) {
        size_t found = 0;
        if (!assay_sqlite_host_read(db->main_fd, bytes, READ_LEN, page * page_size, &found))
            result = refuse_file(db, db->path);
        else if (found < page_size)
            result = assay_sqlite_set_reason(db, ASSAY_CONTINUITY_STORAGE,
                                             "%s: was truncated while it was read", db->path);
        for (size_t i = 0; i + page_size <= found && page < count; i += page_size, page++)
            assay_sqlite_page_digest(&db->pages, bytes + i, db->pages.main[page]);
    }
    free(bytes);
    return result;
}

/* --- the WAL, as SQLite reads it */

struct checksum {
    bool is_big_endian;
    uint32_t a, b;
};

static uint32_t read_word(const struct checksum *sum, const uint8_t *bytes)
{
    if (sum->is_big_endian) return assay_sqlite_read_u32(bytes);
    return (uint32_t)bytes[3] << 24 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[1] << 8 | bytes[0];
}

static void add_checksum(struct checksum *sum, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i += 8) {
        sum->a += read_word(sum, bytes + i) + sum->b;
        sum->b += read_word(sum, bytes + i + 4) + sum->a;
    }
}

static bool has_checksum(const struct checksum *sum, const uint8_t *bytes)
{
    return sum->a == assay_sqlite_read_u32(bytes) && sum->b == assay_sqlite_read_u32(bytes + 4);
}

static bool is_wal_header(const struct assay_sqlite_pages *pages, const uint8_t *header,
                          struct checksum *sum)
{
    const uint32_t magic = assay_sqlite_read_u32(header);
    *sum = (struct checksum){ .is_big_endian = (magic & 1) != 0 };
    add_checksum(sum, header, 24);
    return (magic & ~1U) == WAL_MAGIC && assay_sqlite_read_u32(header + 4) == WAL_VERSION &&
           assay_sqlite_read_u32(header + 8) == pages->page_size && has_checksum(sum, header + 24);
}

/* Frames up to the first one that SQLite would not use either. */
static enum assay_continuity_result read_frames(struct assay_sqlite *db, struct checksum *sum)
{
    struct assay_sqlite_pages *const pages = &db->pages;
    const size_t len = ASSAY_SQLITE_FRAME_HEADER_LEN + (size_t)pages->page_size;
    for (uint32_t frame = 1; frame < UINT32_MAX; frame++) {
        size_t found = 0;
        if (!assay_sqlite_host_read(db->wal_fd, db->buffer, len,
                                    assay_sqlite_frame_offset(pages, frame), &found))
            return refuse_file(db, db->wal_path);
        const uint8_t *const header = db->buffer;
        if (found < len || assay_sqlite_read_u32(header) == 0 ||
            !assay_bytes_equal(header + 8, pages->header + 16, 8))
            break;
        add_checksum(sum, header, 8);
        add_checksum(sum, header + ASSAY_SQLITE_FRAME_HEADER_LEN, pages->page_size);
        if (!has_checksum(sum, header + 16)) break;
        if (!assay_sqlite_pages_add_frame(pages, frame, header)) return refuse_memory(db);
        assay_sqlite_page_digest(pages, header + ASSAY_SQLITE_FRAME_HEADER_LEN,
                                 pages->frames[frame - 1].digest);
        pages->frames[frame - 1].has_page = true;
    }
    return ASSAY_CONTINUITY_OK;
}

static enum assay_continuity_result read_wal(struct assay_sqlite *db)
{
    struct checksum sum;
    size_t found = 0;
    if (!assay_sqlite_host_open_wal(db, false))
        return errno == ENOENT ? ASSAY_CONTINUITY_OK : refuse_file(db, db->wal_path);
    if (!assay_sqlite_host_read(db->wal_fd, db->buffer, ASSAY_SQLITE_WAL_HEADER_LEN, 0, &found))
        return refuse_file(db, db->wal_path);
    if (found < ASSAY_SQLITE_WAL_HEADER_LEN || !is_wal_header(&db->pages, db->buffer, &sum))
        return ASSAY_CONTINUITY_OK;
    assay_bytes_copy(db->pages.header, ASSAY_SQLITE_WAL_HEADER_LEN, db->buffer,
                     ASSAY_SQLITE_WAL_HEADER_LEN);
    db->pages.has_header = true;
    return read_frames(db, &sum);
}

static void put_word(uint8_t *bytes, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        bytes[i] = (uint8_t)(value >> (24 - 8 * i));
}

bool assay_sqlite_complete_checksums(struct assay_sqlite *db, uint32_t frame)
{
    struct assay_sqlite_pages *const pages = &db->pages;
    const uint8_t *const before = pages->committed == 0
                                      ? pages->header + 24
                                      : pages->frames[pages->committed - 1].header + 16;
    struct checksum sum = { (pages->header[3] & 1) != 0, assay_sqlite_read_u32(before),
                            assay_sqlite_read_u32(before + 4) };
    for (uint32_t i = pages->committed + 1; i <= frame; i++) {
        struct assay_sqlite_frame *const f = &pages->frames[i - 1];
        const uint64_t at = assay_sqlite_frame_offset(pages, i);
        assay_sqlite_digest digest;
        size_t found = 0;
        if (!f->has_page ||
            !assay_sqlite_host_read(db->wal_fd, db->buffer, pages->page_size,
                                    at + ASSAY_SQLITE_FRAME_HEADER_LEN, &found) ||
            found < pages->page_size)
            return false;
        assay_sqlite_page_digest(pages, db->buffer, digest);
        if (!assay_bytes_equal(digest, f->digest, sizeof digest)) return false;
        assay_bytes_copy(f->header + 8, 16, pages->header + 16, 8);
        add_checksum(&sum, f->header, 8);
        add_checksum(&sum, db->buffer, pages->page_size);
        put_word(f->header + 16, sum.a);
        put_word(f->header + 20, sum.b);
        if (!assay_sqlite_host_write(db->wal_fd, f->header, sizeof f->header, at)) return false;
    }
    return true;
}

/* --- the certified commit */

struct search {
    bool is_found;
    uint32_t frame;          /* the last one of the commit; 0: the main file alone */
    uint32_t commits, count; /* in the WAL; pages of the last one */
    assay_sqlite_digest root;
};

/* In: count: pages of the commit, of which the state has those up to the limit */
static void compare_state(struct assay_sqlite_pages *pages, const struct assay_sqlite_state *wanted,
                          uint32_t frame, uint32_t count, struct search *search)
{
    search->count = count;
    assay_sqlite_tree_root(&pages->state, search->root);
    if (count != wanted->page_count ||
        !assay_bytes_equal(search->root, wanted->root, sizeof search->root))
        return;
    search->is_found = true;
    search->frame = frame;
}

/* A database that has shrunk has frames of pages that it has no more: they count as any other one,
 * and need no memory. Returns: false without memory */
static bool find_commit(struct assay_sqlite_pages *pages, const struct assay_sqlite_state *wanted,
                        struct search *search)
{
    const uint32_t count = pages->main_count;
    *search = (struct search){ .is_found = false };
    pages->limit = wanted->page_count;
    if (!assay_sqlite_pages_begin(pages, count)) return false;
    compare_state(pages, wanted, 0, count, search);
    for (uint32_t frame = 1; frame <= pages->frame_count; frame++) {
        const uint32_t size = assay_sqlite_read_u32(pages->frames[frame - 1].header + 4);
        if (size == 0) continue;
        search->commits++;
        if (!assay_sqlite_pages_commit(pages, frame)) return false;
        compare_state(pages, wanted, frame, size, search);
    }
    if (!search->is_found) return true;
    if (!assay_sqlite_pages_begin(pages, count)) return false;
    const bool is_done = search->frame == 0 || assay_sqlite_pages_commit(pages, search->frame);
    pages->limit = UINT32_MAX;
    return is_done;
}

static enum assay_continuity_result refuse_rollback(struct assay_sqlite *db,
                                                    const struct assay_sqlite_state *wanted,
                                                    const struct search *search)
{
    char found[2 * ASSAY_SQLITE_DIGEST_LEN + 1], expected[2 * ASSAY_SQLITE_DIGEST_LEN + 1];
    assay_hex_encode(search->root, ASSAY_SQLITE_DIGEST_LEN, found, sizeof found);
    assay_hex_encode(wanted->root, ASSAY_SQLITE_DIGEST_LEN, expected, sizeof expected);
    return assay_sqlite_set_reason(
        db, ASSAY_CONTINUITY_ROLLBACK,
        "%s: certified last was commit %llu with %u pages and root %s; %s, of %u in "
        "the WAL, has %u pages and root %s",
        db->path, (unsigned long long)wanted->commit, wanted->page_count, expected,
        search->commits > 0 ? "the newest commit" : "the file without a commit", search->commits,
        search->count, found);
}

/* Later commits were never certified, and nothing of them was released. Bytes of the main file that
 * are no page of the state would come back where it grows over SQLite's lock byte. */
static enum assay_continuity_result cut_files(struct assay_sqlite *db, uint32_t frame)
{
    struct assay_sqlite_pages *const pages = &db->pages;
    const uint64_t len = pages->has_header ? assay_sqlite_frame_offset(pages, frame + 1) : 0;
    pages->frame_count = pages->certified = frame;
    pages->commit_at = 0;
    if (db->wal_fd >= 0 && (ftruncate(db->wal_fd, (off_t)len) != 0 || fsync(db->wal_fd) != 0))
        return refuse_file(db, db->wal_path);
    if (ftruncate(db->main_fd, (off_t)((uint64_t)pages->main_count * pages->page_size)) != 0)
        return refuse_file(db, db->path);
    return ASSAY_CONTINUITY_OK;
}

static bool prepare_pages(struct assay_sqlite *db, uint32_t page_size)
{
    assay_sqlite_pages_free(&db->pages);
    assay_sqlite_pages_init(&db->pages, page_size);
    free(db->buffer);
    db->buffer =
        malloc(ASSAY_SQLITE_FRAME_HEADER_LEN + ASSAY_SQLITE_WAL_HEADER_LEN + (size_t)page_size);
    return db->buffer != NULL;
}

enum assay_continuity_result assay_sqlite_recover(struct assay_sqlite *db,
                                                  const struct assay_sqlite_state *wanted)
{
    struct search search;
    if (!prepare_pages(db, wanted->page_size)) return refuse_memory(db);
    if (db->main_fd < 0)
        return assay_sqlite_set_reason(db, ASSAY_CONTINUITY_ROLLBACK,
                                       "%s: is missing; certified last was commit %llu", db->path,
                                       (unsigned long long)wanted->commit);
    enum assay_continuity_result result = refuse_journal(db);
    if (result == ASSAY_CONTINUITY_OK) result = read_main(db, wanted->page_count);
    if (result == ASSAY_CONTINUITY_OK) result = read_wal(db);
    if (result != ASSAY_CONTINUITY_OK) return result;
    if (!find_commit(&db->pages, wanted, &search)) return refuse_memory(db);
    if (!search.is_found) return refuse_rollback(db, wanted, &search);
    db->commit = wanted->commit;
    return cut_files(db, search.frame);
}

/* --- a new database */

/* Header and empty schema of a database in WAL mode, so that no rollback journal is needed ever. */
static void encode_empty(uint8_t *page, uint32_t page_size)
{
    struct assay_writer w = assay_writer_over(page, page_size);
    assay_writer_put(&w, "SQLite format 3", 16);
    assay_writer_u16be(&w, (uint16_t)(page_size == ASSAY_SQLITE_PAGE_MAX ? 1 : page_size));
    assay_writer_put(&w, "\2\2\0\100\40\40", 6); /* WAL to write and read, fractions of payload */
    assay_writer_u32be(&w, 1);                   /* changes */
    assay_writer_u32be(&w, 1);                   /* pages */
    assay_writer_zero(&w, 12);                   /* free pages, schema cookie */
    assay_writer_u32be(&w, 4);                   /* schema format */
    assay_writer_zero(&w, 8);
    assay_writer_u32be(&w, 1); /* UTF-8 */
    assay_writer_zero(&w, 32);
    assay_writer_u32be(&w, 1); /* changes again, and the version that wrote */
    assay_writer_u32be(&w, WAL_VERSION);
    assay_writer_u8(&w, 13); /* a leaf without cells */
    assay_writer_zero(&w, 4);
    assay_writer_u16be(&w, (uint16_t)page_size);
    assay_writer_u8(&w, 0);
    ASSAY_ASSERT(w.len == EMPTY_HEADER_LEN);
    assay_writer_zero(&w, page_size - w.len);
}

/* What a start before this one has written, or a part of it, may be there: nothing else. */
static enum assay_continuity_result check_unused(struct assay_sqlite *db, const uint8_t *page)
{
    struct stat file;
    size_t found = 0;
    const size_t len = db->page_size;
    if (stat(db->wal_path, &file) == 0 && file.st_size > 0)
        return assay_sqlite_set_reason(db, ASSAY_CONTINUITY_EXISTS,
                                       "%s: expected no WAL of a new database", db->wal_path);
    if (db->main_fd < 0) {
        db->main_fd = open(db->path, O_RDWR | O_CLOEXEC | O_CREAT | O_EXCL, FILE_MODE);
        if (db->main_fd < 0 || flock(db->main_fd, LOCK_EX | LOCK_NB) != 0)
            return refuse_file(db, db->path);
        return ASSAY_CONTINUITY_OK;
    }
    if (fstat(db->main_fd, &file) != 0 ||
        !assay_sqlite_host_read(db->main_fd, db->buffer, len, 0, &found))
        return refuse_file(db, db->path);
    if ((uint64_t)file.st_size <= len && assay_bytes_equal(db->buffer, page, found))
        return ASSAY_CONTINUITY_OK;
    return assay_sqlite_set_reason(
        db, ASSAY_CONTINUITY_EXISTS,
        "%s: has content, and nothing of this instance was ever certified: use another file",
        db->path);
}

enum assay_continuity_result assay_sqlite_make_database(struct assay_sqlite *db)
{
    uint8_t *const page = malloc(db->page_size);
    enum assay_continuity_result result = ASSAY_CONTINUITY_OK;
    if (page == NULL || !prepare_pages(db, db->page_size)) result = refuse_memory(db);
    if (result == ASSAY_CONTINUITY_OK) {
        encode_empty(page, db->page_size);
        result = refuse_journal(db);
    }
    if (result == ASSAY_CONTINUITY_OK) result = check_unused(db, page);
    if (result == ASSAY_CONTINUITY_OK &&
        (!assay_sqlite_host_write(db->main_fd, page, db->page_size, 0) || fsync(db->main_fd) != 0 ||
         !assay_sqlite_host_sync_folder(db->path)))
        result = refuse_file(db, db->path);
    if (result == ASSAY_CONTINUITY_OK) {
        if (!assay_sqlite_pages_resize_main(&db->pages, 1)) result = refuse_memory(db);
        else assay_sqlite_page_digest(&db->pages, page, db->pages.main[0]);
    }
    free(page);
    if (result != ASSAY_CONTINUITY_OK) return result;
    db->commit = 1;
    return assay_sqlite_pages_begin(&db->pages, 1) ? ASSAY_CONTINUITY_OK : refuse_memory(db);
}
