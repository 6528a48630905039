/*
 * tests/unit/services/identity/test_holder_vault.c - tests of the files of a holder of the group
 * key: killed at each system call, destroyed shares, rights, journal (docs/identity.md 3.11, 3.13).
 */
#define _GNU_SOURCE /* syscall */

#include "base/crypto.h"
#include "net/services/identity/holder_vault.h"
#include "net/services/identity/locked_memory.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __SANITIZE_ADDRESS__ /* its mlock does nothing */
enum { IS_SANITIZED = true };
#else
enum { IS_SANITIZED = false };
#endif
enum { FILE_MAX = 16384, ENTRIES = 3 };

static const struct assay_secret32 key = { { 1 } }, other_key = { { 2 } };
static const struct assay_ceremony_name old = { 0, 1, 1, 1 }, made = { 0, 2, 2, 1 };
static char folder[64];
static struct assay_holder_vault *vault;
static char message[ASSAY_HOLDER_VAULT_MESSAGE_LEN];

/* --- calls that change a disk: the process is killed at one of them */

static long kill_at; /* 0: never */

static bool is_killed(void)
{
    return kill_at > 0 && --kill_at == 0;
}

static void die(void)
{
    (void)syscall(SYS_kill, getpid(), SIGKILL);
}

#define CALL(name, number, parameters, ...)                                                        \
    int name parameters;                                                                           \
    int name parameters                                                                            \
    {                                                                                              \
        if (is_killed()) die();                                                                    \
        return (int)syscall(number, __VA_ARGS__);                                                  \
    }
CALL(fsync, SYS_fsync, (int fd), fd)
CALL(fdatasync, SYS_fdatasync, (int fd), fd)
CALL(rename, SYS_rename, (const char *from, const char *to), from, to)
CALL(unlink, SYS_unlink, (const char *path), path)

/* Half of it is on the disk. */
ssize_t pwrite(int fd, const void *bytes, size_t len, off_t at)
{
    const bool killed = is_killed();
    const long written = syscall(SYS_pwrite64, fd, bytes, killed ? len / 2 : len, at);
    if (killed) die();
    return written;
}

ssize_t write(int fd, const void *bytes, size_t len)
{
    const bool killed = is_killed();
    const long written = syscall(SYS_write, fd, bytes, killed ? len / 2 : len);
    if (killed) die();
    return written;
}

/* --- folder */

static enum assay_status open_with(const struct assay_secret32 *with, bool is_memory_only)
{
    const struct assay_holder_vault_config config = { .folder = folder,
                                                      .key = with,
                                                      .is_memory_only = is_memory_only };
    return assay_holder_vault_open(&config, &vault, message);
}

static void set_up(void)
{
    (void)snprintf(folder, sizeof folder, "/tmp/assay-key-vault.XXXXXX");
    cr_assert_not_null(mkdtemp(folder));
    cr_assert_eq(open_with(&key, false), ASSAY_OK, "%s", message);
}

static void remove_folder(void)
{
    char command[128];
    assay_holder_vault_close(&vault);
    (void)snprintf(command, sizeof command, "rm -r %s", folder);
    cr_expect_eq(system(command), 0);
}

static size_t read_file(const char *name, uint8_t bytes[static FILE_MAX])
{
    char path[400];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    cr_assert_not_null(file, "%s", path);
    const size_t len = fread(bytes, 1, FILE_MAX, file);
    (void)fclose(file);
    return len;
}

static void write_file(const char *name, const uint8_t *bytes, size_t len)
{
    char path[400];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    cr_assert_not_null(file);
    cr_assert_eq(fwrite(bytes, 1, len, file), len);
    (void)fclose(file);
}

/* Calls for each file. */
static uint32_t each_file(void (*visit)(const char *name, void *context), void *context)
{
    uint32_t count = 0;
    DIR *all = opendir(folder);
    cr_assert_not_null(all);
    for (const struct dirent *file; (file = readdir(all)) != NULL;) {
        if (strcmp(file->d_name, ".") == 0 || strcmp(file->d_name, "..") == 0) continue;
        count++;
        if (visit != NULL) visit(file->d_name, context);
    }
    (void)closedir(all);
    return count;
}

struct search {
    const uint8_t *bytes;
    size_t len;
    bool is_found;
};

static void search_file(const char *name, void *context)
{
    static uint8_t bytes[FILE_MAX];
    struct search *s = context;
    const size_t len = read_file(name, bytes);
    for (size_t i = 0; i + s->len <= len; i++)
        s->is_found = s->is_found || assay_bytes_equal(bytes + i, s->bytes, s->len);
}

static bool is_on_disk(const uint8_t *bytes, size_t len)
{
    struct search s = { bytes, len, false };
    (void)each_file(search_file, &s);
    return s.is_found;
}

/* --- items */

static struct assay_ceremony_item item_of(enum assay_ceremony_item_kind kind,
                                          const struct assay_ceremony_name *name,
                                          enum assay_ceremony_record record, uint32_t number)
{
    return (struct assay_ceremony_item){
        .kind = kind, .name = *name, .record = record, .number = number
    };
}

static uint8_t content[7][40] = { { 11 }, { 12 }, { 13 }, { 14 }, { 15 }, { 16 }, { 17 } };

static struct assay_slice text(uint32_t which)
{
    for (uint32_t i = 1; i < sizeof content[0]; i++)
        content[which][i] = (uint8_t)(content[which][0] * 7 + i);
    return assay_slice_over(content[which], sizeof content[which]);
}

static const struct assay_ceremony_name none = { 0 };

/* What a holder does in a ceremony; each returns the status of one call. */
static enum assay_status do_step(uint32_t step)
{
    const struct assay_ceremony_item of[] = {
        item_of(ASSAY_CEREMONY_SHARES, &old, 0, 0),
        item_of(ASSAY_CEREMONY_SECRET, &made, 0, 0),
        item_of(ASSAY_CEREMONY_RECORD, &made, ASSAY_CEREMONY_OFFER, 0),
        item_of(ASSAY_CEREMONY_RECORD, &made, ASSAY_CEREMONY_DEAL, 3),
        item_of(ASSAY_CEREMONY_SHARES, &made, 0, 0),
        item_of(ASSAY_CEREMONY_AGE, &none, 0, 0),
        item_of(ASSAY_CEREMONY_AGE, &none, 0, 0),
    };
    if (step < 7) return assay_holder_vault_put(vault, &of[step], text(step));
    if (step == 7) return assay_holder_vault_erase(vault, &made);
    if (step == 8) return assay_holder_vault_erase_shares(vault, &old);
    return assay_holder_vault_put_epoch(vault, 1, step);
}
enum { STEPS = 10 };

struct found {
    bool has[7];
    uint32_t others;
};

static enum assay_status find(void *context, const struct assay_ceremony_item *item,
                              struct assay_slice bytes)
{
    struct found *f = context;
    bool known = false;
    for (uint32_t i = 0; i < 7; i++) {
        if (!assay_slice_equal(bytes, text(i))) continue;
        f->has[i] = known = true;
        cr_expect(item->kind != ASSAY_CEREMONY_RECORD || item->record == (i == 2 ? 1 : 2));
    }
    if (!known) f->others++;
    return ASSAY_OK;
}

/* Is item `i` there after `steps` steps? */
static bool is_expected(uint32_t i, uint32_t steps)
{
    if (i == 0) return steps >= 1 && steps < 9;
    if (i >= 1 && i <= 3) return steps >= i + 1 && steps < 8;
    if (i == 5) return steps == 6;
    return steps >= i + 1;
}

/* docs/identity.md 3.11: killed at any call, a step was done or was not. */
static uint32_t run_killed(long at, uint32_t *done)
{
    int fds[2], status;
    uint8_t step;
    cr_assert_eq(pipe(fds), 0);
    assay_holder_vault_close(&vault);
    const pid_t child = fork();
    cr_assert_geq(child, 0);
    if (child == 0) {
        if (open_with(&key, false) != ASSAY_OK) _exit(2);
        for (uint8_t i = 0; i < STEPS; i++) {
            kill_at = at;
            if (do_step(i) != ASSAY_OK) _exit(3);
            at = kill_at;
            kill_at = 0;
            if (syscall(SYS_write, fds[1], &i, 1) != 1) _exit(4);
            if (at == 0) at = -1;
        }
        _exit(0);
    }
    (void)close(fds[1]);
    *done = 0;
    while (read(fds[0], &step, 1) == 1)
        *done = step + 1u;
    (void)close(fds[0]);
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFSIGNALED(status) || WEXITSTATUS(status) == 0, "%d", status);
    return WIFSIGNALED(status);
}

static void check_after(long at, uint32_t done)
{
    struct found f = { 0 };
    uint64_t era, epoch;
    cr_assert_eq(open_with(&key, false), ASSAY_OK, "killed at %ld: %s", at, message);
    cr_assert_eq(assay_holder_vault_each(vault, find, &f), ASSAY_OK, "killed at %ld", at);
    cr_assert_eq(f.others, 0);
    bool is_before = true, is_after = true;
    for (uint32_t i = 0; i < 7; i++) {
        is_before = is_before && f.has[i] == is_expected(i, done);
        is_after = is_after && f.has[i] == is_expected(i, done + 1);
    }
    /* An erasure of several files may be half done: it is repeated. */
    cr_assert(is_before || is_after || done == 7, "killed at %ld, after step %u", at, done);
    assay_holder_vault_get_epoch(vault, &era, &epoch);
    cr_assert(epoch == (done < STEPS ? 0 : 9) || (done == STEPS - 1 && epoch == 9));
}

Test(holder_vault, killed_at_each_call_a_step_was_done_or_was_not, .timeout = 120)
{
    long at = 1;
    uint32_t done = 0;
    for (;; at++) {
        set_up();
        const bool killed = run_killed(at, &done);
        check_after(at, done);
        for (uint32_t i = done; i < STEPS; i++) { /* the process goes on */
            const enum assay_status status = do_step(i);
            cr_assert(status == ASSAY_OK || (i == done && status == ASSAY_E_DUPLICATE),
                      "killed at %ld, step %u: %d", at, i, (int)status);
        }
        cr_assert(!is_on_disk(text(0).bytes, 40));
        /* state, lock, age, new shares and their key: nothing is left over */
        struct found f = { 0 };
        assay_holder_vault_close(&vault);
        cr_assert_eq(open_with(&key, false), ASSAY_OK);
        cr_assert_eq(assay_holder_vault_each(vault, find, &f), ASSAY_OK);
        cr_assert_eq(each_file(NULL, NULL), 5, "killed at %ld", at);
        remove_folder();
        if (!killed) break;
    }
    cr_assert_gt(at, 40, "calls were counted");
}

/* docs/identity.md 3.13: bytes of a destroyed share, and of the key that it was sealed with, are in
 * no file; a copy of its file is of no use. */
Test(holder_vault, a_destroyed_share_is_on_no_disk, .init = set_up, .fini = remove_folder)
{
    static uint8_t wrap[FILE_MAX], sealed[FILE_MAX], bytes[ASSAY_CEREMONY_ITEM_MAX];
    const struct assay_ceremony_item item = item_of(ASSAY_CEREMONY_SHARES, &old, 0, 0);
    struct assay_slice out;
    char path[200];
    cr_assert_eq(do_step(0), ASSAY_OK);
    cr_assert_eq(do_step(4), ASSAY_OK);
    cr_assert(!is_on_disk(text(0).bytes, 40), "it is sealed");
    const size_t wrap_len = read_file("shares-0-1-1-1-0-0.key.1", wrap);
    const size_t len = read_file("shares-0-1-1-1-0-0", sealed);
    cr_assert(is_on_disk(wrap, wrap_len) && is_on_disk(sealed, len));
    cr_assert_eq(assay_holder_vault_erase_shares(vault, &old), ASSAY_OK);
    cr_assert(!is_on_disk(wrap, wrap_len) && !is_on_disk(sealed, len));
    cr_assert_eq(assay_holder_vault_get(vault, &item, bytes, &out), ASSAY_E_NOT_FOUND);
    (void)snprintf(path, sizeof path, "%s/shares-0-1-1-1-0-0", folder);
    FILE *file = fopen(path, "wb");
    cr_assert_not_null(file);
    cr_assert_eq(fwrite(sealed, 1, len, file), len);
    (void)fclose(file);
    cr_assert_eq(assay_holder_vault_get(vault, &item, bytes, &out), ASSAY_E_NOT_FOUND);
    struct found f = { 0 };
    cr_assert_eq(assay_holder_vault_each(vault, find, &f), ASSAY_OK);
    cr_assert(!f.has[0] && f.has[4]);
}

Test(holder_vault, memory_only_keeps_no_share_on_disk, .init = set_up, .fini = remove_folder)
{
    struct found f = { 0 };
    assay_holder_vault_close(&vault);
    cr_assert_eq(open_with(&key, true), ASSAY_OK);
    for (uint32_t i = 0; i < 7; i++)
        cr_assert_eq(do_step(i), ASSAY_OK);
    cr_assert_eq(assay_holder_vault_each(vault, find, &f), ASSAY_OK);
    cr_assert(!f.has[0] && !f.has[1] && !f.has[4]);
    cr_assert(f.has[2] && f.has[3], "records are public");
}

static void check_mode(const char *name, void *context)
{
    struct stat s;
    char path[400];
    (void)context;
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    cr_assert_eq(stat(path, &s), 0);
    cr_expect_eq(s.st_mode & 0777, 0600, "%s", name);
}

Test(holder_vault, files_are_their_owners_alone, .init = set_up, .fini = remove_folder)
{
    const mode_t before = umask(0);
    for (uint32_t i = 0; i < 7; i++)
        cr_assert_eq(do_step(i), ASSAY_OK);
    (void)umask(before);
    (void)each_file(check_mode, NULL);
    assay_holder_vault_close(&vault);
    cr_assert_eq(chmod(folder, 0777), 0);
    cr_expect_eq(open_with(&key, false), ASSAY_E_STORE);
    cr_expect_not_null(strstr(message, "0700"), "%s", message);
    cr_assert_eq(chmod(folder, 0700), 0);
    cr_assert_eq(open_with(&key, false), ASSAY_OK);
}

Test(holder_vault, two_processes_do_not_share_a_vault, .init = set_up, .fini = remove_folder)
{
    struct assay_holder_vault *first = vault;
    cr_expect_eq(open_with(&key, false), ASSAY_E_STORE);
    cr_expect_not_null(strstr(message, "another process"), "%s", message);
    vault = first;
}

Test(holder_vault, another_key_and_a_lost_state_are_refused, .init = set_up, .fini = remove_folder)
{
    char path[100];
    const struct assay_secret32 seed = *assay_holder_vault_seed(vault);
    cr_assert_eq(do_step(0), ASSAY_OK);
    assay_holder_vault_close(&vault);
    cr_expect_eq(open_with(&other_key, false), ASSAY_E_SIGNATURE);
    cr_assert_eq(open_with(&key, false), ASSAY_OK);
    cr_expect_arr_eq(assay_holder_vault_seed(vault)->bytes, seed.bytes, 32, "the same holder key");
    assay_holder_vault_close(&vault);
    (void)snprintf(path, sizeof path, "%s/state", folder);
    cr_assert_eq(remove(path), 0);
    /* A fresh state would forget the epoch in which sessions were joined. */
    cr_expect_eq(open_with(&key, false), ASSAY_E_STORE);
    cr_expect_not_null(strstr(message, "state"), "%s", message);
}

Test(holder_vault, items_do_not_change_places, .init = set_up, .fini = remove_folder)
{
    char from[100], to[100];
    struct found f = { 0 };
    cr_assert_eq(do_step(2), ASSAY_OK);
    cr_assert_eq(do_step(2), ASSAY_E_DUPLICATE, "a record is made once");
    (void)snprintf(from, sizeof from, "%s/record-0-1-2-2-1-0", folder);
    (void)snprintf(to, sizeof to, "%s/record-0-1-2-2-2-0", folder);
    cr_assert_eq(rename(from, to), 0);
    cr_expect_eq(assay_holder_vault_each(vault, find, &f), ASSAY_E_SIGNATURE);
}

/* --- notes */

static const uint8_t first_note[] = "one", second_note[] = "another";

static enum assay_status get_note(const char *name, struct assay_slice *out)
{
    static uint8_t bytes[ASSAY_CEREMONY_ITEM_MAX];
    return assay_holder_vault_get_note(vault, name, bytes, out);
}

static enum assay_status put_note(const char *name, const uint8_t *bytes, size_t len)
{
    return assay_holder_vault_put_note(vault, name, assay_slice_over(bytes, len));
}

/* Copies a file of a folder. */
static void copy_note(const char *from, const char *to)
{
    char command[256];
    (void)snprintf(command, sizeof command, "cp %s/%s %s/%s", folder, from, folder, to);
    cr_assert_eq(system(command), 0);
}

/* One of them decides which ledger the holder follows. */
Test(holder_vault, a_note_is_of_this_vault_and_name_alone, .init = set_up, .fini = remove_folder)
{
    struct assay_slice out;
    cr_expect_eq(get_note("a", &out), ASSAY_E_NOT_FOUND);
    cr_assert_eq(put_note("a", first_note, sizeof first_note), ASSAY_OK);
    cr_assert_eq(put_note("a", second_note, sizeof second_note), ASSAY_OK);
    assay_holder_vault_close(&vault);
    cr_assert_eq(open_with(&key, false), ASSAY_OK);
    cr_assert_eq(get_note("a", &out), ASSAY_OK);
    cr_expect(assay_slice_equal(out, assay_slice_over(second_note, sizeof second_note)));
    copy_note("a", "b");
    cr_expect_eq(get_note("b", &out), ASSAY_E_SIGNATURE, "under another name");
    write_file("a", second_note, sizeof second_note);
    cr_expect_eq(get_note("a", &out), ASSAY_E_SIGNATURE, "not sealed");
    write_file("a", second_note, 0);
    cr_expect_eq(get_note("a", &out), ASSAY_E_SIGNATURE, "empty");
    /* The same of a vault with another key. */
    char own[sizeof folder];
    assay_holder_vault_close(&vault);
    (void)snprintf(own, sizeof own, "%s", folder);
    (void)snprintf(folder, sizeof folder, "%.40s/other", own);
    cr_assert_eq(open_with(&other_key, false), ASSAY_OK, "%s", message);
    cr_assert_eq(put_note("a", first_note, sizeof first_note), ASSAY_OK);
    assay_holder_vault_close(&vault);
    (void)snprintf(folder, sizeof folder, "%s", own);
    copy_note("other/a", "a");
    cr_assert_eq(open_with(&key, false), ASSAY_OK);
    cr_expect_eq(get_note("a", &out), ASSAY_E_SIGNATURE, "of another vault");
}

/* --- the floor */

static void expect_floor(bool used, uint64_t era, uint64_t epoch)
{
    uint64_t found_era, found_epoch;
    cr_expect_eq(assay_holder_vault_get_floor(vault, &found_era, &found_epoch), used);
    if (!used) return;
    cr_expect_eq(found_era, era);
    cr_expect_eq(found_epoch, epoch);
}

static void reopen(void)
{
    assay_holder_vault_close(&vault);
    cr_assert_eq(open_with(&key, false), ASSAY_OK, "%s", message);
}

static struct assay_ceremony_item put_item(enum assay_ceremony_item_kind kind, uint32_t number)
{
    const struct assay_ceremony_item item = { .kind = kind, .name = made, .number = number };
    const uint8_t bytes[] = { 7, 7, 7 };
    cr_assert_eq(assay_holder_vault_put(vault, &item, assay_slice_over(bytes, sizeof bytes)),
                 ASSAY_OK);
    return item;
}

Test(holder_vault, the_floor_is_that_of_the_newest_item, .init = set_up, .fini = remove_folder)
{
    uint8_t bytes[ASSAY_CEREMONY_ITEM_MAX];
    struct assay_slice out;
    expect_floor(false, 0, 0);
    assay_holder_vault_set_floor(vault, 0, 90);
    reopen();
    expect_floor(false, 0, 0); /* nothing was put */
    assay_holder_vault_set_floor(vault, 0, 70);
    for (uint32_t i = 10; i < 20; i++) /* they are read in any order */
        (void)put_item(ASSAY_CEREMONY_RECORD, i);
    assay_holder_vault_set_floor(vault, 0, 90);
    (void)put_item(ASSAY_CEREMONY_SHARES, 0);
    reopen();
    expect_floor(true, 0, 90);
    assay_holder_vault_set_floor(vault, 1, 5);
    const struct assay_ceremony_item item = put_item(ASSAY_CEREMONY_RECORD, 1);
    reopen();
    expect_floor(true, 1, 5);
    cr_assert_eq(assay_holder_vault_get(vault, &item, bytes, &out), ASSAY_OK);
    cr_expect_eq(out.len, 3);
    cr_assert_eq(assay_holder_vault_put_epoch(vault, 1, 6), ASSAY_OK);
    reopen();
    expect_floor(true, 1, 6);
}

Test(holder_vault, the_floor_never_goes_down, .init = set_up, .fini = remove_folder)
{
    assay_holder_vault_set_floor(vault, 1, 5);
    assay_holder_vault_set_floor(vault, 0, 90);
    assay_holder_vault_set_floor(vault, 1, 4);
    (void)put_item(ASSAY_CEREMONY_SHARES, 0);
    reopen();
    expect_floor(true, 1, 5);
}

static enum assay_status count_item(void *context, const struct assay_ceremony_item *item,
                                    struct assay_slice bytes)
{
    uint32_t *count = context;
    (void)item, (void)bytes;
    (*count)++;
    return ASSAY_OK;
}

/* The host puts shares away, has the vault opened, and puts them back before they are loaded. */
Test(holder_vault, an_item_that_is_newer_than_the_start_is_not_loaded, .init = set_up,
     .fini = remove_folder)
{
    char command[400];
    uint32_t count = 0;
    assay_holder_vault_set_start(vault, 0, 90);
    (void)put_item(ASSAY_CEREMONY_SHARES, 0);
    reopen();
    assay_holder_vault_set_start(vault, 0, 90);
    cr_expect_eq(assay_holder_vault_each(vault, count_item, &count), ASSAY_OK, "its own again");
    cr_expect_eq(count, 1);
    assay_holder_vault_close(&vault);
    (void)snprintf(command, sizeof command, "mkdir %s/away && mv %s/shares-* %s/away", folder,
                   folder, folder);
    cr_assert_eq(system(command), 0);
    cr_assert_eq(open_with(&key, false), ASSAY_OK, "%s", message);
    expect_floor(false, 0, 0);
    assay_holder_vault_set_start(vault, 0, 89);
    (void)snprintf(command, sizeof command, "mv %s/away/shares-* %s", folder, folder);
    cr_assert_eq(system(command), 0);
    count = 0;
    cr_expect_eq(assay_holder_vault_each(vault, count_item, &count), ASSAY_E_SIGNATURE);
    cr_expect_eq(count, 0, "shares of a later epoch");
    assay_holder_vault_set_floor(vault, 0, 95);
    cr_expect_eq(assay_holder_vault_each(vault, count_item, &count), ASSAY_E_SIGNATURE,
                 "what the process acts on later is not its start");
}

Test(holder_vault, an_item_that_is_newer_than_the_floor_is_not_read, .init = set_up,
     .fini = remove_folder)
{
    uint8_t bytes[ASSAY_CEREMONY_ITEM_MAX];
    char command[400];
    struct assay_slice out;
    assay_holder_vault_set_start(vault, 0, 90);
    const struct assay_ceremony_item item = put_item(ASSAY_CEREMONY_RECORD, 0);
    cr_expect_eq(assay_holder_vault_get(vault, &item, bytes, &out), ASSAY_OK);
    assay_holder_vault_close(&vault);
    (void)snprintf(command, sizeof command, "mkdir %s/away && mv %s/record-* %s/away", folder,
                   folder, folder);
    cr_assert_eq(system(command), 0);
    cr_assert_eq(open_with(&key, false), ASSAY_OK, "%s", message);
    assay_holder_vault_set_start(vault, 0, 89);
    (void)put_item(ASSAY_CEREMONY_RECORD, 0);
    cr_expect_eq(assay_holder_vault_get(vault, &item, bytes, &out), ASSAY_OK);
    (void)snprintf(command, sizeof command, "mv %s/away/record-* %s", folder, folder);
    cr_assert_eq(system(command), 0);
    cr_expect_eq(assay_holder_vault_get(vault, &item, bytes, &out), ASSAY_E_SIGNATURE);
}

/* --- journal */

static struct assay_slice entry_of(uint64_t epoch, const uint8_t before[static 32],
                                   uint8_t bytes[static ASSAY_SIGNING_ENTRY_MAX])
{
    struct assay_signing_entry e = { .wall_ms = 5, .epoch = epoch, .generation = 1 };
    assay_bytes_copy(e.before, 32, before, 32);
    e.block_id[0] = e.name[0] = (uint8_t)epoch;
    return assay_slice_over(bytes, assay_signing_entry_encode(&e, bytes));
}

static void append(uint64_t epoch)
{
    uint8_t bytes[ASSAY_SIGNING_ENTRY_MAX], digest[32], now[32];
    assay_holder_vault_journal_digest(vault, digest);
    const struct assay_slice entry = entry_of(epoch, digest, bytes);
    cr_assert_eq(assay_holder_vault_append(vault, entry), ASSAY_OK);
    assay_sha256(entry.bytes, entry.len, digest);
    assay_holder_vault_journal_digest(vault, now);
    cr_assert_arr_eq(now, digest, 32);
}

Test(holder_vault, the_journal_goes_on_after_a_restart, .init = set_up, .fini = remove_folder)
{
    uint8_t before[32], after[32], bytes[ASSAY_SIGNING_ENTRY_MAX];
    static uint8_t file[FILE_MAX];
    char path[100];
    for (uint64_t i = 1; i <= ENTRIES; i++)
        append(i);
    assay_holder_vault_journal_digest(vault, before);
    cr_assert_eq(assay_holder_vault_journal_written(vault), read_file("journal-1", file));
    assay_holder_vault_close(&vault);
    cr_assert_eq(open_with(&key, false), ASSAY_OK);
    cr_assert_eq(assay_holder_vault_journal_written(vault), 0);
    assay_holder_vault_journal_digest(vault, after);
    cr_assert_arr_eq(before, after, 32);
    const uint8_t zeros[32] = { 0 };
    cr_assert_eq(assay_holder_vault_append(vault, entry_of(9, zeros, bytes)), ASSAY_E_CHAIN);
    append(4);
    assay_holder_vault_journal_digest(vault, before);
    /* A crash left a part of an entry: its answer was never sent. */
    assay_holder_vault_close(&vault);
    (void)snprintf(path, sizeof path, "%s/journal-1", folder);
    FILE *out = fopen(path, "ab");
    cr_assert_not_null(out);
    cr_assert_eq(fwrite("\1\0half", 1, 6, out), 6);
    (void)fclose(out);
    cr_assert_eq(open_with(&key, false), ASSAY_OK, "%s", message);
    assay_holder_vault_journal_digest(vault, after);
    cr_assert_arr_eq(before, after, 32);
    append(5);
    /* Whoever changes an entry is found. */
    assay_holder_vault_close(&vault);
    const size_t len = read_file("journal-1", file);
    file[len / 2] ^= 1;
    out = fopen(path, "wb");
    cr_assert_not_null(out);
    cr_assert_eq(fwrite(file, 1, len, out), len);
    (void)fclose(out);
    cr_expect_eq(open_with(&key, false), ASSAY_E_CHAIN);
}

Test(holder_vault, an_empty_next_file_of_the_journal_follows_the_one_before, .init = set_up,
     .fini = remove_folder)
{
    uint8_t before[32], after[32];
    char path[100];
    append(1);
    append(2);
    assay_holder_vault_journal_digest(vault, before);
    assay_holder_vault_close(&vault);
    (void)snprintf(path, sizeof path, "%s/journal-2", folder);
    const int fd = open(path, O_WRONLY | O_CREAT, 0600);
    cr_assert_geq(fd, 0);
    (void)close(fd);
    cr_assert_eq(open_with(&key, false), ASSAY_OK, "%s", message);
    assay_holder_vault_journal_digest(vault, after);
    cr_assert_arr_eq(before, after, 32);
    append(3);
    assay_holder_vault_journal_digest(vault, before);
    assay_holder_vault_close(&vault);
    cr_assert_eq(open_with(&key, false), ASSAY_OK, "%s", message);
    assay_holder_vault_journal_digest(vault, after);
    cr_assert_arr_eq(before, after, 32);
}

Test(holder_vault, an_archived_file_that_is_needed_is_named, .init = set_up, .fini = remove_folder)
{
    char path[100];
    append(1);
    assay_holder_vault_close(&vault);
    (void)snprintf(path, sizeof path, "%s/journal-1", folder);
    cr_assert_eq(remove(path), 0);
    write_file("journal-2", (const uint8_t *)"", 0);
    cr_expect_eq(open_with(&key, false), ASSAY_E_STORE);
    cr_expect_not_null(strstr(message, "bring journal-1 back"), "%s", message);
}

/* docs/identity.md 4.14: a power cut leaves zeros for a sector of the last entry, or none of it
 * after some byte. All else that is no entry was changed. */
Test(holder_vault, a_torn_last_entry_is_cut_off_and_a_changed_one_is_named, .init = set_up,
     .fini = remove_folder)
{
    enum { SECTOR = 512 };
    static uint8_t file[FILE_MAX], torn[FILE_MAX];
    uint8_t before[32], after[32];
    append(1);
    assay_holder_vault_journal_digest(vault, before);
    const size_t first = read_file("journal-1", file);
    append(2);
    const size_t len = read_file("journal-1", file);
    cr_assert(first < SECTOR && len > SECTOR, "the last one is in two sectors");
    assay_holder_vault_close(&vault);
    for (uint32_t half = 0; half < 2; half++) {
        assay_bytes_copy(torn, sizeof torn, file, len);
        if (half == 0) assay_bytes_zero(torn + first, SECTOR - first);
        else assay_bytes_zero(torn + SECTOR, len - SECTOR);
        write_file("journal-1", torn, len);
        cr_assert_eq(open_with(&key, false), ASSAY_OK, "%s", message);
        assay_holder_vault_journal_digest(vault, after);
        cr_assert_arr_eq(before, after, 32);
        append(2);
        assay_holder_vault_close(&vault);
    }
    assay_bytes_copy(torn, sizeof torn, file, len);
    assay_bytes_zero(torn + first + 40, 32); /* no sector */
    write_file("journal-1", torn, len);
    cr_expect_eq(open_with(&key, false), ASSAY_E_CHAIN);
    cr_expect_not_null(strstr(message, "journal-1 was changed"), "%s", message);
    cr_expect_not_null(strstr(message, "restore the file"), "%s", message);
    assay_bytes_copy(torn, sizeof torn, file, len);
    torn[0] = 0xff; /* a length beyond the file, with more behind it than the last entry */
    write_file("journal-1", torn, len);
    cr_expect_eq(open_with(&key, false), ASSAY_E_CHAIN);
    cr_expect_eq(read_file("journal-1", torn), len, "nothing is cut off");
}

/* docs/identity.md 4.6. */
Test(holder_vault, secrets_are_in_locked_memory_and_in_no_fork)
{
    char line[256];
    bool is_here = false, is_locked = false;
    uint8_t *memory = assay_locked_memory_new(4096);
    cr_assert_not_null(memory);
    memory[5] = 77;
    FILE *maps = fopen("/proc/self/smaps", "r");
    cr_assert_not_null(maps);
    while (fgets(line, sizeof line, maps) != NULL) {
        unsigned long from, to;
        if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
            is_here = (unsigned long)memory >= from && (unsigned long)memory < to;
        if (is_here && strncmp(line, "VmFlags:", 8) == 0)
            is_locked = (IS_SANITIZED || strstr(line, " lo") != NULL) &&
                        strstr(line, " dd") != NULL && strstr(line, " wf") != NULL;
    }
    (void)fclose(maps);
    cr_expect(is_locked);
    const pid_t child = fork();
    if (child == 0) _exit(memory[5]);
    int status;
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0, "zeros in the child");
    cr_expect_eq(memory[5], 77);
    assay_locked_memory_free(memory, 4096);
}
