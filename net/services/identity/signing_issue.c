/*
 * net/services/identity/signing_issue.c - certificates and tokens that a daemon requests of its
 * holder's process, for workload keys of any member (docs/identity.md 4.18).
 *
 * The daemon is hostile here: what it hands in is evidence that the text is derived from, and the
 * other holders derive theirs. One request at a time; the daemon has the queue.
 */
#include "net/services/identity/signing_host_internal.h"

#include "base/assert.h"
#include "base/crypto.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* --- what a text is derived from */

bool signing_load_list(struct assay_slice bytes, struct shown_list *list)
{
    if (bytes.len == 0 || bytes.len > sizeof list->bytes) return false;
    assay_bytes_copy(list->bytes, sizeof list->bytes, bytes.bytes, bytes.len);
    return assay_declared_keys_decode(assay_slice_over(list->bytes, bytes.len), &list->keys) ==
           ASSAY_OK;
}

static void set_entry(const struct assay_declared_keys *keys, uint32_t place,
                      struct assay_derivation_entry *entry)
{
    uint8_t hashes[ASSAY_DECLARED_KEYS_MAX][32];
    size_t len = 0;
    *entry = (struct assay_derivation_entry){ .entry = keys->entries[place],
                                              .place = place,
                                              .count = keys->count };
    for (uint32_t i = 0; i < keys->count; i++)
        assay_merkle_leaf_hash(keys->entries[i].bytes, keys->entries[i].len, hashes[i]);
    const enum assay_status status =
        assay_merkle_path((const uint8_t(*)[32])hashes, keys->count, place, entry->path,
                          ASSAY_DERIVATION_PATH_MAX, &len);
    ASSAY_ASSERT(status == ASSAY_OK); /* of ASSAY_DECLARED_KEYS_MAX entries at most */
    entry->path_len = (uint32_t)len;
}

static bool find_key(const struct assay_declared_keys *keys, enum assay_declared_purpose purpose,
                     struct assay_slice name, uint32_t *place)
{
    for (uint32_t i = 0; i < keys->count; i++) {
        if (keys->keys[i].purpose != purpose || !assay_slice_equal(keys->keys[i].name, name))
            continue;
        *place = i;
        return true;
    }
    return false;
}

void signing_set_entries(const struct shown_list *listed, const struct shown_list *declared,
                         uint32_t place, struct assay_derivation_item *item)
{
    const struct assay_declared_key *key = &listed->keys.keys[place];
    uint32_t same = 0;
    set_entry(&listed->keys, place, &item->listed);
    if (declared != NULL && find_key(&declared->keys, key->purpose, key->name, &same))
        set_entry(&declared->keys, same, &item->declared);
}

/* --- requests of the daemon */

static void answer_issue(struct assay_keyholder_signing *h, enum assay_service_outcome outcome,
                         struct assay_slice bytes)
{
    h->issue.is_requested = false;
    h->config.answered(h->config.context, h->issue.serial, outcome, bytes);
}

static void refuse_issue(struct assay_keyholder_signing *h, enum assay_service_outcome outcome,
                         const char *why)
{
    answer_issue(h, outcome, assay_slice_over(why, strlen(why)));
}

/* Of a derivation that ended without a text. */
static enum assay_service_outcome outcome_of(enum assay_derivation_reason reason)
{
    switch (reason) {
    case ASSAY_DERIVATION_NOT_SERVING:
    case ASSAY_DERIVATION_MAINTENANCE:
    case ASSAY_DERIVATION_LOW_STANDING: return ASSAY_SERVICE_OUTCOME_BELOW_THRESHOLD;
    case ASSAY_DERIVATION_CLOSED:
    case ASSAY_DERIVATION_NEXT:
    case ASSAY_DERIVATION_OTHER_TIME:
    case ASSAY_DERIVATION_OTHER_PROOF:
    case ASSAY_DERIVATION_UNBOUND:
    case ASSAY_DERIVATION_OLD: return ASSAY_SERVICE_OUTCOME_NEXT_EPOCH;
    case ASSAY_DERIVATION_NO_AUDIENCE: return ASSAY_SERVICE_OUTCOME_NO_AUDIENCE;
    case ASSAY_DERIVATION_DERIVED:
    case ASSAY_DERIVATION_NOT_READ:
    case ASSAY_DERIVATION_NOT_BARE:
    case ASSAY_DERIVATION_NOT_LISTED:
    case ASSAY_DERIVATION_OTHER_USE:
    case ASSAY_DERIVATION_WITHDRAWN:
    case ASSAY_DERIVATION_NO_TEXT: return ASSAY_SERVICE_OUTCOME_NO_ENTRY;
    }
    ASSAY_UNREACHABLE("a reason of derivation");
}

/* Of a coordinator that did not begin. */
static enum assay_service_outcome outcome_of_submit(enum assay_status status)
{
    if (status == ASSAY_E_FULL) return ASSAY_SERVICE_OUTCOME_BUSY;
    if (status == ASSAY_E_TIMEOUT) return ASSAY_SERVICE_OUTCOME_STALE;
    if (status == ASSAY_E_LANE) return ASSAY_SERVICE_OUTCOME_NO_ENTRY;
    return status == ASSAY_E_INVALID ? ASSAY_SERVICE_OUTCOME_NO_KEY
                                     : ASSAY_SERVICE_OUTCOME_NEXT_EPOCH;
}

static bool find_audience(const struct assay_declared_key *key, struct assay_slice audience,
                          uint32_t *place)
{
    for (uint32_t i = 0; i < key->audience_count; i++) {
        if (!assay_slice_equal(key->audiences[i], audience)) continue;
        *place = i;
        return true;
    }
    return false;
}

/* Out: *item, of bytes of h->issue. Returns: DONE, or why there is none */
static enum assay_service_outcome encode_item(struct assay_keyholder_signing *h,
                                              const struct assay_keyholder_issue *wanted,
                                              struct assay_slice *item)
{
    struct issue *k = &h->issue;
    const bool is_token = wanted->product == ASSAY_SERVICE_TOKEN;
    struct assay_derivation_item of = {
        .product = is_token ? ASSAY_CREDENTIAL_TOKEN : ASSAY_CREDENTIAL_LEAF,
        .proof = wanted->standing,
    };
    uint32_t place = 0;
    const bool has_declared = wanted->declared.len > 0;
    if (!signing_load_list(wanted->keys, &k->listed) ||
        (has_declared && !signing_load_list(wanted->declared, &k->declared)) ||
        !find_key(&k->listed.keys, is_token ? ASSAY_PURPOSE_TOKEN : ASSAY_PURPOSE_TLS, wanted->name,
                  &place))
        return ASSAY_SERVICE_OUTCOME_NO_ENTRY;
    if (is_token && !find_audience(&k->listed.keys.keys[place], wanted->audience, &of.audience))
        return ASSAY_SERVICE_OUTCOME_NO_AUDIENCE;
    struct assay_writer w = assay_writer_over(k->item, sizeof k->item);
    signing_set_entries(&k->listed, has_declared ? &k->declared : NULL, place, &of);
    if (assay_derivation_encode(&of, &w) != ASSAY_OK) return ASSAY_SERVICE_OUTCOME_NO_ENTRY;
    *item = assay_slice_over(k->item, w.len);
    return ASSAY_SERVICE_OUTCOME_DONE;
}

static void submit_issue(struct assay_keyholder_signing *h,
                         const struct assay_keyholder_issue *wanted, struct assay_slice item,
                         uint64_t now_ms)
{
    struct issue *k = &h->issue;
    struct assay_cosigner_item derived;
    if (assay_derivation_derive(&h->derivation, item, k->tbs, sizeof k->tbs, &derived) !=
        ASSAY_OK) {
        refuse_issue(h, outcome_of(h->derivation.reason),
                     assay_derivation_reason_text(h->derivation.reason));
        return;
    }
    if (!assay_bytes_equal(derived.subject, wanted->node_id, 32)) {
        refuse_issue(h, ASSAY_SERVICE_OUTCOME_NO_ENTRY, "the proof is of another member");
        return;
    }
    k->tbs_len = derived.tbs.len;
    const enum assay_status status =
        assay_coordinator_submit(&h->coordinator, now_ms, &item, 1, &k->number);
    k->is_requested = status == ASSAY_OK;
    if (status == ASSAY_OK) return;
    refuse_issue(h, outcome_of_submit(status),
                 status == ASSAY_E_LANE ? "tokens are issued to the member's own daemon alone"
                                        : assay_status_text(status));
}

/* They are signed once for each generation, and not on request. In: name: "ca-" and a number, and
 * "-cross" of the one by the number before */
static void answer_authority(struct assay_keyholder_signing *h, struct assay_slice name)
{
    static const char front[] = "ca-", back[] = "-cross";
    uint8_t der[ASSAY_CREDENTIAL_CERTIFICATE_MAX];
    struct assay_slice whole;
    uint64_t number = 0;
    const size_t front_len = sizeof front - 1, back_len = sizeof back - 1;
    const bool is_cross = name.len > front_len + back_len &&
                          assay_bytes_equal(name.bytes + name.len - back_len, back, back_len);
    if (is_cross) name.len -= back_len;
    for (size_t i = front_len; i < name.len && number < ASSAY_SIGNING_CROSS; i++)
        number = 10 * number + (uint64_t)(name.bytes[i] - '0');
    const bool is_name = name.len > front_len && assay_bytes_equal(name.bytes, front, front_len) &&
                         number < ASSAY_SIGNING_CROSS;
    const uint32_t which = (uint32_t)number | (is_cross ? ASSAY_SIGNING_CROSS : 0);
    if (is_name && number > 0 && signing_get_certificate(h, which, der, sizeof der, &whole))
        answer_issue(h, ASSAY_SERVICE_OUTCOME_DONE, whole);
    else
        refuse_issue(h, ASSAY_SERVICE_OUTCOME_BUSY,
                     "this process has not received the certificate of this CA number yet");
}

static void refuse_without_key(struct assay_keyholder_signing *h)
{
    char why[128] = "no group key is in force for the holder of this node: request another node";
    if (h->lacking > 0)
        (void)snprintf(why, sizeof why,
                       "the holder of this node has no share of generation %" PRIu64
                       ": request another node",
                       h->lacking);
    refuse_issue(h, ASSAY_SERVICE_OUTCOME_NO_KEY, why);
}

void assay_keyholder_signing_issue(struct assay_keyholder_signing *host,
                                   const struct assay_keyholder_issue *wanted,
                                   struct assay_cosigner_time now)
{
    struct assay_keyholder_signing *h = host;
    struct assay_slice item;
    if (h->issue.is_requested) {
        static const char busy[] = "another request of this daemon is at work";
        h->config.answered(h->config.context, wanted->serial, ASSAY_SERVICE_OUTCOME_BUSY,
                           assay_slice_over(busy, sizeof busy - 1));
        return;
    }
    h->issue.serial = wanted->serial;
    h->issue.product = wanted->product;
    /* Also without a share of the active number: what others signed. */
    if (wanted->product == ASSAY_SERVICE_AUTHORITY && h->published_count > 0) {
        answer_authority(h, wanted->name);
        return;
    }
    if (!h->is_open) {
        refuse_without_key(h);
        return;
    }
    if (wanted->epoch != h->status.epoch) {
        refuse_issue(h, ASSAY_SERVICE_OUTCOME_NEXT_EPOCH, "this process signs for another epoch");
        return;
    }
    const enum assay_service_outcome outcome = encode_item(h, wanted, &item);
    if (outcome != ASSAY_SERVICE_OUTCOME_DONE) {
        refuse_issue(h, outcome,
                     outcome == ASSAY_SERVICE_OUTCOME_NO_AUDIENCE
                         ? "the entry has no such audience"
                         : "the list that was certified has no such key");
        return;
    }
    submit_issue(h, wanted, item, now.monotonic_ms);
}

/* The certificate or the token. */
static bool finish_product(const struct assay_keyholder_signing *h, uint8_t *bytes, size_t capacity,
                           struct assay_slice *whole)
{
    const struct issue *k = &h->issue;
    const struct assay_slice tbs = assay_slice_over(k->tbs, k->tbs_len);
    const uint8_t *signature = h->effect.signature[0];
    return (k->product == ASSAY_SERVICE_TOKEN
                ? assay_credential_jws(tbs, signature, bytes, capacity, whole)
                : assay_credential_certificate(tbs, signature, bytes, capacity, whole)) == ASSAY_OK;
}

bool signing_end_issue(struct assay_keyholder_signing *h)
{
    uint8_t bytes[ASSAY_SERVICE_ISSUED_MAX];
    struct assay_slice whole;
    if (!h->issue.is_requested || h->effect.request != h->issue.number) return false;
    if (h->effect.status == ASSAY_E_TIMEOUT) {
        refuse_issue(h, ASSAY_SERVICE_OUTCOME_FEW_HOLDERS,
                     "holders of fewer indices than the threshold answered");
    } else if (h->effect.status != ASSAY_OK || !finish_product(h, bytes, sizeof bytes, &whole)) {
        refuse_issue(h, ASSAY_SERVICE_OUTCOME_NEXT_EPOCH, assay_status_text(h->effect.status));
    } else {
        h->status.issued_for_daemon++;
        answer_issue(h, ASSAY_SERVICE_OUTCOME_DONE, whole);
    }
    return true;
}

void signing_stop_issue(struct assay_keyholder_signing *h)
{
    if (h->issue.is_requested)
        refuse_issue(h, ASSAY_SERVICE_OUTCOME_NEXT_EPOCH, "this process ended its sessions");
}
