/*
 * apps/assay/operate/store_restore.c - `assay store restore`: a store from a verified archive, in a
 * state folder that has none.
 *
 * It is put together under another name, closed, and given its name last, so a crash at any
 * instruction leaves no store or a complete one. It contains no key set, so the daemon that starts
 * from it generates new keys (docs/protocol.md 2.7.2).
 */
#include "apps/assay/operate/store.h"

#include "apps/assay/core/command.h"
#include "apps/assay/core/result_json.h"
#include "engine/store/store_sqlite.h"
#include "host/effective_rules.h"
#include "net/keys/store_binding.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct places {
    char store[PATH_MAX], unfinished[PATH_MAX];
};

static int report_refusal(const char *command, const char *what, const char *why)
{
    (void)fprintf(stderr, "%s: %s: %s\n", command, what, why);
    return ASSAY_EXIT_INTERNAL;
}

/* A left-over log of a removed store would be read as the new one's. */
static const char *const store_tails[] = { "", "-wal", "-shm", "-journal" };
enum { STORE_TAILS = sizeof store_tails / sizeof store_tails[0] };

bool cli_store_is_there(const char *dir, char path[static PATH_MAX])
{
    struct stat info;
    for (size_t i = 0; i < STORE_TAILS; i++)
        if (snprintf(path, PATH_MAX, "%s/store.sqlite%s", dir, store_tails[i]) < PATH_MAX &&
            lstat(path, &info) == 0)
            return true;
    return false;
}

static int open_folder(const char *command, const char *dir, struct places *p)
{
    char path[PATH_MAX + 16];
    if (strlen(dir) + sizeof "/store.sqlite.unfinished" > sizeof p->unfinished)
        return report_refusal(command, dir, "the path is too long");
    (void)snprintf(p->store, sizeof p->store, "%s/store.sqlite", dir);
    (void)snprintf(p->unfinished, sizeof p->unfinished, "%s/store.sqlite.unfinished", dir);
    if (cli_store_is_there(dir, path)) {
        (void)report_refusal(command, path, "there is a store already: nothing was changed");
        return ASSAY_EXIT_CONFLICT;
    }
    if (mkdir(dir, 0700) != 0 && errno != EEXIST)
        return report_refusal(command, dir, strerror(errno));
    for (size_t i = 0; i < STORE_TAILS; i++) {
        (void)snprintf(path, sizeof path, "%s%s", p->unfinished, store_tails[i]);
        if (unlink(path) != 0 && errno != ENOENT)
            return report_refusal(command, path, strerror(errno));
    }
    return ASSAY_EXIT_OK;
}

/* Can a daemon be made of it? */
static enum assay_status try_effective_rules(const struct assay_genesis *genesis,
                                             struct assay_store *store)
{
    struct assay_effective_rules effective;
    const size_t len = assay_host_rules_size();
    void *memory = aligned_alloc(64, len);
    if (memory == NULL) return ASSAY_E_MEMORY;
    const enum assay_status status = assay_host_rules_load(memory, len, genesis, store, &effective);
    free(memory);
    return status;
}

static enum assay_status fill_store(const struct assay_archive *archive,
                                    const struct assay_archive_report *report,
                                    const struct assay_genesis *genesis, const char *path,
                                    char *message, size_t message_len)
{
    struct assay_store *store = NULL;
    enum assay_status status = assay_store_sqlite_open(path, &store, message, message_len);
    if (status == ASSAY_OK) status = assay_archive_unpack(archive, report, store);
    if (status == ASSAY_OK) status = assay_keyring_binding_save_unbound(store);
    if (status == ASSAY_OK) status = assay_keyring_binding_save_chain(store, genesis->chain_id);
    if (status == ASSAY_OK) status = assay_store_commit(store);
    if (status == ASSAY_OK) status = try_effective_rules(genesis, store);
    if (status == ASSAY_E_STORE && store != NULL)
        (void)snprintf(message, message_len, "%s", store->ops->error(store));
    assay_store_close(&store); /* moves its log into the file */
    return status;
}

static int take_place(const char *command, const struct places *p)
{
    char log[PATH_MAX + 16];
    struct stat info;
    (void)snprintf(log, sizeof log, "%s-wal", p->unfinished);
    if (lstat(log, &info) == 0)
        return report_refusal(command, log, "the log could not be moved into the store");
    if (renameat2(AT_FDCWD, p->unfinished, AT_FDCWD, p->store, RENAME_NOREPLACE) != 0)
        return report_refusal(command, p->store, strerror(errno));
    if (assay_file_sync_folder(p->store) != ASSAY_OK)
        return report_refusal(command, p->store, strerror(errno));
    return ASSAY_EXIT_OK;
}

int cli_store_unpack(const char *command, const char *into, const struct assay_archive *archive,
                     const struct assay_archive_report *report, const struct assay_genesis *genesis,
                     char place[static PATH_MAX])
{
    struct places p;
    char message[ASSAY_STORE_MESSAGE_LEN] = "";
    int result = open_folder(command, into, &p);
    if (result != ASSAY_EXIT_OK) return result;
    const enum assay_status status =
        fill_store(archive, report, genesis, p.unfinished, message, sizeof message);
    if (status != ASSAY_OK)
        return message[0] != '\0' ? report_refusal(command, into, message)
                                  : cli_store_report_error(command, into, status);
    result = take_place(command, &p);
    (void)snprintf(place, PATH_MAX, "%s", p.store);
    return result;
}

/* docs/protocol.md 5.30.1: old voting keys can sign another history. */
static const char restored_view[] =
    "{files.0}: epoch {epoch}; the daemon that begins with it makes new keys\n"
    "note           the node does not vote until a block lists them, which takes the votes of the "
    "others: more\n"
    "               than two thirds of the weight; without these the network stops and needs "
    "RECOVER (assay recover)\n"
    "[?!by_checkpoint checkpoint     none: verified from genesis, by voting keys that may be old "
    "and stolen. If the\n"
    "               network has run for 14 days or more, restore again with --checkpoint FILE,\n"
    "               made by `assay checkpoint` at a node of an operator that you trust\n]";

static int print_result(const struct assay_store_options *o, const struct assay_archive *archive,
                        const char *store)
{
    struct assay_json *const data =
        cli_result_json("store restore", (const char *const[]){ store, NULL });
    assay_json_set_uint(data, "era", archive->end.era);
    assay_json_set_uint(data, "epoch", archive->end.epoch);
    assay_json_set_hex(data, "id", archive->end.id, sizeof archive->end.id);
    assay_json_set_bool(data, "by_checkpoint", o->checkpoint != NULL);
    return cli_result_print(data, restored_view);
}

int cli_store_restore(const struct assay_store_options *o)
{
    static const char command[] = "assay store restore";
    struct assay_store_file file = { .bytes = NULL };
    struct assay_archive_report report;
    char place[PATH_MAX] = "";
    uint8_t *genesis_bytes = NULL;
    struct assay_genesis *genesis = calloc(1, sizeof *genesis);
    if (genesis == NULL) return cli_store_report_error(command, "start", ASSAY_E_MEMORY);
    int result = cli_store_genesis(command, o->genesis, &genesis_bytes, genesis);
    if (result == ASSAY_EXIT_OK) result = cli_store_load(command, o->file, &file);
    if (result == ASSAY_EXIT_OK)
        result = cli_store_prove(command, o, &file.archive, genesis, &report);
    if (result == ASSAY_EXIT_OK)
        result = cli_store_unpack(command, o->into, &file.archive, &report, genesis, place);
    if (result == ASSAY_EXIT_OK) result = print_result(o, &file.archive, place);
    free(file.bytes);
    free(genesis_bytes);
    free(genesis);
    return result;
}
