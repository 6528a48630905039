/*
 * apps/assay/operate/backup_restore.c - `assay restore`: a node from a backup, in a new folder or
 * in the places that a configuration of this machine names.
 *
 * Everything is verified before anything is written, and nothing is replaced. The backup chooses no
 * path: in a new folder its files have the names of the table, elsewhere those of --config. The
 * node never continues an old log: its voting keys are new, its store is bound to no key set, and
 * the id of a store that is gone is next to the keys, so that a daemon without the store makes new
 * keys as well (docs/protocol.md 2.7.1, 2.7.2).
 */
#include "apps/assay/operate/backup.h"

#include "apps/assay/core/command.h"
#include "apps/assay/core/file_fault.h"
#include "apps/assay/core/folder.h"
#include "apps/assay/core/result_json.h"
#include "apps/client.h"
#include "apps/config.h"
#include "net/keys/keyring.h"
#include "net/keys/store_binding.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OVERRIDE_LEN = 4096 };

static const char override_name[] = "assayd.d/zz-restored.yaml";

struct restoring {
    const struct cli_backup_options *options;
    const struct cli_backup_open *open;
    struct assay_config config;
    bool has_life, has_set; /* --config: keys for life, and a voting set, are there already */
    bool is_partial;        /* --config: some file of the backup has no place, which was said */
    char dir[PATH_MAX], unfinished[PATH_MAX];
    char store[PATH_MAX]; /* that was made */
};

static int report_reason(const struct restoring *r, const char *what, const char *reason,
                         int result)
{
    (void)fprintf(stderr, "%s: %s: %s\n", r->options->command, what, reason);
    return result;
}

static int report_write(const struct restoring *r, const char *path, enum assay_status status)
{
    if (status == ASSAY_E_DUPLICATE)
        return report_reason(r, path, "is there already, and is never replaced",
                             ASSAY_EXIT_CONFLICT);
    return report_reason(r, path, cli_output_fault(path, status), ASSAY_EXIT_INTERNAL);
}

static bool join_path(char path[static PATH_MAX], const char *dir, const char *name)
{
    const int len = snprintf(path, PATH_MAX, "%s/%s", dir, name);
    return len > 0 && len < PATH_MAX;
}

static int make_folder(const struct restoring *r, const char *path)
{
    if (mkdir(path, 0700) == 0 || errno == EEXIST) return ASSAY_EXIT_OK;
    return report_reason(r, path, strerror(errno), ASSAY_EXIT_INTERNAL);
}

/* ------------------------------------------------------------ keys */

/* A store that these keys had, and that is not here. */
static int write_binding(const struct restoring *r, const char *keys_dir)
{
    struct assay_store_binding gone = { .generation = 0 };
    if (!assay_keyring_binding_is_first(keys_dir)) return ASSAY_EXIT_OK;
    enum assay_status status = assay_random(gone.id, sizeof gone.id);
    if (status == ASSAY_OK) status = assay_keyring_binding_write_copy(keys_dir, &gone);
    return status == ASSAY_OK ? ASSAY_EXIT_OK : report_write(r, keys_dir, status);
}

/* The id of the lost store first: keys without it could pass for ones that never had a store. */
static int write_keys(const struct restoring *r, const char *keys_dir)
{
    const struct assay_backup *const content = &r->open->content;
    struct assay_secret32 identity, bootstrap;
    struct assay_keyring ring;
    int result = make_folder(r, keys_dir);
    if (result == ASSAY_EXIT_OK) result = write_binding(r, keys_dir);
    if (result != ASSAY_EXIT_OK || (r->has_life && r->has_set)) return result;
    /* Not the number of a listed set: `assayd --check-config` compares that with the ledger. */
    const uint32_t number =
        content->incarnation < UINT32_MAX ? content->incarnation + 1 : content->incarnation;
    if (r->has_life) {
        const enum assay_status made = assay_keyring_restore_set(keys_dir, number);
        return made == ASSAY_OK ? ASSAY_EXIT_OK : report_write(r, keys_dir, made);
    }
    assay_bytes_copy(identity.bytes, sizeof identity.bytes,
                     assay_backup_find(content, ASSAY_BACKUP_IDENTITY)->bytes.bytes,
                     sizeof identity.bytes);
    assay_bytes_copy(bootstrap.bytes, sizeof bootstrap.bytes,
                     assay_backup_find(content, ASSAY_BACKUP_BOOTSTRAP)->bytes.bytes,
                     sizeof bootstrap.bytes);
    const enum assay_status status =
        assay_keyring_restore(keys_dir, &identity, &bootstrap, content->node_id, number, &ring);
    if (status == ASSAY_OK) assay_keyring_wipe(&ring);
    assay_secret_wipe(&identity, sizeof identity);
    assay_secret_wipe(&bootstrap, sizeof bootstrap);
    return status == ASSAY_OK ? ASSAY_EXIT_OK : report_write(r, keys_dir, status);
}

static int write_store(struct restoring *r, const char *state_dir)
{
    const int result = make_folder(r, state_dir);
    if (result != ASSAY_EXIT_OK || !r->open->has_archive) return result;
    return cli_store_unpack(r->options->command, state_dir, &r->open->archive, &r->open->report,
                            r->open->genesis, r->store);
}

/* ------------------------------------------------------------ into a new folder */

static bool is_written_elsewhere(const struct assay_backup_piece *piece)
{
    return piece->kind == ASSAY_BACKUP_IDENTITY || piece->kind == ASSAY_BACKUP_BOOTSTRAP ||
           piece->kind == ASSAY_BACKUP_ARCHIVE || strcmp(piece->name, override_name) == 0;
}

/* Names have at most one folder. */
static int write_piece(const struct restoring *r, const char *dir,
                       const struct assay_backup_piece *piece)
{
    char path[PATH_MAX], folder[PATH_MAX];
    const char *const slash = strchr(piece->name, '/');
    if (!join_path(path, dir, piece->name)) return report_reason(r, dir, "the path is too long", 1);
    if (slash != NULL) {
        (void)snprintf(folder, sizeof folder, "%.*s",
                       (int)(strlen(dir) + 1 + (size_t)(slash - piece->name)), path);
        const int result = make_folder(r, folder);
        if (result != ASSAY_EXIT_OK) return result;
    }
    const enum assay_status status =
        assay_file_create(path, assay_backup_row_of(piece->kind)->mode, piece->bytes);
    return status == ASSAY_OK ? ASSAY_EXIT_OK : report_write(r, path, status);
}

static bool has_piece(const struct restoring *r, enum assay_backup_kind kind)
{
    return assay_backup_find(&r->open->content, kind) != NULL;
}

static void print_recovers(const struct restoring *r, FILE *out)
{
    const struct assay_backup *const content = &r->open->content;
    const char *separator = "  recovers: [";
    if (!has_piece(r, ASSAY_BACKUP_RECOVER)) return;
    for (uint32_t i = 0; i < content->count; i++) {
        if (content->pieces[i].kind != ASSAY_BACKUP_RECOVER) continue;
        (void)fprintf(out, "%s%s", separator, content->pieces[i].name);
        separator = ", ";
    }
    (void)fputs("]\n", out);
}

/* Paths of the saved configuration are those of another folder or machine. */
static void print_override(const struct restoring *r, FILE *out)
{
    (void)fputs("# Places of restored files, written by `assay restore`; they override those of "
                "assayd.yaml.\n"
                "node:\n  state_dir: state\n  keys_dir: keys\n  identity_dir: keys\n"
                "  genesis: genesis\n",
                out);
    if (has_piece(r, ASSAY_BACKUP_CHECKPOINT)) (void)fputs("  checkpoint: checkpoint\n", out);
    print_recovers(r, out);
    (void)fputs("enforcement:\n  journal: state/orders.log\n", out);
    if (has_piece(r, ASSAY_BACKUP_CREDENTIAL))
        (void)fputs("evidence:\n  credential: platform.key\n", out);
    else if (has_piece(r, ASSAY_BACKUP_CREDENTIALS))
        (void)fputs("evidence:\n  credential: platform\n", out);
    if (has_piece(r, ASSAY_BACKUP_HTTP_CERTIFICATE))
        (void)fputs("http:\n  certificate: http/certificate.pem\n  key: http/key.pem\n"
                    "  clients: http/clients.pem\n",
                    out);
    if (has_piece(r, ASSAY_BACKUP_COLLATERAL_CA))
        (void)fputs("collateral:\n  fetch:\n    ca_file: collateral-ca.pem\n", out);
}

static int write_override(const struct restoring *r, const char *dir)
{
    char text[OVERRIDE_LEN], path[PATH_MAX], folder[PATH_MAX];
    FILE *const out = fmemopen(text, sizeof text, "w");
    if (out == NULL || !join_path(path, dir, override_name) || !join_path(folder, dir, "assayd.d"))
        return report_reason(r, dir, "no memory, or the path is too long", ASSAY_EXIT_INTERNAL);
    print_override(r, out);
    const long len = ftell(out);
    (void)fclose(out);
    const int result = make_folder(r, folder);
    if (result != ASSAY_EXIT_OK) return result;
    const enum assay_status status =
        assay_file_create(path, ASSAY_FILE_PUBLIC, assay_slice_over(text, (size_t)len));
    return status == ASSAY_OK ? ASSAY_EXIT_OK : report_write(r, path, status);
}

static bool is_inside(const char *path, const char *dir, const char *name)
{
    char expected[PATH_MAX];
    return join_path(expected, dir, name) && strcmp(path, expected) == 0;
}

/* What a daemon reads there: valid, and of this folder alone. */
static int check_configuration(struct restoring *r, const char *dir)
{
    char path[PATH_MAX], message[ASSAY_CONFIG_MESSAGE_MAX] = "";
    const struct assay_config_sources sources = { .path = path };
    if (!join_path(path, dir, "assayd.yaml"))
        return report_reason(r, dir, "the path is too long", ASSAY_EXIT_INTERNAL);
    if (assay_config_load_layers(&sources, &r->config, message) != ASSAY_OK)
        return report_reason(r, "the configuration of the backup", message, ASSAY_EXIT_MALFORMED);
    if (is_inside(r->config.state_dir, dir, "state") &&
        is_inside(r->config.keys_dir, dir, "keys") &&
        is_inside(r->config.identity_dir, dir, "keys") &&
        is_inside(r->config.genesis, dir, "genesis") &&
        is_inside(r->config.enforcement.journal, dir, "state/orders.log"))
        return ASSAY_EXIT_OK;
    return report_reason(r, "the configuration of the backup",
                         "a file of assayd.d after zz-restored.yaml names other places for state, "
                         "keys or genesis: use --config with a configuration of this machine",
                         ASSAY_EXIT_MALFORMED);
}

static int fill_folder(struct restoring *r)
{
    const struct assay_backup *const content = &r->open->content;
    char keys[PATH_MAX], state[PATH_MAX];
    if (!join_path(keys, r->unfinished, "keys") || !join_path(state, r->unfinished, "state"))
        return report_reason(r, r->unfinished, "the path is too long", ASSAY_EXIT_INTERNAL);
    int result = ASSAY_EXIT_OK;
    for (uint32_t i = 0; result == ASSAY_EXIT_OK && i < content->count; i++)
        if (!is_written_elsewhere(&content->pieces[i]))
            result = write_piece(r, r->unfinished, &content->pieces[i]);
    if (result == ASSAY_EXIT_OK) result = write_override(r, r->unfinished);
    if (result == ASSAY_EXIT_OK) result = check_configuration(r, r->unfinished);
    if (result == ASSAY_EXIT_OK) result = write_keys(r, keys);
    return result == ASSAY_EXIT_OK ? write_store(r, state) : result;
}

/* The folder gets its name last, so a crash leaves none of that name. */
static int restore_into(struct restoring *r)
{
    size_t len = strlen(r->options->into);
    struct stat info;
    while (len > 1 && r->options->into[len - 1] == '/')
        len--;
    if (snprintf(r->dir, sizeof r->dir, "%.*s", (int)len, r->options->into) >= (int)sizeof r->dir ||
        snprintf(r->unfinished, sizeof r->unfinished, "%s.unfinished", r->dir) >=
            (int)sizeof r->unfinished)
        return report_reason(r, r->options->into, "the path is too long", ASSAY_EXIT_USAGE);
    if (lstat(r->dir, &info) == 0)
        return report_reason(r, r->dir, "is there already, expected a folder that does not exist",
                             ASSAY_EXIT_CONFLICT);
    if (mkdir(r->unfinished, 0700) != 0)
        return report_reason(r, r->unfinished,
                             errno == EEXIST ? "left by a restore that was interrupted: remove it"
                                             : strerror(errno),
                             errno == EEXIST ? ASSAY_EXIT_CONFLICT : ASSAY_EXIT_INTERNAL);
    int result = fill_folder(r);
    if (result == ASSAY_EXIT_OK &&
        (renameat2(AT_FDCWD, r->unfinished, AT_FDCWD, r->dir, RENAME_NOREPLACE) != 0 ||
         assay_file_sync_folder(r->dir) != ASSAY_OK))
        result = report_reason(r, r->dir, strerror(errno), ASSAY_EXIT_INTERNAL);
    if (result != ASSAY_EXIT_OK) cli_folder_remove(r->unfinished);
    return result;
}

/* ------------------------------------------------------------ to the places of a configuration */

static int check_state(struct restoring *r)
{
    char path[PATH_MAX];
    struct assay_json *answer = NULL;
    const enum assay_status asked =
        assay_client_request(r->config.admin, "status", ASSAY_CLIENT_TIMEOUT_MS, &answer);
    assay_json_free(&answer);
    if (asked != ASSAY_E_NOT_FOUND && asked != ASSAY_E_IO)
        return report_reason(r, r->config.admin,
                             "a daemon answers: nothing is lost that a restore "
                             "could bring back",
                             ASSAY_EXIT_CONFLICT);
    if (cli_store_is_there(r->config.state_dir, path))
        return report_reason(r, path, "there is a store already: nothing was changed",
                             ASSAY_EXIT_CONFLICT);
    return ASSAY_EXIT_OK;
}

static int check_genesis(struct restoring *r)
{
    uint8_t *bytes = NULL;
    if (access(r->config.genesis, F_OK) != 0) return ASSAY_EXIT_OK;
    struct assay_genesis *const present = calloc(1, sizeof *present);
    if (present == NULL)
        return report_reason(r, "start", assay_status_text(ASSAY_E_MEMORY), ASSAY_EXIT_INTERNAL);
    int result = cli_store_genesis(r->options->command, r->config.genesis, &bytes, present);
    if (result == ASSAY_EXIT_OK &&
        !assay_bytes_equal(present->chain_id, r->open->content.chain_id, ASSAY_SHA256_LEN))
        result = report_reason(r, r->config.genesis, "is of another network than the backup",
                               ASSAY_EXIT_CONFLICT);
    free(bytes);
    free(present);
    return result;
}

/* Keys that are there are those of the backup. */
static int compare_keys(const struct restoring *r, const char *life_dir)
{
    const struct assay_backup *const content = &r->open->content;
    char why[ASSAY_FILE_MESSAGE_LEN] = "";
    struct assay_keyring ring;
    const enum assay_status status =
        r->has_set ? assay_keyring_open(r->config.keys_dir, r->config.identity_dir, &ring, why)
                   : assay_keyring_open_life(life_dir, &ring, why);
    if (status != ASSAY_OK) {
        (void)fprintf(stderr, "%s: %s\n", r->options->command, why);
        return ASSAY_EXIT_CONFLICT;
    }
    const bool is_same =
        assay_bytes_equal(ring.node_id, content->node_id, sizeof ring.node_id) &&
        assay_bytes_equal(ring.bootstrap_private.bytes,
                          assay_backup_find(content, ASSAY_BACKUP_BOOTSTRAP)->bytes.bytes,
                          sizeof ring.bootstrap_private.bytes);
    assay_keyring_wipe(&ring);
    if (is_same) return ASSAY_EXIT_OK;
    return report_reason(r, life_dir, "has the keys of another node", ASSAY_EXIT_CONFLICT);
}

/* The keys for life may be in a folder of their own that is still there, such as credentials, while
 * the voting set and the id of the store in keys_dir are lost. */
static int check_keys(struct restoring *r)
{
    char life[PATH_MAX], set[PATH_MAX];
    const bool is_apart = r->config.identity_dir[0] != '\0' &&
                          strcmp(r->config.identity_dir, r->config.keys_dir) != 0;
    const char *const life_dir = is_apart ? r->config.identity_dir : r->config.keys_dir;
    if (!join_path(life, life_dir, "identity.key") ||
        !join_path(set, r->config.keys_dir, "incarnation.key"))
        return report_reason(r, r->config.keys_dir, "the path is too long", ASSAY_EXIT_INTERNAL);
    r->has_set = access(set, F_OK) == 0;
    r->has_life = access(life, F_OK) == 0;
    if (!r->has_life && errno != ENOENT)
        return report_reason(r, life, strerror(errno), ASSAY_EXIT_INTERNAL);
    if (!r->has_life && is_apart)
        return report_reason(r, life,
                             "no such file, and nothing is written to node.identity_dir: restore "
                             "--into a new folder, and put its keys there",
                             ASSAY_EXIT_NOT_FOUND);
    return r->has_life ? compare_keys(r, life_dir) : ASSAY_EXIT_OK;
}

/* ------------------------------------------------------------ places of files */

enum fate { FATE_ELSEWHERE, FATE_WRITE, FATE_IS_THERE, FATE_NO_PLACE, FATE_TOO_LONG };

/* Places of the kinds that have one file. Returns: its folder, or its path where *name is "";
 * "": the configuration names none. */
static const char *single_place(const struct restoring *r, enum assay_backup_kind kind,
                                const char **name)
{
    const struct assay_config *const c = &r->config;
    const bool is_tpm = c->evidence.kind == ASSAY_CONFIG_TPM;
    const struct {
        enum assay_backup_kind kind;
        const char *dir, *name;
    } places[] = {
        { ASSAY_BACKUP_GENESIS, c->genesis, "" },
        { ASSAY_BACKUP_HOLD, c->keys_dir, "hold" },
        { ASSAY_BACKUP_CARD, c->keys_dir, "node.yaml" },
        { ASSAY_BACKUP_ORDERS, c->enforcement.journal, "" },
        { ASSAY_BACKUP_TIMELINE, c->state_dir, "timeline" },
        { ASSAY_BACKUP_CHECKPOINT, c->checkpoint, "" },
        { ASSAY_BACKUP_CREDENTIAL, is_tpm ? "" : c->evidence.credential, "" },
        { ASSAY_BACKUP_HTTP_CERTIFICATE, c->http.certificate, "" },
        { ASSAY_BACKUP_HTTP_KEY, c->http.key, "" },
        { ASSAY_BACKUP_HTTP_CLIENTS, c->http.clients, "" },
        { ASSAY_BACKUP_COLLATERAL_CA, c->collateral.ca_file, "" },
    };
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
        if (places[i].kind == kind) {
            *name = places[i].name;
            return places[i].dir;
        }
    return "";
}

/* node.recovers in its order: the saved list is this one only where both have as many. */
static const char *recover_place(const struct restoring *r, const char *number)
{
    const struct assay_backup *const content = &r->open->content;
    const unsigned long at = strtoul(number, NULL, 10);
    uint32_t count = 0;
    for (uint32_t i = 0; i < content->count; i++)
        count += content->pieces[i].kind == ASSAY_BACKUP_RECOVER;
    return count == r->config.recover_count && at < count ? r->config.recovers[at] : "";
}

/* Where a file of the backup belongs. A drop-in is compared by name, and never written: it could
 * change what this configuration names. */
static enum fate find_place(const struct restoring *r, const struct assay_backup_piece *piece,
                            char path[static PATH_MAX])
{
    char drop_ins[PATH_MAX];
    struct stat info;
    const char *const slash = strchr(piece->name, '/'), *name = slash != NULL ? slash + 1 : "";
    const char *dir = "";
    if (is_written_elsewhere(piece) || piece->kind == ASSAY_BACKUP_CONFIG) return FATE_ELSEWHERE;
    if (piece->kind == ASSAY_BACKUP_DROP_IN) {
        if (!cli_backup_drop_ins(r->options, drop_ins)) return FATE_TOO_LONG;
        dir = drop_ins;
    } else if (piece->kind == ASSAY_BACKUP_RECOVER) {
        dir = recover_place(r, name);
        name = "";
    } else if (piece->kind == ASSAY_BACKUP_CREDENTIALS) {
        dir = r->config.evidence.kind == ASSAY_CONFIG_TPM ? r->config.evidence.credential : "";
    } else {
        dir = single_place(r, piece->kind, &name);
    }
    if (dir[0] == '\0') return FATE_NO_PLACE;
    if (snprintf(path, PATH_MAX, "%s%s%s", dir, name[0] != '\0' ? "/" : "", name) >= PATH_MAX)
        return FATE_TOO_LONG;
    if (lstat(path, &info) == 0) return FATE_IS_THERE; /* and newer than the backup */
    return piece->kind == ASSAY_BACKUP_DROP_IN ? FATE_NO_PLACE : FATE_WRITE;
}

/* Out: folder of a path. Returns: whether it names one that is not "/" or ".". */
static bool folder_of(const char *path, char folder[static PATH_MAX])
{
    const char *const slash = strrchr(path, '/');
    (void)snprintf(folder, PATH_MAX, "%.*s", slash == path ? 1 : (int)(slash - path), path);
    if (slash == NULL) (void)snprintf(folder, PATH_MAX, ".");
    return slash != NULL && slash != path;
}

/* Before anything is written. The folder of the file is made if it is not there. */
static int check_writable(const struct restoring *r, const char *path)
{
    char folder[PATH_MAX], above[PATH_MAX];
    const bool has_above = folder_of(path, folder);
    const char *place = folder;
    if (access(folder, F_OK) != 0 && errno == ENOENT && has_above) {
        (void)folder_of(folder, above);
        place = above;
    }
    if (faccessat(AT_FDCWD, place, W_OK | X_OK, AT_EACCESS) == 0) return ASSAY_EXIT_OK;
    (void)fprintf(stderr,
                  "%s: %s: is missing, and cannot be written: %s: %s; nothing was changed: put it "
                  "there (restore --into a new folder has it), then run this again\n",
                  r->options->command, path, place, strerror(errno));
    return ASSAY_EXIT_INTERNAL;
}

static int check_places(struct restoring *r)
{
    const struct assay_backup *const content = &r->open->content;
    char path[PATH_MAX];
    int result = ASSAY_EXIT_OK;
    for (uint32_t i = 0; result == ASSAY_EXIT_OK && i < content->count; i++) {
        const enum fate fate = find_place(r, &content->pieces[i], path);
        if (fate == FATE_WRITE) result = check_writable(r, path);
        if (fate == FATE_TOO_LONG)
            result = report_reason(r, content->pieces[i].name, "the path is too long", 1);
    }
    if (result == ASSAY_EXIT_OK && join_path(path, r->config.keys_dir, "store.id"))
        result = check_writable(r, path);
    if (result == ASSAY_EXIT_OK && join_path(path, r->config.state_dir, "store.sqlite"))
        result = check_writable(r, path);
    return result;
}

/* Files that no place of this machine was found for are named, and left to --into. */
static int write_documents(struct restoring *r)
{
    const struct assay_backup *const content = &r->open->content;
    char path[PATH_MAX], folder[PATH_MAX];
    for (uint32_t i = 0; i < content->count; i++) {
        const struct assay_backup_piece *const piece = &content->pieces[i];
        const enum fate fate = find_place(r, piece, path);
        if (fate == FATE_NO_PLACE) {
            (void)fprintf(stderr, "%s: not restored: %s: %s\n", r->options->command, piece->name,
                          piece->kind == ASSAY_BACKUP_DROP_IN
                              ? "the configuration of this machine has no such file; --into a new "
                                "folder has it"
                              : "the configuration names no place for it; --into a new folder has "
                                "it");
            r->is_partial = true;
        }
        if (fate != FATE_WRITE) continue;
        if (folder_of(path, folder)) {
            const int made = make_folder(r, folder);
            if (made != ASSAY_EXIT_OK) return made;
        }
        const enum assay_status status =
            assay_file_create(path, assay_backup_row_of(piece->kind)->mode, piece->bytes);
        if (status != ASSAY_OK && status != ASSAY_E_DUPLICATE) return report_write(r, path, status);
    }
    return ASSAY_EXIT_OK;
}

/* Documents are first, a manual hold among them: no daemon can start from these keys without it.
 * The store is last: before it a daemon has keys that know of a store which is gone. An interrupted
 * restore continues when it is run again. */
static int restore_to_places(struct restoring *r)
{
    int result = cli_backup_configuration(r->options, &r->config);
    if (result == ASSAY_EXIT_OK) result = check_state(r);
    if (result == ASSAY_EXIT_OK) result = check_genesis(r);
    if (result == ASSAY_EXIT_OK) result = check_keys(r);
    if (result == ASSAY_EXIT_OK) result = check_places(r);
    if (result == ASSAY_EXIT_OK) result = make_folder(r, r->config.state_dir);
    if (result == ASSAY_EXIT_OK) result = write_documents(r);
    if (result == ASSAY_EXIT_OK) result = write_keys(r, r->config.keys_dir);
    return result == ASSAY_EXIT_OK ? write_store(r, r->config.state_dir) : result;
}

/* ------------------------------------------------------------ */

static int print_result(const struct restoring *r)
{
    const struct assay_backup *const content = &r->open->content;
    const bool is_new = r->options->into != NULL;
    char config[PATH_MAX + 16];
    (void)snprintf(config, sizeof config, "%s%s", is_new ? r->dir : r->options->config,
                   is_new ? "/assayd.yaml" : "");
    struct assay_json *const data =
        cli_result_json("restore", (const char *const[]){ config, NULL });
    assay_json_set_hex(data, "node_id", content->node_id, sizeof content->node_id);
    assay_json_set_hex(data, "chain_id", content->chain_id, sizeof content->chain_id);
    if (r->open->has_archive) assay_json_set_uint(data, "epoch", r->open->archive.end.epoch);
    assay_json_set_text(data, "at", cli_backup_time(&r->open->sealed.head));
    return cli_result_print(
        data,
        "{files.0}: node {node_id}, of {at}\n"
        "ledger         [?epoch!= epoch {epoch}; peers provide what followed"
        "|none in the backup: peers provide it]\n"
        "next           assayd --config {files.0} --check-config, then start it\n"
        "note           the daemon makes new voting keys, and does not vote until a block lists "
        "them, which takes\n"
        "               the votes of the others: more than two thirds of the weight; without these "
        "the network stops\n"
        "               and needs RECOVER (assay recover)\n");
}

int cli_backup_restore(const struct cli_backup_options *options)
{
    struct cli_backup_open *const open = calloc(1, sizeof *open);
    struct restoring *const r = calloc(1, sizeof *r);
    int result = ASSAY_EXIT_INTERNAL;
    if (open != NULL && r != NULL) {
        r->options = options;
        r->open = open;
        result = cli_backup_load(options, open);
        if (result == ASSAY_EXIT_OK) result = cli_backup_decrypt(options, open);
        if (result == ASSAY_EXIT_OK) result = cli_backup_check(options, open);
        if (result == ASSAY_EXIT_OK)
            result = options->into != NULL ? restore_into(r) : restore_to_places(r);
        if (result == ASSAY_EXIT_OK) result = print_result(r);
        if (result == ASSAY_EXIT_OK && r->is_partial) result = ASSAY_EXIT_PARTIAL;
    }
    free(r);
    if (open != NULL) cli_backup_close(open);
    return result;
}
