/*
 * apps/assay/services/share.c - command group `assay share`: shares of secrets: status, put, read,
 * delete, readers (docs/services.md 5: shares).
 */
#include "apps/assay/core/command.h"
#include "apps/assay/core/option_values.h"
#include "apps/assay/core/options.h"
#include "apps/assay/core/output.h"
#include "apps/assay/core/record_submit.h"
#include "apps/assay/core/result_json.h"
#include "apps/assay/services/services.h"
#include "base/assert.h"
#include "base/system_clock.h"
#include "net/services/shares/share_client.h"
#include "services/shares/cluster.h"
#include "services/tasks/task.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TURN_MS = 200 };

struct share_command {
    struct assay_daemon_request q;
    const char *key, *name, *sealed, *out, *id;
    const char *readers[ASSAY_SHARE_READERS_MAX];
    size_t reader_count;
    uint64_t cluster;
    const char *word;
    const char *made; /* the command, in the document of --json */
    uint64_t until_ms;
    uint8_t account[32]; /* of the key */
    char path[ASSAY_FOLLOWER_PATH_MAX + 1];
    struct assay_share_client *client;
};

static int report_error(const char *what, enum assay_status status)
{
    (void)fprintf(stderr, "assay share: %s: %s\n", what, assay_status_text(status));
    if (status == ASSAY_E_NOT_FOUND) return ASSAY_EXIT_NOT_FOUND;
    if (status == ASSAY_E_DUPLICATE) return ASSAY_EXIT_CONFLICT;
    if (status == ASSAY_E_TIMEOUT) return ASSAY_EXIT_TIMEOUT;
    if (status == ASSAY_E_RANGE) return ASSAY_EXIT_USAGE;
    if (status == ASSAY_E_CHAIN) return ASSAY_EXIT_MALFORMED;
    return ASSAY_EXIT_INTERNAL;
}

/* ------------------------------------------------------------ the client */

static int open_client(struct share_command *d)
{
    struct assay_secret32 secret;
    uint8_t public_key[ASSAY_P256_PUBLIC_LEN];
    d->until_ms = assay_monotonic_ms() + d->q.timeout_ms;
    int result = cli_record_submit_key(d->q.group, d->key, &secret, public_key);
    if (result != ASSAY_EXIT_OK) return result;
    assay_task_account(public_key, d->account);
    result = cli_record_submit_path(&d->q, d->path);
    const struct assay_share_client_config config = { .ledger = d->path, .key = &secret };
    const enum assay_status status =
        result == ASSAY_EXIT_OK ? assay_holder_client_open(&config, &d->client) : ASSAY_OK;
    assay_secret_wipe(&secret, sizeof secret);
    return status == ASSAY_OK ? result : report_error(d->path, status);
}

/* Returns: whether there is time left. */
static bool poll_progress(struct share_command *d)
{
    assay_holder_client_step(d->client, TURN_MS);
    return assay_monotonic_ms() < d->until_ms;
}

/* Which holders an operator has to look at when a deed was not done in time. */
static void print_silent(uint32_t silent)
{
    if (silent == 0) return;
    (void)fputs("assay share: no answer from the holders of", stderr);
    for (uint32_t i = 0; i < ASSAY_SHARE_SLOTS_MAX; i++)
        if ((silent >> i & 1) != 0) (void)fprintf(stderr, " slot %u", (unsigned)i);
    (void)fputs("; assay share status names their members, look at their assay-holder\n", stderr);
}

static int wait_done(struct share_command *d)
{
    for (;;) {
        const struct assay_holder_client_status s = assay_holder_client_status(d->client);
        if (s.state == ASSAY_SHARE_CLIENT_DONE) return ASSAY_EXIT_OK;
        if (s.state == ASSAY_SHARE_CLIENT_FAILED) {
            (void)fprintf(stderr, "assay share: %s\n", cli_text_sanitized(s.why));
            return ASSAY_EXIT_DENIED;
        }
        if (poll_progress(d)) continue;
        (void)fprintf(stderr, "assay share: not done in time: the record is %s",
                      s.is_final ? "final" : "not final");
        if (s.wanted > 0)
            (void)fprintf(stderr, ", %u of %u holders have answered", (unsigned)s.answered,
                          (unsigned)s.wanted);
        (void)fputc('\n', stderr);
        print_silent(s.silent);
        return ASSAY_EXIT_TIMEOUT;
    }
}

/* ------------------------------------------------------------ put */

static int by_name(const void *a, const void *b)
{
    const struct assay_share_reader *x = a, *y = b;
    return assay_bytes_compare(x->name, y->name, 32);
}

static int take_readers(const struct share_command *d,
                        struct assay_share_reader reader[static ASSAY_SHARE_READERS_MAX])
{
    for (size_t i = 0; i < d->reader_count; i++) {
        reader[i].kind = ASSAY_SHARE_READER_ACCOUNT;
        const int known = cli_record_submit_account(d->q.group, d->readers[i], reader[i].name);
        if (known != ASSAY_EXIT_OK) return known;
    }
    qsort(reader, d->reader_count, sizeof reader[0], by_name);
    for (size_t i = 1; i < d->reader_count; i++)
        if (assay_bytes_equal(reader[i - 1].name, reader[i].name, 32))
            return cli_misuse("--reader: an account is named twice");
    return ASSAY_EXIT_OK;
}

static int print_id(const struct share_command *d, const uint8_t id[static 32])
{
    struct assay_json *const data = cli_result_json(d->made, (const char *const[]){ d->out, NULL });
    assay_json_set_hex(data, "id", id, 32);
    return cli_result_print(data, "id: {id}\n");
}

static int complain_taken(const struct share_command *d)
{
    (void)fprintf(stderr,
                  "assay share put: --name %s: this account already stores a secret of that name: "
                  "expected another name, or delete that one first (assay share delete)\n",
                  cli_text_sanitized(d->name));
    return ASSAY_EXIT_CONFLICT;
}

/* The sealed secret is on disk before anything is dealt: without it shares are of no use. */
static int hand_secret(struct share_command *d, struct assay_slice secret, uint8_t *sealed)
{
    struct assay_share_reader reader[ASSAY_SHARE_READERS_MAX] = { 0 };
    uint8_t name[32], id[32];
    const int known = take_readers(d, reader);
    if (known != ASSAY_EXIT_OK) return known;
    assay_sha256(d->name, strlen(d->name), name);
    enum assay_status status = ASSAY_E_AGAIN;
    while ((status = assay_holder_client_put(d->client, (uint32_t)d->cluster, name, reader,
                                             (uint32_t)d->reader_count, secret, id, sealed)) ==
           ASSAY_E_AGAIN)
        if (!poll_progress(d)) return report_error("the ledger was not notified", ASSAY_E_TIMEOUT);
    if (status == ASSAY_E_DUPLICATE) return complain_taken(d);
    if (status != ASSAY_OK) return report_error(d->word, status);
    const int written =
        cli_output_write("assay share put", d->out, ASSAY_FILE_PUBLIC,
                         assay_slice_over(sealed, secret.len + ASSAY_SHARE_PAYLOAD_MORE));
    if (written != ASSAY_EXIT_OK) return written;
    const int done = wait_done(d);
    return done == ASSAY_EXIT_OK ? print_id(d, id) : done;
}

static int put_secret(struct share_command *d)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    ASSAY_ASSERT(d->name != NULL); /* by the table */
    d->made = "share put";
    if (d->name[0] == '\0') return cli_misuse("--name is empty");
    const int free_out = cli_output_check("assay share put", d->out, NULL);
    if (free_out != ASSAY_EXIT_OK) return free_out;
    const enum assay_status status =
        assay_file_read(d->word, ASSAY_SHARE_PAYLOAD_MAX, &bytes, &len);
    if (status == ASSAY_E_RANGE || (status == ASSAY_OK && len == 0)) {
        free(bytes);
        return cli_misuse("%s: a secret has 1 to %d bytes, this file %s", d->word,
                          (int)ASSAY_SHARE_PAYLOAD_MAX,
                          len == 0 && status == ASSAY_OK ? "is empty" : "has more");
    }
    if (status != ASSAY_OK) return report_error(d->word, status);
    uint8_t *const sealed = malloc(len + ASSAY_SHARE_PAYLOAD_MORE);
    int result = sealed != NULL ? open_client(d) : ASSAY_EXIT_INTERNAL;
    if (result == ASSAY_EXIT_OK) result = hand_secret(d, assay_slice_over(bytes, len), sealed);
    assay_secret_wipe(bytes, len);
    free(bytes);
    free(sealed);
    return result;
}

/* ------------------------------------------------------------ delete, readers */

static enum assay_status begin_change(struct share_command *d, const uint8_t name[static 32],
                                      const struct assay_share_reader *reader,
                                      uint8_t id[static 32])
{
    return reader == NULL ? assay_holder_client_delete(d->client, name, id)
                          : assay_holder_client_readers(d->client, name, reader,
                                                        (uint32_t)d->reader_count, id);
}

/* Of the id that key and name make. In: reader: NULL: it is deleted */
static int change_secret(struct share_command *d, const struct assay_share_reader *reader)
{
    uint8_t name[32], id[32];
    ASSAY_ASSERT(d->name != NULL); /* by the table */
    if (d->name[0] == '\0') return cli_misuse("--name is empty");
    const int opened = open_client(d);
    if (opened != ASSAY_EXIT_OK) return opened;
    assay_sha256(d->name, strlen(d->name), name);
    enum assay_status status = ASSAY_E_AGAIN;
    while ((status = begin_change(d, name, reader, id)) == ASSAY_E_AGAIN)
        if (!poll_progress(d)) return report_error("the ledger was not notified", ASSAY_E_TIMEOUT);
    if (status != ASSAY_OK) return report_error(d->name, status);
    const int done = wait_done(d);
    return done == ASSAY_EXIT_OK ? print_id(d, id) : done;
}

static int delete_secret(struct share_command *d)
{
    d->made = "share delete";
    return change_secret(d, NULL);
}

static int change_readers(struct share_command *d)
{
    struct assay_share_reader reader[ASSAY_SHARE_READERS_MAX] = { 0 };
    const int known = take_readers(d, reader);
    d->made = "share readers";
    return known == ASSAY_EXIT_OK ? change_secret(d, reader) : known;
}

/* ------------------------------------------------------------ read */

static int write_secret(const struct share_command *d)
{
    const int written = cli_output_write("assay share read", d->out, ASSAY_FILE_SECRET,
                                         assay_holder_client_payload(d->client));
    if (written != ASSAY_EXIT_OK) return written;
    return cli_result_print(cli_result_json("share read", (const char *const[]){ d->out, NULL }),
                            "");
}

/* Holders answer only readers, without an error for others. */
static bool may_read(const struct share_command *d, const uint8_t id[static 32])
{
    const struct assay_share_registry *const r = assay_holder_client_registry(d->client);
    const struct assay_share_row *const row = r != NULL ? assay_share_registry_find(r, id) : NULL;
    if (row == NULL) return true; /* the client reports errors */
    for (uint32_t i = 0; i < row->reader_count; i++)
        if (row->reader[i].kind == ASSAY_SHARE_READER_ACCOUNT &&
            assay_bytes_equal(row->reader[i].name, d->account, 32))
            return true;
    return false;
}

static int begin_read(struct share_command *d, const uint8_t id[static 32],
                      struct assay_slice sealed)
{
    enum assay_status status = ASSAY_E_AGAIN;
    while (assay_holder_client_registry(d->client) == NULL)
        if (!poll_progress(d)) return report_error("the ledger was not notified", ASSAY_E_TIMEOUT);
    if (!may_read(d, id)) {
        (void)fprintf(stderr, "assay share: %s is none of the readers of that secret\n", d->key);
        return ASSAY_EXIT_DENIED;
    }
    while ((status = assay_holder_client_read(d->client, id, sealed)) == ASSAY_E_AGAIN)
        if (!poll_progress(d)) return report_error("the ledger was not notified", ASSAY_E_TIMEOUT);
    return status == ASSAY_OK ? ASSAY_EXIT_OK : report_error(d->word, status);
}

static int read_secret(struct share_command *d)
{
    uint8_t id[32], *sealed = NULL;
    size_t len = 0;
    ASSAY_ASSERT(d->word != NULL); /* by the table */
    if (strlen(d->word) != 64 || assay_hex_decode(d->word, 64, id, 32) != ASSAY_OK)
        return cli_misuse("ID has 64 hexadecimal digits, \"%s\" has not", d->word);
    const enum assay_status status = assay_file_read(
        d->sealed, ASSAY_SHARE_PAYLOAD_MAX + ASSAY_SHARE_PAYLOAD_MORE, &sealed, &len);
    if (status != ASSAY_OK) return report_error(d->sealed, status);
    int result = open_client(d);
    if (result == ASSAY_EXIT_OK) result = begin_read(d, id, assay_slice_over(sealed, len));
    free(sealed);
    if (result == ASSAY_EXIT_OK) result = wait_done(d);
    return result == ASSAY_EXIT_OK ? write_secret(d) : result;
}

int cli_command_share(int argc, char **argv)
{
    struct share_command d = { .q = cli_daemon_request("share") };
    const struct cli_option_target targets[] = {
        ASSAY_DAEMON_TARGETS(&d.q),
        { "key", .text = &d.key },
        { "name", .text = &d.name },
        { "out", .text = &d.out },
        { "sealed", .text = &d.sealed },
        { "cluster", .number = &d.cluster, .high = ASSAY_SHARE_CLUSTERS_MAX - 1 },
        { "id", .text = &d.id },
        { "reader", .text = d.readers, .count = &d.reader_count, .most = ASSAY_SHARE_READERS_MAX },
        { .name = NULL },
    };
    const char *const verb = argv[1];
    const bool is_status = strcmp(verb, "status") == 0;
    if (!is_status) d.q.timeout_ms = ASSAY_RECORD_SUBMIT_TIMEOUT_MS;
    const int read = cli_options_read(argc, argv, targets);
    if (read >= 0) return read;
    d.word = argv[2];
    if (is_status) return cli_services_shares(&d.q, d.id);
    const int result = strcmp(verb, "put") == 0       ? put_secret(&d)
                       : strcmp(verb, "delete") == 0  ? delete_secret(&d)
                       : strcmp(verb, "readers") == 0 ? change_readers(&d)
                                                      : read_secret(&d);
    assay_holder_client_close(&d.client);
    return result;
}
