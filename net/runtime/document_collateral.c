/*
 * net/runtime/document_collateral.c - document `collateral`: sets in force, expiry, pending
 * offers (docs/protocol.md 8.6 to 8.13).
 */
#include "net/runtime/runtime_internal.h"

#include "engine/ledger/records/update.h"
#include "net/json/json.h"
#include "quote/collateral/life.h"

#include <string.h>

static struct assay_json *collateral_lifetime(const struct assay_collateral_life *life,
                                              int64_t since_unix_s, int64_t at_unix_s)
{
    ASSAY_ASSERT(life->entry_count > 0 && life->expires_first != NULL);
    uint8_t root[32];
    struct assay_json *object = assay_json_object();
    assay_key_name(&life->root, root);
    assay_json_set_hex(object, "root", root, sizeof root);
    assay_json_set_uint(object, "entries", life->entry_count);
    assay_json_set_uint(object, "evaluation_number", life->evaluation_number);
    assay_json_set_text(
        object, "age",
        assay_collateral_age_text(assay_collateral_age(life, since_unix_s, at_unix_s)));
    if (!life->is_bounded) {
        assay_json_set_null(object, "until");
        return object;
    }
    assay_json_set_time(object, "until", life->until_unix_s);
    assay_json_set_time(object, "alarm", assay_collateral_half_life(life, since_unix_s));
    assay_json_set_text(object, "expires_first", life->expires_first);
    return object;
}

static struct assay_json *collateral_lifetimes(const struct assay_runtime *runtime)
{
    struct assay_collateral_life lives[ASSAY_ENDORSEMENTS_MAX];
    struct assay_json *list = assay_json_array();
    size_t count = 0;
    assay_collateral_lifetimes(runtime->config.endorsements, lives, &count);
    ASSAY_ASSERT(count <= ASSAY_ENDORSEMENTS_MAX);
    for (size_t i = 0; i < count; i++)
        assay_json_append(
            list, collateral_lifetime(&lives[i], (int64_t)(runtime->config.genesis->time_ms / 1000),
                                      (int64_t)(runtime->at_unix_ms / 1000)));
    return list;
}

static struct assay_json *update_document(const struct assay_update *u)
{
    struct assay_json *object = assay_json_object();
    const bool is_dated = u->phase == ASSAY_UPDATE_WAITING ||
                          (u->phase == ASSAY_UPDATE_REVERTED && !u->facts.recovery);
    assay_json_set_text(object, "phase", assay_update_phase_name(u->phase));
    assay_json_set_hex(object, "root", u->facts.root, 32);
    assay_json_set_hex(object, "part", u->facts.part, 32);
    assay_json_set_hex(object, "digest", u->digest, 32);
    assay_json_set_uint(object, "evaluation_number", u->facts.number);
    assay_json_set_bool(object, "recovery", u->facts.recovery);
    assay_json_set_bool(object, "forced", u->forced);
    assay_json_set_uint(object, "epoch", u->epoch);
    if (is_dated)
        assay_json_set_time(object,
                            u->phase == ASSAY_UPDATE_WAITING ? "serves_after" : "again_after",
                            (int64_t)(u->due_ms / 1000));
    return object;
}

char *document_collateral(struct assay_runtime *runtime)
{
    struct assay_changes_snapshot changes;
    struct assay_json *list = assay_json_array();
    struct assay_json *data = assay_json_object();
    assay_engine_changes(runtime->engine, &changes);
    ASSAY_ASSERT(changes.update_count <= ASSAY_UPDATES_MAX);
    for (uint32_t i = 0; i < changes.update_count; i++)
        assay_json_append(list, update_document(&changes.updates[i]));
    assay_json_set_hex(data, "endorsements_digest", changes.rules.endorsements_digest, 32);
    assay_json_set_uint(data, "delay_s",
                        assay_parameters_delay_ms(&changes.rules.parameters) / 1000);
    assay_json_set(data, "in_force", collateral_lifetimes(runtime));
    assay_json_set(data, "updates", list);
    return document_finish(runtime, "assay.collateral", data);
}

/* ------------------------------------------------------------ offered manually */

static const char *error_code(enum assay_status status)
{
    ASSAY_ASSERT(status != ASSAY_OK);
    if (status == ASSAY_E_DUPLICATE || status == ASSAY_E_STALE) return "conflict";
    return assay_status_class(status) == ASSAY_CLASS_HOST ? "store" : "refused";
}

static char *submit_offer(struct assay_runtime *runtime, struct assay_slice offer)
{
    char message[RUNTIME_OFFER_MESSAGE];
    const enum assay_status status = runtime_offer_add(runtime, offer, true, message);
    if (status != ASSAY_OK && status != ASSAY_E_EARLY && status != ASSAY_E_FULL)
        return document_error(runtime, error_code(status), message);
    struct assay_json *data = assay_json_object();
    assay_json_set_text(data, "note", message);
    return document_finish(runtime, "assay.collateral.submit", data);
}

char *document_offer_collateral(struct assay_runtime *runtime, const char *hex)
{
    return document_from_hex(runtime, hex, "offer HEX: an offer of collateral", submit_offer);
}
