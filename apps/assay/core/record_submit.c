/*
 * apps/assay/core/record_submit.c - submission of records to a daemon (record_submit.h).
 */
#include "apps/assay/core/record_submit.h"

#include "apps/assay/core/command.h"
#include "base/system_clock.h"
#include "net/keys/keyring.h"
#include "net/services/server/record_queue.h"
#include "services/tasks/task.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TURN_MS = 200, WHY_MAX = 160 };

struct assay_record_submit {
    const struct assay_daemon_request *q;
    char path[ASSAY_FOLLOWER_PATH_MAX + 1];
    uint64_t until_ms;
    struct assay_follower *follower;
    struct assay_record_queue *pending;
    enum assay_service_kind kind; /* of what was handed in; 0: nothing */
    struct assay_slice payload;
    bool away;          /* the daemon was gone since: its record may have become final unseen */
    bool crowded;       /* there was no place at its socket when it was dialled last */
    const char *became; /* NULL: not final yet */
    char why[WHY_MAX];  /* the daemon's, when it refuses */
};

/* ------------------------------------------------------------ keys and accounts */

int cli_record_submit_key(const char *group, const char *path, struct assay_secret32 *secret,
                          uint8_t public_key[static ASSAY_P256_PUBLIC_LEN])
{
    char why[ASSAY_FILE_MESSAGE_LEN] = "";
    const enum assay_status status = assay_keyring_operator_load(path, secret, public_key);
    if (status == ASSAY_OK) return ASSAY_EXIT_OK;
    if (status == ASSAY_E_NOT_FOUND || !assay_file_secret_fault(path, why))
        (void)snprintf(why, sizeof why, "%s", assay_status_text(status));
    (void)fprintf(stderr, "assay %s: %s: %s; assay account create makes keys\n", group, path, why);
    return status == ASSAY_E_NOT_FOUND ? ASSAY_EXIT_NOT_FOUND : ASSAY_EXIT_USAGE;
}

int cli_record_submit_account(const char *group, const char *text, uint8_t account[static 32])
{
    uint8_t public_key[ASSAY_P256_PUBLIC_LEN];
    struct assay_secret32 secret;
    if (strlen(text) == 64 && assay_hex_decode(text, 64, account, 32) == ASSAY_OK)
        return ASSAY_EXIT_OK;
    const enum assay_status status = assay_keyring_operator_load(text, &secret, public_key);
    assay_secret_wipe(&secret, sizeof secret);
    if (status != ASSAY_OK) {
        (void)fprintf(stderr,
                      "assay %s: \"%s\" is no account: expected 64 hexadecimal digits, or a file "
                      "that assay account create wrote\n",
                      group, cli_text_sanitized(text));
        return ASSAY_EXIT_USAGE;
    }
    assay_task_account(public_key, account);
    return ASSAY_EXIT_OK;
}

int cli_record_submit_path(const struct assay_daemon_request *q,
                           char path[static ASSAY_FOLLOWER_PATH_MAX + 1])
{
    struct assay_json *document = NULL;
    struct assay_daemon_request ask = *q;
    if (ask.timeout_ms > ASSAY_CLIENT_TIMEOUT_MS) ask.timeout_ms = ASSAY_CLIENT_TIMEOUT_MS;
    const int result = cli_daemon_get_document(&ask, &document, "services");
    if (result != ASSAY_EXIT_OK) return result;
    const char *socket =
        assay_json_text(assay_json_get(assay_json_get(document, "data"), "programs"), "socket", "");
    const int len = snprintf(path, ASSAY_FOLLOWER_PATH_MAX + 1, "%s", socket);
    assay_json_free(&document);
    if (len > 0 && len <= ASSAY_FOLLOWER_PATH_MAX) return ASSAY_EXIT_OK;
    (void)fprintf(stderr,
                  "assay %s: this daemon accepts no followers: its network has no services, or "
                  "listen.services is off\n",
                  q->group);
    return ASSAY_EXIT_NOT_FOUND;
}

/* ------------------------------------------------------------ updates from the daemon */

/* After a reconnect the daemon sends the state, not the result of a record. */
static void report_begun(void *context)
{
    struct assay_record_submit *hand = context;
    if (hand->kind == 0) return;
    hand->away = true;
    assay_queue_reset_due(hand->pending);
}

static void report_result(void *context, enum assay_service_kind kind, struct assay_slice payload,
                          const char *word)
{
    struct assay_record_submit *hand = context;
    if (hand->kind == 0 || kind != hand->kind || payload.len != hand->payload.len ||
        !assay_bytes_equal(payload.bytes, hand->payload.bytes, payload.len))
        return;
    assay_queue_remove(hand->pending, kind, payload);
    if (hand->became == NULL) hand->became = word;
}

static void report_refused(void *context, enum assay_service_kind kind, struct assay_slice why)
{
    struct assay_record_submit *hand = context;
    if (kind != hand->kind) return;
    const size_t len = why.len < WHY_MAX ? why.len : WHY_MAX - 1;
    assay_bytes_copy(hand->why, WHY_MAX, why.bytes, len);
    hand->why[len] = '\0';
}

/* ------------------------------------------------------------ turns */

/* A restarting daemon may be unreachable for a while, and then behind its earlier state. Returns:
 * ASSAY_OK, the state may have changed | ASSAY_E_TIMEOUT | an error that waiting does not fix */
static enum assay_status poll_record(struct assay_record_submit *hand)
{
    const enum assay_status status = assay_follower_step(hand->follower, assay_monotonic_ms());
    if (status == ASSAY_E_UNSUPPORTED || status == ASSAY_E_STRANGER || status == ASSAY_E_MEMORY)
        return status;
    if (status != ASSAY_OK || assay_follower_follows(hand->follower))
        hand->crowded = status == ASSAY_E_FULL;
    assay_queue_send_due(hand->pending, hand->follower, assay_monotonic_ms());
    if (assay_monotonic_ms() >= hand->until_ms) return ASSAY_E_TIMEOUT;
    struct pollfd fd = assay_follower_poll(hand->follower);
    (void)poll(&fd, fd.fd >= 0 ? 1 : 0, TURN_MS);
    return ASSAY_OK;
}

static int give_up(const struct assay_record_submit *hand, enum assay_status status,
                   const char *what)
{
    const char *words = assay_status_text(status);
    if (status == ASSAY_E_STRANGER)
        words = "this user may not connect: expected the daemon's user, root, or the group of the "
                "socket's folder";
    if (status == ASSAY_E_TIMEOUT && hand->crowded)
        words = "timed out: all places of this socket were taken, services_full in the daemon's "
                "log names the users";
    (void)fprintf(stderr, "assay %s: %s: %s: %s\n", hand->q->group, hand->path, what, words);
    if (status == ASSAY_E_TIMEOUT) return ASSAY_EXIT_TIMEOUT;
    return status == ASSAY_E_UNSUPPORTED ? ASSAY_EXIT_NOT_FOUND : ASSAY_EXIT_INTERNAL;
}

int cli_record_submit_open(const struct assay_daemon_request *q, enum assay_service_role role,
                           struct assay_record_submit **hand)
{
    struct assay_record_submit *l = calloc(1, sizeof *l);
    if (l == NULL) return ASSAY_EXIT_INTERNAL;
    const struct assay_follower_callbacks callbacks = { .begun = report_begun,
                                                        .became = report_result,
                                                        .refused = report_refused };
    struct assay_follower_config config = {
        .path = l->path, .role = role, .callbacks = callbacks, .context = l
    };
    l->q = q;
    l->until_ms = assay_monotonic_ms() + q->timeout_ms;
    const int found = cli_record_submit_path(q, l->path);
    if (found != ASSAY_EXIT_OK) {
        free(l);
        return found;
    }
    enum assay_status status = assay_queue_create(ASSAY_RECORD_QUEUE_RESEND_MS, &l->pending);
    if (status == ASSAY_OK) status = assay_follower_create(&config, &l->follower);
    while (status == ASSAY_OK && !assay_follower_follows(l->follower))
        status = poll_record(l);
    if (status == ASSAY_OK) {
        *hand = l;
        return ASSAY_EXIT_OK;
    }
    const int result = give_up(l, status, "the ledger was not notified");
    cli_record_submit_close(&l);
    return result;
}

void cli_record_submit_close(struct assay_record_submit **hand)
{
    struct assay_record_submit *l = *hand;
    *hand = NULL;
    if (l == NULL) return;
    assay_follower_destroy(&l->follower);
    assay_queue_destroy(&l->pending);
    free(l);
}

const struct assay_follower *cli_record_submit_follower(const struct assay_record_submit *hand)
{
    return hand->follower;
}

/* ------------------------------------------------------------ what became of it */

/* Sentences for the results that users see. */
static const char *sentence_of(const char *word)
{
    static const char *const rows[][2] = {
        { "no-account", "the account has never been paid anything" },
        { "sequence", "another record of the account took that number, or none led to it" },
        { "poor", "the balance is lower" },
        { "no-room", "there is no room for another account" },
        { "quota", "the account has as many open tasks as one account may: wait for the end of "
                   "one, or close one (assay task status)" },
        { "unknown", "no such task is remembered" },
        { "wrong-key", "the task was opened by another account" },
        { "early",
          "its executor may still claim: wait for the deadline, or release it when no claim "
          "came for 4 closes (assay task release)" },
        { "not-taken", "it was not accepted: assay task close ends it" },
        { "changed", "a claim arrived meanwhile: check assay task status and retry" },
        { "gone", "the task has ended before" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strcmp(rows[i][0], word) == 0) return rows[i][1];
    return "it means nothing here";
}

static int report_outcome(const struct assay_record_submit *hand, const char *word)
{
    if (strcmp(word, "applied") == 0) return ASSAY_EXIT_OK;
    (void)fprintf(stderr, "assay %s: final, and without effect (%s): %s\n", hand->q->group,
                  strcmp(word, "poor") == 0 ? "low balance" : word, sentence_of(word));
    if (strcmp(word, "sequence") == 0 || strcmp(word, "gone") == 0) return ASSAY_EXIT_CONFLICT;
    if (strcmp(word, "unknown") == 0 || strcmp(word, "no-account") == 0)
        return ASSAY_EXIT_NOT_FOUND;
    return ASSAY_EXIT_DENIED;
}

int cli_record_submit_send(struct assay_record_submit *hand, enum assay_service_kind kind,
                           struct assay_slice payload, const char **word)
{
    *word = "";
    hand->kind = kind;
    hand->payload = payload;
    hand->away = false;
    hand->became = NULL;
    hand->why[0] = '\0';
    enum assay_status status = assay_queue_add(hand->pending, kind, payload);
    while (status == ASSAY_OK && hand->became == NULL && hand->why[0] == '\0')
        status = poll_record(hand);
    assay_queue_clear_kind(hand->pending, kind);
    hand->kind = 0;
    if (hand->became != NULL && (!hand->away || strcmp(hand->became, "applied") == 0)) {
        *word = hand->became;
        return report_outcome(hand, *word);
    }
    if (hand->became != NULL) {
        (void)fprintf(stderr,
                      "assay %s: the daemon disconnected: this record or another one took effect; "
                      "check the present state\n",
                      hand->q->group);
        return ASSAY_EXIT_PARTIAL;
    }
    if (hand->why[0] != '\0') {
        (void)fprintf(stderr, "assay %s: the daemon refuses it: %s\n", hand->q->group,
                      cli_text_sanitized(hand->why));
        return ASSAY_EXIT_DENIED;
    }
    return give_up(hand, status, "not final in time; it may still become so");
}

/* ------------------------------------------------------------ what an account signs */

int cli_record_submit_start(const struct assay_daemon_request *q, const char *key,
                            struct assay_record_submit_signing *signing)
{
    const int read = cli_record_submit_key(q->group, key, &signing->secret, signing->public_key);
    if (read != ASSAY_EXIT_OK) return read;
    assay_task_account(signing->public_key, signing->account);
    return cli_record_submit_open(q, ASSAY_SERVICE_ROLE_REQUESTOR, &signing->hand);
}

void cli_record_submit_stop(struct assay_record_submit_signing *signing)
{
    assay_secret_wipe(&signing->secret, sizeof signing->secret);
    cli_record_submit_close(&signing->hand);
}

enum assay_status cli_record_submit_sign(const struct assay_record_submit_signing *signing,
                                         const uint8_t digest[static 32],
                                         uint8_t signature[static ASSAY_P256_SIGNATURE_LEN])
{
    struct assay_p256_signer *signer = NULL;
    ASSAY_TRY(assay_p256_signer_load(&signing->secret, &signer));
    const enum assay_status status = assay_p256_sign(signer, digest, signature);
    assay_p256_signer_free(&signer);
    return status;
}

int cli_record_submit_report_unmade(const char *group, enum assay_status status)
{
    (void)fprintf(stderr, "assay %s: the record cannot be made: %s\n", group,
                  assay_status_text(status));
    return ASSAY_EXIT_INTERNAL;
}
