/* apps/enclave/quote_request.c - the quote that the host requested. */
#include "apps/enclave/quote_request.h"

#include "apps/enclave/attester.h"
#include "base/assert.h"
#include "engine/ledger/records/envelope.h"
#include "engine/ledger/state/workload_keys.h"

static void fill_statement(const struct assay_binding *binding,
                           const uint8_t keyless_data[static 64],
                           struct assay_platform_statement *statement)
{
    struct assay_channel_statement *const fields = &statement->fields;
    *statement = (struct assay_platform_statement){ .fields = {
                                                        .era = binding->era,
                                                        .incarnation = binding->incarnation,
                                                        .epoch = binding->epoch,
                                                    } };
    assay_bytes_copy(fields->chain_id, 32, binding->chain_id, 32);
    assay_bytes_copy(fields->beacon, 32, binding->beacon, 32);
    assay_bytes_copy(fields->node_id, 32, binding->node_id, 32);
    assay_bytes_copy(fields->voting_public, 64, binding->voting_public, 64);
    assay_bytes_copy(fields->transport_public, 32, binding->transport_public, 32);
    assay_bytes_copy(fields->keys_root, 32, binding->keys_root, 32);
    assay_binding_report_data(binding, statement->keyed_data);
    assay_bytes_copy(statement->keyless_data, 64, keyless_data, 64);
}

void quote_request_start(struct quote_request *q, uint64_t epoch, uint32_t incarnation,
                         const uint8_t report_data[static 64], const struct assay_binding *keyed,
                         uint64_t expires_ms)
{
    q->active = true;
    q->proposed = false;
    q->keyed = keyed != NULL;
    q->tag++;
    q->epoch = epoch;
    q->incarnation = incarnation;
    q->expires_ms = expires_ms;
    assay_bytes_copy(q->report_data, 64, report_data, 64);
    if (keyed != NULL) fill_statement(keyed, report_data, &q->statement);
}

void quote_request_propose(struct quote_request *q, struct assay_platform *platform,
                           uint64_t now_ms)
{
    if (!q->active || q->proposed) return;
    const enum assay_status status =
        q->keyed ? assay_platform_propose_statement(platform, q->tag, &q->statement, now_ms)
                 : assay_platform_propose(platform, q->tag, q->report_data, now_ms);
    q->proposed = status == ASSAY_OK;
}

/* The host declares what it receives: only lists that every member accepts. */
static enum assay_status verify_keys(struct quote_request *q, struct assay_slice list,
                                     uint8_t root[static 32])
{
    struct assay_declared_keys keys;
    uint32_t at = 0;
    ASSAY_TRY(assay_declared_keys_decode(list, &keys));
    assay_declared_keys_root(&keys, root);
    if (assay_bytes_equal(root, q->verified_root, 32)) return ASSAY_OK;
    const struct assay_channel_statement *const fields = &q->statement.fields;
    ASSAY_TRY(assay_declared_keys_verify(fields->chain_id, fields->node_id, &keys, &at));
    assay_bytes_copy(q->verified_root, 32, root, 32);
    return ASSAY_OK;
}

static void fill_keys(struct quote_request *q, const struct assay_platform_quote *quote,
                      struct assay_enclave_event *event)
{
    uint8_t none[32];
    if (!q->keyed || quote->status != ASSAY_OK) return;
    event->as.quote.binds_keys = quote->keyed;
    assay_declared_keys_no_root(none);
    if (!quote->keyed && !assay_bytes_equal(q->statement.fields.keys_root, none, 32))
        assay_attester_log("warning", "keys_not_bound", ASSAY_OK,
                           "the enclave lacks keys that are declared: evidence binds none, and "
                           "they are not active until their programs register them again");
    if (quote->keys.len == 0) return; /* of an enclave that takes no statements */
    const enum assay_status status = verify_keys(q, quote->keys, event->as.quote.keys_root);
    if (status == ASSAY_OK) event->as.quote.keys = quote->keys;
    else
        assay_attester_log("error", "keys_refused", status,
                           "the enclave lists keys that no member would accept: none is declared");
}

bool quote_request_answer(struct quote_request *q, struct assay_platform *platform, uint64_t now_ms,
                          struct assay_enclave_event *event)
{
    struct assay_platform_quote quote = { .status = ASSAY_E_AGAIN };
    const bool answered = assay_platform_next(platform, &quote);
    if (!q->active || (answered && quote.tag != q->tag)) return false;
    if (answered && quote.status == ASSAY_E_AGAIN) q->proposed = false; /* the next one will be */
    if ((!answered || quote.status == ASSAY_E_AGAIN) && now_ms < q->expires_ms) return false;
    if (!answered || quote.status == ASSAY_E_AGAIN || quote.status == ASSAY_E_TIMEOUT)
        assay_attester_log("error", "no_quote", ASSAY_E_TIMEOUT,
                           q->proposed ? "enclave and platform had no quote in time"
                                       : "no enclave was ready in time");
    *event = (struct assay_enclave_event){ .kind = ASSAY_ENCLAVE_QUOTE };
    event->as.quote.epoch = q->epoch;
    event->as.quote.incarnation = q->incarnation;
    event->as.quote.bytes = quote.bytes;
    fill_keys(q, &quote, event);
    q->active = false;
    return true;
}
