/*
 * apps/assay/account.c - `assay account` and `assay task`: keys of accounts, money, tasks that end.
 */
#include "apps/assay/command.h"
#include "apps/assay/evidence_print.h"
#include "apps/assay/hand.h"
#include "apps/assay/made.h"
#include "apps/assay/options.h"
#include "apps/assay/services.h"
#include "base/assert.h"
#include "net/keyring.h"
#include "services/tasks/records.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct deed {
    struct assay_question q;
    const char *key, *to, *amount, *sequence, *out, *timeout;
    const char *verb, *word;
};

/* Returns: -1 to go on, else the exit status. */
static int read_deed(struct deed *d, int argc, char **argv)
{
    static const struct option options[] = {
        { "socket", required_argument, NULL, 's' },
        { "json", no_argument, NULL, 'j' },
        { "timeout", required_argument, NULL, 't' },
        { "key", required_argument, NULL, 'k' },
        { "to", required_argument, NULL, 'T' },
        { "amount", required_argument, NULL, 'a' },
        { "sequence", required_argument, NULL, 'n' },
        { "out", required_argument, NULL, 'o' },
        { NULL, 0, NULL, 0 },
    };
    d->q.socket = assay_ask_socket();
    d->q.timeout_ms = ASSAY_CLIENT_TIMEOUT_MS;
    for (int o; (o = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (o == 's') d->q.socket = optarg;
        else if (o == 'j') d->q.json = true;
        else if (o == 'k') d->key = optarg;
        else if (o == 'T') d->to = optarg;
        else if (o == 'a') d->amount = optarg;
        else if (o == 'n') d->sequence = optarg;
        else if (o == 'o') d->out = optarg;
        else d->timeout = optarg;
    }
    d->verb = argv[optind];
    d->word = optind + 1 < argc ? argv[optind + 1] : NULL;
    if (d->timeout == NULL || assay_ask_timeout(d->timeout, &d->q.timeout_ms)) return -1;
    return assay_misuse("--timeout wants 1 to 3600000 milliseconds, not \"%s\"", d->timeout);
}

/* ------------------------------------------------------------ keys */

static int create(const char *path)
{
    uint8_t public_key[ASSAY_P256_PUBLIC_LEN], account[32];
    char text[2 * ASSAY_P256_PUBLIC_LEN + 1];
    const enum assay_status status = assay_operator_key_create(path, public_key);
    if (status != ASSAY_OK) {
        (void)fprintf(stderr, "assay account: %s: %s\n", path,
                      status == ASSAY_E_DUPLICATE
                          ? "there is a key already, and keys are never overwritten"
                          : assay_status_text(status));
        return status == ASSAY_E_DUPLICATE ? ASSAY_EXIT_CONFLICT : ASSAY_EXIT_INTERNAL;
    }
    assay_task_account(public_key, account);
    if (assay_json_mode_asked()) {
        struct assay_json *const data =
            assay_made("account create", (const char *const[]){ path, NULL });
        assay_json_set_hex(data, "account", account, sizeof account);
        assay_json_set_hex(data, "public_key", public_key, sizeof public_key);
        return assay_made_print(data);
    }
    assay_hex_encode(account, sizeof account, text, sizeof text);
    (void)printf("account: %s\n", text);
    assay_hex_encode(public_key, sizeof public_key, text, sizeof text);
    (void)printf("public_key: \"%s\"\n", text);
    return ASSAY_EXIT_OK;
}

/* ------------------------------------------------------------ what is signed */

struct signing {
    struct assay_secret32 secret;
    uint8_t public_key[ASSAY_P256_PUBLIC_LEN], account[32];
    struct assay_hand *hand;
};

static int begin(struct deed *d, struct signing *s)
{
    const int set = assay_hand_timeout(&d->q, d->timeout);
    if (set >= 0) return set;
    const int read = assay_hand_key(d->q.group, d->key, &s->secret, s->public_key);
    if (read != ASSAY_EXIT_OK) return read;
    assay_task_account(s->public_key, s->account);
    return assay_hand_open(&d->q, ASSAY_SERVICE_TASKS, &s->hand);
}

static void end(struct signing *s)
{
    assay_secret_wipe(&s->secret, sizeof s->secret);
    assay_hand_close(&s->hand);
}

static enum assay_status put_signature(const struct signing *s, const uint8_t digest[static 32],
                                       uint8_t signature[static ASSAY_P256_SIGNATURE_LEN])
{
    struct assay_p256_signer *signer = NULL;
    ASSAY_TRY(assay_p256_signer_load(&s->secret, &signer));
    const enum assay_status status = assay_p256_sign(signer, digest, signature);
    assay_p256_signer_free(&signer);
    return status;
}

static int fail(const struct deed *d, enum assay_status status)
{
    (void)fprintf(stderr, "assay %s: the record cannot be made: %s\n", d->q.group,
                  assay_status_text(status));
    return ASSAY_EXIT_INTERNAL;
}

static void balance_of(const struct signing *s, uint64_t *balance, uint64_t *sequence)
{
    const struct assay_task_ledger *const ledger =
        assay_follower_tasks(assay_hand_follower(s->hand));
    if (ledger == NULL || !assay_task_ledger_balance(ledger, s->account, balance, sequence))
        *balance = *sequence = 0;
}

/* What would have no effect is not signed: it would stay good for later. A number that was given is
 * taken at its word. Returns: -1 to go on, else the exit status. */
static int look_before(const struct deed *d, const struct signing *s, struct assay_task_transfer *t)
{
    uint64_t balance = 0;
    balance_of(s, &balance, &t->sequence);
    if (d->sequence != NULL)
        return assay_hand_number(d->sequence, 0, &t->sequence)
                   ? -1
                   : assay_misuse("--sequence wants a number, not \"%s\"", d->sequence);
    if (t->amount <= balance) return -1;
    (void)fprintf(stderr,
                  "assay account: the balance is %" PRIu64 ", and %" PRIu64
                  " was to be paid: nothing was signed\n",
                  balance, t->amount);
    return ASSAY_EXIT_DENIED;
}

static int print_transfer(const struct deed *d, const struct signing *s,
                          const struct assay_task_transfer *t)
{
    char from[65], to[65];
    uint64_t balance = 0, next = 0;
    balance_of(s, &balance, &next);
    if (d->q.json) {
        struct assay_json *const data = assay_json_object();
        assay_json_set_text(data, "kind", "transfer");
        assay_json_set_text(data, "result", "applied");
        assay_json_set_hex(data, "account", s->account, 32);
        assay_json_set_hex(data, "to", t->to, 32);
        assay_json_set_uint(data, "amount", t->amount);
        assay_json_set_uint(data, "sequence", t->sequence);
        assay_json_set_uint(data, "balance", balance);
        return assay_print_envelope("assay.handed", data);
    }
    assay_hex_encode(s->account, 32, from, sizeof from);
    assay_hex_encode(t->to, 32, to, sizeof to);
    (void)printf("final          %" PRIu64 " paid, record %" PRIu64 "\nfrom           %s, balance "
                 "%" PRIu64 "\nto             %s\n",
                 t->amount, t->sequence, from, balance, to);
    return ASSAY_EXIT_OK;
}

static int hand_transfer(const struct deed *d, struct signing *s, struct assay_task_transfer *t)
{
    const struct assay_follower_home *const home =
        assay_follower_home(assay_hand_follower(s->hand));
    uint8_t digest[32], bytes[ASSAY_TASK_RECORD_MAX];
    struct assay_slice payload = { 0 };
    const char *word = "";
    const int looked = look_before(d, s, t);
    if (looked >= 0) return looked;
    assay_bytes_copy(t->key, sizeof t->key, s->public_key, sizeof s->public_key);
    assay_task_transfer_statement(home->chain_id, t, digest);
    enum assay_status status = put_signature(s, digest, t->signature);
    if (status == ASSAY_OK) status = assay_task_transfer_encode(t, bytes, sizeof bytes, &payload);
    if (status != ASSAY_OK) return fail(d, status);
    const int result = assay_hand_submit(s->hand, ASSAY_SERVICE_TRANSFER, payload, &word);
    return result == ASSAY_EXIT_OK ? print_transfer(d, s, t) : result;
}

static int transfer(struct deed *d)
{
    struct signing s = { .hand = NULL };
    struct assay_task_transfer t = { .amount = 0 };
    if (!assay_hand_number(d->amount, 1, &t.amount))
        return assay_misuse("--amount wants a number from 1, not \"%s\"", d->amount);
    const int known = assay_hand_account(d->q.group, d->to, t.to);
    if (known != ASSAY_EXIT_OK) return known;
    int result = begin(d, &s);
    if (result == ASSAY_EXIT_OK) result = hand_transfer(d, &s, &t);
    end(&s);
    return result;
}

/* ------------------------------------------------------------ tasks */

static int hand_close(const struct deed *d, struct signing *s, struct assay_task_close *c)
{
    const struct assay_follower_home *const home =
        assay_follower_home(assay_hand_follower(s->hand));
    uint8_t digest[32], bytes[ASSAY_TASK_RECORD_MAX];
    struct assay_slice payload = { 0 };
    const char *word = "";
    assay_bytes_copy(c->key, sizeof c->key, s->public_key, sizeof s->public_key);
    assay_task_close_statement(home->chain_id, c, digest);
    enum assay_status status = put_signature(s, digest, c->signature);
    if (status == ASSAY_OK) status = assay_task_close_encode(c, bytes, sizeof bytes, &payload);
    if (status != ASSAY_OK) return fail(d, status);
    const int result = assay_hand_submit(s->hand, ASSAY_SERVICE_TASK_CLOSE, payload, &word);
    if (result != ASSAY_EXIT_OK) return result;
    if (!d->q.json) {
        (void)puts("final          the task is closed, and what was locked is back");
        return ASSAY_EXIT_OK;
    }
    struct assay_json *const data = assay_json_object();
    assay_json_set_text(data, "kind", "task-close");
    assay_json_set_text(data, "result", word);
    assay_json_set_hex(data, "account", s->account, 32);
    assay_json_set_hex(data, "task", c->task, 32);
    return assay_print_envelope("assay.handed", data);
}

static int close_task(struct deed *d)
{
    struct signing s = { .hand = NULL };
    struct assay_task_close c = { .task = { 0 } };
    ASSAY_ASSERT(d->word != NULL); /* by the table */
    if (strlen(d->word) != 64 || assay_hex_decode(d->word, 64, c.task, 32) != ASSAY_OK)
        return assay_misuse("TASK has 64 hexadecimal digits, \"%s\" has not", d->word);
    int result = begin(d, &s);
    if (result == ASSAY_EXIT_OK) result = hand_close(d, &s, &c);
    end(&s);
    return result;
}

/* ------------------------------------------------------------ the groups */

int assay_command_account(int argc, char **argv)
{
    struct deed d = { .q = { .group = "account" } };
    const int read = read_deed(&d, argc, argv);
    if (read >= 0) return read;
    if (strcmp(d.verb, "create") == 0) return create(d.out);
    if (strcmp(d.verb, "transfer") == 0) return transfer(&d);
    return assay_services_account(&d.q, d.word);
}

int assay_command_task(int argc, char **argv)
{
    struct deed d = { .q = { .group = "task" } };
    const int read = read_deed(&d, argc, argv);
    if (read >= 0) return read;
    if (strcmp(d.verb, "close") == 0) return close_task(&d);
    if (strcmp(d.verb, "offers") == 0) return assay_services_offers(&d.q);
    return assay_services_tasks(&d.q, d.word);
}
