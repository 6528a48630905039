/*
 * apps/assay/services/account.c - command group `assay account`: account keys, balances and
 * transfers.
 */
#include "apps/assay/core/command.h"
#include "apps/assay/core/option_values.h"
#include "apps/assay/core/record_submit.h"
#include "apps/assay/core/result_json.h"
#include "apps/assay/core/view.h"
#include "apps/assay/evidence/evidence_print.h"
#include "apps/assay/services/services.h"
#include "net/keys/keyring.h"
#include "services/tasks/records.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct account_command {
    struct assay_daemon_request q;
    const char *key, *to, *out;
    uint64_t amount, sequence; /* sequence UINT64_MAX: the next of the account */
};

/* ------------------------------------------------------------ keys */

static int create_account(const char *path)
{
    uint8_t public_key[ASSAY_P256_PUBLIC_LEN], account[32];
    const enum assay_status status = assay_keyring_operator_create(path, public_key);
    if (status != ASSAY_OK) {
        (void)fprintf(stderr, "assay account: %s: %s\n", path,
                      status == ASSAY_E_DUPLICATE
                          ? "there is a key already, and keys are never overwritten"
                          : assay_status_text(status));
        return status == ASSAY_E_DUPLICATE ? ASSAY_EXIT_CONFLICT : ASSAY_EXIT_INTERNAL;
    }
    assay_task_account(public_key, account);
    struct assay_json *const data =
        cli_result_json("account create", (const char *const[]){ path, NULL });
    assay_json_set_hex(data, "account", account, sizeof account);
    assay_json_set_hex(data, "public_key", public_key, sizeof public_key);
    return cli_result_print(data, "account: {account}\npublic_key: \"{public_key}\"\n");
}

/* ------------------------------------------------------------ money */

static void balance_of(const struct assay_record_submit_signing *s, uint64_t *balance,
                       uint64_t *sequence)
{
    const struct assay_task_ledger *const ledger =
        assay_follower_tasks(cli_record_submit_follower(s->hand));
    if (ledger == NULL || !assay_task_ledger_get_balance(ledger, s->account, balance, sequence))
        *balance = *sequence = 0;
}

/* What would have no effect is not signed: it would stay good for later. A number that was given is
 * taken at its word. Returns: -1 to go on, else the exit status. */
static int look_before(const struct account_command *d, const struct assay_record_submit_signing *s,
                       struct assay_task_transfer *t)
{
    uint64_t balance = 0;
    balance_of(s, &balance, &t->sequence);
    if (d->sequence != UINT64_MAX) t->sequence = d->sequence;
    if (d->sequence != UINT64_MAX || t->amount <= balance) return -1;
    (void)fprintf(stderr,
                  "assay account: the balance is %" PRIu64 ", and %" PRIu64
                  " was to be paid: nothing was signed\n",
                  balance, t->amount);
    return ASSAY_EXIT_DENIED;
}

static int print_transfer(const struct account_command *d,
                          const struct assay_record_submit_signing *s,
                          const struct assay_task_transfer *t)
{
    uint64_t balance = 0, next = 0;
    struct assay_json *const data = assay_json_object();
    balance_of(s, &balance, &next);
    assay_json_set_text(data, "kind", "transfer");
    assay_json_set_text(data, "result", "applied");
    assay_json_set_hex(data, "account", s->account, 32);
    assay_json_set_hex(data, "to", t->to, 32);
    assay_json_set_uint(data, "amount", t->amount);
    assay_json_set_uint(data, "sequence", t->sequence);
    assay_json_set_uint(data, "balance", balance);
    return cli_view_result(d->q.json, "assay.handed", data,
                           "final          {amount} paid, record {sequence}\n"
                           "from           {account}, balance {balance}\n"
                           "to             {to}\n");
}

static int hand_transfer(const struct account_command *d, struct assay_record_submit_signing *s,
                         struct assay_task_transfer *t)
{
    const struct assay_follower_state *const home =
        assay_follower_state(cli_record_submit_follower(s->hand));
    uint8_t digest[32], bytes[ASSAY_TASK_RECORD_MAX];
    struct assay_slice payload = { 0 };
    const char *word = "";
    const int looked = look_before(d, s, t);
    if (looked >= 0) return looked;
    assay_bytes_copy(t->key, sizeof t->key, s->public_key, sizeof s->public_key);
    assay_task_transfer_statement(home->chain_id, t, digest);
    enum assay_status status = cli_record_submit_sign(s, digest, t->signature);
    if (status == ASSAY_OK) status = assay_task_transfer_encode(t, bytes, sizeof bytes, &payload);
    if (status != ASSAY_OK) return cli_record_submit_report_unmade(d->q.group, status);
    const int result = cli_record_submit_send(s->hand, ASSAY_SERVICE_TRANSFER, payload, &word);
    return result == ASSAY_EXIT_OK ? print_transfer(d, s, t) : result;
}

static int transfer_amount(const struct account_command *d)
{
    struct assay_record_submit_signing s = { .hand = NULL };
    struct assay_task_transfer t = { .amount = d->amount };
    const int known = cli_record_submit_account(d->q.group, d->to, t.to);
    if (known != ASSAY_EXIT_OK) return known;
    int result = cli_record_submit_start(&d->q, d->key, &s);
    if (result == ASSAY_EXIT_OK) result = hand_transfer(d, &s, &t);
    cli_record_submit_stop(&s);
    return result;
}

int cli_command_account(int argc, char **argv)
{
    struct account_command d = { .q = cli_daemon_request("account"), .sequence = UINT64_MAX };
    const struct cli_option_target targets[] = {
        ASSAY_DAEMON_TARGETS(&d.q), { "key", .text = &d.key },
        { "to", .text = &d.to },    { "amount", .number = &d.amount, .low = 1, .high = UINT64_MAX },
        { "out", .text = &d.out },  { "sequence", .number = &d.sequence, .high = UINT64_MAX - 1 },
        { .name = NULL },
    };
    if (strcmp(argv[1], "show") != 0) d.q.timeout_ms = ASSAY_RECORD_SUBMIT_TIMEOUT_MS;
    const int read = cli_options_read(argc, argv, targets);
    if (read >= 0) return read;
    if (strcmp(argv[1], "create") == 0) return create_account(d.out);
    if (strcmp(argv[1], "transfer") == 0) return transfer_amount(&d);
    return cli_services_account(&d.q, argv[2]);
}
