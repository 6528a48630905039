/*
 * apps/assay/operate/backup_save.c - `assay backup`: what a node needs and cannot get again, in one
 * sealed file.
 *
 * It may run next to the daemon. The archive is what the daemon hands out of one state; keys for
 * life and documents do not change; of the journal, which grows, complete lines are taken.
 */
#include "apps/assay/operate/backup.h"

#include "apps/assay/core/command.h"
#include "apps/assay/core/file_fault.h"
#include "apps/assay/core/folder.h"
#include "apps/assay/core/options.h"
#include "apps/assay/core/result_json.h"
#include "apps/assay/setup/setup.h"
#include "apps/client.h"
#include "apps/config.h"
#include "base/system_clock.h"
#include "net/keys/keyring.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What is gathered; bytes of pieces are owned here. */
struct gathering {
    const struct cli_backup_options *options;
    struct assay_config config;
    struct assay_backup backup;
    struct {
        uint8_t *bytes;
        size_t len;
    } owned[ASSAY_BACKUP_PIECES_MAX + 1];
    size_t owned_count;
    uint64_t epoch;
    bool has_archive;
};

static int report_error(const struct gathering *g, const char *path, enum assay_status status)
{
    (void)fprintf(stderr, "%s: %s: %s\n", g->options->command, path, cli_file_fault(path, status));
    return status == ASSAY_E_NOT_FOUND ? ASSAY_EXIT_NOT_FOUND : ASSAY_EXIT_INTERNAL;
}

static int report_reason(const struct gathering *g, const char *path, const char *reason)
{
    (void)fprintf(stderr, "%s: %s: %s\n", g->options->command, path, reason);
    return ASSAY_EXIT_INTERNAL;
}

/* ------------------------------------------------------------ pieces */

/* Takes bytes of malloc over. */
static int add_bytes(struct gathering *g, enum assay_backup_kind kind, const char *name,
                     const char *path, uint8_t *bytes, size_t len)
{
    g->owned[g->owned_count].bytes = bytes;
    g->owned[g->owned_count++].len = len;
    const enum assay_status status =
        assay_backup_add(&g->backup, kind, name, assay_slice_over(bytes, len));
    if (status == ASSAY_OK) return ASSAY_EXIT_OK;
    const char *reason = "too long";
    if (status == ASSAY_E_SYNTAX)
        reason =
            "expected a name of 1 to 64 of A-Z a-z 0-9 . _ -, without a dot in front: rename it";
    if (status == ASSAY_E_FULL) reason = "too many files of this kind";
    if (status == ASSAY_E_DUPLICATE) reason = "another file has the same name";
    return report_reason(g, path, reason);
}

static int add_file(struct gathering *g, enum assay_backup_kind kind, const char *name,
                    const char *path)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    const enum assay_status status =
        assay_file_read(path, assay_backup_row_of(kind)->len_max, &bytes, &len);
    if (status != ASSAY_OK) return report_error(g, path, status);
    return add_bytes(g, kind, name, path, bytes, len);
}

/* Nothing where there is no such file. */
static int add_optional(struct gathering *g, enum assay_backup_kind kind, const char *dir,
                        const char *name)
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s%s%s", dir, name[0] != '\0' ? "/" : "", name) >=
        (int)sizeof path)
        return report_reason(g, dir, "the path is too long");
    return access(path, F_OK) == 0 ? add_file(g, kind, NULL, path) : ASSAY_EXIT_OK;
}

/* The plain files of a folder, those that end with suffix. */
static int add_folder(struct gathering *g, enum assay_backup_kind kind, const char *dir,
                      const char *suffix)
{
    static struct assay_folder folder; /* large */
    int result = ASSAY_EXIT_OK;
    const enum assay_status status = cli_folder_open(dir, &folder);
    if (status != ASSAY_OK && status != ASSAY_E_NOT_FOUND) result = report_error(g, dir, status);
    for (size_t i = 0; result == ASSAY_EXIT_OK && status == ASSAY_OK && i < folder.count; i++) {
        char path[PATH_MAX];
        struct stat info;
        const char *const name = folder.names[i];
        const size_t len = strlen(name), tail = strlen(suffix);
        if (name[0] == '.' || len < tail || strcmp(name + len - tail, suffix) != 0) continue;
        if (snprintf(path, sizeof path, "%s/%s", dir, name) >= (int)sizeof path)
            result = report_reason(g, dir, "the path is too long");
        else if (stat(path, &info) == 0 && S_ISREG(info.st_mode))
            result = add_file(g, kind, name, path);
    }
    cli_folder_close(&folder);
    return result;
}

/* ------------------------------------------------------------ sources, in the table's order */

static int add_configuration(struct gathering *g)
{
    const char *const path = g->options->config;
    char folder[PATH_MAX];
    if (!cli_backup_drop_ins(g->options, folder))
        return report_reason(g, path, "the path is too long");
    int result = add_file(g, ASSAY_BACKUP_CONFIG, NULL, path);
    if (result == ASSAY_EXIT_OK) result = add_folder(g, ASSAY_BACKUP_DROP_IN, folder, ".yaml");
    return result == ASSAY_EXIT_OK ? add_file(g, ASSAY_BACKUP_GENESIS, NULL, g->config.genesis)
                                   : result;
}

static int add_secret(struct gathering *g, enum assay_backup_kind kind,
                      const struct assay_secret32 *secret)
{
    uint8_t *const copy = malloc(sizeof secret->bytes);
    if (copy == NULL) return report_error(g, g->config.keys_dir, ASSAY_E_MEMORY);
    assay_bytes_copy(copy, sizeof secret->bytes, secret->bytes, sizeof secret->bytes);
    return add_bytes(g, kind, NULL, g->config.keys_dir, copy, sizeof secret->bytes);
}

/* The keys for life. Voting keys stay where they are: docs/protocol.md 2.7. */
static int add_keys(struct gathering *g)
{
    struct assay_keyring ring;
    char why[ASSAY_FILE_MESSAGE_LEN] = "";
    const enum assay_status status =
        assay_keyring_open(g->config.keys_dir, g->config.identity_dir, &ring, why);
    if (status != ASSAY_OK) {
        (void)fprintf(stderr, "%s: %s\n", g->options->command, why);
        return status == ASSAY_E_NOT_FOUND ? ASSAY_EXIT_NOT_FOUND : ASSAY_EXIT_INTERNAL;
    }
    assay_bytes_copy(g->backup.node_id, sizeof g->backup.node_id, ring.node_id,
                     sizeof ring.node_id);
    g->backup.incarnation = assay_keyring_following_number(&ring) - 1;
    int result = add_secret(g, ASSAY_BACKUP_IDENTITY, &ring.identity_private);
    if (result == ASSAY_EXIT_OK)
        result = add_secret(g, ASSAY_BACKUP_BOOTSTRAP, &ring.bootstrap_private);
    assay_keyring_wipe(&ring);
    if (result == ASSAY_EXIT_OK)
        result = add_optional(g, ASSAY_BACKUP_HOLD, g->config.keys_dir, "hold");
    if (result == ASSAY_EXIT_OK)
        result = add_optional(g, ASSAY_BACKUP_CARD, g->config.keys_dir, "node.yaml");
    return result;
}

/* Of a running daemon, or of the store of a stopped one. */
static int add_archive(struct gathering *g)
{
    struct assay_store_file file;
    struct assay_json *answer = NULL;
    char store[PATH_MAX];
    const enum assay_status asked =
        assay_client_request(g->config.admin, "status", ASSAY_CLIENT_TIMEOUT_MS, &answer);
    assay_json_free(&answer);
    const bool runs = asked != ASSAY_E_NOT_FOUND && asked != ASSAY_E_IO;
    if (snprintf(store, sizeof store, "%s/store.sqlite", g->config.state_dir) >= (int)sizeof store)
        return report_reason(g, g->config.state_dir, "the path is too long");
    if (!runs && access(store, F_OK) != 0) return ASSAY_EXIT_OK;
    const int result = cli_store_collect(g->options->command, runs ? g->config.admin : NULL,
                                         g->config.state_dir, &file);
    if (result == ASSAY_EXIT_OK) {
        g->has_archive = true;
        g->epoch = file.archive.end.epoch;
        return add_bytes(g, ASSAY_BACKUP_ARCHIVE, NULL, store, file.bytes, file.len);
    }
    free(file.bytes);
    return result == ASSAY_EXIT_NOT_FOUND ? ASSAY_EXIT_OK : result; /* no epoch was closed */
}

/* Without the line that is being written. */
static int add_journal(struct gathering *g)
{
    const uint32_t before = g->backup.count;
    const int result = add_optional(g, ASSAY_BACKUP_ORDERS, g->config.enforcement.journal, "");
    if (result != ASSAY_EXIT_OK || g->backup.count == before) return result;
    struct assay_slice *const lines = &g->backup.pieces[before].bytes;
    while (lines->len > 0 && lines->bytes[lines->len - 1] != '\n')
        lines->len--;
    return result;
}

static int add_recovers(struct gathering *g)
{
    int result = ASSAY_EXIT_OK;
    for (uint32_t i = 0; result == ASSAY_EXIT_OK && i < g->config.recover_count; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "%u", (unsigned)i);
        result = add_file(g, ASSAY_BACKUP_RECOVER, name, g->config.recovers[i]);
    }
    return result;
}

static int add_named(struct gathering *g, enum assay_backup_kind kind, const char *path)
{
    return path[0] != '\0' ? add_file(g, kind, NULL, path) : ASSAY_EXIT_OK;
}

static int add_credential(struct gathering *g)
{
    const char *const path = g->config.evidence.credential;
    if (path[0] == '\0') return ASSAY_EXIT_OK;
    if (g->config.evidence.kind == ASSAY_CONFIG_TPM)
        return add_folder(g, ASSAY_BACKUP_CREDENTIALS, path, "");
    return add_file(g, ASSAY_BACKUP_CREDENTIAL, NULL, path);
}

static int add_http(struct gathering *g)
{
    const struct assay_config_http *const http = &g->config.http;
    int result = add_named(g, ASSAY_BACKUP_HTTP_CERTIFICATE, http->certificate);
    if (result == ASSAY_EXIT_OK) result = add_named(g, ASSAY_BACKUP_HTTP_KEY, http->key);
    if (result == ASSAY_EXIT_OK) result = add_named(g, ASSAY_BACKUP_HTTP_CLIENTS, http->clients);
    return result == ASSAY_EXIT_OK
               ? add_named(g, ASSAY_BACKUP_COLLATERAL_CA, g->config.collateral.ca_file)
               : result;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char *name_of(const char *path)
{
    const char *const slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

static int compare_tails(const void *a, const void *b)
{
    const char *const x = name_of(*(const char *const *)a), *const y =
                                                                name_of(*(const char *const *)b);
    return compare_names(&x, &y);
}

static int add_also(struct gathering *g)
{
    const char *paths[ASSAY_BACKUP_ALSO_MAX];
    const size_t count = g->options->also_count;
    int result = ASSAY_EXIT_OK;
    for (size_t i = 0; i < count; i++)
        paths[i] = g->options->also[i];
    qsort(paths, count, sizeof paths[0], compare_tails);
    for (size_t i = 0; result == ASSAY_EXIT_OK && i < count; i++)
        result = add_file(g, ASSAY_BACKUP_ALSO, name_of(paths[i]), paths[i]);
    return result;
}

static int add_state(struct gathering *g)
{
    int result = add_archive(g);
    if (result == ASSAY_EXIT_OK) result = add_journal(g);
    return result == ASSAY_EXIT_OK
               ? add_optional(g, ASSAY_BACKUP_TIMELINE, g->config.state_dir, "timeline")
               : result;
}

static int gather(struct gathering *g)
{
    static int (*const sources[])(struct gathering *) = { add_configuration, add_keys, add_state };
    static int (*const others[])(struct gathering *) = { add_recovers, add_credential, add_http,
                                                         add_also };
    (void)snprintf(g->backup.version, sizeof g->backup.version, "%s", ASSAY_VERSION);
    int result = cli_backup_configuration(g->options, &g->config);
    for (size_t i = 0; result == ASSAY_EXIT_OK && i < sizeof sources / sizeof sources[0]; i++)
        result = sources[i](g);
    if (result == ASSAY_EXIT_OK)
        result = add_named(g, ASSAY_BACKUP_CHECKPOINT, g->config.checkpoint);
    for (size_t i = 0; result == ASSAY_EXIT_OK && i < sizeof others / sizeof others[0]; i++)
        result = others[i](g);
    return result;
}

/* The network's name for it, from a genesis that is checked completely. */
static int find_chain(struct gathering *g)
{
    uint8_t *bytes = NULL;
    struct assay_genesis *const genesis = calloc(1, sizeof *genesis);
    if (genesis == NULL) return report_error(g, g->config.genesis, ASSAY_E_MEMORY);
    const int result = cli_store_genesis(g->options->command, g->config.genesis, &bytes, genesis);
    assay_bytes_copy(g->backup.chain_id, sizeof g->backup.chain_id, genesis->chain_id,
                     sizeof genesis->chain_id);
    free(bytes);
    free(genesis);
    return result;
}

/* ------------------------------------------------------------ the file */

static int find_recipient(const struct gathering *g,
                          uint8_t recipient[static ASSAY_P256_PUBLIC_LEN])
{
    char text[2 * ASSAY_P256_PUBLIC_LEN + 2] = "";
    const char *const path = g->options->recipient;
    if (cli_setup_value(path, "public_key", text, sizeof text) &&
        assay_hex_decode(text, strlen(text), recipient, ASSAY_P256_PUBLIC_LEN) == ASSAY_OK)
        return ASSAY_EXIT_OK;
    (void)fprintf(stderr,
                  "%s: --recipient %s: expected a file with the line public_key: \"...\" that "
                  "`assay backup key` prints\n",
                  g->options->command, path);
    return ASSAY_EXIT_USAGE;
}

static int make_key(const struct gathering *g, struct assay_backup_head *head,
                    struct assay_secret32 *key)
{
    head->at_s = (uint64_t)assay_unix_s();
    if (g->options->recipient == NULL) {
        head->way = ASSAY_BACKUP_PASSPHRASE;
        if (assay_random(head->material, ASSAY_CIPHER_SALT_LEN) != ASSAY_OK)
            return report_reason(g, "start", assay_status_text(ASSAY_E_CRYPTO));
        return cli_backup_passphrase_key(g->options, head->material, key);
    }
    head->way = ASSAY_BACKUP_RECIPIENT;
    const int result = find_recipient(g, head->recipient);
    if (result != ASSAY_EXIT_OK) return result;
    const enum assay_status status = assay_cipher_key_for(head->recipient, head->material, key);
    return status == ASSAY_OK ? ASSAY_EXIT_OK
                              : report_reason(g, g->options->recipient, assay_status_text(status));
}

static int write_backup(const struct gathering *g, struct assay_slice file)
{
    const char *const out = g->options->out;
    const enum assay_status status = assay_file_create(out, ASSAY_FILE_SECRET, file);
    if (status == ASSAY_OK) return ASSAY_EXIT_OK;
    if (status == ASSAY_E_DUPLICATE) {
        (void)fprintf(stderr, "%s: %s: there is a file already, which is never replaced\n",
                      g->options->command, out);
        return ASSAY_EXIT_CONFLICT;
    }
    (void)fprintf(stderr, "%s: %s: %s\n", g->options->command, out, cli_output_fault(out, status));
    return ASSAY_EXIT_INTERNAL;
}

static int seal_backup(struct gathering *g, size_t *file_len)
{
    struct assay_backup_head head = { .at_s = 0 };
    struct assay_secret32 key;
    struct assay_slice content = { NULL, 0 };
    int result = make_key(g, &head, &key);
    if (result != ASSAY_EXIT_OK) return result;
    const size_t len = assay_backup_content_len(&g->backup);
    uint8_t *const clear = malloc(len), *const file = malloc(assay_backup_file_len(len));
    struct assay_writer w = { 0 };
    enum assay_status status = clear != NULL && file != NULL ? ASSAY_OK : ASSAY_E_MEMORY;
    if (status == ASSAY_OK) {
        w = assay_writer_over(clear, len);
        status = assay_backup_encode(&g->backup, &w);
        content.len = w.len;
        w = assay_writer_over(file, assay_backup_file_len(len));
    }
    if (status == ASSAY_OK) status = assay_backup_seal(&head, &key, clear, content.len, &w);
    result = status == ASSAY_OK ? write_backup(g, assay_slice_over(file, w.len))
                                : report_reason(g, g->options->out, assay_status_text(status));
    *file_len = w.len;
    assay_secret_wipe(&key, sizeof key);
    if (clear != NULL) assay_secret_wipe(clear, len);
    free(clear);
    free(file);
    return result;
}

static int print_result(const struct gathering *g, size_t len)
{
    const char *const out = g->options->out;
    struct assay_json *const data = cli_result_json("backup", (const char *const[]){ out, NULL });
    assay_json_set_hex(data, "node_id", g->backup.node_id, sizeof g->backup.node_id);
    assay_json_set_hex(data, "chain_id", g->backup.chain_id, sizeof g->backup.chain_id);
    assay_json_set_uint(data, "incarnation", g->backup.incarnation);
    if (g->has_archive) assay_json_set_uint(data, "epoch", g->epoch);
    assay_json_set_uint(data, "bytes", len);
    assay_json_set_uint(data, "parts", g->backup.count);
    assay_json_set_text(data, "sealed", g->options->recipient != NULL ? "recipient" : "passphrase");
    return cli_result_print(
        data, "{files.0}: {parts} files, {bytes} bytes, sealed [?sealed=recipient for a key"
              "|with a passphrase]\n"
              "ledger         [?epoch!= epoch {epoch}|none: no epoch was closed yet]\n"
              "not saved      voting keys and votes (a restored node makes new keys), blocks and "
              "evidence "
              "(peers have\n               them), programs, secrets of targets\n");
}

int cli_backup_save(const struct cli_backup_options *options)
{
    size_t len = 0;
    if ((options->recipient == NULL) == (options->passphrase == NULL))
        return cli_misuse("either --recipient or --passphrase-file");
    if (access(options->out, F_OK) == 0) {
        (void)fprintf(stderr, "%s: %s: there is a file already, which is never replaced\n",
                      options->command, options->out);
        return ASSAY_EXIT_CONFLICT;
    }
    struct gathering *const g = calloc(1, sizeof *g);
    if (g == NULL) return ASSAY_EXIT_INTERNAL;
    g->options = options;
    int result = gather(g);
    if (result == ASSAY_EXIT_OK) result = find_chain(g);
    if (result == ASSAY_EXIT_OK) result = seal_backup(g, &len);
    if (result == ASSAY_EXIT_OK) result = print_result(g, len);
    for (size_t i = 0; i < g->owned_count; i++) {
        if (g->owned[i].len > 0) assay_secret_wipe(g->owned[i].bytes, g->owned[i].len);
        free(g->owned[i].bytes);
    }
    free(g);
    return result;
}
