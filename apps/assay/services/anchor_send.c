/*
 * apps/assay/services/anchor_send.c - `assay anchor advance` and `deploy`: transactions until they
 * are confirmed.
 *
 * Ended before that, it is run again: what was sent stays sent, and the contract takes an epoch
 * once.
 */
#include "apps/assay/services/anchor.h"

#include "apps/assay/core/command.h"
#include "apps/assay/core/result_json.h"
#include "base/system_clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { POLL_MS = 500 };

/* ------------------------------------------------------------ the key */

static int read_key(const struct assay_anchor_run *run, struct assay_secret32 *key)
{
    char message[ASSAY_ANCHOR_FAULT_MAX] = "";
    const enum assay_status status = assay_config_anchor_key_read(run->settings.key, key, message);
    if (status == ASSAY_OK) return ASSAY_EXIT_OK;
    (void)fprintf(stderr, "%s: %s\n", run->command, message);
    return status == ASSAY_E_NOT_FOUND ? ASSAY_EXIT_NOT_FOUND : ASSAY_EXIT_USAGE;
}

/* ------------------------------------------------------------ one transaction */

static void print_progress(struct assay_anchor_sending *s)
{
    const struct assay_evm_progress *const p = &s->sender.progress;
    char line[sizeof s->said], hash[65];
    assay_hex_encode(p->hash, 32, hash, sizeof hash);
    int len = 0;
    if (p->signed_ == 0) len = snprintf(line, sizeof line, "%s", assay_eth_phase_text(p->phase));
    else if (p->depth > 0)
        len = snprintf(line, sizeof line, "%s 0x%s, block %" PRIu64 ", %" PRIu64 " of %u deep",
                       assay_eth_phase_text(p->phase), hash, p->receipt.block, p->depth,
                       (unsigned)s->sender.config.confirmations);
    else len = snprintf(line, sizeof line, "%s 0x%s", assay_eth_phase_text(p->phase), hash);
    if (p->why[0] != '\0' && len > 0 && (size_t)len < sizeof line)
        (void)snprintf(line + len, sizeof line - (size_t)len, ": %s", p->why);
    if (s->run->json || strcmp(line, s->said) == 0) return;
    (void)fprintf(stderr, "%s: %s\n", s->run->command, line);
    assay_bytes_copy((uint8_t *)s->said, sizeof s->said, (const uint8_t *)line, sizeof line);
}

static void log_transaction(struct assay_anchor_sending *s)
{
    const struct assay_evm_progress *const p = &s->sender.progress;
    struct assay_json *const one = assay_json_object();
    assay_json_set_hex(one, "hash", p->hash, 32);
    assay_json_set_uint(one, "block", p->receipt.block);
    assay_json_set_uint(one, "depth", p->depth);
    assay_json_set_uint(one, "gas", p->receipt.gas);
    assay_json_set_uint(one, "max_fee_wei", p->fee_wei);
    assay_json_append(s->transactions, one);
}

/* Explanation of the contract's error for the operator. */
static const char *get_advice(const char *word)
{
    static const char *const words[][2] = {
        { "stale", "what it holds is older than a day: deploy another anchor" },
        { "time", "the clock of this network or of that chain is wrong" },
        { "epoch", "it holds a later epoch already" },
        { "signature", "has that chain ECDSA over P-256 at 0x100 (EIP-7951)?" },
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(word, words[i][0]) == 0) return words[i][1];
    return "the contract refuses";
}

static int give_up(const struct assay_anchor_sending *s)
{
    const struct assay_evm_progress *const p = &s->sender.progress;
    (void)fprintf(stderr,
                  "%s: not %u blocks deep after %" PRIu64 " s (%s)%s%s; run it again, "
                  "what was sent may still be included\n",
                  s->run->command, (unsigned)s->sender.config.confirmations, s->run->wait_ms / 1000,
                  assay_eth_phase_text(p->phase), p->why[0] != '\0' ? ": " : "", p->why);
    return ASSAY_EXIT_TIMEOUT;
}

/* Until it is deep enough. Returns: an enum assay_exit; ASSAY_EXIT_DENIED: rejected by the
 * contract, not yet reported */
int cli_anchor_drive(struct assay_anchor_sending *s, const struct assay_evm_order *order)
{
    const enum assay_status begun = assay_eth_sender_begin(&s->sender, order);
    ASSAY_ASSERT(begun == ASSAY_OK); /* one after the other, within its bounds */
    for (;;) {
        const enum assay_evm_phase phase = assay_eth_sender_step(&s->sender, assay_monotonic_ms());
        print_progress(s);
        if (phase == ASSAY_EVM_DONE) {
            log_transaction(s);
            return ASSAY_EXIT_OK;
        }
        if (phase == ASSAY_EVM_REFUSED) return ASSAY_EXIT_DENIED;
        if (assay_monotonic_ms() - s->begun_ms >= s->run->wait_ms) return give_up(s);
        const struct timespec pause = { .tv_nsec = POLL_MS * 1000000L };
        (void)nanosleep(&pause, NULL);
    }
}

int cli_anchor_refused(const struct assay_anchor_sending *s)
{
    const char *const why = s->sender.progress.why;
    (void)fprintf(stderr, "%s: refused, \"%s\": %s\n", s->run->command, why, get_advice(why));
    return ASSAY_EXIT_DENIED;
}

/* ------------------------------------------------------------ around them */

static int check_chain(struct assay_anchor_run *run)
{
    uint64_t chain_id = 0;
    enum assay_status status = assay_eth_get_chain(&run->rpc, &chain_id);
    if (status == ASSAY_OK && chain_id != run->settings.sender.chain_id) {
        (void)fprintf(stderr, "%s: %s is a node of chain %" PRIu64 ", not of %" PRIu64 "\n",
                      run->command, run->settings.rpc, chain_id, run->settings.sender.chain_id);
        return ASSAY_EXIT_CONFLICT;
    }
    if (status == ASSAY_OK) status = assay_eth_p256_check(&run->rpc);
    if (status == ASSAY_E_UNSUPPORTED) {
        (void)fprintf(
            stderr,
            "%s: chain %" PRIu64
            " has no ECDSA over P-256 at 0x100 (EIP-7951): no anchor can verify signatures there\n",
            run->command, chain_id);
        return ASSAY_EXIT_CONFLICT;
    }
    return status == ASSAY_OK ? ASSAY_EXIT_OK : cli_anchor_node_failed(run, status);
}

int cli_anchor_sending_open(struct assay_anchor_run *run, struct assay_anchor_sending *s)
{
    const struct assay_evm_config config = assay_config_anchor_sender(&run->settings);
    struct assay_secret32 key = { { 0 } };
    *s = (struct assay_anchor_sending){ .run = run, .begun_ms = assay_monotonic_ms() };
    int result = check_chain(run);
    if (result == ASSAY_EXIT_OK) result = read_key(run, &key);
    if (result != ASSAY_EXIT_OK) return result;
    const enum assay_status status =
        assay_eth_sender_init(&s->sender, &config, &key, run->rpc.link);
    assay_secret_wipe(&key, sizeof key);
    if (status != ASSAY_OK) {
        (void)fprintf(stderr, "%s: %s: no account has that key (%s)\n", run->command,
                      run->settings.key, assay_status_text(status));
        return ASSAY_EXIT_USAGE;
    }
    s->transactions = assay_json_array();
    s->data = malloc(ASSAY_EVM_DATA_LEN_MAX);
    return s->data != NULL ? ASSAY_EXIT_OK : ASSAY_EXIT_INTERNAL;
}

void cli_anchor_sending_close(struct assay_anchor_sending *s)
{
    if (s->sender.data != NULL) assay_eth_sender_deinit(&s->sender);
    assay_json_free(&s->transactions);
    free(s->data);
}

static int print_made(struct assay_anchor_sending *s, const char *verb, const uint8_t *contract,
                      uint64_t epoch)
{
    char address[2 * ASSAY_EVM_ADDRESS_LEN + 3];
    cli_anchor_address(contract, address);
    if (!s->run->json) {
        (void)printf("contract       %s\nepoch          %" PRIu64 "\n", address, epoch);
        return ASSAY_EXIT_OK;
    }
    struct assay_json *const data = cli_result_json(verb, (const char *const[]){ NULL });
    assay_json_set_text(data, "contract", address);
    assay_json_set_uint(data, "epoch", epoch);
    assay_json_set(data, "transactions", s->transactions);
    s->transactions = NULL;
    return cli_result_json_print(data);
}

/* ------------------------------------------------------------ advance */

static int no_order(const struct assay_anchor_run *run, const struct assay_evm_anchored *held,
                    enum assay_status status)
{
    if (status == ASSAY_E_CHAIN) {
        (void)fprintf(stderr, "%s: the contract is about another network or era than %s is of\n",
                      run->command, run->socket);
        return ASSAY_EXIT_CONFLICT;
    }
    if (status == ASSAY_E_STRANGER || status == ASSAY_E_EARLY) {
        (void)fprintf(stderr,
                      "%s: too many vote with other keys or weights since epoch %" PRIu64
                      ", and %s "
                      "has nothing that leads from there: deploy another anchor\n",
                      run->command, held->epoch, run->socket);
        return ASSAY_EXIT_DENIED;
    }
    return cli_anchor_daemon_failed(run, status);
}

static bool is_dead(const struct assay_anchor_run *run, const struct assay_evm_anchored *held)
{
    const uint64_t now = assay_unix_ms();
    if (now < held->time_ms || now - held->time_ms <= ASSAY_EVM_ANCHOR_MAX_AGE_MS) return false;
    (void)fprintf(stderr,
                  "%s: epoch %" PRIu64 ", which it holds, is older than a day: nothing "
                  "brings it further, deploy another anchor\n",
                  run->command, held->epoch);
    return true;
}

/* One call further. Somebody else may have brought it there meanwhile. */
static int one_call(struct assay_anchor_sending *s, struct assay_evm_anchored *held)
{
    struct assay_anchor_run *const run = s->run;
    const struct assay_evm_epoch_source closings = { .ask = cli_anchor_request_epoch,
                                                     .context = run };
    const uint64_t before = held->epoch;
    struct assay_evm_order order;
    uint64_t epoch = 0;
    const enum assay_status status = assay_eth_anchor_next_order(
        held, run->settings.contract, &closings, s->data, ASSAY_EVM_DATA_LEN_MAX, &order, &epoch);
    if (status != ASSAY_OK) return no_order(run, held, status);
    if (!run->json)
        (void)fprintf(stderr, "%s: from epoch %" PRIu64 " to %" PRIu64 "\n", run->command, before,
                      epoch);
    const int driven = cli_anchor_drive(s, &order);
    if (driven != ASSAY_EXIT_OK && driven != ASSAY_EXIT_DENIED) return driven;
    const int asked = cli_anchor_held(run, held);
    if (asked != ASSAY_EXIT_OK) return asked;
    if (held->epoch > before) return ASSAY_EXIT_OK;
    if (driven == ASSAY_EXIT_DENIED) return cli_anchor_refused(s);
    (void)fprintf(stderr, "%s: it was included, and the node reports no change\n", run->command);
    return ASSAY_EXIT_MALFORMED;
}

static int advance_anchor(struct assay_anchor_sending *s)
{
    struct assay_anchor_run *const run = s->run;
    struct assay_evm_finalized_epoch newest = { .oldest = 0 };
    struct assay_evm_anchored held;
    const int asked = cli_anchor_held(run, &held);
    if (asked != ASSAY_EXIT_OK) return asked;
    const enum assay_status status = cli_anchor_request_epoch(run, 0, &newest);
    const uint64_t target = newest.anchored.epoch;
    const bool same = assay_bytes_equal(newest.anchored.chain_id, held.chain_id, 32) &&
                      newest.anchored.era == held.era;
    assay_eth_finalized_epoch_free(&newest);
    if (status != ASSAY_OK) return cli_anchor_daemon_failed(run, status);
    if (!same) return no_order(run, &held, ASSAY_E_CHAIN);
    if (held.epoch < target && is_dead(run, &held)) return ASSAY_EXIT_DENIED;
    while (held.epoch < target) {
        const int result = one_call(s, &held);
        if (result != ASSAY_EXIT_OK) return result;
    }
    return print_made(s, "anchor advance", run->settings.contract, held.epoch);
}

/* ------------------------------------------------------------ deploy */

static int deploy_anchor(struct assay_anchor_sending *s)
{
    struct assay_anchor_run *const run = s->run;
    struct assay_evm_finalized_epoch newest = { .oldest = 0 };
    const enum assay_status status = cli_anchor_request_epoch(run, 0, &newest);
    const struct assay_evm_anchored from = newest.anchored;
    struct assay_evm_order order;
    assay_eth_finalized_epoch_free(&newest);
    if (status != ASSAY_OK) return cli_anchor_daemon_failed(run, status);
    if (assay_eth_anchor_deploy_order(&from, s->data, ASSAY_EVM_DATA_LEN_MAX, &order) != ASSAY_OK)
        return ASSAY_EXIT_INTERNAL;
    const int driven = cli_anchor_drive(s, &order);
    if (driven != ASSAY_EXIT_OK)
        return driven == ASSAY_EXIT_DENIED ? cli_anchor_refused(s) : driven;
    return print_made(s, "anchor deploy", s->sender.progress.receipt.contract, from.epoch);
}

static int with_sender(struct assay_anchor_run *run, int (*what)(struct assay_anchor_sending *s))
{
    struct assay_anchor_sending *const s = calloc(1, sizeof *s);
    if (s == NULL) return ASSAY_EXIT_INTERNAL;
    int result = cli_anchor_sending_open(run, s);
    if (result == ASSAY_EXIT_OK) result = what(s);
    cli_anchor_sending_close(s);
    free(s);
    return result;
}

int cli_anchor_advance(struct assay_anchor_run *run)
{
    return with_sender(run, advance_anchor);
}

int cli_anchor_deploy(struct assay_anchor_run *run)
{
    return with_sender(run, deploy_anchor);
}
